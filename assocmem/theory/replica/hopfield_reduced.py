r"""Replica-symmetric Hopfield model in coordinates where the order parameters are explicit.

n condensed patterns share one overlap m and one external field h; S is the sum of the n
standardised entries at a site and the field on a spin is u S + b z, with u = m + h and
b = sqrt(alpha r). Measured in units of u, with

    sigma = b/u,   tau = T/u,

the averages m = E S tanh((S + sigma z)/tau)/n, c = (1/tau) E sech^2 = u C and q depend on
(sigma, tau) alone, and then everything else follows without solving anything:

    u = m + h,   T = tau u,   1 - C = (u - c)/u,   sqrt(alpha) = sigma (u - c)/sqrt(q),

the last from b^2 = alpha r = alpha q/(1 - C)^2. States are the sheets of the map
(sigma, tau) -> (sqrt(alpha), T), spinodals its folds. Axes go to axes: T = 0 is tau = 0 and
alpha = 0 is sigma = 0. The other unknown of the glass (m = 0) is tau_g = T/b: with
c_g = (1/tau_g) E sech^2(z/tau_g), b = c_g + sqrt(alpha q) and T = tau_g b.

Free energy per spin, self-interactions left out (they would shift it by -alpha/2):

    f = alpha/2 + n m^2/2 + (alpha T/2) ln(1 - C) - alpha q/(2 (1 - C)) + b^2 C/2
        - T E ln 2cosh((u S + b z)/T),

Amit, Gutfreund, Sompolinsky, Ann. Phys. 173 (1987) 30, in the variables above;
q = 1 - T C throughout.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from ..gaussian import moments
from ..laws import Law, merged


@dataclass(frozen=True, eq=False)
class Condensate:
    """Law of the sum S of the entries of n equivalent condensed patterns.

    Parameters
    ----------
    values, weights : ndarray, shape (n_words,)
        |S| and its probabilities; all averages needed are even in S.
    split : ndarray, shape (n_words,)
        E[(eta_1 - eta_2)^2 | S]/2, the weight of a word for breaking the symmetry among the n.
    n : int
        Number of condensed patterns.
    field : float
        External field h on each of them.
    """

    values: np.ndarray
    weights: np.ndarray
    split: np.ndarray
    n: int
    field: float


def sums(law: Law, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values of S, the sum of ``n`` entries, their probabilities, and `Condensate.split`."""
    words = [(0.0, 0.0, 1.0)]  # S, the sum of the squares, probability
    for _ in range(n):
        longer: dict[tuple[float, float], list[float]] = {}
        for total, square, weight in words:
            for value, p in zip(*law, strict=True):
                new = float(total + value), float(square + value * value)
                entry = longer.setdefault((round(new[0], 9), round(new[1], 9)), [*new, 0.0])
                entry[2] += weight * float(p)
        words = list(longer.values())
    totals, squares, weights = np.array(words).T
    split = (n * squares - totals**2) / (n * (n - 1)) if n > 1 else np.zeros_like(totals)
    return totals, weights, split


def condensate(law: Law, n: int, field: float = 0.0) -> Condensate:
    """The condensate of ``n`` patterns whose entries have the given finite law."""
    totals, weights, split = sums(law, n)
    totals = np.abs(totals)
    values, folded = merged(totals, weights)
    index = np.array([int(np.argmin(np.abs(values - total))) for total in totals])
    mean_split = np.bincount(index, weights * split, len(values)) / folded
    return Condensate(values, folded, mean_split, n, float(field))


# Places in the output of `reduced`.
(
    ROOT_LOAD, T, RL_S, RL_T, T_S, T_T, M, U, B, Q, C, GAP, F, ENTROPY, REPLICON, SYMMETRY,
    LONGITUDINAL, DET,
) = range(18)  # fmt: skip


@njit(cache=True, error_model="numpy")
def reduced(values, weights, split, n, h, sigma, tau):
    """Everything at (sigma, tau), see the module and the names of places above.

    ROOT_LOAD is sqrt(alpha); both axes may be crossed (sigma < 0 is sqrt(alpha) < 0, tau < 0 is
    T < 0). RL_S ... T_T are derivatives of it and of T, DET is their determinant. REPLICON is T
    times the eigenvalue of de Almeida and Thouless, T - alpha E sech^4/(T (1-C)^2); SYMMETRY that
    of breaking the equality of the n overlaps; LONGITUDINAL the curvature of f in their common
    value, d^2f/dm^2/n, with q and r eliminated: it vanishes where DET does.
    Cost: one call of `moments` (1 to 3 us) per word.
    """
    out = np.empty(18)
    m = m_s = m_t = c = c_s = c_t = q = c4 = broken = lc = s = m_a = c_a = c_aa = 0.0
    for i in range(values.size):
        x, p = values[i], weights[i]
        g = moments(x, sigma, tau)
        m += p * x * g[0]
        q += p * (g[1] if tau >= 0.0 else 1.0 - tau * g[2])
        c += p * g[2]
        m_s += p * x * g[3]
        c_a += p * x * g[3]
        c_aa += p * g[4]
        c4 += p * g[5]
        lc += p * g[6]
        s += p * g[7]
        m_t += p * x * g[8]
        c_t += p * g[9]
        m_a += p * x * x * g[2]
        broken += p * split[i] * g[2]
    # Past T = 0 all is continued analytically: m and c even in tau, q = 1 - tau c.
    flip = 1.0 if tau >= 0.0 else -1.0
    m /= n
    m_s *= sigma / n
    m_t *= flip / n
    m_a /= n
    c_s = sigma * c_aa
    c_t *= flip
    u = m + h
    w = u - c
    q_s = -tau * c_s
    q_t = -c - tau * c_t
    root_q = math.sqrt(q)
    root_load = sigma * w / root_q if sigma != 0.0 else 0.0
    temperature = tau * u
    out[ROOT_LOAD] = root_load
    out[T] = temperature
    out[RL_S] = (w + sigma * (m_s - c_s) - 0.5 * sigma * w * q_s / q) / root_q
    out[RL_T] = sigma * (m_t - c_t - 0.5 * w * q_t / q) / root_q
    out[T_S] = tau * m_s
    out[T_T] = u + tau * m_t
    out[DET] = out[RL_S] * out[T_T] - out[RL_T] * out[T_S]
    load = root_load * root_load
    b = sigma * u
    gap = w / u
    big_c = c / u
    log_gap = math.log1p(-big_c) if big_c < 0.5 else math.log(gap) if gap > 0.0 else np.nan
    out[M] = m
    out[U] = u
    out[B] = b
    out[Q] = q
    out[C] = big_c
    out[GAP] = gap
    if load == 0.0:
        out[F] = 0.5 * n * m * m - u * lc
        if b != 0.0:
            out[F] += 0.5 * b * b * big_c
        out[ENTROPY] = s
    else:
        out[F] = (
            0.5 * load
            + 0.5 * n * m * m
            + 0.5 * load * temperature * log_gap
            - 0.5 * b * root_load * root_q
            + 0.5 * b * b * big_c
            - u * lc
        )
        out[ENTROPY] = s - 0.5 * load * (log_gap + big_c / gap)
    out[REPLICON] = u * (tau - sigma * sigma * c4 / q)
    out[SYMMETRY] = 1.0 - broken / u
    # In units of u: residuals m - M(m, b) and b (1 - C) - sqrt(alpha q), derivatives by m and b.
    out[LONGITUDINAL] = 1.0 - m_a / u
    if sigma != 0.0:
        factor = -sigma + 0.5 * tau * sigma * w / q
        pull = 1.0 - c / u + (c_s / u) * factor
        out[LONGITUDINAL] += (m_s / u) * (c_a / u) * factor / pull
    return out


# Places in the output of `glass`.
G_B, G_T, G_Q, G_C, G_GAP, G_F, G_ENTROPY, G_REPLICON = range(8)


@njit(cache=True, error_model="numpy")
def glass(root_load, tau):
    """The spin-glass state (m = 0) at sqrt(alpha) > 0 and tau = T/b >= 0: b, T, q, C, ...

    T(tau) rises from 0 to 1 + sqrt(alpha). 1 - C = sqrt(alpha q)/b keeps its relative
    accuracy for any load. Cost: one call of `moments`.
    """
    out = np.empty(8)
    g = moments(0.0, 1.0, tau)
    root_q = math.sqrt(g[1])
    b = g[2] + root_load * root_q
    gap = root_load * root_q / b
    c = g[2] / b
    load = root_load * root_load
    temperature = tau * b
    log_gap = math.log(gap) if gap < 0.5 else math.log1p(-c)
    out[G_B] = b
    out[G_T] = temperature
    out[G_Q] = g[1]
    out[G_C] = c
    out[G_GAP] = gap
    out[G_F] = (
        0.5 * load
        + 0.5 * load * temperature * log_gap
        - 0.5 * b * root_load * root_q
        + 0.5 * b * b * c
        - b * g[6]
    )
    out[G_ENTROPY] = g[7] - 0.5 * load * (log_gap + c / gap)
    out[G_REPLICON] = b * (tau - g[5] / g[1])
    return out
