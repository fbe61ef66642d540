"""Markov moves of detectors and of what is presented to them, tilted towards a rare event.

A particle is one draw of everything that matters: synapses, which of them transmit, the pattern
that is shared by the first segments, and the activity. Moves leave their law times
exp(tilt score) invariant, where the score is largest if the event happens.

Synapse i belongs to pattern slot i // s, and that to segment i // (M s). Where a cell has several
synapses on one segment, the one of lowest number counts. A particle's arrays (``row``) are

- cells (T,) int32, sends (T,) uint8: presynaptic cell, and whether the synapse transmits;
- on (T,) uint8: whether that cell is active, where cells are independent;
- pattern (most,) int32 and numbers (2,): the shared pattern, how many cells it has and how many of
  them are lost, which come first;
- loose, wholes (k,) int32: active cells outside whole clusters, and these clusters; for false
  negatives the cells that noise adds, and none.

``desk`` holds what is built for a particle on a visit and cleared after it: lists of the synapses
of each cell (head, following), what cells do (state), place of a cell in ``pattern`` (place) and in
``loose`` (at) plus 1, 0 elsewhere, place of a cluster in ``wholes`` likewise (whole_at), counts of
segments, room to tally those of neurons.
"""

from __future__ import annotations

import numpy as np

from ...montecarlo.kernels.rng import inlined, uncounted
from ...sdr.kernels.draws import draw_below
from .cells import (
    BITS,
    CELLS,
    FIXED,
    KILL,
    LAW,
    NEURONS,
    NOISE,
    PATTERNS,
    QUORUM,
    SEGMENTS,
    SIZE,
    SWAP,
    SYNAPSES,
    THRESHOLD,
    WHOLE,
    coin,
    draw_fixed,
    draw_pattern,
    draw_synapses,
    take,
)


@uncounted
def begin(
    single, r, lost, shared, form, rates, transmission, row, perm, clusters, whole, out,
):  # fmt: skip
    """Draw a particle from the law of the model. Cost as that of a trial."""
    cells, sends, _, pattern, numbers, loose, wholes = row
    s, bits, noise = form[SYNAPSES], form[BITS], form[NOISE]
    per_neuron = form[SEGMENTS] * form[PATTERNS]
    numbers[0], numbers[1] = 0, 0
    if shared:
        numbers[0] = draw_pattern(single, r, form, rates, perm, clusters, whole, pattern)
    for slot in range(len(cells) // s):
        drawn = out
        if shared and slot % per_neuron == 0:
            take(single, r, pattern, s, numbers[0])
            drawn = pattern
        else:
            draw_synapses(single, r, form, rates, perm, clusters, whole, out)
        for i in range(s):
            cells[slot * s + i] = drawn[i]
    for i in range(len(cells)):
        sends[i] = coin(single, r, transmission)
    n, number = form[CELLS], numbers[0]
    if not lost:
        if form[LAW] == FIXED:
            draw_fixed(single, r, form, perm, clusters, whole, out)
            k = form[WHOLE]
            for i in range(k):
                wholes[i] = clusters[i]
            for i in range(len(loose)):
                loose[i] = out[k * form[SIZE] + i]
    elif noise == KILL:
        for i in range(number):
            h = numbers[1]
            if draw_below(single, r, n - i) < bits - h:
                pattern[h], pattern[i] = pattern[i], pattern[h]
                numbers[1] += 1
    else:
        numbers[1] = bits
        take(single, r, pattern, bits, number)


@uncounted
def begin_on(single, r, rates, row, head):
    """Decide for each cell with a synapse whether it is on; ``head`` is -1 before and after."""
    cells, on = row[0], row[2]
    for i in range(len(cells)):
        if head[cells[i]] < 0:
            head[cells[i]] = i
            on[i] = coin(single, r, rates[cells[i]])
        else:
            on[i] = on[head[cells[i]]]
    for i in range(len(cells)):
        head[cells[i]] = -1


@uncounted
def begin_added(single, r, form, row, state):
    """Draw the cells that noise adds to the pattern; ``state`` is 0 before and after."""
    pattern, numbers, loose = row[3], row[4], row[5]
    first = form[BITS] if form[NOISE] == SWAP else 0
    for i in range(first, numbers[0]):
        state[pattern[i]] = 1
    for i in range(len(loose)):
        cell = draw_below(single, r, form[CELLS])
        while state[cell]:
            cell = draw_below(single, r, form[CELLS])
        state[cell] = 1
        loose[i] = cell
    for i in range(first, numbers[0]):
        state[pattern[i]] = 0
    for i in range(len(loose)):
        state[loose[i]] = 0


@uncounted
def contribute(cell, sign, form, sends, desk):
    """Add ``sign`` to the count of every segment that has a transmitting synapse from the cell."""
    head, following, counts = desk[0], desk[1], desk[6]
    length = form[PATTERNS] * form[SYNAPSES]
    i = head[cell]
    while i >= 0:
        segment = i // length
        lowest = sends[i] != 0
        j = head[cell]
        while lowest and j >= 0:
            lowest = j >= i or j // length != segment
            j = following[j]
        if lowest:
            counts[segment] += sign
        i = following[i]


@inlined
def put(cell, value, form, sends, desk):
    """Make a cell active or silent."""
    state = desk[2]
    if state[cell] != value:
        state[cell] = value
        contribute(cell, 1 if value else -1, form, sends, desk)


@uncounted
def link(i, cell, form, cells, sends, desk):
    """Give synapse i, which is nowhere, to a cell."""
    head, following, state = desk[0], desk[1], desk[2]
    if state[cell]:
        contribute(cell, -1, form, sends, desk)
    cells[i] = cell
    following[i] = head[cell]
    head[cell] = i
    if state[cell]:
        contribute(cell, 1, form, sends, desk)


@uncounted
def unlink(i, form, cells, sends, desk):
    """Take synapse i from its cell."""
    head, following, state = desk[0], desk[1], desk[2]
    cell = cells[i]
    if state[cell]:
        contribute(cell, -1, form, sends, desk)
    if head[cell] == i:
        head[cell] = following[i]
    else:
        j = head[cell]
        while following[j] != i:
            j = following[j]
        following[j] = following[i]
    if state[cell]:
        contribute(cell, 1, form, sends, desk)


@uncounted
def score_many(lost, form, desk):
    """`score` of several neurons: O(N K + largest count)."""
    counts, tally = desk[6], desk[7]
    threshold, neurons, segments = form[THRESHOLD], form[NEURONS], form[SEGMENTS]
    for i in range(len(tally)):
        tally[i] = 0
    for neuron in range(neurons):
        best = 0
        for segment in range(neuron * segments, neuron * segments + segments):
            best = max(best, counts[segment])
        tally[max(best - threshold + 1, 0) if lost else min(best, threshold)] += 1
    total = 0
    if lost:
        left = neurons - form[QUORUM] + 1
        for value in range(len(tally)):
            number = min(left, tally[value])
            total -= number * value
            left -= number
        return total
    left = form[QUORUM]
    for value in range(len(tally) - 1, -1, -1):
        number = min(left, tally[value])
        total += number * value
        left -= number
    return total


@inlined
def score(lost, form, desk):
    """How near the event is; largest where it happens.

    For false positives the sum of the ``quorum`` largest counts of neurons, cut at the threshold;
    for false negatives minus the sum of what the N - quorum + 1 smallest have too many. A neuron's
    count is the largest of its segments.
    """
    if form[NEURONS] > 1:
        return score_many(lost, form, desk)
    if lost:
        return -max(desk[6][0] - form[THRESHOLD] + 1, 0)
    return min(desk[6][0], form[THRESHOLD])


@inlined
def synapses_of(cell, desk):
    """Number of synapses of a cell."""
    head, following = desk[0], desk[1]
    number, i = 0, head[cell]
    while i >= 0:
        number += 1
        i = following[i]
    return number


@inlined
def accepted(single, r, ratio, change, tilt):
    """Decide by the Metropolis rule: ratio of proposals and prior, change of the score."""
    if change < 0 or ratio < 1.0:
        return coin(single, r, ratio * np.exp(tilt * change))
    return True


@inlined
def picked(x_number, y_number, inside, outside):
    """Chance of the way back over that of the exchange of x, inside a set, with y outside it.

    A synapse is picked at random, and its cell exchanged with a random one of the other side.
    """
    back = y_number / outside + x_number / inside
    return back / (x_number / outside + y_number / inside)
