"""States of multitasking networks with groups of equal overlaps, in as many unknowns as groups.

K patterns in blocks of n_1, n_2, .. equal overlaps, the rest not condensed. With S_i the sum of
the entries of block i, in units of 1 - d (nu_i = (1 - d) x_i, T = (1 - d) t):

    F_i = x_i - E[S_i tanh(S.x/t)]/(n_i (1 - d)),
    f/(1 - d)^2 = sum n_i x_i^2/2 - t E ln 2cosh(S.x/t)/(1 - d).

Eigenvalues of the Hessian of f, beside those within the blocks:

- splitting of block i: 1 - E[(y_1^2 - y_1 y_2) sech^2]/((1 - d) t), y_1, y_2 entries of it;
- condensation of another pattern: 1 - E sech^2/t, as its entry is independent of the others.

Only the law of S and of the squares of entries given S enters, so blocks may be large.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..laws import Law

SIGNS: Law = (np.array([-1.0, 1.0]), np.array([0.5, 0.5]))


@dataclass(frozen=True, eq=False)
class Blocks:
    """The reduced system; made by `blocks`.

    Parameters
    ----------
    sizes : tuple of int
        n_i.
    sums : ndarray, shape (n_words, n_blocks)
        S of each word; of a word and its negative only one is kept.
    filled : ndarray, int64, shape (n_words,)
        Number of entries that are not blank.
    counts : ndarray, shape (n_words,)
        Probability of a word is counts d^(n - filled) (1 - d)^filled, n the sum of sizes.
    splitting : ndarray, shape (n_words, n_blocks)
        E[y_1^2 - y_1 y_2 | word] in each block, NaN for blocks of one.
    """

    sizes: tuple[int, ...]
    sums: np.ndarray
    filled: np.ndarray
    counts: np.ndarray
    splitting: np.ndarray

    def __len__(self) -> int:
        return len(self.sizes)

    @lru_cache(maxsize=512)  # noqa: B019 - systems are few and kept for good
    def weights(self, dilution: float) -> np.ndarray:
        """Probabilities of the words, shape (n_words,)."""
        blank = sum(self.sizes) - self.filled
        return self.counts * dilution**blank * (1.0 - dilution) ** self.filled

    def residual(self, x: np.ndarray, dilution: float, t: float) -> np.ndarray:
        """F, shape (n_blocks,). t = 0 is its limit where no word has S.x = 0 by chance."""
        weights = self.weights(dilution)
        mean = (weights * _tanh(self.sums @ x, t)) @ self.sums
        return x - mean / (np.array(self.sizes) * (1.0 - dilution))

    def jacobian(self, x: np.ndarray, dilution: float, t: float) -> np.ndarray:
        """dF_i/dx_j, shape (n_blocks, n_blocks)."""
        weights = self.weights(dilution) * _sech2(self.sums @ x, t)
        matrix = (self.sums * weights[:, None]).T @ self.sums
        scale = np.array(self.sizes)[:, None] * (1.0 - dilution) * t
        return np.eye(len(self)) - matrix / scale

    def free_energy(self, x: np.ndarray, dilution: float, t: float) -> float:
        """f/(1 - d)^2 without the constant - t ln 2/(1 - d)."""
        entropy = self.weights(dilution) @ _log_cosh(self.sums @ x, t)
        return float(0.5 * np.array(self.sizes) @ x**2 - entropy / (1.0 - dilution))

    def condensation(self, x: np.ndarray, dilution: float, t: float) -> float:
        """Eigenvalue against condensation of a pattern without overlap."""
        return 1.0 - float(self.weights(dilution) @ _sech2(self.sums @ x, t)) / t

    def split(self, block: int, x: np.ndarray, dilution: float, t: float) -> float:
        """Eigenvalue against splitting of a block of two patterns or more."""
        weights = self.weights(dilution) * _sech2(self.sums @ x, t)
        return 1.0 - float(weights @ self.splitting[:, block]) / ((1.0 - dilution) * t)

    def third(self, x: np.ndarray, v: np.ndarray, dilution: float, t: float) -> float:
        """Third derivative of f along v within the blocks, up to a positive factor."""
        h = self.sums @ x
        weights = self.weights(dilution) * _sech2(h, t) * _tanh(h, t)
        return float(weights @ (self.sums @ v) ** 3) * 2.0 / ((1.0 - dilution) * t * t)

    def chord(
        self, x: np.ndarray, u: np.ndarray, e: float, dilution: float, t: float
    ) -> tuple[np.ndarray, float]:
        """How F and f change from x to x + e u, regular in e through 0.

        Returns
        -------
        slope : ndarray, shape (n_blocks,)
            (F(x + e u) - F(x))/e.
        cubic : float
            The integral over s in (0, 1) of s (1 - s) times the third derivative of f along u at
            x + s e u. Where F vanishes at both ends, f differs between them by -e^3/2 times it
            (the error of the trapezoidal rule); a sixth of the derivative for e -> 0.
        """
        k = self.sums @ u
        weights = self.weights(dilution)
        first, second = _chords(self.sums @ x / t, e * k / t)
        mean = (weights * first * k) @ self.sums
        slope = u - mean / (np.array(self.sizes) * (1.0 - dilution) * t)
        return slope, float(weights @ (k**3 * second)) / ((1.0 - dilution) * t * t)


@lru_cache(maxsize=128)
def _blocks(sizes: tuple[int, ...], values: tuple, probabilities: tuple) -> Blocks:
    law = (np.array(values), np.array(probabilities))
    each = [_block(n, law) for n in sizes]
    rows = []
    for words in itertools.product(*each):
        sums = [word[0] for word in words]
        lead = next((s for s in sums if s != 0.0), 0.0)
        if lead < 0.0:
            continue
        count = math.prod(word[2] for word in words) * (2.0 if lead > 0.0 else 1.0)
        rows.append((sums, sum(word[1] for word in words), count, [word[3] for word in words]))
    sums, filled, counts, splitting = zip(*rows, strict=True)
    return Blocks(sizes, np.array(sums), np.array(filled), np.array(counts), np.array(splitting))


def blocks(sizes: tuple[int, ...], law: Law = SIGNS) -> Blocks:
    """The system of blocks of given sizes; ``law`` is that of an entry that is not blank.

    ``law`` is even, with variance 1. Number of words: about prod n_i^2/2 for signs.
    """
    return _blocks(tuple(sizes), tuple(law[0].tolist()), tuple(law[1].tolist()))


def _block(n: int, law: Law) -> list[tuple[float, int, float, float]]:
    """(S, filled, count, E[y_1^2 - y_1 y_2 | S, filled]) of the sum of n entries."""
    sums: list[dict[float, float]] = [{0.0: 1.0}]  # law of the sum of j filled entries
    for _ in range(n):
        new: dict[float, float] = {}
        for s, p in sums[-1].items():
            for v, w in zip(*law, strict=True):
                key = round(s + float(v), 11) + 0.0
                new[key] = new.get(key, 0.0) + p * float(w)
        sums.append(new)
    squares: list[dict[float, float]] = [{}]  # E[y_1^2; S] where y_1 is filled
    for j in range(1, n + 1):
        new = {}
        for s, p in sums[j - 1].items():
            for v, w in zip(*law, strict=True):
                key = round(s + float(v), 11) + 0.0
                new[key] = new.get(key, 0.0) + p * float(w) * float(v) ** 2
        squares.append(new)
    rows = []
    for j, one in enumerate(sums):
        for s, p in one.items():
            square = j / n * squares[j][s] / p if j else 0.0
            product = (s * s - n * square) / (n * (n - 1)) if n > 1 else math.nan
            rows.append((s, j, math.comb(n, j) * p, square - product))
    return rows


def _tanh(h: np.ndarray, t: float) -> np.ndarray:
    return np.sign(h) if t == 0.0 else np.tanh(h / t)


def _sech2(h: np.ndarray, t: float) -> np.ndarray:
    """sech^2(h/t), with full relative precision in the tails."""
    e = np.exp(-2.0 * np.abs(h) / t)
    return 4.0 * e / (1.0 + e) ** 2


_NODE, _WEIGHT = np.polynomial.legendre.leggauss(16)
_NODE = 0.5 * (_NODE + 1.0)


def _chords(h: np.ndarray, k: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Integrals over s in (0, 1) of sech^2(z) and of 2 s (1 - s) sech^2(z) tanh(z), z = h + s k.

    By quadrature for |k| < 2, where it is exact to rounding (poles are pi/2 from the real axis),
    by their antiderivatives beyond.
    """
    small = np.abs(k) < 2.0
    z = h[:, None] + np.where(small, k, 0.0)[:, None] * _NODE
    sech2 = _sech2(z, 1.0)
    first = 0.5 * sech2 @ _WEIGHT
    second = (sech2 * np.tanh(z)) @ (_WEIGHT * _NODE * (1.0 - _NODE))
    if not np.all(small):
        far = ~small
        a, b, q = h[far], h[far] + k[far], k[far]
        ends = np.tanh(a), np.tanh(b)
        rise = _log_cosh(b, 1.0) - _log_cosh(a, 1.0)
        first[far] = (ends[1] - ends[0]) / q
        second[far] = (2.0 * rise / q - ends[0] - ends[1]) / q**2
    return first, second


def _log_cosh(h: np.ndarray, t: float) -> np.ndarray:
    """Value of t ln cosh(h/t), with full relative precision at small h."""
    h = np.abs(h)
    if t == 0.0:
        return h
    z = h / t
    small = np.log1p(2.0 * np.sinh(0.5 * np.minimum(z, 2.0)) ** 2)
    return t * np.where(z < 1.0, small, z + np.log1p(np.exp(-2.0 * z)) - math.log(2.0))
