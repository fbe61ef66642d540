r"""Exact averages over the words of what a multitasking network stores.

Entries are y = xi without learning and y = etabar/sqrt(R) with it; entries xi are blank with
probability d and +-1 otherwise, and E y^2 = 1 - d in all cases. At load 0

    f(nu) = |nu|^2/2 - T E ln 2cosh((y.nu + xi.h)/T),   grad f = nu - E y tanh,
    Hessian = 1 - (1/T) E y y^T sech^2,

with external fields h on the archetypes. Overlaps with the mean examples are sqrt(R) nu, those
with the archetypes E xi tanh. Three symmetries spare words:

* y -> -y: half of the words are enough.
* A component nu_mu = 0 without a field does not enter; it is left out of the words.
* n components with one common value enter by the sum S of their entries alone. Its law has
  2 n M + 1 values at most (M = 1 without learning), so that all K components equal cost K M + 1
  words instead of 3^K/2. What averages need besides S (the sum of squares, the number of entries
  that are not blank, the sum of xi) enters by its mean given S.

Coordinates: of a block of n equal components u = sqrt(n) nu, with entries S/sqrt(n); in these
f(u), its gradient and its Hessian have the form above whatever the blocks are.

The law "gaussian", the limit of many examples, takes y.nu given the word xi as Gaussian of mean
(r/sqrt(R)) xi.nu and variance v times the sum of nu_mu^2 over entries that are not blank,
v = (1 - r^2)/(M R). A block then enters by the sum of its xi and the number of entries that are
not blank.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from ... import _validate as check
from ..gaussian import moments
from .multitasking_sums import Block, block_of

if TYPE_CHECKING:
    from ...hopfield.multitasking import Multitasking

LAWS = ("binomial", "gaussian")
MOST_WORDS = 5_000_000
_MOST_NUMBERS = 100_000_000  # words times blocks: 1.2 GB
_KEPT_WORDS = 100_000  # more than these are not kept for later calls


class Averages(NamedTuple):
    """Averages over words at one point nu; components of blocks, one number for each."""

    overlaps: np.ndarray
    """E xi_mu tanh, with the archetypes."""
    q: float
    """E tanh^2."""
    C: float
    """(1 - q)/T; infinite at T = 0 where spins are free."""
    entropy: float
    """E[ln 2cosh x - x tanh x]."""
    symmetry: np.ndarray
    """Eigenvalue against breaking the equality in each block; NaN for blocks of one."""
    examples: np.ndarray
    """Eigenvalue against unequal overlaps with the examples of one pattern (unsupervised), of a
    pattern of each block and, last, of one that is not condensed; NaN where M = 1."""


def _full(blocks: list[Block]) -> tuple[np.ndarray, np.ndarray]:
    """Indices into the laws of the blocks, one row a word, and probabilities."""
    index, weights = np.zeros((1, 0), np.int32), np.ones(1)
    for block in blocks:
        n = len(block.weights)
        index = np.concatenate(
            [
                np.repeat(index, n, axis=0),
                np.tile(np.arange(n, dtype=np.int32), len(index))[:, None],
            ],
            axis=1,
        )
        weights = np.repeat(weights, n) * np.tile(block.weights, len(weights))
    return index, weights


def _half(blocks: list[Block], gaussian: bool) -> tuple[np.ndarray, np.ndarray]:
    """As `_full`, of two words that differ by the sign only one, with the weight of both."""
    if not blocks:
        return _full(blocks)
    head, *rest = blocks
    one, other = head.first, np.zeros_like(head.first) if gaussian else head.second
    one = np.where(np.abs(one) > 1e-12, one, 0.0)
    other = np.where(np.abs(other) > 1e-12, other, 0.0)
    up = np.flatnonzero((one > 0.0) | ((one == 0.0) & (other > 0.0)))
    flat = np.flatnonzero((one == 0.0) & (other == 0.0))
    parts = []
    for chosen, factor, (index, weights) in (
        (up, 2.0, _full(rest)),
        (flat, 1.0, _half(rest, gaussian)),
    ):
        first = np.repeat(chosen.astype(np.int32), len(weights))[:, None]
        parts.append(
            (
                np.concatenate([first, np.tile(index, (len(chosen), 1))], axis=1),
                factor
                * np.repeat(head.weights[chosen], len(weights))
                * np.tile(weights, len(chosen)),
            )
        )
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


@njit(cache=True, error_model="numpy")
def evaluate(y, filled, offset, weights, v, u, temperature, gradient, hessian):
    """f, and in place its gradient and Hessian, at the coordinates u.

    y, filled : (words, blocks), entries S/sqrt(n) (means of them for the Gaussian law) and
    numbers of entries that are not blank over n; filled is read for v > 0 alone. T > 0, but
    for v > 0, where T = 0 will do. Allocates nothing. Cost: one exponential and
    blocks^2/2 + 3 blocks operations per word; 35 to 100 pairs of exponentials for v > 0.
    """
    n_words, n = y.shape
    f = 0.0
    gradient[:] = 0.0
    hessian[:, :] = 0.0
    for w in range(n_words):
        a = offset[w]
        for k in range(n):
            a += y[w, k] * u[k]
        p = weights[w]
        if v == 0.0:
            z = 2.0 * abs(a) / temperature
            if z > 1.0:
                e = math.exp(-z)
                tanh = (1.0 - e) / (1.0 + e)
            else:
                e1 = math.expm1(-z)
                e = 1.0 + e1
                tanh = -e1 / (2.0 + e1)
            f -= p * (abs(a) + temperature * math.log1p(e))
            g = p * (tanh if a > 0.0 else -tanh)
            c = p * 4.0 * e / ((1.0 + e) * (1.0 + e)) / temperature
            for k in range(n):
                gradient[k] -= g * y[w, k]
                part = c * y[w, k]
                for j in range(k + 1):
                    hessian[k, j] -= part * y[w, j]
        else:
            width = 0.0
            for k in range(n):
                width += filled[w, k] * u[k] * u[k]
            if width == 0.0 and a == 0.0 and temperature == 0.0:
                continue  # blank entries alone: free spins, which have no part in any direction
            s = moments(a, math.sqrt(v * width), temperature)
            f -= p * s[6]
            for k in range(n):
                slide = v * filled[w, k] * u[k]
                gradient[k] -= p * (s[0] * y[w, k] + s[2] * slide)
                hessian[k, k] -= p * v * filled[w, k] * s[2]
                for j in range(k + 1):
                    other = v * filled[w, j] * u[j]
                    hessian[k, j] -= p * (
                        s[2] * y[w, k] * y[w, j]
                        + s[3] * (y[w, k] * other + y[w, j] * slide)
                        + s[4] * slide * other
                    )
    for k in range(n):
        f += 0.5 * u[k] * u[k]
        gradient[k] += u[k]
        hessian[k, k] += 1.0
        for j in range(k):
            hessian[j, k] = hessian[k, j]
    return f


@njit(cache=True, error_model="numpy")
def _each(y, filled, offset, weights, v, u, temperature, out):
    """Weight times tanh, tanh^2, C, dC/da, d^2C/da^2, entropy of each word, (6, words).

    At T = 0 fields within rounding of 0 are taken as 0: tanh of free spins is 0.
    """
    n_words, n = y.shape
    for w in range(n_words):
        a, width = offset[w], 0.0
        for k in range(n):
            a += y[w, k] * u[k]
            if v > 0.0:
                width += v * filled[w, k] * u[k] * u[k]
        if temperature == 0.0 and width == 0.0:
            scale = abs(offset[w])
            for k in range(n):
                scale += abs(y[w, k] * u[k])
            if abs(a) <= 1e-12 * scale:
                a = 0.0
        s = moments(a, math.sqrt(width), temperature)
        out[0, w] = weights[w] * s[0]
        out[1, w] = weights[w] * s[1]
        out[2, w] = weights[w] * s[2]
        out[3, w] = weights[w] * s[3]
        out[4, w] = weights[w] * s[4]
        out[5, w] = weights[w] * s[7]


@dataclass(frozen=True, eq=False)
class Words:
    """The words of a law for blocks of equal components; made by `words_of`.

    Parameters
    ----------
    sizes : tuple of int
        Components in each block.
    y, filled : ndarray, shape (n_words, n_blocks)
        What `evaluate` takes.
    offset, weights : ndarray, shape (n_words,)
        Local fields of external origin, and probabilities.
    index : ndarray, int32, shape (n_words, n_blocks)
        Which value of the law of each block a word has.
    blocks : tuple
        These laws.
    v : float
        Variance of y beside its mean (Gaussian law), 0 for exact ones.
    gaussian : bool
        Whether the law is "gaussian".
    spread : float
        (1 - r^2)/(M R), the mean of (1 - etabar^2)/(R (M - 1)) where entries are not blank; NaN
        at M = 1.
    variance : float
        R.
    n_examples : int
        M.
    dilution : float
        d.
    """

    sizes: tuple[int, ...]
    y: np.ndarray
    filled: np.ndarray
    offset: np.ndarray
    weights: np.ndarray
    index: np.ndarray
    blocks: tuple[Block, ...]
    v: float
    gaussian: bool
    spread: float
    variance: float
    n_examples: int
    dilution: float

    @property
    def roots(self) -> np.ndarray:
        """sqrt(n) of each block: u = roots * nu."""
        return np.sqrt(np.array(self.sizes, dtype=np.float64))

    def at(self, nu: Sequence[float], temperature: float) -> tuple[float, np.ndarray, np.ndarray]:
        """f, its gradient nu - E[y tanh], and its Hessian.

        Parameters
        ----------
        nu : sequence of float, shape (n_blocks,)
            The common value of each block.
        temperature : float
            T > 0 (T >= 0 for the Gaussian law).

        Returns
        -------
        f : float
        gradient : ndarray, shape (n_blocks,)
            Of one component of each block.
        hessian : ndarray, shape (n_blocks, n_blocks)
            In the coordinates sqrt(n) nu, restricted to vectors equal within blocks.
        """
        u = self.roots * np.asarray(nu, dtype=np.float64)
        gradient, hessian = np.empty(len(u)), np.empty((len(u), len(u)))
        f = evaluate(
            self.y, self.filled, self.offset, self.weights, self.v, u, float(temperature),
            gradient, hessian,
        )  # fmt: skip
        return f, gradient / self.roots, hessian

    def frozen(self, nu: Sequence[float]) -> tuple[float, np.ndarray, bool]:
        """At T = 0, for exact laws: f, its gradient, whether a word beside the blank one is free.

        Where none is the Hessian is 1.
        """
        u = self.roots * np.asarray(nu, dtype=np.float64)
        out = np.empty((6, len(self.weights)))
        _each(self.y, self.filled, self.offset, self.weights, 0.0, u, 0.0, out)
        y_tanh = out[0] @ self.y
        free = np.any((out[1] == 0.0) & np.any(self.y != 0.0, axis=1))
        f = 0.5 * u @ u - u @ y_tanh - out[0] @ self.offset
        return float(f), (u - y_tanh) / self.roots, bool(free)

    def averages(self, nu: Sequence[float], temperature: float) -> Averages:
        """What else a state is described by; T >= 0. Cost: 1 to 3 us per word."""
        t = float(temperature)
        nu = np.asarray(nu, dtype=np.float64)
        out = np.empty((6, len(self.weights)))
        _each(self.y, self.filled, self.offset, self.weights, self.v, self.roots * nu, t, out)
        q, c = float(out[1].sum()), float(out[2].sum())
        overlaps, symmetry, examples = [], [], []
        for b, block in enumerate(self.blocks):
            tanh, c_b, c_a, c_aa = (
                np.bincount(self.index[:, b], row, len(block.weights)) for row in out[[0, 2, 3, 4]]
            )
            xi = block.first if self.gaussian else block.second
            overlaps.append(xi @ tanh / block.size)
            symmetry.append(self._symmetry(block, float(nu[b]), c_b, c_a, c_aa))
            examples.append(1.0 - _dot(self._split(block), c_b))
        free = (1.0 - self.dilution) * self.spread
        examples.append(1.0 - (free * c if free != 0.0 else 0.0))
        return Averages(
            np.array(overlaps), q, c, float(out[5].sum()), np.array(symmetry), np.array(examples)
        )

    def _split(self, block: Block) -> np.ndarray:
        """Mean over entries of (1 - etabar^2)/(R (M - 1)), those that are not blank."""
        if self.n_examples == 1:
            return np.full(len(block.weights), np.nan)
        if self.gaussian:
            return self.spread * block.filled / block.size
        split = (block.filled / self.variance - block.squares) / (self.n_examples - 1.0)
        return np.where(split > 1e-15, split, 0.0) / block.size

    def _symmetry(self, block, nu, c, c_a, c_aa) -> float:
        """1 - E[(y_1^2 - y_1 y_2) sech^2]/T for two components of a block."""
        n = block.size
        if n == 1:
            return math.nan
        pairs = 1.0 / (n * (n - 1.0))
        if not self.gaussian:
            split = (n * block.squares - block.first**2) * pairs
            return 1.0 - _dot(np.where(split > 1e-15, split, 0.0), c)
        mean2 = 1.0 - self.v  # r^2/R
        xi, filled, v = block.first, block.second, self.v
        both = mean2 * (n * filled - xi**2) * pairs + v * filled / n
        cross = math.sqrt(mean2) * v * nu * 2.0 * (n * xi - xi * filled) * pairs
        squares = (v * nu) ** 2 * (n * filled - filled**2) * pairs
        return 1.0 - _dot(both, c) - _dot(cross, c_a) - _dot(squares, c_aa)


def _dot(a: np.ndarray, b: np.ndarray) -> float:
    """Sum of products, 0 where one factor is 0 though the other be infinite."""
    return float(np.sum(np.where(a != 0.0, a * np.where(a != 0.0, b, 0.0), 0.0)))


def words_of(
    model: Multitasking,
    sizes: Sequence[int],
    law: str = "binomial",
    fields: Sequence[float] | None = None,
) -> Words:
    """Words of the law of y for blocks of equal components.

    Parameters
    ----------
    model : Multitasking
        Its dilution and learning are used (not its number of patterns, nor its field).
    sizes : sequence of int
        Components in each block; (1,) * K for K distinct ones. Components that vanish are left
        out.
    law : {"binomial", "gaussian"}
        Of the mean examples: exact, or the limit for many examples. Without learning both are
        the law of xi.
    fields : sequence of float, optional
        External field on each component of a block, one number per block.

    Returns
    -------
    Words
        Kept for later calls, the large ones only the last two.

    Raises
    ------
    ValueError
        If there are more than 5e6 words.
    """
    law = check.choice("law", law, LAWS)
    model.patterns.law()  # refuses entries that are not independent
    sizes = tuple(int(n) for n in sizes)
    fields = (0.0,) * len(sizes) if fields is None else tuple(float(h) for h in fields)
    m, r = 1, 1.0
    if model.learning is not None and model.learning.quality < 1.0:
        m, r = model.learning.n_examples, model.learning.quality
    if r == 1.0:
        law = "binomial"
    key = (model.dilution, m, r, sizes, law, fields)
    blocks = _blocks(*key)
    n_words = math.prod(len(block.weights) for block in blocks) // 2 + 1
    if n_words > MOST_WORDS or n_words * len(sizes) > _MOST_NUMBERS:
        advice = "fewer patterns" if law == "gaussian" or r == 1.0 else "law='gaussian'"
        raise ValueError(
            f"n_patterns must give at most {MOST_WORDS} words, got {n_words:.3g} for blocks of "
            f"{sizes} patterns of {model!r}; use {advice}, or states with equal or zero overlaps"
        )
    return (_small if n_words <= _KEPT_WORDS else _large)(*key)


@lru_cache(maxsize=512)
def _blocks(d, m, r, sizes, law, fields) -> tuple[Block, ...]:
    if law == "binomial" and m * max(sizes, default=1) > 100_000:
        raise ValueError(
            "n_patterns times n_examples must be at most 100000 for a block of equal overlaps, "
            f"got {max(sizes)} times {m}"
        )
    return tuple(
        block_of(n, d, m, r, law, r < 1.0 and h != 0.0) for n, h in zip(sizes, fields, strict=True)
    )


def _made(d, m, r, sizes, law, fields) -> Words:
    blocks = _blocks(d, m, r, sizes, law, fields)
    gaussian = law == "gaussian"
    index, weights = _half(list(blocks), gaussian)
    first = [block.first[index[:, b]] for b, block in enumerate(blocks)]
    variance = r * r + (1.0 - r * r) / m
    v = (1.0 - r * r) / (m * variance) if gaussian else 0.0
    scale = r / math.sqrt(variance) if gaussian else 1.0
    shape = (len(weights), len(sizes))
    y, filled, offset = np.empty(shape), np.zeros(shape if gaussian else (1, 1)), np.zeros(shape[0])
    for b, (block, h) in enumerate(zip(blocks, fields, strict=True)):
        y[:, b] = scale * first[b] / math.sqrt(block.size)
        if gaussian:
            filled[:, b] = block.second[index[:, b]] / block.size
        if h != 0.0:
            offset += h * (first[b] if gaussian else block.second[index[:, b]])
    spread = math.nan
    if m > 1:
        spread = (1.0 - r * r) / (m * variance)  # as 1 - R = (M - 1) (1 - r^2)/M
    return Words(
        sizes, y, filled, offset, weights, index, blocks, v, gaussian, spread, variance, m, d
    )


_small = lru_cache(maxsize=256)(_made)
_large = lru_cache(maxsize=2)(_made)
