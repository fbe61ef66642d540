"""Where archetypes are retrieved, in load and temperature, by the number of examples seen."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray


def compute(
    *,
    p: int = 3,
    quality: float = 0.6,
    examples: Sequence[int] = (5, 20, 80),
    n_points: int = 60,
    n_spins: int = 100,
    temperatures: Sequence[float] = (0.04, 0.12),
    disorder: int = 8,
    sweeps: int = 200,
    seed: int = 0,
    workers: int | None = None,
    store: str | os.PathLike | None = None,
) -> xarray.Dataset:
    """Ends of retrieval of both protocols, and simulations at the largest number of examples.

    Parameters
    ----------
    p, quality : int, float
        Of the `assocmem.Dense` model and what it learns from.
    examples : sequence of int
        Numbers M of examples, one line each.
    n_points : int
        Points of a line.
    n_spins, temperatures, disorder, sweeps, seed, workers, store
        Of the simulation, see `assocmem.sweep`; chains start at an archetype. Loads are ten, up
        to 1.5 times the end of retrieval.

    Returns
    -------
    xarray.Dataset
        Lines ``load`` and ``temperature`` over ``protocol``, ``n_examples`` (infinity: the
        archetypes themselves) and ``point``; simulated ``overlap`` with ``overlap_error`` over
        ``protocol``, ``simulated_temperature`` and ``simulated_load``.
    """
    import xarray as xr

    from ..hopfield import Dense, Supervised, Unsupervised
    from ..sweeps import sweep
    from ..theory import phase_diagram

    protocols = {"supervised": Supervised, "unsupervised": Unsupervised}
    lines = np.full((2, len(examples) + 1, 2, n_points), np.nan)
    ends = []
    for i, kind in enumerate(protocols.values()):
        for j, learning in enumerate([*(kind(m, quality) for m in examples), None]):
            diagram = phase_diagram(Dense(load=0.01, p=p, learning=learning), n_points=n_points)
            spinodal = diagram.lines.get("T_M")
            if spinodal is None:
                continue
            lines[i, j] = spinodal.load, spinodal.temperature
        ends.append(float(np.nanmax(lines[i, len(examples) - 1, 0])))
    loads = np.array(
        [[float(f"{1.5 * end * (k + 1) / 10:.3g}") for k in range(10)] for end in ends]
    )
    models = [
        Dense(load=float(load), p=p, learning=kind(max(examples), quality))
        for kind, row in zip(protocols.values(), loads, strict=True)
        for load in row
    ]
    points = sweep(
        models,
        list(temperatures),
        n_spins=n_spins,
        disorder=disorder,
        chains=2,
        sweeps=sweeps,
        burn_in=sweeps,
        seed=seed,
        workers=workers,
        store=store,
    ).isel(pattern=0)
    shape = (2, 10, len(temperatures))
    simulated = {
        name: (
            ("protocol", "simulated_temperature", "simulated_load"),
            points[name].transpose("load", "temperature").values.reshape(shape).swapaxes(1, 2),
        )
        for name in ("overlap", "overlap_error")
    }
    at = ("protocol", "n_examples", "point")
    return xr.Dataset(
        {
            "load": (at, lines[:, :, 0]),
            "temperature": (at, lines[:, :, 1]),
            "loads": (("protocol", "simulated_load"), loads),
            **simulated,
        },
        coords={
            "protocol": list(protocols),
            "n_examples": [*map(float, examples), np.inf],
            "simulated_temperature": list(temperatures),
        },
        attrs={"p": p, "quality": quality, "n_spins": n_spins, "seed": seed},
    )


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Ends of retrieval, solid with a teacher and dashed without; points coloured by overlap.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `compute`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
    """
    import matplotlib

    from ..plot import new_axes

    ax = new_axes(ax)
    numbers = dataset["n_examples"].values
    colors = matplotlib.colormaps["viridis"](np.linspace(0.85, 0.0, len(numbers)))
    styles = {"supervised": "-", "unsupervised": "--"}
    for protocol, style in styles.items():
        for color, m in zip(colors, numbers, strict=True):
            one = dataset.sel(protocol=protocol, n_examples=m)
            text = "archetypes" if np.isinf(m) else f"$M={m:g}$"
            ax.plot(
                one["load"], one["temperature"], style, color=color,
                label=text if protocol == "supervised" else None,
            )  # fmt: skip
    marks = {"supervised": "o", "unsupervised": "s"}
    for protocol, mark in marks.items():
        one = dataset.sel(protocol=protocol)
        for t in one["simulated_temperature"].values:
            drawn = ax.scatter(
                one["loads"], np.full(one.sizes["simulated_load"], t),
                c=one["overlap"].sel(simulated_temperature=t), cmap="cividis", vmin=0.0, vmax=1.0,
                marker=mark, s=24, edgecolors="black", linewidths=0.4, zorder=4,
            )  # fmt: skip
    given = dataset.attrs
    ax.figure.colorbar(drawn, ax=ax, label=f"simulated overlap, $M={numbers[-2]:g}$")
    ax.set_xlim(0.0, None)
    ax.set_ylim(0.0, None)
    ax.set_xlabel(rf"load $\alpha = K/N^{{{given['p'] - 1}}}$")
    ax.set_ylabel("temperature $T$ (units of $H$)")
    ax.set_title(
        f"$p={given['p']}$, $r={given['quality']:g}$: retrieval below the lines "
        "(solid, circles: supervised; dashed, squares: unsupervised)",
        fontsize="small",
    )
    ax.legend(frameon=False, fontsize="small")
    return ax
