"""How many patterns a multitasking network of K = alpha N retrieves at once: theory, simulation."""

from __future__ import annotations

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
    dilution: float = 0.3,
    temperature: float = 0.03,
    levels: int = 3,
    loads: Sequence[float] = (
        6e-5,
        1.2e-4,
        2.4e-4,
        4e-4,
        7e-4,
        1.3e-3,
        2e-3,
        3.5e-3,
        6e-3,
        0.012,
        0.022,
        0.035,
    ),
    n_spins: int = 100_000,
    cost: float = 5e6,
    disorder: int = 4,
    sweeps: int = 60,
    seed: int = 0,
    workers: int | None = None,
) -> xarray.Dataset:
    """Overlaps of the first patterns against load, started from all ``levels`` of the hierarchy.

    Parameters
    ----------
    dilution, temperature
        d in (0, 1) and T > 0; replicas of levels that are nearly blank are broken at T = 0.
    levels : int
        Patterns the start retrieves, 1 to 4.
    loads : sequence of float
        alpha = K/N of the simulated points; points with fewer than ``levels`` + 2 patterns are
        refused.
    n_spins : int
        Largest N.
    cost : float
        Bound on N K, which makes N smaller at large loads.
    disorder, sweeps, seed, workers
        Of `assocmem.sample`; as many sweeps are discarded as are recorded.

    Returns
    -------
    xarray.Dataset
        Over ``load`` and ``level``: ``simulated`` with ``error``, and ``retrieved``, the number of
        levels whose overlap exceeds half of (1 - d) d^(mu-1), averaged over samples; ``expected``,
        `retrieved_at_once` up to ``levels``; and ``n_spins``. Over ``line`` and ``level``:
        ``theory``, the overlaps of the state with as many levels as exist there; over ``level``:
        ``critical_load``.
    """
    import xarray as xr

    from ..hopfield import Multitasking
    from ..montecarlo.sampler import sample
    from ..theory import capacity_of, solve

    levels = check.integer("levels", levels, 1, len(_COLORS))
    dilution = check.real("dilution", dilution, 0.0, 1.0, open_low=True, open_high=True)
    temperature = check.real("temperature", temperature, 0.0, open_low=True)
    n_spins = check.integer("n_spins", n_spins, 2)
    disorder = check.integer("disorder", disorder, 2)
    cost = check.real("cost", cost, 0.0, open_low=True)
    for k, load in enumerate(loads):
        least = (levels + 2) / n_spins
        check.real(f"loads[{k}]", load, least)
    critical = [capacity_of(p, dilution, temperature) for p in range(1, levels + 1)]

    def largest(load: float) -> int:
        return sum(load < end for end in critical)

    def overlaps(load: float) -> np.ndarray:
        number, out = largest(load), np.zeros(levels)
        if number:
            state = "hierarchical" if number > 1 else "retrieval"
            found = solve(
                Multitasking(load=load, dilution=dilution), temperature, state,
                n_mixed=max(number, 2),
            )  # fmt: skip
            out[:number] = found.overlaps[:number]
        return out

    sizes = [min(n_spins, round((cost / load) ** 0.5)) for load in loads]
    simulated, errors, retrieved = [], [], []
    clean = (1.0 - dilution) * dilution ** np.arange(levels)
    for k, load in enumerate(loads):
        found = sample(
            Multitasking(load=load, dilution=dilution),
            n_spins=sizes[k],
            temperature=temperature,
            sweeps=sweeps,
            burn_in=sweeps,
            chains=1,
            disorder=disorder,
            start="mixture",
            weights=tuple(0.5**mu for mu in range(levels)),
            tracked=levels,
            seed=int(np.random.SeedSequence((seed, k)).generate_state(1)[0]),
            workers=1 if workers is None else workers,
            progress=False,
        ).dataset["overlap"]
        each = found.isel(temperature=0, chain=0).transpose("disorder", "pattern").values
        simulated.append(each.mean(axis=0))
        errors.append(each.std(axis=0, ddof=1) / np.sqrt(disorder))
        retrieved.append(np.mean(np.sum(each > 0.5 * clean, axis=1)))
    line = np.geomspace(0.8 * min(loads), 1.2 * max(loads), 240)
    return xr.Dataset(
        {
            "simulated": (("load", "level"), simulated),
            "error": (("load", "level"), errors),
            "retrieved": ("load", retrieved),
            "n_spins": ("load", sizes),
            "expected": ("load", [largest(load) for load in loads]),
            "theory": (("line", "level"), [overlaps(load) for load in line]),
            "critical_load": ("level", critical),
        },
        coords={
            "load": list(loads),
            "level": np.arange(1, levels + 1),
            "line_load": ("line", line),
        },
        attrs={
            "dilution": dilution,
            "temperature": temperature,
            "disorder": disorder,
            "sweeps": sweeps,
            "seed": seed,
        },
    )


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Overlaps over those of the clean hierarchy; theory as lines, simulation as points.

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
    d = dataset.attrs["dilution"]
    for color, p in zip(_COLORS, dataset["level"].values, strict=False):
        one, clean = dataset.sel(level=p), (1.0 - d) * d ** (p - 1.0)
        theory = one["theory"].where(one["theory"] != 0.0) / clean
        ax.plot(dataset["line_load"], theory, color=color, linewidth=1.3, label=rf"$\mu={p}$")
        ax.errorbar(
            dataset["load"], one["simulated"] / clean, yerr=one["error"] / clean, fmt="o",
            color=color, markersize=4,
        )  # fmt: skip
        end = float(one["critical_load"])
        ax.axvline(end, color=color, linewidth=0.8, linestyle=":")
        ax.text(end, 1.09, rf"$\alpha_{p}$", color=color, ha="center", fontsize="small")
    sizes, t = dataset["n_spins"].values, dataset.attrs["temperature"]
    label = f"$N={min(sizes)}$ to ${max(sizes)}$"
    ax.errorbar([], [], fmt="o", color="#555555", markersize=4, label=label)
    ax.set_xscale("log")
    ax.set_ylim(-0.25, 1.18)
    ax.set_xlabel(rf"load $\alpha = K/N$; $d={d:g}$, $T={t:g}$")
    ax.set_ylabel(r"overlap $m_\mu$ over $(1-d)\,d^{\mu-1}$")
    ax.legend(frameon=False, fontsize="small", loc="lower left")
    return ax
