"""Pictures: an image, corrupted, and what networks of several numbers of bodies make of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .. import _validate as check

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray


def compute(
    data: str = "digits",
    *,
    protocol: str = "unsupervised",
    orders: Sequence[int] = (2, 3, 4, 6, 10),
    examples: int = 100,
    noise: float = 0.15,
    threshold: float | str = "mean",
    varying: bool = True,
    classes: Sequence[int] | None = None,
    seed: int = 0,
) -> xarray.Dataset:
    """One test image of each class, drawn at random, and where its corrupted copy leads at T = 0.

    Parameters
    ----------
    data, orders, threshold, varying, classes, seed
        As in `assocmem.figures.real_data.compute`.
    protocol : {"supervised", "unsupervised"}
        How the examples are learned.
    examples : int
        M of each class.
    noise : float
        Fraction of pixels flipped, in [0, 1/2].

    Returns
    -------
    xarray.Dataset
        ``picture`` over ``class``, ``stage``, ``row`` and ``column``: +-1, 0 where a pixel is not
        kept. Stages are the test image, the start, the end for each p, and the archetype.
        ``overlap`` over ``class``, ``stage`` and ``archetype``: with every archetype.

    Raises
    ------
    TypeError, ValueError, FileNotFoundError, ImportError, OSError
        As `assocmem.figures.real_data.compute`.
    """
    import xarray as xr

    from ..hopfield import Dense, Supervised, Unsupervised
    from ..patterns import Structured
    from ..serial import to_json
    from .real_data import retrieve

    check.choice("protocol", protocol, ("supervised", "unsupervised"))
    orders = [check.integer("orders", p, 2, 30) for p in orders]
    examples = check.integer("examples", examples, 1)
    noise = check.real("noise", noise, 0.0, 0.5)
    seed = check.integer("seed", seed, 0)
    chosen = None if classes is None else tuple(classes)
    ensemble = Structured(data, threshold, chosen, bool(varying))
    images, index = ensemble.images("test")
    labels = ensemble.labels
    number, size = ensemble.archetypes.shape
    example_seed, start_seed, *chains = np.random.SeedSequence(seed).spawn(2 + number)
    rng = np.random.default_rng(start_seed)
    picked = np.array([rng.choice(np.flatnonzero(index == mu)) for mu in range(number)])
    starts = images[picked].copy()
    for row in starts:
        row[rng.permutation(size)[: round(noise * size)]] *= -1
    stages = {"test image": images[picked], "start": starts}
    kind = Supervised if protocol == "supervised" else Unsupervised
    for p in orders:
        model = Dense(
            n_patterns=number, p=p, patterns=ensemble, learning=kind(examples, ensemble.quality)
        )
        sample = model.draw(size, np.random.default_rng(example_seed))
        stages[f"$p={p}$"] = retrieve(sample, starts, chains)[0]
    stages["archetype"] = ensemble.archetypes
    states = np.stack(list(stages.values()), axis=1)
    side = round(len(ensemble.pixels) ** 0.5)
    pictures = np.zeros((number, len(stages), side * side), np.int8)
    pictures[..., ensemble.pixels] = states
    return xr.Dataset(
        {
            "picture": (
                ("class", "stage", "row", "column"),
                pictures.reshape(number, len(stages), side, side),
            ),
            "overlap": (
                ("class", "stage", "archetype"),
                states.astype(np.float64) @ ensemble.archetypes.T / size,
            ),
        },
        coords={"class": list(labels), "stage": list(stages), "archetype": list(labels)},
        attrs={
            "patterns": to_json(ensemble),
            "data": data,
            "protocol": protocol,
            "examples": examples,
            "noise": noise,
            "n_spins": size,
            "seed": seed,
        },
    )


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """A row of pictures for each class, with the overlap with its archetype under each.

    Overlaps are green where no other archetype is nearer, and red elsewhere.

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

    pictures, overlaps = dataset["picture"].values, dataset["overlap"].values
    rows, columns = pictures.shape[:2]
    if ax is None:
        # Stages run down and classes across: ten classes fit the width of a page.
        size = (0.95 * rows + 1.5, 1.18 * columns + 0.5)
        ax = plt.subplots(figsize=size, layout="constrained")[1]
    ax.set_xlim(-0.02, rows)
    ax.set_ylim(1.22 * columns, -0.02)
    colors = ListedColormap(["#f4f1ea", "#c9d3dc", "#1c2733"])  # -1, not kept, +1
    for k in range(rows):
        for j in range(columns):
            left, top = k + 0.05, 1.22 * j
            ax.imshow(
                pictures[k, j], cmap=colors, vmin=-1, vmax=1, interpolation="nearest",
                extent=(left, left + 0.9, top + 0.9, top), aspect="auto",
            )  # fmt: skip
            right = overlaps[k, j, k] >= overlaps[k, j].max()
            ax.text(
                left + 0.45, top + 0.93, f"{overlaps[k, j, k]:.2f}", ha="center", va="top",
                fontsize="small", color="#00734f" if right else "#c0392b",
            )  # fmt: skip
    ax.set_xlim(-0.02, rows)
    ax.set_ylim(1.22 * columns, -0.02)
    ax.set_aspect("equal")
    ax.set_yticks([1.22 * j + 0.45 for j in range(columns)], list(dataset["stage"].values))
    ax.set_xticks([])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    given = dataset.attrs
    ax.set_title(
        f"{given['data']}, {given['protocol']}: $M={given['examples']}$, $N={given['n_spins']}$, "
        f"{100 * given['noise']:g}% of pixels flipped; overlaps with the archetype,\n"
        "green where it is the nearest",
        fontsize="medium",
    )
    return ax
