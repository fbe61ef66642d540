r"""Many segments and populations of neurons.

M segments, each with a pattern of its own, see the same activity. Given it, their overlaps are
independent, and with exactly a cells active each fires with the same chance whatever the activity,
so that one of them fires by

$$ P_M=1-(1-\mathrm{FP})^M. \tag{5} $$

Where the number of active cells varies, this is an upper bound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._arguments import MOST_CELLS, integers, reals, together
from .bounds import Bracket, bracket
from .probability import Probability

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_TINY = 1e-290
_LN10 = np.log(10.0)


def log_of(name: str, probability: Probability | ArrayLike) -> np.ndarray:
    """Natural logarithm of a `Probability` or of plain numbers in [0, 1], checked.

    Parameters
    ----------
    name : str
        Of the argument, for messages.
    probability : Probability, float or array of float
        Plain numbers are meant as they are.

    Returns
    -------
    ndarray
        From the value, where that is within a double's range.

    Raises
    ------
    TypeError, ValueError
        If it is not a number in [0, 1].
    """
    if isinstance(probability, Probability):
        value = reals(f"{name}.value", probability.value)
        with np.errstate(divide="ignore"):
            return np.where(value > _TINY, np.log(value), np.asarray(probability.log10) * _LN10)
    with np.errstate(divide="ignore"):
        return np.log(reals(name, probability))


def log_any(ln_p: np.ndarray, m: np.ndarray) -> np.ndarray:
    """Logarithm of 1 - (1 - p)^m from ln p."""
    value = np.exp(ln_p)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = ln_p + np.log(m)
        exponent = np.where(value > _TINY, m * np.log1p(-value), -np.exp(mean))
        found = np.where(exponent < -_TINY, np.log(-np.expm1(exponent)), mean)
    return np.where(m == 0, -np.inf, found)


def any_of(probability: Probability | ArrayLike, m: ArrayLike) -> Probability:
    """Chance that at least one of ``m`` independent events happens, equation (5).

    Parameters
    ----------
    probability : Probability, float or array of float
        Of one event.
    m : float or array of float
        Number of events, >= 0; it need not be an integer.

    Returns
    -------
    Probability
        1 - (1 - P)^m, right also where it is near 0, where P has left the range of doubles, and
        where m does not fit an integer.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> from assocmem.theory.sdr.single import fp
    >>> from assocmem.theory.sdr.many import any_of
    >>> print(any_of(fp(10_000, 300, 30, 15), 10**6))
    1.04919e-09 (exact)
    """
    m = reals("m", m, 0.0, np.finfo(float).max)
    return Probability.of_log(log_any(log_of("probability", probability), m), "exact")


def any_of_bounds(probability: Probability | ArrayLike, m: ArrayLike) -> Bracket:
    """Bracket of `any_of`: m P - C(m, 2) P^2 from below, m P from above (5).

    Parameters
    ----------
    probability, m
        As in `any_of`.

    Returns
    -------
    Bracket
        Low is 0 where the lower bound is negative.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    m = reals("m", m, 0.0, np.finfo(float).max)
    ln_p = log_of("probability", probability)
    with np.errstate(divide="ignore", over="ignore"):
        mean = ln_p + np.log(m)
        pairs = 0.5 * np.maximum(m - 1.0, 0.0) * np.exp(ln_p)
        low = mean + np.log1p(-np.minimum(pairs, 1.0))
    return bracket(np.where(pairs >= 1.0, -np.inf, low), np.minimum(mean, 0.0), "union bound")


def capacity(probability: Probability | ArrayLike, budget: ArrayLike) -> float | np.ndarray:
    """Most segments of which none fires at chance but with probability ``budget``.

    Parameters
    ----------
    probability : Probability, float or array of float
        False positive of one segment.
    budget : float or array of float
        epsilon in [0, 1): bound on the chance that any of them fires.

    Returns
    -------
    float or ndarray
        The largest integer M with 1 - (1 - FP)^M <= epsilon, at least floor(epsilon/FP); inf where
        it is beyond the range of doubles.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> from assocmem.theory.sdr.single import fp
    >>> from assocmem.theory.sdr.many import capacity
    >>> print(capacity(fp(10_000, 300, 30, 15), 1e-9))
    953114.0
    """
    budget = reals("budget", budget, 0.0, np.nextafter(1.0, 0.0))
    ln_p = log_of("probability", probability)
    value = np.exp(ln_p)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        plain = np.log1p(-budget) / np.log1p(-value)
        scaled = np.exp(np.log(-np.log1p(-budget)) - ln_p)
    most = np.where(value > _TINY, plain, scaled)
    most = np.where(ln_p == -np.inf, np.inf, np.where(budget == 0.0, 0.0, most))
    near = np.rint(most)
    with np.errstate(invalid="ignore"):
        # Where the budget is met exactly, rounding must not cost one segment.
        hit = np.abs(most - near) <= 8.0 * np.finfo(float).eps * most
    most = np.where(hit & np.isfinite(most), near, np.floor(most))
    return most if most.ndim else float(most)


def log_quorum(
    quorum: np.ndarray, n_neurons: np.ndarray, ln_fire: np.ndarray, ln_rest: np.ndarray
) -> np.ndarray:
    """Logarithm of P[at least ``quorum`` of independent neurons fire], from both of one neuron."""
    from .kernels import fill_binomial_tail_of_ln

    shape, flat = together(quorum, n_neurons, ln_fire, ln_rest)
    found = np.empty(flat[0].size)
    fill_binomial_tail_of_ln(*flat, found)
    return found.reshape(shape)


def neurons(n_neurons: ArrayLike, quorum: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Number of neurons and of those that must fire, checked."""
    n_neurons = integers("n_neurons", n_neurons, 1, MOST_CELLS)
    return n_neurons, integers("quorum", quorum, 1, n_neurons)


def population_false_alarm(
    n_neurons: ArrayLike, phi: Probability | ArrayLike, quorum: ArrayLike
) -> Probability:
    """Chance that at least ``quorum`` of ``n_neurons`` independent neurons fire.

    Right for neurons that store different patterns. Neurons that store the same one are not
    independent, see `populations.population_false_alarm_shared`.

    Parameters
    ----------
    n_neurons : int or array of int
        N >= 1.
    phi : Probability, float or array of float
        False positive of one neuron.
    quorum : int or array of int
        r, from 1 to N.

    Returns
    -------
    Probability
        B(N, phi, r).

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    return _at_least(*neurons(n_neurons, quorum), log_of("phi", phi))


def _at_least(n_neurons: np.ndarray, events: np.ndarray, ln_p: np.ndarray) -> Probability:
    """B(N, p, events) from ln p."""
    with np.errstate(divide="ignore"):
        ln_rest = np.log1p(-np.exp(ln_p))
    return Probability.of_log(log_quorum(events, n_neurons, ln_p, ln_rest))


def population_miss(
    n_neurons: ArrayLike, epsilon: Probability | ArrayLike, quorum: ArrayLike
) -> Probability:
    """Chance that fewer than ``quorum`` of ``n_neurons`` fire, each missing independently.

    Right for a fixed number of lost bits too: neurons draw their synapses from the same pattern,
    each its own, and miss independently once it is known how many bits are lost. For the
    conventions `Swap` and `Kill` that number is common to all and random, see
    `populations.population_miss_shared`.

    Parameters
    ----------
    n_neurons : int or array of int
        N >= 1.
    epsilon : Probability, float or array of float
        False negative of one neuron.
    quorum : int or array of int
        r, from 1 to N.

    Returns
    -------
    Probability
        P[Bin(N, epsilon) >= N - r + 1], which is 1 - B(N, 1 - epsilon, r).

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    n_neurons, quorum = neurons(n_neurons, quorum)
    return _at_least(n_neurons, n_neurons - quorum + 1, log_of("epsilon", epsilon))
