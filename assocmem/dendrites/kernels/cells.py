"""Draws of cells that trials of detection share: subsets in place, patterns of the four laws.

A model comes as int64 ``form``, whose places the constants below name. Random bits come from
xoshiro states ``single`` (R, 4), ``r`` says which of them. ``perm`` and ``clusters`` are
permutations of all cells and all clusters in any order: that a permutation is left shuffled does
not change what is drawn from it next.
"""

from __future__ import annotations

import numpy as np

from ...montecarlo.kernels.rng import TWO53, draw, inlined, uncounted, wide
from ...sdr.kernels.draws import draw_below

# Places of `form`.
CELLS, ACTIVE, SIZE, WHOLE, LAW, SYNAPSES, THRESHOLD = range(7)
PATTERNS, SEGMENTS, NEURONS, QUORUM, NOISE, BITS = range(7, 13)
# Laws: a fixed number of active cells (some of them as clusters), or cells independent of each
# other, of equal rates or not.
FIXED, EQUAL, UNEQUAL = range(3)
# Noises.
DROP, REPLACE, SWAP, KILL = range(4)
GROUPS = 64


@inlined
def coin(single, r, chance):
    """True with the given chance."""
    return wide(draw(single, r)) < chance * TWO53


@uncounted
def take(single, r, array, number, length):
    """Make array[:number] a uniform subset of array[:length], in random order: number swaps."""
    for i in range(number):
        j = i + draw_below(single, r, length - i)
        array[i], array[j] = array[j], array[i]


@uncounted
def draw_fixed(single, r, form, perm, clusters, whole, out):
    """Write an activity of ``a`` cells to ``out``; its whole clusters are then clusters[:k].

    ``whole``, uint8 (clusters,), is 0 before and after. Cost O(a); loose cells are drawn anew where
    they fall into one of the whole clusters.
    """
    n, size, k = form[CELLS], form[SIZE], form[WHOLE]
    take(single, r, clusters, k, n // size)
    at = 0
    for i in range(k):
        whole[clusters[i]] = 1
        for cell in range(clusters[i] * size, clusters[i] * size + size):
            out[at] = cell
            at += 1
    for i in range(form[ACTIVE] - at):
        j = i + draw_below(single, r, n - i)
        if k:
            last = n // size
            while perm[j] // size < last and whole[perm[j] // size]:
                j = i + draw_below(single, r, n - i)
        perm[i], perm[j] = perm[j], perm[i]
        out[at] = perm[i]
        at += 1
    for i in range(k):
        whole[clusters[i]] = 0
    return at


@uncounted
def draw_independent(single, r, rates, out):
    """Write the cells that are on, each with its rate, to ``out`` until it is full; their number.

    Cells come in groups of neighbours: by waiting times of the group's largest rate, each cell met
    being kept with its own rate over the largest. Cost O(active cells) where rates are alike.
    """
    n = len(rates)
    length = max(n // GROUPS, 1)
    at = 0
    for start in range(0, n, length):
        stop = min(start + length, n)
        # Rates do not fall with the place.
        largest = rates[stop - 1]
        if largest <= 0.0:
            continue
        scale = 0.0 if largest >= 1.0 else 1.0 / np.log1p(-largest)
        cell = start - 1
        while True:
            uniform = (wide(draw(single, r)) + 0.5) / TWO53
            wait = np.log(uniform) * scale
            if wait >= stop - cell - 1:
                break
            cell += 1 + np.int64(wait)
            if rates[cell] == largest or coin(single, r, rates[cell] / largest):
                if at == len(out):
                    return at
                out[at] = cell
                at += 1
    return at


@uncounted
def draw_pattern(single, r, form, rates, perm, clusters, whole, out):
    """Write a pattern to ``out``, with at least as many cells as synapses; its number of cells."""
    if form[LAW] == FIXED:
        return draw_fixed(single, r, form, perm, clusters, whole, out)
    while True:
        number = draw_independent(single, r, rates, out)
        if number >= form[SYNAPSES]:
            return number


@uncounted
def draw_synapses(single, r, form, rates, perm, clusters, whole, out):
    """Write the synapses of a pattern drawn anew to out[:s].

    All cells are alike under the uniform law and under equal rates, so that synapses of a pattern
    are as likely to be any cells.
    """
    s = form[SYNAPSES]
    if form[LAW] == EQUAL or (form[LAW] == FIXED and form[WHOLE] == 0):
        take(single, r, perm, s, form[CELLS])
        for i in range(s):
            out[i] = perm[i]
    else:
        number = draw_pattern(single, r, form, rates, perm, clusters, whole, out)
        take(single, r, out, s, number)
