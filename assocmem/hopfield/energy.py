r"""Energies that are sums over patterns of a function of the overlap with each.

For x_i = xi_i s_i = +-1 the sum over distinct indices of products of p of them depends on
M = sum_i x_i alone, and so does every power and function of the overlap. So an energy
H = -sum_mu F(M_mu) is a table of F over the N + 1 values that M can have, indexed by the number
k = (N + M)/2 of sites at which pattern and state agree: exact, with or without self-interactions.

At high load K = alpha N^(p-1) the uncondensed overlaps z = sqrt(N) m are Gaussian, and
H = -N^(1-p/2) sum_mu f(z_mu) with f = sum_k c_k He_k in Hermite polynomials: replicas of overlap q
then have fields of covariance alpha g'(q) with the noise kernel g(q) = sum_(k>=1) k! c_k^2 q^k
(for p >= 3). Distinct indices give f = He_p/p! and g = q^p/p!.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, runtime_checkable

import numpy as np

from .. import _validate as check
from ..serial import register


@runtime_checkable
class Energy(Protocol):
    """What the dense model asks of an energy H = -sum_mu F(M_mu)."""

    @property
    def degree(self) -> int | None:
        """Power p of the load K = alpha N^(p-1); None where K = exp(alpha N)."""

    @property
    def logarithmic(self) -> bool:
        """Whether H is a logarithm of the sum over patterns instead of the sum."""

    def table(self, n_spins: int) -> np.ndarray:
        """F at k = 0..N agreeing sites, float64 of shape (N + 1,)."""

    def condensed(self, m: float) -> float:
        """The limit of F(N m)/N, what a condensed pattern of overlap m adds to -H/N."""

    def slope(self, m: float) -> float:
        """First derivative of `condensed`, the field of a condensed pattern."""

    def curvature(self, m: float) -> float:
        """Second derivative of `condensed`."""

    def hermite(self) -> np.ndarray:
        """Coefficients c_k of f(z) in Hermite polynomials He_k, shape (p + 1,)."""


def kernel(energy: Energy) -> np.ndarray:
    """Coefficients of the noise kernel g(q) = sum_(k>=1) k! c_k^2 q^k, shape (p + 1,).

    Examples
    --------
    >>> kernel(FullPower(4)) * 24  # z^4/24 = (He_4 + 6 He_2 + 3)/24
    array([0., 0., 3., 0., 1.])
    """
    c = energy.hermite()
    g = np.array([math.factorial(k) * value**2 for k, value in enumerate(c)])
    g[0] = 0.0
    return g


class _Power:
    """What powers have in common: condensed patterns have energy -N m^p/p!."""

    p: int

    @property
    def degree(self) -> int:
        """Power p of the load K = alpha N^(p-1)."""
        return self.p

    @property
    def logarithmic(self) -> bool:
        """False: H is a sum over patterns."""
        return False

    def condensed(self, m: float) -> float:
        """m^p/p!."""
        return m**self.p / math.factorial(self.p)

    def slope(self, m: float) -> float:
        """m^(p-1)/(p-1)!."""
        return m ** (self.p - 1) / math.factorial(self.p - 1)

    def curvature(self, m: float) -> float:
        """m^(p-2)/(p-2)!."""
        return m ** (self.p - 2) / math.factorial(self.p - 2)


@register
@dataclass(frozen=True)
class PBody(_Power):
    r"""Products of p spins over distinct indices, no self-interactions.

    $$ F(M)=\frac{e_p(x)}{N^{p-1}},\qquad e_p=\sum_{i_1<\dots<i_p}x_{i_1}\cdots x_{i_p}, $$

    a Krawtchouk polynomial of M, exact at every N. p = 2 is the Hopfield model with Hebb's rule.

    Parameters
    ----------
    p : int
        Spins in a product, 2 <= p <= 30. Odd p have no symmetry s -> -s.

    References
    ----------
    Gardner, J. Phys. A 20 (1987) 3453; arXiv 2212.00606, where beta' = 2 beta/p!.

    Examples
    --------
    >>> PBody(2).table(4) * 4  # (M^2 - N)/2 at M = -4, -2, 0, 2, 4
    array([ 6.,  0., -2.,  0.,  6.])
    """

    p: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "p", check.integer("p", self.p, 2, 30))

    def table(self, n_spins: int) -> np.ndarray:
        """F at k = 0..N agreeing sites, rounded once from exact integers. Cost: p N."""
        return np.array(_distinct(self.p, n_spins))

    def hermite(self) -> np.ndarray:
        """1/p! at k = p: e_p tends to N^(p/2) He_p(z)/p!."""
        c = np.zeros(self.p + 1)
        c[self.p] = 1.0 / math.factorial(self.p)
        return c


@lru_cache(maxsize=16)
def _distinct(p: int, n_spins: int) -> tuple[float, ...]:
    scale = n_spins ** (p - 1)
    row = []
    for k in range(n_spins + 1):
        overlap = 2 * k - n_spins
        before, now = 0, 1  # e_(j-1), e_j; j e_j = M e_(j-1) - (N - j + 2) e_(j-2)
        for j in range(1, p + 1):
            before, now = now, (overlap * now - (n_spins - j + 2) * before) // j
        row.append(now / scale)  # Python divides integers with one rounding
    return tuple(row)


@register
@dataclass(frozen=True)
class FullPower(_Power):
    """Powers of the overlap, F(M) = M^p/(p! N^(p-1)): all index tuples, coinciding ones included.

    For p >= 4 at high load this is another model than `PBody`, not only at finite N: the
    coinciding indices add interactions of p - 2 spins and fewer, whose noise is as strong.

    Parameters
    ----------
    p : int
        2 <= p <= 30.
    """

    p: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "p", check.integer("p", self.p, 2, 30))

    def table(self, n_spins: int) -> np.ndarray:
        """F at k = 0..N agreeing sites."""
        scale = math.factorial(self.p) * n_spins ** (self.p - 1)
        return np.array([(2 * k - n_spins) ** self.p / scale for k in range(n_spins + 1)])

    def hermite(self) -> np.ndarray:
        """Expansion of z^p/p!."""
        return np.polynomial.hermite_e.poly2herme([0.0] * self.p + [1.0 / math.factorial(self.p)])


@register
@dataclass(frozen=True)
class Separable:
    """Any function of the overlap, H = -N sum_mu F(m_mu).

    Parameters
    ----------
    expression : str
        F as a formula in ``m`` that sympy reads: "m**4/24 + m**6/720", "log(cosh(m))". The
        load is K = alpha N^(p-1), where m^p is the lowest power of m in it above a constant;
        the higher powers act on condensed patterns alone.

    Raises
    ------
    TypeError, ValueError
        If it is not a formula in m alone, or is not smooth and finite on [-1, 1].

    Examples
    --------
    >>> energy = Separable("m**3/6 + m**5/10")
    >>> energy.degree, round(energy.slope(1.0), 12)
    (3, 1.0)
    """

    expression: str

    def __post_init__(self) -> None:
        if not isinstance(self.expression, str):
            raise TypeError(f"expression must be a string, got {self.expression!r}")
        functions = _functions(self.expression)[:3]
        try:
            finite = np.all(np.isfinite([f(x) for f in functions for x in np.linspace(-1, 1, 9)]))
        except (ArithmeticError, NameError, TypeError, ValueError):  # also a derivative of |m|
            finite = False
        if not finite:
            raise ValueError(
                f"expression must be finite with two derivatives on [-1, 1], "
                f"got {self.expression!r}"
            )

    @property
    def degree(self) -> int:
        """Lowest power of m in F."""
        return _functions(self.expression)[3]

    @property
    def logarithmic(self) -> bool:
        """False: H is a sum over patterns."""
        return False

    def table(self, n_spins: int) -> np.ndarray:
        """N F(m) at k = 0..N agreeing sites."""
        overlaps = (2.0 * np.arange(n_spins + 1) - n_spins) / n_spins
        function = _functions(self.expression)[0]
        return np.array([n_spins * function(m) for m in overlaps])

    def condensed(self, m: float) -> float:
        """F(m) - F(0)."""
        function = _functions(self.expression)[0]
        return function(m) - function(0.0)

    def slope(self, m: float) -> float:
        """F'(m)."""
        return _functions(self.expression)[1](m)

    def curvature(self, m: float) -> float:
        """F''(m)."""
        return _functions(self.expression)[2](m)

    def hermite(self) -> np.ndarray:
        """Expansion of a z^p, with a m^p the lowest power of F."""
        *_, p, lowest = _functions(self.expression)
        return np.polynomial.hermite_e.poly2herme([0.0] * p + [lowest])


@lru_cache(maxsize=64)
def _functions(expression: str):
    """F, F' and F'' as functions of a float, the lowest power of F and its coefficient."""
    import tokenize

    import sympy
    from sympy.parsing.sympy_parser import parse_expr

    m = sympy.Symbol("m", real=True)
    names = ("log", "exp", "cosh", "sinh", "tanh", "cos", "sin", "sqrt", "pi", "Rational")
    known = {name: getattr(sympy, name) for name in names}
    allowed = {"m": m, **known}
    words = set()
    try:
        for token in tokenize.generate_tokens(iter([expression]).__next__):
            if token.type == tokenize.NAME:
                words.add(token.string)
            if token.string in (".", "__", "="):
                raise ValueError("no such sign in a formula")
        if not words <= set(allowed):
            raise ValueError(f"unknown names {sorted(words - set(allowed))}")
        # Names are checked first: parse_expr evaluates what it is given.
        calls = {"Integer": sympy.Integer, "Float": sympy.Float}
        formula = parse_expr(expression, local_dict=allowed, global_dict={**calls, **known})
        formula = sympy.sympify(formula)
    except Exception as error:
        raise ValueError(
            f"expression must be a formula in m with {', '.join(names)}, got {expression!r}: "
            f"{error}"
        ) from error
    if not isinstance(formula, sympy.Expr) or formula.free_symbols != {m}:
        raise ValueError(f"expression must be a formula in m alone, got {expression!r}")
    for power in range(1, 31):
        lowest = sympy.diff(formula, m, power).subs(m, 0)
        lowest = sympy.nsimplify(lowest) if lowest.is_Rational else lowest
        try:
            value = complex(sympy.N(lowest))
        except TypeError:  # no number: the derivative of |m| at 0
            value = complex(math.nan)
        if not np.isfinite(value.real) or value.imag:
            raise ValueError(f"expression must be smooth at m = 0, got {expression!r}")
        if value.real != 0.0:
            break
    else:
        raise ValueError(f"expression must have a power of m up to 30, got {expression!r}")

    def compiled(derivative: int):
        function = sympy.lambdify(m, sympy.diff(formula, m, derivative), "math")
        return lambda x: float(function(float(x)))

    functions = (compiled(0), compiled(1), compiled(2))
    return (*functions, power, value.real / math.factorial(power))


@dataclass(frozen=True)
class _Rate:
    """What exponentials have in common."""

    rate: float = 1.0

    def __post_init__(self) -> None:
        rate = check.real("rate", self.rate, 0.0, 100.0, open_low=True)
        object.__setattr__(self, "rate", rate)

    @property
    def degree(self) -> None:
        """None: the load is K = exp(alpha N)."""
        return None

    def table(self, n_spins: int) -> np.ndarray:
        """Terms exp(rate (M - N)) of the sum over patterns at k = 0..N agreeing sites."""
        return np.exp(-2.0 * self.rate * np.arange(n_spins, -1.0, -1.0))


@register
@dataclass(frozen=True)
class Exponential(_Rate):
    """Exponentials of the overlap, F(M) = exp(rate (M - N)); K = exp(alpha N) patterns.

    Divided by exp(rate N), so that a stored pattern adds 1: the energy of Demircigil et al. is
    exp(rate N) times this one. One flip away from a pattern costs 1 - exp(-2 rate), so the scale
    of temperatures is 1, not N.

    Parameters
    ----------
    rate : float
        lambda > 0, up to 100.

    References
    ----------
    Demircigil, Heusel, Loewe, Upgang, Vermet, J. Stat. Phys. 168 (2017) 288.
    """

    @property
    def logarithmic(self) -> bool:
        """False: H is a sum over patterns."""
        return False


@register
@dataclass(frozen=True)
class LogSumExp(_Rate):
    r"""H = -(1/rate) ln sum_mu exp(rate N m_mu), with K = exp(alpha N) patterns.

    Extensive, unlike `Exponential`, with the same states of lowest energy and the same dynamics
    at T = 0. For rate -> infinity it is minus the largest overlap.

    Parameters
    ----------
    rate : float
        lambda > 0, up to 100.

    References
    ----------
    Ramsauer et al., ICLR (2021); Lucibello, Mezard, Phys. Rev. Lett. 132 (2024) 077301.
    """

    @property
    def logarithmic(self) -> bool:
        """True: H = -N - ln(sum of the table)/rate."""
        return True

    def condensed(self, m: float) -> float:
        """The overlap m itself, where one pattern dominates the sum."""
        return m

    def slope(self, m: float) -> float:
        """1."""
        return 1.0

    def curvature(self, m: float) -> float:
        """0."""
        return 0.0
