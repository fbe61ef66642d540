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


def _power(matrix: np.ndarray, times: int) -> np.ndarray:
    """Row 0 of a power of a stochastic matrix, by squaring, rows normalised on the way."""
    row = np.zeros(len(matrix))
    row[0] = 1.0
    while times:
        if times & 1:
            row = row @ matrix
        times >>= 1
        if times:
            matrix = matrix @ matrix
            matrix /= matrix.sum(axis=1, keepdims=True)
    return row / row.sum()


def cover_laws(n: int, x: int, s: int, first: int, last: int) -> np.ndarray:
    """P[c of x cells are covered by m sets], m = first, ..., last: shape (last - first + 1, x + 1).

    O(x^2 (last - first) + min(x^3 log first, x^2 first)) operations.
    """
    matrix = transitions(n, x, s)
    out = np.empty((last - first + 1, x + 1))
    if first > 2 * x:
        row = _power(matrix, first)
    else:
        row = np.zeros(x + 1)
        row[0] = 1.0
        for _ in range(first):
            row = row @ matrix
    out[0] = row / row.sum()
    for i in range(1, len(out)):
        row = out[i - 1] @ matrix
        out[i] = row / row.sum()
    return out
