"""Populations of dendritic segments on an inverted index."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate as check
from .._files import read_npz, write_npz
from ..sdr._rows import check_out
from ..sdr.draws import subsets
from ._cells import cells_of, rows_of, stream_of
from ._synapses import MOST, Synapses
from .kernels import segments as kernels
from .learning import subsample, subsample_rows

if TYPE_CHECKING:
    from ..sdr.sdr import SDR

    Cells = SDR | np.ndarray | Sequence[int]


UINT16 = np.dtype(np.uint16)
HELD = ("n", "threshold", "indptr", "indices")  # what a file holds


class Segments:
    """Segments with synapses from ``n`` cells; one is active where ``threshold`` of them are.

    For each cell an inverted index lists the segments that have a synapse from it, so that one
    step visits the synapses of active cells alone. Segments are numbered in the order of adding.

    Memory is 4 bytes a synapse in each direction, 24 bytes a segment and 24 a cell, and 1 byte of
    counts a segment (2 where a segment has more than 255 synapses); what is learnt later takes
    some 10 bytes a synapse in each direction until the object is saved and loaded.

    Parameters
    ----------
    n : int
        Presynaptic cells, >= 1.
    threshold : int
        theta. At theta <= 0 all segments are always active, those without synapses too.
    indptr, indices : ndarray, optional
        Synapses as CSR arrays: segment j has those from the cells
        ``indices[indptr[j]:indptr[j + 1]]``, in any order. None by default.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range, a segment has two synapses from one
        cell, or more than 65,535.

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem.dendrites.segments import Segments
    >>> segments = Segments(10, 2, np.array([0, 3, 6]), np.array([0, 1, 2, 2, 7, 8]))
    >>> segments.counts([1, 2, 9])
    array([2, 1], dtype=uint16)
    >>> segments.active([1, 2, 9])
    array([0], dtype=int32)
    """

    def __init__(
        self,
        n: int,
        threshold: int,
        indptr: np.ndarray | None = None,
        indices: np.ndarray | None = None,
    ) -> None:
        self.n = check.integer("n", n, 1, 2**31 - 1)
        self.threshold = check.integer("threshold", threshold)
        if (indptr is None) != (indices is None):
            raise ValueError("indptr and indices must be given both or neither")
        if indptr is None:
            indptr, indices = np.zeros(1, np.int64), np.empty(0, np.int32)
        rows = rows_of("indices", (np.asarray(indptr), np.asarray(indices)), self.n)
        self._synapses = Synapses(self.n, *rows)

    @classmethod
    def random(
        cls, n: int, threshold: int, n_segments: int, n_synapses: int,
        rng: np.random.Generator | int,
    ) -> Segments:  # fmt: skip
        """Segments whose synapses are a uniform random subset of the cells each.

        Parameters
        ----------
        n, threshold : int
            As of the class.
        n_segments, n_synapses : int
            Number of segments >= 0, and synapses of each, from 0 to n and 65,535.
        rng : numpy.random.Generator or int
            Source of randomness, or a seed >= 0.
        """
        n = check.integer("n", n, 1, 2**31 - 1)
        n_segments = check.integer("n_segments", n_segments, 0)
        n_synapses = check.integer("n_synapses", n_synapses, 0, min(n, MOST))
        return cls(n, threshold, *subsets(n, n_synapses, n_segments, rng))

    def __len__(self) -> int:
        return len(self._synapses.forward)

    def __repr__(self) -> str:
        return (
            f"Segments(n={self.n}, threshold={self.threshold}; {len(self)} segments, "
            f"{self.n_synapses} synapses)"
        )

    @property
    def sizes(self) -> np.ndarray:
        """Synapses of each segment, int64 (segments,)."""
        return self._synapses.forward.lengths

    @property
    def n_synapses(self) -> int:
        """Synapses of all segments."""
        return self._synapses.number

    @property
    def widest(self) -> int:
        """Synapses of the largest segment there has been: no count exceeds it."""
        return self._synapses.widest

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._synapses.nbytes

    def csr(self) -> tuple[np.ndarray, np.ndarray]:
        """Synapses as CSR arrays, int64 (segments + 1,) and int32, rows rising. Copies."""
        return self._synapses.forward.csr()

    def synapses(self, segment: int) -> np.ndarray:
        """Cells that one segment has synapses from, rising, int32."""
        return self._synapses.forward.row(self._numbered(segment))

    def index(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The inverted index as kernels take it: spans, pool and counts, all zero."""
        inverse = self._synapses.inverse
        return inverse.spans, inverse.pool, self._synapses.buffers()[0]

    def counts(
        self,
        activity: Cells,
        *,
        transmission: float = 1.0,
        rng: np.random.Generator | int | None = None,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Active synapses of each segment.

        Parameters
        ----------
        activity : SDR or array of int
            Active cells: an SDR of ``n`` cells, or their indices in any order.
        transmission : float
            Probability in [0, 1] with which each synapse of an active cell transmits,
            independently of others.
        rng : numpy.random.Generator or int, optional
            Source of randomness, or a seed; needed where transmission is below 1.
        out : ndarray, optional
            Where to write: uint16, of shape (segments,), contiguous. A new array by default.

        Returns
        -------
        ndarray, uint16, shape (segments,)

        Raises
        ------
        TypeError, ValueError
            If the activity is not one of ``n`` cells, or another argument is not as said.

        Notes
        -----
        Cost: a read of 4 bytes and an increment of 2 for each synapse of an active cell, 2 bytes
        written for each segment to clear the counts, and for unreliable synapses a random number
        each.
        """
        cells = cells_of("activity", activity, self.n)
        if out is None:
            out = np.empty(len(self), np.uint16)
        else:
            check_out(out, len(self), UINT16)
        self._count(cells, out, transmission, stream_of(transmission, rng))
        return out

    def active(
        self,
        activity: Cells,
        *,
        threshold: int | None = None,
        transmission: float = 1.0,
        rng: np.random.Generator | int | None = None,
    ) -> np.ndarray:
        """Segments of which at least ``threshold`` synapses are active.

        Parameters
        ----------
        activity, transmission, rng
            See `counts`.
        threshold : int, optional
            Another threshold than that of the segments.

        Returns
        -------
        ndarray, int32, shape (active,)
            In rising order.

        Raises
        ------
        TypeError, ValueError
            As `counts`.

        Notes
        -----
        Cost as `counts`, at one byte a count where no segment has more than 255 synapses, and
        a sort of what is found. Each thread keeps an array of counts; none may learn meanwhile.
        """
        cells = cells_of("activity", activity, self.n)
        threshold = self._threshold(threshold)
        seeded = stream_of(transmission, rng)
        if threshold <= 0:
            return np.arange(len(self), dtype=np.int32)
        if threshold > self._synapses.widest:
            return np.empty(0, np.int32)
        scratch, found, ends, indptr = self._synapses.buffers()
        if seeded is None:
            inverse = self._synapses.inverse
            ends[1], indptr[1] = 0, len(cells)
            kernels.active(
                inverse.spans, inverse.pool, indptr, cells, 0, scratch, threshold, ends, found
            )
            used = ends[1]
        else:
            self._count(cells, scratch, transmission, seeded)
            used = kernels.above(scratch, threshold, found)
            scratch[:] = 0
        active = found[:used].copy()
        active.sort()
        return active

    def active_rows(
        self, activities: Any, *, threshold: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Active segments of many activities, in one call.

        Parameters
        ----------
        activities : tuple (indptr, indices), matrix or list
            CSR arrays of active cells, a matrix of bool (activities, n) or a sparse one of SciPy,
            or a list of SDRs or arrays.
        threshold : int, optional
            Another threshold than that of the segments.

        Returns
        -------
        indptr : ndarray, int64, shape (activities + 1,)
            Row k, of activity k, is ``indices[indptr[k]:indptr[k + 1]]``.
        indices : ndarray, int32
            Segments, rising in each row.

        Raises
        ------
        TypeError, ValueError
            As `counts`.
        """
        indptr, cells = rows_of("activities", activities, self.n)
        threshold = self._threshold(threshold)
        rows = len(indptr) - 1
        ends = np.zeros(rows + 1, np.int64)
        if threshold <= 0:
            everything = np.tile(np.arange(len(self), dtype=np.int32), rows)
            return np.arange(rows + 1, dtype=np.int64) * len(self), everything
        if threshold > self._synapses.widest:
            return ends, np.empty(0, np.int32)
        spans, pool, scratch = self.index()
        found, done = np.empty(4 * len(self), np.int32), 0
        while True:
            done = kernels.active(spans, pool, indptr, cells, done, scratch, threshold, ends, found)
            if done == rows:
                break
            found = np.concatenate([found, np.empty_like(found)])
        found = found[: ends[-1]].copy()
        kernels.sort_rows(ends, found)
        return ends, found

    def learn(self, pattern: Cells, n_synapses: int, rng: np.random.Generator | int) -> int:
        """Add a segment that stores a pattern by a random part of its active cells.

        Parameters
        ----------
        pattern : SDR or array of int
            Active cells, at least ``n_synapses`` of them.
        n_synapses : int
            Synapses s of the new segment, each s-subset of the active cells equally likely.
        rng : numpy.random.Generator or int
            Source of randomness, or a seed.

        Returns
        -------
        int
            Number of the new segment.

        Raises
        ------
        TypeError, ValueError
            If an argument is not as said.

        Notes
        -----
        Lists of the index have room to grow by half; one that is full moves to twice its length,
        so that the cost is O(s), amortised.
        """
        cells = subsample(cells_of("pattern", pattern, self.n), n_synapses, rng)
        return self._synapses.append(np.array([0, len(cells)]), cells)

    def learn_rows(
        self, patterns: Any, n_synapses: int, rng: np.random.Generator | int
    ) -> np.ndarray:
        """Add a segment for each of many patterns, as `learn` does; numbers of the new segments.

        ``patterns`` is what `active_rows` takes.
        """
        rows = subsample_rows(*rows_of("patterns", patterns, self.n), n_synapses, rng)
        return np.arange(self._synapses.append(*rows), len(self))

    def learn_on(
        self, segment: int, pattern: Cells, n_synapses: int, rng: np.random.Generator | int
    ) -> np.ndarray:
        """Store a pattern on a segment besides what it stores, as a union of synapses.

        A random ``n_synapses``-subset of the active cells is drawn, whatever the segment has, so
        that the segment becomes the union of independent uniform subsets. Cells that it has a
        synapse from already get no second one.

        Parameters
        ----------
        segment : int
            Number of the segment.
        pattern, n_synapses, rng
            See `learn`.

        Returns
        -------
        ndarray, int32
            Cells of the synapses that are new.

        Raises
        ------
        TypeError, ValueError
            If an argument is not as said, or the segment would have more than 65,535 synapses.
        """
        segment = self._numbered(segment)
        cells = subsample(cells_of("pattern", pattern, self.n), n_synapses, rng)
        return self._synapses.extend(segment, cells)

    def forget(self, segment: int) -> None:
        """Remove all synapses of a segment. It keeps its number, and `learn_on` may fill it."""
        self._synapses.clear(self._numbered(segment))

    def save(self, path: str | PathLike) -> None:
        """Write to a file of NumPy's npz format."""
        indptr, indices = self.csr()
        write_npz(
            path, compressed=False, n=self.n, threshold=self.threshold, indptr=indptr,
            indices=indices,
        )  # fmt: skip

    @classmethod
    def load(cls, path: str | PathLike) -> Segments:
        """Read what `save` wrote; nothing in the file is executed.

        Raises
        ------
        OSError
            Its subclass for the cause.
        ValueError
            If the file is none of ours.
        """
        return read_npz(path, "Segments", HELD, lambda held: cls(*(held[name] for name in HELD)))

    def _count(
        self, cells: np.ndarray, out: np.ndarray, transmission: float, seeded: np.ndarray | None
    ) -> None:
        """Counts of checked cells into ``out``."""
        inverse = self._synapses.inverse
        spans, pool = inverse.spans, inverse.pool
        if seeded is None:
            kernels.counts(spans, pool, cells, out)
        else:
            kernels.unreliable_counts(spans, pool, cells, out, transmission * 2.0**53, seeded)

    def _threshold(self, threshold: int | None) -> int:
        return self.threshold if threshold is None else check.integer("threshold", threshold)

    def _numbered(self, segment: int) -> int:
        if not len(self):
            raise ValueError(f"segment must be the number of a segment, there is none: {segment!r}")
        return check.integer("segment", segment, 0, len(self) - 1)
