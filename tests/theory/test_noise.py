"""One-step overlaps against simulation and enumeration, thresholds against direct search."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import erf

from assocmem import Dense, Exponential, FullPower, Separable, Supervised, Unsupervised
from assocmem.figures.thresholds import local_fields
from assocmem.hopfield.bits import unpack
from assocmem.theory import laws
from assocmem.theory.noise import (
    learning_threshold,
    noise_factor,
    one_step_overlap,
    threshold_law,
)

MODELS = {
    "p=2": {"p": 2},
    "p=3": {"p": 3},
    "p=4": {"p": 4},
    "full p=3": {"energy": FullPower(3)},
    "full p=4": {"energy": FullPower(4)},
    "user": {"energy": Separable("m**3/6 + m**5/10")},
    "supervised p=2": {"p": 2, "learning": Supervised(5, 0.6)},
    "supervised p=3": {"p": 3, "learning": Supervised(4, 0.6)},
    "supervised p=4": {"p": 4, "learning": Supervised(7, 0.7)},
    "unsupervised p=2": {"p": 2, "learning": Unsupervised(5, 0.6)},
    "unsupervised p=3": {"p": 3, "learning": Unsupervised(4, 0.6)},
}


@pytest.mark.parametrize("name", MODELS)
def test_fields_are_energy_differences(name):
    rng = np.random.default_rng(1)
    sample = Dense(n_patterns=7, **MODELS[name]).draw(13, rng)
    spins = np.where(rng.random(13) < 0.5, 1, -1).astype(np.int8)
    flipped = np.repeat(spins[None], 13, axis=0)
    np.fill_diagonal(flipped, -spins)
    expected = 0.5 * spins * (sample.energy(flipped) - sample.energy(spins))
    np.testing.assert_allclose(local_fields(sample, spins), expected, atol=1e-14)


def _step(model, size, disorder, start, start_overlap):
    """Overlaps with the archetype after one step, one for each network."""
    out = []
    for child in np.random.SeedSequence(11).spawn(disorder):
        rng = np.random.default_rng(child)
        sample = model.draw(size, rng)
        archetype = sample.leading(1)[0]
        if start == "archetype":
            state = archetype.copy()
        elif isinstance(model.learning, Unsupervised):
            state = unpack(sample.stored, 0, 1)[0].copy()
        else:  # examples that sum up to what is stored: any of them, all being alike
            number = model.learning.n_examples
            chance = 0.5 * (1.0 + sample.stored[:, 0] / number)
            state = np.where(rng.random(size) < chance, 1, -1).astype(np.int8)
        state[rng.permutation(size)[: round(0.5 * (1.0 - start_overlap) * size)]] *= -1
        out.append(np.mean(archetype * np.sign(local_fields(sample, state))))
    return np.array(out)


CASES = [(name, "archetype", 1.0) for name in MODELS]
CASES += [(name, "archetype", 0.8) for name in ("p=2", "p=3", "supervised p=3", "unsupervised p=3")]
CASES += [(name, "example", 1.0) for name in MODELS if "supervised" in name]
CASES += [("unsupervised p=3", "example", 0.8)]


@pytest.mark.parametrize(("name", "start", "start_overlap"), CASES)
def test_one_step_against_simulation(name, start, start_overlap):
    # Student's t over 60 networks with a false-alarm rate of 1e-5 each (|t| < 4.9). At size N a
    # signal of C(N-1, p-1) terms stands for N^(p-1)/(p-1)!: the load is K/((N-1)..(N-p+1)), and
    # the same for the start. What is left is of order 1/N, below a third of the error here.
    p = Dense(n_patterns=1, **MODELS[name]).p
    size = {4: 40 if "supervised" in name else 60}.get(p, 120)
    number = round(0.4 * math.perm(size - 1, p - 1) / math.factorial(p - 1))
    if "user" in name:
        number *= 4  # its signal is twice that of m^3/6
    found = _step(Dense(n_patterns=number, **MODELS[name]), size, 60, start, start_overlap)
    model = Dense(load=number / math.perm(size - 1, p - 1), **MODELS[name])
    effective = start_overlap
    if p == 3:  # e_2 of N - 1 signs of the sum m0 (N - 1)
        effective = math.sqrt((start_overlap**2 * (size - 1) - 1.0) / (size - 2.0))
    expected = one_step_overlap(model, effective, start=start)
    error = found.std(ddof=1) / math.sqrt(len(found))
    assert abs(found.mean() - expected) < stats.t.isf(5e-6, len(found) - 1) * error


@pytest.mark.parametrize(("p", "examples"), [(2, 2), (3, 2), (2, 3)])
def test_noise_factor_by_enumeration(p, examples):
    # E of the squared field sum_a eta_1^a e_(p-1)(eta^a of the others), over all examples.
    size, r = 4, 0.45
    square = 0.0
    for word in itertools.product((1, -1), repeat=size * examples):
        eta = np.array(word).reshape(examples, size)
        chance = np.prod(0.5 * (1.0 + r * eta))
        field = 0.0
        for example in eta:
            products = itertools.combinations(example[1:], p - 1)
            field += example[0] * sum(math.prod(product) for product in products)
        square += chance * field**2
    # The archetype in the examples is +1 here; averaged over archetypes products of different
    # sites vanish, so keep pairs of equal sets of sites: subtract the others, r^(2p) each or less.
    learning = Unsupervised(examples, r)
    sets = list(itertools.combinations(range(size - 1), p - 1))
    cross = 0.0
    for first, second in itertools.permutations(sets, 2):
        different = len(set(first) ^ set(second))
        same_example = r**different
        other = r ** (2 * p)
        cross += examples * same_example + examples * (examples - 1) * other
    expected = (square - cross) / (len(sets) * (examples * learning.variance ** (p / 2)) ** 2)
    model = Dense(load=0.1, p=p, learning=learning)
    assert noise_factor(model) * 1.0 == pytest.approx(expected, rel=1e-12)


def test_noise_factor_of_two_bodies_is_that_of_eigenvalues():
    learning = Unsupervised(6, 0.4)
    ratio = learning.entropy / (1.0 + learning.entropy)
    expected = 1.0 + 5 * ratio**2
    assert noise_factor(Dense(load=0.1, p=2, learning=learning)) == pytest.approx(expected)


def test_limits():
    storing = one_step_overlap(Dense(load=0.2, p=4))
    assert storing == pytest.approx(math.erf(1.0 / math.sqrt(2.0 * 6.0 * 0.2)), rel=1e-14)
    for how in (Supervised, Unsupervised):
        for learning in (how(5, 1.0), how(10**9, 0.5)):
            model = Dense(load=0.2, p=4, learning=learning)
            assert one_step_overlap(model) == pytest.approx(storing, abs=1e-6)
    single = [Dense(load=0.2, p=3, learning=how(1, 0.7)) for how in (Supervised, Unsupervised)]
    first, second = (one_step_overlap(model) for model in single)
    assert first == pytest.approx(second, rel=1e-14)
    # One example stored: from it the step is that of storing, seen from the archetype.
    stored = 0.7 * one_step_overlap(Dense(load=0.2, p=3))
    for model in single:
        assert one_step_overlap(model, start="example") == pytest.approx(stored, rel=1e-14)
    # No noise: the majority of 3 examples is right with probability (3 r - r^3)/2 + ...
    model = Dense(n_patterns=1, p=3, learning=Supervised(3, 0.5))
    right = stats.binom.sf(1, 3, 0.75)
    assert one_step_overlap(model) == pytest.approx(2.0 * right - 1.0, rel=1e-14)
    model = Dense(n_patterns=1, p=3, learning=Supervised(4, 0.5))  # a tie counts as 0
    assert one_step_overlap(model) == pytest.approx(2.0 * right - 1.0, rel=1e-13)
    assert one_step_overlap(Dense(load=0.1, p=3), 0.0) == 0.0


@pytest.mark.parametrize("start", ["archetype", "example"])
@pytest.mark.parametrize("how", [Supervised, Unsupervised])
def test_laws_of_the_mean_example(how, start):
    learning = how(9, 0.4)
    model = Dense(load=0.07, p=3, learning=learning)
    width = math.sqrt(2 * 0.07 * noise_factor(model) / 2)
    size = math.sqrt(learning.variance)
    if how is Supervised or start == "archetype":
        reach = size if start == "example" else 0.4 / size
        values, weights = laws.binomial_mean(9, 0.4)
        signal, mean, spread = values / size * reach**2 / 2, 0.4 / size, math.sqrt(0.84 / 9) / size
        mean, spread = mean * reach**2 / 2, spread * reach**2 / 2
    else:
        values, weights = laws.binomial_mean(8, 0.4)
        chi = np.array([1.0, -1.0])
        signal = (chi[:, None] + 0.4**4 * 8 * values) / (9 * size**3 * 2)
        weights = np.array([0.7, 0.3])[:, None] * weights
        mean = 0.4 * (1 + 0.4**4 * 8) / (18 * size**3)
        spread = math.sqrt(0.84 * (1 + 0.4**8 * 8)) / (18 * size**3)
    expected = np.sum(weights * erf(signal / width))
    assert one_step_overlap(model, start=start) == pytest.approx(expected, rel=1e-12)
    normal, _ = integrate.quad(
        lambda z: stats.norm.pdf(z) * math.erf((mean + spread * z) / width), -9, 9
    )
    assert one_step_overlap(model, law="gaussian", start=start) == pytest.approx(normal, rel=1e-9)


def test_gaussian_law_is_the_limit_of_many_examples():
    # Skewness moves E erf by order 1/sqrt(M) at fixed M r^2; here r is fixed and M grows.
    gaps = []
    for number in (10, 100, 1000):
        learning = Supervised(number, math.sqrt(2.0 / number) if number > 2 else 0.9)
        model = Dense(load=0.1, p=3, learning=learning)
        gaps.append(abs(one_step_overlap(model) - one_step_overlap(model, law="gaussian")))
    assert gaps[0] > 5 * gaps[1] > 25 * gaps[2] > 0.0


def test_shapes():
    model = Dense(load=0.1, p=3, learning=Unsupervised(20, 0.5))
    grid = np.linspace(-1, 1, 6).reshape(2, 3)
    for law in ("binomial", "gaussian"):
        for start in ("archetype", "example"):
            found = one_step_overlap(model, grid, law, start)
            single = [one_step_overlap(model, m0, law, start) for m0 in grid.ravel()]
            assert found.shape == (2, 3)
            np.testing.assert_allclose(found.ravel(), single, rtol=1e-14)
            assert isinstance(single[0], float)


@pytest.mark.parametrize("how", [Supervised, Unsupervised])
@pytest.mark.parametrize("p", [2, 3, 4])
def test_threshold_solves_its_equation(how, p):
    load = 0.3 / math.factorial(p - 1)
    model = Dense(load=load, p=p, learning=how(1, 0.5))
    for theta in (0.5, 1 / math.sqrt(2)):
        for r in (0.05, 0.3, 0.6):
            number = learning_threshold(model, theta, r)
            # The condition in terms of moments, at real M.
            size = r * r + (1 - r * r) / number
            factor = 1.0
            if how is Unsupervised:
                factor = (r ** (2 * p) + (1 - r ** (2 * p)) / number) / size**p
            mean, spread2 = r / math.sqrt(size), (1 - r * r) / (number * size)
            slope = mean ** (p - 1) / math.factorial(p - 1)
            slope /= math.sqrt(2 * load * factor / math.factorial(p - 1))
            assert slope * mean / math.sqrt(1 + 2 * slope**2 * spread2) == pytest.approx(theta)


@pytest.mark.parametrize("how", [Supervised, Unsupervised])
def test_exact_threshold_is_the_first(how):
    for p, load, r in [(2, 0.2, 0.4), (3, 0.1, 0.5), (3, 0.0, 0.3), (4, 0.02, 0.6)]:
        model = Dense(load=load, p=p, learning=how(1, r))
        found = learning_threshold(model, law="binomial")
        wanted = math.erf(1 / math.sqrt(2))

        def overlap(number, model=model):
            learning = dataclasses.replace(model.learning, n_examples=number)
            return one_step_overlap(dataclasses.replace(model, learning=learning))

        overlaps = [overlap(number) for number in range(1, int(found) + 30)]
        assert np.all(np.diff(overlaps) > -1e-12)  # never fewer examples for more
        assert next(k for k, m in enumerate(overlaps, 1) if m >= wanted) == found


@pytest.mark.parametrize("p", [2, 3, 4, 6])
@pytest.mark.parametrize("how", [Supervised, Unsupervised])
def test_threshold_scales_with_quality(how, p):
    model = Dense(load=0.3 / math.factorial(p - 1), p=p, learning=how(1, 0.5))
    prefactor, power = threshold_law(model)
    assert power == (2 if how is Supervised else 2 * p)
    r = np.array([2e-4, 1e-4])
    number = learning_threshold(model, quality=r)
    assert np.log(number[1] / number[0]) / np.log(r[0] / r[1]) == pytest.approx(power, abs=1e-5)
    np.testing.assert_allclose(number, prefactor * r**-power, rtol=1e-6)
    # The exact law meets it too, at qualities where M_c is large.
    exact = learning_threshold(model, quality=0.02 if how is Supervised else 0.15, law="binomial")
    if math.isfinite(exact):
        gauss = learning_threshold(model, quality=0.02 if how is Supervised else 0.15)
        assert exact == pytest.approx(gauss, rel=0.02)


def test_threshold_where_learning_fails():
    for how in (Supervised, Unsupervised):
        for law in ("gaussian", "binomial"):
            model = Dense(load=0.51, p=3, learning=how(1, 0.5))
            assert learning_threshold(model, law=law) == math.inf
        assert math.isinf(threshold_law(model)[0])
        low = Dense(load=0.0, p=3, learning=how(1, 0.5))
        assert learning_threshold(low, quality=0.1) == pytest.approx(99.0)
        assert threshold_law(low) == (pytest.approx(1.0), 2.0)
        for theta in (1e-8, 1e-3, 20.0):
            assert learning_threshold(low, theta) > 0.0
        assert learning_threshold(Dense(load=1e-6, p=3, learning=how(1, 0.5)), 1e-8) > 0.0


def test_refusals():
    model = Dense(load=0.1, p=3)
    with pytest.raises(TypeError, match="model"):
        one_step_overlap("dense")
    with pytest.raises(ValueError, match="energy"):
        one_step_overlap(Dense(load=0.1, energy=Exponential()))
    with pytest.raises(ValueError, match="field"):
        one_step_overlap(Dense(load=0.1, p=3, field=(0.1,)))
    with pytest.raises(ValueError, match="start_overlap"):
        one_step_overlap(model, [0.5, 1.5])
    with pytest.raises(ValueError, match="law"):
        one_step_overlap(model, law="poisson")
    with pytest.raises(ValueError, match="start"):
        one_step_overlap(model, start="example")
    with pytest.raises(ValueError, match="start"):
        one_step_overlap(model, start="random")
    with pytest.raises(ValueError, match="learning"):
        learning_threshold(model)
    with pytest.raises(ValueError, match="learning"):
        threshold_law(model)
    learned = Dense(load=0.1, p=3, learning=Supervised(3, 0.5))
    with pytest.raises(ValueError, match="theta"):
        learning_threshold(learned, 0.0)
    with pytest.raises(ValueError, match="quality"):
        learning_threshold(learned, quality=[0.5, 0.0])
