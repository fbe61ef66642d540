"""False positives of detectors of correlated and unevenly active inputs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ... import _validate as check
from ...dendrites.detector import Detector
from ...sdr.activity import Activity, Bernoulli, Clustered, UnequalRates, Uniform
from .overlap_laws import cell_rates, effective_rate, hypergeometric, overlap_law
from .probability import Probability

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike


def fp_activity(
    activity: Activity,
    n_synapses: int,
    threshold: ArrayLike,
    *,
    n_patterns: int = 1,
    n_segments: int = 1,
    transmission: float = 1.0,
) -> Probability:
    r"""Exact false-positive probability of a detector under any law of activities.

    The synapses of a segment are a uniform subset of a stored pattern A', so that an activity A
    meets Hyp(\|A'\|, \|A and A'\|, s) of them: the average over `overlap_law` says it all.

    Parameters
    ----------
    activity : Uniform, Bernoulli, UnequalRates or Clustered
        Law of patterns, of at least ``n_synapses`` active cells, and of what is presented.
    n_synapses : int
        s, of one pattern.
    threshold : int or array of int
        theta.
    n_patterns, n_segments : int
        Patterns mixed on a segment and segments of a neuron, see `Detector`.
    transmission : float
        Probability that an active synapse transmits.

    Returns
    -------
    Probability
        In the shape of ``threshold``.

    Raises
    ------
    TypeError, ValueError
        As `Detector` and `predict` do: what has no exact result is refused.

    Examples
    --------
    Clusters of four cells raise the chance of a false alarm by eight orders of magnitude:

    >>> from assocmem.sdr import Clustered, Uniform
    >>> print(fp_activity(Uniform(n=2000, a=32), n_synapses=20, threshold=10))
    3.90434e-14 (exact)
    >>> print(fp_activity(Clustered(n=2000, a=32, size=4), n_synapses=20, threshold=10))
    1.03341e-05 (exact)
    """
    from .detection import predict

    def log(theta: int) -> float:
        model = Detector(
            activity, n_synapses, theta, n_patterns, n_segments, transmission=transmission
        )
        return float(predict(model, only="false_positive")["false_positive"].log10)

    return _over(threshold, log, "exact")


def fp_effective(
    activity: Bernoulli | UnequalRates,
    n_synapses: int,
    threshold: ArrayLike,
    *,
    n_patterns: int = 1,
    n_segments: int = 1,
    transmission: float = 1.0,
) -> Probability:
    """False positives of independent cells in the limit of many, by their effective rate.

    Synapses then are cells drawn with probability proportional to their rates, all different, and
    each is active with probability q_eff = E[q^2]/E[q]. For one pattern on one segment this is
    B(s, q_eff, theta), a binomial tail. At finite n the exact value is below it, by 0.35 % for
    n = 2000 cells of mean rate 0.05 and CV 1 (s = 12, theta = 5) and by 29 % for n = 100: cells
    are drawn without replacement, and those that are on often are the first to be used up.

    Parameters
    ----------
    activity : Bernoulli or UnequalRates
    n_synapses, threshold, n_patterns, n_segments, transmission
        As of `fp_activity`.

    Returns
    -------
    Probability
        Of method "limit of many cells"; its value is exact for `Bernoulli` with one segment.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    if not isinstance(activity, (Bernoulli, UnequalRates)):
        raise TypeError(
            f"activity must be Bernoulli or UnequalRates, whose cells are independent, "
            f"got {activity!r}; see fp_activity"
        )
    from .detection import predict

    even = Bernoulli(activity.n, min(1.0, effective_rate(activity)))

    def log(theta: int) -> float:
        model = Detector(even, n_synapses, theta, n_patterns, 1, transmission=transmission)
        one = predict(model, only="false_positive")["false_positive"]
        return _any(one, n_segments)

    check.integer("n_segments", n_segments, 1)
    return _over(threshold, log, "limit of many cells")


def fp_independent(
    activity: Activity,
    n_synapses: int,
    threshold: ArrayLike,
    *,
    n_segments: int,
    n_patterns: int = 1,
    transmission: float = 1.0,
) -> Probability:
    """Upper bound on false positives of several segments: as if they were independent.

    Segments are independent given the activity A only, so that the truth is the average of
    1 - (1 - f(A))^K, which is at most 1 - (1 - E f)^K (Jensen). It is equal for `Uniform`.

    Parameters
    ----------
    activity, n_synapses, threshold, n_patterns, transmission
        As of `fp_activity`.
    n_segments : int
        K >= 1.

    Returns
    -------
    Probability
        Of method "upper bound: independent segments".

    Raises
    ------
    TypeError, ValueError
        As `fp_activity` does for one segment.
    """
    check.integer("n_segments", n_segments, 1)
    from .detection import predict

    def log(theta: int) -> float:
        model = Detector(activity, n_synapses, theta, n_patterns, 1, transmission=transmission)
        return _any(predict(model, only="false_positive")["false_positive"], n_segments)

    return _over(threshold, log, "upper bound: independent segments")


def fp_adding(
    activity: Activity,
    n_synapses: int,
    threshold: ArrayLike,
    *,
    n_patterns: int,
    n_segments: int = 1,
    transmission: float = 1.0,
) -> Probability:
    """False positives of unions as if patterns had no cell in common: their overlaps add up.

    Overlaps with several patterns are taken as independent, and a synapse that several patterns
    share is counted for each. For `Uniform`, and for `Clustered` without loose cells, overlaps are
    independent indeed, so that this is an upper bound; it is good where n_patterns n_synapses is
    far below n. It answers where `predict` refuses.

    Parameters
    ----------
    activity, n_synapses, threshold, n_segments, transmission
        As of `fp_activity`.
    n_patterns : int
        M >= 1, mixed on one segment.

    Returns
    -------
    Probability
        Of method "overlaps added".

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Notes
    -----
    For laws of varying size, overlaps of a probability below exp(-200) are left out.
    """
    from ._overlap_kernels import fill_responses, log_sum, mix

    check.integer("n_patterns", n_patterns, 1)
    check.integer("n_segments", n_segments, 1)
    Detector(activity, n_synapses, 1, transmission=transmission)  # the checks of the others
    s, joint = n_synapses, overlap_law(activity, n_synapses, depth=200.0)
    terms: list[list[float]] = [[] for _ in range(s + 1)]
    for size, logs in zip(joint.sizes, joint.log_pmf, strict=True):
        for o in np.flatnonzero(logs > -np.inf):
            for j, log in enumerate(hypergeometric(int(size), int(o), s)):
                terms[j].append(log + logs[o])
    one = np.array([log_sum(np.array(found)) for found in terms])
    law = one
    for _ in range(n_patterns - 1):
        wide = np.full((s + 1, len(law) + s), -np.inf)
        for j in range(s + 1):
            wide[j, j : j + len(law)] = one[j] + law
        law = np.array([log_sum(column) for column in np.ascontiguousarray(wide.T)])
    log_p = math.log(transmission) if transmission else -math.inf
    log_q = math.log1p(-transmission) if transmission < 1.0 else -math.inf

    def log10(theta: int) -> float:
        fire, silent = np.empty(len(law)), np.empty(len(law))
        fill_responses(theta, log_p, log_q, fire, silent)
        return _any(Probability.of_log(mix(law, fire, 0)), n_segments)

    return _over(threshold, log10, "overlaps added")


def _any(one: Probability, count: int) -> float:
    """log10 of 1 - (1 - p)^count."""
    from ._overlap_kernels import log_any, log_rest

    log = float(one.log10) * math.log(10.0)
    return log_any(count, log, log_rest(log)) / math.log(10.0)


def _over(threshold: ArrayLike, log10: Callable[[int], float], method: str) -> Probability:
    """A function of one threshold over an array of them."""
    thresholds = np.asarray(threshold)
    if thresholds.ndim == 0:
        found: float | np.ndarray = log10(check.integer("threshold", threshold))
    else:
        flat = [log10(check.integer("threshold", theta)) for theta in thresholds.ravel()]
        found = np.array(flat, dtype=float).reshape(thresholds.shape)
    return Probability.of_log(found * math.log(10.0), method)


def pair_correlation(activity: Activity) -> float:
    r"""Mean correlation of pairs of cells that are on together.

    Draw an activity and two different active cells of it: the mean of the Pearson correlation of
    these two cells over activities, i.e.

    $$ \bar\rho=\frac{\sum_{i\ne j}P_{ij}\rho_{ij}}{\sum_{i\ne j}P_{ij}},\qquad
       \rho_{ij}=\frac{P_{ij}-q_iq_j}{\sqrt{q_i(1-q_i)q_j(1-q_j)}} , $$

    with q_i the probability that cell i is on and P_ij that both are; a cell that never changes
    counts with correlation 0. It is about f (m - 1)/(a - 1) times the correlation within a cluster
    if a fraction f of active cells comes in clusters of m.

    Parameters
    ----------
    activity : Uniform, Bernoulli, UnequalRates or Clustered

    Returns
    -------
    float
        0 for independent cells, -1/(n - 1) for uniform activities; 0 where no two cells are on.

    Raises
    ------
    TypeError
        If ``activity`` is not one of these.

    Examples
    --------
    >>> from assocmem.sdr import Clustered
    >>> round(pair_correlation(Clustered(n=2000, a=32, size=2)), 3)
    0.031
    """
    rates = cell_rates(activity)
    if isinstance(activity, (Bernoulli, UnequalRates)) or activity.a < 2:
        return 0.0
    n = activity.n
    if isinstance(activity, Uniform):
        return -1.0 / (n - 1.0) if activity.a < n else 0.0
    found = _pairs(activity, float(rates[0]), float(rates[-1]))
    weight = sum(count * both for count, both, _, _ in found)
    total = 0.0
    for count, both, one, other in found:
        spread = one * (1.0 - one) * other * (1.0 - other)
        if spread > 1e-30:
            total += count * both * (both - one * other) / math.sqrt(spread)
    return total / weight


def _pairs(
    law: Clustered, inside: float, outside: float
) -> list[tuple[float, float, float, float]]:
    """Sorts of pairs of cells: (how many, probability that both are on, that each is)."""
    n, m, k, clusters = law.n, law.size, law.n_whole, law.n_clusters
    rest, left = n - k * m, n - clusters * m
    one = law.n_loose / rest if rest else 0.0
    two = one * (law.n_loose - 1.0) / (rest - 1.0) if rest > 1 else 0.0
    whole = k / clusters
    found = [(clusters * m * (m - 1.0), whole + (1.0 - whole) * two, inside, inside)]
    if clusters > 1:
        both = whole * (k - 1.0) / (clusters - 1.0)
        mixed = 2.0 * whole * (clusters - k) / (clusters - 1.0)
        joint = both + mixed * one + (1.0 - both - mixed) * two
        found.append((clusters * (clusters - 1.0) * m * m, joint, inside, inside))
    if left:
        joint = whole * one + (1.0 - whole) * two
        found.append((2.0 * clusters * m * left, joint, inside, outside))
        found.append((left * (left - 1.0), two, outside, outside))
    return found
