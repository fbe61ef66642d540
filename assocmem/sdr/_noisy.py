"""Noise on one pattern."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import _validate as check
from ._seeds import state
from .kernels import draws
from .kernels import noise as kernels
from .noise import Drop, Kill, Replace, Swap

if TYPE_CHECKING:
    from .noise import Noise


def disturbed(cells: np.ndarray, n: int, noise: Noise, rng: np.random.Generator) -> np.ndarray:
    """What noise leaves of a pattern of n cells: int32, rising, a new array.

    Raises
    ------
    TypeError, ValueError
        If ``noise`` is none of ours, or needs more cells than there are.
    """
    a = len(cells)
    if isinstance(noise, Kill):
        check.integer("noise.cells", noise.cells, 0, n)
    elif isinstance(noise, (Drop, Replace, Swap)):
        check.integer("noise.bits", noise.bits, 0, a)
        if isinstance(noise, Replace):
            check.integer("noise.bits", noise.bits, 0, n - a)
    else:
        raise TypeError(f"noise must be Drop, Replace, Swap or Kill, got {noise!r}")
    single, out = state(rng), np.empty(a, np.int32)
    if isinstance(noise, Kill):
        return out[: kernels.kill(single, 0, cells, n, noise.cells, out)].copy()
    marks, scratch = np.zeros(draws.mark_words(n), np.uint64), np.empty(a, np.int32)
    if isinstance(noise, Drop):
        size = kernels.choose(single, 0, cells, a - noise.bits, marks, scratch, out)
        return out[:size].copy()
    disturb = kernels.replace if isinstance(noise, Replace) else kernels.swap
    disturb(single, 0, cells, n, noise.bits, marks, scratch, np.empty(a, np.int32), out)
    return out
