"""Ultra-detection: noise that grows with N, stood by networks below their capacity.

m(N) for noise that grows slower than, as fast as, and faster than is admissible
(`assocmem.theory.scaling`), all equal at the smallest size. Lines are the theory of the network
that each size is equivalent to; points are simulated from the pattern. Where theory has no
retrieval any more, what is left of the overlap is what a glass remembers of its start.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .. import _validate as check
from ..hopfield.dense import Dense
from ..hopfield.learning import Supervised, Unsupervised
from ..hopfield.noisy import NoisyDense
from ..theory.scaling import KINDS, admissible_noise, equivalent_load, factor_noise

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray


class _Case(NamedTuple):
    """What one kind is shown with: K = load N^b patterns and M = N^c examples."""

    p: int
    b: float
    load: float
    spread: float  # of the growths about the admissible one
    sizes: tuple[int, ...]
    noise: float  # of an entry, over the signal, at the smallest size
    examples: float | None = None  # c


def _case(kind: str, p: int | None) -> _Case:
    if kind == "factors":
        if p not in (None, 4):
            raise ValueError(f"p must be 4 for kind='factors', got {p!r}")
        return _Case(4, 1.0, 0.1, 0.25, (40, 80, 160), 3.0)
    p = 3 if p is None else check.integer("p", p, 3, 30)
    if kind == "supervised":
        return _Case(p, 1.0, 0.1, 0.3, (40, 80, 160), 3.0, 1.0)
    if kind == "unsupervised":
        return _Case(p, 1.5, 0.06, 0.15, (50, 100, 200), 2.6, 1.0)
    sizes = (40, 80, 160) if p == 3 else (24, 36, 48)
    # The load of the noise, omega^2/N^(p-1), is half to two thirds of the critical one there.
    noise = math.sqrt(0.125 / math.factorial(p - 1) * sizes[0] ** (p - 1))
    return _Case(p, 1.0, 0.1, 0.5 if p == 3 else 1.0, sizes, noise)


def compute(
    kind: str = "couplings",
    *,
    p: int | None = None,
    n_spins: Sequence[int] | None = None,
    noise: float | None = None,
    growths: Sequence[float] | None = None,
    temperature: float | None = None,
    sweeps: int = 200,
    disorder: int = 16,
    seed: int = 0,
    progress: bool = True,
) -> xarray.Dataset:
    """Overlaps in theory and simulation.

    Parameters
    ----------
    kind : {"couplings", "factors", "supervised", "unsupervised"}
        Where the noise is, see `assocmem.theory.scaling`. K = 0.1 N patterns, but 0.06 N^1.5 for
        "unsupervised"; M = N examples.
    p : int, optional
        Spins in a product, 3 or more; 3 if left out. "factors" is for p = 4 only.
    n_spins : sequence of int, optional
        Sizes N, increasing, at least two; three if left out. "couplings" holds N^p numbers.
    noise : float, optional
        Noise over signal of one entry at the smallest size: omega, or 1/r of examples.
    growths : sequence of float, optional
        Exponents delta, noise ~ N^delta; the admissible one and two about it if left out.
    temperature : float, optional
        T >= 0; 0.1/(p-1)! if left out. "factors" is one step at T = 0, and does not use it.
    sweeps : int
        Measured, after half as many.
    disorder : int
        Quenched samples at each point, >= 2.
    seed : int
        >= 0.
    progress : bool
        Show a progress bar when on a terminal.

    Returns
    -------
    xarray.Dataset
        ``simulated``, ``simulated_error`` and ``noise`` (growth, n_spins), ``predicted``
        (growth, size), 0 where theory has no retrieval, and ``admissible`` (the exponent).
    """
    import xarray as xr
    from tqdm import tqdm

    kind = check.choice("kind", kind, KINDS)
    case = _case(kind, p)
    least = 1.0 if case.examples is not None else 0.0
    first = check.real("noise", case.noise if noise is None else noise, least)
    given = case.sizes if n_spins is None else n_spins
    sizes = [check.integer(f"n_spins[{k}]", n, case.p + 1) for k, n in enumerate(given)]
    if len(sizes) < 2 or sizes != sorted(set(sizes)):
        raise ValueError(f"n_spins must be two or more increasing sizes, got {n_spins!r}")
    if temperature is None:
        temperature = 0.1 / math.factorial(case.p - 1)
    temperature = check.real("temperature", temperature, 0.0)
    sweeps = check.integer("sweeps", sweeps, 8)
    disorder = check.integer("disorder", disorder, 2)
    seed = check.integer("seed", seed, 0)
    bound = admissible_noise(case.p, case.b, kind, examples=case.examples)
    if growths is None:
        growths = [bound.delta + shift * case.spread for shift in (-1, 0, 1)]
    growths = [check.real(f"growths[{k}]", growth) for k, growth in enumerate(growths)]

    def noise_at(size: int, growth: float) -> float:
        grown = first * (size / sizes[0]) ** growth
        if grown < least:
            raise ValueError(
                f"noise must be at least 1 at every size where examples are learned, got "
                f"{grown:g} at N={size} with growth {growth:g}"
            )
        return grown

    between = np.rint(np.geomspace(sizes[0], sizes[-1], 40)).astype(int)
    fine = np.union1d(between, sizes).tolist()
    simulated = np.empty((len(growths), len(sizes), 2))
    predicted = np.array(
        [
            [_theory(case, kind, size, noise_at(size, g), temperature) for size in fine]
            for g in growths
        ]
    )
    tasks = [(a, b) for a in range(len(growths)) for b in range(len(sizes))]
    seeds = np.random.SeedSequence(seed).generate_state(len(tasks), np.uint32)
    for (a, b), task_seed in zip(
        tqdm(tasks, desc=kind, disable=None if progress else True), seeds, strict=True
    ):
        at = noise_at(sizes[b], growths[a])
        simulate = _learned if case.examples is not None else _SIMULATE[kind]
        found = simulate(case, kind, sizes[b], at, temperature, sweeps, disorder, int(task_seed))
        simulated[a, b] = found.mean(), found.std(ddof=1) / math.sqrt(disorder)
    return xr.Dataset(
        {
            "simulated": (("growth", "n_spins"), simulated[..., 0]),
            "simulated_error": (("growth", "n_spins"), simulated[..., 1]),
            "noise": (
                ("growth", "n_spins"),
                np.array([[noise_at(size, g) for size in sizes] for g in growths]),
            ),
            "predicted": (("growth", "size"), predicted),
            "admissible": ((), bound.delta),
        },
        coords={"growth": growths, "n_spins": sizes, "size": fine},
        attrs={
            "kind": kind, "p": case.p, "b": case.b, "load": case.load, "limit": bound.limit,
            "temperature": 0.0 if kind == "factors" else temperature, "sweeps": sweeps,
            "disorder": disorder, "seed": seed,
            **({} if case.examples is None else {"examples": case.examples}),
        },
    )  # fmt: skip


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Draw what `compute` returned: m against N, a colour for each growth of the noise."""
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.subplots(layout="constrained")[1]
    about = dataset.attrs
    symbol = "1/r" if "examples" in about else r"\omega"
    best = float(dataset.admissible)
    colours = _colours(dataset.growth.values, best)
    ended = False
    for growth, colour, marker in zip(dataset.growth.values, colours, "osD^v" * 9, strict=False):
        of = dataset.sel(growth=growth)
        same = math.isclose(growth, best)
        note = " (admissible)" if same else " (slower)" if growth < best else " (faster)"
        there = of.predicted.values > 0.0
        ax.plot(of["size"][there], of.predicted[there], color=colour)
        if there.any() and not there.all():
            last = np.flatnonzero(there)[-1]
            ax.plot(of["size"][last], of.predicted[last], "x", color=colour, markersize=8)
            ended = True
        shift = 1.0 + 0.012 * (np.searchsorted(np.sort(dataset.growth.values), growth) - 1)
        ax.errorbar(
            of.n_spins * shift, of.simulated, of.simulated_error, color=colour, marker=marker,
            linestyle="none", markersize=5, capsize=2,
            label=rf"${symbol}\sim N^{{{growth:.3g}}}$" + note,
        )  # fmt: skip
    ax.plot([], [], color="#555555", label="theory of the equivalent network")
    if ended:
        ax.plot([], [], "x", color="#555555", markersize=8, label="end of retrieval in theory")
    from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

    ax.set_xscale("log")
    ax.xaxis.set_major_locator(FixedLocator(dataset.n_spins.values.tolist()))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(ScalarFormatter())
    ax.set_ylim(-0.02, 1.05)
    ax.set_xlabel(r"spins $N$")
    step = about["kind"] == "factors"
    ax.set_ylabel(r"overlap $m$ after one step" if step else r"overlap with the pattern $m$")
    power = "" if about["b"] == 1.0 else f"^{{{about['b']:g}}}"
    more = f", $M=N^{{{about['examples']:g}}}$" if "examples" in about else ""
    more = more.replace("N^{1}", "N")
    heat = "" if step else f", $T={about['temperature']:.3g}$"
    ax.set_title(
        f"noise in {about['kind'].replace('supervised', 'examples, supervised')}".replace(
            "unexamples, supervised", "examples, unsupervised"
        )
        + rf": $p={about['p']}$, $K={about['load']:g}\,N{power}$"
        + more
        + heat,
        fontsize="medium",
    )
    ax.legend(frameon=False, fontsize="small", loc="lower left")
    return ax


def _colours(growths: np.ndarray, best: float) -> list[str]:
    cold, hot = ("#0072b2", "#56b4e9", "#332288"), ("#d55e00", "#cc79a7", "#882255")
    counts = {True: 0, False: 0}
    out = []
    for growth in growths:
        if math.isclose(growth, best):
            out.append("#009e73")
            continue
        slower = bool(growth < best)
        out.append((cold if slower else hot)[counts[slower] % 3])
        counts[slower] += 1
    return out


def _count(case: _Case, size: int) -> int:
    return max(1, round(case.load * size**case.b))


def _learning(case: _Case, kind: str, size: int, noise: float) -> Supervised | Unsupervised:
    how = Supervised if kind == "supervised" else Unsupervised
    return how(round(size**case.examples), 1.0 / noise)


def _theory(case: _Case, kind: str, size: int, noise: float, temperature: float) -> float:
    """Overlap at size N, with K not rounded; 0 where there is no such state."""
    from ..theory import solve

    number = case.load * size**case.b
    if kind == "factors":
        return math.erf(1.0 / math.sqrt(2.0 * factor_noise(case.p, size, number, noise)))
    if kind == "couplings":
        model = Dense(load=equivalent_load(case.p, size, number, noise), p=case.p)
    else:
        load = number / float(size) ** (case.p - 1)
        model = Dense(load=load, p=case.p, learning=_learning(case, kind, size, noise))
    state = solve(model, temperature)
    return state.overlaps[0] if state.exists else 0.0


def _noisy_couplings(case, kind, size, noise, temperature, sweeps, disorder, seed) -> np.ndarray:
    from ..montecarlo.tensor import sample_tensor

    dense = Dense(n_patterns=_count(case, size), p=case.p)
    model = NoisyDense(dense, amplitude=noise, growth=0.0)
    return sample_tensor(
        model, n_spins=size, temperature=temperature, sweeps=sweeps, burn_in=sweeps // 2,
        disorder=disorder, seed=seed, progress=False,
    ).overlap.values  # fmt: skip


def _learned(case, kind, size, noise, temperature, sweeps, disorder, seed) -> np.ndarray:
    from ..montecarlo.sampler import sample

    learning = _learning(case, kind, size, noise)
    found = sample(
        Dense(n_patterns=_count(case, size), p=case.p, learning=learning), n_spins=size,
        temperature=temperature, sweeps=sweeps, burn_in=sweeps // 2, chains=1, disorder=disorder,
        seed=seed, progress=False,
    )  # fmt: skip
    return found.dataset["overlap"].values.reshape(disorder)


def factor_step(
    size: int, number: int, noise: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """One step from the first pattern of a sample with noise on its factors at p = 4.

    Returns the state, in the gauge of the pattern, and its fields. Cost: N^2 K normal numbers.
    """
    upper = np.triu_indices(size, 1)
    fields = np.zeros(size)
    for mu in range(number):
        pattern = np.ones(size) if mu == 0 else rng.choice((-1.0, 1.0), size)
        factor = np.zeros((size, size))
        factor[upper] = pattern[upper[0]] * pattern[upper[1]]
        factor[upper] += noise * rng.standard_normal(len(upper[0]))
        factor += factor.T
        inner = factor.sum(axis=1)  # at s = 1
        # A^2 = (B + s_i C_i)^2 with B of the other spins: its part odd in s_i is 2 B C_i.
        fields += 2.0 * (0.5 * inner.sum() - inner) * inner
    fields *= 4.0 / (24.0 * float(size) ** 3)  # (2!)^2/4!
    return np.sign(fields), fields


def _factors(case, kind, size, noise, temperature, sweeps, disorder, seed) -> np.ndarray:
    children = np.random.SeedSequence(seed).spawn(disorder)
    number = _count(case, size)
    return np.array(
        [factor_step(size, number, noise, np.random.default_rng(c))[0].mean() for c in children]
    )


_SIMULATE: dict[str, Callable[..., np.ndarray]] = {
    "couplings": _noisy_couplings,
    "factors": _factors,
}
