"""Overlaps of packed rows beside a C reference, interleaved, medians.

The reference is a shared library with

    void packed_overlap(const uint64_t *table, const uint64_t *query, int64_t rows, int64_t words,
                        int32_t *out);

one population count a word. Give its path as argument or in ASSOCMEM_YARDSTICK. Both run on the
same rows. Ratios are package time, of `Codebook.overlaps` with its checks, over C time by ctypes
with its arguments made beforehand; below 1 is faster than C.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import statistics
import sys
import time

import numpy as np

from assocmem.sdr import Codebook, Uniform


def reference(path: str):
    """The C function."""
    function = ctypes.CDLL(path).packed_overlap
    function.restype = None
    pointer = ctypes.c_void_p
    function.argtypes = [pointer, pointer, ctypes.c_int64, ctypes.c_int64, pointer]
    return function


def timed(call, times: int) -> float:
    """Seconds of one call, after one that finds its data again where the other left them."""
    call()
    start = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - start) / times


def compare(function, n: int, active: int, rows: int, seconds: float, repeats: int) -> tuple:
    """Median ratio, its range, and the median seconds of C and of the package."""
    rng = np.random.default_rng(1)
    book = Codebook.draw(Uniform(n, active), rows, rng)
    query = Uniform(n, active).draw(rng)
    table, words = book.packed, query.packed
    c_out, out = np.full(rows, -1, np.int32), np.full(rows, -1, np.int32)
    arguments = (table.ctypes.data, words.ctypes.data, rows, len(words), c_out.ctypes.data)

    def c_run():
        function(*arguments)

    def our_run():
        book.overlaps(query, out)

    c_run()
    our_run()
    if not np.array_equal(out, c_out):
        raise AssertionError(f"overlaps differ at n={n}, rows={rows}")
    times = max(1, round(seconds / timed(c_run, 3)))
    pairs = [(timed(c_run, times), timed(our_run, times)) for _ in range(repeats)]
    ratios = [ours / c for c, ours in pairs]
    return (
        statistics.median(ratios), min(ratios), max(ratios),
        statistics.median(c for c, _ in pairs), statistics.median(ours for _, ours in pairs),
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("library", nargs="?", default=os.environ.get("ASSOCMEM_YARDSTICK"))
    parser.add_argument("--seconds", type=float, default=0.05, help="per timing")
    parser.add_argument("--repeats", type=int, default=11)
    parser.add_argument("--cells", type=int, nargs="+", default=[2048, 20000])
    parser.add_argument("--megabytes", type=float, nargs="+", default=[0.25, 2.5, 128.0])
    parser.add_argument("--sparsity", type=float, default=0.02)
    options = parser.parse_args()
    if not options.library or not os.path.exists(options.library):
        sys.exit(
            "skipped: give the path of the reference library (libyardstick.so) as argument or in "
            f"ASSOCMEM_YARDSTICK, got {options.library!r}"
        )
    function = reference(options.library)
    print("     n     rows      MB   ratio [min, max]         GB/s C / ours      ns/row C / ours")
    for n in options.cells:
        for size in options.megabytes:
            bytes_of_row = 8 * -(-n // 64)
            rows = max(1, round(size * 1e6 / bytes_of_row))
            ratio, low, high, c_time, our_time = compare(
                function, n, round(options.sparsity * n), rows, options.seconds, options.repeats
            )
            total = rows * bytes_of_row
            print(
                f"{n:6d} {rows:8d} {total / 1e6:7.2f}  {ratio:6.3f} [{low:.3f}, {high:.3f}]   "
                f"{total / c_time / 1e9:8.1f} / {total / our_time / 1e9:5.1f}   "
                f"{c_time / rows * 1e9:9.2f} / {our_time / rows * 1e9:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
