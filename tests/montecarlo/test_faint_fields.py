"""At T = 0 the faintest field decides: far from all patterns fields of many bodies are tiny."""

import numpy as np
import pytest

from assocmem import Dense, Supervised, Unsupervised
from assocmem.montecarlo.dynamics import engine


@pytest.mark.parametrize("protocol", [Supervised, Unsupervised])
@pytest.mark.parametrize("p", [4, 6, 8, 14])
def test_states_come_to_rest_where_no_flip_lowers_the_energy(p, protocol):
    """From starts of overlap 0.1 or so with one pattern: a field of 0.1^(p-1) times the largest.

    That is 1e-7 at p = 8, where single precision of the largest knows nothing of it.
    """
    rng = np.random.default_rng(0)
    size, number, chains = 271, 10, 20
    xi = rng.choice(np.array([-1, 1], np.int8), (number, size))
    starts = xi[np.arange(chains) % number].copy()
    for row in starts:
        row[rng.permutation(size)[: round(0.45 * size)]] *= -1
    sample = Dense(n_patterns=number, p=p, learning=protocol(1, 0.5)).sample_of(xi, xi[:, None])
    running = engine(sample, starts, 0.0, np.random.SeedSequence(1).spawn(chains))
    running.run(40)
    # One example of each: both protocols store it, and this is the energy of that.
    stored = Dense(n_patterns=number, p=p).sample_of(xi)
    for state in running.spins[:5]:
        flipped = np.where(np.eye(size, dtype=bool), -state, state)
        here, there = float(stored.energy(state)), stored.energy(flipped)
        assert (there - here).min() > -1e-7 * abs(here)


def test_chains_of_supervised_learning_come_to_rest_far_from_all_patterns():
    rng = np.random.default_rng(0)
    size, number = 271, 10
    sample = Dense(n_patterns=number, p=10, learning=Supervised(100, 0.44)).draw(size, rng)
    kept = rng.random((number, size)) < 0.6
    starts = np.where(kept, sample.patterns, -sample.patterns)
    running = engine(sample, starts, 0.0, np.random.SeedSequence(1).spawn(number))
    running.run(40)
    before = running.flips
    running.run(20)
    assert np.array_equal(running.flips, before)
    for state in running.spins[:3]:
        flipped = np.where(np.eye(size, dtype=bool), -state, state)
        assert (sample.energy(flipped) - float(sample.energy(state))).min() > 0.0
