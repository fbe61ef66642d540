"""One step of temporal memory, and many."""

from __future__ import annotations

import numpy as np

from ...montecarlo.kernels.rng import inlined, uncounted
from .excitation import excite
from .growing_index import (
    ACTIVE,
    BUNDLE,
    CELL,
    CLOCK,
    FIRST,
    LAST_TAG,
    LIST_NEED,
    LIST_TOP,
    N_ACTIVE,
    N_COLUMNS,
    N_CORRECT,
    N_DEAD,
    N_MATCHING,
    N_PREDICTED,
    N_PREDICTIVE,
    N_SEGMENTS,
    N_SYNAPSES,
    N_WINNERS,
    OPEN_BUNDLE,
    ROOM,
    SEGMENT_NEED,
    SEGMENT_TOP,
    SEGMENTS,
    SERIAL,
    SIZE,
    START,
    STEP,
    SYNAPSE_NEED,
    SYNAPSE_TOP,
    TAG,
    WHICH,
    create_segment,
    destroy_segment,
    join_bundle,
    least_used,
    list_synapse,
    open_bundle,
    put_synapse,
)
from .segment_learning import (
    ACTIVATION,
    BEST,
    BITS,
    CELLS_PER_COLUMN,
    CONNECTED,
    KEY,
    MAX_NEW,
    MAX_SEGMENTS,
    MAX_SYNAPSES,
    PUNISHMENT,
    WINNER,
    adapt,
    below,
    choice,
    new_tag,
    reinforce,
    sprout,
)

# Columns of Memory.columns: tag where active, tag where predicted, first matching segment plus 1.
ON, PREDICTED, MATCHES = range(3)
# What `step` returns.
DONE, GROW, RANGE, TWICE = range(4)
# Columns of the record of `run`.
RECORD = ("n_columns", "n_correct", "n_predicted", "n_segments", "n_synapses")


@inlined
def check_columns(m, indices, low, high):
    """Tag the columns indices[low:high]; DONE, RANGE or TWICE."""
    tag = new_tag(m)
    for k in range(low, high):
        column = indices[k]
        if column < 0 or column >= len(m.columns):
            return RANGE
        if m.columns[column, ON] == tag:
            return TWICE
        m.columns[column, ON] = tag
    return DONE


@inlined
def list_room(m, cell, number):
    """Places that the list of a cell may take from the arena if it gets ``number`` entries more."""
    size, room = m.cells[cell, SIZE] + number, m.cells[cell, ROOM]
    return 0 if room >= 0 and size <= 1 << room else max(8, 4 * size)


@uncounted
def check_room(m, number, on):
    """DONE, or GROW with what arenas need at the very most for a step of ``number`` columns.

    ``on`` is the tag of active columns. A block that doubles time and again takes less than four
    times what it holds in the end.
    """
    state, per = m.state, m.parameters[CELLS_PER_COLUMN]
    new, most = m.parameters[MAX_NEW], m.parameters[MAX_SYNAPSES]
    mask, grown = (1 << m.parameters[BITS]) - 1, number + state[N_MATCHING]
    winners, n = m.winners[state[WHICH]], state[N_WINNERS]
    synapses = state[SYNAPSE_TOP] + number * max(8, 2 * min(new, most)) + max(8, 2 * n)
    lists = state[LIST_TOP]
    for i in range(state[N_MATCHING]):
        segment = np.int64(m.matching[i, 0])
        on_active = m.columns[m.segments[segment, CELL] // per, ON] == on
        if on_active and (m.counts[segment] & mask) < new:
            start, size = m.segments[segment, START], m.segments[segment, SIZE]
            synapses += 4 * min(size + new, most)
            if m.segments[segment, BUNDLE] >= 0:  # which it will leave
                for at in range(start, start + size):
                    lists += list_room(m, m.sources[at], grown)
    for i in range(n):
        lists += list_room(m, winners[i], grown)
    segments = state[SEGMENT_TOP] + number + 1
    state[SEGMENT_NEED], state[SYNAPSE_NEED], state[LIST_NEED] = segments, synapses, lists
    fits = segments <= len(m.segments) and synapses <= len(m.sources) and lists <= len(m.entries)
    return DONE if fits else GROW


@uncounted
def group_matching(m, tag):
    """List matching segments by column; count predicted columns."""
    bits, threshold = m.parameters[BITS], m.parameters[ACTIVATION]
    mask, per = (1 << bits) - 1, m.parameters[CELLS_PER_COLUMN]
    predicted = 0
    for i in range(m.state[N_MATCHING]):
        segment = np.int64(m.matching[i, 0])
        column = m.segments[segment, CELL] // per
        m.matching[i, 1] = m.columns[column, MATCHES]
        m.columns[column, MATCHES] = i + 1
        active = ((m.counts[segment] >> bits) & mask) >= threshold
        if active and m.columns[column, PREDICTED] != tag:
            m.columns[column, PREDICTED] = tag
            predicted += 1
    m.state[N_PREDICTED] = predicted


@uncounted
def activate_predicted(m, column, learn, n_active, n_winners):
    """Activate the cells with active segments, in rising order, and learn; the new numbers."""
    bits, threshold = m.parameters[BITS], m.parameters[ACTIVATION]
    mask, tag = (1 << bits) - 1, new_tag(m)
    winners, first = m.winners[1 - m.state[WHICH]], n_winners
    i = m.columns[column, MATCHES]
    while i > 0:
        segment = np.int64(m.matching[i - 1, 0])
        count = m.counts[segment]
        if ((count >> bits) & mask) >= threshold:
            cell = m.segments[segment, CELL]
            if m.marks[cell, TAG] != tag:
                m.marks[cell, TAG] = tag
                j = n_winners
                while j > first and winners[j - 1] > cell:
                    winners[j] = winners[j - 1]
                    j -= 1
                winners[j] = cell
                n_winners += 1
        i = m.matching[i - 1, 1]
    for k in range(first, n_winners):
        m.active[n_active] = winners[k]
        n_active += 1
    if learn:  # apart, as growth makes tags of its own
        i = m.columns[column, MATCHES]
        while i > 0:
            segment = np.int64(m.matching[i - 1, 0])
            count = m.counts[segment]
            i = m.matching[i - 1, 1]
            if ((count >> bits) & mask) >= threshold:
                reinforce(m, segment, count & mask)
    return n_active, n_winners


@uncounted
def best_matching(m, column):
    """The matching segment of a column with most active potential synapses, or -1."""
    mask = (1 << m.parameters[BITS]) - 1
    best, most, lot = np.int64(-1), -1, np.uint64(0)
    i = m.columns[column, MATCHES]
    while i > 0:
        segment = np.int64(m.matching[i - 1, 0])
        potential = m.counts[segment] & mask
        if potential >= most:
            drawn = choice(m.parameters[KEY], m.state[STEP], BEST, m.ages[segment, SERIAL])
            if potential > most or drawn < lot:
                best, most, lot = segment, potential, drawn
        i = m.matching[i - 1, 1]
    return best


@uncounted
def emptiest_cell(m, column):
    """A living cell of a column with fewest segments, at random among them, or -1. O(cells)."""
    per = m.parameters[CELLS_PER_COLUMN]
    fewest, number = m.parameters[MAX_SEGMENTS] + 1, 0
    for cell in range(column * per, (column + 1) * per):
        if not m.dead[cell]:
            held = m.cells[cell, SEGMENTS]
            if held < fewest:
                fewest, number = np.int64(held), 0
            number += held == fewest
    if number == 0:
        return np.int64(-1)
    word = choice(m.parameters[KEY], m.state[STEP], WINNER, column)
    left = below(word, number)
    for cell in range(column * per, (column + 1) * per):
        if not m.dead[cell] and m.cells[cell, SEGMENTS] == fewest:
            if left == 0:
                return np.int64(cell)
            left -= 1
    return np.int64(-1)


@uncounted
def burst(m, column, learn, n_active, n_winners):
    """Activate all living cells, choose a winner and learn; the new numbers."""
    per = m.parameters[CELLS_PER_COLUMN]
    for cell in range(column * per, (column + 1) * per):
        if not m.dead[cell]:
            m.active[n_active] = cell
            n_active += 1
    segment = best_matching(m, column)
    winner = np.int64(m.segments[segment, CELL]) if segment >= 0 else emptiest_cell(m, column)
    if winner < 0:
        return n_active, n_winners
    m.winners[1 - m.state[WHICH], n_winners] = winner
    if learn and segment >= 0:
        reinforce(m, segment, m.counts[segment] & ((1 << m.parameters[BITS]) - 1))
    elif learn and m.state[N_WINNERS] > 0 and m.parameters[MAX_NEW] > 0:
        if m.cells[winner, SEGMENTS] >= m.parameters[MAX_SEGMENTS]:
            destroy_segment(m, least_used(m, winner))
        sprout(m, winner)
    return n_active, n_winners + 1


@uncounted
def step(m, indices, low, high, learn):
    """One step with the active columns indices[low:high], in any order.

    DONE; or GROW, RANGE or TWICE, and nothing has changed: GROW asks for larger arenas, see
    `check_room`, the others say that an index is out of range or comes twice.

    Cost: O(cells of bursting columns + synapses of segments that learn + synapses, and so matching
    segments, that active cells reach); never all segments. Nothing is allocated.
    """
    found = check_columns(m, indices, low, high)
    if found != DONE:
        return found
    on = m.state[LAST_TAG]
    if learn and check_room(m, high - low, on) == GROW:
        return GROW
    m.state[OPEN_BUNDLE] = -1
    group_matching(m, on)
    ordered = True
    for k in range(low + 1, high):
        ordered = ordered and indices[k - 1] < indices[k]
    first, last = (low, high) if ordered else (0, len(m.columns))
    correct, bursting, n_active, n_winners = 0, 0, 0, 0
    for k in range(first, last):
        column = np.int64(indices[k]) if ordered else k
        if m.columns[column, ON] == on:
            if m.columns[column, PREDICTED] == on:
                correct += 1
                n_active, n_winners = activate_predicted(m, column, learn, n_active, n_winners)
            else:
                m.bursting[bursting] = column
                bursting += 1
                n_active, n_winners = burst(m, column, learn, n_active, n_winners)
    per, punishment = m.parameters[CELLS_PER_COLUMN], m.parameters[PUNISHMENT]
    for i in range(m.state[N_MATCHING]):
        segment = np.int64(m.matching[i, 0])
        column = m.segments[segment, CELL] // per
        m.columns[column, MATCHES] = 0
        if learn and punishment > 0 and m.columns[column, ON] != on:
            adapt(m, segment, -punishment, np.int64(0))
            if m.segments[segment, SIZE] == 0:
                destroy_segment(m, segment)
    m.state[CLOCK] += 1
    for k in range(n_active):
        m.marks[m.active[k], ACTIVE] = m.state[CLOCK]
    m.state[WHICH] = 1 - m.state[WHICH]
    m.state[N_ACTIVE], m.state[N_WINNERS] = n_active, n_winners
    m.state[N_COLUMNS], m.state[N_CORRECT] = high - low, correct
    excite(m, learn)
    m.state[STEP] += 1
    return DONE


@uncounted
def reset(m):
    """Forget what is active and predicted, nothing that was learned. O(1)."""
    m.state[CLOCK] += 1
    for k in (N_ACTIVE, N_WINNERS, N_MATCHING, N_PREDICTIVE):
        m.state[k] = 0


@uncounted
def run(m, indptr, indices, resets, learn, first, record):
    """Steps ``first``, .. with the rows of a CSR array; the number done, and as `step` returns.

    Where ``resets`` says so the memory is reset before a step. ``record`` (steps, 5) receives what
    RECORD names.
    """
    for t in range(first, len(indptr) - 1):
        if resets[t]:
            reset(m)
        found = step(m, indices, indptr[t], indptr[t + 1], learn)
        if found != DONE:
            return t, found
        record[t, 0], record[t, 1] = m.state[N_COLUMNS], m.state[N_CORRECT]
        record[t, 2], record[t, 3] = m.state[N_PREDICTED], m.state[N_SEGMENTS]
        record[t, 4] = m.state[N_SYNAPSES]
    return len(indptr) - 1, DONE


@uncounted
def kill(m, cells):
    """Make cells dead: without segments, never active again. Synapses from them stay, silent."""
    for cell in cells:
        if not m.dead[cell]:
            m.dead[cell] = 1
            m.state[N_DEAD] += 1
            while m.cells[cell, FIRST] >= 0:
                destroy_segment(m, np.int64(m.cells[cell, FIRST]))
    kept = 0
    for i in range(m.state[N_MATCHING]):
        segment = np.int64(m.matching[i, 0])
        if m.segments[segment, CELL] >= 0:
            m.matching[kept, 0] = segment
            kept += 1
    m.state[N_MATCHING] = kept
    m.state[N_WINNERS] = keep_living(m, m.winners[m.state[WHICH]], m.state[N_WINNERS])
    m.state[N_PREDICTIVE] = keep_living(m, m.predictive, m.state[N_PREDICTIVE])


@uncounted
def keep_living(m, cells, number):
    """Keep the living ones of a list of cells; their number."""
    kept = 0
    for i in range(number):
        if not m.dead[cells[i]]:
            cells[kept] = cells[i]
            kept += 1
    return kept


@uncounted
def connect(m, cells, indptr, sources, strengths, groups, group_indptr, group_sources, bundles):
    """Add segments to ``cells``, synapses by the rows of a CSR array; arenas must have room.

    Segments with ``groups`` >= 0 form a bundle for each group, which must have all their sources
    as its row. ``bundles`` (number of groups) must hold -1.
    """
    connected = m.parameters[CONNECTED]
    for k in range(len(cells)):
        number, group = indptr[k + 1] - indptr[k], groups[k]
        segment = create_segment(m, cells[k], max(1, number))
        if group >= 0:
            if bundles[group] < 0:
                low, high = group_indptr[group], group_indptr[group + 1]
                bundles[group] = open_bundle(m, group_sources[low:high], high - low)
            join_bundle(m, segment, bundles[group])
        for at in range(indptr[k], indptr[k + 1]):
            place = put_synapse(m, segment, sources[at], strengths[at])
            if group < 0:
                list_synapse(m, segment, place, connected)
        m.state[N_SYNAPSES] += number
