"""Replica-symmetric states of the Hopfield model with the dreaming or the projection rule.

Equations, derivation and references: `slept_equations`; how condensed states are found:
`slept_rays`. Hebb's rule is dreaming for no time, t = 0, and is solved by its own theory.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np

from ... import _validate as check
from ...errors import ConvergenceError
from ...hopfield.rules import Hebb
from ...patterns import Rademacher
from ..gaussian import moments
from ..laws import product
from ..saddle import SaddlePoint
from ..saddle import solve as improve
from ..state import State, finished
from . import hopfield, hopfield_rays
from . import hopfield_reduced as red
from .hopfield_reduced import Condensate, condensate
from .slept_branch import LONG, along_branch, dreaming_time, from_recall
from .slept_equations import SleptEquations
from .slept_noise import noise, spectrum_parameters
from .slept_rays import find
from .slept_surface import Sheets

if TYPE_CHECKING:
    from ...hopfield.pairwise import Hopfield
    from ..diagram import PhaseDiagram

STATES = ("retrieval", "mixture", "spin-glass", "paramagnet")
_SMALLEST_LOAD = 1e-20  # as for Hebb's rule


def solve(
    model: Hopfield, temperature: float, state: str = "retrieval", *, n_mixed: int = 3
) -> State:
    """One state of the model; see `assocmem.theory.solve`.

    With fields, "retrieval" is the state that goes on from the one with all overlap on the
    first pattern (at high temperature the only one); the other states are those without fields.
    """
    time = dreaming_time(model.rule)
    temperature = check.real("temperature", temperature, 0.0)
    state = check.choice("state", state, STATES)
    n_mixed = check.integer("n_mixed", n_mixed, 2, 25)
    if time == 0.0:
        found = hopfield.solve(as_hebb(model), temperature, state, n_mixed=n_mixed)
        return dataclasses.replace(found, model=model)
    if 0.0 < _load(model) < _SMALLEST_LOAD:
        raise ValueError(
            f"load must be 0 or at least {_SMALLEST_LOAD:g} (less is not resolved in double "
            f"precision), got {model.load!r}"
        )
    fields = list(model.field)
    while fields and fields[-1] == 0.0:
        fields.pop()
    if state != "retrieval" and fields:
        raise ValueError(f"field must be zero for the state {state!r}, got {model.field!r}")
    if state == "spin-glass":
        return _glass(model, time, temperature)
    if state == "paramagnet":
        return _paramagnet(model, time, temperature)
    if fields:
        return _in_fields(model, time, temperature, fields)
    n = n_mixed if state == "mixture" else 1
    if model.n_patterns is not None and n > model.n_patterns:
        raise ValueError(f"n_mixed must be at most n_patterns={model.n_patterns}, got {n_mixed}")
    return _condensed(model, time, temperature, state, n)


def phase_diagram(
    model: Hopfield, *, n_points: int = 100, mixtures: tuple[int, ...] = (3,)
) -> PhaseDiagram:
    """Critical lines; see `assocmem.theory.phase_diagram` and `dreaming_lines`."""
    from .dreaming_lines import phase_diagram as trace_all

    return trace_all(model, n_points=n_points, mixtures=mixtures)


def as_hebb(model: Hopfield) -> Hopfield:
    """The same model with the rule that it has at t = 0."""
    return dataclasses.replace(model, rule=Hebb())


def glass_temperature(load: float, time: float) -> float:
    """T_g where the paramagnet becomes unstable to a spin glass, beta^2 kappa'(beta) = 1.

    Parameters
    ----------
    load : float
        alpha >= 0.
    time : float
        Dreaming time in [0, inf].

    Returns
    -------
    float
        1 + sqrt(alpha) for Hebb's rule; 0.0 for the projection rule, whose paramagnet is stable
        at all T > 0.
    """
    from scipy.optimize import brentq

    load = check.real("load", load, 0.0)
    if load == 0.0 or math.isinf(time):
        return 0.0 if math.isinf(time) else 1.0
    parameters = spectrum_parameters(time)

    # T_g <= the largest eigenvalue, at most (1 + sqrt(alpha))^2 and 1 + 1/t.
    def gap(log_t: float) -> float:
        t = math.exp(log_t)
        heard = noise(1.0 / t, load, *parameters)
        return 1.0 if heard is None else heard.response / (t * t) - 1.0

    low, high = -1.0, math.log(4.0 * (1.0 + load))
    while gap(low) < 0.0:
        low -= 1.0
        if low < -100.0:
            return 0.0
    return math.exp(brentq(gap, low, high, xtol=1e-15, rtol=1e-14))


def _load(model: Hopfield) -> float:
    return 0.0 if model.load is None else model.load


def _condensed(model: Hopfield, time: float, temperature: float, name: str, n: int) -> State:
    """Retrieval (n = 1) or a mixture of n patterns, without fields."""
    load = _load(model)
    if temperature >= 1.0:
        return State(name, model, temperature, False, "no pattern condenses at T >= 1")
    if math.isinf(time) and load >= 1.0:
        return State(name, model, temperature, False, "the couplings vanish at load >= 1")
    law = condensate(model.patterns.law(), n)
    equations = SleptEquations(time, law.values[:, np.newaxis], law.weights, np.zeros(1), n)
    found = _located(model, equations, law, load, temperature)
    if isinstance(found, str):
        return State(name, model, temperature, False, found)
    if not found.residual <= 1e-10:
        raise ConvergenceError(f"{name} of {model} at T={temperature!r}", found.residual)
    numbers = equations.observables(found.x, load, temperature)
    stability = numbers["stability"]
    if n > 1:
        width = math.sqrt(max(float(found.x[1]), 0.0))
        split = sum(
            p * broken * moments(value * found.x[0], width, temperature)[2]
            for value, p, broken in zip(law.values, law.weights, law.split, strict=True)
        )
        stability["symmetry"] = float(1.0 - numbers.pop("gain") * split)
    numbers["overlaps"] = numbers["overlaps"] * n
    if model.n_patterns == n:
        del stability["uncondensed"]
    return _finished(model, temperature, name, numbers, found.residual, found.iterations)


def _located(
    model: Hopfield, equations: SleptEquations, law: Condensate, load: float, temperature: float
) -> SaddlePoint | str:
    """The condensed state's (M, v), or why it does not exist."""
    if load == 0.0:
        # Nothing is heard of other patterns: the state is that of Hebb's rule.
        bare = hopfield_rays.find(law, 0.0, temperature)
        if bare.out is None:
            return bare.reason
        return _improved(equations, np.array([bare.out[red.M], 0.0]), 0.0, temperature)
    if law.n == 1 and isinstance(model.patterns, Rademacher):
        # One sheet has a positive longitudinal eigenvalue, however a state on it was found.
        found = from_recall(equations, load, temperature)
        if found.converged and found.x[0] > 1e-6:
            numbers = equations.observables(found.x, load, temperature)
            if numbers["stability"]["longitudinal"] > 0.0:
                return found
        if equations.time > LONG:
            # The surface of `slept_rays` has a sharp corner there; the end of the branch decides.
            from ..capacity import critical_load

            end = critical_load(model, temperature)
            if load > end:
                return f"the branch ends at load {end:.9g}"
            return along_branch(equations, load, temperature)
    seen = find(Sheets(law, equations.time), load, temperature)
    if seen.x is None:
        return seen.reason
    return _improved(equations, seen.x, load, temperature, seen.iterations)


def _improved(
    equations: SleptEquations, x: np.ndarray, load: float, temperature: float, count: int = 0
) -> SaddlePoint:
    """Newton's steps from x on the equations themselves, unless they lead away from x."""
    found = improve(
        lambda y: equations.residual(y, load, temperature),
        x,
        jacobian=lambda y: equations.jacobian(y, load, temperature),
    )
    if not np.max(np.abs(found.x - x)) <= 1e-6 * max(1.0, float(np.max(np.abs(x)))):
        residual = float(np.max(np.abs(equations.residual(x, load, temperature))))
        found = SaddlePoint(x, residual, found.iterations, residual <= 1e-10, "as on the sheet")
    return dataclasses.replace(found, iterations=found.iterations + count)


def _in_fields(model: Hopfield, time: float, temperature: float, fields: list[float]) -> State:
    words, weights = product([model.patterns.law()] * len(fields))
    equations = SleptEquations(time, words, weights, np.array(fields))
    found = from_recall(equations, _load(model), temperature)
    if not found.converged:
        raise ConvergenceError(
            f"retrieval of {model} at T={temperature!r}: {found.message}", found.residual
        )
    numbers = equations.observables(found.x, _load(model), temperature)
    if model.n_patterns == len(fields):
        del numbers["stability"]["uncondensed"]
    return _finished(model, temperature, "retrieval", numbers, found.residual, found.iterations)


def _glass(model: Hopfield, time: float, temperature: float) -> State:
    """The state without overlaps and with v = kappa' q > 0; of several, that of the largest v."""
    from scipy.optimize import brentq

    load, name = _load(model), "spin-glass"
    if load == 0.0:
        return State(name, model, temperature, False, "load is 0: no uncondensed patterns freeze")
    if math.isinf(time) and load >= 1.0:
        return State(name, model, temperature, False, "the couplings vanish at load >= 1")
    parameters = spectrum_parameters(time)
    counts = [0]

    def excess(log_width: float) -> float:
        """The equation for v, as kappa' q/v - 1."""
        counts[0] += 1
        width = math.exp(log_width)
        out = moments(0.0, width, temperature)
        heard = noise(out[2], load, *parameters)
        return math.inf if heard is None else heard.response * out[1] / (width * width) - 1.0

    # v/q = kappa' is at most the largest eigenvalue squared over 1: beyond it there is no root.
    widths = np.linspace(math.log(2.0 * (1.0 + math.sqrt(load)) ** 2), -18.0, 400)
    previous = widths[0]
    for width in widths[1:]:
        if excess(width) > 0.0:
            break
        previous = width
    else:
        reason = f"no freezing at this temperature; T_g = {glass_temperature(load, time):.12g}"
        return State(name, model, temperature, False, reason, iterations=counts[0])
    top = width if math.isfinite(excess(width)) else None
    if top is None:  # Hebb's noise diverges where C = 1: step back to just inside
        top = brentq(lambda w: min(excess(w), 1e3) - 1.0, width, previous, xtol=1e-12)
    width = math.exp(brentq(excess, top, previous, xtol=1e-15, rtol=1e-14))
    equations = SleptEquations(time, np.zeros((1, 1)), np.ones(1), np.zeros(1))
    x = np.array([0.0, width * width])
    numbers = equations.observables(x, load, temperature)
    del numbers["stability"]["longitudinal"]
    residual = float(np.max(np.abs(equations.residual(x, load, temperature))))
    return _finished(model, temperature, name, numbers, residual, counts[0])


def _paramagnet(model: Hopfield, time: float, temperature: float) -> State:
    name = "paramagnet"
    if temperature == 0.0:
        return State(name, model, temperature, False, "not a state at T = 0")
    if noise(1.0 / temperature, _load(model), *spectrum_parameters(time)) is None:
        return State(name, model, temperature, False, "C = 1/T must be below 1")
    equations = SleptEquations(time, np.zeros((1, 1)), np.ones(1), np.zeros(1))
    numbers = equations.observables(np.zeros(2), _load(model), temperature)
    del numbers["stability"]["longitudinal"]
    return _finished(model, temperature, name, numbers, 0.0, 0)


def _finished(
    model: Hopfield, temperature: float, name: str, numbers: dict, residual: float, count: int
) -> State:
    numbers.pop("gain", None)
    if _load(model) == 0.0:
        del numbers["stability"]["replicon"]
    residual /= max(1.0, math.sqrt(_load(model)), temperature)
    state = finished(model, temperature, name, residual=residual, iterations=count, **numbers)
    if temperature == 0.0 and state.r == 0.0:
        # Without noise nothing is left of the eigenvalue but the factor T: it is T times 1.
        state = dataclasses.replace(state, replica_stable=True)
    return state
