"""Pictures of both memories in one mac: completion, likelihoods of all items, and generation.

Images are stored once each with their class. One of each class is completed from a part; a new
image of each class finds the stored ones that its code makes most likely; and from the label alone
images of the class are made, top-down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import _validate as check

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

_PLACES, _MADE = 3, 3


def compute(
    data: str = "digits",
    *,
    images: int = 500,
    modules: int = 16,
    units: int = 4096,
    g_minus: float = 0.9,
    nu: float = 0.5,
    hidden: float = 0.5,
    threshold: float | str = "half",
    seed: int = 0,
) -> xarray.Dataset:
    """Store images, complete, compare and make some; fractions over all of them.

    Each pixel is two features, one of which is active: that it is on, or off. All images are then
    of one size, and a unit that holds several of them has no advantage.

    Parameters
    ----------
    data : {"digits", "mnist", "fashion_mnist"}
        See `assocmem.datasets`.
    images : int
        The first training images, which are stored; >= 10.
    modules, units : int
        Q and K.
    g_minus, nu : float
        Of the mac: familiarity up to which codes are drawn uniformly, and normalisation of
        supports. With a lower G_- codes of similar images share more, and fewer images are recalled
        exactly.
    hidden : float
        Fraction of rows, at the bottom, of which a cue has no features, in [0, 1).
    threshold : float or str
        Of pixels that are on, see `Images.binarised`.
    seed : int
        >= 0.

    Returns
    -------
    xarray.Dataset
        ``picture`` (class, stage, row, column): 0 or 1, 1/2 where it is not known or hidden.
        Stages are an image stored, the cue, what is recalled; a new image, the stored ones most
        likely given its code; and images made. ``likelihood`` (class, place) of the latter but one;
        ``exact`` and ``completed``, fractions of stored images recalled in every pixel from the
        whole and from the part; ``found``, the fraction of them of which the part finds the very
        image; ``classified``, the fraction of test images given the right class.

    Raises
    ------
    TypeError, ValueError, ImportError, OSError
        If an argument is of the wrong type or out of range, a class has no image among those
        stored, or the data cannot be had.
    """
    import xarray as xr

    from ..datasets import load
    from ..sdr import Mac, Selection
    from ..sdr.sparsey.items import ItemMemory

    source = load(data)
    images = check.integer("images", images, 10, len(source.train_labels))
    hidden = check.real("hidden", hidden, 0.0, 1.0, open_high=True)
    g_minus = check.real("g_minus", g_minus, 0.0, 1.0, open_high=True)
    rng = np.random.default_rng(check.integer("seed", seed, 0))
    stored, labels = source.binarised(threshold)[:images] > 0, source.train_labels[:images]
    new, new_labels = source.binarised(threshold, "test") > 0, source.test_labels
    absent = sorted(set(source.classes) - set(labels.tolist()))
    if absent:
        raise ValueError(f"images must hold all classes, of the first {images} none is {absent[0]}")
    number = {label: k for k, label in enumerate(source.classes)}
    classes, new_classes = (
        np.array([number[x] for x in y]) for y in (labels.tolist(), new_labels.tolist())
    )

    selection = Selection(
        g_minus=g_minus, sigma_2=8.0 / (1.0 - g_minus), sigma_3=0.3 * g_minus + 0.7
    )
    mac = Mac(modules, units, selection, nu=nu)
    memory = ItemMemory(mac, 2 * source.n_pixels, seed=seed, labels=len(number))
    items = _features(stored)
    memory.store(items, classes)

    shown = np.ones((source.side, source.side), bool)
    shown[source.side - round(hidden * source.side) :] = False
    parts = items & np.tile(shown.ravel(), 2)
    recalled = _dense(memory.recall(items))
    completed = _dense(memory.recall(parts))
    best = memory.best_match(parts)[0]

    rows, likely = [], []
    for k in range(len(number)):
        mine, other = (int(rng.choice(np.flatnonzero(y == k))) for y in (classes, new_classes))
        near, values = memory.most_likely(memory.code(_features(new[other])), _PLACES)
        made = [memory.generate(k, rng).dense for _ in range(_MADE)]
        stages = [items[mine], parts[mine], completed[mine], _features(new[other]), *items[near]]
        rows.append([_picture(each, source.side) for each in [*stages, *made]])
        likely.append(values)
    names = ["stored", "cue", "recalled", "new"]
    names += [f"likely {k + 1}" for k in range(_PLACES)] + [f"made {k + 1}" for k in range(_MADE)]
    found = np.array([j >= 0 and np.array_equal(items[j], items[i]) for i, j in enumerate(best)])
    return xr.Dataset(
        {
            "picture": (("class", "stage", "row", "column"), np.array(rows)),
            "likelihood": (("class", "place"), np.array(likely)),
            "exact": np.mean((recalled == items).all(1)),
            "completed": np.mean((completed == items).all(1)),
            "found": np.mean(found),
            "classified": np.mean(memory.classify(_features(new)) == new_classes),
        },
        coords={"class": list(source.classes), "stage": names},
        attrs={
            "data": data, "images": images, "modules": modules, "units": units,
            "g_minus": g_minus, "nu": nu, "hidden": hidden, "threshold": threshold, "seed": seed,
        },
    )  # fmt: skip


def _features(on: np.ndarray) -> np.ndarray:
    """Features of images (.., pixels): that each pixel is on, and that each is off."""
    return np.concatenate([on, ~on], axis=-1)


def _dense(items: list) -> np.ndarray:
    return np.array([item.dense for item in items])


def _picture(features: np.ndarray, side: int) -> np.ndarray:
    """1 where a pixel is on, 0 where off, and 1/2 where both is read, or neither."""
    on, off = features.reshape(2, side, side)
    return (1.0 + on.astype(float) - off.astype(float)) / 2.0


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """One row for each class, one column for each stage; likelihoods are written below images.

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
    pictures, given = dataset["picture"].values, dataset.attrs
    rows, columns = pictures.shape[:2]
    # Unit squares for images, wider apart between the three parts of the figure.
    lefts = np.arange(columns) * 1.12 + 0.35 * (np.arange(columns) >= 3)
    lefts = lefts + 0.35 * (np.arange(columns) >= 4 + _PLACES)
    if ax is None:
        import matplotlib.pyplot as plt

        size = (0.65 * lefts[-1] + 1.0, 0.65 * 1.28 * rows + 1.1)
        ax = plt.subplots(figsize=size, layout="constrained")[1]
    for i in range(rows):
        top = 1.28 * i
        for j in range(columns):
            ax.imshow(
                pictures[i, j], cmap="gray_r", vmin=0.0, vmax=1.0, interpolation="nearest",
                extent=(lefts[j], lefts[j] + 1.0, top + 1.0, top),
            )  # fmt: skip
        for place in range(_PLACES):
            value = float(dataset["likelihood"].values[i, place])
            ax.text(lefts[4 + place] + 0.5, top + 1.02, f"{value:.2f}", ha="center", va="top",
                    fontsize=6.5)  # fmt: skip
    ax.set_xlim(lefts[0] - 0.1, lefts[-1] + 1.1)
    ax.set_ylim(1.28 * rows, -0.15)
    ax.set_xticks(lefts + 0.5, dataset["stage"].values.tolist(), rotation=35, ha="left",
                  fontsize="small")  # fmt: skip
    ax.xaxis.tick_top()
    ax.set_yticks(1.28 * np.arange(rows) + 0.5, dataset["class"].values.tolist())
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.set_ylabel("class")
    ax.set_xlabel(
        f"{given['images']} images: {float(dataset['exact']):.0%} recalled exactly, "
        f"{float(dataset['completed']):.0%} from {1 - given['hidden']:.0%} of the rows; "
        f"{float(dataset['classified']):.0%} of new images classified rightly",
        fontsize="small",
    )
    return ax
