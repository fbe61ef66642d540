"""How many examples a dense network needs: M_c(r) with and without a teacher.

Lines: `assocmem.theory.noise.learning_threshold`. Points: one parallel step at T = 0 from the
archetype in simulated networks, the number of examples at which its overlap is erf(1/sqrt(2)).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .. import _validate as check
from ..hopfield.bits import unpack
from ..hopfield.dense import Dense, DenseSample
from ..hopfield.learning import Supervised, Unsupervised
from ..theory.noise import THETA, learning_threshold

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

PROTOCOLS = {"supervised": Supervised, "unsupervised": Unsupervised}
_GRID = np.geomspace(0.5, 2.0, 7)  # numbers of examples tried, in units of the theory's


def compute(
    p: int = 3,
    load: float = 0.1,
    *,
    n_spins: int = 60,
    qualities: Sequence[float] = (0.3, 0.4, 0.5, 0.6),
    disorder: int = 20,
    seed: int = 0,
    progress: bool = True,
) -> xarray.Dataset:
    """Thresholds in theory and simulation.

    Parameters
    ----------
    p : int
        Spins in a product, >= 2.
    load : float
        alpha, below 1/(p-1)!. K = alpha (N-1)..(N-p+1) patterns are drawn, which has the signal
        to noise of alpha N^(p-1) at large N.
    n_spins : int
        N of the simulations.
    qualities : sequence of float
        r of the points, in (0, 1). Memory and time grow as N K M_c, and M_c as r^(-2p).
    disorder : int
        Networks at each number of examples, >= 2.
    seed : int
        >= 0.
    progress : bool
        Show a progress bar when on a terminal.

    Returns
    -------
    xarray.Dataset
        ``threshold`` and ``exact`` (protocol, line_quality): M_c by the Gaussian and the exact
        law; ``simulated``, ``simulated_error`` (protocol, quality).
    """
    import xarray as xr
    from tqdm import tqdm

    p = check.integer("p", p, 2, 30)
    highest = 1.0 / math.factorial(p - 1)
    load = check.real("load", load, 0.0, highest, open_low=True, open_high=True)
    n_spins = check.integer("n_spins", n_spins, p + 1)
    disorder = check.integer("disorder", disorder, 2)
    seed = check.integer("seed", seed, 0)
    rates = [
        check.real(f"qualities[{k}]", r, 0.0, 1.0, open_low=True, open_high=True)
        for k, r in enumerate(qualities)
    ]
    lines = np.geomspace(0.5 * min(rates), 0.98, 80)
    number = max(1, round(load * math.perm(n_spins - 1, p - 1)))
    gaussian, exact, points = [], [], []
    runs = [(name, r) for name in PROTOCOLS for r in rates]
    seeds = iter(np.random.SeedSequence(seed).spawn(len(runs)))
    for learning in PROTOCOLS.values():
        model = Dense(load=load, p=p, learning=learning(1, 0.5))
        gaussian.append(learning_threshold(model, quality=lines))
        exact.append(learning_threshold(model, quality=lines, law="binomial"))
    for name, r in tqdm(runs, desc="thresholds", disable=None if progress else True):
        model = Dense(load=load, p=p, learning=PROTOCOLS[name](1, r))
        centre = learning_threshold(model)
        examples = np.unique(np.maximum(1, np.rint(_GRID * centre).astype(int)))
        if len(examples) < 4:
            examples = np.arange(1, 6)
        drawn = dataclasses.replace(model, load=None, n_patterns=number)
        points.append(_crossing(drawn, examples, n_spins, disorder, next(seeds)))
    found = np.array(points).reshape(len(PROTOCOLS), len(rates), 2)
    return xr.Dataset(
        {
            "threshold": (("protocol", "line_quality"), np.array(gaussian)),
            "exact": (("protocol", "line_quality"), np.array(exact)),
            "simulated": (("protocol", "quality"), found[..., 0]),
            "simulated_error": (("protocol", "quality"), found[..., 1]),
        },
        coords={"protocol": list(PROTOCOLS), "line_quality": lines, "quality": rates},
        attrs={
            "p": p, "load": load, "n_spins": n_spins, "disorder": disorder, "seed": seed,
            "theta": THETA,
        },
    )  # fmt: skip


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Draw what `compute` returned on doubly logarithmic axes."""
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.subplots(layout="constrained")[1]
    p = dataset.attrs["p"]
    slopes = {"supervised": "-2", "unsupervised": f"-{2 * p}"}
    for name, colour, marker in zip(PROTOCOLS, ("#0072b2", "#d55e00"), "os", strict=True):
        of = dataset.sel(protocol=name)
        r = of.line_quality
        shown = of.threshold >= 1.0
        ax.plot(
            r[shown], of.threshold[shown], color=colour,
            label=rf"{name}, $M_c\sim r^{{{slopes[name]}}}$",
        )  # fmt: skip
        ax.step(r, of.exact, color=colour, linewidth=0.8, alpha=0.5, where="mid")
        ax.errorbar(
            of.quality, of.simulated, of.simulated_error, color=colour, marker=marker,
            linestyle="none", markersize=5, capsize=2,
            label=rf"{name}, simulated, $N={dataset.attrs['n_spins']}$",
        )  # fmt: skip
    ax.plot([], [], color="#555555", linewidth=0.8, alpha=0.6, label="whole numbers, exact law")
    ax.set_xscale("log")
    ax.set_yscale("log")
    from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

    low, high = float(dataset.line_quality[0]), 1.0
    ticks = [x for x in (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0) if low <= x <= high]
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(ScalarFormatter())
    ax.set_xlim(low, high)
    ax.set_ylim(0.8, None)
    ax.set_xlabel(r"quality of examples $r$")
    ax.set_ylabel(r"examples needed $M_c$")
    ax.set_title(rf"$p={p}$, $\alpha={dataset.attrs['load']:g}$", fontsize="medium")
    ax.legend(frameon=False, fontsize="small", loc="upper right")
    return ax


def step_overlaps(
    model: Dense, n_spins: int, disorder: int, seed: np.random.SeedSequence
) -> np.ndarray:
    """Overlap with the first archetype after one step from it, shape (disorder,)."""
    out = []
    for child in seed.spawn(disorder):
        sample = model.draw(n_spins, np.random.default_rng(child))
        archetype = sample.leading(1)[0]
        out.append(np.mean(archetype * np.sign(local_fields(sample, archetype))))
    return np.array(out)


def local_fields(sample: DenseSample, spins: np.ndarray) -> np.ndarray:
    """Half the energy that s_i = -1 costs over s_i = +1, float64 of shape (N,).

    Cost: N K M operations and 8 times the memory of the packed patterns; supervised p N K.
    """
    model, size = sample.model, sample.n_spins
    state = spins.astype(np.float64)
    if not sample.is_packed:
        terms = sample.stored * (state / model.learning.n_examples)[:, None]  # y_i s_i, (N, K)
        e = [np.ones(sample.n_stored)]
        power_sums = [(terms**k).sum(axis=0) for k in range(model.p)]
        for k in range(1, model.p):
            e.append(sum((-1) ** (j - 1) * e[k - j] * power_sums[j] for j in range(1, k + 1)) / k)
        without = np.ones_like(terms)  # e_k of the spins other than i, by e_k - y_i e_(k-1)
        for k in range(1, model.p):
            without = e[k] - terms * without
        return model.scale * state * (terms * without).sum(axis=1) / size ** (model.p - 1.0)
    table = model.energy.table(size)
    rise = np.diff(table)  # F(k + 1) - F(k)
    held = unpack(sample.stored, 0, sample.n_stored).astype(np.float32)  # (K M, N)
    agreeing = np.rint(0.5 * (held @ spins.astype(np.float32) + size)).astype(np.int64)
    # x = +1 agrees with the spin: leaving the site out, k - 1 others agree; for x = -1, k.
    right, wrong = rise[np.maximum(agreeing - 1, 0)], rise[np.minimum(agreeing, size - 1)]
    odd, even = 0.5 * (right + wrong), 0.5 * (right - wrong)
    return 0.5 * model.scale * (odd @ held + state * even.sum())


def _crossing(
    model: Dense, examples: np.ndarray, n_spins: int, disorder: int, seed: np.random.SeedSequence
) -> tuple[float, float]:
    """Number of examples at which m = erf(THETA), and its error."""
    found = []
    for number, child in zip(examples, seed.spawn(len(examples)), strict=True):
        learning = dataclasses.replace(model.learning, n_examples=int(number))
        learned = dataclasses.replace(model, learning=learning)
        found.append(step_overlaps(learned, n_spins, disorder, child))
    return fitted_crossing(examples, *pooled(np.array(found)))


def pooled(found: np.ndarray) -> tuple[np.ndarray, float]:
    """Means over networks of shape (numbers of examples, networks), and their common error.

    Networks differ from one another by as much at every M.
    """
    return found.mean(axis=1), math.sqrt(found.var(axis=1, ddof=1).mean() / found.shape[1])


def fitted_crossing(examples: np.ndarray, means: np.ndarray, error: float) -> tuple[float, float]:
    """Number of examples at which m = erf(THETA), and its error, of m at several numbers.

    erfinv(m) is nearly straight in ln M: a line through the points gives the crossing.
    """
    from scipy.special import erfinv

    inside = np.abs(means) < 1.0
    height = erfinv(means[inside])
    # d erfinv(m)/dm = sqrt(pi)/2 exp(erfinv(m)^2)
    weight = (0.5 * math.sqrt(math.pi) * np.exp(height**2) * error) ** -2.0
    design = np.vander(np.log(examples[inside]), 2)
    covariance = np.linalg.inv(design.T @ (weight[:, None] * design))
    slope, offset = covariance @ (design.T @ (weight * (height - THETA)))
    crossing = -offset / slope
    gradient = np.array([crossing, 1.0]) / slope  # of the crossing by slope and offset
    error = math.sqrt(gradient @ covariance @ gradient)
    return math.exp(crossing), math.exp(crossing) * error
