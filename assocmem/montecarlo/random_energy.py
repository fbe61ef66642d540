r"""The noise of exponential networks, sampled class by class: any number of patterns.

Overlaps of one configuration with K = exp(alpha N) independent patterns are binomial, so that all
that matters of the patterns is how many there are in each class of overlap. With K itself drawn
from Poisson's law the numbers are independent Poisson numbers, each drawn in one go: exact at
N = 200 and more, where K exceeds the number of atoms of anything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .. import _validate as check

_LARGE = 1e15  # expectation beyond which sums and differences of Poisson numbers are normal
_BLOCK = 4096


@dataclass(frozen=True, eq=False)
class NoiseSamples:
    """Sums over independent patterns, for independent draws of all of them.

    Parameters
    ----------
    log_sum : ndarray, shape (n_samples,)
        ln sum_mu exp(lambda M_mu); -inf where there is no pattern.
    field : ndarray, shape (n_samples,)
        Field on one spin, along itself, in units of the field of a pattern that the configuration
        equals: sum_mu x_mu exp(lambda (M'_mu - (N - 1))), with M' over the other spins. In a
        stored pattern a flip of the spin gains energy where it is below -1.
    """

    log_sum: np.ndarray
    field: np.ndarray


def noise_samples(
    load: float, rate: float, n_spins: int, n_samples: int, seed: int = 0
) -> NoiseSamples:
    """Draw the noise of an exponential network.

    Parameters
    ----------
    load : float
        alpha >= 0; the number of patterns is Poisson of mean exp(alpha N).
    rate : float
        lambda in (0, 100].
    n_spins : int
        N in [2, 10^5].
    n_samples : int
        Independent draws.
    seed : int
        >= 0.

    Returns
    -------
    NoiseSamples

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range; alpha N may reach 600.

    Notes
    -----
    Cost: 2 N Poisson numbers for each sample.

    Examples
    --------
    >>> from assocmem.montecarlo.random_energy import noise_samples
    >>> noise = noise_samples(0.3, 1.0, 200, 100)
    >>> noise.log_sum.shape, bool(abs(noise.field).max() < 1.0)
    ((100,), True)
    """
    from scipy.special import gammaln, logsumexp

    load = check.real("load", load, 0.0)
    rate = check.real("rate", rate, 0.0, 100.0, open_low=True)
    n_spins = check.integer("n_spins", n_spins, 2, 10**5)
    n_samples = check.integer("n_samples", n_samples, 1)
    rng = np.random.default_rng(check.integer("seed", seed, 0))
    if load * n_spins > 600.0:
        raise ValueError(f"load * n_spins must be at most 600, got {load * n_spins:g}")
    others = n_spins - 1
    k = np.arange(others + 1.0)
    log_chance = gammaln(others + 1.0) - gammaln(k + 1.0) - gammaln(others - k + 1.0)
    log_mean = load * n_spins + log_chance - n_spins * math.log(2.0)  # for each sign of x
    keep = log_mean > -45.0  # all others together hold a pattern once in 10^18 samples
    mean = np.exp(log_mean[keep])
    below = -2.0 * rate * (others - k[keep])  # lambda (M' - (N - 1))
    large = mean > _LARGE
    log_sum, field = np.empty(n_samples), np.empty(n_samples)
    for first in range(0, n_samples, _BLOCK):
        shape = (2, min(_BLOCK, n_samples - first), len(mean))
        plus, minus = rng.poisson(np.where(large, 0.0, mean), shape).astype(np.float64)
        more, other = np.sqrt(2.0 * mean) * rng.standard_normal(shape)
        difference = np.where(large, more, plus - minus)
        total = np.where(large, 2.0 * mean + other, plus + minus)
        block = slice(first, first + shape[1])
        field[block] = difference @ np.exp(below)
        count = total * math.cosh(rate) + difference * math.sinh(rate)
        with np.errstate(divide="ignore"):
            log_sum[block] = logsumexp(below + np.log(count), axis=1) + rate * others
    return NoiseSamples(log_sum, field)
