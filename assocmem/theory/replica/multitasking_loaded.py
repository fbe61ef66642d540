"""Multitasking networks beyond low load: K = alpha N patterns with blank entries, and K ~ N^delta.

Replica-symmetric theory: some patterns condense, the others make Gaussian noise through the first
two moments of their entries (`multitasking_loaded_equations`). States are named as follows.

- "retrieval": one condensed pattern; spins blank in it are under the noise alone.
- "hierarchical": ``n_mixed`` condensed patterns, each followed by the spins that all before it
  leave blank, m_mu near (1 - d) d^(mu - 1). Noise and temperature change that, continuously up to
  the spinodal where the state ends; `State.regime` says what the overlaps are like.
- "mixture", "parallel": ``n_mixed`` condensed patterns of one overlap.
- "spin-glass", "paramagnet": none; the Hopfield model's with T/(1 - d) for T.

Spins blank in all condensed patterns freeze among themselves: their noise does not vanish with
the load but is sqrt(2/pi) (1 - d) d^P as T and load go to 0. Since that is a spin glass, replica
symmetry is broken at low T, by however little of the noise these spins make. For d > 2/3 no
pattern is retrieved at any extensive load: near T = 1 - d the state of one pattern would have to
beat the others with 3 (1 - d) > 1.

K ~ N^delta patterns are the limit of load 0 with ever more patterns. "hierarchical" has then as
many levels as condense, the least number after which no other pattern does; at T = 0 all of them,
m_mu = (1 - d) d^(mu - 1), listed down to rounding, provided that d <= 1/2. The other states are
those of low load; "uncondensed" says whether further patterns would condense.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import _validate as check
from ..state import State, finished
from . import hopfield
from .hopfield_rays import find as find_equal
from .hopfield_rays import origins
from .hopfield_reduced import condensate
from .multitasking_loaded_branch import MOST, dilution_limit, find, scales
from .multitasking_loaded_equations import Point, point
from .multitasking_loaded_levels import levels_at

if TYPE_CHECKING:
    from ...hopfield.multitasking import Multitasking
    from ..diagram import PhaseDiagram

STATES = ("retrieval", "hierarchical", "mixture", "parallel", "spin-glass", "paramagnet")
_SMALLEST_LOAD = 1e-20
_SMALLEST_DILUTION = 1e-5  # the noise of blank spins is not resolved below it


@dataclass(frozen=True)
class Standardised:
    """The Hopfield model of entries xi/sqrt(1 - d), as the solvers of `hopfield` see it."""

    load: float
    patterns: Any
    n_patterns: None = None
    field: tuple[float, ...] = ()


def checked(model: Multitasking, *, learned: bool = False) -> Standardised:
    """The standardised model; refuses what the theory does not cover.

    ``learned``: whether supervised learning is covered.
    """
    kind = type(model.learning).__name__
    if model.learning is not None and not (learned and kind == "Supervised"):
        raise ValueError(
            "learning must be None where patterns are not few (for solve, Supervised too): "
            "theory of other learning covers a finite number of patterns (n_patterns) alone, "
            f"simulate instead; got {model!r}"
        )
    if model.n_patterns is not None:
        raise ValueError(f"load must be given rather than n_patterns, got {model!r}")
    d = model.dilution
    if 0.0 < d < _SMALLEST_DILUTION:
        raise ValueError(
            f"dilution must be 0 or at least {_SMALLEST_DILUTION:g} at extensive load, got {d!r}"
        )
    if any(model.field) and (d > 0.0 or model.learning is not None):
        raise ValueError(
            "field must be zero for diluted or learned patterns at extensive load, got "
            f"{model.field!r}"
        )
    load = 0.0 if model.exponent is not None else model.load
    if 0.0 < load < _SMALLEST_LOAD:
        raise ValueError(
            f"load must be 0 or at least {_SMALLEST_LOAD:g} (less is not resolved in double "
            f"precision), got {load!r}"
        )
    patterns = model.patterns if d > 0.0 else model.entries
    patterns.law()  # refuses entries that are not independent
    return Standardised(load, patterns, None, tuple(model.field))


def solve(
    model: Multitasking,
    temperature: float,
    state: str = "retrieval",
    *,
    n_mixed: int = 3,
    law: str = "binomial",
) -> State:
    """One state of a model with load or exponent; see the module for their names.

    Parameters
    ----------
    model : Multitasking
        With ``load`` or ``exponent``; for d > 0 or with learning without field. Of models that
        learn, `Supervised` ones are covered, and of their condensed states "retrieval".
    temperature : float
        T >= 0; 0 is exact.
    state : str
        "retrieval", "hierarchical", "mixture", "parallel", "spin-glass" or "paramagnet".
    n_mixed : int
        Number of condensed patterns of "hierarchical" (1 to 12; not used with an exponent), of
        "mixture" and "parallel" (2 to 25).
    law : str
        "binomial", the one law of examples that is covered.

    Returns
    -------
    State
        ``r`` is the variance of the noise over the load, (1 - d)^2 q/(1 - (1 - d) C)^2.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    ConvergenceError
        If existence could not be decided, within rounding of a spinodal.

    References
    ----------
    Amit, Gutfreund, Sompolinsky, Ann. Phys. 173 (1987) 30, for d = 0; derived anew for d > 0.
    """
    temperature = check.real("temperature", temperature, 0.0)
    state = check.choice("state", state, STATES)
    levels = state == "hierarchical"
    n = check.integer("n_mixed", n_mixed, 1 if levels else 2, MOST if levels else 25)
    standard = checked(model, learned=True)
    d, a = model.dilution, 1.0 - model.dilution
    t = temperature / a
    if model.learning is not None and state in ("retrieval", "hierarchical", "mixture", "parallel"):
        return _learned(model, standard, temperature, state, law)
    if levels and standard.load == 0.0 and d > 0.0:
        return _all_levels(model, temperature)
    if d > 0.0 and standard.load > 0.0 and (levels or state == "retrieval"):
        return _hierarchical(model, temperature, state, n if levels else 1)
    if levels and n > 1:
        reason = "no entries are blank (d = 0): no spins are left for a second pattern"
        return State(state, model, temperature, False, reason)
    if state == "spin-glass" and standard.load > 0.0:
        edge = a * (1.0 + math.sqrt(standard.load))
        if temperature >= edge:
            reason = f"T >= T_g = (1 - d)(1 + sqrt(load)) = {edge:.12g}"
            return State(state, model, temperature, False, reason)
    if state == "paramagnet" and temperature > 0.0 and standard.load > 0.0 and t <= 1.0:
        return State(state, model, temperature, False, "(1 - d)/T must be below 1")
    kind = {"parallel": "mixture", "hierarchical": "retrieval"}.get(state, state)
    if kind in ("retrieval", "mixture") and d > 0.0:
        if t >= 1.0:
            reason = f"no pattern condenses at T >= 1 - d = {a:.12g}"
            return State(state, model, temperature, False, reason)
        weights = condensate(standard.patterns.law(), n if kind == "mixture" else 1)
        found = find_equal(weights, standard.load, t)
        if found.out is None:
            reason = f"{found.reason} in units of 1 - d"
            if not origins(weights):
                reason = "it has no beginning at T = 0 and vanishing load, which needs d < 2/3"
            return State(state, model, temperature, False, reason, iterations=found.iterations)
        solved = hopfield._condensed(standard, t, kind, weights, found)
    else:
        solved = hopfield.solve(standard, t, kind, n_mixed=max(n, 2))
    return _rescaled(solved, model, temperature, state)


def phase_diagram(
    model: Multitasking,
    *,
    n_points: int = 100,
    mixtures: tuple[int, ...] = (),
    law: str = "binomial",
) -> PhaseDiagram:
    """All critical lines; see `multitasking_loaded_lines`."""
    from .multitasking_loaded_lines import phase_diagram as trace_all

    return trace_all(model, n_points=n_points, mixtures=mixtures)


def regime_of(overlaps: tuple[float, ...]) -> str:
    """The regime of overlaps, as `State.regime` names them."""
    sizes = sorted((abs(m) for m in overlaps if m != 0.0), reverse=True)
    if not sizes:
        return "ergodic"
    if len(sizes) > 1 and sizes[0] - sizes[-1] <= 1e-7 * sizes[0]:
        return "parallel"
    if all(sizes[i] > sum(sizes[i + 1 :]) for i in range(len(sizes))):
        return "hierarchical"
    return "mixed"


def _learned(
    model: Multitasking, standard: Standardised, temperature: float, name: str, law: str
) -> State:
    """Retrieval of one archetype."""
    from .multitasking_loaded_learned import retrieval

    if name != "retrieval":
        raise ValueError(
            f"state must be 'retrieval', 'spin-glass' or 'paramagnet' for {model!r}: with "
            f"examples at extensive load theory covers one condensed pattern, got {name!r}"
        )
    check.choice("law", law, ("binomial",))
    a = 1.0 - model.dilution
    if temperature >= a:
        reason = f"no pattern condenses at T >= 1 - d = {a:.12g}"
        return State(name, model, temperature, False, reason)
    found, archetype, mean_example = retrieval(model, standard, temperature)
    state = _rescaled(found, model, temperature, name)
    if not state.exists:
        return state
    return dataclasses.replace(state, overlaps=(archetype,), example_overlaps=(mean_example,))


def _rescaled(found: State, model: Multitasking, temperature: float, name: str) -> State:
    """A state of the standardised model in the units of the multitasking one."""
    if not found.exists:
        return dataclasses.replace(found, name=name, model=model, temperature=temperature)
    a = 1.0 - model.dilution
    stability = dict(found.stability)
    if "replicon" in stability:
        stability["replicon"] *= a
    overlaps = tuple(m * math.sqrt(a) for m in found.overlaps)
    return dataclasses.replace(
        found,
        name=name,
        model=model,
        temperature=temperature,
        overlaps=overlaps,
        C=found.C / a,
        r=found.r * a * a,
        free_energy=found.free_energy * a,
        energy=found.energy * a,
        stability=stability,
        regime=regime_of(overlaps),
    )


def _hierarchical(model: Multitasking, temperature: float, name: str, n: int) -> State:
    """``n`` levels at a load > 0 and d > 0."""
    d, load = model.dilution, model.load
    a = 1.0 - d
    if temperature >= a:
        reason = f"no pattern condenses at T >= 1 - d = {a:.12g}"
        return State(name, model, temperature, False, reason)
    root = math.sqrt(load)
    found = find(n, d, root, temperature / a)
    if found.y is None:
        reason = f"at T = 0 {n} condensed patterns need d below {dilution_limit(n):.12g}"
        if n == 1:
            reason = "a condensed pattern needs d below 2/3 at extensive load"
        elif temperature > 0.0:
            reason += ", and at this T a d not far above that"
        return State(name, model, temperature, False, reason)
    if not found.reached:
        way = (
            "from the origin at fixed sqrt(load)/T"
            if d < 0.5 or d <= dilution_limit(n)
            else "from vanishing load"
        )
        reason = (
            f"followed {way}, it ends at load {found.place[0] ** 2:.12g}, "
            f"T {found.place[1] * a:.12g}"
        )
        return State(name, model, temperature, False, reason, iterations=found.iterations)
    units = scales(n, d)
    v, b = found.y[:n] * units[:n], float(found.y[n] * units[n])
    p = point(v, d, b, temperature / a)
    return _state(model, temperature, name, p, root, found.iterations)


def _state(
    model: Multitasking, temperature: float, name: str, p: Point, root: float, count: int
) -> State:
    """The State at a solution."""
    a, t, load = 1.0 - model.dilution, p.t, root * root
    gap = p.gap
    residual = float(np.max(np.abs(p.v - p.pull)))
    if load > 0.0:
        noise = abs(p.b * gap - root * math.sqrt(p.q)) / max(1.0, root)
        residual = max(residual, noise)
        gap = root * math.sqrt(p.q) / p.b  # relatively accurate where it is small
    square = a * float(p.v @ p.v)
    free_energy, energy, entropy = 0.5 * square - p.log2cosh, -0.5 * square, p.entropy
    hessian = np.eye(len(p.v)) - p.stiffness
    stability = {}
    if load > 0.0:
        log_gap = math.log(gap) if gap < 0.5 else math.log1p(-p.c)
        free_energy += 0.5 * load * (1.0 + t * log_gap)
        free_energy += 0.5 * p.b * p.b * p.c - 0.5 * p.b * root * math.sqrt(p.q)
        energy -= 0.5 * p.b * p.b * p.c + 0.5 * load * p.c / gap
        entropy -= 0.5 * load * (log_gap + p.c / gap)
        factor = -p.b + 0.5 * t * root / math.sqrt(p.q)
        weight = p.b * factor / (gap + factor * p.c_b) / a
        hessian = hessian + weight * np.outer(p.slope, p.slope)
        stability["replicon"] = a * (t - p.c4 * p.b * p.b / p.q)
    stability["longitudinal"] = float(np.linalg.eigvalsh(hessian)[0])
    stability["uncondensed"] = gap
    overlaps = tuple(float(m) for m in a * p.v)
    return finished(
        model,
        temperature,
        name,
        overlaps=overlaps,
        q=min(1.0, p.q),
        C=p.c / a,
        r=a * a * p.q / (gap * gap) if gap != 0.0 else math.inf,
        free_energy=a * free_energy,
        energy=a * energy,
        entropy=entropy,
        stability=stability,
        residual=residual,
        iterations=count,
        regime=regime_of(overlaps),
    )


def _all_levels(model: Multitasking, temperature: float) -> State:
    """The hierarchical state of infinitely many patterns at load 0."""
    name, d = "hierarchical", model.dilution
    a = 1.0 - d
    t = temperature / a
    if t >= 1.0:
        reason = f"no pattern condenses at T >= 1 - d = {a:.12g}"
        return State(name, model, temperature, False, reason)
    if t == 0.0:
        return _cold_levels(model)
    first = max(1, math.ceil(math.log(t) / math.log(d)))  # with fewer, c >= d^n/t > 1
    count = 0
    for n in range(first, first + 60):
        if d > 0.5 and 1.0 - 2.0 * d + d**n <= 0.0:
            reason = f"{n} levels would condense, which are no state at T = 0: 1 - 2 d + d^n <= 0"
            return State(name, model, temperature, False, reason, iterations=count)
        p, used, ended = levels_at(n, d, t)
        count += used
        if p is None:
            reason = f"{n} levels would condense, but end at T = {ended * a:.12g}"
            return State(name, model, temperature, False, reason, iterations=count)
        if p.gap >= 0.0:
            return _state(model, temperature, name, p, 0.0, count)
    raise AssertionError("more levels condense than fields beat T")  # c < 1 long before


def _cold_levels(model: Multitasking) -> State:
    name, d = "hierarchical", model.dilution
    a = 1.0 - d
    if d > 0.5:
        reason = "a hierarchy of all patterns needs d <= 1/2 at T = 0: its fields are 1 - 2 d"
        return State(name, model, 0.0, False, reason)
    n = max(1, math.ceil(math.log(1e-17) / math.log(d)))
    overlaps = tuple(a * d**k for k in range(n))
    energy = -0.5 * a / (1.0 + d)  # -(1/2) sum of the squares
    return finished(
        model, 0.0, name, overlaps=overlaps, q=1.0, C=0.0, r=a * a, free_energy=energy,
        energy=energy, entropy=0.0, stability={"longitudinal": 1.0}, residual=0.0, iterations=0,
        regime="hierarchical",
    )  # fmt: skip
