"""Figures: they return the Axes they drew on, and draw what they were given."""

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from assocmem import Dreaming, Hopfield, PseudoInverse, phase_diagram, plot, solve_grid, sweep

MODEL = Hopfield(load=0.05)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def diagram():
    return phase_diagram(MODEL, n_points=40)


@pytest.fixture(scope="module")
def points():
    models = [Hopfield(load=load) for load in (0.03, 0.1)]
    return sweep(
        models, [0.2, 0.6], n_spins=60, store=None, workers=1, sweeps=20, disorder=2, progress=False
    )


def test_lines_of_a_diagram_are_drawn_as_they_are(diagram):
    ax = plt.subplots()[1]
    assert plot.phase_diagram(diagram, ax) is ax
    drawn = {line.get_label(): line.get_xydata() for line in ax.lines}
    spinodal = drawn[r"$T_M$ retrieval spinodal"]
    np.testing.assert_array_equal(spinodal[:, 0], diagram.lines["T_M"].load)
    np.testing.assert_array_equal(spinodal[:, 1], diagram.lines["T_M"].temperature)


def _texts(ax):
    return {text.get_text(): text.get_position() for text in ax.texts}


@pytest.mark.parametrize("rule", [None, Dreaming(1.0), PseudoInverse()])
def test_phases_are_named_where_they_are(rule, diagram):
    """Each name stands between the lines that bound its phase."""
    if rule is not None:
        diagram = phase_diagram(Hopfield(load=0.05, rule=rule), n_points=20)
    names = _texts(plot.phase_diagram(diagram))

    def height(line, load):
        return plot._height(diagram.lines[line], np.array([load]))[0]

    load, temperature = names["paramagnet"]
    assert temperature > max(height("T_g", load), height("T_M", load))
    load, temperature = names["retrieval"]
    assert temperature < height("T_c", load)
    load, temperature = names["metastable retrieval"]
    assert height("T_c", load) < temperature < height("T_M", load)
    if "spin glass" in names:
        load, temperature = names["spin glass"]
        assert height("T_M", load) < temperature < height("T_g", load)
    assert ("spin glass" in names) == (not isinstance(rule, PseudoInverse))


def test_simulated_points_carry_their_overlap(diagram, points):
    ax = plot.phase_diagram(diagram, simulation=points)
    shown = ax.collections[-1]
    np.testing.assert_array_equal(shown.get_array(), points["overlap"].values.ravel())
    assert shown.get_offsets().shape == (4, 2)


def test_names_of_phases_cover_no_points(diagram, points):
    names = _texts(plot.phase_diagram(diagram, simulation=points))
    rows = points["temperature"].values
    inside = [y for _, y in names.values() if rows.min() < y < rows.max()]
    assert inside and np.allclose(inside, rows.mean())  # two rows: one place between them


def test_curves_end_with_their_state(points):
    curves = solve_grid(MODEL, [0.03, 0.1], [0.0, 0.2, 0.6])
    ax = plot.overlap_curves(curves, simulation=points)
    theory = [line for line in ax.lines if len(line.get_xdata()) == 3]
    assert [line.get_label() for line in theory] == [r"$\alpha=0.03$", r"$\alpha=0.1$"]
    assert np.isnan(theory[1].get_ydata()).tolist() == [False, False, True]
    assert len(ax.containers) == 2


def test_overview_has_both_panels(diagram, points):
    curves = solve_grid(MODEL, [0.03], [0.0, 0.3])
    figure = plot.overview(diagram, curves, points)
    assert [ax.get_xlabel() for ax in figure.axes[:2]] == [
        r"load $\alpha = K/N$",
        r"temperature $T$",
    ]
