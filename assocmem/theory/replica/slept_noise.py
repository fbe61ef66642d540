r"""What the patterns that are not recalled do to a spin, under the dreaming rule.

The couplings of the dreaming rule have the eigenvalues (1 + t) lam/(1 + t lam), lam being those of
the Hebbian matrix (Marchenko-Pastur law). Write eps = t/(1 + t): 0 is Hebb's rule, 1 projection.
All that the theory needs of the noise follows from one number r(C) >= 0, where
C = beta (1 - q):

$$ C = (1+\epsilon r)\Big[1-\alpha\epsilon+\epsilon(1-\epsilon)r-\frac{\alpha}{r}\Big],
   \qquad \kappa=\frac{r}{1+\epsilon r},\quad \kappa'=\frac{1}{(1+\epsilon r)^2 C'(r)},
   \qquad \chi=\frac{1}{(1+\epsilon r)(1+\epsilon(1-\epsilon)r)} . $$

kappa(C) is the R-transform of the couplings (diagonal included): the reaction of the network on a
spin; kappa(0) is the mean of J_ii. The noise of M = chi m on the field is kappa' times
q - m^2 (1 - psi), psi = ((1 - eps)(1 + eps r)/(1 + eps (1 - eps) r))^2. For eps = 0
r = alpha/(1 - C), chi = psi = 1, which is Amit, Gutfreund, Sompolinsky's theory; for eps = 1
psi = 0, and the noise vanishes where q = m^2, in particular with perfect recall at T = 0.
"""

from __future__ import annotations

import math
from typing import NamedTuple


class Noise(NamedTuple):
    """Functions of C at one load and dreaming time; names as in the module's docstring."""

    reaction: float
    """kappa."""
    gain: float
    """chi, field per overlap."""
    response: float
    """kappa' = d kappa/dC, variance of the field per q when m = 0."""
    kept: float
    """psi."""
    gain_c: float
    """d chi/dC."""
    response_c: float
    """d kappa'/dC."""
    kept_c: float
    """d psi/dC."""
    log_det: float
    """C kappa(C) - integral of kappa from 0 to C; minus twice the entropy it takes per spin."""


def spectrum_parameters(time: float) -> tuple[float, float]:
    """(eps, 1 - eps) of a dreaming time t in [0, inf], both to full relative precision."""
    if math.isinf(time):
        return 1.0, 0.0
    return time / (1.0 + time), 1.0 / (1.0 + time)


def noise(c: float, load: float, eps: float, delta: float) -> Noise | None:
    """The noise at C, or None where it is infinite.

    Parameters
    ----------
    c : float
        C >= 0.
    load : float
        alpha >= 0.
    eps, delta : float
        As from `spectrum_parameters`.

    Returns
    -------
    Noise or None
        None where r diverges: C >= 1 under Hebb's rule.

    Notes
    -----
    Cost: about 20 us. Precision: a few rounding errors of each number.
    """
    if eps == 1.0 and load >= 1.0:
        # The patterns span everything, J is the identity.
        return Noise(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    if load == 0.0:
        return Noise(0.0, 1.0, 0.0, delta * delta, 0.0, 0.0, 0.0, 0.0)
    x = _root(c, load, eps, delta)
    if math.isinf(x):
        return None
    zero = _root(0.0, load, eps, delta)
    r, r0 = load * x, load * zero
    up, low = 1.0 + eps * r, 1.0 + eps * delta * r
    # load C'(r) and load^2 C''(r); in x = r/load they stay finite as load -> 0.
    slope = 1.0 / (x * x) + load * _growth(x, load, eps, delta)
    bend = -2.0 / x**3 + 2.0 * load * load * eps * eps * delta
    gain = 1.0 / (up * low)
    response = load / (up * up * slope)
    kept = (delta * up / low) ** 2
    r_c = load / slope
    log_det = load * math.log(zero / x) + math.log(up / (1.0 + eps * r0)) + delta * (r - r0)
    return Noise(
        reaction=r / up,
        gain=gain,
        response=response,
        kept=kept,
        gain_c=-gain * eps * (1.0 / up + delta / low) * r_c,
        response_c=-response * (2.0 * eps / up * r_c + bend / (slope * slope)),
        kept_c=2.0 * kept * eps * (1.0 / up - delta / low) * r_c,
        log_det=log_det,
    )


def _growth(x: float, load: float, eps: float, delta: float) -> float:
    """C'(r) - alpha/r^2 at r = load x."""
    r = load * x
    return eps * delta + eps * (1.0 - load * eps) + 2.0 * eps * eps * delta * r


def _c_of(x: float, load: float, eps: float, delta: float) -> float:
    """C(r) at r = load x."""
    r = load * x
    return (1.0 + eps * r) * (1.0 - load * eps + eps * delta * r - 1.0 / x)


def _root(c: float, load: float, eps: float, delta: float) -> float:
    """The x = r/load > 0 on the branch through C = 0 with C(r) = c; inf if there is none."""
    if eps == 0.0:
        return 1.0 / (1.0 - c) if c < 1.0 else math.inf
    # C = 0 is a quadratic for r. Beyond its root both factors of C(r) grow, so r(C) is unique.
    half = 0.5 * (1.0 - load * eps)
    other = math.sqrt(half * half + load * eps * delta)
    x = 1.0 / (half + other) if half >= 0.0 else (other - half) / (load * eps * delta)
    if c == 0.0:
        return x
    # C(r) is concave up to its inflexion and convex beyond it, so Newton steps are monotonic on
    # either side, but for a first one that may overshoot from the inflexion.
    cubic = load * load * eps * eps * delta
    inflexion = cubic ** (-1.0 / 3.0) if cubic > 0.0 else math.inf
    if x < inflexion < math.inf and _c_of(inflexion, load, eps, delta) < c:
        x = inflexion
    for _ in range(200):
        slope = 1.0 / (x * x) + load * _growth(x, load, eps, delta)
        step = (c - _c_of(x, load, eps, delta)) / slope
        x += step
        if abs(step) <= 4e-16 * x:
            break
    return x
