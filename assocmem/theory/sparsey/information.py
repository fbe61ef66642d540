r"""Bits that recall brings out of a mac, for each binary weight.

Two ways to read a mac of n Q K weights that has learned S items by uniform codes:

- ``"code"``: from the item, as presented with the model's noise, to its code, one winner in each
  module. Of a winner that is right with chance R, and each wrong one as likely, the code is known
  to I_K(R) = log2 K + R log2 R + (1 - R) log2((1 - R)/(K - 1)) bits: S Q I_K/(n Q K) in all.
- ``"input"``: from the item's code to its features: those which have a weight to all Q winners.
  None of the item's is missed. One of the others is spurious where in each module some other item
  of the same unit has it; t other items having it, that is so with chance (1 - (1 - 1/K)^t)^Q:

  .. math:: \Pr[\text{spurious}] = E\big[(1 - (1 - 1/K)^t)^Q\big],\quad t\sim{\rm Bin}(S-1, a/n),

  exact. With T the mutual information of a feature and what is recalled of it: S n T/(n Q K).

Winners, and features, are counted one by one (Palm; Knoblauch, Palm and Sommer, Neural Comput. 22
(2010) 289, for the Willshaw memory), and the cue is taken as given, as in hetero-association. Both
are bounded by the same limit ln 2 = 0.693 as Willshaw's memory, at load 1/2.

"code" nears it for a = log2 K, K growing and a^3 << n: with fewer features several units know all
of the cue, with more the weights are spent on one item. "input" nears it with few spurious features
for Q = log2(n/a), n/a growing and Q^2 << K. With fewer modules spurious features outnumber the
item's, p^Q n >> a, but each of these still tells log2(1/p^Q) bits: in this count of information
ln 2 is neared at any Q as n/a grows. Hence the ``error`` that may be asked for. Q^2 << K and
a^3 << n let units be of about the same load. The same weights serve both ways.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ... import _validate as check
from ..sdr._arguments import shaped
from ..sdr.willshaw import channel_bits
from ._cover import binomial_law
from ._rules import chance_active, keeps_first, require
from .recall import recalled
from .saturation import load, numbers_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ...sdr.sparsey.stored import StoredItems

DIRECTIONS = ("code", "input")
_HUGE = 2**1000  # doubles go no further
LIMIT = math.log(2.0)
"""Most bits in a weight, either way, as sizes grow: ln 2, at load 1/2."""


def spurious(model: StoredItems, n_items: ArrayLike | None = None) -> float | np.ndarray:
    """P[a feature that is not the item's has weights to all winners of its code], exact.

    Parameters
    ----------
    model : StoredItems
        Its noise plays no part: the whole code is given.
    n_items : int or array of int, optional
        S; that of the model if left out.

    Returns
    -------
    float or ndarray
        Absolute accuracy 1e-14; relative 1e-12 down to 1e-9. 0 where all features are the item's.

    Raises
    ------
    TypeError, ValueError
        As `load` does; or where a cap can matter.

    Notes
    -----
    O(sqrt(S a/n) + 50) operations for each S.
    """
    stored = numbers_of(model, n_items)
    if keeps_first(model.mac, model.size):
        raise ValueError(f"mac.cap must be out of reach to read items back, got {model.mac.cap:g}")
    share, k, q = model.size / model.n_features, model.mac.n_units, model.mac.n_modules
    found = np.zeros(stored.size)
    for i, number in enumerate(stored.ravel()):
        if share < 1.0:
            first, law = binomial_law(int(number) - 1, share)
            t = first + np.arange(len(law), dtype=float)
            found[i] = min(1.0, law @ (-np.expm1(t * math.log1p(-1.0 / k))) ** q)
    return shaped(found, stored.shape)


def winner_bits(right: float, n_units: int) -> float:
    """I_K(R): mutual information, in bits, of a uniform unit of K and a winner right with chance R.

    Parameters
    ----------
    right : float
        R in [0, 1]; other winners are as likely as each other.
    n_units : int
        K >= 2.
    """
    right, k = check.real("right", right, 0.0, 1.0), check.integer("n_units", n_units, 2, _HUGE)
    # The divergence from a uniform choice: no large numbers that cancel but at R near 1/K.
    total = 0.0
    if right > 0.0:
        total += right * math.log2(right * k)
    if right < 1.0:
        total += (1.0 - right) * math.log2((1.0 - right) * k / (k - 1))
    return max(total, 0.0)


def bits_per_weight(
    model: StoredItems, direction: str = "code", n_items: ArrayLike | None = None
) -> float | np.ndarray:
    """Bits in a weight that recall of all items brings out, exact.

    Parameters
    ----------
    model : StoredItems
    direction : {"code", "input"}
        From items to their codes, S I_K(R)/(n K), or from codes to items, S T/(Q K); see above.
        Of cues of which a share c makes the mac active, c I_K(R/c) in place of I_K(R).
    n_items : int or array of int, optional
        S; that of the model if left out.

    Returns
    -------
    float or ndarray

    Raises
    ------
    TypeError, ValueError
        As `recalled` and `spurious` do.

    Examples
    --------
    >>> from assocmem.sdr.sparsey import Mac, Selection, StoredItems
    >>> mac = Mac(24, 8, Selection(chi=0))
    >>> model = StoredItems(mac, n_features=200, size=20, n_items=80)
    >>> round(bits_per_weight(model), 3), round(bits_per_weight(model, "input"), 3)
    (0.147, 0.191)
    """
    check.choice("direction", direction, DIRECTIONS)
    require(model, "StoredItems")
    mac, n = model.mac, model.n_features
    stored = numbers_of(model, n_items)
    if direction == "code":
        rates = np.ravel(recalled(model, stored))
        awake = chance_active(model)  # elsewhere there are no winners, and nothing is known
        bits = [
            awake * winner_bits(min(float(r) / awake, 1.0), mac.n_units) / n if awake else 0.0
            for r in rates
        ]
    else:
        share = model.size / n
        rates = np.ravel(spurious(model, stored))
        bits = [channel_bits(share, float(r), 0.0) / mac.n_modules for r in rates]
    return shaped(np.array(bits) * stored.ravel() / mac.n_units, stored.shape)


@dataclass(frozen=True)
class BestSize:
    """Size of inputs and number of items of most bits in a weight; made by `best_size`.

    Parameters
    ----------
    size : int
        a.
    n_items : int
        S of most bits at this size.
    load : float
        Fraction of weights set.
    bits : float
        In a weight.
    """

    size: int
    n_items: int
    load: float
    bits: float


def most_bits(
    model: StoredItems, direction: str = "code", *, error: float | None = None
) -> BestSize:
    """Number of items at which a mac gives most bits in a weight, at the size of the model.

    Parameters
    ----------
    model : StoredItems
        Its number of items plays no part.
    direction : {"code", "input"}
    error : float, optional
        Most wrong winners over Q that are allowed, or spurious features over a. Any if left out.

    Returns
    -------
    BestSize
        With ``n_items`` 0 where one item already has more errors.

    Raises
    ------
    TypeError, ValueError
        As `bits_per_weight` does, or if ``error`` is out of range.

    Notes
    -----
    Bits rise with S, pass one maximum and fall; it is found by doubling and a search by thirds, of
    some 3 log2 S evaluations. Errors grow with S, so that they only limit it.
    """
    require(model, "StoredItems")
    if error is not None:
        error = check.real("error", error, 0.0, open_low=True)
    known: dict[int, float] = {}

    def at(number: int) -> float:
        if number not in known:
            known[number] = float(bits_per_weight(replace(model, n_items=number), direction))
        return known[number]

    high = 2
    while at(high) > at(high // 2):
        high *= 2
    low = max(1, high // 4)
    while high - low > 2:
        third = (high - low) // 3
        left, right = low + third, high - third
        low, high = (left, high) if at(left) < at(right) else (low, right)
    best = max(range(low, high + 1), key=at)
    if error is not None and _wrong(model, direction, best) > error:
        low, high = 0, best
        while high - low > 1:
            middle = (low + high) // 2
            good = _wrong(model, direction, middle) <= error
            low, high = (middle, high) if good else (low, middle)
        if low == 0:
            return BestSize(model.size, 0, 0.0, 0.0)
        best = low
    return BestSize(model.size, best, float(load(model, best)), at(best))


def _wrong(model: StoredItems, direction: str, n_items: int) -> float:
    """Wrong winners over Q, or spurious features over a."""
    if direction == "code":
        return 1.0 - float(recalled(model, n_items))
    return float(spurious(model, n_items)) * (model.n_features / model.size - 1.0)


def best_size(
    model: StoredItems, direction: str = "code", *, error: float | None = None
) -> BestSize:
    """Size of inputs at which a mac gives most bits in a weight, with the best number of items.

    Parameters
    ----------
    model : StoredItems
        Its size and number of items play no part; noise must fit all sizes, so that there should be
        none.
    direction : {"code", "input"}
    error : float, optional
        As for `most_bits`. Without it "input" is best at the smallest sizes.

    Raises
    ------
    TypeError, ValueError
        As `most_bits` does.

    Notes
    -----
    Climbs in steps that double while they gain and are halved when they do not, from log2 K
    ("code") or n/2^Q ("input"), to a size that is better than both next to it. With an ``error``
    bits jump where one item fewer is allowed, so that it climbs from many sizes within a factor of
    2 as well. Some tens of times the cost of `most_bits`, or some hundred.

    Examples
    --------
    >>> from assocmem.sdr.sparsey import Mac, Selection, StoredItems
    >>> mac = Mac(6, 100, Selection(chi=0))
    >>> found = best_size(StoredItems(mac, n_features=1000, size=1, n_items=1))
    >>> found.size, round(found.bits, 3)
    (8, 0.419)
    """
    check.choice("direction", direction, DIRECTIONS)
    require(model, "StoredItems")
    n, mac = model.n_features, model.mac
    start = math.log2(mac.n_units) if direction == "code" else n * 2.0**-mac.n_modules
    if direction == "input" and error is not None:
        start /= check.real("error", error, 0.0, open_low=True)
    seen: dict[int, BestSize] = {}

    def at(size: int) -> BestSize:
        if size not in seen:
            seen[size] = most_bits(replace(model, size=size), direction, error=error)
        return seen[size]

    def climbed(best: BestSize, step: int) -> BestSize:
        while True:
            near = [at(size) for size in (best.size - step, best.size + step) if 1 <= size <= n]
            top = max(near, key=lambda found: found.bits, default=best)
            if top.bits > best.bits:
                best, step = top, 2 * step
            elif step == 1:
                return best
            else:
                step //= 2

    best = at(round(min(max(start, 1.0), n)))
    best = climbed(best, max(1, best.size // 4))
    while error is not None:
        # A tooth for each whole number of items: climb all that come near within a factor of 2.
        sizes = sorted({round(best.size * 2.0 ** (j / 32)) for j in range(-32, 33)})
        found = [at(size) for size in sizes if 1 <= size <= n]
        high = 0.95 * max(one.bits for one in found)
        bits = [0.0, *(one.bits for one in found), 0.0]
        tops = [
            climbed(one, 1)
            for i, one in enumerate(found)
            if one.bits >= high and one.bits >= max(bits[i], bits[i + 2])
        ]
        top = max(tops, key=lambda one: one.bits)
        if top.bits <= best.bits:
            break
        best = top
    return best


def limit_bits(direction: str, n_choices: float, n_active: int, load: float) -> float:
    """Bits in a weight of an ever larger mac at a given load, for whole cues.

    Parameters
    ----------
    direction : {"code", "input"}
    n_choices : float
        K, units of a module, a whole number, for "code"; n/a > 1 for "input".
    n_active : int
        a, features of an input, for "code"; Q for "input".
    load : float
        p in (0, 1).

    Returns
    -------
    float
        "code", n large: x I_K(R)/a with x = -ln(1 - p), R = (1 - (1 - q)^K)/(K q), q = p^a.
        "input", K large: x (n/a) T(a/n, p^Q)/Q.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    check.choice("direction", direction, DIRECTIONS)
    active = check.integer("n_active", n_active, 1, _HUGE)
    choices = check.real("n_choices", n_choices, 1.0, open_low=True)
    p = check.real("load", load, 0.0, 1.0, open_low=True, open_high=True)
    stored = -math.log1p(-p)
    wrong = p**active
    if direction == "input":
        return stored * choices * channel_bits(1.0 / choices, wrong, 0.0) / active
    if choices != round(choices):
        raise ValueError(f"n_choices must be a whole number of units, got {choices:g}")
    units = int(choices)
    if wrong * units < 1e-8:
        right = 1.0 - (units - 1) * wrong / 2.0
    else:
        right = -math.expm1(units * math.log1p(-wrong)) / (units * wrong)
    return stored * winner_bits(min(right, 1.0), units) / active
