"""One state over a grid of loads and temperatures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate as check
from . import solve

if TYPE_CHECKING:
    import xarray

_NUMBERS = ("q", "C", "r", "free_energy", "energy", "entropy", "residual")


def solve_grid(
    model: Any,
    loads: float | Iterable[float],
    temperatures: float | Iterable[float],
    state: str = "retrieval",
    *,
    n_mixed: int = 3,
) -> xarray.Dataset:
    """Solve one state of a model at every load and temperature of a grid.

    Parameters
    ----------
    model : Hopfield or Dense
        Its load is replaced by each of ``loads``.
    loads, temperatures : float or iterable of float
        The grid; loads >= 0, temperatures >= 0. A number stands for an axis of one point.
    state, n_mixed
        As for `assocmem.solve`.

    Returns
    -------
    xarray.Dataset
        Over ``load`` and ``temperature``: ``overlap`` (with the first condensed pattern),
        ``q``, ``C``, ``r``, ``free_energy``, ``energy``, ``entropy``, ``residual``; ``exists``,
        ``stable`` and ``replica_stable``. Where the state does not exist, ``exists`` is False
        and numbers are NaN, so that lines drawn through them end there.

    Raises
    ------
    TypeError, ValueError, ConvergenceError
        As `assocmem.solve` raises; all loads and temperatures are checked first.
    """
    import xarray as xr

    from ..serial import to_json

    if not hasattr(model, "at_size"):
        raise TypeError(f"model must be a model such as Hopfield(load=0.1), got {model!r}")
    loads, temperatures = _axis("loads", loads), _axis("temperatures", temperatures)
    shape = (len(loads), len(temperatures))
    numbers = {name: np.full(shape, np.nan) for name in ("overlap", *_NUMBERS)}
    flags = {name: np.zeros(shape, bool) for name in ("exists", "stable", "replica_stable")}
    for i, load in enumerate(loads):
        at_load = replace(model, load=load, n_patterns=None)
        for j, temperature in enumerate(temperatures):
            found = solve(at_load, temperature, state, n_mixed=n_mixed)
            if not found.exists:
                continue
            numbers["overlap"][i, j] = found.overlaps[0]
            for name in _NUMBERS:
                numbers[name][i, j] = getattr(found, name)
            for name in flags:
                flags[name][i, j] = bool(getattr(found, name))
    return xr.Dataset(
        {name: (("load", "temperature"), values) for name, values in (numbers | flags).items()},
        coords={"load": loads, "temperature": temperatures},
        attrs={"model": to_json(model), "state": state},
    )


def _axis(name: str, values: Any) -> list[float]:
    """Points of an axis of the grid, each checked."""
    if isinstance(values, (str, bytes, Mapping, Set)):
        raise TypeError(f"{name} must be a number or an iterable of numbers, got {values!r}")
    if not np.iterable(values):
        return [check.real(name, values, 0.0)]
    return [check.real(f"{name}[{i}]", value, 0.0) for i, value in enumerate(values)]
