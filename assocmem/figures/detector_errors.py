"""False positives of a segment against the number of cells, or of its synapses.

Figures 4A, 5A and 5B of Ahmad and Hawkins (arXiv:1601.00720), exact lines with simulated points.
Where the text of the paper and its formula say different things, both are drawn: with the number
of active cells fixed the fall with n is a power law of exponent -theta, while at fixed sparsity it
stops at a floor; and the curve that the paper calls 50 % activity is one of 25 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .. import _validate as check

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")

# What the stored arrays of the paper's theory hold, at a = 128 and at a = 64.
_PUBLISHED_4A = {(300, 128): 0.292, (500, 128): 7.37e-3, (700, 128): 3.20e-4, (900, 128): 2.50e-5}
_PUBLISHED_5A = {(19_900, 64): 1.07e-24}
_PAIRS_5B = ((32, 2000), (32, 4000), (512, 16_000), (4000, 16_000))


def compute(
    panel: str = "4A",
    *,
    n_synapses: int = 24,
    threshold: int = 12,
    active: Sequence[int] = (64, 128, 256),
    trials: int = 200_000,
    seed: int = 0,
    workers: int | None = None,
) -> xarray.Dataset:
    """Exact false positives and simulated ones.

    Parameters
    ----------
    panel : {"4A", "5A", "5B"}
        Against n up to 3,500 or 20,000 cells, or against s at theta = s/2.
    n_synapses, threshold : int
        s and theta; of 5B they are not used.
    active : sequence of int
        a of each curve; of 5B it is not used, which has the paper's pairs of a and n.
    trials : int
        Budget of each simulated point, see `assocmem.dendrites.trials.simulate`.
    seed, workers
        As in `assocmem.verify`.

    Returns
    -------
    xarray.Dataset
        Over ``curve`` and ``x``: ``exact``; over ``curve`` and ``point``: ``simulated`` with
        ``error`` and ``predicted`` at ``at``, NaN where a curve has none; ``published`` points.
    """
    import xarray as xr

    check.choice("panel", panel, ("4A", "5A", "5B"))
    if panel == "5B":
        x = np.arange(2, 31, 2)
        curves = [(f"a = {a}, n = {n}", n, a, x, x // 2) for a, n in _PAIRS_5B]
        at = np.array([6, 12, 18, 24, 30])
        published: dict[tuple[int, int], float] = {(30, 4000): 2.7e-3}
    else:
        last = 3500 if panel == "4A" else 20_000
        x = np.unique(np.rint(np.geomspace(300, last, 60)).astype(int) // 4 * 4)
        curves = [(f"a = {a}", x, a, n_synapses, threshold) for a in active]
        at = np.array([500, 900, 1500, 2500, 3500] if panel == "4A" else [1000, 4000, 12_000])
        published = _PUBLISHED_4A if panel == "4A" else _PUBLISHED_5A
        if (n_synapses, threshold) != (24, 12):
            published = {}
        if panel == "5A":
            curves += [
                ("a = n/4 (the paper's 50 %)", x, x // 4, n_synapses, threshold),
                ("a = n/2", x, x // 2, n_synapses, threshold),
            ]
    from ..theory.sdr.single import fp

    exact = np.stack([np.broadcast_to(fp(n, a, s, t).value, x.shape) for _, n, a, s, t in curves])
    simulated = np.full((3, len(curves), len(at)), np.nan)
    for k, (_, n, a, s, t) in enumerate(curves):
        models = [_model(n, a, s, t, int(value), panel) for value in at]
        kept = [j for j, model in enumerate(models) if model is not None]
        if not kept:
            continue
        from ..verification import verify

        report = verify(
            [models[j] for j in kept],
            trials=trials,
            seed=seed + k,
            theory=_false_positive,
            workers=workers,
        )
        simulated[:, k, kept] = np.array(
            [[c.simulated, c.error, c.predicted] for c in report.claims]
        ).T
    return xr.Dataset(
        {
            "exact": (("curve", "x"), exact),
            "simulated": (("curve", "point"), simulated[0]),
            "error": (("curve", "point"), simulated[1]),
            "predicted": (("curve", "point"), simulated[2]),
            "published": ("entry", np.array(list(published.values()))),
            "published_at": ("entry", np.array([key[0] for key in published], dtype=int)),
        },
        coords={"curve": [name for name, *_ in curves], "x": x, "at": ("point", at)},
        attrs={"panel": panel, "n_synapses": n_synapses, "threshold": threshold},
    )


def _model(n, a, s, t, value: int, panel: str):
    """The detector at one point of a curve; None for curves at fixed sparsity."""
    from ..dendrites import Detector
    from ..sdr import Uniform

    if panel == "5B":
        return Detector(Uniform(n, a), n_synapses=value, threshold=value // 2)
    if np.ndim(a):
        return None
    return Detector(Uniform(value, a), n_synapses=s, threshold=t) if a <= value else None


def _false_positive(model):
    from ..theory.sdr.detection import predict

    return {"false_positive": predict(model)["false_positive"]}


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Lines are exact, points simulated, crosses published."""
    from ..plot import new_axes

    ax = new_axes(ax)
    panel = dataset.attrs["panel"]
    for k, name in enumerate(dataset["curve"].values):
        fixed = str(name).startswith("a = n/")
        colour = "0.4" if fixed else COLOURS[k % len(COLOURS)]
        one = dataset.isel(curve=k)
        dash = ("--" if "4" in str(name) else ":") if fixed else "-"
        ax.plot(dataset["x"], one["exact"], dash, color=colour, linewidth=1.2, label=str(name))
        shown = one["simulated"].values > 0.0
        if shown.any():
            ax.errorbar(
                dataset["at"].values[shown],
                one["simulated"].values[shown],
                one["error"].values[shown],
                fmt="o",
                markersize=4,
                color=colour,
            )
    if dataset.sizes["entry"]:
        ax.plot(dataset["published_at"], dataset["published"], "kx", label="published")
    ax.set_yscale("log")
    ax.set_ylabel("false positives of a segment")
    if panel == "5B":
        ax.set_xlabel(r"synapses $s$, threshold $\theta = s/2$")
    else:
        ax.set_xscale("log")
        ax.set_xlabel("cells $n$")
        theta = dataset.attrs["threshold"]
        x, y = dataset["x"].values, dataset["exact"].isel(curve=0).values
        if y[-1] > 0.0:
            guide = 30.0 * y[-1] * (x / x[-1]) ** -theta
            near = guide < 1.0
            ax.plot(x[near], guide[near], color="0.7", linewidth=0.8, label=rf"$n^{{-{theta}}}$")
    ax.legend(frameon=False, fontsize="small")
    given = dataset.attrs
    fixed = (
        "" if panel == "5B" else rf"$s = {given['n_synapses']}$, $\theta = {given['threshold']}$; "
    )
    ax.set_title(f"figure {panel}: {fixed}lines exact, points simulated", fontsize="small")
    return ax
