"""Segments on an inverted index: for each cell, which segments have a synapse from it.

Rows of integers are kept as ``spans``, int64 (rows, 3): where a row starts in ``pool``, where it
stops and where its room ends, and ``pool``, uint32. An unsigned entry needs no test for indices
from the end. Rows are rising.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from ...montecarlo.kernels.rng import advance, inlined, kernel, uncounted, wide

AHEAD = 4  # rows fetched before they are needed: 100 entries each take longer than a memory access
LINE = 16  # entries of a cache line


@intrinsic
def prefetch(typingctx, array, place):
    """Ask for the cache line that holds ``array[place]``; a hint, without effect on results."""

    def code(context, builder, signature, args):
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        pointer = builder.bitcast(builder.gep(data, [args[1]]), byte)
        shape = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
        function = builder.module.declare_intrinsic("llvm.prefetch", [byte], shape)
        builder.call(function, [pointer] + [ir.Constant(word, value) for value in (0, 3, 1)])
        return context.get_dummy_value()

    return types.void(array, types.intp), code


@inlined
def fetch_ahead(spans, pool, cells, k, stop):
    """Ask for the row of the cell that comes `AHEAD` places after the k-th."""
    if k + AHEAD < stop:
        cell = cells[k + AHEAD]
        for place in range(spans[cell, 0], spans[cell, 1], LINE):
            prefetch(pool, place)


@uncounted
def is_rising(cells, n):
    """Whether the entries rise strictly within [0, n)."""
    last = np.int64(-1)
    for k in range(len(cells)):
        if cells[k] <= last:
            return False
        last = cells[k]
    return last < n


@uncounted
def rising(indptr, indices, n):
    """First row that is not strictly rising or has entries outside [0, n); -1 if there is none."""
    for row in range(len(indptr) - 1):
        last = np.int64(-1)
        for k in range(indptr[row], indptr[row + 1]):
            if indices[k] <= last or indices[k] >= n:
                return row
            last = indices[k]
    return -1


@uncounted
def counts(spans, pool, cells, out):
    """Active synapses of each segment, written to ``out`` (segments,), uint8 or uint16.

    Cost: a read, an increment and a write for each synapse of an active cell, 4 bytes of index
    and ``out.itemsize`` bytes of counts touched by each, and one pass that clears ``out``.
    """
    out[:] = 0
    one = out.dtype.type(1)
    for k in range(len(cells)):
        fetch_ahead(spans, pool, cells, k, len(cells))
        cell = cells[k]
        for place in range(spans[cell, 0], spans[cell, 1]):
            out[pool[place]] += one


@uncounted
def unreliable_counts(spans, pool, cells, out, limit, state):
    """As `counts`, each synapse transmitting where a draw on [0, 2^53) is below ``limit``.

    One draw for each synapse of an active cell, from ``state``, uint64 (1, 4).
    """
    out[:] = 0
    one = out.dtype.type(1)
    s0, s1, s2, s3 = state[0, 0], state[0, 1], state[0, 2], state[0, 3]
    for k in range(len(cells)):
        fetch_ahead(spans, pool, cells, k, len(cells))
        cell = cells[k]
        for place in range(spans[cell, 0], spans[cell, 1]):
            bits, s0, s1, s2, s3 = advance(s0, s1, s2, s3)
            out[pool[place]] += out.dtype.type(wide(bits) < limit) * one
    state[0, 0], state[0, 1], state[0, 2], state[0, 3] = s0, s1, s2, s3


@uncounted
def above(count, threshold, found):
    """Write to ``found`` the places where ``count`` is at least ``threshold``; their number."""
    used = 0
    for j in range(len(count)):
        if count[j] >= threshold:
            found[used] = j
            used += 1
    return used


@uncounted
def active(spans, pool, indptr, cells, first, scratch, threshold, ends, found):
    """Segments that reach ``threshold`` >= 1 in activities ``first`` and on, as rows of ``found``.

    A segment is written down when its count reaches the threshold, which it does once, so rows
    are in no order. ``scratch`` (segments,), of any unsigned type that holds the largest count, is
    all zero before and after. ``ends[row + 1]`` becomes the end of each row. Returns the first
    activity not done: the number of activities, or one for which ``found`` may lack room (it needs
    that of all segments).

    Cost of an activity: as `counts`, with a comparison more for each synapse.
    """
    one, threshold = scratch.dtype.type(1), scratch.dtype.type(threshold)
    used = ends[first]
    for row in range(first, len(indptr) - 1):
        if used + len(scratch) > len(found):
            return row
        stop = indptr[row + 1]
        for k in range(indptr[row], stop):
            fetch_ahead(spans, pool, cells, k, stop)
            cell = cells[k]
            for place in range(spans[cell, 0], spans[cell, 1]):
                segment = pool[place]
                count = scratch.dtype.type(scratch[segment] + one)
                scratch[segment] = count
                if count == threshold:
                    found[used] = segment
                    used += 1
        scratch[:] = 0
        ends[row + 1] = used
    return len(indptr) - 1


@kernel
def sort_rows(indptr, indices):
    """Sort each row in place."""
    for row in range(len(indptr) - 1):
        if indptr[row + 1] - indptr[row] > 1:
            indices[indptr[row] : indptr[row + 1]].sort()


@uncounted
def forward_counts(indptr, indices, on, out):
    """The same counts by reading all synapses: the reference for `counts`.

    ``on``, uint8 (n,), is 1 for active cells. Cost: one read of 4 bytes and one of 1 byte for
    every synapse there is, active or not.
    """
    for segment in range(len(indptr) - 1):
        count = 0
        for k in range(indptr[segment], indptr[segment + 1]):
            count += on[indices[k]]
        out[segment] = count


@uncounted
def transpose(indptr, indices, spans, pool):
    """Fill the index of rows ``indptr``, ``indices``; ``spans`` (n, 3) comes in as zeros.

    Two passes over the synapses (counting sort), so that rows of the index rise.
    """
    for k in range(len(indices)):
        spans[indices[k], 2] += 1
    place = 0
    for cell in range(len(spans)):
        size = spans[cell, 2]
        spans[cell, 0] = spans[cell, 1] = place
        place += size
        spans[cell, 2] = place
    for segment in range(len(indptr) - 1):
        for k in range(indptr[segment], indptr[segment + 1]):
            cell = indices[k]
            pool[spans[cell, 1]] = segment
            spans[cell, 1] += 1


@uncounted
def insert(spans, pool, used, rows, values, first):
    """Insert values[k] into row rows[k] for k >= first, each where it keeps the row rising.

    A full row moves to the end of the pool, to twice the room. Returns the used length of the pool
    and the first k not done: the number of pairs, or one for which the pool has no room. A value
    that is larger than all of its row costs O(1), amortised; others move what is larger.
    """
    for k in range(first, len(rows)):
        row, value = rows[k], values[k]
        start, stop = spans[row, 0], spans[row, 1]
        if stop == spans[row, 2]:
            room = 2 * (stop - start) + 2
            if used + room > len(pool):
                return used, k
            for place in range(start, stop):
                pool[used + place - start] = pool[place]
            stop = used + stop - start
            start = used
            used += room
            spans[row, 0], spans[row, 2] = start, used
        place = stop
        while place > start and pool[place - 1] > value:
            pool[place] = pool[place - 1]
            place -= 1
        pool[place] = value
        spans[row, 1] = stop + 1
    return used, len(rows)


@uncounted
def remove(spans, pool, rows, value):
    """Remove ``value`` from each of the rows ``rows``, which all hold it. O(length) each."""
    for k in range(len(rows)):
        row = rows[k]
        stop = spans[row, 1]
        place = spans[row, 0]
        while pool[place] != value:
            place += 1
        for later in range(place + 1, stop):
            pool[later - 1] = pool[later]
        spans[row, 1] = stop - 1


@uncounted
def compact(spans, pool, fresh, slack):
    """Copy all rows to the pool ``fresh``, in order; with ``slack``, half as long again plus 2.

    Returns the length used.
    """
    used = 0
    for row in range(len(spans)):
        start, size = spans[row, 0], spans[row, 1] - spans[row, 0]
        for k in range(size):
            fresh[used + k] = pool[start + k]
        spans[row, 0], spans[row, 1] = used, used + size
        used += size + slack * (size // 2 + 2)
        spans[row, 2] = used
    return used
