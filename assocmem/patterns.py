"""Ensembles of patterns: the law of their entries, and draws from it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from . import _validate as check
from .serial import register


class Ensemble(Protocol):
    """What a model asks of a pattern ensemble.

    Entries are independent and identically distributed on {-1, +1}. ``mean`` and ``variance``
    are those of one entry. Couplings are made of *standardised* entries
    eta = (xi - mean) / sqrt(variance), so that E eta = 0 and E eta^2 = 1 whatever the ensemble.
    """

    @property
    def mean(self) -> float: ...  # noqa: D102

    @property
    def variance(self) -> float: ...  # noqa: D102

    def law(self) -> tuple[np.ndarray, np.ndarray]:
        """Values of a standardised entry and their probabilities."""
        ...

    def draw(self, n_patterns: int, n_spins: int, rng: np.random.Generator) -> np.ndarray:
        """Patterns, int8 of shape (n_patterns, n_spins)."""
        ...

    def standardise(self, patterns: np.ndarray) -> np.ndarray:
        """Entries shifted and scaled to mean 0 and variance 1."""
        ...


@register
@dataclass(frozen=True)
class Rademacher:
    """Independent unbiased entries, P(xi = +1) = P(xi = -1) = 1/2.

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem import Rademacher
    >>> Rademacher().draw(2, 4, np.random.default_rng(0)).shape
    (2, 4)
    """

    @property
    def mean(self) -> float:
        """E xi = 0."""
        return 0.0

    @property
    def variance(self) -> float:
        """E xi^2 = 1."""
        return 1.0

    def law(self) -> tuple[np.ndarray, np.ndarray]:
        """Values of a standardised entry and their probabilities."""
        return np.array([1.0, -1.0]), np.array([0.5, 0.5])

    def draw(self, n_patterns: int, n_spins: int, rng: np.random.Generator) -> np.ndarray:
        """Patterns, int8 of shape (n_patterns, n_spins)."""
        return _draw_signs(0.5, n_patterns, n_spins, rng)

    def standardise(self, patterns: np.ndarray) -> np.ndarray:
        """The patterns themselves: their entries have mean 0 and variance 1."""
        return patterns


@register
@dataclass(frozen=True)
class Biased:
    """Independent entries of mean ``bias``, P(xi = +1) = (1 + bias)/2.

    Couplings follow the covariance rule of Amit, Gutfreund, Sompolinsky, Phys. Rev. A 35 (1987)
    2293, here divided by the variance 1 - bias^2: J_ij = (1/N) sum_mu eta_i eta_j with
    eta = (xi - bias)/sqrt(1 - bias^2).

    Parameters
    ----------
    bias : float
        Mean of one entry, in (-1, 1).

    Raises
    ------
    TypeError, ValueError
        If ``bias`` is not a number in (-1, 1).
    """

    bias: float

    def __post_init__(self) -> None:
        value = check.real("bias", self.bias, -1.0, 1.0, open_low=True, open_high=True)
        object.__setattr__(self, "bias", value)

    @property
    def mean(self) -> float:
        """E xi."""
        return self.bias

    @property
    def variance(self) -> float:
        """E xi^2 - (E xi)^2."""
        return (1.0 - self.bias) * (1.0 + self.bias)

    def law(self) -> tuple[np.ndarray, np.ndarray]:
        """Values of a standardised entry and their probabilities."""
        scale = math.sqrt(self.variance)
        values = np.array([(1.0 - self.bias) / scale, (-1.0 - self.bias) / scale])
        return values, np.array([0.5 * (1.0 + self.bias), 0.5 * (1.0 - self.bias)])

    def draw(self, n_patterns: int, n_spins: int, rng: np.random.Generator) -> np.ndarray:
        """Patterns, int8 of shape (n_patterns, n_spins)."""
        return _draw_signs(0.5 * (1.0 + self.bias), n_patterns, n_spins, rng)

    def standardise(self, patterns: np.ndarray) -> np.ndarray:
        """Entries (xi - bias)/sqrt(1 - bias^2), float64, of the shape of ``patterns``."""
        return (np.asarray(patterns, dtype=np.float64) - self.bias) / math.sqrt(self.variance)


def _draw_signs(plus: float, n_patterns: int, n_spins: int, rng: np.random.Generator) -> np.ndarray:
    n_patterns = check.integer("n_patterns", n_patterns, 1)
    n_spins = check.integer("n_spins", n_spins, 1)
    patterns = np.empty((n_patterns, n_spins), dtype=np.int8)
    # One row at a time: the temporary of uniform numbers stays small whatever K.
    for row in patterns:
        row[:] = np.where(rng.random(n_spins) < plus, 1, -1)
    return patterns
