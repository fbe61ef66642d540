"""Thresholds against exhaustive search in integers, published medians, and their closed form."""

import math
from fractions import Fraction
from functools import cache
from math import comb

import mpmath
import numpy as np
import pytest

from assocmem.theory.sdr import thresholds
from assocmem.theory.sdr.asymptotics import kullback
from assocmem.theory.sdr.hypergeometric import log_binomial_head, log_binomial_tail


@cache
def tail(theta, n, a, s):
    """P[Hyp(n, a, s) >= theta] in integers."""
    ways = sum(comb(s, b) * comb(n - s, a - b) for b in range(max(theta, 0), min(s, a) + 1))
    return Fraction(ways, comb(n, a))


def false_negative(a, s, theta, v):
    return tail(s - theta + 1, a, v, s)


@pytest.mark.parametrize("budget", [1.0, 0.3, 1e-3, 1e-9, 1e-40, 0.0])
@pytest.mark.parametrize(
    ("n", "a", "s"), [(10_000, 300, 30), (50, 20, 10), (20, 15, 12), (7, 7, 3), (9, 0, 4)]
)
def test_smallest_threshold_by_search(budget, n, a, s):
    expected = next(t for t in range(min(a, s) + 2) if tail(t, n, a, s) <= Fraction(budget))
    found = thresholds.smallest_threshold(budget, n, a, s)
    assert isinstance(found, int)
    assert found == expected


def test_smallest_thresholds_of_arrays():
    budget = np.array([1e-3, 1e-9])[:, None]
    s = np.array([20, 30, 40])
    found = thresholds.smallest_threshold(budget, 10_000, 300, s)
    assert found.shape == (2, 3)
    for i, j in np.ndindex(2, 3):
        assert found[i, j] == thresholds.smallest_threshold(
            float(budget[i, 0]), 10_000, 300, int(s[j])
        )


OPTIMA = [  # n, a, s, v: optimum of FP + FN, and s x* to the digit given
    ((10_000, 300, 30, 60), 11, 9.7),
    ((10_000, 300, 30, 150), 6, 5.7),
    ((6000, 128, 30, 64), 6, 5.3),
    ((4000, 128, 24, 51), 6, 5.6),
    ((200_000, 2000, 20, 1000), 3, 3.0),
    ((100_000, 1000, 40, 500), 7, 5.9),
]


@pytest.mark.parametrize(("case", "theta", "closed"), OPTIMA)
def test_two_sided_optimum(case, theta, closed):
    n, a, s, v = case
    sums = [tail(t, n, a, s) + false_negative(a, s, t, v) for t in range(s + 2)]
    best = min(range(s + 2), key=sums.__getitem__)
    found = thresholds.best_threshold(*case)
    assert found.theta == best == theta
    assert float(found.false_positive) == pytest.approx(float(tail(best, n, a, s)), rel=1e-12)
    assert float(found.false_negative) == pytest.approx(
        float(false_negative(a, s, best, v)), rel=1e-12
    )
    balance = thresholds.balanced_threshold(a / n, v / a, s)
    assert balance.theta == pytest.approx(closed, abs=0.05)


@pytest.mark.parametrize("weights", [(1.0, 1.0), (1e6, 1.0), (0.01, 0.99), (1.0, 1e9)])
@pytest.mark.parametrize(
    "case", [(60, 20, 10, 8), (2000, 40, 40, 25), (30, 10, 0, 3), (9, 9, 4, 9)]
)
def test_weighted_optimum_by_search(case, weights):
    n, a, s, v = case
    w0, w1 = map(Fraction, weights)
    costs = [w0 * tail(t, n, a, s) + w1 * false_negative(a, s, t, v) for t in range(s + 2)]
    assert thresholds.best_threshold(*case, weights=weights).theta == costs.index(min(costs))


def test_optimum_below_the_range_of_doubles():
    case = (10**6, 400, 300, 40)
    found = thresholds.best_threshold(*case)
    assert found.theta == 260
    assert found.false_negative.log10 == -math.inf  # 40 of 300 may go: theta = 260 never misses
    exact = tail(found.theta, *case[:3])
    log10 = math.log10(exact.numerator) - math.log10(exact.denominator)
    assert log10 < -600
    assert found.false_positive.log10 == pytest.approx(log10, rel=1e-13)


@pytest.mark.parametrize(
    "case", [(100_000, 1000, 40, 500), (10_000, 300, 30, 150), (200_000, 2000, 20, 1000)]
)
def test_feasible_thresholds_by_search(case):
    n, a, s, v = case
    for budgets in [(1e-9, 1e-3), (1e-4, 0.1), (0.5, 0.5), (1.0, 0.0), (0.0, 1.0)]:
        expected = [
            t
            for t in range(s + 2)
            if tail(t, n, a, s) <= Fraction(budgets[0])
            and false_negative(a, s, t, v) <= Fraction(budgets[1])
        ]
        assert list(thresholds.feasible_thresholds(*case, *budgets)) == expected


def test_thirty_synapses_do_not_bear_half_of_the_pattern_lost():
    assert thresholds.feasible_thresholds(100_000, 1000, 40, 500, 1e-9, 1e-3) == range(9, 12)
    for n, a in [(10_000, 300), (6000, 128), (100_000, 1000), (200_000, 2000)]:
        for s in (20, 24, 30):
            assert not thresholds.feasible_thresholds(n, a, s, a // 2, 1e-9, 1e-3)
    # theta = s/2 bears half of the synapses, not half of the pattern
    assert float(false_negative(128, 30, 16, 64)) == pytest.approx(0.58, abs=5e-3)
    assert float(false_negative(128, 30, 12, 64)) == pytest.approx(0.07, abs=5e-3)


@pytest.mark.parametrize(("q", "eta"), [(0.02, 0.5), (0.3, 0.1), (1e-5, 0.9), (0.2, 0.799)])
def test_balance_of_exponents(q, eta):
    balance = thresholds.balanced_threshold(q, eta, 1)
    with mpmath.workdps(40):
        x, p, r = mpmath.mpf(balance.theta), mpmath.mpf(q), 1 - mpmath.mpf(eta)

        def divergence(y, z):
            return y * mpmath.log(y / z) + (1 - y) * mpmath.log((1 - y) / (1 - z))

        root = mpmath.findroot(lambda y: divergence(y, p) - divergence(y, r), (p + r) / 2)

        # Chernoff information by its definition, the best exponent of a mean of two laws
        def coefficient(u):
            return mpmath.log(p**u * r ** (1 - u) + (1 - p) ** u * (1 - r) ** (1 - u))

        best = mpmath.findroot(lambda u: mpmath.diff(coefficient, u), 0.5)
        information = -coefficient(best)
    assert abs(x - root) < 1e-15
    assert balance.information == pytest.approx(float(information), rel=1e-10)
    assert balance.information == pytest.approx(kullback(balance.theta, 1.0 - eta), rel=1e-9)
    assert balance.error.log10 == pytest.approx(-float(information) / math.log(10), rel=1e-10)


def test_least_error_has_the_exponent_of_the_balance():
    q, eta = 0.02, 0.5
    s = 25 * 2 ** np.arange(9)
    excess = []
    for size in s:
        theta = np.arange(size + 2)
        sums = np.logaddexp(
            log_binomial_tail(theta, int(size), q), log_binomial_head(theta, int(size), 1 - eta)
        )
        excess.append(-sums.min() - size * thresholds.balanced_threshold(q, eta, 1).information)
    # what is left is ln(s)/2 and a bounded remainder: below ln(s) s^0, far below s
    remainder = np.array(excess) - 0.5 * np.log(s)
    assert np.ptp(remainder) < 1.5
    assert excess[-1] / s[-1] < excess[-2] / s[-2] < excess[-3] / s[-3] < 0.01


PUBLISHED_MEDIANS = {3: 0.0173, 9: 1.35e-9, 10: 4.80e-11, 15: 1.37e-19, 20: 3.90e-30, 24: 2.07e-39}
# median and maximum in the table of the script that draws the figure
PUBLISHED_TABLE = {
    3: (0.018156949, 0.189184284),
    4: (0.002227752, 0.062735256),
    5: (0.000210173, 0.016796138),
    6: (1.58e-05, 0.003730784),
    7: (9.60e-07, 0.000702096),
    8: (4.83e-08, 0.000113791),
    9: (2.04e-09, 1.61e-05),
    10: (7.40e-11, 2.01e-06),
    11: (2.49e-12, 2.22e-07),
    12: (7.63e-14, 2.21e-08),
    13: (2.05e-15, 1.97e-09),
    14: (4.88e-17, 1.60e-10),
    15: (1.03e-18, 1.17e-11),
    16: (1.95e-20, 7.88e-13),
    17: (3.28e-22, 4.83e-14),
    18: (4.90e-24, 2.72e-15),
    19: (5.32e-26, 1.41e-16),
    20: (4.11e-28, 6.69e-18),
    21: (2.68e-30, 2.94e-19),
    22: (2.91e-32, 1.19e-20),
    23: (2.90e-34, 4.45e-22),
    24: (2.60e-36, 1.54e-23),
}


@pytest.mark.parametrize("grid", [thresholds.PAPER_GRID, thresholds.STATED_GRID])
def test_figure_of_thresholds(grid):
    found = thresholds.error_by_threshold(range(3, 25), *grid)
    assert found.first_within(1e-9) == 10
    assert found.first_within(1e-9, "maximum") == 14
    assert found.first_within(1e-99) is None
    assert np.all(np.diff(found.median.log10) < 0)


def test_published_medians():
    found = thresholds.error_by_threshold(PUBLISHED_MEDIANS, *thresholds.PAPER_GRID)
    np.testing.assert_allclose(found.median.value, list(PUBLISHED_MEDIANS.values()), rtol=4e-3)


def test_published_table_of_the_stated_grid():
    found = thresholds.error_by_threshold(PUBLISHED_TABLE, *thresholds.STATED_GRID)
    median, maximum = np.array(list(PUBLISHED_TABLE.values())).T
    np.testing.assert_allclose(found.median.value, median, rtol=4e-3)
    np.testing.assert_allclose(found.maximum.value, maximum, rtol=4e-3)
    np.testing.assert_allclose(found.median.value[:3], median[:3], rtol=3e-6)


@pytest.mark.parametrize("theta", [9, 10, 22])
def test_medians_in_integers(theta):
    ns, sparsities, sizes = thresholds.PAPER_GRID
    exact = sorted(
        tail(theta, n, round(Fraction(str(sparsity)) * n), s)
        for n in ns
        for sparsity in sparsities
        for s in sizes
    )
    assert len(exact) == 210
    median = (exact[104] + exact[105]) / 2
    found = thresholds.error_by_threshold([theta], ns, sparsities, sizes)
    assert float(found.median.value[0]) == pytest.approx(float(median), rel=1e-11, abs=0.0)
    assert float(found.maximum.value[0]) == pytest.approx(float(exact[-1]), rel=1e-11, abs=0.0)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: thresholds.smallest_threshold(1.5, 10, 5, 5), "budget must"),
        (lambda: thresholds.smallest_threshold(0.5, 10, 11, 5), "a must"),
        (lambda: thresholds.best_threshold(10, 5, 6, 1), "s must"),
        (lambda: thresholds.best_threshold(10, 5, 5, 6), "v must"),
        (lambda: thresholds.best_threshold(10, 5, 5, 1, weights=(0.0, 1.0)), "weights must"),
        (lambda: thresholds.best_threshold(10, 5, 5, 1, weights=(1.0,)), "weights must"),
        (lambda: thresholds.feasible_thresholds(10, 5, 5, 1, -1.0, 0.5), "fp_budget must"),
        (lambda: thresholds.balanced_threshold(0.5, 0.5, 10), "q and eta must"),
        (lambda: thresholds.error_by_threshold([3], [], [0.1], [5]), "must not be empty"),
        (lambda: thresholds.error_by_threshold([3], [100], [1.1], [5]), "sparsities must"),
    ],
)
def test_arguments_are_checked(call, name):
    with pytest.raises((TypeError, ValueError), match=name):
        call()


def test_an_error_equal_to_the_budget_is_within():
    found = thresholds.error_by_threshold([0, 1], [1000], [0.02], [20])
    assert found.first_within(1.0) == 0  # theta = 0 fires for certain
