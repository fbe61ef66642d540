"""The command line: each command does its work, says what it wrote, and refuses by name."""

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner

from assocmem import Dense, LogSumExp, solve
from assocmem.cli import _stem, main
from assocmem.montecarlo.result import load_result
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


def test_dense_models_from_the_shell(tmp_path):
    out = run("solve", "dense", "--p", 3, "--load", 0.05, "--temperature", 0.1)
    assert f"{solve(Dense(load=0.05, p=3), 0.1).overlaps[0]:.10g}" in out
    learned = ("--learning", "supervised", "--n-examples", 20, "--quality", 0.7)
    out = run("solve", "dense", "--p", 3, "--load", 0.02, "--temperature", 0.1, *learned)
    assert "example_overlap" in out
    assert "1RSB" in run("solve", "dense", "--p", 3, "--load", 0.13, "--temperature", 0.02, "--rsb")
    for energy in ("full-power", "log-sum-exp", "m**2/2 + m**4/10"):
        assert "overlaps" in run("solve", "dense", "--energy", energy, "--temperature", 0.02)
    out = run(
        "simulate", "dense", "--p", 4, "--n-spins", 40, "--load", 0.005, "--temperature", 0.02,
        "--sweeps", 40, "--burn-in", 10, "--disorder", 2, "--out", tmp_path / "run.nc",
    )  # fmt: skip
    assert "N = 40" in out
    assert from_json(xr.load_dataset(tmp_path / "run.nc").attrs["model"]) == Dense(load=0.005)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("dense", "--bias", 0.1), "--bias"),
        (("hopfield", "--p", 3), "--p"),
        (("dense", "--rate", 2), "--rate"),
        (("dense", "--p", 3, "--energy", "m**3"), "--p"),
        (("dense", "--learning", "supervised"), "--n-examples"),
        (("dense", "--quality", 0.5), "--learning"),
        (("dense", "--energy", "n**2"), "expression"),
        (("dense", "--load", 0.01, "--n-patterns", 3), "load"),
    ],
)
def test_options_of_the_other_model_are_refused(arguments, name):
    assert name in run("solve", *arguments, code=2)


def test_dense_phase_diagrams_with_simulations(tmp_path):
    run(
        "phase-diagram", "dense", "--p", 3, "--simulate", "--n-spins", 40, "--loads", "0.02,0.06",
        "--temperatures", "0.1,0.4", "--disorder", 4, "--sweeps", 40, "--workers", 1,
        "--out", tmp_path,
    )  # fmt: skip
    points = xr.load_dataset(tmp_path / "dense_p3_simulation.nc")
    overlap = points["overlap"].isel(pattern=0)
    assert float(overlap.sel(load=0.02, temperature=0.1)) > 0.9
    assert abs(float(overlap.sel(load=0.06, temperature=0.4))) < 0.5
    assert (tmp_path / "dense_p3_phase_diagram.png").stat().st_size > 0
    run("phase-diagram", "dense", "--energy", "log-sum-exp", "--out", tmp_path)
    assert (tmp_path / "dense_logsumexp_phase_diagram.png").stat().st_size > 0


def test_files_of_different_models_have_different_names():
    models = [
        Dense(load=0.1),
        Dense(load=0.1, exponent=2.0),
        Dense(load=0.1, energy=LogSumExp()),
        Dense(load=0.1, energy=LogSumExp(0.5)),
    ]
    stems = {_stem("dense", model) for model in models}
    assert len(stems) == len(models)


def test_wrong_loads_are_refused_before_work_starts(monkeypatch):
    monkeypatch.setattr("assocmem.theory.phase_diagram", None)
    assert "loads must be" in run("phase-diagram", "dense", "--loads", "0.01,-1", code=2)


def test_weights_of_a_mixture(tmp_path):
    path = tmp_path / "run.nc"
    few = ("--patterns", 3, "--dilution", 0.4, "--temperature", 0.1, "--n-spins", 400)
    few += ("--sweeps", 20, "--burn-in", 0, "--disorder", 2, "--tracked", 3)
    run("simulate", "multitasking", *few, "--start", "mixture", "--weights", "4,2,1", "--out", path)
    result = load_result(path)
    assert result.parameters["weights"] == [4.0, 2.0, 1.0]
    found = result.dataset["overlap"].mean(("disorder", "chain")).values[0]
    assert found[0] > found[1] > found[2]
    assert "start='mixture'" in run("simulate", "multitasking", *few, "--weights", "1", code=2)


@pytest.mark.parametrize(
    ("model", "options", "name"),
    [
        ("multitasking", ("--patterns", 3, "--dilutions", "0.2,1.2"), "dilutions"),
        ("multitasking", ("--patterns", 3, "--dilutions", "0.2,0.2"), "dilutions"),
        ("multitasking", ("--patterns", 3, "--temperatures", "0,0.1"), "temperatures"),
        ("multitasking", ("--patterns", 3, "--disorder", 2), "disorder"),
        ("multitasking", ("--dilution", 0.3, "--n-spins", 1), "n_spins"),
        ("hopfield", ("--disorder", 0), "disorder"),
        ("hopfield", ("--sweeps", 3), "sweeps"),
        ("hopfield", ("--seed", -1), "seed"),
        ("hopfield", ("--workers", 0), "workers"),
    ],
)
def test_simulations_are_refused_before_lines_are_traced(monkeypatch, model, options, name):
    def never(*_):
        raise AssertionError("lines were traced")

    monkeypatch.setattr("assocmem.theory.phase_diagram", never)
    out = run("phase-diagram", model, "--simulate", *options, code=2)
    assert name in out
