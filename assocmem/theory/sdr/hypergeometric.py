r"""The hypergeometric and the binomial law in natural logarithms, over arrays.

X ~ Hyp(n, a, s) is the number of active cells among s drawn without replacement from n of which a
are active:

$$ \Pr[X=k]=\binom sk\binom{n-s}{a-k}\Big/\binom na . $$

It is the same in a and s exchanged. Values are right to 1e-12 relative at any depth at which the
logarithm itself, a double, can say so: to below 1e-470, and on the side near 1 too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._arguments import cells, integers, reals, shaped, together

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def log_pmf(k: ArrayLike, n: ArrayLike, a: ArrayLike, s: ArrayLike) -> float | np.ndarray:
    """Natural logarithm of P[X = k] for X ~ Hyp(n, a, s).

    Parameters
    ----------
    k : int or array of int
        Overlap; any integer.
    n : int or array of int
        Cells, from 0 to 2^31 - 1.
    a, s : int or array of int
        Active cells and cells drawn, each from 0 to n.

    Returns
    -------
    float or ndarray
        In the common shape of the arguments; -inf where impossible.

    Raises
    ------
    TypeError, ValueError
        If an argument is not an integer or out of range.

    Notes
    -----
    O(min(s, a, n - s, n - a)) operations for each number.

    Examples
    --------
    >>> from assocmem.theory.sdr.hypergeometric import log_pmf
    >>> round(float(log_pmf(10, 200_000, 2000, 10)), 10)
    -46.0740125659
    """
    from .kernels import fill_pmf

    shape, flat = together(integers("k", k), *cells(n, a=a, s=s))
    found = np.empty(flat[0].size)
    fill_pmf(*flat, found)
    return shaped(found, shape)


def _sides(
    theta: ArrayLike, n: ArrayLike, a: ArrayLike, s: ArrayLike
) -> tuple[float | np.ndarray, float | np.ndarray]:
    from .kernels import fill_sides

    shape, flat = together(integers("theta", theta), *cells(n, a=a, s=s))
    tail, head = np.empty(flat[0].size), np.empty(flat[0].size)
    fill_sides(*flat, tail, head)
    return shaped(tail, shape), shaped(head, shape)


def log_tail(theta: ArrayLike, n: ArrayLike, a: ArrayLike, s: ArrayLike) -> float | np.ndarray:
    """Natural logarithm of P[X >= theta] for X ~ Hyp(n, a, s).

    Parameters
    ----------
    theta : int or array of int
        Threshold; any integer.
    n, a, s : int or array of int
        As in `log_pmf`.

    Returns
    -------
    float or ndarray
        0 where certain (theta <= max(0, a + s - n)), -inf where impossible (theta > min(a, s)).

    Raises
    ------
    TypeError, ValueError
        If an argument is not an integer or out of range.

    Examples
    --------
    >>> from assocmem.theory.sdr.hypergeometric import log_tail
    >>> round(float(log_tail(12, 4000, 128, 24)), 9)
    -27.335936983
    """
    return _sides(theta, n, a, s)[0]


def log_head(theta: ArrayLike, n: ArrayLike, a: ArrayLike, s: ArrayLike) -> float | np.ndarray:
    """Natural logarithm of P[X < theta] for X ~ Hyp(n, a, s); see `log_tail`.

    Parameters
    ----------
    theta, n, a, s : int or array of int
        As in `log_tail`.

    Returns
    -------
    float or ndarray
        -inf where X >= theta for certain, 0 where X < theta for certain.

    Raises
    ------
    TypeError, ValueError
        If an argument is not an integer or out of range.
    """
    return _sides(theta, n, a, s)[1]


def log_binomial_pmf(k: ArrayLike, m: ArrayLike, p: ArrayLike) -> float | np.ndarray:
    """Natural logarithm of P[Y = k] for Y ~ Bin(m, p).

    Parameters
    ----------
    k : int or array of int
        Any integer.
    m : int or array of int
        Number of trials, from 0 to 2^31 - 1.
    p : float or array of float
        Chance of a success, in [0, 1].

    Returns
    -------
    float or ndarray
        In the common shape of the arguments; -inf where impossible.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    from ._arguments import MOST_CELLS
    from .kernels import fill_binomial_pmf

    m = integers("m", m, 0, MOST_CELLS)
    shape, flat = together(integers("k", k), m, reals("p", p))
    found = np.empty(flat[0].size)
    fill_binomial_pmf(*flat, found)
    return shaped(found, shape)


def _binomial_sides(
    theta: ArrayLike, m: ArrayLike, p: ArrayLike
) -> tuple[float | np.ndarray, float | np.ndarray]:
    from ._arguments import MOST_CELLS
    from .kernels import fill_binomial_sides

    m = integers("m", m, 0, MOST_CELLS)
    shape, flat = together(integers("theta", theta), m, reals("p", p))
    tail, head = np.empty(flat[0].size), np.empty(flat[0].size)
    fill_binomial_sides(*flat, tail, head)
    return shaped(tail, shape), shaped(head, shape)


def log_binomial_tail(theta: ArrayLike, m: ArrayLike, p: ArrayLike) -> float | np.ndarray:
    """Natural logarithm of B(m, p, theta) = P[Y >= theta] for Y ~ Bin(m, p).

    Parameters
    ----------
    theta : int or array of int
        Any integer.
    m, p
        As in `log_binomial_pmf`.

    Returns
    -------
    float or ndarray
        0 where certain, -inf where impossible.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> from assocmem.theory.sdr.hypergeometric import log_binomial_tail
    >>> round(float(log_binomial_tail(12, 24, 0.25)), 9)
    -4.933722864
    """
    return _binomial_sides(theta, m, p)[0]


def log_binomial_head(theta: ArrayLike, m: ArrayLike, p: ArrayLike) -> float | np.ndarray:
    """Natural logarithm of P[Y < theta] for Y ~ Bin(m, p); see `log_binomial_tail`.

    Parameters
    ----------
    theta, m, p
        As in `log_binomial_tail`.

    Returns
    -------
    float or ndarray
        -inf where Y >= theta for certain, 0 where Y < theta for certain.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    return _binomial_sides(theta, m, p)[1]
