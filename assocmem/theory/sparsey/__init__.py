"""Theory of a mac under random inputs: code selection, intersections, load, recall, capacity.

Exact where codes are uniform and independent, and for one item learned; `predict` refuses what is
not. `intersection_approximate` and `departure_bound` say what is known beyond. `selection` holds
the formulas of code selection over arrays.
"""

from __future__ import annotations

from ..._lazy import attach

_HOME = {
    "chance_intersection": "similarity",
    "chances": "selection",
    "crosstalk": "interference",
    "crosstalk_law": "interference",
    "departure_bound": "recall",
    "expansivity": "selection",
    "familiarity": "selection",
    "familiarity_of_similar": "similarity",
    "hypotheses": "selection",
    "intersection": "similarity",
    "intersection_approximate": "similarity",
    "intersection_law": "similarity",
    "load": "saturation",
    "mean_familiarity": "similarity",
    "predict": "prediction",
    "recalled": "recall",
    "relative_chance": "selection",
    "similarity_for": "similarity",
    "stores_for_load": "saturation",
    "support": "selection",
}

__all__ = sorted(_HOME)

__getattr__, __dir__ = attach(__name__, _HOME)
