"""Basins of states of multitasking networks: chance to return after a part of the spins is hit."""

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
    dilution: float = 0.55,
    temperature: float = 0.02,
    fractions: Sequence[float] = tuple(np.round(np.linspace(0.0, 0.5, 11), 3)),
    n_spins: int = 16_000,
    chains: int = 8,
    disorder: int = 12,
    sweeps: int = 60,
    seed: int = 0,
) -> xarray.Dataset:
    """Start in each stable state, flip a fraction of all spins, and see which state chains end in.

    Parameters
    ----------
    n_patterns, dilution, temperature
        Of the model; T > 0, low enough for chains to stay where they are.
    fractions : sequence of float
        Fractions of spins flipped, in [0, 1/2]; at 1/2 nothing is left of the state.
    n_spins, chains, disorder, sweeps, seed
        Size, chains of each sample and state, samples, sweeps before the end is read, and the
        root of all random numbers.

    Returns
    -------
    xarray.Dataset
        Over ``state`` (sorted by free energy) and ``fraction``: ``returned``, the share that ended
        nearest to the state they started from, in the order and with the signs they had, with
        ``error`` over disorder; ``free_energy``, ``regime``, ``overlaps``.
    """
    import xarray as xr

    from ..hopfield import Multitasking
    from ..montecarlo.dynamics import engine
    from ..serial import to_json
    from ..theory import states

    temperature = check.real("temperature", temperature, 0.0, open_low=True)
    values = [check.real(f"fractions[{k}]", x, 0.0, 0.5) for k, x in enumerate(fractions)]
    n_spins = check.integer("n_spins", n_spins, 10)
    chains = check.integer("chains", chains, 1)
    disorder = check.integer("disorder", disorder, 2)
    sweeps = check.integer("sweeps", sweeps, 1)
    model = Multitasking(n_patterns=n_patterns, dilution=dilution)
    stable = states(model, temperature).stable
    if not any(state.overlaps[0] for state in stable):
        raise ValueError(
            f"temperature must be below 1 - d for states to return to, got {temperature}"
        )
    known = np.array([np.pad(s.overlaps, (0, n_patterns - len(s.overlaps))) for s in stable])
    known = -np.sort(-np.abs(known), axis=1)
    back = np.zeros((disorder, len(known), len(values)))
    for d, child in enumerate(
        np.random.SeedSequence(check.integer("seed", seed, 0)).spawn(disorder)
    ):
        draw_seed, start_seed, chain_seed = child.spawn(3)
        sample = model.draw(n_spins, np.random.default_rng(draw_seed))
        rng = np.random.default_rng(start_seed)
        spins = []
        for m in known:
            for x in values:
                for _ in range(chains):
                    # Heat bath in the fields of the state: its own law, spin by spin.
                    h = m @ sample.patterns
                    s = np.where(
                        rng.random(n_spins) < 1.0 / (1.0 + np.exp(-2.0 * h / temperature)), 1, -1
                    )
                    s[rng.permutation(n_spins)[: round(x * n_spins)]] *= -1
                    spins.append(s)
        running = engine(
            sample, np.array(spins), temperature, chain_seed.spawn(len(spins)),
            tracked=range(n_patterns),
        )  # fmt: skip
        running.run(sweeps)
        ends = running.run(10, 1)[:, :, 1:].mean(axis=1)
        ends = ends.reshape(len(known), len(values), chains, n_patterns)
        own = np.linalg.norm(ends - known[:, None, None], axis=-1)
        folded = -np.sort(-np.abs(ends), axis=-1)
        others = np.linalg.norm(folded[..., None, :] - known, axis=-1)
        for k in range(len(known)):
            rest = np.delete(others[k], k, axis=-1).min(axis=-1, initial=np.inf)
            # Half of its own overlaps away is another copy of the state.
            near = own[k] < np.minimum(rest, 0.5 * np.linalg.norm(known[k]))
            back[d, k] = near.mean(axis=-1)
    return xr.Dataset(
        {
            "returned": (("state", "fraction"), back.mean(axis=0)),
            "error": (("state", "fraction"), back.std(axis=0, ddof=1) / np.sqrt(disorder)),
            "free_energy": ("state", [s.free_energy for s in stable]),
            "regime": ("state", [s.regime for s in stable]),
            "overlaps": (("state", "pattern"), known),
        },
        coords={"fraction": values},
        attrs={
            "model": to_json(model),
            "temperature": temperature,
            "n_spins": n_spins,
            "chains": chains,
            "disorder": disorder,
            "sweeps": sweeps,
            "seed": seed,
        },
    )


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Share of chains that return against the fraction of flipped spins, a line for each state.

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
    markers = "osD^v<>"
    for k in range(dataset.sizes["state"]):
        one = dataset.isel(state=k)
        name = str(one["regime"].item())
        overlaps = ", ".join(f"{m:.3f}" for m in one["overlaps"].values)
        ax.errorbar(
            one["fraction"], one["returned"], yerr=one["error"], fmt=f"-{markers[k % 7]}",
            color=colors.get(name, "#555555"), markersize=4,
            label=f"{name} ({overlaps}), $f={float(one['free_energy']):.5f}$",
        )  # fmt: skip
    size, t = dataset.attrs["n_spins"], dataset.attrs["temperature"]
    ax.set_xlabel("fraction of spins flipped")
    ax.set_ylabel(f"share of chains that return, $N={size}$, $T={t:g}$")
    ax.set_ylim(-0.03, 1.03)
    ax.legend(frameon=False, fontsize="small")
    return ax
