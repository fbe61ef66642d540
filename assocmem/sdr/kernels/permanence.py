"""Kernels of weights that fade: when each does, and how long those stay that are met again.

Beside the weights, as in `mac`, there are for each unit and feature a rank, uint8 (units,
features), and the reading of the clock at which the weight is cleared, int64 (units, features);
`NEVER` where it does not fade, or is not set. ``earliest`` (units,) is at most the first of these
of each unit, so that units in which nothing fades are passed over.
"""

from __future__ import annotations

import numpy as np

from ...montecarlo.kernels.rng import uncounted
from .packed import trailing_zeros

_1, _6, _63 = (np.uint64(k) for k in (1, 6, 63))
NEVER = np.int64(2**63 - 1)


def lifetimes(lifetime: int, growth: float, ranks: int) -> np.ndarray:
    """Ticks for which a weight of each rank stays, int64 (ranks + 1,); `NEVER` at the last.

    The first whole number of ticks that is lifetime growth^rank or more.
    """
    lives = np.full(ranks + 1, NEVER, np.int64)
    for rank in range(ranks):
        try:
            life = np.ceil(lifetime * growth**rank)
        except OverflowError:
            break
        if life >= 2.0**62:
            break
        lives[rank] = np.int64(life)
    return lives


@uncounted
def fade(weights, held, ranks, expiry, earliest, now):
    """Clear the weights whose time has come when the clock reads ``now``; how many.

    A comparison for each unit, and one for each feature of units in which a weight fades or was to
    fade and was met again: these are at most as many as winners that learned, times ranks, so that
    the cost for each input does not grow with their number.
    """
    cleared = 0
    features = np.uint64(expiry.shape[1])
    for i in range(np.uint64(earliest.shape[0])):
        if earliest[i] > now:
            continue
        first = NEVER
        for f in range(features):
            if expiry[i, f] <= now:
                weights[f >> _6, i] &= ~(_1 << (f & _63))
                ranks[i, f] = 0
                expiry[i, f] = NEVER
                held[i] -= np.int32(1)
                cleared += 1
            first = min(first, expiry[i, f])
        earliest[i] = first
    return cleared


@uncounted
def learn_fading(weights, held, words, winners, k, limit, ranks, expiry, earliest, lives, now):
    """Set or renew the weights from active afferents to the winners; how many were not set.

    As `mac.learn`; a weight that was set already rises by one rank, up to the last of ``lives``,
    int64 (ranks + 1,), ticks for which each rank stays. A few operations for each winner and active
    afferent.
    """
    new = 0
    top = np.int64(lives.shape[0] - 1)
    for j in range(np.uint64(winners.shape[0])):
        if winners[j] < 0:
            continue
        i = j * np.uint64(k) + np.uint64(winners[j])
        if held[i] >= limit:
            continue
        before = held[i]
        for w in range(np.uint64(words.shape[0])):
            bits = words[w]
            while bits:
                bit = trailing_zeros(bits)
                bits &= bits - _1
                f = (w << _6) + bit
                rank = np.int64(0)
                if weights[w, i] >> bit & _1:
                    rank = min(np.int64(ranks[i, f]) + 1, top)
                else:
                    weights[w, i] |= _1 << bit
                    held[i] += np.int32(1)
                ranks[i, f] = np.uint8(rank)
                life = lives[rank]
                expiry[i, f] = NEVER if life == NEVER else now + life
                earliest[i] = min(earliest[i], expiry[i, f])
        new += np.int64(held[i] - before)
    return new
