"""Populations of particles, see `.splitting`: drawn, moved, and judged in the end."""

from __future__ import annotations

from ...montecarlo.kernels.rng import uncounted
from .cells import FIXED, LAW, SEGMENTS, SIZE
from .moves import move
from .splitting import begin, begin_added, begin_on, contribute, score
from .trials import segment_fires


@uncounted
def row_of(rows, q):
    """The arrays of particle q."""
    cells, sends, on, pattern, numbers, loose, wholes = rows
    return cells[q], sends[q], on[q], pattern[q], numbers[q], loose[q], wholes[q]


@uncounted
def draw_particles(
    single, r, lost, shared, form, rates, transmission, rows, desk, perm, clusters, whole, out,
):  # fmt: skip
    """Draw every particle from the law of the model."""
    for q in range(len(rows[0])):
        row = row_of(rows, q)
        begin(single, r, lost, shared, form, rates, transmission, row, perm, clusters, whole, out)
        if lost:
            begin_added(single, r, form, row, desk[2])
        elif form[LAW] != FIXED:
            begin_on(single, r, rates, row, desk[0])


@uncounted
def set_activity(value, lost, form, row, state):
    """Write ``value`` to ``state`` for every active cell that the particle lists."""
    cells, _, on, pattern, numbers, loose, wholes = row
    if lost:
        for i in range(numbers[1], numbers[0]):
            state[pattern[i]] = value
    elif form[LAW] != FIXED:
        for i in range(len(cells)):
            if on[i]:
                state[cells[i]] = value
    for i in range(len(loose)):
        state[loose[i]] = value
    for i in range(len(wholes)):
        for cell in range(wholes[i] * form[SIZE], (wholes[i] + 1) * form[SIZE]):
            state[cell] = value


@uncounted
def lay_out(lost, form, row, desk):
    """Build what a visit needs. Cost O(synapses + cells listed)."""
    cells, sends, _, pattern, numbers, loose, wholes = row
    head, following, state, place, at, whole_at, counts, _ = desk
    set_activity(1, lost, form, row, state)
    for i in range(numbers[0]):
        place[pattern[i]] = i + 1
    for i in range(len(loose)):
        at[loose[i]] = i + 1
    for i in range(len(wholes)):
        whole_at[wholes[i]] = i + 1
    for i in range(len(counts)):
        counts[i] = 0
    for i in range(len(cells)):
        following[i] = head[cells[i]]
        head[cells[i]] = i
    for i in range(len(cells)):
        # Once for each cell: at the synapse that heads its list.
        if head[cells[i]] == i and state[cells[i]]:
            contribute(cells[i], 1, form, sends, desk)


@uncounted
def clear(lost, form, row, desk):
    """Take it away again."""
    cells, _, on, pattern, numbers, loose, wholes = row
    head, _, state, place, at, whole_at, _, _ = desk
    for i in range(len(cells)):
        on[i] = state[cells[i]]
    set_activity(0, lost, form, row, state)
    for i in range(numbers[0]):
        place[pattern[i]] = 0
    for i in range(len(loose)):
        at[loose[i]] = 0
    for i in range(len(wholes)):
        whole_at[wholes[i]] = 0
    for i in range(len(cells)):
        head[cells[i]] = -1


@uncounted
def visit(
    single, r, moves, tilt, lost, shared, form, rates, transmission, rows, scores, desk,
    perm, clusters, whole, out, kept,
):  # fmt: skip
    """Move every particle ``moves`` times and write down its score."""
    for q in range(len(scores)):
        row = row_of(rows, q)
        lay_out(lost, form, row, desk)
        now = score(lost, form, desk)
        for _ in range(moves):
            now = move(
                single, r, now, tilt, lost, shared, form, rates, transmission, row, desk,
                perm, clusters, whole, out, kept,
            )  # fmt: skip
        scores[q] = now
        clear(lost, form, row, desk)


@uncounted
def judge(
    single, r, lost, form, rates, transmission, rows, scores, goal,
    state, used, perm, clusters, whole, pattern, synapses,
):  # fmt: skip
    """Sum over particles at the goal of what the neuron's other segments make of them.

    For one neuron of K segments, of which the particles hold the first; the others are drawn as
    they are, given the activity. A false positive counts K over the number of segments that fire,
    as each of them is as likely to be the first; a false negative counts where no other fires.
    ``state`` and ``used`` are 0 when they are handed in.
    """
    total, clock = 0.0, 0
    for q in range(len(scores)):
        if scores[q] < goal:
            continue
        row = row_of(rows, q)
        trial = q + 1
        if not lost and form[LAW] != FIXED:
            cells, on = row[0], row[2]
            for i in range(len(cells)):
                state[cells[i]] = 2 * trial + on[i]
        else:
            set_activity(2 * trial + 1, lost, form, row, state)
        number = 0
        for _ in range(form[SEGMENTS] - 1):
            clock += 1
            number += segment_fires(
                single, r, form, rates, transmission, pattern, 0, not lost and form[LAW] != FIXED,
                state, trial, used, clock, perm, clusters, whole, synapses,
            )  # fmt: skip
            if lost and number:
                break
        if lost:
            total += number == 0
        else:
            total += form[SEGMENTS] / (1.0 + number)
    return total
