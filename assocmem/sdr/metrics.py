"""Statistics of a stream of SDRs, exact and in one pass."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .. import _validate as check
from ._cells import dimensions_of
from .sdr import SDR

# Weights of the frequencies are rescaled before their common factor leaves the range of doubles.
_SMALLEST = 1e-150


@dataclass(frozen=True)
class Summary:
    """Extremes, mean and standard deviation of values; nan where there were none.

    Parameters
    ----------
    min, max : float
        Over all values, whatever their weights.
    mean, std : float
        Of the values with their weights: the root of the mean squared deviation, without a
        correction for the size of the sample.
    """

    min: float = math.nan
    max: float = math.nan
    mean: float = math.nan
    std: float = math.nan

    def __str__(self) -> str:
        return f"min {self.min:.4g}, mean {self.mean:.4g}, max {self.max:.4g}, std {self.std:.4g}"


class _Moments:
    """Weighted mean and variance of a stream.

    With the weight alpha of the newest value, m' = m + alpha d and v' = (1 - alpha)(v + alpha d^2),
    d = x - m, are the mean and variance of the weights alpha_i prod_{j>i} (1 - alpha_j), exactly;
    alpha = 1/t is the running mean (Welford, Technometrics 4 (1962) 419).
    """

    def __init__(self, period: int | None) -> None:
        self.period, self.count = period, 0
        self.low, self.high = math.inf, -math.inf
        self.mean = self.variance = 0.0

    def add(self, value: float) -> None:
        self.count += 1
        alpha = 1.0 / (self.count if self.period is None else min(self.count, self.period))
        self.low, self.high = min(self.low, value), max(self.high, value)
        difference = value - self.mean
        self.mean += alpha * difference
        self.variance = (1.0 - alpha) * (self.variance + alpha * difference**2)

    @property
    def summary(self) -> Summary:
        if not self.count:
            return Summary()
        return Summary(self.low, self.high, self.mean, math.sqrt(self.variance))


class Metrics:
    """Sparsity, activation frequencies and overlaps of successive SDRs of a stream.

    Parameters
    ----------
    n : int or tuple of int
        Number of cells, or their shape.
    period : int, optional
        Without it all SDRs count alike. With it the newest has weight 1/min(t, period), t the SDRs
        so far, and the others keep the rest: running means up to t = period, from then on
        exponential weights that fall by 1/e in about ``period`` SDRs.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Notes
    -----
    Cost of `add`: the active cells, and n/64 words for the overlap. Memory 8 n bytes.

    Examples
    --------
    >>> from assocmem import SDR
    >>> from assocmem.sdr import Metrics
    >>> metrics = Metrics(100)
    >>> for cells in ([1, 2], [2, 3], [2, 3, 4, 5]):
    ...     metrics.add(SDR(100, cells))
    >>> print(metrics)
    3 SDRs of 100 cells
    sparsity: min 0.02, mean 0.02667, max 0.04, std 0.009428
    activation frequency: min 0, mean 0.02667, max 1, std 0.1306, entropy 0.2071
    overlap of successive ones: min 0.5, mean 0.5, max 0.5, std 0
    """

    def __init__(self, n: int | Sequence[int], period: int | None = None) -> None:
        self._dimensions = dimensions_of(n)
        self._n = math.prod(self._dimensions)
        self._period = None if period is None else check.integer("period", period, 1)
        self._sparsity, self._overlap = _Moments(self._period), _Moments(self._period)
        # Frequencies are weights times scale: an SDR touches only the weights of its own cells.
        self._weights, self._scale = np.zeros(self._n), 1.0
        self._last: SDR | None = None

    @property
    def n(self) -> int:
        """Number of cells."""
        return self._n

    @property
    def period(self) -> int | None:
        """SDRs that count, or None for all."""
        return self._period

    @property
    def count(self) -> int:
        """SDRs so far."""
        return self._sparsity.count

    def add(self, sdr: SDR) -> None:
        """Take the next SDR of the stream into account.

        Raises
        ------
        TypeError, ValueError
            If it is not an SDR of n cells.
        """
        if not isinstance(sdr, SDR):
            raise TypeError(f"sdr must be an SDR, got {type(sdr).__name__}")
        if sdr.n != self._n:
            raise ValueError(f"sdr must have n={self._n} cells, got {sdr.n}")
        self._sparsity.add(sdr.sparsity)
        self._count_cells(sdr)
        if self._last is not None:
            larger = max(sdr.size, self._last.size)
            self._overlap.add(sdr.overlap(self._last) / larger if larger else 1.0)
        self._last = sdr

    def extend(self, sdrs: Iterable[SDR]) -> None:
        """`add` each of them."""
        for sdr in sdrs:
            self.add(sdr)

    def _count_cells(self, sdr: SDR) -> None:
        """F' = (1 - alpha) f + alpha x, as scale' = (1 - alpha) scale and a weight alpha/scale'."""
        count = self.count
        if self._period is None or count <= self._period:
            # Equal weights, 1 each: whole numbers, so that nothing is lost.
            self._weights[sdr.sparse] += 1.0
            self._scale = 1.0 / count
            return
        alpha = 1.0 / self._period
        scale = (1.0 - alpha) * self._scale
        if scale < _SMALLEST:
            self._weights *= scale
            scale = 1.0
        self._weights[sdr.sparse] += alpha / scale
        self._scale = scale

    def reset(self) -> None:
        """Begin a new sequence: the next SDR has no predecessor. All else is kept."""
        self._last = None

    @property
    def sparsity(self) -> Summary:
        """Of the fraction of active cells, over SDRs."""
        return self._sparsity.summary

    @property
    def overlap(self) -> Summary:
        """Of the overlap of successive SDRs over the size of the larger, 1 for two empty ones."""
        return self._overlap.summary

    @property
    def frequencies(self) -> np.ndarray:
        """Weighted fraction of SDRs in which each cell was active, float64 of shape (n,)."""
        if not self.count:
            return np.full(self._n, math.nan)
        return np.minimum(self._weights * self._scale, 1.0)  # rounding might go beyond 1

    @property
    def activation_frequency(self) -> Summary:
        """Of `frequencies`, over cells."""
        if not self.count:
            return Summary()
        found = self.frequencies
        return Summary(*(float(value) for value in (found.min(), found.max(), found.mean(),
                                                    found.std())))  # fmt: skip

    @property
    def entropy(self) -> float:
        """Entropy of the cells' frequencies, as a fraction of the largest for their mean.

        sum_i h(f_i)/(n h(mean f)), h the entropy of one bit: 1 where all cells are active equally
        often, 0 where each is always on or always off. nan where the mean itself is 0 or 1.
        """
        if not self.count:
            return math.nan
        found = self.frequencies
        most = float(_entropy(np.array([found.mean()]))[0])
        # By what never was otherwise: a mean of 1 may be off by rounding.
        if most == 0.0 or self._sparsity.low == 1.0:
            return math.nan
        return float(min(_entropy(found).mean() / most, 1.0))

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers of all that is known, for JSON."""
        return {
            "n": self._n,
            "dimensions": list(self._dimensions),
            "period": self._period,
            "count": self.count,
            "sparsity": asdict(self.sparsity),
            "activation_frequency": {**asdict(self.activation_frequency), "entropy": self.entropy},
            "overlap": asdict(self.overlap),
        }

    def __str__(self) -> str:
        window = f", the last {self._period} of them counting most" if self._period else ""
        return "\n".join(
            [
                f"{self.count} SDRs of {self._n} cells{window}",
                f"sparsity: {self.sparsity}",
                f"activation frequency: {self.activation_frequency}, entropy {self.entropy:.4g}",
                f"overlap of successive ones: {self.overlap}",
            ]
        )

    def __repr__(self) -> str:
        n = self._n if len(self._dimensions) == 1 else self._dimensions
        period = f", period={self._period}" if self._period else ""
        return f"Metrics({n}{period})"


def _entropy(frequencies: np.ndarray) -> np.ndarray:
    """Entropy of bits that are on with these frequencies, in nats."""
    from scipy.special import xlog1py, xlogy

    return -xlogy(frequencies, frequencies) - xlog1py(1.0 - frequencies, -frequencies)
