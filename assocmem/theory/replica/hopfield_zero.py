r"""Named critical points of the Hopfield model: at T = 0, at alpha = 0, and at a fixed T.

At T = 0 and for one pattern of +-1 entries, with y = m/sqrt(2 alpha r) = 1/(sqrt(2) sigma),

    m = erf y,  sqrt(2 alpha) = erf(y)/y - (2/sqrt(pi)) exp(-y^2),

Amit, Gutfreund, Sompolinsky, Phys. Rev. Lett. 55 (1985) 1530.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from ... import _validate as check
from ...errors import ConvergenceError
from ..lines import Event, trace
from . import hopfield_reduced as red
from .hopfield_rays import at, at_x, find, gradients, origins
from .hopfield_reduced import Condensate, condensate

if TYPE_CHECKING:
    from ...hopfield.pairwise import Hopfield


def zero_temperature_load(y: float) -> float:
    """alpha(y) at T = 0 for unbiased patterns, y = m/sqrt(2 alpha r) > 0; m = erf y."""
    y = check.real("y", y, 0.0, open_low=True)
    return 0.5 * (math.erf(y) / y - 2.0 / math.sqrt(math.pi) * math.exp(-y * y)) ** 2


def turning_points(law: Condensate) -> list[float]:
    """Values of sigma at which alpha(sigma) at T = 0 has an extremum with alpha > 0."""
    grid = np.geomspace(1e-3, 6.0 * math.sqrt(law.n), 200)
    outs = [at(law, s, 0.0) for s in grid]
    slopes = np.array([out[red.RL_S] for out in outs])
    positive = np.array([out[red.ROOT_LOAD] > 0.0 for out in outs])
    first = origins(law)[0] if origins(law) else math.inf
    return [
        brentq(
            lambda s: at(law, s, 0.0)[red.RL_S], grid[i], grid[i + 1], xtol=1e-16, rtol=1e-15
        )
        for i in np.flatnonzero(slopes[:-1] * slopes[1:] < 0.0)
        if positive[i] and grid[i] > first
    ]  # fmt: skip


def ground_state_sigma(law: Condensate, end: float) -> float | None:
    """The sigma < ``end`` at T = 0 where retrieval and glass have one free energy.

    None where the glass is lower even for vanishing load (strongly biased patterns:
    (1 - bias^2)/2 < 1/pi).
    """

    def gap(sigma: float) -> float:
        out = at(law, sigma, 0.0)
        return out[red.F] - red.glass(out[red.ROOT_LOAD], 0.0)[red.G_F]

    low = 1e-3 * end
    if gap(low) >= 0.0:
        return None
    if not gap(end) > 0.0:
        raise ConvergenceError("retrieval is the ground state up to its end", math.inf)
    return brentq(gap, low, end, xtol=1e-16, rtol=1e-15)


def ends_at_one(law: Condensate) -> bool:
    """Whether the state is stable against noise (C < 1) up to T = 1 at vanishing load.

    There m^2 = 3 n (1 - T)/E S^4 and 1 - C = n m^2 - (1 - T): it is if E S^4 < 3 n^2. Otherwise
    (strongly biased patterns) C = 1 at some T < 1, where the lines of the state end.
    """
    return float(np.sum(law.weights * law.values**4)) < 3.0 * law.n**2


def noise_temperature(law: Condensate) -> float:
    """Temperature below 1 at which C reaches 1 at vanishing load, if not `ends_at_one`."""
    xs = np.linspace(0.999, 0.01, 300)
    gaps = np.array([at(law, 0.0, 1.0 / x - 1.0)[red.GAP] for x in xs])
    i = int(np.flatnonzero((gaps[:-1] > 0.0) & (gaps[1:] <= 0.0))[-1])
    x = brentq(lambda x: at(law, 0.0, 1.0 / x - 1.0)[red.GAP], xs[i + 1], xs[i], xtol=1e-16)
    return float(at(law, 0.0, 1.0 / x - 1.0)[red.T])


def symmetry_tau(law: Condensate) -> list[float]:
    """Values of tau at alpha = 0 where breaking the symmetry of an n-mixture costs nothing."""
    if law.n < 2:
        return []
    grid = 1.0 / np.linspace(0.995, 0.02, 120) - 1.0
    values = np.array([at(law, 0.0, t)[red.SYMMETRY] for t in grid])
    return [
        brentq(lambda t: at(law, 0.0, t)[red.SYMMETRY], grid[i], grid[i + 1], xtol=1e-15)
        for i in np.flatnonzero(values[:-1] * values[1:] < 0.0)
    ]


def spinodal_slope(law: Condensate) -> float:
    """Limit of (1 - T_M)/sqrt(alpha) as alpha -> 0; 1.95 for retrieval of unbiased patterns.

    With 1 - T = e, m^2 = e mu and b^2 = e B^2 the equations become, to lowest order,
    mu E S^4/(3 n) + B^2 = 1 and sqrt(alpha)/e = B (Q - 1)/sqrt(Q), Q = n mu + B^2; the spinodal
    is where the latter is largest. Only where `ends_at_one`.
    """
    fourth = float(np.sum(law.weights * law.values**4)) / law.n

    def minus_root(width: float) -> float:
        q = 3.0 * law.n * (1.0 - width * width) / fourth + width * width
        return -width * (q - 1.0) / math.sqrt(q)

    widths = np.linspace(0.0, 1.0, 401)
    best = int(np.argmin([minus_root(width) for width in widths]))
    bounds = (widths[max(best - 1, 0)], widths[min(best + 1, 400)])
    found = minimize_scalar(minus_root, bounds=bounds, method="bounded", options={"xatol": 1e-10})
    return -1.0 / found.fun


def critical_load(model: Hopfield, temperature: float = 0.0, *, n_mixed: int = 1) -> float:
    """Load at which retrieval (or a mixture) ends at a given temperature.

    Parameters
    ----------
    model : Hopfield
        With Hebb's rule and no field; its load is not used.
    temperature : float
        T in [0, 1).
    n_mixed : int
        1 for retrieval, 2 or more for the symmetric mixture.

    Returns
    -------
    float
        alpha_c(T), to about 1e-14; 0 where the least load destroys the state (strongly biased
        patterns, see `ends_at_one`).

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    ConvergenceError
        If the branch was lost.

    Examples
    --------
    >>> from assocmem import Hopfield
    >>> from assocmem.theory import critical_load
    >>> round(critical_load(Hopfield(load=0.1)), 9)
    0.137905566
    """
    plain(model)
    temperature = check.real("temperature", temperature, 0.0, 1.0, open_high=True)
    law = condensate(model.patterns.law(), check.integer("n_mixed", n_mixed, 1, 25))
    if temperature == 0.0:
        turns = turning_points(law)
        return max(float(at(law, s, 0.0)[red.ROOT_LOAD]) ** 2 for s in turns)
    start = find(law, 0.0, temperature)
    if start.out is not None and start.out[red.GAP] <= 0.0:
        start = find(law, 1e-14, temperature)
    if start.out is None:
        return 0.0
    y = np.array([start.sigma, 1.0 / (1.0 + start.tau)])

    def system(y):
        if not 0.0 < y[1] < 2.0:
            return np.array([np.nan])
        return np.array([at_x(law, y)[red.T] - temperature])

    best = 0.0
    along = np.array([1.0, 0.0])
    fold = Event("fold", lambda y, t: gradients(at_x(law, y), y[1])[0] @ t)
    edge = Event("edge", lambda y, t: 6.0 * math.sqrt(law.n) - y[0])
    while True:
        curve = trace(
            system, y, along, [fold, edge], step=1e-3, max_step=0.05, tolerance=1e-13,
            jacobian=lambda y: gradients(at_x(law, y), y[1])[1][np.newaxis],
        )  # fmt: skip
        if not curve.converged:
            raise ConvergenceError(
                f"the branch at T={temperature!r} was lost: {curve.ended}",
                float(np.max(curve.residuals, initial=np.inf)),
            )
        best = max(best, float(at_x(law, curve.points[-1])[red.ROOT_LOAD]))
        if curve.ended == "edge":
            return best**2
        along = curve.tangents[-1]
        y = curve.points[-1] + 1e-6 * along


def plain(model: Hopfield) -> None:
    """Refuse a model with a field: it turns transitions into crossovers."""
    if any(model.field):
        raise ValueError(f"field must be zero for critical lines, got {model.field!r}")
