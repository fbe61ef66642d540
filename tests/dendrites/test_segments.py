"""Populations of segments against brute force in NumPy and exact laws.

Statistical tests have fixed seeds and a false-alarm probability of 1e-6 each.
"""

import pickle
from math import comb

import numpy as np
import pytest
from scipy import stats

from assocmem.dendrites._rows import Rows
from assocmem.dendrites.kernels import segments as kernels
from assocmem.dendrites.learning import subsample, subsample_rows
from assocmem.dendrites.segments import Segments
from assocmem.sdr import SDR, Uniform

ALARM = 1e-6


def dense(segments):
    """Synapses as a matrix of 0 and 1, from the forward rows."""
    indptr, indices = segments.csr()
    matrix = np.zeros((len(segments), segments.n), np.int64)
    for j in range(len(segments)):
        matrix[j, indices[indptr[j] : indptr[j + 1]]] = 1
    return matrix


def ragged(n, sizes, rng):
    """CSR arrays of random segments of given sizes, in no order."""
    rows = [rng.choice(n, size, replace=False) for size in sizes]
    joined = np.concatenate(rows) if rows else np.empty(0, int)
    return np.concatenate([[0], np.cumsum(sizes)]).astype(int), joined


def assert_agrees(segments, rng, thresholds=(0, 1, 2, 3, 10**6)):
    """Counts, active segments and the index itself against brute force."""
    matrix, n = dense(segments), segments.n
    assert segments.n_synapses == matrix.sum()
    for size in (0, 1, n // 3, n):
        cells = rng.choice(n, size, replace=False)
        expected = matrix[:, cells].sum(axis=1)
        assert np.array_equal(segments.counts(cells), expected)
        for threshold in thresholds:
            found = segments.active(cells, threshold=threshold)
            assert np.array_equal(found, np.flatnonzero(expected >= threshold))
    fresh = Rows.transposed(n, *segments.csr())
    ours, theirs = segments._synapses.inverse.csr(), fresh.csr()
    assert np.array_equal(ours[0], theirs[0]) and np.array_equal(ours[1], theirs[1])


@pytest.mark.parametrize(
    ("n", "sizes"),
    [
        (1, [0, 1, 1]),
        (7, []),
        (30, [0, 3, 30, 1, 7, 0]),
        (400, [20] * 90),
        (400, [300, 255, 256, 5, 400]),  # counts that do not fit into one byte
    ],
)
def test_counts_are_those_of_brute_force(n, sizes):
    rng = np.random.default_rng(len(sizes) + n)
    segments = Segments(n, 2, *ragged(n, sizes, rng))
    assert np.array_equal(segments.sizes, sizes)
    assert_agrees(segments, rng, thresholds=(0, 1, 2, 5, 20, 256, 300, 10**6))


def test_counts_of_more_than_a_byte_are_not_cut():
    n = 700
    segments = Segments(n, 600, np.array([0, n, n + 300]), np.r_[np.arange(n), np.arange(300)])
    assert segments.counts(np.arange(n)).tolist() == [700, 300]
    assert segments.active(np.arange(n)).tolist() == [0]
    assert segments.active(np.arange(n), threshold=44).tolist() == [0, 1]  # 300 - 256 = 44


def test_the_forward_reference_counts_the_same():
    segments = Segments.random(2000, 3, 500, 20, rng=3)
    indptr, indices = segments.csr()
    for seed in range(5):
        cells = np.random.default_rng(seed).choice(2000, 100, replace=False)
        on, out = np.zeros(2000, np.uint8), np.empty(500, np.uint16)
        on[cells] = 1
        kernels.forward_counts(indptr, indices, on, out)
        assert out.any()
        assert np.array_equal(out, segments.counts(cells))


def test_rows_are_those_of_single_activities():
    rng = np.random.default_rng(5)
    segments = Segments(60, 2, *ragged(60, rng.integers(0, 20, 40), rng))
    rows = [rng.choice(60, size, replace=False) for size in (0, 60, 5, 17, 60, 60, 60, 60, 1)]
    for threshold in (0, 1, 2, 5, 30):
        indptr, indices = segments.active_rows(rows, threshold=threshold)
        assert len(indptr) == len(rows) + 1 and indptr[-1] == len(indices)
        for k, cells in enumerate(rows):
            expected = segments.active(cells, threshold=threshold)
            assert np.array_equal(indices[indptr[k] : indptr[k + 1]], expected)


def test_history_leaves_the_index_as_if_made_anew():
    rng = np.random.default_rng(11)
    segments = Segments(50, 3, *ragged(50, [4] * 10, rng))
    for step in range(300):
        pattern = rng.choice(50, 12, replace=False)
        action = rng.integers(4)
        if action == 0:
            before = len(segments)
            assert segments.learn(pattern, 6, rng) == before
            assert set(segments.synapses(before)) <= set(pattern)
            assert segments.sizes[before] == 6
        elif action == 1:
            j = int(rng.integers(len(segments)))
            old = set(segments.synapses(j))
            new = set(segments.learn_on(j, pattern, 6, rng))
            assert not new & old and new <= set(pattern)
            assert set(segments.synapses(j)) == old | new
        elif action == 2:
            j = int(rng.integers(len(segments)))
            segments.forget(j)
            assert segments.sizes[j] == 0
        else:
            numbers = segments.learn_rows([pattern, np.arange(12)], 5, rng)
            assert np.array_equal(numbers, [len(segments) - 2, len(segments) - 1])
        if step % 20 == 0:
            assert_agrees(segments, rng)
    assert_agrees(segments, rng)


def test_learning_costs_amortised_constant_time_and_memory(monkeypatch):
    moves = []
    original = Rows._make_room
    monkeypatch.setattr(
        Rows, "_make_room", lambda self, extra: (moves.append(1), original(self, extra))
    )
    segments, rng = Segments(500, 5), np.random.default_rng(1)
    for _ in range(4000):
        segments.learn(rng.choice(500, 20, replace=False), 10, rng)
    # Each copy of all leaves as much room again: some log2(40,000) of them in each direction.
    assert len(moves) < 2 * 2 * np.log2(40_000)
    assert segments.nbytes < 30 * 40_000 + 24 * (500 + 2 * 4000) + 6 * 4000
    assert_agrees(segments, rng)


def test_many_patterns_at_once_are_stored_one_a_segment():
    patterns = Uniform(300, 30).draw_rows(50, np.random.default_rng(2))
    segments = Segments(300, 8)
    segments.learn_rows(patterns, 12, rng=4)
    segments.learn_rows(patterns, 10, rng=5)  # fewer synapses than there are: inserted one by one
    indptr, indices = patterns
    for k in range(50):
        pattern = indices[indptr[k] : indptr[k + 1]]
        assert np.isin(segments.synapses(k), pattern).all() and segments.sizes[k] == 12
        assert np.isin(segments.synapses(50 + k), pattern).all() and segments.sizes[50 + k] == 10
        assert {k, 50 + k} <= set(segments.active(pattern))
    assert_agrees(segments, np.random.default_rng(6))


def test_subsamples_are_uniform():
    cells = np.array([2, 3, 5, 8, 13, 21], np.int32)
    rows = 40_000
    indptr = 6 * np.arange(rows + 1)
    _, found = subsample_rows(indptr, np.tile(cells, rows), 3, rng=7)
    found = found.reshape(rows, 3)
    assert np.all(found[:, :-1] < found[:, 1:])
    _, counts = np.unique(found, axis=0, return_counts=True)
    assert len(counts) == comb(6, 3)
    assert stats.chisquare(counts).pvalue > ALARM


def test_subsample_takes_none_or_all():
    cells = np.arange(0, 50, 7, dtype=np.int32)
    assert len(subsample(cells, 0, rng=1)) == 0
    assert np.array_equal(subsample(cells, len(cells), rng=1), cells)
    with pytest.raises(ValueError, match=r"n_synapses must be at most .* 8, got 9"):
        subsample(cells, 9, rng=1)


def test_random_segments_fire_by_the_hypergeometric_law():
    n, a, s, theta, size = 300, 60, 20, 8, 200_000
    segments = Segments.random(n, theta, size, s, rng=12)
    cells = np.random.default_rng(1).choice(n, a, replace=False)
    total = sum(comb(s, b) * comb(n - s, a - b) for b in range(theta, s + 1))
    probability = total / comb(n, a)  # 0.027 by (2)
    fired = len(segments.active(cells))
    assert stats.binomtest(fired, size, probability).pvalue > ALARM
    counts = np.bincount(segments.counts(cells), minlength=s + 1)
    expected = size * stats.hypergeom(n, s, a).pmf(np.arange(s + 1))
    few = np.flatnonzero(expected < 5)[0]  # cells of the test are joined where few are expected
    counts = np.append(counts[:few], counts[few:].sum())
    expected = np.append(expected[:few], size - expected[:few].sum())
    assert stats.chisquare(counts, expected).pvalue > ALARM


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_unreliable_synapses_transmit_by_the_binomial_law(p):
    size, s = 50_000, 12
    rows = np.tile(np.arange(30), size)
    segments = Segments(30, 7, 30 * np.arange(size + 1), rows)
    cells = np.arange(5, 5 + s)
    found = segments.counts(cells, transmission=p, rng=3)
    counts = np.bincount(found, minlength=s + 1)
    expected = size * stats.binom(s, p).pmf(np.arange(s + 1))
    kept = expected >= 5
    counts = np.append(counts[kept], counts[~kept].sum())
    expected = np.append(expected[kept], expected[~kept].sum())
    if expected[-1] < 1:  # what is left is too little to test by chi-square
        assert counts[-1] <= stats.poisson(expected[-1]).isf(ALARM)
        counts, expected = counts[:-1], expected[:-1] * counts[:-1].sum() / expected[:-1].sum()
    assert stats.chisquare(counts, expected).pvalue > ALARM
    active = segments.active(cells, transmission=p, rng=3)
    assert np.array_equal(active, np.flatnonzero(found >= 7))
    # Neighbours in the index have draws of their own.
    pairs = np.corrcoef(found[:-1], found[1:])[0, 1] * np.sqrt(size - 1)
    assert abs(pairs) < stats.norm.isf(ALARM / 2)


def test_transmission_at_its_ends():
    segments = Segments.random(100, 4, 50, 10, rng=1)
    cells = np.arange(50)
    assert not segments.counts(cells, transmission=0.0, rng=1).any()
    assert len(segments.active(cells, transmission=0.0, rng=1)) == 0
    assert np.array_equal(segments.counts(cells, transmission=1.0), segments.counts(cells))
    with pytest.raises(ValueError, match="rng must be given"):
        segments.counts(cells, transmission=0.5)
    with pytest.raises(ValueError, match="transmission must be"):
        segments.active(cells, transmission=1.5, rng=1)


def test_unions_on_a_segment_have_the_exact_law_of_sizes():
    n, s, m, size = 30, 5, 4, 6000
    law = np.zeros(n + 1)
    law[0] = 1.0
    for _ in range(m):  # U_{m+1} = U_m + s - Hyp(n, U_m, s)
        after = np.zeros(n + 1)
        for u in np.flatnonzero(law):
            for r in range(max(0, s - (n - u)), min(s, u) + 1):
                after[u + s - r] += law[u] * comb(u, r) * comb(n - u, s - r) / comb(n, s)
        law = after
    assert law.sum() == pytest.approx(1.0, rel=1e-14)
    mean = n * (1 - (1 - s / n) ** m)
    assert law @ np.arange(n + 1) == pytest.approx(mean, rel=1e-13)  # (6)
    rng = np.random.default_rng(8)
    segments = Segments(n, 3)
    segments.learn_rows(Uniform(n, 12).draw_rows(size, rng), s, rng)
    for _ in range(m - 1):
        indptr, indices = Uniform(n, 12).draw_rows(size, rng)
        for j in range(size):
            segments.learn_on(j, indices[indptr[j] : indptr[j + 1]], s, rng)
    counts, expected = np.bincount(segments.sizes, minlength=n + 1), size * law
    kept = expected >= 5
    assert not counts[law == 0].any()
    counts = np.append(counts[kept], counts[~kept].sum())
    expected = np.append(expected[kept], expected[~kept].sum())
    assert stats.chisquare(counts, expected).pvalue > ALARM


def test_a_segment_that_forgot_can_learn_again():
    segments = Segments(40, 3, np.array([0, 4, 8]), np.arange(8))
    segments.forget(0)
    segments.forget(0)
    assert segments.counts(np.arange(40)).tolist() == [0, 4]
    assert segments.active(np.arange(40)).tolist() == [1]
    segments.learn_on(0, np.arange(20, 30), 10, rng=1)
    assert segments.synapses(0).tolist() == list(range(20, 30))
    assert segments.active(np.arange(20, 40)).tolist() == [0]


def test_activities_may_be_sdrs_or_indices_of_any_order_and_type():
    segments = Segments.random(100, 3, 80, 10, rng=2)
    cells = np.random.default_rng(3).choice(100, 30, replace=False)
    expected = segments.counts(np.sort(cells).astype(np.int32))
    assert expected.any()
    forms = [cells.astype(kind) for kind in (np.int64, np.int32, np.uint8, np.uint64)]
    forms += [cells.tolist(), SDR(100, np.sort(cells)), np.sort(cells).astype(np.int32)[::-1]]
    for form in forms:
        assert np.array_equal(segments.counts(form), expected)


def test_results_depend_on_seeds_alone(tmp_path):
    segments = Segments.random(200, 5, 100, 20, rng=9)
    for k in range(10):
        segments.learn_on(3 * k, np.arange(40), 12, rng=k)
    segments.forget(50)
    cells = np.arange(0, 200, 3)
    segments.save(tmp_path / "segments.npz")
    loaded = Segments.load(tmp_path / "segments.npz")
    copied = pickle.loads(pickle.dumps(segments))
    for other in (loaded, copied):
        assert (other.n, other.threshold, len(other)) == (200, 5, 100)
        assert all(map(np.array_equal, other.csr(), segments.csr()))
        assert np.array_equal(
            other.counts(cells, transmission=0.6, rng=4),
            segments.counts(cells, transmission=0.6, rng=4),
        )
    again = Segments.random(200, 5, 100, 20, rng=9)
    assert not all(map(np.array_equal, again.csr(), Segments.random(200, 5, 100, 20, 8).csr()))
    assert all(map(np.array_equal, again.csr(), Segments.random(200, 5, 100, 20, rng=9).csr()))


def test_files_are_checked(tmp_path):
    with open(tmp_path / "wrong.npz", "wb") as file:
        np.savez(file, n=10, threshold=2, indptr=np.array([0, 2]), indices=np.array([3, 10]))
    with pytest.raises(ValueError, match=r"indices.0. must be indices in \[0, 9\], got 10"):
        Segments.load(tmp_path / "wrong.npz")
    with open(tmp_path / "pickle.npz", "wb") as file:
        np.savez(file, n=10, threshold=2, indptr=np.array([0, 1]), indices=np.array([print]))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        Segments.load(tmp_path / "pickle.npz")


def test_counts_may_be_written_to_an_array():
    segments = Segments.random(100, 3, 80, 10, rng=2)
    out = np.full(80, 7, np.uint16)
    assert segments.counts([1, 2, 3], out=out) is out
    assert np.array_equal(out, segments.counts([1, 2, 3]))
    for wrong in (np.zeros(80, np.int64), np.zeros(79, np.uint16), np.zeros(160, np.uint16)[::2]):
        with pytest.raises((TypeError, ValueError), match="out must be a"):
            segments.counts([1], out=wrong)


@pytest.mark.parametrize(
    ("activity", "error", "message"),
    [
        ([3, 3], ValueError, "activity must hold each index once, got 3 more"),
        (np.array([3, 3], np.int32), ValueError, "activity must hold each index once"),
        ([-1, 3], ValueError, r"activity must be indices in \[0, 99\], got -1"),
        (np.array([3, 100], np.int32), ValueError, r"activity must be indices .* got 100"),
        ([2**32 + 1], ValueError, r"activity must be indices in \[0, 99\], got 4294967297"),
        ([0.5], TypeError, "activity must be an SDR or integer indices"),
        (np.ones(100, bool), TypeError, "activity must be an SDR or integer indices"),
        ([[1, 2]], ValueError, "activity must be one-dimensional"),
        (SDR(101, [1]), ValueError, "activity must be of n=100 cells, got an SDR of 101"),
    ],
)
def test_wrong_activities_are_refused(activity, error, message):
    segments = Segments.random(100, 3, 80, 10, rng=2)
    for call in (segments.counts, segments.active, lambda a: segments.learn(a, 1, 1)):
        with pytest.raises(error, match=message.replace("activity", "(activity|pattern)", 1)):
            call(activity)
    with pytest.raises(error, match=r"activities\[1\]"):
        segments.active_rows([[1], activity])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0, 3), ValueError, "n must be an integer in"),
        ((10, 2.5), TypeError, "threshold must be an integer"),
        ((10, 2, [0, 2], [1, 1]), ValueError, "indices.0. must hold each index once"),
        ((10, 2, [0, 2], [1, 10]), ValueError, r"indices.0. must be indices in \[0, 9\], got 10"),
        ((10, 2, [0, 3], [1, 2]), ValueError, "indices must be CSR arrays"),
        ((10, 2, [0, 2, 1, 2], [1, 2]), ValueError, "indices must be CSR arrays"),
        ((10, 2, [0, 1]), ValueError, "both or neither"),
        ((70_000, 2, [0, 65_536], np.arange(65_536)), ValueError, "at most 65535 synapses"),
    ],
)
def test_wrong_segments_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        Segments(*arguments)


def test_wrong_numbers_of_segments_are_refused():
    segments = Segments.random(100, 3, 8, 10, rng=2)
    for call in (segments.synapses, segments.forget, lambda j: segments.learn_on(j, [1], 1, 1)):
        for wrong, error in ((8, ValueError), (-1, ValueError), (1.0, TypeError)):
            with pytest.raises(error, match="segment must be"):
                call(wrong)
    with pytest.raises(ValueError, match="there is none"):
        Segments(10, 3).synapses(0)
