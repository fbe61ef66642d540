r"""Memories of sequences with one cell to a column: predictions, their accuracy, how much fits.

A transition leads from a pattern B to its successor C, each of a of n cells. To store it, every
cell of C grows one segment with s synapses, drawn uniformly from B for each cell anew. When B is
seen again, the cells with a segment of at least theta active synapses are predicted: all of C, if
s >= theta, and Z others whose segments for other transitions fire by chance. Accuracy is Jaccard's:
predicted cells of C over all cells that are predicted or in C, a/(a + Z).

The transitions are taken as independent of each other: T pairs of independent patterns. In chains
the successor of one transition is the first pattern of the next, which changes probabilities in
the relative order of 1/n.

The published estimate gives each cell the mean number of segments and divides means. The mean of
the ratio is higher, since 1/(a + Z) is convex; and segments for the same transition see the same
overlap of its pattern with what is presented, so that false predictions come in crowds, more
variable than a binomial number. At n = 500, a = 64, s = 20, theta = 10 and 19,000 transitions these
raise an accuracy of 0.6161 by 0.0021 and by another 0.0004.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ... import _validate as check
from ._arguments import integers
from .hypergeometric import log_binomial_pmf, log_pmf, log_tail
from .probability import Probability

if TYPE_CHECKING:
    from scipy import sparse


def _checked(n: int, a: int, s: int, theta: int, n_transitions: int) -> tuple[int, ...]:
    n = check.integer("n", n, 1)
    a = check.integer("a", a, 1, n)
    s = check.integer("s", s, 1, a)
    theta = check.integer("theta", theta, 1, s)
    return n, a, s, theta, check.integer("n_transitions", n_transitions, 1)


def transitions(n_elements: int, length: int) -> int:
    """Number of transitions in sequences of equal length, K (1 - 1/length).

    Parameters
    ----------
    n_elements : int
        K >= 0, elements of all sequences together, a multiple of ``length``.
    length : int
        Elements of a sequence, >= 1.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> transitions(20_000, length=20)
    19000
    """
    length = check.integer("length", length, 1)
    n_elements = check.integer("n_elements", n_elements, 0)
    if n_elements % length:
        raise ValueError(f"n_elements={n_elements} must be a multiple of length={length}")
    return n_elements - n_elements // length


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
    n, a, s, theta, count = _checked(n, a, s, theta, n_transitions)
    one = math.log(a / n) + float(log_tail(theta, n, a, s))
    if count == 1:
        return Probability.of_log(-math.inf)
    silent = (count - 1) * (math.log1p(-math.exp(one)) if one < 0.0 else -math.inf)
    # for the smallest chances the power is (T - 1) times one, which may lie below all doubles
    log = math.log(-math.expm1(silent)) if silent < -1e-290 else math.log(count - 1) + one
    return Probability.of_log(log)


def published_accuracy(
    n: int | np.ndarray,
    a: int | np.ndarray,
    s: int | np.ndarray,
    theta: int | np.ndarray,
    n_elements: float | np.ndarray,
) -> float | np.ndarray:
    r"""Accuracy as it was published: the ratio of means, with mean numbers of segments.

    $$ J = \frac{a}{a + (n-a)\,[1 - (1 - \mathrm{FP})^{Ka/n}]} . $$

    Parameters
    ----------
    n, a, s, theta : int or ndarray
        Cells, active ones, synapses of a segment and its threshold; broadcast together.
    n_elements : float or ndarray
        K, stored elements. The authors count all of them though the last of a sequence has no
        successor; see `transitions`.

    Returns
    -------
    float or ndarray
        J in (0, 1]. A lower bound on neither the mean nor the median accuracy: see
        `jaccard_accuracy`.

    References
    ----------
    Numenta's experiments on the capacity of the temporal memory, in the public repository
    htmresearch.

    Examples
    --------
    >>> print(round(published_accuracy(500, 64, 20, 10, 20_000), 3))
    0.604
    """
    fp = np.exp(log_tail(theta, n, a, s))
    n, a, count = (np.asarray(value, dtype=float) for value in (n, a, n_elements))
    with np.errstate(divide="ignore"):
        wrong = -np.expm1(count * a / n * np.log1p(-fp))
    accuracy = a / (a + (n - a) * wrong)
    return float(accuracy) if accuracy.ndim == 0 else accuracy


def binomial_accuracy(n: int, a: int, s: int, theta: int, n_transitions: int) -> float:
    r"""Mean accuracy E[a/(a + Z)] as if cells were predicted independently of each other.

    Then Z is binomial, of n - a cells with the chance of `false_prediction`; its mean is exact,
    its variance too small. What this differs by from the ratio of means a/(a + E Z) is due to
    the ratio alone; what it differs by from `jaccard_accuracy`, to the crowds.

    Parameters
    ----------
    n, a, s, theta, n_transitions : int
        As for `false_prediction`.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    n, a, s, theta, n_transitions = _checked(n, a, s, theta, n_transitions)
    chance = float(false_prediction(n, a, s, theta, n_transitions))
    z = np.arange(n - a + 1)
    return float(np.exp(log_binomial_pmf(z, n - a, chance)) @ (a / (a + z)))


def jaccard_accuracy(n: int, a: int, s: int, theta: int, n_transitions: int) -> float:
    r"""Mean accuracy E[a/(a + Z)], exact for independent transitions.

    Parameters
    ----------
    n, a, s, theta, n_transitions : int
        As for `false_prediction`.

    Returns
    -------
    float
        In (0, 1], 1 where a single transition is stored. Right to 1e-10.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Notes
    -----
    Cost O(n a) operations for each transition that makes false predictions, see
    `false_prediction_law`.

    Examples
    --------
    >>> print(round(jaccard_accuracy(500, 64, 20, 10, transitions(20_000, 20)), 3))
    0.619
    """
    law = false_prediction_law(n, a, s, theta, n_transitions)
    return float(law @ (a / (a + np.arange(len(law)))))


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
    n, a, s, theta, count = _checked(n, a, s, theta, n_transitions)
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
    n, a, s, theta, count = _checked(n, a, s, theta, n_transitions)
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


def capacity(n: int, a: int, s: int, theta: int, accuracy: float) -> float:
    r"""Transitions that fit before the ratio of means a/(a + E Z) falls below an accuracy.

    As mean accuracy is larger than that ratio, at least so many fit.

    Parameters
    ----------
    n, a, s, theta : int
        As for `false_prediction`.
    accuracy : float
        In (0, 1).

    Returns
    -------
    float
        T, a whole number >= 1; infinite where even predicting all cells is accurate enough,
        accuracy <= a/n.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    n, a, s, theta, _ = _checked(n, a, s, theta, 1)
    accuracy = check.real("accuracy", accuracy, 0.0, 1.0, open_low=True, open_high=True)
    log_one = math.log(a / n) + float(log_tail(theta, n, a, s))
    if accuracy * n <= a or log_one == -math.inf:
        return math.inf
    allowed = a * (1.0 / accuracy - 1.0) / (n - a)
    one = math.exp(log_one)
    if one > 1e-290:
        return 1.0 + math.floor(math.log1p(-allowed) / math.log1p(-one))
    return 1.0 + math.floor(math.exp(math.log(-math.log1p(-allowed)) - log_one))


def branching(n: int, a: int, n_successors: int | np.ndarray) -> float | np.ndarray:
    r"""Fraction of an unrelated pattern that is predicted after M trained successors.

    All M successors of the pattern just seen are predicted, n (1 - (1 - a/n)^M) cells in the
    mean; this is the mean fraction they cover of any pattern independent of them.

    Parameters
    ----------
    n, a : int
        Cells and active ones, 0 <= a <= n.
    n_successors : int or ndarray
        M >= 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> print(round(branching(2000, 40, 50), 4))
    0.6358
    """
    n = check.integer("n", n, 1)
    a = check.integer("a", a, 0, n)
    successors = integers("n_successors", n_successors, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        covered = np.where(successors == 0, 0.0, -np.expm1(successors * np.log1p(-a / n)))
    return float(covered) if covered.ndim == 0 else covered


def noisy_accuracy(a: int, s: int, theta: int, lost: int) -> Probability:
    r"""Chance 1 - FN that a cell of the successor is predicted after ``lost`` bits went missing.

    Given which v of the a bits are lost, cells fail independently, since each has a sample of
    its own; the number predicted is binomial, of a cells with this chance.

    Parameters
    ----------
    a, s, theta : int
        Active cells, synapses and threshold, theta <= s <= a.
    lost : int
        v, from 0 to a: bits of the pattern that fall silent. Cells switched on in their place
        lie outside the pattern.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    a = check.integer("a", a, 1)
    s = check.integer("s", s, 1, a)
    theta = check.integer("theta", theta, 1, s)
    lost = check.integer("lost", lost, 0, a)
    # the segment sees the a - v bits that are left: Hyp(a, a - v, s) of them
    return Probability.of_log(float(log_tail(theta, a, a - lost, s)))


def stored_transitions(synapses_per_cell: float, s: int, n_cells: int, n_active: int) -> float:
    """Transitions that the synapses of a layer are enough for, (synapses per cell/s) cells/active.

    Each transition takes one segment of s synapses on each of the active cells. It says nothing
    about accuracy, see `capacity`.

    Parameters
    ----------
    synapses_per_cell : float
        >= 0.
    s, n_cells, n_active : int
        Synapses of a segment, cells, active ones, each >= 1.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> stored_transitions(10_000, 20, 20_000, 40)
    250000.0
    """
    synapses = check.real("synapses_per_cell", synapses_per_cell, 0.0)
    s = check.integer("s", s, 1)
    n_cells = check.integer("n_cells", n_cells, 1)
    n_active = check.integer("n_active", n_active, 1, n_cells)
    return synapses / s * n_cells / n_active


def context_codes(cells_per_column: int, n_columns: int) -> int:
    """Ways in which one input can be coded in its contexts, L^w: one cell in each active column.

    Parameters
    ----------
    cells_per_column : int
        L >= 1.
    n_columns : int
        w >= 0 active columns.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> len(str(context_codes(32, 40)))
    61
    """
    cells = check.integer("cells_per_column", cells_per_column, 1)
    return cells ** check.integer("n_columns", n_columns, 0)


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
