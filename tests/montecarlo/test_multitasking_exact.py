"""Multitasking networks: enumeration against all states, every dynamics and method against it."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from enumeration import quenched_samples
from exact_chain import (
    labels_of,
    log_evidence,
    mean_evidence,
    states_of,
    stationary_law,
    sweep_matrix,
    transitions,
)
from scipy import stats

from assocmem import Hopfield, Multitasking, Supervised, Unsupervised
from assocmem.montecarlo.dynamics import Dynamics, engine
from assocmem.montecarlo.exact import enumerate_states, transition_matrix
from assocmem.montecarlo.sampler import sample
from assocmem.montecarlo.tempering import temper

RARE = 1e-6
UPDATES = [
    Dynamics("heat-bath", "sequential"),
    Dynamics("heat-bath", "random"),
    Dynamics("metropolis", "sequential"),
    Dynamics("metropolis", "random"),
    Dynamics("heat-bath", "parallel"),
]
STORED = {
    "patterns": Multitasking(n_patterns=3, dilution=0.3),
    "sums": Multitasking(n_patterns=3, dilution=0.3, learning=Supervised(5, 0.7)),
    "examples": Multitasking(n_patterns=3, dilution=0.3, learning=Unsupervised(5, 0.7)),
}
MODELS = STORED | {
    f"{name}-field": replace(model, field=(0.05, 0.0, -0.1)) for name, model in STORED.items()
}
# Of the cached fields, which ask the sample for couplings alone, not all with each of the models.
CASES = [
    pytest.param(name, dynamics, method, id=f"{name}-{dynamics.rule}-{dynamics.update}-{method}")
    for name in ("patterns", "patterns-field", "sums-field", "examples-field")
    for dynamics in UPDATES
    for method in ("patterns", "single", "lanes", "auto", "waiting")
    if not (method == "waiting" and dynamics.update == "parallel")
    and not (method in ("lanes", "auto") and name != "patterns-field")
]


@functools.cache
def sample_of(name, size):
    return MODELS[name].draw(size, np.random.default_rng(13))


@pytest.mark.parametrize("name", MODELS)
def test_enumeration_is_the_sum_over_states(name):
    quenched = sample_of(name, 10)
    exact = enumerate_states(quenched, [0.0, 0.1, 0.4, 1.0])
    states = states_of(10)
    energies, overlaps = quenched.energy(states), quenched.overlaps(states)
    ground = energies - energies.min() < 1e-9
    assert exact.ground_states == ground.sum()
    assert exact.ground_energy == pytest.approx(energies.min(), rel=1e-12)
    close = {"rtol": 1e-10, "atol": 1e-12}
    for t, temperature in enumerate(exact.temperatures):
        weights = ground / ground.sum()
        if temperature > 0.0:
            weights = np.exp(-(energies - energies.min()) / temperature)
            log_z = np.log(weights.sum()) - energies.min() / temperature
            assert exact.log_z[t] == pytest.approx(log_z, rel=1e-12)
            weights /= weights.sum()
        mean = weights @ energies
        np.testing.assert_allclose(exact.energy[t], mean, **close)
        np.testing.assert_allclose(
            exact.energy_variance[t], weights @ (energies - mean) ** 2, **close
        )
        np.testing.assert_allclose(exact.overlaps[t], weights @ overlaps, **close)
        np.testing.assert_allclose(exact.overlap_squares[t], weights @ overlaps**2, **close)
        np.testing.assert_allclose(exact.overlap_magnitudes[t], weights @ np.abs(overlaps), **close)
        np.testing.assert_allclose(exact.spins[t], weights @ states, **close)
    if "field" in name:
        assert exact.levels is None and exact.degeneracies is None
    else:
        levels, counts = np.unique(np.round(energies / quenched.unit), return_counts=True)
        np.testing.assert_allclose(exact.levels, levels * quenched.unit, rtol=1e-12)
        np.testing.assert_array_equal(exact.degeneracies, counts)


def test_levels_too_many_to_count_are_not():
    model = Multitasking(n_patterns=2, dilution=0.2, learning=Supervised(3000, 0.7))
    quenched = model.draw(6, np.random.default_rng(0))
    exact = enumerate_states(quenched, 0.3)
    energies = quenched.energy(states_of(6))
    assert np.ptp(energies) / quenched.unit > 2**24
    assert exact.levels is None
    wanted = np.log(np.sum(np.exp(-energies / 0.3)))
    assert exact.log_z[0] == pytest.approx(wanted, rel=1e-12)


def test_without_blanks_they_are_the_hopfield_model():
    xi = np.random.default_rng(0).choice([-1, 1], (3, 10))
    diluted = Multitasking(n_patterns=3, dilution=0.0, field=(0.1,)).sample_of(xi)
    pairs = Hopfield(n_patterns=3, field=(0.1,)).sample_of(xi)
    ours, theirs = (enumerate_states(one, [0.0, 0.5]) for one in (diluted, pairs))
    for name in ("free_energy", "energy", "energy_variance", "overlaps", "overlap_squares"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
    assert ours.ground_states == theirs.ground_states


@pytest.mark.parametrize("temperature", [0.1, 0.6])
@pytest.mark.parametrize("dynamics", UPDATES, ids=lambda d: f"{d.rule}-{d.update}")
@pytest.mark.parametrize("name", MODELS)
def test_transition_matrices_keep_the_law(name, dynamics, temperature):
    quenched = sample_of(name, 6)
    matrix = transition_matrix(quenched, temperature, dynamics)
    by_definition = sweep_matrix(quenched, temperature, dynamics)
    np.testing.assert_allclose(matrix, by_definition, rtol=1e-10, atol=1e-14)
    law = stationary_law(quenched, temperature, dynamics.update)
    np.testing.assert_allclose(law @ matrix, law, rtol=1e-9, atol=1e-14)
    exact = enumerate_states(quenched, temperature, parallel=dynamics.update == "parallel")
    np.testing.assert_allclose(exact.spins[0], law @ states_of(6), atol=1e-12)


@functools.cache
def matrix_of(name, size, temperature, dynamics, made=1.0):
    return sweep_matrix(sample_of(name, size), temperature, dynamics, made)


@pytest.mark.parametrize(("name", "dynamics", "method"), CASES)
def test_paths_have_the_exact_transition_probabilities(name, dynamics, method):
    """From all 32 states of five spins: one sweep, two more, and the path of 12 after them.

    One e-value for each of 66 cases, compared with 1/RARE: false alarm 7e-5 for all.
    """
    size, copies, temperatures = 5, 32, (0.15, 0.7)
    quenched, number = sample_of(name, size), 2**size
    start = np.tile(np.repeat(np.arange(number), copies), len(temperatures))
    heats = np.repeat(temperatures, number * copies)
    seeds = np.random.SeedSequence(17).spawn(len(start))
    ours = engine(
        quenched, states_of(size)[start], heats, seeds, dynamics=dynamics, tracked=range(3),
        method=method,
    )  # fmt: skip
    path = [start]
    for sweeps in (1, 2, *[1] * 12):
        record = ours.run(sweeps, sweeps)[:, 0]
        np.testing.assert_allclose(record[:, 0] * size, quenched.energy(ours.spins), atol=1e-6)
        np.testing.assert_allclose(record[:, 1:], quenched.overlaps(ours.spins), atol=1e-14)
        path.append(labels_of(ours.spins))
    path = np.column_stack(path)
    np.testing.assert_array_equal(ours.spin_sums, states_of(size)[path[:, 1:]].sum(axis=1))
    np.testing.assert_allclose(ours.energies(), quenched.energy(ours.spins), atol=1e-12)
    logs = {}
    for temperature in temperatures:
        of = functools.partial(matrix_of, name, size, temperature, dynamics)
        near = [matrix_of(name, size, f * temperature, dynamics) for f in (0.9, 0.98, 1.02, 1.1)]
        near.append(of(made=0.98))
        mine = path[heats == temperature]
        sizes = np.full(number, float(copies))
        counts = transitions(mine[:, 0], mine[:, 1], number)
        logs[temperature, "first"] = log_evidence(counts, of(), sizes)
        counts = transitions(mine[:, 1], mine[:, 2], number)
        logs[temperature, "two"] = log_evidence(counts, of() @ of(), sizes @ of())
        counts = transitions(mine[:, 2:-1], mine[:, 3:], number)
        after = functools.partial(np.linalg.matrix_power, of())
        expected = sum(sizes @ after(3 + t) for t in range(12))
        logs[temperature, "path"] = log_evidence(counts, of(), expected, near)
    assert mean_evidence(logs) < -np.log(RARE), logs


def scores(data, samples, parallel):
    """z of energies and of <m>, <|m|>, <m^2> of each pattern, as those of normal variables.

    Errors come from at least 31 blocks in each chain.
    """
    out, chains = [], data.sizes["chain"]
    for d, quenched in enumerate(samples):
        exact = enumerate_states(quenched, data.temperature.values, parallel=parallel)
        wanted = {
            "energy": exact.energy[:, None] / quenched.n_spins,
            "overlap": exact.overlaps,
            "overlap_abs": exact.overlap_magnitudes,
            "overlap_squared": exact.overlap_squares,
        }
        for name, values in wanted.items():
            found, error = (
                data[key].isel(disorder=d).values.reshape(len(values), chains, -1)
                for key in (name, name + "_error")
            )
            assert np.all(error > 0.0)
            z = np.abs(found.mean(axis=1) - values) / np.sqrt((error**2).mean(axis=1) / chains)
            out.append(stats.norm.isf(stats.t.sf(z, 31 * chains)).ravel())
    return np.concatenate(out)


def memory(quenched, temperature, dynamics, sweeps):
    """Largest distance (total variation) from the stationary law after so many sweeps."""
    matrix = np.linalg.matrix_power(transition_matrix(quenched, temperature, dynamics), sweeps)
    return (
        0.5 * np.abs(matrix - stationary_law(quenched, temperature, dynamics.update)).sum(1).max()
    )


@pytest.mark.parametrize(("name", "dynamics", "method"), CASES)
def test_simulations_against_enumeration(name, dynamics, method):
    """10 observables x 2 temperatures x 2 samples in each of 66 cases: 2640 z-scores.

    |z| < 5.2 for all: false alarm 2640 x 2e-7 = 0.05 %. Seed 9 has no pattern blank but for one
    spin, whose modulus would be constant, and none that keeps chains for 200 sweeps.
    """
    temperatures = [0.5, 0.9]
    result = sample(
        MODELS[name], n_spins=8, temperature=temperatures, sweeps=1500, burn_in=200, chains=8,
        disorder=2, start="random", dynamics=dynamics, method=method, tracked=3, seed=9,
        progress=False,
    )  # fmt: skip
    samples = quenched_samples(MODELS[name], 8, 2, seed=9)
    for quenched in samples:
        assert memory(quenched, temperatures[0], dynamics, 200) < 1e-3
    found = scores(result.dataset, samples, dynamics.update == "parallel")
    assert len(found) == 40 and found.max() < 5.2, found


@pytest.mark.parametrize("method", ["patterns", "single"])
@pytest.mark.parametrize("name", MODELS)
def test_partition_function_from_chains(name, method):
    """ln Z(T') - ln Z(T) = ln <exp(-(1/T' - 1/T) H)>_T, from 64 independent chains each.

    Student's t of 63 for 12 z-scores, mapped to normal ones: |z| < 4.3, false alarm 12 x 1.7e-5.
    The rule of error propagation is good to the square of the relative error, below 1 %.
    """
    result = sample(
        MODELS[name], n_spins=8, temperature=0.5, sweeps=2000, burn_in=100, chains=64, disorder=1,
        start="random", method=method, trajectory=True, seed=4, progress=False,
    )  # fmt: skip
    (quenched,) = quenched_samples(MODELS[name], 8, 1, seed=4)
    energies = 8 * result.dataset.energy_trajectory.values[0, 0]
    factors = np.exp(-(1 / 0.4 - 1 / 0.5) * energies).mean(axis=1)
    mean, error = factors.mean(), factors.std(ddof=1) / 8
    assert error < 0.01 * mean
    cold, warm = enumerate_states(quenched, [0.4, 0.5]).log_z
    z = stats.norm.isf(stats.t.sf(abs(np.log(mean) - (cold - warm)) / (error / mean), 63))
    assert z < 4.3


def test_tempering_against_enumeration():
    """10 observables x 3 temperatures x 2 samples in 3 cases: 180 z-scores.

    |z| < 4.7 for all: false alarm 180 x 2.6e-6 = 0.05 %.
    """
    for model in STORED.values():
        result = temper(
            model, n_spins=8, temperatures=[0.3, 0.5, 0.9], sweeps=4000, chains=8, disorder=2,
            tracked=3, seed=9, progress=False,
        )  # fmt: skip
        assert np.all(result.dataset.round_trips > 0)
        found = scores(result.dataset, quenched_samples(model, 8, 2, seed=9), False)
        assert len(found) == 60 and found.max() < 4.7, found
