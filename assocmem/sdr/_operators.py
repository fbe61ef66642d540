"""Sets compared and combined, bit by bit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .kernels import packed

if TYPE_CHECKING:
    from .sdr import SDR


class Operators:
    """Operators of `SDR`: between two sets of equally many cells, results have the left shape."""

    __slots__ = ()
    # With an array on the left they are refused instead of tried entry by entry.
    __array_ufunc__ = None

    if TYPE_CHECKING:  # what SDR has
        _n: int
        _dimensions: tuple[int, ...]
        _packed: np.ndarray | None

        @property
        def packed(self) -> np.ndarray: ...

        @property
        def sparse(self) -> np.ndarray: ...

        @property
        def size(self) -> int: ...

        @classmethod
        def _of_words(cls, dimensions: tuple[int, ...], words: np.ndarray) -> SDR:
            """From words that are known to be right."""

    def _words_of(self, other: Any) -> np.ndarray:
        """Packed view of another SDR of the same cells, or a refusal."""
        if not isinstance(other, Operators):
            raise TypeError(f"other must be an SDR, got {type(other).__name__}")
        if other._n != self._n:
            raise ValueError(f"other must have n={self._n} cells, got {other._n}")
        return other.packed

    def overlap(self, other: Operators) -> int:
        """Number of cells active in both.

        Raises
        ------
        TypeError, ValueError
            If ``other`` is not an SDR of as many cells.
        """
        if other.__class__ is not self.__class__ or other._n != self._n:
            self._words_of(other)
        mine, others = self._packed, other._packed
        return packed.overlap(
            self.packed if mine is None else mine, other.packed if others is None else others
        )

    def jaccard(self, other: Operators) -> float:
        """Overlap over the size of the union; 1 for two empty sets."""
        common = self.overlap(other)
        union = self.size + other.size - common
        return common / union if union else 1.0

    def cosine(self, other: Operators) -> float:
        """Overlap over sqrt(size * other.size); 1 for two empty sets, 0 for one of them."""
        common = self.overlap(other)
        product = self.size * other.size
        return common / math.sqrt(product) if product else float(self.size == other.size)

    def contains(self, other: Operators) -> bool:
        """Whether all active cells of ``other`` are active here."""
        return self.overlap(other) == other.size

    def union(self, *others: Operators) -> SDR:
        """Cells active here or in any of the others.

        Raises
        ------
        TypeError, ValueError
            If one is not an SDR of as many cells.
        """
        words = self.packed.copy()
        for other in others:
            words |= self._words_of(other)
        return self._of_words(self._dimensions, words)

    def __or__(self, other: Any) -> SDR:
        if not isinstance(other, Operators):
            return NotImplemented
        return self._of_words(self._dimensions, self.packed | self._words_of(other))

    def __and__(self, other: Any) -> SDR:
        if not isinstance(other, Operators):
            return NotImplemented
        return self._of_words(self._dimensions, self.packed & self._words_of(other))

    def __sub__(self, other: Any) -> SDR:
        if not isinstance(other, Operators):
            return NotImplemented
        return self._of_words(self._dimensions, self.packed & ~self._words_of(other))

    def __xor__(self, other: Any) -> SDR:
        if not isinstance(other, Operators):
            return NotImplemented
        return self._of_words(self._dimensions, self.packed ^ self._words_of(other))

    def __le__(self, other: Any) -> bool:
        return other.contains(self) if isinstance(other, Operators) else NotImplemented

    def __ge__(self, other: Any) -> bool:
        return self.contains(other) if isinstance(other, Operators) else NotImplemented

    def __lt__(self, other: Any) -> bool:
        if not isinstance(other, Operators):
            return NotImplemented
        return other.contains(self) and self.size < other.size

    def __gt__(self, other: Any) -> bool:
        return other < self if isinstance(other, Operators) else NotImplemented

    def __eq__(self, other: Any) -> bool:
        if not isinstance(other, Operators):
            return NotImplemented
        return self._dimensions == other._dimensions and np.array_equal(self.packed, other.packed)

    def __hash__(self) -> int:
        return hash((self._dimensions, self.sparse.tobytes()))
