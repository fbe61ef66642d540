"""Models of a mac under random inputs: what theory solves, trials simulate, `verify` compares."""

from __future__ import annotations

from dataclasses import dataclass, field

from ... import _validate as check
from ...serial import register
from ..noise import Drop, Kill, Noise, Replace, Swap
from ._shown import shown
from .mac import Mac


@register
@dataclass(frozen=True)
class CodeOverlap:
    """How many winners the codes of two similar inputs share.

    Inputs are sets of ``size`` of ``n_features`` features. A mac learns one; then ``n_items`` - 1
    others, drawn uniformly and independently; then a second one that shares ``common`` features
    with the first is presented, as if to be learned: its code is drawn.

    Two numbers are asked for: ``intersection``, the mean fraction of modules in which the first and
    the last code have the same winner, and ``familiarity``, the mean G of the last input.

    Parameters
    ----------
    mac : Mac
    n_features : int
        n >= 1.
    size : int
        a, active features of an input, from 1 to n.
    common : int
        From max(0, 2 a - n) to a.
    n_items : int
        >= 1, inputs learned.

    Examples
    --------
    >>> from assocmem.sdr import CodeOverlap, Mac
    >>> from assocmem.theory.sparsey import predict
    >>> predict(CodeOverlap(Mac(24, 8), n_features=200, size=20, common=0))["intersection"]
    0.125
    """

    mac: Mac
    n_features: int
    size: int
    common: int
    n_items: int = 1

    __repr__ = shown

    def __post_init__(self) -> None:
        _check_inputs(self)
        check.set_integer(self, "common", max(0, 2 * self.size - self.n_features), self.size)


@register
@dataclass(frozen=True)
class StoredItems:
    """A mac that has learned random inputs and recognises one of them, whole or with noise.

    ``n_items`` inputs, sets of ``size`` of ``n_features`` features drawn uniformly and
    independently, are learned one after another. One of them, drawn uniformly, is presented with
    ``noise`` for retrieval: in each module a unit of the largest support wins, drawn uniformly from
    those that tie.

    Numbers asked for: ``load``, the fraction of bottom-up weights that are set; ``crosstalk``, the
    mean of u/size over units that are not in the code of the item; ``recalled``, the mean fraction
    of modules in which the winner is that of the item's code.

    Parameters
    ----------
    mac : Mac
    n_features : int
        n >= 1.
    size : int
        a, active features of an input, from 1 to n.
    n_items : int
        S >= 1.
    noise : Drop, Replace, Swap or Kill
        What happens to the item before it is presented; nothing by default.

    Examples
    --------
    >>> from assocmem.sdr import Mac, Selection, StoredItems
    >>> from assocmem.theory.sparsey import predict
    >>> mac = Mac(24, 8, Selection(chi=0.0))  # codes drawn uniformly
    >>> round(predict(StoredItems(mac, n_features=200, size=20, n_items=100))["recalled"], 6)
    0.973981
    """

    mac: Mac
    n_features: int
    size: int
    n_items: int
    noise: Noise = field(default_factory=Drop)

    __repr__ = shown

    def __post_init__(self) -> None:
        _check_inputs(self)
        if not isinstance(self.noise, (Drop, Replace, Swap, Kill)):
            raise TypeError(f"noise must be Drop, Replace, Swap or Kill, got {self.noise!r}")
        if isinstance(self.noise, Kill):
            check.integer("noise.cells", self.noise.cells, 0, self.n_features)
        else:
            check.integer("noise.bits", self.noise.bits, 0, self.size)
            if isinstance(self.noise, Replace):
                check.integer("noise.bits", self.noise.bits, 0, self.n_features - self.size)


@register
@dataclass(frozen=True)
class ReadItems:
    """Items read back from their codes, through the weights by which these were learned.

    ``n_items`` inputs, sets of ``size`` of ``n_features`` features drawn uniformly and
    independently, are learned one after another. The code of one of them, drawn uniformly, is read:
    those features are active which have a weight to all of its winners. None of the item's is
    missing where all of it was learned.

    Asked for is ``spurious``, the mean fraction of the features outside the item that are read; 0
    where there are none outside.

    Parameters
    ----------
    mac : Mac
    n_features : int
        n >= 1.
    size : int
        a, active features of an input, from 1 to n.
    n_items : int
        S >= 1.

    Examples
    --------
    >>> from assocmem.sdr import Mac, ReadItems, Selection
    >>> from assocmem.theory.sparsey import predict
    >>> one = Mac(1, 2, Selection(chi=0.0))  # half of the time a second item has the same unit
    >>> round(predict(ReadItems(one, n_features=10, size=3, n_items=2))["spurious"], 12)
    0.15
    """

    mac: Mac
    n_features: int
    size: int
    n_items: int

    __repr__ = shown

    def __post_init__(self) -> None:
        _check_inputs(self)


def _check_inputs(model: CodeOverlap | StoredItems | ReadItems) -> None:
    """Check what all models have: the mac, its inputs, and how many it learns."""
    if not isinstance(model.mac, Mac):
        raise TypeError(f"mac must be a Mac, got {model.mac!r}")
    check.set_integer(model, "n_features", 1, 2**31 - 1)
    check.set_integer(model, "size", 1, model.n_features)
    check.set_integer(model, "n_items", 1)
