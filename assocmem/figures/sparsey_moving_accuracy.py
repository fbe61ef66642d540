"""Digits that move or are drawn: recall and recognition against the number of sequences stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

_COLORS = {"moving": "#0072b2", "drawn": "#d55e00"}


def compute(
    *,
    kinds: Sequence[str] = ("moving", "drawn"),
    data: str = "digits",
    numbers: Sequence[int] = (4, 8, 16, 32, 64),
    units: int = 48,
    modules: int = 24,
    changed: int = 4,
    repeats: int = 3,
    seed: int = 0,
    progress: bool = True,
) -> xarray.Dataset:
    """Rates of `assocmem.sdr.sparsey.picture_experiments.picture_experiment`.

    Parameters
    ----------
    kinds : sequence of {"moving", "drawn"}
    data : {"digits", "mnist"}
    numbers : sequence of int
        Sequences stored.
    units, modules : int
        K and Q of all macs of the two levels.
    changed : int
        Pixels dropped and added in each frame that is to be recognised.
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
    from ..sdr.sparsey.picture_experiments import picture_experiment

    return picture_experiment(
        kinds=kinds,
        data=data,
        numbers=numbers,
        mac=(modules, units),
        changed=changed,
        repeats=repeats,
        seed=seed,
        progress=progress,
    )


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Means over memories with bars of two standard errors.

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
    given = dataset.attrs
    shown = (("frames", "frames recalled", "-"), ("moment", "sequence and moment recognised", "--"))
    for kind in dataset["kind"].values:
        for name, text, style in shown:
            rates = dataset[name].sel(kind=kind)
            error = rates.std("repeat", ddof=1) / np.sqrt(rates.sizes["repeat"])
            ax.errorbar(
                dataset["number"], rates.mean("repeat"), 2.0 * error, color=_COLORS[str(kind)],
                linestyle=style, marker="o", markersize=4, capsize=2, label=f"{kind}, {text}",
            )  # fmt: skip
    ax.set_xscale("log", base=2)
    numbers = dataset["number"].values
    ax.set_xticks(numbers, [str(number) for number in numbers])
    ax.set_ylim(-0.03, 1.04)
    ax.set_xlabel("sequences stored")
    ax.set_ylabel("accuracy")
    ax.set_title(
        f"{given['data']}: recall from {given['prompt']} frames, recognition with "
        f"{given['changed']} pixels changed",
        fontsize="medium",
    )
    ax.legend(frameon=False, fontsize="small", loc="lower left")
    return ax
