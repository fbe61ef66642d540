"""What `verify` compares of a state: how chains start, what is predicted, and who left it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

# How a simulation is started so that it visits the state that theory speaks of.
STARTS = {
    "retrieval": "pattern",
    "mixture": "mixture",
    "hierarchical": "mixture",
    "parallel": "mixture",
    "paramagnet": "random",
    "spin-glass": "random",
}

Prediction = Callable[[Any, float], Mapping[str, float]]


class OneOverlap:
    """States of `Hopfield` and `Dense` models: one overlap, or several equal ones."""

    def __init__(self, state: str, n_mixed: int) -> None:
        if state in ("hierarchical", "parallel"):
            raise ValueError(f"state {state!r} is one of Multitasking models alone")
        self.state, self.n_mixed = state, n_mixed
        self.tracked = n_mixed if state == "mixture" else 1

    def start(self, model: Any, temperature: float) -> dict[str, Any]:
        """Options of `sample` that start chains in the state."""
        return {"start": STARTS[self.state], "tracked": self.tracked}

    def solved(self, model: Any, temperature: float) -> Any:
        """The state by the package's theory, or a ValueError where chains could not stay in it."""
        from .theory import solve

        found = solve(model, temperature, self.state, n_mixed=self.n_mixed)
        if not found.exists:
            raise ValueError(
                f"state {self.state!r} of {model} does not exist at temperature {temperature:g} "
                f"({found.reason}): there is nothing to verify; choose another point"
            )
        if not found.stable and self.state != "spin-glass":
            raise ValueError(
                f"state {self.state!r} of {model} is unstable at temperature {temperature:g} "
                f"({dict(found.stability)}): a simulation leaves it; choose another point"
            )
        return found

    def predict(self, model: Any, temperature: float) -> dict[str, float]:
        """Predictions of the package's theory by the names of observables."""
        found = self.solved(model, temperature)
        if STARTS[self.state] == "random":
            return {"energy": found.energy}
        step = 1e-3 * temperature
        heat = _derivative(lambda x: self.solved(model, temperature + x).energy, step)
        claims = {
            **self.overlaps(found),
            "q": found.q,
            "energy": found.energy,
            "specific_heat": heat,
        }
        return {**claims, **self.response(model, temperature)}

    def response(self, model: Any, temperature: float) -> dict[str, float]:
        """Response to a field on the first pattern, where it is predicted."""
        if self.state == "mixture":
            return {}
        field = tuple(model.field) or (0.0,)

        def overlap(h: float) -> float:
            shifted = replace(
                model,
                load=None if model.n_patterns else model.load,
                field=(field[0] + h, *field[1:]),
            )
            return self.solved(shifted, temperature).overlaps[0]

        return {"susceptibility": _derivative(overlap, 1e-3 * temperature)}

    @property
    def overlap_names(self) -> tuple[str, ...]:
        """Names of the overlaps that are measured."""
        return ("overlap",)

    def overlaps(self, found: Any) -> dict[str, float]:
        """Overlaps of a solved state, by the names of observables."""
        return {"overlap": float(np.mean(found.overlaps[: self.tracked]))}

    def measured_overlaps(self, values: np.ndarray) -> dict[str, np.ndarray]:
        """Means over chains (disorder, pattern), by the names of observables: (disorder,)."""
        return {"overlap": values.mean(axis=-1)}

    def responding(self, values: Any) -> Any:
        """Of a response measured for each pattern, the one that is predicted."""
        return values.mean("pattern")

    def escaped(self, model: Any, temperature: float, overlaps: np.ndarray) -> int:
        """How many of the chains, of overlaps (..., pattern), are far from the state."""
        from .theory import solve

        if STARTS[self.state] == "random":
            return 0
        found = solve(model, temperature, self.state, n_mixed=self.n_mixed)
        if not found.exists:
            return 0
        expected = np.array(found.overlaps[: overlaps.shape[-1]])
        far = np.any(np.abs(overlaps - expected) > 0.5 * np.abs(expected), axis=-1)
        return int(np.count_nonzero(far))


class SeveralOverlaps(OneOverlap):
    """States of `Multitasking` models: each condensed pattern has an overlap of its own."""

    def __init__(self, model: Any, state: str, n_mixed: int, temperatures: tuple) -> None:
        self.state, self.n_mixed = state, n_mixed
        self.temperatures = temperatures
        self.tracked = 1
        if STARTS[state] != "random":
            self.tracked = max(
                np.count_nonzero(self.solved(model, t).overlaps) for t in temperatures
            )

    def start(self, model: Any, temperature: float) -> dict[str, Any]:
        """Signs of the patterns weighted by the overlaps that theory expects."""
        if STARTS[self.state] == "random":
            return {"start": "random", "tracked": 1}
        expected = self.solved(model, temperature).overlaps
        weights = tuple(expected) + (0.0,) * (self.tracked - len(expected))
        return {
            "start": "mixture",
            "tracked": self.tracked,
            "weights": tuple(float(w) for w in weights[: self.tracked]),
        }

    @property
    def overlap_names(self) -> tuple[str, ...]:
        """One for each pattern, or one for all where they are equal."""
        if self.state in ("parallel", "mixture"):
            return ("overlap",)
        return tuple(f"overlap {k + 1}" for k in range(self.tracked))

    def overlaps(self, found: Any) -> dict[str, float]:
        """Overlap of every condensed pattern; their mean where they are equal."""
        expected = np.pad(np.array(found.overlaps), (0, self.tracked))[: self.tracked]
        return self._by_name(expected)

    def _by_name(self, values: np.ndarray) -> dict[str, Any]:
        parts = [values.mean(axis=-1)]
        if len(self.overlap_names) > 1 or self.tracked == 1:
            parts = list(np.moveaxis(values, -1, 0))
        return dict(zip(self.overlap_names, parts, strict=True))

    def response(self, model: Any, temperature: float) -> dict[str, float]:
        """Of states that store a fixed number of patterns, with different overlaps."""
        few = model.n_patterns is not None and model.learning is None and not any(model.field)
        if not few or self.state in ("parallel", "mixture"):
            return {}
        from .theory.replica.multitasking_response import response

        return {"susceptibility": float(response(self.solved(model, temperature))[0, 0])}

    def measured_overlaps(self, values: np.ndarray) -> dict[str, np.ndarray]:
        """By pattern, or their mean where they are equal."""
        return self._by_name(values)

    def responding(self, values: Any) -> Any:
        """That of the first pattern, which the field is on."""
        return values.isel(pattern=0)

    def escaped(self, model: Any, temperature: float, overlaps: np.ndarray) -> int:
        """Chains that are nearer to another stable state, or to no overlap, than to theirs.

        A copy of the state, with other signs or another order of overlaps, is another state.
        """
        if STARTS[self.state] == "random":
            return 0
        expected = np.array(self.solved(model, temperature).overlaps)
        size = max(self.tracked, len(expected))
        expected = np.pad(expected, (0, size - len(expected)))[: overlaps.shape[-1]]
        near = np.linalg.norm(overlaps - expected, axis=-1)
        away = np.linalg.norm(overlaps, axis=-1)  # of the ergodic state
        folded = -np.sort(-np.abs(overlaps), axis=-1)
        if not any(model.field):  # which break the symmetry
            # The nearest copy; where that is the state itself, it is as far but for rounding.
            copy = np.linalg.norm(folded + np.sort(-np.abs(expected)), axis=-1)
            away = np.where(copy < near - 1e-9, np.minimum(away, copy), away)
        if model.n_patterns is not None and not any(model.field):
            from .theory import states

            for other in states(model, temperature).stable:
                there = -np.sort(-np.abs(np.array(other.overlaps)))
                there = np.pad(there, (0, size))[: overlaps.shape[-1]]
                if np.linalg.norm(there + np.sort(-np.abs(expected))) > 1e-6:
                    away = np.minimum(away, np.linalg.norm(folded - there, axis=-1))
        return int(np.count_nonzero(near > away))


def compared(model: Any, state: str, n_mixed: int, temperatures: tuple) -> OneOverlap:
    """What serves the model."""
    from .hopfield import Multitasking

    if isinstance(model, Multitasking):
        return SeveralOverlaps(model, state, n_mixed, temperatures)
    return OneOverlap(state, n_mixed)


def _derivative(values: Callable[[float], float], step: float) -> float:
    # Fourth-order central difference: solutions are good to 1e-12, so h = 1e-3 leaves
    # errors of 1e-9 beside statistical errors of 1e-3.
    up, down, up2, down2 = (values(k * step) for k in (1, -1, 2, -2))
    return (8.0 * (up - down) - (up2 - down2)) / (12.0 * step)
