"""Run a model: many chains on many quenched samples, observables with error bars."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate as check
from ..hopfield._arguments import machine_memory
from ..hopfield.dense import Dense
from ..hopfield.multitasking import Multitasking
from . import sparse
from .dynamics import Dynamics, engine, entry_law
from .methods import METHODS
from .recorder import Recorder, replica_overlaps

if TYPE_CHECKING:
    from .result import SimulationResult

STARTS = ("pattern", "corrupted", "mixture", "random")
_MOST = 10**12  # sweeps: spin sums and flip counts stay far from the end of int64


def sample(
    model: Any,
    *,
    n_spins: int,
    temperature: float | Sequence[float],
    sweeps: int = 4000,
    burn_in: int = 1000,
    interval: int = 1,
    chains: int = 4,
    disorder: int = 8,
    start: str = "pattern",
    corruption: float | None = None,
    weights: Sequence[float] | None = None,
    dynamics: Dynamics | None = None,
    method: str = "auto",
    tracked: int = 1,
    trajectory: bool = False,
    seed: int = 0,
    workers: int = 1,
    progress: bool = True,
) -> SimulationResult:
    """Simulate ``model`` and measure its observables.

    For each of ``disorder`` quenched samples, ``chains`` independent chains (replicas) run at
    each temperature, from the same starts.

    Parameters
    ----------
    model : Hopfield, Dense or Multitasking
        What to simulate.
    n_spins : int
        N >= 2.
    temperature : float or sequence of float
        T >= 0 in units of H (k_B = 1); several are run side by side.
    sweeps, burn_in : int
        Sweeps measured, and sweeps discarded before them. One sweep is N attempted flips.
    interval : int
        Sweeps between records; there must be at least 4 records.
    chains, disorder : int
        Replicas of each quenched sample, and number of quenched samples.
    start : {"pattern", "corrupted", "mixture", "random"}
        The first pattern, the same with a fraction ``corruption`` of its spins flipped (chosen
        at random for each chain: initial overlap 1 - 2 corruption for unbiased patterns), the
        signs of the weighted sum of patterns, s_i = sgn(sum_mu w_mu xi_i^mu) (ties at random for
        each chain), or independent random spins for each chain. Where the first of diluted
        patterns is blank, spins are random for each chain; only others are flipped, so that its
        overlap is that of the pattern times 1 - 2 corruption.
    corruption : float, optional
        In [0, 1], for ``start="corrupted"`` only. round(corruption N) spins are flipped, N counting
        those where the pattern is not blank.
    weights : sequence of float, optional
        w_mu of the first patterns, at most K of them, for ``start="mixture"`` only; by default 1
        for each of the ``tracked`` ones. With 4, 2, 1 each spin follows the first of three patterns
        that is not blank there; with the overlaps of a state, its fields.
    dynamics : Dynamics, optional
        Heat bath with sequential updates if left out.
    method : {"auto", "single", "lanes", "patterns", "waiting"}
        Kernel, see `assocmem.montecarlo.dynamics.engine`. Dense models take "auto" only. For
        pairwise ones it takes "patterns" or cached
        fields by the highest temperature, N, K and the memory of the machine, and the numbers
        of the chains depend on which. The attribute ``method`` of the result says which it was
        ("auto" there: cached fields, each chain waiting while flips are few).
    tracked : int
        Number P of patterns, the first ones, whose overlaps are recorded.
    trajectory : bool
        Keep every record: 8 (1 + P) bytes each.
    seed : int
        >= 0. Every number follows from it, whatever ``workers``. More quenched samples leave
        the first ones as they were.
    workers : int
        Threads over quenched samples.
    progress : bool
        Show a progress bar when on a terminal.

    Returns
    -------
    SimulationResult
        With these observables, ``<>`` being one chain's average:

        - ``energy``: <H>/N, in the units of H; ``specific_heat``: N (<e^2> - <e>^2)/T^2, per
          spin (k_B = 1);
        - ``overlap``, ``overlap_abs``, ``overlap_squared``: <m>, <|m|>, <m^2>;
        - ``susceptibility``: N (<m^2> - <m>^2)/T, of each chain by itself and so the connected
          one, of the state the chain is in; N times the variance of <m> over chains or quenched
          samples would be the disconnected one. ``binder``: 1 - <m^4>/(3 <m^2>^2), per chain;
        - ``replica_overlap``: q = (1/N) sum_i <s_i>_a <s_i>_b averaged over pairs of chains of
          the same sample. Without a field, chains may sit in states that differ by a flip of
          all spins, and contributions of either sign cancel: then ``replica_overlap_rms``, the
          root of the mean of q_ab^2, is the one to look at. Both need ``chains`` >= 2.
          Their errors on each sample (``replica_overlap_error``) are jackknifed over its C
          chains and have only C - 1 degrees of freedom: few, so compare with Student's t.

        The responses, ``specific_heat`` and ``susceptibility``, are fluctuations by the theorem
        that holds for exp(-H/T). They are NaN at T = 0, and for parallel updates, whose
        stationary law is another. They are 0 for a chain whose series never changed, and end at
        1e150, beyond which only a chain far from equilibrium at T < 1e-70 would come.

    Raises
    ------
    TypeError, ValueError
        If an argument is wrong; before work starts.

    Notes
    -----
    Memory beside the couplings does not grow with ``sweeps`` (unless ``trajectory``); what dense
    models take for each of ``workers`` is `Dense.memory`, with ``chains`` at each temperature. For
    parallel updates the stationary law is Little's, not exp(-H/T); energies are still of H, and
    there are no responses.

    Examples
    --------
    >>> from assocmem import Hopfield
    >>> from assocmem.montecarlo.sampler import sample
    >>> result = sample(
    ...     Hopfield(load=0.05), n_spins=100, temperature=0.2, sweeps=200, disorder=2
    ... )
    >>> value, error = result.estimate("overlap")
    >>> bool(value.item() > 0.9)
    True
    """
    plan = make_plan(
        model,
        kind="sample",
        n_spins=n_spins,
        temperature=temperature,
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
        trajectory=trajectory,
        seed=seed,
    )
    return run_plan(plan, _sample_one, plan.burn_in + plan.sweeps, workers, progress)


@dataclass(frozen=True)
class Plan:
    """Checked arguments of one simulation."""

    model: Any
    kind: str
    n_spins: int
    temperature: tuple[float, ...]
    sweeps: int
    burn_in: int
    interval: int
    chains: int
    disorder: int
    start: str
    corruption: float | None
    weights: tuple[float, ...] | None
    dynamics: Dynamics
    method: str
    tracked: int
    trajectory: bool
    seed: int

    @property
    def gibbs(self) -> bool:
        """Whether the stationary law is exp(-H/T), so that fluctuations are responses."""
        return self.dynamics.update != "parallel"

    @property
    def work(self) -> int:
        """Operations of one sweep of one chain, in those of a pairwise attempt."""
        if isinstance(self.model, Multitasking):
            stored = self.model.count(self.n_spins) * sparse.width_of(self.model)
            return self.n_spins * max(1, round((1.0 - self.model.dilution) * stored) // 16)
        if not isinstance(self.model, Dense):
            return self.n_spins
        learning = self.model.learning
        stored = self.model.count(self.n_spins) * (learning.n_examples if learning else 1)
        return self.n_spins * max(1, stored // 64)

    @property
    def n_records(self) -> int:
        """Records of each chain."""
        return self.sweeps // self.interval

    def parameters(self) -> dict[str, Any]:
        """Arguments but the model, as JSON can hold them."""
        entries = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        del entries["model"], entries["kind"]
        entries["dynamics"] = dataclasses.asdict(self.dynamics)
        entries["temperature"] = list(self.temperature)
        if self.weights is None:  # as in files and stores from before there were any
            del entries["weights"]
        else:
            entries["weights"] = list(self.weights)
        return entries


def make_plan(
    model: Any, *, kind: str, temperature: Any, name: str = "temperature", **given: Any
) -> Plan:
    """Check every argument; ``name`` is what the caller knows the temperatures by."""
    check_model(model)
    plan: dict[str, Any] = {"model": model, "kind": kind}
    plan["temperature"] = _temperatures(name, temperature)
    plan["n_spins"] = check.integer("n_spins", given["n_spins"], 2)
    for key, low in (("sweeps", 1), ("burn_in", 0), ("interval", 1)):
        plan[key] = check.integer(key, given[key], low, _MOST)
    for key in ("chains", "disorder"):
        plan[key] = check.integer(key, given[key], 1, 10**6)
    if plan["sweeps"] // plan["interval"] < 4:
        raise ValueError(
            f"sweeps must give at least 4 records, got sweeps={plan['sweeps']} "
            f"with interval={plan['interval']}"
        )
    plan["start"] = check.choice("start", given["start"], STARTS)
    plan["corruption"] = given["corruption"]
    if plan["start"] == "corrupted":
        if plan["corruption"] is None:
            raise ValueError("corruption must be given for start='corrupted', got None")
        plan["corruption"] = check.real("corruption", plan["corruption"], 0.0, 1.0)
    elif plan["corruption"] is not None:
        raise ValueError(
            f"corruption must be left out unless start='corrupted', got {plan['corruption']!r}"
        )
    n_patterns = model.count(plan["n_spins"])
    plan["weights"] = _weights(given.get("weights"), plan["start"], n_patterns)
    plan["dynamics"] = Dynamics() if given["dynamics"] is None else given["dynamics"]
    if not isinstance(plan["dynamics"], Dynamics):
        raise TypeError(f"dynamics must be a Dynamics, got {given['dynamics']!r}")
    plan["method"] = check.choice("method", given["method"], METHODS)
    if isinstance(model, Dense) and plan["method"] != "auto":
        raise ValueError(f"method must be 'auto' for a dense model, got {plan['method']!r}")
    plan["tracked"] = check.integer("tracked", given["tracked"], 1)
    if plan["tracked"] > n_patterns:
        raise ValueError(
            f"tracked must be at most the number of patterns, {n_patterns}, got {plan['tracked']}"
        )
    if not isinstance(given["trajectory"], (bool, np.bool_)):
        raise TypeError(f"trajectory must be True or False, got {given['trajectory']!r}")
    plan["trajectory"] = bool(given["trajectory"])
    plan["seed"] = check.integer("seed", given["seed"], 0)
    checked = Plan(**plan)
    _check_memory(checked)
    return checked


def check_model(model: Any) -> None:
    """Raise TypeError for what cannot be simulated."""
    if not (callable(getattr(model, "draw", None)) and callable(getattr(model, "count", None))):
        raise TypeError(f"model must be a model such as Hopfield(load=0.1), got {model!r}")
    if isinstance(model, type):
        raise TypeError(f"model must be an instance, got the class {model.__name__}")


def _weights(value: Any, start: str, n_patterns: int) -> tuple[float, ...] | None:
    if value is None:
        return None
    if start != "mixture":
        raise ValueError(f"weights must be left out unless start='mixture', got {value!r}")
    if isinstance(value, (str, bytes, Mapping, Set)) or not np.iterable(value):
        raise TypeError(f"weights must be a sequence of numbers, got {value!r}")
    found = tuple(
        check.real(f"weights[{mu}]", _plain(weight), -1e100, 1e100) + 0.0
        for mu, weight in enumerate(value)
    )
    if not 1 <= len(found) <= n_patterns or not any(found):
        raise ValueError(
            f"weights must be those of 1 to {n_patterns} patterns, not all 0, got {value!r}"
        )
    return found


def _temperatures(name: str, value: Any) -> tuple[float, ...]:
    if isinstance(value, (str, bytes)):
        raise TypeError(f"{name} must be a number or a sequence of numbers, got {value!r}")
    try:
        dimensions = np.ndim(value)
    except ValueError:  # a ragged list
        dimensions = -1
    if dimensions == 0:
        return (check.real(name, _plain(value), 0.0),)
    if dimensions != 1 or len(value) == 0:
        raise ValueError(f"{name} must be a number or a non-empty sequence, got {value!r}")
    return tuple(check.real(f"{name}[{k}]", _plain(entry), 0.0) for k, entry in enumerate(value))


def _plain(value: Any) -> Any:
    """The number in an array without dimensions; anything else as it is."""
    return value.item() if np.ndim(value) == 0 and hasattr(value, "item") else value


def _check_memory(plan: Plan, workers: int = 1) -> None:
    have = machine_memory()
    runs = plan.chains * len(plan.temperature)
    # Per chain: spins (int8), local fields (float32), spin sums (int64), and their means.
    need = runs * plan.n_spins * 21
    need += plan.disorder * runs * (1 + plan.tracked) * 8 * (plan.n_records * plan.trajectory + 30)
    if isinstance(plan.model, Dense):
        need += workers * plan.model.memory(plan.n_spins, runs)
    if isinstance(plan.model, Multitasking):
        need += workers * plan.model.memory(plan.n_spins)
        need += workers * sparse.memory(plan.model, plan.n_spins, runs)
    # The engine needs the couplings besides, unless it can work on the patterns.
    if plan.method in ("single", "lanes", "waiting"):
        need += 10 * plan.n_spins**2
    if need > have:
        raise ValueError(
            f"n_spins={plan.n_spins}, chains={plan.chains}, {len(plan.temperature)} temperatures, "
            f"disorder={plan.disorder}, method={plan.method!r}, trajectory={plan.trajectory}"
            f"{f', workers={workers}' if workers > 1 else ''} need "
            f"{need / 2**30:.3g} GiB, more than the {have / 2**30:.3g} GiB of this machine"
        )


class Cancelled(Exception):
    """Another quenched sample failed, or the user interrupted: stop early."""


Tick = Callable[[int], None]
Task = Callable[[Plan, np.random.SeedSequence, Tick], dict[str, np.ndarray]]


def run_plan(
    plan: Plan, task: Task, sweeps_each: int, workers: int, progress: bool
) -> SimulationResult:
    """Run ``task`` for each quenched sample and label what comes back."""
    from .result import assemble

    return assemble(plan, run_samples(plan, task, sweeps_each, workers, progress))


def run_samples(
    plan: Plan, task: Task, sweeps_each: int, workers: int, progress: bool
) -> list[dict[str, np.ndarray]]:
    """Run ``task`` for each quenched sample, on threads; what each gave, in order."""
    from tqdm import tqdm

    workers = check.integer("workers", workers, 1, 10**4)
    if not isinstance(progress, (bool, np.bool_)):
        raise TypeError(f"progress must be True or False, got {progress!r}")
    _check_memory(plan, min(workers, plan.disorder))
    seeds = np.random.SeedSequence(plan.seed).spawn(plan.disorder)
    stop, lock = threading.Event(), threading.Lock()
    with tqdm(
        total=plan.disorder * sweeps_each,
        unit="sweep",
        unit_scale=True,
        desc=f"N={plan.n_spins}",
        disable=None if progress else True,
    ) as bar:

        def tick(n_sweeps: int) -> None:
            if stop.is_set():
                raise Cancelled
            with lock:
                bar.update(n_sweeps)

        if workers == 1:
            return [task(plan, child, tick) for child in seeds]
        with ThreadPoolExecutor(min(workers, plan.disorder)) as pool:
            futures = [pool.submit(task, plan, child, tick) for child in seeds]
            try:
                return [future.result() for future in futures]
            except BaseException:
                stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
                # A sample that was cancelled may stand before the one that failed.
                causes = [f.exception() for f in futures if f.done() and not f.cancelled()]
                for cause in causes:
                    if cause is not None and not isinstance(cause, Cancelled):
                        raise cause from None
                raise


def entries(model: Any, quenched: Any, number: int) -> np.ndarray:
    """Entries of the first patterns as overlaps take them, float64 (number, N)."""
    mean, spread = entry_law(model)
    return (quenched.leading(number).astype(np.float64) - mean) / spread


def starts(plan: Plan, quenched: Any, seed: np.random.SeedSequence) -> np.ndarray:
    """Initial spins, int8 (chains, N); each chain draws from its own stream."""
    first = quenched.leading(1)[0]
    blank, filled = np.flatnonzero(first == 0), np.flatnonzero(first)
    spins = np.repeat(first[None], plan.chains, axis=0)
    flipped = round((plan.corruption or 0.0) * len(filled))
    if plan.start == "mixture":
        weights = np.ones(plan.tracked) if plan.weights is None else np.array(plan.weights)
        parts = weights[:, None] * entries(plan.model, quenched, len(weights))
        total = parts.sum(axis=0)
        tied = np.abs(total) <= 1e-12 * np.abs(parts).sum(axis=0)  # but for rounding
    for chain, child in zip(spins, seed.spawn(plan.chains), strict=True):
        rng = np.random.default_rng(child)
        if plan.start == "random":
            chain[:] = _random_signs(rng, plan.n_spins)
        elif plan.start == "mixture":
            ties = 2 * rng.integers(0, 2, plan.n_spins) - 1
            chain[:] = np.where(tied, ties, np.sign(total))
        else:
            if plan.start == "corrupted":
                chain[filled[rng.permutation(len(filled))[:flipped]]] *= -1
            chain[blank] = _random_signs(rng, len(blank))
    return spins


def _random_signs(rng: np.random.Generator, number: int) -> np.ndarray:
    return 2 * rng.integers(0, 2, number, dtype=np.int8) - 1


def advance(plan: Plan, running: Any, n_chains: int, tick: Tick, sweeps: int) -> None:
    """Run ``sweeps`` without records, in pieces short enough to interrupt."""
    piece = max(1, 2**24 // (n_chains * plan.work))
    while sweeps > 0:
        now = min(piece, sweeps)
        running.run(now)
        sweeps -= now
        tick(now)


def measure(
    plan: Plan, running: Any, n_chains: int, tick: Tick, recorder: Recorder
) -> np.ndarray | None:
    """Run the measured sweeps; return the records if the trajectory is wanted."""
    piece = max(1, 2**24 // (n_chains * plan.work * plan.interval))
    # Half a megabyte of records at a time: the statistics work in the cache.
    piece = min(piece, max(1, 2**16 // (n_chains * (1 + plan.tracked))))
    kept = []
    left = plan.n_records
    while left > 0:
        now = min(piece, left)
        records = running.run(now * plan.interval, plan.interval)
        recorder.add(records)
        if plan.trajectory:
            kept.append(records)
        left -= now
        tick(now * plan.interval)
    tick(plan.sweeps - plan.n_records * plan.interval)
    return np.concatenate(kept, axis=1) if plan.trajectory else None


def measure_means(
    plan: Plan, running: Any, n_chains: int, tick: Tick
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Run the measured sweeps; first record of each chain, mean and last, (R, 1 + P) each."""
    piece = max(1, 2**24 // (n_chains * plan.work * plan.interval))
    piece = min(piece, max(1, 2**20 // (n_chains * (1 + plan.tracked))))
    total, first, left = 0.0, None, plan.n_records
    while left > 0:
        now = min(piece, left)
        records = running.run(now * plan.interval, plan.interval)
        first = records[:, 0] if first is None else first
        total = total + records.sum(axis=1)
        left -= now
        tick(now * plan.interval)
    tick(plan.sweeps - plan.n_records * plan.interval)
    return first, total / plan.n_records, records[:, -1]


def trajectories(records: np.ndarray, n_temperatures: int) -> dict[str, np.ndarray]:
    """Label records (R, n, 1 + P) as (T, C, n) energies and (T, C, P, n) overlaps."""
    shaped = records.reshape(n_temperatures, -1, *records.shape[1:])
    return {
        "energy_trajectory": shaped[..., 0],
        "overlap_trajectory": np.moveaxis(shaped[..., 1:], 3, 2),
    }


def _sample_one(plan: Plan, seed: np.random.SeedSequence, tick: Tick) -> dict[str, np.ndarray]:
    """All temperatures and chains of one quenched sample, together in one engine."""
    draw_seed, start_seed, chain_seed = seed.spawn(3)
    quenched = plan.model.draw(plan.n_spins, np.random.default_rng(draw_seed))
    n_temperatures = len(plan.temperature)
    n_chains = n_temperatures * plan.chains
    running = engine(
        quenched,
        np.tile(starts(plan, quenched, start_seed), (n_temperatures, 1)),
        np.repeat(plan.temperature, plan.chains),
        [child for group in chain_seed.spawn(n_temperatures) for child in group.spawn(plan.chains)],
        dynamics=plan.dynamics,
        tracked=tuple(range(plan.tracked)),
        method=plan.method,
    )
    advance(plan, running, n_chains, tick, plan.burn_in)
    running.reset_sums()
    recorder = Recorder(n_chains, n_temperatures, plan.tracked, plan.n_records)
    records = measure(plan, running, n_chains, tick, recorder)
    out = recorder.result(np.array(plan.temperature), plan.n_spins, plan.gibbs)
    out["method"] = np.array(running.method)
    if plan.chains > 1:
        sums = running.spin_sums.reshape(n_temperatures, plan.chains, plan.n_spins)
        out.update(replica_overlaps(sums / plan.n_records))
    if records is not None:
        out.update(trajectories(records, n_temperatures))
    return out
