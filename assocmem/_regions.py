"""Names of phases, written into a phase diagram where there is room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import matplotlib.axes
    from matplotlib.text import Text

    from .theory import Line, PhaseDiagram

_LEAST = 3.0  # pixels between a name and a line
_ENOUGH = 50.0


def name_regions(
    diagram: PhaseDiagram, ax: matplotlib.axes.Axes, highest: float, points: np.ndarray
) -> None:
    """Write the name of each phase that has room for it.

    It goes to the load where the lines that bound the phase are farthest apart, between rows of
    points; if it would cover a line or a point there, to where it is farthest from all of them.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        With the lines drawn, laid out as it will be shown.
    highest : float
        Temperature below which names may stand.
    points : ndarray, shape (n_points, 2)
        Loads and temperatures of points drawn.
    """
    lines = diagram.lines
    if not {"T_g", "T_M", "T_c"} <= set(lines):
        return
    drawn = [_fine(line.get_xydata()) for line in ax.lines]
    obstacles = ax.transData.transform(np.concatenate([*drawn, points]))
    rows = np.unique(points[:, 1])
    loads = np.linspace(0.12, 0.82, 15) * ax.get_xlim()[1]
    for text in ("paramagnet", "spin glass", "metastable retrieval", "retrieval"):
        low, high = _bounds(lines, text, loads, highest)
        # The text is wider than high: all along it there must be room.
        room = np.array([np.min((high - low)[max(k - 2, 0) : k + 3]) for k in range(len(loads))])
        best = int(np.argmax(room))
        middle = 0.5 * (low[best] + high[best])
        if len(rows) > 1 and rows.min() < middle < rows.max():
            between = 0.5 * (rows[:-1] + rows[1:])
            middle = between[np.argmin(np.abs(between - middle))]
        name = _written(ax, loads[best], middle, text)
        center = ax.transData.transform([(loads[best], middle)])
        free = _clearance(center, _half_size(name), obstacles)[0] > 0.0
        wide = room[best] >= min(0.1, 0.07 * highest)
        if free and wide:
            continue
        for words in (text, text.replace(" ", "\n")):
            name.set_text(words)
            place = _farthest(ax, lines, text, _half_size(name), obstacles, highest)
            if place is not None:
                name.set_position(place)
                break
        else:
            if wide:  # on a line after all: it has a white rim
                name.set_text(text)
            else:
                name.remove()


def height(line: Line, loads: np.ndarray) -> np.ndarray:
    """Highest temperature of a line at each load, 0 where it does not reach."""
    x0, x1 = line.load[:-1, None], line.load[1:, None]
    y0, y1 = line.temperature[:-1, None], line.temperature[1:, None]
    inside = (np.minimum(x0, x1) <= loads) & (loads <= np.maximum(x0, x1)) & (x0 != x1)
    fraction = (loads - x0) / np.where(x0 != x1, x1 - x0, 1.0)
    return np.max(np.where(inside, y0 + fraction * (y1 - y0), 0.0), axis=0)


def _bounds(lines, text: str, loads: np.ndarray, highest: float) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest temperature of a phase at each load."""
    glass, spinodal, ground = (height(lines[name], loads) for name in ("T_g", "T_M", "T_c"))
    if text == "paramagnet":
        return np.maximum(glass, spinodal), np.full_like(loads, highest)
    if text == "spin glass":
        return spinodal, glass
    if text == "metastable retrieval":
        return ground, spinodal
    return np.zeros_like(loads), ground


def _written(ax: matplotlib.axes.Axes, load: float, temperature: float, text: str) -> Text:
    from matplotlib.patheffects import withStroke

    return ax.text(
        load, temperature, text, ha="center", va="center", fontsize="small", style="italic",
        zorder=5, path_effects=[withStroke(linewidth=2.5, foreground="white")],
    )  # fmt: skip


def _fine(vertices: np.ndarray) -> np.ndarray:
    """Points of a drawn line, close to each other."""
    share = np.linspace(0.0, 1.0, 9)[:-1, None, None]
    between = vertices[:-1] + share * np.diff(vertices, axis=0)
    return np.concatenate([between.reshape(-1, 2), vertices[-1:]])


def _half_size(name: Text) -> np.ndarray:
    """Half of width and height of a text, in pixels."""
    box = name.get_window_extent()
    return 0.5 * np.array([box.width, box.height])


def _clearance(centers: np.ndarray, half: np.ndarray, obstacles: np.ndarray) -> np.ndarray:
    """Distance of the nearest obstacle from the box around each centre, negative inside it."""
    gaps = np.abs(obstacles - centers[:, np.newaxis]) - half
    return np.min(np.max(gaps, axis=2), axis=1)


def _farthest(
    ax: matplotlib.axes.Axes, lines, text: str, half: np.ndarray, obstacles: np.ndarray,
    highest: float,
) -> tuple[float, float] | None:  # fmt: skip
    """Where a text is inside its phase and farthest from all obstacles; None if nowhere."""
    from_pixels = ax.transData.inverted()
    width, tall = from_pixels.transform(half) - from_pixels.transform((0.0, 0.0))
    right = ax.get_xlim()[1]
    best, place = _LEAST, None
    for load in np.linspace(width, right - width, 60):
        low, high = _bounds(lines, text, np.linspace(load - width, load + width, 9), highest)
        low, high = np.max(low) + tall, np.min(high) - tall
        if not low < high:
            continue
        temperatures = np.linspace(low, high, 30)
        centers = ax.transData.transform(np.column_stack([np.full(30, load), temperatures]))
        edges = ax.transAxes.transform([(0.0, 0.0), (1.0, 1.0)])
        border = np.min([centers - half - edges[0], edges[1] - centers - half], axis=(0, 2))
        clear = np.minimum(_clearance(centers, half, obstacles), border)
        # Far enough is enough; then rather in the middle of its phase.
        clear = np.minimum(clear, _ENOUGH) - 1e-3 * np.abs(np.arange(30) - 14.5)
        k = int(np.argmax(clear))
        if clear[k] > best:
            best, place = float(clear[k]), (float(load), float(temperatures[k]))
    return place
