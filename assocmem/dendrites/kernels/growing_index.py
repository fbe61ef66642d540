"""Segments and synapses that come and go, indexed both ways: by segment and by presynaptic cell.

A segment holds its synapses in one block of an arena (presynaptic cell, permanence, place in that
cell's list); a cell holds those that lead away from it in one block of another (segment, bit of
connection, place in that segment). Each side knows only places relative to the other's block, so
that a block that outgrows its room is copied as it is. Rooms are powers of two; blocks given back
are kept for the next taker of their size. Removal puts the last of a block in the gap: no order
within blocks has a meaning.

Segments of a cell form a list from the least to the most recently used one.

Segments that grow in one step have their synapses on the same few winners. They form a *bundle*: in
lists of cells the bundle stands for them all, with one entry for each winner, as if it were a
segment with synapses on all of them. No member can have more active synapses than the bundle, so
that members are counted only where the bundle's count reaches the threshold; this is what keeps
sparse input without structure cheap (where activity is so dense that it often overlaps with winners
as much as that, looking at members costs more than lists would). A member that grows synapses
elsewhere leaves, and is listed itself.

Nothing here checks that arenas are large enough: callers make sure of it beforehand.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...montecarlo.kernels.rng import inlined, uncounted

# Columns of Memory.segments: its cell, block and number of synapses, neighbours in the cell's list;
# its bundle, or -1, and neighbours there. AFTER of a bundle is its first member.
CELL, START, ROOM, SIZE, NEXT, PREVIOUS, BUNDLE, AFTER, BEFORE = range(9)
# CELL of unused places, and of bundles.
UNUSED, IS_BUNDLE = -1, -2
# Columns of Memory.cells: START, ROOM and SIZE of the block of its list, and of its segments:
FIRST, LAST, SEGMENTS = 0, 4, 5
# Columns of Memory.ages.
USED, SERIAL = 0, 1
# Columns of Memory.marks: the moment when a cell was last active; a tag for sets made in passing.
ACTIVE, TAG = 0, 1
# Rows of Memory.heads, and so kinds of blocks.
OF_SEGMENTS, OF_CELLS = 0, 1
# Entries of Memory.state. Tops are first unused places of the arenas and of the segments.
# fmt: off
(STEP, CLOCK, LAST_TAG, BASE, SEGMENT_TOP, SYNAPSE_TOP, LIST_TOP, FREE_SEGMENT, N_SEGMENTS,
 N_SYNAPSES, N_CREATED, N_MATCHING, N_ACTIVE, N_WINNERS, WHICH, N_PREDICTIVE, N_DEAD, N_COLUMNS,
 N_CORRECT, N_PREDICTED, SEGMENT_NEED, SYNAPSE_NEED, LIST_NEED, OPEN_BUNDLE, N_STATE) = range(25)
# fmt: on

# Smallest rooms, as powers of two.
SEGMENT_ROOM = 3
LIST_ROOM = 2


class Memory(NamedTuple):
    """All arrays of a running memory of N cells in C columns, with room for S segments."""

    state: np.ndarray  # int64 (N_STATE,)
    parameters: np.ndarray  # int64, see kernels.temporal_memory
    segments: np.ndarray  # int32 (S, 9)
    ages: np.ndarray  # int64 (S, 2): step of last use, ordinal number of creation
    cells: np.ndarray  # int32 (N, 6)
    marks: np.ndarray  # int64 (N, 2)
    dead: np.ndarray  # uint8 (N,)
    columns: np.ndarray  # int64 (C, 3)
    sources: np.ndarray  # int32 (arena of segments): presynaptic cell
    places: np.ndarray  # int32, same: place in that cell's list
    strengths: np.ndarray  # uint16, same: permanence
    entries: np.ndarray  # int32 (arena of cells): twice the segment, plus 1 if connected
    returns: np.ndarray  # uint16, same: place in that segment
    heads: np.ndarray  # int64 (2, 32): blocks given back by kind and size, -1 for none
    counts: np.ndarray  # int32 (S,): see kernels.temporal_memory
    matching: np.ndarray  # int32 (S, 2): segments, and links of lists of those of one column
    active: np.ndarray  # int32 (N,)
    winners: np.ndarray  # int32 (2, N): before and now, in turns
    predictive: np.ndarray  # int32 (N,)
    bursting: np.ndarray  # int32 (C,)
    scratch: np.ndarray  # int32 (N,)


@inlined
def room_for(number):
    """Smallest r with 2^r >= number >= 1."""
    room = 0
    while (1 << room) < number:
        room += 1
    return room


@inlined
def take_block(m, kind, room, arena, top):
    """A block of 2^room places of the arena, one given back or a new one; ``top`` in m.state."""
    start = m.heads[kind, room]
    if start >= 0:
        m.heads[kind, room] = arena[start]
    else:
        start = m.state[top]
        m.state[top] = start + (1 << room)
    return start


@inlined
def give_block(m, kind, room, arena, start):
    """Give a block back."""
    arena[start] = m.heads[kind, room]
    m.heads[kind, room] = start


@uncounted
def widen_segment(m, segment):
    """Move a segment's synapses to a block of twice the room."""
    old, room, size = (
        m.segments[segment, START],
        m.segments[segment, ROOM],
        m.segments[segment, SIZE],
    )
    new = take_block(m, OF_SEGMENTS, room + 1, m.sources, SYNAPSE_TOP)
    for i in range(size):
        m.sources[new + i] = m.sources[old + i]
        m.places[new + i] = m.places[old + i]
        m.strengths[new + i] = m.strengths[old + i]
    give_block(m, OF_SEGMENTS, room, m.sources, old)
    m.segments[segment, START] = new
    m.segments[segment, ROOM] = room + 1


@uncounted
def widen_list(m, cell):
    """Move a cell's list to a block of twice the room, or to its first one."""
    old, room, size = m.cells[cell, START], m.cells[cell, ROOM], m.cells[cell, SIZE]
    larger = LIST_ROOM if room < 0 else room + 1
    new = take_block(m, OF_CELLS, larger, m.entries, LIST_TOP)
    for i in range(size):
        m.entries[new + i] = m.entries[old + i]
        m.returns[new + i] = m.returns[old + i]
    if room >= 0:
        give_block(m, OF_CELLS, room, m.entries, old)
    m.cells[cell, START] = new
    m.cells[cell, ROOM] = larger


@inlined
def put_synapse(m, segment, cell, strength):
    """Add a synapse from ``cell`` on the side of the segment; its place there."""
    i = m.segments[segment, SIZE]
    if i == 1 << m.segments[segment, ROOM]:
        widen_segment(m, segment)
    at = m.segments[segment, START] + i
    m.sources[at] = cell
    m.strengths[at] = strength
    m.segments[segment, SIZE] = i + 1
    return i


@inlined
def list_synapse(m, segment, i, connected):
    """Enter the i-th synapse of a segment in the list of its cell."""
    at = m.segments[segment, START] + i
    cell, strength = m.sources[at], m.strengths[at]
    j = m.cells[cell, SIZE]
    if m.cells[cell, ROOM] < 0 or j == 1 << m.cells[cell, ROOM]:
        widen_list(m, cell)
    m.places[at] = j
    at = m.cells[cell, START] + j
    m.entries[at] = 2 * segment + (1 if strength >= connected else 0)
    m.returns[at] = i
    m.cells[cell, SIZE] = j + 1


@inlined
def unlist_synapse(m, segment, i):
    """Take the i-th synapse of a segment out of its cell's list, whose last one fills the gap."""
    start = m.segments[segment, START]
    cell, j = m.sources[start + i], m.places[start + i]
    base = m.cells[cell, START]
    last = m.cells[cell, SIZE] - 1
    if j != last:
        entry, back = m.entries[base + last], m.returns[base + last]
        m.entries[base + j] = entry
        m.returns[base + j] = back
        m.places[m.segments[entry >> 1, START] + back] = j
    m.cells[cell, SIZE] = last


@inlined
def remove_synapse(m, segment, i):
    """Remove the i-th synapse of a segment; the last one takes its place, on both sides. O(1)."""
    listed = m.segments[segment, BUNDLE] < 0
    if listed:
        unlist_synapse(m, segment, i)
    start, last = m.segments[segment, START], m.segments[segment, SIZE] - 1
    if i != last:
        m.sources[start + i] = m.sources[start + last]
        m.strengths[start + i] = m.strengths[start + last]
        if listed:
            place = m.places[start + last]
            m.places[start + i] = place
            m.returns[m.cells[m.sources[start + last], START] + place] = i
    m.segments[segment, SIZE] = last
    m.state[N_SYNAPSES] -= 1


@inlined
def append_segment(m, segment, cell):
    """Put a segment at the end of its cell's list: used most recently."""
    last = m.cells[cell, LAST]
    m.segments[segment, PREVIOUS] = last
    m.segments[segment, NEXT] = -1
    if last >= 0:
        m.segments[last, NEXT] = segment
    else:
        m.cells[cell, FIRST] = segment
    m.cells[cell, LAST] = segment


@inlined
def unlink_segment(m, segment, cell):
    """Take a segment out of its cell's list."""
    before, after = m.segments[segment, PREVIOUS], m.segments[segment, NEXT]
    if before >= 0:
        m.segments[before, NEXT] = after
    else:
        m.cells[cell, FIRST] = after
    if after >= 0:
        m.segments[after, PREVIOUS] = before
    else:
        m.cells[cell, LAST] = before


@inlined
def use_segment(m, segment):
    """Note that a segment is used now. O(1)."""
    cell = m.segments[segment, CELL]
    m.ages[segment, USED] = m.state[STEP]
    if m.segments[segment, NEXT] >= 0:
        unlink_segment(m, segment, cell)
        append_segment(m, segment, cell)


@inlined
def take_place(m, cell, number):
    """A place for a segment, or a bundle, of ``number`` synapses."""
    segment = m.state[FREE_SEGMENT]
    if segment >= 0:
        m.state[FREE_SEGMENT] = np.int64(m.segments[segment, NEXT])
    else:
        segment = m.state[SEGMENT_TOP]
        m.state[SEGMENT_TOP] = segment + 1
    room = max(room_for(number), SEGMENT_ROOM)
    m.segments[segment, CELL] = cell
    m.segments[segment, START] = take_block(m, OF_SEGMENTS, room, m.sources, SYNAPSE_TOP)
    m.segments[segment, ROOM] = room
    m.segments[segment, SIZE] = 0
    m.segments[segment, BUNDLE] = -1
    m.segments[segment, AFTER] = -1
    m.counts[segment] = 0
    return segment


@inlined
def give_place(m, segment):
    """Give it back, when its synapses are listed nowhere."""
    give_block(m, OF_SEGMENTS, m.segments[segment, ROOM], m.sources, m.segments[segment, START])
    m.counts[segment] = 0
    m.segments[segment, CELL] = UNUSED
    m.segments[segment, NEXT] = m.state[FREE_SEGMENT]
    m.state[FREE_SEGMENT] = segment


@uncounted
def create_segment(m, cell, number):
    """A new segment without synapses, with room for ``number`` of them."""
    segment = take_place(m, cell, number)
    append_segment(m, segment, cell)
    m.cells[cell, SEGMENTS] += 1
    m.ages[segment, USED] = m.state[STEP]
    m.ages[segment, SERIAL] = m.state[N_CREATED]
    m.state[N_CREATED] += 1
    m.state[N_SEGMENTS] += 1
    return segment


@uncounted
def open_bundle(m, cells, number):
    """A bundle without members whose synapses will lie on the first ``number`` of ``cells``."""
    bundle = take_place(m, IS_BUNDLE, number)
    for k in range(number):
        list_synapse(m, bundle, put_synapse(m, bundle, cells[k], 0), 1)
    return bundle


@inlined
def join_bundle(m, segment, bundle):
    """Make a segment without synapses a member."""
    first = m.segments[bundle, AFTER]
    m.segments[segment, BUNDLE] = bundle
    m.segments[segment, AFTER] = first
    m.segments[segment, BEFORE] = -1
    if first >= 0:
        m.segments[first, BEFORE] = segment
    m.segments[bundle, AFTER] = segment


@uncounted
def leave_bundle(m, segment):
    """End a membership; the bundle ends with the last one. Synapses are listed nowhere then."""
    bundle = np.int64(m.segments[segment, BUNDLE])
    before, after = m.segments[segment, BEFORE], m.segments[segment, AFTER]
    if before >= 0:
        m.segments[before, AFTER] = after
    else:
        m.segments[bundle, AFTER] = after
    if after >= 0:
        m.segments[after, BEFORE] = before
    m.segments[segment, BUNDLE] = -1
    if m.segments[bundle, AFTER] < 0:
        for i in range(m.segments[bundle, SIZE]):
            unlist_synapse(m, bundle, i)
        give_place(m, bundle)


@uncounted
def list_alone(m, segment, connected):
    """Make a member of a bundle a segment that is listed itself. O(synapses)."""
    leave_bundle(m, segment)
    for i in range(m.segments[segment, SIZE]):
        list_synapse(m, segment, i, connected)


@uncounted
def destroy_segment(m, segment):
    """Remove a segment with its synapses. O(synapses), and of a last member those of its bundle."""
    if m.segments[segment, BUNDLE] >= 0:
        leave_bundle(m, segment)
    else:
        for i in range(m.segments[segment, SIZE]):
            unlist_synapse(m, segment, i)
    m.state[N_SYNAPSES] -= m.segments[segment, SIZE]
    cell = m.segments[segment, CELL]
    unlink_segment(m, segment, cell)
    m.cells[cell, SEGMENTS] -= 1
    m.state[N_SEGMENTS] -= 1
    give_place(m, segment)


@uncounted
def least_used(m, cell):
    """The segment of a cell that was used least recently, of several the oldest."""
    best = np.int64(m.cells[cell, FIRST])
    used, other = m.ages[best, USED], np.int64(m.segments[best, NEXT])
    while other >= 0 and m.ages[other, USED] == used:
        if m.ages[other, SERIAL] < m.ages[best, SERIAL]:
            best = other
        other = np.int64(m.segments[other, NEXT])
    return best
