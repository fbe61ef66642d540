"""The codes of all stored items: which item has a code, and how much each shares with one."""

from __future__ import annotations

import numpy as np

from .._cells import locked

_FIRST = 64  # items that there is room for at first


class CodeList:
    """Codes in the order of storage, found by a table with open addressing.

    Parameters
    ----------
    n_modules, n_units : int
        Q and K.

    Notes
    -----
    Memory for each item 2 Q bytes (4 Q where K > 32768) and at least 8 for the table; both have
    room for up to twice as many items.
    """

    def __init__(self, n_modules: int, n_units: int) -> None:
        self.n_modules, self.n_units = n_modules, n_units
        self._dtype = np.dtype(np.int16 if n_units <= 2**15 else np.int32)
        self._codes = np.empty((_FIRST, n_modules), self._dtype)
        self._table = np.full(2 * _FIRST, -1, np.int32)
        self._number = 0

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
        if 2 * last > len(self._table):
            # All are entered anew, which each item pays for twice or so in all.
            self._table = np.full(1 << (4 * last - 1).bit_length() - 1, -1, np.int32)
            first = 0
        items.enter(self._codes, first, last, self._table)
        return np.arange(last - len(codes), last)

    def find(self, codes: np.ndarray) -> np.ndarray:
        """The item of each code, of several the last, -1 where there is none: int64 (codes,)."""
        from ..kernels import items

        found = np.empty(len(codes), np.int64)
        items.find(self._codes, self._table, codes.astype(self._dtype), found)
        return found

    def shared(self, code: np.ndarray) -> np.ndarray:
        """Winners that each item's code shares with one, int32 (items,). Reads all codes."""
        from ..kernels import items

        found = np.empty(self._number, np.int32)
        asked = code.astype(self._dtype)
        asked[asked < 0] = -2
        items.count_shared(self._codes[: self._number], asked, found)
        return found
