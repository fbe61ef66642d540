"""Figures: functions that take labelled results and Axes, and return the Axes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from ._regions import name_regions

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure
    import xarray

    from .theory import PhaseDiagram
    from .trials import TrialVerification
    from .verification import Verification

# One colour and dash per kind of line, chosen to stay apart in print and for colour-blind readers.
_STYLE: dict[str, dict[str, Any]] = {
    "T_g": {"color": "#555555", "linestyle": "-", "label": r"$T_g$ spin glass"},
    "T_d": {"color": "#555555", "linestyle": "-.", "label": r"$T_d$ dynamic glass transition"},
    "T_M": {"color": "#0072b2", "linestyle": "-", "label": r"$T_M$ retrieval spinodal"},
    "T_M_rsb": {"color": "#0072b2", "linestyle": "--", "label": r"$T_M$ with replicas broken"},
    "T_c": {"color": "#d55e00", "linestyle": "-", "label": r"$T_c$ retrieval = ground state"},
    "T_R": {"color": "#0072b2", "linestyle": ":", "label": r"$T_R$ replica symmetry (AT)"},
    "T_1": {"color": "#cc79a7", "linestyle": "--", "label": r"$T_1$ one pattern = paramagnet"},
}


def _style(name: str, model: Any = None) -> dict[str, Any]:
    if name == "T_c" and hasattr(model, "dilution"):  # hierarchical states may be lower still
        return {**_STYLE[name], "label": r"$T_c$ retrieval = spin glass"}
    if name in _STYLE:
        return _STYLE[name]
    levels = re.fullmatch(r"T_M_hierarchical_(\d+)", name)
    if levels:
        dash = (0, (1 + 2 * int(levels[1]), 2))
        label = f"{levels[1]} patterns at once below"
        return {"color": "#7b3294", "linewidth": 1.1, "linestyle": dash, "label": label}
    if re.fullmatch(r"T_M_\d+", name):
        return {"color": "#0072b2", "linewidth": 1.0, "label": "another fold of retrieval"}
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
        ax.plot(line.load, line.temperature, zorder=3, **_style(name, diagram.model))
    right = max(float(np.max(line.load)) for line in lines.values())
    if "T_M" in lines:
        right = 1.15 * float(np.max(lines["T_M"].load))
    shown = [line.temperature[line.load <= right] for line in lines.values()]
    top = 1.05 * max(float(np.max(temperature)) for temperature in shown if len(temperature))
    ax.set_xlim(0.0, right)
    ax.set_ylim(0.0, 1.22 * top)  # room for the legend
    drawn = np.empty((0, 2))
    if simulation is not None:
        loads, temperatures = np.meshgrid(
            simulation["load"], simulation["temperature"], indexing="ij"
        )
        drawn = np.column_stack([loads.ravel(), temperatures.ravel()])
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
    legend = ax.legend(frameon=False, fontsize="small", loc="upper left", ncols=2)
    ax.figure.draw_without_rendering()  # lays it out
    share = legend.get_window_extent().height / ax.get_window_extent().height
    ax.set_ylim(0.0, max(1.22, 1.0 / (1.0 - min(share, 0.5))) * top)
    name_regions(diagram, ax, top, drawn)
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


def trial_verification(
    report: TrialVerification, ax: matplotlib.axes.Axes | None = None
) -> matplotlib.axes.Axes:
    """Simulated over predicted, with standard errors, against predicted.

    Parameters
    ----------
    report : TrialVerification
        Result of `assocmem.verify` for memories without a temperature.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = new_axes(ax)
    for name in dict.fromkeys(claim.quantity for claim in report.claims):
        shown = [c for c in report.claims if c.quantity == name and c.predicted > 0.0]
        predicted = np.array([c.predicted for c in shown])
        ax.errorbar(
            predicted,
            np.array([c.simulated for c in shown]) / predicted,
            np.array([c.error for c in shown]) / predicted,
            fmt="o",
            markersize=3.5,
            label=name.replace("_", " "),
        )
    ax.axhline(1.0, color="black", linewidth=0.8)
    ax.set_xscale("log")
    ax.set_xlabel("predicted")
    ax.set_ylabel("simulated / predicted")
    ax.legend(frameon=False, fontsize="small")
    return ax
