"""Mean field of a mac against what is exact, lists of all outcomes, and simulations."""

from dataclasses import replace

import numpy as np
import pytest
from sparsey_listed import last_seen, stored

from assocmem.sdr import Drop, Kill, Replace, Swap
from assocmem.sdr.sparsey import CodeOverlap, Mac, Permanence, Selection, StoredItems
from assocmem.theory.sparsey import capacity, field_capacity, mean_field, predict, recalled

UNIFORM = Selection(chi=0.0)
NOISE = {"Drop": Drop, "Replace": Replace, "Swap": Swap, "Kill": Kill}
# Numbers compared in this file at fixed seeds: some 40 with a false alarm of 1e-5 each.
FAR = 4.42


def within(found, wanted):
    """All numbers agree within their errors, which are small."""
    for name, value in wanted.items():
        error = found.errors[name]
        assert abs(found.values[name] - value) <= FAR * error + 1e-12, name
        assert error < 0.05


@pytest.mark.parametrize("rest", [{}, {"expected": 8, "nu": 0.5}, {"cap": 0.5, "novelty": 0.1}])
def test_one_item_is_exact(rest):
    model = CodeOverlap(Mac(5, 7, **rest), 200, 20, 12)
    assert mean_field(model).values == pytest.approx(predict(model), abs=1e-12)
    model = StoredItems(Mac(5, 7, **rest), 200, 20, 1, Drop(6))
    wanted = predict(model)
    found = mean_field(model)
    assert found.values == pytest.approx(wanted, abs=1e-12)
    assert found.held == pytest.approx([wanted["load"]])


@pytest.mark.parametrize(
    ("rest", "noise"),
    [
        ({}, Replace(6)),
        ({}, Swap(8)),
        ({}, Kill(60)),
        ({"expected": 10}, Drop(3)),
        ({"cap": 1.0, "nu": 0.5}, Kill(30)),
        ({"pi_minus": 13}, Kill(60)),
        ({"nu": 0.5}, Replace(6)),
    ],
)
def test_uniform_codes_are_exact(rest, noise):
    model = StoredItems(Mac(20, 6, UNIFORM, **rest), 200, 16, 60, noise)
    within(mean_field(model, macs=60, seed=3), predict(model))
    if not isinstance(noise, Drop):
        return
    model = CodeOverlap(model.mac, 200, 16, 7, n_items=30)
    within(mean_field(model, macs=60, seed=3), {"familiarity": predict(model)["familiarity"]})


@pytest.mark.parametrize(
    ("sizes", "rest"),
    [
        ((6, 2, 2, 3), {"cap": 1.5}),
        ((5, 2, 2, 3), {"cap": 1.5, "kind": "Replace", "number": 1}),
        ((4, 2, 3, 3), {"cap": 1.5, "nu": 1, "kind": "Swap", "number": 1}),
        ((5, 3, 2, 3), {"nu": 2, "cap": 1.6, "expected": 2, "kind": "Drop", "number": 1}),
    ],
)
def test_rules_that_theory_refuses_are_those_of_a_full_list(sizes, rest):
    """Exact for uniform codes, though no formula is: laws of w and u are those of the model."""
    n, a, k, s = sizes
    wanted = {name: float(value) for name, value in stored(n, a, k, s, **rest).items()}
    mac = Mac(
        4, k, UNIFORM, cap=rest.get("cap"), nu=rest.get("nu", 0), expected=rest.get("expected")
    )
    noise = NOISE[rest.get("kind", "Drop")](rest.get("number", 0))
    model = StoredItems(mac, n, a, s, noise)
    with pytest.raises(ValueError, match="mac"):
        predict(model)
    within(mean_field(model, macs=5000, seed=4), wanted)


def test_familiarity_by_lists():
    for sizes, rest in [((5, 2, 2, 3, 1), {"nu": 1}), ((4, 2, 3, 3, 1), {"cap": 1.5})]:
        n, a, k, s, c = sizes
        listed = list(last_seen(n, a, k, s, c, **rest))
        wanted = float(sum(max(v) for v, _ in listed) / len(listed))
        model = CodeOverlap(Mac(4, k, UNIFORM, **rest), n, a, c, n_items=s)
        within(mean_field(model, macs=5000, seed=5), {"familiarity": wanted})
    found = mean_field(StoredItems(Mac(10, 4), 60, 6, 2), macs=2000)
    # The first input meets nothing, the second shares a^2/n features with what one unit holds.
    assert found.familiarity[0] == 0.0
    assert found.familiarity[1] == pytest.approx(0.1, abs=0.004)  # sd 0.11 of 20000 modules
    assert found.held[0] == pytest.approx(0.025)
    assert found.values["load"] == pytest.approx(found.held[1], abs=1e-14)


def test_gates_close():
    """A mac that never learns again after its first input, and one that learns all but repeats."""
    model = StoredItems(Mac(4, 3), 60, 6, 20)
    first = 6 / 60 / 3
    for rest in ({"freeze": 0.9 * first}, {"novelty": 1e-9}, {"cap": 0.5}):
        found = mean_field(replace(model, mac=Mac(4, 3, **rest)))
        if "cap" in rest:
            assert found.held[-1] == pytest.approx(3 * first, abs=0.01)
        elif "freeze" in rest:
            assert found.held == pytest.approx(np.full(20, first))
        else:  # inputs that meet nothing at all are still learned
            assert first < found.held[-1] < 3 * first
    whole = mean_field(StoredItems(Mac(4, 3, novelty=1.0), 6, 6, 20))
    assert whole.held == pytest.approx(np.full(20, 1 / 3))
    assert whole.familiarity[1:] == pytest.approx(np.ones(19))


def test_mean_field_by_seed_and_what_it_refuses():
    model = StoredItems(Mac(4, 3), 60, 6, 20)
    assert predict(model, approximate=True) == mean_field(model).values
    assert mean_field(model, seed=1).values != mean_field(model).values
    uniform = replace(model, mac=Mac(4, 3, UNIFORM))
    assert predict(uniform, approximate=True) == predict(uniform)
    for name, mac in [
        ("permanence", Mac(4, 3, permanence=Permanence(9))),
        ("pi_plus", Mac(4, 3, pi_plus=5)),
    ]:
        with pytest.raises(ValueError, match=name):
            predict(replace(model, mac=mac), approximate=True)
    with pytest.raises(ValueError, match="macs"):
        mean_field(model, macs=1)
    with pytest.raises(TypeError, match="model"):
        mean_field(Mac(4, 3))


def test_capacity_in_the_mean_field():
    """The exact one where codes are uniform, to the error of recall over its slope."""
    model = StoredItems(Mac(20, 6, UNIFORM), 100, 12, 1, Replace(3))
    exact = capacity(model, 0.8)
    found = field_capacity(model, 0.8, macs=100)
    error = mean_field(replace(model, n_items=exact.n_items), macs=100).errors["recalled"]
    slope = recalled(model, round(1.05 * exact.n_items)) - recalled(model, exact.n_items)
    # Two values of R that it interpolates, and its curvature between them, below 1 %.
    assert abs(found / exact.n_items - 1.0) < FAR * error * 0.05 / -slope + 0.01
    assert field_capacity(replace(model, noise=Drop(12))) == 0.0
    with pytest.raises(ValueError, match="level"):
        field_capacity(model, 1.0)
    with pytest.raises(TypeError, match="StoredItems"):
        field_capacity(CodeOverlap(model.mac, 200, 16, 3))


@pytest.mark.slow
@pytest.mark.parametrize(
    "model",
    [
        StoredItems(Mac(16, 10), 300, 20, 80, Drop(5)),
        StoredItems(Mac(16, 10, nu=0.5, cap=1.0, novelty=0.7), 300, 20, 25),
        StoredItems(Mac(16, 10, Selection(g_minus=0.3), cap=3.0), 300, 20, 80, Replace(4)),
        CodeOverlap(Mac(16, 10), 300, 20, 12, n_items=50),
        CodeOverlap(Mac(16, 10, nu=0.5, novelty=0.6), 300, 20, 14, n_items=50),
    ],
)
def test_mean_field_comes_near_simulations(model):
    """Within 5 % of each value, and errors of both."""
    from assocmem.sdr.sparsey.trials import simulate

    found, tried = mean_field(model, macs=200), simulate(model, trials=600, seed=2)
    for name, value in found.values.items():
        error = np.hypot(found.errors[name], tried[name].error)
        assert abs(value - tried[name].mean) <= 0.05 * value + 4.0 * error, name
        assert error < 0.03 * value
