"""False positives of one neuron by sequential importance sampling.

One segment is favoured: its synapses are drawn one at a time, from active cells more often than
they would be, and each sample carries the product of true over favoured chances. An outcome that
adds to the segment's count is favoured by the factor ``exp(tilt)``, all others are not, and what
this changes is divided out step by step.
"""

from __future__ import annotations

import numpy as np

from ...montecarlo.kernels.rng import inlined, kernel
from ...sdr.kernels.draws import draw_below
from .cells import (
    ACTIVE,
    CELLS,
    EQUAL,
    FIXED,
    LAW,
    PATTERNS,
    SEGMENTS,
    SYNAPSES,
    THRESHOLD,
    coin,
    draw_independent,
    take,
)
from .trials import segment_fires


@kernel
def favour_fixed(single, r, form, transmission, tilt, used, clock):
    """Count and log weight of a segment where the first ``a`` cells are active: O(M s).

    Whichever a cells are active, a uniform draw finds one that the segment has no synapse from yet
    with the chance that is their share of the cells left. used[c] is the number of the last pattern
    with a synapse from c, from ``clock`` on.
    """
    n, a = form[CELLS], form[ACTIVE]
    gain = transmission * np.expm1(tilt)
    count = 0
    fresh = a
    log_weight = 0.0
    for m in range(form[PATTERNS]):
        here = clock + m
        for i in range(form[SYNAPSES]):
            chance = fresh / (n - i)
            total = 1.0 + chance * gain
            log_weight += np.log(total)
            if coin(single, r, chance * (1.0 + gain) / total):
                cell = draw_below(single, r, a)
                while used[cell] >= clock:
                    cell = draw_below(single, r, a)
                fresh -= 1
                if coin(single, r, transmission * np.exp(tilt) / (1.0 + gain)):
                    count += 1
                    log_weight -= tilt
            else:
                cell = draw_below(single, r, n)
                while used[cell] == here or (cell < a and used[cell] < clock):
                    cell = draw_below(single, r, n)
            used[cell] = here
    return count, log_weight


@inlined
def promise(cell, gain, rates, used, clock):
    """What choosing a cell may lead to, favoured: 1 where the segment has a synapse from it."""
    return 1.0 if used[cell] == clock else 1.0 + gain * rates[cell]


@kernel
def favour_independent(
    single, r, form, rates, transmission, tilt, state, trial, used, clock, perm, pattern,
):  # fmt: skip
    """Count and log weight of a segment where cells are on independently: O(M n_active).

    Where rates differ, cells of the pattern become synapses in proportion to the total of what may
    follow, `promise`, instead of alike. What cells do is left in ``state``.
    """
    s = form[SYNAPSES]
    gain = transmission * np.expm1(tilt)
    count = 0
    log_weight = 0.0
    for _ in range(form[PATTERNS]):
        cells = perm
        if form[LAW] == EQUAL:
            take(single, r, perm, s, form[CELLS])
        else:
            cells = pattern
            number = draw_independent(single, r, rates, pattern)
            while number < s:
                number = draw_independent(single, r, rates, pattern)
            left, largest = 0.0, 1.0
            for i in range(s):
                if left < largest:
                    # To begin with, and where few are left of what was most of the sum.
                    left, largest = 0.0, 0.0
                    for j in range(i, number):
                        weight = promise(pattern[j], gain, rates, used, clock)
                        left += weight
                        largest = max(largest, weight)
                j = i + draw_below(single, r, number - i)
                weight = promise(pattern[j], gain, rates, used, clock)
                while not coin(single, r, weight / largest):
                    j = i + draw_below(single, r, number - i)
                    weight = promise(pattern[j], gain, rates, used, clock)
                pattern[i], pattern[j] = pattern[j], pattern[i]
                log_weight += np.log(left / (number - i) / weight)
                left -= weight
        for i in range(s):
            cell = cells[i]
            if used[cell] == clock:
                continue
            used[cell] = clock
            total = 1.0 + gain * rates[cell]
            log_weight += np.log(total)
            if coin(single, r, rates[cell] * transmission * np.exp(tilt) / total):
                count += 1
                log_weight -= tilt
                state[cell] = 2 * trial + 1
            else:
                # On, but lost on the way, or off: in the proportion these have by themselves.
                silent = rates[cell] * (1.0 - transmission)
                silent /= max(1.0 - rates[cell] * transmission, 1e-300)
                state[cell] = 2 * trial + coin(single, r, silent)
    return count, log_weight


@kernel
def weigh(
    single, r, samples, tilt, form, rates, transmission,
    state, used, perm, clusters, whole, pattern, synapses,
):  # fmt: skip
    """Sum of the estimates of samples, and in how many the favoured segment fired.

    With K segments any may be the one that fires. Each is as likely to; where the favoured one
    does, the others are drawn as they are, and the estimate is its weight times K over the number
    that fire: summed over segments that fire these make one. Arrays as in
    `.trials.count_events`.
    """
    fixed = form[LAW] == FIXED
    sum_of_values, fired, clock = 0.0, 0, 1
    if fixed:
        state[: form[ACTIVE]] = 1
    for sample in range(1, samples + 1):
        trial = 0 if fixed else sample
        if fixed:
            count, log_weight = favour_fixed(single, r, form, transmission, tilt, used, clock)
        else:
            count, log_weight = favour_independent(
                single, r, form, rates, transmission, tilt,
                state, trial, used, clock, perm, pattern,
            )  # fmt: skip
        clock += form[PATTERNS] + 1
        if count < form[THRESHOLD]:
            continue
        fired += 1
        number = 1
        for _ in range(form[SEGMENTS] - 1):
            number += segment_fires(
                single, r, form, rates, transmission, pattern, 0, not fixed,
                state, trial, used, clock, perm, clusters, whole, synapses,
            )  # fmt: skip
            clock += 1
        sum_of_values += np.exp(log_weight) * form[SEGMENTS] / number
    return sum_of_values, fired
