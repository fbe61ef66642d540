"""Ratios of the package's dense kernel to a C reference, interleaved, medians.

The reference is a shared library with

    int64_t dense_glauber(const int8_t *xi, int8_t *s, int32_t *M, float *g, const float *odd,
                          const float *even, int64_t n, int64_t k, float beta, int64_t sweeps,
                          uint64_t seed);

that runs sequential heat bath on cached odd parts and returns the flips. Give its path as argument
or in ASSOCMEM_YARDSTICK. Both run the same patterns from the same state at the same temperature;
ratios are package time over C time for the same number of attempts; below 1 is faster than C.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import statistics
import sys
import time

import numpy as np

from assocmem import Dense
from assocmem.montecarlo.dynamics import engine


def reference(path: str):
    """The C function, on the patterns (N, K) and a state, which it changes."""
    function = ctypes.CDLL(path).dense_glauber
    function.restype = ctypes.c_int64
    function.argtypes = [ctypes.c_void_p] * 6 + [ctypes.c_int64, ctypes.c_int64, ctypes.c_float]
    function.argtypes += [ctypes.c_int64, ctypes.c_uint64]

    def make(patterns, spins, energy):
        size, number = patterns.shape
        table = energy.table(size)
        odd, even = np.zeros(2 * size + 1, np.float32), np.zeros(2 * size + 1, np.float32)
        inner = np.arange(2, 2 * size - 1, 2)  # M + N
        odd[inner] = 0.5 * (table[2:] - table[:-2])
        even[inner] = 0.5 * (table[2:] + table[:-2]) - table[1:-1]
        odd[-1], odd[0] = table[-1] - table[-2], table[1] - table[0]
        overlaps = np.zeros(number, np.int32)
        for row, spin in zip(patterns, spins, strict=True):
            overlaps += row * spin
        values = np.empty(number, np.float32)
        arrays = [patterns, spins, overlaps, values, odd, even]

        def run(beta, sweeps, seed):
            return function(*[a.ctypes.data for a in arrays], size, number, beta, sweeps, seed)

        return run

    return make


def timed(call) -> tuple[float, int]:
    start = time.perf_counter()
    found = call()
    return time.perf_counter() - start, found


def compare(make, number, size, p, temperature, seconds, repeats, start, block) -> None:
    """Print the median ratio, its range, C's ns per pattern and attempt, and both acceptances."""
    sample = Dense(n_patterns=number, p=p).draw(size, np.random.default_rng(1))
    # The same bits as bytes; twice as large as the sample would be as a whole, so row by row.
    patterns = np.empty((size, number), np.int8)
    for row, bits in zip(patterns, sample.stored, strict=True):
        row[:] = 2 * np.unpackbits(bits.view(np.uint8), count=number, bitorder="little") - 1
    rng = np.random.default_rng(5)
    initial = sample.leading(1)[0]
    if start == "random":
        initial = rng.choice(np.array([-1, 1], np.int8), size)
    ours = engine(sample, initial[None], temperature, np.random.SeedSequence(3).spawn(1))
    ours._store.block = block
    c_run = make(patterns, initial.copy(), sample.model.energy)
    beta = 1.0 / temperature
    warm = max(2, 2_000_000 // (size * number))
    c_run(beta, warm, 1)
    ours.run(warm)
    c_sweeps = max(1, round(warm * seconds / timed(lambda: c_run(beta, warm, 2))[0]))
    our_sweeps = max(1, round(warm * seconds / timed(lambda: ours.run(warm))[0]))
    ratios, c_times, c_flips, before = [], [], 0, ours.flips[0]
    for k in range(repeats):
        c_time, found = timed(lambda k=k: c_run(beta, c_sweeps, 10 + k))
        our_time, _ = timed(lambda: ours.run(our_sweeps))
        c_flips += found
        ratios.append(our_time / our_sweeps * c_sweeps / c_time)
        c_times.append(c_time / (c_sweeps * size * number) * 1e9)
    c_rate = c_flips / (repeats * c_sweeps * size)
    our_rate = (ours.flips[0] - before) / (repeats * our_sweeps * size)
    print(
        f"{number:8d} {temperature:7.4f} {start:>8s} {statistics.median(ratios):6.3f} "
        f"[{min(ratios):.3f}, {max(ratios):.3f}]  {statistics.median(c_times):6.4f}  "
        f"{min(c_times):6.4f}      {c_rate:.2e} / {our_rate:.2e}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("library", nargs="?", default=os.environ.get("ASSOCMEM_YARDSTICK"))
    parser.add_argument("--seconds", type=float, default=0.1, help="per timing")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--size", type=int, default=200)
    parser.add_argument("--power", type=int, default=4)
    parser.add_argument("--patterns", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--temperatures", type=float, nargs="+", default=[0.02, 0.05])
    parser.add_argument("--start", choices=["pattern", "random"], default="pattern")
    parser.add_argument("--block", type=int, default=0, help="attempts together; 0 chooses")
    options = parser.parse_args()
    if not options.library or not os.path.exists(options.library):
        sys.exit(
            "skipped: give the path of the reference library (libyardstick.so) as argument or in "
            f"ASSOCMEM_YARDSTICK, got {options.library!r}"
        )
    make = reference(options.library)
    print(
        "       K       T    start  ratio [min, max]   C ns/(K attempt) min   acceptance C / ours"
    )
    for number in options.patterns:
        for temperature in options.temperatures:
            compare(
                make, number, options.size, options.power, temperature, options.seconds,
                options.repeats, options.start, options.block,
            )  # fmt: skip


if __name__ == "__main__":
    main()
