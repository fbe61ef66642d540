"""What units that are not in the code of an item receive when it is presented."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..sdr._arguments import shaped
from ._cover import binomial_law, cover_laws
from ._rules import cue_law, keeps_first, refuse_stored
from .saturation import chance_set, numbers_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ...sdr.sparsey.stored import StoredItems


def crosstalk(model: StoredItems, n_items: ArrayLike | None = None) -> float | np.ndarray:
    """Mean of u/size over units that are not in the code of the presented item, exact.

    Parameters
    ----------
    model : StoredItems
    n_items : int or array of int, optional
        S; that of the model if left out.

    Returns
    -------
    float or ndarray
        E[active features]/a times the chance that a weight is set by the other S - 1 items.

    Raises
    ------
    TypeError, ValueError
        As `load` does.
    """
    stored = numbers_of(model, n_items)
    active = sum(weight * active for weight, _, active in cue_law(model))
    return shaped(np.ravel(active / model.size * chance_set(model, stored - 1)), stored.shape)


def crosstalk_law(model: StoredItems) -> np.ndarray:
    """Law of u of a unit that is not in the code of the presented item, exact.

    A mixture over the numbers of items that fell to it, Bin(S - 1, 1/K), and over sizes of the
    noisy cue.

    Parameters
    ----------
    model : StoredItems

    Returns
    -------
    ndarray
        P[u = 0], P[u = 1], ..., up to the largest cue; absolute accuracy 1e-12.

    Raises
    ------
    TypeError, ValueError
        As `load` does.

    Notes
    -----
    O(a^2 sqrt(S/K)) operations, and O(a^3 log(S/K)) at most, for each size of the cue.

    Examples
    --------
    >>> from assocmem.sdr.sparsey import Mac, Selection, StoredItems
    >>> mac = Mac(n_modules=4, n_units=2, selection=Selection(chi=0))
    >>> crosstalk_law(StoredItems(mac, n_features=4, size=1, n_items=3)).round(6).tolist()
    [0.765625, 0.234375]
    """
    refuse_stored(model)
    others, k = model.n_items - 1, model.mac.n_units
    low, weights = binomial_law(others, 1.0 / k)
    numbers = low + np.arange(len(weights))
    sizes: dict[int, float] = {}
    for weight, _, active in cue_law(model):
        sizes[active] = sizes.get(active, 0.0) + weight
    found = np.zeros(max(sizes) + 1)
    for active, weight in sizes.items():
        if keeps_first(model.mac, model.size):
            laws = cover_laws(model.n_features, active, model.size, 0, 1)
            laws = laws[np.minimum(numbers, 1)]
        else:
            laws = cover_laws(model.n_features, active, model.size, low, numbers[-1])
        found[: active + 1] += weight * (weights @ laws)
    return found
