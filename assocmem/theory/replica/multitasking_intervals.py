r"""For which dilutions states at T = 0 exist, and which is the ground state, with exact ends.

In the chamber of weights w (see `multitasking_chambers`) the state exists where
s_xi xi.m(d) > 0 for all words. With the factor 1 - d left out these are polynomials of degree
K - 1 with integer coefficients; their roots in (0, 1) are isolated exactly, and between roots
signs are those at rational points. Energies are compared likewise, by the roots of
|m|^2 - |m'|^2, degree 2 K - 2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ... import _validate as check
from . import multitasking_chambers as arrangement
from .multitasking_roots import (
    ONE,
    ZERO,
    Coefficients,
    Root,
    between,
    middle,
    polynomial_of,
    roots,
    value_at,
)

if TYPE_CHECKING:
    import xarray

_MOST = 5


@dataclass(frozen=True)
class Existence:
    """Where one state exists.

    Parameters
    ----------
    weights : tuple of int
        Its chamber: spins are sgn(xi.weights).
    counts : tuple of tuple of int
        The integers of its overlaps, see `FixedPoint`.
    regime : str
        "hierarchical" or "mixed"; K = 1 is hierarchical.
    intervals : tuple of (Root, Root)
        Open intervals of d in (0, 1) in which it is a minimum of the free energy.
    ground : tuple of (Root, Root)
        Parts of them in which no other state is lower; elsewhere it is metastable.
    """

    weights: tuple[int, ...]
    counts: tuple[tuple[int, ...], ...]
    regime: str
    intervals: tuple[tuple[Root, Root], ...]
    ground: tuple[tuple[Root, Root], ...]

    def __str__(self) -> str:
        return (
            f"{self.regime:<12} {_named(self.weights):<24} exists {_spans(self.intervals)}"
            f"  ground {_spans(self.ground)}"
        )


@dataclass(frozen=True)
class Existences:
    """All states of K patterns that exist for some d in (0, 1); a sequence of `Existence`."""

    n_patterns: int
    states: tuple[Existence, ...]

    def __len__(self) -> int:
        return len(self.states)

    def __iter__(self):
        return iter(self.states)

    def __getitem__(self, index: int) -> Existence:
        return self.states[index]

    def __str__(self) -> str:
        head = f"states of {self.n_patterns} patterns at T = 0 over the dilution"
        return "\n".join([head, *(f"  {state}" for state in self.states)])

    def to_dataset(self) -> xarray.Dataset:
        """One row for each interval of each state, and of each ground interval."""
        import xarray as xr

        rows = [
            (number, state, low, high, kind)
            for number, state in enumerate(self.states)
            for kind in ("exists", "ground")
            for low, high in (state.intervals if kind == "exists" else state.ground)
        ]
        data = {
            "state": (("interval",), [row[0] for row in rows]),
            "weights": (("interval",), [_named(row[1].weights) for row in rows]),
            "regime": (("interval",), [row[1].regime for row in rows]),
            "low": (("interval",), [float(row[2]) for row in rows]),
            "high": (("interval",), [float(row[3]) for row in rows]),
            "kind": (("interval",), [row[4] for row in rows]),
        }
        return xr.Dataset(data, attrs={"n_patterns": self.n_patterns, "temperature": 0.0})


@dataclass(frozen=True)
class Ground:
    """The ground state in an interval of d.

    Parameters
    ----------
    low, high : Root
        The open interval.
    weights : tuple of tuple of int
        Chambers of the states of lowest energy: one, or several of exactly the same energy.
    regimes : tuple of str
        Their regimes.
    """

    low: Root
    high: Root
    weights: tuple[tuple[int, ...], ...]
    regimes: tuple[str, ...]

    def __str__(self) -> str:
        names = ", ".join(_named(w) for w in self.weights)
        regimes = "/".join(dict.fromkeys(self.regimes))
        return f"{self.low!s:>16} .. {self.high!s:<16} {regimes:<12} {names}"


@dataclass(frozen=True)
class GroundIntervals:
    """The ground state over d in (0, 1) at T = 0; a sequence of `Ground`."""

    n_patterns: int
    intervals: tuple[Ground, ...]

    def __len__(self) -> int:
        return len(self.intervals)

    def __iter__(self):
        return iter(self.intervals)

    def __getitem__(self, index: int) -> Ground:
        return self.intervals[index]

    def __str__(self) -> str:
        head = f"ground state of {self.n_patterns} patterns at T = 0 over the dilution"
        return "\n".join([head, *(f"  {ground}" for ground in self.intervals)])

    def to_dataset(self) -> xarray.Dataset:
        """Ends, regimes and chambers over the dimension ``interval``."""
        import xarray as xr

        at = ("interval",)
        data = {
            "low": (at, [float(g.low) for g in self.intervals]),
            "high": (at, [float(g.high) for g in self.intervals]),
            "regime": (at, [g.regimes[0] for g in self.intervals]),
            "degenerate": (at, [len(g.weights) for g in self.intervals]),
            "weights": (at, [" or ".join(map(_named, g.weights)) for g in self.intervals]),
        }
        return xr.Dataset(data, attrs={"n_patterns": self.n_patterns, "temperature": 0.0})


def existence_intervals(n_patterns: int) -> Existences:
    """Every state of K patterns at T = 0 and the dilutions at which it exists.

    Parameters
    ----------
    n_patterns : int
        K in 1..5. Cost: below 1 s for K <= 4, about a minute for K = 5.

    Returns
    -------
    Existences
        States in the order of their first interval.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> from assocmem.theory.replica.multitasking_intervals import existence_intervals
    >>> print(existence_intervals(2)[0])
    hierarchical (2, 1)                   exists (0, 1)  ground (0, 1)
    """
    n_patterns = check.integer("n_patterns", n_patterns, 1, _MOST)
    spans: dict[tuple[int, ...], list[tuple[Root, Root]]] = {}
    for ground in ground_intervals(n_patterns):
        for weights in ground.weights:
            spans.setdefault(weights, []).append((ground.low, ground.high))
    return Existences(
        n_patterns,
        tuple(
            Existence(w, c, _regime(w), parts, tuple(_joined(spans.get(w, []))))
            for w, c, parts in _existing(n_patterns)
        ),
    )


@lru_cache(maxsize=_MOST)
def ground_intervals(n_patterns: int) -> GroundIntervals:
    """The state of lowest energy at T = 0 for every dilution.

    Parameters
    ----------
    n_patterns : int
        K in 1..5. Cost: below 1 s for K <= 4, about a minute for K = 5.

    Returns
    -------
    GroundIntervals
        Ends are where energies cross, or where a state of lowest energy begins or ends.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> from assocmem.theory.replica.multitasking_intervals import ground_intervals
    >>> hierarchical, mixed = ground_intervals(3)
    >>> round(float(hierarchical.high), 8), mixed.weights
    (0.54691816, ((4, 3, 2),))
    """
    n_patterns = check.integer("n_patterns", n_patterns, 1, _MOST)
    states = _existing(n_patterns)
    squares = [_squares(counts) for _, counts, _ in states]
    ends = sorted({end for _, _, parts in states for part in parts for end in part}, key=middle)
    pieces: list[tuple[Root, Root, tuple[int, ...]]] = []
    for low, high in zip([ZERO, *ends], [*ends, ONE], strict=True):
        if low == high:
            continue
        alive = [
            k
            for k, (_, _, parts) in enumerate(states)
            if any(middle(a) <= middle(low) and middle(high) <= middle(b) for a, b in parts)
        ]
        for left, right, best in _lowest(low, high, alive, squares):
            same = tuple(k for k in alive if squares[k] == squares[best])
            if pieces and pieces[-1][2] == same:
                pieces[-1] = (pieces[-1][0], right, same)
            else:
                pieces.append((left, right, same))
    return GroundIntervals(
        n_patterns,
        tuple(
            Ground(
                left,
                right,
                tuple(states[k][0] for k in same),
                tuple(_regime(states[k][0]) for k in same),
            )
            for left, right, same in pieces
        ),
    )


State = tuple[tuple[int, ...], tuple[tuple[int, ...], ...], tuple[tuple[Root, Root], ...]]


@lru_cache(maxsize=_MOST)
def _existing(n_patterns: int) -> tuple[State, ...]:
    """Weights, counts and intervals of the chambers that hold their vertex for some d."""
    listed = arrangement.chambers(n_patterns)
    words = arrangement.half_words(n_patterns).astype(np.int64)
    found: list[State] = []
    for weights, counts in zip(listed.weights, listed.counts, strict=True):
        # xi.m/(1 - d) is sum_z form_z (2 d)^z (1 - d)^(K - 1 - z): coefficients of one sign in
        # this (Bernstein's) basis have no root.
        forms = np.unique(np.sign(words @ weights)[:, None] * (words @ counts), axis=0)
        if np.any(np.all(forms <= 0, axis=1)):
            continue
        mixed = [polynomial_of(form) for form in forms if form.min() < 0]
        cuts = sorted({root for p in mixed for root in roots(p)}, key=middle)
        parts = [
            (low, high)
            for low, high in zip([ZERO, *cuts], [*cuts, ONE], strict=True)
            if all(value_at(p, between(low, high)) > 0 for p in mixed)
        ]
        # A wall that is touched and not crossed ends a state too: there its margin is 0.
        if parts:
            found.append(
                (tuple(weights.tolist()), tuple(map(tuple, counts.tolist())), tuple(parts))
            )
    return tuple(sorted(found, key=lambda state: (middle(state[2][0][0]), state[0])))


def _lowest(
    low: Root, high: Root, alive: Sequence[int], squares: list[Coefficients]
) -> list[tuple[Root, Root, int]]:
    """The largest |m|^2 between two dilutions where the same states exist, with its pieces."""
    inside = between(low, high)
    values = [value_at(squares[k], inside) for k in alive]
    best = alive[values.index(max(values))]
    rivals, cuts = [best], set()
    gaps = {k: _difference(squares[best], squares[k]) for k in alive if squares[k] != squares[best]}
    above = _positive(list(gaps.values()), low.low, high.high)
    for k, sure in zip(gaps, above, strict=True):
        if sure:
            continue
        crossed = [root for root in roots(gaps[k]) if middle(low) < middle(root) < middle(high)]
        if crossed:
            rivals.append(k)
            cuts.update(crossed)
    if not cuts:
        return [(low, high, best)]
    ends = sorted(cuts, key=middle)
    pieces: list[tuple[Root, Root, int]] = []
    for left, right in zip([low, *ends], [*ends, high], strict=True):
        for piece in _lowest(left, right, rivals, squares):
            if pieces and squares[pieces[-1][2]] == squares[piece[2]]:
                pieces[-1] = (pieces[-1][0], piece[1], piece[2])
            else:
                pieces.append(piece)
    return pieces


def _positive(polynomials: list[Coefficients], low: Fraction, high: Fraction) -> np.ndarray:
    """Whether polynomials are surely positive in [low, high]: Bernstein coefficients are.

    In double precision, with a bound far above its rounding; False says nothing.
    """
    if not polynomials:
        return np.zeros(0, dtype=bool)
    table = np.array(polynomials, dtype=np.float64)
    n = table.shape[1] - 1
    a, h = float(low), float(high - low)
    shift = np.array([[math.comb(j, i) * a ** (j - i) if j >= i else 0.0 for i in range(n + 1)]
                      for j in range(n + 1)])  # fmt: skip
    local = (table @ shift) * h ** np.arange(n + 1)  # coefficients of ((d - low)/h)^i
    basis = np.array([[math.comb(k, i) / math.comb(n, i) if k >= i else 0.0 for k in range(n + 1)]
                      for i in range(n + 1)])  # fmt: skip
    return np.all(local @ basis > 1e-12 * np.abs(table).sum(axis=1, keepdims=True), axis=1)


def _squares(counts: Sequence[Sequence[int]]) -> Coefficients:
    """Coefficients of 4^K |m|^2/(1 - d)^2."""
    total = np.zeros(2 * len(counts) - 1, dtype=object)
    for row in counts:
        p = np.array(polynomial_of(row), dtype=object)
        total += np.convolve(p, p)
    return tuple(int(c) for c in total)


def _difference(one: Coefficients, other: Coefficients) -> Coefficients:
    return tuple(a - b for a, b in zip(one, other, strict=True))


def _regime(weights: Sequence[int]) -> str:
    rule = all(w > sum(weights[k + 1 :]) for k, w in enumerate(weights))
    return "hierarchical" if rule else "mixed"


def _named(weights: Sequence[int]) -> str:
    return f"({', '.join(map(str, weights))})"


def _joined(parts: list[tuple[Root, Root]]) -> list[tuple[Root, Root]]:
    """Intervals of ground states that differ by what else has the same energy, put together."""
    joined: list[tuple[Root, Root]] = []
    for low, high in parts:
        if joined and joined[-1][1] == low:
            joined[-1] = (joined[-1][0], high)
        else:
            joined.append((low, high))
    return joined


def _spans(parts: Sequence[tuple[Root, Root]]) -> str:
    return " + ".join(f"({low}, {high})" for low, high in parts) or "never"
