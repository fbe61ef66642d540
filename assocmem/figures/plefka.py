"""Error of Plefka's scheme against exact dynamics over load and temperature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray


def compute(
    *,
    p: int = 3,
    loads: Sequence[float] = (0.01, 0.03, 0.05, 0.07, 0.09),
    temperatures: Sequence[float] = (0.05, 0.1, 0.15, 0.2),
    n_spins: int = 160,
    disorder: int = 6,
    sweeps: int = 300,
    seed: int = 0,
    workers: int | None = None,
) -> xarray.Dataset:
    """The map of `assocmem.montecarlo.plefka_map.plefka_error_map`.

    Parameters
    ----------
    p, loads, temperatures
        Of the `assocmem.Dense` models, and T.
    n_spins, disorder, sweeps, seed, workers
        Of the simulation, see `assocmem.sample`.

    Returns
    -------
    xarray.Dataset
        ``error`` of the overlap with ``error_error`` over ``load``, ``temperature`` and ``order``.
    """
    import os

    from ..hopfield import Dense
    from ..montecarlo.plefka_map import plefka_error_map

    return plefka_error_map(
        Dense(load=0.0, p=p),
        loads=loads,
        temperatures=temperatures,
        n_spins=n_spins,
        disorder=disorder,
        sweeps=sweeps,
        seed=seed,
        workers=os.cpu_count() or 1 if workers is None else workers,
    ).dataset


def draw(
    dataset: xarray.Dataset, ax: Sequence[matplotlib.axes.Axes] | None = None
) -> matplotlib.axes.Axes:
    """Maps of both orders of the expansion side by side.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `compute`.
    ax : two matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
        The first of the two.
    """
    from ..montecarlo.plefka_map import PlefkaErrorMap

    return PlefkaErrorMap(dataset).plot(ax)[0]
