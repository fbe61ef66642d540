r"""Noise of the uncondensed patterns of dense models.

The field of the uncondensed patterns on a spin is Gaussian of variance alpha V(q, C), and their
part of the free energy per spin is alpha phi(q, C, T), with C = beta (1 - q).

**Degree 3 and more.** Each pattern contributes weakly, so only the covariance of the energy of
two replicas counts, g(q) times kappa (Gardner, J. Phys. A 20 (1987) 3453):

    V = kappa g'(q),   phi = -(kappa beta/2) [g(1) - g(q) - (1 - q) g'(q)].

The bracket is (1 - q)^2 P(q) with a polynomial P, so phi = -(kappa/2) T C^2 P stays finite at
T = 0. Storing and supervised learning have kappa = 1 (E y^2 = 1, and distinct indices multiply
independent entries). Unsupervised, examples of one archetype have correlation r^2, so that the
M^2 pairs of the sum over examples divided by M R^(p/2) give
kappa = [r^(2p) + (1 - r^(2p))/M]/R^p.

**Degree 2.** f(z) = a z^2 couples spins pairwise, with all orders of the noise (Amit, Gutfreund,
Sompolinsky, Ann. Phys. 173 (1987) 30). A quadratic form of Gaussian overlaps with eigenvalues
lambda_k (2a for storing) gives

    V = q sum_k lambda_k^2/(1 - lambda_k C)^2,
    phi = (1/2) sum_k [lambda_k + T ln(1 - lambda_k C) - lambda_k q/(1 - lambda_k C)] + V C/2.

Unsupervised, the M overlaps with the examples of one archetype have correlations r^2, and
H = -(1/(2 M R)) sum_a z_a^2: eigenvalues are 1, once, and (1 - r^2)/(M R) = rho/(1 + rho),
M - 1 times.

The mean energy of the uncondensed patterns over all configurations, a constant that is zero for
distinct indices, is left out: `mean_energy`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...hopfield.energy import kernel
from ...hopfield.learning import Unsupervised

if TYPE_CHECKING:
    from ...hopfield.dense import Dense


@dataclass(frozen=True, eq=False)
class WeakNoise:
    """Noise of degree 3 and more.

    Parameters
    ----------
    g : tuple of float
        Coefficients of kappa g(q).
    """

    g: tuple[float, ...]
    gap_values: tuple[float, ...] = ()  # no pattern condenses by itself

    def derivative(self, q: float, order: int) -> float:
        """The derivative kappa g^(order)(q)."""
        total = 0.0
        for k in range(len(self.g) - 1, order - 1, -1):
            total = total * q + self.g[k] * math.perm(k, order)
        return total

    def variance(self, q: float, c: float) -> float:
        """V = kappa g'(q)."""
        return self.derivative(q, 1)

    def by_q(self, q: float, c: float) -> float:
        """dV/dq at constant C."""
        return self.derivative(q, 2)

    def inverse_root(self, q: float, c: float) -> tuple[float, float, float]:
        """1/sqrt(V) and its derivatives by q and C; not numbers where V is not positive."""
        v = self.derivative(q, 1)
        if not v > 0.0:
            return math.nan, math.nan, math.nan
        a = 1.0 / math.sqrt(v)
        return a, -0.5 * a * self.derivative(q, 2) / v, 0.0

    def curved(self, q: float) -> float:
        """P(q) = [g(1) - g(q) - (1 - q) g'(q)]/(1 - q)^2 = sum_k g_k sum_(j<k-1) (j + 1) q^j."""
        total, sums, power = 0.0, 0.0, 1.0
        for k in range(2, len(self.g)):
            sums += (k - 1) * power
            power *= q
            total += self.g[k] * sums
        return total

    def free_energy(self, q: float, c: float, temperature: float) -> float:
        """The part phi of the free energy per load."""
        return -0.5 * temperature * c * c * self.curved(q)

    def entropy(self, q: float, c: float) -> float:
        """-d phi/dT at constant q and V."""
        return -0.5 * c * c * self.curved(q)


@dataclass(frozen=True, eq=False)
class PairNoise:
    """Noise of degree 2.

    Parameters
    ----------
    modes : tuple of (float, float)
        Eigenvalues lambda and how many there are of each, the largest first.
    """

    modes: tuple[tuple[float, float], ...]

    @property
    def gap_values(self) -> tuple[float, ...]:
        """Eigenvalues whose 1 - lambda C must be positive."""
        return tuple(value for value, _ in self.modes)

    def variance(self, q: float, c: float) -> float:
        """V."""
        return q * self.by_q(q, c)

    def by_q(self, q: float, c: float) -> float:
        """dV/dq at constant C."""
        return sum(n * (value / (1.0 - value * c)) ** 2 for value, n in self.modes)

    def inverse_root(self, q: float, c: float) -> tuple[float, float, float]:
        """1/sqrt(V) and its derivatives by q and C; negative where 1 - lambda C is."""
        first = self.modes[0][0]
        gap = 1.0 - first * c
        total, slope = 0.0, 0.0  # V gap^2/q and its derivative by C
        for value, n in self.modes:
            other = 1.0 - value * c
            if value != first and not other > 0.0:
                return math.nan, math.nan, math.nan
            ratio = 1.0 if value == first else gap / other
            by_c = 0.0 if value == first else (value * ratio - first) / other
            total += n * (value * ratio) ** 2
            slope += 2.0 * n * value * value * ratio * by_c
        if not q > 0.0:
            return math.nan, math.nan, math.nan
        root = math.sqrt(q * total)
        a = gap / root
        return a, -0.5 * a / q, -first / root - 0.5 * a * slope / total

    def free_energy(self, q: float, c: float, temperature: float) -> float:
        """The part phi of the free energy per load."""
        total = 0.5 * self.variance(q, c) * c
        for value, n in self.modes:
            inner = value - value * q / (1.0 - value * c)
            total += 0.5 * n * (inner + temperature * math.log1p(-value * c))
        return total

    def entropy(self, q: float, c: float) -> float:
        """-d phi/dT at constant q and V."""
        return -0.5 * sum(
            n * (math.log1p(-value * c) + value * c / (1.0 - value * c)) for value, n in self.modes
        )


def noise_of(model: Dense) -> WeakNoise | PairNoise:
    """The noise of a model's uncondensed patterns.

    Raises
    ------
    ValueError
        If their entries are not independent (images).
    """
    model.patterns.law()
    learning = model.learning
    if model.p == 2:
        c2 = float(model.energy.hermite()[2])
        if not isinstance(learning, Unsupervised) or learning.n_examples == 1:
            return PairNoise(((2.0 * c2, 1.0),))
        r2 = learning.quality**2
        small = (1.0 - r2) / (learning.n_examples * learning.variance)
        return PairNoise(((1.0, 1.0), (small, learning.n_examples - 1.0)))
    g = kernel(model.energy)
    if isinstance(learning, Unsupervised):
        power = learning.quality ** (2 * model.p)
        kappa = power + (1.0 - power) / learning.n_examples
        g = g * (kappa / learning.variance**model.p)
    return WeakNoise(tuple(float(value) for value in g))


def mean_energy(model: Dense, n_spins: int) -> float:
    """Energy per spin that theory leaves out: the mean of H/N over all configurations.

    It does not depend on temperature or state. Exact at every N; zero for `PBody` energies, and
    of order alpha N^(p/2-1) where self-interactions are kept (`FullPower` of even p).
    """
    if model.learning is not None or model.energy.hermite()[0] == 0.0 == model.p % 2:
        return 0.0
    from scipy.special import gammaln

    number = model.count(n_spins)
    k = np.arange(n_spins + 1.0)
    log_weight = gammaln(n_spins + 1.0) - gammaln(k + 1.0) - gammaln(n_spins - k + 1.0)
    weights = np.exp(log_weight - n_spins * math.log(2.0))
    mean = float(weights @ model.energy.table(n_spins)) / float(weights.sum())
    return -number * mean / n_spins
