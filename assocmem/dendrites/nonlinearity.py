"""Nonlinearities of dendrites and of cell bodies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _validate as check
from ..serial import register

Function = Callable[[np.ndarray], Any]


@register
@dataclass(frozen=True)
class Step:
    """1 from a threshold on, 0 below.

    Parameters
    ----------
    threshold : float

    Raises
    ------
    TypeError, ValueError
        If the threshold is not a finite number.
    """

    threshold: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "threshold", check.real("threshold", self.threshold))

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Values at ``z``, float64."""
        return (np.asarray(z) >= self.threshold).astype(np.float64)


@register
@dataclass(frozen=True)
class Power:
    """z to the power of ``exponent``: Poirazi and Mel's branches have exponent 10.

    Parameters
    ----------
    exponent : float
        > 0.

    Raises
    ------
    TypeError, ValueError
        If the exponent is not a number > 0.
    """

    exponent: float = 10.0

    def __post_init__(self) -> None:
        value = check.real("exponent", self.exponent, 0.0, open_low=True)
        object.__setattr__(self, "exponent", value)

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Values at ``z`` >= 0, float64."""
        return np.asarray(z, dtype=np.float64) ** self.exponent


@register
@dataclass(frozen=True)
class Sigmoid:
    """1/(1 + exp(slope (centre - z))), right in relative terms in both tails.

    Parameters
    ----------
    centre : float
        Where it is 1/2; 11.5 for the replications of Ahmad and Hawkins.
    slope : float
        > 0; the largest slope is a quarter of it. 5 for these.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a number or the slope not > 0.
    """

    centre: float = 11.5
    slope: float = 5.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "centre", check.real("centre", self.centre))
        slope = check.real("slope", self.slope, 0.0, open_low=True)
        object.__setattr__(self, "slope", slope)

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Values at ``z``, float64."""
        x = self.slope * (np.asarray(z, dtype=np.float64) - self.centre)
        small = np.exp(-np.abs(x))
        return np.where(x >= 0.0, 1.0, small) / (1.0 + small)


def check_functions(**functions: Function | None) -> None:
    """Refuse what is neither None nor a function, a class without its parameters among it."""
    for name, function in functions.items():
        if function is not None and (isinstance(function, type) or not callable(function)):
            raise TypeError(f"{name} must be callable, such as Power(10), got {function!r}")


def tabulated(function: Function, most: int) -> np.ndarray:
    """Values of a function at the counts 0, 1, ..., ``most``, float64 (most + 1,).

    Raises
    ------
    ValueError
        If the function does not give finite numbers there.

    Examples
    --------
    >>> from assocmem.dendrites.nonlinearity import Step, tabulated
    >>> tabulated(Step(2), 3)
    array([0., 0., 1., 1.])
    """
    table = np.array([function(np.float64(count)) for count in range(most + 1)], dtype=np.float64)
    if table.shape != (most + 1,) or not np.all(np.isfinite(table)):
        raise ValueError(
            f"nonlinearity must give one finite number for each count up to {most}, "
            f"got {function!r}"
        )
    return table
