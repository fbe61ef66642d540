"""Scalar kernels of the hypergeometric and binomial laws, in natural logarithms.

A probability here may be 1e-470 or 1e-4000 and has to be right to 1e-12 of itself, so that neither
doubles nor differences of ln Gamma serve (ln Gamma(n) ~ n ln n is lost against them). A term is
instead a quotient of two products of integers, one factor for each draw. Each product is carried as
the unevaluated sum of two doubles and a power of two (Ogita, Rump, Oishi, SIAM J. Sci. Comput. 26
(2005) 1955), so that rounding does not add up over factors. A tail is its first term times a sum of
positive terms by their ratio, and of tail and head the smaller is summed.

Other modules call ``ln_pmf``, ``ln_tail``, ``ln_head`` and their binomial counterparts from their
own loops. Arguments are not checked: 0 <= a, s <= n < 2^31; k and theta may be anything.
"""

from __future__ import annotations

import math

from numba import njit

kernel = njit(cache=True, nogil=True, error_model="numpy")
inlined = njit(cache=True, nogil=True, error_model="numpy", forceinline=True, _nrt=False)

LN2 = math.log(2.0)
_SPLITTER = 134217729.0  # 2^27 + 1 cuts a double into halves of 26 bits
_LARGE, _SMALL, _SHIFT = 2.0**900, 2.0**-900, 900
_NEGLIGIBLE = 1e-19  # of a sum, at which its terms are cut off


@inlined
def _product_error(x, y, product):
    """What rounding took from x y (Dekker): x y = product + error exactly."""
    cut = _SPLITTER * x
    x_high = cut - (cut - x)
    x_low = x - x_high
    cut = _SPLITTER * y
    y_high = cut - (cut - y)
    y_low = y - y_high
    return ((x_high * y_high - product) + x_high * y_low + x_low * y_high) + x_low * y_low


@kernel
def falling(high, low, exponent, x, count):
    """(high + low) 2^exponent times x (x - 1) ... (x - count + 1), for x >= count."""
    for i in range(count):
        factor = float(x - i)
        product = high * factor
        low = low * factor + _product_error(high, factor, product)
        high = product
        if high > _LARGE:
            high *= _SMALL
            low *= _SMALL
            exponent += _SHIFT
    return high, low, exponent


@kernel
def _power(high, low, exponent, count):
    """((high + low) 2^exponent)^count as such a triple, by squaring."""
    result, rest, scale = 1.0, 0.0, 0
    while True:
        high, shift = math.frexp(high)
        low = math.ldexp(low, -shift)
        exponent += shift
        if count & 1:
            product = result * high
            rest = _product_error(result, high, product) + result * low + rest * high
            result, shift = math.frexp(product)
            rest = math.ldexp(rest, -shift)
            scale += exponent + shift
        count >>= 1
        if count == 0:
            return result, rest, scale
        product = high * high
        low = _product_error(high, high, product) + 2.0 * high * low
        high = product
        exponent *= 2


@kernel
def hypergeometric_term(k, n, a, s):
    """Mantissa and binary exponent of P[X = k] for a k that is possible.

    C(s,k) (a)_k (n-a)_(s-k) / (n)_s, brought by symmetries to the fewest draws
    s = min(s, a, n-s, n-a). At most 3 s multiplications of 20 operations.
    """
    if s > n - s:
        s, k = n - s, a - k
    if a > n - a:
        a, k = n - a, s - k
    if s > a:
        s, a = a, s
    fewer = min(k, s - k)
    top, rest, scale = falling(1.0, 0.0, 0, s, fewer)
    top, rest, scale = falling(top, rest, scale, a, k)
    top, rest, scale = falling(top, rest, scale, n - a, s - k)
    below, lost, shift = falling(1.0, 0.0, 0, fewer, fewer)
    below, lost, shift = falling(below, lost, shift, n, s)
    mantissa, more = math.frexp(top / below * (1.0 + (rest / top - lost / below)))
    return mantissa, scale - shift + more


@kernel
def _hypergeometric_up(k, n, a, s):
    """Sum over b >= k of P[X = b] in units of P[X = k]; falling terms are cut off."""
    total = term = 1.0
    others = n - s - a
    for b in range(k, min(a, s)):
        term *= (float(s - b) * float(a - b)) / (float(b + 1) * float(others + b + 1))
        total += term
        if term < _NEGLIGIBLE * total:
            break
    return total


@kernel
def _hypergeometric_down(k, n, a, s):
    """Sum over b <= k of P[X = b] in units of P[X = k]; falling terms are cut off."""
    total = term = 1.0
    others = n - s - a
    for b in range(k - 1, max(0, -others) - 1, -1):
        term *= (float(b + 1) * float(others + b + 1)) / (float(s - b) * float(a - b))
        total += term
        if term < _NEGLIGIBLE * total:
            break
    return total


@kernel
def ln_pmf(k, n, a, s):
    """Logarithm of P[X = k] for X ~ Hyp(n, a, s); -inf where impossible. O(min(s, a, n-s, n-a))."""
    if k < max(0, a + s - n) or k > min(a, s):
        return -math.inf
    mantissa, exponent = hypergeometric_term(k, n, a, s)
    found = math.log(mantissa) + exponent * LN2
    if found < -0.5:
        return found
    # Near 1 the sum of all other terms is the better known.
    above = math.exp(_hypergeometric_sides(k + 1, n, a, s)[0])
    return math.log1p(-above - math.exp(_hypergeometric_sides(k, n, a, s)[1]))


@kernel
def _hypergeometric_sides(theta, n, a, s):
    """Logarithms of P[X >= theta] and P[X < theta]: one is summed, the other its complement."""
    if theta <= max(0, a + s - n):
        return 0.0, -math.inf
    if theta > min(a, s):
        return -math.inf, 0.0
    if theta > ((a + 1) * (s + 1)) // (n + 2):  # beyond the mode: terms fall, and tail < 0.75
        mantissa, exponent = hypergeometric_term(theta, n, a, s)
        total = _hypergeometric_up(theta, n, a, s)
        found = math.log(mantissa * total) + exponent * LN2
        return found, math.log1p(-math.exp(found))
    mantissa, exponent = hypergeometric_term(theta - 1, n, a, s)
    total = _hypergeometric_down(theta - 1, n, a, s)
    found = math.log(mantissa * total) + exponent * LN2
    return math.log1p(-math.exp(found)), found


@kernel
def ln_tail(theta, n, a, s):
    """Logarithm of P[X >= theta] for X ~ Hyp(n, a, s). Cost of `ln_pmf` and of a sum."""
    return _hypergeometric_sides(theta, n, a, s)[0]


@kernel
def ln_head(theta, n, a, s):
    """Logarithm of P[X < theta] for X ~ Hyp(n, a, s). Cost of `ln_pmf` and of a sum."""
    return _hypergeometric_sides(theta, n, a, s)[1]


@kernel
def _binomial_term(k, m, p, q):
    """Mantissa and binary exponent of C(m,k) p^k q^(m-k), p and q as triples, 0 <= k <= m."""
    fewer = min(k, m - k)
    top, rest, scale = falling(1.0, 0.0, 0, m, fewer)
    below, lost, shift = falling(1.0, 0.0, 0, fewer, fewer)
    ratio = top / below
    relative = rest / top - lost / below
    on, on_rest, on_scale = _power(p[0], p[1], p[2], k)
    off, off_rest, off_scale = _power(q[0], q[1], q[2], m - k)
    product = ratio * on * off
    product *= 1.0 + (relative + on_rest / on + off_rest / off)
    product, more = math.frexp(product)
    return product, scale - shift + on_scale + off_scale + more


@kernel
def _of_double(p):
    """Triples of p and q = 1 - p, exact."""
    q = 1.0 - p
    return (p, 0.0, 0), (q, (1.0 - q) - p, 0)


@kernel
def _of_ln(ln_p):
    """Triples of p and q = 1 - p from ln p < 0, also where p is too small for a double."""
    if ln_p < -700.0:
        shift = math.floor(ln_p / LN2)
        return (math.exp(ln_p - shift * LN2), 0.0, shift), (1.0, 0.0, 0)
    p, q = math.exp(ln_p), -math.expm1(ln_p)
    if p < 0.5:
        return (p, 0.0, 0), (q, (1.0 - q) - p, 0)
    return (p, (1.0 - p) - q, 0), (q, 0.0, 0)


@kernel
def _binomial_sides(theta, m, p, q):
    """Logarithms of P[Y >= theta] and P[Y < theta], Y ~ Bin(m, p); p, q = 1 - p > 0 as triples."""
    if theta <= 0:
        return 0.0, -math.inf
    if theta > m:
        return -math.inf, 0.0
    plain = math.ldexp(p[0], p[2])
    odds = plain / q[0]
    total = term = 1.0
    if theta > (m + 1) * plain:
        mantissa, exponent = _binomial_term(theta, m, p, q)
        for b in range(theta, m):
            term *= odds * (float(m - b) / float(b + 1))
            total += term
            if term < _NEGLIGIBLE * total:
                break
        found = math.log(mantissa * total) + exponent * LN2
        return found, math.log1p(-math.exp(found))
    mantissa, exponent = _binomial_term(theta - 1, m, p, q)
    for b in range(theta - 2, -1, -1):
        term *= (float(b + 1) / float(m - b)) / odds
        total += term
        if term < _NEGLIGIBLE * total:
            break
    found = math.log(mantissa * total) + exponent * LN2
    return math.log1p(-math.exp(found)), found


@kernel
def _certain_sides(theta, value):
    """Both logarithms where the number is ``value`` for certain."""
    return (0.0, -math.inf) if theta <= value else (-math.inf, 0.0)


@kernel
def ln_binomial_tail(theta, m, p):
    """Logarithm of P[Y >= theta] for Y ~ Bin(m, p). O(min(theta, m - theta) + ln m) and a sum."""
    if p <= 0.0 or p >= 1.0:
        return _certain_sides(theta, 0 if p <= 0.0 else m)[0]
    on, off = _of_double(p)
    return _binomial_sides(theta, m, on, off)[0]


@kernel
def ln_binomial_head(theta, m, p):
    """Logarithm of P[Y < theta] for Y ~ Bin(m, p). O(min(theta, m - theta) + ln m) and a sum."""
    if p <= 0.0 or p >= 1.0:
        return _certain_sides(theta, 0 if p <= 0.0 else m)[1]
    on, off = _of_double(p)
    return _binomial_sides(theta, m, on, off)[1]


@kernel
def ln_binomial_tail_of_ln(theta, m, ln_p):
    """Logarithm of P[Y >= theta] for Y ~ Bin(m, p) from ln p, which may be far below a double's."""
    if ln_p == -math.inf or ln_p >= 0.0:
        return _certain_sides(theta, 0 if ln_p < 0.0 else m)[0]
    on, off = _of_ln(ln_p)
    return _binomial_sides(theta, m, on, off)[0]


@kernel
def ln_binomial_head_of_ln(theta, m, ln_p):
    """Logarithm of P[Y < theta] for Y ~ Bin(m, p) from ln p; see `ln_binomial_tail_of_ln`."""
    if ln_p == -math.inf or ln_p >= 0.0:
        return _certain_sides(theta, 0 if ln_p < 0.0 else m)[1]
    on, off = _of_ln(ln_p)
    return _binomial_sides(theta, m, on, off)[1]


@kernel
def ln_binomial_pmf(k, m, p):
    """Logarithm of P[Y = k] for Y ~ Bin(m, p); -inf where impossible. O(min(k, m - k) + ln m)."""
    if k < 0 or k > m:
        return -math.inf
    if p <= 0.0 or p >= 1.0:
        return 0.0 if k == (0 if p <= 0.0 else m) else -math.inf
    on, off = _of_double(p)
    mantissa, exponent = _binomial_term(k, m, on, off)
    found = math.log(mantissa) + exponent * LN2
    if found < -0.5:
        return found
    above = math.exp(_binomial_sides(k + 1, m, on, off)[0])
    return math.log1p(-above - math.exp(_binomial_sides(k, m, on, off)[1]))


@kernel
def fill_pmf(k, n, a, s, out):
    """`ln_pmf` over flat arrays."""
    for i in range(out.size):
        out[i] = ln_pmf(k[i], n[i], a[i], s[i])


@kernel
def fill_sides(theta, n, a, s, tail, head):
    """`ln_tail` and `ln_head` over flat arrays."""
    for i in range(tail.size):
        tail[i], head[i] = _hypergeometric_sides(theta[i], n[i], a[i], s[i])


@kernel
def fill_binomial_pmf(k, m, p, out):
    """`ln_binomial_pmf` over flat arrays."""
    for i in range(out.size):
        out[i] = ln_binomial_pmf(k[i], m[i], p[i])


@kernel
def fill_binomial_sides(theta, m, p, tail, head):
    """`ln_binomial_tail` and `ln_binomial_head` over flat arrays."""
    for i in range(tail.size):
        if p[i] <= 0.0 or p[i] >= 1.0:
            tail[i], head[i] = _certain_sides(theta[i], 0 if p[i] <= 0.0 else m[i])
        else:
            on, off = _of_double(p[i])
            tail[i], head[i] = _binomial_sides(theta[i], m[i], on, off)


@kernel
def fill_binomial_tail_of_ln(theta, m, ln_p, ln_q, out):
    """Logarithm of P[Y >= theta] over flat arrays, from ln p or from ln(1 - p), the smaller one."""
    for i in range(out.size):
        if ln_p[i] <= ln_q[i]:
            out[i] = ln_binomial_tail_of_ln(theta[i], m[i], ln_p[i])
        else:
            out[i] = ln_binomial_head_of_ln(m[i] - theta[i] + 1, m[i], ln_q[i])
