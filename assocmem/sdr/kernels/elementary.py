"""Elementary functions in plain operations, so that loops over them run on vectors."""

from __future__ import annotations

import math

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from ...montecarlo.kernels.rng import float_bits

# Products and sums may be joined, which is faster and more exact.
joined = njit(
    cache=True, nogil=True, error_model="numpy", forceinline=True, _nrt=False,
    fastmath={"contract"},
)  # fmt: skip
# Of the exponential: 1/ln 2; ln 2 in two parts, the first of 32 bits so that its multiples are
# exact; a number at which float64 are whole; coefficients of the series.
_PER_LN2, _SHIFT = 1.0 / math.log(2.0), 1.5 * 2.0**52
_LN2_HIGH = math.floor(math.log(2.0) * 2.0**32) / 2.0**32
_LN2_LOW = 1.9082149292705877e-10
_C3, _C4, _C5, _C6, _C7, _C8 = (1.0 / math.factorial(k) for k in range(3, 9))
_C9, _C10, _C11, _C12, _C13 = (1.0 / math.factorial(k) for k in range(9, 14))

# The first guess at 1/sqrt(x), in bits: its largest error is least with this, 3.4 %.
_ROOT = np.int64(0x5FE6EC8511DC0000)

# Of logarithms: coefficients of the series of the inverse hyperbolic tangent; sqrt(1/2) in bits.
_A = tuple(1.0 / (2 * k + 1) for k in range(18))
_ROOT_HALF, _EXPONENT = np.int64(0x3FE6A09E667F3BCD), np.int64(52)


@intrinsic
def _times_power(typingctx, value, shifted):
    """``value`` times 2^n, n being what the lowest bits of the float64 ``shifted`` hold."""

    def code(context, builder, signature, args):
        word = ir.IntType(64)
        power = builder.shl(builder.bitcast(args[1], word), ir.Constant(word, 52))
        found = builder.add(builder.bitcast(args[0], word), power)
        return builder.bitcast(found, ir.DoubleType())

    return types.float64(types.float64, types.float64), code


@joined
def exponential(x):
    """e^x to some 2e-16, relatively; x beyond +-708 is taken for that. Plain operations only.

    With n = round(x / ln 2), 2^n times the series of e^(x - n ln 2) up to the 13th power.
    """
    x = min(708.0, max(-708.0, x))
    shifted = x * _PER_LN2 + _SHIFT  # its last bits are n
    n = shifted - _SHIFT
    y = (x - n * _LN2_HIGH) - n * _LN2_LOW
    p = y * (y * (y * _C13 + _C12) + _C11) + _C10
    p = y * (y * (y * p + _C9) + _C8) + _C7
    p = y * (y * (y * p + _C6) + _C5) + _C4
    p = y * (y * (y * (y * p + _C3) + 0.5) + 1.0) + 1.0
    return _times_power(p, shifted)


@intrinsic
def bits_float(typingctx, bits):
    """The float64 whose bits are the given int64."""

    def code(context, builder, signature, args):
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.int64), code


@joined
def inverse_root(x):
    """1/sqrt(x) to some 4e-16, relatively, of a normal x > 0: half the time of its definition.

    Halving the exponent is right to 3.4 %, see the constant; Newton's method doubles the digits.
    """
    y = bits_float(_ROOT - (float_bits(x) >> 1))
    half = 0.5 * x
    y *= 1.5 - half * y * y
    y *= 1.5 - half * y * y
    y *= 1.5 - half * y * y
    y *= 1.5 - half * y * y
    return y


@joined
def softplus(x):
    """ln(1 + e^x) to some 4e-16, relatively, where x > -708; positive below.

    As max(x, 0) + ln(1 + t), t = e^-|x|, by ln(1 + t) = 2 artanh(t/(2 + t)), of at most 1/3: its
    series up to the 35th power.
    """
    t = exponential(-abs(x))
    y = t / (2.0 + t)
    z = y * y
    p = z * (z * (z * _A[17] + _A[16]) + _A[15]) + _A[14]
    p = z * (z * (z * (z * p + _A[13]) + _A[12]) + _A[11]) + _A[10]
    p = z * (z * (z * (z * p + _A[9]) + _A[8]) + _A[7]) + _A[6]
    p = z * (z * (z * (z * p + _A[5]) + _A[4]) + _A[3]) + _A[2]
    return max(x, 0.0) + 2.0 * y * (z * (z * p + _A[1]) + 1.0)


@joined
def logarithm(x):
    """Natural logarithm of a normal x > 0, to some 4e-16 of it, or of ln 2 where that is more.

    ln(2^n m) = n ln 2 + 2 artanh((m - 1)/(m + 1)), m being from sqrt(1/2) to sqrt(2): the series is
    of at most 0.172, up to the 23rd power. Of 1 it is 0.
    """
    bits = float_bits(x)
    n = (bits - _ROOT_HALF) >> _EXPONENT
    m = bits_float(bits - (n << _EXPONENT))
    y = (m - 1.0) / (m + 1.0)
    z = y * y
    p = z * (z * (z * _A[11] + _A[10]) + _A[9]) + _A[8]
    p = z * (z * (z * (z * p + _A[7]) + _A[6]) + _A[5]) + _A[4]
    p = z * (z * (z * p + _A[3]) + _A[2]) + _A[1]
    k = np.float64(n)
    return k * _LN2_HIGH + (k * _LN2_LOW + 2.0 * y * (z * p + 1.0))
