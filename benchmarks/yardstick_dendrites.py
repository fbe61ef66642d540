"""Segments beside a C reference that reads every synapse, interleaved, medians.

The reference is a shared library with

    void segment_overlap(const int32_t *syn, const uint8_t *active, int64_t rows, int64_t per,
                         int32_t *out);

that counts, for each segment, the active cells among its synapses. Give its path as argument or in
ASSOCMEM_YARDSTICK. Ratios are package time over C time for one step with the same synapses and
activity, the Python calls of both included; below 1 is faster than C. The inverted index reads the
synapses of active cells alone, so that its ratio is about the fraction of active cells times what
an increment at random costs over a read in a row. "forward" is the package's kernel that does the
same work as the reference.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import statistics
import sys
import time

import numpy as np
from bench_dendrites import SIZES, STEPS

from assocmem.dendrites.kernels import segments as kernels
from assocmem.dendrites.segments import Segments
from assocmem.sdr.draws import subsets


def reference(path: str):
    """The C function, as a callable on addresses and sizes."""
    function = ctypes.CDLL(path).segment_overlap
    function.restype = None
    pointer, size = ctypes.c_void_p, ctypes.c_int64
    function.argtypes = [pointer, pointer, size, size, pointer]
    return function


def timed(call, activities, seconds: float) -> float:
    """Microseconds of a step: median of single steps, which other work seldom interrupts."""
    found, start = [], time.perf_counter()
    while time.perf_counter() - start < seconds:
        for cells in activities:
            before = time.perf_counter()
            call(cells)
            found.append(time.perf_counter() - before)
    return statistics.median(found) * 1e6


def compare(c_run, name: str, seconds: float, repeats: int) -> None:
    """Print one line for each way to count."""
    count, synapses, n, a = SIZES[name]
    segments = Segments.random(n, 10, count, synapses, rng=1)
    indptr, indices = segments.csr()
    unsigned = indices.view(np.uint32)
    activities = list(subsets(n, a, STEPS, rng=2)[1].reshape(STEPS, a))
    on, c_out = np.zeros(n, np.uint8), np.empty(count, np.int32)
    addresses = indices.ctypes.data, on.ctypes.data, count, synapses, c_out.ctypes.data
    out = np.empty(count, np.uint16)

    def in_c(cells):
        on[cells] = 1
        c_run(*addresses)
        on[cells] = 0

    def forward(cells):
        on[cells] = 1
        kernels.forward_counts(indptr, unsigned, on, out)
        on[cells] = 0

    ways = {
        "counts": segments.counts,
        "counts, out": lambda cells: segments.counts(cells, out=out),
        "active": segments.active,
        "forward": forward,
    }
    for cells in activities:  # the same numbers, before they are timed
        in_c(cells)
        forward(cells)
        if not (np.array_equal(out, c_out) and np.array_equal(segments.counts(cells), c_out)):
            sys.exit(f"counts differ from the reference at {name}")
        segments.active(cells)
    ratios = {way: [] for way in ways}
    times = {way: [] for way in (*ways, "C")}
    for _ in range(repeats):
        for way, call in ways.items():
            times["C"].append(timed(in_c, activities, seconds))
            times[way].append(timed(call, activities, seconds))
            ratios[way].append(times[way][-1] / times["C"][-1])
    c_time = statistics.median(times["C"])
    for way, found in ratios.items():
        print(
            f"{name:>13s} {n:7d} {a:6d}  {way:12s} {statistics.median(found):8.4f} "
            f"[{min(found):.4f}, {max(found):.4f}]  {c_time:9.1f} / "
            f"{statistics.median(times[way]):8.1f} (least {min(times[way]):.1f})",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("library", nargs="?", default=os.environ.get("ASSOCMEM_YARDSTICK"))
    parser.add_argument("--seconds", type=float, default=0.05, help="per timing")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--sizes", nargs="+", choices=list(SIZES), default=list(SIZES))
    options = parser.parse_args()
    if not options.library or not os.path.exists(options.library):
        sys.exit(
            "skipped: give the path of the reference library (libyardstick.so) as argument or in "
            f"ASSOCMEM_YARDSTICK, got {options.library!r}"
        )
    c_run = reference(options.library)
    print("     segments       n active  way            ratio [min, max]       us a step C / ours")
    for name in options.sizes:
        compare(c_run, name, options.seconds, options.repeats)


if __name__ == "__main__":
    main()
