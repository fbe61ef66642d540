"""Generators of random numbers from what a caller gives."""

from __future__ import annotations

import numpy as np

from .. import _validate as check


def generator(rng: np.random.Generator | int) -> np.random.Generator:
    """``rng`` itself, or the generator of an integer seed >= 0 (0 is a seed like any other)."""
    if isinstance(rng, np.random.Generator):
        return rng
    try:
        return np.random.default_rng(check.integer("rng", rng, 0))
    except TypeError:
        raise TypeError(
            f"rng must be a numpy Generator or an integer seed >= 0, got {rng!r}"
        ) from None


def state(rng: np.random.Generator) -> np.ndarray:
    """State of a generator in kernels, uint64 (1, 4), from the next 256 bits of ``rng``."""
    found = rng.integers(0, 2**64, (1, 4), dtype=np.uint64)
    found[0, 0] |= np.uint64(not found.any())  # four zeros would stay there for ever
    return found
