"""Regimes of multitasking networks: how the overlaps of one state are related."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

REGIMES = ("ergodic", "hierarchical", "mixed", "parallel")


def regime_of(
    overlaps: Sequence[float], tolerance: float | Sequence[float], n_patterns: int
) -> tuple[str, int]:
    """Name of the regime of some overlaps, and how many of them are not 0.

    - "ergodic": all are 0;
    - "parallel": all of the K >= 2 patterns have one overlap;
    - "hierarchical": each exceeds the sum of all smaller ones, so that at T = 0 every spin
      follows the first pattern that is not blank there; one alone is hierarchical too;
    - "mixed": all else.

    Parameters
    ----------
    overlaps : sequence of float
        Those with K patterns or fewer; signs do not matter.
    tolerance : float or sequence of float
        An overlap is 0 if it is not larger; two are equal, and one exceeds others, up to the root
        of the sum of the squares of their tolerances.
    n_patterns : int
        K.

    Returns
    -------
    regime : str
    condensed : int

    Examples
    --------
    >>> from assocmem.hopfield.regime import regime_of
    >>> regime_of([0.5, 0.25, 0.125], 1e-7, 3)
    ('hierarchical', 3)
    >>> regime_of([0.4, 0.29, 0.18], 1e-7, 3)
    ('mixed', 3)
    """
    modulus = np.abs(np.asarray(overlaps, dtype=float))
    widths = np.broadcast_to(np.asarray(tolerance, dtype=float), modulus.shape)
    order = np.argsort(-modulus)
    modulus, widths = modulus[order], widths[order]
    large = modulus > widths
    m, width = modulus[large], widths[large]
    if len(m) == 0:
        return "ergodic", 0
    if len(m) == n_patterns >= 2 and m[0] - m[-1] <= np.hypot(width[0], width[-1]):
        return "parallel", len(m)
    for k in range(len(m) - 1):
        if m[k] - m[k + 1 :].sum() <= np.linalg.norm(width[k:]):
            return "mixed", len(m)
    return "hierarchical", len(m)
