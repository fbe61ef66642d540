"""External fields: against direct quadrature, and against the sheets where both apply."""

import itertools
import math

import numpy as np
import pytest

from assocmem import Biased, Hopfield, Rademacher
from assocmem.theory import solve
from assocmem.theory.replica import hopfield_fields as fields


def _averages(model, m, b, t):
    """E eta tanh, q, C, free field term by a plain sum over z in steps of 1/200."""
    z = np.linspace(-10, 10, 4001)
    w = np.exp(-z * z / 2)
    w = w / w.sum()
    values, weights = model.patterns.law()
    h = np.zeros(len(m))
    h[: len(model.field)] = model.field
    overlap, q, log = np.zeros(len(m)), 0.0, 0.0
    for word in itertools.product(range(2), repeat=len(m)):
        eta, p = values[list(word)], math.prod(weights[list(word)])
        x = (eta @ (m + h) + b * z) / t
        overlap += p * eta * (w @ np.tanh(x))
        q += p * (w @ np.tanh(x) ** 2)
        log += p * t * (w @ np.logaddexp(x, -x))
    return overlap, q, log


@pytest.mark.parametrize(
    ("model", "t", "name"),
    [
        (Hopfield(load=0.05, field=(0.05,)), 0.4, "retrieval"),
        (Hopfield(load=0.05, field=(0.0, 0.1)), 0.4, "retrieval"),
        (Hopfield(load=0.2, field=(0.3, 0.01)), 0.5, "retrieval"),
        (Hopfield(load=0.02, field=(0.1, -0.05), patterns=Biased(0.2)), 0.4, "retrieval"),
        (Hopfield(load=0.001, field=(0.1, 0.05, 0.05)), 0.3, "mixture"),
        (Hopfield(load=0.1, field=(0.01,)), 0.6, "spin-glass"),
        (Hopfield(load=0.1, field=(0.3, 0.1)), 1.5, "paramagnet"),
    ],
)
def test_equations_and_thermodynamics(model, t, name):
    found = solve(model, t, name)
    assert found.exists
    m = np.array(found.overlaps)
    b = math.sqrt(model.load * found.r)
    overlap, q, log = _averages(model, m, b, t)
    np.testing.assert_allclose(overlap, m, atol=1e-9)
    assert q == pytest.approx(found.q, abs=1e-9)
    c = (1 - q) / t
    assert found.r == pytest.approx(q / (1 - c) ** 2, rel=1e-7)
    load = model.load
    f = load / 2 + m @ m / 2 + load * t / 2 * (math.log(1 - c) - q / t / (1 - c))
    f += load * found.r * (1 - q) / t / 2 - log
    assert found.free_energy == pytest.approx(f, abs=1e-8)
    assert found.energy == pytest.approx(found.free_energy + t * found.entropy, abs=1e-12)
    step = 1e-5
    slope = solve(model, t + step, name).free_energy - solve(model, t - step, name).free_energy
    assert found.entropy == pytest.approx(-slope / (2 * step), abs=1e-7)


def test_overlap_is_the_response_to_the_field():
    h = 1e-5
    up, down = (solve(Hopfield(load=0.05, field=(0.1, s * h)), 0.3).free_energy for s in (1, -1))
    here = solve(Hopfield(load=0.05, field=(0.1, h)), 0.3).overlaps[1]
    down_overlap = solve(Hopfield(load=0.05, field=(0.1, -h)), 0.3).overlaps[1]
    assert here == pytest.approx(-down_overlap, abs=1e-14)
    f0 = solve(Hopfield(load=0.05, field=(0.1,)), 0.3)
    assert up == pytest.approx(down, abs=1e-14)
    # f(h) = f(0) - chi h^2/2 and m = chi h, chi = C/(1 - C) for an uncondensed pattern
    assert here == pytest.approx(h * f0.C / (1 - f0.C), rel=1e-6)


@pytest.mark.parametrize("t", [0.0, 0.2, 0.7])
def test_both_solvers_agree_where_both_apply(t):
    model = Hopfield(load=0.06, field=(0.2,))
    sheet = solve(model, t)
    general = fields.solve_in_fields(model, t, "retrieval", 1, [0.2])
    assert general.overlaps[0] == pytest.approx(sheet.overlaps[0], abs=1e-13)
    for key in ("q", "C", "r", "free_energy", "energy", "entropy"):
        assert getattr(general, key) == pytest.approx(getattr(sheet, key), abs=1e-12), key
    for key, value in sheet.stability.items():
        assert general.stability[key] == pytest.approx(value, abs=1e-12), key


def test_states_that_fields_destroy():
    outweighed = solve(Hopfield(load=0.01, field=(0.0, 1.1)), 0.1)
    assert not outweighed.exists
    assert "outweigh" in outweighed.reason
    assert not solve(Hopfield(load=0.01, field=(-0.9,)), 0.5).exists
    assert solve(Hopfield(load=0.0, field=(-0.5,)), 0.1).exists  # metastable
    assert not solve(Hopfield(load=0.1, field=(0.1,)), 0.3, "paramagnet").exists
    # A strong field drags the glass to the pattern: its branch folds on the way.
    assert "fields times" in solve(Hopfield(load=0.1, field=(0.5,)), 0.4, "spin-glass").reason


def test_trailing_zero_fields_do_nothing():
    plain = solve(Hopfield(load=0.05, patterns=Rademacher()), 0.3)
    assert solve(Hopfield(load=0.05, field=(0.0, 0.0)), 0.3).overlaps == plain.overlaps


@pytest.mark.parametrize("strength", [1e4, 1e12, 1e100])
@pytest.mark.parametrize(
    ("t", "name"), [(0.0, "retrieval"), (0.2, "retrieval"), (2.0, "paramagnet")]
)
def test_every_spin_follows_a_huge_field(strength, t, name):
    """m = 1, q = 1, r = 1, f = -1/2 - h; deviations are of order exp(-2 h/T)."""
    found = solve(Hopfield(load=0.05, field=(strength,)), t, name)
    assert found.overlaps == (1.0,) and found.q == 1.0 and found.C == 0.0 and found.r == 1.0
    assert found.free_energy == pytest.approx(-0.5 - strength, rel=1e-15)
    assert found.stable and found.residual < 1e-12


def test_the_frozen_state_is_what_tracing_finds(monkeypatch):
    cases = [
        (Hopfield(load=0.05, field=(300.0,)), 0.2, "retrieval"),
        (Hopfield(load=0.05, field=(2e3, -5e2), patterns=Biased(0.2)), 2.0, "paramagnet"),
        (Hopfield(load=0.001, field=(90.0, 90.0, 90.0)), 0.1, "mixture"),
    ]
    from assocmem.theory.replica import hopfield

    short = [solve(*case) for case in cases]
    monkeypatch.setattr(hopfield, "frozen_in_fields", lambda *arguments: None)
    for one, case in zip(short, cases, strict=True):
        two = solve(*case)
        assert one.iterations == 1 < two.iterations
        assert one.overlaps == pytest.approx(two.overlaps, abs=1e-12)
        for name in ("q", "C", "r", "entropy"):
            assert getattr(one, name) == pytest.approx(getattr(two, name), abs=1e-12)
        for name in ("free_energy", "energy"):
            assert getattr(one, name) == pytest.approx(getattr(two, name), rel=1e-14)
        assert one.stability == pytest.approx(two.stability, abs=1e-10)


@pytest.mark.parametrize("strength", [1e4, 1e12])
def test_free_sites_of_even_mixtures_in_huge_fields(strength):
    """Half of the sites feel no field: b (1 - C/2) = sqrt(alpha (1 + q_0)/2), by quadrature."""
    load, t = 0.001, 0.2
    found = solve(Hopfield(load=load, field=(strength, strength)), t, "mixture", n_mixed=2)
    z = np.linspace(-10, 10, 8001)
    w = np.exp(-z * z / 2)
    b = math.sqrt(load * found.r)
    q = (w / w.sum()) @ np.tanh(b * z / t) ** 2
    assert found.overlaps == pytest.approx((0.5, 0.5), abs=1e-12)
    assert found.q == pytest.approx((1 + q) / 2, abs=1e-10)
    assert b * (1 - (1 - q) / (2 * t)) == pytest.approx(math.sqrt(load * found.q), abs=1e-10)


@pytest.mark.parametrize("strength", [1e-300, 1e-12])
def test_the_least_fields_are_answered_linearly(strength):
    found = solve(Hopfield(load=0.05, field=(strength,)), 2.0, "paramagnet")
    none = solve(Hopfield(load=0.05), 2.0, "paramagnet")
    assert found.overlaps == pytest.approx((strength,), rel=1e-12)  # h/(T - 1)
    assert found.free_energy == pytest.approx(none.free_energy, rel=1e-14)
    assert found.stability["replicon"] == pytest.approx(none.stability["replicon"], rel=1e-14)


def test_the_paramagnet_at_any_temperature():
    found = solve(Hopfield(load=0.05), 1e300, "paramagnet")
    assert found.free_energy == pytest.approx(-1e300 * math.log(2.0), rel=1e-14)
    assert found.entropy == pytest.approx(math.log(2.0), rel=1e-14)
    assert found.stability["replicon"] == pytest.approx(1e300, rel=1e-14)


def test_a_state_that_meets_no_fold_goes_on_at_any_load():
    """Direct quadrature of m and of b (1 - C) where noise is 60 times the field."""
    model = Hopfield(load=6000.0, field=(1.5,))
    found = solve(model, 1.0)
    assert found.exists
    m, b = found.overlaps[0], math.sqrt(model.load * found.r)
    overlap, q, _ = _averages(model, [m], b, 1.0)
    assert m == pytest.approx(overlap[0], abs=2e-4)
    assert found.q == pytest.approx(q, abs=2e-4)
