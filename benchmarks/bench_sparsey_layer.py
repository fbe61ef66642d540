"""MNIST by layers of macs: time to learn and to recognise, accuracy with test images.

    ASSOCMEM_DATA=folder python benchmarks/bench_sparsey_layer.py [--items N] [--workers W]

Prints one line for each configuration: seconds and microseconds an item of processor time and of
time by the clock, and accuracy. "layer" is the bare layer: images packed, learned, recognised.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from assocmem.sdr import Mac, Tiling
from assocmem.sdr.sparsey.classifier import SparseyClassifier
from assocmem.sdr.sparsey.layer import Layer

PIXELS = {"encoding": "threshold", "threshold": 100.0, "field": 9, "stride": 3}
# Name, and parameters of the classifier.
CASES = {
    "pixels, K=64": {**PIXELS, "n_units": 64},
    "pixels, K=256": {**PIXELS, "n_units": 256},
    "edges, 16 macs": {"n_modules": 2, "n_units": 1024, "stride": 2, "recruit": 0.1},
    "edges, 49 macs": {"n_modules": 2, "n_units": 1024, "recruit": 0.1},
    "binary labels": {"n_modules": 2, "n_units": 1024, "recruit": 0.1, "readout": "binary"},
}


class Layers:
    """Made-up images, for asv."""

    params = ([64, 256],)
    param_names = ("n_units",)

    def setup(self, n_units):
        rng = np.random.default_rng(0)
        self.images = np.repeat(np.repeat(rng.random((1000, 7, 7)) < 0.2, 4, 1), 4, 2)
        mac = Mac(4, n_units, nu=0.5, cap=1.0, novelty=0.7)
        self.layer = Layer(mac, Tiling((28, 28), 9, 3))
        self.layer.learn(self.images)
        self.layer.codes(self.images)

    def time_learn(self, n_units):
        self.layer.learn(self.images)

    def time_codes(self, n_units):
        self.layer.codes(self.images)


def timed(work, *args, **options):
    """What work returns, seconds by the clock, seconds of processor time."""
    clock, processor = time.perf_counter(), time.process_time()
    found = work(*args, **options)
    return found, time.perf_counter() - clock, time.process_time() - processor


def shown(name: str, what: str, n: int, clock: float, processor: float) -> str:
    return (
        f"{name:>15} {what:>10}: {clock:6.2f} s, {processor:6.2f} s of processor, "
        f"{1e6 * clock / n:6.1f} us an item"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=60_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cases", nargs="*", default=list(CASES), choices=list(CASES))
    given = parser.parse_args()
    from assocmem import datasets

    data = datasets.load("mnist")
    train = data.train_images[: given.items] > 100
    test = data.test_images > 100
    mac = Mac(4, 64, nu=0.5, cap=1.0, novelty=0.7)
    for attempt in range(2):  # the first compiles
        layer = Layer(mac, Tiling((28, 28), 9, 3))
        for what, work, images in (("learn", layer.learn, train), ("codes", layer.codes, test)):
            _, clock, processor = timed(work, images, workers=given.workers)
            if attempt:
                print(shown("layer", what, len(images), clock, processor), flush=True)
    X, y = data.train_images.reshape(60_000, -1)[: given.items], data.train_labels[: given.items]
    T, t = data.test_images.reshape(10_000, -1), data.test_labels
    for name in given.cases:
        model = SparseyClassifier(
            shape=(28, 28), random_state=0, workers=given.workers, **CASES[name]
        )
        model.fit(X[:100], y[:100])
        _, clock, processor = timed(model.fit, X, y)
        print(shown(name, "fit", len(X), clock, processor), flush=True)
        found, clock, processor = timed(model.predict, T)
        accuracy = 100 * np.mean(found == t)
        print(shown(name, "predict", len(T), clock, processor) + f"; {accuracy:.2f} %", flush=True)


if __name__ == "__main__":
    main()
