"""The label field: which codes go with which class, both ways."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ... import _validate as check
from .._seeds import generator
from ._entries import take_over
from ._writable import Writable
from .stored_codes import checked_codes, checked_labels

KINDS = ("counts", "binary")
_MOST = {"counts": 2**32 - 1, "binary": 1}


class LabelField(Writable):
    r"""Weights between the units of codes and the classes of what they stand for.

    A coincidence of winner and label is counted. From n_uc coincidences of unit u with class c, n_u
    of u with any, and N_c of N items learned, the evidence that a code stands for c is

    .. math:: \ln P_c + \sum_{u} \ln\frac{P(c | u)}{P_c}, \quad
        P(c | u) = \frac{n_{uc} + s P_c}{n_u + s}, \quad P_c = \frac{N_c + 1}{N + C},

    summed over the winners u of the code: ln of the probability of c, but for a constant,
    if winners were independent given the class. With ``kind="binary"`` the first coincidence sets a
    weight for good, and the evidence is the number of winners whose weight to c is set.

    Parameters
    ----------
    n_classes : int
        C >= 1.
    n_macs, n_modules, n_units : int
        >= 1: codes are of n_macs macs of n_modules modules of n_units units.
    kind : {"counts", "binary"}
    smoothing : float
        s > 0, in coincidences: a unit met s times is believed half.
    silence : bool
        Whether that a mac is not active speaks for classes too; or else it says nothing.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    References
    ----------
    Rinkus, arXiv:1701.07879 (2017): the active code as a distribution over all that is stored.

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem.sdr.sparsey.labels import LabelField
    >>> field = LabelField(2, n_macs=1, n_modules=2, n_units=4)
    >>> field.learn(np.array([[[0, 1]], [[0, 2]], [[3, 3]]]), np.array([0, 0, 1]))
    >>> field.evidence(np.array([[[0, 3]]])).argmax(axis=1).tolist()
    [0]
    """

    def __init__(
        self,
        n_classes: int,
        n_macs: int,
        n_modules: int,
        n_units: int,
        *,
        kind: str = "counts",
        smoothing: float = 0.1,
        silence: bool = False,
    ) -> None:
        self.n_classes = check.integer("n_classes", n_classes, 1, 2**31 - 1)
        self.n_macs = check.integer("n_macs", n_macs, 1)
        self.n_modules = check.integer("n_modules", n_modules, 1)
        self.n_units = check.integer("n_units", n_units, 1, 2**31 - 2)
        self.kind = check.choice("kind", kind, KINDS)
        self.smoothing = check.real("smoothing", smoothing, 0.0, open_low=True)
        if not isinstance(silence, (bool, np.bool_)):
            raise TypeError(f"silence must be True or False, got {silence!r}")
        self.silence = bool(silence)
        columns = self.n_macs * self.n_modules
        self._counts = np.zeros((columns, self.n_units + 1, self.n_classes), np.uint32)
        self._items = np.zeros(self.n_classes, np.int64)
        self._tables: np.ndarray | None = None

    def __repr__(self) -> str:
        return (
            f"LabelField({self.n_classes}, {self.n_macs}, {self.n_modules}, {self.n_units}, "
            f"kind={self.kind!r}, smoothing={self.smoothing:g}, silence={self.silence}; "
            f"{self.n_learned} learned)"
        )

    @property
    def n_learned(self) -> int:
        """Items learned."""
        return int(self._items.sum())

    @property
    def items(self) -> np.ndarray:
        """N_c, items of each class learned, int64 (C,)."""
        return self._items.copy()

    @property
    def counts(self) -> np.ndarray:
        """Coincidences of units and classes (0 or 1 if binary), uint32 (macs, Q, K, C)."""
        shape = (self.n_macs, self.n_modules, self.n_units, self.n_classes)
        return self._counts[:, :-1].reshape(shape).copy()

    @property
    def silent(self) -> np.ndarray:
        """Coincidences of macs that were not active with classes, uint32 (macs, C)."""
        return self._counts[:: self.n_modules, -1].copy()

    def learn(self, codes: Any, labels: Any) -> None:
        """Count the coincidences of codes with their labels. One count a winner.

        Parameters
        ----------
        codes : array of int, shape (n, macs, Q)
            Winners, -1 where a mac was not active.
        labels : array of int, shape (n,)
            From 0 to C - 1.

        Raises
        ------
        TypeError, ValueError
            If shapes or values are not as said: then nothing is learned.
        """
        from ..kernels.labels import count_labels

        found, labels = checked_codes(codes, self), checked_labels(labels, self, len(codes))
        count_labels(found, labels, _MOST[self.kind], self._counts)
        self._items += np.bincount(labels, minlength=self.n_classes)
        self._tables = None

    def add_classes(self, number: int) -> None:
        """Make room for ``number`` >= 0 more classes, after those there are."""
        number = check.integer("number", number, 0)
        self.n_classes += number
        self._counts = np.pad(self._counts, ((0, 0), (0, 0), (0, number)))
        self._items = np.pad(self._items, (0, number))
        self._tables = None

    def evidence(self, codes: Any) -> np.ndarray:
        """Evidence for each class, float64 (n, C). Cost one addition for each winner and class.

        Raises
        ------
        ValueError
            If codes are not as said in `learn`.
        """
        from ..kernels.labels import sum_evidence

        found = checked_codes(codes, self)
        if self._tables is None:
            self._tables = self._weights()
        out = np.zeros((len(found), self.n_classes))
        if self.kind == "counts":
            out += np.log(self._shares())
        sum_evidence(found, self._tables, out)
        return out

    def probabilities(self, codes: Any, *, temperature: float = 1.0) -> np.ndarray:
        """Probabilities of the classes, the softmax of evidence / temperature, float64 (n, C).

        Winners of one mac see the same input and macs overlap, so that their evidence is far from
        independent, and at ``temperature`` 1 probabilities lie far too near to 0 and 1.
        """
        temperature = check.real("temperature", temperature, 0.0, open_low=True)
        evidence = self.evidence(codes) / temperature
        evidence -= evidence.max(axis=1, keepdims=True)
        np.exp(evidence, out=evidence)
        return evidence / evidence.sum(axis=1, keepdims=True)

    def units(self, label: int) -> np.ndarray:
        """Units that were ever active with a class, bool (macs, Q, K): the way back, downwards."""
        label = check.integer("label", label, 0, self.n_classes - 1)
        found = self._counts[:, :-1, label] > 0
        return found.reshape(self.n_macs, self.n_modules, self.n_units)

    def draw(self, label: int, number: int, rng: np.random.Generator | int) -> np.ndarray:
        """Codes made of a class: in each module a unit as often as it was active with the class.

        Parameters
        ----------
        label : int
            From 0 to C - 1, of one item at least.
        number : int
            >= 0, of codes.
        rng : numpy.random.Generator or int
            Source of the draws, or a seed >= 0.

        Returns
        -------
        ndarray, int16 or int32, shape (number, macs, Q)
            Modules are drawn independently, but macs that were silent are so in all their modules.

        Raises
        ------
        TypeError, ValueError
            If an argument is not as said, or no item has the class.
        """
        label = check.integer("label", label, 0, self.n_classes - 1)
        number = check.integer("number", number, 0)
        rng = generator(rng)
        if self._items[label] == 0:
            raise ValueError(f"label must be the class of an item, got {label}, which has none")
        counts = self._counts[:, :, label].astype(np.float64)
        silent = self.silent[:, label] / np.maximum(counts[:: self.n_modules].sum(axis=1), 1)
        counts[:, -1] = 0.0
        edges = np.cumsum(counts, axis=1)
        kind = np.int16 if self.n_units <= 2**15 else np.int32
        levels = rng.random((number, len(edges))) * edges[:, -1]
        codes = np.empty((number, len(edges)), kind)
        for column, row in enumerate(edges):
            codes[:, column] = np.searchsorted(row, levels[:, column], side="right")
        codes = codes.reshape(number, self.n_macs, self.n_modules)
        codes[rng.random((number, self.n_macs)) < silent] = -1
        return codes

    def _shares(self) -> np.ndarray:
        """P_c."""
        return (self._items + 1.0) / (self.n_learned + self.n_classes)

    def _weights(self) -> np.ndarray:
        """What each unit adds to the evidence, float64 (columns, K + 1, C)."""
        if self.kind == "binary":
            tables = (self._counts > 0).astype(np.float64)
        else:
            shares = self._shares()
            tables = self._counts + self.smoothing * shares
            tables /= self._counts.sum(axis=2, dtype=np.float64)[..., None] + self.smoothing
            tables /= shares
            np.log(tables, out=tables)
        if not self.silence:
            tables[:, -1] = 0.0
        return tables

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the field as an ``.npz`` file; OSError if it cannot be written."""
        from ..._files import write_npz

        write_npz(path, **self._entries())

    def _entries(self) -> dict[str, np.ndarray]:
        """What a file holds."""
        return {
            "sizes": np.array([self.n_macs, self.n_modules, self.n_units, self.silence]),
            "kind": np.array(self.kind),
            "smoothing": np.array(self.smoothing),
            "counts": self._counts,
            "items": self._items,
        }

    @classmethod
    def restore(cls, path: str | os.PathLike[str]) -> LabelField:
        """The field that `save` wrote.

        Raises
        ------
        OSError
            If the file cannot be read.
        ValueError
            If it holds no label field.
        """
        from ..._files import read_npz

        names = ("sizes", "kind", "smoothing", "counts", "items")
        return read_npz(path, "a LabelField", names, cls._of)

    @classmethod
    def _of(cls, entry: dict[str, np.ndarray]) -> LabelField:
        """The field of the arrays of a file; ValueError if they make none."""
        macs, modules, units, silence = (int(k) for k in entry["sizes"])
        found = cls(
            len(entry["items"]), macs, modules, units, kind=str(entry["kind"]),
            smoothing=float(entry["smoothing"]), silence=bool(silence),
        )  # fmt: skip
        take_over({"counts": found._counts, "items": found._items}, entry)
        if np.any(found._items < 0) or found._counts.max(initial=0) > _MOST[found.kind]:
            raise ValueError("items must be >= 0, and counts of a binary field 0 or 1")
        # Each item is met once in every module; where a count is full, or binary, fewer are known.
        met = found._counts.sum(axis=1, dtype=np.int64)
        full = (found._counts == _MOST[found.kind]).any(axis=1)
        if not np.all((met == found._items) | (full & (met < found._items))):
            raise ValueError("counts must be those of the items")
        return found
