"""What a chain of supervised learning keeps beside its state: polynomials of each pattern."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..hopfield._arguments import machine_memory

if TYPE_CHECKING:
    from .dynamics import Engine


class ExamplesStore:
    """Sums over examples, and the elementary symmetric polynomials e_1..e_(p-1) of each chain.

    Memory: 8 (p - 1) K bytes for each of R chains; where that is more than half of what the sample
    leaves of the machine's, for one chain, and each run begins by computing them anew, N p K
    operations.

    Parameters
    ----------
    owner : Engine
        Whose ``sample`` is a `DenseSample` of sums over examples (not ``is_packed``).

    Raises
    ------
    ValueError
        If not even one chain fits in memory.
    """

    def __init__(self, owner: Engine) -> None:
        sample = owner.sample
        order, examples = sample.model.p, sample.model.learning.n_examples
        chains, size = owner._spins.shape
        self.owner = owner
        self.stored = np.ascontiguousarray(sample.stored)
        self.unit = sample.model.scale / float(size) ** (order - 1)
        self.exact = _largest(self.stored, order - 1) < 52.0 * math.log(2.0)
        if self.exact:  # count in products of whole sums
            self.factor = 1.0
            self.unit /= float(examples) ** order
            self.floor = 0.0
        else:
            self.factor = 1.0 / examples
            # Rounding of condensed patterns, of slope 1/(p-1)!, and of the noise of the others;
            # of the former the last digit, as far from all patterns fields are much fainter.
            noise = sample.n_patterns * float(size) ** (-0.5 * (order - 1))
            slope = 1.0 / math.factorial(order - 1)
            self.floor = sample.model.scale * (1e-15 * slope + 1e-12 * noise * math.sqrt(slope))
        self.external = sample.field / self.unit
        one = 8 * (order - 1) * sample.n_patterns
        have = machine_memory()
        if one > have // 2:
            raise ValueError(
                f"n_spins={size} with {sample.n_patterns} patterns needs {one / 2**30:.3g} GiB for "
                f"a chain, more than half of the {have / 2**30:.3g} GiB of this machine"
            )
        left = have - self.stored.nbytes - sample.archetypes.nbytes
        kept = chains if chains * one <= left // 2 else 1
        self.polynomials = np.empty((kept, order - 1, sample.n_patterns))
        self.totals = np.zeros(chains)
        self.ages = np.full(chains, -1, np.int64)

    def run(self, sweeps: int, interval: int, out: np.ndarray) -> None:
        """Run all chains; see `Engine.run`."""
        from .kernels import examples

        owner = self.owner
        examples.run(
            self.stored, self.factor, self.external, self.polynomials, self.totals, self.ages,
            owner._spins, owner._single, owner._rates, owner._rule, owner._update, owner._flips,
            owner._sums, owner._tracked, owner._mean, owner._spread, self.unit, self.exact, sweeps,
            interval, out,
        )  # fmt: skip

    def energies(self) -> np.ndarray:
        """Total energies of the present states, shape (R,). Cost: N K p operations per chain."""
        return self.owner.sample.energy(self.owner._spins)


def _largest(stored: np.ndarray, order: int) -> float:
    """Logarithm of a bound on |e_k| of the sums for k <= order, (sum_i |S_i|)^k/k!."""
    whole = np.zeros(stored.shape[1])
    for row in stored:
        whole += np.abs(row.astype(np.float64))
    top = math.log(max(float(whole.max()), 1.0))
    return max(k * top - math.lgamma(k + 1) for k in range(order + 1))
