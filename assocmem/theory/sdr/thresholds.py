r"""Choosing the threshold of a segment: by budgets, at the least error, in closed form.

False positives are those of a uniform activity, P[Hyp(n, a, s) >= theta]; false negatives those of
a stored pattern that lost v of its a bits with nothing of the pattern in their place,
P[Hyp(a, v, s) >= s - theta + 1]. The first fall and the second rise with theta.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ... import _validate as check
from ._arguments import cells, integers, reals
from .asymptotics import kullback
from .hypergeometric import log_tail
from .probability import Probability

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def smallest_threshold(
    budget: ArrayLike, n: ArrayLike, a: ArrayLike, s: ArrayLike
) -> int | np.ndarray:
    """Smallest theta >= 0 whose false positives stay within a budget.

    Parameters
    ----------
    budget : float or array of float
        Largest false-positive probability, in [0, 1].
    n, a, s : int or array of int
        Cells, active ones, synapses; a and s from 0 to n.

    Returns
    -------
    int or ndarray of int64
        In the common shape. min(a, s) + 1, where firing is impossible, if the budget is smaller
        than every positive probability.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Notes
    -----
    Bisection, O(log s) tails for each number. Where a probability equals the budget to the last
    digits of a double, rounding decides.

    Examples
    --------
    >>> smallest_threshold(1e-9, 10_000, 300, [20, 30, 40]).tolist()
    [10, 11, 13]
    """
    budget = reals("budget", budget)
    n, a, s = cells(n, a=a, s=s)
    budget, n, a, s = np.broadcast_arrays(budget, n, a, s)
    with np.errstate(divide="ignore"):
        allowed = np.log(budget)
    low, high = np.zeros(n.shape, np.int64), np.minimum(a, s) + 1  # the answer is in [low, high]
    while np.any(low < high):
        middle = (low + high) // 2
        enough = log_tail(middle, n, a, s) <= allowed
        low, high = np.where(enough, low, middle + 1), np.where(enough, middle, high)
    return int(low) if low.ndim == 0 else low


@dataclass(frozen=True, eq=False)
class Threshold:
    """A threshold and its two errors.

    Parameters
    ----------
    theta : int
        Active synapses that make the segment fire.
    false_positive, false_negative : Probability
        Of a random activity; of the stored pattern under noise.
    """

    theta: int
    false_positive: Probability
    false_negative: Probability


def best_threshold(
    n: int, a: int, s: int, v: int, *, weights: tuple[float, float] = (1.0, 1.0)
) -> Threshold:
    """Threshold of the least weighted error w0 FP + w1 FN, by exact values of both.

    Parameters
    ----------
    n, a, s : int
        Cells, active ones, synapses of the stored pattern, 0 <= s <= a <= n.
    v : int
        Bits of the pattern that went missing, from 0 to a.
    weights : (float, float)
        Costs w0, w1 > 0 of a false positive and a false negative, prior probabilities of
        background and pattern included. The ratio is the likelihood ratio at which to decide.

    Returns
    -------
    Threshold
        The smallest theta in 0..s + 1 of those that are equally good.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Notes
    -----
    O(s) tails; compared in logarithms, so that errors below the range of doubles count.

    Examples
    --------
    >>> found = best_threshold(10_000, 300, 30, 150)
    >>> print(found.theta, found.false_positive, found.false_negative)
    6 0.000224093 (exact) 7.93376e-05 (exact)
    """
    n, a, s, v = _checked(n, a, s, v)
    cost = [check.real("weights", weight, 0.0, open_low=True) for weight in weights]
    if len(cost) != 2:
        raise ValueError(f"weights must be two numbers, got {weights!r}")
    theta = np.arange(s + 2)
    positive, negative = _errors(theta, n, a, s, v)
    best = int(np.argmin(np.logaddexp(math.log(cost[0]) + positive, math.log(cost[1]) + negative)))
    return Threshold(
        int(theta[best]), Probability.of_log(positive[best]), Probability.of_log(negative[best])
    )


def feasible_thresholds(
    n: int, a: int, s: int, v: int, fp_budget: float, fn_budget: float
) -> range:
    """All thresholds whose two errors stay within their budgets; empty if there are none.

    Parameters
    ----------
    n, a, s, v : int
        As for `best_threshold`.
    fp_budget, fn_budget : float
        Largest probabilities of a false positive and a false negative, in [0, 1].

    Returns
    -------
    range
        Within 0..s + 1.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> feasible_thresholds(100_000, 1000, 40, 500, 1e-9, 1e-3)
    range(9, 12)
    """
    n, a, s, v = _checked(n, a, s, v)
    check.real("fp_budget", fp_budget, 0.0, 1.0)
    fn_budget = check.real("fn_budget", fn_budget, 0.0, 1.0)
    lowest = smallest_threshold(fp_budget, n, a, s)
    _, negative = _errors(np.arange(s + 2), n, a, s, v)
    allowed = math.log(fn_budget) if fn_budget else -math.inf
    return range(lowest, max(lowest, int(np.searchsorted(negative, allowed, side="right"))))


@dataclass(frozen=True, eq=False)
class Balance:
    """Where the exponents of both errors are equal.

    Parameters
    ----------
    theta : float or ndarray
        Threshold s x*, not rounded.
    information : float or ndarray
        Chernoff information D(x*||q) = D(x*||1 - eta), in nats for each synapse.
    error : Probability
        exp(-s D(x*||q)), to leading exponential order.
    """

    theta: float | np.ndarray
    information: float | np.ndarray
    error: Probability


def balanced_threshold(q: ArrayLike, eta: ArrayLike, s: ArrayLike) -> Balance:
    r"""Threshold at which false positives and negatives have the same exponent.

    $$ x^*=\frac{\ln\frac{1-q}{\eta}}{\ln\frac{1-\eta}{q}+\ln\frac{1-q}{\eta}},\qquad
       D(x^*\Vert q)=D(x^*\Vert1-\eta),\qquad \theta=s\,x^* . $$

    The limit of large s, with activity a = q n and loss v = eta a taken as independent bits. It
    disregards factors that are powers of s, and the integers; `best_threshold` has the optimum.

    Parameters
    ----------
    q, eta : float or array of float
        Activity level and fraction of lost bits, q, eta > 0 and q + eta < 1: an active synapse
        must be likelier under the pattern than without.
    s : int or array of int
        Synapses, >= 0.

    Returns
    -------
    Balance
        In the common shape of the arguments.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    References
    ----------
    Chernoff, Ann. Math. Stat. 23 (1952) 493.

    Examples
    --------
    >>> balanced = balanced_threshold(0.03, 0.2, 30)
    >>> print(round(balanced.theta, 2), balanced.error)
    9.74 1.28632e-07 (Chernoff information)
    """
    q, eta, s = reals("q", q), reals("eta", eta), integers("s", s, 0)
    if np.any((q <= 0.0) | (eta <= 0.0) | (q + eta >= 1.0)):
        raise ValueError(f"q and eta must be > 0 with q + eta < 1, got q={q}, eta={eta}")
    gap = 1.0 - eta - q
    kept, lost = np.log1p(gap / q), np.log1p(gap / eta)  # of (1 - eta)/q and (1 - q)/eta
    x = lost / (kept + lost)
    information = kullback(x, q)
    theta, information = np.broadcast_arrays(s * x, information)
    error = Probability.of_log(-s * information, "Chernoff information")
    if theta.ndim == 0:
        return Balance(float(theta), float(information), error)
    return Balance(theta.copy(), information.copy(), error)


class Grid(NamedTuple):
    """Parameters of figure 6: every combination is one point.

    Parameters
    ----------
    ns : tuple of int
        Cells.
    sparsities : tuple of float
        Active fractions; a is the nearest integer of the product.
    sizes : tuple of int
        Synapses s.
    """

    ns: tuple[int, ...]
    sparsities: tuple[float, ...]
    sizes: tuple[int, ...]


_SPARSITIES = (0.005, 0.01, 0.015, 0.02, 0.025, 0.03)
_SIZES = tuple(range(20, 51, 5))

PAPER_GRID = Grid(tuple(range(1_000, 20_000, 4_000)), _SPARSITIES, _SIZES)
"""The 210 points behind the stored medians of figure 6 of Ahmad and Hawkins (2016)."""

STATED_GRID = Grid(tuple(range(10_000, 200_000, 20_000)), _SPARSITIES, _SIZES)
"""420 points with n from 10,000 to 190,000, the range their text states.

The authors' repository has both: an earlier version of their script runs over this grid, and the
table in the script that draws the figure holds its results.
"""


@dataclass(frozen=True, eq=False)
class ErrorByThreshold:
    """False positives over a grid of parameters for each of several thresholds.

    Parameters
    ----------
    thresholds : ndarray of int, shape (k,)
        As given.
    median, maximum : Probability
        Over the grid, arrays of shape (k,). A median of an even number of points is the mean of
        the two in the middle.
    """

    thresholds: np.ndarray
    median: Probability
    maximum: Probability

    def first_within(self, budget: float, of: str = "median") -> int | None:
        """First threshold whose median, or maximum, is at most ``budget``; None if none is.

        Parameters
        ----------
        budget : float
            In (0, 1].
        of : {"median", "maximum"}
            Which.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or out of range.
        """
        budget = check.real("budget", budget, 0.0, 1.0, open_low=True)
        errors = getattr(self, check.choice("of", of, ("median", "maximum")))
        within = np.flatnonzero(errors.log10 <= math.log10(budget))
        return int(self.thresholds[within[0]]) if len(within) else None


def error_by_threshold(
    thresholds: Iterable[int],
    ns: Iterable[int],
    sparsities: Iterable[float],
    sizes: Iterable[int],
) -> ErrorByThreshold:
    """Median and maximum of the false positives over a grid, as figure 6 shows them.

    Points with theta > s count with probability 0, as the authors counted them. "Good" thresholds
    of the figure are those of a median of 1e-9 or less: nothing in it weighs false negatives.

    Parameters
    ----------
    thresholds : iterable of int
        Each theta.
    ns, sparsities, sizes : iterable
        The grid, see `Grid`; ``*PAPER_GRID`` for the figure.

    Returns
    -------
    ErrorByThreshold

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range, or the grid is empty.

    References
    ----------
    Ahmad and Hawkins, arXiv:1601.00720 (2016), figure 6.

    Examples
    --------
    >>> found = error_by_threshold(range(3, 25), *PAPER_GRID)
    >>> found.first_within(1e-9), found.first_within(1e-9, "maximum")
    (10, 14)
    """
    given = [list(axis) for axis in (thresholds, ns, sparsities, sizes)]
    if not all(given):
        raise ValueError("thresholds, ns, sparsities and sizes must not be empty")
    theta, n, s = integers("thresholds", given[0]), integers("ns", given[1], 1), given[3]
    n, sparsity, s = np.meshgrid(
        n, reals("sparsities", given[2]), integers("sizes", s, 0), indexing="ij"
    )
    n, s = n.ravel(), s.ravel()
    a = np.rint(sparsity.ravel() * n).astype(np.int64)
    logs = np.sort(log_tail(theta[:, None], n, a, s), axis=1)
    below, above = logs[:, (n.size - 1) // 2], logs[:, n.size // 2]
    median = np.logaddexp(below, above) - math.log(2.0)
    return ErrorByThreshold(theta, Probability.of_log(median), Probability.of_log(logs[:, -1]))


def _checked(n: int, a: int, s: int, v: int) -> tuple[int, int, int, int]:
    n = check.integer("n", n, 0, 2**31 - 1)
    a = check.integer("a", a, 0, n)
    return n, a, check.integer("s", s, 0, a), check.integer("v", v, 0, a)


def _errors(theta: np.ndarray, n: int, a: int, s: int, v: int) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of FP and FN."""
    return log_tail(theta, n, a, s), log_tail(s - theta + 1, a, v, s)
