"""Kernels of a hierarchy of macs: runs of steps, what codes stand for, which codes are alike."""

from __future__ import annotations

import numpy as np

from ...montecarlo.kernels.rng import kernel, uncounted
from .level import AGE, LAST_WORD, UNITS, G, U, copy, step_level
from .packed import ctpop, trailing_zeros

_1, _6 = np.uint64(1), np.uint64(6)


@uncounted
def read(level, threshold, counts, seen, out):
    """Features that the codes of the lowest level stand for.

    Parameters
    ----------
    level : Macs
    threshold : float
        A feature is on where at least this fraction of the winners of all macs that see it and
        have a code have their weight from it set.
    counts, seen : int64 (features of the sheet,)
        Scratch.
    out : bool (features of the sheet,)

    Notes
    -----
    A few operations for each weight set of each winner, and one for each feature of each field.
    """
    counts[:] = 0
    seen[:] = 0
    k = np.int64(level.model[UNITS])
    for m in range(level.winners.shape[0]):
        if level.tally[m, AGE] == 0:
            continue
        features = level.features[m]
        for f in features:
            seen[f] += level.winners.shape[1]
        for j in range(level.winners.shape[1]):
            i = j * k + level.winners[m, j]
            for w in range(np.uint64(level.segments[U, LAST_WORD])):
                bits = level.weights[m, w, i]
                while bits:
                    counts[features[(w << _6) + trailing_zeros(bits)]] += 1
                    bits &= bits - _1
    for f in range(out.shape[0]):
        # Fractions of whole numbers, safe from the rounding of the product.
        out[f] = seen[f] > 0 and counts[f] >= threshold * seen[f] - 1e-9


@kernel
def run(levels, frames, given, learning, threshold, codes, familiar, reads, features):
    """Steps of a whole hierarchy.

    Parameters
    ----------
    levels : tuple of Macs
        From the lowest.
    frames : uint64 (steps, words)
        Packed features of each step.
    given : bool (steps,)
        Whether there is a frame at all.
    learning : bool
    threshold : float
        See `read`.
    codes, familiar : tuple of int32 (steps, M, Q) and of float64 (steps, M), one for each level
        Receive the winners and the familiarities at their selection.
    reads : bool (steps, features of the sheet)
        Receives what the codes of level 1 stand for; with 0 steps nothing is read.
    features : int64 (2, features of the sheet)
        Scratch.
    """
    number = len(levels)
    for t in range(frames.shape[0]):
        for j in range(number):
            level = levels[j]
            step_level(
                level, levels[max(j - 1, 0)], levels[min(j + 1, number - 1)], frames[t], j == 0,
                j == number - 1, not given[t], learning,
            )  # fmt: skip
            for m in range(level.winners.shape[0]):
                copy(level.winners[m], codes[j][t, m])
                familiar[j][t, m] = level.found[m, G]
        if reads.shape[0]:
            read(levels[0], threshold, features[0], features[1], reads[t])


@kernel
def count_held(weights, first, last, out):
    """Weights set of each unit from words first..last-1: weights (M, W, units), out (M, units)."""
    for m in range(weights.shape[0]):
        for i in range(weights.shape[2]):
            out[m, i] = 0
            for w in range(first, last):
                out[m, i] += np.int32(ctpop(weights[m, w, i]))


@kernel
def count_shared(codes, stored, out):
    """Modules in which codes have the same winner, of all pairs: int32 (codes, stored codes).

    ``codes`` and ``stored`` are int32 (.., modules), -1 where there is none: such share nothing.
    One comparison for each module of each pair.
    """
    for t in range(codes.shape[0]):
        for n in range(stored.shape[0]):
            count = np.int32(0)
            for i in range(codes.shape[1]):
                count += np.int32(codes[t, i] == stored[n, i] and codes[t, i] >= 0)
            out[t, n] = count
