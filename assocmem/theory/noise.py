r"""Signal to noise of dense networks: one step of the dynamics at T = 0, and how many examples
learning needs. That of multitasking networks is in `assocmem.theory.multitasking_learning`.

From a state s that knows of one archetype xi only, with overlap m0, all spins are aligned with
their fields at once. In the gauge xi = +1 the field on a spin is signal + noise. With
y = etabar/sqrt(R) of the spin (y = 1 where patterns are stored; E y = r/sqrt(R), E y^2 = 1),

- the signal is F'(m0) for stored patterns, and y n0^(p-1)/(p-1)! for both protocols of learning,
  n0 = m0 E y = m0 r/sqrt(R): each example has overlap m0 r with the state, so both sums over
  examples are the same. y of one spin does not know of the spins that make n0, nor of s there.
- the noise of the other K - 1 patterns is Gaussian of variance alpha kappa g'(1). Its overlaps
  are those of one state (q = 1) that does not know of them, so nothing of the responses that
  make p = 2 special is there yet, and this holds for p = 2 too, where kappa is
  1 + (M - 1) lambda^2 with lambda = rho/(1 + rho).

kappa = 1 but for unsupervised learning, where entries of the M examples of one archetype are
correlated by r^2, and so M + M (M - 1) r^(2p) pairs of products of p entries count:

$$ \kappa=\frac{r^{2p}+(1-r^{2p})/M}{R^p},\qquad
   m_1=\mathbb E_y\,\mathrm{erf}\frac{y\,n_0^{p-1}}{(p-1)!\sqrt{2\alpha\kappa g'(1)}} . $$

From an example instead, s = eta^1, the mean example has n0 = E[y s] = sqrt(R); where examples are
stored one by one, the first has overlap 1 and the others r^2, so that the signal is
(chi_1 + r^(2(p-1)) sum_(a>1) chi_a)/(M R^(p/2) (p-1)!), chi_a = +-1 of mean r.

With the Gaussian law of y, the mean of the error function is one again, and m_1 >= erf(Theta)
from M_c examples on (A = alpha (p-1)!, t = 2 Theta^2),

$$ \text{supervised: } M_c=\frac{1-r^2}{\rho_c r^2},\quad 1-t\rho_c=tA(1+\rho_c)^p;\qquad
   \text{unsupervised: } M_c=\frac{t}{1-tA}\Big[\frac{1-r^2}{r^2}+A\frac{1-r^{2p}}{r^{2p}}\Big]. $$

So supervised learning needs r^-2/rho_c examples and unsupervised learning t A/(1 - t A) r^-2p.

References: arXiv 2212.00606 (supervised), 2211.14067 (unsupervised), where Theta = 1/sqrt(2).
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from .. import _validate as check
from ..hopfield.dense import Dense
from ..hopfield.energy import kernel
from ..hopfield.learning import Supervised, Unsupervised
from ..hopfield.multitasking import Multitasking
from . import multitasking_learning

LAWS = ("binomial", "gaussian")
STARTS = ("archetype", "example", "hierarchical")
THETA = 1.0 / math.sqrt(2.0)
_MOST = 10**9  # examples, as many as the protocols take


def one_step_overlap(
    model: Dense | Multitasking,
    start_overlap: float | np.ndarray = 1.0,
    law: str = "binomial",
    start: str = "archetype",
) -> float | np.ndarray:
    """Overlap with the archetype after one parallel step at T = 0, for N -> infinity.

    Parameters
    ----------
    model : Dense or Multitasking
        The load of a `Dense` one is K/N^(p-1) (0 with ``n_patterns`` or ``exponent``;
        `Dense.at_size` gives that of a finite sample). Energies that are exponentials have
        another scale of loads. A `Multitasking` one needs ``n_patterns``.
    start_overlap : float or array
        Overlap m0 in [-1, 1] of the first state with what ``start`` says, its errors being
        independent of all else.
    law : {"binomial", "gaussian"}
        Of the mean example: exact, or its limit for many examples.
    start : {"archetype", "example", "hierarchical"}
        The archetype xi^1, or the first of the examples learned. A new example is an archetype
        with m0 = r. Multitasking networks fill the blanks of these with random spins, or, in
        the hierarchical state, with the next archetype that is not blank.

    Returns
    -------
    float or ndarray
        m_1 of the shape of ``start_overlap``. Cost: sqrt(M) error functions each. For
        `Multitasking` the overlaps with all K archetypes, on a last axis more.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range, or the model is of another kind.

    Notes
    -----
    At load 0 the noise is 0, and a spin whose signal is 0 counts as m = 0 (a tie).

    References
    ----------
    arXiv 2212.00606, 2211.14067.

    Examples
    --------
    >>> from assocmem import Dense, Unsupervised
    >>> from assocmem.theory.noise import one_step_overlap
    >>> round(one_step_overlap(Dense(load=0.1, p=3)), 6)  # erf(1/sqrt(2 * 2! * 0.1))
    0.974653
    >>> learned = Dense(load=0.1, p=3, learning=Unsupervised(n_examples=50, quality=0.5))
    >>> round(one_step_overlap(learned), 3), round(one_step_overlap(learned, law="gaussian"), 3)
    (0.837, 0.838)
    """
    law = check.choice("law", law, LAWS)
    start = check.choice("start", start, STARTS)
    m0 = _numbers("start_overlap", start_overlap, -1.0, 1.0)
    if isinstance(model, Multitasking):  # no noise of other patterns: the size of m0 is nothing
        return np.sign(m0)[..., None] * multitasking_learning.one_step(model, start, law)
    _check(model)
    if start == "hierarchical":
        raise ValueError(f"start must be 'archetype' or 'example' of a Dense model, got {start!r}")
    width = math.sqrt(2.0 * model.load * noise_factor(model) * _slope_of_kernel(model))
    if model.learning is None:
        if start == "example":
            raise ValueError(
                f"start must be 'archetype' of a model without learning, got {start!r}"
            )
        signal, weights = np.vectorize(model.energy.slope, [float])(m0)[..., None], np.ones(1)
    else:
        signal, weights = _signal(model, m0, law, start)
    if law == "gaussian" and model.learning is not None:
        mean, spread = signal
        width = np.sqrt(width**2 + 2.0 * spread**2)[..., None]
        signal = mean[..., None]
    out = _erf_of(signal, width) @ weights
    return float(out) if np.ndim(start_overlap) == 0 else out


def noise_factor(model: Dense) -> float:
    """kappa, what unsupervised learning multiplies the noise by; 1 for other models.

    At least 1 for p >= 2, and 1 for r = 1 and for M = 1 or infinity.
    """
    learning = model.learning
    if not isinstance(learning, Unsupervised):
        return 1.0
    powered = learning.quality ** (2 * model.p)
    return (powered + (1.0 - powered) / learning.n_examples) / learning.variance**model.p


def learning_threshold(
    model: Dense | Multitasking,
    theta: float = THETA,
    quality: float | np.ndarray | None = None,
    law: str = "gaussian",
    level: int | None = None,
) -> float | np.ndarray:
    """Smallest number of examples M_c with which one step from the archetype has m >= erf(theta).

    In multitasking networks the step is from the hierarchical state, and m_level is in units of
    its overlap there, (1 - d) d^(level - 1).

    Parameters
    ----------
    model : Dense or Multitasking
        With learning, supervised or unsupervised; its ``n_examples`` is not used.
    theta : float
        Theta > 0; the default is that of the references, m >= 0.6827.
    quality : float or array, optional
        r in (0, 1]; that of the model if left out.
    law : {"gaussian", "binomial"}
        Gaussian: M_c is real, in closed form, and exact for small r; below 1 it means that M = 1
        is enough. Binomial: the integer M_c of the exact law of the mean example, by bisection.
    level : int, optional
        Which pattern of the hierarchical state, for `Multitasking` alone; 1 if left out.

    Returns
    -------
    float or ndarray
        Infinity where no number of examples is enough: alpha (p-1)! > 1/(2 theta^2), or equal.
        Binomial: also where more than 10^9 are needed.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range, or the model does not learn.

    Notes
    -----
    m_1 never decreases with M, so bisection is safe. Given the sum of M signs, that of M - 1 of
    them has the same mean, so passing from M to M - 1 spreads etabar out, without crossing 0.
    erf is concave there on either side, odd, and positive sums are likelier than negative ones:
    spreading lowers m_1, and so does the prefactor (R^p, or kappa R^p, falls with M). With several
    condensed patterns m may fall between small M, for the sake of ties: there M_c is the first
    from which on all are enough.

    Examples
    --------
    >>> from assocmem import Dense, Supervised, Unsupervised
    >>> from assocmem.theory.noise import learning_threshold
    >>> models = [Dense(load=0.1, p=3, learning=how(1, 0.2)) for how in (Supervised, Unsupervised)]
    >>> [round(learning_threshold(model)) for model in models]
    [57, 3936]
    """
    several = isinstance(model, Multitasking)
    if not several:
        _check(model)
        if level is not None:
            raise TypeError(f"level must be left out for a Dense model, got {level!r}")
    if model.learning is None:
        raise ValueError("model must have learning=Supervised(...) or Unsupervised(...), got none")
    theta = check.real("theta", theta, 0.0, open_low=True)
    law = check.choice("law", law, LAWS)
    given = model.learning.quality if quality is None else quality
    r = _numbers("quality", given, 0.0, 1.0, open_low=True)
    if several:
        level = 1 if level is None else level
        out = multitasking_learning.threshold(model, theta, r, law, level)
    elif law == "gaussian":
        out = _gaussian_threshold(model, theta, r)
    else:
        out = np.array([_exact_threshold(model, theta, float(x)) for x in r.ravel()])
        out = out.reshape(r.shape)
    return float(out) if np.ndim(given) == 0 else out


def threshold_law(model: Dense | Multitasking, theta: float = THETA) -> tuple[float, float]:
    """The law M_c = C r^-a of `learning_threshold` for r -> 0, as (C, a).

    Unsupervised: (2 theta^2 A/(1 - 2 theta^2 A), 2p) with A = alpha (p-1)!, and
    (2 theta^2, 2) at load 0, where the archetypes do not disturb one another. Supervised:
    (1/rho_c, 2). Multitasking: (1/rho_c, 2) for both protocols. C is infinite where learning
    fails.
    """
    if not isinstance(model, Multitasking):
        _check(model)
    if model.learning is None:
        raise ValueError("model must have learning=Supervised(...) or Unsupervised(...), got none")
    theta = check.real("theta", theta, 0.0, open_low=True)
    if isinstance(model, Multitasking):
        entropy = multitasking_learning.largest_entropy(model, theta)
        return (1.0 / entropy if entropy > 0.0 else math.inf), 2.0
    t, a = 2.0 * theta**2, model.load * math.factorial(model.p - 1)
    if t * a >= 1.0:
        return math.inf, 2.0 if isinstance(model.learning, Supervised) else 2.0 * model.p
    if isinstance(model.learning, Supervised):
        return 1.0 / _largest_entropy(t, a, model.p), 2.0
    return (t, 2.0) if a == 0.0 else (t * a / (1.0 - t * a), 2.0 * model.p)


def _check(model: Dense) -> None:
    if not isinstance(model, Dense):
        raise TypeError(f"model must be a Dense or Multitasking model, got {model!r}")
    if model.p is None:
        raise ValueError(f"energy must be a power of the overlap, got {model.energy!r}")
    model.patterns.law()  # refuses entries that are not independent
    if any(model.field):
        raise ValueError(f"field must be zero for signal to noise, got {model.field!r}")


def _numbers(name: str, value, low: float, high: float, *, open_low: bool = False) -> np.ndarray:
    """Checked entries as float64 of the shape of ``value``."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} must be a number or an array, got {value!r}") from None
    entries = [check.real(name, x, low, high, open_low=open_low) for x in array.ravel().tolist()]
    return np.array(entries, dtype=np.float64).reshape(array.shape)


def _slope_of_kernel(model: Dense) -> float:
    """g'(1) = sum_k k k! c_k^2, the variance of f'(z)."""
    g = kernel(model.energy)
    return float(np.arange(len(g)) @ g)


def _erf_of(signal: np.ndarray, width: float | np.ndarray) -> np.ndarray:
    from scipy.special import erf

    if np.all(width == 0.0):
        return np.sign(signal)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        return np.where(signal == 0.0, 0.0, erf(signal / width))


def _signal(model: Dense, m0: np.ndarray, law: str, start: str):
    """Values (..., V) of the signal and their weights; or its mean and spread, and [1]."""
    r, number, p = model.learning.quality, model.learning.n_examples, model.p
    size = model.learning.variance  # R
    factor = m0 ** (p - 1) / math.factorial(p - 1)
    if start == "example" and isinstance(model.learning, Unsupervised):
        # chi_1 stands out of the sum over examples by 1 - r^(2(p-1)).
        others = r ** (2 * (p - 1))
        factor = factor / (number * size ** (0.5 * p))
        if law == "binomial":
            sums, p_sum = sums_of_signs(number - 1, r)
            values = np.concatenate([1.0 + others * sums, -1.0 + others * sums])
            weights = np.concatenate([0.5 * (1.0 + r) * p_sum, 0.5 * (1.0 - r) * p_sum])
            return factor[..., None] * values, weights
        mean = r * (1.0 + others * (number - 1))
        spread = math.sqrt((1.0 - r * r) * (1.0 + others**2 * (number - 1)))
        return (factor * mean, np.abs(factor) * spread), np.ones(1)
    reach = math.sqrt(size) if start == "example" else r / math.sqrt(size)  # n0 at m0 = 1
    factor = factor * reach ** (p - 1)
    if law == "binomial":
        sums, weights = sums_of_signs(number, r)
        return factor[..., None] * (sums / (number * math.sqrt(size))), weights
    spread = math.sqrt((1.0 - r * r) / (number * size))
    return (factor * r / math.sqrt(size), np.abs(factor) * spread), np.ones(1)


def sums_of_signs(number: int, mean: float) -> tuple[np.ndarray, np.ndarray]:
    """Law of the sum of signs of a given mean, but for tails of 1e-17. Cost: sqrt(number)."""
    from scipy.stats import binom

    chance = 0.5 * (1.0 + mean)
    centre = number * chance
    reach = 9.0 * math.sqrt(centre * (1.0 - chance)) + 40.0  # tails by Bernstein's bound
    k = np.arange(max(math.floor(centre - reach), 0), min(math.ceil(centre + reach), number) + 1.0)
    weights = binom.pmf(k, number, chance)
    return 2.0 * k - number, weights / weights.sum()


def _gaussian_threshold(model: Dense, theta: float, r: np.ndarray) -> np.ndarray:
    t, p = 2.0 * theta**2, model.p
    a = model.load * math.factorial(p - 1)
    if t * a >= 1.0:
        return np.full(r.shape, math.inf)
    lost = (1.0 - r**2) / r**2
    if isinstance(model.learning, Supervised):
        return lost / _largest_entropy(t, a, p)
    with np.errstate(over="ignore"):
        return t / (1.0 - t * a) * (lost + a * (r ** (-2.0 * p) - 1.0))


def _largest_entropy(t: float, a: float, p: int) -> float:
    """rho_c, where 1 - t rho = t A (1 + rho)^p: one root in (0, 1/t], as t A < 1."""
    from scipy.optimize import brentq

    if t * a == 0.0:
        return 1.0 / t
    # Either term alone may be 1 at most; so no power overflows.
    top = min(1.0 / t, math.expm1(-math.log(t * a) / p))
    return brentq(
        lambda rho: 1.0 - t * rho - t * a * (1.0 + rho) ** p, 0.0, top, xtol=1e-300, rtol=1e-14
    )


def _exact_threshold(model: Dense, theta: float, r: float) -> float:
    wanted = math.erf(theta)

    def enough(number: int) -> bool:
        learning = dataclasses.replace(model.learning, n_examples=number, quality=r)
        return one_step_overlap(dataclasses.replace(model, learning=learning)) >= wanted

    if enough(1):
        return 1.0
    low, high = 1, 2
    while not enough(high):
        if high == _MOST:
            return math.inf
        low, high = high, min(2 * high, _MOST)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return float(high)
