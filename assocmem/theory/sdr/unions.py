r"""Unions: M patterns of s synapses each, mixed on one segment, or M activities at once.

The union of M independent uniform sets of s of n cells has a random size U. A segment with that
union fires at an activity of a cells by

$$ \mathrm{FP}_\cup=\sum_u\Pr[U=u]\,\Pr[\mathrm{Hyp}(n,a,u)\ge\theta], \tag{7} $$

which grows like (Ms)(Ms-1)...(Ms-theta+1), that is like M^theta only once Ms is well above theta.
Approximations that put a typical size in the place of U are in `union_approximations`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ... import _validate as check
from ._arguments import MOST_CELLS, MOST_PATTERNS, cells, integers, reals, shaped, together
from .probability import Probability

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

CONVENTIONS = ("drop", "replace", "swap", "kill")


def ln_free(n: np.ndarray, s: np.ndarray, m: np.ndarray) -> np.ndarray:
    """Logarithm of p_0 = m ln(1 - s/n): the chance that a cell is in none of m sets."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(m > 0, m * np.log1p(-s / np.maximum(n, 1)), 0.0)


def union_mean(n: ArrayLike, s: ArrayLike, m: ArrayLike) -> float | np.ndarray:
    """Mean size of the union of ``m`` uniform sets of ``s`` of ``n`` cells, equation (6).

    Parameters
    ----------
    n : int or array of int
        Cells.
    s : int or array of int
        Cells of a set, from 0 to n.
    m : int or array of int
        Sets, >= 0.

    Returns
    -------
    float or ndarray
        n (1 - (1 - s/n)^m), in the common shape of the arguments.

    Raises
    ------
    TypeError, ValueError
        If an argument is not an integer or out of range.

    Examples
    --------
    >>> from assocmem.theory.sdr.unions import union_mean
    >>> round(union_mean(20_000, 25, 10), 1)
    248.6
    """
    n, s = cells(n, s=s)
    shape, (n, s, m) = together(n, s, integers("m", m, 0, MOST_PATTERNS))
    return shaped(-n * np.expm1(ln_free(n, s, m)), shape)


def union_variance(n: ArrayLike, s: ArrayLike, m: ArrayLike) -> float | np.ndarray:
    """Variance of the size of the union of ``m`` uniform sets of ``s`` of ``n`` cells.

    Parameters
    ----------
    n, s, m : int or array of int
        As in `union_mean`.

    Returns
    -------
    float or ndarray
        In the common shape of the arguments.

    Raises
    ------
    TypeError, ValueError
        If an argument is not an integer or out of range.

    Notes
    -----
    Equation (6), n p0 + n(n-1) p00 - (n p0)^2, subtracts nearly equal numbers. The law of total
    variance over one more set adds positive ones instead, with mu_k the mean after k sets:

    V_(k+1) = V_k (n-s)(n-s-1)/(n(n-1)) + (s/n)(1-s/n) mu_k (n - mu_k)/(n-1).

    O(m) operations for each number.
    """
    from .coverage_kernels import fill_variance

    n, s = cells(n, s=s)
    shape, flat = together(n, s, integers("m", m, 0, MOST_PATTERNS))
    found = np.empty(flat[0].size)
    fill_variance(*flat, found)
    return shaped(found, shape)


def union_size_law(n: int, s: int, m: int) -> Probability:
    """Law of the size U of the union of ``m`` uniform sets of ``s`` of ``n`` cells.

    Parameters
    ----------
    n, s, m : int
        As in `union_mean`, numbers.

    Returns
    -------
    Probability
        Of U = 0, 1, ..., min(n, m s).

    Raises
    ------
    TypeError, ValueError
        If an argument is not an integer or out of range.

    Notes
    -----
    U_0 = 0, U_(k+1) = U_k + Hyp(n, n - U_k, s), a recursion of positive numbers alone. The sum of
    inclusion and exclusion over sizes, of alternating signs, serves in the tests with integers.
    O(m^2 s^2) operations and O(m s^2) memory; sizes below 1e-300 are right as the others are.

    Examples
    --------
    >>> from assocmem.theory.sdr.unions import union_size_law
    >>> print(union_size_law(4, 2, 2).value.round(6))  # P[2] = 1/6, P[3] = 4/6, P[4] = 1/6
    [0.       0.       0.166667 0.666667 0.166667]
    """
    from .coverage_kernels import ln_union_size

    n = check.integer("n", n, 0, MOST_CELLS)
    s = check.integer("s", s, 0, n)
    m = check.integer("m", m, 0, MOST_PATTERNS)
    out = np.empty(min(n, m * s) + 1)
    ln_union_size(n, s, m, out)
    return Probability.of_log(out)


def union_fp(
    n: ArrayLike, a: ArrayLike, s: ArrayLike, theta: ArrayLike, m: ArrayLike, p: ArrayLike = 1.0
) -> Probability:
    """False positive of a segment with ``m`` patterns mixed on it, exact: equation (7).

    Parameters
    ----------
    n : int or array of int
        Cells.
    a : int or array of int
        Active cells, from 0 to n.
    s : int or array of int
        Synapses of one pattern, from 0 to n; where patterns share a cell there is one synapse.
    theta : int or array of int
        Threshold of the segment.
    m : int or array of int
        Patterns, >= 0.
    p : float or array of float
        Chance that an active synapse transmits.

    Returns
    -------
    Probability
        In the common shape of the arguments.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Notes
    -----
    Computed by following how many of the active cells are covered as patterns are added, up to
    theta, which is (7) summed in another order. O(m theta^2) operations for p = 1.

    Examples
    --------
    >>> from assocmem.theory.sdr.unions import union_fp
    >>> print(union_fp(20_000, 100, 25, 15, 10))
    1.69837e-12 (exact)
    """
    from .coverage_kernels import fill_union_fire

    flat = (*cells(n, a=a, s=s), integers("theta", theta), integers("m", m, 0, MOST_PATTERNS))
    shape, flat = together(*flat, reals("p", p))
    found = np.empty(flat[0].size)
    fill_union_fire(*flat, found)
    return Probability.of_log(shaped(found, shape))


def activity_union_fp(
    n: ArrayLike, a: ArrayLike, s: ArrayLike, theta: ArrayLike, m: ArrayLike
) -> Probability:
    """False positive where ``m`` independent activities of ``a`` cells are on at the same time.

    Parameters
    ----------
    n, a, s, theta : int or array of int
        As in `union_fp`; the segment has one pattern.
    m : int or array of int
        Activities, >= 0.

    Returns
    -------
    Probability
        In the common shape of the arguments.

    Raises
    ------
    TypeError, ValueError
        If an argument is not an integer or out of range.
    """
    n, a, s = cells(n, a=a, s=s)
    return union_fp(n, s, a, theta, m)


def union_fn(
    n: ArrayLike,
    a: ArrayLike,
    s: ArrayLike,
    theta: ArrayLike,
    m: ArrayLike,
    v: ArrayLike,
    convention: str = "drop",
    p: ArrayLike = 1.0,
) -> Probability:
    r"""False negative: a segment with ``m`` patterns misses one of them after noise, exact.

    Synapses of the other m - 1 patterns may be active by chance and help, so that the rate is below
    that of a segment with one pattern, and depends on n and on what becomes of lost bits.

    Parameters
    ----------
    n : int or array of int
        Cells.
    a : int or array of int
        Active cells of a pattern.
    s : int or array of int
        Synapses of one pattern, from 0 to a.
    theta : int or array of int
        Threshold of the segment.
    m : int or array of int
        Patterns on the segment, >= 1.
    v : int or array of int
        Lost bits, from 0 to a ("replace": to min(a, n - a)); for "kill" the dead cells of all n.
    convention : {"drop", "replace", "swap", "kill"}
        As `Drop`, `Replace`, `Swap` and `Kill` say.
    p : float or array of float
        Chance that an active synapse transmits.

    Returns
    -------
    Probability
        In the common shape of the arguments.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Notes
    -----
    Let o of the pattern's cells be left and A cells be active: (a-v, a-v) for "drop", (a-v, a) for
    "replace", (a-v+r, a) with r ~ Hyp(n-a+v, v, v) for "swap", (a-d, a-d) with d ~ Hyp(n, v, a) for
    "kill". Then h ~ Hyp(a, o, s) of the pattern's own synapses are active, and the other patterns,
    independent of it, cover C of the other A - h active cells by the law of `union_fp`:

    $$ \mathrm{FN}=\mathbb E_{o,A}\sum_h\Pr[\mathrm{Hyp}(a,o,s)=h]\,\Pr[C_{A-h}<\theta-h]. $$
    """
    from .coverage_kernels import fill_union_miss

    check.choice("convention", convention, CONVENTIONS)
    n, a = cells(n, a=a)
    s, theta = integers("s", s, 0, a), integers("theta", theta)
    m, p = integers("m", m, 1, MOST_PATTERNS), reals("p", p)
    most = {"kill": n, "replace": np.minimum(a, n - a)}.get(convention, a)
    v = integers("v", v, 0, most)
    shape, flat = together(n, a, s, theta, m, v, p)
    found = np.empty(flat[0].size)
    fill_union_miss(*flat, CONVENTIONS.index(convention), found)
    return Probability.of_log(shaped(found, shape))


def union_given_overlap(
    n: ArrayLike,
    a: ArrayLike,
    s: ArrayLike,
    theta: ArrayLike,
    m: ArrayLike,
    overlap: ArrayLike,
    active: ArrayLike,
    p: ArrayLike = 1.0,
) -> tuple[Probability, Probability]:
    """Chances that a segment fires and that it does not, from the overlap with its first pattern.

    What is common to all segments that store one pattern: given the activity they are independent.

    Parameters
    ----------
    n, a, s, theta, m, p
        As in `union_fn`.
    overlap : int or array of int
        Cells that the activity shares with the first pattern.
    active : int or array of int
        Active cells, from ``overlap`` to n - a + ``overlap``.

    Returns
    -------
    fires, silent : Probability
        Each computed as a sum of its own, in the common shape of the arguments.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    from .coverage_kernels import fill_union_sides

    n, a = cells(n, a=a)
    s, theta = integers("s", s, 0, a), integers("theta", theta)
    m, p = integers("m", m, 1, MOST_PATTERNS), reals("p", p)
    overlap = integers("overlap", overlap, 0, a)
    active = integers("active", active, 0, n - a + overlap)
    if np.any(active < overlap):
        raise ValueError(f"active must be at least overlap, got {active} with {overlap}")
    shape, flat = together(n, a, s, theta, m, p, overlap, active)
    fires, silent = np.empty(flat[0].size), np.empty(flat[0].size)
    fill_union_sides(*flat, fires, silent)
    return Probability.of_log(shaped(fires, shape)), Probability.of_log(shaped(silent, shape))
