"""Lists of codes: how many winners each shares with another, and which of them one is.

A code is a row of winners, one of each module. The table by which codes are found has open
addressing: each entry is the number of an item or -1, their number is a power of 2, and at least
half of them are -1.
"""

from __future__ import annotations

import numpy as np

from ...montecarlo.kernels.rng import uncounted
from .packed import wide_vectors

_1, _32 = np.uint64(1), np.uint64(32)
_START, _FACTOR = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)


@uncounted
def _shared(codes, i, code):
    count = 0
    for j in range(np.uint64(code.shape[0])):
        count += codes[i, j] == code[j]
    return count


@uncounted
def count_shared(codes, code, out):
    """Winners that each code of a list shares with ``code``, int32 (items,).

    Q comparisons an item; the list is read once, side by side. A winner -1 is none, and not shared
    where ``code`` has it: write -2 there.
    """
    wide_vectors()
    for i in range(np.uint64(codes.shape[0])):
        out[i] = np.int32(_shared(codes, i, code))


@uncounted
def place_of(code, entries):
    """Where to begin to look for a code in a table of so many entries, a power of 2.

    Each winner is mixed into 64 bits by a product and a shift; the highest ones count.
    """
    state = _START
    for j in range(np.uint64(code.shape[0])):
        state = (state ^ np.uint64(code[j])) * _FACTOR
        state ^= state >> _32
    return state & np.uint64(entries - 1)


@uncounted
def enter(codes, first, last, table):
    """Enter items first..last-1; of items of one code the last is found.

    An expected number of two or so entries looked at, and one comparison of codes, an item.
    """
    entries = table.shape[0]
    for i in range(first, last):
        at = place_of(codes[i], entries)
        while table[at] >= 0 and _shared(codes, np.uint64(table[at]), codes[i]) < codes.shape[1]:
            at = (at + _1) & np.uint64(entries - 1)
        table[at] = i


@uncounted
def find(codes, table, queries, out):
    """The item of each code that is asked for, -1 where it is none's; cost as of `enter`."""
    entries = table.shape[0]
    for r in range(queries.shape[0]):
        at = place_of(queries[r], entries)
        while table[at] >= 0 and _shared(codes, np.uint64(table[at]), queries[r]) < codes.shape[1]:
            at = (at + _1) & np.uint64(entries - 1)
        out[r] = table[at]
