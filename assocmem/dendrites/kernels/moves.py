"""Moves of a particle, see `.splitting`: of activity, of noise, of synapses.

Each is a Metropolis step from the law of the model: it draws an exchange, makes it, and takes it
back if it is not accepted. The cell to act on is that of a random synapse, because other cells do
not matter to any count; this is allowed for in the ratio of proposals.
"""

from __future__ import annotations

from ...montecarlo.kernels.rng import inlined, uncounted
from ...sdr.kernels.draws import draw_below
from .cells import (
    BITS,
    CELLS,
    EQUAL,
    FIXED,
    KILL,
    LAW,
    NOISE,
    PATTERNS,
    REPLACE,
    SEGMENTS,
    SIZE,
    SYNAPSES,
    UNEQUAL,
    WHOLE,
    coin,
    draw_synapses,
)
from .splitting import (
    accepted,
    contribute,
    link,
    picked,
    put,
    score,
    synapses_of,
    unlink,
)


@uncounted
def move_loose(single, r, now, tilt, lost, form, row, desk):
    """Exchange an active cell with a silent one: loose cells, or those that noise added."""
    cells, sends, _, _, numbers, loose, wholes = row
    state, place, at = desk[2], desk[3], desk[4]
    n, size = form[CELLS], form[SIZE]
    inside = len(loose)
    if lost:
        outside = n - numbers[0] - (inside if form[NOISE] == REPLACE else 0)
    else:
        outside = n - len(wholes) * size - inside
    if inside == 0 or outside <= 0:
        return now
    cell = cells[draw_below(single, r, len(cells))]
    if at[cell] == 0:
        if state[cell] or (lost and place[cell] and (form[NOISE] == REPLACE)):
            return now
        x, y = loose[draw_below(single, r, inside)], cell
    else:
        x, y = cell, draw_below(single, r, n)
        while state[y] or (lost and place[y] and form[NOISE] == REPLACE):
            y = draw_below(single, r, n)
    ratio = picked(synapses_of(x, desk), synapses_of(y, desk), inside, outside)
    put(x, 0, form, sends, desk)
    put(y, 1, form, sends, desk)
    new = score(lost, form, desk)
    if accepted(single, r, ratio, new - now, tilt):
        loose[at[x] - 1] = y
        at[y] = at[x]
        at[x] = 0
        return new
    put(y, 0, form, sends, desk)
    put(x, 1, form, sends, desk)
    return now


@uncounted
def exchange_clusters(x, y, form, row, desk):
    """Make cluster y whole instead of x; loose cells of y go to the same places of x."""
    _, sends, _, _, _, loose, wholes = row
    at, whole_at = desk[4], desk[5]
    size = form[SIZE]
    for i in range(size):
        old, new = x * size + i, y * size + i
        put(old, 1 if at[new] else 0, form, sends, desk)
        put(new, 1, form, sends, desk)
        if at[new]:
            loose[at[new] - 1] = old
            at[old] = at[new]
            at[new] = 0
    wholes[whole_at[x] - 1] = y
    whole_at[y] = whole_at[x]
    whole_at[x] = 0


@uncounted
def move_cluster(single, r, now, tilt, form, row, desk):
    """Exchange a whole active cluster with one that is not."""
    cells, wholes, whole_at = row[0], row[6], desk[5]
    size = form[SIZE]
    number = form[CELLS] // size
    inside = len(wholes)
    picked_one = cells[draw_below(single, r, len(cells))] // size
    if picked_one >= number or inside == 0 or inside == number:
        return now
    if whole_at[picked_one]:
        x, y = picked_one, draw_below(single, r, number)
        while whole_at[y]:
            y = draw_below(single, r, number)
    else:
        x, y = wholes[draw_below(single, r, inside)], picked_one
    x_number, y_number = 0, 0
    for i in range(size):
        x_number += synapses_of(x * size + i, desk)
        y_number += synapses_of(y * size + i, desk)
    ratio = picked(x_number, y_number, inside, number - inside)
    exchange_clusters(x, y, form, row, desk)
    new = score(False, form, desk)
    if accepted(single, r, ratio, new - now, tilt):
        return new
    exchange_clusters(y, x, form, row, desk)
    return now


@uncounted
def move_one(single, r, now, tilt, form, rates, row, desk):
    """Switch a cell on or off, where cells are independent."""
    cells, sends, state = row[0], row[1], desk[2]
    cell = cells[draw_below(single, r, len(cells))]
    rate, old = rates[cell], state[cell]
    ratio = (1.0 - rate) / rate if old else rate / (1.0 - rate)
    put(cell, 1 - old, form, sends, desk)
    new = score(False, form, desk)
    if accepted(single, r, ratio, new - now, tilt):
        return new
    put(cell, old, form, sends, desk)
    return now


@inlined
def exchange_places(i, j, pattern, place):
    """Exchange two cells of the pattern."""
    pattern[i], pattern[j] = pattern[j], pattern[i]
    place[pattern[i]], place[pattern[j]] = i + 1, j + 1


@uncounted
def move_lost(single, r, now, tilt, form, row, desk):
    """Exchange a lost cell of the pattern with one that is kept.

    Where noise has switched the lost cell on again, it switches on the other one now, and what is
    presented stays as it was.
    """
    cells, sends, _, pattern, numbers, loose, _ = row
    place, at = desk[3], desk[4]
    inside, outside = numbers[1], numbers[0] - numbers[1]
    cell = cells[draw_below(single, r, len(cells))]
    if place[cell] == 0 or inside == 0 or outside == 0:
        return now
    if place[cell] <= inside:
        x, y = cell, pattern[inside + draw_below(single, r, outside)]
    else:
        x, y = pattern[draw_below(single, r, inside)], cell
    ratio = picked(synapses_of(x, desk), synapses_of(y, desk), inside, outside)
    returned = at[x] > 0
    if not returned:
        put(x, 1, form, sends, desk)
        put(y, 0, form, sends, desk)
    new = score(True, form, desk)
    if accepted(single, r, ratio, new - now, tilt):
        exchange_places(place[x] - 1, place[y] - 1, pattern, place)
        if returned:
            loose[at[x] - 1] = y
            at[y] = at[x]
            at[x] = 0
        return new
    if not returned:
        put(y, 1, form, sends, desk)
        put(x, 0, form, sends, desk)
    return now


@uncounted
def move_dead(single, r, now, tilt, form, row, desk):
    """Let a cell of the pattern die or live again, as often as it would, given the others."""
    cells, sends, _, pattern, numbers, _, _ = row
    place = desk[3]
    cell = cells[draw_below(single, r, len(cells))]
    if place[cell] == 0:
        return now
    dead = 0 < place[cell] <= numbers[1]
    others = numbers[1] - dead
    rest = form[CELLS] - numbers[0] + 1
    # Dead cells among those that are not in the pattern, and this one.
    few = form[BITS] - others
    if few <= 0 or few >= rest:
        return now
    ratio = (rest - few) / few if dead else few / (rest - few)
    put(cell, 1 if dead else 0, form, sends, desk)
    new = score(True, form, desk)
    if accepted(single, r, ratio, new - now, tilt):
        boundary = numbers[1] - 1 if dead else numbers[1]
        exchange_places(place[cell] - 1, boundary, pattern, place)
        numbers[1] += -1 if dead else 1
        return new
    put(cell, 0 if dead else 1, form, sends, desk)
    return now


@uncounted
def move_transmission(single, r, now, tilt, lost, form, transmission, row, desk):
    """Let a synapse transmit that did not, or the other way round."""
    cells, sends, state = row[0], row[1], desk[2]
    i = draw_below(single, r, len(cells))
    ratio = transmission / (1.0 - transmission)
    if sends[i]:
        ratio = 1.0 / ratio
    active = state[cells[i]]
    if active:
        contribute(cells[i], -1, form, sends, desk)
    sends[i] = 1 - sends[i]
    if active:
        contribute(cells[i], 1, form, sends, desk)
    new = score(lost, form, desk)
    if accepted(single, r, ratio, new - now, tilt):
        return new
    if active:
        contribute(cells[i], -1, form, sends, desk)
    sends[i] = 1 - sends[i]
    if active:
        contribute(cells[i], 1, form, sends, desk)
    return now


@inlined
def in_slot(cell, slot, s, desk):
    """Whether a cell has a synapse of the given slot already."""
    i = desk[0][cell]
    while i >= 0:
        if i // s == slot:
            return True
        i = desk[1][i]
    return False


@inlined
def attach(single, r, i, cell, lazy, form, rates, row, desk):
    """Give synapse i to a cell; one without synapses is decided upon now if cells are independent.

    Until then its law is what it was, because no count depended on it.
    """
    if lazy and desk[0][cell] < 0:
        desk[2][cell] = coin(single, r, rates[cell])
    link(i, cell, form, row[0], row[1], desk)


@inlined
def detach(i, lazy, form, row, desk):
    """Take synapse i from its cell, and forget what the cell did if nothing depends on it."""
    cell = row[0][i]
    unlink(i, form, row[0], row[1], desk)
    if lazy and desk[0][cell] < 0:
        desk[2][cell] = 0


@uncounted
def move_synapse(single, r, now, tilt, lost, i, other, lazy, form, rates, row, desk):
    """Give one synapse to another cell, one that its slot has no synapse from."""
    cells = row[0]
    if in_slot(other, i // form[SYNAPSES], form[SYNAPSES], desk):
        return now
    old = cells[i]
    did = desk[2][old]
    detach(i, lazy, form, row, desk)
    attach(single, r, i, other, lazy, form, rates, row, desk)
    new = score(lost, form, desk)
    if accepted(single, r, 1.0, new - now, tilt):
        return new
    detach(i, lazy, form, row, desk)
    desk[2][old] = did
    link(i, old, form, cells, row[1], desk)
    return now


@uncounted
def move_slot(
    single, r, now, tilt, lost, slot, lazy, form, rates, row, desk,
    perm, clusters, whole, out, kept,
):  # fmt: skip
    """Draw the synapses of a slot anew, from a new pattern."""
    cells, sends, state = row[0], row[1], desk[2]
    s = form[SYNAPSES]
    start = slot * s
    draw_synapses(single, r, form, rates, perm, clusters, whole, out)
    for i in range(s):
        kept[i] = cells[start + i]
        kept[s + i] = state[cells[start + i]]
    for i in range(s):
        detach(start + i, lazy, form, row, desk)
    for i in range(s):
        attach(single, r, start + i, out[i], lazy, form, rates, row, desk)
    new = score(lost, form, desk)
    if accepted(single, r, 1.0, new - now, tilt):
        return new
    for i in range(s):
        detach(start + i, lazy, form, row, desk)
    for i in range(s):
        if lazy and desk[0][kept[i]] < 0:
            state[kept[i]] = kept[s + i]
        link(start + i, kept[i], form, cells, sends, desk)
    return now


@uncounted
def renew(single, r, form, rates, row, desk):
    """Exchange a cell of the shared pattern that nobody has a synapse from, where rates differ."""
    pattern, numbers, place = row[3], row[4], desk[3]
    i = draw_below(single, r, numbers[0])
    old, new = pattern[i], draw_below(single, r, form[CELLS])
    if place[new] or desk[0][old] >= 0 or desk[0][new] >= 0:
        return
    ratio = rates[new] * (1.0 - rates[old])
    back = rates[old] * (1.0 - rates[new])
    if ratio >= back or coin(single, r, ratio / back):
        pattern[i] = new
        place[old] = 0
        place[new] = i + 1


@inlined
def move(
    single, r, now, tilt, lost, shared, form, rates, transmission, row, desk,
    perm, clusters, whole, out, kept,
):  # fmt: skip
    """One move; the kinds are drawn with fixed chances. Returns the score."""
    kind = draw_below(single, r, 8)
    lazy = not lost and form[LAW] != FIXED
    if kind < 2 and transmission < 1.0:
        return move_transmission(single, r, now, tilt, lost, form, transmission, row, desk)
    if kind == 2:
        s = form[SYNAPSES]
        i = draw_below(single, r, len(row[0]))
        if shared and (i // s) % (form[SEGMENTS] * form[PATTERNS]) == 0:
            if form[LAW] == UNEQUAL and not lost:
                renew(single, r, form, rates, row, desk)
            other = row[3][draw_below(single, r, row[4][0])]
        elif form[LAW] == EQUAL or (form[LAW] == FIXED and form[WHOLE] == 0):
            other = draw_below(single, r, form[CELLS])
        else:
            return move_slot(
                single, r, now, tilt, lost, i // s, lazy, form, rates, row, desk,
                perm, clusters, whole, out, kept,
            )  # fmt: skip
        return move_synapse(single, r, now, tilt, lost, i, other, lazy, form, rates, row, desk)
    if lost:
        if form[NOISE] == KILL:
            return move_dead(single, r, now, tilt, form, row, desk)
        if kind < 6:
            return move_lost(single, r, now, tilt, form, row, desk)
        return move_loose(single, r, now, tilt, lost, form, row, desk)
    if lazy:
        return move_one(single, r, now, tilt, form, rates, row, desk)
    if kind < 6 and form[WHOLE]:
        return move_cluster(single, r, now, tilt, form, row, desk)
    return move_loose(single, r, now, tilt, lost, form, row, desk)
