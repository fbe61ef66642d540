"""asv benchmarks of Sparsey's mac: learning, retrieval, reading, and whether time stays flat."""

import pickle

import numpy as np

from assocmem.sdr import Mac, Permanence, Selection, Uniform
from assocmem.sdr.codebook import Codebook

MACS = {
    "24 x 8, 832": (Mac(24, 8), 832, 104),
    "4 x 64, 81": (Mac(4, 64, nu=0.5, cap=1.0, novelty=0.7), 81, 20),
    "16 x 256, 2048": (Mac(16, 256), 2048, 256),
    "nu 0.3": (Mac(4, 64, nu=0.3), 81, 20),
    "sigma_4 2": (Mac(4, 64, Selection(sigma_4=2.0)), 81, 20),
    "fading": (Mac(4, 64, permanence=Permanence(1000)), 81, 20),
}


def dense(n, size, count):
    """Random inputs, a dense array."""
    rows = np.zeros((count, n), bool)
    for row, sdr in zip(rows, Codebook.draw(Uniform(n, size), count, rng=1), strict=True):
        row[sdr.sparse] = True
    return rows


class Items:
    """1,000 inputs after as many have been learned."""

    params = tuple(MACS)
    param_names = ("mac",)

    def setup(self, name):
        mac, n, size = MACS[name]
        self.rows = dense(n, size, 2000)
        self.memory = mac.memory(n, seed=1)
        self.codes = self.memory.learn(self.rows[:1000])
        self.memory.codes(self.rows[:2])
        self.memory.read(self.codes[0])

    def time_learn(self, name):
        self.memory.learn(self.rows[1000:])

    def time_codes(self, name):
        self.memory.codes(self.rows[1000:])

    def time_recall_100(self, name):
        self.memory.recall(self.rows[:100])

    def time_inspect(self, name):
        self.memory.inspect(self.rows[0])

    def time_pickle(self, name):
        pickle.loads(pickle.dumps(self.memory))


class Stored:
    """1,000 retrievals, and as many stores, after 100 to 100,000 inputs: the same time."""

    params = (100, 1000, 10_000, 100_000)
    param_names = ("stored",)

    def setup(self, stored):
        rng = np.random.default_rng(2)
        self.memory = Mac(24, 32, nu=0.5, cap=2.0).memory(1024, seed=1)
        for _ in range(0, stored, 10_000):
            rows = rng.random((min(stored, 10_000), 1024)) < 0.05
            self.memory.learn(rows)
        self.rows = rng.random((1000, 1024)) < 0.05

    def time_codes(self, stored):
        self.memory.codes(self.rows)

    def time_learn(self, stored):
        self.memory.learn(self.rows)
