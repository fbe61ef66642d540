"""Rows of integers that can grow: synapses of segments, and segments of cells."""

from __future__ import annotations

import numpy as np

from .kernels import segments as kernels


class Rows:
    """Rising rows of integers in [0, 2^32), in one pool, with room for some to grow.

    Memory: 24 bytes a row and 4 bytes an entry; where rows have grown, up to some ten bytes an
    entry for room and for places that rows have left.

    Parameters
    ----------
    spans : ndarray, int64, shape (rows, 3)
        Start, stop and end of room of each row.
    pool : ndarray, uint32
        Entries.
    """

    def __init__(self, spans: np.ndarray, pool: np.ndarray) -> None:
        self._spans, self.pool = spans, pool
        self._count, self._used = len(spans), len(pool)

    @classmethod
    def of_csr(cls, indptr: np.ndarray, indices: np.ndarray) -> Rows:
        """Rows of CSR arrays, without room to grow."""
        stops = indptr[1:]
        spans = np.ascontiguousarray(np.stack([indptr[:-1], stops, stops], axis=1), np.int64)
        return cls(spans, indices.astype(np.uint32))

    @classmethod
    def transposed(cls, n: int, indptr: np.ndarray, indices: np.ndarray) -> Rows:
        """For each of ``n`` values of ``indices``, the rows that hold it."""
        spans, pool = np.zeros((n, 3), np.int64), np.empty(len(indices), np.uint32)
        kernels.transpose(indptr, indices, spans, pool)
        return cls(spans, pool)

    def __len__(self) -> int:
        return self._count

    @property
    def spans(self) -> np.ndarray:
        """Start, stop and end of room of each row, int64 (rows, 3)."""
        return self._spans[: self._count]

    @property
    def lengths(self) -> np.ndarray:
        """Entries of each row, int64 (rows,)."""
        return self.spans[:, 1] - self.spans[:, 0]

    @property
    def nbytes(self) -> int:
        """Bytes held, room included."""
        return self._spans.nbytes + self.pool.nbytes

    def row(self, index: int) -> np.ndarray:
        """A copy of one row, int32."""
        return self.pool[self._spans[index, 0] : self._spans[index, 1]].astype(np.int32)

    def csr(self) -> tuple[np.ndarray, np.ndarray]:
        """CSR arrays, int64 (rows + 1,) and int32 (entries,)."""
        indptr = np.zeros(self._count + 1, np.int64)
        np.cumsum(self.lengths, out=indptr[1:])
        fresh = np.empty(indptr[-1], np.uint32)
        kernels.compact(self.spans.copy(), self.pool, fresh, 0)
        return indptr, fresh.view(np.int32)

    def append(self, indptr: np.ndarray, indices: np.ndarray) -> None:
        """Add rows at the end. Amortised O(1) an entry."""
        extra, total = len(indptr) - 1, len(indices)
        if self._count + extra > len(self._spans):
            fresh = np.zeros((max(2 * self._count, self._count + extra), 3), np.int64)
            fresh[: self._count] = self.spans
            self._spans = fresh
        if self._used + total > len(self.pool):
            self._make_room(total)
        added = self._spans[self._count : self._count + extra]
        added[:, 0] = self._used + indptr[:-1]
        added[:, 1] = added[:, 2] = self._used + indptr[1:]
        self.pool[self._used : self._used + total] = indices
        self._count += extra
        self._used += total

    def insert(self, rows: np.ndarray, values: np.ndarray) -> None:
        """Insert values[k] into row rows[k]; it must not be there. See `kernels.insert`."""
        done = 0
        while True:
            self._used, done = kernels.insert(self.spans, self.pool, self._used, rows, values, done)
            if done == len(rows):
                return
            longest = 2 * int(self.lengths[rows[done:]].max()) + 2
            self._make_room(max(len(rows) - done, longest))

    def remove(self, rows: np.ndarray, value: int) -> None:
        """Remove ``value`` from rows that hold it. O(length) each."""
        kernels.remove(self.spans, self.pool, rows, value)

    def clear(self, row: int) -> None:
        """Empty one row."""
        self._spans[row, 1] = self._spans[row, 0]

    def _make_room(self, extra: int) -> None:
        """Copy all to a pool of some twice the size, so that this happens ever more seldom."""
        entries = int(self.lengths.sum())
        room = entries + entries // 2 + 2 * self._count
        fresh = np.empty(room + max(entries, extra, 64), np.uint32)
        self._used = kernels.compact(self.spans, self.pool, fresh, 1)
        self.pool = fresh
