"""How full a mac gets: the fraction of weights that random stores set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..sdr._arguments import MOST_PATTERNS, integers, shaped
from ._rules import keeps_first, refuse_stored, require

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ...sdr.sparsey.stored import StoredItems


def numbers_of(model: StoredItems, n_items: ArrayLike | None) -> np.ndarray:
    """The numbers of items asked for, each with a model that theory holds for."""
    from dataclasses import replace

    require(model, "StoredItems")
    if n_items is None:
        refuse_stored(model)
        return np.asarray(model.n_items)
    array = integers("n_items", n_items, 1, MOST_PATTERNS)
    refuse_stored(replace(model, n_items=int(array.max(initial=1))))
    return array


def chance_set(model: StoredItems, stored: np.ndarray) -> np.ndarray:
    """P[a weight of a unit is set] by ``stored`` items that each fall to it with chance 1/K."""
    share, k = model.size / model.n_features, model.mac.n_units
    stored = stored.astype(float)
    if keeps_first(model.mac, model.size):
        return -share * np.expm1(stored * np.log1p(-1.0 / k))
    return -np.expm1(stored * np.log1p(-share / k))


def load(model: StoredItems, n_items: ArrayLike | None = None) -> float | np.ndarray:
    """Expected fraction of bottom-up weights that are set, exact for uniform codes.

    Parameters
    ----------
    model : StoredItems
    n_items : int or array of int, optional
        S; that of the model if left out.

    Returns
    -------
    float or ndarray
        1 - (1 - a/(n K))^S: each store sets the a weights of one unit in K of each module. Where
        ``mac.cap`` lets a unit learn one item only, (a/n)(1 - (1 - 1/K)^S).

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range, or what rules of the mac can matter
        is not known here: see `predict`.

    Examples
    --------
    >>> from assocmem.sdr.sparsey import Mac, Selection, StoredItems
    >>> mac = Mac(24, 8, Selection(chi=0))
    >>> load(StoredItems(mac, n_features=200, size=20, n_items=1), [10, 100]).round(4).tolist()
    [0.1182, 0.7157]
    """
    stored = numbers_of(model, n_items)
    return shaped(np.ravel(chance_set(model, stored)), stored.shape)


def stores_for_load(model: StoredItems, load: float) -> float:
    """Items after which the expected load is ``load``: ln(1 - load)/ln(1 - a/(n K)).

    Parameters
    ----------
    model : StoredItems
        Its number of items plays no part; the mac must not have a cap.
    load : float
        In [0, 1).

    Raises
    ------
    TypeError, ValueError
        If ``load`` is out of range, the mac has a cap, or `load` raises at so many items.
    """
    from dataclasses import replace

    from ... import _validate as check

    require(model, "StoredItems")
    load = check.real("load", load, 0.0, 1.0, open_high=True)
    if model.mac.cap is not None:
        raise ValueError(f"mac.cap must be None here, got {model.mac.cap:g}")
    share = model.size / (model.n_features * model.mac.n_units)
    found = float(np.log1p(-load) / np.log1p(-share))
    refuse_stored(replace(model, n_items=int(min(max(1.0, np.ceil(found)), MOST_PATTERNS))))
    return found
