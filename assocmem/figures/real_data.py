"""Archetypes of real images, learned from examples and retrieved from corrupted test images.

The experiment on structured data of arXiv 2212.00606 (supervised) and 2211.14067 (unsupervised),
by the exact dynamics: for several numbers p of bodies, against examples M or against the fraction
of pixels flipped. Beside the images, independent random archetypes and examples of the same N, K,
M and quality r go the same way: what differs there is the structure of the data alone.

Archetypes of real classes overlap. A state at archetype mu has the field
sum_nu C_mu,nu^(p-1) xi^nu, C their overlaps: with few bodies the other classes outvote it, and
states fall into mixtures of classes, which no number of examples mends. More bodies suppress
overlaps below 1. With independent archetypes more bodies need more examples, but only without a
teacher: then it is products of p signs of quality r that are averaged.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate as check

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

PROTOCOLS = ("supervised", "unsupervised")
SOURCES = ("images", "random")
_MOST_SWEEPS = 200  # at T = 0 states settle within ten or so


def compute(
    data: str = "digits",
    *,
    against: str = "examples",
    orders: Sequence[int] = (2, 3, 4, 6, 10),
    examples: int | Sequence[int] | None = None,
    noise: float | Sequence[float] | None = None,
    threshold: float | str = "mean",
    varying: bool = True,
    classes: Sequence[int] | None = None,
    draws: int = 8,
    cues: int = 50,
    seed: int = 0,
) -> xarray.Dataset:
    """Retrieval of archetypes at T = 0.

    For each of ``draws``, M examples of each class are drawn and learned. Chains start at test
    images, other ones in each draw, with a fraction of pixels flipped (chosen at random for
    each), and run until no flip lowers the energy. The same starts serve all p, M and protocols.
    "Random" archetypes are independent signs, of which examples and starts are copies with
    entries flipped with probability (1 - r)/2, r the measured quality of the images.

    Parameters
    ----------
    data : {"digits", "mnist", "fashion_mnist"}
        The images, see `assocmem.datasets`.
    against : {"examples", "noise"}
        Which of the two below is a sequence, and the abscissa.
    orders : sequence of int
        Bodies p.
    examples : int or sequence of int, optional
        M of each class; by default 1, 2, 5, ... to 1000 or what the smallest class has, or 100
        against noise.
    noise : float or sequence of float, optional
        Fraction of pixels of a start that are flipped, in [0, 1/2]; by default 0 to 0.45, or 0.1
        against examples.
    threshold, varying, classes
        How images become signs, see `assocmem.patterns.Structured`. Without ``varying`` the
        common background is kept.
    draws, cues : int
        Draws of examples, at least 2, and starts of each.
    seed : int
        Of all random numbers.

    Returns
    -------
    xarray.Dataset
        Over ``source``, ``protocol``, ``order`` and ``against``: ``overlap`` with the archetype
        of the class of the start, and ``right``, the fraction of chains nearer to it than to any
        other (ties in equal parts), each with its standard error over draws, ``_error``, and
        its value in each, ``_each`` over ``draw``. ``start_overlap`` and ``start_right``, over
        ``source`` and ``against``, are those of the starts themselves. ``kept``: overlap with
        their archetype of chains started at one, mean over classes. ``settled``: fraction of
        chains that came to a minimum of the energy. Quality, and mean and range of the
        archetypes' correlations, are attributes.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as said.
    FileNotFoundError, ImportError, OSError
        If the images are not there.

    Notes
    -----
    Errors are over draws from this set of images: they tell nothing of other sets, and where M is
    most of a class the draws have most examples in common. Cost: for each chain and sweep N K
    operations (supervised, times p) or N K M (unsupervised).
    """
    import xarray as xr

    from ..patterns import Structured
    from ..serial import to_json

    check.choice("against", against, ("examples", "noise"))
    by_noise = against == "noise"
    ensemble = Structured(
        data, threshold, None if classes is None else tuple(classes), bool(varying)
    )
    images, index = ensemble.images("test")
    if len(ensemble.archetypes) < 2:
        raise ValueError(f"classes must be at least two, got {classes!r}")
    if examples is None:
        fewest = int(np.bincount(ensemble.images("train")[1]).min())
        steps = [m * 10**k for k in range(3) for m in (1, 2, 5)] + [1000]
        examples = min(100, fewest) if by_noise else [m for m in steps if m <= fewest]
    if noise is None:
        noise = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45) if by_noise else 0.1
    numbers = _several("examples", examples, not by_noise)
    numbers = [check.integer("examples", m, 1) for m in numbers]
    fractions = [check.real("noise", z, 0.0, 0.5) for z in _several("noise", noise, by_noise)]
    orders = [check.integer("orders", p, 2, 30) for p in _several("orders", orders, True)]
    draws = check.integer("draws", draws, 2, 10**4)
    cues = check.integer("cues", cues, 1)
    seed = check.integer("seed", seed, 0)
    if draws * cues > len(images):
        raise ValueError(
            f"draws and cues must need at most the {len(images)} test images, got {draws} x {cues}"
        )
    points = [(m, z) for m in numbers for z in fractions]
    shape = (draws, len(SOURCES), len(PROTOCOLS), len(orders), len(points))
    found = np.empty((4, *shape))
    starts = np.empty((2, draws, len(SOURCES), len(points)))
    seeds = np.random.SeedSequence(seed).spawn(draws + 1)
    shuffled = np.random.default_rng(seeds[-1]).permutation(len(images))
    for d in range(draws):
        chosen = np.sort(shuffled[d * cues : (d + 1) * cues])
        for s, source in enumerate(SOURCES):
            of = _Source(source, ensemble, images[chosen], index[chosen], seeds[d])
            for k, (m, z) in enumerate(points):
                flipped = of.corrupted(z)
                starts[:, d, s, k] = _score(of.archetypes, flipped, of.index)
                for a, protocol in enumerate(PROTOCOLS):
                    for b, p in enumerate(orders):
                        found[:, d, s, a, b, k] = of.trial(of.sample(p, m, protocol), flipped)
    if found[3].min() < 0.9:
        warnings.warn(
            f"only {found[3].min():.0%} of the chains of one draw came to a minimum "
            f"within {_MOST_SWEEPS} sweeps: see settled",
            stacklevel=2,
        )
    at = ("source", "protocol", "order", "point")
    variables: dict[str, Any] = {}
    for name, each in zip(("overlap", "right"), found[:2], strict=True):
        variables[name] = (at, each.mean(axis=0))
        variables[f"{name}_error"] = (at, each.std(axis=0, ddof=1) / np.sqrt(draws))
        variables[f"{name}_each"] = (("draw", *at), each)
    for name, each in zip(("start_overlap", "start_right"), starts, strict=True):
        variables[name] = (("source", "point"), each.mean(axis=0))
    for name, each in zip(("kept", "settled"), found[2:], strict=True):
        variables[name] = (at, each.mean(axis=0))
    pairs = ensemble.correlations[np.triu_indices(len(ensemble.archetypes), 1)]
    return (
        xr.Dataset(
            variables,
            coords={"source": list(SOURCES), "protocol": list(PROTOCOLS), "order": orders},
            attrs={
                "patterns": to_json(ensemble),
                "data": data,
                "against": against,
                "noise" if against == "examples" else "examples": (
                    fractions[0] if against == "examples" else numbers[0]
                ),
                "n_spins": ensemble.n_spins,
                "n_patterns": len(ensemble.archetypes),
                "quality": ensemble.quality,
                "correlation": float(pairs.mean()),
                "correlation_range": [float(pairs.min()), float(pairs.max())],
                "draws": draws,
                "cues": cues,
                "seed": seed,
            },
        )
        .assign_coords({against: ("point", fractions if by_noise else numbers)})
        .swap_dims(point=against)
    )


def _several(name: str, value: Any, wanted: bool) -> list:
    """The entries of a sequence, or the one of a number where no sequence is ``wanted``."""
    if wanted != (np.iterable(value) and not isinstance(value, (str, bytes))):
        what = "a sequence of numbers" if wanted else "one number"
        raise TypeError(f"{name} must be {what} here, got {value!r}")
    entries = list(value) if wanted else [value]
    if not entries:
        raise ValueError(f"{name} must not be empty")
    return entries


class _Source:
    """Archetypes, samples that learned them and starts, for one draw of images or random signs."""

    def __init__(
        self,
        source: str,
        ensemble: Any,
        cues: np.ndarray,
        index: np.ndarray,
        seed: np.random.SeedSequence,
    ) -> None:
        self.ensemble, self.index = ensemble, index
        # Spawned by hand, so that the same streams serve both sources.
        streams = [
            np.random.SeedSequence(entropy=seed.entropy, spawn_key=(*seed.spawn_key, k))
            for k in range(3 + len(cues) + len(ensemble.archetypes))
        ]
        self._examples, self._starts, self._noise, *self.chains = streams
        self._random = source == "random"
        if not self._random:
            self.archetypes, self.cues = ensemble.archetypes, cues
            return
        self.archetypes = self.sample(2, 1, PROTOCOLS[0]).patterns
        rng = np.random.default_rng(self._starts)
        same = rng.random(cues.shape) < 0.5 * (1.0 + ensemble.quality)
        self.cues = np.where(same, self.archetypes[index], -self.archetypes[index]).astype(np.int8)

    def sample(self, p: int, n_examples: int, protocol: str) -> Any:
        """A network that learned from examples; archetypes are the same whatever p and M."""
        from ..hopfield import Dense, Supervised, Unsupervised

        kind = Supervised if protocol == PROTOCOLS[0] else Unsupervised
        ensemble = self.ensemble
        model = Dense(
            n_patterns=len(ensemble.archetypes),
            p=p,
            learning=kind(n_examples, ensemble.quality),
            **({} if self._random else {"patterns": ensemble}),
        )
        return model.draw(ensemble.n_spins, np.random.default_rng(self._examples))

    def trial(self, sample: Any, starts: np.ndarray) -> tuple[float, float, float, float]:
        """Overlap, right class, overlap of chains started at archetypes, and fraction settled."""
        ends, settled = retrieve(sample, np.concatenate([starts, self.archetypes]), self.chains)
        overlap, right = _score(self.archetypes, ends[: len(starts)], self.index)
        kept = _score(self.archetypes, ends[len(starts) :], np.arange(len(self.archetypes)))[0]
        return overlap, right, kept, settled

    def corrupted(self, fraction: float) -> np.ndarray:
        """Starts: a fraction of the entries of each flipped, more of the same for a larger one."""
        rng = np.random.default_rng(self._noise)
        out = self.cues.copy()
        number = round(fraction * out.shape[1])
        for row in out:
            row[rng.permutation(len(row))[:number]] *= -1
        return out


def retrieve(
    sample: Any, starts: np.ndarray, seeds: Sequence[np.random.SeedSequence]
) -> tuple[np.ndarray, float]:
    """Run chains at T = 0 until none flips, or for 200 sweeps: flips that cost nothing go on.

    Parameters
    ----------
    sample : DenseSample
        What was learned.
    starts : ndarray, int8, shape (R, N)
        One chain from each.
    seeds : sequence of R numpy.random.SeedSequence
        One for each chain.

    Returns
    -------
    ends : ndarray, int8, shape (R, N)
    settled : float
        Fraction of chains whose energy did not change in the last 100 sweeps.
    """
    from ..montecarlo.dynamics import engine

    running = engine(sample, starts, 0.0, seeds)
    before = running.flips
    for sweep in range(_MOST_SWEEPS):
        running.run(1)
        now = running.flips
        if np.array_equal(now, before):
            return running.spins.copy(), 1.0
        before = now
        if sweep == _MOST_SWEEPS // 2:
            energies = running.energies()
    # What still flips does so at no cost, forth and back, or is not there yet.
    level = np.isclose(running.energies(), energies, rtol=1e-9, atol=0.0)
    return running.spins.copy(), float(level.mean())


def _score(archetypes: np.ndarray, spins: np.ndarray, index: np.ndarray) -> tuple[float, float]:
    """Mean overlap with the right archetype, and fraction of states nearest to it."""
    products = spins.astype(np.int64) @ archetypes.T.astype(np.int64)
    right = products[np.arange(len(spins)), index]
    best = products == products.max(axis=1, keepdims=True)
    hit = best[np.arange(len(spins)), index] / best.sum(axis=1)
    return float(right.mean()) / archetypes.shape[1], float(hit.mean())


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Overlaps and fractions of right classes, of images and of random data beside them.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `compute`.
    ax : matplotlib.axes.Axes, optional
        Where to draw the overlaps of images alone; by default a new figure with four panels:
        overlap above and right class below, images left and random data right.

    Returns
    -------
    matplotlib.axes.Axes
        That of the overlaps of images.
    """
    import matplotlib.pyplot as plt

    given = dataset.attrs
    if ax is not None:
        _panel(dataset, ax, "images", "overlap")
        ax.legend(handles=_handles(dataset), frameon=False, fontsize="small")
        ax.set_title(_title(given), fontsize="medium")
        return ax
    figure, axes = plt.subplots(
        2, 2, sharex=True, sharey=True, figsize=(9.5, 7.2), layout="constrained"
    )
    for row, quantity in zip(axes, ("overlap", "right"), strict=True):
        for one, source in zip(row, SOURCES, strict=True):
            _panel(dataset, one, source, quantity)
            one.label_outer()
    low, high = given["correlation_range"]
    axes[0, 0].set_title(
        f"images: archetypes overlap by {low:.2f} to {high:.2f}, on average "
        f"{given['correlation']:.2f}",
        fontsize="medium",
    )
    axes[0, 1].set_title("random data of the same $N, K, M, r$", fontsize="medium")
    handles = _handles(dataset)
    figure.legend(
        handles=handles, loc="outside lower center", ncols=len(handles), frameon=False,
        fontsize="small", columnspacing=1.4,
    )  # fmt: skip
    figure.suptitle(_title(given))
    return axes[0, 0]


def _colors(dataset: xarray.Dataset) -> list:
    import matplotlib

    return list(matplotlib.colormaps["viridis"](np.linspace(0.0, 0.88, dataset.sizes["order"])))


_LINES = {"supervised": ("-", "o"), "unsupervised": ("--", "s")}


def _handles(dataset: xarray.Dataset) -> list:
    """Colours of the orders, and kinds of lines, for a legend."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=color, linewidth=2.5, label=f"$p={p}$")
        for color, p in zip(_colors(dataset), dataset["order"].values, strict=True)
    ]
    handles += [
        Line2D(
            [], [], color="black", linestyle=line, marker=mark, markersize=4, label=protocol,
            markerfacecolor="black" if line == "-" else "white",
        )
        for protocol, (line, mark) in _LINES.items()
    ]  # fmt: skip
    return [*handles, Line2D([], [], color="black", linestyle=":", label="the start itself")]


def _panel(dataset: xarray.Dataset, ax: matplotlib.axes.Axes, source: str, quantity: str) -> None:
    """One quantity of one source: solid lines supervised, dashed unsupervised."""
    against = dataset.attrs["against"]
    chosen = dataset.sel(source=source)
    for protocol, (line, mark) in _LINES.items():
        for color, p in zip(_colors(dataset), dataset["order"].values, strict=True):
            one = chosen.sel(protocol=protocol, order=p)
            ax.errorbar(
                one[against], one[quantity], yerr=one[f"{quantity}_error"], fmt=line + mark,
                color=color, markersize=4, capsize=2, linewidth=1.2,
                markerfacecolor=color if line == "-" else "white",
            )  # fmt: skip
    ax.plot(chosen[against], chosen[f"start_{quantity}"], ":", color="black")
    if against == "examples":
        if chosen.sizes[against] > 1:
            ax.set_xscale("log")
        ax.set_xlabel("examples of each class $M$")
    else:
        ax.set_xlabel("fraction of pixels flipped")
    label = {"overlap": "overlap with the archetype $m$", "right": "fraction of right classes"}
    ax.set_ylabel(label[quantity])
    ax.set_ylim(-0.03, 1.03)


def _title(given: dict[str, Any]) -> str:
    if given["against"] == "examples":
        other = f"{100 * given['noise']:g}% of pixels flipped"
    else:
        other = f"$M={given['examples']}$ examples of each class"
    return (
        f"{given['data']}: $K={given['n_patterns']}$, $N={given['n_spins']}$, "
        f"$r={given['quality']:.2f}$, $T=0$; {other}"
    )
