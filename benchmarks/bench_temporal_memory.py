"""asv benchmarks of temporal memory: steps of learned sequences, and random streams as it fills.

Run as a script to print rates in steps per second, beside those published for htm.core 2.2.0 on
another machine: 7,300 and 4,800 learning and 16,000 and 11,000 inferring (1 and 32 cells a column);
2090, 1430, 1010 and 830 in blocks of 500 steps of a random stream.
"""

import time

import numpy as np

from assocmem import TemporalMemory
from assocmem.dendrites.sequence_streams import random_stream

A, N = 40, 2048


def learned(cells_per_column):
    """A memory with the default thresholds that predicts a loop of 100 elements, and the loop."""
    memory = TemporalMemory(cells_per_column=cells_per_column).start(1)
    loop = random_stream(N, A, 100, rng=1)
    for _ in range(20):
        memory.run(loop)
    return memory, loop


class Loops:
    """100 steps of what is known, by calls of ``step`` or one of ``run``."""

    params = ([1, 32], [True, False])
    param_names = ("cells_per_column", "learn")

    def setup(self, cells_per_column, learn):
        self.memory, self.loop = learned(cells_per_column)

    def time_run(self, cells_per_column, learn):
        self.memory.run(self.loop, learn=learn)

    def time_steps(self, cells_per_column, learn):
        for columns in self.loop:
            self.memory.step(columns, learn)


class Random:
    """500 steps of a random stream for a memory that has seen as many already as given."""

    params = (0, 500, 1000, 1500, 4000)
    param_names = ("seen",)
    number = 1
    repeat = 3

    def setup(self, seen):
        TemporalMemory().start(0).run(random_stream(N, A, 3, rng=0))
        stream = random_stream(N, A, seen + 500, rng=2)
        self.memory = TemporalMemory().start(1)
        self.memory.run(stream[:seen])
        self.stream = stream[seen:]

    def time_run(self, seen):
        self.memory.run(self.stream)


def rate(run, steps, repeats=7):
    """Steps per second, best of some."""
    best = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    return steps / best


def main():
    for cells in (1, 32):
        memory, loop = learned(cells)
        for learn in (True, False):

            def steps(memory=memory, loop=loop, learn=learn):
                for columns in loop:
                    memory.step(columns, learn)

            many = rate(lambda args=(memory, loop, learn): args[0].run(*args[1:]), len(loop))
            print(
                f"{cells:3d} cells a column, {'learning' if learn else 'inferring':>9s}: "
                f"step {rate(steps, len(loop)):9,.0f} /s, run {many:9,.0f} /s"
            )
    memory = TemporalMemory().start(1)
    stream = random_stream(N, A, 4000, rng=2)
    for k in range(0, 4000, 500):
        block = stream[k : k + 500]
        speed = rate(lambda block=block: memory.run(block), 500, 1)
        print(
            f"random stream to step {k + 500:5d}: run {speed:9,.0f} /s, {memory.n_segments:7d} "
            "segments"
        )


if __name__ == "__main__":
    main()
