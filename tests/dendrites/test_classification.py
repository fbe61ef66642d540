"""Groups of neurons against brute force and exact laws.

Statistical tests have fixed seeds and a false-alarm probability of 1e-6 each.
"""

from math import comb

import numpy as np
import pytest
from scipy import sparse, stats

from assocmem.dendrites.classification import GroupClassifier
from assocmem.dendrites.nonlinearity import Power
from assocmem.dendrites.segments import Segments
from assocmem.sdr import SDR, Uniform

ALARM = 1e-6


def false_positive(n, a, s, theta):
    """(2), in exact integers."""
    total = sum(comb(s, b) * comb(n - s, a - b) for b in range(theta, min(s, a) + 1))
    return total / comb(n, a)


def test_classifier_check_of_the_repository():
    n, w, m, theta = 100, 7, 500, 4
    one = false_positive(n, w, w, theta)
    any_of = -np.expm1(m * np.log1p(-one))
    assert m * one == pytest.approx(0.1447, abs=5e-5)
    assert any_of == pytest.approx(0.1347, abs=5e-5)
    # Values of one set of stored patterns are not independent, their means over sets are.
    means = []
    for seed in range(400):
        stored, shown = (
            Uniform(n, w).draw_rows(size, np.random.default_rng([seed, size])) for size in (m, 200)
        )
        segments = Segments(n, theta)
        segments.learn_rows(stored, w, rng=seed)
        means.append(np.mean(np.diff(segments.active_rows(shown)[0]) > 0))
    assert stats.ttest_1samp(means, any_of).pvalue > ALARM
    # The bound is off by far more than the error of these means.
    assert stats.ttest_1samp(means, m * one).pvalue < 1e-9


def test_two_groups_tie_where_both_fire():
    n, a, s, theta, m = 120, 20, 12, 6, 8
    other = -np.expm1(m * np.log1p(-false_positive(n, a, s, theta)))  # (5): 0.18
    scores = []
    for seed in range(300):
        patterns = Uniform(n, a).draw_rows(2 * m, np.random.default_rng(seed))
        labels = np.repeat([0, 1], m)
        groups = GroupClassifier(n, s, theta, seed=seed).fit(patterns, labels)
        scores.append(groups.score(patterns, labels))
    assert stats.ttest_1samp(scores, 1 - other / 2).pvalue > ALARM


def competition(n, a, s, theta, m):
    """Error of two neurons of m segments each, by the larger number of active segments.

    One's own pattern is always found, and ties are broken at random.
    """
    one = false_positive(n, a, s, theta)
    own, other = (stats.binom(count, one).pmf(np.arange(m + 2)) for count in (m - 1, m))
    more = stats.binom(m, one).sf(np.arange(m + 2) + 1)  # other > own + 1
    return float(own @ more + 0.5 * own[:-1] @ other[1:])


def test_two_neurons_compete_by_sums():
    # The rates of a model of competition that knows of ties, at n = 500, 700, 900.
    found = [competition(n, 128, 24, 12, 500) for n in (500, 700, 900)]
    assert found == pytest.approx([0.356, 0.069, 6.2e-3], rel=0.01)
    scores = []
    for seed in range(60):
        patterns = Uniform(700, 128).draw_rows(1000, np.random.default_rng(seed))
        labels = np.repeat([0, 1], 500)
        groups = GroupClassifier(700, 24, 12, readout="sum", seed=seed).fit(patterns, labels)
        scores.append(groups.score(patterns, labels))
    assert stats.ttest_1samp(scores, 1 - found[1]).pvalue > ALARM


def test_quorum_of_a_group_under_loss_of_bits():
    n, a, s, theta, v, size, quorum = 300, 30, 12, 7, 14, 9, 5
    lost = [comb(s, b) * comb(a - s, v - b) for b in range(s - theta + 1, s + 1)]
    miss = sum(lost) / comb(a, v)  # (3): 0.45
    expected = 1 - stats.binom(size, 1 - miss).sf(quorum - 1)
    trials = 3000
    rng = np.random.default_rng(5)
    patterns = Uniform(n, a).draw_rows(trials, rng)
    kept = rng.permuted(patterns[1].reshape(trials, a), axis=1)[:, v:]
    # One pattern a class, so that each trial has a group of its own.
    groups = GroupClassifier(n, s, theta, n_neurons=size, seed=6).fit(patterns, np.arange(trials))
    found = [
        groups.recognised(list(kept[k : k + 100]), quorum)[np.arange(100), np.arange(k, k + 100)]
        for k in range(0, trials, 100)
    ]
    missed = trials - int(np.sum(found))
    assert stats.binomtest(missed, trials, expected).pvalue > ALARM


@pytest.mark.parametrize("split", [False, True])
def test_patterns_are_stored_by_neurons_of_their_class(split):
    patterns = Uniform(200, 20).draw_rows(23, np.random.default_rng(2))
    labels = np.random.default_rng(3).permuted(np.r_[[7] * 10, [1] * 9, [4] * 4])
    groups = GroupClassifier(200, 15, 12, n_neurons=3, split=split).fit(patterns, labels)
    assert groups.classes.tolist() == [1, 4, 7]
    fires = groups.neurons.fires_rows(patterns).reshape(23, 3, 3)
    own = fires[np.arange(23), np.searchsorted([1, 4, 7], labels)]
    assert len(groups.neurons.segments) == (23 if split else 69)
    assert np.array_equal(own.sum(axis=1), np.full(23, 1 if split else 3))
    assert fires.sum() == own.sum()  # no other neuron fires: about 1e-9 of probability each
    sizes = np.bincount(groups.neurons.neuron_of)
    assert sizes.tolist() == (
        [3, 3, 3, 2, 1, 1, 4, 3, 3] if split else [9] * 3 + [4] * 3 + [10] * 3
    )
    assert np.array_equal(groups.predict(patterns), labels)


def test_votes_by_firing_and_by_sums():
    patterns = Uniform(60, 15).draw_rows(12, np.random.default_rng(2))
    labels = np.repeat(["a", "b", "c"], 4)
    shown = Uniform(60, 15).draw_rows(50, np.random.default_rng(4))
    for readout, function in (("firing", None), ("sum", None), ("sum", Power(2))):
        groups = GroupClassifier(
            60, 9, 4, n_neurons=2, readout=readout, nonlinearity=function, seed=1
        ).fit(patterns, labels)
        votes = groups.votes(shown)
        segments, neuron_of = groups.neurons.segments, groups.neurons.neuron_of
        for k in range(50):
            counts = segments.counts(shown[1][15 * k : 15 * (k + 1)]).astype(int)
            for c in range(3):
                own = [counts[neuron_of == neuron] for neuron in (2 * c, 2 * c + 1)]
                if readout == "firing":
                    expected = sum(int(np.any(part >= 4)) for part in own)
                elif function is None:
                    expected = sum(int(np.sum(part >= 4)) for part in own)
                else:
                    expected = sum(int(np.sum(part**2)) for part in own)
                assert votes[k, c] == expected


def test_ties_are_stated():
    patterns, labels = [np.arange(10), np.arange(10), np.arange(20, 30)], ["b", "a", "c"]
    groups = GroupClassifier(40, 10, 8).fit(patterns, labels)
    shown = [np.arange(10), np.arange(20, 30), np.arange(30, 40)]
    expected = [[True, True, False], [False, False, True], [True, True, True]]
    assert groups.winners(shown).tolist() == expected
    assert groups.predict(shown).tolist() == ["a", "c", "a"]
    assert groups.score(shown, ["b", "c", "b"]) == pytest.approx((1 / 2 + 1 + 1 / 3) / 3)
    assert groups.score(shown, ["c", "a", "c"]) == pytest.approx(1 / 9)
    drawn = groups.predict([np.arange(30, 40)] * 3000, rng=1)
    counts = np.unique(drawn, return_counts=True)[1]
    assert len(counts) == 3 and stats.chisquare(counts).pvalue > ALARM
    assert set(groups.predict([np.arange(10)] * 50, rng=1)) == {"a", "b"}


def test_forms_of_patterns_are_alike():
    rows = Uniform(50, 10).draw_rows(9, np.random.default_rng(2))
    matrix = np.zeros((9, 50), bool)
    matrix[np.repeat(np.arange(9), 10), rows[1]] = True
    cells = [rows[1][10 * k : 10 * (k + 1)] for k in range(9)]
    stored = sparse.csr_matrix(matrix.astype(float))
    explicit = sparse.csr_matrix(np.where(matrix, 1.0, 0.5))
    explicit.data[explicit.data == 0.5] = 0.0  # entries that are stored, but off
    forms = [rows, matrix, stored, explicit, cells, [SDR(50, part) for part in cells]]
    labels = np.arange(9) % 3
    fits = [GroupClassifier(50, 6, 4, seed=3).fit(form, labels) for form in forms]
    expected = fits[0].neurons.segments.csr()
    votes = fits[0].votes(rows)
    for form, fit in zip(forms, fits, strict=True):
        assert all(map(np.array_equal, fit.neurons.segments.csr(), expected))
        assert np.array_equal(fit.votes(form), votes)
    other = GroupClassifier(50, 6, 4, seed=4).fit(rows, labels).neurons.segments.csr()
    assert not np.array_equal(other[1], expected[1])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: GroupClassifier(50, 51, 4), ValueError, "n_synapses must be"),
        (lambda: GroupClassifier(50, 6, 4, readout="most"), ValueError, "readout must be one of"),
        (lambda: GroupClassifier(50, 6, 4, split=1), TypeError, "split must be True or False"),
        (lambda: GroupClassifier(50, 6, 4).votes([[1]]), RuntimeError, "fit must be called"),
        (lambda: GroupClassifier(50, 6, 4).fit([], []), ValueError, "patterns must be at least"),
        (lambda: GroupClassifier(50, 6, 4).fit([[1]], [0, 1]), ValueError, "labels must have"),
        (lambda: GroupClassifier(50, 6, 4).fit([[1]], [0]), ValueError, "n_synapses must be at"),
        (
            lambda: GroupClassifier(50, 1, 1).fit([[1]], [0]).recognised([[1]], 2),
            ValueError,
            "quorum must be",
        ),
        (
            lambda: GroupClassifier(50, 1, 1).fit(np.ones((2, 40), bool), [0, 1]),
            ValueError,
            r"patterns must have shape \(rows, 50\)",
        ),
    ],
)
def test_wrong_calls_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
