"""Hierarchies as files."""

from __future__ import annotations

import os

import numpy as np

from ..._files import read_npz, write_npz
from ...serial import from_json, to_json
from . import hierarchy_arrays as arrays
from ._entries import take_over
from .hierarchy import Hierarchy
from .hierarchy_memory import HierarchyMemory


def save(memory: HierarchyMemory, path: str | os.PathLike[str]) -> None:
    """See `HierarchyMemory.save`."""
    held = {
        f"{name}_{j}": getattr(level, name)
        for j, level in enumerate(memory._levels)
        for name in arrays.STATE
    }
    write_npz(
        path, model=to_json(memory.model), seed=str(memory.seed), n_steps=memory.n_steps, **held
    )


def restore(path: str | os.PathLike[str]) -> HierarchyMemory:
    """See `HierarchyMemory.restore`."""
    return read_npz(path, "a HierarchyMemory", ("model", "seed", "n_steps"), _made)


def _made(entry: dict[str, np.ndarray]) -> HierarchyMemory:
    model = from_json(str(entry["model"]))
    if not isinstance(model, Hierarchy):
        raise ValueError(f"model must be a Hierarchy, got {model!r}")
    memory = HierarchyMemory(model, seed=int(str(entry["seed"])))
    memory.n_steps = int(entry["n_steps"])
    if memory.n_steps < 0:
        raise ValueError(f"n_steps must be >= 0, got {memory.n_steps}")
    for j, level in enumerate(memory._levels):
        take_over({f"{name}_{j}": getattr(level, name) for name in arrays.STATE}, entry)
        wrong = arrays.contradiction(model, j, level)
        if wrong:
            raise ValueError(f"level {j} holds {wrong}")
    return memory
