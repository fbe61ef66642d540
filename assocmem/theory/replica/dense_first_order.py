"""T_c of dense models, where retrieval has the free energy of the state without a pattern.

That state is the one replica symmetry has there: the glass where it starts continuously or is
forced by random fields, otherwise the paramagnet, whose entropy is positive above T_K only.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq

from ..lines import Curve, Event, Line
from . import dense_glass as glassy
from .dense_capacity import equal_temperature
from .dense_equations import Case, at, numbers
from .dense_rays import at_y, origin
from .dense_traces import ROOT_MIN, concatenated, fold, line_of, traced


def _continuous(case: Case) -> bool:
    """Whether replica symmetry has a glass that the paramagnet turns into without a jump."""
    noise = case.noise
    if noise.gap_values or glassy.random_fields(noise):
        return True
    return glassy.freezing(noise, 1.0) > 0.0 and math.isclose(
        glassy.glass_tau(noise, 1.0, 1e-6)[1], glassy.freezing(noise, 1.0)
    )


def _against_glass(case: Case):
    """Equal T and f of retrieval (y) and glass (asinh of its tau) at the load of the former."""

    @lru_cache(maxsize=8)  # differences by the third coordinate leave the point where it is
    def at_point(first, second):
        return at_y(case, np.array([first, second]))

    def system(y):
        if not (np.all(y > -0.1) and np.all(y < 40.0)):
            return np.full(2, np.nan)
        point = at_point(y[0], y[1])
        if not (point.u > 0.0 and point.root > 0.0):
            return np.full(2, np.nan)
        load, tau = point.root**2, abs(math.sinh(y[2]))
        glass = glassy.glass_at(case.noise, load, tau)
        sign = 1.0 if y[2] >= 0.0 else -1.0
        f = numbers(case, point, point.t, load)["free_energy"]
        return np.array([(sign * glass.t - point.t) / point.u, (glass.free_energy - f) / point.u])

    return system


def _against_paramagnet(case: Case):
    def system(y):
        if not (-0.1 < y[0] < 25.0 and 0.0 < y[1] < 25.0):
            return np.array([np.nan])
        point = at_y(case, y)
        if not point.u > 0.0:
            return np.array([np.nan])
        load = point.root**2
        f = numbers(case, point, point.t, load)["free_energy"]
        other = glassy.paramagnet_at(case.noise, load, point.t).free_energy
        return np.array([(f - other) / point.u])

    return system


def first_order(case, sigma_c, extrema, n_points, lines, points, notes) -> None:
    """T_c from load 0 against the paramagnet, from T = 0 against a continuous glass."""
    continuous = _continuous(case)
    noise = case.noise
    tau = equal_temperature(case, extrema[0]) if extrema else None
    if tau is not None and at(case, 0.0, tau).t > max(noise.gap_values, default=0.0):
        points["thermodynamic temperature at load 0"] = at(case, 0.0, tau).t
    if continuous:
        _with_glass(case, sigma_c, n_points, lines, points, notes)
    elif tau is not None:
        _with_paramagnet(case, tau, n_points, lines, points)
        bound = _annealed_bound(case, sigma_c)
        points["load below which retrieval is surely the ground state (annealed bound)"] = bound


def _with_glass(case, sigma_c, n_points, lines, points, notes) -> None:
    sigma = _ground_state(case, sigma_c)
    if sigma is None:
        notes.append("retrieval and glass do not cross in free energy at T = 0: no line T_c")
        return
    points["load below which retrieval is the ground state"] = at(case, sigma, 0.0).root ** 2
    system = _against_glass(case)
    events = [Event("load -> 0", lambda y, t: at_y(case, y[:2]).root - ROOT_MIN)]
    if not glassy.random_fields(case.noise):
        far = 6.0 if case.noise.gap_values else 4.0
        events.append(Event("glass ends", lambda y, t: far - y[2]))
    start, along = np.array([math.asinh(sigma), 0.0, 0.0]), np.array([0.0, 1.0, 1.0])
    curve = traced("T_c", system, start, along, events, max_step=0.1)
    name = "retrieval and spin glass have one free energy"
    line = line_of(
        name, case, curve, system, n_points, evaluate=lambda case, y: at_y(case, y[:2])
    )  # fmt: skip
    lines["T_c"] = _above_freezing(case, line, curve, n_points)


def _with_paramagnet(case, tau, n_points, lines, points) -> None:
    system, marginal = _against_paramagnet(case), fold(case)

    def entropy(y, t):
        point = at_y(case, y)
        return glassy.paramagnet_at(case.noise, point.root**2, point.t).entropy

    events = [
        Event("the entropy of the paramagnet vanishes (T_K)", entropy),
        Event("retrieval ends there", lambda y, t: marginal(y)[0]),
    ]
    start, along = np.array([0.0, math.asinh(tau)]), np.array([1.0, 0.0])
    curve = traced("T_c", system, start, along, events, max_step=0.1)
    name = "retrieval and paramagnet have one free energy"
    lines["T_c"] = line_of(name, case, curve, system, n_points)
    if curve.ended.startswith("the entropy"):
        last = at_y(case, curve.points[-1])
        points["load where T_c meets T_K"] = last.root**2
        points["temperature where T_c meets T_K"] = last.t


def _above_freezing(case: Case, line: Line, curve: Curve, n_points: int) -> Line:
    """T_c against the glass, continued against the paramagnet where the glass ends."""
    if curve.ended != "glass ends":
        return line
    system = _against_paramagnet(case)
    rest = traced(
        "T_c", system, curve.points[-1][:2], np.array([-1.0, 0.0]),
        [Event("load 0", lambda y, t: y[0])], max_step=0.1,
    )  # fmt: skip
    return concatenated([line, line_of(line.name, case, rest, system, max(n_points // 4, 2))])


def _ground_state(case: Case, sigma_c: float) -> float | None:
    """The largest sigma below the end at T = 0 where retrieval and glass have one energy."""

    def gap(sigma: float) -> float:
        point = at(case, sigma, 0.0)
        load = point.root**2
        f = numbers(case, point, 0.0, load)["free_energy"]
        return f - glassy.glass_at(case.noise, load, 0.0).free_energy

    first = origin(case) or 0.0
    grid = first + (sigma_c - first) * np.linspace(1.0, 1e-3, 60)
    values = [gap(sigma) for sigma in grid]
    for i in range(len(grid) - 1):
        if values[i] > 0.0 >= values[i + 1]:
            return brentq(gap, grid[i + 1], grid[i], xtol=1e-16, rtol=1e-15)
    return None


def _annealed_bound(case: Case, sigma_c: float) -> float:
    """Load where the energy of retrieval at T = 0 is -sqrt(2 ln 2 alpha [g(1) - g'(0)]).

    By the annealed average no state without the pattern is lower than that.
    """
    scale = math.sqrt(2.0 * math.log(2.0) * case.noise.curved(0.0))

    def gap(sigma: float) -> float:
        point = at(case, sigma, 0.0)
        return numbers(case, point, 0.0, point.root**2)["free_energy"] + scale * point.root

    if gap(sigma_c) <= 0.0:
        return at(case, sigma_c, 0.0).root ** 2
    sigma = brentq(gap, 1e-3 * sigma_c, sigma_c, xtol=1e-16, rtol=1e-15)
    return at(case, sigma, 0.0).root ** 2
