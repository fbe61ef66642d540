"""Arrays whose rows start on cache lines and are filled up with zeros to whole ones."""

from __future__ import annotations

import numpy as np

LINE = 64  # bytes of a cache line, and the entries to a multiple of which rows are filled up


def padded_width(size: int) -> int:
    """``size`` rounded up to a multiple of 64."""
    return -(-size // LINE) * LINE


def padded_zeros(rows: int, size: int, dtype: np.typing.DTypeLike) -> np.ndarray:
    """Zeros of shape (rows, `padded_width`), each row aligned to 64 bytes."""
    width = padded_width(size)
    count = rows * width * np.dtype(dtype).itemsize
    memory = np.zeros(count + LINE, np.uint8)
    first = -memory.ctypes.data % LINE
    return memory[first : first + count].view(dtype).reshape(rows, width)
