"""Grids of simulations on any executor, with a store that survives interruption."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _validate as check
from ._sweep_store import Store
from ._version import __version__
from .serial import from_json, to_dict, to_json

if TYPE_CHECKING:
    import xarray as xr


def sweep(
    models: Sequence[Any],
    temperatures: Sequence[float],
    *,
    n_spins: int,
    store: str | os.PathLike | None,
    executor: Executor | None = None,
    workers: int | None = None,
    seed: int = 0,
    progress: bool = True,
    **sample_options: Any,
) -> xr.Dataset:
    """Simulate every model at every temperature, once.

    Each point is one call of `assocmem.montecarlo.sampler.sample`, with a seed that follows
    from ``seed``, the model, the temperature and the options: a point has the same numbers in
    any grid, on any number of workers, in any order. Points are written to ``store`` as they
    come, each in one transaction; called again after an interruption of any kind, the sweep
    does what is left, and then also tries again the points that failed.

    Parameters
    ----------
    models : sequence of Hopfield, Dense or Multitasking
        Models, of different loads say.
    temperatures : sequence of float
        T >= 0.
    n_spins : int
        N.
    store : path-like or None
        File (SQLite) to keep the points in; made if it is not there. It may hold points of
        other grids with the same options; a sweep with other options needs another store. None
        keeps nothing.
    executor : concurrent.futures.Executor, optional
        Where points run: a thread pool, dask's, MPI's. It is left open.
    workers : int, optional
        Number of processes if there is no ``executor``; 1 runs the points here, one after the
        other. All processors if left out. Processes are spawned, so a script must have its
        ``if __name__ == "__main__":``.
    seed : int
        >= 0.
    progress : bool
        Show a progress bar when on a terminal.
    **sample_options
        Further arguments of ``sample``: sweeps, burn_in, interval, chains, disorder, start,
        corruption, weights, dynamics, method, tracked.

    Returns
    -------
    xarray.Dataset
        Over ``load`` (one entry per model, with the model's JSON beside it, and its dilution
        where the models have one) and
        ``temperature``: each observable ``x`` with ``x_error``, and of means ``x_rhat``
        (largest) and ``x_ess`` (smallest of any chain); ``converged``; ``method``, which
        "auto" resolved to; ``status`` (done, failed or missing) and ``failure``, its reason.
        Where a point failed, numbers are NaN.

    Raises
    ------
    TypeError, ValueError
        If an argument is wrong, or ``store`` was made with other options; before work starts.
    RuntimeError
        If the executor broke down. What was done is in the store.

    Warns
    -----
    RuntimeWarning
        If points failed, with their number.

    Examples
    --------
    >>> from assocmem import Hopfield
    >>> from assocmem.sweeps import sweep
    >>> grid = sweep(
    ...     [Hopfield(load=load) for load in (0.02, 0.05)], [0.1, 0.3], n_spins=100, store=None,
    ...     workers=1, sweeps=200, disorder=2,
    ... )
    >>> dict(grid.overlap.sizes)
    {'load': 2, 'temperature': 2, 'pattern': 1}
    """
    points, settings, grid = _check(models, temperatures, n_spins, seed, sample_options)
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise TypeError(f"executor must have a method submit, got {executor!r}")
    if executor is not None and workers is not None:
        raise ValueError(f"workers must be left out when executor is given, got {workers!r}")
    if workers is not None:
        workers = check.integer("workers", workers, 1, 10**5)
    if not isinstance(progress, (bool, np.bool_)):
        raise TypeError(f"progress must be True or False, got {progress!r}")
    with Store(store) as kept:
        kept.claim(settings, grid)
        done = {key for key, (payload, _) in kept.points().items() if payload is not None}
        todo = {key: point for key, point in points.items() if key not in done}
        _run(kept, todo, len(points), executor, workers, progress)
        return _collect(kept)


def load_sweep(path: str | os.PathLike) -> xr.Dataset:
    """What a store holds of the grid last asked of it, finished or not.

    Parameters
    ----------
    path : path-like
        Store made by `sweep`; it may be in use.

    Returns
    -------
    xarray.Dataset
        As `sweep` returns; points not yet done have ``status`` "missing".

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, or it is not a store.
    """
    if not os.path.exists(path):
        raise FileNotFoundError(f"path must be a store made by sweep, there is no {path!r}")
    with Store(path) as kept:
        return _collect(kept)


def _check(
    models: Any, temperatures: Any, n_spins: int, seed: int, options: dict[str, Any]
) -> tuple[dict[str, dict[str, Any]], dict[str, Any], dict[str, Any]]:
    """Points by key, settings that all points share, and the grid; or an error."""
    from .montecarlo.sampler import make_plan, sample

    if isinstance(models, (str, bytes)) or not isinstance(models, Sequence) or not len(models):
        raise TypeError(f"models must be a non-empty sequence of models, got {models!r}")
    if np.ndim(temperatures) == 0:
        raise TypeError(f"temperatures must be a sequence of numbers, got {temperatures!r}")
    seed = check.integer("seed", seed, 0)
    own = {"n_spins", "temperature", "seed", "workers", "progress", "trajectory"}
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(sample).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and name not in own
    }
    unknown = sorted(set(options) - set(defaults))
    if unknown:
        raise TypeError(f"sample_options must be among {sorted(defaults)}, got {unknown}")
    points: dict[str, dict[str, Any]] = {}
    for model in models:
        plan = make_plan(
            model,
            kind="sample",
            name="temperatures",
            n_spins=n_spins,
            temperature=temperatures,
            trajectory=False,
            seed=seed,
            **(defaults | options),
        )
        parameters = plan.parameters()
        for name in ("temperature", "seed", "trajectory"):
            del parameters[name]
        ladder = [temperature + 0.0 for temperature in plan.temperature]  # -0.0 is 0.0
        for temperature in ladder:
            identity = {"model": to_dict(model), "temperature": temperature, **parameters}
            key = json.dumps(identity, sort_keys=True)
            points[key] = {
                "model": to_json(model),
                "temperature": temperature,
                "options": parameters,
                "seed": point_seed(seed, key),
            }
    settings = {"version": __version__, "seed": seed, **parameters}
    grid = {"models": [to_dict(model) for model in models], "temperatures": ladder}
    return points, settings, grid


def point_seed(seed: int, key: str) -> int:
    """Seed of a point: 128 bits of the seed sequence whose spawn key is the hash of ``key``."""
    digest = hashlib.sha256(key.encode()).digest()
    words = np.frombuffer(digest, dtype=">u4")
    sequence = np.random.SeedSequence(seed, spawn_key=tuple(int(word) for word in words))
    return int.from_bytes(sequence.generate_state(4).astype(">u4").tobytes(), "big")


def run_point(point: dict[str, Any]) -> tuple[str | None, str | None]:
    """Simulate one point: (payload, None), or (None, reason) if it failed."""
    from .montecarlo.dynamics import Dynamics
    from .montecarlo.sampler import sample

    # Whatever goes wrong in one point is a property of it, and the others are to go on.
    try:
        options = dict(point["options"])
        options["dynamics"] = Dynamics(**options["dynamics"])
        result = sample(
            from_json(point["model"]),
            temperature=point["temperature"],
            seed=point["seed"],
            progress=False,
            **options,
        )
        return json.dumps(_payload(result)), None
    except Exception as failure:
        return None, f"{type(failure).__name__}: {failure}"


def _payload(result: Any) -> dict[str, Any]:
    """Estimates of one point as numbers and lists over patterns; JSON keeps floats exactly."""
    from .montecarlo.recorder import BASIC, DERIVED, REPLICA

    data = result.dataset.isel(temperature=0)
    out: dict[str, Any] = {
        "converged": bool(result.converged().item()),
        "method": result.dataset.attrs["method"],
    }
    for name in (*BASIC, *DERIVED, *REPLICA):
        if name in data:
            value, error = result.estimate(name)
            out[name] = value.values[0].tolist()
            out[name + "_error"] = error.values[0].tolist()
        if name in BASIC:
            out[name + "_rhat"] = data[name + "_rhat"].max("disorder", skipna=False).values.tolist()
            ess = data[name + "_ess"].min(("disorder", "chain"), skipna=False)
            out[name + "_ess"] = ess.values.tolist()
    return out


def _run(
    kept: Store,
    todo: dict[str, dict[str, Any]],
    total: int,
    executor: Executor | None,
    workers: int | None,
    progress: bool,
) -> None:
    """Do the points and write each as it comes."""
    from tqdm import tqdm

    failures: list[str] = []
    unconverged = 0
    with (
        tqdm(
            total=total,
            initial=total - len(todo),
            unit="point",
            desc="sweep",
            disable=None if progress else True,
        ) as bar,
        _results(todo, executor, workers) as results,
    ):
        for key, (payload, failure) in results:
            kept.write(key, payload, failure)
            if payload is None:
                failures.append(failure or "")
            else:
                unconverged += not json.loads(payload)["converged"]
            bar.update()
            bar.set_postfix(failed=len(failures), unconverged=unconverged)
    if failures:
        warnings.warn(
            f"{len(failures)} of {total} points failed, the first with {failures[0]}",
            RuntimeWarning,
            stacklevel=3,
        )


Results = Iterator[tuple[str, tuple[str | None, str | None]]]


@contextmanager
def _results(
    todo: dict[str, dict[str, Any]], executor: Executor | None, workers: int | None
) -> Iterator[Results]:
    """Iterator over (key, result) in order of completion."""
    if workers is None:
        workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    if executor is None and (workers == 1 or len(todo) < 2):
        yield ((key, run_point(point)) for key, point in todo.items())
        return
    if executor is not None:
        yield from _submitted(executor, todo)
        return
    from multiprocessing import get_context

    # Spawned, since a fork of a process with threads (BLAS, Numba, tqdm) may deadlock.
    pool = ProcessPoolExecutor(
        min(workers, len(todo)), mp_context=get_context("spawn"), initializer=_follow_parent
    )
    try:
        yield from _submitted(pool, todo)
    finally:
        # After an error or an interrupt, do not wait for points that nobody will write.
        pool.shutdown(wait=False, cancel_futures=True)


def _submitted(executor: Executor, todo: dict[str, dict[str, Any]]) -> Iterator[Results]:
    futures = {executor.submit(run_point, point): key for key, point in todo.items()}

    def completed() -> Results:
        left = dict(futures)
        for future in as_completed(futures):
            key = left.pop(future)
            if future.exception() is None:
                yield key, future.result()
                continue
            # Points do not raise, so this is the executor's end; keep what came before it.
            for other, key in left.items():
                if other.done() and not other.cancelled() and other.exception() is None:
                    yield key, other.result()
            failure = future.exception()
            raise RuntimeError(
                f"the executor broke down ({type(failure).__name__}: {failure}); "
                "points that were done are in the store, call sweep again for the others"
            ) from failure

    try:
        yield completed()
    finally:
        for future in futures:
            future.cancel()


def _follow_parent() -> None:
    """In a worker process: end when the parent has ended, however it did."""
    from multiprocessing import parent_process
    from threading import Thread

    parent = parent_process()
    if parent is None:
        return
    wait = parent.join

    def watch() -> None:
        wait()
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def _collect(kept: Store) -> xr.Dataset:
    """Label what the store holds of its grid."""
    import xarray as xr

    from .montecarlo.result import TEMPERATURE, describe

    settings, grid = kept.read("settings"), kept.read("grid")
    models, temperatures = grid["models"], grid["temperatures"]
    shape = (len(models), len(temperatures))
    rows = kept.points()
    options = {k: v for k, v in settings.items() if k not in ("version", "seed")}
    arrays: dict[str, np.ndarray] = {}
    status = np.full(shape, "missing", dtype=object)
    failures = np.full(shape, "", dtype=object)
    methods = np.full(shape, "", dtype=object)
    converged = np.zeros(shape, dtype=bool)
    for place in np.ndindex(shape):
        identity = {"model": models[place[0]], "temperature": temperatures[place[1]], **options}
        payload, failure = rows.get(json.dumps(identity, sort_keys=True), (None, None))
        if failure is not None:
            status[place], failures[place] = "failed", failure
        if payload is None:
            continue
        status[place] = "done"
        values = json.loads(payload)
        converged[place] = values.pop("converged")
        methods[place] = values.pop("method", "")
        for name, value in values.items():
            array = np.asarray(value, dtype=np.float64)
            arrays.setdefault(name, np.full(shape + array.shape, np.nan))[place] = array
    dimensions = ("load", "temperature", "pattern")
    gibbs = options["dynamics"]["update"] != "parallel"
    variables: dict[str, Any] = {
        name: (dimensions[: array.ndim], array, describe(name, gibbs))
        for name, array in arrays.items()
    }
    variables["converged"] = (dimensions[:2], converged)
    variables["method"] = (dimensions[:2], methods)
    variables["status"] = (dimensions[:2], status)
    variables["failure"] = (dimensions[:2], failures)
    rebuilt = [from_json(json.dumps(model)) for model in models]
    coordinates = {
        "load": ("load", [model.load for model in rebuilt], {"long_name": "load K/N"}),
        "model": ("load", np.array([to_json(model) for model in rebuilt], dtype=object)),
        "temperature": ("temperature", temperatures, dict(TEMPERATURE)),
        "pattern": np.arange(options["tracked"]),
    }
    if all(hasattr(model, "dilution") for model in rebuilt):
        words = {"long_name": "dilution d, probability of a blank entry"}
        coordinates["dilution"] = ("load", [model.dilution for model in rebuilt], words)
    attributes = {"settings": json.dumps(settings), "assocmem_version": settings["version"]}
    return xr.Dataset(variables, coordinates, attributes)
