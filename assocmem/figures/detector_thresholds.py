"""False positives against the threshold over a grid of parameters: which thresholds are good.

Figure 6 of Ahmad and Hawkins (arXiv:1601.00720). Medians in the authors' data belong to two grids
of n, one from 1,000 on and the one that the text names; both are drawn, with the published medians
of the first. On both, medians of at most 1e-9 begin at theta = 10,
not 9, and the largest values pass it later. Beside them medians of the error that counts misses
too, which has a best threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

# Medians in the authors' data, of the grid from n = 1,000 on.
_PUBLISHED = {3: 0.0173, 9: 1.35e-9, 10: 4.80e-11, 15: 1.37e-19, 20: 3.90e-30, 24: 2.07e-39}


def compute(
    *,
    thresholds: Sequence[int] = tuple(range(3, 25)),
    noise: float = 0.2,
) -> xarray.Dataset:
    """Medians and maxima of false positives over both grids, and errors with misses.

    Parameters
    ----------
    thresholds : sequence of int
        theta.
    noise : float
        Fraction of a pattern's active cells that are lost, in [0, 1], for the two-sided error.

    Returns
    -------
    xarray.Dataset
        Over ``grid`` ("stored data", "text") and ``threshold``: ``median`` and ``maximum`` of
        false positives, ``two_sided``, the median of false positives plus false negatives where
        patterns have enough active cells for the synapses;
        ``published`` medians over ``entry``.
    """
    import xarray as xr

    from .. import _validate as check
    from ..theory.sdr.single import fn_drop, fp
    from ..theory.sdr.thresholds import PAPER_GRID, STATED_GRID, error_by_threshold

    noise = check.real("noise", noise, 0.0, 1.0)
    rows: dict[str, list] = {"median": [], "maximum": [], "two_sided": []}
    for grid in (PAPER_GRID, STATED_GRID):
        one_sided = error_by_threshold(thresholds, *grid)
        rows["median"].append(one_sided.median.value)
        rows["maximum"].append(one_sided.maximum.value)
        points = np.array(
            [(n, round(x * n), s) for n in grid.ns for x in grid.sparsities for s in grid.sizes]
        )
        # A pattern of fewer active cells than synapses cannot be stored, only met.
        n, a, s = points[points[:, 1] >= points[:, 2]].T[:, None, :]
        theta = np.asarray(thresholds)[:, None]
        missed = fn_drop(a, s, theta, np.rint(noise * a).astype(int)).value
        rows["two_sided"].append(np.median(fp(n, a, s, theta).value + missed, axis=1))
    return xr.Dataset(
        {
            **{name: (("grid", "threshold"), np.array(values)) for name, values in rows.items()},
            "published": ("entry", list(_PUBLISHED.values())),
            "published_at": ("entry", list(_PUBLISHED)),
        },
        coords={"grid": ["stored data", "text"], "threshold": list(thresholds)},
        attrs={"noise": noise},
    )


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Medians, maxima, two-sided errors; the bound 1e-9 and the thresholds that the text names."""
    from ..plot import new_axes

    ax = new_axes(ax)
    theta = dataset["threshold"]
    for grid, colour in (("stored data", "#0072b2"), ("text", "#d55e00")):
        one = dataset.sel(grid=grid)
        ax.plot(theta, one["median"], color=colour, label=f"median, grid of the {grid}")
        ax.plot(theta, one["maximum"], ":", color=colour, label=f"maximum, grid of the {grid}")
    both = dataset.sel(grid="stored data")["two_sided"]
    percent = 100.0 * dataset.attrs["noise"]
    ax.plot(
        theta, both, "--", color="#009e73",
        label=f"median with misses, {percent:.0f} % of cells lost",
    )  # fmt: skip
    ax.plot(dataset["published_at"], dataset["published"], "kx", label="published medians")
    ax.axhline(1e-9, color="0.5", linewidth=0.8)
    ax.axvspan(9, 20, color="0.93", zorder=0, label="9 to 20, the text's choice")
    ax.set_yscale("log")
    ax.set_ylim(1e-42, 10.0)
    ax.set_xlabel(r"threshold $\theta$")
    ax.set_ylabel("false positives of a segment")
    ax.legend(frameon=False, fontsize="x-small")
    ax.set_title("figure 6", fontsize="small")
    return ax
