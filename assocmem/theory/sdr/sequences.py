r"""Memories of sequences with one cell to a column: predictions, their accuracy, how much fits.

A transition leads from a pattern B to its successor C, each of a of n cells. To store it, every
cell of C grows one segment with s synapses, drawn uniformly from B for each cell anew. When B is
seen again, the cells with a segment of at least theta active synapses are predicted: all of C, if
s >= theta, and Z others whose segments for other transitions fire by chance. Accuracy is Jaccard's:
predicted cells of C over all cells that are predicted or in C, a/(a + Z).

The transitions are taken as independent of each other: T pairs of independent patterns. In chains
the successor of one transition is the first pattern of the next; wherever the mean of Z was
worked out for chains too, it differed by less than (a/n) FP, relatively.

The published estimate gives each cell the mean number of segments and divides means. The mean of
the ratio is higher, since 1/(a + Z) is convex; and segments for the same transition see the same
overlap of its pattern with what is presented, so that false predictions come in crowds, more
variable than a binomial number. At n = 500, a = 64, s = 20, theta = 10 and 19,000 transitions these
raise an accuracy of 0.6161 by 0.0021 and by another 0.0004.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ... import _validate as check
from ._arguments import integers, reals
from .false_predictions import (
    checked,
    false_prediction,
    false_prediction_law,
    false_prediction_moments,
)
from .hypergeometric import log_binomial_pmf, log_tail
from .probability import Probability

__all__ = [
    "binomial_accuracy",
    "branching",
    "capacity",
    "context_codes",
    "false_prediction",
    "false_prediction_law",
    "false_prediction_moments",
    "jaccard_accuracy",
    "noisy_accuracy",
    "predict",
    "published_accuracy",
    "stored_transitions",
    "transitions",
]


def predict(model: Any) -> dict[str, float]:
    """Mean accuracy of stored sequences.

    Parameters
    ----------
    model : StoredTransitions
        Sequences of random elements, one cell to a column.

    Returns
    -------
    dict
        "accuracy": see `jaccard_accuracy`, which takes transitions as independent. By the mean
        of Z, chains raise it by 2e-9 for 50 sequences of 20 elements with n = 300, a = 64,
        s = 20, theta = 10, and by 1e-4 in the worst case tried, two sequences of 7 with n = 60,
        a = 10, s = 6, theta = 3.

    Raises
    ------
    TypeError
        If the model is not of that kind.
    """
    try:
        numbers = model.n, model.a, model.n_synapses, model.threshold, model.n_transitions
    except AttributeError:
        raise TypeError(f"model must be StoredTransitions, got {model!r}") from None
    return {"accuracy": jaccard_accuracy(*numbers)}


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
        Cells, active ones (from 1 to n), synapses of a segment and its threshold; broadcast
        together.
    n_elements : float or ndarray
        K >= 0, stored elements. The authors count all of them though the last of a sequence has no
        successor; see `transitions`.

    Returns
    -------
    float or ndarray
        J in (0, 1]. A lower bound on neither the mean nor the median accuracy: see
        `jaccard_accuracy`.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    References
    ----------
    Numenta's experiments on the capacity of the temporal memory, in the public repository
    htmresearch.

    Examples
    --------
    >>> print(round(published_accuracy(500, 64, 20, 10, 20_000), 3))
    0.604
    """
    n = integers("n", n, 1)
    a, count = integers("a", a, 1, n), reals("n_elements", n_elements, 0.0, 1e300)
    fp = np.exp(log_tail(theta, n, a, s))
    with np.errstate(divide="ignore", invalid="ignore"):
        silent = count * a / n * np.log1p(-fp)
    wrong = -np.expm1(np.where(count > 0.0, silent, 0.0))
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
    n, a, s, theta, n_transitions = checked(n, a, s, theta, n_transitions)
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


def capacity(n: int, a: int, s: int, theta: int, accuracy: float, *, exact: bool = False) -> float:
    r"""Most transitions that can be stored at a given accuracy.

    Parameters
    ----------
    n, a, s, theta : int
        As for `false_prediction`.
    accuracy : float
        In (0, 1), the least that is good enough.
    exact : bool
        By the mean accuracy of `jaccard_accuracy`. Otherwise by the ratio of means a/(a + E Z),
        in closed form: as the mean accuracy is larger, at least so many fit.

    Returns
    -------
    float
        T, a whole number >= 1; infinite where even predicting all cells is accurate enough,
        accuracy <= a/n, or nothing is predicted by chance. Beyond 2^53 that of the closed form.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> capacity(60, 10, 6, 3, 0.4), capacity(60, 10, 6, 3, 0.4, exact=True)
    (41.0, 45.0)
    """
    n, a, s, theta, _ = checked(n, a, s, theta, 1)
    accuracy = check.real("accuracy", accuracy, 0.0, 1.0, open_low=True, open_high=True)
    log_one = math.log(a / n) + float(log_tail(theta, n, a, s))
    if accuracy * n <= a or log_one == -math.inf:
        return math.inf
    allowed = a * (1.0 / accuracy - 1.0) / (n - a)
    one = math.exp(log_one)
    if one > 1e-290:
        found = 1.0 + math.floor(math.log1p(-allowed) / math.log1p(-one))
    else:
        found = 1.0 + math.floor(math.exp(math.log(-math.log1p(-allowed)) - log_one))
    if not exact or found >= 2**52:
        return found
    good = int(found)  # bisection between what is good enough and what is not
    bad = 2 * good
    while jaccard_accuracy(n, a, s, theta, bad) >= accuracy:
        good, bad = bad, 2 * bad
    while bad - good > 1:
        middle = (good + bad) // 2
        if jaccard_accuracy(n, a, s, theta, middle) >= accuracy:
            good = middle
        else:
            bad = middle
    return float(good)


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
