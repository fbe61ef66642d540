"""Neurons of segments against brute force in NumPy, exact integers and exact laws.

Statistical tests have fixed seeds and a false-alarm probability of 1e-6 each.
"""

import json
from math import comb

import mpmath
import numpy as np
import pytest
from scipy import stats

from assocmem.dendrites.neurons import Neuron, Neurons
from assocmem.dendrites.nonlinearity import Power, Sigmoid, Step, tabulated
from assocmem.dendrites.poirazi import Bins, PoiraziMel
from assocmem.dendrites.segments import Segments
from assocmem.sdr import Uniform
from assocmem.serial import from_dict, to_dict

ALARM = 1e-6


def layer_of(nonlinearity=None, output=None, threshold=3, seed=1):
    """Nine neurons, of which one has no segments, with 60 segments in no order."""
    rng = np.random.default_rng(seed)
    segments = Segments.random(80, threshold, 60, 9, rng)
    return Neurons(segments, rng.choice([0, 1, 2, 3, 4, 6, 7, 8], 60), 9, nonlinearity, output)


def brute_counts(layer, cells):
    """Counts from the synapses of each segment."""
    return np.array(
        [np.isin(layer.segments.synapses(j), cells).sum() for j in range(len(layer.segments))]
    )


@pytest.mark.parametrize(
    "nonlinearity", [None, Power(2.5), Sigmoid(2.5, 3.0), Step(2), lambda z: np.cos(z)]
)
@pytest.mark.parametrize("output", [None, Step(1), Sigmoid(2.0, 0.5), lambda y: 2 * y - 1])
def test_responses_are_those_of_brute_force(nonlinearity, output):
    layer = layer_of(nonlinearity, output)
    f = nonlinearity or Step(3)
    rng = np.random.default_rng(4)
    activities = [rng.choice(80, size, replace=False) for size in (0, 10, 30, 80)]
    rows = layer.responses_rows(activities)
    assert rows.shape == (4, 9)
    for k, cells in enumerate(activities):
        counts = brute_counts(layer, cells)
        sums = np.zeros(9)
        for neuron in range(9):
            for count in counts[layer.neuron_of == neuron]:
                sums[neuron] += f(np.float64(count))
        expected = sums if output is None else output(sums)
        np.testing.assert_allclose(rows[k], expected, rtol=1e-14)
        np.testing.assert_allclose(layer.responses(cells), expected, rtol=1e-14)


@pytest.mark.parametrize("threshold", [0, 1, 3, 9, 10])
def test_firing_is_the_or_of_segments(threshold):
    layer = layer_of(threshold=threshold)
    rng = np.random.default_rng(6)
    activities = [rng.choice(80, size, replace=False) for size in (0, 10, 30, 80)]
    active, fires = layer.active_segments_rows(activities), layer.fires_rows(activities)
    for k, cells in enumerate(activities):
        reached = brute_counts(layer, cells) >= threshold
        expected = [reached[layer.neuron_of == neuron].sum() for neuron in range(9)]
        assert np.array_equal(active[k], expected)
        assert np.array_equal(layer.active_segments(cells), expected)
        assert np.array_equal(fires[k], np.array(expected) > 0)
        assert np.array_equal(layer.fires(cells), np.array(expected) > 0)
        # With f a step at the threshold, a sum of at least one is the same event.
        assert np.array_equal(layer.responses(cells) >= 1, np.array(expected) > 0)


def test_segments_of_a_neuron():
    layer = layer_of()
    for neuron in range(9):
        assert np.array_equal(layer.segments_of(neuron), np.flatnonzero(layer.neuron_of == neuron))
    assert len(layer.segments_of(5)) == 0
    with pytest.raises(ValueError, match="neuron must be an integer in"):
        layer.segments_of(9)


def test_neurons_with_many_random_segments_fire_by_5():
    n, a, s, theta, k, size = 200, 30, 12, 6, 25, 20_000
    law = [comb(s, b) * comb(n - s, a - b) for b in range(theta, s + 1)]
    segment = sum(law) / comb(n, a)
    expected = -np.expm1(k * np.log1p(-segment))  # 0.13
    segments = Segments.random(n, theta, k * size, s, rng=3)
    # In strides, so that the segments of a neuron are far apart.
    layer = Neurons(segments, np.tile(np.arange(size), k))
    fired = layer.fires(np.random.default_rng(1).choice(n, a, replace=False)).sum()
    assert stats.binomtest(int(fired), size, expected).pvalue > ALARM


def test_neurons_of_500_dendrites_fire_by_5():
    n, a, s, theta, size = 300, 32, 20, 8, 400
    law = [comb(s, b) * comb(n - s, a - b) for b in range(theta, s + 1)]
    expected = -np.expm1(500 * np.log1p(-sum(law) / comb(n, a)))  # 0.16
    assert 0.05 < expected < 0.5
    layer = PoiraziMel.ahmad_hawkins(n, s, threshold=theta).draw(rng=3, n_neurons=size)
    assert len(layer.segments) == 500 * size
    fired = layer.fires(np.random.default_rng(1).choice(n, a, replace=False)).sum()
    assert stats.binomtest(int(fired), size, expected).pvalue > ALARM


def test_neurons_with_unreliable_synapses_fire_by_4():
    n, a, s, theta, p, k, size = 200, 40, 15, 4, 0.7, 5, 20_000
    overlaps = np.arange(s + 1)
    pmf = np.array([comb(s, b) * comb(n - s, a - b) / comb(n, a) for b in overlaps])
    segment = float(pmf @ stats.binom(overlaps, p).sf(theta - 1))
    expected = -np.expm1(k * np.log1p(-segment))
    layer = Neurons(Segments.random(n, theta, k * size, s, 5), np.repeat(np.arange(size), k))
    cells = np.random.default_rng(2).choice(n, a, replace=False)
    fires = layer.fires(cells, transmission=p, rng=8)
    assert stats.binomtest(int(fires.sum()), size, expected).pvalue > ALARM
    assert np.array_equal(layer.responses(cells, transmission=p, rng=8) >= 1, fires)


def test_powers_of_counts_are_exact_integers():
    layer = PoiraziMel().draw(rng=1, n_neurons=3)
    cells = 10 * np.arange(40) + np.random.default_rng(1).integers(0, 10, 40)
    counts = brute_counts(layer, cells)
    assert counts.max() >= 7
    for neuron, response in enumerate(layer.responses(cells)):
        exact = sum(int(count) ** 10 for count in counts[400 * neuron : 400 * (neuron + 1)])
        assert exact < 2**53 and response == exact
    table = tabulated(Power(10), 25)
    assert [int(entry) for entry in table] == [z**10 for z in range(26)]


def test_mean_response_of_poirazi_and_mel_neurons():
    d, m, k, a, size = 400, 400, 25, 40, 400
    model = PoiraziMel(d, m, k, Power(4))
    moments = [comb(k, z) * comb(d - k, a - z) * z**4 for z in range(k + 1)]
    expected = m * sum(moments) / comb(d, a)
    found = model.draw(rng=2, n_neurons=size).responses(np.arange(a))
    assert stats.ttest_1samp(found, expected).pvalue > ALARM


def test_sigmoid_is_right_in_both_tails():
    for z in (0, 3, 11, 11.5, 12, 20, 160):
        exact = 1 / (1 + mpmath.exp(5 * (mpmath.mpf("11.5") - z)))
        assert float(Sigmoid()(z)) == pytest.approx(float(exact), rel=1e-14)
    assert Sigmoid(0.0, 1.0)(-600.0) == pytest.approx(np.exp(-600.0), rel=1e-12)
    with np.errstate(over="raise"):
        assert Sigmoid(0.0, 5.0)(np.array([-1e6, 1e6])).tolist() == [0.0, 1.0]


def test_steps_include_their_threshold():
    assert Step(3)(np.arange(6)).tolist() == [0, 0, 0, 1, 1, 1]


def test_models_survive_plain_dicts():
    for model in (PoiraziMel(), PoiraziMel.ahmad_hawkins(2000, 20, threshold=10)):
        assert from_dict(json.loads(json.dumps(to_dict(model)))) == model
    assert PoiraziMel.ahmad_hawkins(2000).threshold == 12
    assert PoiraziMel.ahmad_hawkins(2000, 20, threshold=10).threshold == 10


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: PoiraziMel(n_lines=20), ValueError, r"n_synapses must be .* \[0, 20\]"),
        (lambda: PoiraziMel(n_dendrites=0), ValueError, "n_dendrites must be"),
        (lambda: PoiraziMel(nonlinearity=abs), TypeError, "nonlinearity must be"),
        (lambda: Power(0), ValueError, "exponent must be"),
        (lambda: Sigmoid(1.0, -1.0), ValueError, "slope must be"),
        (lambda: Step("3"), TypeError, "threshold must be"),
        (lambda: tabulated(lambda z: 1 / (z - 2), 3), ValueError, "one finite number"),
        (lambda: Neurons(3, []), TypeError, "segments must be Segments"),
        (lambda: Neurons(Segments(9, 2), [0]), ValueError, r"must have shape \(0,\)"),
        (lambda: Neurons(Segments.random(9, 1, 2, 2, 1), [0, 3], 3), ValueError, "neuron_of must"),
        (lambda: Neurons(Segments.random(9, 1, 2, 2, 1), [0, -1]), ValueError, "neuron_of must"),
        (lambda: Neurons(Segments.random(9, 1, 1, 2, 1), [0.0]), TypeError, "must be integers"),
        (lambda: Neurons(Segments(9, 2), [], 1, 5), TypeError, "nonlinearity must be callable"),
        (lambda: Neurons.empty(9, 2, 0), ValueError, "n_neurons must be"),
    ],
)
def test_wrong_arguments_are_refused(make, error, message):
    with pytest.raises(error, match=message), np.errstate(divide="ignore"):
        make()


def test_neurons_learn_on_segments_of_their_own():
    rng = np.random.default_rng(3)
    layer = Neurons.empty(500, 10, 4)
    assert not layer.fires(np.arange(40)).any()
    patterns = Uniform(500, 40).draw_rows(40, rng)
    owners = rng.integers(0, 4, 40)
    assert np.array_equal(layer.learn_rows(owners, patterns, 20, rng), np.arange(40))
    for k in range(40):
        pattern = patterns[1][patterns[0][k] : patterns[0][k + 1]]
        assert layer.learn((int(owners[k]) + 1) % 4, pattern, 15, rng) == 40 + k
    assert np.array_equal(layer.neuron_of, np.concatenate([owners, (owners + 1) % 4]))
    fires = layer.fires_rows(patterns)
    expected = np.zeros((40, 4), bool)
    expected[np.arange(40), owners] = expected[np.arange(40), (owners + 1) % 4] = True
    assert np.array_equal(fires, expected)
    with pytest.raises(ValueError, match="neuron must be"):
        layer.learn(4, np.arange(40), 20, rng)
    with pytest.raises(ValueError, match=r"neurons must be in \[0, 3\]"):
        layer.learn_rows([4], [np.arange(40)], 20, rng)
    with pytest.raises(ValueError, match=r"neurons must have shape \(1,\)"):
        layer.learn_rows([1, 2], [np.arange(40)], 20, rng)
    assert len(layer.segments) == 80
    layer.segments.learn(np.arange(40), 20, rng)
    with pytest.raises(ValueError, match="must be added through the neurons"):
        layer.fires(np.arange(40))


def test_one_neuron_is_a_layer_of_one():
    neuron = Neuron(Segments.random(80, 5, 30, 9, rng=1), Power(2), Sigmoid(40.0, 0.1))
    layer = neuron.layer
    activities = [np.arange(k, k + 12) for k in range(20)]
    assert np.array_equal(neuron.fires_rows(activities), layer.fires_rows(activities)[:, 0])
    assert 0 < neuron.fires_rows(activities).sum() < 20
    for k, cells in enumerate(activities):
        assert neuron.fires(cells) is bool(layer.fires(cells)[0])
        assert neuron.response(cells) == neuron.responses_rows(activities)[k]
    assert neuron.fires(np.arange(80), transmission=0.0, rng=1) is False
    number = neuron.learn(np.arange(40), 9, rng=2)
    assert number == 30 and number in neuron.segments.active(np.arange(40))


def test_files_hold_all_but_functions(tmp_path):
    layer = layer_of(Sigmoid(2.5, 3.0), Power(0.5))
    layer.learn(5, np.arange(30), 20, rng=1)
    layer.save(tmp_path / "layer.npz")
    loaded = Neurons.load(tmp_path / "layer.npz")
    assert (loaded.nonlinearity, loaded.output) == (layer.nonlinearity, layer.output)
    activities = Uniform(80, 20).draw_rows(10, np.random.default_rng(1))
    assert np.array_equal(loaded.responses_rows(activities), layer.responses_rows(activities))
    assert np.array_equal(loaded.fires_rows(activities), layer.fires_rows(activities))
    assert np.array_equal(loaded.neuron_of, layer.neuron_of)
    Neurons.empty(9, 2, 3).save(tmp_path / "empty.npz")
    assert Neurons.load(tmp_path / "empty.npz").n_neurons == 3
    with pytest.raises(ValueError, match="Step, Power or Sigmoid to be saved"):
        layer_of(np.cos).save(tmp_path / "other.npz")


def test_bins_are_equally_often_hit():
    values = np.random.default_rng(1).normal(size=(1000, 40)) * np.arange(1, 41)
    bins = Bins(values)
    assert bins.n_lines == PoiraziMel().n_lines == 400
    indptr, lines = bins.encode(values)
    assert np.array_equal(indptr, 40 * np.arange(1001))
    assert np.array_equal(np.bincount(lines, minlength=400), np.full(400, 100))
    assert np.array_equal(lines.reshape(1000, 40) // 10, np.tile(np.arange(40), (1000, 1)))
    # The largest value of a dimension is in its last bin, the smallest in its first.
    lines = lines.reshape(1000, 40) % 10
    assert np.all(lines[values.argmax(axis=0), np.arange(40)] == 9)
    assert np.all(lines[values.argmin(axis=0), np.arange(40)] == 0)
    with pytest.raises(ValueError, match=r"shape \(samples, 40\)"):
        bins.encode(values[:, :39])
    with pytest.raises(ValueError, match="values must be finite"):
        Bins(np.array([[np.nan]]))
