"""Stored sequences recognised in spite of noise, of frames left out, and at another pace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ... import _validate as check
from ...serial import to_json
from ._experiment_arguments import choices, integers, listed, modules_units
from .disturbances import Warped, noisy, omitted, paced
from .sequence_experiments import SEQUENCE_SELECTION, sequence_model
from .streams import complex_sequences, random_sequences

if TYPE_CHECKING:
    import xarray

    from .hierarchy_memory import HierarchyMemory
    from .hierarchy_recall import Codes

_KINDS = ("random", "complex")


def recognition_rates(
    memory: HierarchyMemory, shown: Sequence[Warped], which: Sequence[int], codes: Sequence[Codes]
) -> tuple[float, float, float]:
    """How well sequences are recognised.

    Parameters
    ----------
    memory : HierarchyMemory
        Which has stored the sequences.
    shown : sequence of Warped
        Disturbed sequences.
    which : sequence of int
        Which of the stored ones each of them was.
    codes : sequence of what `HierarchyMemory.store` returned

    Returns
    -------
    moment, sequence, whole : float
        Fractions of steps at which the most like of all stored codes is that of the right moment of
        the right sequence, and that of the right sequence; and of sequences that are recognised by
        their mean shares over all steps. The first two are averaged over the steps of a sequence
        and then over sequences.
    """
    right = []
    for (frames, moments), true in zip(shown, which, strict=True):
        found = memory.recognise(frames, codes)
        same = found.sequence == true
        right.append(((same & (found.time == moments)).mean(), same.mean(), found.winner == true))
    moment, sequence, whole = np.mean(right, axis=0)
    return float(moment), float(sequence), float(whole)


def recognition_experiment(
    *,
    kinds: Sequence[str] = _KINDS,
    back_offs: Sequence[float] = (0.0, 0.5),
    changed: Sequence[int] = (0, 2, 4, 6, 7, 8, 9, 10, 12),
    omissions: Sequence[int] = (0, 1, 2, 4, 6, 8, 10, 12),
    speeds: Sequence[float] = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0),
    count: int = 20,
    length: int = 16,
    mac: tuple[int, int] = (24, 64),
    side: int = 20,
    size: int = 16,
    alphabet: int = 100,
    shared: int = 4,
    repeats: int = 5,
    seed: int = 0,
    progress: bool = False,
) -> xarray.Dataset:
    """Recognition of all stored sequences against the strength of three disturbances.

    The mac is a `sequence_model` that counts multiple hypotheses fully: where the context is lost,
    back-off brings all codes of the present frame at once, and the next frame picks out those that
    may have come before it. Contexts that are wrong have a G of about 1/4 here, frames that have
    lost a fraction of their features one of 1 less that fraction: a bound of ``back_off`` is to lie
    between them.

    Parameters
    ----------
    kinds : sequence of {"random", "complex"}
        `random_sequences`, whose frames alone tell everything, or `complex_sequences` with a first
        frame of their own, whose frames come in many sequences.
    back_offs : sequence of float
        Of the `Selection`, in [0, 1].
    changed : sequence of int
        Active features dropped from each frame, and as many silent ones added.
    omissions : sequence of int
        Frames left out, < length.
    speeds : sequence of float
        Paces, > 0; see `paced`.
    count, length : int
        Sequences stored, and their frames, >= 1.
    mac : (int, int)
        Q and K.
    side, size : int
        Rows and columns of the sheet, and active features of a frame.
    alphabet, shared
        Of `complex_sequences`.
    repeats : int
        Independent sequences and memories, >= 2.
    seed : int
        >= 0.
    progress : bool
        Show a progress bar when on a terminal.

    Returns
    -------
    xarray.Dataset
        ``noise``, ``omission`` and ``pace`` over ``kind``, ``back_off``, ``changed``, ``omitted``
        or ``speed``, ``repeat`` and ``rate``: moment, sequence and whole, see `recognition_rates`.
        All disturb the same sequences, stored alike with and without back-off.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    import xarray as xr
    from tqdm import tqdm

    kinds = choices("kinds", kinds, _KINDS)
    count = check.integer("count", count, 1)
    length = check.integer("length", length, 1)
    side = check.integer("side", side, 1, 2**15)
    size = check.integer("size", size, 1, side * side)
    mac = modules_units("mac", mac)
    changed = integers("changed", changed, 0, min(size, side * side - size))
    omissions = integers("omissions", omissions, 0, length - 1)
    slowest = length / (2**31 - 1)  # of which `paced` makes a sequence
    speeds = listed("speeds", speeds, lambda name, value: check.real(name, value, slowest))
    back_offs = listed("back_offs", back_offs, lambda name, value: check.real(name, value, 0, 1))
    repeats = check.integer("repeats", repeats, 2)
    seed = check.integer("seed", seed, 0)
    n = side * side
    models = []
    for bound in back_offs:
        selection = replace(SEQUENCE_SELECTION, hypotheses_power=1.0, back_off=bound)
        models.append(sequence_model(*mac, side=side, selection=selection))

    def keep(frames: np.ndarray, number: int, rng: np.random.Generator) -> Warped:
        return Warped(noisy(frames, number, number, rng), np.arange(len(frames)))

    ways: dict[str, tuple[str, Sequence[float], Callable[..., Warped]]] = {
        "noise": ("changed", changed, keep),
        "omission": ("omitted", omissions, omitted),
        "pace": ("speed", speeds, lambda frames, speed, rng: paced(frames, speed)),
    }
    shape = (len(kinds), len(models))
    found = {name: np.zeros((*shape, len(way[1]), repeats, 3)) for name, way in ways.items()}
    cases = [(k, r) for k in range(len(kinds)) for r in range(repeats)]
    total = len(cases) * len(models)
    bar = tqdm(total=total, desc="memories", leave=False, disable=None if progress else True)
    for k, r in cases:
        draw, disturb, own = np.random.SeedSequence((seed, _KINDS.index(kinds[k]), r)).spawn(3)
        if kinds[k] == "random":
            films = random_sequences(count, length, n, size, np.random.default_rng(draw))
        else:
            films = complex_sequences(
                count, length, n, size, alphabet=alphabet, shared=shared, head=1, own_head=True,
                rng=np.random.default_rng(draw),
            ).frames  # fmt: skip
        for b, model in enumerate(models):
            rng = np.random.default_rng(disturb)
            memory = model.memory(seed=int(own.generate_state(1)[0]))
            codes = [memory.store(film) for film in films]
            for name, (_, strengths, disturbed) in ways.items():
                for s, strength in enumerate(strengths):
                    shown = [disturbed(film, strength, rng) for film in films]
                    rates = recognition_rates(memory, shown, range(count), codes)
                    found[name][k, b, s, r] = rates
            bar.update()
    bar.close()
    over = ("kind", "back_off")
    return xr.Dataset(
        {
            name: ((*over, ways[name][0], "repeat", "rate"), part)
            for name, part in found.items()
        },
        coords={
            "kind": list(kinds),
            "back_off": list(back_offs),
            **{dim: list(strengths) for dim, strengths, _ in ways.values()},
            "rate": ["moment", "sequence", "whole"],
        },
        attrs={
            "models": to_json(models), "count": count, "length": length, "size": size,
            "alphabet": alphabet, "shared": shared, "seed": seed,
        },
    )  # fmt: skip
