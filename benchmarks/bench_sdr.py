"""asv benchmarks of sparse distributed representations: sets, codebooks, draws, noise."""

import pickle

import numpy as np

from assocmem import SDR
from assocmem.sdr import (
    Bernoulli,
    Clustered,
    Codebook,
    Drop,
    Kill,
    Metrics,
    Replace,
    Swap,
    UnequalRates,
    Uniform,
)

SIZES = {2048: 40, 20_000: 200, 200_000: 2000}


class Pairs:
    """Two sets with their bits at hand."""

    params = tuple(SIZES)
    param_names = ("n",)

    def setup(self, n):
        rng = np.random.default_rng(1)
        self.one, self.other = Uniform(n, SIZES[n]).draw(rng), Uniform(n, SIZES[n]).draw(rng)
        self.cells = np.array(self.one.sparse)
        self.dense = np.array(self.one.dense)
        self.one.overlap(self.other)

    def time_overlap(self, n):
        self.one.overlap(self.other)

    def time_union(self, n):
        self.one | self.other

    def time_from_sparse_to_packed(self, n):
        SDR(n, self.cells).packed  # noqa: B018

    def time_from_dense_to_packed(self, n):
        SDR.from_dense(self.dense).packed  # noqa: B018

    def time_from_packed_to_sparse(self, n):
        SDR.from_packed(self.one.packed, n).sparse  # noqa: B018

    def time_pickle(self, n):
        pickle.loads(pickle.dumps(self.one))


class Overlaps:
    """One query against all rows, in and out of cache."""

    params = ([2048, 20_000], [1_000, 100_000])
    param_names = ("n", "rows")

    def setup(self, n, rows):
        rng = np.random.default_rng(1)
        self.book = Codebook.draw(Uniform(n, SIZES[n]), rows, rng)
        self.query = Uniform(n, SIZES[n]).draw(rng)
        self.out = np.empty(rows, np.int32)
        self.book.nearest(self.query, 10)
        self.book.overlaps(self.query, self.out)

    def time_overlaps(self, n, rows):
        self.book.overlaps(self.query, self.out)

    def time_nearest(self, n, rows):
        self.book.nearest(self.query, 10)

    def time_threshold(self, n, rows):
        self.book.threshold(self.query, 10)


class Matrices:
    """All pairs of rows."""

    params = ([2048, 20_000],)
    param_names = ("n",)

    def setup(self, n):
        self.book = Codebook.draw(Uniform(n, SIZES[n]), 500, 1)
        self.book[:4].overlaps_all()

    def time_overlaps_all(self, n):
        self.book.overlaps_all()


class Draws:
    """A thousand activities of 200 in 20,000 on average."""

    params = ("Uniform", "Bernoulli", "UnequalRates", "Clustered")
    param_names = ("law",)

    def setup(self, law):
        self.law = {
            "Uniform": Uniform(20_000, 200),
            "Bernoulli": Bernoulli(20_000, 0.01),
            "UnequalRates": UnequalRates(20_000, 0.01, 1.0),
            "Clustered": Clustered(20_000, 200, 5, 0.5),
        }[law]
        self.rng = np.random.default_rng(1)
        self.law.draw_rows(1, self.rng)

    def time_rows(self, law):
        self.law.draw_rows(1_000, self.rng)

    def time_codebook(self, law):
        Codebook.draw(self.law, 1_000, self.rng)


class Noises:
    """Noise on one pattern of 200 in 20,000."""

    params = ("Drop", "Replace", "Swap", "Kill")
    param_names = ("noise",)

    def setup(self, noise):
        self.rng = np.random.default_rng(1)
        self.pattern = Uniform(20_000, 200).draw(self.rng)
        self.noise = {"Drop": Drop(50), "Replace": Replace(50), "Swap": Swap(50),
                      "Kill": Kill(5000)}[noise]  # fmt: skip
        self.pattern.with_noise(self.noise, self.rng)

    def time_noise(self, noise):
        self.pattern.with_noise(self.noise, self.rng)


class Streams:
    """Metrics of a hundred SDRs of 2048 cells."""

    params = (None, 20)
    param_names = ("period",)

    def setup(self, period):
        self.rows = list(Codebook.draw(Uniform(2048, 40), 100, 1))
        self.time_metrics(period)

    def time_metrics(self, period):
        Metrics(2048, period).extend(self.rows)
