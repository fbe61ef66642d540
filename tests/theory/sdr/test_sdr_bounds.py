"""Bounds on random parameters, and approximations against what has been published of them."""

from fractions import Fraction
from math import comb, inf, log, log10

import numpy as np
import pytest

from assocmem.theory.sdr import approximations, bounds, single
from assocmem.theory.sdr.approximations import METHODS, fp_approximation
from assocmem.theory.sdr.probability import Probability


def random_parameters(seed, count):
    """n, a, s, theta of all kinds: sparse and dense, near and far, certain and impossible too."""
    rng = np.random.default_rng(seed)
    n = np.floor(10.0 ** rng.uniform(0.5, 5.5, count)).astype(int)
    a = np.floor(n ** rng.uniform(0, 1, count)).astype(int)
    s = np.minimum(n, np.floor(10.0 ** rng.uniform(0, 2.5, count)).astype(int))
    theta = rng.integers(0, np.minimum(a, s) + 2)
    return n, a, s, theta


@pytest.mark.parametrize("bound", [bounds.leading_term, bounds.subset, bounds.chernoff])
def test_bounds_hold(bound):
    parameters = random_parameters(31, 3000)
    found, exact = bound(*parameters), single.fp(*parameters)
    assert np.all(found.contains(exact))
    assert np.any(exact.log10 < -300) and np.any(exact.value == 0) and np.any(exact.value == 1)
    # They say something: far above the mean the bracket is narrow, or the bound far below 1.
    n, a, s, theta = parameters
    far = (theta > 6 * a * s / n) & (theta <= np.minimum(a, s)) & (theta > 5)
    assert far.sum() > 300
    if bound is bounds.chernoff:
        assert np.all(found.high.log10[far] < -0.5) and np.all(found.low.value == 0.0)
    else:
        assert np.all(found.high.log10[far] < 0.0)
        narrow = found.width[far] < 0.1
        assert narrow.mean() > 0.5


def test_chernoff_of_misses_holds():
    rng = np.random.default_rng(32)
    a = rng.integers(1, 400, 3000)
    s, v = (rng.integers(0, a + 1) for _ in range(2))
    theta = rng.integers(0, s + 2)
    found = bounds.chernoff_fn(a, s, theta, v)
    assert np.all(found.contains(single.fn_drop(a, s, theta, v)))
    # (5.4) itself in doubles, where it applies.
    x, eta = 1 - (theta - 1) / np.maximum(s, 1), v / a
    applies = (x > eta) & (eta > 0) & (x < 1) & (s > 0)
    x, eta, ss = x[applies], eta[applies], s[applies]
    exponent = ss * (x * np.log(x / eta) + (1 - x) * np.log((1 - x) / (1 - eta)))
    assert applies.sum() > 1000
    assert np.all(found.high.log10[applies] <= -exponent / log(10.0) + 1e-9)


def test_bounds_in_integers():
    for n, a, s, theta in ((300, 40, 20, 8), (1000, 30, 25, 3), (50, 12, 9, 9)):
        total = comb(n, a)
        terms = [Fraction(comb(s, b) * comb(n - s, a - b), total) for b in range(min(a, s) + 1)]
        ratio = Fraction((s - theta) * (a - theta), (theta + 1) * (n - s - a + theta + 1))
        found = bounds.leading_term(n, a, s, theta)
        assert found.low.value == pytest.approx(float(terms[theta]), rel=3e-12)
        high = min(Fraction(1), terms[theta] / (1 - ratio)) if ratio < 1 else 1
        assert found.high.value == pytest.approx(float(high), rel=3e-12)
        # S_k is the mean number of k-sets of active synapses.
        moments = [sum(comb(b, k) * t for b, t in enumerate(terms)) for k in (theta, theta + 1)]
        found = bounds.subset(n, a, s, theta)
        assert found.high.value == pytest.approx(min(1.0, float(moments[0])), rel=3e-12)
        low = float(moments[0] - theta * moments[1])
        assert found.low.value == pytest.approx(max(low, 0.0), rel=3e-12)


def test_bounds_at_edges():
    for bound in (bounds.leading_term, bounds.subset, bounds.chernoff):
        assert bound(100, 10, 10, 0).high.value == 1.0
        assert bound(100, 10, 10, 11).high.value == 0.0
        assert bound(100, 100, 10, 10).high.value == 1.0
        assert bound(100, 0, 10, 1).high.value == 0.0
        assert bound(100, 10, 0, 1).high.value == 0.0
        assert bound(1, 1, 1, 1).contains(single.fp(1, 1, 1, 1))
    assert bounds.leading_term(100, 10, 10, 11).width == 0.0
    assert bounds.leading_term(100, 100, 10, 10).low.value == pytest.approx(1.0, rel=2e-12)
    exact = single.fp(20_000, 40, 40, 40)  # one term
    assert bounds.leading_term(20_000, 40, 40, 40).width < 3e-12
    assert bounds.leading_term(20_000, 40, 40, 40).contains(exact)


def test_bracket_tells_outside_from_inside():
    found = bounds.leading_term(10_000, 300, 30, 15)
    assert found.contains(single.fp(10_000, 300, 30, 15)) is True
    assert found.contains(single.fp(10_000, 300, 30, 14)) is False
    assert found.contains(Probability.of_log(-inf)) is False
    assert found.width == pytest.approx(log10(found.high.value / found.low.value), rel=1e-10)
    ratio = 15 * 285 / (16 * (10_000 - 30 - 300 + 16))
    assert 10**found.width - 1 == pytest.approx(ratio / (1 - ratio), rel=1e-9)


# Ratios to the exact value: leading, subset, Chernoff, binomial, Poisson, normal, saddlepoint.
TABLE = [
    ((300, 128, 24, 12), "0.292", ("0.43", "247", "2.6", "1.03", "1.13", "1.007", "1.002")),
    ((4000, 128, 24, 12), "1.34e-12", ("0.972", "1.39", "9.7", "1.62", "32", "3e-24", "1.006")),
    ((10_000, 300, 30, 15), "1.05e-15", ("0.973", "1.50", "9.3", "1.38", "65", "2e-33", "1.005")),
    ((200_000, 2000, 10, 10), "9.78e-21", ("1", "1", "1.02", "1.02", "2573", "2e-176", "1")),
    ((2048, 40, 20, 13), "4.96e-19", ("0.993", "1.09", "44", "8.3", "1111", "5e-68", "1.009")),
    ((20_000, 40, 40, 20), "4.37e-46", ("0.999", "1.02", "2537", "319", "1e5", "2e-985", "1.003")),
    ((100_000, 2000, 240, 20), "1.08e-7", ("0.79", "65", "9", "1.06", "1.7", "5e-5", "1.0005")),
]


def last_digit(text):
    """Half a unit of the last digit written, and the number's decades, of a positive number."""
    mantissa, _, power = text.partition("e")
    power = int(power or 0)
    decimals = len(mantissa.partition(".")[2])
    value = float(mantissa)
    return value, 0.5 * 10.0**-decimals, power


@pytest.mark.parametrize(("arguments", "value", "ratios"), TABLE)
def test_table_of_approximations(arguments, value, ratios):
    exact = single.fp(*arguments)
    number, half, power = last_digit(value)
    assert abs(10.0 ** (exact.log10 - power) - number) < 1.01 * half
    for method, text in zip(METHODS, ratios, strict=True):
        found = fp_approximation(*arguments, method)
        assert found.method == method
        number, half, power = last_digit(text)
        assert abs(10.0 ** (found.log10 - exact.log10 - power) - number) < 1.01 * half, method


def test_subset_approximation_may_exceed_one():
    assert fp_approximation(300, 128, 24, 12, "subset").value > 70.0


@pytest.mark.parametrize("method", METHODS)
def test_approximations_at_edges(method):
    n, a, s, theta = np.array(
        [
            (100, 10, 10, 0),
            (100, 10, 10, 11),
            (100, 100, 10, 5),
            (100, 95, 10, 5),
            (100, 0, 5, 1),
            (1, 1, 1, 1),
        ]
    ).T
    found = fp_approximation(n, a, s, theta, method)
    assert found.value.tolist() == [1.0, 0.0, 1.0, 1.0, 0.0, 1.0]
    assert isinstance(fp_approximation(100, 10, 10, 3, method).value, float)


def test_approximations_where_they_are_good():
    # Many draws near the mean: the central limit; few cells of very many: Poisson.
    exact = single.fp(10**6, 10**5, 5000, 560)
    assert fp_approximation(10**6, 10**5, 5000, 560, "normal").log10 == pytest.approx(
        exact.log10, abs=0.06
    )
    exact = single.fp(10**8, 10**4, 10**4, 4)
    assert fp_approximation(10**8, 10**4, 10**4, 4, "poisson").value == pytest.approx(
        exact.value, rel=1e-3
    )
    exact = single.fp(10**8, 10**4, 10**4, 1)
    assert fp_approximation(10**8, 10**4, 10**4, 1, "poisson").value == pytest.approx(
        exact.value, rel=1e-3
    )
    exact = single.fp(10**8, 10**6, 30, 12)
    assert fp_approximation(10**8, 10**6, 30, 12, "binomial").value == pytest.approx(
        exact.value, rel=1e-3
    )
    # Also below the mean, and at the mean, where the formula has a removable singularity.
    for theta in range(2, 21):
        exact = single.fp(400, 100, 40, theta)
        found = fp_approximation(400, 100, 40, theta, "saddlepoint")
        assert found.value == pytest.approx(exact.value, rel=0.02)


def test_saddlepoint_passes_smoothly_through_the_mean():
    # Means 10 + 0.001 k, about the singularity at an integer threshold.
    a = 25_000 + np.arange(-60, 61)
    ratio = [
        fp_approximation(10**5, int(x), 40, 10, "saddlepoint").value
        / single.fp(10**5, int(x), 40, 10).value
        for x in a
    ]
    assert np.ptp(ratio) < 1e-4 and abs(ratio[60] - 1.0) < 1e-3


def test_refuses():
    with pytest.raises(ValueError, match="method must be one of"):
        approximations.fp_approximation(100, 10, 10, 3, "gaussian")
    with pytest.raises(ValueError, match="a must be an integer"):
        approximations.fp_approximation(100, 101, 10, 3, "normal")
    with pytest.raises(ValueError, match="s must be an integer"):
        bounds.leading_term(100, 10, 101, 3)
