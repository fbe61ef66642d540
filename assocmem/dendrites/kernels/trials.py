"""Independent trials of detection: everything drawn anew in each of them.

``state`` (n,) int32 says what a cell does in trial t: 2 t + 1 active, 2 t silent, less where nobody
asked yet. So no trial has to clear what the last one left.
"""

from __future__ import annotations

from ...montecarlo.kernels.rng import inlined, kernel, uncounted
from ...sdr.kernels.draws import draw_below
from .cells import (
    ACTIVE,
    BITS,
    CELLS,
    FIXED,
    KILL,
    LAW,
    NEURONS,
    NOISE,
    PATTERNS,
    QUORUM,
    REPLACE,
    SEGMENTS,
    SWAP,
    SYNAPSES,
    THRESHOLD,
    coin,
    draw_fixed,
    draw_pattern,
    draw_synapses,
    take,
)


@uncounted
def present(single, r, form, pattern, number, state, trial):
    """Present pattern[:number] with noise: write to ``state`` what its cells do. Cost O(number).

    ``pattern`` is left in another order.
    """
    on, off = 2 * trial + 1, 2 * trial
    n, bits, noise = form[CELLS], form[BITS], form[NOISE]
    for i in range(number):
        state[pattern[i]] = on
    if noise == KILL:
        # Cells one after the other: dead as often as are dead among those not looked at yet.
        dead = bits
        for i in range(number):
            if draw_below(single, r, n - i) < dead:
                state[pattern[i]] = off
                dead -= 1
        return
    take(single, r, pattern, bits, number)
    for i in range(bits):
        state[pattern[i]] = off
    if noise == REPLACE:
        for _ in range(bits):
            cell = draw_below(single, r, n)
            while state[cell] >= off:
                cell = draw_below(single, r, n)
            state[cell] = on
    elif noise == SWAP:
        for _ in range(bits):
            cell = draw_below(single, r, n)
            while state[cell] == on:
                cell = draw_below(single, r, n)
            state[cell] = on


@inlined
def lit(single, r, form, rates, lazy, cell, state, trial):
    """Whether a cell is active; where cells are independent it is decided when first asked."""
    if lazy and state[cell] < 2 * trial:
        state[cell] = 2 * trial + coin(single, r, rates[cell])
    return state[cell] == 2 * trial + 1


@uncounted
def segment_fires(
    single, r, form, rates, transmission, pattern, number, lazy,
    state, trial, used, clock, perm, clusters, whole, synapses,
):  # fmt: skip
    """Whether a segment with synapses drawn anew fires: O(n_patterns n_synapses).

    Its first pattern is pattern[:number] where ``number`` > 0, and drawn anew otherwise. used[c] is
    ``clock`` where the segment has a synapse from cell c.
    """
    s = form[SYNAPSES]
    count = 0
    for m in range(form[PATTERNS]):
        cells = synapses
        if m == 0 and number:
            take(single, r, pattern, s, number)
            cells = pattern
        else:
            draw_synapses(single, r, form, rates, perm, clusters, whole, synapses)
        for i in range(s):
            cell = cells[i]
            if used[cell] != clock:
                used[cell] = clock
                if lit(single, r, form, rates, lazy, cell, state, trial) and (
                    transmission >= 1.0 or coin(single, r, transmission)
                ):
                    count += 1
    return count >= form[THRESHOLD]


@kernel
def count_events(
    single, r, trials, lost, form, rates, transmission,
    state, used, perm, clusters, whole, pattern, synapses,
):  # fmt: skip
    """Trials in which the neurons fire though they should not, or (``lost``) the other way round.

    Cost of a trial: O(a + N K M s) for N neurons of K segments of M patterns; with independent
    cells, nothing for cells without a synapse. Segments are looked at until it is decided.
    ``state`` and ``used`` are 0 when they are handed in; ``pattern`` and ``synapses`` hold the
    largest pattern.
    """
    events = 0
    clock = 0
    neurons = form[NEURONS]
    lazy = not lost and form[LAW] != FIXED
    for trial in range(1, trials + 1):
        number = 0
        if lost or neurons > 1:
            number = draw_pattern(single, r, form, rates, perm, clusters, whole, pattern)
        if lost:
            present(single, r, form, pattern, number, state, trial)
        elif not lazy:
            draw_fixed(single, r, form, perm, clusters, whole, synapses)
            for i in range(form[ACTIVE]):
                state[synapses[i]] = 2 * trial + 1
        fired = 0
        for neuron in range(neurons):
            for k in range(form[SEGMENTS]):
                clock += 1
                if segment_fires(
                    single, r, form, rates, transmission, pattern, number if k == 0 else 0, lazy,
                    state, trial, used, clock, perm, clusters, whole, synapses,
                ):  # fmt: skip
                    fired += 1
                    break
            if fired >= form[QUORUM] or fired + neurons - neuron - 1 < form[QUORUM]:
                break
        events += (fired >= form[QUORUM]) != lost
    return events
