"""Patterns as callers give them, checked, as CSR arrays."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .sdr import SDR


def csr(name: str, value: Any, n: int) -> tuple[np.ndarray, np.ndarray, bool]:
    """``value`` as CSR arrays of active cells, and whether it is one pattern rather than many.

    Parameters
    ----------
    name : str
        Of the argument, for errors.
    value : SDR, array of int or sequence of these
        One pattern: an SDR or its active cells in any order. Many: a sequence of patterns, or a
        two-dimensional array, one pattern a row.
    n : int
        Cells.

    Returns
    -------
    indptr : ndarray, int64, shape (patterns + 1,)
    indices : ndarray, int32
        Each row in rising order.
    single : bool

    Raises
    ------
    TypeError, ValueError
        If cells are no integers, out of range or there twice, or the size is another.
    """
    if _is_sdr(value):
        rows, single = [_one(name, value, n)], True
    elif isinstance(value, np.ndarray):
        if value.ndim not in (1, 2) or value.dtype == object:
            raise ValueError(f"{name} must be of one or two dimensions, got shape {value.shape}")
        single = value.ndim == 1
        rows = [_one(name if single else f"{name}[{k}]", row, n)
                for k, row in enumerate(np.atleast_2d(value))]  # fmt: skip
    else:
        try:
            entries = list(value)
        except TypeError:
            raise TypeError(
                f"{name} must be an SDR, active cells or a sequence of these, got {value!r}"
            ) from None
        single = not any(
            _is_sdr(entry) or isinstance(entry, (list, tuple)) or np.ndim(entry)
            for entry in entries
        )
        if single:
            rows = [_one(name, entries, n)]
        else:
            rows = [_one(f"{name}[{k}]", entry, n) for k, entry in enumerate(entries)]
    indptr = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(row) for row in rows], out=indptr[1:])
    indices = np.concatenate([np.empty(0, np.int32), *rows])
    return indptr, indices.astype(np.int32, copy=False), single


def _is_sdr(value: Any) -> bool:
    return hasattr(value, "sparse") and hasattr(value, "n")


def _one(name: str, value: Any, n: int) -> np.ndarray:
    """Active cells of one pattern, rising, int32."""
    if _is_sdr(value):
        if value.n != n:
            raise ValueError(f"{name} must have n={n} cells, got an SDR of n={value.n}")
        return np.asarray(value.sparse, dtype=np.int32)
    try:
        cells = np.asarray(value)
    except ValueError:  # lists of unequal lengths within
        raise TypeError(
            f"{name} must be an SDR or a list of integers, its active cells, got {value!r:.120}"
        ) from None
    if cells.size == 0 and cells.ndim == 1:
        return np.empty(0, np.int32)
    if cells.ndim != 1 or cells.dtype.kind not in "iu":
        raise TypeError(
            f"{name} must be an SDR or a list of integers, its active cells, got dtype "
            f"{cells.dtype} of shape {cells.shape}"
        )
    low, high = int(cells.min()), int(cells.max())
    if low < 0 or high >= n:
        raise ValueError(f"{name} must hold cells in [0, {n - 1}], got {low if low < 0 else high}")
    cells = np.sort(cells).astype(np.int32)
    twice = cells[1:][cells[1:] == cells[:-1]]
    if len(twice):
        raise ValueError(f"{name} must hold each cell once, got {twice[0]} twice")
    return cells


def unpacked(packed: np.ndarray, n: int) -> list[SDR]:
    """An SDR for each packed row."""
    from .kernels.willshaw import count_bits, list_bits
    from .sdr import SDR

    indptr = np.zeros(len(packed) + 1, np.int64)
    count_bits(packed, indptr[1:])
    np.cumsum(indptr, out=indptr)
    indices = np.empty(indptr[-1], np.int32)
    list_bits(packed, indptr, indices)
    return [SDR(n, indices[a:b]) for a, b in pairwise(indptr)]
