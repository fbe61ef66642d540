"""Tracing of lines of dense models: the fold of the map, and curves laid out as lines."""

from __future__ import annotations

import numpy as np

from ...errors import ConvergenceError
from ..lines import Curve, Line, laid_out, trace
from .dense_equations import C4, MEAN, Case, Point, at, numbers
from .dense_rays import at_y, origin

ROOT_MIN = 1e-3  # sqrt(alpha) at which lines that end in load 0 without a fold are cut
TOLERANCE = 1e-11


def overlap(point: Point) -> float:
    """Overlap with the archetype (storing: with the pattern)."""
    return float(point.sums[MEAN])


def at_ratio(case: Case, point: Point) -> float:
    """The tau at which AT would be marginal, alpha dV/dq E sech^4/u^2 in units of u."""
    return point.root**2 * case.noise.by_q(point.q, point.c) * float(point.sums[C4]) / point.u**2


def fold(case: Case):
    """The determinant of the map, zero on folds, scaled to be of order 1 along them.

    Where the overlap vanishes continuously with the load (degree 2) it falls as u^3.
    """
    first = at(case, origin(case) or 0.0, 0.0).u

    def system(y):
        if not (-0.1 < y[0] < 25.0 and -0.1 < y[1] < 25.0):
            return np.array([np.nan])
        point = at_y(case, y)
        if not point.u > 0.0:
            return np.array([np.nan])
        return np.array([point.determinant * case.reach * first / point.u**3])

    return system


def traced(name, system, start, along, events, **options) -> Curve:
    """The curve, or a ConvergenceError that names the line."""
    curve = trace(system, start, along, events, tolerance=TOLERANCE, **options)
    if not curve.converged:
        raise ConvergenceError(
            f"line {name} was lost: {curve.ended}", float(np.max(curve.residuals, initial=np.inf))
        )
    return curve


def joined(name, case, curves, system, n_points, evaluate=at_y) -> Line:
    """One line of several curves, each with its share of the points."""
    shares = [n_points // len(curves)] * len(curves)
    shares[0] += n_points - sum(shares)
    if shares[-1] < 2:
        curves, shares = curves[:1], [n_points]
    lines = [
        line_of(name, case, curve, system, share, evaluate=evaluate)
        for curve, share in zip(curves, shares, strict=True)
    ]
    return concatenated(lines)


def concatenated(lines: list[Line]) -> Line:
    """One line of several, in order."""
    if len(lines) == 1:
        return lines[0]
    return Line(
        lines[0].name,
        np.concatenate([line.load for line in lines]),
        np.concatenate([line.temperature for line in lines]),
        {key: np.concatenate([line.states[key] for line in lines]) for key in lines[0].states},
        np.concatenate([line.residual for line in lines]),
        all(line.converged for line in lines),
        lines[-1].ended,
    )


def line_of(name, case, curve, system, n_points, *, evaluate=at_y) -> Line:
    """``n_points`` points of a curve; ``evaluate`` takes (case, its coordinates) to a `Point`."""

    def plane(y):
        point = evaluate(case, y)
        return np.array([point.root**2, point.t])

    found, residual = laid_out(curve, system, n_points, plane, tolerance=TOLERANCE)
    points = [evaluate(case, y) for y in found]
    good = bool(curve.converged and np.max(residual) <= TOLERANCE)
    return through(name, case, points, residual, good, curve.ended)


def through(name, case, points: list[Point], residual, good: bool, ended: str) -> Line:
    """The line through points of the map."""
    load = np.array([point.root**2 for point in points])
    temperature = np.array([abs(point.t) for point in points])
    states = {
        "overlap": np.array([overlap(p) if case.parts == 1 else p.n for p in points]),
        "q": np.array([point.q for point in points]),
        "C": np.array([point.c for point in points]),
        "free_energy": np.array(
            [
                numbers(case, p, abs(p.t), a)["free_energy"]
                for p, a in zip(points, load, strict=True)
            ]
        ),
    }
    if case.v > 0.0 or case.values.size > 1:
        states["example_overlap"] = np.array([point.n for point in points])
    return Line(name, load, temperature, states, np.asarray(residual), good, ended)
