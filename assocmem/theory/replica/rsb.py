"""One-step replica symmetry breaking (1RSB) of the Hopfield model: states and critical load.

Dense models: `rsb_dense`. The functional and its equations: `rsb_functional`. Sources: Crisanti,
Amit, Gutfreund, Europhys. Lett. 2 (1986) 337; Steffan, Kuehn, Z. Phys. B 95 (1994) 249.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ... import _validate as check
from ...errors import ConvergenceError
from ..lines import Event, trace
from ..saddle import follow
from ..saddle import solve as newton
from .hopfield import solve as solve_rs
from .hopfield_zero import critical_load
from .rsb_functional import Breaking
from .rsb_patterns import HebbPatterns
from .rsb_state import RSBCriticalLoad, RSBState

if TYPE_CHECKING:
    from ...hopfield.dense import Dense
    from ...hopfield.pairwise import Hopfield
    from ..state import State


_TOLERANCE = 1e-10
_LOST = 1e-6  # bound on the residual above which 1RSB is lost in rounding
# q0 = 0 solves the equations of the glass too, with a smaller f. The solution sought keeps
# q0/(q1 - q0) between 1/2 (at T_g) and 1.4 (at T = 0, small load).
_LEAST = 0.05
_EMPTY = 1e-60  # C of a state whose local fields are never small: loads below 0.0036 at T = 0


def _rounding(y: np.ndarray, temperature: float) -> float:
    """Bound on the residual at (..., ln delta, ln C, ln w).

    delta is the difference of E(1 - <tanh>^2) and T C.
    """
    return _TOLERANCE + 2e-15 * temperature * math.exp(min(y[-2] - y[-3], 50.0))


def solve_rsb(model: Hopfield | Dense, temperature: float, state: str = "retrieval") -> RSBState:
    """One-step broken solution of a state of the model, or why replica symmetry holds.

    Parameters
    ----------
    model : Hopfield or Dense
        Hopfield with Hebb's rule and unbiased patterns; Dense with p >= 3, distinct indices if it
        learns from examples. No field.
    temperature : float
        T >= 0; 0 is solved exactly, not approached.
    state : str
        "retrieval" or "spin-glass" (m = 0).

    Returns
    -------
    RSBState
        ``broken=False`` with the replica-symmetric numbers where these are stable (above the line
        of de Almeida and Thouless), ``exists=False`` without numbers where there is no state.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range, or the model is not covered.
    ConvergenceError
        If the equations were not solved. So close to the line of de Almeida and Thouless that
        q1 - q0 < 2e-9 T C, they cannot be; nor for Hebb's glass within about 1e-5 T_g of T_g, or
        below loads of about 1e-6; nor for retrieval of dense models within about 3e-4 T of the
        line of de Almeida and Thouless.

    Notes
    -----
    Cost: 0.02 to 1 s, times a tenth of the number of words where dense models learn from
    examples (exact binomial law). The equations hold to 1e-10 + 2e-15 T C/(q1 - q0), relative.
    theta comes from a difference of third order in q1 - q0, so its error is about
    1e-16/(q1 - q0)^2; f does not feel it. One step is not the last word: full breaking raises f,
    energy and entropy further.

    Examples
    --------
    >>> from assocmem import Hopfield
    >>> from assocmem.theory.replica.rsb import solve_rsb
    >>> glass = solve_rsb(Hopfield(load=1.0), 0.0, "spin-glass")
    >>> glass.broken, glass.gain > 0.0
    (True, True)
    """
    temperature = check.real("temperature", temperature, 0.0)
    state = check.choice("state", state, ("retrieval", "spin-glass"))
    if type(model).__name__ == "Dense":
        from .rsb_dense import solve_dense

        return solve_dense(model, temperature, state)
    _covered(model)
    symmetric = solve_rs(model, temperature, state)
    if symmetric.exists and symmetric.stability.get("replicon", 1.0) >= 0.0:
        return _unbroken(symmetric)
    if state == "spin-glass":
        if not symmetric.exists:
            return _absent(symmetric, symmetric.reason)
        breaking = Breaking(HebbPatterns(model.load), temperature, glass=True)
        y, iterations = _glass(model.load, temperature)
        return _finished(symmetric, breaking, y, iterations)
    if model.load == 0.0:
        return _absent(symmetric, symmetric.reason)
    breaking = Breaking(HebbPatterns(model.load), temperature)
    if symmetric.exists and symmetric.C < _EMPTY:
        return _unbroken(symmetric, f"breaking changes no digit, as C = {symmetric.C:.3g}")
    if symmetric.exists:
        y, iterations = _from_symmetric(symmetric, breaking, _stiffness(symmetric))
        return _finished(symmetric, breaking, y, iterations)
    # Beyond the fold of the symmetric branch; the broken one may reach further.
    if temperature >= 1.0:
        return _absent(symmetric, symmetric.reason)
    start = _near_fold(model, temperature)
    if start is None:
        return _absent(symmetric, symmetric.reason)
    y, last, ended = _along_load(temperature, *start, model.load)
    if ended != "load":
        reason = f"load {model.load:g} is beyond the end of the 1RSB branch at {last:.10g}"
        return _absent(symmetric, reason)
    return _finished(symmetric, breaking, y, 0)


def critical_load_rsb(
    temperature: float = 0.0, model: Hopfield | Dense | None = None
) -> RSBCriticalLoad:
    """Load at which the retrieval branch ends with one step of replica symmetry breaking.

    At T = 0 this is 0.138186 for Hebb's rule, against 0.137906 in replica symmetry.

    Parameters
    ----------
    temperature : float
        T in [0, 1) for Hebb's rule; for dense models below the temperature at which retrieval
        ends at load 0.
    model : Hopfield or Dense, optional
        As for `solve_rsb`; Hebb's rule by default. Its load is not used.

    Returns
    -------
    RSBCriticalLoad
        The fold and the state there; ``broken=False`` with the replica-symmetric fold where that
        is stable.

    Raises
    ------
    TypeError, ValueError
        If ``temperature`` is of the wrong type or out of range.
    ConvergenceError
        If the branch could not be found or followed to its end.

    References
    ----------
    Steffan, Kuehn, Z. Phys. B 95 (1994) 249: 0.138186 at T = 0.
    """
    from ...hopfield.pairwise import Hopfield

    if hasattr(temperature, "load"):
        raise TypeError(
            f"temperature must be a number, got the model {temperature!r}: "
            "the order is critical_load_rsb(temperature, model)"
        )
    if type(model).__name__ == "Dense":
        from .rsb_dense import critical_load_dense

        return critical_load_dense(model, check.real("temperature", temperature, 0.0))
    if model is not None:
        _covered(model)
    temperature = check.real("temperature", temperature, 0.0, 1.0, open_high=True)
    symmetric_load = critical_load(Hopfield(load=0.0), temperature)
    start = _near_fold(Hopfield(load=symmetric_load), temperature)
    if start is None:
        at_fold = solve_rs(Hopfield(load=symmetric_load * (1.0 - 1e-9)), temperature)
        return RSBCriticalLoad(
            symmetric_load, symmetric_load, temperature, False, _unbroken(at_fold), 0.0
        )
    y, load, ended = _along_load(temperature, *start, math.inf)
    if ended != "fold":
        raise ConvergenceError(f"no end of the 1RSB branch at T={temperature!r}: {ended}", math.nan)
    model = Hopfield(load=load)
    symmetric = solve_rs(model, temperature)
    found = _finished(symmetric, Breaking(HebbPatterns(load), temperature), y, 0, polish=False)
    return RSBCriticalLoad(load, symmetric_load, temperature, True, found, found.residual)


def _covered(model: Hopfield) -> None:
    from ...hopfield.pairwise import Hopfield
    from ...hopfield.rules import Hebb
    from ...patterns import Rademacher

    if not isinstance(model, Hopfield):
        raise TypeError(f"model must be a Hopfield or Dense model, got {model!r}")
    plain = isinstance(model.rule, Hebb) and isinstance(model.patterns, Rademacher)
    if not plain or any(model.field):
        raise ValueError(
            f"model must have Hebb's rule, unbiased patterns and no field, got {model!r}"
        )


def _stiffness(symmetric: State) -> float:
    return symmetric.model.load / (1.0 - symmetric.C) ** 2


def _from_symmetric(
    symmetric: State, breaking: Breaking, stiffness: float
) -> tuple[np.ndarray, int]:
    """The broken solution at the point of an unstable symmetric one.

    The guess is the limit of small load, where the density of the local fields is constant on
    the scale b = sqrt(v1) on which they are redistributed; its coefficients only have to be near.
    ``stiffness`` is v1/(q1 - q0) at small q1 - q0.
    """
    t, c, m = symmetric.temperature, symmetric.C, symmetric.example_overlap
    if m is None:
        m = symmetric.overlaps[0]
    b = 0.73 * stiffness * c
    ratio = min(t / max(t - symmetric.stability["replicon"], 1e-300), 1.0)  # T over its limit
    best = None
    for factor in (1.0, 0.7, 1.4, 0.5, 2.0):
        for size in (1.0, 0.3, 2.0):
            delta = max(0.73 * c * b * size * (1.0 - ratio * ratio), 1e-300)
            inner = c * (0.25 + 0.75 * ratio)
            w = factor / (b + t)
            found = newton(
                breaking.residual, np.array([m, *np.log([delta, inner, w])]), tolerance=1e-10
            )
            settled = found.residual <= _rounding(found.x, t)
            if settled and abs(found.x[0]) > 0.5 * m:
                return found.x, found.iterations
            if best is None or found.residual < best:
                best = found.residual
    load = symmetric.model.load
    raise ConvergenceError(f"1RSB at load={load!r}, T={t!r}: no solution found", best)


def _near_fold(model: Hopfield, temperature: float) -> tuple[np.ndarray, float] | None:
    """A broken solution on the retrieval branch below its symmetric fold, and its load.

    None if replica symmetry is stable up to the fold, or the model is not beyond it.
    """
    fold = critical_load(dataclasses.replace(model, load=0.0), temperature)
    if model.load < fold * (1.0 - 1e-9):
        return None
    last = None
    for step in (0.05, 0.02, 0.005, 1e-3, 1e-4, 1e-6):
        load = fold * (1.0 - step)
        symmetric = solve_rs(dataclasses.replace(model, load=load), temperature)
        if not symmetric.exists or symmetric.stability["replicon"] >= 0.0:
            continue
        try:
            breaking = Breaking(HebbPatterns(load), temperature)
            return _from_symmetric(symmetric, breaking, _stiffness(symmetric))[0], load
        except ConvergenceError as error:
            last = error
    if last is not None:
        raise last
    return None


def _along_load(
    temperature: float,
    y: np.ndarray,
    load: float,
    target: float,
    at_load: Callable[[float], Breaking] | None = None,
) -> tuple[np.ndarray, float, str]:
    """Follow the branch up in load, to ``target`` or to its fold, whichever comes first."""
    if at_load is None:

        def at_load(load: float) -> Breaking:
            return Breaking(HebbPatterns(load), temperature)

    def system(point: np.ndarray) -> np.ndarray:
        if not point[-1] > 0.0:
            return np.full(len(y), np.nan)
        return at_load(float(point[-1])).residual(point[:-1])

    events = [Event("fold", lambda point, tangent: tangent[-1])]
    if math.isfinite(target):
        events.append(Event("load", lambda point, tangent: point[-1] - target))
    along = np.zeros(len(y) + 1)
    along[-1] = 1.0
    curve = trace(system, np.append(y, load), along, events, step=0.05, tolerance=1e-9)
    if not curve.converged:
        raise ConvergenceError(
            f"the 1RSB branch at T={temperature!r} was lost near load "
            f"{curve.points[-1, -1] if len(curve.points) else load:.10g}: {curve.ended}",
            float(curve.residuals[-1]) if len(curve.residuals) else math.nan,
        )
    end = float(curve.points[-1, -1])
    if curve.ended == "fold" and target < end:
        # The last step went over the fold and back below the target. Up to the fold everything
        # is a function of sqrt(fold - load).
        before = curve.points[-2]
        fraction = math.sqrt((end - target) / (end - before[-1]))
        guess = curve.points[-1] + fraction * (before - curve.points[-1])
        found = newton(at_load(target).residual, guess[:-1], tolerance=1e-10)
        return found.x, target, "load"
    return curve.points[-1, :-1], end, curve.ended


def _glass(load: float, temperature: float) -> tuple[np.ndarray, int]:
    """(ln delta, ln C, ln w) of the glass: from load 1 at T = 0 to the load, then up in T."""

    def at(y: np.ndarray, log_load: float, t: float) -> np.ndarray:
        delta, c = np.exp(np.minimum(y[:2], 50.0))
        if 1.0 - t * c - delta < _LEAST * delta:
            return np.full(3, np.nan)
        return Breaking(HebbPatterns(math.exp(log_load)), t, glass=True).residual(y)

    start = np.log([0.47, 0.22, 0.56])
    end = math.log(load)
    n = 2 + int(abs(end))
    points = follow(lambda y, p: at(y, p, 0.0), start, np.linspace(0.0, end, n), tolerance=1e-10)
    if temperature > 0.0 and points[-1].converged:
        # Near T_g delta is proportional to T_g - T, so ln delta is smooth in g = ln(1 - T/T_g).
        top = 1.0 + math.sqrt(load)
        gap = math.log1p(-temperature / top)
        steps = np.linspace(0.0, gap, 3 + int(-2.0 * gap))
        points += follow(
            lambda y, g: at(y, end, min(-top * math.expm1(g), top)),
            points[-1].x, steps, tolerance=1e-10,
        )  # fmt: skip
    last = points[-1]
    residual = float(np.max(np.abs(at(last.x, end, temperature))))
    if not residual <= _rounding(last.x, temperature):
        raise ConvergenceError(
            f"1RSB glass at load={load!r}, T={temperature!r}: {last.message}", residual
        )
    return last.x, sum(point.iterations for point in points)


def _finished(
    symmetric: State, breaking: Breaking, y: np.ndarray, iterations: int, *, polish: bool = True
) -> RSBState:
    if polish:
        found = newton(breaking.residual, y, tolerance=1e-13, max_newton=10)
        y, iterations = found.x, iterations + found.iterations
    residual = float(np.max(np.abs(breaking.residual(y))))
    if not residual <= _rounding(y, breaking.temperature) <= _LOST:
        raise ConvergenceError(
            f"1RSB {symmetric.name} at load={symmetric.model.load!r}, T={breaking.temperature!r} "
            f"did not converge (q1 - q0 = {math.exp(y[-3]):.3g})",
            residual,
        )
    numbers = breaking.numbers(y)
    m = 0.0 if breaking.glass else abs(float(y[0]))
    gain = numbers["free_energy"] - symmetric.free_energy if symmetric.exists else None
    return RSBState(
        symmetric.name, symmetric.model, symmetric.temperature, True, broken=True,
        overlaps=(m,), gain=gain, residual=residual, iterations=iterations, **numbers,
    )  # fmt: skip


def _unbroken(
    symmetric: State, reason: str = "replica symmetry is stable here: q0 = q1, theta drops out"
) -> RSBState:
    return RSBState(
        symmetric.name,
        symmetric.model,
        symmetric.temperature,
        True,
        reason=reason,
        broken=False,
        overlaps=symmetric.overlaps,
        q0=symmetric.q,
        q1=symmetric.q,
        spread=0.0,
        C=symmetric.C,
        free_energy=symmetric.free_energy,
        energy=symmetric.energy,
        entropy=symmetric.entropy,
        gain=0.0,
        residual=symmetric.residual,
        iterations=symmetric.iterations,
    )


def _absent(symmetric: State, reason: str) -> RSBState:
    return RSBState(symmetric.name, symmetric.model, symmetric.temperature, False, reason=reason)
