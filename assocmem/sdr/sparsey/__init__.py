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
    "ReadItems": "stored",
    "Recognised": "hierarchy_recall",
    "Selection": "selection",
    "SparseyClassifier": "classifier",
    "Step": "hierarchy_recall",
    "StoredCodes": "stored_codes",
    "StoredItems": "stored",
    "Tiling": "tiling",
    "code_intersections": "pictures",
    "complex_sequences": "streams",
    "draw_code": "pictures",
    "draw_inspection": "pictures",
    "draw_intersections": "pictures",
    "moving_image": "streams",
    "noisy": "disturbances",
    "omitted": "disturbances",
    "oriented_edges": "encoding",
    "paced": "disturbances",
    "random_sequences": "streams",
    "strokes": "streams",
}

# Needs scikit-learn, which "from ... import *" must not.
__all__ = sorted(_HOME.keys() - {"SparseyClassifier"})

__getattr__, __dir__ = attach(__name__, _HOME)
