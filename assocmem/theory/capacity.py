r"""Capacity of learning rules: the largest load at which the state of a stored pattern exists.

At T = 0 the curve is explicit. With y = M/sqrt(2 v) and the functions of it
m = E eta erf(eta y), c = chi C = (2 y/sqrt(pi)) E exp(-eta^2 y^2)/m, the equations of
`assocmem.theory.replica.slept_equations` leave a cubic for r; with a = 1 + eps r and
b = 1 + eps (1 - eps) r,

$$ \frac{m^2}{2y^2}\big[\epsilon r\,(b+(1-\epsilon)a)+(1-c)(1-\epsilon r)\,b\big]
   = r\,[(1-m^2)\,b^2+(1-\epsilon)^2m^2a^2],\qquad \alpha=\frac{r\,(1-c)\,b}{a}, $$

and the capacity is the largest alpha. For Hebb's rule it is the known
alpha = (1/2) ((1 - c) m/y)^2 with maximum 0.1379.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from .. import _validate as check
from ..errors import ConvergenceError
from ..hopfield.rules import Hebb, Rule
from ..patterns import Ensemble, Rademacher
from .lines import Line
from .replica.slept_branch import branch_end, dreaming_time
from .replica.slept_equations import SleptEquations

GARDNER_BOUND = 2.0
"""Largest load any couplings store without error, unbiased patterns, zero margin.

Couplings need not be symmetric for it. Cover, IEEE Trans. Electron. Comput. 14 (1965) 326;
Gardner, J. Phys. A 21 (1988) 257.
"""


def critical_load(
    rule: Rule | None = None, temperature: float = 0.0, patterns: Ensemble | None = None
) -> float:
    """Largest load at which a retrieval state exists in replica-symmetric theory.

    Parameters
    ----------
    rule : Hebb, Dreaming or PseudoInverse
        Learning rule, `Hebb` by default.
    temperature : float
        T >= 0.
    patterns : Ensemble
        Law of the entries, `Rademacher` by default.

    Returns
    -------
    float
        alpha_c(T), 0.0 for T >= 1; relative error about 1e-9, loads below 1e-6 count as 0. At
        T = 0 and large but finite t it slightly exceeds 1, the value for projection (1.068 for
        t -> infinity): with K > N the couplings other than the diagonal are of order 1/t, and
        T = 0 sees no more than the ratios of fields.

    Raises
    ------
    ValueError
        If no theory of the rule is known.
    ConvergenceError
        If the branch of retrieval states is lost before it ends.

    References
    ----------
    Amit, Gutfreund, Sompolinsky, Ann. Phys. 173 (1987) 30; Kanter, Sompolinsky, Phys. Rev. A 35
    (1987) 380; Fachechi, Agliari, Barra, Neural Networks 112 (2019) 24.

    Examples
    --------
    >>> from assocmem.hopfield import Dreaming, PseudoInverse
    >>> from assocmem.theory.capacity import critical_load
    >>> [round(critical_load(rule), 4) for rule in (Dreaming(0), Dreaming(1), PseudoInverse())]
    [0.1379, 0.3866, 1.0]
    """
    time = dreaming_time(Hebb() if rule is None else rule)
    temperature = check.real("temperature", temperature, 0.0)
    ensemble = Rademacher() if patterns is None else patterns
    if temperature >= 1.0:
        return 0.0
    return _critical(time, temperature, ensemble)[0]


def retrieval_line(
    rule: Rule, temperatures: Sequence[float], patterns: Ensemble | None = None
) -> Line:
    """The line T_M(alpha) below which retrieval states exist, at given temperatures.

    Parameters
    ----------
    rule : Hebb, Dreaming or PseudoInverse
        Learning rule.
    temperatures : sequence of float
        T in [0, 1). Cost: about 50 ms each.
    patterns : Ensemble
        Law of the entries, `Rademacher` by default.

    Returns
    -------
    Line
        With `critical_load` at each temperature. A point that fails has load nan, and
        ``converged`` is False then.
    """
    time = dreaming_time(rule)
    ensemble = Rademacher() if patterns is None else patterns
    grid = np.array([check.real("temperatures", t, 0.0, 1.0, open_high=True) for t in temperatures])
    loads, residuals = np.full(len(grid), np.nan), np.full(len(grid), np.nan)
    for i, temperature in enumerate(grid):
        try:
            loads[i], residuals[i] = _critical(time, temperature, ensemble)
        except ConvergenceError:
            continue
    done = bool(np.all(np.isfinite(loads)))
    return Line(
        name="retrieval",
        load=loads,
        temperature=grid,
        residual=residuals,
        converged=done,
        ended="all temperatures done" if done else "some temperatures failed",
    )


def _critical(time: float, temperature: float, ensemble: Ensemble) -> tuple[float, float]:
    """alpha_c for T in [0, 1), and the residual; 0 where it is the maximum of a function."""
    if math.isinf(time) and isinstance(ensemble, Rademacher):
        # v = 0 and m = 1 solve the equations of T = 0 for every alpha < 1.
        if temperature == 0.0:
            return 1.0, 0.0
        return _maximum(lambda x: _projection_load(x, temperature), 1e-3, 400.0), 0.0
    if temperature == 0.0:
        values, weights = ensemble.law()
        return _maximum(lambda y: _cold_load(y, time, values, weights), 0.05, 12.0), 0.0
    values, weights = ensemble.law()
    equations = SleptEquations(time, values[:, np.newaxis], weights, np.zeros(1))
    return branch_end(equations, temperature)


def _maximum(function: Callable[[float], float], low: float, high: float) -> float:
    """Largest value of a function with one maximum, on a logarithmic grid and then by Brent."""
    from scipy.optimize import minimize_scalar

    grid = np.geomspace(low, high, 400)
    best = int(np.argmax([function(point) for point in grid]))
    found = minimize_scalar(
        lambda point: -function(point),
        bounds=(grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return float(-found.fun)


def _projection_load(x: float, temperature: float) -> float:
    """Load of the state without noise, v = 0, of the projection rule at x = beta M.

    From m = tanh x, M = (1 - kappa) m and alpha = kappa (1 - C M/m).
    """
    m = math.tanh(x)
    tail = math.exp(-2.0 * x)
    return (1.0 - temperature * x / m) * (1.0 - x * 4.0 * tail / ((1.0 + tail) ** 2 * m))


def _cold_load(y: float, time: float, values: np.ndarray, weights: np.ndarray) -> float:
    """The largest alpha on the curve of T = 0 at y."""
    from scipy.special import erf, erfc

    eps, delta = (1.0, 0.0) if math.isinf(time) else (time / (1.0 + time), 1.0 / (1.0 + time))
    scale = float(weights @ np.abs(values))  # m at y = infinity, 1 for unbiased entries
    lost = float(weights @ (np.abs(values) * erfc(np.abs(values) * y)))
    m = float(weights @ (values * erf(values * y)))
    # 1 - m^2 without cancellation.
    silent = (1.0 - scale) * (1.0 + scale) + lost * (2.0 * scale - lost)
    c = 2.0 * y / math.sqrt(math.pi) * float(weights @ np.exp(-((values * y) ** 2))) / m
    if c >= 1.0:
        return 0.0
    r = np.polynomial.Polynomial([0.0, 1.0])
    a, b = 1.0 + eps * r, 1.0 + eps * delta * r
    ratio = m * m / (2.0 * y * y)
    cubic = ratio * (eps * r * (b + delta * a) + (1.0 - c) * (1.0 - eps * r) * b)
    cubic = cubic - r * (silent * b**2 + (delta * m) ** 2 * a**2)
    roots = cubic.trim().roots()
    real = roots.real[(np.abs(roots.imag) <= 1e-9 * np.abs(roots)) & (roots.real > 0.0)]
    loads = real * (1.0 - c) * (1.0 + eps * delta * real) / (1.0 + eps * real)
    return float(np.max(loads, initial=0.0))
