r"""Recall of stored items: the chance that the winner of a module is the unit of the item.

Exact where codes are uniform and independent. The other S - 1 items fall to the K units of a
module at random. Given how many fell to each, the sums of different units are independent, that of
the item's own unit being the overlap of cue and item and what its other items cover of the rest of
the cue. With F_m and f_m(x) the chances that m items cover at most, and just, x of the cue,

.. math::
    \Pr[\text{recalled}] = \sum_x E\Big[f^*_{m_1}(x) \int_0^1 ds
    \prod_{i=2}^K \big(F_{m_i}(x-1) + s f_{m_i}(x)\big)\Big],

the integral being the mean of 1/(1 + number of ties), and the average over the multinomial numbers
is a Fourier coefficient.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..sdr._arguments import shaped
from ._levels import Levels
from ._rules import cue_law, is_active, one_size_held, pi_of, refuse_stored, uniform_codes
from .saturation import numbers_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ...sdr.sparsey.stored import StoredItems


def recalled_of(model: StoredItems) -> float:
    """`recalled` of a model as it is, without refusals of how the items got their codes."""
    # A mac that is not active has no winners. Without input it is not: pi_minus >= 1.
    cases = [case for case in cue_law(model) if is_active(model.mac, case[2])]
    total = 0.0
    for weight, overlap, active in cases:
        units = Levels(model.mac, model.n_features, model.size, model.n_items - 1, overlap, active)
        total += weight * units.wins()
    return min(total, 1.0)


def recalled(model: StoredItems, n_items: ArrayLike | None = None) -> float | np.ndarray:
    """Mean fraction of modules in which the winner is that of the item's code, exact.

    Parameters
    ----------
    model : StoredItems
    n_items : int or array of int, optional
        S; that of the model if left out.

    Returns
    -------
    float or ndarray
        R(S), to an absolute accuracy of about 1e-12. Cues that leave the mac silent recall nothing.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range, or what rules of the mac can matter
        is not known here: see `predict`.

    Notes
    -----
    For each S and each outcome of the noise a few fast transforms over the numbers of items of a
    unit, at some 15 sqrt(S) angles, for each of a levels: O(a sqrt(S) log S + a^2 sqrt(S/K) +
    a^3 log(S/K)) operations; milliseconds for thousands of items.

    Examples
    --------
    >>> from assocmem.sdr.sparsey import Mac, Selection, StoredItems
    >>> mac = Mac(24, 8, Selection(chi=0))
    >>> model = StoredItems(mac, n_features=200, size=20, n_items=50)
    >>> recalled(model, [1, 50, 100, 200]).round(6).tolist()
    [1.0, 0.999815, 0.973981, 0.459281]
    """
    stored = numbers_of(model, n_items)
    found = [recalled_of(replace(model, n_items=int(s))) for s in stored.ravel()]
    return shaped(np.array(found), stored.shape)


def departure_bound(model: StoredItems) -> float:
    """Bound on how much a familiar input can change anything `predict` says of a model.

    Codes are drawn uniformly as long as no input to be learned has a G above g_minus. The chance
    that any of them has bounds the difference of every number in [0, 1] from its value at chi = 0.

    Parameters
    ----------
    model : StoredItems

    Returns
    -------
    float
        (S - 1) min(Q P[V > g_minus], E[V]/g_minus), at most 1, V being the largest support in a
        module when the last input comes and codes were uniform. 0 where they are uniform.

    Raises
    ------
    TypeError, ValueError
        As `predict` does, but for chi.

    Notes
    -----
    G exceeds g_minus only where the largest V of some module does, and by Markov's inequality for
    no more than E[G]/g_minus of inputs. Both grow with the items learned. The cost of `recalled`.
    Rigorous and coarse: near 1 it says nothing. Where units hold more than pi, nu is left out of V,
    which it can only lower: with it V would fall as units fill.
    """
    refuse_stored(model, approximate=True)
    mac, a, others = model.mac, model.size, model.n_items - 1
    if others == 0 or uniform_codes(mac, a):
        return 0.0
    low = mac.selection.g_minus
    if not one_size_held(mac, model.n_features, a, model.n_items, pi_of(mac, a)):
        mac = replace(mac, nu=0.0)
    # No unit is that of the new input: its law is that of every other one.
    units = Levels(mac, model.n_features, a, others, 0, a)
    upto = np.clip(units.allocation.largest(units.other, units.other), 0.0, 1.0)
    at = int(np.searchsorted(units.values, low, side="right")) - 1
    above = 1.0 - (upto[at] if at >= 0 else 0.0)
    bound = mac.n_modules * above
    if low > 0.0:
        mean = units.values[-1] - np.diff(units.values) @ upto[:-1]
        bound = min(bound, mean / low)
    return float(min(1.0, others * max(bound, 0.0)))
