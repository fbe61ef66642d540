"""Neurons over a population of segments: active segments of each, and sums of two layers."""

from __future__ import annotations

from ...montecarlo.kernels.rng import uncounted
from .segments import fetch_ahead


@uncounted
def active_segments(spans, pool, indptr, cells, scratch, threshold, neuron_of, out):
    """Add to out[row, neuron] the neuron's segments that reach ``threshold`` >= 1 in each activity.

    ``scratch`` (segments,), unsigned, is all zero before and after. Cost as `segments.active`; the
    neurons of active segments alone are visited.
    """
    one, threshold = scratch.dtype.type(1), scratch.dtype.type(threshold)
    for row in range(len(indptr) - 1):
        stop = indptr[row + 1]
        for k in range(indptr[row], stop):
            fetch_ahead(spans, pool, cells, k, stop)
            cell = cells[k]
            for place in range(spans[cell, 0], spans[cell, 1]):
                segment = pool[place]
                count = scratch.dtype.type(scratch[segment] + one)
                scratch[segment] = count
                if count == threshold:
                    out[row, neuron_of[segment]] += 1
        scratch[:] = 0


@uncounted
def sums(spans, pool, indptr, cells, scratch, table, neuron_of, out):
    """Add to out[row, neuron] the sum of table[count] over the neuron's segments.

    In the order of segments, so that rounding does not depend on the index. Cost as
    `segments.counts`, and one look-up for each segment, active or not.
    """
    one = scratch.dtype.type(1)
    for row in range(len(indptr) - 1):
        stop = indptr[row + 1]
        for k in range(indptr[row], stop):
            fetch_ahead(spans, pool, cells, k, stop)
            cell = cells[k]
            for place in range(spans[cell, 0], spans[cell, 1]):
                scratch[pool[place]] += one
        add_table(scratch, table, neuron_of, out[row])
        scratch[:] = 0


@uncounted
def add_table(counts, table, neuron_of, out):
    """Add to out[neuron] the sum of table[count] over the neuron's segments.

    Neighbours of one neuron are added up before they are written: to read what was just written
    would take longer than the sum.
    """
    if len(neuron_of) == 0:
        return
    last, total = neuron_of[0], 0.0
    for segment in range(len(neuron_of)):
        neuron = neuron_of[segment]
        if neuron != last:
            out[last] += total
            last, total = neuron, 0.0
        total += table[counts[segment]]
    out[last] += total
