"""Simulations of sequence memories whose accuracy is known: stored transitions, noise, branches."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .. import _validate as check
from ..estimates import Counted, Replicated
from ..sdr._seeds import generator, state
from ..serial import register
from .sequence_streams import uniform_sequences
from .temporal_memory import TemporalMemory

# Memories that errors are estimated from, at least, where there is more than one transition.
_MEMORIES = 8
_CHUNK = 1 << 16


@register
@dataclass(frozen=True)
class StoredTransitions:
    """Sequences of random elements, stored in segments that subsample each element.

    One cell to a column. For each transition, each of the a cells of the next element grows a
    segment of its own with ``n_synapses`` of the a cells of the element before, whatever it holds
    already. The accuracy of a prediction is Jaccard's: predicted cells of the next element over
    all cells predicted or in it.

    Parameters
    ----------
    n, a : int
        Cells and active ones, 1 <= a <= n.
    n_synapses : int
        s, from 1 to a and to 4095.
    threshold : int
        theta, from 1 to s.
    n_sequences : int
        >= 1.
    length : int
        Elements of a sequence, >= 2.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> from assocmem import StoredTransitions
    >>> StoredTransitions(500, 64, 20, 10, n_sequences=1000, length=20).n_transitions
    19000
    """

    n: int
    a: int
    n_synapses: int
    threshold: int
    n_sequences: int
    length: int

    def __post_init__(self) -> None:
        a = check.set_integer(self, "a", 1, check.set_integer(self, "n", 1, 2**31 - 1))
        check.set_integer(
            self, "threshold", 1, check.set_integer(self, "n_synapses", 1, min(a, 4095))
        )
        check.set_integer(self, "n_sequences", 1)
        check.set_integer(self, "length", 2)

    @property
    def n_transitions(self) -> int:
        """Stored transitions, n_sequences (length - 1)."""
        return self.n_sequences * (self.length - 1)

    @property
    def memory(self) -> TemporalMemory:
        """The temporal memory that holds them."""
        return _one_cell_each(self.n, self.n_synapses, self.threshold, max_segments=2**31 - 1)


def _one_cell_each(n: int, s: int, threshold: int, max_segments: int = 4095) -> TemporalMemory:
    """One cell to a column, segments that are connected at once and never change afterwards."""
    return TemporalMemory(
        n_columns=n,
        cells_per_column=1,
        activation_threshold=threshold,
        min_threshold=threshold,
        initial_permanence=1.0,
        max_new_synapses=s,
        permanence_increment=0.0,
        permanence_decrement=0.0,
        max_segments_per_cell=max_segments,
        max_synapses_per_segment=s,
    )


def simulate(
    model: StoredTransitions,
    *,
    trials: int = 100_000,
    seed: int = 0,
    workers: int = 1,
    progress: bool = False,
) -> dict[str, Replicated]:
    """Mean accuracy of the predictions that stored elements make.

    Segments are laid down as the model says, by `SequenceMemory.connect`, as a memory that learns
    by itself would not grow segments on cells that are predicted by mistake. Then sequences are
    presented to the memory without learning.

    Parameters
    ----------
    model : StoredTransitions
        What to simulate.
    trials : int
        Transitions to test, over all memories, >= 1: at least 8 memories, and as many more as
        ``trials`` pays for with all their transitions. In each memory whole sequences are tested.
    seed : int
        >= 0; fixes all that is drawn.
    workers : int
        Threads over memories, >= 1; the result does not depend on them.
    progress : bool
        Show a progress bar when on a terminal.

    Returns
    -------
    dict
        "accuracy": one mean for each memory, independent of each other.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Notes
    -----
    Storing costs about 10 ns and 20 bytes for each of the T a s synapses of a memory. Testing a
    transition costs T s a^2/n operations, or, where overlaps of elements seldom reach the
    threshold, T a^2/n and a s for each stored element whose overlap does.

    Examples
    --------
    >>> from assocmem import StoredTransitions
    >>> from assocmem.dendrites.sequence_trials import simulate
    >>> model = StoredTransitions(200, 32, 12, 6, n_sequences=10, length=20)
    >>> round(simulate(model, trials=2000, seed=1)["accuracy"].mean, 2)
    0.59
    """
    if not isinstance(model, StoredTransitions):
        raise TypeError(f"model must be StoredTransitions, got {model!r}")
    trials = check.integer("trials", trials, 1)
    seed = check.integer("seed", seed, 0)
    workers = check.integer("workers", workers, 1)
    memories = max(_MEMORIES, trials // model.n_transitions)
    tested = -(-trials // (memories * (model.length - 1)))
    tested = min(model.n_sequences, tested)
    found = _over(
        lambda rng: _accuracy(model, tested, rng), memories, seed, workers, bool(progress)
    )
    return {"accuracy": Replicated(np.array(found), "memories")}


def _over(task, number: int, seed: int, workers: int, progress: bool) -> list:
    """``task`` of a generator for each of independent samples."""
    from tqdm import tqdm

    rngs = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(number)]
    with ThreadPoolExecutor(workers) as pool:
        found = map(task, rngs) if workers == 1 else pool.map(task, rngs)
        return list(tqdm(found, total=number, disable=None if progress else True, leave=False))


def _accuracy(model: StoredTransitions, tested: int, rng: np.random.Generator) -> float:
    """Mean accuracy of one memory over some of its sequences."""
    sequences = uniform_sequences(model.n, model.a, model.n_sequences, model.length, rng)
    memory = model.memory.start(0)
    _store(memory, sequences, model.n_synapses, rng)
    chosen = sequences[rng.permutation(model.n_sequences)[:tested]]
    resets = np.zeros(chosen.shape[:2], np.bool_)
    resets[:, 0] = True
    run = memory.run(chosen.reshape(-1, model.a), learn=False, resets=resets.reshape(-1))
    return float(run.jaccard.reshape(resets.shape)[:, 1:].mean())


def _store(memory, sequences: np.ndarray, s: int, rng: np.random.Generator) -> None:
    """Lay down the segments of all transitions of (sequences, length, a)."""
    from scipy import stats

    from ..sdr.kernels.draws import mark_words
    from ._memory_arrays import connected
    from .kernels.segment_learning import ONE
    from .kernels.stored_transitions import sample_sources

    a = sequences.shape[2]
    before, after = (np.ascontiguousarray(part.reshape(-1, a)) for part in
                     (sequences[:, :-1], sequences[:, 1:]))  # fmt: skip
    # Segments of a transition are counted together if what is presented seldom overlaps with its
    # element as much as the threshold says; otherwise that would take more visits, not fewer.
    n, threshold = memory.model.n_columns, memory.model.activation_threshold
    bundled = bool(stats.hypergeom.sf(threshold - 1, n, a, a) < a / n)
    single, marks = state(rng), np.zeros(mark_words(a), np.uint64)
    scratch, rows = np.empty(a, np.int64), max(1, _CHUNK // a)
    for first in range(0, len(before), rows):
        part = before[first : first + rows]
        sources = np.empty((len(part) * a, s), np.int64)
        sample_sources(single, part, s, marks, scratch, sources)
        cells = after[first : first + rows].reshape(-1).astype(np.int64)
        indptr = np.arange(len(cells) + 1, dtype=np.int64) * s
        strengths = np.full(sources.size, ONE, np.uint16)
        groups = np.repeat(np.arange(len(part)) if bundled else -1, a if bundled else len(cells))
        row_ends = np.arange(len(part) * bundled + 1, dtype=np.int64) * a
        memory._arrays = connected(
            memory._arrays,
            cells,
            indptr,
            sources.reshape(-1),
            strengths,
            groups,
            (row_ends, part[: len(row_ends) - 1].reshape(-1).astype(np.int64)),
        )


def noise_trials(
    n: int = 2048,
    a: int = 40,
    n_synapses: int = 20,
    threshold: int = 12,
    *,
    lost: int,
    length: int = 20,
    memories: int = 100,
    seed: int = 0,
    workers: int = 1,
) -> Counted:
    """Cells of the next element that are predicted when an element is presented with noise.

    Each memory learns one sequence in one pass, as temporal memory learns. Then each element is
    presented with ``lost`` of its active columns replaced by others outside it, and the cells of
    the true next element that are predictive are counted.

    Parameters
    ----------
    n, a : int
        Columns, of one cell each, and active ones.
    n_synapses, threshold : int
        Synapses that a segment grows, and its threshold; 1 <= threshold <= n_synapses <= a.
    lost : int
        v, from 0 to the smaller of a and n - a.
    length : int
        Elements of the sequence, >= 2.
    memories : int
        Independent memories, >= 1.
    seed, workers : int
        As of `simulate`.

    Returns
    -------
    Counted
        Of memories x (length - 1) x a cells, those predicted: 1 - FN(a, s, theta, v) of them,
        independently, as long as no segment is active by chance.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> from assocmem.dendrites.sequence_trials import noise_trials
    >>> noise_trials(lost=8, memories=5).mean
    1.0
    """
    a = check.integer("a", a, 1, check.integer("n", n, 1))
    lost = check.integer("lost", lost, 0, min(a, n - a))
    length = check.integer("length", length, 2)
    memories = check.integer("memories", memories, 1)
    n_synapses = check.integer("n_synapses", n_synapses, 1, min(a, 4095))
    workers = check.integer("workers", workers, 1)
    model = _one_cell_each(n, n_synapses, check.integer("threshold", threshold, 1, n_synapses))

    def predicted(rng: np.random.Generator) -> int:
        memory = model.start(int(rng.integers(2**32)))
        sequence = uniform_sequences(n, a, 1, length, rng)[0]
        memory.run(sequence)
        found = 0
        for element, successor in pairwise(sequence):
            memory.reset()
            outside = np.setdiff1d(np.arange(n), element, assume_unique=True)
            noisy = np.append(
                rng.permutation(element)[lost:], rng.choice(outside, lost, replace=False)
            )
            step = memory.step(noisy, learn=False)
            found += len(np.intersect1d(step.predicted_columns, successor, assume_unique=True))
        return found

    successes = sum(_over(predicted, memories, check.integer("seed", seed, 0), workers, False))
    return Counted(successes, memories * (length - 1) * a)


def branching_trials(
    n: int = 2000,
    a: int = 40,
    n_synapses: int = 20,
    threshold: int = 10,
    *,
    n_successors: int,
    memories: int = 100,
    seed: int = 0,
    workers: int = 1,
) -> Replicated:
    """Fraction of an unrelated pattern that is predicted after many successors of one element.

    Each memory learns ``n_successors`` sequences of two elements with the same first one, as
    temporal memory learns: columns that are predicted already do not burst and grow nothing.

    Parameters
    ----------
    n, a, n_synapses, threshold : int
        As of `noise_trials`.
    n_successors : int
        M >= 0.
    memories : int
        Independent memories, >= 2.
    seed, workers : int
        As of `simulate`.

    Returns
    -------
    Replicated
        One fraction for each memory; their mean is 1 - (1 - a/n)^M.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    from ..sdr.draws import subsets

    a = check.integer("a", a, 1, check.integer("n", n, 1))
    n_successors = check.integer("n_successors", n_successors, 0)
    memories = check.integer("memories", memories, 2)
    n_synapses = check.integer("n_synapses", n_synapses, 1, min(a, 4095))
    workers = check.integer("workers", workers, 1)
    model = _one_cell_each(n, n_synapses, check.integer("threshold", threshold, 1, n_synapses))

    def fraction(rng: np.random.Generator) -> float:
        memory = model.start(int(rng.integers(2**32)))
        _, drawn = subsets(n, a, n_successors + 2, generator(rng))
        first, unrelated, *successors = drawn.reshape(-1, a)
        stream = np.array([[first, successor] for successor in successors])
        if n_successors:
            resets = np.tile([True, False], n_successors)
            memory.run(stream.reshape(-1, a), resets=resets)
        memory.reset()
        step = memory.step(first, learn=False)
        return np.isin(unrelated, step.predicted_columns).mean()

    found = _over(fraction, memories, check.integer("seed", seed, 0), workers, False)
    return Replicated(np.array(found), "memories")
