"""Retrieval of an archetype learned from examples, with an external field on the archetype.

The field h acts on the archetype and not on what was stored, so it does not merge with u = S(n):
the equations are those for n, and b^2 = alpha V(q, C), with local fields S(n) y + h + b z, solved
by Newton's method in ln n and b and followed in h, from h = 0 where retrieval exists there and from
a strong field otherwise.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ...errors import ConvergenceError
from .. import saddle
from ..state import State, finished
from .dense_cases import case_of, limit_load
from .dense_equations import C4, ENTROPY, LC, MEAN, SPLIT, C, Case, N, Q, word_sums
from .dense_rays import find

if TYPE_CHECKING:
    from ...hopfield.dense import Dense


def _sums(case: Case, u: float, b: float, h: float, temperature: float) -> np.ndarray:
    return word_sums(
        case.values, case.weights, case.split, 1, case.v, h / u, b / u, temperature / u
    )  # fmt: skip


def solve_learned(model: Dense, temperature: float, law: str, field: float) -> State:
    """Retrieval at a field h != 0; see `dense.solve`.

    It does not exist where it ends on the way to h, as beyond the coercive field.

    Raises
    ------
    ConvergenceError
        If the way to h could not be started.
    """
    load = limit_load(model)
    case = case_of(model, 1, law)

    strongest = math.sqrt(load) * case.reach
    unit = max(case.slope(1.0), strongest)

    def residual(x: np.ndarray, h: float) -> np.ndarray:
        n, b = math.exp(min(x[0], 10.0)), x[1] * unit
        u = case.slope(n)
        if not u > 1e-200:
            return np.full(2, np.nan)
        sums = _sums(case, u, b, h, temperature)
        q, c = float(sums[Q]), float(sums[C]) / u
        if load > 0.0 and any(1.0 - value * c <= 0.0 for value in case.noise.gap_values):
            return np.full(2, np.nan)
        noise = math.sqrt(load * case.noise.variance(q, c)) if load > 0.0 else 0.0
        if not sums[N] > 0.0:
            return np.full(2, np.nan)
        return np.array([x[0] - math.log(sums[N]), (b - noise) / unit])

    found = find(case, load, temperature).point
    if found is not None:
        start, first = np.array([math.log(found.n), found.sigma * found.u / unit]), 0.0
        track = saddle.follow(residual, start, (first, field))
    elif field < 0.0:
        reason = "it does not exist without the field either, which is against the archetype"
        return State("retrieval", model, temperature, False, reason)
    else:
        first = 1e3 * max(unit, temperature, field)
        start = np.array([math.log(case.values @ case.weights), strongest / unit])
        # In the logarithm: weak fields are as far from the strong one as their order of magnitude.
        track = saddle.follow(
            lambda x, log_h: residual(x, math.exp(log_h)), start, (math.log(first), math.log(field))
        )
    if not track[-1].converged or len(track) < 2:
        message = track[-1].message
        if len(track) < 1 or "outside" in message or "lost" not in message:
            raise ConvergenceError(
                f"retrieval at field {field!r} was not reached from field {first:g}: {message}",
                track[-1].residual,
            )
        reason = f"followed from field {first:g} to {field:g}, it ends on the way: {message}"
        return State("retrieval", model, temperature, False, reason)
    u, b = case.slope(math.exp(track[-1].x[0])), float(track[-1].x[1]) * unit
    sums = _sums(case, u, b, field, temperature)
    n, q, c = float(sums[N]), float(sums[Q]), float(sums[C]) / u
    matrix = saddle.numerical_jacobian(lambda x: residual(x, field), track[-1].x)
    entropy = float(sums[ENTROPY])
    f = n * case.slope(n) - case.condensed(n) - u * float(sums[LC])
    stability = {"longitudinal": float(matrix[0, 0])}
    if load > 0.0:
        f += load * case.noise.free_energy(q, c, temperature)
        entropy += load * case.noise.entropy(q, c)
        stability["longitudinal"] -= float(matrix[0, 1] * matrix[1, 0] / matrix[1, 1])
        stability["replicon"] = temperature - load * case.noise.by_q(q, c) * float(sums[C4]) / u
    if case.has_split:
        stability["symmetry"] = 1.0 - case.curvature(n) * float(sums[SPLIT]) / u
    if case.noise.gap_values:
        stability["uncondensed"] = 1.0 - max(case.noise.gap_values) * c
    return finished(
        model,
        temperature,
        "retrieval",
        overlaps=(float(sums[MEAN]),),
        q=min(1.0, q),
        C=c,
        r=case.noise.variance(q, c),
        free_energy=f,
        energy=f + temperature * entropy,
        entropy=entropy,
        stability=stability,
        residual=track[-1].residual,
        iterations=sum(point.iterations for point in track),
        example_overlap=n,
    )
