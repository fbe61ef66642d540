"""Running sequence memories as files."""

from __future__ import annotations

import os

import numpy as np

from .._files import read_npz, write_npz
from ..serial import from_json, to_json
from ._memory_arrays import integers, taken_out
from .kernels import growing_index as index
from .kernels.excitation import excite
from .kernels.segment_learning import ONE
from .sequence_memory import SequenceMemory
from .temporal_memory import TemporalMemory

# Entries of the state that a file keeps; the rest follows from other arrays.
_COUNTERS = (index.STEP, index.N_CREATED, index.N_COLUMNS, index.N_CORRECT, index.N_PREDICTED)
_INTEGERS = (
    "cell",
    "indptr",
    "source",
    "units",
    "used",
    "serial",
    "groups",
    "counters",
    "active",
    "winners",
)


def save(memory: SequenceMemory, path: str | os.PathLike) -> None:
    """See `SequenceMemory.save`."""
    m = memory._arrays
    synapses, units, groups = taken_out(m)
    write_npz(
        path,
        model=to_json(memory.model),
        seed=str(memory.seed),
        counters=m.state[list(_COUNTERS)],
        dead=np.flatnonzero(m.dead),
        active=memory.active_cells,
        winners=memory.winner_cells,
        cell=synapses.cell,
        indptr=synapses.indptr,
        source=synapses.source,
        units=units,
        used=synapses.used,
        serial=synapses.serial,
        groups=groups,
    )


def load(path: str | os.PathLike) -> SequenceMemory:
    """See `SequenceMemory.load`."""
    return read_npz(path, "a SequenceMemory", ("model", "seed", "dead", *_INTEGERS), _made)


def _made(entry: dict[str, np.ndarray]) -> SequenceMemory:
    model = from_json(str(entry["model"]))
    if not isinstance(model, TemporalMemory):
        raise ValueError(f"model must be a TemporalMemory, got {model!r}")
    memory = model.start(int(str(entry["seed"])))
    _restore(memory, {name: integers(name, entry[name]) for name in (*_INTEGERS, "dead")})
    return memory


def _restore(memory: SequenceMemory, entry: dict[str, np.ndarray]) -> None:
    """Take over what an archive holds, after checking it."""
    n = memory.model.n_cells
    cell, indptr, source, units, used, serial, groups, counters, active, winners = (
        entry[name] for name in _INTEGERS
    )
    if units.shape != source.shape or (units.size and not 1 <= units.min() <= units.max() <= ONE):
        raise ValueError(f"units must be in [1, {ONE}], one for each synapse")
    if not used.shape == serial.shape == groups.shape == cell.shape or counters.shape != (
        len(_COUNTERS),
    ):
        raise ValueError("used, serial and groups must have one entry for each segment")
    if len(np.unique(serial)) != len(serial) or np.any(serial >= counters[1]):
        raise ValueError("serial must hold different numbers below that of all segments created")
    for name, cells in (("active", active), ("winners", winners)):
        if len(np.unique(cells)) != len(cells) or np.any((cells < 0) | (cells >= n)):
            raise ValueError(f"{name} must be different cells in [0, {n - 1}]")
    memory.kill_cells(entry["dead"])
    if len(indptr) != len(cell) + 1:
        raise ValueError(f"indptr must hold {len(cell) + 1} entries, got {len(indptr)}")
    # In the order of their last use, in which cells list their segments.
    order = np.lexsort((serial, used))
    sizes = np.diff(indptr)[order]
    ends = np.cumsum(sizes)
    at = (
        np.arange(len(source))
        if not len(cell)
        else (np.arange(ends[-1]) + np.repeat(indptr[:-1][order] - (ends - sizes), sizes))
    )
    if len(at) != len(source) or (len(at) and at.min() < 0) or np.any(sizes < 0):
        raise ValueError(f"indptr must rise from 0 to {len(source)}")
    groups = np.unique(groups, return_inverse=True)[1].reshape(-1) - np.any(groups < 0)
    groups = groups[order]
    # Of a bundle, all synapses that its members have left.
    pairs = np.unique(np.stack([np.repeat(groups, sizes), source[at]]), axis=1)
    pairs = pairs[:, pairs[0] >= 0]
    ends_of = np.append(0, np.cumsum(np.bincount(pairs[0], minlength=groups.max(initial=-1) + 1)))
    memory._add(
        cell[order],
        np.append(0, ends),
        source[at],
        units[at].astype(np.uint16),
        groups,
        (ends_of, pairs[1]),
    )
    m, state = memory._arrays, memory._arrays.state
    # Bundles have places among the segments, which were created in the order given.
    places = np.flatnonzero(m.segments[: state[index.SEGMENT_TOP], index.CELL] >= 0)
    m.ages[places, index.USED] = used[order]
    m.ages[places, index.SERIAL] = serial[order]
    state[list(_COUNTERS)] = counters
    state[index.N_ACTIVE], state[index.N_WINNERS] = len(active), len(winners)
    m.active[: len(active)] = active
    m.winners[state[index.WHICH], : len(winners)] = winners
    m.marks[active, index.ACTIVE] = state[index.CLOCK]
    excite(m, False)
