"""asv benchmarks of items in one mac: storing, recall in fixed time, and scans of all codes."""

import numpy as np

from assocmem.sdr import Codebook, Mac, Selection, Uniform
from assocmem.sdr.noise import Replace
from assocmem.sdr.sparsey.items import ItemMemory

SELECTION = Selection(g_minus=0.95, sigma_2=80.0, sigma_3=0.975)


class Items:
    """1,000 items or cues of 20 of 2,048 features, in a mac that holds few or many others."""

    params = (1000, 100_000)
    param_names = ("stored",)
    timeout = 300

    def setup(self, stored):
        rng = np.random.default_rng(0)
        law = Uniform(2048, 20)
        self.memory = ItemMemory(Mac(16, 2048, SELECTION), 2048, labels=10)
        items = Codebook.draw(law, stored, rng)
        self.memory.store(items, np.arange(stored) % 10)
        self.new = Codebook.draw(law, 1000, rng)
        self.cues = Codebook(2048, [items[k].with_noise(Replace(3), rng) for k in range(1000)])
        self.code = self.memory.code(self.cues[:1])[0]

    def time_store(self, stored):
        self.memory.store(self.new)

    def time_best_match(self, stored):
        self.memory.best_match(self.cues)

    def time_recall(self, stored):
        self.memory.recall(self.cues)

    def time_classify(self, stored):
        self.memory.classify(self.cues)

    def time_likelihoods(self, stored):
        self.memory.likelihoods(self.code)

    def peakmem_memory(self, stored):
        return self.memory
