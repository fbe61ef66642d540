"""The Willshaw memory's binary matrix as packed rows, one for each input: store, sum, threshold.

Row j holds the synapses from input j to all outputs: output i is bit i%64 of word i//64. Cues are
sparse, so that recall reads z rows of n_out/64 words each, where rows of outputs would all have to
be read, n_out rows of n_in/64 words. Bits beyond the last output are 0 throughout.

Dendritic sums are kept *vertically*: bit b of the sums of 64 outputs is one word of plane b, and a
row is added to 64 sums at once by carrying from plane to plane.
"""

from __future__ import annotations

import numpy as np
from numba import types
from numba.extending import intrinsic

from ...montecarlo.kernels.rng import inlined, kernel
from .draws import draw_below, trailing_zeros

_0, _1, _6, _63 = (np.uint64(k) for k in (0, 1, 6, 63))
_FULL = np.uint64(2**64 - 1)
LOWEST, RANDOM, ALL = 0, 1, 2


@intrinsic
def popcount(typingctx, word):
    """Number of ones of a uint64, as uint64."""

    def code(context, builder, signature, args):
        return builder.ctpop(args[0])

    return types.uint64(types.uint64), code


@kernel
def pack(indptr, indices, out):
    """Set the bits of each row of CSR indices in ``out`` (rows, words), which must be 0."""
    for r in range(len(indptr) - 1):
        for e in range(indptr[r], indptr[r + 1]):
            i = np.uint64(indices[e])
            out[r, i >> _6] |= _1 << (i & _63)


@kernel
def list_bits(packed, indptr, indices):
    """Write the places of ones of each row, rising; ``indptr`` says where each row goes."""
    for r in range(packed.shape[0]):
        at = indptr[r]
        for w in range(packed.shape[1]):
            bits = packed[r, w]
            while bits:
                indices[at] = np.int64((np.uint64(w) << _6) + trailing_zeros(bits))
                bits &= bits - _1
                at += 1


@kernel
def count_bits(packed, out):
    """Number of ones of each row: a popcount for each word."""
    for r in range(packed.shape[0]):
        total = _0
        for w in range(packed.shape[1]):
            total += popcount(packed[r, w])
        out[r] = np.int64(total)


@kernel
def store(rows, xptr, x, yptr, y, diagonal):
    """Set the synapses of pairs of patterns: a_in a_out bits each, in a_in rows."""
    for p in range(len(xptr) - 1):
        for e in range(xptr[p], xptr[p + 1]):
            j = np.uint64(x[e])
            for f in range(yptr[p], yptr[p + 1]):
                i = np.uint64(y[f])
                if diagonal or i != j:
                    rows[j, i >> _6] |= _1 << (i & _63)


@kernel
def count_pairs(counts, xptr, x, yptr, y, diagonal, bound, change):
    """Add ``change`` to the counters of pair after pair; the first that meets ``bound``, or -1.

    A pair of which any counter is at ``bound`` already is left as it is, and all after it.
    """
    for p in range(len(xptr) - 1):
        for e in range(xptr[p], xptr[p + 1]):
            for f in range(yptr[p], yptr[p + 1]):
                if (diagonal or x[e] != y[f]) and np.int64(counts[x[e], y[f]]) == bound:
                    return p
        for e in range(xptr[p], xptr[p + 1]):
            for f in range(yptr[p], yptr[p + 1]):
                if diagonal or x[e] != y[f]:
                    counts[x[e], y[f]] = np.uint16(np.int64(counts[x[e], y[f]]) + change)
    return -1


@kernel
def clear_uncounted(rows, counts, xptr, x, yptr, y):
    """Clear the bits of the pairs' synapses whose counter is 0."""
    for p in range(len(xptr) - 1):
        for e in range(xptr[p], xptr[p + 1]):
            j = np.uint64(x[e])
            for f in range(yptr[p], yptr[p + 1]):
                if counts[x[e], y[f]] == 0:
                    i = np.uint64(y[f])
                    rows[j, i >> _6] &= ~(_1 << (i & _63))


@kernel
def conjunction(rows, cue, begin, end, n_out, own, out):
    """Outputs with synapses from every bit cue[begin:end]: z n_out/64 words read.

    With ``own`` each bit counts as connected with the output of its own number.
    """
    words = rows.shape[1]
    for w in range(words):
        out[w] = _FULL
    if n_out & 63:
        out[words - 1] = (_1 << np.uint64(n_out & 63)) - _1
    for e in range(begin, end):
        j = np.uint64(cue[e])
        was = out[j >> _6] if own else _0
        for w in range(words):
            out[w] &= rows[j, w]
        if own:
            out[j >> _6] |= was & (_1 << (j & _63))


@kernel
def add_rows(rows, cue, begin, end, planes):
    """Vertical sums over the rows of cue[begin:end]; the number of planes in use.

    ``planes`` (planes, words) needs room for the bits of z and one plane more, for carries. Cost
    z n_out/64 words read, and three word operations for each of them and plane, eight at a time.
    """
    used, room, words, carry = 0, 1, rows.shape[1], planes.shape[0] - 1
    for e in range(begin, end):
        if e - begin + 1 == room:
            for w in range(words):
                planes[used, w] = _0
            used += 1
            room *= 2
        j = np.uint64(cue[e])
        for w in range(words):
            row = rows[j, w]
            planes[carry, w] = row & planes[0, w]
            planes[0, w] ^= row
        for k in range(1, used):
            for w in range(words):
                both = planes[k, w] & planes[carry, w]
                planes[k, w] ^= planes[carry, w]
                planes[carry, w] = both
    return used


@kernel
def reach(planes, used, threshold, n_out, out):
    """Outputs whose vertical sum is at least ``threshold``: three operations a word and plane.

    From the highest plane down, ``out`` are those that are larger already, and the last plane,
    which is scratch, those that are equal so far.
    """
    words, equal = len(out), planes.shape[0] - 1
    if threshold <= 0 or threshold >= 1 << used:
        for w in range(words):
            out[w] = _FULL if threshold <= 0 else _0
    else:
        for w in range(words):
            out[w] = _0
            planes[equal, w] = _FULL
        for k in range(used - 1, -1, -1):
            if (threshold >> k) & 1:
                for w in range(words):
                    planes[equal, w] &= planes[k, w]
            else:
                for w in range(words):
                    out[w] |= planes[equal, w] & planes[k, w]
                    planes[equal, w] &= ~planes[k, w]
        for w in range(words):
            out[w] |= planes[equal, w]
    if n_out & 63:
        out[words - 1] &= (_1 << np.uint64(n_out & 63)) - _1


@kernel
def spread(planes, used, sums):
    """Vertical sums as one integer for each output: n_out operations a plane."""
    for i in range(len(sums)):
        at, place = np.uint64(i) >> _6, np.uint64(i) & _63
        total = _0
        for k in range(used):
            total |= ((planes[k, at] >> place) & _1) << np.uint64(k)
        sums[i] = np.int64(total)


@kernel
def sums_backwards(rows, cue, begin, end, sums):
    """For each input, the bits cue[begin:end] among its outputs: z bits tested for each row."""
    for j in range(rows.shape[0]):
        total = 0
        for e in range(begin, end):
            i = np.uint64(cue[e])
            total += np.int64((rows[j, i >> _6] >> (i & _63)) & _1)
        sums[j] = total


@kernel
def pick_winners(sums, k, ties, single, tally, out):
    """Set the bits of the ``k`` largest sums; ties at the k-th by lowest index, at random, or all.

    ``tally`` is scratch for as many integers as the largest sum plus 1. Two passes over the sums.
    """
    for w in range(len(out)):
        out[w] = _0
    if k == 0:
        return
    tally[:] = 0
    for i in range(len(sums)):
        tally[sums[i]] += 1
    level, above = len(tally) - 1, 0
    while level > 0 and above + tally[level] < k:
        above += tally[level]
        level -= 1
    wanted, left = k - above, tally[level]
    for i in range(len(sums)):
        chosen = sums[i] > level
        if sums[i] == level:
            if ties == ALL:
                chosen = True
            elif ties == LOWEST:
                chosen = wanted > 0
            else:
                chosen = wanted > 0 and draw_below(single, 0, left) < wanted
            left -= 1
            if chosen:
                wanted -= 1
        if chosen:
            out[np.uint64(i) >> _6] |= _1 << (np.uint64(i) & _63)


@kernel
def recall_threshold(rows, indptr, cues, n_out, threshold, own, planes, out):
    """Recall every cue by a threshold, into ``out`` (cues, words).

    ``threshold`` -1: the number of bits of each cue, by `conjunction`; with ``own`` the own bit of
    an output in the cue is left out of both. Otherwise by sums, to which the own bit adds nothing.
    """
    for r in range(len(indptr) - 1):
        if threshold < 0:
            conjunction(rows, cues, indptr[r], indptr[r + 1], n_out, own, out[r])
        else:
            used = add_rows(rows, cues, indptr[r], indptr[r + 1], planes)
            reach(planes, used, threshold, n_out, out[r])


@inlined
def number_on(row):
    """Ones of a packed row."""
    total = _0
    for w in range(len(row)):
        total += popcount(row[w])
    return np.int64(total)


@kernel
def place_of(planes, used, most, k, n_out, scratch):
    """The largest threshold, at most ``most``, that ``k`` vertical sums reach, by bisection."""
    low, high = 0, most + 1
    while high - low > 1:
        middle = (low + high) // 2
        reach(planes, used, middle, n_out, scratch)
        if number_on(scratch) >= k:
            low = middle
        else:
            high = middle
    return low


@kernel
def break_ties(above, k, ties, single, out):
    """Leave ``k`` bits of ``out`` on: those of ``above`` and some of the others."""
    wanted = k - number_on(above)
    left = number_on(out) - number_on(above)
    for w in range(len(above)):
        tied = out[w] & ~above[w]
        out[w] = above[w]
        while tied and wanted:
            bit = tied & (~tied + _1)
            tied ^= bit
            if ties == LOWEST or draw_below(single, 0, left) < wanted:
                out[w] |= bit
                wanted -= 1
            left -= 1


@kernel
def recall_winners(rows, indptr, cues, n_out, k, ties, single, planes, above, out):
    """Recall every cue by the ``k`` largest sums, into ``out`` (cues, words).

    Cost beyond `add_rows` log2 z times `reach` to find the sum of the k-th place, and a few
    operations for each output that ties there. ``above`` (words) is scratch.
    """
    for r in range(len(indptr) - 1):
        used = add_rows(rows, cues, indptr[r], indptr[r + 1], planes)
        place = place_of(planes, used, indptr[r + 1] - indptr[r], k, n_out, above)
        reach(planes, used, place, n_out, out[r])
        if ties != ALL:
            reach(planes, used, place + 1, n_out, above)
            break_ties(above, k, ties, single, out[r])


@kernel
def count_errors(recalled, wanted, spurious, missing):
    """Ones that should be zeros, and zeros that should be ones, of each row."""
    for r in range(recalled.shape[0]):
        more, fewer = _0, _0
        for w in range(recalled.shape[1]):
            more += popcount(recalled[r, w] & ~wanted[r, w])
            fewer += popcount(wanted[r, w] & ~recalled[r, w])
        spurious[r], missing[r] = np.int64(more), np.int64(fewer)
