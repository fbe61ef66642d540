r"""Neurons of two layers: K branches, each a nonlinear function of its own count, then a sum.

$$ y=g\Big(\sum_{j=1}^Kf(|A\cap D_j|)\Big),\qquad g(u)=[u\ge T] . $$

With f a hard threshold and T = 1 the neuron is the OR of K segments, whose false positives
1 - (1 - FP)^K are in `assocmem.theory.sdr.many.any_of`. For any other f the law of the sum is
found here by convolution: given the number a of active cells, overlaps of independent uniform
branches are independent.

Capacity is in `assocmem.theory.sdr.branch_capacity`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ... import _validate as check
from .hypergeometric import log_pmf
from .probability import Probability

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

MOST_PAIRS = 4_000_000
"""Largest product of the numbers of distinct sums that one convolution takes."""

_LATTICE = 2**52


def hard_table(s: int, theta: int) -> np.ndarray:
    """Values of [z >= theta] for z = 0..s: a branch that spikes or does not."""
    return (np.arange(check.integer("s", s, 0) + 1) >= check.integer("theta", theta)).astype(int)


def power_table(s: int, exponent: int = 10) -> np.ndarray:
    """Values of z^exponent for z = 0..s, whole numbers; ``exponent`` >= 1."""
    exponent = check.integer("exponent", exponent, 1)
    return np.arange(check.integer("s", s, 0) + 1, dtype=object) ** exponent


def sigmoid_table(s: int, centre: float = 11.5, slope: float = 5.0) -> np.ndarray:
    """Values of 1/(1 + exp(slope (centre - z))) for z = 0..s."""
    from scipy.special import expit

    centre, slope = check.real("centre", centre), check.real("slope", slope)
    return expit(slope * (np.arange(check.integer("s", s, 0) + 1) - centre))


def two_layer_tail(
    n: int, a: int, s: int, branches: int, values: ArrayLike, threshold: float
) -> Probability:
    r"""Chance that the branches' sum reaches T under an independent activity, by convolution.

    Parameters
    ----------
    n, a, s : int
        Cells, active ones, synapses of each branch.
    branches : int
        K, from 0 to 2^30.
    values : array, shape (s + 1,)
        f(0), ..., f(s), each >= 0: a table such as `hard_table`, `power_table`, `sigmoid_table`.
    threshold : float
        T.

    Returns
    -------
    Probability
        Exact for whole numbers. Other values are taken on a lattice of 2^-52 of T; sums that
        come within K steps of T count as reaching it, so that sums equal to T do.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range; if too many distinct sums below T
        are possible, see `MOST_PAIRS`, where `two_layer_bracket` encloses the chance.

    Notes
    -----
    Sums of T and above are one. O(S^2 log K) operations for S distinct sums below T, in
    logarithms, so that there is no depth at which it fails.

    Examples
    --------
    The OR of 400 segments:

    >>> print(two_layer_tail(4000, 128, 24, 400, hard_table(24, 12), 1))
    5.37296e-10 (exact)
    """
    log, branches, table = _arguments(n, a, s, branches, values)
    threshold = _number("threshold", threshold)
    if threshold <= 0:
        return Probability.of_log(0.0)
    if _whole(table):
        cap = math.ceil(threshold)
        steps = [min(value, cap) for value in table]
    else:
        cap = _LATTICE - branches
        steps = [min(round(min(value / threshold, 1.0) * _LATTICE), cap) for value in table]
    return Probability.of_log(_tail(steps, log, branches, cap))


def two_layer_law(
    n: int, a: int, s: int, branches: int, values: ArrayLike
) -> tuple[np.ndarray, Probability]:
    """Law of the branches' sum under an independent activity.

    Parameters
    ----------
    n, a, s, branches, values
        As for `two_layer_tail`.

    Returns
    -------
    (ndarray, Probability)
        Sums that can occur, rising (integers where the table holds integers), and the chance of
        each. Sums of other values are one where they differ by less than 2^-50 of the largest.

    Raises
    ------
    TypeError, ValueError
        As in `two_layer_tail`.

    Examples
    --------
    >>> sums, chances = two_layer_law(6, 3, 2, 2, [0, 1, 4])
    >>> sums.tolist(), chances.value.round(2).tolist()
    ([0, 1, 2, 4, 5, 8], [0.04, 0.24, 0.36, 0.08, 0.24, 0.04])
    """
    log, branches, table = _arguments(n, a, s, branches, values)
    if _whole(table):
        keys, logs = _law(table, log, branches, None)
        return keys, Probability.of_log(logs)
    unit = max(table) * max(branches, 1) / 2.0**50
    keys, logs = _law([round(value / unit) for value in table], log, branches, None)
    return keys.astype(float) * unit, Probability.of_log(logs)


def two_layer_bracket(
    n: int,
    a: int,
    s: int,
    branches: int,
    values: ArrayLike,
    threshold: float,
    *,
    states: int = 500,
) -> tuple[Probability, Probability]:
    """Lower and upper bound on `two_layer_tail`, whatever the table.

    Where there are more sums than ``states``, half of that number stay as they are and others are
    rounded to multiples of 2 T/states, down for the lower bound and up for the upper. Those that
    stay are the likeliest under the law tilted by exp(lambda sum) that has its mean at T, since
    these make the tail. Values below 2^-20 T/K are left out, with T less by 2^-20 for the upper
    bound; then the same with 2^-30, and the better of each two bounds is returned. Values that
    are not whole are taken on a lattice of 2^-40 of T, on which sums that come within K steps of
    T count as reaching it.

    Parameters
    ----------
    n, a, s, branches, values, threshold
        As for `two_layer_tail`.
    states : int
        Sums that are told apart, from 4 to 2000.

    Returns
    -------
    (Probability, Probability)
        Lower, upper; methods "lower bound", "upper bound".

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Notes
    -----
    O(states^2 log K) operations.

    Examples
    --------
    >>> for bound in two_layer_bracket(2000, 128, 24, 500, sigmoid_table(24), 1.0):
    ...     print(bound)
    1.29037e-10 (lower bound)
    1.29041e-10 (upper bound)
    """
    log, branches, table = _arguments(n, a, s, branches, values)
    threshold = _number("threshold", threshold)
    states = check.integer("states", states, 4, 2000)
    if threshold <= 0:
        return Probability.of_log(0.0, "lower bound"), Probability.of_log(0.0, "upper bound")
    if _whole(table):
        whole, slack = math.ceil(threshold), 0
    else:
        whole, slack = 2**40, branches
        table = [round(min(value / threshold, 1.0) * whole) for value in table]

    def bound(up: bool, shift: int) -> float:
        steps = [step if step * branches << shift >= whole else 0 for step in table]
        top = max(whole - slack - (whole >> shift) * up, 1)
        steps = [min(step, top) for step in steps]
        coarse = _Coarse(states, up, _tilt(steps, log, top / max(branches, 1)))
        return _tail(steps, log, branches, top, coarse)

    lower = max(bound(False, shift) for shift in (20, 30))
    upper = min(bound(True, shift) for shift in (20, 30))
    return Probability.of_log(lower, "lower bound"), Probability.of_log(upper, "upper bound")


class _Coarse(NamedTuple):
    """How sums are rounded where there are too many: to ``states``, up or down."""

    states: int
    up: bool
    tilt: float


def _tilt(steps: list[int], log: np.ndarray, mean: float) -> float:
    """Factor lambda >= 0 at which the law of one step times exp(lambda step) has this mean."""
    from scipy.optimize import brentq

    values, top = np.array(steps, dtype=float), float(max(steps))

    def excess(scaled: float) -> float:
        weights = np.exp((tilted := log + scaled * values / top) - tilted.max())
        return float(weights @ values / weights.sum()) - mean

    if top <= mean or excess(0.0) >= 0.0:
        return 0.0
    high = 1.0
    while excess(high) < 0.0 and high < 1e6:
        high *= 2.0
    return float(brentq(excess, 0.0, high)) / top if high < 1e6 else 0.0


def _number(name: str, value: float) -> int | float:
    """A finite number as Python has it, whole ones as integers of any size."""
    check.real(name, value)
    return value.item() if isinstance(value, np.generic) else value


def _whole(table: list) -> bool:
    return all(isinstance(value, int) for value in table)


def _arguments(
    n: int, a: int, s: int, branches: int, values: ArrayLike
) -> tuple[np.ndarray, int, list]:
    """Logarithms of P[X = z], K, and the table as Python numbers, whole ones as integers."""
    n = check.integer("n", n, 0, 2**31 - 1)
    a, s = check.integer("a", a, 0, n), check.integer("s", s, 0, n)
    branches = check.integer("branches", branches, 0, 2**30)
    table = [_number("values", value) for value in values]
    if len(table) != s + 1:
        raise ValueError(f"values must be f(0), ..., f(s), s + 1 = {s + 1} numbers, got {values!r}")
    if min(table) < 0:
        raise ValueError(f"values must not be negative, got {values!r}")
    return log_pmf(np.arange(s + 1), n, a, s), branches, table


def _merged(keys: np.ndarray, logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct keys, rising, and the logarithm of the sum of their weights."""
    order = np.argsort(keys, kind="stable")
    keys, logs = keys[order], logs[order]
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    return keys[starts], np.logaddexp.reduceat(logs, starts)


def _tail(
    steps: list[int],
    log: np.ndarray,
    branches: int,
    cap: int,
    coarse: _Coarse | None = None,
) -> float:
    """Logarithm of the chance that the sum of ``branches`` steps reaches ``cap`` >= 1."""
    keys, logs = _law(steps, log, branches, cap, coarse)
    return float(logs[-1]) if keys[-1] == cap else -math.inf


def _law(
    steps: list[int],
    log: np.ndarray,
    branches: int,
    top: int | None,
    coarse: _Coarse | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Sums of ``branches`` independent steps, those above ``top`` counted as it, and logarithms."""
    most = max(steps) * max(branches, 1)
    # in Python's integers, exact, where 64 bits do not hold the sums
    dtype = np.int64 if min(most, 2 * (top or most)) < 2**62 else object
    possible = log > -math.inf
    power = _merged(np.array(steps, dtype=dtype)[possible], log[possible])
    total = (np.zeros(1, dtype=dtype), np.zeros(1))
    while branches:
        if branches & 1:
            total = _added(total, power, top, coarse)
        branches >>= 1
        if branches:
            power = _added(power, power, top, coarse)
    return total


def _added(
    left: tuple[np.ndarray, np.ndarray],
    right: tuple[np.ndarray, np.ndarray],
    top: int | None,
    coarse: _Coarse | None,
) -> tuple[np.ndarray, np.ndarray]:
    if len(left[0]) * len(right[0]) > MOST_PAIRS:
        raise ValueError(
            f"values must have few distinct sums below the threshold, got {len(left[0])} and "
            f"{len(right[0])} to be added; use two_layer_bracket"
        )
    keys = (left[0][:, None] + right[0][None, :]).ravel()
    if top is not None:
        keys = np.minimum(keys, top)
    keys, logs = _merged(keys, (left[1][:, None] + right[1][None, :]).ravel())
    if coarse is None or len(keys) <= coarse.states:
        return keys, logs
    half = coarse.states // 2
    others = np.ones(len(keys), dtype=bool)
    others[np.argpartition(-(logs + coarse.tilt * keys.astype(float)), half)[:half]] = False
    width = -(-top // (half - 1))  # so that at most ``half`` multiples are left, and the top
    rounded = -(-keys // width) * width if coarse.up else keys // width * width
    return _merged(np.where(others, np.minimum(rounded, top), keys), logs)
