"""Figures of regimes: what is drawn is what was found."""

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

from assocmem import Multitasking
from assocmem._plot_regimes import _FILL
from assocmem.hopfield.regime import REGIMES
from assocmem.theory.replica.multitasking_diagram import phase_diagram


@pytest.fixture(scope="module")
def diagram():
    return phase_diagram(Multitasking(n_patterns=2), n_points=20)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_lines_and_fills_are_those_of_the_diagram(diagram):
    ax = plt.subplots()[1]
    assert diagram.plot(ax) is ax
    drawn = [line.get_xydata() for line in ax.lines]
    for line in diagram.lines.values():
        wanted = np.column_stack([line.dilution, line.temperature])
        assert any(np.array_equal(wanted, found) for found in drawn)
    fill = ax.collections[0].get_array()
    np.testing.assert_array_equal(np.asarray(fill).ravel(), diagram.map.regime.ravel())
    texts = {text.get_text() for text in ax.texts}
    assert {"hierarchical", "parallel", "ergodic", "2"} <= texts
    assert "mixed" not in texts


def test_simulated_points_have_a_marker_for_each_regime(diagram):
    names = np.array([["hierarchical", "ergodic"], ["parallel", "ergodic"]], dtype=object)
    points = xr.Dataset(
        {"regime": (("dilution", "temperature"), names)},
        coords={"dilution": [0.3, 0.8], "temperature": [0.1, 0.9]},
    )
    ax = diagram.plot(simulation=points)
    found = {c.get_label(): c.get_offsets() for c in ax.collections}
    np.testing.assert_allclose(found["simulated hierarchical"], [[0.3, 0.1]])
    np.testing.assert_allclose(found["simulated parallel"], [[0.8, 0.1]])
    assert len(found["simulated ergodic"]) == 2


def test_fills_stay_apart_in_grey():
    levels = []
    for name in REGIMES:
        r, g, b = mpl.colors.to_rgb(_FILL[name])
        levels.append(0.2126 * r + 0.7152 * g + 0.0722 * b)
    assert np.min(np.diff(np.sort(levels))) > 0.05
