"""Sampling against enumeration, reproducibility, and refusals."""

from __future__ import annotations

import os
import signal
import threading
import time
import tracemalloc

import numpy as np
import pytest
from enumeration import exact, quenched_samples
from exact_chain import states_of, stationary_law
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from assocmem import Biased, Hopfield
from assocmem.montecarlo.dynamics import Dynamics
from assocmem.montecarlo.recorder import Recorder, replica_overlaps
from assocmem.montecarlo.sampler import make_plan, sample, starts
from assocmem.montecarlo.statistics import Blocking

MODEL = Hopfield(n_patterns=2, field=(0.15,))
QUICK = {"n_spins": 20, "temperature": 0.5, "sweeps": 40, "burn_in": 10, "disorder": 2}


def worst_z(result, name, samples, dof):
    """Largest |z| of per-sample averages against enumeration, as that of a normal variable.

    Chains of a sample are averaged; z follows Student's law of ``dof``, mapped to the normal one
    by equal tail probability.
    """
    data = result.dataset
    worst = 0.0
    for t, temperature in enumerate(data.temperature.values):
        for d, quenched in enumerate(samples):
            value = data[name].isel(temperature=t, disorder=d).values.ravel()
            error = data[name + "_error"].isel(temperature=t, disorder=d).values.ravel()
            assert np.all(error > 0.0)  # neither NaN nor frozen, where z would say nothing
            mean, spread = value.mean(), np.sqrt(np.sum(error**2)) / len(error)
            z = abs(mean - exact(quenched, temperature)[name]) / spread
            worst = max(worst, stats.norm.isf(stats.t.sf(z, dof)))
    return worst


@pytest.mark.parametrize(
    ("model", "dynamics", "method"),
    [
        (MODEL, Dynamics(), "auto"),
        (MODEL, Dynamics("metropolis", "random"), "single"),
        (MODEL, Dynamics("heat-bath", "random"), "waiting"),
        (Hopfield(n_patterns=2, patterns=Biased(0.4), field=(0.2,)), Dynamics(), "lanes"),
    ],
)
def test_observables_against_enumeration(model, dynamics, method):
    """8 observables x 2 temperatures x 3 samples = 48 z-scores in each of 4 cases.

    |z| < 4.3 for all: false alarm 192 x 1.7e-5 = 0.3 %.
    """
    result = sample(
        model,
        n_spins=8,
        temperature=[0.7, 1.1],
        sweeps=20_000,
        burn_in=500,
        disorder=3,
        chains=16,
        dynamics=dynamics,
        method=method,
        start="random",
        seed=20,
        progress=False,
    )
    assert bool(result.converged().all()), str(result)
    samples = quenched_samples(model, 8, 3, seed=20)
    names = [name for name in exact(samples[0], 1.0) if name != "replica_overlap"]
    # 16 chains of at least 32 blocks each; jackknife over 16 chains.
    worst = {name: worst_z(result, name, samples, 16 * 31) for name in names}
    worst["replica_overlap"] = worst_z(result, "replica_overlap", samples, 15)
    assert max(worst.values()) < 4.3, worst


def test_small_fluctuations_about_a_large_mean():
    """Of two values 1e-4 apart at -1e6: plain squares of the energy would be off by 1e-4."""
    bits = np.random.default_rng(4).integers(0, 2, (2, 1024, 2)).astype(float)
    records = np.array([-1e6, 1.0]) - np.array([1e-4, 1e-9]) * bits
    recorder = Recorder(2, 1, 1, 1024)
    recorder.add(records[:, :700])
    recorder.add(records[:, 700:])
    found = recorder.result(np.array([0.01]), 50)
    # The jackknife over 32 blocks of 32 adds the bias, the variance of the mean.
    variance = bits.var(axis=1) + bits.reshape(2, 32, 32, 2).mean(axis=2).var(axis=1, ddof=1) / 32
    steps = np.ptp(records, axis=(0, 1))  # as floating point has them
    expected = 50 * variance * steps**2 / np.array([1e-4, 1e-2])
    np.testing.assert_allclose(found["specific_heat"][0], expected[:, 0], rtol=1e-9)
    np.testing.assert_allclose(found["susceptibility"][0, :, 0], expected[:, 1], rtol=1e-9)
    assert np.all(found["specific_heat_error"] > 0.0)


@pytest.mark.parametrize("temperature", [1e-20, 1e-320])
def test_responses_of_rounding_and_of_no_equilibrium(temperature):
    """Energies that differ in the last digit do not fluctuate; what does, is kept finite."""
    bits = np.random.default_rng(5).integers(0, 2, (1, 256)).astype(float)
    records = np.empty((1, 256, 2))
    records[..., 0] = np.where(bits == 1.0, np.nextafter(-0.5, 0.0), -0.5)
    records[..., 1] = bits
    recorder = Recorder(1, 1, 1, 256)
    recorder.add(records)
    found = recorder.result(np.array([temperature]), 50)
    assert found["specific_heat"] == 0.0 and found["specific_heat_error"] == 0.0
    fluctuation = 50 * bits.var() / temperature if temperature > 1e-300 else 1e150
    np.testing.assert_allclose(found["susceptibility"], fluctuation, rtol=0.05)  # 32 blocks
    assert np.all(np.isfinite(found["susceptibility_error"]))


@pytest.mark.parametrize(
    ("model", "n_spins", "temperature"),
    [
        (Hopfield(load=0.05, field=(1e6,)), 100, 1.0),
        (Hopfield(load=0.05), 500, 1e-6),
        (Hopfield(load=0.05), 200, 1e-20),
        (Hopfield(load=0.05, patterns=Biased(0.3), field=(0.1,)), 200, 1e-320),
    ],
)
def test_responses_of_a_chain_without_change_are_zero(model, n_spins, temperature):
    data = sample(
        model, n_spins=n_spins, temperature=temperature, sweeps=200, burn_in=50, disorder=3,
        progress=False,
    ).dataset  # fmt: skip
    assert data.energy_constant.all() and data.overlap_constant.all()
    for name in ("specific_heat", "susceptibility"):
        assert np.all(data[name].values == 0.0) and np.all(data[name + "_error"].values == 0.0)


def test_parallel_updates_have_no_responses():
    """Of Little's law, by enumeration, the fluctuation is not the response: then NaN."""
    quenched = MODEL.draw(8, np.random.default_rng(1))
    states = states_of(8)
    m = quenched.overlaps(states)[:, 0]

    def law(field, update):
        model = Hopfield(n_patterns=2, field=(0.15 + field,))
        return stationary_law(model.sample_of(quenched.patterns), 0.7, update)

    for update, equal in (("sequential", True), ("parallel", False)):
        response = (law(1e-4, update) @ m - law(-1e-4, update) @ m) / 2e-4
        weights = law(0.0, update)
        fluctuation = 8 * (weights @ m**2 - (weights @ m) ** 2) / 0.7
        assert (abs(fluctuation / response - 1.0) < 1e-5) == equal
    data = sample(MODEL, **QUICK, dynamics=Dynamics(update="parallel"), progress=False).dataset
    for name in ("specific_heat", "susceptibility"):
        for variable in (data[name], data[name + "_error"]):
            assert np.isnan(variable.values).all()
            assert "not defined for parallel updates" in variable.attrs["long_name"]
            assert "stationary law" in variable.attrs["comment"]
    assert np.isfinite(data.energy.values).all() and "comment" not in data.energy.attrs


def test_error_bars_cover():
    """One chain on each of 400 quenched samples: fraction with |z| < 2, false alarm 1e-4 each.

    Expected is Student's t of the blocks used; correlation between blocks of 20 tau and more
    shrinks errors by less than 2.5 %.
    """
    result = sample(
        MODEL, n_spins=6, temperature=1.0, sweeps=4000, burn_in=100, disorder=400, chains=1, seed=9,
        progress=False,
    )  # fmt: skip
    samples = quenched_samples(MODEL, 6, 400, seed=9)
    exacts = [exact(quenched, 1.0) for quenched in samples]
    for name in ("energy", "overlap", "overlap_squared", "specific_heat", "susceptibility"):
        value = result.dataset[name].values.ravel()
        error = result.dataset[name + "_error"].values.ravel()
        z = (value - [one[name] for one in exacts]) / error
        inside = int(np.sum(np.abs(z) < 2))
        low, high = 1 - 2 * stats.t.sf(2 * 0.975, 31), 1 - 2 * stats.t.sf(2, 500)
        assert stats.binom.cdf(inside, 400, low) > 5e-5, (name, inside)
        assert stats.binom.sf(inside - 1, 400, high) > 5e-5, (name, inside)


@pytest.mark.parametrize("workers", [1, 2])
def test_interrupt_stops_soon(workers):
    given = {"n_spins": 100, "temperature": 1.0, "workers": workers, "progress": False}
    sample(MODEL, **given, sweeps=100)  # compiles
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
    begin = time.monotonic()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        sample(MODEL, **given, sweeps=10**9, disorder=4)
    assert time.monotonic() - begin < 30.0  # of about a day


def test_error_over_disorder():
    result = sample(MODEL, **QUICK | {"disorder": 5}, progress=False)
    per_sample = result.dataset.overlap.values[0].mean(axis=1)[:, 0]
    value, error = result.estimate("overlap")
    np.testing.assert_allclose(value.item(), per_sample.mean())
    np.testing.assert_allclose(error.item(), per_sample.std(ddof=1) / np.sqrt(5))


def test_same_numbers_for_any_workers_and_more_disorder():
    arguments = QUICK | {"disorder": 4, "start": "corrupted", "corruption": 0.2, "seed": 3}
    one = sample(MODEL, **arguments, workers=1, progress=False).dataset
    for workers in (2, 5):
        assert one.identical(sample(MODEL, **arguments, workers=workers, progress=False).dataset)
    fewer = sample(MODEL, **arguments | {"disorder": 2}, workers=2, progress=False).dataset
    assert one.isel(disorder=slice(2)).equals(fewer)
    longer = arguments | {"sweeps": 200, "trajectory": True, "progress": False}
    runs = [sample(MODEL, **longer | {"seed": seed}).dataset for seed in (3, 4)]
    # No two chains have the same history, of one run or of two seeds.
    paths = np.concatenate([run.energy_trajectory.values.reshape(16, 200) for run in runs])
    assert len(np.unique(paths, axis=0)) == 32


def test_temperature_beside_others_changes_nothing():
    # Of one method: "auto" looks at the highest temperature.
    given = QUICK | {"method": "lanes", "progress": False}
    one = sample(MODEL, **given).dataset
    both = sample(MODEL, **given | {"temperature": [0.5, 0.9]}).dataset
    assert one.equals(both.isel(temperature=slice(1)))


def test_temperatures_of_any_kind_of_number():
    one = sample(MODEL, **QUICK, progress=False).dataset
    for temperature in (np.array(0.5), np.float32(0.5), np.array([0.5]), [np.array(0.5)]):
        given = QUICK | {"temperature": temperature, "progress": False}
        assert sample(MODEL, **given).dataset.identical(one)
    assert sample(
        MODEL, **QUICK | {"temperature": one.temperature[0]}, progress=False
    ).dataset.equals(one)


def test_trajectory_is_what_the_observables_are_made_of():
    result = sample(
        MODEL, **QUICK | {"sweeps": 403, "interval": 2}, tracked=2, trajectory=True, progress=False
    ).dataset
    assert result.record.values[[0, 1, -1]].tolist() == [12, 14, 412]
    m, e = result.overlap_trajectory, result.energy_trajectory
    assert m.dims == ("temperature", "disorder", "chain", "pattern", "record")
    for name, series in (
        ("overlap", m), ("overlap_abs", np.abs(m)), ("overlap_squared", m**2), ("energy", e),
    ):  # fmt: skip
        records = series.values.reshape(-1, 201)
        blocking = Blocking(len(records), 201)
        blocking.add(records)
        direct = blocking.result()
        for suffix, value in (("", direct.mean), ("_error", direct.error), ("_tau", direct.tau)):
            np.testing.assert_allclose(result[name + suffix].values.ravel(), value, rtol=1e-9)
    # Jackknife removes the whole bias of a variance: over 50 blocks of 4, 201 = 50 x 4 + 1.
    kept = m.values[..., :200].reshape(*m.shape[:-1], 50, 4)
    second, first = (kept**2).mean(axis=-1), kept.mean(axis=-1)
    variance = second.mean(axis=-1) - first.mean(axis=-1) ** 2 + first.var(axis=-1, ddof=1) / 50
    np.testing.assert_allclose(result.susceptibility.values, 20 * variance / 0.5, rtol=1e-9)


def test_replica_overlaps_by_hand():
    s = np.array([[[1, 1, 0.5, 0], [1, -1, 0.5, 0], [-1, 1, 1, 1.0]]])
    q = np.array([0.0625, (-1 + 1 + 0.5) / 4, (-1 - 1 + 0.5) / 4])  # pairs 01, 02, 12
    out = replica_overlaps(s)
    np.testing.assert_allclose(out["replica_overlap"], q.mean())
    np.testing.assert_allclose(out["replica_overlap_rms"], np.sqrt(np.mean(q**2)))
    # Leaving one of three chains out leaves one pair.
    np.testing.assert_allclose(out["replica_overlap_error"], np.sqrt(2 * q.var()))
    np.testing.assert_allclose(out["replica_overlap_rms_error"], np.sqrt(2 * np.abs(q).var()))
    pair = replica_overlaps(s[:, :2])
    assert pair["replica_overlap"] == q[0] and np.isnan(pair["replica_overlap_error"])


def test_flipped_replicas_cancel_in_q_but_not_in_its_rms():
    """One pattern, no field, T = 0: chains end in the pattern or its flip, q_ab = +-1."""
    result = sample(
        Hopfield(n_patterns=1), n_spins=30, temperature=0.0, sweeps=40, chains=6, disorder=3,
        start="random", progress=False,
    ).dataset  # fmt: skip
    signs = result.overlap.values[0, :, :, 0]
    assert np.all(np.abs(signs) == 1.0)
    plus = (signs > 0).sum(axis=1)
    expected = ((2 * plus - 6) ** 2 - 6) / 30
    np.testing.assert_allclose(result.replica_overlap.values[0], expected)
    np.testing.assert_allclose(result.replica_overlap_rms.values[0], 1.0)


def plan_of(**changes):
    given = QUICK | {
        "interval": 1, "chains": 3, "start": "pattern", "corruption": None, "dynamics": None,
        "method": "auto", "tracked": 1, "trajectory": False, "seed": 0,
    } | changes  # fmt: skip
    return make_plan(MODEL, kind="sample", **given)


def test_starts():
    quenched = MODEL.draw(20, np.random.default_rng(0))
    seed = np.random.SeedSequence(1)
    assert np.all(starts(plan_of(), quenched, seed) == quenched.patterns[0])
    corrupted = starts(plan_of(start="corrupted", corruption=0.25), quenched, seed)
    np.testing.assert_allclose(quenched.overlaps(corrupted)[:, 0], 0.5)
    assert len(np.unique(corrupted, axis=0)) == 3
    mixed = starts(plan_of(start="mixture", tracked=2), quenched, seed)
    first, second = quenched.patterns[:2]
    assert np.all(mixed[:, first == second] == first[first == second])
    # Where the two patterns differ, 3 chains of fair signs are all alike with probability 4^-n.
    assert np.count_nonzero(first != second) >= 8 and len(np.unique(mixed, axis=0)) > 1
    random = starts(plan_of(start="random", chains=500), quenched, seed)
    # 10^4 fair signs: |sum| < 4 sigma, false alarm 6e-5.
    assert abs(int(random.sum(dtype=np.int64))) < 400


def test_zero_temperature_is_frozen_and_says_so():
    result = sample(
        Hopfield(load=0.02), n_spins=100, temperature=[0.0, 1e-9], sweeps=100, progress=False
    )
    data = result.dataset
    assert np.all(data.overlap.values[0] == 1.0) and np.all(data.overlap_error.values[0] == 0.0)
    assert np.isnan(data.specific_heat.values[0]).all()
    assert np.isnan(data.overlap_tau.values).all()
    # At T > 0 a chain without any change has not shown its fluctuations.
    assert result.converged().values.tolist() == [True, False]
    assert any("never changed" in text for text in result.warnings())


def test_memory_does_not_grow_with_sweeps():
    peaks = []
    for sweeps in (100, 40_000, 160_000):  # the first compiles
        tracemalloc.start()
        sample(
            MODEL, n_spins=4, temperature=1.0, sweeps=sweeps, disorder=1, chains=4, progress=False
        )
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < 1.1 * peaks[1]


class Failing:
    """A model whose second quenched sample cannot be drawn."""

    def __init__(self) -> None:
        self.drawn = 0

    def count(self, n_spins):
        return MODEL.count(n_spins)

    def draw(self, n_spins, rng):
        self.drawn += 1
        if self.drawn == 2:
            raise ZeroDivisionError("no second sample")
        return MODEL.draw(n_spins, rng)


@pytest.mark.parametrize("workers", [1, 3])
def test_failure_of_one_sample_is_told(workers):
    with pytest.raises(ZeroDivisionError, match="no second sample"):
        sample(
            Failing(), **QUICK | {"sweeps": 10**5, "disorder": 20}, workers=workers, progress=False
        )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_spins", 1), ("n_spins", 10**12), ("n_spins", 20.0), ("n_spins", True),
        ("temperature", -0.1), ("temperature", np.nan), ("temperature", np.inf),
        ("temperature", []), ("temperature", [0.1, -1]), ("temperature", "hot"),
        ("temperature", [[0.1]]), ("temperature", [[0.1], [0.1, 0.2]]), ("temperature", None),
        ("temperature", np.array(True)), ("temperature", np.array(-0.1)),
        ("temperature", np.array("a")), ("temperature", [0.1, "x"]),
        ("sweeps", 3), ("sweeps", 10**30), ("sweeps", 1e3), ("burn_in", -1), ("interval", 0),
        ("interval", 11), ("chains", 0), ("chains", 10**9), ("disorder", 0), ("start", "warm"),
        ("start", "corrupted"), ("corruption", 0.1), ("dynamics", "heat-bath"),
        ("method", "fast"), ("tracked", 0), ("tracked", 3), ("trajectory", 1), ("seed", -1),
        ("seed", None), ("workers", 0), ("progress", "yes"),
    ],
)  # fmt: skip
def test_bad_arguments(name, value):
    with pytest.raises((ValueError, TypeError), match=name):
        sample(MODEL, **QUICK | {name: value})


def test_bad_corruption_and_model():
    with pytest.raises(ValueError, match="corruption"):
        sample(MODEL, **QUICK, start="corrupted", corruption=1.5)
    for model in (None, Hopfield, "Hopfield", 0.1):
        with pytest.raises(TypeError, match="model"):
            sample(model, **QUICK)
    with pytest.raises(ValueError, match="load"):
        sample(Hopfield(load=0.0), **QUICK)
    with pytest.raises(ValueError, match="GiB"):
        sample(MODEL, **QUICK | {"sweeps": 10**12}, trajectory=True)
    with pytest.raises(ValueError, match="GiB"):
        sample(MODEL, **QUICK | {"n_spins": 10**6}, method="lanes")


@given(
    name=st.sampled_from(
        [
            "n_spins",
            "temperature",
            "sweeps",
            "burn_in",
            "interval",
            "chains",
            "disorder",
            "start",
            "corruption",
            "dynamics",
            "method",
            "tracked",
            "seed",
        ]
    ),
    value=st.one_of(
        st.floats(max_value=-1e-300),
        st.sampled_from([np.nan, np.inf, 1j]),
        st.binary(),
        st.integers(max_value=-1),
        st.integers(min_value=10**40),
        st.text(alphabet="xyz"),
        st.lists(st.floats(max_value=-1e-300), min_size=1),
        st.just({}),
        st.just(object()),
    ),
)
@settings(max_examples=200, deadline=None)
def test_nonsense_is_refused_by_name(name, value):
    if name == "seed" and isinstance(value, int) and value >= 0:
        return  # any natural number is a seed
    if name == "temperature" and isinstance(value, int) and value >= 10**40:
        return  # a very hot sample is one
    with pytest.raises((ValueError, TypeError), match=name):
        sample(MODEL, **QUICK | {name: value})


@given(temperature=st.floats(0.0, 1e308), corruption=st.floats(0.0, 1.0), n=st.integers(2, 6))
@settings(max_examples=40, deadline=None)
def test_any_admissible_numbers_give_finite_answers(temperature, corruption, n):
    data = sample(
        MODEL, **QUICK | {"n_spins": n, "temperature": temperature}, start="corrupted",
        corruption=corruption, progress=False,
    ).dataset  # fmt: skip
    for name in ("energy", "overlap", "overlap_error", "replica_overlap"):
        assert np.isfinite(data[name].values).all()
    for name in ("specific_heat", "susceptibility"):
        for values in (data[name].values, data[name + "_error"].values):
            assert np.all(
                np.isfinite(values) & (values >= 0.0) if temperature else np.isnan(values)
            )
    assert np.all(np.abs(data.overlap.values) <= 1.0 + 1e-12)
