"""Temporal memory as it is published, in dicts and loops: what the kernels are tested against.

Written from the published description, without any of the kernels' structures: segments are
objects with a dict of permanences in units of 1/60000, and each step looks at all of them. Random
choices are made by the documented rule, functions of key, step, purpose and item.
"""

import numpy as np

WORD = 2**64
ONE = 60000
GROWTH, WEAKEST, WINNER, BEST = range(4)


def mix(x):
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) % WORD
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) % WORD
    return x ^ (x >> 31)


class Segment:
    def __init__(self, cell, serial, used):
        self.cell, self.serial, self.used = cell, serial, used
        self.synapses = {}
        self.active = self.potential = 0


class PlainMemory:
    """Parameters are those of TemporalMemory; ``seed`` gives the key."""

    def __init__(self, model, seed):
        self.p = model
        self.key = int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0])
        self.unit = {
            name: round(getattr(model, name) * ONE)
            for name in (
                "initial_permanence", "connected_permanence", "permanence_increment",
                "permanence_decrement", "predicted_segment_decrement",
            )
        }  # fmt: skip
        self.segments, self.dead = [], set()
        self.steps = self.created = 0
        self.active_cells, self.winners = set(), []

    def word(self, purpose, item):
        first = mix((self.key + 0x9E3779B97F4A7C15 * self.steps) % WORD)
        return mix((first + 0xD1342543DE82EF95 * (4 * item + purpose)) % WORD)

    def reset(self):
        self.active_cells, self.winners = set(), []
        for segment in self.segments:
            segment.active = segment.potential = 0

    def is_active(self, segment):
        return segment.active >= self.p.activation_threshold

    def is_matching(self, segment):
        return segment.potential >= self.p.min_threshold

    def column(self, cell):
        return cell // self.p.cells_per_column

    def predictive(self):
        return sorted({s.cell for s in self.segments if self.is_active(s)})

    def step(self, columns, learn=True):
        before = {self.column(cell) for cell in self.predictive()}
        columns = sorted(columns)
        anomaly = 1 - len(before & set(columns)) / len(columns) if columns else 0.0
        old_active, old_winners = self.active_cells, self.winners
        active, winners, bursting = set(), [], []
        silent = [
            s for s in self.segments if self.is_matching(s) and self.column(s.cell) not in columns
        ]
        for column in columns:
            here = [s for s in self.segments if self.column(s.cell) == column]
            firing = [s for s in here if self.is_active(s)]
            if firing:
                cells = sorted({s.cell for s in firing})
                active.update(cells)
                winners += cells
                if learn:
                    for segment in firing:
                        self.reinforce(segment, old_active, old_winners)
                continue
            bursting.append(column)
            living = self.living(column)
            active.update(living)
            matching = [s for s in here if self.is_matching(s)]
            if matching:
                most = max(s.potential for s in matching)
                best = min(
                    (s for s in matching if s.potential == most),
                    key=lambda s: self.word(BEST, s.serial),
                )
                winners.append(best.cell)
                if learn:
                    self.reinforce(best, old_active, old_winners)
            elif living:
                held = {cell: sum(s.cell == cell for s in here) for cell in living}
                fewest = [cell for cell in living if held[cell] == min(held.values())]
                word = self.word(WINNER, column)
                winner = fewest[((word >> 32) * len(fewest)) >> 32]
                winners.append(winner)
                if learn and old_winners and self.p.max_new_synapses:
                    self.sprout(winner, old_winners)
        if learn and self.unit["predicted_segment_decrement"]:
            for segment in silent:
                self.adapt(segment, old_active, -self.unit["predicted_segment_decrement"], 0)
        self.active_cells, self.winners = active, winners
        for segment in self.segments:
            permanences = [p for cell, p in segment.synapses.items() if cell in active]
            segment.potential = len(permanences)
            segment.active = sum(p >= self.unit["connected_permanence"] for p in permanences)
            if learn and self.is_active(segment):
                segment.used = self.steps
        self.steps += 1
        return anomaly, bursting

    def living(self, column):
        per = self.p.cells_per_column
        return [c for c in range(column * per, (column + 1) * per) if c not in self.dead]

    def adapt(self, segment, active, increment, decrement):
        for cell in list(segment.synapses):
            p = segment.synapses[cell] + (increment if cell in active else -decrement)
            segment.synapses[cell] = min(p, ONE)
            if p <= 0:
                del segment.synapses[cell]
        if not segment.synapses:
            self.segments.remove(segment)

    def reinforce(self, segment, active, winners):
        self.adapt(
            segment, active, self.unit["permanence_increment"], self.unit["permanence_decrement"]
        )
        self.grow(segment, winners, self.p.max_new_synapses - segment.potential)

    def sprout(self, cell, winners):
        own = [s for s in self.segments if s.cell == cell]
        if len(own) >= self.p.max_segments_per_cell:
            self.segments.remove(min(own, key=lambda s: (s.used, s.serial)))
        segment = Segment(cell, self.created, self.steps)
        self.created += 1
        self.segments.append(segment)
        self.grow(segment, winners, self.p.max_new_synapses)

    def grow(self, segment, winners, wanted):
        if wanted <= 0:
            return
        candidates = [cell for cell in winners if cell not in segment.synapses]
        number = min(wanted, len(candidates))
        over = len(segment.synapses) + number - self.p.max_synapses_per_segment
        word = self.word(WEAKEST, segment.serial)
        weakest = sorted(
            (p, mix((word + 0x9E3779B97F4A7C15 * cell) % WORD), cell)
            for cell, p in segment.synapses.items()
            if cell not in winners
        )
        for _, _, cell in weakest[: max(over, 0)]:
            del segment.synapses[cell]
        number = min(number, self.p.max_synapses_per_segment - len(segment.synapses))
        word = self.word(GROWTH, segment.serial)
        for i in range(number):
            word = (word + 0x9E3779B97F4A7C15) % WORD
            left = len(candidates) - i
            j = i + (((mix(word) >> 32) * left) >> 32)
            candidates[i], candidates[j] = candidates[j], candidates[i]
            segment.synapses[candidates[i]] = self.unit["initial_permanence"]

    def kill(self, cells):
        self.dead.update(cells)
        self.segments = [s for s in self.segments if s.cell not in self.dead]
        self.winners = [cell for cell in self.winners if cell not in self.dead]

    def content(self):
        """Segments by serial number: cell, last use, sorted synapses."""
        return [
            (s.serial, s.cell, s.used, sorted(s.synapses.items()))
            for s in sorted(self.segments, key=lambda s: s.serial)
        ]
