"""Similar inputs, similar codes: winners that two codes share against features that inputs share.

Lines: exact theory for one item learned. Points: simulated macs; also after others were learned,
where the mean field stands beside them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .. import _validate as check

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")


def compute(
    *,
    n: int = 400,
    active: int = 20,
    modules: int = 24,
    units: int = 16,
    steepness: Sequence[float] = (6.0, 12.0, 25.0),
    numbers: Sequence[int] = (1, 20),
    trials: int = 400,
    seed: int = 0,
    workers: int | None = None,
    progress: bool = True,
) -> xarray.Dataset:
    """Intersections of codes in theory and simulation.

    Parameters
    ----------
    n, active : int
        Features, and those of an input: 1 <= active <= n/2.
    modules, units : int
        Q and K of the mac.
    steepness : sequence of float
        sigma_2 of the sigmoids of code selection, >= 0.
    numbers : sequence of int
        Items learned before the last input, >= 1.
    trials : int
        Macs for each point, >= 10.
    seed : int
        >= 0.
    workers : int, optional
        Threads, by default one for each core.
    progress : bool
        Show a progress bar when on a terminal.

    Returns
    -------
    xarray.Dataset
        ``predicted``, exact for one item and in the mean field for several, and ``intersection``
        with its ``error`` over (steepness, number, common); familiarities likewise.
    """
    import xarray as xr
    from tqdm import tqdm

    from ..sdr.sparsey.mac import Mac
    from ..sdr.sparsey.selection import Selection
    from ..sdr.sparsey.stored import CodeOverlap
    from ..sdr.sparsey.trials import simulate
    from ..theory.sparsey import predict

    n = check.integer("n", n, 2)
    active = check.integer("active", active, 1, n // 2)
    trials = check.integer("trials", trials, 10)
    seed = check.integer("seed", seed, 0)
    workers = os.cpu_count() or 1 if workers is None else check.integer("workers", workers, 1)
    common = np.unique(np.linspace(0, active, min(active, 20) + 1).round().astype(int))
    models = [
        CodeOverlap(Mac(modules, units, Selection(sigma_2=steep)), n, active, int(c), number)
        for steep in steepness
        for number in numbers
        for c in common
    ]
    seeds = np.random.SeedSequence(seed).generate_state(len(models), np.uint64)
    bar = tqdm(models, "macs", disable=None if progress else True, leave=False)
    rows = []
    for model, own in zip(bar, seeds, strict=True):
        found = simulate(model, trials=trials, seed=int(own), workers=workers)
        theory = predict(model, approximate=model.n_items > 1)
        rows.append([
            (theory[name], found[name].mean, found[name].error)
            for name in ("intersection", "familiarity")
        ])  # fmt: skip
    table = np.array(rows).reshape(len(steepness), len(numbers), len(common), 2, 3)
    over = ("steepness", "number", "common")
    names = (
        ("predicted", "intersection", "error"),
        ("predicted_familiarity", "familiarity", "familiarity_error"),
    )
    return xr.Dataset(
        {name: (over, table[..., i, j]) for i in range(2) for j, name in enumerate(names[i])},
        coords={"steepness": list(steepness), "number": list(numbers), "common": common},
        attrs={"n": n, "active": active, "modules": modules, "units": units, "trials": trials,
               "seed": seed},
    )  # fmt: skip


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Intersection against similarity, a panel for each number of items; on Axes given, the first.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `compute`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
        The first panel.
    """
    numbers = dataset["number"].values
    axes = [ax]
    if ax is None:
        import matplotlib.pyplot as plt

        _, grid = plt.subplots(
            1, len(numbers), sharey=True, squeeze=False, figsize=(1 + 3.6 * len(numbers), 3.6),
            layout="constrained",
        )  # fmt: skip
        axes = list(grid[0])
    size, chance = dataset.attrs["active"], 1.0 / dataset.attrs["units"]
    colors = _COLORS * len(dataset["steepness"])
    for panel, number in zip(axes, numbers, strict=False):
        for steep, color in zip(dataset["steepness"].values, colors, strict=False):
            of = dataset.sel(steepness=steep, number=number)
            x = of["common"] / size
            panel.plot(x, of["predicted"], color=color, label=rf"$\sigma_2={steep:g}$")
            panel.errorbar(x, of["intersection"], 2 * of["error"], fmt="o", color=color,
                           markersize=3.5, capsize=2)  # fmt: skip
        panel.axhline(chance, color="#555555", linewidth=0.8, linestyle=":")
        panel.annotate("1/K", (1.0, chance), xytext=(0, 2), textcoords="offset points", ha="right")
        kind = "exact" if number == 1 else "mean field"
        items = "one item" if number == 1 else f"{number} items"
        panel.set_title(f"{items} learned; lines: {kind}", fontsize="medium")
        panel.set_xlabel("features in common")
        panel.set_xlim(0.0, 1.0)
        panel.set_ylim(0.0, 1.03)
    axes[0].set_ylabel("winners in common")
    axes[0].legend(frameon=False, fontsize="small", loc="upper left")
    return axes[0]
