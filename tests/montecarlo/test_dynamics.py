"""Every dynamics and method against enumeration, and what the engine promises.

Averages: chains start from *every* state, in numbers that follow the exact law, and their means
over a run are weighted by that law, so that the estimate is unbiased however slow the mixing; the
error bar is that of the strata, with at least two independent chains each. Seeds are fixed. The
p-value of each of some 3,000 comparisons is held against 1e-7: false alarms 3e-4 for the file.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import stats

from assocmem import Biased, Hopfield
from assocmem.montecarlo import dynamics as dynamics_module
from assocmem.montecarlo.dynamics import Dynamics, engine
from assocmem.montecarlo.exact import enumerate_states, transition_matrix

RARE = 1e-7
UPDATES = [
    Dynamics("heat-bath", "sequential"),
    Dynamics("heat-bath", "random"),
    Dynamics("metropolis", "sequential"),
    Dynamics("metropolis", "random"),
    Dynamics("heat-bath", "parallel"),
]
MODELS = {
    "hebb": Hopfield(n_patterns=3),
    "field": Hopfield(n_patterns=3, field=(0.15,)),
    "biased": Hopfield(n_patterns=2, patterns=Biased(0.4), field=(0.1,)),
}


def named(dynamics):
    return f"{dynamics.rule}-{dynamics.update}"


def methods_of(dynamics):
    methods = ["single", "lanes", "patterns", "auto", "waiting"]
    return methods[:-1] if dynamics.update == "parallel" else methods


CASES = [
    pytest.param(name, dynamics, method, id=f"{name}-{named(dynamics)}-{method}")
    for name in MODELS
    for dynamics in UPDATES
    for method in methods_of(dynamics)
]


def states_of(size):
    return (2 * ((np.arange(2**size)[:, None] >> np.arange(size)) & 1) - 1).astype(np.int8)


def stationary_law(sample, temperature, update):
    spins = states_of(sample.n_spins).astype(np.float64)
    if update != "parallel":
        weights = np.exp(-sample.energy(spins) / temperature)
    else:
        local = (spins @ sample.couplings.astype(np.float64) + sample.field) / temperature
        weights = np.prod(np.cosh(local), axis=1) * np.exp(spins @ sample.field / temperature)
    return weights / weights.sum()


def p_values(chains, expected):
    """Two-sided p-values of means over independent chains (rows) against expected values."""
    spread = chains.std(axis=0, ddof=1) / np.sqrt(len(chains))
    score = np.abs(chains.mean(axis=0) - expected) / spread
    return 2 * stats.t.sf(score, len(chains) - 1)


def stratified_p_values(chains, strata, law, expected):
    """The same for chains (rows) of several strata of given probabilities."""
    mean, variance = 0.0, 0.0
    for stratum, weight in enumerate(law):
        rows = chains[strata == stratum]
        mean = mean + weight * rows.mean(axis=0)
        variance = variance + weight**2 * rows.var(axis=0, ddof=1) / len(rows)
    assert np.all(variance > 0)
    return 2 * stats.norm.sf(np.abs(mean - expected) / np.sqrt(variance))


@pytest.mark.parametrize(("name", "dynamics", "method"), CASES)
def test_averages_are_those_of_enumeration(name, dynamics, method):
    size, sweeps = 6, 200
    sample = MODELS[name].draw(size, np.random.default_rng(7))
    for k, temperature in enumerate((0.8, 1.2, 2.5)):
        law = stationary_law(sample, temperature, dynamics.update)
        picks = np.repeat(np.arange(2**size), 2 + np.ceil(200 * law).astype(int))
        seeds = np.random.SeedSequence([1, k]).spawn(len(picks))
        ours = engine(
            sample, states_of(size)[picks], temperature, seeds, dynamics=dynamics, tracked=(0, 1),
            method=method,
        )  # fmt: skip
        records = ours.run(sweeps, 1)
        exact = enumerate_states(sample, temperature, parallel=dynamics.update == "parallel")
        energy = records[:, :, 0] * size
        found = [energy, (energy - exact.energy[0]) ** 2, *np.moveaxis(records[:, :, 1:], 2, 0)]
        found += [records[:, :, 1] ** 2, np.abs(records[:, :, 2])]
        expected = [exact.energy[0], exact.energy_variance[0], *exact.overlaps[0, :2]]
        expected += [exact.overlap_squares[0, 0], exact.overlap_magnitudes[0, 1]]
        means = np.array([values.mean(axis=1) for values in found]).T
        # float32 couplings shift the biased energies by some 1e-7, far below the error bars
        assert stratified_p_values(means, picks, law, np.array(expected)).min() > RARE
        spins = ours.spin_sums / sweeps
        assert stratified_p_values(spins, picks, law, exact.spins[0]).min() > RARE


@pytest.mark.parametrize("temperature", [0.3, 1.1])
@pytest.mark.parametrize("dynamics", UPDATES, ids=named)
def test_one_sweep_has_the_exact_transition_probabilities(dynamics, temperature):
    # Low temperatures are tested here and by trajectories in test_kernels.py: averages over a
    # run are far from Gaussian where crossings between valleys are rare.
    size, times = 3, 1500
    sample = MODELS["field"].draw(size, np.random.default_rng(1))
    matrix = transition_matrix(sample, temperature, dynamics)
    start = np.repeat(np.arange(2**size), times)
    seeds = np.random.SeedSequence(8).spawn(len(start))
    for method in methods_of(dynamics):
        if method in ("lanes", "auto"):
            continue  # the same numbers as "single", see below
        ours = engine(
            sample, states_of(size)[start], temperature, seeds, dynamics=dynamics, method=method
        )
        ours.run(1)
        reached = ((ours.spins + 1) // 2) @ (1 << np.arange(size))
        counts = np.zeros(matrix.shape)
        np.add.at(counts, (start, reached), 1)
        for row, chances in zip(counts, matrix, strict=True):
            common = chances * times >= 8
            seen = np.append(row[common], row[~common].sum())
            expected = np.append(chances[common], chances[~common].sum()) * times
            keep = expected > 1e-9
            assert stats.chisquare(seen[keep], expected[keep]).pvalue > RARE


@pytest.mark.parametrize("dynamics", UPDATES[:4], ids=named)
def test_waiting_has_the_law_of_trying_in_larger_systems(dynamics):
    # From a pattern, the mean energy, overlap and flips after 1, 2, 3... sweeps; N of 3 blocks.
    sample = Hopfield(load=0.05, field=(0.05,)).draw(150, np.random.default_rng(3))
    chains = 400
    found = {}
    for k, method in enumerate(("single", "waiting", "patterns")):
        seeds = np.random.SeedSequence([5, k]).spawn(chains)
        start = np.tile(sample.patterns[0], (chains, 1))
        ours = engine(sample, start, 0.45, seeds, dynamics=dynamics, method=method)
        records = ours.run(6, 1)
        flat = records.reshape(chains, -1)
        found[method] = np.column_stack([flat, ours.flips, ours.spin_sums[:, ::10]])
    for method in ("waiting", "patterns"):
        result = stats.ttest_ind(found["single"], found[method], axis=0, equal_var=False)
        assert np.nanmin(result.pvalue) > RARE


@pytest.mark.parametrize("method", ["single", "lanes", "patterns", "waiting", "auto"])
@pytest.mark.parametrize("dynamics", UPDATES, ids=named)
def test_promises_of_the_engine(dynamics, method):
    """One chain alone, runs in pieces, records, sums and energies; temperatures of each chain."""
    if method not in methods_of(dynamics):
        with pytest.raises(ValueError, match="waiting"):
            engine(
                MODELS["hebb"].draw(10, np.random.default_rng(0)), np.ones((1, 10)), 1.0,
                np.random.SeedSequence(0).spawn(1), dynamics=dynamics, method=method,
            )  # fmt: skip
        return
    model = Hopfield(load=0.08, field=(0.03,), patterns=Biased(0.1))
    sample = model.draw(140, np.random.default_rng(0))
    chains = 4
    temperatures = np.array([0.05, 0.2, 0.45, 1.2])
    start = np.tile(sample.patterns[0], (chains, 1))
    seeds = np.random.SeedSequence(9).spawn(chains)
    options = {"dynamics": dynamics, "method": method, "tracked": (0, 3)}
    whole = engine(sample, start, temperatures, seeds, **options)
    records = whole.run(40, 5)
    assert records.shape == (chains, 8, 3)
    pieces = engine(sample, start, temperatures, seeds, **options)
    sums = np.zeros(start.shape, np.int64)
    for k in range(8):
        part = pieces.run(5, 5)
        np.testing.assert_array_equal(part[:, 0], records[:, k])
        sums += pieces.spins
        np.testing.assert_allclose(part[:, 0, 0] * 140, sample.energy(pieces.spins), atol=1e-4)
        np.testing.assert_allclose(
            part[:, 0, 1:], sample.overlaps(pieces.spins)[:, [0, 3]], atol=1e-12
        )
    np.testing.assert_array_equal(sums, whole.spin_sums)
    np.testing.assert_array_equal(pieces.spins, whole.spins)
    np.testing.assert_array_equal(pieces.flips, whole.flips)
    np.testing.assert_array_equal(whole.attempts, np.full(chains, 40 * 140))
    np.testing.assert_allclose(whole.energies(), records[:, -1, 0] * 140, rtol=1e-7)
    assert whole.flips[3] > whole.flips[0]
    for r in range(chains):
        alone = engine(sample, start[r : r + 1], temperatures[r], seeds[r : r + 1], **options)
        np.testing.assert_array_equal(alone.run(40, 5)[0], records[r])
    assert whole.run(3) is None
    whole.reset_sums()
    assert not whole.spin_sums.any()
    assert not whole.spins.flags.writeable


def test_single_and_lanes_are_the_same_numbers_in_any_number_of_threads():
    sample = Hopfield(load=0.1).draw(300, np.random.default_rng(0))
    start = np.random.default_rng(1).choice([-1, 1], (6, 300))
    seeds = np.random.SeedSequence(2).spawn(6)

    def run(method, part):
        return engine(sample, start[part], 0.4, seeds[part], method=method).run(50, 10)

    single = run("single", slice(0, 6))
    np.testing.assert_array_equal(single, run("lanes", slice(0, 6)))
    with ThreadPoolExecutor(3) as pool:
        parts = [slice(k, k + 2) for k in (0, 2, 4)]
        together = np.concatenate(list(pool.map(lambda part: run("lanes", part), parts)))
    np.testing.assert_array_equal(single, together)


@pytest.mark.parametrize("n_patterns", [5, 9000])
def test_cached_fields_and_energies_stay_exact(n_patterns):
    # 9000 patterns: four couplings overflow int16
    sample = Hopfield(n_patterns=n_patterns, field=(0.1,)).draw(90, np.random.default_rng(1))
    scale = max(1.0, np.sqrt(n_patterns / 90))
    start = np.random.default_rng(1).choice([-1, 1], (3, 90))
    for dynamics in UPDATES:
        ours = engine(
            sample, start, 0.7 * scale, np.random.SeedSequence(1).spawn(3), dynamics=dynamics,
            method="lanes",
        )  # fmt: skip
        ours.run(300)
        assert ours.flips.min() > 1000
        whole = sample.integer_couplings.astype(np.int64)
        np.testing.assert_array_equal(ours._store.fields[:, :90], ours.spins @ whole)
        np.testing.assert_allclose(ours.energies(), sample.energy(ours.spins), rtol=1e-12)


def test_fixed_point_and_integer_couplings_agree(monkeypatch):
    sample = Hopfield(load=0.1, field=(0.05,)).draw(200, np.random.default_rng(4))
    start = np.random.default_rng(1).choice([-1, 1], (4, 200))
    seeds = np.random.SeedSequence(3).spawn(4)
    integer = engine(sample, start, 0.6, seeds, method="lanes")
    first = integer.run(30, 1)
    assert integer._store.couplings.dtype == np.int8
    _ = sample.couplings  # made of the integers before they are hidden
    monkeypatch.setattr(type(sample), "is_integer", False)
    fixed = engine(sample, start, 0.6, seeds, method="lanes")
    second = fixed.run(30, 1)
    assert fixed._store.couplings.dtype == np.int32
    np.testing.assert_array_equal(integer.spins, fixed.spins)
    np.testing.assert_allclose(first, second, rtol=1e-6, atol=1e-9)
    # Each coupling is within half a unit and float32 rounding, so H within N^2/4 units and that.
    room = 200**2 / 4 * fixed._store.unit + 2.0**-24 * np.abs(sample.couplings).sum() / 2
    assert np.max(np.abs(fixed.energies() - sample.energy(fixed.spins))) < room


@pytest.mark.parametrize("method", ["single", "patterns", "waiting", "auto"])
@pytest.mark.parametrize("name", MODELS)
def test_zero_temperature_descends_to_a_stable_state(name, method):
    sample = MODELS[name].draw(120, np.random.default_rng(2))
    start = np.random.default_rng(3).choice([-1, 1], (5, 120))
    ours = engine(sample, start, 0.0, np.random.SeedSequence(4).spawn(5), method=method)
    energies = np.vstack([sample.energy(start), ours.run(30, 1)[:, :, 0].T * 120])
    assert np.all(np.diff(energies, axis=0) <= 1e-4)
    local = ours.spins @ sample.couplings.astype(np.float64) + sample.field
    assert np.all(ours.spins * local >= -1e-6)
    flips = ours.flips
    assert flips.min() > 0
    if method in ("waiting", "auto") and name == "field":  # no ties: it will never move again
        ours.run(10**12)
        np.testing.assert_array_equal(ours.flips, flips)


@pytest.mark.parametrize("method", ["single", "patterns", "waiting"])
@pytest.mark.parametrize("biased", [False, True])
def test_ties_at_zero_temperature(method, biased):
    """Two spins whose patterns cancel: no field at all, so every flip is a tie."""
    if biased:  # float32 couplings, exactly cancelling too
        model = Hopfield(n_patterns=2, patterns=Biased(0.0))
    else:
        model = Hopfield(n_patterns=2)
    sample = model.sample_of(np.array([[1, 1], [1, -1]]))
    chains, sweeps = 40, 100
    seeds = np.random.SeedSequence(6).spawn(chains)
    start = np.ones((chains, 2))
    ours = engine(sample, start, 0.0, seeds, method=method)
    ours.run(sweeps)
    result = stats.binomtest(int(ours.flips.sum()), chains * sweeps * 2, 0.5)
    assert result.pvalue > RARE
    always = engine(sample, start, 0.0, seeds, dynamics=Dynamics("metropolis"), method=method)
    always.run(sweeps)
    np.testing.assert_array_equal(always.flips, 2 * sweeps)


@pytest.mark.parametrize("method", ["single", "patterns", "waiting", "auto"])
def test_two_spins(method):
    sample = Hopfield(n_patterns=1).sample_of(np.array([[1, -1]]))
    chains, sweeps, temperature = 64, 2000, 0.5
    seeds = np.random.SeedSequence(6).spawn(chains)
    start = np.where(np.arange(chains) % 2, 1, -1)[:, None] * np.array([1, -1])
    ours = engine(sample, start, temperature, seeds, method=method)
    ours.run(100)
    energy = ours.run(sweeps, 1)[:, :, 0].mean(axis=1)
    # H = -(1/2) (xi_1 s_1)(xi_2 s_2), so <H>/2 = -tanh(beta/2)/4
    assert p_values(energy[:, None], -np.tanh(0.5 / temperature) / 4).min() > RARE


def test_annealing_and_tempering_reach_every_temperature():
    sample = MODELS["hebb"].draw(60, np.random.default_rng(2))
    ours = engine(sample, np.ones((2, 60)), 5.0, np.random.SeedSequence(1).spawn(2))
    ours.run(20)
    hot = ours.flips
    ours.set_temperatures([0.0, 5.0])
    np.testing.assert_array_equal(ours.temperatures, [0.0, 5.0])
    ours.run(20)
    cold = ours.flips - hot
    assert cold[0] < 100 < cold[1]


def test_auto_takes_patterns_where_they_serve(monkeypatch):
    few = Hopfield(n_patterns=3).draw(2000, np.random.default_rng(0))
    more = Hopfield(load=0.2).draw(100, np.random.default_rng(0))
    seeds = np.random.SeedSequence(1).spawn(1)
    assert engine(few, np.ones((1, 2000)), 0.8, seeds).method == "patterns"
    assert "padded_couplings" not in vars(few)
    assert engine(more, np.ones((1, 100)), 0.2, seeds).method == "auto"
    monkeypatch.setattr(dynamics_module.os, "sysconf", lambda name: 128)
    assert engine(more, np.ones((1, 100)), 0.2, seeds).method == "patterns"
    with pytest.raises(ValueError, match="GiB"):
        engine(more, np.ones((1, 100)), 0.2, seeds, method="lanes")


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"spins": np.ones((2, 9))}, ValueError, "spins"),
        ({"spins": np.zeros((2, 10))}, ValueError, "spins"),
        ({"temperatures": -0.1}, ValueError, "temperatures"),
        ({"temperatures": [1.0, np.nan]}, ValueError, "temperatures"),
        ({"temperatures": [1.0, 1.0, 1.0]}, ValueError, "temperatures"),
        ({"seeds": np.random.SeedSequence(0).spawn(3)}, ValueError, "seeds"),
        ({"seeds": [0, 1]}, TypeError, "seeds"),
        ({"dynamics": "metropolis"}, TypeError, "dynamics"),
        ({"tracked": (3,)}, ValueError, "tracked"),
        ({"method": "fast"}, ValueError, "method"),
        ({"sample": np.eye(10)}, TypeError, "sample"),
    ],
)
def test_bad_arguments(change, error, match):
    arguments = {
        "sample": MODELS["hebb"].draw(10, np.random.default_rng(0)),
        "spins": np.ones((2, 10)),
        "temperatures": 1.0,
        "seeds": np.random.SeedSequence(0).spawn(2),
    } | change
    with pytest.raises(error, match=match):
        engine(**arguments)
