"""Kernels against plain Python: random numbers, quick tests, bounds, whole trajectories."""

import math

import numpy as np
import pytest

from assocmem import Biased, Hopfield
from assocmem.montecarlo.dynamics import Dynamics, engine
from assocmem.montecarlo.kernels import pairwise, rng, waiting

MASK = 2**64 - 1


def xoshiro(state):
    """One step of xoshiro256++ on a list of four Python integers (Blackman, Vigna 2021)."""

    def turn(x, k):
        return ((x << k) | (x >> (64 - k))) & MASK

    out = (turn((state[0] + state[3]) & MASK, 23) + state[0]) & MASK
    shifted = (state[1] << 17) & MASK
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= shifted
    state[3] = turn(state[3], 45)
    return out


def test_xoshiro_published_numbers():
    # The first outputs of the authors' C code from the state 1, 2, 3, 4.
    published = [41943041, 58720359, 3588806011781223, 3591011842654386, 9228616714210784205]
    state = [1, 2, 3, 4]
    assert [xoshiro(state) for _ in published] == published
    single = np.array([[1, 2, 3, 4]], np.uint64)
    assert [int(rng.draw(single, 0)) for _ in published] == published


def test_a_block_of_draws_is_thirty_two_generators():
    bulk, single = rng.seed_states(np.random.SeedSequence(1).spawn(3))
    assert len(np.unique(np.concatenate([bulk.ravel(), single.ravel()]))) == 3 * 132
    plain = [[int(word) for word in bulk[1, :, k]] for k in range(32)]
    draws, levels, *_ = pairwise.buffers()
    for _ in range(3):
        pairwise.fill(bulk, 1, pairwise.HEAT_BATH, draws, levels)
        assert [int(word) for word in draws] == [xoshiro(state) for state in plain]


def test_quick_refusals_never_refuse_a_flip():
    generator = np.random.default_rng(0)
    costs = generator.uniform(-3.0, 34.0, 4000)
    bits = generator.integers(0, 2**64, 4000, dtype=np.uint64) >> generator.integers(
        0, 40, 4000
    ).astype(np.uint64)
    for rule in (pairwise.HEAT_BATH, pairwise.METROPOLIS):
        chances = [pairwise.flip_probability(z, rule) for z in costs]
        expected = np.array([float(int(b) >> 11) / 2**53 for b in bits]) < chances
        found = [pairwise.accepts(z, rng.wide(b), rule) for z, b in zip(costs, bits, strict=True)]
        np.testing.assert_array_equal(found, expected)
        assert 100 < expected.sum() < 3900


@pytest.mark.parametrize("rule", [pairwise.HEAT_BATH, pairwise.METROPOLIS])
def test_levels_separate_flips_from_refusals(rule):
    generator = np.random.default_rng(0)
    numbers = generator.integers(0, 2**31, 20_000) >> generator.integers(0, 31, 20_000)
    numbers = np.concatenate([numbers, 2**31 - 1 - numbers])
    levels = np.array([pairwise.level(np.int32(n), rule) for n in numbers], np.float64)
    # u is between number and number + 1 over 2^31; chances fall with z
    allowed = [pairwise.flip_probability(z, rule) * 2**31 for z in levels]
    assert np.all(allowed <= numbers + 1e-9)  # at number = 0 the level is at 158
    inside = (numbers >= pairwise._EDGE) & (numbers <= 2**31 - pairwise._EDGE)
    assert inside.sum() > 10_000
    surely = [pairwise.flip_probability(z, rule) * 2**31 for z in levels[inside] - pairwise._BAND]
    assert np.all(surely >= numbers[inside] + 1)


def test_probabilities_of_flipping():
    for cost in (-5.0, -0.1, 0.0, 0.3, 7.0):
        z = cost / math.log(2.0)
        assert pairwise.flip_probability(z, pairwise.HEAT_BATH) == pytest.approx(
            1.0 / (1.0 + math.exp(cost)), rel=1e-14
        )
        assert pairwise.flip_probability(z, pairwise.METROPOLIS) == pytest.approx(
            min(1.0, math.exp(-cost)), rel=1e-14
        )


@pytest.mark.parametrize("rule", [pairwise.HEAT_BATH, pairwise.METROPOLIS])
@pytest.mark.parametrize("random_order", [False, True])
def test_waiting_bounds_are_bounds_and_tight(rule, random_order):
    # costs from -100 to 110 powers of two, through zero
    fields = np.arange(-20_000, 22_000, 7, dtype=np.int32)[None]
    spins = np.ones(fields.shape, np.int8)
    external = np.full(fields.size, 0.3)
    weights, sums = np.empty(fields.size, np.float32), np.empty(fields.size // 64 + 1)
    rate = 0.005
    total = waiting.weigh(
        fields, external, spins, 0, np.float32(rate), rule, random_order, weights, sums
    )
    assert total == pytest.approx(weights.astype(np.float64).sum(), rel=1e-5)
    costs = rate * (fields[0] + 0.3)
    chances = np.array([pairwise.flip_probability(z, rule) for z in costs])
    bounds = weights.astype(np.float64)
    struck = bounds if random_order else -np.expm1(-bounds)
    assert np.all(struck >= chances * (1 - 1e-15))
    assert np.all(struck <= 1.0)
    rare = costs > 3.0
    allowed = 1.5 if rule == pairwise.METROPOLIS and not random_order else 1.2
    assert np.all(struck[rare] <= allowed * chances[rare])


def reference_sweeps(sample, spins, temperature, seed, rule, sweeps):
    """Sequential sweeps in plain Python from the kernel's draws; fields from scratch each time."""
    bulk, _ = rng.seed_states([seed])
    generators = [[int(word) for word in bulk[0, :, k]] for k in range(32)]
    couplings, spins = sample.couplings.astype(np.float64), spins.astype(np.float64)
    size = len(spins)
    for _ in range(sweeps):
        for start in range(0, size, 64):
            words = [xoshiro(state) for state in generators]
            numbers = [w & (2**31 - 1) for w in words] + [w >> 33 for w in words]
            base = min(start, max(0, size - 64))
            for site in range(start, min(size, start + 64)):
                gain = 2.0 * spins[site] * (couplings[site] @ spins + sample.field[site])
                if temperature == 0.0:
                    assert abs(gain) > 1e-6  # no ties in this test
                    chance = float(gain < 0)
                elif rule == "metropolis":
                    chance = min(1.0, math.exp(-gain / temperature))
                else:
                    chance = 1.0 / (1.0 + math.exp(gain / temperature))
                if numbers[site - base] / 2**31 < chance:
                    spins[site] = -spins[site]
    return spins.astype(np.int8)


@pytest.mark.parametrize("method", ["single", "lanes"])
@pytest.mark.parametrize("temperature", [0.0, 0.3, 1.5])
@pytest.mark.parametrize("rule", ["heat-bath", "metropolis"])
@pytest.mark.parametrize("size", [20, 64, 150])
def test_trajectories_are_those_of_plain_python(size, rule, temperature, method):
    patterns = Biased(0.2) if rule == "metropolis" else None
    more = {"patterns": patterns} if patterns else {}
    model = Hopfield(n_patterns=7, field=(0.0123,), **more)
    sample = model.draw(size, np.random.default_rng(2))
    seeds = np.random.SeedSequence(11).spawn(3)
    start = np.random.default_rng(4).choice([-1, 1], (3, size))
    ours = engine(sample, start, temperature, seeds, dynamics=Dynamics(rule), method=method)
    ours.run(6)
    for r in range(3):
        expected = reference_sweeps(sample, start[r], temperature, seeds[r], rule, 6)
        np.testing.assert_array_equal(ours.spins[r], expected)
    assert np.any(ours.spins != start)
