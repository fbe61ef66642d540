r"""Sequence memory of hierarchical temporal memory: cells in columns, with predictive dendrites.

Input is a set of active columns at each step. A cell is *predictive* where one of its segments has
enough active connected synapses; if its column becomes active next, that cell alone fires, and so
stands for the column's input in this context. A column none of whose cells is predictive bursts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate as check
from ..serial import register

if TYPE_CHECKING:
    from .sequence_memory import SequenceMemory

# Permanences are whole multiples of 1/ONE: see kernels.temporal_memory, which is not imported here
# as parameters alone need no compiler.
ONE = 60000


@register
@dataclass(frozen=True)
class TemporalMemory:
    r"""Parameters of a sequence memory; defaults are those of htm.core.

    At each step, with the columns that are active now:

    1. *Activate.* In an active column the cells with active segments become active and winners.
       If there are none the column bursts: all its cells are active, and the winner is the cell of
       the best matching segment (most active potential synapses), else the cell with fewest
       segments, at random among equals.
    2. *Learn.* On each active segment in an active column permanences rise by
       ``permanence_increment`` on synapses from cells that were active one step before, and fall by
       ``permanence_decrement`` on others; then it grows ``max_new_synapses`` minus its active
       potential synapses new ones to winners of the step before that it lacks. In a bursting column
       the same happens to the best matching segment, or else the winner grows a new segment.
       Matching segments in columns that stayed silent lose ``predicted_segment_decrement`` on
       synapses from cells that were active.
    3. *Predict.* Segments with at least ``activation_threshold`` active connected synapses are
       active, those with at least ``min_threshold`` active potential ones are matching.

    Permanences lie in [0, 1]; a synapse is connected at ``connected_permanence`` or above, and is
    removed at 0, as is a segment without synapses. Where a cell has all the segments that it may,
    the one that was active least recently is removed, of several the oldest. Where a segment has
    all its synapses, the weakest that do not lead from the step's winners are, at random among
    equals.

    Parameters
    ----------
    n_columns, cells_per_column : int
        Columns C and cells of each, L; C L < 2^31.
    activation_threshold : int
        Active connected synapses that make a segment active, >= 1.
    min_threshold : int
        Active potential synapses that make it matching, from 1 to ``activation_threshold``.
    initial_permanence : float
        Of a new synapse, in (0, 1].
    connected_permanence : float
        In [0, 1].
    max_new_synapses : int
        Active potential synapses up to which a segment that learns grows, >= 0.
    permanence_increment, permanence_decrement, predicted_segment_decrement : float
        In [0, 1].
    max_segments_per_cell : int
        >= 1.
    max_synapses_per_segment : int
        From 1 to 4095.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range, or a permanence is positive but not
        more than half of their unit.

    Notes
    -----
    Permanences are kept as whole multiples of 1/60000, parameters rounded to the nearest one:
    decimals of up to four digits are exact, so that 0.2 + 3 x 0.1 reaches 0.5, and results are the
    same on all machines.

    References
    ----------
    Hawkins and Ahmad, Front. Neural Circuits 10 (2016) 23. Cui, Ahmad and Hawkins, Neural Comput.
    28 (2016) 2474.

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem import TemporalMemory
    >>> memory = TemporalMemory(n_columns=100, cells_per_column=4).start(seed=1)
    >>> sequence = [np.arange(20 * k, 20 * k + 20) for k in range(4)]
    >>> for _ in range(5):
    ...     memory.reset()
    ...     anomaly = [memory.step(columns).anomaly for columns in sequence]
    >>> anomaly
    [1.0, 0.0, 0.0, 0.0]
    >>> memory.reset()
    >>> result = memory.step(sequence[0], learn=False)
    >>> bool(np.all(result.predicted_columns == sequence[1]))
    True
    """

    n_columns: int = 2048
    cells_per_column: int = 32
    activation_threshold: int = 13
    min_threshold: int = 10
    initial_permanence: float = 0.21
    connected_permanence: float = 0.5
    max_new_synapses: int = 20
    permanence_increment: float = 0.1
    permanence_decrement: float = 0.1
    predicted_segment_decrement: float = 0.0
    max_segments_per_cell: int = 255
    max_synapses_per_segment: int = 255

    def __post_init__(self) -> None:
        most = 2**31 - 1

        check.set_integer(
            self, "cells_per_column", 1, most // check.set_integer(self, "n_columns", 1, most)
        )
        check.set_integer(
            self, "min_threshold", 1, check.set_integer(self, "activation_threshold", 1, most)
        )
        check.set_integer(self, "max_new_synapses", 0, most)
        check.set_integer(self, "max_segments_per_cell", 1, most)
        check.set_integer(self, "max_synapses_per_segment", 1, 4095)
        for field in fields(self):
            if field.type == "float":
                value = check.real(
                    field.name, getattr(self, field.name), 0.0, 1.0,
                    open_low=field.name == "initial_permanence",
                )  # fmt: skip
                if value > 0.0 and round(value * ONE) == 0:
                    raise ValueError(
                        f"{field.name} must be 0 or more than {0.5 / ONE:g}, half of the unit of "
                        f"permanences, got {value!r}"
                    )
                object.__setattr__(self, field.name, value)

    @property
    def n_cells(self) -> int:
        """Cells of all columns."""
        return self.n_columns * self.cells_per_column

    def start(self, seed: int = 0) -> SequenceMemory:
        """A memory without segments.

        Parameters
        ----------
        seed : int
            Root of all its random choices, >= 0.
        """
        from .sequence_memory import SequenceMemory

        return SequenceMemory(self, seed)


def columns_of(columns: Any, n_columns: int) -> np.ndarray:
    """Active columns as int64 indices; ranges and duplicates are checked by the kernel.

    Raises
    ------
    TypeError, ValueError
        If they are neither an SDR of ``n_columns`` cells nor a list of indices.
    """
    if hasattr(columns, "sparse"):
        if columns.n != n_columns:
            raise ValueError(f"columns must be an SDR of n={n_columns} cells, got n={columns.n}")
        columns = columns.sparse
    found = np.asarray(columns)
    if found.ndim != 1:
        raise ValueError(f"columns must be a list of indices, got an array of shape {found.shape}")
    if found.dtype.kind not in "iu" and found.size:
        raise TypeError(
            f"columns must be an SDR or integer indices of active columns, got dtype {found.dtype}"
        )
    return found.astype(np.int64, copy=False)


def rows_of(sequence: Any, n_columns: int) -> tuple[np.ndarray, np.ndarray]:
    """A sequence of activities as CSR arrays of int64.

    It may be a list of activities, an integer array (steps, active columns), or a tuple of CSR
    arrays already.

    Raises
    ------
    TypeError, ValueError
        If it is none of these.
    """
    if isinstance(sequence, np.ndarray) and sequence.ndim == 2:
        flat = columns_of(sequence.reshape(-1), n_columns)
        return np.arange(len(sequence) + 1, dtype=np.int64) * sequence.shape[1], flat
    if isinstance(sequence, tuple):
        if len(sequence) != 2:
            raise ValueError(
                f"sequence must be a list where it is no pair (indptr, indices), got a tuple of "
                f"{len(sequence)}"
            )
        indptr, indices = columns_of(sequence[0], n_columns), columns_of(sequence[1], n_columns)
        right = len(indptr) and indptr[0] == 0 and indptr[-1] == len(indices)
        if not right or np.any(np.diff(indptr) < 0):
            raise ValueError(
                f"sequence must have an indptr rising from 0 to {len(indices)}, the number of its "
                f"indices, got {indptr}"
            )
        return indptr, indices
    if not isinstance(sequence, Sequence):
        raise TypeError(
            "sequence must be a list of activities, an integer array (steps, active columns) or a "
            f"tuple (indptr, indices), got {type(sequence).__name__}"
        )
    rows = [columns_of(columns, n_columns) for columns in sequence]
    indptr = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(row) for row in rows], out=indptr[1:])
    return indptr, np.concatenate([np.empty(0, np.int64), *rows])
