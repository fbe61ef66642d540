r"""Capacity of linear and of two-layer neurons, by counting wirings.

Counted as Poirazi and Mel do, in unit synapses, each from one of d input lines, any number of
them from the same line. A linear cell with s of them is a multiset of s lines, one of
C(s + d - 1, s). A branch of k is one of f = C(k + d - 1, k) functions, and m of them, equal in
rank, are a multiset of m functions: C(f + m - 1, m). The factor 2 before the logarithms is theirs;
read here as two such cells that act against each other. Distinct wirings may compute the same
function of binary inputs, so that the counts are upper bounds on functions.

References
----------
Poirazi, Mel, Neuron 29 (2001) 779, equations 4 and 5, and Adv. Neural Inf. Process. Syst. 12
(1999) 157. The equations as Eyal et al. (2017) quote them in their public code.
"""

from __future__ import annotations

import math

import numpy as np

from ... import _validate as check


def log2_choose(n: int, k: int) -> float:
    """Binary logarithm of C(n, k) for integers of any size.

    Parameters
    ----------
    n, k : int
        0 <= k <= n.

    Returns
    -------
    float
        Right to 1e-13 relative: a sum of min(k, n - k) logarithms, each of one bit or more.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Notes
    -----
    O(min(k, n - k)) operations.

    Examples
    --------
    >>> log2_choose(2**200, 1)
    200.0
    """
    n = check.integer("n", n, 0)
    k = check.integer("k", k, 0, n)
    k = min(k, n - k)
    if n < 2**53:
        i = np.arange(k, dtype=float)
        return math.fsum(np.log2((n - k + 1 + i) / (i + 1.0)))
    return math.fsum(math.log2(n - k + 1 + i) - math.log2(i + 1) for i in range(k))


def linear_capacity(n_synapses: int, n_lines: int) -> float:
    r"""Bits of a pair of linear cells, $2\log_2\binom{s+d-1}{s}$.

    Parameters
    ----------
    n_synapses : int
        s >= 0, of each cell.
    n_lines : int
        d >= 1 input lines.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> round(linear_capacity(10_000, 400))
    4871
    """
    s = check.integer("n_synapses", n_synapses, 0)
    d = check.integer("n_lines", n_lines, 1)
    return 2.0 * log2_choose(s + d - 1, s)


def two_layer_capacity(n_branches: int, branch_size: int, n_lines: int) -> float:
    r"""Bits of a pair of two-layer cells, $2\log_2\binom{f+m-1}{m}$, $f=\binom{k+d-1}{k}$.

    With one branch, or one synapse on each, that of linear cells.

    Parameters
    ----------
    n_branches, branch_size : int
        m >= 0 branches of k >= 0 synapses.
    n_lines : int
        d >= 1 input lines.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> round(two_layer_capacity(1000, 10, 400))
    112558
    """
    m = check.integer("n_branches", n_branches, 0)
    k = check.integer("branch_size", branch_size, 0)
    d = check.integer("n_lines", n_lines, 1)
    functions = math.comb(k + d - 1, k)
    return 2.0 * log2_choose(functions + m - 1, m)


def best_branches(n_synapses: int, n_lines: int) -> tuple[int, int, float]:
    """Division of s synapses into equal branches that has the largest capacity.

    Parameters
    ----------
    n_synapses : int
        s >= 1; branches are those numbers that divide it.
    n_lines : int
        d >= 1 input lines.

    Returns
    -------
    (int, int, float)
        Branches m, synapses k = s/m of each, bits. The fewest branches of those equally good.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Notes
    -----
    O(s) operations for each divisor.

    Examples
    --------
    >>> best_branches(10_000, 400)[:2]
    (1250, 8)
    """
    s = check.integer("n_synapses", n_synapses, 1)
    d = check.integer("n_lines", n_lines, 1)
    divisors = [m for m in range(1, s + 1) if s % m == 0]
    bits = [two_layer_capacity(m, s // m, d) for m in divisors]
    best = int(np.argmax(bits))
    return divisors[best], s // divisors[best], bits[best]
