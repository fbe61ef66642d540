r"""What the patterns of a dense network that are not recalled contribute to the 1RSB free energy.

With K = alpha N^(p-1) patterns, p >= 3, each weighs little, so that only the covariance alpha
g(q_ab) of their energies in replicas a and b is left, with a polynomial g of coefficients >= 0:
`assocmem.hopfield.energy.kernel`. The term is

$$ -\frac\alpha2\Big[\frac{g(1)-g(q_1)}{T}+w\,(g(q_1)-g(q_0))\Big]
   +\frac\alpha2\big[r_1C+w\,(r_1q_1-r_0q_0)\big],\qquad r_i=g'(q_i). $$

Written in differences of g over C T = 1 - q1 and delta = q1 - q0, all summands have one sign and
nothing is divided by T.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...hopfield.dense import Dense
    from ...hopfield.energy import Energy


@dataclass(frozen=True)
class Kernel:
    """A polynomial g(q) = sum_k a_k q^k with a_k >= 0, and its differences.

    Parameters
    ----------
    coefficients : tuple of float
        a_0, a_1, ...; a_0 is not used.
    """

    coefficients: tuple[float, ...]

    @cached_property
    def powers(self) -> tuple[tuple[int, float], ...]:
        """(k, a_k) of the powers present."""
        return tuple((k, a) for k, a in enumerate(self.coefficients) if k > 0 and a != 0.0)

    def value(self, q: float) -> float:
        """g(q)."""
        return sum(a * q**k for k, a in self.powers)

    def slope(self, q: float) -> float:
        """g'(q)."""
        return sum(a * k * q ** (k - 1) for k, a in self.powers)

    def curvature(self, q: float) -> float:
        """g''(q)."""
        return sum(a * k * (k - 1) * q ** (k - 2) for k, a in self.powers if k > 1)

    def slope_rise(self, q1: float, q0: float) -> float:
        """(g'(q1) - g'(q0))/(q1 - q0)."""
        return sum(a * k * _divided(k - 1, q1, q0) for k, a in self.powers if k > 1)

    def energy_rise(self, q1: float, q0: float) -> float:
        """The same of q g'(q) - g(q)."""
        return sum(a * (k - 1) * _divided(k, q1, q0) for k, a in self.powers if k > 1)

    def bend(self, a: float, b: float) -> float:
        """(g(b) - g(a) - (b - a) g'(a))/(b - a)^2; g''(a)/2 at b = a."""
        return sum(
            c * sum((k - 1 - j) * a ** (k - 2 - j) * b**j for j in range(k - 1))
            for k, c in self.powers
            if k > 1
        )


def _divided(k: int, a: float, b: float) -> float:
    """(a^k - b^k)/(a - b)."""
    return sum(a**j * b ** (k - 1 - j) for j in range(k))


@dataclass(frozen=True)
class KernelPatterns:
    """A dense network at high load: signal of its energy, noise of a kernel.

    Parameters
    ----------
    load : float
        alpha = K/N^(p-1).
    kernel : Kernel
        g, with all that learning multiplies it by.
    energy : Energy, optional
        What a condensed pattern adds; not needed in the glass.
    pinned : bool
        q0 = 0, not 1 - T C - delta with its rounding.
    """

    load: float
    kernel: Kernel
    energy: Energy | None = None
    pinned: bool = False

    def _overlaps(self, delta: float, c: float, t: float) -> tuple[float, float]:
        q1 = 1.0 - t * c
        return q1, 0.0 if self.pinned else max(q1 - delta, 0.0)

    def signal(self, m: float) -> float:
        """F'(m)."""
        return 0.0 if self.energy is None else self.energy.slope(m)

    def signal_energy(self, m: float) -> float:
        """The excess m F'(m) - F(m)."""
        return 0.0 if self.energy is None else m * self.energy.slope(m) - self.energy.condensed(m)

    def variances(self, delta: float, c: float, w: float, t: float) -> tuple[float, float]:
        """Variances alpha g'(q0) and alpha (g'(q1) - g'(q0)); NaN unless q1 > 0."""
        q1, q0 = self._overlaps(delta, c, t)
        if not q1 > 0.0:
            return math.nan, math.nan
        return self.load * self.kernel.slope(q0), self.load * delta * self.kernel.slope_rise(q1, q0)

    def free_energy(self, delta: float, c: float, w: float, t: float) -> float:
        """The term of the module's docstring."""
        q1, q0 = self._overlaps(delta, c, t)
        inner = t * c * c * self.kernel.bend(q1, 1.0)
        return 0.5 * self.load * (w * delta * self.kernel.energy_rise(q1, q0) - inner)

    def complexity(self, delta: float, c: float, w: float, t: float) -> float:
        """-alpha w^2 [T C (r1 - r0) + g(q1) - g(q0) - delta r0]."""
        q1, q0 = self._overlaps(delta, c, t)
        rise = t * c * self.kernel.slope_rise(q1, q0) + delta * self.kernel.bend(q0, q1)
        return -self.load * w * w * delta * rise

    def entropy(self, delta: float, c: float, w: float, t: float) -> float:
        """-(alpha/2) C^2 (g(1) - g(q1) - (1 - q1) r1)/(1 - q1)^2."""
        q1 = 1.0 - t * c
        return -0.5 * self.load * c * c * self.kernel.bend(q1, 1.0)


def kernel_of(model: Dense) -> Kernel:
    """The noise kernel of a dense network of degree 3 or more, learning included."""
    from .dense_noise import noise_of

    return Kernel(noise_of(model).g)


def covered(model: Dense) -> None:
    """Refuse what the theory of kernels does not hold for."""
    from ...hopfield.dense import Dense

    if not isinstance(model, Dense):
        raise TypeError(f"model must be a Dense model, got {model!r}")
    if model.p is None or model.p < 3:
        raise ValueError(
            f"model must have p >= 3 (with p = 2 patterns are not weak), got {model!r}"
        )
    if any(model.field):
        raise ValueError(f"model must have no field, got {model!r}")
    if model.exponent is not None:
        raise ValueError(f"model must have the exponent p - 1 of high load, got {model!r}")
