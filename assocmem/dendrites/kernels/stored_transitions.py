"""Synapses of stored transitions."""

from __future__ import annotations

from ...montecarlo.kernels.rng import kernel
from ...sdr.kernels.draws import draw_subset


@kernel
def sample_sources(single, patterns, s, marks, scratch, out):
    """For every row of ``patterns`` (rows, a), a samples of s of its cells: out (rows a, s).

    About 5 ns a synapse. ``scratch`` has room for s, ``marks`` as `draw_subset` wants it for a.
    """
    rows, a = patterns.shape
    for k in range(rows):
        for i in range(a):
            draw_subset(single, 0, a, s, marks, scratch, 0)
            for j in range(s):
                out[k * a + i, j] = patterns[k, scratch[j]]
