"""asv benchmarks of diluted patterns: sparse columns and cached fields, one chain, d = 0.5."""

import numpy as np

from assocmem import Multitasking, Supervised, Unsupervised
from assocmem.montecarlo.descents import descend
from assocmem.montecarlo.dynamics import engine

LEARNING = {"none": None, "sums": Supervised(20, 0.5), "examples": Unsupervised(20, 0.5)}


def running(n_spins, n_patterns, temperature, method, learning=None):
    """An engine that has left its start, the first pattern."""
    model = Multitasking(n_patterns=n_patterns, dilution=0.5, learning=learning)
    sample = model.draw(n_spins, np.random.default_rng(1))
    start = np.where(sample.patterns[:1] == 0, 1, sample.patterns[:1])
    seeds = np.random.SeedSequence(3).spawn(1)
    made = engine(sample, start, temperature, seeds, method=method)
    made.run(20)
    return made


class Sweeps:
    """K = 8, where few spins flip and where many do."""

    params = ([1000, 4000], [0.05, 0.3], ["patterns", "single", "waiting", "auto"])
    param_names = ("n_spins", "temperature", "method")

    def setup(self, n_spins, temperature, method):
        self.engine = running(n_spins, 8, temperature, method)

    def time_sweeps(self, n_spins, temperature, method):
        self.engine.run(20)


class Patterns:
    """Cost of an attempt in the number of patterns, and of what is learned; N = 1000."""

    params = ([8, 64, 256], list(LEARNING))
    param_names = ("n_patterns", "learning")

    def setup(self, n_patterns, learning):
        self.engine = running(1000, n_patterns, 0.05, "patterns", LEARNING[learning])

    def time_sweeps(self, n_patterns, learning):
        self.engine.run(5)


class Large:
    """Where no matrix would fit."""

    def setup(self):
        self.engine = running(200_000, 8, 0.3, "patterns")

    def time_sweep(self):
        self.engine.run(1)


class Descents:
    """Random starts, with the states that they end in."""

    def time_descend(self):
        model = Multitasking(n_patterns=3, dilution=0.55)
        descend(model, n_spins=1000, starts=32, disorder=2, sweeps=50, progress=False).states()
