"""Theory of a mac audited: random tiny macs by lists of all outcomes, closed forms, extremes."""

import itertools
import random
import warnings
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from math import comb

import mpmath
import numpy as np
import pytest

from assocmem.sdr import Drop, Kill, Replace, Swap
from assocmem.sdr.sparsey import CodeOverlap, Mac, Selection, StoredItems
from assocmem.theory.sparsey import (
    LIMIT,
    best_size,
    bits_per_weight,
    capacity,
    capacity_limit,
    chance_intersection,
    chances,
    departure_bound,
    expansivity,
    familiarity,
    field_capacity,
    hypotheses,
    intersection,
    intersection_approximate,
    limit_bits,
    limit_recalled,
    load,
    mean_familiarity,
    mean_field,
    most_bits,
    predict,
    recalled,
    relative_chance,
    similarity_for,
    spurious,
    stores_for_load,
    support,
    winner_bits,
)

UNIFORM = Selection(chi=0.0)


def parts(cells, size):
    return [frozenset(chosen) for chosen in itertools.combinations(sorted(cells), size)]


def cues(n, item, noise):
    """Cues of an item with their chances."""
    out = Counter()
    if isinstance(noise, Kill):
        every = [item - dead for dead in parts(range(n), noise.cells)]
    elif isinstance(noise, Drop):
        every = parts(item, len(item) - noise.bits)
    else:
        every = []
        for kept in parts(item, len(item) - noise.bits):
            free = set(range(n)) - (item if isinstance(noise, Replace) else kept)
            every += [kept | more for more in parts(free, noise.bits)]
    for cue in every:
        out[cue] += Fraction(1, len(every))
    return out


class Listed:
    """One module of a mac: all histories of uniform codes, the first input and code being fixed."""

    def __init__(self, mac, n, a):
        self.mac, self.n, self.a = mac, n, a

    def pi(self, x):
        return self.mac.expected or len(x)

    def rank(self, held, x):
        """V^(2/lambda_u), exact."""
        u, w, pi = len(held & x), len(held), self.pi(x)
        value = min(Fraction(1), Fraction(u, pi)) ** 2
        return value * Fraction(pi, w) ** round(2 * self.mac.nu) if w > pi else value

    def support(self, held, x):
        power = self.mac.selection.lambda_u
        return float(self.rank(held, x)) ** (power / 2) if power else 1.0

    def histories(self, items):
        """Items, codes, and what each unit holds before each and at the end."""
        every, k = parts(range(self.n), self.a), self.mac.n_units
        first = frozenset(range(self.a))
        for rest in itertools.product(every, repeat=items - 1):
            for code in itertools.product(range(k), repeat=items - 1):
                held, seen = [frozenset()] * k, []
                for x, unit in zip((first, *rest), (0, *code), strict=True):
                    seen.append(list(held))
                    if self.mac.cap is None or len(held[unit]) < self.mac.cap * self.pi(x):
                        held[unit] = held[unit] | x
                yield (first, *rest), (0, *code), [*seen, held]

    def stored(self, items, noise):
        total, count = Counter(), 0
        for xs, code, seen in self.histories(items):
            count += items
            held = seen[-1]
            total["load"] += items * Fraction(sum(map(len, held)), self.n * len(held))
            for x, unit in zip(xs, code, strict=True):
                for cue, weight in cues(self.n, x, noise).items():
                    rest = sum(len(h & cue) for i, h in enumerate(held) if i != unit)
                    total["crosstalk"] += weight * Fraction(rest, self.a * (len(held) - 1))
                    bounds = self.mac.pi_minus, self.mac.pi_plus or self.n
                    if bounds[0] <= len(cue) <= bounds[1]:
                        ranks = [self.rank(h, cue) for h in held]
                        if self.mac.selection.lambda_u == 0.0:
                            ranks = [0] * len(held)
                        best = ranks[unit] == max(ranks)
                        total["recalled"] += weight * best / ranks.count(max(ranks))
        return {name: float(total[name] / count) for name in ("load", "crosstalk", "recalled")}

    def familiarity(self, items, common):
        total, count = 0.0, 0
        for xs, _, seen in self.histories(items):
            rest = set(range(self.n)) - xs[0]
            for kept in parts(xs[0], common):
                for more in parts(rest, self.a - common):
                    total += max(self.support(h, kept | more) for h in seen[-1])
                    count += 1
        return total / count

    def ever_above(self, items, low):
        """P[G of some input as it comes to be learned is above ``low``], for one module."""
        found = [
            any(
                max(self.support(h, x) for h in held) > low + 1e-12
                for x, held in zip(xs, seen, strict=False)
            )
            for xs, _, seen in self.histories(items)
        ]
        return sum(found) / len(found)


def draw(rng):
    """Sizes of a small system and rules."""
    while True:
        n, k, items = rng.randint(2, 6), rng.choice([2, 3, 4]), rng.randint(1, 4)
        a = rng.randint(1, n)
        if (comb(n, a) * k) ** (items - 1) <= 500:
            break
    rest = {
        "expected": rng.choice([None, 1, 2, 4, 7]),
        "nu": rng.choice([0, 0, 0.5, 1, 2]),
        "cap": rng.choice([None, None, 0.3, 1.0, 1.5, 4.0]),
        "pi_minus": rng.choice([1, 1, 2]),
    }
    power = rng.choice([0.0, 0.5, 1.0, 2.0])
    return n, a, k, items, Mac(2, k, Selection(chi=0.0, lambda_u=power), **rest)


def test_random_tiny_macs_by_lists_of_all_outcomes():
    rng = random.Random(11)
    counts = Counter()
    while min(counts["stored"], counts["overlap"]) < 25:
        n, a, k, items, mac = draw(rng)
        listed = Listed(mac, n, a)
        noise = rng.choice([Drop, Replace, Swap, Kill])
        most = {Drop: a, Replace: min(a, n - a), Swap: a, Kill: n}[noise]
        model = StoredItems(mac, n, a, items, noise(rng.randint(0, most)))
        common = rng.randint(max(0, 2 * a - n), a)
        other = CodeOverlap(mac, n, a, common, items)
        try:
            found, seen = predict(model), predict(other)
        except ValueError:
            counts["refused"] += 1
            continue
        if counts["stored"] < 25:
            assert found == pytest.approx(listed.stored(items, model.noise), abs=1e-12), model
            counts["stored"] += 1
        else:
            wanted = listed.familiarity(items, common)
            assert seen["familiarity"] == pytest.approx(wanted, abs=1e-12), other
            assert seen["intersection"] == pytest.approx(1.0 / k, abs=1e-15)
            counts["overlap"] += 1
    assert counts["refused"] < 100


@pytest.mark.parametrize(
    ("sizes", "tolerance"),
    [
        ((10, 3, 2, 50), 1e-13),
        ((50, 12, 1000, 200_000), 1e-12),
        ((3, 1, 10**4, 10**6), 1e-12),
        ((98715, 2, 2**20, 2), 1e-11),
        ((10, 10, 2**20, 5), 1e-11),
        ((1000, 10, 2**20, 10**6), 1e-11),
    ],
)
def test_recall_from_one_feature_is_a_sum_over_units(sizes, tolerance):
    """R = E[1/(1 + D)], D of the others having the feature: (1/K) sum_j (1 - a j/(n K))^(S-1).

    For E[s^D] is the chance that all items with the feature fall to units marked, each with chance
    s, or to the item's own; and the integral over s of the chance of j marked is 1/K for any j.
    """
    n, a, k, items = sizes
    share = a / n * np.arange(k) / k
    wanted = np.exp((items - 1) * np.log1p(-share)).mean()
    found = recalled(StoredItems(Mac(3, k, UNIFORM), n, a, items, Drop(a - 1)))
    assert found == pytest.approx(wanted, abs=tolerance)


def test_first_input_that_is_familiar_at_once_is_no_matter_of_course():
    """At lambda_u = 0 G is 1 from the start, and a gate of novelty keeps the mac empty."""
    mac = Mac(2, 3, Selection(lambda_u=0.0), novelty=0.5)
    with pytest.raises(ValueError, match="novelty"):
        predict(StoredItems(mac, 6, 2, 1))
    assert mean_field(StoredItems(mac, 6, 2, 1)).values["load"] == 0.0
    assert predict(StoredItems(replace(mac, novelty=1.01), 6, 2, 1))["load"] == 2 / 6 / 3


def test_departure_bound_with_supports_that_fall_as_units_fill():
    rng, tried = random.Random(5), 0
    for n, a, k, items, nu, low in itertools.product(
        (3, 4), (1, 2), (2,), (2, 3, 4), (0.5, 2, 5), (0.1, 0.6)
    ):
        if (comb(n, a) * k) ** (items - 1) > 2000 or rng.random() < 0.3:
            continue
        mac = Mac(1, k, Selection(g_minus=low), nu=nu)
        bound = departure_bound(StoredItems(mac, n, a, items))
        assert bound >= Listed(mac, n, a).ever_above(items, low) - 1e-12
        tried += 1
    assert tried > 20
    # All units hold everything in the end, and V is 2^-5; but the second input may be the first.
    mac = Mac(1, 2, Selection(g_minus=0.5), nu=5.0)
    assert departure_bound(StoredItems(mac, 4, 2, 300)) >= 1 / 12


def test_modules_that_recruit_are_refused_by_the_mean_field_too():
    mac = Mac(10, 5, novelty=0.5, cap=1.0, recruit=0.5)
    for model in (StoredItems(mac, 100, 10, 30), CodeOverlap(mac, 100, 10, 3, 30)):
        with pytest.raises(ValueError, match=r"recruit.*0\.5"):
            mean_field(model)
        with pytest.raises(ValueError, match="recruit"):
            predict(model, approximate=True)
    with pytest.raises(ValueError, match="recruit"):
        field_capacity(StoredItems(mac, 100, 10, 1))


def test_silent_macs_tell_nothing():
    mac = Mac(2, 5, UNIFORM, pi_minus=8)
    for model in (StoredItems(mac, 100, 10, 30, Drop(5)), StoredItems(mac, 100, 10, 30, Kill(100))):
        assert bits_per_weight(model) == 0.0
        assert most_bits(model).bits == 0.0
        assert predict(model)["recalled"] == 0.0
    assert limit_recalled(StoredItems(mac, 100, 10, 1, Drop(5)), 0.3) == 0.0
    assert limit_recalled(StoredItems(mac, 100, 10, 1, Drop(2)), 0.3) > 0.9
    # Cues that are silent now and then: what is right when there is a winner, that often.
    model = StoredItems(mac, 100, 10, 30, Kill(15))
    lost = [comb(10, d) * comb(90, 15 - d) / comb(100, 15) for d in range(3)]
    awake, right = sum(lost), recalled(model)
    wanted = 30 / (100 * 5) * awake * winner_bits(right / awake, 5)
    assert 0.5 < awake < 0.9
    assert bits_per_weight(model) == pytest.approx(wanted, rel=1e-12)


def test_limit_is_of_uniform_codes():
    for rest, name in [({"selection": Selection()}, "chi"), ({"pi_minus": 11}, "pi_minus")]:
        model = StoredItems(Mac(2, 5, **{"selection": UNIFORM, **rest}), 100, 10, 1)
        for asked in (limit_recalled, stores_for_load):
            with pytest.raises(ValueError, match=name):
                asked(model, 0.3)
        with pytest.raises(ValueError, match=name):
            capacity_limit(model)
    with pytest.raises(ValueError, match="novelty"):
        stores_for_load(StoredItems(Mac(2, 5, UNIFORM, novelty=0.5), 100, 10, 1), 0.5)
    assert stores_for_load(StoredItems(Mac(2, 5), 100, 10, 1), 0.0) == 0.0


def test_bits_of_features_of_a_tiny_share():
    """In 900 digits: in doubles differences of entropies leave nothing. None is above ln 2."""
    for choices, active, p in [
        (1e15, 2, 0.9),
        (1e15, 30, 0.9),
        (2.0**64, 11, 0.52),
        (2.0**64, 1, 0.5),
        (1.5, 3, 0.5),
        (2.0**200, 50, 1e-6),
    ]:
        with mpmath.workdps(900):
            share = 1 / mpmath.mpf(choices)
            wrong = mpmath.mpf(p**active)

            def entropy(x):
                return -x * mpmath.log(x, 2) - (1 - x) * mpmath.log(1 - x, 2)

            bits = entropy(share + (1 - share) * wrong) - (1 - share) * entropy(wrong)
            wanted = float(-mpmath.log1p(-mpmath.mpf(p)) * choices * bits / active)
        found = limit_bits("input", choices, active, p)
        assert found == pytest.approx(wanted, rel=1e-12)
        assert found <= LIMIT * (1.0 + 1e-14)
    with pytest.raises(ValueError, match=r"n_choices.*2\.4"):
        limit_bits("code", 2.4, 3, 0.5)


@pytest.mark.parametrize(("q", "k", "n"), [(5, 4, 150), (3, 4, 60), (6, 10, 40)])
def test_best_size_where_few_items_make_teeth(q, k, n):
    """With few items a bound on errors makes one local maximum for each number of them."""
    model = StoredItems(Mac(q, k, UNIFORM), n, 1, 1)
    table = [most_bits(replace(model, size=a), "input", error=0.1).bits for a in range(1, n + 1)]
    assert best_size(model, "input", error=0.1).bits == max(table)
    inner = np.diff(np.sign(np.diff(table)))
    assert np.count_nonzero(inner < 0) > 1


def test_spurious_features_after_very_many_items():
    """E[(1 - r^t)^Q] by powers of the binomial's generating function, in many digits."""
    for k, q, items, n, a in [
        (10, 24, 10**6, 10**5, 3),
        (2, 100, 10**9, 10**8, 1),
        (10, 100, 1137555822, 2, 1),
    ]:
        with mpmath.workdps(150):
            p, r = mpmath.mpf(a) / n, 1 - 1 / mpmath.mpf(k)
            wanted = mpmath.fsum(
                (-1) ** j * comb(q, j) * (1 - p + p * r**j) ** (items - 1) for j in range(q + 1)
            )
        found = spurious(StoredItems(Mac(q, k, UNIFORM), n, a, items))
        assert found <= 1.0
        assert found == pytest.approx(float(wanted), rel=1e-12, abs=1e-14)


def test_no_warnings_and_no_numbers_but_finite_ones():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert recalled(StoredItems(Mac(1, 20000, UNIFORM), 1000, 10, 1)) == pytest.approx(1.0)
        assert capacity(StoredItems(Mac(1, 20000, UNIFORM), 1000, 10, 1), 0.99).n_items > 10**5
        plain = CodeOverlap(Mac(3, 1000, Selection(chi=1e290)), 100, 10, 8, 20)
        wanted = intersection(plain), intersection_approximate(plain)["intersection"]
        for chi in (1e300, 1.7e308):
            model = replace(plain, mac=Mac(3, 1000, Selection(chi=chi)))
            assert intersection(model) == pytest.approx(wanted[0], rel=1e-12)
            found = intersection_approximate(model)["intersection"]
            assert found == pytest.approx(wanted[1], rel=1e-9)
        for steep in (
            Selection(sigma_2=1e308, sigma_3=1e308),
            Selection(sigma_2=1e10, sigma_3=-1e308),
            Selection(sigma_4=1e308),
        ):
            model = replace(plain, mac=Mac(3, 1000, steep))
            assert intersection(model) == pytest.approx(1e-3)
        # Sums that tell no difference beyond rounding tie, as they do in the memory; that of 0
        # does not. Own unit u >= 1; the other has a feature of the cue with chance 5/6.
        flat = StoredItems(Mac(2, 2, Selection(chi=0.0, lambda_u=1e-14)), 4, 2, 2, Replace(1))
        same_unit, other = 0.5 * 1.0, 0.5 * (1.0 - 5 / 6 / 2)
        assert recalled(flat) == pytest.approx(same_unit + other, abs=1e-13)


def test_laws_too_large_are_refused_at_once():
    with pytest.raises(ValueError, match="nu"):
        predict(StoredItems(Mac(2, 3, UNIFORM, nu=0.5), 19000, 1, 9))
    with pytest.raises(ValueError, match="n_features"):
        mean_field(StoredItems(Mac(2, 3), 10**9, 1, 9))
    with pytest.raises(ValueError, match="n_items"):
        recalled(StoredItems(Mac(2, 3, UNIFORM), 100, 10, 10**12))
    with pytest.raises(ValueError, match="n_items"):
        load(StoredItems(Mac(2, 3, UNIFORM), 100, 10, 10**400))


def test_arguments_are_named():
    mac, selection, stored = Mac(2, 3), Selection(), StoredItems(Mac(2, 3, UNIFORM), 20, 4, 5)
    for call, name in [
        (lambda: chance_intersection(selection), "mac"),
        (lambda: support(selection, 1, 2), "mac"),
        (lambda: support(mac, [1, 2], 3, "4"), "held"),
        (lambda: support(mac, [[1], [2, 3]], 3), "sums"),
        (lambda: hypotheses(mac, [[0.5]]), "selection"),
        (lambda: expansivity(mac, 0.5, 3), "selection"),
        (lambda: relative_chance(mac, 0.5, 3.0), "selection"),
        (lambda: chances(mac, [[0.5]]), "selection"),
        (lambda: similarity_for(stored, 0.5), "CodeOverlap"),
        (lambda: mean_familiarity(stored), "CodeOverlap"),
        (lambda: stores_for_load(mac, 0.5), "StoredItems"),
        (lambda: load(mac, [1]), "StoredItems"),
        (lambda: bits_per_weight(mac), "StoredItems"),
        (lambda: most_bits(mac), "StoredItems"),
    ]:
        with pytest.raises(TypeError, match=name):
            call()
    for call, name in [
        (lambda: chances(selection, 0.5), "v must"),
        (lambda: chances(selection, []), "v must"),
        (lambda: familiarity(np.empty((0, 3))), "v must"),
        (lambda: expansivity(selection, 0.5, 10**400), "n_units"),
        (lambda: winner_bits(0.5, 10**400), "n_units"),
        (lambda: limit_bits("input", 2.0, 10**400, 0.5), "n_active"),
        (lambda: mean_field(stored, macs=10**9), "macs"),
    ]:
        with pytest.raises(ValueError, match=name):
            call()
