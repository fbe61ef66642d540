"""What codes mean: which items they are like, of which class, and items made of classes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import _validate as check
from .. import _seeds
from .._willshaw_rows import unpacked

if TYPE_CHECKING:
    from ..sdr import SDR
    from .code_list import CodeList
    from .item_labels import ItemLabels
    from .mac import Mac


class Meaning:
    """The part of `ItemMemory` that deals with codes of many items at once."""

    mac: Mac
    n_features: int
    _list: CodeList
    _labels: ItemLabels | None

    def __len__(self) -> int:
        return len(self._list)

    def _select(self, name: str, cue: Any) -> tuple[np.ndarray, np.ndarray, bool]:
        raise NotImplementedError

    def _read(self, codes: np.ndarray, threshold: float, size: int) -> np.ndarray:
        raise NotImplementedError

    def _settled(
        self, codes: np.ndarray, turns: int, size: int | None = None, among: Any = None
    ) -> np.ndarray:
        raise NotImplementedError

    # How likely each item is, by a scan of all codes.

    def _codes(self, code: Any) -> tuple[np.ndarray, bool]:
        """Checked codes, int32 (codes, Q), and whether one was given alone."""
        try:
            codes = np.asarray(code)
        except ValueError:
            raise ValueError(f"code must be winners of each module, got {code!r}") from None
        q, k = self.mac.n_modules, self.mac.n_units
        if codes.ndim not in (1, 2) or codes.shape[-1] != q:
            raise ValueError(f"code must have shape ({q},) or (codes, {q}), got {codes.shape}")
        if codes.dtype.kind not in "iu":
            raise TypeError(f"code must be integers, got dtype {codes.dtype}")
        if codes.size and (codes.min() < -1 or codes.max() >= k):
            wrong = codes[(codes < -1) | (codes >= k)][0]
            raise ValueError(f"code must hold winners from 0 to {k - 1}, or -1, got {wrong}")
        return np.atleast_2d(codes).astype(np.int32), codes.ndim == 1

    def _one_code(self, code: Any) -> np.ndarray:
        codes, single = self._codes(code)
        if not single:
            raise ValueError(f"code must be one code, got {len(codes)}")
        return codes[0]

    def likelihoods(self, code: Any) -> np.ndarray:
        """Likelihood of each item: the fraction of modules in which the code has its winner.

        Parameters
        ----------
        code : array_like of int, shape (Q,)

        Returns
        -------
        ndarray, float64, shape (items,)
            L_j = |code & code_j|/Q, in [0, 1]; 1/K is what chance gives.

        Raises
        ------
        TypeError, ValueError
            If ``code`` is not as said.

        Notes
        -----
        Q comparisons an item.
        """
        return self._list.shared(self._one_code(code)) / self.mac.n_modules

    def most_likely(self, code: Any, count: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """The ``count`` items of largest likelihood, and their likelihoods.

        Parameters
        ----------
        code : array_like of int, shape (Q,)
        count : int
            From 0 to the number of items.

        Returns
        -------
        items : ndarray, int64, shape (count,)
            Largest likelihood first; of equal ones the first item first.
        likelihoods : ndarray, float64, shape (count,)

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or out of range.
        """
        from ..kernels.packed import nearest_rows

        count = check.integer("count", count, 0, len(self))
        shared = self._list.shared(self._one_code(code))
        items = np.empty(count, np.int64)
        if count:
            nearest_rows(shared, count, np.zeros(self.mac.n_modules + 1, np.int64), items)
        return items, shared[items] / self.mac.n_modules

    # Classes.

    def _labelled(self) -> ItemLabels:
        if self._labels is None:
            raise ValueError("labels must be given for a memory of classes: ItemMemory(labels=..)")
        return self._labels

    @property
    def labels(self) -> np.ndarray:
        """Class of each item, -1 of none, int64 (items,)."""
        return self._labelled().of_items

    def label_probabilities(self, code: Any, *, reliability: float = 0.5) -> np.ndarray:
        """Posterior of each class, from the likelihoods of all items that have one.

        Each module of the code of item j has the item's winner with probability r, else any other
        with equal probability, independently; all items are equally likely beforehand. So the
        posterior of an item that shares m of Q winners is proportional to (r (K - 1)/(1 - r))^m.

        Parameters
        ----------
        code : array_like of int, shape (Q,)
        reliability : float
            r in (0, 1).

        Returns
        -------
        ndarray, float64, shape (labels,)

        Raises
        ------
        TypeError, ValueError
            If an argument is not as said, or no item has a class.
        """
        labels = self._labelled()
        r = check.real("reliability", reliability, 0.0, 1.0, open_low=True, open_high=True)
        shared = self._list.shared(self._one_code(code))
        step = math.log(r) + math.log(self.mac.n_units - 1) - math.log1p(-r)
        return labels.posterior(shared * step)

    def classify(self, cue: Any) -> int | np.ndarray:
        """Class of each cue in fixed time, from its code and the label field.

        That of the largest evidence, see `LabelField.evidence`, and the lowest of those that tie;
        -1 where the mac is silent or no item has a class.

        Raises
        ------
        TypeError, ValueError
            If cues are not as said, or the memory has no labels.
        """
        labels = self._labelled()
        codes, _, single = self._select("cue", cue)
        found = labels.classify(codes)
        return int(found[0]) if single else found

    def generate(
        self, label: int, rng: np.random.Generator | int, *, size: int | None = None, turns: int = 5
    ) -> SDR:
        """An item of a class, made top-down: a code from the class, an input from the code.

        In each module a unit is drawn that was learned with the class, as often as it was; then the
        input that the code stands for is read and looked up among the units of the class, over and
        over, until these agree on one item or ``turns`` are over.

        Parameters
        ----------
        label : int
            From 0 to ``labels`` - 1, of one item at least.
        rng : numpy.random.Generator or int
            Source of the first code, or a seed >= 0.
        size : int, optional
            Features of the item, or more where several tie; the mean of its class if left out.
        turns : int
            >= 0.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or out of range, or no item has the class.
        """
        labels = self._labelled()
        label = check.integer("label", label, 0, labels.n_labels - 1)
        turns = check.integer("turns", turns, 0)
        if labels.number(label) == 0:
            raise ValueError(f"label must be the class of an item, got {label}, which has none")
        if size is None:
            size = labels.mean_size(label)
        else:
            size = check.integer("size", size, 1, self.n_features)
        codes = labels.draw(label, _seeds.generator(rng))[None]
        codes = self._settled(codes, turns, size, labels.units(label))
        return unpacked(self._read(codes, 0, size), self.n_features)[0]
