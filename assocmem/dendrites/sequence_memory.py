"""A running sequence memory."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from .. import _validate as check
from ._memory_arrays import (
    Synapses,
    connected,
    enlarged,
    flag,
    integers,
    new_memory,
    taken_out,
)
from .kernels import growing_index as index
from .kernels import segment_learning as learning
from .kernels import temporal_memory as kernels
from .kernels.excitation import excite
from .sequence_results import SequenceRun, SequenceStep
from .temporal_memory import TemporalMemory, columns_of, rows_of


class SequenceMemory:
    """A running sequence memory; see `TemporalMemory`, whose ``start`` makes one.

    Parameters
    ----------
    model : TemporalMemory
        Parameters.
    seed : int
        Root of all random choices, >= 0. What is chosen depends on the seed, the number of the
        step and what it is chosen for, on nothing else.

    Notes
    -----
    Segments are indexed from their presynaptic cells, an index that learning keeps up to date.
    Those that grew in the same step, to the same winners, are indexed together until they grow to
    others, and are looked at one by one only where ``min_threshold`` of those winners are active.

    A step costs O(1) for each entry of active cells in the index (a synapse, or a synapse shared by
    the segments of one step), for each synapse of segments looked at and of those that learn, and
    for each cell of a bursting column; nothing else that the memory holds is visited, and nothing
    is allocated but when arrays double. On input without structure a step with 40 active columns
    grows 40 segments of 20 synapses, but only 40 entries: time hardly rises as the memory fills.

    Memory: 10 bytes for a synapse and 6 for an entry, 64 for a segment, and 61 for a cell, times
    the slack of arrays and blocks that double, 2 on average and 4 at most.
    """

    def __init__(self, model: TemporalMemory, seed: int = 0) -> None:
        if not isinstance(model, TemporalMemory):
            raise TypeError(f"model must be a TemporalMemory, got {model!r}")
        self.model = model
        self.seed = check.integer("seed", seed, 0)
        parameters = np.zeros(learning.N_PARAMETERS, np.int64)
        for place, name in (
            (learning.CELLS_PER_COLUMN, "cells_per_column"),
            (learning.ACTIVATION, "activation_threshold"),
            (learning.MATCH, "min_threshold"),
            (learning.MAX_NEW, "max_new_synapses"),
            (learning.MAX_SEGMENTS, "max_segments_per_cell"),
            (learning.MAX_SYNAPSES, "max_synapses_per_segment"),
        ):
            parameters[place] = getattr(model, name)
        for place, name in (
            (learning.INITIAL, "initial_permanence"),
            (learning.CONNECTED, "connected_permanence"),
            (learning.INCREMENT, "permanence_increment"),
            (learning.DECREMENT, "permanence_decrement"),
            (learning.PUNISHMENT, "predicted_segment_decrement"),
        ):
            parameters[place] = round(getattr(model, name) * learning.ONE)
        parameters[learning.BITS] = max(8, model.max_synapses_per_segment.bit_length())
        word = np.random.SeedSequence(self.seed).generate_state(1, np.uint64)
        parameters[learning.KEY] = word.view(np.int64)[0]
        self._arrays = new_memory(model.n_columns, model.n_cells, parameters)

    def __repr__(self) -> str:
        return (
            f"<SequenceMemory of {self.model.n_columns} x {self.model.cells_per_column} cells: "
            f"{self.n_segments} segments, {self.n_synapses} synapses>"
        )

    def step(self, columns: Any, learn: bool = True) -> SequenceStep:
        """See the columns that are active now.

        Parameters
        ----------
        columns : SDR or array_like of int
            Active columns: an SDR of n_columns cells or indices in any order.
        learn : bool
            Whether segments and permanences change.

        Raises
        ------
        TypeError, ValueError
            If columns are no integers, out of range or twice there; nothing has changed then.
        """
        indices = columns_of(columns, self.model.n_columns)
        learn = flag("learn", learn)
        while (
            found := kernels.step(self._arrays, indices, 0, len(indices), learn)
        ) != kernels.DONE:
            self._answer(found, indices)
        m, state = self._arrays, self._arrays.state
        n_columns, n_correct = int(state[index.N_COLUMNS]), int(state[index.N_CORRECT])
        return SequenceStep(
            anomaly=1.0 - n_correct / n_columns if n_columns else 0.0,
            active_cells=m.active[: state[index.N_ACTIVE]].copy(),
            winner_cells=m.winners[state[index.WHICH], : state[index.N_WINNERS]].copy(),
            predictive_cells=self.predictive_cells,
            bursting=m.bursting[: n_columns - n_correct].copy(),
            cells_per_column=self.model.cells_per_column,
        )

    def run(self, sequence: Any, learn: bool = True, resets: Any = None) -> SequenceRun:
        """See many activities, one after another, without returning to Python between them.

        Parameters
        ----------
        sequence : list of SDR or array_like, ndarray (steps, active columns), or (indptr, indices)
            Active columns of each step; a tuple is taken as CSR arrays.
        learn : bool
            Whether segments and permanences change.
        resets : array_like of bool, shape (steps,), optional
            Where to `reset` before a step.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or shape, before anything is done; or if columns of
            a step are out of range or twice there, when the steps before it are done.
        """
        indptr, indices = rows_of(sequence, self.model.n_columns)
        learn, steps = flag("learn", learn), len(indptr) - 1
        if resets is None:
            resets = np.zeros(steps, np.bool_)
        resets = np.asarray(resets)
        if resets.shape != (steps,) or resets.dtype != np.bool_:
            raise ValueError(
                f"resets must be of type bool and shape ({steps},), got {resets.dtype} and "
                f"{resets.shape}"
            )
        record = np.empty((steps, len(kernels.RECORD)), np.int64)
        done, found = kernels.run(self._arrays, indptr, indices, resets, learn, 0, record)
        while found != kernels.DONE:
            self._answer(found, indices[indptr[done] : indptr[done + 1]], f" in step {done}")
            done, found = kernels.run(self._arrays, indptr, indices, resets, learn, done, record)
        return SequenceRun(**dict(zip(kernels.RECORD, record.T, strict=True)))

    def _answer(self, found: int, indices: np.ndarray, where: str = "") -> None:
        """What to do when the kernel did not take a step."""
        if found == kernels.GROW:
            self._arrays = enlarged(self._arrays)
            return
        if found == kernels.RANGE:
            n = self.model.n_columns
            wrong = indices[(indices < 0) | (indices >= n)][0]
            raise ValueError(f"columns must be in [0, {n - 1}], got {wrong}{where}")
        values, times = np.unique(indices, return_counts=True)
        raise ValueError(f"columns must differ, got {values[times > 1][0]} twice{where}")

    def reset(self) -> None:
        """Forget what is active and predicted, as between sequences; what was learned stays."""
        kernels.reset(self._arrays)

    def kill_cells(self, cells: Any) -> None:
        """Make cells dead: they lose their segments and are never active again.

        Parameters
        ----------
        cells : array_like of int
            Indices in [0, n_cells); those dead already may be among them.

        Raises
        ------
        TypeError, ValueError
            If they are no such indices.
        """
        cells = np.asarray(cells)
        if cells.ndim != 1 or (cells.size and cells.dtype.kind not in "iu"):
            raise TypeError(f"cells must be a list of indices, got {cells!r}")
        cells, n = cells.astype(np.int64), self.model.n_cells
        if cells.size and (cells.min() < 0 or cells.max() >= n):
            raise ValueError(f"cells must be in [0, {n - 1}], got {cells.min()} to {cells.max()}")
        kernels.kill(self._arrays, cells)

    def kill(self, fraction: float) -> None:
        """Kill a fraction of all cells, chosen at random.

        Cells die in one random order that belongs to the seed, so that a larger fraction later adds
        to the dead, and a smaller one does nothing.

        Parameters
        ----------
        fraction : float
            In [0, 1], of all cells.
        """
        fraction, n = check.real("fraction", fraction, 0.0, 1.0), self.model.n_cells
        order = np.random.default_rng(np.random.SeedSequence((self.seed, 1))).permutation(n)
        self.kill_cells(order[: round(fraction * n)])

    def connect(self, cells: Any, indptr: Any, sources: Any, permanence: float = 1.0) -> None:
        """Add segments, one for each entry of ``cells``, whatever rules of growth say.

        They count at once: what is active now may make their cells predictive.

        Parameters
        ----------
        cells : array_like of int
            Living cells that the segments belong to.
        indptr, sources : array_like of int
            Presynaptic cells as CSR rows; those of a segment must differ.
        permanence : float
            Of all of them, in (0, 1] and more than half of the unit of permanences.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or out of range, or limits of the model would be
            passed.
        """
        permanence = check.real("permanence", permanence, 0.5 / learning.ONE, 1.0, open_low=True)
        cells, indptr, sources = (
            integers(name, value)
            for name, value in (("cells", cells), ("indptr", indptr), ("sources", sources))
        )
        strengths = np.full(len(sources), round(permanence * learning.ONE), np.uint16)
        self._add(cells, indptr, sources, strengths)

    def _add(
        self,
        cells: np.ndarray,
        indptr: np.ndarray,
        sources: np.ndarray,
        strengths: np.ndarray,
        groups: np.ndarray | None = None,
        group_rows: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> None:
        n, model = self.model.n_cells, self.model
        if len(indptr) != len(cells) + 1 or indptr[0] != 0 or indptr[-1] != len(sources):
            raise ValueError(
                f"indptr must hold {len(cells) + 1} entries from 0 to {len(sources)}, got {indptr}"
            )
        sizes = np.diff(indptr)
        if len(sizes) and not 1 <= sizes.min() <= sizes.max() <= model.max_synapses_per_segment:
            raise ValueError(
                f"indptr must give each segment 1 to {model.max_synapses_per_segment} synapses, "
                f"got {sizes.min()} to {sizes.max()}"
            )
        for name, values in (("cells", cells), ("sources", sources)):
            if len(values) and not 0 <= values.min() <= values.max() < n:
                raise ValueError(
                    f"{name} must be in [0, {n - 1}], got {values.min()} to {values.max()}"
                )
        keys = np.repeat(np.arange(len(cells)), sizes) * n + sources
        if len(np.unique(keys)) != len(keys):
            raise ValueError("sources of one segment must differ")
        if np.any(self._arrays.dead[cells]):
            raise ValueError("cells must be alive")
        held = self._arrays.cells[:, index.SEGMENTS] + np.bincount(cells, minlength=n)
        if held.max() > model.max_segments_per_cell:
            raise ValueError(
                f"cells must have at most {model.max_segments_per_cell} segments each, "
                f"got {held.max()}"
            )
        self._arrays = connected(
            self._arrays, cells, indptr, sources, strengths, groups, group_rows
        )
        excite(self._arrays, False)

    @property
    def n_segments(self) -> int:
        """Number of segments."""
        return int(self._arrays.state[index.N_SEGMENTS])

    @property
    def n_synapses(self) -> int:
        """Number of synapses, connected or not."""
        return int(self._arrays.state[index.N_SYNAPSES])

    @property
    def n_steps(self) -> int:
        """Steps so far."""
        return int(self._arrays.state[index.STEP])

    @property
    def n_dead(self) -> int:
        """Dead cells."""
        return int(self._arrays.state[index.N_DEAD])

    @property
    def predictive_cells(self) -> np.ndarray:
        """Cells that expect to become active in the next step, rising, int32."""
        m = self._arrays
        return np.sort(m.predictive[: m.state[index.N_PREDICTIVE]])

    @property
    def predicted_columns(self) -> np.ndarray:
        """Columns of the predictive cells, rising, int32."""
        return np.unique(self.predictive_cells // self.model.cells_per_column)

    @property
    def active_cells(self) -> np.ndarray:
        """Cells active in the last step, by columns, int32."""
        m = self._arrays
        return m.active[: m.state[index.N_ACTIVE]].copy()

    @property
    def winner_cells(self) -> np.ndarray:
        """Winners of the last step, rising, int32."""
        m = self._arrays
        return m.winners[m.state[index.WHICH], : m.state[index.N_WINNERS]].copy()

    @property
    def anomaly(self) -> float:
        """Anomaly of the last step, see `SequenceStep`; 0 before the first."""
        columns = self._arrays.state[index.N_COLUMNS]
        return 1.0 - float(self._arrays.state[index.N_CORRECT] / columns) if columns else 0.0

    def synapses(self) -> Synapses:
        """All segments and synapses, as arrays."""
        return taken_out(self._arrays)[0]

    def save(self, path: str | os.PathLike) -> None:
        """Write everything to one NumPy archive (.npz); a memory loaded from it goes on the same.

        Parameters
        ----------
        path : path-like
            File, replaced if it exists.
        """
        from ._memory_files import save

        save(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike) -> SequenceMemory:
        """Read what `save` wrote.

        Raises
        ------
        ValueError
            If the file is not such an archive, or its entries do not make a memory.
        OSError
            If it cannot be read.
        """
        from ._memory_files import load

        return load(path)
