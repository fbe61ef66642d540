"""Approximations of unions that put a typical size in the place of the random one.

Symbols and the exact results are those of `unions`. They are here by name to repeat what has been
published: they are not the same as the exact result, nor as each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._arguments import MOST_PATTERNS, cells, integers, shaped, together
from .probability import Probability
from .single import fp
from .unions import ln_free, union_mean

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def union_fp_rounded(
    n: ArrayLike, a: ArrayLike, s: ArrayLike, theta: ArrayLike, m: ArrayLike
) -> Probability:
    """Approximation (a) of `union_fp`: a union of the mean size, rounded to an integer.

    What figure 7B of Ahmad and Hawkins (2016) shows.

    Parameters
    ----------
    n, a, s, theta, m : int or array of int
        As in `union_fp`.

    Returns
    -------
    Probability
        In the common shape of the arguments.

    Raises
    ------
    TypeError, ValueError
        If an argument is not an integer or out of range.
    """
    size = np.rint(union_mean(n, s, m)).astype(np.int64)
    found = fp(n, a, size, theta)
    return Probability(found.value, found.log10, "rounded mean size")


def _real_size(
    n: np.ndarray, drawn: np.ndarray, theta: ArrayLike, size: float | np.ndarray
) -> Probability:
    from .real_size_kernels import fill_tail_real

    arrays = (integers("theta", theta), n, np.asarray(size, dtype=float), drawn)
    shape, flat = together(*arrays)
    found = np.empty(flat[0].size)
    fill_tail_real(*flat, found)
    return Probability.of_log(shaped(found, shape), "real mean size")


def union_fp_gamma(
    n: ArrayLike, a: ArrayLike, s: ArrayLike, theta: ArrayLike, m: ArrayLike
) -> Probability:
    """Approximation (b) of `union_fp`: a union of the mean size, binomials by Gamma functions.

    Parameters
    ----------
    n, a, s, theta, m : int or array of int
        As in `union_fp`.

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
    return _real_size(n, a, theta, union_mean(n, s, m))


def activity_union_fp_gamma(
    n: ArrayLike, a: ArrayLike, s: ArrayLike, theta: ArrayLike, m: ArrayLike
) -> Probability:
    """Approximation (b) of `activity_union_fp`, with n (1 - (1 - a/n)^m) active cells.

    Parameters
    ----------
    n, a, s, theta, m : int or array of int
        As in `activity_union_fp`.

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
    return _real_size(n, s, theta, union_mean(n, a, m))


def union_fp_bloom(n: ArrayLike, a: ArrayLike, s: ArrayLike, m: ArrayLike) -> Probability:
    """Approximation (c) of `union_fp` at theta = a, an exact match: (1 - p0)^a.

    That is what a Bloom filter with a hash functions would do: active cells are taken to be covered
    independently of each other, each with chance 1 - (1 - s/n)^m.

    Parameters
    ----------
    n, a, s, m : int or array of int
        As in `union_fp`.

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
    covered = -np.expm1(ln_free(n, s, integers("m", m, 0, MOST_PATTERNS)))
    with np.errstate(divide="ignore", invalid="ignore"):
        return Probability.of_log(np.where(a > 0, a * np.log(covered), 0.0), "Bloom")
