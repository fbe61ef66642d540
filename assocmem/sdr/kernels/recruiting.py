"""Learning in which modules take new units for what they do not know, see ``Mac.recruit``."""

from __future__ import annotations

import numpy as np

from ...montecarlo.kernels.rng import TWO53, draw, uncounted, wide
from .mac import best_code

_1 = np.uint64(1)


@uncounted
def recruit_code(v, held, q, k, novelty, limit, chance, single, r, winners):
    """Winners of an input to be learned; in how many modules a new unit was taken.

    Parameters
    ----------
    v : float64 (q k,)
        Supports.
    held : int32 (q k,)
        Weights set.
    q, k : int
    novelty : float
        Modules whose largest support is below this may take a new unit.
    limit : float
        Units with fewer weights set are new.
    chance : float
        Probability in [0, 1] with which a module does.
    single : uint64 (R, 4)
        Generators, the r-th of which gives the numbers.
    r : int
    winners : int (q,)
        Receives new units as they are, so that `learn` lets them learn, and a unit i of largest
        support as -2 - i, so that it does not; `plain_code` makes both alike.

    Notes
    -----
    Some 3 q k comparisons, and 2 k for each module that takes a new unit.
    """
    best_code(v, q, k, single, r, winners)
    taken = 0
    for j in range(np.uint64(q)):
        begin = j * np.uint64(k)
        end = begin + np.uint64(k)
        best = np.int64(winners[j])
        winners[j] = -2 - best
        if not v[begin + np.uint64(best)] < novelty:
            continue
        if not wide(draw(single, r)) < chance * TWO53:
            continue
        free = 0
        for i in range(begin, end):
            free += held[i] < limit
        if free == 0:
            continue
        skip = np.int64(wide(draw(single, r)) * (free / TWO53))
        i = begin
        while True:
            if held[i] < limit:
                if skip == 0:
                    break
                skip -= 1
            i += _1
        winners[j] = np.int64(i - begin)
        taken += 1
    return taken


@uncounted
def plain_code(winners):
    """Winners of `recruit_code` without the mark of those that did not learn."""
    for j in range(np.uint64(winners.shape[0])):
        if winners[j] < -1:
            winners[j] = -2 - winners[j]
