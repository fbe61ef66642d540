"""Files of `ItemMemory`: the mac's arrays, codes and classes, nothing that could be executed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._files import read_npz, write_npz
from .mac import Mac

if TYPE_CHECKING:
    from .items import ItemMemory

_STATE, _LABELS = "state_", "label_"


def write_items(memory: ItemMemory, path: str | os.PathLike[str]) -> None:
    """Write a memory as an ``.npz`` file."""
    from ...serial import to_json

    parts: dict[str, Any] = {
        f"{_STATE}{name}": array for name, array in memory._state.entry().items()
    }
    if memory._labels is not None:
        parts |= {f"{_LABELS}{name}": array for name, array in memory._labels.entry().items()}
    write_npz(
        path, model=to_json(memory.mac), n_features=memory.n_features, codes=memory.codes,
        sizes=memory._sizes, **parts,
    )  # fmt: skip


def read_items(cls: type[ItemMemory], path: str | os.PathLike[str]) -> ItemMemory:
    """The memory in a file of `write_items`; ValueError if it holds none."""
    names = ("model", "n_features", "codes", "sizes")
    return read_npz(path, "an ItemMemory", names, lambda entry: _made(cls, entry))


def _part(entry: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {name[len(prefix) :]: entry[name] for name in entry if name.startswith(prefix)}


def _made(cls: type[ItemMemory], entry: dict[str, Any]) -> ItemMemory:
    from ...serial import from_json

    model = from_json(str(entry["model"]))
    if not isinstance(model, Mac):
        raise ValueError(f"model must be a Mac, got {model!r}")
    labels = _part(entry, _LABELS)
    found = cls(model, int(entry["n_features"]), labels=len(labels["features"]) if labels else None)
    found._state.fill(_part(entry, _STATE))
    codes, sizes = np.asarray(entry["codes"]), np.asarray(entry["sizes"])
    if codes.ndim != 2 or codes.shape[1] != model.n_modules or codes.dtype != found.codes.dtype:
        raise ValueError(f"codes must be {found.codes.dtype} of shape (items, {model.n_modules})")
    if codes.size and not -1 <= codes.min() <= codes.max() < model.n_units:
        raise ValueError(f"codes must hold winners from -1 to {model.n_units - 1}")
    if sizes.shape != (3,) or sizes.dtype != np.int64:
        raise ValueError(f"sizes must be int64 of shape (3,), got {sizes.shape}")
    found._list.append(codes)
    found._sizes[:] = sizes
    if labels:
        assert found._labels is not None
        found._labels.fill(labels, len(codes))
    return found
