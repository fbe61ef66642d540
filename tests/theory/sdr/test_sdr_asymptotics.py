"""Asymptotic laws against exact values: the order at which they converge, not closeness alone."""

import math
from fractions import Fraction
from math import comb, perm

import mpmath
import numpy as np
import pytest

from assocmem.theory.sdr import asymptotics
from assocmem.theory.sdr.hypergeometric import log_binomial_tail, log_tail

LN10 = math.log(10.0)


def error(approximation, log_exact):
    """Relative error of a `Probability` against a natural logarithm."""
    return np.expm1(approximation.log10 * LN10 - log_exact)


def orders(errors):
    """Exponent of the error, from each doubling to the next."""
    errors = np.abs(errors)
    return np.log2(errors[:-1] / errors[1:])


@pytest.mark.parametrize("x", ["0.3", "0.020001", "0.02", "0.019", "0.5", "0.99"])
@pytest.mark.parametrize("q", ["0.02", "0.3", "0.98", "1e-6"])
def test_divergence_of_coins(x, q):
    with mpmath.workdps(50):
        exact_x, exact_q = mpmath.mpf(float(x)), mpmath.mpf(float(q))
        exact = exact_x * mpmath.log(exact_x / exact_q)
        exact += (1 - exact_x) * mpmath.log((1 - exact_x) / (1 - exact_q))
    assert asymptotics.kullback(float(x), float(q)) == pytest.approx(
        float(exact), rel=3e-15, abs=0.0
    )


def test_divergence_at_the_ends():
    found = asymptotics.kullback([0.0, 1.0, 0.0, 0.5, 1.0, 1.0], [0.25, 0.25, 0.0, 0.0, 1.0, 0.0])
    expected = [math.log(4 / 3), math.log(4), 0.0, math.inf, 0.0, math.inf]
    np.testing.assert_allclose(found, expected, rtol=1e-15)
    # theta = s/2: half of ln 1/(4 q (1 - q)) a synapse
    assert asymptotics.kullback(0.5, 0.02) == pytest.approx(
        0.5 * math.log(1 / (4 * 0.02 * 0.98)), rel=1e-14
    )


@pytest.mark.parametrize(
    ("a", "s", "theta"), [(64, 24, 12), (128, 24, 12), (40, 20, 20), (9, 5, 1)]
)
def test_power_law_at_fixed_activity(a, s, theta):
    n = 20_000 * 2 ** np.arange(12)
    errors = error(asymptotics.large_n(n, a, s, theta), log_tail(theta, n, a, s))
    assert orders(errors)[-3:] == pytest.approx(1.0, abs=2e-3)
    # and the value itself, by exact rationals
    exact = Fraction(
        sum(comb(s, b) * comb(10**6 - s, a - b) for b in range(theta, min(s, a) + 1)),
        comb(10**6, a),
    )
    ratio = Fraction(comb(s, theta) * perm(a, theta), 10 ** (6 * theta)) / exact
    found = asymptotics.large_n(10**6, a, s, theta)
    log = math.log10(exact.numerator) - math.log10(exact.denominator)
    assert 10 ** (found.log10 - log) == pytest.approx(float(ratio), rel=1e-11)


def test_power_law_beyond_what_can_happen():
    found = asymptotics.large_n([100, 100, 50], [5, 20, 20], 10, [6, 11, 0])
    np.testing.assert_array_equal(found.value, [0.0, 0.0, 1.0])


@pytest.mark.parametrize(("a", "theta"), [(64, 12), (128, 12), (64, 5)])
def test_local_slope_tends_to_minus_the_threshold(a, theta):
    low = 10_000 * 2 ** np.arange(10)
    slopes = asymptotics.local_slope(low, 2 * low, a, 24, theta)
    assert orders(slopes + theta)[-3:] == pytest.approx(1.0, abs=3e-3)
    assert abs(slopes[-1] + theta) < 1e-3


def test_published_slope():
    assert asymptotics.local_slope(9900, 19_900, 64, 24, 12) == pytest.approx(-11.96, abs=5e-3)


@pytest.mark.parametrize(("divisor", "s", "theta"), [(4, 24, 12), (50, 20, 6), (2, 10, 10)])
def test_floor_at_fixed_sparsity(divisor, s, theta):
    n = 1000 * divisor * 2 ** np.arange(10)
    floor = asymptotics.sparsity_floor(1 / divisor, s, theta)
    errors = error(floor, log_tail(theta, n, n // divisor, s))
    assert np.all(errors > 0.0)  # fixed numbers of active cells make fewer false positives
    assert orders(errors)[-3:] == pytest.approx(1.0, abs=2e-3)
    exact = sum(
        Fraction(comb(s, j) * (divisor - 1) ** (s - j), divisor**s) for j in range(theta, s + 1)
    )
    assert float(floor) == pytest.approx(float(exact), rel=1e-12)


@pytest.mark.parametrize("divisor", [2, 5])
def test_rate_of_synapses(divisor):
    q = 0.02
    s = 20 * 2 ** np.arange(8)
    theta = s // divisor
    exact = log_binomial_tail(theta, s, q)
    errors = error(asymptotics.large_s(q, s, theta), exact)
    assert orders(errors)[-3:] == pytest.approx(1.0, abs=0.02)
    # the rate alone: -ln P/s - D ~ ln(s)/(2 s)
    excess = -exact - s * asymptotics.kullback(1 / divisor, q)
    assert np.diff(excess)[-3:] == pytest.approx(0.5 * math.log(2.0), rel=0.01)


def test_rate_of_synapses_holds_for_many_active_cells():
    # a >> s: the hypergeometric law at n = 10^9 is binomial within 1e-4
    exact = log_tail(40, 10**9, 2 * 10**7, 80)
    assert abs(error(asymptotics.large_s(0.02, 80, 40), exact)) < 0.02


@pytest.mark.parametrize(("s", "theta"), [(30, 12), (24, 23), (20, 0)])
def test_decades_per_threshold(s, theta):
    q = 0.01 * 0.5 ** np.arange(10)
    fall = np.subtract(log_binomial_tail(theta, s, q), log_binomial_tail(theta + 1, s, q)) / LN10
    difference = fall - asymptotics.decades_per_threshold(q, s, theta)
    assert orders(difference)[-3:] == pytest.approx(1.0, abs=0.01)


def test_decades_are_the_slope_of_the_rate_between_thresholds():
    # D'(x) = ln[x (1 - q)/(q (1 - x))], by differences of D
    q, x, h = 1e-7, 0.4, 1e-5
    slope = (asymptotics.kullback(x + h, q) - asymptotics.kullback(x - h, q)) / (2 * h * LN10)
    at_theta = -math.log10(q * (1 - x) / x)
    assert slope == pytest.approx(at_theta, rel=1e-6)
    s = 10**6
    assert asymptotics.decades_per_threshold(q, s, 400_000) == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize(("s", "theta"), [(30, 16), (20, 5), (20, 20)])
def test_noise_of_large_patterns(s, theta):
    a = 100 * 2 ** np.arange(12)
    errors = error(asymptotics.noise_limit(0.5, s, theta), log_tail(s - theta + 1, a, a // 2, s))
    assert orders(errors)[-3:] == pytest.approx(1.0, abs=5e-3)
    exact = 1 - sum(Fraction(comb(s, j), 2**s) for j in range(theta, s + 1))
    assert float(asymptotics.noise_limit(0.5, s, theta)) == pytest.approx(float(exact), rel=1e-13)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: asymptotics.kullback(1.1, 0.5), "x must"),
        (lambda: asymptotics.large_n(10, 11, 3, 2), "a must"),
        (lambda: asymptotics.large_s(0.5, 10, 5), "need 0 < q s < theta < s"),
        (lambda: asymptotics.decades_per_threshold(0.5, 10, 10), "theta < s"),
        (lambda: asymptotics.local_slope(100, 100, 5, 5, 2), "low must be below high"),
        (lambda: asymptotics.local_slope(100, 200, 5, 5, 6), "theta must"),
        (lambda: asymptotics.noise_limit(0.5, -1, 2), "s must"),
    ],
)
def test_arguments_are_checked(call, name):
    with pytest.raises(ValueError, match=name):
        call()
