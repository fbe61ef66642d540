"""One mac as episodic and semantic memory at once: items recalled, compared and made up."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import _validate as check
from .._willshaw_rows import unpacked
from ._inputs import packed_inputs, row_sizes
from ._item_files import read_items, write_items
from ._item_meaning import Meaning
from ._unit_mac import UnitMac
from ._writable import Writable
from .code_list import CodeList
from .item_labels import ItemLabels
from .mac import Mac
from .mac_arrays import items_at_load
from .sliced_mac import SlicedMac

if TYPE_CHECKING:
    from ..sdr import SDR


class ItemMemory(Meaning, Writable):
    """Stored items in the superposed codes of one mac, and the list of their codes.

    An item is a set of features, stored in a single trial: the mac draws a code, one winner in each
    of its Q modules, and learns it. From the mac alone, in a time that does not depend on how many
    items there are, come the code of a cue (the most familiar one), the item that a code stands for
    (read back through the same weights), the class of a code, and items of a class. Codes are kept
    in a list besides, so that a code can be told which item it is, and, by a scan of all codes, how
    likely each item is.

    Items are given as to a `MacMemory`: SDRs or lists of active features, one or a sequence of
    them, or dense arrays of bool or uint8; and as rows of a `Codebook`, which is the fastest. Codes
    are integer arrays (Q,) or (codes, Q) of winners, -1 where a module has none.

    Parameters
    ----------
    mac : Mac
    n_features : int
        n >= 1.
    seed : int
        >= 0, of codes drawn and ties.
    labels : int, optional
        Number of classes; none if left out.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    References
    ----------
    Rinkus, Front. Comput. Neurosci. 8 (2014) 160; Rinkus, arXiv:1701.07879 (2017): the active code
    as a distribution over all items stored.

    Notes
    -----
    Where supports depend on sums of weights alone, and weights stay (nu = 0, lambda_u > 0, no
    ``expected``, ``permanence`` or ``recruit``), weights are kept by features and once more by
    units, as `SlicedMac` says: 2 n Q K bits; an item of a features, stored or recalled, costs
    a Q K/64 words read and added, and Q n/64 more to be read back. Other macs are a `MacMemory`,
    with its costs.
    The list takes 2 Q bytes for each item and 8 to 16 for each key by which it is found, see
    `CodeList`.

    New items must be less familiar, from crosstalk, than G_- of the mac's selection, see
    `familiarity`. Where they are not, as all weights fill or items are much alike, they are given
    units of old ones; these hold ever more, win ever more, and soon nothing is recalled. A higher
    ``g_minus``, ``nu`` and ``cap`` put this off.

    Cues given together are answered as they would be one by one; only where they settle in several
    ``turns`` do ties fall otherwise, as all of them make a turn before any makes the next.

    Examples
    --------
    >>> from assocmem.sdr import Mac
    >>> from assocmem.sdr.sparsey.items import ItemMemory
    >>> memory = ItemMemory(Mac(8, 64), 1000, seed=1)
    >>> memory.store([[3, 141, 592, 653], [58, 97, 932, 384]]).tolist()
    [0, 1]
    >>> memory.recall([141, 592, 653]).sparse.tolist()
    [3, 141, 592, 653]
    >>> memory.likelihoods(memory.code([141, 592, 653]))[0]
    np.float64(1.0)
    """

    def __init__(
        self, mac: Mac, n_features: int, *, seed: int = 0, labels: int | None = None
    ) -> None:
        if not isinstance(mac, Mac):
            raise TypeError(f"mac must be a Mac, got {mac!r}")
        self.mac = mac
        self.n_features = check.integer("n_features", n_features, 1, 2**31 - 1)
        seed = check.integer("seed", seed, 0)
        if labels is not None:
            labels = check.integer("labels", labels, 1, 2**31 - 1)
        kind = SlicedMac if SlicedMac.suits(mac) else UnitMac
        self._state: SlicedMac | UnitMac = kind(mac, self.n_features, seed=seed)
        self._list = CodeList(mac.n_modules, mac.n_units)
        self._labels = None if labels is None else ItemLabels(mac, labels)
        self._sizes = np.zeros(3, np.int64)  # items' smallest and largest size, and their sum

    def __repr__(self) -> str:
        classes = "" if self._labels is None else f", labels={self._labels.n_labels}"
        return (
            f"ItemMemory({self.mac!r}, {self.n_features}{classes}; {len(self)} stored, "
            f"load {self.load:.3g})"
        )

    def __len__(self) -> int:
        return len(self._list)

    @property
    def codes(self) -> np.ndarray:
        """Codes of all items, int (items, Q), read-only."""
        return self._list.codes

    @property
    def load(self) -> float:
        """Fraction of weights that are set."""
        return self._state.n_set / (self.n_features * self.mac.n_code)

    @property
    def nbytes(self) -> int:
        """Bytes of weights, codes and labels."""
        own = 0 if self._labels is None else self._labels.nbytes
        return self._state.nbytes + self._list.nbytes + own

    def store(self, pattern: Any, target: Any = None) -> np.ndarray | int:
        """Present items once each, one after another, to be learned.

        Parameters
        ----------
        pattern : item or items
            Of a number of features within the mac's bounds.
        target : int or sequence of int, optional
            Class of each item, from 0 to ``labels`` - 1, or -1 for none; left out in a memory
            without labels.

        Returns
        -------
        int or ndarray of int64, shape (items,)
            Numbers of the items, from 0 in the order of storage.

        Raises
        ------
        TypeError, ValueError
            If an argument is not as said: then nothing is stored.
        """
        inputs, single = packed_inputs("pattern", pattern, self.n_features)
        sizes = row_sizes(inputs)
        least, most = self.mac.pi_minus, self.mac.pi_plus or self.n_features
        wrong = np.flatnonzero((sizes < least) | (sizes > most))
        if len(wrong):
            name = "pattern" if single else f"pattern[{wrong[0]}]"
            raise ValueError(f"{name} must have {least} to {most} features, got {sizes[wrong[0]]}")
        classes = self._classes(target, len(sizes))
        numbers = self._store(inputs, sizes, classes)
        return int(numbers[0]) if single else numbers

    def _store(
        self, inputs: np.ndarray, sizes: np.ndarray, classes: np.ndarray | None = None
    ) -> np.ndarray:
        """Store packed rows that are known to be right."""
        codes, _ = self._state.learn(inputs)
        numbers = self._list.append(codes)
        if len(sizes):
            smallest = sizes.min() if numbers[0] == 0 else min(self._sizes[0], sizes.min())
            self._sizes[:] = (
                smallest,
                max(self._sizes[1], sizes.max()),
                self._sizes[2] + sizes.sum(),
            )
        if self._labels is not None:
            self._labels.add(codes, np.full(len(sizes), -1) if classes is None else classes, sizes)
        return numbers

    def _classes(self, target: Any, number: int) -> np.ndarray | None:
        if target is None:
            return None
        if self._labels is None:
            raise ValueError("target must be left out in a memory without labels")
        return self._labels.checked(target, number)

    def forget(self, pattern: Any, target: Any = None) -> None:
        """Refused: weights that items share cannot be told apart.

        Raises
        ------
        ValueError
        """
        raise ValueError("pattern cannot be forgotten: weights are shared by superposed codes")

    # What a cue leads to, in fixed time.

    def _select(self, name: str, cue: Any) -> tuple[np.ndarray, np.ndarray, bool]:
        """Codes and G of cues; silent, as of no features, where their number is out of bounds."""
        inputs, single = packed_inputs(name, cue, self.n_features)
        codes, familiar = self._state.select(inputs)
        sizes = row_sizes(inputs)
        silent = (sizes < self.mac.pi_minus) | (sizes > (self.mac.pi_plus or self.n_features))
        codes[silent], familiar[silent] = -1, 0.0
        return codes, familiar, single

    def code(self, cue: Any) -> np.ndarray:
        """The code that each cue retrieves: a unit of largest support in each module.

        Ties are broken at random. All winners are -1 where a cue has a number of features outside
        the mac's bounds.

        Returns
        -------
        ndarray, int32, shape (Q,) or (cues, Q)

        Raises
        ------
        TypeError, ValueError
            If cues are not as said.
        """
        codes, _, single = self._select("cue", cue)
        return codes[0] if single else codes

    def familiarity(self, cue: Any) -> float | np.ndarray:
        """G of each cue, in [0, 1]: 1 of a stored item, less of new ones. Nothing changes.

        Raises
        ------
        TypeError, ValueError
            If cues are not as said.
        """
        before = self._state.single.copy()
        _, familiar, single = self._select("cue", cue)
        self._state.single[:] = before
        return float(familiar[0]) if single else familiar

    def recall(
        self, cue: Any, *, size: int | None = None, threshold: float | None = None, turns: int = 0
    ) -> SDR | list[SDR]:
        """The item that each cue retrieves, read back from its code.

        Parameters
        ----------
        cue : item or items
            A stored item, a part of one, or one with noise.
        size, threshold
            See `read`.
        turns : int
            >= 0, how often the item read is looked up in its turn, to settle.

        Returns
        -------
        SDR, or a list of them for many cues

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or out of range.
        """
        rule = self._rule(size, threshold)
        turns = check.integer("turns", turns, 0)
        codes, _, single = self._select("cue", cue)
        found = unpacked(self._read(self._settled(codes, turns), *rule), self.n_features)
        return found[0] if single else found

    def read(
        self, code: Any, *, size: int | None = None, threshold: float | None = None
    ) -> SDR | list[SDR]:
        """The features that a code stands for: those with weights to enough of its winners.

        Parameters
        ----------
        code : array_like of int, shape (Q,) or (codes, Q)
        size : int, optional
            Features with weights to all winners, or to one less and so on, until there are so many
            or more. If both are left out, it is that of all items, if these are of one size.
        threshold : float, optional
            In (0, 1]: features with weights to at least this fraction of the winners. All winners
            if both are left out and items are of several sizes.

        Returns
        -------
        SDR, or a list of them for many codes

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or out of range.
        """
        rule = self._rule(size, threshold)
        codes, single = self._codes(code)
        found = unpacked(self._read(codes, *rule), self.n_features)
        return found[0] if single else found

    def _rule(self, size: int | None, threshold: float | None) -> tuple[float, int]:
        """Threshold or 0, and the size wanted where it is 0."""
        if size is not None:
            size = check.integer("size", size, 0, self.n_features)
            if threshold is not None:
                raise ValueError(f"threshold must be left out where size is given, got {threshold}")
            return 0, size
        if threshold is not None:
            return check.real("threshold", threshold, 0.0, 1.0, open_low=True), 0
        smallest, largest = int(self._sizes[0]), int(self._sizes[1])
        return 0, largest if smallest == largest else 0

    def _read(self, codes: np.ndarray, threshold: float, size: int) -> np.ndarray:
        if threshold == 0.0:
            return self._state.read(codes, 0, np.full(len(codes), size))
        # Of 100 winners 0.07 are 7, not 7.000000000000001.
        wanted = np.ceil(threshold * (codes >= 0).sum(axis=1) * (1.0 - 1e-12)).astype(int)
        found = np.empty((len(codes), -(-self.n_features // 64)), np.uint64)
        for level in np.unique(wanted):  # mostly one
            rows = wanted == level
            found[rows] = self._state.read(
                codes[rows], max(int(level), 1), np.zeros(rows.sum(), int)
            )
        return found

    def _settled(
        self, codes: np.ndarray, turns: int, size: int | None = None, among: Any = None
    ) -> np.ndarray:
        """Codes of what codes stand for, again and again."""
        if size is None:
            size = round(int(self._sizes[2]) / max(len(self), 1))
        for _ in range(turns):
            codes, _ = self._state.select(self._read(codes, 0, size), among)
        return codes

    def best_match(self, cue: Any, *, turns: int = 0) -> tuple[Any, Any]:
        """The stored item that each cue is most like, in fixed time.

        It is the item of largest likelihood given the code that the cue retrieves, see
        `most_likely`, but found without a scan: by tables of the whole code, and of the winners of
        few modules side by side, of which a code with some wrong winners has still most. Among
        items that have all of these in common with later ones it may be missed.

        Parameters
        ----------
        cue : item or items
        turns : int
            >= 0, how often the item read back is looked up in its turn, to settle.

        Returns
        -------
        items : int or ndarray of int64, shape (cues,)
            Numbers of items, of several that tie the last; -1 where none was found.
        likelihoods : float or ndarray of float64, shape (cues,)
            Fraction of winners that the code shares with the item's: 1 where it is its code.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or out of range.
        """
        turns = check.integer("turns", turns, 0)
        codes, _, single = self._select("cue", cue)
        items, shared = self._list.find(self._settled(codes, turns))
        likely = shared / self.mac.n_modules
        return (int(items[0]), float(likely[0])) if single else (items, likely)

    def capacity(self, size: int, *, load: float = 0.5) -> float:
        """Items of ``size`` features at which the expected fraction of weights set is ``load``.

        Each sets its weights to one unit in K of each module, with equal chances:
        S = ln(1 - load)/ln(1 - size/(n K)). What is then recalled is for theory to say.

        Parameters
        ----------
        size : int
            From 1 to n_features.
        load : float
            In (0, 1).

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or out of range.
        """
        return items_at_load(self.mac, self.n_features, size, load)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the memory as an ``.npz`` file; OSError if it cannot be written."""
        write_items(self, path)

    @classmethod
    def restore(cls, path: str | os.PathLike[str]) -> ItemMemory:
        """The memory that `save` wrote.

        Raises
        ------
        OSError
            If the file cannot be read.
        ValueError
            If it holds no such memory.
        """
        return read_items(cls, path)
