"""False positives of a neuron against the correlation of its inputs.

Experiments that the authors of arXiv:1601.00720 published as data, not in the paper, put cells into
clusters of 2 to 9: error rates follow the trends of the theory of uniform patterns, but are seven
to ten orders of magnitude above it. The exact law of `Clustered` activities says why: what counts
is how many cells come on together, more than their mean correlation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .. import _validate as check

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

COLOURS = ("#56b4e9", "#009e73", "#e69f00", "#cc79a7", "#d55e00")
# Bins of the mean pairwise correlation, and errors in them aggregated over clusters of 2 to 9
# cells, by n: one neuron of 500 dendrites of 20 synapses, theta = 10, a = 32.
_EDGES = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1)
_PUBLISHED = {
    2000: (3.6e-4, 7.8e-4, 2.4e-3, 8.6e-3, 4.2e-2),
    4000: (np.nan, 1.2e-4, 3.8e-4, 1.3e-3, 9.7e-3),
}


def compute(
    *,
    n: int = 2000,
    a: int = 32,
    n_synapses: int = 20,
    threshold: int = 10,
    n_segments: int = 500,
    sizes: Sequence[int] = (2, 3, 5, 7, 9),
    trials: int = 20_000,
    seed: int = 0,
    workers: int | None = None,
) -> xarray.Dataset:
    """Exact false positives over clusters of several sizes and any share of clustered cells.

    Parameters
    ----------
    n, a, n_synapses, threshold, n_segments : int
        Cells, active cells, s, theta, and segments of the neuron.
    sizes : sequence of int
        Cells of a cluster, of each curve.
    trials : int
        Budget of each simulated point.
    seed, workers
        As in `assocmem.verify`.

    Returns
    -------
    xarray.Dataset
        Over ``size`` and ``whole``, the number of whole clusters in an activity: ``correlation``
        and ``exact``, NaN where so many do not fit; ``simulated`` with ``error``, NaN where it
        was not done. ``published`` over ``bin`` with its edges, where there is any for these
        parameters; ``uniform``, the error without clusters.
    """
    import xarray as xr

    from ..dendrites import Detector
    from ..sdr import Clustered, Uniform
    from ..theory.sdr.correlated import pair_correlation
    from ..theory.sdr.detection import predict
    from ..verification import verify

    for size in sizes:
        check.integer("sizes", size, 2, a)
    shape = (len(sizes), a // min(sizes))
    found = {
        name: np.full(shape, np.nan) for name in ("correlation", "exact", "simulated", "error")
    }

    def errors(model):
        return {"false_positive": predict(model, only="false_positive")["false_positive"]}

    def neuron(law):
        return Detector(law, n_synapses=n_synapses, threshold=threshold, n_segments=n_segments)

    for k, size in enumerate(sizes):
        most = a // size
        laws = [Clustered(n, a, size, min(1.0, j * size / a)) for j in range(1, most + 1)]
        found["correlation"][k, :most] = [pair_correlation(law) for law in laws]
        found["exact"][k, :most] = [errors(neuron(law))["false_positive"].value for law in laws]
        shown = sorted({0, most // 2, most - 1})
        report = verify(
            [neuron(laws[j]) for j in shown], trials=trials, seed=seed + k, theory=errors,
            workers=workers,
        )  # fmt: skip
        found["simulated"][k, shown] = [claim.simulated for claim in report.claims]
        found["error"][k, shown] = [claim.error for claim in report.claims]
    same = (a, n_synapses, threshold, n_segments) == (32, 20, 10, 500)
    published = _PUBLISHED[n] if same and n in _PUBLISHED else ()
    return xr.Dataset(
        {
            **{name: (("size", "whole"), values) for name, values in found.items()},
            "published": ("bin", np.array(published)),
            "left": ("bin", np.array(_EDGES[: len(published)])),
            "right": ("bin", np.array(_EDGES[1 : len(published) + 1])),
            "uniform": errors(neuron(Uniform(n, a)))["false_positive"].value,
        },
        coords={"size": list(sizes), "whole": np.arange(1, shape[1] + 1)},
        attrs={"n": n, "a": a, "n_segments": n_segments},
    )


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Lines are exact, points simulated, bars published bins."""
    from ..plot import new_axes

    ax = new_axes(ax)
    for k, size in enumerate(dataset["size"].values):
        one, colour = dataset.isel(size=k), COLOURS[k % len(COLOURS)]
        ax.plot(one["correlation"], one["exact"], color=colour, label=f"clusters of {size}")
        ax.errorbar(
            one["correlation"], one["simulated"], one["error"], fmt="o", markersize=4, color=colour
        )
    ax.hlines(
        dataset["published"], dataset["left"], dataset["right"], color="black", linewidth=2.5,
        label="published, clusters of 2 to 9",
    )  # fmt: skip
    uniform = float(dataset["uniform"])
    ax.axhline(uniform, color="0.5", linewidth=0.8, linestyle="--", label="uniform patterns")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("mean correlation of co-active cells")
    ax.set_ylabel(f"false positives of a neuron of {dataset.attrs['n_segments']} segments")
    ax.set_title(f"n = {dataset.attrs['n']}, a = {dataset.attrs['a']}", fontsize="small")
    ax.legend(frameon=False, fontsize="small")
    return ax
