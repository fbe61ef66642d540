"""Winner-take-all recall: which of many dendritic sums are among the k largest."""

from __future__ import annotations

import numpy as np


def winners_take_all(
    wanted: tuple[int, np.ndarray], others: tuple[int, np.ndarray], k: int, ties: str
) -> tuple[float, float, float]:
    """Errors where all outputs are independent.

    Parameters
    ----------
    wanted, others : tuple of int and ndarray, shape (z + 1,)
        Number of outputs that should win, and of all others, with the law of their sums.
    k : int
        Winners.
    ties : {"lowest", "random", "all"}
        At the k-th place; outputs are exchangeable, so that the lowest indices among those tied
        are as good as a random choice.

    Returns
    -------
    spurious, missing : float
        Probability that one of the others is on, that a wanted one is off.
    exact : float
        Probability that just the wanted ones are on.

    Notes
    -----
    Sum over the level of the k-th place of the numbers of both kinds above it and on it. Cost z
    times a^2 k times the spread of ties.
    """
    (a, law_a), (m, law_m) = wanted, others
    chosen_a = chosen_m = exact = 0.0
    for level in range(len(law_a) - 1, -1, -1):
        above_a, _ = _numbers(a, law_a, level, a + 1)
        above_m, on_m = _numbers(m, law_m, level, k)
        if above_a is None or above_m is None:
            continue
        i2, j2 = np.arange(above_m.shape[0])[:, None], on_m[None, :]
        for i1, j1 in zip(*np.nonzero(above_a), strict=True):
            weight = above_a[i1, j1] * above_m
            free, tied = k - i1 - i2, j1 + j2
            taken = _share(free, tied, ties)
            chosen_a += j1 * (weight * taken).sum()
            chosen_m += (weight * taken * j2).sum()
            # All of those tied are on: the wanted ones may then be more than the places.
            filled = i1 < k <= a if ties == "all" else k == a
            if i1 + j1 == a and j1 and filled:
                exact += (weight[0] * _only_these(int(j1), on_m, ties)).sum()
    spurious = chosen_m / m
    missing = 1.0 - chosen_a / a if ties == "all" else (a - k + chosen_m) / a
    return spurious, min(max(missing, 0.0), 1.0), exact


def certain_winners(a: int, m: int, law: np.ndarray, k: int, ties: str) -> tuple[float, ...]:
    """The same where all ``a`` wanted ones have the largest sum possible, and k <= a.

    ``law`` is that of the number of the ``m`` others that have it too.
    """
    also = np.arange(len(law))
    taken = _share(np.full(len(law), k), a + also, ties)
    spurious = float((law * also * taken).sum()) / m
    missing = float((law * (1.0 - taken)).sum())
    possible = k == a or ties == "all"
    exact = float((law * _only_these(a, also, ties)).sum()) if possible else 0.0
    return spurious, missing, exact


def _share(free: np.ndarray, tied: np.ndarray, ties: str) -> np.ndarray:
    """Probability that one of ``tied`` outputs gets one of ``free`` places."""
    if ties == "all":
        return (free > 0).astype(float) * np.ones_like(tied, dtype=float)
    return np.clip(free / np.maximum(tied, 1), 0.0, 1.0)


def _only_these(number: int, also: np.ndarray, ties: str) -> np.ndarray:
    """Probability that ``number`` places go to the right ones, with ``also`` others tied."""
    if ties == "all":
        return (also == 0).astype(float)
    from scipy.special import gammaln

    log = gammaln(number + also + 1) - gammaln(number + 1) - gammaln(also + 1)
    return np.exp(-log)


def _numbers(
    count: int, law: np.ndarray, level: int, rows: int
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """P(i above, j on the level) for i < rows and the j of a window, of independent outputs."""
    from scipy import stats

    above, on = float(law[level + 1 :].sum()), float(law[level])
    i = np.arange(min(rows, count + 1))
    weight = stats.binom.pmf(i, count, min(above, 1.0))
    i, weight = i[weight > 1e-20], weight[weight > 1e-20]
    if len(i) == 0:
        return None, None
    share = min(on / max(1.0 - above, 1e-300), 1.0)
    low = int(stats.binom.ppf(1e-18, count - i[-1], share))
    high = int(stats.binom.isf(1e-18, count - i[0], share))
    j = np.arange(max(low, 0), min(high, count) + 1)
    if rows > count:  # wanted ones: as a table of all i and j
        table = np.zeros((count + 1, count + 1))
        for at, w in zip(i, weight, strict=True):
            table[at, j] = w * stats.binom.pmf(j, count - at, share)
        return np.where(table > 1e-20, table, 0.0), j
    table = np.zeros((i[-1] + 1, len(j)))
    for at, w in zip(i, weight, strict=True):
        table[at] = w * stats.binom.pmf(j, count - at, share)
    return table, j
