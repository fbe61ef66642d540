"""Sparse distributed representations: immutable sets of active cells."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate as check
from ._cells import array_of, cells_of, checked_words, dimensions_of, locked
from ._noisy import disturbed
from ._operators import Operators
from ._seeds import generator
from .kernels import packed
from .noise import Drop

if TYPE_CHECKING:
    from .noise import Noise


class SDR(Operators):
    """A set of active cells among ``n``, as a value: it never changes.

    The three views `sparse`, `dense` and `packed` are made when first asked for, kept, and
    read-only, so that no edit of one can leave another behind. Operators between two SDRs of equal
    ``n`` are those of sets; results have the shape of the left one.

    Parameters
    ----------
    n : int or tuple of int
        Number of cells, from 1 to 2^31 - 1, or their shape.
    sparse : iterable of int
        Active cells, different from each other, from 0 to n - 1, in any order (of the flattened
        shape, last index fastest). None by default.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or a cell is out of range or there twice.

    Notes
    -----
    Memory: 4 bytes an active cell, n/8 bytes for `packed` and n for `dense` where they were asked
    for. Set operations and overlaps cost n/64 word operations.

    Examples
    --------
    >>> from assocmem import SDR
    >>> one, other = SDR(2048, [3, 70, 1999]), SDR(2048, [1999, 5, 3])
    >>> one.overlap(other)
    2
    >>> one & other
    SDR(2048, [3, 1999])
    >>> one | other
    SDR(2048, [3, 5, 70, 1999])
    """

    __slots__ = ("_dense", "_dimensions", "_n", "_packed", "_size", "_sparse")

    def __init__(self, n: int | Sequence[int], sparse: Iterable[int] = ()) -> None:
        dimensions = dimensions_of(n)
        cells = cells_of(sparse, math.prod(dimensions))
        self._fill(dimensions, sparse=cells, size=len(cells))

    def _fill(
        self,
        dimensions: tuple[int, ...],
        sparse: np.ndarray | None = None,
        words: np.ndarray | None = None,
        size: int | None = None,
    ) -> SDR:
        self._dimensions = dimensions
        self._n = math.prod(dimensions)
        self._sparse = None if sparse is None else locked(sparse)
        self._packed = None if words is None else locked(words)
        self._dense: np.ndarray | None = None
        self._size = size
        return self

    @classmethod
    def _of_words(cls, dimensions: tuple[int, ...], words: np.ndarray) -> SDR:
        """From words that are known to be right, and are given away."""
        return cls.__new__(cls)._fill(dimensions, words=words)

    @classmethod
    def _of_cells(cls, dimensions: tuple[int, ...], cells: np.ndarray) -> SDR:
        """From cells that are known to be right, and are given away."""
        return cls.__new__(cls)._fill(dimensions, sparse=cells, size=len(cells))

    @classmethod
    def from_dense(cls, array: Any) -> SDR:
        """From an array that says of each cell whether it is on.

        Parameters
        ----------
        array : array_like of bool, or of numbers 0 and 1
            Its shape is that of the SDR.

        Raises
        ------
        ValueError
            If it holds anything else, or no cells.

        Examples
        --------
        >>> SDR.from_dense([[0, 1, 0], [0, 0, 1]])
        SDR((2, 3), [1, 5])
        """
        given = array_of("array", array)
        if given.ndim == 0 or given.size == 0:
            raise ValueError(f"array must hold one entry for each cell, got {array!r}")
        if given.dtype.kind != "b" and (
            given.dtype.kind not in "iuf" or not np.all((given == 0) | (given == 1))
        ):
            raise ValueError(f"array must hold only 0 and 1, got dtype {given.dtype}: {given!r}")
        dimensions = dimensions_of(given.shape)
        return cls._of_cells(dimensions, np.flatnonzero(given).astype(np.int32))

    @classmethod
    def from_packed(cls, words: np.ndarray, n: int | Sequence[int]) -> SDR:
        """From words of 64 cells: cell i is bit i%64 of word i//64.

        Parameters
        ----------
        words : ndarray, uint64, shape (ceil(n/64),)
            Bits beyond n must be 0. It is copied.
        n : int or tuple of int
            Number of cells, or their shape.

        Raises
        ------
        TypeError, ValueError
            If ``words`` is not as said.
        """
        dimensions = dimensions_of(n)
        return cls._of_words(dimensions, checked_words(words, math.prod(dimensions), 1).copy())

    @classmethod
    def from_coordinates(
        cls, dimensions: Sequence[int], coordinates: Sequence[Sequence[int] | np.ndarray]
    ) -> SDR:
        """From one list of indices for each dimension, as `coordinates` gives them.

        Raises
        ------
        TypeError, ValueError
            If there are not as many lists as dimensions, or an index is out of range or a cell
            there twice.
        """
        extents = dimensions_of(dimensions, "dimensions")
        try:
            lists = [array_of("coordinates", entry) for entry in coordinates]
        except TypeError:
            raise TypeError(f"coordinates must be lists of indices, got {coordinates!r}") from None
        if len(lists) != len(extents):
            raise ValueError(
                f"coordinates must be {len(extents)} lists for dimensions {extents}, "
                f"got {len(lists)}"
            )
        for k, (entry, extent) in enumerate(zip(lists, extents, strict=True)):
            if entry.ndim != 1 or len(entry) != len(lists[0]):
                raise ValueError(
                    f"coordinates must be lists of one length, got shapes "
                    f"{', '.join(str(each.shape) for each in lists)}"
                )
            if entry.size and entry.dtype.kind not in "iu":
                raise TypeError(f"coordinates[{k}] must be integers, got dtype {entry.dtype}")
            wrong = entry[(entry < 0) | (entry >= extent)]
            if wrong.size:
                raise ValueError(
                    f"coordinates[{k}] must be indices from 0 to {extent - 1}, got {wrong[0]}"
                )
        cells = np.ravel_multi_index([entry.astype(np.int64) for entry in lists], extents)
        return cls(extents, cells)

    @property
    def n(self) -> int:
        """Number of cells."""
        return self._n

    @property
    def dimensions(self) -> tuple[int, ...]:
        """Shape of the cells, of product n."""
        return self._dimensions

    @property
    def sparse(self) -> np.ndarray:
        """Active cells, rising, int32 of shape (size,), read-only."""
        if self._sparse is None:
            cells = np.empty(self.size, np.int32)
            packed.unpack(self._packed, cells)
            self._sparse = locked(cells)
        return self._sparse

    @property
    def packed(self) -> np.ndarray:
        """Bits, uint64 of shape (ceil(n/64),), read-only: cell i is bit i%64 of word i//64.

        Bits beyond n are 0.
        """
        if self._packed is None:
            words = np.zeros(-(-self._n // 64), np.uint64)
            packed.pack(self._sparse, words)
            self._packed = locked(words)
        return self._packed

    @property
    def dense(self) -> np.ndarray:
        """Whether each cell is on, bool of shape `dimensions`, read-only."""
        if self._dense is None:
            array = np.zeros(self._n, np.bool_)
            array[self.sparse] = True
            self._dense = locked(array.reshape(self._dimensions))
        return self._dense

    @property
    def coordinates(self) -> tuple[np.ndarray, ...]:
        """Active cells as one array of indices for each dimension, int64 of shape (size,)."""
        return np.unravel_index(self.sparse, self._dimensions)

    @property
    def size(self) -> int:
        """Number of active cells."""
        if self._size is None:
            self._size = packed.count_bits(self._packed)
        return self._size

    @property
    def sparsity(self) -> float:
        """Fraction of cells that are active, size/n."""
        return self.size / self._n

    def reshape(self, *dimensions: int | Sequence[int]) -> SDR:
        """The same cells in another shape of as many.

        Raises
        ------
        TypeError, ValueError
            If the shape does not hold n cells.

        Examples
        --------
        >>> SDR(6, [1, 5]).reshape(2, 3)
        SDR((2, 3), [1, 5])
        """
        single = len(dimensions) == 1 and isinstance(dimensions[0], (tuple, list))
        wanted = dimensions[0] if single else dimensions
        extents = dimensions_of(wanted, "dimensions")  # type: ignore[arg-type]
        if math.prod(extents) != self._n:
            raise ValueError(f"dimensions must hold n={self._n} cells, got {extents}")
        made = SDR.__new__(SDR)
        made._dimensions, made._n, made._size = extents, self._n, self._size
        made._sparse, made._packed, made._dense = self._sparse, self._packed, None
        return made

    def flatten(self) -> SDR:
        """The same cells in one dimension."""
        return self if len(self._dimensions) == 1 else self.reshape(self._n)

    def concatenate(self, *others: SDR, axis: int | None = None) -> SDR:
        """The cells of this one followed by those of the others.

        Parameters
        ----------
        *others : SDR
            Of any number of cells.
        axis : int, optional
            Dimension along which they are joined: all others must agree. By default they are
            joined flat, into one dimension.

        Raises
        ------
        TypeError, ValueError
            If one is not an SDR, or the shapes do not fit.

        Examples
        --------
        >>> SDR(4, [1]).concatenate(SDR(3, [0, 2]))
        SDR(7, [1, 4, 6])
        """
        for other in others:
            if not isinstance(other, SDR):
                raise TypeError(f"others must be SDRs, got {type(other).__name__}")
        all_of_them = (self, *others)
        if axis is not None:
            rank = len(self._dimensions)
            axis = check.integer("axis", axis, -rank, rank - 1) % rank
            for other in others:
                fits = len(other._dimensions) == rank and all(
                    k == axis or extent == other._dimensions[k]
                    for k, extent in enumerate(self._dimensions)
                )
                if not fits:
                    raise ValueError(
                        f"others must have dimensions {self._dimensions} but along axis {axis}, "
                        f"got {other._dimensions}"
                    )
            return SDR.from_dense(np.concatenate([each.dense for each in all_of_them], axis=axis))
        dimensions = dimensions_of(sum(each._n for each in all_of_them))
        cells, first = np.empty(sum(each.size for each in all_of_them), np.int32), 0
        at = 0
        for each in all_of_them:
            cells[at : at + each.size] = each.sparse + np.int32(first)
            at, first = at + each.size, first + each._n
        return SDR._of_cells(dimensions, cells)

    def subsample(self, count: int, rng: np.random.Generator | int) -> SDR:
        """``count`` of the active cells, every set of them equally likely.

        Parameters
        ----------
        count : int
            From 0 to `size`.
        rng : numpy.random.Generator or int
            Source of randomness, or a seed >= 0.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or out of range.
        """
        count = check.integer("count", count, 0, self.size)
        return self.with_noise(Drop(self.size - count), rng)

    def with_noise(self, noise: Noise, rng: np.random.Generator | int) -> SDR:
        """What noise makes of the pattern.

        Parameters
        ----------
        noise : Drop, Replace, Swap or Kill
            The convention that says where bits go, see `assocmem.sdr.noise`.
        rng : numpy.random.Generator or int
            Source of randomness, or a seed >= 0.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type, or the pattern has not as many cells.

        Notes
        -----
        Cost O(size), and n/64 for scratch.

        Examples
        --------
        >>> from assocmem.sdr.noise import Replace
        >>> pattern = SDR(2048, range(40))
        >>> noisy = pattern.with_noise(Replace(10), rng=0)
        >>> noisy.size, noisy.overlap(pattern)
        (40, 30)
        """
        cells = disturbed(self.sparse, self._n, noise, generator(rng))
        return SDR._of_cells(self._dimensions, cells)

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[int]:
        return iter(self.sparse.tolist())

    def __contains__(self, cell: Any) -> bool:
        cell = check.integer("cell", cell)
        if not 0 <= cell < self._n:
            return False
        return bool(int(self.packed[cell >> 6]) >> (cell & 63) & 1)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """The dense view, for NumPy."""
        wanted = np.dtype(np.bool_ if dtype is None else dtype)
        if copy is False and wanted != np.bool_:
            raise ValueError(f"copy must not be False where dtype is {wanted}: cells are bool")
        return self.dense.astype(wanted, copy=bool(copy))

    def __copy__(self) -> SDR:
        return self

    def __deepcopy__(self, memo: dict) -> SDR:
        return self

    def __reduce__(self) -> tuple:
        return SDR, (self._dimensions, self.sparse)

    def __repr__(self) -> str:
        n = self._n if len(self._dimensions) == 1 else self._dimensions
        cells = self.sparse
        if self.size <= 12:
            return f"SDR({n}, {cells.tolist()})"
        some = ", ".join(map(str, cells[:4].tolist()))
        return f"SDR({n}, [{some}, ..., {cells[-1]}], size={self.size})"
