"""Diagram of multitasking networks of K = alpha N: patterns retrieved at once over d and alpha."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .. import _validate as check

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

# Closer where states of many levels end one after the other.
_DILUTIONS = tuple(np.round(np.r_[0.02:0.46:45j, 0.465:0.665:81j], 4))


def compute(
    *,
    most: int = 6,
    dilutions: Sequence[float] = _DILUTIONS,
) -> xarray.Dataset:
    """Critical loads at T = 0, see `assocmem.theory.retrieval_map`.

    Parameters
    ----------
    most : int
        Largest number of patterns.
    dilutions : sequence of float
        d.
    """
    from ..theory import retrieval_map

    return retrieval_map(list(dilutions), check.integer("most", most, 1))


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Regions of 1, 2, ... patterns retrieved at once; loads on a logarithmic axis.

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
    (name,) = [dim for dim in dataset["critical_load"].dims if dim != "dilution"]
    loads = dataset["critical_load"].transpose(name, "dilution")
    lowest = 1e-8
    colors = matplotlib.colormaps["Blues"](np.linspace(0.15, 0.85, len(loads)))
    d = dataset["dilution"].values
    for k, row in enumerate(loads.values):
        row = np.nan_to_num(row)
        ax.fill_between(d, lowest, np.maximum(row, lowest), color=colors[k], linewidth=0)
        ax.plot(d, np.where(row > lowest, row, np.nan), color="#16212d", linewidth=0.8)
        below = np.nan_to_num(loads.values[k + 1]) if k + 1 < len(loads) else np.zeros_like(row)
        room = np.log(np.maximum(row, lowest) / np.maximum(below, lowest))
        best = int(np.argmax(np.where((d > 0.08) & (d < 0.5), room, 0.0)))
        middle = np.sqrt(max(row[best], lowest) * max(below[best], lowest))
        dark = k > len(loads) // 2
        ax.text(
            d[best], middle, str(k + 1) + ("+" if k + 1 == len(loads) else ""), ha="center",
            va="center", color="white" if dark else "#16212d", fontsize="large",
        )  # fmt: skip
    ax.set_yscale("log")
    ax.set_ylim(lowest, 0.3)
    ax.set_xlim(d.min(), d.max())
    ax.text(0.97, 0.95, "none", transform=ax.transAxes, ha="right", va="top")
    ax.set_xlabel("dilution $d$")
    ax.set_ylabel(r"load $\alpha = K/N$")
    ax.set_title("patterns retrieved at once, $T = 0$", fontsize="medium")
    return ax
