"""Probabilities that may be far below what a double holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Probability:
    """A probability, or an array of them, with its decimal logarithm.

    Parameters
    ----------
    value : float or ndarray
        0 where it is below the smallest double; ``log10`` is right there too.
    log10 : float or ndarray
        -inf where the probability is 0 exactly.
    method : str
        "exact", or the name of the approximation or bound.
    """

    value: float | np.ndarray
    log10: float | np.ndarray
    method: str = "exact"

    @classmethod
    def of_log(cls, log: float | np.ndarray, method: str = "exact") -> Probability:
        """From natural logarithms."""
        log = np.minimum(np.asarray(log, dtype=float), 0.0)
        value, log10 = np.exp(log), log / np.log(10.0)
        if log.ndim == 0:
            return cls(float(value), float(log10), method)
        return cls(value, log10, method)

    def __float__(self) -> float:
        return float(self.value)

    def __str__(self) -> str:
        if np.ndim(self.value):
            return f"log10 {self.log10} ({self.method})"
        if self.value or self.log10 == -np.inf:
            return f"{self.value:.6g} ({self.method})"
        whole = int(np.floor(self.log10))
        return f"{10 ** (self.log10 - whole):.6g}e{whole} ({self.method})"
