"""Finding a condensed state of a dense model at a given load and temperature, wherever it is.

In the coordinates of `dense_equations` states are the preimages of (sqrt(alpha), T) under an
explicit map, whose sheet of retrieval starts at alpha = T = 0, where all spins follow the
pattern. The ray from there through the wanted point is followed by arclength, through its folds,
until it reaches the point or ends, so that existence is decided by the folds themselves. The
first stable preimage met is the state.

In degree 3 and more, without a field, the first fold is the end: that of the state that grows out
of the stored pattern along the ray or, where the fold has a cusp (examples of low quality), along
the isotherm. Behind it replica symmetry may have further solutions of small overlap, unstable
against its breaking. In degree 2 the folds of T = 0 are several where spins with few
examples in favour of the archetype are lost first, and the state goes on behind them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq

from ...errors import ConvergenceError
from ..lines import Event, locate, trace
from .dense_equations import Case, Point, at, is_stable

_FAR = 4.0  # sigma = 27 or tau = 27: no state of degree 3 or more without a field goes there
_VERY_FAR = 21.0  # 1e9
_VANISHED = math.asinh(1e6)  # at load 0 T depends on tau by 1/tau^2, then by rounding


@dataclass(frozen=True)
class Found:
    """The point of the map, or None and why, and the evaluations it took."""

    point: Point | None
    iterations: int
    reason: str = ""


def at_y(case: Case, y: np.ndarray) -> Point:
    """The map at y = (asinh sigma, asinh tau)."""
    return at(case, math.sinh(y[0]), math.sinh(y[1]))


def gradients(point: Point) -> tuple[np.ndarray, np.ndarray]:
    """Gradients of sqrt(alpha) and T by the coordinates of `at_y`."""
    by_s, by_t = math.hypot(1.0, point.sigma), math.hypot(1.0, point.tau)
    return (
        np.array([point.root_s * by_s, point.root_t * by_t]),
        np.array([point.t_s * by_s, point.t_t * by_t]),
    )


def far(case: Case) -> tuple[float, float]:
    """Where to stop looking, in the coordinates of `at_y`.

    In degree 2 the overlap vanishes continuously at large tau, and at large sigma the load tends
    to a constant.
    """
    if case.field != 0.0:
        return _VERY_FAR, _VERY_FAR
    if case.noise.gap_values:
        return math.asinh(8.0 * math.sqrt(case.parts)), _VERY_FAR
    return _FAR, _FAR


@lru_cache(maxsize=4)
def origin(case: Case) -> float | None:
    """The sigma at which the sheet starts at T = alpha = 0.

    0 unless degree is 2 and some spins have no field of the pattern: their C is infinite there,
    and the sheet starts where 1 - C = 0.
    """
    if not (case.noise.gap_values and case.has_idle):
        return 0.0 if at(case, 0.0, 0.0).u > 0.0 else None
    top = max(case.noise.gap_values)

    def gap(sigma: float) -> float:
        return 1.0 - top * at(case, sigma, 0.0).c

    last = 1e-22  # far below the probability of idle spins, which sigma is of the order of
    for sigma in np.geomspace(last, 20.0, 400):
        if gap(sigma) > 0.0:
            return brentq(gap, last, sigma, xtol=1e-16 * sigma)
        last = sigma
    return None


def find(case: Case, load: float, temperature: float) -> Found:
    """The condensed state at a load and temperature.

    Raises
    ------
    ConvergenceError
        If the point is within rounding of a fold, or the ray is lost.
    """
    root = math.sqrt(load)
    plain = case.values.size == 1 and case.v == 0.0 and case.field == 0.0
    if plain or (single(case) and case.parts == 1):
        quick = _directly(case, root, temperature)
        if quick is not None:
            return quick
    sigma = origin(case)
    if sigma is None:
        return Found(None, 1, "the pattern has no field of its own sign at T = 0, load 0")
    if root == 0.0 and temperature == 0.0:
        return Found(at(case, 0.0, 0.0), 1)
    size = at(case, sigma, 0.0).u
    coldest = 1e-60 * size  # where idle spins, too, are frozen by the noise or, at load 0, free
    if 0.0 < temperature <= coldest and root == 0.0:
        return Found(at(case, 0.0, temperature / at(case, 0.0, 0.0).u), 1)
    if 0.0 < temperature <= (coldest if case.has_idle else 1e-15 * size) and root > 0.0:
        cold = find(case, load, 0.0)
        if cold.point is None:
            return cold
        tau = temperature / cold.point.u  # nothing else moves
        return Found(at(case, cold.point.sigma, tau), cold.iterations)
    y, nearest, count = _along_ray(case, sigma, root, temperature)
    if y is not None:
        point = _polished(case, y, root, temperature)
        return Found(point, count)
    if single(case) and root > 0.0 and temperature > 1e-15 * size:
        y, evaluations = _along_isotherm(case, root, temperature)
        count += evaluations
        if y is not None:
            return Found(_polished(case, y, root, temperature), count)
    if abs(nearest - 1.0) < 1e-13:
        raise ConvergenceError(
            f"existence is not decided at load={load!r}, T={temperature!r}: within rounding of "
            "the line where the state ends; move the point by 1e-12",
            abs(nearest - 1.0),
        )
    if case.field > 0.0:  # some state is always there
        raise ConvergenceError(
            f"no state was found at load={load!r}, T={temperature!r} in a field of "
            f"{case.field!r}, which may be too weak",
            math.inf,
        )
    return Found(
        None,
        count,
        "followed from the origin at fixed sqrt(load)/T, it ends at load "
        f"{load * nearest**2:.12g}, T {temperature * nearest:.12g}",
    )


def _directly(case: Case, root: float, temperature: float) -> Found | None:
    """Fixed point and Newton from the stored pattern; None unless a state well inside is met.

    The second states behind a cusp have u below 0.3 of that of the stored pattern; 2000 random
    models with examples gave what the rays give.
    """
    first = at(case, 0.0, 0.0)
    if not first.u > 0.0:
        return None
    sigma, tau = root * case.reach / first.u, temperature / first.u
    size = max(root, temperature)
    for count in range(1, 40):
        point = at(case, sigma, tau)
        if not point.u > 0.3 * first.u:
            return None
        error = np.array([point.root - root, point.t - temperature])
        worst = float(np.max(np.abs(error)))
        relative = point.determinant * case.reach / point.u**2
        if worst <= 2e-15 * size and (count > 6 or worst == 0.0):
            return Found(point, count) if relative > 0.02 else None
        if count < 5:
            sigma = root * sigma / point.root if root > 0.0 else 0.0
            tau = temperature / point.u
            continue
        if not relative > 0.02:
            return None
        step = np.linalg.solve(
            np.array([[point.root_s, point.root_t], [point.t_s, point.t_t]]), error
        )
        sigma = sigma - step[0] if root > 0.0 else 0.0
        tau = tau - step[1] if temperature > 0.0 else 0.0
        if not (sigma >= 0.0 and tau >= 0.0):
            return None
    return None


def _along_ray(case: Case, sigma0: float, root: float, temperature: float):
    """(point y or None, farthest fraction of the ray reached, evaluations)."""
    scale = case.reach
    radius = math.hypot(root * scale, temperature)
    cos, sin = root * scale / radius, temperature / radius
    count = 0
    memory: list = [None, None]

    def evaluate(y):
        nonlocal count
        if memory[0] is None or memory[0][0] != y[0] or memory[0][1] != y[1]:
            count += 1
            memory[0], memory[1] = y.copy(), at_y(case, y)
        return memory[1]

    def system(y):
        if not (-0.1 < y[0] < 25.0 and -0.1 < y[1] < 25.0):
            return np.array([np.nan])
        if root == 0.0:
            return np.array([y[0]])
        if temperature == 0.0:
            return np.array([y[1]])
        point = evaluate(y)
        if not point.u > 0.0:
            return np.array([np.nan])
        # Relative to tau: far out, where a weak field is all there is, rounding is, too.
        return np.array([(point.tau * cos - point.scaled * sin) / math.hypot(1.0, point.tau)])

    def jacobian(y):
        if root == 0.0:
            return np.array([[1.0, 0.0]])
        if temperature == 0.0:
            return np.array([[0.0, 1.0]])
        point = evaluate(y)
        far_out = math.hypot(1.0, point.tau)
        return np.array(
            [[-point.scaled_s * sin * math.hypot(1.0, point.sigma) / far_out,
              cos - point.scaled_t * sin]]
        )  # fmt: skip

    def fraction(y):
        point = evaluate(y)
        return (point.root * scale * cos + point.t * sin) / radius

    def slope(y, tangent):
        by_root, by_t = gradients(evaluate(y))
        return (by_root * scale * cos + by_t * sin) @ tangent

    first = at(case, sigma0, 0.0)
    # Words of small |y| follow first; start well below the least of their fields.
    weakest = float(np.min(np.abs(case.values[np.abs(case.values) > 1e-12]), initial=1.0))
    small = min(1e-3 * weakest, 0.1 * radius / first.u)
    along = np.array([cos, sin])
    if sigma0 > 0.0:
        along = np.array([cos / abs(first.scaled_s), sin])
    elif case.has_idle and root > 0.0 and temperature > 0.0:
        # q depends on sigma/tau down to the origin.
        def off(angle):
            near = at(case, small * math.cos(angle), small * math.sin(angle))
            return near.tau * cos - near.scaled * sin

        angle = brentq(off, 1e-300, 0.5 * math.pi, xtol=1e-300)
        along = np.array([math.cos(angle), math.sin(angle)])
    y = np.array([math.asinh(sigma0), 0.0]) + small * along
    start = trace(system, y, along, [], jacobian=jacobian, max_points=1, tolerance=1e-13)
    if len(start.points) == 0:
        raise ConvergenceError(f"no start of the ray to load={root**2!r}, T={temperature!r}", 1.0)
    # A weak field for the pattern brings the ray back near its origin before it goes on.
    lowest = 0.3 * fraction(start.points[0]) if case.field <= 0.0 else 0.0
    edge_sigma, edge_tau = far(case)
    if root == 0.0 and case.field == 0.0:
        edge_tau = min(edge_tau, _VANISHED)
    reach = Event("reached", lambda y, t: fraction(y) - 1.0)
    events = [
        reach,
        Event("fold", slope),
        Event("edge", lambda y, t: fraction(y) - lowest),
        Event("edge", lambda y, t: edge_sigma - y[0]),
        Event("edge", lambda y, t: edge_tau - y[1]),
    ]
    farthest = 0.0
    y, along = start.points[0], start.tangents[0]
    for _ in range(20):
        curve = trace(
            system, y, along, events, jacobian=jacobian, step=0.5 * small, max_step=0.15,
            tolerance=1e-12,
        )  # fmt: skip
        if not curve.converged:
            raise ConvergenceError(
                f"the ray to load={root * root:.17g}, T={temperature:.17g} was lost: {curve.ended}",
                float(np.max(curve.residuals, initial=np.inf)),
            )
        end = curve.points[-1]
        if curve.ended == "fold" and fraction(end) >= 1.0 > fraction(curve.points[-2]):
            before, tangent = curve.points[-2], curve.tangents[-2]  # reached, and left again
            length = float(tangent @ (end - before))
            return locate(system, before, tangent, length, reach, jacobian, 1e-12)[1], 1.0, count
        if curve.ended == "reached":
            if root == 0.0 or is_stable(case, evaluate(end)):
                return end, 1.0, count
            y, along = end, curve.tangents[-1]
            continue
        farthest = max(farthest, fraction(end))
        if curve.ended == "edge" or single(case):
            return None, farthest, count
        along = curve.tangents[-1]
        y, small = end + 1e-6 * along, 2e-3
    raise ConvergenceError("more than 20 folds along the ray", math.inf)


def single(case: Case) -> bool:
    """Whether the first fold is the end of the state, see the module."""
    return not case.noise.gap_values and case.field == 0.0


def widest(case: Case, usual: float) -> float:
    """The widest step along an isotherm: next to a cusp two folds may be in one wide step."""
    return usual if case.values.size == 1 and case.v == 0.0 else 0.01


def isotherm(case: Case, temperature: float):
    """The curve of constant T > 0 as a system with its Jacobian, for `trace`."""

    def system(y):
        if not (-0.1 < y[0] < 25.0 and -0.1 < y[1] < 25.0):
            return np.array([np.nan])
        return np.array([at_y(case, y).t / temperature - 1.0])

    def jacobian(y):
        return gradients(at_y(case, y))[1][np.newaxis] / temperature

    return system, jacobian


def _along_isotherm(case: Case, root: float, temperature: float):
    """(point y or None, evaluations): from load 0 to the wanted one, or to the first fold."""
    start, _, count = _along_ray(case, 0.0, 0.0, temperature)
    if start is None:
        return None, count
    system, jacobian = isotherm(case, temperature)
    reach = Event("reached", lambda y, t: at_y(case, y).root / root - 1.0)
    fold = Event("fold", lambda y, t: gradients(at_y(case, y))[0] @ t)
    curve = trace(
        system, start, np.array([1.0, 0.0]), [reach, fold], jacobian=jacobian, step=1e-3,
        max_step=widest(case, 0.15), tolerance=1e-12,
    )  # fmt: skip
    count += 4 * len(curve.points)
    end = curve.points[-1]
    if curve.ended == "fold" and at_y(case, end).root >= root:
        before, tangent = curve.points[-2], curve.tangents[-2]
        length = float(tangent @ (end - before))
        end = locate(system, before, tangent, length, reach, jacobian, 1e-12)[1]
        return end, count
    return (end if curve.ended == "reached" else None), count


def _polished(case: Case, y: np.ndarray, root: float, temperature: float) -> Point:
    """Newton's steps to (sqrt(alpha), T) while they lower the residual; near folds none does."""
    sigma = math.sinh(y[0]) if root > 0.0 else 0.0
    tau = math.sinh(y[1]) if temperature > 0.0 else 0.0
    best = at(case, sigma, tau)
    for _ in range(8):
        error = np.array([best.root - root, best.t - temperature])
        matrix = np.array([[best.root_s, best.root_t], [best.t_s, best.t_t]])
        try:
            step = np.linalg.solve(matrix, error)
        except np.linalg.LinAlgError:
            break
        sigma = best.sigma - step[0] if root > 0.0 else 0.0
        tau = best.tau - step[1] if temperature > 0.0 else 0.0
        if not (sigma >= 0.0 and tau >= 0.0):
            break
        trial = at(case, sigma, tau)
        worst = np.max(np.abs([trial.root - root, trial.t - temperature]))
        if not worst < np.max(np.abs(error)):
            break
        best = trial
    return best
