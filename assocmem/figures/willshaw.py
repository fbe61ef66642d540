"""Willshaw memory against load: bits in a synapse, and errors of recall.

Lines: exact theory, and Willshaw's with synapses taken as independent. Points: simulated memories.
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
    n: int = 1000,
    activities: Sequence[int] = (6, 10, 16),
    lost: float = 0.0,
    loads: Sequence[float] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7),
    trials: int = 10_000,
    seed: int = 0,
    workers: int | None = None,
    progress: bool = True,
) -> xarray.Dataset:
    """Information and errors of hetero-associations of n to n cells, in theory and simulation.

    Parameters
    ----------
    n : int
        Cells, >= 20.
    activities : sequence of int
        Active cells a of both patterns, from 1 to n/2.
    lost : float
        Fraction of the cue's bits that is missing, in [0, 1).
    loads : sequence of float
        Expected fractions of ones of the simulated memories, in (0, 1).
    trials : int
        Patterns recalled for each point, >= 100.
    seed : int
        >= 0.
    workers : int, optional
        Threads, by default one for each core.
    progress : bool
        Show a progress bar when on a terminal.

    Returns
    -------
    xarray.Dataset
        ``information`` and ``spurious``, exact, and ``independent``, Willshaw's spurious rate,
        (activity, line); ``simulated_information`` and ``simulated_spurious`` with their errors
        ``..._error`` (activity, point); ``line_load`` and ``point_load``.
    """
    import xarray as xr
    from tqdm import tqdm

    from ..sdr.noise import Drop
    from ..sdr.willshaw import Willshaw
    from ..sdr.willshaw_trials import simulate
    from ..theory.sdr.willshaw import independent_spurious, load, predict

    n = check.integer("n", n, 20)
    activities = [check.integer("activities", a, 1, n // 2) for a in activities]
    lost = check.real("lost", lost, 0.0, 1.0, open_high=True)
    for k, value in enumerate(loads):
        check.real(f"loads[{k}]", value, 0.0, 1.0, open_low=True, open_high=True)
    trials = check.integer("trials", trials, 100)
    seed = check.integer("seed", seed, 0)
    workers = os.cpu_count() or 1 if workers is None else check.integer("workers", workers, 1)

    def model(a: int, wanted: float) -> Willshaw:
        number = max(1, round(np.log1p(-wanted) / np.log1p(-((a / n) ** 2))))
        return Willshaw(n, n, a, a, number, noise=Drop(int(lost * a)))

    grid = np.linspace(0.02, 0.9, 89)
    lines = [[model(a, x) for x in grid] for a in activities]
    points = [[model(a, x) for x in loads] for a in activities]
    theory = [[predict(one) for one in row] for row in lines]
    found = []
    jobs = [one for row in points for one in row]
    seeds = np.random.SeedSequence(seed).generate_state(len(jobs), np.uint64)
    bar = tqdm(jobs, "memories", disable=None if progress else True, leave=False)
    for one, own in zip(bar, seeds, strict=True):
        rates = simulate(one, trials=trials, seed=int(own), workers=workers)
        found.append(
            [[rates[name].mean, rates[name].error] for name in ("information", "spurious")]
        )
    table = np.array(found).reshape(len(activities), len(loads), 2, 2)
    on_line, on_point = ("activity", "line"), ("activity", "point")
    return xr.Dataset(
        {
            "line_load": (on_line, [[load(one) for one in row] for row in lines]),
            "information": (on_line, [[one["information"] for one in row] for row in theory]),
            "spurious": (on_line, [[float(one["spurious"]) for one in row] for row in theory]),
            "independent": (
                on_line,
                [[float(independent_spurious(one)) for one in row] for row in lines],
            ),
            "point_load": (on_point, [[load(one) for one in row] for row in points]),
            "simulated_information": (on_point, table[:, :, 0, 0]),
            "simulated_information_error": (on_point, table[:, :, 0, 1]),
            "simulated_spurious": (on_point, table[:, :, 1, 0]),
            "simulated_spurious_error": (on_point, table[:, :, 1, 1]),
        },
        coords={"activity": activities},
        attrs={"n": n, "lost": lost, "trials": trials, "seed": seed},
    )


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Bits in a synapse above, errors below; on Axes given, bits alone.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `compute`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure of two panels by default.

    Returns
    -------
    matplotlib.axes.Axes
        That of the bits.
    """
    below = None
    if ax is None:
        import matplotlib.pyplot as plt

        _, (ax, below) = plt.subplots(2, 1, sharex=True, figsize=(5.6, 6.4), layout="constrained")
    n = dataset.attrs["n"]
    for a, color in zip(
        dataset["activity"].values, _COLORS * len(dataset["activity"]), strict=False
    ):
        of = dataset.sel(activity=a)
        ax.plot(of["line_load"], of["information"], color=color, label=f"$a={a}$")
        ax.errorbar(
            of["point_load"], of["simulated_information"], of["simulated_information_error"],
            fmt="o", color=color, markersize=4, capsize=2,
        )  # fmt: skip
        if below is None:
            continue
        below.plot(of["line_load"], of["spurious"], color=color)
        below.plot(of["line_load"], of["independent"], color=color, linewidth=0.9, linestyle="--")
        seen = of["simulated_spurious"] > 0.0
        below.errorbar(
            of["point_load"][seen], of["simulated_spurious"][seen],
            of["simulated_spurious_error"][seen], fmt="o", color=color, markersize=4, capsize=2,
        )  # fmt: skip
    ax.axhline(np.log(2.0), color="#555555", linewidth=0.8, linestyle=":")
    ax.annotate(r"$\ln 2$", (0.0, np.log(2.0)), xytext=(2, 2), textcoords="offset points")
    ax.set_ylim(0.0, 0.78)
    ax.set_xlim(0.0, 0.92)
    ax.set_ylabel("bits in a synapse")
    ax.set_title(rf"$n={n}$, {1 - dataset.attrs['lost']:.0%} of the cue", fontsize="medium")
    ax.legend(frameon=False, fontsize="small", loc="lower right")
    bottom = ax if below is None else below
    bottom.set_xlabel("load, fraction of synapses that are 1")
    if below is not None:
        below.set_yscale("log")
        lowest = dataset["simulated_spurious"].where(dataset["simulated_spurious"] > 0).min()
        below.set_ylim(0.1 * float(lowest) if np.isfinite(lowest) else 1e-9, 1.0)
        below.set_ylabel("P(spurious output)")
        below.plot([], [], color="#555555", label="exact")
        below.plot(
            [], [], color="#555555", linewidth=0.9, linestyle="--", label="independent synapses"
        )
        below.plot([], [], color="#555555", marker="o", linestyle="none", markersize=4,
                   label="simulated")  # fmt: skip
        below.legend(frameon=False, fontsize="small", loc="lower right")
    return ax
