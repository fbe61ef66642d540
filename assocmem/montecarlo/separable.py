"""What chains of a separable energy keep beside their states: agreeing sites of each pattern."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .._aligned import padded_zeros
from ..hopfield.energy import Energy, Exponential, LogSumExp

if TYPE_CHECKING:
    from ..hopfield.dense import DenseSample
    from .dynamics import Engine

ORDER = 6  # largest power of the overlap whose parts are taken as polynomials
_FAINT = 1e-40  # smallest ratio of usual to largest odd parts that float32 leaves room for


class SeparableStore:
    """Agreeing sites k of each pattern and chain; tables of the energy over k.

    Memory beside the sample: 1 byte for each stored pattern and chain (2 where N > 255), and 4
    for each stored pattern, whatever the chains (8 for exponentials).

    Parameters
    ----------
    owner : Engine
        Whose ``sample`` is a `DenseSample` of signs (``is_packed``).

    Raises
    ------
    TypeError, ValueError
        If the energy is a logarithm that is not known, or too steep for float32.
    """

    def __init__(self, owner: Engine) -> None:
        from .kernels import separable

        sample = owner.sample
        energy, size = sample.model.energy, sample.n_spins
        self.owner = owner
        self.bits, self.n_stored = sample.stored, sample.n_stored
        self.block = 0  # attempts served together; 0: as many as pays
        self.coefficients, self.smooth = np.zeros((2, ORDER), np.float32), False
        self.centre = np.zeros(2)
        if isinstance(energy, (Exponential, LogSumExp)):
            logarithm = isinstance(energy, LogSumExp)
            self.kind = separable.LOGARITHM if logarithm else separable.EXPONENTIAL
            self.rate, self.unit = energy.rate, 0.5
            # Of the logarithm, costs of 0 come out as some 1e-16.
            self.floor = 1e-12 if logarithm else 0.0
            self.table, self.parts = np.zeros(size + 1), np.zeros(size + 1)
            pairs = np.zeros(1, np.uint64)
        elif energy.logarithmic:
            raise TypeError(f"energy must be LogSumExp if it is a logarithm, got {energy!r}")
        else:
            self.kind, self.rate = separable.SUM, 1.0
            self._tabulate(energy, sample)
            pairs = self.parts.view(np.uint64)[:, 0]
        self.external = sample.field / self.unit
        self.shifts = self.external
        if self.centre[0] != 0.0:
            ones = [np.count_nonzero(np.unpackbits(row.view(np.uint8))) for row in self.bits]
            self.shifts = self.external + self.centre[0] * (2.0 * np.array(ones) - self.n_stored)
        patterns = separable.BLOCK * self.bits.shape[1]
        self._tables = (self.parts, pairs, self.coefficients, self.smooth)
        self._memory = (
            padded_zeros(1, patterns, np.float32 if self.parts.ndim == 2 else np.float64)[0],
            np.zeros(separable.BLOCK * separable.TILE, np.uint64),
            np.zeros((separable.WIDEST + 2, separable.LANES)),
        )
        self.counts = padded_zeros(len(owner._spins), patterns, _counting(size))
        for spins, counts in zip(owner._spins, self.counts, strict=True):
            separable.count_agreeing(self.bits, spins, counts)

    def _tabulate(self, energy: Energy, sample: DenseSample) -> None:
        """Odd and even parts, in a unit that makes them exact in float32 where it can be."""
        from .kernels import separable

        size, degree = sample.n_spins, energy.degree or 1
        table = energy.table(size)
        factor = math.factorial(degree) * float(size) ** (degree - 1)
        whole = np.rint(table * factor)
        # Powers of the overlap are integers in this unit.
        integer = np.abs(whole).max() < 2.0**49 and np.allclose(
            table * factor, whole, rtol=4e-16, atol=0.0
        )
        if integer:
            table = whole
        # Beyond the ends, where no flip leads, anything will do.
        longer = np.concatenate([[2 * table[0] - table[1]], table, [2 * table[-1] - table[-2]]])
        odd = 0.25 * (longer[2:] - longer[:-2])
        even = 0.25 * (longer[2:] + longer[:-2]) - 0.5 * table
        largest = max(float(np.abs(odd).max()), np.finfo(np.float64).tiny)
        overlaps = 2 * np.arange(size + 1) - size
        usual = float(np.abs(odd[overlaps**2 <= 9 * size]).max())
        if usual < _FAINT * largest:
            raise ValueError(
                f"energy must not fall by more than {1 / _FAINT:g} from stored patterns to random "
                f"ones, got {energy!r} at n_spins={size}"
            )
        if not integer:
            factor = 1.0 / math.sqrt(largest * usual)
            odd, even, table = factor * odd, factor * even, factor * table
            largest, usual = factor * largest, factor * usual
        self.unit = sample.model.scale / factor
        self.table = 0.5 * table
        exact = self._smoothen(odd, even, degree) if integer and 2 <= degree <= ORDER else None
        odd, even = (odd, even) if exact is None else exact
        # Means over random patterns are taken out: sums of float32 keep more of their digits.
        k = np.arange(size + 1)
        logs = [math.lgamma(size + 1) - math.lgamma(j + 1) - math.lgamma(size - j + 1) for j in k]
        law = np.exp(np.array(logs) - size * math.log(2.0))
        self.centre = np.array([law @ odd, law @ even])
        if integer:
            self.centre = np.rint(self.centre)
        wanted = np.stack([odd, even], axis=1) - self.centre
        self.parts = wanted.astype(np.float32)
        if exact is not None:
            self.coefficients[:, -1] -= self.centre
            smooth = np.empty_like(self.parts)
            separable.tabulate(self.coefficients, size, smooth)
            near = np.abs(smooth - wanted) <= 2.0**-21 * (np.abs(wanted) + usual)
            self.smooth = bool(near.all())
            self.parts = smooth if self.smooth else self.parts
        # Rounding of the noise of uncondensed patterns. Not of condensed ones, though a field in
        # which two of them cancel is rounded by more: far from all patterns fields of many bodies
        # are fainter than that, and at T = 0 they must keep their sign.
        rounding = 2.0**-21 * usual * math.sqrt(self.n_stored)
        exactly = integer and np.array_equal(self.parts, wanted)
        self.floor = 0.0 if exactly else 2.0 * self.unit * rounding

    def _smoothen(self, odd, even, degree: int) -> tuple[np.ndarray, np.ndarray] | None:
        """Polynomials of M that are the parts exactly, if they are; sets their coefficients."""
        size = len(odd) - 1
        overlaps = 2.0 * np.arange(size + 1) - size
        first = (size + 1 - degree) // 2
        if first < 1:
            return None
        exact = []
        for k, (part, order) in enumerate(((odd, degree), (even, degree - 1))):
            middle = slice(first, first + order)
            found = np.rint(np.linalg.solve(np.vander(overlaps[middle]), part[middle]))
            self.coefficients[k, ORDER - order :] = found
            exact.append(np.polyval(found, overlaps))
        # At the ends only the sum or difference matters.
        same = even[0] + odd[0] == exact[1][0] + exact[0][0]
        same &= even[-1] - odd[-1] == exact[1][-1] - exact[0][-1]
        same &= np.array_equal(exact[0][1:-1], odd[1:-1])
        same &= np.array_equal(exact[1][1:-1], even[1:-1])
        same &= np.abs(exact).max() < 2.0**49
        return (exact[0], exact[1]) if same else None

    def run(self, sweeps: int, interval: int, out: np.ndarray) -> None:
        """Run all chains; see `Engine.run`."""
        from .kernels import separable

        owner = self.owner
        base = self.n_stored * self.centre[1]
        separable.run(
            self.bits, self.n_stored, self.kind, self.rate, self.table, self._tables, self._memory,
            self.counts, self.external, self.shifts, base, owner._spins, owner._single,
            owner._rates, owner._rule, owner._update, self.block, owner._flips, owner._sums,
            owner._tracked, self.unit, sweeps, interval, out,
        )  # fmt: skip

    def energies(self) -> np.ndarray:
        """Total energies of the present states, shape (R,). Cost: K look-ups per chain."""
        from .kernels import separable

        histogram = np.zeros((4, len(self.external) + 1), np.int64)
        found = [
            separable.energy_of(
                self.kind, counts, self.n_stored, self.table, self.rate, spins, self.external,
                self.unit, histogram,
            )
            for counts, spins in zip(self.counts, self.owner._spins, strict=True)
        ]  # fmt: skip
        return np.array(found)


def _counting(size: int) -> type:
    """The smallest integers that count 0..N sites."""
    return np.uint8 if size <= 255 else np.uint16
