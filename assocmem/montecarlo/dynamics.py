"""Dynamics of spins: which rule, in which order, and the engine that runs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _validate as check
from .._aligned import padded_zeros
from ..hopfield._arguments import machine_memory
from ..hopfield.bits import unpack
from ..hopfield.dense import DenseSample
from ..hopfield.pairwise import PairwiseSample
from ..hopfield.rules import Hebb

RULES = ("heat-bath", "metropolis")
UPDATES = ("sequential", "random", "parallel")
METHODS = ("auto", "single", "lanes", "patterns", "waiting")


@dataclass(frozen=True)
class Dynamics:
    """How spins are updated.

    Parameters
    ----------
    rule : {"heat-bath", "metropolis"}
        With the energy cost D of a flip, the probability of flipping is 1/(1 + exp(D/T))
        (heat bath, also named Glauber) or min(1, exp(-D/T)).
    update : {"sequential", "random", "parallel"}
        A sweep is N attempts: in fixed order, on N spins drawn at random, or on all spins at once
        from the same fields (Little). The first two sample exp(-H/T); parallel heat bath samples
        exp(-H_L/T) with H_L = -T sum_i ln 2 cosh(h_i/T) - sum_i f_i s_i, where h_i is the
        whole local field and f_i its external part. For dense models of more than two bodies
        parallel updates flip each spin by what its own flip would cost, and the stationary law
        is not known.

    Raises
    ------
    ValueError
        If a name is unknown, or Metropolis is asked for in parallel (it has no such version).

    References
    ----------
    Little, Math. Biosci. 19 (1974) 101; Peretto, Biol. Cybern. 50 (1984) 51.
    """

    rule: str = "heat-bath"
    update: str = "sequential"

    def __post_init__(self) -> None:
        check.choice("rule", self.rule, RULES)
        check.choice("update", self.update, UPDATES)
        if self.update == "parallel" and self.rule != "heat-bath":
            raise ValueError(
                f"rule must be 'heat-bath' when update is 'parallel', got {self.rule!r}: "
                "the parallel Metropolis rule has no known stationary law"
            )


def engine(
    sample: PairwiseSample | DenseSample,
    spins: np.ndarray,
    temperatures: float | Sequence[float] | np.ndarray,
    seeds: Sequence[np.random.SeedSequence],
    *,
    dynamics: Dynamics = Dynamics(),
    tracked: Sequence[int] = (0,),
    method: str = "auto",
) -> Engine:
    """Make R chains of one sample ready to run.

    Parameters
    ----------
    sample : PairwiseSample or DenseSample
        Patterns and couplings, or patterns and a table of energies.
    spins : ndarray, shape (R, N)
        Initial states, entries +-1; copied.
    temperatures : float or sequence of R floats
        T >= 0 in the unit of H. T = 0 is the limit of the rule: with zero cost, heat bath
        flips with probability 1/2 and Metropolis always.
    seeds : sequence of R numpy.random.SeedSequence
        The numbers of a chain depend on its own seed, temperature, state and method alone.
    dynamics : Dynamics
        Rule and order of updates.
    tracked : sequence of int
        Indices of the patterns whose overlaps `Engine.run` records.
    method : {"auto", "single", "lanes", "patterns", "waiting"}
        "single" runs the chains one after the other on cached fields, "lanes" together (the same
        numbers, less memory traffic), "patterns" computes fields from overlaps (Hebb's rule; no
        N x N matrix), "waiting" draws the time of the next flip instead of trying spins (the same
        law). Dense samples have their own kernels and take "auto" only. For pairwise ones
        "auto" runs lanes and lets each chain wait while few flips are expected; it takes
        "patterns" when the couplings would not fit in memory or the patterns are so few that
        it is cheaper.

    Returns
    -------
    Engine

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or shape or out of range, if the method does not
        serve the dynamics or the rule, or if the couplings do not fit in memory.

    Notes
    -----
    Costs per attempt and flip: cached fields O(1) and N; patterns K and K; waiting 0 and about
    2 N. Couplings take N^2 or 2 N^2 bytes for Hebb's rule with unbiased patterns (exact integers,
    in bytes if none exceeds 127) and 4 N^2 otherwise (fixed point, resolution 2^-30 of the largest
    possible field). Dense samples: K additions on 4 K bytes and K bits per attempt, some 0.02 ns
    times K on a core of 2023, and K look-ups per flip; memory is `Dense.memory`, supervised see
    `assocmem.montecarlo.examples`. For long runs of a large network of few patterns at low
    temperature ask for "waiting": "auto" counts on some thousands of sweeps, which would not repay
    the couplings.
    """
    return Engine(sample, spins, temperatures, seeds, dynamics, tracked, method)


class Engine:
    """R chains of one sample, made by `engine`."""

    def __init__(self, sample, spins, temperatures, seeds, dynamics, tracked, method) -> None:
        if not isinstance(sample, (PairwiseSample, DenseSample)):
            raise TypeError(f"sample must be a PairwiseSample or a DenseSample, got {sample!r}")
        if not isinstance(dynamics, Dynamics):
            raise TypeError(f"dynamics must be a Dynamics, got {dynamics!r}")
        check.choice("method", method, METHODS)
        size = sample.n_spins
        self._spins = check.signs("spins", spins, (None, size)).copy()
        chains = len(self._spins)
        seeds = list(seeds)
        if len(seeds) != chains or chains == 0:
            raise ValueError(f"seeds must be one per chain, {chains}, got {len(seeds)}")
        for r, seed in enumerate(seeds):
            if not isinstance(seed, np.random.SeedSequence):
                raise TypeError(f"seeds[{r}] must be a numpy.random.SeedSequence, got {seed!r}")
        indices = [
            check.integer(f"tracked[{k}]", index, 0, sample.n_patterns - 1)
            for k, index in enumerate(tracked)
        ]
        self.sample: Any = sample
        self.dynamics = dynamics
        self._temperatures = _temperatures(temperatures, chains)
        self.method = _resolve(sample, dynamics, method, self._temperatures)

        from .kernels.rng import seed_states

        self._bulk, self._single = seed_states(seeds)
        self._rule = RULES.index(dynamics.rule)
        self._update = UPDATES.index(dynamics.update)
        self._tracked = _patterns(sample, indices)
        self._mean = float(sample.model.patterns.mean)
        self._spread = float(np.sqrt(sample.model.patterns.variance))
        self._flips = np.zeros(chains, np.int64)
        self._sweeps = 0
        self._sums = np.zeros((chains, size), np.int64)
        self._store = _store_of(self.method)(self)
        self.set_temperatures(self._temperatures)

    @property
    def spins(self) -> np.ndarray:
        """Present states, int8 of shape (R, N); a read-only view."""
        return _read_only(self._spins)

    @property
    def spin_sums(self) -> np.ndarray:
        """Sum of s_i over all records so far, int64 of shape (R, N); a read-only view."""
        return _read_only(self._sums)

    @property
    def temperatures(self) -> np.ndarray:
        """T of each chain, float64 of shape (R,); a read-only view."""
        return _read_only(self._temperatures)

    @property
    def flips(self) -> np.ndarray:
        """Flips of each chain so far, int64 of shape (R,)."""
        return self._flips.copy()

    @property
    def attempts(self) -> np.ndarray:
        """Attempts of each chain so far (N per sweep), int64 of shape (R,)."""
        return np.full(len(self._spins), self._sweeps * self._spins.shape[1], np.int64)

    def set_temperatures(self, temperatures: float | Sequence[float] | np.ndarray) -> None:
        """Set T >= 0 of all chains (a number) or of each (shape (R,))."""
        self._temperatures = _temperatures(temperatures, len(self._spins))
        # Cost of a flip over T in powers of two, for fields counted in `unit`. At T = 0 any
        # finite slope will do that sends the smallest field beyond all random numbers.
        floored = np.maximum(self._temperatures, self._store.floor)
        with np.errstate(divide="ignore", over="ignore"):
            rates = 2.0 * self._store.unit / (np.log(2.0) * floored)
        self._rates = np.minimum(rates, 1e290)

    def reset_sums(self) -> None:
        """Set `spin_sums` to zero."""
        self._sums[:] = 0

    def energies(self) -> np.ndarray:
        """Energies H of the present states, float64 of shape (R,). Cost: N or K per chain."""
        return self._store.energies()

    def run(self, sweeps: int, interval: int = 0) -> np.ndarray | None:
        """Run all chains.

        Parameters
        ----------
        sweeps : int
            Sweeps >= 0, each of N attempts.
        interval : int
            Record after every ``interval`` sweeps; 0 records nothing.

        Returns
        -------
        ndarray, float64, shape (R, sweeps // interval, 1 + len(tracked)), or None
            Energy per spin and overlaps with the tracked patterns.
        """
        sweeps = check.integer("sweeps", sweeps, 0)
        interval = check.integer("interval", interval, 0)
        records = sweeps // interval if interval else 0
        out = np.empty((len(self._spins), records, 1 + len(self._tracked)))
        self._store.run(sweeps, interval, out)
        self._sweeps += sweeps
        return out if interval else None


class _CachedFields:
    """What the methods on cached fields keep beside the states."""

    def __init__(self, owner: Engine) -> None:
        from .kernels import lanes, pairwise

        sample = owner.sample
        chains, size = owner._spins.shape
        # Kernels want fields within FAR, and twice eight couplings in 16 bits.
        if sample.is_integer and sample.n_patterns * size <= pairwise.FAR:
            self.couplings, self.unit = sample.padded_couplings, 1.0 / size
            if sample.n_patterns >= 2**11 and _largest(self.couplings) >= 2**11:
                wider = padded_zeros(size, size, np.int32)
                wider[:] = self.couplings
                self.couplings = wider
            self.floor = 0.0
        else:
            self.couplings, self.unit = _fixed_point(sample.couplings, pairwise.FAR)
            self.floor = self.unit * 2.0**12  # rounding of float32 couplings, with room
        self.external = sample.field / self.unit
        self.owner = owner
        self.fields = padded_zeros(chains, size, np.int32)
        pairwise.all_fields(self.couplings, owner._spins, self.fields)
        self.policy = {"waiting": lanes.WAITING, "auto": lanes.AUTO}.get(owner.method, lanes.PLAIN)
        if owner.dynamics.update == "parallel":
            self.policy = lanes.PLAIN
        self.waits = np.zeros(chains, np.bool_)
        self.pending = np.full(chains, -1.0)
        self.buffers = pairwise.buffers()
        # Where flips are so few that drawing the times of all is cheaper than trying all spins.
        self.enter = 12.0 * size / (size + 500.0)
        self.group = 1 if owner.method == "single" else chains

    def run(self, sweeps: int, interval: int, out: np.ndarray) -> None:
        from .kernels import lanes

        owner = self.owner
        observe = (owner._tracked, owner._mean, owner._spread, self.unit)
        for first in range(0, len(out), self.group):
            part = slice(first, first + self.group)
            lanes.run(
                self.couplings, self.fields[part], self.external, owner._spins[part],
                owner._bulk[part], owner._single[part], owner._rates[part], owner._rule,
                owner._update, self.policy, self.waits[part], self.pending[part], self.enter,
                3.0 * self.enter, owner._flips[part], owner._sums[part], observe, sweeps, interval,
                out[part], self.buffers,
            )  # fmt: skip

    def energies(self) -> np.ndarray:
        spins = self.owner._spins
        fields = self.fields[:, : spins.shape[1]]
        inner = np.einsum("ri,ri->r", fields, spins, dtype=np.int64)
        return -self.unit * (0.5 * inner + spins @ self.external)


class _PatternSpace:
    """What the method on patterns keeps beside the states: the patterns, spin-major."""

    def __init__(self, owner: Engine) -> None:
        sample = owner.sample
        variance = float(sample.model.patterns.variance)
        if sample.n_patterns * sample.n_spins >= 2**31:
            raise ValueError(
                f"method 'patterns' needs K N < 2^31, got K={sample.n_patterns}, N={sample.n_spins}"
            )
        self.owner = owner
        self.patterns = np.array(sample.patterns.T, order="C")
        self.row_sums = self.patterns.sum(axis=1, dtype=np.int64)
        # sum_mu (xi - b)^2 / sigma^2 with xi^2 = 1
        mean, count = owner._mean, sample.n_patterns
        self.self_couplings = (count * (1.0 + mean**2) - 2.0 * mean * self.row_sums) / variance
        self.unit = 1.0 / (sample.n_spins * variance)
        self.floor = 0.0 if mean == 0.0 else 1e-12 * count / variance  # rounding of the biases
        self.external = sample.field / self.unit

    def run(self, sweeps: int, interval: int, out: np.ndarray) -> None:
        from .kernels import patternspace

        owner = self.owner
        patternspace.run(
            self.patterns, self.row_sums, self.self_couplings, self.external, owner._spins,
            owner._single, owner._rates, owner._rule, owner._update, owner._flips, owner._sums,
            owner._tracked, owner._mean, owner._spread, self.unit, sweeps, interval, out,
        )  # fmt: skip

    def energies(self) -> np.ndarray:
        return self.owner.sample.energy(self.owner._spins)


def _temperatures(value, chains: int) -> np.ndarray:
    array = np.asarray(value, dtype=np.float64)
    if array.shape not in ((), (chains,)):
        raise ValueError(
            f"temperatures must be one number or {chains} of them, got shape {array.shape}"
        )
    if not np.all(np.isfinite(array)) or np.any(array < 0.0):
        raise ValueError(f"temperatures must be finite and >= 0, got {value!r}")
    return np.broadcast_to(array, (chains,)).copy()


def _store_of(method: str) -> type:
    """What keeps the state of chains that are run by the method."""
    if method == "separable":
        from .separable import SeparableStore

        return SeparableStore
    if method == "examples":
        from .examples import ExamplesStore

        return ExamplesStore
    return _PatternSpace if method == "patterns" else _CachedFields


def _patterns(sample: PairwiseSample | DenseSample, indices: list[int]) -> np.ndarray:
    """Patterns of those indices, int8 (len(indices), N)."""
    if isinstance(sample, PairwiseSample):
        return np.ascontiguousarray(sample.patterns[indices], dtype=np.int8)
    rows = [unpack(sample.archetypes, mu, mu + 1)[0] for mu in indices]
    return np.array(rows, dtype=np.int8).reshape(len(indices), sample.n_spins)


def _resolve(sample, dynamics: Dynamics, method: str, temperatures) -> str:
    """The method that serves, or a ValueError that says why none does."""
    if isinstance(sample, DenseSample):
        if method != "auto":
            raise ValueError(f"method must be 'auto' for a dense sample, got {method!r}")
        return "separable" if sample.is_packed else "examples"
    hebb = isinstance(sample.model.rule, Hebb)
    if method == "patterns" and not hebb:
        raise ValueError(f"method 'patterns' needs Hebb's rule, got {sample.model.rule!r}")
    if method == "waiting" and dynamics.update == "parallel":
        raise ValueError("method 'waiting' serves one spin at a time, got update='parallel'")
    size = sample.n_spins
    # While J is made: int8 and int16 copies (int32 beside for thousands of patterns), or float64,
    # float32 and int32.
    few = sample.is_integer and sample.n_patterns < 2**11
    needed = size * size * (3 if few else 16)
    have = machine_memory()
    fits = needed <= have // 2
    if method == "auto" and hebb and (not fits or _patterns_cheaper(sample, temperatures.max())):
        return "patterns"
    if method != "patterns" and not fits:
        raise ValueError(
            f"n_spins={size} needs {needed / 2**30:.3g} GiB while couplings are made, more than "
            f"half of the {have / 2**30:.3g} GiB of this machine"
            + ("; method='patterns' does without" if hebb else "")
        )
    return method


def _patterns_cheaper(sample: PairwiseSample, warmest: float) -> bool:
    """Whether pattern space is expected to take less time than couplings.

    Times in ns on one core of 2023. Cached fields take 1 per attempt, about 20 + N/18 per flip,
    and 3 + K/60 per coupling to make them, which is shared among 5000 sweeps to come (over all
    chains; how many there are must not matter, lest it change the numbers of a chain). Patterns
    take 6 + K/10 per attempt and 40 + K/14 per flip. Flips are those of mean-field theory
    without noise, (1 - m^2)/2 per attempt with m = tanh(m/T).
    """
    m = 1.0
    for _ in range(100):
        m = float(np.tanh(m / max(warmest, 1e-3)))
    flips = (1.0 - m * m) / 2.0
    size, number = sample.n_spins, sample.n_patterns
    making = size * (3.0 + number / 60.0) / 5000.0
    cached = 1.0 + flips * (20.0 + size / 18.0) + making
    return 6.0 + number / 10.0 + flips * (40.0 + number / 14.0) < cached


def _largest(values: np.ndarray) -> int:
    return max(int(values.max()), -int(values.min()))


def _fixed_point(couplings: np.ndarray, far: int) -> tuple[np.ndarray, float]:
    """Couplings as int32 multiples of a unit such that no field exceeds ``far`` units."""
    size = len(couplings)
    largest = float(np.abs(couplings).sum(axis=1, dtype=np.float64).max())
    unit = largest / (far - size) if largest > 0.0 else 1.0  # with room for rounding
    whole = padded_zeros(size, size, np.int32)
    for row, target in zip(couplings, whole, strict=True):
        target[:size] = np.rint(row.astype(np.float64) / unit)
    return whole, unit


def _read_only(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.flags.writeable = False
    return view
