"""Overlap with archetypes that were never shown, against the number of examples of each.

The learning curves of arXiv 2212.00606 (supervised) and 2211.14067 (unsupervised), in our
normalisation: replica-symmetric theory of the infinite network that the simulated size is like
(`assocmem.Dense.reduced`), and Monte Carlo started at an archetype. Theory is of the state that has
one overlap with all examples of the archetype; where it does not exist chains may stay with single
examples, whose overlap with the archetype is r.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate as check

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray


def compute(
    protocol: str = "supervised",
    *,
    p: int = 3,
    load: float = 0.015,
    temperature: float = 0.05,
    qualities: Sequence[float] = (0.4, 0.6, 0.8),
    examples: Sequence[int] = (1, 2, 4, 8, 16, 32, 64, 128, 256),
    n_spins: int = 160,
    disorder: int = 8,
    chains: int = 2,
    sweeps: int = 200,
    seed: int = 0,
    workers: int | None = None,
    store: str | os.PathLike | None = None,
) -> xarray.Dataset:
    """Theory and simulation of m(M, r).

    Parameters
    ----------
    protocol : {"supervised", "unsupervised"}
        How the examples are learned.
    p, load, temperature
        Of the `assocmem.Dense` model.
    qualities, examples : sequence
        r in (0, 1] and M >= 1.
    n_spins, disorder, chains, sweeps, seed, workers
        Of the simulation, see `assocmem.sweep`.
    store : path-like, optional
        File that keeps the simulated points, so that an interrupted run goes on.

    Returns
    -------
    xarray.Dataset
        Over ``quality`` and ``n_examples``: ``overlap`` with ``overlap_error`` from simulation;
        ``predicted`` over ``quality`` and the finer ``n_examples_theory``, 0 where theory has no
        retrieval.
    """
    import xarray as xr

    from ..hopfield import Dense, Supervised, Unsupervised
    from ..serial import to_json
    from ..sweeps import sweep

    check.choice("protocol", protocol, ("supervised", "unsupervised"))
    kind = Supervised if protocol == "supervised" else Unsupervised
    number = Dense(load=load, p=p).count(n_spins)
    models = [[Dense(load=load, p=p, learning=kind(m, r)) for m in examples] for r in qualities]
    fine = np.unique(np.round(np.geomspace(min(examples), max(examples), 61)).astype(int))
    actual = number / n_spins ** (p - 1)
    predicted = np.array(
        [
            [
                _retrieval(Dense(load=load, p=p, learning=kind(int(m), r)), n_spins, temperature)
                for m in fine
            ]
            for r in qualities
        ]
    )
    points = sweep(
        [model for row in models for model in row],
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
    shape = (len(qualities), len(examples))
    return xr.Dataset(
        {
            "overlap": (("quality", "n_examples"), points["overlap"].values.reshape(shape)),
            "overlap_error": (
                ("quality", "n_examples"),
                points["overlap_error"].values.reshape(shape),
            ),
            "predicted": (("quality", "n_examples_theory"), predicted),
        },
        coords={
            "quality": list(qualities),
            "n_examples": list(examples),
            "n_examples_theory": fine,
        },
        attrs={
            "model": to_json(models[0][0]),
            "protocol": protocol,
            "p": p,
            "load": actual,
            "temperature": temperature,
            "n_spins": n_spins,
            "disorder": disorder,
            "seed": seed,
        },
    )


def _retrieval(model: Any, n_spins: int, temperature: float) -> float:
    """Predicted overlap of the infinite network that this size is like, 0 without retrieval."""
    from ..theory import solve

    reduced, unit = model.reduced(n_spins)
    found = solve(reduced, temperature / unit)
    return found.overlaps[0] if found.exists else 0.0


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Lines from theory, points with error bars from simulation; dotted, a single example.

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
    import matplotlib

    from ..plot import new_axes

    ax = new_axes(ax)
    colors = matplotlib.colormaps["viridis"](np.linspace(0.0, 0.85, dataset.sizes["quality"]))
    for color, r in zip(colors, dataset["quality"].values, strict=True):
        one = dataset.sel(quality=r)
        ax.plot(one["n_examples_theory"], one["predicted"], color=color, label=f"$r={r:g}$")
        ax.axhline(r, color=color, linewidth=0.6, linestyle=":")
        ax.errorbar(
            one["n_examples"], one["overlap"], yerr=one["overlap_error"], fmt="o", color=color,
            markersize=4, capsize=2, linewidth=1.0,
        )  # fmt: skip
    given = dataset.attrs
    ax.set_xscale("log")
    ax.set_ylim(-0.1, 1.05)
    ax.set_xlabel("examples of each archetype $M$")
    ax.set_ylabel("overlap with the archetype $m$")
    ax.set_title(
        f"{given['protocol']}, $p={given['p']}$, $\\alpha={given['load']:.3g}$, "
        f"$T={given['temperature']:g}$; points $N={given['n_spins']}$",
        fontsize="medium",
    )
    ax.legend(frameon=False, loc="lower right")
    return ax
