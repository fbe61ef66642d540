"""Kernels of a layer of macs: fields cut out of packed sheets, many inputs in one go."""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from ...montecarlo.kernels.rng import TWO53, draw, float_bits, kernel, uncounted, wide
from . import mac
from .packed import count_bits, ctpop, wide_vectors

_1, _6, _63, _64 = (np.uint64(k) for k in (1, 6, 63, 64))
_27, _30, _31 = (np.uint64(k) for k in (27, 30, 31))
# Odd constants of splitmix64 (Steele, Lea, Flood, OOPSLA 2014): its step and its two mixers.
_STEP, _MIX, _MIX_2 = (
    np.uint64(k) for k in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)
# Added to a number below 2^51 in size, it leaves the nearest integer in the lowest bits.
_ROUND = 1.5 * 2.0**52
_LOG2_E = 1.4426950408889634
# ln 2 in two parts; whole numbers up to 1023 times the first are exact.
_LN2, _LN2_REST = float.fromhex("0x1.62e42feep-1"), float.fromhex("0x1.a39ef35793c76p-33")
# 1/13!, .., 1/2!: the rest of the series is below 2^-57 for |x| <= ln(2)/2.
_FACTORIALS = (6227020800, 479001600, 39916800, 3628800, 362880, 40320, 5040, 720, 120, 24, 6)
_C13, _C12, _C11, _C10, _C9, _C8, _C7, _C6, _C5, _C4, _C3 = (1.0 / p for p in _FACTORIALS)

inlined = njit(cache=True, nogil=True, error_model="numpy", forceinline=True, _nrt=False)
# The order in which chances are added does not matter; in vectors it is another.
fast_sum = njit(cache=True, nogil=True, error_model="numpy", _nrt=False, fastmath={"reassoc"})


@intrinsic
def bits_float(typingctx, bits):
    """The float64 whose bits are the given int64."""

    def code(context, builder, signature, args):
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.int64), code


@inlined
def exponential(x):
    """exp(x) for |x| <= 700, and of the nearer end beyond; in vectors where the caller loops.

    x = n ln 2 + r, |r| <= ln(2)/2, and the series of exp(r): right to 2 units in the last place.
    """
    x = min(max(x, -700.0), 700.0)
    shifted = x * _LOG2_E + _ROUND
    n = shifted - _ROUND
    r = (x - n * _LN2) - n * _LN2_REST
    p = ((((_C13 * r + _C12) * r + _C11) * r + _C10) * r + _C9) * r + _C8
    p = (((((p * r + _C7) * r + _C6) * r + _C5) * r + _C4) * r + _C3) * r + 0.5
    p = (p * r + 1.0) * r + 1.0
    return bits_float(float_bits(p) + (float_bits(shifted) << 52))


@uncounted
def chances(v, eta, number, out):
    """Psi of all units where sigma_4 = 1, see `mac.sigmoid`. Some 30 operations a unit."""
    wide_vectors()
    height, steep, middle = eta - 1.0, number[mac.SIGMA_2], number[mac.SIGMA_3]
    first = np.log(number[mac.SIGMA_1])
    for i in range(np.uint64(v.shape[0])):
        out[i] = 1.0 + height / (1.0 + exponential(first - steep * (v[i] - middle)))


@fast_sum
def _total(values, begin, end):
    wide_vectors()
    total = 0.0
    for i in range(begin, end):
        total += values[i]
    return total


@uncounted
def draw_quickly(v, eta, number, q, k, single, r, psi, winners):
    """What `mac.draw_code` does, from the same random numbers; ``psi`` is scratch.

    Winners differ only where a random number falls within rounding, some 1e-15, of a boundary.
    """
    if number[mac.SIGMA_4] != 1.0:
        mac.draw_code(v, eta, number, q, k, single, r, psi, winners)
        return
    if eta == 1.0:
        for j in range(np.uint64(q)):
            winners[j] = np.int64(wide(draw(single, r)) * (k / TWO53))
        return
    chances(v, eta, number, psi)
    units = np.uint64(k)
    for j in range(np.uint64(q)):
        begin = j * units
        end = begin + units
        level = wide(draw(single, r)) * (_total(psi, begin, end) / TWO53)
        i, reached = begin, psi[begin]
        while reached <= level and i + _1 < end:
            i += _1
            reached += psi[i]
        winners[j] = np.int64(i - begin)


@uncounted
def cut_field(sheet, starts, length, words):
    """The features of a field, packed, out of those of the sheet.

    Parameters
    ----------
    sheet : uint64
        Features of the sheet as bits.
    starts : int64 (rows,)
        First feature of each row of the field, ``length`` of which lie side by side.
    length : int
    words : uint64
        Receives the rows one after another, and zeros beyond.

    Notes
    -----
    Two words read and one written for each 64 features or part of them in a row.
    """
    for w in range(np.uint64(words.shape[0])):
        words[w] = np.uint64(0)
    at = np.uint64(0)
    for row in range(np.uint64(starts.shape[0])):
        source, left = np.uint64(starts[row]), np.uint64(length)
        while left:
            taken = min(left, _64 - (at & _63))
            shift = source & _63
            bits = sheet[source >> _6] >> shift
            if shift + taken > _64:
                bits |= sheet[(source >> _6) + _1] << (_64 - shift)
            if taken < _64:
                bits &= (_1 << taken) - _1
            words[at >> _6] |= bits << (at & _63)
            at += taken
            source += taken
            left -= taken


@uncounted
def _mixed(x):
    x = (x ^ (x >> _30)) * _MIX
    x = (x ^ (x >> _27)) * _MIX_2
    return x ^ (x >> _31)


@uncounted
def seed_by_input(words, salt, state):
    """State of a generator, uint64 (1, 4), from an input and a salt: the same for the same input.

    Each word that is not 0 is mixed in with its place by splitmix64.
    """
    mixed = salt
    for w in range(np.uint64(words.shape[0])):
        if words[w]:
            mixed = _mixed((mixed ^ words[w]) + (w + _1) * _STEP)
    for j in range(np.uint64(4)):
        mixed += _STEP
        state[0, j] = _mixed(mixed)


@kernel
def present_sheets(
    sheets, starts, length, weights, held, limits, number, q, k, learning, counters, single, r,
    salt, words, scratch, winners, found,
):  # fmt: skip
    """Present sheets to one mac, one after another: to be learned, or for retrieval.

    Parameters
    ----------
    sheets : uint64 (items, words of a sheet)
    starts, length
        Its field, see `cut_field`.
    weights, held, limits, number, q, k, counters
        As in `mac.present`.
    learning : bool
        Codes are drawn and learned; or else the best, ties being broken by the input and ``salt``.
    single, r
        Generator of the mac.
    salt : uint64
    words : uint64 (words of a field,)
        Scratch.
    scratch : float64 (3, units)
    winners : int16 (items, q)
        Receives codes; -1 where the mac is not active.
    found : float32 (items,)
        Receives familiarities; 0 where the mac is not active.
    """
    sums, v, psi = scratch[0], scratch[1], scratch[2]
    state = np.ones((1, 4), np.uint64)
    code = np.empty(q, np.int64)
    for t in range(sheets.shape[0]):
        found[t] = 0.0
        winners[t, :] = -1
        cut_field(sheets[t], starts, length, words)
        active = count_bits(words)
        if active < limits[mac.LEAST] or active > limits[mac.MOST]:
            continue
        pi = limits[mac.EXPECTED] if limits[mac.EXPECTED] else np.float64(active)
        sums[:] = 0.0
        v[:] = 1.0
        mac.add_sums(weights, words, 0, words.shape[0], 1.0, sums)
        mac.times_support(sums, held, pi, limits[mac.NU], limits[mac.POWER], v)
        g = mac.familiarity(v, q, k)
        found[t] = g
        if learning:
            draw_quickly(v, mac.expansivity(g, number, k), number, q, k, single, r, psi, code)
            counters[mac.PRESENTED] += 1
            if g < limits[mac.NOVELTY] and counters[mac.HELD] < limits[mac.FREEZE]:
                counters[mac.HELD] += mac.learn(weights, held, words, code, k, limits[mac.CAP] * pi)
                counters[mac.LEARNED] += 1
        else:
            seed_by_input(words, salt, state)
            mac.best_code(v, q, k, state, 0, code)
        for j in range(q):
            winners[t, j] = code[j]


@kernel
def code_bits(codes, k, out):
    """Set the bits of codes (items, modules) in ``out`` (items, words) of zeros.

    Winner i of module j is feature j k + i; modules without one (-1) have none.
    """
    for t in range(codes.shape[0]):
        for j in range(codes.shape[1]):
            if codes[t, j] >= 0:
                cell = np.uint64(j * k + codes[t, j])
                out[t, cell >> _6] |= _1 << (cell & _63)


@kernel
def count_held(weights, held):
    """Weights set of each unit: of uint64 (macs, words, units) to int32 (macs, units)."""
    held[:] = 0
    for m in range(weights.shape[0]):
        for w in range(weights.shape[1]):
            for i in range(weights.shape[2]):
                held[m, i] += np.int32(ctpop(weights[m, w, i]))
