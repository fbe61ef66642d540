"""Inputs as callers give them, checked, as packed rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._cells import array_of
from .._willshaw_rows import csr
from .mac import Mac


def packed_inputs(name: str, value: Any, n: int) -> tuple[np.ndarray, bool]:
    """``value`` as packed rows, and whether it is one input rather than many.

    Parameters
    ----------
    name : str
        Of the argument, for errors.
    value : SDR, array, list of int, Codebook, or sequence of SDR or of lists
        A NumPy array of bool or uint8 is dense: whether each of n features is active, (n,) for one
        input and (items, n) for many. Everything else is SDRs or lists of active features, see
        `csr`.
    n : int
        Features.

    Returns
    -------
    rows : ndarray, uint64, shape (items, ceil(n/64))
        Feature f is bit f%64 of word f//64; bits beyond n are 0.
    single : bool

    Raises
    ------
    TypeError, ValueError
        If it is neither, or features are out of range or there twice.
    """
    if isinstance(value, np.ndarray) and value.dtype in (np.bool_, np.uint8):
        if value.ndim not in (1, 2) or value.shape[-1] != n:
            raise ValueError(
                f"{name} must have shape ({n},) or (items, {n}) where it is an array of "
                f"{value.dtype}, which says of each feature whether it is active, got {value.shape}"
            )
        if value.dtype == np.uint8 and value.size and value.max() > 1:
            raise ValueError(
                f"{name} must hold only 0 and 1 where it is an array of uint8, got {value.max()}"
            )
        return packed_bits(np.atleast_2d(value)), value.ndim == 1
    from ..codebook import Codebook
    from ..kernels.packed import pack_rows

    if isinstance(value, Codebook):
        if value.n != n:
            raise ValueError(f"{name} must have n={n} features, got a codebook of n={value.n}")
        return value.packed.copy(), False  # as kernels know no read-only arrays
    try:
        indptr, indices, single = csr(name, value, n)
    except ValueError as failure:
        if str(failure).startswith(name):
            raise
        raise ValueError(f"{name} must be inputs, or one, got {value!r}") from None  # NumPy's
    rows = np.zeros((len(indptr) - 1, -(-n // 64)), np.uint64)
    pack_rows(indptr, indices, rows)
    return rows, single


def packed_bits(dense: np.ndarray) -> np.ndarray:
    """Rows of bool or of 0 and 1 as packed rows: bit f%64 of word f//64 is column f."""
    rows, n = dense.shape
    octets = np.zeros((rows, 8 * -(-n // 64)), np.uint8)
    octets[:, : -(-n // 8)] = np.packbits(dense, axis=1, bitorder="little")
    return octets.view("<u8").astype(np.uint64, copy=False)


def checked_code(code: Any, mac: Mac) -> np.ndarray:
    """``code`` as winners of a mac, int32 (Q,), -1 of modules that have none, or a refusal."""
    winners = array_of("code", code)
    if winners.dtype.kind not in "iu":
        raise TypeError(f"code must be integers, got dtype {winners.dtype}")
    if winners.shape != (mac.n_modules,):
        raise ValueError(f"code must have shape ({mac.n_modules},), got {winners.shape}")
    if winners.min() < -1 or winners.max() >= mac.n_units:
        raise ValueError(f"code must be winners in [-1, {mac.n_units - 1}], got {code!r}")
    return winners.astype(np.int32)


def row_sizes(inputs: np.ndarray) -> np.ndarray:
    """Number of features of each packed row, int64."""
    from ..kernels.packed import size_rows

    found = np.empty(len(inputs), np.int32)
    size_rows(inputs, found)
    return found.astype(np.int64)
