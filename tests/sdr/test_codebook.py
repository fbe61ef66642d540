"""Codebooks against sets of Python, row by row."""

import itertools
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assocmem import SDR
from assocmem.sdr import Bernoulli, Clustered, Codebook, Uniform
from assocmem.sdr.kernels import packed


@st.composite
def tables(draw):
    n = draw(st.sampled_from([1, 63, 64, 65, 200]))
    row = st.sets(st.integers(0, n - 1), max_size=20)
    return n, draw(st.lists(row, max_size=12)), draw(row)


@given(tables())
@settings(max_examples=120, deadline=None)
def test_searches(case):
    n, rows, query = case
    book, asked = Codebook(n, [SDR(n, row) for row in rows]), SDR(n, query)
    wanted = [len(row & query) for row in rows]
    found = book.overlaps(asked)
    assert found.dtype == np.int32 and found.tolist() == wanted
    assert book.sizes.tolist() == [len(row) for row in rows]
    np.testing.assert_array_equal(
        book.overlaps_all(),
        np.array([[len(a & b) for b in rows] for a in rows]).reshape(len(rows), len(rows)),
    )
    for k in range(len(rows) + 1):
        nearest, overlaps = book.nearest(asked, k)
        order = sorted(range(len(rows)), key=lambda r: (-wanted[r], r))[:k]
        assert nearest.tolist() == order and overlaps.tolist() == [wanted[r] for r in order]
    for theta in (-1, 0, 1, 3, n + 1):
        above = [r for r, value in enumerate(wanted) if value >= theta]
        assert book.threshold(asked, theta).tolist() == above
    assert set(book.union()) == set().union(*rows)
    assert len(book) == len(rows) and [set(row) for row in book] == rows
    assert list(book) == [book[r] for r in range(len(rows))] == [SDR(n, row) for row in rows]


# Widths at and around the 64 words that are asked for at a time, odd and even heights.
@pytest.mark.parametrize("far", [False, True])
@pytest.mark.parametrize(
    "n, rows",
    [(64, 1), (64, 7), (100, 8), (2048, 13), (4096, 9), (4097, 9), (8192, 5), (8193, 6),
     (20000, 3), (2048, 1003)],
)  # fmt: skip
def test_overlaps_of_any_width_and_height(n, rows, far):
    """Tables of more than 8 MB are asked for ahead: the same rows again and again, if ``far``."""
    rng = np.random.default_rng(n + rows)
    dense = rng.random((rows, n)) < 0.3
    query = rng.random(n) < 0.5
    bits = np.zeros((rows, 64 * -(-n // 64)), np.uint8)
    bits[:, :n] = dense
    book = Codebook.from_packed(np.packbits(bits, axis=1, bitorder="little").view(np.uint64), n)
    wanted = dense.astype(np.float32) @ query.astype(np.float32)  # exact: integers below 2^24
    asked = SDR.from_dense(query)
    np.testing.assert_array_equal(book.overlaps(asked), wanted)
    if far:
        times = int(9e6 / (rows * n / 8)) + 1
        many = Codebook.from_packed(np.tile(book.packed, (times, 1)), n)
        np.testing.assert_array_equal(many.overlaps(asked), np.tile(wanted, times))
        return
    out = np.empty(rows, np.int32)
    assert book.overlaps(asked, out=out) is out
    np.testing.assert_array_equal(out, wanted)
    few = book[:5]
    matrix = dense[:5].astype(np.float32) @ dense.T.astype(np.float32)
    np.testing.assert_array_equal(few.overlaps_all(book), matrix)
    np.testing.assert_array_equal(book.overlaps_all(few), matrix.T)


def test_overlaps_read_nothing_beyond_the_table():
    """Rows within a larger table whose other rows are full."""
    table = np.full((11, 3), 2**64 - 1, np.uint64)
    table[2:9] = 0
    out = np.full(9, -1, np.int32)
    packed.overlap_rows(table[2:9], np.full(3, 2**64 - 1, np.uint64), out[1:8])
    assert out.tolist() == [-1, 0, 0, 0, 0, 0, 0, 0, -1]


def test_rows_of_laws_are_those_that_the_law_draws():
    for law in (Uniform(300, 20), Bernoulli(300, 0.1), Clustered(300, 20, 4, 0.8), Uniform(5, 0)):
        book = Codebook.draw(law, 40, rng=0)
        indptr, indices = law.draw_rows(40, np.random.default_rng(0))
        rows = [indices[i:j].tolist() for i, j in itertools.pairwise(indptr)]
        assert [list(row) for row in book] == rows
        assert book == Codebook.from_csr(law.n, indptr, indices)
        assert law.draw(np.random.default_rng(0)) == Codebook.draw(law, 1, 0)[0]


def test_csr_rows_in_any_order():
    book = Codebook.from_csr((2, 5), [0, 2, 2, 5], np.array([9, 1, 3, 0, 2], np.uint8))
    assert [list(row) for row in book] == [[1, 9], [], [0, 2, 3]]
    assert book.dimensions == book[0].dimensions == (2, 5)
    assert len(Codebook.from_csr(5, [0], [])) == 0


def test_rows_are_added_one_by_one_or_together():
    rng, rows = np.random.default_rng(5), []
    book = Codebook(130)
    moved = 0
    for _ in range(1000):
        before = book._memory.ctypes.data
        rows.append(SDR(130, rng.permutation(130)[:9]))
        book.append(rows[-1])
        moved += before != book._memory.ctypes.data
    assert list(book) == rows
    assert moved <= 15  # by halves: log(1000/16)/log(1.5) is 11
    book.extend(rows[:3])
    book.extend(book)
    assert list(book) == 2 * (rows + rows[:3])
    assert list(book[:4]) == rows[:4]


def test_views_of_rows_do_not_change_when_rows_are_added():
    book = Codebook(64, [SDR(64, [1])])
    before, row = book.packed, book[0]
    with pytest.raises(ValueError, match="read-only"):
        before[0, 0] = 0
    book.append(SDR(64, [2]))
    assert before.tolist() == [[2]] and row == SDR(64, [1])
    assert book.packed.tolist() == [[2], [4]]
    part = book[:1]
    part.append(SDR(64, [5]))
    assert [list(each) for each in book] == [[1], [2]] and len(part) == 2


def test_selections():
    book = Codebook.draw(Uniform(100, 7), 10, 1)
    assert book[-1] == book[9] and list(book[2:8:3]) == [book[2], book[5]]
    assert list(book[[4, 1, 4]]) == [book[4], book[1], book[4]]
    assert list(book[np.arange(10) > 7]) == [book[8], book[9]]
    assert len(book[[]]) == 0
    assert book.union([3, 5]) == book[3] | book[5] and book.union([]) == SDR(100)
    assert book.union(slice(8, None)) == book[8] | book[9]
    assert book.union() == book[0].union(*book)
    for wrong in (10, -11, [10]):
        with pytest.raises(IndexError):
            book[wrong]
    with pytest.raises(IndexError):
        book.union([10])
    for wrong in ("a", True, [[0]], [0.5]):
        with pytest.raises(TypeError, match="row must be"):
            book[wrong]


def test_pickles_and_files(tmp_path):
    for book in (
        Codebook.draw(Uniform(100, 7), 10, 1),
        Codebook((3, 50)),
        Codebook((10, 20), [SDR((10, 20), [5])]),
    ):
        text = pickle.dumps(book)
        assert len(text) < book.packed.nbytes + 500
        path = tmp_path / "book.nc"
        book.save(path)
        for again in (pickle.loads(text), Codebook.load(path), Codebook.load(str(path))):
            assert again == book and again.dimensions == book.dimensions
            again.append(SDR(book.dimensions, [1]))
            assert again != book and len(again) == len(book) + 1


def test_files_that_are_not_codebooks(tmp_path):
    import xarray as xr

    with pytest.raises(FileNotFoundError):
        Codebook.load(tmp_path / "none.nc")
    (tmp_path / "text.nc").write_text("no")
    with pytest.raises(ValueError, match="cannot be read as netCDF"):
        Codebook.load(tmp_path / "text.nc")
    xr.Dataset({"x": ("a", [1])}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    with pytest.raises(ValueError, match="something else"):
        Codebook.load(tmp_path / "other.nc")
    with pytest.raises(FileNotFoundError):
        Codebook(5).save(tmp_path / "none" / "book.nc")


def test_repr_and_hash():
    assert repr(Codebook(5)) == "Codebook(5, 0 rows)"
    assert repr(Codebook((5, 2), [SDR((5, 2))])) == "Codebook((5, 2), 1 rows)"
    with pytest.raises(TypeError, match="unhashable"):
        hash(Codebook(5))


BOOK = Codebook.draw(Uniform(10, 3), 4, 0)


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: Codebook(10, [SDR(11)]), ValueError, "sdr must have n=10 cells, got 11"),
        (lambda: Codebook(10, [[1, 2]]), TypeError, "sdr must be an SDR, got list"),
        (lambda: Codebook(0), ValueError, "n must be"),
        (lambda: BOOK.overlaps(SDR(11)), ValueError, "query must have n=10"),
        (lambda: BOOK.overlaps(SDR(10), np.empty(4, np.int64)), TypeError, "int32"),
        (lambda: BOOK.overlaps(SDR(10), np.empty(5, np.int32)), ValueError, "out must be"),
        (lambda: BOOK.overlaps(SDR(10), np.empty(8, np.int32)[::2]), ValueError, "out must be"),
        (lambda: BOOK.nearest(SDR(10), 5), ValueError, "k must be an integer in .0, 4."),
        (lambda: BOOK.threshold(SDR(10), 1.5), TypeError, "theta must be"),
        (lambda: BOOK.overlaps_all(Codebook(11)), ValueError, "other must have n=10"),
        (lambda: BOOK.overlaps_all(SDR(10)), TypeError, "other must be a Codebook"),
        (lambda: BOOK.extend(Codebook(11)), ValueError, "sdrs must have n=10"),
        (lambda: Codebook.draw(Uniform, 3, 0), TypeError, "law must be"),
        (lambda: Codebook.draw(Uniform(5, 1), -1, 0), ValueError, "count must be"),
        (lambda: Codebook.from_packed(np.zeros((2, 2), np.uint64), 10), ValueError, "shape"),
        (lambda: Codebook.from_packed(np.zeros((2, 1), np.int64), 10), TypeError, "uint64"),
        (
            lambda: Codebook.from_packed(np.full((2, 1), 1 << 10, np.uint64), 10),
            ValueError,
            "beyond n=10",
        ),
        (lambda: Codebook.from_csr(10, [0, 2], [1, 10]), ValueError, "from 0 to n - 1 = 9, got 10"),
        (lambda: Codebook.from_csr(10, [0, 2], [-1, 1]), ValueError, "got -1"),
        (lambda: Codebook.from_csr(10, [0, 1, 3], [1, 2, 2]), ValueError, "got 2 twice in row 1"),
        (lambda: Codebook.from_csr(10, [0, 0, 2], [2, 2]), ValueError, "got 2 twice in row 1"),
        (lambda: Codebook.from_csr(10, [0, 3], [1, 2]), ValueError, "indptr must rise"),
        (lambda: Codebook.from_csr(10, [1, 2], [1, 2]), ValueError, "indptr must rise"),
        (lambda: Codebook.from_csr(10, [0, 2, 1, 2], [1, 2]), ValueError, "indptr must rise"),
        (lambda: Codebook.from_csr(10, [], []), ValueError, "indptr must rise"),
        (lambda: Codebook.from_csr(10, [0, 1], [1.0]), TypeError, "indices must be integers"),
        (lambda: Codebook.from_csr(10, [[0, 1]], [1]), ValueError, "one dimension"),
    ],
)
def test_refusals(call, error, text):
    with pytest.raises(error, match=text):
        call()
