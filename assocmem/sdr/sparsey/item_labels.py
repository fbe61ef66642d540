"""Classes of stored items: those of each item, and the field of labels they share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .._cells import array_of, locked
from ._writable import Writable
from .labels import LabelField

if TYPE_CHECKING:
    from .mac import Mac


class ItemLabels(Writable):
    """The label field of one mac, and the class of each item.

    Parameters
    ----------
    mac : Mac
    n_labels : int

    Notes
    -----
    Memory 4 Q K bytes for each class, and 8 for each item.
    """

    def __init__(self, mac: Mac, n_labels: int) -> None:
        self.n_labels = n_labels
        self.field = LabelField(n_labels, 1, mac.n_modules, mac.n_units)
        self.features = np.zeros(n_labels, np.int64)  # of all items of each class, together
        self._of_items = np.empty(0, np.int64)
        self._n_items = 0

    @property
    def of_items(self) -> np.ndarray:
        """Class of each item, -1 of none, read-only."""
        return locked(self._of_items[: self._n_items])

    @property
    def nbytes(self) -> int:
        """Bytes of counts and classes."""
        return self.field._counts.nbytes + self._of_items.nbytes

    def checked(self, target: Any, number: int) -> np.ndarray:
        """A class, or -1, for each of ``number`` items, int64, or a refusal of ``target``."""
        classes = np.atleast_1d(array_of("target", target))
        classes = classes if classes.size else classes.astype(np.int64)  # an empty list's are none
        if classes.dtype.kind not in "iu":
            raise TypeError(f"target must be integers, got dtype {classes.dtype}")
        if classes.shape != (number,):
            raise ValueError(
                f"target must hold a class for each of {number} items, got shape {classes.shape}"
            )
        high = self.n_labels - 1
        if number and (classes.min() < -1 or classes.max() > high):
            wrong = classes[(classes < -1) | (classes > high)][0]
            raise ValueError(f"target must be classes from 0 to {high}, or -1, got {wrong}")
        return classes.astype(np.int64)

    def add(self, codes: np.ndarray, classes: np.ndarray, sizes: np.ndarray) -> None:
        """Count items with their codes (items, Q), classes (-1: none) and numbers of features."""
        last = self._n_items + len(classes)
        if last > len(self._of_items):
            larger = np.empty(max(last, 2 * len(self._of_items)), np.int64)
            larger[: self._n_items] = self.of_items
            self._of_items = larger
        self._of_items[self._n_items : last] = classes
        self._n_items = last
        known = classes >= 0
        if known.any():
            self.field.learn(codes[known][:, None], classes[known])
            np.add.at(self.features, classes[known], sizes[known])

    def classify(self, codes: np.ndarray) -> np.ndarray:
        """Class of largest evidence, the lowest that ties; -1 of silent codes, or if none is known.

        Q labels numbers looked up for each code.
        """
        if not (len(codes) and self.field.n_learned):
            return np.full(len(codes), -1)
        found = self.field.evidence(codes[:, None]).argmax(1)
        found[codes[:, 0] < 0] = -1
        return found

    def posterior(self, evidence: np.ndarray) -> np.ndarray:
        """Chance of each class, from logarithms of chances of items, float64 (labels,)."""
        classes = self.of_items
        known = classes >= 0
        if not known.any():
            raise ValueError("items must have classes, but none has one")
        weights = np.exp(evidence[known] - evidence[known].max())
        sums = np.bincount(classes[known], weights, self.n_labels)
        return sums / math.fsum(sums)

    def number(self, label: int) -> int:
        """Items of a class."""
        return int(self.field.items[label])

    def mean_size(self, label: int) -> int:
        """Features of an item of a class, rounded, at least 1."""
        return max(1, round(int(self.features[label]) / self.number(label)))

    def units(self, label: int) -> np.ndarray:
        """Units i = q K + k that were learned with a class."""
        return np.flatnonzero(self.field.units(label))

    def draw(self, label: int, rng: np.random.Generator) -> np.ndarray:
        """A unit for each module, as often as it was learned with the class: int32 (Q,)."""
        upto = self.field._counts[:, :-1, label].cumsum(1, dtype=np.int64)
        levels = rng.integers(0, upto[:, -1])
        return (upto <= levels[:, None]).sum(1).astype(np.int32)

    def entry(self) -> dict[str, Any]:
        """Arrays from which `fill` makes the same."""
        return {
            **self.field._entries(), "features": self.features.copy(),
            "of_items": self.of_items.copy(),
        }  # fmt: skip

    def fill(self, entry: dict[str, Any], n_items: int) -> None:
        """Take over the arrays of `entry`; ValueError if they do not fit."""
        field, features = LabelField._of(entry), np.asarray(entry["features"])
        shapes = [(each.n_macs, each.n_modules, each.n_units) for each in (field, self.field)]
        if shapes[0] != shapes[1]:
            raise ValueError(f"counts must be of (macs, Q, K) = {shapes[1]}, got {shapes[0]}")
        if (features.shape, features.dtype) != ((self.n_labels,), np.int64):
            raise ValueError(f"features must be int64 of shape ({self.n_labels},)")
        classes = np.asarray(entry["of_items"])
        if classes.dtype != np.int64 or classes.shape != (n_items,):
            raise ValueError(f"of_items must be int64 of shape ({n_items},), got {classes.shape}")
        if n_items and not -1 <= classes.min() <= classes.max() < self.n_labels:
            raise ValueError(f"of_items must be classes from -1 to {self.n_labels - 1}")
        self.field, self.features = field, features.copy()
        self._of_items, self._n_items = classes.copy(), n_items
