"""Checks of array arguments of the combinatorial functions, and their broadcasting."""

from __future__ import annotations

from typing import Any

import numpy as np

MOST_CELLS = 2**31 - 1
MOST_PATTERNS = 2**31 - 1
_LARGEST = 2**62


def _array(name: str, value: Any) -> np.ndarray:
    try:
        return np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} must be rows of equal length, got {value!r:.120}") from None


def integers(name: str, value: Any, low: int | None = None, high: Any = None) -> np.ndarray:
    """``value`` as an int64 array within [low, high], or raise, naming the argument.

    ``high`` may be an array that broadcasts with it.
    """
    array = _array(name, value)
    # Integers beyond 64 bits come as objects, and so does much else, of which some would be cut.
    large = array.dtype == object and array.ndim == 0 and type(array[()]) is int
    if array.dtype.kind not in "iu" and not large:
        raise TypeError(
            f"{name} must be an integer or an array of integers, got {value!r:.120} "
            f"of dtype {array.dtype}"
        )
    least = -_LARGEST if low is None else low
    most = _LARGEST if high is None else high
    outside = (array < least) | (array > most)
    if np.any(outside):
        where = np.broadcast_to(array, outside.shape)[outside].flat[0]
        limit = np.broadcast_to(most, outside.shape)[outside].flat[0]
        wanted = f">= {low}" if high is None else f"in [{least}, {limit}]"
        raise ValueError(f"{name} must be an integer {wanted}, got {where}")
    return array.astype(np.int64)


def reals(name: str, value: Any, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    """``value`` as a float64 array within [low, high], or raise, naming the argument."""
    array = _array(name, value)
    if array.dtype.kind not in "iuf":
        raise TypeError(
            f"{name} must be a real number or an array of them, got {value!r:.120} "
            f"of dtype {array.dtype}"
        )
    array = array.astype(float)
    outside = ~((array >= low) & (array <= high))
    if np.any(outside):
        raise ValueError(f"{name} must be in [{low:g}, {high:g}], got {array[outside].flat[0]}")
    return array


def cells(n: Any, **sizes: Any) -> list[np.ndarray]:
    """``n`` and numbers of cells among the n, each checked against 0 and n."""
    n = integers("n", n, 0, MOST_CELLS)
    return [n, *(integers(name, size, 0, n) for name, size in sizes.items())]


def together(*arrays: np.ndarray) -> tuple[tuple[int, ...], list[np.ndarray]]:
    """Common shape, and the arrays broadcast to it and laid out flat."""
    shape = np.broadcast_shapes(*(array.shape for array in arrays))
    # Copies, since kernels would be compiled once more for views that may not be written to.
    flat = [np.array(np.broadcast_to(array, shape), order="C").ravel() for array in arrays]
    return shape, flat


def shaped(values: np.ndarray, shape: tuple[int, ...]) -> float | np.ndarray:
    """Flat values in the common shape; a float where that is ()."""
    return values.reshape(shape) if shape else float(values[0])
