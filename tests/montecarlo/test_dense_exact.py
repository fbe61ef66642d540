"""Dense networks: enumeration against all states one by one, simulations against enumeration."""

from dataclasses import replace

import numpy as np
import pytest
from enumeration import quenched_samples
from exact_chain import states_of, stationary_law, sweep_matrix
from scipy import stats

from assocmem import (
    Dense,
    Exponential,
    FullPower,
    Hopfield,
    LogSumExp,
    PBody,
    Separable,
    Supervised,
    Unsupervised,
)
from assocmem.montecarlo.dynamics import Dynamics
from assocmem.montecarlo.exact import enumerate_states, transition_matrix
from assocmem.montecarlo.sampler import sample
from assocmem.montecarlo.tempering import temper

# Energies and temperatures around the scale on which each varies.
ENERGIES = {
    "p=2": (PBody(2), [1.0, 1.4, 2.5]),
    "p=3": (PBody(3), [0.25, 0.4, 0.8]),
    "p=4": (PBody(4), [0.06, 0.1, 0.3]),
    "p=5": (PBody(5), [0.02, 0.05, 0.2]),
    "power 3": (FullPower(3), [0.25, 0.4, 0.8]),
    "power 4": (FullPower(4), [0.08, 0.15, 0.4]),
    "formula": (Separable("m**3/6 + m**4/8"), [0.4, 0.7, 1.5]),
    "exponential": (Exponential(0.5), [0.2, 0.3, 1.0]),
    "log-sum-exp": (LogSumExp(0.5), [1.0, 1.5, 4.0]),
}
MODELS = {
    name: (Dense(n_patterns=6, energy=energy), temperatures)
    for name, (energy, temperatures) in ENERGIES.items()
}
for p, temperatures in ((2, [1.0, 1.4, 2.5]), (3, [0.3, 0.5, 1.0]), (4, [0.06, 0.15, 0.5])):
    for protocol in (Supervised, Unsupervised):
        MODELS[f"{protocol.__name__} {p}"] = (
            Dense(n_patterns=4, p=p, learning=protocol(5, 0.7)),
            temperatures,
        )


CASES = [pytest.param(name, field, id=f"{name}{'-field' * field}") for name in MODELS
         for field in (False, True)]  # fmt: skip


def case(name, field):
    model, temperatures = MODELS[name]
    # Small beside the energies: a tenth of the lowest temperature per spin.
    return (replace(model, field=(0.1 * temperatures[0],)) if field else model), temperatures


@pytest.mark.parametrize(("name", "field"), CASES)
def test_enumeration_is_the_sum_over_states(name, field):
    model, temperatures = case(name, field)
    quenched = model.draw(11 if name == "Supervised 4" else 9, np.random.default_rng(3))
    exact = enumerate_states(quenched, [0.0, *temperatures])
    states = states_of(quenched.n_spins)
    energies, overlaps = quenched.energy(states), quenched.overlaps(states)
    ground = energies - energies.min() < 1e-9 * np.abs(energies).max()
    assert exact.ground_states == ground.sum()
    assert exact.levels is None and exact.degeneracies is None
    close = {"rtol": 1e-10, "atol": 1e-12}
    for t, temperature in enumerate(exact.temperatures):
        if temperature == 0.0:
            weights = ground / ground.sum()
            assert exact.free_energy[t] == pytest.approx(energies.min(), rel=1e-12)
            assert exact.log_z[t] == np.inf
        else:
            weights = np.exp(-(energies - energies.min()) / temperature)
            log_z = np.log(weights.sum()) - energies.min() / temperature
            assert exact.log_z[t] == pytest.approx(log_z, rel=1e-12)
            assert exact.free_energy[t] == pytest.approx(-temperature * log_z, rel=1e-12)
            weights /= weights.sum()
        mean = weights @ energies
        np.testing.assert_allclose(exact.energy[t], mean, **close)
        variance = weights @ (energies - mean) ** 2
        np.testing.assert_allclose(exact.energy_variance[t], variance, **close)
        np.testing.assert_allclose(exact.overlaps[t], weights @ overlaps, **close)
        np.testing.assert_allclose(exact.overlap_squares[t], weights @ overlaps**2, **close)
        np.testing.assert_allclose(exact.overlap_magnitudes[t], weights @ np.abs(overlaps), **close)
        np.testing.assert_allclose(exact.spins[t], weights @ states, **close)


@pytest.mark.parametrize(
    "dynamics",
    [Dynamics(), Dynamics("metropolis", "random"), Dynamics(update="parallel")],
    ids=lambda d: f"{d.rule}-{d.update}",
)
@pytest.mark.parametrize("name", MODELS)
def test_transition_matrices(name, dynamics):
    model, temperatures = case(name, True)
    quenched = model.draw(5, np.random.default_rng(5))
    matrix = transition_matrix(quenched, temperatures[1], dynamics)
    by_definition = sweep_matrix(quenched, temperatures[1], dynamics)
    np.testing.assert_allclose(matrix, by_definition, rtol=1e-10, atol=1e-14)
    if dynamics.update != "parallel":
        law = stationary_law(quenched, temperatures[1], dynamics.update)
        np.testing.assert_allclose(law @ matrix, law, rtol=1e-9, atol=1e-14)


def test_two_bodies_are_the_hopfield_model():
    xi = np.random.default_rng(0).choice([-1, 1], (3, 10))
    dense = enumerate_states(Dense(n_patterns=3, p=2, field=(0.1,)).sample_of(xi), [0.0, 0.5])
    pairs = enumerate_states(Hopfield(n_patterns=3, field=(0.1,)).sample_of(xi), [0.0, 0.5])
    for name in ("free_energy", "energy", "energy_variance", "overlaps", "overlap_squares"):
        np.testing.assert_allclose(getattr(dense, name), getattr(pairs, name), atol=1e-12)
    assert dense.ground_states == pairs.ground_states


def test_logarithms_of_sums_too_small_for_floats():
    """Rate -> infinity: minus the largest overlap; exp(-2 rate N) itself would be 0."""
    quenched = Dense(n_patterns=3, energy=LogSumExp(100.0)).draw(12, np.random.default_rng(1))
    exact = enumerate_states(quenched, [0.7])
    best = 12 * quenched.overlaps(states_of(12)).max(axis=1)
    assert exact.log_z[0] == pytest.approx(np.log(np.sum(np.exp(best / 0.7))), abs=0.04 / 0.7)
    assert exact.ground_energy == pytest.approx(-12.0)
    assert exact.ground_states == 3


OBSERVABLES = {
    "energy": lambda exact: exact.energy / len(exact.spins[0]),
    "overlap": lambda exact: exact.overlaps[:, 0],
    "overlap_abs": lambda exact: exact.overlap_magnitudes[:, 0],
    "overlap_squared": lambda exact: exact.overlap_squares[:, 0],
}


def scores(result, samples):
    """z of every observable, temperature and sample, mapped from Student's law to the normal one.

    Errors come from at least 31 blocks in each chain.
    """
    data, out = result.dataset, {}
    dof = 31 * data.sizes["chain"]
    for d, quenched in enumerate(samples):
        exact = enumerate_states(quenched, data.temperature.values)
        for name, wanted in OBSERVABLES.items():
            parts = (data[key].isel(disorder=d) for key in (name, name + "_error"))
            value, error = (x.values.reshape(len(data.temperature), -1) for x in parts)
            assert np.all(error > 0.0)
            spread = np.sqrt((error**2).mean(axis=1) / error.shape[1])
            z = np.abs(value.mean(axis=1) - wanted(exact)) / spread
            for t, one in enumerate(stats.norm.isf(stats.t.sf(z, dof))):
                out[name, d, t] = float(one)
    return out


def memory(quenched, temperature, dynamics, sweeps):
    """Largest distance (total variation) from the stationary law after so many sweeps."""
    matrix = transition_matrix(quenched, temperature, dynamics)
    law = stationary_law(quenched, temperature, "sequential")
    return 0.5 * np.abs(np.linalg.matrix_power(matrix, sweeps) - law).sum(axis=1).max()


@pytest.mark.parametrize(("name", "field"), CASES)
def test_simulations_against_enumeration(name, field):
    """4 observables x 3 temperatures x 2 samples in each of 30 cases: 720 z-scores.

    |z| < 5 for all: false alarm 720 x 5.7e-7 = 0.04 %. Where chains come from is forgotten in
    the burn-in, by the matrix of a sweep.
    """
    model, temperatures = case(name, field)
    dynamics = Dynamics("metropolis", "random") if field else Dynamics()
    result = sample(
        model, n_spins=8, temperature=temperatures, sweeps=1500, burn_in=200, chains=8, disorder=2,
        start="random", dynamics=dynamics, seed=1, progress=False,
    )  # fmt: skip
    samples = quenched_samples(model, 8, 2, seed=1)
    for quenched in samples:
        assert memory(quenched, temperatures[0], dynamics, 200) < 1e-3
    found = scores(result, samples)
    assert max(found.values()) < 5.0, found


@pytest.mark.slow
@pytest.mark.parametrize(("name", "field"), CASES)
def test_long_simulations_of_fourteen_spins_against_enumeration(name, field):
    """|z| < 5 for all 720: false alarm 0.04 %, with errors a third of those of the quick test."""
    model, temperatures = case(name, field)
    result = sample(
        model, n_spins=14, temperature=temperatures, sweeps=12_000, burn_in=1000, chains=16,
        disorder=2, start="random", seed=2, progress=False,
    )  # fmt: skip
    assert bool(result.converged().all()), str(result)
    found = scores(result, quenched_samples(model, 14, 2, seed=2))
    assert max(found.values()) < 5.0, found


def test_tempering_against_enumeration_at_low_temperature():
    """4 observables x 5 temperatures x 2 samples: 40 z-scores, |z| < 4.5: false alarm 0.03 %.

    One pattern of three favoured by a small field; at the lowest temperature heat bath alone
    remembers where it began after as many sweeps.
    """
    model = Dense(n_patterns=3, p=3, field=(0.01,))
    ladder = [0.06, 0.1, 0.16, 0.27, 0.5]
    result = temper(
        model, n_spins=8, temperatures=ladder, sweeps=6000, chains=8, disorder=2, seed=3,
        progress=False,
    )  # fmt: skip
    assert bool(result.converged().all()), str(result)
    assert np.all(result.dataset.round_trips.values > 0)
    samples = quenched_samples(model, 8, 2, seed=3)
    assert max(memory(quenched, 0.06, Dynamics(), 6000) for quenched in samples) > 0.1
    found = scores(result, samples)
    assert max(found.values()) < 4.5, found


def test_refusals():
    model = Dense(n_patterns=3, p=3)
    with pytest.raises(ValueError, match="parallel"):
        enumerate_states(model.draw(5, np.random.default_rng(0)), 1.0, parallel=True)
    with pytest.raises(ValueError, match="n_spins"):
        enumerate_states(model.draw(25, np.random.default_rng(0)), 1.0)
    with pytest.raises(ValueError, match="n_spins"):
        transition_matrix(model.draw(11, np.random.default_rng(0)), 1.0)
    with pytest.raises(TypeError, match="sample"):
        enumerate_states(model, 1.0)
