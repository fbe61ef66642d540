"""Dilutions given exactly: roots in (0, 1) of polynomials with integer coefficients."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

from ... import _validate as check

if TYPE_CHECKING:
    import mpmath

Coefficients = tuple[int, ...]  # of 1, d, d^2, ...


@dataclass(frozen=True)
class Root:
    """A dilution given exactly: the only root of a polynomial in an interval.

    Parameters
    ----------
    polynomial : tuple of int
        Coefficients of 1, d, d^2, ...; it does not factor over the integers.
    low, high : Fraction
        The interval, at most 1e-30 wide.
    """

    polynomial: Coefficients
    low: Fraction
    high: Fraction

    def __float__(self) -> float:
        return float((self.low + self.high) / 2)

    def digits(self, number: int) -> mpmath.mpf:
        """The root to a number of significant digits."""
        import mpmath as mp

        number = check.integer("number", number, 1)
        with mp.workdps(number + 15):
            start = mp.mpf(self.low.numerator) / self.low.denominator
            if self.low != self.high:
                falling = self.polynomial[::-1]
                start = mp.findroot(lambda d: mp.polyval(falling, d), start)
        with mp.workdps(number):
            return +start

    def __str__(self) -> str:
        return f"{float(self):.12g}"


ZERO, ONE = Root((0, 1), Fraction(0), Fraction(0)), Root((-1, 1), Fraction(1), Fraction(1))


@lru_cache(maxsize=100_000)
def roots(polynomial: Coefficients) -> tuple[Root, ...]:
    """The roots of an integer polynomial in the open interval (0, 1), in order.

    Real roots of its irreducible factors, isolated by continued fractions (SymPy) and narrowed to
    1e-30. Equal roots are equal as objects, whatever polynomial they come from.
    """
    import sympy as sp

    x = sp.Symbol("d")
    found = []
    for factor, _ in sp.Poly(polynomial[::-1], x).factor_list()[1]:
        if factor.LC() < 0:
            factor = -factor
        coefficients = tuple(int(c) for c in reversed(factor.all_coeffs()))
        for (low, high), _ in factor.intervals(eps=sp.Rational(1, 10**30), inf=0, sup=1):
            low, high = (Fraction(int(end.p), int(end.q)) for end in (low, high))
            if high > 0 and low < 1 and coefficients not in ((0, 1), (-1, 1)):
                found.append(Root(coefficients, low, high))
    found.sort(key=middle)
    return tuple(found)


def polynomial_of(form: Sequence[int]) -> Coefficients:
    """Coefficients of sum_z form_z (2 d)^z (1 - d)^(K - 1 - z)."""
    n = len(form) - 1
    total = [0] * (n + 1)
    for z, c in enumerate(int(entry) << z for z, entry in enumerate(form)):
        for j in range(n - z + 1):
            total[z + j] += c * math.comb(n - z, j) * (-1) ** j
    return tuple(total)


def value_at(polynomial: Coefficients, d: Fraction) -> int:
    """Numerator of the value at d over the denominator b^n: of its sign."""
    a, b = d.numerator, d.denominator
    n = len(polynomial) - 1
    return sum(c * a**j * b ** (n - j) for j, c in enumerate(polynomial))


def middle(root: Root) -> Fraction:
    """The middle of its interval: roots that differ are in the order of these."""
    return (root.low + root.high) / 2


def between(low: Root, high: Root) -> Fraction:
    """A rational number between two roots, with a small denominator."""
    if not low.high < high.low:
        raise ArithmeticError(f"roots {low!r} and {high!r} are too close to be told apart")
    width = high.low - low.high
    return ((low.high + high.low) / 2).limit_denominator(int(4 / width) + 1)
