"""How a segment learns: permanences, growth, and the random choices that go with it.

Random choices are functions of the memory's key, the step and what they are made for (segment or
column): they do not depend on the order in which segments lie or are visited.
"""

from __future__ import annotations

import numpy as np

from ...montecarlo.kernels.rng import inlined, uncounted
from .growing_index import (
    ACTIVE,
    BUNDLE,
    CLOCK,
    LAST_TAG,
    N_SYNAPSES,
    N_WINNERS,
    OPEN_BUNDLE,
    SERIAL,
    SIZE,
    START,
    STEP,
    TAG,
    WHICH,
    create_segment,
    join_bundle,
    list_alone,
    list_synapse,
    open_bundle,
    put_synapse,
    remove_synapse,
)

# Entries of Memory.parameters; permanences in units of 1/ONE.
(CELLS_PER_COLUMN, ACTIVATION, MATCH, INITIAL, CONNECTED, MAX_NEW, INCREMENT, DECREMENT, PUNISHMENT,
 MAX_SEGMENTS, MAX_SYNAPSES, BITS, KEY, N_PARAMETERS) = range(14)  # fmt: skip
ONE = 60000
# What random choices are made for.
GROWTH, WEAKEST, WINNER, BEST = range(4)

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_OTHER = np.uint64(0xD1342543DE82EF95)
_A, _B = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_27, _30, _31, _32 = (np.uint64(k) for k in (27, 30, 31, 32))


@inlined
def mix(x):
    """A bijection of 64-bit words that looks random (splitmix64's)."""
    x = (x ^ (x >> _30)) * _A
    x = (x ^ (x >> _27)) * _B
    return x ^ (x >> _31)


@inlined
def choice(key, step, purpose, item):
    """Random word for ``item`` at this step: the state of a generator that adds _GOLDEN."""
    word = mix(np.uint64(key) + _GOLDEN * np.uint64(step))
    return mix(word + _OTHER * np.uint64(4 * item + purpose))


@inlined
def below(bits, number):
    """An integer uniform on [0, number), uneven by less than number / 2^32."""
    return np.int64(((bits >> _32) * np.uint64(number)) >> _32)


@inlined
def new_tag(m):
    """A tag that no cell or column carries."""
    m.state[LAST_TAG] += 1
    return m.state[LAST_TAG]


@uncounted
def adapt(m, segment, increment, decrement):
    """Change permanences by what was active before; remove synapses that reach 0. O(synapses)."""
    connected, clock = m.parameters[CONNECTED], m.state[CLOCK]
    start, listed = m.segments[segment, START], m.segments[segment, BUNDLE] < 0
    for i in range(m.segments[segment, SIZE] - 1, -1, -1):
        at = start + i
        cell = m.sources[at]
        old = np.int64(m.strengths[at])
        new = old + increment if m.marks[cell, ACTIVE] == clock else old - decrement
        new = min(new, ONE)
        if new <= 0:
            remove_synapse(m, segment, i)
        elif new != old:
            m.strengths[at] = new
            if listed and (old >= connected) != (new >= connected):
                m.entries[m.cells[cell, START] + m.places[at]] ^= 1


@uncounted
def remove_weakest(m, segment, number, tag):
    """Remove the weakest synapses whose cells do not carry ``tag``, at random among equals."""
    serial = m.ages[segment, SERIAL]
    word = choice(m.parameters[KEY], m.state[STEP], WEAKEST, serial)
    start = m.segments[segment, START]
    for _ in range(number):
        weakest, least, lot = -1, ONE + 1, np.uint64(0)
        for i in range(m.segments[segment, SIZE]):
            cell, strength = m.sources[start + i], np.int64(m.strengths[start + i])
            if m.marks[cell, TAG] != tag and strength <= least:
                drawn = mix(word + _GOLDEN * np.uint64(cell))
                if strength < least or drawn < lot:
                    weakest, least, lot = i, strength, drawn
        if weakest < 0:
            return
        remove_synapse(m, segment, weakest)


@uncounted
def grow(m, segment, wanted):
    """Grow up to ``wanted`` synapses to winners of the step before that the segment lacks.

    Cost O(synapses of the segment + winners), and per new synapse O(1).
    """
    winners, n = m.winners[m.state[WHICH]], m.state[N_WINNERS]
    free = n
    if m.segments[segment, SIZE] == 0:
        for i in range(n):
            m.scratch[i] = winners[i]
    else:
        tag, start = new_tag(m), m.segments[segment, START]
        for i in range(m.segments[segment, SIZE]):
            m.marks[m.sources[start + i], TAG] = tag
        free = 0
        for i in range(n):
            if m.marks[winners[i], TAG] != tag:
                m.scratch[free] = winners[i]
                free += 1
    number, most = min(wanted, free), m.parameters[MAX_SYNAPSES]
    if m.segments[segment, SIZE] + number > most:
        tag = new_tag(m)
        for i in range(n):
            m.marks[winners[i], TAG] = tag
        remove_weakest(m, segment, m.segments[segment, SIZE] + number - most, tag)
        number = min(number, most - m.segments[segment, SIZE])
    word = choice(m.parameters[KEY], m.state[STEP], GROWTH, m.ages[segment, SERIAL])
    strength, connected = m.parameters[INITIAL], m.parameters[CONNECTED]
    member = m.segments[segment, BUNDLE] >= 0
    if member and number > 0 and m.segments[segment, BUNDLE] != m.state[OPEN_BUNDLE]:
        list_alone(m, segment, connected)
        member = False
    for i in range(number):
        word += _GOLDEN
        j = i + below(mix(word), free - i)
        cell = m.scratch[j]
        m.scratch[j] = m.scratch[i]
        place = put_synapse(m, segment, cell, strength)
        if not member:
            list_synapse(m, segment, place, connected)
    m.state[N_SYNAPSES] += number


@uncounted
def sprout(m, cell):
    """Grow a new segment on a cell, in the bundle of this step's."""
    n, most = m.state[N_WINNERS], m.parameters[MAX_SYNAPSES]
    segment = create_segment(m, cell, min(n, min(m.parameters[MAX_NEW], most)))
    if n < 1 << m.parameters[BITS]:  # else counts of the bundle would not fit
        if m.state[OPEN_BUNDLE] < 0:
            m.state[OPEN_BUNDLE] = open_bundle(m, m.winners[m.state[WHICH]], n)
        join_bundle(m, segment, m.state[OPEN_BUNDLE])
    grow(m, segment, m.parameters[MAX_NEW])


@uncounted
def reinforce(m, segment, potential):
    """Learn on a segment that had ``potential`` active potential synapses."""
    adapt(m, segment, m.parameters[INCREMENT], m.parameters[DECREMENT])
    wanted = m.parameters[MAX_NEW] - potential
    if wanted > 0:
        grow(m, segment, wanted)
