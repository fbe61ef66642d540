"""A phase diagram: lines and points in the plane of load and temperature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .lines import Line

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray


@dataclass(frozen=True)
class PhaseDiagram:
    """Critical lines and points of a model.

    Parameters
    ----------
    model : object
        The model; its load is not used.
    lines : dict of Line
        By short name; `Line.name` says what happens across each.
    points : dict of float
        Critical loads, temperatures and overlaps, by a name that says which.
    notes : tuple of str
        What was verified along the way and is no line.
    """

    model: Any
    lines: Mapping[str, Line]
    points: Mapping[str, float]
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        rows = [f"phase diagram of {self.model}", "lines"]
        rows += [f"  {key}: {line}" for key, line in self.lines.items()]
        rows.append("points")
        width = max(len(name) for name in self.points)
        rows += [f"  {name:<{width}}  {value:.12g}" for name, value in self.points.items()]
        rows += [f"note: {note}" for note in self.notes]
        return "\n".join(rows)

    def plot(
        self, ax: matplotlib.axes.Axes | None = None, simulation: Any = None
    ) -> matplotlib.axes.Axes:
        """Draw the diagram, see `assocmem.plot.phase_diagram`.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.
        simulation : xarray.Dataset, optional
            A sweep of simulations to draw into it.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from ..plot import phase_diagram

        return phase_diagram(self, ax, simulation)

    def to_dataset(self) -> xarray.Dataset:
        """Lines as variables over a dimension each; points as ``critical_value`` by their names."""
        import xarray as xr

        from ..serial import to_json

        data: dict[str, Any] = {}
        for key, line in self.lines.items():
            columns = {"load": line.load, "temperature": line.temperature, **line.states}
            columns["residual"] = line.residual
            for name, values in columns.items():
                about = {"line": line.name, "ended": line.ended, "converged": int(line.converged)}
                data[f"{key}_{name}"] = ((f"{key}_point",), values, about)
        data["critical_value"] = (("critical_point",), list(self.points.values()))
        attributes = {"model": to_json(self.model), "notes": list(self.notes)}
        return xr.Dataset(data, coords={"critical_point": list(self.points)}, attrs=attributes)
