"""One chain without J: fields from the overlaps, for few patterns or J too large for memory.

With m_mu = sum_i xi_i^mu s_i (integers) and eta = (xi - b)/sigma,
N sigma^2 h_i = A_i - b (S c_i + sum_mu m_mu) + b^2 K S - sigma^2 D_i s_i, where
A_i = sum_mu xi_i^mu m_mu, c_i = sum_mu xi_i^mu, S = sum_j s_j and D_i = sum_mu (eta_i^mu)^2 is the
self-coupling taken out. For unbiased patterns b = 0, sigma = 1, D_i = K, and all is integer.
"""

from __future__ import annotations

import numpy as np

from .pairwise import accepts, add_spins, measure_overlaps
from .rng import advance, below, kernel, wide

SEQUENTIAL, RANDOM, PARALLEL = 0, 1, 2


@kernel
def field_of(row, totals, all_totals, row_sum, self_coupling, spin, net, mean, variance):
    """N sigma^2 h_i of one spin: K multiply-adds over K bytes and 4 K bytes."""
    dot = np.int32(0)
    for mu in range(row.size):
        dot += np.int32(row[mu]) * totals[mu]
    if mean == 0.0:
        return np.float64(dot) - self_coupling * spin
    bias = mean * (np.float64(net) * row_sum + all_totals) - mean * mean * row.size * net
    return np.float64(dot) - bias - variance * self_coupling * spin


@kernel
def overlaps_of(patterns, spins, totals):
    """All m_mu from scratch, patterns spin-major (N, K): N K operations; returns their sum."""
    totals[:] = 0
    for i in range(spins.size):
        row = patterns[i]
        for mu in range(row.size):
            totals[mu] += np.int32(row[mu]) * np.int32(spins[i])
    whole = np.int64(0)
    for mu in range(totals.size):
        whole += totals[mu]
    return whole


@kernel
def pattern_energy(totals, self_sum, external, spins, net, mean, variance):
    """N sigma^2 H = -(sum_mu (m_mu - b S)^2 - sigma^2 sum_i D_i) / 2 - sum_i f_i s_i."""
    squares = 0.0
    for mu in range(totals.size):
        squares += (totals[mu] - mean * net) ** 2
    outer = 0.0
    for i in range(spins.size):
        outer += external[i] * spins[i]
    return -0.5 * (squares - variance * self_sum) - outer


@kernel
def run(patterns, row_sums, self_couplings, external, spins, single, rates, rule, update, flips,
        sums, tracked, mean, spread, unit, sweeps, interval, out):  # fmt: skip
    """Run R chains one after the other; see `lanes.run` for the common parameters.

    ``patterns`` is int8 (N, K); ``unit`` is 1/(N sigma^2), in which ``external`` is given.
    Cost: K multiply-adds per attempt and K per flip.
    """
    n_chains, size = spins.shape
    variance = spread * spread
    self_sum = self_couplings.sum()
    totals = np.empty(patterns.shape[1], np.int32)
    flipped = np.empty(size, np.int64)
    for r in range(n_chains):
        chain = spins[r]
        whole = overlaps_of(patterns, chain, totals)
        net = np.int64(0)
        for i in range(size):
            net += chain[i]
        s0, s1, s2, s3 = single[r, 0], single[r, 1], single[r, 2], single[r, 3]
        for sweep in range(1, sweeps + 1):
            count = 0
            for k in range(size):
                i = k
                if update == RANDOM:
                    bits, s0, s1, s2, s3 = advance(s0, s1, s2, s3)
                    i = below(bits, size)
                row = patterns[i]
                raw = field_of(
                    row, totals, whole, row_sums[i], self_couplings[i], chain[i], net, mean,
                    variance,
                )  # fmt: skip
                bits, s0, s1, s2, s3 = advance(s0, s1, s2, s3)
                z = rates[r] * chain[i] * (raw + external[i])
                if accepts(z, wide(bits), rule):
                    flips[r] += 1
                    if update == PARALLEL:
                        flipped[count] = i
                        count += 1
                        continue
                    chain[i] = -chain[i]
                    change = np.int32(2 * chain[i])
                    for mu in range(row.size):
                        totals[mu] += change * np.int32(row[mu])
                    net += change
                    whole += change * row_sums[i]
            for k in range(count):
                i = flipped[k]
                chain[i] = -chain[i]
                net += 2 * chain[i]
            if count:
                whole = overlaps_of(patterns, chain, totals)
            if interval and sweep % interval == 0:
                record = out[r, sweep // interval - 1]
                energy = pattern_energy(totals, self_sum, external, chain, net, mean, variance)
                record[0] = unit * energy / size
                measure_overlaps(tracked, chain, mean, spread, record)
                add_spins(sums[r], chain, 1)
        single[r, 0], single[r, 1], single[r, 2], single[r, 3] = s0, s1, s2, s3
