r"""Plefka's scheme: magnetisations of all spins updated at once, without the tensor of couplings.

Derivation. At fixed magnetisations m, expand the free energy in beta (Plefka 1982). The first two
terms are the entropy of independent spins and the mean of H over them; with distinct indices every
product has the mean of its factors, so that <H> is H itself at the m: naive mean field, order 1.
The third, -(beta^2/2) Var(H - sum_i (dH/dm_i)(s_i - m_i)), is for H = -sum_A J_A prod_(i in A) s_i

-(beta^2/2) sum_A J_A^2 [1 - prod_(i in A) m_i^2 - sum_(i in A) (1 - m_i^2) prod_(j != i) m_j^2]

and products of two different J_A, which for K ~ N^(p-1) patterns and p >= 3 are of random sign and
add up to less than N. With N alpha g(q) = sum_A J_A^2 q^p, q the mean of m_i^2, it is
-(beta^2/2) N alpha [g(1) - g(q) - (1 - q) g'(q)], whose derivative is the reaction on spin i of
what it did to the others: order 2,

m_i = tanh beta(h_i - alpha beta (1 - q) g''(q) m_i),   g(q) = kappa q^p/p!,

with kappa = 1 but for unsupervised learning, kappa = (r^(2p) + (1 - r^(2p))/M)/R^p. Its averages
over the disorder are the replica-symmetric equations.

For p = 2 patterns are not weak, and all orders count: the series sums up to the reaction
alpha lambda^2 C/(1 - lambda C) m_i, C = beta (1 - q), over the modes lambda of the couplings: 1,
and unsupervised also lambda = rho/(1 + rho), M - 1 times as many.

References
----------
Plefka, J. Phys. A 15 (1982) 1971; Georges, Yedidia, J. Phys. A 24 (1991) 2173; Nakamura,
Nishimori, J. Phys. A 28 (1995) L283 (p = 2); Agliari et al., arXiv 2212.00606 (the scheme).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate as check
from .._version import __version__
from ..hopfield.bits import unpack
from ..hopfield.dense import Dense, DenseSample
from ..hopfield.energy import PBody
from ..hopfield.learning import Unsupervised
from ..serial import from_json, to_json

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

_BLOCK = 2**11  # patterns multiplied at a time
_KEPT = 2**28  # bytes of patterns kept as float32 between updates
_NEAR_ONE = 0.999  # largest lambda C on the way; a solution has less


def plefka(
    model: Dense,
    *,
    n_spins: int,
    temperature: float | Sequence[float],
    order: int = 2,
    updates: int = 1000,
    damping: float = 0.5,
    tolerance: float = 1e-5,
    disorder: int = 8,
    start: str = "pattern",
    corruption: float | None = None,
    tracked: int = 1,
    seed: int = 0,
) -> PlefkaResult:
    """Magnetisations of a dense network by Plefka's expansion, for sizes beyond sampling.

    All magnetisations m_i = <s_i> are updated at once from themselves,
    m_i <- damping m_i + (1 - damping) tanh(h_i/T), until they stay. What is approximated:

    - the field h_i = -dH/dm_i is that of the magnetisations instead of the spins: the mean of
      every product of spins is taken to be the product of their means (order 1). Correlations
      between spins are left out, and with them the part of the field on a spin that comes from
      its own action on the others;
    - order 2 subtracts that part, alpha (1 - q) g''(q) m_i/T for the noise kernel g of the model,
      as it is on average over the patterns for N -> infinity (for p = 2 summed over all orders). In
      that limit what is left out vanishes while the replica-symmetric state is stable, if the
      number of patterns is K ~ N^(p-1); at finite N it is of order 1/N;
    - the state is one solution of these equations near the start. There is no dynamics, no escape
      from metastable states by thermal fluctuations, and no average over states.

    Where it may be used was measured with `plefka_error_map` (p = 3, N = 200; p = 4, N = 100).
    Order 2 errs by less than 0.001 in m for p = 3, alpha <= 0.07, T <= 0.15, and for p = 4,
    alpha <= 0.018, T <= 0.02 or alpha <= 0.006, T <= 0.05; order 1 by up to 0.009 there. Towards
    the end of retrieval both are too large, because small networks leave the pattern which the
    scheme keeps. At alpha >= 0.09 (p = 3) or 0.024 (p = 4) and low T order 2 often loses the
    pattern that exact dynamics keeps, or does not converge: then try order 1 or more damping.

    Parameters
    ----------
    model : Dense
        With a `PBody` energy; with or without learning and field.
    n_spins : int
        N >= 2.
    temperature : float or sequence of float
        T > 0 in the units of H; several are solved side by side.
    order : {1, 2}
        Naive mean field, or with Onsager's reaction.
    updates : int
        At most so many.
    damping : float
        Part of the magnetisations kept in an update, in [0, 1).
    tolerance : float
        Largest |tanh(h_i/T) - m_i| at which a state counts as found, >= 1e-6 (patterns are
        multiplied in single precision).
    disorder : int
        Number of quenched samples: those that `sample` has with the same ``seed``.
    start, corruption
        As for `assocmem.montecarlo.sampler.sample`.
    tracked : int
        Number of patterns, the first ones, whose overlaps are returned.
    seed : int
        >= 0. Every number follows from it.

    Returns
    -------
    PlefkaResult
        Samples that did not converge are marked, and its text says how many.

    Raises
    ------
    TypeError, ValueError
        If an argument is wrong; before work starts.

    Notes
    -----
    The tensor of couplings is never formed: h_i needs e_0..e_(p-1) of xi_i m_i for each pattern,
    which follow from the sums of (xi_i m_i)^j by Newton's identities. Even powers are the same for
    all patterns, so an update takes 4 K N operations for each odd j < p (unsupervised K M in place
    of K; for sums over examples all j < p) in matrix products, and K N p/2 bits to be unpacked
    when the patterns do not fit in 256 MiB as numbers.

    Examples
    --------
    >>> from assocmem import Dense
    >>> from assocmem.montecarlo.plefka import plefka
    >>> result = plefka(Dense(load=0.03, p=3), n_spins=200, temperature=0.1, disorder=2)
    >>> bool((result.dataset.overlap > 0.95).all())
    True
    """
    if not isinstance(model, Dense):
        raise TypeError(f"model must be a Dense, got {model!r}")
    if not isinstance(model.energy, PBody):
        raise ValueError(f"model must have energy=PBody(p) for Plefka's scheme, got {model!r}")
    order = check.integer("order", order, 1, 2)
    updates = check.integer("updates", updates, 1, 10**9)
    damping = check.real("damping", damping, 0.0, 1.0, open_high=True)
    tolerance = check.real("tolerance", tolerance, 1e-6, 0.1)
    from .sampler import make_plan, starts

    plan = make_plan(
        model, kind="plefka", n_spins=n_spins, temperature=temperature, sweeps=4, burn_in=0,
        interval=1, chains=1, disorder=disorder, start=start, corruption=corruption, dynamics=None,
        method="auto", tracked=tracked, trajectory=False, seed=seed,
    )  # fmt: skip
    temperatures = np.array(plan.temperature)
    if temperatures.min() < 1e-6:
        raise ValueError(f"temperature must be >= 1e-06, got {temperature!r}")
    found = []
    for child in np.random.SeedSequence(plan.seed).spawn(plan.disorder):
        draw_seed, start_seed, _ = child.spawn(3)  # as the sampler does
        quenched = model.draw(plan.n_spins, np.random.default_rng(draw_seed))
        begin = starts(plan, quenched, start_seed)[0]
        found.append(
            _solve(quenched, begin, temperatures, order, updates, damping, tolerance, tracked)
        )
    parameters = {
        "n_spins": plan.n_spins, "temperature": list(plan.temperature), "order": order,
        "updates": updates, "damping": damping, "tolerance": tolerance, "disorder": plan.disorder,
        "start": plan.start, "corruption": plan.corruption, "tracked": plan.tracked,
        "seed": plan.seed,
    }  # fmt: skip
    return _assemble(model, parameters, found)


def _solve(sample, begin, temperatures, order, updates, damping, tolerance, tracked):
    """Solutions of one sample at all temperatures together."""
    fields = _Fields(sample)
    beta = 1.0 / temperatures
    m = np.repeat(begin[:, None].astype(np.float64), len(beta), axis=1)
    residual = np.full(len(beta), np.inf)
    count = np.zeros(len(beta), np.int64)
    active = np.arange(len(beta))
    for _ in range(updates):
        now = m[:, active]
        local = fields(now) + sample.field[:, None]
        if order == 2:
            q = np.mean(now * now, axis=0)
            local -= reaction(sample.model, sample.n_patterns, len(begin), beta[active], q) * now
        new = np.tanh(beta[active] * local)
        residual[active] = np.abs(new - now).max(axis=0)
        m[:, active] = damping * now + (1.0 - damping) * new
        count[active] += 1
        active = active[residual[active] > tolerance]
        if len(active) == 0:
            break
    xi = sample.leading(tracked).astype(np.float64)
    return {
        "overlap": (xi @ m).T / len(begin),
        "self_overlap": np.mean(m * m, axis=0),
        "residual": residual,
        "converged": residual <= tolerance,
        "updates": count,
    }


def reaction(
    model: Dense, n_patterns: int, n_spins: int, beta: np.ndarray, q: np.ndarray
) -> np.ndarray:
    """Factor of m_i in Onsager's reaction field, of the shape of ``beta`` and ``q``.

    alpha beta (1 - q) g''(q) with alpha = K/N^(p-1) for p >= 3, the sets of p - 1 other spins
    counted exactly; and the sum over modes for p = 2 (see the module), where lambda C is held at
    0.999 on the way to a solution.
    """
    p, learning = model.p, model.learning
    load = n_patterns / float(n_spins) ** (p - 1)
    c = beta * (1.0 - q)
    if p > 2:
        kappa = 1.0
        if isinstance(learning, Unsupervised):
            alike = learning.quality ** (2 * p)
            kappa = (alike + (1.0 - alike) / learning.n_examples) / learning.variance**p
        sets = math.comb(n_spins - 2, p - 2) * (n_spins - 1) / float(n_spins) ** (p - 1)
        return load * kappa * sets * c * q ** (p - 2)
    modes = [(1.0, 1.0)]
    if isinstance(learning, Unsupervised):
        modes.append((learning.entropy / (1.0 + learning.entropy), learning.n_examples - 1.0))
    total = np.zeros_like(c)
    for eigenvalue, number in modes:
        part = np.minimum(eigenvalue * c, _NEAR_ONE)
        total += number * eigenvalue * part / (1.0 - part)
    return load * total


class _Fields:
    """Mean fields -dH/dm_i of one sample, without the external one.

    In u = m/sqrt(N) the polynomials e_k(xi u) of uncondensed patterns are of order 1.
    """

    def __init__(self, sample: DenseSample) -> None:
        self.sample = sample
        self.p = sample.model.p
        self.factor = sample.model.scale * float(sample.n_spins) ** (-0.5 * (self.p - 1))
        small = 4 * sample.n_stored * sample.n_spins <= _KEPT
        self.kept = list(self._made()) if small else None

    def _made(self) -> Iterator[np.ndarray]:
        """Patterns in blocks, float32 (B, N)."""
        sample = self.sample
        for first in range(0, sample.n_stored, _BLOCK):
            last = min(first + _BLOCK, sample.n_stored)
            if sample.is_packed:
                yield unpack(sample.stored, first, last).astype(np.float32)
            else:
                part = np.ascontiguousarray(sample.stored[:, first:last].T).astype(np.float32)
                yield part / np.float32(sample.model.learning.n_examples)

    def __call__(self, m: np.ndarray) -> np.ndarray:
        """Fields of magnetisations, both float64 (N, C)."""
        p, (size, columns) = self.p, m.shape
        powers = (m / math.sqrt(size)) ** np.arange(p)[:, None, None]  # of u, (p, N, C)
        single = powers.astype(np.float32)
        # Sums over patterns of y_i^(j+1) e_(p-1-j), (p, N, C).
        back = np.zeros((p, size, columns))
        for block in self._made() if self.kept is None else self.kept:
            if self.sample.is_packed:
                _add_signs(block, powers, single, back)
            else:
                _add_sums(block, single, back)
        signs = (-1.0) ** np.arange(p)[:, None, None]
        return self.factor * np.sum(signs * powers * back, axis=0)


def _add_signs(block, powers, single, back) -> None:
    """Add a block of signs: odd powers of them are themselves, even ones 1."""
    p, _, columns = powers.shape
    odd = np.arange(1, p, 2)
    through = block @ np.concatenate(single[odd], axis=1)  # (B, odd C)
    sums = [powers[j].sum(axis=0) for j in range(p)]  # even ones are the same for all patterns
    for k, j in enumerate(odd):
        sums[j] = through[:, k * columns : (k + 1) * columns].astype(np.float64)
    e = _elementary(sums, (len(block), columns))
    even = np.arange(0, p, 2)
    returned = block.T @ np.concatenate([e[p - 1 - j] for j in even], axis=1).astype(np.float32)
    for k, j in enumerate(even):
        back[j] += returned[:, k * columns : (k + 1) * columns]
    for j in odd:
        back[j] += e[p - 1 - j].sum(axis=0)


def _add_sums(block, single, back) -> None:
    """Add a block of means over examples, each of whose powers is another matrix."""
    p, _, columns = single.shape
    powers = [np.ones_like(block)]
    for _ in range(p):
        powers.append(powers[-1] * block)
    sums = [(powers[j] @ single[j]).astype(np.float64) for j in range(p)]
    e = _elementary(sums, (len(block), columns))
    for j in range(p):
        back[j] += powers[j + 1].T @ e[p - 1 - j].astype(np.float32)


def _elementary(sums: list[np.ndarray], shape: tuple[int, int]) -> list[np.ndarray]:
    """e_0..e_(p-1) from sums of powers 1..p - 1, by Newton's identities."""
    e = [np.ones(shape)]
    for k in range(1, len(sums)):
        e.append(sum((-1) ** (j - 1) * e[k - j] * sums[j] for j in range(1, k + 1)) / k)
    return e


_LABELS = {
    "overlap": "overlap (1/N) sum_i xi_i m_i",
    "self_overlap": "q = (1/N) sum_i m_i^2",
    "residual": "largest |tanh(h_i/T) - m_i| before the last update",
    "converged": "whether the residual is below the tolerance",
    "updates": "updates made",
}


def _assemble(model: Dense, parameters: dict[str, Any], found: list[dict]) -> PlefkaResult:
    import xarray as xr

    variables = {}
    for name, label in _LABELS.items():
        dims = ("disorder", "temperature", "pattern")[: 3 if name == "overlap" else 2]
        attributes = {"long_name": label, "units": "1"}
        variables[name] = (dims, np.stack([one[name] for one in found]), attributes)
    heat = {"long_name": "temperature T (k_B = 1)", "units": "units of H"}
    coordinates = {
        "temperature": ("temperature", np.array(parameters["temperature"]), heat),
        "disorder": np.arange(parameters["disorder"]),
        "pattern": np.arange(parameters["tracked"]),
    }
    attributes = {
        "model": to_json(model),
        "kind": "plefka",
        "parameters": json.dumps(parameters),
        "assocmem_version": __version__,
    }
    return PlefkaResult(xr.Dataset(variables, coordinates, attributes))


@dataclass(frozen=True, eq=False)
class PlefkaResult:
    """Solutions of Plefka's scheme, made by `plefka`.

    Parameters
    ----------
    dataset : xarray.Dataset
        ``overlap`` over (disorder, temperature, pattern); ``self_overlap``, ``residual``,
        ``converged`` and ``updates`` over (disorder, temperature).
    """

    dataset: xr.Dataset

    @property
    def model(self) -> Dense:
        """The model, rebuilt from the attributes."""
        return from_json(self.dataset.attrs["model"])

    @property
    def parameters(self) -> dict[str, Any]:
        """Arguments of the run."""
        return json.loads(self.dataset.attrs["parameters"])

    def to_dataset(self) -> xr.Dataset:
        """The labelled data themselves."""
        return self.dataset

    def estimate(self, name: str = "overlap") -> tuple[xr.DataArray, xr.DataArray]:
        """Mean over quenched samples and its standard error (NaN for one sample).

        Parameters
        ----------
        name : {"overlap", "self_overlap"}

        Returns
        -------
        value, error : xarray.DataArray
            Over ``temperature`` (and ``pattern``), of all samples, converged or not.
        """
        check.choice("name", name, ("overlap", "self_overlap"))
        values = self.dataset[name]
        number = values.sizes["disorder"]
        if number == 1:
            return values.isel(disorder=0, drop=True), values.isel(disorder=0, drop=True) * np.nan
        return values.mean("disorder"), values.std("disorder", ddof=1) / math.sqrt(number)

    def __str__(self) -> str:
        given, data = self.parameters, self.dataset
        lines = [
            f"{self.model}",
            f"plefka: order {given['order']}, N = {given['n_spins']}, {given['disorder']} quenched "
            f"samples, start {given['start']}, seed {given['seed']}",
            f"{'T':>8}  {'overlap':>9}  {'error':>8}  {'q':>9}  {'updates':>7}  {'residual':>8}  "
            f"{'converged':>9}",
        ]
        (m, error), (q, _) = self.estimate("overlap"), self.estimate("self_overlap")
        total = data.sizes["disorder"]
        for t, temperature in enumerate(data["temperature"].values):
            one = data.isel(temperature=t)
            at = {"temperature": t, "pattern": 0}
            lines.append(
                f"{temperature:8.4g}  {m.isel(at).item():9.6f}  {error.isel(at).item():8.2g}  "
                f"{q.isel(temperature=t).item():9.6f}  {one.updates.max().item():7d}  "
                f"{one.residual.max().item():8.2g}  {one.converged.sum().item():>5d}/{total}"
            )
        bad = int((~data["converged"]).sum())
        if bad:
            lines.append(
                f"warning: {bad} of {data['converged'].size} solutions did not converge in "
                f"{given['updates']} updates; their numbers are those of the last one"
            )
        return "\n".join(lines)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Overlaps with the first pattern against temperature; open symbols did not converge."""
        if ax is None:
            import matplotlib.pyplot as plt

            ax = plt.figure().add_subplot()
        data = self.dataset
        t = data["temperature"].values
        value, error = (x.isel(pattern=0).values for x in self.estimate("overlap"))
        whole = data["converged"].all("disorder").values
        for part, face in ((whole, None), (~whole, "none")):
            if part.any():
                ax.errorbar(
                    t[part], value[part], error[part], fmt="o", capsize=2, color="C0", mfc=face
                )
        ax.set_xlabel("temperature T")
        ax.set_ylabel("overlap m")
        ax.set_title(f"Plefka, order {self.parameters['order']}", fontsize="medium")
        return ax
