"""Stationary points of f in canonical form: blocks of equal overlaps, and how they are found.

Without fields f does not change with the signs of nu nor their order: a point stands for all its
copies as its distinct values, positive and falling, with the number of components that have each,
the rest being 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from . import multitasking_search as search
from .multitasking_words import Averages, words_of

if TYPE_CHECKING:
    from ...hopfield.multitasking import Multitasking
    from ..state import State

_EQUAL = 1e-6  # relative; what is closer is tried as equal, and kept so if that is stationary
_SMALLEST = 1e-12  # residual of a point that is kept
_WORDS = 300_000  # of the largest system of distinct components that is searched
_LONGEST = 1000  # block of equal components that is tried among the minima, times M
_DIRECT = 6  # components up to which all starts are made of distinct components


@dataclass(frozen=True)
class Point:
    """A stationary point: ``nu[b]`` is the value of ``sizes[b]`` components, the rest is 0."""

    sizes: tuple[int, ...]
    nu: tuple[float, ...]
    f: float
    residual: float

    def components(self, n: int) -> np.ndarray:
        """The first ``n`` components of nu."""
        values = np.repeat(self.nu, self.sizes)[:n]
        return np.pad(values, (0, n - len(values)))

    def copies(self, n_patterns: int) -> int:
        """Points it stands for among K patterns: signs and permutations."""
        condensed = sum(self.sizes)
        out = 2**condensed * math.comb(n_patterns, condensed) * math.factorial(condensed)
        for size in self.sizes:
            out //= math.factorial(size)
        return out

    def same(self, other: Point) -> bool:
        """Whether both are one point up to 1e-7 of the largest value."""
        return self.sizes == other.sizes and bool(
            np.allclose(self.nu, other.nu, rtol=0.0, atol=1e-7 * max((*self.nu, 1e-300)))
        )


@dataclass(frozen=True)
class Curvature:
    """Eigenvalues of the Hessian in all K components, by kind, with multiplicities."""

    longitudinal: np.ndarray
    vectors: np.ndarray
    symmetry: np.ndarray
    uncondensed: float | None
    multiplicities: tuple[int, ...]
    averages: Averages

    @property
    def smallest(self) -> float:
        """The smallest of all."""
        each = [*self.longitudinal, *self.symmetry[~np.isnan(self.symmetry)]]
        each += [] if self.uncondensed is None else [self.uncondensed]
        return float(min(each))

    @property
    def nearest(self) -> float:
        """The smallest modulus: how far the point is from a bifurcation."""
        each = [*self.longitudinal, *self.symmetry[~np.isnan(self.symmetry)]]
        each += [] if self.uncondensed is None else [self.uncondensed]
        return float(np.min(np.abs(each)))

    @property
    def index(self) -> int:
        """Number of negative eigenvalues."""
        *sizes, zeros = self.multiplicities
        total = int(np.sum(self.longitudinal < 0.0))
        total += sum(n - 1 for n, e in zip(sizes, self.symmetry, strict=True) if e < 0.0)
        return total + (zeros if zeros and self.uncondensed < 0.0 else 0)


def curvature(model: Multitasking, point: Point, temperature: float, law: str) -> Curvature:
    """All eigenvalues at a point, T > 0. Cost: 1 to 3 us per word."""
    words = words_of(model, point.sizes, law)
    hessian = words.at(point.nu, temperature)[2]
    averages = words.averages(point.nu, temperature)
    values, vectors = np.linalg.eigh(hessian)
    zeros = model.n_patterns - sum(point.sizes)
    free = 1.0 - (1.0 - model.dilution) * averages.C if zeros else None
    return Curvature(values, vectors, averages.symmetry, free, (*point.sizes, zeros), averages)


def most_distinct(model: Multitasking, law: str, most: float = _WORDS) -> int:
    """Number of distinct components, up to K, of ``most`` words: few enough to be searched."""
    words, n = 0.5, 0
    each = len(words_of(model, (1,), law).blocks[0].weights)
    while n < model.n_patterns and words * each < most:
        words, n = words * each, n + 1
    return max(n, 1)


def told_apart(state: State, used: int, law: str) -> State:
    """``state``, found among ``used`` distinct components, unless more patterns condense in it.

    Raises
    ------
    ValueError
        If it is no minimum, and would have needed more words than are summed over.
    """
    model, kinds = state.model, ("longitudinal", "symmetry", "uncondensed")
    lowest = min((state.stability.get(kind, 1.0) for kind in kinds), default=1.0)
    if not state.exists or used >= model.n_patterns or lowest >= -1e-9:
        return state
    learned = model.learning is not None and model.learning.quality < 1.0
    advice = "fewer patterns or examples, or law='gaussian'"
    if not learned or law == "gaussian":
        advice = "fewer patterns, or a higher temperature"
    raise ValueError(
        f"n_patterns must be at most {used} for {state.name!r} of {model!r} at "
        f"T={state.temperature!r}, where more than {used} distinct patterns condense, whose words "
        f"are too many to sum over; use {advice}"
    )


def canonical(
    model: Multitasking, nu: np.ndarray, temperature: float, law: str, most: int = 40
) -> Point | None:
    """The point at given components (polished by Newton's method), or None if there is none."""
    nu = np.sort(np.abs(np.asarray(nu, dtype=np.float64)))[::-1]
    if not np.all(np.isfinite(nu)):
        return None
    top = float(nu[0]) if len(nu) else 0.0
    if top < 1e-12 or (temperature > 0.0 and top < 1e-9 * temperature):
        return ergodic(temperature)
    for equal in (_EQUAL, 1e-14):
        values = nu[nu > equal * top]
        starts = np.flatnonzero(np.r_[True, -np.diff(values) > equal * top])
        sizes = tuple(int(n) for n in np.diff(np.r_[starts, len(values)]))
        means = np.add.reduceat(values, starts) / sizes
        words = words_of(model, sizes, law)
        u = words.roots * means
        search.newton(*search.arguments(words), u, temperature, most)
        found = u / words.roots
        f, gradient, _ = words.at(found, temperature)
        residual = float(np.max(np.abs(gradient)))
        near = np.max(np.abs(np.repeat(found, sizes) - values)) <= 10.0 * _EQUAL * top
        if residual < _SMALLEST and near and np.all(found > 0.0):
            return Point(sizes, tuple(float(x) for x in found), float(f), residual)
    return None


def ergodic(temperature: float) -> Point:
    """The point nu = 0."""
    return Point((), (), -temperature * math.log(2.0), 0.0)


def unique(points: Iterable[Point | None]) -> list[Point]:
    """Points without repetitions, sorted by free energy."""
    kept: list[Point] = []
    for point in sorted((p for p in points if p is not None), key=lambda p: p.f):
        if not any(point.same(other) for other in kept if abs(other.f - point.f) < 1e-9):
            kept.append(point)
    return kept


def thinned(rows: np.ndarray) -> np.ndarray:
    """Rows of components, sorted by size, those equal to 1e-6 of the largest counted once."""
    rows = -np.sort(-np.abs(rows), axis=1)
    top = max(float(np.max(rows, initial=0.0)), 1e-300)
    _, index = np.unique(np.round(rows / top, 6), axis=0, return_index=True)
    return rows[index]


def equal_point(model: Multitasking, n: int, temperature: float, law: str) -> Point:
    """The point of ``n`` equal components; T < 1 - d, where there is exactly one.

    The equation nu = E S tanh(nu S/T)/n has a concave right side: Newton's steps from the largest
    value possible fall to the root.
    """
    words = words_of(model, (n,), law)
    scale = float(words.roots[0])
    u = np.array([scale])
    search.newton(*search.arguments(words), u, temperature, 500)
    f, gradient, _ = words.at(u / scale, temperature)
    return Point((n,), (float(u[0]) / scale,), float(f), float(abs(gradient[0])))


def _starts(n: int, d: float, often: int = 4) -> np.ndarray:
    """Points to descend from: geometric sequences of several ratios and lengths, and random ones
    (``often`` times n).

    Equal components are tilted a little, so that descent does not stop at saddles between them.
    """
    rows = []
    for length in range(1, n + 1):
        for ratio in sorted({0.98, 0.85, 0.6, 0.45, d}) if length > 1 else (1.0,):
            row = np.zeros(n)
            row[:length] = ratio ** np.arange(length)
            row[length:] = 1e-3
            rows.append(row / math.sqrt(row @ row))
    for pairs in range(1, n // 2 + 1):
        row = np.full(n, 0.3)
        row[: 2 * pairs] = 1.0
        rows.append((row + 0.01 * np.arange(n)[::-1]) / math.sqrt(row @ row))
    rng = np.random.default_rng(n)
    noise = rng.random((often * n, n)) ** rng.uniform(0.5, 3.0, (often * n, 1))
    rows.extend(noise / np.linalg.norm(noise, axis=1)[:, None])
    return np.array(rows) * math.sqrt(1.0 - d)


def minima(
    model: Multitasking, temperature: float, law: str, guesses: Iterable[np.ndarray] = ()
) -> tuple[list[Point], int]:
    """Local minima of f found by descent, lowest first; 0 < T < 1 - d. And the evaluations.

    Up to 6 components all starts have distinct components. Beyond, the minima of 6 components are
    continued with more where another pattern would condense, up to as many distinct ones as
    3e5 words hold (12 without learning), besides states of one or two blocks of equal
    components (up to 1000 of them). With more patterns than that what is found last may be a
    saddle: the lowest points found are returned all the same, and it is left to `told_apart` to
    refuse them.
    """
    most = most_distinct(model, law)
    n = min(most, _DIRECT)
    cold = temperature < 0.1 * (1.0 - model.dilution)  # many minima, but quick descent
    rows = [_starts(n, model.dilution, 40 if cold and n > 3 else 4)]
    rows += [tilted(guess, n)[None, :] for guess in guesses]
    points, count = _descended(model, np.concatenate(rows), temperature, law)
    if model.n_patterns > n:
        more, evaluations = _larger(model, points, temperature, law, most)
        points, count = [*points, *more], count + evaluations
    kept, done = [], []
    queue = unique(points)[: None if model.n_patterns <= n else 8]
    for _ in range(12 * len(queue)):
        if not queue:
            break
        point = queue.pop(0)
        if any(point.same(other) for other in done):
            continue
        done.append(point)
        bent = curvature(model, point, temperature, law)
        kicked = None
        if bent.smallest < -1e-11:
            kicked, evaluations = _kicked(model, point, bent, temperature, law, most)
            count += evaluations
            if kicked is not None:
                queue.insert(0, kicked)
        if bent.smallest >= -1e-11 or kicked is None:
            kept.append((bent.smallest >= -1e-11, point))
    good = [point for stable, point in kept if stable]
    rest = [point for stable, point in kept if not stable]
    lowest = min((point.f for point in good), default=math.inf)
    return unique([*good, *(point for point in rest if point.f < lowest - 1e-13)]), count


def tilted(guess: np.ndarray, n: int) -> np.ndarray:
    """Components of a guess, tilted so that equal ones and zeros may part."""
    row = np.sort(np.abs(np.asarray(guess, dtype=np.float64)))[::-1][:n]
    row = np.pad(row, (0, n - len(row)))
    return row + 1e-4 * max(float(row[0]), 1e-6) * np.arange(n, 0, -1) / n


def _descended(
    model: Multitasking, rows: np.ndarray, temperature: float, law: str
) -> tuple[list[Point], int]:
    words = words_of(model, (1,) * rows.shape[1], law)
    rows = np.ascontiguousarray(rows)
    f, residual = np.empty(len(rows)), np.empty(len(rows))
    count = search.descend_all(
        *search.arguments(words), rows, temperature, np.inf, 2000, f, residual
    )
    return [
        canonical(model, row, temperature, law) for row in thinned(rows[residual < 1e-7])
    ], count


def _larger(model, points, temperature, law, most) -> tuple[list[Point], int]:
    """States with more components than are searched directly."""
    total, found, count = model.n_patterns, [], 0
    small = min(most, _DIRECT)
    n = min(most, total)
    if n > small:
        for point in unique(points)[:4]:
            if curvature(model, point, temperature, law).smallest < -1e-11:
                row = point.components(n)
                tail = max(float(row[small - 1]), 1e-2 * float(np.max(row, initial=1e-2)))
                row[small:] = tail * max(model.dilution, 0.3) ** np.arange(1, n - small + 1)
                more, evaluations = _descended(model, row[None, :], temperature, law)
                found, count = [*found, *more], count + evaluations
    each = 1 if model.learning is None or law == "gaussian" else model.learning.n_examples
    longest = min(total, max(16, _LONGEST // each))
    lengths = sorted({*range(1, min(total, 16) + 1), *np.geomspace(16, longest, 12).astype(int)})
    found += [equal_point(model, int(k), temperature, law) for k in lengths if k <= longest]
    for head in range(1, min(total, 9) if total <= longest else 1):
        words = words_of(model, (head, total - head), law)
        for ratio in (0.9, 0.5):
            u = words.roots * np.array([1.0, ratio]) / math.sqrt(total)
            _, _, evaluations = search.descend(
                *search.arguments(words), u, temperature, np.inf, 2000
            )
            count += evaluations
            nu = np.repeat(u / words.roots, words.sizes)
            found.append(canonical(model, nu, temperature, law))
    return found, count


def _kicked(model, point, bent, temperature, law, most) -> tuple[Point | None, int]:
    """The end of descent from a saddle along its most negative direction; None if too large."""
    condensed, total = sum(point.sizes), model.n_patterns
    symmetry = np.where(np.isnan(bent.symmetry), np.inf, bent.symmetry)
    free = math.inf if bent.uncondensed is None else bent.uncondensed
    longitudinal = float(np.min(bent.longitudinal, initial=np.inf))
    step = 0.05 * max((*point.nu, 0.1))
    best = min(longitudinal, float(np.min(symmetry, initial=np.inf)), free)
    sizes, nu = list(point.sizes), list(point.nu)
    if best == free:
        sizes, nu = [*sizes, 1], [*nu, step]
    elif best == longitudinal:
        vector = bent.vectors[:, 0] / words_of(model, point.sizes, law).roots
        nu = list(np.array(nu) + step * vector / np.max(np.abs(vector)))
    else:
        b = int(np.argmin(symmetry))
        size, value = sizes[b], nu[b]
        sizes[b : b + 1] = [1, size - 1]
        nu[b : b + 1] = [value + step, value - step / (size - 1)]
    if sum(n == 1 for n in sizes) > most:
        return None, 0
    if min(condensed + 1, total) <= min(most, 8):
        n = min(min(most, 8), total)
        row = tilted(np.repeat(nu, sizes), n)
        found, count = _descended(model, row[None, :], temperature, law)
        return (found[0] if found else None), count
    words = words_of(model, sizes, law)
    u = words.roots * np.array(nu)
    _, residual, count = search.descend(*search.arguments(words), u, temperature, np.inf, 2000)
    if not residual < 1e-7:
        return None, count
    return canonical(model, np.repeat(u / words.roots, sizes), temperature, law), count
