"""Drawing of regimes over dilution and temperature; used by `assocmem.plot`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from .hopfield.regime import REGIMES

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

    from .theory.regimes import RegimeDiagram, RegimeLine

# Fills differ in lightness too, so that they stay apart in grey; points have darker shades.
_FILL = {
    "ergodic": "#ffffff", "hierarchical": "#b5d5ee", "mixed": "#e9a86b", "parallel": "#f6ecb0",
}  # fmt: skip
_POINT = {
    "ergodic": ("#ffffff", "o"), "hierarchical": ("#0072b2", "s"), "mixed": ("#d55e00", "D"),
    "parallel": ("#e6c700", "^"), "unsettled": ("#777777", "x"),
}  # fmt: skip


def regimes(
    diagram: RegimeDiagram,
    ax: matplotlib.axes.Axes | None = None,
    simulation: xarray.Dataset | None = None,
) -> matplotlib.axes.Axes:
    """Regimes of a multitasking network over dilution and temperature.

    Fills say the regime of the global minimum; hatched is where a hierarchical state is
    metastable beside it. Solid lines are transitions (thick where of first order), thin ones, with
    numbers, where further patterns condense, dotted ones crossovers, dashed the end of a
    metastable state. Transitions between states of one regime are brown and thinner.

    Parameters
    ----------
    diagram : RegimeDiagram
        From theory.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    simulation : xarray.Dataset, optional
        ``regime`` (text) over ``dilution`` and ``temperature``, as `assocmem.surveys.survey`
        gives it; optionally ``fraction``, over ``kind`` too with the regimes as coordinate: the
        share of samples in each, drawn as the opacity of the marker of the commonest.

    Returns
    -------
    matplotlib.axes.Axes
    """
    from .plot import new_axes

    own = ax is None
    ax = new_axes(ax)
    _fill(diagram, ax)
    for key, line in diagram.lines.items():
        ax.plot(line.dilution, line.temperature, **_style(key, line.kind, _inside(diagram, line)))
    _numbers(diagram, ax)
    _names(diagram, ax, simulation)
    if simulation is not None:
        _points(simulation, ax)
    ax.set_xlim(0.0, 1.0)
    ax.set_ylim(0.0, 1.0)
    ax.set_xlabel("dilution $d$")
    ax.set_ylabel("temperature $T$")
    learned = getattr(diagram.model, "learning", None) is not None
    title = f"$K={diagram.model.n_patterns}$ patterns" + (", learned" if learned else "")
    ax.set_title(title, fontsize="medium")
    handles, labels = ax.get_legend_handles_labels()
    once = {label: handle for label, handle in zip(labels[::-1], handles[::-1], strict=True)}
    once = {label: once[label] for label in dict.fromkeys(labels)}
    if ax.collections[1:] and np.any(
        diagram.map.hierarchical & (diagram.map.regime != REGIMES.index("hierarchical"))
    ):
        from matplotlib.patches import Patch

        once["hierarchical metastable"] = Patch(
            facecolor="none", edgecolor="#444444", hatch="/////"
        )
    where: dict[str, Any] = {"loc": "upper right"}
    if simulation is not None:  # points are everywhere: beside the axes
        where = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
        if own:
            ax.figure.set_size_inches(8.6, 4.8)
            ax.figure.set_layout_engine("constrained")
    ax.legend(once.values(), once, frameon=False, fontsize="small", **where)
    return ax


def _fill(diagram: RegimeDiagram, ax: matplotlib.axes.Axes) -> None:
    import matplotlib
    from matplotlib.colors import BoundaryNorm, ListedColormap

    found = diagram.map
    # Corners of the cells, the whole triangle: cells are parallelograms in (d, T).
    d = np.linspace(0.0, 1.0, len(found.dilution) + 1)
    t = np.linspace(0.0, 1.0, len(found.reduced) + 1)
    corners = np.meshgrid(d, t, indexing="ij")
    colours = ListedColormap([_FILL[name] for name in REGIMES])
    norm = BoundaryNorm(np.arange(len(REGIMES) + 1) - 0.5, len(REGIMES))
    ax.pcolormesh(
        corners[0], (1.0 - corners[0]) * corners[1], found.regime, cmap=colours, norm=norm,
        rasterized=True, zorder=0,
    )  # fmt: skip
    beside = found.hierarchical & (found.regime != REGIMES.index("hierarchical"))
    if np.any(beside):
        centres = np.broadcast_to(found.dilution[:, None], beside.shape)
        with matplotlib.rc_context({"hatch.linewidth": 0.7, "hatch.color": "#444444"}):
            ax.contourf(
                centres, found.temperature, beside.astype(float), levels=[0.5, 1.5],
                colors="none", hatches=["/////"], zorder=1,
            )  # fmt: skip


_KINDS: dict[str, dict[str, Any]] = {
    "first order": {"linewidth": 1.8, "linestyle": "-", "label": "first order"},
    "continuous": {"linewidth": 0.9, "linestyle": "-", "label": "continuous"},
    "crossover": {"linewidth": 1.1, "linestyle": ":", "label": "crossover"},
    "spinodal": {"linewidth": 0.9, "linestyle": "--", "label": "hierarchical state ends"},
    "stability": {"linewidth": 0.9, "linestyle": (0, (1, 2)), "label": "parallel state unstable"},
}


def _inside(diagram: RegimeDiagram, line: RegimeLine) -> bool:
    """Whether a line separates states of one regime: few of its points see another one near."""
    found = diagram.map
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.nan_to_num(line.temperature / (1.0 - line.dilution), nan=1.0)
    sides = (len(found.dilution), len(found.reduced))
    i = np.clip((line.dilution * sides[0]).astype(int), 0, sides[0] - 1)
    j = np.clip((t * sides[1]).astype(int), 0, sides[1] - 1)
    own = found.regime[i, j]
    other = np.zeros(len(own), dtype=bool)
    for a in (-2, 0, 2):
        for b in (-2, 0, 2):
            near = np.clip(i + a, 0, sides[0] - 1), np.clip(j + b, 0, sides[1] - 1)
            other |= found.regime[near] != own
    return float(np.mean(other)) < 0.4


def _style(key: str, kind: str, inside: bool) -> dict[str, Any]:
    style = {"color": "black", "zorder": 3, **_KINDS[kind]}
    if inside and kind in ("first order", "continuous", "crossover") and key[:2] != "T_":
        # Many for K >= 4: thin, without an entry of their own in the legend.
        thin = 0.9 if kind == "first order" else 0.4
        style.update(linewidth=thin, color="#5a3410", zorder=2, label="_" + key)
    if key == "T_c":
        style["linewidth"] = 1.3
        style["label"] = "ergodic state ends"
    return style


def _numbers(diagram: RegimeDiagram, ax: matplotlib.axes.Axes) -> None:
    """How many patterns condense at each of the lines T_2, T_3, .., on the line."""
    for key, line in diagram.lines.items():
        found = re.fullmatch(r"T_(\d+)", key)
        if found is None:
            continue
        if float(np.max(line.temperature)) < 0.025:
            continue
        k = int(np.argmax(line.temperature > 0.6 * np.max(line.temperature)))
        ax.text(
            line.dilution[k], line.temperature[k], found[1], fontsize="x-small", ha="center",
            va="center", zorder=4, bbox={"boxstyle": "circle,pad=0.12", "fc": "white", "lw": 0.4},
        )  # fmt: skip


def _names(
    diagram: RegimeDiagram, ax: matplotlib.axes.Axes, simulation: xarray.Dataset | None
) -> None:
    """Name of each regime where its region is widest, or beside it with a pointer."""
    from matplotlib.patheffects import withStroke
    from scipy.ndimage import distance_transform_edt

    side = 240
    grid = (np.arange(side) + 0.5) / side
    d, temperature = np.meshgrid(grid, grid, indexing="ij")
    found = diagram.map
    t = temperature / (1.0 - d)
    i = np.minimum((d * len(found.dilution)).astype(int), len(found.dilution) - 1)
    j = np.minimum((t * len(found.reduced)).astype(int), len(found.reduced) - 1)
    regime = np.where(t < 1.0, found.regime[i, j], REGIMES.index("ergodic"))
    free = (0.79, 0.37), (0.86, 0.27), (0.92, 0.2)  # above T_c, for regions too small
    marked = np.zeros(regime.shape, dtype=bool)  # by simulated points
    if simulation is not None:
        for x in simulation["dilution"].values:
            for y in simulation["temperature"].values:
                marked |= np.maximum(np.abs(d - x), np.abs(temperature - y)) < 0.012
    rim = [withStroke(linewidth=2.5, foreground="white")]
    for k, name in enumerate(REGIMES):
        region = regime == k
        if not np.any(region):
            continue
        if name == "ergodic":
            ax.text(0.62, 0.62, name, ha="center", va="center", style="italic", zorder=7)
            continue
        # Words are wider than high: distances across count for more.
        inside = np.pad(region & ~marked, 1)
        room = distance_transform_edt(inside, sampling=(1.0 / 3.5, 1.0))[1:-1, 1:-1]
        at = np.unravel_index(np.argmax(room), room.shape)
        place = (float(d[at]), float(temperature[at]))
        if room[at] * 2.0 > 0.02 * side:
            ax.text(*place, name, ha="center", va="center", style="italic", fontsize="small",
                    zorder=7, path_effects=rim)  # fmt: skip
        else:
            where = free[0] if name == "mixed" else free[1]
            ax.annotate(
                name, place, where, ha="left", va="center", style="italic", fontsize="small",
                zorder=7, arrowprops={"arrowstyle": "-", "lw": 0.7, "shrinkB": 0},
            )  # fmt: skip


def _points(simulation: xarray.Dataset, ax: matplotlib.axes.Axes) -> None:
    names = simulation["regime"].transpose("dilution", "temperature").values
    share = np.ones(names.shape)
    if "fraction" in simulation:
        share = simulation["fraction"].max("kind").transpose("dilution", "temperature").values
    d, temperature = np.meshgrid(
        simulation["dilution"].values, simulation["temperature"].values, indexing="ij"
    )
    for name in _POINT:
        chosen = names == name
        if not np.any(chosen):
            continue
        colour, marker = _POINT[name]
        rim = {} if marker == "x" else {"edgecolors": "black"}  # a cross has none
        ax.scatter(
            d[chosen], temperature[chosen], c=colour, marker=marker, s=26,
            linewidths=0.5 if rim else 1.2, zorder=6, clip_on=False,
            alpha=np.clip(share[chosen], 0.25, 1.0), label=f"simulated {name}", **rim,
        )  # fmt: skip
