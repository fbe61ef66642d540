"""Chains of separable energies: exact laws, exact numbers, memory, refusals.

Statistical tests have fixed seeds. Most compare e-values (see exact_chain.py) with 1/RARE: 53
cases, each with a false alarm of probability below RARE. Tests of tempering and of ties compare
some 12 means within 5 standard errors and 100 fractions within 5.3; 7e-5 for the file.
"""

import functools
import tracemalloc

import mpmath
import numpy as np
import pytest
from exact_chain import (
    flip_chances,
    labels_of,
    log_evidence,
    mean_evidence,
    states_of,
    stationary_law,
    sweep_matrix,
    transitions,
)

from assocmem import (
    Dense,
    Exponential,
    FullPower,
    Hopfield,
    LogSumExp,
    PBody,
    Separable,
    Unsupervised,
)
from assocmem.montecarlo import sampler
from assocmem.montecarlo.dynamics import Dynamics, engine
from assocmem.montecarlo.kernels import separable
from assocmem.montecarlo.tempering import anneal, temper

RARE = 1e-6
UPDATES = [
    Dynamics("heat-bath", "sequential"),
    Dynamics("heat-bath", "random"),
    Dynamics("metropolis", "sequential"),
    Dynamics("metropolis", "random"),
    Dynamics("heat-bath", "parallel"),
]
# Temperatures of about a tenth, a third and once the usual cost of a flip.
MODELS = {
    "p2": (Dense(n_patterns=4, p=2, field=(0.1,)), (0.2, 0.6, 1.5)),
    "p3": (Dense(n_patterns=5, p=3), (0.1, 0.3, 1.0)),
    "p4": (Dense(n_patterns=5, p=4, field=(0.02, -0.05)), (0.03, 0.1, 0.3)),
    "p6": (Dense(n_patterns=5, p=6), (3e-3, 1e-2, 3e-2)),
    "full4": (Dense(n_patterns=4, energy=FullPower(4)), (0.05, 0.2, 0.6)),
    "user": (Dense(n_patterns=4, energy=Separable("m**3/6 + sinh(m)**5/9")), (0.2, 0.5, 1.5)),
    "exponential": (Dense(n_patterns=6, energy=Exponential(0.4), field=(0.1,)), (0.1, 0.3, 1.0)),
    "logarithm": (Dense(n_patterns=6, energy=LogSumExp(0.6), field=(-0.2,)), (0.4, 1.0, 3.0)),
    "steep": (Dense(n_patterns=6, energy=LogSumExp(100.0)), (0.4, 1.0, 3.0)),
    "examples": (Dense(n_patterns=2, p=4, learning=Unsupervised(3, 0.7)), (0.03, 0.1, 0.3)),
}


def named(dynamics):
    return f"{dynamics.rule}-{dynamics.update}"


def signs(rng, *shape):
    return rng.choice(np.array([-1, 1], np.int8), shape)


@functools.cache
def seeds(number):
    return np.random.SeedSequence(7).spawn(number)


@functools.cache
def sample_of(name, size):
    return MODELS[name][0].draw(size, np.random.default_rng(13))


@pytest.mark.parametrize("dynamics", UPDATES, ids=named)
@pytest.mark.parametrize("name", MODELS)
def test_paths_have_the_exact_transition_probabilities(name, dynamics):
    """From every state, one sweep and three more; energies are those of the states."""
    size, copies = 5, 30
    number = 2**size
    sample, temperatures = sample_of(name, size), MODELS[name][1]
    start = np.tile(np.repeat(np.arange(number), copies), len(temperatures))
    heat = np.repeat(temperatures, number * copies)
    ours = engine(sample, states_of(size)[start], heat, seeds(len(start)), dynamics=dynamics)
    path = [start]
    for sweeps in (1, 3):
        records = ours.run(sweeps, 1)
        wanted = sample.energy(ours.spins)
        np.testing.assert_allclose(size * records[:, -1, 0], wanted, rtol=0, atol=1e-12 * size)
        np.testing.assert_allclose(ours.energies(), wanted, rtol=0, atol=1e-12 * size)
        path.append(labels_of(ours.spins))
    logs = {}
    for temperature in temperatures:
        rows = heat == temperature
        law = sweep_matrix(sample, temperature, dynamics)
        near = [sweep_matrix(sample, temperature * factor, dynamics) for factor in (0.9, 1.1)]
        near.append(sweep_matrix(sample, temperature, dynamics, made=0.97))
        sizes = np.full(number, float(copies))
        for k, sweeps in enumerate((1, 3)):
            counts = transitions(path[k][rows], path[k + 1][rows], number)
            powers = [np.linalg.matrix_power(matrix, sweeps) for matrix in (law, *near)]
            logs[temperature, sweeps] = log_evidence(counts, powers[0], sizes, powers[1:])
            sizes = sizes @ law
    assert mean_evidence(logs) < -np.log(RARE), logs


@pytest.mark.parametrize("name", ["p4", "full4", "logarithm"])
def test_the_stationary_law_stays(name):
    """Chains from the exact law of ten spins have it still after one sweep and three more."""
    size, chains = 10, 3000
    sample, temperatures = sample_of(name, size), MODELS[name][1]
    laws = [stationary_law(sample, t, "sequential") for t in temperatures]
    rng = np.random.default_rng(3)
    start = np.concatenate([rng.choice(2**size, chains, p=law) for law in laws])
    heat = np.repeat(temperatures, chains)
    ours = engine(sample, states_of(size)[start], heat, seeds(len(start)))
    logs = {}
    for sweeps in (1, 3):
        ours.run(sweeps)
        reached = labels_of(ours.spins).reshape(-1, chains)
        for temperature, law, states in zip(temperatures, laws, reached, strict=True):
            near = [stationary_law(sample, temperature * f, "sequential")[None] for f in (0.9, 1.1)]
            counts = np.bincount(states, minlength=2**size)[None]
            sizes = np.array([float(chains)])
            logs[temperature, sweeps] = log_evidence(counts, law[None], sizes, near)
    assert mean_evidence(logs) < -np.log(RARE), logs


@pytest.mark.parametrize("dynamics", UPDATES, ids=named)
@pytest.mark.parametrize(("size", "number"), [(40, 1), (50, 64), (31, 2500), (300, 90)])
def test_two_bodies_are_the_hopfield_model_to_the_last_bit(size, number, dynamics):
    rng = np.random.default_rng(size)
    patterns, field = signs(rng, number, size), (0.31,)
    spins, heat = signs(rng, 5, size), number**0.5 * np.array([0.0, 0.1, 0.4, 1.0, 3.0])
    heat /= size**0.5
    spins[:2] = patterns[0]
    options = {"dynamics": dynamics, "tracked": (0,)}
    pair = engine(
        Hopfield(n_patterns=number, field=field).sample_of(patterns), spins, heat, seeds(5),
        method="patterns", **options,
    )  # fmt: skip
    dense = engine(
        Dense(n_patterns=number, p=2, field=field).sample_of(patterns), spins, heat, seeds(5),
        **options,
    )  # fmt: skip
    wanted, found = pair.run(30, 2), dense.run(30, 2)
    assert pair.flips[-1] > 30
    np.testing.assert_array_equal(dense.spins, pair.spins)
    np.testing.assert_array_equal(dense.flips, pair.flips)
    np.testing.assert_array_equal(dense.spin_sums, pair.spin_sums)
    np.testing.assert_array_equal(found[..., 1:], wanted[..., 1:])
    np.testing.assert_allclose(found[..., 0], wanted[..., 0], rtol=1e-12, atol=1e-12)


def warm(name, size, number):
    """The energy of a named model with many patterns, and temperatures at which spins flip."""
    model = MODELS[name][0]
    sample = Dense(
        n_patterns=number, energy=model.energy, learning=model.learning, field=model.field[:number]
    ).draw(size, np.random.default_rng(4))
    spins = np.concatenate([sample.leading(2), signs(np.random.default_rng(5), 2, size)])
    costs = [sample.energy(spins * (1 - 2 * (np.arange(size) == i))) for i in range(size)]
    typical = np.std(np.array(costs) - sample.energy(spins))
    return sample, spins, typical * np.array([0.2, 1.0, 0.05, 0.4])


@pytest.mark.parametrize("update", ["sequential", "random", "parallel"])
@pytest.mark.parametrize("name", MODELS)
def test_numbers_do_not_depend_on_blocks_pieces_and_company(name, update):
    sample, spins, heat = warm(name, 37, 2300)
    dynamics = Dynamics("heat-bath", update)
    ran = []
    for block in (0, 1, 4, 8, 3):
        ours = engine(sample, spins, heat, seeds(4), dynamics=dynamics)
        ours._store.block = block
        records = [ours.run(n, 1) for n in ((6,) if block in (0, 8) else (1, 3, 2))]
        ran.append((ours.spins.copy(), ours.flips, np.concatenate(records, axis=1)))
    alone = engine(sample, spins[2:3], heat[2:3], seeds(4)[2:3], dynamics=dynamics)
    records = alone.run(6, 1)
    np.testing.assert_array_equal(records[0], ran[0][2][2])
    for other in ran[1:]:
        for found, wanted in zip(other, ran[0], strict=True):
            np.testing.assert_array_equal(found, wanted)
    assert np.all(ran[0][1][1:] > 0)


@pytest.mark.parametrize("power", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("kind", [PBody, FullPower])
def test_polynomials_and_tables_give_the_same_numbers(kind, power):
    size, number = 60, 2 * 2048 + 70
    sample = Dense(n_patterns=number, energy=kind(power)).draw(size, np.random.default_rng(2))
    table = sample.model.energy.table(size)
    heat = 0.5 * np.sqrt(number) * np.std(np.diff(table)[20:40])
    spins = signs(np.random.default_rng(3), 1, size)
    ours = [engine(sample, spins, heat, seeds(1)) for _ in range(2)]
    store = ours[0]._store
    assert store.smooth
    # What is looked up is what polynomials of the same k give, and right.
    k = np.arange(1, size)
    odd = (table[k + 1] - table[k - 1]) / 2 / (2 * store.unit)
    even = ((table[k + 1] + table[k - 1]) / 2 - table[k]) / (2 * store.unit)
    for row, part in enumerate((odd, even)):
        found = store.parts[1:-1, row] + store.centre[row]
        np.testing.assert_allclose(found, part, rtol=1e-6, atol=1e-7 * np.abs(part).max())
    other = ours[1]._store
    other._tables = (*other._tables[:3], False)
    np.testing.assert_array_equal(*(one.run(4, 1) for one in ours))
    np.testing.assert_array_equal(*(one.spins for one in ours))
    assert ours[0].flips > 20


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("number", [1, 63, 65, 2048, 2049, 4500])
def test_costs_are_differences_of_energies(name, number):
    """What the kernel finds for each spin, against two energies in double precision."""
    sample, spins, _ = warm(name, 24, number)
    size = sample.n_spins
    ours = engine(sample, spins[-1:], 1.0, seeds(1))
    store, chain = ours._store, spins[-1]
    exponential = store.kind != separable.SUM
    top = separable.largest_of(store.counts[0], store.n_stored)
    if exponential:
        separable.refer(store.rate, top, store.parts)
    wanted = [
        sample.energy(np.where(np.arange(size) == i, -chain, chain)) for i in range(size)
    ] - sample.energy(chain)
    found = np.zeros(separable.WIDEST + 2)
    sites, turns = np.zeros(separable.WIDEST, np.int64), np.zeros(separable.WIDEST, np.uint64)
    costs = np.empty(size)
    for i in range(size):
        sites[0], turns[0] = i, np.uint64(2**64 - 1 if chain[i] > 0 else 0)
        separable.sum_rows(
            store.bits, store.n_stored, store.counts[0], store._tables, store._memory, size,
            i == 0, sites, turns if exponential else None, 1, found,
        )  # fmt: skip
        costs[i] = 2.0 * store.unit * separable.scaled_cost(
            store.kind, 1.0, store.rate, size, top, chain[i], found[0], found[separable.WIDEST],
            found[separable.WIDEST + 1] + store.n_stored * store.centre[1], store.shifts[i],
        )  # fmt: skip
    scale = np.std(wanted) + 1e-3 * np.abs(wanted).max()
    np.testing.assert_allclose(costs, wanted, rtol=1e-6, atol=3e-6 * scale)
    if store.floor == 0.0 and not exponential and number < 100:
        np.testing.assert_allclose(costs, wanted, rtol=1e-11, atol=1e-11 * scale)


def test_sums_of_many_patterns_keep_their_digits():
    """Of 3e5 patterns, rounding of float32 is a millionth of the noise that they make."""
    number, size = 300_000, 40
    sample = Dense(n_patterns=number, p=4).draw(size, np.random.default_rng(8))
    ours = engine(sample, sample.leading(1), 1.0, seeds(1))
    store = ours._store
    found = np.zeros(separable.WIDEST + 2)
    sites = np.arange(separable.WIDEST)
    separable.sum_rows(
        store.bits, number, store.counts[0], store._tables, store._memory, size, True, sites,
        None, 8, found,
    )  # fmt: skip
    odd = store.parts[:, 0].astype(np.float64)[store.counts[0, :number]]
    bits = np.unpackbits(store.bits[:8].view(np.uint8), axis=1, count=number, bitorder="little")
    noise = np.sqrt(np.sum(odd**2))
    np.testing.assert_allclose(found[:8], bits @ odd, rtol=0, atol=1e-6 * noise)
    assert found[separable.WIDEST] == pytest.approx(odd.sum(), abs=1e-6 * noise)


def test_energies_do_not_drift():
    for name in MODELS:
        sample, spins, heat = warm(name, 33, 150)
        ours = engine(sample, spins, 5 * heat, seeds(4))
        record = ours.run(400, 400)[:, 0, 0]
        assert np.median(ours.flips) > 1000, name
        wanted = sample.energy(ours.spins)
        np.testing.assert_allclose(33 * record, wanted, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(ours.energies(), wanted, rtol=1e-12, atol=1e-12)


# At T = 0


def test_cost_nothing_and_spins_flip_half_of_the_times_without_heat():
    """One pattern at M = 1 of an odd N, even F: spins that agree go to M = -1 at no cost."""
    size, chains = 7, 4000
    cases = {
        "p4": Dense(n_patterns=1, p=4),
        "full6": Dense(n_patterns=1, energy=FullPower(6)),
        "user": Dense(n_patterns=1, energy=Separable("cosh(m)*m**4")),
    }
    for name, model in cases.items():
        sample = model.draw(size, np.random.default_rng(1))
        spins = np.tile(sample.leading(1), (chains, 1))
        spins[:, 4:] *= -1
        chances = flip_chances(sample, 1e-9, "heat-bath")[labels_of(spins[:1])[0]]
        assert chances[0] == pytest.approx(0.5, abs=1e-3)
        dynamics = Dynamics(update="parallel")  # all tried in the same state
        ours = engine(sample, spins, 0.0, seeds(chains), dynamics=dynamics)
        ours.run(1)
        flipped = np.mean(ours.spins != spins, axis=0)
        sure = np.abs(chances - 0.5) > 0.4
        np.testing.assert_array_equal(flipped[sure], np.round(chances[sure]))
        # Binomial of 4000, 7 spins, 5.3 standard deviations: 1e-6.
        assert np.all(np.abs(flipped[~sure] - 0.5) < 5.3 * 0.5 / chains**0.5), name


@pytest.mark.parametrize("kind", [Exponential, LogSumExp])
@pytest.mark.parametrize("rate", [0.3, 2.0, 100.0])
def test_ties_of_exponentials(kind, rate):
    """Two patterns at k and k + 1 that swap their places: no cost, at any distance."""
    size, chains = 41, 4000
    patterns = np.ones((2, size), np.int8)
    patterns[1, 20:] = -1  # they agree on 20 sites, and differ on 21
    sample = Dense(n_patterns=2, energy=kind(rate)).sample_of(patterns)
    start = np.ones(size, np.int8)
    start[:6] = -1
    start[20:30] = -1  # k = 25 and k = 24
    spins = np.tile(start, (chains, 1))
    ours = engine(sample, spins, 0.0, seeds(chains), dynamics=Dynamics("heat-bath", "parallel"))
    ours.run(1)
    flipped = np.mean(ours.spins != spins, axis=0)
    assert np.all(np.abs(flipped[30:] - 0.5) < 5.4 * 0.5 / chains**0.5)
    np.testing.assert_array_equal(flipped[:6], 1.0)  # towards both
    np.testing.assert_array_equal(flipped[6:20], 0.0)  # away from both
    np.testing.assert_array_equal(flipped[20:30], 1.0)  # towards the nearer


@pytest.mark.parametrize("kind", [Exponential, LogSumExp])
def test_descent_from_far_away_follows_the_nearest_pattern(kind):
    """exp(rate (M - N)) is below the smallest float64 there, but its signs are not lost."""
    size = 900
    sample = Dense(n_patterns=3, energy=kind(1.0)).draw(size, np.random.default_rng(6))
    rng = np.random.default_rng(7)
    spins = np.concatenate([signs(rng, 5, size), sample.leading(3)])
    nearest = np.argmax(sample.overlaps(spins), axis=1)
    assert np.exp(size * (sample.overlaps(spins[:5]).max() - 1.0)) == 0.0
    ours = engine(sample, spins, 0.0, seeds(8))
    ours.run(3)
    np.testing.assert_array_equal(ours.spins, sample.leading(3)[nearest])


def test_costs_of_the_logarithm_in_many_digits():
    size = 900
    sample = Dense(n_patterns=4, energy=LogSumExp(1.5)).draw(size, np.random.default_rng(6))
    spins = signs(np.random.default_rng(9), 1, size)

    def exact(state):
        with mpmath.workdps(40):
            overlaps = sample.patterns.astype(int) @ state.astype(int)
            total = mpmath.fsum(mpmath.exp(mpmath.mpf(1.5) * int(m)) for m in overlaps)
            return float(-mpmath.log(total) / 1.5)

    ours = engine(sample, spins, 0.5, seeds(1))
    assert ours.energies()[0] == pytest.approx(exact(spins[0]), rel=1e-13)
    record = ours.run(2, 2)
    assert size * record[0, 0, 0] == pytest.approx(exact(ours.spins[0]), rel=1e-13)


# Runs


def test_tempering_has_the_exact_means():
    model, heat = Dense(load=0.02, p=3), (0.15, 0.25, 0.4)
    result = temper(
        model, n_spins=12, temperatures=heat, sweeps=4000, burn_in=200, disorder=2, seed=5,
        progress=False,
    )  # fmt: skip
    assert bool((result.dataset.round_trips > 0).all())
    data = result.dataset
    assert data.attrs["method"] == "separable"
    for d in range(2):
        quenched = result.quenched(d)
        states = states_of(12)
        energies = quenched.energy(states)
        overlaps = quenched.overlaps(states)[:, 0]
        for t, temperature in enumerate(heat):
            law = stationary_law(quenched, temperature, "sequential")
            for name, exact in (
                ("energy", law @ energies / 12), ("overlap_squared", law @ overlaps**2)
            ):  # fmt: skip
                at = {"disorder": d, "temperature": t}
                found = data[name].isel(at).mean().item()
                error = np.sqrt((data[name + "_error"].isel(at) ** 2).sum().item()) / 4
                assert abs(found - exact) < 5.0 * error, (name, d, temperature)


def test_runs_are_the_same_with_any_workers_and_from_their_files(tmp_path):
    model = Dense(load=0.02, p=4)
    given = {"n_spins": 24, "temperature": [0.05, 0.1], "sweeps": 40, "burn_in": 10, "chains": 3}
    options = {"disorder": 3, "seed": 11, "progress": False, "tracked": 2}
    one = sampler.sample(model, workers=1, **given, **options)
    two = sampler.sample(model, workers=3, **given, **options)
    assert one.dataset.identical(two.dataset)
    assert one.dataset.attrs["method"] == "separable"
    assert one.rerun(progress=False).dataset.identical(one.dataset)
    fewer = sampler.sample(model, **(given | {"chains": 2}), **options)
    assert np.array_equal(fewer.dataset.energy, one.dataset.energy.isel(chain=slice(2)))
    wanted = model.draw(24, np.random.default_rng(np.random.SeedSequence(11, spawn_key=(1, 0))))
    assert np.array_equal(one.quenched(1).stored, wanted.stored)


@pytest.mark.parametrize("start", sampler.STARTS)
def test_annealing_ends_where_it_says(start):
    model = Dense(load=0.01, p=4)
    corruption = 0.1 if start == "corrupted" else None
    result = anneal(
        model, n_spins=40, temperatures=[0.02, 0.01, 0.0], sweeps=30, burn_in=10, disorder=1,
        start=start, corruption=corruption, tracked=2, progress=False,
    )  # fmt: skip
    final = result.dataset.final_overlap.isel(disorder=0).values
    assert final.shape == (4, 2)
    if start in ("pattern", "corrupted"):
        np.testing.assert_array_equal(final[:, 0], 1.0)
        spins = result.quenched(0).leading(1)
        energy = result.quenched(0).energy(spins)[0] / 40
        np.testing.assert_allclose(result.dataset.final_energy.values[0], energy, rtol=1e-12)


# Arguments and memory


@pytest.mark.parametrize("method", ["single", "lanes", "patterns", "waiting"])
def test_methods_of_pairwise_samples_are_refused(method):
    model = Dense(load=0.02, p=3)
    sample = model.draw(20, np.random.default_rng(0))
    with pytest.raises(ValueError, match=f"method must be 'auto' .*{method}"):
        engine(sample, sample.leading(1), 0.1, seeds(1), method=method)
    with pytest.raises(ValueError, match=f"method must be 'auto' .*{method}"):
        sampler.sample(model, n_spins=20, temperature=0.1, method=method)


def test_arguments_are_named():
    sample = Dense(load=0.02, p=3).draw(20, np.random.default_rng(0))
    with pytest.raises(TypeError, match="sample"):
        engine(sample.patterns, sample.leading(1), 0.1, seeds(1))
    with pytest.raises(ValueError, match=r"tracked\[0\]"):
        engine(sample, sample.leading(1), 0.1, seeds(1), tracked=(8,))
    with pytest.raises(ValueError, match="spins"):
        engine(sample, np.zeros((1, 20), np.int8), 0.1, seeds(1))
    steep = Dense(n_patterns=3, energy=Separable("exp(500*m)"))
    sample = steep.draw(20, np.random.default_rng(0))
    with pytest.raises(ValueError, match="energy must not fall"):
        engine(sample, sample.leading(1), 0.1, seeds(1))


def test_a_run_changes_none_of_what_it_was_given():
    sample, spins, heat = warm("p4", 24, 70)
    before = spins.copy(), sample.stored.copy()
    engine(sample, spins, heat, seeds(4)).run(5)
    np.testing.assert_array_equal(spins, before[0])
    np.testing.assert_array_equal(sample.stored, before[1])


@pytest.mark.parametrize(
    ("model", "size"),
    [
        (Dense(n_patterns=200_000, p=4), 100),
        (Dense(n_patterns=100_000, p=4), 300),
        (Dense(n_patterns=100_000, energy=LogSumExp(0.5)), 100),
        (Dense(n_patterns=2_000, p=4, learning=Unsupervised(50, 0.8)), 100),
    ],
    ids=repr,
)
def test_memory_is_what_the_formula_says(model, size):
    chains = 5
    small = dict(n_spins=20, temperature=0.05, sweeps=4, burn_in=1, chains=2, disorder=1)
    sampler.sample(dataclass_with(model, 30), **small, progress=False)  # compiled, imported
    tracemalloc.start()
    try:
        sample = model.draw(size, np.random.default_rng(0))
        engine(sample, np.repeat(sample.leading(1), chains, axis=0), 0.05, seeds(chains)).run(1, 1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    said = model.memory(size, chains)
    assert 0.9 * said < peak < 1.02 * said + 2**20


def dataclass_with(model, number):
    return Dense(n_patterns=number, energy=model.energy, learning=model.learning)


def test_chains_that_do_not_fit_are_refused_with_the_figure(monkeypatch):
    model = Dense(n_patterns=10**6, p=4)
    need = model.memory(200, 8 * 3)
    have = {"SC_PAGE_SIZE": 1, "SC_PHYS_PAGES": need - 1}
    monkeypatch.setattr("os.sysconf", have.__getitem__)
    assert model.count(200) == 10**6  # one chain would fit
    with pytest.raises(ValueError, match=rf"chains=8.*{need / 2**30:.2g}"):
        sampler.sample(
            model, n_spins=200, temperature=[0.1, 0.2, 0.3], chains=8, disorder=1, progress=False
        )
    with pytest.raises(ValueError, match=r"chains=4.*workers=6"):
        sampler.sample(
            model, n_spins=200, temperature=[0.1], chains=4, disorder=9, workers=6, progress=False
        )


@pytest.mark.slow
def test_a_million_patterns():
    sample = Dense(n_patterns=10**6, p=4).draw(200, np.random.default_rng(1))
    ran = []
    for block in (1, 0):
        ours = engine(sample, sample.leading(2), [0.02, 0.1], seeds(2))
        ours._store.block = block
        ran.append(ours.run(8, 1))
    np.testing.assert_array_equal(*ran)
    assert ours.flips.min() > 20
    wanted = sample.energy(ours.spins)
    np.testing.assert_allclose(ours.energies(), wanted, rtol=0, atol=1e-11 * 200)
    np.testing.assert_allclose(200 * ran[0][:, -1, 0], wanted, rtol=0, atol=1e-11 * 200)
