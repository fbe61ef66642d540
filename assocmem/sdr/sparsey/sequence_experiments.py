"""Sequences recalled from their first frames, by a mac that was shown each of many once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import _validate as check
from ...serial import to_json
from ._experiment_arguments import integers
from .hierarchy import Hierarchy, Level
from .mac import Mac
from .selection import Selection
from .streams import complex_sequences, random_sequences

if TYPE_CHECKING:
    import xarray

    from .hierarchy_memory import HierarchyMemory

# A frame that comes in a new context is to get a new code. Crosstalk over horizontal weights lifts
# the V of its old codes to 1/2 and more as the memory fills: therefore codes are drawn uniformly
# below G = 0.7, and the sigmoid rises near V = 1 only. To count multiple hypotheses fully lifts
# crosstalk too; what it helps is to come back from lost contexts (`recognition_experiments`).
SEQUENCE_SELECTION = Selection(g_minus=0.7, sigma_2=40.0, sigma_3=0.9, hypotheses_power=0.0)


def sequence_model(
    n_modules: int = 24,
    n_units: int = 32,
    *,
    side: int = 20,
    horizontal: bool = True,
    selection: Selection = SEQUENCE_SELECTION,
    freeze: float | None = None,
) -> Hierarchy:
    """One mac that sees a whole square sheet, and its own code of the step before.

    Parameters
    ----------
    n_modules, n_units : int
        Q and K.
    side : int
        Rows and columns of the sheet.
    horizontal : bool
        Whether it does hear its own code.
    selection : Selection
        `SEQUENCE_SELECTION` by default.
    freeze : float, optional
        Of the `Mac`.
    """
    side = check.integer("side", side, 1, 2**15)
    if not isinstance(horizontal, (bool, np.bool_)):
        raise TypeError(f"horizontal must be True or False, got {horizontal!r}")
    mac = Mac(n_modules, n_units, selection, freeze=freeze)
    return Hierarchy((side, side), Level(mac, side, reach=0 if horizontal else None))


def recall_models(
    n_modules: int = 24, units: Sequence[int] = (16, 24, 32), side: int = 20
) -> dict[str, Hierarchy]:
    """Macs of several sizes, and the largest with one thing changed, for `recall_experiment`.

    Parameters
    ----------
    n_modules : int
        Q.
    units : sequence of int
        K of each.
    side : int
        Rows and columns of the sheet.

    Returns
    -------
    dict
        By name. "frozen" learns no more of a kind of afferents when half of its weights are set;
        "default selection" has the parameters that `Selection` has of itself.
    """
    units = integers("units", units, 2)
    most = max(units)
    return {
        **{f"K = {k}": sequence_model(n_modules, k, side=side) for k in units},
        "frozen": sequence_model(n_modules, most, side=side, freeze=0.5),
        "default selection": sequence_model(n_modules, most, side=side, selection=Selection()),
        "no H": sequence_model(n_modules, most, side=side, horizontal=False),
    }


def frame_accuracy(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Jaccard's index of recalled and true frames, |both|/|either|; 1 where both are blank.

    Parameters
    ----------
    found, true : ndarray, bool, shape (.., features)

    Returns
    -------
    ndarray, float64, shape (..)

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem.sdr.sparsey.sequence_experiments import frame_accuracy
    >>> float(frame_accuracy(np.array([True, True, False]), np.array([False, True, True])))
    0.3333333333333333
    """
    both = np.count_nonzero(found & true, axis=-1)
    either = np.count_nonzero(found | true, axis=-1)
    return np.where(either == 0, 1.0, both / np.maximum(either, 1))


def winner_accuracy(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Fraction of the modules of active macs whose winner is the stored one.

    Parameters
    ----------
    found, true : ndarray, int, shape (.., macs, Q)
        Winners, -1 where a mac is inactive. Modules count where the mac is active in either.

    Returns
    -------
    ndarray, float64, shape (..)
    """
    either = ((found >= 0) | (true >= 0)).sum(axis=(-2, -1))
    alike = ((found == true) & (true >= 0)).sum(axis=(-2, -1))
    return np.where(either == 0, 1.0, alike / np.maximum(either, 1))


def recall_alone(
    memory: HierarchyMemory, prompt: np.ndarray, steps: int, *, threshold: float = 1.0
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Frames and codes of the steps after a prompt: `HierarchyMemory.recall`, with the codes.

    Parameters
    ----------
    memory : HierarchyMemory
    prompt : array (frames, features)
    steps : int
        >= 1.
    threshold : float
        Of `HierarchyMemory.read`.

    Returns
    -------
    frames : ndarray, bool, shape (steps, features)
    codes : tuple of ndarray, int32, shape (steps, macs, Q)
        For each level.
    """
    memory.reset()
    for frame in prompt:
        memory.step(frame)
    frames, codes = [], []
    for _ in range(steps):
        codes.append(memory.step(None).codes)
        frames.append(memory.read(threshold=threshold))
    return np.array(frames), tuple(np.array(level) for level in zip(*codes, strict=True))


def recall_rates(
    memory: HierarchyMemory,
    frames: np.ndarray,
    codes: Sequence[tuple[np.ndarray, ...]],
    prompt: int,
    *,
    threshold: float = 1.0,
) -> tuple[float, float]:
    """Mean accuracies of sequences recalled from their first ``prompt`` frames.

    Parameters
    ----------
    memory : HierarchyMemory
        Which has stored the sequences.
    frames : sequence of ndarray, bool, shape (T, features)
    codes : sequence of what `HierarchyMemory.store` returned
    prompt : int
        Fewer than the frames of every sequence.
    threshold : float
        Of `HierarchyMemory.read`.

    Returns
    -------
    frames, winners : float
        `frame_accuracy` and, of the lowest level, `winner_accuracy` of the frames after the
        prompt, averaged over these and then over sequences.
    """
    right = []
    for true, stored in zip(frames, codes, strict=True):
        true = true.reshape(len(true), -1)
        found = recall_alone(memory, true[:prompt], len(true) - prompt, threshold=threshold)
        alike = winner_accuracy(found[1][0], stored[0][prompt:])
        right.append((frame_accuracy(found[0], true[prompt:]).mean(), alike.mean()))
    mean = np.mean(right, axis=0)
    return float(mean[0]), float(mean[1])


def recall_experiment(
    models: Mapping[str, Hierarchy] | None = None,
    *,
    numbers: Sequence[int] = (4, 8, 16, 24, 32, 48, 64, 96, 128),
    lengths: Sequence[int] = (12,),
    kind: str = "complex",
    size: int = 16,
    alphabet: int = 100,
    shared: int = 4,
    head: int = 1,
    own_head: bool = True,
    prompt: int = 2,
    probes: int = 24,
    repeats: int = 5,
    seed: int = 0,
    progress: bool = False,
) -> xarray.Dataset:
    """Recall from the first frames against the number of sequences stored and their length.

    A memory stores the sequences one after another, each shown once. After each of ``numbers`` some
    of those stored by then, drawn at random, are recalled.

    Parameters
    ----------
    models : mapping of str to Hierarchy, optional
        By name; `recall_models` by default. All of the same sheet.
    numbers : sequence of int
        Sequences stored, >= 1.
    lengths : sequence of int
        Frames of a sequence, more than ``prompt``.
    kind : {"complex", "random"}
        `complex_sequences` or `random_sequences`.
    size : int
        Active features of a frame.
    alphabet, shared, head, own_head
        Of `complex_sequences`.
    prompt : int
        Frames presented, >= 1.
    probes : int
        Sequences recalled, >= 1; all that are stored where these are fewer.
    repeats : int
        Independent sequences and memories, >= 2. All models see the same sequences.
    seed : int
        >= 0.
    progress : bool
        Show a progress bar when on a terminal.

    Returns
    -------
    xarray.Dataset
        ``frames`` and ``winners`` as `recall_rates` says, and ``load``, the fraction of horizontal
        weights set at the lowest level (0 where there are none), over ``model``, ``length``,
        ``number`` and ``repeat``.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    import xarray as xr
    from tqdm import tqdm

    models = recall_models() if models is None else models
    if not isinstance(models, Mapping):
        raise TypeError(f"models must be Hierarchies by name, got {models!r}")
    prompt = check.integer("prompt", prompt, 1, 2**31 - 1)
    numbers = integers("numbers", numbers, 1)
    lengths = integers("lengths", lengths, prompt + 1)
    probes, repeats = check.integer("probes", probes, 1), check.integer("repeats", repeats, 2)
    check.choice("kind", kind, ("complex", "random"))
    seed = check.integer("seed", seed, 0)
    n = _features(models)

    def sequences(length: int, rng: np.random.Generator) -> np.ndarray:
        if kind == "random":
            return random_sequences(max(numbers), length, n, size, rng)
        return complex_sequences(
            max(numbers), length, n, size, alphabet=alphabet, shared=shared, head=head,
            own_head=own_head, rng=rng,
        ).frames  # fmt: skip

    found = np.zeros((3, len(models), len(lengths), len(numbers), repeats))
    cases = [(k, r) for k in range(len(lengths)) for r in range(repeats)]
    total = len(cases) * len(models)
    bar = tqdm(total=total, desc="memories", leave=False, disable=None if progress else True)
    for k, r in cases:
        draw, probe, own = np.random.SeedSequence((seed, lengths[k], r)).spawn(3)
        frames = sequences(lengths[k], np.random.default_rng(draw))
        for i, model in enumerate(models.values()):
            rng = np.random.default_rng(probe)
            memory = model.memory(seed=int(own.generate_state(1)[0]))
            codes: list[Any] = []
            for m in np.argsort(numbers, kind="stable"):
                codes += [memory.store(film) for film in frames[len(codes) : numbers[m]]]
                asked = rng.permutation(len(codes))[:probes]
                some = [codes[s] for s in asked]
                found[:2, i, k, m, r] = recall_rates(memory, frames[asked], some, prompt)
                found[2, i, k, m, r] = memory.load[0].get("h", 0.0)
            bar.update()
    bar.close()
    over = ("model", "length", "number", "repeat")
    return xr.Dataset(
        dict(zip(("frames", "winners", "load"), ((over, part) for part in found), strict=True)),
        coords={"model": list(models), "length": lengths, "number": numbers},
        attrs={
            "models": to_json(list(models.values())), "kind": kind, "size": size,
            "alphabet": alphabet, "shared": shared, "head": head, "own_head": int(own_head),
            "prompt": prompt, "probes": probes, "seed": seed,
        },
    )  # fmt: skip


def _features(models: Mapping[str, Hierarchy]) -> int:
    """Features of the sheet that all models see."""
    if not models:
        raise ValueError("models must hold at least one Hierarchy, got none")
    for name, model in models.items():
        if not isinstance(model, Hierarchy):
            raise TypeError(f"models[{name!r}] must be a Hierarchy, got {model!r}")
    sizes = {model.tilings[0].n_sheet for model in models.values()}
    if len(sizes) > 1:
        raise ValueError(f"models must see as many features as each other, got {sorted(sizes)}")
    return sizes.pop()
