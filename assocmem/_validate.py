"""Checks of arguments: one place for the wording of every refusal."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np


def _plain(value: Any) -> Any:
    """The scalar that a 0-d array holds; anything else as it is."""
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value


def _shown(value: Any) -> str:
    """``repr`` of a value, cut to a length that a message bears."""
    try:
        text = repr(value)
    except ValueError:  # Python refuses to write out integers of thousands of digits
        text = f"one of type {type(value).__name__}, too long to write out"
    return text if len(text) <= 120 else f"{text[:60]} ... {text[-20:]}"


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
    value = _plain(value)
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise TypeError(
            f"{name} must be a real number, got {_shown(value)} of type {type(value).__name__}"
        )
    try:
        number = float(value)
    except OverflowError:  # integers and fractions beyond the range of double precision
        number = math.inf
    below = number <= low if open_low else number < low
    above = number >= high if open_high else number > high
    if not math.isfinite(number) or below or above:
        left = "(" if open_low or low == -math.inf else "["
        right = ")" if open_high or high == math.inf else "]"
        raise ValueError(
            f"{name} must be a finite number in {left}{low:g}, {high:g}{right}, got {_shown(value)}"
        )
    return number


def integer(name: str, value: Any, low: int | None = None, high: int | None = None) -> int:
    """Return ``value`` as an int within [low, high] or raise, naming the argument."""
    value = _plain(value)
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be an integer, got {_shown(value)} ({type(value).__name__})")
    number = int(value)
    if (low is not None and number < low) or (high is not None and number > high):
        if low is not None and high is not None:
            wanted = f"in [{low}, {high}]"
        else:
            wanted = f">= {low}" if high is None else f"<= {high}"
        raise ValueError(f"{name} must be an integer {wanted}, got {_shown(value)}")
    return number


def set_integer(owner: Any, name: str, low: int | None = None, high: int | None = None) -> int:
    """Check a field of a frozen dataclass, keep it as an int and return it."""
    value = integer(name, getattr(owner, name), low, high)
    object.__setattr__(owner, name, value)
    return value


def choice(name: str, value: Any, options: tuple[str, ...]) -> str:
    """Return ``value`` if it is one of ``options`` or raise, naming the argument."""
    if not isinstance(value, str) or value not in options:
        listed = ", ".join(repr(option) for option in options)
        raise ValueError(f"{name} must be one of {listed}, got {_shown(value)}")
    return value


def signs(
    name: str,
    value: Any,
    shape: tuple[int | None, ...],
    *,
    stacked: bool = False,
    blanks: bool = False,
) -> np.ndarray:
    """Return ``value`` as a C-contiguous int8 array of +-1 of the given shape, or raise.

    ``None`` in ``shape`` leaves that extent free; with ``stacked`` any extents may go before it.
    With ``blanks`` entries may be 0 too.
    The array itself is returned where it is one already.
    """
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} must be an array, got {_shown(value)}") from None
    extents = ["any" if extent is None else str(extent) for extent in shape]
    wanted = "(" + ", ".join(["..."] * stacked + extents) + ("," * (len(shape) == 1)) + ")"
    rank = len(shape)
    fits = (array.ndim >= rank if stacked else array.ndim == rank) and all(
        extent is None or extent == found
        for extent, found in zip(shape, array.shape[array.ndim - rank :], strict=False)
    )
    if not fits:
        raise ValueError(f"{name} must have shape {wanted}, got {array.shape}")
    numeric = array.dtype.kind in "iuf"
    if not numeric or not np.all((array == 1) | (array == -1) | (blanks & (array == 0))):
        raise ValueError(
            f"{name} must hold only -1{', 0' * blanks} and +1, got dtype {array.dtype} with other "
            "values"
        )
    return np.ascontiguousarray(array, dtype=np.int8)
