"""Synapses of a population of segments, held in both directions."""

from __future__ import annotations

import numpy as np

from ._rows import Rows

_MOST = 2**16 - 1  # synapses of a segment, so that counts fit into uint16


class Synapses:
    """Which cells each segment has synapses from, and which segments each cell has synapses on.

    Arguments are trusted: cells are in [0, n) and rise within a segment.

    ``number`` is that of all synapses, ``widest`` that of the largest segment there has been.

    Parameters
    ----------
    n : int
        Cells.
    indptr, indices : ndarray
        Cells of each segment as CSR arrays, int64 and int32.

    Raises
    ------
    ValueError
        If a segment has more than 65,535 synapses; so do methods that add some.
    """

    def __init__(self, n: int, indptr: np.ndarray, indices: np.ndarray) -> None:
        self.n, self.number = n, len(indices)
        self.widest = _checked_width(np.diff(indptr))
        self.forward = Rows.of_csr(indptr, indices)
        self.inverse = Rows.transposed(n, indptr, indices)
        self._shape_buffers(0, np.uint8)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        buffers = self._counts.nbytes + self._found.nbytes
        return self.forward.nbytes + self.inverse.nbytes + buffers

    def append(self, indptr: np.ndarray, indices: np.ndarray) -> int:
        """Add segments; the number of the first. Amortised O(1) a synapse."""
        first, before = len(self.forward), self.number
        self.widest = max(self.widest, _checked_width(np.diff(indptr)))
        self.forward.append(indptr, indices)
        self.number += len(indices)
        if before < len(indices):  # to make the index anew costs less, and leaves no gaps
            self.inverse = Rows.transposed(self.n, *self.forward.csr())
        else:
            numbers = np.repeat(np.arange(first, len(self.forward)), np.diff(indptr))
            self.inverse.insert(indices, numbers)
        return first

    def extend(self, segment: int, cells: np.ndarray) -> np.ndarray:
        """Add synapses from those of ``cells`` that the segment has none from yet; these cells."""
        there = self.forward.row(segment)
        fresh = np.setdiff1d(cells, there, assume_unique=True)
        self.widest = max(self.widest, _checked_width(np.array([len(there) + len(fresh)])))
        self.number += len(fresh)
        same = np.full(len(fresh), segment)
        self.forward.insert(same, fresh)
        self.inverse.insert(fresh, same)
        return fresh

    def clear(self, segment: int) -> None:
        """Remove all synapses of a segment."""
        cells = self.forward.row(segment)
        self.number -= len(cells)
        self.inverse.remove(cells, segment)
        self.forward.clear(segment)

    def buffers(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """What kernels write to: counts, all zero; numbers of segments; and ``indptr`` of one
        row, of what is found and of what is given.

        Counts are uint8 where that holds the largest, so that they take less of the cache.
        """
        size, dtype = len(self.forward), np.uint8 if self.widest <= 255 else np.uint16
        if len(self._counts) != size or self._counts.dtype != dtype:
            self._shape_buffers(size, dtype)
        return self._counts, self._found, *self._ends

    def _shape_buffers(self, size: int, dtype: type) -> None:
        self._counts, self._found = np.zeros(size, dtype), np.empty(size, np.int32)
        self._ends = np.zeros(2, np.int64), np.zeros(2, np.int64)


def _checked_width(sizes: np.ndarray) -> int:
    """Largest size; ValueError where it does not fit into counts."""
    widest = int(sizes.max(initial=0))
    if widest > _MOST:
        raise ValueError(f"a segment must have at most {_MOST} synapses, got {widest}")
    return widest
