"""Every dynamics and method against exact laws of small samples, and the engine's promises.

Statistical tests have fixed seeds and compare e-values (see exact_chain.py) with 1/RARE, so each
case gives a false alarm with probability below RARE, at any temperature, whatever the number of
chains and however slowly they mix: some 220 cases, 2.2e-4 for the file.
"""

import functools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
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

from assocmem import Biased, Hopfield
from assocmem.hopfield import Dreaming
from assocmem.montecarlo import dynamics as dynamics_module
from assocmem.montecarlo.dynamics import Dynamics, engine

RARE = 1e-6
TEMPERATURES = (0.2, 0.5, 1.5)
UPDATES = [
    Dynamics("heat-bath", "sequential"),
    Dynamics("heat-bath", "random"),
    Dynamics("metropolis", "sequential"),
    Dynamics("metropolis", "random"),
    Dynamics("heat-bath", "parallel"),
]
MODELS = {
    "hebb": Hopfield(n_patterns=4),
    "field": Hopfield(n_patterns=4, field=(0.15,)),
    "biased": Hopfield(n_patterns=4, patterns=Biased(0.4), field=(0.1,)),
    "dreaming": Hopfield(n_patterns=4, rule=Dreaming(1.5), field=(0.1,)),
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
    if not (name == "dreaming" and method == "patterns")
]


@functools.cache
def sample_of(name, size):
    # Seed 13: the overlaps with the four patterns tell all states of five spins apart.
    return MODELS[name].draw(size, np.random.default_rng(13))


@functools.cache
def exact_matrix(name, size, temperature, dynamics, made=1.0):
    return sweep_matrix(sample_of(name, size), temperature, dynamics, made)


@functools.cache
def exact_law(name, size, temperature, update):
    return stationary_law(sample_of(name, size), temperature, update)


@functools.cache
def seeds_of(method, number):
    return np.random.SeedSequence(dynamics_module.METHODS.index(method)).spawn(number)


def states_in(records, sample):
    """Number of the state that each record is of, which its energy must be that of as well."""
    states = states_of(sample.n_spins)
    table = np.column_stack([sample.energy(states) / sample.n_spins, sample.overlaps(states)])
    weights = np.sqrt([0.0, 2.0, 3.0, 5.0, 7.0])
    codes = table @ weights
    order = np.argsort(codes)
    assert np.diff(codes[order]).min() > 1e-6  # no two states alike
    middles = (codes[order[1:]] + codes[order[:-1]]) / 2
    found = order[np.searchsorted(middles, records @ weights)]
    # float32 couplings move energies by some 1e-7
    np.testing.assert_allclose(records, table[found], rtol=0, atol=1e-6)
    return found


@pytest.mark.parametrize(("name", "dynamics", "method"), CASES)
def test_paths_have_the_exact_transition_probabilities(name, dynamics, method):
    """From every state, records of every sweep or every other, spins and sums after them."""
    size, copies = 5, 32
    number = 2**size
    sample = sample_of(name, size)
    start = np.tile(np.repeat(np.arange(number), copies), len(TEMPERATURES))
    temperatures = np.repeat(TEMPERATURES, number * copies)
    ours = engine(
        sample, states_of(size)[start], temperatures, seeds_of(method, len(start)),
        dynamics=dynamics, tracked=range(4), method=method,
    )  # fmt: skip
    assert ours.method == method
    path = np.column_stack([start, states_in(ours.run(3, 1), sample)])
    np.testing.assert_array_equal(labels_of(ours.spins), path[:, -1])
    other = np.column_stack([path[:, -1], states_in(ours.run(7, 2), sample)])
    last = labels_of(ours.spins)
    flips = ours.flips
    ours.reset_sums()
    records = ours.run(50, 1)
    long = np.column_stack([last, states_in(records, sample)])
    spins = states_of(size)[long]
    np.testing.assert_array_equal(ours.spin_sums, spins[:, 1:].sum(axis=1))
    np.testing.assert_array_equal(ours.spins, spins[:, -1])
    turned = np.count_nonzero(spins[:, 1:] != spins[:, :-1], axis=(1, 2))
    if dynamics.update == "random":  # where a spin may be tried twice
        assert np.all((ours.flips - flips - turned) % 2 == 0)
        assert np.all(ours.flips - flips >= turned)
    else:
        np.testing.assert_array_equal(ours.flips - flips, turned)
    if method == "auto" and name != "dreaming" and dynamics.update != "parallel":
        waits = ours._store.waits  # both ways are tested: some chains wait, others try
        assert waits[temperatures == TEMPERATURES[0]].any() and not waits.all()
    logs = {}
    for temperature in TEMPERATURES:
        rows = temperatures == temperature
        power = functools.partial(
            np.linalg.matrix_power, exact_matrix(name, size, temperature, dynamics)
        )
        near = [
            exact_matrix(name, size, temperature * factor, dynamics)
            for factor in (0.9, 0.98, 1.02, 1.1)
        ]
        near.append(exact_matrix(name, size, temperature, dynamics, made=0.98))
        sizes = np.full(number, float(copies))
        for label, before, after, steps in (
            ("1 sweep", path[rows, 0], path[rows, 1], 1),
            ("3 sweeps", path[rows, 0], path[rows, 3], 3),
            ("record after 2", path[rows, 3], other[rows, 1], 2),
            ("records after 4, 6", other[rows, 1:3], other[rows, 2:4], 2),
            ("last, unrecorded", other[rows, 3], last[rows], 1),
        ):
            expected = sizes if label[0] in "13" else sizes @ power(5)
            counts = transitions(before, after, number)
            logs[temperature, label] = log_evidence(counts, power(steps), expected)
        counts = transitions(long[rows, :-1], long[rows, 1:], number)
        expected = sum(sizes @ power(10 + t) for t in range(50))
        logs[temperature, "path"] = log_evidence(counts, power(1), expected, near)
    assert mean_evidence(logs) < -np.log(RARE), logs


@pytest.mark.parametrize(("name", "dynamics", "method"), CASES)
def test_the_stationary_law_stays(name, dynamics, method):
    size, chains = 8, 1000
    check_stationary(name, size, chains, dynamics, method)


@pytest.mark.parametrize("dynamics", UPDATES, ids=named)
def test_the_stationary_law_of_sixteen_spins_stays(dynamics):
    for method in methods_of(dynamics):
        check_stationary("field", 16, 1000, dynamics, method)


def check_stationary(name, size, chains, dynamics, method):
    """Chains drawn from the exact law have it after one sweep, and after three more."""
    laws = [exact_law(name, size, t, dynamics.update) for t in TEMPERATURES]
    rng = np.random.default_rng(size)
    start = np.concatenate([rng.choice(2**size, chains, p=law) for law in laws])
    ours = engine(
        sample_of(name, size), states_of(size)[start], np.repeat(TEMPERATURES, chains),
        seeds_of(method, len(start)), dynamics=dynamics, method=method,
    )  # fmt: skip
    logs = {}
    for sweeps in (1, 3):
        ours.run(sweeps)
        reached = labels_of(ours.spins).reshape(-1, chains)
        for temperature, law, states in zip(TEMPERATURES, laws, reached, strict=True):
            counts = np.bincount(states, minlength=2**size)
            near = [
                exact_law(name, size, temperature * factor, dynamics.update)[None]
                for factor in (0.9, 1.1)
            ]
            logs[temperature, sweeps] = log_evidence(
                counts[None], law[None], np.array([float(chains)]), near
            )
    assert mean_evidence(logs) < -np.log(RARE), logs


@pytest.mark.parametrize("dynamics", UPDATES[:4], ids=named)
def test_waiting_has_the_law_of_trying_in_larger_systems(dynamics):
    """Median tests, exact for any law: of chains above the median of all, how many are of each.

    From a pattern, energy, overlap and flips after 1, 2, 3... sweeps; N of 3 blocks.
    """
    sample = Hopfield(load=0.05, field=(0.05,)).draw(150, np.random.default_rng(3))
    chains = 1000
    found = {}
    for k, method in enumerate(("single", "waiting", "patterns")):
        seeds = np.random.SeedSequence([5, k]).spawn(chains)
        start = np.tile(sample.patterns[0], (chains, 1))
        ours = engine(sample, start, 0.45, seeds, dynamics=dynamics, method=method)
        records = ours.run(6, 1)
        flat = records.reshape(chains, -1)
        found[method] = np.column_stack([flat, ours.flips, ours.spin_sums])
    for method in ("waiting", "patterns"):
        both = np.stack([found["single"], found[method]])
        above = np.count_nonzero(both > np.median(both, axis=(0, 1)), axis=1)
        # Given how many are above, those of one method are hypergeometric.
        law = stats.hypergeom(2 * chains, above.sum(axis=0), chains)
        p = 2 * np.minimum(law.cdf(above[0]), law.sf(above[0] - 1))
        assert p.min() > RARE / (2 * p.size)


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


@pytest.mark.parametrize(
    ("n_patterns", "alike", "kind"),
    [(5, 0, np.int8), (9000, 0, np.int16), (2047, 2047, np.int16), (5000, 2500, np.int32)],
)
def test_cached_fields_and_energies_stay_exact(n_patterns, alike, kind):
    # with 2047 patterns alike, twice eight couplings just do not overflow int16
    xi = np.random.default_rng(1).choice([-1, 1], (n_patterns, 90))
    xi[:alike] = xi[0]
    sample = Hopfield(n_patterns=n_patterns, field=(0.1,)).sample_of(xi)
    scale = max(1.0, np.sqrt(n_patterns / 90), alike)
    start = np.random.default_rng(1).choice([-1, 1], (3, 90))
    for dynamics in UPDATES:
        ours = engine(
            sample, start, 0.7 * scale, np.random.SeedSequence(1).spawn(3), dynamics=dynamics,
            method="lanes",
        )  # fmt: skip
        assert ours._store.couplings.dtype == kind
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
    if name == "dreaming" and method == "patterns":
        with pytest.raises(ValueError, match="patterns"):
            engine(
                sample_of(name, 5), np.ones((1, 5)), 0.0, np.random.SeedSequence(0).spawn(1),
                method=method,
            )  # fmt: skip
        return
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
    """H = -(1/2) (xi_1 s_1)(xi_2 s_2), so both spins flip with probability 1/(1 + e^(+-1/T))."""
    sample = Hopfield(n_patterns=1).sample_of(np.array([[1, -1]]))
    copies, runs, temperature = 250, 20, 0.5
    start = np.repeat(np.arange(4), copies)
    seeds = np.random.SeedSequence(6).spawn(len(start))
    ours = engine(sample, states_of(2)[start], temperature, seeds, method=method)
    leave = 1 / (1 + np.exp(1 / temperature))  # the two states of xi_1 s_1 = xi_2 s_2
    matrix = np.zeros((4, 4))
    for state in range(4):
        for first in (False, True):
            for second in (False, True):
                good = state in (1, 2)
                chance = leave if good else 1 - leave
                chance = chance if first else 1 - chance
                again = leave if good != first else 1 - leave
                chance *= again if second else 1 - again
                matrix[state, state ^ (first + 2 * second)] += chance
    counts = np.zeros((4, 4), int)
    for _ in range(runs):
        before = labels_of(ours.spins)
        ours.run(2)
        counts += transitions(before, labels_of(ours.spins), 4)
    twice = matrix @ matrix
    expected = sum(np.full(4, 250.0) @ np.linalg.matrix_power(twice, k) for k in range(runs))
    assert log_evidence(counts, twice, expected) < -np.log(RARE)


def test_annealing_and_tempering_reach_every_temperature():
    sample = Hopfield(n_patterns=3).draw(60, np.random.default_rng(2))
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
    # so large that the couplings are not worth making, however few flips are expected
    large = Hopfield(n_patterns=3).draw(16_000, np.random.default_rng(0))
    assert engine(large, np.ones((1, 16_000)), 0.1, seeds).method == "patterns"
    assert engine(few, np.ones((1, 2000)), 0.1, seeds).method == "auto"
    monkeypatch.setattr("os.sysconf", lambda name: 128)
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
        ({"tracked": (4,)}, ValueError, "tracked"),
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
