"""All states of a small system whose energy is a function of its patterns, in Gray-code order.

A state is known by its label: bit i is set where s_i = +1.
"""

from __future__ import annotations

import numpy as np

from .enumeration import REFRESH, bit_to_flip
from .examples import refresh
from .rng import kernel


@kernel
def table_sums(signs, table, rate, out):
    """Sum over patterns of table[agreeing sites] of every state, to ``out``, float64 (2^N,).

    With ``rate`` > 0 instead (1/rate) ln sum_mu exp(rate M_mu), its largest term taken out, lest
    the others be lost. ``signs`` is int8 (N, K). Cost: 2 K operations per state; nothing
    accumulates.
    """
    size, number = signs.shape
    agreeing = np.zeros(number, np.int64)
    for i in range(size):
        for mu in range(number):
            agreeing[mu] += signs[i, mu] < 0
    spins = -np.ones(size, np.int8)
    label = np.int64(0)
    for step in range(np.int64(1) << size):
        if step > 0:
            i = bit_to_flip(step)
            spins[i] = -spins[i]
            label ^= np.int64(1) << i
            for mu in range(number):
                agreeing[mu] += spins[i] * signs[i, mu]
        total = 0.0
        if rate > 0.0:
            most = agreeing.max()
            for mu in range(number):
                total += np.exp(-2.0 * rate * (most - agreeing[mu]))
            out[label] = 2.0 * most - size + np.log(total) / rate
            continue
        for mu in range(number):
            total += table[agreeing[mu]]
        out[label] = total


@kernel
def polynomial_sums(stored, factor, order, out):
    """Sum over patterns of e_p(y) of every state, to ``out``, float64 (2^N,); p = ``order``.

    ``stored`` is integer (N, K), the sums S over examples, and y = ``factor`` S s. Cost: 4 p K
    operations per state. Rounding does not add up: all is computed anew every `REFRESH` states.
    """
    size, number = stored.shape
    kept = np.empty((order - 1, number))
    spins = -np.ones(size, np.int8)
    label = np.int64(0)
    total = refresh(stored, factor, spins, kept)
    for step in range(np.int64(1) << size):
        if step > 0:
            i = bit_to_flip(step)
            if step % REFRESH == 0:
                spins[i] = -spins[i]
                total = refresh(stored, factor, spins, kept)
            else:
                for mu in range(number):
                    y = factor * np.float64(stored[i, mu]) * spins[i]
                    left = 1.0
                    for k in range(order - 1):
                        old = kept[k, mu]
                        kept[k, mu] = old - 2.0 * y * left
                        left = old - y * left
                    total -= 2.0 * y * left
                spins[i] = -spins[i]
            label ^= np.int64(1) << i
        out[label] = total


@kernel
def add_field(external, out):
    """Subtract sum_i f_i s_i from ``out``, float64 (2^N,). Cost: N per state."""
    for label in range(out.size):
        total = 0.0
        for i in range(external.size):
            total += external[i] if (label >> i) & 1 else -external[i]
        out[label] -= total


@kernel
def average(energies, signs, betas, lowest, slack, moments, by_pattern, by_spin):
    """Add up Boltzmann weights over all states; returns the number of ground states.

    As `enumeration.accumulate`, with the energies of all states given and ``signs`` the archetypes,
    int8 (N, K). Cost: K + n (N + 3 K) operations per state for n temperatures.
    """
    size, number = signs.shape
    spins = -np.ones(size, np.int8)
    overlaps = np.zeros(number, np.int64)
    for i in range(size):
        for mu in range(number):
            overlaps[mu] -= signs[i, mu]
    label = np.int64(0)
    grounds = 0
    for step in range(energies.size):
        if step > 0:
            i = bit_to_flip(step)
            spins[i] = -spins[i]
            label ^= np.int64(1) << i
            for mu in range(number):
                overlaps[mu] += 2 * spins[i] * signs[i, mu]
        above = energies[label] - lowest
        if above <= slack:
            grounds += 1
        for t in range(betas.size):
            if betas[t] == np.inf:
                weight = 1.0 if above <= slack else 0.0
            else:
                weight = np.exp(-betas[t] * above)
            if weight == 0.0:
                continue
            moments[t, 0] += weight
            moments[t, 1] += weight * above
            moments[t, 2] += weight * above * above
            for mu in range(number):
                overlap = overlaps[mu] / size
                by_pattern[t, 0, mu] += weight * overlap
                by_pattern[t, 1, mu] += weight * overlap * overlap
                by_pattern[t, 2, mu] += weight * abs(overlap)
            for i in range(size):
                by_spin[t, i] += weight * spins[i]
    return grounds
