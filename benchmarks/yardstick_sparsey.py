"""The step of a mac beside a C reference, interleaved, medians.

The reference is a shared library with

    int64_t mac_step(uint64_t *weights, const uint64_t *input, int64_t q, int64_t k, int64_t words,
                     int32_t *u, int32_t *winner, int learn);

that sums the weights of each of q k units over a packed input, unit by unit, takes the first of the
largest sums in each module, and, where told to learn, ORs the input into the winners. Give its path
as argument or in ASSOCMEM_YARDSTICK. One in 64 inputs is learned, features are active with
probability 1/8. Ratios are package time over C time for an item; below 1 is faster than C.

The package's step does more: it normalises sums, takes the mean of the maxima, draws winners where
largest sums tie, and counts the weights that each unit holds. `draw` is the step with winners drawn
by their chances, which the reference cannot do. The median time of a call of the reference by
ctypes is taken off its times; the package, by `MacMemory.codes` and `learn` with their checks,
works on many inputs in one call.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import statistics
import sys
import time

import numpy as np

from assocmem.sdr import Codebook, Mac

# Modules, units of each, words of an input.
MACS = [(24, 8, 13), (4, 64, 2), (16, 256, 32)]


def reference(path: str):
    """The C function."""
    function = ctypes.CDLL(path).mac_step
    function.restype = ctypes.c_int64
    pointer, number = ctypes.c_void_p, ctypes.c_int64
    function.argtypes = [pointer, pointer, number, number, number, pointer, pointer, ctypes.c_int]
    return function


def inputs(count: int, words: int) -> np.ndarray:
    """Packed inputs, features active with probability 1/8."""
    rng = np.random.default_rng(1)
    found = rng.integers(0, 2**64, (3, count, words), dtype=np.uint64)
    return found[0] & found[1] & found[2]


class Reference:
    """The C mac, and how it goes through the inputs."""

    def __init__(self, function, q, k, rows, learned) -> None:
        self.function, self.shape = function, (q, k, rows.shape[1])
        self.weights = np.zeros((q * k, rows.shape[1]), np.uint64)
        self.u, self.winners = np.zeros(q * k, np.int32), np.zeros(q, np.int32)
        self.rows, self.learned = rows, learned
        self.places = [int(row.ctypes.data) for row in rows]

    def run(self) -> None:
        function, weights, (q, k, words) = self.function, self.weights.ctypes.data, self.shape
        u, winners = self.u.ctypes.data, self.winners.ctypes.data
        for place in self.places[: self.learned]:
            function(weights, place, q, k, words, u, winners, 1)
        for place in self.places[self.learned :]:
            function(weights, place, q, k, words, u, winners, 0)

    def idle(self) -> None:
        """The same calls for a mac of no modules."""
        function, weights, (_, k, words) = self.function, self.weights.ctypes.data, self.shape
        u, winners = self.u.ctypes.data, self.winners.ctypes.data
        for place in self.places:
            function(weights, place, 0, k, words, u, winners, 0)


class Package:
    """The package's mac, and how it goes through the inputs."""

    def __init__(self, q, k, rows, learned, choice) -> None:
        self.memory = Mac(q, k).memory(64 * rows.shape[1], seed=1)
        book = Codebook.from_packed(rows, 64 * rows.shape[1])
        self.first, self.others, self.choice = book[:learned], book[learned:], choice

    def run(self) -> None:
        self.memory.learn(self.first, choice=self.choice)
        self.memory.codes(self.others, choice=self.choice)


def agree(c: Reference, ours: Package) -> None:
    """Both see the same sums in the same weights."""
    weights = ours.memory.weights  # (features, modules, units)
    features, q, k = weights.shape
    octets = np.packbits(weights.reshape(features, -1).T, axis=1, bitorder="little")
    c.weights[:] = octets.copy().view("<u8")
    for place, sdr in zip(c.places[c.learned :][:50], ours.others, strict=False):
        total = c.function(
            c.weights.ctypes.data, place, q, k, c.shape[2], c.u.ctypes.data, c.winners.ctypes.data,
            0,
        )  # fmt: skip
        seen = ours.memory.inspect(sdr)
        if not np.array_equal(c.u, seen.u.ravel()) or round(seen.G * q * sdr.size) != total:
            raise AssertionError(f"sums differ at q={q}, k={k}")


def timed(call, times: int, items: int) -> float:
    """Seconds of an item."""
    start = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - start) / (times * items)


def compare(function, q, k, words, choice, seconds, repeats) -> tuple:
    """Median ratio, its range, least seconds of C and of the package for an item."""
    count = 1024
    rows, learned = inputs(count, words), count // 64
    c, ours = Reference(function, q, k, rows, learned), Package(q, k, rows, learned, choice)
    c.run()
    ours.run()
    agree(c, ours)
    times = max(1, round(seconds / (timed(c.run, 1, 1))))
    found = [
        [timed(call, times, count) for call in (c.idle, c.run, ours.run)] for _ in range(repeats)
    ]
    idle = statistics.median(each[0] for each in found)
    pairs = [(c_time - idle, our_time) for _, c_time, our_time in found]
    ratios = [our_time / c_time for c_time, our_time in pairs]
    least = [min(times) for times in zip(*found, strict=True)]
    return (
        statistics.median(ratios), min(ratios), max(ratios), least[1] - least[0], least[2]
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("library", nargs="?", default=os.environ.get("ASSOCMEM_YARDSTICK"))
    parser.add_argument("--seconds", type=float, default=0.02, help="per timing")
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    if not options.library or not os.path.exists(options.library):
        sys.exit(
            "skipped: give the path of the reference library (libyardstick.so) as argument or in "
            f"ASSOCMEM_YARDSTICK, got {options.library!r}"
        )
    function = reference(options.library)
    print("  Q    K  words   winners   ratio [min, max]    least ns/item C / ours")
    for q, k, words in MACS:
        for choice in ("maximum", "draw"):
            ratio, low, high, c_time, our_time = compare(
                function, q, k, words, choice, options.seconds, options.repeats
            )
            print(
                f"{q:3d}  {k:3d}  {words:5d}   {choice:>7s}  "
                f"{ratio:6.3f} [{low:.3f}, {high:.3f}]   {c_time * 1e9:10.0f} / "
                f"{our_time * 1e9:.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
