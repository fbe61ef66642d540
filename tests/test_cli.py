"""The command line: each command does its work, says what it wrote, and refuses by name."""

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner

from assocmem import solve
from assocmem.cli import main
from assocmem.serial import from_json


def run(*arguments, code=0):
    done = CliRunner().invoke(main, [str(a) for a in arguments])
    assert done.exit_code == code, done.output + repr(done.exception)
    return done.output


@pytest.mark.parametrize("command", ["phase-diagram", "solve", "simulate", "verify"])
def test_help_shows_an_example(command):
    assert f"assocmem {command} hopfield" in run(command, "--help")


def test_solve_prints_and_writes(tmp_path):
    path = tmp_path / "state.nc"
    out = run("solve", "hopfield", "--load", 0.05, "--temperature", 0.2, "--out", path)
    data = xr.load_dataset(path)
    model = from_json(data.attrs["model"])
    assert float(data["free_energy"]) == solve(model, 0.2).free_energy
    assert "free_energy" in out


def test_solve_says_when_a_state_does_not_exist():
    assert "does not exist" in run("solve", "hopfield", "--load", 0.3)


def test_solve_with_replica_symmetry_breaking():
    assert "0.13" in run("solve", "hopfield", "--load", 0.13, "--rsb")


def test_simulate_writes_netcdf(tmp_path):
    path = tmp_path / "run.nc"
    out = run(
        "simulate", "hopfield", "--load", 0.05, "--n-spins", 100, "--sweeps", 40, "--burn-in", 10,
        "--disorder", 2, "--out", path,
    )  # fmt: skip
    data = xr.load_dataset(path)
    assert "overlap" in out and data.sizes["disorder"] == 2
    assert from_json(data.attrs["model"]).load == 0.05


def test_verify_tells_by_its_exit_status():
    quick = ("--n-spins", "100,200,400", "--disorder", 8, "--sweeps", 200)
    out = run("verify", "hopfield", "--load", 0.05, "--temperature", 0.3, *quick)
    assert "all agree" in out


def test_phase_diagram_draws_and_resumes(tmp_path):
    arguments = (
        "phase-diagram", "hopfield", "--simulate", "--n-spins", 100, "--loads", "0.03,0.1",
        "--temperatures", "0.2:0.8:3", "--disorder", 2, "--sweeps", 40, "--workers", 1,
        "--out", tmp_path,
    )  # fmt: skip
    out = run(*arguments)
    assert "T_g" in out
    for name in ("hopfield_phase_diagram.png", "hopfield_phase_diagram.svg",
                 "hopfield_phase_diagram.nc", "hopfield_simulation.nc"):  # fmt: skip
        assert (tmp_path / name).stat().st_size > 0 and name in out
    first = xr.load_dataset(tmp_path / "hopfield_simulation.nc")
    assert first["overlap"].shape == (2, 3, 1) and np.all(np.isfinite(first["overlap"]))
    run(*arguments)
    assert first.identical(xr.load_dataset(tmp_path / "hopfield_simulation.nc"))


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("solve", "hopfield", "--load", -1), "load"),
        (("solve", "hopfield", "--temperature", -1), "temperature"),
        (("simulate", "hopfield", "--n-spins", 1), "n_spins"),
        (("simulate", "hopfield", "--temperature", "a"), "neither"),
        (("verify", "hopfield", "--load", 0.05, "--temperature", 0.95), "does not exist"),
        (("solve", "spinglass"), "hopfield"),
        (("solve", "hopfield", "--out", "/proc/nowhere/x.nc"), "cannot be written"),
        (("solve", "hopfield", "--dreaming-time", 2), "--rule dreaming"),
        (("phase-diagram", "hopfield", "--load", 0.1), "No such option"),
        (("phase-diagram", "hopfield", "--temperatures", "-0.1"), "temperatures"),
        (("phase-diagram", "hopfield", "--loads", "1e-9", "--simulate"), "load"),
    ],
)
def test_bad_input_is_refused_in_a_line(arguments, name):
    out = run(*arguments, code=2)
    assert name in out and "Traceback" not in out


def test_other_rules_have_files_of_their_own(tmp_path):
    out = run("phase-diagram", "hopfield", "--rule", "dreaming", "--out", tmp_path)
    assert "hopfield_dreaming1_phase_diagram.png" in out
    assert (tmp_path / "hopfield_dreaming1_phase_diagram.svg").stat().st_size > 0
