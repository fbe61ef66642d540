"""Kernel of the hypergeometric tail with a number of marked cells that is not an integer."""

from __future__ import annotations

import math

from .kernels import LN2, falling, kernel


@kernel
def ln_tail_real(theta, n, marked, draws):
    """Logarithm of of sum_(b >= theta) C(draws, b) (marked)_b (n - marked)_(draws - b) / (n)_draws.

    ``marked`` is real, in [0, n]; binomial coefficients of it are meant by Gamma functions, and
    terms that hold a negative factor are left out. O(draws).
    """
    low = max(theta, 0, math.ceil(marked + draws - n - 1.0) if marked + draws > n + 1.0 else 0)
    high = min(draws, math.ceil(marked))
    if low > high:
        return -math.inf
    mode = math.floor((marked + 1.0) * (draws + 1.0) / (n + 2.0))
    start = min(max(low, mode), high)
    top, _, scale = falling(1.0, 0.0, 0, float(draws), start)
    top, _, scale = falling(top, 0.0, scale, marked, start)
    top, _, scale = falling(top, 0.0, scale, n - marked, draws - start)
    below, _, shift = falling(1.0, 0.0, 0, float(start), start)
    below, _, shift = falling(below, 0.0, shift, float(n), draws)
    others = n - marked - draws
    total = term = 1.0
    for b in range(start, high):
        term *= (draws - b) * (marked - b) / ((b + 1.0) * (others + b + 1.0))
        total += term
    term = 1.0
    for b in range(start - 1, low - 1, -1):
        term *= (b + 1.0) * (others + b + 1.0) / ((draws - b) * (marked - b))
        total += term
    if top <= 0.0:
        return -math.inf
    mantissa, more = math.frexp(top / below)
    return min(0.0, math.log(mantissa * total) + (scale - shift + more) * LN2)


@kernel
def fill_tail_real(theta, n, marked, draws, out):
    """`ln_tail_real` over flat arrays."""
    for i in range(out.size):
        out[i] = ln_tail_real(theta[i], n[i], marked[i], draws[i])
