"""Trials of stored items against lists of all outcomes and closed forms derived by hand.

Statistical tests have fixed seeds; each number is off by more than its tolerance with probability
1e-6, by Student's t and Hall's correction of it for skewness (`assocmem.trials.judge`).
"""

import math
from itertools import combinations
from math import comb

import numpy as np
import plain_stored
import pytest
from scipy import stats

from assocmem.estimates import Counted
from assocmem.sdr import Drop, Kill, Replace, Swap
from assocmem.sdr._seeds import state
from assocmem.sdr.kernels.draws import mark_words
from assocmem.sdr.kernels.mac_trials import similar
from assocmem.sdr.sparsey import CodeOverlap, Mac, Permanence, Selection, StoredItems
from assocmem.sdr.sparsey.trials import _estimate, _recalls, simulate
from assocmem.trials import judge

ALARM = 1e-6


def agrees(model, expected, *, trials=20_000, seed=1):
    found = simulate(model, trials=trials, seed=seed, workers=2)
    assert set(found) == set(expected)
    for name, value in expected.items():
        claim = judge(model, name, value, found[name], ALARM)
        assert claim.verdict == "agrees", claim
    return found


def test_one_item_without_noise_comes_back():
    found = simulate(StoredItems(Mac(5, 3), 40, 6, 1), trials=50, seed=0)
    assert (found["recalled"].successes, found["recalled"].trials) == (50, 50)
    assert np.all(found["crosstalk"].values == 0.0)
    # One unit in three of each module has six weights of forty set.
    assert np.allclose(found["load"].values, 6 / 40 / 3, rtol=1e-15)


@pytest.mark.parametrize(
    ("noise", "recalled"),
    [
        (Drop(5), 1.0),  # one feature left, and it is of the item
        (Drop(6), 0.0),  # nothing left: the mac is inactive
        (Replace(5), 1.0),
        (Replace(6), 1 / 4),  # four units tie at 0
        (Swap(6), 1.0 - comb(8, 6) / comb(14, 6) * (1.0 - 1 / 4)),  # none of the item's comes back
        (Kill(13), 1.0 - comb(8, 7) / comb(14, 13)),  # one survives: chance to be of the item 6/14
    ],
)
def test_one_item_with_noise(noise, recalled):
    model = StoredItems(Mac(3, 4), 14, 6, 1, noise)
    agrees(model, {"load": 6 / 14 / 4, "crosstalk": 0.0, "recalled": recalled})


def test_rare_events_are_counted():
    """Where all but a few macs have the same value, their spread says nothing."""
    silent = comb(37, 1) / comb(40, 4)  # Kill: all three features are among the four dead cells
    model = StoredItems(Mac(3, 4), 40, 3, 1, Kill(4))
    found = simulate(model, trials=20_000, seed=5, workers=2)["recalled"]
    assert isinstance(found, Counted)
    # Poisson of mean 8: outside 0..26 with probability 3e-7.
    assert silent * 20_000 == pytest.approx(8.1, abs=0.05)
    assert found.trials - found.successes <= 26
    values = np.repeat([1.0, 0.1], (19_975, 25))
    few = _estimate(values, np.random.default_rng(1))
    # Of 25 that hit with chance 0.1 each, more than 13 do so with probability 2e-8.
    assert few.trials == 20_000 and 19_975 <= few.successes <= 19_975 + 13
    few = simulate(CodeOverlap(Mac(1, 1000), 500, 5, 5, 2), trials=200, seed=5)["familiarity"]
    assert isinstance(few, Counted) and few.successes == 200


@pytest.mark.parametrize("common", range(4))
def test_similar_inputs_are_uniform(common):
    """All sets of 3 of 8 features with so many common ones equally often: chi-squared, 1e-7."""
    first, rng = np.array([1, 2, 6], np.int32), np.random.default_rng(common)
    single, marks = state(rng), np.zeros(mark_words(8), np.uint64)
    chosen, kept, out = np.empty((3, 3), np.int32)
    counts = {}
    for _ in range(6000):
        similar(single, first, 8, common, marks, chosen, kept, out)
        counts[tuple(out)] = counts.get(tuple(out), 0) + 1
    sets = [s for s in combinations(range(8), 3) if len({1, 2, 6} & set(s)) == common]
    assert set(counts) == set(sets)
    assert len(sets) == 1 or stats.chisquare(list(counts.values())).pvalue > 1e-7


def test_load_of_uniform_codes():
    """Without expansivity a store sets each weight with chance a/(n K), independently."""
    n, a, units, items = 70, 9, 4, 60
    found = simulate(
        StoredItems(Mac(6, units, Selection(chi=0.0)), n, a, items), trials=2000, seed=4, workers=2
    )
    claim = judge(None, "load", 1.0 - (1.0 - a / n / units) ** items, found["load"], ALARM)
    assert claim.verdict == "agrees"
    assert claim.error < 2e-3 * claim.predicted


def test_all_items_are_as_likely_to_be_recalled():
    """Of 40 items the last alone is still there, in its own code; others fall to it by chance.

    An item of before wins its own unit with chance 1/K, be it by the features that it shares with
    the last or by lot; it finds a n/K of its weights, as Q (1 - 1/K) of Q (K - 1) units are full.
    """
    mac = Mac(3, 4, Selection(chi=0.0), permanence=Permanence(1))
    old = 39 / 40
    expected = {"load": 0.1 / 4, "crosstalk": old * 0.1 / 4, "recalled": 1 / 40 + old / 4}
    agrees(StoredItems(mac, 30, 3, 40), expected, trials=10_000)


@pytest.mark.parametrize(
    ("model", "load"),
    [
        (StoredItems(Mac(3, 4), 14, 6, 1, Replace(6)), 6 / 14 / 4),
        (StoredItems(Mac(3, 4, Selection(chi=0.0), permanence=Permanence(1)), 30, 3, 40), 0.1 / 4),
        (StoredItems(Mac(1, 3, permanence=Permanence(1)), 4, 2, 3), 2 / 4 / 3),
    ],
)
def test_loads_that_are_the_same_in_all_macs(model, load):
    """Estimates may count draws of them, which says less: here the load of each mac, exactly."""
    out = np.empty((20, 3))
    _recalls(1, model, state(np.random.default_rng(6)), out)
    np.testing.assert_allclose(out[:, 0], load, rtol=1e-12)


def test_uniform_codes_are_at_chance():
    """chi = 0: codes share 1/K of their winners, and G is the common part of one item."""
    model = CodeOverlap(Mac(7, 5, Selection(chi=0.0)), 50, 10, 7)
    found = agrees(model, {"intersection": 1 / 5, "familiarity": 0.7})
    # Modules are independent, so that the variance is known too: 24,000 of chi-squared, 6 sigma.
    variance = found["intersection"].values.var(ddof=1)
    assert variance == pytest.approx(4 / 25 / 7, rel=6.0 * math.sqrt(2.5 / 20_000))


@pytest.mark.parametrize("common", [0, 4, 8, 10])
def test_one_item_learned(common):
    """K - 1 units have V = 0 and one common/a: rho in closed form."""
    s = Selection(g_minus=0.2, gamma=1.5, chi=3.0, sigma_1=2.0, sigma_2=7.0, sigma_3=0.6,
                  sigma_4=0.8)  # fmt: skip
    units, g = 6, common / 10
    eta = 1.0 + max(0.0, (g - 0.2) / 0.8) ** 1.5 * 3.0 * units
    high, low = (
        1.0 + (eta - 1.0) / (1.0 + 2.0 * math.exp(-7.0 * (v - 0.6))) ** 0.8 for v in (g, 0.0)
    )
    expected = {"intersection": high / (high + (units - 1) * low), "familiarity": g}
    agrees(CodeOverlap(Mac(4, units, s), 40, 10, common), expected)


SOFT = Selection(g_minus=0.05, gamma=0.7, chi=2.0, sigma_2=4.0, sigma_3=0.4, v_zeta=0.6)
MACS = {
    "plain": Mac(2, 2, SOFT),
    "normalised": Mac(2, 2, SOFT, nu=0.5),
    "expected": Mac(1, 3, SOFT, expected=1, nu=1.0),
    "cap": Mac(1, 2, SOFT, cap=1.4),
    "freeze": Mac(1, 2, SOFT, freeze=0.45),
    "novelty": Mac(1, 3, SOFT, novelty=0.6),
    "fading": Mac(1, 3, SOFT, permanence=Permanence(1)),
    "rising": Mac(1, 2, SOFT, permanence=Permanence(2, growth=1.5, ranks=1)),
    "recruit": Mac(1, 2, SOFT, cap=1.0, novelty=0.6, recruit=0.7),
    "squared": Mac(1, 3, Selection(chi=4.0, lambda_u=2.0, sigma_2=3.0)),
}


@pytest.mark.parametrize("name", MACS)
def test_overlap_is_exact_for_tiny_macs(name):
    model = CodeOverlap(MACS[name], 4, 2, 1, n_items=3)
    agrees(model, plain_stored.overlap(model), seed=sum(map(ord, name)))


NOISES = [Drop(1), Replace(1), Swap(2), Kill(2)]
PAIRS = [("plain", noise) for noise in NOISES]
PAIRS += [(name, NOISES[k % 4]) for k, name in enumerate(MACS) if k]


@pytest.mark.parametrize(("name", "noise"), PAIRS, ids=str)
def test_recall_is_exact_for_tiny_macs(name, noise):
    model = StoredItems(MACS[name], 4, 2, 3, noise)
    agrees(model, plain_stored.stored(model), seed=sum(map(ord, name)))


def test_bounds_of_activity_hold_in_recall():
    """A cue outside of them finds no code: Kill leaves 2 of 3 with chance 3/5, which is too few."""
    mac = Mac(2, 2, pi_minus=3)
    kept = comb(2, 1) / comb(5, 1)
    agrees(StoredItems(mac, 5, 3, 1, Kill(1)),
           {"load": 3 / 5 / 2, "crosstalk": 0.0, "recalled": kept})  # fmt: skip


@pytest.mark.parametrize(
    "model",
    [
        CodeOverlap(Mac(40, 5, nu=0.5), 60, 8, 5, n_items=7),
        StoredItems(Mac(4, 5, permanence=Permanence(9)), 60, 8, 40, Replace(2)),
    ],
    ids=("overlap", "stored"),
)
def test_numbers_depend_on_the_seed_alone(model):
    each = 40 if isinstance(model, StoredItems) else 1  # all items are recalled from each mac
    first = simulate(model, trials=150 * each, seed=3, workers=1)
    again = simulate(model, trials=150 * each, seed=3, workers=3)
    other = simulate(model, trials=150 * each, seed=4)
    fewer = simulate(model, trials=117 * each, seed=3)
    for name, found in first.items():
        assert found.values.shape == (150,)
        assert np.array_equal(found.values, again[name].values)
        assert not np.array_equal(found.values, other[name].values)
        assert np.array_equal(found.values[:117], fewer[name].values)


def test_trials_are_items_recalled():
    model = StoredItems(Mac(4, 5), 60, 8, 500, Replace(2))
    for trials, macs in ((2, 2), (50, 50), (1000, 100), (20_000, 200)):
        assert simulate(model, trials=trials, seed=0)["load"].values.shape == (macs,)


def test_misuse():
    model = StoredItems(Mac(4, 5), 60, 8, 4)
    with pytest.raises(TypeError, match="model must be a CodeOverlap, StoredItems or ReadItems"):
        simulate(Mac(4, 5), trials=10, seed=0)
    for name, bad in (("trials", 1), ("seed", -1), ("workers", 0)):
        with pytest.raises(ValueError, match=name):
            simulate(model, **{"trials": 10, "seed": 0, "workers": 1, name: bad})
    with pytest.raises(TypeError, match="trials"):
        simulate(model, trials=1.5, seed=0)
    for mac in (Mac(2, 2, pi_minus=9), Mac(2, 2, pi_plus=7)):
        for refused in (StoredItems(mac, 60, 8, 4), CodeOverlap(mac, 60, 8, 4)):
            with pytest.raises(ValueError, match="size"):
                simulate(refused, trials=10, seed=0)
