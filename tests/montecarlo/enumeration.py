"""Exact averages of small samples by plain enumeration, for tests; shares nothing with kernels."""

from __future__ import annotations

import itertools

import numpy as np

from assocmem import Hopfield


def exact(quenched, temperature: float) -> dict[str, float]:
    """Boltzmann averages of one sample over all 2^N states, pattern 0 tracked."""
    n = quenched.n_spins
    states = np.array(list(itertools.product([-1.0, 1.0], repeat=n)))
    energies = quenched.energy(states)
    m = quenched.overlaps(states)[:, 0]
    weights = np.exp(-(energies - energies.min()) / temperature)
    weights /= weights.sum()

    def mean(values):
        return float(weights @ values)

    return {
        "energy": mean(energies) / n,
        "overlap": mean(m),
        "overlap_abs": mean(np.abs(m)),
        "overlap_squared": mean(m**2),
        "specific_heat": (mean(energies**2) - mean(energies) ** 2) / n / temperature**2,
        "susceptibility": n * (mean(m**2) - mean(m) ** 2) / temperature,
        "binder": 1 - mean(m**4) / (3 * mean(m**2) ** 2),
        "replica_overlap": float(np.mean((weights @ states) ** 2)),
    }


def quenched_samples(model: Hopfield, n_spins: int, disorder: int, seed: int) -> list:
    """The samples that a simulation of this seed has: its first stream draws the patterns."""
    return [
        model.draw(n_spins, np.random.default_rng(child.spawn(1)[0]))
        for child in np.random.SeedSequence(seed).spawn(disorder)
    ]
