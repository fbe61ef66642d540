"""Figures: what is drawn is what theory says and simulation finds; names and options refused."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from click.testing import CliRunner

from assocmem import Dense, FullPower, Supervised, solve
from assocmem.cli import main
from assocmem.figures import FIGURES, figure

FAST = {"disorder": 4, "sweeps": 40, "workers": 1}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_every_figure_has_its_module():
    for name, (module, fixed, text) in FIGURES.items():
        imported = __import__(f"assocmem.figures.{module}", fromlist=["compute", "draw"])
        assert callable(imported.compute) and callable(imported.draw), name
        assert isinstance(fixed, dict) and text


@pytest.mark.parametrize("protocol", ["supervised", "unsupervised"])
def test_learning_curves(protocol):
    data, ax = figure(protocol, n_spins=60, qualities=(0.8,), examples=(1, 64), **FAST)
    wanted = data.attrs["load"], data.attrs["temperature"]
    assert wanted[0] == pytest.approx(Dense(load=0.015, p=3).count(60) / 3600)
    if protocol == "supervised":
        model, unit = Dense(load=0.015, p=3, learning=Supervised(64, 0.8)).reduced(60)
        found = solve(model, wanted[1] / unit)
        assert float(data["predicted"][0, -1]) == found.overlaps[0]
    # One example has overlap 0.8 with the archetype, so no more is learned from it.
    assert float(data["overlap"][0, 0]) < 0.9 < float(data["overlap"][0, 1])
    assert "M" in ax.get_xlabel() and len(ax.containers) == 1


def test_self_interactions():
    data, ax = figure("self-interactions", loads=(0.002, 0.01), n_spins=40, **FAST)
    full = solve(Dense(load=0.01, energy=FullPower(4)), 0.03)
    last = data["predicted"].sel(energy="full power").values[-1]
    assert last == pytest.approx(full.overlaps[0], abs=1e-12)
    overlap = data["overlap"].sel(load=0.01)
    assert float(overlap.sel(energy="distinct")) > float(overlap.sel(energy="full power"))
    assert len(ax.lines) >= 2


def test_learning_diagram():
    data, ax = figure(
        "learning-diagram", examples=(20,), n_points=8, n_spins=40, temperatures=(0.05,), **FAST
    )
    assert np.all(np.isfinite(data["overlap"]))
    # Fewer examples than infinitely many: retrieval ends earlier, earlier still without a teacher.
    ends = data["load"].max("point")
    assert np.all(ends.sel(n_examples=20.0) < ends.sel(n_examples=np.inf))
    few = ends.sel(n_examples=20.0)
    assert float(few.sel(protocol="unsupervised")) < float(few.sel(protocol="supervised"))
    assert ax.get_legend() is not None


def test_unknown_names_and_options_are_refused():
    with pytest.raises(ValueError, match="name"):
        figure("none")
    with pytest.raises(TypeError, match="size"):
        figure("supervised", size=3)
    with pytest.raises(ValueError, match="fractions"):
        figure("temperature", orders=(3, 4))
    for wrong in (0.3, "", ()):
        with pytest.raises(TypeError, match="qualities must be a non-empty sequence"):
            figure("supervised", qualities=wrong)
    with pytest.raises(TypeError, match="growths"):
        figure("detection-supervised", growths=-1)
    with pytest.raises(ValueError, match="reduced"):
        figure("temperature", orders=(3,), fractions=(0.4,), reduced=(0.2,))


def test_command_line(tmp_path):
    listed = CliRunner().invoke(main, ["figure"])
    assert listed.exit_code == 0 and all(name in listed.output for name in FIGURES)
    assert CliRunner().invoke(main, ["figure", "none"]).exit_code == 2
    arguments = ["figure", "supervised", "--out", str(tmp_path), "--workers", "1"]
    settings = ["n_spins=40", "qualities=0.8,", "examples=1,8", "disorder=4", "sweeps=20"]
    for pair in settings:
        arguments += ["--set", pair]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert {"supervised.png", "supervised.svg", "supervised.nc"} <= {
        path.name for path in tmp_path.iterdir()
    }
    assert CliRunner().invoke(main, ["figure", "supervised", "--set", "x"]).exit_code == 2
    again = CliRunner().invoke(main, [*arguments, "--workers", "2"])
    assert again.exit_code == 0, again.output
    assert len(list(tmp_path.glob("*.sqlite"))) == 1  # the points are there already
    taken = tmp_path / "supervised.nc"
    refused = CliRunner().invoke(main, ["figure", "supervised", "--out", str(taken / "below")])
    assert refused.exit_code == 2
    assert "--out" in refused.output
