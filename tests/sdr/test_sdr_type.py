"""SDRs against Python's sets, which know nothing of bits."""

import copy
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assocmem import SDR

# Around the edges of words, where bits beyond n could come to life.
SIZES = [1, 2, 63, 64, 65, 127, 128, 129, 300]


@st.composite
def pairs(draw):
    n = draw(st.sampled_from(SIZES))
    cells = st.sets(st.integers(0, n - 1))
    return n, draw(cells), draw(cells)


def lazily(n, cells, how):
    """The same SDR with different views present."""
    made = SDR(n, cells)
    if how == 1:
        return SDR.from_packed(made.packed, n)
    if how == 2:
        return SDR.from_dense(made.dense)
    return made


@given(pairs(), st.integers(0, 2), st.integers(0, 2))
@settings(max_examples=300, deadline=None)
def test_set_algebra(case, first, second):
    n, one, other = case
    a, b = lazily(n, one, first), lazily(n, other, second)
    for found, wanted in (
        (a | b, one | other),
        (a & b, one & other),
        (a - b, one - other),
        (a ^ b, one ^ other),
        (a.union(b), one | other),
        (a.union(), one),
    ):
        assert list(found) == sorted(wanted)
        assert found == SDR(n, wanted) and hash(found) == hash(SDR(n, wanted))
        assert found.size == len(found) == len(wanted)
        assert not n % 64 or not int(found.packed[-1]) >> n % 64
    common, both = len(one & other), len(one | other)
    assert a.overlap(b) == b.overlap(a) == common
    assert a.jaccard(b) == (common / both if both else 1.0)
    if one and other:
        assert math.isclose(a.cosine(b), common / math.sqrt(len(one) * len(other)))
    else:
        assert a.cosine(b) == (1.0 if one == other else 0.0)
    assert (a <= b) == (one <= other) == b.contains(a)
    assert (a < b) == (one < other) and (a >= b) == (one >= other) and (a > b) == (one > other)
    assert (a == b) == (one == other) and (a != b) == (one != other)
    assert bool(a) == bool(one)
    assert [cell for cell in range(-1, n + 1) if cell in a] == sorted(one)


@given(pairs())
@settings(max_examples=100, deadline=None)
def test_views_say_the_same(case):
    n, cells, _ = case
    wanted = np.zeros(n, bool)
    wanted[list(cells)] = True
    for how in range(3):
        made = lazily(n, cells, how)
        assert made.n == n and made.dimensions == (n,)
        assert made.sparse.dtype == np.int32 and made.sparse.tolist() == sorted(cells)
        assert made.dense.dtype == np.bool_
        np.testing.assert_array_equal(made.dense, wanted)
        assert made.packed.dtype == np.uint64 and made.packed.shape == (-(-n // 64),)
        as_integer = sum(int(word) << (64 * k) for k, word in enumerate(made.packed))
        assert as_integer == sum(1 << cell for cell in cells)
        assert made.sparsity == len(cells) / n
        np.testing.assert_array_equal(np.asarray(made), wanted)


@pytest.mark.parametrize("how", range(3))
def test_views_are_kept_and_cannot_be_written(how):
    made = lazily(130, [3, 64, 129], how)
    for name in ("sparse", "dense", "packed"):
        view = getattr(made, name)
        assert getattr(made, name) is view
        with pytest.raises(ValueError, match="read-only"):
            view[0] = 1
        with pytest.raises(ValueError, match="WRITEABLE"):
            view.flags.writeable = True
    with pytest.raises(AttributeError):
        made.n = 5


def test_what_was_given_may_change_afterwards():
    cells, words = np.array([1, 5], np.int32), np.array([6], np.uint64)
    array = np.array([True, False])
    made = SDR(10, cells), SDR.from_packed(words, 10), SDR.from_dense(array)
    cells[0], words[0], array[1] = 2, 1, True
    assert [list(each) for each in made] == [[1, 5], [1, 2], [0]]


def test_unsorted_cells_of_any_integers_are_accepted():
    wanted = SDR(100, [2, 50, 99])
    for given_ in (
        [99, 2, 50],
        (50, 99, 2),
        {2, 50, 99},
        iter([99, 50, 2]),
        np.array([50, 2, 99], np.uint64),
        np.array([50, 2, 99], np.int8),
        [np.int64(2), 99, 50],
    ):
        assert SDR(100, given_) == wanted
    assert SDR(100) == SDR(100, []) == SDR(100, np.array([])) == SDR(100, range(0))


@pytest.mark.parametrize(
    "arguments, error, text",
    [
        ((10, [3, 10]), ValueError, "sparse must be cells from 0 to n - 1 = 9, got 10"),
        ((10, [-1, 3]), ValueError, "got -1"),
        ((10, np.array([2**63 + 1], np.uint64)), ValueError, "sparse must be cells"),
        ((10, [2**33]), ValueError, "sparse must be cells"),
        ((10, [3, 5, 3]), ValueError, "sparse must be different cells, got 3 twice"),
        ((10, [3, 3]), ValueError, "twice"),
        ((10, [1.0, 2.0]), TypeError, "sparse must be integers"),
        ((3, [True, False, True]), TypeError, "from_dense"),
        ((10, ["1"]), TypeError, "sparse must be integers"),
        ((10, [2**70]), TypeError, "sparse must be integers"),
        ((10, [[1, 2]]), ValueError, "sparse must be a list of cells"),
        ((0, []), ValueError, "n must be"),
        ((2**31, []), ValueError, "n must be"),
        ((10.5, []), TypeError, "n must be"),
        (((), []), ValueError, "n must be"),
        (((3, 0), []), ValueError, r"n\[1\] must be"),
        (((2**20, 2**20), []), ValueError, "number of cells"),
    ],
)
def test_refused_cells(arguments, error, text):
    with pytest.raises(error, match=text):
        SDR(*arguments)


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: SDR.from_dense([0, 2]), ValueError, "array must hold only 0 and 1"),
        (lambda: SDR.from_dense(["a"]), ValueError, "array must hold only"),
        (lambda: SDR.from_dense([math.nan]), ValueError, "array must hold only"),
        (lambda: SDR.from_dense(1), ValueError, "one entry for each cell"),
        (lambda: SDR.from_dense(np.zeros(0)), ValueError, "one entry for each"),
        (lambda: SDR.from_packed(np.array([1], np.int64), 10), TypeError, "words must be uint64"),
        (lambda: SDR.from_packed(np.array([1, 0], np.uint64), 10), ValueError, "shape"),
        (lambda: SDR.from_packed(np.array([1 << 10], np.uint64), 10), ValueError, "beyond n=10"),
        (lambda: SDR.from_coordinates((2, 3), ([0, 1],)), ValueError, "2 lists"),
        (lambda: SDR.from_coordinates((2, 3), ([2], [0])), ValueError, r"coordinates\[0\]"),
        (lambda: SDR.from_coordinates((2, 3), ([-1], [0])), ValueError, r"coordinates\[0\]"),
        (lambda: SDR.from_coordinates((2, 3), ([0.5], [0])), TypeError, r"coordinates\[0\]"),
        (lambda: SDR.from_coordinates((2, 3), ([0, 0], [1, 1])), ValueError, "twice"),
        (lambda: SDR(10).overlap(SDR(11)), ValueError, "other must have n=10 cells, got 11"),
        (lambda: SDR(10).overlap([1, 2]), TypeError, "other must be an SDR, got list"),
        (lambda: SDR(10) | SDR(11), ValueError, "n=10"),
        (lambda: SDR(10) <= SDR(11), ValueError, "n=1"),
        (lambda: SDR(10).union(SDR(10), SDR(9)), ValueError, "n=10"),
        (lambda: SDR(10) | {1}, TypeError, "unsupported operand"),
        (lambda: SDR(10) & np.ones(10, bool), TypeError, "ufunc|unsupported operand"),
        (lambda: np.ones(10, bool) & SDR(10), TypeError, "ufunc|unsupported operand"),
        (lambda: SDR(10) < 3, TypeError, "not supported"),
        (lambda: SDR(10).reshape(3, 3), ValueError, "dimensions must hold n=10"),
        (lambda: SDR(10).concatenate([1]), TypeError, "others must be SDRs"),
        (lambda: SDR(10).concatenate(SDR(5), axis=1), ValueError, "axis"),
        (lambda: SDR((2, 5)).concatenate(SDR((3, 4)), axis=0), ValueError, "dimension"),
        (lambda: SDR(2**31 - 1).concatenate(SDR(1)), ValueError, "n must be"),
        (lambda: "x" in SDR(10), TypeError, "cell must be an integer"),
        (lambda: SDR(10, [1]).subsample(2, 0), ValueError, "count must be"),
    ],
)
def test_refusals(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_shapes_and_coordinates():
    array = np.zeros((3, 5, 7), bool)
    array[1, 2, 3] = array[0, 4, 6] = array[2, 0, 0] = True
    made = SDR.from_dense(array)
    assert made.dimensions == (3, 5, 7) and made.n == 105
    np.testing.assert_array_equal(made.dense, array)
    for found, wanted in zip(made.coordinates, np.nonzero(array), strict=True):
        np.testing.assert_array_equal(found, wanted)
    assert SDR.from_coordinates((3, 5, 7), made.coordinates) == made
    assert SDR.from_coordinates((3, 5), ([], [])) == SDR((3, 5))
    flat = made.flatten()
    assert flat.dimensions == (105,) and list(flat) == list(made) and flat != made
    np.testing.assert_array_equal(flat.dense, array.ravel())
    assert flat.flatten() is flat
    np.testing.assert_array_equal(made.reshape(5, 21).dense, array.reshape(5, 21))
    assert made.reshape((5, 21)) == made.reshape(5, 21) == flat.reshape([5, 21])
    assert (made | flat).dimensions == (3, 5, 7) and made.overlap(flat) == 3


def test_concatenation():
    joined = SDR(64, [0, 63]).concatenate(SDR((2, 33), [0, 65]), SDR(1), SDR(3, [2]))
    assert joined == SDR(64 + 66 + 1 + 3, [0, 63, 64, 129, 133])
    one, other = np.eye(2, 3, dtype=bool), np.ones((2, 2), bool)
    joined = SDR.from_dense(one).concatenate(SDR.from_dense(other), axis=1)
    np.testing.assert_array_equal(joined.dense, np.hstack([one, other]))


def test_pickles_hold_only_the_active_cells():
    made = SDR((1000, 200), np.arange(0, 200_000, 1000))
    made.dense, made.packed  # noqa: B018  views that must stay behind
    text = pickle.dumps(made)
    assert len(text) < 4 * made.size + 300
    again = pickle.loads(text)
    assert again == made and again.dimensions == (1000, 200) and hash(again) == hash(made)
    with pytest.raises(ValueError, match="read-only"):
        again.sparse[0] = 1


def test_copies_are_the_thing_itself():
    made = SDR(10, [1])
    assert copy.copy(made) is made and copy.deepcopy([made])[0] is made


def test_repr():
    assert repr(SDR((2, 5), [7, 1])) == "SDR((2, 5), [1, 7])"
    assert eval(repr(SDR(20, range(12)))) == SDR(20, range(12))
    assert repr(SDR(100, range(40))) == "SDR(100, [0, 1, 2, 3, ..., 39], size=40)"


def test_equality_is_of_shape_and_cells():
    made = SDR(6, [1])
    assert made != SDR((2, 3), [1]) and made != SDR(7, [1]) and made != [1] and made != SDR(6, [2])
    assert len({made, SDR(6, [1]), SDR.from_dense([0, 1, 0, 0, 0, 0]), SDR(6, [2])}) == 2


def test_largest_number_of_cells():
    made = SDR(2**31 - 1, [2**31 - 2, 0])
    assert list(made) == [0, 2**31 - 2] and made.size == 2
    assert pickle.loads(pickle.dumps(made)).size == 2
