r"""States of multitasking networks at T = 0 and load 0, without learning, by exact bookkeeping.

The free energy at T = 0 is f(m) = |m|^2/2 - E|xi.m|. Its minima are fixed points
m = E xi sgn(xi.m) with xi.m != 0 for all words but the blank one:

* where no word has xi.m = 0, f is quadratic with Hessian 1 near m, so that a fixed point is a
  minimum, of energy -|m|^2/2;
* where words other than the blank one have xi.m = 0, the slopes of f in the directions delta and
  -delta = -xi add up to -2 sum_ties p |xi.delta| < 0: f goes down, and the point is no minimum
  whatever the free spins do. At small T > 0 the Hessian has an eigenvalue about -1/T there.

Minima are thus the vertices, see `multitasking_chambers`, that lie inside their own chamber: a
finite number of inequalities between polynomials in d, decided here in integers for the very
number d given (a float is a fraction).
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ... import _validate as check
from . import multitasking_chambers as arrangement
from .multitasking_points import FixedPoint, FixedPoints, judged, scaled

if TYPE_CHECKING:
    import mpmath

    from ...hopfield.multitasking import Multitasking

MOST_PATTERNS = 12
_MOST_PARTS = 100_000  # of branch and bound, where it has a chance to end within seconds
_PROVED = 7


def fixed_points(
    n_patterns: int, dilution: float | Fraction, *, seed: int = 0, most: int | None = None
) -> FixedPoints:
    """All states at T = 0 of K diluted patterns at load 0, up to signs and order of patterns.

    Parameters
    ----------
    n_patterns : int
        K in 1..12.
    dilution : float or Fraction
        d in [0, 1). Overlaps, energies and margins are Fractions if d is one.
    seed : int
        Of the search that follows where the list is not ``complete``.
    most : int, optional
        Parts of space the proof may look at, about 50 us each at K = 6 and 80 us at K = 8. The
        default is enough for K <= 6 at any d and for K = 7 from d = 0.67 on; for K >= 8 it is 0,
        no proof.

    Returns
    -------
    FixedPoints

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Notes
    -----
    Candidates come from `multitasking_chambers.candidates`, which loses none; each is judged by
    its exact inequalities. Where that stops at ``most`` parts, iterations m -> E xi sgn(xi.m)
    from many starts add to what was found until then, each judged likewise.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from assocmem.theory.replica.multitasking_zero import fixed_points
    >>> [str(m) for m in fixed_points(3, Fraction(1, 2)).ground.overlaps]
    ['1/2', '1/4', '1/8']
    """
    n_patterns, given = _arguments(n_patterns, dilution)
    seed = check.integer("seed", seed, 0)
    if most is None:
        most = _MOST_PARTS if n_patterns <= _PROVED else 0
    most = check.integer("most", most, 0)
    signs, complete = arrangement.candidates(n_patterns, float(given), most)
    if not complete:
        signs = signs + arrangement.searched(n_patterns, float(given), seed)
    found = {point.counts: point for row in signs if (point := judged(row, given)) is not None}
    exact = Fraction(given)
    ordered = sorted(
        found.values(),
        key=lambda point: (-sum(m * m for m in scaled(point.counts, exact)[0]), point.counts),
    )
    stable = tuple(point for point in ordered if point.stable)
    marginal = tuple(point for point in ordered if not point.stable)
    return FixedPoints(n_patterns, given, stable, marginal, complete)


def zero_temperature_states(model: Multitasking, *, seed: int = 0) -> FixedPoints:
    """All states of a `Multitasking` model at T = 0 and load 0, see `fixed_points`.

    Parameters
    ----------
    model : Multitasking
        With ``n_patterns`` of 1..12, without learning and field.
    seed : int
        Of the search where the list is not proved complete (K >= 8, and K = 7 below d = 0.67).

    Returns
    -------
    FixedPoints

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> from assocmem import Multitasking
    >>> from assocmem.theory.replica.multitasking_zero import zero_temperature_states
    >>> states = zero_temperature_states(Multitasking(n_patterns=3, dilution=0.5))
    >>> print(states)
    2 states of 3 patterns at T = 0, dilution 0.5 (all of them)
      hierarchical stable    energy -0.1640625  margin 0.125  overlaps 0.5, 0.25, 0.125
      mixed        stable    energy -0.162109375  margin 0.0625  overlaps 0.4375, 0.3125, 0.1875
    """
    if type(model).__name__ != "Multitasking":
        raise TypeError(f"model must be a Multitasking model, got {model!r}")
    if model.n_patterns is None:
        raise ValueError(f"model must be one with n_patterns, got {model!r}")
    if model.learning is not None or any(model.field):
        raise ValueError(f"model must be one without learning and without field, got {model!r}")
    model.patterns.law()  # refuses entries that are not independent
    return fixed_points(model.n_patterns, model.dilution, seed=seed)


def symmetric_point(
    n_patterns: int, dilution: float | Fraction, n_mixed: int | None = None
) -> FixedPoint:
    """The point with equal overlaps of some patterns and none with the others.

    Spins follow the majority of those patterns; words that leave a tie have no average spin. It
    is the limit T -> 0 of the symmetric state; with ties it is a saddle, ``stable=False``.

    Parameters
    ----------
    n_patterns : int
        K in 1..12.
    dilution : float or Fraction
        d in [0, 1).
    n_mixed : int, optional
        Number of equal overlaps; all K by default ("parallel").

    Returns
    -------
    FixedPoint

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from assocmem.theory.replica.multitasking_zero import symmetric_point
    >>> point = symmetric_point(3, Fraction(1, 2))
    >>> [str(m) for m in point.overlaps], point.stable
    (['5/16', '5/16', '5/16'], False)
    """
    n_patterns, given = _arguments(n_patterns, dilution)
    if n_mixed is None:
        n_mixed = n_patterns
    n_mixed = check.integer("n_mixed", n_mixed, 1, n_patterns)
    words = arrangement.half_words(n_patterns)
    point = judged(np.sign(words[:, :n_mixed].sum(axis=1)).astype(np.int8), given)
    assert point is not None  # a fixed point for every d, by symmetry
    return point


def _arguments(n_patterns: int, dilution: float | Fraction) -> tuple[int, float | Fraction]:
    n_patterns = check.integer("n_patterns", n_patterns, 1, MOST_PATTERNS)
    value = check.real("dilution", dilution, 0.0, 1.0, open_high=True)
    if not isinstance(dilution, Fraction):
        return n_patterns, value
    if dilution and not value:
        raise ValueError(f"dilution must be 0 or a number that a float holds, got {dilution!r}")
    return n_patterns, dilution


def hierarchical_dilution(n_patterns: int, digits: int | None = None) -> float | mpmath.mpf:
    """d_c(K): the hierarchical state m_mu = (1 - d) d^(mu - 1) exists at T = 0 for d < d_c.

    Its chamber has the walls x_mu = x_(mu + 1) + ... + x_K. With these overlaps
    m_mu - sum_(nu > mu) m_nu = d^(mu - 1) (1 - 2 d + d^(K - mu + 1)), which is smallest against
    0 for mu = 1: d_c is the root of 1 - 2 d + d^K in (1/2, 1), or of
    1 - d - d^2 - ... - d^(K - 1).

    Parameters
    ----------
    n_patterns : int
        K >= 1.
    digits : int, optional
        Significant digits of an ``mpmath.mpf``; a float, rounded correctly to the last digit, if
        left out.

    Returns
    -------
    float or mpmath.mpf
        1 for K <= 2, where the state exists for all d.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> from assocmem.theory.replica.multitasking_zero import hierarchical_dilution
    >>> round(hierarchical_dilution(3), 10), hierarchical_dilution(2)
    (0.6180339887, 1.0)
    """
    import mpmath as mp

    n_patterns = check.integer("n_patterns", n_patterns, 1)
    if digits is not None:
        digits = check.integer("digits", digits, 1)
    with mp.workdps((17 if digits is None else digits) + 15):
        root = mp.mpf(1)
        if n_patterns > 2:
            # Newton's steps from 1/2 rise to d_c, as 1 - 2 d + d^K is convex and falls there.
            root = mp.mpf(1) / 2
            while True:
                power = root ** (n_patterns - 1)
                step = (1 - 2 * root + power * root) / (2 - n_patterns * power)
                root += step
                if abs(step) < mp.eps * 16:
                    break
    if digits is None:
        return float(root)
    with mp.workdps(digits):
        return +root
