"""asv benchmarks of the Willshaw memory: storing, recalling by each rule, and its theory."""

import numpy as np

from assocmem.sdr import Willshaw
from assocmem.sdr.draws import subsets
from assocmem.theory.sdr.willshaw import predict
from assocmem.theory.sdr.willshaw_capacity import capacity
from assocmem.theory.sdr.willshaw_cover import _squares

RULES = {"cue": {}, "threshold": {"threshold": 10}, "winners": {"winners": 12}}


def pairs(n, a, count, seed):
    rng = np.random.default_rng(seed)
    return (*subsets(n, a, count, rng), *subsets(n, a, count, rng))


class Store:
    """10,000 pairs of a = 12 cells: a^2 bits each, in rows that do or do not fit the cache."""

    params = ([1000, 10_000], [False, True])
    param_names = ("n", "counts")

    def setup(self, n, counts):
        self.memory = Willshaw(n, n, 12, 12).memory(counts=counts)
        self.pairs = pairs(n, 12, 10_000, 0)

    def time_store(self, n, counts):
        self.memory._store(*self.pairs)


class Recall:
    """1,000 cues of 12 bits at load one half, by each rule."""

    params = ([1000, 10_000], list(RULES))
    param_names = ("n", "rule")

    def setup(self, n, rule):
        self.memory = Willshaw(n, n, 12, 12).memory()
        number = round(self.memory.capacity(12))
        self.memory._store(*pairs(n, 12, number, 0))
        self.cues = subsets(n, 12, 1000, np.random.default_rng(1))
        self.rule = {"threshold": None, "winners": None, **RULES[rule]}

    def time_recall(self, n, rule):
        self.memory._recall(*self.cues, **self.rule)


class Theory:
    """Exact laws without what earlier calls have kept."""

    params = (10, 20, 40)
    param_names = ("a",)

    def time_predict(self, a):
        _squares.cache_clear()
        predict(Willshaw(10_000, 10_000, a, a, 100_000))

    def time_capacity(self, a):
        _squares.cache_clear()
        capacity(Willshaw(10_000, 10_000, a, a))
