"""Learning rules: from patterns to pairwise couplings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..serial import register


class Rule(Protocol):
    """What a model asks of a learning rule."""

    def couplings(self, patterns: np.ndarray) -> np.ndarray:
        """Symmetric couplings with zero diagonal.

        Parameters
        ----------
        patterns : ndarray, shape (K, N)
            Standardised patterns (mean 0 and variance 1 per entry).

        Returns
        -------
        ndarray, float64, shape (N, N)
        """
        ...


@register
@dataclass(frozen=True)
class Hebb:
    """Hebb's rule, J_ij = (1/N) sum_mu eta_i^mu eta_j^mu for i != j.

    For Rademacher patterns N J_ij is an integer in [-K, K], see
    `assocmem.hopfield.pairwise.PairwiseSample.integer_couplings`.
    Cost: K N^2 multiply-adds (BLAS).

    References
    ----------
    Hopfield, PNAS 79 (1982) 2554; Amit, Gutfreund, Sompolinsky, Phys. Rev. A 32 (1985) 1007.
    """

    def couplings(self, patterns: np.ndarray) -> np.ndarray:
        """Symmetric couplings with zero diagonal, float64 (N, N), of (K, N) patterns."""
        eta = np.asarray(patterns, dtype=np.float64)
        matrix = eta.T @ eta / eta.shape[1]
        np.fill_diagonal(matrix, 0.0)
        return matrix
