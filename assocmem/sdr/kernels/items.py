"""Lists of codes: how many winners each shares with another, and which is nearest to one.

A code is a row of winners, one of each module. Items are found by *spans* of modules, (begin, end),
the first of which is the whole code: in a table with open addressing each item is entered once for
each span. Entries are numbers of items or -1; their number is a power of 2, and at least half of
them are -1.
"""

from __future__ import annotations

import numpy as np

from ...montecarlo.kernels.rng import uncounted
from .packed import wide_vectors

_1, _32 = np.uint64(1), np.uint64(32)
_START, _FACTOR = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)


@uncounted
def _shared(codes, i, code, begin, end):
    count = 0
    for j in range(np.uint64(begin), np.uint64(end)):
        count += codes[i, j] == code[j]
    return count


@uncounted
def count_shared(codes, code, out):
    """Winners that each code of a list shares with ``code``, int32 (items,).

    Q comparisons an item; the list is read once, side by side.
    """
    wide_vectors()
    for i in range(np.uint64(codes.shape[0])):
        out[i] = np.int32(_shared(codes, i, code, 0, code.shape[0]))


@uncounted
def place_of(code, begin, end, entries):
    """Where to begin to look for winners begin..end-1 in a table of so many entries.

    The span and each winner are mixed into 64 bits by a product and a shift.
    """
    state = _START ^ (np.uint64(begin) << _32) ^ np.uint64(end)
    for j in range(np.uint64(begin), np.uint64(end)):
        state = (state ^ np.uint64(code[j])) * _FACTOR
        state ^= state >> _32
    return state & np.uint64(entries - 1)


@uncounted
def entry_of(codes, spans, s, code, table):
    """The entry of span ``s`` of a code: that of an item that has the same winners there, or -1."""
    entries, begin, end = table.shape[0], spans[s, 0], spans[s, 1]
    at = place_of(code, begin, end, entries)
    while (
        table[at] >= 0
        and _shared(codes, np.uint64(table[at]), code, begin, end) < end - begin
    ):  # fmt: skip
        at = (at + _1) & np.uint64(entries - 1)
    return at


@uncounted
def enter(codes, first, last, spans, table):
    """Enter items first..last-1; of items with the same winners in a span the last is found.

    An expected number of two or so entries and codes looked at, for each item and span.
    """
    for i in range(first, last):
        for s in range(spans.shape[0]):
            table[entry_of(codes, spans, s, codes[i], table)] = i


@uncounted
def find(codes, spans, table, queries, items, shared):
    """For each code the item that shares most winners with it, of those found by its spans.

    Parameters
    ----------
    codes : int (items, Q)
    spans : int64 (spans, 2)
    table : int32 (entries,)
    queries : int (queries, Q)
        Of the type of ``codes``.
    items : int64 (queries,)
        Receives items, of several that tie the last; -1 where no span is that of an item.
    shared : int32 (queries,)
        Receives the winners they share.

    Notes
    -----
    Some two entries and codes are looked at for each span; the whole code comes first, and ends it.
    """
    q = queries.shape[1]
    for r in range(queries.shape[0]):
        items[r], shared[r] = -1, 0
        for s in range(spans.shape[0]):
            item = table[entry_of(codes, spans, s, queries[r], table)]
            if item < 0:
                continue
            count = _shared(codes, np.uint64(item), queries[r], 0, q)
            if count > shared[r] or (count == shared[r] and item > items[r]):
                items[r], shared[r] = item, count
            if count == q:
                break
