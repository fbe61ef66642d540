"""Kernels of the spatial pooler: who wins, and how permanences change."""

from __future__ import annotations

import numpy as np

from ...montecarlo.kernels.rng import kernel


@kernel
def adapt(winners, indptr, indices, permanence, connected, active, up, down, threshold):
    """Raise permanences of winners' synapses on active inputs, lower the others.

    Cost: one addition and comparison for each potential synapse of a winner; 4 bytes read and
    written each, and 5 read for its input.

    Parameters
    ----------
    winners : int32 (winners,)
    indptr, indices : int64 (columns + 1,), int32 (synapses,)
        Potential synapses of each column.
    permanence : float32 (synapses,)
        In [0, 1]; changed.
    connected : uint64 (columns, words)
        Bit i of a row set where the permanence on input i is at least ``threshold``; changed.
    active : bool (inputs,)
    up, down, threshold : float32
    """
    one = np.uint64(1)
    for column in winners:
        for p in range(indptr[column], indptr[column + 1]):
            i = indices[p]
            value = permanence[p] + up if active[i] else permanence[p] - down
            value = min(max(value, np.float32(0.0)), np.float32(1.0))
            permanence[p] = value
            bit = one << np.uint64(i & 63)
            if value >= threshold:
                connected[column, i >> 6] |= bit
            else:
                connected[column, i >> 6] &= ~bit


@kernel
def raise_all(columns, indptr, indices, permanence, connected, by, threshold):
    """Raise all permanences of some columns by ``by``; arguments as of `adapt`."""
    one = np.uint64(1)
    for column in columns:
        for p in range(indptr[column], indptr[column + 1]):
            permanence[p] = min(permanence[p] + by, np.float32(1.0))
            if permanence[p] >= threshold:
                i = indices[p]
                connected[column, i >> 6] |= one << np.uint64(i & 63)


@kernel
def local_winners(score, priority, height, width, radius, density, wrap, out):
    """Columns that few of their neighbours beat; returns how many, written to ``out``.

    Cost: columns times the size of a neighbourhood, (2 radius + 1)^2 on a plane.

    Parameters
    ----------
    score : float64 (columns,)
        Of columns row by row; those at 0 never win.
    priority : int64 (columns,)
        Which of equal scores is ahead: the smaller.
    height, width : int
        Of the sheet of columns; height 1 is a line.
    radius : int
        Of the neighbourhood, a square.
    density : float
        Fraction of a neighbourhood, the column itself included, that may win; at least one.
    wrap : bool
        Whether the sheet is a torus.
    out : int32 (columns,)
    """
    found = 0
    rows = min(radius, (height - 1) // 2) if wrap else min(radius, height - 1)
    cols = min(radius, (width - 1) // 2) if wrap else min(radius, width - 1)
    for column in range(height * width):
        if score[column] <= 0.0:
            continue
        y, x = column // width, column % width
        ahead, size = 0, 0
        for dy in range(-rows, rows + 1):
            for dx in range(-cols, cols + 1):
                v, u = y + dy, x + dx
                if wrap:
                    v, u = v % height, u % width
                elif v < 0 or u < 0 or v >= height or u >= width:
                    continue
                other = v * width + u
                size += 1
                if score[other] > score[column] or (
                    score[other] == score[column] and priority[other] < priority[column]
                ):
                    ahead += 1
        if ahead < max(1, int(np.floor(0.5 + density * size))):
            out[found] = column
            found += 1
    return found


@kernel
def neighbourhood_means(values, height, width, radius, wrap, out, largest):
    """Mean and largest of ``values`` over the neighbourhood of each column, as `local_winners`."""
    rows = min(radius, (height - 1) // 2) if wrap else min(radius, height - 1)
    cols = min(radius, (width - 1) // 2) if wrap else min(radius, width - 1)
    for column in range(height * width):
        y, x = column // width, column % width
        total, size, top = 0.0, 0, 0.0
        for dy in range(-rows, rows + 1):
            for dx in range(-cols, cols + 1):
                v, u = y + dy, x + dx
                if wrap:
                    v, u = v % height, u % width
                elif v < 0 or u < 0 or v >= height or u >= width:
                    continue
                value = values[v * width + u]
                total += value
                top = max(top, value)
                size += 1
        out[column] = total / size
        largest[column] = top
