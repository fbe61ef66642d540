"""Finding a condensed state at a given load and temperature, wherever it is.

In the coordinates of `hopfield_reduced` a state at (sqrt(alpha), T) is a preimage under an
explicit map. Its sheets start at the origin, alpha = T = 0, and end in folds. So the ray from
the origin through the wanted point is followed by arclength, through its folds, until it reaches
the point or ends: existence is decided by the folds themselves, and a state a relative 1e-15
inside its spinodal is still found.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from ...errors import ConvergenceError
from ..lines import Event, locate, trace
from . import hopfield_reduced as red
from .hopfield_reduced import Condensate

_X_MIN = 1e-9  # 1 - T < 1e-17 there


def at(law: Condensate, sigma: float, tau: float) -> np.ndarray:
    """`reduced` for a condensate."""
    return red.reduced(law.values, law.weights, law.split, law.n, law.field, sigma, tau)


def at_x(law: Condensate, y: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """`reduced` at y = (sigma, x), x = 1/(1 + tau): x = 1 is T = 0, x -> 0 is m -> 0.

    With ``scale`` not 1, y = (scale sigma, 1/(1 + scale tau)).
    """
    return at(law, y[0] / scale, (1.0 / y[1] - 1.0) / scale)


def gradients(out: np.ndarray, x: float, scale: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Gradients of sqrt(alpha) and of T by the coordinates of `at_x`."""
    by_x = -1.0 / (x * x)
    return (
        np.array([out[red.RL_S], out[red.RL_T] * by_x]) / scale,
        np.array([out[red.T_S], out[red.T_T] * by_x]) / scale,
    )


def origins(law: Condensate, scale: float = 1.0) -> list[float]:
    """Values of sigma at which sheets start at alpha = T = 0, nearest to sigma = 0 first.

    sigma = 0 unless some sites have S = 0: there sqrt(alpha) < 0 for small sigma, and the sheet
    starts where 1 - C = 0 (mixtures of even n of unbiased patterns). Strong fields divide all
    this by ``scale``.
    """
    grid = np.geomspace(1e-6 / scale, 6.0 * math.sqrt(law.n), 240)
    gaps = np.array([at(law, s, 0.0)[red.GAP] for s in grid])
    up = np.flatnonzero((gaps[:-1] <= 0.0) & (gaps[1:] > 0.0))
    starts = [
        brentq(lambda s: at(law, s, 0.0)[red.GAP], grid[i], grid[i + 1], xtol=1e-16 / scale)
        for i in up
    ]
    if law.values[0] > 0.0:
        starts.insert(0, 0.0)
    return starts


@dataclass(frozen=True)
class Found:
    """A preimage (sigma, tau), its averages, and the evaluations it took; or none and why.

    ``cut``: the ray was left at large sigma without an end of the state (in fields only).
    """

    sigma: float
    tau: float
    out: np.ndarray | None
    iterations: int
    reason: str = ""
    cut: bool = False


def find(law: Condensate, load: float, temperature: float) -> Found:
    """The condensed state at a load and temperature.

    Raises
    ------
    ConvergenceError
        If the point is within rounding of a fold.
    """
    root = math.sqrt(load)
    if root == 0.0 and temperature < 1e-15:
        out = at(law, 0.0, 0.0)
        if out[red.U] > 0.0:
            tau = temperature / out[red.U]
            return Found(0.0, tau, at(law, 0.0, tau), 2)
        return Found(0.0, 0.0, None, 1, "the field is below the coercive one")
    if len(law.values) == 1 and law.field == 0.0 and root > 0.0:
        quick = _directly(law, root, temperature)
        if quick is not None:
            return quick
    # x = 1/(1 + tau) does not resolve less; the averages are even in T, so nothing moves.
    resolved = temperature if temperature > 1e-15 else 0.0
    nearest, count, folds = 0.0, 0, 0
    # In a strong field sigma and tau are of the order of (sqrt(alpha), T)/h.
    scale = max(1.0, law.field / max(1.0, math.hypot(root, temperature)))
    for sigma in [0.0] if root == 0.0 else origins(law, scale):
        found, farthest, evaluations, met = _along_ray(law, sigma, root, resolved, scale)
        count += evaluations
        folds += met
        if found is not None:
            return Found(*_refined(law, found, temperature, scale), count)
        nearest = max(nearest, farthest)
    if abs(nearest - 1.0) < 4e-15:
        raise ConvergenceError(
            f"existence is not decided at load={load!r}, T={temperature!r}: within rounding of "
            "the line where the state ends; move the point by 1e-14",
            abs(nearest - 1.0),
        )
    return Found(
        0.0, 0.0, None, count,
        "followed from the origin at fixed sqrt(load)/T, it ends at load "
        f"{load * nearest**2:.12g}, T {temperature * nearest:.12g}",
        law.field > 0.0 and folds == 0,
    )  # fmt: skip


def _directly(law: Condensate, root: float, temperature: float) -> Found | None:
    """Fixed point and Newton in (sigma, tau); None unless a state inside the fold is met.

    For one pattern of +-1 entries alone: its map has one sheet with a positive determinant, so
    that a preimage there is the state, however it was found.
    """
    sigma, tau = root, temperature
    for count in range(1, 40):
        out = at(law, sigma, tau)
        if not (out[red.GAP] > 0.0 and out[red.U] > 0.05):
            return None
        error = np.array([out[red.ROOT_LOAD] - root, out[red.T] - temperature])
        if np.max(np.abs(error)) <= 4e-16 * max(1.0, root) and out[red.DET] > 1e-3:
            return Found(sigma, tau, out, count)
        if count < 5:
            sigma = root * math.sqrt(out[red.Q]) / (out[red.GAP] * out[red.U])
            tau = temperature / out[red.U]
            continue
        if not out[red.DET] > 0.0:
            return None
        matrix = np.array([[out[red.RL_S], out[red.RL_T]], [out[red.T_S], out[red.T_T]]])
        step = np.linalg.solve(matrix, error)
        sigma, tau = sigma - step[0], tau - step[1] if temperature > 0.0 else 0.0
        if not (sigma > 0.0 and tau >= 0.0):
            return None
    return None


def _along_ray(law, sigma0, root, temperature, scale):
    """(point of `at_x` or None, farthest fraction of the ray reached, evaluations, folds)."""
    radius = math.hypot(root, temperature)
    cos, sin = root / radius, temperature / radius
    count = 0

    def evaluate(y):
        nonlocal count
        count += 1
        return at_x(law, y, scale)

    def system(y):
        if not 0.0 < y[1] < 2.0:
            return np.array([np.nan])
        if root == 0.0:
            return np.array([y[0]])
        if temperature == 0.0:
            return np.array([y[1] - 1.0])
        out = evaluate(y)
        if (y[0] < 0.0 and not out[red.GAP] > 0.0) or y[1] > 1.001:
            return np.array([np.nan])  # sqrt(alpha) > 0 there too, but it is no state
        return np.array([out[red.T] * cos - out[red.ROOT_LOAD] * sin])

    def jacobian(y):
        if root == 0.0:
            return np.array([[1.0, 0.0]])
        if temperature == 0.0:
            return np.array([[0.0, 1.0]])
        by_root, by_t = gradients(evaluate(y), y[1], scale)
        return (by_t * cos - by_root * sin)[np.newaxis]

    def fraction(y):
        out = evaluate(y)
        return (out[red.ROOT_LOAD] * cos + out[red.T] * sin) / radius

    def slope(y, tangent):
        by_root, by_t = gradients(evaluate(y), y[1], scale)
        if root == 0.0:
            return by_t @ tangent
        if temperature == 0.0:
            return by_root @ tangent
        return (by_root * cos + by_t * sin) @ tangent

    first = at(law, sigma0, 0.0)
    if not first[red.U] > 0.0:
        return None, 0.0, 1, 0
    # Well below the least field on a spin: biased patterns leave most spins a weak one.
    weakest = first[red.U] * float(np.min(law.values[law.values > 0.0]))
    small = min(1e-3 * min(1.0, weakest), 0.5 * radius)
    by_sigma = 0.0 if root == 0.0 else scale * cos / first[red.RL_S]
    by_tau = scale * sin / first[red.U]
    y = np.array([scale * sigma0 + small * by_sigma, 1.0 / (1.0 + small * by_tau)])
    reach = Event("reached", lambda y, t: fraction(y) - 1.0)
    fold = Event("fold", slope)
    lowest = 0.5 * fraction(y)  # a sheet may also end where it started, at alpha = T = 0
    edges = [
        Event("edge", lambda y, t: fraction(y) - lowest),
        Event("edge", lambda y, t: y[1] - _X_MIN),
        Event("edge", lambda y, t: scale * (6.0 * math.sqrt(law.n) + sigma0) - y[0]),
    ]
    along, farthest, folds = np.array([by_sigma, -by_tau]), 0.0, 0
    tolerance = 1e-13 * max(1.0, radius)
    while True:
        curve = trace(
            system, y, along, [reach, fold, *edges], jacobian=jacobian,
            step=max(1e-6, 0.5 * small), max_step=0.1, tolerance=tolerance,
        )  # fmt: skip
        if not curve.converged:
            raise ConvergenceError(
                f"the ray to load={root * root:.17g}, T={temperature:.17g} was lost: {curve.ended}",
                float(np.max(curve.residuals, initial=np.inf)),
            )
        end = curve.points[-1]
        if curve.ended == "fold" and fraction(end) >= 1.0 > fraction(curve.points[-2]):
            # Reached and left again within the last step.
            last = curve.points[-2], curve.tangents[-2]
            length = float(last[1] @ (end - last[0]))
            cut = locate(system, *last, length, reach, jacobian, tolerance)
            return _polished(law, cut[1], root, temperature, scale), 1.0, count, folds
        if curve.ended == "reached":
            return _polished(law, end, root, temperature, scale), 1.0, count, folds
        farthest = max(farthest, fraction(end))
        if curve.ended == "edge":
            return None, farthest, count, folds
        folds += 1
        # Beyond the fold: go on from a point just behind it, whose slope has the other sign.
        along = curve.tangents[-1]
        y = end + 1e-6 * along
        small = 1e-3


def _refined(law, y, temperature, scale):
    """(sigma, tau, averages), with T accurate to rounding however small it is."""
    sigma, tau = y[0] / scale, (1.0 / y[1] - 1.0) / scale
    if 0.0 < temperature < 1e-3:
        for _ in range(3):  # T = tau u, and u hardly depends on tau there
            tau = temperature / at(law, sigma, tau)[red.U]
    return sigma, tau, at(law, sigma, tau)


def _polished(law, y, root, temperature, scale):
    """Newton's steps to (root, T) while they lower the residual; near folds none does."""
    target = np.array([root, temperature])

    def residual(point):
        out = at_x(law, point, scale)
        return np.array([out[red.ROOT_LOAD], out[red.T]]) - target, out

    value, out = residual(y)
    for _ in range(6):
        try:
            step = np.linalg.solve(np.vstack(gradients(out, y[1], scale)), value)
        except np.linalg.LinAlgError:
            break
        trial = y - step
        if temperature == 0.0:
            trial[1] = 1.0
        if root == 0.0:
            trial[0] = 0.0
        if not 0.0 < trial[1] <= 1.0:
            break
        trial_value, trial_out = residual(trial)
        if not np.max(np.abs(trial_value)) < np.max(np.abs(value)):
            break
        y, value, out = trial, trial_value, trial_out
    return y
