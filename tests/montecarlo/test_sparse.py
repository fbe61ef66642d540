"""Sparse columns against couplings and against the Hopfield model; starts from diluted patterns."""

import numpy as np
import pytest

from assocmem import Biased, Dense, Dynamics, Hopfield, Multitasking, Supervised, Unsupervised
from assocmem.montecarlo import methods, sparse
from assocmem.montecarlo.dynamics import engine
from assocmem.montecarlo.exact import enumerate_states
from assocmem.montecarlo.sampler import make_plan, sample, starts
from assocmem.montecarlo.tempering import anneal, temper
from assocmem.sweeps import sweep

UPDATES = [
    Dynamics("heat-bath", "sequential"),
    Dynamics("heat-bath", "random"),
    Dynamics("metropolis", "sequential"),
    Dynamics("metropolis", "random"),
    Dynamics("heat-bath", "parallel"),
]
LEARNING = {"patterns": None, "sums": Supervised(6, 0.6), "examples": Unsupervised(6, 0.6)}


def model_of(name, **changes):
    given = {"n_patterns": 5, "dilution": 0.6, "learning": LEARNING[name], "field": (0.03, -0.01)}
    return Multitasking(**given | changes)


def chains_of(quenched, number, seed=3):
    spins = np.random.default_rng(seed).choice([-1, 1], (number, quenched.n_spins))
    return spins, np.random.SeedSequence(seed).spawn(number)


@pytest.mark.parametrize("name", LEARNING)
def test_lists_hold_what_is_stored_and_nothing_blank(name):
    quenched = model_of(name).draw(70, np.random.default_rng(0))
    spins, seeds = chains_of(quenched, 2)
    store = engine(quenched, spins, 0.3, seeds, method="patterns")._store
    width = quenched.n_stored // 5 if name == "examples" else 1
    rebuilt = np.zeros_like(quenched.stored, dtype=np.int64)
    for i in range(70):
        begin, end = (int(x) for x in store.starts[i : i + 2])
        for e in range(begin, end):
            first = int(store.rows[e]) * width
            rebuilt[first : first + width, i] = store.values[e * width : (e + 1) * width]
    np.testing.assert_array_equal(rebuilt, quenched.stored)
    assert len(store.values) == np.count_nonzero(quenched.stored)
    assert np.all(store.values != 0)


@pytest.mark.parametrize("dynamics", UPDATES, ids=lambda d: f"{d.rule}-{d.update}")
@pytest.mark.parametrize("name", LEARNING)
def test_totals_and_energies_stay_exact(name, dynamics):
    quenched = model_of(name).draw(90, np.random.default_rng(1))
    spins, seeds = chains_of(quenched, 3)
    ours = engine(quenched, spins, 0.4, seeds, dynamics=dynamics, method="patterns", tracked=(4, 0))
    records = ours.run(200, 100)
    assert ours.flips.min() > 500
    totals = ours.spins.astype(np.int64) @ quenched.stored.T.astype(np.int64)
    np.testing.assert_array_equal(ours._store.totals, totals)
    np.testing.assert_allclose(ours.energies(), quenched.energy(ours.spins), rtol=1e-12)
    np.testing.assert_allclose(records[:, -1, 0] * 90, ours.energies(), rtol=1e-12)
    np.testing.assert_allclose(
        records[:, -1, 1:], quenched.overlaps(ours.spins)[:, [4, 0]], atol=1e-15
    )


@pytest.mark.parametrize("dynamics", UPDATES, ids=lambda d: f"{d.rule}-{d.update}")
@pytest.mark.parametrize("method", ["patterns", "lanes", "auto"])
def test_without_blanks_chains_are_those_of_the_hopfield_model(method, dynamics):
    """The very same numbers: spins, flips and records."""
    xi = np.random.default_rng(2).choice([-1, 1], (4, 130))
    found = []
    for model in (
        Hopfield(n_patterns=4, field=(0.05,)),
        Multitasking(n_patterns=4, dilution=0.0, field=(0.05,)),
    ):
        quenched = model.sample_of(xi)
        spins, seeds = chains_of(quenched, 4)
        options = {"dynamics": dynamics, "method": method, "tracked": (0, 2)}
        ours = engine(quenched, spins, [0.0, 0.2, 0.5, 1.0], seeds, **options)
        records = ours.run(40, 4)
        found.append((ours.spins, ours.flips, ours.spin_sums, records))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("name", LEARNING)
def test_cached_fields_have_the_exact_couplings(name):
    quenched = model_of(name).draw(90, np.random.default_rng(1))
    spins, seeds = chains_of(quenched, 3)
    ours = engine(quenched, spins, 0.4, seeds, method="lanes")
    ours.run(100)
    rows = quenched.stored.astype(np.int64)
    whole = rows.T @ rows
    np.fill_diagonal(whole, 0)
    assert ours._store.unit == quenched.unit and ours._store.floor == 0.0
    np.testing.assert_array_equal(ours._store.fields[:, :90], ours.spins @ whole)


@pytest.mark.parametrize(
    ("examples", "exact"), [(20, True), (100, True), (3000, False)], ids=["int16", "int32", "fixed"]
)
def test_sums_over_many_examples(examples, exact):
    """Couplings beyond 16 bits are exact in 32, those beyond that rounded; columns always exact."""
    model = model_of("sums", learning=Supervised(examples, 0.5))
    quenched = model.draw(80, np.random.default_rng(1))
    spins, seeds = chains_of(quenched, 3)
    for method in ("lanes", "patterns"):
        ours = engine(quenched, spins, 0.3, seeds, method=method)
        ours.run(60)
        tight = {"rtol": 1e-12} if exact or method == "patterns" else {"rtol": 1e-5}
        np.testing.assert_allclose(ours.energies(), quenched.energy(ours.spins), **tight)
        assert (ours._store.floor == 0.0) == (exact or method == "patterns")


def test_numbers_that_would_overflow_are_refused():
    sums = model_of("sums", learning=Supervised(10**9, 0.5)).draw(40, np.random.default_rng(1))
    spins, seeds = chains_of(sums, 1)
    with pytest.raises(ValueError, match="2\\^62"):
        engine(sums, spins, 0.3, seeds, method="patterns")
    engine(sums, spins, 0.3, seeds, method="lanes").run(3)


@pytest.mark.parametrize("method", ["patterns", "single", "waiting"])
def test_blank_spins_are_ties_at_zero_temperature(method):
    """A spin that every pattern leaves blank flips with probability 1/2, at any T.

    400 x 100 attempts on two such spins: binomial within 6 standard deviations, 2e-9.
    """
    xi = np.zeros((2, 12), np.int8)
    xi[:, :10] = np.random.default_rng(0).choice([-1, 1], (2, 10))
    xi[1, :10] = xi[0, :10]
    quenched = Multitasking(n_patterns=2, dilution=0.5).sample_of(xi)
    start = np.tile(np.where(xi[0] == 0, 1, xi[0]), (400, 1))
    seeds = np.random.SeedSequence(1).spawn(400)
    ours = engine(quenched, start, 0.0, seeds, method=method)
    ours.run(100)
    np.testing.assert_array_equal(ours.spins[:, :10], start[:, :10])
    assert abs(ours.flips.sum() - 40_000) < 6 * np.sqrt(80_000 / 4)


def test_auto_weighs_the_two(monkeypatch):
    rng = np.random.default_rng(0)
    seeds = np.random.SeedSequence(1).spawn(1)
    few = Multitasking(n_patterns=3, dilution=0.5).draw(4000, rng)
    assert engine(few, np.ones((1, 4000)), 0.3, seeds).method == "patterns"
    assert "padded_couplings" not in vars(few)
    many = Multitasking(load=0.5, dilution=0.3).draw(200, rng)
    assert engine(many, np.ones((1, 200)), 0.1, seeds).method == "auto"
    monkeypatch.setattr("os.sysconf", lambda name: 200)
    assert engine(many, np.ones((1, 200)), 0.1, seeds).method == "patterns"
    with pytest.raises(ValueError, match="GiB"):
        engine(many, np.ones((1, 200)), 0.1, seeds, method="lanes")


@pytest.mark.parametrize("name", LEARNING)
def test_memory_is_that_of_the_formula(name):
    """Within 5 standard deviations of the binomial number of entries, of which sums may be 0."""
    model = model_of(name, n_patterns=40)
    quenched = model.draw(500, np.random.default_rng(1))
    spins, seeds = chains_of(quenched, 3)
    store = engine(quenched, spins, 0.3, seeds, method="patterns")._store
    taken = store.rows.nbytes + store.values.nbytes + store.totals.nbytes
    room = 5 * np.sqrt(40 * 500 * 0.6 * 0.4) * 10 + (0.3 * taken if name == "sums" else 0)
    assert abs(sparse.memory(model, 500, 3) - taken) < room


def plan_of(model, **changes):
    given = {
        "n_spins": 400, "temperature": 0.1, "sweeps": 10, "burn_in": 0, "interval": 1, "chains": 50,
        "disorder": 1, "start": "mixture", "corruption": None, "weights": None, "dynamics": None,
        "method": "auto", "tracked": 1, "trajectory": False, "seed": 0,
    } | changes  # fmt: skip
    return make_plan(model, kind="sample", **given)


DILUTED = Multitasking(n_patterns=3, dilution=0.4)


def begun(model, **changes):
    quenched = model.draw(400, np.random.default_rng(4))
    return quenched, starts(plan_of(model, **changes), quenched, np.random.SeedSequence(1))


def test_starts_from_diluted_patterns():
    quenched, spins = begun(DILUTED, start="pattern")
    first = quenched.patterns[0]
    filled = first != 0
    assert np.all(spins[:, filled] == first[filled])
    # 50 x 160 fair signs: |sum| < 4.5 sigma, false alarm 7e-6
    blanks = spins[:, ~filled]
    assert abs(int(blanks.sum(dtype=np.int64))) < 4.5 * np.sqrt(blanks.size)
    assert len(np.unique(blanks, axis=0)) == 50
    quenched, spins = begun(DILUTED, start="corrupted", corruption=0.25)
    wrong = np.count_nonzero(spins[:, filled] != first[filled], axis=1)
    assert np.all(wrong == round(0.25 * filled.sum()))
    expected = (filled.sum() - 2 * round(0.25 * filled.sum())) / 400
    np.testing.assert_allclose(quenched.overlaps(spins)[:, 0], expected)


def test_weights_of_four_two_one_are_the_hierarchical_state():
    quenched, spins = begun(DILUTED, weights=(4, 2, 1))
    xi = quenched.patterns
    followed = np.where(xi[0] != 0, xi[0], np.where(xi[1] != 0, xi[1], xi[2]))
    assert np.all(spins[:, followed != 0] == followed[followed != 0])
    assert len(np.unique(spins[:, followed == 0], axis=0)) == 50
    # of the other order, and with an odd sign
    _, turned = begun(DILUTED, weights=[-1.0, 2.0])
    followed = np.where(xi[1] != 0, xi[1], -xi[0])
    assert np.all(turned[:, followed != 0] == followed[followed != 0])


def test_weights_default_to_those_tracked_and_ties_are_fair():
    quenched, spins = begun(DILUTED, tracked=3)
    _, same = begun(DILUTED, weights=np.full(3, 0.1))
    np.testing.assert_array_equal(spins, same)
    total = quenched.patterns.sum(axis=0)
    assert np.all(spins[:, total != 0] == np.sign(total[total != 0]))
    # 0.3 = 0.1 + 0.2 but for rounding
    _, tied = begun(DILUTED, weights=(0.3, 0.1, 0.2))
    even = (quenched.patterns.T * np.array([3, 1, 2])).sum(axis=1) == 0
    assert even.sum() > 20 and len(np.unique(tied[:, even], axis=0)) == 50


@pytest.mark.parametrize(
    "model",
    [
        Hopfield(n_patterns=3),
        Hopfield(n_patterns=3, patterns=Biased(0.3)),
        Dense(n_patterns=3, p=3),
    ],
    ids=["hopfield", "biased", "dense"],
)
def test_weights_of_other_models(model):
    quenched, spins = begun(model, weights=(1.0, 3.0))
    second = quenched.leading(2)[1]
    # also where entries are standardised, to (1 - b) and -(1 + b) over sigma: 1.3 < 3 x 0.7
    assert np.all(spins == second)


@pytest.mark.parametrize(
    ("weights", "error"),
    [
        ((1, 2, 3, 4), ValueError), ((), ValueError), ((0.0, 0.0), ValueError),
        ((1, np.nan), ValueError), ((1, "x"), TypeError), ("ab", TypeError), (1.0, TypeError),
        ({1, 2}, TypeError), ((1j,), TypeError), (((1, 2),), TypeError),
    ],
)  # fmt: skip
def test_bad_weights(weights, error):
    with pytest.raises(error, match="weights"):
        plan_of(DILUTED, weights=weights)


def test_weights_need_a_mixture_and_are_saved(tmp_path):
    with pytest.raises(ValueError, match="weights"):
        plan_of(DILUTED, start="pattern", weights=(1, 2))
    given = {"n_spins": 60, "temperature": 0.1, "sweeps": 20, "disorder": 2, "progress": False}
    result = sample(DILUTED, **given, start="mixture", weights=(4, 2, 1))
    assert result.parameters["weights"] == [4.0, 2.0, 1.0]
    assert result.rerun().dataset.identical(result.dataset)
    assert result.quenched(1).patterns.shape == (3, 60)
    assert "weights" not in sample(DILUTED, **given).parameters


def test_annealing_tempering_and_sweeps_take_them():
    given = {"n_spins": 60, "sweeps": 20, "disorder": 2, "tracked": 3, "progress": False}
    for run in (anneal, temper):
        data = run(
            DILUTED, temperatures=[0.4, 0.2], start="mixture", weights=(4, 2, 1), **given
        ).dataset
        assert np.isfinite(data.energy).all()
        assert np.all(np.abs(data.overlap) <= 1.0)
    final = anneal(Multitasking(n_patterns=1, dilution=0.5), n_spins=50, temperatures=[1.0, 0.0],
                   sweeps=100, disorder=2, progress=False)  # fmt: skip
    for d in range(2):
        filled = np.count_nonzero(final.quenched(d).patterns) / 50
        np.testing.assert_allclose(np.abs(final.dataset.final_overlap.values[d]), filled)
    models = [Multitasking(n_patterns=2, dilution=d) for d in (0.2, 0.5)]
    options = {"n_spins": 40, "store": None, "workers": 1, "sweeps": 20, "progress": False}
    grid = sweep(models, [0.1, 0.3], disorder=2, **options)
    np.testing.assert_array_equal(grid.dilution.values, [0.2, 0.5])
    assert np.isfinite(grid.overlap).all()
    assert "dilution" not in sweep([Hopfield(n_patterns=2)], [0.1], disorder=2, **options).coords


def test_too_much_memory_is_refused():
    model = Multitasking(load=1.0, dilution=0.1, learning=Unsupervised(100, 0.5))
    with pytest.raises(ValueError, match="GiB"):
        sample(model, n_spins=50_000, temperature=0.1)


def test_sums_beyond_exact_integers():
    """M = 10^9: sparse columns are refused by name, and "auto" does without them."""
    model = Multitasking(n_patterns=1, dilution=0.3, learning=Supervised(10**9, 0.3))
    options = {"n_spins": 1600, "temperature": 0.5, "sweeps": 4, "burn_in": 0, "chains": 1}
    options |= {"disorder": 1, "progress": False}
    assert methods._sparse_cheaper(model.draw(1600, np.random.default_rng(0)), 0.5)
    assert sample(model, **options).dataset.attrs["method"] == "auto"
    with pytest.raises(ValueError, match="method 'patterns' needs"):
        sample(model, method="patterns", **options)


def test_ground_states_of_sums_beyond_double_precision():
    """One pattern: either of its signs, with any spins where it is blank."""
    model = Multitasking(n_patterns=1, dilution=0.3, learning=Supervised(10**9, 0.3))
    quenched = model.draw(12, np.random.default_rng(1))
    exact = enumerate_states(quenched, 0.0)
    assert exact.ground_states == 2 ** (1 + np.count_nonzero(quenched.patterns == 0))
    assert exact.levels is None
