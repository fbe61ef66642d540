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
    "HierarchyMemory": "sparsey.hierarchy_memory",
    "ItemMemory": "sparsey.items",
    "Kill": "noise",
    "LabelField": "sparsey.labels",
    "Layer": "sparsey.layer",
    "Level": "sparsey.hierarchy",
    "Mac": "sparsey.mac",
    "MacMemory": "sparsey.mac_memory",
    "Metrics": "metrics",
    "Permanence": "sparsey.mac",
    "ReadItems": "sparsey.stored",
    "Replace": "noise",
    "SDR": "sdr",
    "Selection": "sparsey.selection",
    "SparseyClassifier": "sparsey.classifier",
    "StoredItems": "sparsey.stored",
    "Summary": "metrics",
    "Swap": "noise",
    "Tiling": "sparsey.tiling",
    "UnequalRates": "activity",
    "Uniform": "activity",
    "Willshaw": "willshaw",
    "WillshawMemory": "willshaw",
}

# Needs scikit-learn, which "from ... import *" must not.
__all__ = sorted(_HOME.keys() - {"SparseyClassifier"})

__getattr__, __dir__ = attach(__name__, _HOME)
