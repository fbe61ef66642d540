"""Critical lines of dense models in the plane of load and temperature.

Every line is one or two equations in the explicit coordinates of `dense_equations`, traced by
arclength, so that re-entrant lines are ordinary. T_M is the fold of the map, from T = 0 to load 0;
T_R the line of de Almeida and Thouless, from the fold down; T_c is that of `dense_first_order`.
T_g and T_d, of the glass, are closed forms; T_M_rsb corrects T_M below T_R (`dense_broken`).
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np

from ... import _validate as check
from ...errors import ConvergenceError
from ..diagram import PhaseDiagram
from ..lines import Curve, Event, Line, locate
from . import dense_broken as broken
from . import dense_glass as glassy
from .dense_capacity import cold_end, spinodal_temperatures, turning_points
from .dense_cases import LAWS, case_of, hebbian, is_hebbian
from .dense_equations import Case, Point, at, numbers
from .dense_first_order import first_order
from .dense_noise import WeakNoise
from .dense_rays import at_y, gradients
from .dense_traces import (
    ROOT_MIN,
    TOLERANCE,
    at_ratio,
    concatenated,
    fold,
    joined,
    line_of,
    overlap,
    through,
    traced,
)
from .rsb_dense import critical_load_dense

if TYPE_CHECKING:
    from ...hopfield.dense import Dense
    from .rsb_glass import GlassTransition

_LOG_TAU_MIN = -230.0  # T about 1e-100, where the line of AT on retrieval is cut


def phase_diagram(
    model: Dense, *, n_points: int = 100, mixtures: tuple[int, ...] = (), law: str = "binomial"
) -> PhaseDiagram:
    """All critical lines; see `assocmem.theory.phase_diagram`.

    Cost: 0.1 to 0.2 s per line, and 10 ms for each word of a law of examples; 1 to 2 s more for
    what breaks replica symmetry where patterns of degree 3 and more are stored.
    """
    from .dense import known

    known(model)
    if any(model.field):
        raise ValueError(f"field must be zero for critical lines, got {model.field!r}")
    n_points = check.integer("n_points", n_points, 2)
    if isinstance(mixtures, (str, bytes)) or not np.iterable(mixtures):
        raise TypeError(f"mixtures must be a sequence of integers, got {mixtures!r}")
    mixtures = tuple(check.integer(f"mixtures[{i}]", n, 2, 25) for i, n in enumerate(mixtures))
    law = check.choice("law", law, LAWS)
    if is_hebbian(model):
        from .hopfield_lines import phase_diagram as of_hebb

        found = of_hebb(hebbian(model), n_points=n_points, mixtures=mixtures)
        return dataclasses.replace(found, model=model)
    case = case_of(model, 1, law)
    lines: dict[str, Line] = {}
    points: dict[str, float] = {}
    notes: list[str] = []

    sigma = cold_end(case)
    if sigma is None:
        raise ConvergenceError("retrieval has no end at T = 0", math.inf)
    end = at(case, sigma, 0.0)
    critical = end.root**2
    points["critical load at T = 0"] = critical
    if model.p > 2:
        points["critical load at T = 0 times (p-1)!"] = critical * math.factorial(model.p - 1)
    points["critical overlap at T = 0"] = overlap(end)
    points["entropy at critical load, T = 0"] = numbers(case, end, 0.0, critical)["entropy"]
    extrema = spinodal_temperatures(case)
    spinodal = _spinodal(case, sigma, extrema)
    lines["T_M"] = joined("retrieval ends (spinodal)", case, spinodal, fold(case), n_points)
    if len(spinodal) > 1:
        notes.append(
            f"the load of T_M jumps at T = {at_y(case, spinodal[0].points[-1]).t:.6g}, where the "
            "fold has a cusp; just below, a second state of smaller overlap goes on to larger loads"
        )
    tip = max(_tip(case, curve) for curve in spinodal)
    points["largest load of retrieval"], points["temperature of the largest load"] = tip
    _other_folds(case, spinodal, sigma, n_points, lines, points)
    if extrema:
        tau = max(extrema, key=lambda tau: at(case, 0.0, tau).t)
        points["spinodal temperature at load 0"] = at(case, 0.0, tau).t

    high = dataclasses.replace(model, load=1.0, n_patterns=None, exponent=None)
    jump = _frozen_lines(high, case, max(1.5 * critical, 1.2 * tip[0]), n_points, lines, notes)
    first_order(high, case, sigma, extrema, jump, n_points, lines, points, notes)
    meeting = _replicon_line(case, spinodal, n_points, lines, points, notes)
    if isinstance(case.noise, WeakNoise):
        _broken_spinodal(high, case, meeting, tip, lines, points, notes)
    if model.learning is not None and mixtures:
        notes.append("mixtures of archetypes learned from examples are left out")
        mixtures = ()
    for n in mixtures:
        mixed = case_of(model, n)
        cold = cold_end(mixed)
        if cold is None:
            notes.append(f"no symmetric mixture of {n} at T = 0")
            continue
        curves = _spinodal(mixed, cold, spinodal_temperatures(mixed))
        name = f"symmetric mixture of {n} ends"
        for i, curve in enumerate(curves):
            key = f"mixture_{n}" + (f"_{i + 1}" if i else "")
            lines[key] = line_of(name, mixed, curve, fold(mixed), n_points)
        if len(curves) > 1:
            top = at_y(mixed, curves[0].points[-1])
            notes.append(
                f"mixture_{n} has a cusp at T = {top.t:.6g}, load {top.root**2:.6g}; above it the "
                f"mixture changes smoothly into one of smaller overlap and ends at mixture_{n}_2"
            )
        load = at(mixed, cold, 0.0).root ** 2
        points[f"critical load of the {n}-mixture at T = 0"] = load
    return PhaseDiagram(model, lines, points, tuple(notes))


def _spinodal(case: Case, sigma: float, extrema: list[float]) -> list[Curve]:
    """The fold line from T = 0 to load 0, in one piece or in two.

    Two where it turns back in a cusp (examples of low quality; mixtures): then the first piece
    goes from T = 0 to the cusp and the second is the part above its temperature of the fold line
    that starts at load 0. Between them the load jumps.
    """
    system = fold(case)
    ends = [
        Event("T = 0 again", lambda y, t: y[1] + 1e-12),
        Event("load 0", lambda y, t: y[0]),
    ]
    if case.noise.gap_values:
        ends.append(Event("load -> 0", lambda y, t: at_y(case, y).root - ROOT_MIN))

    def rising(y, t):
        return gradients(at_y(case, y))[1] @ t if y[0] > 1e-2 else 1.0

    start, along = np.array([math.asinh(sigma), 0.0]), np.array([0.0, 1.0])
    cusp = [Event("cusp", rising)] if extrema else []
    curve = traced("T_M", system, start, along, [*ends, *cusp], max_step=0.15)
    if curve.ended == "cusp":
        by_root = gradients(at_y(case, curve.points[-1]))[0]
        if abs(by_root @ curve.tangents[-1]) > 1e-4 * np.linalg.norm(by_root):
            curve = traced("T_M", system, start, along, ends, max_step=0.15)  # T is highest there
    if curve.ended != "cusp":
        return [curve]
    top = at_y(case, curve.points[-1]).t
    high = [tau for tau in extrema if at(case, 0.0, tau).t > top]
    if not high:
        return [curve]
    first = max(high, key=lambda tau: at(case, 0.0, tau).t)
    upper = traced(
        "T_M", system, np.array([0.0, math.asinh(first)]), np.array([1.0, 0.0]),
        [Event("T of the cusp", lambda y, t: at_y(case, y).t / top - 1.0), ends[0]], max_step=0.1,
    )  # fmt: skip
    back = Curve(
        upper.points[::-1], -upper.tangents[::-1], upper.residuals[::-1], upper.converged, "load 0"
    )
    return [curve, back]


def _other_folds(case, spinodal, sigma, n_points, lines, points) -> None:
    """T_M_2, ...: fold lines from other turning points at T = 0, each to where it ends."""
    turns = turning_points(case)
    if len(turns) < 2:
        return
    system = fold(case)
    ends = [
        Event("T = 0 again", lambda y, t: y[1] + 1e-12),
        Event("load -> 0", lambda y, t: at_y(case, y).root - ROOT_MIN),
    ]
    known = [*spinodal]
    for turn in turns:
        close = [math.sinh(c.points[k][0]) for c in known for k in (0, -1) if c.points[k][1] < 1e-6]
        if any(abs(other - turn) < 1e-6 * turn for other in close):
            continue
        start = np.array([math.asinh(turn), 0.0])
        curve = traced("T_M", system, start, np.array([0.0, 1.0]), ends, max_step=0.15)
        known.append(curve)
        key = f"T_M_{len(known)}"
        lines[key] = line_of("another fold of retrieval", case, curve, system, n_points)
        points[f"load of {key} at T = 0"] = at(case, turn, 0.0).root ** 2


def _tip(case: Case, spinodal: Curve) -> tuple[float, float]:
    """Largest load on the spinodal and its T: there d sqrt(alpha) vanishes with its tangent."""

    def value(y, t):
        return gradients(at_y(case, y))[0] @ t

    pairs = list(zip(spinodal.points, spinodal.tangents, strict=True))
    values = [value(y, t) for y, t in pairs]
    first = at_y(case, pairs[0][0])
    best = first.root**2, 0.0
    for i in range(len(values) - 1):
        if values[i] * values[i + 1] < 0.0:
            y, tangent = pairs[i]
            length = float(tangent @ (pairs[i + 1][0] - y))
            try:
                event = Event("", value)
                found = locate(fold(case), y, tangent, length, event, None, TOLERANCE)[1]
            except ValueError:  # the curve ends in a cusp, where it vanishes too, up to rounding
                found = pairs[i + 1][0]
            point = at_y(case, found)
            best = max(best, (point.root**2, abs(point.t)))
    return best


def _frozen_lines(model, case, highest, n_points, lines, notes) -> GlassTransition | None:
    """T_g, the static transition into a glass, and T_d, the dynamic one where it is higher.

    The transition at load 1 is returned if it is a jump.
    """
    noise = case.noise
    loads = np.linspace(0.0, math.sqrt(highest), n_points) ** 2
    if glassy.random_fields(noise):
        notes.append(
            "g'(0) > 0: the noise acts as a random field, q > 0 at every temperature and there is "
            "no transition into a glass in replica symmetry"
        )
        return None

    def shown(name: str, heights: np.ndarray, q: float = 0.0, residual: float = 0.0) -> Line:
        ended = "shown beyond the largest load of retrieval"
        states = {"q": np.full(n_points, q)}
        return Line(name, loads, heights, states, np.full(n_points, residual), True, ended)

    found = broken.transition(model) if isinstance(noise, WeakNoise) else None
    if found is not None and not found.continuous:
        lines["T_g"] = shown(
            "the paramagnet freezes, by a jump of q, into the glass of one step of replica "
            "symmetry breaking",
            found.static * np.sqrt(loads), found.overlap_static, found.residual,
        )  # fmt: skip
        notes.append(
            f"T_g = {found.static:.10g} sqrt(load) and T_d = {found.dynamic:.10g} sqrt(load) are "
            "those of one step of replica symmetry breaking; replica symmetry has no such glass"
        )
    start = max(noise.gap_values) if noise.gap_values else 0.0
    heights = np.array([start, *(glassy.freezing(noise, load) for load in loads[1:])])
    if "T_g" not in lines and np.any(heights > 0.0):
        lines["T_g"] = shown("paramagnet freezes into the spin glass", heights)
    if found is not None and found.dynamic > found.static:
        lines["T_d"] = shown(
            "the paramagnet falls apart into states and is not ergodic below",
            found.dynamic * np.sqrt(loads), found.overlap_dynamic, found.residual,
        )  # fmt: skip
    return None if found is None or found.continuous else found


def _broken_spinodal(model, case, meeting, tip, lines, points, notes) -> None:
    """T_M_rsb, where retrieval ends below T_R."""
    if meeting is None or not broken.affordable(case, tip[0]):
        notes.append(
            "below T_R retrieval goes on to larger loads than those of T_M, which is of replica "
            "symmetry: see `critical_load_rsb`"
        )
        return
    try:
        end = critical_load_dense(model, 0.0)
    except ConvergenceError as error:
        notes.append(f"T_M is that of replica symmetry, also below T_R: {error}")
        return
    points["critical load at T = 0, one step RSB"] = end.load
    note = (
        f"that T_M turns back below T = {tip[1]:.6g} is, but for the last digits, an artefact of "
        f"replica symmetry: with one step of breaking retrieval ends at load {end.load:.6g} at "
        f"T = 0 instead of {end.load_rs:.6g}"
    )
    try:
        line = broken.spinodal(model, end, meeting.t)
        last = through(line.name, case, [meeting], [0.0], True, "where replica symmetry holds")
        lines["T_M_rsb"] = concatenated([line, last])
    except ConvergenceError as error:
        note += f"; T_M_rsb, up from there, is left out: {error}"
    notes.append(note)


def _replicon_line(case, spinodal, n_points, lines, points, notes) -> Point | None:
    """T_R from where AT meets the spinodal, downwards in T; the meeting point."""

    def value(y, t):
        point = at_y(case, y)
        return point.tau - at_ratio(case, point)

    for curve in spinodal:
        values = np.array([value(y, None) for y in curve.points])
        change = np.flatnonzero(values[:-1] * values[1:] < 0.0)
        if len(change) > 0:
            break
    else:
        notes.append("the line of de Almeida and Thouless does not meet the spinodal")
        return None
    i = change[0]
    y, tangent = curve.points[i], curve.tangents[i]
    length = float(tangent @ (curve.points[i + 1] - y))
    cut = locate(fold(case), y, tangent, length, Event("", value), None, TOLERANCE)[1]
    meeting = at_y(case, cut)
    points["load where the AT line meets the spinodal"] = meeting.root**2
    points["temperature where the AT line meets the spinodal"] = meeting.t

    def at_log(case, y):
        return at(case, math.sinh(y[0]), math.exp(y[1]))

    def system(y):
        if not (-0.1 < y[0] < 25.0 and y[1] < 5.0):
            return np.array([np.nan])
        point = at_log(case, y)
        ratio = at_ratio(case, point) if point.u > 0.0 else 0.0
        return np.array([math.log(ratio) - y[1]]) if ratio > 0.0 else np.array([np.nan])

    curve = traced(
        "T_R", system, np.array([cut[0], math.log(meeting.tau)]), np.array([-1.0, -1.0]),
        [Event("T -> 0 with the load", lambda y, t: y[1] - _LOG_TAU_MIN),
         Event("load -> 0", lambda y, t: at_log(case, y).root - ROOT_MIN)],
        max_step=2.0,
    )  # fmt: skip
    name = "replica symmetry of retrieval breaks below (de Almeida-Thouless)"
    lines["T_R"] = line_of(name, case, curve, system, n_points, evaluate=at_log)
    return meeting
