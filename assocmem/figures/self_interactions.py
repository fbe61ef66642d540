"""Distinct indices against full powers at p = 4: what coinciding indices do at high load.

Both energies agree on condensed patterns. On the others full powers act by
z^4/24 = (He_4 + 6 He_2 + 3)/24, so the noise is g(q) = q^4/24 + q^2/8 instead of q^4/24.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray


def compute(
    *,
    loads: Sequence[float] = (0.001, 0.002, 0.004, 0.007, 0.01, 0.014, 0.02, 0.027),
    temperature: float = 0.03,
    n_spins: int = 80,
    disorder: int = 12,
    chains: int = 2,
    sweeps: int = 300,
    seed: int = 0,
    workers: int | None = None,
    store: str | os.PathLike | None = None,
) -> xarray.Dataset:
    """Overlap against load for `PBody(4)` and `FullPower(4)`, by theory and simulation.

    Parameters
    ----------
    loads, temperature
        alpha = K/N^3 and T.
    n_spins, disorder, chains, sweeps, seed, workers, store
        Of the simulation, see `assocmem.sweep`; chains start at a pattern.

    Returns
    -------
    xarray.Dataset
        Over ``energy`` and ``load``: ``overlap`` with ``overlap_error``; and ``predicted`` over
        ``energy`` and ``load_theory``, 0 where there is no retrieval.
    """
    import xarray as xr

    from ..hopfield import Dense, FullPower, PBody
    from ..sweeps import sweep
    from ..theory.grid import solve_grid

    energies = {"distinct": PBody(4), "full power": FullPower(4)}
    models = [Dense(load=load, energy=energy) for energy in energies.values() for load in loads]
    fine = np.linspace(min(loads), max(loads), 80)
    predicted = [
        solve_grid(Dense(load=0.01, energy=energy), fine, temperature)["overlap"].values[:, 0]
        for energy in energies.values()
    ]
    points = sweep(
        models,
        [temperature],
        n_spins=n_spins,
        disorder=disorder,
        chains=chains,
        sweeps=sweeps,
        burn_in=sweeps,
        seed=seed,
        workers=workers,
        store=store,
    ).isel(temperature=0, pattern=0)
    shape = (len(energies), len(loads))
    return xr.Dataset(
        {
            "overlap": (("energy", "load"), points["overlap"].values.reshape(shape)),
            "overlap_error": (("energy", "load"), points["overlap_error"].values.reshape(shape)),
            "predicted": (("energy", "load_theory"), np.nan_to_num(predicted)),
        },
        coords={"energy": list(energies), "load": list(loads), "load_theory": fine},
        attrs={"temperature": temperature, "n_spins": n_spins, "disorder": disorder, "seed": seed},
    )


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Lines from theory, points with error bars from simulation.

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
    for color, name in zip(("#0072b2", "#d55e00"), dataset["energy"].values, strict=True):
        one = dataset.sel(energy=name)
        ax.plot(one["load_theory"], one["predicted"], color=color, label=f"{name}, theory")
        ax.errorbar(
            one["load"], one["overlap"], yerr=one["overlap_error"], fmt="o", color=color,
            markersize=4, capsize=2, label=f"{name}, $N={dataset.attrs['n_spins']}$",
        )  # fmt: skip
    ax.set_ylim(-0.05, 1.05)
    ax.set_xlabel(r"load $\alpha = K/N^3$")
    ax.set_ylabel("overlap $m$, started at a pattern")
    ax.set_title(f"$p=4$, $T={dataset.attrs['temperature']:g}$", fontsize="medium")
    ax.legend(frameon=False, fontsize="small")
    return ax
