"""Chains of energies that are sums over patterns of a function of the overlap.

Pattern mu agrees with the state at k_mu = (N + M_mu)/2 sites. Flipping spin i changes k_mu by -x,
x = xi_i^mu s_i = +-1, so that F[k - x] - F[k] = even[k] - x odd[k] with
odd[k] = (F[k+1] - F[k-1])/2 and even[k] = (F[k+1] + F[k-1])/2 - F[k]. Both are looked up when k
changes, at flips alone. An attempt needs sum_mu xi_i^mu odd[k_mu], which is twice the sum of the
odd parts over the bits set in row i, less their sum. Costs are counted in 2 ``unit``.

Exponentials F = exp(2 rate k) change by factors instead: with S = sum_mu F and D the part of it of
patterns that disagree at site i, a flip changes S by expm1(2 rate) D + expm1(-2 rate) (S - D). F is
counted relative to that of the largest k present, and never leaves the range of floats.

Reading the parts (4 bytes per pattern, the bits are 32 times less) bounds the speed out of cache.
So attempts are served in blocks: the sums of the next spins are taken together, and again after a
flip. Each sum is rounded in the same order whatever the block, which therefore changes no number.
"""

from __future__ import annotations

import numpy as np

from .pairwise import accepts, add_spins, measure_overlaps
from .patternspace import PARALLEL, RANDOM
from .rng import advance, below, inlined, kernel, wide
from .vectors import BLOCK, LANES, add_chosen, step_counts

SUM, EXPONENTIAL, LOGARITHM = 0, 1, 2
TILE = 32  # words between additions in float64; float32 sums 128 values per lane
WIDEST = 8  # attempts in a block
STEEPEST = 1e290  # slopes of z from here on stand for T = 0
_NEGLIGIBLE = 1e-12  # rounding of sums of exponentials
_ALL = ~np.uint64(0)
_ZERO = np.uint64(0)
_ONE, _MINUS, _NONE = np.int64(1), np.int64(-1), np.int64(0)


@kernel
def count_agreeing(bits, spins, counts):
    """Sites at which each pattern agrees with the state: N K additions, of 64 at a time."""
    counts[:] = 0
    for i in range(spins.size):
        turn = _ZERO if spins[i] > 0 else _ALL
        for w in range(bits.shape[1]):
            step_counts(counts, np.int64(BLOCK * w), bits[i, w] ^ turn, _ONE, _NONE)


@kernel
def flip_counts(bits, i, spin, counts):
    """The same after spin i flipped and became ``spin``: K additions, of 64 at a time."""
    turn = _ZERO if spin > 0 else _ALL
    for w in range(bits.shape[1]):
        step_counts(counts, np.int64(BLOCK * w), bits[i, w] ^ turn, _ONE, _MINUS)


@kernel
def look_up(counts, parts, sums, values, first, last, totals):
    """values[mu] = parts[k_mu] for patterns first..last-1; add sums[k_mu, :2] to ``totals``."""
    a = b = c = d = 0.0
    mu = first
    while mu + 1 < last:
        here, there = np.int64(counts[mu]), np.int64(counts[mu + 1])
        values[mu], values[mu + 1] = parts[here], parts[there]
        a += sums[here, 0]
        b += sums[here, 1]
        c += sums[there, 0]
        d += sums[there, 1]
        mu += 2
    if mu < last:
        here = np.int64(counts[mu])
        values[mu] = parts[here]
        a += sums[here, 0]
        b += sums[here, 1]
    totals[0] += a + c
    totals[1] += b + d


@inlined
def add_rows_of(sites, turns, turned, number, sums, values, bits, start, stop):
    """`add_chosen` for the first 1, 4 or 8 of the sites."""
    t, u = sites, turns
    if turned:
        if number > 4:
            add_chosen(
                sums, values, bits, (t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7]),
                (u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7]), start, stop,
            )  # fmt: skip
        elif number > 1:
            add_chosen(
                sums, values, bits, (t[0], t[1], t[2], t[3]), (u[0], u[1], u[2], u[3]), start, stop
            )
        else:
            add_chosen(sums, values, bits, (t[0],), (u[0],), start, stop)
    elif number > 4:
        rows = (t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7])
        add_chosen(sums, values, bits, rows, None, start, stop)
    elif number > 1:
        add_chosen(sums, values, bits, (t[0], t[1], t[2], t[3]), None, start, stop)
    else:
        add_chosen(sums, values, bits, (t[0],), None, start, stop)


@kernel
def sums_of(bits, n_stored, counts, values, parts, sums, totals, stale, sites, turns, turned,
            number, lanes, found):  # fmt: skip
    """found[b] = sum of the values over the bits of row sites[b]; look them up first if ``stale``.

    A tile at a time, so that what is looked up is in cache when it is added. Cost: 4 bytes per
    pattern, and for each row one addition and one bit; look-ups, some 5 operations and 5 bytes.
    """
    lanes[:] = 0.0
    if stale:
        totals[:] = 0.0
    words = bits.shape[1]
    for start in range(0, words, TILE):
        stop = min(start + TILE, words)
        if stale:
            look_up(counts, parts, sums, values, BLOCK * start, min(BLOCK * stop, n_stored), totals)
        add_rows_of(sites, turns, turned, number, lanes, values, bits, start, stop)
    for b in range(number):
        total = 0.0
        for k in range(LANES):
            total += lanes[b, k]
        found[b] = total


@kernel
def largest_of(counts, n_stored):
    """The largest k of the patterns."""
    top = counts[0]
    for mu in range(n_stored):
        top = max(top, counts[mu])
    return np.int64(top)


@kernel
def refer(rate, top, parts, sums):
    """Table of exponentials relative to that of k = ``top``."""
    for k in range(parts.size):
        parts[k] = np.exp(2.0 * rate * (k - top)) if k <= top else 0.0
        sums[k, 0] = parts[k]


@inlined
def scaled_cost(kind, slope, energy_rate, size, top, spin, row_sum, totals, external):
    """Cost of a flip over T in powers of two, ``row_sum`` being what `sums_of` found.

    ``slope`` is that of costs counted in 2 unit; unit = 1/2 for exponentials.
    """
    if kind == SUM:
        raw = 2.0 * row_sum - totals[0] - totals[1] * spin
        return slope * spin * (raw + external)
    whole, part = totals[0], min(row_sum, totals[0])
    if kind == LOGARITHM:
        cost = 2.0 - np.log1p(part / whole * np.expm1(4.0 * energy_rate)) / energy_rate
        return slope * (cost + spin * external)
    up = np.expm1(2.0 * energy_rate) * part
    down = np.expm1(-2.0 * energy_rate) * (whole - part)
    cost = -(up + down)
    if cost <= _NEGLIGIBLE * up and -cost <= _NEGLIGIBLE * up:
        cost = 0.0
    if slope >= STEEPEST and external == 0.0:
        return slope * np.sign(cost)
    return slope * (cost * np.exp(2.0 * energy_rate * (top - size)) + spin * external)


@kernel
def interaction(kind, counts, n_stored, table, energy_rate, size, histogram):
    """Energy without external fields, in 2 unit: K look-ups, ``table`` being F in 2 unit."""
    histogram[:] = 0
    for mu in range(n_stored):
        histogram[counts[mu]] += 1
    total = 0.0
    if kind == SUM:
        for k in range(histogram.size):
            total += histogram[k] * table[k]
        return -total
    top = histogram.size - 1
    while histogram[top] == 0:
        top -= 1
    for k in range(top + 1):
        total += histogram[k] * np.exp(2.0 * energy_rate * (k - top))
    if kind == LOGARITHM:
        return size - 2.0 * top - np.log(total) / energy_rate
    return -total * np.exp(2.0 * energy_rate * (top - size))


@kernel
def energy_of(kind, counts, n_stored, table, energy_rate, spins, external, unit, histogram):
    """H, all told."""
    outer = 0.0
    for i in range(spins.size):
        outer += external[i] * spins[i]
    inner = interaction(kind, counts, n_stored, table, energy_rate, spins.size, histogram)
    return unit * (2.0 * inner - outer)


@kernel
def run(bits, n_stored, kind, energy_rate, table, parts, sums, values, counts, external, spins,
        single, rates, rule, update, block, flips, spin_sums, tracked, unit, sweeps, interval,
        out):  # fmt: skip
    """Run R chains one after the other; see `lanes.run` for the common parameters.

    Parameters
    ----------
    bits : uint64 (N, W)
        Patterns, spin-major; bits from ``n_stored`` on are 0.
    kind, energy_rate
        `SUM`, or `EXPONENTIAL` or `LOGARITHM` with their rate.
    table : float64 (N + 1,)
        F in 2 unit.
    parts : float32 or float64 (N + 1,)
        Odd parts, in 2 unit; working memory for exponentials.
    sums : float64 (N + 1, 2)
        Odd parts again, and even parts.
    values : as ``parts``, (64 W,)
        Working memory, 0 from ``n_stored`` on.
    counts : uint8 or uint16 (R, 64 W)
        Agreeing sites of each chain's state.
    block : int64
        Attempts served together, 1 to 8; 0 chooses by the flips there are.

    Notes
    -----
    Cost per attempt K additions, and K look-ups per flip. Random numbers: one draw of ``single``
    per attempt, and one before it for the site where update is random.
    """
    n_chains, size = spins.shape
    turned = kind != SUM
    lanes, found = np.zeros((WIDEST, LANES)), np.zeros(WIDEST)
    sites, turns = np.zeros(WIDEST, np.int64), np.zeros(WIDEST, np.uint64)
    draws = np.zeros(WIDEST, np.uint64)
    flipped = np.zeros(size, np.int64)
    totals, histogram = np.zeros(2), np.zeros(size + 1, np.int64)
    attempts = sweeps * size
    for r in range(n_chains):
        chain, agreeing, slope = spins[r], counts[r], rates[r]
        s0, s1, s2, s3 = single[r, 0], single[r, 1], single[r, 2], single[r, 3]
        done = next_site = 0
        drawn = n_flipped = top = 0
        stale, moved, energy = True, True, 0.0
        recent = 0.1  # flips per attempt of late
        while done < attempts:
            number = block if block > 0 else (WIDEST if recent < 0.2 else 4)
            number = min(number, attempts - done)
            if update == PARALLEL:
                number = min(number, size - done % size)
            while drawn < number:
                if update == RANDOM:
                    word, s0, s1, s2, s3 = advance(s0, s1, s2, s3)
                    sites[drawn] = below(word, size)
                else:
                    sites[drawn] = next_site
                    next_site = next_site + 1 if next_site + 1 < size else 0
                draws[drawn], s0, s1, s2, s3 = advance(s0, s1, s2, s3)
                drawn += 1
            number = min(drawn, WIDEST)
            for b in range(number):
                turns[b] = _ALL if chain[sites[b]] > 0 else _ZERO
            if stale and turned:
                top = largest_of(agreeing, n_stored)
                refer(energy_rate, top, parts, sums)
            sums_of(
                bits, n_stored, agreeing, values, parts, sums, totals, stale, sites, turns, turned,
                number, lanes, found,
            )  # fmt: skip
            stale = False
            used = 0
            while used < number and not stale:
                i = sites[used]
                z = scaled_cost(
                    kind, slope, energy_rate, size, top, chain[i], found[used], totals, external[i]
                )
                flip = accepts(z, wide(draws[used]), rule)
                used += 1
                done += 1
                recent += (np.float64(flip) - recent) * (1.0 / 64.0)
                if flip:
                    flips[r] += 1
                    moved = True
                    if update == PARALLEL:
                        flipped[n_flipped] = i
                        n_flipped += 1
                    else:
                        stale = True
                        chain[i] = -chain[i]
                        flip_counts(bits, i, chain[i], agreeing)
                if done % size == 0:
                    for k in range(n_flipped):
                        i = flipped[k]
                        stale = True
                        chain[i] = -chain[i]
                        flip_counts(bits, i, chain[i], agreeing)
                    n_flipped = 0
                    sweep = done // size
                    if interval and sweep % interval == 0:
                        if moved:
                            energy = energy_of(
                                kind, agreeing, n_stored, table, energy_rate, chain, external,
                                unit, histogram,
                            )  # fmt: skip
                            moved = False
                        record = out[r, sweep // interval - 1]
                        record[0] = energy / size
                        measure_overlaps(tracked, chain, 0.0, 1.0, record)
                        add_spins(spin_sums[r], chain, 1)
            # What was drawn for spins not tried yet stays for them.
            for b in range(used, drawn):
                sites[b - used], draws[b - used] = sites[b], draws[b]
            drawn -= used
        single[r, 0], single[r, 1], single[r, 2], single[r, 3] = s0, s1, s2, s3
