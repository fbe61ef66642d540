"""Overlaps of the patterns that a multitasking network retrieves at once, against dilution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .. import _validate as check

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
MOST = len(_COLORS)


def compute(
    *,
    n_patterns: int = 4,
    temperature: float = 0.02,
    dilutions: Sequence[float] = tuple(np.round(np.linspace(0.08, 0.92, 22), 3)),
    n_spins: int = 10_000,
    disorder: int = 8,
    sweeps: int = 200,
    seed: int = 0,
    workers: int | None = None,
) -> xarray.Dataset:
    """Overlaps with each pattern by theory at 0 and ``temperature``, and simulated.

    Chains start from the signs of the patterns weighted by the overlaps of the ground state, in
    which they stay if theory is right.

    Parameters
    ----------
    n_patterns : int
        K, 2 to 6.
    temperature : float
        T > 0, of the simulation.
    dilutions : sequence of float
        d of the simulated points, in (0, 1).
    n_spins, disorder, sweeps, seed, workers
        Of `assocmem.sample`.

    Returns
    -------
    xarray.Dataset
        Over ``dilution`` and ``pattern``: ``simulated`` with ``error``, ``predicted`` (ground state
        at T) and ``z``, their difference in errors. Over ``line`` and ``pattern``: ``ground``, at
        T, and ``hierarchical``, (1 - d) d^(mu-1), with ``exists`` saying whether that is a state at
        T = 0.
    """
    import xarray as xr

    from ..hopfield import Multitasking
    from ..montecarlo.sampler import sample
    from ..theory import hierarchical_dilution, solve

    n_patterns = check.integer("n_patterns", n_patterns, 2, MOST)
    temperature = check.real("temperature", temperature, 0.0, open_low=True)
    for k, d in enumerate(dilutions):
        check.real(f"dilutions[{k}]", d, 0.0, 1.0, open_low=True, open_high=True)

    def ground(d: float) -> np.ndarray:
        found = solve(Multitasking(n_patterns=n_patterns, dilution=d), temperature)
        m = -np.sort(-np.abs(np.array(found.overlaps if found.exists else (0.0,))))
        return np.pad(m, (0, n_patterns - len(m)))

    simulated, errors, predicted = [], [], []
    for k, d in enumerate(dilutions):
        expected = ground(float(d))
        result = sample(
            Multitasking(n_patterns=n_patterns, dilution=float(d)),
            n_spins=n_spins,
            temperature=temperature,
            sweeps=sweeps,
            burn_in=sweeps,
            chains=1,
            disorder=disorder,
            start="mixture",
            weights=tuple(expected),
            tracked=n_patterns,
            seed=int(np.random.SeedSequence((seed, k)).generate_state(1)[0]),
            workers=1 if workers is None else workers,
            progress=False,
        ).dataset
        each = result["overlap"].isel(temperature=0, chain=0).transpose("disorder", "pattern")
        simulated.append(each.mean("disorder").values)
        errors.append(each.std("disorder", ddof=1).values / np.sqrt(disorder))
        predicted.append(expected)
    line = np.linspace(0.005, 0.995, 199)
    levels = np.arange(n_patterns)
    at, along = ("dilution", "pattern"), ("line", "pattern")
    return xr.Dataset(
        {
            "simulated": (at, simulated),
            "error": (at, errors),
            "predicted": (at, predicted),
            "z": (at, np.subtract(simulated, predicted) / errors),
            "ground": (along, [ground(d) for d in line]),
            "hierarchical": (along, (1.0 - line[:, None]) * line[:, None] ** levels),
            "exists": ("line", line < hierarchical_dilution(n_patterns)),
        },
        coords={
            "dilution": np.asarray(dilutions, dtype=float),
            "pattern": levels + 1,
            "line_dilution": ("line", line),
        },
        attrs={
            "temperature": temperature,
            "n_spins": n_spins,
            "disorder": disorder,
            "sweeps": sweeps,
            "seed": seed,
        },
    )


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Ground state as lines, hierarchical amplitudes dotted where they are a state, points.

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
    line = dataset["line_dilution"]
    for color, mu in zip(_COLORS, dataset["pattern"].values, strict=False):
        one = dataset.sel(pattern=mu)
        ax.plot(line, one["ground"], color=color, linewidth=1.2, label=rf"$\mu={mu}$")
        power = one["hierarchical"].where(one["exists"])
        ax.plot(line, power, color=color, linestyle=":", linewidth=1.6)
        ax.errorbar(
            dataset["dilution"], one["simulated"], yerr=one["error"], fmt="o", color=color,
            markersize=4,
        )  # fmt: skip
    last = float(line.where(dataset["exists"]).max())
    if last < float(line.max()):
        ax.axvline(last, color="#555555", linewidth=0.8, linestyle="--")
        ax.text(
            last, 0.97, r" $d_c$", transform=ax.get_xaxis_transform(), va="top", color="#555555"
        )
    ax.plot([], [], color="#555555", linestyle=":", label=r"$(1-d)\,d^{\mu-1}$")
    size, t = dataset.attrs["n_spins"], dataset.attrs["temperature"]
    ax.errorbar([], [], fmt="o", color="#555555", markersize=4, label=rf"$N={size}$, $T={t:g}$")
    ax.set_xlim(0.0, 1.0)
    ax.set_ylim(0.0, None)
    ax.set_xlabel("dilution $d$")
    ax.set_ylabel(r"overlaps $m_\mu$ of the ground state")
    ax.legend(frameon=False, fontsize="small")
    return ax
