"""Annealing and parallel tempering."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .dynamics import Dynamics, engine
from .recorder import Recorder, replica_overlaps
from .sampler import Plan, Tick, advance, entries, make_plan, measure, run_plan, starts

if TYPE_CHECKING:
    from .result import SimulationResult

_BUFFER = 256  # rounds of swaps whose records are kept before they are added up


def anneal(
    model: Any,
    *,
    n_spins: int,
    temperatures: Sequence[float],
    sweeps: int = 1000,
    burn_in: int = 250,
    interval: int = 1,
    chains: int = 4,
    disorder: int = 8,
    start: str = "random",
    corruption: float | None = None,
    weights: Sequence[float] | None = None,
    dynamics: Dynamics | None = None,
    method: str = "auto",
    tracked: int = 1,
    seed: int = 0,
    workers: int = 1,
    progress: bool = True,
) -> SimulationResult:
    """Lead chains through a schedule of temperatures, measuring at each.

    At each temperature a chain goes on from where it was at the one before, for ``burn_in``
    sweeps that are discarded and ``sweeps`` that are measured.

    Parameters
    ----------
    temperatures : sequence of float
        Schedule, T >= 0, in any order: falling to search for low states, rising to follow a
        state until it loses its stability.
    model, n_spins, sweeps, burn_in, interval, chains, disorder, start, corruption, weights, \
dynamics, method, tracked, seed, workers, progress
        As for `assocmem.montecarlo.sampler.sample`; ``sweeps`` and ``burn_in`` are per
        temperature, and ``method="auto"`` goes by the first one.

    Returns
    -------
    SimulationResult
        As from `sample`, and ``final_energy`` (per spin) and ``final_overlap`` of the states
        at the end of the schedule.

    Raises
    ------
    TypeError, ValueError
        If an argument is wrong; before work starts.

    References
    ----------
    Kirkpatrick, Gelatt, Vecchi, Science 220 (1983) 671.

    Examples
    --------
    >>> from assocmem import Hopfield
    >>> from assocmem.montecarlo.tempering import anneal
    >>> result = anneal(
    ...     Hopfield(n_patterns=1), n_spins=50, temperatures=[1.5, 1.0, 0.5, 0.0], sweeps=100
    ... )
    >>> bool((result.to_dataset().final_energy == -0.49).all())  # (1/N - 1)/2, the ground state
    True
    """
    plan = make_plan(
        model,
        kind="anneal",
        name="temperatures",
        n_spins=n_spins,
        temperature=_ladder(temperatures),
        sweeps=sweeps,
        burn_in=burn_in,
        interval=interval,
        chains=chains,
        disorder=disorder,
        start=start,
        corruption=corruption,
        weights=weights,
        dynamics=dynamics,
        method=method,
        tracked=tracked,
        trajectory=False,
        seed=seed,
    )
    sweeps_each = len(plan.temperature) * (plan.burn_in + plan.sweeps)
    return run_plan(plan, _anneal_one, sweeps_each, workers, progress)


def temper(
    model: Any,
    *,
    n_spins: int,
    temperatures: Sequence[float],
    sweeps: int = 4000,
    burn_in: int = 1000,
    interval: int = 1,
    chains: int = 4,
    disorder: int = 8,
    start: str = "random",
    corruption: float | None = None,
    weights: Sequence[float] | None = None,
    dynamics: Dynamics | None = None,
    method: str = "auto",
    tracked: int = 1,
    seed: int = 0,
    workers: int = 1,
    progress: bool = True,
) -> SimulationResult:
    """Parallel tempering: replicas at a ladder of temperatures exchange their states.

    After every ``interval`` sweeps, neighbours (even and odd pairs in turn) swap their
    temperatures with probability min(1, exp((beta_a - beta_b)(H_a - H_b))), which leaves the
    product of the Boltzmann laws invariant.

    Parameters
    ----------
    temperatures : sequence of float
        Ladder of at least two T >= 1e-100, strictly rising or strictly falling.
    interval : int
        Sweeps between swaps, and between records.
    chains : int
        Independent ladders of each quenched sample.
    model, n_spins, sweeps, burn_in, disorder, start, corruption, weights, dynamics, method, \
tracked, seed, workers, progress
        As for `assocmem.montecarlo.sampler.sample`; parallel updates are refused, since their
        stationary law is not exp(-H/T).

    Returns
    -------
    SimulationResult
        As from `sample`, where a chain is what one ladder has at one temperature; and
        ``swap_acceptance`` (each temperature with the next, over ``rung``, whose coordinate is
        the first of the two) and ``round_trips`` (from the highest temperature to the lowest
        and back, over all replicas of a ladder) of the measured sweeps. A ladder without round
        trips has not mixed.

    Raises
    ------
    TypeError, ValueError
        If an argument is wrong; before work starts.

    References
    ----------
    Hukushima, Nemoto, J. Phys. Soc. Jpn. 65 (1996) 1604; Katzgraber et al., J. Stat. Mech.
    (2006) P03018 (round trips).

    Examples
    --------
    >>> from assocmem import Hopfield
    >>> from assocmem.montecarlo.tempering import temper
    >>> result = temper(
    ...     Hopfield(n_patterns=2), n_spins=30, temperatures=[0.4, 0.7, 1.0], sweeps=200,
    ...     disorder=2,
    ... )
    >>> bool((result.to_dataset().round_trips > 0).all())
    True
    """
    ladder = _ladder(temperatures)
    plan = make_plan(
        model,
        kind="temper",
        name="temperatures",
        n_spins=n_spins,
        temperature=ladder,
        sweeps=sweeps,
        burn_in=burn_in,
        interval=interval,
        chains=chains,
        disorder=disorder,
        start=start,
        corruption=corruption,
        weights=weights,
        dynamics=dynamics,
        method=method,
        tracked=tracked,
        trajectory=False,
        seed=seed,
    )
    steps = np.diff(plan.temperature)
    ordered = bool(np.all(steps > 0.0) or np.all(steps < 0.0))
    if len(steps) < 1 or not ordered or min(plan.temperature) < 1e-100:
        raise ValueError(
            f"temperatures must be at least two, >= 1e-100, and strictly rising or falling, "
            f"got {temperatures!r}"
        )
    if plan.dynamics.update == "parallel":
        raise ValueError(
            "dynamics must not be parallel for tempering: its stationary law is not exp(-H/T), "
            f"got {plan.dynamics!r}"
        )
    return run_plan(plan, _temper_one, plan.burn_in + plan.sweeps, workers, progress)


def _ladder(temperatures: Any) -> Any:
    if np.ndim(temperatures) == 0 or isinstance(temperatures, (str, bytes)):
        raise TypeError(f"temperatures must be a sequence of numbers, got {temperatures!r}")
    return temperatures


def _anneal_one(plan: Plan, seed: np.random.SeedSequence, tick: Tick) -> dict[str, np.ndarray]:
    """Anneal all chains of one quenched sample together."""
    draw_seed, start_seed, chain_seed = seed.spawn(3)
    quenched = plan.model.draw(plan.n_spins, np.random.default_rng(draw_seed))
    running = engine(
        quenched,
        starts(plan, quenched, start_seed),
        np.full(plan.chains, plan.temperature[0]),
        chain_seed.spawn(plan.chains),
        dynamics=plan.dynamics,
        tracked=tuple(range(plan.tracked)),
        method=plan.method,
    )
    parts = []
    for temperature in plan.temperature:
        running.set_temperatures(np.full(plan.chains, temperature))
        advance(plan, running, plan.chains, tick, plan.burn_in)
        running.reset_sums()
        recorder = Recorder(plan.chains, 1, plan.tracked, plan.n_records)
        measure(plan, running, plan.chains, tick, recorder)
        part = recorder.result(np.array([temperature]), plan.n_spins, plan.gibbs)
        if plan.chains > 1:
            part.update(replica_overlaps(running.spin_sums[None] / plan.n_records))
        parts.append(part)
    out = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    out["method"] = np.array(running.method)
    out["final_energy"] = running.energies() / plan.n_spins
    patterns = entries(plan.model, quenched, plan.tracked)
    out["final_overlap"] = running.spins @ patterns.T / plan.n_spins
    return out


def _temper_one(plan: Plan, seed: np.random.SeedSequence, tick: Tick) -> dict[str, np.ndarray]:
    """All ladders of one quenched sample, in one engine of T * C lanes."""
    draw_seed, start_seed, chain_seed, swap_seed = seed.spawn(4)
    quenched = plan.model.draw(plan.n_spins, np.random.default_rng(draw_seed))
    n_rungs = len(plan.temperature)
    n_lanes = n_rungs * plan.chains
    running = engine(
        quenched,
        np.tile(starts(plan, quenched, start_seed), (n_rungs, 1)),
        np.repeat(plan.temperature, plan.chains),
        [child for group in chain_seed.spawn(n_rungs) for child in group.spawn(plan.chains)],
        dynamics=plan.dynamics,
        tracked=tuple(range(plan.tracked)),
        method=plan.method,
    )
    ladders = Ladders(np.array(plan.temperature), plan.chains, np.random.default_rng(swap_seed))

    def rounds(number: int) -> np.ndarray:
        """``number`` rounds of sweeps, record and swap; records by rung (lanes, number, 1 + P)."""
        records = np.empty((n_lanes, number, 1 + plan.tracked))
        for k in range(number):
            now = running.run(plan.interval, plan.interval)
            assert now is not None  # an interval was given
            records[:, k] = now[ladders.lanes.ravel(), 0]
            spin_sums[...] += running.spins[ladders.lanes]
            ladders.swap(plan.n_spins * now[:, 0, 0])
            running.set_temperatures(ladders.lane_temperatures())
        tick(number * plan.interval)
        return records

    spin_sums = np.zeros((n_rungs, plan.chains, plan.n_spins), dtype=np.int64)
    # Whole rounds only; what is left of the burn-in is less than one.
    waiting = plan.burn_in // plan.interval
    while waiting > 0:
        rounds(min(_BUFFER, waiting))
        waiting -= _BUFFER
    advance(plan, running, n_lanes, tick, plan.burn_in % plan.interval)
    spin_sums[...] = 0
    ladders.reset()
    recorder = Recorder(n_lanes, n_rungs, plan.tracked, plan.n_records)
    left = plan.n_records
    while left > 0:
        recorder.add(rounds(min(_BUFFER, left)))
        left -= _BUFFER
    out = recorder.result(np.array(plan.temperature), plan.n_spins)
    out["method"] = np.array(running.method)
    if plan.chains > 1:
        out.update(replica_overlaps(spin_sums / plan.n_records))
    out["swap_acceptance"] = ladders.acceptance()
    out["round_trips"] = ladders.round_trips
    return out


class Ladders:
    """Which lane of the engine is at which rung of each ladder, and the swaps between rungs.

    Parameters
    ----------
    temperatures : ndarray, shape (T,)
        Rungs, monotonic and positive.
    n_ladders : int
        C. At the start rung t of ladder c is lane t C + c.
    rng : numpy.random.Generator
        For the swaps alone.
    """

    def __init__(self, temperatures: np.ndarray, n_ladders: int, rng: np.random.Generator) -> None:
        self.temperatures = temperatures
        self.lanes = np.arange(len(temperatures) * n_ladders).reshape(-1, n_ladders)
        self._rng = rng
        self._parity = 0
        self._steps = -np.diff(1.0 / temperatures)[:, None]
        self._hot = 0 if temperatures[0] > temperatures[-1] else -1
        self.reset()

    def reset(self) -> None:
        """Forget the counts of swaps and round trips; the states stay where they are."""
        n_rungs, n_ladders = self.lanes.shape
        self._tried = np.zeros((n_rungs - 1, n_ladders), dtype=np.int64)
        self._done = np.zeros_like(self._tried)
        self.round_trips = np.zeros(n_ladders, dtype=np.int64)
        # Of each lane: 0 has not seen the hot end, 1 comes from it, 2 has been cold since.
        self._phase = np.zeros(self.lanes.size, dtype=np.int8)

    def swap(self, energies: np.ndarray) -> None:
        """Try to swap every second pair of rungs of every ladder.

        Parameters
        ----------
        energies : ndarray, shape (T * C,)
            Total energy H of each lane.
        """
        low = slice(self._parity, len(self.temperatures) - 1, 2)
        high = slice(self._parity + 1, len(self.temperatures), 2)
        self._parity = 1 - self._parity
        here, there = self.lanes[low].copy(), self.lanes[high].copy()
        gain = self._steps[low] * (energies[here] - energies[there])
        # P(-Exp(1) < gain) = min(1, exp(gain)).
        swapped = -self._rng.standard_exponential(gain.shape) < gain
        self.lanes[low] = np.where(swapped, there, here)
        self.lanes[high] = np.where(swapped, here, there)
        self._tried[low] += 1
        self._done[low] += swapped
        at_hot, at_cold = self.lanes[self._hot], self.lanes[-1 - self._hot]
        self.round_trips += self._phase[at_hot] == 2
        self._phase[at_hot] = 1
        self._phase[at_cold] = np.where(self._phase[at_cold] > 0, 2, 0)

    def lane_temperatures(self) -> np.ndarray:
        """Temperature of each lane, shape (T * C,)."""
        out = np.empty(self.lanes.size)
        out[self.lanes] = self.temperatures[:, None]
        return out

    def acceptance(self) -> np.ndarray:
        """Accepted fraction of swaps, shape (C, T - 1); NaN for a pair never tried."""
        tried = np.where(self._tried > 0, self._tried, np.nan)
        return (self._done / tried).T
