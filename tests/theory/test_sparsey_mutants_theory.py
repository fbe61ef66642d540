"""Small points of Sparsey's theory that other tests left open: ends of ranges, ties, refusals."""

import mpmath as mp
import numpy as np
import pytest
from scipy import stats

from assocmem.sdr import Drop, Mac, Permanence, Selection
from assocmem.sdr.sparsey.stored import CodeOverlap, StoredItems
from assocmem.theory.sparsey import reduced
from assocmem.theory.sparsey.capacities import capacity_limit, limit_recalled
from assocmem.theory.sparsey.information import (
    bits_per_weight,
    limit_bits,
    most_bits,
    winner_bits,
)
from assocmem.theory.sparsey.recall import departure_bound, recalled
from assocmem.theory.sparsey.reduced import MeanField, mean_field
from assocmem.theory.sparsey.saturation import load
from assocmem.theory.sparsey.selection import hypotheses
from assocmem.theory.sparsey.similarity import intersection, similarity_for

UNIFORM = Selection(chi=0)


def stored(q=3, k=4, n=30, a=5, items=1, noise=None, **rest):
    return StoredItems(Mac(q, k, UNIFORM, **rest), n, a, items, noise or Drop())


@pytest.mark.parametrize("direction", ["code", "input"])
@pytest.mark.parametrize("sizes", [(3, 4, 30, 5), (4, 4, 40, 6), (4, 6, 50, 5)])
def test_most_bits_lie_anywhere_between_powers_of_two(sizes, direction):
    """The first power of two at which bits fall may be the first or the second after the best."""
    model = stored(*sizes)
    bits = bits_per_weight(model, direction, np.arange(1, 150))
    found = most_bits(model, direction)
    assert found.n_items == int(np.argmax(bits)) + 1
    assert found.bits == bits.max()


def test_most_bits_where_there_are_none():
    """Inputs of all features say nothing: the search ends all the same."""
    assert most_bits(stored(n=10, a=10), "input").bits == 0.0


def test_errors_that_are_just_allowed():
    """The error of 10 items allows for 10 items; where one has too many, for none."""
    model = stored()
    assert most_bits(model).n_items > 10
    error = 1.0 - float(recalled(model, 10))
    assert most_bits(model, error=error).n_items == 10
    none = most_bits(stored(noise=Drop(5)), error=0.5)
    assert (none.n_items, none.load, none.bits) == (0, 0.0, 0.0)


def test_limit_of_bits_where_errors_are_very_rare():
    """R = (1 - (1 - q)^K)/(K q) at q = 2^-30, in 40 digits."""
    with mp.workdps(40):
        q = mp.mpf(2) ** -30
        right = (1 - (1 - q) ** 4) / (4 * q)
        bits = right * mp.log(4 * right, 2) + (1 - right) * mp.log((1 - right) * 4 / 3, 2)
        wanted = float(mp.log(2) * bits / 30)
    assert limit_bits("code", 4, 30, 0.5) == pytest.approx(wanted, rel=1e-13)
    assert winner_bits(1.0, 4) == 2.0


@pytest.mark.parametrize(
    "rule",
    [
        {"cap": 1.0},
        {"freeze": 0.9},
        {"novelty": 2.0},
        {"permanence": Permanence(10**6)},
        {"expected": 5},
    ],
    ids=str,
)
def test_limits_refuse_every_rule_that_is_not_in_them(rule):
    """In the limit of many features no rule of learning is out of reach."""
    with pytest.raises(ValueError, match=next(iter(rule))):
        limit_recalled(stored(**rule), 0.3)


def test_limits_of_empty_cues_and_of_items():
    """A mac without input is silent; S* = -ln(1 - p*) n K/a at the load p* of recall 0.9."""
    assert limit_recalled(stored(noise=Drop(5)), 0.3) == 0.0
    model = stored(n=5000)
    load, items = capacity_limit(model, 0.9)
    assert limit_recalled(model, load) == pytest.approx(0.9, abs=1e-12)
    assert items == pytest.approx(-np.log1p(-load) * 5000 * 4 / 5, rel=1e-12)


@pytest.mark.parametrize(("low", "modules"), [(0.5, 3), (0.4, 3), (0.05, 3)])
def test_departure_bound_of_two_items_is_its_formula(low, modules):
    """V is the share c/a of common features, c ~ Hyp(30, 5, 5): min(Q P[V > G_-], E[V]/G_-, 1)."""
    mac = Mac(modules, 4, Selection(g_minus=low))
    c = np.arange(6)
    law = stats.hypergeom(30, 5, 5).pmf(c)
    wanted = min(modules * law[c / 5 > low].sum(), 5 / 30 / low, 1.0)
    assert departure_bound(StoredItems(mac, 30, 5, 2)) == pytest.approx(wanted, rel=1e-10)


def test_mean_field_freezes_at_a_fraction_of_all_weights():
    """One item sets 40 of 800 weights: at freeze = 0.05 a second one is not learned."""
    frozen = mean_field(StoredItems(Mac(5, 4, freeze=0.05), 40, 8, 3), macs=3)
    assert frozen.held.tolist() == [0.05, 0.05, 0.05]
    later = mean_field(StoredItems(Mac(5, 4, UNIFORM, freeze=0.3), 40, 8, 40), macs=3)
    assert 0.3 <= later.held[-1] <= 0.35
    assert later.held[-1] == later.held[-15]


@pytest.mark.parametrize("where", [33.0, 57.5, 101.0, 260.0, 1900.0])
def test_capacity_of_the_mean_field_is_interpolated_between_neighbours(monkeypatch, where):
    """Of R = 1 - (S/S*)^2/10, by chords of ln S over 10 %, which leaves 0.3 % at most."""

    def known(model, **_):
        return MeanField({"recalled": 1.0 - 0.1 * (model.n_items / where) ** 2}, {}, None, None)

    monkeypatch.setattr(reduced, "mean_field", known)
    assert reduced.field_capacity(stored(), 0.9) == pytest.approx(where, rel=0.003)


def test_refusals_look_at_the_largest_number_of_items():
    """A mac that freezes at half of its weights holds one item as theory says, not 1000."""
    assert load(stored(freeze=0.5), [1]) == pytest.approx(5 / 30 / 4)
    with pytest.raises(ValueError, match="freeze"):
        load(stored(freeze=0.5), [1, 1000])


def test_halves_of_hypotheses_are_rounded_up():
    """One unit above V_zeta in two modules is 1/2 in each, three are 3/2."""
    assert hypotheses(Selection(), [[1.0, 0.0], [0.0, 0.0]]) == 1
    assert hypotheses(Selection(), [[1.0, 1.0], [1.0, 0.0]]) == 2
    assert hypotheses(Selection(v_zeta=0.5), [[0.5, 0.5]]) == 0  # none is above


def test_similarity_for_what_is_just_reached():
    """Chance, 1/K, is reached by inputs of no common features, or of 4 where there must be 4."""
    mac = Mac(8, 4)
    apart = CodeOverlap(mac, 40, 6, 3)
    assert similarity_for(apart, 0.25) == 0
    assert similarity_for(apart, float(intersection(apart, 5))) == 5
    assert similarity_for(CodeOverlap(mac, 8, 6, 4), 0.25) == 4


@pytest.mark.parametrize(
    ("rule", "items"), [({"freeze": 5 / 120}, 2), ({"freeze": 10 / 120}, 3), ({"cap": 2.0}, 3)]
)
def test_rules_that_are_just_reached_are_refused(rule, items):
    """A mac, or unit, that holds just as much as it may before the last item may not learn it."""
    with pytest.raises(ValueError, match=next(iter(rule))):
        recalled(stored(items=items, **rule))
    assert recalled(stored(items=items - 1, **rule)) > 0.9
