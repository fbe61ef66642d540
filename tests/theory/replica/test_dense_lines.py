"""Critical lines of dense models against the states, closed forms and the Hopfield model."""

import dataclasses
import math
from functools import lru_cache

import mpmath as mp
import numpy as np
import pytest

from assocmem import Dense, Hopfield
from assocmem.hopfield.energy import FullPower, Separable, kernel
from assocmem.hopfield.learning import Supervised, Unsupervised
from assocmem.theory import (
    critical_load,
    critical_load_rsb,
    glass_transition,
    retrieval_line,
    solve_rsb,
)
from assocmem.theory import phase_diagram as dispatched
from assocmem.theory.replica.dense import phase_diagram, solve
from assocmem.theory.replica.dense_capacity import _along_isotherm, critical
from assocmem.theory.replica.dense_cases import case_of
from assocmem.theory.replica.dense_rays import find

_MODELS = [
    Dense(load=0.1, p=3),
    Dense(load=0.1, p=4),
    Dense(load=0.1, energy=FullPower(4)),
    Dense(load=0.1, energy=FullPower(3)),
    Dense(load=0.1, energy=Separable("m**2/3 + m**5/10")),
    Dense(load=0.1, p=3, learning=Supervised(5, 0.6)),
    Dense(load=0.1, p=3, learning=Unsupervised(4, 0.8)),
    Dense(load=0.1, p=2, learning=Unsupervised(5, 0.8)),
]


@lru_cache
def _lines(model):
    return phase_diagram(model, n_points=12, mixtures=() if model.learning else (3,))


@pytest.fixture(scope="module", params=_MODELS, ids=str)
def diagram(request):
    return _lines(request.param)


def test_every_line_is_converged_and_has_its_points(diagram):
    for key, line in diagram.lines.items():
        assert line.converged, key
        assert len(line) >= (8 if key == "T_M_rsb" else 12)
        assert np.max(line.residual) < 1e-11
        assert np.all(line.load >= 0.0) and np.all(line.temperature >= 0.0)
    assert len(diagram.lines["T_M"]) == 12
    assert diagram.lines["T_M"].temperature[0] == 0.0


def test_retrieval_exists_below_the_spinodal_and_not_above(diagram):
    model, line = diagram.model, diagram.lines["T_M"]
    for k in range(0, len(line) - 1, 2):
        load, t = line.load[k], line.temperature[k]
        if load < 1e-5:
            continue
        # The normal of the line points outwards.
        tangent = np.array([line.load[k + 1] - load, line.temperature[k + 1] - t])
        if np.linalg.norm(tangent) == 0.0:
            continue
        inside = solve(dataclasses.replace(model, load=load * (1 - 1e-7)), t)
        assert inside.exists and inside.stable
        assert abs(inside.overlaps[0] - line.states["overlap"][k]) < 3e-2
        assert not solve(dataclasses.replace(model, load=load * (1 + 1e-7)), t).exists


def test_critical_load_is_the_line(diagram):
    line = diagram.lines["T_M"]
    for k in (0, 3, 7):
        load = critical_load(diagram.model, line.temperature[k])
        assert load == pytest.approx(line.load[k], rel=1e-9)
    assert diagram.points["critical load at T = 0"] == pytest.approx(line.load[0], rel=1e-13)
    assert diagram.points["largest load of retrieval"] >= np.max(line.load) * (1 - 1e-12)


def test_free_energies_are_equal_on_the_first_order_line(diagram):
    model, line = diagram.model, diagram.lines["T_c"]
    jump = model.p > 2 and not any(kernel(model.energy)[1:3])  # a glass of one step of breaking
    for k in range(0, len(line), 3):
        load, t = line.load[k], line.temperature[k]
        if load < 1e-9:
            continue
        at = dataclasses.replace(model, load=load)
        if jump and t < glass_transition(at).static * (1 - 1e-9):
            other = solve_rsb(at, t, "spin-glass")
            assert other.broken and other.exists
            retrieval = (solve if model.learning else solve_rsb)(at, t)
        else:
            retrieval, other = solve(at, t), solve(at, t, "paramagnet")
            glass = solve(at, t, "spin-glass")
            other = glass if glass.exists and not jump else other
        assert retrieval.free_energy == pytest.approx(other.free_energy, rel=1e-9)


def test_replicon_vanishes_on_its_line(diagram):
    model, line = diagram.model, diagram.lines["T_R"]
    for k in range(0, len(line), 4):
        load, t = line.load[k], line.temperature[k]
        if t < 1e-6:
            continue
        found = solve(dataclasses.replace(model, load=load * (1 - 1e-9)), t)
        assert abs(found.stability["replicon"]) < 1e-4 * t


def test_glass_transitions(diagram):
    model = diagram.model
    if "T_g" not in diagram.lines:
        assert kernel(model.energy)[1] > 0.0  # random fields
        return
    line = diagram.lines["T_g"]
    at, t = dataclasses.replace(model, load=line.load[5]), line.temperature[5]
    if "T_d" in diagram.lines:
        # Montanari, Ricci-Tersenghi (2003): 0.651 and 0.682 at p = 3 where the variance is 1/2.
        found = glass_transition(at)
        assert t == pytest.approx(found.static, rel=1e-13)
        assert diagram.lines["T_d"].temperature[5] == pytest.approx(found.dynamic, rel=1e-13)
        if model == Dense(load=0.1, p=3):
            unit = math.sqrt(3.0 / line.load[5])  # alpha g(1) = 1/2 at load 3
            assert t * unit == pytest.approx(0.651, abs=5e-4)
            assert found.dynamic * unit == pytest.approx(0.682, abs=5e-4)
        assert solve_rsb(at, t * (1 - 1e-6), "spin-glass").theta == pytest.approx(1.0, abs=1e-4)
        assert not solve_rsb(at, t * (1 + 1e-9), "spin-glass").exists
        return
    if model.p > 2:
        second = 2.0 * kernel(model.energy)[2]
        np.testing.assert_allclose(line.temperature, np.sqrt(line.load * second), rtol=1e-14)
    above = solve(at, t * (1 + 1e-9), "paramagnet")
    assert above.stability["replicon"] == pytest.approx(0.0, abs=1e-7)
    assert not solve(at, t * (1 + 1e-9), "spin-glass").exists
    assert solve(at, t * (1 - 1e-3), "spin-glass").q < 0.02


@pytest.mark.parametrize("p", [3, 4, 6, pytest.param(12, marks=pytest.mark.slow)])
def test_one_step_of_breaking(p):
    diagram = _lines(Dense(load=0.1, p=p))
    points, lines = diagram.points, diagram.lines
    # Nishimori's line T = load, where all is known without replicas: retrieval and the states
    # that the paramagnet is made of are the same there, so T_c and T_g meet on it.
    static = glass_transition(Dense(load=1.0, p=p)).static
    assert points["load where T_c meets T_g"] == pytest.approx(static**2, rel=1e-9)
    assert points["temperature where T_c meets T_g"] == pytest.approx(static**2, rel=1e-9)
    # T = 0, by solutions that know nothing of the line
    load = points["load below which retrieval is the ground state"]
    assert lines["T_c"].temperature[-1] == 0.0
    assert lines["T_c"].load[-1] == load
    end = points["critical load at T = 0, one step RSB"]
    if p < 12:
        for factor, sign in ((1 - 1e-4, -1), (1 + 1e-4, 1)):
            at = Dense(load=load * factor, p=p)
            gap = solve_rsb(at, 0.0).energy - solve_rsb(at, 0.0, "spin-glass").energy
            assert gap * sign > 0.0
        assert solve_rsb(Dense(load=end * (1 - 1e-6), p=p), 0.0).exists
    else:  # beyond p = 10 symmetric retrieval is close enough
        assert solve_rsb(Dense(load=load, p=p), 0.0).broken
    assert load < end and points["critical load at T = 0"] < end
    line = lines["T_M_rsb"]
    assert line.load[0] == pytest.approx(end, rel=1e-12) and line.temperature[0] == 0.0
    assert line.load[-1] == points["load where the AT line meets the spinodal"]
    assert np.all(np.diff(line.load) > 0.0)
    other = critical_load_rsb(line.temperature[3], diagram.model)
    assert other.load == pytest.approx(line.load[3], rel=1e-8)
    assert any("artefact" in note for note in diagram.notes)


def test_learned_retrieval_below_its_line_of_almeida_and_thouless():
    diagram = _lines(Dense(load=0.1, p=3, learning=Supervised(5, 0.6)))
    assert "T_M_rsb" not in diagram.lines
    assert any("critical_load_rsb" in note for note in diagram.notes)
    single = _lines(Dense(load=0.1, p=3, learning=Supervised(1, 0.6)))
    stored = _lines(Dense(load=0.1, p=3))
    for name, value in stored.points.items():  # M = 1: the example is what is stored
        if "overlap" not in name and "mixture" not in name:
            assert single.points[name] == pytest.approx(value, rel=1e-8), name


def test_full_powers_of_six():
    diagram = phase_diagram(Dense(load=0.1, energy=FullPower(6)), n_points=6)
    found = glass_transition(Dense(load=diagram.lines["T_g"].load[3], energy=FullPower(6)))
    assert not found.continuous
    assert diagram.lines["T_g"].temperature[3] == pytest.approx(found.static, rel=1e-13)
    assert diagram.lines["T_d"].temperature[3] == pytest.approx(found.dynamic, rel=1e-13)


@pytest.mark.parametrize("p", [3, 4, 6])
def test_temperatures_at_load_zero(p):
    points = _lines(Dense(load=0.1, p=p)).points
    mp.mp.dps = 25
    # x = beta m^(p-1)/(p-1)!, m = tanh x: T = tanh(x)^(p-1)/(x (p-1)!), largest.
    x = mp.findroot(lambda x: (p - 1) * x / mp.cosh(x) ** 2 - mp.tanh(x), 1.2)
    top = mp.tanh(x) ** (p - 1) / x / mp.factorial(p - 1)
    assert points["spinodal temperature at load 0"] == pytest.approx(float(top), rel=1e-13)
    x = mp.findroot(
        lambda x: (
            (p - 1) * mp.tanh(x) ** p / mp.factorial(p)
            - (mp.log(2 * mp.cosh(x)) - mp.log(2)) * mp.tanh(x) ** (p - 1) / x / mp.factorial(p - 1)
        ),
        2.0 if p == 3 else 3.5 if p == 4 else 6.0,
    )
    t = mp.tanh(x) ** (p - 1) / x / mp.factorial(p - 1)
    assert points["thermodynamic temperature at load 0"] == pytest.approx(float(t), rel=1e-13)
    # On T = load, where the overlap is q, the spinodal is marginal for AT, and the load largest.
    tip = points["largest load of retrieval"]
    assert points["temperature of the largest load"] == pytest.approx(tip, rel=1e-8)
    assert points["load where the AT line meets the spinodal"] == pytest.approx(tip, rel=1e-8)


def test_pairs_have_the_lines_of_the_hopfield_model():
    own, reference = dispatched(Dense(load=0.1, p=2), n_points=5), dispatched(
        Hopfield(load=0.1), n_points=5
    )  # fmt: skip
    assert own.points == reference.points
    assert own.lines.keys() == reference.lines.keys()
    case = case_of(Dense(load=0.1, p=2))  # and without delegation
    for t in (0.2, 0.6):
        load, residual = _along_isotherm(case, find(case, 0.0, t).point, t)
        assert load == pytest.approx(critical_load(Hopfield(load=0.1), t), rel=1e-11)
        assert residual < 1e-10


def test_two_pieces_where_the_fold_has_a_cusp():
    model = Dense(load=0.1, p=3, learning=Supervised(11, 0.4))
    diagram = phase_diagram(model, n_points=40)
    line = diagram.lines["T_M"]
    assert len(line) == 40
    jump = 19  # the first piece has half of the points
    assert line.temperature[jump] == pytest.approx(line.temperature[jump + 1], rel=1e-9)
    assert line.load[jump + 1] - line.load[jump] > 0.005
    assert any("cusp" in note for note in diagram.notes)
    for t in (0.126, 0.131):
        end = critical_load(model, t)
        assert solve(dataclasses.replace(model, load=end * (1 - 1e-9)), t).exists
        assert not solve(dataclasses.replace(model, load=end * (1 + 1e-9)), t).exists


def test_cusp_at_the_largest_load():
    model = Dense(load=0.1, p=3, learning=Supervised(50, 0.3))
    diagram = phase_diagram(model, n_points=40)
    tip, line = diagram.points["largest load of retrieval"], diagram.lines["T_M"]
    assert tip >= np.max(line.load) * (1 - 1e-12)
    assert tip == pytest.approx(np.max(line.load), rel=1e-2)


def test_several_folds_of_pairs():
    # Spins with two of three examples in favour of the archetype have a third of the field.
    model = Dense(load=0.1, p=2, learning=Supervised(3, 0.7))
    diagram = phase_diagram(model, n_points=6)
    assert {"T_M", "T_M_2"} <= diagram.lines.keys()
    end = diagram.points["critical load at T = 0"]
    assert end > diagram.points["load of T_M_2 at T = 0"]
    assert solve(dataclasses.replace(model, load=end * (1 - 1e-9)), 0.0).stable
    assert not solve(dataclasses.replace(model, load=end * (1 + 1e-9)), 0.0).exists


def test_mixtures():
    diagram = _lines(Dense(load=0.1, p=3))
    end = diagram.points["critical load of the 3-mixture at T = 0"]
    model = Dense(load=end * (1 - 1e-9), p=3)
    assert solve(model, 0.0, "mixture").exists
    assert not solve(dataclasses.replace(model, load=end * (1 + 1e-9)), 0.0, "mixture").exists
    assert critical_load(model, n_mixed=3) == pytest.approx(end, rel=1e-12)
    assert end < diagram.points["critical load at T = 0"]
    line = retrieval_line(model, [0.0, 0.05], n_mixed=3)
    assert line.converged and line.load[0] == pytest.approx(end, rel=1e-12)


@pytest.mark.parametrize("p", [3, 4])
def test_mixtures_have_two_sheets(p):
    """Between them, at the temperature of the cusp, the load at which mixtures end jumps."""
    model = Dense(load=0.1, p=p)
    diagram = _lines(model)
    cold, warm = diagram.lines["mixture_3"], diagram.lines["mixture_3_2"]
    t, low, high = cold.temperature[-1], cold.load[-1], warm.load[0]
    assert warm.temperature[0] == pytest.approx(t, rel=1e-9) and high > 1.1 * low
    assert critical_load(model, t * (1 + 1e-6), n_mixed=3) == pytest.approx(high, rel=1e-4)
    below = np.interp(0.97 * t, cold.temperature, cold.load)
    assert critical_load(model, 0.97 * t, n_mixed=3) == pytest.approx(below, rel=1e-2)
    # Above the cusp overlaps fall smoothly into those of the second sheet, below by a jump.
    loads = np.linspace(0.9 * low, 0.99 * high, 40)

    def overlaps(t):
        found = [solve(dataclasses.replace(model, load=a), t, "mixture") for a in loads]
        return np.array([state.overlaps[0] for state in found if state.exists])

    above, below = overlaps(t * 1.03), overlaps(t * 0.97)
    assert len(above) == 40 and np.all(np.diff(above) < 0.0)
    assert len(below) < 20 and below[-1] > above[-1] + 0.05
    assert any("cusp" in note for note in diagram.notes)


def test_learning_moves_between_its_limits():
    # r -> 1 and M -> infinity are storing; unsupervised noise is larger at every M.
    stored = critical_load(Dense(load=0.1, p=3))
    ends = {}
    for kind in (Supervised, Unsupervised):
        loads = [critical_load(Dense(load=0.1, p=3, learning=kind(m, 0.7))) for m in (3, 9, 201)]
        assert loads == sorted(loads)
        assert loads[-1] < stored
        ends[kind] = loads
    assert all(u < s for u, s in zip(ends[Unsupervised], ends[Supervised], strict=True))
    for kind, last in ends.items():
        more = critical_load(Dense(load=0.1, p=3, learning=kind(402, 0.7)))
        assert (stored - last[-1]) / (stored - more) == pytest.approx(2.0, abs=0.1)
    # One example is stored as a pattern is.
    one = critical_load(Dense(load=0.1, p=3, learning=Unsupervised(1, 0.3)))
    assert one == pytest.approx(stored, rel=1e-12)


def test_the_load_of_the_model_is_not_used():
    found = _lines(Dense(load=0.3, p=3, exponent=1.0))
    assert found.points == _lines(Dense(load=0.1, p=3)).points


def test_the_law_of_examples_is_passed_on():
    from assocmem.theory import solve as dispatched_solve

    model = Dense(load=0.02, p=3, learning=Supervised(4, 0.7))
    for law in ("binomial", "gaussian"):
        found = dispatched_solve(model, 0.05, law=law)
        assert found.overlaps == solve(model, 0.05, law=law).overlaps
    assert dispatched_solve(model, 0.05).overlaps != found.overlaps
    points = dispatched(model, n_points=4, mixtures=(), law="gaussian").points
    assert points["critical load at T = 0"] == critical(model, law="gaussian")[0]
    for call in (lambda m: dispatched_solve(m, 0.1, law="gaussian"),
                 lambda m: dispatched(m, law="gaussian")):  # fmt: skip
        with pytest.raises(TypeError, match="law must be left out"):
            call(Hopfield(load=0.05))
        with pytest.raises(ValueError, match="law must be left out"):
            call(Dense(load=0.05, p=3))
    with pytest.raises(ValueError, match="law must be"):
        dispatched_solve(model, 0.05, law="normal")


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="field must be zero"):
        phase_diagram(Dense(load=0.1, p=3, field=(0.1,)))
    with pytest.raises(ValueError, match="n_points must be"):
        phase_diagram(Dense(load=0.1, p=3), n_points=1)
    with pytest.raises(TypeError, match="mixtures must be"):
        phase_diagram(Dense(load=0.1, p=3), mixtures=3)
    with pytest.raises(ValueError, match="learning must be None"):
        critical_load(Dense(load=0.1, p=3, learning=Supervised(3, 0.5)), n_mixed=3)
    with pytest.raises(ValueError, match="temperature must be"):
        critical_load(Dense(load=0.1, p=3), -1.0)
    assert math.isclose(critical_load(Dense(load=0.1, p=3), 0.2912), 1.8e-4, rel_tol=0.1)


def test_critical_load_below_a_cusp():
    # The fold of the state itself, not that of the second state of smaller overlap behind it:
    # at constant T the two are less than a tenth apart in asinh(sigma).
    model = Dense(load=0.0, p=5, learning=Supervised(4, 0.8))
    loads = [critical_load(model, t) for t in (0.0066, 0.0067, 0.00672, 0.00674, 0.00676)]
    slopes = np.diff(loads) / np.diff([0.0066, 0.0067, 0.00672, 0.00674, 0.00676])
    assert np.all(slopes > 0.25) and np.all(slopes < 0.35)
    assert critical_load(model, 0.0068) > 1.02 * loads[-1]
