"""Labels of codes: coincidences counted, evidence summed."""

from __future__ import annotations

import numpy as np

from ...montecarlo.kernels.rng import uncounted


@uncounted
def count_labels(codes, labels, most, counts):
    """Add each item's winners and label to ``counts`` (columns, K + 1, classes), up to ``most``.

    ``codes`` (items, columns) have a column for each module of each mac; the last row of a column
    counts where its mac was silent (-1). One increment for each item and column.
    """
    silent = counts.shape[1] - 1
    for column in range(codes.shape[1]):
        table = counts[column]
        for i in range(codes.shape[0]):
            winner = np.int64(codes[i, column])
            if winner < 0:
                winner = silent
            if table[winner, labels[i]] < most:
                table[winner, labels[i]] += np.uint32(1)


@uncounted
def sum_evidence(codes, tables, out):
    """Add to ``out`` (items, classes) the entries of ``tables`` (columns, K + 1, classes).

    One addition for each item, column and class.
    """
    silent = tables.shape[1] - 1
    for i in range(codes.shape[0]):
        for column in range(codes.shape[1]):
            winner = np.int64(codes[i, column])
            if winner < 0:
                winner = silent
            for label in range(tables.shape[2]):
                out[i, label] += tables[column, winner, label]
