"""What chains of a separable energy keep beside their states: agreeing sites of each pattern."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .._aligned import padded_zeros
from ..hopfield.energy import Exponential, LogSumExp

if TYPE_CHECKING:
    from ..hopfield.dense import DenseSample
    from .dynamics import Engine

_FAINT = 1e-25  # usual over largest part, below which float32 has too short a range


class SeparableStore:
    """Agreeing sites k of each pattern and chain; tables of the energy over k.

    Memory beside the sample: 1 byte for each stored pattern and chain (2 where N > 255), and 4
    for each stored pattern, whatever the chains (8 for exponentials).

    Parameters
    ----------
    owner : Engine
        Whose ``sample`` is a `DenseSample` of signs (``is_packed``).
    """

    def __init__(self, owner: Engine) -> None:
        from .kernels import separable

        sample = owner.sample
        energy, size = sample.model.energy, sample.n_spins
        chains = len(owner._spins)
        self.owner = owner
        self.bits, self.n_stored = sample.stored, sample.n_stored
        self.block = 0
        self.kind, self.rate = separable.SUM, 1.0
        if isinstance(energy, (Exponential, LogSumExp)):
            logarithm = isinstance(energy, LogSumExp)
            self.kind = separable.LOGARITHM if logarithm else separable.EXPONENTIAL
            self.rate, self.unit = energy.rate, 0.5
            # Ties of the logarithm are 1e-16 wide, as are costs near them.
            self.floor = 1e-12 if logarithm else 0.0
            self.table = np.zeros(size + 1)
            self.parts, self.sums = np.zeros(size + 1), np.zeros((size + 1, 2))
        elif energy.logarithmic:
            raise TypeError(f"energy must be LogSumExp if it is a logarithm, got {energy!r}")
        else:
            self._tabulate(energy.table(size), sample)
        self.external = sample.field / self.unit
        self.values = padded_zeros(1, 64 * self.bits.shape[1], self.parts.dtype)[0]
        kind = np.uint8 if size <= 255 else np.uint16
        self.counts = padded_zeros(chains, 64 * self.bits.shape[1], kind)
        for spins, counts in zip(owner._spins, self.counts, strict=True):
            separable.count_agreeing(self.bits, spins, counts)

    def _tabulate(self, table: np.ndarray, sample: DenseSample) -> None:
        """Odd and even parts, in a unit that makes them exact in float32 where it can be."""
        size, degree, scale = sample.n_spins, sample.model.energy.degree or 1, sample.model.scale
        whole = _integers(table, size, degree)
        if whole is not None:
            table, factor = whole
            self.unit = scale / factor
        else:
            self.unit = scale
        # Beyond the ends, where no flip leads, F may be anything that is no larger.
        longer = np.concatenate([[2 * table[0] - table[1]], table, [2 * table[-1] - table[-2]]])
        odd = 0.25 * (longer[2:] - longer[:-2])
        even = 0.25 * (longer[2:] + longer[:-2]) - 0.5 * table
        largest = np.abs(odd).max()
        if whole is None and largest > 0.0:
            odd, even, table = odd / largest, even / largest, table / largest
            self.unit *= largest
            largest = 1.0
        logs = [math.lgamma(k + 1) + math.lgamma(size - k + 1) for k in range(size + 1)]
        weights = np.exp(math.lgamma(size + 1) - size * math.log(2.0) - np.array(logs))
        usual = math.sqrt(weights @ odd**2)
        kind = np.float64 if usual < _FAINT * largest else np.float32
        self.parts = odd.astype(kind)
        self.sums = np.stack([self.parts.astype(np.float64), even], axis=1)
        self.table = 0.5 * table
        if whole is not None and np.array_equal(self.parts, odd):
            self.floor = 0.0
        else:
            # Rounding of the parts of condensed patterns and of the noise of the others.
            digit = 8.0 * float(np.finfo(kind).eps)
            self.floor = 2.0 * self.unit * digit * (largest + usual * math.sqrt(self.n_stored))

    def run(self, sweeps: int, interval: int, out: np.ndarray) -> None:
        """Run all chains; see `Engine.run`."""
        from .kernels import separable

        owner = self.owner
        separable.run(
            self.bits, self.n_stored, self.kind, self.rate, self.table, self.parts, self.sums,
            self.values, self.counts, self.external, owner._spins, owner._single, owner._rates,
            owner._rule, owner._update, self.block, owner._flips, owner._sums, owner._tracked,
            self.unit, sweeps, interval, out,
        )  # fmt: skip

    def energies(self) -> np.ndarray:
        """Total energies of the present states, shape (R,). Cost: K look-ups per chain."""
        from .kernels import separable

        histogram = np.zeros(len(self.external) + 1, np.int64)
        return np.array(
            [
                separable.energy_of(
                    self.kind, counts, self.n_stored, self.table, self.rate, spins, self.external,
                    self.unit, histogram,
                )
                for counts, spins in zip(self.counts, self.owner._spins, strict=True)
            ]
        )  # fmt: skip


def _integers(table: np.ndarray, size: int, degree: int) -> tuple[np.ndarray, float] | None:
    """The table as integers and the factor that makes them of it, or None if there is none."""
    for factor in (
        float(size) ** (degree - 1),
        math.factorial(degree) * float(size) ** (degree - 1),
    ):
        whole = np.rint(table * factor)
        if np.abs(whole).max() < 2.0**49 and np.allclose(table * factor, whole, rtol=4e-16, atol=0):
            return whole, factor
    return None
