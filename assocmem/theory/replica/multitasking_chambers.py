r"""Chambers of the words of K diluted patterns, and their vertices, by exact integers.

At T = 0 and low load a spin of word xi in {-1, 0, 1}^K follows its field, s = sgn(xi.m), and the
overlaps are m = E xi sgn(xi.m). What m decides is no more than the chamber of the arrangement of
planes xi.x = 0 it lies in: the signs of xi.x for all words. Up to signs and order of the patterns
there are 1, 1, 2, 14, 516, 124187 chambers for K = 1..6, as many as additive comparative
probability orderings of K events (Fishburn, Math. Oper. Res. 21 (1996) 227; OEIS A009997).

In a chamber the overlaps are its vertex of the zonotope of all assignments of spins to words.
Words with z blanks have the probability d^z u^(K - z) each, u = (1 - d)/2, so that

$$ v_\mu(d) = \sum_{z=0}^{K-1} c_{\mu z}\, d^z\, u^{K-z}, \qquad
   c_{\mu z} = \sum_{\xi:\ z\ \rm blanks} \xi_\mu\, {\rm sgn}(\xi\cdot x), $$

with integers c that say which chamber it is: distinct chambers have distinct vertices.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache

import numpy as np


@lru_cache(maxsize=16)
def half_words(n_patterns: int) -> np.ndarray:
    """One of each pair xi, -xi of words that are not all blank: the first entry not 0 is 1.

    int8, shape ((3^K - 1)/2, K); 3 MB for K = 12.
    """
    size = (3**n_patterns - 1) // 2
    digits = np.arange(size + 1, 2 * size + 1)  # in base 3: entry + 1, from the middle upwards
    words = np.empty((size, n_patterns), dtype=np.int8)
    for column in reversed(range(n_patterns)):
        digits, words[:, column] = np.divmod(digits, 3)
    words -= 1
    words.flags.writeable = False
    return words


@lru_cache(maxsize=16)
def blanks(n_patterns: int) -> np.ndarray:
    """Number of blanks of each of `half_words`, int64 of shape ((3^K - 1)/2,)."""
    counted = np.sum(half_words(n_patterns) == 0, axis=1)
    counted.flags.writeable = False
    return counted


def probabilities(n_patterns: int, dilution: float) -> np.ndarray:
    """Probability of each pair xi, -xi, float64 of shape ((3^K - 1)/2,)."""
    z = np.arange(n_patterns)
    each = 2.0 * dilution**z * (0.5 * (1.0 - dilution)) ** (n_patterns - z)
    return each[blanks(n_patterns)]


def _cutting(n_patterns: int) -> np.ndarray:
    """Which of `half_words` take both signs within the ordered cone; the others are > 0 there."""
    return np.cumsum(half_words(n_patterns), axis=1).min(axis=1) < 0


def counts_of(signs: np.ndarray) -> np.ndarray:
    """The integers c of the vertices that given spins make.

    Parameters
    ----------
    signs : ndarray, shape (..., (3^K - 1)/2)
        Spin of each of `half_words`, -1, 0 or 1; that of -xi is the opposite.

    Returns
    -------
    ndarray, int64, shape (..., K, K)
        c_{mu z}, exact. Cost: K 3^K/2 operations each.
    """
    signs = np.asarray(signs, dtype=np.float64)  # sums of at most 3^K units: exact
    n_patterns = 1
    while (3**n_patterns - 1) // 2 < signs.shape[-1]:
        n_patterns += 1
    words, z = half_words(n_patterns), blanks(n_patterns)
    parts = [2.0 * (signs[..., z == n] @ words[z == n]) for n in range(n_patterns)]
    return np.stack(parts, axis=-1).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Chambers:
    """All chambers with x_1 > x_2 > ... > x_K > 0.

    Parameters
    ----------
    weights : ndarray, int64, shape (n, K)
        A point inside each: the sum of its extreme rays, without common divisor. Spins of the
        chamber are sgn(xi . weights).
    counts : ndarray, int64, shape (n, K, K)
        The integers c_{mu z} of its vertex.
    """

    weights: np.ndarray
    counts: np.ndarray

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def n_patterns(self) -> int:
        """K."""
        return self.weights.shape[1]


Cone = tuple[np.ndarray, list[int]]  # extreme rays; of each the set of planes it lies on, as bits


def ordered_cone(n_patterns: int) -> Cone:
    """The cone x_1 >= x_2 >= ... >= x_K >= 0, which holds one of all copies of a chamber."""
    planes = (1 << n_patterns) - 1
    return np.tri(n_patterns, dtype=np.int64), [planes ^ (1 << j) for j in range(n_patterns)]


def cut(cone: Cone, word: np.ndarray, bit: int) -> tuple[Cone, ...]:
    """The cone, or its parts xi.x >= 0 and xi.x <= 0 if the plane of the word cuts it.

    Double description method (Motzkin et al. 1953) in integers, no rounding: a new ray where the
    plane meets an edge, which two rays span that share planes no third one has all of.
    ``bit`` is that of the plane in the sets of planes.
    """
    rays, planes = cone
    values = (rays @ word).tolist()
    if min(values) >= 0 or max(values) <= 0:
        return (cone,)
    above = [i for i, value in enumerate(values) if value > 0]
    below = [i for i, value in enumerate(values) if value < 0]
    on = [i for i, value in enumerate(values) if value == 0]
    common = [rays[i] for i in on]
    sets = [planes[i] | bit for i in on]
    enough = rays.shape[1] - 2
    for i, j in itertools.product(above, below):
        shared = planes[i] & planes[j]
        if shared.bit_count() < enough or any(
            other & shared == shared for k, other in enumerate(planes) if k not in (i, j)
        ):
            continue
        ray = values[i] * rays[j] - values[j] * rays[i]
        common.append(ray // np.gcd.reduce(ray))
        sets.append(shared | bit)
    return tuple(
        (np.array([rays[i] for i in side] + common), [planes[i] for i in side] + sets)
        for side in (above, below)
    )


def interior(cone: Cone) -> np.ndarray:
    """The sum of the extreme rays over its largest divisor, int64 of shape (K,)."""
    total = cone[0].sum(axis=0)
    return total // np.gcd.reduce(total)


def candidates(n_patterns: int, dilution: float, most: int) -> tuple[list[np.ndarray], bool]:
    """Chambers that may hold their own vertex at one dilution, by branch and bound.

    The ordered cone is cut by planes, the most probable words first. In a part some words have
    their sign and others, whose planes still cut it, may have either; the part is given up if for
    one of its walls xi.x >= 0 not even the best choice of the others makes xi.m >= 0. Nothing
    else is, so that no chamber with m inside or on its walls is lost.

    Parameters
    ----------
    n_patterns : int
        K.
    dilution : float
        d in [0, 1). At d = 0 words with blanks have no weight and are not asked.
    most : int
        Parts to look at before stopping.

    Returns
    -------
    signs : list of ndarray, int8, shape ((3^K - 1)/2,)
        Spins of the chambers left; at d = 0 those of words with blanks are 0 where undecided.
    complete : bool
        Whether all parts were looked at.

    Notes
    -----
    Cost: 30 to 100 us for each part at K <= 8. There are 100 to 800 parts at K = 5, 700 to 50,000
    at K = 6, and at K = 7 10^4 for d > 0.7, 2 10^5 at d = 0.65.
    """
    words = half_words(n_patterns).astype(np.float64)
    integers = half_words(n_patterns).astype(np.int64)
    weights = probabilities(n_patterns, dilution)
    asked = _cutting(n_patterns)
    signs = np.where(asked, 0, 1).astype(np.int8)
    if dilution == 0.0:
        asked &= blanks(n_patterns) == 0
    ordered = np.eye(n_patterns) - np.eye(n_patterns, k=1)
    slack = 1e-10 * (1.0 - dilution)  # far above rounding; what it keeps is judged exactly later
    found = []
    stack = [(ordered_cone(n_patterns), signs, np.flatnonzero(asked), ordered)]
    while stack:
        if most == 0:
            return found, False
        most -= 1
        cone, signs, free, walls = stack.pop()
        values = cone[0] @ integers[free].T
        above, below = np.all(values >= 0, axis=0), np.all(values <= 0, axis=0)
        signs = signs.copy()
        signs[free[above]], signs[free[below]] = 1, -1
        free = free[~(above | below)]
        best = walls @ ((signs * weights) @ words) + np.abs(walls @ words[free].T) @ weights[free]
        if np.any(best < -slack):
            continue
        if len(free) == 0:
            found.append(signs)
            continue
        chosen = int(free[np.argmax(weights[free])])
        parts = cut(cone, integers[chosen], 1 << (n_patterns + chosen))
        for part, sign in zip(parts, (1.0, -1.0), strict=True):
            stack.append((part, signs, free, np.vstack([walls, sign * words[chosen]])))
    return found, True


@lru_cache(maxsize=6)
def chambers(n_patterns: int) -> Chambers:
    """All chambers of K = 1..6 patterns, complete by construction.

    The ordered cone is cut by one plane after the other; every cone is held by its extreme rays,
    which are integers. Cost: 10 ms for K = 5; 10 s and 60 MB for K = 6.
    """
    cones = [ordered_cone(n_patterns)]
    words = half_words(n_patterns)
    for number in np.flatnonzero(_cutting(n_patterns)).tolist():
        bit = 1 << (n_patterns + number)
        cones = [part for cone in cones for part in cut(cone, words[number], bit)]
    weights = np.array([interior(cone) for cone in cones])
    weights = weights[np.lexsort(weights.T[::-1])]
    counts = [
        counts_of(np.sign(block @ words.T.astype(np.int64)))
        for block in np.array_split(weights, 1 + len(weights) // 4096)
    ]
    found = Chambers(weights, np.concatenate(counts))
    found.weights.flags.writeable = found.counts.flags.writeable = False
    return found


def weights_at(point: list[int]) -> tuple[int, ...]:
    """`interior` of the chamber of a point x_1 > ... > x_K > 0 of integers, not on any wall.

    Cost: the extreme rays times the words for each plane that cuts; 0.1 s at K = 8.
    """
    n_patterns = len(point)
    cutting = np.flatnonzero(_cutting(n_patterns))
    words = half_words(n_patterns)[cutting].astype(np.int64)
    positive = np.array(words.astype(object) @ np.array(point, dtype=object) > 0, dtype=bool)
    cone = ordered_cone(n_patterns)
    while True:
        values = cone[0] @ words.T
        cuts = np.flatnonzero((values.min(axis=0) < 0) & (values.max(axis=0) > 0))
        if len(cuts) == 0:
            return tuple(interior(cone).tolist())
        above, below = cut(cone, words[cuts[0]], 1 << (n_patterns + int(cutting[cuts[0]])))
        cone = above if positive[cuts[0]] else below


def searched(n_patterns: int, dilution: float, seed: int) -> list[np.ndarray]:
    """Spins of fixed points that the iteration m -> E xi sgn(xi.m) reaches from many starts.

    Starts are hierarchical (ratios of successive overlaps near 1/2), in blocks of overlaps that
    are nearly equal, random, and nearly parallel, a quarter each, the first exactly hierarchical;
    twice as many more are the best state so far, displaced by 1e-4 to 0.1. Altogether 1800 for
    K <= 8, fewer beyond (about 700 at K = 9, 200 at K = 10, 60 at K = 11 and 30 at K = 12). Every
    step raises |m|^2, so that none goes on for ever. Fields of 0 leave spins as they were.
    """
    rng = np.random.default_rng(seed)
    words = half_words(n_patterns).astype(np.float64)
    weighted = probabilities(n_patterns, dilution)[:, None] * words
    number = max(10, int(min(600, 2e7 / words.size)))
    found: dict[bytes, np.ndarray] = {}
    best, top = np.zeros(n_patterns), 0.0
    for start in range(3 * number):
        if start < number:
            m = _start(start, n_patterns, rng)
        else:
            m = best * (1.0 + 10.0 ** rng.uniform(-4, -1) * rng.standard_normal(n_patterns))
            m = np.sort(np.abs(m))[::-1]
        signs, before = np.sign(words @ m), None
        while before is None or not np.array_equal(signs, before):
            # Sorting goes to the copy with falling overlaps, for which the words are listed.
            m = np.sort(np.abs(signs @ weighted))[::-1]
            fields = words @ m
            before, signs = signs, np.where(fields == 0.0, signs, np.sign(fields))
        narrow = signs.astype(np.int8)
        found[narrow.tobytes()] = narrow
        if m @ m > top:
            best, top = m, float(m @ m)
    return list(found.values())


def _start(number: int, n_patterns: int, rng: np.random.Generator) -> np.ndarray:
    """One start of the search, generic and in falling order."""
    if number == 0:
        return 0.5 ** np.arange(n_patterns)
    kind = number % 4
    noise = rng.random(n_patterns)
    if kind == 0:
        point = np.cumprod(rng.uniform(0.4, 0.7, n_patterns))
    elif kind == 1:
        block = np.cumsum(rng.random(n_patterns) < 0.4)
        point = 0.5**block * (1.0 + 0.01 * noise)
    elif kind == 2:
        point = np.abs(rng.standard_normal(n_patterns))
    else:
        point = 1.0 + 0.1 * noise
    return np.sort(point)[::-1]
