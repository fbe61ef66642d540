"""Random subsets of rows."""

from __future__ import annotations

import numpy as np

from ...montecarlo.kernels.rng import advance, below, uncounted


@uncounted
def select(indptr, indices, size, state, out):
    """Write a uniform ``size``-subset of each row to ``out``, rising (selection sampling)."""
    s0, s1, s2, s3 = state[0, 0], state[0, 1], state[0, 2], state[0, 3]
    used = 0
    for row in range(len(indptr) - 1):
        wanted = size
        left = indptr[row + 1] - indptr[row]
        for k in range(indptr[row], indptr[row + 1]):
            if wanted == 0:
                break
            bits, s0, s1, s2, s3 = advance(s0, s1, s2, s3)
            if below(bits, left) < wanted:
                out[used] = indices[k]
                used += 1
                wanted -= 1
            left -= 1
    state[0, 0], state[0, 1], state[0, 2], state[0, 3] = s0, s1, s2, s3
    return np.int64(used)
