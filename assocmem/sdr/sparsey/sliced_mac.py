"""A mac for sparse inputs: sums of 64 units at a time, and inputs read back from codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import _seeds
from .._rows import table_of
from ._entries import take_over
from ._writable import Writable
from .mac_arrays import limits_of

if TYPE_CHECKING:
    from .mac import Mac

_LANES = 8  # words that kernels treat at once, those of a cache line


class SlicedMac(Writable):
    """The state of a `Mac` with bottom-up afferents alone, whose weights are kept by features.

    Codes, familiarity and what is learned follow the same laws as in `MacMemory`; random numbers
    are drawn in another order. An input of a features costs a Q K/64 words read, where a mac whose
    weights are kept by units reads all those of the words in which the input has a feature.

    Parameters
    ----------
    mac : Mac
        With ``nu`` = 0, ``expected``, ``permanence`` and ``recruit`` left out and lambda_u > 0.
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
        for table in (self._rows, self._columns):
            table.fill(
                0
            )  # zeros already: their memory is fetched now rather than by the first items
        self._held = np.zeros(q * k, np.int32)
        self._total = np.zeros(1, np.int64)
        self._valid = self._packed(np.arange(q * k))
        self._single = _seeds.state(np.random.default_rng(seed))

    @staticmethod
    def suits(mac: Mac) -> bool:
        """Whether supports depend on sums alone, winners on supports alone, and weights stay."""
        return (
            mac.nu == 0.0
            and mac.expected is None
            and mac.permanence is None
            and mac.recruit is None
            and mac.selection.lambda_u > 0.0
        )

    @property
    def single(self) -> np.ndarray:
        """State of the generator, uint64 (1, 4)."""
        return self._single

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

    def _scratch(self, inputs: np.ndarray) -> tuple[tuple[np.ndarray, ...], int]:
        """Scratch of the kernels for inputs given, and the features of the largest."""
        from ..kernels.packed import size_rows
        from ..kernels.sliced import planes_for

        sizes = np.empty(len(inputs), np.int32)
        size_rows(inputs, sizes)
        most, words = int(sizes.max(initial=0)), self._rows.shape[1]
        arrays = (
            np.empty(self.n_features, np.int32),
            np.empty(_LANES, np.uint64),
            table_of(planes_for(most), words),
            np.empty(words, np.uint64),
            np.empty(self.mac.n_modules, np.int64),
        )
        return arrays, most

    def learn(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Codes and familiarities of inputs presented in turn to be learned.

        Parameters
        ----------
        inputs : ndarray, uint64, shape (inputs, ceil(n/64))
            Packed, none empty.

        Returns
        -------
        codes : ndarray, int32, shape (inputs, Q)
        familiar : ndarray, float64, shape (inputs,)
        """
        from ..kernels.mac import CAP, FREEZE, NOVELTY, numbers
        from ..kernels.sliced_learning import store_inputs

        mac = self.mac
        codes = np.empty((len(inputs), mac.n_modules), np.int32)
        familiar = np.empty(len(inputs))
        scratch, most = self._scratch(inputs)
        limits = limits_of(mac, self.n_features)
        store_inputs(
            self._rows, self._columns, self._held, self._total, inputs, self._width, mac.n_units,
            self._valid, numbers(mac.selection), mac.selection.lambda_u,
            limits[NOVELTY], limits[CAP], limits[FREEZE], self._single, *scratch,
            np.empty(most + 1), np.empty(most + 1, np.int64), codes, familiar,
        )  # fmt: skip
        return codes, familiar

    def select(
        self, inputs: np.ndarray, among: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Codes and familiarities of inputs in retrieval; -1 and 0 of empty ones.

        Parameters
        ----------
        inputs : ndarray, uint64, shape (inputs, ceil(n/64))
        among : ndarray of int, optional
            Units i = q K + k that may win, all by default.
        """
        from ..kernels.sliced import best_units

        codes = np.empty((len(inputs), self.mac.n_modules), np.int32)
        familiar = np.empty(len(inputs))
        allowed = self._valid if among is None else self._packed(among)
        best_units(
            self._rows, inputs, self._width, allowed, self.mac.selection.lambda_u, self._single,
            *self._scratch(inputs)[0], codes, familiar,
        )  # fmt: skip
        return codes, familiar

    def read(self, codes: np.ndarray, threshold: int, sizes: np.ndarray) -> np.ndarray:
        """Inputs read back from codes, packed, uint64 (codes, ceil(n/64)): see the kernel."""
        from ..kernels.sliced import planes_for
        from ..kernels.sliced_learning import read_inputs

        q, k = self.mac.n_modules, self.mac.n_units
        out = np.empty((len(codes), -(-self.n_features // 64)), np.uint64)
        planes = table_of(planes_for(q), self._columns.shape[1])
        read_inputs(
            self._columns, codes, k, threshold, sizes, np.empty(_LANES, np.uint64), planes,
            np.empty(q, np.int64), out,
        )  # fmt: skip
        return out

    def weights(self) -> np.ndarray:
        """All weights, bool (features, Q K)."""
        octets = self._columns[:-1].astype("<u8", copy=False).view(np.uint8)
        bits = np.unpackbits(octets, axis=1, count=self.n_features, bitorder="little")
        return np.ascontiguousarray(bits.T).astype(bool)

    def entry(self) -> dict[str, np.ndarray]:
        """Arrays from which `fill` makes the same state."""
        words = -(-self.n_features // 64)
        return {"weights": self._columns[:-1, :words].copy(), "single": self._single.copy()}

    def fill(self, entry: dict[str, np.ndarray]) -> None:
        """Take over the arrays of `entry`; ValueError if they are those of another mac."""
        from ..kernels.sliced_learning import turn

        words = -(-self.n_features // 64)
        made = {"weights": self._columns[:-1, :words], "single": self._single}
        take_over(made, entry)
        if self.n_features % 64 and np.any(
            made["weights"][:, -1] >> np.uint64(self.n_features % 64)
        ):
            raise ValueError(f"weights must be 0 beyond the last of {self.n_features} features")
        if not self._single.any():
            raise ValueError("single must be the state of a generator, got zeros")
        self._rows[:] = 0
        self._total[0] = turn(self._columns, self._width, self.mac.n_units, self._rows, self._held)


def _stride(words: int) -> int:
    """Words of a row: an odd number of lines, lest all rows begin at one place of the cache."""
    lines = -(-words // _LANES)
    return (lines + 1 - lines % 2) * _LANES
