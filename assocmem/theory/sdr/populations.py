r"""Populations of neurons that store the same pattern and see the same activity.

Their false positives are not independent: an activity that happens to overlap the pattern by much
drives all of them. Given the overlap o ~ Hyp(n, a, a) they are, each firing with chance phi(o), so
that at least r of N do with probability

$$ \sum_o\Pr[\mathrm{Hyp}(n,a,a)=o]\;B(N,\phi(o),r),\qquad
   \phi(o)=\Pr[\mathrm{Hyp}(a,o,s)\ge\theta]. $$

The binomial law of independent neurons with phi = E phi(o) is exact for N = 1 and for r = 1 above
the truth; for r > 1 it is below by many orders of magnitude where false positives are rare.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ... import _validate as check
from ._arguments import MOST_CELLS, MOST_PATTERNS, cells, integers, reals
from .hypergeometric import log_pmf
from .many import log_any, log_quorum, neurons
from .probability import Probability
from .unions import CONVENTIONS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def _neuron(
    n: int,
    a: int,
    s: int,
    theta: int,
    m: int,
    n_segments: int,
    p: float,
    overlap: np.ndarray,
    active: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of the chances that a neuron fires and does not, over overlaps, shape (count,)."""
    from .coverage_kernels import fill_union_fire, fill_union_rest, fill_union_sides

    count = len(overlap)

    def full(x: float) -> np.ndarray:
        return np.full(count, x)

    first = [full(x) for x in (n, a, s, theta, m)]
    fire, rest = np.empty(count), np.empty(count)
    fill_union_sides(*first, full(p), overlap, active, fire, rest)
    if n_segments > 1:
        other_fire, other_rest = np.empty(count), np.empty(count)
        others = (full(n), active, *first[2:], full(p))
        fill_union_fire(*others, other_fire)
        fill_union_rest(*others, other_rest)
        other_fire, other_rest = _sharp(other_fire, other_rest), _sharp(other_rest, other_fire)
        more = n_segments - 1
        with np.errstate(divide="ignore"):
            none = more * other_rest
            # From the smaller of both chances: the other is rounded where it is near 1.
            likely = np.log(-np.expm1(none))
            some = np.where(other_fire < other_rest, log_any(other_fire, np.array(more)), likely)
        fire = np.logaddexp(fire, rest + some)
        rest = rest + none
    fire, rest = np.minimum(fire, 0.0), np.minimum(rest, 0.0)
    return _sharp(fire, rest), _sharp(rest, fire)


def _sharp(ln_p: np.ndarray, ln_q: np.ndarray) -> np.ndarray:
    """Logarithm of p, from ln q = ln(1 - p) where p is near 1: its distance from 1 may count."""
    with np.errstate(divide="ignore"):
        return np.where(ln_q < -0.7, np.log1p(-np.exp(ln_q)), ln_p)


def _mixed(ln_weights: np.ndarray, ln_values: np.ndarray) -> float:
    """Logarithm of a mean from those of weights and values."""
    from scipy.special import logsumexp

    terms = ln_weights + ln_values
    return float(logsumexp(terms)) if np.any(terms > -np.inf) else -np.inf


def _each(function, *arrays: ArrayLike) -> Probability:
    """``function`` of scalars over broadcast arrays, each giving a logarithm."""
    wide = np.broadcast_arrays(*arrays)
    found = [
        function(*(x.item() for x in row)) for row in zip(*(w.flat for w in wide), strict=True)
    ]
    shape = wide[0].shape
    return Probability.of_log(np.array(found).reshape(shape) if shape else found[0])


def _shared(
    n: ArrayLike, a: ArrayLike, s: ArrayLike, theta: ArrayLike, m: ArrayLike, k: ArrayLike
) -> list[np.ndarray]:
    n, a = cells(n, a=a)
    return [
        n,
        a,
        integers("s", s, 0, a),
        integers("theta", theta),
        integers("m", m, 1, MOST_PATTERNS),
        integers("n_segments", k, 1, MOST_CELLS),
    ]


def population_false_alarm_shared(
    n: ArrayLike,
    a: ArrayLike,
    s: ArrayLike,
    theta: ArrayLike,
    n_neurons: ArrayLike,
    quorum: ArrayLike,
    *,
    m: ArrayLike = 1,
    n_segments: ArrayLike = 1,
    p: ArrayLike = 1.0,
) -> Probability:
    """Chance that a new activity makes ``quorum`` neurons of the same pattern fire, exact.

    Parameters
    ----------
    n, a : int or array of int
        Cells, and active cells of patterns and activities alike.
    s : int or array of int
        Synapses of one pattern, from 0 to a; each neuron draws its own from the pattern.
    theta : int or array of int
        Threshold of a segment.
    n_neurons, quorum : int or array of int
        N >= 1, and r from 1 to N.
    m : int or array of int
        Patterns on each segment, >= 1; the common one is on the first segment of each neuron, all
        others are each neuron's own.
    n_segments : int or array of int
        Segments of each neuron, >= 1.
    p : float or array of float
        Chance that an active synapse transmits.

    Returns
    -------
    Probability
        In the common shape of the arguments.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Notes
    -----
    O(a) binomial tails of N for each number.

    Examples
    --------
    Two of ten neurons, against what independent neurons would do:

    >>> from assocmem.theory.sdr.single import fp
    >>> from assocmem.theory.sdr.many import population_false_alarm
    >>> from assocmem.theory.sdr.populations import population_false_alarm_shared
    >>> print(population_false_alarm_shared(2000, 40, 20, 8, 10, 2))
    2.82519e-10 (exact)
    >>> print(population_false_alarm(10, fp(2000, 40, 20, 8), 2))
    7.62533e-17 (exact)
    """
    n_neurons, quorum = neurons(n_neurons, quorum)

    def one(n, a, s, theta, m, k, p, n_neurons, quorum):
        overlap = np.arange(max(0, 2 * a - n), a + 1)
        weights = log_pmf(overlap, n, a, a)
        sides = _neuron(n, a, s, theta, m, k, p, overlap, np.full(len(overlap), a))
        return _mixed(weights, log_quorum(np.array(quorum), np.array(n_neurons), *sides))

    shared = _shared(n, a, s, theta, m, n_segments)
    return _each(one, *shared, reals("p", p), n_neurons, quorum)


def population_miss_shared(
    n: ArrayLike,
    a: ArrayLike,
    s: ArrayLike,
    theta: ArrayLike,
    v: ArrayLike,
    n_neurons: ArrayLike,
    quorum: ArrayLike,
    convention: str = "drop",
    *,
    m: ArrayLike = 1,
    n_segments: ArrayLike = 1,
    p: ArrayLike = 1.0,
) -> Probability:
    """Chance that a pattern, after noise, makes fewer than ``quorum`` of its neurons fire, exact.

    For "drop" and "replace" neurons miss independently, and with one pattern and one segment it is
    `many.population_miss`. For "swap" and "kill" the number of bits lost is random and common to
    all, so that misses come together.

    Parameters
    ----------
    n, a, s, theta, n_neurons, quorum, m, n_segments, p
        As in `population_false_alarm_shared`.
    v : int or array of int
        Lost bits, or dead cells, as in `unions.union_fn`.
    convention : {"drop", "replace", "swap", "kill"}
        What becomes of them.

    Returns
    -------
    Probability
        In the common shape of the arguments.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    check.choice("convention", convention, CONVENTIONS)
    n_neurons, quorum = neurons(n_neurons, quorum)
    shared = _shared(n, a, s, theta, m, n_segments)
    n, a = shared[:2]
    most = {"kill": n, "replace": np.minimum(a, n - a)}.get(convention, a)
    v = integers("v", v, 0, most)

    def one(n, a, s, theta, m, k, p, v, n_neurons, quorum):
        weights, overlap, active = outcomes(n, a, v, convention)
        fire, rest = _neuron(n, a, s, theta, m, k, p, overlap, active)
        silent = np.array(n_neurons - quorum + 1)
        return _mixed(weights, log_quorum(silent, np.array(n_neurons), rest, fire))

    return _each(one, *shared, reals("p", p), v, n_neurons, quorum)


def outcomes(n: int, a: int, v: int, convention: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What noise may leave of a pattern.

    Parameters
    ----------
    n, a, v : int
        Cells, active cells of the pattern, lost bits or dead cells.
    convention : {"drop", "replace", "swap", "kill"}
        What becomes of them.

    Returns
    -------
    ln_weights : ndarray, shape (outcomes,)
        Natural logarithm of the chance of each outcome.
    overlap, active : ndarray of int, shape (outcomes,)
        Cells left of the pattern, and all active cells.
    """
    if convention in ("drop", "replace"):
        active = a - v if convention == "drop" else a
        return np.zeros(1), np.array([a - v]), np.array([active])
    if convention == "swap":
        back = np.arange(max(0, v + a - n), v + 1)
        weights = np.asarray(log_pmf(back, n - a + v, v, v))
        return weights, a - v + back, np.full(len(back), a)
    dead = np.arange(max(0, a + v - n), min(a, v) + 1)
    return np.asarray(log_pmf(dead, n, v, a)), a - dead, a - dead
