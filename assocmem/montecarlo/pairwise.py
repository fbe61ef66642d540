"""What chains of pairwise couplings keep beside their states: cached fields, or the patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._aligned import padded_zeros
from ..hopfield.multitasking import MultitaskingSample
from ..hopfield.pairwise import PairwiseSample
from .sparse import largest_stored

if TYPE_CHECKING:
    from .dynamics import Engine


class CachedFields:
    """What the methods on cached fields keep beside the states: couplings, and the fields."""

    def __init__(self, owner: Engine) -> None:
        from .kernels import lanes, pairwise

        sample = owner.sample
        chains, size = owner._spins.shape
        self.couplings, self.unit, self.floor = couplings_of(sample)
        self.external = sample.field / self.unit
        self.owner = owner
        self.fields = padded_zeros(chains, size, np.int32)
        pairwise.all_fields(self.couplings, owner._spins, self.fields)
        self.policy = {"waiting": lanes.WAITING, "auto": lanes.AUTO}.get(owner.method, lanes.PLAIN)
        if owner.dynamics.update == "parallel":
            self.policy = lanes.PLAIN
        self.waits = np.zeros(chains, np.bool_)
        self.pending = np.full(chains, -1.0)
        self.buffers = pairwise.buffers()
        # Where flips are so few that drawing the times of all is cheaper than trying all spins.
        self.enter = 12.0 * size / (size + 500.0)
        self.group = 1 if owner.method == "single" else chains

    def run(self, sweeps: int, interval: int, out: np.ndarray) -> None:
        """Run all chains; see `Engine.run`."""
        from .kernels import lanes

        owner = self.owner
        observe = (owner._tracked, owner._mean, owner._spread, self.unit)
        for first in range(0, len(out), self.group):
            part = slice(first, first + self.group)
            lanes.run(
                self.couplings, self.fields[part], self.external, owner._spins[part],
                owner._bulk[part], owner._single[part], owner._rates[part], owner._rule,
                owner._update, self.policy, self.waits[part], self.pending[part], self.enter,
                3.0 * self.enter, owner._flips[part], owner._sums[part], observe, sweeps, interval,
                out[part], self.buffers,
            )  # fmt: skip

    def energies(self) -> np.ndarray:
        """Total energies of the present states, shape (R,)."""
        spins = self.owner._spins
        fields = self.fields[:, : spins.shape[1]]
        inner = np.einsum("ri,ri->r", fields, spins, dtype=np.int64)
        return -self.unit * (0.5 * inner + spins @ self.external)


class PatternSpace:
    """What the method on patterns keeps beside the states: the patterns, spin-major."""

    def __init__(self, owner: Engine) -> None:
        sample = owner.sample
        variance = float(sample.model.patterns.variance)
        if sample.n_patterns * sample.n_spins >= 2**31:
            raise ValueError(
                f"method 'patterns' needs K N < 2^31, got K={sample.n_patterns}, N={sample.n_spins}"
            )
        self.owner = owner
        self.patterns = np.array(sample.patterns.T, order="C")
        self.row_sums = self.patterns.sum(axis=1, dtype=np.int64)
        # sum_mu (xi - b)^2 / sigma^2 with xi^2 = 1
        mean, count = owner._mean, sample.n_patterns
        self.self_couplings = (count * (1.0 + mean**2) - 2.0 * mean * self.row_sums) / variance
        self.unit = 1.0 / (sample.n_spins * variance)
        self.floor = 0.0 if mean == 0.0 else 1e-12 * count / variance  # rounding of the biases
        self.external = sample.field / self.unit

    def run(self, sweeps: int, interval: int, out: np.ndarray) -> None:
        """Run all chains; see `Engine.run`."""
        from .kernels import patternspace

        owner = self.owner
        patternspace.run(
            self.patterns, self.row_sums, self.self_couplings, self.external, owner._spins,
            owner._single, owner._rates, owner._rule, owner._update, owner._flips, owner._sums,
            owner._tracked, owner._mean, owner._spread, self.unit, sweeps, interval, out,
        )  # fmt: skip

    def energies(self) -> np.ndarray:
        """Total energies of the present states, shape (R,)."""
        return self.owner.sample.energy(self.owner._spins)


def coupling_unit(sample: PairwiseSample | MultitaskingSample) -> float:
    """Of what the couplings are integer multiples, where they are."""
    return sample.unit if isinstance(sample, MultitaskingSample) else 1.0 / sample.n_spins


def largest_coupling(sample: PairwiseSample | MultitaskingSample) -> int:
    """What no coupling exceeds in modulus, in `coupling_unit`, where they are integers."""
    if isinstance(sample, MultitaskingSample):
        return sample.n_stored * largest_stored(sample) ** 2
    return sample.n_patterns


def couplings_of(sample: PairwiseSample | MultitaskingSample) -> tuple[np.ndarray, float, float]:
    """Couplings as integers, their unit, and the temperature below which rounding shows.

    Kernels want fields within FAR, and twice eight couplings in 16 bits. Sums over many examples
    leave those, and are exact in 32 bits if their fields are within FAR.
    """
    from .kernels.pairwise import FAR

    size, largest = sample.n_spins, largest_coupling(sample)
    if sample.is_integer and largest * size <= FAR:
        found = sample.padded_couplings
        if largest >= 2**11 and _largest(found) >= 2**11:
            wider = padded_zeros(size, size, np.int32)
            wider[:] = found
            found = wider
        return found, coupling_unit(sample), 0.0
    if isinstance(sample, MultitaskingSample) and largest * size <= FAR:
        rows = sample.stored.astype(np.float64)
        whole = padded_zeros(size, size, np.int32)
        whole[:, :size] = rows.T @ rows
        np.fill_diagonal(whole, 0)
        return whole, coupling_unit(sample), 0.0
    fixed, unit = fixed_point(sample.couplings, FAR)
    return fixed, unit, unit * 2.0**12  # rounding of float32 couplings, with room


def _largest(values: np.ndarray) -> int:
    return max(int(values.max()), -int(values.min()))


def fixed_point(couplings: np.ndarray, far: int) -> tuple[np.ndarray, float]:
    """Couplings as int32 multiples of a unit such that no field exceeds ``far`` units."""
    size = len(couplings)
    largest = float(np.abs(couplings).sum(axis=1, dtype=np.float64).max())
    unit = largest / (far - size) if largest > 0.0 else 1.0  # with room for rounding
    whole = padded_zeros(size, size, np.int32)
    for row, target in zip(couplings, whole, strict=True):
        target[:size] = np.rint(row.astype(np.float64) / unit)
    return whole, unit
