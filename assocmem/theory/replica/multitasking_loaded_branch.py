"""The state with P patterns in a hierarchy, followed from vanishing load and temperature.

Unknowns are v_mu/d^(mu-1), b/d^(P-1) and what moves a state (`multitasking_loaded_equations`):
in these all are of order 1 whatever P. At T = 0 spins follow the first pattern that is not blank
for them, v_mu = d^(mu-1), and the d^P N spins blank in all P patterns are under the noise of the
others, which does not vanish with the load: b = sqrt(2/pi) d^P solves c = 1. This origin is exact
for small d; it is followed in d to the dilution wanted, up to a fold, and from it the ray through
(sqrt(alpha), T) up to the point wanted or a fold, where the state ends.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq

from ...errors import ConvergenceError
from ..lines import Curve, Event, correct, locate, trace
from .multitasking_loaded_equations import Point, point

MOST = 12  # condensed patterns
_SPARSE = 0.02  # dilution at which the origin is explicit: noise 1/60 of the least field
_EASY = 0.45  # dilution up to which there is an origin for every number of patterns
_FAINT = 1e-6  # sqrt(alpha)/d^(P-1) taken for a vanishing one at T > 0
_TOLERANCE = 1e-13


def scales(n: int, dilution: float) -> np.ndarray:
    """Units of (v_1..v_n, b)."""
    powers = dilution ** np.arange(n, dtype=np.float64)
    return np.append(powers, powers[-1])


def at(y: np.ndarray, units: np.ndarray, dilution: float, t: float) -> Point:
    """Averages at y = (v, b, ...) in the given units."""
    n = len(units) - 1
    return point(y[:n] * units[:n], dilution, float(y[n] * units[n]), t)


def _origin_system(n: int):
    """Equations of the origin in (v, b, d), and their derivatives."""

    def system(y):
        d = float(y[-1])
        if not (0.0 < d < 1.0 and y[n] > 0.0):
            return np.full(n + 1, np.nan)
        units = scales(n, d)
        p = at(y, units, d, 0.0)
        return np.append((p.v - p.pull) / units[:n], p.gap)

    def jacobian(y):
        d = float(y[-1])
        units = scales(n, d)
        p = at(y, units, d, 0.0)
        out = np.empty((n + 1, n + 2))
        out[:n, : n + 1] = p.pull_gradient(d)[:, : n + 1] * units / units[:n, None]
        out[n, : n + 1] = -np.append(p.slope, p.c_b) * units
        step, shifted = 1e-6, np.zeros(n + 2)
        shifted[-1] = step
        out[:, -1] = (system(y + shifted) - system(y - shifted)) / (2.0 * step)
        return out

    return system, jacobian


@lru_cache(maxsize=64)
def _origins(n: int, to_the_end: bool) -> Curve:
    """Origins (v, b, d) from d = `_SPARSE` past `_EASY`, or up to the fold where they end."""
    system, jacobian = _origin_system(n)
    events = [Event("fold", lambda y, t: t[-1])]
    if not to_the_end:
        events.append(Event("far enough", lambda y, t: y[-1] - _EASY - 0.01))
    start = np.array([*np.ones(n), math.sqrt(2.0 / math.pi) * _SPARSE, _SPARSE])
    along = np.zeros(n + 2)
    along[-1] = 1.0
    curve = trace(system, start, along, events, jacobian=jacobian, tolerance=1e-12)
    if not curve.converged:
        raise ConvergenceError(
            f"the origin of {n} patterns was lost: {curve.ended}",
            float(np.max(curve.residuals, initial=np.inf)),
        )
    return curve


def dilution_limit(n: int) -> float:
    """The d above which ``n`` patterns in a hierarchy are no state of T = 0 at any load.

    2/3 for one pattern: v -> 0 there, since 3 (1 - d) = 1; folds for more. They tend to 1/2.
    """
    return 2.0 / 3.0 if n == 1 else float(_origins(n, True).points[-1][-1])


def origin(n: int, dilution: float) -> np.ndarray | None:
    """(v, b) in units of `scales` at alpha = T = 0; None above `dilution_limit`.

    Raises
    ------
    ConvergenceError
        If it could not be decided, within rounding of the limit.
    """
    if dilution <= _SPARSE:
        return np.array([*np.ones(n), math.sqrt(2.0 / math.pi) * dilution])
    if n == 1:
        return _origin_of_one(dilution)
    curve = _origins(n, dilution > _EASY)
    known = curve.points[:, -1]
    if dilution > known[-1]:
        return None
    i = min(int(np.searchsorted(known, dilution)), len(known) - 1)
    share = (dilution - known[i - 1]) / (known[i] - known[i - 1])
    guess = (1.0 - share) * curve.points[i - 1] + share * curve.points[i]
    guess[-1] = dilution
    fixed = np.zeros(n + 2)
    fixed[-1] = 1.0
    system, jacobian = _origin_system(n)
    found = correct(system, guess, fixed, jacobian, _TOLERANCE, 40)
    if found is None or np.max(np.abs(found[0] - guess)) > 0.2:
        raise ConvergenceError(
            f"the origin of {n} patterns at d={dilution!r} was not found, the limit is d="
            f"{known[-1]:.12g}",
            np.inf,
        )
    return found[0][:-1]


def _origin_of_one(dilution: float) -> np.ndarray | None:
    """One pattern: c = 1 gives d in terms of sigma = b/v, rising from 0 to 2/3."""
    if dilution >= 2.0 / 3.0:
        return None

    def excess(sigma):
        v, rest = math.erf(1.0 / (math.sqrt(2.0) * sigma)), math.exp(-0.5 / (sigma * sigma))
        wide = v * sigma * math.sqrt(0.5 * math.pi)
        return (wide - rest) + dilution * math.expm1(-0.5 / (sigma * sigma))

    if excess(300.0) < 0.0:
        raise ConvergenceError(
            f"the origin of one pattern at d={dilution!r} is not resolved: too near to 2/3",
            2.0 / 3.0 - dilution,
        )
    sigma = brentq(excess, 1e-3, 300.0, xtol=1e-16, rtol=1e-15)
    v = math.erf(1.0 / (math.sqrt(2.0) * sigma))
    return np.array([v, sigma * v])


@dataclass(frozen=True)
class Followed:
    """Where a path ended: (v, b) in units of `scales`, how far, the evaluations it took.

    ``place`` is (sqrt(alpha), t) there.
    """

    y: np.ndarray | None
    far: float
    reached: bool
    iterations: int
    place: tuple[float, float] = (0.0, 0.0)


def path(
    n: int,
    dilution: float,
    start: np.ndarray,
    towards: tuple[float, float],
    length: float,
    base: tuple[float, float] = (0.0, 0.0),
) -> Followed:
    """Follow the state along (sqrt(alpha), t) = base + s d^(n-1) towards, s from 0.

    Up to s = ``length`` or the first fold.

    Raises
    ------
    ConvergenceError
        If the path was lost.
    """
    units = scales(n, dilution)
    unit = float(units[-1])
    count = 0

    def plane(s):
        return base[0] + s * unit * towards[0], base[1] + s * unit * towards[1]

    def system(y):
        nonlocal count
        if not y[n] > 0.0:
            return np.full(n + 1, np.nan)
        count += 1
        root, t = plane(y[-1])
        p = at(y, units, dilution, t)
        return np.append((p.v - p.pull) / units[:n], (p.root - root) / unit)

    def jacobian(y):
        p = at(y, units, dilution, plane(y[-1])[1])
        rows = np.vstack([p.pull_gradient(dilution), p.root_gradient()])
        out = rows[:, : n + 2] / units[:, None]
        out[:, : n + 1] *= units
        out[:, -1] *= unit * towards[1]
        out[-1, -1] -= towards[0]
        return out

    along = np.zeros(n + 2)
    along[-1] = 1.0
    events = [Event("fold", lambda y, t: t[-1])]
    if math.isfinite(length):
        events.insert(0, Event("reached", lambda y, t: y[-1] - length))
    first = min(1e-3, 0.1 * length)
    curve = trace(
        system, np.append(start, 0.0), along, events, jacobian=jacobian, step=first,
        tolerance=_TOLERANCE, min_step=1e-13,
    )  # fmt: skip
    if not curve.converged:
        raise ConvergenceError(
            f"the state with {n} patterns was lost on the way: {curve.ended}",
            float(np.max(curve.residuals, initial=np.inf)),
        )
    end = curve.points[-1]
    ended = curve.ended
    if ended == "fold" and len(curve.points) > 1 and end[-1] >= length:
        # Reached and left again within the last step.
        y, tangent = curve.points[-2], curve.tangents[-2]
        step = float(tangent @ (end - y))
        end = locate(system, y, tangent, step, events[0], jacobian, _TOLERANCE)[1]
        ended = "reached"
    if ended == "reached":
        end[-1] = length
        better = correct(system, end, along, jacobian, 1e-15, 6)
        if better is not None and np.max(np.abs(better[0] - end)) < 1e-6:
            end = better[0]
        return Followed(end[:-1], length, True, count, plane(length))
    return Followed(end[:-1], float(end[-1]), False, count, plane(float(end[-1])))


def _beside(n: int, dilution: float, t: float) -> np.ndarray | None:
    """(v, b) at sqrt(alpha) = `_FAINT` d^(n-1) and t, above the largest d of T = 0.

    Warm states outlive it: one is followed in d at that load and t, from just below.
    """
    if n == 1 or t == 0.0:
        return None
    first = (1.0 - 1e-3) * dilution_limit(n)
    units = scales(n, first)
    load = _FAINT * float(units[-1])
    start = find(n, first, load, t)
    if not start.reached:
        return None

    def system(y):
        if not (y[n] > 0.0 and 0.0 < y[-1] < 1.0):
            return np.full(n + 1, np.nan)
        p = at(y, units, float(y[-1]), t)
        return np.append((p.v - p.pull) / units[:n], (p.root - load) / units[-1])

    def jacobian(y):
        d = float(y[-1])
        p = at(y, units, d, t)
        out = np.empty((n + 1, n + 2))
        rows = np.vstack([p.pull_gradient(d), p.root_gradient()])[:, : n + 1]
        out[:, : n + 1] = rows * units / units[:, None]
        step, shifted = 1e-6, np.zeros(n + 2)
        shifted[-1] = step
        out[:, -1] = (system(y + shifted) - system(y - shifted)) / (2.0 * step)
        return out

    along = np.zeros(n + 2)
    along[-1] = 1.0
    events = [Event("reached", lambda y, t: y[-1] - dilution), Event("fold", lambda y, t: t[-1])]
    curve = trace(
        system, np.append(start.y, first), along, events, jacobian=jacobian, step=1e-4,
        tolerance=1e-12, min_step=1e-12,
    )  # fmt: skip
    if not curve.converged:
        raise ConvergenceError(
            f"the state with {n} patterns was lost on the way in d: {curve.ended}",
            float(np.max(curve.residuals, initial=np.inf)),
        )
    if curve.ended != "reached":
        return None
    return curve.points[-1][:-1] * units / scales(n, dilution)


def find(n: int, dilution: float, root: float, t: float) -> Followed:
    """The hierarchical state at (sqrt(alpha), t).

    On the ray from its origin, or where there is none from a state at a faint load. ``far`` is
    the fraction of the way up to the fold, where it was not reached; 0 if there is no such way.

    Raises
    ------
    ConvergenceError
        If existence was not decided, within rounding of the fold.
    """
    unit, base = dilution ** (n - 1), (0.0, 0.0)
    start = origin(n, dilution)
    if start is None:
        start = _beside(n, dilution, t)
        if start is None:
            return Followed(None, 0.0, False, 0)
        # A load may be fainter still: the way is in sqrt(alpha), up or down.
        base = (_FAINT * float(scales(n, (1.0 - 1e-3) * dilution_limit(n))[-1]), t)
    way = (root - base[0], t - base[1])
    radius = math.hypot(*way)
    if radius == 0.0:
        return Followed(start, 1.0, True, 0, base)
    found = path(n, dilution, start, (way[0] / radius, way[1] / radius), radius / unit, base)
    far = found.far * unit / radius
    if not found.reached and abs(far - 1.0) < 1e-13:
        raise ConvergenceError(
            f"existence is not decided at sqrt(load)={root!r}, T/(1 - d)={t!r}: within rounding "
            "of the line where the state ends; move the point by 1e-12",
            abs(far - 1.0),
        )
    return dataclasses.replace(found, far=far)


def fold_value(p: Point, units: np.ndarray, dilution: float) -> float:
    """Determinant of the derivatives of (v - pull, sqrt(alpha)) by (v, b), zero on spinodals."""
    n = len(p.v)
    rows = np.vstack([p.pull_gradient(dilution), p.root_gradient()])[:, : n + 1]
    return float(np.linalg.det(rows * units / units[:, None]))


@dataclass(frozen=True)
class End:
    """Where a state ends at a given t: the load, (v, b) in units of `scales`, and a residual.

    ``load`` is 0 and ``y`` None where there is no such state.
    """

    load: float
    y: np.ndarray | None
    residual: float


def largest_load(n: int, dilution: float, t: float) -> End:
    """The load alpha_n at t = T/a at which the state with ``n`` patterns ends.

    0 where there is no such state at loads of 1e-12 d^(2 (n - 1)) and more.
    """
    unit, base = dilution ** (n - 1), (0.0, 0.0)
    if t > 0.0:
        base = (_FAINT * unit, t)
        found = find(n, dilution, *base)
        if not found.reached:
            return End(0.0, None, 0.0)
        start = found.y
    else:
        start = origin(n, dilution)
        if start is None:
            return End(0.0, None, 0.0)
    end = path(n, dilution, start, (1.0, 0.0), math.inf, base)
    units = scales(n, dilution)
    root, p = base[0] + end.far * unit, at(end.y, units, dilution, t)
    errors = [*((p.v - p.pull) / units[:n]), (p.root - root) / unit, fold_value(p, units, dilution)]
    return End(root * root, end.y, float(np.max(np.abs(errors))))
