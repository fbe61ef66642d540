"""How many of x given cells M random sets of s of n cells cover, for all M of a range at once.

A chain over the number covered: of y = x - c uncovered cells the next set finds Hyp(n, y, s). All
numbers are positive, laws are normalised at each step, and only absolute accuracy is asked for
(about 1e-13), which doubles give; `theory.sdr.unions` holds the same laws at any depth.
"""

from __future__ import annotations

import numpy as np


def hypergeometric_law(n: int, a: int, s: int) -> np.ndarray:
    """P[X = k], k = 0, ..., min(a, s), of X ~ Hyp(n, a, s): O(min(a, s)) operations."""
    low, high = max(0, a + s - n), min(a, s)
    k = np.arange(low, high, dtype=float)
    steps = np.log((s - k) * (a - k)) - np.log((k + 1.0) * (n - s - a + k + 1.0))
    logs = np.concatenate([[0.0], np.cumsum(steps)])
    law = np.zeros(high + 1)
    law[low:] = np.exp(logs - logs.max())
    return law / law.sum()


def binomial_law(count: int, p: float) -> tuple[int, np.ndarray]:
    """P[Y = k] of Y ~ Bin(count, p), 0 < p < 1, for k = first, first + 1, ...: first and chances.

    Numbers of a chance below 1e-21 together are left out. O(sqrt(count p) + 50) operations.
    """
    mean = count * p
    wide = 10.0 * np.sqrt(mean)
    first = max(0, int(mean - wide))
    last = min(count, int(np.ceil(mean + 17.0 + np.sqrt(280.0 + 100.0 * mean))))
    k = np.arange(first, last, dtype=float)
    steps = np.log((count - k) * p / ((k + 1.0) * (1.0 - p)))
    logs = np.concatenate([[0.0], np.cumsum(steps)])
    law = np.exp(logs - logs.max())
    return first, law / law.sum()


def transitions(n: int, x: int, s: int) -> np.ndarray:
    """Matrix (x + 1, x + 1) of chances that one set takes c covered cells to d. O(x min(x, s))."""
    matrix = np.zeros((x + 1, x + 1))
    for covered in range(x + 1):
        law = hypergeometric_law(n, x - covered, s)
        matrix[covered, covered : covered + len(law)] = law
    return matrix


def _square(matrix: np.ndarray) -> np.ndarray:
    """Square of a stochastic matrix, rows normalised."""
    matrix = matrix @ matrix
    return matrix / matrix.sum(axis=1, keepdims=True)


def cover_laws(n: int, x: int, s: int, first: int, last: int) -> np.ndarray:
    """P[c of x cells are covered by m sets], m = first, ..., last: shape (last - first + 1, x + 1).

    The law of ``first`` by squares of the chain's matrix, then as many more laws in each step as
    are there already. O(x^3 log last + x^2 (last - first)) operations.
    """
    single = transitions(n, x, s)
    row = np.zeros(x + 1)
    row[0] = 1.0
    matrix, left = single, first
    while left:
        if left & 1:
            row = row @ matrix
        left >>= 1
        if left:
            matrix = _square(matrix)
    count = last - first + 1
    out = np.empty((count, x + 1))
    out[0] = row / row.sum()
    matrix, done = single, 1
    while done < count:
        more = min(done, count - done)
        out[done : done + more] = out[:more] @ matrix
        done += more
        if done < count:
            matrix = _square(matrix)
    return out / out.sum(axis=1, keepdims=True)
