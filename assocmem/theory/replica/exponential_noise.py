r"""Random-energy analysis of exponential networks: the noise of K = exp(alpha N) patterns.

For Ising spins the overlaps of one configuration with the patterns are independent, with the law
P(m) ~ exp(-N I(m)), I(m) = ((1+m)/2) ln(1+m) + ((1-m)/2) ln(1-m). So there are typically
exp(N (alpha - I(m))) patterns at overlap m, and none where I(m) > alpha, |m| > m*(alpha). The sum
sum_mu exp(lambda N m_mu) is the partition function of a random-energy model (Derrida 1981):

$$ \phi=\frac1N\ln\sum_\mu e^{\lambda Nm_\mu}\to\max_{|m|\le m^*}[\lambda m+\alpha-I(m)]
   =\begin{cases}\alpha+\ln\cosh\lambda & \tanh\lambda\le m^*\\ \lambda m^* & \text{condensed}
   \end{cases} $$

**Two noises.** The mean of the sum does not depend on the configuration; where the noise is not
condensed, what depends on it is the fluctuation, smaller by a factor exponential in N. Only n(m)
patterns to the power 1/2 count in it, so that its exponent is

$$ \psi=\max_{|m|\le m^*}\Big[\lambda m+\frac{\alpha-I(m)}2\Big]=\begin{cases}
   \tfrac12(\alpha+\ln\cosh2\lambda) & \tanh2\lambda\le m^*\\ \lambda m^* & \text{else.}
   \end{cases} $$

A stored pattern adds exp(lambda N) to its own sum. phi < lambda says that it is the larger part of
the energy, psi < lambda that no single flip gains anything at T = 0, however little the energy
changes. For continuous states, whose gradient holds the logarithm of the whole sum, it is the
former that counts: it is the criterion of Lucibello and Mezard's alpha_1, for binary patterns
`Thresholds.typical`.

References
----------
Derrida, Phys. Rev. B 24 (1981) 2613; Demircigil et al., J. Stat. Phys. 168 (2017) 288; Lucibello,
Mezard, Phys. Rev. Lett. 132 (2024) 077301, whose spherical and Gaussian patterns are replaced
here by binary ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ... import _validate as check

LN2 = math.log(2.0)
_MOST_RATE = 100.0


def deviation(m: float) -> float:
    """I(m), the rate of deviation of an overlap, 0 <= m <= 1."""
    if m < 0.05:
        square = m * m
        return square * sum(square**k / ((2 * k + 1) * (2 * k + 2)) for k in range(7))
    low = (1.0 - m) * math.log1p(-m) if m < 1.0 else 0.0
    return 0.5 * ((1.0 + m) * math.log1p(m) + low)


def _deviation_at(x: float) -> float:
    """I(tanh x) = x tanh x - ln cosh x."""
    if x < 0.05:
        return deviation(math.tanh(x))
    p = math.exp(-2.0 * x)
    return LN2 - 2.0 * x * p / (1.0 + p) - math.log1p(p)


def log_cosh(x: float) -> float:
    """Logarithm of cosh x for x >= 0, to relative accuracy."""
    if x < 0.5:
        return 0.5 * math.log1p(math.sinh(x) ** 2)
    return x - LN2 + math.log1p(math.exp(-2.0 * x))


def condensation_rate(load: float) -> float:
    """The rate x* at which the noise condenses: I(tanh x*) = alpha; infinite from ln 2 on.

    The largest overlap in the noise is m* = tanh x*.
    """
    from scipy.optimize import brentq

    load = check.real("load", load, 0.0)
    if load == 0.0:
        return 0.0
    if load >= LN2:
        return math.inf
    high = 1.0
    while _deviation_at(high) < load:
        high *= 2.0
        if high > 64.0:  # within rounding of ln 2
            return math.inf
    low = 0.5 * math.sqrt(load)  # I(tanh x) < x^2/2
    return brentq(lambda x: _deviation_at(x) - load, low, high, xtol=1e-300, rtol=1e-15)


@dataclass(frozen=True)
class NoiseFreeEnergy:
    """The exponential sum over patterns that a configuration knows nothing of, K = exp(alpha N).

    Parameters
    ----------
    load, rate : float
        alpha and lambda.
    value : float
        phi, lim (1/N) ln sum_mu exp(lambda N m_mu), for almost all patterns and configurations.
    fluctuation : float
        psi <= phi, the same of what in the sum depends on the configuration.
    condensed : bool
        Whether a few patterns, those of largest overlap, make up the sum.
    overlap : float
        Overlap of the patterns that make up the sum.
    largest : float
        m*, the largest overlap with any pattern.
    condensation_rate : float
        The rate beyond which the noise is condensed; infinite for alpha >= ln 2.
    """

    load: float
    rate: float
    value: float
    fluctuation: float
    condensed: bool
    overlap: float
    largest: float
    condensation_rate: float


def noise_free_energy(load: float, rate: float) -> NoiseFreeEnergy:
    """Random-energy model of the noise of an exponential network of Ising spins.

    Parameters
    ----------
    load : float
        alpha >= 0, K = exp(alpha N).
    rate : float
        lambda in (0, 100].

    Returns
    -------
    NoiseFreeEnergy

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> from assocmem.theory.replica.exponential_noise import noise_free_energy
    >>> noise_free_energy(0.5, 0.5).condensed, noise_free_energy(0.1, 1.0).condensed
    (False, True)
    """
    load = check.real("load", load, 0.0)
    rate = check.real("rate", rate, 0.0, _MOST_RATE, open_low=True)
    edge = condensation_rate(load)
    largest = math.tanh(edge)
    condensed = rate > edge
    value = rate * largest if condensed else load + log_cosh(rate)
    wide = 2.0 * rate > edge
    fluctuation = rate * largest if wide else 0.5 * (load + log_cosh(2.0 * rate))
    overlap = largest if condensed else math.tanh(rate)
    return NoiseFreeEnergy(load, rate, value, fluctuation, condensed, overlap, largest, edge)


@dataclass(frozen=True)
class Thresholds:
    """Loads up to which an exponential network of Ising spins holds its patterns, N -> infinity.

    All are exact to leading exponential order, for patterns drawn independently.

    Parameters
    ----------
    rate : float
        lambda.
    condensation : float
        The noise is condensed below I(tanh lambda).
    typical : float
        alpha_1 = lambda - ln cosh lambda = ln 2 - ln(1 + exp(-2 lambda)): up to it a typical
        pattern is the larger part of its own sum, phi < lambda. Retrieval at T > 0, as T -> 0,
        ends here, and so does retrieval by gradient descent (Lucibello & Mezard).
    flip : float
        2 lambda - ln cosh 2 lambda = ln 2 - ln(1 + exp(-4 lambda)) > alpha_1: up to it a typical
        pattern is stable against flips of single spins at T = 0.
    all_typical : float
        min(typical, (ln 2)/2): up to it the same holds for all K patterns at once. From
        (ln 2)/2 on some patterns are equal or neighbours. This is the sense of Lucibello and
        Mezard's alpha_c, for which they give lower bounds for patterns of other laws.
    all_flip : float
        min(flip, (ln 2)/2): up to it every pattern is a minimum that no flip leaves. Above
        (ln 2)/2 there are pairs one flip apart, which tie but for the noise of the others, so
        that one of the two is left; pairs further apart leave each other alone. Demircigil et
        al. prove (ln 2)/2 as a lower bound at rate 1.
    """

    rate: float
    condensation: float
    typical: float
    flip: float
    all_typical: float
    all_flip: float


def thresholds(rate: float) -> Thresholds:
    """Critical loads of exponential networks, in closed form.

    Parameters
    ----------
    rate : float
        lambda in (0, 100].

    Raises
    ------
    TypeError, ValueError
        If ``rate`` is of the wrong type or out of range.

    Examples
    --------
    >>> from assocmem.theory.replica.exponential_noise import thresholds
    >>> found = thresholds(1.0)
    >>> round(found.typical, 6), round(found.flip, 6), round(found.all_flip, 6)
    (0.566219, 0.674997, 0.346574)
    """
    rate = check.real("rate", rate, 0.0, _MOST_RATE, open_low=True)
    typical = LN2 - math.log1p(math.exp(-2.0 * rate))
    flip = LN2 - math.log1p(math.exp(-4.0 * rate))
    half = 0.5 * LN2
    return Thresholds(
        rate, _deviation_at(rate), typical, flip, min(typical, half), min(flip, half)
    )  # fmt: skip


def basin_load(rate: float, overlap: float, *, all_patterns: bool = False) -> float:
    """Load up to which a corrupted pattern is restored at T = 0.

    From a random configuration of overlap m with a pattern, almost every flip that gains energy
    is one towards the pattern, lambda m > psi, as long as alpha < max over x <= 2 lambda of
    x m - ln cosh x; and the advantage grows as the overlap does. At m = 1 this is
    `Thresholds.flip`.

    Parameters
    ----------
    rate : float
        lambda in (0, 100].
    overlap : float
        m in (0, 1].
    all_patterns : bool
        Whether each of the K patterns is to be restored from a configuration drawn for it, not
        only a typical one. Then no other pattern may be as near as the one sought,
        alpha < I(m)/2, which Demircigil et al. prove to be enough at rate 1.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    rate = check.real("rate", rate, 0.0, _MOST_RATE, open_low=True)
    m = check.real("overlap", overlap, 0.0, 1.0, open_low=True)
    full = 2.0 * rate
    near = deviation(m)
    if m < math.tanh(full):  # the noise of this overlap is condensed before its fluctuation wins
        typical = near
    else:
        typical = LN2 - math.log1p(math.exp(-2.0 * full)) - full * (1.0 - m)
    return min(typical, 0.5 * near) if all_patterns else typical
