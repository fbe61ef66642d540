"""Steps of the spatial pooler in a second, learning and not, with the published parameters."""

from __future__ import annotations

from time import perf_counter

import numpy as np

from assocmem.dendrites import SpatialPooler
from assocmem.sdr import SDR

GLOBAL = SpatialPooler(
    1024, 1024, potential_fraction=1.0, stimulus_threshold=1, increment=0.1, decrement=0.02,
    connected_permanence=0.5, boost=100.0,
)  # fmt: skip
LOCAL = SpatialPooler(
    (32, 32), (32, 32), potential_radius=5, inhibition_radius=5, stimulus_threshold=1
)


class Pooling:
    params = (["global", "local"], [True, False])
    param_names = ("inhibition", "learn")

    def setup(self, inhibition, learn):
        self.columns = (GLOBAL if inhibition == "global" else LOCAL).start(1)
        rng = np.random.default_rng(0)
        self.inputs = [SDR(1024, rng.choice(1024, 20, replace=False)) for _ in range(300)]
        for given in self.inputs[:50]:
            self.columns.step(given)

    def time_steps(self, inhibition, learn):
        for given in self.inputs:
            self.columns.step(given, learn)


def main() -> None:
    for inhibition in ("global", "local"):
        for learn in (True, False):
            case = Pooling()
            case.setup(inhibition, learn)
            best = np.inf
            for _ in range(5):
                start = perf_counter()
                case.time_steps(inhibition, learn)
                best = min(best, perf_counter() - start)
            print(f"{inhibition:>7}, learn={learn!s:>5}: {300 / best:9,.0f} steps/s")


if __name__ == "__main__":
    main()
