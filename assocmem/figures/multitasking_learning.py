"""Overlaps with archetypes that were never shown, several at once, against the number of examples.

Theory of both protocols, whose equations are the same (`assocmem.theory.multitasking_learning`),
and Monte Carlo of each, started at the hierarchical state of the archetypes. Where the theory's
state is unstable against single examples, unsupervised chains leave it: equality ends there. At
intermediate M several states lie close to one another, and single networks may end in another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .. import _validate as check

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def compute(
    n_patterns: int = 3,
    dilution: float = 0.3,
    *,
    quality: float = 0.5,
    temperature: float = 0.05,
    examples: Sequence[int] = (1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32),
    n_spins: int = 60000,
    disorder: int = 8,
    sweeps: int = 30,
    seed: int = 0,
    workers: int = 1,
) -> xarray.Dataset:
    """Theory and simulation of m_1..m_K(M).

    Parameters
    ----------
    n_patterns, dilution, quality, temperature
        K in 1 to 6, d, r and T > 0. There are (2 M + 1)^K/2 words for theory.
    examples : sequence of int
        M.
    n_spins, disorder, sweeps : int
        N, networks (>= 2) at each M and protocol, and sweeps measured (twice as many come before).
        Overlaps of patterns with one another, of order 1/sqrt(N), are amplified by 1/``curvature``
        and split what is nearly equal: the mean over networks nears theory slowly where M is small.
    seed, workers : int
        Of `assocmem.sample`.

    Returns
    -------
    xarray.Dataset
        Over ``n_examples`` and ``level``: ``predicted`` by the binomial law and ``gaussian``;
        with ``protocol``: ``overlap``, ``overlap_error`` and ``z``. Overlaps of a chain are
        |m_mu| in falling order, as patterns of nearly equal overlaps change places and signs at
        finite N. ``examples_eigenvalue`` and ``curvature`` (n_examples) of the predicted state:
        where the former is negative ``z`` of unsupervised learning is of no state.
    """
    import xarray as xr

    from ..hopfield.learning import Supervised, Unsupervised
    from ..hopfield.multitasking import Multitasking
    from ..montecarlo.sampler import sample
    from ..theory.multitasking_learning import learned_state

    n_patterns = check.integer("n_patterns", n_patterns, 1, 6)
    disorder = check.integer("disorder", disorder, 2)
    protocols = {"supervised": Supervised, "unsupervised": Unsupervised}
    shape = (len(examples), n_patterns)
    predicted, gaussian = np.empty(shape), np.empty(shape)
    eigenvalue, curvature = np.empty(len(examples)), np.empty(len(examples))
    overlap, error = np.empty((2, *shape)), np.empty((2, *shape))
    for k, number in enumerate(examples):
        models = [
            Multitasking(n_patterns=n_patterns, dilution=dilution, learning=kind(number, quality))
            for kind in protocols.values()
        ]
        state = learned_state(models[0], temperature)
        predicted[k] = _ordered(state.overlaps)
        eigenvalue[k], curvature[k] = state.examples, state.curvature
        gaussian[k] = _ordered(learned_state(models[0], temperature, "gaussian").overlaps)
        for j, model in enumerate(models):
            found = sample(
                model, n_spins=n_spins, temperature=temperature, sweeps=sweeps, burn_in=2 * sweeps,
                chains=1, disorder=disorder, start="mixture",
                weights=tuple(2.0 ** np.arange(n_patterns)[::-1]), tracked=n_patterns,
                seed=seed + k, workers=workers, progress=False,
            ).dataset["overlap"]  # fmt: skip
            found = found.transpose("temperature", "disorder", "chain", "pattern").values[0, :, 0]
            found = _ordered(found)
            overlap[j, k] = found.mean(axis=0)
            error[j, k] = found.std(axis=0, ddof=1) / np.sqrt(disorder)
    points, simulated = ("n_examples", "level"), ("protocol", "n_examples", "level")
    return xr.Dataset(
        {
            "predicted": (points, predicted),
            "gaussian": (points, gaussian),
            "examples_eigenvalue": (("n_examples",), eigenvalue),
            "curvature": (("n_examples",), curvature),
            "overlap": (simulated, overlap),
            "overlap_error": (simulated, error),
            "z": (simulated, (overlap - predicted) / error),
        },
        coords={
            "protocol": list(protocols), "n_examples": list(examples),
            "level": np.arange(1, n_patterns + 1),
        },
        attrs={
            "n_patterns": n_patterns, "dilution": float(dilution), "quality": float(quality),
            "temperature": float(temperature), "n_spins": n_spins, "disorder": disorder,
            "seed": seed,
        },
    )  # fmt: skip


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Lines from theory, filled points with a teacher and open ones without; dotted, perfection."""
    from ..plot import new_axes

    ax = new_axes(ax)
    given = dataset.attrs
    d = given["dilution"]
    for mu, colour in zip(dataset["level"].values, COLOURS, strict=False):
        one = dataset.sel(level=mu)
        x = one["n_examples"]
        ax.plot(x, one["predicted"], color=colour, linewidth=1.2, label=f"$m_{mu}$")
        ax.plot(x, one["gaussian"], color=colour, linewidth=0.9, linestyle="--")
        ax.axhline((1.0 - d) * d ** (mu - 1), color=colour, linewidth=0.6, linestyle=":")
        for name, marker, face in (("supervised", "o", colour), ("unsupervised", "s", "none")):
            of = one.sel(protocol=name)
            ax.errorbar(
                x * (1.0 if name == "supervised" else 1.03), of["overlap"],
                yerr=of["overlap_error"], fmt=marker, color=colour, markerfacecolor=face,
                markersize=4.5, capsize=2, linewidth=1.0,
            )  # fmt: skip
    for number in dataset["n_examples"].values[dataset["examples_eigenvalue"].values < 0.0]:
        ax.axvspan(number / 1.15, number * 1.15, color="#dddddd", zorder=0)
    black = "#333333"
    ax.plot([], [], "--", color=black, linewidth=0.9, label="Gaussian law")
    ax.plot([], [], "o", color=black, markersize=4.5, label="supervised")
    ax.plot([], [], "s", color=black, markerfacecolor="none", markersize=4.5, label="unsupervised")
    if bool(np.any(dataset["examples_eigenvalue"] < 0.0)):
        ax.fill_between([], [], [], color="#dddddd", label="unstable to single examples")
    ax.set_xscale("log")
    ax.set_ylim(0.0, 1.08 * max(1.0 - d, float(dataset["overlap"].max())))
    ax.set_xlabel("examples of each archetype $M$")
    ax.set_ylabel(r"overlaps with the archetypes $m_\mu$")
    ax.set_title(
        f"$K={given['n_patterns']}$, $d={d:g}$, $r={given['quality']:g}$, "
        f"$T={given['temperature']:g}$; points $N={given['n_spins']}$",
        fontsize="medium",
    )
    ax.legend(
        frameon=False, fontsize="small", ncols=2, loc="upper left", bbox_to_anchor=(0.0, 0.97)
    )
    return ax


def _ordered(overlaps: np.ndarray) -> np.ndarray:
    return -np.sort(-np.abs(overlaps), axis=-1)
