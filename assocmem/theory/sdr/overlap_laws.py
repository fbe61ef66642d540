"""How many cells two independent activities share: exact laws for every ensemble."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ... import _validate as check
from ...sdr.activity import Activity, Bernoulli, Clustered, UnequalRates, Uniform

DEPTH = 80.0
"""Natural logarithm below which whatever is left out together stays, unless asked otherwise."""


@dataclass(frozen=True, eq=False)
class OverlapLaw:
    r"""Joint law of the size of a stored pattern and its overlap with an activity drawn anew.

    Parameters
    ----------
    sizes : ndarray, int64, shape (S,)
        Active cells \|A'\| of the pattern, rising, none below the synapses it must hold.
    log_pmf : ndarray, shape (S, O)
        Natural logarithm of P(\|A'\| = sizes[i], \|A and A'\| = o \| A' large enough), -inf where
        that is 0.
    """

    sizes: np.ndarray
    log_pmf: np.ndarray

    def of_overlap(self) -> np.ndarray:
        """Probabilities of the overlaps o = 0, 1, ..., whatever the size; shape (O,)."""
        return np.exp(self.log_pmf).sum(axis=0)


_MOST_STEPS = 3e10  # of the exact law of unequal rates: a minute or so


def reduced(activity: Activity) -> Activity:
    """The simplest law that is the same: clusters of one cell are uniform, equal rates Bernoulli.

    Examples
    --------
    >>> from assocmem.sdr import Clustered
    >>> from assocmem.theory.sdr.overlap_laws import reduced
    >>> reduced(Clustered(n=20, a=4, size=5, fraction=0.0))
    Uniform(n=20, a=4)
    """
    if isinstance(activity, Clustered) and (
        activity.size == 1 or activity.n_whole == 0 or activity.a == activity.n
    ):
        return Uniform(activity.n, activity.a)
    if isinstance(activity, UnequalRates) and np.all(activity.rates == activity.rates[0]):
        return Bernoulli(activity.n, float(activity.rates[0]))
    return activity


def overlap_law(
    activity: Activity,
    n_synapses: int = 0,
    *,
    depth: float = DEPTH,
    centre: tuple[float, float] | None = None,
) -> OverlapLaw:
    r"""Exact joint law of a pattern's size and of its overlap with an independent activity.

    With it, whatever the ensemble, the chance that an activity meets at least theta of s synapses
    drawn from a pattern is the average over (a', o) of P[Hyp(a', o, s) >= theta]. With q the rate:

    - `Uniform`: o ~ Hyp(n, a, a).
    - `Bernoulli`: a' ~ Bin(n, q), o ~ Bin(a', q).
    - `UnequalRates`: sum over cells of independent pairs, by dynamic programming.
    - `Clustered`, k whole clusters among C of m cells, r loose: o = c m + l + l' with
      c ~ Hyp(C, k, k), then l ~ Hyp(n - k m, (k - c) m, r), the loose cells of A in whole clusters
      of A', and l' ~ Hyp(n - k m, (k - c) m + r - l, r), the loose cells of A' in A.

    Parameters
    ----------
    activity : Uniform, Bernoulli, UnequalRates or Clustered
    n_synapses : int
        Patterns are those of at least so many active cells, from 0 to n.
    depth : float
        Sizes and overlaps of a total probability below exp(-depth) may be left out, >= 0.
    centre : tuple of float, optional
        For `UnequalRates`, the size and overlap around which probabilities down to exp(-700) of
        those there are kept (doubles hold no less); the means by default.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range, or no activity is large enough.

    Notes
    -----
    Cost O(n S O) multiplications for `UnequalRates`, for n = 2000 of mean size 100 some 0.1 s, and
    at most O(k r^2) for the others.

    Examples
    --------
    >>> from assocmem.sdr import Uniform
    >>> from assocmem.theory.sdr.overlap_laws import overlap_law
    >>> overlap_law(Uniform(n=4, a=2)).of_overlap().round(4)
    array([0.1667, 0.6667, 0.1667])
    """
    _check_law(activity)
    check.integer("n_synapses", n_synapses, 0, getattr(activity, "a", activity.n))
    check.real("depth", depth, 0.0)
    activity = reduced(activity)
    if isinstance(activity, Uniform):
        sizes, logs = np.array([activity.a]), hypergeometric(activity.n, activity.a, activity.a)
        return OverlapLaw(sizes, logs[None, :])
    if isinstance(activity, Clustered):
        return OverlapLaw(np.array([activity.a]), _clustered(activity)[None, :])
    if isinstance(activity, Bernoulli):
        return _bernoulli(activity, n_synapses, depth)
    return _unequal(activity, n_synapses, depth, centre)


def _check_law(activity: Activity) -> None:
    if not isinstance(activity, (Uniform, Bernoulli, UnequalRates, Clustered)):
        raise TypeError(f"activity must be a law such as Uniform(n=10000, a=300), got {activity!r}")


def cell_rates(activity: Activity) -> np.ndarray:
    """Probability that each cell is on, shape (n,); of clustered cells, those in no cluster last.

    Raises
    ------
    TypeError
        If ``activity`` is not one of the laws.
    """
    _check_law(activity)
    n = activity.n
    if isinstance(activity, Uniform):
        return np.full(n, activity.a / n)
    if isinstance(activity, (Bernoulli, UnequalRates)):
        return np.array(activity.rates)
    k, clusters = activity.n_whole, activity.n_clusters
    outside = n - k * activity.size
    loose = activity.n_loose / outside if outside else 0.0
    found = np.full(n, loose)
    found[: clusters * activity.size] = k / clusters + (1.0 - k / clusters) * loose
    return found


def effective_rate(activity: Activity) -> float:
    r"""Chance that an active cell of one activity is on in another, q_eff = E[q^2]/E[q].

    Averages are over the cells. Cells of a pattern are those that are on often, so that for unequal
    rates of coefficient of variation CV this is the mean rate times 1 + CV^2.

    Parameters
    ----------
    activity : Uniform, Bernoulli, UnequalRates or Clustered

    Returns
    -------
    float
        In [0, 1]; 0 where no cell is ever on.

    Examples
    --------
    >>> from assocmem.sdr import Uniform
    >>> from assocmem.theory.sdr.overlap_laws import effective_rate
    >>> effective_rate(Uniform(n=1000, a=20))
    0.02
    """
    if isinstance(activity, Uniform):
        return activity.a / activity.n
    rates = cell_rates(activity)
    total = float(rates.sum())
    return float((rates**2).sum()) / total if total else 0.0


def hypergeometric(n: int, a: int, s: int) -> np.ndarray:
    """Natural logarithms of P[Hyp(n, a, s) = k], k = 0..min(a, s)."""
    from ._overlap_kernels import fill_hypergeometric

    out = np.empty(min(a, s) + 1)
    fill_hypergeometric(n, a, s, out)
    return out


def size_law(activity: Activity, least: int, depth: float) -> tuple[np.ndarray, np.ndarray]:
    """Sizes >= least of activities and the natural logarithms of their probabilities.

    Conditional on the size being at least ``least``; what is left out has probability below
    exp(-depth).

    Raises
    ------
    ValueError
        If no activity is large enough.
    """
    if isinstance(activity, (Uniform, Clustered)):
        return np.array([activity.a]), np.zeros(1)
    from ._overlap_kernels import fill_binomial, log_sum

    if isinstance(activity, UnequalRates):
        rates = np.asarray(activity.rates)
        log_norm = _log_size_at_least(activity, least)
        logs = _sizes(rates, max(least, _reach(rates, depth - log_norm)), least) - log_norm
        return np.arange(least, least + len(logs)), logs
    logs = np.empty(activity.n + 1)
    fill_binomial(activity.n, activity.rate, logs)
    if not np.any(logs[least:] > -np.inf):
        raise ValueError(_none_large_enough(activity, least))
    logs = logs[least:] - log_sum(logs[least:])
    kept = np.flatnonzero((logs > -depth - math.log(activity.n + 1.0)) & (logs > -np.inf))
    return kept + least, logs[kept]


def _none_large_enough(activity: Activity, least: int) -> str:
    return (
        f"n_synapses={least} must be at most the active cells of a pattern, but {activity!r} has "
        "none of that size; lower n_synapses"
    )


def _clustered(law: Clustered) -> np.ndarray:
    """Logs of the probabilities of overlaps of two clustered activities, shape (a + 1,)."""
    from ._overlap_kernels import log_sum

    k, m, r, rest = law.n_whole, law.size, law.n_loose, law.n - law.n_whole * law.size
    terms: list[list[float]] = [[] for _ in range(law.a + 1)]
    for c, log_c in enumerate(hypergeometric(law.n_clusters, k, k)):
        if log_c == -np.inf:
            continue
        for one, log_one in enumerate(hypergeometric(rest, (k - c) * m, r)):
            if log_one == -np.inf:
                continue
            other = hypergeometric(rest, (k - c) * m + r - one, r)
            for two in np.flatnonzero(other > -np.inf):
                terms[c * m + one + two].append(log_c + log_one + other[two])
    return np.array([log_sum(np.array(found)) for found in terms])


def _bernoulli(law: Bernoulli, least: int, depth: float) -> OverlapLaw:
    from ._overlap_kernels import fill_binomial

    sizes, logs = size_law(law, least, depth)
    table = np.full((len(sizes), int(sizes[-1]) + 1), -np.inf)
    for row, size, log in zip(table, sizes, logs, strict=True):
        fill_binomial(int(size), law.rate, row[: size + 1])
        row += log
    return OverlapLaw(sizes, table)


def _unequal(
    law: UnequalRates, least: int, depth: float, centre: tuple[float, float] | None
) -> OverlapLaw:
    from ._overlap_kernels import fill_unequal

    rates = np.asarray(law.rates)
    log_norm = _log_size_at_least(law, least)
    mean, shared = float(rates.sum()), float((rates**2).sum())
    size, overlap = (max(mean, float(least)), shared) if centre is None else centre
    reach = depth - log_norm + math.log(2.0)  # rows and columns are left out
    rows = 1 + max(least, _reach(rates, reach))
    columns = min(rows, 1 + _reach(rates**2, reach))
    if len(rates) * rows * columns > _MOST_STEPS:
        raise ValueError(
            f"n={law.n} with rates of mean {law.mean:g} and cv {law.cv:g} takes "
            f"{len(rates) * rows * columns:.2g} steps for the exact law, more than "
            f"{_MOST_STEPS:.0e}; use `fp_effective`, the limit of many cells, or fewer cells"
        )
    log_x, log_y = _tilt(rates, max(size, float(least)), overlap)
    table = np.empty((rows, columns))
    log_total = fill_unequal(rates, log_x, log_y, table)
    with np.errstate(divide="ignore"):
        logs = np.log(table[least:]) + (log_total - log_norm)
    sizes = np.arange(least, rows)
    logs -= log_x * sizes[:, None] + log_y * np.arange(columns)
    return OverlapLaw(sizes, logs)


def _sizes(rates: np.ndarray, most: int, least: int) -> np.ndarray:
    """Logs of P[exactly a of independent cells are on], a = least..most."""
    from ._overlap_kernels import fill_sizes

    log_x, _ = _tilt(rates, max(float(rates.sum()), float(least)), None)
    table = np.empty(most + 1)
    log_total = fill_sizes(rates, log_x, table)
    with np.errstate(divide="ignore"):
        return np.log(table[least:]) + log_total - log_x * np.arange(least, most + 1)


def _log_size_at_least(law: UnequalRates, least: int) -> float:
    """Logarithm of P[size of an activity >= least]."""
    from ._overlap_kernels import log_sum

    rates = np.asarray(law.rates)
    if least > np.count_nonzero(rates):
        raise ValueError(_none_large_enough(law, least))
    if least <= 0:
        return 0.0
    # Sizes beyond the table have a probability below 1e-20 of what is in it, which is at least
    # that of the ``least`` most probable cells being on.
    surest = float(np.log(np.sort(rates)[-least:]).sum())
    most = max(least, _reach(rates, 46.0 - surest))
    return min(0.0, float(log_sum(_sizes(rates, most, least))))


def _reach(rates: np.ndarray, depth: float) -> int:
    """A number c with P[more than c of independent cells are on] <= exp(-depth), by Chernoff.

    For every x > 1 the bound sum log(1 - q + q x) - (c + 1) log x holds; the best of a grid.
    """
    most = int(np.count_nonzero(rates))
    best = most
    for log_x in np.geomspace(1e-3, 60.0, 48):
        bound = float(np.log1p(rates * np.expm1(log_x)).sum()) + depth
        best = min(best, max(0, math.ceil(bound / log_x) - 1))
    return best


def _tilt(rates: np.ndarray, size: float, overlap: float | None) -> tuple[float, float]:
    """(log x, log y) at which the tilted mean size and overlap are about those given.

    Any values give the right law; good ones keep what matters far from the smallest double. By
    Newton's method on the cumulant function, which is convex.
    """
    possible = float(np.count_nonzero(rates))
    size = min(max(size, 0.5), possible - 0.5 if possible > 1.0 else 0.5)
    at = np.zeros(2)
    for _ in range(80):
        once, both = rates * (1.0 - rates) * np.exp(at[0]), rates * rates * np.exp(at.sum())
        norm = 1.0 - rates + once + both
        norm[norm == 0.0] = 1.0
        p, b = (once + both) / norm, both / norm
        wanted = b.sum() if overlap is None else min(max(overlap, 0.5), size - 0.25)
        miss = np.array([size - p.sum(), wanted - b.sum()])
        if np.all(np.abs(miss) < 1e-3 * (1.0 + np.array([size, wanted]))):
            break
        cross = (b * (1.0 - p)).sum()
        matrix = np.array([[(p * (1.0 - p)).sum(), cross], [cross, (b * (1.0 - b)).sum()]])
        if overlap is None:
            step = np.array([miss[0] / max(matrix[0, 0], 1e-12), 0.0])
        else:
            step = np.linalg.solve(matrix + 1e-9 * np.eye(2), miss)
        at = np.clip(at + np.clip(step, -1.5, 1.5), -300.0, 300.0)
    return float(at[0]), float(at[1])
