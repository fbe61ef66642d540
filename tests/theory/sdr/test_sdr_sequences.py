"""Sequence memories of one cell to a column: exact laws against enumeration, published numbers."""

import itertools
import math
from collections import defaultdict
from fractions import Fraction
from math import comb

import numpy as np
import pytest

from assocmem.theory.sdr import sequences
from assocmem.theory.sdr.hypergeometric import log_pmf, log_tail


def false_positive(n, a, s, theta):
    ways = sum(comb(s, b) * comb(n - s, a - b) for b in range(theta, min(s, a) + 1))
    return Fraction(ways, comb(n, a))


def enumerated_law(n, a, s, theta, n_transitions):
    """Every pattern, successor and sample of synapses of one transition; unions of several."""
    cells, shown = range(n), set(range(a))
    one, total = defaultdict(int), 0
    for first in itertools.combinations(cells, a):
        samples = list(itertools.combinations(first, s))
        fires = [len(shown & set(sample)) >= theta for sample in samples]
        for successor in itertools.combinations(cells, a):
            for outcome in itertools.product(fires, repeat=a):
                active = frozenset(c for c, on in zip(successor, outcome, strict=True) if on)
                one[active] += 1
                total += 1
    union = {frozenset(): Fraction(1)}
    for _ in range(n_transitions - 1):
        following = defaultdict(Fraction)
        for (left, p), (right, ways) in itertools.product(union.items(), one.items()):
            following[left | right] += p * Fraction(ways, total)
        union = following
    law = [Fraction(0)] * (n - a + 1)
    successor = set(range(n - a, n))  # of the transition presented; any set would do
    for active, p in union.items():
        law[len(active - successor)] += p
    return law


CASES = [(5, 3, 2, 2, 4), (5, 3, 1, 1, 3), (6, 2, 2, 1, 5), (6, 2, 1, 1, 3), (4, 4, 2, 2, 3)]


@pytest.mark.parametrize("case", CASES)
def test_the_law_of_false_predictions_is_that_of_enumeration(case):
    a, n_transitions = case[1], case[-1]
    expected = enumerated_law(*case)
    found = sequences.false_prediction_law(*case)
    np.testing.assert_allclose(found, [float(p) for p in expected], rtol=1e-11, atol=1e-300)
    accuracy = sum(p * Fraction(a, a + z) for z, p in enumerate(expected))
    assert sequences.jaccard_accuracy(*case) == pytest.approx(float(accuracy), rel=1e-11)
    mean = sum(p * z for z, p in enumerate(expected))
    variance = sum(p * (z - mean) ** 2 for z, p in enumerate(expected))
    assert sequences.false_prediction_moments(*case) == pytest.approx(
        (float(mean), float(variance)), rel=1e-11
    )
    assert n_transitions > 1


@pytest.mark.parametrize(
    "case", [(400, 64, 20, 10, 19_000), (1000, 32, 12, 4, 50_000), (200, 20, 10, 5, 2000)]
)
def test_moments_of_the_law_are_the_closed_ones(case):
    law = sequences.false_prediction_law(*case)
    z = np.arange(len(law))
    mean = law @ z
    moments = sequences.false_prediction_moments(*case)
    assert law.sum() == pytest.approx(1.0, abs=1e-11)
    assert (mean, law @ (z - mean) ** 2) == pytest.approx(moments, rel=1e-9)


def test_crowds_are_more_variable_than_independent_cells():
    case = (500, 64, 20, 10, 19_000)
    mean, variance = sequences.false_prediction_moments(*case)
    assert variance > 1.15 * mean * (1.0 - mean / 436)
    ratio = 64 / (64 + mean)
    binomial = sequences.binomial_accuracy(*case)
    exact = sequences.jaccard_accuracy(*case)
    # to second order E 1/(a + Z) exceeds 1/(a + E Z) by Var Z/(a + E Z)^3
    gain = 64 * variance / (64 + mean) ** 3
    assert exact - ratio == pytest.approx(gain, rel=0.1)
    assert 0.0019 < binomial - ratio < 0.0022
    assert 0.0003 < exact - binomial < 0.0005


def test_published_accuracies():
    n = np.array([300, 400, 500, 600, 700])
    found = sequences.published_accuracy(n, 64, 20, 10, 20_000)
    np.testing.assert_allclose(found, [0.213, 0.243, 0.604, 0.882, 0.968], atol=5e-4)
    for cells, accuracy in zip(n, found, strict=True):
        silent = math.exp(
            20_000 * 64 / cells * math.log1p(-float(false_positive(int(cells), 64, 20, 10)))
        )
        assert accuracy == pytest.approx(64 / (64 + (cells - 64) * (1 - silent)), rel=1e-11)
    assert sequences.transitions(20_000, 20) == 19_000


def test_accuracy_is_far_from_the_published_where_false_predictions_crowd():
    # loose thresholds: a transition whose pattern overlaps much predicts nearly its whole successor
    case = (100, 10, 10, 3, 60)
    ratio = 10 / (10 + sequences.false_prediction_moments(*case)[0])
    assert sequences.jaccard_accuracy(*case) - sequences.binomial_accuracy(*case) > 0.02
    assert sequences.binomial_accuracy(*case) > ratio


def test_accuracy_by_simulation_of_independent_transitions():
    n, a, s, theta, count = case = (60, 10, 6, 3, 12)
    rng = np.random.default_rng(5)
    values = []
    for _ in range(1000):
        shown, predicted = np.zeros(n, bool), np.zeros(n, bool)
        shown[rng.choice(n, a, replace=False)] = True
        for _ in range(count - 1):
            first = rng.choice(n, a, replace=False)
            for cell in rng.choice(n, a, replace=False):
                predicted[cell] |= shown[rng.permutation(first)[:s]].sum() >= theta
        successor = rng.choice(n, a, replace=False)
        predicted[successor] = True
        values.append(a / predicted.sum())
    error = np.std(values, ddof=1) / math.sqrt(len(values))
    # |z| < 4: false alarm 6e-5
    assert abs(np.mean(values) - sequences.jaccard_accuracy(*case)) < 4 * error
    assert abs(np.mean(values) - sequences.binomial_accuracy(*case)) > 4 * error


def test_chance_of_a_false_prediction_far_below_doubles():
    found = sequences.false_prediction(1_000_000, 100, 60, 60, 1_000_001)
    one = false_positive(1_000_000, 100, 60, 60) * Fraction(100, 1_000_000)
    exact = 1_000_000 * one  # what follows is smaller by 1e-200
    log10 = math.log10(exact.numerator) - math.log10(exact.denominator)
    assert found.log10 == pytest.approx(log10, rel=1e-13)
    small = sequences.false_prediction(300, 64, 20, 10, 2)
    assert float(small) == pytest.approx(
        float(false_positive(300, 64, 20, 10) * Fraction(64, 300)), rel=1e-12
    )
    assert float(sequences.false_prediction(300, 64, 20, 10, 1)) == 0.0
    assert float(sequences.false_prediction(10, 10, 5, 5, 3)) == 1.0


@pytest.mark.parametrize("accuracy", [0.3, 0.5, 0.99])
def test_capacity_is_where_the_ratio_of_means_passes(accuracy):
    n, a, s, theta = 500, 64, 20, 10
    count = sequences.capacity(n, a, s, theta, accuracy)

    def ratio(transitions):
        chance = float(sequences.false_prediction(n, a, s, theta, int(transitions)))
        return a / (a + (n - a) * chance)

    assert ratio(count) >= accuracy > ratio(count + 1)
    assert sequences.capacity(n, a, s, theta, a / n) == math.inf


@pytest.mark.parametrize("case", [(60, 10, 6, 3), (100, 10, 10, 3), (5, 3, 2, 2)])
@pytest.mark.parametrize("accuracy", [0.999, 0.7, 0.61])
def test_exact_capacity_is_where_the_mean_accuracy_passes(case, accuracy):
    count = sequences.capacity(*case, accuracy, exact=True)
    assert count >= sequences.capacity(*case, accuracy)
    assert sequences.jaccard_accuracy(*case, int(count)) >= accuracy
    assert sequences.jaccard_accuracy(*case, int(count) + 1) < accuracy


def test_capacity_of_rare_errors():
    count = sequences.capacity(1_000_000, 100, 60, 60, 0.5)
    one = false_positive(1_000_000, 100, 60, 60) * Fraction(100, 1_000_000)
    exact = -math.log1p(-100 / 999_900) / float(one)
    assert count == pytest.approx(exact, rel=1e-11)


def test_branching_covers_what_unions_cover():
    n, a = 5, 2
    sets = list(itertools.combinations(range(n), a))
    covered = sum(len({0, 1} & {*first, *second}) for first in sets for second in sets)
    exact = Fraction(covered, a * len(sets) ** 2)
    assert sequences.branching(n, a, 2) == pytest.approx(float(exact), rel=1e-14)
    assert sequences.branching(2000, 40, 50) == pytest.approx(0.6358, abs=5e-5)
    np.testing.assert_array_equal(sequences.branching(7, 7, np.array([0, 1, 3])), [0, 1, 1])


@pytest.mark.parametrize("lost", [0, 4, 20, 27, 31, 40])
def test_noise_leaves_one_minus_the_false_negatives(lost):
    a, s, theta = 40, 20, 13
    ways = sum(comb(s, b) * comb(a - s, lost - b) for b in range(s - theta + 1, min(s, lost) + 1))
    missed = Fraction(ways, comb(a, lost))
    found = sequences.noisy_accuracy(a, s, theta, lost)
    assert float(found) == pytest.approx(float(1 - missed), rel=1e-12)


def test_memory_estimates():
    assert sequences.stored_transitions(10_000, 20, 20_000, 40) == 250_000
    assert sequences.context_codes(32, 40) == 2**200


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: sequences.jaccard_accuracy(10, 11, 5, 3, 4), "a must"),
        (lambda: sequences.jaccard_accuracy(10, 4, 5, 3, 4), "s must"),
        (lambda: sequences.jaccard_accuracy(10, 5, 3, 4, 4), "theta must"),
        (lambda: sequences.jaccard_accuracy(10, 5, 3, 2, 0), "n_transitions must"),
        (lambda: sequences.transitions(19, 20), "n_elements=19 must"),
        (lambda: sequences.capacity(10, 5, 3, 2, 1.0), "accuracy must"),
        (lambda: sequences.noisy_accuracy(10, 5, 3, 11), "lost must"),
        (lambda: sequences.branching(10, 5, -1), "n_successors must"),
    ],
)
def test_arguments_are_checked(call, name):
    with pytest.raises(ValueError, match=name):
        call()


def chain_mean(n, a, s, theta, n_sequences, length):
    """Mean number of false predictions of chains, by transfer matrices over the overlaps X_k.

    Cells of the pattern presented and others are told apart, since the overlap of one transition's
    successor is that of the next one's pattern.
    """
    x = np.arange(a + 1)
    p = np.exp(log_pmf(x, n, a, a))
    h = np.exp(log_tail(theta, a, x, s))
    mean = 0.0
    for share, count, own in (
        (x / a, a - x, 1.0 - h),
        ((a - x) / (n - a), n - 2 * a + x, np.ones(a + 1)),
    ):
        silent = 1.0 - np.outer(h, share)  # of a cell in one transition, by both overlaps
        after, before = [np.ones(a + 1)], [p]
        for _ in range(length):
            after.append(silent @ (p * after[-1]))
            before.append((before[-1] @ silent) * p)
        others = (p @ after[length - 1]) ** (n_sequences - 1)
        for i in range(length - 1):  # the pattern presented, counted from 0
            left = before[i - 1] @ own if i else 1.0
            mean += p @ (count * (1.0 - left * after[length - i - 2] * others))
    return mean / (length - 1)


@pytest.mark.parametrize(
    "case", [(200, 32, 12, 6, 10, 20), (100, 10, 10, 3, 6, 11), (300, 64, 20, 10, 50, 20)]
)
def test_chains_change_the_mean_in_the_order_stated(case):
    n, a, s, theta, n_sequences, length = case
    count = n_sequences * (length - 1)
    independent, _ = sequences.false_prediction_moments(n, a, s, theta, count)
    relative = a / n * float(false_positive(n, a, s, theta))
    chains = chain_mean(*case)
    assert chains != independent
    assert abs(chains / independent - 1.0) < relative


def test_mean_of_a_chain_of_three():
    # one other transition: into the pattern presented, or out of its successor
    n, a, s, theta = 12, 4, 3, 2
    assert chain_mean(n, a, s, theta, 1, 2) == 0.0
    sets = list(itertools.combinations(range(n), a))
    shown = set(range(a))

    def fires(pattern):
        samples = list(itertools.combinations(pattern, s))
        return sum(len(shown & {*sample}) >= theta for sample in samples) / len(samples)

    into = sum(fires(first) for first in sets) / len(sets) * a * (n - a) / n
    out = 0.0
    for successor in sets:  # of the pattern presented; the third pattern is uniform
        out += fires(successor) * (n - a) * (a / n)
    out /= len(sets)
    assert chain_mean(n, a, s, theta, 1, 3) == pytest.approx((into + out) / 2, rel=1e-12)


def test_prediction_of_a_model():
    class Model:
        n, a, n_synapses, threshold, n_transitions = 500, 64, 20, 10, 19_000

    assert sequences.predict(Model()) == {
        "accuracy": sequences.jaccard_accuracy(500, 64, 20, 10, 19_000)
    }
    with pytest.raises(TypeError, match="StoredTransitions"):
        sequences.predict("model")
