r"""How many items a mac holds at a given recall, and how that grows with its size.

As the number of features n grows at fixed size a of inputs, features of a unit are set
independently, with the chance p = 1 - exp(-x), x = S a/(n K), and sums become binomial. Recall then
depends on a, K, the noise and x alone, so that the capacity is

.. math:: S^* \to x^* \frac{nK}{a}:

proportional to the weights nK of a module at fixed a and K, and without regard to the number of
modules Q, each of which recalls by itself. From whole items others tie with chance q = p^a, and
R = (1 - (1 - q)^K)/(K q), 1 - (K - 1) q/2 where errors are rare:

.. math:: x^* = -\ln\Big(1 - \Big(\frac{2(1 - R)}{K - 1}\Big)^{1/a}\Big).

More units cost little: x* falls like K^{-1/a}, which is why capacity grows with K about as with n.
Numbers of items differ between units by about sqrt(S/K), which the limit leaves out: it is good for
a^3 << n, and too large otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ... import _validate as check
from ...sdr.noise import Drop, Kill
from ._allocation import power_mean
from ._cover import binomial_law
from ._rules import is_active, refuse_stored, require
from .recall import recalled_of
from .saturation import load as expected_load

if TYPE_CHECKING:
    from ...sdr.sparsey.stored import StoredItems

_MOST = 2**31 - 1


@dataclass(frozen=True)
class ItemCapacity:
    """Largest number of items at which recall is as good as asked for; made by `capacity`.

    Parameters
    ----------
    n_items : int
        S*; 0 where not even one item is recalled so well.
    recalled : float
        R(S*), exact; 0 where S* = 0.
    beyond : float
        R(S* + 1): below what was asked for, which certifies S*.
    load : float
        Expected fraction of weights set at S*.
    """

    n_items: int
    recalled: float
    beyond: float
    load: float


def capacity(model: StoredItems, level: float = 0.9) -> ItemCapacity:
    """Largest number of items at which recall is at least ``level``, exact to the item.

    Parameters
    ----------
    model : StoredItems
        Its own number of items plays no part.
    level : float
        Mean fraction of modules whose winner is right, in (1/K, 1].

    Returns
    -------
    ItemCapacity

    Raises
    ------
    TypeError, ValueError
        If ``level`` is out of range; where `predict` raises at a number of items that is looked at,
        which are up to twice S*; or for capacities beyond 2^30.

    Notes
    -----
    By doubling and bisection, some 2 log2 S* evaluations of `recalled`. What is certified is that
    recall crosses the level between S* and S* + 1.

    Examples
    --------
    >>> from assocmem.sdr.sparsey import Mac, Selection, StoredItems
    >>> mac = Mac(24, 8, Selection(chi=0))
    >>> capacity(StoredItems(mac, n_features=200, size=20, n_items=1)).n_items
    126
    """
    require(model, "StoredItems")
    level = check.real("level", level, 1.0 / model.mac.n_units, 1.0, open_low=True)

    def right(number: int) -> float:
        asked = replace(model, n_items=number)
        refuse_stored(asked)
        return recalled_of(asked)

    # Rounding must not take a recall of 1 for less.
    enough = level - 1e-12
    low, found = 1, right(1)
    if found < enough:
        return ItemCapacity(0, 0.0, found, 0.0)
    high, beyond = 2, right(2)
    while beyond >= enough:
        if 2 * high > _MOST:
            raise ValueError(f"level must be one that fewer than 2^30 items reach, got {level:g}")
        low, found, high = high, beyond, 2 * high
        beyond = right(high)
    while high - low > 1:
        middle = (low + high) // 2
        value = right(middle)
        if value >= enough:
            low, found = middle, value
        else:
            high, beyond = middle, value
    return ItemCapacity(low, found, beyond, float(expected_load(replace(model, n_items=low))))


def _binomial(count: int, p: float) -> np.ndarray:
    """Bin(count, p) over 0, ..., count."""
    law = np.zeros(count + 1)
    if p <= 0.0 or p >= 1.0:
        law[0 if p <= 0.0 else count] = 1.0
        return law
    first, chances = binomial_law(count, p)
    law[first : first + len(chances)] = chances
    return law


def limit_recalled(model: StoredItems, load: float) -> float:
    """Recall at a given load as the number of features grows, at fixed size of inputs.

    Parameters
    ----------
    model : StoredItems
        Its mac's K, size and noise count; without a cap, ``expected`` and nu.
    load : float
        p in [0, 1], reached by uniform codes.

    Returns
    -------
    float
        With binomial sums, own unit o + Bin(A - o, p), others Bin(A, p), for cues of A features of
        which o are the item's.

    Raises
    ------
    TypeError, ValueError
        If ``load`` is out of range, the noise is Kill of some cells, whose effect depends on n, the
        mac is silent for inputs of this size, its codes are not uniform, or a rule of it counts
        that is not in the limit.
    """
    require(model, "StoredItems")
    p = check.real("load", load, 0.0, 1.0)
    mac, a, noise = model.mac, model.size, model.noise
    for name in ("cap", "freeze", "novelty", "permanence", "expected"):
        if getattr(mac, name) is not None:
            raise ValueError(f"mac.{name} must be None in the limit, got {getattr(mac, name)!r}")
    if mac.nu or mac.selection.lambda_u == 0.0:
        name = "nu must be 0" if mac.nu else "selection.lambda_u must be > 0"
        raise ValueError(f"mac.{name} in the limit")
    refuse_stored(replace(model, n_items=2))
    if isinstance(noise, Kill):
        if noise.cells:
            raise ValueError(f"noise must not be Kill in the limit, got {noise!r}")
        overlap = active = a
    else:
        overlap = a - noise.bits
        active = overlap if isinstance(noise, Drop) else a
    if not is_active(mac, active):
        return 0.0
    own = np.zeros(active + 1)
    own[overlap:] = _binomial(active - overlap, p)
    other = _binomial(active, p)
    return float(own @ power_mean(np.cumsum(other), other, mac.n_units))


def capacity_limit(model: StoredItems, level: float = 0.9) -> tuple[float, float]:
    """Load and number of items at which recall is ``level``, in the limit of many features.

    Parameters
    ----------
    model : StoredItems
        As for `limit_recalled`.
    level : float
        In (1/K, 1).

    Returns
    -------
    load, n_items : float
        p*, and S* = -ln(1 - p*) n K/a, which the exact capacity nears as n grows.

    Raises
    ------
    TypeError, ValueError
        As `limit_recalled` does; or where even an empty mac does not recall so well.

    Examples
    --------
    >>> from assocmem.sdr.sparsey import Mac, Selection, StoredItems
    >>> mac = Mac(24, 8, Selection(chi=0))
    >>> model = StoredItems(mac, n_features=10**4, size=10, n_items=1)
    >>> round(capacity_limit(model)[1]), capacity(model).n_items
    (9767, 9752)
    """
    from scipy import optimize

    require(model, "StoredItems")
    level = check.real("level", level, 1.0 / model.mac.n_units, 1.0, open_low=True, open_high=True)
    if limit_recalled(model, 0.0) < level:
        raise ValueError(f"level must be one that recall can reach, got {level:g}")
    p = float(
        optimize.brentq(
            lambda p: limit_recalled(model, p) - level, 0.0, 1.0, xtol=1e-15, rtol=1e-14
        )
    )
    return p, float(-np.log1p(-p) * model.n_features * model.mac.n_units / model.size)
