"""The commands ``assocmem sdr``."""

import math
from math import comb

import pytest
import xarray as xr
from click.testing import CliRunner

from assocmem.cli import main
from assocmem.theory.sdr.probability import Probability


def run(*arguments):
    return CliRunner().invoke(main, ["sdr", *arguments])


POINT = ["--n", "10000", "--a", "300", "--s", "30"]


def test_false_positives():
    result = run("fp", *POINT, "--theta", "12,15")
    assert result.exit_code == 0, result.output
    rows = result.output.splitlines()
    assert rows[1].split()[:5] == ["10000", "300", "30", "12", "2.27907942e-11"]
    assert "1.04919183e-15" in rows[2] and "-14.979145" in rows[2]
    assert "[1.02035e-15, 1.0493e-15]" in rows[2]


def test_below_the_range_of_doubles():
    """Against integers: the sum of comb(150, b) comb(10^6 - 150, 200 - b) over comb(10^6, 200)."""
    n, a, s, theta = 10**6, 200, 150, 120
    row = run("fp", "--n", str(n), "--a", str(a), "--s", str(s), "--theta", str(theta)).output
    value, log10 = row.splitlines()[1].split()[4:6]
    total = sum(comb(s, b) * comb(n - s, a - b) for b in range(theta, s + 1))
    digits = total * 10**450 // comb(n, a)  # as an integer of some 18 digits
    exact = digits / 10.0 ** (len(str(digits)) - 1)
    assert value.endswith(f"e-{451 - len(str(digits))}")
    assert float(value.split("e")[0]) == pytest.approx(exact, rel=1e-8)
    assert float(log10) == pytest.approx(len(str(digits)) - 451 + math.log10(exact), abs=1e-6)


def test_false_negatives_by_convention():
    """At n = 60: 0.915 where other cells replace the lost ones, 0.536 where any may."""
    lost = ["--n", "60", "--a", "20", "--s", "10", "--theta", "6", "--lost", "12"]
    values = {
        noise: float(run("fn", *lost, "--noise", noise).output.splitlines()[1].split()[4])
        for noise in ("drop", "replace", "swap")
    }
    assert values["drop"] == values["replace"] == pytest.approx(0.915, abs=5e-4)
    assert values["swap"] == pytest.approx(0.536, abs=5e-4)


def test_simulated(tmp_path):
    out = tmp_path / "table.nc"
    result = run("fp", *POINT, "--theta", "12", "--simulate", "--trials", "2000", "--out", str(out))
    assert result.exit_code == 0, result.output
    assert "all agree" in result.output
    with xr.open_dataset(out, engine="h5netcdf") as data:
        assert list(data["verdict"].values) == ["agrees"]


def test_willshaw():
    result = run("willshaw", "--n", "200", "--a", "7", "--simulate", "--trials", "20000")
    assert result.exit_code == 0, result.output
    assert "all agree" in result.output
    stored = int(result.output.split()[1])
    assert f"n_patterns={stored})" in result.output
    given = run("willshaw", "--n", "200", "--a", "7", "--patterns", "50", "--lost", "2").output
    assert "n_patterns=50" in given and "simulated" not in given


def test_thresholds():
    result = run("threshold", *POINT, "--lost", "60")
    assert "theta >= 11 " in result.output and "theta = 11 is best" in result.output
    assert "closed form 9.74" in result.output


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["fp", "--n", "10", "--a", "20", "--s", "3", "--theta", "2"], "a must be"),
        (["fp", "--n", "10", "--a", "5", "--s", "6", "--theta", "2"], "n_synapses"),
        (["fn", "--n", "10", "--a", "5", "--s", "3", "--theta", "2", "--lost", "6"], "--lost"),
        (["fp", *POINT, "--theta", "2", "--out", "x.nc"], "--out needs --simulate"),
        (["fp", *POINT, "--theta", "two"], "two"),
        (["threshold", *POINT, "--budget", "2"], "budget"),
    ],
)
def test_refusals(arguments, named):
    result = run(*arguments)
    assert result.exit_code == 2
    assert named in result.output


def test_brackets_below_the_range_of_doubles():
    row = run("fp", "--n", "200000", "--a", "2000", "--s", "240", "--theta", "200").output
    low, high = (float(end.split("e-")[0]) for end in row.split("[")[1].strip(" ]\n").split(", "))
    assert low <= 1.64090862 <= high <= 1.05 * low and row.count("e-359") == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fn", "--theta", "12", "--lost", "301"], "--lost must be an integer in [0, 300]"),
        (["threshold", "--lost", "301"], "--lost must be an integer in [0, 300]"),
        (["threshold", "--budget", "1.5"], "--budget must be a finite number in [0, 1]"),
    ],
)
def test_options_are_named(arguments, message):
    result = run(arguments[0], *POINT, *arguments[1:])
    assert result.exit_code == 2 and message in result.output


def test_other_cells_must_be_there_to_replace_the_lost():
    few = ["--n", "30", "--a", "20", "--s", "10", "--theta", "6", "--lost", "12"]
    result = run("fn", *few)
    assert result.exit_code == 2 and "--lost must be an integer in [0, 10]" in result.output
    assert run("fn", *few, "--noise", "drop").exit_code == 0


def test_brackets_are_of_one_pattern_with_sure_synapses_alone():
    point = ["fp", *POINT, "--theta", "12"]
    assert "certified bracket" in run(*point).output
    for option, value in (("--patterns", "2"), ("--segments", "2"), ("--transmission", "0.5")):
        found = run(*point, option, value)
        assert found.exit_code == 0 and "bracket" not in found.output


def test_status_of_a_theory_that_fails(monkeypatch):
    def wrong(model, **_):
        return {"false_positive": Probability.of_log(-1.0)}

    monkeypatch.setattr("assocmem.theory.sdr.detection.predict", wrong)
    result = run("fp", *POINT, "--theta", "12", "--simulate", "--trials", "500")
    assert result.exit_code == 1 and "1 DISAGREE" in result.output


def test_thresholds_where_losses_are_too_many():
    # a/n + lost/a = 1.3: the closed form does not exist, the best threshold does.
    result = run("threshold", "--n", "10", "--a", "8", "--s", "4", "--lost", "4")
    assert result.exit_code == 0, result.output
    assert "is best" in result.output and "closed form" not in result.output
    result = run("threshold", "--n", "1000", "--a", "100,300", "--s", "30", "--lost", "200")
    assert result.exit_code == 2
    assert "--lost must be an integer in [0, 100]" in result.output
