"""The commands ``assocmem sparsey ...``: numbers of theory, simulations beside them, refusals."""

import re

import pytest
import xarray as xr
from click.testing import CliRunner

from assocmem.cli import main
from assocmem.sdr import Drop, Mac, Selection, StoredItems
from assocmem.theory.sparsey import capacity

SMALL = ("--features", "60", "--size", "6", "--modules", "5", "--units", "4")


def run(*arguments):
    return CliRunner().invoke(main, ["sparsey", *arguments])


def test_capacity_and_recall_at_it():
    result = run("recall", *SMALL)
    assert result.exit_code == 0, result.output
    found = capacity(StoredItems(Mac(5, 4, Selection(chi=0.0)), 60, 6, 1))
    assert result.output.startswith(f"capacity {found.n_items} inputs: {found.recalled:.6g}")
    line = result.output.splitlines()[2].split()
    assert int(line[0]) == found.n_items
    assert [float(line[1]), float(line[3])] == pytest.approx([found.load, found.recalled], abs=1e-8)


def test_load_by_its_closed_form():
    result = run("recall", *SMALL, "--items", "1,2,50", "--lost", "2", "--noise", "drop")
    assert result.exit_code == 0, result.output
    for number, line in zip((1, 2, 50), result.output.splitlines()[2:], strict=True):
        assert float(line.split()[1]) == pytest.approx(1.0 - (1.0 - 0.1 / 4) ** number, abs=1e-8)


def test_overlaps_of_codes():
    result = run("overlap", *SMALL, "--common", "0,6", "--chi", "50")
    lines = [line.split() for line in result.output.splitlines()[1:]]
    # By hand: V = 1 of the old unit, 0 of three others, psi = 1 + 50 K logistic(+-12.5).
    import math

    old, new = (1.0 + 200.0 / (1.0 + math.exp(-x)) for x in (12.5, -12.5))
    assert [float(lines[0][2]), float(lines[1][2])] == pytest.approx([0.25, old / (old + 3 * new)])


def test_simulations_and_their_files(tmp_path):
    out = tmp_path / "recall.nc"
    result = run("recall", *SMALL, "--items", "20", "--simulate", "--trials", "2000", "--out",
                 str(out))  # fmt: skip
    assert result.exit_code == 0, result.output
    with xr.open_dataset(out) as dataset:
        assert set(dataset.quantity.values) == {"load", "crosstalk", "recalled"}
        assert (dataset.verdict == "agrees").all()
    found = run("overlap", *SMALL, "--common", "3", "--simulate", "--trials", "2000")
    assert found.exit_code == 0 and "all agree" in found.output, found.output


def test_status_of_a_theory_that_fails(monkeypatch):
    def wrong(model):
        return {"load": 0.3, "crosstalk": 0.3, "recalled": 0.7}

    monkeypatch.setattr("assocmem.theory.sparsey.prediction.predict", wrong)
    monkeypatch.setattr("assocmem.theory.sparsey.predict", wrong, raising=False)
    result = run("recall", *SMALL, "--items", "20", "--simulate", "--trials", "2000")
    assert result.exit_code == 1 and "3 DISAGREE" in result.output, result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--lost", "7"), "--lost must be an integer in [0, 6]"),
        (("--items", "0"), "n_items"),
        (("--level", "1.5"), "level"),
        (("--out", "x.nc"), "--out needs --simulate"),
    ],
)
def test_what_is_refused(arguments, message):
    result = run("recall", *SMALL, *arguments)
    assert result.exit_code == 2 and message in result.output
    assert not re.search("Traceback", result.output)


def test_noise_that_is_shown():
    drop = StoredItems(Mac(5, 4, Selection(chi=0.0)), 60, 6, 1, Drop(3))
    result = run("recall", *SMALL, "--lost", "3", "--noise", "drop")
    assert f"capacity {capacity(drop).n_items} inputs" in result.output
