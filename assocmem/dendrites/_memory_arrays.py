"""Arrays of a running temporal memory: made, enlarged, taken out in an order of their own."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .kernels import growing_index as index
from .kernels import segment_learning as learning
from .kernels import temporal_memory as kernels

_LIMIT = 2**31 - 1


class Synapses(NamedTuple):
    """All segments of a memory, in the order in which they grew, and their synapses as CSR rows.

    Those of segment k are ``source[indptr[k]:indptr[k + 1]]``, by rising presynaptic cell.
    """

    cell: np.ndarray  # int32 (segments,): the cell that a segment belongs to
    indptr: np.ndarray  # int64 (segments + 1,)
    source: np.ndarray  # int32 (synapses,): presynaptic cells
    permanence: np.ndarray  # float64 (synapses,)
    used: np.ndarray  # int64 (segments,): step of last use
    serial: np.ndarray  # int64 (segments,): ordinal number of creation


def new_memory(n_columns: int, n_cells: int, parameters: np.ndarray) -> index.Memory:
    """Arrays without segments, with little room."""
    cells = np.zeros((n_cells, 6), np.int32)
    cells[:, (index.ROOM, index.FIRST, index.LAST)] = -1
    state = np.zeros(index.N_STATE, np.int64)
    state[index.FREE_SEGMENT] = -1
    state[index.CLOCK] = 1
    return index.Memory(
        state=state,
        parameters=parameters,
        segments=np.zeros((1024, 9), np.int32),
        ages=np.zeros((1024, 2), np.int64),
        cells=cells,
        marks=np.zeros((n_cells, 2), np.int64),
        dead=np.zeros(n_cells, np.uint8),
        columns=np.zeros((n_columns, 3), np.int64),
        sources=np.zeros(32768, np.int32),
        places=np.zeros(32768, np.int32),
        strengths=np.zeros(32768, np.uint16),
        entries=np.zeros(32768, np.int32),
        returns=np.zeros(32768, np.uint16),
        heads=np.full((2, 32), -1, np.int64),
        counts=np.zeros(1024, np.int32),
        matching=np.zeros((1024, 2), np.int32),
        active=np.zeros(n_cells, np.int32),
        winners=np.zeros((2, n_cells), np.int32),
        predictive=np.zeros(n_cells, np.int32),
        scratch=np.zeros(n_cells, np.int32),
        bursting=np.zeros(n_columns, np.int32),
    )


_GROWING = {
    index.SEGMENT_NEED: (("segments", "ages", "counts", "matching"), _LIMIT // 2),
    index.SYNAPSE_NEED: (("sources", "places", "strengths"), _LIMIT),
    index.LIST_NEED: (("entries", "returns"), _LIMIT),
}


def enlarged(m: index.Memory) -> index.Memory:
    """The memory with the room that ``m.state`` asks for, and more, as arrays at least double.

    Raises
    ------
    MemoryError
        If indices of 32 bits do not suffice.
    """
    changed = {}
    for need, (names, limit) in _GROWING.items():
        wanted, held = int(m.state[need]), len(getattr(m, names[0]))
        if wanted <= held:
            continue
        if wanted > limit:
            raise MemoryError(f"the memory needs {wanted} {names[0]}, more than {limit}")
        size = min(limit, max(wanted + wanted // 2, 2 * held))
        for name in names:
            old = getattr(m, name)
            changed[name] = np.zeros((size, *old.shape[1:]), old.dtype)
            changed[name][: len(old)] = old
    return m._replace(**changed)


def connected(
    m: index.Memory,
    cells: np.ndarray,
    indptr: np.ndarray,
    sources: np.ndarray,
    strengths: np.ndarray,
    groups: np.ndarray | None = None,
    group_rows: tuple[np.ndarray, np.ndarray] | None = None,
) -> index.Memory:
    """The memory with further segments; arguments are right already.

    Segments of the same group, >= 0, are bundled: ``group_rows`` holds the sources of each group,
    all different, as CSR arrays. Groups too large for the counts of the memory are left apart.
    """
    alone = np.full(len(cells), -1, np.int64)
    groups = alone if groups is None else groups
    group_rows = (np.zeros(1, np.int64), alone[:0]) if group_rows is None else group_rows
    group_sizes = np.diff(group_rows[0])
    if np.any(group_sizes >= 1 << m.parameters[learning.BITS]):
        groups, group_rows = alone, (np.zeros(1, np.int64), alone[:0])
        group_sizes = group_rows[0][1:]
    sizes = np.diff(indptr)
    listed = np.append(sources[np.repeat(groups < 0, sizes)], group_rows[1])
    both = np.maximum(np.append(sizes, group_sizes), 8)
    m.state[index.SEGMENT_NEED] = m.state[index.SEGMENT_TOP] + len(both)
    m.state[index.SYNAPSE_NEED] = m.state[index.SYNAPSE_TOP] + 2 * int(both.sum())
    rooms = m.cells[:, index.ROOM].astype(np.int64)
    held = np.where(rooms < 0, 0, 1 << np.maximum(rooms, 0))
    wanted = m.cells[:, index.SIZE] + np.bincount(listed, minlength=len(m.cells))
    final = 1 << np.ceil(np.log2(np.maximum(wanted, 1 << index.LIST_ROOM))).astype(np.int64)
    # A list that grows takes blocks of twice its room and so on up to the last one.
    m.state[index.LIST_NEED] = m.state[index.LIST_TOP] + int(
        np.sum(np.where(wanted > held, 2 * (final - held), 0))
    )
    m = enlarged(m)
    bundles = np.full(len(group_sizes), -1, np.int64)
    kernels.connect(m, cells, indptr, sources, strengths, groups, *group_rows, bundles)
    return m


def taken_out(m: index.Memory) -> tuple[Synapses, np.ndarray, np.ndarray]:
    """All segments in the order of their creation, permanences in units, bundles from 0 or -1."""
    top = int(m.state[index.SEGMENT_TOP])
    held = np.flatnonzero(m.segments[:top, index.CELL] >= 0)
    held = held[np.argsort(m.ages[held, index.SERIAL], kind="stable")]
    rows = m.segments[held]
    indptr = np.zeros(len(held) + 1, np.int64)
    np.cumsum(rows[:, index.SIZE], out=indptr[1:])
    at = np.arange(indptr[-1]) + np.repeat(rows[:, index.START] - indptr[:-1], np.diff(indptr))
    source = m.sources[at]
    order = np.lexsort((source, np.repeat(np.arange(len(held)), np.diff(indptr))))
    units = m.strengths[at][order]
    synapses = Synapses(
        cell=rows[:, index.CELL].copy(),
        indptr=indptr,
        source=source[order],
        permanence=units / learning.ONE,
        used=m.ages[held, index.USED],
        serial=m.ages[held, index.SERIAL],
    )
    bundles = rows[:, index.BUNDLE]
    numbers = np.unique(bundles, return_inverse=True)[1].reshape(-1)
    groups = np.where(bundles < 0, -1, numbers - np.any(bundles < 0))
    return synapses, units, groups


def flag(name: str, value: Any) -> bool:
    """A truth value, or TypeError."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def integers(name: str, value: Any) -> np.ndarray:
    """A list of integers as int64, or TypeError."""
    found = np.asarray(value)
    if found.ndim != 1 or (found.size and found.dtype.kind not in "iu"):
        raise TypeError(f"{name} must be a list of integers, got {value!r}")
    return found.astype(np.int64)
