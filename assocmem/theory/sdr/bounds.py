r"""Rigorous bounds of false positives and negatives.

They hold for the numbers that come out of doubles, not only on paper: each is moved outwards by
1e-12 of itself and what its logarithm is rounded by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from ._arguments import cells, integers
from .hypergeometric import log_pmf
from .probability import Probability

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_MARGIN = 1e-12
_ROUNDING = 4.0 * np.finfo(float).eps


@dataclass(frozen=True, eq=False)
class Bracket:
    """Two probabilities between which a third one lies for certain.

    Parameters
    ----------
    low, high : Probability
        Of one shape. A bound that says nothing is 0, or 1.
    """

    low: Probability
    high: Probability

    def contains(self, probability: Probability) -> bool | np.ndarray:
        """Whether ``probability`` lies within, compared by logarithms."""
        found = np.asarray(probability.log10)
        inside = (found >= self.low.log10) & (found <= self.high.log10)
        return inside if np.ndim(inside) else bool(inside)

    @property
    def width(self) -> float | np.ndarray:
        """Logarithm to base 10 of high over low; 0 where both are 0."""
        high, low = np.asarray(self.high.log10), np.asarray(self.low.log10)
        with np.errstate(invalid="ignore"):
            found = np.where(high == -np.inf, 0.0, high - low)
        return found if found.ndim else float(found)


def bracket(ln_low: ArrayLike, ln_high: ArrayLike, method: str) -> Bracket:
    """A `Bracket` from natural logarithms, moved outwards by rounding."""
    low, high = np.broadcast_arrays(np.asarray(ln_low, float), np.asarray(ln_high, float))
    with np.errstate(invalid="ignore"):
        low = np.where(low == -np.inf, low, low - _MARGIN - _ROUNDING * np.abs(low))
        high = np.where(high == -np.inf, high, high + _MARGIN + _ROUNDING * np.abs(high))
    return Bracket(Probability.of_log(low, method), Probability.of_log(high, method))


def _arguments(n: ArrayLike, a: ArrayLike, s: ArrayLike, theta: ArrayLike) -> list[np.ndarray]:
    """Checked and broadcast."""
    return np.broadcast_arrays(*cells(n, a=a, s=s), integers("theta", theta))


def leading_term(n: ArrayLike, a: ArrayLike, s: ArrayLike, theta: ArrayLike) -> Bracket:
    r"""Bracket of the false positive by its first term (5.1).

    t = P[X = theta], r = (s - theta)(a - theta)/((theta + 1)(n - s - a + theta + 1)), and since
    ratios of terms fall, t <= FP <= t/(1 - r) if r < 1.

    Parameters
    ----------
    n, a, s, theta : int or array of int
        As in `single.fp`.

    Returns
    -------
    Bracket
        Within a factor 1/(1 - r), where r < 1; exact where the event is certain or impossible.

    Raises
    ------
    TypeError, ValueError
        If an argument is not an integer or out of range.

    Examples
    --------
    >>> from assocmem.theory.sdr.bounds import leading_term
    >>> found = leading_term(10_000, 300, 30, 15)
    >>> print(found.low, "to", found.high)
    1.02035e-15 (leading term) to 1.0493e-15 (leading term)
    """
    n, a, s, theta = _arguments(n, a, s, theta)
    certain = theta <= np.maximum(0, a + s - n)
    term = np.where(certain, 0.0, log_pmf(theta, n, a, s))
    possible = ~certain & (theta <= np.minimum(a, s))
    over = (s - theta).astype(float) * (a - theta)
    under = (theta + 1.0) * (n - s - a + theta + 1.0)
    ratio = np.divide(over, under, out=np.zeros(n.shape), where=possible)
    with np.errstate(divide="ignore", invalid="ignore"):
        high = np.where(ratio < 1.0, term - np.log1p(-ratio), 0.0)
    return bracket(term, np.minimum(high, 0.0), "leading term")


def log_subset(n: ArrayLike, a: ArrayLike, s: ArrayLike, k: ArrayLike) -> np.ndarray:
    """Natural logarithm of S_k = C(s, k) (a)_k/(n)_k, the mean number of k-sets of active synapses.

    It may be above 0. -inf where k > min(s, a); 0 where k <= 0.

    Parameters
    ----------
    n, a, s, k : int or array of int
        Cells, active cells, synapses, and size of the sets.

    Returns
    -------
    ndarray
        In the common shape of the arguments.

    Raises
    ------
    TypeError, ValueError
        If an argument is not an integer or out of range.
    """
    n, a, s, k = _arguments(n, a, s, k)
    chosen = np.clip(k, 0, np.minimum(a, s))
    found = log_pmf(chosen, n, a, chosen) - log_pmf(chosen, s, chosen, chosen)
    return np.where(k > np.minimum(a, s), -np.inf, found)


def subset(n: ArrayLike, a: ArrayLike, s: ArrayLike, theta: ArrayLike) -> Bracket:
    r"""Bracket of the false positive by moments of the number of theta-sets (5.2).

    S_theta - theta S_(theta+1) <= FP <= S_theta, see `log_subset`; tight where a s/n is small.

    Parameters
    ----------
    n, a, s, theta : int or array of int
        As in `single.fp`.

    Returns
    -------
    Bracket
        Low is 0 where the lower bound is negative.

    Raises
    ------
    TypeError, ValueError
        If an argument is not an integer or out of range.
    """
    n, a, s, theta = _arguments(n, a, s, theta)
    high = log_subset(n, a, s, theta)
    with np.errstate(divide="ignore", invalid="ignore"):
        # S_(theta+1)/S_theta without the difference of two logarithms.
        ratio = (s - theta) / (theta + 1.0) * ((a - theta) / np.maximum(n - theta, 1))
        low = high + np.log1p(-np.minimum(np.where(high > -np.inf, theta * ratio, 0.0), 1.0))
    low = np.where(theta <= 0, 0.0, low)
    return bracket(np.minimum(low, 0.0), np.minimum(high, 0.0), "subset")


def _divergence(count: np.ndarray, total: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Exponent total D(count/total || chance) where count/total > chance, else 0; inf above 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        x = count / total
        on = special.xlogy(count, x / chance)
        off = special.xlogy(total - count, (1.0 - x) / (1.0 - chance))
        found = np.where(count * 1.0 > total * chance, on + off, 0.0)
    return np.where(count > total, np.inf, np.maximum(found, 0.0))


def chernoff(n: ArrayLike, a: ArrayLike, s: ArrayLike, theta: ArrayLike) -> Bracket:
    r"""Upper bound of the false positive by Chernoff and Hoeffding (5.3).

    FP <= exp(-s D(theta/s || a/n)) and the same with a and s exchanged, the smaller of both;
    D(x || q) = x ln(x/q) + (1 - x) ln((1 - x)/(1 - q)). Drawing without replacement only helps.

    Parameters
    ----------
    n, a, s, theta : int or array of int
        As in `single.fp`.

    Returns
    -------
    Bracket
        Low is 0; high is 1 unless theta is above the mean a s/n.

    Raises
    ------
    TypeError, ValueError
        If an argument is not an integer or out of range.

    References
    ----------
    Hoeffding, J. Am. Stat. Assoc. 58 (1963) 13, theorems 1 and 4.
    """
    n, a, s, theta = _arguments(n, a, s, theta)
    with np.errstate(divide="ignore", invalid="ignore"):
        exponent = np.maximum(_divergence(theta, s, a / n), _divergence(theta, a, s / n))
    exponent = np.where(theta <= 0, 0.0, exponent)
    return bracket(np.full(n.shape, -np.inf), -exponent, "Chernoff")


def chernoff_fn(a: ArrayLike, s: ArrayLike, theta: ArrayLike, v: ArrayLike) -> Bracket:
    """Upper bound of the false negative by Chernoff and Hoeffding (5.4).

    `chernoff` of Hyp(a, v, s) at s - theta + 1: FN <= exp(-s D(1 - (theta - 1)/s || v/a)), and the
    form with s and v exchanged where that is smaller.

    Parameters
    ----------
    a, s, theta, v : int or array of int
        As in `single.fn_drop`.

    Returns
    -------
    Bracket
        Low is 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is not an integer or out of range.
    """
    a, s, v = cells(a, s=s, v=v)
    return chernoff(a, v, s, s - integers("theta", theta) + 1)
