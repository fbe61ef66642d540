r"""The glass of dense networks (m = 0): its transitions, its states at one step of breaking.

Without a condensed pattern a dense network at high load is the p-spin glass whose energies have
the covariance N alpha g(q) between states of overlap q. Where g'(0) = g''(0) = 0 (distinct
indices, p >= 3) the paramagnet q = 0 is never unstable, and the glass appears with q1 > q0 = 0:

* at the dynamic temperature the paramagnet falls apart into exponentially many states of overlap
  q1; below it equilibrium is not reached in times polynomial in N;
* at the static temperature T_K their complexity has gone: below it is the glass, theta < 1.

At theta = 1 the inner average is E_z tanh(x + sqrt(x) z) with x = beta^2 alpha g'(q1), so that
both are properties of g alone:

$$ q(x)=\mathbb E_z\tanh(x+\sqrt x\,z),\qquad \beta^2\alpha=\frac{x}{g'(q(x))}, $$

least at the dynamic transition. Where g''(0) > 0 = g'(0) there may be a continuous transition at
beta^2 alpha g''(0) = 1 instead, as in the model of Sherrington and Kirkpatrick. Where
g'(0) > 0 (odd full powers) spins feel random fields at every temperature.

With the coupling variance p!/(2 N^(p-1)) usual for the p-spin glass, alpha g(q) = q^p/2.

References
----------
Gross, Mezard, Nucl. Phys. B 240 (1984) 431; Gardner, Nucl. Phys. B 257 (1985) 747; Kirkpatrick,
Thirumalai, Phys. Rev. B 36 (1987) 5388; Monasson, Phys. Rev. Lett. 75 (1995) 2847; Montanari,
Ricci-Tersenghi, Eur. Phys. J. B 33 (2003) 339.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import brentq

from ... import _validate as check
from ...errors import ConvergenceError
from ..gaussian import averages
from ..saddle import follow
from ..saddle import solve as newton
from .rsb_averages import block_stability
from .rsb_functional import Breaking
from .rsb_kernel import Kernel, KernelPatterns, covered, kernel_of

if TYPE_CHECKING:
    from ...hopfield.dense import Dense

_TOLERANCE = 1e-10
_LOWEST, _HIGHEST = -5.0, 5.5  # ln x that are searched for the dynamic transition


@dataclasses.dataclass(frozen=True)
class GlassTransition:
    """Where the paramagnet of a dense network becomes a glass.

    Parameters
    ----------
    model : Dense
        The model.
    static : float
        T_K, below which equilibrium is a glass.
    dynamic : float
        T_d >= T_K, below which the paramagnet is not ergodic.
    overlap_static, overlap_dynamic : float
        Overlap q1 of the states that appear there; 0 if it is continuous.
    continuous : bool
        Whether q1 grows from 0 at the static one. The two are then equal, unless states of
        finite overlap have appeared before, at a dynamic one above.
    gardner : float or None
        T_G, below which one step is unstable to further breaking; None if the glass is broken
        further, or into blocks that overlap, as soon as it appears.
    residual : float
        Largest relative violation of the defining equations.
    """

    model: Any
    static: float
    dynamic: float
    overlap_static: float
    overlap_dynamic: float
    continuous: bool
    gardner: float | None
    residual: float


@dataclasses.dataclass(frozen=True)
class MetastableStates:
    """Glassy states of one free energy, counted by the 1RSB functional at given theta.

    Parameters
    ----------
    model : Dense
        The model.
    temperature : float
        T.
    w : float
        theta/T, the derivative of complexity by free energy.
    free_energy : float
        Of one state, per spin.
    complexity : float
        (1/N) ln of their number; negative where there are none.
    q1 : float
        Overlap of two replicas in one state.
    C : float
        (1 - q1)/T.
    replicon : float
        T times the eigenvalue against further breaking inside the states; positive where stable.
    residual : float
        Relative violation of the equation of q1.
    """

    model: Any
    temperature: float
    w: float
    free_energy: float
    complexity: float
    q1: float
    C: float
    replicon: float
    residual: float


def _overlap(x: float) -> tuple[float, float]:
    """q(x) = E tanh(x + sqrt(x) z), and 1 - q(x)."""
    out = averages(x, math.sqrt(x), 1.0)
    return float(out.tanh), float(out.c)


def _strength(kernel: Kernel, x: float) -> float:
    """beta^2 alpha at which states have the overlap q(x)."""
    return x / kernel.slope(_overlap(x)[0])


def _marginality(kernel: Kernel, log_x: float) -> float:
    """Slope d ln(beta^2 alpha)/d ln x: the replicon of the states, as dq/dx = E<sech^4>."""
    x = math.exp(log_x)
    bend = kernel.curvature(_overlap(x)[0])
    return 1.0 - _strength(kernel, x) * bend * block_stability(0.0, 0.0, x, 1.0, 1.0)


def _complexity_at_one(kernel: Kernel, x: float) -> float:
    """Complexity of the states that make up the paramagnet, per spin, as a function of x."""
    q, lack = _overlap(x)
    term = KernelPatterns(x / kernel.slope(q), kernel, pinned=True)
    out = Breaking(term, 1.0, glass=True).averages(0.0, q, lack, 1.0)
    if out is None:
        raise ConvergenceError(f"no average at x={x!r}", math.nan)
    return 0.5 * (out.gap + term.complexity(q, lack, 1.0, 1.0))


def glass_transition(model: Dense) -> GlassTransition:
    """Static and dynamic glass transition of a dense network that recalls nothing.

    Parameters
    ----------
    model : Dense
        With p >= 3, load > 0 and no field. Temperatures are proportional to sqrt(load).

    Returns
    -------
    GlassTransition

    Raises
    ------
    TypeError, ValueError
        If the model is of another kind, or its patterns act as random fields (odd full powers),
        so that there is no paramagnet.
    ConvergenceError
        If an equation was not solved.

    Examples
    --------
    >>> from assocmem import Dense
    >>> from assocmem.theory.replica.rsb_glass import glass_transition
    >>> found = glass_transition(Dense(load=3.0, p=3))  # alpha g(q) = q^3/2
    >>> round(found.static, 4), round(found.dynamic, 4)
    (0.6514, 0.6816)
    """
    covered(model)
    kernel = kernel_of(model)
    if model.load == 0.0:
        raise ValueError(f"load must be positive for there to be a glass, got {model!r}")
    found = transition_of(model, kernel)
    if found.continuous:
        return found
    return dataclasses.replace(found, gardner=_gardner(model, kernel, found.static))


def transition_of(model: Dense, kernel: Kernel) -> GlassTransition:
    """`glass_transition` without T_G."""
    if kernel.slope(0.0) > 0.0:
        raise ValueError(
            f"energy must leave a paramagnet, but the noise of {model.energy!r} holds random "
            f"fields; its glass begins where the replicon of the paramagnet of theory.solve ends"
        )
    bend = kernel.curvature(0.0)
    # beta^2 alpha falls from infinity (or from 1/g''(0)) at x = 0 to its least, then grows.
    grid = np.linspace(_LOWEST, _HIGHEST, 121)
    marginal = [_marginality(kernel, u) for u in grid]
    turn = next((i for i in range(len(grid) - 1) if marginal[i] <= 0.0 < marginal[i + 1]), None)
    if turn is None:
        if not bend > 0.0:
            raise ConvergenceError(f"no dynamic transition of {model!r} found", math.nan)
        at = math.sqrt(model.load * bend)
        return GlassTransition(model, at, at, 0.0, 0.0, True, None, 0.0)
    x = math.exp(brentq(lambda u: _marginality(kernel, u), grid[turn], grid[turn + 1], xtol=1e-15))
    high = 2.0 * x + 4.0 * math.log(2.0) * max(k for k, _ in kernel.powers)
    x_static = brentq(lambda u: _complexity_at_one(kernel, u), x, high, xtol=1e-13, rtol=1e-14)
    residual = max(
        abs(_marginality(kernel, math.log(x))), abs(_complexity_at_one(kernel, x_static))
    )
    if residual > _TOLERANCE:
        raise ConvergenceError(f"glass transition of {model!r}", residual)
    static = math.sqrt(model.load / _strength(kernel, x_static))
    dynamic = math.sqrt(model.load / _strength(kernel, x))
    overlap_static, overlap_dynamic = _overlap(x_static)[0], _overlap(x)[0]
    freezing = math.sqrt(model.load * bend)
    if static <= freezing:
        dynamic = max(dynamic, freezing)
        return GlassTransition(model, freezing, dynamic, 0.0, overlap_dynamic, True, None, residual)
    return GlassTransition(
        model, static, dynamic, overlap_static, overlap_dynamic, False, None, residual
    )


def _gardner(model: Dense, kernel: Kernel, static: float) -> float | None:
    """Temperature at which the replicon of the glass vanishes."""

    def replicon(share: float) -> float:
        y, _ = glass_point(model.load, kernel, share * static, static)
        return block_replicon(model.load, kernel, 0.0, share * static, y)

    high = 1.0 - 1e-9
    if replicon(high) <= 0.0:
        return None
    low = 0.5
    while replicon(low) >= 0.0:
        low *= 0.5
        if low < 1e-12:
            raise ConvergenceError(f"no Gardner transition of {model!r} found", math.nan)
    return static * brentq(replicon, low, high, xtol=1e-12, rtol=1e-12)


def block_replicon(load: float, kernel: Kernel, field: float, t: float, y: np.ndarray) -> float:
    """T [1 - beta^2 alpha g''(q1) E<sech^4>] at y = (ln delta, ln C, ln w), field a of the signal.

    At T = 0 the limit, which is negative.
    """
    delta, c, w = (math.exp(v) for v in y)
    q1 = 1.0 - t * c
    term = KernelPatterns(load, kernel, pinned=q1 - delta < 1e-14)
    v0, v1 = term.variances(delta, c, w, t)
    return t - load * kernel.curvature(q1) * block_stability(field, v0, v1, w, t)


def glass_point(
    load: float, kernel: Kernel, temperature: float, static: float
) -> tuple[np.ndarray, int]:
    """(ln delta, ln C, ln w) of the glass with q0 = 0 below T_K, and evaluations.

    At T = 0 it is an equation in w alone; from there up in T.
    """
    unit = math.sqrt(load * kernel.slope(1.0))
    term = KernelPatterns(load, kernel, pinned=True)

    def rest(w: float) -> float:
        out = Breaking(term, 0.0, glass=True).averages(0.0, 1.0, 1.0, w)
        return out.gap + term.complexity(1.0, 1.0, w, 0.0)

    # gap ~ w^2 v1 at small w, -> 2 ln 2 at large
    w, report = brentq(rest, 1e-2 / unit, 30.0 / unit, rtol=1e-14, full_output=True)
    c = Breaking(term, 0.0, glass=True).averages(0.0, 1.0, 1.0, w).c

    def at(u: np.ndarray, t: float) -> np.ndarray:
        lack = t * math.exp(min(u[0], 600.0))
        if not lack < 1.0:
            return np.full(2, np.nan)
        y = np.array([math.log1p(-lack), *u])
        return Breaking(term, t, glass=True).residual(y)[1:]

    n = 2 + int(12.0 * temperature / static)
    points = follow(
        at, np.log([c, w]), np.linspace(0.0, temperature, n if temperature > 0.0 else 1),
        tolerance=_TOLERANCE,
    )  # fmt: skip
    last = points[-1]
    if not last.converged or len(points) < (n if temperature > 0.0 else 1):
        raise ConvergenceError(
            f"1RSB glass at load={load!r}, T={temperature!r}: {last.message}", last.residual
        )
    found = newton(lambda u: at(u, temperature), last.x, tolerance=1e-13, max_newton=5)
    y = np.array([math.log1p(-temperature * math.exp(found.x[0])), *found.x])
    return y, report.function_calls + sum(point.iterations for point in points)


def metastable_states(model: Dense, temperature: float, w: float) -> MetastableStates:
    """The states of the glass at which the complexity has slope w in their free energy.

    Parameters
    ----------
    model : Dense
        As for `glass_transition`, with g''(0) = 0.
    temperature : float
        T >= 0. At T = 0 they are minima of the energy.
    w : float
        theta/T > 0, with w sqrt(T^2 + alpha g'(1)) <= 100. Theta is not bounded by 1.

    Returns
    -------
    MetastableStates
        Along w the curve complexity(free energy); only its part that falls with w is physical,
        and only where ``replicon`` is positive is one step of breaking enough.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    ConvergenceError
        If there are no states with q1 > 0 at this w and T.

    References
    ----------
    Monasson, Phys. Rev. Lett. 75 (1995) 2847.

    Examples
    --------
    >>> from assocmem import Dense
    >>> from assocmem.theory.replica.rsb_glass import metastable_states
    >>> deep, high = (metastable_states(Dense(load=3.0, p=3), 0.0, w) for w in (1.3, 1.0))
    >>> high.free_energy > deep.free_energy, high.complexity > deep.complexity > 0.0
    (True, True)
    """
    covered(model)
    kernel = kernel_of(model)
    if kernel.slope(0.0) > 0.0 or kernel.curvature(0.0) > 0.0 or model.load == 0.0:
        raise ValueError(f"model must be a glass with q0 = 0 at a load > 0, got {model!r}")
    temperature = check.real("temperature", temperature, 0.0)
    most = 100.0 / math.hypot(temperature, math.sqrt(model.load * kernel.slope(1.0)))
    if temperature > 0.0:
        most = min(most, 1.2 / temperature)
    w = check.real("w", w, 0.0, most, open_low=True)
    term = KernelPatterns(model.load, kernel, pinned=True)
    breaking = Breaking(term, temperature, glass=True)

    def averages_at(q1: float, c: float):
        return breaking.averages(0.0, q1, c, w)

    q1, gap = 1.0, 0.0
    if temperature > 0.0:
        q1, gap = _largest_overlap(averages_at, temperature)
        c = (1.0 - q1) / temperature
    else:
        c = averages_at(1.0, 1.0).c
    out = averages_at(q1, c)
    complexity = 0.5 * (out.gap + term.complexity(q1, c, w, temperature))
    free = term.free_energy(q1, c, w, temperature) - out.log_z
    y = np.log([q1, c, w])
    return MetastableStates(
        model, temperature, w, free + complexity / w, complexity, q1, c,
        block_replicon(model.load, kernel, 0.0, temperature, y), gap,
    )  # fmt: skip


def _largest_overlap(averages_at, t: float) -> tuple[float, float]:
    """Largest q1 with q1 = E<tanh^2>, in the variable ln C, and its relative violation."""

    def violation(log_c: float) -> float:
        c = math.exp(log_c)
        return math.log(averages_at(1.0 - t * c, c).c) - log_c

    top = math.log(0.999 / t)
    # From q1 = 1 down: E<sech^2>/T exceeds a small C, the first crossing is the largest q1.
    low = None
    for log_c in np.linspace(top - 40.0, top, 801):
        value = violation(log_c)
        if low is not None and value <= 0.0:
            found = brentq(violation, low, log_c, xtol=1e-15, rtol=1e-15)
            return 1.0 - t * math.exp(found), abs(violation(found))
        low = log_c
    raise ConvergenceError("there are no states with q1 > 0 at this w and temperature", math.nan)
