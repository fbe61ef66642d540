r"""Asymptotic laws of false positives and negatives, each in its regime.

FP = P[Hyp(n, a, s) >= theta], FN = P[Hyp(a, v, s) >= s - theta + 1], q = a/n. Exact values cost as
little; these say how they behave:

- n -> infinity at fixed a: a power law n^-theta (`large_n`), so not "faster than exponential";
- n -> infinity at fixed sparsity q: a floor above 0 (`sparsity_floor`);
- s -> infinity at theta = x s: exponential in s with rate D(x||q) (`large_s`, `kullback`);
- one more in theta at small q: log10(1/q) decades and less (`decades_per_threshold`);
- a -> infinity at a fixed lost fraction: independent losses (`noise_limit`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ._arguments import cells, integers, reals
from .hypergeometric import log_binomial_tail, log_tail
from .probability import Probability

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def kullback(x: ArrayLike, q: ArrayLike) -> float | np.ndarray:
    r"""Relative entropy of two coins, D(x||q) = x ln(x/q) + (1 - x) ln((1 - x)/(1 - q)), in nats.

    The rate at which P[Bin(s, q) >= x s] falls with s for x > q: synapses are worth D each.

    Parameters
    ----------
    x, q : float or array of float
        In [0, 1].

    Returns
    -------
    float or ndarray
        >= 0, infinite where q is 0 or 1 and x is not. Right to 1e-15 near x = q too, where the
        two terms nearly cancel.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    Decades per synapse at theta = s/2 and 2 % activity:

    >>> print(round(kullback(0.5, 0.02) / np.log(10), 2))
    0.55
    """
    x, q = np.broadcast_arrays(reals("x", x), reals("q", q))
    # 1 - x and 1 - q are rounded, their difference must not be
    found = _divergence(x, q, x - q) + _divergence(1.0 - x, 1.0 - q, q - x)
    return float(found) if found.ndim == 0 else found


def _divergence(x: np.ndarray, q: np.ndarray, difference: np.ndarray) -> np.ndarray:
    """Term x ln(x/q) - (x - q) >= 0; where x is near q, by its series in (x - q)/(x + q)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        v = difference / (x + q)
        far = np.where(x == 0.0, 0.0, x * np.log(x / q)) - difference
        series = sum(v ** (2 * j + 1) / (2 * j + 1) for j in range(1, 10))
        near = v * difference + 2.0 * x * series
        return np.where(x == q, 0.0, np.where(np.abs(v) < 0.1, near, far))


def _log_binomial(s: np.ndarray, k: np.ndarray) -> np.ndarray:
    from scipy.special import gammaln

    return gammaln(s + 1.0) - gammaln(k + 1.0) - gammaln(s - k + 1.0)


def large_n(n: ArrayLike, a: ArrayLike, s: ArrayLike, theta: ArrayLike) -> Probability:
    r"""False positives as n -> infinity at fixed a, s, theta: $\binom s\theta(a)_\theta/n^\theta$.

    (a)_theta = a (a - 1) ... (a - theta + 1). A straight line of slope -theta on logarithmic
    axes. Relative error O(1/n). A union of M patterns has M s synapses in this limit, so that its
    false positives are these with M s for s, growing like M^theta once M s >> theta.

    Parameters
    ----------
    n, a, s, theta : int or array of int
        Cells, active ones, synapses, threshold; a, s and theta >= 0.

    Returns
    -------
    Probability
        Method "n -> infinity at fixed a". At most 1; 0 where theta > min(a, s).

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    References
    ----------
    The leading order of the law of Ahmad and Hawkins, arXiv:1601.00720, equation for false
    positives. Their figures keep a fixed.
    """
    n, a, s = cells(n, a=a, s=s)
    theta = integers("theta", theta, 0)
    n, a, s, theta = np.broadcast_arrays(n, a, s, theta)
    k = np.minimum(theta, np.minimum(a, s))
    from scipy.special import gammaln

    log = _log_binomial(s, k) + _log_binomial(a, k) + gammaln(k + 1.0)
    log = log - k * np.log(np.maximum(n, 1))
    log = np.where(theta > k, -math.inf, log)
    return Probability.of_log(log, "n -> infinity at fixed a")


def local_slope(
    low: ArrayLike, high: ArrayLike, a: ArrayLike, s: ArrayLike, theta: ArrayLike
) -> float | np.ndarray:
    r"""Slope of ln FP against ln n between two numbers of cells, at fixed a, by exact values.

    Tends to -theta with an error O(1/n) as both grow; steeper before.

    Parameters
    ----------
    low, high : int or array of int
        Numbers of cells, low < high.
    a, s, theta : int or array of int
        Active cells, synapses, threshold, theta <= min(a, s).

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> print(round(local_slope(9900, 19_900, 64, 24, 12), 2))
    -11.96
    """
    low, high = integers("low", low, 1), integers("high", high, 1)
    if np.any(low >= high):
        raise ValueError(f"low must be below high, got low={low}, high={high}")
    a, s = integers("a", a, 0, low), integers("s", s, 0, low)
    theta = integers("theta", theta, 0, np.minimum(a, s))
    fall = np.subtract(log_tail(theta, high, a, s), log_tail(theta, low, a, s))
    slope = fall / np.log(high / low)
    return float(slope) if np.ndim(slope) == 0 else slope


def sparsity_floor(q: ArrayLike, s: ArrayLike, theta: ArrayLike) -> Probability:
    r"""False positives as n -> infinity at fixed sparsity q = a/n: B(s, q, theta).

    B(m, p, theta) = P[Bin(m, p) >= theta]. More cells at equal sparsity stop helping here.
    Relative error O(1/n); also the exact law where every cell is on independently.

    Parameters
    ----------
    q : float or array of float
        In [0, 1].
    s, theta : int or array of int
        Synapses >= 0, threshold.

    Returns
    -------
    Probability
        Method "n -> infinity at fixed sparsity".

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> print(sparsity_floor(0.25, 24, 12))
    0.00719965 (n -> infinity at fixed sparsity)
    """
    tail = log_binomial_tail(theta, integers("s", s, 0), reals("q", q))
    return Probability.of_log(tail, "n -> infinity at fixed sparsity")


def large_s(q: ArrayLike, s: ArrayLike, theta: ArrayLike) -> Probability:
    r"""False positives as s -> infinity with theta = x s, x > q, and a >> s.

    $$ \mathrm{FP}\simeq\frac{e^{-sD(x\Vert q)}}{(1-r)\sqrt{2\pi s\,x(1-x)}},\qquad
       r=\frac{q\,(1-x)}{(1-q)\,x}, $$

    of the binomial limit; relative error O(1/s). The rate D(x||q) alone has a relative error
    O(ln s) in the probability.

    Parameters
    ----------
    q : float or array of float
        Activity level in (0, 1).
    s, theta : int or array of int
        Synapses and threshold, q s < theta < s.

    Returns
    -------
    Probability
        Method "s -> infinity at fixed theta/s".

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    References
    ----------
    Bahadur and Rao, Ann. Math. Stat. 31 (1960) 1015, lattice case.
    """
    q, s = reals("q", q), integers("s", s, 1)
    theta = integers("theta", theta, 1)
    if np.any((q <= 0.0) | (theta <= q * s) | (theta >= s)):
        raise ValueError(f"need 0 < q s < theta < s, got q={q}, s={s}, theta={theta}")
    x = theta / s
    r = q * (1.0 - x) / ((1.0 - q) * x)
    log = -s * kullback(x, q) - np.log1p(-r) - 0.5 * np.log(2.0 * np.pi * s * x * (1.0 - x))
    return Probability.of_log(log, "s -> infinity at fixed theta/s")


def decades_per_threshold(q: ArrayLike, s: ArrayLike, theta: ArrayLike) -> float | np.ndarray:
    r"""Decades that false positives fall by from theta to theta + 1, as q -> 0 in the binomial law.

    $$ \log_{10}\frac1q-\log_{10}\frac{s-\theta}{\theta+1}, $$

    the ratio of two leading terms $\binom s\theta q^\theta$. Error O(q). With theta in place of
    theta + 1 it is the slope of the rate function, D'(theta/s||q)/ln 10, at small q.

    Parameters
    ----------
    q : float or array of float
        Activity level in (0, 1].
    s, theta : int or array of int
        Synapses and threshold, 0 <= theta < s.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> print(round(decades_per_threshold(0.02, 30, 12), 2))
    1.56
    """
    q, s, theta = reals("q", q), integers("s", s, 1), integers("theta", theta, 0)
    if np.any((q <= 0.0) | (theta >= s)):
        raise ValueError(f"need q > 0 and theta < s, got q={q}, s={s}, theta={theta}")
    found = -np.log10(q * (s - theta) / (theta + 1.0))
    return float(found) if np.ndim(found) == 0 else found


def noise_limit(eta: ArrayLike, s: ArrayLike, theta: ArrayLike) -> Probability:
    r"""False negatives as a -> infinity at a fixed lost fraction eta = v/a.

    1 - B(s, 1 - eta, theta): every synapse loses its bit independently of others. Relative error
    O(1/a). The tail itself is summed, P[Bin(s, eta) >= s - theta + 1], so that it is right where
    it is far below 1.

    Parameters
    ----------
    eta : float or array of float
        In [0, 1].
    s, theta : int or array of int
        Synapses >= 0, threshold.

    Returns
    -------
    Probability
        Method "a -> infinity at fixed loss".

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    s, theta = integers("s", s, 0), integers("theta", theta)
    tail = log_binomial_tail(s - theta + 1, s, reals("eta", eta))
    return Probability.of_log(tail, "a -> infinity at fixed loss")
