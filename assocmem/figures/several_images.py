"""Picture: real images with blank pixels, several of them in one state of a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .. import _validate as check

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

STAGES = ("image", "cue", "retrieved")


def compute(
    data: str = "digits",
    *,
    classes: Sequence[int] = (0, 5, 7),
    dilution: float = 0.5,
    copies: int = 32,
    noise: float = 0.2,
    threshold: float | str = "mean",
    varying: bool = True,
    sweeps: int = 200,
    seed: int = 0,
) -> xarray.Dataset:
    """Start from one corrupted image and let the network run at T = 0.

    The typical image of each class is stored on ``copies`` spins for each pixel, each of them
    blank with probability d for each image. The cue is the first image, a fraction ``noise`` of its
    spins flipped, and coin tosses where it is blank. Spins that it leaves free take up other
    images or their negatives: signs are folded. An image is read as the mean of the spins that
    it does not leave blank, pixel by pixel.

    Parameters
    ----------
    data, threshold, varying
        Of `assocmem.patterns.Structured`; with ``varying`` the pixels are those that differ
        between some of all its classes.
    classes : sequence of int
        Labels of the images, at least two; the first is the cue.
    dilution : float
        d in [0, 1).
    copies : int
        Spins of each pixel.
    noise : float
        In [0, 1/2].
    sweeps : int
        At T = 0.
    seed : int
        Root of all random numbers.

    Returns
    -------
    xarray.Dataset
        ``picture`` over ``pattern``, ``stage``, ``row`` and ``column``: the image, and how it is
        read in the cue and in the state reached, of the folded sign, in [-1, 1]; NaN where a pixel
        is not kept. ``overlap`` over ``pattern`` and ``stage``, ``sign``, ``filled`` (share of
        spins that are not blank, the largest overlap), ``correlation`` of the images (over
        ``pattern`` and ``other``), and ``state``, the mean of all spins of each pixel.

    Raises
    ------
    TypeError, ValueError, FileNotFoundError, ImportError, OSError
        If an argument is wrong or the data cannot be read.
    """
    import xarray as xr

    from ..hopfield import Multitasking
    from ..montecarlo.dynamics import engine
    from ..patterns import Structured
    from ..serial import to_json

    noise = check.real("noise", noise, 0.0, 0.5)
    sweeps = check.integer("sweeps", sweeps, 1)
    copies = check.integer("copies", copies, 1, 10**4)
    seeds = np.random.SeedSequence(check.integer("seed", seed, 0)).spawn(3)
    ensemble = Structured(data, threshold, None, bool(varying))
    labels = list(ensemble.labels)
    if len(set(classes)) < 2 or not set(classes) <= set(labels):
        raise ValueError(f"classes must be at least two of {labels}, got {classes!r}")
    images = ensemble.archetypes[[labels.index(label) for label in classes]]
    number, pixels = images.shape
    size = pixels * copies
    model = Multitasking(n_patterns=number, dilution=dilution)
    rng = np.random.default_rng(seeds[0])
    blank = rng.random((number, size)) < model.dilution
    sample = model.sample_of(np.where(blank, 0, np.repeat(images, copies, axis=1)))
    patterns = sample.patterns
    rng = np.random.default_rng(seeds[1])
    filled = np.flatnonzero(patterns[0])
    cue = 2 * rng.integers(0, 2, size, dtype=np.int8) - 1
    cue[filled] = patterns[0, filled]
    cue[rng.permutation(filled)[: round(noise * len(filled))]] *= -1
    running = engine(sample, cue[None], 0.0, [seeds[2]])
    running.run(sweeps)
    states = {"cue": cue, "retrieved": running.spins[0]}
    overlaps = np.stack([sample.overlaps(x) for x in states.values()], axis=1)
    sign = np.where(overlaps[:, 1] < 0.0, -1, 1)
    pictures = np.full((number, len(STAGES), len(ensemble.pixels)), np.nan)
    for mu in range(number):
        seen = (patterns[mu] != 0).reshape(pixels, copies)
        shown = [images[mu].astype(float)]
        for spins in states.values():
            total = np.sum(sign[mu] * spins.reshape(pixels, copies) * seen, axis=1)
            shown.append(total / np.maximum(seen.sum(axis=1), 1))
        pictures[mu][:, ensemble.pixels] = shown
    side = round(len(ensemble.pixels) ** 0.5)
    grid = ("pattern", "stage", "row", "column")
    whole = np.full(len(ensemble.pixels), np.nan)
    whole[ensemble.pixels] = states["retrieved"].reshape(pixels, copies).mean(axis=1)
    share = np.mean(patterns != 0, axis=1)
    folded = np.concatenate([share[:, None], overlaps * sign[:, None]], axis=1)
    return xr.Dataset(
        {
            "picture": (grid, pictures.reshape(number, len(STAGES), side, side)),
            "overlap": (("pattern", "stage"), folded),
            "sign": ("pattern", sign),
            "filled": ("pattern", share),
            "correlation": (("pattern", "other"), images.astype(float) @ images.T / pixels),
            "state": (("row", "column"), whole.reshape(side, side)),
        },
        coords={"pattern": list(classes), "other": list(classes), "stage": list(STAGES)},
        attrs={
            "model": to_json(model),
            "data": data,
            "dilution": model.dilution,
            "copies": copies,
            "noise": noise,
            "n_spins": size,
            "seed": seed,
        },
    )


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """A row for each image: itself, and as read in the cue and in the state reached; that last.

    Under each picture is its overlap over the largest possible one. Pixels that are not kept are
    pale blue.

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
    from matplotlib.colors import LinearSegmentedColormap

    number = dataset.sizes["pattern"]
    columns = len(STAGES) + 1
    if ax is None:
        size = (1.75 * columns, 1.95 * number + 0.9)
        ax = plt.subplots(figsize=size, layout="constrained")[1]
    ink = LinearSegmentedColormap.from_list("ink", ["#f7f4ec", "#8d949c", "#16212d"])
    colors = ink.with_extremes(bad="#cfdbe6")

    def show(picture: np.ndarray, left: float, top: float) -> None:
        ax.imshow(
            picture, cmap=colors, vmin=-1, vmax=1, interpolation="nearest",
            extent=(left, left + 0.94, top + 0.94, top), aspect="auto",
        )  # fmt: skip

    for k in range(number):
        one = dataset.isel(pattern=k)
        for j in range(len(STAGES)):
            show(one["picture"].values[j], j, 1.2 * k)
            if j:
                share = float(one["overlap"].values[j] / one["filled"])
                text = f"{share:.2f}" + ", negative" * (j == 2 and one["sign"].item() < 0)
                ax.text(
                    j + 0.47, 1.2 * k + 0.97, text, ha="center", va="top", fontsize="small"
                )  # fmt: skip
    show(dataset["state"].values, len(STAGES) + 0.15, 0.6 * (number - 1))
    ax.set_xlim(-0.05, columns + 0.12)
    ax.set_ylim(1.2 * number + 0.02, -0.05)
    ax.set_aspect("equal")
    places = [*(j + 0.47 for j in range(len(STAGES))), len(STAGES) + 0.62]
    ax.set_xticks(places, [*STAGES, "whole state"])
    ax.xaxis.tick_top()
    ax.set_yticks([])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    given = dataset.attrs
    ax.set_xlabel(
        f"{given['data']}: {number} images in one state, $d={given['dilution']:g}$, "
        f"$N={given['n_spins']}$;\nthe cue is one image with {100 * given['noise']:g}% of its "
        "spins flipped",
        fontsize="medium",
    )
    return ax
