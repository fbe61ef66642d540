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
from .vectors import BLOCK, add_near, add_rows, negatives, trailing_zeros

HEAT_BATH, METROPOLIS = 0, 1
LN2 = np.log(2.0)
# Typed, or Numba would compile callees once more for the literal.
ZERO, ONE = np.int64(0), np.int64(1)
ZERO64, ONE64 = np.uint64(0), np.uint64(1)
# The bits of a float d, read as an integer and scaled, are bias + floor(log2 d) + (d/2^floor - 1),
# never more than bias + log2 d. The thousandths guard the rounding of z.
_OFFSET64 = 1023.0 + 53.0 - 1e-9
_ULP64 = 2.0**-52
_LOW, _HIGH = np.uint64(2**31 - 1), np.uint64(33)
TWO31 = 2**31
# The same for float32, whose bits understate log2 d by 0.0861 at most, and so two of them differ by
# log2 of the ratio give or take that; with room for the rounding of z and of the draws.
_ULP32 = np.float32(2.0**-23)
_ERROR32 = np.float32(0.0861 + 1e-3)
_BAND = 2.0 * (0.0861 + 1e-3)
_EDGE = 2**12  # draws so close to 0 or 1 that the bits they lack matter
_ALWAYS, _ONE32 = np.float32(1e9), np.float32(1.0)
_WHOLE = np.int32(2**31 - 1)
GROUP = 8  # flips added to the fields at once
# Thresholds stay beyond all fields (see FAR), and int32 holds the difference of the two.
FAR = 2**30 - 64  # largest field allowed; float32 holds it
_FAR = np.float32(FAR)


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
    """The slope of z for tests in float32; see `level` and `waiting.weigh`.

    A smaller slope than the true one only lets more spins through to the exact test, so it is
    capped such that rounding cannot matter: external fields stay below 800 powers of two.
    """
    largest = 1.0
    for i in range(external.size):
        largest = max(largest, abs(external[i]))
    return np.float32(max(min(rate, 1e30, 800.0 / largest if largest > 1.0 else 1e30), 1e-30))


@inlined
def level(number, rule):
    """Bound on z above which a spin does not flip, from the 31 bits ``number`` of u.

    With u = (number + [0, 1)) / 2^31 a flip needs u < p(z), that is z < log2((1 - u)/u) (heat
    bath) or z < -log2 u (Metropolis). Above the level no spin flips; below level - _BAND every
    spin does, unless ``number`` is within _EDGE of 0 or 2^31.
    """
    rest = np.float32(2.0**31) if rule == METROPOLIS else np.float32(_WHOLE - number) + _ONE32
    ratio = single_bits(rest) - single_bits(np.float32(number))
    return np.float32(ratio) * _ULP32 + _ERROR32


@inlined
def fill(bulk, r, rule, draws, levels):
    """One step of the generators bulk[r], uint64 (R, 4, 32): 64 times 31 bits, and their levels.

    Draw k of the block is the lower half of draws[k], draw 32 + k the upper half. Vectorised:
    below a nanosecond per spin.
    """
    r = max(r, 0)  # tells the compiler that no index counts from the end
    for k in range(LANES):
        bits, a, b, c, d = advance(bulk[r, 0, k], bulk[r, 1, k], bulk[r, 2, k], bulk[r, 3, k])
        draws[k] = bits
        bulk[r, 0, k], bulk[r, 1, k], bulk[r, 2, k], bulk[r, 3, k] = a, b, c, d
    if rule == METROPOLIS:
        for k in range(LANES):
            levels[k] = level(np.int32(draws[k] & _LOW), METROPOLIS)
            levels[LANES + k] = level(np.int32(draws[k] >> _HIGH), METROPOLIS)
    else:
        for k in range(LANES):
            levels[k] = level(np.int32(draws[k] & _LOW), HEAT_BATH)
            levels[LANES + k] = level(np.int32(draws[k] >> _HIGH), HEAT_BATH)


@inlined
def thresholds(fields, shifts, spins, r, base, width, slope, lowest, levels, cuts, excess, local):
    """Write c_i such that spin i may flip only if s_i g_i < c_i, and excess_i = g_i - s_i c_i.

    ``lowest`` bounds the levels from below; so it must be 0 where ``slope`` is not the true one.
    """
    r, base = max(r, 0), max(base, 0)
    scale = _ONE32 / slope
    for i in range(width):
        spin = spins[r, base + i]
        local[i] = spin
        reach = max(levels[i], lowest) * scale - np.float32(spin) * shifts[base + i]
        cut = np.int32(min(max(reach, -_FAR), _FAR)) + np.int32(1)
        cuts[i] = cut
        excess[i] = fields[r, base + i] - np.int32(spin) * cut


@uncounted
def flips_now(z, number, rule, single, r):
    """Whether u < p(z); 31 bits of u decide unless p falls between two of their values."""
    chance = flip_probability(z, rule) * TWO31
    flips = number + 1.0 <= chance
    if not flips and number < chance:
        flips = number + wide(draw(single, r)) / TWO53 < chance
    return flips


@inlined
def try_block(
    couplings, fields, external, shifts, spins, r, bulk, single, rate, slope, rule, start, together,
    flipped, known, draws, levels, cuts, excess, local,
):  # fmt: skip
    """Try the spins from ``start`` on, at most 64, of chain r in order; return how many flipped.

    They are listed in flipped[r, known:], and ``fields`` left as they are (see `add_flips`), which
    do not know of flipped[r, :known] yet either. The attempts follow a copy of the block's own
    fields, which each flip changes at once; not so when all spins are tried ``together``
    (Little). The last arguments are `buffers`. Arrays are never sliced here: Numba would count
    references, at twice the cost of the block.
    """
    size = spins.shape[1]
    # The last block is a window of 64 that reaches back over spins already tried.
    width = min(BLOCK, size)
    base = max(min(start, size - width), 0)
    r = max(r, 0)
    fill(bulk, r, rule, draws, levels)
    exact = rate == np.float64(slope) or abs(rate - np.float64(slope)) < 1e-6 * rate
    lowest = -_ALWAYS if exact else np.float32(0.0)
    band = _BAND if exact else 2e9
    left = ~ZERO64 << np.uint64(start - base)
    if width == BLOCK:
        thresholds(
            fields, shifts, spins, r, base, BLOCK, slope, lowest, levels, cuts, excess, local
        )
    else:
        thresholds(
            fields, shifts, spins, r, base, width, slope, lowest, levels, cuts, excess, local
        )
        left &= (ONE64 << np.uint64(width)) - ONE64
    if not together:
        for k in range(known):
            site = flipped[r, k]
            add_near(excess, couplings, site, base, np.int32(2 * spins[r, site]))
    down = negatives(local)
    count = known
    open_ = (negatives(excess) ^ down) & left
    while open_:
        i = np.int64(trailing_zeros(open_))
        left = ~ONE64 << np.uint64(i)
        site = base + i
        spin = spins[r, site]
        z = rate * spin * (excess[i] + spin * cuts[i] + external[site])
        number = np.int64(draws[i] & _LOW if i < LANES else draws[i - LANES] >> _HIGH)
        flips = z < np.float64(levels[i]) - band and _EDGE <= number <= TWO31 - _EDGE
        if not flips:
            flips = flips_now(z, np.float64(number), rule, single, r)
        if flips:
            spins[r, site] = -spin
            flipped[r, count] = site
            count += 1
            if not together:
                add_near(excess, couplings, site, base, np.int32(-2 * spin))
                open_ = negatives(excess) ^ down
        open_ &= left
    return count - known


def buffers() -> tuple[np.ndarray, ...]:
    """Working memory of `try_block`: draws, levels, cuts, excess, and the spins of the block."""
    return (
        np.empty(LANES, np.uint64), np.empty(BLOCK, np.float32), np.zeros(BLOCK, np.int32),
        np.zeros(BLOCK, np.int32), np.zeros(BLOCK, np.int8),
    )  # fmt: skip


@inlined
def add_group(couplings, fields, r, rows, signs, start, stop):
    """Add 2 s J of the ``rows`` to the fields start..stop-1 of chain r."""
    for block in range(start // BLOCK, stop // BLOCK):
        add_rows(couplings, fields, r, BLOCK * block, rows, signs)


@inlined
def add_flips(couplings, fields, spins, r, flipped, count, start, stop):
    """Fields start..stop-1 of chain r after flips of flipped[r, :count]; ``spins`` are the new.

    Both bounds are multiples of 64. Up to eight flips are added up in 16 bits (int32 couplings:
    32), and the fields read and written once for them; so twice eight couplings must not
    overflow that.
    Cost per flip: stop - start multiply-adds, as many couplings read.
    """
    f = flipped
    at = 0
    while count - at >= GROUP:
        a, b, c, d = f[r, at], f[r, at + 1], f[r, at + 2], f[r, at + 3]
        e, g, h, i = f[r, at + 4], f[r, at + 5], f[r, at + 6], f[r, at + 7]
        signs = (
            spins[r, a], spins[r, b], spins[r, c], spins[r, d], spins[r, e], spins[r, g],
            spins[r, h], spins[r, i],
        )  # fmt: skip
        add_group(couplings, fields, r, (a, b, c, d, e, g, h, i), signs, start, stop)
        at += GROUP
    if count - at >= 4:
        a, b, c, d = f[r, at], f[r, at + 1], f[r, at + 2], f[r, at + 3]
        signs4 = (spins[r, a], spins[r, b], spins[r, c], spins[r, d])
        add_group(couplings, fields, r, (a, b, c, d), signs4, start, stop)
        at += 4
    if count - at >= 2:
        a, b = f[r, at], f[r, at + 1]
        add_group(couplings, fields, r, (a, b), (spins[r, a], spins[r, b]), start, stop)
        at += 2
    if count > at:
        a = f[r, at]
        add_group(couplings, fields, r, (a,), (spins[r, a],), start, stop)


@uncounted
def random_sweep(couplings, fields, external, spins, r, single, rate, rule):
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
            add_group(couplings, fields, r, (i,), (spins[r, i],), ZERO, fields.shape[1])
            count += 1
    single[r, 0], single[r, 1], single[r, 2], single[r, 3] = s0, s1, s2, s3
    return count


@kernel
def fields_of(couplings, spins, fields):
    """Fields of a state from scratch: N^2 multiply-adds."""
    for i in range(spins.size):
        row = couplings[i]
        total = np.int32(0)
        for j in range(spins.size):
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
