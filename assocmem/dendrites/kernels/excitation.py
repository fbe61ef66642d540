"""Which segments the active cells excite.

Counts of a segment are one int32: of active potential synapses in the lowest ``bits`` bits, of
active connected ones in the next, and above them the number of the step, so that a count of an
earlier step is less than this step's base and nothing is cleared. Segments that match are noted as
their count passes the threshold.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ...montecarlo.kernels.rng import inlined, uncounted
from .growing_index import (
    ACTIVE,
    AFTER,
    BASE,
    CELL,
    CLOCK,
    IS_BUNDLE,
    N_ACTIVE,
    N_MATCHING,
    N_PREDICTIVE,
    SEGMENT_TOP,
    SIZE,
    START,
    TAG,
    use_segment,
)
from .segment_learning import ACTIVATION, BITS, CONNECTED, MATCH, new_tag

# Cells whose lists are fetched ahead, and entries of a cache line.
_AHEAD = 8
_LINE = 16
_1 = np.uint32(1)


@intrinsic
def prefetch(typingctx, array, at):
    """Ask for the cache line of array[at], which will be read soon."""

    def code(context, builder, signature, args):
        made = context.make_array(signature.args[0])(context, builder, args[0])
        byte = ir.IntType(8).as_pointer()
        number = ir.IntType(32)
        place = builder.bitcast(builder.gep(made.data, [args[1]]), byte)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        call = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        # to read, to keep in all caches, data
        builder.call(call, [place, *(ir.Constant(number, k) for k in (0, 3, 1))])
        return context.get_dummy_value()

    return types.void(array, types.int64), code


@inlined
def fetch_list(m, k, n):
    """Fetch the list of the k-th active cell, if there is one."""
    if k < n:
        cell = m.active[k]
        start = m.cells[cell, START]
        for at in range(start, start + m.cells[cell, SIZE], _LINE):
            prefetch(m.entries, np.int64(at))


@uncounted
def replace_bundles(m, n, base):
    """Put matching members in the place of bundles among the first n of m.matching; the new n.

    One operation for each synapse of the members.
    """
    bits, match, clock = m.parameters[BITS], m.parameters[MATCH], m.state[CLOCK]
    kept, bundles = 0, 0
    for i in range(n):
        found = m.matching[i, 0]
        if m.segments[found, CELL] == IS_BUNDLE:
            m.matching[bundles, 1] = found
            bundles += 1
        else:
            m.matching[kept, 0] = found
            kept += 1
    connected = m.parameters[CONNECTED]
    for k in range(bundles):
        segment = np.int64(m.segments[m.matching[k, 1], AFTER])
        while segment >= 0:
            start, potential, strong = m.segments[segment, START], 0, 0
            for at in range(start, start + m.segments[segment, SIZE]):
                if m.marks[m.sources[at], ACTIVE] == clock:
                    potential += 1
                    strong += m.strengths[at] >= connected
            if potential >= match:
                m.counts[segment] = base + potential + (strong << bits)
                m.matching[kept, 0] = segment
                kept += 1
            segment = np.int64(m.segments[segment, AFTER])
    return kept


@uncounted
def excite(m, learn):
    """Count active synapses of all segments that have any; note those that match or are active.

    One operation for each synapse, connected or not, that leads away from an active cell, to a
    segment or a bundle, and as said in `replace_bundles`. Active cells must be marked.
    """
    bits, match = np.uint32(m.parameters[BITS]), np.int32(m.parameters[MATCH])
    step, mask = 1 << (2 * bits), np.int32((1 << bits) - 1)
    base = m.state[BASE] + step
    if base + step > 2**31 - 1:  # no number left for this step: clear, once in 2^(31 - 2 bits)
        m.counts[: m.state[SEGMENT_TOP]] = 0
        base = step
    m.state[BASE] = base
    base = np.int32(base)
    n, n_active = np.uint32(0), m.state[N_ACTIVE]
    for k in range(min(_AHEAD, n_active)):
        fetch_list(m, k, n_active)
    for k in range(n_active):
        fetch_list(m, k + _AHEAD, n_active)
        cell = m.active[k]
        start = m.cells[cell, START]
        # Unsigned indices need no test for negative ones, which would take most of the time.
        for at in range(np.uint32(start), np.uint32(start + m.cells[cell, SIZE])):
            entry = np.uint32(m.entries[at])
            segment = entry >> _1
            count = m.counts[segment]
            if count < base:
                count = base
            count = np.int32(count + np.int32(((entry & _1) << bits) + _1))
            m.counts[segment] = count
            if np.int32(count & mask) == match:
                m.matching[n, 0] = np.int32(segment)
                n += _1
    n = replace_bundles(m, np.int64(n), base)
    m.state[N_MATCHING] = n
    threshold, tag = m.parameters[ACTIVATION], new_tag(m)
    found = 0
    for i in range(n):
        segment = np.int64(m.matching[i, 0])
        if ((m.counts[segment] >> np.int64(bits)) & mask) >= threshold:
            cell = m.segments[segment, CELL]
            if m.marks[cell, TAG] != tag:
                m.marks[cell, TAG] = tag
                m.predictive[found] = cell
                found += 1
            if learn:
                use_segment(m, segment)
    m.state[N_PREDICTIVE] = found
