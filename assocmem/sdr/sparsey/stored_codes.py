"""Codes kept beside their labels: classes as likely as their items together."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from ... import _validate as check
from .._cells import array_of
from ._writable import Writable

_BLOCK = 256  # codes that are looked at together


class StoredCodes(Writable):
    """All codes that were learned, with their classes, to be compared with others one by one.

    The code of an input is a distribution over all items stored: item j is the more likely the more
    winners it shares with the input. A class is as likely as its items together,

        ln sum_{j of class c} exp(sharpness m_j),

    m_j being the number of shared winners: with ln(r (K - 1)/(1 - r)) for ``sharpness`` this is
    their likelihood if each winner were the item's with probability r, independently.

    Parameters
    ----------
    n_classes, n_macs, n_modules, n_units : int
        >= 1.

    Notes
    -----
    Memory 2 bytes for each winner of each item. Evidence costs a comparison for each winner of each
    item, in rows that processors compare 32 at a time.

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem.sdr.sparsey import StoredCodes
    >>> codes = StoredCodes(2, n_macs=1, n_modules=3, n_units=4)
    >>> codes.learn(np.array([[[0, 1, 2]], [[0, 1, 3]], [[3, 3, 3]]]), np.array([0, 0, 1]))
    >>> codes.evidence(np.array([[[0, 3, 3]]])).argmax(axis=1).tolist()
    [0]
    """

    def __init__(self, n_classes: int, n_macs: int, n_modules: int, n_units: int) -> None:
        self.n_classes = check.integer("n_classes", n_classes, 1, 2**31 - 1)
        self.n_macs = check.integer("n_macs", n_macs, 1)
        self.n_modules = check.integer("n_modules", n_modules, 1)
        self.n_units = check.integer("n_units", n_units, 1, 2**15)
        self._parts = [np.empty((0, self.n_macs * self.n_modules), np.int16)]
        self._labels = np.empty(0, np.int64)

    def __repr__(self) -> str:
        return (
            f"StoredCodes({self.n_classes}, {self.n_macs}, {self.n_modules}, {self.n_units}; "
            f"{self.n_learned} learned)"
        )

    @property
    def n_learned(self) -> int:
        """Items kept."""
        return len(self._labels)

    @property
    def labels(self) -> np.ndarray:
        """Class of each item, int64 (items,)."""
        return self._labels.copy()

    @property
    def codes(self) -> np.ndarray:
        """Codes of all items, int16 (items, macs, Q)."""
        return self._codes().reshape(-1, self.n_macs, self.n_modules).copy()

    def _codes(self) -> np.ndarray:
        if len(self._parts) > 1:
            self._parts = [np.concatenate(self._parts)]
        return self._parts[0]

    def learn(self, codes: Any, labels: Any) -> None:
        """Keep codes (n, macs, Q) with their labels (n,), from 0 to C - 1; ValueError if not so."""
        columns, labels = checked_codes(codes, self), checked_labels(labels, self, len(codes))
        self._parts.append(columns)
        self._labels = np.concatenate([self._labels, labels])

    def add_classes(self, number: int) -> None:
        """Make room for ``number`` >= 0 more classes, after those there are."""
        self.n_classes += check.integer("number", number, 0)

    def histograms(self, codes: Any, *, workers: int = 1) -> np.ndarray:
        """How many items of each class share how many winners: uint32 (n, C, macs Q + 1)."""
        from ..kernels.labels import count_shared

        asked = checked_codes(codes, self)
        workers = check.integer("workers", workers, 1)
        asked[asked < 0] = -2  # a silent mac shares nothing
        kept, labels = self._codes(), self._labels
        found = np.zeros((len(asked), self.n_classes, asked.shape[1] + 1), np.uint32)
        blocks = [slice(k, k + _BLOCK) for k in range(0, len(asked), _BLOCK)]

        def run(block: slice) -> None:
            count_shared(kept, labels, asked[block], found[block])

        with ThreadPoolExecutor(workers) as pool:
            for _ in pool.map(run, blocks):
                pass
        return found

    def evidence(self, codes: Any, *, sharpness: float = 0.5, workers: int = 1) -> np.ndarray:
        """Evidence for each class, float64 (n, C); -700 or so below the best for one of no items.

        Parameters
        ----------
        codes : array of int, shape (n, macs, Q)
        sharpness : float
            > 0, see above.
        workers : int
            >= 1, threads.

        Raises
        ------
        TypeError, ValueError
            If an argument is not as said.
        """
        sharpness = check.real("sharpness", sharpness, 0.0, open_low=True)
        workers = check.integer("workers", workers, 1)
        asked = checked_codes(codes, self).reshape(-1, self.n_macs, self.n_modules)
        out = []
        for k in range(0, max(len(asked), 1), _BLOCK * workers):
            found = self.histograms(asked[k : k + _BLOCK * workers], workers=workers)
            shared = np.arange(found.shape[2])
            met = found.any(axis=1)
            most = np.where(met.any(axis=1), found.shape[2] - 1 - met[:, ::-1].argmax(axis=1), 0)
            weights = np.exp(np.minimum(sharpness * (shared - most[:, None]), 0.0))
            sums = np.einsum("ncm,nm->nc", found, weights)
            out.append(np.log(np.maximum(sums, 1e-300)) + sharpness * most[:, None])
        return np.concatenate(out)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the codes as an ``.npz`` file; OSError if it cannot be written."""
        from ..._files import write_npz

        write_npz(path, **self._entries())

    @classmethod
    def restore(cls, path: str | os.PathLike[str]) -> StoredCodes:
        """The codes that `save` wrote.

        Raises
        ------
        OSError
            If the file cannot be read.
        ValueError
            If it holds no codes with labels.
        """
        from ..._files import read_npz

        return read_npz(path, "StoredCodes", ("sizes", "codes", "labels"), cls._of)

    def _entries(self) -> dict[str, np.ndarray]:
        """What a file holds."""
        sizes = np.array([self.n_classes, self.n_macs, self.n_modules, self.n_units])
        return {"sizes": sizes, "codes": self._codes(), "labels": self._labels}

    @classmethod
    def _of(cls, entry: dict[str, np.ndarray]) -> StoredCodes:
        """The codes of the arrays of a file; ValueError if they make none."""
        found = cls(*(int(k) for k in entry["sizes"]))
        codes = entry["codes"]
        if codes.dtype != np.int16 or codes.ndim != 2:
            raise ValueError(f"codes must be int16, got {codes.dtype} of shape {codes.shape}")
        found.learn(codes.reshape(-1, found.n_macs, found.n_modules), entry["labels"])
        return found


def checked_codes(codes: Any, field: Any) -> np.ndarray:
    """Codes of a field's macs, modules and units as a new array int16 (n, macs Q).

    int32 where there are more than 2^15 units.
    """
    array, shape = array_of("codes", codes), (field.n_macs, field.n_modules)
    if array.dtype.kind != "i" or array.shape[1:] != shape:
        raise ValueError(
            f"codes must be integers of shape (n, {shape[0]}, {shape[1]}), got {array.dtype} of "
            f"shape {array.shape}"
        )
    if array.size and not -1 <= array.min() <= array.max() < field.n_units:
        raise ValueError(
            f"codes must be in [-1, {field.n_units - 1}], got {array.min()} to {array.max()}"
        )
    kind = np.int16 if field.n_units <= 2**15 else np.int32
    return np.array(array.reshape(len(array), shape[0] * shape[1]), kind, order="C")


def checked_labels(labels: Any, field: Any, number: int) -> np.ndarray:
    """A class of the field for each of ``number`` codes, int64."""
    array = array_of("labels", labels)
    array = array if array.size else array.astype(np.int64)  # those of an empty list are none
    if array.dtype.kind not in "iu" or array.shape != (number,):
        raise ValueError(
            f"labels must be one integer for each of {number} codes, got {array.dtype} of shape "
            f"{array.shape}"
        )
    if array.size and not 0 <= array.min() <= array.max() < field.n_classes:
        raise ValueError(
            f"labels must be in [0, {field.n_classes - 1}], got {array.min()} to {array.max()}"
        )
    return array.astype(np.int64)
