"""Sizes of networks that are quick enough to simulate."""

from __future__ import annotations

from typing import Any

from .hopfield.learning import Unsupervised
from .hopfield.multitasking import Multitasking


def default_sizes(model: Any, cost: float = 5e6) -> tuple[int, int, int]:
    """Three sizes up to the largest N <= 1600 of which a sweep costs N K <= ``cost``.

    Of multitasking networks N <= 8000, or 16000 where the number of patterns is fixed: their states
    lie close to each other, and overlaps of few spins change sign soon. Sizes are N/4, N/2 and N
    where N is the largest of all. In dense networks costs grow as N^p, and small ones leave
    metastable states soon: there they are N/2, 3N/4 and N, with N >= 20.
    """
    largest, top = 20, 1600
    if isinstance(model, Multitasking):
        top = 8000 if model.n_patterns is None else 16_000
    for n in (*range(20, 200, 4), *range(200, 1601, 20), *range(1700, top + 1, 100)):
        try:
            if n * model.count(n) * _stored(model) > cost:
                break
        except ValueError:  # no pattern at this size, or too many
            continue
        largest = n
    quarter = largest // 4
    if largest == top:
        return quarter, 2 * quarter, largest
    return 2 * quarter, 3 * quarter, 4 * quarter


def _stored(model: Any) -> int:
    """Terms of the energy for each pattern."""
    learning = getattr(model, "learning", None)
    return learning.n_examples if isinstance(learning, Unsupervised) else 1
