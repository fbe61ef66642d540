"""Multitasking networks at low load and T = 0.

Without learning the states are those of `multitasking_zero`, found by integers. With it they are
ends of nu <- E y sgn(y.nu), which never raises the energy: the iteration stops after finitely many
steps for the exact law of examples, and for the Gaussian one f is smooth at T = 0 too.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..state import State, finished
from . import multitasking_search as search
from .multitasking_minima import Point, _starts, most_distinct, told_apart
from .multitasking_words import MOST_WORDS, Words, words_of

if TYPE_CHECKING:
    from ...hopfield.multitasking import Multitasking

_MOST = 2000


def solve_frozen(model: Multitasking, name: str, n_mixed: int, law: str) -> State:
    """A state at T = 0 without fields, not the paramagnet; see `multitasking.solve`."""
    from .multitasking import hierarchical_start, state_at

    total, d = model.n_patterns, model.dilution
    if name in ("parallel", "mixture"):
        n = total if name == "parallel" else n_mixed
        point, count = _equal(model, n, law), 1
    elif name == "hierarchical":
        if model.learning is None:
            return _hierarchical(model)
        n = min(total, most_distinct(model, law, MOST_WORDS))
        point, count = _end(model, hierarchical_start(model, n), law)
    elif model.learning is None:
        from .multitasking_zero import fixed_points

        if total > 12:
            raise ValueError(
                f"n_patterns must be at most 12 for retrieval at T = 0, got {total}; "
                "the hierarchical state has no such bound"
            )
        found = fixed_points(total, d)
        point, count = _gathered(model, np.array(found.ground.overlaps, dtype=float), law), 1
    else:
        n = min(total, most_distinct(model, law))
        often = starts_per_component(words_of(model, (1,) * n, law))
        ends = [_end(model, row, law) for row in _starts(n, d, often)]
        count = sum(evaluations for _, evaluations in ends)
        point = min(
            (p for p, _ in ends if p.residual < 1e-12), key=lambda p: p.f, default=ends[0][0]
        )
    found = state_at(model, 0.0, name, point, law, count)
    if name in ("retrieval", "hierarchical") and model.learning is not None:
        found = told_apart(found, n, law)
    if name == "hierarchical" and found.regime != name:
        values = ", ".join(f"{m:.6g}" for m in found.overlaps)
        reason = f"the flow from (1 - d) d^(mu - 1) ends in a {found.regime} state, m = {values}"
        return State(name, model, 0.0, False, reason, iterations=count)
    return found


def starts_per_component(words: Words) -> int:
    """Random starts for each component in a cold search, where states are many: 120 to 4."""
    budget = 5e4 if words.v > 0.0 else 3e6
    return int(min(120.0, max(4.0, budget / words.y.size)))


def settle(words: Words, nu: np.ndarray, temperature: float) -> tuple[np.ndarray, int]:
    """End of the flow nu <- E y tanh at any T >= 0, and evaluations."""
    if temperature > 0.0 or words.v > 0.0:
        u = words.roots * nu
        _, _, count = search.descend(*search.arguments(words), u, temperature, 1e-3, 50_000)
        return u / words.roots, count
    count = 0
    while count < _MOST:
        count += 1
        step = words.frozen(nu)[1]
        nu = nu - step
        if np.max(np.abs(step), initial=0.0) < 1e-15:
            break
    return nu, count


def _end(model: Multitasking, nu: np.ndarray, law: str) -> tuple[Point, int]:
    words = words_of(model, (1,) * len(nu), law)
    found, count = settle(words, nu, 0.0)
    return _gathered(model, found, law), count


def _gathered(model: Multitasking, nu: np.ndarray, law: str) -> Point:
    """The point of given components; those within 1e-9 of each other are equal."""
    nu = np.sort(np.abs(nu))[::-1]
    nu = nu[nu > 1e-9 * nu[0]]
    starts = np.flatnonzero(np.r_[True, -np.diff(nu) > 1e-9 * nu[0]])
    sizes = tuple(int(n) for n in np.diff(np.r_[starts, len(nu)]))
    means = np.add.reduceat(nu, starts) / sizes
    words = words_of(model, sizes, law)
    if words.v > 0.0:
        f, gradient, _ = words.at(means, 0.0)
    else:
        f, gradient, _ = words.frozen(means)
    residual = float(np.max(np.abs(gradient)))
    return Point(sizes, tuple(float(x) for x in means), float(f), residual)


def _equal(model: Multitasking, n: int, law: str) -> Point:
    """Of n equal components: nu = E|S|/n; spins with S = 0 are free."""
    words = words_of(model, (n,), law)
    at = words.at if words.v > 0.0 else words.frozen
    nu = 1.0 - float(at((1.0,), *((0.0,) if words.v > 0.0 else ()))[1][0])
    return _gathered(model, np.full(n, nu), law)


def _hierarchical(model: Multitasking) -> State:
    """m_mu = (1 - d) d^(mu - 1), stored without learning; strict for 1 - 2 d + d^K > 0."""
    total, d, name = model.n_patterns, model.dilution, "hierarchical"
    if d > 0.5 and total > 1 and 1.0 - 2.0 * d + d**total <= 0.0:
        reason = f"1 - 2 d + d^K = {1.0 - 2.0 * d + d**total:.6g} is not positive"
        return State(name, model, 0.0, False, reason)
    n = 1 if d == 0.0 else min(total, max(1, math.ceil(-700.0 / math.log(d))), _MOST)
    m = (1.0 - d) * d ** np.arange(n)
    free = d**total
    energy = -0.5 * (1.0 - d) * (1.0 - free * free) / (1.0 + d)
    stability = {"longitudinal": 1.0}
    if n < total:
        stability["uncondensed"] = -math.inf if free > 0.0 else 1.0
    return finished(
        model,
        0.0,
        name,
        overlaps=tuple(float(x) for x in m),
        q=1.0 - free,
        C=math.inf if free > 0.0 else 0.0,
        r=0.0,
        free_energy=energy,
        energy=energy,
        entropy=free * math.log(2.0),
        stability=stability,
        residual=0.0,
        iterations=1,
        regime=name,
    )
