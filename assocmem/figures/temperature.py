"""Retrieval overlap against temperature at several p: three sizes, extrapolated, and theory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray


def compute(
    *,
    orders: Sequence[int] = (3, 4, 6),
    fractions: Sequence[float] = (0.4, 0.3, 0.02),
    reduced: Sequence[Sequence[float]] = ((0.3, 0.5, 0.65), (0.2, 0.35, 0.5), (0.2, 0.3, 0.4)),
    cost: float = 2e7,
    disorder: int = 16,
    chains: int = 2,
    sweeps: int = 400,
    seed: int = 0,
    workers: int | None = None,
) -> xarray.Dataset:
    """m(T) by theory and by `assocmem.verify`, whose verdicts come with it.

    Parameters
    ----------
    orders : sequence of int
        Orders p of the interaction.
    fractions : sequence of float
        Loads over the critical load at T = 0, one for each order. Small networks leave retrieval
        long before it ends in theory, and the larger p the smaller are those one can afford.
    reduced : sequence of sequences of float
        For each order, equally many temperatures of simulated points, over the highest one of
        retrieval at that load.
    cost : float
        Bound on N K, which sets the sizes, see `assocmem._sizes.default_sizes`.
    disorder, chains, sweeps, seed, workers
        Of `assocmem.verify`.

    Returns
    -------
    xarray.Dataset
        Over ``p``, ``point`` and ``size``: ``temperature``, ``by_size`` with ``by_size_error``
        at ``n_spins``, ``simulated`` with ``error`` extrapolated to infinite size, ``predicted``
        and ``verdict``; and the line ``theory`` over ``p`` and ``theory_point``, NaN beyond
        the end of retrieval.
    """
    import xarray as xr

    for name, values in (("fractions", fractions), ("reduced", reduced)):
        if np.ndim(values) == 0 or len(values) != len(orders):
            raise ValueError(
                f"{name} must have one entry for each of orders={orders}, got {values}"
            )
    if len({np.shape(parts) for parts in reduced}) != 1 or np.ndim(reduced[0]) != 1:
        raise ValueError(f"reduced must hold lists of one length, got {reduced}")
    from .._sizes import default_sizes
    from ..hopfield import Dense
    from ..theory import critical_load, solve
    from ..theory.grid import solve_grid
    from ..verification import verify

    rows: dict[str, list] = {}
    lines = []
    for p, fraction, parts in zip(orders, fractions, reduced, strict=True):
        model = Dense(load=float(f"{fraction * critical_load(Dense(load=0.0, p=p)):.3g}"), p=p)
        top = _end(model, solve)
        temperatures = [round(top * x, 8) for x in parts]
        report = verify(
            model,
            temperature=temperatures,
            n_spins=default_sizes(model, cost),
            disorder=disorder,
            chains=chains,
            sweeps=sweeps,
            seed=seed,
            workers=workers,
        )
        claims = [claim for claim in report.claims if claim.quantity == "overlap"]
        columns = {
            name: [getattr(claim, name) for claim in claims]
            for name in (
                "temperature", "simulated", "error", "predicted", "verdict", "by_size",
                "by_size_error",
            )
        }  # fmt: skip
        columns["n_spins"] = list(claims[0].sizes)
        columns["load"] = model.load
        for name, column in columns.items():
            rows.setdefault(name, []).append(column)
        grid = top * (1.0 - np.linspace(1.0, 0.0, 60) ** 2)
        curve = solve_grid(model, model.load, grid)["overlap"].values[0]
        lines.append((grid, curve))
    at, sized = ("p", "point"), ("p", "point", "size")
    return xr.Dataset(
        {
            "load": ("p", rows["load"]),
            "n_spins": (("p", "size"), rows["n_spins"]),
            **{
                name: (at, rows[name])
                for name in ("temperature", "simulated", "error", "predicted", "verdict")
            },
            "by_size": (sized, rows["by_size"]),
            "by_size_error": (sized, rows["by_size_error"]),
            "theory_temperature": (("p", "theory_point"), [grid for grid, _ in lines]),
            "theory": (("p", "theory_point"), [curve for _, curve in lines]),
        },
        coords={"p": list(orders)},
        attrs={"fractions": list(fractions), "disorder": disorder, "sweeps": sweeps, "seed": seed},
    )


def _end(model, solve) -> float:
    """Temperature to six digits up to which retrieval exists, by bisection."""
    low, high = 0.0, 1.0
    while high - low > 1e-6:
        middle = 0.5 * (low + high)
        if solve(model, middle).exists:
            low = middle
        else:
            high = middle
    return low


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Lines from theory; sizes as open circles, lightest the smallest; extrapolations as squares.

    Where chains left the state there is nothing to extrapolate, and no square.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `compute`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
    """
    from ..plot import new_axes

    ax = new_axes(ax)
    colors = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
    for k, p in enumerate(dataset["p"].values):
        one, color = dataset.sel(p=p), colors[k % len(colors)]
        end = float(one["theory_temperature"].max())
        sizes = ", ".join(str(n) for n in one["n_spins"].values)
        label = rf"$p={p}$, $\alpha={float(one['load']):.3g}$, $T_M={end:.3g}$; $N={sizes}$"
        ax.plot(one["theory_temperature"] / end, one["theory"], color=color, label=label)
        for i in range(one.sizes["size"]):
            ax.plot(
                one["temperature"] / end, one["by_size"].isel(size=i), "o", color=color,
                markerfacecolor="none", markersize=5, alpha=0.3 + 0.25 * i,
            )  # fmt: skip
        settled = one.where(one["verdict"] != "undecided")
        ax.errorbar(
            one["temperature"] / end, settled["simulated"], yerr=settled["error"], fmt="s",
            color=color, markersize=4, capsize=2,
        )  # fmt: skip
    lowest = np.nanmin(dataset["theory"])
    ax.set_ylim(lowest - 0.1 * (1.0 - lowest), 1.0 + 0.1 * (1.0 - lowest))
    ax.set_xlabel("temperature $T$, over that at which retrieval ends")
    ax.set_ylabel("retrieval overlap $m$")
    ax.legend(frameon=False, fontsize="small")
    return ax
