"""All states of a multitasking network at low load: minima, saddles, and numbers of copies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from ... import _validate as check
from ..state import State
from .multitasking import ground, state_at, trimmed
from .multitasking_minima import curvature, ergodic, minima, most_distinct
from .multitasking_stationary import MARGINAL, stationary
from .multitasking_words import LAWS

if TYPE_CHECKING:
    import xarray

    from ...hopfield.multitasking import Multitasking

__all__ = ["States", "ground", "states"]
_MOST_COMPLETE = 7


@dataclass(frozen=True)
class States(Sequence[State]):
    """Stationary points of f at one temperature, up to signs and order, lowest f first.

    Parameters
    ----------
    model : Multitasking
        The model.
    temperature : float
        T.
    states : tuple of State
        Minima and saddles; ``stable`` tells them apart.
    eigenvalues : tuple of float
        The smallest eigenvalue of the Hessian in all K components, of each state. Eigenvalues
        against unequal overlaps with single examples are not among them, see State.stability.
    indices : tuple of int
        Numbers of negative eigenvalues.
    copies : tuple of int
        Numbers of stationary points that differ by signs and permutations alone.
    euler : int, optional
        Sum of copies times (-1)^index over all states, 1 if none is missing; None where only
        minima were searched.
    complete : bool, optional
        Whether that sum is 1 in every subspace of equal and vanishing components, which is
        necessary for the list to be complete but not sufficient. None where it cannot be decided:
        an eigenvalue vanishes to rounding (a bifurcation), or only minima were searched.
    reason : str
        Why ``complete`` is not True.
    """

    model: Any
    temperature: float
    states: tuple[State, ...]
    eigenvalues: tuple[float, ...]
    indices: tuple[int, ...]
    copies: tuple[int, ...]
    euler: int | None
    complete: bool | None
    reason: str = ""

    @overload
    def __getitem__(self, index: int) -> State: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[State, ...]: ...
    def __getitem__(self, index):
        return self.states[index]

    def __len__(self) -> int:
        return len(self.states)

    def __iter__(self) -> Iterator[State]:
        return iter(self.states)

    @property
    def ground(self) -> State:
        """The state of lowest free energy: of the minima, unless none is found as low.

        At a bifurcation minima and saddles have one free energy to rounding.
        """
        lowest = [k for k, low in enumerate(self.eigenvalues) if low > 0.0][:1]
        f = self.states[0].free_energy
        if lowest and self.states[lowest[0]].free_energy <= f + 1e-13 * max(1.0, abs(f)):
            return self.states[lowest[0]]
        return self.states[0]

    @property
    def stable(self) -> tuple[State, ...]:
        """Local minima of f in the K overlaps, lowest first."""
        return tuple(
            state for state, low in zip(self.states, self.eigenvalues, strict=True) if low > 0.0
        )

    def kind(self, i: int) -> str:
        """What state i is: "global minimum", "metastable" or "saddle"."""
        if self.eigenvalues[i] <= 0.0:
            return "saddle"
        return "global minimum" if self.states[i] is self.ground else "metastable"

    def __str__(self) -> str:
        verdict = {
            True: "complete as far as the sum of signs tells",
            False: f"not complete: {self.reason}",
            None: f"completeness not decided: {self.reason}",
        }[self.complete]
        head = f"{len(self)} states of {self.model} at T = {self.temperature:g} ({verdict})"
        rows = [("regime", "kind", "free energy", "eigenvalue", "copies", "overlaps")]
        for i, state in enumerate(self.states):
            values = list(state.overlaps)
            shown = ", ".join(f"{m:.6f}" for m in values[:8]) + ", ..." * (len(values) > 8)
            rows.append(
                (
                    str(state.regime),
                    self.kind(i),
                    f"{state.free_energy:.12f}",
                    f"{self.eigenvalues[i]:+.3g}",
                    f"{self.copies[i]:,}" if self.copies[i] < 10**9 else f"{self.copies[i]:.3g}",
                    shown,
                )
            )
        widths = [max(len(row[c]) for row in rows) for c in range(6)]
        lines = [
            "  " + "  ".join(text.ljust(w) for text, w in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        return "\n".join([head, *lines])

    def to_dataset(self) -> xarray.Dataset:
        """Numbers over the dimension ``state``; overlaps beyond the condensed ones are 0."""
        import xarray as xr

        from ...serial import to_json

        width = max(len(state.overlaps) for state in self.states)
        rows = np.zeros((len(self), width))
        for row, state in zip(rows, self.states, strict=True):
            row[: len(state.overlaps)] = state.overlaps
        names = ("free_energy", "energy", "entropy", "q", "C", "residual")
        data: dict[str, Any] = {
            name: (("state",), [getattr(state, name) for state in self.states]) for name in names
        }
        data["overlap"] = (("state", "pattern"), rows)
        if self.states[0].example_overlaps is not None:
            stored = np.zeros_like(rows)
            for row, state in zip(stored, self.states, strict=True):
                row[: len(state.example_overlaps)] = state.example_overlaps
            data["example_overlap"] = (("state", "pattern"), stored)
        data["regime"] = (("state",), [str(state.regime) for state in self.states])
        data["eigenvalue"] = (("state",), list(self.eigenvalues))
        data["index"] = (("state",), list(self.indices))
        data["copies"] = (("state",), [float(n) for n in self.copies])
        attributes = {"model": to_json(self.model), "reason": self.reason}
        attributes["complete"] = {True: "yes", False: "no", None: "undecided"}[self.complete]
        if self.euler is not None:
            attributes["euler"] = self.euler
        return xr.Dataset(data, coords={"temperature": self.temperature}, attrs=attributes)


def states(model: Multitasking, temperature: float, *, law: str | None = None) -> States:
    """All stationary points of f at T > 0 and load 0, up to signs and order of the patterns.

    Parameters
    ----------
    model : Multitasking
        With ``n_patterns`` and without fields.
    temperature : float
        T > 0; for T = 0 see `multitasking_zero.fixed_points`.
    law : {"binomial", "gaussian"}, optional
        Law of the mean examples, exact by default.

    Returns
    -------
    States
        For K <= 7 (fewer where the words of the examples are too many) minima and saddles, with
        a check of completeness, see `multitasking_stationary`; beyond, the minima that descent
        finds, see `multitasking_minima.minima`, and the symmetric states.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range, or there are too many words.

    Notes
    -----
    Cost above T = 0.1 (1 - d): 10 ms for K = 3, 20 to 60 ms for K = 4, 0.15 s for K = 5, 0.5 s for
    K = 6. Below, temperatures are gone down in steps and there are ever more saddles: 0.2 s for
    K = 4, 1 s for K = 5, up to a minute for K = 6, where the search is given up after 1.5e6
    evaluations and ``complete`` says so.

    Examples
    --------
    >>> from assocmem.hopfield.multitasking import Multitasking
    >>> from assocmem.theory.replica.multitasking_states import states
    >>> found = states(Multitasking(n_patterns=3, dilution=0.55), 0.05)
    >>> len(found), found.complete, [state.regime for state in found.stable]
    (12, True, ['mixed', 'hierarchical'])
    """
    temperature = check.real("temperature", temperature, 0.0, open_low=True)
    law = check.choice("law", "binomial" if law is None else law, LAWS)
    if getattr(model, "n_patterns", None) is None:
        raise ValueError(f"model must have n_patterns, got {model!r}")
    if trimmed(model.field):
        raise ValueError(f"field must be zero for a list of all states, got {model.field!r}")
    model.patterns.law()  # refuses entries that are not independent
    euler, complete, reason, count = None, None, "only minima were searched", 0
    if temperature >= 1.0 - model.dilution:
        points = [ergodic(temperature)]
        bent = {points[0]: curvature(model, points[0], temperature, law)}
        euler, complete, reason = 1, True, ""  # |nu|^2 = E y.nu tanh <= (1 - d) |nu|^2/T
    elif model.n_patterns <= min(_MOST_COMPLETE, most_distinct(model, law)):
        points, bent, sums, count = stationary(model, temperature, law)
        euler = sums[(1,) * model.n_patterns]
        bad = [blocks for blocks, total in sums.items() if total != 1]
        complete, reason = not bad, f"the sum of signs is not 1 for blocks {bad}" if bad else ""
        if any(here.nearest < MARGINAL for here in bent.values()):
            complete, reason = None, "an eigenvalue is 0 to rounding, at a bifurcation"
    else:
        points, count = minima(model, temperature, law)
        points = [*points, ergodic(temperature)]
        bent = {p: curvature(model, p, temperature, law) for p in points}
    points = sorted(points, key=lambda p: p.f)
    made = []
    for point in points:
        name = "retrieval" if point.sizes else "paramagnet"
        made.append(state_at(model, temperature, name, point, law, count))
    return States(
        model,
        temperature,
        tuple(made),
        tuple(bent[p].smallest for p in points),
        tuple(bent[p].index for p in points),
        tuple(p.copies(model.n_patterns) for p in points),
        euler,
        complete,
        reason,
    )
