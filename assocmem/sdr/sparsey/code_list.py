"""The codes of all stored items: which item is nearest to a code, and how near each is."""

from __future__ import annotations

import numpy as np

from .._cells import locked
from ._writable import Writable

_FIRST = 64  # items that there is room for at first
_APART = 2**17  # different spans there can be, at least, so that few items share one


class CodeList(Writable):
    """Codes in the order of storage, found by some of their winners.

    Items are found by the whole code and by spans of w modules side by side, each of which is one
    key of a table with open addressing. A code that has most of an item's winners has a whole span
    of it: always where fewer of its winners are wrong than there are spans, Q/w rounded down.

    Parameters
    ----------
    n_modules, n_units : int
        Q and K.

    Notes
    -----
    Memory for each item 2 Q bytes (4 Q where K > 32768) and 8 to 16 for each of some Q/w + 1 spans;
    codes have room for up to twice as many items.
    """

    def __init__(self, n_modules: int, n_units: int) -> None:
        self.n_modules, self.n_units = n_modules, n_units
        self._dtype = np.dtype(np.int16 if n_units <= 2**15 else np.int32)
        self._codes = np.empty((_FIRST, n_modules), self._dtype)
        self._spans = _spans(n_modules, n_units)
        self._table = self._empty(_FIRST)
        self._number = 0

    def _empty(self, items: int) -> np.ndarray:
        """A table that holds so many items in half of its entries, or fewer."""
        return np.full(1 << (2 * items * len(self._spans) - 1).bit_length(), -1, np.int32)

    def __len__(self) -> int:
        return self._number

    @property
    def codes(self) -> np.ndarray:
        """All codes, int16 or int32 (items, Q), read-only."""
        return locked(self._codes[: self._number])

    @property
    def nbytes(self) -> int:
        """Bytes of codes and table."""
        return self._codes.nbytes + self._table.nbytes

    def append(self, codes: np.ndarray) -> np.ndarray:
        """Numbers of items whose codes are added, int64."""
        from ..kernels import items

        first, last = self._number, self._number + len(codes)
        if last > len(self._codes):
            room = max(last, 2 * len(self._codes))
            larger = np.empty((room, self.n_modules), self._dtype)
            larger[:first] = self._codes[:first]
            self._codes = larger
        self._codes[first:last] = codes
        self._number = last
        entered = first
        if 2 * last * len(self._spans) > len(self._table):
            # All are entered anew: once more for each item, or so, in the long run.
            self._table, entered = self._empty(last), 0
        items.enter(self._codes, entered, last, self._spans, self._table)
        return np.arange(first, last)

    def find(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The item that shares most winners with each code, of those that share a span.

        Returns
        -------
        items : ndarray, int64, shape (codes,)
            Of several that tie, or have the same code, the last; -1 where there is none.
        shared : ndarray, int32, shape (codes,)
            Winners that they share.
        """
        from ..kernels import items

        found, shared = np.empty(len(codes), np.int64), np.empty(len(codes), np.int32)
        items.find(
            self._codes, self._spans, self._table, self._asked(codes), found, shared
        )  # fmt: skip
        return found, shared

    def shared(self, code: np.ndarray) -> np.ndarray:
        """Winners that each item's code shares with one, int32 (items,). Reads all codes."""
        from ..kernels import items

        found = np.empty(self._number, np.int32)
        items.count_shared(self._codes[: self._number], self._asked(code), found)
        return found

    def _asked(self, codes: np.ndarray) -> np.ndarray:
        """Codes in the type of the list; winners that are none are shared with nobody."""
        asked = codes.astype(self._dtype)
        asked[asked < 0] = -2
        return asked


def _spans(q: int, k: int) -> np.ndarray:
    """The whole code, and spans of w modules, K^w >= 2^17; the last reaches to the end."""
    width = 1
    while k**width < _APART and width < q:
        width += 1
    ends = [*range(width, q, width), q] if width < q else []
    return np.array([(0, q), *((end - width, end) for end in ends)], np.int64)
