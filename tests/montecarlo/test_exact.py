"""Enumeration against brute force over a list of states, and transition matrices."""

import itertools

import numpy as np
import pytest

from assocmem import Biased, Hopfield
from assocmem.montecarlo.dynamics import Dynamics
from assocmem.montecarlo.exact import enumerate_states, transition_matrix

MODELS = {
    "hebb": Hopfield(n_patterns=3),
    "field": Hopfield(n_patterns=3, field=(0.2, -0.1)),
    "biased": Hopfield(n_patterns=2, patterns=Biased(0.4), field=(0.1,)),
}


def all_states(size):
    return np.array(list(itertools.product([-1, 1], repeat=size)))


@pytest.mark.parametrize("name", MODELS)
def test_enumeration_is_the_sum_over_states(name):
    sample = MODELS[name].draw(11, np.random.default_rng(3))  # 2^11: more than one refresh
    exact = enumerate_states(sample, [0.0, 0.25, 2.0])
    states = all_states(11)
    energies, overlaps = sample.energy(states), sample.overlaps(states)
    ground = np.abs(energies - energies.min()) < 1e-9
    assert exact.ground_states == ground.sum()
    for t, temperature in enumerate(exact.temperatures):
        if temperature == 0.0:
            weights = ground / ground.sum()
            assert exact.free_energy[t] == pytest.approx(energies.min(), rel=1e-12)
        else:
            weights = np.exp(-(energies - energies.min()) / temperature)
            log_z = np.log(weights.sum()) - energies.min() / temperature
            assert exact.log_z[t] == pytest.approx(log_z, rel=1e-12)
            assert exact.free_energy[t] == pytest.approx(-temperature * log_z, rel=1e-12)
            weights /= weights.sum()
        mean = weights @ energies
        close = {"rtol": 1e-10, "atol": 1e-11}
        np.testing.assert_allclose(exact.energy[t], mean, **close)
        np.testing.assert_allclose(
            exact.energy_variance[t], weights @ (energies - mean) ** 2, **close
        )
        np.testing.assert_allclose(exact.overlaps[t], weights @ overlaps, **close)
        np.testing.assert_allclose(exact.overlap_squares[t], weights @ overlaps**2, **close)
        np.testing.assert_allclose(exact.overlap_magnitudes[t], weights @ np.abs(overlaps), **close)
        np.testing.assert_allclose(exact.spins[t], weights @ states, **close)


def test_degeneracies_make_log_z():
    sample = MODELS["hebb"].draw(10, np.random.default_rng(0))
    exact = enumerate_states(sample, 0.7)
    values, counts = np.unique(np.round(sample.energy(all_states(10)), 9), return_counts=True)
    np.testing.assert_allclose(exact.levels, values, atol=1e-9)
    np.testing.assert_array_equal(exact.degeneracies, counts)
    log_z = np.log(np.sum(exact.degeneracies * np.exp(-exact.levels / 0.7)))
    assert exact.log_z[0] == pytest.approx(log_z, rel=1e-12)


def test_heat_capacity_is_the_derivative_of_the_energy():
    sample = MODELS["biased"].draw(8, np.random.default_rng(1))
    step = 1e-4
    exact = enumerate_states(sample, [0.8 - step, 0.8, 0.8 + step])
    slope = (exact.energy[2] - exact.energy[0]) / (2 * step)
    assert slope == pytest.approx(exact.energy_variance[1] / 0.8**2, rel=1e-6)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("update", ["sequential", "random", "parallel"])
@pytest.mark.parametrize("rule", ["heat-bath", "metropolis"])
def test_the_law_is_stationary(name, rule, update):
    if update == "parallel" and rule == "metropolis":
        with pytest.raises(ValueError, match="heat-bath"):
            Dynamics(rule, update)
        return
    sample = MODELS[name].draw(6, np.random.default_rng(5))
    temperature = 0.6
    matrix = transition_matrix(sample, temperature, Dynamics(rule, update))
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0, atol=1e-13)
    spins = 2.0 * ((np.arange(64)[:, None] >> np.arange(6)) & 1) - 1.0
    if update == "parallel":
        couplings = sample.couplings.astype(np.float64)
        local = (spins @ couplings + sample.field) / temperature
        weights = np.prod(2 * np.cosh(local), axis=1) * np.exp(spins @ sample.field / temperature)
    else:
        weights = np.exp(-sample.energy(spins) / temperature)
    law = weights / weights.sum()
    # float32 couplings of the biased sample limit the parallel law to about 1e-7
    np.testing.assert_allclose(law @ matrix, law, atol=1e-7 if update == "parallel" else 1e-14)
    if update != "sequential":  # reversible, where a sequential sweep is only stationary
        flow = law[:, None] * matrix
        np.testing.assert_allclose(flow, flow.T, atol=1e-7 if update == "parallel" else 1e-14)
    exact = enumerate_states(sample, temperature, parallel=update == "parallel")
    np.testing.assert_allclose(exact.spins[0], law @ spins, atol=1e-7)
    np.testing.assert_allclose(exact.energy[0], law @ sample.energy(spins), atol=1e-7)
    if update == "parallel":
        np.testing.assert_allclose(exact.log_z[0], np.log(weights.sum()), atol=1e-6)


def test_refusals():
    sample = MODELS["hebb"].draw(25, np.random.default_rng(0))
    with pytest.raises(ValueError, match="n_spins"):
        enumerate_states(sample, 1.0)
    small = MODELS["hebb"].draw(4, np.random.default_rng(0))
    with pytest.raises(ValueError, match="temperatures"):
        enumerate_states(small, -1.0)
    with pytest.raises(ValueError, match="parallel"):
        enumerate_states(small, 0.0, parallel=True)
    with pytest.raises(TypeError, match="sample"):
        enumerate_states(np.eye(3), 1.0)
    with pytest.raises(ValueError, match="temperature"):
        transition_matrix(small, 0.0)
    with pytest.raises(ValueError, match="n_spins"):
        transition_matrix(MODELS["hebb"].draw(11, np.random.default_rng(0)), 1.0)
