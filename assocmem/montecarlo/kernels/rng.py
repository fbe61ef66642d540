"""Random numbers inside kernels: xoshiro256++, its state four uint64.

Blackman, Vigna, ACM Trans. Math. Softw. 47 (2021) 36. Each chain owns one state, so its numbers
depend on nothing but its seed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

kernel = njit(cache=True, nogil=True, error_model="numpy")
# A call passes some eight words per array, which costs more than a small body does.
inlined = njit(cache=True, nogil=True, error_model="numpy", forceinline=True, _nrt=False)
# Hot loops allocate nothing, and counting references to their arrays would cost as much as they do.
uncounted = njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
# For sums whose order of rounding does not matter, so that they vectorise.
fast_sum = njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc"})

# Shift counts must be uint64 too: Numba would turn uint64 with int64 into float64.
_11, _17, _19, _23, _41, _45 = (np.uint64(k) for k in (11, 17, 19, 23, 41, 45))
_32 = np.uint64(32)
TWO53 = 2.0**53
LANES = 32


def seed_states(seeds: Sequence[np.random.SeedSequence]) -> tuple[np.ndarray, np.ndarray]:
    """States that R seed sequences give: uint64 (R, 4, 32) and (R, 4).

    The former are 32 generators that step together, the latter one for single draws.
    """
    states = [seed.generate_state(4 * (LANES + 1), np.uint64) for seed in seeds]
    states = np.array(states).reshape(-1, LANES + 1, 4)
    # A generator of four zeros would stay there for ever (probability 2^-256).
    states[~states.any(axis=2)] = 1
    bulk = np.ascontiguousarray(states[:, :LANES].transpose(0, 2, 1))
    return bulk, states[:, LANES].copy()


@inlined
def advance(s0, s1, s2, s3):
    """One step: (64 random bits, new state). Nine word operations, state kept in registers."""
    total = s0 + s3
    out = ((total << _23) | (total >> _41)) + s0
    shifted = s1 << _17
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = (s3 << _45) | (s3 >> _19)
    return out, s0, s1, s2, s3


@kernel
def draw(single, r):
    """64 random bits from the generator single[r], uint64 (R, 4)."""
    out, a, b, c, d = advance(single[r, 0], single[r, 1], single[r, 2], single[r, 3])
    single[r, 0], single[r, 1], single[r, 2], single[r, 3] = a, b, c, d
    return out


@inlined
def wide(bits):
    """An integer uniform on [0, 2^53), as float64: compare it with probability * 2^53."""
    return np.float64(np.int64(bits >> _11))


@inlined
def below(bits, number):
    """An integer uniform on [0, number) for number < 2^32; uneven by less than number / 2^32."""
    return np.int64(((bits >> _32) * np.uint64(number)) >> _32)


@kernel
def exponential(single, r):
    """A waiting time of mean 1."""
    return -np.log((wide(draw(single, r)) + 0.5) / TWO53)


@intrinsic
def float_bits(typingctx, value):
    """The 64 bits of a float64 as int64."""

    def code(context, builder, signature, args):
        return builder.bitcast(args[0], ir.IntType(64))

    return types.int64(types.float64), code


@intrinsic
def single_bits(typingctx, value):
    """The 32 bits of a float32 as int32."""

    def code(context, builder, signature, args):
        return builder.bitcast(args[0], ir.IntType(32))

    return types.int32(types.float32), code


@intrinsic
def single_float(typingctx, bits):
    """The float32 whose bits are the given int32."""

    def code(context, builder, signature, args):
        return builder.bitcast(args[0], ir.FloatType())

    return types.float32(types.int32), code
