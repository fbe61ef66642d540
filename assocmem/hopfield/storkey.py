"""Storkey's rule as rank-two updates of the whole matrix."""

from __future__ import annotations

import numba
import numpy as np


def learn(patterns: np.ndarray) -> np.ndarray:
    """Couplings of Storkey's first-order rule.

    Since J has no diagonal, h_ij = f_i - J_ij eta_j with f = J eta, and the update of the rule is
    N dJ_ij = eta_i eta_j - eta_i f_j - f_i eta_j + J_ij (eta_i^2 + eta_j^2).

    Parameters
    ----------
    patterns : ndarray, float64, shape (K, N), C-contiguous

    Returns
    -------
    ndarray, float64, shape (N, N)
        Symmetric, zero diagonal.
    """
    n_spins = patterns.shape[1]
    lower = np.zeros((n_spins, n_spins))
    field = np.zeros(n_spins)
    following = np.zeros(n_spins)
    for mu, pattern in enumerate(patterns):
        later = patterns[min(mu + 1, len(patterns) - 1)]
        _update(lower, pattern, field, later, following)
        field, following = following, field
    return lower + lower.T


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _update(lower, pattern, field, later, following):
    """Learn ``pattern``, whose field J eta is ``field``, and find the field of ``later``.

    Both in one pass over J's strict lower triangle, since memory is what limits: 8 N^2 bytes moved
    and 5 N^2 multiply-adds. Writes ``lower`` (N, N) and ``following`` (N,).
    """
    n = pattern.shape[0]
    scale = 1.0 / n
    following[:] = 0.0
    for i in range(n):
        row = lower[i]
        ours = pattern[i]
        # J_ij (1 + (eta_i^2 + eta_j^2)/N) + [(eta_i - f_i) eta_j - eta_i f_j]/N.
        keep = 1.0 + ours * ours * scale
        first = (ours - field[i]) * scale
        second = ours * scale
        ahead = later[i]
        total = 0.0
        for j in range(i):
            theirs = pattern[j]
            new = row[j] * (keep + theirs * theirs * scale) + first * theirs - second * field[j]
            row[j] = new
            total += new * later[j]
            following[j] += new * ahead
        following[i] += total
