"""T_c of dense models, where retrieval has the free energy of the state without a pattern.

Where the glass starts continuously or is forced by random fields, that state is the one of
replica symmetry. Otherwise it is the paramagnet down to the static transition T_g and below it the
glass of one step of replica symmetry breaking; there retrieval, too, is taken with one step where
replica symmetry is unstable (`dense_broken`).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq

from ...errors import ConvergenceError
from ..lines import Curve, Event, Line
from . import dense_broken as broken
from . import dense_glass as glassy
from .dense_capacity import equal_temperature
from .dense_equations import Case, at, numbers
from .dense_rays import at_y, origin
from .dense_traces import ROOT_MIN, at_ratio, concatenated, fold, line_of, traced

_BELOW = 0.2  # of T, the negative replicon at which broken retrieval is first looked for


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


def first_order(model, case, sigma_c, extrema, jump, n_points, lines, points, notes) -> None:
    """T_c from load 0 against the paramagnet, from T = 0 against a continuous glass.

    ``jump`` is the transition into a glass that is not continuous, or None.
    """
    noise = case.noise
    tau = equal_temperature(case, extrema[0]) if extrema else None
    if tau is not None and at(case, 0.0, tau).t > max(noise.gap_values, default=0.0):
        points["thermodynamic temperature at load 0"] = at(case, 0.0, tau).t
    if jump is None:
        _with_glass(case, sigma_c, n_points, lines, points, notes)
    elif tau is not None:
        _with_paramagnet(model, case, tau, jump, n_points, lines, points, notes)


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


def _with_paramagnet(model, case, tau, jump, n_points, lines, points, notes) -> None:
    """T_c against the paramagnet above the static transition, below it against the broken glass."""
    marginal = fold(case)

    def frozen(y, t):
        point = at_y(case, y)
        return point.t - jump.static * point.root

    ends = Event("retrieval ends there", lambda y, t: marginal(y)[0])
    system = _against_paramagnet(case)
    events = [Event("the glass begins there (T_g)", frozen), ends]
    start, along = np.array([0.0, math.asinh(tau)]), np.array([1.0, 0.0])
    curve = traced("T_c", system, start, along, events, max_step=0.1)
    name = "retrieval has the free energy of the state without a pattern"
    few = max(n_points // 3, 2)
    if curve.ended != events[0].name:
        lines["T_c"] = line_of(name, case, curve, system, n_points)
        return
    pieces = [line_of(name, case, curve, system, max(n_points - few, 2))]
    last = at_y(case, curve.points[-1])
    points["load where T_c meets T_g"] = last.root**2
    points["temperature where T_c meets T_g"] = last.t
    if case.noise.derivative(0.0, 2) > 0.0:
        notes.append("T_c is not followed below T_g, where blocks of the glass soon overlap")
    else:
        glass = broken.glass(model, jump)
        pieces += _with_broken_glass(model, case, glass, name, curve, few, points, notes)
    lines["T_c"] = concatenated(pieces)


def _with_broken_glass(model, case, glass, name, above: Curve, n_points, points, notes):
    """Pieces of T_c below T_g: with retrieval that is replica-symmetric, then with broken one."""
    marginal = fold(case)

    def system(y):
        if not (-0.1 < y[0] < 25.0 and -0.1 < y[1] < 25.0):
            return np.array([np.nan])
        point = at_y(case, y)
        if not (point.u > 0.0 and point.root > 0.0):
            return np.array([np.nan])
        f = numbers(case, point, point.t, point.root**2)["free_energy"]
        return np.array([(f - glass.free_energy(point.root**2, point.t)) / point.u])

    def instability(margin):
        def value(y, t):
            point = at_y(case, y)
            return (1.0 + margin) * point.tau - at_ratio(case, point)

        return value

    cold = Event("T = 0", lambda y, t: y[1])
    ends = Event("retrieval ends there", lambda y, t: marginal(y)[0])
    unstable = Event("replica symmetry of retrieval breaks there", instability(0.0))
    # The direction T_c comes from: it goes through T_g smoothly.
    start, along = above.points[-1], above.tangents[-1]
    pieces = []
    stable = unstable.value(start, along) > 0.0
    if stable:
        curve = traced("T_c", system, start, along, [unstable, cold, ends], max_step=0.1)
        pieces.append(line_of(name, case, curve, system, n_points))
        if curve.ended != unstable.name:
            return pieces
        start, along = curve.points[-1], curve.tangents[-1]
    reason = "the broken one is left to `solve_rsb` where it takes long"
    if stable and broken.affordable(case, at_y(case, start).root ** 2):
        events = [Event("broken", instability(_BELOW)), cold, ends]
        point = at_y(case, traced("T_c", system, start, along, events, max_step=0.1).points[-1])
        try:
            rest = broken.first_order(model, glass, point.root**2, point.t, at_y(case, start).t)
        except ConvergenceError as error:
            reason = str(error)
        else:
            points["load below which retrieval is the ground state"] = float(rest.load[-1])
            return [*pieces, rest]
    notes.append(f"T_c is that of replica-symmetric retrieval, also below T_R: {reason}")
    rest = traced("T_c", system, start, along, [cold, ends], max_step=0.1)
    pieces.append(line_of(name, case, rest, system, n_points))
    if rest.ended == cold.name:
        load = at_y(case, rest.points[-1]).root ** 2
        points["load below which retrieval, replica-symmetric, is the ground state"] = load
    return pieces


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
