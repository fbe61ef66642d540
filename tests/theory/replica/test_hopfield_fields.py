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
