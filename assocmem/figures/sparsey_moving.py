"""Digits that move or are drawn: frames recalled from the first two under the true ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import _validate as check

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray


def compute(
    *,
    kind: str = "drawn",
    data: str = "digits",
    count: int = 16,
    show: int = 4,
    units: int = 48,
    modules: int = 24,
    prompt: int = 2,
    seed: int = 0,
) -> xarray.Dataset:
    """Pictures of `assocmem.sdr.sparsey.picture_experiments.recalled_pictures`.

    Parameters
    ----------
    kind : {"moving", "drawn"}
    data : {"digits", "mnist"}
    count, show : int
        Sequences stored, and recalled: those stored first.
    units, modules : int
        K and Q of all macs.
    prompt : int
        Frames presented.
    seed : int
        >= 0.

    Returns
    -------
    xarray.Dataset
    """
    from ..sdr.sparsey.picture_experiments import recalled_pictures

    check.choice("kind", kind, ("moving", "drawn"))
    return recalled_pictures(
        kind, data=data, count=count, show=show, mac=(modules, units), prompt=prompt, seed=seed
    )


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Two rows for each sequence: true frames, and recalled ones with their accuracy under each.

    Recalled pixels that are wrong are red, those that are missing are blue; frames of the prompt
    are framed.

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
    import matplotlib.pyplot as plt
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Rectangle

    true, found = dataset["true"].values, dataset["recalled"].values
    rows, columns = true.shape[:2]
    high = 2.35
    if ax is None:
        size = (0.62 * columns + 0.9, 0.62 * high * rows + 0.5)
        ax = plt.subplots(figsize=size, layout="constrained")[1]
    colors = ListedColormap(["#f4f1ea", "#1c2733", "#c0392b", "#7fb3d5"])
    kinds = np.where(found & true, 1, np.where(found, 2, np.where(true, 3, 0)))
    for s in range(rows):
        for t in range(columns):
            for row, picture in enumerate((true[s, t].astype(int), kinds[s, t])):
                top = high * s + 0.98 * row
                ax.imshow(
                    picture, cmap=colors, vmin=0, vmax=3, interpolation="nearest",
                    extent=(t + 0.03, t + 0.97, top + 0.94, top), aspect="auto",
                )  # fmt: skip
            ax.text(
                t + 0.5, high * s + 1.95, f"{dataset['accuracy'].values[s, t]:.2f}", ha="center",
                va="top", fontsize="x-small",
            )  # fmt: skip
        ax.add_patch(
            Rectangle(
                (0.0, high * s - 0.02), dataset.attrs["prompt"], 1.96, fill=False,
                edgecolor="#009e73", linewidth=1.4,
            )
        )  # fmt: skip
    ax.set_xlim(-0.05, columns + 0.05)
    ax.set_ylim(high * rows, -0.08)
    ax.set_aspect("equal")
    ax.set_xticks(np.arange(columns) + 0.5, range(1, columns + 1))
    ticks = [high * s + 0.98 * row + 0.47 for s in range(rows) for row in range(2)]
    ax.set_yticks(ticks, ["true", "recalled"] * rows, fontsize="small")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    given = dataset.attrs
    ax.set_title(
        f"{given['data']}, {given['kind']}: first {rows} of {given['count']} stored sequences, "
        f"prompt of {given['prompt']} frames",
        fontsize="medium",
    )
    return ax
