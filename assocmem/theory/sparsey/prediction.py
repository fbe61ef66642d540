"""What theory says of the models of a mac under random inputs: what `verify` compares with."""

from __future__ import annotations

from ...sdr.sparsey.stored import CodeOverlap, ReadItems, StoredItems
from .information import spurious
from .interference import crosstalk
from .recall import recalled
from .saturation import load
from .similarity import (
    chance_intersection,
    familiarity_of_similar,
    intersection,
    mean_familiarity,
)


def predict(
    model: CodeOverlap | StoredItems | ReadItems, *, approximate: bool = False
) -> dict[str, float]:
    """Numbers of a mac that has learned random inputs, exact by default.

    Parameters
    ----------
    model : CodeOverlap, StoredItems or ReadItems
    approximate : bool
        Where nothing exact is known give the numbers of a mean field, see `mean_field`, which says
        how large their errors are.

    Returns
    -------
    dict of str to float
        Of CodeOverlap ``intersection`` and ``familiarity``; of StoredItems ``load``, ``crosstalk``
        and ``recalled``; of ReadItems ``spurious``. Absolute accuracy 1e-12 or better where exact.

    Raises
    ------
    TypeError
        If ``model`` is something else.
    ValueError
        Where nothing exact is known, naming the argument:

        - several items learned by codes that are not uniform: ``selection.chi`` > 0, unless
          sigma_2 or lambda_u is 0 or ``expected`` keeps G below g_minus;
        - ``novelty``, unless above any G; ``freeze`` and ``permanence``, unless out of reach;
        - ``cap``, unless out of reach or reached by one item; ``nu`` where many numbers of
          weights set and sums would have to be told apart: (n + 1)(a + 1) > 40000 or n > 3000,
          unless one item is learned, a unit keeps one by its cap, or none can hold more than pi;
        - inputs of a size at which the mac is silent.

    Notes
    -----
    One item learned: all of it, at any chi, is exact. The cost of `recalled`.

    Examples
    --------
    >>> from assocmem.sdr.sparsey import CodeOverlap, Mac, Selection, StoredItems
    >>> predict(CodeOverlap(Mac(24, 8), n_features=200, size=20, common=10))["familiarity"]
    0.5
    >>> mac = Mac(24, 8, Selection(chi=0))
    >>> found = predict(StoredItems(mac, n_features=200, size=20, n_items=100))
    >>> {name: round(value, 6) for name, value in found.items()}
    {'load': 0.715743, 'crosstalk': 0.712145, 'recalled': 0.973981}
    """
    if not approximate:
        return _exact(model)
    try:
        return _exact(model)
    except ValueError:
        if isinstance(model, ReadItems):  # the mean field does not follow single features
            raise
        from .reduced import mean_field

        return mean_field(model).values


def _exact(model: CodeOverlap | StoredItems | ReadItems) -> dict[str, float]:
    """`predict` of what is exact."""
    if isinstance(model, CodeOverlap):
        if model.n_items == 1:
            return {
                "intersection": float(intersection(model)),
                "familiarity": float(familiarity_of_similar(model)),
            }
        return {
            "intersection": chance_intersection(model.mac),
            "familiarity": mean_familiarity(model),
        }
    if isinstance(model, ReadItems):
        stored = StoredItems(model.mac, model.n_features, model.size, model.n_items)
        return {"spurious": float(spurious(stored))}
    if not isinstance(model, StoredItems):
        raise TypeError(
            f"model must be a CodeOverlap, StoredItems or ReadItems, got {model!r:.200}"
        )
    return {
        "load": float(load(model)),
        "crosstalk": float(crosstalk(model)),
        "recalled": float(recalled(model)),
    }
