"""Sizes of networks that are quick enough to simulate."""

from __future__ import annotations

from typing import Any

from .hopfield.learning import Unsupervised


def default_sizes(model: Any, cost: float = 5e6) -> tuple[int, int, int]:
    """Three sizes up to the largest N <= 1600 of which a sweep has cost N K <= ``cost``.

    They are N/4, N/2 and N where N = 1600. In dense networks costs grow as N^p, and small ones
    leave metastable states soon: there they are N/2, 3N/4 and N, with N >= 20.
    """
    largest = 20
    for n in (*range(20, 200, 4), *range(200, 1601, 20)):
        try:
            if n * model.count(n) * _stored(model) > cost:
                break
        except ValueError:  # no pattern at this size, or too many
            continue
        largest = n
    quarter = largest // 4
    if largest == 1600:
        return quarter, 2 * quarter, largest
    return 2 * quarter, 3 * quarter, 4 * quarter


def _stored(model: Any) -> int:
    """Terms of the energy for each pattern."""
    learning = getattr(model, "learning", None)
    return learning.n_examples if isinstance(learning, Unsupervised) else 1
