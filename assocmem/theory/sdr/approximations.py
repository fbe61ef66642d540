"""Approximations of the false positive, by name, to be held against the exact one.

`single.fp` is exact at a cost of some 100 operations, so that these serve to see what published
approximations are worth. Far from the mean, where segments work, Poisson and normal laws are wrong
by many orders of magnitude.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special

from ... import _validate as check
from ._arguments import cells, integers, shaped, together
from .bounds import chernoff, log_subset
from .hypergeometric import log_binomial_tail, log_pmf, log_tail
from .probability import Probability

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def _poisson(n: float, a: float, s: float, theta: int) -> float:
    """Poisson law of mean a s/n: first term times 1F1(1; theta + 1; mean), or gamma function."""
    mean = a * s / n
    if theta < mean:
        return math.log(special.gammainc(theta, mean))
    first = special.xlogy(theta, mean) - mean - special.gammaln(theta + 1.0)
    return first + math.log(special.hyp1f1(1.0, theta + 1.0, mean))


def _normal(n: float, a: float, s: float, theta: int) -> float:
    """Normal law of the same mean and variance, from theta - 1/2."""
    variance = a * s / n * (1.0 - a / n) * (n - s) / (n - 1.0)
    return float(special.log_ndtr((a * s / n - theta + 0.5) / math.sqrt(variance)))


def _saddlepoint(n: int, a: int, s: int, theta: int) -> float:
    """Lugannani and Rice with Daniels' first correction for lattices, exact cumulants."""
    numbers = np.arange(max(0, a + s - n), min(a, s) + 1)
    if theta == numbers[-1]:  # the saddle is at infinity, and the tail is one term
        return float(log_pmf(theta, n, a, s))
    weights = log_pmf(numbers, n, a, s)

    def cumulants(tilt: float) -> tuple[float, float, float]:
        tilted = weights + tilt * numbers
        total = float(special.logsumexp(tilted))
        chances = np.exp(tilted - total)
        mean = float(chances @ numbers)
        return total, mean, float(chances @ (numbers - mean) ** 2)

    mean, variance = cumulants(0.0)[1:]
    # At the mean 1/u - 1/w is a difference of infinities with a finite limit.
    near = 0.02 * math.sqrt(variance)
    if abs(theta - mean) < near:
        below, above = (_saddlepoint_at(mean + side, cumulants) for side in (-near, near))
        return below + (above - below) * (theta - mean + near) / (2.0 * near)
    return _saddlepoint_at(theta, cumulants)


def _saddlepoint_at(x: float, cumulants: Callable[[float], tuple[float, float, float]]) -> float:
    """Logarithm of the formula at x."""
    reach = 1.0
    while cumulants(-reach)[1] > x or cumulants(reach)[1] < x:
        reach *= 2.0
    tilt = optimize.brentq(lambda t: cumulants(t)[1] - x, -reach, reach, xtol=1e-14)
    total, _, variance = cumulants(tilt)
    w = math.copysign(math.sqrt(max(2.0 * (tilt * x - total), 0.0)), tilt)
    u = -math.expm1(-tilt) * math.sqrt(variance)
    ln_density = -0.5 * (w * w + math.log(2.0 * math.pi))
    mills = math.exp(float(special.log_ndtr(-w)) - ln_density)
    return ln_density + math.log(mills + 1.0 / u - 1.0 / w)


_SCALAR = {"poisson": _poisson, "normal": _normal, "saddlepoint": _saddlepoint}
METHODS = ("leading", "subset", "chernoff", "binomial", *_SCALAR)


def fp_approximation(
    n: ArrayLike, a: ArrayLike, s: ArrayLike, theta: ArrayLike, method: str
) -> Probability:
    """False positive of a segment by an approximation.

    Parameters
    ----------
    n, a, s, theta : int or array of int
        As in `single.fp`.
    method : str
        - "leading": the first term P[X = theta], a lower bound;
        - "subset": S_theta = C(s, theta) (a)_theta/(n)_theta, an upper bound that may be above 1;
        - "chernoff": the bound `bounds.chernoff`;
        - "binomial": B(s, a/n, theta), cells on independently;
        - "poisson": Poisson law of mean a s/n;
        - "normal": normal law of the same mean and variance, continuity-corrected;
        - "saddlepoint": Lugannani and Rice, with the exact cumulant function.

    Returns
    -------
    Probability
        In the common shape of the arguments. 1 and 0 where the event is certain or impossible.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    References
    ----------
    Lugannani, Rice, Adv. Appl. Probab. 12 (1980) 475; Daniels, Int. Stat. Rev. 55 (1987) 37.

    Examples
    --------
    >>> from assocmem.theory.sdr.approximations import fp_approximation
    >>> print(fp_approximation(4000, 128, 24, 12, "saddlepoint"))
    1.35134e-12 (saddlepoint)
    """
    check.choice("method", method, METHODS)
    shape, (n, a, s, theta) = together(*cells(n, a=a, s=s), integers("theta", theta))
    if method == "leading":
        found = log_pmf(theta, n, a, s)
    elif method == "subset":
        found = log_subset(n, a, s, theta)
    elif method == "chernoff":
        found = np.asarray(chernoff(n, a, s, theta).high.log10) * math.log(10.0)
    elif method == "binomial":
        found = log_binomial_tail(theta, s, a / np.maximum(n, 1))
    else:
        found = log_tail(theta, n, a, s)
        open_ = (theta > np.maximum(0, a + s - n)) & (theta <= np.minimum(a, s))
        for i in np.flatnonzero(open_):
            found[i] = _SCALAR[method](*(int(x[i]) for x in (n, a, s, theta)))
    certain = theta <= np.maximum(0, a + s - n)
    found = np.where(certain, 0.0, np.where(theta > np.minimum(a, s), -np.inf, found))
    log10 = shaped(found / math.log(10.0), shape)
    with np.errstate(over="ignore"):
        return Probability(shaped(np.exp(found), shape), log10, method)
