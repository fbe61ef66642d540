"""Logarithms of hypergeometric and binomial probabilities against Python's integers."""

from fractions import Fraction
from math import comb, inf, log1p

import mpmath
import numpy as np
import pytest

from assocmem.theory.sdr import hypergeometric as law

DIGITS = 40


def ln(part, total):
    """Logarithm of part/total, integers, to 40 digits also of itself near 0."""
    with mpmath.workdps(DIGITS):
        if 2 * part > total:
            return mpmath.log1p(-mpmath.mpf(total - part) / mpmath.mpf(total))
        return mpmath.log(mpmath.mpf(part) / mpmath.mpf(total))


def ways(k, n, a, s):
    """Number of activities of a of n cells that meet k of s synapses."""
    return comb(s, k) * comb(n - s, a - k) if 0 <= k <= min(a, s) and a - k <= n - s else 0


def sides(theta, n, a, s):
    """P[X = theta], P[X >= theta] and P[X < theta] times C(n, a), and C(n, a): integers."""
    total = comb(n, a)
    upper = range(max(theta, 0), min(a, s) + 1)
    lower = range(max(0, a + s - n), min(theta, min(a, s) + 1))
    if len(upper) < len(lower):
        tail = sum(ways(k, n, a, s) for k in upper)
    else:
        tail = total - sum(ways(k, n, a, s) for k in lower)
    return [ways(theta, n, a, s), tail, total - tail], total


def right(found, part, total, near_one=True):
    """Whether e^found is part/total to 1e-12, relative, beyond half a unit of its logarithm.

    With ``near_one`` what it lacks to 1 is right to 1e-12 too.
    """
    if part in (0, total):
        return found == (-inf if part == 0 else 0.0)
    with mpmath.workdps(DIGITS):
        exact = ln(part, total)
        off = abs(mpmath.mpf(float(found)) - exact)
        scale = min(1, abs(exact)) if near_one else 1
        return off <= 1e-12 * scale + 2e-16 * abs(exact) + mpmath.mpf("1e-307")


def cases(seed, count):
    """Random parameters, few cells and many, dense and sparse, near the mean and far from it."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        n = int(rng.choice([3, 20, 60, 300, 2000, 10_000, 200_000]))
        a, s = int(rng.integers(0, min(n, 150) + 1)), int(rng.integers(0, min(n, 150) + 1))
        if rng.random() < 0.2:
            a = n - a
        if rng.random() < 0.2:
            a, s = s, a
        mean = a * s / n
        far = min(a, s) + 1
        theta = int(rng.integers(-1, far + 2))
        if rng.random() < 0.5:
            theta = round(mean + rng.normal() * (1 + mean**0.5))
        yield theta, n, a, s


def test_hypergeometric_against_integers():
    arguments = list(cases(1, 1000))
    theta, n, a, s = np.array(arguments).T
    found = zip(
        *(f(theta, n, a, s) for f in (law.log_pmf, law.log_tail, law.log_head)), strict=True
    )
    deepest = 0.0
    for case, values in zip(arguments, found, strict=True):
        parts, total = sides(*case)
        assert all(right(*pair, total) for pair in zip(values, parts, strict=True)), case
        deepest = min(deepest, min(v for v in values if v > -inf))
    assert deepest < np.log(1e-200)


@pytest.mark.parametrize(
    ("theta", "n", "a", "s", "decade"),
    [
        (120, 200_000, 130, 125, -415),
        (187, 30_000, 195, 190, -473),
        (60, 10_000_000, 120, 60, -304),
        (130, 10_000, 300, 130, -213),
        (150, 20_000, 160, 160, -352),
        (160, 30_000, 165, 170, -407),
        (300, 1_000_000, 400, 300, -1090),
        (20, 10**9, 10_000, 10_000, -39),
        (3, 10**9, 10_000, 10_000, -4),
    ],
)
def test_hypergeometric_where_doubles_end(theta, n, a, s, decade):
    # Integers of C(10^9, 10^4) are too long; there falling factorials in 40 digits serve.
    with mpmath.workdps(DIGITS):
        exact = mpmath.fsum(
            mpmath.binomial(s, k) * mpmath.ff(a, k) * mpmath.ff(n - a, s - k) / mpmath.ff(n, s)
            for k in range(theta, min(min(a, s), theta + 200) + 1)
        )
        off = abs(mpmath.mpf(law.log_tail(theta, n, a, s)) - mpmath.log(exact))
        assert float(off) < 1e-12
        assert int(mpmath.floor(mpmath.log10(exact))) == decade


def test_hypergeometric_edges():
    certain, impossible = 0.0, -inf
    assert law.log_tail(0, 10, 3, 4) == law.log_tail(-5, 10, 3, 4) == certain
    assert law.log_head(0, 10, 3, 4) == impossible
    assert law.log_tail(4, 10, 3, 4) == law.log_tail(5, 10, 9, 4) == impossible
    assert law.log_head(4, 10, 3, 4) == certain
    assert law.log_tail(3, 10, 7, 6) == certain  # forced: 7 + 6 - 10 = 3
    assert law.log_tail(4, 10, 7, 6) < 0.0
    assert law.log_tail(4, 10, 10, 4) == certain  # all cells are active
    assert law.log_tail(5, 10, 10, 4) == impossible
    assert law.log_tail(3, 10, 3, 10) == certain
    assert law.log_tail(1, 10, 3, 0) == law.log_tail(1, 10, 0, 3) == impossible
    assert law.log_tail(0, 0, 0, 0) == certain
    assert law.log_tail(1, 0, 0, 0) == impossible
    assert law.log_pmf(0, 10, 0, 3) == law.log_pmf(4, 10, 10, 4) == 0.0
    assert law.log_pmf(-1, 10, 3, 3) == law.log_pmf(4, 10, 3, 5) == law.log_pmf(2, 10, 7, 6) == -inf


def test_symmetry_and_complement():
    rng = np.random.default_rng(3)
    n = rng.integers(1, 10**6, 300)
    a, s = (rng.integers(0, np.minimum(n, 300) + 1) for _ in range(2))
    theta = rng.integers(0, np.minimum(a, s) + 2)
    tail = law.log_tail(theta, n, a, s)
    np.testing.assert_allclose(law.log_tail(theta, n, s, a), tail, rtol=1e-15, atol=1e-12)
    # At least theta active among s: at most s - theta inactive ones, Hyp(n, n - a, s).
    mirrored = law.log_head(s - theta + 1, n, n - a, s)
    np.testing.assert_allclose(mirrored, tail, rtol=1e-15, atol=1e-12)


def test_shapes_and_types():
    assert isinstance(law.log_tail(3, 100, 10, 10), float)
    found = law.log_tail(np.arange(4)[:, None], np.array([50, 100, 200]), 10, 10)
    assert found.shape == (4, 3)
    assert found[3, 1] == law.log_tail(3, 100, 10, 10)
    assert law.log_tail(np.array([], dtype=int), 100, 10, 10).shape == (0,)
    assert law.log_binomial_tail([[1], [2]], 10, [0.1, 0.2, 0.3]).shape == (2, 3)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((3, 100, 101, 10), ValueError, r"a must be an integer in \[0, 100\], got 101"),
        ((3, 100, 10, -1), ValueError, r"s must be an integer in \[0, 100\], got -1"),
        ((3, -1, 0, 0), ValueError, "n must be an integer"),
        ((3, 2**31, 10, 10), ValueError, "n must be an integer"),
        ((3.0, 100, 10, 10), TypeError, "theta must be an integer"),
        ((3, 100, [5, 200], 10), ValueError, r"a must be an integer in \[0, 100\], got 200"),
        ((3, 100, True, 10), TypeError, "a must be an integer"),
    ],
)
def test_refuses(arguments, error, words):
    with pytest.raises(error, match=words):
        law.log_tail(*arguments)


def test_binomial_refuses():
    with pytest.raises(ValueError, match=r"p must be in \[0, 1\], got .*1.5"):
        law.log_binomial_tail(3, 10, 1.5)
    with pytest.raises(ValueError, match=r"p must be in \[0, 1\], got .*nan"):
        law.log_binomial_tail(3, 10, float("nan"))
    with pytest.raises(TypeError, match="p must be a real number"):
        law.log_binomial_tail(3, 10, "x")
    with pytest.raises(ValueError, match="m must be an integer"):
        law.log_binomial_tail(3, -1, 0.5)


def binomial_sides(theta, m, p):
    on, total = p.as_integer_ratio()
    terms = [comb(m, k) * on**k * (total - on) ** (m - k) for k in range(m + 1)]
    tail = sum(terms[max(theta, 0) :])
    return [terms[theta] if 0 <= theta <= m else 0, tail, total**m - tail], total**m


def test_binomial_against_integers():
    rng = np.random.default_rng(4)
    for _ in range(600):
        m = int(rng.choice([1, 3, 24, 60, 200]))
        p = float(rng.choice([rng.random(), 10 ** -rng.uniform(0, 9), 0.02, 0.5]))
        if rng.random() < 0.3:
            p = 1.0 - p
        theta = int(rng.integers(-1, m + 2))
        if rng.random() < 0.4:
            theta = min(m, round(m * p + rng.normal() * 2))
        found = [
            f(theta, m, p)
            for f in (law.log_binomial_pmf, law.log_binomial_tail, law.log_binomial_head)
        ]
        (term, *parts), total = binomial_sides(theta, m, p)
        assert right(found[0], term, total, near_one=False), (theta, m, p)
        for value, part in zip(found[1:], parts, strict=True):
            assert right(value, part, total), (theta, m, p)


def test_binomial_edges():
    assert law.log_binomial_tail(0, 5, 0.3) == law.log_binomial_tail(5, 5, 1.0) == 0.0
    assert law.log_binomial_tail(6, 5, 0.3) == law.log_binomial_tail(1, 5, 0.0) == -inf
    assert law.log_binomial_head(1, 5, 0.0) == law.log_binomial_head(6, 5, 0.3) == 0.0
    assert law.log_binomial_head(5, 5, 1.0) == law.log_binomial_head(0, 5, 0.3) == -inf
    assert law.log_binomial_pmf(5, 5, 1.0) == law.log_binomial_pmf(0, 0, 0.3) == 0.0
    assert law.log_binomial_pmf(4, 5, 1.0) == -inf


def test_binomial_from_logarithm_of_a_chance_below_doubles():
    from assocmem.theory.sdr.kernels import ln_binomial_head_of_ln, ln_binomial_tail_of_ln

    # p = 1e-400: P[Y >= 3] = C(10, 3) p^3 to 400 digits; P[Y < 1] = 1 - 10 p.
    ln_p = float(-400 * mpmath.log(10))
    assert abs(ln_binomial_tail_of_ln(3, 10, ln_p) - (np.log(120.0) + 3 * ln_p)) < 1e-12
    assert ln_binomial_head_of_ln(1, 10, ln_p) == 0.0
    for p in (1e-200, 1e-9, 0.3, 0.97):
        known = law.log_binomial_tail(3, 10, p)
        assert abs(ln_binomial_tail_of_ln(3, 10, float(np.log(p))) - known) < 1e-13 * (1 - known)


@pytest.mark.parametrize(("n", "a", "s"), [(10**9, 1, 1), (10**9, 3, 5), (10**6, 2, 9)])
def test_chances_near_one_by_their_rest(n, a, s):
    rest = 1 - Fraction(comb(n - a, s), comb(n, s))
    assert law.log_pmf(0, n, a, s) == pytest.approx(log1p(-float(rest)), rel=1e-13, abs=0)
    assert law.log_pmf(s, n, n - a, s) == pytest.approx(log1p(-float(rest)), rel=1e-13, abs=0)


@pytest.mark.parametrize(("m", "p"), [(1, 1e-9), (7, 1e-9), (40, 3e-4), (1000, 1e-15)])
def test_binomial_chances_near_one_by_their_rest(m, p):
    known = m * log1p(-p)
    assert law.log_binomial_pmf(0, m, p) == pytest.approx(known, rel=1e-13, abs=0)
    q = 2.0**-30  # 1 - q is a double
    known = m * log1p(-q)
    assert law.log_binomial_pmf(m, m, 1.0 - q) == pytest.approx(known, rel=1e-13, abs=0)


def test_rounding_does_not_add_up_over_factors():
    # Chances of 0.4 to 1 % by 60,000 factors: the logarithm is known to 1e-15, plain products
    # would be to some 5e-14, and powers of 1 - 0.1 as a double to 5e-11.
    half = 20_000
    with mpmath.workdps(40):
        of_one, of_all = mpmath.log(comb(2 * half, half)), mpmath.log(comb(4 * half, 2 * half))
        log = float(2 * of_one - of_all)
    assert law.log_pmf(half, 4 * half, 2 * half, 2 * half) == pytest.approx(log, rel=0, abs=5e-15)
    k, m = 100_000, 1_000_000
    with mpmath.workdps(40):
        p = mpmath.mpf(0.1)
        log = mpmath.loggamma(m + 1) - mpmath.loggamma(k + 1) - mpmath.loggamma(m - k + 1)
        log = float(log + k * mpmath.log(p) + (m - k) * mpmath.log(1 - p))
    assert law.log_binomial_pmf(k, m, 0.1) == pytest.approx(log, rel=0, abs=1e-13)


@pytest.mark.parametrize("theta", [70, 79, 80, 81, 90])
def test_tails_to_the_last_digits(theta):
    n, a, s = 1000, 200, 400
    ways = sum(comb(s, k) * comb(n - s, a - k) for k in range(theta, a + 1))
    for found, part in ((law.log_tail, ways), (law.log_head, comb(n, a) - ways)):
        with mpmath.workdps(40):
            log = float(mpmath.log(part) - mpmath.log(comb(n, a)))
        assert found(theta, n, a, s) == pytest.approx(log, rel=1e-14, abs=1e-14)


@pytest.mark.parametrize("ln_p", [-699.5, -707.3, -720.2, -744.9, -803.1])
def test_chances_at_the_end_of_doubles(ln_p):
    """P[Y >= 1] = 5 p, up to the square of p."""
    from assocmem.theory.sdr.kernels import ln_binomial_tail_of_ln

    log = ln_binomial_tail_of_ln(1, 5, ln_p)
    assert log == pytest.approx(ln_p + float(mpmath.log(5)), rel=1e-15)
