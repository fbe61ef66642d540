r"""Numbers of false predictions in a memory of transitions, see `assocmem.theory.sdr.sequences`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ... import _validate as check
from .hypergeometric import log_binomial_pmf, log_pmf, log_tail
from .probability import Probability

if TYPE_CHECKING:
    from scipy import sparse


def checked(n: int, a: int, s: int, theta: int, n_transitions: int) -> tuple[int, ...]:
    """The arguments as integers, or a refusal."""
    n = check.integer("n", n, 1)
    a = check.integer("a", a, 1, n)
    s = check.integer("s", s, 1, a)
    theta = check.integer("theta", theta, 1, s)
    return n, a, s, theta, check.integer("n_transitions", n_transitions, 1)


def false_prediction(n: int, a: int, s: int, theta: int, n_transitions: int) -> Probability:
    r"""Chance that a cell outside the successor is predicted, 1 - (1 - (a/n) FP)^(T-1).

    Parameters
    ----------
    n, a, s, theta : int
        Cells, active ones, synapses of a segment and its threshold, 1 <= theta <= s <= a <= n.
    n_transitions : int
        T >= 1 stored, that which is presented among them.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    n, a, s, theta, count = checked(n, a, s, theta, n_transitions)
    one = math.log(a / n) + float(log_tail(theta, n, a, s))
    if count == 1:
        return Probability.of_log(-math.inf)
    silent = (count - 1) * (math.log1p(-math.exp(one)) if one < 0.0 else -math.inf)
    # for the smallest chances the power is (T - 1) times one, which may lie below all doubles
    log = math.log(-math.expm1(silent)) if silent < -1e-290 else math.log(count - 1) + one
    return Probability.of_log(log)


def false_prediction_law(n: int, a: int, s: int, theta: int, n_transitions: int) -> np.ndarray:
    r"""Law of the number Z of false predictions, exact for independent transitions.

    The overlap X of another transition's pattern with the one presented is hypergeometric; given
    it, that transition's a cells are predicted independently of each other, each with
    h(X) = P[Hyp(a, X, s) >= theta]. The number Y of them is a mixture of binomials, and the set
    of all predicted cells grows by that many uniform ones at a time,
    U' = U + Y - Hyp(n, U, Y). Of T - 1 transitions a binomial number has Y >= 1; only these are
    followed. The last step leaves out what falls into the successor, Z = U - Hyp(n, U, a).

    Parameters
    ----------
    n, a, s, theta, n_transitions : int
        As for `false_prediction`.

    Returns
    -------
    ndarray, shape (n - a + 1,)
        P[Z = z], summing to 1 within 1e-11.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Notes
    -----
    Cost O(n a^2) to begin with, then O(n a) for each of about T P[Y >= 1] steps.
    """
    n, a, s, theta, count = checked(n, a, s, theta, n_transitions)
    from scipy import stats

    crowd = _crowd_law(n, a, s, theta)
    active = float(crowd.sum())
    size = np.zeros(n + 1)
    size[0] = 1.0
    if active > 0.0 and count > 1:
        step = _growth(n, crowd / active)
        visits = stats.binom(count - 1, min(active, 1.0))
        first, last = int(visits.ppf(1e-14)), int(visits.isf(1e-14))
        current, size = size, np.zeros(n + 1)
        for k, weight in enumerate(visits.pmf(np.arange(last + 1))):
            if k >= first:
                size += weight * current
            current = step @ current
        size /= size.sum()
    return _outside(n, a, size)


def false_prediction_moments(
    n: int, a: int, s: int, theta: int, n_transitions: int
) -> tuple[float, float]:
    r"""Mean and variance of the number of false predictions, in closed form.

    Two cells are both silent with probability
    $[1 - 2\frac an\mathrm{FP} + \frac{a(a-1)}{n(n-1)}\,\mathbb E\,h(X)^2]^{T-1}$, X and h as in
    `false_prediction_law`.

    Parameters
    ----------
    n, a, s, theta, n_transitions : int
        As for `false_prediction`.

    Returns
    -------
    (float, float)
        Mean and variance of Z.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    n, a, s, theta, count = checked(n, a, s, theta, n_transitions)
    one = float(false_prediction(n, a, s, theta, count))
    if n == a:
        return 0.0, 0.0
    weights, fires = _by_overlap(n, a, s, theta)
    q, fp, both = a / n, float(weights @ fires), float(weights @ fires**2)
    pair = 2.0 * q * fp - a * (a - 1) / (n * (n - 1)) * both
    silent_pair = math.exp((count - 1) * math.log1p(-pair)) if pair < 1.0 else float(count == 1)
    # variance of the silent cells: of one, and the covariance of two
    cells = n - a
    covariance = silent_pair - (1.0 - one) ** 2
    return cells * one, cells * one * (1.0 - one) + cells * (cells - 1) * covariance


def _by_overlap(n: int, a: int, s: int, theta: int) -> tuple[np.ndarray, np.ndarray]:
    """P[X = x] and h(x) for x = theta..a, where they are not 0."""
    x = np.arange(theta, a + 1)
    return np.exp(log_pmf(x, n, a, a)), np.exp(log_tail(theta, a, x, s))


def _crowd_law(n: int, a: int, s: int, theta: int) -> np.ndarray:
    """P[Y = y] for y = 1..a, cells that one other transition predicts."""
    weights, fires = _by_overlap(n, a, s, theta)
    y = np.arange(1, a + 1)
    return weights @ np.exp(log_binomial_pmf(y[None, :], a, np.minimum(fires, 1.0)[:, None]))


def _log_factorials(n: int) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])


def _growth(n: int, crowd: np.ndarray) -> sparse.csr_array:
    """Matrix of P[U' = u + d | U = u], from column u to row u + d, for one crowd."""
    from scipy import sparse

    log = _log_factorials(n)
    u = np.arange(n + 1)[:, None]
    grown = np.zeros((n + 1, len(crowd) + 1))
    for y, weight in enumerate(crowd, start=1):
        if weight == 0.0:
            continue
        d = np.arange(y + 1)[None, :]
        fits = (d <= n - u) & (y - d <= u)
        new, old = np.where(fits, d, 0), np.where(fits, y - d, 0)
        ways = log[n - u] - log[new] - log[np.maximum(n - u - new, 0)]
        ways = ways + log[u] - log[old] - log[np.maximum(u - old, 0)]
        ways -= log[n] - log[y] - log[n - y]
        grown[:, : y + 1] += np.where(fits, weight * np.exp(ways), 0.0)
    grown /= grown.sum(axis=1, keepdims=True)
    rows, columns = np.nonzero(grown)
    entries = (grown[rows, columns], (rows + columns, rows))
    return sparse.csr_array(entries, shape=(n + 1, n + 1))


def _outside(n: int, a: int, size: np.ndarray) -> np.ndarray:
    """Law of U - Hyp(n, U, a) where U has the law ``size``."""
    law = np.zeros(n - a + 1)
    inside = np.arange(a + 1)
    for u in np.flatnonzero(size):
        some = inside[max(0, u - (n - a)) : min(a, u) + 1]
        law[u - some] += size[u] * np.exp(log_pmf(some, n, a, int(u)))
    return law
