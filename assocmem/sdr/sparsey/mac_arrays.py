"""State of a mac by itself as arrays, and as entries of a file."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import _validate as check
from ..._aligned import padded_zeros
from .. import _seeds
from ._entries import take_over
from .mac import Mac

if TYPE_CHECKING:
    from ..kernels.presenting import Arrays
    from .mac_memory import MacMemory

# Arrays that a file holds besides the weights; the rest follows from these and the model.
_KEPT = ("counters", "single", "ranks", "expiry")
ENTRIES = ("model", "n_features", "seed", "weights", *_KEPT)


def limits_of(mac: Mac, n_features: int) -> np.ndarray:
    """Limits of a mac as kernels know them, float64 (9,); infinity where it sets none.

    Those that are reached but for rounding are reached: `REACHED`.
    """
    from ..kernels.mac import REACHED

    return np.array(
        [
            mac.pi_minus,
            math.inf if mac.pi_plus is None else mac.pi_plus,
            mac.expected or 0,
            mac.nu,
            mac.selection.lambda_u,
            math.inf if mac.cap is None else mac.cap * REACHED,
            math.inf if mac.freeze is None else mac.freeze * (n_features * mac.n_code) * REACHED,
            math.inf if mac.novelty is None else mac.novelty * REACHED,
            mac.recruit or 0.0,
        ],
        np.float64,
    )


def items_at_load(mac: Mac, n_features: int, size: int, load: float) -> float:
    """Items of ``size`` features at which a load is expected, see `MacMemory.capacity`."""
    size = check.integer("size", size, 1, n_features)
    load = check.real("load", load, 0.0, 1.0, open_low=True, open_high=True)
    return math.log1p(-load) / math.log1p(-size / (n_features * mac.n_units))


def empty(mac: Mac, n_features: int, seed: int) -> Arrays:
    """Arrays of a mac that has learned nothing."""
    from ..kernels import mac as kernels
    from ..kernels.permanence import NEVER, lifetimes
    from ..kernels.presenting import Arrays

    units, fades = mac.n_code, mac.permanence is not None
    each = (units, n_features) if fades else (0, 0)
    return Arrays(
        weights=padded_zeros(-(-n_features // 64), units, np.uint64),
        held=np.zeros(units, np.int32),
        counters=np.zeros(3, np.int64),
        single=_seeds.state(np.random.default_rng(seed)),
        numbers=kernels.numbers(mac.selection),
        limits=limits_of(mac, n_features),
        scratch=padded_zeros(3, units, np.float64),
        ranks=np.zeros(each, np.uint8),
        expiry=np.full(each, NEVER, np.int64),
        earliest=np.full(units if fades else 0, NEVER, np.int64),
        lives=(
            lifetimes(mac.permanence.lifetime, mac.permanence.growth, mac.permanence.ranks)
            if mac.permanence is not None
            else np.zeros(0, np.int64)
        ),
    )


def entry_of(memory: MacMemory) -> dict[str, Any]:
    """What a file holds of a memory."""
    from ...serial import to_json

    return {
        "model": to_json(memory.mac),
        "n_features": memory.n_features,
        "seed": str(memory.seed),
        "weights": memory._arrays.weights[:, : memory.mac.n_code].copy(),
        **{name: getattr(memory._arrays, name).copy() for name in _KEPT},
    }


def memory_of(entry: dict[str, Any]) -> MacMemory:
    """The memory that the entries of a file make; ValueError if they make none."""
    from ...serial import from_json
    from .mac_memory import MacMemory

    model = from_json(str(entry["model"]))
    if not isinstance(model, Mac):
        raise ValueError(f"model must be a Mac, got {model!r}")
    memory = MacMemory(model, int(entry["n_features"]), seed=int(str(entry["seed"])))
    arrays = memory._arrays
    made = {name: getattr(arrays, name) for name in _KEPT}
    made["weights"] = arrays.weights[:, : memory.mac.n_code]
    take_over(made, entry)
    _derive(memory)
    return memory


def _derive(memory: MacMemory) -> None:
    """Numbers of weights set and first ticks at which some fade, from restored arrays."""
    from ..kernels.mac import add_sums
    from ..kernels.permanence import NEVER

    arrays, n, counters = memory._arrays, memory.n_features, memory._arrays.counters
    if n % 64 and np.any(arrays.weights[-1] >> np.uint64(n % 64)):
        raise ValueError(f"weights must be 0 beyond the last of {n} features")
    held = np.zeros(memory.mac.n_code)
    every = np.full(len(arrays.weights), 2**64 - 1, np.uint64)
    add_sums(arrays.weights, every, 0, len(every), 1.0, held)
    arrays.held[:] = held
    if counters[0] != held.sum() or not 0 <= counters[2] <= counters[1]:
        raise ValueError("counters must be the number of weights set, and of inputs")
    if not arrays.single.any():
        raise ValueError("single must be the state of a generator, got zeros")
    if arrays.lives.size:
        unset = ~memory.weights.reshape(n, -1).T
        if np.any((arrays.expiry != NEVER) & unset) or np.any(arrays.expiry <= counters[1]):
            raise ValueError("expiry must be later than the clock where weights are set")
        if arrays.ranks.max() >= len(arrays.lives) or np.any(arrays.ranks[unset]):
            raise ValueError(f"ranks must be at most {len(arrays.lives) - 1}, 0 of unset weights")
        arrays.earliest[:] = arrays.expiry.min(axis=1)
