"""Chains of p-body energies whose patterns are sums over examples, not signs.

With y_i = c S_i s_i for each pattern (S the sum over examples at spin i, c a factor) the energy is
H = -unit sum_mu e_p(y) - sum_i f_i s_i. Each pattern keeps the elementary symmetric polynomials
e_1..e_(p-1) of its y. Leaving spin i out gives e_k' = e_k - y_i e_(k-1)', and a flip costs
2 (unit sum_mu y_i e_(p-1)' + f_i s_i). With c = 1 all of them are integers, exact in float64 below
2^53; otherwise rounding accumulates and they are computed anew every `REFRESH` sweeps.
"""

from __future__ import annotations

import numpy as np

from .pairwise import accepts, add_spins, measure_overlaps
from .patternspace import PARALLEL, RANDOM
from .rng import advance, below, fast_sum, kernel, wide

BLOCK = 256  # patterns
REFRESH = 64  # sweeps


def _of_order(order):
    """`pull` and `turn` for p - 1 = ``order``: a constant, so that the recursion is unrolled."""

    @fast_sum
    def pull(row, factor, kept):
        total = 0.0
        for j in range(row.size):
            y = factor * np.float64(row[j])
            left = 1.0
            for k in range(order):
                left = kept[k, j] - y * left
            total += y * left
        return total

    @fast_sum
    def turn(row, factor, kept):
        for j in range(row.size):
            y = factor * np.float64(row[j])
            left = 1.0
            for k in range(order):
                old = kept[k, j]
                kept[k, j] = old - 2.0 * y * left
                left = old - y * left

    return pull, turn


_pull1, _turn1 = _of_order(1)
_pull2, _turn2 = _of_order(2)
_pull3, _turn3 = _of_order(3)
_pull4, _turn4 = _of_order(4)
_pull5, _turn5 = _of_order(5)


@kernel
def pull(row, factor, kept):
    """sum_mu y e_(p-1)' for y = ``factor`` times the row, half the cost of a flip over the unit.

    ``kept`` is e, float64 (p - 1, K). Cost: 2 p operations and 8 (p - 1) bytes per pattern.
    """
    order = kept.shape[0]
    if order == 1:
        return _pull1(row, factor, kept)
    if order == 2:
        return _pull2(row, factor, kept)
    if order == 3:
        return _pull3(row, factor, kept)
    if order == 4:
        return _pull4(row, factor, kept)
    if order == 5:
        return _pull5(row, factor, kept)
    total = 0.0
    for j in range(row.size):
        y = factor * np.float64(row[j])
        left = 1.0
        for k in range(order):
            left = kept[k, j] - y * left
        total += y * left
    return total


@kernel
def turn(row, factor, kept):
    """Turn the spin over: e_k -> e_k - 2 y e_(k-1)', with y = ``factor`` times the row.

    Cost: 4 p operations and 16 (p - 1) bytes per pattern.
    """
    order = kept.shape[0]
    if order == 1:
        _turn1(row, factor, kept)
    elif order == 2:
        _turn2(row, factor, kept)
    elif order == 3:
        _turn3(row, factor, kept)
    elif order == 4:
        _turn4(row, factor, kept)
    elif order == 5:
        _turn5(row, factor, kept)
    else:
        for j in range(row.size):
            y = factor * np.float64(row[j])
            left = 1.0
            for k in range(order):
                old = kept[k, j]
                kept[k, j] = old - 2.0 * y * left
                left = old - y * left


@kernel
def refresh(stored, factor, spins, kept):
    """All e_k of a state from scratch; returns sum_mu e_p. Cost: 2 N p operations per pattern."""
    size, number = stored.shape
    order = kept.shape[0]
    e = np.empty((order + 1, BLOCK))
    y = np.empty(BLOCK)
    total = 0.0
    for first in range(0, number, BLOCK):
        width = min(BLOCK, number - first)
        e[:] = 0.0
        for i in range(size):
            scale = factor * spins[i]
            for j in range(width):
                y[j] = scale * np.float64(stored[i, first + j])
            for k in range(order, 0, -1):
                for j in range(width):
                    e[k, j] += y[j] * e[k - 1, j]
            for j in range(width):
                e[0, j] += y[j]
        for k in range(order):
            for j in range(width):
                kept[k, first + j] = e[k, j]
        for j in range(width):
            total += e[order, j]
    return total


@kernel
def run(stored, factor, external, kept, totals, ages, spins, single, rates, rule, update, flips,
        sums, tracked, mean, spread, unit, exact, sweeps, interval, out):  # fmt: skip
    """Run R chains one after the other; see `lanes.run` for the common parameters.

    ``stored`` is integer (N, K), the sums over examples. ``kept`` is float64 (R, p - 1, K), or
    (1, p - 1, K) where it is computed anew for each chain. ``totals`` holds sum_mu e_p of each
    chain and ``ages`` the sweeps since it was computed from scratch; negative: it is out of date.
    Cost: 2 p operations per pattern and attempt, and 4 p per flip.
    """
    n_chains, size = spins.shape
    shared = kept.shape[0] < n_chains
    flipped = np.empty(size, np.int64)
    for r in range(n_chains):
        chain = spins[r]
        e = kept[0] if shared else kept[r]
        if shared or ages[r] < 0:
            totals[r] = refresh(stored, factor, chain, e)
            ages[r] = 0
        s0, s1, s2, s3 = single[r, 0], single[r, 1], single[r, 2], single[r, 3]
        for sweep in range(1, sweeps + 1):
            count = 0
            if ages[r] >= REFRESH and not exact:
                totals[r] = refresh(stored, factor, chain, e)
                ages[r] = 0
            for k in range(size):
                i = k
                if update == RANDOM:
                    bits, s0, s1, s2, s3 = advance(s0, s1, s2, s3)
                    i = below(bits, size)
                row = stored[i]
                spin = np.float64(chain[i])
                half = pull(row, factor * spin, e)
                bits, s0, s1, s2, s3 = advance(s0, s1, s2, s3)
                z = rates[r] * (half + spin * external[i])
                if accepts(z, wide(bits), rule):
                    flips[r] += 1
                    if update == PARALLEL:
                        flipped[count] = i
                        count += 1
                        continue
                    turn(row, factor * spin, e)
                    totals[r] -= 2.0 * half
                    chain[i] = -chain[i]
            for k in range(count):
                i = flipped[k]
                row = stored[i]
                spin = np.float64(chain[i])
                totals[r] -= 2.0 * pull(row, factor * spin, e)
                turn(row, factor * spin, e)
                chain[i] = -chain[i]
            ages[r] += 1
            if interval and sweep % interval == 0:
                record = out[r, sweep // interval - 1]
                energy = -totals[r]
                for i in range(size):
                    energy -= external[i] * chain[i]
                record[0] = unit * energy / size
                measure_overlaps(tracked, chain, mean, spread, record)
                add_spins(sums[r], chain, 1)
        single[r, 0], single[r, 1], single[r, 2], single[r, 3] = s0, s1, s2, s3
