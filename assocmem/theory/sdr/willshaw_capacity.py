"""How many patterns a Willshaw memory holds at a given error, and which activity holds the most."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from .willshaw import channel_bits, information, load
from .willshaw_cover import cover_law
from .willshaw_outputs import cues, kinds


@dataclass(frozen=True)
class Capacity:
    """Largest number of patterns at which recall is as good as asked for.

    Parameters
    ----------
    n_patterns : int
        M*; 0 where not even one pattern is recalled so well.
    error : float
        Expected wrong outputs of one recall over a_out at M*, exact.
    beyond : float
        The same at M* + 1: above what was asked for, which certifies M*.
    load : float
        Fraction of synapses that are 1 at M*.
    information : float
        Bits in a synapse at M*, see `willshaw.information`.
    """

    n_patterns: int
    error: float
    beyond: float
    load: float
    information: float


def capacity(model: Any, *, error: float = 0.01) -> Capacity:
    """Largest number of patterns with at most ``error`` a_out wrong outputs expected in a recall.

    Wrong are spurious and missing ones together: the measure of output noise of Knoblauch, Palm
    and Sommer (Neural Comput. 22 (2010) 289), whose high-fidelity recall is ``error`` << 1.

    Parameters
    ----------
    model : Willshaw
        Recall by a threshold in one step; its number of patterns plays no part.
    error : float
        epsilon > 0.

    Returns
    -------
    Capacity

    Raises
    ------
    TypeError, ValueError
        If ``error`` is not a number > 0, or the model recalls by winners or in several steps.

    Notes
    -----
    Exact, by bisection over integers: some 2 log2 M* laws of dendritic sums of z^2 log2 M*
    operations each. With added cue bits missing outputs become fewer as spurious ones become more,
    so that errors may be small again beyond M*: then it is the end of the range that begins at the
    first power of 2 with errors so small.

    Examples
    --------
    >>> from assocmem.sdr import Willshaw
    >>> capacity(Willshaw(1000, 1000, 10, 10)).n_patterns
    4791
    """
    from ... import _validate as check

    error = check.real("error", error, 0.0, open_low=True)
    if model.winners is not None or model.steps > 1:
        raise ValueError(f"model must be one of recall by a threshold in one step, got {model!r}")

    def wrong(number: int) -> float:
        return _wrong(dataclasses.replace(model, n_patterns=number)) / model.a_out

    low = next((2**k for k in range(64) if wrong(2**k) <= error), None)
    if low is None:
        return Capacity(0, math.nan, wrong(1), 0.0, 0.0)
    high, most = 2 * low, _most_spurious(model) / model.a_out
    while wrong(high) <= error:
        # Missing outputs become fewer from here on, spurious ones not more than these.
        missing = _rates(dataclasses.replace(model, n_patterns=high))[1]
        low, high = high, 2 * high
        if most + missing <= error or high > 2**1000:
            raise ValueError(f"error must be one that patterns can exceed, got {error:g}")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if wrong(middle) <= error else (low, middle)
    full = dataclasses.replace(model, n_patterns=low)
    spurious, missing = _rates(full)
    return Capacity(low, wrong(low), wrong(high), load(full), information(full, spurious, missing))


def _most_spurious(model: Any) -> float:
    """Expected number of spurious outputs where every synapse is 1."""
    return sum(
        weight * kind.count
        for weight, kept, added in cues(model)
        for kind in kinds(model, kept, added)
        if not kind.wanted and kind.certain + len(kind.law.mantissa) > kind.threshold
    )


def _wrong(model: Any) -> float:
    """Expected number of wrong outputs."""
    spurious, missing = _rates(model)
    return spurious * (model.n_out - model.a_out) + missing * model.a_out


def _rates(model: Any) -> tuple[float, float]:
    """Probabilities of a spurious and of a missing output."""
    spurious = missing = 0.0
    for weight, kept, added in cues(model):
        for kind in kinds(model, kept, added) if weight else ():
            if kind.wanted:
                missing += weight * kind.count * math.exp(kind.log_off)
            else:
                spurious += weight * kind.count * math.exp(kind.log_on)
    return spurious / (model.n_out - model.a_out), missing / model.a_out


@dataclass(frozen=True)
class Optimum:
    """Activity at which square hetero-association holds most bits.

    Parameters
    ----------
    a : int
        Active cells of both patterns.
    n_patterns : int
        M* there.
    load : float
        Fraction of synapses that are 1.
    information : float
        Bits in a synapse.
    """

    a: int
    n_patterns: int
    load: float
    information: float


def _exceeded(n: int, a: int, error: float) -> bool:
    """Whether there are more wrong outputs than allowed where all are on."""
    return error * a / (n - a) < 1.0


def at_capacity(n: int, a: int, *, error: float = 0.01) -> Optimum:
    """M* and bits in a synapse of n to n cells, a of them active, full cues; n of any size.

    Exact as `capacity`, but for any integer 1 <= a < n, however large. Cost a^3 log2 M*.

    Parameters
    ----------
    n, a : int
        Cells, and those active in a pattern.
    error : float
        As for `capacity`; below n/a - 1, which all outputs wrong come to.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    from ... import _validate as check

    n = check.integer("n", n, 2)
    a = check.integer("a", a, 1, n - 1)
    error = check.real("error", error, 0.0, open_low=True)
    if not _exceeded(n, a, error):
        raise ValueError(f"error must be one that patterns can exceed, got {error:g}")

    def spurious(number: int) -> float:
        return math.exp(cover_law(n, a, (a, n), a, number - 1).log_at_least(a))

    allowed = error * a / (n - a)
    low, high = 1, 2  # one pattern alone is recalled without error
    while spurious(high) <= allowed:
        low, high = high, 2 * high
    while high - low > max(1, low >> 40):  # beyond 2^40 to 12 digits
        middle = (low + high) // 2
        low, high = (middle, high) if spurious(middle) <= allowed else (low, middle)
    share = a / n
    bits = channel_bits(share, spurious(low), 0.0)
    held = -math.expm1(low * math.log1p(-share * share))
    return Optimum(a, low, held, low * bits / n)


def optimum(n: int, *, error: float = 0.01) -> Optimum:
    """Activity with the most bits in a synapse at capacity, of n to n cells with full cues.

    It grows as log2 n, and the load nears 1/2 and the bits ln 2 = 0.693, slowly: (log2 n -
    log2 a + log2 e)/(log2 n - log2 a + log2(1/error)) of it to leading order.

    Parameters
    ----------
    n : int
        Cells, >= 4, of any size.
    error : float
        As for `capacity`. Activities at which no number of patterns makes so many errors,
        n/a - 1 <= error, are left out.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Notes
    -----
    Climbs from a ~ log2 n to the next activity as long as it holds more. Cost a few times that of
    `at_capacity`.

    Examples
    --------
    >>> found = optimum(1000)
    >>> found.a, round(found.information, 3)
    (11, 0.386)
    """
    from ... import _validate as check

    n = check.integer("n", n, 4)
    error = check.real("error", error, 0.0, open_low=True)
    found: dict[int, Optimum] = {}

    def at(a: int) -> Optimum:
        if a not in found:
            found[a] = at_capacity(n, a, error=error)
        return found[a]

    if not _exceeded(n, 1, error):
        raise ValueError(f"error must be one that patterns can exceed, got {error:g}")
    best = min(max(1, round(math.log2(n))), n - 1)
    while not _exceeded(n, best, error):
        best -= 1
    while True:
        near = [a for a in range(max(1, best - 2), best + 3) if a < n and _exceeded(n, a, error)]
        top = max(near, key=lambda a: at(a).information)
        if top == best:
            return at(best)
        best = top


def independent_capacity(model: Any, *, error: float = 0.01) -> float:
    """Willshaw's estimate of `capacity`: synapses independent, full cues, no bits added.

    (n_out - a_out) p_1^z = error a_out with z = a_in less the dropped bits gives the load p_1, and
    M = ln(1 - p_1)/ln(1 - a_in a_out/(n_in n_out)).
    """
    (_, z, added), *more = cues(model)
    if more or added or model.auto or model.threshold is not None or z == 0:
        raise ValueError(f"model must be hetero-associative with noise Drop, got {model!r}")
    ones = min((error * model.a_out / (model.n_out - model.a_out)) ** (1.0 / z), 1.0)
    share = model.a_in / model.n_in * (model.a_out / model.n_out)
    return math.log1p(-ones) / math.log1p(-share) if ones < 1.0 else math.inf
