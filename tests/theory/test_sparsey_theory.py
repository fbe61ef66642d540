"""Theory of a mac under random inputs against lists of all outcomes, exact integers, simulation."""

from fractions import Fraction
from math import comb

import mpmath
import numpy as np
import pytest
from scipy import stats
from sparsey_listed import covering, histories, last_seen, listed_recall, stored

from assocmem.sdr import Drop, Kill, Replace, Swap
from assocmem.sdr.sparsey import CodeOverlap, Mac, Permanence, Selection, StoredItems
from assocmem.theory.sdr.unions import union_fp
from assocmem.theory.sparsey import (
    chance_intersection,
    chances,
    crosstalk,
    crosstalk_law,
    departure_bound,
    expansivity,
    familiarity,
    familiarity_of_similar,
    hypotheses,
    intersection,
    intersection_approximate,
    intersection_law,
    load,
    mean_familiarity,
    predict,
    recalled,
    relative_chance,
    similarity_for,
    stores_for_load,
    support,
)
from assocmem.theory.sparsey._cover import cover_laws

NOISE = {"Drop": Drop, "Replace": Replace, "Swap": Swap, "Kill": Kill}
UNIFORM = Selection(chi=0.0)


@pytest.mark.parametrize(
    ("sizes", "rest"),
    [
        ((4, 2, 2, 1), {}),
        ((4, 2, 2, 3), {}),
        ((4, 2, 3, 3), {}),
        ((5, 1, 3, 3), {}),
        ((4, 3, 2, 3), {"kind": "Drop", "number": 1}),
        ((4, 2, 3, 3), {"kind": "Drop", "number": 2}),
        ((5, 2, 2, 3), {"kind": "Replace", "number": 1}),
        ((4, 2, 3, 3), {"kind": "Swap", "number": 1}),
        ((4, 2, 2, 3), {"kind": "Swap", "number": 2}),
        ((4, 2, 3, 3), {"kind": "Kill", "number": 1}),
        ((4, 2, 2, 3), {"kind": "Kill", "number": 2}),
        ((4, 2, 2, 3), {"kind": "Kill", "number": 2, "bounds": (2, 4)}),
        ((4, 3, 2, 3), {"expected": 2}),
        ((4, 3, 2, 3), {"kind": "Drop", "number": 1, "expected": 1}),
        ((4, 2, 2, 3), {"kind": "Replace", "number": 1, "expected": 5}),
        ((4, 2, 2, 3), {"cap": 1.0}),
        ((4, 2, 3, 3), {"kind": "Replace", "number": 1, "cap": 0.5}),
        ((4, 2, 3, 3), {"kind": "Kill", "number": 1, "cap": 1.0, "nu": 1}),
        ((4, 2, 2, 3), {"cap": 3.0}),
        ((4, 3, 3, 1), {"kind": "Drop", "number": 1, "nu": 2}),
        ((6, 2, 2, 3), {"nu": 1}),
        ((4, 2, 3, 3), {"kind": "Replace", "number": 1, "nu": 1}),
        ((4, 2, 3, 3), {"kind": "Swap", "number": 1, "nu": 1, "expected": 1}),
        ((4, 2, 2, 3), {"kind": "Kill", "number": 2, "nu": 2}),
        ((5, 2, 2, 3), {"kind": "Drop", "number": 1, "nu": 2, "expected": 3}),
    ],
)
def test_stored_items_are_those_of_a_full_list(sizes, rest):
    n, a, k, s = sizes
    wanted = stored(n, a, k, s, **rest)
    bounds = rest.get("bounds", (1, None))
    mac = Mac(
        3,
        k,
        UNIFORM,
        pi_minus=bounds[0],
        pi_plus=bounds[1],
        expected=rest.get("expected"),
        cap=rest.get("cap"),
        nu=float(rest.get("nu", 0)),
    )
    noise = NOISE[rest.get("kind", "Drop")](rest.get("number", 0))
    found = predict(StoredItems(mac, n, a, s, noise))
    assert set(found) == set(wanted)
    for name, number in wanted.items():
        assert found[name] == pytest.approx(float(number), abs=1e-13), name


@pytest.mark.parametrize(
    ("sizes", "noise", "cue"),
    [
        ((20, 5, 3, 26), Drop(), (5, 5)),
        ((20, 5, 4, 26), Drop(2), (3, 3)),
        ((20, 5, 3, 31), Replace(2), (3, 5)),
        ((8, 3, 6, 13), Replace(1), (2, 3)),
    ],
)
def test_recall_is_that_of_exact_series(sizes, noise, cue):
    n, a, k, s = sizes
    wanted = listed_recall(n, a, k, s, *cue)
    found = recalled(StoredItems(Mac(2, k, UNIFORM), n, a, s, noise))
    assert found == pytest.approx(float(wanted), abs=1e-13)


def test_recall_of_few_and_of_very_many_items():
    mac = Mac(2, 50, UNIFORM)
    model = StoredItems(mac, 500, 20, 1, Drop(5))
    # One item is recalled without error, many fill all weights so that all units tie.
    assert recalled(model, [1, 10**6]) == pytest.approx([1.0, 1.0 / 50], abs=1e-11)
    # Units that each know one feature: ties can be counted by hand. The item's own unit has u = 1;
    # of the 49 others each has the feature with chance 1 - 1/500 a store.
    single = StoredItems(mac, 500, 1, 2)
    assert recalled(single) == pytest.approx(1.0 - 49 / 50 / 500 / 2, abs=1e-14)
    assert np.all(np.diff(recalled(model, np.arange(1, 3000, 200))) < 0.0)
    # Lambda = 0 makes all units alike.
    flat = Mac(2, 50, Selection(lambda_u=0.0))
    assert recalled(StoredItems(flat, 500, 20, 30)) == pytest.approx(1.0 / 50, abs=1e-14)


def test_very_many_items_between_two_units():
    """All allocations one by one: m items to the own unit, the rest to the other."""
    n, a, s, noise = 30000, 9, 20001, 3
    model = StoredItems(Mac(2, 2, UNIFORM), n, a, s, Drop(noise))
    numbers = np.arange(s)
    weights = stats.binom.pmf(numbers, s - 1, 0.5)
    # The cue of 6 is the item's own; the other unit has all of it with the chance of a union.
    tied = sum(
        (-1) ** j * comb(6, j) * float(Fraction(comb(n - j, a), comb(n, a))) ** (s - 1 - numbers)
        for j in range(7)
    )
    assert recalled(model) == pytest.approx(1.0 - weights @ tied / 2, abs=1e-11)
    assert 0.5 < recalled(model) < 0.999
    # Laws of sums after many stores, against the same unions.
    law = cover_laws(n, 6, a, 2000, 2050)
    for theta in range(7):
        wanted = union_fp(n, 6, a, theta, [2000, 2050]).value
        assert law[[0, 50], theta:].sum(axis=1) == pytest.approx(wanted, rel=1e-11)


def simulated(n, a, k, q, s, noise, macs, seed):
    """One value of recalled, load and crosstalk for each mac, in plain NumPy."""
    rng = np.random.default_rng(seed)
    out = np.empty((macs, 3))
    for mac in range(macs):
        items = np.array([rng.permutation(n)[:a] for _ in range(s)])
        code = rng.integers(0, k, (s, q))
        weights = np.zeros((n, q, k), bool)
        for item, winners in zip(items, code, strict=True):
            weights[item[:, None], np.arange(q), winners] = True
        cue = items[0]
        free = np.setdiff1d(np.arange(n), cue)
        cue = np.concatenate([cue[noise:], rng.permutation(free)[:noise]])
        sums = weights[cue].sum(axis=0)
        best = sums == sums.max(axis=1, keepdims=True)
        own = np.arange(q), code[0]
        right = (best / best.sum(axis=1, keepdims=True))[own].mean()
        rest = (sums.sum() - sums[own].sum()) / (q * (k - 1) * a)
        out[mac] = right, weights.mean(), rest
    return out


def test_stored_items_are_those_of_a_plain_simulation():
    """False alarm 3 x 6e-5, |z| < 4."""
    values = simulated(300, 15, 10, 40, 150, 4, 120, seed=5)
    found = predict(StoredItems(Mac(40, 10, UNIFORM), 300, 15, 150, Replace(4)))
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    wanted = np.array([found["recalled"], found["load"], found["crosstalk"]])
    assert 0.3 < found["recalled"] < 0.95
    assert np.all(np.abs(values.mean(axis=0) - wanted) < 4.0 * error)
    assert np.all(error < 0.02 * wanted)


def test_crosstalk_law_and_loads():
    mac = Mac(2, 5, UNIFORM)
    model = StoredItems(mac, 30, 4, 40, Kill(7))
    law = crosstalk_law(model)
    assert law.sum() == pytest.approx(1.0, abs=1e-13)
    assert law @ np.arange(5) / 4 == pytest.approx(crosstalk(model), abs=1e-13)
    # With all that is known: mixtures over numbers of items and of active features, in fractions.
    wanted = [Fraction(0)] * 5
    for dead in range(5):
        weight = Fraction(comb(4, dead) * comb(26, 7 - dead), comb(30, 7))
        for m in range(40):
            part = weight * comb(39, m) * Fraction(1, 5) ** m * Fraction(4, 5) ** (39 - m)
            for u, chance in enumerate(covering(30, 4 - dead, 4, m)):
                wanted[u] += part * chance
    assert law == pytest.approx([float(p) for p in wanted], abs=1e-13)
    capped = StoredItems(Mac(2, 5, UNIFORM, cap=1.0), 30, 4, 40)
    assert crosstalk_law(capped) @ np.arange(5) / 4 == pytest.approx(crosstalk(capped), abs=1e-13)
    assert load(capped) == pytest.approx(4 / 30 * (1 - 0.8**40), abs=1e-14)
    assert load(model, [1, 7]) == pytest.approx(
        [float(1 - Fraction(146, 150) ** s) for s in (1, 7)], abs=1e-14
    )
    assert load(model, stored_at := round(stores_for_load(model, 0.5))) == pytest.approx(
        0.5, abs=0.02
    )
    assert stored_at == 26


def selected(selection, v, n_units, target):
    """Chances of a unit by the definition, in 50 digits."""
    with mpmath.workdps(50):
        g = max(v)
        s = selection
        eta = (
            1
            + mpmath.mpf(max(0, (g - s.g_minus) / (1 - mpmath.mpf(s.g_minus))))
            ** (mpmath.mpf(s.gamma))
            * mpmath.mpf(s.chi)
            * n_units
        )
        psi = [
            (eta - 1)
            / (1 + s.sigma_1 * mpmath.exp(-s.sigma_2 * (mpmath.mpf(x) - s.sigma_3))) ** s.sigma_4
            + 1
            for x in v
        ]
        return psi[target] / sum(psi)


SELECTIONS = [
    Selection(),
    Selection(g_minus=0.0, gamma=1.0, chi=10.0, sigma_1=0.3, sigma_2=8.0, sigma_4=2.0),
    Selection(g_minus=0.5, gamma=0.7, chi=1000.0, sigma_2=2000.0, sigma_3=0.9, lambda_u=2.0),
    Selection(lambda_u=0.0),
]


@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize("rest", [{}, {"expected": 25}, {"expected": 8, "nu": 0.5}, {"nu": 1.0}])
def test_intersection_is_the_definition_in_many_digits(selection, rest):
    mac, a = Mac(5, 7, selection, **rest), 20
    shared = np.arange(a + 1)
    model = CodeOverlap(mac, 200, a, a)
    found = intersection(model, shared)
    pi = rest.get("expected", a)
    for c in shared:
        with mpmath.workdps(50):
            over = mpmath.mpf(1) if a <= pi else (mpmath.mpf(pi) / a) ** mac.nu
            v = (min(mpmath.mpf(1), mpmath.mpf(int(c)) / pi) * over) ** selection.lambda_u
            rest_v = mpmath.mpf(0) ** selection.lambda_u
            wanted = selected(selection, [v] + [rest_v] * 6, 7, 0)
            assert familiarity_of_similar(model, c) == pytest.approx(float(max(v, rest_v)), 1e-14)
        assert found[c] == pytest.approx(float(wanted), rel=1e-12)
    assert np.all(np.diff(found) >= -1e-15)
    assert found[0] == pytest.approx(chance_intersection(mac), rel=1e-12)


def test_intersection_by_lists_of_codes():
    """Two modules, every pair of codes: the law of the intersection, and its mean."""
    selection = Selection(g_minus=0.0, sigma_2=4.0, chi=3.0)
    model = CodeOverlap(Mac(2, 3, selection), 10, 4, 3)
    law = np.zeros(3)
    for first in np.ndindex(3, 3):
        v = np.zeros((2, 3))
        v[[0, 1], first] = 0.75
        rho = chances(selection, v)
        for last in np.ndindex(3, 3):
            common = sum(x == y for x, y in zip(first, last, strict=True))
            law[common] += rho[0, last[0]] * rho[1, last[1]] / 9.0
    assert intersection_law(model) == pytest.approx(law, abs=1e-14)
    assert law @ [0, 0.5, 1] == pytest.approx(intersection(model), abs=1e-14)
    assert predict(model) == {"intersection": intersection(model), "familiarity": 0.75}
    assert similarity_for(model, 0.5) == next(c for c in range(5) if intersection(model, c) >= 0.5)
    assert similarity_for(model, 1.0) is None


@pytest.mark.parametrize(
    ("sizes", "rest"),
    [
        ((5, 2, 2, 3, 1), {}),
        ((4, 2, 3, 3, 1), {}),
        ((4, 2, 3, 3, 2), {"expected": 3}),
        ((4, 3, 2, 3, 2), {"expected": 2}),
        ((4, 2, 3, 3, 1), {"cap": 1.0}),
        ((4, 3, 2, 3, 2), {"expected": 2, "cap": 1.0, "nu": 1}),
        ((5, 2, 2, 3, 1), {"nu": 1}),
        ((4, 2, 3, 3, 1), {"nu": 2, "expected": 3}),
    ],
)
def test_familiarity_is_that_of_a_full_list(sizes, rest):
    n, a, k, s, c = sizes
    listed = list(last_seen(n, a, k, s, c, **rest))
    wanted = sum(max(v) for v, _ in listed) / Fraction(len(listed))
    mac = Mac(4, k, UNIFORM, **rest)
    model = CodeOverlap(mac, n, a, c, n_items=s)
    assert mean_familiarity(model) == pytest.approx(float(wanted), abs=1e-13)
    assert predict(model)["intersection"] == 1.0 / k
    assert intersection_law(model)[4] == pytest.approx(k**-4.0)
    # The mean field at chi > 0: chances at the mean of G, averaged over all histories.
    selection = Selection(g_minus=0.0, sigma_2=5.0, chi=2.0)
    eta = expansivity(selection, float(wanted), k)
    total = 0.0
    for v, unit in listed:
        psi = relative_chance(selection, [float(x) for x in v], eta)
        total += psi[unit] / psi.sum()
    field = intersection_approximate(CodeOverlap(Mac(4, k, selection, **rest), n, a, c, n_items=s))
    assert field["intersection"] == pytest.approx(total / len(listed), abs=1e-12)
    assert field["familiarity"] == pytest.approx(float(wanted), abs=1e-13)


def test_departure_bound_bounds_the_chance_of_a_familiar_input():
    selection = Selection(g_minus=0.6)
    for n, a, k, s in [(12, 1, 2, 3), (12, 1, 3, 3), (5, 2, 2, 3)]:
        listed = list(histories(n, a, k, s, None, a))
        familiar = 0
        for items, code, _ in listed:
            held = [frozenset()] * k
            any_above = False
            for item, unit in zip(items, code, strict=True):
                any_above |= max(len(kept & item) for kept in held) / a > 0.6
                held[unit] |= item
            familiar += any_above
        bound = departure_bound(StoredItems(Mac(1, k, selection), n, a, s))
        assert bound >= familiar / len(listed) > 0.0
        assert bound < 1.0
    assert departure_bound(StoredItems(Mac(1, 2, selection), 12, 1, 1)) == 0.0
    assert departure_bound(StoredItems(Mac(1, 2, UNIFORM), 12, 1, 9)) == 0.0


def test_selection_over_arrays():
    rng = np.random.default_rng(1)
    v = rng.random((6, 3, 4))
    selection = Selection(g_minus=0.3, chi=5.0, v_zeta=0.5)
    rho = chances(selection, v)
    g = familiarity(v)
    for i in range(6):
        eta = expansivity(selection, float(g[i]), 4)
        assert float(g[i]) == pytest.approx(sum(max(row) for row in v[i]) / 3)
        number = sum(float(x) > 0.5 for x in v[i].ravel()) / 3
        assert hypotheses(selection, v[i]) == int(number + 0.5)
        for q in range(3):
            psi = [relative_chance(selection, x, eta) for x in v[i, q]]
            assert rho[i, q] == pytest.approx(np.array(psi) / sum(psi))
    # An overflow of the exponential is no matter: psi is 1.
    steep = Selection(sigma_2=1e6)
    assert relative_chance(steep, 0.0, 100.0) == 1.0
    assert relative_chance(steep, 1.0, 100.0) == 100.0
    mac = Mac(2, 2, nu=0.5, expected=10)
    assert support(mac, [5, 20], 7, [40, 0]) == pytest.approx([0.25, 1.0])
    for wrong in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="v must"):
            relative_chance(selection, wrong, 2.0)
    with pytest.raises(TypeError, match="g must"):
        expansivity(selection, "0.5", 2)
    with pytest.raises(ValueError, match="active"):
        support(mac, 1, 0)


@pytest.mark.parametrize(
    ("name", "rest"),
    [
        ("chi", {"selection": Selection()}),
        ("novelty", {"novelty": 1.0}),
        ("freeze", {"freeze": 0.2}),
        ("cap", {"cap": 1.5}),
        ("permanence", {"permanence": Permanence(10)}),
        ("pi_minus", {"pi_minus": 6}),
        ("pi_plus", {"pi_plus": 4}),
    ],
)
def test_rules_that_matter_are_refused(name, rest):
    mac = Mac(2, 3, **{"selection": UNIFORM, **rest})
    with pytest.raises(ValueError, match=name):
        predict(StoredItems(mac, 50, 5, 10))
    with pytest.raises(ValueError, match=name):
        predict(CodeOverlap(mac, 50, 5, 3, n_items=10))


def test_rules_out_of_reach_are_no_matter():
    rest = {"novelty": 1.01, "freeze": 0.9, "cap": 9.5, "permanence": Permanence(11)}
    mac = Mac(2, 3, UNIFORM, **rest)
    plain = Mac(2, 3, UNIFORM)
    assert predict(StoredItems(mac, 50, 5, 10)) == predict(StoredItems(plain, 50, 5, 10))
    similar = CodeOverlap(mac, 50, 5, 3, n_items=10)
    assert predict(similar) == predict(CodeOverlap(plain, 50, 5, 3, n_items=10))
    # Inputs that are never familiar: 5 of 20 expected, G <= 1/4.
    quiet = Mac(2, 3, Selection(g_minus=0.25), expected=20)
    found = predict(StoredItems(quiet, 50, 5, 10))
    assert found == predict(StoredItems(plain, 50, 5, 10))
    wide = Mac(2, 3, UNIFORM, expected=50, nu=1.0)
    assert predict(StoredItems(wide, 50, 5, 10))["recalled"] == found["recalled"]
    assert predict(CodeOverlap(Mac(2, 3, novelty=0.1, cap=0.1, freeze=0.1), 50, 5, 3))


def test_normalised_support_is_refused_where_it_has_too_many_values():
    mac = Mac(2, 3, UNIFORM, nu=0.5)
    for model in (StoredItems(mac, 5000, 20, 5), CodeOverlap(mac, 5000, 20, 3, n_items=5)):
        with pytest.raises(ValueError, match="nu"):
            predict(model)
    assert predict(StoredItems(mac, 5000, 20, 1))["recalled"] == pytest.approx(1.0)


def test_other_models_are_refused():
    model = StoredItems(Mac(2, 3, UNIFORM), 50, 5, 10)
    with pytest.raises(TypeError, match="model"):
        predict(Mac(2, 3))
    with pytest.raises(TypeError, match="StoredItems"):
        recalled(CodeOverlap(Mac(2, 3), 50, 5, 3))
    with pytest.raises(TypeError, match="CodeOverlap"):
        intersection(model)
    with pytest.raises(ValueError, match="n_items"):
        load(model, [1, 0])
    with pytest.raises(ValueError, match="common"):
        intersection(CodeOverlap(Mac(2, 3), 50, 5, 3), [6])
    with pytest.raises(ValueError, match="cap"):
        stores_for_load(StoredItems(Mac(2, 3, UNIFORM, cap=1.0), 50, 5, 10), 0.5)
