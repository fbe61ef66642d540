"""Two-layer neurons: counting by enumeration, the law of the sum in exact rationals."""

import itertools
import math
from collections import defaultdict
from fractions import Fraction
from math import comb

import mpmath
import numpy as np
import pytest

from assocmem.theory.sdr import branch_capacity, two_layer
from assocmem.theory.sdr.hypergeometric import log_tail


@pytest.mark.parametrize(
    ("n", "k"), [(0, 0), (10, 0), (10, 10), (52, 5), (2000, 1000), (10**15, 30)]
)
def test_logarithms_of_binomials_in_integers(n, k):
    assert branch_capacity.log2_choose(n, k) == pytest.approx(math.log2(comb(n, k)), rel=1e-14)


def test_logarithms_of_huge_binomials():
    n = comb(509, 400)  # of 383 bits
    assert branch_capacity.log2_choose(n, 50) == pytest.approx(math.log2(comb(n, 50)), rel=1e-14)
    with mpmath.workdps(60):
        exact = mpmath.log(mpmath.binomial(mpmath.mpf(10**9), 10**5), 2)
    assert branch_capacity.log2_choose(10**9, 10**5) == pytest.approx(float(exact), rel=1e-13)


@pytest.mark.parametrize(("m", "k", "d"), [(1, 3, 3), (2, 2, 3), (3, 2, 2), (4, 1, 3), (2, 3, 2)])
def test_capacity_counts_wirings(m, k, d):
    """Multisets of branches, each a multiset of lines: distinct wirings up to order."""
    wirings = {
        tuple(sorted(tuple(sorted(lines[i * k : (i + 1) * k])) for i in range(m)))
        for lines in itertools.product(range(d), repeat=m * k)
    }
    assert branch_capacity.two_layer_capacity(m, k, d) == pytest.approx(2 * math.log2(len(wirings)))
    linear = {tuple(sorted(lines)) for lines in itertools.product(range(d), repeat=m * k)}
    assert branch_capacity.linear_capacity(m * k, d) == pytest.approx(2 * math.log2(len(linear)))


@pytest.mark.parametrize(("s", "d"), [(10_000, 400), (30, 7)])
def test_one_branch_and_single_synapses_are_linear(s, d):
    linear = branch_capacity.linear_capacity(s, d)
    assert branch_capacity.two_layer_capacity(1, s, d) == pytest.approx(linear, rel=1e-14)
    assert branch_capacity.two_layer_capacity(s, 1, d) == pytest.approx(linear, rel=1e-13)


def test_many_small_branches_hold_most():
    branches, size, bits = branch_capacity.best_branches(10_000, 400)
    assert (branches, size) == (1250, 8)
    # the authors: more than an order of magnitude above the linear cell of the same size
    assert bits / branch_capacity.linear_capacity(10_000, 400) > 20
    for m in (1000, 2000):
        assert branch_capacity.two_layer_capacity(m, 10_000 // m, 400) < bits
    exact = comb(comb(407, 8) + 1249, 1250)
    assert bits == pytest.approx(2 * math.log2(exact), rel=1e-14)


def exact_law(n, a, s, branches, table):
    """By convolution of Fractions over dictionaries."""
    one = defaultdict(Fraction)
    for z in range(min(a, s) + 1):
        one[table[z]] += Fraction(comb(s, z) * comb(n - s, a - z), comb(n, a))
    law = {Fraction(0): Fraction(1)}
    for _ in range(branches):
        following = defaultdict(Fraction)
        for (u, p), (v, q) in itertools.product(law.items(), one.items()):
            following[u + v] += p * q
        law = following
    return law


def test_law_of_the_sum_by_enumeration_of_branches():
    n, a, s, branches, table = 6, 3, 2, 3, [0, 1, 5]
    counts = defaultdict(int)
    sets = list(itertools.combinations(range(n), s))
    for wiring in itertools.product(sets, repeat=branches):
        counts[sum(table[len({0, 1, 2} & {*branch})] for branch in wiring)] += 1
    sums, chances = two_layer.two_layer_law(n, a, s, branches, table)
    assert sums.tolist() == sorted(counts)
    expected = [counts[u] / len(sets) ** branches for u in sorted(counts)]
    np.testing.assert_allclose(chances.value, expected, rtol=1e-13)
    for threshold in (0, 0.5, 1, 5, 5.5, 15, 16):
        tail = sum(counts[u] for u in counts if u >= threshold) / len(sets) ** branches
        found = two_layer.two_layer_tail(n, a, s, branches, table, threshold)
        assert float(found) == pytest.approx(tail, rel=1e-13, abs=0.0)


TABLES = {
    "power": two_layer.power_table(6, 10),
    "sigmoid": two_layer.sigmoid_table(6, 3.5, 2.0),
    "hard": two_layer.hard_table(6, 3).tolist(),
    "not monotone": [0.0, 0.25, 1.5, 0.125, 0.0, 3.0, 2.5],
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("branches", [0, 1, 4, 5])
def test_tails_in_exact_rationals(name, branches):
    n, a, s, table = 40, 9, 6, TABLES[name]
    law = exact_law(n, a, s, branches, [Fraction(value) for value in table])
    for threshold in (table[2], table[3] + table[2], 2 * table[5], 3.7 * float(table[4]) + 0.3):
        if threshold <= 0:
            continue
        # sums of doubles that equal T up to rounding count as reaching it
        least = Fraction(threshold) * (1 - Fraction(1, 2**48))
        exact = sum((p for u, p in law.items() if u >= least), Fraction(0))
        found = two_layer.two_layer_tail(n, a, s, branches, table, threshold)
        assert float(found) == pytest.approx(float(exact), rel=1e-12, abs=0.0)
        lower, upper = two_layer.two_layer_bracket(n, a, s, branches, table, threshold, states=30)
        assert lower.log10 <= found.log10 + 1e-13
        assert found.log10 <= upper.log10 + 1e-13
    sums, chances = two_layer.two_layer_law(n, a, s, branches, table)
    assert chances.value.sum() == pytest.approx(1.0, abs=1e-13)
    mean = sum(u * p for u, p in law.items())
    assert chances.value @ sums.astype(float) == pytest.approx(float(mean), rel=1e-12)


def test_whole_numbers_beyond_64_bits():
    table = two_layer.power_table(30, 14)  # 30^14 is 2^68
    threshold = table[12] + table[11]
    law = exact_law(300, 40, 30, 2, [Fraction(value) for value in table])
    exact = sum(p for u, p in law.items() if u >= threshold)
    found = two_layer.two_layer_tail(300, 40, 30, 2, table, threshold)
    assert float(found) == pytest.approx(float(exact), rel=1e-12)
    above = two_layer.two_layer_tail(300, 40, 30, 2, table, threshold + 1)
    assert found.value - above.value == pytest.approx(float(law[Fraction(threshold)]), rel=1e-6)


@pytest.mark.parametrize(("n", "a", "s", "theta"), [(4000, 128, 24, 12), (10**6, 60, 60, 60)])
def test_hard_branches_are_an_or(n, a, s, theta):
    found = two_layer.two_layer_tail(n, a, s, 400, two_layer.hard_table(s, theta), 1)
    fp = log_tail(theta, n, a, s)
    silent = 400 * math.log1p(-math.exp(fp))
    expected = math.log(-math.expm1(silent)) if silent else math.log(400) + fp
    assert found.log10 == pytest.approx(expected / math.log(10), rel=1e-13)
    # two of them: the binomial tail
    two = two_layer.two_layer_tail(n, a, s, 400, two_layer.hard_table(s, theta), 2)
    assert two.log10 == pytest.approx((math.log(comb(400, 2)) + 2 * fp) / math.log(10), rel=1e-9)


def simulated_sums(n, a, s, branches, table, trials, seed):
    rng = np.random.default_rng(seed)
    overlaps = np.zeros((trials, branches), int)
    for row in overlaps:  # every branch a uniform subset: the s smallest of n keys
        keys = rng.random((branches, n))
        row[:] = (np.argpartition(keys, s, axis=1)[:, :s] < a).sum(axis=1)
    return np.array(table, dtype=float)[overlaps].sum(axis=1)


@pytest.mark.parametrize(
    ("n", "a", "s", "branches", "table", "threshold"),
    [
        (300, 30, 12, 40, two_layer.power_table(12, 10), 5**10),
        (300, 60, 24, 30, two_layer.sigmoid_table(24), 0.5),
    ],
)
def test_bracket_encloses_simulation(n, a, s, branches, table, threshold):
    lower, upper = two_layer.two_layer_bracket(n, a, s, branches, table, threshold)
    assert upper.value - lower.value < 0.02 * lower.value
    trials = 2000
    fired = (simulated_sums(n, a, s, branches, table, trials, 8) >= threshold).mean()
    # |z| < 4: false alarm 6e-5
    error = 4 * math.sqrt(lower.value * (1 - lower.value) / trials)
    assert lower.value - error < fired < upper.value + error


def test_bracket_of_the_authors_neuron():
    arguments = (2000, 128, 24, 500, two_layer.sigmoid_table(24), 1.0)
    brackets = [two_layer.two_layer_bracket(*arguments, states=count) for count in (50, 500)]
    (wide, above), (lower, upper) = brackets
    assert wide.log10 <= upper.log10  # brackets of one number overlap
    assert lower.log10 <= above.log10
    assert 0.0 <= upper.log10 - lower.log10 < 0.01
    # f(12) + f(11) = 1, for a sigmoid about 11.5: pairs of branches of at least so many active
    # synapses suffice; less a bound on pairs that share a branch
    f12, f11 = (math.exp(log_tail(z, 2000, 128, 24)) for z in (12, 11))
    pairs = comb(500, 2) * (2 * f12 * f11 - f12**2)
    assert upper.value > pairs * (1 - 1000 * f11)
    with pytest.raises(ValueError, match="two_layer_bracket"):
        two_layer.two_layer_tail(*arguments)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: branch_capacity.log2_choose(3, 4), "k must"),
        (lambda: branch_capacity.linear_capacity(3, 0), "n_lines must"),
        (lambda: two_layer.two_layer_tail(10, 3, 2, 1, [0, 1], 1), "values must be f"),
        (lambda: two_layer.two_layer_tail(10, 3, 2, 1, [0, 1, -1], 1), "values must"),
        (lambda: two_layer.two_layer_tail(10, 3, 2, 1, [0, 1, 1], math.nan), "threshold must"),
        (lambda: two_layer.two_layer_tail(10, 3, 11, 1, [0] * 12, 1), "s must"),
        (lambda: two_layer.two_layer_bracket(10, 3, 2, 1, [0, 1, 1], 1, states=3), "states must"),
        (lambda: two_layer.sigmoid_table(3, math.inf), "centre must"),
    ],
)
def test_arguments_are_checked(call, name):
    with pytest.raises((TypeError, ValueError), match=name):
        call()


def test_sums_equal_to_the_threshold_reach_it():
    # A third of T has no last digit: three of them are one step short of it on the lattice.
    found = two_layer.two_layer_tail(10, 4, 1, 3, [0.0, 1.0], 3.0)
    assert found.value == pytest.approx(0.4**3, rel=1e-12)


def test_bracket_encloses_where_tiny_values_decide():
    # Of 2 branches a large value and a tiny one are T together; tiny ones are left out in bounds.
    n, a, s, tiny = 20, 6, 2, 1e-10
    low, high = two_layer.two_layer_bracket(n, a, s, 2, [0.0, tiny, 1.0 - tiny], 1.0)
    chance = [comb(a, k) * comb(n - a, s - k) / comb(n, s) for k in range(3)]
    exact = 2.0 * chance[1] * chance[2] + chance[2] ** 2
    assert low.value <= exact * (1.0 + 1e-12) and exact <= high.value * (1.0 + 1e-12)
    assert two_layer.two_layer_tail(
        n, a, s, 2, [0.0, tiny, 1.0 - tiny], 1.0
    ).value == pytest.approx(exact)


def test_sums_at_the_end_of_64_bits():
    sums, chances = two_layer.two_layer_law(6, 3, 1, 8, [0, 2**60])
    assert sums.tolist() == [k * 2**60 for k in range(9)]
    assert chances.value == pytest.approx([comb(8, k) / 2**8 for k in range(9)], rel=1e-12)
