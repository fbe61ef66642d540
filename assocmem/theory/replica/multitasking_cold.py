"""Bottom of the diagram of regimes: lines of equal free energy that start on the axis T = 0.

At T = 0 states are known exactly, see `multitasking_intervals` and `multitasking_zero`. Their
corrections at small T are exponentially small, so that points on the axis start the lines.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from ..regimes import blocks_of
from ..saddle import solve
from .multitasking_intervals import ground_intervals
from .multitasking_lines import COLDEST, Condition
from .multitasking_map import signature
from .multitasking_seeds import reduced
from .multitasking_zero import fixed_points, hierarchical_dilution

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .multitasking_map import Surface

_EXACT = 5  # patterns up to which all intervals are known
_COLD_STARTS = (0.02, 0.01, 0.005, 0.05)


def cold(condition: Condition) -> Callable[[np.ndarray], np.ndarray]:
    """The equations of a line at T = 0, in all unknowns but t."""
    equations = condition.system()
    return lambda z: equations(np.append(z, 0.0))


def cold_lines(n_patterns: int) -> Iterator[tuple[Condition, np.ndarray]]:
    """Where two states of lowest energy at T = 0 cross: condition and a point (x, z, d, t) on it.

    All of them for K <= 5, the first one (the hierarchical state and that after it) for K = 6.
    Where a state ends before another one is lower the two are neighbours, and no line starts.
    """
    for d, left, right in _crossings(n_patterns):
        one, two = blocks_of(left), blocks_of(right)
        condition = Condition("equal", one, 0, two)
        guess = np.concatenate([reduced(left, one), reduced(right, two), [d]])
        found = solve(cold(condition), guess, tolerance=1e-12)
        if found.converged and abs(found.x[-1] - d) < 2e-3:
            yield condition, np.append(found.x, 2.0 * COLDEST)


def _crossings(n_patterns: int) -> Iterator[tuple[float, np.ndarray, np.ndarray]]:
    """(d, x, z) near where x and then z is the lowest state, in units of 1 - d."""
    if n_patterns <= _EXACT:
        grounds = list(ground_intervals(n_patterns))
        for one, two in itertools.pairwise(grounds):
            d = float(one.high)
            yield d, _state(one.weights[0], d), _state(two.weights[0], d)
        return
    # Just below d_c another state is lower already; it is followed back to where energies cross.
    end = float(hierarchical_dilution(n_patterns))
    low, high = 0.5, end
    for _ in range(3):  # until what is lowest at the crossing is what crosses
        hierarchical = high ** np.arange(n_patterns)
        found = fixed_points(n_patterns, high)
        lowest = np.array(found.ground.overlaps, dtype=float) / (1.0 - high)
        sizes = (blocks_of(hierarchical), blocks_of(lowest))
        condition = Condition("equal", sizes[0], 0, sizes[1])
        guess = [reduced(hierarchical, sizes[0]), reduced(lowest, sizes[1]), [high]]
        met = solve(cold(condition), np.concatenate(guess), tolerance=1e-12)
        if not met.converged or not low < met.x[-1] < high:
            return
        d = float(met.x[-1])
        at = fixed_points(n_patterns, d - 1e-9).ground
        if at.regime == "hierarchical":
            yield d, d ** np.arange(n_patterns), lowest
            return
        high = d - 1e-9


def _state(weights: tuple[int, ...], dilution: float) -> np.ndarray:
    """E[xi sgn(xi.w)]/(1 - d), exact up to rounding."""
    words = np.indices((3,) * len(weights)).reshape(len(weights), -1).T - 1
    blank = np.sum(words == 0, axis=1)
    chance = dilution**blank * (0.5 * (1.0 - dilution)) ** (len(weights) - blank)
    x = (chance * np.sign(words @ np.array(weights))) @ words / (1.0 - dilution)
    return -np.sort(-x)


def cold_spinodals(surface: Surface, dilution: float) -> Iterator[np.ndarray]:
    """Points (x, d, t) next to where the hierarchical state of all patterns ends, at small t.

    ``dilution`` is that where another state becomes lower at T = 0, where it still exists.
    """
    n_patterns = surface.n_patterns
    end = float(hierarchical_dilution(n_patterns))
    for t in _COLD_STARTS:
        low, high = dilution, end + 0.02
        x, softest = low ** np.arange(n_patterns), np.inf
        for _ in range(40):
            d = 0.5 * (low + high)
            new, _, least = surface.minimise(x[None], np.array([d]), np.array([t]))
            same = signature(new[0]) == ("hierarchical", (1,) * n_patterns)
            if least[0] > 1e-9 and same and np.max(np.abs(new[0] - x)) < 0.05:
                low, x, softest = d, new[0], least[0]
            else:
                high = d
        if softest < 1e-4:  # and not where it only becomes mixed
            yield np.array([*x, low, t])
