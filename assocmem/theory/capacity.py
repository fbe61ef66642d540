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

import dataclasses
import math
from collections.abc import Callable, Sequence

import numpy as np

from .. import _validate as check
from ..errors import ConvergenceError
from ..hopfield.pairwise import Hopfield
from ..hopfield.rules import Hebb
from ..patterns import Rademacher
from .lines import Line
from .replica.hopfield_reduced import condensate
from .replica.slept_branch import LONG, branch_end, dreaming_time
from .replica.slept_equations import SleptEquations
from .replica.slept_rays import last_fold
from .replica.slept_surface import Sheets

GARDNER_BOUND = 2.0
"""Largest load any couplings store without error, unbiased patterns, zero margin.

Couplings need not be symmetric for it. Cover, IEEE Trans. Electron. Comput. 14 (1965) 326;
Gardner, J. Phys. A 21 (1988) 257.
"""


def critical_load(model: Hopfield, temperature: float = 0.0, *, n_mixed: int = 1) -> float:
    """Load at which retrieval, or a mixture, ends in replica-symmetric theory.

    Parameters
    ----------
    model : Hopfield or Dense
        With the rule `Hebb`, `Dreaming` or `PseudoInverse`, or a dense model of finite degree (see
        `assocmem.theory.replica.dense_capacity`), and no field; its load is not used.
    temperature : float
        T in [0, 1); any T >= 0 for dense models.
    n_mixed : int
        1 for retrieval, 2 or more for the symmetric mixture.

    Returns
    -------
    float
        alpha_c(T), where the curve of states from load 0 ends; 0.0 if it has no beginning there.
        Of several curves, as biased mixtures have them, the largest. Relative error 1e-9 or less
        (for unbiased retrieval after a dreaming time above 30 a load below 1e-6 counts as 0).
        Under dreaming, solutions of small overlap may go on at larger loads on curves of their
        own, where the noise stays finite as the load vanishes. At T = 0 and large but finite
        dreaming time t it slightly exceeds 1, the value for projection (1.068 for
        t -> infinity): with K > N the couplings other than the diagonal are of order 1/t, and
        T = 0 sees no more than the ratios of fields.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range, or no theory of the rule is known.
    ConvergenceError
        If the branch is lost before it ends.

    References
    ----------
    Amit, Gutfreund, Sompolinsky, Ann. Phys. 173 (1987) 30; Kanter, Sompolinsky, Phys. Rev. A 35
    (1987) 380; Fachechi, Agliari, Barra, Neural Networks 112 (2019) 24.

    Examples
    --------
    >>> from assocmem import Dreaming, Hebb, Hopfield, PseudoInverse
    >>> from assocmem.theory import critical_load
    >>> rules = Hebb(), Dreaming(1.0), PseudoInverse()
    >>> [round(critical_load(Hopfield(load=0.1, rule=rule)), 4) for rule in rules]
    [0.1379, 0.3866, 1.0]
    """
    return _critical(model, temperature, n_mixed)[0]


def retrieval_line(model: Hopfield, temperatures: Sequence[float], *, n_mixed: int = 1) -> Line:
    """The line T_M(alpha) below which retrieval, or a mixture, exists, at given temperatures.

    Parameters
    ----------
    model, n_mixed
        As for `critical_load`.
    temperatures : sequence of float
        T in [0, 1). Cost: about 0.1 s each.

    Returns
    -------
    Line
        With `critical_load` at each temperature. A point that fails has load nan, and
        ``converged`` is False then. Residual: the violation of the equations and of the condition
        of a fold, or the slope d alpha/d ln(argument) where alpha_c is the maximum of an explicit
        function; for Hebb's rule the difference of two computations of alpha_c.
    """
    grid = [check.real(f"temperatures[{i}]", t) for i, t in enumerate(temperatures)]
    rows = []
    for temperature in grid:
        try:
            rows.append(_critical(model, temperature, n_mixed))
        except ConvergenceError:
            rows.append((math.nan, math.nan))
    loads, residuals = np.array(rows).reshape(-1, 2).T
    done = bool(np.all(np.isfinite(loads)))
    return Line(
        name=f"symmetric mixture of {n_mixed} ends" if n_mixed > 1 else "retrieval ends (spinodal)",
        load=loads,
        temperature=np.array(grid),
        residual=residuals,
        converged=done,
        ended="all temperatures done" if done else "some temperatures failed",
    )


def _critical(model: Hopfield, temperature: float, n_mixed: int) -> tuple[float, float]:
    """alpha_c, and the residual, see `retrieval_line`."""
    if type(model).__name__ == "Dense":
        from .replica.dense_capacity import critical as of_dense

        return of_dense(model, temperature, n_mixed=n_mixed)
    if not isinstance(model, Hopfield):
        raise TypeError(f"model must be a Hopfield model or a Dense one, got {model!r}")
    time = dreaming_time(model.rule)
    if any(model.field):
        raise ValueError(f"field must be zero for a critical load, got {model.field!r}")
    temperature = check.real("temperature", temperature, 0.0, 1.0, open_high=True)
    n_mixed = check.integer("n_mixed", n_mixed, 1, 25)
    law = model.patterns.law()
    sheets = Sheets(condensate(law, n_mixed), time)
    if time == 0.0:
        from .replica.hopfield_zero import critical_load as of_hebb

        hebb = dataclasses.replace(model, rule=Hebb())
        load = of_hebb(hebb, temperature, n_mixed=n_mixed)
        return load, abs(load - last_fold(sheets, temperature)[0])
    unbiased = isinstance(model.patterns, Rademacher)
    if n_mixed == 1 and math.isinf(time) and unbiased:
        if temperature == 0.0:
            # v = 0 and m = 1 solve the equations for every alpha < 1, without rounding.
            return 1.0, 0.0
        return _maximum(lambda x: _projection_load(x, temperature), 1e-3, 400.0)
    if n_mixed == 1 and temperature == 0.0:
        return _maximum(lambda y: _cold_load(y, time, *law), 0.05, 12.0)
    if n_mixed == 1 and unbiased and time > LONG:
        equations = SleptEquations(time, law[0][:, np.newaxis], law[1], np.zeros(1))
        return branch_end(equations, temperature)
    return last_fold(sheets, temperature)


def _maximum(function: Callable[[float], float], low: float, high: float) -> tuple[float, float]:
    """Largest value of a function with one maximum, on a logarithmic grid and then by Brent.

    With it its slope there, d value/d ln(argument).
    """
    from scipy.optimize import minimize_scalar

    grid = np.geomspace(low, high, 400)
    best = int(np.argmax([function(point) for point in grid]))
    found = minimize_scalar(
        lambda point: -function(point),
        bounds=(grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]),
        method="bounded",
        options={"xatol": 1e-9},
    )
    step = 1e-4
    above, below = function(found.x * (1.0 + step)), function(found.x * (1.0 - step))
    return float(-found.fun), abs(above - below) / (2.0 * step)


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
