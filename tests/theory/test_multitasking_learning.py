"""Learning at low load: one step against enumeration and simulation, thresholds, both protocols."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
from scipy import integrate, stats

from assocmem import Dense, Multitasking, Structured, Supervised, Unsupervised
from assocmem.figures import figure
from assocmem.figures.multitasking_thresholds import hierarchical_state, local_fields
from assocmem.montecarlo.dynamics import engine
from assocmem.theory.multitasking_learning import (
    amplitudes,
    example_quality,
    largest_entropy,
    learned_state,
    mean_magnitude,
    one_step,
    state_threshold,
)
from assocmem.theory.noise import learning_threshold, one_step_overlap, threshold_law

THETA = 1.0 / math.sqrt(2.0)
PROTOCOLS = [Supervised, Unsupervised]


def _network(patterns, dilution, kind=Supervised, examples=3, quality=0.5):
    learning = None if kind is None else kind(examples, quality)
    return Multitasking(n_patterns=patterns, dilution=dilution, learning=learning)


def _by_enumeration(model):
    """One step from the hierarchical state, over every blank, sign and example of one spin."""
    number, d = model.n_patterns, model.dilution
    m, r = model.learning.n_examples, model.learning.quality
    amplitude = [(1 - d) * d**k for k in range(number)]
    single = [(0, 0, d)]  # xi, sum of examples, probability
    for xi in (1, -1):
        for chi in itertools.product((1, -1), repeat=m):
            chance = math.prod(0.5 * (1 + r * x) for x in chi)
            single.append((xi, xi * sum(chi), 0.5 * (1 - d) * chance))
    out = np.zeros(number)
    for word in itertools.product(single, repeat=number):
        field = sum(a * y for a, (_, y, _) in zip(amplitude, word, strict=True))
        if abs(field) > 1e-9:
            chance = math.prod(p for _, _, p in word)
            out += [xi * math.copysign(chance, field) for xi, _, _ in word]
    return out


@pytest.mark.parametrize(
    ("patterns", "dilution", "examples", "quality"),
    [(1, 0.3, 5, 0.4), (2, 0.4, 4, 0.3), (3, 0.5, 2, 0.6), (3, 0.3, 3, 0.5), (4, 0.62, 1, 0.7)],
)
def test_one_step_by_enumeration(patterns, dilution, examples, quality):
    for kind in PROTOCOLS:
        model = _network(patterns, dilution, kind, examples, quality)
        np.testing.assert_allclose(one_step(model), _by_enumeration(model), atol=1e-13)


@pytest.mark.parametrize("start", ["hierarchical", "archetype", "example"])
@pytest.mark.parametrize(
    ("kind", "examples"), [(None, 0), (Supervised, 7), (Unsupervised, 7), (Unsupervised, 4)]
)
def test_one_step_against_simulation(kind, examples, start):
    # Student's t over 40 networks and 3 overlaps, false alarms 1e-5 each; what is left of
    # order 1/N is below a third of the error at N = 20000.
    if kind is None and start == "example":
        return
    model = _network(3, 0.45, kind, examples, 0.5)
    found = []
    for child in np.random.SeedSequence(3).spawn(40):
        rng = np.random.default_rng(child)
        sample = model.draw(20000, rng)
        state = hierarchical_state(sample.patterns, rng)
        if start != "hierarchical":
            state = hierarchical_state(sample.patterns[:1], rng)
            if start == "example" and kind is Unsupervised:
                state = hierarchical_state(sample.stored[:1], rng)
            elif start == "example":  # any of the examples that sum up to what is stored
                chance = 0.5 * (1.0 + sample.stored[0] / examples)
                example = np.where(rng.random(sample.n_spins) < chance, 1, -1)
                state = np.where(sample.patterns[0] != 0, example, state).astype(np.int8)
        after = np.sign(local_fields(sample, state))
        if start != "hierarchical":  # overlaps of order 1/sqrt(N) decide where the field is 0
            after *= sample.patterns[0] != 0
        found.append(sample.patterns @ after / sample.n_spins)
    found = np.array(found)
    expected = one_step_overlap(model, start=start)
    error = np.maximum(found.std(axis=0, ddof=1), 1e-12) / math.sqrt(len(found))
    score = (found.mean(axis=0) - expected) / error
    score = score if start == "hierarchical" else score[:1]
    assert np.all(np.abs(score) < stats.t.isf(5e-6, len(found) - 1))


def test_stored_patterns():
    # The hierarchical state is its own image up to d_c: golden ratio for K = 3.
    model = _network(3, 0.6, None)
    np.testing.assert_allclose(one_step(model), [0.4, 0.24, 0.144], atol=1e-14)
    beyond = one_step(_network(3, 0.63, None))
    assert beyond[0] < 0.37 - 1e-3
    for kind in PROTOCOLS:  # perfect examples are patterns
        for law in ("binomial", "gaussian"):
            perfect = one_step(_network(3, 0.63, kind, 4, 1.0), law=law)
            np.testing.assert_allclose(perfect, beyond, atol=1e-14)


def test_gaussian_law_by_quadrature():
    model = _network(2, 0.4, Supervised, 6, 0.5)
    rho, (a, b) = model.learning.entropy, amplitudes(model)

    def positive(mean, spread):  # P(mean + spread z > 0), by quadrature
        value, _ = integrate.quad(stats.norm.pdf, -mean / spread, 40.0)
        return 2.0 * value - 1.0

    first = 0.4 * positive(a, math.sqrt(rho) * a)
    first += 0.3 * sum(positive(a + x * b, math.sqrt(rho * (a * a + b * b))) for x in (1, -1))
    assert one_step(model, law="gaussian")[0] == pytest.approx(0.6 * first, rel=1e-9)


def test_different_examples_collapse_on_the_entropy():
    # At one rho the exact law tends to the Gaussian one as M grows (r = 1/sqrt(1 + M rho)): the
    # larger M, the nearer, for all levels; the gap at M = 400 is a tenth of that at M = 4 or less.
    rho = 0.5
    for dilution in (0.3, 0.5):
        gaps = []
        for number in (4, 40, 400):
            r = 1.0 / math.sqrt(1.0 + number * rho)
            model = _network(3, dilution, Supervised, number, r)
            assert model.learning.entropy == pytest.approx(rho, rel=1e-12)
            gaps.append(np.abs(one_step(model) - one_step(model, law="gaussian")).max())
        assert gaps[0] > gaps[1] > gaps[2] > 0.0
        assert gaps[2] < 0.1 * gaps[0]


def test_sign_and_shape_of_the_start():
    model = _network(3, 0.4, Unsupervised, 5, 0.5)
    base = one_step(model, "archetype")
    assert np.all(base[1:] == 0.0)
    found = one_step_overlap(model, np.array([[0.3, -1.0], [0.0, 1.0]]))
    assert found.shape == (2, 2, 3)
    np.testing.assert_array_equal(found[:, :, 0], base[0] * np.array([[1, -1], [0, 1]]))


@pytest.mark.parametrize("kind", PROTOCOLS)
def test_one_pattern_is_the_dense_network_without_load(kind):
    for law in ("binomial", "gaussian"):
        r = np.array([0.15, 0.3, 0.55, 0.8])
        dense = learning_threshold(
            Dense(n_patterns=1, p=2, learning=kind(1, 0.5)), quality=r, law=law
        )
        model = _network(1, 0.37, kind)
        np.testing.assert_allclose(learning_threshold(model, quality=r, law=law), dense, rtol=1e-12)
    assert largest_entropy(model, THETA) == pytest.approx(1.0, rel=1e-12)
    assert threshold_law(model)[0] == pytest.approx(1.0, rel=1e-12)


def test_thresholds_of_both_protocols_are_equal():
    r = np.array([0.1, 0.2, 0.5])
    for level in (1, 2, 3):
        for law in ("binomial", "gaussian"):
            first, second = (
                learning_threshold(_network(3, 0.45, kind), quality=r, law=law, level=level)
                for kind in PROTOCOLS
            )
            np.testing.assert_array_equal(first, second)
    # In dense networks of the same order at high load they are far apart.
    dense = [learning_threshold(Dense(load=0.3, p=2, learning=kind(1, 0.05))) for kind in PROTOCOLS]
    assert dense[1] > 10 * dense[0]


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("dilution", [0.3, 0.5])
def test_thresholds_are_where_they_should_be(dilution, level):
    for r in (0.2, 0.35, 0.6):
        model = _network(3, dilution, Supervised, 1, r)

        def ratio(number, model=model):
            learning = dataclasses.replace(model.learning, n_examples=number)
            learned = dataclasses.replace(model, learning=learning)
            return one_step(learned)[level - 1] / amplitudes(model)[level - 1]

        found = learning_threshold(model, law="binomial", level=level)
        gaussian = learning_threshold(model, level=level)
        enough = [ratio(k) >= math.erf(THETA) for k in range(1, int(2 * gaussian) + 30)]
        fails = [k for k, good in enumerate(enough, 1) if not good]
        assert found == (fails[-1] + 1 if fails else 1)
        assert abs(found - gaussian) < 1 + 0.2 * gaussian or found <= 6
        # The Gaussian threshold solves its own equation.
        rho = (1 - r * r) / (gaussian * r * r)
        assert rho == pytest.approx(largest_entropy(model, THETA, level), rel=1e-10)
        number = 10**6
        alike = Supervised(number, 1.0 / math.sqrt(1.0 + number * rho))
        step = one_step(dataclasses.replace(model, learning=alike), law="gaussian")[level - 1]
        assert step / amplitudes(model)[level - 1] == pytest.approx(math.erf(THETA), rel=1e-9)


def test_no_number_of_examples_is_enough_where_the_state_is_lost():
    model = _network(5, 0.9, Supervised)
    step = one_step(dataclasses.replace(model, learning=None))
    assert 0.1 * math.erf(1.0) < step[0] < 0.1 * math.erf(2.0)
    assert learning_threshold(model, 1.0) < math.inf
    assert learning_threshold(model, 2.0) == math.inf == threshold_law(model, 2.0)[0]
    assert learning_threshold(model, 2.0, law="binomial") == math.inf


def _state_energies(number, r):
    """-2 H M R/(N (1 - d)) of sgn etabar and of one example, and whether it is a fixed point."""
    archetype, example, lowest = np.zeros(number), np.zeros(number), math.inf
    for chi in itertools.product((1, -1), repeat=number):
        chance = math.prod(0.5 * (1 + r * x) for x in chi)
        chi = np.array(chi)
        archetype += chance * chi * np.sign(chi.sum())
        example += chance * chi * chi[0]
        lowest = min(lowest, chi[0] * (chi[0] + r * r * chi[1:].sum()))
    return archetype @ archetype, example @ example, lowest > 0.0


@pytest.mark.parametrize("number", [3, 4, 5, 8])
def test_one_example_against_the_archetype(number):
    r = example_quality(number)
    one, other, fixed = _state_energies(number, r)
    assert one == pytest.approx(other, rel=1e-12) and fixed
    one, other, _ = _state_energies(number, 0.95 * r)
    assert one < other
    one, other, _ = _state_energies(number, 1.05 * r)
    assert one > other
    assert _state_energies(number, 0.99 / math.sqrt(number - 1))[2]
    assert not _state_energies(number, 1.01 / math.sqrt(number - 1))[2]
    assert mean_magnitude(number, r) ** 2 * number == pytest.approx(one, rel=0.2)


def test_example_quality_limits():
    assert example_quality(1) == 0.0 and example_quality(2) == 1.0
    one, other, _ = _state_energies(2, 0.9)
    assert one < other
    # sqrt(M) etabar is N(a, 1) for many examples, with E|.| = 1.
    a = example_quality(10**6 + 1) * 1e3
    mean, _ = integrate.quad(lambda z: abs(a + z) * stats.norm.pdf(z), -12, 12, points=[-a])
    assert mean == pytest.approx(1.0, abs=1e-5)
    assert a == pytest.approx(0.7272, abs=1e-4)


def _words(examples, quality, dilution):
    """One entry: xi, its examples and the probability, for every way they may be."""
    out = [(0, np.zeros(examples), dilution)]
    for xi in (1, -1):
        for chi in itertools.product((1, -1), repeat=examples):
            chance = math.prod(0.5 * (1 + quality * x) for x in chi)
            out.append((xi, xi * np.array(chi), 0.5 * (1 - dilution) * chance))
    return out


@pytest.mark.parametrize("examples", [2, 3, 4])
def test_learned_state_of_all_single_examples(examples):
    # Without a teacher the variables are the K M overlaps with single examples. At the state all
    # of one pattern are equal and stationary, and the Hessian over them has the least eigenvalue
    # of the two kinds that `learned_state` gives.
    d, r, t = 0.3, 0.5, 0.06
    model = _network(2, d, Unsupervised, examples, r)
    found = learned_state(model, t)
    size = model.learning.variance
    eta, weights, xi = [], [], []
    for a, b in itertools.product(_words(examples, r, d), repeat=2):
        eta.append(np.concatenate([a[1], b[1]]))
        weights.append(a[2] * b[2])
        xi.append((a[0], b[0]))
    eta, weights, xi = np.array(eta), np.array(weights), np.array(xi)
    n = np.full(2 * examples, 0.1)
    n[:examples] *= 3.0
    for _ in range(4000):  # f = sum n^2/(2 M R) - T E ln 2cosh(eta.n/(M R T)): gentle descent
        tanh = np.tanh(eta @ n / (examples * size * t))
        n = n + 0.2 * ((weights * tanh) @ eta - n)
        n = np.repeat(n.reshape(2, -1).mean(axis=1), examples)
    tanh = np.tanh(eta @ n / (examples * size * t))
    assert np.max(np.abs((weights * tanh) @ eta - n)) < 1e-12
    other = (weights * tanh) @ xi
    np.testing.assert_allclose(other, found.overlaps, atol=1e-9)
    curvature = np.eye(2 * examples)
    curvature -= (eta.T * (weights * (1 - tanh**2))) @ eta / (examples * size * t)
    least = np.linalg.eigvalsh(curvature)[0]
    assert least == pytest.approx(min(found.curvature, found.examples), abs=1e-9)
    assert found.residual < 1e-10


def test_learned_state_is_that_of_both_protocols():
    for law in ("binomial", "gaussian"):
        first, second = (
            learned_state(_network(3, 0.4, kind, 6, 0.5), 0.05, law) for kind in PROTOCOLS
        )
        np.testing.assert_array_equal(first.overlaps, second.overlaps)
        assert first.curvature == second.curvature


def test_learned_state_of_many_examples_is_that_of_patterns():
    found = learned_state(_network(3, 0.3, Supervised, 10**6, 0.9), 0.01, "gaussian")
    np.testing.assert_allclose(found.overlaps, [0.7, 0.21, 0.063], rtol=1e-3)


def test_two_examples_are_unstable_without_a_teacher():
    for dilution in (0.2, 0.4):
        state = learned_state(_network(2, dilution, Unsupervised, 2, 0.5), 0.03)
        assert state.examples < 0.0 < state.curvature
        assert learned_state(_network(2, dilution, Unsupervised, 24, 0.5), 0.03).examples > 0.5


def test_state_threshold_is_the_first():
    model = _network(2, 0.3, Unsupervised, 1, 0.6)
    found = state_threshold(model, 0.05)
    wanted = 0.7 * math.erf(THETA)
    m = [
        learned_state(_network(2, 0.3, Unsupervised, k, 0.6), 0.05).overlaps[0]
        for k in range(1, 12)
    ]
    assert [k for k, x in enumerate(m, 1) if x < wanted][-1] + 1 == found
    assert found >= learning_threshold(model, law="binomial")
    assert state_threshold(_network(2, 0.3, Supervised, 1, 0.6), 0.05) == found
    # At other r the Gaussian thresholds are at one rho.
    rhos = []
    for r in (0.02, 0.01):
        number = state_threshold(_network(2, 0.3, Supervised, 1, r), 0.05, law="gaussian")
        rhos.append((1 - r * r) / (number * r * r))
    assert rhos[0] == pytest.approx(rhos[1], rel=2e-3)
    assert rhos[0] < 0.95 * largest_entropy(model, THETA)  # one step is kinder


@pytest.mark.parametrize("examples", [2, 12])
def test_chains_follow_one_example_where_theory_says(examples):
    # Overlaps with the examples of the first pattern: far apart, or equal but for fluctuations of
    # at most 1/sqrt(N) each (5 standard errors of a difference: below 66 * 6e-7 for all pairs).
    model = _network(2, 0.3, Unsupervised, examples, 0.5)
    state = learned_state(model, 0.05)
    rng = np.random.default_rng(2)
    sample = model.draw(20000, rng)
    running = engine(
        sample, hierarchical_state(sample.patterns, rng)[None], 0.05, [np.random.SeedSequence(5)]
    )
    running.run(60)
    n = sample.stored[:examples].astype(np.float64) @ running.spins[0] / sample.n_spins
    apart = n.max() - n.min()
    if state.examples < 0.0:
        # Where both examples disagree, (1 - d)(1 - r^2)/2 of all spins, and the second pattern is
        # blank, d of these, one example decides: n differs by (1 - d)(1 - r^2) d = 0.1575 at
        # least, of 1575 +- 38 spins; 5 standard errors below is 0.138.
        assert examples == 2 and apart > 0.138
    else:
        soft = 1.0 / state.examples  # fluctuations are amplified by the response
        assert examples == 12 and apart < 5.0 * math.sqrt(2.0 / sample.n_spins) * soft


def test_figure_of_learning():
    # Student's t over 8 networks, 6 overlaps with false alarms of 1e-4 in all. What is of order
    # 1/N is far below the errors: the states are stiff there.
    data, ax = figure(
        "multitasking-learning", examples=(2, 16), n_spins=10000, n_patterns=2, disorder=8
    )
    limit = stats.t.isf(0.5e-4 / 6, 7)
    assert np.all(np.abs(data.z.sel(n_examples=16)) < limit)
    assert np.all(np.abs(data.z.sel(n_examples=2, protocol="supervised")) < limit)
    assert float(data.examples_eigenvalue[0]) < 0.0 < float(data.examples_eigenvalue[1])
    assert "M" in ax.get_xlabel() and len(ax.containers) == 4


def test_figure_of_thresholds():
    # Points: fitted lines, errors from 8 networks at 7 numbers each; Student's t with 49 degrees
    # of freedom, 6 scores, false alarms 1e-4 in all.
    data, ax = figure(
        "multitasking-thresholds", n_spins=4000, qualities=(0.4, 0.5), disorder=8, progress=False
    )
    limit = stats.t.isf(0.5e-4 / 6, 49)
    assert np.all(np.abs(data.z) < limit) and np.all(np.abs(data.difference_z) < limit)
    np.testing.assert_array_equal(data.threshold[0], data.threshold[1])
    assert ax.get_xscale() == "log"
    with pytest.raises(ValueError, match="level"):
        figure("multitasking-thresholds", level=4)


def test_bad_arguments():
    model = _network(3, 0.4)
    for call, names in [
        (lambda: one_step(model, "nothing"), "start"),
        (lambda: one_step(model, law="normal"), "law"),
        (lambda: one_step(_network(3, 0.4, None), "example"), "start"),
        (lambda: one_step(Multitasking(load=0.1)), "n_patterns"),
        (lambda: one_step(dataclasses.replace(model, field=(0.1,))), "field"),
        (lambda: one_step(Multitasking(n_patterns=2, entries=Structured("digits"))), "patterns"),
        (lambda: one_step(_network(40, 0.4, None)), "n_patterns"),
        (lambda: one_step(_network(12, 0.4, Supervised, 500, 0.1)), "n_patterns"),
        (lambda: learning_threshold(model, level=4), "level"),
        (lambda: learning_threshold(_network(3, 0.4, None)), "learning"),
        (lambda: learning_threshold(model, -1.0), "theta"),
        (lambda: one_step_overlap(Dense(load=0.1, p=3), start="hierarchical"), "start"),
        (lambda: example_quality(0), "n_examples"),
        (lambda: learned_state(model, 0.0), "temperature"),
        (lambda: learned_state(_network(3, 0.4, None), 0.1), "learning"),
        (lambda: state_threshold(model, 0.1, level=4), "level"),
    ]:
        with pytest.raises(ValueError, match=names):
            call()
    with pytest.raises(TypeError, match="level"):
        learning_threshold(Dense(load=0.1, p=3, learning=Supervised(2, 0.5)), level=1)
    with pytest.raises(TypeError, match="model"):
        one_step(Dense(load=0.1, p=3))
