"""Several patterns mixed on one segment: the size of the union, and its false positives.

Figure 7 of Ahmad and Hawkins (arXiv:1601.00720). False positives are the exact mixture over sizes
of the union; the paper's curve takes the mean size, rounded, and another takes active cells to be
covered independently, as a Bloom filter would. Simulated points for all.
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
_PUBLISHED = {(10, 10_000): 1.27e-4, (10, 20_000): 3.3e-8, (10, 1000): 1.0}


def compute(
    panel: str = "7B",
    *,
    a: int = 200,
    sizes: Sequence[int] = (20, 25, 30),
    n_synapses: int = 25,
    threshold: int = 15,
    cells: Sequence[int] = (1000, 10_000, 20_000),
    most: int = 19,
    trials: int = 100_000,
    seed: int = 0,
    workers: int | None = None,
) -> xarray.Dataset:
    """Sizes of unions (7A) or false positives (7B) against the number of patterns.

    Parameters
    ----------
    panel : {"7A", "7B"}
        What is computed.
    a : int
        Active cells.
    sizes : sequence of int
        Of 7A: s of each curve.
    n_synapses, threshold : int
        Of 7B: s and theta.
    cells : sequence of int
        Of 7B: n of each curve; of 7A the largest is taken.
    most : int
        Largest number of patterns.
    trials : int
        Budget of each simulated point of 7B; of 7A unions are drawn 200 times.
    seed, workers
        As in `assocmem.verify`.

    Returns
    -------
    xarray.Dataset
        Over ``curve`` and ``patterns``: ``exact``; of 7A also ``spread``, the standard deviation;
        of 7B ``rounded`` and ``independent``. Over ``curve`` and ``point``: ``simulated`` with
        ``error`` and ``predicted`` at ``at``.
    """
    import xarray as xr

    check.choice("panel", panel, ("7A", "7B"))
    most = check.integer("most", most, 1)
    patterns = np.arange(1, most + 1)
    at = np.array(sorted({min(m, most) for m in (1, 4, 7, 10, 13, 16, 19)}))
    simulated = np.full((3, len(sizes if panel == "7A" else cells), len(at)), np.nan)
    lines: dict[str, list] = {}
    if panel == "7A":
        from ..sdr.draws import subsets
        from ..theory.sdr.unions import union_mean, union_variance

        n = max(cells)
        rng = np.random.default_rng(seed)
        for k, s in enumerate(sizes):
            lines.setdefault("exact", []).append(union_mean(n, s, patterns))
            lines.setdefault("spread", []).append(np.sqrt(union_variance(n, s, patterns)))
            for j, m in enumerate(at):
                rows = [subsets(n, s, int(m), rng)[1] for _ in range(200)]
                found = np.array([len(np.unique(row)) for row in rows])
                mean = float(union_mean(n, s, int(m)))
                simulated[:, k, j] = found.mean(), found.std(ddof=1) / 200**0.5, mean
        names = [f"s = {s}" for s in sizes]
    else:
        from ..theory.sdr.hypergeometric import log_binomial_tail
        from ..theory.sdr.union_approximations import union_fp_rounded
        from ..theory.sdr.unions import union_fp

        for k, n in enumerate(cells):
            for name, law in (("exact", union_fp), ("rounded", union_fp_rounded)):
                values = [law(n, a, n_synapses, threshold, int(m)).value for m in patterns]
                lines.setdefault(name, []).append(values)
            covered = 1.0 - (1.0 - n_synapses / n) ** patterns
            lines.setdefault("independent", []).append(
                np.exp(log_binomial_tail(threshold, a, covered))
            )
            simulated[:, k] = _simulated(n, a, n_synapses, threshold, at, trials, seed + k, workers)
        names = [f"n = {n}" for n in cells]
    return xr.Dataset(
        {
            **{name: (("curve", "patterns"), np.array(v)) for name, v in lines.items()},
            "simulated": (("curve", "point"), simulated[0]),
            "error": (("curve", "point"), simulated[1]),
            "predicted": (("curve", "point"), simulated[2]),
        },
        coords={"curve": names, "patterns": patterns, "at": ("point", at)},
        attrs={"panel": panel, "a": a, "n_synapses": n_synapses, "threshold": threshold},
    )


def _simulated(n, a, s, theta, at, trials, seed, workers):
    """Simulated, error and predicted at each number of patterns: (3, points)."""
    from ..dendrites import Detector
    from ..sdr import Uniform
    from ..theory.sdr.detection import predict
    from ..verification import verify

    models = [Detector(Uniform(n, a), n_synapses=s, threshold=theta, n_patterns=int(m)) for m in at]
    report = verify(
        models,
        trials=trials,
        seed=seed,
        theory=lambda model: {"false_positive": predict(model)["false_positive"]},
        workers=workers,
    )
    return np.array([[c.simulated, c.error, c.predicted] for c in report.claims]).T


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Lines are theory, points simulated."""
    from ..plot import new_axes

    ax = new_axes(ax)
    panel = dataset.attrs["panel"]
    x = dataset["patterns"]
    for k, name in enumerate(dataset["curve"].values):
        one, colour = dataset.isel(curve=k), COLOURS[k % len(COLOURS)]
        ax.plot(x, one["exact"], color=colour, linewidth=1.2, label=str(name))
        if panel == "7A":
            low, high = one["exact"] - one["spread"], one["exact"] + one["spread"]
            ax.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
        else:
            ax.plot(x, one["rounded"], "--", color="black", linewidth=0.8,
                    label="mean size, rounded (the paper)" if k == 0 else None)  # fmt: skip
            ax.plot(x, one["independent"], ":", color=colour, linewidth=0.8,
                    label="bits taken for independent" if k == 0 else None)  # fmt: skip
        ax.errorbar(dataset["at"], one["simulated"], one["error"], fmt="o", markersize=4,
                    color=colour)  # fmt: skip
    ax.set_xlabel("patterns on the segment")
    ax.xaxis.get_major_locator().set_params(integer=True)
    if panel == "7A":
        ax.axhspan(100, 400, color="0.93", zorder=0, label="100 to 400 synapses")
        ax.set_ylabel("synapses of the union")
    else:
        ax.set_yscale("log")
        ax.plot([m for m, _ in _PUBLISHED], list(_PUBLISHED.values()), "kx", label="published")
        ax.set_ylabel("false positives of a segment")
    ax.legend(frameon=False, fontsize="small")
    given = dataset.attrs
    fixed = rf"$a = {given['a']}$, $s = {given['n_synapses']}$, $\theta = {given['threshold']}$; "
    fixed = "" if panel == "7A" else fixed
    ax.set_title(f"figure {panel}: {fixed}lines theory, points simulated", fontsize="small")
    return ax
