r"""What the patterns that are not recalled contribute to the 1RSB free energy.

Between the replicas of one block the overlap is q1 = 1 - T C, between blocks q0 = q1 - delta. A
pattern term is a function of (delta, C, w, T), all finite as T -> 0, with w = theta/T. Where the
noise has a kernel g, replicas a and b having a covariance of fields alpha g'(q_ab) (dense
networks), the term is

$$ -\frac\alpha2\Big[\frac{g(1)-g(q_1)}{T}+w\,(g(q_1)-g(q_0))\Big]
   +\frac\alpha2\big[r_1C+w\,(r_1q_1-r_0q_0)\big],\qquad r_i=g'(q_i), $$

which any class with the methods of `PatternTerm` can say to `assocmem.theory.replica.rsb`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol


class PatternTerm(Protocol):
    """Signal and noise of a model, as functions of (delta, C, w, T).

    A value that is not finite marks a point outside the domain.
    """

    def signal(self, m: float) -> float:
        """Mean field on a spin, in the gauge of the recalled pattern."""

    def signal_energy(self, m: float) -> float:
        """What the recalled pattern adds to f besides its field; its derivative is m signal'."""

    def variances(self, delta: float, c: float, w: float, t: float) -> tuple[float, float]:
        """Variances alpha r0 and alpha (r1 - r0) of the noise."""

    def free_energy(self, delta: float, c: float, w: float, t: float) -> float:
        """Their part of f."""

    def complexity(self, delta: float, c: float, w: float, t: float) -> float:
        """2 w^2 times d(free_energy)/dw at fixed r0, r1, less w^2 times the inner variance."""

    def entropy(self, delta: float, c: float, w: float, t: float) -> float:
        """Minus d(free_energy)/dT at fixed delta, C and w."""


@dataclass(frozen=True)
class HebbPatterns:
    r"""Hebb's rule for unbiased patterns at high load.

    The overlaps sqrt(N) m_mu are Gaussian and interact through the spins, so that the term is
    (alpha T/2) Tr ln(1 - beta Q) over the matrix Q of overlaps. Its eigenvalues are
    D1 = 1 - C, D0 = D1 - w delta and, once, D0 - n beta q0 with n -> 0 replicas:

    $$ \frac\alpha2\Big[1+T\ln D_1+\frac1w\ln\frac{D_0}{D_1}-\frac{q_0}{D_0}
       +r_1C+w(r_1q_1-r_0q_0)\Big],\quad
       r_0=\frac{q_0}{D_0^2},\quad r_1-r_0=\frac{\delta}{D_1D_0} . $$

    The 1 is that of the excluded self-terms. For delta = 0 this is the replica-symmetric theory.

    References
    ----------
    Crisanti, Amit, Gutfreund, Europhys. Lett. 2 (1986) 337; Steffan, Kuehn, Z. Phys. B 95
    (1994) 249; derived anew in the normalisation of `assocmem.Hopfield`.
    """

    load: float

    def signal(self, m: float) -> float:
        """The overlap itself."""
        return m

    def signal_energy(self, m: float) -> float:
        """m^2/2."""
        return 0.5 * m * m

    def variances(self, delta: float, c: float, w: float, t: float) -> tuple[float, float]:
        """Variances alpha r0 and alpha (r1 - r0); NaN unless D0 > 0."""
        d1 = 1.0 - c
        d0 = d1 - w * delta
        if not (d0 > 0.0 and d1 > 0.0):
            return math.nan, math.nan
        q0 = max(1.0 - t * c - delta, 0.0)
        return self.load * q0 / (d0 * d0), self.load * delta / (d1 * d0)

    def free_energy(self, delta: float, c: float, w: float, t: float) -> float:
        """The term of the class's docstring."""
        d1 = 1.0 - c
        d0 = d1 - w * delta
        q1 = 1.0 - t * c
        log_ratio = math.log1p(-w * delta / d1) / w if w > 0.0 else -delta / d1
        outer = (q1 - delta) * (1.0 - 2.0 * d0) / (d0 * d0)
        inner = delta * (c + w * q1) / (d1 * d0)
        return 0.5 * self.load * (1.0 + t * math.log(d1) + log_ratio + outer + inner)

    def complexity(self, delta: float, c: float, w: float, t: float) -> float:
        """-w^2 alpha (r1 - r0) T C - alpha [ln(1 - x) + x/(1 - x)], x = w delta/D1."""
        d1 = 1.0 - c
        x = w * delta / d1
        if x < 0.03:
            # sum of x^k (k - 1)/k from k = 2
            bend = 0.0
            for k in range(14, 1, -1):
                bend = bend * x + (k - 1.0) / k
            bend *= x * x
        else:
            bend = math.log1p(-x) + x / (1.0 - x)
        inner = self.load * delta / (d1 * (d1 - w * delta))
        return -w * w * inner * t * c - self.load * bend

    def entropy(self, delta: float, c: float, w: float, t: float) -> float:
        """-(alpha/2) [ln D1 + C/D1], as without symmetry breaking."""
        return -0.5 * self.load * (math.log1p(-c) + c / (1.0 - c))
