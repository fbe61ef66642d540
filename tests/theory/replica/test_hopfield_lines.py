"""Critical lines: published values, limits, and where lines must meet."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from assocmem import Biased, Hopfield
from assocmem.theory import critical_load, lines, phase_diagram, solve
from assocmem.theory.gaussian import moments


@pytest.fixture(scope="module")
def diagram():
    return phase_diagram(Hopfield(load=0.1), mixtures=(2, 3, 5, 7))


def test_published_points(diagram):
    points = diagram.points
    # AGS 1985, 1987: alpha_c = 0.138, m = 0.967; ground state below 0.051; 3-mixtures below
    # T = 0.461 at no load and below 0.03 at T = 0; T_M = 1 - 1.95 sqrt(alpha).
    assert points["critical load at T = 0"] == pytest.approx(0.138, abs=5e-4)
    assert points["critical overlap at T = 0"] == pytest.approx(0.967, abs=5e-4)
    ground = points["load below which retrieval is the ground state"]
    assert ground == pytest.approx(0.051, abs=1e-3)
    stable = points["stability temperature of the 3-mixture at load 0"]
    assert stable == pytest.approx(0.461, abs=2e-3)
    assert points["critical load of the 3-mixture at T = 0"] == pytest.approx(0.03, abs=1e-3)
    assert points["slope (1 - T_M)/sqrt(load) at load 0"] == pytest.approx(1.95, abs=5e-3)
    assert points["entropy at critical load, T = 0"] == pytest.approx(-1.4e-3, abs=1e-4)


def test_critical_load_in_closed_form(diagram):
    def minus_load(y):
        return -0.5 * (math.erf(y) / y - 2 / math.sqrt(math.pi) * math.exp(-y * y)) ** 2

    found = minimize_scalar(
        minus_load, bounds=(1.0, 2.0), method="bounded", options={"xatol": 1e-9}
    )
    assert diagram.points["critical load at T = 0"] == pytest.approx(-found.fun, abs=1e-13)
    assert diagram.points["critical overlap at T = 0"] == pytest.approx(math.erf(found.x), abs=1e-7)


def test_every_line_converged_and_says_why_it_ended(diagram):
    assert {"T_g", "T_M", "T_c", "T_R", "mixture_3", "mixture_3_stability"} <= set(diagram.lines)
    for line in diagram.lines.values():
        assert line.converged, line
        assert line.ended
        assert len(line) == 100
        assert np.max(line.residual) < 1e-10
        assert np.all(np.isfinite(line.load))
        assert np.all(np.isfinite(line.temperature))
    assert "critical load at T = 0" in str(diagram)


def test_dataset_survives_its_file(diagram, tmp_path):
    import xarray as xr

    diagram.to_dataset().to_netcdf(tmp_path / "diagram.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "diagram.nc", engine="h5netcdf") as read:
        np.testing.assert_array_equal(read["T_M_load"], diagram.lines["T_M"].load)
        name = "critical load at T = 0"
        value = read["critical_value"].sel(critical_point=name)
        assert float(value) == diagram.points[name]


def test_states_end_on_their_lines(diagram):
    for key, name, n in [("T_M", "retrieval", 2), ("mixture_3", "mixture", 3)]:
        line = diagram.lines[key]
        for i in range(5, 90, 17):
            # Across the line along the ray from the origin.
            for factor, exists in [(1 - 1e-8, True), (1 + 1e-8, False)]:
                model = Hopfield(load=line.load[i] * factor**2)
                state = solve(model, line.temperature[i] * factor, name, n_mixed=n)
                assert state.exists is exists, (key, i)


def test_free_energies_are_equal_on_the_first_order_line(diagram):
    line = diagram.lines["T_c"]
    for i in range(0, 95, 9):
        model, t = Hopfield(load=line.load[i]), line.temperature[i]
        difference = solve(model, t).free_energy - solve(model, t, "spin-glass").free_energy
        assert abs(difference) < 1e-12
    ground = diagram.points["load below which retrieval is the ground state"]
    assert line.load[0] == pytest.approx(ground, rel=1e-13)


def test_replicon_vanishes_on_the_at_line(diagram):
    line = diagram.lines["T_R"]
    for i in range(1, 60, 7):
        state = solve(Hopfield(load=line.load[i]), line.temperature[i])
        assert abs(state.stability["replicon"]) < 1e-12
    # As alpha -> 0, m = r = 1: T = (2/3) alpha C, so T_R ~ sqrt(8 alpha/(9 pi)) exp(-1/(2 alpha)).
    for i in (90, 95, 99):
        load = line.load[i]
        ratio = line.temperature[i] / (math.sqrt(8 * load / 9 / math.pi) * math.exp(-0.5 / load))
        assert ratio == pytest.approx(1.0, abs=4 * load)


def test_lines_meet_where_they_must(diagram):
    spinodal, equal = diagram.lines["T_M"], diagram.lines["T_c"]
    for line in (spinodal, equal):
        assert (line.load[-1], line.temperature[-1]) == (0.0, 1.0)
        assert line.temperature[0] == 0.0
    # T_c lies below T_M at every load.
    order = np.argsort(equal.load)
    below = np.interp(spinodal.load[40:95], equal.load[order], equal.temperature[order], right=0)
    assert np.all(below < spinodal.temperature[40:95])
    at_line = diagram.lines["T_R"]
    meeting = diagram.points["load where the AT line meets the spinodal"]
    assert at_line.load[0] == pytest.approx(meeting, rel=1e-13)
    # The spinodal bends back at low temperature: its tip is off T = 0.
    tip = diagram.points["largest load of retrieval"]
    assert tip > diagram.points["critical load at T = 0"] + 1e-4
    temperature = diagram.points["temperature of the largest load of retrieval"]
    assert critical_load(Hopfield(load=0.1), temperature) == pytest.approx(tip, abs=1e-13)


def test_spinodal_slope_is_the_limit_of_the_line(diagram):
    line, slope = diagram.lines["T_M"], diagram.points["slope (1 - T_M)/sqrt(load) at load 0"]
    load = line.load[-2]
    assert load < 1e-7
    assert (1 - line.temperature[-2]) / math.sqrt(load) == pytest.approx(slope, rel=1e-3)


def test_general_bordered_system_gives_the_same_spinodal(diagram):
    """Folds of the equations in (m, b) themselves, by the builder that knows no model."""

    def residual(x, p):
        g = moments(x[0], x[1], p[1])
        return np.array([x[0] - g[0], x[1] * (1 - g[2]) - math.sqrt(p[0] * g[1])])

    def jacobian(x, p):
        g = moments(x[0], x[1], p[1])
        pull = -x[1] + 0.5 * p[1] * math.sqrt(p[0] / g[1])
        by_b = x[1] * g[4]
        return np.array([[1 - g[2], -x[1] * g[3]], [g[3] * pull, 1 - g[2] + by_b * pull]])

    line = diagram.lines["T_M"]
    system = lines.spinodal_system(residual, jacobian, 2)
    for i in (20, 50, 80):
        load, t = line.load[i], line.temperature[i]
        x = np.array([line.states["overlap"][i], math.sqrt(load * line.states["r"][i])])
        start = lines.spinodal_start(jacobian, x * 1.001, np.array([load * 0.999, t]))
        along = np.array([0, 0, 0, 0, 0, 1.0])
        y = lines.correct(system, start, along)[0]
        assert y[4] == pytest.approx(load, abs=1e-12)


def test_mixture_becomes_unstable_on_its_line(diagram):
    line = diagram.lines["mixture_3_stability"]
    for i in (1, 30, 60):
        signs = [
            solve(Hopfield(load=line.load[i]), line.temperature[i] * f, "mixture")
            .stability["symmetry"] > 0
            for f in (1 - 1e-6, 1 + 1e-6)
        ]  # fmt: skip
        assert signs == [True, False]


def test_two_sheets_of_the_seven_mixture(diagram):
    """Weakly and strongly ordered 7-mixtures: the first ends in a loop back to T = 0."""
    first, second = diagram.lines["mixture_7"], diagram.lines["mixture_7_2"]
    assert first.temperature[-1] == pytest.approx(0.0, abs=1e-12)
    assert second.load[-1] == 0.0
    state = solve(Hopfield(load=0.0001), 0.6, "mixture", n_mixed=7)
    assert state.exists  # beyond the first sheet at this temperature


def test_biased_patterns_and_equal_laws():
    # |eta| of bias 1/2 has the law of |S|/sqrt(3) of a 3-mixture of unbiased patterns.
    biased = phase_diagram(Hopfield(load=0.1, patterns=Biased(0.5)), mixtures=(2,))
    assert biased.points["critical load at T = 0"] == pytest.approx(
        critical_load(Hopfield(load=0.1), n_mixed=3), abs=1e-13
    )
    assert all(line.converged for line in biased.lines.values())


def test_strongly_biased_patterns_lose_retrieval_below_one():
    # E eta^4 = (1 + 3 b^2)/(1 - b^2) > 3 for b^2 > 1/3; the glass wins if (1 - b^2)/2 < 1/pi.
    model = Hopfield(load=0.1, patterns=Biased(0.67))
    strong = phase_diagram(model, mixtures=())
    assert "T_c" not in strong.lines
    assert any("lower than retrieval" in note for note in strong.notes)
    end = strong.points["temperature at which retrieval ends for load -> 0"]
    values, weights = model.patterns.law()
    found = solve(Hopfield(n_patterns=3, patterns=Biased(0.67)), end)
    c = sum(weights / np.cosh(values * found.overlaps[0] / end) ** 2) / end
    assert c == pytest.approx(1.0, abs=1e-12)
    assert np.max(strong.lines["T_M"].temperature) < end
    assert 0.0 < critical_load(model, end * (1 - 1e-3)) < 1e-6
    assert critical_load(model, end * (1 + 1e-3)) == 0.0
    assert "T_c" in phase_diagram(Hopfield(load=0.1, patterns=Biased(0.59)), mixtures=()).lines


def test_refuses():
    with pytest.raises(ValueError, match="field must be zero"):
        phase_diagram(Hopfield(load=0.1, field=(0.1,)))
    with pytest.raises(ValueError, match="n_points must be"):
        phase_diagram(Hopfield(load=0.1), n_points=1)
    with pytest.raises(ValueError, match=r"mixtures\[0\] must be"):
        phase_diagram(Hopfield(load=0.1), mixtures=(1,))
    with pytest.raises(ValueError, match="temperature must be"):
        critical_load(Hopfield(load=0.1), 1.0)
