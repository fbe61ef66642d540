"""Detectors of clustered activities, where it matters how active cells lie among the clusters.

A segment meets the presented cells X through the whole clusters of the patterns it stores, so that
given X its chance to fire depends on X by its *arrangement* alone: how many clusters hold 0, 1, 2,
... cells of X. Segments are independent given X. All arrangements are enumerated with their exact
numbers, as integers; where there are too many of them, ValueError is raised.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np

from ...dendrites.detector import Detector
from ...sdr.activity import Clustered
from ._symmetric import Event, Segments, noisy
from .overlap_laws import hypergeometric

Bin = tuple[int, int, int, int]
"""Size if it is a cluster (else 0), its cells, those of one sort and of another."""
Arrangement = tuple[tuple[Bin, int], ...]
"""Bins of cells and how many there are of each, in rising order."""

LIMIT = 4000
"""Arrangements that are told apart at most."""
WORK = 50
"""Ways to reach one, at most, on average."""


def log_event(detector: Detector, event: Event) -> float:
    """Log probability of an event of clustered activities; n_patterns >= 1.

    Raises
    ------
    ValueError
        If more than `LIMIT` arrangements had to be told apart.
    """
    from ._overlap_kernels import log_sum

    neurons, found = _Neurons(detector), []
    for arrangement, log in _presented(detector, event):
        fire, silent = neurons.logs(arrangement, event)
        found.append(log + float(event.log(np.array([fire]), np.array([silent]))[0]))
    return min(0.0, float(log_sum(np.array(found))))


def _presented(detector: Detector, event: Event) -> Iterator[tuple[Arrangement, float]]:
    """Arrangements of presented cells in (pattern, other) and their log probabilities."""
    law = detector.activity
    if not event.missed and event.neurons == 1:  # the pattern does not matter
        alone: Counter[Arrangement] = Counter()
        for pattern, weight in _patterns(law).items():
            alone[_plain(pattern)] += weight
        yield from _shares(alone)
        return
    if not event.missed:
        yield from _shares(_pairs(law))
        return
    for kept, added, log in noisy(detector.noise, law.n, law.a):
        found: Counter[Arrangement] = Counter()
        work = 0
        for pattern, weight in _patterns(law).items():
            for first, one in _spread(pattern, kept, lambda b: b[2], _keep).items():
                for last, two in _spread(first, added, lambda b: b[1] - b[2], _add).items():
                    found[_without_pattern(last)] += weight * one * two
                    work += 1
                _check(max(len(found), work // WORK))
        for arrangement, part in _shares(found):
            yield arrangement, log + part


def _patterns(law: Clustered) -> Counter[Arrangement]:
    """Arrangements of one activity, bins (size, cells, active, 0)."""
    k, m, loose = law.n_whole, law.size, law.n % law.size
    bins = Counter({(m, m, m, 0): k})
    bins[(m, m, 0, 0)] += law.n_clusters - k
    if loose:
        bins[(0, loose, 0, 0)] += 1
    return _spread(_sorted(bins), law.n_loose, lambda b: b[1] - b[2], _also)


def _pairs(law: Clustered) -> Counter[Arrangement]:
    """Arrangements of one activity in (shared, not shared) cells with an independent pattern."""
    found: Counter[Arrangement] = Counter()
    work = 0
    for pattern, weight in _patterns(law).items():
        for whole, one in _choose(pattern, law.n_whole).items():
            # Bins now have (size, cells, pattern, 1 if all of it is active).
            for shared in range(law.n_loose + 1):
                inner = _spread(whole, shared, lambda b: 0 if b[3] else b[2], _mark)
                for first, two in inner.items():
                    outer = _spread(first, law.n_loose - shared, _outside, _mark_outside)
                    for last, three in outer.items():
                        found[_activity(last)] += weight * one * two * three
                        work += 1
                    _check(max(len(found), work // WORK))
    return found


# Bins while a second activity is laid over a pattern: the last number codes the loose cells
# (shared, outside) as 2 + 2 (shared + (cells + 1) outside); odd numbers are whole clusters.
def _mark(b: Bin, t: int) -> Bin:
    return (b[0], b[1], b[2], b[3] if b[3] else 2 * t)


def _outside(b: Bin) -> int:
    return 0 if b[3] % 2 else b[1] - b[2]


def _mark_outside(b: Bin, t: int) -> Bin:
    return b if b[3] % 2 else (b[0], b[1], b[2], b[3] + 2 * (b[1] + 1) * t)


def _activity(arrangement: Arrangement) -> Arrangement:
    """(size, 0, shared, not shared) of bins marked as above."""
    bins: Counter[Bin] = Counter()
    for (size, cells, pattern, mark), count in arrangement:
        if mark % 2:
            shared, outside = pattern, cells - pattern
        else:
            outside, shared = divmod(mark // 2, cells + 1)
        bins[(size, 0, shared, outside)] += count
    return _sorted(bins)


def _keep(b: Bin, t: int) -> Bin:
    return (b[0], b[1], b[2], t)  # pattern cells, of which t are kept


def _add(b: Bin, t: int) -> Bin:
    return (b[0], t, b[2], b[3])  # the number of cells gives way to that of added ones


def _also(b: Bin, t: int) -> Bin:
    return (b[0], b[1], b[2] + t, 0)


def _without_pattern(arrangement: Arrangement) -> Arrangement:
    """(size, 0, kept, added) of bins (size, added, pattern, kept)."""
    bins: Counter[Bin] = Counter()
    for (size, added, _, kept), count in arrangement:
        bins[(size, 0, kept, added)] += count
    return _sorted(bins)


def _plain(arrangement: Arrangement) -> Arrangement:
    """(size, 0, 0, active cells of both sorts), empty bins left out."""
    bins: Counter[Bin] = Counter()
    for (size, _, one, two), count in arrangement:
        if one + two:
            bins[(size, 0, 0, one + two)] += count
    return _sorted(bins)


def _sorted(bins: Counter[Bin]) -> Arrangement:
    return tuple(sorted((key, count) for key, count in bins.items() if count))


def _shares(weights: dict[Arrangement, int]) -> Iterator[tuple[Arrangement, float]]:
    """Log of each weight over their sum."""
    total = sum(weights.values())
    for arrangement, weight in weights.items():
        yield arrangement, log_ratio(weight, total)


def log_ratio(number: int, total: int) -> float:
    """log(number/total) of integers of any length, right to the last place of the logarithm."""
    if number == 0:
        return -math.inf
    shift = number.bit_length() - total.bit_length()
    if shift >= 0:
        return math.log(number / (total << shift)) + shift * math.log(2.0)
    return math.log((number << -shift) / total) + shift * math.log(2.0)


def _spread(
    arrangement: Arrangement,
    number: int,
    capacity: Callable[[Bin], int],
    after: Callable[[Bin, int], Bin],
) -> Counter[Arrangement]:
    """Arrangements after ``number`` cells are chosen, and how many choices lead to each.

    Each bin offers capacity(bin) cells and becomes after(bin, t) if t of them are chosen.
    """
    partial: dict[tuple[tuple[tuple[Bin, int], ...], int], int] = {((), number): 1}
    for at, (bin_, count) in enumerate(arrangement):
        rest = sum(capacity(b) * c for b, c in arrangement[at + 1 :])
        grown: Counter = Counter()
        for (done, left), weight in partial.items():
            for levels, used, ways in _levels(capacity(bin_), count, left - rest, left):
                bins = Counter(dict(done))
                for t, bins_of_t in enumerate(levels):
                    if bins_of_t:
                        bins[after(bin_, t)] += bins_of_t
                grown[(_sorted(bins), left - used)] += weight * ways
                _check(len(grown))
        partial = grown
    return Counter({done: weight for (done, left), weight in partial.items() if left == 0})


def _check(number: int) -> None:
    if number > LIMIT:
        raise ValueError(
            f"n_segments and n_patterns must leave at most {LIMIT} arrangements of active cells "
            "among clusters to enumerate, and there are more for this activity; take n_segments=1 "
            "and n_patterns=1, or a fraction that leaves few loose cells, or simulate, or take "
            "fp_independent or fp_adding, which are approximate"
        )


def _levels(
    capacity: int, count: int, least: int, most: int
) -> Iterator[tuple[list[int], int, int]]:
    """Ways to take least..most cells of ``count`` bins: bins by cells taken, cells, number."""

    def fill(t: int, bins: int, low: int, high: int) -> Iterator[tuple[list[int], int, int]]:
        if bins * t < low:
            return
        if t == 0:
            yield [bins], 0, 1
            return
        per_bin, power = math.comb(capacity, t), 1
        for here in range(min(bins, high // t) + 1):
            taken = here * t
            for levels, used, ways in fill(t - 1, bins - here, low - taken, high - taken):
                yield [*levels, here], used + taken, math.comb(bins, here) * power * ways
            power *= per_bin

    yield from fill(capacity, count, least, most)


def _choose(arrangement: Arrangement, number: int) -> Counter[Arrangement]:
    """Arrangements with ``number`` of the clusters marked, and how many choices lead to each."""
    partial: dict[tuple[Arrangement, int], int] = {((), number): 1}
    for bin_, count in arrangement:
        grown: Counter = Counter()
        for (done, left), weight in partial.items():
            for here in range((min(count, left) if bin_[0] else 0) + 1):
                bins = Counter(dict(done))
                bins[bin_] += count - here
                bins[(*bin_[:3], 1)] += here
                grown[(_sorted(bins), left - here)] += weight * math.comb(count, here)
                _check(len(grown))
        partial = grown
    return Counter({done: weight for (done, left), weight in partial.items() if left == 0})


class _Neurons:
    """Neurons whose segments hold patterns of clustered activities."""

    def __init__(self, detector: Detector) -> None:
        self.law, self.s = detector.activity, detector.n_synapses
        self.patterns, self.segments = detector.n_patterns, detector.n_segments
        self.fire, self.silent = Segments(detector).responses(2 * self.law.a + 1)
        self.ways = lru_cache(maxsize=None)(self._ways)
        self.covered = lru_cache(maxsize=None)(self._covered)
        self.segment = lru_cache(maxsize=None)(self._segment)

    def logs(self, arrangement: Arrangement, event: Event) -> tuple[float, float]:
        """Logs of P[a neuron fires], P[it is silent] given cells in (pattern, other)."""
        from ._overlap_kernels import log_any, log_plus, log_rest

        all_ = _plain(arrangement)
        if not event.missed and event.neurons == 1:
            fire, silent = self.segment(all_, self.patterns, 0)
            return log_any(self.segments, fire, silent), 0.0
        shared = sum(b[2] * count for b, count in arrangement)
        yes = no = -math.inf
        for j, log in enumerate(hypergeometric(self.law.a, shared, self.s)):
            if log == -np.inf:
                continue
            for rest, part in self._others(arrangement, j):
                fire, silent = self.segment(rest, self.patterns - 1, j)
                yes, no = log_plus(yes, log + part + fire), log_plus(no, log + part + silent)
        others = self.segments - 1
        if others:
            fire, silent = self.segment(all_, self.patterns, 0)
            yes = log_plus(yes, no + log_any(others, fire, silent))
            no += others * (log_rest(fire) if fire < -0.7 else silent)
        return min(yes, 0.0), min(no, 0.0)

    def _others(self, arrangement: Arrangement, j: int) -> Iterator[tuple[Arrangement, float]]:
        """What is left of the cells when j of the pattern's are taken out."""
        if self.patterns == 1:
            yield (), 0.0
            return
        found: Counter[Arrangement] = Counter()
        for left, weight in _spread(arrangement, j, lambda b: b[2], _less).items():
            found[_plain(left)] += weight
        yield from _shares(found)

    def _segment(self, arrangement: Arrangement, count: int, shift: int) -> tuple[float, float]:
        """Logs of P[fire], P[silent] with ``count`` patterns and ``shift`` more active synapses."""
        from ._overlap_kernels import mix

        law = self.covered(arrangement, count)
        return mix(law, self.fire, shift), mix(law, self.silent, shift)

    def _covered(self, arrangement: Arrangement, count: int) -> np.ndarray:
        """Log law of the cells X of an arrangement that are synapses of ``count`` patterns."""
        from ._overlap_kernels import log_sum

        x = sum(b[3] * number for b, number in arrangement)
        if count == 0:
            return np.zeros(1)
        law, all_ = self.law, self._all()
        if count == 1:
            terms = np.full((self.law.a + 1, self.s + 1), -np.inf)
            for t, number in enumerate(self.ways(arrangement)):
                if number:
                    row = hypergeometric(law.a, t, self.s)
                    terms[t, : len(row)] = row + log_ratio(number, all_)
            most = min(x, self.s)
            return np.array([log_sum(terms[:, h].copy()) for h in range(most + 1)])
        # By inclusion and exclusion over sets of cells that no pattern covers; exact integers.
        moments = []
        for uncovered in range(x + 1):
            moments.append(0)
            for part, number in _spread(arrangement, uncovered, lambda b: b[3], _only).items():
                ways = enumerate(self.ways(_plain(part)))
                avoiding = sum(w * math.comb(law.a - t, self.s) for t, w in ways)
                moments[-1] += number * avoiding**count
        total = (all_ * math.comb(law.a, self.s)) ** count
        found = []
        for u in range(x, -1, -1):
            signed = ((-1) ** (m - u) * math.comb(m, u) * moments[m] for m in range(u, x + 1))
            found.append(log_ratio(sum(signed), total))
        return np.array(found)

    def _all(self) -> int:
        law = self.law
        loose = math.comb(law.n - law.n_whole * law.size, law.n_loose)
        return math.comb(law.n_clusters, law.n_whole) * loose

    def _ways(self, arrangement: Arrangement) -> tuple[int, ...]:
        """Numbers of activities that share t = 0..a cells with those of an arrangement."""
        law, k = self.law, self.law.n_whole
        free, whole = law.n_clusters, {(0, 0): 1}  # by (clusters chosen, cells shared)
        x = 0
        for (size, _, _, cells), number in arrangement:
            x += cells * number
            if not size:
                continue
            free -= number
            grown: Counter[tuple[int, int]] = Counter()
            for (used, shared), ways in whole.items():
                for here in range(min(number, k - used) + 1):
                    key = (used + here, shared + here * cells)
                    grown[key] += ways * math.comb(number, here)
            whole = grown
        outside = law.n - k * law.size
        found = [0] * (law.a + 1)
        for (used, shared), ways in whole.items():
            ways *= math.comb(free, k - used)
            if not ways:
                continue
            for more in range(min(law.n_loose, x - shared) + 1):
                rest = math.comb(outside - x + shared, law.n_loose - more)
                found[shared + more] += ways * math.comb(x - shared, more) * rest
        return tuple(found)


def _less(b: Bin, t: int) -> Bin:
    return (b[0], 0, b[2] - t, b[3])


def _only(b: Bin, t: int) -> Bin:
    return (b[0], 0, 0, t)
