"""Replica-symmetric states of dense models.

Equations and coordinates: `dense_equations`; noise: `dense_noise`; states without a condensed
pattern: `dense_glass`. Sources: Gardner, J. Phys. A 20 (1987) 3453 (storing); arXiv 2212.00606
(supervised) and 2211.14067 (unsupervised learning). The eigenvalue of de Almeida and Thouless is
1 - alpha beta^2 g''(q) E sech^4.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from ... import _validate as check
from ..state import State, finished
from . import dense_glass as glassy
from .dense_cases import LAWS, case_of, hebbian, is_hebbian, limit_load
from .dense_equations import MEAN, Case, N, Point, Q, numbers, word_sums
from .dense_noise import noise_of
from .dense_rays import find

if TYPE_CHECKING:
    from ...hopfield.dense import Dense
    from ..diagram import PhaseDiagram

STATES = ("retrieval", "mixture", "spin-glass", "paramagnet")
_SMALLEST_LOAD = 1e-20


def solve(
    model: Dense,
    temperature: float,
    state: str = "retrieval",
    *,
    n_mixed: int = 3,
    law: str = "binomial",
) -> State:
    """One state of the model; see `assocmem.theory.solve`.

    Retrieval is the state that grows out of the stored pattern, mixtures the symmetric ones. With
    learning, ``overlaps`` is the overlap m with the archetype and ``example_overlap`` is
    n = E y tanh, that with what was stored. Energies leave out the mean over all configurations
    (`dense_noise.mean_energy`). The eigenvalue "longitudinal" is divided by F''(n). Cost: 0.3 to
    10 ms, times the number of words of the law of examples.

    Parameters
    ----------
    model : Dense
        With an energy of finite degree, or an exponential one (see `exponential`).
    temperature : float
        T >= 0.
    state : str
        "retrieval", "mixture" (storing only), "spin-glass" (replica-symmetric, q > 0, where it
        exists; the true glass of degree 3 and more is that of `solve_rsb`) or "paramagnet"
        (q = 0).
    n_mixed : int
        Patterns in a mixture.
    law : str
        Law of the mean example: "binomial", exact, or "gaussian", its limit for many examples.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range, or the theory is not known.
    ConvergenceError
        If existence could not be decided (within rounding of a critical line).
    """
    if model.p is None:
        from .exponential import solve as solve_exponential

        return solve_exponential(model, temperature, state)
    known(model)
    temperature = check.real("temperature", temperature, 0.0)
    state = check.choice("state", state, STATES)
    n_mixed = check.integer("n_mixed", n_mixed, 2, 25)
    law = check.choice("law", law, LAWS)
    load = limit_load(model)
    if 0.0 < load < _SMALLEST_LOAD:
        raise ValueError(f"load must be 0 or at least {_SMALLEST_LOAD:g}, got {load!r}")
    if is_hebbian(model):
        from .hopfield import solve as solve_hopfield

        found = solve_hopfield(hebbian(model), temperature, state, n_mixed=n_mixed)
        return dataclasses.replace(found, model=model)
    field = field_of(model)
    if state == "mixture":
        _check_mixture(model, n_mixed, field)
        return _condensed(model, temperature, state, case_of(model, n_mixed), load)
    if state == "retrieval":
        if field != 0.0 and model.learning is not None:
            from .dense_fields import solve_learned

            return solve_learned(model, temperature, law, field)
        return _condensed(model, temperature, state, case_of(model, 1, law, field), load)
    if field != 0.0:
        raise ValueError(f"field must be zero for the {state} of a dense model, got {model.field}")
    return (_glass if state == "spin-glass" else _paramagnet)(model, temperature, load)


def phase_diagram(
    model: Dense, *, n_points: int = 100, mixtures: tuple[int, ...] = (), law: str = "binomial"
) -> PhaseDiagram:
    """All critical lines; see `assocmem.theory.phase_diagram`."""
    if model.p is None:
        from .exponential import phase_diagram as lines_of_exponential

        return lines_of_exponential(model, n_points=n_points)
    from .dense_lines import phase_diagram as trace_all

    return trace_all(model, n_points=n_points, mixtures=mixtures, law=law)


def known(model: Dense) -> None:
    """Refuse energies without a replica theory here."""
    energy = model.energy
    if energy.degree is None or energy.logarithmic:
        raise TypeError(
            "model must have an energy of finite degree (PBody, FullPower, Separable) for replica "
            f"theory, got {energy!r}"
        )
    if energy.degree < 2:
        raise ValueError(f"energy must have degree 2 or more, got {energy!r}")


def field_of(model: Dense) -> float:
    """The field on the first archetype; fields on others are refused."""
    fields = list(model.field)
    while fields and fields[-1] == 0.0:
        fields.pop()
    if len(fields) > 1:
        raise ValueError(
            f"field must act on the first pattern alone in the theory of dense models, "
            f"got {model.field!r}"
        )
    return fields[0] if fields else 0.0


def _check_mixture(model: Dense, n_mixed: int, field: float) -> None:
    if model.learning is not None:
        raise ValueError(f"learning must be None for mixtures, got {model.learning!r}")
    if field != 0.0:
        raise ValueError(f"field must be zero for mixtures of dense models, got {model.field!r}")
    if model.n_patterns is not None and n_mixed > model.n_patterns:
        raise ValueError(f"n_mixed must be at most n_patterns={model.n_patterns}, got {n_mixed}")


def _condensed(model: Dense, temperature: float, name: str, case: Case, load: float) -> State:
    found = find(case, load, temperature)
    if found.point is None:
        return State(name, model, temperature, False, found.reason, iterations=found.iterations)
    point = found.point
    return state_of(model, temperature, name, case, load, point, found.iterations)


def state_of(
    model: Dense,
    temperature: float,
    name: str,
    case: Case,
    load: float,
    point: Point,
    iterations: int,
) -> State:
    """The State at a point of the map, with its residual at the load and temperature asked for."""
    out = numbers(case, point, temperature, load)
    entropy = out["entropy"]
    m = float(point.sums[MEAN]) if case.parts == 1 else point.n
    # The equations at (n, q, C) found and the load and temperature asked for.
    u = case.slope(point.n) + case.field
    b = math.sqrt(load * out["r"])
    again = word_sums(
        case.values, case.weights, case.split, case.parts, case.v, 0.0, b / u, temperature / u
    )
    # b^2 is sensitive to rounding of C near the end of pairwise noise: compare b itself.
    residual = max(
        abs(float(again[N]) - point.n),
        abs(float(again[Q]) - point.q),
        abs(b - out["b"]) / max(case.reach * math.sqrt(load), 1e-300) if load > 0.0 else 0.0,
    )
    return finished(
        model,
        temperature,
        name,
        overlaps=(m,) * case.parts,
        q=min(1.0, point.q),
        C=point.c,
        r=out["r"],
        free_energy=out["free_energy"],
        energy=out["free_energy"] + temperature * entropy,
        entropy=entropy,
        stability=out["stability"],
        residual=residual,
        iterations=iterations,
        example_overlap=None if model.learning is None else point.n,
    )


def _glass(model: Dense, temperature: float, load: float) -> State:
    name = "spin-glass"
    if load == 0.0:
        reason = "load is 0: no uncondensed patterns freeze"
        return State(name, model, temperature, False, reason)
    noise = noise_of(model)
    tau, highest = glassy.glass_tau(noise, load, temperature)
    if tau is None:
        return State(name, model, temperature, False, f"T >= {highest:.12g}, where q > 0 ends")
    found = glassy.glass_at(noise, load, tau, temperature)
    return _without(model, name, found, noise.variance(found.q, found.c))


def _paramagnet(model: Dense, temperature: float, load: float) -> State:
    name, noise = "paramagnet", noise_of(model)
    reason = ""
    if load > 0.0 and glassy.random_fields(noise):
        reason = (
            "the noise acts as a random field (g'(0) > 0), so that q > 0 at every temperature: "
            "ask for the spin-glass"
        )
    elif temperature == 0.0:
        reason = "not a state at T = 0" + (", where its entropy is -infinity" if load > 0 else "")
    elif noise.gap_values and temperature <= max(noise.gap_values):
        reason = f"C = 1/T must be below {1.0 / max(noise.gap_values):g}"
    if reason:
        return State(name, model, temperature, False, reason)
    return _without(model, name, glassy.paramagnet_at(noise, load, temperature), 0.0)


def _without(model: Dense, name: str, found: glassy.Glass, r: float) -> State:
    stability = {}
    if limit_load(model) > 0.0:
        stability["replicon"] = found.replicon
    if found.gap is not None:
        stability["uncondensed"] = found.gap
    return finished(
        model,
        found.t,
        name,
        overlaps=(0.0,),
        q=found.q,
        C=found.c,
        r=r,
        free_energy=found.free_energy,
        energy=found.free_energy + found.t * found.entropy,
        entropy=found.entropy,
        stability=stability,
        residual=found.residual,
        iterations=1,
        example_overlap=None if model.learning is None else 0.0,
    )
