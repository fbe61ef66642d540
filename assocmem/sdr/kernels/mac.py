"""Kernels of the mac, Sparsey's memory module: sums, supports, familiarity, choice, learning.

Weights of one kind of afferents of a mac are uint64 (words, units), word-major: bit f%64 of
``weights[f // 64, i]`` is the weight from feature f to unit i = q K + k, unit k of module q, and
bits beyond the last feature are 0. Sums thus run over units side by side, and words of the input
that are 0 cost nothing. ``held`` is the number of weights set of each unit.

Supports, chances and winners are of one mac; callers give all scratch.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...montecarlo.kernels.rng import (
    TWO53,
    draw,
    fast_sum,
    float_bits,
    uncounted,
    wide,
)
from .elementary import bits_float, exponential, inverse_root, logarithm, softplus
from .packed import ctpop, wide_vectors

_0, _1, _16 = (np.uint64(k) for k in (0, 1, 16))
# Places in the array that `numbers` makes.
G_MINUS, GAMMA, CHI, SIGMA_1, SIGMA_2, SIGMA_3, SIGMA_4, V_ZETA = range(8)
_NAMES = ("g_minus", "gamma", "chi", "sigma_1", "sigma_2", "sigma_3", "sigma_4", "v_zeta")
# Places among the limits of a mac.
LEAST, MOST, EXPECTED, NU, POWER, CAP, FREEZE, NOVELTY, RECRUIT = range(9)
# Supports that differ by less, relatively, are equal but for rounding.
_EQUAL = 1.0 - 2.0**-40
# A bound of which so much is reached is reached but for rounding: 28 times 1/35 of 0.8.
REACHED = _EQUAL
# Units of a module up to which all of their sums are made.
_FEW = 32
# Expansivities beyond this are taken for this one, so that sums of them stay finite.
_LARGEST = 1e280


def numbers(selection: Any) -> np.ndarray:
    """Parameters of a ``Selection`` that kernels need, float64 (8,), see the constants.

    Supports that are v_zeta but for rounding are not above it.
    """
    found = np.array([getattr(selection, name) for name in _NAMES], np.float64)
    found[V_ZETA] = min(found[V_ZETA] / REACHED, np.nextafter(1.0, 0.0))
    return found


@uncounted
def _add_one(weights, words, a, factor, out):
    wide_vectors()
    x = words[a]
    for i in range(np.uint64(out.shape[0])):
        out[i] += factor * np.float64(np.int64(ctpop(weights[a, i] & x)))


@uncounted
def _add_two(weights, words, a, b, factor, out):
    wide_vectors()
    x, y = words[a], words[b]
    for i in range(np.uint64(out.shape[0])):
        count = ctpop(weights[a, i] & x) + ctpop(weights[b, i] & y)
        out[i] += factor * np.float64(np.int64(count))


@uncounted
def _add_four(weights, words, a, b, c, d, factor, out):
    wide_vectors()
    x, y, z, t = words[a], words[b], words[c], words[d]
    for i in range(np.uint64(out.shape[0])):
        count = ctpop(weights[a, i] & x) + ctpop(weights[b, i] & y)
        count += ctpop(weights[c, i] & z) + ctpop(weights[d, i] & t)
        out[i] += factor * np.float64(np.int64(count))


@uncounted
def add_sums(weights, words, first, last, factor, out):
    """Add factor times the number of active afferents with weight set to each unit.

    Parameters
    ----------
    weights : uint64 (words, units)
    words : uint64 (words,)
        Active afferents.
    first, last : int
        Words first..last-1 are looked at; others may hold anything.
    factor : float
    out : float64 (units,)
        Added to; whole numbers, thus exact, where ``factor`` is one.

    Notes
    -----
    A population count and an addition a unit for each word that is not 0: 8 units bytes of weights
    are read for each, once, and ``out`` once for every four.
    """
    a, b, c, d = _0, _0, _0, _0
    waiting = 0
    for w in range(np.uint64(first), np.uint64(last)):
        if words[w]:
            a, b, c, d = w, a, b, c
            waiting += 1
            if waiting == 4:
                _add_four(weights, words, d, c, b, a, factor, out)
                waiting = 0
    if waiting >= 2:
        _add_two(weights, words, b, a, factor, out)
    if waiting == 3:
        _add_one(weights, words, c, factor, out)
    if waiting == 1:
        _add_one(weights, words, a, factor, out)


@uncounted
def times_support(sums, held, pi, nu, power, out):
    """Multiply each unit's support by that of one kind of afferents.

    Its factor is (min(1, sums/pi) (pi/held)^nu)^power, (pi/held)^nu only where held > pi; within
    [0, 1].

    Parameters
    ----------
    sums : float64 (units,)
    held : int32 (units,)
        Weights set.
    pi : float
        > 0, afferents expected to be active.
    nu, power : float
        >= 0. With a power of 1, some 5 operations on vectors a unit for a nu of 0, 30 for 1/2;
        else 120.
    out : float64 (units,)
        Multiplied.
    """
    wide_vectors()
    if power == 0.0:
        return
    units = np.uint64(out.shape[0])
    share = 1.0 / pi  # divisions of vectors are slow
    if nu == 0.0 and power == 1.0:
        for i in range(units):
            out[i] *= sums[i] * share if sums[i] < pi else 1.0
    elif nu == 0.5 and power == 1.0:
        root = np.sqrt(pi)
        for i in range(units):
            own = sums[i] * share if sums[i] < pi else 1.0
            w = np.float64(held[i])
            out[i] *= own * (root * inverse_root(max(w, pi))) if w > pi else own
    else:
        level = logarithm(pi)
        for i in range(units):
            own = sums[i] * share if sums[i] < pi else 1.0
            w = np.float64(held[i])
            less = nu * (level - logarithm(max(w, pi))) if w > pi else 0.0
            # Powers by logarithms; of the sum 0 by that of a number in its place.
            factor = exponential(power * (logarithm(max(own, 1e-300)) + less))
            out[i] *= factor if own > 0.0 else 0.0


@uncounted
def _maximum(v, begin, end):
    """The largest of numbers >= 0, as whose bits are ordered as integers: those vectorise."""
    wide_vectors()
    best = np.int64(0)
    for i in range(begin, end):
        best = max(best, float_bits(v[i]))
    return bits_float(best)


@uncounted
def familiarity(v, q, k):
    """G, the mean over q modules of the largest support of their k units. q k comparisons."""
    total = 0.0
    for j in range(np.uint64(q)):
        begin = j * np.uint64(k)
        total += _maximum(v, begin, begin + np.uint64(k))
    return total / q


@uncounted
def hypotheses(v, q, k, v_zeta):
    """Zeta: the mean over q modules of how many units have v > v_zeta, rounded, halves up."""
    wide_vectors()
    count = 0
    for i in range(np.uint64(q) * np.uint64(k)):
        count += v[i] > v_zeta
    return (2 * count + q) // (2 * q)


@uncounted
def expansivity(g, number, k):
    """Eta = 1 + ([(g - g_minus)/(1 - g_minus)]_+)^gamma chi k, of ``numbers`` of a selection."""
    above = min(1.0, (g - number[G_MINUS]) / (1.0 - number[G_MINUS]))
    if not above > 0.0:
        return 1.0
    return min(_LARGEST, 1.0 + above ** number[GAMMA] * number[CHI] * k)


@uncounted
def chances(v, eta, number, q, k, rho):
    """Rho, the chance of each of k units of q modules to be drawn: psi / sum psi.

    Psi is 1 + (eta - 1)/(1 + sigma_1 exp(-sigma_2 (v - sigma_3)))^sigma_4: some 40 operations on
    vectors for each unit where sigma_4 is 1, 120 elsewhere.
    """
    sigmoids(v, eta, number, rho)
    for j in range(np.uint64(q)):
        part = rho[j * np.uint64(k) : (j + _1) * np.uint64(k)]
        _scale(part, 1.0 / _sum(part, _0, np.uint64(k)))


@uncounted
def draw_code(v, eta, number, q, k, single, r, psi, winners):
    """Draw a winner in each module with the chances rho, see `chances`.

    Parameters
    ----------
    v : float64 (q k,)
        Supports.
    eta : float
        Expansivity >= 1; at 1 draws are uniform and need no exponentials.
    number : float64 (8,)
        From `numbers`.
    q, k : int
    single : uint64 (R, 4)
        Generators, the r-th of which gives one number for each module.
    r : int
    psi : float64 (q k,)
        Scratch.
    winners : int (q,)
        Receives the winners, 0 <= winner < k.
    """
    if eta == 1.0:
        for j in range(np.uint64(q)):
            winners[j] = np.int64(wide(draw(single, r)) * (k / TWO53))
        return
    sigmoids(v, eta, number, psi)
    for j in range(np.uint64(q)):
        part = psi[j * np.uint64(k) : (j + _1) * np.uint64(k)]
        share = wide(draw(single, r)) / TWO53
        winners[j] = _drawn_few(part, share) if k <= _FEW else _drawn(part, share)


@uncounted
def sigmoids(v, eta, number, psi):
    """Psi of each support."""
    wide_vectors()
    offset, slope = number[SIGMA_3], -number[SIGMA_2]
    height, power, more = np.log(number[SIGMA_1]), number[SIGMA_4], eta - 1.0
    if power == 1.0:
        for i in range(np.uint64(v.shape[0])):
            psi[i] = 1.0 + more / (1.0 + exponential(height + slope * (v[i] - offset)))
    else:
        for i in range(np.uint64(v.shape[0])):
            x = height + slope * (v[i] - offset)
            psi[i] = 1.0 + more * exponential(-power * softplus(x))  # without overflow


@fast_sum
def _sum(x, begin, end):
    wide_vectors()
    total = 0.0
    for i in range(begin, end):
        total += x[i]
    return total


@uncounted
def _scale(x, factor):
    wide_vectors()
    for i in range(np.uint64(x.shape[0])):
        x[i] *= factor


@uncounted
def _drawn_few(psi, share):
    """The first of positive numbers at which their sum is above a share of all; else the last.

    Without branches that depend on them. They are replaced by their sums.
    """
    last = np.uint64(psi.shape[0]) - _1
    total = 0.0
    for i in range(last + _1):
        total += psi[i]
        psi[i] = total
    level, below = share * total, 0
    for i in range(last):
        below += psi[i] <= level
    return np.int64(below)


@uncounted
def _drawn(psi, share):
    """The same, stepping over whole blocks below the level."""
    last = np.uint64(psi.shape[0]) - _1
    level = share * _sum(psi, _0, last + _1)
    total, i = 0.0, _0
    while i + _16 <= last:
        more = _sum(psi, i, i + _16)
        if total + more > level:
            break
        total, i = total + more, i + _16
    while i < last:
        total += psi[i]
        if total > level:
            break
        i += _1
    return np.int64(i)


@uncounted
def _ties(v, begin, end, least):
    wide_vectors()
    count = 0
    for i in range(begin, end):
        count += v[i] >= least
    return count


@uncounted
def best_code(v, q, k, single, r, winners):
    """The unit of largest support in each module, uniformly at random from those that tie.

    Supports equal but for rounding (to 1e-12) tie. Generator r gives a number for each module with
    ties, none for others. Some 3 q k comparisons.

    Parameters
    ----------
    v : float64 (q k,)
    q, k : int
    single : uint64 (R, 4)
    r : int
    winners : int (q,)
        Receives the winners.
    """
    for j in range(np.uint64(q)):
        begin = j * np.uint64(k)
        end = begin + np.uint64(k)
        least = _maximum(v, begin, end) * _EQUAL
        ties = _ties(v, begin, end, least)
        skip = 0
        if ties > 1:
            skip = np.int64(wide(draw(single, r)) * (ties / TWO53))
        i = begin
        while i + _16 < end:  # whole blocks are stepped over
            count = _ties(v, i, i + _16, least)
            if count > skip:
                break
            skip -= count
            i += _16
        while True:
            if v[i] >= least:
                if skip == 0:
                    break
                skip -= 1
            i += _1
        winners[j] = np.int64(i - begin)


@uncounted
def learn(weights, held, words, winners, k, limit):
    """Set the weights from active afferents to the winners; how many were not set before.

    Parameters
    ----------
    weights : uint64 (words, units)
    held : int32 (units,)
        Weights set of each unit, kept.
    words : uint64 (words,)
        Active afferents.
    winners : int (modules,)
        Of a module that has none, -1.
    k : int
        Units of a module.
    limit : float
        Units with as many weights set, or more, learn nothing: cap pi, or infinity.

    Notes
    -----
    One word read and written for each winner and word that is not 0.
    """
    new = 0
    for j in range(np.uint64(winners.shape[0])):
        if winners[j] < 0:
            continue
        i = j * np.uint64(k) + np.uint64(winners[j])
        if held[i] >= limit:
            continue
        more = _0
        for w in range(np.uint64(words.shape[0])):
            if words[w]:
                more += ctpop(words[w] & ~weights[w, i])
                weights[w, i] |= words[w]
        held[i] += np.int32(more)
        new += np.int64(more)
    return new
