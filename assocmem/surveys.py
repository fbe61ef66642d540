"""Regimes of multitasking networks found by simulation, over dilution and temperature."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _validate as check

if TYPE_CHECKING:
    import xarray

_FLUCTUATING = 100.0  # N times the sum of squared overlaps that is no thermal noise any more
_UNCERTAIN = 0.05  # error over the root mean square of overlaps beyond which signs and order change


def survey(
    model: Any,
    dilutions: Sequence[float],
    temperatures: Sequence[float],
    *,
    n_spins: int = 20_000,
    disorder: int = 8,
    sweeps: int = 400,
    seed: int = 0,
    significance: float = 4.0,
    store: str | os.PathLike | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> xarray.Dataset:
    """Simulate at every dilution and temperature, and name the regime of what is found.

    Chains start in the hierarchical state, one for each quenched sample, so that order and signs
    of the overlaps are known and their means over samples have no bias. What they end in is
    named by the means alone, without theory: those of less than ``significance`` errors are 0,
    those closer to each other than that are equal, see `regime_of`. Where the hierarchical state
    is metastable, chains stay in it. Where overlaps change sign or order within the run, or from
    sample to sample, their squares are large and their means uncertain: such points are
    "unsettled", and larger networks are needed there.

    Parameters
    ----------
    model : Multitasking
        With ``n_patterns``, K <= 20; its dilution is not used.
    dilutions, temperatures : sequence of float
        d in [0, 1) and T > 0.
    n_spins, disorder, sweeps : int
        Size, samples (at least 4) and recorded sweeps; as many are discarded.
    seed, store, workers, progress
        Of `assocmem.sweep`: points are kept in the file ``store`` and not done again.
    significance : float
        Errors of the normal law at which a difference counts; the quantile of Student's law that is
        exceeded as rarely is taken, with ``disorder`` - 1 degrees of freedom.

    Returns
    -------
    xarray.Dataset
        Over ``dilution`` and ``temperature``: ``regime`` (text, "unsettled" where errors exceed a
        twentieth of the overlaps' root mean square), ``condensed``, the number of overlaps that
        are not 0; and over ``pattern`` too: ``overlap`` with ``overlap_error``.
        Settings are in the attributes.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    import json

    import xarray as xr

    from .hopfield import Multitasking
    from .hopfield.regime import regime_of
    from .serial import to_json
    from .sweeps import sweep

    if not isinstance(model, Multitasking) or model.n_patterns is None:
        raise TypeError(f"model must be a Multitasking model with n_patterns, got {model!r}")
    number = check.integer("n_patterns", model.n_patterns, 1, 20)
    dilutions, temperatures = grid(dilutions, temperatures)
    disorder = check.integer("disorder", disorder, 4)
    significance = check.real("significance", significance, 0.0, open_low=True)
    points = sweep(
        [replace(model, dilution=d) for d in dilutions],
        temperatures,
        n_spins=n_spins,
        store=store,
        workers=workers,
        seed=seed,
        progress=progress,
        start="mixture",
        weights=tuple(0.5**mu for mu in range(number)),
        tracked=number,
        chains=1,
        disorder=disorder,
        sweeps=sweeps,
        burn_in=sweeps,
    )
    overlap = points["overlap"].transpose("load", "temperature", "pattern").values
    error = points["overlap_error"].transpose("load", "temperature", "pattern").values
    shape = overlap.shape[:2]
    # Errors of few samples are uncertain themselves: as rare by Student's t as by the normal law.
    from scipy import stats

    width = float(stats.t.isf(stats.norm.sf(significance), disorder - 1))
    regimes = np.full(shape, "", dtype=object)
    condensed = np.zeros(shape, dtype=int)
    squares = points["overlap_squared"].sum("pattern").transpose("load", "temperature").values
    for place in np.ndindex(shape):
        # Beyond thermal noise, of order N^(-1/2), and at T_c of order N^(-1/4).
        large = squares[place] * n_spins > _FLUCTUATING
        if large and error[place].max() > _UNCERTAIN * squares[place] ** 0.5:
            regimes[place] = "unsettled"
            continue
        regimes[place], condensed[place] = regime_of(overlap[place], width * error[place], number)
    at = ("dilution", "temperature")
    return xr.Dataset(
        {
            "regime": (at, regimes),
            "condensed": (at, condensed),
            "overlap": ((*at, "pattern"), overlap),
            "overlap_error": ((*at, "pattern"), error),
        },
        coords={
            "dilution": dilutions,
            "temperature": temperatures,
            "pattern": np.arange(1, number + 1),
        },
        attrs={
            "model": to_json(model),
            "settings": json.dumps(
                {
                    "n_spins": n_spins,
                    "disorder": disorder,
                    "sweeps": sweeps,
                    "seed": seed,
                    "significance": significance,
                }
            ),
        },
    )


def grid(
    dilutions: Sequence[float], temperatures: Sequence[float]
) -> tuple[list[float], list[float]]:
    """Check the two axes of a survey: d in [0, 1) and T > 0, all different.

    Raises
    ------
    TypeError, ValueError
        If they are not.
    """
    return _axis("dilutions", dilutions, 1.0), _axis("temperatures", temperatures, np.inf)


def _axis(name: str, values: Sequence[float], high: float) -> list[float]:
    if np.ndim(values) != 1 or len(values) == 0:
        raise ValueError(f"{name} must be a non-empty sequence of numbers, got {values!r}")
    found = [
        check.real(f"{name}[{k}]", v, 0.0, high, open_low=name == "temperatures", open_high=True)
        for k, v in enumerate(values)
    ]
    if len(set(found)) != len(found):
        raise ValueError(f"{name} must be different numbers, got {values!r}")
    return found
