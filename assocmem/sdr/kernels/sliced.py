"""Kernels of a mac for sparse inputs: weights by features, sums of 64 units in a few words.

``rows`` (features + 1, words) hold the weights to all units, one row a feature: unit k of module q
is bit k%64 of word q width + k//64, width being ceil(K/64). The last row is 0, and so are bits
beyond the last unit of each module and words beyond the last module, up to a multiple of 8.
``columns`` (Q K + 1, words) hold the same weights once more, one row a unit, to read inputs back.

Sums are kept *vertically*: bit b of the sums of 64 units is one word of plane b. An input of a
features costs a Q K/64 words, where sums unit by unit cost Q K popcounts for each word of the input
that is not 0, min(a, n/64) or so of them. Supports depend on sums alone here, nu = 0, so that all
units of the same sum share one chance, and only how many there are is to be counted.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from ...montecarlo.kernels.rng import uncounted
from .draws import draw_below
from .packed import ctpop, trailing_zeros, unpack, wide_vectors

_0, _1, _6, _8 = (np.uint64(k) for k in (0, 1, 6, 8))
_FULL = np.uint64(2**64 - 1)
_LANES = 8


@intrinsic
def _add_eight(typingctx, flat, starts, planes, stride, w):
    """Add words w..w+7 of eight rows to planes 0, 1, 2, and write what carries beyond them.

    Rows begin at starts[0..7] of ``flat``, planes ``stride`` words apart in ``planes``; the carry,
    of weight 8, goes to plane 3. Seven full adders of 512 bits, after Harley and Seal.
    """

    def code(context, builder, signature, args):
        rows, given, out = (
            context.make_array(signature.args[k])(context, builder, args[k]).data for k in range(3)
        )
        stride, w = args[3], args[4]
        word = ir.IntType(64)
        vector = ir.VectorType(word, _LANES)

        def place(base, index):
            return builder.bitcast(builder.gep(base, [index]), vector.as_pointer())

        def load(base, index):
            loaded = builder.load(place(base, index))
            loaded.align = 8
            return loaded

        def add(a, b, c):
            either = builder.xor(a, b)
            carry = builder.or_(builder.and_(a, b), builder.and_(either, c))
            return builder.xor(either, c), carry

        at = [builder.add(w, builder.mul(stride, word(k))) for k in range(4)]
        x = [
            load(rows, builder.add(w, builder.load(builder.gep(given, [word(k)]))))
            for k in range(_LANES)
        ]
        ones, twos, fours = (load(out, at[k]) for k in range(3))
        ones, a = add(ones, x[0], x[1])
        ones, b = add(ones, x[2], x[3])
        twos, four_a = add(twos, a, b)
        ones, a = add(ones, x[4], x[5])
        ones, b = add(ones, x[6], x[7])
        twos, four_b = add(twos, a, b)
        fours, eights = add(fours, four_a, four_b)
        for k, value in enumerate((ones, twos, fours, eights)):
            builder.store(value, place(out, at[k])).align = 8
        return context.get_dummy_value()

    return types.void(flat, starts, planes, types.uint64, types.uint64), code


@uncounted
def planes_for(active):
    """Planes that sums of ``active`` rows need, one for carries among them."""
    used, blocks = 4, (active + 7) // 8
    while blocks:
        used += 1
        blocks >>= 1
    return used


@uncounted
def add_features(rows, features, active, starts, planes):
    """Vertical sums over the rows of features[:active]; the number of planes in use.

    Planes 0, 1, 2 are the lowest bits of sums, plane 3 is scratch, and higher bits are in planes 4
    and on: `plane_of` says where. ``planes`` has `planes_for` of them; ``starts`` is scratch for 8
    words. Cost a/8 times words/8 steps of eight loads and seven full adders.
    """
    wide_vectors()
    stride, words = np.uint64(planes.shape[1]), np.uint64(rows.shape[1])
    flat, sums = rows.reshape(rows.size), planes.reshape(planes.size)
    nothing = np.uint64(rows.shape[0] - 1) * words
    for i in range(np.uint64(3) * stride):
        sums[i] = _0
    high = 4
    for block in range((active + 7) // 8):
        for k in range(8):
            e = 8 * block + k
            starts[k] = np.uint64(features[e]) * words if e < active else nothing
        for w in range(_0, words, _8):
            _add_eight(flat, starts, sums, stride, w)
        if block + 1 == 1 << (high - 4):
            for w in range(words):
                planes[high, w] = _0
            high += 1
        for p in range(4, high):
            for w in range(words):
                both = planes[p, w] & planes[3, w]
                planes[p, w] ^= planes[3, w]
                planes[3, w] = both
    return high - 1


@uncounted
def plane_of(bit):
    """The plane of a bit of the sums: plane 3 is scratch."""
    return bit + (bit > 2)


@uncounted
def largest(planes, used, begin, end, among, out):
    """Units of the largest sum within words begin..end-1 and ``among``; that sum.

    From the highest plane down, the units that have its bit go on alone where there are any.
    ``out`` (words,) receives them in the same words, and is all 0 where ``among`` is.
    """
    wide_vectors()
    for w in range(begin, end):
        out[w] = among[w]
    level = 0
    for bit in range(used - 1, -1, -1):
        p = plane_of(bit)
        found = _0
        for w in range(begin, end):
            found |= out[w] & planes[p, w]
        if found:
            level |= 1 << bit
            for w in range(begin, end):
                out[w] &= planes[p, w]
    return level


@uncounted
def equal_to(planes, used, level, begin, end, among, out):
    """Units of a given sum within words begin..end-1 and ``among``; how many. See `largest`."""
    wide_vectors()
    for w in range(begin, end):
        out[w] = among[w]
    for bit in range(used):
        p = plane_of(bit)
        flip = _0 if (level >> bit) & 1 else _FULL
        for w in range(begin, end):
            out[w] &= planes[p, w] ^ flip
    return number_on(out, begin, end)


@uncounted
def at_least(planes, used, threshold, words, out):
    """Columns whose sum is ``threshold`` >= 1 or more, into ``out`` (words,); how many.

    From the highest plane down, ``out`` are those that are larger already, and plane 3, which is
    scratch, those that are equal so far.
    """
    wide_vectors()
    for w in range(words):
        out[w] = _0
        planes[3, w] = _FULL if threshold < 1 << used else _0
    for bit in range(used - 1, -1, -1):
        p = plane_of(bit)
        if (threshold >> bit) & 1:
            for w in range(words):
                planes[3, w] &= planes[p, w]
        else:
            for w in range(words):
                out[w] |= planes[3, w] & planes[p, w]
                planes[3, w] &= ~planes[p, w]
    for w in range(words):
        out[w] |= planes[3, w]
    return number_on(out, _0, words)


@uncounted
def number_on(words, begin, end):
    """Ones in words begin..end-1."""
    wide_vectors()
    total = _0
    for w in range(begin, end):
        total += ctpop(words[w])
    return np.int64(total)


@uncounted
def pick(words, begin, end, count, single, r):
    """One of the ``count`` bits that are on in words begin..end-1, uniformly; -1 if there is none.

    Its place is counted from the first bit of word ``begin``.
    """
    if count == 0:
        return -1
    skip = draw_below(single, r, count) if count > 1 else 0
    for w in range(begin, end):
        bits = words[w]
        here = np.int64(ctpop(bits))
        if skip < here:
            while skip:
                bits &= bits - _1
                skip -= 1
            return np.int64(((w - begin) << _6) + trailing_zeros(bits))
        skip -= here
    return -1


@uncounted
def maxima(planes, used, width, among, active, power, out, levels):
    """Largest sum and its units, of each module, see `largest`; G, the mean of (sum/a)^power."""
    total = 0.0
    for j in range(np.uint64(levels.shape[0])):
        begin = j * width
        levels[j] = largest(planes, used, begin, begin + width, among, out)
        v = levels[j] / active
        total += v if power == 1.0 else v**power
    return total / levels.shape[0]


@uncounted
def best_units(rows, inputs, width, among, power, single, features, starts, planes, mask, levels,
               winners, familiar):  # fmt: skip
    """Retrieve the code of each input: a unit of the largest sum in each module, ties at random.

    Parameters
    ----------
    rows : uint64 (features + 1, words)
    inputs : uint64 (inputs, words of features)
        Of an empty one all winners are -1 and G is 0.
    width : int
        Words of a module.
    among : uint64 (words,)
        Units that may win; -1 wins in a module without any.
    power : float
        lambda_u.
    single : uint64 (1, 4)
        Generator, which gives a number for each module with ties.
    features, starts, planes, mask, levels
        Scratch: int32 (features,); uint64 (8,), (`planes_for` the largest input, words), (words,);
        int64 (Q,).
    winners : int (inputs, Q)
        Receives the codes.
    familiar : float64 (inputs,)
        Receives G.
    """
    width = np.uint64(width)
    for r in range(inputs.shape[0]):
        active = unpack(inputs[r], features)
        if active == 0:
            winners[r, :] = -1
            familiar[r] = 0.0
            continue
        used = add_features(rows, features, active, starts, planes)
        familiar[r] = maxima(planes, used, width, among, active, power, mask, levels)
        for j in range(np.uint64(winners.shape[1])):
            begin, end = j * width, (j + _1) * width
            count = number_on(mask, begin, end)
            winners[r, j] = pick(mask, begin, end, count, single, 0)
