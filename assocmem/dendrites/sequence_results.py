"""What a sequence memory says of its steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False, slots=True)
class SequenceStep:
    """What happened in one step.

    Parameters
    ----------
    anomaly : float
        Fraction of the active columns that were not predicted, in [0, 1]; 0 where none is active.
    active_cells, winner_cells : ndarray, int32
        By columns; cell i is in column i // cells_per_column.
    predictive_cells : ndarray, int32
        Cells that expect to become active in the next step, rising.
    bursting : ndarray, int32
        Active columns that were not predicted, rising.
    cells_per_column : int
        L.
    """

    anomaly: float
    active_cells: np.ndarray
    winner_cells: np.ndarray
    predictive_cells: np.ndarray
    bursting: np.ndarray
    cells_per_column: int

    @property
    def predicted_columns(self) -> np.ndarray:
        """Columns of the predictive cells, rising."""
        return np.unique(self.predictive_cells // self.cells_per_column)


@dataclass(frozen=True, eq=False, slots=True)
class SequenceRun:
    """What happened in many steps, each an integer array over steps.

    Parameters
    ----------
    n_columns : ndarray
        Active columns.
    n_predicted : ndarray
        Columns that had been predicted for this step.
    n_correct : ndarray
        Active columns that had been predicted.
    n_segments, n_synapses : ndarray
        Of the memory after the step.
    """

    n_columns: np.ndarray
    n_correct: np.ndarray
    n_predicted: np.ndarray
    n_segments: np.ndarray
    n_synapses: np.ndarray

    @property
    def anomaly(self) -> np.ndarray:
        """Fraction of the active columns that were not predicted; 0 where none is active."""
        return 1.0 - np.where(self.n_columns, self.n_correct, 1) / np.maximum(self.n_columns, 1)

    @property
    def precision(self) -> np.ndarray:
        """Correctly predicted over predicted columns; 0 where none was predicted."""
        return self.n_correct / np.maximum(self.n_predicted, 1)

    @property
    def jaccard(self) -> np.ndarray:
        """Correctly predicted over columns predicted or active; 0 where there are none."""
        together = self.n_predicted + self.n_columns - self.n_correct
        return self.n_correct / np.maximum(together, 1)
