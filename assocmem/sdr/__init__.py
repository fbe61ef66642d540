"""Sparse distributed representations: packed bit sets and the memories built on them."""

from __future__ import annotations

from .._lazy import attach

_HOME = {
    "Bernoulli": "activity",
    "Clustered": "activity",
    "CodeOverlap": "sparsey.stored",
    "Codebook": "codebook",
    "Drop": "noise",
    "Hierarchy": "sparsey.hierarchy",
    "Kill": "noise",
    "Level": "sparsey.hierarchy",
    "Mac": "sparsey.mac",
    "Metrics": "metrics",
    "Permanence": "sparsey.mac",
    "Replace": "noise",
    "SDR": "sdr",
    "Selection": "sparsey.selection",
    "StoredItems": "sparsey.stored",
    "Summary": "metrics",
    "Swap": "noise",
    "Tiling": "sparsey.tiling",
    "UnequalRates": "activity",
    "Uniform": "activity",
    "Willshaw": "willshaw",
    "WillshawMemory": "willshaw",
}

__all__ = sorted(_HOME)

__getattr__, __dir__ = attach(__name__, _HOME)
