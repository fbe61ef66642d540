"""A mac for sparse inputs: sums of 64 units at a time, and inputs read back from codes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .. import _seeds
from .._rows import table_of

if TYPE_CHECKING:
    from .mac import Mac

_LANES = 8  # words that kernels treat at once
_LINE = 8  # words by which rows are made longer, lest all of them begin at one place of the cache


class SlicedMac:
    """The state of a `Mac` with bottom-up afferents alone, whose weights are kept by features.

    Codes, familiarity and what is learned follow the same laws as in `MacMemory`; random numbers
    are drawn in another order. An input of a features costs a Q K/64 words read, where a mac whose
    weights are kept by units reads all those of the words in which the input has a feature.

    Parameters
    ----------
    mac : Mac
        With ``nu`` = 0, ``expected`` and ``permanence`` left out and lambda_u > 0.
    n_features : int
        n >= 1.
    seed : int
        >= 0.

    Notes
    -----
    Memory: n Q K bits, twice; rows are filled up to 64 bytes, modules to 8.
    """

    def __init__(self, mac: Mac, n_features: int, *, seed: int = 0) -> None:
        self.mac, self.n_features = mac, n_features
        q, k = mac.n_modules, mac.n_units
        self._width = -(-k // 64)
        self._rows = table_of(n_features + 1, _stride(q * self._width))
        self._columns = table_of(q * k + 1, _stride(-(-n_features // 64)))
        self._held = np.zeros(q * k, np.int32)
        self._total = np.zeros(1, np.int64)
        self._valid = self._packed(np.arange(q * k))
        self._single = _seeds.state(np.random.default_rng(seed))

    @staticmethod
    def suits(mac: Mac) -> bool:
        """Whether supports of units depend on their sums alone, and weights stay."""
        return (
            mac.nu == 0.0
            and mac.expected is None
            and mac.permanence is None
            and mac.selection.lambda_u > 0.0
        )

    @property
    def n_set(self) -> int:
        """Weights that are set."""
        return int(self._total[0])

    @property
    def nbytes(self) -> int:
        """Bytes of both tables of weights and of what is known of units."""
        return self._rows.nbytes + self._columns.nbytes + self._held.nbytes

    def _packed(self, units: np.ndarray) -> np.ndarray:
        """Bits of units i = q K + k, in the order of the table."""
        q, k = np.divmod(units, self.mac.n_units)
        words = np.zeros(self._rows.shape[1], np.uint64)
        bits = np.uint64(1) << (k & 63).astype(np.uint64)
        np.bitwise_or.at(words, q * self._width + (k >> 6), bits)
        return words

    def _scratch(self, indptr: np.ndarray, columns: bool = False) -> tuple[np.ndarray, ...]:
        """Scratch of the kernels for inputs given, or for codes to be read."""
        from ..kernels.sliced import planes_for

        q = self.mac.n_modules
        table = self._columns if columns else self._rows
        most = q if columns else int(np.diff(indptr).max(initial=0))
        starts = np.empty(_LANES, np.uint64)
        planes = table_of(planes_for(most), table.shape[1])
        if columns:
            return starts, planes, np.empty(q, np.int64)
        return starts, planes, np.empty(table.shape[1], np.uint64), np.empty(q, np.int64)

    def learn(self, indptr: np.ndarray, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Codes and familiarities of inputs, CSR rows none of which is empty, presented in turn.

        Returns
        -------
        codes : ndarray, int32, shape (inputs, Q)
        familiar : ndarray, float64, shape (inputs,)
        """
        from ..kernels import sliced
        from ..kernels.mac import numbers

        mac, count = self.mac, len(indptr) - 1
        n_weights = self.n_features * mac.n_code
        codes = np.empty((count, mac.n_modules), np.int32)
        familiar = np.empty(count)
        most = int(np.diff(indptr).max(initial=0)) + 1
        sliced.store_inputs(
            self._rows, self._columns, self._held, self._total, indptr, indices, self._width,
            mac.n_units, self._valid, numbers(mac.selection), mac.selection.lambda_u,
            math.inf if mac.novelty is None else mac.novelty,
            math.inf if mac.cap is None else mac.cap,
            math.inf if mac.freeze is None else mac.freeze * n_weights,
            self._single, *self._scratch(indptr), np.empty(most), np.empty(most, np.int64),
            codes, familiar,
        )  # fmt: skip
        return codes, familiar

    def select(
        self, indptr: np.ndarray, indices: np.ndarray, among: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Codes and familiarities of inputs, CSR rows, in retrieval; -1 of empty ones.

        Parameters
        ----------
        indptr, indices : ndarray
        among : ndarray of int, optional
            Units i = q K + k that may win, all by default.
        """
        from ..kernels import sliced

        count = len(indptr) - 1
        codes = np.empty((count, self.mac.n_modules), np.int32)
        familiar = np.empty(count)
        allowed = self._valid if among is None else self._packed(among)
        sliced.best_units(
            self._rows, indptr, indices, self._width, allowed, self.mac.selection.lambda_u,
            self._single, *self._scratch(indptr), codes, familiar,
        )  # fmt: skip
        return codes, familiar

    def read(self, codes: np.ndarray, threshold: int, sizes: np.ndarray) -> np.ndarray:
        """Inputs read back from codes, packed, uint64 (codes, ceil(n/64)): see the kernel."""
        from ..kernels import sliced

        out = np.empty((len(codes), -(-self.n_features // 64)), np.uint64)
        sliced.read_inputs(
            self._columns, codes, self.mac.n_units, threshold, sizes,
            *self._scratch(codes, columns=True), out,
        )  # fmt: skip
        return out

    def weights(self) -> np.ndarray:
        """All weights, bool (features, Q K)."""
        octets = self._columns[:-1].astype("<u8", copy=False).view(np.uint8)
        bits = np.unpackbits(octets, axis=1, count=self.n_features, bitorder="little")
        return np.ascontiguousarray(bits.T).astype(bool)


def _stride(words: int) -> int:
    """Words of a row: a multiple of 8, but of no larger power of 2."""
    lines = -(-words // _LANES)
    return (lines + 1 - lines % 2) * _LINE
