"""Enumeration against brute force over a list of states; transition matrices; e-values."""

import itertools

import numpy as np
import pytest
from exact_chain import (
    flip_costs,
    log_evidence,
    states_of,
    stationary_law,
    sweep_matrix,
    transitions,
)

from assocmem import Biased, Hopfield
from assocmem.hopfield import Dreaming
from assocmem.montecarlo.dynamics import RULES, Dynamics
from assocmem.montecarlo.exact import enumerate_states, transition_matrix
from assocmem.montecarlo.kernels.pairwise import flip_probability

MODELS = {
    "hebb": Hopfield(n_patterns=3),
    "field": Hopfield(n_patterns=3, field=(0.2, -0.1)),
    "biased": Hopfield(n_patterns=2, patterns=Biased(0.4), field=(0.1,)),
    "dreaming": Hopfield(n_patterns=3, rule=Dreaming(1.5), field=(0.1,)),
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


@pytest.mark.parametrize("temperature", [0.2, 0.5, 1.5])
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("update", ["sequential", "random", "parallel"])
@pytest.mark.parametrize("rule", ["heat-bath", "metropolis"])
def test_the_law_is_stationary(name, rule, update, temperature):
    """For the probabilities that kernels use, which are those of the definition."""
    if update == "parallel" and rule == "metropolis":
        with pytest.raises(ValueError, match="heat-bath"):
            Dynamics(rule, update)
        return
    sample = MODELS[name].draw(6, np.random.default_rng(5))
    matrix = transition_matrix(sample, temperature, Dynamics(rule, update))
    # 1 - p loses up to 16 digits, so small entries are good to rounding of 1 alone
    by_definition = sweep_matrix(sample, temperature, Dynamics(rule, update))
    np.testing.assert_allclose(matrix, by_definition, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0, atol=1e-13)
    law = stationary_law(sample, temperature, update)
    np.testing.assert_allclose(law @ matrix, law, rtol=1e-9, atol=1e-15)
    if update != "sequential":  # reversible, where a sequential sweep is only stationary
        flow = law[:, None] * matrix
        np.testing.assert_allclose(flow, flow.T, rtol=1e-9, atol=1e-15)
    exact = enumerate_states(sample, temperature, parallel=update == "parallel")
    spins = states_of(6).astype(np.float64)
    np.testing.assert_allclose(exact.spins[0], law @ spins, atol=1e-13)
    np.testing.assert_allclose(exact.energy[0], law @ sample.energy(spins), atol=1e-12)
    if update == "parallel":
        local = flip_costs(sample) / (2 * temperature)  # s_i h_i / T
        weights = np.prod(2 * np.cosh(local), axis=1) * np.exp(spins @ sample.field / temperature)
        assert exact.log_z[0] == pytest.approx(np.log(weights.sum()), rel=1e-12)


@pytest.mark.parametrize("temperature", [0.2, 1.5])
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("rule", ["heat-bath", "metropolis"])
def test_flips_of_kernels_are_in_detailed_balance(name, rule, temperature):
    sample = MODELS[name].draw(6, np.random.default_rng(5))
    law = stationary_law(sample, temperature, "sequential")
    costs = flip_costs(sample) / temperature
    code = RULES.index(rule)
    chances = np.array([[flip_probability(c / np.log(2.0), code) for c in row] for row in costs])
    flipped = np.arange(64)[:, None] ^ (1 << np.arange(6))
    there = law[:, None] * chances
    back = law[flipped] * chances[flipped, np.arange(6)]
    np.testing.assert_allclose(there, back, rtol=1e-11)


def test_evidence_has_mean_one_under_the_law():
    """Sums over all outcomes: of six draws from a law, and of paths of a chain of two states."""
    law, other = np.array([[0.5, 0.3, 0.2]]), np.array([[0.2, 0.3, 0.5]])
    draws = np.array(list(itertools.product(range(3), repeat=6)))
    counts = np.array([np.bincount(row, minlength=3) for row in draws])
    values = [np.exp(log_evidence(row[None], law, np.array([6.0]), [other])) for row in counts]
    assert law[0][draws].prod(axis=1) @ values == pytest.approx(1.0, rel=1e-10)
    assert max(values) > 30  # six times the rarest
    matrix, other = np.array([[0.9, 0.1], [0.4, 0.6]]), np.array([[0.5, 0.5], [0.5, 0.5]])
    mean = 0.0
    for path in itertools.product(range(2), repeat=8):
        path = np.array((0, *path))
        chance = matrix[path[:-1], path[1:]].prod()
        counts = transitions(path[:-1], path[1:], 2)
        mean += chance * np.exp(log_evidence(counts, matrix, np.array([5.0, 3.0]), [other]))
    assert mean == pytest.approx(1.0, rel=1e-10)
    impossible = log_evidence(np.array([[1, 1]]), np.array([[1.0, 0.0]]), np.array([2.0]))
    assert impossible == np.inf


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


@pytest.mark.parametrize("temperature", [5e-324, 1e-310, 1e-300])
def test_free_energy_next_to_zero_temperature_is_the_ground_energy(temperature):
    for model in MODELS.values():
        sample = model.draw(8, np.random.default_rng(3))
        exact = enumerate_states(sample, [temperature, np.array(temperature)])
        lowest = sample.energy(all_states(8)).min()
        np.testing.assert_allclose(exact.free_energy, lowest, rtol=1e-6)
        np.testing.assert_allclose(exact.energy, exact.free_energy, rtol=1e-12)


@pytest.mark.parametrize(
    ("temperatures", "error", "names"),
    [
        ("0.5", TypeError, "temperatures"),
        (["0.5"], TypeError, r"temperatures\[0\]"),
        (True, TypeError, "temperatures"),
        ([1.0, True], TypeError, r"temperatures\[1\]"),
        ({0.5, 1.0}, TypeError, "temperatures"),
        ([], ValueError, "temperatures"),
        ([0.5, np.nan], ValueError, r"temperatures\[1\]"),
        ([[0.5]], TypeError, "temperatures"),
    ],
)
def test_temperatures_are_checked(temperatures, error, names):
    sample = MODELS["hebb"].draw(4, np.random.default_rng(0))
    with pytest.raises(error, match=names):
        enumerate_states(sample, temperatures)
    with pytest.raises(TypeError, match="parallel"):
        enumerate_states(sample, 0.5, parallel="yes")
