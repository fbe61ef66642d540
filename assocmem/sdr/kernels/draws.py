"""Random sets of cells, in rising order, for kernels to call.

Random bits come from xoshiro states ``single`` (R, 4) as in `assocmem.montecarlo.kernels.rng`;
``r`` says which of them. Integers are uniform exactly, by rejection. Scratch arrays ``marks`` of
`mark_words` (n) words must be 0 when they are handed in, and are 0 again afterwards.
"""

from __future__ import annotations

import numpy as np

from ...montecarlo.kernels.rng import TWO53, advance, draw, kernel, wide
from .packed import trailing_zeros

_1, _6, _32, _63 = (np.uint64(k) for k in (1, 6, 32, 63))
_LOW = np.uint64(0xFFFFFFFF)
_SPAN = np.uint64(1 << 32)
# Up to this many members, insertion into a sorted list is faster than marks.
_FEW = 16


def mark_words(n: int) -> int:
    """Words of scratch for subsets of n cells: one bit a cell, and one bit a word of these."""
    words = -(-n // 64)
    return words + -(-words // 64)


@kernel
def draw_below(single, r, number):
    """An integer uniform on [0, number), 1 <= number < 2^32, int64.

    Lemire's rejection (ACM Trans. Model. Comput. Simul. 29 (2019) 3): one multiplication, and a
    division with probability number/2^32.
    """
    number = np.uint64(number)
    product = (draw(single, r) >> _32) * number
    if (product & _LOW) < number:
        uneven = (_SPAN - number) % number
        while (product & _LOW) < uneven:
            product = (draw(single, r) >> _32) * number
    return np.int64(product >> _32)


@kernel
def mark_subset(single, r, n, a, marks):
    """Mark ``a`` of ``n`` cells, every set of them equally likely: a draws (Floyd's method).

    Cell i is bit i%64 of word i//64; the words after the first ceil(n/64) say which of these
    hold marks. For each j from n - a to n - 1 in turn, one of 0..j is marked, or j where that one
    is marked already.
    """
    words = np.uint64((n + 63) // 64)
    s0, s1, s2, s3 = single[r, 0], single[r, 1], single[r, 2], single[r, 3]
    for last in range(n - a, n):
        number = np.uint64(last + 1)
        bits, s0, s1, s2, s3 = advance(s0, s1, s2, s3)
        product = (bits >> _32) * number
        if (product & _LOW) < number:
            uneven = (_SPAN - number) % number
            while (product & _LOW) < uneven:
                bits, s0, s1, s2, s3 = advance(s0, s1, s2, s3)
                product = (bits >> _32) * number
        cell = product >> _32
        if (marks[cell >> _6] >> (cell & _63)) & _1:
            cell = np.uint64(last)
        word = cell >> _6
        marks[word] |= _1 << (cell & _63)
        marks[words + (word >> _6)] |= _1 << (word & _63)
    single[r, 0], single[r, 1], single[r, 2], single[r, 3] = s0, s1, s2, s3


@kernel
def list_marks(n, marks, out, at):
    """Write the marked cells, rising, to out[at:], take the marks away; the next free place.

    n/4096 operations, and a few for each mark.
    """
    words = np.uint64((n + 63) // 64)
    for top in range(np.int64((words + _63) >> _6)):
        full = marks[words + np.uint64(top)]
        marks[words + np.uint64(top)] = 0
        while full:
            word = (np.uint64(top) << _6) + trailing_zeros(full)
            full &= full - _1
            bits = marks[word]
            marks[word] = 0
            while bits:
                out[at] = np.int64((word << _6) + trailing_zeros(bits))
                bits &= bits - _1
                at += 1
    return at


@kernel
def draw_subset(single, r, n, a, marks, out, at):
    """Write ``a`` of ``n`` cells, every set equally likely, rising, to out[at:at + a]; at + a.

    About 5 ns a cell; up to 16 cells without ``marks``.
    """
    if a > _FEW:
        mark_subset(single, r, n, a, marks)
        return list_marks(n, marks, out, at)
    end = at
    for last in range(n - a, n):
        cell = draw_below(single, r, last + 1)
        place = end
        while place > at and out[place - 1] > cell:
            place -= 1
        if place > at and out[place - 1] == cell:  # there already: `last` is above all of them
            cell, place = last, end
        for k in range(end, place, -1):
            out[k] = out[k - 1]
        out[place] = cell
        end += 1
    return end


@kernel
def draw_part(single, r, values, size, count):
    """Bring a random part of values[:size] to its front, values[:count], in random order.

    Every ordered choice of ``count`` of the ``size`` entries is equally likely: count draws
    (Fisher and Yates). The others follow in an order of no meaning.
    """
    for k in range(count):
        other = k + draw_below(single, r, size - k)
        values[k], values[other] = values[other], values[k]


@kernel
def draw_clustered(single, r, n, size, whole, loose, marks, scratch, out, at):
    """Write an activity of ``whole`` clusters and ``loose`` cells, rising, to out[at:]; the end.

    Clusters are the first n//size runs of ``size`` consecutive cells, all sets of ``whole`` of
    them equally likely; then all sets of ``loose`` of the cells outside are. ``scratch`` has room
    for whole + loose integers. Cost as of `draw_subset` of both, and a merge.
    """
    draw_subset(single, r, n // size, whole, marks, scratch, 0)
    draw_subset(single, r, n - whole * size, loose, marks, scratch, whole)
    k = 0
    for e in range(whole, whole + loose):
        # The cell is counted among those outside: clusters below it shift it by their size.
        while k < whole and (scratch[k] - k) * size <= scratch[e]:
            for i in range(size):
                out[at + i] = scratch[k] * size + i
            at += size
            k += 1
        out[at] = scratch[e] + k * size
        at += 1
    for j in range(k, whole):
        for i in range(size):
            out[at + i] = scratch[j] * size + i
        at += size
    return at


@kernel
def divide_rates(rates, ends, tops):
    """Divide the cells into runs for `draw_independent`; their number. n operations.

    ``ends`` (n) and ``tops`` (n) receive the end and the largest rate of each run. A run grows as
    long as drawing it at its largest rate costs at most one needless proposal on average.
    """
    runs, begin, top, total = 0, 0, rates[0], 0.0
    for i in range(len(rates)):
        higher = max(top, rates[i])
        total += rates[i]
        if i > begin and higher * (i + 1 - begin) - total > 1.0:
            ends[runs], tops[runs] = i, top
            runs += 1
            begin, higher, total = i, rates[i], rates[i]
        top = higher
    ends[runs], tops[runs] = len(rates), top
    return runs + 1


@kernel
def draw_independent(single, r, rates, ends, tops, runs, out, at):
    """Write the cells that are on, each independently with its rate, rising, to out[at:]; the end.

    ``out`` must have room for all n cells from ``at``, or for those up to where it ends: then -1
    is returned. The next proposal at the largest rate of a run is a geometric waiting time away,
    and is taken with the cell's rate over that one: one logarithm for each proposal and run.
    """
    begin = 0
    for k in range(runs):
        end, top = ends[k], tops[k]
        if top > 0.0:
            scale = 1.0 / np.log1p(-top)
            i = begin
            while True:
                wait = np.log((wide(draw(single, r)) + 0.5) / TWO53) * scale
                if not wait < end - i:
                    break
                i += np.int64(wait)
                if rates[i] == top or wide(draw(single, r)) < rates[i] / top * TWO53:
                    if at == len(out):
                        return -1
                    out[at] = i
                    at += 1
                i += 1
        begin = end
    return at


@kernel
def fill_subsets(single, n, a, count, marks, out):
    """``count`` draws of `draw_subset` one after another in ``out`` (count a)."""
    at = 0
    for _ in range(count):
        at = draw_subset(single, 0, n, a, marks, out, at)


@kernel
def fill_clustered(single, n, size, whole, loose, count, marks, scratch, out):
    """``count`` draws of `draw_clustered` one after another in ``out``."""
    at = 0
    for _ in range(count):
        at = draw_clustered(single, 0, n, size, whole, loose, marks, scratch, out, at)


@kernel
def fill_independent(single, rates, ends, tops, runs, first, indptr, out):
    """Draws ``first``, .. of `draw_independent` from where ``indptr`` says, while there is room.

    Returns the draw that did not fit, having put the generator back to its beginning, or their
    number.
    """
    for k in range(first, len(indptr) - 1):
        s0, s1, s2, s3 = single[0, 0], single[0, 1], single[0, 2], single[0, 3]
        end = draw_independent(single, 0, rates, ends, tops, runs, out, indptr[k])
        if end < 0:
            single[0, 0], single[0, 1], single[0, 2], single[0, 3] = s0, s1, s2, s3
            return k
        indptr[k + 1] = end
    return len(indptr) - 1
