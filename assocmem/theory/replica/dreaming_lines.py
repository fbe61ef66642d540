"""Critical lines of the dreaming and projection rules in the plane of load and temperature."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np

from ... import _validate as check
from ...errors import ConvergenceError
from ..capacity import retrieval_line
from ..diagram import PhaseDiagram
from ..lines import Line
from .dreaming import glass_temperature, solve
from .slept_branch import dreaming_time

if TYPE_CHECKING:
    from ...hopfield.pairwise import Hopfield

_TOLERANCE = 1e-10  # of loads, relative


def phase_diagram(
    model: Hopfield, *, n_points: int = 100, mixtures: tuple[int, ...] = (3,)
) -> PhaseDiagram:
    """Lines T_M (end of retrieval), T_c (its free energy that of the glass), T_g, mixtures.

    Each but T_g is a load for every temperature of an even grid from 0 to 1. Replica symmetry
    is assumed throughout. It fails for glass and paramagnet at low temperature, where long dreams
    leave an entropy below zero: T_c is then a lower bound of the true line, since the true free
    energy of the disordered state is higher. Cost: about 30 ms per point of T_M and of a
    mixture, 60 ms per point of T_c.
    """
    n_points = check.integer("n_points", n_points, 2)
    mixtures = tuple(
        check.integer(f"mixtures[{i}]", n, 2, 25) for i, n in enumerate(tuple(mixtures))
    )
    if any(model.field):
        raise ValueError(f"field must be zero for a phase diagram, got {model.field!r}")
    time = dreaming_time(model.rule)
    grid = np.linspace(0.0, 1.0, n_points)
    ends = _with_origin(retrieval_line(model, grid[:-1].tolist()))
    equal = [_equal_load(model, float(t), float(a)) for t, a in zip(grid, ends.load, strict=True)]
    # Dense at small loads: the line leaves load 0 vertically.
    loads = 1.5 * float(np.nanmax(ends.load)) * np.linspace(0.0, 1.0, n_points) ** 2
    freezing = np.array([glass_temperature(load, time) for load in loads])
    lines = {
        "T_M": ends,
        "T_c": Line(
            "retrieval and glass or paramagnet have one free energy",
            np.array(equal),
            grid,
            residual=np.where(np.isfinite(equal), _TOLERANCE, np.nan),
            converged=bool(np.all(np.isfinite(equal))),
            ended="all temperatures done",
        ),
        "T_g": Line(
            "paramagnet freezes continuously into the spin glass",
            loads,
            freezing,
            residual=np.zeros(n_points),
            ended="shown up to 1.5 times the largest load of retrieval",
        ),
    }
    points = {
        "critical load at T = 0": float(ends.load[0]),
        "load below which retrieval is the ground state": float(equal[0]),
    }
    for n in mixtures:
        line = _with_origin(retrieval_line(model, grid[:-1].tolist(), n_mixed=n))
        lines[f"mixture_{n}"] = line
        points[f"critical load of the {n}-mixture at T = 0"] = float(line.load[0])
    return PhaseDiagram(model, lines, points)


def _with_origin(line: Line) -> Line:
    """The line with its end, load 0 at T = 1."""
    return dataclasses.replace(
        line,
        load=np.append(line.load, 0.0),
        temperature=np.append(line.temperature, 1.0),
        residual=np.append(line.residual, 0.0),
    )


def _equal_load(model: Hopfield, temperature: float, end: float) -> float:
    """Load at which retrieval stops being the state of least free energy; nan if it fails."""
    from scipy.optimize import brentq

    time = dreaming_time(model.rule)
    if end == 0.0 or not math.isfinite(end):
        return end
    if math.isinf(time) and temperature == 0.0:
        return end  # no eigenvalue of J exceeds 1: patterns are ground states at every load < 1

    def gap(load: float) -> float:
        here = dataclasses.replace(model, load=load, n_patterns=None)
        other = "spin-glass" if temperature < glass_temperature(load, time) else "paramagnet"
        recall, rest = solve(here, temperature), solve(here, temperature, other)
        if recall.free_energy is None or rest.free_energy is None:
            raise ConvergenceError(f"a state was lost at load={load}", math.inf)
        return recall.free_energy - rest.free_energy

    high = end * (1.0 - 1e-6)
    try:
        if gap(high) <= 0.0:
            return end
        return float(brentq(gap, 1e-3 * end, high, xtol=_TOLERANCE * end, rtol=_TOLERANCE))
    except (ConvergenceError, ValueError):
        return math.nan
