"""False negatives of a segment against the active cells that a pattern lost.

Figure 4B of Ahmad and Hawkins (arXiv:1601.00720): exact lines with simulated points for each
convention of noise. Two things are shown beside it. Sums of binomial coefficients that a computer
algebra system evaluates as they stand keep an absolute error of some 1e-17, in the paper's own
curve too; and where silenced cells may come back, fewer patterns are missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")


def compute(
    *,
    n: int = 6000,
    a: int = 128,
    n_synapses: int = 30,
    thresholds: Sequence[int] = (8, 12, 16),
    trials: int = 200_000,
    seed: int = 0,
    workers: int | None = None,
) -> xarray.Dataset:
    """Exact misses and simulated ones.

    Parameters
    ----------
    n, a, n_synapses : int
        Cells, active cells, synapses s.
    thresholds : sequence of int
        theta of each curve.
    trials : int
        Budget of each simulated point.
    seed, workers
        As in `assocmem.verify`.

    Returns
    -------
    xarray.Dataset
        Over ``threshold`` and ``lost``: ``exact`` (Replace, equal to Drop), ``swap``, and
        ``unfactored``, what a sum of binomials gives in SymPy as it stands; over ``threshold`` and
        ``point``: ``simulated``, ``error``, ``predicted`` at ``at``, NaN where the event cannot
        happen.
    """
    import xarray as xr

    from ..dendrites import Detector
    from ..sdr import Replace, Uniform
    from ..theory.sdr.detection import predict
    from ..theory.sdr.single import fn_drop, fn_swap
    from ..verification import verify

    lost = np.arange(0, int(0.8 * a) + 1, 2)
    column = np.asarray(thresholds)[:, None]
    at = np.rint(np.array([0.2, 0.35, 0.5, 0.65]) * a).astype(int)
    simulated = np.full((3, len(thresholds), len(at)), np.nan)
    for k, theta in enumerate(thresholds):
        models = [
            Detector(Uniform(n, a), n_synapses=n_synapses, threshold=theta, noise=Replace(int(v)))
            for v in at
        ]
        report = verify(
            models,
            trials=trials,
            seed=seed + k,
            theory=lambda model: {"false_negative": predict(model)["false_negative"]},
            workers=workers,
        )
        simulated[:, k] = np.array([[c.simulated, c.error, c.predicted] for c in report.claims]).T
    return xr.Dataset(
        {
            "exact": (("threshold", "lost"), fn_drop(a, n_synapses, column, lost).value),
            "swap": (("threshold", "lost"), fn_swap(n, a, n_synapses, column, lost).value),
            "unfactored": (
                ("threshold", "lost"),
                [[_unfactored(a, n_synapses, int(t), int(v)) for v in lost] for t in thresholds],
            ),
            "simulated": (("threshold", "point"), simulated[0]),
            "error": (("threshold", "point"), simulated[1]),
            "predicted": (("threshold", "point"), simulated[2]),
        },
        coords={"threshold": list(thresholds), "lost": lost, "at": ("point", at)},
        attrs={"n": n, "a": a, "n_synapses": n_synapses},
    )


def _unfactored(a: int, s: int, theta: int, v: int) -> float:
    """The sum over lost synapses with the common denominator inside it, evaluated by SymPy."""
    import sympy

    if min(s, v) < s - theta + 1:
        return 0.0
    b = sympy.Symbol("b", integer=True)
    term = sympy.binomial(s, b) * sympy.binomial(a - s, v - b) / sympy.binomial(a, v)
    return float(sympy.Sum(term, (b, s - theta + 1, min(s, v))).evalf())


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Lines are exact, points simulated, crosses SymPy's sums where they are off by 0.2 %."""
    from ..plot import new_axes

    ax = new_axes(ax)
    for k, theta in enumerate(dataset["threshold"].values):
        one, colour = dataset.isel(threshold=k), COLOURS[k % len(COLOURS)]
        ax.plot(
            dataset["lost"], one["exact"].where(one["exact"] > 0.0), color=colour, linewidth=1.2,
            label=rf"$\theta = {theta}$",
        )  # fmt: skip
        ax.plot(
            dataset["lost"], one["swap"].where(one["swap"] > 0.0), ":", color=colour,
            linewidth=1.2, label="where silenced cells may come back" if k == 0 else None,
        )  # fmt: skip
        ax.errorbar(
            dataset["at"], one["simulated"].where(one["simulated"] > 0.0), one["error"],
            fmt="o", markersize=4, color=colour,
        )  # fmt: skip
        off = np.abs(one["unfactored"] - one["exact"]) > 0.002 * one["exact"]
        shown = off & (one["unfactored"] > 0.0)
        if shown.any():
            ax.plot(
                dataset["lost"].values[shown], one["unfactored"].values[shown], "x", color="black",
                markersize=6, label="SymPy's sum as it stands, off by over 0.2 %",
            )  # fmt: skip
    ax.set_yscale("log")
    ax.set_ylim(1e-19, 3.0)
    ax.set_xlabel(f"active cells lost, of a = {dataset.attrs['a']}")
    ax.set_ylabel("false negatives of a segment")
    ax.legend(frameon=False, fontsize="small")
    fixed = f"$n = {dataset.attrs['n']}$, $s = {dataset.attrs['n_synapses']}$"
    ax.set_title(f"figure 4B: {fixed}; lines exact, points simulated", fontsize="small")
    return ax
