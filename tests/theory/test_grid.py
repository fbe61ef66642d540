"""A state over a grid, a state as a dataset, and the diagram: axes, labels and flags."""

import matplotlib as mpl
import numpy as np
import pytest

from assocmem import Hopfield
from assocmem.theory import phase_diagram, solve, solve_grid


def test_any_kind_of_axis_gives_the_same_grid():
    model = Hopfield(load=0.1)
    loads, temperatures = [0.02, 0.2], [0.0, 0.3]
    grid = solve_grid(model, loads, temperatures)
    for axes in (
        (np.array(loads), tuple(temperatures)),
        ((x for x in loads), (x for x in temperatures)),
        (iter(loads), map(float, temperatures)),
    ):
        assert solve_grid(model, *axes).identical(grid)
    one = solve_grid(model, 0.02, np.array(0.3))
    assert dict(one.sizes) == {"load": 1, "temperature": 1}
    assert one["overlap"].item() == grid["overlap"].sel(load=0.02, temperature=0.3).item()
    assert not grid["exists"].sel(load=0.2).any() and grid["overlap"].sel(load=0.2).isnull().all()


@pytest.mark.parametrize(
    ("loads", "temperatures", "error", "names"),
    [
        ("0.1", [0.1], TypeError, "loads"),
        ({0.1, 0.2}, [0.1], TypeError, "loads"),
        ([0.1], {0.1: 1}, TypeError, "temperatures"),
        (None, [0.1], TypeError, "loads"),
        ([0.1, -0.1], [0.1], ValueError, r"loads\[1\]"),
        ([0.1], [0.1, "a"], TypeError, r"temperatures\[1\]"),
        ([0.1], float("nan"), ValueError, "temperatures"),
    ],
)
def test_axes_are_checked_by_name(loads, temperatures, error, names):
    with pytest.raises(error, match=names):
        solve_grid(Hopfield(load=0.1), loads, temperatures)


def test_the_model_is_checked():
    with pytest.raises(TypeError, match="model"):
        solve_grid("Hopfield", 0.1, 0.1)


def test_a_state_as_a_dataset():
    found = solve(Hopfield(load=0.05), 0.001)
    data = found.to_dataset()
    for name in ("exists", "stable", "replica_stable"):
        assert data[name].dtype == bool and data[name].item() == getattr(found, name)
    assert data["iterations"].item() == found.iterations > 0
    none = solve(Hopfield(load=0.5), 0.1).to_dataset()
    assert not (none["exists"].item() or none["stable"].item() or none["replica_stable"].item())
    assert none["iterations"].item() > 0 and np.isnan(none["q"].item())


@pytest.mark.parametrize("wrong", [3, "35", None])
def test_mixtures_are_checked_by_name(wrong):
    with pytest.raises(TypeError, match="mixtures"):
        phase_diagram(Hopfield(load=0.1), mixtures=wrong)


def test_a_diagram_plots_itself():
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    diagram = phase_diagram(Hopfield(load=0.1), n_points=8, mixtures=())
    _, ax = plt.subplots()
    assert diagram.plot(ax) is ax
    drawn = [line.get_xydata() for line in ax.lines]
    spinodal = np.column_stack([diagram.lines["T_M"].load, diagram.lines["T_M"].temperature])
    assert any(np.array_equal(data, spinodal) for data in drawn)
    assert diagram.plot() is not ax
    plt.close("all")
