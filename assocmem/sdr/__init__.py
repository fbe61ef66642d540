"""Sparse distributed representations: packed bit sets and the memories built on them."""

from __future__ import annotations

from .._lazy import attach

_HOME = {
    "SDR": "sdr",
    "Bernoulli": "activity",
    "Clustered": "activity",
    "Codebook": "codebook",
    "Drop": "noise",
    "Kill": "noise",
    "Metrics": "metrics",
    "Replace": "noise",
    "Summary": "metrics",
    "Swap": "noise",
    "Uniform": "activity",
    "UnequalRates": "activity",
    "Willshaw": "willshaw",
    "WillshawMemory": "willshaw",
}

__all__ = sorted(_HOME)

__getattr__, __dir__ = attach(__name__, _HOME)
