"""How much of a cue random patterns cover together: the exact law of dendritic sums.

An output that belongs to none of the recalled pattern has synapses from the union of the inputs of
the patterns it does belong to. Each of M other patterns is one of these with probability q, and
then covers a uniform a-subset of n inputs. Of z cue bits, k covered already, it covers j more with
the hypergeometric probability of j among the z - k that are left, so that k is a Markov chain of
z + 1 states and the law after M patterns the first row of ((1 - q) I + q T)^M.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

_LN2 = math.log(2.0)
_NONE = -(2**40)  # exponent of a zero


@dataclass(frozen=True, eq=False)
class ScaledLaw:
    """Probabilities of 0..z as mantissa times 2^exponent: sums of positive terms at any depth."""

    mantissa: np.ndarray
    exponent: np.ndarray

    @property
    def probabilities(self) -> np.ndarray:
        """As doubles; 0 where they underflow."""
        return np.ldexp(self.mantissa, np.maximum(self.exponent, -1100))

    def log_at_least(self, threshold: int) -> float:
        """Natural logarithm of P(k >= threshold)."""
        return _log_sum(self.mantissa[max(threshold, 0) :], self.exponent[max(threshold, 0) :])

    def log_below(self, threshold: int) -> float:
        """Natural logarithm of P(k < threshold)."""
        return _log_sum(self.mantissa[: max(threshold, 0)], self.exponent[: max(threshold, 0)])


def cover_law(n: int, a: int, share: tuple[int, int], z: int, patterns: int) -> ScaledLaw:
    """Law of how many of ``z`` given inputs are covered.

    Parameters
    ----------
    n, a : int
        Inputs, and those of a pattern: integers of any size, 0 <= a <= n.
    share : tuple of int
        Numerator and denominator of q, the probability that a pattern counts.
    z : int
        0 <= z <= n.
    patterns : int
        M >= 0.

    Returns
    -------
    ScaledLaw
        Of 0..z, right to about 4 z log2(M) units of rounding, relative, however small.

    Notes
    -----
    The power is taken by squaring. Off the diagonal only products and sums of positive numbers
    occur, and the diagonal, where 1 - tiny would lose digits M times over, is kept as its exact
    logarithm. Cost z^3 log2(M), shared by all M; z^2 log2(M) for each.
    """
    squares = _squares(n, a, *share, z)
    mantissa, exponent = np.zeros(z + 1), np.full(z + 1, _NONE)
    mantissa[0], exponent[0] = 0.5, 1
    for k in range(patterns.bit_length()):
        if len(squares) <= k:
            squares.append(_square(*squares[-1]))
        if (patterns >> k) & 1:
            m, e, _ = squares[k]
            mantissa, exponent = _row_times(mantissa, exponent, m, e)
    return ScaledLaw(mantissa, exponent)


@lru_cache(maxsize=64)
def _squares(n: int, a: int, top: int, bottom: int, z: int) -> list[tuple[np.ndarray, ...]]:
    """The first of a list of powers 2^k of one pattern's matrix, which the caller lengthens."""
    mantissa, exponent = np.zeros((z + 1, z + 1)), np.full((z + 1, z + 1), _NONE)
    rates = np.zeros(z + 1)  # -ln of the diagonal
    q = top / bottom
    for left in range(z + 1):
        row = z - left
        for j, (m, e) in _new_bits(n, a, left).items():
            if j:
                mantissa[row, row + j], exponent[row, row + j] = _scaled(m * q, e)
        rates[row] = _rate(n, a, q, top == bottom, left)
    _set_diagonal(mantissa, exponent, rates)
    return [(mantissa, exponent, rates)]


def _rate(n: int, a: int, q: float, certain: bool, left: int) -> float:
    """-ln(1 - q P(a pattern covers any of ``left`` inputs))."""
    if left > n - a:  # it covers some for certain
        return math.inf if certain else -math.log1p(-q)
    none = sum(math.log1p(-a / (n - i)) for i in range(left))
    if certain:
        return -none
    return -math.log1p(q * math.expm1(none))


def _new_bits(n: int, a: int, left: int) -> dict[int, tuple[float, int]]:
    """P(j of ``left`` inputs are among a of n), scaled, by j: product form, then term ratios."""
    low, high = max(0, a + left - n), min(left, a)
    m, e = 0.5, 1
    for i in range(low):  # the chosen ones, then those left out
        m, e = _scaled(m * ((left - i) / (i + 1)) * ((a - i) / (n - i)), e)
    for i in range(left - low):
        m, e = _scaled(m * ((n - a - i) / (n - low - i)), e)
    found = {low: (m, e)}
    for j in range(low, high):
        ratio = (left - j) / (j + 1) * ((a - j) / (n - left - a + j + 1))
        m, e = _scaled(m * ratio, e)
        found[j + 1] = m, e
    return found


def _scaled(value: float, exponent: int) -> tuple[float, int]:
    m, e = math.frexp(value)
    return m, (e + exponent if m else _NONE)


def _set_diagonal(mantissa: np.ndarray, exponent: np.ndarray, rates: np.ndarray) -> None:
    """exp(-rates), beyond the range of doubles too."""
    at = np.arange(len(rates))
    shown = np.isfinite(rates) & (rates < 1e12)
    rates = np.where(shown, rates, 0.0)
    whole = np.ceil(rates / _LN2)
    m, e = np.frexp(np.exp(whole * _LN2 - rates))
    mantissa[at, at] = np.where(shown, m, 0.0)
    exponent[at, at] = np.where(shown, e - whole.astype(np.int64), _NONE)


def _square(
    mantissa: np.ndarray, exponent: np.ndarray, rates: np.ndarray
) -> tuple[np.ndarray, ...]:
    m, e = np.zeros_like(mantissa), np.full_like(exponent, _NONE)
    for i in range(len(rates)):  # upper triangular
        m[i, i:], e[i, i:] = _row_times(
            mantissa[i, i:], exponent[i, i:], mantissa[i:, i:], exponent[i:, i:]
        )
    with np.errstate(over="ignore"):  # an infinite rate is a probability of 0, as it should be
        rates = 2.0 * rates
    _set_diagonal(m, e, rates)
    return m, e, rates


def _row_times(
    m: np.ndarray, e: np.ndarray, matrix_m: np.ndarray, matrix_e: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """A row times a matrix, scaled."""
    products = m[:, None] * matrix_m
    exponents = np.where(products > 0.0, e[:, None] + matrix_e, _NONE)
    top = exponents.max(axis=0)
    terms = np.ldexp(products, np.maximum(exponents - top, -1100))
    found, shift = np.frexp(terms.sum(axis=0))
    return found, np.where(found > 0.0, top + shift, _NONE)


def _log_sum(m: np.ndarray, e: np.ndarray) -> float:
    """Natural logarithm of a sum of scaled numbers."""
    if not np.any(m):
        return -math.inf
    top = int(e[m > 0.0].max())
    total = float(np.ldexp(m, np.maximum(e - top, -1100)).sum())
    return min(math.log(total) + top * _LN2, 0.0)
