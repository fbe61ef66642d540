"""Scalar kernels of unions: how many of x given cells M random sets of s of n cells cover.

Cells that are covered already do not count again, so that of x - c uncovered cells the next set
finds Hyp(n, x - c, s). This chain over c has positive transition probabilities and runs from 0
upwards, without the alternating sums of inclusion and exclusion. With x = n it is the law of the
size of a union; with x the active cells, stopped at theta, it is the chance that a segment with M
patterns fires, which equals the mixture (7) over sizes of the union and costs O(M theta^2).

Chances of states are a mantissa and a power of two each, for the rarest ones to be right too.
"""

from __future__ import annotations

import math

import numpy as np

from .detection_kernels import NO_SUM, add_ln, ln_fire, ln_of, ln_rest, ln_swap
from .kernels import (
    LN2,
    hypergeometric_term,
    kernel,
    ln_binomial_head,
    ln_binomial_tail,
    ln_pmf,
    ln_tail,
)

DROP, REPLACE, SWAP, KILL = range(4)
_ENOUGH = -50.0  # ln of what may be left out of a sum
_FIRST_FLOOR = -400  # binary exponent of chances that are left out at first
_NONE = -(2**62)


@kernel
def _add(mantissas, exponents, i, mantissa, exponent):
    """Add a number to entry i."""
    if mantissas[i] == 0.0:
        mantissas[i], exponents[i] = mantissa, exponent
        return
    shift = exponent - exponents[i]
    if shift <= 0:
        if shift > -200:
            mantissas[i] += math.ldexp(mantissa, shift)
    else:
        if shift < 200:
            mantissas[i] = math.ldexp(mantissas[i], -shift) + mantissa
        else:
            mantissas[i] = mantissa
        exponents[i] = exponent


@kernel
def _row(n, uncovered, s, room, mantissas, exponents):
    """Chances of k newly covered cells, k = first, first + 1, ...; all of k >= room in one entry.

    Returns first and the number of entries.
    """
    first, last = max(0, uncovered + s - n), min(uncovered, s)
    if first >= room:
        mantissas[0], exponents[0] = 0.5, 1
        return room, 1
    mantissa, exponent = hypergeometric_term(first, n, uncovered, s)
    others = n - s - uncovered
    end = min(last + 1, room)
    for k in range(first, end):
        mantissa, shift = math.frexp(mantissa)
        exponent += shift
        mantissas[k - first], exponents[k - first] = mantissa, exponent
        mantissa *= (float(s - k) * float(uncovered - k)) / (float(k + 1) * float(others + k + 1))
    if last < room:
        return first, end - first
    rest = ln_tail(room, n, uncovered, s)
    exponents[end - first] = math.floor(rest / LN2)
    mantissas[end - first] = math.exp(rest - exponents[end - first] * LN2)
    return first, end - first + 1


@kernel
def cover(n, x, s, m, cap, floor):
    """Law of the number of x of n cells that m independent uniform sets of s cells cover.

    Returns mantissas and binary exponents of the numbers 0, 1, ..., cap, the last standing for cap
    and all above; cap <= x + 1. States of an exponent below ``floor`` are left out as they arise.
    O(m cap min(s, cap)) operations, fewer where few states count; O(cap min(s, cap)) memory.
    """
    width = min(s, cap) + 1
    rows, powers = np.empty((cap + 1, width)), np.empty((cap + 1, width), np.int64)
    firsts, counts = np.empty(cap + 1, np.int64), np.zeros(cap + 1, np.int64)
    old, old_powers = np.zeros(cap + 1), np.zeros(cap + 1, np.int64)
    new, new_powers = np.zeros(cap + 1), np.zeros(cap + 1, np.int64)
    old[0] = 1.0
    for _ in range(m):
        new[:] = 0.0
        new[cap], new_powers[cap] = old[cap], old_powers[cap]
        for c in range(cap):
            if old[c] == 0.0:
                continue
            if counts[c] == 0:
                firsts[c], counts[c] = _row(n, x - c, s, cap - c, rows[c], powers[c])
            for i in range(counts[c]):
                if old_powers[c] + powers[c, i] >= floor:
                    _add(
                        new,
                        new_powers,
                        c + firsts[c] + i,
                        old[c] * rows[c, i],
                        old_powers[c] + powers[c, i],
                    )
        for c in range(cap + 1):
            if new[c] > 0.0:
                new[c], shift = math.frexp(new[c])
                new_powers[c] += shift
        old, new = new, old
        old_powers, new_powers = new_powers, old_powers
    return old, old_powers


@kernel
def _ln(mantissa, exponent):
    return math.log(mantissa) + exponent * LN2 if mantissa > 0.0 else -math.inf


@kernel
def ln_union_size(n, s, m, out):
    """Logarithm of P[U = u], u = 0, ..., out.size - 1, of the union of m sets of s of n cells."""
    law, powers = cover(n, n, s, m, out.size, _NONE)
    for u in range(out.size):
        out[u] = _ln(law[u], powers[u])


@kernel
def _sides_with_others(n, s, m, theta, p, own, x, floor):
    """As `ln_sides_with_others`, without states of an exponent below ``floor``."""
    most = min(x, m * s)
    cap = min(theta - own, most + 1) if p >= 1.0 else most + 1
    law, powers = cover(n, x, s, m, cap, floor)
    fire = rest = NO_SUM
    for c in range(cap + 1):
        if law[c] > 0.0:
            known = _ln(law[c], powers[c])
            if p >= 1.0:
                if own + c >= theta:
                    fire = add_ln(fire, known)
                else:
                    rest = add_ln(rest, known)
            else:
                fire = add_ln(fire, known + ln_binomial_tail(theta, own + c, p))
                rest = add_ln(rest, known + ln_binomial_head(theta, own + c, p))
    return ln_of(fire), ln_of(rest)


@kernel
def ln_sides_with_others(n, s, m, theta, p, own, x):
    """Logarithms of P[a segment fires] and P[not], ``own`` of its synapses being active.

    m other patterns of s synapses cover some of x other active cells, of n. All that are active,
    ``own`` and covered, transmit with chance p.
    """
    if theta <= 0:
        return 0.0, -math.inf
    if p >= 1.0 and own >= theta:
        return 0.0, -math.inf
    if own + min(x, m * s) < theta or p <= 0.0:
        return -math.inf, 0.0
    if p >= 1.0:
        return _sides_with_others(n, s, m, theta, p, own, x, _NONE)
    # What is left out is known only when the result is.
    floor = _FIRST_FLOOR
    while True:
        fire, rest = _sides_with_others(n, s, m, theta, p, own, x, floor)
        least = min(fire, rest)
        if least == -math.inf:
            floor *= 4
        elif least + _ENOUGH < (floor + 20) * LN2:
            floor = math.floor((least + _ENOUGH) / LN2) - 40
        else:
            return fire, rest
        if floor < -(10**6):
            return _sides_with_others(n, s, m, theta, p, own, x, _NONE)


@kernel
def ln_union_fire(n, a, s, theta, m, p):
    """Logarithm of (7): a segment with the union of m patterns fires at an activity of a cells."""
    if m == 1:
        return ln_fire(n, a, s, theta, p)
    return ln_sides_with_others(n, s, m, theta, p, 0, a)[0]


@kernel
def ln_union_sides(n, a, s, theta, m, p, overlap, active, fire_known, rest_known):
    """Logarithms of P[a segment fires] and P[not] from the overlap with its first pattern.

    ``active`` cells are on, ``overlap`` of which are of the pattern of a cells. ``fire_known`` and
    ``rest_known`` (s + 1, any + 1) hold results by active synapses and other active cells, NaN
    where not yet known.
    """
    if m == 1:
        return ln_fire(a, overlap, s, theta, p), ln_rest(a, overlap, s, theta, p)
    fire = rest = NO_SUM
    for own in range(max(0, s + overlap - a), min(s, overlap) + 1):
        weight = ln_pmf(own, a, overlap, s)
        others = active - own
        if math.isnan(fire_known[own, others]):
            pair = ln_sides_with_others(n, s, m - 1, theta, p, own, others)
            fire_known[own, others], rest_known[own, others] = pair
        fire = add_ln(fire, weight + fire_known[own, others])
        rest = add_ln(rest, weight + rest_known[own, others])
    return ln_of(fire), ln_of(rest)


@kernel
def noisy(n, a, v, convention, i):
    """Overlap with the pattern, active cells and ln weight of the i-th outcome of noise."""
    if convention == DROP:
        return a - v, a - v, 0.0
    if convention == REPLACE:
        return a - v, a, 0.0
    if convention == SWAP:
        return a - v + i, a, ln_swap(n, a, v, i)
    return a - i, a - i, ln_pmf(i, n, v, a)


@kernel
def n_outcomes(a, v, convention):
    """How many outcomes `noisy` has."""
    if convention == SWAP:
        return v + 1
    return a + 1 if convention == KILL else 1


@kernel
def ln_union_miss(n, a, s, theta, m, v, p, convention):
    """Logarithm of P[a segment with m patterns misses one of them after noise]."""
    if theta <= 0:
        return -math.inf
    size = (s + 1, a + 1) if m > 1 else (0, 0)
    fire_known, rest_known = np.full(size, np.nan), np.empty(size)
    found = NO_SUM
    for i in range(n_outcomes(a, v, convention)):
        overlap, active, weight = noisy(n, a, v, convention, i)
        if weight > ln_of(found) + _ENOUGH:
            rest = ln_union_sides(n, a, s, theta, m, p, overlap, active, fire_known, rest_known)[1]
            found = add_ln(found, weight + rest)
    return ln_of(found)


@kernel
def fill_union_fire(n, a, s, theta, m, p, out):
    """`ln_union_fire` over flat arrays."""
    for i in range(out.size):
        out[i] = ln_union_fire(n[i], a[i], s[i], theta[i], m[i], p[i])


@kernel
def fill_union_rest(n, a, s, theta, m, p, out):
    """Logarithm of the chance that a segment with m patterns does not fire, over flat arrays."""
    for i in range(out.size):
        if m[i] == 1:
            out[i] = ln_rest(n[i], a[i], s[i], theta[i], p[i])
        else:
            out[i] = ln_sides_with_others(n[i], s[i], m[i], theta[i], p[i], 0, a[i])[1]


@kernel
def fill_union_miss(n, a, s, theta, m, v, p, convention, out):
    """`ln_union_miss` over flat arrays."""
    for i in range(out.size):
        out[i] = ln_union_miss(n[i], a[i], s[i], theta[i], m[i], v[i], p[i], convention)


@kernel
def fill_union_sides(n, a, s, theta, m, p, overlap, active, fire, rest):
    """`ln_union_sides` over flat arrays."""
    for i in range(fire.size):
        size = (s[i] + 1, active[i] + 1) if m[i] > 1 else (0, 0)
        known = np.full(size, np.nan)
        fire[i], rest[i] = ln_union_sides(
            n[i], a[i], s[i], theta[i], m[i], p[i], overlap[i], active[i], known, known.copy()
        )


@kernel
def fill_variance(n, s, m, out):
    """Variance of the size of unions over flat arrays, see `unions.union_variance`."""
    for i in range(out.size):
        cells, kept = float(n[i]), float(n[i] - s[i])
        mean = variance = 0.0
        if n[i] > 1:
            for _ in range(m[i]):
                variance *= kept * (kept - 1.0) / (cells * (cells - 1.0))
                variance += s[i] / cells * (kept / cells) * mean * (cells - mean) / (cells - 1.0)
                mean = s[i] + mean * (kept / cells)
        out[i] = variance
