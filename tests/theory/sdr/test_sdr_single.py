"""False positives and negatives of one segment: exact rationals, enumeration, published values."""

from fractions import Fraction
from itertools import combinations
from math import comb, inf, log

import numpy as np
import pytest

from assocmem.theory.sdr import single
from assocmem.theory.sdr.probability import Probability


def exact_fp(n, a, s, theta):
    """Equation (2) in integers."""
    if theta <= max(0, a + s - n):
        return Fraction(1)
    ways = sum(comb(s, b) * comb(n - s, a - b) for b in range(theta, min(s, a) + 1))
    return Fraction(ways, comb(n, a))


def exact_fn(a, s, theta, v):
    """Equation (3) in integers: the number of synapses lost is at least s - theta + 1."""
    lost = range(max(0, s - theta + 1), min(s, v) + 1)
    return Fraction(sum(comb(s, b) * comb(a - s, v - b) for b in lost if b <= v), comb(a, v))


def exact_tail(m, p, theta):
    return sum(comb(m, j) * p**j * (1 - p) ** (m - j) for j in range(max(theta, 0), m + 1))


def agrees(found, exact, tolerance=1e-12):
    """A scalar Probability against a Fraction, in value and logarithm."""
    if exact in (0, 1):
        return found.value == exact and found.log10 == (-inf if exact == 0 else 0.0)
    decades = (log(exact.numerator) - log(exact.denominator)) / log(10.0)
    near = abs(Fraction(found.value) / exact - 1) < tolerance if found.value > 1e-300 else True
    return near and abs(found.log10 - decades) < tolerance + 1e-15 * abs(decades)


def test_fp_and_fn_against_fractions():
    rng = np.random.default_rng(11)
    for _ in range(300):
        n = int(rng.choice([8, 40, 1000, 20_000]))
        a, s = int(rng.integers(0, min(n, 90) + 1)), int(rng.integers(0, min(n, 40) + 1))
        theta = int(rng.integers(-1, s + 3))
        assert agrees(single.fp(n, a, s, theta), exact_fp(n, a, s, theta)), (n, a, s, theta)
        s, v = min(a, s), int(rng.integers(0, a + 1))
        assert agrees(single.fn_drop(a, s, theta, v), exact_fn(a, s, theta, v)), (a, s, theta, v)


def test_misses_are_certain_or_impossible_exactly_where_they_should():
    a, s, theta, v = np.array(
        [
            (a, s, theta, v)
            for a in range(1, 9)
            for s in range(1, a + 1)
            for theta in range(1, s + 1)
            for v in range(a + 1)
        ]
    ).T
    found = single.fn_drop(a, s, theta, v)
    assert np.array_equal(found.value == 0.0, v <= s - theta)
    assert np.array_equal(found.value == 1.0, a - v < theta)
    assert np.array_equal(found.log10 == -inf, v <= s - theta)


def test_edges():
    assert single.fp(100, 10, 10, 0).value == single.fp(100, 95, 10, 5).value == 1.0
    assert single.fp(100, 10, 10, 11).value == 0.0
    assert single.fp(100, 100, 10, 10).value == single.fp(100, 10, 100, 10).value == 1.0
    assert single.fp(100, 10, 0, 1).value == 0.0
    assert single.fn_drop(10, 5, 0, 10).value == 0.0
    assert single.fn_drop(10, 5, 6, 0).value == 1.0
    assert single.fn_swap(50, 10, 5, 0, 10).value == 0.0
    assert single.fn_kill(50, 5, 6, 0).value == 1.0
    assert single.fn_kill(50, 5, 5, 0).value == 0.0
    assert single.fn_kill(50, 5, 1, 50).value == 1.0


@pytest.mark.parametrize(
    ("arguments", "published"),
    [
        # Figure 4A of Ahmad and Hawkins (2016), as they stored it.
        ((300, 128, 24, 12), 0.292),
        ((500, 128, 24, 12), 7.37e-3),
        ((700, 128, 24, 12), 3.20e-4),
        ((900, 128, 24, 12), 2.50e-5),
        ((19_900, 64, 24, 12), 1.07e-24),
        ((10_000, 300, 30, 12), 2.28e-11),
        ((10_000, 300, 30, 15), 1.0492e-15),
        ((10_000, 64, 24, 12), 4.04e-21),  # SymPy's un-factored sum gives 0
        ((200_000, 2000, 10, 10), 9.8e-21),
        ((200_000, 2000, 20, 10), 1.65e-15),  # not the 1.6e-18 of the preprint
        ((1024, 20, 20, 20), 1.82e-42),
        ((1024, 20, 20, 10), 9.33e-14),
        ((20_000, 40, 40, 40), 7.7e-125),
        ((20_000, 40, 40, 20), 4.4e-46),
        ((100_000, 2000, 240, 20), 1.08e-7),
    ],
)
def test_published_false_positives(arguments, published):
    found = single.fp(*arguments)
    digits = len(f"{published:e}".split("e")[0].rstrip("0").replace(".", ""))
    assert abs(found.value / published - 1.0) < 0.51 * 10.0 ** (1 - digits)
    assert agrees(found, exact_fp(*arguments))


def test_published_misses():
    assert single.fn_drop(300, 30, 12, 60).value == pytest.approx(3.95e-8, rel=1e-3)
    assert single.fn_drop(128, 30, 16, 64).value == pytest.approx(0.58, abs=0.005)
    assert single.fn_drop(128, 30, 12, 64).value == pytest.approx(0.07, abs=0.005)
    assert single.fn_drop(20, 10, 6, 12).value == pytest.approx(0.915, abs=5e-4)
    assert single.fn_swap(60, 20, 10, 6, 12).value == pytest.approx(0.536, abs=5e-4)


def test_slope_in_cells_and_floor():
    # n^-theta at fixed a; the floor B(s, q, theta) at fixed a/n.
    ends = single.fp(np.array([9900, 19_900]), 64, 24, 12).log10
    slope = np.diff(ends)[0] / np.log10(19_900 / 9900)
    assert slope == pytest.approx(-11.96, abs=0.005)
    sparse = single.fp(10**7, 10**7 // 4, 24, 12)
    assert sparse.value == pytest.approx(single.fp_random(24, 0.25, 12).value, rel=1e-4)
    assert agrees(single.fp_random(24, 0.25, 12), exact_tail(24, Fraction(1, 4), 12))
    assert single.fp_random(24, 0.032, 12).value > 1.5 * single.fp(4000, 128, 24, 12).value


def noisy_activities(n, pattern, v, convention):
    """All outcomes of noise on a pattern, with their chances, by listing them."""
    silent = [i for i in range(n) if i not in pattern]
    found = []
    if convention == "kill":
        for dead in combinations(range(n), v):
            found.append((frozenset(pattern) - set(dead), Fraction(1, comb(n, v))))
        return found
    for lost in combinations(sorted(pattern), v):
        kept = frozenset(pattern) - set(lost)
        pool = {"drop": [], "replace": silent, "swap": silent + list(lost)}[convention]
        fresh = list(combinations(pool, v)) if convention != "drop" else [()]
        chance = Fraction(1, comb(len(pattern), v) * len(fresh))
        found += [(kept | set(new), chance) for new in fresh]
    return found


@pytest.mark.parametrize("convention", ["drop", "replace", "swap", "kill"])
def test_every_convention_against_a_list_of_all_outcomes(convention):
    n, a, s = 9, 4, 3
    pattern, synapses = range(a), frozenset(range(s))  # one choice of synapses stands for all
    for v in range(a + 1):
        outcomes = noisy_activities(n, pattern, v, convention)
        assert sum(chance for _, chance in outcomes) == 1
        for theta in range(s + 2):
            for p in (Fraction(1), Fraction(3, 5)):
                exact = sum(
                    chance * (1 - exact_tail(len(active & synapses), p, theta))
                    for active, chance in outcomes
                )
                if convention == "swap":
                    found = single.fn_swap(n, a, s, theta, v, float(p))
                elif convention == "kill":
                    found = single.fn_kill(n, s, theta, v, float(p))
                else:
                    found = single.fn_unreliable(a, s, theta, float(p), v)
                assert found.value == pytest.approx(float(exact), rel=1e-13, abs=0), (v, theta, p)


def test_fp_against_a_list_of_all_activities():
    n, a, s = 9, 4, 5
    synapses = frozenset(range(s))
    for theta in range(-1, 6):
        for p in (Fraction(1), Fraction(3, 5)):
            exact = sum(
                exact_tail(len(synapses.intersection(active)), p, theta)
                for active in combinations(range(n), a)
            ) / Fraction(comb(n, a))
            found = single.fp_unreliable(n, a, s, theta, float(p))
            assert found.value == pytest.approx(float(exact), rel=1e-13, abs=0)


def test_unreliable_against_fractions_far_out():
    n, a, s, theta = 20_000, 60, 50, 40
    p = Fraction(0.7)  # the double
    exact = sum(
        Fraction(comb(s, b) * comb(n - s, a - b), comb(n, a)) * exact_tail(b, p, theta)
        for b in range(theta, s + 1)
    )
    assert exact < Fraction(1, 10**90)
    assert agrees(single.fp_unreliable(n, a, s, theta, 0.7), exact)
    exact = sum(
        Fraction(comb(s, lost) * comb(a - s, 8 - lost), comb(a, 8))
        * (1 - exact_tail(s - lost, p, 3))
        for lost in range(max(0, 8 - (a - s)), 9)
    )
    assert exact < Fraction(1, 10**15)
    assert agrees(single.fn_unreliable(a, s, 3, 0.7, 8), exact)
    assert single.fp_unreliable(n, a, s, theta, 0.0).value == 0.0
    assert single.fp_unreliable(n, a, s, 0, 0.0).value == 1.0
    assert single.fn_unreliable(a, s, 1, 0.0).value == 1.0
    assert single.fp_unreliable(n, a, s, theta, 1.0).log10 == single.fp(n, a, s, theta).log10


def test_swap_against_fractions_far_out():
    n, a, s, theta, v = 20_000, 200, 150, 20, 131
    total = comb(n - a + v, v)
    exact = sum(
        Fraction(comb(v, r) * comb(n - a, v - r), total) * exact_fn(a, s, theta, v - r)
        for r in range(v + 1)
    )
    assert 0 < exact < Fraction(1, 10**16)
    assert agrees(single.fn_swap(n, a, s, theta, v), exact)


def test_same_and_overlap_sets():
    assert agrees(single.same(20_000, 300), Fraction(1, comb(20_000, 300)))
    assert single.same(20_000, 300).log10 < -600
    assert single.same(20_000, 40).log10 == single.fp(20_000, 40, 40, 40).log10
    counts = np.exp(single.log_overlap_set(30, 7, 9, np.arange(-1, 9)))
    assert counts[0] == counts[-1] == 0.0
    exact = [comb(9, b) * comb(21, 7 - b) for b in range(8)]
    np.testing.assert_allclose(counts[1:-1], exact, rtol=1e-13)
    assert sum(exact) == comb(30, 7)  # Vandermonde
    big = comb(300, 40) * comb(19_700, 260)
    assert single.log_overlap_set(20_000, 300, 300, 40) == pytest.approx(log(big), rel=1e-15)


def test_broadcasting_and_types():
    found = single.fp(np.array([[1000], [2000]]), 40, 20, np.arange(5, 8))
    assert isinstance(found, Probability) and found.method == "exact"
    assert found.value.shape == found.log10.shape == (2, 3)
    assert isinstance(single.fp(1000, 40, 20, 5).value, float)
    assert single.fn_drop(40, 20, [5, 6], [[10], [20]]).value.shape == (2, 2)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: single.fp(100, 101, 10, 5), "a must be an integer"),
        (lambda: single.fp(100, 10, 101, 5), "s must be an integer"),
        (lambda: single.fn_drop(20, 30, 6, 12), r"s must be an integer in \[0, 20\], got 30"),
        (lambda: single.fn_drop(20, 10, 6, 21), r"v must be an integer in \[0, 20\], got 21"),
        (lambda: single.fn_drop(20, 10, 6, -1), "v must be an integer"),
        (lambda: single.fn_swap(60, 20, 21, 6, 12), r"s must be an integer in \[0, 20\], got 21"),
        (lambda: single.fn_swap(60, 20, 10, 6, 21), "v must be an integer"),
        (lambda: single.fn_kill(60, 10, 6, 61), "dead must be an integer"),
        (lambda: single.fp_unreliable(60, 10, 6, 3, 1.1), r"p must be in \[0, 1\]"),
        (lambda: single.fp_random(10, -0.1, 3), r"q must be in \[0, 1\]"),
        (lambda: single.same(10, 11), "a must be an integer"),
    ],
)
def test_refuses(call, words):
    with pytest.raises(ValueError, match=words):
        call()
