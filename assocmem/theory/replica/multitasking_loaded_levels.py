"""Levels of a hierarchy of diluted patterns at vanishing load, without noise."""

from __future__ import annotations

import math

import numpy as np

from ...errors import ConvergenceError
from ..lines import Event, correct, trace
from .multitasking_loaded_branch import scales
from .multitasking_loaded_equations import Point, point


def levels_at(n: int, d: float, t: float) -> tuple[Point | None, int, float]:
    """``n`` levels at load 0, followed from T = 0 to t; (None, evaluations, where they end)."""
    units = scales(n, d)[:n]
    unit, count = float(units[-1]), 0

    def system(y):
        nonlocal count
        count += 1
        p = point(y[:n] * units, d, 0.0, float(y[n]) * unit)
        return (p.v - p.pull) / units

    def jacobian(y):
        p = point(y[:n] * units, d, 0.0, float(y[n]) * unit)
        rows = p.pull_gradient(d) / units[:, None]
        return np.column_stack([rows[:, :n] * units, rows[:, n + 1] * unit])

    along = np.zeros(n + 1)
    along[-1] = 1.0
    start = np.append(np.ones(n), min(1e-3, 0.1 * t / unit))
    target = t / unit
    events = [
        Event("reached", lambda y, tangent: y[n] - target),
        Event("fold", lambda y, tangent: tangent[-1]),
    ]
    curve = trace(system, start, along, events, jacobian=jacobian, tolerance=1e-12)
    end = curve.points[-1] if len(curve.points) else start
    if not curve.converged:
        raise ConvergenceError(
            f"{n} levels were lost at T/(1 - d)={end[n] * unit!r}: {curve.ended}", math.inf
        )
    if curve.ended != "reached":
        return None, count, float(end[n]) * unit
    end[n] = target
    better = correct(system, end, along, jacobian, 1e-15, 6)
    end = end if better is None else better[0]
    return point(end[:n] * units, d, 0.0, t), count, t
