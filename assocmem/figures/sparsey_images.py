"""Images classified by one layer of macs: what each part contributes.

Every image is presented once. Each row of the figure adds one part to the one above it; the last
two read the class in other ways from the same codes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate as check

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

_COLORS = ("#56b4e9", "#0072b2", "#003a5d")
_PIXELS: dict[str, Any] = {
    "encoding": "threshold", "n_modules": 4, "n_units": 64, "nu": 0.0, "cap": None, "novelty": None,
}  # fmt: skip
# What is added to the parameters of the row above.
PARTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("pixels, weights only ever set", _PIXELS),
    ("+ units freeze (cap)", {"cap": 0.5}),
    ("+ normalised support (nu = 1/2)", {"nu": 0.5}),
    ("+ novelty gate (G < 0.7)", {"novelty": 0.7}),
    ("+ more units (2 x 1024 for 4 x 64)", {"n_modules": 2, "n_units": 1024}),
    ("+ recruiting (chance 0.1, G < 0.85)", {"recruit": 0.1, "novelty": 0.85}),
    ("+ oriented edges (G < 0.7)", {"encoding": "edges", "novelty": 0.7}),
    ("the same, binary label weights", {"readout": "binary"}),
    ("the same, nearest stored codes", {"readout": "items"}),
)


def compute(
    data: str = "mnist",
    *,
    images: Sequence[int] = (20_000, 60_000),
    tested: int = 10_000,
    parts: int = 9,
    workers: int = 2,
    seed: int = 0,
    progress: bool = True,
) -> xarray.Dataset:
    """Accuracy, and times to learn and to recognise an image, of classifiers part by part.

    Parameters
    ----------
    data : {"mnist", "fashion_mnist", "digits"}
    images : sequence of int
        Training images, the first of the set, or all where there are fewer.
    tested : int
        Test images, likewise.
    parts : int
        Rows of `PARTS`, from 1 to all 9.
    workers : int
        Threads, >= 1.
    seed : int
        >= 0.
    progress : bool
        Show a progress bar when on a terminal.

    Returns
    -------
    xarray.Dataset
        ``accuracy``, ``learning`` and ``recognition``, the latter in microseconds an image by the
        clock, over (part, images), and ``megabytes`` of weights over part.
    """
    import xarray as xr
    from tqdm import tqdm

    from .. import datasets
    from ..sdr.sparsey.classifier import SparseyClassifier

    check.choice("data", data, datasets.NAMES)
    for k, number in enumerate(images):
        check.integer(f"images[{k}]", number, 10)
    tested = check.integer("tested", tested, 1)
    parts = check.integer("parts", parts, 1, len(PARTS))
    workers = check.integer("workers", workers, 1)
    seed = check.integer("seed", seed, 0)
    found = datasets.load(data)
    side = found.train_images.shape[1]

    def flat(pictures: np.ndarray) -> np.ndarray:
        return pictures.reshape(len(pictures), -1)

    numbers = list(dict.fromkeys(min(n, len(found.train_images)) for n in images))
    test, labels = flat(found.test_images[:tested]), found.test_labels[:tested]
    table = np.empty((parts, len(numbers), 3))
    sizes = np.empty(parts)
    options: dict[str, Any] = {}
    bar = tqdm(total=table[..., 0].size, disable=None if progress else True, leave=False)
    for i, (name, added) in enumerate(PARTS[:parts]):
        options |= added
        for j, number in enumerate(numbers):
            bar.set_description(name)
            model = SparseyClassifier(
                shape=(side, side), workers=workers, random_state=seed, **options
            )
            if j == 0:  # compiles what is timed
                model.fit(flat(found.train_images[:20]), found.train_labels[:20]).predict(test[:5])
            start = time.perf_counter()
            model.fit(flat(found.train_images[:number]), found.train_labels[:number])
            middle = time.perf_counter()
            right = np.mean(model.predict(test) == labels)
            end = time.perf_counter()
            table[i, j] = right, 1e6 * (middle - start) / number, 1e6 * (end - middle) / len(test)
            bar.update()
        sizes[i] = model.layer_.weights.nbytes / 1e6
    bar.close()
    over = ("part", "images")
    return xr.Dataset(
        {
            "accuracy": (over, table[..., 0]),
            "learning": (over, table[..., 1]),
            "recognition": (over, table[..., 2]),
            "megabytes": ("part", sizes),
        },
        coords={"part": [name for name, _ in PARTS[:parts]], "images": numbers},
        attrs={"data": data, "tested": len(test), "workers": workers, "seed": seed},
    )


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Errors of each part as bars, on a logarithmic axis, with accuracies and times beside them.

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
    names, numbers = dataset["part"].values, dataset["images"].values
    if ax is None:
        import matplotlib.pyplot as plt

        height = 1.4 + (0.2 + 0.2 * len(numbers)) * len(names)
        _, ax = plt.subplots(figsize=(7.6, height), layout="constrained")
    thick = 0.8 / len(numbers)
    least = 100.0 / dataset.attrs["tested"]
    for j, number in enumerate(numbers):
        of = dataset.sel(images=number)
        y = np.arange(len(names)) + (j - (len(numbers) - 1) / 2.0) * thick
        wrong = np.maximum(100.0 * (1.0 - of["accuracy"].values), least)
        ax.barh(y, wrong, 0.9 * thick, color=_COLORS[j % len(_COLORS)], label=f"{number:,} images")
        for k, place in enumerate(y):
            text = f" {100 * of['accuracy'].values[k]:.2f} %,  {of['learning'].values[k]:.0f} + "
            text += f"{of['recognition'].values[k]:.0f} us"
            ax.text(wrong[k], place, text, va="center", fontsize="x-small")
    ax.set_yticks(range(len(names)), names, fontsize="small")
    ax.invert_yaxis()
    ax.set_xscale("log")
    ax.set_xlim(0.5 * float(max(least, 100.0 * (1.0 - dataset["accuracy"].max()))), 800.0)
    ax.set_xticks([1, 10, 100], ["1", "10", "100"])
    ax.set_xlabel("test images that are wrong, %")
    given = dataset.attrs
    ax.set_title(
        f"{given['data']}, {given['tested']:,} test images; accuracy, and time to learn and to "
        "recognise one",
        fontsize="small",
    )
    ax.legend(frameon=False, fontsize="small", loc="lower right")
    return ax
