"""Small points of macs and layers that other tests left open: gates, powers, ties, rounding."""

import numpy as np
import pytest

from assocmem.sdr import Mac, Selection, Tiling
from assocmem.sdr.sparsey._unit_mac import UnitMac
from assocmem.sdr.sparsey.layer import Layer
from assocmem.sdr.sparsey.sliced_mac import SlicedMac


def test_layers_do_not_learn_what_is_as_familiar_as_novelty_says():
    """G must be less than ``novelty``: at 1 an input that is wholly known is not learned again."""
    layer = Layer(Mac(4, 8, novelty=1.0), Tiling((1, 10), (1, 10)))
    layer.learn(np.array([[1, 1, 1, 0, 0, 0, 0, 0, 0, 0]] * 3, bool))
    assert layer.n_presented.tolist() == [3]
    assert layer.n_learned.tolist() == [1]


def test_frozen_layers_recruit_no_more():
    """A mac that has ``freeze`` of its weights set learns nothing, new units being left or not."""
    mac = Mac(2, 50, novelty=0.9, cap=0.5, recruit=1.0, freeze=0.05)
    layer = Layer(mac, Tiling((1, 40), (1, 40)))
    layer.learn(np.random.default_rng(0).random((60, 40)) < 0.1)
    assert 0.05 <= layer.loads[0] < 0.05 + 2 * 12 / 4000  # at most 12 features in an input
    assert layer.n_learned[0] < layer.n_presented[0]


def test_layers_take_supports_to_a_power_below_one():
    """V = (u/pi)^lambda_u: 2 of 4 features known give G = (1/2)^(1/2)."""
    layer = Layer(Mac(3, 8, Selection(lambda_u=0.5)), Tiling((1, 8), (1, 8)))
    layer.learn(np.array([[1, 1, 1, 1, 0, 0, 0, 0]], bool))
    found = layer.familiarity(np.array([[1, 1, 0, 0, 1, 1, 0, 0]], bool))
    assert found[0, 0] == pytest.approx(0.5**0.5, rel=1e-6)


def test_inputs_break_ties_by_their_words_and_places():
    """Ties of two inputs are independent even where words are the same but for place or factor."""
    from assocmem.sdr.kernels.layer import seed_by_input

    inputs = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [2, 0, 0], [6, 0, 0], [1, 1, 0]], np.uint64)
    states = np.empty((len(inputs), 1, 4), np.uint64)
    for words, state in zip(inputs, states, strict=True):
        seed_by_input(words, np.uint64(7), state)
    assert len(np.unique(states)) == states.size


def test_sliced_macs_draw_by_supports_to_a_power():
    """With lambda_u = 2 an input that shares half of its features has V = 1/4.

    The number of modules that give it the old winner is within 5 standard deviations, which chance
    leaves once in 10^6 times.
    """
    mac = Mac(4000, 4, Selection(g_minus=0.05, gamma=0.5, sigma_3=0.3, lambda_u=2.0))
    memory = SlicedMac(mac, 40, seed=2)
    inputs = np.array([[0b1111], [0b110011]], np.uint64)
    codes, g = memory.learn(inputs)
    assert g.tolist() == [0.0, 0.25]
    s = mac.selection
    eta = 1.0 + ((0.25 - 0.05) / 0.95) ** 0.5 * s.chi * 4
    psi = 1.0 + (eta - 1.0) / (1.0 + np.exp(-s.sigma_2 * (np.array([0.25, 0.0]) - s.sigma_3)))
    rho = psi[0] / (psi[0] + 3.0 * psi[1])
    assert 0.35 < rho < 0.95
    same = (codes[0] == codes[1]).mean()
    assert abs(same - rho) < 5.0 * (rho * (1.0 - rho) / 4000) ** 0.5


@pytest.mark.parametrize("rule", [{"novelty": 0.5}, {"freeze": 0.1}])
def test_sliced_macs_stop_at_the_very_point(rule):
    """At G = ``novelty``, or just ``freeze`` of all weights set, nothing is learned."""
    memory = SlicedMac(Mac(6, 5, **rule), 8)
    memory.learn(np.array([[0b1111]], np.uint64))  # sets 24 of 240 weights
    assert memory.n_set == 24
    _, g = memory.learn(np.array([[0b111100]], np.uint64))
    assert g.tolist() == [0.5]
    assert memory.n_set == 24


@pytest.mark.parametrize("kind", [SlicedMac, UnitMac])
def test_familiarity_where_one_module_may_win(kind):
    """G is the mean over all modules, of which those without any unit to win give 0."""
    memory = kind(Mac(4, 8), 20)
    codes, _ = memory.learn(np.array([[0b111]], np.uint64))
    found, g = memory.select(np.array([[0b111]], np.uint64), np.arange(8))
    assert found.tolist() == [[codes[0, 0], -1, -1, -1]]
    assert g.tolist() == [0.25]


def test_familiarity_of_what_is_wholly_known_is_not_below_one():
    """49 times 1/49 is less than 1 in doubles: it is not to be learned again at ``novelty`` 1."""
    assert 49.0 * (1.0 / 49.0) < 1.0
    layer = Layer(Mac(3, 4, novelty=1.0), Tiling((1, 60), (1, 60)))
    layer.learn(np.tile(np.arange(60) < 49, (2, 1)))
    assert layer.n_learned.tolist() == [1]


def test_only_rounding_ties():
    """Supports that differ by 1e-9 are told apart, and by 1e-14 not."""
    from assocmem.sdr._seeds import state
    from assocmem.sdr.kernels.mac import best_code

    single, winners = state(np.random.default_rng(0)), np.empty(400, np.int32)
    best_code(np.tile([1.0 - 1e-9, 1.0], 400), 400, 2, single, 0, winners)
    assert winners.tolist() == [1] * 400
    best_code(np.tile([1.0 - 1e-14, 1.0], 400), 400, 2, single, 0, winners)
    assert 0 < winners.sum() < 400
