"""Digits that move and digits that are drawn, stored and recalled by two levels of macs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import _validate as check
from ...serial import to_json
from ._experiment_arguments import choices, integers, modules_units
from .hierarchy import Hierarchy, Level
from .mac import Mac
from .selection import Selection
from .sequence_experiments import frame_accuracy, recall_alone, recall_rates
from .streams import moving_image, pen_path, strokes

if TYPE_CHECKING:
    import xarray

# Pixels of pictures are shared by many frames, so that units soon match most first frames by their
# bottom-up weights: lambda_u > 1 makes less of partial matches and nu > 0 of units that match all.
PICTURE_SELECTION = Selection(
    g_minus=0.7, sigma_2=40.0, sigma_3=0.9, lambda_u=2.0, hypotheses_power=0.0
)
_KINDS = ("moving", "drawn")


def picture_model(side: int, n_modules: int = 24, n_units: int = 48) -> Hierarchy:
    """Nine macs on overlapping fields of half the side of a square sheet, and one above them.

    Macs of the lower level hear their own codes of the previous step, those of their neighbours and
    that of the upper level, where each code lasts for two steps. In recall macs choose codes also
    where their field is empty at that moment of the stored sequence. They count as wrong winners
    but do little harm to the frames: pixels of their field are off, and what they stand for is read
    only where all macs that see it agree. With a pi_minus above 1 they would blot out the few
    pixels that had been too little for them to become active.

    Parameters
    ----------
    side : int
        Of the sheet, a multiple of 4, at most 2^15.
    n_modules, n_units : int
        Q and K of all macs.
    """
    side = check.integer("side", side, 4, 2**15)
    if side % 4:
        raise ValueError(f"side must be a multiple of 4, got {side}")
    mac = Mac(n_modules, n_units, PICTURE_SELECTION, nu=0.25)
    return Hierarchy((side, side), (Level(mac, side // 2, side // 4, reach=1), Level(mac, 3)))


def _digits(data: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Training images of a set in random order, with their labels."""
    from ...datasets import load

    check.choice("data", data, ("digits", "mnist", "fashion_mnist"))
    images = load(data)
    order = rng.permutation(len(images.train_images))
    return images.train_images[order], images.train_labels[order]


def moving_digits(
    count: int, length: int = 16, *, data: str = "digits", speeds: tuple[float, float] = (1.0, 2.0),
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Digits that move over a sheet of twice their side and turn back at its sides.

    Parameters
    ----------
    count, length : int
        Sequences and frames.
    data : {"digits", "mnist", "fashion_mnist"}
        Images, binarised at half of the largest grey level.
    speeds : (float, float)
        Range of speeds, pixels for each step; uniform in it, with uniform directions and starts.
    rng : numpy.random.Generator

    Returns
    -------
    frames : ndarray, bool, shape (count, length, side, side)
    labels : ndarray, uint8, shape (count,)
    """
    grey, labels = _digits(data, rng)
    side = 2 * grey.shape[1]
    count = check.integer("count", count, 1, len(grey))
    films = []
    for image in grey[:count]:
        speed, angle = rng.uniform(*speeds), rng.uniform(0.0, 2.0 * np.pi)
        velocity = (speed * np.sin(angle), speed * np.cos(angle))
        start = rng.integers(0, side // 2 + 1, 2)
        films.append(
            moving_image(
                image > grey.max() / 2, (side, side), length, velocity=velocity, start=tuple(start)
            )
        )
    return np.array(films), labels[:count]


def drawn_digits(
    count: int, length: int = 12, *, data: str = "digits", window: int = 16, step: int = 2,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Digits as a pen draws them: `strokes` of images that are long enough, cut to one length.

    Parameters
    ----------
    count, length : int
        Sequences and frames.
    data : {"digits", "mnist", "fashion_mnist"}
        Images; the small digits are enlarged three times, with linear interpolation. Binarised at
        half of the largest grey level.
    window, step : int
        Of `strokes`.
    rng : numpy.random.Generator

    Returns
    -------
    frames : ndarray, bool, shape (count, length, side, side)
    labels : ndarray, uint8, shape (count,)

    Raises
    ------
    ValueError
        If there are not enough images of such length.
    """
    from scipy import ndimage

    count = check.integer("count", count, 1)
    films, found = [], []
    grey, labels = _digits(data, rng)
    for image, label in zip(grey, labels, strict=True):
        if len(image) < 24:
            image = ndimage.zoom(image.astype(float), 3, order=1, grid_mode=True, mode="nearest")
        picture = image > grey.max() / 2
        if len(pen_path(picture)) < window + step * (length - 1):
            continue
        films.append(strokes(picture, window, step)[:length])
        found.append(label)
        if len(films) == count:
            return np.array(films), np.array(found)
    raise ValueError(f"count must be at most {len(films)} of such length, got {count}")


def _films(kind: str, data: str, count: int, rng: np.random.Generator) -> np.ndarray:
    check.choice("kind", kind, _KINDS)
    make = moving_digits if kind == "moving" else drawn_digits
    return make(count, data=data, rng=rng)[0]


def picture_experiment(
    *,
    kinds: Sequence[str] = _KINDS,
    data: str = "digits",
    numbers: Sequence[int] = (4, 8, 16, 32, 64),
    mac: tuple[int, int] = (24, 48),
    prompt: int = 2,
    changed: int = 4,
    probes: int = 16,
    repeats: int = 3,
    seed: int = 0,
    progress: bool = False,
) -> xarray.Dataset:
    """Recall and recognition of digits in motion against the number stored.

    Parameters
    ----------
    kinds : sequence of {"moving", "drawn"}
        `moving_digits`, `drawn_digits`.
    data : {"digits", "mnist"}
        Images.
    numbers : sequence of int
        Sequences stored, >= 1.
    mac : (int, int)
        Q and K of `picture_model`.
    prompt : int
        Frames presented before recall, >= 1.
    changed : int
        Pixels dropped and added in each frame of a sequence that is to be recognised.
    probes : int
        Sequences asked for, >= 1; all that are stored where these are fewer.
    repeats : int
        Independent sequences and memories, >= 2.
    seed : int
        >= 0.
    progress : bool
        Show a progress bar when on a terminal.

    Returns
    -------
    xarray.Dataset
        Over ``kind``, ``number`` and ``repeat``: ``frames`` and ``winners`` as
        `assocmem.sdr.sparsey.sequence_experiments.recall_rates`; ``moment``, ``sequence`` and
        ``whole`` of sequences with noise as
        `assocmem.sdr.sparsey.recognition_experiments.recognition_rates`.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    import xarray as xr
    from tqdm import tqdm

    from .disturbances import Warped, noisy
    from .recognition_experiments import recognition_rates

    kinds, numbers = choices("kinds", kinds, _KINDS), integers("numbers", numbers, 1)
    mac, changed = modules_units("mac", mac), check.integer("changed", changed, 0)
    prompt, probes = check.integer("prompt", prompt, 1), check.integer("probes", probes, 1)
    repeats = check.integer("repeats", repeats, 2)
    seed = check.integer("seed", seed, 0)
    found = np.zeros((5, len(kinds), len(numbers), repeats))
    cases = [(k, r) for k in range(len(kinds)) for r in range(repeats)]
    models = []
    for k, r in tqdm(cases, "memories", leave=False, disable=None if progress else True):
        draw, disturb, own = np.random.SeedSequence((seed, _KINDS.index(kinds[k]), r)).spawn(3)
        rng = np.random.default_rng(disturb)
        films = _films(kinds[k], data, max(numbers), np.random.default_rng(draw))
        check.integer("prompt", prompt, 1, films.shape[1] - 1)
        models.append(picture_model(films.shape[-1], *mac))
        memory = models[-1].memory(seed=int(own.generate_state(1)[0]))
        codes: list[Any] = []
        for m in np.argsort(numbers, kind="stable"):
            codes += [memory.store(film) for film in films[len(codes) : numbers[m]]]
            asked = rng.permutation(len(codes))[:probes]
            some = [codes[s] for s in asked]
            found[:2, k, m, r] = recall_rates(memory, films[asked], some, prompt)
            moments = np.arange(films.shape[1])
            shown = [Warped(noisy(films[s], changed, changed, rng), moments) for s in asked]
            found[2:, k, m, r] = recognition_rates(memory, shown, asked, codes)
    names = ("frames", "winners", "moment", "sequence", "whole")
    over = ("kind", "number", "repeat")
    return xr.Dataset(
        dict(zip(names, ((over, part) for part in found), strict=True)),
        coords={"kind": list(kinds), "number": numbers},
        attrs={
            "models": to_json(models[::repeats]), "data": data, "prompt": prompt,
            "changed": changed, "probes": probes, "seed": seed,
        },
    )  # fmt: skip


def recalled_pictures(
    kind: str = "drawn",
    *,
    data: str = "digits",
    count: int = 16,
    show: int = 4,
    mac: tuple[int, int] = (24, 48),
    prompt: int = 2,
    seed: int = 0,
) -> xarray.Dataset:
    """Frames of some stored sequences, and what is recalled of them from their first frames.

    Parameters
    ----------
    kind : {"moving", "drawn"}
    data : {"digits", "mnist"}
    count, show : int
        Sequences stored, and those recalled: the first ones, which many others were stored after.
    mac : (int, int)
        Q and K of `picture_model`.
    prompt : int
        Frames presented, >= 1.
    seed : int
        >= 0.

    Returns
    -------
    xarray.Dataset
        ``true`` and ``recalled``, bool, over ``sequence``, ``frame``, ``row`` and ``column``: the
        prompt itself is shown as what is read while it is presented. ``accuracy`` of each frame.
    """
    import xarray as xr

    count, mac = check.integer("count", count, 1), modules_units("mac", mac)
    show = check.integer("show", show, 1, count)
    seed = check.integer("seed", seed, 0)
    draw, own = np.random.SeedSequence(seed).spawn(2)
    films = _films(kind, data, count, np.random.default_rng(draw))
    prompt = check.integer("prompt", prompt, 1, films.shape[1] - 1)
    model = picture_model(films.shape[-1], *mac)
    memory = model.memory(seed=int(own.generate_state(1)[0]))
    for film in films:
        memory.store(film)
    flat = films[:show].reshape(show, films.shape[1], -1)
    recalled = np.zeros_like(flat)
    for s in range(show):
        recalled[s, :prompt] = memory.complete(flat[s, :prompt])
        recalled[s, prompt:] = recall_alone(memory, flat[s, :prompt], flat.shape[1] - prompt)[0]
    over = ("sequence", "frame", "row", "column")
    return xr.Dataset(
        {
            "true": (over, films[:show]),
            "recalled": (over, recalled.reshape(films[:show].shape)),
            "accuracy": (over[:2], frame_accuracy(recalled, flat)),
        },
        attrs={
            "model": to_json(model), "kind": kind, "data": data, "count": count, "prompt": prompt,
            "seed": seed,
        },
    )  # fmt: skip
