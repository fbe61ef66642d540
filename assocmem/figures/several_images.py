"""Picture: real images with blank pixels, several of them in one state of a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .. import _validate as check

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

STAGES = ("stored", "cue", "retrieved")
WRONG, BLANK = 2, 0


def compute(
    data: str = "digits",
    *,
    classes: Sequence[int] = (0, 1, 7),
    dilution: float = 0.4,
    noise: float = 0.2,
    threshold: float | str = "half",
    varying: bool = True,
    sweeps: int = 200,
    seed: int = 0,
) -> xarray.Dataset:
    """Start from one corrupted image and let the network run at T = 0.

    The typical image of each class is stored, each pixel blank with probability d. The cue is the
    first of them, a fraction ``noise`` of its pixels flipped, and noise where it is blank. Spins
    that it leaves free may take up any other image or its negative: signs are folded.

    Parameters
    ----------
    data, threshold, varying
        Of `assocmem.patterns.Structured`. Without ``varying`` all images share a background, and
        states with large overlaps with all of them are easy.
    classes : sequence of int
        Labels of the images, at least two; the first is the cue.
    dilution : float
        d in [0, 1).
    noise : float
        In [0, 1/2].
    sweeps : int
        At T = 0.
    seed : int
        Root of all random numbers.

    Returns
    -------
    xarray.Dataset
        ``picture`` over ``pattern``, ``stage``, ``row`` and ``column``: the stored image with its
        blanks (0), and the pixels of the state that the image does not leave blank: +-1, +2 or -2
        where they differ from the image (of the folded sign), and NaN where a pixel is not kept.
        ``overlap`` over ``pattern`` and ``stage``, ``sign``, ``filled`` (share of pixels that are
        not blank, the largest overlap), and ``state``, the whole state.

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
    ensemble = Structured(data, threshold, tuple(classes), bool(varying))
    number, size = ensemble.archetypes.shape
    if number < 2:
        raise ValueError(f"classes must be at least two labels, got {classes!r}")
    model = Multitasking(n_patterns=number, dilution=dilution, entries=ensemble)
    draw_seed, start_seed, chain_seed = np.random.SeedSequence(
        check.integer("seed", seed, 0)
    ).spawn(3)
    sample = model.draw(size, np.random.default_rng(draw_seed))
    rng = np.random.default_rng(start_seed)
    patterns = sample.patterns
    filled = np.flatnonzero(patterns[0])
    cue = 2 * rng.integers(0, 2, size, dtype=np.int8) - 1
    cue[filled] = patterns[0, filled]
    cue[rng.permutation(filled)[: round(noise * len(filled))]] *= -1
    running = engine(sample, cue[None], 0.0, [chain_seed])
    running.run(sweeps)
    state = running.spins[0]
    overlaps = np.stack([sample.overlaps(x) for x in (cue, state)], axis=1)
    sign = np.where(overlaps[:, 1] < 0.0, -1, 1)
    pictures = np.full((number, len(STAGES), len(ensemble.pixels)), np.nan)
    for mu, pattern in enumerate(patterns):
        shown = [pattern]
        for spins in (cue, state):
            folded = sign[mu] * spins
            shown.append(pattern * np.where(folded == pattern, 1, -WRONG))
        pictures[mu][:, ensemble.pixels] = shown
    side = round(len(ensemble.pixels) ** 0.5)
    grid = ("pattern", "stage", "row", "column")
    full = np.full(len(ensemble.pixels), np.nan)
    full[ensemble.pixels] = state
    share = np.mean(patterns != 0, axis=1)
    folded = np.concatenate([share[:, None], overlaps * sign[:, None]], axis=1)
    return xr.Dataset(
        {
            "picture": (grid, pictures.reshape(number, len(STAGES), side, side)),
            "overlap": (("pattern", "stage"), folded),
            "sign": ("pattern", sign),
            "filled": ("pattern", share),
            "state": (("row", "column"), full.reshape(side, side)),
        },
        coords={"pattern": list(ensemble.labels), "stage": list(STAGES)},
        attrs={
            "model": to_json(model),
            "data": data,
            "dilution": model.dilution,
            "noise": noise,
            "n_spins": size,
            "seed": seed,
        },
    )


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """A row for each image: as stored, in the cue, in the state reached; that state last.

    Pixels that are blank or not kept are pale blue, and pixels that differ from the image red.
    Under each picture is its overlap over the largest possible one.

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

    number = dataset.sizes["pattern"]
    columns = len(STAGES) + 1
    if ax is None:
        ax = plt.subplots(figsize=(1.7 * columns, 1.9 * number + 0.6), layout="constrained")[1]
    # -2 and -1 dark, 0 blank, 1 and 2 light; red where wrong.
    colors = ListedColormap(["#e08e8e", "#f4f1ea", "#cfdbe6", "#1c2733", "#a3262a"])

    def show(picture: np.ndarray, left: float, top: float) -> None:
        ax.imshow(
            np.nan_to_num(picture, nan=BLANK), cmap=colors, vmin=-2.5, vmax=2.5,
            interpolation="nearest", extent=(left, left + 0.94, top + 0.94, top), aspect="auto",
        )  # fmt: skip

    for k in range(number):
        one = dataset.isel(pattern=k)
        for j in range(len(STAGES)):
            show(one["picture"].values[j], j, 1.2 * k)
            if j:
                share = float(one["overlap"].values[j] / one["filled"])
                ax.text(
                    j + 0.47, 1.2 * k + 0.96, f"{share:.2f}", ha="center", va="top",
                    fontsize="small",
                )  # fmt: skip
        name = str(one["pattern"].item())
        ax.text(-0.06, 1.2 * k + 0.47, name, ha="right", va="center", fontsize="large")
        if one["sign"] < 0:
            ax.text(2 + 0.47, 1.2 * k + 1.08, "negative", ha="center", va="top", fontsize="x-small")
    show(dataset["state"].values, len(STAGES) + 0.15, 0.6 * (number - 1))
    ax.set_xlim(-0.2, columns + 0.15)
    ax.set_ylim(1.2 * number + 0.05, -0.05)
    ax.set_aspect("equal")
    places = [*(j + 0.47 for j in range(len(STAGES))), len(STAGES) + 0.62]
    ax.set_xticks(places, [*STAGES, "whole state"])
    ax.xaxis.tick_top()
    ax.set_yticks([])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    given = dataset.attrs
    ax.set_title(
        f"{given['data']}: $K={number}$ images, $d={given['dilution']:g}$, $N={given['n_spins']}$; "
        f"one cue with {100 * given['noise']:g}% of its pixels flipped",
        fontsize="medium",
    )
    return ax
