"""Capacity and bits in a weight of a mac against lists of all outcomes, exact series, limits."""

import itertools
import math
from dataclasses import replace
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from sparsey_listed import listed_recall, sets, stored

from assocmem.sdr import Drop, Kill, Replace, Swap
from assocmem.sdr.sparsey import Mac, Permanence, Selection, StoredItems
from assocmem.theory.sparsey import (
    LIMIT,
    best_size,
    bits_per_weight,
    capacity,
    capacity_limit,
    limit_bits,
    limit_recalled,
    load,
    most_bits,
    recalled,
    spurious,
    winner_bits,
)

UNIFORM = Selection(chi=0.0)


@pytest.mark.parametrize(
    ("sizes", "noise", "cue", "level"),
    [
        ((20, 5, 3), Drop(), (5, 5), Fraction(9, 10)),
        ((20, 5, 3), Drop(2), (3, 3), Fraction(3, 4)),
        ((12, 4, 4), Replace(1), (3, 4), Fraction(3, 5)),
    ],
)
def test_capacity_is_that_of_exact_series(sizes, noise, cue, level):
    n, a, k = sizes
    found = capacity(StoredItems(Mac(2, k, UNIFORM), n, a, 1, noise), float(level))
    at = listed_recall(n, a, k, found.n_items, *cue)
    beyond = listed_recall(n, a, k, found.n_items + 1, *cue)
    assert at >= level > beyond
    assert found.recalled == pytest.approx(float(at), abs=1e-13)
    assert found.beyond == pytest.approx(float(beyond), abs=1e-13)
    assert found.load == pytest.approx(1.0 - (1.0 - a / n / k) ** found.n_items, abs=1e-13)


def test_capacity_at_its_edges():
    mac = Mac(2, 4, UNIFORM)
    model = StoredItems(mac, 30, 5, 17)
    assert capacity(model, 1.0).n_items == 1  # two items may already be confused
    assert capacity(model, 0.25001).load > 0.9999  # just above a choice at random
    # A cue without a feature recalls nothing, one with a single feature is as good as all at S = 1.
    assert capacity(replace(model, noise=Drop(5)), 0.9).n_items == 0
    assert capacity(replace(model, noise=Drop(4)), 0.9).n_items >= 1
    for level in (0.25, 1.1):
        with pytest.raises(ValueError, match="level"):
            capacity(model, level)
    limited = Mac(2, 4, UNIFORM, permanence=Permanence(3))
    with pytest.raises(ValueError, match="permanence"):
        capacity(StoredItems(limited, 30, 5, 1), 0.9)


@pytest.mark.parametrize("noise", [Drop(), Drop(4), Replace(3), Swap(1)])
def test_capacity_nears_its_limit_as_features_grow(noise):
    """What the limit leaves out falls like 1/n, tenfold with tenfold n: the limit is too large."""
    gaps = []
    for n in (2000, 20000, 200000):
        model = StoredItems(Mac(3, 12, UNIFORM), n, 12, 1, noise)
        load_at, items = capacity_limit(model, 0.9)
        assert limit_recalled(model, load_at) == pytest.approx(0.9, abs=1e-12)
        found = capacity(model, 0.9)
        assert found.n_items < items
        gaps.append(1.0 - found.n_items / items)
        assert found.load == pytest.approx(load_at, rel=40.0 / n + 0.02)
    assert gaps[0] < 0.1
    assert 5.0 < gaps[0] / gaps[1] < 15.0
    # The last one is rounded to whole items, some 1e-5 of them.
    assert gaps[2] < 0.2 * gaps[1] + 2e-5


def test_capacity_scales_with_weights_and_not_with_modules():
    base = StoredItems(Mac(2, 20, UNIFORM), 5000, 8, 1)
    held = capacity(base).n_items
    assert capacity(replace(base, mac=Mac(50, 20, UNIFORM))).n_items == held
    assert capacity(replace(base, n_features=10000)).n_items / held == pytest.approx(2.0, rel=0.01)
    # By the closed form for rare errors, which is the limit of the exact law of ties.
    for k in (20, 200, 2000):
        model = replace(base, mac=Mac(2, k, UNIFORM), n_features=10**6)
        p, items = capacity_limit(model, 0.99)
        q = p**8
        assert (1.0 - (1.0 - q) ** k) / (k * q) == pytest.approx(0.99, abs=1e-9)
        near = -math.log(1.0 - (0.02 / (k - 1)) ** (1 / 8)) * 10**6 * k / 8
        assert items == pytest.approx(near, rel=0.01)
    # K to the power 1 - 1/a or so, at large K.
    sizes = [capacity_limit(replace(base, mac=Mac(2, k, UNIFORM)))[1] for k in (10**4, 10**6)]
    assert math.log(sizes[1] / sizes[0]) / math.log(100.0) == pytest.approx(7 / 8, abs=0.04)


def test_limit_recall_is_a_sum_over_binomials():
    model = StoredItems(Mac(1, 3, UNIFORM), 10**6, 6, 1, Replace(2))
    p = Fraction(2, 5)
    own = [Fraction(0)] * 4 + [comb(2, j) * p**j * (1 - p) ** (2 - j) for j in range(3)]
    other = [comb(6, j) * p**j * (1 - p) ** (6 - j) for j in range(7)]
    total = Fraction(0)
    for x, y, z in itertools.product(range(7), repeat=3):
        if x >= max(y, z):
            total += own[x] * other[y] * other[z] / (1 + (x == y) + (x == z))
    assert limit_recalled(model, 0.4) == pytest.approx(float(total), abs=1e-14)
    for rest, name in [({"cap": 1.0}, "cap"), ({"nu": 1.0}, "nu"), ({"expected": 3}, "expected")]:
        with pytest.raises(ValueError, match=name):
            limit_recalled(replace(model, mac=Mac(1, 3, UNIFORM, **rest)), 0.4)
    with pytest.raises(ValueError, match="Kill"):
        capacity_limit(replace(model, noise=Kill(3)))
    with pytest.raises(ValueError, match="level"):
        capacity_limit(replace(model, noise=Drop(6)))


def test_spurious_features_are_those_of_a_full_list():
    """Two modules, so that items which share both winners count."""
    for n, a, k, s in [(4, 2, 2, 3), (3, 1, 3, 3), (5, 2, 2, 2)]:
        every = sets(range(n), a)
        item = frozenset(range(a))
        total = Fraction(0)
        count = 0
        for others in itertools.product(every, repeat=s - 1):
            for code in itertools.product(range(k), repeat=2 * (s - 1)):
                kept = []
                for q in range(2):  # the item's own winner is unit 0 of both
                    shared = [x for j, x in enumerate(others) if code[2 * j + q] == 0]
                    kept.append(item.union(*shared))
                total += Fraction(len((kept[0] & kept[1]) - item), n - a)
                count += 1
        model = StoredItems(Mac(2, k, UNIFORM), n, a, s)
        rate = float(total / count)
        assert spurious(model) == pytest.approx(rate, abs=1e-14)
        # Information by the four chances of a feature and of what is recalled of it.
        share = a / n
        joint = np.array([[share, 0.0], [(1 - share) * rate, (1 - share) * (1 - rate)]])
        rows, columns = joint.sum(axis=1), joint.sum(axis=0)
        bits = sum(
            joint[i, j] * math.log2(joint[i, j] / rows[i] / columns[j])
            for i in range(2)
            for j in range(2)
            if joint[i, j]
        )
        found = bits_per_weight(model, "input")
        assert found == pytest.approx(s * n * bits / (n * 2 * k), rel=1e-12)


def test_bits_of_winners_are_those_of_the_joint_law():
    for k, right in [(2, 0.7), (5, 0.2), (5, 1.0), (8, 0.0), (3, 0.95)]:
        joint = np.full((k, k), (1 - right) / (k - 1) / k)
        np.fill_diagonal(joint, right / k)
        rest = joint[joint > 0.0]
        wanted = (rest * np.log2(rest * k * k)).sum()
        assert winner_bits(right, k) == pytest.approx(wanted, abs=1e-14)
    model = StoredItems(Mac(4, 3, UNIFORM), 4, 2, 3)
    exact = float(stored(4, 2, 3, 3)["recalled"])
    assert bits_per_weight(model) == pytest.approx(3 * winner_bits(exact, 3) / 12, rel=1e-12)
    assert bits_per_weight(model, n_items=[1, 3])[1] == bits_per_weight(model)
    assert bits_per_weight(model, "code", 1) == pytest.approx(math.log2(3) / 12)


def test_most_bits_and_best_size_are_those_of_a_search_of_all():
    for mac, n, direction, sizes, most, error in [
        (Mac(6, 9, UNIFORM), 30, "code", range(1, 8), 100, None),
        (Mac(6, 9, UNIFORM), 30, "code", range(1, 8), 100, 0.05),
        (Mac(6, 15, UNIFORM), 60, "input", range(1, 40), 200, 0.1),
    ]:
        table = {}
        for a in sizes:
            items = np.arange(1, most)
            model = StoredItems(mac, n, a, 1)
            bits = bits_per_weight(model, direction, items)
            if error is not None and direction == "code":
                bits[recalled(model, items) < 1.0 - error] = -1.0
            elif error is not None:
                bits[spurious(model, items) * (n - a) > error * a] = -1.0
            table[a] = int(items[bits.argmax()]), bits.max()
        best = max(table, key=lambda a: table[a][1])
        found = best_size(StoredItems(mac, n, 1, 1), direction, error=error)
        assert (found.size, found.n_items) == (best, table[best][0])
        assert sizes[0] < best < sizes[-1] and table[best][0] < most - 1
        assert found.bits == pytest.approx(table[best][1], rel=1e-12)
        at = most_bits(StoredItems(mac, n, 5, 1), direction, error=error)
        assert (at.n_items, at.bits) == (table[5][0], pytest.approx(table[5][1], rel=1e-12))
        assert at.load == load(StoredItems(mac, n, 5, at.n_items))


def densest(direction, choices, active):
    return max(limit_bits(direction, choices, active, p) for p in np.linspace(0.2, 0.8, 601))


def test_bits_near_the_limit_of_willshaw():
    """Both ways tend to ln 2, from below, at load 1/2 and codes of logarithmic size."""
    for direction in ("code", "input"):
        best = []
        for log2 in (8, 30, 120, 900):
            near = range(max(1, log2 - 8), log2 + 12)
            best.append(max(densest(direction, 2.0**log2, a) for a in near))
        assert best == sorted(best)
        assert 0.97 * LIMIT < best[-1] < LIMIT
        at = max(np.linspace(0.2, 0.8, 601), key=lambda p: limit_bits(direction, 2.0**900, 905, p))
        assert at == pytest.approx(0.5, abs=0.01)
    # Few modules do, where spurious features may outnumber the item's.
    assert limit_bits("input", 2.0**900, 3, 0.5) == pytest.approx(LIMIT, rel=1e-12)


def test_bits_of_large_macs_are_those_of_their_limit():
    model = StoredItems(Mac(4, 64, UNIFORM), 10**6, 8, 400_000)
    wanted = limit_bits("code", 64, 8, float(load(model)))
    assert bits_per_weight(model) == pytest.approx(wanted, rel=2e-3)
    model = StoredItems(Mac(8, 10**5, UNIFORM), 2560, 10, 10**7)
    wanted = limit_bits("input", 256, 8, float(load(model)))
    assert bits_per_weight(model, "input") == pytest.approx(wanted, rel=2e-3)


def test_what_bits_refuse():
    model = StoredItems(Mac(4, 3, UNIFORM), 40, 5, 3)
    with pytest.raises(ValueError, match="direction"):
        bits_per_weight(model, "both")
    with pytest.raises(ValueError, match="cap"):
        spurious(replace(model, mac=Mac(4, 3, UNIFORM, cap=1.0)))
    with pytest.raises(ValueError, match="chi"):
        spurious(replace(model, mac=Mac(4, 3)))
    with pytest.raises(ValueError, match="load"):
        limit_bits("code", 4, 2, 1.0)
    with pytest.raises(ValueError, match="right"):
        winner_bits(1.5, 2)
    whole = StoredItems(Mac(4, 3, UNIFORM), 5, 5, 3)  # one input only, which all units hold
    assert spurious(whole) == 0.0
    assert bits_per_weight(whole, "input") == 0.0
    assert recalled(whole, 2) == pytest.approx(1 - 2 / 3 / 2)
