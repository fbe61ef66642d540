"""Storing patterns by sub-sampling: a segment takes some of the active cells of a pattern."""

from __future__ import annotations

import numpy as np

from .. import _validate as check
from ..sdr._seeds import generator, state
from .kernels import learning as kernels


def subsample(cells: np.ndarray, n_synapses: int, rng: np.random.Generator | int) -> np.ndarray:
    """A uniform random subset of ``n_synapses`` of the given cells.

    Parameters
    ----------
    cells : ndarray, int32, shape (a,)
        Active cells, rising.
    n_synapses : int
        s, from 0 to a.
    rng : numpy.random.Generator or int
        Source of randomness, or a seed >= 0.

    Returns
    -------
    ndarray, int32, shape (n_synapses,)
        In rising order.

    Raises
    ------
    TypeError, ValueError
        If ``n_synapses`` is not an integer from 0 to a.

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem.dendrites.learning import subsample
    >>> len(subsample(np.arange(0, 100, 5, dtype=np.int32), 7, rng=1))
    7
    """
    cells = _integers("cells", cells, np.int32)
    n_synapses = _checked_size(n_synapses, len(cells))
    out, indptr = np.empty(n_synapses, np.int32), np.array([0, len(cells)])
    kernels.select(indptr, cells, n_synapses, state(generator(rng)), out)
    return out


def subsample_rows(
    indptr: np.ndarray, indices: np.ndarray, n_synapses: int, rng: np.random.Generator | int
) -> tuple[np.ndarray, np.ndarray]:
    """A uniform random subset of each row, independently.

    Parameters
    ----------
    indptr, indices : ndarray
        Active cells of each pattern as CSR arrays, rows rising.
    n_synapses : int
        s, from 0 to the cells of the smallest row.
    rng : numpy.random.Generator or int
        Source of randomness, or a seed >= 0.

    Returns
    -------
    indptr : ndarray, int64, shape (rows + 1,)
    indices : ndarray, int32, shape (rows * n_synapses,)
        Rows in rising order.

    Raises
    ------
    TypeError, ValueError
        If ``n_synapses`` is not as said.

    Notes
    -----
    Selection sampling (Knuth, The Art of Computer Programming 2, 3.4.2 S): cells are taken in
    order, each with the probability that the remaining places over the remaining cells give. Cost:
    one random number a cell of the pattern. Chances are uneven by less than a / 2^32.
    """
    indptr = _integers("indptr", indptr, np.int64)
    indices = _integers("indices", indices, np.int32)
    if not len(indptr) or indptr[0] != 0 or indptr[-1] != len(indices):
        raise ValueError(f"indptr must go from 0 to {len(indices)}, got {indptr}")
    rows = len(indptr) - 1
    sizes = np.diff(indptr)
    n_synapses = _checked_size(n_synapses, int(sizes.min()) if rows else None)
    out = np.empty(rows * n_synapses, np.int32)
    kernels.select(indptr, indices, n_synapses, state(generator(rng)), out)
    return np.arange(rows + 1, dtype=np.int64) * n_synapses, out


def _checked_size(n_synapses: int, fewest: int | None) -> int:
    """``n_synapses`` if a pattern of ``fewest`` cells has as many."""
    n_synapses = check.integer("n_synapses", n_synapses, 0)
    if fewest is not None and n_synapses > fewest:
        raise ValueError(
            f"n_synapses must be at most the active cells of a pattern, {fewest}, got {n_synapses}"
        )
    return n_synapses


def _integers(name: str, value: np.ndarray, dtype: type) -> np.ndarray:
    """A one-dimensional array of integers, as kernels take it."""
    array = np.asarray(value)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise TypeError(
            f"{name} must be integers in one dimension, got {array.dtype} of shape {array.shape}"
        )
    return np.ascontiguousarray(array, dtype)
