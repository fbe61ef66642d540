"""Sequence memories against their exact accuracy; streams; swapped sequences and dead cells."""

from itertools import chain, pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy import stats

from assocmem import StoredTransitions
from assocmem.dendrites import sequence_trials as trials
from assocmem.dendrites.kernels import growing_index as index
from assocmem.dendrites.sequence_streams import (
    SEQUENCES,
    SWAPPED,
    high_order_stream,
    random_stream,
    uniform_sequences,
)
from assocmem.dendrites.sequence_swap import published_memory, smoothed, swap_experiment
from assocmem.figures import sequence_swap
from assocmem.serial import from_json, to_json
from assocmem.theory.sdr.sequences import (
    branching,
    jaccard_accuracy,
    noisy_accuracy,
    published_accuracy,
)

# False-alarm probability of each comparison below.
LEVEL = 1e-4


def p_value(found, predicted):
    """Student's t of independent memories."""
    return 2 * stats.t.sf(abs(found.mean - predicted) / found.error, len(found.values) - 1)


@pytest.mark.parametrize(
    "model",
    [
        StoredTransitions(200, 32, 12, 6, n_sequences=10, length=20),
        StoredTransitions(300, 32, 20, 8, n_sequences=10, length=11),
        StoredTransitions(120, 40, 40, 20, n_sequences=6, length=6),
    ],
)
def test_accuracy_is_the_exact_one(model):
    found = trials.simulate(model, trials=12_000, seed=5)["accuracy"]
    law = (model.n, model.a, model.n_synapses, model.threshold)
    assert p_value(found, jaccard_accuracy(*law, model.n_transitions)) > LEVEL
    assert found.error < 0.01


def test_published_accuracy_is_too_low():
    # Even with the number of transitions in place of that of elements: false predictions come in
    # crowds, so that mean accuracy exceeds the ratio of means, here by far more than errors.
    model = StoredTransitions(200, 32, 12, 6, n_sequences=10, length=20)
    found = trials.simulate(model, trials=12_000, seed=6)["accuracy"]
    published = published_accuracy(200, 32, 12, 6, 190)
    assert p_value(found, published) < 1e-9 and found.mean > published


@pytest.mark.slow
def test_published_capacity_point():
    # Of 1000 sequences of 20 elements at n = 500, a = 64; the authors' curve has 0.604 there.
    model = StoredTransitions(500, 64, 20, 10, n_sequences=1000, length=20)
    found = trials.simulate(model, trials=1500, seed=1)["accuracy"]
    assert p_value(found, jaccard_accuracy(500, 64, 20, 10, 19_000)) > LEVEL


@pytest.mark.parametrize("n", [150, 600])
def test_predictions_are_those_of_the_synapses(n):
    # Predicted columns by matrix products of what the memory says it holds. Segments are indexed
    # one by one at n = 150, and together for each transition at n = 600.
    rng = np.random.default_rng(3)
    sequences = uniform_sequences(n, 24, 8, 10, rng)
    model = StoredTransitions(n, 24, 10, 5, n_sequences=8, length=10)
    memory = model.memory.start(0)
    trials._store(memory, sequences, 10, rng)
    held = memory.synapses()
    assert (memory._arrays.segments[:, index.CELL] == index.IS_BUNDLE).any() == (n == 600)
    assert len(held.cell) == 8 * 9 * 24 and set(np.diff(held.indptr)) == {10}
    weights = np.zeros((len(held.cell), n), int)
    np.add.at(weights, (np.repeat(np.arange(len(held.cell)), 10), held.source), 1)
    assert weights.max() == 1
    # Segments on each cell of the successor, with synapses on the element before.
    before = np.repeat(sequences[:, :-1].reshape(-1, 24), 24, axis=0)
    assert np.all(np.take_along_axis(weights, before, 1).sum(axis=1) == 10)
    assert held.cell.tolist() == sequences[:, 1:].reshape(-1).tolist()
    for sequence in sequences:
        memory.reset()
        for element, successor in pairwise(sequence):
            step = memory.step(element, learn=False)
            fired = weights[:, element].sum(axis=1) >= 5
            assert step.predicted_columns.tolist() == sorted(set(held.cell[fired].tolist()))
            assert np.isin(successor, step.predicted_columns).all()


def test_trials_do_not_depend_on_workers():
    model = StoredTransitions(200, 32, 12, 6, n_sequences=5, length=5)
    one = trials.simulate(model, trials=300, seed=2)["accuracy"]
    two = trials.simulate(model, trials=300, seed=2, workers=2)["accuracy"]
    other = trials.simulate(model, trials=300, seed=3)["accuracy"]
    assert one.values.tolist() == two.values.tolist() != other.values.tolist()
    assert len(one.values) == 300 // model.n_transitions


@pytest.mark.parametrize("lost", [16, 20, 24])
def test_accuracy_with_noise(lost):
    found = trials.noise_trials(lost=lost, memories=25, seed=lost)
    expected = float(noisy_accuracy(40, 20, 12, lost))
    assert stats.binomtest(found.successes, found.trials, expected).pvalue > LEVEL
    assert 0.0 < found.mean < 1.0


def test_noise_that_cannot_hurt():
    assert trials.noise_trials(lost=8, memories=2).mean == 1.0
    assert trials.noise_trials(lost=29, memories=2).mean == 0.0


@pytest.mark.parametrize("successors", [0, 1, 20])
def test_branching(successors):
    found = trials.branching_trials(400, 20, 10, 5, n_successors=successors, memories=60)
    expected = branching(400, 20, successors)
    if successors == 0:
        assert np.all(found.values == 0.0)
    else:
        assert p_value(found, expected) > LEVEL


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ((0, 1, 1, 1, 1, 2), "n must"),
        ((9, 10, 1, 1, 1, 2), "a must"),
        ((9, 5, 6, 1, 1, 2), "n_synapses must"),
        ((9, 5, 4, 5, 1, 2), "threshold must"),
        ((9, 5, 4, 4, 0, 2), "n_sequences must"),
        ((9, 5, 4, 4, 1, 1), "length must"),
    ],
)
def test_refuses_models(arguments, match):
    with pytest.raises(ValueError, match=match):
        StoredTransitions(*arguments)


def test_refuses_arguments():
    model = StoredTransitions(200, 32, 12, 6, n_sequences=5, length=5)
    assert from_json(to_json(model)) == model
    with pytest.raises(TypeError, match="model"):
        trials.simulate(3)
    with pytest.raises(ValueError, match="trials"):
        trials.simulate(model, trials=0)
    with pytest.raises(ValueError, match="lost"):
        trials.noise_trials(lost=41)
    with pytest.raises(ValueError, match="n_successors"):
        trials.branching_trials(n_successors=-1)


def test_streams():
    stream = high_order_stream(1000, swap_at=500, rng=4)
    assert stream.columns.shape == (1000, 40) and len(stream.letters) == 1000
    assert np.all(np.diff(stream.columns) > 0)
    words = [stream.letters[k : k + 10] for k in range(0, 1000, 10)]
    assert all(word[:3] == "..." and word[9] == "." for word in words)
    assert {word[3:9] for word in words[:50]} == set(SEQUENCES)
    assert {word[3:9] for word in words[50:]} == set(SWAPPED)
    assert stream.predictable.sum() == 500
    # A letter is always the same, its columns are no other letter's, and its first element tells.
    seen = {}
    for letter, columns in zip(stream.letters, stream.columns, strict=True):
        if letter != ".":
            assert seen.setdefault(letter, columns.tolist()) == columns.tolist()
    assert len(set(chain(*seen.values()))) == 40 * len(seen)
    for words in (SEQUENCES, SWAPPED):
        assert len({word[0] for word in words}) == 5
    again = high_order_stream(1000, swap_at=500, rng=4)
    assert again.letters == stream.letters and np.array_equal(again.columns, stream.columns)
    # Random columns are uniform.
    counts = np.bincount(random_stream(50, 10, 2000, rng=1).reshape(-1), minlength=50)
    statistic = np.sum((counts - 400) ** 2) / (400 * (1 - 10 / 50) * 50 / 49)
    assert LEVEL < stats.chi2.sf(statistic, 49) < 1 - LEVEL
    with pytest.raises(ValueError, match="n must"):
        high_order_stream(10, n=1000, a=40)


def test_smoothing():
    values = np.random.default_rng(0).random(200)
    followed, expected, level = [], [], 0.0
    for value in values:
        level = 0.99 * level + 0.01 * value
        followed.append(level)
        expected.append(np.mean(followed[-60:]))
    np.testing.assert_allclose(smoothed(values), expected, rtol=1e-12)


def test_swapped_sequences_and_dead_cells():
    # As published: accuracy near its bound of one half, far above that of a memory without
    # context; it falls when sequences are swapped and comes back; 25 % dead cells do not matter.
    data = swap_experiment(steps=3400, change_at=2000, deaths=(0.0, 0.25, 0.75), repeats=2, seed=1)
    swap, death = data["swap"].mean("repeat"), data["death"].mean("repeat")
    assert swap.dims == ("memory", "element") and death.sizes["fraction"] == 3
    before = swap.sel(element=2000)
    assert 0.45 < before.sel(memory="high-order") <= 0.5
    assert before.sel(memory="first-order") < 0.38
    low = swap.sel(memory="high-order", element=slice(2000, 3400)).min()
    assert low < 0.35 < swap.sel(memory="high-order", element=3400)
    least = death.sel(element=slice(2000, 3400)).min("element").values
    assert least[0] > 0.45 and least[1] > 0.43 and least[2] < 0.3
    assert float(death.sel(fraction=0.75, element=3400)) > 0.4
    assert from_json(data.attrs["model"]) == published_memory()
    ax = sequence_swap.draw(data)
    assert ax.get_xlabel() and ax.get_ylabel() and ax.get_legend()
    plt.close(ax.figure)


def test_swap_experiment_does_not_depend_on_workers():
    settings = {"steps": 60, "change_at": 30, "deaths": (0.5,), "repeats": 2, "seed": 3}
    assert swap_experiment(**settings).identical(swap_experiment(**settings, workers=2))
    small = sequence_swap.compute(**{**settings, "deaths": 0.5})
    assert small.identical(swap_experiment(**settings))


@pytest.mark.parametrize(
    ("simulated", "own"),
    [(trials.noise_trials, {"lost": 1}), (trials.branching_trials, {"n_successors": 1})],
)
def test_trials_name_what_they_refuse(simulated, own):
    with pytest.raises(ValueError, match="workers must be an integer >= 1, got 0"):
        simulated(**own, workers=0)
    with pytest.raises(ValueError, match=r"n_synapses must be an integer in \[1, 4095\]"):
        simulated(6000, 5000, 4500, 1, **own)


@pytest.mark.parametrize(("deaths", "error", "match"), [
    (0.5, TypeError, "deaths must be a sequence"),
    ("a", TypeError, "deaths must be a sequence"),
    ([0.1, 2.0], ValueError, r"deaths\[1\]"),
])  # fmt: skip
def test_experiment_names_wrong_deaths(deaths, error, match):
    with pytest.raises(error, match=match):
        swap_experiment(deaths=deaths)


def test_experiment_is_long_enough_to_predict():
    with pytest.raises(ValueError, match="steps must be an integer >= 10, got 9"):
        swap_experiment(steps=9, change_at=2)
    data = swap_experiment(steps=10, change_at=2, deaths=(), repeats=2)
    assert np.all(data["swap_late"] == 0.0)
