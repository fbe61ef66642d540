"""Sequence memories whose input changes, or whose cells die, while they learn."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from .. import _validate as check
from ..serial import to_json
from .sequence_streams import high_order_stream
from .temporal_memory import TemporalMemory

if TYPE_CHECKING:
    import xarray


def published_memory(cells_per_column: int = 32) -> TemporalMemory:
    """Parameters of Hawkins and Ahmad, figure 6; their first-order control has one cell a column.

    Parameters
    ----------
    cells_per_column : int
        >= 1.
    """
    return TemporalMemory(
        n_columns=2048,
        cells_per_column=cells_per_column,
        activation_threshold=15,
        min_threshold=15,
        max_new_synapses=40,
        predicted_segment_decrement=0.01,
    )


def smoothed(values: np.ndarray, memory: float = 0.99, window: int = 60) -> np.ndarray:
    """Running mean with exponential weights from 0 on, then the mean over a window of it.

    Parameters
    ----------
    values : ndarray, shape (..., steps)
        Accuracies.
    memory : float
        Weight m in [0, 1] of the past: y_t = m y_(t-1) + (1 - m) x_t.
    window : int
        Steps of the mean, >= 1; fewer at the start, as many as there are.

    Returns
    -------
    ndarray, same shape
        It lags behind ``values`` by about 1/(1 - memory) + window/2 steps.
    """
    from scipy import signal

    values = np.asarray(values, dtype=float)
    memory = check.real("memory", memory, 0.0, 1.0)
    window = check.integer("window", window, 1)
    followed = signal.lfilter([1.0 - memory], [1.0, -memory], values, axis=-1)
    total = np.cumsum(followed, axis=-1)
    total[..., window:] -= total[..., :-window].copy()
    return total / np.minimum(np.arange(1, values.shape[-1] + 1), window)


def swap_experiment(
    *,
    steps: int = 6000,
    change_at: int = 3000,
    deaths: Sequence[float] = (0.0, 0.25, 0.4, 0.5, 0.6, 0.75),
    repeats: int = 10,
    a: int = 40,
    model: TemporalMemory | None = None,
    interval: int = 10,
    seed: int = 0,
    workers: int = 1,
    progress: bool = False,
) -> xarray.Dataset:
    """Accuracy of high-order and first-order memories whose sequences change, and after cell death.

    The stream is `high_order_stream`, and memories learn all the time. At ``change_at`` either the
    sequences are swapped, for both memories, or cells of the high-order memory die. Accuracy is
    correctly predicted over predicted columns, 0 where none is, random elements included, so that
    it is at most one half.

    Parameters
    ----------
    steps, change_at : int
        Elements, >= 10, and when the change comes, 1 <= change_at < steps.
    deaths : sequence of float
        Fractions of cells in [0, 1] that die.
    repeats : int
        Independent streams and memories, >= 2. Repeats of all cases see the same stream up to the
        change.
    a : int
        Active columns.
    model : TemporalMemory, optional
        Of high order, `published_memory` by default; the first-order control has one cell to a
        column.
    interval : int
        Elements from one recorded point to the next, >= 1.
    seed : int
        >= 0.
    workers : int
        Threads over repeats and cases, >= 1; the result does not depend on them.
    progress : bool
        Show a progress bar when on a terminal.

    Returns
    -------
    xarray.Dataset
        Over ``element``: ``swap`` with ``memory`` (high-order, first-order) and ``death`` with
        ``fraction``, smoothed as published (0.99 and 60 elements), with ``repeat``; and
        ``swap_late`` and ``death_late``, accuracy of predictable elements alone over the last
        tenth, ten elements at least, not smoothed.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    References
    ----------
    Hawkins and Ahmad, Front. Neural Circuits 10 (2016) 23, figure 6.
    """
    import xarray as xr
    from tqdm import tqdm

    steps = check.integer("steps", steps, 10)  # so many hold some that can be predicted
    change_at = check.integer("change_at", change_at, 1, steps - 1)
    if isinstance(deaths, str) or not np.iterable(deaths):
        raise TypeError(f"deaths must be a sequence of fractions, got {deaths!r}")
    deaths = [check.real(f"deaths[{k}]", value, 0.0, 1.0) for k, value in enumerate(deaths)]
    repeats = check.integer("repeats", repeats, 2)
    interval = check.integer("interval", interval, 1, steps)
    seed = check.integer("seed", seed, 0)
    workers = check.integer("workers", workers, 1)
    high = published_memory() if model is None else model
    if not isinstance(high, TemporalMemory):
        raise TypeError(f"model must be a TemporalMemory, got {model!r}")
    from dataclasses import replace

    memories = {"high-order": high, "first-order": replace(high, cells_per_column=1)}
    cases: list[tuple[TemporalMemory, float | None]] = [(m, None) for m in memories.values()]
    cases += [(high, fraction) for fraction in deaths]

    def run(task: tuple[int, tuple[TemporalMemory, float | None]]) -> tuple[np.ndarray, float]:
        repeat, (memory_model, fraction) = task
        swap_at = change_at if fraction is None else None
        words = np.random.SeedSequence((seed, repeat)).generate_state(2, np.uint64)
        stream = high_order_stream(
            steps, n=memory_model.n_columns, a=a, swap_at=swap_at, rng=int(words[0])
        )
        memory = memory_model.start(int(words[1]))
        first = memory.run(stream.columns[:change_at]).precision
        if fraction is not None:
            memory.kill(fraction)
        accuracy = np.append(first, memory.run(stream.columns[change_at:]).precision)
        late = np.flatnonzero(stream.predictable[-max(10, steps // 10) :]) - max(10, steps // 10)
        return smoothed(accuracy)[interval - 1 :: interval], float(accuracy[late].mean())

    tasks = [(repeat, case) for case in cases for repeat in range(repeats)]
    with ThreadPoolExecutor(workers) as pool:
        found = map(run, tasks) if workers == 1 else pool.map(run, tasks)
        bar = tqdm(found, total=len(tasks), disable=None if progress else True, leave=False)
        curves, late = zip(*bar, strict=True)
    curves = np.array(curves).reshape(len(cases), repeats, -1)
    late = np.array(late).reshape(len(cases), repeats)
    over = ("repeat", "element")
    return xr.Dataset(
        {
            "swap": (("memory", *over), curves[:2]),
            "death": (("fraction", *over), curves[2:]),
            "swap_late": (("memory", "repeat"), late[:2]),
            "death_late": (("fraction", "repeat"), late[2:]),
        },
        coords={
            "memory": list(memories),
            "fraction": deaths,
            "element": np.arange(interval, steps + 1, interval),
        },
        attrs={
            "model": to_json(high),
            "a": a,
            "change_at": change_at,
            "seed": seed,
        },
    )
