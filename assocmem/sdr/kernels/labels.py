"""Labels of codes: coincidences counted, evidence summed."""

from __future__ import annotations

import numpy as np

from ...montecarlo.kernels.rng import kernel, uncounted
from .packed import wide_vectors


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


@uncounted
def _shared(code, asked):
    """Winners that two codes share: as many comparisons as there are modules."""
    wide_vectors()
    count = np.int16(0)
    for column in range(np.uint64(asked.shape[0])):
        count += np.int16(code[column] == asked[column])
    return np.int64(count)


@kernel
def count_shared(codes, labels, asked, histograms):
    """How many stored items of each class share how many winners with codes that are asked for.

    Parameters
    ----------
    codes : int16 (items, columns)
        Codes stored; -1 where a mac was silent, padded at will with -1.
    labels : int64 (items,)
    asked : int16 (queries, columns)
        With -2 for -1, which no stored code has.
    histograms : uint32 (queries, classes, columns + 1) of zeros

    Notes
    -----
    One comparison for each item, query and column; items pass in blocks of 64 kB that stay in cache
    while all queries meet them.
    """
    height = max(1, 2**15 // max(codes.shape[1], 1))
    for begin in range(0, codes.shape[0], height):
        end = min(begin + height, codes.shape[0])
        for i in range(asked.shape[0]):
            for j in range(begin, end):
                histograms[i, labels[j], _shared(codes[j], asked[i])] += np.uint32(1)
