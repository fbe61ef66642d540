"""How many frames of sequences a mac holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import _validate as check
from ...serial import to_json
from ._experiment_arguments import listed, modules_units
from .sequence_experiments import recall_rates, sequence_model
from .streams import random_sequences

if TYPE_CHECKING:
    import xarray


def capacity_experiment(
    macs: Sequence[tuple[int, int]] = (
        (24, 8),
        (24, 12),
        (24, 16),
        (24, 24),
        (24, 32),
        (24, 48),
        (6, 24),
        (12, 24),
        (48, 24),
    ),
    *,
    level: float = 0.9,
    length: int = 12,
    side: int = 32,
    size: int = 24,
    probes: int = 24,
    repeats: int = 5,
    seed: int = 0,
    progress: bool = False,
) -> xarray.Dataset:
    """How many frames of random sequences a mac holds, against its number of weights.

    Sequences are stored until fewer than ``level`` of the winners are right in recall from one
    frame; in between, accuracy is asked for whenever a tenth more are stored, and its crossing is
    interpolated in the logarithm of their number.

    Parameters
    ----------
    macs : sequence of (int, int)
        Q and K of each `sequence_model`.
    level : float
        In (1/K, 1), K being the smallest of all: at 1/K and below recall by chance would do.
    length : int
        Frames of a sequence, >= 2.
    side, size : int
        Rows and columns of the sheet, and active features of a frame.
    probes : int
        Sequences recalled each time, >= 1; all that are stored where these are fewer.
    repeats : int
        Independent sequences and memories, >= 2.
    seed : int
        >= 0.
    progress : bool
        Show a progress bar when on a terminal.

    Returns
    -------
    xarray.Dataset
        ``capacity``, frames, over ``mac`` and ``repeat``; ``modules``, ``units`` and numbers of
        weights, ``bottom_up`` and ``horizontal``, over ``mac``.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    import xarray as xr
    from tqdm import tqdm

    macs = listed("macs", macs, modules_units)
    # By chance one winner in K is right, however much is stored.
    chance = 1.0 / min(units for _, units in macs)
    level = check.real("level", level, chance, 1.0, open_low=True, open_high=True)
    length = check.integer("length", length, 2)
    side = check.integer("side", side, 1, 2**15)
    size = check.integer("size", size, 1, side * side)
    probes, repeats = check.integer("probes", probes, 1), check.integer("repeats", repeats, 2)
    seed = check.integer("seed", seed, 0)
    models = [sequence_model(*mac, side=side) for mac in macs]
    capacity, weights = np.zeros((len(macs), repeats)), np.zeros((2, len(macs)), np.int64)
    cases = [(i, r) for i in range(len(macs)) for r in range(repeats)]
    for i, r in tqdm(cases, "memories", leave=False, disable=None if progress else True):
        rng, own = np.random.SeedSequence((seed, *macs[i], r)).spawn(2)
        rng = np.random.default_rng(rng)
        memory = models[i].memory(seed=int(own.generate_state(1)[0]))
        films: list[np.ndarray] = []
        codes: list[Any] = []
        before = (0.0, 1.0)
        while True:
            for film in random_sequences(1 + len(films) // 10, length, side * side, size, rng):
                films.append(film)
                codes.append(memory.store(film))
            asked = rng.permutation(len(films))[:probes]
            pairs = [films[s] for s in asked], [codes[s] for s in asked]
            now = np.log(length * len(films)), recall_rates(memory, *pairs, 1)[1]
            if now[1] < level:
                break
            before = now
        part = (before[1] - level) / (before[1] - now[1])
        capacity[i, r] = np.exp(before[0] + part * (now[0] - before[0]))
        weights[:, i] = memory.n_weights[0]["u"], memory.n_weights[0]["h"]
    return xr.Dataset(
        {
            "capacity": (("mac", "repeat"), capacity),
            "modules": ("mac", [q for q, _ in macs]),
            "units": ("mac", [k for _, k in macs]),
            "bottom_up": ("mac", weights[0]),
            "horizontal": ("mac", weights[1]),
        },
        attrs={
            "models": to_json(models), "level": level, "length": length, "size": size,
            "probes": probes, "seed": seed,
        },
    )  # fmt: skip
