"""Checks of arguments that all models have."""

from __future__ import annotations

import os
from collections.abc import Mapping, Set
from typing import Any

import numpy as np

from .. import _validate as check

MOST = 2**62  # of patterns or spins: beyond, products of the two leave double precision
_LARGEST_FIELD = 1e100  # squares of energies stay finite


def set_load(model: Any, law: str) -> None:
    """Check ``load`` and ``n_patterns`` of a frozen model and set what they mean.

    Parameters
    ----------
    law : str
        K as a formula of the load, for the message.
    """
    if model.load is None and model.n_patterns is None:
        raise ValueError(f"give load ({law}) or n_patterns (K fixed), got neither")
    if model.n_patterns is not None:
        number = check.integer("n_patterns", model.n_patterns, 1, MOST)
        object.__setattr__(model, "n_patterns", number)
        if model.load not in (None, 0, 0.0):
            raise ValueError(
                f"load must be left out when n_patterns is given, got load={model.load!r}"
            )
    load = 0.0 if model.load is None else check.real("load", model.load, 0.0)
    object.__setattr__(model, "load", load)


def set_field(model: Any) -> None:
    """Check ``field`` of a frozen model and set it to a tuple of floats."""
    given = model.field
    # The order says which pattern a field acts on: what has none is refused.
    if isinstance(given, (str, bytes, Set, Mapping)) or not np.iterable(given):
        raise TypeError(f"field must be a sequence of numbers, got {given!r}")
    fields = tuple(
        check.real(f"field[{mu}]", h, -_LARGEST_FIELD, _LARGEST_FIELD) for mu, h in enumerate(given)
    )
    object.__setattr__(model, "field", fields)


def enough_for_fields(model: Any, number: int) -> None:
    """Refuse fewer patterns than fields."""
    if number < len(model.field):
        raise ValueError(
            f"field must have at most one entry per pattern, got {len(model.field)} "
            f"for {number} patterns"
        )


def some_patterns(model: Any, number: int, n_spins: int) -> None:
    """Refuse a load that rounds to no pattern."""
    if number < 1:
        raise ValueError(
            f"load must give at least one pattern: load={model.load:g} at "
            f"n_spins={n_spins} rounds to none; use more spins, or n_patterns=K"
        )


def machine_memory() -> int:
    """Bytes of memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
