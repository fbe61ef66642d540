"""Sequences recalled by one mac: accuracy against their number, length, and weights.

A mac is shown each sequence once, then recalls some from their first frames. Sequences are complex:
over an alphabet of frames, in pairs that share a stretch in the middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#7b3294", "#56b4e9")


def compute(
    *,
    numbers: Sequence[int] = (4, 8, 16, 24, 32, 48, 64, 96, 128),
    units: Sequence[int] = (16, 24, 32),
    modules: int = 24,
    lengths: Sequence[int] = (6, 12, 24, 48),
    kind: str = "complex",
    repeats: int = 5,
    seed: int = 0,
    progress: bool = True,
) -> xarray.Dataset:
    """Recall accuracy of macs of several sizes, and of random sequences of several lengths.

    Parameters
    ----------
    numbers : sequence of int
        Sequences stored, of 12 frames.
    units : sequence of int
        K; the largest also frozen at half of its weights, with the default selection and without
        horizontal afferents.
    modules : int
        Q.
    lengths : sequence of int
        Frames of random sequences, stored by the largest mac.
    kind : {"complex", "random"}
        Of the sequences of 12 frames.
    repeats : int
        Independent memories, >= 2.
    seed : int
        >= 0.
    progress : bool
        Show progress bars when on a terminal.

    Returns
    -------
    xarray.Dataset
        ``frames``, ``winners`` and ``load`` of
        `assocmem.sdr.sparsey.sequence_experiments.recall_experiment` over ``model``, ``number`` and
        ``repeat``; ``frames_by_length`` over ``length``, ``number`` and ``repeat``.
    """
    from ..sdr.sparsey.sequence_experiments import (
        recall_experiment,
        recall_models,
        sequence_model,
    )

    common = {"numbers": numbers, "repeats": repeats, "seed": seed, "progress": progress}
    found = recall_experiment(recall_models(modules, units), kind=kind, **common)
    largest = {"largest": sequence_model(modules, max(units))}
    lasting = recall_experiment(largest, kind="random", lengths=lengths, **common)
    found = found.isel(length=0, drop=True)
    return found.assign(frames_by_length=lasting["frames"].isel(model=0, drop=True)).assign_attrs(
        modules=modules, units=max(units), length=12
    )


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Against the number of sequences, and against all frames stored; on Axes given, the first.

    Points are means over memories, with bars of two standard errors.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `compute`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure of two panels by default.

    Returns
    -------
    matplotlib.axes.Axes
        That of the numbers.
    """
    right = None
    if ax is None:
        import matplotlib.pyplot as plt

        _, (ax, right) = plt.subplots(1, 2, sharey=True, figsize=(9.2, 4.0), layout="constrained")
    given = dataset.attrs
    styles = {"frozen": "--", "default selection": ":", "no H": "-."}
    names = [str(name) for name in dataset["model"].values]
    plain = [name for name in names if name not in styles]
    last = _COLORS[(len(plain) - 1) % len(_COLORS)]
    for k, name in enumerate(names):
        color = _COLORS[k % len(_COLORS)] if name in plain else last
        label = rf"${name}$" if name in plain else f"${plain[-1]}$, {name}"
        _points(ax, dataset["number"], dataset["frames"].sel(model=name), color,
                label, styles.get(name, "-"))  # fmt: skip
    ax.set_xlabel(f"sequences stored, of {given['length']} frames")
    ax.set_ylabel("recalled frames: |both| / |either|")
    ax.set_title(rf"{given['kind']} sequences, $Q={given['modules']}$", fontsize="medium")
    ax.legend(frameon=False, fontsize="small")
    ax.set_ylim(-0.03, 1.04)
    ax.set_xscale("log")
    if right is not None:
        for k, length in enumerate(dataset["length"].values):
            curve = dataset["frames_by_length"].sel(length=length)
            total = dataset["number"] * int(length)
            _points(right, total, curve, _COLORS[k % len(_COLORS)], f"{length} frames each", "-")
        right.set_xscale("log")
        right.set_xlabel("frames stored, of all sequences")
        right.set_title(rf"random sequences, $K={given['units']}$", fontsize="medium")
        right.legend(frameon=False, fontsize="small", loc="lower left")
    return ax


def _points(
    ax: matplotlib.axes.Axes,
    x: xarray.DataArray,
    values: xarray.DataArray,
    color: str,
    label: str,
    style: str,
) -> None:
    """Means over repeats with two standard errors."""
    error = 2.0 * values.std("repeat", ddof=1) / np.sqrt(values.sizes["repeat"])
    ax.errorbar(
        x, values.mean("repeat"), error, color=color, linestyle=style, marker="o", markersize=3.5,
        linewidth=1.2, capsize=2, label=label,
    )  # fmt: skip
