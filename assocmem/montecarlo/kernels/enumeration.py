"""All states of a small system in Gray-code order."""

from __future__ import annotations

import numpy as np

from .rng import kernel

REFRESH = 1024  # states between two computations from scratch, against drift


@kernel
def refresh(couplings, external, eta, spins, fields, overlaps):
    """Fields and overlap sums of a state from scratch; returns its H in the couplings' unit."""
    size = spins.size
    energy = 0.0
    overlaps[:] = 0.0
    for i in range(size):
        total = 0.0
        for j in range(size):
            total += couplings[i, j] * spins[j]
        fields[i] = total
        energy -= 0.5 * total * spins[i] + external[i] * spins[i]
        for mu in range(overlaps.size):
            overlaps[mu] += eta[i, mu] * spins[i]
    return energy


@kernel
def bit_to_flip(step):
    """The position of the lowest set bit: what the Gray code flips at that step."""
    position = 0
    while step & 1 == 0:
        step >>= 1
        position += 1
    return position


@kernel
def ground(couplings, external):
    """Lowest and highest H. Cost: N operations per state."""
    size = couplings.shape[0]
    spins = -np.ones(size)
    fields = np.empty(size)
    nothing = np.empty((size, 0))
    none = np.empty(0)
    energy = refresh(couplings, external, nothing, spins, fields, none)
    lowest = highest = energy
    for step in range(1, np.int64(1) << size):
        i = bit_to_flip(step)
        energy += 2.0 * spins[i] * (fields[i] + external[i])
        spins[i] = -spins[i]
        if step % REFRESH == 0:
            energy = refresh(couplings, external, nothing, spins, fields, none)
        else:
            for j in range(size):
                fields[j] += 2.0 * spins[i] * couplings[i, j]
        lowest = min(lowest, energy)
        highest = max(highest, energy)
    return lowest, highest


@kernel
def log_cosh_weight(fields, external, spins, beta):
    """Logarithm of prod_i 2 cosh(beta h_i) exp(beta f_i s_i), h_i the whole field."""
    total = 0.0
    for i in range(spins.size):
        field = abs(beta * (fields[i] + external[i]))
        total += field + np.log1p(np.exp(-2.0 * field)) + beta * external[i] * spins[i]
    return total


@kernel
def accumulate(couplings, external, eta, betas, lowest, slack, parallel, offsets, moments,
               by_pattern, by_spin, histogram):  # fmt: skip
    """Add up weights and weighted sums over all states; returns the number of ground states.

    ``moments`` receives sums of w, w (H - lowest), w (H - lowest)^2, ``by_pattern`` of w m, w m^2,
    w |m|, ``by_spin`` of w s, for each beta; weights are exp(-beta (H - lowest)), at beta infinite
    1 for H - lowest <= slack; with ``parallel`` exp(ln weight - offset), where ``offsets``
    receives the largest ln weight so far (sums are rescaled when it grows).
    """
    size = couplings.shape[0]
    n_patterns = eta.shape[1]
    spins = -np.ones(size)
    fields = np.empty(size)
    overlaps = np.empty(n_patterns)
    energy = refresh(couplings, external, eta, spins, fields, overlaps)
    grounds = 0
    for step in range(np.int64(1) << size):
        if step > 0:
            i = bit_to_flip(step)
            energy += 2.0 * spins[i] * (fields[i] + external[i])
            spins[i] = -spins[i]
            if step % REFRESH == 0:
                energy = refresh(couplings, external, eta, spins, fields, overlaps)
            else:
                for j in range(size):
                    fields[j] += 2.0 * spins[i] * couplings[i, j]
                for mu in range(n_patterns):
                    overlaps[mu] += 2.0 * spins[i] * eta[i, mu]
        above = energy - lowest
        if above <= slack:
            grounds += 1
        if histogram.size:
            histogram[np.int64(np.rint(above))] += 1
        for t in range(betas.size):
            beta = betas[t]
            if parallel:
                logarithm = log_cosh_weight(fields, external, spins, beta)
                if step == 0:
                    offsets[t] = logarithm
                elif logarithm > offsets[t]:
                    shrink = np.exp(offsets[t] - logarithm)
                    moments[t] *= shrink
                    by_pattern[t] *= shrink
                    by_spin[t] *= shrink
                    offsets[t] = logarithm
                weight = np.exp(logarithm - offsets[t])
            elif beta == np.inf:
                weight = 1.0 if above <= slack else 0.0
            else:
                weight = np.exp(-beta * above)
            if weight == 0.0:
                continue
            moments[t, 0] += weight
            moments[t, 1] += weight * above
            moments[t, 2] += weight * above * above
            for mu in range(n_patterns):
                overlap = overlaps[mu] / size
                by_pattern[t, 0, mu] += weight * overlap
                by_pattern[t, 1, mu] += weight * overlap * overlap
                by_pattern[t, 2, mu] += weight * abs(overlap)
            for i in range(size):
                by_spin[t, i] += weight * spins[i]
    return grounds
