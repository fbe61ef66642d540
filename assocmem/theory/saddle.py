"""One solver for all saddle-point systems, and tracking of a branch in a parameter.

It knows no model: a system is a residual F(x) = 0 over plain vectors, with or without its
Jacobian, with or without the fixed-point map x = G(x) it came from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Residual = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class SaddlePoint:
    """Outcome of `solve`: the best point met, and whether it is a solution.

    Parameters
    ----------
    x : ndarray, shape (n,)
        The point of smallest residual.
    residual : float
        Largest absolute component of F there.
    iterations : int
        Evaluations of the map and of the residual.
    converged : bool
        Whether ``residual`` is within the tolerance.
    message : str
        Why the solver stopped.
    """

    x: np.ndarray
    residual: float
    iterations: int
    converged: bool
    message: str


def numerical_jacobian(residual: Residual, x: np.ndarray) -> np.ndarray:
    """Central differences, shape (len(F), len(x)); relative error about 1e-10."""
    columns = []
    for i, value in enumerate(x):
        step = 6e-6 * max(abs(value), 1e-3)
        up, down = x.copy(), x.copy()
        up[i] += step
        down[i] -= step
        columns.append((residual(up) - residual(down)) / (up[i] - down[i]))
    return np.stack(columns, axis=-1)


def solve(
    residual: Residual,
    start: np.ndarray,
    *,
    jacobian: Callable[[np.ndarray], np.ndarray] | None = None,
    fixed_point: Residual | None = None,
    n_fixed_point: int = 30,
    damping: float = 0.5,
    tolerance: float = 1e-13,
    max_newton: int = 60,
) -> SaddlePoint:
    """Solve F(x) = 0 by damped fixed-point steps, if a map is given, and then Newton's.

    Newton steps are halved until the residual falls. Once within the tolerance they go on while
    the residual still halves, so that the result is limited by rounding.

    Parameters
    ----------
    residual : callable
        F, from (n,) to (n,). A value that is not finite marks a point outside the domain.
    start : ndarray, shape (n,)
        First point.
    jacobian : callable, optional
        dF/dx, from (n,) to (n, n); by default central differences.
    fixed_point : callable, optional
        G with x = G(x) where F = 0. ``n_fixed_point`` steps x <- x + damping (G(x) - x)
        come first.
    tolerance : float
        Bound on the largest |F_i|.

    Returns
    -------
    SaddlePoint
        Never a wrong answer passed for a right one: look at ``converged``.

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem.theory.saddle import solve
    >>> found = solve(lambda m: m - np.tanh(2.0 * m), np.array([1.0]))
    >>> found.converged, round(float(found.x[0]), 10)
    (True, 0.9575040241)
    """
    x = np.array(start, dtype=np.float64)
    iterations = 0
    if fixed_point is not None:
        for _ in range(n_fixed_point):
            proposal = np.asarray(fixed_point(x))
            iterations += 1
            if not np.all(np.isfinite(proposal)):
                break
            x = x + damping * (proposal - x)
    value = np.asarray(residual(x))
    size = _size(value)
    iterations += 1
    message = "the start is outside the domain"
    if size < np.inf:
        message = f"stopped after {max_newton} Newton steps"
        for _ in range(max_newton):
            if size == 0.0:
                break
            matrix = jacobian(x) if jacobian is not None else numerical_jacobian(residual, x)
            step = _step(matrix, value)
            if step is None:
                message = "the Jacobian is singular"
                break
            fraction = 1.0
            while True:
                trial = x - fraction * step
                trial_value = np.asarray(residual(trial))
                trial_size = _size(trial_value)
                iterations += 1
                if trial_size < size or fraction < 1e-6:
                    break
                fraction *= 0.5
            if trial_size >= size:
                message = "no step along Newton's direction lowers the residual"
                break
            slow = size <= tolerance and trial_size > 0.5 * size
            x, value, size = trial, trial_value, trial_size
            if slow:
                break
    converged = size <= tolerance
    return SaddlePoint(x, size, iterations, converged, "converged" if converged else message)


def follow(
    residual: Callable[[np.ndarray, float], np.ndarray],
    start: np.ndarray,
    parameters: Sequence[float],
    *,
    jacobian: Callable[[np.ndarray, float], np.ndarray] | None = None,
    tolerance: float = 1e-13,
    smallest_step: float = 1e-6,
) -> list[SaddlePoint]:
    """Track a branch x(p) of F(x; p) = 0 through the given values of p.

    Each step starts from the line through the last two points; a step that fails, or jumps much
    further than that line foretold, is halved down to ``smallest_step`` of the interval. The
    branch is given up where even that fails (a fold, see `assocmem.theory.lines`): the last
    entry of the list then says so, and the list is shorter than ``parameters``.
    """
    results: list[SaddlePoint] = []
    x = np.array(start, dtype=np.float64)
    known: list[tuple[float, np.ndarray]] = []
    for target in parameters:
        at = known[-1][0] if known else target
        fraction = 1.0
        while True:
            p = target if fraction >= 1.0 else at + fraction * (target - at)
            guess = x
            if len(known) > 1 and known[-1][0] != known[-2][0]:
                (p0, x0), (p1, x1) = known[-2:]
                guess = x1 + (x1 - x0) * (p - p1) / (p1 - p0)
            found = solve(
                lambda y, p=p: residual(y, p),
                guess,
                jacobian=None if jacobian is None else (lambda y, p=p: jacobian(y, p)),
                tolerance=tolerance,
            )
            leap = 0.0
            if len(known) > 1:
                leap = float(np.max(np.abs(found.x - guess)))
            allowed = 0.1 * (1.0 + float(np.max(np.abs(x))))
            if found.converged and leap <= allowed:
                x = found.x
                known.append((p, x))
                at = p
                if p == target:
                    break
                fraction = 1.0 if abs(target - at) == 0 else min(1.0, 2.0 * fraction)
            else:
                fraction *= 0.5
                if fraction < smallest_step or not known:
                    lost = SaddlePoint(
                        found.x, found.residual, found.iterations, False,
                        f"branch lost between {at:.17g} and {p:.17g}: {found.message}",
                    )  # fmt: skip
                    return [*results, lost]
        results.append(found)
    return results


def _size(value: np.ndarray) -> float:
    return float(np.max(np.abs(value))) if np.all(np.isfinite(value)) else np.inf


def _step(matrix: np.ndarray, value: np.ndarray) -> np.ndarray | None:
    try:
        step = np.linalg.solve(matrix, value)
    except np.linalg.LinAlgError:
        return None
    return step if np.all(np.isfinite(step)) else None
