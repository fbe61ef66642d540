"""Statistics of correlated series: blocking in constant memory, autocorrelation times, R-hat.

Conventions. The integrated autocorrelation time is

    tau_int = 1/2 + sum_{t >= 1} rho(t),

in units of records (1/2 for independent ones), so that the variance of the mean of n records is
2 tau_int sigma^2 / n and the effective sample size is ESS = n / (2 tau_int). A series is called
too short when ESS < 50, which is n < 100 tau_int, or n < 50 (1 + 2 sum rho) in the other common
convention.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import _validate as check

MIN_ESS = 50.0
"""A series with fewer effective records than this is flagged as too short."""

_FEWEST_BLOCKS = 8  # a variance of fewer block means is not worth looking at
_KEPT_BLOCKS = 32  # between this and twice this many block means are kept for the jackknife
_ROUNDING = 1e-12  # relative spread below which a series differs from a constant by rounding only


@dataclass(frozen=True)
class Blocked:
    """What `Blocking` knows of its series; every array has shape (n_series,) unless said.

    Parameters
    ----------
    mean, variance : ndarray
        Mean and variance (divisor n - 1) of the records.
    error : ndarray
        Standard error of the mean at the chosen block length; 0 for a constant series.
    tau, ess : ndarray
        Integrated autocorrelation time 1/2 + sum rho in records, and n / (2 tau). NaN for a
        constant series, of which nothing can be said.
    block_length : ndarray of int
        Chosen block length.
    too_short : ndarray of bool
        No block length met the criterion, or ESS < 50. The error is then the largest over all
        block lengths, and no more than a lower bound.
    constant : ndarray of bool
        All records were equal (to 1e-12 of their size).
    half_means, half_variances : ndarray, shape (2, n_series)
        Of the first and the last n // 2 records, for split R-hat.
    blocks : ndarray, shape (n_series, n_blocks)
        Means of consecutive blocks of equal length (the incomplete last one is left out), for
        the jackknife of functions of several means.
    centred_blocks : ndarray, shape (n_series, n_blocks)
        The same less the first record, without the rounding that adding it brings.
    """

    mean: np.ndarray
    variance: np.ndarray
    error: np.ndarray
    tau: np.ndarray
    ess: np.ndarray
    block_length: np.ndarray
    too_short: np.ndarray
    constant: np.ndarray
    half_means: np.ndarray
    half_variances: np.ndarray
    blocks: np.ndarray
    centred_blocks: np.ndarray


class _Sums:
    """Running sums of x and x^2, added one after the other so that chunking changes no bit."""

    def __init__(self, n_series: int) -> None:
        self.count = 0
        self.first = np.zeros(n_series)
        self.second = np.zeros(n_series)

    def add(self, values: np.ndarray) -> None:
        if values.shape[1]:
            self.count += values.shape[1]
            self.first = _append(self.first, values)
            self.second = _append(self.second, values * values)

    def mean(self) -> np.ndarray:
        return self.first / self.count

    def variance(self) -> np.ndarray:
        spread = self.second - self.first**2 / self.count
        return np.maximum(spread, 0.0) / (self.count - 1)


def _append(total: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.cumsum(np.concatenate([total[:, None], values], axis=1), axis=1)[:, -1].copy()


class Blocking:
    """Blocking analysis of many series at once, fed by chunks, in memory O(n_series log n).

    At level l the records are averaged over blocks of B = 2^l. With s_B = B var(block means) /
    var(records), the statistical inefficiency seen at that level, the block length is the
    smallest with

        B^3 > 2 n s_B^2,

    where the systematic error of the variance from correlation between blocks (relative size
    about tau/B) falls below the noise of its estimate (about sqrt(2 B / n)). Levels with fewer
    than 8 blocks are not used.

    Parameters
    ----------
    n_series : int
        Number of series.
    length : int
        Number n >= 4 of records that each series will have.

    Notes
    -----
    Sums are taken of x - x_0, with x_0 the first record, so that a mean large against the
    fluctuations does no harm. Records are added strictly in order: results do not depend on how
    they were cut into chunks, to the last bit. Cost: about 6 operations per record and series.

    References
    ----------
    Flyvbjerg, Petersen, J. Chem. Phys. 91 (1989) 461 (blocking); Wolff, Comput. Phys. Commun.
    156 (2004) 143 and Lee et al., Phys. Rev. E 83 (2011) 066706 (choice of block length).

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem.montecarlo.statistics import Blocking
    >>> records = np.random.default_rng(0).normal(size=(2, 4096))
    >>> blocking = Blocking(2, 4096)
    >>> blocking.add(records[:, :1000])
    >>> blocking.add(records[:, 1000:])
    >>> bool(np.all(abs(blocking.result().tau - 0.5) < 0.2))
    True
    """

    def __init__(self, n_series: int, length: int) -> None:
        self.n_series = check.integer("n_series", n_series, 1)
        self.length = check.integer("length", length, 4)
        n_levels = 1
        while self.length >> n_levels >= _FEWEST_BLOCKS:
            n_levels += 1
        self._kept = 0
        while self.length >> (self._kept + 1) >= _KEPT_BLOCKS:
            self._kept += 1
        self._sums = [_Sums(self.n_series) for _ in range(n_levels)]
        self._waiting: list[np.ndarray | None] = [None] * n_levels
        self._halves = (_Sums(self.n_series), _Sums(self.n_series))
        self._blocks = np.empty((self.n_series, self.length >> self._kept))
        self._origin: np.ndarray | None = None

    @property
    def count(self) -> int:
        """Records seen so far."""
        return self._sums[0].count

    def add(self, records: np.ndarray) -> None:
        """Append ``records``, shape (n_series, any).

        Raises
        ------
        ValueError
            If the shape is wrong, more records come than were announced, or one is not finite.
        """
        records = np.asarray(records, dtype=np.float64)
        if records.ndim != 2 or records.shape[0] != self.n_series:
            raise ValueError(f"records must have shape ({self.n_series}, any), got {records.shape}")
        if self.count + records.shape[1] > self.length:
            raise ValueError(
                f"records must be {self.length} in all, got {self.count + records.shape[1]}"
            )
        if not np.all(np.isfinite(records)):
            raise ValueError("records must be finite, got NaN or infinity among them")
        if records.shape[1] == 0:
            return
        if self._origin is None:
            self._origin = records[:, 0].copy()
        values = records - self._origin[:, None]
        half, start = self.length // 2, self.count
        self._halves[0].add(values[:, : max(half - start, 0)])
        self._halves[1].add(values[:, max(self.length - half - start, 0) :])
        for level, sums in enumerate(self._sums):
            if level == self._kept:
                end = min(sums.count + values.shape[1], self._blocks.shape[1])
                self._blocks[:, sums.count : end] = values[:, : end - sums.count]
            sums.add(values)
            if self._waiting[level] is not None:
                values = np.concatenate([self._waiting[level], values], axis=1)
            whole = values.shape[1] // 2 * 2
            self._waiting[level] = values[:, whole:].copy() if whole < values.shape[1] else None
            values = 0.5 * (values[:, 0:whole:2] + values[:, 1:whole:2])

    def result(self) -> Blocked:
        """Analyse the series; all announced records must have come.

        Raises
        ------
        ValueError
            If records are missing.
        """
        n = self.length
        if self.count != n or self._origin is None:
            raise ValueError(f"records must be {n} before the analysis, got {self.count}")
        variance = self._sums[0].variance()
        constant = variance <= (_ROUNDING * self._origin) ** 2
        variance = np.where(constant, 0.0, variance)
        safe = np.where(constant, 1.0, variance)
        lengths = 2 ** np.arange(len(self._sums))
        inefficiency = np.array(
            [b * sums.variance() / safe for b, sums in zip(lengths, self._sums, strict=True)]
        )
        good = lengths[:, None].astype(float) ** 3 > 2.0 * n * inefficiency**2
        found = good.any(axis=0)
        level = np.where(found, good.argmax(axis=0), inefficiency.argmax(axis=0))
        chosen = np.take_along_axis(inefficiency, level[None], axis=0)[0]
        # Block means of a rapidly alternating series may all be equal: no time can be given.
        tau = np.where(constant | (chosen == 0.0), np.nan, 0.5 * chosen)
        ess = n / (2.0 * tau)
        return Blocked(
            mean=self._origin + self._sums[0].mean(),
            variance=variance,
            error=np.sqrt(chosen * variance / n),
            tau=tau,
            ess=ess,
            block_length=lengths[level],
            too_short=~constant & (~found | (ess < MIN_ESS)),
            constant=constant,
            half_means=np.array([self._origin + half.mean() for half in self._halves]),
            half_variances=np.array([half.variance() for half in self._halves]),
            blocks=self._origin[:, None] + self._blocks,
            centred_blocks=self._blocks.copy(),
        )


def split_rhat(half_means: np.ndarray, half_variances: np.ndarray, n_records: int) -> np.ndarray:
    """Split R-hat of several chains from the means and variances of their halves.

    R-hat = sqrt(((h - 1)/h W + B/h) / W) over the 2C half chains of h records: W the mean of
    their variances, B/h the variance of their means.

    Parameters
    ----------
    half_means, half_variances : ndarray, shape (2, C, ...)
        Of the first and the last n // 2 records of each of C chains (divisor h - 1).
    n_records : int
        n >= 4.

    Returns
    -------
    ndarray, shape (...)
        1 where all halves are constant and equal, infinity where they are constant and differ.

    References
    ----------
    Gelman et al., Bayesian Data Analysis, 3rd ed. (2013), section 11.4; this is the split R-hat
    before rank normalisation of Vehtari et al., Bayesian Analysis 16 (2021) 667, since ranks
    cannot be had in constant memory.
    """
    half = check.integer("n_records", n_records, 4) // 2
    means = np.asarray(half_means, dtype=np.float64)
    variances = np.asarray(half_variances, dtype=np.float64)
    if means.shape != variances.shape or means.ndim < 2 or means.shape[0] != 2:
        raise ValueError(
            f"half_means and half_variances must have one shape (2, C, ...), "
            f"got {means.shape} and {variances.shape}"
        )
    between = means.reshape(-1, *means.shape[2:]).var(axis=0, ddof=1)
    within = variances.reshape(-1, *means.shape[2:]).mean(axis=0)
    rounding = (_ROUNDING * np.abs(means).max(axis=(0, 1))) ** 2
    frozen = within <= rounding
    ratio = np.sqrt((half - 1) / half + between / np.where(frozen, 1.0, within))
    return np.where(frozen, np.where(between <= rounding, 1.0, np.inf), ratio)


def autocorrelation(records: np.ndarray) -> np.ndarray:
    """Normalised autocorrelation function rho(t) of stored series, by FFT.

    Parameters
    ----------
    records : ndarray, shape (..., n)
        Time along the last axis.

    Returns
    -------
    ndarray, shape (..., n)
        rho(0) = 1; the sum at lag t has n - t terms and is divided by n (the biased estimate,
        whose spectrum is positive). NaN for a constant series.
    """
    from scipy import fft

    series = _stored(records)
    n = series.shape[-1]
    series = series - series.mean(axis=-1, keepdims=True)
    size = fft.next_fast_len(2 * n, real=True)
    spectrum = np.abs(fft.rfft(series, size, axis=-1)) ** 2
    covariance = fft.irfft(spectrum, size, axis=-1)[..., :n]
    flat = np.ptp(series, axis=-1) == 0.0
    norm = np.where(flat, np.nan, covariance[..., 0])
    return covariance / norm[..., None]


def autocorrelation_time(records: np.ndarray, window: float = 5.0) -> tuple[float, bool]:
    """Integrated autocorrelation time of stored chains of one observable.

    tau(M) = 1/2 + sum_{t=1}^{M} rho(t), with rho averaged over the chains, at Sokal's window:
    the smallest M >= window * 2 tau(M).

    Parameters
    ----------
    records : ndarray, shape (n,) or (C, n)
        Chains of one observable.
    window : float
        Window in units of 2 tau, > 0.

    Returns
    -------
    tau : float
        In records; NaN if a chain is constant.
    reliable : bool
        False when no window was found, or n < 100 tau per chain.

    References
    ----------
    Sokal, in Functional Integration (1997) 131, section 3; Goodman, Weare, Commun. Appl. Math.
    Comput. Sci. 5 (2010) 65 (averaging over chains).
    """
    window = check.real("window", window, 0.0, open_low=True)
    series = np.atleast_2d(_stored(records))
    if series.ndim != 2:
        raise ValueError(f"records must have shape (n,) or (C, n), got {series.shape}")
    taus = np.cumsum(autocorrelation(series).mean(axis=0)) - 0.5
    if np.isnan(taus[0]):
        return float("nan"), False
    enough = np.arange(len(taus)) >= window * 2.0 * taus
    tau = float(taus[enough.argmax() if enough.any() else -1])
    return tau, bool(enough.any() and len(taus) >= 2.0 * MIN_ESS * tau)


def _stored(records: np.ndarray) -> np.ndarray:
    series = np.asarray(records, dtype=np.float64)
    if series.ndim < 1 or series.shape[-1] < 4:
        raise ValueError(f"records must have at least 4 records per series, got {series.shape}")
    if not np.all(np.isfinite(series)):
        raise ValueError("records must be finite, got NaN or infinity among them")
    return series
