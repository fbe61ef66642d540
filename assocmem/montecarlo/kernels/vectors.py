"""Operations on 64 entries at once, written as LLVM vectors.

The compiler turns them into whatever registers the machine has. Loops would need run-time checks
that arrays do not overlap and code for odd lengths, which cost as much as the 64 entries.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

BLOCK = 64


def _words(bits: int) -> ir.VectorType:
    return ir.VectorType(ir.IntType(bits), BLOCK)


def _place(context, builder, kind, array, *indices):
    """Pointer to an entry of a C-contiguous array, as a pointer to 64 of them."""
    made = context.make_array(kind)(context, builder, value=array)
    at = indices[0]
    if len(indices) == 2:
        at = builder.add(builder.mul(indices[0], builder.extract_value(made.shape, 1)), indices[1])
    entry = builder.gep(made.data, [at])
    return builder.bitcast(entry, _words(kind.dtype.bitwidth).as_pointer())


def _splat(builder, value, bits: int):
    """64 times the integer, widened to so many bits."""
    if value.type.width < bits:
        value = builder.sext(value, ir.IntType(bits))
    one = builder.insert_element(ir.Constant(_words(bits), ir.Undefined), value, _index(0))
    mask = ir.Constant(_words(32), [0] * BLOCK)
    return builder.shuffle_vector(one, ir.Constant(_words(bits), ir.Undefined), mask)


def _index(k: int):
    return ir.Constant(ir.IntType(32), k)


def _load(builder, place, bits: int):
    """64 integers, widened to so many bits; their array need not be aligned (only faster so)."""
    loaded = builder.load(place, align=1)
    if loaded.type.element.width < bits:
        loaded = builder.sext(loaded, _words(bits))
    return loaded


@intrinsic
def negatives(typingctx, array):
    """Which of the 64 integers of the array are negative, as bits of a uint64."""

    def code(context, builder, signature, args):
        (kind,) = signature.args
        place = _place(context, builder, kind, args[0], ir.Constant(ir.IntType(64), 0))
        values = _load(builder, place, kind.dtype.bitwidth)
        zero = ir.Constant(values.type, [0] * BLOCK)
        return builder.bitcast(builder.icmp_signed("<", values, zero), ir.IntType(64))

    return types.uint64(array), code


@intrinsic
def trailing_zeros(typingctx, word):
    """Index of the lowest bit set in a uint64 that is not 0."""

    def code(context, builder, signature, args):
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), code


@intrinsic
def add_near(typingctx, values, couplings, row, column, factor):
    """Add factor * couplings[row, column:column+64] to the 64 int32 values."""

    def code(context, builder, signature, args):
        place = _place(context, builder, signature.args[0], args[0], ir.Constant(args[2].type, 0))
        source = _place(context, builder, signature.args[1], args[1], args[2], args[3])
        old = _load(builder, place, 32)
        row_part = _load(builder, source, 32)
        change = builder.mul(row_part, _splat(builder, args[4], 32))
        builder.store(builder.add(old, change), place, align=1)
        return context.get_dummy_value()

    return types.void(values, couplings, types.int64, types.int64, types.int32), code


def _sum_of_rows(builder, sources, signs, bits: int):
    """Sum of sign * row, by multiplication."""
    total = None
    for source, sign in zip(sources, signs, strict=True):
        part = builder.mul(_load(builder, source, bits), _splat(builder, sign, bits))
        total = part if total is None else builder.add(total, part)
    return total


def _sum_of_bytes(builder, sources, signs):
    """Sum of sign * row in 16 bits for rows of bytes x, without multiplying or widening them.

    The bits of x or ~x = -x - 1, the first of them turned, are the unsigned byte 128 + x or
    127 - x. Two neighbours are the word low + 256 high: one sum of the words and one of the high
    bytes give both.
    """
    byte, word = ir.IntType(8), ir.IntType(16)
    half = ir.VectorType(word, BLOCK // 2)
    eight = ir.Constant(half, [8] * (BLOCK // 2))
    both = high = None
    shift = ir.Constant(word, -128 * len(signs))
    for source, sign in zip(sources, signs, strict=True):
        turned = builder.xor(builder.ashr(sign, ir.Constant(byte, 7)), ir.Constant(byte, -128))
        part = builder.xor(_load(builder, source, 8), _splat(builder, turned, 8))
        part = builder.bitcast(part, half)
        upper = builder.lshr(part, eight)
        both = part if both is None else builder.add(both, part)
        high = upper if high is None else builder.add(high, upper)
        shift = builder.add(shift, builder.zext(builder.lshr(sign, ir.Constant(byte, 7)), word))
    low = builder.sub(both, builder.shl(high, eight))
    order = [k // 2 + (k % 2) * (BLOCK // 2) for k in range(BLOCK)]
    joined = builder.shuffle_vector(low, high, ir.Constant(_words(32), order))
    return builder.add(joined, _splat(builder, shift, 16))


@intrinsic
def add_rows(typingctx, couplings, fields, r, column, rows, signs):
    """Add twice the sum of sign * couplings[row, column:column+64] to those fields of chain r.

    ``rows`` and ``signs`` (int8) are tuples. The sum is taken in 16 bits, or 32 for int32
    couplings.
    """
    bits = 32 if couplings.dtype.bitwidth == 32 else 16

    def code(context, builder, signature, args):
        matrix, state, chain, at, all_rows, all_signs = args
        several = [builder.extract_value(all_signs, k) for k in range(len(signs))]
        sources = [
            _place(
                context, builder, signature.args[0], matrix, builder.extract_value(all_rows, k), at
            )
            for k in range(len(rows))
        ]
        if couplings.dtype.bitwidth == 8 and len(rows) >= 4:
            total = _sum_of_bytes(builder, sources, several)
        else:
            total = _sum_of_rows(builder, sources, several, bits)
        total = builder.add(total, total)
        if bits == 16:
            total = builder.sext(total, _words(32))
        place = _place(context, builder, signature.args[1], state, chain, at)
        builder.store(builder.add(_load(builder, place, 32), total), place, align=1)
        return context.get_dummy_value()

    return types.void(couplings, fields, types.int64, types.int64, rows, signs), code


LANES = 16  # sums side by side, one register of float32 on the widest machines


def _lanes(element) -> ir.VectorType:
    return ir.VectorType(element, LANES)


def _base(context, builder, kind, array):
    """Pointer to the first entry of an array."""
    return context.make_array(kind)(context, builder, value=array).data


def _of_lanes(builder, base, at, element):
    """Pointer to 16 entries of an array from entry ``at`` on."""
    return builder.bitcast(builder.gep(base, [at]), _lanes(element).as_pointer())


def _new_sum(builder, element):
    """A variable for 16 sums, 0 at first."""
    made = cgutils.alloca_once(builder, _lanes(element))
    builder.store(ir.Constant(made.type.pointee, [0.0] * LANES), made)
    return made


def _add_to(builder, total, values) -> None:
    builder.store(builder.fadd(builder.load(total), values), total)


def _add_in_double(builder, total, sums, row: int) -> None:
    """Add 16 sums to sums[row, :], float64 (..., 16)."""
    double = ir.DoubleType()
    found = builder.load(total)
    if found.type != _lanes(double):
        found = builder.fpext(found, _lanes(double))
    place = _of_lanes(builder, sums, ir.Constant(ir.IntType(64), row * LANES), double)
    builder.store(builder.fadd(builder.load(place, align=8), found), place, align=8)


@intrinsic
def step_counts(typingctx, counts, at, word, up, down):
    """Add to counts[at + b] the number ``up`` where bit b of ``word`` is set, ``down`` elsewhere.

    ``counts`` are unsigned integers, ``up`` and ``down`` int64 taken modulo their width.
    """

    def code(context, builder, signature, args):
        kind = signature.args[0]
        bits = kind.dtype.bitwidth
        place = _place(context, builder, kind, args[0], args[1])
        chosen = builder.bitcast(args[2], _words(1))
        up, down = (
            _splat(builder, builder.trunc(value, ir.IntType(bits)), bits) for value in args[3:]
        )
        change = builder.select(chosen, up, down)
        builder.store(builder.add(builder.load(place, align=1), change), place, align=1)
        return context.get_dummy_value()

    return types.void(counts, types.int64, types.uint64, types.int64, types.int64), code


@intrinsic
def add_chosen(typingctx, sums, values, words, rows, turns, start, stop):
    """For each b add to sums[b, lane] the values whose bits in words[rows[b]] are set.

    Bits in words ``start``..``stop`` - 1 of the row stand for values 64 start..64 stop - 1; value
    k goes to lane k % 16. Where turns[b] (uint64) is not 0, all its bits are set and those values
    are added whose bits are not. ``sums`` is float64; float32 values are added up in float32
    first, so that the order of rounding depends on ``start`` and ``stop`` alone.

    Cost: a value and a bit read, one addition per value and row; the values are read once for all
    rows.
    """
    turned = not isinstance(turns, types.NoneType)

    def code(context, builder, signature, args):
        kinds = signature.args
        element = ir.FloatType() if kinds[1].dtype.bitwidth == 32 else ir.DoubleType()
        half, whole = ir.IntType(16), ir.IntType(64)
        totals, numbers = (_base(context, builder, kinds[k], args[k]) for k in (0, 1))
        bits = context.make_array(kinds[2])(context, builder, value=args[2])
        width = builder.extract_value(bits.shape, 1)
        parts, masks, found = [], [], []
        for b in range(len(rows)):
            row = builder.gep(bits.data, [builder.mul(builder.extract_value(args[3], b), width)])
            parts.append(builder.bitcast(row, half.as_pointer()))
            if turned:
                masks.append(builder.trunc(builder.extract_value(args[4], b), half))
            found.append(_new_sum(builder, element))
        groups = ir.Constant(whole, BLOCK // LANES)
        first, last = (builder.mul(word, groups) for word in args[5:])
        with cgutils.for_range_slice(builder, first, last, ir.Constant(whole, 1)) as (at, _):
            here = builder.mul(at, ir.Constant(whole, LANES))
            value = builder.load(_of_lanes(builder, numbers, here, element), align=4)
            for b in range(len(rows)):
                mask = builder.load(builder.gep(parts[b], [at]), align=2)
                if turned:
                    mask = builder.xor(mask, masks[b])
                chosen = builder.bitcast(mask, _lanes(ir.IntType(1)))
                old = builder.load(found[b])
                builder.store(builder.select(chosen, builder.fadd(old, value), old), found[b])
        for b in range(len(rows)):
            _add_in_double(builder, found[b], totals, b)
        return context.get_dummy_value()

    return types.void(sums, values, words, rows, turns, types.int64, types.int64), code


@intrinsic
def split_pairs(typingctx, sums, pairs, values, start, number):
    """Write the first of each of ``number`` pairs of float32 to values[start:], and add up both.

    ``pairs`` is uint64, the first in the lower half; ``number`` is a multiple of 16. Sums of the
    first and second go to sums[0] and sums[1], float64 (2, 16).
    """

    def code(context, builder, signature, args):
        kinds = signature.args
        element, whole = ir.FloatType(), ir.IntType(64)
        totals, source, target = (_base(context, builder, kinds[k], args[k]) for k in (0, 1, 2))
        found = [_new_sum(builder, element) for _ in range(2)]
        double = ir.VectorType(element, 2 * LANES)
        empty = ir.Constant(double, ir.Undefined)
        order = ir.VectorType(ir.IntType(32), LANES)
        steps = ir.Constant(whole, LANES)
        with cgutils.for_range_slice(builder, ir.Constant(whole, 0), args[4], steps) as (at, _):
            entry = builder.bitcast(builder.gep(source, [at]), double.as_pointer())
            both = builder.load(entry, align=8)
            first, second = (
                builder.shuffle_vector(
                    both, empty, ir.Constant(order, [2 * k + half for k in range(LANES)])
                )
                for half in (0, 1)
            )
            place = _of_lanes(builder, target, builder.add(args[3], at), element)
            builder.store(first, place, align=4)
            _add_to(builder, found[0], first)
            _add_to(builder, found[1], second)
        for row in range(2):
            _add_in_double(builder, found[row], totals, row)
        return context.get_dummy_value()

    return types.void(sums, pairs, values, types.int64, types.int64), code


@intrinsic
def evaluate(typingctx, sums, counts, values, start, number, size, first, second):
    """As `split_pairs`, the pairs being two polynomials of x = 2 counts - ``size``.

    ``first`` and ``second`` are tuples of float32 coefficients from the highest power down.
    """

    def code(context, builder, signature, args):
        kinds = signature.args
        element, whole = ir.FloatType(), ir.IntType(64)
        totals, source, target = (_base(context, builder, kinds[k], args[k]) for k in (0, 1, 2))
        found = [_new_sum(builder, element) for _ in range(2)]
        integers = _lanes(ir.IntType(32))
        fused = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(_lanes(element), [_lanes(element)] * 3),
            f"llvm.fma.v{LANES}f32",
        )  # fmt: skip

        def spread(value):
            one = builder.insert_element(
                ir.Constant(ir.VectorType(value.type, LANES), ir.Undefined), value, _index(0)
            )
            mask = ir.Constant(_lanes(ir.IntType(32)), [0] * LANES)
            return builder.shuffle_vector(one, ir.Constant(one.type, ir.Undefined), mask)

        def polynomial(coefficients, x):
            total = coefficients[0]
            for c in coefficients[1:]:
                total = builder.call(fused, [total, x, c])
            return total

        middle = spread(builder.trunc(args[5], ir.IntType(32)))
        both = [
            [spread(builder.extract_value(args[k], j)) for j in range(len(signature.args[k]))]
            for k in (6, 7)
        ]
        one = ir.Constant(integers, [1] * LANES)
        steps = ir.Constant(whole, LANES)
        with cgutils.for_range_slice(builder, ir.Constant(whole, 0), args[4], steps) as (at, _):
            here = builder.add(args[3], at)
            narrow = ir.IntType(kinds[1].dtype.bitwidth)
            count = builder.load(_of_lanes(builder, source, here, narrow), align=1)
            count = builder.zext(count, integers)
            x = builder.sitofp(builder.sub(builder.shl(count, one), middle), _lanes(element))
            value = polynomial(both[0], x)
            builder.store(value, _of_lanes(builder, target, here, element), align=4)
            _add_to(builder, found[0], value)
            _add_to(builder, found[1], polynomial(both[1], x))
        for row in range(2):
            _add_in_double(builder, found[row], totals, row)
        return context.get_dummy_value()

    return (
        types.void(sums, counts, values, types.int64, types.int64, types.int64, first, second),
        code,
    )
