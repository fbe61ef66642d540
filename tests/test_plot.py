"""Figures: they return the Axes they drew on, and draw what they were given."""

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from assocmem import (
    Dense,
    Dreaming,
    FullPower,
    Hopfield,
    LogSumExp,
    PseudoInverse,
    Supervised,
    _regions,
    phase_diagram,
    plot,
    solve_grid,
    sweep,
)

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
        return _regions.height(diagram.lines[line], np.array([load]))[0]

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


@pytest.mark.parametrize(
    ("model", "mixtures"),
    [
        (Dense(load=0.1, p=3), (3,)),
        (Dense(load=0.1, p=4), (3,)),
        (Dense(load=0.1, energy=FullPower(4)), ()),
        (Dense(load=0.1, p=3, learning=Supervised(5, 0.6)), ()),
        (MODEL, (3,)),
    ],
)
def test_names_and_legend_cover_no_lines(model, mixtures):
    diagram = phase_diagram(model, n_points=30, mixtures=mixtures)
    ax = plot.phase_diagram(diagram)
    ax.figure.draw_without_rendering()
    names = {text.get_text().replace("\n", " "): text for text in ax.texts}
    assert set(names) == {"paramagnet", "spin glass", "metastable retrieval", "retrieval"}
    boxes = [text.get_window_extent() for text in (*ax.texts, ax.get_legend())]
    for box in boxes:
        assert ax.get_window_extent().containsx(box.x0) and ax.get_window_extent().containsx(box.x1)
        for line in ax.lines:
            path = line.get_path().transformed(line.get_transform())
            assert not path.intersects_bbox(box, filled=False), line.get_label()
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    for name, (low, high) in {
        "paramagnet": (("T_g", "T_M"), ()),
        "spin glass": (("T_M",), ("T_g",)),
        "metastable retrieval": (("T_c",), ("T_M",)),
        "retrieval": ((), ("T_c",)),
    }.items():
        load, temperature = names[name].get_position()
        for line in low:
            assert temperature > _regions.height(diagram.lines[line], np.array([load]))[0]
        for line in high:
            assert temperature < _regions.height(diagram.lines[line], np.array([load]))[0]


def test_every_line_has_a_label_of_its_own():
    diagram = phase_diagram(Dense(load=0.1, p=3), n_points=10, mixtures=(3,))
    ax = plot.phase_diagram(diagram)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert len(set(labels)) == len(labels) == len(diagram.lines) - 1  # mixtures have two sheets
    assert not any(label in diagram.lines for label in labels)
    assert plot._style("T_M_2")["label"] == "another fold of retrieval"


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


def test_lines_of_exponential_networks_are_labelled():
    diagram = phase_diagram(Dense(load=0.1, energy=LogSumExp()))
    labels = [text.get_text() for text in diagram.plot().get_legend().get_texts()]
    assert len(labels) == len(diagram.lines)
    assert not any(label in diagram.lines for label in labels)
