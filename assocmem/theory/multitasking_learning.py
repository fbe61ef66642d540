r"""Learning in multitasking networks at low load: signal to noise, and which state wins.

With K finite there is no noise of other archetypes, only that of the examples. A state s that
knows of the archetypes alone has overlaps m_mu with them and r m_mu with every example, so the
field on a spin is, but for a positive factor, the same for both protocols,

$$ h = \sum_\mu \bar\eta_\mu m_\mu, \qquad
   \bar\eta_\mu = \xi_\mu \frac1M \sum_a \chi_\mu^a, \quad P(\chi = \pm1) = (1 \pm r)/2 , $$

blank where the pattern is. One parallel step at T = 0 gives m'_mu = E[xi_mu sgn h], sgn 0 = 0.

- From one archetype, m = (1 - d, 0, ...): m'_1 = (1 - d) E sgn etabar, erf(1/sqrt(2 rho)) for the
  Gaussian law of etabar.
- From the hierarchical state, m_mu = A_mu = (1 - d) d^(mu - 1): sums over the words of blanks and
  binomials of all K patterns. With the Gaussian law, x_nu = 0, +-1 the words of the others,

$$ m'_\mu = (1-d)\, E_x\, \mathrm{erf} \frac{A_\mu + \sum_\nu x_\nu A_\nu}
   {\sqrt{2 \rho (A_\mu^2 + \sum_\nu x_\nu^2 A_\nu^2)}}, \qquad \rho = \frac{1-r^2}{M r^2} . $$

So M and r enter through rho alone, and m'_1 >= (1 - d) erf(Theta) from M_c = (1 - r^2)/(rho_c r^2)
examples on, with rho_c = 1/(2 Theta^2) for K = 1: the law r^-2 of both protocols. (At high load
without a teacher it is r^-2p, see `assocmem.theory.noise`.) The binomial law differs from it where
M is small, and by its ties.

**Where protocols differ.** Their equations are the same for states that treat all examples of a
pattern alike. Without a teacher a state may also follow one example, with overlaps 1, and r^2 with
the others. For one pattern at T = 0, -2 M R H/(N (1-d)^2) is 1 + (M - 1) r^4 for it and
M (E|etabar|)^2 for the state of the archetype, sgn etabar. The first is a fixed point while
(M - 1) r^2 < 1 and has the lower energy below a quality r_e(M) that tends to 0.7272.../sqrt(M);
M = 1 is no difference, and of M = 2 examples either wins over their mixture at every r < 1.
At T > 0 and for K patterns `learned_state` has the eigenvalue that says so: it is negative where
ties are common (M = 2, and small even M at low T). The overlaps with the archetypes need not show
it: a tie is broken by an example that is right or wrong with equal chances. With three patterns
and more the broken ties change the weaker overlaps too.

References: arXiv 2308.04106 (thresholds of both protocols), 2212.00606, 2211.14067 (Theta).
"""

from __future__ import annotations

import dataclasses
import math
from typing import NamedTuple

import numpy as np

from .. import _validate as check
from ..hopfield.learning import Unsupervised
from ..hopfield.multitasking import Multitasking
from . import laws

STARTS = ("archetype", "hierarchical", "example")
_MOST_WORDS = 2**22  # of either half of the patterns
_WINDOW = 8  # numbers of examples that must all be enough
_MOST_EXAMPLES = 10**8
_STEP, _STEPS = 0.2, 1000  # of the time of a sweep


def amplitudes(model: Multitasking) -> np.ndarray:
    """Overlaps (1 - d) d^(mu - 1) of the hierarchical state of the archetypes, shape (K,)."""
    number = _number(model)
    return (1.0 - model.dilution) * model.dilution ** np.arange(number, dtype=np.float64)


def one_step(model: Multitasking, start: str = "hierarchical", law: str = "binomial") -> np.ndarray:
    """Overlaps with the K archetypes after one parallel step at T = 0, for N -> infinity.

    Parameters
    ----------
    model : Multitasking
        With ``n_patterns``, and without fields.
    start : {"hierarchical", "archetype", "example"}
        Spins follow the first archetype that is not blank; the first archetype or the first
        example of it alone, with random spins where it is blank.
    law : {"binomial", "gaussian"}
        Of the mean example: exact, or its limit for many examples.

    Returns
    -------
    ndarray, float64, shape (K,)

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range, or there are too many words: 3^(K-1)
        for the Gaussian law; about (18 sqrt(M))^(K/2), or (M + 2)^(K/2) if that is fewer, for the
        binomial one.

    Notes
    -----
    Cost: K times the words, and for the binomial law their sorting.
    """
    amplitude = amplitudes(model)
    start = check.choice("start", start, STARTS)
    law = check.choice("law", law, ("binomial", "gaussian"))
    if start == "example" and model.learning is None:
        raise ValueError(f"start must not be 'example' of a model without learning, got {start!r}")
    if start != "hierarchical":
        out = np.zeros(len(amplitude))
        out[0] = (1.0 - model.dilution) * _alone(model, start, law)
        return out
    if model.learning is None or law == "gaussian":
        entropy = 0.0 if model.learning is None else model.learning.entropy
        return _gaussian(amplitude, model.dilution, entropy)
    return _binomial(amplitude, model)


def largest_entropy(model: Multitasking, theta: float, level: int = 1) -> float:
    """rho_c: up to it, m'_level >= A_level erf(theta) after one step, by the Gaussian law.

    Parameters
    ----------
    model : Multitasking
        Its learning, if any, is not used.
    theta : float
        Theta > 0.
    level : int
        Which pattern of the hierarchical state, 1 to K.

    Returns
    -------
    float
        0 where no quality is enough: the hierarchical state does not reproduce itself.

    Notes
    -----
    m'_level/A_level tends to that of stored patterns as rho -> 0. For level 1 it falls with rho;
    deeper levels first gain what noise takes from those before them, and then fall as
    rho^(-1/2) too, so that from the side of large rho there is one crossing.
    """
    from scipy.optimize import brentq

    theta = check.real("theta", theta, 0.0, open_low=True)
    amplitude = amplitudes(model)
    level = check.integer("level", level, 1, len(amplitude))
    wanted = amplitude[level - 1] * math.erf(theta)

    def excess(x: float) -> float:
        return _gaussian(amplitude, model.dilution, math.exp(x), level)[0] / wanted - 1.0

    if _gaussian(amplitude, model.dilution, 0.0, level)[0] < wanted:
        return 0.0
    high = 0.0
    while excess(high) >= 0.0:
        high += 1.0
    low = high - 1.0
    while excess(low) < 0.0:
        low, high = low - 1.0, low
        if low < -700.0:  # erf(theta) is that of stored patterns to rounding
            return 0.0
    return math.exp(brentq(excess, low, high, xtol=1e-14))


def threshold(
    model: Multitasking, theta: float, qualities: np.ndarray, law: str, level: int = 1
) -> np.ndarray:
    """M_c for each of ``qualities``; see `assocmem.theory.noise.learning_threshold`.

    From M_c examples on m'_level >= (1 - d) d^(level - 1) erf(theta) after one step from the
    hierarchical state. Real for the Gaussian law, an integer for the binomial one.
    """
    entropy = largest_entropy(model, theta, level)
    if entropy == 0.0:
        return np.full(qualities.shape, math.inf)
    lost = (1.0 - qualities**2) / qualities**2 / entropy
    if law == "gaussian":
        return lost
    found = [
        _exact_threshold(model, math.erf(theta), level, float(r), float(near))
        for r, near in zip(qualities.ravel(), lost.ravel(), strict=True)
    ]
    return np.array(found).reshape(qualities.shape)


def example_quality(n_examples: int) -> float:
    """r_e: below it, one example has a lower energy than the archetype, unsupervised, T = 0.

    For one pattern. Where r = r_e, 1 + (M - 1) r^4 = M (E|etabar|)^2.

    Parameters
    ----------
    n_examples : int
        M >= 1.

    Returns
    -------
    float
        In [0, 1]: 0 for M = 1, where both are the same state, and 1 for M = 2. Cost: M.

    Examples
    --------
    >>> from assocmem.theory.multitasking_learning import example_quality
    >>> round(example_quality(5), 4)
    0.3371
    """
    from scipy.optimize import brentq

    number = check.integer("n_examples", n_examples, 1, 10**9)
    if number <= 2:
        return float(number - 1)

    def gap(r: float) -> float:
        return number * mean_magnitude(number, r) ** 2 - 1.0 - (number - 1) * r**4

    # Where the example is no fixed point any more, the archetype has won already.
    return brentq(gap, 0.0, 1.0 / math.sqrt(number - 1.0), xtol=1e-15, rtol=1e-14)


class Learned(NamedTuple):
    """State of a network that learned, at T > 0; made by `learned_state`."""

    overlaps: np.ndarray
    """m with the archetypes, in the order of the levels, shape (K,)."""
    curvature: float
    """Least eigenvalue of the Hessian of f in the overlaps; positive where stable."""
    examples: float
    """Least eigenvalue against unequal overlaps with the examples of one pattern: below 0 the
    state is none without a teacher, however stable it is with one; NaN for M = 1."""
    residual: float
    """Largest |nu - E y tanh|."""


def learned_state(model: Multitasking, temperature: float, law: str = "binomial") -> Learned:
    """Where heat bath leads from the hierarchical state of the archetypes, whatever state that is.

    Spins in random order follow d nu/dt = -nu + E y tanh(y.nu/T) as N -> infinity, closed in nu
    and never uphill in f. Whole steps nu <- E y tanh may end elsewhere. The state is that of both
    protocols, `Learned.examples` apart. Few examples of low quality do not keep the
    hierarchy: then it is a mixed or parallel state, of equal or nearly equal overlaps.

    Parameters
    ----------
    model : Multitasking
        With learning and ``n_patterns``, few enough for (2 M + 1)^K/2 words.
    temperature : float
        T > 0.
    law : {"binomial", "gaussian"}
        Of the mean examples.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range, or there are too many words.
    ConvergenceError
        If the residual exceeds 1e-10.
    """
    from ..errors import ConvergenceError
    from .replica.multitasking import flow
    from .replica.multitasking_words import words_of

    start = amplitudes(model)
    if model.learning is None:
        raise ValueError("model must have learning=Supervised(...) or Unsupervised(...), got none")
    temperature = check.real("temperature", temperature, 0.0, open_low=True)
    law = check.choice("law", law, ("binomial", "gaussian"))
    words = words_of(model, (1,) * len(start), law)
    scale = model.learning.quality / math.sqrt(model.learning.variance)
    nu = scale * start
    for _ in range(_STEPS):
        slope = words.at(nu, temperature)[1]
        nu = nu - _STEP * slope
        if np.max(np.abs(slope)) < 1e-4:
            break
    nu, residual, _ = flow(words, nu, temperature)  # whole steps near by, and Newton's
    if not residual <= 1e-10:
        raise ConvergenceError(f"learned state of {model} at T={temperature!r}", residual)
    found = words.averages(nu, temperature)
    hessian = words.at(nu, temperature)[2]
    return Learned(
        found.overlaps,
        float(np.linalg.eigvalsh(hessian)[0]),
        float(np.min(found.examples[:-1])),  # the last is of a pattern that is not condensed
        residual,
    )


def state_threshold(
    model: Multitasking,
    temperature: float,
    theta: float = 1.0 / math.sqrt(2.0),
    law: str = "binomial",
    level: int = 1,
) -> float:
    """Smallest M whose `learned_state` has m_level >= (1 - d) d^(level - 1) erf(theta).

    The threshold of what dynamics end in; that of one step is lower where the state, once
    noisy, has smaller overlaps with the examples than the archetypes had.

    Parameters
    ----------
    model : Multitasking
        With learning; its ``n_examples`` is not used.
    temperature : float
        T > 0.
    theta, law, level
        As for `threshold`. With the binomial law M is limited by the number of words.

    Returns
    -------
    float
        An integer; infinity where 2^20 examples are not enough. Found by bisection, each M taken
        as enough where M + 1 is too (one example more may make ties that help). Cost: some
        20 states.

    Examples
    --------
    >>> from assocmem import Multitasking, Supervised
    >>> from assocmem.theory.multitasking_learning import state_threshold
    >>> model = Multitasking(n_patterns=2, dilution=0.3, learning=Supervised(1, 0.6))
    >>> state_threshold(model, 0.05)
    3.0
    """
    theta = check.real("theta", theta, 0.0, open_low=True)
    amplitude = amplitudes(model)
    if model.learning is None:
        raise ValueError("model must have learning=Supervised(...) or Unsupervised(...), got none")
    level = check.integer("level", level, 1, len(amplitude))
    wanted = amplitude[level - 1] * math.erf(theta)

    def enough(number: int) -> bool:
        for m in (number, number + 1):
            learning = dataclasses.replace(model.learning, n_examples=m)
            learned = dataclasses.replace(model, learning=learning)
            if learned_state(learned, temperature, law).overlaps[level - 1] < wanted:
                return False
        return True

    low, high = 0, 1
    while not enough(high):
        low, high = high, 2 * high
        if high > 2**20:
            return math.inf
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return float(high)


def mean_magnitude(n_examples: int, quality: float) -> float:
    """E|etabar| of the mean of M signs of mean r, sqrt(R) times the T = 0 overlap nu_1/(1 - d)."""
    values, weights = _mean_example(n_examples, quality)
    return float(weights @ np.abs(values))


def _number(model: Multitasking) -> int:
    """K, of a model that signal to noise at low load can take."""
    if not isinstance(model, Multitasking):
        raise TypeError(f"model must be a Multitasking model, got {model!r}")
    if model.n_patterns is None:
        raise ValueError(f"model must have n_patterns, a finite number of them, got {model!r}")
    model.patterns.law()  # refuses entries that are not independent
    if any(model.field):
        raise ValueError(f"field must be zero for signal to noise, got {model.field!r}")
    return model.n_patterns


def _mean_example(number: int, quality: float) -> laws.Law:
    from .noise import sums_of_signs  # which takes this module's models too

    values, weights = sums_of_signs(number, quality)
    return values / number, weights


def _alone(model: Multitasking, start: str, law: str) -> float:
    """E sgn of the field on a spin of the first pattern, where no other has an overlap."""
    learning = model.learning
    if learning is None:
        return 1.0
    r, number = learning.quality, learning.n_examples
    others = r * r if start == "example" and isinstance(learning, Unsupervised) else 1.0
    if law == "gaussian":
        mean = r * (1.0 + others * (number - 1))
        variance = (1.0 - r * r) * (1.0 + others**2 * (number - 1))
        return math.erf(mean / math.sqrt(2.0 * variance)) if variance > 0.0 else 1.0
    if others == 1.0 or number == 1:
        values, weights = _mean_example(number, r)
        return float(weights @ np.sign(values))
    values, weights = _mean_example(number - 1, r)
    values = others * (number - 1) * values
    tie = 1e-12 * number
    return sum(
        0.5 * (1.0 + chi * r) * float(weights @ _sign(chi + values, tie)) for chi in (1.0, -1.0)
    )


def _sign(values: np.ndarray, tie: float) -> np.ndarray:
    return np.where(np.abs(values) <= tie, 0.0, np.sign(values))


def _gaussian(
    amplitude: np.ndarray, dilution: float, entropy: float, level: int | None = None
) -> np.ndarray:
    """Overlaps m' of all levels, or of one of them, shape (K,) or (1,)."""
    from scipy.special import erf

    number = len(amplitude)
    _enough(3.0 ** (number - 1), number)
    filled = 0.5 * (1.0 - dilution)
    entry = (np.array([0.0, 1.0, -1.0]), np.array([dilution, filled, filled]))
    words, weights = laws.product([entry] * (number - 1))
    out = []
    for mu in range(number) if level is None else (level - 1,):
        rest = np.delete(amplitude, mu)
        mean = amplitude[mu] + words @ rest
        if entropy == 0.0:
            signs = _sign(mean, 1e-12 * amplitude[0])
        else:
            signs = erf(mean / np.sqrt(2.0 * entropy * (amplitude[mu] ** 2 + words**2 @ rest**2)))
        out.append((1.0 - dilution) * float(weights @ signs))
    return np.array(out)


def _binomial(amplitude: np.ndarray, model: Multitasking, level: int | None = None) -> np.ndarray:
    """The same with the exact law of the mean example.

    E sgn(A + B) with A the pattern and half of the others, B the other half: B is sorted, and the
    chances that it is above or below -A are read off.
    """
    values, weights = _mean_example(model.learning.n_examples, model.learning.quality)
    d, number = model.dilution, len(amplitude)
    half = 0.5 * (1.0 - d) * weights
    entry = laws.merged(np.concatenate([values, -values, [0.0]]), np.concatenate([half, half, [d]]))
    _enough(float(len(entry[0])) ** (number // 2), number)
    tie = 1e-12 * amplitude[0]
    out = []
    for mu in range(number) if level is None else (level - 1,):
        rest = np.delete(amplitude, mu)
        own = _sum([(amplitude[mu] * values, weights)], rest[1::2], entry)
        points, chances = _sum([], rest[::2], entry)
        below = np.concatenate([[0.0], np.cumsum(chances)])
        left = below[np.searchsorted(points, -own[0] - tie, side="left")]
        right = below[-1] - below[np.searchsorted(points, -own[0] + tie, side="right")]
        out.append((1.0 - d) * float(own[1] @ (right - left)))
    return np.array(out)


def _sum(parts: list[laws.Law], scales: np.ndarray, entry: laws.Law) -> laws.Law:
    """Law of a sum of independent terms: ``parts``, and ``entry`` times each of ``scales``."""
    total = (np.zeros(1), np.ones(1))
    for values, chances in parts + [(scale * entry[0], entry[1]) for scale in scales]:
        total = laws.merged(
            np.add.outer(total[0], values).ravel(), np.multiply.outer(total[1], chances).ravel()
        )
    return total


def _enough(words: float, number: int) -> None:
    if words > _MOST_WORDS:
        raise ValueError(
            f"n_patterns must be so few that at most {_MOST_WORDS} words are summed over, "
            f"got {words:.3g} for {number} patterns"
        )


def _exact_threshold(
    model: Multitasking, fraction: float, level: int, quality: float, near: float
) -> float:
    """The last M that is not enough, plus one.

    m' may fall where one example more makes ties, but less so the larger M is: bisection by whether
    all of a window of M are enough.
    """
    amplitude = amplitudes(model)
    known: dict[int, bool] = {}

    def enough(number: int) -> bool:
        if number not in known:
            learning = dataclasses.replace(model.learning, n_examples=number, quality=quality)
            learned = dataclasses.replace(model, learning=learning)
            found = _binomial(amplitude, learned, level)[0] / amplitude[level - 1]
            known[number] = found >= fraction * (1.0 - 1e-12)
        return known[number]

    def window(number: int) -> bool:
        return all(enough(number + k) for k in range(_WINDOW))

    low, high = 0, 2 * math.ceil(near) + 2 * _WINDOW  # low + 1 may be the first that is enough
    while not window(high):
        low, high = high, 2 * high
        if high > _MOST_EXAMPLES:
            return math.inf
    while high - low > 4 * _WINDOW:
        middle = (low + high) // 2
        low, high = (low, middle) if window(middle) else (middle, high)
    while high > 1 and enough(high - 1):
        high -= 1
    return float(high)
