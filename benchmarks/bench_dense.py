"""asv benchmarks of separable energies: time of a run of sweeps, N = 200, and memory."""

import numpy as np

from assocmem import Dense, Exponential, LogSumExp, PBody, Separable
from assocmem.montecarlo.dynamics import engine

SIZE = 200
ENERGIES = {
    "p-body": (PBody(4), 0.02, 0.1),
    "table": (Separable("m**4/24 + m**6/720"), 0.02, 0.1),
    "exponential": (Exponential(0.2), 0.01, 1.0),
    "logarithm": (LogSumExp(0.2), 0.1, 1.2),
}


class Sweeps:
    """From a stored pattern, where few spins flip, and where about every third does."""

    params = ([10_000, 100_000], list(ENERGIES), ["cold", "hot"])
    param_names = ("n_patterns", "energy", "heat")

    def setup(self, n_patterns, energy, heat):
        function, cold, hot = ENERGIES[energy]
        sample = Dense(n_patterns=n_patterns, energy=function).draw(SIZE, np.random.default_rng(1))
        seeds = np.random.SeedSequence(3).spawn(1)
        temperature = cold if heat == "cold" else hot
        self.engine = engine(sample, sample.leading(1), temperature, seeds)
        self.engine.run(2)

    def time_sweeps(self, n_patterns, energy, heat):
        self.engine.run(5)


class Million:
    """K = 10^6: drawing and a sweep of one chain."""

    timeout = 120

    def track_megabytes(self):
        return Dense(n_patterns=10**6, p=4).memory(SIZE) / 2**20

    track_megabytes.unit = "MiB"

    def peakmem_sweep(self):
        sample = Dense(n_patterns=10**6, p=4).draw(SIZE, np.random.default_rng(1))
        seeds = np.random.SeedSequence(3).spawn(1)
        engine(sample, sample.leading(1), 0.02, seeds).run(1)
