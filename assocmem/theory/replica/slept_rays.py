r"""States of the dreaming rule at a given load and temperature, on whichever sheet they are.

With sigma = sqrt(v)/M and tau = T/M the averages m, q and c = M C depend on (sigma, tau) alone, as
for Hebb's rule (`hopfield_reduced`). Let g = c/m = chi C, a = 1 + eps r, b = 1 + eps (1 - eps) r
and r = k (1 - g). Then the equations of `slept_equations` read, n patterns being mixed,

$$ \sigma^2[\epsilon k\,(g b+(1-\epsilon)a)+b] = k\,[(q/m^2-n)\,b^2+n(1-\epsilon)^2a^2],\quad
   T=\frac{\tau m}{ab},\quad \sqrt\alpha=\sqrt k\,(1-g)\sqrt{b/a}, $$

one equation in the three unknowns (sigma, tau, k), T and alpha being explicit: states are the
sheets of a surface over the plane of (sqrt(alpha), T). They start at the origin alpha = T = 0 and
end in folds, so the ray from the origin through the wanted point is followed by arclength,
through its folds, as `hopfield_rays` does for Hebb's rule, to which all this tends as eps -> 0.

That misses sheets which the ray meets only apart from the origin. Dreaming has one more family
of them: at C > 1, where Hebb's noise would diverge, the noise stays finite (r > 0) as alpha -> 0,
and states of small M are there. Hence, where the ray finds nothing, all curves of states at the
given T are looked for as well: (sigma, tau) and T give r, so that one equation in two unknowns is
left, whose changes of sign on a grid show where the curves are; each is followed by arclength.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ...errors import ConvergenceError
from ..lines import Event, trace
from .slept_noise import spectrum_parameters
from .slept_surface import BALANCE, GAP, MEAN, ROOT_LOAD, WIDTH, Z_MAX, Sheets, T, signs

_X_MIN = 1e-9  # 1 - T < 1e-17 there
_TOLERANCE = 1e-13
_GRID = 80  # points each way, in the search for curves


@dataclass(frozen=True)
class Found:
    """(M, v) at the point asked for and evaluations; or None, and why there is no state."""

    x: np.ndarray | None
    iterations: int
    reason: str = ""


def find(sheets: Sheets, load: float, temperature: float) -> Found:
    """The condensed state at a load and temperature (not both 0).

    Raises
    ------
    ConvergenceError
        If a sheet is lost, or starts where none can be followed, and no other has the state.
    """
    root = math.sqrt(load)
    starts, complete = sheets.origins()
    nearest, count, lost = 0.0, 0, "" if complete else "a sheet starts at load 0 with finite noise"
    for start in starts:
        points, farthest, evaluations, trouble = _along_ray(sheets, start, root, temperature)
        count += evaluations
        lost = lost or trouble
        if points:
            out = sheets.at(points[0])
            return Found(np.array([out[MEAN], out[WIDTH] ** 2]), count)
        nearest = max(nearest, farthest)
    where = f"load={load!r}, T={temperature!r}"
    if abs(nearest - 1.0) < 1e-12:
        lost = "within rounding of the line where the state ends"
    if temperature > 0.0:
        seen, evaluations, trouble = _at_temperature(sheets, root, temperature)
        count += evaluations
        lost = lost or trouble
        if seen is not None:
            out = sheets.at(seen)
            return Found(np.array([out[MEAN], out[WIDTH] ** 2]), count)
    if lost:
        raise ConvergenceError(f"existence is not decided at {where}: {lost}", math.inf)
    reason = (
        f"followed from the origin at fixed sqrt(load)/T, it ends at load {load * nearest**2:.9g}, "
        f"T {temperature * nearest:.9g}"
    )
    return Found(None, count, reason)


def _along_ray(
    sheets: Sheets, origin: np.ndarray, root: float, temperature: float, every: bool = False
) -> tuple[list[np.ndarray], float, int, str]:
    """The first point that the ray reaches, or every one, of one sheet and those joined to it.

    Also the farthest fraction of the ray reached, evaluations, and why the curve was lost or "".
    """
    radius = math.hypot(root, temperature)
    cos, sin = root / radius, temperature / radius
    count = 0

    def system(y):
        nonlocal count
        count += 1
        out = sheets.at(y)
        if (y[0] < 0.0 and not out[GAP] > 0.0) or y[1] > 1.001:
            return np.full(2, np.nan)
        if temperature == 0.0:
            return np.array([out[BALANCE], y[1] - 1.0])
        return np.array([out[BALANCE], out[T] * cos - out[ROOT_LOAD] * sin])

    def jacobian(y):
        by = sheets.slopes(y)
        if temperature == 0.0:
            return np.array([by[BALANCE], [0.0, 1.0, 0.0]])
        return np.array([by[BALANCE], by[T] * cos - by[ROOT_LOAD] * sin])

    def fraction(y):
        out = sheets.at(y)
        return (out[ROOT_LOAD] * cos + out[T] * sin) / radius

    def slope(y, tangent):
        by = sheets.slopes(y)
        return float((by[ROOT_LOAD] * cos + by[T] * sin) @ tangent)

    by = sheets.slopes(origin)
    system_matrix = np.array([by[BALANCE], by[ROOT_LOAD], by[T]])
    try:
        along = np.linalg.solve(system_matrix, np.array([0.0, cos, sin]))
    except np.linalg.LinAlgError:
        return [], 0.0, 1, "the sheet's start is singular"
    small = min(1e-3 / max(1.0, float(np.max(np.abs(along)))), 0.5 * radius)
    y = origin + small * along
    lowest = 0.5 * fraction(y)  # a sheet may also end where it started, at alpha = T = 0
    reach = Event("reached", lambda y, t: fraction(y) - 1.0)
    events = [
        reach,
        Event("fold", slope),
        Event("edge", lambda y, t: fraction(y) - lowest),
        Event("edge", lambda y, t: y[1] - _X_MIN),
        Event("edge", lambda y, t: sheets.widest + origin[0] - y[0]),
        Event("noise without end", lambda y, t: Z_MAX - y[2]),
    ]
    points: list[np.ndarray] = []
    farthest, step = 0.0, 0.5 * small
    for _ in range(60):
        curve = trace(
            system, y, along, events, jacobian=jacobian, step=max(1e-6, step), max_step=0.1,
            tolerance=_TOLERANCE * max(1.0, radius),
        )  # fmt: skip
        if not len(curve.points):
            return points, farthest, count, f"the ray was lost: {curve.ended}"
        end = curve.points[-1]
        fractions = [fraction(point) for point in curve.points]
        farthest = max(farthest, *fractions)
        hit = None
        if curve.ended == "reached":
            hit = end
        elif curve.ended == "fold" and len(fractions) > 1:
            inner = fractions[-2]
            if (inner - 1.0) * (fractions[-1] - 1.0) < 0.0:
                # Reached and left again within the last step.
                hit = 0.5 * (curve.points[-2] + end)
        if hit is not None:
            points.append(polished(sheets, hit, root, temperature))
            if not every:
                return points, 1.0, count, ""
        if curve.ended == "edge":
            return points, farthest, count, ""
        beyond = farthest > 1.1 or sheets.at(end)[T] > 1.0 - 0.01 * (1.0 - temperature)
        if every and points and curve.ended not in ("fold", "reached") and beyond:
            # Lost far beyond the point asked for, or where all sheets end in ever sharper folds.
            return points, farthest, count, ""
        if curve.ended not in ("fold", "reached"):
            return points, farthest, count, f"the ray was lost: {curve.ended}"
        # Go on from a point just behind, where the event's value has the other sign.
        along = curve.tangents[-1]
        y, step = end + 1e-6 * along, 5e-4
    return points, farthest, count, "the ray has more than 60 folds and points"


def _at_temperature(
    sheets: Sheets, root: float, temperature: float
) -> tuple[np.ndarray | None, int, str]:
    """A state at sqrt(alpha) > 0 and T > 0 on any curve of states at T; evaluations; trouble."""
    law = sheets.law
    sigmas, xs = np.geomspace(1e-3, sheets.widest, _GRID), np.linspace(0.02, 0.995, _GRID)
    eps, delta = spectrum_parameters(sheets.time)
    balance, zs = signs(law.values, law.weights, law.n, eps, delta, temperature, sigmas, xs)
    count, trouble = balance.size, ""
    known: list[np.ndarray] = []

    def system(y):
        nonlocal count
        count += 1
        out = sheets.at(y)
        return np.array([out[BALANCE], out[T] - temperature])

    def jacobian(y):
        return sheets.slopes(y)[[BALANCE, T]]

    events = [
        Event("reached", lambda y, t: sheets.at(y)[ROOT_LOAD] - root),
        Event("fold", lambda y, t: float(sheets.slopes(y)[ROOT_LOAD] @ t)),
        Event("edge", lambda y, t: sheets.at(y)[ROOT_LOAD] - 0.1 * root),
        Event("edge", lambda y, t: sheets.widest - y[0]),
        Event("edge", lambda y, t: y[1] - 0.01),
    ]
    for i, j in np.argwhere(balance[:-1] * balance[1:] < 0.0):
        seed = np.array([math.sqrt(sigmas[i] * sigmas[i + 1]), xs[j], zs[i : i + 2, j].mean()])
        if known and np.min(np.max(np.abs(np.vstack(known) - seed), axis=1)) < 0.15:
            continue
        if sheets.at(seed)[ROOT_LOAD] < 0.3 * root:
            continue  # the curves here have loads far below the one asked for
        for side in (1.0, -1.0):
            y, along = seed, np.array([0.0, side, 0.0])
            for _ in range(40):
                curve = trace(
                    system, y, along, events, jacobian=jacobian, step=1e-2, max_step=0.1,
                    tolerance=1e-12,
                )  # fmt: skip
                if not len(curve.points):
                    trouble = trouble or f"a curve at this T was lost: {curve.ended}"
                    break
                known.append(curve.points)
                end, along = curve.points[-1], curve.tangents[-1]
                if curve.ended == "reached":
                    return polished(sheets, end, root, temperature), count, ""
                if curve.ended != "fold":
                    if not curve.converged:
                        trouble = trouble or f"a curve at this T was lost: {curve.ended}"
                    break
                if len(curve.points) > 1:
                    inner = sheets.at(curve.points[-2])[ROOT_LOAD]
                    if (inner - root) * (sheets.at(end)[ROOT_LOAD] - root) < 0.0:
                        middle = 0.5 * (curve.points[-2] + end)
                        return polished(sheets, middle, root, temperature), count, ""
                y = end + 1e-6 * along
    return None, count, trouble


def polished(sheets: Sheets, y: np.ndarray, root: float, temperature: float) -> np.ndarray:
    """Newton's steps to (root, T) while they lower the violation; near folds none does."""
    target = np.array([0.0, root, temperature])

    def violation(point):
        return sheets.at(point)[[BALANCE, ROOT_LOAD, T]] - target

    value = violation(y)
    for _ in range(8):
        try:
            trial = y - np.linalg.solve(sheets.slopes(y), value)
        except np.linalg.LinAlgError:
            break
        if temperature == 0.0:
            trial[1] = 1.0
        if not 0.0 < trial[1] <= 1.0:
            break
        new = violation(trial)
        if not np.max(np.abs(new)) < np.max(np.abs(value)):
            break
        y, value = trial, new
    return y


def last_fold(sheets: Sheets, temperature: float) -> tuple[float, float]:
    """The largest load on the curves of states at T in [0, 1) that reach load 0.

    Returns
    -------
    load, residual : float
        The residual is the violation of the equations at the fold, and of d load = 0 along the
        curve. 0.0, 0.0 if there is no state at vanishing load.

    Raises
    ------
    ConvergenceError
        If a curve is lost before it ends.
    """
    starts, complete = sheets.origins()
    if temperature > 0.0:
        starts, complete = _beginnings(sheets, starts, temperature), True
    best = (0.0, 0.0)

    def system(y):
        out = sheets.at(y)
        if temperature == 0.0:
            return np.array([out[BALANCE], y[1] - 1.0])
        return np.array([out[BALANCE], out[T] - temperature])

    def jacobian(y):
        by = sheets.slopes(y)
        return np.array([by[BALANCE], by[T] if temperature > 0.0 else [0.0, 1.0, 0.0]])

    def slope(y, tangent):
        return float(sheets.slopes(y)[ROOT_LOAD] @ tangent)

    ends: list[np.ndarray] = []
    for start in starts:
        if any(np.max(np.abs(start - end)) < 1e-3 for end in ends):
            continue  # the curve of an earlier start came back here
        rows = np.vstack([jacobian(start), sheets.slopes(start)[ROOT_LOAD]])
        along = np.linalg.solve(rows, np.array([0.0, 0.0, 1.0]))
        y = start + 1e-4 * along / np.linalg.norm(along)
        events = [
            Event("fold", slope),
            Event("edge", lambda y, t: sheets.at(y)[ROOT_LOAD]),
            Event("edge", lambda y, t, s=start: sheets.widest + s[0] - y[0]),
            Event("edge", lambda y, t: y[1] - _X_MIN),
            Event("noise without end", lambda y, t: Z_MAX - y[2]),
        ]
        for _ in range(40):
            curve = trace(
                system, y, along, events, jacobian=jacobian, step=1e-3, max_step=0.1,
                tolerance=_TOLERANCE,
            )  # fmt: skip
            if not len(curve.points):
                raise ConvergenceError(f"no curve of states at T={temperature!r}", math.inf)
            end, along = curve.points[-1], curve.tangents[-1]
            vanishes = end[1] < 0.1 and sheets.at(end)[ROOT_LOAD] ** 2 < 0.1 * best[0]
            if (not curve.converged or curve.ended.startswith("noise")) and not vanishes:
                raise ConvergenceError(
                    f"the curve of states at T={temperature!r} was lost: {curve.ended}", math.inf
                )
            # M -> 0 together with the load, where digits are lost, ends a curve as well.
            if curve.ended == "edge" or vanishes:
                ends.append(end)
                break
            load = float(sheets.at(end)[ROOT_LOAD]) ** 2
            if load > best[0]:
                best = load, max(float(curve.residuals[-1]), abs(slope(end, along)))
            y = end + 1e-6 * along
        else:
            raise ConvergenceError(f"more than 40 folds at T={temperature!r}", math.inf)
    if not complete:
        raise ConvergenceError(
            f"end at T={temperature!r} not decided: a sheet starts with finite noise", math.inf
        )
    return best


def _beginnings(sheets: Sheets, origins: list[np.ndarray], temperature: float) -> list[np.ndarray]:
    """The points of all states at T > 0 and a load of 1e-14."""
    found: list[np.ndarray] = []
    for origin in origins:
        points, _, _, trouble = _along_ray(sheets, origin, 1e-7, temperature, every=True)
        if trouble:
            raise ConvergenceError(f"states of load 0 at T={temperature!r}: {trouble}", math.inf)
        for y in points:
            if all(np.max(np.abs(y - other)) > 1e-6 for other in found):
                found.append(y)
    return found
