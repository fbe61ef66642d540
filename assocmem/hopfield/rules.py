"""Learning rules: from patterns to pairwise couplings.

Every rule takes standardised patterns eta (mean 0 and variance 1 per entry), so that biased
ensembles are learned by the covariance form of each rule, and gives symmetric couplings with zero
diagonal. C = eta eta^T / N is the K x K matrix of correlations between patterns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .. import _validate as check
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
        eta = _matrix(patterns)
        return _hollow(eta.T @ eta / eta.shape[1])


@register
@dataclass(frozen=True)
class PseudoInverse:
    """Projection rule, J_ij = (1/N) sum_{mu nu} eta_i^mu (C^-1)_{mu nu} eta_j^nu for i != j.

    With its diagonal J is the orthogonal projection on the span of the patterns, so that
    J eta^mu = eta^mu exactly; without it the field on an unbiased pattern is
    (1 - J_ii) eta_i^mu, of the right sign while J_ii < 1, and the mean of J_ii is K/N.

    Linearly dependent patterns, where C has no inverse, are allowed: J stays the projection on
    their span, which is C^-1 replaced by the pseudo-inverse. If they span all of R^N, as K >= N
    independent patterns do, the projection is the identity and every coupling is exactly 0: the
    network stores nothing.

    Cost: K^3/3 + K^2 N + K N^2 multiply-adds (LAPACK, BLAS), for r independent patterns of K
    r instead of K in all terms but one K^2 N; memory 8 (K^2 + K N + N^2) bytes.

    References
    ----------
    Personnaz, Guyon, Dreyfus, J. Phys. Lett. 46 (1985) L359; Kanter, Sompolinsky, Phys. Rev. A 35
    (1987) 380.

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem.hopfield import PseudoInverse
    >>> PseudoInverse().couplings(np.array([[1, 1, 1, 1], [1, 1, 1, 1]]))[0]  # twice the same
    array([0.  , 0.25, 0.25, 0.25])
    """

    def couplings(self, patterns: np.ndarray) -> np.ndarray:
        """Symmetric couplings with zero diagonal, float64 (N, N), of (K, N) patterns."""
        eta = _matrix(patterns)
        n_spins = eta.shape[1]
        # More than N patterns: their span is that of the N columns of the smaller matrix, but it
        # is all of R^N unless they are dependent, so the rank is looked at first either way.
        factor, order, rank = _pivoted_cholesky(eta @ eta.T / n_spins)
        if rank == n_spins:
            return np.zeros((n_spins, n_spins))
        basis = _solve_lower(factor[:rank, :rank], eta[order[:rank]]) / np.sqrt(n_spins)
        return _hollow(basis.T @ basis)


@register
@dataclass(frozen=True)
class Dreaming:
    """Dreaming rule, J_ij = (1/N) sum_{mu nu} eta_i^mu [(1+t)(1 + t C)^-1]_{mu nu} eta_j^nu.

    Sleeping for a time t unlearns spurious states and strengthens the patterns: t = 0 is Hebb's
    rule, t -> infinity the projection rule `PseudoInverse`. An eigenvalue lam of C becomes the
    eigenvalue (1 + t) lam / (1 + t lam) of J (before its diagonal is removed).

    Parameters
    ----------
    time : float
        Dreaming time t >= 0, finite. It has no unit. For t above about 1e12 rounding of C makes
        more difference than t; use `PseudoInverse`.

    Raises
    ------
    TypeError, ValueError
        If ``time`` is not a finite number >= 0.

    Notes
    -----
    Cost: with k = min(K, N), k^3/3 + k^2 max(K, N) + k N^2 multiply-adds (LAPACK, BLAS).

    References
    ----------
    Fachechi, Agliari, Barra, Neural Networks 112 (2019) 24; Plakhov, Semenov, IEEE RNNS (1992).

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem.hopfield import Dreaming
    >>> Dreaming(1.0).couplings(np.array([[1, 1, 1, 1], [1, 1, -1, -1]]))[0].round(12)
    array([0. , 0.5, 0. , 0. ])
    """

    time: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "time", check.real("time", self.time, 0.0))

    def couplings(self, patterns: np.ndarray) -> np.ndarray:
        """Symmetric couplings with zero diagonal, float64 (N, N), of (K, N) patterns."""
        from scipy import linalg

        eta = _matrix(patterns)
        number, n_spins = eta.shape
        if number > n_spins:
            # The same matrix as a function of the N x N matrix J_Hebb, which is the smaller.
            hebb = eta.T @ eta / n_spins
            slept = self._slept(hebb)
            matrix = linalg.solve(slept, hebb, assume_a="pos")
            return _hollow(0.5 * (matrix + matrix.T))
        lower = linalg.cholesky(self._slept(eta @ eta.T / n_spins), lower=True)
        basis = _solve_lower(lower, eta) / np.sqrt(n_spins)
        return _hollow(basis.T @ basis)

    def _slept(self, matrix: np.ndarray) -> np.ndarray:
        """(1 + t matrix) / (1 + t): bounded for every t."""
        slept = matrix * (self.time / (1.0 + self.time))
        slept[np.diag_indices_from(slept)] += 1.0 / (1.0 + self.time)
        return slept


@register
@dataclass(frozen=True)
class Storkey:
    """Storkey's incremental, local rule (the first-order one).

    Patterns are learned once each, in the order of their index, from J = 0:

    J_ij <- J_ij + (1/N) (eta_i eta_j - eta_i h_ji - h_ij eta_j),
    h_ij = sum_{k != i, j} J_ik eta_k with the couplings before the update.

    The result depends on the order of the patterns and on nothing else. The terms that h_ij
    leaves out are of relative order 1/N for one pattern, but add up over K = alpha N patterns.
    Cost: 5 K N^2 multiply-adds in K passes over half of J, 8 K N^2 bytes moved (Numba).

    References
    ----------
    Storkey, ICANN 1997, LNCS 1327, 451; Storkey, Valabregue, Neural Networks 12 (1999) 869,
    equation for the first-order rule.

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem.hopfield import Storkey
    >>> Storkey().couplings(np.array([[1, 1, 1, 1]]))[0]  # the first pattern as by Hebb
    array([0.  , 0.25, 0.25, 0.25])
    """

    def couplings(self, patterns: np.ndarray) -> np.ndarray:
        """Symmetric couplings with zero diagonal, float64 (N, N), of (K, N) patterns."""
        from .storkey import learn

        return learn(_matrix(patterns))


def _matrix(patterns: np.ndarray) -> np.ndarray:
    eta = np.asarray(patterns)
    if eta.ndim != 2 or eta.shape[0] < 1 or eta.shape[1] < 2:
        raise ValueError(f"patterns must have shape (K, N) with K >= 1 and N >= 2, got {eta.shape}")
    if eta.dtype.kind not in "biuf":
        raise TypeError(f"patterns must be real numbers, got dtype {eta.dtype}")
    eta = np.ascontiguousarray(eta, dtype=np.float64)
    if not np.all(np.isfinite(eta)):
        raise ValueError("patterns must be finite, got an array with inf or nan")
    return eta


def _hollow(matrix: np.ndarray) -> np.ndarray:
    np.fill_diagonal(matrix, 0.0)
    return matrix


def _pivoted_cholesky(gram: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Lower factor, order of the rows, and rank: a maximal independent subset comes first."""
    from scipy.linalg import lapack

    # The pivot is the squared distance of a pattern from the span of those before it, and rounding
    # leaves K eps of it; independent +-1 patterns keep 1/N or more, but for rare coincidences.
    tolerance = 8.0 * len(gram) * np.finfo(float).eps * np.max(np.diag(gram))
    factor, pivots, rank, _ = lapack.dpstrf(gram, tol=tolerance, lower=1)
    return factor, pivots - 1, int(rank)


def _solve_lower(lower: np.ndarray, right: np.ndarray) -> np.ndarray:
    from scipy.linalg import solve_triangular

    return solve_triangular(lower, right, lower=True, check_finite=False)
