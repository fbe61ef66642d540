"""Regimes of multitasking networks: lines, points and a map over dilution and temperature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..hopfield.regime import REGIMES

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray


@dataclass(frozen=True)
class RegimeLine:
    """A line in the plane of dilution and temperature.

    Parameters
    ----------
    name : str
        What happens across it.
    dilution, temperature : ndarray, shape (n_points,)
        The line, in order; neither need be monotonic.
    states : dict of ndarray, shape (n_points, K)
        Overlaps with what is stored of the state, or of both states of a first-order line.
    residual : ndarray, shape (n_points,)
        Largest violation of the defining equations (overlaps and T in units of 1 - d).
    converged : bool
        Whether every point is within tolerance (1e-10).
    ended : str
        Why it ended, at both ends.
    kind : str
        "continuous" (an eigenvalue of the Hessian vanishes), "first order" (two states of equal
        free energy), "crossover" (the state changes its regime and nothing else), "spinodal" (a
        state ends) or "stability" (a state, not always the lowest, becomes unstable).
    between : tuple of str
        Signatures on its sides, see `signature_text`; of the unstable state alone for "stability".
    """

    name: str
    dilution: np.ndarray
    temperature: np.ndarray
    states: Mapping[str, np.ndarray] = field(default_factory=dict)
    residual: np.ndarray = field(default_factory=lambda: np.zeros(0))
    converged: bool = True
    ended: str = ""
    kind: str = "continuous"
    between: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.dilution)

    def __str__(self) -> str:
        worst = float(np.max(self.residual, initial=0.0))
        return (
            f"{self.name} [{self.kind}]: {len(self)} points, "
            f"d {self.dilution.min():.6g}..{self.dilution.max():.6g}, "
            f"T {self.temperature.min():.6g}..{self.temperature.max():.6g}, "
            f"residual {worst:.1e}, {'converged' if self.converged else 'NOT CONVERGED'}; "
            f"ended: {self.ended}"
        )


@dataclass(frozen=True)
class RegimeMap:
    """The global minimum of f on a grid of dilutions and reduced temperatures t = T/(1 - d).

    Parameters
    ----------
    dilution : ndarray, shape (n_d,)
        In (0, 1), ascending.
    reduced : ndarray, shape (n_t,)
        T/(1 - d) in (0, 1), ascending; at 1 and above the network is ergodic.
    regime : ndarray, int8, shape (n_d, n_t)
        Index into `assocmem.hopfield.regime.REGIMES`.
    condensed : ndarray, int8, shape (n_d, n_t)
        Number of patterns with an overlap.
    hierarchical : ndarray, bool, shape (n_d, n_t)
        Whether a hierarchical state is stable, lowest or not.
    searched_dilution, searched_reduced : ndarray
        The coarser grid on which states were searched from many starts, and from those of
        neighbours. On the points in between they were searched from those of the four nearest.
    overlaps : ndarray, shape (n, n', K)
        The global minimum on the coarser grid, in descending order.
    free_energy : ndarray, shape (n, n')
        Its f.
    stable : ndarray, int8, shape (n, n')
        Number of different stable states found.
    """

    dilution: np.ndarray
    reduced: np.ndarray
    regime: np.ndarray
    condensed: np.ndarray
    hierarchical: np.ndarray
    searched_dilution: np.ndarray
    searched_reduced: np.ndarray
    overlaps: np.ndarray
    free_energy: np.ndarray
    stable: np.ndarray

    @property
    def temperature(self) -> np.ndarray:
        """T of each grid point, shape (n_d, n_t)."""
        return np.multiply.outer(1.0 - self.dilution, self.reduced)

    def share(self) -> dict[str, float]:
        """Share of the area below T = 1 - d that each regime takes."""
        weight = np.broadcast_to((1.0 - self.dilution)[:, None], self.regime.shape)
        total = float(weight.sum())
        found = {
            name: float(weight[self.regime == k].sum()) / total for k, name in enumerate(REGIMES)
        }
        return {name: value for name, value in found.items() if value > 0.0}


@dataclass(frozen=True)
class RegimeDiagram:
    """Regimes of a multitasking network of a finite number of patterns.

    Parameters
    ----------
    model : Multitasking
        The model; its dilution is not used.
    lines : dict of RegimeLine
        By short name; `RegimeLine.name` says what happens across each.
    map : RegimeMap
        The regime of the global minimum on a grid.
    points : dict of float
        Special dilutions and temperatures, by a name that says which.
    notes : tuple of str
        What was verified along the way and is no line.
    """

    model: Any
    lines: Mapping[str, RegimeLine]
    map: RegimeMap
    points: Mapping[str, float]
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        learned = "" if self.model.learning is None else f", {self.model.learning}"
        rows = [f"regimes of {self.model.n_patterns} patterns over all dilutions{learned}", "lines"]
        rows += [f"  {key}: {line}" for key, line in self.lines.items()]
        rows.append("share of the area below T = 1 - d")
        rows += [f"  {name:<12}  {value:.4f}" for name, value in self.map.share().items()]
        if self.points:
            rows.append("points")
        width = max((len(name) for name in self.points), default=0)
        rows += [f"  {name:<{width}}  {value:.12g}" for name, value in self.points.items()]
        rows += [f"note: {note}" for note in self.notes]
        return "\n".join(rows)

    def plot(
        self, ax: matplotlib.axes.Axes | None = None, simulation: xarray.Dataset | None = None
    ) -> matplotlib.axes.Axes:
        """Draw the diagram, see `assocmem.plot.regimes`.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.
        simulation : xarray.Dataset, optional
            Simulated points to draw into it.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from .._plot_regimes import regimes

        return regimes(self, ax, simulation)

    def to_dataset(self) -> xarray.Dataset:
        """Lines as variables over a dimension each, the map, and points as ``special_value``."""
        import xarray as xr

        from ..serial import to_json

        data: dict[str, Any] = {}
        for key, line in self.lines.items():
            about = {
                "line": line.name,
                "kind": line.kind,
                "between": list(line.between),
                "ended": line.ended,
                "converged": int(line.converged),
            }
            over = (f"{key}_point",)
            for name in ("dilution", "temperature", "residual"):
                data[f"{key}_{name}"] = (over, getattr(line, name), about)
            for name, values in line.states.items():
                data[f"{key}_{name}"] = ((*over, "pattern"), values, about)
        grid = ("dilution", "reduced_temperature")
        for name in ("regime", "condensed"):
            data[name] = (grid, getattr(self.map, name))
        data["regime"] = (*data["regime"], {"meanings": list(REGIMES)})
        data["hierarchical"] = (grid, self.map.hierarchical.astype(np.int8))
        data["temperature"] = (grid, self.map.temperature)
        searched = ("searched_dilution", "searched_reduced")
        data["stable_states"] = (searched, self.map.stable)
        data["free_energy"] = (searched, self.map.free_energy)
        data["overlaps"] = ((*searched, "pattern"), self.map.overlaps)
        data["special_value"] = (("special_point",), list(self.points.values()))
        coordinates = {
            "dilution": self.map.dilution,
            "reduced_temperature": self.map.reduced,
            "searched_dilution": self.map.searched_dilution,
            "searched_reduced": self.map.searched_reduced,
            "special_point": list(self.points),
        }
        attributes = {"model": to_json(self.model), "notes": list(self.notes)}
        return xr.Dataset(data, coords=coordinates, attrs=attributes)


def blocks_of(overlaps: np.ndarray, tolerance: float = 1e-7) -> tuple[int, ...]:
    """Sizes of the groups of equal non-zero overlaps, largest overlap first.

    ``overlaps`` are non-negative and descending; equal means to ``tolerance`` of the largest.
    """
    top = float(overlaps[0])
    found = [m for m in overlaps if m > tolerance * max(top, 1e-6)]
    sizes: list[int] = []
    for i, m in enumerate(found):
        if i and found[i - 1] - m <= tolerance * top:
            sizes[-1] += 1
        else:
            sizes.append(1)
    return tuple(sizes)


def signature_text(sizes: tuple[int, ...], n_patterns: int) -> str:
    """Block structure in letters: (1, 2) of four patterns is "(a, b, b, 0)"."""
    letters = [chr(ord("a") + i) for i, size in enumerate(sizes) for _ in range(size)]
    return "(" + ", ".join(letters + ["0"] * (n_patterns - len(letters))) + ")"
