"""Many chains of one disorder, taken together through the rows of J; one chain is the case R = 1.

Spins are tried block by block: within a block each chain follows its own flips; then the flips
are added to the fields of all chains, so that the 64 rows of J stay in cache for all chains. The
fields of a chain are touched once per eight flips: what is left of them waits for the next block,
which takes it into account, or the end of the sweep.
"""

from __future__ import annotations

import numpy as np

from .pairwise import (
    BLOCK,
    GROUP,
    ONE,
    ZERO,
    add_flips,
    add_spins,
    quick_rate,
    random_sweep,
    try_block,
)
from .rng import kernel, uncounted
from .waiting import expected_flips, measure, wait

SEQUENTIAL, RANDOM, PARALLEL = 0, 1, 2
PLAIN, WAITING, AUTO = 0, 1, 2
TILE = 1024  # fields per pass: longer stretches of rows would push a chain's fields out of cache


@uncounted
def spread(couplings, fields, spins, active, n_active, flipped, ready):
    """Add the first ``ready`` flips of each chain to its fields, tile by tile."""
    size = fields.shape[1]
    for start in range(0, size, TILE):
        stop = min(size, start + TILE)
        for a in range(n_active):
            if ready[a]:
                add_flips(couplings, fields, spins, active[a], flipped, ready[a], start, stop)


@uncounted
def sweep_in_order(couplings, fields, external, shifts, spins, bulk, single, rates, slopes, rule,
                   active, n_active, together, flipped, counts, held, ready, draws, levels, cuts,
                   excess, local):  # fmt: skip
    """One sweep of the chains active[:n_active]; their flips are added up in ``counts``.

    Sequential, or with ``together`` all spins at once from the same fields (Little).
    """
    size = spins.shape[1]
    counts[:] = 0
    held[:] = 0
    for start in range(0, size, BLOCK):
        last = start + BLOCK >= size
        any_ready = False
        for a in range(n_active):
            r = active[a]
            found = try_block(
                couplings, fields, external, shifts, spins, r, bulk, single, rates[r], slopes[r],
                rule, start, together, flipped, held[a], draws, levels, cuts, excess, local,
            )  # fmt: skip
            counts[a] += found
            held[a] += found
            ready[a] = held[a]
            if not last:
                ready[a] = ZERO if together else held[a] // GROUP * GROUP
            any_ready |= ready[a] > 0
        if any_ready:
            spread(couplings, fields, spins, active, n_active, flipped, ready)
            for a in range(n_active):
                held[a] -= ready[a]
                for k in range(held[a]):
                    flipped[active[a], k] = flipped[active[a], ready[a] + k]


@kernel
def run(couplings, fields, external, spins, bulk, single, rates, rule, update, policy, waits,
        pending, enter, leave, flips, sums, observe, sweeps, interval, out, buffers):  # fmt: skip
    """Run R chains for ``sweeps`` sweeps, recording every ``interval`` (0: never).

    Parameters
    ----------
    couplings : (N, N') int8, int16 or int32, columns from N on zero, N' a multiple of 64
    fields : (R, N') int32
    external : (N,) float64
    spins : (R, N) int8
    bulk : (R, 4, 32) uint64; single : (R, 4) uint64
        Random generators, see `rng.seed_states`.
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
    observe : tuple
        Tracked patterns (n, N) int8, mean and standard deviation of their entries, and the unit.
    out : (R, sweeps // interval, 1 + n) float64
    buffers : tuple
        See `pairwise.buffers`.
    """
    n_chains, size = spins.shape
    flipped = np.empty((n_chains, size if update == PARALLEL else BLOCK + GROUP), np.int64)
    counts = np.zeros(n_chains, np.int64)
    clock = np.zeros(n_chains, np.int64)
    active = np.empty(n_chains, np.int64)
    held, ready = np.zeros(n_chains, np.int64), np.zeros(n_chains, np.int64)
    draws, levels, cuts, excess, local = buffers
    slopes = np.empty(n_chains, np.float32)
    shifts = external.astype(np.float32)
    for r in range(n_chains):
        slopes[r] = quick_rate(rates[r], external)
    weighing = (np.empty(size, np.float32), np.empty((size + BLOCK - 1) // BLOCK, np.float64))
    if policy != AUTO:
        waits[:] = policy == WAITING
    while clock.min() < sweeps:
        sweep = clock.min()
        n_active = np.int64(0)
        for r in range(n_chains):
            if clock[r] == sweep and waits[r]:
                reached, count = wait(
                    couplings, fields, external, spins, r, single, rates[r], slopes[r], rule,
                    update == RANDOM, pending, observe, sums, sweep, sweeps, interval,
                    leave if policy == AUTO else np.inf, out, weighing,
                )  # fmt: skip
                clock[r] = reached
                flips[r] += count
                waits[r] = reached == sweeps or policy == WAITING
            if clock[r] == sweep:
                active[n_active] = r
                n_active += 1
        if n_active == 0:
            continue
        if update != RANDOM:
            sweep_in_order(
                couplings, fields, external, shifts, spins, bulk, single, rates, slopes, rule,
                active, n_active, update == PARALLEL, flipped, counts, held, ready, draws,
                levels, cuts, excess, local,
            )  # fmt: skip
        else:
            for a in range(n_active):
                r = active[a]
                counts[a] = random_sweep(
                    couplings, fields, external, spins, r, single, rates[r], rule
                )
        for a in range(n_active):
            r = active[a]
            flips[r] += counts[a]
            clock[r] += 1
            if interval and clock[r] % interval == 0:
                measure(fields, external, spins, r, observe, out[r, clock[r] // interval - 1])
                add_spins(sums[r], spins[r], ONE)
            if policy == AUTO and counts[a] < enter:
                expected = expected_flips(fields, external, spins, r, slopes[r], rule, weighing)
                waits[r] = expected < enter
