"""Critical lines of the dreaming and projection rules in the plane of load and temperature."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np

from ... import _validate as check
from ...errors import ConvergenceError
from ...patterns import Rademacher
from ..capacity import retrieval_line
from ..diagram import PhaseDiagram
from ..lines import Line
from .dreaming import as_hebb, glass_temperature, solve
from .slept_branch import dreaming_time
from .slept_noise import noise, spectrum_parameters

if TYPE_CHECKING:
    from ...hopfield.pairwise import Hopfield

_TOLERANCE = 1e-10  # of loads, relative


def phase_diagram(
    model: Hopfield, *, n_points: int = 100, mixtures: tuple[int, ...] = (3,)
) -> PhaseDiagram:
    """Lines T_M (end of retrieval), T_c (its free energy that of the glass), T_g, mixtures.

    Each but T_g is a load for every temperature of one grid; T_g is a temperature for every load
    of another. From 8 points on, a quarter of the temperatures are 0 and a geometric sequence from
    1e-9 to 0.02, since after long dreams T_c approaches T = 0 like 1/ln(1/T); the others are even
    up to 1. The lines of mixtures are where the curve of mixtures from load 0 ends at each T:
    where curves at neighbouring T are joined differently, they jump (the 3-mixture under the
    projection rule, between T = 0.46 and 0.47). Residuals are in units of load for T_M and
    mixtures as in `retrieval_line`; for T_c the difference of the two free energies; for T_g
    |kappa'/T^2 - 1|. Replica symmetry is assumed throughout. It fails for glass and paramagnet
    at low temperature, where long dreams leave an entropy below zero: T_c is then a lower bound
    of the true line, since the true free energy of the disordered state is higher. For no dreams,
    t = 0, the diagram is that of Hebb's rule. Cost: about 0.1 s per point of T_M and of T_c and
    0.2 s per point of a mixture.
    """
    n_points = check.integer("n_points", n_points, 2)
    mixtures = tuple(
        check.integer(f"mixtures[{i}]", n, 2, 25) for i, n in enumerate(tuple(mixtures))
    )
    if any(model.field):
        raise ValueError(f"field must be zero for a phase diagram, got {model.field!r}")
    time = dreaming_time(model.rule)
    if time == 0.0:
        from .hopfield_lines import phase_diagram as of_hebb

        diagram = of_hebb(as_hebb(model), n_points=n_points, mixtures=mixtures)
        return dataclasses.replace(diagram, model=model)
    grid = _temperatures(n_points)
    ends = _with_origin(retrieval_line(model, grid[:-1].tolist()))
    rows = [_equal_load(model, float(t), float(a)) for t, a in zip(grid, ends.load, strict=True)]
    equal, gaps = np.array(rows).T
    # Dense at small loads: the line leaves load 0 vertically.
    loads = 1.5 * float(np.nanmax(ends.load)) * np.linspace(0.0, 1.0, n_points) ** 2
    freezing = np.array([glass_temperature(load, time) for load in loads])
    lines = {
        "T_M": ends,
        "T_c": Line(
            "retrieval and glass or paramagnet have one free energy",
            equal,
            grid,
            residual=gaps,
            converged=bool(np.all(np.isfinite(equal))),
            ended="all temperatures done",
        ),
        "T_g": Line(
            "paramagnet freezes continuously into the spin glass",
            loads,
            freezing,
            residual=np.array(
                [_off_freezing(a, t, time) for a, t in zip(loads, freezing, strict=True)]
            ),
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


def _temperatures(n_points: int) -> np.ndarray:
    dense = n_points // 4
    if dense < 2:
        return np.linspace(0.0, 1.0, n_points)
    low = np.geomspace(1e-9, 0.02, dense - 1, endpoint=False)
    return np.concatenate([[0.0], low, np.linspace(0.02, 1.0, n_points - dense)])


def _off_freezing(load: float, temperature: float, time: float) -> float:
    """|beta^2 kappa'(beta) - 1|; 0 at the ends of the line, load 0 and T_g = 0, limits both."""
    if load == 0.0 or temperature == 0.0:
        return 0.0
    heard = noise(1.0 / temperature, load, *spectrum_parameters(time))
    return math.inf if heard is None else abs(heard.response / temperature**2 - 1.0)


def _with_origin(line: Line) -> Line:
    """The line with its end, load 0 at T = 1."""
    return dataclasses.replace(
        line,
        load=np.append(line.load, 0.0),
        temperature=np.append(line.temperature, 1.0),
        residual=np.append(line.residual, 0.0),
    )


def _equal_load(model: Hopfield, temperature: float, end: float) -> tuple[float, float]:
    """Load at which retrieval stops being the state of least free energy; nan if it fails.

    With it the difference of the free energies there: 0 where retrieval is the lower up to its
    end, or has none.
    """
    from scipy.optimize import brentq

    time = dreaming_time(model.rule)
    if end == 0.0 or not math.isfinite(end):
        return end, 0.0 if end == 0.0 else math.nan
    if math.isinf(time) and temperature == 0.0 and isinstance(model.patterns, Rademacher):
        return end, 0.0  # no eigenvalue of J exceeds 1: patterns are ground states for load < 1

    def gap(load: float) -> float:
        here = dataclasses.replace(model, load=load, n_patterns=None)
        other = "spin-glass" if temperature < glass_temperature(load, time) else "paramagnet"
        recall, rest = solve(here, temperature), solve(here, temperature, other)
        if recall.free_energy is None or rest.free_energy is None:
            raise ConvergenceError(f"a state was lost at load={load}", math.inf)
        return recall.free_energy - rest.free_energy

    low, high = 1e-3 * end, end * (1.0 - 1e-6)
    try:
        if gap(high) <= 0.0:
            return end, 0.0
        if gap(low) >= 0.0:
            return math.nan, math.nan  # the glass is the lower at every load looked at
        load = float(brentq(gap, low, high, xtol=_TOLERANCE * end, rtol=_TOLERANCE))
        return load, abs(gap(load))
    except ConvergenceError:
        return math.nan, math.nan
