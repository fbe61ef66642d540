"""Multitasking models: energies and losses by brute force, couplings, draws, what is refused."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from assocmem import (
    Biased,
    Dense,
    Hopfield,
    Multitasking,
    Rademacher,
    Structured,
    Supervised,
    Unsupervised,
    from_json,
    to_json,
)
from assocmem.patterns import Diluted

LEARNING = {
    "storing": None,
    "supervised": Supervised(3, 0.7),
    "unsupervised": Unsupervised(3, 0.7),
    "even": Supervised(4, 0.6),
}


def _states(n):
    return np.array(list(itertools.product([-1, 1], repeat=n)), dtype=np.int8)


def _sample(name, n, seed=0, patterns=3, dilution=0.4, field=(0.3, -0.1), entries=None):
    """A sample of known patterns and examples, and these."""
    rng = np.random.default_rng(seed)
    learning = LEARNING[name]
    model = Multitasking(
        n_patterns=patterns, dilution=dilution, learning=learning, field=field,
        entries=Rademacher() if entries is None else entries,
    )  # fmt: skip
    xi = np.where(rng.random((patterns, n)) < dilution, 0, rng.choice([-1, 1], (patterns, n)))
    if learning is None:
        return model.sample_of(xi), xi, None
    chi = np.where(rng.random((patterns, learning.n_examples, n)) < 0.8, 1, -1)
    examples = chi * xi[:, None]
    return model.sample_of(xi, examples), xi, examples


def _energy_by_hand(name, xi, examples, field, spins):
    """The sums of the class's docstring, pair by pair."""
    n, learning = len(spins), LEARNING[name]
    total = 0.0
    for i, j in itertools.permutations(range(n), 2):
        for mu in range(len(xi)):
            if learning is None:
                product = xi[mu, i] * xi[mu, j]
            elif isinstance(learning, Supervised):
                product = examples[mu, :, i].mean() * examples[mu, :, j].mean()
            else:
                product = (examples[mu, :, i] * examples[mu, :, j]).mean()
            total += product * spins[i] * spins[j]
    r = 1.0
    if learning is not None:
        r = learning.quality**2 + (1 - learning.quality**2) / learning.n_examples
    pull = sum(h * float(xi[mu] @ spins) for mu, h in enumerate(field))
    return -total / (2 * n * r) - pull


@pytest.mark.parametrize("name", LEARNING)
def test_energies_of_all_states(name):
    n = 7
    sample, xi, examples = _sample(name, n)
    states = _states(n)
    expected = [_energy_by_hand(name, xi, examples, (0.3, -0.1), s) for s in states.astype(int)]
    np.testing.assert_allclose(sample.energy(states), expected, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(sample.energy(states.reshape(2, -1, n))[1], expected[64:])


@pytest.mark.parametrize("name", LEARNING)
def test_couplings_are_what_energies_are_made_of(name):
    sample, _, _ = _sample(name, 10, seed=4)
    states = _states(10).astype(np.float64)
    j = sample.couplings
    assert j.dtype == np.float32 and np.all(np.diag(j) == 0.0) and np.all(j == j.T)
    quadratic = -0.5 * np.einsum("ai,ij,aj->a", states, j.astype(float), states)
    expected = quadratic - states @ sample.field
    np.testing.assert_allclose(sample.energy(states), expected, rtol=1e-6, atol=1e-6)
    padded = sample.padded_couplings
    assert padded.shape == (10, 64) and not padded[:, 10:].any()
    np.testing.assert_allclose(sample.integer_couplings * sample.unit, j, rtol=1e-6)
    assert sample.n_stored == len(sample.stored) and sample.is_integer


def test_couplings_that_no_integer_of_16_bits_holds():
    model = Multitasking(n_patterns=2, dilution=0.2, learning=Supervised(200, 0.9))
    sample = model.draw(30, np.random.default_rng(0))
    assert not sample.is_integer and sample.stored.dtype == np.int16
    with pytest.raises(ValueError, match="16 bits"):
        _ = sample.padded_couplings
    y = sample.stored / 200.0
    expected = y.T @ y / (30 * model.learning.variance)
    np.fill_diagonal(expected, 0.0)
    np.testing.assert_allclose(sample.couplings, expected, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("name", LEARNING)
def test_without_blanks_it_is_the_known_model(name):
    n = 9
    sample, xi, examples = _sample(name, n, dilution=0.0, field=(0.2,))
    states = _states(n)
    if name == "storing":
        other = Hopfield(n_patterns=3, field=(0.2,)).sample_of(xi)
    else:
        model = Dense(n_patterns=3, p=2, learning=LEARNING[name], field=(0.2,))
        other = model.sample_of(xi, examples)
    np.testing.assert_allclose(sample.energy(states), other.energy(states), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(sample.overlaps(states), other.overlaps(states), atol=1e-15)


def test_draws_have_the_law_of_patterns_and_examples():
    # Blanks, signs and errors are binomial counts: two-sided exact tests, 1e-6 false alarms each.
    d, r, m, n, k = 0.35, 0.6, 5, 4000, 6
    model = Multitasking(n_patterns=k, dilution=d, learning=Unsupervised(m, r))
    sample = model.draw(n, np.random.default_rng(5))
    xi = sample.patterns.astype(int)
    filled = int(np.count_nonzero(xi))

    def likely(hits, trials, chance):
        assert stats.binomtest(hits, trials, chance).pvalue > 1e-6

    likely(filled, k * n, 1 - d)
    likely(int(np.sum(xi == 1)), filled, 0.5)
    likely(int(np.sum((xi[0] != 0) & (xi[1] != 0))), n, (1 - d) ** 2)
    examples = sample.stored.reshape(k, m, n).astype(int)
    assert np.all((examples == 0) == (xi[:, None] == 0))
    agree = examples * xi[:, None]
    likely(int(np.sum(agree == 1)), m * filled, 0.5 * (1 + r))
    both = int(np.sum(agree[:, 0] * agree[:, 1] == 1))  # independent errors: r^2
    likely(both, filled, 0.5 * (1 + r * r))
    # Sums over examples are drawn as binomials: chi squared against their law, 1e-6.
    summed = Multitasking(n_patterns=k, dilution=d, learning=Supervised(m, r))
    sample = summed.draw(n, np.random.default_rng(6))
    xi, sums = sample.patterns.astype(int), sample.stored.astype(int)
    assert np.all(sums[xi == 0] == 0)
    right = ((sums * xi)[xi != 0] + m) // 2
    law = stats.binom.pmf(np.arange(m + 1), m, 0.5 * (1 + r))
    counts = np.bincount(right, minlength=m + 1)
    assert stats.chisquare(counts, law * counts.sum()).pvalue > 1e-6


def test_draws_are_reproducible_and_read_only():
    model = Multitasking(n_patterns=2, dilution=0.5, learning=Unsupervised(3, 0.5))
    first, second = (model.draw(50, np.random.default_rng(8)) for _ in range(2))
    np.testing.assert_array_equal(first.stored, second.stored)
    with pytest.raises(ValueError, match="read-only"):
        first.stored[0, 0] = 0
    assert "2 patterns, 50 spins" in repr(first)
    np.testing.assert_array_equal(first.leading(1), first.patterns[:1])


def test_examples_given_and_their_sums_are_one():
    sample, xi, examples = _sample("unsupervised", 12, seed=2)
    summed = dataclasses.replace(sample.model, learning=Supervised(3, 0.7))
    np.testing.assert_array_equal(summed.sample_of(xi, examples).stored, examples.sum(axis=1))
    np.testing.assert_array_equal(sample.stored, examples.reshape(9, 12))


@pytest.mark.parametrize("name", LEARNING)
def test_loss_by_hand(name):
    n = 8
    sample, xi, examples = _sample(name, n, seed=3, field=())
    learning = LEARNING[name]
    rows = xi.astype(float)
    if isinstance(learning, Supervised):
        rows = examples.mean(axis=1)
    elif learning is not None:
        rows = examples.reshape(-1, n).astype(float)
    states = _states(n)
    by_hand = [
        sum(np.sum((y + s) ** 2) * np.sum((y - s) ** 2) / (2 * n) ** 2 for y in rows)
        for s in states
    ]
    found = sample.loss(states)
    np.testing.assert_allclose(found, by_hand, rtol=1e-12)
    # L = c H + constant over all states, with c of the stated value.
    rest = found - sample.loss_scale * sample.energy(states)
    np.testing.assert_allclose(rest, rest[0], rtol=1e-12)
    c = 2.0 / n
    if learning is not None:
        c *= learning.variance * (learning.n_examples if name == "unsupervised" else 1)
    assert sample.loss_scale == pytest.approx(c, rel=1e-14)


def test_load_exponent_and_count():
    assert Multitasking(load=0.1, dilution=0.5).count(200) == 20
    model = Multitasking(load=2.0, exponent=0.5, dilution=0.5)
    assert model.count(400) == 40
    assert model.at_size(400) == Multitasking(load=0.1, dilution=0.5)
    fixed = Multitasking(n_patterns=3)
    assert fixed.at_size(10) is fixed and fixed.reduced(10) == (fixed, 1.0)
    assert Multitasking(load=0.1, exponent=1.0).exponent is None
    with pytest.raises(ValueError, match="load"):
        Multitasking(load=0.001).count(100)


def test_temperatures_of_the_paper():
    model = Multitasking(n_patterns=3, dilution=0.4)
    assert model.beta_prime(0.3) == pytest.approx(2.0)
    assert model.temperature_of(2.0) == pytest.approx(0.3)
    with pytest.raises(ValueError, match="temperature"):
        model.beta_prime(0.0)
    with pytest.raises(ValueError, match="beta_prime"):
        model.temperature_of(0.0)


@pytest.mark.parametrize(
    ("learning", "rows", "width"),
    [
        (None, 0, 0),
        (Supervised(5, 0.5), 1, 1),
        (Supervised(500, 0.5), 1, 2),
        (Supervised(40000, 0.5), 1, 4),
        (Unsupervised(5, 0.5), 5, 1),
    ],
)
def test_memory_is_that_of_the_arrays(learning, rows, width):
    model = Multitasking(n_patterns=3, learning=learning)
    sample = model.draw(100, np.random.default_rng(0))
    held = sample.patterns.nbytes + (sample.stored.nbytes if learning else 0)
    assert model.memory(100) == held == 3 * 100 * (1 + rows * width)


def test_what_does_not_fit_is_refused_before_it_is_drawn():
    with pytest.raises(ValueError, match="GiB"):
        Multitasking(n_patterns=10, learning=Unsupervised(10**9, 0.5)).count(10**6)


def test_images_with_blanks():
    images = Structured("digits", varying=True)
    learning = Unsupervised(6, images.quality)
    for how in (None, learning, Supervised(6, images.quality)):
        model = Multitasking(n_patterns=4, dilution=0.3, entries=images, learning=how)
        sample = model.draw(images.n_spins, np.random.default_rng(1))
        shown = sample.patterns != 0
        np.testing.assert_array_equal(sample.patterns[shown], images.archetypes[:4][shown])
        # Blanks are binomial, 1e-6.
        blanks = int(np.count_nonzero(~shown))
        assert stats.binomtest(blanks, shown.size, 0.3).pvalue > 1e-6
        assert from_json(to_json(model)) == model
        if how is learning:
            examples = sample.stored.reshape(4, 6, -1)
            assert np.all((examples != 0) == shown[:, None])
            training, index = images.images("train")
            for mu, example in itertools.product(range(4), range(6)):
                row, seen = examples[mu, example], shown[mu]
                known = training[index == mu]
                assert np.any(np.all(known[:, seen] == row[seen], axis=1))
        elif how is not None:
            assert np.all(np.abs(sample.stored) <= 6) and not np.any(sample.stored[~shown])
    with pytest.raises(ValueError, match="n_spins"):
        model.draw(images.n_spins + 1, np.random.default_rng(1))


@given(
    d=st.floats(0, 0.999),
    load=st.floats(0, 1e300),
    exponent=st.one_of(st.none(), st.floats(0.01, 0.99)),
    learning=st.sampled_from([None, Supervised(4, 0.5), Unsupervised(9, 0.25)]),
    field=st.lists(st.floats(-1e6, 1e6), max_size=3),
)
def test_json_round_trip(d, load, exponent, learning, field):
    model = Multitasking(load=load, dilution=d, exponent=exponent, learning=learning, field=field)
    assert from_json(to_json(model)) == model
    assert from_json(to_json(model.patterns)) == Diluted(d)
    fixed = Multitasking(n_patterns=4, dilution=d, learning=learning, field=field)
    assert from_json(to_json(fixed)) == fixed and hash(fixed) == hash(from_json(to_json(fixed)))


@pytest.mark.parametrize(
    ("arguments", "error", "names"),
    [
        ({}, ValueError, "load"),
        ({"load": 0.1, "n_patterns": 3}, ValueError, "load"),
        ({"n_patterns": 0}, ValueError, "n_patterns"),
        ({"n_patterns": 3, "dilution": 1.0}, ValueError, "dilution"),
        ({"n_patterns": 3, "dilution": -0.1}, ValueError, "dilution"),
        ({"n_patterns": 3, "dilution": math.nan}, ValueError, "dilution"),
        ({"n_patterns": 3, "dilution": "0.5"}, TypeError, "dilution"),
        ({"n_patterns": 3, "exponent": 0.5}, ValueError, "exponent"),
        ({"load": 1, "exponent": 0.0}, ValueError, "exponent"),
        ({"load": 1, "exponent": 1.5}, ValueError, "exponent"),
        ({"n_patterns": 3, "learning": 4}, TypeError, "learning"),
        ({"n_patterns": 3, "learning": Supervised}, TypeError, "learning"),
        ({"n_patterns": 3, "entries": "Rademacher"}, TypeError, "entries"),
        ({"n_patterns": 3, "entries": Rademacher}, TypeError, "entries"),
        ({"n_patterns": 3, "entries": Biased(0.2)}, ValueError, "entries"),
        ({"n_patterns": 3, "entries": Diluted(0.2)}, ValueError, "entries"),
        ({"n_patterns": 3, "field": 0.3}, TypeError, "field"),
    ],
)
def test_bad_models_are_refused_by_name(arguments, error, names):
    with pytest.raises(error, match=names):
        Multitasking(**arguments)


def test_bad_samples_are_refused_by_name():
    storing = Multitasking(n_patterns=2, dilution=0.5)
    learned = dataclasses.replace(storing, learning=Supervised(2, 0.5))
    xi = np.array([[1, 0, -1], [0, 1, 1]])
    examples = np.repeat(xi[:, None], 2, axis=1)
    wrong = examples.copy()
    wrong[0, 0, 1] = 1
    for call, error, names in [
        (lambda: storing.sample_of(xi * 2), ValueError, "patterns"),
        (lambda: storing.sample_of(xi[:1]), ValueError, "patterns"),
        (lambda: storing.sample_of(xi, examples), ValueError, "examples"),
        (lambda: learned.sample_of(xi), ValueError, "examples"),
        (lambda: learned.sample_of(xi, examples[:, :1]), ValueError, "examples"),
        (lambda: learned.sample_of(xi, wrong), ValueError, "blank"),
        (lambda: storing.sample_of(xi).energy([1, 0, 1]), ValueError, "spins"),
        (lambda: storing.sample_of(xi).loss([1, 1]), ValueError, "spins"),
        (lambda: storing.sample_of(xi).overlaps([[1, 1]]), ValueError, "spins"),
        (lambda: storing.draw(1, np.random.default_rng(0)), ValueError, "n_spins"),
        (lambda: storing.draw(10, 0), TypeError, "rng"),
    ]:
        with pytest.raises(error, match=names):
            call()
