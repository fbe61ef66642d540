"""Sparsey: codes of one winner in each competitive module, similar ones for similar inputs."""

from __future__ import annotations

from ..._lazy import attach

_HOME = {
    "CodeOverlap": "stored",
    "Hierarchy": "hierarchy",
    "HierarchyMemory": "hierarchy_memory",
    "Inspection": "inspection",
    "ItemMemory": "items",
    "LabelField": "labels",
    "Layer": "layer",
    "Level": "hierarchy",
    "Mac": "mac",
    "MacMemory": "mac_memory",
    "MacState": "hierarchy_inspection",
    "Permanence": "mac",
    "Recognised": "hierarchy_recall",
    "Selection": "selection",
    "SparseyClassifier": "classifier",
    "Step": "hierarchy_recall",
    "StoredItems": "stored",
    "Tiling": "tiling",
}

__all__ = sorted(_HOME)

__getattr__, __dir__ = attach(__name__, _HOME)
