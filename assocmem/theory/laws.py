"""Finite discrete laws: sums of independent entries, binomial means, symmetric reductions.

A law is a pair (values, probabilities) of 1-d float64 arrays.
"""

from __future__ import annotations

import math

import numpy as np

from .. import _validate as check

Law = tuple[np.ndarray, np.ndarray]


def merged(values: np.ndarray, probabilities: np.ndarray) -> Law:
    """The law with equal values (to 1e-12 of the largest) counted once and nulls left out."""
    values = np.asarray(values, dtype=np.float64)
    probabilities = np.asarray(probabilities, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    values, probabilities = values[order], probabilities[order]
    scale = max(float(np.max(np.abs(values))), 1e-300)
    starts = np.flatnonzero(np.r_[True, np.diff(values) > 1e-12 * scale])
    weights = np.add.reduceat(probabilities, starts)
    points = values[starts]
    points = np.where(np.abs(points) <= 1e-12 * scale, 0.0, points)
    keep = weights > 0.0
    return points[keep], weights[keep]


def sum_of(law: Law, n: int) -> Law:
    """Law of the sum of ``n`` independent entries of ``law``. Cost: n merges."""
    n = check.integer("n", n, 1)
    values, probabilities = merged(*law)
    total = (values, probabilities)
    for _ in range(n - 1):
        total = merged(
            np.add.outer(total[0], values).ravel(),
            np.multiply.outer(total[1], probabilities).ravel(),
        )
    return total


def folded(law: Law) -> Law:
    """Law of the absolute value: enough for averages that are even in the entry."""
    return merged(np.abs(law[0]), law[1])


def binomial_mean(n: int, mean: float) -> Law:
    """Law of the mean of ``n`` independent signs of expectation ``mean``.

    The values are -1, -1 + 2/n, ..., 1. Probabilities come from log-gamma functions, relative
    error about 1e-13 for n up to 10^3.

    Parameters
    ----------
    n : int
        Number of signs, >= 1.
    mean : float
        Expectation of one sign, in [-1, 1].
    """
    n = check.integer("n", n, 1)
    mean = check.real("mean", mean, -1.0, 1.0)
    values = np.arange(-n, n + 1, 2) / n
    plus, minus = 0.5 * (1.0 + mean), 0.5 * (1.0 - mean)
    if plus == 0.0 or minus == 0.0:
        return np.array([math.copysign(1.0, mean)]), np.array([1.0])
    weights = np.array(
        [
            math.exp(
                math.lgamma(n + 1.0)
                - math.lgamma(k + 1.0)
                - math.lgamma(n - k + 1.0)
                + k * math.log(plus)
                + (n - k) * math.log(minus)
            )
            for k in range(n + 1)
        ]
    )
    keep = weights > 0.0
    return values[keep], weights[keep] / weights.sum()


def product(laws: list[Law]) -> tuple[np.ndarray, np.ndarray]:
    """Joint law of independent entries: words of shape (n_words, len(laws)), probabilities."""
    words = np.zeros((1, 0))
    weights = np.ones(1)
    for values, probabilities in laws:
        words = np.concatenate(
            [np.repeat(words, len(values), axis=0), np.tile(values, len(words))[:, None]], axis=1
        )
        weights = np.repeat(weights, len(values)) * np.tile(probabilities, len(weights))
    return words, weights
