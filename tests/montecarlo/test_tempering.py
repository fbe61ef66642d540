"""Annealing and tempering against enumeration, and where plain heat bath is stuck."""

from __future__ import annotations

import numpy as np
import pytest
from enumeration import exact, quenched_samples
from exact_chain import states_of, stationary_law, sweep_matrix
from hypothesis import given, settings
from hypothesis import strategies as st
from test_sampler import worst_z

from assocmem import Hopfield
from assocmem.montecarlo.dynamics import Dynamics
from assocmem.montecarlo.sampler import sample
from assocmem.montecarlo.tempering import Ladders, anneal, temper

MODEL = Hopfield(n_patterns=3)
LADDER = [0.25, 0.4, 0.6, 0.9]


@pytest.mark.parametrize(
    ("ladder", "dynamics"),
    [(LADDER, Dynamics()), (LADDER[::-1], Dynamics("metropolis", "random"))],
)
def test_tempering_against_enumeration(ladder, dynamics):
    """5 observables x 4 temperatures x 3 samples in each of 2 cases.

    |z| < 4.3 for all 120: false alarm 120 x 1.7e-5 = 0.2 %.
    """
    result = temper(
        MODEL, n_spins=8, temperatures=ladder, sweeps=8000, disorder=3, chains=8, seed=1,
        dynamics=dynamics, progress=False,
    )  # fmt: skip
    assert bool(result.converged().all()), str(result)
    samples = quenched_samples(MODEL, 8, 3, seed=1)
    # By the flip symmetry <m> = 0.
    names = ("energy", "overlap", "overlap_abs", "overlap_squared", "specific_heat")
    worst = {name: worst_z(result, name, samples, 8 * 31) for name in names}
    assert max(worst.values()) < 4.3, worst
    assert np.all(result.dataset.round_trips.values > 0)  # about 1800 each


def test_swap_acceptance_against_enumeration():
    """Accepted fraction = E min(1, exp(gain)) over both Boltzmann laws. 6 z-scores, |z| < 4.5.

    The spread over 16 independent ladders gives the error: Student's t of 15 beyond 4.5 has
    probability 4e-4, of which there are 6: false alarm 0.3 %.
    """
    temperatures = np.array([0.4, 0.7])
    result = temper(
        MODEL, n_spins=6, temperatures=temperatures, sweeps=2000, disorder=6, chains=16, seed=2,
        progress=False,
    )  # fmt: skip
    assert result.dataset.rung.values.tolist() == [0.4]  # and 0.7 after it
    found = result.dataset.swap_acceptance.values[:, :, 0]
    for rates, quenched in zip(found, quenched_samples(MODEL, 6, 6, seed=2), strict=True):
        states = np.array(np.meshgrid(*[[-1, 1]] * 6)).reshape(6, -1).T
        energies = quenched.energy(states)
        laws = [np.exp(-(energies - energies.min()) / t) for t in temperatures]
        both = np.outer(laws[0] / laws[0].sum(), laws[1] / laws[1].sum())
        gain = (1 / 0.4 - 1 / 0.7) * (energies[:, None] - energies[None, :])
        expected = np.sum(both * np.minimum(1.0, np.exp(gain)))
        assert abs(rates.mean() - expected) < 4.5 * rates.std(ddof=1) / 4


def test_tempering_mixes_where_heat_bath_is_stuck():
    """Two patterns, one favoured by a field: at T = 0.15 heat bath stays where it began."""
    model = Hopfield(n_patterns=2, field=(0.02,))
    given = {"n_spins": 14, "sweeps": 4000, "start": "random", "seed": 6, "progress": False}
    plain = sample(model, temperature=0.15, disorder=2, chains=64, **given)
    mixed = temper(
        model, temperatures=[0.15, 0.25, 0.4, 0.6, 0.9], disorder=2, chains=8, **given
    )  # fmt: skip
    samples = quenched_samples(model, 14, 2, seed=6)
    exacts = np.array([exact(quenched, 0.15)["overlap"] for quenched in samples])
    stuck = plain.dataset.overlap.values[0, :, :, 0].mean(axis=1)
    # The plain chains know that they disagree, and are wrong by far more than they would admit.
    assert not plain.converged("overlap").item()
    # Means of 64 overlaps of either sign (but for the small field) exceed exacts - 0.2 > 0.5 with
    # probability exp(-64 x 0.5^2 / 2) = 3e-4 at most (Hoeffding), in both samples 1e-7.
    assert exacts.min() > 0.7
    assert np.max(np.abs(stuck - exacts)) > 0.2
    assert mixed.converged("overlap").values[0], str(mixed)
    coldest = type(mixed)(mixed.dataset.isel(temperature=slice(1)))
    assert worst_z(coldest, "overlap", samples, 8 * 31) < 4.0  # 2 z-scores, false alarm 1.3e-4


def test_ladder_bookkeeping():
    """Always accepted swaps carry each lane up and down: positions and round trips by hand."""
    ladders = Ladders(np.array([1.0, 2.0, 3.0]), 1, np.random.default_rng(0))
    seen = []
    for _ in range(12):
        # Energies that rise towards the cold end are always swapped.
        energies = np.empty(3)
        energies[ladders.lanes[:, 0]] = [300.0, 200.0, 100.0]
        ladders.swap(energies)
        seen.append(ladders.lanes[:, 0].tolist())
    assert seen[:6] == [[1, 0, 2], [1, 2, 0], [2, 1, 0], [2, 0, 1], [0, 2, 1], [0, 1, 2]]
    assert seen[6:] == seen[:6]
    assert ladders.acceptance().tolist() == [[1.0, 1.0]]
    # Hot after rounds: 2 0 0 1 1 2 | 2 0 0 1 1 2, cold: 1 1 2 2 0 0 | 1 1 2 2 0 0. Lane 0 is hot
    # (2), cold (5), hot (8); 1: hot (4), cold (7), hot (10); 2: hot (1), cold (3), hot (6);
    # then cold (9), hot (12).
    assert ladders.round_trips.tolist() == [4]
    np.testing.assert_array_equal(ladders.lane_temperatures(), [1.0, 2.0, 3.0])
    ladders.reset()
    assert ladders.round_trips.tolist() == [0]
    assert np.isnan(ladders.acceptance()).all()


def test_hopeless_swaps_are_never_made():
    ladders = Ladders(np.array([1.0, 2.0]), 4, np.random.default_rng(0))
    for _ in range(50):
        ladders.swap(np.array([-1e4] * 4 + [0.0] * 4))
    np.testing.assert_array_equal(ladders.lanes, np.arange(8).reshape(2, 4))
    assert ladders.round_trips.tolist() == [0] * 4
    assert np.all(ladders.acceptance() == 0.0)


def test_annealing_against_enumeration_and_into_the_ground_state():
    """3 observables x 3 temperatures x 3 samples, |z| < 4.2: false alarm 27 x 2.7e-5 = 0.07 %.

    From the law at T = 0.5 a chain at T = 0 misses the ground state with probability 0.52, all 32
    chains with 6e-10.
    """
    schedule = [1.2, 0.8, 0.5, 0.0]
    result = anneal(
        MODEL, n_spins=8, temperatures=schedule, sweeps=10_000, disorder=3, chains=32, seed=3,
        progress=False,
    )  # fmt: skip
    samples = quenched_samples(MODEL, 8, 3, seed=3)
    warm = type(result)(result.dataset.isel(temperature=slice(3)))
    for name in ("energy", "overlap_abs", "overlap_squared"):
        assert worst_z(warm, name, samples, 32 * 31) < 4.2, name
    for d, quenched in enumerate(samples):
        lowest = exact(quenched, 1e-3)["energy"]
        descent = np.linalg.matrix_power(sweep_matrix(quenched, 1e-9, Dynamics()), 2**10)
        found = stationary_law(quenched, 0.5, "sequential") @ descent
        ground = quenched.energy(states_of(8)) < (lowest + 1e-9) * 8
        assert found[~ground].sum() ** 32 < 1e-8
        # At T = 0 chains end in minima; the best of them is the ground state.
        final = result.dataset.final_energy.values[d]
        np.testing.assert_allclose(final.min(), lowest, rtol=1e-12)
        np.testing.assert_array_equal(
            np.abs(result.dataset.final_overlap.values[d]) <= 1.0, np.ones((32, 1), bool)
        )


def test_annealing_goes_on_from_the_state_before():
    """Rising through T = 0 twice from the pattern of a single one: it never leaves it."""
    result = anneal(
        Hopfield(n_patterns=1), n_spins=40, temperatures=[0.0, 5.0, 0.0], sweeps=200, disorder=2,
        chains=16, start="pattern", progress=False,
    ).dataset  # fmt: skip
    m = result.overlap.values[..., 0]
    assert np.all(m[0] == 1.0)
    assert np.all(np.abs(m[1]) < 0.5)  # of error bar 0.012
    assert np.all(np.abs(m[2]) == 1.0) and np.any(m[2] == -1.0)  # in one of 32
    np.testing.assert_array_equal(result.final_overlap.values[..., 0], m[2])


@pytest.mark.parametrize("run", [anneal, temper])
def test_same_numbers_for_any_workers(run):
    given = {"n_spins": 20, "temperatures": [0.3, 0.6], "sweeps": 50, "disorder": 4, "seed": 1}
    one = run(MODEL, **given, workers=1, progress=False).dataset
    assert one.identical(run(MODEL, **given, workers=3, progress=False).dataset)


GIVEN = {"n_spins": 20, "temperatures": [0.4, 0.8], "sweeps": 20, "disorder": 1}


@pytest.mark.parametrize(
    "temperatures",
    [0.5, [], [[0.1, 0.2]], [0.5, np.nan], [0.5, -0.1], "ab", None, [0.5, np.inf], [0.5, "x"]],
)
@pytest.mark.parametrize("run", [anneal, temper])
def test_bad_temperatures(run, temperatures):
    with pytest.raises((ValueError, TypeError), match="temperatures"):
        run(MODEL, **GIVEN | {"temperatures": temperatures})


@pytest.mark.parametrize("ladder", [[0.5], [0.5, 0.5], [0.1, 0.3, 0.2], [0.0, 0.5], [1e-200, 1.0]])
def test_bad_ladders(ladder):
    with pytest.raises(ValueError, match="temperatures"):
        temper(MODEL, **GIVEN | {"temperatures": ladder})


def test_tempering_refuses_parallel_updates():
    with pytest.raises(ValueError, match="dynamics"):
        temper(MODEL, **GIVEN, dynamics=Dynamics(update="parallel"))


def test_annealing_in_parallel_has_no_responses():
    given = {"n_spins": 20, "temperatures": [0.8, 0.5], "sweeps": 100, "progress": False}
    for update, defined in (("sequential", True), ("parallel", False)):
        data = anneal(MODEL, **given, dynamics=Dynamics(update=update)).dataset
        for name in ("specific_heat", "susceptibility"):
            assert np.all(np.isfinite(data[name]) == defined)
            assert np.all(np.isfinite(data[name + "_error"]) == defined)
        assert np.isfinite(data.energy).all()


@given(
    run=st.sampled_from([anneal, temper]),
    name=st.sampled_from(["n_spins", "temperatures", "sweeps", "burn_in", "interval", "chains"]),
    value=st.one_of(
        st.floats(max_value=-1e-300),
        st.sampled_from([np.nan, np.inf, 1j, 1, -1]),
        st.text("xyz"),
        st.lists(st.one_of(st.floats(max_value=-1e-300), st.just(np.nan)), max_size=3),
    ),
)
@settings(max_examples=100, deadline=None)
def test_nonsense_is_refused_by_name(run, name, value):
    if value == 1 and name in ("burn_in", "interval", "chains"):
        return
    with pytest.raises((ValueError, TypeError), match=name):
        run(MODEL, **GIVEN | {name: value})
    with pytest.raises(ValueError, match="load"):
        run(Hopfield(load=0.0), **GIVEN)
