r"""The one-step broken (1RSB) functional of a model, its equations, what follows from a solution.

Order parameters m, q1 (overlap of replicas in one block), q0 (in different blocks) and theta in
(0, 1], the size of a block. The free energy

$$ f=E_s(m)+F_p(\delta,C,w,T)
   -\frac1w\,\mathbb E_{z_0}\ln\mathbb E_{z_1}\Big(2\cosh\frac xT\Big)^{\theta},\qquad
   x=a(m)+\sqrt{v_0}z_0+\sqrt{v_1}z_1 $$

is stationary in all of them, and largest over theta, with delta = q1 - q0,
C = (1 - q1)/T and w = theta/T, which stay finite as T -> 0. E_s and a are the energy and the field
of the signal, F_p is the term of the patterns that are not recalled, v0 and v1 are the variances
of their noise: `rsb_patterns`. The averages are those of `rsb_averages`. The equations are

    m = E<tanh>,   delta = E<tanh^2> - E<tanh>^2,   C = E<sech^2>/T,
    E[2 (ln Z - w <L>)] + w^2 v1 + (complexity of the patterns) = 0,

the last one being 2 w^2 df/dw = 0, twice the complexity. In the glass m = 0.

References
----------
Crisanti, Amit, Gutfreund, Europhys. Lett. 2 (1986) 337; Steffan, Kuehn, Z. Phys. B 95 (1994) 249;
Parisi, J. Phys. A 13 (1980) L115 for the scheme. Derived anew in our normalisation.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from .rsb_averages import NestedAverages, nested
from .rsb_patterns import PatternTerm


@dataclasses.dataclass(frozen=True)
class Breaking:
    """The 1RSB functional at one point (m, delta, C, w) and temperature.

    Parameters
    ----------
    term : PatternTerm
        Signal and noise of the model.
    temperature : float
        T >= 0.
    glass : bool
        Whether m = 0. q0 is free; where g'(0) = 0 it comes out as 0.
    """

    term: PatternTerm
    temperature: float
    glass: bool = False

    def averages(self, m: float, delta: float, c: float, w: float) -> NestedAverages | None:
        """The nested averages, or None outside the domain."""
        t = self.temperature
        if not (c > 0.0 and delta > 0.0 and w * t <= 1.2 and delta + t * c < 1.2):
            return None
        v0, v1 = self.term.variances(delta, c, w, t)
        if not (math.isfinite(v0) and math.isfinite(v1) and v1 > 0.0):
            return None
        out = NestedAverages(*nested(self.term.signal(m), v0, v1, w, t))
        return out if math.isfinite(out.log_z) else None

    def residual(self, y: np.ndarray) -> np.ndarray:
        """The equations at y = (m, ln delta, ln C, ln w), relative; without m for the glass."""
        m = 0.0 if self.glass else float(y[0])
        logs = y if self.glass else y[1:]
        lost = np.full(len(y), np.nan)
        if not np.max(np.abs(logs)) < 330.0:
            return lost
        t = self.temperature
        delta, c, w = (math.exp(value) for value in logs)
        out = self.averages(m, delta, c, w)
        if out is None or not out.c > 0.0:
            return lost
        spread = out.spread - t * out.c
        if not spread > 0.0:
            return lost
        v1 = self.term.variances(delta, c, w, t)[1]
        equations = [
            math.log(spread / delta),
            math.log(out.c / c),
            (out.gap + self.term.complexity(delta, c, w, t)) / (w * w * v1 * delta),
        ]
        return np.array(equations if self.glass else [out.tanh - m, *equations])

    def numbers(self, y: np.ndarray) -> dict[str, float]:
        """Order parameters and thermodynamic functions at a solution y, as for `residual`."""
        t = self.temperature
        m = 0.0 if self.glass else float(y[0])
        delta, c, w = (math.exp(value) for value in (y if self.glass else y[1:]))
        out = self.averages(m, delta, c, w)
        if out is None:
            raise ValueError(f"y must be within the domain, got {y!r}")
        free = self.term.signal_energy(m) + self.term.free_energy(delta, c, w, t) - out.log_z
        entropy = out.entropy + self.term.entropy(delta, c, w, t)
        q1 = 1.0 - t * c
        return {
            "q0": q1 - delta,
            "q1": q1,
            "spread": delta,
            "theta": w * t,
            "w": w,
            "C": c,
            "free_energy": free,
            "energy": free + t * entropy,
            "entropy": entropy,
        }
