"""Two models of sequence memories: recall with lost columns and dead cells, and many successors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import _validate as check
from ..estimates import Replicated
from ..serial import register
from .sequence_streams import uniform_sequences
from .temporal_memory import TemporalMemory

# Memories that errors are estimated from, at least.
_MEMORIES = 16


@register
@dataclass(frozen=True)
class SequenceRecall:
    """One sequence in a temporal memory that learned it in one pass, presented with noise.

    Then ``dead`` of all cells are killed, drawn at random, and each element is presented, one after
    another, with ``lost`` of its columns replaced by others outside it. The recall is the fraction
    of the true next element's columns that are predicted.

    Parameters
    ----------
    n, cells_per_column : int
        Columns and the cells of each, >= 1.
    a : int
        Active columns of an element, from 1 to n.
    n_synapses : int
        s, from 1 to a and to 255, which a segment grows to cells of the element before.
    threshold : int
        theta, from 1 to s.
    lost : int
        v, from 0 to the smaller of a and n - a.
    dead : int
        Dead cells, from 0 to all of them.
    length : int
        Elements of the sequence, >= 2.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> from assocmem import verify
    >>> from assocmem.dendrites import SequenceRecall
    >>> model = SequenceRecall(2048, 8, a=40, n_synapses=20, threshold=12, lost=14, dead=1638)
    >>> print(bool(verify(model, trials=20_000)))
    True
    """

    n: int
    cells_per_column: int
    a: int
    n_synapses: int
    threshold: int
    lost: int = 0
    dead: int = 0
    length: int = 20

    def __post_init__(self) -> None:
        n = check.set_integer(self, "n", 1, 2**31 - 1)
        cells = n * check.set_integer(self, "cells_per_column", 1)
        a = check.set_integer(self, "a", 1, n)
        check.set_integer(
            self, "threshold", 1, check.set_integer(self, "n_synapses", 1, min(a, 255))
        )
        check.set_integer(self, "lost", 0, min(a, n - a))
        check.set_integer(self, "dead", 0, cells)
        check.set_integer(self, "length", 2)

    @property
    def n_cells(self) -> int:
        """All cells."""
        return self.n * self.cells_per_column

    @property
    def memory(self) -> TemporalMemory:
        """The temporal memory that learns; new synapses are connected at once."""
        return TemporalMemory(
            n_columns=self.n,
            cells_per_column=self.cells_per_column,
            activation_threshold=self.threshold,
            min_threshold=self.threshold,
            initial_permanence=1.0,
            max_new_synapses=self.n_synapses,
        )


@register
@dataclass(frozen=True)
class Branching:
    """One element that was followed by many others: how much of an unrelated one is predicted.

    Parameters
    ----------
    n, a, n_synapses, threshold : int
        Columns of one cell each, active ones, synapses of a segment and its threshold,
        1 <= threshold <= n_synapses <= a <= n.
    n_successors : int
        M >= 0, elements that followed it in training, independent of each other.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """

    n: int
    a: int
    n_synapses: int
    threshold: int
    n_successors: int

    def __post_init__(self) -> None:
        a = check.set_integer(self, "a", 1, check.set_integer(self, "n", 1, 2**31 - 1))
        check.set_integer(
            self, "threshold", 1, check.set_integer(self, "n_synapses", 1, min(a, 255))
        )
        check.set_integer(self, "n_successors", 0, 4095)


def simulate(
    model: SequenceRecall | Branching,
    *,
    trials: int = 100_000,
    seed: int = 0,
    workers: int = 1,
    progress: bool = False,
) -> dict[str, Replicated]:
    """Fractions of cells that are predicted.

    Parameters
    ----------
    model : SequenceRecall or Branching
        What to simulate.
    trials : int
        Cells looked at, over all memories, >= 1: at least 16 memories, more as they pay for.
    seed : int
        >= 0; fixes all that is drawn.
    workers : int
        Threads over memories, >= 1; the result does not depend on them.
    progress : bool
        Show a progress bar when on a terminal.

    Returns
    -------
    dict
        "recall" or "predicted": one mean for each memory, independent of each other.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    from .sequence_trials import _over, branching_trials

    trials = check.integer("trials", trials, 1)
    seed = check.integer("seed", seed, 0)
    workers = check.integer("workers", workers, 1)
    if isinstance(model, Branching):
        found = branching_trials(
            model.n,
            model.a,
            model.n_synapses,
            model.threshold,
            n_successors=model.n_successors,
            memories=max(_MEMORIES, trials // model.a),
            seed=seed,
            workers=workers,
        )
        return {"predicted": found}
    if not isinstance(model, SequenceRecall):
        raise TypeError(f"model must be a SequenceRecall or Branching, got {model!r}")
    memories = max(_MEMORIES, trials // (model.a * (model.length - 1)))
    values = _over(lambda rng: _recall(model, rng), memories, seed, workers, progress)
    return {"recall": Replicated(np.array(values), "memories")}


def _recall(model: SequenceRecall, rng: np.random.Generator) -> float:
    memory = model.memory.start(int(rng.integers(2**32)))
    sequence = uniform_sequences(model.n, model.a, 1, model.length, rng)[0]
    memory.run(sequence)
    memory.kill_cells(rng.choice(model.n_cells, model.dead, replace=False))
    memory.reset()
    found = 0
    for t in range(model.length - 1):
        outside = np.setdiff1d(np.arange(model.n), sequence[t], assume_unique=True)
        kept = rng.permutation(sequence[t])[model.lost :]
        presented = np.append(kept, rng.choice(outside, model.lost, replace=False))
        step = memory.step(presented, learn=False)
        found += np.isin(sequence[t + 1], step.predicted_columns).sum()
    return found / ((model.length - 1) * model.a)
