"""Active dendrites: segments that detect sparse patterns, and neurons made of them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "Bins": "poirazi",
    "DendriticLayer": "gating",
    "Detector": "detector",
    "GatedUnits": "gating",
    "GroupClassifier": "classification",
    "Neuron": "neurons",
    "Neurons": "neurons",
    "PoiraziMel": "poirazi",
    "PooledColumns": "spatial_pooler",
    "Population": "detector",
    "Power": "nonlinearity",
    "Segments": "segments",
    "Sigmoid": "nonlinearity",
    "SpatialPooler": "spatial_pooler",
    "Step": "nonlinearity",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
