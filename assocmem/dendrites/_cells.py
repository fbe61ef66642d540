"""Activities as callers give them: SDRs or integer indices, checked before use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from typing import Any

import numpy as np

from .. import _validate as check
from ..sdr._seeds import generator, state
from .kernels import segments as kernels


def cells_of(name: str, activity: Any, n: int) -> np.ndarray:
    """Active cells of an SDR, or of an array of indices in any order: rising int32.

    Raises
    ------
    TypeError
        If it is neither an SDR nor integers.
    ValueError
        If it is of another number of cells, not one-dimensional, has indices outside [0, n) or
        twice the same.
    """
    sparse = getattr(activity, "sparse", None)
    if sparse is not None and not isinstance(activity, np.ndarray):
        if activity.n != n:
            raise ValueError(f"{name} must be of n={n} cells, got an SDR of {activity.n}")
        return sparse
    if isinstance(activity, (Set, Iterator)):
        activity = list(activity)
    elif activity is None or isinstance(activity, (str, bytes)):
        raise TypeError(f"{name} must be an SDR or integer indices, got {activity!r}")
    try:
        cells = np.asarray(activity)
    except ValueError:
        raise ValueError(f"{name} must be one-dimensional, got {activity!r}") from None
    if cells.ndim == 1 and cells.dtype == np.int32 and cells.flags.c_contiguous:
        if kernels.is_rising(cells, n):
            return cells
    elif cells.ndim == 1 and not len(cells):
        return np.empty(0, np.int32)
    if cells.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, got shape {cells.shape}")
    if cells.dtype.kind not in "iu":
        raise TypeError(f"{name} must be an SDR or integer indices, got dtype {cells.dtype}")
    cells = np.sort(cells)
    if cells[0] < 0 or cells[-1] >= n:
        wrong = cells[0] if cells[0] < 0 else cells[-1]
        raise ValueError(f"{name} must be indices in [0, {n - 1}], got {wrong}")
    twice = cells[1:][cells[1:] == cells[:-1]]
    if len(twice):
        raise ValueError(f"{name} must hold each index once, got {twice[0]} more than once")
    return cells.astype(np.int32)


def rows_of(name: str, patterns: Any, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Several activities as CSR arrays, int64 and int32, rows rising.

    ``patterns`` is a tuple (indptr, indices), a matrix of bool of shape (rows, n), a sparse matrix
    of SciPy, or a list of what `cells_of` takes. Raises as that does.
    """
    if hasattr(patterns, "tocsr"):
        if len(patterns.shape) != 2 or patterns.shape[1] != n:
            raise ValueError(f"{name} must have {n} columns, got shape {patterns.shape}")
        kept = patterns.tocsr(copy=True)
        kept.eliminate_zeros()
        patterns = (kept.indptr, kept.indices)
    if isinstance(patterns, np.ndarray) and patterns.dtype == bool:
        if patterns.ndim != 2 or patterns.shape[1] != n:
            raise ValueError(f"{name} must have shape (rows, {n}), got {patterns.shape}")
        rows, columns = np.nonzero(patterns)
        return _ends(np.bincount(rows, minlength=len(patterns))), columns.astype(np.int32)
    if not isinstance(patterns, tuple):
        if not isinstance(patterns, Iterable) or hasattr(patterns, "sparse"):
            raise TypeError(
                f"{name} must be CSR arrays, a matrix or a list of activities, got {patterns!r}"
            )
        found = [cells_of(f"{name}[{k}]", one, n) for k, one in enumerate(patterns)]
        joined = np.concatenate(found) if found else np.empty(0, np.int32)
        return _ends([len(one) for one in found]), joined
    if not (len(patterns) == 2 and _is_indptr(*patterns)):
        raise ValueError(
            f"{name} must be CSR arrays (indptr, indices) where it is a tuple: indptr from 0 to "
            "len(indices), never falling; give several activities as a list"
        )
    indptr, indices = (np.ascontiguousarray(part) for part in patterns)
    if indices.dtype.kind not in "iu" and len(indices):
        raise TypeError(f"{name} must have integer indices, got dtype {indices.dtype}")
    indptr = indptr.astype(np.int64, copy=False)
    if not len(indices) or (indices.min() >= 0 and indices.max() < n):
        narrow = indices.astype(np.int32, copy=False)
        if kernels.rising(indptr, narrow, n) < 0:
            return indptr, narrow
    found = [
        cells_of(f"{name}[{k}]", indices[indptr[k] : indptr[k + 1]], n)
        for k in range(len(indptr) - 1)
    ]
    return indptr, np.concatenate(found) if found else np.empty(0, np.int32)


def stream_of(transmission: float, rng: np.random.Generator | int | None) -> np.ndarray | None:
    """State of the generator of unreliable synapses, for kernels; None where all transmit.

    Raises
    ------
    TypeError, ValueError
        If ``transmission`` is not in [0, 1], or below 1 without a source of randomness.
    """
    if check.real("transmission", transmission, 0.0, 1.0) == 1.0:
        return None
    if rng is None:
        raise ValueError(f"rng must be given where transmission < 1, got {transmission}")
    return state(generator(rng))


def _is_indptr(indptr: Any, indices: Any) -> bool:
    """Whether a pair is CSR arrays."""
    if not (isinstance(indptr, np.ndarray) and isinstance(indices, np.ndarray)):
        return False
    good = indptr.ndim == indices.ndim == 1 and indptr.dtype.kind in "iu" and len(indptr) > 0
    return bool(
        good and indptr[0] == 0 and indptr[-1] == len(indices) and np.all(np.diff(indptr) >= 0)
    )


def _ends(sizes) -> np.ndarray:
    """``indptr`` of rows of the given sizes."""
    indptr = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(np.asarray(sizes, np.int64), out=indptr[1:])
    return indptr
