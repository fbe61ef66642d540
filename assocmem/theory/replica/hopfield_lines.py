"""Critical lines of the Hopfield model in the plane of load and temperature.

Every line is one or two equations in the explicit coordinates of `hopfield_reduced`, traced from
T = 0 (or from alpha = 0) by arclength, so that re-entrant lines and cusps are ordinary.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ... import _validate as check
from ...errors import ConvergenceError
from ..diagram import PhaseDiagram
from ..lines import Curve, Event, Line, laid_out, locate, trace
from . import hopfield_reduced as red
from .hopfield_rays import at, at_x, gradients
from .hopfield_reduced import Condensate, condensate
from .hopfield_zero import (
    ends_at_one,
    ground_state_sigma,
    noise_temperature,
    plain,
    spinodal_slope,
    symmetry_tau,
    turning_points,
)

if TYPE_CHECKING:
    from ...hopfield.pairwise import Hopfield

_ROOT_MIN = 1e-4  # sqrt(alpha) at which lines that end in (0, 1) are cut; the end is appended
_LOG_TAU_MIN = -230.0  # T about 1e-100, where the line of AT on retrieval is cut
_TOLERANCE = 1e-11


def phase_diagram(
    model: Hopfield, *, n_points: int = 100, mixtures: tuple[int, ...] = (3,)
) -> PhaseDiagram:
    """All critical lines; see `assocmem.theory.phase_diagram`. Cost: about 0.1 s per line."""
    plain(model)
    n_points = check.integer("n_points", n_points, 2)
    if isinstance(mixtures, (str, bytes)) or not np.iterable(mixtures):
        raise TypeError(f"mixtures must be a sequence of integers, got {mixtures!r}")
    mixtures = tuple(check.integer(f"mixtures[{i}]", n, 2, 25) for i, n in enumerate(mixtures))
    entry = model.patterns.law()
    law = condensate(entry, 1)
    lines: dict[str, Line] = {}
    points: dict[str, float] = {}

    spinodal, sigma_c = _spinodals(law)[0]
    end = at(law, sigma_c, 0.0)
    points["critical load at T = 0"] = float(end[red.ROOT_LOAD]) ** 2
    points["critical overlap at T = 0"] = float(end[red.M])
    points["entropy at critical load, T = 0"] = float(end[red.ENTROPY])
    # Even in T, since the line leaves load 0 vertically.
    loads = np.linspace(0.0, np.sqrt(1.5 * points["critical load at T = 0"]), n_points) ** 2
    lines["T_g"] = Line(
        "paramagnet freezes into the spin glass, T_g = 1 + sqrt(alpha)",
        loads,
        1.0 + np.sqrt(loads),
        {"q": np.zeros(n_points), "C": 1.0 / (1.0 + np.sqrt(loads))},
        np.zeros(n_points),
        True,
        "shown up to 1.5 times the critical load",
    )
    lines["T_M"] = _line(
        "retrieval ends (spinodal)", law, spinodal, _fold(law), n_points, limit=ends_at_one(law)
    )
    tip = _tip(law, spinodal)
    points["largest load of retrieval"] = tip[0]
    points["temperature of the largest load of retrieval"] = tip[1]
    if ends_at_one(law):
        points["slope (1 - T_M)/sqrt(load) at load 0"] = spinodal_slope(law)
    else:
        points["temperature at which retrieval ends for load -> 0"] = noise_temperature(law)

    notes = [_glass_note()]
    sigma = ground_state_sigma(law, sigma_c)
    if sigma is None:
        notes.append("the spin glass is lower than retrieval at T = 0 for every load: no line T_c")
    else:
        lines["T_c"], load = _first_order(law, sigma, n_points)
        points["load below which retrieval is the ground state"] = load

    meeting = _crossing(law, spinodal, red.REPLICON)
    points["load where the AT line meets the spinodal"] = float(meeting[red.ROOT_LOAD]) ** 2
    points["temperature where the AT line meets the spinodal"] = float(meeting[red.T])
    tau = meeting[red.T] / meeting[red.U]
    replicon = _replicon(law)
    curve = _traced(
        "T_R", replicon, np.array([meeting[red.B] / meeting[red.U], math.log(tau)]),
        np.array([-1.0, -1.0]), [Event("T -> 0 with the load", lambda y, t: y[1] - _LOG_TAU_MIN)],
        max_step=2.0,
    )  # fmt: skip
    lines["T_R"] = _line(
        "replica symmetry of retrieval breaks below (de Almeida-Thouless)",
        law, curve, replicon, n_points, evaluate=lambda law, y: at(law, y[0], math.exp(y[1])),
    )  # fmt: skip

    for n in mixtures:
        mixed = condensate(entry, n)
        for i, (curve, sigma) in enumerate(_spinodals(mixed)):
            key = f"mixture_{n}" + (f"_{i + 1}" if i else "")
            lines[key] = _line(
                f"symmetric mixture of {n} ends", mixed, curve, _fold(mixed), n_points,
                limit=not curve.ended.startswith("T = 0") and ends_at_one(mixed)
                and at_x(mixed, curve.points[-1])[red.T] > 0.9,
            )  # fmt: skip
            load = float(at(mixed, sigma, 0.0)[red.ROOT_LOAD]) ** 2
            suffix = f", sheet {i + 1}" if i else ""
            points[f"critical load of the {n}-mixture at T = 0{suffix}"] = load
        for i, tau in enumerate(symmetry_tau(mixed)):
            key = f"mixture_{n}_stability" + (f"_{i + 1}" if i else "")
            lines[key] = _stability(mixed, tau, n_points)
            points[f"stability temperature of the {n}-mixture at load 0" + ("'" * i)] = float(
                at(mixed, 0.0, tau)[red.T]
            )
    return PhaseDiagram(model, lines, points, tuple(notes))


def _first_order(law: Condensate, sigma: float, n_points: int) -> tuple[Line, float]:
    equal = _equal(law)
    cut = Event("load -> 0", lambda y, t: at_x(law, y)[red.ROOT_LOAD] - 10 * _ROOT_MIN)
    curve = _traced("T_c", equal, np.array([sigma, 1.0, 1.0]), np.array([0.0, -1.0, 0.0]), [cut])
    name = "retrieval and spin glass have one free energy"
    line = _line(name, law, curve, equal, n_points, limit=ends_at_one(law))
    return line, float(at(law, sigma, 0.0)[red.ROOT_LOAD]) ** 2


def _fold(law: Condensate):
    """Logarithmic derivative of sqrt(alpha) by sigma at constant T, zero on folds, of order 1."""

    def system(y):
        if not (y[0] > 0.0 and 0.0 < y[1] < 2.0):
            return np.array([np.nan])
        out = at_x(law, y)
        return np.array([out[red.DET] / out[red.T_T] * y[0] / out[red.ROOT_LOAD]])

    return system


def _equal(law: Condensate):
    """Equal T and f of retrieval (sigma, x) and glass (x_g) at the load of the former."""

    def system(y):
        if not (0.0 < y[1] < 2.0 and 0.0 < y[2] < 2.0):
            return np.full(2, np.nan)
        out = at_x(law, y)
        root = out[red.ROOT_LOAD]
        if not root > 0.0:
            return np.full(2, np.nan)
        glass = red.glass(root, 1.0 / y[2] - 1.0)
        return np.array([glass[red.G_T] - out[red.T], (glass[red.G_F] - out[red.F]) / root])

    return system


def _replicon(law: Condensate):
    """AT: tau = sigma^2 c_4/q in (sigma, ln tau), T being exponentially small for small load."""

    def system(y):
        if not (y[0] > 0.0 and y[1] < 20.0):
            return np.array([np.nan])
        tau = math.exp(y[1])
        out = at(law, y[0], tau)
        ratio = tau - out[red.REPLICON] / out[red.U]  # sigma^2 c_4/q
        return np.array([math.log(ratio) - y[1]]) if ratio > 0.0 else np.array([np.nan])

    return system


def _traced(name, system, start, along, events, **options) -> Curve:
    curve = trace(system, start, along, events, tolerance=_TOLERANCE, **options)
    if not curve.converged:
        raise ConvergenceError(
            f"line {name} was lost: {curve.ended}", float(np.max(curve.residuals, initial=np.inf))
        )
    return curve


def _spinodals(law: Condensate) -> list[tuple[Curve, float]]:
    """Fold lines that touch T = 0, with the sigma they start from; the first sheet's first."""
    events = [
        Event("load -> 0", lambda y, t: at_x(law, y)[red.ROOT_LOAD] - _ROOT_MIN),
        Event("T = 0 again, where two sheets join", lambda y, t: 1.0 - y[1]),
    ]
    result: list[tuple[Curve, float]] = []
    for sigma in turning_points(law):
        ends = [curve.points[-1] for curve, _ in result if curve.points[-1][1] > 0.999999]
        if any(abs(end[0] - sigma) < 1e-6 for end in ends):
            continue
        start = np.array([sigma, 1.0])
        curve = _traced("of a spinodal", _fold(law), start, np.array([0.0, -1.0]), events)
        result.append((curve, sigma))
    if not result:
        raise ConvergenceError(f"no fold of the {law.n}-mixture at T = 0", math.inf)
    return result


def _line(name, law, curve, system, n_points, *, limit=False, evaluate=at_x) -> Line:
    def plane(y):
        out = evaluate(law, y)
        return np.array([out[red.ROOT_LOAD] ** 2, out[red.T]])

    inner = n_points - 1 if limit and n_points > 2 else n_points
    found, residual = laid_out(curve, system, inner, plane, tolerance=_TOLERANCE)
    outs = np.array([evaluate(law, y) for y in found])
    load, temperature = outs[:, red.ROOT_LOAD] ** 2, np.abs(outs[:, red.T])
    states = {
        "overlap": outs[:, red.M],
        "q": outs[:, red.Q],
        "C": outs[:, red.C],
        "r": outs[:, red.Q] / outs[:, red.GAP] ** 2,
        "free_energy": outs[:, red.F],
    }
    if inner < n_points:  # the exact end; r has no limit there that a plot needs
        ends = {"overlap": 0.0, "q": 0.0, "C": 1.0, "r": math.inf, "free_energy": -math.log(2.0)}
        load, temperature = np.append(load, 0.0), np.append(temperature, 1.0)
        residual = np.append(residual, 0.0)
        states = {key: np.append(values, ends[key]) for key, values in states.items()}
    good = bool(curve.converged and np.max(residual) <= _TOLERANCE)
    return Line(name, load, temperature, states, residual, good, curve.ended)


def _crossing(law: Condensate, spinodal: Curve, place: int) -> np.ndarray:
    """Where an entry of `reduced` changes sign along the spinodal, from T = 0 on."""
    values = np.array([at_x(law, y)[place] for y in spinodal.points])
    change = np.flatnonzero(values[:-1] * values[1:] < 0.0)
    if len(change) == 0:
        raise ConvergenceError("the AT line does not meet the spinodal", math.inf)
    y, tangent = spinodal.points[change[0]], spinodal.tangents[change[0]]
    length = float(tangent @ (spinodal.points[change[0] + 1] - y))
    event = Event("", lambda y, t: at_x(law, y)[place])
    return at_x(law, locate(_fold(law), y, tangent, length, event, None, _TOLERANCE)[1])


def _tip(law: Condensate, spinodal: Curve) -> tuple[float, float]:
    """Largest load on the spinodal and its T: on folds d sqrt(alpha) vanishes with its tangent."""

    def value(y, t):
        return gradients(at_x(law, y), y[1])[0] @ t

    values = np.array(
        [value(y, t) for y, t in zip(spinodal.points, spinodal.tangents, strict=True)]
    )
    best = None
    for i in range(len(values) - 1):
        if values[i] * values[i + 1] < 0.0 or (values[i] == 0.0 and i > 0):
            y, tangent = spinodal.points[i], spinodal.tangents[i]
            length = float(tangent @ (spinodal.points[i + 1] - y))
            cut = locate(
                _fold(law), y, tangent, length, Event("", value), None, _TOLERANCE
            )  # fmt: skip
            out = at_x(law, cut[1])
            if best is None or out[red.ROOT_LOAD] ** 2 > best[0]:
                best = float(out[red.ROOT_LOAD]) ** 2, float(abs(out[red.T]))
    first = at_x(law, spinodal.points[0])
    at_zero = float(first[red.ROOT_LOAD]) ** 2
    return best if best is not None and best[0] > at_zero else (at_zero, 0.0)


def _stability(law: Condensate, tau: float, n_points: int) -> Line:
    def system(y):
        if not 0.0 < y[1] < 2.0:
            return np.array([np.nan])
        return at_x(law, y)[[red.SYMMETRY]]

    fold = _fold(law)
    events = [
        Event("the mixture ends there", lambda y, t: fold(y)[0]),
        Event("T = 0", lambda y, t: 1.0 - y[1]),
    ]
    curve = _traced(
        "of a mixture's stability", system, np.array([0.0, 1.0 / (1.0 + tau)]),
        np.array([1.0, 0.0]), events, max_step=0.05,
    )  # fmt: skip
    name = f"the overlaps of the symmetric mixture of {law.n} become unequal"
    return _line(name, law, curve, system, n_points)


def _glass_note() -> str:
    """The glass's replicon depends on tau = T/b alone: b (tau - c_4/q), negative throughout."""
    worst = max(
        red.glass(1.0, 1.0 / x - 1.0)[red.G_REPLICON] / red.glass(1.0, 1.0 / x - 1.0)[red.G_B]
        for x in np.linspace(0.01, 1.0, 200)
    )
    if worst >= 0.0:
        raise ConvergenceError("the sign of the glass's replicon is not as expected", worst)
    return (
        "the replica-symmetric spin glass is unstable (de Almeida-Thouless) at every load and "
        f"T < T_g: its replicon over sqrt(load r) depends on T/sqrt(load r) alone and is at most "
        f"{worst:.2g} at 200 values of it"
    )
