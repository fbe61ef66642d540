"""Noise on a set of cells in rising order, by the conventions of `assocmem.sdr.noise`.

Each writes what is left, rising, to the front of ``out``, and returns how many. Random states
``single`` and scratch ``marks`` are as in `assocmem.sdr.kernels.draws`; ``scratch`` has room for as
many integers as the pattern has cells.
"""

from __future__ import annotations

from ...montecarlo.kernels.rng import kernel
from .draws import draw_below, draw_subset


@kernel
def choose(single, r, pattern, count, marks, scratch, out):
    """``count`` cells of ``pattern``, every set of them equally likely. Cost O(pattern)."""
    draw_subset(single, r, len(pattern), count, marks, scratch, 0)
    for k in range(count):
        out[k] = pattern[scratch[k]]
    return count


@kernel
def merge_outside(kept, size, outside, count, left_out, out):
    """Merge kept[:size] and the cells outside[:count], counted among those not in ``left_out``.

    Cell number l of those outside a rising set s_0 < s_1 < .. is l + k, k the number of j with
    s_j - j <= l.
    """
    at, e, k = 0, 0, 0
    for c in range(count):
        while k < len(left_out) and left_out[k] - k <= outside[c]:
            k += 1
        cell = outside[c] + k
        while e < size and kept[e] < cell:
            out[at] = kept[e]
            at, e = at + 1, e + 1
        out[at] = cell
        at += 1
    while e < size:
        out[at] = kept[e]
        at, e = at + 1, e + 1
    return at


@kernel
def replace(single, r, pattern, n, bits, marks, scratch, kept, out):
    """``bits`` cells of ``pattern`` give way to as many outside it. Cost O(pattern)."""
    size = len(pattern) - bits
    choose(single, r, pattern, size, marks, scratch, kept)
    draw_subset(single, r, n - len(pattern), bits, marks, scratch, 0)
    return merge_outside(kept, size, scratch, bits, pattern, out)


@kernel
def swap(single, r, pattern, n, bits, marks, scratch, kept, out):
    """``bits`` cells fall silent, then as many of all silent ones switch on. Cost O(pattern)."""
    size = len(pattern) - bits
    choose(single, r, pattern, size, marks, scratch, kept)
    draw_subset(single, r, n - size, bits, marks, scratch, 0)
    return merge_outside(kept, size, scratch, bits, kept[:size], out)


@kernel
def kill(single, r, pattern, n, cells, out):
    """Without those of the pattern among ``cells`` dead ones of n. One draw for each cell of it.

    The next cell of the pattern is dead with probability (dead cells not yet met)/(cells not yet
    met), as where one deals cards.
    """
    dead, size = cells, 0
    for k in range(len(pattern)):
        if draw_below(single, r, n - k) < dead:
            dead -= 1
        else:
            out[size] = pattern[k]
            size += 1
    return size
