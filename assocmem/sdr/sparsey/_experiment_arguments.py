"""Arguments that experiments have in common, checked before work starts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from ... import _validate as check

T = TypeVar("T")


def listed(name: str, values: Any, checked: Callable[[str, Any], T]) -> list[T]:
    """A list of what ``checked`` returns for each of one or more values, or an error."""
    if isinstance(values, str) or not np.iterable(values):
        raise TypeError(f"{name} must be a sequence, got {values!r}")
    found = [checked(f"{name}[{k}]", value) for k, value in enumerate(values)]
    if not found:
        raise ValueError(f"{name} must hold at least one entry, got none")
    return found


def integers(name: str, values: Any, low: int, high: int | None = None) -> list[int]:
    """Integers within bounds."""
    return listed(name, values, lambda own, value: check.integer(own, value, low, high))


def choices(name: str, values: Any, options: tuple[str, ...]) -> list[str]:
    """Some of the options."""
    return listed(name, values, lambda own, value: check.choice(own, value, options))


def modules_units(name: str, value: Any) -> tuple[int, int]:
    """Q and K of a mac."""
    found = integers(name, value, 1)
    if len(found) != 2:
        raise ValueError(f"{name} must be two integers, Q and K, got {value!r}")
    return found[0], check.integer(f"{name}[1]", found[1], 2)
