"""One chain with cached fields: attempts on a block of spins, and what their flips change.

Units. Couplings are integers J, fields g_i = sum_j J_ij s_j are int32, and the true field is
unit * (g_i + f_i) with the external field f in the same unit. ``rate`` is 2 beta unit / ln 2, so
z_i = rate s_i (g_i + f_i) is the energy cost of flipping spin i over T, in powers of two:
heat bath flips with probability 1/(1 + 2^z), Metropolis with min(1, 2^-z).
Integers make the cached fields exact for ever: they do not drift, and the order in which flips
are added up does not matter.
"""

from __future__ import annotations

import numpy as np

from .rng import LANES, TWO53, advance, below, draw, fill, float_bits, kernel, wide

HEAT_BATH, METROPOLIS = 0, 1
LN2 = np.log(2.0)
BLOCK = 64  # spins per refill of random bits
# The bits of a float d, read as an integer and scaled, are bias + floor(log2 d) + (d/2^floor - 1),
# never more than bias + log2 d. The thousandths guard the rounding of z.
_OFFSET64 = 1023.0 + 53.0 - 1e-9
_ULP64 = 2.0**-52
_OFFSET32 = np.float32(127.0 + 31.0 + 1e-3)
_ULP32 = np.float32(2.0**-23)
TWO31 = 2.0**31


@kernel
def flip_probability(z, rule):
    """Probability that a spin whose flip costs z ln 2 (in units of T) flips when tried."""
    if rule == HEAT_BATH:
        return 1.0 / (1.0 + np.exp(z * LN2))
    if z <= 0.0:
        return 1.0
    return np.exp(-z * LN2)


@kernel
def accepts(z, wide_bits, rule):
    """Whether u < p(z) for u = wide_bits / 2^53.

    p(z) <= 2^-z, and log2(u) is at least the exponent of u plus its mantissa's fraction, so most
    refusals are seen without an exponential: the bound is within 6 % of 2^-z.
    """
    if z + np.float64(float_bits(wide_bits)) * _ULP64 >= _OFFSET64:
        return False
    return wide_bits < flip_probability(z, rule) * TWO53


@kernel
def quick_rate(rate, external):
    """The slope of z for tests in float32; see `mark`.

    A smaller slope than the true one only lets more spins through to the exact test, so it is
    capped such that rounding cannot matter: external fields stay below 800 powers of two.
    """
    largest = 1.0
    for i in range(external.size):
        largest = max(largest, abs(external[i]))
    return np.float32(min(rate, 1e30, 800.0 / largest if largest > 1.0 else 1e30))


@kernel
def mark(fields, external, spins, bits, slope, marks):
    """Mark which of 64 spins may flip; the others, with u >= 2^-z >= p(z), do not.

    ``bits`` are 32 random bits each, of which u has 31; ``marks`` is uint8. About 12 vectorised
    operations per spin and no exponential: -log2 u is bounded by the bits of float32(u), within
    6 % of the spins that 2^-z itself would let through.
    """
    number = np.empty(BLOCK, np.float32)
    number_bits = number.view(np.int32)
    for i in range(BLOCK):
        number[i] = np.float32(np.int32(bits[i] >> np.uint32(1)))
    for i in range(BLOCK):
        z = slope * np.float32(spins[i]) * (np.float32(fields[i]) + np.float32(external[i]))
        marks[i] = z + np.float32(number_bits[i]) * _ULP32 < _OFFSET32


@kernel
def flips_now(z, bits, rule, single):
    """Whether u < p(z); 31 bits of u decide unless p falls between two of their values."""
    chance = flip_probability(z, rule) * TWO31
    number = np.float64(np.int64(bits >> np.uint32(1)))
    if number + 1.0 <= chance:
        return True
    if number >= chance:
        return False
    return number + wide(draw(single)) / TWO53 < chance


@kernel
def next_mark(marks, start):
    """Index of the first set mark at or after ``start``, or 64."""
    for i in range(start, BLOCK):
        if marks[i]:
            return i
    return BLOCK


@kernel
def try_block(
    couplings, fields, external, spins, state, rate, slope, rule, start, stop, inside, flipped,
    draws, marks,
):  # fmt: skip
    """Try the spins start..stop-1, at most 64, in order; list those that flip, return how many.

    With ``inside``, fields of the block itself follow each flip at once, so the attempts are
    those of a sequential sweep; fields elsewhere are the caller's to mend (`add_flips`).
    """
    single = state[4 * LANES :]
    fill(state[: 4 * LANES].reshape((4, LANES)), draws)
    bits = draws.view(np.uint32)
    near = fields[start:stop]
    outer = external[start:stop]
    block = spins[start:stop]
    whole = stop - start == BLOCK
    if whole:
        mark(near, outer, block, bits, slope, marks)
    else:
        marks[:] = 0
        marks[: stop - start] = 1
    count = 0
    i = next_mark(marks, 0)
    while i < BLOCK:
        z = rate * block[i] * (near[i] + outer[i])
        if flips_now(z, bits[i], rule, single):
            block[i] = -block[i]
            flipped[count] = start + i
            count += 1
            if inside:
                row = couplings[start + i, start:stop]
                change = np.int32(2 * block[i])
                for j in range(row.size):
                    near[j] += change * row[j]
                if whole:
                    mark(near, outer, block, bits, slope, marks)
        i = next_mark(marks, i + 1)
    return count


@kernel
def add_flips(couplings, fields, spins, flipped, count, start, stop):
    """Fields start..stop-1 after the listed spins have flipped (``spins`` holds the new values).

    Cost per flip: stop - start multiply-adds, as many couplings read; fields are read and
    written once per four flips.
    """
    if stop <= start:
        return
    target = fields[start:stop]
    done = 0
    while done + 4 <= count:
        a, b, c, d = flipped[done], flipped[done + 1], flipped[done + 2], flipped[done + 3]
        sa, sb = np.int32(2 * spins[a]), np.int32(2 * spins[b])
        sc, sd = np.int32(2 * spins[c]), np.int32(2 * spins[d])
        row_a, row_b = couplings[a, start:stop], couplings[b, start:stop]
        row_c, row_d = couplings[c, start:stop], couplings[d, start:stop]
        for j in range(target.size):
            target[j] += sa * row_a[j] + sb * row_b[j] + sc * row_c[j] + sd * row_d[j]
        done += 4
    while done < count:
        a = flipped[done]
        sa = np.int32(2 * spins[a])
        row_a = couplings[a, start:stop]
        for j in range(target.size):
            target[j] += sa * row_a[j]
        done += 1


@kernel
def random_sweep(couplings, fields, external, spins, single, rate, rule, flipped):
    """N attempts on spins drawn at random; returns the flips. Cost as a sequential sweep."""
    count = 0
    size = spins.size
    s0, s1, s2, s3 = single[0], single[1], single[2], single[3]
    for _ in range(size):
        bits, s0, s1, s2, s3 = advance(s0, s1, s2, s3)
        i = below(bits, size)
        bits, s0, s1, s2, s3 = advance(s0, s1, s2, s3)
        z = rate * spins[i] * (fields[i] + external[i])
        if accepts(z, wide(bits), rule):
            spins[i] = -spins[i]
            flipped[0] = i
            add_flips(couplings, fields, spins, flipped, 1, 0, size)
            count += 1
    single[0], single[1], single[2], single[3] = s0, s1, s2, s3
    return count


@kernel
def fields_of(couplings, spins, fields):
    """Fields of a state from scratch: N^2 multiply-adds."""
    for i in range(spins.size):
        row = couplings[i]
        total = np.int32(0)
        for j in range(row.size):
            total += np.int32(row[j]) * np.int32(spins[j])
        fields[i] = total


@kernel
def total_energy(fields, external, spins, unit):
    """H = -unit (sum_i s_i g_i / 2 + sum_i s_i f_i): 2 N operations, the first sum exact."""
    inner = np.int64(0)
    for i in range(spins.size):
        inner += np.int64(fields[i]) * np.int64(spins[i])
    outer = 0.0
    for i in range(spins.size):
        outer += external[i] * spins[i]
    return -unit * (0.5 * inner + outer)


@kernel
def overlap_count(pattern, spins):
    """sum_i xi_i s_i: N operations on bytes."""
    total = np.int32(0)
    for i in range(spins.size):
        total += np.int32(pattern[i]) * np.int32(spins[i])
    return total


@kernel
def magnetisation(spins):
    """sum_i s_i."""
    total = np.int32(0)
    for i in range(spins.size):
        total += np.int32(spins[i])
    return total


@kernel
def measure_overlaps(tracked, spins, mean, spread, row):
    """Write overlaps (1/N) sum_i eta_i s_i, eta = (xi - mean)/spread, to row[1:]."""
    size = spins.size
    shift = mean * magnetisation(spins) if mean != 0.0 else 0.0
    for k in range(tracked.shape[0]):
        row[1 + k] = (overlap_count(tracked[k], spins) - shift) / (spread * size)


@kernel
def add_spins(sums, spins, times):
    """Add ``times`` times the spins to ``sums``."""
    for i in range(spins.size):
        sums[i] += times * np.int64(spins[i])


@kernel
def all_fields(couplings, spins, fields):
    """Fields of all chains from scratch: R N^2 multiply-adds."""
    for r in range(spins.shape[0]):
        fields_of(couplings, spins[r], fields[r])
