"""asv benchmarks of the pairwise kernels: time of a run of sweeps from the retrieval state."""

import subprocess
import sys

import numpy as np

from assocmem import Hopfield
from assocmem.montecarlo.dynamics import engine


class Sweeps:
    """Load 0.05; R = 16 chains for lanes, 1 otherwise."""

    params = ([1000, 4000], [0.1, 0.5], ["single", "lanes", "waiting", "auto"])
    param_names = ("n_spins", "temperature", "method")

    def setup(self, n_spins, temperature, method):
        sample = Hopfield(load=0.05).draw(n_spins, np.random.default_rng(1))
        chains = 16 if method == "lanes" else 1
        start = np.tile(sample.patterns[0], (chains, 1))
        seeds = np.random.SeedSequence(3).spawn(chains)
        self.engine = engine(sample, start, temperature, seeds, method=method)
        self.engine.run(20)

    def time_sweeps(self, n_spins, temperature, method):
        self.engine.run(20)


class FewPatterns:
    """Pattern space where no matrix would fit: K = 10."""

    def setup(self):
        sample = Hopfield(n_patterns=10).draw(100_000, np.random.default_rng(1))
        seeds = np.random.SeedSequence(3).spawn(1)
        self.engine = engine(sample, sample.patterns[:1], 0.5, seeds, method="patterns")
        self.engine.run(1)

    def time_sweep(self):
        self.engine.run(1)


class FirstCall:
    """A fresh process: import, sample and first sweep, kernels from the cache on disk."""

    number = 1

    def time_first_sweep(self):
        program = (
            "import numpy as np; from assocmem import Hopfield;"
            "from assocmem.montecarlo.dynamics import engine;"
            "s = Hopfield(load=0.1).draw(100, np.random.default_rng(1));"
            "engine(s, s.patterns[:1], 0.3, np.random.SeedSequence(1).spawn(1)).run(1)"
        )
        subprocess.run([sys.executable, "-c", program], check=True)
