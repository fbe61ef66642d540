"""What `ItemMemory` asks of a mac, of one whose weights are kept by units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .mac_arrays import entry_of
from .mac_memory import MacMemory

if TYPE_CHECKING:
    from .mac import Mac


class UnitMac:
    """A `MacMemory` with the same methods as `SlicedMac`, for macs that do not suit the latter."""

    def __init__(self, mac: Mac, n_features: int, *, seed: int = 0) -> None:
        self._memory = MacMemory(mac, n_features, seed=seed)

    @property
    def single(self) -> np.ndarray:
        """State of the generator, uint64 (1, 4)."""
        return self._memory._arrays.single

    @property
    def n_set(self) -> int:
        """Weights that are set."""
        return int(self._memory._arrays.counters[0])

    @property
    def nbytes(self) -> int:
        """Bytes of weights and of what is known of units."""
        return sum(array.nbytes for array in self._memory._arrays)

    def _present(self, inputs: np.ndarray, learning: bool) -> tuple[np.ndarray, np.ndarray]:
        from ..kernels.presenting import present

        mac = self._memory.mac
        codes = np.empty((len(inputs), mac.n_modules), np.int32)
        familiar = np.empty(len(inputs))
        present(
            self._memory._arrays, inputs, mac.n_modules, mac.n_units, learning, learning, codes,
            familiar,
        )  # fmt: skip
        return codes, familiar

    def learn(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `SlicedMac.learn`."""
        return self._present(inputs, True)

    def select(
        self, inputs: np.ndarray, among: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """See `SlicedMac.select`."""
        if among is None:
            return self._present(inputs, False)
        from ..kernels.mac import best_code

        mac, arrays = self._memory.mac, self._memory._arrays
        shape = (mac.n_modules, mac.n_units)
        allowed = np.zeros(mac.n_code, np.bool_)
        allowed[among] = True
        empty = ~allowed.reshape(shape).any(1)
        allowed.reshape(shape)[empty] = True  # which leaves each module a largest support
        codes, familiar = np.empty((len(inputs), mac.n_modules), np.int32), np.empty(len(inputs))
        for r in range(len(inputs)):
            (codes[r],), (familiar[r],) = self._present(inputs[r : r + 1], False)
            if codes[r, 0] < 0:
                continue
            v = np.where(allowed, arrays.scratch[1, : mac.n_code], -1.0)
            best_code(v, mac.n_modules, mac.n_units, arrays.single, 0, codes[r])
            familiar[r] = v.reshape(shape).max(1)[~empty].sum() / mac.n_modules
            codes[r, empty] = -1
        return codes, familiar

    def read(self, codes: np.ndarray, threshold: int, sizes: np.ndarray) -> np.ndarray:
        """See `SlicedMac.read`."""
        from ..kernels.presenting import count_weights

        n, arrays = self._memory.n_features, self._memory._arrays
        counts = np.empty(64 * len(arrays.weights), np.int64)
        out = np.zeros((len(codes), 8 * len(arrays.weights)), np.uint8)
        for r, code in enumerate(codes):
            count_weights(arrays.weights, code, self._memory.mac.n_units, counts)
            level = threshold
            if threshold == 0:
                # So many have level winners or more: from all winners down, to 1 at the lowest.
                upto = np.bincount(counts[:n], minlength=len(code) + 1)[::-1].cumsum()[::-1]
                level = int(np.count_nonzero(code >= 0))
                while level > 1 and upto[level] < sizes[r]:
                    level -= 1
            bits = np.packbits(counts[:n] >= max(level, 1), bitorder="little")
            out[r, : len(bits)] = bits
        return out.view("<u8").astype(np.uint64, copy=False)

    def weights(self) -> np.ndarray:
        """All weights, bool (features, Q K)."""
        return self._memory.weights.reshape(self._memory.n_features, -1)

    def entry(self) -> dict[str, Any]:
        """Arrays from which `fill` makes the same state."""
        return entry_of(self._memory)

    def fill(self, entry: dict[str, Any]) -> None:
        """Take over the arrays of `entry`; ValueError if they are those of another mac."""
        found = MacMemory._of(entry)
        if (found.mac, found.n_features) != (self._memory.mac, self._memory.n_features):
            raise ValueError(f"model must be {self._memory.mac!r}, got {found.mac!r}")
        self._memory = found
