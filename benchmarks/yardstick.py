"""Ratios of the package's pairwise kernels to a C reference, interleaved, medians.

The reference is a shared library with

    int64_t pairwise_glauber(const float *J, int8_t *s, float *h, int64_t n, float beta,
                             int64_t sweeps, uint64_t seed);

that runs sequential heat bath on cached float32 fields and returns the flips. Give its path as
argument or in ASSOCMEM_YARDSTICK. Ratios are package time over C time for the same number of
sweeps per chain; below 1 is faster than C.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import statistics
import sys
import time

import numpy as np

from assocmem import Hopfield
from assocmem.montecarlo.dynamics import engine

LOAD = 0.05


def reference(path: str):
    """The C function, as a callable on NumPy arrays."""
    function = ctypes.CDLL(path).pairwise_glauber
    function.restype = ctypes.c_int64
    pointer = ctypes.c_void_p
    function.argtypes = [pointer, pointer, pointer, ctypes.c_int64, ctypes.c_float]
    function.argtypes += [ctypes.c_int64, ctypes.c_uint64]

    def run(couplings, spins, fields, beta, sweeps, seed):
        return function(
            couplings.ctypes.data, spins.ctypes.data, fields.ctypes.data, len(spins), beta, sweeps,
            seed,
        )  # fmt: skip

    return run


def timed(call) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def compare(c_run, sample, temperature, method, chains, seconds, repeats, start) -> tuple:
    """Median ratio, its range, C's ns per attempt, acceptance of C and of the package."""
    size = sample.n_spins
    first = sample.patterns[0] if start == "pattern" else None
    rng = np.random.default_rng(5)
    initial = first if first is not None else rng.choice(np.array([-1, 1], np.int8), size)
    couplings = sample.couplings
    spins = initial.copy()
    fields = (couplings @ spins).astype(np.float32)
    spawned = np.random.SeedSequence(3).spawn(chains)
    ours = engine(sample, np.tile(initial, (chains, 1)), temperature, spawned, method=method)
    beta = 1.0 / temperature
    warm = max(20, 400_000 // size)
    c_run(couplings, spins, fields, beta, warm, 1)
    ours.run(warm)
    c_one = timed(lambda: c_run(couplings, spins, fields, beta, warm, 2)) / warm
    our_one = timed(lambda: ours.run(warm)) / warm
    c_sweeps = max(1, round(seconds / c_one))
    our_sweeps = max(1, round(seconds / our_one))
    ratios, c_times, c_flips = [], [], 0
    flips = ours.flips.sum()
    for k in range(repeats):
        found = []
        c_time = timed(
            lambda k=k, found=found: found.append(
                c_run(couplings, spins, fields, beta, c_sweeps, 10 + k)
            )
        )
        our_time = timed(lambda: ours.run(our_sweeps))
        ratios.append(our_time / (our_sweeps * chains) / (c_time / c_sweeps))
        c_times.append(c_time / (c_sweeps * size) * 1e9)
        c_flips += found[0]
    flips = ours.flips.sum() - flips
    attempts = repeats * our_sweeps * chains * size
    return (
        statistics.median(ratios), min(ratios), max(ratios), statistics.median(c_times),
        c_flips / (repeats * c_sweeps * size), flips / attempts,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("library", nargs="?", default=os.environ.get("ASSOCMEM_YARDSTICK"))
    parser.add_argument("--seconds", type=float, default=0.05, help="per timing")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 4000, 10000])
    parser.add_argument("--temperatures", type=float, nargs="+", default=[0.1, 0.5])
    parser.add_argument("--methods", nargs="+", default=["single", "auto", "waiting", "lanes"])
    parser.add_argument("--start", choices=["pattern", "random"], default="pattern")
    options = parser.parse_args()
    if not options.library or not os.path.exists(options.library):
        sys.exit(
            "skipped: give the path of the reference library (libyardstick.so) as argument or in "
            f"ASSOCMEM_YARDSTICK, got {options.library!r}"
        )
    c_run = reference(options.library)
    print("    N     T  method   R   ratio [min, max]      C ns/attempt  acceptance C / ours")
    for size in options.sizes:
        sample = Hopfield(load=LOAD).draw(size, np.random.default_rng(1))
        for temperature in options.temperatures:
            for method in options.methods:
                chains = 16 if method == "lanes" else 1
                ratio, low, high, c_time, c_rate, rate = compare(
                    c_run, sample, temperature, method, chains, options.seconds, options.repeats,
                    options.start,
                )  # fmt: skip
                print(
                    f"{size:6d} {temperature:5.2f} {method:>8s} {chains:3d}  {ratio:6.3f} "
                    f"[{low:.3f}, {high:.3f}]  {c_time:10.2f}      {c_rate:.2e} / {rate:.2e}"
                )


if __name__ == "__main__":
    main()
