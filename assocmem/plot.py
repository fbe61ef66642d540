"""Figures: functions that take labelled results and Axes, and return the Axes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure
    import xarray

    from .theory import Line, PhaseDiagram
    from .verification import Verification

# One colour and dash per kind of line, chosen to stay apart in print and for colour-blind readers.
_STYLE: dict[str, dict[str, Any]] = {
    "T_g": {"color": "#555555", "linestyle": "-", "label": r"$T_g$ spin glass"},
    "T_M": {"color": "#0072b2", "linestyle": "-", "label": r"$T_M$ retrieval spinodal"},
    "T_c": {"color": "#d55e00", "linestyle": "-", "label": r"$T_c$ retrieval = ground state"},
    "T_R": {"color": "#0072b2", "linestyle": ":", "label": r"$T_R$ replica symmetry (AT)"},
}


def _style(name: str) -> dict[str, Any]:
    if name in _STYLE:
        return _STYLE[name]
    mixture = re.fullmatch(r"mixture_(\d+)(_stability)?(_\d+)?", name)
    if mixture is None:
        return {"linewidth": 1.0, "linestyle": "--", "label": name}
    what = "symmetric" if mixture[2] else "exists"
    label = f"{mixture[1]}-mixture {what} below"
    return {
        "color": "#009e73",
        "linewidth": 1.0,
        "linestyle": ":" if mixture[2] else "--",
        "label": None if mixture[3] else label,  # further sheets of the same
    }


def _name_regions(
    diagram: PhaseDiagram, ax: matplotlib.axes.Axes, highest: float, rows: np.ndarray
) -> None:
    """Write the name of each phase where its lines leave most room, between rows of points."""
    from matplotlib.patheffects import withStroke

    lines = diagram.lines
    if not {"T_g", "T_M", "T_c"} <= set(lines):
        return
    right = ax.get_xlim()[1]
    loads = np.linspace(0.12, 0.82, 15) * right
    zero, top = np.zeros_like(loads), np.full_like(loads, highest)
    glass, spinodal, ground = (_height(lines[name], loads) for name in ("T_g", "T_M", "T_c"))
    for text, low, high in (
        ("paramagnet", np.maximum(glass, spinodal), top),
        ("spin glass", spinodal, glass),
        ("metastable retrieval", ground, spinodal),
        ("retrieval", zero, ground),
    ):
        # The text is wider than high: all along it there must be room.
        room = np.array([np.min((high - low)[max(k - 2, 0) : k + 3]) for k in range(len(loads))])
        best = int(np.argmax(room))
        if room[best] < 0.1:
            continue
        middle = 0.5 * (low[best] + high[best])
        if len(rows) > 1 and rows.min() < middle < rows.max():
            between = 0.5 * (np.sort(rows)[:-1] + np.sort(rows)[1:])
            middle = between[np.argmin(np.abs(between - middle))]
        ax.text(
            loads[best], middle, text, ha="center", va="center", fontsize="small",
            style="italic", zorder=5, path_effects=[withStroke(linewidth=2.5, foreground="white")],
        )  # fmt: skip


def _height(line: Line, loads: np.ndarray) -> np.ndarray:
    """Highest temperature of a line at each load, 0 where it does not reach."""
    x0, x1 = line.load[:-1, None], line.load[1:, None]
    y0, y1 = line.temperature[:-1, None], line.temperature[1:, None]
    inside = (np.minimum(x0, x1) <= loads) & (loads <= np.maximum(x0, x1)) & (x0 != x1)
    fraction = (loads - x0) / np.where(x0 != x1, x1 - x0, 1.0)
    return np.max(np.where(inside, y0 + fraction * (y1 - y0), 0.0), axis=0)


def new_axes(ax: matplotlib.axes.Axes | None) -> matplotlib.axes.Axes:
    """The Axes given, or those of a new figure."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(layout="constrained")[1]


def phase_diagram(
    diagram: PhaseDiagram,
    ax: matplotlib.axes.Axes | None = None,
    simulation: xarray.Dataset | None = None,
) -> matplotlib.axes.Axes:
    """Critical lines in the plane of load and temperature.

    Parameters
    ----------
    diagram : PhaseDiagram
        Lines from theory.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    simulation : xarray.Dataset, optional
        Result of `assocmem.sweep`: each point is drawn in the colour of its retrieval overlap.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = new_axes(ax)
    lines = {name: line for name, line in diagram.lines.items() if np.any(line.temperature > 0.0)}
    for name, line in lines.items():
        ax.plot(line.load, line.temperature, zorder=3, **_style(name))
    right = max(float(np.max(line.load)) for line in lines.values())
    if "T_M" in lines:
        right = 1.15 * float(np.max(lines["T_M"].load))
    shown = [line.temperature[line.load <= right] for line in lines.values()]
    top = 1.05 * max(float(np.max(temperature)) for temperature in shown if len(temperature))
    ax.set_xlim(0.0, right)
    ax.set_ylim(0.0, 1.22 * top)  # room for the legend
    rows = np.array([]) if simulation is None else simulation["temperature"].values
    _name_regions(diagram, ax, top, rows)
    if simulation is not None:
        loads, temperatures = np.meshgrid(
            simulation["load"], simulation["temperature"], indexing="ij"
        )
        overlap = simulation["overlap"].isel(pattern=0).transpose("load", "temperature").values
        points = ax.scatter(
            loads,
            temperatures,
            c=overlap,
            cmap="viridis",
            vmin=0.0,
            vmax=1.0,
            s=26,
            edgecolors="black",
            linewidths=0.4,
            zorder=4,
            clip_on=False,
        )
        size = json.loads(simulation.attrs["settings"])["n_spins"]
        ax.figure.colorbar(points, ax=ax, pad=0.02, label=f"simulated overlap, $N={size}$")
    ax.set_xlabel(_load_label(diagram.model))
    ax.set_ylabel(r"temperature $T$")
    ax.legend(frameon=False, fontsize="small", loc="upper left", ncols=2)
    return ax


def _load_label(model: Any) -> str:
    """What the load of a model is."""
    if not hasattr(model, "energy"):
        return r"load $\alpha = K/N$"
    if model.p is None:
        return r"load $\alpha = \ln K/N$"
    power = f"^{{{model.p - 1}}}" if model.p > 2 else ""
    return rf"load $\alpha = K/N{power}$"


def overview(
    diagram: PhaseDiagram, curves: xarray.Dataset, simulation: xarray.Dataset | None = None
) -> matplotlib.figure.Figure:
    """The phase diagram and, beside it, overlaps against temperature; theory and simulation.

    Parameters
    ----------
    diagram : PhaseDiagram
        Lines from theory.
    curves : xarray.Dataset
        As for `overlap_curves`.
    simulation : xarray.Dataset, optional
        Result of `assocmem.sweep`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        1, 2, figsize=(11.0, 4.4), layout="constrained", width_ratios=(1.25, 1.0)
    )
    phase_diagram(diagram, axes[0], simulation)
    overlap_curves(curves, axes[1], simulation)
    return figure


def overlap_curves(
    curves: xarray.Dataset,
    ax: matplotlib.axes.Axes | None = None,
    simulation: xarray.Dataset | None = None,
) -> matplotlib.axes.Axes:
    """Retrieval overlap against temperature, one curve for each load.

    Parameters
    ----------
    curves : xarray.Dataset
        ``overlap`` over ``load`` and ``temperature`` from theory, NaN where the state does not
        exist.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    simulation : xarray.Dataset, optional
        Result of `assocmem.sweep`; its points are drawn with error bars at the loads of
        ``curves``.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = new_axes(ax)
    import matplotlib

    colors = matplotlib.colormaps["plasma"](np.linspace(0.0, 0.85, curves.sizes["load"]))
    for color, load in zip(colors, curves["load"].values, strict=True):
        curve = curves.sel(load=load)
        ax.plot(curve["temperature"], curve["overlap"], color=color, label=rf"$\alpha={load:g}$")
        if simulation is not None:
            found = simulation.sel(load=load, method="nearest").isel(pattern=0)
            ax.errorbar(
                found["temperature"],
                found["overlap"],
                yerr=found["overlap_error"],
                fmt="o",
                color=color,
                markersize=3.5,
                linewidth=1.0,
                capsize=0,
            )
    ax.set_xlabel(r"temperature $T$")
    ax.set_ylabel("retrieval overlap $m$")
    ax.set_ylim(-0.03, 1.03)
    ax.legend(frameon=False, fontsize="small")
    return ax


def verification(
    report: Verification, ax: matplotlib.axes.Axes | None = None
) -> matplotlib.axes.Axes:
    """Simulated minus predicted against 1/N, in units of each claim's extrapolated error.

    Parameters
    ----------
    report : Verification
        Result of `assocmem.verify`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = new_axes(ax)
    for claim in report.claims:
        inverse = 1.0 / np.asarray(claim.sizes)
        difference = np.subtract(claim.by_size, claim.finite_size_prediction) / claim.error
        label = f"{claim.quantity}, T = {claim.temperature:g}: z = {claim.z:.1f}"
        drawn = ax.errorbar(
            inverse,
            difference,
            yerr=np.asarray(claim.by_size_error) / claim.error,
            fmt="o",
            markersize=3.5,
            label=label,
        )
        ax.errorbar(0.0, claim.z, yerr=1.0, fmt="s", color=drawn[0].get_color(), markersize=5)
    ax.axhline(0.0, color="black", linewidth=0.8)
    ax.set_xlabel("$1/N$ (squares: extrapolated)")
    ax.set_ylabel("(simulated $-$ predicted) / error")
    ax.legend(frameon=False, fontsize="small")
    return ax
