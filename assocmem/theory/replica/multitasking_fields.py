"""Multitasking networks at low load with external fields on some patterns.

Fields act on the archetypes, not on what was stored, so that words of learned models hold xi and
y jointly where there is a field. Patterns differ by their fields: signs and order matter.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ...errors import ConvergenceError
from ..saddle import follow
from ..state import State
from . import multitasking_search as search
from .multitasking_frozen import _equal, settle, starts_per_component
from .multitasking_minima import Point, _starts, equal_point, most_distinct, told_apart
from .multitasking_words import evaluate, words_of

if TYPE_CHECKING:
    from ...hopfield.multitasking import Multitasking

_DISTINCT = 6
_STEPS = 21


def solve_in_fields(
    model: Multitasking, temperature: float, name: str, n_mixed: int, law: str,
    fields: tuple[float, ...],
) -> State:  # fmt: skip
    """A state in fields on the first patterns; see `multitasking.solve`."""
    if len(fields) > model.n_patterns:
        raise ValueError(
            f"field must have at most one entry per pattern, got {len(fields)} for "
            f"{model.n_patterns} patterns"
        )
    if name in ("retrieval", "hierarchical"):
        return _lowest(model, temperature, name, law, fields)
    if name == "paramagnet":
        if temperature == 0.0:
            return State(name, model, temperature, False, "not a state at T = 0")
        n, value = 0, 0.0
    else:
        n = model.n_patterns if name == "parallel" else n_mixed
        if temperature >= 1.0 - model.dilution:
            reason = f"no pattern condenses without field at T >= 1 - d = {1.0 - model.dilution:g}"
            return State(name, model, temperature, False, reason)
        if temperature == 0.0:
            value = _equal(model, n, law).nu[0]
        else:
            value = equal_point(model, n, temperature, law).nu[0]
    return _raised(model, temperature, name, law, fields, n, value)


def _lowest(model, temperature, name, law, fields) -> State:
    """The lowest of many flows in the fields, or the end of the hierarchical one."""
    from .multitasking import hierarchical_start

    most = max(len(fields), most_distinct(model, law))
    n, count, best = min(max(len(fields), _DISTINCT), model.n_patterns), 0, None
    h = np.pad(np.array(fields), (0, n - len(fields)))
    if name == "hierarchical":
        rows = hierarchical_start(model, n)[None, :]
    else:
        order = np.argsort(-np.abs(h), kind="stable")
        often = 4
        if temperature < 0.1 * (1.0 - model.dilution):
            often = starts_per_component(words_of(model, (1,) * n, law, h))
        starts = _starts(n, model.dilution, often)
        rows = np.empty_like(starts)
        rows[:, order] = starts
        rows = np.concatenate([rows * np.where(h < 0.0, -1.0, 1.0), np.zeros((1, n))])
    for row in rows:
        while True:
            words = words_of(model, (1,) * len(row), law, h)
            found, evaluations = settle(words, row, temperature)
            count += evaluations
            free = 1.0 - (1.0 - model.dilution) * words.averages(found, temperature).C
            if free >= 0.0 or len(row) >= min(most, model.n_patterns):
                break
            tail = max(float(np.min(np.abs(found))), 1e-3)
            row, h = np.append(found, model.dilution * tail), np.append(h, 0.0)
        state = _state(model, temperature, name, law, found, h, count)
        if best is None or state.free_energy < best.free_energy - 1e-14:
            best = state
        h = h[:n]
    best = told_apart(best, max(most, n), law)
    if name == "hierarchical" and best.regime != name:
        values = ", ".join(f"{m:.6g}" for m in best.overlaps)
        reason = f"the flow from (1 - d) d^(mu - 1) ends in a {best.regime} state, m = {values}"
        return State(name, model, temperature, False, reason, iterations=count)
    return best


def _raised(model, temperature, name, law, fields, n, value) -> State:
    """The state with ``n`` equal components, followed as the fields are raised from 0."""
    total = max(n, len(fields))
    h = np.pad(np.array(fields), (0, total - len(fields)))
    condensed = np.arange(total) < n
    keys = [(bool(c), float(x)) for c, x in zip(condensed, h, strict=True)]
    groups = list(dict.fromkeys(keys))
    sizes = tuple(keys.count(key) for key in groups)
    words = words_of(model, sizes, law, [key[1] for key in groups])
    nu = np.array([value if key[0] else 0.0 for key in groups])
    if temperature == 0.0:
        nu, count = settle(words, nu, 0.0)
    else:
        arrays = search.arguments(words)
        gradient, hessian = np.empty(len(nu)), np.empty((len(nu), len(nu)))

        def slope(u, s):
            evaluate(*arrays[:2], s * arrays[2], *arrays[3:], u, temperature, gradient, hessian)
            return gradient.copy()

        def curvature(u, s):
            slope(u, s)
            return hessian.copy()

        path = follow(
            slope, words.roots * nu, np.linspace(0.0, 1.0, _STEPS), jacobian=curvature,
            tolerance=1e-12 * max(1.0, float(np.max(np.abs(nu)))),
        )  # fmt: skip
        count = sum(step.iterations for step in path)
        if not path[-1].converged:
            reason = f"lost as the fields are raised: {path[-1].message}"
            return State(name, model, temperature, False, reason, iterations=count)
        nu = path[-1].x / words.roots
    full = np.array([nu[groups.index(key)] for key in keys])
    return _state(model, temperature, name, law, full, h, count)


def _state(model, temperature, name, law, nu, h, count) -> State:
    """The State of given components; equal ones in equal fields form blocks."""
    from .multitasking import state_at, trimmed

    top, shown = float(np.max(np.abs(nu), initial=0.0)), len(trimmed(h))
    groups: list[tuple[float, float]] = []
    members: list[list[int]] = []
    for i, (x, field) in enumerate(zip(nu, h, strict=True)):
        if i >= shown and abs(x) <= 1e-6 * max(top, 1e-9):
            continue
        for g, (other, same) in enumerate(groups):
            if same == field and abs(other - x) <= 1e-6 * top:
                members[g].append(i)
                break
        else:
            groups.append((float(x), float(field)))
            members.append([i])
    sizes = tuple(len(m) for m in members)
    fields = [g[1] for g in groups]
    words = words_of(model, sizes, law, fields)
    means = np.array([np.mean(nu[m]) for m in members])
    if temperature > 0.0 or words.v > 0.0:
        u = words.roots * means
        residual, _ = search.newton(*search.arguments(words), u, temperature, 60)
        if not residual < 1e-9:
            raise ConvergenceError(
                f"{name} of {model} at T={temperature!r} did not converge", residual
            )
        means = u / words.roots
    place = {i: g for g, m in enumerate(members) for i in m}
    order = [place[i] for i in sorted(place)]
    point = Point(sizes, tuple(float(x) for x in means), math.nan, math.nan)
    return state_at(model, temperature, name, point, law, count, fields, order)
