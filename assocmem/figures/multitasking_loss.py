"""The squared-error loss of multitasking networks has the minima of the Hamiltonian.

With y a stored row (a pattern, an example, or a mean of examples) and n = (1/N) sum_i y_i s_i,

    L_+- = (1/(2 N)) sum_i (y_i +- s_i)^2 = (1 + |y|^2/N)/2 +- n,
    L_+ L_- = ((1 + |y|^2/N)/2)^2 - n^2,

as s_i^2 = 1; so L = sum L_+ L_- = c H + constant over all states, c > 0: the same global minima,
and, since single flips change both by the same up to c, the same local ones. The plain sum of
squared errors sum |y - s|^2 = constant - 2 N sum n is linear in s. It has one minimum, the mixture
sgn sum y (and its equals where that is 0), whatever H has: nothing tells it to forgive a pattern
its sign, or to trade one pattern for another.

Descents on the loss compute it anew for each flip from squared distances, and know nothing of
couplings; descents on the energy are the sampler's at T = 0, from the same starts. Both flip spins
of no cost at random.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import _validate as check
from ..hopfield.learning import Supervised, Unsupervised
from ..hopfield.multitasking import Multitasking, MultitaskingSample

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

PROTOCOLS = ("storing", "supervised", "unsupervised")
_PIECES = 10  # of a sweep, after which states are kept
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def compute(
    show: str = "energy",
    *,
    protocol: str = "supervised",
    n_patterns: int = 3,
    dilution: float = 0.4,
    n_examples: int = 9,
    quality: float = 0.7,
    n_spins: int = 151,
    n_starts: int = 60,
    sweeps: int = 12,
    seed: int = 0,
) -> xarray.Dataset:
    """Descents on the loss and on the energy from the same random states of one network.

    Parameters
    ----------
    show : {"energy", "patterns"}
        What `draw` shows: loss against energy, or the loss of each pattern in time.
    protocol : {"storing", "supervised", "unsupervised"}
        What is stored; ``n_examples`` and ``quality`` are of the latter two.
    n_patterns, dilution, n_examples, quality
        K, d, M and r.
    n_spins, n_starts, sweeps : int
        N, random starts, and sweeps from each (descents end in a few). Cost: the square of N
        times the rows stored, for each start and sweep.
    seed : int
        >= 0.

    Returns
    -------
    xarray.Dataset
        ``energy`` (per spin) and ``loss`` (descent, start), descents "loss" and "energy", of the
        states they end in; ``lowered`` (descent, start): whether any flip there lowers the loss
        or the energy. Along descents on the loss, ``path_energy``, ``path_loss`` and
        ``path_plain`` (start, sweep), ``pattern_loss`` and ``overlap`` (start, sweep, pattern) of
        the rows of each pattern (means over its examples). ``plain_energy``: of the minimum of
        the plain loss. Attributes: ``slope`` and ``offset`` of loss against energy per spin, the
        largest ``deviation`` from it; ``common``, the fraction of the ends of both descents at
        energies that both reach; ``plain_is_minimum``, whether no flip lowers the energy there.
    """
    import xarray as xr

    from ..montecarlo.dynamics import engine

    check.choice("show", show, ("energy", "patterns"))
    check.choice("protocol", protocol, PROTOCOLS)
    n_starts = check.integer("n_starts", n_starts, 1)
    sweeps = check.integer("sweeps", sweeps, 2)
    seed = check.integer("seed", seed, 0)
    learning = None
    if protocol != "storing":
        kind = Supervised if protocol == "supervised" else Unsupervised
        learning = kind(n_examples, quality)
    model = Multitasking(n_patterns=n_patterns, dilution=dilution, learning=learning)
    draws, *children = np.random.SeedSequence(seed).spawn(2 + n_starts)
    rng = np.random.default_rng(draws)
    sample = model.draw(n_spins, rng)
    rows = stored_rows(sample)
    first = np.where(rng.random((n_starts, n_spins)) < 0.5, 1, -1).astype(np.int8)
    ties = np.random.default_rng(children.pop())
    pieces = [int(x) for x in np.rint(np.arange(2 * _PIECES + 1) * n_spins / _PIECES)]
    path = np.empty((n_starts, len(pieces), n_spins), np.int8)
    ends = np.empty((2, n_starts, n_spins), np.int8)
    for k in range(n_starts):
        ends[0, k] = descend(rows, first[k], sweeps, ties, pieces, path[k])
    running = engine(sample, first, 0.0, children)
    running.run(sweeps)
    ends[1] = running.spins
    slope = sample.loss_scale * n_spins
    path_energy, energy = sample.energy(path) / n_spins, sample.energy(ends) / n_spins
    product, plain = losses(rows, path)
    end_loss = losses(rows, ends)[0].sum(axis=-1)
    path_loss = product.sum(axis=-1)
    offset = float(np.mean(path_loss - slope * path_energy))
    off = [np.abs(a - slope * b - offset).max() for a, b in
           ((path_loss, path_energy), (end_loss, energy))]  # fmt: skip
    levels = np.round(energy, 9)
    common = np.isin(levels, np.intersect1d(*levels))
    overlap = (rows @ path[..., None].astype(np.float64))[..., 0] / n_spins
    shape = (*path.shape[:2], n_patterns, -1)
    mixture = np.sign(rows.sum(axis=0))
    free = mixture == 0.0
    mixture[free] = np.where(rng.random(np.count_nonzero(free)) < 0.5, 1, -1)
    mixture = mixture.astype(np.int8)
    where = ("start", "sweep")
    return xr.Dataset(
        {
            "energy": (("descent", "start"), energy),
            "loss": (("descent", "start"), end_loss),
            "lowered": (("descent", "start"), [[lowers(sample, rows, s) for s in e] for e in ends]),
            "path_energy": (where, path_energy),
            "path_loss": (where, path_loss),
            "path_plain": (where, plain.sum(axis=-1)),
            "pattern_loss": ((*where, "pattern"), product.reshape(shape).mean(axis=-1)),
            "overlap": ((*where, "pattern"), overlap.reshape(shape).mean(axis=-1)),
            "plain_energy": ((), float(sample.energy(mixture)) / n_spins),
        },
        coords={"descent": ["loss", "energy"], "sweep": np.array(pieces) / n_spins},
        attrs={
            "show": show, "protocol": protocol, "n_patterns": n_patterns,
            "dilution": float(dilution), "n_examples": n_examples, "quality": float(quality),
            "n_spins": n_spins, "seed": seed, "slope": slope, "offset": offset,
            "deviation": float(max(off)), "common": float(common.mean()), "n_rows": len(rows),
            "plain_is_minimum": int(not lowers(sample, rows, mixture)),
        },
    )  # fmt: skip


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Draw what `compute` was asked to show."""
    from ..plot import new_axes

    ax = new_axes(ax)
    given = dataset.attrs
    if given["show"] == "energy":
        _draw_energies(dataset, ax)
    else:
        _draw_patterns(dataset, ax)
    learned = f", $M={given['n_examples']}$, $r={given['quality']:g}$"
    ax.set_title(
        f"{given['protocol']}, $K={given['n_patterns']}$, $d={given['dilution']:g}$"
        + learned * (given["protocol"] != "storing") + f", $N={given['n_spins']}$",
        fontsize="medium",
    )  # fmt: skip
    return ax


def stored_rows(sample: MultitaskingSample) -> np.ndarray:
    """What the loss compares states with: patterns, examples or mean examples, float64."""
    rows = sample.stored.astype(np.float64)
    if isinstance(sample.model.learning, Supervised):
        rows /= sample.model.learning.n_examples
    return rows


def losses(rows: np.ndarray, spins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """L_+ L_- and the plain |y - s|^2/(2 N) of each row, from squared distances, (..., rows)."""
    s = spins.astype(np.float64)[..., None, :]
    minus = np.sum((rows - s) ** 2, axis=-1) / (2.0 * rows.shape[1])
    plus = np.sum((rows + s) ** 2, axis=-1) / (2.0 * rows.shape[1])
    return plus * minus, minus


def descend(
    rows: np.ndarray,
    start: np.ndarray,
    sweeps: int,
    rng: np.random.Generator,
    kept: list[int] | tuple[int, ...] = (),
    path: np.ndarray | None = None,
) -> np.ndarray:
    """Flip spins one by one where that lowers the loss, and half of those where it changes nothing.

    Returns the last state; ``path`` is filled with those after ``kept`` attempts.
    """
    spins = start.copy()
    best = losses(rows, spins)[0].sum()
    for attempt in range(sweeps * len(spins)):
        if attempt in kept:
            path[kept.index(attempt)] = spins
        i = attempt % len(spins)
        spins[i] *= -1
        now = losses(rows, spins)[0].sum()
        tie = abs(now - best) <= 1e-10 * best
        if (rng.random() < 0.5) if tie else now < best:
            best = now
        else:
            spins[i] *= -1
    if sweeps * len(spins) in kept:
        path[kept.index(sweeps * len(spins))] = spins
    return spins


def lowers(sample: MultitaskingSample, rows: np.ndarray, spins: np.ndarray) -> bool:
    """Whether any single flip lowers the loss or the energy by more than rounding."""
    flipped = np.repeat(spins[None], len(spins), axis=0)
    np.fill_diagonal(flipped, -spins)
    change = losses(rows, flipped)[0].sum(axis=-1) - losses(rows, spins)[0].sum()
    cost = sample.energy(flipped) - sample.energy(spins)
    return bool(np.any(change < -1e-9) or np.any(cost < -1e-9))


def _draw_energies(dataset: xarray.Dataset, ax: matplotlib.axes.Axes) -> None:
    given, rows = dataset.attrs, dataset.attrs["n_rows"]
    x = np.array([float(dataset.energy.min()), float(dataset.path_energy.max())])
    along = dataset.path_energy.values.ravel()
    ax.plot(
        along, dataset.path_plain.values.ravel() / rows, ".", color="#bbbbbb", markersize=2,
        label=r"plain squared errors $|y-s|^2/2N$", zorder=1,
    )  # fmt: skip
    ax.axvline(
        float(dataset.plain_energy), color="#999999", linestyle=":",
        label="energy of their one minimum",
    )  # fmt: skip
    ax.plot(
        x, (given["slope"] * x + given["offset"]) / rows, color="#555555", linewidth=1.0,
        label=r"$L=cH+$const",
    )  # fmt: skip
    ax.plot(
        along, dataset.path_loss.values.ravel() / rows, ".", color="#009e73", markersize=2,
        label=r"$L=\sum L_+L_-$ along descents",
    )  # fmt: skip
    styles = {"loss": ("o", "#0072b2", 8), "energy": ("x", "#d55e00", 5)}
    for name, (marker, colour, size) in styles.items():
        of = dataset.sel(descent=name)
        ax.plot(
            of.energy, of.loss / rows, marker, color=colour, markerfacecolor="none",
            markersize=size, label=f"ends of descents on the {name}",
        )  # fmt: skip
    ax.set_xlabel("energy per spin $H/N$")
    ax.set_ylabel("loss, per row stored")
    ax.legend(frameon=False, fontsize="small", loc="upper right")


def _draw_patterns(dataset: xarray.Dataset, ax: matplotlib.axes.Axes) -> None:
    # The start whose descent on the loss ends lowest.
    one = dataset.isel(start=int(np.argmin(dataset.loss.sel(descent="loss").values)))
    for mu in range(dataset.attrs["n_patterns"]):
        colour = COLOURS[mu % len(COLOURS)]
        kept = one.isel(pattern=mu)
        ax.plot(
            kept.sweep, kept.pattern_loss, "o-", color=colour, markersize=4,
            label=rf"$L_+L_-$ of pattern {mu + 1}",
        )  # fmt: skip
        ax.plot(kept.sweep, np.abs(kept.overlap), "s--", color=colour, markersize=3)
    ax.plot([], [], "s--", color="#555555", markersize=3, label="overlaps with what is stored")
    ax.set_xlabel("sweeps")
    ax.set_ylabel("loss, overlap")
    ax.set_ylim(0.0, None)
    ax.legend(frameon=False, fontsize="small")
