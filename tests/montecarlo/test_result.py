"""Results: summary, file, rerun, plot."""

from __future__ import annotations

import os

import numpy as np
import pytest
import xarray as xr

from assocmem import Hopfield
from assocmem.montecarlo.dynamics import Dynamics
from assocmem.montecarlo.result import SimulationResult, load_result
from assocmem.montecarlo.sampler import sample
from assocmem.montecarlo.tempering import anneal, temper

MODEL = Hopfield(load=0.1, field=(0.05,))
GIVEN = {"n_spins": 30, "sweeps": 60, "burn_in": 20, "disorder": 2, "tracked": 2, "seed": 5}


@pytest.fixture(scope="module")
def result() -> SimulationResult:
    return sample(
        MODEL, temperature=[0.3, 0.6], dynamics=Dynamics("metropolis", "random"), progress=False,
        **GIVEN,
    )  # fmt: skip


def test_labels(result):
    data = result.to_dataset()
    assert data.overlap.dims == ("temperature", "disorder", "chain", "pattern")
    assert data.overlap_rhat.dims == ("temperature", "disorder", "pattern")
    assert data.replica_overlap.dims == ("temperature", "disorder")
    for name, variable in data.data_vars.items():
        assert variable.attrs["units"] and variable.attrs["long_name"], name
    assert data.temperature.attrs["units"] == data.energy.attrs["units"] == "units of H"
    assert data.energy_error.attrs["units"] == "units of H"
    assert data.specific_heat.attrs["units"] == "1"  # k_B = 1
    assert data.susceptibility_error.attrs["units"] == "1/(units of H)"
    assert not any("k_B T" in v.attrs["units"] for v in data.variables.values() if v.attrs)
    assert result.model == MODEL
    assert result.parameters["dynamics"] == {"rule": "metropolis", "update": "random"}


def test_file_says_what_it_is_and_can_be_rerun(result, tmp_path):
    path = tmp_path / "run.nc"
    result.save(path)
    again = load_result(path)
    assert again.dataset.identical(result.dataset)
    assert again.model == MODEL
    assert again.rerun(progress=False, workers=2).dataset.identical(result.dataset)
    longer = again.rerun(sweeps=80, progress=False)
    assert longer.parameters == result.parameters | {"sweeps": 80}
    assert os.listdir(tmp_path) == ["run.nc"]


@pytest.mark.parametrize("run", [anneal, temper])
def test_annealing_and_tempering_rerun_from_file(run, tmp_path):
    first = run(MODEL, temperatures=[0.6, 0.4], progress=False, **GIVEN)
    first.save(tmp_path / "run.nc")
    assert load_result(tmp_path / "run.nc").rerun(progress=False).dataset.identical(first.dataset)
    assert str(first)


def test_result_names_the_method_that_ran():
    """One pattern of many spins, hot: pattern space; the same cold: cached fields."""
    given = {"n_spins": 2000, "sweeps": 4, "burn_in": 0, "chains": 1, "disorder": 2}
    model = Hopfield(n_patterns=1)
    for temperature, method in ((5.0, "patterns"), (0.05, "auto")):
        found = sample(model, temperature=temperature, progress=False, **given)
        assert found.dataset.attrs["method"] == method
        assert found.parameters["method"] == "auto"
    asked = sample(model, temperature=5.0, method="lanes", progress=False, **given)
    assert asked.dataset.attrs["method"] == "lanes"
    for run in (anneal, temper):
        found = run(model, temperatures=[5.0, 4.0], progress=False, **given).dataset
        assert found.attrs["method"] == "patterns"


@pytest.mark.parametrize("run", [sample, anneal, temper])
def test_quenched_samples_are_those_that_ran(run, tmp_path, monkeypatch):
    drawn = []
    original = Hopfield.draw

    def draw(self, n_spins, rng):
        drawn.append(original(self, n_spins, rng))
        return drawn[-1]

    monkeypatch.setattr(Hopfield, "draw", draw)
    ladder = {"temperature" if run is sample else "temperatures": [0.6, 0.4]}
    run(MODEL, **ladder, progress=False, **GIVEN | {"disorder": 3}).save(tmp_path / "run.nc")
    monkeypatch.undo()
    again = load_result(tmp_path / "run.nc")
    assert len({one.patterns.tobytes() for one in drawn}) == 3
    for index, one in enumerate(drawn):
        quenched = again.quenched(index)
        np.testing.assert_array_equal(quenched.patterns, one.patterns)
        np.testing.assert_array_equal(quenched.couplings, one.couplings)
    for index in (-1, 3, 0.0, None):
        with pytest.raises((ValueError, TypeError), match="disorder_index"):
            again.quenched(index)


def test_energies_are_those_of_the_quenched_sample():
    result = anneal(MODEL, temperatures=[0.1, 0.0], progress=False, **GIVEN | {"start": "pattern"})
    quenched = result.quenched(1)
    assert np.all(result.dataset.final_overlap.values[1, :, 0] == 1.0)
    ground = quenched.energy(quenched.patterns[:1]).item() / 30
    np.testing.assert_allclose(result.dataset.final_energy.values[1], ground, rtol=1e-12)


def test_interrupted_save_leaves_the_old_file(result, tmp_path, monkeypatch):
    path = tmp_path / "run.nc"
    path.write_text("old")

    def fail(self, target, **_):
        with open(target, "w") as half:
            half.write("half")
        raise KeyboardInterrupt

    monkeypatch.setattr(xr.Dataset, "to_netcdf", fail)
    with pytest.raises(KeyboardInterrupt):
        result.save(path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["run.nc"]


def test_saved_file_has_usual_permissions(result, tmp_path):
    result.save(tmp_path / "run.nc")
    (tmp_path / "other").write_text("")
    assert (tmp_path / "run.nc").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_load_refuses_what_is_not_ours(tmp_path):
    xr.Dataset({"x": 1}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    with pytest.raises(ValueError, match="SimulationResult"):
        load_result(tmp_path / "other.nc")
    with pytest.raises(FileNotFoundError, match=r"none\.nc"):
        load_result(tmp_path / "none.nc")
    (tmp_path / "junk.nc").write_text("no netCDF")
    (tmp_path / "empty.nc").write_text("")
    for name in ("junk.nc", "empty.nc", ""):
        with pytest.raises(ValueError, match=f"path must be.*{tmp_path / name}"):
            load_result(tmp_path / name)


def test_cut_off_file_is_refused(result, tmp_path):
    result.save(tmp_path / "run.nc")
    whole = (tmp_path / "run.nc").read_bytes()
    (tmp_path / "half.nc").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"half\.nc"):
        load_result(tmp_path / "half.nc")


def test_save_names_the_path_that_was_given(result, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="path must name a file, got ''"):
        result.save("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    for path, kind in (
        ("missing/run.nc", FileNotFoundError),
        ("folder", IsADirectoryError),
        ("file/run.nc", NotADirectoryError),
    ):
        with pytest.raises(kind) as caught:
            result.save(path)
        assert caught.value.filename == path and "tmp" not in str(caught.value)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


def test_summary_holds_the_numbers(result):
    text = str(result)
    value, error = result.estimate("overlap")
    line = next(line for line in text.splitlines() if "0.6  overlap[1]" in line)
    numbers = [float(word) for word in line.split()[2:]]
    np.testing.assert_allclose(
        numbers[:2], [value.values[1, 1], error.values[1, 1]], rtol=0.05, atol=1e-5
    )
    one = result.dataset.isel(temperature=1, pattern=1)
    np.testing.assert_allclose(numbers[2], one.overlap_tau.max(), rtol=0.01)
    np.testing.assert_allclose(numbers[3], one.overlap_ess.sum(), rtol=0.01)
    # 60 records of a warm network: too short for ESS >= 50 somewhere, and it is said.
    assert any("too short" in text for text in result.warnings())
    assert "warning: " in text


def test_thermal_error_of_one_sample_and_disagreement():
    """A first-order pair of states: chains frozen in either disagree, and the error shows it."""
    result = sample(
        Hopfield(n_patterns=1), n_spins=60, temperature=0.3, sweeps=400, chains=8, disorder=1,
        start="random", progress=False,
    )  # fmt: skip
    means = result.dataset.overlap.values[0, 0, :, 0]
    assert means.min() < -0.9 and means.max() > 0.9
    _, error = result.estimate("overlap")
    np.testing.assert_allclose(error.item(), means.std(ddof=1) / np.sqrt(8))
    _, error = result.estimate("overlap_abs")
    blocked = result.dataset.overlap_abs_error.values
    np.testing.assert_allclose(error.item(), np.sqrt(np.sum(blocked**2)) / 8)
    assert not result.converged().item()
    assert result.converged("energy", "overlap_abs").item()
    assert any("disagree" in text for text in result.warnings())
    assert any("one quenched sample" in text for text in result.warnings())
    with pytest.raises(ValueError, match="names"):
        result.converged("magnetisation")


def test_unknown_observable(result):
    with pytest.raises(ValueError, match="name must be one of"):
        result.estimate("magnetisation")


def test_plots(result):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    ax = result.plot()
    assert len(ax.containers) == 2
    paths = sample(MODEL, temperature=0.3, trajectory=True, progress=False, **GIVEN)
    _, given = plt.subplots()
    assert paths.plot(given) is given
    assert len(given.lines) == 8
    np.testing.assert_array_equal(
        given.lines[0].get_ydata(), paths.dataset.overlap_trajectory.values[0, 0, 0, 0]
    )
    plt.close("all")
