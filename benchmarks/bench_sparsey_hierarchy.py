"""asv benchmarks of Sparsey's hierarchies: steps a second, recall, recognition."""

import numpy as np

from assocmem.sdr import Hierarchy, Level, Mac, Selection


def memory(modules=8, units=16, side=16):
    mac = Mac(modules, units, selection=Selection(g_minus=0.8))
    levels = (Level(mac, side // 2, side // 4), Level(mac, 3))
    return Hierarchy((side, side), levels).memory()


def frames(count, side=16, rate=0.1):
    return np.random.default_rng(0).random((count, side * side)) < rate


class Steps:
    """1,000 steps of nine macs and one above them, by codes of 8 x 16 or 24 x 32 units."""

    params = ([(8, 16), (24, 32)], [16, 32])
    param_names = ("code", "side")

    def setup(self, code, side):
        self.memory, self.frames = memory(*code, side), frames(1000, side)
        self.memory.store(self.frames[:300])

    def time_store(self, code, side):
        self.memory.store(self.frames)

    def time_codes(self, code, side):
        self.memory.codes(self.frames)

    def time_recall(self, code, side):
        self.memory.recall(self.frames[:1], 999)

    def time_single_steps(self, code, side):
        for frame in self.frames:
            self.memory.step(frame)


class Stored:
    """100 steps of retrieval after so many steps stored: the same time however many these are."""

    params = (100, 1000, 10_000)
    param_names = ("stored",)

    def setup(self, stored):
        self.memory, self.frames = memory(), frames(100)
        self.memory.store(frames(stored))

    def time_codes(self, stored):
        self.memory.codes(self.frames)


class Recognise:
    """A sequence of 10 steps among 1,000 stored: codes, and a comparison with each stored step."""

    def setup(self):
        self.memory, some = memory(), frames(10_000).reshape(1000, 10, -1)
        self.codes, self.frames = [self.memory.store(film) for film in some], some[500]

    def time_recognise(self):
        self.memory.recognise(self.frames, self.codes)


if __name__ == "__main__":
    from time import perf_counter

    for code, side in ((8, 16), 16), ((8, 16), 32), ((24, 32), 16):
        case = Steps()
        case.setup(code, side)
        for name in ("store", "codes", "recall", "single_steps"):
            call, times = getattr(case, f"time_{name}"), []
            for _ in range(7):
                start = perf_counter()
                call(code, side)
                times.append(perf_counter() - start)
            print(f"{code} units, side {side}, {name}: {1000 * min(times):.1f} us a step")
    for stored in Stored.params:
        case, times = Stored(), []
        case.setup(stored)
        for _ in range(20):
            start = perf_counter()
            case.time_codes(stored)
            times.append(perf_counter() - start)
        print(f"{stored} steps stored: {1e4 * min(times):.1f} us a step of retrieval")
