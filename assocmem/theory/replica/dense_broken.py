r"""Lines of dense models of degree 3 and more at one step of replica symmetry breaking.

Without a condensed pattern temperatures scale as sqrt(alpha) and
f = sqrt(alpha) phi(T/sqrt(alpha)),
so that the glass is one function phi, smooth from T = 0 to its static transition: `Glass` holds it
as a polynomial. The broken state of retrieval is that of `rsb_dense`, with its four equations:

* where its free energy is that of the glass, from the line of de Almeida and Thouless to T = 0
  (`first_order`);
* where it ends, in a fold at which the load as a function of n, at constant T, is largest
  (`spinodal`).
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.polynomial import Chebyshev

from ...errors import ConvergenceError
from ..lines import Line
from ..saddle import follow, numerical_jacobian
from ..saddle import solve as newton
from . import rsb_dense
from .dense import solve
from .dense_equations import Case
from .rsb_averages import NestedAverages
from .rsb_functional import Breaking
from .rsb_glass import GlassTransition, glass_point, transition_of
from .rsb_kernel import KernelPatterns, kernel_of

if TYPE_CHECKING:
    from ...hopfield.dense import Dense
    from .rsb_state import RSBCriticalLoad

_MOST_WORDS = 2  # words of a law of examples; each adds 1 s to the lines
_SMALLEST_LOAD = 1e-19
_NODES = 21
_STEPS = 12
_TOLERANCE = 1e-9
# delta falls to 0 in proportion to 1 - T/T_AT, all else is smooth there: ln delta in units of it.
_SPREAD = np.array([0.0, 1.0, 0.0, 0.0, 0.0])
_SHARES = (0.02, 0.2, 0.4, 0.6, 0.8, 0.9)  # of the temperature at which breaking begins


@dataclasses.dataclass(frozen=True, eq=False)
class Glass:
    """The glass at every load and temperature below its static transition.

    Parameters
    ----------
    transition : GlassTransition
        At load 1; temperatures are proportional to sqrt(load).
    scaled : Chebyshev
        phi(T/sqrt(load)), f of the glass with q0 = 0 at load 1.
    residual : float
        The last coefficients of ``scaled``, in its own unit.
    """

    transition: GlassTransition
    scaled: Chebyshev
    residual: float

    def free_energy(self, load: float, temperature: float) -> float:
        """Free energy per spin."""
        root = math.sqrt(load)
        return root * float(self.scaled(temperature / root))


def affordable(case: Case, load: float) -> bool:
    """Whether lines of broken retrieval are traced: of few words, of a load that is in range."""
    return case.values.size <= _MOST_WORDS and case.v == 0.0 and load > _SMALLEST_LOAD


def transition(model: Dense) -> GlassTransition:
    """`rsb_glass.transition_of` at load 1."""
    return transition_of(rsb_dense._loaded(model, 1.0), kernel_of(model))


def glass(model: Dense, found: GlassTransition) -> Glass:
    """The glass with q0 = 0 of a model with g''(0) = 0. Cost: 0.2 s."""
    kernel = kernel_of(model)
    angles = np.linspace(0.0, math.pi, _NODES)
    nodes = 0.5 * found.static * (1.0 - np.cos(angles))
    values = []
    for t in nodes:
        y, _ = glass_point(1.0, kernel, float(t), found.static)
        breaking = Breaking(KernelPatterns(1.0, kernel, pinned=True), float(t), glass=True)
        values.append(breaking.numbers(y)["free_energy"])
    scaled = Chebyshev.fit(nodes, values, _NODES - 1, domain=[0.0, found.static])
    residual = float(np.max(np.abs(scaled.coef[-2:]))) / abs(values[0])
    if residual > 1e-11:
        raise ConvergenceError(f"the free energy of the glass of {model!r} is not smooth", residual)
    return Glass(found, scaled, residual)


@dataclasses.dataclass(frozen=True, eq=False)
class _Once(rsb_dense.LearnedBreaking):
    """The functional, which averages once for the equations and the free energy at a point."""

    known: dict = dataclasses.field(default_factory=dict, init=False)

    def averages(self, m: float, delta: float, c: float, w: float) -> NestedAverages | None:
        """As its parent's."""
        key = m, delta, c, w
        if key not in self.known:
            self.known[key] = super().averages(*key)
        return self.known[key]


@dataclasses.dataclass(frozen=True, eq=False)
class _Retrieval:
    """Broken retrieval in z = (n, ln delta, ln C, ln w, load, T), load and T in units."""

    base: _Once
    load: float
    temperature: float

    def at(self, z: np.ndarray) -> _Once:
        """The functional at the load and temperature of z."""
        term = dataclasses.replace(self.base.term, load=self.load * float(z[4]))
        t = self.temperature * float(z[5])
        return dataclasses.replace(self.base, term=term, temperature=t)

    def point(self, y: np.ndarray, load: float, temperature: float) -> np.ndarray:
        """The coordinates z of a broken solution y."""
        return np.array([*y, load / self.load, temperature / self.temperature])

    def residual(self, z: np.ndarray) -> np.ndarray:
        """The four equations of retrieval."""
        if not 0.0 < z[4] < 10.0:
            return np.full(4, np.nan)
        return self.at(z).residual(z[:4])

    def line(self, name: str, points, residual, ended: str) -> Line:
        """The line through the points found."""
        states: dict[str, list[float]] = {}
        for z in points:
            breaking, y = self.at(z), z[:4]
            numbers = breaking.numbers(y)
            n, delta, c, w = z[0], *np.exp(y[1:])
            m = breaking.archetype(n, delta, c, w)
            found = {"overlap": m, "q": numbers["q1"], "C": c, "example_overlap": n}
            for key, value in {**found, "free_energy": numbers["free_energy"]}.items():
                states.setdefault(key, []).append(float(value))
        if breaking.values == (1.0,):
            del states["example_overlap"]
        return Line(
            name,
            self.load * points[:, 4],
            self.temperature * points[:, 5],
            {key: np.array(values) for key, values in states.items()},
            np.array(residual),
            bool(np.max(residual) <= _TOLERANCE),
            ended,
        )


def _retrieval(model: Dense, load: float, temperature: float) -> _Retrieval:
    plain = rsb_dense._breaking(rsb_dense._loaded(model, load), temperature)
    base = _Once(plain.term, temperature, values=plain.values, weights=plain.weights)
    return _Retrieval(base, load, temperature)


def first_order(model: Dense, glass: Glass, load: float, temperature: float, top: float) -> Line:
    """Broken retrieval and glass of one free energy, from near the line of AT down to T = 0.

    Cost: 0.5 s for each word.

    Parameters
    ----------
    load, temperature : float
        On the line T_c of replica-symmetric retrieval, below that of AT.
    top : float
        Temperature at which they meet.

    Raises
    ------
    ConvergenceError
        If the line is lost.
    """
    y, _ = rsb_dense._from_symmetric(solve(rsb_dense._loaded(model, load), temperature))
    plane = _retrieval(model, load, top)

    def at(u: np.ndarray, share: float) -> np.ndarray:
        return np.append(u + math.log1p(-share) * _SPREAD, share)

    def system(u: np.ndarray, share: float) -> np.ndarray:
        z = at(u, share)
        value = plane.residual(z)
        if not np.all(np.isfinite(value)):
            return np.full(5, np.nan)
        breaking = plane.at(z)
        f = glass.free_energy(breaking.term.load, breaking.temperature)
        return np.append(value, breaking.numbers(z[:4])["free_energy"] / f - 1.0)

    first = temperature / top
    start = plane.point(y, load, temperature)[:5] - math.log1p(-first) * _SPREAD
    points, residual = [], []
    for shares in (np.linspace(first, 0.0, _STEPS), [first, 0.6 + 0.4 * first, 0.9 + 0.1 * first]):
        found = follow(system, start, shares, tolerance=_TOLERANCE)
        last = found[-1]
        if not last.converged:
            raise ConvergenceError(f"broken retrieval is lost: {last.message}", last.residual)
        points = [at(p.x, t) for p, t in zip(found, shares, strict=True)][::-1] + points[-2::-1]
        residual = [p.residual for p in found][::-1] + residual[-2::-1]
    name = "broken retrieval and glass have one free energy"
    return plane.line(name, np.array(points), residual, "T = 0")


def spinodal(model: Dense, end: RSBCriticalLoad, top: float) -> Line:
    """Where broken retrieval ends: from T = 0 to just below where breaking begins.

    Cost: 0.1 s for each of few points, for each word.

    Parameters
    ----------
    end : RSBCriticalLoad
        At T = 0.
    top : float
        Temperature at which the line of AT meets the symmetric spinodal.

    Raises
    ------
    ConvergenceError
        If the line is lost.
    """
    plane = _retrieval(model, end.load, top)
    state = end.state
    n = state.overlaps[0] if state.example_overlap is None else state.example_overlap
    y = np.array([n, *np.log([state.spread, state.C, state.w])])
    points, residuals = [plane.point(y, end.load, 0.0)], [end.residual]
    for share in _SHARES:
        last = np.array(points[-4:])
        smooth = last[:, :5] - np.outer(np.log1p(-last[:, 5]), _SPREAD)
        guess = _extrapolated(last[:, 5], smooth, share) + math.log1p(-share) * _SPREAD
        z, residual = _largest_load(plane, np.append(guess, share))
        points.append(z)
        residuals.append(residual)
    name = "retrieval ends (spinodal), with one step of replica symmetry breaking"
    return plane.line(name, np.array(points), residuals, "near the line of AT")


def _extrapolated(known: np.ndarray, values: np.ndarray, to: float) -> np.ndarray:
    """The polynomial through the rows of values, at ``to`` (Lagrange)."""
    out = np.zeros(values.shape[1])
    for i, place in enumerate(known):
        others = np.delete(known, i)
        out += values[i] * np.prod((to - others) / (place - others))
    return out


def _largest_load(plane: _Retrieval, guess: np.ndarray) -> tuple[np.ndarray, float]:
    """The point of largest load at the temperature of the guess, and its residual."""

    def at(n: float, rest: np.ndarray) -> tuple[np.ndarray, float, float]:
        """The point with this n, the slope of the load in n, the residual."""

        def system(v: np.ndarray) -> np.ndarray:
            return plane.residual(np.concatenate([v, guess[5:]]))

        found = newton(lambda v: system(np.append(n, v)), rest, tolerance=1e-11)
        if not found.residual <= _TOLERANCE:
            raise ConvergenceError("line T_M_rsb was lost", found.residual)
        point = np.append(n, found.x)
        matrix = numerical_jacobian(system, point)
        slopes = np.linalg.solve(matrix[:, 1:], -matrix[:, 0])
        return np.concatenate([point, guess[5:]]), float(slopes[3]), found.residual

    before, slope_before, _ = at(guess[0], guess[1:5])
    point, slope, residual = at(guess[0] * (1.0 - 1e-4), before[1:5])
    for _ in range(8):
        step = -slope * (point[0] - before[0]) / (slope - slope_before)
        if abs(slope * step) < 1e-12:
            return point, residual
        before, slope_before = point, slope
        point, slope, residual = at(point[0] + step, point[1:5])
    raise ConvergenceError("line T_M_rsb: the largest load was not found", abs(slope))
