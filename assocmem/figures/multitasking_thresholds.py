"""How many examples a multitasking network needs: M_c(r), the same with and without a teacher.

Lines: `assocmem.theory.noise.learning_threshold`, one for both protocols. Points: one parallel
step at T = 0 from the hierarchical state of simulated networks. Left of the green dots one example
has a lower energy than the archetype where nobody groups them (odd and even M differ by ties),
`assocmem.theory.multitasking_learning.example_quality`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .. import _validate as check
from ..hopfield.multitasking import Multitasking, MultitaskingSample
from ..theory.multitasking_learning import amplitudes, example_quality
from ..theory.noise import THETA, learning_threshold, one_step_overlap
from .thresholds import PROTOCOLS, fitted_crossing, pooled

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

_GRID = np.geomspace(0.5, 2.0, 7)  # numbers of examples tried, in units of the theory's


def compute(
    n_patterns: int = 3,
    dilution: float = 0.5,
    *,
    level: int = 1,
    n_spins: int = 20000,
    qualities: Sequence[float] = (0.2, 0.3, 0.4, 0.5),
    disorder: int = 10,
    seed: int = 0,
    progress: bool = True,
) -> xarray.Dataset:
    """Thresholds in theory and simulation.

    Parameters
    ----------
    n_patterns : int
        K, 1 to 6.
    dilution : float
        d in [0, 1) at which the hierarchical state reproduces itself well enough.
    level : int
        Which pattern of the hierarchical state, 1 to K.
    n_spins : int
        N of the simulations. Without a teacher overlaps with single examples fluctuate, which is
        more noise by a fraction of about (1 - d)/(N m^2 r^2 (1 - r^2)), m = (1-d) d^(level-1).
    qualities : sequence of float
        r of the points, in (0, 1). Memory and time grow as N K M_c, and M_c as r^-2.
    disorder : int
        Networks at each number of examples, >= 2.
    seed : int
        >= 0.
    progress : bool
        Show a progress bar when on a terminal.

    Returns
    -------
    xarray.Dataset
        ``threshold`` and ``exact`` (line_quality): M_c by the Gaussian and the exact law, of both
        protocols; ``simulated``, ``simulated_error`` and ``z`` (protocol, quality), z against
        ``expected`` (quality), which is read off exact overlaps at the same numbers of examples
        as the simulated ones; ``difference_z`` (quality) of the protocols; ``example_quality``
        (n_examples).
    """
    import xarray as xr
    from tqdm import tqdm

    n_patterns = check.integer("n_patterns", n_patterns, 1, 6)
    level = check.integer("level", level, 1, n_patterns)
    n_spins = check.integer("n_spins", n_spins, 100)
    disorder = check.integer("disorder", disorder, 2)
    seed = check.integer("seed", seed, 0)
    rates = [
        check.real(f"qualities[{k}]", r, 0.0, 1.0, open_low=True, open_high=True)
        for k, r in enumerate(qualities)
    ]
    models = {
        name: Multitasking(n_patterns=n_patterns, dilution=dilution, learning=kind(1, 0.5))
        for name, kind in PROTOCOLS.items()
    }
    lines = np.geomspace(0.7 * min(rates), 0.98, 60)
    of_both = {
        law: [learning_threshold(model, quality=lines, law=law, level=level) for model in
              models.values()]
        for law in ("gaussian", "binomial")
    }  # fmt: skip
    if not np.all(np.isfinite(of_both["gaussian"][0])):
        raise ValueError(
            f"dilution must be one at which level {level} of {n_patterns} patterns is learned, "
            f"got {dilution!r}"
        )
    simulated = np.empty((2, len(rates), 2))
    expected = np.empty(len(rates))
    runs = [(k, name, j, r) for k, name in enumerate(models) for j, r in enumerate(rates)]
    seeds = iter(np.random.SeedSequence(seed).spawn(len(runs)))
    for k, name, j, r in tqdm(runs, desc="thresholds", disable=None if progress else True):
        centre = learning_threshold(models[name], quality=r, level=level)
        examples = np.unique(np.maximum(1, np.rint(_GRID * centre).astype(int)))
        if len(examples) < 4:
            examples = np.arange(1, 6)
        found, exact = [], []
        for number, child in zip(examples, next(seeds).spawn(len(examples)), strict=True):
            learning = dataclasses.replace(models[name].learning, n_examples=number, quality=r)
            model = dataclasses.replace(models[name], learning=learning)
            found.append(step_ratios(model, n_spins, disorder, level, child))
            step = one_step_overlap(model, start="hierarchical")
            exact.append(step[level - 1] / amplitudes(model)[level - 1])
        means, error = pooled(np.array(found))
        simulated[k, j] = fitted_crossing(examples, means, error)
        expected[j] = fitted_crossing(examples, np.array(exact), error)[0]
    value, error = simulated[..., 0], simulated[..., 1]
    numbers = np.unique(np.rint(np.geomspace(2, max(10.0, of_both["gaussian"][0].max()), 40)))
    return xr.Dataset(
        {
            "threshold": (("protocol", "line_quality"), np.array(of_both["gaussian"])),
            "exact": (("protocol", "line_quality"), np.array(of_both["binomial"])),
            "simulated": (("protocol", "quality"), value),
            "simulated_error": (("protocol", "quality"), error),
            "expected": (("quality",), expected),
            "z": (("protocol", "quality"), (value - expected) / error),
            "difference_z": (("quality",), (value[0] - value[1]) / np.hypot(*error)),
            "example_quality": (("n_examples",), [example_quality(int(m)) for m in numbers]),
        },
        coords={
            "protocol": list(PROTOCOLS), "line_quality": lines, "quality": rates,
            "n_examples": numbers.astype(int),
        },
        attrs={
            "n_patterns": n_patterns, "dilution": float(dilution), "level": level,
            "n_spins": n_spins, "disorder": disorder, "seed": seed, "theta": THETA,
        },
    )  # fmt: skip


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Draw what `compute` returned on doubly logarithmic axes."""
    from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

    from ..plot import new_axes

    ax = new_axes(ax)
    given, r = dataset.attrs, dataset.line_quality
    one = dataset.isel(protocol=0)
    shown = one.threshold >= 1.0
    ax.plot(
        r[shown], one.threshold[shown], color="#555555", label=r"both, $M_c=(1-r^2)/(\rho_c r^2)$"
    )
    ax.step(
        r, one.exact, color="#555555", linewidth=0.8, alpha=0.6, where="mid",
        label="whole numbers, exact law",
    )  # fmt: skip
    styles = [("#0072b2", "o", "#0072b2", 0.99), ("#d55e00", "s", "none", 1.01)]
    for name, (colour, marker, face, shift) in zip(PROTOCOLS, styles, strict=True):
        of = dataset.sel(protocol=name)
        ax.errorbar(
            shift * of.quality, of.simulated, of.simulated_error, color=colour, marker=marker,
            markerfacecolor=face, linestyle="none", markersize=5, capsize=2,
            label=rf"{name}, simulated, $N={given['n_spins']}$",
        )  # fmt: skip
    ax.plot(
        dataset.example_quality, dataset.n_examples, color="#009e73", linestyle="none",
        marker=".", markersize=4,
        label="left of it, without a teacher, one\nexample has less energy ($K=1$)",
    )  # fmt: skip
    low, high = float(r[0]), 1.0
    ax.set_xscale("log")
    ax.set_yscale("log")
    ticks = [x for x in (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0) if low <= x <= high]
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(ScalarFormatter())
    ax.set_xlim(low, high)
    ax.set_ylim(0.8, None)
    ax.set_xlabel(r"quality of examples $r$")
    ax.set_ylabel(r"examples needed $M_c$")
    ax.set_title(
        rf"$K={given['n_patterns']}$, $d={given['dilution']:g}$, level {given['level']} of the "
        "hierarchical state",
        fontsize="medium",
    )
    ax.legend(frameon=False, fontsize="small", loc="upper right")
    return ax


def step_ratios(
    model: Multitasking, n_spins: int, disorder: int, level: int, seed: np.random.SeedSequence
) -> np.ndarray:
    """Overlap after one step from the hierarchical state over that before it, (disorder,)."""
    out = []
    for child in seed.spawn(disorder):
        rng = np.random.default_rng(child)
        sample = model.draw(n_spins, rng)
        state = hierarchical_state(sample.patterns, rng)
        pattern = sample.patterns[level - 1].astype(np.float64)
        out.append(pattern @ np.sign(local_fields(sample, state)) / (pattern @ state))
    return np.array(out)


def hierarchical_state(patterns: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Spins along the first pattern that is not blank, random where all are, int8 of shape (N,)."""
    first = np.argmax(patterns != 0, axis=0)
    state = np.take_along_axis(patterns, first[None], axis=0)[0].copy()
    free = state == 0
    state[free] = np.where(rng.random(np.count_nonzero(free)) < 0.5, 1, -1)
    return state


def local_fields(sample: MultitaskingSample, spins: np.ndarray) -> np.ndarray:
    """Half the energy that s_i = -1 costs over s_i = +1, over `unit`, float64 of shape (N,).

    Sums of integers, exact, so that ties are. Cost: 2 N times the rows stored.
    """
    # One row at a time: no copy of all in floating point.
    state = spins.astype(np.int64)
    out = np.zeros(sample.n_spins, dtype=np.int64)
    for row in sample.stored:
        wide = row.astype(np.int64)
        out += wide * (wide @ state - wide * state)
    return out.astype(np.float64)
