"""Replica-symmetric states of the Hopfield model with Hebb's rule.

Equations and coordinates: `hopfield_reduced`. Sources: Amit, Gutfreund, Sompolinsky, Phys. Rev.
A 32 (1985) 1007 (alpha = 0, mixtures and their stability); Phys. Rev. Lett. 55 (1985) 1530 and
Ann. Phys. 173 (1987) 30 (alpha > 0); Phys. Rev. A 35 (1987) 2293 (biased patterns). The eigenvalue
of de Almeida and Thouless is 1 - alpha beta^2 E sech^4/(1 - C)^2.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ... import _validate as check
from ..gaussian import moments
from ..state import State, finished
from . import hopfield_reduced as red
from .hopfield_fields import frozen_in_fields, solve_in_fields
from .hopfield_glass import glass_tau
from .hopfield_rays import Found, find
from .hopfield_reduced import Condensate, condensate

if TYPE_CHECKING:
    from ...hopfield.pairwise import Hopfield
    from ..diagram import PhaseDiagram

_SMALLEST_LOAD = 1e-20  # below it 1 - C of even mixtures, of order sqrt(load), is lost

STATES = ("retrieval", "mixture", "spin-glass", "paramagnet")


def solve(
    model: Hopfield, temperature: float, state: str = "retrieval", *, n_mixed: int = 3
) -> State:
    """One state of the model; see `assocmem.theory.solve`."""
    temperature = check.real("temperature", temperature, 0.0)
    state = check.choice("state", state, STATES)
    n_mixed = check.integer("n_mixed", n_mixed, 2, 25)
    n = n_mixed if state == "mixture" else 1
    if state == "mixture" and model.n_patterns is not None and n > model.n_patterns:
        raise ValueError(f"n_mixed must be at most n_patterns={model.n_patterns}, got {n_mixed}")
    if 0.0 < model.load < _SMALLEST_LOAD:
        raise ValueError(
            f"load must be 0 or at least {_SMALLEST_LOAD:g} (less is not resolved in double "
            f"precision), got {model.load!r}"
        )
    fields = list(model.field)
    while fields and fields[-1] == 0.0:
        fields.pop()
    condensed = state in ("retrieval", "mixture")
    if fields:
        frozen = frozen_in_fields(model, temperature, state, n, fields)
        if frozen is not None:
            return frozen
    if fields and not (condensed and len(fields) == n and len(set(fields)) == 1):
        return solve_in_fields(model, temperature, state, n, fields)
    if condensed:
        law = condensate(model.patterns.law(), n, fields[0] if fields else 0.0)
        if not fields and temperature >= 1.0:
            return State(state, model, temperature, False, "no pattern condenses at T >= 1")
        found = find(law, model.load, temperature)
        if found.cut:
            return solve_in_fields(model, temperature, state, n, fields)
        if found.out is None:
            return State(
                state, model, temperature, False, found.reason, iterations=found.iterations
            )
        return _condensed(model, temperature, state, law, found)
    if state == "spin-glass":
        return _glass(model, temperature)
    return _paramagnet(model, temperature)


def phase_diagram(
    model: Hopfield, *, n_points: int = 100, mixtures: tuple[int, ...] = (3,)
) -> PhaseDiagram:
    """All critical lines; see `assocmem.theory.phase_diagram`."""
    from .hopfield_lines import phase_diagram as trace_all

    return trace_all(model, n_points=n_points, mixtures=mixtures)


def _condensed(
    model: Hopfield, temperature: float, name: str, law: Condensate, found: Found
) -> State:
    out = found.out
    load, root = model.load, math.sqrt(model.load)
    m, b, c = (float(out[i]) for i in (red.M, red.B, red.C))
    q = min(1.0, float(out[red.Q]))
    u = float(out[red.U])
    stability = {"longitudinal": float(out[red.LONGITUDINAL])}
    if load > 0.0:
        stability["replicon"] = float(out[red.REPLICON])
    if law.n > 1:
        stability["symmetry"] = float(out[red.SYMMETRY])
    if model.n_patterns != law.n:
        stability["uncondensed"] = float(out[red.GAP])
    if math.isinf(c):  # sites without a field at T = 0 (even n): nothing holds them
        stability = {key: -math.inf if key != "replicon" else 0.0 for key in stability}
    # Residual: the two equations with b and m at the load and temperature asked for.
    averages = [moments(x * u, b, temperature) for x in law.values]
    m_again = sum(
        p * x * g[0] for x, p, g in zip(law.values, law.weights, averages, strict=True)
    ) / law.n  # fmt: skip
    residual = abs(m - m_again)
    if load > 0.0:
        q_again = sum(p * g[1] for p, g in zip(law.weights, averages, strict=True))
        c_again = sum(p * g[2] for p, g in zip(law.weights, averages, strict=True))
        noise = abs(b * (1.0 - c_again) - root * math.sqrt(q_again)) / max(1.0, root)
        residual = max(residual, noise, abs(q - q_again))
    # Relatively accurate also where 1 - C is tiny (mixtures with free sites at small load).
    gap = root * math.sqrt(q) / b if load > 0.0 else float(out[red.GAP])
    energy = -law.n * m * (0.5 * m + law.field)
    if load > 0.0:
        energy -= 0.5 * b * b * c + 0.5 * load * c / gap
    return finished(
        model,
        temperature,
        name,
        overlaps=(m,) * law.n,
        q=q,
        C=c,
        r=q / (gap * gap),
        free_energy=float(out[red.F]),
        energy=energy,
        entropy=float(out[red.ENTROPY]),
        stability=stability,
        residual=residual,
        iterations=found.iterations,
    )


def _glass(model: Hopfield, temperature: float) -> State:
    load, root = model.load, math.sqrt(model.load)
    name = "spin-glass"
    if load == 0.0:
        return State(name, model, temperature, False, "load is 0: no uncondensed patterns freeze")
    if temperature >= 1.0 + root:
        return State(
            name, model, temperature, False, f"T >= T_g = 1 + sqrt(load) = {1.0 + root:.12g}"
        )
    tau, count = glass_tau(root, temperature)
    out = red.glass(root, tau)
    b, q, c, gap = (float(out[i]) for i in (red.G_B, red.G_Q, red.G_C, red.G_GAP))
    again = moments(0.0, b, temperature)
    residual = max(
        abs(b * (1.0 - again[2]) - root * math.sqrt(again[1])) / max(1.0, root),
        abs(q - again[1]),
    )
    return finished(
        model,
        temperature,
        name,
        overlaps=(0.0,),
        q=q,
        C=c,
        r=q / (gap * gap),
        free_energy=float(out[red.G_F]),
        energy=-0.5 * b * b * c - 0.5 * load * c / gap,
        entropy=float(out[red.G_ENTROPY]),
        stability={"replicon": float(out[red.G_REPLICON]), "uncondensed": gap},
        residual=residual,
        iterations=count,
    )


def _paramagnet(model: Hopfield, temperature: float) -> State:
    load, name = model.load, "paramagnet"
    if temperature == 0.0 or (load > 0.0 and temperature <= 1.0):
        reason = "C = 1/T must be below 1" if temperature > 0.0 else "not a state at T = 0"
        return State(name, model, temperature, False, reason)
    c = 1.0 / temperature
    gap = (temperature - 1.0) / temperature
    stability = {"uncondensed": gap}
    noise = slope = 0.0
    if load > 0.0:
        ratio = math.sqrt(load) / (temperature - 1.0)
        stability["replicon"] = temperature * (1.0 - ratio * ratio)
        noise = math.log1p(-c) if c < 0.5 else math.log(gap)
        slope = noise + c / gap
    return finished(
        model,
        temperature,
        name,
        overlaps=(0.0,),
        q=0.0,
        C=c,
        r=0.0,
        free_energy=0.5 * load * (1.0 + temperature * noise) - temperature * math.log(2.0),
        energy=-0.5 * load * c / gap if load > 0.0 else 0.0,
        entropy=math.log(2.0) - 0.5 * load * slope,
        stability=stability,
        residual=0.0,
        iterations=0,
    )
