"""asv benchmarks of populations of segments: one step, Python call included."""

import numpy as np

from assocmem.dendrites.neurons import Neurons
from assocmem.dendrites.nonlinearity import Power
from assocmem.dendrites.segments import Segments
from assocmem.sdr.draws import subsets

# Segments, synapses of each, cells, active cells.
SIZES = {
    "2,048 x 40": (2048, 40, 2048, 40),
    "100,000 x 20": (100_000, 20, 20_000, 200),
    "100,000 x 24": (100_000, 24, 65_536, 1311),
}
STEPS = 64  # activities in turn: that the same one stays in the cache is not the rule


class _Population:
    params = tuple(SIZES)
    param_names = ("size",)

    def setup(self, size):
        count, synapses, n, a = SIZES[size]
        self.segments = Segments.random(n, 10, count, synapses, rng=1)
        self.rows = subsets(n, a, STEPS, rng=2)
        self.activities = list(self.rows[1].reshape(STEPS, a))
        self.out = np.empty(count, np.uint16)


class Steps(_Population):
    """Time of 64 steps."""

    def time_counts(self, size):
        for cells in self.activities:
            self.segments.counts(cells)

    def time_counts_into_an_array(self, size):
        for cells in self.activities:
            self.segments.counts(cells, out=self.out)

    def time_active(self, size):
        for cells in self.activities:
            self.segments.active(cells)

    def time_active_in_one_call(self, size):
        self.segments.active_rows(self.rows)

    def time_unreliable_counts(self, size):
        for cells in self.activities:
            self.segments.counts(cells, transmission=0.5, rng=1)


class Layers(_Population):
    """Time of 64 steps of neurons with 16 segments each."""

    def setup(self, size):
        super().setup(size)
        owners = np.arange(len(self.segments)) // 16
        self.neurons = Neurons(self.segments, owners, nonlinearity=Power(10))

    def time_firing(self, size):
        self.neurons.fires_rows(self.rows)

    def time_two_layers(self, size):
        self.neurons.responses_rows(self.rows)


class Learning:
    """Time of 1,000 new segments of 20 synapses in a population of 20,000."""

    number = 1

    def setup(self):
        self.segments = Segments.random(20_000, 10, 20_000, 20, rng=1)
        self.rows = subsets(20_000, 200, 1000, rng=2)
        self.patterns = list(self.rows[1].reshape(1000, 200))
        self.rng = np.random.default_rng(3)

    def time_one_by_one(self):
        for pattern in self.patterns:
            self.segments.learn(pattern, 20, self.rng)

    def time_in_one_call(self):
        self.segments.learn_rows(self.rows, 20, self.rng)

    def peakmem_one_by_one(self):
        self.time_one_by_one()
