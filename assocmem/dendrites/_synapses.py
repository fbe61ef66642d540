"""Synapses of a population of segments, held in both directions."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from ._rows import Rows

MOST = 2**16 - 1  # synapses of a segment, so that counts fit into uint16


class _Buffers(threading.local):
    """What kernels write to: arrays of its own for each thread, since kernels let others run."""

    def __init__(self) -> None:
        self.shape(0, np.uint8)

    def shape(self, size: int, dtype: type) -> None:
        self.counts, self.found = np.zeros(size, dtype), np.empty(size, np.int32)
        self.ends = np.zeros(2, np.int64), np.zeros(2, np.int64)


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
        self._buffers = _Buffers()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_buffers"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._buffers = _Buffers()

    @property
    def nbytes(self) -> int:
        """Bytes held, buffers of this thread included."""
        buffers = self._buffers.counts.nbytes + self._buffers.found.nbytes
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
        row, of what is found and of what is given. Each thread has its own.

        Counts are uint8 where that holds the largest, so that they take less of the cache.
        """
        size, dtype = len(self.forward), np.uint8 if self.widest <= 255 else np.uint16
        held = self._buffers
        if len(held.counts) != size or held.counts.dtype != dtype:
            held.shape(size, dtype)
        return held.counts, held.found, *held.ends


def _checked_width(sizes: np.ndarray) -> int:
    """Largest size; ValueError where it does not fit into counts."""
    widest = int(sizes.max(initial=0))
    if widest > MOST:
        raise ValueError(f"a segment must have at most {MOST} synapses, got {widest}")
    return widest
