r"""Similar inputs, similar codes: intersections of codes from the inputs' common features.

A mac that has learned one input holds it in one unit of each module. An input that shares c of its
a features gives that unit V = (c/pi)^lambda (times (pi/a)^(nu lambda) where a > pi), all others 0.
Hence G = V, and each module gives the old winner with the chance

.. math:: \rho = \frac{\psi(V)}{\psi(V) + (K - 1) \psi(0)},

independently of the others: the number of common winners is Bin(Q, rho). Chance level is 1/K of a
module, Q/K winners in all.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..sdr._arguments import integers, shaped
from ._cover import binomial_law
from ._levels import Levels
from ._rules import held_by, refuse_overlap, require, uniform_codes
from .selection import expansivity, relative_chance, support

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ...sdr.sparsey.mac import Mac
    from ...sdr.sparsey.stored import CodeOverlap


def chance_intersection(mac: Mac) -> float:
    """1/K: fraction of modules in which two independent uniform codes agree."""
    require(mac, "Mac", "mac")
    return 1.0 / mac.n_units


def _one_item(model: CodeOverlap, common: ArrayLike | None) -> tuple[np.ndarray, np.ndarray]:
    """Intersection and G with one item learned, for numbers of common features."""
    require(model, "CodeOverlap")
    model = replace(model, n_items=1)
    refuse_overlap(model)
    mac, a = model.mac, model.size
    if common is None:
        shared = np.asarray(model.common)
    else:
        shared = integers("common", common, max(0, 2 * a - model.n_features), a)
    held = held_by(mac, a, 1)
    v = np.asarray(support(mac, shared, a, held))
    rest = support(mac, 0, a)  # 0, but 1 where lambda_u = 0
    g = np.maximum(v, rest)
    eta = expansivity(mac.selection, g, mac.n_units)
    psi = np.asarray(relative_chance(mac.selection, v, eta))
    others = (mac.n_units - 1) * np.asarray(relative_chance(mac.selection, rest, eta))
    return psi / (psi + others), g


def intersection(model: CodeOverlap, common: ArrayLike | None = None) -> float | np.ndarray:
    """Mean fraction of modules in which the codes of two similar inputs agree, exact.

    For a mac that has learned the first input alone: ``n_items`` of the model plays no part.

    Parameters
    ----------
    model : CodeOverlap
    common : int or array of int, optional
        Features that the two inputs share; those of the model if left out. An array gives the
        curve of intersection against similarity.

    Returns
    -------
    float or ndarray
        rho of the unit that holds the first input, from 1/K at G <= g_minus up. Right to rounding.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range, the mac is silent for inputs of this
        size, or a permanence may have faded.

    Examples
    --------
    >>> from assocmem.sdr.sparsey import CodeOverlap, Mac
    >>> model = CodeOverlap(Mac(24, 8), n_features=200, size=20, common=20)
    >>> intersection(model, [0, 4, 8, 12, 16, 20]).round(3).tolist()
    [0.125, 0.126, 0.525, 0.97, 0.986, 0.991]
    """
    rho, _ = _one_item(model, common)
    return shaped(np.ravel(rho), rho.shape)


def familiarity_of_similar(
    model: CodeOverlap, common: ArrayLike | None = None
) -> float | np.ndarray:
    """G of an input that shares features with the only one learned, exact; see `intersection`."""
    _, g = _one_item(model, common)
    return shaped(np.ravel(g), g.shape)


def intersection_law(model: CodeOverlap) -> np.ndarray:
    """Law of the number of modules in which the two codes agree, exact: Bin(Q, rho).

    Parameters
    ----------
    model : CodeOverlap
        ``n_items`` must be 1, or codes be uniform.

    Returns
    -------
    ndarray, shape (Q + 1,)

    Raises
    ------
    TypeError, ValueError
        As `intersection` and `predict` do.
    """
    require(model, "CodeOverlap")
    if model.n_items == 1:
        rho = float(intersection(model))
    else:
        refuse_overlap(model)
        rho = chance_intersection(model.mac)
    law = np.zeros(model.mac.n_modules + 1)
    if rho >= 1.0:
        law[-1] = 1.0
    else:
        first, chances = binomial_law(model.mac.n_modules, rho)
        law[first : first + len(chances)] = chances
    return law


def similarity_for(model: CodeOverlap, intersection: float) -> int | None:
    """Fewest common features at which two codes agree in this fraction of modules on average.

    Parameters
    ----------
    model : CodeOverlap
        A mac with one item learned, see the function `intersection`.
    intersection : float
        In [0, 1].

    Returns
    -------
    int or None
        None where not even equal inputs do.
    """
    from ... import _validate as check

    require(model, "CodeOverlap")
    wanted = check.real("intersection", intersection, 0.0, 1.0)
    a = model.size
    low = max(0, 2 * a - model.n_features)
    curve, _ = _one_item(model, np.arange(low, a + 1))
    reached = np.nonzero(curve >= wanted)[0]
    return int(low + reached[0]) if len(reached) else None


def mean_familiarity(model: CodeOverlap) -> float:
    """Mean G of the last input with any number of items learned, exact where codes are uniform.

    Parameters
    ----------
    model : CodeOverlap

    Returns
    -------
    float
        E[max V] of a module, to an absolute accuracy of 1e-12.

    Raises
    ------
    TypeError, ValueError
        As `predict` does.

    Notes
    -----
    The cost of `recalled`.
    """
    refuse_overlap(model)
    if model.n_items == 1:
        return float(familiarity_of_similar(model))
    return _levels(model).mean_largest()


def _levels(model: CodeOverlap) -> Levels:
    return Levels(
        model.mac,
        model.n_features,
        model.size,
        model.n_items - 1,
        model.common,
        model.size,
        first=True,
    )


def intersection_approximate(model: CodeOverlap) -> dict[str, float]:
    r"""Intersection and familiarity with many items learned, in a mean field.

    Two assumptions: that the codes of the items learned are uniform and independent, as they are
    while no G exceeds g_minus, and that G is its mean, which it nears as Q grows. Exact where
    codes are uniform, and for one item.

    Parameters
    ----------
    model : CodeOverlap

    Returns
    -------
    dict of str to float
        ``intersection`` and ``familiarity``.

    Raises
    ------
    TypeError, ValueError
        Where `predict` does for other reasons than chi.

    Notes
    -----
    The chance psi_1/sum psi is the integral of psi_1 exp(-x sum psi) over x > 0, whose average
    over units is a product; the integral over ln x by equal steps converges exponentially. Some
    250 steps at the cost of one level of `recalled` each.
    """
    refuse_overlap(model, approximate=True)
    if model.n_items == 1:
        one, seen = _one_item(model, None)
        return {"intersection": float(one), "familiarity": float(seen)}
    mac, k, units = model.mac, model.mac.n_units, _levels(model)
    g = min(max(units.mean_largest(), 0.0), 1.0)
    if uniform_codes(mac, model.size):
        return {"intersection": chance_intersection(mac), "familiarity": g}
    eta = expansivity(mac.selection, g, k)
    psi = np.asarray(relative_chance(mac.selection, units.values, eta))
    step = 0.2
    x = np.exp(np.arange(-np.log(k * psi.max()) - 38.0, np.log(40.0 / k) + step, step))
    faded = np.exp(-np.multiply.outer(psi, x))
    own = units.own @ (psi[:, None] * faded)
    rho = step * float(x @ units.allocation.products(own, units.other @ faded))
    return {"intersection": rho, "familiarity": g}
