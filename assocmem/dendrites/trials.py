"""Simulation of detectors and populations: how often they fire when they should not, or fail to."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from .. import _validate as check
from ..estimates import Counted, Estimate
from ._coded import Coded, certainty, coded, states
from .detector import Detector, Population
from .rare import Map, importance, importance_applies, splitting

METHODS = ("auto", "trials", "splitting", "importance")
EVENTS = ("false_positive", "false_negative")
# Events that trials should see for their error to be some percent.
_ENOUGH = 400
_BLOCK = 1 << 21


def simulate(
    model: Detector | Population,
    *,
    trials: int = 1_000_000,
    seed: int = 0,
    workers: int = 1,
    progress: bool = False,
    method: str = "auto",
    only: str | None = None,
) -> dict[str, Estimate]:
    """Estimate how often a detector fires for what it did not store, and misses what it did.

    In plain trials everything is drawn anew each time: stored patterns, their synapses, what is
    presented, the noise on it, transmission. Where a pilot of a tenth of them shows that the
    rest would see too few events, rare-event sampling takes their place, which gives 32
    independent, unbiased estimates at any depth.

    Parameters
    ----------
    model : Detector or Population
        What to simulate.
    trials : int
        Budget of each of the two events: trials with the pilot, samples (importance), or visits to
        particles (splitting, at least 32 x 200 a stage); >= 1.
    seed : int
        >= 0; fixes all that is drawn.
    workers : int
        Threads, >= 1; the result does not depend on them.
    progress : bool
        Show a progress bar when on a terminal.
    method : str
        "trials"; "splitting", for everything; "importance", for false positives of single
        neurons without whole clusters, others being split; "auto" chooses as said above,
        importance sampling before splitting.
    only : {"false_positive", "false_negative"}, optional
        Simulate this one alone; its estimate is the same.

    Returns
    -------
    dict
        Estimates of "false_positive" and "false_negative", each a `Counted` of trials or a
        `Replicated`; ``method`` of each says how it was made. An event that cannot happen, or
        happens always, is a `Counted` of 0 or all trials.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range, or patterns of ``n_synapses`` active
        cells are too rare to be found by drawing.

    Notes
    -----
    A trial costs O(a + N K M s) draws of a few ns for N neurons of K segments of M patterns. Moves
    of a particle are some 3 for each synapse (6 with whole clusters), of 20 to 50 ns each for one
    neuron and more for several.

    Examples
    --------
    >>> from assocmem import Detector
    >>> from assocmem.dendrites.trials import simulate
    >>> from assocmem.sdr import Drop, Uniform
    >>> model = Detector(Uniform(n=500, a=128), n_synapses=24, threshold=12, noise=Drop(64))
    >>> found = simulate(model, trials=20_000, seed=1)
    >>> print(f"{found['false_positive'].mean:.4f} {found['false_negative'].mean:.2f}")
    0.0075 0.41
    """
    code = coded(model)
    trials = check.integer("trials", trials, 1)
    seed = check.integer("seed", seed, 0)
    workers = check.integer("workers", workers, 1)
    if not isinstance(progress, (bool, np.bool_)):
        raise TypeError(f"progress must be True or False, got {progress!r}")
    check.choice("method", method, METHODS)
    names = EVENTS if only is None else (check.choice("only", only, EVENTS),)
    with _threads(workers, progress) as mapped:
        return {
            name: _estimate(code, name == EVENTS[1], trials, seed, method, mapped) for name in names
        }


@contextlib.contextmanager
def _threads(workers: int, progress: bool) -> Iterator[Map]:
    """A ``map`` on threads that shows how far it has come."""
    from tqdm import tqdm

    disable = None if progress else True
    with ThreadPoolExecutor(workers) as pool:

        def mapped(task, items):
            items = list(items)
            found = map(task, items) if workers == 1 else pool.map(task, items)
            return tqdm(found, total=len(items), disable=disable, leave=False)

        yield mapped


def _estimate(
    code: Coded, lost: bool, trials: int, seed: int, method: str, mapped: Map
) -> Estimate:
    """One of the two events, by the method that is wanted."""
    lost = bool(lost)
    sure = certainty(code, lost)
    if sure is not None:
        return Counted(trials if sure else 0, trials, "certain" if sure else "impossible")
    if method == "auto":
        pilot = max(trials // 10, min(trials, 1000))
        rest = trials - pilot
        seen = count_events(code, lost, pilot, (seed, int(lost), 0), mapped)
        if rest == 0:
            return Counted(seen, pilot)
        # The pilot is not among the trials that count, so that its choice does not bias them.
        method = "trials" if seen * rest >= _ENOUGH * pilot else "rare"
        trials = rest
    if method != "trials":
        if method != "splitting" and importance_applies(code, lost):
            return importance(code, trials=trials, seed=seed, mapped=mapped)
        found = splitting(code, lost, trials=trials, seed=seed, mapped=mapped)
        if found is not None:
            return found
    return Counted(count_events(code, lost, trials, (seed, int(lost), 1), mapped), trials)


def count_events(
    code: Coded, lost: bool, trials: int, key: tuple[int, ...], mapped: Map = map
) -> int:
    """Events among independent trials, in blocks that each have a stream of their own."""
    from .kernels import trials as kernels

    block = max(min(_BLOCK // code.work, 1 << 16), 16)

    def run(i: int) -> int:
        number = min(block, trials - i * block)
        return kernels.count_events(
            states(*key, i), 0, number, lost, code.form, code.rates, code.transmission,
            *code.scratch(),
        )  # fmt: skip

    return int(sum(mapped(run, range(-(-trials // block)))))
