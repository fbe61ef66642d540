"""The global minimum of the free energy of a multitasking network, over dilution and temperature.

Coordinates as in `multitasking_blocks`: d, t = T/(1 - d), x = nu/(1 - d). f is minimised for
many points and starts at once. f = |nu|^2/2 - g with g convex, so that a step nu -> grad g never
raises it; Newton steps are taken where they lower f more surely than by rounding, and saddles are
left along the direction in which f falls.
"""

from __future__ import annotations

import itertools
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ...hopfield.regime import REGIMES, regime_of
from ..regimes import RegimeMap, blocks_of
from .multitasking_blocks import SIGNS

if TYPE_CHECKING:
    from ..laws import Law

MOST_WORDS = 40_000
EQUAL = 1e-7  # overlaps that differ by less, in units of 1 - d, are equal
_CHUNK = 100_000  # numbers in one temporary: they stay in cache
_DISTINCT = 1e-5
_STRIP = 0.2  # of t, above which no hierarchical state is metastable


class Surface:
    """f of K patterns over all words; ``law`` is that of an entry that is not blank."""

    def __init__(self, n_patterns: int, law: Law = SIGNS) -> None:
        self.n_patterns, self.law = n_patterns, law
        self.words, self.filled, self.counts = _words(
            n_patterns, tuple(law[0].tolist()), tuple(law[1].tolist())
        )
        self.products = (self.words[:, :, None] * self.words[:, None, :]).reshape(
            len(self.words), -1
        )

    def weights(self, dilution: np.ndarray) -> np.ndarray:
        """Probabilities of the words over 1 - d, shape (n, n_words)."""
        d = np.asarray(dilution)[:, None]
        j = np.arange(self.n_patterns + 1)
        table = d ** (self.n_patterns - j) * (1.0 - d) ** np.maximum(j - 1, 0)
        return self.counts * table[:, self.filled]

    def _evaluated(self, x, t, weights):
        """f/(1 - d)^2 without - t ln 2/(1 - d), tanh and sech^2 of each word."""
        h = x @ self.words.T
        h /= t[:, None]
        size = np.abs(h)
        e = np.exp(-2.0 * size)
        sech2 = 4.0 * e / (1.0 + e) ** 2
        tanh = np.copysign((1.0 - e) / (1.0 + e), h)
        size += np.log1p(e)
        size -= np.log(2.0)
        f = 0.5 * np.sum(x**2, axis=1) - t * np.einsum("nw,nw->n", weights, size)
        return f, tanh, sech2

    def free_energy(self, x: np.ndarray, dilution: np.ndarray, t: np.ndarray) -> np.ndarray:
        """f/(1 - d)^2 without - t ln 2/(1 - d), shape (n,), for x of shape (n, K)."""
        return self._evaluated(x, t, self.weights(dilution))[0]

    def minimise(
        self, x: np.ndarray, dilution: np.ndarray, t: np.ndarray, max_steps: int = 400
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Minima of f reached from ``x``, shape (n, K), at as many points (d, t).

        Returns
        -------
        x : ndarray, shape (n, K)
            Non-negative, descending.
        free_energy : ndarray, shape (n,)
            In the units of `free_energy`.
        least : ndarray, shape (n,)
            Smallest eigenvalue of the Hessian; NaN where no minimum was reached.
        """
        found = [np.empty_like(x), np.empty(len(x)), np.empty(len(x))]
        size = max(1, _CHUNK // len(self.words))
        for first in range(0, len(x), size):
            part = slice(first, first + size)
            for out, values in zip(
                found, self._minimise(x[part], dilution[part], t[part], max_steps), strict=True
            ):
                out[part] = values
        return found[0], found[1], found[2]

    def _minimise(self, x, dilution, t, max_steps):
        x, weights = x.copy(), self.weights(dilution)
        f, tanh, sech2 = self._evaluated(x, t, weights)
        least = np.full(len(x), np.nan)
        active, spent = np.arange(len(x)), np.zeros(len(x), dtype=int)
        unit = np.eye(self.n_patterns)
        for _ in range(max_steps):
            at, w = x[active], weights[active]
            gradient = at - (w * tanh) @ self.words
            curved = ((w * sech2) @ self.products).reshape(-1, *unit.shape)
            values, vectors = np.linalg.eigh(unit - curved / t[active, None, None])
            size = np.max(np.abs(gradient), axis=1)
            # Rounding of f hides the last steps of Newton: they are taken on trust.
            flat = size < 1e-7
            saddle = flat & (values[:, 0] < -1e-9)
            done = (size < 2e-15) & ~saddle
            spent[active] += flat
            done |= (spent[active] > 4) & (size < 1e-12) & ~saddle
            done |= (spent[active] > 12) & (size < 1e-10) & ~saddle
            along = np.einsum("nji,nj->ni", vectors, gradient)
            along /= np.where(values > 0.0, np.maximum(values, 1e-6), np.maximum(-values, 1e-3))
            step = -np.einsum("nij,nj->ni", vectors, along)
            gain = np.abs(np.sum(step * gradient, axis=1))
            trusted = flat & (gain < 1e-15)
            step /= np.maximum(np.linalg.norm(step, axis=1, keepdims=True) / 0.3, 1.0)
            down = vectors[saddle][:, :, 0]
            slope = np.sum(down * gradient[saddle], axis=1, keepdims=True)
            step[saddle] = np.where(slope > 0.0, -3e-3, 3e-3) * down
            least[active[done]] = values[done, 0]
            go = ~done
            active, at, w = active[go], at[go], w[go]
            if len(active) == 0:
                break
            new = at + step[go]
            value, tanh, sech2 = self._evaluated(new, t[active], w)
            worse = ~(value < f[active]) & ~(trusted | saddle)[go]
            if np.any(worse):
                new[worse] = at[worse] - gradient[go][worse]
                value[worse], tanh[worse], sech2[worse] = self._evaluated(
                    new[worse], t[active][worse], w[worse]
                )
            x[active], f[active] = new, value
        x = -np.sort(-np.abs(x), axis=1)
        x[x < 1e-9] = 0.0
        return x, f, least


@lru_cache(maxsize=8)
def _words(n_patterns: int, values: tuple, probabilities: tuple):
    each = [(0.0, 0, 1.0), *((v, 1, p) for v, p in zip(values, probabilities, strict=True))]
    if len(each) ** n_patterns > 2 * MOST_WORDS:
        raise ValueError(
            f"n_patterns must give at most {2 * MOST_WORDS} words, got {n_patterns} patterns of "
            f"{len(each)} values, {len(each)}^{n_patterns} words"
        )
    rows = []
    for word in itertools.product(each, repeat=n_patterns):
        lead = next((v for v, _, _ in word if v != 0.0), 0.0)
        if lead > 0.0:  # its negative is as probable; all blank adds nothing
            chance = 2.0 * np.prod([p for _, _, p in word])
            rows.append(([v for v, _, _ in word], sum(j for _, j, _ in word), chance))
    words, filled, counts = zip(*rows, strict=True)
    return np.array(words), np.array(filled), np.array(counts)


def starts(n_patterns: int) -> np.ndarray:
    """Vectors to start from, (n, K), in units of 1 - d: equal, geometric, and random ones."""
    rows = []
    for n in range(1, n_patterns + 1):
        row = np.zeros(n_patterns)
        row[:n] = 0.8
        rows.append(row + 1e-3 * np.arange(n_patterns)[::-1])
    rows += [q ** np.arange(n_patterns) for q in (0.3, 0.5, 0.6, 0.7, 0.8, 0.9)]
    rng = np.random.default_rng(12345)
    rows += [-np.sort(-rng.random(n_patterns)) for _ in range(4)]
    return np.array(rows)


def signature(x: np.ndarray) -> tuple[str, tuple[int, ...]]:
    """Regime and blocks of a state, overlaps descending."""
    return regime_of(x, EQUAL, len(x))[0], blocks_of(x, EQUAL)


class Survey:
    """States on a grid of d and t; made once, then asked for regimes and refined.

    Parameters
    ----------
    surface : Surface
    n_d, n_t : int
        Grid points.

    Attributes
    ----------
    dilution, reduced : ndarray
        The grid.
    x : ndarray, shape (n_d, n_t, K)
        The global minimum.
    free_energy : ndarray, shape (n_d, n_t)
    hierarchical : ndarray, shape (n_d, n_t, K)
        The lowest stable hierarchical state, NaN where there is none.
    stable : ndarray, shape (n_d, n_t)
        Number of stable states found.
    """

    def __init__(self, surface: Surface, n_d: int, n_t: int) -> None:
        self.surface = surface
        number = surface.n_patterns
        # Off the lines t = d^j to which condensation tends at low temperature.
        self.dilution = (np.arange(n_d) + 0.5) / n_d
        self.reduced = (np.arange(n_t) + 0.487) / n_t
        begin = starts(number)
        shape = (n_d, n_t, len(begin))
        d = np.broadcast_to(self.dilution[:, None, None], shape).reshape(-1)
        t = np.broadcast_to(self.reduced[None, :, None], shape).reshape(-1)
        x0 = np.broadcast_to(begin, (n_d, n_t, *begin.shape)).reshape(-1, number)
        x, f, least = surface.minimise(x0, d, t)
        states = (x.reshape(*shape, number), f.reshape(shape), least.reshape(shape))
        for _ in range(3):  # states of neighbours may be reached from nowhere else
            states, improved = self._from_neighbours(*states)
            if not improved:
                break
        self._all = states
        x, f, least = states
        best = np.argmin(f, axis=2)
        self.x = np.take_along_axis(x, best[:, :, None, None], axis=2)[:, :, 0]
        self.free_energy = np.take_along_axis(f, best[:, :, None], axis=2)[:, :, 0]
        self.stable = np.zeros((n_d, n_t), dtype=np.int8)
        self.hierarchical = np.full((n_d, n_t, number), np.nan)
        for i, j in np.ndindex(n_d, n_t):
            kept: list[np.ndarray] = []
            for k in np.argsort(f[i, j]):
                if not least[i, j, k] > 1e-9:
                    continue
                if all(np.max(np.abs(x[i, j, k] - other)) > _DISTINCT for other in kept):
                    kept.append(x[i, j, k])
            self.stable[i, j] = len(kept)
            for state in kept:
                if regime_of(state, EQUAL, number)[0] == "hierarchical":
                    self.hierarchical[i, j] = state
                    break

    def _from_neighbours(self, x, f, least):
        """States with the neighbours' lowest ones followed to each point; whether one is lower."""
        n_d, n_t = x.shape[:2]
        best = np.argmin(f, axis=2)
        ground = np.take_along_axis(x, best[:, :, None, None], axis=2)[:, :, 0]
        lowest = np.take_along_axis(f, best[:, :, None], axis=2)[:, :, 0]
        marks = _marks(ground)
        index, begin = [], []
        for i, j in np.ndindex(n_d, n_t):
            for a, b in ((i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)):
                if 0 <= a < n_d and 0 <= b < n_t and marks[a, b] != marks[i, j]:
                    index.append((i, j))
                    begin.append(ground[a, b])
        if not index:
            return (x, f, least), False
        i, j = np.array(index).T
        new = self.surface.minimise(np.array(begin), self.dilution[i], self.reduced[j])
        improved = np.any(new[1] < lowest[i, j] - 1e-13)
        more = [np.full((n_d, n_t, 4, *values.shape[1:]), np.nan) for values in new]
        more[0][:], more[1][:] = 0.0, np.inf
        slot = np.zeros((n_d, n_t), dtype=int)
        for k, at in enumerate(index):
            for out, values in zip(more, new, strict=True):
                out[(*at, slot[at])] = values[k]
            slot[at] += 1
        joined = [
            np.concatenate([old, add], axis=2) for old, add in zip((x, f, least), more, strict=True)
        ]
        return tuple(joined), bool(improved)

    def near(self, dilution: float, t: float) -> np.ndarray:
        """Different stable states at the four grid points around a point, shape (n, K)."""
        i = int(np.clip(np.searchsorted(self.dilution, dilution), 1, len(self.dilution) - 1))
        j = int(np.clip(np.searchsorted(self.reduced, t), 1, len(self.reduced) - 1))
        x, _, least = self._all
        kept: list[np.ndarray] = []
        for a, b in ((i - 1, j - 1), (i - 1, j), (i, j - 1), (i, j)):
            for state, low in zip(x[a, b], least[a, b], strict=True):
                if low > 1e-9 and all(np.max(np.abs(state - k)) > 0.02 for k in kept):
                    kept.append(state)
        return np.array(kept)

    def refined(self, times: int) -> RegimeMap:
        """Regimes on a grid ``times`` finer, in which states come from those of neighbours."""
        n_d, n_t = self.x.shape[:2]
        d = (np.arange(n_d * times) + 0.5) / (n_d * times)
        t = (np.arange(n_t * times) + 0.487) / (n_t * times)
        regime, condensed = _regimes(self.x)
        low = np.clip(np.searchsorted(self.dilution, d) - 1, 0, n_d - 2)
        left = np.clip(np.searchsorted(self.reduced, t) - 1, 0, n_t - 2)
        corners = [(low + a, left + b) for a in (0, 1) for b in (0, 1)]
        fine_regime = regime[np.ix_(*corners[0])].copy()
        fine_condensed = condensed[np.ix_(*corners[0])].copy()
        stable = np.isfinite(self.hierarchical[:, :, 0])
        fine_stable = stable[np.ix_(*corners[0])].copy()
        marks = _marks(self.x) + 2**20 * stable
        same = np.ones(fine_regime.shape, dtype=bool)
        for i, j in corners[1:]:
            same &= marks[np.ix_(i, j)] == marks[np.ix_(*corners[0])]
        # Outermost points lie outside the coarse grid.
        same[: times // 2 + 1], same[-(times // 2) - 1 :] = False, False
        same[:, : times // 2 + 1], same[:, -(times // 2) - 1 :] = False, False
        # Where the hierarchical state ends, in a strip narrower than the coarse grid for K >= 4.
        # And below the coarse grid, where neighbours have fewer patterns condensed.
        strip = ((d > 0.48) & (d < 0.64))[:, None] & (t < _STRIP) | (t < self.reduced[0])
        same &= ~strip
        places, begin = [], []
        names = np.where(stable, _marks(np.nan_to_num(self.hierarchical)), -1)
        for a, b in zip(*np.nonzero(~same), strict=True):
            seen = set()
            if strip[a, b]:
                places.append((a, b))
                begin.append(d[a] ** np.arange(self.surface.n_patterns))
            for i, j in corners:
                at = i[a], j[b]
                if marks[at] not in seen:
                    seen.add(marks[at])
                    places.append((a, b))
                    begin.append(self.x[at])
                if (
                    stable[at]
                    and regime[at] != REGIMES.index("hierarchical")
                    and (mark := -1 - names[at]) not in seen
                ):
                    seen.add(mark)
                    places.append((a, b))
                    begin.append(self.hierarchical[at])
        fine_stable[~same] = False
        lowest = np.full(same.shape, np.inf)
        a, b = np.array(places).T
        x, f, least = self.surface.minimise(np.array(begin), d[a], t[b])
        names, count = _regimes(x)
        for k, at in enumerate(places):
            if least[k] > 1e-9 and names[k] == REGIMES.index("hierarchical"):
                fine_stable[at] = True
            if f[k] < lowest[at]:
                lowest[at], fine_regime[at], fine_condensed[at] = f[k], names[k], count[k]
        scale = (1.0 - self.dilution)[:, None]
        free = scale**2 * self.free_energy - np.log(2.0) * scale * self.reduced
        return RegimeMap(
            d, t, fine_regime.astype(np.int8), fine_condensed.astype(np.int8), fine_stable,
            self.dilution, self.reduced, scale[:, :, None] * self.x, free, self.stable,
        )  # fmt: skip


def _regimes(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Index of the regime and number of condensed patterns, for x of shape (..., K).

    As `regime_of`, for many states at once.
    """
    number = x.shape[-1]
    condensed = np.sum(x > EQUAL, axis=-1)
    rest = np.cumsum(x[..., ::-1], axis=-1)[..., ::-1] - x
    last = np.arange(number) >= condensed[..., None] - 1
    clear = np.all((x - rest > 1.5 * EQUAL) | last, axis=-1)
    equal = (condensed == number) & (x[..., 0] - x[..., -1] <= 1.5 * EQUAL) & (number > 1)
    names = np.where(clear, REGIMES.index("hierarchical"), REGIMES.index("mixed"))
    names = np.where(equal, REGIMES.index("parallel"), names)
    return np.where(condensed == 0, REGIMES.index("ergodic"), names), condensed


def _marks(x: np.ndarray) -> np.ndarray:
    """A number for each signature, equal where the signatures are."""
    number = x.shape[-1]
    names, condensed = _regimes(x)
    gaps = x[..., :-1] - x[..., 1:] > 1.5 * EQUAL
    bits = gaps @ (2 ** np.arange(number - 1)) if number > 1 else np.zeros(x.shape[:-1], int)
    return names + 8 * condensed + 1024 * bits
