"""Sparse distributed representations: packed bit sets and the memories built on them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "SDR": "sdr",
    "Bernoulli": "activity",
    "Clustered": "activity",
    "Codebook": "codebook",
    "Drop": "noise",
    "Kill": "noise",
    "Metrics": "metrics",
    "Replace": "noise",
    "Swap": "noise",
    "Uniform": "activity",
    "UnequalRates": "activity",
    "Willshaw": "willshaw",
    "WillshawMemory": "willshaw",
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
