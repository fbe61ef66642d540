"""How many outputs are spurious at once: exact mean and variance, and a law that has both.

Two outputs that should be silent are not independent: the same stored inputs overlap the cue of
both, and a stored pattern that holds them both lends both the same synapses.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import mpmath
import numpy as np

MOST_BITS = 48  # of a cue: beyond, the sums over pairs of subsets become slow


@dataclass(frozen=True)
class Sizes:
    """Sizes that a pair of outputs depends on.

    Parameters
    ----------
    n_in, n_out, a_in, a_out : int
        As in `Willshaw`.
    auto : bool
        Patterns are associated with themselves; both outputs lie outside the cue.
    others : int
        Patterns stored besides the recalled one, M - 1.
    """

    n_in: int
    n_out: int
    a_in: int
    a_out: int
    auto: bool
    others: int


@lru_cache(maxsize=256)
def spurious_moments(sizes: Sizes, z: int, threshold: int) -> tuple[float, float, float]:
    """P(an output outside the pattern reaches the threshold), and that two given ones both do.

    Parameters
    ----------
    sizes : Sizes
    z : int
        Active cue bits.
    threshold : int
        From 1 to z.

    Returns
    -------
    one, both, correlation : float
        Correlation (both - one^2)/(one - one^2); 0 where ``one`` is 0 or 1.

    Notes
    -----
    By inclusion and exclusion over the sets A, B of cue bits that all patterns leave uncovered for
    one output and for the other. One pattern does so with probability

        1 - 2 q + q_2 + (q - q_2) (h(|A|) + h(|B|)) + q_2 g(|A u B|),

    q = P(it holds an output), q_2 = P(it holds both), h and g the probabilities that the inputs of
    a pattern that holds one of them, or both, avoid a set. Sums alternate, so that they are done
    with as many digits as their largest term asks for; z^3/6 terms.
    """
    missing = z - threshold
    digits = 40 + 2 * z
    while True:
        with mpmath.workdps(digits):
            one, known = _alternating(_single_terms(sizes, z, missing))
            both, known_too = _alternating(_pair_terms(sizes, z, missing))
            if known and known_too:
                spread = one - one * one
                rho = (both - one * one) / spread if spread > 0 else mpmath.mpf(0)
                return float(one), float(both), float(rho)
        digits *= 2


def _alternating(terms: Iterable[mpmath.mpf]) -> tuple[mpmath.mpf, bool]:
    """Sum of terms, and whether its first 18 digits are right.

    A sum that cannot be told from 0 within the range of doubles is 0.
    """
    total, largest = mpmath.mpf(0), mpmath.mpf(0)
    for term in terms:
        total += term
        largest = max(largest, abs(term))
    error = largest * mpmath.mpf(10) ** (6 - mpmath.mp.dps)
    if abs(total) < mpmath.mpf(10) ** -330 and error < mpmath.mpf(10) ** -330:
        return mpmath.mpf(0), True
    return total, error < abs(total) * mpmath.mpf(10) ** -18


def _sign(k: int, missing: int) -> int:
    """Weights w_k of C(N, k) whose sum says whether N <= missing."""
    if k == 0:
        return 1
    return (-1) ** (k + missing) * math.comb(k - 1, missing)


def _avoid(n: int, a: int, k: int) -> mpmath.mpf:
    """P(a uniform a-subset of n avoids k given ones)."""
    if a < 0 or n - k < a:
        return mpmath.mpf(0)
    return mpmath.mpf(math.comb(n - k, a)) / math.comb(n, a)


def _laws(sizes: Sizes, z: int):
    """q, q_2, and h and g at 0..z."""
    n, a = sizes.n_out, sizes.a_out
    q = mpmath.mpf(a) / n
    q_both = mpmath.mpf(a * (a - 1)) / (n * (n - 1))
    if sizes.auto:
        h = [_avoid(n - 2, a - 1, k) for k in range(z + 1)]
        g = [_avoid(n - 2, a - 2, k) for k in range(z + 1)]
        single = [_avoid(n - 1, a - 1, k) for k in range(z + 1)]
        return q, q_both, h, g, single
    h = [_avoid(sizes.n_in, sizes.a_in, k) for k in range(z + 1)]
    return q, q_both, h, h, h


def _single_terms(sizes: Sizes, z: int, missing: int):
    q, _, _, _, single = _laws(sizes, z)
    for k in range(z + 1):
        weight = _sign(k, missing) * math.comb(z, k)
        if weight:
            yield weight * (1 - q + q * single[k]) ** sizes.others


def _pair_terms(sizes: Sizes, z: int, missing: int):
    q, q_both, h, g, _ = _laws(sizes, z)
    for i in range(z + 1):
        for j in range(i, z + 1):
            weight = _sign(i, missing) * _sign(j, missing) * (2 if j > i else 1)
            if not weight:
                continue
            rest = 1 - 2 * q + q_both + (q - q_both) * (h[i] + h[j])
            for union in range(j, min(i + j, z) + 1):
                shared = i + j - union
                ways = math.comb(z, union) * math.comb(union, i) * math.comb(i, shared)
                yield weight * ways * (rest + q_both * g[union]) ** sizes.others


def number_law(count: int, probability: float, correlation: float) -> np.ndarray:
    """Beta-binomial probabilities of 0, 1, ... of ``count`` outputs, cut where 1e-18 is left.

    It has the mean and the variance of exchangeable outputs of the given ``probability`` and
    ``correlation``; binomial where that is not positive.
    """
    if probability <= 0.0 or count == 0:
        return np.ones(1)
    if probability >= 1.0:
        return np.eye(count + 1)[count]
    k = np.arange(count)
    with np.errstate(divide="ignore"):
        if correlation > 0.0:
            weight = (1.0 - correlation) / correlation
            alpha, beta = probability * weight, (1.0 - probability) * weight
            log_none = np.log1p(-alpha / (alpha + beta + k)).sum()
            steps = np.log((count - k) / (k + 1) * (alpha + k) / (beta + count - k - 1.0))
        else:
            log_none = count * math.log1p(-probability)
            steps = np.log((count - k) / (k + 1) * probability / (1.0 - probability))
    found = np.exp(log_none + np.concatenate([[0.0], np.cumsum(steps)]))
    above = np.flatnonzero(np.cumsum(found[::-1])[::-1] > 1e-18)
    return found[: above[-1] + 1]


def none_bracket(count: int, one: float, both: float) -> tuple[float, float]:
    """Bounds on the probability that none of ``count`` events happens, whatever their law.

    ``one`` and ``both`` are the mean probabilities of an event and of a pair. From S_1 = count one
    and S_2 = binom(count, 2) both: P(any) <= S_1 - 2 S_2/count, and P(any) >= 2 S_1/(k + 1) -
    2 S_2/(k (k + 1)) with k = 1 + floor(2 S_2/S_1) (Dawson and Sankoff, Proc. Am. Math. Soc. 18
    (1967) 504).
    """
    first, second = count * one, 0.5 * count * (count - 1) * both
    if first == 0.0:
        return 1.0, 1.0
    k = 1 + math.floor(2.0 * second / first)
    least = 2.0 * first / (k + 1) - 2.0 * second / (k * (k + 1))
    most = first - 2.0 * second / count
    return max(0.0, 1.0 - most), min(1.0, 1.0 - least)
