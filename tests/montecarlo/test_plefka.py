"""Plefka's scheme: fields and reaction from the definition, solutions against replica theory."""

import itertools
import math

import numpy as np
import pytest
from enumeration import quenched_samples
from exact_chain import states_of

from assocmem import Dense, FullPower, Hopfield, Supervised, Unsupervised
from assocmem.montecarlo.plefka import _Fields, _solve, plefka, reaction
from assocmem.theory.gaussian import averages


def law_of(m):
    """Probabilities of all states of independent spins of magnetisations m."""
    return np.prod(0.5 * (1.0 + states_of(len(m)) * m), axis=1)


@pytest.mark.parametrize("learning", [None, Supervised(3, 0.6), Unsupervised(3, 0.6)])
@pytest.mark.parametrize("p", [2, 3, 4, 5, 6])
def test_fields_are_derivatives_of_the_mean_energy_of_independent_spins(p, learning):
    """-d<H>/dm_i, and <H> is linear in m_i. Single precision: 1e-7 of sums of a few numbers."""
    n, rng = 8, np.random.default_rng(p)
    sample = Dense(n_patterns=5, p=p, learning=learning).draw(n, rng)
    m = rng.uniform(-1, 1, (n, 2))
    found = _Fields(sample)(m)
    energies = sample.energy(states_of(n))
    for column in range(2):
        for i in range(n):
            up, down = m[:, column].copy(), m[:, column].copy()
            up[i], down[i] = 1.0, -1.0
            wanted = -0.5 * (law_of(up) - law_of(down)) @ energies
            assert found[i, column] == pytest.approx(wanted, rel=1e-5, abs=1e-6)


def test_fields_of_patterns_unpacked_anew(monkeypatch):
    rng = np.random.default_rng(0)
    for learning in (None, Supervised(200, 0.5)):
        sample = Dense(n_patterns=500, p=4, learning=learning).draw(30, rng)
        m = rng.uniform(-1, 1, (30, 3))
        whole = _Fields(sample)
        monkeypatch.setattr("assocmem.montecarlo.plefka._KEPT", 0)
        monkeypatch.setattr("assocmem.montecarlo.plefka._BLOCK", 192)
        parts = _Fields(sample)
        assert whole.kept is not None and parts.kept is None
        np.testing.assert_allclose(parts(m), whole(m), rtol=1e-4, atol=1e-6)
        monkeypatch.undo()


def second_order(energies, m):
    """Variance of H - sum_i (dH/dm_i)(s_i - m_i) in the law of independent spins."""
    states, law = states_of(len(m)), law_of(m)
    slopes = []
    for i in range(len(m)):
        up, down = m.copy(), m.copy()
        up[i], down[i] = 1.0, -1.0
        slopes.append(0.5 * (law_of(up) - law_of(down)) @ energies)
    rest = energies - (states - m) @ np.array(slopes)
    return law @ rest**2 - (law @ rest) ** 2


def every_sample(n, learning):
    """All samples of one archetype with at most two examples, and their probabilities."""
    p_right = 0.5 * (1.0 + (learning.quality if learning else 1.0))
    number = learning.n_examples if learning else 1
    # Signs of the examples at one site; the archetype is +1 or -1 with probability 1/2.
    words = list(itertools.product([-1, 1], repeat=number))
    chances = [
        0.5 * math.prod(p_right if w == 1 else 1 - p_right for w in word)
        + 0.5 * math.prod(p_right if w == -1 else 1 - p_right for w in word)
        for word in words
    ]
    for sites in itertools.product(range(len(words)), repeat=n):
        examples = np.array([words[k] for k in sites]).T[None]  # (1, M, N)
        yield examples, math.prod(chances[k] for k in sites)


@pytest.mark.parametrize("learning", [None, Supervised(2, 0.6), Unsupervised(2, 0.6)])
@pytest.mark.parametrize("p", [2, 3, 4])
def test_reaction_is_the_second_order_of_the_expansion(p, learning):
    """(beta/2) dVar/dm_i at equal m, averaged over all samples of one pattern, exactly.

    Products of couplings of different sets of spins average to nothing, so for K patterns the
    mean is K times that of one. Two bodies: at small beta, where higher orders do not count, and
    for N - 1 others instead of N.
    """
    n, beta, m, step = 5, 1e-6 if p == 2 else 1.7, 0.6, 1e-4
    model = Dense(n_patterns=1, p=p, learning=learning)
    total = weight = 0.0
    for examples, chance in every_sample(n, learning):
        if learning is None:
            sample = model.sample_of(examples[:, 0])
        else:
            sample = model.sample_of(np.ones((1, n)), examples)
        energies = sample.energy(states_of(n))
        up, down = np.full(n, m), np.full(n, m)
        up[0] += step
        down[0] -= step
        slope = (second_order(energies, up) - second_order(energies, down)) / (2 * step)
        total += chance * 0.5 * beta * slope
        weight += chance
    assert weight == pytest.approx(1.0)
    found = reaction(model, 1, n, np.array([beta]), np.array([m * m]))[0]
    others = (n - 1) / n if p == 2 else 1.0
    assert -found * m * others == pytest.approx(total, rel=1e-5)


def replica(p, load, temperature, m, q, n):
    """Right-hand sides of the replica-symmetric equations; sets of p - 1 other spins counted."""
    count = math.comb(n - 1, p - 1) / n ** (p - 1)
    width = np.sqrt(load * count * q ** (p - 1))
    found = averages(count * m ** (p - 1), width, temperature)
    return found.tanh, found.tanh2


def misfit(p, load, temperatures, n, disorder, order):
    """m - E tanh and q - E tanh^2 at the solutions' own m and q: mean over samples, and z."""
    result = plefka(
        Dense(load=load, p=p), n_spins=n, temperature=temperatures, order=order, disorder=disorder,
        seed=5,
    )  # fmt: skip
    data = result.dataset
    assert bool(data.converged.all()), str(result)
    m, q = data.overlap.values[..., 0], data.self_overlap.values
    off = np.stack([m, q]) - np.stack(replica(p, load, np.array(temperatures), m, q, n))
    mean = off.mean(axis=1)
    return mean, mean / (off.std(axis=1, ddof=1) / math.sqrt(disorder))


@pytest.mark.parametrize(
    ("p", "load", "temperatures", "n", "disorder"),
    [
        (3, 0.06, [0.2], 400, 16),
        pytest.param(3, 0.08, [0.12, 0.17], 600, 16, marks=pytest.mark.slow),
        pytest.param(4, 0.016, [0.05, 0.055], 200, 16, marks=pytest.mark.slow),
    ],
)
def test_order_two_is_replica_theory_and_order_one_is_not(p, load, temperatures, n, disorder):
    """m and q at one or two temperatures: t of 15 beyond 4.9 has probability 2e-4, false alarm
    at most 0.08 %. Order 1 is seen to be off, most clearly in q and where it is warm.
    """
    _, z2 = misfit(p, load, temperatures, n, disorder, 2)
    mean, z1 = misfit(p, load, temperatures, n, disorder, 1)
    assert np.all(np.abs(z2) < 4.9), z2
    assert np.all(mean > 0.0) and z1[1, -1] > 4.9, z1


def two_body_misfit(learning, load, temperature, n, disorder, order):
    """n - E y tanh and q - E tanh^2 of AGS theory, for the n that makes m right; and their z.

    The noise is q/(1 - C)^2, and unsupervised (M - 1) lambda^2 q/(1 - lambda C)^2 more; the field
    n y + noise, y the mean example over its spread.
    """
    model = Dense(load=load, p=2, learning=learning)
    result = plefka(
        model, n_spins=n, temperature=temperature, order=order, disorder=disorder, seed=2
    )
    assert bool(result.dataset.converged.all()), str(result)
    m, q = result.dataset.overlap.values[:, 0, 0], result.dataset.self_overlap.values[:, 0]
    c = (1 - q) / temperature
    noise = q / (1 - c) ** 2
    y, chance = np.array([1.0]), np.array([1.0])
    if learning is not None:
        number = learning.n_examples
        k = np.arange(number + 1)
        right = 0.5 * (1 + learning.quality)
        chance = (
            np.array([math.comb(number, j) for j in k]) * right**k * (1 - right) ** (number - k)
        )
        y = (2 * k - number) / number / math.sqrt(learning.variance)
    if isinstance(learning, Unsupervised):
        rest = learning.entropy / (1 + learning.entropy)
        noise += (learning.n_examples - 1) * rest**2 * q / (1 - rest * c) ** 2
    off = []
    for one_m, one_q, one in zip(m, q, noise, strict=True):
        low, high = 0.0, 2.0
        for _ in range(60):
            overlap = 0.5 * (low + high)
            found = averages(overlap * y, math.sqrt(load * one), temperature)
            low, high = (overlap, high) if chance @ found.tanh < one_m else (low, overlap)
        off.append([overlap - chance @ (y * found.tanh), one_q - chance @ found.tanh2])
    off = np.array(off)
    return off.mean(axis=0) / (off.std(axis=0, ddof=1) / math.sqrt(disorder))


@pytest.mark.parametrize(
    ("learning", "load", "temperature"),
    [(None, 0.03, 0.6), (Supervised(4, 0.8), 0.01, 0.4), (Unsupervised(4, 0.8), 0.01, 0.4)],
)
def test_two_bodies_are_solved_to_all_orders(learning, load, temperature):
    """Six numbers, t of 23 beyond 5: probability 5e-5 each, false alarm 0.03 %.

    Order 1 is seen to be off in the first case; with learning the reaction is weaker.
    """
    given = (learning, load, temperature, 2000, 24)
    z = two_body_misfit(*given, 2)
    assert np.all(np.abs(z) < 5.0), z
    if learning is None:
        assert two_body_misfit(*given, 1)[0] > 5.0


def test_a_single_example_is_stored_as_a_pattern():
    rng = np.random.default_rng(3)
    xi, eta = rng.choice([-1, 1], (2, 20, 25))
    m = rng.uniform(-1, 1, (25, 1))
    learned = Dense(n_patterns=20, p=4, learning=Supervised(1, 0.5)).sample_of(xi, eta[:, None])
    stored = Dense(n_patterns=20, p=4).sample_of(eta)
    np.testing.assert_allclose(_Fields(learned)(m), _Fields(stored)(m), rtol=1e-4, atol=1e-6)


def test_samples_are_those_of_the_sampler():
    model = Dense(load=0.02, p=3, field=(0.01,))
    given = {"n_spins": 60, "temperature": [0.1, 0.2], "disorder": 3, "seed": 9}
    result = plefka(model, **given, tracked=2)
    for d, quenched in enumerate(quenched_samples(model, 60, 3, seed=9)):
        found = _solve(
            quenched, quenched.leading(1)[0], np.array([0.1, 0.2]), 2, 1000, 0.5, 1e-5, 2
        )
        np.testing.assert_array_equal(result.dataset.overlap.values[d], found["overlap"])
    again = plefka(model, **given, tracked=2)
    assert again.dataset.identical(result.dataset)
    assert result.model == model
    assert result.parameters["temperature"] == [0.1, 0.2]


def test_solutions_do_not_depend_on_the_damping_or_a_slightly_wrong_start():
    given = {"n_spins": 150, "temperature": 0.15, "disorder": 3}
    model = Dense(load=0.03, p=3)
    first = plefka(model, **given).dataset.overlap
    for other in ({"damping": 0.8}, {"start": "corrupted", "corruption": 0.05}):
        np.testing.assert_allclose(
            first, plefka(model, **given, **other).dataset.overlap, atol=2e-4
        )


def test_without_convergence_it_says_so():
    result = plefka(Dense(load=0.03, p=3), n_spins=100, temperature=[0.1, 0.2], updates=2)
    assert not result.dataset.converged.any()
    assert np.all(result.dataset.residual > 1e-5)
    assert "16 of 16 solutions did not converge" in str(result)
    ax = result.plot()
    assert ax.get_xlabel() == "temperature T"


def test_text_and_estimates():
    result = plefka(Dense(load=0.03, p=3), n_spins=100, temperature=[0.1, 0.2], disorder=4)
    text = str(result)
    assert "order 2" in text and "4/4" in text and "warning" not in text
    value, error = result.estimate()
    values = result.dataset.overlap.values[:, 1, 0]
    assert value.values[1, 0] == pytest.approx(values.mean())
    assert error.values[1, 0] == pytest.approx(values.std(ddof=1) / 2.0)
    with pytest.raises(ValueError, match="name"):
        result.estimate("energy")


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"model": Hopfield(load=0.1)}, "model"),
        ({"model": Dense(load=0.1, energy=FullPower(4))}, "energy"),
        ({"order": 3}, "order"),
        ({"temperature": 0.0}, "temperature"),
        ({"temperature": []}, "temperature"),
        ({"n_spins": 1}, "n_spins"),
        ({"updates": 0}, "updates"),
        ({"damping": 1.0}, "damping"),
        ({"tolerance": 1e-9}, "tolerance"),
        ({"start": "nowhere"}, "start"),
        ({"start": "corrupted"}, "corruption"),
        ({"disorder": 0}, "disorder"),
        ({"tracked": 10**6}, "tracked"),
        ({"seed": -1}, "seed"),
    ],
)
def test_refusals(change, name):
    given = {"model": Dense(load=0.05, p=3), "n_spins": 50, "temperature": 0.2} | change
    model = given.pop("model")
    with pytest.raises((TypeError, ValueError), match=name):
        plefka(model, **given)
