"""Codes of a mac and their chances: exact numbers, and draws with their error bars."""

import math

import mpmath
import numpy as np
import pytest
from plain_mac import N, Plain, inputs
from scipy import stats

from assocmem.sdr import Mac, Selection


def test_winners_are_drawn_with_the_chances_of_the_plain_version():
    mac = Mac(4, 6, Selection(chi=4.0, sigma_2=8.0), nu=0.5)
    rows = inputs(np.random.default_rng(4), 40)
    memory, plain = mac.memory(N, seed=6), Plain(mac, N)
    memory.learn(rows)
    plain.weights = memory.weights
    draws = 20_000
    for x in rows[[5, 20]]:
        wanted = draws * plain.look(x)["rho"]
        assert wanted.min() > 20 and np.ptp(wanted) > 1000
        codes = memory.codes(np.tile(x, (draws, 1)), choice="draw")
        count = np.stack([np.bincount(codes[:, q], minlength=6) for q in range(4)])
        square = ((count - wanted) ** 2 / wanted).sum()
        assert stats.chi2.sf(square, 4 * 5) > 1e-4  # false alarm 1e-4
        # Modules are drawn independently: joint counts of two of them.
        pairs = np.bincount(6 * codes[:, 0] + codes[:, 1], minlength=36).reshape(6, 6)
        joint = np.outer(wanted[0], wanted[1]) / draws
        some = joint > 5
        square = ((pairs - joint)[some] ** 2 / joint[some]).sum()
        assert stats.chi2.sf(square, some.sum()) > 1e-4


def test_a_stored_item_comes_back_with_its_exact_probability():
    selection = Selection(chi=2.0, sigma_2=9.0, sigma_3=0.6)
    memory = Mac(3, 4, selection).memory(50, seed=1)
    code = memory.learn([1, 4, 20, 49])
    # V is 1 at its winners and 0 elsewhere; G is 1, eta 1 + chi K.
    with mpmath.workdps(30):
        psi = [1 + 8 / (1 + mpmath.exp(-9 * (v - mpmath.mpf(0.6)))) for v in (0, 1)]
        chance = float((psi[1] / (psi[1] + 3 * psi[0])) ** 3)
    assert 0.05 < chance < 0.95
    draws = 30_000
    found = memory.codes([[1, 4, 20, 49]] * draws, choice="draw")
    hits = int((found == code).all(axis=1).sum())
    error = math.sqrt(draws * chance * (1 - chance))
    assert abs(hits - draws * chance) < 5 * error  # false alarm 6e-7
    # The largest support brings it back for sure.
    assert (memory.codes([[1, 4, 20, 49]] * 100) == code).all()


def test_familiarity_of_one_stored_item_is_the_overlap():
    memory = Mac(8, 5).memory(100, seed=2)
    memory.learn(range(20))
    for common in range(21):
        cue = [*range(common), *range(50, 70 - common)]
        assert memory.familiarity(cue) == pytest.approx(common / 20, rel=1e-14)
    assert memory.familiarity(range(20)) == 1.0


def test_new_inputs_get_uniform_codes():
    memory = Mac(6, 5, Selection(g_minus=0.25)).memory(100, seed=3)
    memory.learn(range(20))
    cue = [*range(5), *range(50, 65)]  # G = 5/20 = g_minus exactly
    found = memory.inspect(cue)
    assert found.eta == 1.0 and np.all(found.rho == 0.2)
    codes = memory.codes([cue] * 5000, choice="draw")
    count = np.stack([np.bincount(codes[:, q], minlength=5) for q in range(6)])
    square = ((count - 1000.0) ** 2 / 1000.0).sum()
    assert stats.chi2.sf(square, 6 * 4) > 1e-4  # false alarm 1e-4


def test_similar_inputs_get_similar_codes():
    memory = Mac(200, 8).memory(100, seed=4)
    code = memory.learn(range(20))
    chances = []
    for common in (0, 5, 10, 15, 20):
        cue = [*range(common), *range(50, 70 - common)]
        # All modules are alike: V is common/20 at the code, 0 elsewhere.
        chance = memory.inspect(cue).rho[np.arange(200), code].mean()
        hits = sum(int((memory.codes(cue, choice="draw") == code).sum()) for _ in range(50))
        # Binomial, 10,000 times: 5 standard deviations, false alarm 6e-7 each.
        assert abs(hits - 10_000 * chance) < 5 * math.sqrt(10_000 * chance * (1 - chance))
        chances.append(chance)
    assert chances == sorted(set(chances)) and chances[0] == pytest.approx(1 / 8)
    assert chances[-1] > 0.9


def test_load_and_capacity_of_uniform_codes():
    n, a, mac = 200, 12, Mac(5, 6, Selection(chi=0.0))
    memory = mac.memory(n)
    number = memory.capacity(a, load=0.4)
    assert 1.0 - (1.0 - a / n / 6) ** number == pytest.approx(0.4, rel=1e-12)
    items, rng = round(number), np.random.default_rng(11)
    loads = []
    for seed in range(40):
        memory = mac.memory(n, seed=seed)
        memory.learn(np.stack([rng.permutation(np.arange(n) < a) for _ in range(items)]))
        loads.append(memory.load)
    expected = 1.0 - (1.0 - a / n / 6) ** items
    error = np.std(loads, ddof=1) / math.sqrt(40)
    # Student's t of 39 degrees at 5.6: false alarm 2e-6.
    assert abs(np.mean(loads) - expected) < 5.6 * error
