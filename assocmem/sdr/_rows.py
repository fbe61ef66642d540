"""Tables of packed rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from .kernels import packed

INT32 = np.dtype(np.int32)
_LINE = 8  # words of a cache line


def table_of(rows: int, words: int) -> np.ndarray:
    """Zeros of shape (rows, words) that begin on a cache line."""
    memory = np.zeros(rows * words + _LINE, np.uint64)
    first = -(memory.ctypes.data // 8) % _LINE
    return memory[first : first + rows * words].reshape(rows, words)


def csr_table(size: int, indptr: Any, indices: Any) -> np.ndarray:
    """Bits of CSR rows of cells from 0 to size - 1, or a refusal."""
    starts, cells = np.asarray(indptr), np.asarray(indices)
    for name, array in (("indptr", starts), ("indices", cells)):
        if array.ndim != 1:
            raise ValueError(f"{name} must have one dimension, got shape {array.shape}")
        if array.size and array.dtype.kind not in "iu":
            raise TypeError(f"{name} must be integers, got dtype {array.dtype}")
    if (
        not starts.size
        or starts[0] != 0
        or starts[-1] != len(cells)
        or np.any(starts[1:] < starts[:-1])
    ):
        raise ValueError(
            f"indptr must rise from 0 to the number of indices, {len(cells)}, got {indptr!r}"
        )
    if cells.size and (cells.min() < 0 or cells.max() >= size):
        wrong = cells[(cells < 0) | (cells >= size)][0]
        raise ValueError(f"indices must be cells from 0 to n - 1 = {size - 1}, got {wrong}")
    starts = starts.astype(np.int64, copy=False)
    table = table_of(len(starts) - 1, -(-size // 64))
    place = packed.pack_rows(starts, cells.astype(np.int32, copy=False), table)
    if place >= 0:
        row = int(np.searchsorted(starts, place, side="right")) - 1
        raise ValueError(
            f"indices must be different cells in each row, got {cells[place]} twice in row {row}"
        )
    return table


def check_out(out: Any, rows: int, dtype: np.dtype = INT32) -> None:
    """Refuse to write counts to anything but a whole array of their type and number."""
    if not isinstance(out, np.ndarray) or out.dtype != dtype:
        got = out.dtype if isinstance(out, np.ndarray) else type(out).__name__
        raise TypeError(f"out must be an array of {dtype}, got {got}")
    if out.shape != (rows,) or not out.flags.carray:
        raise ValueError(
            f"out must be a contiguous, writable array of shape {(rows,)}, got {out.shape}"
        )
