"""Chains of supervised learning against exact laws; their polynomials against the definition.

Counts are tested by e-values (see exact_chain.py) against 1/RARE, so each case gives a false alarm
with probability below RARE: 60 cases, 6e-5 for the file.
"""

import functools
import itertools
import math

import numpy as np
import pytest
from exact_chain import (
    labels_of,
    log_evidence,
    mean_evidence,
    states_of,
    sweep_matrix,
    transitions,
)

from assocmem import Dense, Supervised
from assocmem.montecarlo.dynamics import Dynamics, engine
from assocmem.montecarlo.examples import ExamplesStore
from assocmem.montecarlo.kernels import examples as kernels

RARE = 1e-6
SIZE = 5
UPDATES = [
    Dynamics("heat-bath", "sequential"),
    Dynamics("heat-bath", "random"),
    Dynamics("metropolis", "sequential"),
    Dynamics("metropolis", "random"),
    Dynamics("heat-bath", "parallel"),
]


def named(dynamics):
    return f"{dynamics.rule}-{dynamics.update}"


@functools.cache
def sample_of(p, m):
    model = Dense(n_patterns=4, p=p, learning=Supervised(m, 0.6), field=(0.1,))
    return model.draw(SIZE, np.random.default_rng(17 + p))


def temperatures_of(sample):
    """Below, at and above the scale on which energies of the sample vary."""
    scale = float(np.std(sample.energy(states_of(SIZE))))
    return [0.3 * scale, scale, 3.0 * scale]


@pytest.mark.parametrize("dynamics", UPDATES, ids=named)
@pytest.mark.parametrize("m", [1, 3, 200])
@pytest.mark.parametrize("p", [2, 3, 4, 5])
def test_paths_have_the_exact_transition_probabilities(p, m, dynamics):
    """From every state: one sweep, three at once, then a path; records, sums and flips of it."""
    copies, number = 32, 2**SIZE
    sample = sample_of(p, m)
    warm = temperatures_of(sample)
    start = np.tile(np.repeat(np.arange(number), copies), len(warm))
    temperatures = np.repeat(warm, number * copies)
    seeds = np.random.SeedSequence([p, m, UPDATES.index(dynamics)]).spawn(len(start))
    ours = engine(
        sample, states_of(SIZE)[start], temperatures, seeds, dynamics=dynamics, tracked=range(4)
    )
    assert isinstance(ours._store, ExamplesStore)
    path, sums, turned = [start], np.zeros((len(start), SIZE), np.int64), 0
    ours.run(3)
    path.append(labels_of(ours.spins))
    flips = ours.flips
    for _ in range(12):
        before = ours.spins.copy()
        records = ours.run(1, 1)
        np.testing.assert_allclose(records[:, 0, 0] * SIZE, sample.energy(ours.spins), atol=1e-10)
        np.testing.assert_allclose(records[:, 0, 1:], sample.overlaps(ours.spins), atol=1e-12)
        path.append(labels_of(ours.spins))
        sums += ours.spins
        turned += np.count_nonzero(ours.spins != before, axis=1)
    np.testing.assert_array_equal(ours.spin_sums, sums)
    if dynamics.update == "random":  # where a spin may be tried twice
        assert np.all(ours.flips - flips >= turned)
    else:
        np.testing.assert_array_equal(ours.flips - flips, turned)
    path, logs = np.column_stack(path), {}
    sizes = np.full(number, float(copies))
    for temperature in warm:
        rows = temperatures == temperature
        matrix = sweep_matrix(sample, temperature, dynamics)
        near = [sweep_matrix(sample, temperature * f, dynamics) for f in (0.9, 0.98, 1.02, 1.1)]
        near.append(sweep_matrix(sample, temperature, dynamics, made=0.98))
        thrice = np.linalg.matrix_power(matrix, 3)
        counts = transitions(path[rows, 0], path[rows, 1], number)
        logs[temperature, "3 sweeps"] = log_evidence(counts, thrice, sizes)
        counts = transitions(path[rows, 1:-1], path[rows, 2:], number)
        expected = sum(sizes @ np.linalg.matrix_power(matrix, 3 + t) for t in range(12))
        logs[temperature, "path"] = log_evidence(counts, matrix, expected, near)
    assert mean_evidence(logs) < -np.log(RARE), logs


@pytest.mark.parametrize("p", [2, 3, 4])
def test_a_single_example_is_stored_as_a_pattern(p):
    """Supervised with M = 1 is the example itself, but for the factor R = 1: the same energies."""
    rng = np.random.default_rng(p)
    signs = rng.choice(np.array([-1, 1], np.int8), (2, 6, 12))
    learned = Dense(n_patterns=6, p=p, learning=Supervised(1, 0.5)).sample_of(
        signs[0], signs[1][:, None]
    )
    stored = Dense(n_patterns=6, p=p).sample_of(signs[1])
    start = rng.choice([-1, 1], (3, 12))
    ours = engine(learned, start, 0.3, np.random.SeedSequence(1).spawn(3))
    for _ in range(5):
        records = ours.run(20, 20)
        np.testing.assert_allclose(records[:, 0, 0] * 12, stored.energy(ours.spins), atol=1e-12)


@pytest.mark.parametrize(
    ("p", "m", "whole"), [(2, 200, 1), (3, 5, 1), (4, 50, 1), (6, 200, 0), (7, 30, 1)]
)
def test_polynomials_and_energies_after_a_long_run(p, m, whole):
    """Whole numbers stay exact; others are computed anew before rounding adds up."""
    size = 60
    model = Dense(n_patterns=300, p=p, learning=Supervised(m, 0.4), field=(0.02,))
    sample = model.draw(size, np.random.default_rng(p))
    start = np.random.default_rng(1).choice([-1, 1], (2, size))
    scale = float(np.std(sample.energy(np.random.default_rng(2).choice([-1, 1], (200, size)))))
    temperatures = [scale / 5.0, scale / 2.0]
    ours = engine(sample, start, temperatures, np.random.SeedSequence(3).spawn(2))
    records = ours.run(1000, 100)
    assert ours.flips.min() > 1000
    np.testing.assert_allclose(records[:, -1, 0] * size, sample.energy(ours.spins), rtol=1e-11)
    np.testing.assert_allclose(ours.energies(), sample.energy(ours.spins), rtol=1e-13)
    store = ours._store
    assert store.exact == whole
    anew = np.empty_like(store.polynomials[0])
    for r in range(2):
        total = kernels.refresh(store.stored, store.factor, ours.spins[r], anew)
        if whole:
            np.testing.assert_array_equal(store.polynomials[r], anew)
            assert total == pytest.approx(store.totals[r], rel=1e-14)
        else:
            # The largest e_k of random signs is some multiple of its spread.
            room = 1e-10 * np.abs(anew).max(axis=1, keepdims=True)
            assert np.all(np.abs(store.polynomials[r] - anew) < room)
    if not whole:
        store.polynomials *= 1.01  # an error is gone at the next refreshing
        store.totals *= 1.01
        ours.run(kernels.REFRESH + 1)
        record = ours.run(1, 1)[:, 0, 0] * size
        np.testing.assert_allclose(record, sample.energy(ours.spins), rtol=1e-11)


def test_polynomials_are_those_of_the_definition():
    model = Dense(n_patterns=5, p=4, learning=Supervised(7, 0.5))
    sample = model.draw(8, np.random.default_rng(0))
    spins = np.random.default_rng(1).choice(np.array([-1, 1], np.int8), 8)
    kept = np.empty((3, 5))
    total = kernels.refresh(sample.stored, 1.0, spins, kept)
    values = (sample.stored * spins[:, None]).T.tolist()
    for k in (1, 2, 3, 4):
        wanted = [sum(math.prod(c) for c in itertools.combinations(v, k)) for v in values]
        if k < 4:
            np.testing.assert_array_equal(kept[k - 1], wanted)
        else:
            assert total == sum(wanted)


def test_runs_in_pieces_and_alone_are_the_same_numbers(monkeypatch):
    model = Dense(n_patterns=40, p=4, learning=Supervised(9, 0.5), field=(0.1,))
    sample = model.draw(30, np.random.default_rng(5))
    start = np.random.default_rng(6).choice([-1, 1], (3, 30))
    seeds = np.random.SeedSequence(7).spawn(3)
    temperatures = [0.02, 0.1, 0.3]

    def begin(part=slice(0, 3)):
        return engine(sample, start[part], temperatures[part], seeds[part])

    records = begin().run(40, 5)
    pieces, alone = begin(), begin(slice(1, 2))
    for k in range(8):
        np.testing.assert_array_equal(pieces.run(5, 5)[:, 0], records[:, k])
    np.testing.assert_array_equal(alone.run(40, 5)[0], records[1])
    # Where there is memory for the polynomials of one chain only, they are computed anew.
    room = 6 * sample.n_patterns * 8
    monkeypatch.setattr("os.sysconf", lambda name: room if name == "SC_PAGE_SIZE" else 1)
    poor = begin()
    assert len(poor._store.polynomials) == 1
    for part in (records[:, :4], records[:, 4:]):
        np.testing.assert_array_equal(poor.run(20, 5), part)
    monkeypatch.setattr("os.sysconf", lambda name: 16)
    with pytest.raises(ValueError, match="n_spins"):
        begin()


def test_chains_are_kept_in_what_the_sample_leaves_of_memory(monkeypatch):
    model = Dense(n_patterns=40, p=4, learning=Supervised(9, 0.5))
    sample = model.draw(100, np.random.default_rng(5))
    taken = sample.stored.nbytes + sample.archetypes.nbytes
    have = taken + 2200  # 960 bytes a chain
    monkeypatch.setattr("os.sysconf", lambda name: have if name == "SC_PAGE_SIZE" else 1)
    spins = np.ones((3, 100), np.int8)
    running = engine(sample, spins, 0.1, np.random.SeedSequence(7).spawn(3))
    assert taken + running._store.polynomials.nbytes <= have


@pytest.mark.parametrize("p", [3, 4])
def test_zero_temperature_descends_to_a_stable_state(p):
    model = Dense(load=0.02, p=p, learning=Supervised(20, 0.6))
    sample = model.draw(40, np.random.default_rng(p))
    start = np.tile(sample.leading(1), (4, 1))
    ours = engine(sample, start, 0.0, np.random.SeedSequence(2).spawn(4))
    energies = ours.run(30, 1)[:, :, 0]
    assert np.all(np.diff(energies, axis=1) < 1e-12)
    for i in range(40):
        turned = ours.spins.copy()
        turned[:, i] *= -1
        assert np.all(sample.energy(turned) > sample.energy(ours.spins) - 1e-12)
