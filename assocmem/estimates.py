"""What a simulation of independent trials found, with all that is needed to judge it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from . import _validate as check


@dataclass(frozen=True)
class Counted:
    """Independent trials of one event, of which some succeeded.

    Parameters
    ----------
    successes, trials : int
        0 <= successes <= trials, trials >= 1.
    method : str
        How they were drawn.
    """

    successes: int
    trials: int
    method: str = "trials"

    def __post_init__(self) -> None:
        object.__setattr__(self, "trials", check.integer("trials", self.trials, 1))
        found = check.integer("successes", self.successes, 0, self.trials)
        object.__setattr__(self, "successes", found)

    @property
    def mean(self) -> float:
        """Fraction of successes."""
        return self.successes / self.trials

    @property
    def error(self) -> float:
        """Standard error of the fraction, with that of half a success where all are alike."""
        inner = min(max(self.mean, 0.5 / self.trials), 1.0 - 0.5 / self.trials)
        return math.sqrt(inner * (1.0 - inner) / self.trials)


@dataclass(frozen=True, eq=False)
class Replicated:
    """Independent, unbiased estimates of one number, all of the same law.

    Parameters
    ----------
    values : ndarray, shape (replicates,)
        At least 2.
    method : str
        How each was made: "splitting", "importance sampling", "samples".
    """

    values: np.ndarray
    method: str = "samples"

    def __post_init__(self) -> None:
        try:
            values = np.array(self.values, dtype=float)
        except (TypeError, ValueError):
            raise TypeError(f"values must be numbers, got {self.values!r}") from None
        if values.ndim != 1 or len(values) < 2 or not np.all(np.isfinite(values)):
            raise ValueError(
                f"values must be at least 2 finite numbers, got shape {values.shape}: {values!r}"
            )
        values.setflags(write=False)
        object.__setattr__(self, "values", values)

    @property
    def mean(self) -> float:
        """Their mean."""
        return float(self.values.mean())

    @property
    def error(self) -> float:
        """Standard error of the mean."""
        return float(self.values.std(ddof=1) / math.sqrt(len(self.values)))


Estimate = Counted | Replicated
