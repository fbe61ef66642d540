"""The diagram of regimes of a multitasking network: map, lines and points."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING

import numpy as np

from ... import _validate as check
from ...errors import ConvergenceError
from ..laws import binomial_mean, merged
from ..lines import Curve
from ..regimes import RegimeDiagram, RegimeLine, signature_text
from ..saddle import solve
from .multitasking_blocks import SIGNS, blocks
from .multitasking_cold import cold, cold_lines, cold_spinodals
from .multitasking_lines import (
    Condition,
    condensation,
    cusp,
    full,
    joined,
    line_of,
    stability_of_parallel,
    traced,
)
from .multitasking_map import Surface, Survey, signature
from .multitasking_seeds import Edge, cut, edges, eigenvector, hierarchical_ends, seed
from .multitasking_zero import hierarchical_dilution

if TYPE_CHECKING:
    from ...hopfield.multitasking import Multitasking
    from ..laws import Law

_GRID = {1: 24, 2: 28, 3: 28, 4: 30, 5: 28, 6: 24}  # points of the map in each direction
_FINE = 8  # and how many times finer regimes are given


def phase_diagram(
    model: Multitasking,
    *,
    n_points: int = 100,
    mixtures: tuple[int, ...] = (),
    law: str = "binomial",
) -> RegimeDiagram:
    """Regimes over dilution and temperature; see `assocmem.theory.phase_diagram`.

    Ground states are searched on a grid of d and T/(1 - d); each boundary between neighbours is
    then found, traced and kept as far as its states are the ground state.

    Parameters
    ----------
    model : Multitasking
        With ``n_patterns`` from 1 to 6 (fewer where there are many examples) and no field; its
        dilution is not used. With learning, overlaps are those with the mean examples.
    n_points : int
        Points per line, >= 2.
    mixtures : sequence of int
        Not used: every state is followed.
    law : {"binomial"}
        Law of the mean of the examples: the exact one.

    Returns
    -------
    RegimeDiagram

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    n_points = check.integer("n_points", n_points, 2)
    entry = _entry(model, law)
    number = model.n_patterns
    surface = Surface(number, entry)  # refuses too many words
    n = _GRID[number]
    survey = Survey(surface, n, n)
    lines: dict[str, RegimeLine] = {"T_c": _critical(n_points, number)}
    points: dict[str, float] = {}
    notes: list[str] = []
    known: list[tuple[frozenset, np.ndarray]] = []  # what each line of the map separates
    for level in range(2, number + 1):
        condition, curve = condensation(level, entry)
        kept = cut(survey, condition, curve, np.array([0.3, 0.3 ** (level - 1)]))
        if kept is None:
            notes.append(f"T_{level} is nowhere a line of the ground state")
            continue
        lines[f"T_{level}"] = _line(
            condition, kept, number, n_points, f"pattern {level} condenses below", "continuous"
        )
        sides = frozenset(("hierarchical", (1,) * k) for k in (level - 1, level))
        known.append((sides, kept.points[:, -2:]))
    counts: dict[str, int] = {}

    def keep(condition: Condition, start: np.ndarray, along, kind: str, sides) -> bool:
        """Trace, cut and file a line; whether there is one now."""
        if _doubled(condition, start, lines, number, n):
            return True
        ways = traced(condition, start, along)
        if not (len(ways[0].points) and len(ways[1].points)):
            return False
        kept = cut(survey, condition, joined(ways), start)
        if kept is None or len(kept.points) < 3 or _one_state(condition, kept):
            return False
        middle = kept.points[len(kept.points) // 2]
        if _doubled(condition, middle, lines, number, n):
            return True
        kept, ends = _finished(condition, kept)
        stem = kind.replace(" ", "_")
        counts[stem] = counts.get(stem, 0) + 1
        key = f"{stem}_{counts[stem]}"
        points.update({f"{name} of {key}": value for name, value in ends.items()})
        lines[key] = _line(condition, kept, number, n_points, _name(condition, number), kind)
        known.append((sides, kept.points[:, -2:]))
        return True

    crossing = None
    if model.learning is None and number >= 3:
        lost = 0
        for condition, start in cold_lines(number):
            crossing = float(start[-2]) if crossing is None else crossing
            sides = frozenset(
                signature(full(sizes, x, number))
                for sizes, x in zip(
                    (condition.sizes, condition.other), condition.states(start), strict=True
                )
            )
            lost += not keep(condition, start, None, "first order", sides)
        if lost:
            notes.append(f"{lost} crossings of energies at T = 0 start no line")
    failed = 0
    for edge in edges(survey):
        if _covered(edge, known, n):
            continue
        resolved = False
        for way in (edge, edge.reversed):
            found = seed(survey, way)
            if found is not None and keep(*found, edge.signatures):
                resolved = True
        known.append((edge.signatures, edge.middle[None]))
        failed += not resolved
    if number >= 2:
        lines["T_s"] = stability_of_parallel(number, n_points, entry)
    spinodal = _spinodal(survey, number, n_points, entry, crossing)
    if spinodal is not None:
        lines["spinodal"] = spinodal
    if model.learning is None:
        points.update(_special(number))
    if failed:
        notes.append(
            f"{failed} pairs of grid points have a boundary that was not resolved: "
            "regions are those of the map there"
        )
    return RegimeDiagram(model, lines, survey.refined(_FINE), points, tuple(notes))


def _entry(model: Multitasking, law: str) -> Law:
    """Law of an entry that is not blank, of variance 1."""
    check.choice("law", law, ("binomial", "gaussian"))
    if model.n_patterns is None:
        raise ValueError(
            f"n_patterns must be given for a diagram of dilution and temperature, got {model!r}"
        )
    check.integer("n_patterns", model.n_patterns, 1, 6)
    if any(h != 0.0 for h in model.field):
        raise ValueError(f"field must be zero for a phase diagram, got {model.field!r}")
    model.patterns.law()  # refuses entries that are not independent
    learning = model.learning
    if learning is None:
        return SIGNS
    if law == "gaussian":
        raise ValueError(
            "law must be 'binomial' for a diagram of dilution and temperature, got 'gaussian'"
        )
    values, weights = binomial_mean(learning.n_examples, learning.quality)
    values = np.concatenate([values, -values]) / np.sqrt(learning.variance)
    return merged(values, 0.5 * np.concatenate([weights, weights]))


def _critical(n_points: int, number: int) -> RegimeLine:
    dilution = np.linspace(0.0, 1.0, n_points)
    return RegimeLine(
        "the ergodic state ends, T_c = 1 - d", dilution, 1.0 - dilution,
        {"overlaps": np.zeros((n_points, number))}, np.zeros(n_points), True,
        "d = 0; d = 1", "continuous", (signature_text((), number),),
    )  # fmt: skip


def _covered(edge: Edge, known: list[tuple[frozenset, np.ndarray]], n: int) -> bool:
    """Whether a line that separates what the edge does passes near its middle."""
    return any(
        sides == edge.signatures and _distance(edge.middle, line) < 0.75 / n
        for sides, line in known
    )


def _distance(point: np.ndarray, line: np.ndarray) -> float:
    """Distance of a point from a polyline of points (d, t)."""
    if len(line) == 1:
        return float(np.linalg.norm(point - line[0]))
    a, b = line[:-1], line[1:]
    chord = b - a
    share = np.sum((point - a) * chord, axis=1) / np.maximum(np.sum(chord**2, axis=1), 1e-300)
    foot = a + np.clip(share, 0.0, 1.0)[:, None] * chord
    return float(np.min(np.linalg.norm(point - foot, axis=1)))


def _one_state(condition: Condition, curve: Curve) -> bool:
    """Whether the two states of a first-order line are one all along it."""
    if not condition.other or condition.sizes != condition.other:
        return False
    one, two = condition.states(curve.points)
    return bool(np.max(np.abs(one - two)) < 1e-6)


def _doubled(condition: Condition, start: np.ndarray, lines, number: int, n: int) -> bool:
    """Whether one of the lines holds the same condition and passes through the point."""
    names = {_between(condition, number), _between(condition, number)[::-1]}
    for line in lines.values():
        if line.between in names:
            path = np.column_stack([line.dilution, line.temperature / (1.0 - line.dilution)])
            if _distance(start[-2:], path[np.isfinite(path[:, 1])]) < 0.1 / n:
                return True
    return False


def _between(condition: Condition, number: int) -> tuple[str, ...]:
    found = (signature_text(condition.sizes, number),)
    if condition.other:
        return (*found, signature_text(condition.other, number))
    if condition.kind == "condense":
        return (*found, "another condenses")
    if condition.kind == "split":
        return (*found, f"{chr(ord('a') + condition.block)} splits")
    if condition.kind == "wall":
        return (*found, f"{chr(ord('a') + condition.block)} = sum of the rest")
    return found


def _name(condition: Condition, number: int) -> str:
    state = signature_text(condition.sizes, number)
    if condition.other:
        return f"{state} and {signature_text(condition.other, number)} have one free energy"
    if condition.kind == "condense":
        return f"another pattern condenses in {state}"
    if condition.kind == "split":
        return f"the overlaps {chr(ord('a') + condition.block)} of {state} become different"
    return f"{chr(ord('a') + condition.block)} of {state} equals the sum of the overlaps after it"


def _line(condition, curve, number, n_points, name, kind) -> RegimeLine:
    line = line_of(condition, curve, number, n_points, name, kind, _between(condition, number))
    return _with_limits(condition, curve, line, number)


def _with_limits(condition, curve: Curve, line: RegimeLine, number: int) -> RegimeLine:
    """The line with its limits at T = 0 and at d = 2/3, T = 1/3, where it ends there."""
    starts, ends = [*curve.ended.split("; "), ""][:2]
    for end, last in ((starts, 0), (ends, -1)):
        y = curve.points[last]
        if end == "T -> T_c" and condition.law is SIGNS and abs(y[-2] - 2 / 3) < 0.01:
            line = _extended(line, last, 2 / 3, 1 / 3, [np.zeros(number)] * len(line.states), 0.0)
        if end == "T -> 0" and condition.kind in ("equal", "wall"):
            found = solve(cold(condition), y[:-1], tolerance=1e-12)
            if found.converged and abs(found.x[-1] - y[-2]) < 5e-3:
                d = float(found.x[-1])
                parts = condition.states(np.append(found.x, 0.0))
                sizes = (condition.sizes, condition.other)
                states = [
                    (1.0 - d) * full(s, x, number) for s, x in zip(sizes, parts, strict=False)
                ]
                line = _extended(line, last, d, 0.0, states, found.residual)
    return line


def _extended(line, last, dilution, temperature, states, residual) -> RegimeLine:
    at = 0 if last == 0 else len(line)
    return dataclasses.replace(
        line,
        dilution=np.insert(line.dilution, at, dilution),
        temperature=np.insert(line.temperature, at, temperature),
        states={
            key: np.insert(values, at, row, axis=0)
            for (key, values), row in zip(line.states.items(), states, strict=True)
        },
        residual=np.insert(line.residual, at, residual),
    )


def _finished(condition: Condition, curve: Curve) -> tuple[Curve, dict[str, float]]:
    """A first-order line with the critical point it ends in, where it does."""
    points: dict[str, float] = {}
    if condition.kind != "equal" or condition.sizes != condition.other:
        return curve, points
    n = len(condition.sizes)
    ended = curve.ended.split("; ")
    rows = [curve.points, curve.tangents, curve.residuals]
    for place, last in ((0, 0), (-1, -1)):
        y = curve.points[last]
        if ended[place] in ("T -> 0", "T -> T_c") or np.max(np.abs(y[:n] - y[n : 2 * n])) > 0.3:
            continue
        v = y[:n] - y[n : 2 * n]
        guess = np.concatenate([0.5 * (y[:n] + y[n : 2 * n]), v / np.linalg.norm(v), y[-2:]])
        try:
            end = cusp(condition, guess)
        except ConvergenceError:
            continue
        if np.max(np.abs(end[-2:] - y[-2:])) > 0.02:
            continue
        points["dilution of the critical point"] = float(end[-2])
        points["temperature of the critical point"] = float((1.0 - end[-2]) * end[-1])
        ended[place] = "critical point"
        new = np.concatenate([end[:n], end[:n], end[-2:]])
        if np.max(np.abs(new - y)) > 1e-7:
            at = 0 if last == 0 else len(rows[0])
            rows = [
                np.insert(rows[0], at, new, axis=0),
                np.insert(rows[1], at, rows[1][last], axis=0),
                np.insert(rows[2], at, 0.0),
            ]
    return Curve(rows[0], rows[1], rows[2], curve.converged, "; ".join(ended)), points


def _spinodal(
    survey: Survey, number: int, n_points: int, law: Law, crossing: float | None
) -> RegimeLine | None:
    """Where the hierarchical state of all patterns ends beside a lower one (a fold).

    ``crossing`` is the dilution where another state becomes lower at T = 0, if known.
    """
    condition = Condition("fold", (1,) * number, law=law)
    system = condition.system()
    begin = hierarchical_ends(survey)
    if crossing is not None:
        begin = itertools.chain(cold_spinodals(survey.surface, crossing), begin)
    for y in begin:
        guess = np.concatenate([y[:-2], eigenvector(condition, y), y[-2:]])
        along = np.zeros(len(guess))
        along[-1] = 1.0
        t = y[-1]
        found = solve(lambda z, t=t: system(np.append(z, t)), guess[:-1], tolerance=1e-11)
        if not found.converged or abs(found.x[-1] - y[-2]) > 0.02:
            continue
        one = blocks(condition.sizes, law)
        if one.residual(found.x[:number], found.x[-1], t).max() > 1e-9:
            continue
        curve = joined(traced(condition, np.append(found.x, t), along))
        curve = _hierarchical_part(curve, number, t)
        if len(curve.points) < 3:
            continue
        return line_of(
            condition, curve, number, n_points, "the metastable hierarchical state ends",
            "spinodal", (signature_text((1,) * number, number),),
        )  # fmt: skip
    return None


def _hierarchical_part(curve: Curve, number: int, t: float) -> Curve:
    """The part of a curve around reduced temperature ``t`` where its state is hierarchical."""
    whole = ("hierarchical", (1,) * number)
    good = [signature(y[:number]) == whole for y in curve.points]
    last = first = int(np.argmin(np.abs(curve.points[:, -1] - t)))
    while first > 0 and good[first - 1]:
        first -= 1
    while last < len(good) - 1 and good[last + 1]:
        last += 1
    kept = slice(first, last + 1 if good[last] else first)
    ended = curve.ended.split("; ")
    if first > 0:
        ended[0] = "the state is no longer hierarchical"
    if last < len(good) - 1:
        ended[-1] = "the state is no longer hierarchical"
    return Curve(
        curve.points[kept], curve.tangents[kept], curve.residuals[kept], curve.converged,
        "; ".join(ended),
    )  # fmt: skip


def _special(number: int) -> dict[str, float]:
    found = {}
    if number >= 2:
        found["dilution where parallel and single states meet at T_c"] = 2.0 / 3.0
    if number >= 3:
        end = float(hierarchical_dilution(number))
        found["dilution where the hierarchical state ends at T = 0"] = end
    return found
