"""Accuracy of sequence memories that learn on: sequences swapped, cells killed.

As figure 6 of Hawkins and Ahmad, Front. Neural Circuits 10 (2016) 23: five sequences of six
elements with parts in common among random elements, so that accuracy is at most one half.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray


def compute(
    *,
    steps: int = 6000,
    change_at: int = 3000,
    deaths: Sequence[float] = (0.25, 0.4, 0.5, 0.6, 0.75),
    repeats: int = 10,
    seed: int = 0,
    workers: int = 1,
) -> xarray.Dataset:
    """Curves of `assocmem.dendrites.sequence_swap.swap_experiment`, with the published parameters.

    Parameters
    ----------
    steps, change_at, deaths, repeats, seed, workers
        Of that function.

    Returns
    -------
    xarray.Dataset
    """
    from ..dendrites.sequence_swap import swap_experiment

    return swap_experiment(
        steps=steps,
        change_at=change_at,
        deaths=tuple(deaths) if np.ndim(deaths) else (deaths,),
        repeats=repeats,
        seed=seed,
        workers=workers,
    )


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Means over repeats with bands of two standard errors; deaths only from the change on.

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
    import matplotlib as mpl

    from ..plot import new_axes

    ax = new_axes(ax)
    change = dataset.attrs["change_at"]
    curves = [
        (dataset["swap"].sel(memory="high-order"), "high-order, sequences swapped", "#0072b2", "-"),
        (dataset["swap"].sel(memory="first-order"), "one cell to a column", "#d55e00", "-"),
    ]
    fractions = dataset["fraction"].values
    shades = mpl.colormaps["viridis"](np.linspace(0.0, 0.9, len(fractions)))
    for fraction, shade in zip(fractions, shades, strict=True):
        curve = dataset["death"].sel(fraction=fraction)
        after = curve.where(dataset["element"] >= change, drop=True)
        curves.append((after, f"{100 * fraction:g} % of cells killed", shade, "--"))
    for curve, label, colour, style in curves:
        x, mean = curve["element"], curve.mean("repeat")
        error = curve.std("repeat", ddof=1) / np.sqrt(curve.sizes["repeat"])
        ax.plot(x, mean, style, color=colour, linewidth=1.2, label=label)
        ax.fill_between(x, mean - 2 * error, mean + 2 * error, color=colour, alpha=0.2, linewidth=0)
    ax.axhline(0.5, color="#333333", linewidth=0.7, linestyle=":")
    ax.axvline(change, color="#333333", linewidth=0.7, linestyle=":")
    ax.set_xlim(0, float(dataset["element"].max()))
    ax.set_ylim(0.0, 0.55)
    ax.set_xlabel("elements seen")
    ax.set_ylabel("correctly predicted over predicted columns")
    ax.legend(frameon=False, fontsize="small", loc="lower right")
    return ax
