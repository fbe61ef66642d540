"""Checks of what sets of cells are made of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .. import _validate as check
from .kernels import packed

MOST = 2**31 - 1


def dimensions_of(n: int | Sequence[int], name: str = "n") -> tuple[int, ...]:
    """Extents from a number of cells or a shape, called ``name`` where they are refused."""
    if isinstance(n, (tuple, list)):
        if not n:
            raise ValueError(f"{name} must be a number of cells or their shape, got {n!r}")
        extents = tuple(check.integer(f"{name}[{k}]", extent, 1) for k, extent in enumerate(n))
        check.integer(f"the number of cells of shape {name}", math.prod(extents), 1, MOST)
        return extents
    return (check.integer(name, n, 1, MOST),)


def locked(array: np.ndarray) -> np.ndarray:
    """The same memory, read-only for good: NumPy lets nobody make what this returns writable."""
    return np.asarray(memoryview(array).toreadonly())  # type: ignore[arg-type]


def array_of(name: str, value: Any) -> np.ndarray:
    """An array of what was given, or a refusal of lists of different lengths."""
    try:
        return np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} must be an array, got {value!r}") from None


def cells_of(sparse: Iterable[int], n: int) -> np.ndarray:
    """Active cells, int32, strictly rising, of whatever integers were given."""
    if not isinstance(sparse, (np.ndarray, list, tuple)):
        if not isinstance(sparse, Iterable):
            raise TypeError(f"sparse must be a list of cells, got {sparse!r}")
        sparse = list(sparse)
    given = array_of("sparse", sparse)
    if given.ndim != 1:
        raise ValueError(f"sparse must be a list of cells, got an array of shape {given.shape}")
    if given.size == 0:
        return np.empty(0, np.int32)
    if given.dtype.kind not in "iu":
        hint = "; use SDR.from_dense for an array of all cells" * (given.dtype.kind == "b")
        raise TypeError(f"sparse must be integers, got dtype {given.dtype}{hint}")
    if given.min() < 0 or given.max() >= n:
        wrong = given[(given < 0) | (given >= n)][0]
        raise ValueError(f"sparse must be cells from 0 to n - 1 = {n - 1}, got {wrong}")
    cells = given.astype(np.int32)
    if not packed.rising(cells, n):
        cells.sort()
        again = np.flatnonzero(cells[1:] == cells[:-1])
        if len(again):
            raise ValueError(f"sparse must be different cells, got {cells[again[0]]} twice")
    return cells


def checked_words(words: Any, n: int, rank: int) -> np.ndarray:
    """Packed words of n cells, of shape (ceil(n/64),) or (rows, ceil(n/64)), or a refusal."""
    given = np.asarray(words)
    if given.dtype != np.uint64:
        raise TypeError(f"words must be uint64, got dtype {given.dtype}")
    wanted = -(-n // 64)
    if given.ndim != rank or given.shape[-1] != wanted:
        shape = f"({'rows, ' * (rank - 1)}{wanted}{',' * (rank == 1)})"
        raise ValueError(f"words must have shape {shape} for n={n}, got {given.shape}")
    if n % 64 and np.any(given[..., -1] >> np.uint64(n % 64)):
        raise ValueError(f"words must have no bits beyond n={n}")
    return given
