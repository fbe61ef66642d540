"""States that random starts end in, against their free energies: flow of overlaps and quenches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .. import _validate as check

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray


def compute(
    *,
    n_patterns: int = 3,
    dilution: float = 0.58,
    temperature: float = 0.0,
    sizes: Sequence[int] = (8000, 32_000, 128_000),
    starts: int = 16,
    disorder: int = 24,
    sweeps: int = 30,
    directions: int = 6000,
    seed: int = 0,
    workers: int | None = None,
) -> xarray.Dataset:
    """Shares of the stable states among random starts: theory, and simulated at several sizes.

    Parameters
    ----------
    n_patterns, dilution, temperature
        Of the model; T in [0, 1 - d).
    sizes : sequence of int
        N, at least two. Shares go to their limit as N^(-1/2), because the distances between
        paths and the walls of basins are compared with fluctuations of overlaps.
    starts, disorder, sweeps, seed, workers
        Of `assocmem.montecarlo.descents.descend`, with spins updated in random order.
    directions : int
        Of `assocmem.theory.basins`.

    Returns
    -------
    xarray.Dataset
        Over ``state``, sorted by free energy: ``free_energy``, ``overlaps``, ``regime``, ``theory``
        with ``theory_error``, ``limit`` with ``limit_error``, the simulated share extrapolated by a
        line in N^(-1/2), and over ``n_spins`` too ``share`` with ``share_error`` over disorder.
        ``far`` over ``n_spins`` is the share of chains farther from every state than 6 N^(-1/2).
    """
    import xarray as xr

    from ..hopfield import Multitasking
    from ..montecarlo.descents import descend
    from ..montecarlo.dynamics import Dynamics
    from ..serial import to_json
    from ..theory import basins

    sizes = sorted(check.integer("sizes", n, 10) for n in sizes)
    if len(set(sizes)) < 2:
        raise ValueError(f"sizes must be at least two different ones, got {sizes}")
    disorder = check.integer("disorder", disorder, 3)
    model = Multitasking(n_patterns=n_patterns, dilution=dilution)
    theory = basins(model, temperature, directions=directions, seed=seed)
    known = theory["overlaps"].values
    shares, errors, far = [], [], []
    for n_spins in sizes:
        found = descend(
            model,
            n_spins=n_spins,
            temperature=temperature,
            starts=starts,
            disorder=disorder,
            sweeps=sweeps,
            dynamics=Dynamics(update="random"),
            seed=seed,
            workers=1 if workers is None else workers,
            progress=False,
        ).ranked
        distance = np.linalg.norm(found[:, :, None] - known, axis=-1)
        nearest = distance.argmin(axis=-1)
        each = np.array([[np.mean(row == k) for k in range(len(known))] for row in nearest])
        shares.append(each.mean(axis=0))
        errors.append(each.std(axis=0, ddof=1) / np.sqrt(disorder))
        far.append(np.mean(distance.min(axis=-1) > 6.0 / np.sqrt(n_spins)))
    # Least squares in N^(-1/2), all sizes with one weight: as many chains at each.
    design = np.stack([np.ones(len(sizes)), np.array(sizes) ** -0.5], axis=1)
    row = np.linalg.pinv(design)[0]
    at = ("n_spins", "state")
    return xr.Dataset(
        {
            "free_energy": theory["free_energy"],
            "regime": theory["regime"],
            "overlaps": theory["overlaps"],
            "theory": theory["probability"],
            "theory_error": theory["error"],
            "share": (at, shares),
            "share_error": (at, errors),
            "limit": ("state", row @ np.array(shares)),
            "limit_error": ("state", np.sqrt(row**2 @ np.array(errors) ** 2)),
            "far": ("n_spins", far),
        },
        coords={"n_spins": sizes},
        attrs={
            "model": to_json(model),
            "temperature": theory.attrs["temperature"],
            "starts": starts,
            "disorder": disorder,
            "sweeps": sweeps,
            "seed": seed,
        },
    )


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Shares against free energy: theory as bars, sizes as open circles, their limit as squares.

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
    colors = {"hierarchical": "#0072b2", "mixed": "#d55e00", "parallel": "#009e73"}
    # States of one free energy would cover each other: they are put side by side.
    place = np.arange(dataset.sizes["state"])
    drawn = [colors.get(str(name), "#555555") for name in dataset["regime"].values]
    ax.bar(place, dataset["theory"], width=0.8, color=drawn, alpha=0.35, zorder=1)
    n = dataset.sizes["n_spins"]
    for i, size in enumerate(dataset["n_spins"].values):
        one = dataset.sel(n_spins=size)
        ax.errorbar(
            place + 0.5 * ((i + 0.5) / (n + 1) - 0.5), one["share"], yerr=one["share_error"],
            fmt="o", markerfacecolor="none", markersize=3 + 1.2 * i, color="#333333",
            linewidth=0.9, label=f"$N={size}$",
        )  # fmt: skip
    ax.errorbar(
        place + 0.28, dataset["limit"], yerr=dataset["limit_error"], fmt="s", color="black",
        markersize=4.5, label="extrapolated",
    )  # fmt: skip
    for name in dict.fromkeys(str(r) for r in dataset["regime"].values):
        ax.bar([0.0], [0.0], color=colors.get(name, "#555555"), alpha=0.35, label=f"theory, {name}")
    lines = [
        f"{f:.6f}\n" + "\n".join(f"{m:.3f}" for m in row)
        for f, row in zip(dataset["free_energy"].values, dataset["overlaps"].values, strict=True)
    ]
    ax.set_xticks(place, lines, fontsize="x-small")
    highest = max(float(dataset[name].max()) for name in ("theory", "share", "limit"))
    ax.set_ylim(0.0, 1.4 * highest)  # room for the legend
    ax.set_xlabel("states: free energy, and overlaps below it")
    t = dataset.attrs["temperature"]
    ax.set_ylabel(f"share of random starts, $T={t:g}$")
    ax.legend(frameon=False, fontsize="small", loc="upper center", ncols=2)
    return ax
