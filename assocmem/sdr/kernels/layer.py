"""Kernels of a layer of macs: fields cut out of packed sheets, many inputs in one go."""

from __future__ import annotations

import numpy as np

from ...montecarlo.kernels.rng import kernel, uncounted
from .mac import (
    CAP,
    EXPECTED,
    FREEZE,
    LEAST,
    MOST,
    NOVELTY,
    NU,
    POWER,
    add_sums,
    best_code,
    draw_code,
    expansivity,
    familiarity,
    learn,
    times_support,
)
from .packed import count_bits, ctpop
from .presenting import HELD, LEARNED, PRESENTED

_1, _6, _63, _64 = (np.uint64(k) for k in (1, 6, 63, 64))
_27, _30, _31 = (np.uint64(k) for k in (27, 30, 31))
# Odd constants of splitmix64 (Steele, Lea, Flood, OOPSLA 2014): its step and its two mixers.
_STEP, _MIX, _MIX_2 = (
    np.uint64(k) for k in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)


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
    sheets, starts, length, weights, held, limits, number, q, k, learning, counters, single,
    salt, words, scratch, winners, found,
):  # fmt: skip
    """Present sheets to one mac, one after another: to be learned, or for retrieval.

    Parameters
    ----------
    sheets : uint64 (items, words of a sheet)
    starts, length
        Its field, see `cut_field`.
    weights, held, limits, number, q, k, counters
        As in `presenting`.
    learning : bool
        Codes are drawn and learned; or else the best, ties being broken by the input and ``salt``.
    single : uint64 (1, 4)
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
    sums, v, rho = scratch[0], scratch[1], scratch[2]
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
        sums[:] = 0.0
        v[:] = 1.0
        add_sums(weights, words, 0, words.shape[0], 1.0, sums)
        times_support(sums, held, pi, limits[NU], limits[POWER], v)
        g = familiarity(v, q, k)
        found[t] = g
        if not learning:
            seed_by_input(words, salt, state)
            best_code(v, q, k, state, 0, code)
            continue
        draw_code(v, expansivity(g, number, k), number, q, k, single, 0, rho, code)
        counters[PRESENTED] += 1
        if g < limits[NOVELTY] and counters[HELD] < limits[FREEZE]:
            counters[HELD] += learn(weights, held, words, code, k, limits[CAP] * pi)
            counters[LEARNED] += 1


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
