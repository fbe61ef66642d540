"""Laws of the activity of n cells: which are on together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from .. import _validate as check
from ..serial import register

if TYPE_CHECKING:
    from .sdr import SDR


class Activity(Protocol):
    """What detectors and memories ask of a law of activities."""

    n: int

    @property
    def mean_size(self) -> float: ...  # noqa: D102

    def draw(self, rng: np.random.Generator) -> SDR:
        """One activity."""
        ...

    def draw_rows(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """``count`` activities as CSR arrays: int64 (count + 1,) and int32 (total,).

        Row k is ``indices[indptr[k]:indptr[k + 1]]``, in rising order.
        """
        ...


class _Drawn:
    """Draws of one activity by way of those of many."""

    def draw(self, rng: np.random.Generator) -> SDR:
        """One activity."""
        from .sdr import SDR

        _, indices = self.draw_rows(1, rng)
        return SDR(self.n, indices)


@register
@dataclass(frozen=True)
class Uniform(_Drawn):
    """Exactly ``a`` of ``n`` cells are on, each set of them equally likely.

    Parameters
    ----------
    n : int
        Cells, >= 1.
    a : int
        Active cells, from 0 to n.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """

    n: int
    a: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", check.integer("n", self.n, 1, 2**31 - 1))
        object.__setattr__(self, "a", check.integer("a", self.a, 0, self.n))

    @property
    def mean_size(self) -> float:
        """Number of active cells a."""
        return float(self.a)

    def draw_rows(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """``count`` activities as CSR arrays, see `Activity.draw_rows`. Cost O(count a)."""
        from .draws import subsets

        return subsets(self.n, self.a, check.integer("count", count, 0), rng)


@register
@dataclass(frozen=True)
class Bernoulli(_Drawn):
    """Each of ``n`` cells is on with probability ``rate``, independently: sizes vary.

    Parameters
    ----------
    n : int
        Cells, >= 1.
    rate : float
        q in [0, 1].

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """

    n: int
    rate: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", check.integer("n", self.n, 1, 2**31 - 1))
        object.__setattr__(self, "rate", check.real("rate", self.rate, 0.0, 1.0))

    @property
    def mean_size(self) -> float:
        """Mean number of active cells n q."""
        return self.n * self.rate

    @property
    def rates(self) -> np.ndarray:
        """Probability of each cell, shape (n,)."""
        return np.full(self.n, self.rate)

    def draw_rows(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """``count`` activities as CSR arrays, see `Activity.draw_rows`. Cost O(active cells)."""
        from .draws import independent

        return independent(self.rates, check.integer("count", count, 0), rng)


@register
@dataclass(frozen=True)
class UnequalRates(_Drawn):
    """Cells are on independently, some more often than others.

    Rates are the quantiles (i + 1/2)/n, i = 0..n-1, of the beta law of the given mean and
    coefficient of variation, so that there is nothing random about them; their own mean and
    coefficient of variation, of `rates`, differ from these in the order of 1/n.

    Parameters
    ----------
    n : int
        Cells, >= 1.
    mean : float
        Mean rate in (0, 1).
    cv : float
        Standard deviation of the rates over their mean, >= 0, below sqrt(1/mean - 1), where
        every cell would be always on or never.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """

    n: int
    mean: float
    cv: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", check.integer("n", self.n, 1, 2**31 - 1))
        mean = check.real("mean", self.mean, 0.0, 1.0, open_low=True, open_high=True)
        object.__setattr__(self, "mean", mean)
        largest = (1.0 / mean - 1.0) ** 0.5
        object.__setattr__(self, "cv", check.real("cv", self.cv, 0.0, largest, open_high=True))

    @cached_property
    def rates(self) -> np.ndarray:
        """Probability of each cell, rising, shape (n,), read-only."""
        from ._cells import locked  # with kernels, which take time to load

        if self.cv == 0.0:
            found = np.full(self.n, self.mean)
        else:
            from scipy import stats

            total = (1.0 / self.mean - 1.0) / self.cv**2 - 1.0
            law = stats.beta(self.mean * total, (1.0 - self.mean) * total)
            found = law.ppf((np.arange(self.n) + 0.5) / self.n)
        return locked(np.array(found))

    def __getstate__(self) -> dict[str, float]:
        # Rates follow from these; what a pickle held might be written to.
        return {"n": self.n, "mean": self.mean, "cv": self.cv}

    @property
    def mean_size(self) -> float:
        """Mean number of active cells, the sum of the rates."""
        return float(self.rates.sum())

    def draw_rows(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """``count`` activities as CSR arrays, see `Activity.draw_rows`. Cost O(count n)."""
        from .draws import independent

        return independent(self.rates, check.integer("count", count, 0), rng)


@register
@dataclass(frozen=True)
class Clustered(_Drawn):
    """Exactly ``a`` of ``n`` cells are on, many of them as whole clusters of neighbours.

    Cells are divided into ``floor(n/size)`` clusters of ``size`` consecutive cells. An activity is
    k = round(fraction a/size) whole clusters (as many as fit into a), all sets of them equally
    likely, and a - k size loose cells, uniform over all cells outside those clusters.

    Parameters
    ----------
    n : int
        Cells, >= 1.
    a : int
        Active cells, from 0 to n.
    size : int
        Cells of a cluster, from 1 to n.
    fraction : float
        Of the active cells that come in clusters, in [0, 1].

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """

    n: int
    a: int
    size: int
    fraction: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", check.integer("n", self.n, 1, 2**31 - 1))
        object.__setattr__(self, "a", check.integer("a", self.a, 0, self.n))
        object.__setattr__(self, "size", check.integer("size", self.size, 1, self.n))
        object.__setattr__(self, "fraction", check.real("fraction", self.fraction, 0.0, 1.0))

    @property
    def n_clusters(self) -> int:
        """Number of clusters floor(n/size)."""
        return self.n // self.size

    @property
    def n_whole(self) -> int:
        """Clusters that are on as a whole, k."""
        return min(round(self.fraction * self.a / self.size), self.a // self.size)

    @property
    def n_loose(self) -> int:
        """Active cells outside them, a - k size."""
        return self.a - self.n_whole * self.size

    @property
    def mean_size(self) -> float:
        """Number of active cells a."""
        return float(self.a)

    def draw_rows(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """``count`` activities as CSR arrays, see `Activity.draw_rows`. Cost O(count a)."""
        from .draws import clustered

        return clustered(self, check.integer("count", count, 0), rng)
