"""Patterns of signs as bits, spin-major: one row of words for each site."""

from __future__ import annotations

import numpy as np


def pack(patterns: np.ndarray) -> np.ndarray:
    """Signs (K, N) as bits, spin-major: uint64 (N, ceil(K/64)), bit mu%64 of word mu//64 of row i
    set where xi_i^mu = +1; the bits beyond K are 0.
    """
    bits = np.packbits(np.asarray(patterns).T > 0, axis=1, bitorder="little")
    words = -(-patterns.shape[0] // 64)
    padded = np.zeros((patterns.shape[1], 8 * words), np.uint8)
    padded[:, : bits.shape[1]] = bits
    return padded.view(np.uint64)


def unpack(packed: np.ndarray, first: int, last: int) -> np.ndarray:
    """Patterns ``first`` to ``last`` - 1 of `pack`, int8 of shape (last - first, N)."""
    word = first // 64
    part = np.ascontiguousarray(packed[:, word : -(-last // 64)]).view(np.uint8)
    bits = np.unpackbits(part, axis=1, bitorder="little")[:, first - 64 * word : last - 64 * word]
    return np.ascontiguousarray(2 * bits.T.astype(np.int8) - 1)


def bits_of(row: np.ndarray, number: int) -> np.ndarray:
    """The first bits of a row of words, as booleans."""
    return np.unpackbits(row.view(np.uint8), count=number, bitorder="little").view(np.bool_)


def holding(number: int) -> type:
    """The smallest integers that hold -number..number."""
    return np.int8 if number <= 127 else np.int16 if number < 2**15 else np.int32


def clear(packed: np.ndarray, number: int) -> None:
    """Set the bits beyond ``number`` to 0."""
    if number % 64:
        packed[:, -1] &= np.uint64(2 ** (number % 64) - 1)
