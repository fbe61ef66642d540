"""A mac's memory of random inputs: recall against their number, capacity, bits in a weight.

Lines: exact theory of uniform codes. Points: simulated macs.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .. import _validate as check

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")


def compute(
    *,
    n: int = 400,
    active: int = 12,
    modules: int = 8,
    units: Sequence[int] = (8, 32, 128),
    loads: Sequence[float] = (0.2, 0.35, 0.5, 0.6, 0.7, 0.8, 0.9),
    level: float = 0.9,
    trials: int = 2000,
    seed: int = 0,
    workers: int | None = None,
    progress: bool = True,
) -> xarray.Dataset:
    """Recall, load and crosstalk of macs of several sizes, and their capacities.

    Parameters
    ----------
    n, active : int
        Features, and those of an input: 1 <= active <= n/2.
    modules : int
        Q of the mac.
    units : sequence of int
        K, units of a module.
    loads : sequence of float
        Expected fractions of weights set of the simulated macs, in (0, 1).
    level : float
        Of the capacity: fraction of winners that are right.
    trials : int
        Items recalled for each point, >= 100.
    seed : int
        >= 0.
    workers : int, optional
        Threads, by default one for each core.
    progress : bool
        Show a progress bar when on a terminal.

    Returns
    -------
    xarray.Dataset
        Over (unit, line): ``line_items``, ``line_load``, and exact ``recalled``, ``to_code`` and
        ``to_input``, bits in a weight. Over (unit, point): ``items``, ``point_load`` and the
        simulated ``simulated_recalled``, ``simulated_load``, ``simulated_crosstalk`` and
        ``simulated_spurious`` with errors ``..._error`` and predictions ``predicted_...``, and bits
        in a weight from the simulated rates, ``simulated_to_code`` and ``simulated_to_input``. Over
        unit: ``capacity``, ``limit``.
    """
    import xarray as xr
    from tqdm import tqdm

    from ..sdr.sparsey.mac import Mac
    from ..sdr.sparsey.selection import Selection
    from ..sdr.sparsey.stored import ReadItems, StoredItems
    from ..sdr.sparsey.trials import simulate
    from ..theory.sdr.willshaw import channel_bits
    from ..theory.sparsey import (
        bits_per_weight,
        capacity,
        capacity_limit,
        load,
        predict,
        recalled,
        stores_for_load,
        winner_bits,
    )

    n = check.integer("n", n, 2)
    active = check.integer("active", active, 1, n // 2)
    for k, value in enumerate(loads):
        check.real(f"loads[{k}]", value, 0.0, 1.0, open_low=True, open_high=True)
    trials = check.integer("trials", trials, 100)
    seed = check.integer("seed", seed, 0)
    workers = os.cpu_count() or 1 if workers is None else check.integer("workers", workers, 1)
    plain = Selection(chi=0.0)
    models = [StoredItems(Mac(modules, k, plain), n, active, 1) for k in units]

    def numbers(model: StoredItems, wanted: Sequence[float]) -> np.ndarray:
        return np.array([max(1, round(float(stores_for_load(model, x)))) for x in wanted])

    held = [capacity(model, level).n_items for model in models]
    limits = [capacity_limit(model, level)[1] for model in models]
    lines = [numbers(model, np.linspace(0.02, 0.97, 96)) for model in models]
    points = [numbers(model, loads) for model in models]
    jobs = [
        StoredItems(model.mac, n, active, int(number))
        for model, row in zip(models, points, strict=True)
        for number in row
    ]
    seeds = np.random.SeedSequence(seed).generate_state(len(jobs), np.uint64)
    bar = tqdm(jobs, "macs", disable=None if progress else True, leave=False)
    names = ("recalled", "load", "crosstalk", "spurious")
    rows, bits = [], []
    for job, own in zip(bar, seeds, strict=True):
        found, theory = {}, {}
        for one in (job, ReadItems(job.mac, n, active, job.n_items)):
            found |= simulate(one, trials=trials, seed=int(own), workers=workers)
            theory |= predict(one)
        rows.append([[theory[x], found[x].mean, found[x].error] for x in names])
        of_code = winner_bits(found["recalled"].mean, job.mac.n_units) / n
        of_input = channel_bits(active / n, found["spurious"].mean, 0.0) / modules
        bits.append([job.n_items * of / job.mac.n_units for of in (of_code, of_input)])
    table = np.array(rows).reshape(len(models), len(loads), 4, 3)
    known = np.array(bits).reshape(len(models), len(loads), 2)
    on_line, on_point = ("unit", "line"), ("unit", "point")

    def along(of: object) -> tuple[tuple[str, str], list]:
        return on_line, [of(model, row) for model, row in zip(models, lines, strict=True)]

    data = {
        "line_items": (on_line, lines),
        "line_load": along(load),
        "recalled": along(recalled),
        "to_code": along(lambda model, row: bits_per_weight(model, "code", row)),
        "to_input": along(lambda model, row: bits_per_weight(model, "input", row)),
        "items": (on_point, points),
        "point_load": (on_point, table[:, :, 1, 0]),
        "simulated_to_code": (on_point, known[:, :, 0]),
        "simulated_to_input": (on_point, known[:, :, 1]),
        "capacity": ("unit", held),
        "limit": ("unit", limits),
    }
    for i, name in enumerate(names):
        for j, kind in enumerate(("predicted_{}", "simulated_{}", "simulated_{}_error")):
            data[kind.format(name)] = (on_point, table[:, :, i, j])
    return xr.Dataset(
        data,
        coords={"unit": list(units)},
        attrs={"n": n, "active": active, "modules": modules, "level": level, "trials": trials,
               "seed": seed},
    )  # fmt: skip


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Recall and capacities above, bits in a weight below; on Axes given, recall alone.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `compute`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure of two panels by default.

    Returns
    -------
    matplotlib.axes.Axes
        That of recall.
    """
    below = None
    if ax is None:
        import matplotlib.pyplot as plt

        _, (ax, below) = plt.subplots(2, 1, figsize=(5.8, 6.6), layout="constrained")
    level = dataset.attrs["level"]
    colors = _COLORS * len(dataset["unit"])
    for k, color in zip(dataset["unit"].values, colors, strict=False):
        of = dataset.sel(unit=k)
        ax.plot(of["line_items"], of["recalled"], color=color, label=f"$K={k}$")
        ax.errorbar(of["items"], of["simulated_recalled"], 2 * of["simulated_recalled_error"],
                    fmt="o", color=color, markersize=4, capsize=2)  # fmt: skip
        ax.plot(of["capacity"], level, marker="|", color=color, markersize=14)
        ax.plot(of["limit"], level, marker="|", color=color, markersize=8, alpha=0.5)
        if below is not None:
            below.plot(of["line_load"], of["to_code"], color=color)
            below.plot(of["line_load"], of["to_input"], color=color, linestyle="--")
            below.plot(of["point_load"], of["simulated_to_code"], "o", color=color, markersize=4)
            below.plot(of["point_load"], of["simulated_to_input"], "o", color=color, markersize=4,
                       markerfacecolor="none")  # fmt: skip
    ax.axhline(level, color="#555555", linewidth=0.8, linestyle=":")
    ax.set_xscale("log")
    ax.set_ylim(0.0, 1.03)
    ax.set_xlabel("items stored")
    ax.set_ylabel("winners recalled")
    given = dataset.attrs
    ax.set_title(
        f"$n={given['n']}$, $a={given['active']}$, $Q={given['modules']}$; bars: capacity, exact "
        "(long) and in the limit of many features",
        fontsize="small",
    )
    ax.legend(frameon=False, fontsize="small", loc="lower left")
    if below is not None:
        below.axhline(np.log(2.0), color="#555555", linewidth=0.8, linestyle=":")
        below.annotate(r"$\ln 2$", (0.0, np.log(2.0)), xytext=(2, 2), textcoords="offset points")
        below.plot([], [], color="#555555", label="from inputs to codes")
        below.plot([], [], color="#555555", linestyle="--", label="from codes to inputs")
        below.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(0, 0.9))
        below.set_xlabel("load, fraction of weights set")
        below.set_ylabel("bits in a weight")
        below.set_xlim(0.0, 1.0)
        below.set_ylim(0.0, 0.78)
    return ax
