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
from numba.extending import intrinsic

from .rng import (
    LANES,
    TWO53,
    advance,
    below,
    draw,
    float_bits,
    inlined,
    kernel,
    single_bits,
    uncounted,
    wide,
)

HEAT_BATH, METROPOLIS = 0, 1
LN2 = np.log(2.0)
# Typed, or Numba would compile callees once more for the literal.
ZERO, ONE = np.int64(0), np.int64(1)
BLOCK = 64  # spins per refill of random bits
# The bits of a float d, read as an integer and scaled, are bias + floor(log2 d) + (d/2^floor - 1),
# never more than bias + log2 d. The thousandths guard the rounding of z.
_OFFSET64 = 1023.0 + 53.0 - 1e-9
_ULP64 = 2.0**-52
_OFFSET32 = np.float32(127.0 + 31.0 + 1e-3)
_ULP32 = np.float32(2.0**-23)
_LOW, _HIGH = np.uint64(2**31 - 1), np.uint64(33)
TWO31 = 2.0**31


@inlined
def flip_probability(z, rule):
    """Probability that a spin whose flip costs z ln 2 (in units of T) flips when tried."""
    if rule == HEAT_BATH:
        return 1.0 / (1.0 + np.exp(z * LN2))
    if z <= 0.0:
        return 1.0
    return np.exp(-z * LN2)


@inlined
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


@inlined
def level(number):
    """Bound on z above which a spin does not flip, from u = number / 2^31.

    A flip needs u < p(z) <= 2^-z, and -log2 u is bounded by the bits of float32(u), within 6 % of
    the spins that 2^-z itself would let through.
    """
    return _OFFSET32 - np.float32(single_bits(np.float32(number))) * _ULP32


@inlined
def fill(bulk, r, draws, levels):
    """One step of the generators bulk[r], uint64 (R, 4, 32): 64 times 31 bits, and their levels.

    Draw k of the block is the lower half of draws[k], draw 32 + k the upper half. Vectorised:
    about 0.4 ns per spin, where a single generator takes a nanosecond per number.
    """
    r = max(r, 0)  # tells the compiler that no index counts from the end
    for k in range(LANES):
        bits, a, b, c, d = advance(bulk[r, 0, k], bulk[r, 1, k], bulk[r, 2, k], bulk[r, 3, k])
        draws[k] = bits
        bulk[r, 0, k], bulk[r, 1, k], bulk[r, 2, k], bulk[r, 3, k] = a, b, c, d
        levels[k] = level(np.int32(bits & _LOW))
        levels[LANES + k] = level(np.int32(bits >> _HIGH))


@inlined
def mark(near, external, spins, r, base, width, levels, slope, marks):
    """Mark which spins of base..base+width-1 may flip; 5 vectorised operations each."""
    r, base = max(r, 0), max(base, 0)
    for i in range(width):
        field = np.float32(near[i]) + np.float32(external[base + i])
        marks[i] = slope * np.float32(spins[r, base + i]) * field < levels[i]


@uncounted
def flips_now(z, number, rule, single, r):
    """Whether u < p(z); 31 bits of u decide unless p falls between two of their values."""
    chance = flip_probability(z, rule) * TWO31
    flips = number + 1.0 <= chance
    if not flips and number < chance:
        flips = number + wide(draw(single, r)) / TWO53 < chance
    return flips


@inlined
def next_mark(marks, words, i):
    """Index of the first set mark at or after ``i``, or 64; ``words`` are eight marks each."""
    while i < BLOCK and not marks[i]:
        if i & 7 == 0 and not words[i >> 3]:
            i += 8
        else:
            i += 1
    return i


@inlined
def try_block(
    couplings, fields, external, spins, r, bulk, single, rate, slope, rule, start, together,
    flipped, known, draws, levels, marks, words, near,
):  # fmt: skip
    """Try the spins from ``start`` on, at most 64, of chain r in order; return how many flipped.

    They are listed in flipped[r, known:], and ``fields`` left as they are (see `add_flips`). The
    attempts follow a copy of the block's own fields, which each flip changes at once; not so when
    all spins are tried ``together`` (Little). The last arguments are `buffers`. Arrays are never
    sliced here: Numba would count references, at twice the cost of the block.
    """
    size = spins.shape[1]
    # The last block is a window of 64 that reaches back over spins already tried.
    width = min(BLOCK, size)
    base = max(min(start, size - width), 0)
    r = max(r, 0)
    fill(bulk, r, draws, levels)
    if width == BLOCK:
        for i in range(BLOCK):
            near[i] = fields[r, base + i]
        mark(near, external, spins, r, base, BLOCK, levels, slope, marks)
    else:
        for i in range(width):
            near[i] = fields[r, base + i]
        for i in range(BLOCK):
            marks[i] = i < width
    count = known
    i = next_mark(marks, words, start - base)
    while i < BLOCK:
        site = base + i
        z = rate * spins[r, site] * (near[i] + external[site])
        number = draws[i] & _LOW if i < LANES else draws[i - LANES] >> _HIGH
        if flips_now(z, np.float64(np.int64(number)), rule, single, r):
            spins[r, site] = -spins[r, site]
            flipped[r, count] = site
            count += 1
            if not together:
                change = np.int32(2 * spins[r, site])
                if width == BLOCK:
                    for j in range(BLOCK):
                        near[j] += change * couplings[site, base + j]
                    mark(near, external, spins, r, base, BLOCK, levels, slope, marks)
                else:
                    for j in range(width):
                        near[j] += change * couplings[site, base + j]
        i = next_mark(marks, words, i + 1)
    return count - known


def buffers() -> tuple[np.ndarray, ...]:
    """Working memory of `try_block`: draws, levels, marks, these as words of eight, and fields."""
    marks = np.empty(BLOCK, np.uint8)
    return (
        np.empty(LANES, np.uint64), np.empty(BLOCK, np.float32), marks, marks.view(np.uint64),
        np.empty(BLOCK, np.int32),
    )  # fmt: skip


@intrinsic
def narrow(typingctx, couplings, value):
    """The value in the type of the couplings."""
    result = couplings.dtype

    def code(context, builder, signature, args):
        return context.cast(builder, args[1], value, result)

    return result(couplings, value), code


@inlined
def add_flips(couplings, fields, spins, r, flipped, count, start, stop):
    """Fields start..stop-1 of chain r after flips of flipped[r, :count]; ``spins`` are the new.

    Four flips are added up in the couplings' own type, at twice the width of the fields, and the
    fields read and written once for the four; so four couplings must not overflow that type.
    Cost per flip: stop - start multiply-adds, as many couplings read.
    """
    r, start = max(r, 0), max(start, 0)
    done = 0
    while done + 1 < count:
        a, b = flipped[r, done], flipped[r, done + 1]
        c, d = a, a
        sa, sb = narrow(couplings, spins[r, a]), narrow(couplings, spins[r, b])
        sc, sd = narrow(couplings, 0), narrow(couplings, 0)
        if done + 2 < count:
            c = flipped[r, done + 2]
            sc = narrow(couplings, spins[r, c])
        if done + 3 < count:
            d = flipped[r, done + 3]
            sd = narrow(couplings, spins[r, d])
        for k in range(stop - start):  # range(start, stop) would not vectorise
            j = start + k
            change = narrow(
                couplings,
                sa * couplings[a, j] + sb * couplings[b, j] + sc * couplings[c, j]
                + sd * couplings[d, j],
            )  # fmt: skip
            fields[r, j] += 2 * np.int32(change)
        done += 4
    if done < count:
        a = flipped[r, done]
        change = np.int32(2 * spins[r, a])
        for k in range(stop - start):
            fields[r, start + k] += change * couplings[a, start + k]


@uncounted
def random_sweep(couplings, fields, external, spins, r, single, rate, rule, flipped):
    """N attempts of chain r on spins drawn at random; returns the flips."""
    count = 0
    size = spins.shape[1]
    s0, s1, s2, s3 = single[r, 0], single[r, 1], single[r, 2], single[r, 3]
    for _ in range(size):
        bits, s0, s1, s2, s3 = advance(s0, s1, s2, s3)
        i = below(bits, size)
        bits, s0, s1, s2, s3 = advance(s0, s1, s2, s3)
        z = rate * spins[r, i] * (fields[r, i] + external[i])
        if accepts(z, wide(bits), rule):
            spins[r, i] = -spins[r, i]
            flipped[r, 0] = i
            add_flips(couplings, fields, spins, r, flipped, ONE, ZERO, size)
            count += 1
    single[r, 0], single[r, 1], single[r, 2], single[r, 3] = s0, s1, s2, s3
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
