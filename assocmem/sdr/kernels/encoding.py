"""Kernels that make binary features of grey images and of real numbers."""

from __future__ import annotations

import math

import numpy as np

from ...montecarlo.kernels.rng import kernel, uncounted

_1, _6, _63 = np.uint64(1), np.uint64(6), np.uint64(63)


@uncounted
def _grey(image, r, c):
    """Grey level of a place; 0 outside."""
    inside = (0 <= r < image.shape[0]) and (0 <= c < image.shape[1])
    return image[r, c] if inside else np.float32(0.0)


@kernel
def oriented_edges(images, threshold, directions, window, stride, grid_rows, grid_columns, out):
    """Directions of grey edges, found anywhere in windows of places.

    Parameters
    ----------
    images : float32 (n, rows, columns)
    threshold : float
        Gradients of this size, in grey levels per place, or less are no edges.
    directions : int
        Sectors of equal width, the first around that of levels that rise with the column.
    window, stride : int
        Windows are of window x window places, stride apart; there are grid_rows x grid_columns.
    grid_rows, grid_columns : int
    out : uint64 (n, words) of zeros
        Receives a bit for each window and direction: that there is such an edge in it.

    Notes
    -----
    The gradient is Sobel's: differences of the two neighbours along one side, of weights 1/8, 1/4,
    1/8 in the three lines across. 12 levels read for each place, and (window/stride)^2 bits set for
    each edge.
    """
    turn = directions / (2.0 * math.pi)
    for t in range(images.shape[0]):
        image, bits = images[t], out[t]
        for r in range(image.shape[0]):
            for c in range(image.shape[1]):
                across, down = np.float32(0.0), np.float32(0.0)
                for k in range(-1, 2):
                    weight = np.float32(2 - abs(k))
                    across += weight * (_grey(image, r + k, c + 1) - _grey(image, r + k, c - 1))
                    down += weight * (_grey(image, r + 1, c + k) - _grey(image, r - 1, c + k))
                if across * across + down * down <= 64.0 * threshold * threshold:
                    continue
                sector = math.floor(math.atan2(down, across) * turn + 0.5) % directions
                for i in range(max(0, (r - window) // stride + 1), min(r // stride + 1, grid_rows)):
                    first = max(0, (c - window) // stride + 1)
                    for j in range(first, min(c // stride + 1, grid_columns)):
                        cell = np.uint64((i * grid_columns + j) * directions + sector)
                        bits[cell >> _6] |= _1 << (cell & _63)


@kernel
def scalar_codes(values, edges, width, out):
    """A run of ``width`` bits for each value, which begins at the number of edges below the value.

    Parameters
    ----------
    values : float64 (n, features)
    edges : float64 (features, levels - 1)
        Rising, not strictly.
    width : int
    out : uint64 (n, words) of zeros
        Feature f has bits f (levels + width - 1) and on.
    """
    room = edges.shape[1] + width
    for t in range(values.shape[0]):
        for f in range(values.shape[1]):
            first = f * room + np.searchsorted(edges[f], values[t, f])
            for b in range(first, first + width):
                cell = np.uint64(b)
                out[t, cell >> _6] |= _1 << (cell & _63)
