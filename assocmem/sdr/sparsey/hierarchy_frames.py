"""Frames of a sequence, in whatever form they come, as packed rows."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from .._cells import array_of, cells_of
from ..sdr import SDR
from ._inputs import packed_bits


def packed_frames(
    name: str, sequence: Any, shape: tuple[int, int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Features of each frame, and whether there is one at all.

    Parameters
    ----------
    name : str
        What the argument is called where it is refused.
    sequence : array (steps, ..) or iterable of frames
        A frame is as `packed_frame` takes it; all of them at once as an array are packed together.
    shape : (int, int, int)
        Rows, columns and channels of the sheet.

    Returns
    -------
    words : ndarray, uint64, shape (steps, ceil(features/64))
    given : ndarray, bool, shape (steps,)

    Raises
    ------
    TypeError, ValueError
        If it is no sequence of frames.
    """
    whole = isinstance(sequence, np.ndarray) and sequence.ndim > 1
    if whole and _dense_shape(sequence.shape[1:], shape):
        return _packed(name, sequence.reshape(len(sequence), math.prod(shape))), np.ones(
            len(sequence), np.bool_
        )
    alone = isinstance(sequence, SDR) or (isinstance(sequence, np.ndarray) and not sequence.ndim)
    if alone or not isinstance(sequence, Iterable):
        raise TypeError(f"{name} must be a sequence of frames, got {type(sequence).__name__}")
    frames = list(sequence)
    words = np.zeros((len(frames), -(-math.prod(shape) // 64)), np.uint64)
    for t, frame in enumerate(frames):
        if frame is not None:
            words[t] = packed_frame(f"{name}[{t}]", frame, shape)
    return words, np.array([frame is not None for frame in frames], np.bool_)


def packed_frame(name: str, frame: Any, shape: tuple[int, int, int]) -> np.ndarray:
    """Packed features of one frame, uint64 (words,).

    It is an SDR, an array of 0 and 1 of all features, flat or of the shape of the sheet, or a list
    of active features. Flat lists of as many numbers 0 or 1 as there are features are taken for
    arrays of all of them.
    """
    size = math.prod(shape)
    if isinstance(frame, SDR):
        if frame.n != size:
            raise ValueError(f"{name} must have {size} features, got {frame.n}")
        return frame.packed
    given = array_of(name, frame)
    flags = given.dtype.kind == "b"
    bits = size > 2 and given.shape == (size,) and np.all((given == 0) | (given == 1))
    if (given.ndim > 1 and _dense_shape(given.shape, shape)) or bits:
        return _packed(name, given.reshape(1, -1))[0]
    if given.ndim != 1 or flags:
        raise ValueError(
            f"{name} must be a list of active features, or have shape ({size},) or {shape}, got "
            f"{given.dtype} of shape {given.shape}"
        )
    try:
        cells = cells_of(given, size)
    except (TypeError, ValueError) as failure:
        raise type(failure)(f"{name} must be a frame: {failure}") from None
    dense = np.zeros((1, size), np.bool_)
    dense[0, cells] = True
    return _packed(name, dense)[0]


def _dense_shape(found: tuple[int, ...], shape: tuple[int, int, int]) -> bool:
    """Whether an array of this shape holds one entry for each feature of the sheet."""
    plain = shape[:2] if shape[2] == 1 else shape
    return found in (shape, plain, (math.prod(shape),))


def _packed(name: str, dense: np.ndarray) -> np.ndarray:
    """Rows of 0 and 1 as rows of words."""
    if dense.dtype.kind != "b":
        if dense.dtype.kind not in "iuf" or not np.all((dense == 0) | (dense == 1)):
            raise ValueError(f"{name} must hold only 0 and 1, got dtype {dense.dtype}")
        dense = dense != 0
    return packed_bits(dense)
