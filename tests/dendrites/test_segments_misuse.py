"""Segments, neurons and groups in the hands of a caller who errs: threads, files, odd arguments."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import sparse

from assocmem.dendrites._rows import Rows
from assocmem.dendrites.classification import GroupClassifier
from assocmem.dendrites.learning import subsample, subsample_rows
from assocmem.dendrites.neurons import Neuron, Neurons
from assocmem.dendrites.nonlinearity import Power
from assocmem.dendrites.poirazi import Bins
from assocmem.dendrites.segments import Segments
from assocmem.sdr import SDR, Uniform


def test_threads_share_segments():
    """Each of them finds what one alone finds: kernels run side by side on buffers of their own."""
    # At threshold 1 nearly all segments are active: what is found fills its buffer.
    segments = Segments.random(500, 1, 20_000, 20, rng=1)
    layer = Neurons(segments, np.arange(20_000) % 7, nonlinearity=Power(2))
    rng = np.random.default_rng(0)
    activities = [np.sort(rng.choice(500, 40, replace=False)).astype(np.int32) for _ in range(8)]
    alone = [(segments.active(each), layer.responses(each)) for each in activities]

    def repeatedly(k):
        for _ in range(50):
            active, out = segments.active(activities[k]), layer.responses(activities[k])
            if not (np.array_equal(active, alone[k][0]) and np.array_equal(out, alone[k][1])):
                return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(repeatedly, range(8)))
    for k, each in enumerate(activities):
        np.testing.assert_array_equal(segments.active(each), alone[k][0])


def test_pickles_work_after_use():
    segments = Segments(10, 2, [0, 3, 6], [0, 1, 2, 2, 7, 8])
    segments.active([1, 2])
    again = pickle.loads(pickle.dumps(segments))
    assert again.active([1, 2, 7]).tolist() == [0, 1]


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"])
def test_sparse_matrices_of_all_forms_are_rows_of_activities(form):
    matrix = np.zeros((4, 10), np.int8)
    matrix[0, [1, 2]] = matrix[2, [7, 8]] = matrix[3, [0, 2, 8]] = 1
    segments = Segments(10, 2, [0, 3, 6], [0, 1, 2, 2, 7, 8])
    indptr, found = segments.active_rows(sparse.coo_array(matrix).asformat(form))
    assert (indptr.tolist(), found.tolist()) == ([0, 1, 1, 2, 4], [0, 1, 0, 1])


@pytest.mark.parametrize(
    "activity", [{1, 2}, range(1, 3), (i for i in (2, 1)), dict.fromkeys([1, 2]).keys()]
)
def test_activities_may_come_from_any_container(activity):
    segments = Segments(10, 2, [0, 3, 6], [0, 1, 2, 2, 7, 8])
    assert segments.counts(activity).tolist() == [2, 1]


@pytest.mark.parametrize("transmission", [5, -0.1, float("nan"), "often"])
@pytest.mark.parametrize("threshold", [0, 2, 99])
def test_transmission_is_checked_at_every_threshold(transmission, threshold):
    segments = Segments(10, 2, [0, 3], [0, 1, 2])
    with pytest.raises((TypeError, ValueError), match="transmission must be"):
        segments.active([1], threshold=threshold, transmission=transmission, rng=1)
    with pytest.raises(ValueError, match="rng must be given"):
        segments.active([1], threshold=threshold, transmission=0.5)


def test_counts_go_to_no_array_that_cannot_take_them():
    segments = Segments(10, 2, [0, 3], [0, 1, 2])
    fixed = np.empty(1, np.uint16)
    fixed.setflags(write=False)
    crooked = np.frombuffer(bytearray(3), np.uint16, 1, 1)
    for out in (fixed, crooked):
        with pytest.raises(ValueError, match="out must be a contiguous, writable array"):
            segments.counts([1], out=out)
    for out in (np.empty(1, ">u2"), np.empty(1, np.int32), [0]):
        with pytest.raises(TypeError, match="out must be an array of uint16"):
            segments.counts([1], out=out)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda s: s.counts(None), TypeError, "activity must be an SDR or integer"),
        (lambda s: s.counts("ab"), TypeError, "activity must be an SDR or integer"),
        (lambda s: s.counts([[1], [1, 2]]), ValueError, "activity must be one-dim"),
        (lambda s: s.active_rows(SDR(10, [1])), TypeError, "activities must be CSR"),
        (lambda s: s.active_rows(None), TypeError, "activities must be CSR"),
        (lambda s: Segments.random(10, 1, 2, 11, 0), ValueError, "n_synapses must be"),
        (lambda s: Segments.random(10, 1, -2, 1, 0), ValueError, "n_segments must be"),
        (lambda s: Neuron(3), TypeError, "segments must be Segments"),
        (lambda s: Neurons(s, [2**33]), ValueError, "neuron_of must be in"),
        (lambda s: Neurons(s, [0], n_neurons=2**31), ValueError, "n_neurons must be"),
        (lambda s: Neurons(s, [0], nonlinearity=Power), TypeError, "nonlinearity must be"),
        (lambda s: subsample([1.5], 1, 0), TypeError, "cells must be integers"),
        (lambda s: subsample_rows([0, 3], [1, 2], 1, 0), ValueError, "indptr must go"),
        (lambda s: GroupClassifier(9, 1, 1, output="sum"), TypeError, "output must be"),
    ],
)
def test_wrong_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call(Segments(10, 2, [0, 3], [0, 1, 2]))


def test_lists_may_be_subsampled():
    assert set(subsample([3, 5, 9], 2, 0)) < {3, 5, 9}
    indptr, indices = subsample_rows([0, 2, 5], [3, 4, 1, 2, 3], 1, 0)
    assert indptr.tolist() == [0, 1, 2] and indices[0] in (3, 4) and indices[1] in (1, 2, 3)


@pytest.mark.parametrize("kind", [Segments, Neurons])
def test_files_of_others_are_refused(kind, tmp_path):
    path = tmp_path / "file"
    segments = Segments(10, 2, [0, 3], [0, 1, 2])
    whole = segments if kind is Segments else Neurons(segments, [0])
    whole.save(path)
    content = path.read_bytes()
    for damaged in (b"", b"hello", content[:300], content[:-30]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=f"path must be a file of {kind.__name__}"):
            kind.load(path)
    np.savez(tmp_path / "other.npz", q=1)
    np.save(tmp_path / "array.npy", np.arange(3))
    for name in ("other.npz", "array.npy"):
        with pytest.raises(ValueError, match=f"path must be a file of {kind.__name__}"):
            kind.load(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        kind.load(tmp_path / "none")


def test_groups_that_fail_to_learn_keep_what_they_knew():
    patterns = Uniform(1000, 40).draw_rows(6, np.random.default_rng(1))
    groups = GroupClassifier(1000, n_synapses=20, threshold=10).fit(patterns, range(6))
    with pytest.raises(ValueError, match="n_synapses must be at most"):
        groups.fit([[1, 2], [3, 4]], [7, 8])
    assert groups.classes.tolist() == list(range(6)) and groups.score(patterns, range(6)) == 1.0
    with pytest.raises(ValueError, match="patterns must be at least one"):
        groups.score([], [])


def test_functions_are_tabulated_once():
    """A look-up for each count, not a call for each activity: 10,000 synapses made 10,001 calls."""
    calls = []
    layer = Neurons(
        Segments(50, 1, [0, 30], np.arange(30)), [0], nonlinearity=lambda z: calls.append(z) or z
    )
    for _ in range(5):
        assert layer.responses(range(20)).tolist() == [20.0]
    assert len(calls) == 31
    layer.nonlinearity = Power(2)
    assert layer.responses(range(20)).tolist() == [400.0]
    layer.learn(0, range(40), 40, 1)
    assert layer.responses(range(40)).tolist() == [900.0 + 1600.0]


def test_unreliable_synapses_leave_no_counts_behind():
    segments = Segments.random(100, 3, 50, 20, rng=1)
    before = segments.active(range(30))
    for seed in range(5):
        segments.active(range(40), transmission=0.5, rng=seed)
        np.testing.assert_array_equal(segments.active(range(30)), before)


def test_thresholds_beyond_a_byte():
    """Counts of narrow segments are bytes: 258 is no 2 there. Wide ones are not cut."""
    segments = Segments(2000, 2, [0, 10, 20], [*range(10), *range(5, 15)])
    assert segments.active(range(15)).tolist() == [0, 1]
    assert segments.active(range(15), threshold=258).tolist() == []
    assert segments.active_rows([range(15)], threshold=258)[1].tolist() == []
    segments.learn_on(1, range(15, 1000), 600, rng=1)
    assert segments.active(range(1000)).tolist() == [0, 1]
    assert segments.active(range(1000), threshold=258).tolist() == [1]
    assert segments.active(range(1000), threshold=610).tolist() == [1]
    assert segments.active(range(1000), threshold=611).tolist() == []


def test_rows_that_grow_move_seldom():
    """Each move doubles the room: 1000 entries one by one take some log2(1000) moves."""
    rows = Rows.of_csr(np.array([0, 1]), np.array([0]))
    starts = [0]
    for value in range(1, 1000):
        rows.insert(np.array([0]), np.array([value]))
        starts.append(int(rows.spans[0, 0]))
    assert rows.row(0).tolist() == list(range(1000))
    assert np.count_nonzero(np.diff(starts)) < 30


def test_an_edge_belongs_to_the_bin_above_it():
    bins = Bins([[0.0], [1.0], [2.0], [3.0], [4.0]], n_bins=2)  # the edge is 2
    assert bins.encode([[1.999], [2.0], [2.001]])[1].tolist() == [0, 1, 1]
