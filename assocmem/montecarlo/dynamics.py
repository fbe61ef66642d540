"""Dynamics of spins: which rule, in which order, and the engine that runs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _validate as check
from ..hopfield.bits import unpack
from ..hopfield.dense import DenseSample
from ..hopfield.multitasking import Multitasking, MultitaskingSample
from ..hopfield.pairwise import PairwiseSample
from .methods import METHODS, resolve
from .pairwise import CachedFields, PatternSpace
from .sparse import SparseStore

RULES = ("heat-bath", "metropolis")
UPDATES = ("sequential", "random", "parallel")
SAMPLES = (PairwiseSample, DenseSample, MultitaskingSample)
NAMES = "a PairwiseSample, a DenseSample or a MultitaskingSample"


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
    sample: PairwiseSample | DenseSample | MultitaskingSample,
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
    sample : PairwiseSample, DenseSample or MultitaskingSample
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
        law). Dense samples have their own kernels and take "auto" only. For the others
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
    Costs per attempt and flip: cached fields O(1) and N; patterns K and K, of diluted patterns
    those that are not blank at the spin; waiting 0 and about 2 N. Couplings take N^2 or 2 N^2 bytes
    for Hebb's rule with unbiased or diluted patterns (exact integers, in bytes if none exceeds 127;
    sums over many examples 4 N^2) and 4 N^2 otherwise (fixed point, resolution 2^-30 of the largest
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
        if not isinstance(sample, SAMPLES):
            raise TypeError(f"sample must be {NAMES}, got {sample!r}")
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
        self.method = resolve(sample, dynamics, method, self._temperatures)

        from .kernels.rng import seed_states

        self._bulk, self._single = seed_states(seeds)
        self._rule = RULES.index(dynamics.rule)
        self._update = UPDATES.index(dynamics.update)
        self._tracked = _patterns(sample, indices)
        self._mean, self._spread = entry_law(sample.model)
        self._flips = np.zeros(chains, np.int64)
        self._sweeps = 0
        self._sums = np.zeros((chains, size), np.int64)
        self._store = _store_of(sample, self.method)(self)
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


def _temperatures(value, chains: int) -> np.ndarray:
    array = np.asarray(value, dtype=np.float64)
    if array.shape not in ((), (chains,)):
        raise ValueError(
            f"temperatures must be one number or {chains} of them, got shape {array.shape}"
        )
    if not np.all(np.isfinite(array)) or np.any(array < 0.0):
        raise ValueError(f"temperatures must be finite and >= 0, got {value!r}")
    return np.broadcast_to(array, (chains,)).copy()


def entry_law(model: Any) -> tuple[float, float]:
    """Mean and standard deviation by which overlaps standardise the entries of patterns.

    Overlaps with diluted patterns are of the entries -1, 0 and +1 themselves.
    """
    if isinstance(model, Multitasking):
        return 0.0, 1.0
    return float(model.patterns.mean), float(np.sqrt(model.patterns.variance))


def _store_of(sample, method: str) -> type:
    """What keeps the state of chains that are run by the method."""
    if method == "separable":
        from .separable import SeparableStore

        return SeparableStore
    if method == "examples":
        from .examples import ExamplesStore

        return ExamplesStore
    if method != "patterns":
        return CachedFields
    return SparseStore if isinstance(sample, MultitaskingSample) else PatternSpace


def _patterns(sample, indices: list[int]) -> np.ndarray:
    """Patterns of those indices, int8 (len(indices), N)."""
    if not isinstance(sample, DenseSample):
        return np.ascontiguousarray(sample.patterns[indices], dtype=np.int8)
    rows = [unpack(sample.archetypes, mu, mu + 1)[0] for mu in indices]
    return np.array(rows, dtype=np.int8).reshape(len(indices), sample.n_spins)


def _read_only(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.flags.writeable = False
    return view
