r"""Replica-symmetric equations of dense models, in coordinates in which they are explicit.

In the gauge of the condensed archetype a spin has the field a = S(n) y + h + b z, with y what the
condensed pattern adds to it (1 for a stored pattern, etabar/sqrt(R) for learned examples, the sum
of the entries for a mixture), S = F' the slope of the condensed energy, z normal and
b^2 = alpha V(q, C) (`dense_noise`). The saddle-point equations are

    n = E y tanh(beta a)/n_mixed,   q = E tanh^2(beta a),   C = beta (1 - q),

and m = E tanh(beta a) is the overlap with the archetype. For patterns of +-1 entries y h and h
are one, so u = S(n) + h multiplies y in storing. Measured in units of u,

    sigma = b/u,   tau = T/u,

the averages n, m, q and c = u C depend on (sigma, tau) alone, and everything else follows without
solving anything: u = S(n) + h, T = tau u, sqrt(alpha) = sigma u/sqrt(V(q, c/u)). States are the
sheets of this map to (sqrt(alpha), T), spinodals its folds.

Free energy per spin, f = nu [n S(n) - F(n)] + alpha phi - T E ln 2cosh(beta a), nu the number
of condensed patterns; S(m) = m^(p-1)/(p-1)! and F = m^p/p! give Gardner, J. Phys. A 20 (1987)
3453 and arXiv 2212.00606 (there with beta' = 2 beta/p!).

The Gaussian law y = (1 + sqrt(rho) zeta)/sqrt(1 + rho) adds the variance v = rho/(1 + rho) to
sigma^2, and by Stein's lemma n = m/sqrt(1 + rho) + v c.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numba import njit

from ..gaussian import moments
from .dense_noise import PairNoise, WeakNoise

# Places in the output of `word_sums`; _S and _T are derivatives by sigma and tau.
N, N_S, N_T, MEAN, Q, C, C_S, C_T, C4, LC, ENTROPY, SPLIT = range(12)


@njit(cache=True, error_model="numpy")
def word_sums(values, weights, split, parts, v, shift, sigma, tau):
    """Averages over words y and noise of the field y + shift + sqrt(sigma^2 + v) z.

    Past T = 0 (tau < 0) all is continued analytically. Cost: one `moments` (1 to 3 us) per word.
    """
    out = np.zeros(12)
    width = math.sqrt(sigma * sigma + v)
    flip = 1.0 if tau >= 0.0 else -1.0
    caa = c_t = 0.0
    for i in range(values.size):
        y, w = values[i], weights[i]
        g = moments(y + shift, width, tau)
        out[N] += w * y * g[0]
        out[MEAN] += w * g[0]
        out[Q] += w * (g[1] if tau >= 0.0 else 1.0 - tau * g[2])
        out[C] += w * g[2]
        out[N_S] += w * y * g[3]
        out[C4] += w * g[5]
        out[LC] += w * g[6]
        out[ENTROPY] += w * g[7]
        out[N_T] += w * y * g[8]
        out[SPLIT] += w * split[i] * g[2]
        caa += w * g[4]
        c_t += w * g[9]
    out[C_S] = sigma * caa
    out[C_T] = flip * c_t
    out[N_S] *= sigma
    out[N_T] *= flip
    if v > 0.0:
        out[N] += v * out[C]
        out[N_S] += v * out[C_S]
        out[N_T] += v * out[C_T]
    out[N] /= parts
    out[N_S] /= parts
    out[N_T] /= parts
    return out


@dataclass(frozen=True, eq=False)
class Case:
    """What the equations need of a model and a condensed state.

    Parameters
    ----------
    values, weights, split : ndarray, shape (n_words,)
        Words y, their probabilities, and the weight of a word for breaking the symmetry among
        the condensed patterns (or examples); ``split_parts`` divides it.
    parts : int
        Condensed patterns.
    v : float
        Variance of the Gaussian part of y.
    field : float
        External field h, in units of which u counts (storing only).
    condensed, slope, curvature : callable
        F, S = F' and S'.
    noise : WeakNoise or PairNoise
        Noise of the uncondensed patterns.
    has_split : bool
        Whether ``split`` means something.
    """

    values: np.ndarray
    weights: np.ndarray
    split: np.ndarray
    parts: int
    v: float
    field: float
    condensed: Callable[[float], float]
    slope: Callable[[float], float]
    curvature: Callable[[float], float]
    noise: WeakNoise | PairNoise
    has_split: bool

    @property
    def has_idle(self) -> bool:
        """Whether some spins have no field of the condensed pattern."""
        return bool(np.any(np.abs(self.values) < 1e-12)) and self.v == 0.0

    @property
    def reach(self) -> float:
        """The scale of the noise at T = 0 and C = 0, sqrt(V)."""
        return math.sqrt(self.noise.variance(1.0, 0.0))


@dataclass(frozen=True, eq=False)
class Point:
    """The map at (sigma, tau).

    ``root`` is sqrt(alpha), ``t`` is T; _s and _t are their derivatives.
    """

    sigma: float
    tau: float
    u: float
    root: float
    root_s: float
    root_t: float
    t: float
    t_s: float
    t_t: float
    n: float
    c: float
    q: float
    slope: float
    scaled: float
    scaled_s: float
    scaled_t: float
    sums: np.ndarray

    @property
    def determinant(self) -> float:
        """That of the map, zero on folds, in units in which it is of order 1."""
        return self.root_s * self.t_t - self.root_t * self.t_s


def at(case: Case, sigma: float, tau: float) -> Point:
    """The map at a point; ``scaled`` is sqrt(alpha)/u times sqrt(V(1, 0)).

    Numbers that are none are nan (where the variance of the noise would be infinite).
    """
    sums = word_sums(
        case.values, case.weights, case.split, case.parts, case.v, 0.0, sigma, tau
    )  # fmt: skip
    n, small_c = float(sums[N]), float(sums[C])
    u = case.slope(n) + case.field
    slope = case.curvature(n)
    u_s, u_t = slope * float(sums[N_S]), slope * float(sums[N_T])
    q = float(sums[Q])
    c_s, c_t = float(sums[C_S]), float(sums[C_T])
    q_s, q_t = -tau * c_s, -small_c - tau * c_t
    if u == 0.0:
        u = math.nan
    c = small_c / u
    a, a_q, a_c = case.noise.inverse_root(q, c)
    with np.errstate(over="ignore", invalid="ignore"):  # C of idle spins at T below 1e-100
        a_s = a_q * q_s
        a_t = a_q * q_t
        if a_c != 0.0:
            a_s += a_c * (c_s - c * u_s) / u
            a_t += a_c * (c_t - c * u_t) / u
    scale = case.reach
    return Point(
        sigma, tau, u,
        sigma * u * a if sigma != 0.0 else 0.0,
        u * a + sigma * (u_s * a + u * a_s),
        sigma * (u_t * a + u * a_t),
        tau * u, tau * u_s, u + tau * u_t,
        n, c, q, slope,
        sigma * a * scale, (a + sigma * a_s) * scale, sigma * a_t * scale,
        sums,
    )  # fmt: skip


def numbers(case: Case, point: Point, temperature: float, load: float) -> dict:
    """Free energy, entropy and eigenvalues at a point of the map."""
    sums, u, n, q, c = point.sums, point.u, point.n, point.q, point.c
    b = float(point.sigma * u)
    noise = case.noise
    f = case.parts * (n * case.slope(n) - case.condensed(n)) - u * float(sums[LC])
    entropy = float(sums[ENTROPY])
    longitudinal, jump = _stiffness(case, point, load)
    stability = {"longitudinal": longitudinal}
    if load > 0.0:
        stability["noise"] = jump
        f += load * noise.free_energy(q, c, temperature)
        entropy += load * noise.entropy(q, c)
        stability["replicon"] = float(temperature - load * noise.by_q(q, c) * sums[C4] / u)
    if case.has_split:
        stability["symmetry"] = float(1.0 - point.slope * sums[SPLIT] / u)
    if noise.gap_values:
        stability["uncondensed"] = 1.0 - max(noise.gap_values) * c
    return {
        "free_energy": float(f),
        "entropy": entropy,
        "b": b,
        "r": noise.variance(q, c),
        "stability": stability,
    }


def _stiffness(case: Case, point: Point, load: float) -> tuple[float, float]:
    """(longitudinal, noise): 1 - S'(n) dn/du at constant T and alpha, and 1 - d ln b'/d ln b.

    The first has q and C follow; it is the curvature of f in the condensed overlap over S' and
    the number of patterns. The second, with b' = sqrt(alpha V) of the averages at b and u fixed,
    vanishes where the noise jumps; where it is negative the solution is none of a stable state.
    At constant b and T, n, c and q are functions of (b/u, T/u).
    """
    sums, u, sigma, tau = point.sums, point.u, point.sigma, point.tau
    n_u = -(sigma * float(sums[N_S]) + tau * float(sums[N_T])) / u
    if load == 0.0 or sigma == 0.0:
        return float(1.0 - point.slope * n_u), 1.0
    c, c_s, c_t = float(sums[C]), float(sums[C_S]), float(sums[C_T])
    big_c_u = -(c + sigma * c_s + tau * c_t) / (u * u)
    big_c_b = c_s / (u * u)
    temperature = tau * u  # q = 1 - T C
    a, a_q, a_c = case.noise.inverse_root(point.q, point.c)
    # sqrt(alpha) = b A(q, C) stays: 0 = A db + b (A_q dq + A_c dC).
    pull = sigma * u * (a_c - temperature * a_q) / a
    noise = 1.0 + pull * big_c_b
    total = n_u - float(sums[N_S]) / u * pull * big_c_u / noise
    return float(1.0 - point.slope * total), float(noise)


def is_stable(case: Case, point: Point) -> bool:
    """Whether a solution at load > 0 is stable in its overlap and its noise."""
    return all(value > 0.0 for value in _stiffness(case, point, 1.0))
