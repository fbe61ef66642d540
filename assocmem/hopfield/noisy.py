"""Dense networks with noise in their couplings, which are then an explicit tensor."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from .. import _validate as check
from ..serial import register
from ._arguments import machine_memory
from .dense import Dense
from .energy import PBody


@register
@dataclass(frozen=True)
class NoisyDense:
    r"""A dense network whose couplings are learned with errors.

    H = -(1/N^(p-1)) sum_(i1<..<ip) (sum_mu xi_i1..xi_ip + omega J_i1..ip) s_i1..s_ip with J i.i.d.
    standard normal and omega = ``amplitude`` N^``growth``.

    Parameters
    ----------
    dense : Dense
        Patterns and p; of p-body energy, without learning and field.
    amplitude : float
        w >= 0.
    growth : float, optional
        delta; (p - 1)/2 if left out, the largest at which patterns are retrieved for N ->
        infinity.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    References
    ----------
    arXiv 2212.00606; Agliari, De Marzo, Eur. Phys. J. Plus 135 (2020) 883.

    Examples
    --------
    >>> from assocmem import Dense
    >>> from assocmem.hopfield.noisy import NoisyDense
    >>> NoisyDense(Dense(n_patterns=8, p=3), amplitude=0.25).omega(100)
    25.0
    """

    dense: Dense
    amplitude: float
    growth: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.dense, Dense):
            raise TypeError(f"dense must be a Dense model, got {self.dense!r}")
        if not isinstance(self.dense.energy, PBody) or self.dense.learning is not None:
            raise ValueError(f"dense must have a p-body energy and no learning, got {self.dense!r}")
        if any(self.dense.field):
            raise ValueError(f"dense must have no field, got {self.dense!r}")
        object.__setattr__(self, "amplitude", check.real("amplitude", self.amplitude, 0.0))
        growth = 0.5 * (self.dense.p - 1) if self.growth is None else self.growth
        object.__setattr__(self, "growth", check.real("growth", growth))

    def omega(self, n_spins: int) -> float:
        """Standard deviation of the noise on a coupling, where a pattern adds +-1."""
        return self.amplitude * float(n_spins) ** self.growth

    def at_size(self, n_spins: int) -> Dense:
        """The network without noise that has the same theory at size N, for p >= 3.

        Its load is (K + omega^2)/N^(p-1): normal couplings make noise of the same kernel q^p/p!
        as many patterns do.
        """
        if self.dense.p < 3:
            raise ValueError("p must be at least 3: at p = 2 noise and patterns differ, got 2")
        number = self.dense.count(n_spins) + self.omega(n_spins) ** 2
        return Dense(load=number / float(n_spins) ** (self.dense.p - 1), p=self.dense.p)

    def draw(self, n_spins: int, rng: np.random.Generator) -> NoisySample:
        """Draw patterns and couplings.

        Memory: 4 N^p bytes for the tensor, up to 16 N^p while it is made. Cost: N^p (K + p!).

        Raises
        ------
        TypeError, ValueError
            If an argument is wrong, or the tensor does not fit in memory.
        """
        p = self.dense.p
        number = self.dense.count(n_spins)
        need, have = 16 * n_spins**p, machine_memory()
        if need > have:
            raise ValueError(
                f"n_spins={n_spins} at p={p} needs {need / 2**30:.3g} GiB for N^p couplings, more "
                f"than the {have / 2**30:.3g} GiB of this machine; use fewer spins"
            )
        if not isinstance(rng, np.random.Generator):
            raise TypeError(f"rng must be a numpy.random.Generator, got {rng!r}")
        patterns = self.dense.patterns.draw(number, n_spins, rng)
        return NoisySample(self, patterns, couplings(patterns, p, self.omega(n_spins), rng))


def couplings(patterns: np.ndarray, p: int, omega: float, rng: np.random.Generator) -> np.ndarray:
    """sum_mu xi_i1..xi_ip + omega J_i1..ip for all orders of indices, 0 where two coincide.

    float32 of shape (N,) * p, symmetric.
    """
    size = patterns.shape[1]
    # Ordered indices only; the rest are copies of them.
    ordered = np.ones((size,) * p, dtype=bool)
    axes = np.ogrid[(slice(size),) * p]
    for left, right in itertools.pairwise(axes):
        ordered &= left < right
    index = np.nonzero(ordered)
    del ordered
    values = np.zeros(len(index[0]))
    for pattern in patterns.astype(np.float64):
        values += math.prod(pattern[i] for i in index)
    values += omega * rng.standard_normal(len(values))
    tensor = np.zeros((size,) * p, dtype=np.float32)
    for order in itertools.permutations(range(p)):
        tensor[tuple(index[k] for k in order)] = values
    return tensor


@dataclass(frozen=True, eq=False, repr=False)
class NoisySample:
    """One quenched sample; made by `NoisyDense.draw`.

    Parameters
    ----------
    model : NoisyDense
        The model it was drawn from.
    patterns : ndarray, int8, shape (K, N)
        The patterns xi.
    tensor : ndarray, float32, shape (N,) * p
        Couplings before division by N^(p-1), see `couplings`.
    """

    model: NoisyDense
    patterns: np.ndarray
    tensor: np.ndarray

    def __post_init__(self) -> None:
        self.patterns.flags.writeable = False
        self.tensor.flags.writeable = False

    def __repr__(self) -> str:
        return f"NoisySample({len(self.patterns)} patterns, {self.n_spins} spins, {self.model})"

    @property
    def n_spins(self) -> int:
        """N."""
        return self.tensor.shape[0]

    def energy(self, spins: np.ndarray) -> float:
        """H of one state, N^p operations.

        Raises
        ------
        ValueError
            If ``spins`` are not +-1 or not N.
        """
        spins = check.signs("spins", spins, (self.n_spins,)).astype(np.float64)
        total = self.tensor.astype(np.float64)
        for _ in range(self.tensor.ndim):
            total = total @ spins
        p = self.tensor.ndim
        return -float(total) / (math.factorial(p) * float(self.n_spins) ** (p - 1))
