"""Sequences that a mac has stored, recognised under noise, with frames left out, at other paces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

_COLORS = {"random": "#0072b2", "complex": "#d55e00"}
_PANELS = (
    ("noise", "changed", "active features dropped, others added"),
    ("omission", "omitted", "frames left out"),
    ("pace", "speed", "pace, times that of the stored sequence"),
)


def compute(
    *,
    kinds: Sequence[str] = ("random", "complex"),
    back_off: float = 0.5,
    count: int = 20,
    length: int = 16,
    units: int = 64,
    modules: int = 24,
    repeats: int = 5,
    seed: int = 0,
    progress: bool = True,
) -> xarray.Dataset:
    """Rates of `assocmem.sdr.sparsey.recognition_experiments.recognition_experiment`.

    Parameters
    ----------
    kinds : sequence of {"random", "complex"}
        Of the sequences.
    back_off : float
        Bound of G below which fewer kinds of afferents are looked at; compared with none.
    count, length : int
        Sequences stored, and their frames, more than 12.
    units, modules : int
        K and Q.
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
    from ..sdr.sparsey.recognition_experiments import recognition_experiment

    return recognition_experiment(
        kinds=kinds,
        back_offs=(0.0, back_off),
        count=count,
        length=length,
        mac=(modules, units),
        repeats=repeats,
        seed=seed,
        progress=progress,
    )


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Fraction of steps at which sequence and moment are right; on Axes given, under noise alone.

    Points are means over memories, with bars of two standard errors. Thin lines without points are
    whole sequences recognised, by their mean over all steps.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `compute`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure of three panels by default.

    Returns
    -------
    matplotlib.axes.Axes
        That of the noise.
    """
    panels = [ax]
    if ax is None:
        import matplotlib.pyplot as plt

        _, panels = plt.subplots(1, 3, sharey=True, figsize=(11.5, 3.9), layout="constrained")
    for panel, (name, strength, text) in zip(panels, _PANELS, strict=False):
        for kind in dataset["kind"].values:
            for bound in dataset["back_off"].values:
                rates = dataset[name].sel(kind=kind, back_off=bound)
                error = rates.std("repeat", ddof=1) / np.sqrt(rates.sizes["repeat"])
                mean, x = rates.mean("repeat"), dataset[strength]
                look = {"color": _COLORS[str(kind)], "linestyle": "-" if bound else "--"}
                panel.errorbar(
                    x, mean.sel(rate="moment"), 2.0 * error.sel(rate="moment"), marker="o",
                    markersize=3.5, linewidth=1.3, capsize=2, **look,
                    label=f"{kind}, {f'back-off at {bound:g}' if bound else 'no back-off'}",
                )  # fmt: skip
                panel.plot(x, mean.sel(rate="whole"), linewidth=0.7, alpha=0.7, **look)
        panel.set_xlabel(text)
    if len(panels) > 1:
        panels[2].set_xscale("log", base=2)
        panels[2].set_xticks(
            dataset["speed"].values, [f"{v:g}" for v in dataset["speed"].values], minor=False
        )
    first = panels[0]
    first.set_ylim(-0.03, 1.04)
    first.set_ylabel("steps with the right sequence and moment")
    first.plot([], [], color="#555555", linewidth=0.7, label="whole sequence right")
    first.legend(frameon=False, fontsize="small", loc="lower left")
    given = dataset.attrs
    first.set_title(
        f"{given['count']} sequences of {given['length']} frames, {given['size']} active features",
        fontsize="medium",
    )
    return first
