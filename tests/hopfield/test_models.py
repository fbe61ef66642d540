"""Model objects: what they refuse, what they draw, and that JSON returns them."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assocmem import Biased, Hebb, Hopfield, Rademacher, from_json, to_json


def test_models_are_frozen_and_hashable():
    model = Hopfield(load=0.1, field=[0.2])
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.load = 0.2
    assert hash(model) == hash(Hopfield(load=0.1, field=(0.2,)))
    assert "load=0.1" in repr(model)


@given(
    load=st.floats(0, 1e300),
    bias=st.floats(-0.999, 0.999),
    field=st.lists(st.floats(-1e6, 1e6), max_size=3),
)
def test_json_round_trip(load, bias, field):
    for patterns in (Rademacher(), Biased(bias)):
        model = Hopfield(load=load, patterns=patterns, rule=Hebb(), field=field)
        assert from_json(to_json(model)) == model
    fixed = Hopfield(n_patterns=4, patterns=Biased(bias), field=field)
    assert from_json(to_json(fixed)) == fixed


@pytest.mark.parametrize("text", ['{"type": "Nothing"}', '{"load": 1}', "no json"])
def test_json_of_something_else_is_refused(text):
    with pytest.raises(ValueError):
        from_json(text)


@pytest.mark.parametrize(
    ("arguments", "error", "names"),
    [
        ({}, ValueError, "load"),
        ({"load": -0.1}, ValueError, "load"),
        ({"load": float("nan")}, ValueError, "load"),
        ({"load": float("inf")}, ValueError, "load"),
        ({"load": "0.1"}, TypeError, "load"),
        ({"load": True}, TypeError, "load"),
        ({"load": 0.1, "n_patterns": 3}, ValueError, "load"),
        ({"n_patterns": 0}, ValueError, "n_patterns"),
        ({"n_patterns": 2.5}, TypeError, "n_patterns"),
        ({"load": 0.1, "field": 0.3}, TypeError, "field"),
        ({"load": 0.1, "field": [float("nan")]}, ValueError, r"field\[0\]"),
        ({"load": 0.1, "field": {0.1, 0.2}}, TypeError, "field"),
        ({"load": 0.1, "field": {0.1: 1}}, TypeError, "field"),
        ({"load": 0.1, "field": np.array(0.3)}, TypeError, "field"),
        ({"load": 0.1, "field": (1.01e100,)}, ValueError, r"field\[0\]"),
        ({"load": 10**400}, ValueError, "load"),
        ({"load": 0.1, "patterns": "Rademacher"}, TypeError, "patterns"),
        ({"load": 0.1, "patterns": Rademacher}, TypeError, "patterns"),
        ({"load": 0.1, "rule": None}, TypeError, "rule"),
    ],
)
def test_bad_models_are_refused_by_name(arguments, error, names):
    with pytest.raises(error, match=names):
        Hopfield(**arguments)


@pytest.mark.parametrize("bias", [-1, 1.0, 2, float("nan")])
def test_bias_out_of_range(bias):
    with pytest.raises(ValueError, match="bias"):
        Biased(bias)


@given(n_spins=st.integers(-5, 1))
def test_too_few_spins(n_spins):
    with pytest.raises(ValueError, match="n_spins"):
        Hopfield(load=0.1).draw(n_spins, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("model", "n_spins", "names"),
    [
        (Hopfield(load=0.0), 100, "load"),
        (Hopfield(load=0.001), 100, "load"),
        (Hopfield(load=0.1), 10**9, "n_spins"),
        (Hopfield(load=1e300), 100, "n_spins"),
        (Hopfield(load=1e308), 1000, "load and n_spins"),
        (Hopfield(load=0.1), 10**400, "n_spins"),
        (Hopfield(n_patterns=1, field=(0.1, 0.1)), 100, "field"),
    ],
)
def test_samples_that_cannot_be_drawn(model, n_spins, names):
    with pytest.raises(ValueError, match=names):
        model.draw(n_spins, np.random.default_rng(0))


def test_draw_wants_a_generator():
    with pytest.raises(TypeError, match="rng"):
        Hopfield(load=0.1).draw(100, 0)


@pytest.mark.parametrize("patterns", [np.ones(4), np.zeros((2, 4)), np.full((2, 4), np.nan), "x"])
def test_given_patterns_are_checked(patterns):
    with pytest.raises(ValueError, match="patterns"):
        Hopfield(load=0.1).sample_of(patterns)


@pytest.mark.parametrize("ensemble", [Rademacher(), Biased(0.6), Biased(-0.3)])
def test_entries_follow_their_law(ensemble):
    """Mean of 4e5 entries within 4.5 standard errors: false alarm 7e-6 per case."""
    xi = ensemble.draw(400, 1000, np.random.default_rng(5))
    assert xi.dtype == np.int8 and set(np.unique(xi)) == {-1, 1}
    error = np.sqrt(ensemble.variance / xi.size)
    assert abs(xi.mean() - ensemble.mean) < 4.5 * error
    values, weights = ensemble.law()
    assert np.isclose(weights.sum(), 1) and np.isclose(values @ weights, 0)
    assert np.isclose(values**2 @ weights, 1)
    assert set(np.unique(np.round(ensemble.standardise(xi), 12))) == set(np.round(values, 12))


def test_couplings_energy_and_overlaps_from_their_definitions():
    """Sums written out over pairs of spins, for Rademacher and biased patterns with a field."""
    rng = np.random.default_rng(3)
    for patterns in (Rademacher(), Biased(0.4)):
        sample = Hopfield(n_patterns=3, patterns=patterns, field=(0.3, -0.1)).draw(7, rng)
        eta = np.asarray(patterns.standardise(sample.patterns), dtype=float)
        spins = rng.choice([-1, 1], size=7)
        energy = 0.0
        for i in range(7):
            for j in range(7):
                if i != j:
                    coupling = sum(eta[mu, i] * eta[mu, j] for mu in range(3)) / 7
                    assert np.isclose(sample.couplings[i, j], coupling, atol=1e-7)
                    energy -= 0.5 * coupling * spins[i] * spins[j]
            energy -= (0.3 * eta[0, i] - 0.1 * eta[1, i]) * spins[i]
        assert np.isclose(sample.energy(spins), energy, atol=1e-12)
        assert np.allclose(sample.overlaps(spins), eta @ spins / 7)
        assert np.all(np.diag(sample.couplings) == 0)


def test_integer_couplings_are_exact():
    sample = Hopfield(load=0.3).draw(50, np.random.default_rng(1))
    xi = sample.patterns.astype(np.int64)
    expected = xi.T @ xi
    np.fill_diagonal(expected, 0)
    assert np.array_equal(sample.integer_couplings, expected)
    assert np.allclose(sample.couplings, expected / 50, atol=1e-7)
    biased = Hopfield(load=0.3, patterns=Biased(0.1)).draw(50, np.random.default_rng(1))
    with pytest.raises(ValueError, match="integers"):
        _ = biased.integer_couplings


def test_draws_depend_on_the_seed_alone():
    model = Hopfield(load=0.2)
    one, two = (model.draw(60, np.random.default_rng(9)).patterns for _ in range(2))
    assert np.array_equal(one, two)
    assert json.loads(to_json(model))["load"] == 0.2
