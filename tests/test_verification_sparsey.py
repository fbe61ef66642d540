"""Theory of macs under random inputs through `verify`: right ones agree, wrong ones are told."""

from dataclasses import replace

import pytest

from assocmem import verify
from assocmem.sdr import Drop, Kill, Replace, Swap
from assocmem.sdr.sparsey import CodeOverlap, Mac, Permanence, ReadItems, Selection, StoredItems
from assocmem.theory.sparsey.prediction import predict

QUICK = {"trials": 2000, "seed": 3, "workers": 2, "progress": False}
UNIFORM = Selection(chi=0.0)


def similar(common, n_items=1, **selection):
    chosen = Selection(sigma_2=9.0, **selection) if selection else UNIFORM
    return CodeOverlap(Mac(8, 6, chosen, nu=0.5 * (n_items == 1)), 120, 20, common, n_items)


OVERLAPS = [
    similar(common, gamma=gamma, chi=chi)
    for common in (0, 5, 10, 15, 20)
    for gamma, chi in ((1.0, 5.0), (2.0, 100.0))
] + [similar(4, 30), similar(12, 30)]
# The first item's weights are 30 ticks old at the last input: with a lifetime of 30 they were gone.
OVERLAPS.append(CodeOverlap(Mac(8, 6, UNIFORM, permanence=Permanence(31)), 120, 20, 12, 30))
# Of 6 x 5 units; R is 0.9 at about 62 items without noise.
STORED = [
    StoredItems(Mac(6, 5, UNIFORM), 100, 10, items, noise)
    for items in (20, 60, 200)
    for noise in (Drop(0), Drop(4), Replace(3), Swap(5), Kill(30))
]


def test_codes_and_stored_items_agree():
    """False alarm 1e-3 for each table."""
    similar_ones = verify(OVERLAPS, **QUICK)
    assert similar_ones, str(similar_ones)
    report = verify(STORED, **(QUICK | {"trials": 40_000}))
    assert report, str(report)
    recalled = {c.model.n_items: c for c in report.claims
                if c.quantity == "recalled" and c.model.noise == Drop(0)}  # fmt: skip
    assert recalled[20].simulated > 0.999 and recalled[60].simulated == pytest.approx(0.9, abs=0.02)
    assert recalled[200].simulated < 0.3
    assert len(similar_ones.to_dataset().claim) == 2 * len(OVERLAPS)
    assert len(report.to_dataset().claim) == 3 * len(STORED)


def test_what_hardly_ever_happens_is_no_disagreement():
    """All of an item is killed once in 600,000: 2000 macs cannot tell, and do not pretend to."""
    model = StoredItems(Mac(6, 5, UNIFORM), 100, 10, 1, Kill(30))
    verdicts = {claim.quantity: claim.verdict for claim in verify(model, **QUICK).claims}
    assert verdicts == {"load": "agrees", "crosstalk": "agrees", "recalled": "undecided"}


def fewer_units(model):
    """1/(K - 1) in place of 1/K."""
    mac = replace(model.mac, n_units=model.mac.n_units - 1)
    return predict(replace(model, mac=mac))


def larger_pi(model):
    """a + 1 in place of a."""
    return predict(replace(model, mac=replace(model.mac, expected=model.size + 1)))


def one_item_fewer(model):
    return predict(replace(model, n_items=model.n_items - 1))


def own_item_among_others(model):
    """Units outside the code as full as all are on average, its own units included."""
    found = predict(model)
    cue = found["crosstalk"] / predict(replace(model, noise=Drop(0)))["crosstalk"]
    return found | {"crosstalk": found["load"] * cue}


def ties_lost(model):
    """Of units that tie, one outside the code wins: R one percent too low."""
    found = predict(model)
    return found | {"recalled": 0.99 * found["recalled"]}


@pytest.mark.parametrize(
    ("model", "theory", "wrong"),
    [
        (similar(0, gamma=1.0, chi=5.0), fewer_units, {"intersection"}),
        (similar(12, 30), fewer_units, {"intersection", "familiarity"}),
        (similar(15, gamma=1.0, chi=5.0), larger_pi, {"intersection", "familiarity"}),
        (STORED[5], fewer_units, {"load", "crosstalk", "recalled"}),
        (STORED[7], one_item_fewer, {"load", "crosstalk", "recalled"}),
        (STORED[3], own_item_among_others, {"crosstalk"}),
        (STORED[6], ties_lost, {"recalled"}),
    ],
    ids=("chance", "rivals", "pi", "units", "items", "own", "ties"),
)
def test_wrong_theories_are_told(model, theory, wrong):
    """Each number said to be wrong is off by 7 standard errors or more, of which 3.6 are enough."""
    # 10,000 macs, each asked for all that it stores.
    trials = 10_000 * (model.n_items if isinstance(model, StoredItems) else 1)
    report = verify(model, theory=theory, **(QUICK | {"trials": trials}))
    told = {claim.quantity for claim in report.claims if claim.verdict == "DISAGREES"}
    assert told == wrong, str(report)
    assert min(abs(c.z) for c in report.claims if c.quantity in wrong) > 4.0


READ = [
    ReadItems(Mac(q, k, UNIFORM, nu=nu), n, a, items)
    for q, k, nu, n, a, items in (
        (1, 2, 0.0, 10, 3, 2),
        (2, 3, 0.0, 20, 2, 9),
        (3, 4, 0.5, 60, 6, 30),
        (6, 8, 0.0, 100, 10, 120),
    )
]


def test_items_read_back_agree():
    """By hand, Q = 1, K = 2, S = 2: half of the second item's 3/10; false alarm 1e-3 for all."""
    report = verify(READ, **(QUICK | {"trials": 40_000}))
    assert report, str(report)
    assert report.claims[0].predicted == pytest.approx(0.15, rel=1e-12)
    alone = ReadItems(Mac(3, 4, UNIFORM), 50, 5, 1)
    assert verify(alone, **QUICK).claims[0].simulated == 0.0


def test_weights_of_modules_are_not_independent():
    """That Q weights are set as if by chance, load^Q, is told: items that share a feature are few.

    Predicted 0.056 for 0.108, off by 100 errors.
    """
    model = READ[1]

    def independent(model):
        stored = StoredItems(model.mac, model.n_features, model.size, model.n_items)
        return {"spurious": predict(stored)["load"] ** model.mac.n_modules}

    report = verify(model, theory=independent, **(QUICK | {"trials": 40_000}))
    assert report.claims[0].verdict == "DISAGREES" and abs(report.claims[0].z) > 10.0, str(report)


def test_what_cannot_be_read_by_theory():
    for mac in (Mac(3, 4), Mac(3, 4, UNIFORM, cap=1.0)):
        for approximate in (False, True):
            with pytest.raises(ValueError, match=r"mac\.(selection|cap)"):
                predict(ReadItems(mac, 60, 6, 30), approximate=approximate)
