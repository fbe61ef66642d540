"""Noise on a pattern against enumeration and the hypergeometric law.

Chi-square tests have a false alarm of 1e-6 each; seeds are fixed.
"""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from assocmem import SDR
from assocmem.sdr.noise import Drop, Kill, Replace, Swap

ALARM = 1e-6


def check_law(found, law):
    """Chi-square of counts against exact probabilities of all outcomes."""
    counts = Counter(found)
    assert set(counts) <= set(law)
    assert math.isclose(sum(law.values()), 1.0)
    expected = {key: p * len(found) for key, p in law.items()}
    assert min(expected.values()) > 10.0
    value = sum((counts[key] - mean) ** 2 / mean for key, mean in expected.items())
    assert stats.chi2.sf(value, len(expected) - 1) > ALARM


def outcomes(noise, n, cells):
    """Every result of a noise, with its exact probability, by its definition."""
    law, v = Counter(), getattr(noise, "bits", 0)
    if isinstance(noise, Kill):
        for dead in itertools.combinations(range(n), noise.cells):
            law[tuple(sorted(set(cells) - set(dead)))] += 1 / math.comb(n, noise.cells)
        return law
    for lost in itertools.combinations(cells, v):
        kept = set(cells) - set(lost)
        outside = set(range(n)) - (kept if isinstance(noise, Swap) else set(cells))
        added = 0 if isinstance(noise, Drop) else v
        for new in itertools.combinations(sorted(outside), added):
            p = 1 / (math.comb(len(cells), v) * math.comb(len(outside), added))
            law[tuple(sorted(kept | set(new)))] += p
    return law


@pytest.mark.parametrize(
    "noise",
    [Drop(0), Drop(2), Drop(4), Replace(1), Replace(2), Replace(4), Swap(1), Swap(3), Swap(4),
     Kill(1), Kill(5), Kill(9), Kill(0)],
    ids=str,
)  # fmt: skip
def test_every_outcome_has_its_probability(noise):
    n, cells = 9, (0, 3, 4, 8)
    law, rng, pattern = outcomes(noise, n, cells), np.random.default_rng(4), SDR(9, cells)
    found = [tuple(pattern.with_noise(noise, rng)) for _ in range(5_000)]
    if len(law) == 1:
        assert set(found) == set(law)
    else:
        check_law(found, law)


def test_replaced_bits_leave_an_overlap_of_exactly_the_rest():
    rng = np.random.default_rng(7)
    for n, a in ((2048, 40), (100, 50), (64, 17), (129, 64)):
        pattern = SDR(n, rng.permutation(n)[:a])
        for v in {0, 1, a // 4, a}:
            for _ in range(20):
                noisy = pattern.with_noise(Replace(v), rng)
                assert noisy.size == a and noisy.overlap(pattern) == a - v


def test_drop_keeps_a_part():
    rng, pattern = np.random.default_rng(8), SDR(500, range(3, 500, 10))
    for v in (0, 1, 20, 50):
        noisy = pattern.with_noise(Drop(v), rng)
        assert noisy.size == 50 - v and noisy <= pattern
        part = pattern.subsample(v, rng)
        assert part.size == v and part <= pattern


def test_swapped_bits_come_back_by_a_hypergeometric_law():
    """The case of the specification where conventions differ most: n = 60, a = 20, v = 12."""
    n, a, v, rng = 60, 20, 12, np.random.default_rng(9)
    pattern = SDR(n, range(0, n, 3))
    returns = []
    for _ in range(20_000):
        noisy = pattern.with_noise(Swap(v), rng)
        assert noisy.size == a
        returns.append(noisy.overlap(pattern) - (a - v))
    law = {r: stats.hypergeom.pmf(r, n - a + v, v, v) for r in range(v + 1)}
    low, high = 0, 6  # tails in one class each, so that expectations are large
    merged = {r: law[r] for r in range(low, high)} | {high: sum(law[r] for r in range(high, v + 1))}
    check_law([min(r, high) for r in returns], merged)


def test_dead_cells_of_the_pattern_by_a_hypergeometric_law():
    n, a, dead, rng = 80, 20, 30, np.random.default_rng(10)
    pattern = SDR(n, range(7, 27))
    lost = [a - pattern.with_noise(Kill(dead), rng).size for _ in range(10_000)]
    law = {k: stats.hypergeom.pmf(k, n, a, dead) for k in range(a + 1)}
    merged = {k: law[k] for k in range(4, 12)}
    merged[3], merged[12] = sum(law[k] for k in range(4)), sum(law[k] for k in range(12, a + 1))
    check_law([min(max(k, 3), 12) for k in lost], merged)


def test_large_patterns_are_replaced_evenly():
    """More cells than sorted lists are used for: each cell outside is as likely as any other."""
    n, a, v, rng, count = 200, 60, 40, np.random.default_rng(11), 5_000
    pattern = SDR(n, rng.permutation(n)[:a])
    hits = np.zeros(n)
    for _ in range(count):
        hits[pattern.with_noise(Replace(v), rng).sparse] += 1
    for inside, p in ((True, 1 - v / a), (False, v / (n - a))):
        kept = hits[pattern.dense == inside]
        worst = np.abs(kept - count * p).max() / math.sqrt(count * p * (1 - p))
        assert 2 * n * stats.norm.sf(worst) > ALARM


def test_shape_is_kept_and_the_seed_decides():
    pattern = SDR((10, 10), range(30))
    for noise in (Drop(5), Replace(5), Swap(5), Kill(20)):
        one = pattern.with_noise(noise, 0)
        assert one.dimensions == (10, 10)
        assert (
            one
            == pattern.with_noise(noise, 0)
            == pattern.with_noise(noise, np.random.default_rng(0))
        )
        assert len({pattern.with_noise(noise, seed) for seed in range(20)}) > 10
    assert pattern.subsample(7, 0) == pattern.subsample(7, 0)


def test_ends_of_the_range():
    full, empty = SDR(70, range(70)), SDR(70)
    assert full.with_noise(Swap(70), 1) == full and full.with_noise(Kill(70), 1) == empty
    assert full.with_noise(Drop(70), 1) == empty and empty.with_noise(Kill(70), 1) == empty
    assert empty.with_noise(Swap(0), 1) == empty and full.with_noise(Replace(0), 1) == full


@pytest.mark.parametrize(
    "noise, error, text",
    [
        (Drop(5), ValueError, r"noise.bits must be an integer in \[0, 4\], got 5"),
        (Swap(5), ValueError, r"noise.bits must be an integer in \[0, 4\]"),
        (Replace(3), ValueError, r"noise.bits must be an integer in \[0, 2\]"),
        (Kill(7), ValueError, r"noise.cells must be an integer in \[0, 6\]"),
        (0.25, TypeError, "noise must be Drop, Replace, Swap or Kill, got 0.25"),
        (Drop, TypeError, "noise must be Drop"),
    ],
    ids=str,
)
def test_refusals(noise, error, text):
    with pytest.raises(error, match=text):
        SDR(6, range(4)).with_noise(noise, 0)


def test_refused_seeds():
    for seed, error in ((-1, ValueError), (0.5, TypeError), (None, TypeError), (True, TypeError)):
        with pytest.raises(error, match="rng must be"):
            SDR(6, [1]).with_noise(Drop(1), seed)
