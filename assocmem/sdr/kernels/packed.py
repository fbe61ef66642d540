"""Sets of cells as bits: cell i is bit i%64 of word i//64, and bits beyond the last cell are 0."""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from ...montecarlo.kernels.rng import inlined, kernel, uncounted

_0, _1, _2, _3, _4, _6, _8, _63 = (np.uint64(k) for k in (0, 1, 2, 3, 4, 6, 8, 63))
# Tables of more words than this, 8 MB, are asked for ahead of use, by 4 kB: the hardware does not
# look beyond its page, and comes too late at each. _BLOCK words are asked for at a time.
_NEAR, _AHEAD, _BLOCK = (np.uint64(k) for k in (2**20, 512, 64))
# Words of a part of a table that stays in the nearest cache while many queries pass.
_TILE = 2048


@intrinsic
def ctpop(typingctx, word):
    """Number of bits that are set in a uint64, as uint64."""

    def code(context, builder, signature, args):
        return builder.ctpop(args[0])

    return types.uint64(types.uint64), code


@intrinsic
def trailing_zeros(typingctx, word):
    """Place of the lowest bit that is set in a uint64 other than 0, as uint64."""

    def code(context, builder, signature, args):
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), code


@intrinsic
def prefetch(typingctx, array, index):
    """Ask for the cache line of entry ``index`` of a flat array; one that is not there is none."""

    def code(context, builder, signature, args):
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        place = builder.bitcast(builder.gep(data, [args[1]]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        wanted = ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
        function = builder.module.declare_intrinsic("llvm.prefetch", [place.type], wanted)
        builder.call(function, [place, number(0), number(3), number(1)])  # read, keep, data
        return context.get_dummy_value()

    return types.void(array, types.uint64), code


@intrinsic
def wide_vectors(typingctx):
    """Let the function that calls this use 512-bit vectors where the processor has them.

    LLVM keeps to 256 bits by itself, for fear of lower clocks; these loops do nothing else. What
    is inlined needs a call of its own: its loops are made before.
    """

    def code(context, builder, signature, args):
        # By the set's own method: llvmlite knows no attributes with values.
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), code


@uncounted
def count_bits(words):
    """Number of cells in the set."""
    total = _0
    for j in range(words.shape[0]):
        total += ctpop(words[j])
    return np.int64(total)


@uncounted
def overlap(words, others):
    """Number of cells in both sets: one population count a word."""
    total = _0
    for j in range(words.shape[0]):
        total += ctpop(words[j] & others[j])
    return np.int64(total)


@inlined
def _overlap_two(flat, first, second, query, begin, end):
    """Common cells in words begin..end-1 of the rows at ``first`` and ``second`` and a query.

    Two at once share the loads of the query and keep two independent sums.
    """
    wide_vectors()
    a, b = _0, _0
    for j in range(begin, end):
        asked = query[j]
        a += ctpop(flat[first + j] & asked)
        b += ctpop(flat[second + j] & asked)
    return a, b


@inlined
def _overlap_far(flat, first, second, words, query):
    """Common cells of two whole rows and a query, asking ahead for what follows each."""
    a, b = _0, _0
    for begin in range(_0, words, _BLOCK):
        end = min(begin + _BLOCK, words)
        for j in range(begin, end, _8):
            prefetch(flat, first + j + _AHEAD)
            prefetch(flat, second + j + _AHEAD)
        more = _overlap_two(flat, first, second, query, begin, end)
        a, b = a + more[0], b + more[1]
    return a, b


@uncounted
def overlap_rows(table, query, out):
    """Overlap of each row of a table with a query: out[i] = |row i & query|, int32 (rows,).

    One population count for each word of the table (rows, words), which is read once: 8 bytes a
    word, in or out of cache at the speed of reading. Both halves of the table are read side by
    side, since the hardware fetches two streams faster than one.
    """
    wide_vectors()
    rows, words = np.uint64(table.shape[0]), np.uint64(table.shape[1])
    flat = table.reshape(table.size)
    half = rows >> _1
    shift = half * words
    if rows * words <= _NEAR:
        for i in range(half):
            first = i * words
            a, b = _overlap_two(flat, first, first + shift, query, _0, words)
            out[i], out[i + half] = np.int32(a), np.int32(b)
    else:
        for i in range(half):
            first = i * words
            a, b = _overlap_far(flat, first, first + shift, words, query)
            out[i], out[i + half] = np.int32(a), np.int32(b)
    if rows & _1:
        out[rows - _1] = np.int32(overlap(table[rows - _1], query))


@inlined
def _overlap_four(flat, first, words, query):
    """Common cells of four rows, the first at ``first``, and a query."""
    wide_vectors()
    second = first + words
    third = second + words
    fourth = third + words
    a, b, c, d = _0, _0, _0, _0
    for j in range(words):
        asked = query[j]
        a += ctpop(flat[first + j] & asked)
        b += ctpop(flat[second + j] & asked)
        c += ctpop(flat[third + j] & asked)
        d += ctpop(flat[fourth + j] & asked)
    return a, b, c, d


@uncounted
def overlap_tables(queries, table, out):
    """Overlaps of all rows of two tables: out[k, i] = |queries[k] & table[i]|, int32.

    One population count for each word of each pair; parts of ``table`` of 16 kB are met with all
    queries in turn, so that they stay in cache.
    """
    wide_vectors()
    rows, words = np.uint64(table.shape[0]), np.uint64(table.shape[1])
    flat = table.reshape(table.size)
    height = max(_4, np.uint64(_TILE) // max(words, _1))
    for begin in range(_0, rows, height):
        end = min(begin + height, rows)
        whole = end - ((end - begin) & _3)
        for k in range(np.uint64(queries.shape[0])):
            query = queries[k]
            for i in range(begin, whole, _4):
                a, b, c, d = _overlap_four(flat, i * words, words, query)
                out[k, i], out[k, i + _1] = np.int32(a), np.int32(b)
                out[k, i + _2], out[k, i + _3] = np.int32(c), np.int32(d)
            for i in range(whole, end):
                out[k, i] = np.int32(overlap(table[i], query))


@uncounted
def size_rows(table, out):
    """Number of cells of each row, int32 (rows,)."""
    for i in range(table.shape[0]):
        out[i] = np.int32(count_bits(table[i]))


@uncounted
def union_rows(table, out):
    """Unite the rows of a table into ``out`` (words,), which is 0 or holds a set to be added to."""
    for i in range(table.shape[0]):
        for j in range(table.shape[1]):
            out[j] |= table[i, j]


@uncounted
def rising(indices, n):
    """Whether cells are strictly rising and within 0..n-1."""
    previous = np.int64(-1)
    right = True
    for k in range(indices.shape[0]):
        right &= np.int64(indices[k]) > previous
        previous = np.int64(indices[k])
    return right and previous < n


@uncounted
def pack(indices, words):
    """Set the bits of cells; ``words`` are 0 or hold a set to be added to."""
    for k in range(indices.shape[0]):
        cell = np.uint64(indices[k])
        words[cell >> _6] |= _1 << (cell & _63)


@uncounted
def unpack(words, out):
    """Write the cells whose bits are set, rising, to ``out``; how many."""
    at = 0
    for j in range(np.uint64(words.shape[0])):
        bits = words[j]
        while bits:
            out[at] = np.int64((j << _6) + trailing_zeros(bits))
            bits &= bits - _1
            at += 1
    return at


@kernel
def pack_rows(indptr, indices, table):
    """Set the bits of CSR rows in ``table`` (rows, words) of zeros, in any order within a row.

    Returns -1, or the place in ``indices`` of the first entry that its row holds already.
    """
    for i in range(len(indptr) - 1):
        for k in range(indptr[i], indptr[i + 1]):
            cell = np.uint64(indices[k])
            bit = _1 << (cell & _63)
            if table[i, cell >> _6] & bit:
                return k
            table[i, cell >> _6] |= bit
    return -1


@kernel
def nearest_rows(overlaps, most, histogram, rows):
    """Rows of the ``most`` largest overlaps, largest first, equal ones in rising order.

    ``histogram`` of zeros has room for all values of the overlaps; ``rows`` for ``most`` <= their
    number. Two passes over the overlaps.
    """
    for value in overlaps:
        histogram[value] += 1
    place, value = 0, len(histogram) - 1
    while value >= 0:  # from counts to the place of the first of each value
        count = histogram[value]
        histogram[value] = place
        place += count
        if place >= most:
            break
        value -= 1
    for i in range(len(overlaps)):
        if overlaps[i] >= value:
            at = histogram[overlaps[i]]
            if at < most:
                rows[at] = i
                histogram[overlaps[i]] = at + 1
