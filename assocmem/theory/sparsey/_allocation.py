r"""Averages over how M items fall to the K units of a module, each to one at random, exact.

The numbers of items m_1, ..., m_K of the units are multinomial: Poisson numbers of mean M/K given
that they add up to M. An average of a product over units is therefore a Fourier coefficient,

.. math::
    E\Big[a(m_1) \prod_{i=2}^K b(m_i)\Big] = \frac{\oint d\theta\, e^{-iM\theta}
    \hat a(\theta) \hat b(\theta)^{K-1}}{\oint d\theta\, e^{-iM\theta}\, \hat 1(\theta)^K},
    \qquad \hat b(\theta) = \sum_m \mathrm{Poi}(m)\, b(m)\, e^{i m \theta},

that N equally spaced angles give but for totals that differ from M by multiples of N >= 15 sqrt(M),
which have chances below e^-100. Poisson numbers outside a window of chance 1 - 1e-21 are left out.
With a and b in [0, 1] rounding is the only error: about 1e-16 sqrt(2 pi M), the chance of the
total being M standing in the denominator, and that of powers of K - 1: below 1e-12 up to M = 10^6
and K = 10^5, below 1e-11 at K = 2^20.
"""

from __future__ import annotations

import math

import numpy as np

_NEGLIGIBLE = 1e-20  # terms of a sum that is wanted to 1e-12
_BLOCK = 2**21  # complex numbers of a spectrum held at once


def power_mean(y: np.ndarray, f: np.ndarray, k: int) -> np.ndarray:
    """Integral of (w + s f)^(k - 1) over s in [0, 1], which is (y^k - w^k)/(k f), w = y - f.

    Of complex arrays; k - 1 others of which each ties with chance f and is below with w: the mean
    of 1/(1 + number tied), all others being below or tied. No cancellation where f is small.
    """
    from scipy import special

    w = y - f  # not a transform of its own, whose rounding would not fit those of y and f
    other = np.abs(w) > np.abs(y)
    large = np.where(other, w, y)
    none = np.abs(large) < 1e-100  # of numbers in [0, 1] of which 1e-16 is all that counts
    # The ratio of the smaller to the larger, less 1.
    t = np.where(none, 0.0, np.where(other, f, -f)) / np.where(none, 1.0, large)
    gone, equal = np.abs(1.0 + t) < 1e-100, np.abs(t) < 1e-30
    inner = np.where(gone | equal, -0.5, t)  # anything that has no overflow
    series = special.expm1(k * special.log1p(inner)) / (k * inner)
    series = np.where(equal, 1.0, np.where(gone, 1.0 / k, series))
    return np.where(none, 0.0, large ** (k - 1) * series)


class Allocation:
    """M items among K units, and averages over it.

    Parameters
    ----------
    n_items : int
        M >= 0.
    n_units : int
        K >= 1.

    Attributes
    ----------
    numbers : ndarray of int
        Numbers of items of one unit that count: a range.
    """

    def __init__(self, n_items: int, n_units: int) -> None:
        from scipy.fft import next_fast_len

        self.n_items, self.n_units = n_items, n_units
        mean = n_items / n_units
        first = max(0, math.floor(mean - 10.0 * math.sqrt(mean)))
        last = min(n_items, math.ceil(mean + 17.0 + math.sqrt(280.0 + 100.0 * mean)))
        self.numbers = np.arange(first, last + 1)
        steps = np.log(mean / self.numbers[1:]) if last > first else np.empty(0)
        logs = np.concatenate([[0.0], np.cumsum(steps)])
        weights = np.exp(logs - logs.max())
        self._weights = weights / weights.sum()
        size = max(len(self.numbers), math.ceil(15.0 * math.sqrt(n_items)) + 64)
        self._size = size = next_fast_len(size, real=True)
        angles = np.arange(size // 2 + 1)
        left = (n_items - n_units * first) % size
        phases = np.exp(2j * math.pi / size * (angles * left % size))
        twice = np.full(len(angles), 2.0)
        twice[0] = 1.0
        if size % 2 == 0:
            twice[-1] = 1.0
        self._kernel = twice * phases
        self._whole = float(
            (self._kernel * self._spectrum(np.ones(len(weights))) ** n_units).real.sum()
        )

    def _spectrum(self, values: np.ndarray) -> np.ndarray:
        """Transforms of values (numbers, ...) with the Poisson weights: (angles, ...)."""
        from scipy import fft

        weights = self._weights.reshape(-1, *([1] * (values.ndim - 1)))
        return fft.rfft(weights * values, self._size, axis=0)

    def _blocks(self, width: int) -> list[slice]:
        step = max(1, _BLOCK // len(self._kernel))
        return [slice(i, min(i + step, width)) for i in range(0, width, step)]

    def products(self, own: np.ndarray, other: np.ndarray) -> np.ndarray:
        """E[own(m_1) prod other(m_i)] for functions (numbers, functions), real: (functions,)."""
        out = np.empty(own.shape[1])
        for block in self._blocks(len(out)):
            spectra = self._spectrum(own[:, block])
            spectra *= self._spectrum(other[:, block]) ** (self.n_units - 1)
            out[block] = (self._kernel @ spectra).real / self._whole
        return out

    def mean(self, values: np.ndarray) -> np.ndarray:
        """E[values(m_1)]: (functions,)."""
        return self.products(values, np.ones_like(values))

    def wins(self, own: np.ndarray, other: np.ndarray) -> float:
        """Chance that the first unit wins by the largest level, ties drawn uniformly.

        Parameters
        ----------
        own, other : ndarray, shape (numbers, levels)
            Laws of the level of the first unit and of each other one, given its items. Units are
            independent given these.
        """
        upto = np.cumsum(other, axis=1)
        possible = np.nonzero(own.max(axis=0) > _NEGLIGIBLE)[0]
        total = 0.0
        for block in self._blocks(len(possible)):
            levels = possible[block]
            mine = self._kernel[:, None] * self._spectrum(own[:, levels])
            y, f = self._spectrum(upto[:, levels]), self._spectrum(other[:, levels])
            # Most angles but the smallest do not count: their sums cannot all be large.
            bound = np.maximum(np.abs(y), np.abs(y - f)) ** (self.n_units - 1) * np.abs(mine)
            kept = bound > _NEGLIGIBLE * self._whole
            ties = power_mean(y[kept], f[kept], self.n_units)
            total += float((mine[kept] * ties).real.sum())
        return total / self._whole

    def largest(self, own: np.ndarray, other: np.ndarray) -> np.ndarray:
        """P[the largest level of all units <= x] for each level x: (levels,)."""
        return self.products(np.cumsum(own, axis=1), np.cumsum(other, axis=1))
