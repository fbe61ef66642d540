"""Overlap laws, effective rates and correlations against enumeration, integers and draws."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from mpmath import mp
from scipy import stats

from assocmem.dendrites.detector import Detector
from assocmem.sdr.activity import Bernoulli, Clustered, UnequalRates, Uniform
from assocmem.theory.sdr import _overlap_kernels as kernels
from assocmem.theory.sdr.correlated import (
    fp_activity,
    fp_adding,
    fp_effective,
    fp_independent,
    pair_correlation,
)
from assocmem.theory.sdr.detection import predict
from assocmem.theory.sdr.overlap_laws import (
    cell_rates,
    effective_rate,
    hypergeometric,
    overlap_law,
    reduced,
    size_law,
)


def mask(cells):
    return sum(1 << int(cell) for cell in cells)


def activities(law):
    """Every activity, by its bits, and its exact probability."""
    n, found = law.n, {}
    if isinstance(law, Uniform):
        for cells in itertools.combinations(range(n), law.a):
            found[mask(cells)] = Fraction(1, math.comb(n, law.a))
    elif isinstance(law, Clustered):
        k, m, r = law.n_whole, law.size, law.n_loose
        weight = Fraction(1, math.comb(law.n_clusters, k) * math.comb(n - k * m, r))
        for clusters in itertools.combinations(range(law.n_clusters), k):
            whole = {c * m + i for c in clusters for i in range(m)}
            for loose in itertools.combinations(sorted(set(range(n)) - whole), r):
                bits = mask(whole | set(loose))
                found[bits] = found.get(bits, 0) + weight
    else:
        rates = [Fraction(float(q)) for q in law.rates]
        for bits in range(2**n):
            found[bits] = math.prod(
                (q if bits >> i & 1 else 1 - q for i, q in enumerate(rates)), start=Fraction(1)
            )
    return found


def size(bits):
    return bin(bits).count("1")


LAWS = [
    Uniform(8, 3),
    Bernoulli(6, 0.375),
    UnequalRates(6, 0.3, 0.9),
    Clustered(8, 4, 2, 1.0),
    Clustered(9, 4, 2, 0.5),
    Clustered(9, 5, 2, 0.8),
    Clustered(10, 7, 3, 0.8),
    Clustered(8, 6, 4, 0.6),
    Clustered(7, 5, 5, 1.0),
]


@pytest.mark.parametrize("least", [0, 2, 3])
@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_overlap_law_is_that_of_enumeration(law, least):
    exact, expected = activities(law), {}
    stored = {bits: p for bits, p in exact.items() if size(bits) >= least}
    total = sum(stored.values())
    for (one, p), (two, q) in itertools.product(stored.items(), exact.items()):
        key = size(one), size(one & two)
        expected[key] = expected.get(key, 0) + p * q / total
    found = overlap_law(law, least)
    assert found.sizes[0] >= least
    for i, a in enumerate(found.sizes):
        for o, log in enumerate(found.log_pmf[i]):
            truth = expected.pop((int(a), o), 0)
            assert math.exp(log) == pytest.approx(float(truth), rel=1e-13, abs=0.0)
    assert not any(expected.values())
    assert found.of_overlap().sum() == pytest.approx(1.0, abs=1e-13)


@pytest.mark.parametrize("law", [Bernoulli(7, 0.3), UnequalRates(7, 0.3, 0.8)])
def test_sizes(law):
    exact = activities(law)
    for least in (0, 3, 7):
        total = sum(p for bits, p in exact.items() if size(bits) >= least)
        sizes, logs = size_law(law, least, 80.0)
        for a, log in zip(sizes, logs, strict=True):
            truth = sum(p for bits, p in exact.items() if size(bits) == a) / total
            assert math.exp(log) == pytest.approx(float(truth), rel=1e-13)


@pytest.mark.parametrize("law", LAWS, ids=repr)
@pytest.mark.parametrize("p", [1.0, 0.5])
def test_false_positives_are_those_of_enumeration(law, p):
    s, theta = 3, 2
    exact = activities(law)
    stored = {bits: q for bits, q in exact.items() if size(bits) >= s}
    total, send = sum(stored.values()), Fraction(p)

    def fires(active):
        return sum(
            math.comb(active, j) * send**j * (1 - send) ** (active - j)
            for j in range(theta, active + 1)
        )

    truth = Fraction(0)
    for one, weight in stored.items():
        cells = [i for i in range(law.n) if one >> i & 1]
        for synapses in itertools.combinations(cells, s):
            share = weight / total / math.comb(len(cells), s)
            truth += share * sum(
                q * fires(size(two & mask(synapses))) for two, q in exact.items()
            )  # fmt: skip
    assert fp_activity(law, s, theta, transmission=p).value == pytest.approx(
        float(truth), rel=1e-13, abs=0.0
    )


def test_laws_that_are_the_same():
    clusters_of_one = Clustered(50, 12, 1)
    assert reduced(clusters_of_one) == Uniform(50, 12)
    assert reduced(UnequalRates(50, 0.25, 0.0)) == Bernoulli(50, 0.25)
    kept = UnequalRates(50, 0.25, 0.1)
    assert reduced(kept) is kept
    # The programme over cells and the closed form have nothing in common.
    even, summed = Bernoulli(40, 0.25), overlap_law_of_equal_rates(40, 0.25, 6)
    closed = overlap_law(even, 6)
    np.testing.assert_allclose(
        summed.log_pmf[:, : closed.log_pmf.shape[1]],
        closed.log_pmf[: len(summed.sizes)],
        atol=1e-11,  # of logarithms of up to 100
    )


def overlap_law_of_equal_rates(n, q, least):
    from assocmem.theory.sdr.overlap_laws import _unequal

    class Even(UnequalRates):
        rates = np.full(n, q)

    return _unequal(Even(n, q, 0.1), least, 200.0, None)


def test_far_tails_of_unequal_rates():
    # Below 1e-308, where plain doubles vanish: cells of two rates, so that the law of the overlap
    # is a convolution over two groups, in integers over 2^40 for each cell.
    from assocmem.theory.sdr.overlap_laws import _unequal

    groups, one = ((40, 1), (90, 64)), 2**20  # cells, rate times 2^20

    class Two(UnequalRates):
        rates = np.concatenate([np.full(cells, q / one) for cells, q in groups])

    powers = [
        [[base**k for k in range(101)] for base in (q * q, q * (one - q), one * (one - q))]
        for _, q in groups
    ]

    def ways(group, a, o):
        """Weight of a cells in A', o of them in A, of the cells of a group."""
        (cells, _), (both, alone, off) = groups[group], powers[group]
        if not 0 <= o <= a <= cells:
            return 0
        left = off[1] ** (cells - a)
        return math.comb(cells, a) * math.comb(a, o) * both[o] * alone[a - o] * left

    def joint(a, o):
        return sum(
            ways(1, i, j) * ways(0, a - i, o - j) for i in range(a + 1) for j in range(o + 1)
        )

    def log(number, total):
        shift = number.bit_length() - total.bit_length()
        return math.log(float(Fraction(number, total) / Fraction(2) ** shift)) + shift * math.log(2)

    s = 70
    law = _unequal(Two(130, 0.1, 0.1), s, 2500.0, (71.0, 69.0))
    base = joint(s, 68)
    assert law.log_pmf[0, 68] < -620.0
    for a, o in ((70, 70), (70, 60), (72, 70), (74, 71)):
        found = law.log_pmf[a - s, o] - law.log_pmf[0, 68]
        assert found == pytest.approx(log(joint(a, o), base), abs=1e-12)
    assert law.log_pmf[4, 71] < math.log(1e-308)
    sizes = sum(
        math.prod(
            math.comb(cells, k) * q**k * (one - q) ** (cells - k)
            for (cells, q), k in zip(groups, (a - i, i), strict=True)
        )
        for a in range(s, s + 15)  # each is less than 0.01 of the one before
        for i in range(a + 1)
        if a - i <= groups[0][0] and i <= groups[1][0]
    )
    every = sum(cells for cells, _ in groups)
    assert law.log_pmf[0, 68] == pytest.approx(log(base, sizes * one**every), abs=1e-12)


@pytest.mark.parametrize(("mean", "s", "theta"), [(0.1, 10, 9), (0.01, 12, 12), (0.001, 20, 20)])
def test_rare_false_positives_of_unequal_rates(mean, s, theta):
    # Beside a programme over (|A'|, |A and A'|) in 60 digits, with nothing left out.
    law = UnequalRates(40, mean, 1.5)
    with mp.workdps(60):
        table = {(0, 0): mp.mpf(1)}
        for q in map(mp.mpf, law.rates.tolist()):
            grown: dict[tuple[int, int], mp.mpf] = {}
            for (a, o), p in table.items():
                steps = (((a, o), 1 - q), ((a + 1, o), q * (1 - q)), ((a + 1, o + 1), q * q))
                for key, weight in steps:
                    grown[key] = grown.get(key, 0) + p * weight
            table = grown
        large = mp.fsum(p for (a, _), p in table.items() if a >= s)
        truth = mp.fsum(
            p * mp.fsum(math.comb(o, j) * math.comb(a - o, s - j) for j in range(theta, s + 1))
            / math.comb(a, s)
            for (a, o), p in table.items()
            if a >= s
        ) / large  # fmt: skip
        expected = float(mp.log10(truth))
    found = fp_activity(law, s, theta)
    assert found.log10 == pytest.approx(expected, abs=5e-13)
    assert found.value == pytest.approx(float(truth), rel=1e-12, abs=0.0)


@pytest.mark.parametrize("n", [7, 60, 2000])
def test_effective_rate(n):
    law = UnequalRates(n, 0.1, 1.2)
    q = law.rates
    cv = q.std() / q.mean()
    assert effective_rate(law) == pytest.approx(q.mean() * (1.0 + cv**2), rel=1e-13)
    assert effective_rate(Bernoulli(n, 0.25)) == pytest.approx(0.25, rel=1e-14)
    assert effective_rate(Bernoulli(n, 0.0)) == 0.0
    assert effective_rate(Uniform(n, 3)) == 3 / n


@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_rates_and_correlations_are_those_of_enumeration(law):
    exact, n = activities(law), law.n
    on = np.array([[bits >> i & 1 for i in range(n)] for bits in exact], float)
    weights = np.array([float(p) for p in exact.values()])
    q = weights @ on
    np.testing.assert_allclose(cell_rates(law), q, rtol=1e-13)
    both = (on * weights[:, None]).T @ on
    spread = np.sqrt(np.maximum(q * (1.0 - q), 0.0))
    scale = np.outer(spread, spread)
    rho = np.where(scale > 1e-14, (both - np.outer(q, q)) / np.maximum(scale, 1e-14), 0.0)
    pairs = ~np.eye(n, dtype=bool)
    expected = (both * rho)[pairs].sum() / both[pairs].sum()
    assert pair_correlation(law) == pytest.approx(expected, rel=1e-12, abs=1e-14)


def test_limit_of_many_cells():
    # The deviation of the exact value falls as 1/n.
    gaps = []
    for n in (500, 1000, 2000):
        law = UnequalRates(n, 0.05, 1.0)
        limit, exact = fp_effective(law, 12, 5), fp_activity(law, 12, 5)
        assert (limit.method, exact.method) == ("limit of many cells", "exact")
        q = effective_rate(law)
        assert limit.value == pytest.approx(stats.binom.sf(4, 12, q), rel=1e-12)
        gaps.append(1.0 - exact.value / limit.value)
    assert gaps[0] > 2.0 * gaps[2] > 0.0
    assert gaps[0] * 500 == pytest.approx(gaps[2] * 2000, rel=0.2)


def test_uneven_rates_against_draws():
    # 60,000 pairs of independent activities; one test at 1e-5.
    law, s, theta, rng = UnequalRates(400, 0.05, 1.0), 12, 5, np.random.default_rng(3)
    hits = trials = 0
    for _ in range(12):
        on, shown = rng.random((2, 5000, law.n)) < law.rates
        for pattern, active in zip(on, shown, strict=True):
            cells = np.flatnonzero(pattern)
            if len(cells) >= s:
                trials += 1
                hits += np.count_nonzero(active[rng.choice(cells, s, replace=False)]) >= theta
    expected = fp_activity(law, s, theta).value
    assert stats.binomtest(int(hits), trials, expected).pvalue > 1e-5
    # The limit, 1.8 % above, is not what such draws could tell; evenly spread rates are.
    assert stats.binomtest(int(hits), trials, stats.binom.sf(4, 12, 0.05)).pvalue < 1e-50


@pytest.mark.parametrize("law", [Uniform(300, 20), Clustered(300, 20, 4), Bernoulli(300, 0.07)])
def test_segments_taken_as_independent_bound(law):
    one = fp_activity(law, 10, 3).value
    bound = fp_independent(law, 10, 3, n_segments=20)
    truth = fp_activity(law, 10, 3, n_segments=20)
    assert bound.method.startswith("upper bound")
    assert bound.value == pytest.approx(1.0 - (1.0 - one) ** 20, rel=1e-12)
    if isinstance(law, Bernoulli):
        assert truth.value < 0.999 * bound.value
    else:  # every activity looks alike to segments
        assert truth.value == pytest.approx(bound.value, rel=1e-12)


@pytest.mark.parametrize(
    "law", [Uniform(300, 20), Clustered(300, 20, 4), Bernoulli(300, 0.07), UnequalRates(99, 0.2, 1)]
)
@pytest.mark.parametrize("p", [1.0, 0.6])
def test_overlaps_that_add(law, p):
    one = fp_adding(law, 8, [2, 4], n_patterns=1, n_segments=3, transmission=p)
    same = fp_independent(law, 8, [2, 4], n_segments=3, transmission=p)
    np.testing.assert_allclose(one.value, same.value, rtol=1e-12)
    assert one.method == "overlaps added"
    if isinstance(law, UnequalRates):
        return
    added = fp_adding(law, 8, [2, 4], n_patterns=3, transmission=p).value
    exact = fp_activity(law, 8, [2, 4], n_patterns=3, transmission=p).value
    if isinstance(law, Bernoulli):  # here the number of active cells makes overlaps dependent
        np.testing.assert_allclose(added, exact, rtol=0.4)
    else:
        assert np.all(exact < added)
        assert np.all(added < 1.4 * exact)


def test_overlaps_that_add_convolve():
    # Three patterns on disjoint draws: the sum of three hypergeometric numbers, in fractions.
    n, a, s = 30, 6, 3
    one = [
        Fraction(math.comb(s, k) * math.comb(n - s, a - k), math.comb(n, a)) for k in range(s + 1)
    ]
    total = sum(
        math.prod(one[k] for k in hits)
        for hits in itertools.product(range(s + 1), repeat=3)
        if sum(hits) >= 4
    )
    found = fp_adding(Uniform(n, a), s, 4, n_patterns=3)
    assert found.value == pytest.approx(float(total), rel=1e-13)


def test_published_correlations_are_matched_by_large_clusters():
    # Section 8 of the specification: one neuron of 500 segments, s = 20, threshold 10, a = 32.
    uniform = [fp_activity(Uniform(n, 32), 20, 10, n_segments=500).value for n in (2000, 4000)]
    assert uniform == pytest.approx([2.0e-11, 2.0e-14], rel=0.03)
    nine = Clustered(2000, 32, 9, 0.25)
    assert 0.01 < pair_correlation(nine) < 0.02
    assert 7.8e-4 / 4 < fp_activity(nine, 20, 10, n_segments=500).value < 7.8e-4 * 4
    # The mean correlation alone says little: pairs of the same one are seven hundred times safer.
    pairs = Clustered(2000, 32, 2, 0.75)
    assert pair_correlation(pairs) == pytest.approx(pair_correlation(nine), rel=0.15)
    assert fp_activity(pairs, 20, 10, n_segments=500).value < 1e-3 * 7.8e-4


def test_arrays_of_thresholds():
    law = UnequalRates(200, 0.1, 1.0)
    for function in (fp_activity, fp_effective):
        found = function(law, 10, [[1, 2], [3, 11]])
        assert found.value.shape == (2, 2)
        assert found.value[1, 0] == function(law, 10, 3).value
        assert found.log10[1, 1] == -np.inf
    assert predict(Detector(law, 10, 2))["false_positive"].value == found_value(law, 2)


def found_value(law, theta):
    return float(fp_activity(law, 10, np.int64(theta)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fp_effective(Uniform(50, 5), 3, 2), "Bernoulli or UnequalRates"),
        (lambda: fp_activity(Uniform(50, 5), 6, 2), "n_synapses"),
        (lambda: fp_activity(Uniform(50, 5), 3, 2.5), "threshold must be an integer"),
        (lambda: fp_activity("uniform", 3, 2), "must be a law"),
        (lambda: pair_correlation("uniform"), "must be a law"),
        (lambda: overlap_law(Uniform(50, 5), 6), "n_synapses"),
        (lambda: overlap_law("uniform"), "must be a law"),
        (lambda: overlap_law(Uniform(50, 5), depth=-1.0), "depth"),
        (lambda: overlap_law(Bernoulli(50, 0.0), 1), "none of that size"),
        (lambda: fp_independent(Uniform(50, 5), 3, 2, n_segments=0), "n_segments"),
    ],
)
def test_refusals(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()


# --- kernels ------------------------------------------------------------------------------------


@pytest.mark.parametrize("n, a, s", [(9, 4, 3), (9, 7, 6), (20_000, 300, 30), (1000, 600, 700)])
def test_hypergeometric_against_integers(n, a, s):
    total = math.comb(n, a)
    for k, log in enumerate(hypergeometric(n, a, s)):
        number = math.comb(s, k) * math.comb(n - s, a - k) if a - k <= n - s else 0
        if number == 0:
            assert log == -np.inf
        else:
            shift = number.bit_length() - total.bit_length()
            ratio = float(Fraction(number, total) / Fraction(2) ** shift)
            assert log == pytest.approx(math.log(ratio) + shift * math.log(2.0), abs=3e-13)


@pytest.mark.parametrize(("n", "p"), [(1, 0.3), (12, 0.25), (200, 1 / 1024), (1500, 0.5)])
def test_binomial_tails_against_fractions(n, p):
    rate, terms = Fraction(p), []
    for k in range(n + 1):
        terms.append(math.comb(n, k) * rate.numerator**k
                     * (rate.denominator - rate.numerator) ** (n - k))  # fmt: skip
    total = rate.denominator**n
    assert sum(terms) == total
    log_p, log_q = math.log(p), math.log1p(-p)

    def log(number):
        if number == 0:
            return -math.inf
        shift = number.bit_length() - total.bit_length()
        return math.log(float(Fraction(number, total) / Fraction(2) ** shift)) + shift * math.log(2)

    for r in sorted({0, 1, 2, n // 4, n // 2, n // 2 + 1, n - 1, n}):
        above, below = sum(terms[r:]), sum(terms[: r + 1])
        found = kernels.log_at_least(r, n, log_p, log_q), kernels.log_at_most(r, n, log_p, log_q)
        assert found[0] == pytest.approx(log(above), abs=1e-12, rel=1e-15)
        assert found[1] == pytest.approx(log(below), abs=1e-12, rel=1e-15)
    assert kernels.log_at_least(2, 3, -800.0, -0.0) == pytest.approx(
        math.log(3) - 1600.0, rel=1e-15
    )
    assert kernels.log_at_least(n + 1, n, log_p, log_q) == -np.inf


def test_too_long_for_the_exact_law(monkeypatch):
    """Refused before hours of work, with what to take instead."""
    monkeypatch.setattr("assocmem.theory.sdr.overlap_laws._MOST_STEPS", 1e5)
    law = UnequalRates(1000, 0.02, 1.0)
    with pytest.raises(ValueError, match="fp_effective"):
        fp_activity(law, 20, 10)
    assert 0.0 < fp_effective(law, 20, 10).value < 1e-5
