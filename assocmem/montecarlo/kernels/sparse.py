"""Chains in pattern space whose patterns have blank entries, which cost nothing.

For each spin the rows of what is stored (patterns, or sums over examples) that are not blank there
are listed, with their entries x. With n_k = sum_i x_i^k s_i the field of a spin, in the unit of
couplings, is g_i = sum_k x_i^k n_k - D_i s_i over those rows, D_i = sum_k (x_i^k)^2. Examples of
one pattern are blank at the same spins: then a row stands for all M of them, and has M entries.
All are integers, so nothing drifts.
"""

from __future__ import annotations

import numpy as np

from .pairwise import accepts, add_spins, measure_overlaps
from .rng import advance, below, inlined, kernel, uncounted, wide

SEQUENTIAL, RANDOM, PARALLEL = 0, 1, 2


@kernel
def count_entries(stored, width, starts):
    """Write the first entry of each spin to ``starts`` (N + 1): rows N operations.

    ``stored`` is (rows * width, N); of every ``width`` rows the first says where they are blank.
    """
    size = stored.shape[1]
    starts[:] = 0
    for k in range(0, stored.shape[0], width):
        for i in range(size):
            starts[i + 1] += np.uint64(stored[k, i] != 0)
    for i in range(size):
        starts[i + 1] += starts[i]


@kernel
def list_entries(stored, width, starts, rows, values):
    """Write the rows that are not blank, and ``width`` entries of each, spin after spin."""
    size = stored.shape[1]
    at = starts[:size].copy()
    for k in range(0, stored.shape[0], width):
        for i in range(size):
            if stored[k, i] != 0:
                e = at[i]
                rows[e] = k // width
                for a in range(width):
                    values[e * np.uint64(width) + np.uint64(a)] = stored[k + a, i]
                at[i] = e + np.uint64(1)


@inlined
def field_of(rows, values, totals, r, width, begin, end):
    """sum_k x_i^k n_k over entries begin..end-1: one multiply-add for each, of 5 to 16 bytes."""
    dot = np.int64(0)
    if width == 1:
        for e in range(begin, end):
            dot += np.int64(values[e]) * np.int64(totals[r, rows[e]])
        return dot
    for e in range(begin, end):
        first, at = np.uint64(rows[e]) * np.uint64(width), e * np.uint64(width)
        part = totals.dtype.type(0)
        for a in range(np.uint64(width)):  # in the type of the totals, so that it vectorises
            product = totals.dtype.type(values[at + a]) * totals[r, first + a]
            part = totals.dtype.type(part + product)
        dot += np.int64(part)
    return dot


@inlined
def add_flip(rows, values, totals, r, width, begin, end, change):
    """Add ``change`` times the entries begin..end-1 to the totals: one multiply-add for each."""
    if width == 1:
        for e in range(begin, end):
            totals[r, rows[e]] += totals.dtype.type(change * np.int64(values[e]))
        return
    for e in range(begin, end):
        first, at = np.uint64(rows[e]) * np.uint64(width), e * np.uint64(width)
        for a in range(np.uint64(width)):
            totals[r, first + a] += totals.dtype.type(change * np.int64(values[at + a]))


@kernel
def all_totals(starts, rows, values, width, spins, totals):
    """All n_k of all chains from scratch: one multiply-add for each entry and chain."""
    totals[:] = 0
    for r in range(spins.shape[0]):
        for i in range(spins.shape[1]):
            spin = np.int64(spins[r, i])
            add_flip(rows, values, totals, r, width, starts[i], starts[i + 1], spin)


@uncounted
def sweep_once(
    starts, rows, values, width, own, external, totals, spins, r, single, rate, rule, update,
    flipped,
):  # fmt: skip
    """One sweep of chain r; returns the flips. No array is sliced, so that none is counted."""
    r, count, size = max(r, 0), 0, spins.shape[1]
    s0, s1, s2, s3 = single[r, 0], single[r, 1], single[r, 2], single[r, 3]
    for k in range(size):
        i = k
        if update == RANDOM:
            bits, s0, s1, s2, s3 = advance(s0, s1, s2, s3)
            i = max(below(bits, size), 0)
        begin, end = starts[i], starts[i + 1]
        spin = np.int64(spins[r, i])
        raw = field_of(rows, values, totals, r, width, begin, end) - own[i] * spin
        bits, s0, s1, s2, s3 = advance(s0, s1, s2, s3)
        z = rate * np.float64(spin) * (np.float64(raw) + external[i])
        if accepts(z, wide(bits), rule):
            if update == PARALLEL:
                flipped[count] = i
            else:
                spins[r, i] = -spin
                add_flip(rows, values, totals, r, width, begin, end, -2 * spin)
            count += 1
    single[r, 0], single[r, 1], single[r, 2], single[r, 3] = s0, s1, s2, s3
    if update == PARALLEL:
        for k in range(count):
            i = max(flipped[k], 0)
            spin = np.int64(spins[r, i])
            spins[r, i] = -spin
            add_flip(rows, values, totals, r, width, starts[i], starts[i + 1], -2 * spin)
    return count


@kernel
def energy_of(totals, own_sum, external, spins):
    """H in the unit of couplings, -(sum_k n_k^2 - sum_i D_i)/2 - sum_i f_i s_i."""
    squares = 0.0
    for k in range(totals.size):
        squares += np.float64(totals[k]) ** 2
    outer = 0.0
    for i in range(spins.size):
        outer += external[i] * spins[i]
    return -0.5 * (squares - own_sum) - outer


@kernel
def run(starts, rows, values, width, own, own_sum, external, totals, spins, single, rates, rule,
        update, flips, sums, tracked, unit, sweeps, interval, out):  # fmt: skip
    """Run R chains one after the other; see `lanes.run` for the common parameters.

    Cost per attempt and per flip: as many multiply-adds as entries of the spin that are not blank,
    (1 - d) K on average, on 5 bytes each for patterns (4 of the row, 1 of its sign; 8 for sums over
    examples) and 4 of totals (8). No pass over blank entries anywhere.

    Parameters
    ----------
    starts : (N + 1,) uint64
        Entries of spin i are those from starts[i] to starts[i + 1] - 1.
    rows : (entries,) uint32; values : (entries * width,) int8 or int32
        Row of each entry, and its values.
    width : int
        Values that each row has, 1 or the number of examples.
    own : (N,) int64; own_sum : float64
        D_i and their sum.
    external : (N,) float64
        In the unit of couplings.
    totals : (R, rows * width) int32 or int64
        n_k of each chain; read and written.
    """
    n_chains, size = spins.shape
    flipped = np.empty(size if update == PARALLEL else 0, np.int64)
    for r in range(n_chains):
        for sweep in range(1, sweeps + 1):
            flips[r] += sweep_once(
                starts, rows, values, width, own, external, totals, spins, r, single, rates[r],
                rule, update, flipped,
            )  # fmt: skip
            if interval and sweep % interval == 0:
                record = out[r, sweep // interval - 1]
                record[0] = unit * energy_of(totals[r], own_sum, external, spins[r]) / size
                measure_overlaps(tracked, spins[r], 0.0, 1.0, record)
                add_spins(sums[r], spins[r], 1)
