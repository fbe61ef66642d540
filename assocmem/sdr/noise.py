"""Noise on an activity, by the convention that says where the bits go.

Ahmad and Hawkins (arXiv:1601.00720) let v of the a active cells of a pattern go missing. What takes
their place decides how many detectors fail, so that each convention has a name here.
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import _validate as check
from ..serial import register


@dataclass(frozen=True)
class _Bits:
    """A number of the pattern's active cells."""

    bits: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "bits", check.integer("bits", self.bits, 0))


@register
@dataclass(frozen=True)
class Drop(_Bits):
    """``bits`` of the active cells fall silent, and nothing takes their place.

    Parameters
    ----------
    bits : int
        v >= 0, at most the active cells of the pattern.

    Raises
    ------
    TypeError, ValueError
        If ``bits`` is not an integer >= 0.
    """


@register
@dataclass(frozen=True)
class Replace(_Bits):
    """``bits`` of the active cells are replaced by as many cells outside the pattern.

    The overlap with the pattern is a - v exactly. Needs v <= n - a.

    Parameters
    ----------
    bits : int
        v >= 0, at most the active cells of the pattern.

    Raises
    ------
    TypeError, ValueError
        If ``bits`` is not an integer >= 0.
    """


@register
@dataclass(frozen=True)
class Swap(_Bits):
    """``bits`` of the active cells fall silent, then as many of all silent cells switch on.

    Those just silenced may come back: r of them, hypergeometric among the n - a + v silent cells,
    so that the overlap with the pattern is a - v + r.

    Parameters
    ----------
    bits : int
        v >= 0, at most the active cells of the pattern.

    Raises
    ------
    TypeError, ValueError
        If ``bits`` is not an integer >= 0.
    """


@register
@dataclass(frozen=True)
class Kill:
    """A number of all n cells is dead, chosen at random: those of the pattern among them are lost.

    Parameters
    ----------
    cells : int
        Dead cells, from 0 to n.

    Raises
    ------
    TypeError, ValueError
        If ``cells`` is not an integer >= 0.
    """

    cells: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", check.integer("cells", self.cells, 0))


Noise = Drop | Replace | Swap | Kill
