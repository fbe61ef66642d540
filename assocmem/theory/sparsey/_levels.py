"""Laws of the supports of the units of one module, given how many items fell to each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._allocation import Allocation
from ._cover import cover_laws
from ._rules import held_by, keeps_first
from .selection import support

if TYPE_CHECKING:
    from ...sdr.sparsey.mac import Mac


class Levels:
    """Units of a module that meet an input which shares features with one of their items.

    Parameters
    ----------
    mac : Mac
    n_features, size : int
    others : int
        Items learned beside the one in question, all of uniform and independent codes.
    overlap, active : int
        Features that the input shares with the item, and all its active ones.
    first : bool
        Whether the item was the first one learned; else it was any of them.

    Attributes
    ----------
    allocation : Allocation
        How the others fall to the units.
    values : ndarray, shape (levels,)
        Supports, rising.
    own, other : ndarray, shape (numbers, levels)
        Laws for the unit of the item and for each other one, given its number of other items.
    """

    def __init__(
        self,
        mac: Mac,
        n_features: int,
        size: int,
        others: int,
        overlap: int,
        active: int,
        *,
        first: bool = False,
    ) -> None:
        self.allocation = allocation = Allocation(others, mac.n_units)
        numbers = allocation.numbers
        low, high = int(numbers[0]), int(numbers[-1])
        one = keeps_first(mac, size)
        own = np.zeros((len(numbers), active + 1))
        if one:
            laws = cover_laws(n_features, active, size, 0, 1)
            other = laws[np.minimum(numbers, 1)]
            kept = 1.0 if first else 1.0 / (numbers + 1.0)
            own += np.multiply.outer(1.0 - kept, laws[1]) if not first else 0.0
            own[:, overlap] += kept
        else:
            other = cover_laws(n_features, active, size, low, high)
            own[:, overlap:] = cover_laws(n_features, active - overlap, size, low, high)
        held = held_by(mac, size, others + 1)
        values = np.asarray(support(mac, np.arange(active + 1), active, held))
        starts = np.concatenate([[0], 1 + np.nonzero(np.diff(values) > 0.0)[0]])
        self.values = values[starts]
        self.own = np.add.reduceat(own, starts, axis=1)
        self.other = np.add.reduceat(other, starts, axis=1)

    def wins(self) -> float:
        """Chance that the unit of the item wins by the largest support, ties at random."""
        found = self.allocation.wins(self.own, self.other)
        return min(max(found, 0.0), 1.0)

    def largest(self) -> np.ndarray:
        """P[the largest support is at most each of ``values``]."""
        return np.clip(self.allocation.largest(self.own, self.other), 0.0, 1.0)

    def mean_largest(self) -> float:
        """Mean of the largest support, which is the mean of G."""
        return float(self.values[-1] - np.diff(self.values) @ self.largest()[:-1])
