"""The squared-error loss has the minima of the Hamiltonian: symbols, enumeration, descents."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest
import sympy as sp

from assocmem import Multitasking, Supervised, Unsupervised
from assocmem.figures import figure
from assocmem.figures.multitasking_loss import descend, losses, lowers, stored_rows
from assocmem.montecarlo.dynamics import engine

LEARNING = {"storing": None, "supervised": Supervised(5, 0.6), "unsupervised": Unsupervised(5, 0.6)}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def _reduced(expression, spins):
    """Expanded, with s^2 = 1."""
    polynomial = sp.Poly(sp.expand(expression), *spins)
    total = 0
    for powers, coefficient in polynomial.terms():
        total += coefficient * sp.prod(s ** (k % 2) for s, k in zip(spins, powers, strict=True))
    return sp.expand(total)


@pytest.mark.parametrize("protocol", LEARNING)
def test_identity_in_symbols(protocol):
    # Any real entries: patterns y[mu], or examples y[mu][a] whose mean or selves are stored.
    size, patterns, examples = 4, 2, 1 if protocol == "storing" else 2
    spins = sp.symbols(f"s:{size}")
    shape = (patterns, examples, size)
    y = np.array(sp.symbols(f"y:{np.prod(shape)}")).reshape(shape)
    variance = sp.Symbol("R", positive=True) if examples > 1 else sp.Integer(1)
    if protocol == "supervised":
        rows = [sum(y[mu]) / examples for mu in range(patterns)]
    else:
        rows = list(y.reshape(-1, size))
    per = examples if protocol == "unsupervised" else 1
    energy = -sum(
        row[i] * row[j] * spins[i] * spins[j]
        for row in rows
        for i, j in itertools.permutations(range(size), 2)
    ) / (2 * size * variance * per)
    loss = (
        sum(
            sum((a + s) ** 2 for a, s in zip(row, spins, strict=True))
            * sum((a - s) ** 2 for a, s in zip(row, spins, strict=True))
            for row in rows
        )
        / sp.Integer(2 * size) ** 2
    )
    slope = 2 * variance * per / size  # `loss_scale`
    rest = _reduced(loss - slope * energy, spins)
    assert not rest.free_symbols & set(spins)
    constant = sum(
        (1 + sum(a**2 for a in row) / sp.Integer(size)) ** 2 / 4
        - sum(a**2 for a in row) / sp.Integer(size) ** 2
        for row in rows
    )  # the diagonal of sum n^2 is no part of H
    assert sp.expand(rest - constant) == 0
    if protocol != "storing":
        model = Multitasking(n_patterns=patterns, learning=LEARNING[protocol])
        sample = model.draw(size, np.random.default_rng(0))
        values = {"R": model.learning.variance, 2: 5}
        per = values[2] if protocol == "unsupervised" else 1
        assert sample.loss_scale == pytest.approx(2 * values["R"] * per / size, rel=1e-14)


def test_one_row_for_any_length():
    # A = |y|^2 and B = y.s: the two squared distances are A + N +- 2 B.
    a, b, n = sp.symbols("A B N", positive=True)
    product = (a + n + 2 * b) * (a + n - 2 * b) / (2 * n) ** 2
    assert sp.simplify(product - (((1 + a / n) / 2) ** 2 - (b / n) ** 2)) == 0


def _all_states(size):
    return np.array(list(itertools.product([-1, 1], repeat=size)), dtype=np.int8)


def _minima(values, size, slack=1e-10):
    """Masks of global minima, and of states that no single flip lowers."""
    index = np.arange(2**size)
    local = np.ones(2**size, bool)
    for bit in range(size):
        local &= values[index ^ (1 << bit)] >= values - slack
    return values <= values.min() + slack, local


@pytest.mark.parametrize("protocol", LEARNING)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_minima_of_all_states(protocol, seed):
    size = 13
    model = Multitasking(n_patterns=3, dilution=0.4, learning=LEARNING[protocol])
    sample = model.draw(size, np.random.default_rng(seed))
    states = _all_states(size)
    loss = losses(stored_rows(sample), states)[0].sum(axis=-1)
    np.testing.assert_allclose(sample.loss(states), loss, rtol=1e-12)
    energy = sample.energy(states)
    of_loss, of_energy = _minima(loss, size), _minima(energy, size)
    assert 0 < of_energy[0].sum() <= of_energy[1].sum() < 2**size
    for first, second in zip(of_loss, of_energy, strict=True):
        np.testing.assert_array_equal(first, second)
    # The same up to the end: states are ordered alike.
    assert np.all(np.diff(loss[np.argsort(energy, kind="stable")]) > -1e-10)


@pytest.mark.parametrize("protocol", LEARNING)
def test_plain_squared_errors_have_other_minima(protocol):
    size = 13
    model = Multitasking(n_patterns=3, dilution=0.4, learning=LEARNING[protocol])
    sample = model.draw(size, np.random.default_rng(2))
    states, rows = _all_states(size), stored_rows(sample)
    plain = losses(rows, states)[1].sum(axis=-1)
    lowest, local = _minima(plain, size)
    np.testing.assert_array_equal(lowest, local)  # linear: no other local minimum
    bias = rows.sum(axis=0)
    decided = np.abs(bias) > 1e-12
    assert np.all(states[lowest][:, decided] == np.sign(bias[decided]))
    assert lowest.sum() == 2 ** np.count_nonzero(~decided)
    ground, minima = _minima(sample.energy(states), size)
    assert not np.any(lowest & ground)
    # H has pairs of minima, s and -s; the plain loss does not know of the second.
    assert np.array_equal(minima, minima[::-1])
    assert not np.any(lowest & lowest[::-1])


@pytest.mark.parametrize("protocol", ["supervised", "unsupervised"])
def test_descents_reach_the_same_minima(protocol):
    # Every end is a minimum, found by enumeration up to moves of no cost. Minima that either kind
    # of descent meets in 5 % of 300 starts are met by the other: were that chance of both 3 %
    # or more, one would miss it with probability 0.97^300 = 1e-4 at most, for a handful of them.
    size, starts, sweeps = 13, 300, 15
    model = Multitasking(n_patterns=3, dilution=0.4, learning=LEARNING[protocol])
    draw, ties, *children = np.random.SeedSequence(1).spawn(2 + starts)
    rng = np.random.default_rng(draw)
    sample = model.draw(size, rng)
    rows = stored_rows(sample)
    first = np.where(rng.random((starts, size)) < 0.5, 1, -1).astype(np.int8)
    tie_rng = np.random.default_rng(ties)
    by_loss = np.array([descend(rows, s, sweeps, tie_rng) for s in first])
    running = engine(sample, first, 0.0, children)
    running.run(sweeps)
    states = _all_states(size)
    energy = sample.energy(states)
    local = _minima(energy, size)[1]
    bits = 1 << np.arange(size)[::-1]
    levels = []
    for ends in (by_loss, running.spins):
        index = ((ends > 0) * bits).sum(axis=1)
        np.testing.assert_array_equal(states[index], ends)
        assert np.all(local[index])
        assert not any(lowers(sample, rows, s) for s in ends[:20])
        levels.append(np.round(energy[index], 9))
    met = [dict(zip(*np.unique(e, return_counts=True), strict=True)) for e in levels]
    often = [{e for e, k in m.items() if k >= 0.05 * starts} for m in met]
    assert often[0] <= set(met[1]) and often[1] <= set(met[0])
    assert min(met[0]) == min(met[1]) == np.round(energy.min(), 9)
    assert len(often[0]) >= 2  # a sample with one minimum would show nothing; the seed is for that


@pytest.mark.parametrize("protocol", LEARNING)
def test_figure(protocol):
    given = {"n_spins": 41, "n_starts": 10, "n_examples": 5, "protocol": protocol}
    data, ax = figure("multitasking-loss", **given)
    assert data.attrs["deviation"] < 1e-12 * abs(data.attrs["offset"])
    assert not data["lowered"].any()
    # Loss of each pattern: below its first value in the end, in sum.
    assert float(data.path_loss[:, -1].max()) < float(data.path_loss[:, 0].min())
    assert "energy" in ax.get_xlabel()
    again, ax = figure("multitasking-loss-patterns", **given)
    np.testing.assert_array_equal(data["pattern_loss"], again["pattern_loss"])
    assert len(ax.lines) == 2 * 3 + 1


def test_bad_arguments_of_the_figure():
    with pytest.raises(ValueError, match="protocol"):
        figure("multitasking-loss", protocol="teacher")
    with pytest.raises(ValueError, match="n_starts"):
        figure("multitasking-loss", n_starts=0)
    with pytest.raises(TypeError, match="show"):
        figure("multitasking-loss", show="patterns")
