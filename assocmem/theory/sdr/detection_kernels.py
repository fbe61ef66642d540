"""Scalar kernels of what one segment does: it fires at chance, or misses its pattern.

Natural logarithms; p is the chance that an active synapse transmits. All sums are of positive
terms. Arguments are not checked.
"""

from __future__ import annotations

import math

from .kernels import kernel, ln_binomial_head, ln_binomial_tail, ln_head, ln_pmf, ln_tail

NO_SUM = (-math.inf, 0.0)
_ENOUGH = -45.0  # ln of what may be left out of a sum


@kernel
def add_ln(sum_, x):
    """The sum (reference, total) = total e^reference with e^x added; start from `NO_SUM`."""
    reference, total = sum_
    if x == -math.inf:
        return reference, total
    if x > reference:
        return x, total * math.exp(reference - x) + 1.0
    return reference, total + math.exp(x - reference)


@kernel
def ln_of(sum_):
    """Logarithm of a sum that `add_ln` made, as a probability."""
    return min(0.0, sum_[0] + math.log(sum_[1])) if sum_[1] > 0.0 else -math.inf


@kernel
def ln_fire(n, a, s, theta, p):
    """Logarithm of P[at least theta of s synapses transmit], with a of n cells active: (4).

    The terms P[X = b] B(b, p, theta) are log-concave in b, so that the sum may end where they fall
    fast enough. O(s) for each of at most s - theta terms.
    """
    if p >= 1.0 or theta <= 0:
        return ln_tail(theta, n, a, s)
    found, before = NO_SUM, math.inf
    for b in range(max(theta, a + s - n), min(a, s) + 1):
        term = ln_pmf(b, n, a, s) + ln_binomial_tail(theta, b, p)
        found = add_ln(found, term)
        fall = term - before
        if fall < 0.0 and term - math.log(-math.expm1(fall)) < ln_of(found) + _ENOUGH:
            break
        before = term
    return ln_of(found)


@kernel
def ln_rest(n, a, s, theta, p):
    """Logarithm of P[fewer than theta of s synapses transmit], a of n cells active. O(s) a term."""
    if p >= 1.0 or theta <= 0:
        return ln_head(theta, n, a, s)
    found = NO_SUM
    for b in range(max(0, a + s - n), min(a, s) + 1):
        found = add_ln(found, ln_pmf(b, n, a, s) + ln_binomial_head(theta, b, p))
    return ln_of(found)


@kernel
def ln_swap(n, a, v, back):
    """Logarithm of P[r = back] of the v silenced cells come back: r ~ Hyp(n - a + v, v, v)."""
    return ln_pmf(back, n - a + v, v, v)


@kernel
def ln_miss_swap(n, a, s, theta, v, p):
    """Logarithm of FN' of the convention `Swap`: FN averaged over how many cells come back."""
    found = NO_SUM
    for back in range(max(0, v + a - n), v + 1):
        found = add_ln(found, ln_swap(n, a, v, back) + ln_rest(a, a - v + back, s, theta, p))
    return ln_of(found)


@kernel
def ln_choose(n, k):
    """Logarithm of C(n, k) = 1/P[Hyp(n, k, k) = k]; -inf outside 0 <= k <= n."""
    if k < 0 or k > n:
        return -math.inf
    return -ln_pmf(k, n, k, k)


@kernel
def fill_fire(n, a, s, theta, p, out):
    """`ln_fire` over flat arrays."""
    for i in range(out.size):
        out[i] = ln_fire(n[i], a[i], s[i], theta[i], p[i])


@kernel
def fill_rest(n, a, s, theta, p, out):
    """`ln_rest` over flat arrays."""
    for i in range(out.size):
        out[i] = ln_rest(n[i], a[i], s[i], theta[i], p[i])


@kernel
def fill_miss_swap(n, a, s, theta, v, p, out):
    """`ln_miss_swap` over flat arrays."""
    for i in range(out.size):
        out[i] = ln_miss_swap(n[i], a[i], s[i], theta[i], v[i], p[i])


@kernel
def fill_overlap_set(n, a, x, b, out):
    """Logarithm of (1), the number of activities of overlap b, over flat arrays."""
    for i in range(out.size):
        out[i] = ln_choose(x[i], b[i]) + ln_choose(n[i] - x[i], a[i] - b[i])
