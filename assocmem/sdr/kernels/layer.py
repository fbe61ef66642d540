"""Kernels of a layer of macs: fields cut out of packed sheets, many inputs in one go."""

from __future__ import annotations

import numpy as np

from ...montecarlo.kernels.rng import kernel, uncounted
from .level import extract
from .mac import (
    CAP,
    EXPECTED,
    FREEZE,
    LEAST,
    MOST,
    NOVELTY,
    NU,
    POWER,
    RECRUIT,
    best_code,
    draw_code,
    expansivity,
    familiarity,
    learn,
)
from .packed import count_bits, ctpop, trailing_zeros, wide_vectors
from .presenting import HELD, LEARNED, PRESENTED
from .recruiting import plain_code, recruit_code

_0, _1, _6, _63 = (np.uint64(k) for k in (0, 1, 6, 63))
_27, _30, _31 = (np.uint64(k) for k in (27, 30, 31))
# Odd constants of splitmix64 (Steele, Lea, Flood, OOPSLA 2014): its step and its two mixers.
_STEP, _MIX, _MIX_2 = (
    np.uint64(k) for k in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)
# A little more than 1, so that products that are 1 but for rounding are not below it.
_ABOVE = 1.0 + 2.0**-50


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
    words[:] = _0
    for row in range(np.uint64(starts.shape[0])):
        extract(sheet, np.uint64(starts[row]), np.uint64(length), words, row * np.uint64(length))


@uncounted
def _add_one(weights, words, a, fresh, sums):
    wide_vectors()
    x = words[a]
    if fresh:
        for i in range(np.uint64(sums.shape[0])):
            sums[i] = ctpop(weights[a, i] & x)
    else:
        for i in range(np.uint64(sums.shape[0])):
            sums[i] += ctpop(weights[a, i] & x)


@uncounted
def _add_two(weights, words, a, b, fresh, sums):
    wide_vectors()
    x, y = words[a], words[b]
    if fresh:
        for i in range(np.uint64(sums.shape[0])):
            sums[i] = ctpop(weights[a, i] & x) + ctpop(weights[b, i] & y)
    else:
        for i in range(np.uint64(sums.shape[0])):
            sums[i] += ctpop(weights[a, i] & x) + ctpop(weights[b, i] & y)


@uncounted
def _add_four(weights, words, a, b, c, d, fresh, sums):
    wide_vectors()
    x, y, z, t = words[a], words[b], words[c], words[d]
    if fresh:
        for i in range(np.uint64(sums.shape[0])):
            count = ctpop(weights[a, i] & x) + ctpop(weights[b, i] & y)
            sums[i] = count + ctpop(weights[c, i] & z) + ctpop(weights[d, i] & t)
    else:
        for i in range(np.uint64(sums.shape[0])):
            count = ctpop(weights[a, i] & x) + ctpop(weights[b, i] & y)
            sums[i] += count + ctpop(weights[c, i] & z) + ctpop(weights[d, i] & t)


@uncounted
def whole_sums(weights, words, sums):
    """Number of active afferents with weight set to each unit, uint64 (units,).

    As `mac.add_sums`, in whole numbers: words other than 0 are looked at in fours, the rest in
    twos and ones, and ``sums`` are written without being read by the first of them.
    """
    a, b, c, d = _0, _0, _0, _0
    waiting, fresh = 0, True
    for w in range(np.uint64(words.shape[0])):
        if words[w]:
            a, b, c, d = w, a, b, c
            waiting += 1
            if waiting == 4:
                _add_four(weights, words, a, b, c, d, fresh, sums)
                waiting, fresh = 0, False
    if waiting >= 2:
        _add_two(weights, words, a, b, fresh, sums)
        a, waiting, fresh = c, waiting - 2, False
    if waiting == 1:
        _add_one(weights, words, a, fresh, sums)
    elif fresh:
        sums[:] = _0


@uncounted
def supports(sums, faded, pi, nu, power, v):
    """Supports V of units from their sums, as `mac.times_support`, without roots and divisions.

    Parameters
    ----------
    sums : uint64 (units,)
    faded : float64 (units,)
        held^-nu, anything > 0 where held is 0; not looked at where ``nu`` is 0.
    pi, nu, power : float
    v : float64 (units,)
        Receives (min(1, sums/pi) min(1, (pi/held)^nu))^power. Those that are 1 are so exactly;
        others may be 1e-15 too large, relatively.
    """
    wide_vectors()
    units = np.uint64(v.shape[0])
    if nu == 0.0:
        scale = _ABOVE / pi
        for i in range(units):
            v[i] = min(1.0, np.float64(np.int64(sums[i])) * scale)
    else:
        scale, limit = _ABOVE * pi ** (nu - 1.0), pi**-nu
        for i in range(units):
            met = min(pi, np.float64(np.int64(sums[i])))
            v[i] = min(1.0, met * (min(limit, faded[i]) * scale))
    if power != 1.0:
        for i in range(units):
            v[i] = v[i] ** power


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
    sheets, starts, length, weights, held, faded, limits, number, q, k, learning, recalled,
    counters, single, salt, words, sums, scratch, winners, found,
):  # fmt: skip
    """Present sheets to one mac, one after another: to be learned, or for retrieval.

    Parameters
    ----------
    sheets : uint64 (items, words of a sheet)
    starts, length
        Its field, see `cut_field`.
    weights, held, limits, number, q, k, counters
        As in `presenting`.
    faded : float64 (units,)
        held^-nu where held > 0 and ``nu`` > 0, kept.
    learning : bool
        Codes are drawn and learned; or else the best, ties being broken by the input and ``salt``.
    recalled : bool
        Give the codes retrieved right after learning instead of those drawn.
    single : uint64 (1, 4)
        Generator of the mac.
    salt : uint64
    words : uint64 (words of a field,)
        Scratch.
    sums : uint64 (units,)
        Scratch.
    scratch : float64 (2, units)
    winners : int16 (items, q)
        Receives codes; -1 where the mac is not active.
    found : float32 (items,)
        Receives familiarities; 0 where the mac is not active.
    """
    v, rho, nu, power = scratch[0], scratch[1], limits[NU], limits[POWER]
    recruit = limits[RECRUIT]
    state = np.ones((1, 4), np.uint64)
    for t in range(sheets.shape[0]):
        code = winners[t]
        found[t] = 0.0
        code[:] = -1
        cut_field(sheets[t], starts, length, words)
        active = count_bits(words)
        if active < limits[LEAST] or active > limits[MOST]:
            continue
        pi = limits[EXPECTED] if limits[EXPECTED] else np.float64(active)
        whole_sums(weights, words, sums)
        supports(sums, faded, pi, nu, power, v)
        g = familiarity(v, q, k)
        found[t] = g
        if not learning:
            seed_by_input(words, salt, state)
            best_code(v, q, k, state, 0, code)
            continue
        counters[PRESENTED] += 1
        limit = limits[CAP] * pi
        frozen = counters[HELD] >= limits[FREEZE]
        if recruit > 0.0:
            chance = 0.0 if frozen else recruit
            new = recruit_code(v, held, q, k, limits[NOVELTY], limit, chance, single, 0, code)
            learns = new > 0
        else:
            draw_code(v, expansivity(g, number, k), number, q, k, single, 0, rho, code)
            learns = g < limits[NOVELTY] and not frozen
        if learns:
            counters[HELD] += learn(weights, held, words, code, k, limit)
            counters[LEARNED] += 1
            for j in range(q):
                if code[j] >= 0:
                    i = np.uint64(j * k) + np.uint64(code[j])
                    sums[i] = _met(weights, words, i)
                    if nu > 0.0:
                        faded[i] = max(np.float64(held[i]), 1.0) ** -nu
                    supports(sums[i : i + _1], faded[i : i + _1], pi, nu, power, v[i : i + _1])
        if recruit > 0.0:
            plain_code(code)
        if recalled:
            seed_by_input(words, salt, state)
            best_code(v, q, k, state, 0, code)


@uncounted
def _met(weights, words, i):
    """Sum of one unit."""
    count = _0
    for w in range(np.uint64(words.shape[0])):
        count += ctpop(weights[w, i] & words[w])
    return count


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
def read_codes(codes, weights, features, k, sums, seen):
    """Features of the sheet for which winners have weights, and how many winners see each.

    Parameters
    ----------
    codes : int (items, macs, modules)
        Winners, -1 of macs that are silent.
    weights : uint64 (macs, words, units)
    features : int32 (macs, features of a field)
    k : int
    sums, seen : int32 (items, features of the sheet) of zeros

    Notes
    -----
    One operation for each feature of the field of each winner, and another for each weight set.
    """
    for t in range(codes.shape[0]):
        for m in range(codes.shape[1]):
            for j in range(codes.shape[2]):
                if codes[t, m, j] < 0:
                    continue
                i = j * k + codes[t, m, j]
                for f in features[m]:
                    seen[t, f] += 1
                for w in range(np.uint64(weights.shape[1])):
                    bits = weights[m, w, i]
                    while bits:
                        f = np.int64((w << _6) + trailing_zeros(bits))
                        sums[t, features[m, f]] += 1
                        bits &= bits - _1
