r"""Critical loads of dense models: at T = 0, at a given temperature; temperatures at load 0.

At T = 0 for a stored pattern alpha(sigma) = sigma^2 S(m)^2/g'(1) with m = erf(1/(sqrt(2) sigma)),
so that with F = m^p/p! and x = 1/(sqrt(2) sigma) the critical load is

    alpha_c (p-1)! = max_x erf(x)^(2(p-1))/(2 x^2).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq

from ... import _validate as check
from ...errors import ConvergenceError
from ..lines import Event, trace
from .dense_cases import case_of, hebbian, is_hebbian
from .dense_equations import Case, at, numbers
from .dense_rays import at_y, far, find, gradients, isotherm, origin, single, widest

if TYPE_CHECKING:
    from ...hopfield.dense import Dense


@lru_cache(maxsize=4)
def turning_points(case: Case) -> list[float]:
    """Values of sigma where alpha(sigma) at T = 0 has an extremum, on the sheet of retrieval."""
    first = origin(case)
    if first is None:
        return []
    grid = np.geomspace(1e-4, 10.0 * math.sqrt(case.parts), 240)
    points = [at(case, s, 0.0) for s in grid]
    slopes = np.array([point.root_s for point in points])
    roots = np.array([point.root for point in points])
    return [
        brentq(lambda s: at(case, s, 0.0).root_s, grid[i], grid[i + 1], xtol=1e-16, rtol=1e-15)
        for i in np.flatnonzero(slopes[:-1] * slopes[1:] < 0.0)
        if grid[i] > first and roots[i] > 0.0 and roots[i + 1] > 0.0
    ]


def cold_end(case: Case) -> float | None:
    """The sigma of the largest load at T = 0."""
    turns = turning_points(case)
    return max(turns, key=lambda s: at(case, s, 0.0).root) if turns else None


def spinodal_temperatures(case: Case) -> list[float]:
    """Values of tau at load 0 where T(tau) is largest or has another extremum; in order."""
    grid = np.concatenate([np.geomspace(1e-3, 0.1, 20)[:-1], np.linspace(0.1, 6.0, 240)])
    slopes = np.array([at(case, 0.0, tau).t_t for tau in grid])
    return [
        brentq(lambda tau: at(case, 0.0, tau).t_t, grid[i], grid[i + 1], xtol=1e-15)
        for i in np.flatnonzero(slopes[:-1] * slopes[1:] < 0.0)
    ]


def equal_temperature(case: Case, end: float) -> float | None:
    """The tau < ``end`` at load 0 where f = -T ln 2, the free energy without a pattern."""

    def gap(tau: float) -> float:
        point = at(case, 0.0, tau)
        f = numbers(case, point, point.t, 0.0)["free_energy"]
        return (f + point.t * math.log(2.0)) / point.u

    low = 1e-3 * end
    if not gap(low) < 0.0 < gap(end):
        return None
    return brentq(gap, low, end, xtol=1e-16, rtol=1e-15)


def critical(
    model: Dense, temperature: float = 0.0, *, n_mixed: int = 1, law: str = "binomial"
) -> tuple[float, float]:
    """Load at which retrieval, or a mixture, ends; and the residual.

    Parameters
    ----------
    model : Dense
        With an energy of finite degree and no field; its load is not used.
    temperature : float
        T >= 0.
    n_mixed : int
        1 for retrieval, 2 or more for the symmetric mixture (storing only).
    law : str
        Law of the mean example, "binomial" or "gaussian".

    Returns
    -------
    float, float
        alpha_c(T), 0.0 if there is no state at load 0; and the violation of the equations and
        of the condition of a fold, relative.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range, or the theory is not known.
    ConvergenceError
        If the branch is lost before it ends.
    """
    from .dense import known

    known(model)
    temperature = check.real("temperature", temperature, 0.0)
    n_mixed = check.integer("n_mixed", n_mixed, 1, 25)
    if any(model.field):
        raise ValueError(f"field must be zero for a critical load, got {model.field!r}")
    if n_mixed > 1 and model.learning is not None:
        raise ValueError(f"learning must be None for mixtures, got {model.learning!r}")
    if is_hebbian(model):
        from ..capacity import retrieval_line

        if temperature >= 1.0:
            return 0.0, 0.0
        line = retrieval_line(hebbian(model), [temperature], n_mixed=n_mixed)
        if not line.converged:
            raise ConvergenceError(f"the branch at T={temperature!r} was lost", math.inf)
        return float(line.load[0]), float(line.residual[0])
    case = case_of(model, n_mixed, law)
    if temperature == 0.0:
        sigma = cold_end(case)
        if sigma is None:
            return 0.0, 0.0
        point = at(case, sigma, 0.0)
        return point.root**2, abs(point.root_s * point.sigma / point.root)
    start = find(case, 0.0, temperature).point
    if start is not None and any(1.0 - x * start.c <= 0.0 for x in case.noise.gap_values):
        start = find(case, 1e-14, temperature).point
    if start is None:
        return 0.0, 0.0
    return _along_isotherm(case, start, temperature)


def _along_isotherm(case: Case, start, temperature: float) -> tuple[float, float]:
    """The load of the fold on the curve of constant T (in degree 2, of the largest stable one).

    With it the slope of the load there.
    """
    system, jacobian = isotherm(case, temperature)
    best, residual = start.root, 0.0
    fold = Event("fold", lambda y, t: gradients(at_y(case, y))[0] @ t)
    edge_sigma, edge_tau = far(case)
    events = [
        fold,
        Event("edge", lambda y, t: edge_sigma - y[0]),
        Event("edge", lambda y, t: edge_tau - y[1]),
        Event("edge", lambda y, t: y[0] + 1e-3),
    ]
    y = np.array([math.asinh(start.sigma), math.asinh(start.tau)])
    along, step = np.array([1.0, 0.0]), 1e-3
    for _ in range(40):
        curve = trace(
            system, y, along, events, jacobian=jacobian, step=step, max_step=widest(case, 0.1),
            tolerance=1e-12,
        )  # fmt: skip
        if not curve.converged:
            raise ConvergenceError(
                f"the branch at T={temperature!r} was lost: {curve.ended}",
                float(np.max(curve.residuals, initial=np.inf)),
            )
        point = at_y(case, curve.points[-1])
        if curve.ended == "edge":
            return best**2, residual
        if point.root > best:
            best = point.root
            slope = abs(float(gradients(point)[0] @ curve.tangents[-1])) / point.root
            residual = max(float(curve.residuals[-1]), slope)
            if single(case):
                return best**2, residual
        along = curve.tangents[-1]
        y = curve.points[-1] + 1e-6 * along
    raise ConvergenceError(f"more than 40 folds at T={temperature!r}", math.inf)
