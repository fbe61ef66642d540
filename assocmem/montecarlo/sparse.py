"""What chains keep beside their states where patterns have blank entries: sparse columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..hopfield.learning import Supervised, Unsupervised

if TYPE_CHECKING:
    from ..hopfield.multitasking import Multitasking, MultitaskingSample
    from .dynamics import Engine


class SparseStore:
    """Rows that are not blank at each spin, and the sums n_k = sum_i x_i^k s_i of each chain.

    Memory: 5 bytes for each entry that is not blank, (1 - d) K N of them (8 for sums over
    examples; 4 + M where M examples are stored), and 4 for each row and chain (8 for sums).

    Parameters
    ----------
    owner : Engine
        Whose ``sample`` is a `MultitaskingSample`.

    Raises
    ------
    ValueError
        If fields would not fit in 63 bits, or overlaps with the examples of a pattern in 31.
    """

    def __init__(self, owner: Engine) -> None:
        from .kernels import sparse

        sample = owner.sample
        refuse_overflow(sample)
        chains, size = owner._spins.shape
        stored = np.ascontiguousarray(sample.stored)
        self.owner = owner
        self.width = width_of(sample.model)
        self.starts = np.empty(size + 1, np.uint64)  # indices that cannot be negative
        sparse.count_entries(stored, self.width, self.starts)
        entries = int(self.starts[-1])
        signs = largest_stored(sample) == 1
        self.rows = np.empty(entries, np.uint32)
        self.values = np.empty(entries * self.width, np.int8 if signs else np.int32)
        sparse.list_entries(stored, self.width, self.starts, self.rows, self.values)
        self.own = np.zeros(size, np.int64)
        for row in stored:
            self.own += row.astype(np.int64) ** 2
        self.own_sum = float(self.own.sum())
        self.unit, self.floor = sample.unit, 0.0
        self.external = sample.field / self.unit
        self.totals = np.empty((chains, sample.n_stored), np.int32 if signs else np.int64)
        sparse.all_totals(
            self.starts, self.rows, self.values, self.width, owner._spins, self.totals
        )

    def run(self, sweeps: int, interval: int, out: np.ndarray) -> None:
        """Run all chains; see `Engine.run`."""
        from .kernels import sparse

        owner = self.owner
        sparse.run(
            self.starts, self.rows, self.values, self.width, self.own, self.own_sum, self.external,
            self.totals, owner._spins, owner._single, owner._rates, owner._rule, owner._update,
            owner._flips, owner._sums, owner._tracked, self.unit, sweeps, interval, out,
        )  # fmt: skip

    def energies(self) -> np.ndarray:
        """Total energies of the present states, shape (R,). Cost: rows and N per chain."""
        squares = (self.totals.astype(np.float64) ** 2).sum(axis=1)
        outer = self.owner._spins @ self.external
        return -self.unit * (0.5 * (squares - self.own_sum) + outer)


def width_of(model: Multitasking) -> int:
    """How many rows are blank at the same spins: the examples of a pattern, if each is stored."""
    return model.learning.n_examples if isinstance(model.learning, Unsupervised) else 1


def largest_stored(sample: MultitaskingSample) -> int:
    """The largest modulus that a stored entry may have: 1, or M for sums over M examples."""
    learning = sample.model.learning
    return learning.n_examples if isinstance(learning, Supervised) else 1


def overflows(sample: MultitaskingSample) -> bool:
    """Whether exact integers would not do."""
    largest, size = largest_stored(sample), sample.n_spins
    return sample.n_stored * size * largest**2 >= 2**62 or width_of(sample.model) * size >= 2**31


def refuse_overflow(sample: MultitaskingSample) -> None:
    """Raise ValueError where exact integers would not do."""
    if overflows(sample):
        raise ValueError(
            f"method 'patterns' needs rows N M^2 < 2^62 for sums over M examples and M N < 2^31 "
            f"for stored ones, got {sample}"
        )


def memory(model: Multitasking, n_spins: int, chains: int) -> int:
    """Bytes of the store beside the sample, expected: see `SparseStore`."""
    rows, width = model.count(n_spins), width_of(model)
    sums = isinstance(model.learning, Supervised)
    entries = (1.0 - model.dilution) * rows * n_spins
    return round(entries * (8 if sums else 4 + width)) + chains * rows * width * (8 if sums else 4)
