"""The dense model: energies from their definition by sums over tuples, draws, refusals."""

import itertools
import math

import numpy as np
import pytest

from assocmem import (
    Dense,
    Exponential,
    FullPower,
    Hopfield,
    LogSumExp,
    PBody,
    Separable,
    Supervised,
    Unsupervised,
    from_json,
    to_json,
)
from assocmem.hopfield.bits import pack, unpack
from assocmem.hopfield.energy import kernel


def signs(rng, *shape):
    return rng.choice(np.array([-1, 1], np.int8), shape)


def products(x, p):
    """Sum over p distinct indices of products, straight from the definition."""
    return sum(math.prod(x[list(c)].tolist()) for c in itertools.combinations(range(len(x)), p))


@pytest.mark.parametrize("p", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("n", [5, 8, 9])
def test_distinct_index_table_is_the_sum_over_tuples(p, n):
    table = PBody(p).table(n)
    for k in range(n + 1):
        x = np.r_[np.ones(k, int), -np.ones(n - k, int)]
        assert table[k] * n ** (p - 1) == pytest.approx(products(x, p), abs=1e-9)


@pytest.mark.parametrize("p", [2, 3, 4])
def test_full_power_is_the_sum_over_all_tuples(p):
    n, rng = 5, np.random.default_rng(p)
    model = Dense(n_patterns=3, energy=FullPower(p))
    sample = model.draw(n, rng)
    s = signs(rng, n)
    wanted = -sum(
        math.prod((xi[list(c)] * s[list(c)]).tolist())
        for xi in sample.patterns
        for c in itertools.product(range(n), repeat=p)
    ) / (math.factorial(p) * n ** (p - 1))
    assert float(sample.energy(s)) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("p", [2, 3, 4, 5])
@pytest.mark.parametrize("protocol", [Supervised, Unsupervised])
def test_energies_of_learning_from_their_definition(p, protocol):
    n, number, m, rng = 8, 4, 6, np.random.default_rng(p)
    model = Dense(n_patterns=number, p=p, learning=protocol(m, 0.6))
    xi, examples = signs(rng, number, n), signs(rng, number, m, n)
    sample = model.sample_of(xi, examples)
    stored = examples.mean(axis=1) if protocol is Supervised else examples.reshape(-1, n)
    variance = 0.36 + 0.64 / m
    factor = 1.0 if protocol is Supervised else 1.0 / m
    for s in signs(rng, 5, n):
        total = sum(products(eta * s.astype(float), p) for eta in stored.astype(float))
        wanted = -factor * total / (n ** (p - 1) * variance ** (p / 2))
        assert float(sample.energy(s)) == pytest.approx(wanted, rel=1e-12, abs=1e-12)


def test_two_bodies_are_the_hopfield_model():
    rng = np.random.default_rng(3)
    xi, s = signs(rng, 7, 30), signs(rng, 10, 30)
    dense = Dense(n_patterns=7, p=2).sample_of(xi)
    hopfield = Hopfield(n_patterns=7).sample_of(xi)
    np.testing.assert_allclose(dense.energy(s), hopfield.energy(s), rtol=1e-13)
    np.testing.assert_array_equal(dense.overlaps(s), hopfield.overlaps(s))


def test_energies_of_functions_and_exponentials():
    rng = np.random.default_rng(4)
    xi, s = signs(rng, 9, 20), signs(rng, 6, 20)
    m = (s.astype(float) @ xi.T) / 20
    cases = [
        (Separable("m**2/2 + m**4/10"), -20 * np.sum(m**2 / 2 + m**4 / 10, axis=1)),
        (Separable("log(cosh(m))"), -20 * np.sum(np.log(np.cosh(m)), axis=1)),
        (Exponential(0.7), -np.sum(np.exp(0.7 * 20 * (m - 1)), axis=1)),
        (LogSumExp(0.7), -np.log(np.sum(np.exp(0.7 * 20 * m), axis=1)) / 0.7),
    ]
    for energy, wanted in cases:
        found = Dense(n_patterns=9, energy=energy).sample_of(xi).energy(s)
        np.testing.assert_allclose(found, wanted, rtol=1e-12)


@pytest.mark.parametrize("energy", [PBody(3), PBody(4), FullPower(4), FullPower(5)])
def test_noise_kernel_is_the_covariance_of_the_energies_of_uncondensed_patterns(energy):
    # Exact at finite N: replicas of overlap q agree at N (1 + q)/2 sites, and the patterns are
    # uniform there, so the overlaps are two independent binomial sums. Corrections are O(1/N).
    p = energy.degree
    found = {}
    for n in (100, 200, 400):
        f = energy.table(n) * n ** (0.5 * p - 1)
        agree = int(0.75 * n)  # q = 1/2
        weights = [_binomial(agree), _binomial(n - agree)]
        a = np.arange(agree + 1)[:, None]
        b = np.arange(n - agree + 1)[None, :]
        joint = weights[0][:, None] * weights[1][None, :]
        first, second = f[a + b], f[a + (n - agree - b)]
        mean = np.sum(joint * first)
        found[n] = np.sum(joint * first * second) - mean * np.sum(joint * second)
    wanted = np.polynomial.polynomial.polyval(0.5, kernel(energy))
    # Through three sizes in 1/N and 1/N^2: what is left is of the order of p^6/N^3.
    limit = found[100] / 3 - 2 * found[200] + 8 * found[400] / 3
    assert limit == pytest.approx(wanted, rel=5e-3)


def _binomial(n):
    k = np.arange(n + 1)
    logs = [math.lgamma(n + 1) - math.lgamma(j + 1) - math.lgamma(n - j + 1) for j in k]
    return np.exp(np.array(logs) - n * math.log(2.0))


@pytest.mark.parametrize("energy", [PBody(4), FullPower(3), Separable("m**3/6 + m**4")])
def test_condensed_energy_and_its_derivatives(energy):
    n, m = 4000, 0.6
    table = energy.table(n)
    k = int(n * (1 + m) / 2)
    assert table[k] / n == pytest.approx(energy.condensed(m), rel=5e-3)
    step = 1e-5
    slope = (energy.condensed(m + step) - energy.condensed(m - step)) / (2 * step)
    assert energy.slope(m) == pytest.approx(slope, rel=1e-8)
    curvature = (energy.slope(m + step) - energy.slope(m - step)) / (2 * step)
    assert energy.curvature(m) == pytest.approx(curvature, rel=1e-8)


def test_bits_and_signs():
    rng = np.random.default_rng(0)
    for number in (1, 63, 64, 65, 200):
        xi = signs(rng, number, 7)
        bits = pack(xi)
        assert bits.shape == (7, -(-number // 64))
        np.testing.assert_array_equal(unpack(bits, 0, number), xi)
        np.testing.assert_array_equal(unpack(bits, number // 2, number), xi[number // 2 :])


def test_examples_have_their_quality():
    # 4000 signs of mean 0.3 over 64 archetypes x 25 examples x 100 sites: error 0.0024.
    rng = np.random.default_rng(1)
    for protocol in (Supervised, Unsupervised):
        sample = Dense(n_patterns=64, p=3, learning=protocol(25, 0.3)).draw(100, rng)
        if protocol is Supervised:
            aligned = sample.stored.T * sample.patterns / 25.0
        else:
            examples = unpack(sample.stored, 0, 1600).reshape(64, 25, 100)
            aligned = examples * sample.patterns[:, None].astype(float)
        assert abs(aligned.mean() - 0.3) < 6 * math.sqrt(0.91 / 160_000)
        # Sites and archetypes are independent: the variance over them of the mean example.
        if protocol is Supervised:
            assert abs(aligned.var() / (0.91 / 25) - 1.0) < 6 * math.sqrt(2.0 / 6400)


def test_load_of_a_sample():
    assert Dense(load=0.03, p=4).count(100) == 30_000
    assert Dense(load=2.0, p=4, exponent=1.5).count(100) == 2000
    assert Dense(load=0.2, energy=LogSumExp()).count(40) == round(math.exp(8.0))
    assert Dense(load=2.0, p=4, exponent=1.5).at_size(100).load == pytest.approx(2e-3)
    assert Dense(n_patterns=3).at_size(100) == Dense(n_patterns=3)


def test_models_survive_json():
    models = [
        Dense(load=0.1),
        Dense(load=0.1, p=3, learning=Supervised(3, 0.5), field=(0.1,)),
        Dense(n_patterns=3, energy=Separable("m**4")),
        Dense(load=0.3, p=4, exponent=2.0),
        Dense(load=0.3, energy=LogSumExp(2.0)),
    ]
    for model in models:
        assert from_json(to_json(model)) == model


def test_units_of_the_papers():
    model = Dense(load=0.1, p=4)
    assert model.beta_prime(0.5) == pytest.approx(2.0 * 2.0 / 24.0)
    assert model.temperature_of(model.beta_prime(0.37)) == pytest.approx(0.37)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({}, "load"),
        ({"load": -1.0}, "load"),
        ({"load": 0.1, "p": 1}, "p"),
        ({"load": 0.1, "p": 3, "energy": PBody(4)}, "p"),
        ({"load": 0.1, "n_patterns": 3}, "load"),
        ({"load": 0.1, "exponent": 3.5}, "exponent"),
        ({"load": 0.1, "energy": LogSumExp(), "exponent": 1.0}, "exponent"),
        ({"load": 0.1, "energy": FullPower(4), "learning": Supervised(3, 0.5)}, "energy"),
        ({"load": 0.1, "learning": "supervised"}, "learning"),
        ({"load": 0.1, "field": "x"}, "field"),
        ({"load": 0.1, "energy": PBody}, "energy"),
    ],
)
def test_wrong_models_are_refused_by_name(arguments, name):
    with pytest.raises((ValueError, TypeError), match=name):
        Dense(**arguments)


@pytest.mark.parametrize(
    "text",
    [
        "m.real", "__import__('os')", "n**2", "1", "1/m", "x if m else 1", "log(1 + m)",
        "exp(exp(exp(10*m)))", "sqrt(m**2)", "m**2/2 + sqrt(m**2)**3", "[m]", "m, m", "m > 0",
    ],
)  # fmt: skip
def test_formulas_that_are_none_are_refused(text):
    with pytest.raises(ValueError, match="expression"):
        Separable(text)


def test_samples_beyond_memory_are_refused_with_the_figure():
    with pytest.raises(ValueError, match="GiB"):
        Dense(load=1.0, p=4).count(2000)


def test_wrong_qualities_are_refused():
    for bad in (0.0, 1.5, "x"):
        with pytest.raises((ValueError, TypeError), match="quality"):
            Supervised(3, bad)
    with pytest.raises(ValueError, match="n_examples"):
        Unsupervised(0, 0.5)


@pytest.mark.parametrize("p", [2, 3, 4, 6])
def test_reduced_network_has_the_fields_of_its_size(p):
    # In a stored pattern alone, exactly: the cost of one flip is twice the field times the unit.
    n = 12
    model = Dense(n_patterns=1, p=p)
    sample = model.draw(n, np.random.default_rng(0))
    s = sample.patterns[0].copy()
    before = float(sample.energy(s))
    s[3] *= -1
    reduced, unit = model.reduced(n)
    assert float(sample.energy(s)) - before == pytest.approx(2 * unit * reduced.energy.slope(1.0))
    # The noise of another pattern: the variance of its field over all patterns, by enumeration.
    fields = []
    for bits in itertools.product((-1, 1), repeat=8):
        xi = np.array(bits, np.int8)[None]
        one = Dense(n_patterns=1, p=p).sample_of(xi)
        s = np.ones(xi.shape[1], np.int8)
        e = float(one.energy(s))
        s[0] = -1
        fields.append(0.5 * (float(one.energy(s)) - e))
    size = xi.shape[1]
    reduced, unit = Dense(load=1.0 / size ** (p - 1), p=p).reduced(size)
    slope = np.polynomial.polynomial.polyder(kernel(reduced.energy))
    wanted = unit**2 * reduced.load * np.polynomial.polynomial.polyval(1.0, slope)
    assert np.mean(np.square(fields)) == pytest.approx(wanted, rel=1e-12)
