"""Capacities of learning rules."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import erf

from assocmem import Biased, Hopfield, Rademacher, theory
from assocmem.hopfield import Dreaming, Hebb, PseudoInverse, Storkey
from assocmem.theory import phase_diagram, solve
from assocmem.theory.capacity import GARDNER_BOUND, retrieval_line
from assocmem.theory.replica import dreaming, dreaming_lines
from assocmem.theory.replica.slept_branch import branch_end
from assocmem.theory.replica.slept_equations import SleptEquations


def critical_load(rule, temperature=0.0, patterns=None):
    given = {} if patterns is None else {"patterns": patterns}
    return theory.critical_load(Hopfield(load=0.1, rule=rule, **given), temperature)


SIGNS = np.array([[1.0], [-1.0]]), np.array([0.5, 0.5])


def end_of_branch(time, temperature):
    return branch_end(SleptEquations(time, *SIGNS, np.zeros(1)), temperature)[0]


def test_hebb_at_zero_temperature_is_the_known_maximum():
    def load(y):
        return 0.5 * (erf(y) / y - 2 / math.sqrt(math.pi) * math.exp(-y * y)) ** 2

    best = -minimize_scalar(lambda y: -load(y), bounds=(1, 2), method="bounded").fun
    assert math.isclose(critical_load(Hebb()), best, rel_tol=1e-9)
    assert math.isclose(critical_load(Dreaming(0.0)), best, rel_tol=1e-9)


@pytest.mark.parametrize("time", [0.0, 0.3, 1.0, 10.0, 300.0])
def test_explicit_maximum_agrees_with_the_fold_of_the_branch(time):
    # At T = 0, two ways: the maximum of an explicit function and the branch traced to its fold.
    assert math.isclose(critical_load(Dreaming(time)), end_of_branch(time, 0.0), rel_tol=1e-8)


@pytest.mark.parametrize("temperature", [0.01, 0.1, 0.3, 0.7, 0.95])
def test_projection_agrees_with_the_fold_of_the_branch(temperature):
    load = critical_load(PseudoInverse(), temperature)
    assert math.isclose(load, end_of_branch(math.inf, temperature), rel_tol=1e-8)


def test_dreaming_goes_from_hebb_to_projection():
    temperature = 0.2
    loads = [critical_load(Dreaming(t), temperature) for t in (0, 0.1, 1, 10, 1e6)]
    assert loads[:4] == sorted(loads[:4])
    assert math.isclose(loads[0], critical_load(Hebb(), temperature), rel_tol=1e-9)
    assert math.isclose(loads[-1], critical_load(PseudoInverse(), temperature), rel_tol=1e-4)
    assert critical_load(PseudoInverse()) == 1.0 < GARDNER_BOUND


def test_at_zero_temperature_long_dreams_pass_load_one():
    # What t = inf cannot show: its couplings vanish at load 1, those of t < inf do not.
    loads = [critical_load(Dreaming(t)) for t in (1e3, 1e5, 1e9)]
    assert all(1.067 < load < 1.069 for load in loads)
    assert solve(Hopfield(load=1.02, rule=Dreaming(100.0)), 0.0).overlaps[0] > 0.999


@pytest.mark.parametrize("rule", [Hebb(), Dreaming(1.0), Dreaming(20.0)])
@pytest.mark.parametrize("temperature", [0.0, 0.1, 0.4])
def test_retrieval_exists_below_and_not_above(rule, temperature):
    load = critical_load(rule, temperature)
    below = solve(Hopfield(load=load * (1 - 1e-6), rule=rule), temperature)
    assert below.exists and below.stable
    # The longitudinal eigenvalue vanishes as the square root of the distance d to the fold, with
    # corrections of relative order sqrt(d) = 1e-3, times 4 as found at d = 1e-4.
    nearer = solve(Hopfield(load=load * (1 - 1e-8), rule=rule), temperature)
    ratio = nearer.stability["longitudinal"] / below.stability["longitudinal"]
    assert math.isclose(ratio, 0.1, rel_tol=0.01)
    assert not solve(Hopfield(load=load * (1 + 1e-4), rule=rule), temperature).exists


@pytest.mark.parametrize("rule", [Hebb(), Dreaming(1.0), PseudoInverse()])
def test_biased_patterns(rule):
    load = critical_load(rule, 0.0, Biased(0.3))
    model = Hopfield(load=load * 0.999, rule=rule, patterns=Biased(0.3))
    assert solve(model, 0.0).exists
    model = Hopfield(load=load * 1.001, rule=rule, patterns=Biased(0.3))
    assert not solve(model, 0.0).exists


def test_line():
    temperatures = [0.0, 0.2, 0.6]
    line = retrieval_line(Hopfield(load=0.1, rule=PseudoInverse()), temperatures)
    assert line.converged and list(line.temperature) == temperatures
    expected = [critical_load(PseudoInverse(), t) for t in temperatures]
    assert np.array_equal(line.load, expected)


def test_phase_diagram_after_short_dreams_is_that_of_hebb():
    ours = dreaming.phase_diagram(Hopfield(load=0.1, rule=Dreaming(1e-9)), n_points=3)
    theirs = phase_diagram(Hopfield(load=0.1), n_points=40)
    for name, value in ours.points.items():
        assert math.isclose(value, theirs.points[name], rel_tol=1e-6), name
    for key in ("T_M", "T_c", "mixture_3"):
        # Their lines are parametrised by length: ours at T = 1/2, to the error of interpolation.
        line = theirs.lines[key]
        order = np.argsort(line.temperature)
        at_half = np.interp(0.5, line.temperature[order], line.load[order])
        assert ours.lines[key].converged and ours.lines[key].temperature[1] == 0.5
        assert math.isclose(ours.lines[key].load[1], at_half, rel_tol=0.02), key
    for line in ours.lines.values():
        assert 0.0 < np.max(line.residual) < 1e-8


def test_phase_diagram_without_dreams_is_that_of_hebb():
    ours = phase_diagram(Hopfield(load=0.1, rule=Dreaming(0.0)), n_points=5, mixtures=())
    theirs = phase_diagram(Hopfield(load=0.1), n_points=5, mixtures=())
    assert ours.points == theirs.points and ours.model.rule == Dreaming(0.0)


@pytest.mark.parametrize("temperature", [0.0, 0.16])
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_ends_on_every_sheet_after_short_dreams_are_those_of_hebb(n, temperature):
    for patterns in (Rademacher(), Biased(0.2), Biased(0.6)):
        ours, theirs = (
            theory.critical_load(
                Hopfield(load=0.1, patterns=patterns, rule=rule), temperature, n_mixed=n
            )
            for rule in (Dreaming(1e-9), Hebb())
        )
        assert math.isclose(ours, theirs, rel_tol=1e-7)


def test_phase_diagram_of_the_projection():
    diagram = phase_diagram(Hopfield(load=0.1, rule=PseudoInverse()), n_points=6, mixtures=())
    ends, equal = diagram.lines["T_M"], diagram.lines["T_c"]
    assert ends.converged and equal.converged
    assert ends.load[0] == equal.load[0] == 1.0 and ends.load[-1] == 0.0
    assert np.all(equal.load[1:-1] < ends.load[1:-1])
    dense = dreaming_lines._temperatures(40)
    assert len(dense) == 40 and dense[0] == 0.0 and dense[1] < 1e-8 and np.all(np.diff(dense) > 0)
    assert 0.0 < np.max(equal.residual) < 1e-9 and np.max(ends.residual) < 1e-6
    model = Hopfield(load=float(equal.load[2]), rule=PseudoInverse())
    recall, rest = (solve(model, 0.4, state) for state in ("retrieval", "paramagnet"))
    assert math.isclose(recall.free_energy, rest.free_energy, abs_tol=1e-9)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="field must be zero"):
        phase_diagram(Hopfield(load=0.1, rule=Dreaming(1.0), field=(0.1,)))
    with pytest.raises(ValueError, match="rule must be Hebb, Dreaming or PseudoInverse"):
        critical_load(Storkey())
    with pytest.raises(ValueError, match="temperature must be"):
        critical_load(Hebb(), -1.0)
    with pytest.raises(ValueError, match="temperature must be"):
        critical_load(Dreaming(1.0), 1.0)
    with pytest.raises(TypeError, match=r"temperatures\[1\] must be"):
        retrieval_line(Hopfield(load=0.1), [0.1, "1"])
    with pytest.raises(ValueError, match="field must be zero"):
        theory.critical_load(Hopfield(load=0.1, rule=Dreaming(1.0), field=(0.1,)))
    with pytest.raises(TypeError, match="model must be a Hopfield model"):
        theory.critical_load(Dreaming(1.0))
