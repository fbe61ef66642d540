"""Many chains of one disorder, taken together through the rows of J; one chain is the case R = 1.

Spins are tried block by block: within a block each chain follows its own flips; then all the
flips of a block are added to the fields of all chains, tile by tile, so that a stretch of J is
read from memory once for all chains and a stretch of fields is touched once per block.
"""

from __future__ import annotations

import numpy as np

from .pairwise import (
    BLOCK,
    add_flips,
    add_spins,
    measure_overlaps,
    quick_rate,
    random_sweep,
    total_energy,
    try_block,
)
from .rng import LANES, kernel
from .waiting import expected_flips, wait

SEQUENTIAL, RANDOM, PARALLEL = 0, 1, 2
PLAIN, WAITING, AUTO = 0, 1, 2
TILE = 1024


@kernel
def ordered_sweep(couplings, fields, external, spins, states, rates, slopes, rule, active,
                  flipped, counts, draws, marks):  # fmt: skip
    """One sequential sweep of the chains ``active``; ``counts`` receives the flips of each."""
    size = spins.shape[1]
    counts[:] = 0
    found = np.zeros(active.size, np.int64)
    for start in range(0, size, BLOCK):
        stop = min(size, start + BLOCK)
        any_flip = False
        for a in range(active.size):
            r = active[a]
            found[a] = try_block(
                couplings, fields[r], external, spins[r], states[r], rates[r], slopes[r], rule,
                start, stop, True, flipped[a], draws, marks,
            )  # fmt: skip
            counts[a] += found[a]
            any_flip |= found[a] > 0
        if not any_flip:
            continue
        for low in range(0, size, TILE):
            high = min(size, low + TILE)
            for a in range(active.size):
                if found[a]:  # fields of the block itself are up to date
                    r = active[a]
                    add_flips(couplings, fields[r], spins[r], flipped[a], found[a], low,
                              min(high, start))  # fmt: skip
                    add_flips(couplings, fields[r], spins[r], flipped[a], found[a],
                              max(low, stop), high)  # fmt: skip


@kernel
def parallel_sweep(couplings, fields, external, spins, states, rates, slopes, rule, active,
                   flipped, counts, draws, marks):  # fmt: skip
    """One update of all spins at once from the same fields (Little); arguments as above."""
    size = spins.shape[1]
    for a in range(active.size):
        r = active[a]
        counts[a] = 0
        for start in range(0, size, BLOCK):
            stop = min(size, start + BLOCK)
            counts[a] += try_block(
                couplings, fields[r], external, spins[r], states[r], rates[r], slopes[r], rule,
                start, stop, False, flipped[a, counts[a] :], draws, marks,
            )  # fmt: skip
    for low in range(0, size, TILE):
        high = min(size, low + TILE)
        for a in range(active.size):
            r = active[a]
            add_flips(couplings, fields[r], spins[r], flipped[a], counts[a], low, high)


@kernel
def run(couplings, fields, external, spins, states, rates, rule, update, policy, waits, pending,
        enter, leave, flips, sums, tracked, mean, spread, unit, sweeps, interval, out):  # fmt: skip
    """Run R chains for ``sweeps`` sweeps, recording every ``interval`` (0: never).

    Parameters
    ----------
    couplings : (N, N) int16 or int32
    fields : (R, N) int32
    external : (N,) float64
    spins : (R, N) int8
    states : (R, 132) uint64
    rates : (R,) float64
    rule, update, policy : int
        See `pairwise` and the constants above.
    waits : (R,) bool
        Which chains wait for flips instead of trying; read and written under the policy AUTO.
    pending : (R,) float64
        What is left of each chain's waiting time, negative if none was drawn.
    enter, leave : float
        Expected flips per sweep below which a chain waits, and above which it stops waiting.
    flips : (R,) int64; sums : (R, N) int64
        Added to.
    tracked : (n, N) int8; mean, spread, unit : float
    out : (R, sweeps // interval, 1 + n) float64
    """
    n_chains, size = spins.shape
    flipped = np.empty((n_chains, size if update == PARALLEL else BLOCK), np.int64)
    counts = np.zeros(n_chains, np.int64)
    clock = np.zeros(n_chains, np.int64)
    active = np.empty(n_chains, np.int64)
    draws = np.empty(LANES, np.uint64)
    marks = np.empty(BLOCK, np.uint8)
    slopes = np.empty(n_chains, np.float32)
    for r in range(n_chains):
        slopes[r] = quick_rate(rates[r], external)
    weights = np.empty(size, np.float32)
    blocks = np.empty((size + BLOCK - 1) // BLOCK, np.float64)
    if policy != AUTO:
        waits[:] = policy == WAITING
    for sweep in range(sweeps + 1):
        n_active = 0
        for r in range(n_chains):
            if clock[r] == sweep and waits[r] and sweep < sweeps:
                reached, count = wait(
                    couplings, fields[r], external, spins[r], states[r, 4 * LANES :], rates[r],
                    slopes[r], rule, update == RANDOM, pending[r : r + 1], unit, tracked, mean,
                    spread, sums[r], sweep, sweeps, interval, leave if policy == AUTO else np.inf,
                    out[r], weights, blocks,
                )  # fmt: skip
                clock[r] = reached
                flips[r] += count
                waits[r] = reached == sweeps or policy == WAITING
            if clock[r] == sweep:
                active[n_active] = r
                n_active += 1
        if sweep == sweeps or n_active == 0:
            continue
        if update == SEQUENTIAL:
            ordered_sweep(
                couplings, fields, external, spins, states, rates, slopes, rule, active[:n_active],
                flipped, counts, draws, marks,
            )  # fmt: skip
        elif update == PARALLEL:
            parallel_sweep(
                couplings, fields, external, spins, states, rates, slopes, rule, active[:n_active],
                flipped, counts, draws, marks,
            )  # fmt: skip
        else:
            for a in range(n_active):
                r = active[a]
                counts[a] = random_sweep(
                    couplings, fields[r], external, spins[r], states[r, 4 * LANES :], rates[r],
                    rule, flipped[a],
                )  # fmt: skip
        for a in range(n_active):
            r = active[a]
            flips[r] += counts[a]
            clock[r] += 1
            if interval and clock[r] % interval == 0:
                row = out[r, clock[r] // interval - 1]
                row[0] = total_energy(fields[r], external, spins[r], unit) / size
                measure_overlaps(tracked, spins[r], mean, spread, row)
                add_spins(sums[r], spins[r], 1)
            if policy == AUTO and counts[a] < enter:
                bound = expected_flips(
                    fields[r], external, spins[r], slopes[r], rule, weights, blocks
                )
                waits[r] = bound < enter
