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

from .rng import TWO53, advance, below, float_bits, kernel, wide

HEAT_BATH, METROPOLIS = 0, 1
LN2 = np.log(2.0)
# bits(d) / 2^52 = 1023 + floor(log2 d) + mantissa, and d = u 2^53; the rest guards the rounding.
_OFFSET = 1023.0 + 53.0 - 1e-9
_ULP = 2.0**-52


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
    if z + np.float64(float_bits(wide_bits)) * _ULP >= _OFFSET:
        return False
    return wide_bits < flip_probability(z, rule) * TWO53


@kernel
def try_block(couplings, fields, external, spins, state, rate, rule, start, stop, inside, flipped):
    """Try the spins start..stop-1 in order; list those that flip, return how many.

    With ``inside``, fields of the block itself follow each flip at once, so the attempts are
    those of a sequential sweep; fields elsewhere are the caller's to mend (`add_flips`).
    Cost: about 10 operations per attempt, stop - start multiply-adds per flip.
    """
    s0, s1, s2, s3 = state[0], state[1], state[2], state[3]
    count = 0
    near = fields[start:stop]
    outer = external[start:stop]
    block = spins[start:stop]
    for i in range(near.size):
        bits, s0, s1, s2, s3 = advance(s0, s1, s2, s3)
        z = rate * block[i] * (near[i] + outer[i])
        if accepts(z, wide(bits), rule):
            block[i] = -block[i]
            flipped[count] = start + i
            count += 1
            if inside:
                row = couplings[start + i, start:stop]
                change = np.int32(2 * block[i])
                for j in range(row.size):
                    near[j] += change * row[j]
    state[0], state[1], state[2], state[3] = s0, s1, s2, s3
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
def random_sweep(couplings, fields, external, spins, state, rate, rule, flipped):
    """N attempts on spins drawn at random; returns the flips. Cost as a sequential sweep."""
    count = 0
    size = spins.size
    s0, s1, s2, s3 = state[0], state[1], state[2], state[3]
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
    state[0], state[1], state[2], state[3] = s0, s1, s2, s3
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
    """sums += times * spins."""
    for i in range(spins.size):
        sums[i] += times * np.int64(spins[i])


@kernel
def all_fields(couplings, spins, fields):
    """Fields of all chains from scratch: R N^2 multiply-adds."""
    for r in range(spins.shape[0]):
        fields_of(couplings, spins[r], fields[r])
