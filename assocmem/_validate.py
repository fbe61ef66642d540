"""Checks of arguments: one place for the wording of every refusal."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np


def real(
    name: str,
    value: Any,
    low: float = -math.inf,
    high: float = math.inf,
    *,
    open_low: bool = False,
    open_high: bool = False,
) -> float:
    """Return ``value`` as a finite float within [low, high] or raise, naming the argument."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise TypeError(
            f"{name} must be a real number, got {value!r} of type {type(value).__name__}"
        )
    number = float(value)
    below = number <= low if open_low else number < low
    above = number >= high if open_high else number > high
    if not math.isfinite(number) or below or above:
        left = "(" if open_low or low == -math.inf else "["
        right = ")" if open_high or high == math.inf else "]"
        raise ValueError(
            f"{name} must be a finite number in {left}{low:g}, {high:g}{right}, got {value!r}"
        )
    return number


def integer(name: str, value: Any, low: int | None = None, high: int | None = None) -> int:
    """Return ``value`` as an int within [low, high] or raise, naming the argument."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be an integer, got {value!r} ({type(value).__name__})")
    number = int(value)
    if (low is not None and number < low) or (high is not None and number > high):
        lower = "" if low is None else f" >= {low}"
        upper = "" if high is None else f" <= {high}"
        raise ValueError(f"{name} must be an integer{lower}{upper}, got {value!r}")
    return number


def choice(name: str, value: Any, options: tuple[str, ...]) -> str:
    """Return ``value`` if it is one of ``options`` or raise, naming the argument."""
    if not isinstance(value, str) or value not in options:
        listed = ", ".join(repr(option) for option in options)
        raise ValueError(f"{name} must be one of {listed}, got {value!r}")
    return value


def signs(name: str, value: Any, shape: tuple[int | None, ...]) -> np.ndarray:
    """Return ``value`` as a C-contiguous int8 array of +-1 of the given shape, or raise.

    ``None`` in ``shape`` leaves that extent free.
    """
    array = np.asarray(value)
    wanted = "(" + ", ".join("any" if extent is None else str(extent) for extent in shape) + ")"
    fits = array.ndim == len(shape) and all(
        extent is None or extent == found for extent, found in zip(shape, array.shape, strict=False)
    )
    if not fits:
        raise ValueError(f"{name} must have shape {wanted}, got {array.shape}")
    if array.dtype.kind not in "iuf" or not np.all(np.abs(array.astype(np.float64)) == 1.0):
        raise ValueError(
            f"{name} must hold only -1 and +1, got dtype {array.dtype} with other values"
        )
    return np.ascontiguousarray(array, dtype=np.int8)
