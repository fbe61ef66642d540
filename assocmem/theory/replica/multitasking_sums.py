"""Laws of the sums of the entries of equal components, for `multitasking_words`."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..laws import binomial_mean

_LEAST_WEIGHT = 1e-22


@dataclass(frozen=True, eq=False)
class Block:
    """Law of what a block of ``size`` equal components adds to the local field.

    ``first`` is S and ``second`` the sum of xi (its mean given S, unless a field acts on it);
    for the Gaussian law they are the sum of xi and the number of entries that are not blank.
    """

    size: int
    first: np.ndarray
    second: np.ndarray
    weights: np.ndarray
    squares: np.ndarray
    filled: np.ndarray


def _power(grid: np.ndarray, n: int) -> np.ndarray:
    """The n-fold convolution of a law on a grid (two axes) with itself."""
    from scipy.signal import convolve2d

    total = np.ones((1, 1))
    for _ in range(n):
        total = convolve2d(total, grid)
    return total


def _sum_block(size: int, parts: dict[str, np.ndarray], unit: float) -> Block:
    """The block of a law on a grid: ``parts`` are p and p times what else is wanted of an entry."""
    from scipy.signal import convolve2d

    before = _power(parts["p"], size - 1)
    p = convolve2d(before, parts["p"])
    keep = p > _LEAST_WEIGHT
    a, b = np.meshgrid(*(np.arange(k) - (k - 1) // 2 for k in p.shape), indexing="ij")

    def mean(name: str) -> np.ndarray:
        """Mean given the sums; entries are exchangeable, so that one of them is enough."""
        return size * convolve2d(before, parts[name])[keep] / p[keep]

    second = mean("xi") if "xi" in parts else b[keep].astype(np.float64)
    return Block(
        size,
        unit * a[keep],
        second,
        p[keep] / p[keep].sum(),
        unit**2 * mean("square"),
        mean("filled"),
    )


def block_of(size: int, d: float, m: int, r: float, law: str, joint: bool) -> Block:
    """The block of ``size`` entries of dilution d, from m examples of quality r.

    ``joint`` keeps the sum of xi beside that of y, for fields on learned patterns. Cost: size
    convolutions of size m numbers.
    """
    if law == "gaussian":
        sizes, values, weights = [], [], []
        for filled in range(size + 1):
            ways = math.comb(size, filled) * (1.0 - d) ** filled * d ** (size - filled)
            for plus in range(filled + 1):
                values.append(2 * plus - filled)
                sizes.append(filled)
                weights.append(ways * math.comb(filled, plus) * 0.5**filled)
        xi, count, p = (np.array(row, dtype=np.float64) for row in (values, sizes, weights))
        keep = p > 0.0
        return Block(size, xi[keep], count[keep], p[keep], count[keep], count[keep])
    k = np.arange(-m, m + 1)
    up = np.zeros(2 * m + 1)  # law of M etabar where xi = 1
    places, weights = binomial_mean(m, r)
    up[np.rint(places * m).astype(int) + m] = weights
    half = 0.5 * (1.0 - d)
    blank = np.where(k == 0, d, 0.0)
    unit = 1.0 / (m * math.sqrt(r * r + (1.0 - r * r) / m))
    if joint:  # second axis xi = -1, 0, 1
        filled = np.stack([half * up[::-1], np.zeros_like(up), half * up], axis=1)
        p = filled.copy()
        p[:, 1] = blank
        parts = {"p": p, "filled": filled, "square": (k * k)[:, None] * filled}
    else:
        filled = (half * (up + up[::-1]))[:, None]
        parts = {
            "p": filled + blank[:, None],
            "filled": filled,
            "square": (k * k)[:, None] * filled,
            "xi": (half * (up - up[::-1]))[:, None],
        }
    return _sum_block(size, parts, unit)
