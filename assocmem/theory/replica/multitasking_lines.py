"""Lines of multitasking networks in the plane of dilution and temperature.

Coordinates and equations: `multitasking_blocks`. Unknowns of a line are y = (x, d, t), with the
overlaps x of one state (of two for first-order lines, and the null vector for spinodals).

Where a block of n >= 3 equal overlaps splits, permutations allow a cubic invariant, and the
transition is of first order unless the third derivative of f along the split vanishes. The jump
may be as small as one likes (its logarithm goes as -1/(1 - d) at strong dilution), and f differs
by its fourth power: such lines have unknowns (x, u, e, d, t), x of the state of equal overlaps and
x + e u of the other one, and equations that are regular in e through 0, see `Blocks.chord`.

All stability lines of symmetric states end at d = 2/3, T = 1/3, whatever K: near T_c, with
e = 1 - d, E (xi.m)^4 = 3 e^2 |m|^4 + e(1 - 3e) sum m^4, and at e = 1/3, where its anisotropy
vanishes, that of order six is -(2/9) sum m^6. So up to what depends on |m| alone
f = u4 sum m^4 + u6 sum m^6 with u4 = e(1 - 3e)/(12 T^3), u6 = 6/5 at the point. The eigenvalue of
the state of n equal overlaps against splitting is 8 u4 m^2 + 24 u6 m^4, with m^2 = (1 - t)/(3n):
it vanishes on d = 2/3 - 8 (1 - t)/(15 n) + O((1 - t)^2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ... import _validate as check
from ...errors import ConvergenceError
from ..lines import Curve, Event, laid_out, trace
from ..regimes import RegimeLine, signature_text
from ..saddle import solve
from .multitasking_blocks import SIGNS, Blocks, blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..laws import Law

COLDEST = 2e-3  # t at which lines are cut; corrections to T = 0 are exponentially small
_EDGE = 2e-3  # distance of d from 0 and 1, and of t from 1, at which lines are cut
TOLERANCE = 1e-12


@dataclass(frozen=True)
class Condition:
    """What holds along a line.

    Parameters
    ----------
    kind : str
        "condense" (of another pattern), "split" (of block ``block``), "wall" (block ``block``
        exceeds the sum of all after it by nothing), "equal" (two states of one free energy),
        "jump" (the same, of a state and that in which its block ``block`` is whole) or "fold".
    sizes : tuple of int
        Blocks of the state.
    block : int
    other : tuple of int
        Blocks of the second state; for "jump" that with the whole block.
    law : Law
        Of an entry that is not blank.
    """

    kind: str
    sizes: tuple[int, ...]
    block: int = 0
    other: tuple[int, ...] = ()
    law: Law = SIGNS

    @property
    def n_states(self) -> int:
        """Overlaps among the unknowns."""
        return len(self.sizes) + len(self.other)

    def states(self, y: np.ndarray) -> list[np.ndarray]:
        """Overlaps of blocks of each state."""
        n = len(self.sizes)
        if self.kind == "jump":
            whole, u, e = self._chord(y)
            return [self._unfolded(whole) + e[..., None] * u, whole]
        found = [y[..., :n]]
        return [*found, y[..., n : self.n_states]] if self.other else found

    def start(self, states: Sequence[np.ndarray], dilution: float, t: float) -> np.ndarray:
        """The unknowns of given states at a point."""
        if self.kind != "jump":
            return np.concatenate([*states, [dilution, t]])
        child, whole = states
        i = self.block
        e = child[i] - child[i + 1]
        u = (child - self._unfolded(whole)) / e
        return np.concatenate([whole, np.delete(u, i + 1), [e, dilution, t]])

    def _unfolded(self, whole: np.ndarray) -> np.ndarray:
        """The state with the whole block, in the blocks of the other one."""
        i = self.block
        return np.concatenate([whole[..., : i + 1], whole[..., i:]], axis=-1)

    def _chord(self, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The state with the whole block; u, with u_i - u_(i + 1) = 1 at the split; e."""
        n = len(self.other)
        u, i = y[..., n : 2 * n], self.block
        u = np.concatenate([u[..., : i + 1], u[..., i : i + 1] - 1.0, u[..., i + 1 :]], axis=-1)
        return y[..., :n], u, y[..., -3]

    def system(self) -> Callable[[np.ndarray], np.ndarray]:
        """Equations in y, one fewer than unknowns; not finite outside 0 < d < 1, t > 0."""
        one = blocks(self.sizes, self.law)
        two = blocks(self.other, self.law) if self.other else None

        def equations(y: np.ndarray) -> np.ndarray:
            d, t = float(y[-2]), float(y[-1])
            if not (0.0 < d < 1.0 and t >= 0.0):
                return np.full(len(y) - 1, np.nan)
            if self.kind == "jump":
                whole, u, e = self._chord(y)
                slope, cubic = one.chord(self._unfolded(whole), u, float(e), d, t)
                return np.concatenate([two.residual(whole, d, t), slope, [cubic]])
            x = y[: len(self.sizes)]
            rows = [one.residual(x, d, t)]
            if two is not None:
                z = y[len(self.sizes) : self.n_states]
                gap = one.free_energy(x, d, t) - two.free_energy(z, d, t)
                return np.concatenate([*rows, two.residual(z, d, t), [gap]])
            if self.kind == "fold":
                v = y[len(x) : 2 * len(x)]
                return np.concatenate([*rows, one.jacobian(x, d, t) @ v, [v @ v - 1.0]])
            return np.append(rows[0], self._value(one, x, d, t))

        return equations

    def _value(self, one: Blocks, x: np.ndarray, d: float, t: float) -> float:
        if self.kind == "condense":
            return one.condensation(x, d, t)
        if self.kind == "split":
            return one.split(self.block, x, d, t)
        after = np.array(self.sizes[self.block + 1 :]) @ x[self.block + 1 :]
        return float(x[self.block] - after)

    def events(self) -> list[Event]:
        """Where lines end."""
        found = [
            Event("T -> 0", lambda y, _: y[-1] - COLDEST),
            Event("T -> T_c", lambda y, _: 1.0 - _EDGE - y[-1]),
            Event("d -> 1", lambda y, _: 1.0 - _EDGE - y[-2]),
            Event("d -> 0", lambda y, _: y[-2] - _EDGE),
        ]
        if self.kind == "jump":
            # At strong dilution the jump is 0 to rounding, of either sign.
            found.append(Event("the jump vanishes", lambda y, _: y[-3] + 1e-9))
            for which, sizes in enumerate((self.sizes, self.other)):

                def overlaps(y: np.ndarray, which: int = which) -> np.ndarray:
                    return self.states(y)[which]

                for i in range(len(sizes) - 1):
                    if which or i != self.block:
                        found.append(
                            Event(
                                "two overlaps become equal",
                                lambda y, _, i=i, at=overlaps: at(y)[i] - at(y)[i + 1],
                            )
                        )
                found.append(Event("an overlap vanishes", lambda y, _, at=overlaps: at(y)[-1]))
            return found
        n = len(self.sizes)
        for first, size in ((0, n), (n, len(self.other))):
            for i in range(first, first + size - 1):
                found.append(Event("two overlaps become equal", lambda y, _, i=i: y[i] - y[i + 1]))
            if size > 1:
                last = first + size - 1
                found.append(Event("an overlap vanishes", lambda y, _, i=last: y[i]))
        if self.other == self.sizes:
            found.append(Event("critical point", lambda y, _: float(np.sum(y[:n] - y[n : 2 * n]))))
        if self.kind == "fold":
            one = blocks(self.sizes, self.law)
            found.append(
                Event("critical point", lambda y, _: one.third(y[:n], y[n : 2 * n], y[-2], y[-1]))
            )
        return found


def traced(
    condition: Condition,
    start: np.ndarray,
    along: np.ndarray | None = None,
    *,
    max_points: int = 600,
) -> tuple[Curve, Curve]:
    """The curve through ``start``, both ways from it."""
    system, events = condition.system(), condition.events()
    if along is None:
        along = np.zeros(len(start))
        along[-1] = 1.0
    ways = []
    for side in (1.0, -1.0):
        ways.append(
            trace(
                system, start, side * along, events, step=0.01, max_step=0.04, max_turn=0.25,
                min_step=1e-8, max_points=max_points, tolerance=TOLERANCE,
            )
        )  # fmt: skip
    return ways[0], ways[1]


def joined(ways: tuple[Curve, Curve]) -> Curve:
    """One curve of the two ways from a start."""
    up, down = ways
    return Curve(
        np.concatenate([down.points[::-1], up.points[1:]]),
        np.concatenate([-down.tangents[::-1], up.tangents[1:]]),
        np.concatenate([down.residuals[::-1], up.residuals[1:]]),
        up.converged and down.converged,
        f"{down.ended}; {up.ended}",
    )


def line_of(
    condition: Condition,
    curve: Curve,
    n_patterns: int,
    n_points: int,
    name: str,
    kind: str,
    between: tuple[str, ...] = (),
) -> RegimeLine:
    """The line of a traced curve, its points evenly spaced and at least ``n_points``.

    The step of ``n_points`` is that of the traced points where those are more.
    """
    system = condition.system()
    try:
        points, residuals = laid_out(curve, system, n_points, lambda y: y[-2:], tolerance=TOLERANCE)
    except RuntimeError:  # next to a corner: the traced points themselves
        points, residuals = curve.points, curve.residuals
    d, t = points[:, -2], points[:, -1]
    names = ("overlaps",) if not condition.other else ("overlaps", "overlaps of the other state")
    sizes = (condition.sizes, condition.other)
    states = {
        label.replace(" ", "_"): (1.0 - d)[:, None] * full(size, x, n_patterns)
        for label, size, x in zip(names, sizes, condition.states(points), strict=False)
    }
    good = float(np.max(residuals)) < 1e-10
    return RegimeLine(name, d, (1.0 - d) * t, states, residuals, good, curve.ended, kind, between)


def full(sizes: tuple[int, ...], x: np.ndarray, n_patterns: int) -> np.ndarray:
    """All overlaps, shape (..., K), of those of the blocks, shape (..., n_blocks)."""
    x = np.asarray(x)
    out = np.zeros((*x.shape[:-1], n_patterns))
    out[..., : sum(sizes)] = np.repeat(x, sizes, axis=-1)
    return out


def symmetric_stability(dilution: float, n_patterns: int) -> float:
    """T_s: below it the state of K equal overlaps is unstable against splitting.

    For d >= 2/3, where there is one such temperature; below 2/3 see the line T_s of the diagram.

    Parameters
    ----------
    dilution : float
        d in [2/3, 1).
    n_patterns : int
        K in 2..200.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    ConvergenceError
        If no root was found.

    Examples
    --------
    >>> from assocmem.theory.replica.multitasking_lines import symmetric_stability
    >>> round(symmetric_stability(0.9, 4), 8)
    0.01625727
    """
    dilution = check.real("dilution", dilution, 2.0 / 3.0, 1.0, open_high=True)
    n_patterns = check.integer("n_patterns", n_patterns, 2, 200)
    y = _symmetric(dilution, n_patterns, SIGNS)
    return (1.0 - dilution) * float(y[-1])


def _symmetric(dilution: float, n_patterns: int, law: Law) -> np.ndarray:
    """The point (x, d, t) of T_s at one dilution."""
    from scipy.optimize import brentq

    one = blocks((n_patterns,), law)

    def equal(t: float) -> float:
        """The equal overlap: F is increasing above the largest root, concave tanh."""
        return brentq(lambda x: one.residual(np.array([x]), dilution, t)[0], _least(t), 2.0,
                      xtol=1e-15, rtol=1e-14)  # fmt: skip

    def _least(t: float) -> float:
        return 1e-3 * math.sqrt(max(1.0 - t, 1e-12))

    def value(t: float) -> float:
        return one.split(0, np.array([equal(t)]), dilution, t)

    # T_s is about K (1 - d)^2/2 at strong dilution: steps in the logarithm of t.
    grid = np.geomspace(0.999, 1e-6, 400)
    above = grid[0]
    for t in grid[1:]:
        if value(t) < 0.0:
            root = brentq(value, t, above, xtol=1e-15, rtol=1e-14)
            return np.array([equal(root), dilution, root])
        above = t
    raise ConvergenceError(f"no T_s at dilution={dilution!r}, K={n_patterns}", math.nan)


def stability_of_parallel(n_patterns: int, n_points: int = 100, law: Law = SIGNS) -> RegimeLine:
    """T_s(d): where the state of K equal overlaps becomes unstable against splitting.

    From d = 2/3, T = 1/3 for signs; as d -> 1, T_s -> K (1 - d)^2/2. At temperatures where it
    bends back it has two values at one d.
    """
    condition = Condition("split", (n_patterns,), law=law)
    curve = joined(traced(condition, _symmetric(0.8, n_patterns, law)))
    return line_of(
        condition, curve, n_patterns, n_points, "the state of equal overlaps is unstable below",
        "stability", (signature_text((n_patterns,), n_patterns),),
    )  # fmt: skip


def condensation(level: int, law: Law = SIGNS) -> tuple[Condition, Curve]:
    """T_j(d), j = ``level`` >= 2: where the j-th pattern condenses in the hierarchical state.

    As T -> 0 spins are free for it where the first j - 1 patterns are blank: T_j -> (1-d) d^(j-1).
    """
    condition = Condition("condense", (1,) * (level - 1), law=law)
    one = blocks(condition.sizes, law)
    for d in (0.4, 0.3, 0.5, 0.2):  # of examples fields may vanish on some words, by accident
        found = solve(
            lambda y, d=d: np.append(
                one.residual(y[:-1], d, max(y[-1], 1e-9)),
                one.condensation(y[:-1], d, max(y[-1], 1e-9)),
            ),
            np.append(d ** np.arange(level - 1), d ** (level - 1)),
        )
        condensed = bool(np.all(found.x[:-1] > 0.1 * d ** np.arange(level - 1)))
        if found.residual < 1e-10 and condensed:  # the tracer corrects the rest
            break
    else:
        raise ConvergenceError(f"T_{level} did not start at d={d}", found.residual)
    return condition, joined(traced(condition, np.array([*found.x[:-1], d, found.x[-1]])))


def cusp(condition: Condition, guess: np.ndarray) -> np.ndarray:
    """The critical point (x, v, d, t) of a state: F = 0, J v = 0, |v| = 1, f''' along v = 0.

    Raises
    ------
    ConvergenceError
        If it is not found near the guess.
    """
    one = blocks(condition.sizes, condition.law)
    n = len(one)

    def equations(y: np.ndarray) -> np.ndarray:
        x, v, d, t = y[:n], y[n : 2 * n], float(y[-2]), float(y[-1])
        if not (0.0 < d < 1.0 and t > 0.0):
            return np.full(len(y), np.nan)
        return np.concatenate(
            [one.residual(x, d, t), one.jacobian(x, d, t) @ v, [v @ v - 1.0, one.third(x, v, d, t)]]
        )

    found = solve(equations, guess, tolerance=1e-11)
    if not found.converged:
        raise ConvergenceError(f"critical point of {condition} not found", found.residual)
    return found.x
