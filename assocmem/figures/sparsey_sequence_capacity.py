"""Frames of sequences that a mac holds, against the number of its horizontal weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")


def compute(
    *,
    units: Sequence[int] = (8, 12, 16, 24, 32, 48),
    modules: Sequence[int] = (12, 24, 48),
    level: float = 0.9,
    repeats: int = 3,
    seed: int = 0,
    progress: bool = True,
) -> xarray.Dataset:
    """Capacities of `assocmem.sdr.sparsey.sequence_capacity.capacity_experiment`.

    Parameters
    ----------
    units, modules : sequence of int
        K and Q; all pairs of them are taken.
    level : float
        Winners that are right in recall, in (0, 1).
    repeats : int
        Independent memories, >= 2.
    seed : int
        >= 0.
    progress : bool
        Show a progress bar when on a terminal.

    Returns
    -------
    xarray.Dataset
    """
    from ..sdr.sparsey.sequence_capacity import capacity_experiment

    macs = [(q, k) for q in modules for k in units]
    return capacity_experiment(macs, level=level, repeats=repeats, seed=seed, progress=progress)


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Means over memories with bars of two standard errors; lines proportional to the weights.

    Each line goes through the point of the largest K with its Q.

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
    from ..plot import new_axes

    ax = new_axes(ax)
    for k, q in enumerate(np.unique(dataset["modules"])):
        of = dataset.isel(mac=np.flatnonzero(dataset["modules"].values == q)).sortby("units")
        mean = of["capacity"].mean("repeat")
        error = of["capacity"].std("repeat", ddof=1) / np.sqrt(of.sizes["repeat"])
        color, x = _COLORS[k % len(_COLORS)], of["horizontal"]
        ax.errorbar(
            x, mean, 2.0 * error, fmt="o", color=color, markersize=4, capsize=2, label=f"$Q={q}$"
        )
        ax.plot(x, float(mean[-1] / x[-1]) * x, color=color, linewidth=0.8, linestyle="--")
    ax.plot([], [], color="#555555", linewidth=0.8, linestyle="--", label="proportional")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("horizontal weights $(QK)^2$")
    ax.set_ylabel(f"frames stored at {dataset.attrs['level']:.0%} of the winners right")
    ax.legend(frameon=False, fontsize="small")
    return ax
