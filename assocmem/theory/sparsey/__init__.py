"""Theory of a mac under random inputs: code selection, intersections, load, recall, capacity.

Exact where codes are uniform and independent, and for one item learned; `predict` refuses what is
not. `mean_field` is for any selection and most rules, to some per cent mostly;
`intersection_approximate` and `departure_bound` say what else is known. `selection` holds the
formulas of code selection over arrays.
"""

from __future__ import annotations

from ..._lazy import attach

_HOME = {
    "BestSize": "information",
    "ItemCapacity": "capacities",
    "LIMIT": "information",
    "MeanField": "reduced",
    "best_size": "information",
    "bits_per_weight": "information",
    "capacity": "capacities",
    "capacity_limit": "capacities",
    "chance_intersection": "similarity",
    "chances": "selection",
    "crosstalk": "interference",
    "crosstalk_law": "interference",
    "departure_bound": "recall",
    "expansivity": "selection",
    "familiarity": "selection",
    "familiarity_of_similar": "similarity",
    "field_capacity": "reduced",
    "hypotheses": "selection",
    "intersection": "similarity",
    "intersection_approximate": "similarity",
    "intersection_law": "similarity",
    "limit_bits": "information",
    "limit_recalled": "capacities",
    "load": "saturation",
    "mean_familiarity": "similarity",
    "mean_field": "reduced",
    "most_bits": "information",
    "predict": "prediction",
    "recalled": "recall",
    "relative_chance": "selection",
    "similarity_for": "similarity",
    "spurious": "information",
    "stores_for_load": "saturation",
    "support": "selection",
    "winner_bits": "information",
}

__all__ = sorted(_HOME)

__getattr__, __dir__ = attach(__name__, _HOME)
