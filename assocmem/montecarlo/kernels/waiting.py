"""Rejection-free sampling: draw the time of the next flip instead of trying spin after spin.

Between flips every probability p_i of flipping stays what it is, so the attempts until the next
flip are independent trials, and their waiting time can be drawn at once (the n-fold way of
Bortz, Kalos, Lebowitz, J. Comput. Phys. 17 (1975) 10, here for the *discrete* time of sweeps, so
that the process is the same in law as the plain sweeps of `pairwise`).

Sequential order. A candidate process that strikes spin i with probability q_i >= p_i, and is then
accepted with p_i/q_i, has the law of the attempts. With q_i = 1 - exp(-w_i) the next candidate is
where an exponential variable E runs out along the cyclic sum of the w_i, and whole sweeps of sum S
are passed over by E -> E mod S. Any w_i >= -log(1 - p_i) will do, so w_i costs no exponential: it
is 2^-z by linear interpolation of the mantissa.

Random order. An attempt strikes with probability Q = (1/N) sum_i q_i, the number of vain ones is
geometric, floor(E / -log(1 - Q)), and the spin struck is i with probability q_i / (N Q).

What is left of E at the end of a run is again exponential, whatever the probabilities become, so
it is kept: runs in pieces are the run in one piece.
"""

from __future__ import annotations

import numpy as np

from .pairwise import (
    BLOCK,
    METROPOLIS,
    ZERO,
    add_group,
    add_spins,
    flip_probability,
    measure_overlaps,
    total_energy,
)
from .rng import TWO53, below, draw, exponential, fast_sum, kernel, single_float, uncounted, wide

_MARGIN = np.float32(5e-4)  # rounding of z in float32, in powers of two
_LOWEST, _HIGHEST = np.float32(-60.0), np.float32(120.0)  # 1 - p is 0, p is 0 beyond these
_LN2 = np.float32(np.log(2.0))
_ONE_BITS = np.float32(2.0**23)


@kernel
def bound_form(rule, random_order):
    """How w_i bounds the attempt: (z below which it is ceiling - tilt z, ceiling, tilt, shift).

    Above, it is 2^(shift - z), by chords. Sequential heat bath: -log(1 - p) = log(1 + 2^-z) is at
    most 2^-z, and at most ln 2 (1 - z). Sequential Metropolis: at most 2 ln 2 p for p <= 1/2,
    that is z >= 1; below, the candidate is certain. Random order: q_i = min(1, 2^-z).
    """
    if random_order:
        return np.float32(1e-3), np.float32(1.0), np.float32(0.0), _MARGIN
    if rule == METROPOLIS:
        return (
            np.float32(1.0 + 1e-3),
            np.float32(1e9),
            np.float32(0.0),
            np.float32(0.4713) + _MARGIN,
        )
    return np.float32(0.0), _LN2 + _MARGIN, _LN2, _MARGIN


@fast_sum
def sum_of(values, start, stop):
    """Sum of float32 start..stop-1, in whatever order is fastest."""
    total = np.float32(0.0)
    if start < 0:
        return total
    for k in range(stop - start):
        total += values[start + k]
    return total


@uncounted
def weigh(fields, external, spins, r, slope, rule, random_order, weights, sums):
    """Fill the bounds w_i of chain r and their sums over blocks of 64; return the whole sum.

    Cost: about 12 vectorised operations per spin.
    """
    sure, ceiling, tilt, shift = bound_form(rule, random_order)
    top = np.float32(127.0) + shift
    size = weights.size
    if r < 0:
        return 0.0
    for i in range(size):
        field = np.float32(fields[r, i]) + np.float32(external[i])
        z = min(max(slope * np.float32(spins[r, i]) * field, _LOWEST), _HIGHEST)
        line = ceiling - tilt * z
        chord = single_float(np.int32((top - z) * _ONE_BITS))
        weights[i] = line if z < sure else chord
    total = 0.0
    for b in range(sums.size):
        part = np.float64(sum_of(weights, b * BLOCK, min(size, (b + 1) * BLOCK)))
        sums[b] = part
        total += part
    return total


@kernel
def capped(weights):
    """Sum of min(w_i, 1), about the flips expected in one sweep."""
    total = 0.0
    for i in range(weights.size):
        total += min(np.float64(weights[i]), 1.0)
    return total


@uncounted
def walk(weights, sums, start, budget):
    """The spin at or after ``start`` where ``budget`` runs out (N if none), and what is left."""
    size = weights.size
    i = start
    while i < size:
        if i % BLOCK == 0 and budget >= sums[i // BLOCK]:
            budget -= sums[i // BLOCK]
            i += BLOCK
            continue
        if budget < weights[i]:
            return i, budget
        budget -= np.float64(weights[i])
        i += 1
    return size, budget


@kernel
def measure(fields, external, spins, r, observe, row):
    """Energy per spin and tracked overlaps of chain r, to ``row``; see `lanes.run`."""
    tracked, mean, spread, unit = observe
    row[0] = total_energy(fields[r], external, spins[r], unit) / spins.shape[1]
    measure_overlaps(tracked, spins[r], mean, spread, row)


@kernel
def record_span(since, until, interval, fields, external, spins, r, observe, out, fresh):
    """Write the records of the sweeps since+1..until, during which the state stood still.

    ``fresh`` is the index of a record already measured on this state, or -1. Returns
    (number of records, the index of a record measured on this state or -1).
    """
    if interval == 0:
        return 0, -1
    first, last = since // interval, until // interval
    for k in range(first, last):
        if fresh < 0:
            measure(fields, external, spins, r, observe, out[r, k])
            fresh = k
        else:
            for c in range(out.shape[2]):
                out[r, k, c] = out[r, fresh, c]
    return last - first, fresh


@kernel
def wait(
    couplings, fields, external, spins, r, single, rate, slope, rule, random_order, pending,
    observe, sums, sweep, sweeps, interval, leave, out, weighing,
):  # fmt: skip
    """Run chain r from ``sweep`` to ``sweeps``; stop early where over ``leave`` flips are expected.

    Returns (sweep reached, flips). Cost per candidate about N/64 + 100 operations, per flip N
    multiply-adds and 12 N vectorised operations besides; nothing per attempt.
    """
    weights, blocks = weighing
    size = weights.size
    flips = np.int64(0)
    held = np.int64(0)
    fresh = np.int64(-1)
    total = weigh(fields, external, spins, r, slope, rule, random_order, weights, blocks)
    at = ZERO
    while sweep < sweeps:
        if at == 0 and total > leave and capped(weights) > leave:
            break
        budget = pending[r]
        if budget < 0.0:
            budget = exponential(single, r)
        if random_order:
            step = -np.log1p(-min(total / size, 1.0))
            left = np.float64(sweeps - sweep) * size - at
            if budget >= left * step:
                pending[r] = budget - left * step
                reached, at, struck = sweeps, 0, -1
            else:
                tries = at + np.int64(min(budget / step, left - 1.0))
                reached, at = sweep + tries // size, tries % size
                pick = wide(draw(single, r)) / TWO53 * total
                struck, _ = walk(weights, blocks, ZERO, pick)
                if struck == size:  # by rounding, with probability 2^-53
                    struck = below(draw(single, r), size)
        else:
            reached = sweep
            if at == 0:
                left = np.float64(sweeps - sweep)
                if budget >= left * total:
                    pending[r] = budget - left * total
                    reached, struck = sweeps, -1
                else:
                    whole = min(np.floor(budget / total), left - 1.0)
                    budget = max(budget - whole * total, 0.0)
                    reached = sweep + np.int64(whole)
                    struck = 0
            else:
                struck = 0
            if struck >= 0:
                struck, budget = walk(weights, blocks, at, budget)
                if struck == size:
                    pending[r] = budget
                    reached, at, struck = reached + 1, 0, -1
        count, fresh = record_span(
            sweep, reached, interval, fields, external, spins, r, observe, out, fresh
        )
        held += count
        sweep = reached
        if struck < 0:
            continue
        pending[r] = -1.0
        z = rate * spins[r, struck] * (fields[r, struck] + external[struck])
        chance = flip_probability(z, rule)
        bound = np.float64(weights[struck])
        if not random_order:
            bound = -np.expm1(-bound)
            at = struck + 1
        else:
            at += 1
        if wide(draw(single, r)) * bound < chance * TWO53:
            if held:
                add_spins(sums[r], spins[r], held)
                held = 0
            fresh = -1
            spins[r, struck] = -spins[r, struck]
            add_group(couplings, fields, r, (struck,), (spins[r, struck],), ZERO, fields.shape[1])
            flips += 1
            total = weigh(fields, external, spins, r, slope, rule, random_order, weights, blocks)
        if at == size:
            at = 0
            count, fresh = record_span(
                sweep, sweep + 1, interval, fields, external, spins, r, observe, out, fresh
            )
            held += count
            sweep += 1
    if held:
        add_spins(sums[r], spins[r], held)
    return sweep, flips


@kernel
def expected_flips(fields, external, spins, r, slope, rule, weighing):
    """Expected flips of the next N attempts, at most 6 % too high where flips are rare."""
    weights, blocks = weighing
    return weigh(fields, external, spins, r, slope, rule, rule >= 0, weights, blocks)
