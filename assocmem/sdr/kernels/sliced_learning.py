"""Kernels of a mac for sparse inputs that draw codes and learn, and read inputs back.

Weights and vertical sums are those of `assocmem.sdr.kernels.sliced`.
"""

from __future__ import annotations

import numpy as np

from ...montecarlo.kernels.rng import TWO53, draw, uncounted, wide
from .draws import draw_below
from .elementary import softplus
from .mac import SIGMA_1, SIGMA_2, SIGMA_3, SIGMA_4, expansivity
from .packed import trailing_zeros, unpack
from .sliced import add_features, at_least, equal_to, maxima, pick

_0, _1, _6, _63 = (np.uint64(k) for k in (0, 1, 6, 63))
_LOST = 2.0**-53  # of what is added to 1


@uncounted
def chances(active, eta, power, number, psi):
    """Psi - 1 of sums from ``active`` down; the lowest sum at which it is not lost beside 1.

    Psi - 1 = (eta - 1)/(1 + sigma_1 exp(-sigma_2 (v - sigma_3)))^sigma_4. In double precision psi
    is 1 of all sums that are lower.
    """
    for level in range(active, -1, -1):
        v = (level / active) ** power
        x = np.log(number[SIGMA_1]) - number[SIGMA_2] * (v - number[SIGMA_3])
        psi[level] = (eta - 1.0) * np.exp(-number[SIGMA_4] * softplus(x))  # without overflow
        if psi[level] < _LOST:
            return level + 1
    return 0


@uncounted
def drawn(planes, used, begin, end, k, level, lowest, psi, valid, single, mask, counts):
    """Draw the winner of a module from rho = psi / sum psi, ``level`` being its largest sum.

    All K units have chance 1, and those of each sum from ``lowest`` to ``level`` share ``psi`` more
    for each of them: one number says from which of these parts the winner comes, another which of
    its units it is.
    """
    more = 0.0
    for v in range(lowest, level + 1):
        counts[v] = equal_to(planes, used, v, begin, end, valid, mask)
        more += counts[v] * psi[v]
    left = wide(draw(single, 0)) * ((k + more) / TWO53)
    for v in range(level, lowest - 1, -1):
        left -= counts[v] * psi[v]
        if left < 0.0:
            count = equal_to(planes, used, v, begin, end, valid, mask)
            return pick(mask, begin, end, count, single, 0)
    return draw_below(single, 0, k)


@uncounted
def learn_units(rows, columns, held, features, active, width, k, limit, winners):
    """Set the weights from features[:active] to the winners; how many are new.

    Units with ``limit`` weights or more learn nothing. Cost a Q bits in each of two tables.
    """
    new = 0
    for j in range(np.uint64(winners.shape[0])):
        if winners[j] < 0:
            continue
        winner = np.uint64(winners[j])
        unit = j * np.uint64(k) + winner
        if held[unit] >= limit:
            continue
        w, bit = j * width + (winner >> _6), _1 << (winner & _63)
        more = 0
        for e in range(active):
            f = np.uint64(features[e])
            more += (rows[f, w] & bit) == _0
            rows[f, w] |= bit
            columns[unit, f >> _6] |= _1 << (f & _63)
        held[unit] += np.int32(more)
        new += more
    return new


@uncounted
def store_inputs(rows, columns, held, total, inputs, width, k, valid, number, power, novelty, cap,
                 most, single, features, starts, planes, mask, levels, psi, counts, winners,
                 familiar):  # fmt: skip
    """Present inputs one after another to be learned: the whole code selection algorithm.

    Parameters
    ----------
    rows, columns, held
        Weights, twice, and the number set of each unit, int32 (Q K,): learned into.
    total : int64 (1,)
        Weights set, kept.
    inputs : uint64 (inputs, words of features)
        None empty.
    width, k : int
        Words and units of a module.
    valid : uint64 (words,)
        Units there are.
    number : float64 (8,)
        From `assocmem.sdr.kernels.mac.numbers`.
    power : float
        lambda_u.
    novelty, cap, most : float
        G below which there is learning; units learn while they have fewer than cap a weights, and
        the mac while it has fewer than ``most``. Infinite where there is no such limit.
    single : uint64 (1, 4)
    features, starts, planes, mask, levels
        As in `best_units`.
    psi, counts
        Scratch: float64 and int64, one more than features of the largest input.
    winners : int (inputs, Q)
        Receives the codes.
    familiar : float64 (inputs,)
        Receives G.
    """
    width = np.uint64(width)
    for r in range(inputs.shape[0]):
        active = unpack(inputs[r], features)
        used = add_features(rows, features, active, starts, planes)
        g = maxima(planes, used, width, valid, active, power, mask, levels)
        familiar[r] = g
        eta = expansivity(g, number, k)
        lowest = active + 1
        if eta > 1.0:
            lowest = chances(active, eta, power, number, psi)
        for j in range(np.uint64(winners.shape[1])):
            if levels[j] < lowest:
                winners[r, j] = draw_below(single, 0, k)
            else:
                winners[r, j] = drawn(
                    planes, used, j * width, (j + _1) * width, k, levels[j], lowest, psi, valid,
                    single, mask, counts,
                )  # fmt: skip
        if g < novelty and total[0] < most:
            total[0] += learn_units(
                rows, columns, held, features, active, width, k, cap * active, winners[r]
            )


@uncounted
def read_inputs(columns, codes, k, threshold, sizes, starts, planes, units, out):
    """Read inputs back from codes: the features that enough winners have weights from.

    Parameters
    ----------
    columns : uint64 (Q K + 1, words)
    codes : int (codes, Q)
        Winners, -1 where there is none.
    k : int
        Units of a module.
    threshold : int
        >= 1, or 0: as many as there are winners, then by ``sizes``.
    sizes : int64 (codes,)
        Where ``threshold`` is 0, it is lowered until so many features are read, or to 1.
    starts, planes, units
        Scratch: uint64 (8,), (`planes_for` Q, words), int64 (Q,).
    out : uint64 (codes, at most words)
        Receives the inputs, packed.

    Notes
    -----
    Cost Q n/64 words read and added, and three operations a word and plane for each threshold.
    """
    words = np.uint64(out.shape[1])
    for r in range(codes.shape[0]):
        active = 0
        for j in range(codes.shape[1]):
            if codes[r, j] >= 0:
                units[active] = j * k + np.int64(codes[r, j])
                active += 1
        if active == 0:
            out[r, :] = _0
            continue
        used = add_features(columns, units, active, starts, planes)
        level = threshold if threshold > 0 else active
        found = at_least(planes, used, level, words, out[r])
        while threshold == 0 and found < sizes[r] and level > 1:
            level -= 1
            found = at_least(planes, used, level, words, out[r])


@uncounted
def turn(columns, width, k, rows, held):
    """Make ``rows`` (of zeros) and ``held`` from ``columns``; the number of weights set."""
    total = 0
    for i in range(held.shape[0]):
        word, bit = np.uint64(i // k * width + (i % k >> 6)), _1 << np.uint64(i % k & 63)
        count = 0
        for w in range(np.uint64(columns.shape[1])):
            bits = columns[i, w]
            while bits:
                rows[(w << _6) + trailing_zeros(bits), word] |= bit
                bits &= bits - _1
                count += 1
        held[i] = np.int32(count)
        total += count
    return total
