"""Rare events of detection without bias: importance sampling and multilevel splitting."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..estimates import Replicated
from ._coded import Coded, states

REPLICATES = 32
_PILOT = 2000
_FEWEST = 200
_MEMORY = 1 << 28
Map = Callable[[Callable[[int], Any], Iterable[int]], Iterable[Any]]


def importance_applies(code: Coded, lost: bool) -> bool:
    """Whether `importance` can do it: false positives of one neuron, no whole clusters."""
    return not lost and code.n_neurons == 1 and int(code.form[3]) == 0


def importance(code: Coded, *, trials: int, seed: int, mapped: Map = map) -> Replicated:
    """False positives of a single neuron by sequential importance sampling.

    The synapses of a segment are drawn one at a time, from active cells more often than chance
    has it; each sample is weighed by the product of true over favoured chances. How much they are
    favoured is found from samples of their own, so that the segment fires in about half of them.

    Parameters
    ----------
    code : Coded
        The model.
    trials : int
        Samples in all; the estimate is made of 32 means of as many each.
    seed : int
        Of everything drawn.
    mapped : callable
        ``map``, or one that works in threads.

    Returns
    -------
    Replicated
        Method "importance sampling".
    """
    from .kernels.rare import weigh

    def run(key: tuple[int, ...], samples: int, tilt: float) -> tuple[float, float]:
        total, fired = weigh(
            states(seed, *key), 0, samples, tilt, code.form, code.rates, code.transmission,
            *code.scratch(),
        )  # fmt: skip
        return total / samples, fired / samples

    low, high = 0.0, 60.0
    for step in range(14):
        tilt = 0.5 * (low + high)
        enough = run((0, 2, step), 500, tilt)[1] >= 0.5
        low, high = (low, tilt) if enough else (tilt, high)
    samples = max(trials // REPLICATES, 100)
    tilt = 0.5 * (low + high)
    found = mapped(lambda i: run((0, 3, i), samples, tilt)[0], range(REPLICATES))
    return Replicated(np.array(list(found)), "importance sampling")


class Particles:
    """Draws of a model that are moved and selected on the way to a rare event."""

    def __init__(self, code: Coded, lost: bool, count: int, seed: int, *key: int) -> None:
        from .kernels.particles import draw_particles

        self._code, self._lost = code, lost
        form = code.form
        n, a, size, k, law = (int(value) for value in form[:5])
        noise, bits = (int(value) for value in form[-2:])
        self._shared = lost or code.n_neurons > 1 or k > 0 or law == 2
        segments = code.n_neurons * code.n_segments if code.n_neurons > 1 else 1
        synapses = segments * code.n_patterns * code.n_synapses
        loose, wholes = (a - k * size, k) if law == 0 else (0, 0)
        if lost:
            loose, wholes = (bits if noise in (1, 2) else 0), 0
        wide = code.most if self._shared else 0
        each = 6 * synapses + 4 * (wide + loose + wholes + 2)
        self.count = max(min(count, _MEMORY // each), 2)
        self._rows = (
            np.zeros((self.count, synapses), np.int32),
            np.zeros((self.count, synapses), np.uint8),
            np.zeros((self.count, synapses), np.uint8),
            np.zeros((self.count, wide), np.int32),
            np.zeros((self.count, 2), np.int32),
            np.zeros((self.count, loose), np.int32),
            np.zeros((self.count, wholes), np.int32),
        )
        self._scratch = code.scratch()
        largest = code.n_patterns * code.n_synapses if lost else max(code.threshold, 1)
        self._desk = (
            np.full(n, -1, np.int32),
            np.zeros(synapses, np.int32),
            np.zeros(n, np.uint8),
            np.zeros(n, np.int32),
            np.zeros(n, np.int32),
            np.zeros(n // size + 1, np.int32),
            np.zeros(segments, np.int64),
            np.zeros(largest + 1, np.int64),
        )
        self._kept = np.zeros(2 * code.n_synapses, np.int32)
        self._state = states(seed, *key, 0)
        self._rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(*key, 1)))
        self.scores = np.zeros(self.count, np.int64)
        self.goal = 0 if lost else code.quorum * code.threshold
        self._perms = self._scratch[2:5]
        # So many that estimates spread little more than with more of them: whole clusters are
        # exchanged by fewer of the moves.
        self.moves = 40 + (6 if k else 3) * synapses
        draw_particles(
            self._state, 0, lost, self._shared, form, code.rates, code.transmission,
            self._rows, self._desk, *self._perms, self._scratch[6],
        )  # fmt: skip
        self.move(0.0, 0)

    def move(self, tilt: float, moves: int | None = None) -> None:
        """Move all particles under the law times exp(tilt score)."""
        from .kernels.particles import visit

        code = self._code
        visit(
            self._state, 0, self.moves if moves is None else moves, tilt, self._lost, self._shared,
            code.form, code.rates, code.transmission, self._rows, self.scores, self._desk,
            *self._perms, self._scratch[6], self._kept,
        )  # fmt: skip

    def select(self, step: float) -> float:
        """Keep particles in proportion to exp(step score); log of the mean of it."""
        top = step * float(self.scores.max())
        weights = np.exp(step * self.scores - top)
        share = np.cumsum(weights)
        places = (np.arange(self.count) + self._rng.random()) * (share[-1] / self.count)
        kept = np.minimum(np.searchsorted(share, places, side="right"), self.count - 1)
        self._rows = tuple(np.ascontiguousarray(row[kept]) for row in self._rows)
        self.scores = self.scores[kept]
        return math.log(share[-1] / self.count) + top

    def judge(self) -> float:
        """Mean over particles of the event, with the segments that they do not hold."""
        code = self._code
        if code.n_neurons > 1 or code.n_segments == 1:
            return float(np.mean(self.scores >= self.goal))
        from .kernels.particles import judge

        state, used, *_ = code.scratch()
        total = judge(
            self._state, 0, self._lost, code.form, code.rates, code.transmission,
            self._rows, self.scores, self.goal, state, used, *self._perms, *self._scratch[5:],
        )  # fmt: skip
        return total / self.count


def _step(scores: np.ndarray) -> float:
    """Step of the tilt that leaves half of the particles effective."""
    gaps = scores - scores.max()

    def effective(step: float) -> float:
        weights = np.exp(step * gaps)
        return float(weights.sum() ** 2 / np.sum(weights**2) / len(weights))

    low, high = 0.0, 5.0
    if effective(high) >= 0.5:
        return high
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if effective(middle) >= 0.5 else (low, middle)
    return low


def ladder(code: Coded, lost: bool, seed: int, particles: int = _PILOT) -> list[float] | None:
    """Tilts by which particles come to the event.

    None where this does not help: they are there to begin with, or they do not get there, or
    segments that they do not hold decide against it nearly always.
    """
    pilot = Particles(code, lost, particles, seed, int(lost), 2)
    tilts = [0.0]
    while np.mean(pilot.scores >= pilot.goal) < 0.3:
        step = _step(pilot.scores)
        if len(tilts) == 1000 or tilts[-1] > 200.0:
            return None
        tilts.append(tilts[-1] + step)
        pilot.select(step)
        pilot.move(tilts[-1])
    if len(tilts) == 1 or pilot.judge() < 0.02:
        return None
    return tilts


def splitting(
    code: Coded, lost: bool, *, trials: int, seed: int, mapped: Map = map
) -> Replicated | None:
    """A rare event by multilevel splitting with soft levels.

    Particles are drawn from the law of the model and brought to the event in stages. At each,
    particles are kept or doubled in proportion to exp(step score), the score telling how many
    synapses more are active on the way to the event, and are then moved by a Markov chain that
    leaves the law times exp(tilt score) invariant. The product of the mean weights of all stages
    is unbiased whatever the moves do; the stages are fixed by particles of their own.

    Parameters
    ----------
    code : Coded
        The model.
    lost : bool
        False negatives instead of false positives.
    trials : int
        Visits to particles in all: 32 replicates times stages times particles, of which there are
        at least 200.
    seed : int
        Of everything drawn.
    mapped : callable
        ``map``, or one that works in threads.

    Returns
    -------
    Replicated or None
        Method "splitting"; None where it is no better than plain trials, see `ladder`.

    References
    ----------
    Del Moral, Doucet, Jasra, J. R. Stat. Soc. B 68 (2006) 411, section 3.2.
    """
    tilts = ladder(code, lost, seed)
    if tilts is None:
        return None
    count = max(trials // (REPLICATES * len(tilts)), _FEWEST)

    def run(i: int) -> float:
        particles = Particles(code, lost, count, seed, int(lost), 3, i)
        log_value = 0.0
        for tilt, last in zip(tilts[1:], tilts, strict=False):
            log_value += particles.select(tilt - last)
            particles.move(tilt)
        reached = particles.judge()
        if reached == 0.0:
            return 0.0
        return reached * math.exp(log_value - tilts[-1] * particles.goal)

    return Replicated(np.array(list(mapped(run, range(REPLICATES)))), "splitting")
