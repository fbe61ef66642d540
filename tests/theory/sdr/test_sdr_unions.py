"""Unions against integers, lists of all arrangements of tiny systems, and simulation."""

from fractions import Fraction
from itertools import combinations, product
from math import comb, inf

import mpmath
import numpy as np
import pytest
from scipy import stats

from assocmem.theory.sdr import single, unions
from assocmem.theory.sdr import union_approximations as rough


def exact_sizes(n, s, m):
    """P[U = u] by inclusion and exclusion in integers."""
    total = comb(n, s) ** m
    return [
        Fraction(
            comb(n, u) * sum((-1) ** (u - j) * comb(u, j) * comb(j, s) ** m for j in range(u + 1)),
            total,
        )
        for u in range(min(n, m * s) + 1)
    ]


def exact_union_fp(n, a, s, theta, m):
    """Equation (7) in integers."""
    sizes = exact_sizes(n, s, m)
    return sum(
        weight
        * Fraction(sum(comb(u, b) * comb(n - u, a - b) for b in range(theta, a + 1)), comb(n, a))
        for u, weight in enumerate(sizes)
    )


@pytest.mark.parametrize(("n", "s", "m"), [(9, 4, 3), (30, 7, 4), (200, 20, 6), (40, 11, 30)])
def test_size_law_against_integers(n, s, m):
    found = unions.union_size_law(n, s, m)
    exact = exact_sizes(n, s, m)
    assert len(found.value) == len(exact)
    for u, chance in enumerate(exact):
        if chance == 0:
            assert found.value[u] == 0.0 and found.log10[u] == -inf
        else:
            decades = mpmath.log10(mpmath.mpf(chance.numerator)) - mpmath.log10(chance.denominator)
            assert abs(found.log10[u] - decades) < 1e-12
    numbers = np.arange(len(exact))
    mean = sum(u * x for u, x in enumerate(exact))
    variance = sum(u * u * x for u, x in enumerate(exact)) - mean**2
    assert unions.union_mean(n, s, m) == pytest.approx(float(mean), rel=1e-13)
    assert unions.union_variance(n, s, m) == pytest.approx(float(variance), rel=1e-12)
    assert found.value @ numbers == pytest.approx(float(mean), rel=1e-12)


def test_size_law_where_doubles_end():
    # All four sets of 90 the same: 1/C(2000, 90)^3, which is 1e-405.
    found = unions.union_size_law(2000, 90, 4)
    exact = -3 * mpmath.log10(mpmath.binomial(2000, 90))
    assert found.value[90] == 0.0 and exact < -380
    assert abs(found.log10[90] - float(exact)) < 1e-12


def test_variance_formula():
    # Equation (6) in rationals, also where doubles would subtract all digits away.
    for n, s, m in ((50, 7, 3), (10**6, 20, 2), (20_000, 25, 10), (10**9, 3, 4)):
        p0 = Fraction(n - s, n) ** m
        p00 = Fraction((n - s) * (n - s - 1), n * (n - 1)) ** m
        exact = n * p0 + n * (n - 1) * p00 - (n * p0) ** 2
        assert unions.union_variance(n, s, m) == pytest.approx(float(exact), rel=1e-12, abs=0)
        assert unions.union_mean(n, s, m) == pytest.approx(float(n - n * p0), rel=1e-13, abs=0)
    assert unions.union_variance(50, 7, [0, 1]).tolist() == [0.0, 0.0]
    assert unions.union_mean(50, 7, [0, 1, 2]).tolist()[:2] == [0.0, pytest.approx(7.0, rel=1e-14)]
    assert unions.union_mean(7, 7, 3) == 7.0 and unions.union_variance(7, 7, 3) == 0.0


@pytest.mark.parametrize(
    ("n", "a", "s", "theta", "m"),
    [(30, 6, 7, 4, 3), (1000, 200, 25, 15, 3), (300, 20, 20, 20, 4), (2000, 40, 30, 40, 4)],
)
def test_union_fp_against_integers(n, a, s, theta, m):
    exact = exact_union_fp(n, a, s, theta, m)
    found = unions.union_fp(n, a, s, theta, m)
    decades = mpmath.log10(mpmath.mpf(exact.numerator)) - mpmath.log10(exact.denominator)
    assert abs(found.log10 - float(decades)) < 4e-13


def test_union_fp_is_the_mixture_over_sizes():
    # 1e-320: below doubles.
    n, a, s, theta, m = 10**6, 80, 25, 70, 10
    sizes = unions.union_size_law(n, s, m)
    by_size = single.fp(n, a, np.arange(len(sizes.value)), theta)
    decades = sizes.log10 + by_size.log10
    mixture = decades.max() + np.log10(np.sum(10.0 ** (decades - decades.max())))
    found = unions.union_fp(n, a, s, theta, m)
    assert found.log10 < -150
    assert abs(found.log10 - mixture) < 4e-13


def test_published_unions():
    # Ahmad and Hawkins (2016): text, and figure 7B at M = 10.
    assert unions.union_mean(20_000, 25, 10) == pytest.approx(248.6, abs=0.05)
    assert unions.union_fp(20_000, 100, 25, 15, 10).value == pytest.approx(1.70e-12, rel=3e-3)
    rounded = rough.union_fp_rounded(np.array([1000, 10_000, 20_000]), 200, 25, 15, 10).value
    np.testing.assert_allclose(rounded, [1.0, 1.27e-4, 3.3e-8], rtol=0.02)
    # Exact match of (1024, 20, 20) and 20 patterns: the Bloom form, and the notebook's plug-in.
    assert rough.union_fp_bloom(1024, 20, 20, 20).value == pytest.approx(1.835e-10, rel=3e-4)
    assert rough.union_fp_gamma(1024, 20, 20, 20, 20).value == pytest.approx(1.238e-10, rel=3e-4)
    m = np.arange(1, 20)[:, None]
    ratio = (
        rough.union_fp_rounded(np.array([1000, 10_000, 20_000]), 200, 25, 15, m).value
        / unions.union_fp(np.array([1000, 10_000, 20_000]), 200, 25, 15, m).value
    )
    # Rounding the size to an integer errs to both sides, by at most 7 % here; at 1000 cells and
    # two patterns 49.375 is taken for 49, against the mixture in integers.
    exact = exact_union_fp(1000, 200, 25, 15, 2) / exact_union_fp(1000, 200, 49, 15, 1)
    assert ratio.min() == pytest.approx(float(1 / exact), rel=1e-12)
    assert 0.93 < ratio.min() < 0.94 and 1.0 < ratio.max() < 1.08
    assert rough.union_fp_rounded(1000, 200, 25, 15, 3).method == "rounded mean size"


def gamma_tail(n, marked, draws, theta, top):
    """The plug-in by Gamma functions, in 40 digits: sum of C(draws, b) C(n-draws, x-b)/C(n, x)."""
    with mpmath.workdps(40):
        x = mpmath.mpf(marked)
        return mpmath.fsum(
            mpmath.binomial(draws, b) * mpmath.binomial(n - draws, x - b) / mpmath.binomial(n, x)
            for b in range(theta, top + 1)
        )


@pytest.mark.parametrize(
    ("n", "a", "s", "theta", "m"),
    [
        (20_000, 100, 25, 15, 10),
        (1000, 200, 25, 15, 10),
        (2048, 40, 20, 12, 7),
        (1000, 30, 10, 3, 40),
    ],
)
def test_real_sizes_against_gamma_functions(n, a, s, theta, m):
    size = unions.union_mean(n, s, m)
    exact = gamma_tail(n, size, a, theta, a)
    assert rough.union_fp_gamma(n, a, s, theta, m).value == pytest.approx(float(exact), rel=1e-12)
    size = unions.union_mean(n, a, m)
    exact = gamma_tail(n, size, s, theta, s)
    found = rough.activity_union_fp_gamma(n, a, s, theta, m)
    assert (
        found.value == pytest.approx(float(exact), rel=1e-12) and found.method == "real mean size"
    )


def test_real_sizes_that_are_integers():
    from assocmem.theory.sdr.hypergeometric import log_tail
    from assocmem.theory.sdr.real_size_kernels import ln_tail_real

    rng = np.random.default_rng(5)
    for _ in range(300):
        n = int(rng.integers(1, 300))
        a, s, theta = (int(rng.integers(0, x + 1)) for x in (n, min(n, 60), 20))
        known, found = log_tail(theta, n, a, s), ln_tail_real(theta, n, float(a), s)
        assert found == known or abs(found - known) < 1e-12, (n, a, s, theta)


def test_union_edges():
    assert unions.union_fp(100, 10, 5, 1, 0).value == 0.0
    assert unions.union_fp(100, 10, 5, 0, 0).value == 1.0
    assert unions.union_fp(100, 10, 5, 11, 9).value == 0.0
    assert unions.union_fp(100, 50, 5, 11, 2).value == 0.0  # more than 2 x 5
    assert unions.union_fp(100, 50, 5, 10, 2).value > 0.0
    assert unions.union_fp(100, 10, 100, 10, 2).value == 1.0
    assert unions.union_fp(100, 98, 5, 3, 2).value == 1.0
    assert unions.union_fp(100, 10, 5, 2, 4, 0.0).value == 0.0
    one = unions.union_fp(1000, 40, 20, np.arange(21), 1)
    np.testing.assert_allclose(one.log10, single.fp(1000, 40, 20, np.arange(21)).log10, atol=1e-13)
    many = unions.union_fp(100, 10, 5, 4, 2000)
    assert many.value == pytest.approx(1.0, abs=1e-15)
    swapped = unions.activity_union_fp(1000, 40, 20, 9, 3)
    assert swapped.log10 == unions.union_fp(1000, 20, 40, 9, 3).log10


def sets(n, s):
    return [frozenset(x) for x in combinations(range(n), s)]


def transmits(count, p, theta):
    return sum(
        comb(count, j) * p**j * (1 - p) ** (count - j) for j in range(max(theta, 0), count + 1)
    )


@pytest.mark.parametrize("p", [Fraction(1), Fraction(3, 5)])
def test_union_fp_against_a_list_of_all_sets(p):
    n, a, s = 6, 3, 2
    synapses, active = sets(n, s), frozenset(range(a))
    for m in (1, 2, 3):
        counts = [
            len(active & frozenset().union(*chosen)) for chosen in product(synapses, repeat=m)
        ]
        for theta in range(5):
            exact = sum(transmits(c, p, theta) for c in counts) / Fraction(len(counts))
            found = unions.union_fp(n, a, s, theta, m, float(p))
            assert found.value == pytest.approx(float(exact), rel=1e-13, abs=0)


def outcomes(n, a, v, convention):
    """Lists of (active cells, chance) for a pattern of cells 0..a-1."""
    pattern, silent = frozenset(range(a)), list(range(a, n))
    if convention == "kill":
        return [(pattern - set(x), Fraction(1, comb(n, v))) for x in combinations(range(n), v)]
    found = []
    for lost in combinations(range(a), v):
        pool = {"drop": [], "replace": silent, "swap": silent + list(lost)}[convention]
        fresh = [()] if convention == "drop" else list(combinations(pool, v))
        chance = Fraction(1, comb(a, v) * len(fresh))
        found += [(pattern - set(lost) | set(new), chance) for new in fresh]
    return found


@pytest.mark.parametrize("convention", ["drop", "replace", "swap", "kill"])
def test_union_fn_against_a_list_of_everything(convention):
    n, a, s = 6, 3, 2
    own, all_sets = frozenset(range(s)), sets(n, s)
    for m in (1, 2, 3):
        segments = [own.union(*others) for others in product(all_sets, repeat=m - 1)]
        for v in range(4):
            noisy = outcomes(n, a, v, convention)
            counts = {}
            for active, chance in noisy:
                for segment in segments:
                    hits = len(active & segment)
                    counts[hits] = counts.get(hits, 0) + chance / len(segments)
            for theta in range(6):
                for p in (Fraction(1), Fraction(3, 5)):
                    exact = sum(x * (1 - transmits(c, p, theta)) for c, x in counts.items())
                    found = unions.union_fn(n, a, s, theta, m, v, convention, float(p))
                    case = (m, v, theta, p)
                    assert found.value == pytest.approx(float(exact), rel=2e-13, abs=0), case


def test_union_fn_of_one_pattern_is_that_of_the_segment():
    v = np.arange(0, 41)
    for theta in (5, 12, 20):
        for p in (1.0, 0.8):
            for convention in ("drop", "replace"):
                found = unions.union_fn(2000, 40, 20, theta, 1, v, convention, p)
                known = single.fn_unreliable(40, 20, theta, p, v)
                np.testing.assert_allclose(found.log10, known.log10, rtol=1e-13, atol=1e-13)
            found = unions.union_fn(2000, 40, 20, theta, 1, v, "swap", p)
            known = single.fn_swap(2000, 40, 20, theta, v, p)
            np.testing.assert_allclose(found.log10, known.log10, rtol=1e-13, atol=1e-13)
            found = unions.union_fn(2000, 40, 20, theta, 1, 20 * v, "kill", p)
            known = single.fn_kill(2000, 20, theta, 20 * v, p)
            np.testing.assert_allclose(found.log10, known.log10, rtol=1e-12, atol=1e-12)


def test_union_fn_far_out_against_rationals():
    # Only others' synapses on the two remaining classes of cells can save the segment.
    n, a, s, theta, m, v = 3000, 60, 30, 12, 3, 30
    sizes = exact_sizes(n, s, m - 1)
    exact = Fraction(0)
    for own in range(max(0, s - v), min(s, a - v) + 1):
        weight = Fraction(comb(s, own) * comb(a - s, a - v - own), comb(a, a - v))
        others = a - own  # "replace": v cells outside the pattern
        for u, chance in enumerate(sizes):
            few = range(min(theta - own, u + 1, others + 1))
            ways = sum(comb(u, b) * comb(n - u, others - b) for b in few if b <= u)
            exact += weight * chance * Fraction(ways, comb(n, others))
    found = unions.union_fn(n, a, s, theta, m, v, "replace")
    assert found.value == pytest.approx(float(exact), rel=1e-12, abs=0)
    assert found.value < 0.9 * single.fn_drop(a, s, theta, v).value


def test_given_overlap_averages_to_both_rates():
    n, a, s, theta, m = 500, 30, 15, 6, 4
    from assocmem.theory.sdr.hypergeometric import log_pmf

    for p in (1.0, 0.7):
        overlap = np.arange(a + 1)
        fires, silent = unions.union_given_overlap(n, a, s, theta, m, overlap, a, p)
        np.testing.assert_allclose(fires.value + silent.value, 1.0, rtol=1e-14)
        weights = np.exp(log_pmf(overlap, n, a, a))
        mean = weights @ fires.value
        assert mean == pytest.approx(unions.union_fp(n, a, s, theta, m, p).value, rel=1e-12)
        assert silent.value[20] == pytest.approx(
            unions.union_fn(n, a, s, theta, m, 10, "replace", p).value, rel=1e-12
        )


def drawn(rng, n, k):
    return rng.permutation(n)[:k]


@pytest.mark.parametrize("convention", ["drop", "replace", "swap", "kill"])
def test_union_fn_against_simulation(convention):
    # Binomial test at 1e-4 each, five tests in all here.
    n, a, s, theta, m, p, trials = 120, 20, 10, 6, 4, 0.9, 4000
    v = 12 if convention != "kill" else 60
    rng = np.random.default_rng(17)
    misses = 0
    for _ in range(trials):
        pattern = drawn(rng, n, a)
        segment = np.zeros(n, bool)
        segment[rng.choice(pattern, s, replace=False)] = True
        for _ in range(m - 1):
            segment[drawn(rng, n, s)] = True
        active = np.zeros(n, bool)
        active[pattern] = True
        outside = np.flatnonzero(~active)
        if convention == "kill":
            active[drawn(rng, n, v)] = False
        else:
            active[rng.choice(pattern, v, replace=False)] = False
        if convention == "replace":
            active[rng.choice(outside, v, replace=False)] = True
        elif convention == "swap":
            active[rng.choice(np.flatnonzero(~active), v, replace=False)] = True
        misses += rng.binomial(np.count_nonzero(active & segment), p) < theta
    predicted = unions.union_fn(n, a, s, theta, m, v, convention, p).value
    assert 0.05 < predicted < 0.95
    assert stats.binomtest(misses, trials, predicted).pvalue > 1e-4
    # A segment with one pattern alone would be told apart.
    alone = unions.union_fn(n, a, s, theta, 1, v, convention, p).value
    assert stats.binomtest(misses, trials, alone).pvalue < 1e-8


def test_union_fp_against_simulation():
    n, a, s, theta, m, p, trials = 120, 20, 10, 7, 5, 0.8, 4000
    rng = np.random.default_rng(18)
    fired = 0
    for _ in range(trials):
        segment = np.zeros(n, bool)
        for _ in range(m):
            segment[drawn(rng, n, s)] = True
        fired += rng.binomial(np.count_nonzero(segment[drawn(rng, n, a)]), p) >= theta
    predicted = unions.union_fp(n, a, s, theta, m, p).value
    assert stats.binomtest(fired, trials, predicted).pvalue > 1e-4


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: unions.union_fp(100, 10, 5, 3, -1),
            "m must be an integer >= 0|m must be an integer in",
        ),
        (lambda: unions.union_fp(100, 10, 101, 3, 1), "s must be an integer"),
        (lambda: unions.union_fn(100, 10, 11, 3, 1, 0), r"s must be an integer in \[0, 10\]"),
        (lambda: unions.union_fn(100, 10, 5, 3, 0, 0), "m must be an integer"),
        (
            lambda: unions.union_fn(15, 10, 5, 3, 1, 6, "replace"),
            r"v must be an integer in \[0, 5\]",
        ),
        (lambda: unions.union_fn(100, 10, 5, 3, 1, 11, "swap"), "v must be an integer"),
        (lambda: unions.union_fn(100, 10, 5, 3, 1, 101, "kill"), "v must be an integer"),
        (lambda: unions.union_fn(100, 10, 5, 3, 1, 5, "flip"), "convention must be one of"),
        (lambda: unions.union_given_overlap(100, 10, 5, 3, 1, 5, 4), "active must be at least"),
        (lambda: unions.union_given_overlap(100, 10, 5, 3, 1, 5, 96), "active must be an integer"),
        (lambda: unions.union_size_law(10, 11, 1), "s must be an integer"),
    ],
)
def test_refuses(call, words):
    with pytest.raises(ValueError, match=words):
        call()
