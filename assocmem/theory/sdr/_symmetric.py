"""Detectors that see no more of the presented cells X than their number and that of shared ones.

Under uniform and Bernoulli activities a pattern of any size is a uniform set of cells, hence so are
the synapses drawn from it, and given X everything but the pattern A' in question depends on |X|
alone. All that is averaged over is (|A'|, |A' and X|, |X|). A neuron of one segment that holds one
pattern depends on (|A'|, |A' and X|) alone, whatever the law.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...dendrites.detector import Detector
from ...sdr.activity import Activity, Bernoulli, Clustered, Uniform
from ...sdr.noise import Drop, Kill, Noise, Replace, Swap
from .overlap_laws import effective_rate, hypergeometric, overlap_law, size_law

Chunk = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Pattern sizes, shared cells, presented cells, log weights."""


@dataclass(frozen=True)
class Event:
    """At least ``quorum`` of ``neurons`` fire, or, if ``missed``, fewer do."""

    neurons: int = 1
    quorum: int = 1
    missed: bool = False

    def log(self, fire: np.ndarray, silent: np.ndarray) -> np.ndarray:
        """Its log probability from those of one neuron, which are independent of each other."""
        if self.neurons == 1:
            return silent if self.missed else fire
        from ._overlap_kernels import fill_decisions

        found = np.empty(len(fire))
        fill_decisions(self.neurons, self.quorum, self.missed, fire, silent, found)
        return found


def noisy(noise: Noise, n: int, a: int) -> list[tuple[int, int, float]]:
    """What noise leaves of a pattern of a cells: (kept, added, log probability).

    Given these numbers the kept cells are a uniform subset of the pattern, the added ones of the
    cells outside it.
    """
    if isinstance(noise, Drop):
        return [(a - noise.bits, 0, 0.0)]
    if isinstance(noise, Replace):
        return [(a - noise.bits, noise.bits, 0.0)]
    if isinstance(noise, Swap):
        v = noise.bits
        back = hypergeometric(n - a + v, v, v)
        return [(a - v + r, v - r, float(back[r])) for r in np.flatnonzero(back > -np.inf)]
    lost = hypergeometric(n, noise.cells, a)
    return [(a - k, 0, float(lost[k])) for k in np.flatnonzero(lost > -np.inf)]


class Segments:
    """Log probabilities that segments fire or stay silent, by the cells presented to them.

    Parameters
    ----------
    detector : Detector
        Of n cells, any law: only n, s, theta, M and p are read.
    """

    def __init__(self, detector: Detector) -> None:
        self.n, self.s = detector.activity.n, detector.n_synapses
        self.theta, self.count = detector.threshold, detector.n_patterns
        p = detector.transmission
        self.log_p = math.log(p) if p else -math.inf
        self.log_q = math.log1p(-p) if p < 1.0 else -math.inf
        self.rows = np.empty((0, self.s + 1))

    def responses(self, most: int) -> tuple[np.ndarray, np.ndarray]:
        """(fire, silent) by the number of active synapses 0..most."""
        from ._overlap_kernels import fill_responses

        fire, silent = np.empty(most + 1), np.empty(most + 1)
        fill_responses(self.theta, self.log_p, self.log_q, fire, silent)
        return fire, silent

    def _reserve(self, x: int) -> np.ndarray:
        """Log laws of Hyp(n, u, s) for u = 0..x."""
        from ._overlap_kernels import fill_hypergeometric

        if len(self.rows) <= x:
            self.rows = np.empty((x + 1, self.s + 1))
            for u in range(x + 1):
                fill_hypergeometric(self.n, u, self.s, self.rows[u])
        return self.rows

    def union(self, count: int, x: int) -> np.ndarray:
        """Log law of the cells, of x fixed ones, that a union of ``count`` subsets covers."""
        from ._overlap_kernels import union_overlaps

        law = np.empty(min(x, count * self.s) + 1)
        union_overlaps(self.n, self.s, count, x, self._reserve(x), law, np.empty(len(law)))
        return law

    def others(self, least: int, most: int) -> tuple[np.ndarray, np.ndarray]:
        """(fire, silent) of a segment that has nothing to do with X, by |X|, from least to most."""
        fire, silent = self.tables(self.count, 0, least, most)
        pad = ((0, 0), (least, 0))
        return np.pad(fire, pad)[0], np.pad(silent, pad)[0]

    def tables(
        self, count: int, synapses: int, least: int, most: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """(fire, silent)[j, e - least]: j synapses active, e cells which ``count`` subsets hit."""
        from ._overlap_kernels import fill_first

        width = 1 if count == 0 else most - least + 1
        if count == 0:
            least = most = 0
        fire, silent = self.responses(synapses + most)
        found = np.empty((synapses + 1, width)), np.empty((synapses + 1, width))
        rows = self._reserve(most)
        fill_first(self.n, self.s, count, least, rows, fire, silent, *found)
        return found


def log_event(detector: Detector, event: Event) -> float:
    """Log probability of an event; n_patterns >= 1, both 1 but for uniform and Bernoulli laws.

    Whatever is left out of sums has a probability below 1e-18 of the result.
    """
    from ._overlap_kernels import log_sum

    depth = 60.0
    while True:
        total = float(log_sum(_log_event(detector, event, depth)))
        fixed = isinstance(detector.activity, (Uniform, Clustered))
        # At most three parts of a probability of exp(-depth) are left out, and exp(-42) = 6e-19.
        if fixed or depth - 2.0 >= 42.0 - total or depth > 1e5:
            return min(0.0, total)
        depth = 4.0 * depth if total == -math.inf else 45.0 - total


def _log_event(detector: Detector, event: Event, depth: float) -> np.ndarray:
    """Logs of its probabilities, one for each chunk of what is averaged over."""
    from ._overlap_kernels import fill_neurons, log_any, log_sum

    segments, k, law = Segments(detector), detector.n_segments, detector.activity
    s, m = segments.s, segments.count
    alone = m == 1 and k == 1
    if event.neurons == 1 and alone and event.missed:
        return _segment_missed(detector, segments)
    if event.neurons == 1 and not event.missed and isinstance(law, Bernoulli) and k == 1:
        return np.array([_bernoulli_segment(detector, segments)])
    if event.neurons == 1 and not event.missed and not alone:
        sizes, logs = size_law(law, 0, depth)
        fire, silent = segments.others(int(sizes[0]), int(sizes[-1]))
        both = zip(logs, fire[sizes], silent[sizes], strict=True)
        return np.array([log + log_any(k, yes, no) for log, yes, no in both])
    if event.missed:
        chunks = list(_missed(detector, depth))
        least = min(int(active.min()) for _, _, active, _ in chunks)
        most = max(int(active.max()) for _, _, active, _ in chunks)
    else:
        chunks = _presented(detector, depth, alone)
        sizes, _ = size_law(law, 0, depth)
        least, most = int(sizes[0]), int(sizes[-1])
    start = max(0, least - s)
    first = segments.tables(m - 1, s, start, 0 if alone else most)
    others = segments.others(least, most) if k > 1 else (np.zeros(1), np.zeros(1))
    found = []
    for sizes, shared, active, logs in chunks:
        both = np.empty(len(sizes)), np.empty(len(sizes))
        fill_neurons(sizes, shared, active, s, start, *first, k - 1, *others, *both)
        found.append(log_sum(logs + event.log(*both)))
    return np.array(found)


def _segment_missed(detector: Detector, segments: Segments) -> np.ndarray:
    """One segment of one pattern: its synapses that noise spares, whatever the law of patterns."""
    from ._overlap_kernels import mix

    n, a, s, noise = segments.n, getattr(detector.activity, "a", None), segments.s, detector.noise
    size_law(detector.activity, s, 1.0)  # refuses where no pattern is large enough
    _, silent = segments.responses(s)
    if isinstance(noise, Kill):
        return np.array([mix(hypergeometric(n, n - noise.cells, s), silent, 0)])
    if a is None:  # noise of no bits
        return np.array([silent[s]])
    left = noisy(noise, n, a)
    return np.array([log + mix(hypergeometric(a, kept, s), silent, 0) for kept, _, log in left])


def _bernoulli_segment(detector: Detector, segments: Segments) -> float:
    """One segment under independent cells: each of the u synapses in the union is active alone."""
    from ._overlap_kernels import log_at_least, log_sum

    rate = detector.activity.rate * detector.transmission
    log_p = math.log(rate) if rate else -math.inf
    log_q = math.log1p(-rate) if rate < 1.0 else -math.inf
    if segments.count == 1:
        return log_at_least(segments.theta, segments.s, log_p, log_q)
    law = _union_sizes(segments)
    terms = [
        log + log_at_least(segments.theta, u, log_p, log_q)
        for u, log in enumerate(law)
        if log > -np.inf
    ]
    return log_sum(np.array(terms))


def _union_sizes(segments: Segments) -> np.ndarray:
    """Log law of the cells in a union of all the patterns of a segment, from 0 up."""
    from ._overlap_kernels import fill_hypergeometric, log_plus

    n, s, most = segments.n, segments.s, min(segments.n, segments.count * segments.s)
    law = np.full(most + 1, -np.inf)
    law[0] = 0.0
    row = np.empty(s + 1)
    for _ in range(segments.count):
        fresh = np.full(most + 1, -np.inf)
        for u in np.flatnonzero(law > -np.inf):
            fill_hypergeometric(n, int(u), s, row)  # of the new subset, already in the union
            for t in np.flatnonzero(row > -np.inf):
                fresh[u + s - t] = log_plus(fresh[u + s - t], law[u] + row[t])
        law = fresh
    return law


def _missed(detector: Detector, depth: float) -> Iterator[Chunk]:
    """A stored pattern presented with noise."""
    law, s = detector.activity, detector.n_synapses
    fixed = isinstance(law, (Uniform, Clustered))
    for size, log in zip(*size_law(law, s, depth), strict=True):
        left = noisy(detector.noise, law.n, int(size))
        shared = np.array([kept for kept, _, _ in left])
        active = np.array([kept + added for kept, added, _ in left])
        logs = log + np.array([weight for _, _, weight in left])
        near = fixed | (logs > -depth - 3.0 * math.log(law.n + 1.0))
        if near.any():
            sizes = np.full(len(shared), size)
            yield sizes[near], shared[near], active[near], logs[near]


def _presented(detector: Detector, depth: float, alone: bool) -> Iterator[Chunk]:
    """An activity drawn anew beside a stored pattern; ``alone`` if only their overlap matters."""
    law, s = detector.activity, detector.n_synapses
    if alone or isinstance(law, Uniform):
        joint = overlap_law(law, s, depth=depth, centre=_centre(law, detector))
        for size, logs in zip(joint.sizes, joint.log_pmf, strict=True):
            shared = np.flatnonzero(logs > -np.inf)
            sizes = np.full(len(shared), size)
            if len(shared):
                yield sizes, shared, sizes, logs[shared]
        return
    actives, active_logs = size_law(law, 0, depth)
    cut = -depth - 3.0 * math.log(law.n + 1.0)
    for size, log in zip(*size_law(law, s, depth), strict=True):
        parts = []
        for x, log_x in zip(actives, active_logs, strict=True):
            logs = log + log_x + hypergeometric(law.n, int(size), int(x))
            shared = np.flatnonzero(logs > cut)
            parts.append((shared, np.full(len(shared), x), logs[shared]))
        shared, active, logs = (np.concatenate(part) for part in zip(*parts, strict=True))
        if len(logs):
            yield np.full(len(logs), size), shared, active, logs


def _centre(law: Activity, detector: Detector) -> tuple[float, float]:
    """Size and overlap where a false positive is most likely, roughly."""
    s, rate = detector.n_synapses, effective_rate(law)
    size = max(law.mean_size, float(s))
    return size, max(size * rate, detector.threshold + (size - s) * rate)
