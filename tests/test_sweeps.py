"""Sweeps: the same numbers however they are computed, and none lost or done twice."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from assocmem import Hopfield, from_json
from assocmem import sweeps as module
from assocmem.montecarlo.dynamics import Dynamics
from assocmem.montecarlo.sampler import sample
from assocmem.sweeps import load_sweep, sweep

MODELS = [Hopfield(load=0.05), Hopfield(load=0.1, field=(0.1,))]
TEMPERATURES = [0.3, 0.7]
OPTIONS = {"n_spins": 40, "sweeps": 60, "burn_in": 10, "disorder": 2, "chains": 3, "tracked": 2}
GIVEN = OPTIONS | {"seed": 7, "progress": False}


@pytest.fixture(scope="module")
def reference() -> xr.Dataset:
    return sweep(MODELS, TEMPERATURES, store=None, workers=1, **GIVEN)


@pytest.fixture
def counted(monkeypatch) -> list:
    """Points that are really simulated, in this process."""
    calls = []
    original = module.run_point

    def run_point(point):
        calls.append(point)
        return original(point)

    monkeypatch.setattr(module, "run_point", run_point)
    return calls


def test_each_point_is_one_simulation(reference, counted):
    sweep(MODELS, TEMPERATURES, store=None, workers=1, **GIVEN)
    assert len({point["seed"] for point in counted}) == 4
    for point in counted:
        result = sample(
            from_json(point["model"]), temperature=point["temperature"], seed=point["seed"],
            progress=False, **OPTIONS,
        )  # fmt: skip
        here = reference.sel(load=from_json(point["model"]).load, temperature=point["temperature"])
        for name in ("energy", "overlap", "susceptibility", "binder", "replica_overlap_rms"):
            value, error = result.estimate(name)
            np.testing.assert_array_equal(here[name], value.values[0])
            np.testing.assert_array_equal(here[name + "_error"], error.values[0])
        data = result.dataset
        np.testing.assert_array_equal(here.overlap_rhat, data.overlap_rhat.values[0].max(axis=0))
        np.testing.assert_array_equal(here.energy_ess, data.energy_ess.values.min())
        assert here.converged == result.converged().item()
        assert here.method.item() == data.attrs["method"]


def test_labels(reference, tmp_path):
    assert reference.overlap.dims == ("load", "temperature", "pattern")
    assert [from_json(text) for text in reference.model.values] == MODELS
    assert np.all(reference.status.values == "done")
    assert reference.energy.attrs["units"] == reference.temperature.attrs["units"] == "units of H"
    reference.to_netcdf(tmp_path / "sweep.nc", engine="h5netcdf")
    assert xr.load_dataset(tmp_path / "sweep.nc", engine="h5netcdf").equals(reference)


def test_parallel_points_have_no_responses():
    options = GIVEN | {"dynamics": Dynamics(update="parallel")}
    found = sweep(MODELS[:1], TEMPERATURES, store=None, workers=1, **options)
    assert np.isnan(found.susceptibility.values).all() and np.isfinite(found.energy.values).all()
    assert "parallel" in found.susceptibility.attrs["long_name"]


class Reversed(Executor):
    """Runs everything in this thread, the last submitted first, once all are there."""

    def __init__(self, number: int) -> None:
        self.number, self.waiting = number, []

    def submit(self, function, /, *arguments):
        future: Future = Future()
        self.waiting.append((future, function, arguments))
        if len(self.waiting) == self.number:
            for other, run, given in reversed(self.waiting):
                other.set_result(run(*given))
        return future


def test_any_executor_and_order_give_the_same_numbers(reference, tmp_path):
    two = sweep(MODELS, TEMPERATURES, store=tmp_path / "two", workers=2, **GIVEN)
    assert two.identical(reference)
    with ThreadPoolExecutor(3) as pool:
        assert sweep(MODELS, TEMPERATURES, store=None, executor=pool, **GIVEN).identical(reference)
        assert pool.submit(abs, -1).result() == 1  # still open
    backwards = sweep(MODELS, TEMPERATURES, store=None, executor=Reversed(4), **GIVEN)
    assert backwards.identical(reference)


def test_grid_order_and_extension_change_no_number(reference, counted, tmp_path):
    store = tmp_path / "store"
    sweep(MODELS[1:], TEMPERATURES[::-1], store=store, workers=1, **GIVEN)
    assert len(counted) == 2
    whole = sweep(MODELS, TEMPERATURES, store=store, workers=1, **GIVEN)
    assert len(counted) == 4
    assert whole.identical(reference)
    assert sweep(MODELS, TEMPERATURES, store=store, workers=1, **GIVEN).identical(reference)
    assert len(counted) == 4
    assert load_sweep(store).identical(reference)


SCRIPT = """
import sys
from assocmem import Hopfield
from assocmem.sweeps import sweep

if __name__ == "__main__":
    sweep(
        [Hopfield(load=load) for load in (0.05, 0.1)], [0.2, 0.3, 0.4, 0.5], n_spins=60,
        sweeps=1500, disorder=2, chains=4, seed=7, progress=False, store=sys.argv[1],
        workers=int(sys.argv[2]),
    )
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_run_is_resumed_without_loss_or_repetition(workers, tmp_path, counted):
    store, script = tmp_path / "store", tmp_path / "run.py"
    script.write_text(SCRIPT)
    process = subprocess.Popen([sys.executable, script, store, str(workers)])

    def rows() -> dict[str, str]:
        try:
            with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as database:
                return dict(database.execute("SELECT key, payload FROM points"))
        except sqlite3.OperationalError:  # not made yet
            return {}

    deadline = time.monotonic() + 120
    while len(rows()) < 2 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = rows()
    assert 2 <= len(before) < 8
    partial = load_sweep(store)
    assert int(np.sum(partial.status.values == "done")) == len(before)
    missing = partial.status.values == "missing"
    assert np.isnan(partial.energy.values[missing]).all()
    assert not partial.converged.values[missing].any()

    models = [Hopfield(load=load) for load in (0.05, 0.1)]
    given = {
        "n_spins": 60, "sweeps": 1500, "disorder": 2, "chains": 4, "seed": 7, "progress": False,
    }  # fmt: skip
    resumed = sweep(models, [0.2, 0.3, 0.4, 0.5], store=store, workers=1, **given)
    assert len(counted) == 8 - len(before)
    after = rows()
    assert all(after[key] == payload for key, payload in before.items())
    whole = sweep(models, [0.2, 0.3, 0.4, 0.5], store=None, workers=1, **given)
    assert resumed.identical(whole)


def test_workers_of_a_killed_sweep_end(tmp_path):
    script = tmp_path / "run.py"
    script.write_text(SCRIPT.replace("sweeps=1500", "sweeps=10**8"))
    process = subprocess.Popen([sys.executable, script, tmp_path / "store", "2"])

    def children() -> list[str]:
        try:
            with open(f"/proc/{process.pid}/task/{process.pid}/children") as file:
                return file.read().split()
        except FileNotFoundError:
            pytest.skip("needs /proc")

    # Two workers, and the resource tracker of multiprocessing.
    deadline = time.monotonic() + 60
    while len(children()) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1.5)  # until they are in the middle of a point
    workers = children()
    assert len(workers) == 3
    process.send_signal(signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 20
    while any(alive(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    left = [pid for pid in workers if alive(pid)]
    for pid in left:
        os.kill(int(pid), signal.SIGKILL)
    assert not left


def alive(pid: str) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_interrupt_keeps_what_was_done(reference, tmp_path, monkeypatch):
    store = tmp_path / "store"
    original, calls = module.run_point, []

    def run_point(point):
        calls.append(point)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return original(point)

    monkeypatch.setattr(module, "run_point", run_point)
    with pytest.raises(KeyboardInterrupt):
        sweep(MODELS, TEMPERATURES, store=store, workers=1, **GIVEN)
    assert int(np.sum(load_sweep(store).status.values == "done")) == 2
    assert sweep(MODELS, TEMPERATURES, store=store, workers=1, **GIVEN).identical(reference)
    assert len(calls) == 3 + 2


def test_failed_points_are_marked_and_tried_again(reference, tmp_path, monkeypatch):
    store = tmp_path / "store"
    original = Hopfield.draw

    def draw(self, n_spins, rng):
        if self.load == 0.1:
            raise MemoryError("no room")
        return original(self, n_spins, rng)

    monkeypatch.setattr(Hopfield, "draw", draw)
    with pytest.warns(RuntimeWarning, match=r"2 of 4 points failed.*MemoryError: no room"):
        found = sweep(MODELS, TEMPERATURES, store=store, workers=1, **GIVEN)
    assert found.status.values.tolist() == [["done", "done"], ["failed", "failed"]]
    assert found.failure.values[1].tolist() == ["MemoryError: no room"] * 2
    assert not found.converged.values[1].any()
    assert np.isnan(found.overlap.values[1]).all()
    assert found.isel(load=0).drop_vars("model").equals(
        reference.isel(load=0).drop_vars("model")
    )  # fmt: skip
    monkeypatch.undo()
    assert sweep(MODELS, TEMPERATURES, store=store, workers=1, **GIVEN).identical(reference)


def test_broken_executor_is_told_and_loses_nothing(reference, tmp_path):
    class Breaking(Executor):
        def __init__(self) -> None:
            self.submitted = 0

        def submit(self, function, /, *arguments):
            self.submitted += 1
            future: Future = Future()
            if self.submitted == 1:
                future.set_result(function(*arguments))
            elif self.submitted == 4:
                future.set_exception(BrokenProcessPool("a worker died"))
            return future

    store = tmp_path / "store"
    with pytest.raises(RuntimeError, match=r"a worker died.*call sweep again"):
        sweep(MODELS, TEMPERATURES, store=store, executor=Breaking(), **GIVEN)
    assert int(np.sum(load_sweep(store).status.values == "done")) == 1
    assert sweep(MODELS, TEMPERATURES, store=store, workers=1, **GIVEN).identical(reference)


@pytest.mark.parametrize(
    ("change", "word"),
    [({"seed": 8}, "seed=7 there and 8 here"), ({"sweeps": 61}, "sweeps=60"),
     ({"n_spins": 50}, "n_spins"), ({"start": "random"}, "start")],
)  # fmt: skip
def test_store_of_other_options_is_refused(change, word, tmp_path, counted):
    store = tmp_path / "store"
    sweep(MODELS[:1], TEMPERATURES[:1], store=store, workers=1, **GIVEN)
    before = store.read_bytes()
    with pytest.raises(ValueError, match=f"{word}.* give another store"):
        sweep(MODELS, TEMPERATURES, store=store, workers=1, **GIVEN | change)
    assert store.read_bytes() == before and len(counted) == 1


def test_store_that_is_something_else(tmp_path):
    text, other, empty = tmp_path / "text", tmp_path / "other", tmp_path / "empty"
    text.write_text("not a database" * 100)
    with sqlite3.connect(other) as database:
        database.execute("CREATE TABLE mine (x)")
    empty.write_bytes(b"")
    for path in (text, other, tmp_path / "no" / "folder", tmp_path):
        before = path.read_bytes() if path.is_file() else None
        with pytest.raises(ValueError, match="store must be"):
            sweep(MODELS, TEMPERATURES, store=path, workers=1, **GIVEN)
        assert before is None or path.read_bytes() == before
    with pytest.raises(ValueError, match="empty"):
        load_sweep(empty)
    with pytest.raises(FileNotFoundError):
        load_sweep(tmp_path / "none")
    assert not os.path.exists(tmp_path / "none")


def test_seeds_do_not_depend_on_the_process(tmp_path):
    """Neither string hashing nor the machine may enter: a fixed key has a fixed seed."""
    code = "from assocmem.sweeps import point_seed; print(point_seed(3, 'a key'))"
    found = {
        subprocess.run(
            [sys.executable, "-c", code], env=os.environ | {"PYTHONHASHSEED": hash_seed},
            capture_output=True, text=True, check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }  # fmt: skip
    assert found == {f"{module.point_seed(3, 'a key')}\n"}
    assert module.point_seed(3, "another key") != module.point_seed(3, "a key")
    assert json.loads(json.dumps(module.point_seed(3, "a key"))) < 2**128


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"models": []}, "models"), ({"models": 0.1}, "models"), ({"models": [0.1]}, "model"),
        ({"models": "ab"}, "models"), ({"models": [Hopfield(load=0.0)]}, "load"),
        ({"temperatures": 0.1}, "temperatures"), ({"temperatures": []}, "temperatures"),
        ({"temperatures": [np.nan]}, "temperatures"), ({"temperatures": [-1.0]}, "temperatures"),
        ({"n_spins": 1}, "n_spins"), ({"seed": -1}, "seed"), ({"workers": 0}, "workers"),
        ({"executor": 3}, "executor"), ({"progress": None}, "progress"),
        ({"temperature": 0.1}, "sample_options"), ({"trajectory": True}, "sample_options"),
        ({"sweep": 3}, "sample_options"), ({"sweeps": 1}, "sweeps"), ({"chains": -1}, "chains"),
    ],
)  # fmt: skip
def test_bad_arguments(change, word, tmp_path):
    arguments = {"models": MODELS, "temperatures": TEMPERATURES, **GIVEN, **change}
    with pytest.raises((ValueError, TypeError), match=word):
        sweep(**arguments, store=tmp_path / "store")
    assert not os.listdir(tmp_path)


def test_executor_and_workers_exclude_each_other():
    with ThreadPoolExecutor(1) as pool, pytest.raises(ValueError, match="workers"):
        sweep(MODELS, TEMPERATURES, store=None, executor=pool, workers=2, **GIVEN)


@given(
    name=st.sampled_from(["temperatures", "models", "n_spins", "sweeps", "interval", "disorder"]),
    value=st.one_of(
        st.floats(max_value=-1e-300),
        st.sampled_from([np.nan, np.inf, 1j, None, -1]),
        st.text("ab"),
        st.lists(st.sampled_from([np.nan, -1.0, "x"]), max_size=3),
    ),
)
@settings(max_examples=100, deadline=None)
def test_nonsense_is_refused_by_name(name, value):
    arguments = {"models": MODELS, "temperatures": TEMPERATURES, **GIVEN, name: value}
    with pytest.raises((ValueError, TypeError), match=name.removesuffix("s")):
        sweep(**arguments, store=None, workers=1)


def test_a_store_that_is_no_path_is_refused_by_name():
    with pytest.raises(TypeError, match="store must be"):
        sweep(MODELS, TEMPERATURES, store=3, workers=1, **GIVEN)
