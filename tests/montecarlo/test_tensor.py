"""Networks with an explicit tensor of couplings: energies, fields and the stationary law."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from assocmem import Dense, FullPower, Supervised, from_json, to_json
from assocmem.hopfield.noisy import NoisyDense
from assocmem.montecarlo.kernels.tensor import tensor_fields
from assocmem.montecarlo.tensor import run_tensor, sample_tensor


def _states(size):
    return np.array(list(itertools.product((1, -1), repeat=size)), dtype=np.int8)


@pytest.mark.parametrize("p", [2, 3, 4, 5])
def test_energy_without_noise_is_that_of_patterns(p):
    sample = NoisyDense(Dense(n_patterns=3, p=p), 0.0).draw(8, np.random.default_rng(p))
    dense = Dense(n_patterns=3, p=p).sample_of(sample.patterns)
    states = _states(8)[::7]
    found = [sample.energy(state) for state in states]
    np.testing.assert_allclose(found, dense.energy(states), atol=1e-14)


@pytest.mark.parametrize("p", [2, 3, 4])
def test_noise_has_the_variance_said(p):
    # Chi-square of C(24, p) normal numbers; false-alarm rate 1e-6 each.
    model = NoisyDense(Dense(n_patterns=1, p=p), 1.5, growth=0.5)
    sample = model.draw(24, np.random.default_rng(2))
    index = np.array(list(itertools.combinations(range(24), p))).T
    pattern = np.prod(sample.patterns[0].astype(float)[index], axis=0)
    noise = (sample.tensor[tuple(index)] - pattern) / (1.5 * math.sqrt(24))
    tail = stats.chi2.sf(np.sum(noise**2), noise.size)
    assert 5e-7 < tail < 1 - 5e-7
    swapped = np.swapaxes(sample.tensor, 0, p - 1)
    np.testing.assert_array_equal(sample.tensor, swapped)
    coinciding = (np.arange(24), np.arange(24)) + (0,) * (p - 2)
    assert not np.any(sample.tensor[coinciding])


@pytest.mark.parametrize("p", [2, 3, 4])
def test_fields_are_energy_differences(p):
    sample = NoisyDense(Dense(n_patterns=2, p=p), 0.7).draw(9, np.random.default_rng(3))
    flat = sample.tensor.reshape(9, 9, -1)
    fields, work = np.empty(9), np.empty(flat.shape[2], np.float32)
    for spins in _states(9)[::97]:
        tensor_fields(flat, spins, 1.0 / math.factorial(p - 1), work, fields)
        for i in range(9):
            other = spins.copy()
            other[i] *= -1
            cost = sample.energy(other) - sample.energy(spins)
            expected = 2.0 * spins[i] * fields[i] / 9.0 ** (p - 1)
            assert cost == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("p", "temperature"), [(2, 0.9), (3, 0.4), (4, 0.1)])
def test_stationary_law_by_enumeration(p, temperature):
    # Means of m and m^2 over 200 chains of one sample: Student's t, false-alarm rate 1e-6 each.
    sample = NoisyDense(Dense(n_patterns=2, p=p), 0.6).draw(8, np.random.default_rng(5))
    states = _states(8)
    energies = np.array([sample.energy(state) for state in states])
    weights = np.exp(-(energies - energies.min()) / temperature)
    weights /= weights.sum()
    m = states @ sample.patterns[0] / 8.0
    found = []
    for child in np.random.SeedSequence(4).spawn(200):
        spins = np.random.default_rng(child).choice(np.array([-1, 1], np.int8), 8)
        overlaps = run_tensor(sample, spins, temperature, 2200, child)[200:]
        assert overlaps[-1] == pytest.approx(spins @ sample.patterns[0] / 8.0)
        found.append([overlaps.mean(), (overlaps**2).mean()])
    found = np.array(found)
    expected = [weights @ m, weights @ m**2]
    error = found.std(axis=0, ddof=1) / math.sqrt(200)
    assert np.all(error < 0.05)
    assert np.all(np.abs(found.mean(axis=0) - expected) < stats.t.isf(5e-7, 199) * error)


def test_zero_temperature_goes_downhill_to_a_minimum():
    sample = NoisyDense(Dense(n_patterns=2, p=3), 0.8).draw(20, np.random.default_rng(6))
    spins = sample.patterns[0].copy()
    before = sample.energy(spins)
    for child in np.random.SeedSequence(1).spawn(40):
        run_tensor(sample, spins, 0.0, 1, child)
        now = sample.energy(spins)
        assert now <= before + 1e-6
        before = now
    for i in range(20):
        other = spins.copy()
        other[i] *= -1
        assert sample.energy(other) >= before - 1e-6


def test_seeds_and_refusals():
    model = NoisyDense(Dense(n_patterns=2, p=3), 0.3)
    options = {"n_spins": 20, "temperature": 0.1, "sweeps": 20, "burn_in": 10, "progress": False}
    first = sample_tensor(model, disorder=2, seed=3, **options)
    again = sample_tensor(model, disorder=4, seed=3, **options)
    np.testing.assert_array_equal(first.overlap, again.overlap[:2])
    assert not np.array_equal(
        first.overlap, sample_tensor(model, disorder=2, seed=4, **options).overlap
    )
    assert from_json(first.attrs["model"]) == model == from_json(to_json(model))
    with pytest.raises(TypeError, match="model"):
        sample_tensor(Dense(n_patterns=2, p=3), **options)
    with pytest.raises(ValueError, match="temperature"):
        sample_tensor(model, **{**options, "temperature": -1.0})
    with pytest.raises(ValueError, match="GiB"):
        model.draw(10**5, np.random.default_rng(0))
    with pytest.raises(ValueError, match="dense"):
        NoisyDense(Dense(n_patterns=2, energy=FullPower(4)), 0.1)
    with pytest.raises(ValueError, match="dense"):
        NoisyDense(Dense(n_patterns=2, p=3, learning=Supervised(2, 0.5)), 0.1)
    with pytest.raises(ValueError, match="amplitude"):
        NoisyDense(Dense(n_patterns=2, p=3), -0.1)
    with pytest.raises(ValueError, match="p must"):
        NoisyDense(Dense(n_patterns=2, p=2), 0.1).at_size(10)
