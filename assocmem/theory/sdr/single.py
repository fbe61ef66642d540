r"""One segment of s synapses: how often it fires at chance, and how often it misses its pattern.

A segment stores s of the a active cells of its pattern and fires where at least theta of them
transmit. An activity of exactly a of n cells that is independent of the pattern makes it fire by

$$ \mathrm{FP}=\Pr[\mathrm{Hyp}(n,a,s)\ge\theta], \tag{2} $$

and the pattern with v of its bits lost fails to by

$$ \mathrm{FN}=\Pr[\mathrm{Hyp}(a,v,s)\ge s-\theta+1]. \tag{3} $$

Numbers of equations are those of the derivations in Ahmad and Hawkins, arXiv:1601.00720, sections
on false positives and negatives. All functions broadcast their arguments, see `Probability`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ._arguments import cells, integers, reals, shaped, together
from .hypergeometric import log_binomial_tail, log_pmf
from .probability import Probability

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def _filled(fill: Callable[..., None], *arrays: np.ndarray) -> Probability:
    """What a kernel over flat arrays makes of them."""
    shape, flat = together(*arrays)
    found = np.empty(flat[0].size)
    fill(*flat, found)
    return Probability.of_log(shaped(found, shape))


def fp(n: ArrayLike, a: ArrayLike, s: ArrayLike, theta: ArrayLike) -> Probability:
    """False positive: a segment fires at an activity of exactly ``a`` cells, equation (2).

    Parameters
    ----------
    n : int or array of int
        Cells.
    a : int or array of int
        Active cells, from 0 to n.
    s : int or array of int
        Synapses, from 0 to n.
    theta : int or array of int
        Threshold. At theta <= max(0, a + s - n) the segment always fires.

    Returns
    -------
    Probability
        In the common shape of the arguments.

    Raises
    ------
    TypeError, ValueError
        If an argument is not an integer or out of range.

    Notes
    -----
    The same in ``a`` and ``s`` exchanged. O(min(s, a)) operations for each number.

    Examples
    --------
    >>> from assocmem.theory.sdr.single import fp
    >>> print(fp(10_000, 300, 30, [12, 15]).value)
    [2.27907942e-11 1.04919183e-15]
    """
    return fp_unreliable(n, a, s, theta, 1.0)


def fp_unreliable(
    n: ArrayLike, a: ArrayLike, s: ArrayLike, theta: ArrayLike, p: ArrayLike
) -> Probability:
    """False positive of a segment whose active synapses each transmit with chance ``p`` (4).

    Parameters
    ----------
    n, a, s, theta : int or array of int
        As in `fp`.
    p : float or array of float
        In [0, 1].

    Returns
    -------
    Probability
        In the common shape of the arguments.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    from .detection_kernels import fill_fire

    return _filled(fill_fire, *cells(n, a=a, s=s), integers("theta", theta), reals("p", p))


def fp_random(s: ArrayLike, q: ArrayLike, theta: ArrayLike) -> Probability:
    """False positive where each cell is on independently with chance ``q``: B(s, q, theta).

    It is larger than `fp` at a = q n, by orders of magnitude far out, since activities that are
    larger than the mean weigh more.

    Parameters
    ----------
    s : int or array of int
        Synapses, >= 0.
    q : float or array of float
        Rate in [0, 1]; with unreliable synapses q times the chance that one transmits.
    theta : int or array of int
        Threshold.

    Returns
    -------
    Probability
        In the common shape of the arguments.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> from assocmem.theory.sdr.single import fp_random
    >>> print(fp_random(24, 0.25, 12))
    0.00719965 (exact)
    """
    s, q = integers("s", s, 0), reals("q", q)
    return Probability.of_log(log_binomial_tail(integers("theta", theta), s, q))


def fn_unreliable(
    a: ArrayLike, s: ArrayLike, theta: ArrayLike, p: ArrayLike, v: ArrayLike = 0
) -> Probability:
    """False negative with synapses that transmit with chance ``p``, after ``v`` lost bits (4).

    Parameters
    ----------
    a, s, theta, v : int or array of int
        As in `fn_drop`.
    p : float or array of float
        In [0, 1].

    Returns
    -------
    Probability
        In the common shape of the arguments.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    from .detection_kernels import fill_rest

    a, s, v = cells(a, s=s, v=v)
    return _filled(fill_rest, a, a - v, s, integers("theta", theta), reals("p", p))


def fn_drop(a: ArrayLike, s: ArrayLike, theta: ArrayLike, v: ArrayLike) -> Probability:
    """False negative: a segment misses its pattern of which ``v`` bits are lost, equation (3).

    For the conventions `Drop` and `Replace`, that differ only in cells outside the pattern, where a
    segment with one pattern has no synapses. The number of cells does not enter.

    Parameters
    ----------
    a : int or array of int
        Active cells of the pattern.
    s : int or array of int
        Synapses, from 0 to a.
    theta : int or array of int
        Threshold.
    v : int or array of int
        Lost bits, from 0 to a.

    Returns
    -------
    Probability
        0 exactly if v <= s - theta, 1 exactly if a - v < theta.

    Raises
    ------
    TypeError, ValueError
        If an argument is not an integer or out of range.

    Examples
    --------
    >>> from assocmem.theory.sdr.single import fn_drop
    >>> print(fn_drop(300, 30, 12, 60))
    3.94744e-08 (exact)
    """
    return fn_unreliable(a, s, theta, 1.0, v)


def fn_swap(
    n: ArrayLike,
    a: ArrayLike,
    s: ArrayLike,
    theta: ArrayLike,
    v: ArrayLike,
    p: ArrayLike = 1.0,
) -> Probability:
    """False negative of the convention `Swap`: cells just silenced may come back.

    FN' = sum_r P[r] FN(a, s, theta, v - r) with r ~ Hyp(n - a + v, v, v).

    Parameters
    ----------
    n : int or array of int
        Cells.
    a, s, theta, v : int or array of int
        As in `fn_drop`, with a <= n.
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

    Examples
    --------
    >>> from assocmem.theory.sdr.single import fn_drop, fn_swap
    >>> print(fn_drop(20, 10, 6, 12), "against", fn_swap(60, 20, 10, 6, 12))
    0.915099 (exact) against 0.535913 (exact)
    """
    from .detection_kernels import fill_miss_swap

    n, a = cells(n, a=a)
    s, v = integers("s", s, 0, a), integers("v", v, 0, a)
    return _filled(fill_miss_swap, n, a, s, integers("theta", theta), v, reals("p", p))


def fn_kill(
    n: ArrayLike, s: ArrayLike, theta: ArrayLike, dead: ArrayLike, p: ArrayLike = 1.0
) -> Probability:
    """False negative of the convention `Kill`: ``dead`` of all n cells never fire.

    FN = P[Hyp(n, dead, s) >= s - theta + 1], whatever the size of the pattern.

    Parameters
    ----------
    n : int or array of int
        Cells.
    s : int or array of int
        Synapses, from 0 to n.
    theta : int or array of int
        Threshold.
    dead : int or array of int
        Dead cells, from 0 to n.
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
    """
    from .detection_kernels import fill_rest

    n, s, dead = cells(n, s=s, dead=dead)
    return _filled(fill_rest, n, n - dead, s, integers("theta", theta), reals("p", p))


def same(n: ArrayLike, a: ArrayLike) -> Probability:
    """Chance that two activities of ``a`` of ``n`` cells are the same, 1/C(n, a).

    Parameters
    ----------
    n, a : int or array of int
        Cells, and active cells from 0 to n.

    Returns
    -------
    Probability
        In the common shape of the arguments.

    Raises
    ------
    TypeError, ValueError
        If an argument is not an integer or out of range.
    """
    n, a = cells(n, a=a)
    return Probability.of_log(log_pmf(a, n, a, a))


def log_overlap_set(n: ArrayLike, a: ArrayLike, x: ArrayLike, b: ArrayLike) -> float | np.ndarray:
    """Natural logarithm of the number of activities of a given overlap with a given one (1).

    C(x, b) C(n - x, a - b): activities of ``a`` of ``n`` cells that share exactly ``b`` cells with
    a fixed one of ``x`` cells.

    Parameters
    ----------
    n : int or array of int
        Cells.
    a, x : int or array of int
        Active cells of either, from 0 to n.
    b : int or array of int
        Overlap.

    Returns
    -------
    float or ndarray
        -inf where there is none.

    Raises
    ------
    TypeError, ValueError
        If an argument is not an integer or out of range.
    """
    from .detection_kernels import fill_overlap_set

    n, a, x = cells(n, a=a, x=x)
    shape, flat = together(n, a, x, integers("b", b))
    found = np.empty(flat[0].size)
    fill_overlap_set(*flat, found)
    return shaped(found, shape)
