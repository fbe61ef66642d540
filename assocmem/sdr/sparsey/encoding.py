"""Binary features for macs: thresholds, levels, runs of bits for numbers, oriented edges."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import _validate as check
from .._cells import array_of


def _stack(images: Any) -> np.ndarray:
    """Checked grey images (n, rows, columns)."""
    array = array_of("images", images)
    if array.ndim != 3 or array.dtype.kind not in "buif":
        raise ValueError(
            f"images must be real numbers of shape (n, rows, columns), got {array.dtype} of shape "
            f"{array.shape}"
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError("images must be finite, got nan or infinity")
    return array


def grey_levels(images: Any, thresholds: Any) -> np.ndarray:
    """Whether each place is brighter than each threshold.

    Parameters
    ----------
    images : array, shape (n, rows, columns)
    thresholds : float or sequence of float

    Returns
    -------
    ndarray, bool, shape (n, rows, columns, thresholds)

    Raises
    ------
    TypeError, ValueError
        If an argument is not as said.
    """
    array = _stack(images)
    if not isinstance(thresholds, (list, tuple, np.ndarray)) or np.ndim(thresholds) == 0:
        thresholds = [thresholds]
    levels = [check.real(f"thresholds[{k}]", level) for k, level in enumerate(thresholds)]
    if not levels:
        raise ValueError("thresholds must hold at least one level, got none")
    return array[..., None] > np.array(levels)


def edge_grid(shape: tuple[int, int], window: int, stride: int) -> tuple[int, int]:
    """Rows and columns of windows in which `oriented_edges` looks."""
    rows, columns = ((side - window) // stride + 1 for side in shape)
    return rows, columns


def oriented_edges(
    images: Any,
    *,
    directions: int = 8,
    threshold: float = 25.0,
    window: int = 4,
    stride: int = 2,
    packed: bool = False,
) -> np.ndarray:
    """Directions in which grey levels rise, found anywhere in overlapping windows.

    Features like those of simple cells, pooled like those of complex ones: they tolerate shifts of
    about ``window`` places, and say more of a stroke than its places do.

    Parameters
    ----------
    images : array, shape (n, rows, columns)
        Grey levels; 0 outside.
    directions : int
        >= 1, sectors of equal width, the first around that of levels that rise with the column.
    threshold : float
        >= 0: gradients (Sobel's, in grey levels per place) must be larger.
    window, stride : int
        >= 1: windows of window x window places, stride apart.
    packed : bool
        Return bits.

    Returns
    -------
    ndarray
        uint8 (n, grid rows, grid columns, directions), or uint64 (n, words) if ``packed``.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as said.

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem.sdr.sparsey.encoding import oriented_edges
    >>> image = np.zeros((1, 4, 4))
    >>> image[:, :, 2:] = 100.0
    >>> oriented_edges(image, directions=4, window=2)[0, 1, 0]
    array([1, 0, 0, 0], dtype=uint8)
    """
    from ..kernels.encoding import oriented_edges as find

    array = _stack(images)
    with np.errstate(over="ignore"):
        array = np.ascontiguousarray(array, np.float32)
    if not np.isfinite([array.min(initial=0.0), array.max(initial=0.0)]).all():
        raise ValueError(f"images must be within single precision, got {np.max(np.abs(images)):g}")
    directions = check.integer("directions", directions, 1, 2**15)
    threshold = check.real("threshold", threshold, 0.0)
    window = check.integer("window", window, 1, min(array.shape[1:]))
    stride = check.integer("stride", stride, 1, 2**31 - 1)
    rows, columns = edge_grid(array.shape[1:], window, stride)
    n_bits = rows * columns * directions
    out = np.zeros((len(array), -(-n_bits // 64)), np.uint64)
    find(array, threshold, directions, window, stride, rows, columns, out)
    return out if packed else unpacked(out, n_bits).reshape(-1, rows, columns, directions)


def quantile_edges(values: np.ndarray, levels: int) -> np.ndarray:
    """Levels - 1 edges of each column that cut its values into parts of equal number.

    float64 (columns, levels - 1), each halfway between two values.
    """
    ordered = np.sort(np.asarray(values, np.float64), axis=0)
    cuts = np.arange(1, levels) * len(ordered) // levels
    lower, upper = ordered[np.maximum(cuts - 1, 0)], ordered[cuts]
    return np.ascontiguousarray((lower + (upper - lower) / 2.0).T)


def scalar_codes(values: np.ndarray, edges: np.ndarray, width: int) -> np.ndarray:
    """Runs of ``width`` bits: nearby numbers share bits, and all have the same number.

    The run of a number begins at how many of its column's edges lie below it. Packed, uint64
    (n, words); a column has levels + width - 1 bits.
    """
    from ..kernels.encoding import scalar_codes as encode

    n_bits = len(edges) * (edges.shape[1] + width)
    out = np.zeros((len(values), -(-n_bits // 64)), np.uint64)
    encode(np.ascontiguousarray(values, np.float64), edges, width, out)
    return out


def unpacked(words: np.ndarray, n_bits: int) -> np.ndarray:
    """Bits of packed rows, uint8 (n, n_bits)."""
    octets = words.astype("<u8", copy=False).view(np.uint8)
    return np.unpackbits(octets, axis=1, count=n_bits, bitorder="little")
