"""Pictures of codes and of what happens in a mac: functions that take and return Axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ... import _validate as check
from .._cells import array_of

if TYPE_CHECKING:
    import matplotlib.axes

    from .hierarchy_inspection import MacState
    from .inspection import Inspection

# Apart in print and for colour-blind readers.
_SUPPORT, _CHANCE, _WINNER = "#0072b2", "#d55e00", "#000000"


def _axes(ax: matplotlib.axes.Axes | None, size: tuple[float, float]) -> matplotlib.axes.Axes:
    """The Axes given, or those of a new figure."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=size, layout="constrained")[1]


def _codes(name: str, codes: Any, rank: int) -> np.ndarray:
    found = array_of(name, codes)
    if found.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integers, got dtype {found.dtype}")
    if found.ndim != rank or not found.size:
        wanted = "(modules,)" if rank == 1 else "(items, modules)"
        raise ValueError(f"{name} must have shape {wanted}, got {found.shape}")
    return found


def code_intersections(codes: Any, others: Any = None) -> np.ndarray:
    """In how many modules codes have the same winner, each of one list with each of another.

    Parameters
    ----------
    codes : array_like of int, shape (items, Q)
        Winners, -1 where a module has none, which equals nothing.
    others : array_like of int, shape (more items, Q), optional
        ``codes`` themselves if left out.

    Returns
    -------
    ndarray, int64, shape (items, more items)

    Raises
    ------
    TypeError, ValueError
        If codes are not as said.

    Notes
    -----
    Q comparisons for each pair; memory for the result and Q masks of one byte a pair in turn.

    Examples
    --------
    >>> from assocmem.sdr.sparsey.pictures import code_intersections
    >>> code_intersections([[0, 1, 2], [0, 1, 5]])
    array([[3, 2],
           [2, 3]])
    """
    rows = _codes("codes", codes, 2)
    columns = rows if others is None else _codes("others", others, 2)
    if rows.shape[1] != columns.shape[1]:
        raise ValueError(
            f"others must have {rows.shape[1]} modules as codes have, got {columns.shape[1]}"
        )
    found = np.zeros((len(rows), len(columns)), np.int64)
    for q in range(rows.shape[1]):
        found += (rows[:, q, None] == columns[None, :, q]) & (rows[:, q, None] >= 0)
    return found


def draw_code(
    code: Any, n_units: int, ax: matplotlib.axes.Axes | None = None
) -> matplotlib.axes.Axes:
    """A code as a grid of a row for each module, its winner dark.

    Parameters
    ----------
    code : array_like of int, shape (Q,)
        Winners, -1 of modules that have none.
    n_units : int
        K, from 1 to 2^20.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError, ValueError
        If the code is not as said.
    """
    winners = _codes("code", code, 1)
    n_units = check.integer("n_units", n_units, 1, 2**20)
    if winners.min() < -1 or winners.max() >= n_units:
        raise ValueError(f"code must be winners in [-1, {n_units - 1}], got {code!r}")
    ax = _axes(ax, (min(8.0, 1.0 + 0.25 * n_units), min(8.0, 1.0 + 0.25 * len(winners))))
    grid = np.zeros((len(winners), n_units))
    modules = np.flatnonzero(winners >= 0)
    grid[modules, winners[modules]] = 1.0
    ax.imshow(grid, cmap="Greys", vmin=0.0, vmax=1.25, interpolation="nearest", aspect="equal")
    if max(grid.shape) <= 64:  # lines between units, where they can be told apart
        ax.set_xticks(np.arange(n_units + 1) - 0.5, minor=True)
        ax.set_yticks(np.arange(len(winners) + 1) - 0.5, minor=True)
        ax.grid(which="minor", color="0.85", linewidth=0.5)
        ax.tick_params(which="minor", length=0)
    ax.set_xlabel("unit")
    ax.set_ylabel("module")
    return ax


def draw_intersections(
    codes: Any, ax: matplotlib.axes.Axes | None = None, *, others: Any = None
) -> matplotlib.axes.Axes:
    """Intersections of codes as a matrix, in fractions of the modules.

    Parameters
    ----------
    codes, others
        As for `code_intersections`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError, ValueError
        If codes are not as said.
    """
    found = code_intersections(codes, others)
    modules = np.asarray(codes).shape[1]
    ax = _axes(ax, (5.2, 4.4))
    image = ax.imshow(
        found / modules, cmap="viridis", vmin=0.0, vmax=1.0, interpolation="nearest"
    )  # fmt: skip
    if found.size <= 100:
        for i, j in np.ndindex(found.shape):
            color = "white" if found[i, j] < 0.6 * modules else "black"
            ax.text(j, i, str(found[i, j]), ha="center", va="center", color=color, fontsize=8)
    ax.figure.colorbar(image, ax=ax, label=f"common winners / {modules}")
    ax.set_xlabel("item")
    ax.set_ylabel("item")
    return ax


def draw_inspection(
    inspection: Inspection | MacState, ax: matplotlib.axes.Axes | None = None
) -> matplotlib.axes.Axes:
    """Supports of all units upwards and their chances downwards, module beside module.

    Winners are marked by dots on their support and triangles on their chance; the dashed line is
    the familiarity G.

    Parameters
    ----------
    inspection : Inspection or MacState
        Of a mac by itself, or of one in a hierarchy.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        If it is no inspection.
    """
    from .hierarchy_inspection import MacState
    from .inspection import Inspection

    if not isinstance(inspection, (Inspection, MacState)):
        raise TypeError(f"inspection must be an Inspection or MacState, got {inspection!r}")
    modules, units = inspection.V.shape
    ax = _axes(ax, (9.0, 3.6))
    places = np.arange(modules)[:, None] * (units + 1.0) + np.arange(units)
    width = float(np.clip(400.0 / (modules * (units + 1)), 0.4, 8.0))
    ax.vlines(places, 0.0, inspection.V, color=_SUPPORT, linewidth=width, label="support V")
    ax.vlines(places, -inspection.rho, 0.0, color=_CHANCE, linewidth=width, label=r"chance $\rho$")
    won = np.flatnonzero(inspection.winners >= 0)
    at = inspection.winners[won]
    marks: dict[str, Any] = {
        "color": _WINNER,
        "linestyle": "none",
        "markersize": 4,
        "clip_on": False,
    }
    ax.plot(places[won, at], inspection.V[won, at], marker="o", label="winner", **marks)
    ax.plot(places[won, at], -inspection.rho[won, at], marker="v", **marks)
    ax.axhline(0.0, color="black", linewidth=0.6)
    ax.axhline(inspection.G, color=_SUPPORT, linewidth=0.9, linestyle="--")
    for left in places[1:, 0] - 1.0:
        ax.axvline(left, color="0.9", linewidth=0.6, zorder=0)
    ax.set_xlim(-1.0, places[-1, -1] + 1.0)
    ax.set_ylim(-1.05, 1.05)
    ax.set_yticks([-1.0, -0.5, 0.0, 0.5, 1.0], ["1", "0.5", "0", "0.5", "1"])
    some = np.arange(0, modules, -(-modules // 16))
    ax.set_xticks(places[some].mean(axis=1), [str(q) for q in some])
    ax.set_xlabel("module")
    ax.set_ylabel(r"$\rho$        V")
    title = f"G = {inspection.G:.3f}, $\\eta$ = {inspection.eta:.4g}"
    ax.set_title(title if inspection.active else "not active", fontsize=10)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=8)
    return ax
