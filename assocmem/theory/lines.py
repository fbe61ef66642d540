"""Curves G(y) = 0 of n equations in n + 1 unknowns: traced, cut at events, laid out evenly.

Pseudo-arclength continuation (Keller 1977; Allgower & Georg, Introduction to Numerical
Continuation Methods, SIAM 2003): a step along the tangent, then Newton's method
in the plane across it. The parameter of the curve is its length, so folds are ordinary points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from .saddle import numerical_jacobian

System = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Event:
    """Where to end a curve: the first sign change of ``value(y, tangent)``.

    Parameters
    ----------
    name : str
        Says why the curve ended.
    value : callable
        Smooth function of the point and of the unit tangent there.
    """

    name: str
    value: Callable[[np.ndarray, np.ndarray], float]


@dataclass(frozen=True)
class Curve:
    """A traced curve.

    Parameters
    ----------
    points : ndarray, shape (n_points, n + 1)
        In the order of tracing; the last one lies on the event that ended it.
    tangents : ndarray, shape (n_points, n + 1)
        Unit tangents, in the direction of tracing.
    residuals : ndarray, shape (n_points,)
        Largest |G_i| at each point.
    converged : bool
        Whether the curve ended at an event (and not for lack of steps or a failed step).
    ended : str
        Name of the event, or the reason.
    """

    points: np.ndarray
    tangents: np.ndarray
    residuals: np.ndarray
    converged: bool
    ended: str


@dataclass(frozen=True)
class Line:
    """A critical line in the plane of load and temperature.

    Parameters
    ----------
    name : str
        What happens across it.
    load, temperature : ndarray, shape (n_points,)
        The line, in order; neither need be monotonic.
    states : dict of ndarray, shape (n_points,)
        Order parameters of the state it belongs to, along the line.
    residual : ndarray, shape (n_points,)
        Largest violation of the defining equations, in the units of load and temperature.
    converged : bool
        Whether every point is within tolerance and the line ended where it should.
    ended : str
        Why it ended.
    """

    name: str
    load: np.ndarray
    temperature: np.ndarray
    states: Mapping[str, np.ndarray] = field(default_factory=dict)
    residual: np.ndarray = field(default_factory=lambda: np.zeros(0))
    converged: bool = True
    ended: str = ""

    def __len__(self) -> int:
        return len(self.load)

    def __str__(self) -> str:
        worst = float(np.max(self.residual, initial=0.0))
        return (
            f"{self.name}: {len(self)} points, load {self.load.min():.6g}..{self.load.max():.6g}, "
            f"T {self.temperature.min():.6g}..{self.temperature.max():.6g}, "
            f"residual {worst:.1e}, {'converged' if self.converged else 'NOT CONVERGED'}; "
            f"ended: {self.ended}"
        )


def tangent_of(matrix: np.ndarray, along: np.ndarray) -> np.ndarray:
    """Unit null vector of a (n, n + 1) Jacobian with a positive product with ``along``."""
    bordered = np.vstack([matrix, along])
    target = np.zeros(len(along))
    target[-1] = 1.0
    vector = np.linalg.solve(bordered, target)
    return vector / np.linalg.norm(vector)


def project(
    system: System,
    guess: np.ndarray,
    along: np.ndarray,
    jacobian: Callable[[np.ndarray], np.ndarray] | None = None,
    tolerance: float = 1e-13,
    max_newton: int = 8,
) -> tuple[np.ndarray, float, int] | None:
    """Newton's method onto the curve in the plane through ``guess`` across ``along``.

    Returns
    -------
    (point, residual, steps), or None where it does not converge
    """
    y = guess
    last = np.inf
    for steps in range(max_newton + 1):
        value = np.asarray(system(y))
        if not np.all(np.isfinite(value)):
            return None
        size = float(np.max(np.abs(value)))
        if size <= tolerance and (size >= 0.5 * last or size == 0.0 or steps > 2):
            return y, size, steps
        if size > 1e3 * max(last, 1e-9):
            return None
        matrix = jacobian(y) if jacobian is not None else numerical_jacobian(system, y)
        try:
            across = np.append(value, along @ (y - guess))
            y = y - np.linalg.solve(np.vstack([matrix, along]), across)
        except np.linalg.LinAlgError:
            return None
        last = size
    return None


def correct(
    system: System,
    guess: np.ndarray,
    along: np.ndarray,
    jacobian: Callable[[np.ndarray], np.ndarray] | None = None,
    tolerance: float = 1e-13,
    max_newton: int = 8,
) -> tuple[np.ndarray, np.ndarray, float, int] | None:
    """As `project`, with the Jacobian at the point found: (point, jacobian, residual, steps)."""
    found = project(system, guess, along, jacobian, tolerance, max_newton)
    if found is None:
        return None
    y, size, steps = found
    matrix = jacobian(y) if jacobian is not None else numerical_jacobian(system, y)
    return (y, matrix, size, steps) if np.all(np.isfinite(matrix)) else None


def trace(
    system: System,
    start: np.ndarray,
    along: np.ndarray,
    events: Sequence[Event],
    *,
    jacobian: Callable[[np.ndarray], np.ndarray] | None = None,
    step: float = 0.02,
    max_step: float = 0.2,
    min_step: float = 1e-9,
    max_turn: float = 0.3,
    max_points: int = 2000,
    tolerance: float = 1e-12,
) -> Curve:
    """Trace the curve through ``start`` in the direction of ``along`` up to the first event.

    Parameters
    ----------
    system : callable
        G, from (n + 1,) to (n,); not finite outside its domain.
    start : ndarray, shape (n + 1,)
        Near the curve.
    along : ndarray, shape (n + 1,)
        The direction to leave in; only the side of it matters.
    events : sequence of Event
        Where to end; an event that holds at the start itself does not count there.
    jacobian : callable, optional
        dG/dy, (n, n + 1); by default central differences.
    step, max_step, min_step : float
        First, largest and smallest step along the curve, in the units of y.
    max_turn : float
        Largest angle between tangents of neighbouring points, in radians.
    tolerance : float
        Bound on |G_i|.

    Returns
    -------
    Curve
    """
    along = np.asarray(along, dtype=np.float64)
    along = along / np.linalg.norm(along)
    first = correct(system, np.asarray(start, dtype=np.float64), along, jacobian, tolerance, 30)
    if first is None:
        empty = np.zeros((0, len(along)))
        return Curve(empty, empty, np.zeros(0), False, "no point of the curve near the start")
    y, matrix, size, _ = first
    try:
        direction = tangent_of(matrix, along)
    except np.linalg.LinAlgError:
        empty = np.zeros((0, len(along)))
        return Curve(empty, empty, np.zeros(0), False, "the start is no regular point of a curve")
    points, tangents, residuals = [y], [direction], [size]
    values = [event.value(y, direction) for event in events]
    ended, hit = f"stopped after {max_points} points", False
    while len(points) < max_points:
        found = _advance(system, y, direction, step, jacobian, tolerance)
        # A long correction is a jump to another curve, a large turn a corner cut.
        if (
            found is None
            or found[1] @ direction < np.cos(max_turn)
            or np.linalg.norm(found[0] - y - step * direction) > max_turn * step + 10 * tolerance
        ):
            step *= 0.5
            if step < min_step:
                ended = "the steps became too small"
                break
            continue
        new, new_direction, size, steps = found
        new_values = [event.value(new, new_direction) for event in events]
        crossed = [
            i
            for i, (old, now) in enumerate(zip(values, new_values, strict=True))
            if old * now < 0.0 or (now == 0.0 and old != 0.0)
        ]
        if crossed:
            try:
                cuts = [
                    locate(system, y, direction, step, events[i], jacobian, tolerance)
                    for i in crossed
                ]
            except ValueError:  # the step skipped over a corner: resolve it first
                step *= 0.5
                if step < min_step:
                    ended = "the steps became too small"
                    break
                continue
            nearest = min(range(len(cuts)), key=lambda j: cuts[j][0])
            _, new, new_direction, size = cuts[nearest]
            points.append(new)
            tangents.append(new_direction)
            residuals.append(size)
            ended, hit = events[crossed[nearest]].name, True
            break
        points.append(new)
        tangents.append(new_direction)
        residuals.append(size)
        y, direction, values = new, new_direction, new_values
        turn = np.sqrt(2.0 * max(0.0, 1.0 - float(tangents[-1] @ tangents[-2])))
        if steps <= 4 and turn < 0.4 * max_turn:
            step = min(1.6 * step, max_step)
        elif steps > 6:
            step *= 0.7
    return Curve(np.array(points), np.array(tangents), np.array(residuals), hit, ended)


def _advance(system, y, direction, step, jacobian, tolerance):
    found = correct(system, y + step * direction, direction, jacobian, tolerance)
    if found is None:
        return None
    new, matrix, size, steps = found
    try:
        return new, tangent_of(matrix, direction), size, steps
    except np.linalg.LinAlgError:
        return None


def locate(
    system: System,
    y: np.ndarray,
    direction: np.ndarray,
    step: float,
    event: Event,
    jacobian: Callable[[np.ndarray], np.ndarray] | None = None,
    tolerance: float = 1e-12,
) -> tuple[float, np.ndarray, np.ndarray, float]:
    """Where an event changes sign within one step from the point ``y`` of a curve.

    Returns
    -------
    (length of the shorter step, point, tangent, residual)

    Raises
    ------
    ValueError
        If the curve is lost within the step, which then skipped over part of it.
    """
    from scipy.optimize import brentq

    value = event.value(y, direction)
    cache = {}

    def at(length):
        if length == 0.0:
            return value
        found = _advance(system, y, direction, length, jacobian, tolerance)
        if found is None:
            return np.nan
        new, new_direction, size, _ = found
        cache[length] = (length, new, new_direction, size)
        return event.value(new, new_direction)

    length = brentq(at, 0.0, step, xtol=1e-17, rtol=1e-15)
    if length not in cache:
        length = max(length, 1e-17)
        if np.isnan(at(length)):
            raise ValueError("the curve is lost within the step")
    return cache[length]


def laid_out(
    curve: Curve,
    system: System,
    n_points: int,
    plane: Callable[[np.ndarray], np.ndarray],
    *,
    jacobian: Callable[[np.ndarray], np.ndarray] | None = None,
    tolerance: float = 1e-12,
) -> tuple[np.ndarray, np.ndarray]:
    """``n_points`` points of the curve, evenly spaced along its picture in a plane.

    ``plane`` takes a point to the two coordinates of the picture; each is scaled to the range
    it covers. Guesses come from the cubic through traced points and tangents; each is corrected
    to the tolerance across the curve. Ends are kept exactly.

    Returns
    -------
    points, ndarray (n_points, n + 1), and residuals, ndarray (n_points,)

    Raises
    ------
    RuntimeError
        If a correction fails, which says that the curve was traced too coarsely.
    """
    picture = np.array([plane(y) for y in curve.points])
    span = np.ptp(picture, axis=0)
    picture = picture / np.where(span > 0.0, span, 1.0)
    length = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(picture, axis=0), axis=1))]
    wanted = np.linspace(0.0, length[-1], n_points)
    points, residuals = np.empty((n_points, curve.points.shape[1])), np.empty(n_points)
    for i, at in enumerate(wanted):
        if i in (0, n_points - 1):
            points[i], residuals[i] = curve.points[-(i > 0)], curve.residuals[-(i > 0)]
            continue
        j = min(int(np.searchsorted(length, at, side="right")), len(length) - 1)
        left, right = curve.points[j - 1], curve.points[j]
        chord = np.linalg.norm(right - left)
        s = (at - length[j - 1]) / (length[j] - length[j - 1])
        t0, t1 = curve.tangents[j - 1] * chord, curve.tangents[j] * chord
        guess = (
            (1 + 2 * s) * (1 - s) ** 2 * left
            + s * (1 - s) ** 2 * t0
            + s * s * (3 - 2 * s) * right
            - s * s * (1 - s) * t1
        )
        along = (1 - s) * t0 + s * t1
        found = project(system, guess, along / np.linalg.norm(along), jacobian, tolerance, 20)
        if found is None:
            raise RuntimeError(f"no point of the curve near {guess}; trace it in smaller steps")
        points[i], residuals[i] = found[0], found[1]
    return points, residuals


def spinodal_system(residual, jacobian, n: int) -> System:
    """Folds of F(x; p) = 0 in the plane p: unknowns y = (x, v, p) of size 2 n + 2.

    F = 0, J v = 0, |v|^2 = 1, with J = dF/dx (Seydel, Practical Bifurcation and Stability
    Analysis).

    Parameters
    ----------
    residual, jacobian : callable
        F(x, p) of shape (n,) and dF/dx (n, n), for x of shape (n,) and p of shape (2,).
    """

    def system(y: np.ndarray) -> np.ndarray:
        x, v, p = y[:n], y[n : 2 * n], y[2 * n :]
        return np.concatenate([residual(x, p), jacobian(x, p) @ v, [v @ v - 1.0]])

    return system


def spinodal_start(jacobian, x: np.ndarray, p: np.ndarray) -> np.ndarray:
    """First guess y = (x, v, p) near a fold: v is the singular vector of J closest to null."""
    v = np.linalg.svd(jacobian(x, p))[2][-1]
    return np.concatenate([x, v, p])


def first_order_system(residuals, free_energies, sizes: tuple[int, int]) -> System:
    """Two states of equal free energy: unknowns y = (x1, x2, p).

    Parameters
    ----------
    residuals : pair of callable
        F1(x1, p) and F2(x2, p).
    free_energies : pair of callable
        f1(x1, p) and f2(x2, p), scalars.
    """
    n1, n2 = sizes

    def system(y: np.ndarray) -> np.ndarray:
        x1, x2, p = y[:n1], y[n1 : n1 + n2], y[n1 + n2 :]
        gap = free_energies[0](x1, p) - free_energies[1](x2, p)
        return np.concatenate([residuals[0](x1, p), residuals[1](x2, p), [gap]])

    return system


def stability_system(residual, eigenvalue, n: int) -> System:
    """A state whose eigenvalue vanishes: F(x; p) = 0 and lambda(x, p) = 0, y = (x, p)."""

    def system(y: np.ndarray) -> np.ndarray:
        x, p = y[:n], y[n:]
        return np.concatenate([residual(x, p), [eigenvalue(x, p)]])

    return system
