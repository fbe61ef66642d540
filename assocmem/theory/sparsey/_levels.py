"""Laws of the supports of the units of one module, given how many items fell to each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._allocation import Allocation
from ._cover import cover_laws, hypergeometric_law
from ._rules import held_by, keeps_first, one_size_held, pi_of
from .selection import support

if TYPE_CHECKING:
    from ...sdr.sparsey.mac import Mac

_PAIRS = 40_000  # of weights set and sums, for which laws are tabulated
_MOST_OTHERS = 2**31  # items, by the memory that laws need
_MOST_HELD = 3000  # weights of a unit, of whose number a chain is followed


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
        Supports, rising. Those that agree to 1e-12 are taken as equal, as the memory does.
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
        if others >= _MOST_OTHERS:
            raise ValueError(
                f"n_items must be at most {_MOST_OTHERS} for laws of supports, got {others + 1}"
            )
        self.allocation = allocation = Allocation(others, mac.n_units)
        numbers = allocation.numbers
        if not one_size_held(mac, n_features, size, others + 1, pi_of(mac, active)):
            found = sized_laws(mac, n_features, size, numbers, overlap, active)
            self.values, self.own, self.other = found
            return
        low, high = int(numbers[0]), int(numbers[-1])
        one = keeps_first(mac, size)
        own = np.zeros((len(numbers), active + 1))
        if one:
            laws = cover_laws(n_features, active, size, 0, 1)
            other = laws[np.minimum(numbers, 1)]
            kept = np.ones(len(numbers)) if first else 1.0 / (numbers + 1.0)
            own += np.multiply.outer(1.0 - kept, laws[1])
            own[:, overlap] += kept
        else:
            other = cover_laws(n_features, active, size, low, high)
            own[:, overlap:] = cover_laws(n_features, active - overlap, size, low, high)
        held = held_by(mac, size, others + 1)
        values = np.asarray(support(mac, np.arange(active + 1), active, held))
        starts = _starts(values)
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
        found = self.values[-1] - np.diff(self.values) @ self.largest()[:-1]
        return min(max(float(found), 0.0), 1.0)


def _starts(ranked: np.ndarray) -> np.ndarray:
    """Where rising numbers rise by more than rounding."""
    return np.concatenate([[0], 1 + np.nonzero(ranked[1:] > ranked[:-1] * (1.0 + 1e-12))[0]])


def sized_laws(
    mac: Mac, n: int, a: int, numbers: np.ndarray, overlap: int, active: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``values``, ``own`` and ``other`` of `Levels` where supports need the weights set too.

    A unit with m items has w weights set by the law of unions, and the set is uniform given w, so
    that u ~ Hyp(n, w, active); of the item's own unit what lies outside the item. Supports that
    agree to 1e-12 are taken as equal. O(n^3 log m) operations.

    Raises
    ------
    ValueError
        If there are more than 40000 pairs of w and u, or more than 3000 features.
    """
    if (n + 1) * (active + 1) > _PAIRS or n > _MOST_HELD:
        raise ValueError(
            f"mac.nu must be 0, or n_features at most {_MOST_HELD} and, times active ones, below "
            f"{_PAIRS}, for theory, got {mac.nu:g} with {n} times {active}"
        )
    low, high = int(numbers[0]), int(numbers[-1])
    parts = []
    for inside, known in ((0, 0), (a, overlap)):
        sizes = cover_laws(n, n - inside, a, low, high)
        rest = active - known
        table = np.zeros((n - inside + 1, rest + 1))
        for w in range(n - inside + 1):
            law = hypergeometric_law(n - inside, w, rest)
            table[w, : len(law)] = law
        at, sums = np.nonzero(table)
        parts.append((sizes[:, at] * table[at, sums], at + inside, sums + known))
    held, sums = (np.concatenate([parts[0][i], parts[1][i]]) for i in (1, 2))
    supports = np.asarray(support(mac, sums, active, held))
    order = np.argsort(supports, kind="stable")
    ranked = supports[order]
    starts = _starts(ranked)
    level = np.empty(len(order), np.int64)
    level[order] = np.repeat(np.arange(len(starts)), np.diff([*starts, len(order)]))
    cut = parts[0][0].shape[1]
    laws = []
    for law, own in ((parts[0][0], level[:cut]), (parts[1][0], level[cut:])):
        sorting = np.argsort(own, kind="stable")
        first = np.concatenate([[0], 1 + np.nonzero(np.diff(own[sorting]))[0]])
        full = np.zeros((len(numbers), len(starts)))
        full[:, own[sorting][first]] = np.add.reduceat(law[:, sorting], first, axis=1)
        laws.append(full)
    return ranked[starts], laws[1], laws[0]
