"""Many SDRs as rows of one packed table, searched at the speed of memory."""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate as check
from .._files import write_netcdf
from ._cells import checked_words, dimensions_of, locked
from ._rows import INT32, check_out, csr_table, table_of
from ._seeds import generator
from .kernels import packed
from .sdr import SDR

if TYPE_CHECKING:
    from .activity import Activity


class Codebook:
    """SDRs of the same cells, one a row: rows are added, never changed.

    Parameters
    ----------
    n : int or tuple of int
        Number of cells of each, or their shape.
    sdrs : iterable of SDR
        Rows to begin with, of n cells. None by default.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or a row has not n cells.

    Notes
    -----
    Memory ceil(n/64) words of 8 bytes a row, and up to as much again in reserve for `append`.
    Searches read every row: one population count a word.

    Examples
    --------
    >>> from assocmem.sdr import Codebook, Uniform
    >>> book = Codebook.draw(Uniform(2048, 40), 1000, rng=1)
    >>> rows, overlaps = book.nearest(book[7], 2)
    >>> int(rows[0]), int(overlaps[0])
    (7, 40)
    """

    def __init__(self, n: int | Sequence[int], sdrs: Iterable[SDR] = ()) -> None:
        self._start(dimensions_of(n))
        self.extend(sdrs)

    def _start(self, dimensions: tuple[int, ...], table: np.ndarray | None = None) -> Codebook:
        self._dimensions = dimensions
        self._n = math.prod(dimensions)
        self._memory = table_of(0, -(-self._n // 64)) if table is None else table
        self._table = self._memory  # the rows in use: views take their time
        return self

    @classmethod
    def from_packed(cls, words: np.ndarray, n: int | Sequence[int]) -> Codebook:
        """From a table of bits: cell i of row r is bit i%64 of words[r, i//64].

        Parameters
        ----------
        words : ndarray, uint64, shape (rows, ceil(n/64))
            Bits beyond n must be 0. It is copied.
        n : int or tuple of int
            Number of cells, or their shape.

        Raises
        ------
        TypeError, ValueError
            If ``words`` is not as said.
        """
        dimensions = dimensions_of(n)
        given = checked_words(words, math.prod(dimensions), 2)
        table = table_of(*given.shape)
        table[:] = given
        return cls.__new__(cls)._start(dimensions, table)

    @classmethod
    def from_csr(cls, n: int | Sequence[int], indptr: np.ndarray, indices: np.ndarray) -> Codebook:
        """From CSR arrays: row r has the cells indices[indptr[r]:indptr[r + 1]], in any order.

        Parameters
        ----------
        n : int or tuple of int
            Number of cells, or their shape.
        indptr : array_like of int, shape (rows + 1,)
            From 0 to the number of indices, never falling.
        indices : array_like of int, shape (total,)
            Cells, from 0 to n - 1, different from each other within a row.

        Raises
        ------
        TypeError, ValueError
            If the arrays are not as said.
        """
        dimensions = dimensions_of(n)
        table = csr_table(math.prod(dimensions), indptr, indices)
        return cls.__new__(cls)._start(dimensions, table)

    @classmethod
    def draw(cls, law: Activity, count: int, rng: np.random.Generator | int) -> Codebook:
        """``count`` independent activities of a law, such as ``Uniform(n, a)``.

        Parameters
        ----------
        law : Activity
            See `assocmem.sdr.activity`.
        count : int
            Rows, >= 0.
        rng : numpy.random.Generator or int
            Source of randomness, or a seed >= 0.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or out of range.
        """
        if isinstance(law, type) or not hasattr(law, "draw_rows"):
            raise TypeError(f"law must be an activity such as Uniform(2048, 40), got {law!r}")
        count = check.integer("count", count, 0)
        return cls.from_csr(law.n, *law.draw_rows(count, generator(rng)))

    @property
    def n(self) -> int:
        """Number of cells of each row."""
        return self._n

    @property
    def dimensions(self) -> tuple[int, ...]:
        """Shape of the cells."""
        return self._dimensions

    @property
    def packed(self) -> np.ndarray:
        """Bits, uint64 of shape (rows, ceil(n/64)), read-only."""
        return locked(self._table)

    @property
    def sizes(self) -> np.ndarray:
        """Number of active cells of each row, int32 of shape (rows,)."""
        out = np.empty(len(self._table), np.int32)
        packed.size_rows(self._table, out)
        return out

    def _words_of(self, given: Any, name: str = "query") -> np.ndarray:
        if not isinstance(given, SDR):
            raise TypeError(f"{name} must be an SDR, got {type(given).__name__}")
        if given.n != self._n:
            raise ValueError(f"{name} must have n={self._n} cells, got {given.n}")
        return given.packed

    def append(self, sdr: SDR) -> None:
        """Add a row. Cost O(n/64), averaged over many.

        Raises
        ------
        TypeError, ValueError
            If it is not an SDR of n cells.
        """
        words = self._words_of(sdr, "sdr")
        self._reserve(1)
        self._table[-1] = words

    def extend(self, sdrs: Iterable[SDR] | Codebook) -> None:
        """Add rows: SDRs, or all of another codebook.

        Raises
        ------
        TypeError, ValueError
            If one of them has not n cells. Rows before it stay.
        """
        if isinstance(sdrs, Codebook):
            if sdrs._n != self._n:
                raise ValueError(f"sdrs must have n={self._n} cells, got {sdrs._n}")
            rows = sdrs._table
            self._reserve(len(rows))
            self._table[len(self._table) - len(rows) :] = rows
            return
        if isinstance(sdrs, SDR) or not isinstance(sdrs, Iterable):
            raise TypeError(f"sdrs must be SDRs in a list or codebook, got {sdrs!r}")
        for sdr in sdrs:
            self.append(sdr)

    def _reserve(self, more: int) -> None:
        """Begin as many more rows; room grows by half at least."""
        rows, words = self._table.shape
        if rows + more > len(self._memory):
            larger = table_of(max(rows + more, 16, len(self._memory) * 3 // 2), words)
            larger[:rows] = self._table
            self._memory = larger
        self._table = self._memory[: rows + more]

    def overlaps(self, query: SDR, out: np.ndarray | None = None) -> np.ndarray:
        """Overlap of each row with a query.

        Parameters
        ----------
        query : SDR
            Of n cells.
        out : ndarray, int32, shape (rows,), optional
            Where to write them.

        Returns
        -------
        ndarray, int32, shape (rows,)

        Raises
        ------
        TypeError, ValueError
            If an argument is not as said.
        """
        # A thousand rows take 5 us: the usual case is told apart in a few tenths of one.
        if query.__class__ is not SDR or query._n != self._n or query._packed is None:
            self._words_of(query)
        table = self._table
        if out is None:
            out = np.empty(len(table), np.int32)
        elif (
            out.__class__ is not np.ndarray
            or out.dtype is not INT32
            or out.shape != (len(table),)
            or not out.flags.carray
        ):
            check_out(out, len(table))
        packed.overlap_rows(table, query._packed, out)
        return out

    def overlaps_all(self, other: Codebook | None = None) -> np.ndarray:
        """Overlap of each row with each row of another codebook, or of this one.

        Parameters
        ----------
        other : Codebook, optional
            Of n cells; this one by default.

        Returns
        -------
        ndarray, int32, shape (rows, rows of other)

        Raises
        ------
        TypeError, ValueError
            If ``other`` is not as said.
        """
        other = self if other is None else other
        if not isinstance(other, Codebook):
            raise TypeError(f"other must be a Codebook, got {type(other).__name__}")
        if other._n != self._n:
            raise ValueError(f"other must have n={self._n} cells, got {other._n}")
        out = np.empty((len(self._table), len(other._table)), np.int32)
        packed.overlap_tables(self._table, other._table, out)
        return out

    def nearest(self, query: SDR, k: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """The ``k`` rows of largest overlap with a query.

        Parameters
        ----------
        query : SDR
            Of n cells.
        k : int
            From 0 to the number of rows.

        Returns
        -------
        rows : ndarray, int64, shape (k,)
            Largest overlap first; of equal ones the first row first.
        overlaps : ndarray, int32, shape (k,)

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or out of range.
        """
        k = check.integer("k", k, 0, len(self._table))
        found = self.overlaps(query)
        rows = np.empty(k, np.int64)
        if k:
            packed.nearest_rows(found, k, np.zeros(query.size + 1, np.int64), rows)
        return rows, found[rows]

    def threshold(self, query: SDR, theta: int) -> np.ndarray:
        """Rows of overlap at least ``theta`` with a query, rising, int64.

        Raises
        ------
        TypeError, ValueError
            If ``query`` is not an SDR of n cells or ``theta`` no integer.
        """
        theta = check.integer("theta", theta)
        return np.flatnonzero(self.overlaps(query) >= theta)

    def union(self, rows: Sequence[int] | slice | None = None) -> SDR:
        """Cells active in any row, or in any of those selected.

        Raises
        ------
        IndexError
            If there is no such row.
        """
        table = self._table
        if rows is not None:
            if not isinstance(rows, (slice, Iterable)):
                raise TypeError(f"rows must be a slice or integers, got {rows!r}")
            table = np.ascontiguousarray(table[rows if isinstance(rows, slice) else list(rows)])
        words = np.zeros(table.shape[1], np.uint64)
        packed.union_rows(table, words)
        return SDR._of_words(self._dimensions, words)

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, row: int | slice | Sequence[int]) -> Any:
        """The SDR of a row, or the codebook of several."""
        if isinstance(row, (int, np.integer)) and not isinstance(row, bool):
            return SDR._of_words(self._dimensions, self._table[row].copy())
        chosen: slice | np.ndarray
        if isinstance(row, slice):
            chosen = row
        else:
            chosen = np.asarray(row)
            if chosen.ndim != 1 or (chosen.dtype.kind not in "iub" and chosen.size):
                raise TypeError(f"row must be an integer, a slice or integers, got {row!r}")
            chosen = chosen if chosen.size else chosen.astype(np.int64)
        selected = self._table[chosen]
        table = table_of(*selected.shape)
        table[:] = selected
        return Codebook.__new__(Codebook)._start(self._dimensions, table)

    def __iter__(self) -> Iterator[SDR]:
        return (self[row] for row in range(len(self._table)))

    def __eq__(self, other: Any) -> bool:
        if not isinstance(other, Codebook):
            return NotImplemented
        return self._dimensions == other._dimensions and np.array_equal(self.packed, other.packed)

    __hash__ = None  # type: ignore[assignment]  # rows may be added

    def __reduce__(self) -> tuple:
        return Codebook.from_packed, (self._table.copy(), self._dimensions)

    def __repr__(self) -> str:
        n = self._n if len(self._dimensions) == 1 else self._dimensions
        return f"Codebook({n}, {len(self._table)} rows)"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the rows to a netCDF-4 file, for `load`.

        Raises
        ------
        OSError
            Its subclass for the cause.
        """
        import xarray as xr

        data = xr.Dataset(
            {"packed": (("row", "word"), np.array(self.packed))},
            attrs={"kind": "codebook", "dimensions": np.array(self._dimensions, np.int64)},
        )
        write_netcdf(data, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Codebook:
        """Read what `save` wrote.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is not one of ours.
        """
        import xarray as xr

        name = os.fspath(path)
        if not os.path.exists(name):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        try:
            with xr.open_dataset(name, engine="h5netcdf") as opened:
                data = opened.load()
        except (PermissionError, MemoryError):
            raise
        except Exception as failure:  # whatever HDF5 stumbles over in a file that is none
            raise ValueError(
                f"path must be a file of a Codebook, {name!r} cannot be read as netCDF-4: {failure}"
            ) from failure
        if data.attrs.get("kind") != "codebook" or "packed" not in data:
            raise ValueError(f"path must be a file of a Codebook, {name!r} holds something else")
        dimensions = tuple(int(extent) for extent in np.atleast_1d(data.attrs["dimensions"]))
        return cls.from_packed(data["packed"].values, dimensions)
