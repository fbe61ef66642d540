"""Critical lines of diluted patterns at extensive load, at fixed d in the plane of load and T.

Lines of one condensed pattern and of mixtures of equal ones are those of the Hopfield model of
entries xi/sqrt(1 - d), see `hopfield_lines`, in the units of this one. The spinodal of P levels
is one curve in (v, b, t): v = pull(v, b, t) and a vanishing determinant
(`multitasking_loaded_branch`).
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq

from ... import _validate as check
from ...errors import ConvergenceError
from ..diagram import PhaseDiagram
from ..gaussian import moments
from ..lines import Event, Line, laid_out, trace
from . import hopfield_lines as one
from . import hopfield_reduced as red
from .hopfield_rays import at, at_x, origins
from .hopfield_reduced import Condensate, condensate
from .hopfield_zero import turning_points
from .multitasking_loaded import checked
from .multitasking_loaded_branch import at as at_levels
from .multitasking_loaded_branch import fold_value, largest_load, scales
from .multitasking_loaded_equations import Point

if TYPE_CHECKING:
    from ...hopfield.multitasking import Multitasking

_LEVELS = (2, 3)  # hierarchies whose spinodals are traced
_LEAST = 1e-3  # sqrt(alpha) over that of T = 0 at which lines that end at load 0 are cut
_RESOLVED = 2e-5  # sqrt(alpha) below which 1 - c is lost in rounding
_TOLERANCE = 1e-11
_HIGHEST = 0.65  # d above which retrieval ends at loads below 2e-6: no lines are drawn


def phase_diagram(
    model: Multitasking, *, n_points: int = 100, mixtures: tuple[int, ...] = ()
) -> PhaseDiagram:
    """Critical lines of a model with load or exponent at its dilution.

    Lines T_g, T_M, T_c and T_R as for `Hopfield`; T_M_hierarchical_2 and _3, where the states of
    two and three levels end; mixture_n. Their states hold overlap (with the first pattern), q, C,
    r and free energy in the units of the model. Lines are cut near load 0; for d > 0.65 only T_g
    is left.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    ConvergenceError
        If a line could not be traced to its end.
    """
    standard = checked(model)
    if any(model.field):
        raise ValueError(f"field must be zero for critical lines, got {model.field!r}")
    n_points = check.integer("n_points", n_points, 2)
    if isinstance(mixtures, (str, bytes)) or not np.iterable(mixtures):
        raise TypeError(f"mixtures must be a sequence of integers, got {mixtures!r}")
    mixtures = tuple(check.integer(f"mixtures[{i}]", n, 2, 25) for i, n in enumerate(mixtures))
    d = model.dilution
    if d == 0.0:
        from ...hopfield.pairwise import Hopfield

        found = one.phase_diagram(Hopfield(load=0.1), n_points=n_points, mixtures=mixtures)
        return dataclasses.replace(found, model=model)
    entry, a = standard.patterns.law(), 1.0 - d
    lines: dict[str, Line] = {}
    points: dict[str, float] = {"critical temperature at load 0": a}
    notes = [one._glass_note()]
    largest = 0.01
    if d > _HIGHEST:
        notes.append("no pattern is retrieved at a load above 2e-6 (none at all for d >= 2/3)")
    else:
        largest = _of_one(condensate(entry, 1), n_points, lines, points, notes)
    loads = np.linspace(0.0, math.sqrt(1.5 * largest), n_points) ** 2
    lines["T_g"] = Line(
        "paramagnet freezes into the spin glass, T_g = (1 - d)(1 + sqrt(alpha))",
        loads,
        1.0 + np.sqrt(loads),
        {"q": np.zeros(n_points), "C": 1.0 / (1.0 + np.sqrt(loads))},
        np.zeros(n_points),
        True,
        "shown up to 1.5 times the critical load" if d <= _HIGHEST else "shown up to load 0.015",
    )
    for n in mixtures if d <= _HIGHEST else ():
        _of_mixture(condensate(entry, n), n_points, lines, points)
    lines = {key: _rescaled(line, a) for key, line in lines.items()}
    for name in list(points):
        if "temperature" in name and name != "critical temperature at load 0":
            points[name] *= a
        elif "overlap" in name:
            points[name] *= math.sqrt(a)
    for n in _LEVELS:
        end = largest_load(n, d, 0.0)
        if end.y is None:
            notes.append(f"no state of {n} levels at T = 0 at any load: its line is left out")
            continue
        points[f"critical load of {n} levels at T = 0"] = end.load
        points[f"last overlap of {n} levels at their critical load"] = float(
            a * end.y[n - 1] * d ** (n - 1)
        )
        lines[f"T_M_hierarchical_{n}"] = _of_levels(n, d, end.y, end.load, n_points)
    return PhaseDiagram(model, lines, points, tuple(notes))


def _cut(root: float) -> float:
    """Where lines that end at load 0 are cut, for sqrt(alpha) = ``root`` at T = 0."""
    return max(_LEAST * root, min(_RESOLVED, 0.05 * root))


def _of_one(law: Condensate, n_points: int, lines, points, notes) -> float:
    """Lines of one pattern, in units of 1 - d; returns the critical load at T = 0."""
    sigma_c = turning_points(law)[-1]
    end = at(law, sigma_c, 0.0)
    root = float(end[red.ROOT_LOAD])
    points["critical load at T = 0"] = root**2
    points["critical overlap at T = 0"] = float(end[red.M])
    points["entropy at critical load, T = 0"] = float(end[red.ENTROPY])
    cut = Event("load -> 0", lambda y, t: at_x(law, y)[red.ROOT_LOAD] - _cut(root))
    spinodal = one._traced(
        "T_M", one._fold(law), np.array([sigma_c, 1.0]), np.array([0.0, -1.0]), [cut]
    )
    lines["T_M"] = one._line(
        "retrieval ends (spinodal)", law, spinodal, one._fold(law), n_points, limit=True
    )
    tip = one._tip(law, spinodal)
    points["largest load of retrieval"] = tip[0]
    points["temperature of the largest load of retrieval"] = tip[1]
    _first_order(law, sigma_c, n_points, lines, points, notes)
    try:
        meeting = one._crossing(law, spinodal, red.REPLICON)
    except ConvergenceError:
        notes.append("the replicon of retrieval does not change sign on its spinodal")
        return root**2
    points["load where the AT line meets the spinodal"] = float(meeting[red.ROOT_LOAD]) ** 2
    points["temperature where the AT line meets the spinodal"] = float(meeting[red.T])
    replicon, log_tau = one._replicon(law), math.log(meeting[red.T] / meeting[red.U])
    curve = one._traced(
        "T_R", replicon, np.array([meeting[red.B] / meeting[red.U], log_tau]),
        np.array([-1.0, 0.0]),
        [Event("load -> 0", lambda y, t: at(law, y[0], math.exp(y[1]))[red.ROOT_LOAD]
               - _cut(root))],
    )  # fmt: skip
    lines["T_R"] = one._line(
        "replica symmetry of retrieval breaks below (de Almeida-Thouless)",
        law, curve, replicon, n_points, evaluate=lambda law, y: at(law, y[0], math.exp(y[1])),
    )  # fmt: skip
    return root**2


def _first_order(law: Condensate, sigma_c: float, n_points: int, lines, points, notes) -> None:
    """T_c, where retrieval has the free energy of the glass."""
    root = float(at(law, sigma_c, 0.0)[red.ROOT_LOAD])

    def gap(sigma: float) -> float:
        out = at(law, sigma, 0.0)
        return out[red.F] - red.glass(out[red.ROOT_LOAD], 0.0)[red.G_F]

    first = origins(law)[0]
    low, high = first + 1e-6 * (sigma_c - first), sigma_c
    if gap(low) >= 0.0:
        notes.append("the spin glass is lower than retrieval at T = 0 for every load: no line T_c")
        return
    if gap(high) <= 0.0:
        notes.append("retrieval is lower than the spin glass at T = 0 up to its end")
        return
    sigma = brentq(gap, low, high, xtol=1e-16, rtol=1e-15)
    load = float(at(law, sigma, 0.0)[red.ROOT_LOAD]) ** 2
    points["load below which retrieval is lower than the spin glass"] = load
    least = max(10.0 * _cut(root), min(1e-3, 0.2 * root))  # differences of f over sqrt(alpha)
    cut = Event("load -> 0", lambda y, t: at_x(law, y)[red.ROOT_LOAD] - least)
    start, along = np.array([sigma, 1.0, 1.0]), np.array([0.0, -1.0, 0.0])
    curve = one._traced("T_c", _equal(law), start, along, [cut])
    name = "retrieval and spin glass have one free energy"
    lines["T_c"] = one._line(name, law, curve, _equal(law), n_points, limit=True)


def _equal(law: Condensate):
    """Equal T and f of retrieval (sigma, x) and glass (x_g) at the load of the former.

    Of `hopfield_lines`, with the glass continued analytically past T = 0, q = 1 - tau c, so that
    differences across T = 0 are those of a smooth function.
    """

    def system(y):
        if not (0.0 < y[1] < 2.0 and 0.0 < y[2] < 2.0):
            return np.full(2, np.nan)
        out = at_x(law, y)
        root, tau = out[red.ROOT_LOAD], 1.0 / y[2] - 1.0
        if not root > 0.0:
            return np.full(2, np.nan)
        g = moments(0.0, 1.0, tau)
        root_q = math.sqrt(g[1] if tau >= 0.0 else 1.0 - tau * g[2])
        b = g[2] + root * root_q
        gap = root * root_q / b
        log_gap = math.log(gap) if gap < 0.5 else math.log1p(-g[2] / b)
        f = 0.5 * root * root * (1.0 + tau * b * log_gap)
        f += 0.5 * b * (g[2] - root * root_q) - b * g[6]
        return np.array([tau * b - out[red.T], (f - out[red.F]) / root])

    return system


def _of_mixture(law: Condensate, n_points: int, lines, points) -> None:
    """Spinodals of a mixture, in units of 1 - d."""
    n, number = law.n, 0
    done: list[float] = []
    for sigma in turning_points(law):
        if any(abs(sigma - other) < 1e-6 for other in done):
            continue
        root = float(at(law, sigma, 0.0)[red.ROOT_LOAD])
        events = [
            Event("load -> 0", lambda y, t, root=root: at_x(law, y)[red.ROOT_LOAD] - _cut(root)),
            Event("T = 0 again, where two sheets join", lambda y, t: 1.0 - y[1]),
        ]
        start = np.array([sigma, 1.0])
        curve = one._traced("of a mixture", one._fold(law), start, np.array([0.0, -1.0]), events)
        if curve.ended != "load -> 0":
            done.append(float(curve.points[-1][0]))
        number += 1
        key = f"mixture_{n}" + (f"_{number}" if number > 1 else "")
        lines[key] = one._line(
            f"symmetric mixture of {n} ends", law, curve, one._fold(law), n_points
        )
        suffix = f", sheet {number}" if number > 1 else ""
        points[f"critical load of the {n}-mixture at T = 0{suffix}"] = root**2


def _of_levels(n: int, d: float, start: np.ndarray, load: float, n_points: int) -> Line:
    """The spinodal of ``n`` levels from T = 0 on, in the units of the model."""
    units = scales(n, d)
    unit, a = float(units[-1]), 1.0 - d

    def averages(y):
        return at_levels(y, units, d, float(y[n + 1]) * unit)

    def system(y):
        if not y[n] > 0.0:
            return np.full(n + 1, np.nan)
        p = averages(y)
        return np.append((p.v - p.pull) / units[:n], fold_value(p, units, d))

    along = np.zeros(n + 2)
    along[-1] = 1.0
    least = _LEAST * math.sqrt(load)
    events = [
        Event("load -> 0", lambda y, t: averages(y).root - least),
        Event("T = 0 again", lambda y, t: y[-1]),
    ]
    curve = trace(system, np.append(start, 0.0), along, events, tolerance=_TOLERANCE, max_step=0.1)
    if not curve.converged:
        # Next to the largest d two folds meet where overlaps become equal: a bifurcation.
        return _pieced(n, d, n_points)

    def plane(y):
        return np.array([averages(y).root ** 2, y[-1]])

    found, residual = laid_out(curve, system, n_points, plane, tolerance=_TOLERANCE)
    rows = [averages(y) for y in found]
    loads = np.array([p.root**2 for p in rows])
    return Line(
        f"the state of {n} levels ends (spinodal)",
        loads,
        a * unit * np.abs(found[:, -1]),
        _states_of(rows, a),
        residual,
        bool(np.max(residual) <= _TOLERANCE),
        curve.ended,
    )


def _pieced(n: int, d: float, n_points: int) -> Line:
    """`_of_levels` temperature by temperature, for a spinodal in pieces."""
    a = 1.0 - d
    low, high = 0.0, 1.0
    while high - low > 1e-6:
        middle = 0.5 * (low + high)
        found = largest_load(n, d, middle).y is not None
        low, high = (middle, high) if found else (low, middle)
    ts = np.linspace(0.0, low, n_points)
    ends = [largest_load(n, d, t) for t in ts]
    if any(end.y is None for end in ends):
        raise ConvergenceError(f"line T_M_hierarchical_{n} is not one in T at d={d!r}", math.inf)
    units = scales(n, d)
    rows = [at_levels(end.y, units, d, t) for end, t in zip(ends, ts, strict=True)]
    residual = np.array([end.residual for end in ends])
    return Line(
        f"the state of {n} levels ends (spinodal)",
        np.array([end.load for end in ends]),
        a * ts,
        _states_of(rows, a),
        residual,
        bool(np.max(residual) <= _TOLERANCE),
        "no state at loads of 1e-12 d^(2 (levels - 1))",
    )


def _states_of(rows: list[Point], a: float) -> dict[str, np.ndarray]:
    """Order parameters along a line, in the units of the model."""
    n = len(rows[0].v)
    states = {f"overlap_{k + 1}": a * np.array([p.v[k] for p in rows]) for k in range(n)}
    states["overlap"] = states["overlap_1"]
    states["q"] = np.array([p.q for p in rows])
    states["C"] = np.array([p.c for p in rows]) / a
    states["r"] = a * a * states["q"] / np.array([p.gap for p in rows]) ** 2
    return states


def _rescaled(line: Line, a: float) -> Line:
    """A line of the standardised model in the units of the model."""
    by = {"overlap": math.sqrt(a), "C": 1.0 / a, "r": a * a, "free_energy": a}
    states = {key: by.get(key, 1.0) * values for key, values in line.states.items()}
    return dataclasses.replace(line, temperature=a * line.temperature, states=states)
