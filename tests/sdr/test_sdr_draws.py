"""Laws of random activities against enumeration.

Each chi-square test has a false alarm of 1e-6; seeds are fixed.
"""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from assocmem.sdr import draws
from assocmem.sdr._seeds import state
from assocmem.sdr.activity import Bernoulli, Clustered, UnequalRates, Uniform
from assocmem.sdr.kernels import draws as kernels

ALARM = 1e-6


def rows_of(drawn):
    indptr, indices = drawn
    assert indptr.dtype == np.int64 and indices.dtype == np.int32
    assert indptr[0] == 0 and indptr[-1] == len(indices)
    return [tuple(indices[i:j].tolist()) for i, j in itertools.pairwise(indptr)]


def check_law(found, law):
    """Chi-square of counts against exact probabilities of all outcomes."""
    counts = Counter(found)
    assert set(counts) <= set(law)
    assert math.isclose(sum(law.values()), 1.0)
    expected = {key: p * len(found) for key, p in law.items() if p > 0.0}
    assert min(expected.values()) > 10.0  # so that the chi-square law holds
    if len(expected) == 1:
        return
    value = sum((counts[key] - mean) ** 2 / mean for key, mean in expected.items())
    assert stats.chi2.sf(value, len(expected) - 1) > ALARM


@pytest.mark.parametrize(
    "n, a", [(6, 3), (10, 2), (5, 5), (7, 0), (9, 1), (20, 18), (70, 1), (19, 17), (8, 7)]
)
def test_every_subset_is_equally_likely(n, a):
    law = dict.fromkeys(itertools.combinations(range(n), a), 1.0 / math.comb(n, a))
    check_law(rows_of(draws.subsets(n, a, 20_000, 3)), law)


def test_large_subsets_have_uniform_pairs_and_gaps():
    """n over several words and an a that uses marks: pairs of cells are as likely as all others."""
    n, a, count = 130, 40, 20_000
    dense = np.zeros((count, n))
    _, indices = draws.subsets(n, a, count, np.random.default_rng(8))
    dense[np.repeat(np.arange(count), a), indices] = 1.0
    pairs = (dense.T @ dense)[np.triu_indices(n, 1)] / count
    p = a * (a - 1) / (n * (n - 1))
    # The largest of 8385 deviations in units of its error; union bound.
    worst = np.abs(pairs - p).max() / math.sqrt(p * (1 - p) / count)
    assert 2 * len(pairs) * stats.norm.sf(worst) > ALARM
    first = indices.reshape(count, a)[:, 0]  # P(first > k) = C(n - 1 - k, a)/C(n, a)
    law = {k: math.comb(n - 1 - k, a - 1) / math.comb(n, a) for k in range(n - a + 1)}
    kept = {k: p for k, p in law.items() if p * count > 20}
    rest = 1.0 - sum(kept.values())
    check_law([k if k in kept else -1 for k in first.tolist()], {**kept, -1: rest})


def test_both_ways_of_drawing_a_subset_agree():
    """Marks and the sorted list run the same method on the same random bits."""
    for a in (1, 5, 16):
        one, other = state(np.random.default_rng(5)), state(np.random.default_rng(5))
        marks = np.zeros(kernels.mark_words(5000), np.uint64)
        listed, marked = np.empty(a, np.int32), np.empty(a, np.int32)
        for _ in range(50):
            assert kernels.draw_subset(one, 0, 5000, a, marks, listed, 0) == a
            kernels.mark_subset(other, 0, 5000, a, marks)
            assert kernels.list_marks(5000, marks, marked, 0) == a
            assert not marks.any()
            np.testing.assert_array_equal(listed, marked)


def test_integers_below_are_uniform_where_multiplication_alone_is_not():
    """number = 3 * 2^30: without rejection, residues mod 3 would have 1/2, 1/4, 1/4."""
    single = state(np.random.default_rng(2))
    found = [kernels.draw_below(single, 0, 3 * 2**30) for _ in range(30_000)]
    assert max(found) < 3 * 2**30
    check_law([k % 3 for k in found], dict.fromkeys(range(3), 1 / 3))
    check_law([k >> 30 for k in found], dict.fromkeys(range(3), 1 / 3))


def test_marks_are_uniform_where_multiplication_alone_is_not():
    """n = 3 * 2^29: without rejection, residues mod 3 would have 3/8, 3/8, 1/4."""
    _, found = draws.subsets(3 * 2**29, 1000, 30, 3)
    check_law((found % 3).tolist(), dict.fromkeys(range(3), 1 / 3))


def test_unequal_rates_are_the_middle_quantiles():
    """The beta law of mean 1/2 and CV 1/sqrt(3) is uniform: rates (i + 1/2)/n."""
    rates = UnequalRates(8, 0.5, 3.0**-0.5).rates
    np.testing.assert_allclose(rates, (np.arange(8) + 0.5) / 8, rtol=1e-9)


def test_clusters_fit_however_many_are_asked_for():
    for n, a, size, fraction in itertools.product((5, 11), range(6), range(1, 6), (0.3, 0.8, 1)):
        law = Clustered(n, a, size, fraction)
        assert law.n_whole <= law.n_clusters and law.n_loose >= 0
        assert law.draw(0).size == a


def test_part_of_values_is_an_ordered_sample():
    single = state(np.random.default_rng(11))
    found = []
    for _ in range(20_000):
        values = np.array([3, 5, 7, 11], np.int32)
        kernels.draw_part(single, 0, values, 4, 2)
        assert sorted(values.tolist()) == [3, 5, 7, 11]
        found.append(tuple(values[:2].tolist()))
    check_law(found, dict.fromkeys(itertools.permutations([3, 5, 7, 11], 2), 1 / 12))


def test_successive_subsets_are_independent():
    rows = rows_of(draws.subsets(5, 2, 40_000, 17))
    pairs = list(zip(rows[::2], rows[1::2], strict=True))
    sets = list(itertools.combinations(range(5), 2))
    check_law(pairs, dict.fromkeys(itertools.product(sets, sets), 1 / 100))


@pytest.mark.parametrize(
    "rates",
    [
        [0.2, 0.2, 0.2, 0.2, 0.2],
        [0.9, 0.05, 0.5, 0.3, 0.7],
        [0.0, 1.0, 0.4, 0.0, 0.6],
        [1.0, 1.0],
        [0.5],
    ],
)
def test_cells_are_on_independently(rates):
    law = {}
    for bits in itertools.product((0, 1), repeat=len(rates)):
        on = tuple(i for i, bit in enumerate(bits) if bit)
        p = math.prod(q if bit else 1.0 - q for q, bit in zip(rates, bits, strict=True))
        if p > 0.0:
            law[on] = law.get(on, 0.0) + p
    check_law(rows_of(draws.independent(rates, 100_000, 23)), law)


def test_rates_over_many_runs():
    """Rates rising and shuffled, over several runs: means, sizes and pairs of neighbours."""
    rates = UnequalRates(600, 0.1, 1.5).rates
    for order in (np.arange(600), np.random.default_rng(0).permutation(600)):
        q, count = rates[order], 20_000
        ends, tops = np.empty(600, np.int64), np.empty(600)
        assert kernels.divide_rates(q, ends, tops) > 3
        indptr, indices = draws.independent(q, count, 29)
        dense = np.zeros((count, 600))
        dense[np.repeat(np.arange(count), np.diff(indptr)), indices] = 1.0
        for found, p in (
            (dense.mean(axis=0), q),
            ((dense[:, :-1] * dense[:, 1:]).mean(axis=0), q[:-1] * q[1:]),
        ):
            # Exact binomial tails where few successes make the normal law wrong; union bound.
            successes = np.rint(found * count).astype(int)
            tail = np.minimum(
                stats.binom.cdf(successes, count, p), stats.binom.sf(successes - 1, count, p)
            )
            assert 2 * len(p) * tail.min() > ALARM
        sizes = np.diff(indptr)
        z = (sizes.mean() - q.sum()) / math.sqrt((q * (1 - q)).sum() / count)
        assert 2 * stats.norm.sf(abs(z)) > ALARM


def test_sizes_of_equal_rates_are_binomial():
    sizes = np.diff(Bernoulli(400, 0.01).draw_rows(20_000, np.random.default_rng(31))[0])
    law = {k: stats.binom.pmf(k, 400, 0.01) for k in range(11)}
    check_law(np.minimum(sizes, 11).tolist(), {**law, 11: stats.binom.sf(10, 400, 0.01)})


def test_room_that_does_not_suffice_is_made_without_bias(monkeypatch):
    """Rows that did not fit are drawn again from the same random bits: the same numbers."""
    wanted = rows_of(draws.independent(np.full(50, 0.3), 200, 5))
    original = kernels.fill_independent

    def cramped(single, rates, ends, tops, runs, first, indptr, out):
        calls.append(first)
        return original(single, rates, ends, tops, runs, first, indptr, out[: 150 * len(calls)])

    calls = []
    monkeypatch.setattr(kernels, "fill_independent", cramped)
    assert rows_of(draws.independent(np.full(50, 0.3), 200, 5)) == wanted
    assert len(calls) > 5


@pytest.mark.parametrize(
    "n, a, size, fraction",
    [(7, 4, 2, 0.5), (8, 4, 2, 1.0), (9, 3, 3, 1.0), (6, 3, 2, 0.0), (10, 5, 2, 0.8), (5, 5, 5, 1)],
)
def test_clustered_law(n, a, size, fraction):
    model = Clustered(n, a, size, fraction)
    k, law = model.n_whole, Counter()
    choices = list(itertools.combinations(range(n // size), k))
    for chosen in choices:
        inside = {c * size + i for c in chosen for i in range(size)}
        outside = [i for i in range(n) if i not in inside]
        for loose in itertools.combinations(outside, a - k * size):
            p = 1.0 / (len(choices) * math.comb(len(outside), a - k * size))
            law[tuple(sorted(inside | set(loose)))] += p
    check_law(rows_of(model.draw_rows(30_000, np.random.default_rng(37))), law)


def test_rows_are_sorted_sets_within_range_and_repeat_with_the_seed():
    for model in (
        Uniform(3000, 70),
        Uniform(100, 100),
        Uniform(5, 0),
        Bernoulli(3000, 0.02),
        UnequalRates(3000, 0.02, 1.0),
        Clustered(3000, 60, 7, 0.6),
        Clustered(3000, 60, 1, 1.0),
    ):
        rows = rows_of(model.draw_rows(50, np.random.default_rng(2)))
        assert len(rows) == 50
        for row in rows:
            assert all(i < j for i, j in itertools.pairwise(row))
            assert not row or (row[0] >= 0 and row[-1] < model.n)
        assert rows == rows_of(model.draw_rows(50, np.random.default_rng(2)))
        assert model.mean_size in (0, model.n) or rows != rows_of(
            model.draw_rows(50, np.random.default_rng(3))
        )
        assert rows_of(model.draw_rows(0, np.random.default_rng(2))) == []


def test_seed_zero_is_a_seed():
    first, again = draws.subsets(100, 5, 10, 0)[1], draws.subsets(100, 5, 10, 0)[1]
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, draws.subsets(100, 5, 10, np.random.default_rng(0))[1])


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: draws.subsets(5, 6, 1, 0), ValueError, "a must be an integer in .0, 5., got 6"),
        (lambda: draws.subsets(0, 0, 1, 0), ValueError, "n must be"),
        (lambda: draws.subsets(5, 2, -1, 0), ValueError, "count must be"),
        (lambda: draws.subsets(5, 2, 1, -1), ValueError, "rng must be"),
        (lambda: draws.subsets(5, 2, 1, None), TypeError, "rng must be a numpy Generator"),
        (lambda: draws.subsets(5, 2, 1, 1.5), TypeError, "rng must be a numpy Generator"),
        (lambda: draws.independent([0.5, 1.5], 1, 0), ValueError, "rates must be in"),
        (lambda: draws.independent([0.5, math.nan], 1, 0), ValueError, "rates must be in"),
        (lambda: draws.independent([], 1, 0), ValueError, "rates must have shape"),
        (lambda: draws.independent([[0.5]], 1, 0), ValueError, "rates must have shape"),
    ],
)
def test_refusals(call, error, text):
    with pytest.raises(error, match=text):
        call()
