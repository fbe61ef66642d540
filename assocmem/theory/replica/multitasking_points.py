"""Fixed points at T = 0 of multitasking networks, each judged by its exact inequalities."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import ConvergenceError
from . import multitasking_chambers as arrangement

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class FixedPoint:
    """A solution of m = E xi sgn(xi.m), one of all its copies by signs and order of patterns.

    Parameters
    ----------
    dilution : float or Fraction
        d.
    overlaps : tuple of float or Fraction
        m_1 >= ... >= m_K >= 0, rounded once from exact numbers; exact if d is a Fraction.
    energy : float or Fraction
        -|m|^2/2 per spin, which is the free energy.
    margin : float or Fraction
        Smallest |xi.m| over words of positive probability, the blank word left out: the field
        that holds the most loosely bound spins. 0 if the point is on a wall.
    regime : str
        "hierarchical", "parallel" or "mixed", decided without rounding.
    stable : bool
        Whether the margin is positive: the state is a minimum of f.
    counts : tuple of tuple of int
        The integers c_{mu z} of m_mu = sum_z c_{mu z} d^z u^(K - z), u = (1 - d)/2.
    """

    dilution: float | Fraction
    overlaps: tuple[float | Fraction, ...]
    energy: float | Fraction
    margin: float | Fraction
    regime: str
    stable: bool
    counts: tuple[tuple[int, ...], ...]

    @property
    def n_patterns(self) -> int:
        """K."""
        return len(self.overlaps)

    @property
    def copies(self) -> int:
        """Number of states that differ by signs and order of patterns alone, this one included."""
        number = math.factorial(self.n_patterns)
        for value in set(self.overlaps):
            number //= math.factorial(self.overlaps.count(value))
        return number << sum(value != 0 for value in self.overlaps)

    @cached_property
    def weights(self) -> tuple[int, ...] | None:
        """Integers w with s = sgn(xi.w): the name of the chamber; (4, 2, 1) is hierarchical.

        The sum of the chamber's extreme rays over its largest divisor. None for points on walls,
        and at d = 0, where words with blanks decide nothing.
        """
        if not self.stable or self.dilution == 0:
            return None
        return arrangement.weights_at(scaled(self.counts, Fraction(self.dilution))[0])

    def __str__(self) -> str:
        kind = "stable" if self.stable else "on a wall"
        shown = ", ".join(f"{float(m):.10g}" for m in self.overlaps)
        return (
            f"{self.regime:<12} {kind:<9} energy {float(self.energy):.12g}  "
            f"margin {float(self.margin):.3g}  overlaps {shown}"
        )


@dataclass(frozen=True)
class FixedPoints:
    """The stable states at T = 0 for one dilution, up to signs and order, lowest energy first.

    A sequence of `FixedPoint`.

    Parameters
    ----------
    n_patterns : int
        K.
    dilution : float or Fraction
        d.
    points : tuple of FixedPoint
        The stable ones.
    marginal : tuple of FixedPoint
        Vertices exactly on a wall of their own chamber (margin 0, not stable): a state that
        begins or ends at this very d, or one that is on a wall for all d.
    complete : bool
        Whether it is proved that there are no others.
    """

    n_patterns: int
    dilution: float | Fraction
    points: tuple[FixedPoint, ...]
    marginal: tuple[FixedPoint, ...]
    complete: bool

    def __len__(self) -> int:
        return len(self.points)

    def __iter__(self) -> Iterator[FixedPoint]:
        return iter(self.points)

    def __getitem__(self, index: int) -> FixedPoint:
        return self.points[index]

    @property
    def ground(self) -> FixedPoint:
        """The state of lowest energy (among those found, if not ``complete``).

        Raises
        ------
        ConvergenceError
            If the search found none.
        """
        if not self.points:
            raise ConvergenceError(
                f"no state of {self.n_patterns} patterns was found at T = 0 and dilution="
                f"{self.dilution!r}; use a larger most, or another seed",
                math.inf,
            )
        return self.points[0]

    def __str__(self) -> str:
        proof = "all of them" if self.complete else "found by search, there may be others"
        head = (
            f"{len(self)} states of {self.n_patterns} patterns at T = 0, dilution "
            f"{float(self.dilution):g} ({proof})"
        )
        return "\n".join([head, *(f"  {point}" for point in self.points + self.marginal)])

    def to_dataset(self) -> xarray.Dataset:
        """Overlaps, energies, margins, regimes and flags over the dimension ``state``."""
        import xarray as xr

        points = self.points + self.marginal
        overlaps = np.array([[float(m) for m in point.overlaps] for point in points])
        data: dict[str, Any] = {
            "overlap": (("state", "pattern"), overlaps.reshape(len(points), self.n_patterns)),
            "energy": (("state",), [float(point.energy) for point in points]),
            "margin": (("state",), [float(point.margin) for point in points]),
            "regime": (("state",), [point.regime for point in points]),
            "stable": (("state",), [point.stable for point in points]),
            "copies": (("state",), [float(point.copies) for point in points]),
        }
        attributes = {"n_patterns": self.n_patterns, "complete": int(self.complete)}
        coords = {"dilution": float(self.dilution), "temperature": 0.0}
        return xr.Dataset(data, coords=coords, attrs=attributes)


def judged(signs: np.ndarray, dilution: float | Fraction) -> FixedPoint | None:
    """The fixed point that given spins make, or None if their fields say otherwise.

    Parameters
    ----------
    signs : ndarray, int8, shape ((3^K - 1)/2,)
        Spin of each of `half_words`, 0 where it is free, for which the field must be 0.
    dilution : float or Fraction
        d, taken as the fraction it is.

    Returns
    -------
    FixedPoint or None
        With overlaps in falling order, else None.
    """
    exact = Fraction(dilution)
    counts = arrangement.counts_of(signs)
    if exact == 0:  # words with blanks have no weight
        counts[:, 1:] = 0
    frozen = tuple(map(tuple, counts.tolist()))
    numbers, common = scaled(frozen, exact)
    if any(one < other for one, other in zip(numbers, [*numbers[1:], 0], strict=True)):
        return None
    words, free = arrangement.half_words(len(numbers)), signs == 0
    if exact == 0:
        asked = arrangement.blanks(len(numbers)) == 0
        words, signs, free = words[asked], signs[asked], free[asked]
    fields = words @ np.array([number / common for number in numbers])
    fields = np.where(free, -np.abs(fields), signs * fields)
    slack = 1e-9 * (1.0 - float(dilution))  # far above the rounding of fields
    least = float(fields.min())
    if least < -slack:
        return None
    near = np.flatnonzero(fields <= max(least, 0.0) + slack)
    entries = words[near].astype(object) @ np.array(numbers, dtype=object)
    entries = [
        -abs(entry) if loose else int(sign) * entry
        for entry, sign, loose in zip(entries, signs[near], free[near], strict=True)
    ]
    if min(entries) < 0:
        return None
    squares = sum(number * number for number in numbers)
    share = Fraction if isinstance(dilution, Fraction) else int.__truediv__
    return FixedPoint(
        dilution=dilution,
        overlaps=tuple(share(number, common) for number in numbers),
        energy=share(-squares, 2 * common * common),
        margin=share(min(entries), common),
        regime=_regime(numbers),
        stable=min(entries) > 0,
        counts=frozen,
    )


def scaled(counts: Sequence[Sequence[int]], d: Fraction) -> tuple[list[int], int]:
    """The overlaps as integers over one denominator, (2 b)^K for d = a/b."""
    a, b = d.numerator, d.denominator
    size = len(counts)
    powers = [(2 * a) ** z * (b - a) ** (size - z) for z in range(size)]
    return [sum(c * p for c, p in zip(row, powers, strict=True)) for row in counts], (2 * b) ** size


def _regime(numbers: Sequence[int]) -> str:
    """Regime of overlaps in falling order, as `assocmem.hopfield.regime`, without tolerance."""
    if len(numbers) >= 2 and numbers[0] == numbers[-1]:
        return "parallel"
    filled = [number for number in numbers if number]
    exceed = all(number > sum(filled[k + 1 :]) for k, number in enumerate(filled))
    return "hierarchical" if exceed else "mixed"
