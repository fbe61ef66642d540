"""All stationary points of f, with a count that says whether one is missing.

f grows like |nu|^2/2, so that the signs of det Hessian over all its stationary points sum to 1
(Poincare and Hopf). The same holds for f restricted to any subspace of block structure, whose
stationary points are those of f that lie in it. Subspaces are searched in turn from few blocks to
all components distinct, each until its sum is right: a point that is missing is missed in the
smallest subspace it lies in. Two points that cancel in the sum may still be missing together.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from . import multitasking_search as search
from .multitasking_minima import (
    Curvature,
    Point,
    canonical,
    curvature,
    equal_point,
    minima,
    thinned,
    unique,
)
from .multitasking_minima import ergodic as nothing
from .multitasking_words import words_of

if TYPE_CHECKING:
    from ...hopfield.multitasking import Multitasking

MARGINAL = 1e-7  # eigenvalues nearer to 0 have no certain sign
_ROUNDS = 7  # of starts in one subspace, each twice as many as before
_MOST_EVALUATIONS = 1_500_000  # after which each subspace has one round alone
_COLD = 0.1  # T/(1 - d) below which points are continued from higher temperatures


def partitions(total: int, largest: int | None = None) -> Iterator[tuple[int, ...]]:
    """Ways to write ``total`` as a sum of falling numbers."""
    if total == 0:
        yield ()
        return
    for head in range(min(total, total if largest is None else largest), 0, -1):
        for rest in partitions(total - head, head):
            yield (head, *rest)


@lru_cache(maxsize=4096)
def _embeddings(sizes: tuple[int, ...], blocks: tuple[int, ...]) -> dict[tuple[int, ...], int]:
    """Ways to give the values of a point (``sizes`` times each) or 0 to the blocks of a subspace.

    Counted by how many blocks have each value and, last, 0.
    """
    states: Counter = Counter({(sizes, (0,) * (len(sizes) + 1)): 1})
    for block in blocks:
        after: Counter = Counter()
        for (left, used), count in states.items():
            for v, remaining in enumerate((*left, 10**9)):
                if remaining >= block:
                    now = tuple(n - block * (i == v) for i, n in enumerate(left))
                    after[now, tuple(n + (i == v) for i, n in enumerate(used))] += count
        states = after
    out: Counter = Counter()
    for (left, used), count in states.items():
        if not any(left):
            out[used] += count
    return dict(out)


def euler(points: list[Point], bent: dict[Point, Curvature], blocks: tuple[int, ...]) -> int:
    """Sum over all points in a subspace of the signs of det Hessian; 1 if none is missing."""
    total = 0
    for point in points:
        here = bent[point]
        for used, count in _embeddings(point.sizes, blocks).items():
            *each, zeros = used
            index = int(np.sum(here.longitudinal < 0.0))
            index += sum(
                k - 1 for k, e in zip(each, here.symmetry, strict=True) if k > 1 and e < 0.0
            )
            if zeros and here.uncondensed < 0.0:
                index += zeros
            total += (-1) ** index * count * 2 ** sum(each)
    return total


def stationary(
    model: Multitasking, temperature: float, law: str, depth: int = 0
) -> tuple[list[Point], dict[Point, Curvature], dict[tuple[int, ...], int], int]:
    """Points, their curvatures, the sums of the subspaces, and evaluations; 0 < T < 1 - d.

    Within 1e-7 of T = 1 - d only nu = 0 and states with all non-zero components equal are given:
    others are not told apart in double precision.
    """
    total = model.n_patterns
    points = [nothing(temperature)]
    points += [equal_point(model, n, temperature, law) for n in range(1, total + 1)]
    bent = {p: curvature(model, p, temperature, law) for p in points}
    rng = np.random.default_rng(total)
    older: list[Point] = []
    count, sums = 0, {}
    if bent[points[0]].nearest < MARGINAL:
        return points, bent, {(1,) * total: euler(points, bent, (1,) * total)}, total
    if temperature < _COLD * (1.0 - model.dilution) and depth < 30:
        older, _, _, count = stationary(model, 1.5 * temperature, law, depth + 1)
        # Descent meets minima that come into being with a saddle, which the sums do not miss.
        lowest, evaluations = minima(model, temperature, law)
        points, count = unique([*points, *lowest]), count + evaluations
        bent = {p: bent.get(p) or curvature(model, p, temperature, law) for p in points}
    shapes = [s for n in range(1, total + 1) for s in partitions(n)]
    for blocks in sorted(shapes, key=lambda s: (len(s), sum(s))):
        sums[blocks] = euler(points, bent, blocks)
        rounds = range(_ROUNDS if len(blocks) > 1 else 0)
        for k in rounds:
            if k and (sums[blocks] == 1 or any(b.nearest < MARGINAL for b in bent.values())):
                break
            if k and count > _MOST_EVALUATIONS:
                break
            rows = _rows(model, blocks, points, older if k == 0 else [], rng, k)
            found, evaluations = _solved(model, blocks, rows, temperature, law)
            count += evaluations
            points = unique([*points, *found])
            bent = {p: bent.get(p) or curvature(model, p, temperature, law) for p in points}
            sums[blocks] = euler(points, bent, blocks)
    return points, bent, sums, count


def _rows(model, blocks, points, older, rng, k) -> np.ndarray:
    """Starts in a subspace: points of a higher temperature, random ones, and means of points."""
    n, size = len(blocks), 4 * 2**k * len(blocks) ** 2
    radius = math.sqrt(1.0 - model.dilution)
    noise = np.abs(rng.standard_normal((size, n))) ** rng.uniform(0.3, 2.0, (size, 1))
    noise *= (
        radius
        * rng.uniform(0.05, 1.0, (size, 1))
        / np.linalg.norm(noise * np.sqrt(blocks), axis=1, keepdims=True)
    )
    rows = [noise]
    inside = [row for p in points for row in _values(p, blocks)]
    if len(inside) > 1:
        inside = np.array(inside)
        a, b = (inside[rng.integers(len(inside), size=size)] for _ in range(2))
        b = rng.permuted(b, axis=1) if len(set(blocks)) == 1 else b
        b = b * rng.choice([-1.0, 1.0, 1.0], size=b.shape)
        share = rng.uniform(0.2, 0.8, (size, 1))
        rows.append(share * a + (1.0 - share) * b)
    held = [row for p in older for row in _values(p, blocks)]
    if held:
        rows.append(np.array(held))
    return np.abs(np.concatenate(rows)) + 1e-6 * rng.random((sum(map(len, rows)), n))


def _values(point: Point, blocks: tuple[int, ...]) -> list[np.ndarray]:
    """Values of the blocks of a subspace that a point has (one way of each kind), if any."""
    target = sorted((*np.repeat(point.nu, point.sizes),))
    pad = sum(blocks) - len(target)
    if pad < 0:
        return []
    if len(set(blocks)) == 1 and blocks[0] == 1:
        return [np.array([*target[::-1], *([0.0] * pad)])]
    out = []
    values = (*point.nu, 0.0)
    room = (*point.sizes, pad)
    for choice in itertools.islice(_assignments(room, blocks), 24):
        out.append(np.array([values[v] for v in choice]))
    return out


def _assignments(room: tuple[int, ...], blocks: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    if not blocks:
        yield ()
        return
    for v, left in enumerate(room):
        if left >= blocks[0]:
            after = tuple(n - blocks[0] * (i == v) for i, n in enumerate(room))
            for rest in _assignments(after, blocks[1:]):
                yield (v, *rest)


def _solved(model, blocks, rows, temperature, law) -> tuple[list[Point | None], int]:
    words = words_of(model, blocks, law)
    u = np.ascontiguousarray(rows * words.roots)
    residual = np.empty(len(u))
    count = search.newton_all(*search.arguments(words), u, temperature, 60, residual)
    good = np.abs(u[residual < 1e-13] / words.roots)
    full = np.repeat(good, blocks, axis=1)
    return [canonical(model, row, temperature, law) for row in thinned(full)], count
