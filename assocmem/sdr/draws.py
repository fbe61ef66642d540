"""Random activities, many at a time: rows of active cells as CSR arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import _validate as check
from ._seeds import generator, state
from .kernels import draws as kernels

if TYPE_CHECKING:
    from .activity import Clustered

_MOST = 2**31 - 1


def subsets(
    n: int, a: int, count: int, rng: np.random.Generator | int
) -> tuple[np.ndarray, np.ndarray]:
    """Uniform random subsets: every set of ``a`` of ``n`` cells equally likely.

    Parameters
    ----------
    n : int
        Cells, from 1 to 2^31 - 1.
    a : int
        Cells of a subset, from 0 to n.
    count : int
        Number of subsets, independent of each other, >= 0.
    rng : numpy.random.Generator or int
        Source of randomness, or a seed >= 0.

    Returns
    -------
    indptr : ndarray, int64, shape (count + 1,)
        Row k is ``indices[indptr[k]:indptr[k + 1]]``.
    indices : ndarray, int32, shape (count * a,)
        Each row in rising order.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Notes
    -----
    Exactly uniform given uniform random bits: Floyd's method on integers drawn by rejection. Cost
    a draws and n/4096 operations for each subset.

    Examples
    --------
    >>> from assocmem.sdr.draws import subsets
    >>> indptr, indices = subsets(10, 3, 2, rng=1)
    >>> indptr
    array([0, 3, 6])
    """
    n = check.integer("n", n, 1, _MOST)
    a = check.integer("a", a, 0, n)
    count = check.integer("count", count, 0)
    out = np.empty(count * a, np.int32)
    marks = np.zeros(kernels.mark_words(n), np.uint64)
    kernels.fill_subsets(state(generator(rng)), n, a, count, marks, out)
    return np.arange(count + 1, dtype=np.int64) * a, out


def independent(
    rates: np.ndarray, count: int, rng: np.random.Generator | int
) -> tuple[np.ndarray, np.ndarray]:
    """Activities whose cells are on independently, cell i with probability rates[i].

    Parameters
    ----------
    rates : array_like, float64, shape (n,)
        Probabilities in [0, 1].
    count : int
        Number of activities, >= 0.
    rng : numpy.random.Generator or int
        Source of randomness, or a seed >= 0.

    Returns
    -------
    indptr : ndarray, int64, shape (count + 1,)
        Row k is ``indices[indptr[k]:indptr[k + 1]]``.
    indices : ndarray, int32, shape (total,)
        Each row in rising order.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Notes
    -----
    Cells that are off are skipped by geometric waiting times, within runs of cells of similar
    rates: cost of order the active cells, at worst n, for each activity.
    """
    rates = np.ascontiguousarray(rates, dtype=np.float64)
    if rates.ndim != 1 or not 1 <= len(rates) <= _MOST:
        raise ValueError(f"rates must have shape (n,), n >= 1, got {rates.shape}")
    if not np.all((rates >= 0.0) & (rates <= 1.0)):
        raise ValueError(
            f"rates must be in [0, 1], got values from {rates.min():g} to {rates.max():g}"
        )
    count = check.integer("count", count, 0)
    single = state(generator(rng))
    ends, tops = np.empty(len(rates), np.int64), np.empty(len(rates))
    runs = kernels.divide_rates(rates, ends, tops)
    indptr = np.zeros(count + 1, np.int64)
    mean = float(rates.sum())
    room = int(count * mean + 6.0 * (count * mean) ** 0.5) + 64
    out, done = np.empty(min(room, count * len(rates)), np.int32), 0
    while True:
        done = kernels.fill_independent(single, rates, ends, tops, runs, done, indptr, out)
        if done == count:
            return indptr, out[: indptr[count]].copy()
        out = np.concatenate([out, np.empty(len(out) // 4 + len(rates), np.int32)])


def clustered(
    model: Clustered, count: int, rng: np.random.Generator | int
) -> tuple[np.ndarray, np.ndarray]:
    """Activities that come in clusters of neighbouring cells, by the law of ``model``.

    Parameters
    ----------
    model : Clustered
        The law.
    count : int
        Number of activities, independent of each other, >= 0.
    rng : numpy.random.Generator or int
        Source of randomness, or a seed >= 0.

    Returns
    -------
    indptr : ndarray, int64, shape (count + 1,)
        Row k is ``indices[indptr[k]:indptr[k + 1]]``.
    indices : ndarray, int32, shape (count * a,)
        Each row in rising order.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    count = check.integer("count", count, 0)
    whole, loose = model.n_whole, model.n_loose
    out = np.empty(count * model.a, np.int32)
    marks = np.zeros(kernels.mark_words(model.n), np.uint64)
    scratch = np.empty(whole + loose, np.int32)
    kernels.fill_clustered(
        state(generator(rng)), model.n, model.size, whole, loose, count, marks, scratch, out
    )
    return np.arange(count + 1, dtype=np.int64) * model.a, out
