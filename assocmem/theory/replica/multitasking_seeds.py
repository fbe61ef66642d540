"""Where neighbouring points of a map differ, the line between them: found, named, cut to its part.

A line of the ground state is traced from one of its points and kept as far as no other state is
lower.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from ..lines import Curve, project
from .multitasking_blocks import blocks
from .multitasking_lines import TOLERANCE, Condition, full
from .multitasking_map import Survey, _marks, signature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..laws import Law

# Two states nearer than this on the line are one: next to a continuous transition states differ by
# the root of the distance from it, and jumps smaller than this count as continuous.
_JUMP = 0.02
_HALVINGS = 16
_HOTTEST = 0.93


@dataclasses.dataclass(frozen=True)
class Edge:
    """Two neighbouring grid points whose ground states have different signatures."""

    first: tuple[float, float]
    second: tuple[float, float]
    states: tuple[np.ndarray, np.ndarray]

    @property
    def along_dilution(self) -> bool:
        """Whether the two points differ in d, and not in t."""
        return self.first[0] != self.second[0]

    @property
    def middle(self) -> np.ndarray:
        """The point half way."""
        return 0.5 * (np.array(self.first) + np.array(self.second))

    @property
    def reversed(self) -> Edge:
        """The same from its other end."""
        return Edge(self.second, self.first, self.states[::-1])

    @property
    def signatures(self) -> frozenset:
        """Those of the two states."""
        return frozenset(signature(x) for x in self.states)


def edges(survey: Survey) -> Iterator[Edge]:
    """All pairs of neighbours with different signatures.

    Not next to T_c, where f of different states differs by less than rounding shows: lines are
    traced into that region from below.
    """
    marks = _marks(survey.x)
    n_d, n_t = marks.shape
    for i, j in np.ndindex(n_d, n_t):
        for a, b in ((i + 1, j), (i, j + 1)):
            if survey.reduced[min(b, n_t - 1)] > _HOTTEST:
                continue
            if a < n_d and b < n_t and marks[a, b] != marks[i, j]:
                yield Edge(
                    (float(survey.dilution[i]), float(survey.reduced[j])),
                    (float(survey.dilution[a]), float(survey.reduced[b])),
                    (survey.x[i, j], survey.x[a, b]),
                )


def seed(survey: Survey, edge: Edge) -> tuple[Condition, np.ndarray, np.ndarray, str] | None:
    """The first boundary on an edge: its condition, a point near it, a direction along it, kind.

    Bisection with the states of both sides followed to the middle, where the lower one decides.
    None where no condition of a known kind holds between the two.
    """
    surface = survey.surface
    p, q = np.array(edge.first), np.array(edge.second)
    low, high = 0.0, 1.0
    a, b = edge.states
    mark = signature(a)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        d, t = p + middle * (q - p)
        x, f, _ = surface.minimise(np.array([a, b]), np.full(2, d), np.full(2, t), 80)
        new = x[0] if f[0] <= f[1] + 1e-15 else x[1]
        apart = np.max(np.abs(x[0] - x[1])) > _JUMP
        stays = f[0] < f[1] if apart else signature(new) == mark
        if stays:
            low, a = middle, (x[0] if apart else new)
            mark = signature(a)
        else:
            high, b = middle, (x[1] if apart else new)
    at = p + 0.5 * (low + high) * (q - p)
    found = _condition(surface.law, a, b, *at)
    if found is None:
        return None
    condition, states, kind = found
    start = condition.start(states, *at)
    along = np.zeros(len(start))
    along[-1 if edge.along_dilution else -2] = 1.0
    return condition, start, along, kind


def _condition(
    law: Law, a: np.ndarray, b: np.ndarray, d: float, t: float
) -> tuple[Condition, list[np.ndarray], str] | None:
    """What holds between two lowest states on both sides of (d, t): condition, states, kind."""
    one, two = signature(a)[1], signature(b)[1]
    if len(one) > len(two):
        one, two, a, b = two, one, b, a
    block = _split_block(one, two) if sum(one) == sum(two) else None
    if np.max(np.abs(a - b)) > _JUMP:
        if not one or not two:
            return None
        x, z = reduced(a, one), reduced(b, two)
        if block is not None and len(two) == len(one) + 1 and z[block] - z[block + 1] > 1e-4:
            return Condition("jump", two, block, one, law), [z, x], "first order"
        return Condition("equal", one, 0, two, law), [x, z], "first order"
    if one == two:
        x = reduced(a, one)
        after = [x[i] - np.dot(one[i + 1 :], x[i + 1 :]) for i in range(len(x) - 1)]
        if not after:
            return None
        block = int(np.argmin(np.abs(after)))
        if block < len(x) - 2 or one[-1] > 1:
            return Condition("wall", one, block, law=law), [x], "crossover"
        # The last two overlaps are equal: the other side of a split.
        one = (*one[:-2], one[-2] + one[-1])
        block = len(one) - 1
    elif sum(one) != sum(two):
        parent = min(one, two, key=sum)
        return (
            Condition("condense", parent, law=law),
            [reduced(0.5 * (a + b), parent)],
            "continuous",
        )
    if block is None:
        return None
    x = reduced(0.5 * (a + b), one)
    if one[block] == 2:
        return Condition("split", one, block, law=law), [x], "continuous"
    return _small_jump(law, one, block, x, d, t)


def _small_jump(
    law: Law, parent: tuple[int, ...], block: int, x: np.ndarray, d: float, t: float
) -> tuple[Condition, list[np.ndarray], str]:
    """The first-order line next to the end of stability of a block of three or more.

    Along a direction of third and fourth derivatives c3, c4 a state ends its stability and another
    one is as low, at e = -2 c3/c4, when the second derivative is c3^2/(3 c4).
    """
    n = parent[block]
    child = (*parent[:block], n - 1, 1, *parent[block + 1 :])
    u = np.zeros(len(child))
    u[block], u[block + 1] = 1.0 / n, 1.0 / n - 1.0
    z = np.insert(x, block + 1, x[block])
    one = blocks(child, law)
    third = one.third(z, u, d, t)
    step = 1e-4 * t
    fourth = (one.third(z + step * u, u, d, t) - one.third(z - step * u, u, d, t)) / (2.0 * step)
    e = -2.0 * third / fourth
    if e < 0.0:  # one overlap above the others
        child = (*parent[:block], 1, n - 1, *parent[block + 1 :])
        u[block], u[block + 1] = 1.0 - 1.0 / n, -1.0 / n
    e = max(abs(e), 1e-5)  # a start; what it is follows from the equations
    return Condition("jump", child, block, parent, law), [z + e * u, x], "first order"


def reduced(x: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    """Mean overlap of each block of a full state."""
    ends = np.cumsum(sizes)
    return np.array([x[e - n : e].mean() for n, e in zip(sizes, ends, strict=True)])


def _split_block(parent: tuple[int, ...], child: tuple[int, ...]) -> int | None:
    """Which block of ``parent`` the finer ``child`` splits, None unless it is exactly one."""
    for i, size in enumerate(parent):
        if child[:i] == parent[:i] and size > 1:
            tail = len(parent) - i - 1
            inner = child[i : len(child) - tail]
            if sum(inner) == size and (not tail or child[-tail:] == parent[-tail:]):
                return i if len(inner) > 1 else None
    return None


def is_ground(survey: Survey, condition: Condition, points: np.ndarray) -> np.ndarray:
    """Whether the state of each point of a curve is the lowest, bool of shape (n,)."""
    number, surface = survey.surface.n_patterns, survey.surface
    d, t = points[:, -2], points[:, -1]
    sizes = (condition.sizes, condition.other)
    others = [full(s, z, number) for s, z in zip(sizes, condition.states(points), strict=False)]
    own = surface.free_energy(others[0], d, t)
    off = 1e-3 * np.arange(number)[::-1]  # off saddles
    begin, owner = [], []
    for k in range(len(points)):
        near = [*survey.near(d[k], t[k]), *(z[k] + off for z in others)]
        begin.extend(near)
        owner.extend([k] * len(near))
    owner = np.array(owner)
    # Where minimisation did not end f is a bound all the same.
    f = surface.minimise(np.array(begin), d[owner], t[owner], 40)[1]
    lowest = np.full(len(points), np.inf)
    np.minimum.at(lowest, owner, f)
    return own <= lowest + 2e-13


def cut(survey: Survey, condition: Condition, curve: Curve, start: np.ndarray) -> Curve | None:
    """The part of a curve around ``start`` where its state is the ground state, None if nowhere.

    Its ends are found to about 1e-6 along the curve.
    """
    points = curve.points
    good = is_ground(survey, condition, points)
    if not np.any(good):
        return None
    distance = np.linalg.norm(points[:, -2:] - start[-2:], axis=1)
    here = int(np.argmin(distance))
    if not good[here]:  # the seed lies off the ground state
        return None
    first = here
    while first > 0 and good[first - 1]:
        first -= 1
    last = here
    while last < len(points) - 1 and good[last + 1]:
        last += 1
    kept = list(range(first, last + 1))
    rows = [points[kept], curve.tangents[kept], curve.residuals[kept]]
    ended = curve.ended.split("; ")
    if first > 0:
        ended[0] = "another state is lower"
        extra = _boundary(survey, condition, points[first], points[first - 1])
        if extra is not None:
            rows = [
                np.insert(rows[0], 0, extra[0], axis=0),
                np.insert(rows[1], 0, curve.tangents[first], axis=0),
                np.insert(rows[2], 0, extra[1]),
            ]
    if last < len(points) - 1:
        ended[-1] = "another state is lower"
        extra = _boundary(survey, condition, points[last], points[last + 1])
        if extra is not None:
            rows = [
                np.vstack([rows[0], extra[0]]),
                np.vstack([rows[1], curve.tangents[last]]),
                np.append(rows[2], extra[1]),
            ]
    return Curve(rows[0], rows[1], rows[2], curve.converged, "; ".join(ended))


def _boundary(survey, condition, inside, outside):
    """The last point of a curve, between two of its points, where its state is the ground state."""
    system = condition.system()
    found, residual = None, 0.0
    for _ in range(18):
        chord = outside - inside
        size = np.linalg.norm(chord)
        if size < 1e-7:
            break
        met = project(system, 0.5 * (inside + outside), chord / size, None, TOLERANCE, 12)
        if met is None:
            break
        if is_ground(survey, condition, met[0][None])[0]:
            inside = met[0]
            found, residual = met[0], met[1]
        else:
            outside = met[0]
    return None if found is None else (found, residual)


def hierarchical_ends(survey: Survey) -> Iterator[np.ndarray]:
    """Points (x, d, t) next to where a metastable hierarchical state of K patterns ends."""
    surface, number = survey.surface, survey.surface.n_patterns
    has = np.isfinite(survey.hierarchical[:, :, 0])
    for j in range(len(survey.reduced)):
        for i in range(len(survey.dilution) - 1):
            x = survey.hierarchical[i, j]
            if not has[i, j] or has[i + 1, j] or signature(survey.x[i, j])[0] == "hierarchical":
                continue
            if signature(x)[1] != (1,) * number:
                continue
            low, high = survey.dilution[i], survey.dilution[i + 2 if i + 2 < len(has) else i + 1]
            t = survey.reduced[j]
            for _ in range(30):
                d = 0.5 * (low + high)
                new, _, least = surface.minimise(x[None], np.array([d]), np.array([t]))
                if least[0] > 1e-9 and np.max(np.abs(new[0] - x)) < 0.1:
                    low, x = d, new[0]
                else:
                    high = d
            yield np.array([*x, low, t])


def eigenvector(condition: Condition, y: np.ndarray) -> np.ndarray:
    """Singular vector of the Jacobian of a state (x, d, t) that is closest to null."""
    matrix = blocks(condition.sizes, condition.law).jacobian(y[:-2], y[-2], y[-1])
    return np.linalg.svd(matrix)[2][-1]
