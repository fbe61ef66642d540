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
from .vectors import BLOCK, LANES, add_chosen, evaluate, split_pairs, step_counts

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


@inlined
def evaluate_all(coefficients, sums, counts, values, first, number, size):
    """`evaluate` odd and even parts as polynomials of M, as far as coefficients are not 0.

    ``coefficients`` are float32 (2, 6), from M^5 down. Cost: p - 1 and p - 2 multiply-adds.
    """
    o, e = coefficients[0], coefficients[1]
    if o[0] != 0.0 or o[1] != 0.0:
        evaluate(
            sums, counts, values, first, number, size, (o[0], o[1], o[2], o[3], o[4], o[5]),
            (e[1], e[2], e[3], e[4], e[5]),
        )  # fmt: skip
    elif o[2] != 0.0 or o[3] != 0.0:
        evaluate(
            sums, counts, values, first, number, size, (o[2], o[3], o[4], o[5]), (e[3], e[4], e[5])
        )
    else:
        evaluate(sums, counts, values, first, number, size, (o[4], o[5]), (e[5],))


@kernel
def tabulate(coefficients, size, parts):
    """Write what `evaluate_all` finds at k = 0..N to parts, float32 (N + 1, 2)."""
    sums, values = np.zeros((2, LANES)), np.zeros(LANES, np.float32)
    counts = np.zeros(LANES, np.uint16)
    for k in range(size + 1):
        counts[0] = k
        sums[:] = 0.0
        evaluate_all(coefficients, sums, counts, values, np.int64(0), np.int64(LANES), size)
        parts[k, 0], parts[k, 1] = values[0], sums[1, 0]


@inlined
def look_up_pairs(counts, pairs, buffer, values, first, last, stop, sums):
    """`look_up` in a table of pairs; ``stop`` - ``first`` is a multiple of 16."""
    for k in range(last - first):
        buffer[k] = pairs[counts[first + k]]
    for k in range(last - first, stop - first):
        buffer[k] = _ZERO
    split_pairs(sums, buffer, values, first, stop - first)


@kernel
def look_up(counts, parts, pairs, coefficients, smooth, buffer, values, first, last, stop, size,
            sums):  # fmt: skip
    """Parts of patterns first..last-1, 0 for those up to ``stop`` - 1; add them to ``sums``.

    Odd parts go to ``values``. Cost per pattern: 0.3 ns for a look-up on a machine of 2023, a
    third of it for a polynomial.
    """
    if parts.ndim == 1:  # exponentials, of which there is one table
        a = b = c = d = 0.0
        mu = first
        while mu + 3 < last:
            for_a, for_b = parts[counts[mu]], parts[counts[mu + 1]]
            for_c, for_d = parts[counts[mu + 2]], parts[counts[mu + 3]]
            values[mu], values[mu + 1], values[mu + 2], values[mu + 3] = for_a, for_b, for_c, for_d
            a += for_a
            b += for_b
            c += for_c
            d += for_d
            mu += 4
        while mu < last:
            values[mu] = parts[counts[mu]]
            a += values[mu]
            mu += 1
        sums[0, 0] += (a + b) + (c + d)
    else:
        whole = first + (last - first) // LANES * LANES
        if smooth:
            evaluate_all(coefficients, sums, counts, values, first, whole - first, size)
        else:
            look_up_pairs(counts, pairs, buffer, values, first, whole, whole, sums)
        if whole < stop:
            look_up_pairs(counts, pairs, buffer, values, whole, last, stop, sums)


@inlined
def add_rows_of(sites, turns, number, sums, values, bits, start, stop):
    """`add_chosen` for the first 1, 4 or 8 of the sites; ``turns`` or None."""
    t = sites
    if number > 4:
        rows = (t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7])
        if turns is None:
            add_chosen(sums, values, bits, rows, None, start, stop)
        else:
            u = turns
            eight = (u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7])
            add_chosen(sums, values, bits, rows, eight, start, stop)
    elif number > 1:
        few = (t[0], t[1], t[2], t[3])
        if turns is None:
            add_chosen(sums, values, bits, few, None, start, stop)
        else:
            four = (turns[0], turns[1], turns[2], turns[3])
            add_chosen(sums, values, bits, few, four, start, stop)
    elif turns is None:
        add_chosen(sums, values, bits, (t[0],), None, start, stop)
    else:
        add_chosen(sums, values, bits, (t[0],), (turns[0],), start, stop)


@kernel
def sum_rows(bits, n_stored, counts, tables, memory, size, stale, sites, turns, number, found):
    """found[b] = sum of the odd parts over the bits of row sites[b], for b < ``number``.

    They are looked up first if ``stale``, a tile at a time, so that they are in cache when they
    are added, and totals of odd and even parts written to found[WIDEST:].
    Cost: 4 bytes per pattern, and for each row one addition and one bit; for look-ups see there.
    """
    parts, pairs, coefficients, smooth = tables
    values, buffer, lanes = memory
    lanes[:] = 0.0
    words = bits.shape[1]
    for start in range(0, words, TILE):
        stop = min(start + TILE, words)
        if stale:
            look_up(
                counts, parts, pairs, coefficients, smooth, buffer, values, BLOCK * start,
                min(BLOCK * stop, n_stored), BLOCK * stop, size, lanes[WIDEST:],
            )  # fmt: skip
        add_rows_of(sites, turns, number, lanes, values, bits, start, stop)
    for b in range(WIDEST + 2):
        if b < number or (stale and b >= WIDEST):
            found[b] = 0.0
            for k in range(LANES):
                found[b] += lanes[b, k]


@kernel
def largest_of(counts, n_stored):
    """The largest k of the patterns."""
    top = counts[0]
    for mu in range(n_stored):
        top = max(top, counts[mu])
    return np.int64(top)


@kernel
def refer(rate, top, parts):
    """Table of exponentials relative to that of k = ``top``, the largest present."""
    for k in range(top + 1):
        parts[k] = np.exp(2.0 * rate * (k - top))


@inlined
def scaled_cost(kind, slope, energy_rate, size, top, spin, row_sum, whole, rest, external):
    """Cost of a flip over T in powers of two, of sums that `sum_rows` found.

    ``external`` is the field, and with it what a constant taken out of the odd parts makes.
    ``slope`` is that of costs counted in 2 unit; unit = 1/2 for exponentials.
    """
    if kind == SUM:
        return slope * spin * (2.0 * row_sum - whole - rest * spin + external)
    part = min(row_sum, whole)
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
def count_sites(counts, n_stored, histogram):
    """Number of patterns at each k, int64 (4, N + 1): every fourth pattern has a row of its own,
    since adding to the same number again at once would wait for the first to be written.
    """
    histogram[:] = 0
    for mu in range(n_stored):
        histogram[mu & 3, counts[mu]] += 1
    for k in range(histogram.shape[1]):
        for row in range(1, 4):
            histogram[0, k] += histogram[row, k]


@kernel
def interaction(kind, counts, n_stored, table, energy_rate, size, histogram):
    """Energy without external fields, in 2 unit, ``table`` being F in 2 unit: K additions."""
    count_sites(counts, n_stored, histogram)
    total = 0.0
    if kind == SUM:
        for k in range(size + 1):
            total += histogram[0, k] * table[k]
        return -total
    top = size
    while histogram[0, top] == 0:
        top -= 1
    for k in range(top + 1):
        total += histogram[0, k] * np.exp(2.0 * energy_rate * (k - top))
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
def run(bits, n_stored, kind, energy_rate, table, tables, memory, counts, external, shifts, base,
        spins, single, rates, rule, update, block, flips, spin_sums, tracked, unit, sweeps,
        interval, out):  # fmt: skip
    """Run R chains one after the other; see `lanes.run` for the common parameters.

    Parameters
    ----------
    bits : uint64 (N, W)
        Patterns, spin-major; bits from ``n_stored`` on are 0.
    kind, energy_rate
        `SUM`, or `EXPONENTIAL` or `LOGARITHM` with their rate.
    table : float64 (N + 1,)
        F in 2 unit, for energies.
    tables
        Odd and even parts in 2 unit, float32 (N + 1, 2); the same as uint64 (N + 1,); and as
        polynomials, see `evaluate_all`, with whether they are these. For exponentials the first is
        float64 (N + 1,) and working memory.
    memory
        Odd parts of the patterns, 64 W, 0 from ``n_stored`` on; a tile of pairs, uint64; and
        float64 (WIDEST + 2, LANES).
    external, shifts : float64 (N,)
        Fields, and fields with c sum_mu xi_i^mu for the constant c taken out of the odd parts.
    base : float64
        What was taken out of all even parts together.
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
    found = np.zeros(WIDEST + 2)
    sites, flips_of = np.zeros(WIDEST, np.int64), np.zeros(WIDEST, np.uint64)
    turns = None if tables[0].ndim == 2 else flips_of
    draws = np.zeros(WIDEST, np.uint64)
    flipped = np.zeros(size, np.int64)
    histogram = np.zeros((4, size + 1), np.int64)
    attempts = sweeps * size
    for r in range(n_chains):
        chain, agreeing, slope = spins[r], counts[r], rates[r]
        s0, s1, s2, s3 = single[r, 0], single[r, 1], single[r, 2], single[r, 3]
        done = next_site = drawn = n_flipped = top = 0
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
            if tables[0].ndim == 1:
                for b in range(number):
                    flips_of[b] = _ALL if chain[sites[b]] > 0 else _ZERO
                if stale:
                    top = largest_of(agreeing, n_stored)
                    refer(energy_rate, top, tables[0])
            sum_rows(
                bits, n_stored, agreeing, tables, memory, size, stale, sites, turns, number, found
            )
            stale = False
            used = 0
            while used < number and not stale:
                i = sites[used]
                z = scaled_cost(
                    kind, slope, energy_rate, size, top, chain[i], found[used], found[WIDEST],
                    found[WIDEST + 1] + base, shifts[i],
                )  # fmt: skip
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
