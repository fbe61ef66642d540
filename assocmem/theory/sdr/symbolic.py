r"""The laws of sparse representations as sympy expressions: to print, to derive from, to evaluate.

Every function returns an expression in the symbols of `symbols`; `exact` puts integers in and
returns the rational number. Binomial coefficients that do not depend on the summation index stand
outside of sums on purpose: sympy's ``evalf`` of a sum of small quotients is wrong by 1e-19 to 1e-17
in absolute terms, which is 0 for a probability of 4e-21 (`unfactored_false_positive` shows it).

Examples
--------
>>> print(exact(false_positive(), n=10, a=3, s=4, theta=2))
1/3
"""

from __future__ import annotations

import numbers
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from ... import _validate as check

if TYPE_CHECKING:
    import sympy


def symbols() -> SimpleNamespace:
    """The symbols, by name.

    Returns
    -------
    SimpleNamespace
        Integers >= 0: n cells, a active, s synapses, theta threshold, v lost bits, M patterns, b
        overlap, m trials, k order. Positive numbers: q activity level, eta lost fraction, x
        relative threshold, p chance.
    """
    import sympy

    integers = {name: sympy.Symbol(name, integer=True, nonnegative=True) for name in "nasvMbmk"}
    reals = {name: sympy.Symbol(name, positive=True) for name in ("q", "eta", "x", "p")}
    theta = sympy.Symbol("theta", integer=True, nonnegative=True)
    return SimpleNamespace(**integers, **reals, theta=theta)


def overlap_set() -> sympy.Expr:
    r"""Number of activities of a cells that share b with a fixed set of s: $|\Omega_x(n,a,b)|$."""
    import sympy

    z = symbols()
    return sympy.binomial(z.s, z.b) * sympy.binomial(z.n - z.s, z.a - z.b)


def false_positive() -> sympy.Expr:
    """P[Hyp(n, a, s) >= theta], the chance that a random activity makes a segment fire."""
    import sympy

    z = symbols()
    total = sympy.Sum(overlap_set(), (z.b, z.theta, sympy.Min(z.s, z.a)))
    return total / sympy.binomial(z.n, z.a)


def unfactored_false_positive() -> sympy.Expr:
    """The same with the denominator within the sum: right by `exact`, wrong by ``evalf``."""
    import sympy

    z = symbols()
    quotient = overlap_set() / sympy.binomial(z.n, z.a)
    return sympy.Sum(quotient, (z.b, z.theta, sympy.Min(z.s, z.a)))


def false_negative() -> sympy.Expr:
    """P[Hyp(a, v, s) >= s - theta + 1]: the pattern, v bits lost, makes no spike."""
    import sympy

    z = symbols()
    ways = sympy.binomial(z.s, z.b) * sympy.binomial(z.a - z.s, z.v - z.b)
    total = sympy.Sum(ways, (z.b, z.s - z.theta + 1, sympy.Min(z.s, z.v)))
    return total / sympy.binomial(z.a, z.v)


def binomial_tail() -> sympy.Expr:
    """B(m, p, theta) = P[Bin(m, p) >= theta]."""
    import sympy

    z = symbols()
    term = sympy.binomial(z.m, z.b) * z.p**z.b * (1 - z.p) ** (z.m - z.b)
    return sympy.Sum(term, (z.b, z.theta, z.m))


def any_of() -> sympy.Expr:
    """Chance that any of M independent segments fires, in their chance p."""
    z = symbols()
    return 1 - (1 - z.p) ** z.M


def union_mean() -> sympy.Expr:
    """Mean size of the union of M independent uniform sets of s of n cells."""
    z = symbols()
    return z.n * (1 - (1 - z.s / z.n) ** z.M)


def union_variance() -> sympy.Expr:
    """Its variance, from the chances that one cell and two cells are in none of the sets."""
    z = symbols()
    one = (1 - z.s / z.n) ** z.M
    two = ((z.n - z.s) * (z.n - z.s - 1) / (z.n * (z.n - 1))) ** z.M
    return z.n * one + z.n * (z.n - 1) * two - (z.n * one) ** 2


def bloom() -> sympy.Expr:
    """Bloom form of an exact match with a union, which takes cells as independent."""
    z = symbols()
    return (1 - (1 - z.s / z.n) ** z.M) ** z.a


def leading_term() -> sympy.Expr:
    """First term of the false positives, P[Hyp(n, a, s) = theta], a lower bound."""
    import sympy

    z = symbols()
    return overlap_set().subs(z.b, z.theta) / sympy.binomial(z.n, z.a)


def term_ratio() -> sympy.Expr:
    """Ratio r of the second term to the first: FP <= leading_term/(1 - r) where r < 1."""
    z = symbols()
    return (z.s - z.theta) * (z.a - z.theta) / ((z.theta + 1) * (z.n - z.s - z.a + z.theta + 1))


def binomial_moment() -> sympy.Expr:
    """E C(X, k) for X ~ Hyp(n, a, s), the mean number of k-sets of active synapses."""
    import sympy

    z = symbols()
    return sympy.binomial(z.s, z.k) * sympy.ff(z.a, z.k) / sympy.ff(z.n, z.k)


def bonferroni() -> tuple[sympy.Expr, sympy.Expr]:
    """Lower and upper bound on the false positives from two `binomial_moment`."""
    z = symbols()
    first = binomial_moment().subs(z.k, z.theta)
    second = binomial_moment().subs(z.k, z.theta + 1)
    return first - z.theta * second, first


def divergence(x: Any, q: Any) -> sympy.Expr:
    """Relative entropy of two coins D(x||q)."""
    import sympy

    return x * sympy.log(x / q) + (1 - x) * sympy.log((1 - x) / (1 - q))


def balanced_threshold() -> sympy.Expr:
    """x* where D(x||q) = D(x||1 - eta), by sympy's solver: the terms nonlinear in x cancel."""
    import sympy

    z = symbols()
    equation = divergence(z.x, z.q) - divergence(z.x, 1 - z.eta)
    equation = sympy.expand(sympy.expand_log(equation, force=True))
    (solution,) = sympy.solve(equation, z.x)
    above, below = sympy.fraction(sympy.together(sympy.expand_log(solution, force=True)))
    return sympy.logcombine(above, force=True) / sympy.logcombine(below, force=True)


def rational_false_positive(s: int, theta: int) -> sympy.Expr:
    r"""False positives for given s and theta as a rational function of n and a.

    $\sum_b\binom sb(a)_b(n-a)_{s-b}/(n)_s$, the law of synapses drawn one by one.

    Parameters
    ----------
    s, theta : int
        0 <= theta <= s.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    import sympy

    s = check.integer("s", s, 0)
    theta = check.integer("theta", theta, 0, s)
    z = symbols()

    def falling(base: sympy.Expr, count: int) -> sympy.Expr:
        return sympy.prod([base - i for i in range(count)], sympy.Integer(1))

    terms = [
        sympy.binomial(s, b) * falling(z.a, b) * falling(z.n - z.a, s - b)
        for b in range(theta, s + 1)
    ]
    return sympy.Add(*terms) / falling(z.n, s)


def large_n(s: int, theta: int) -> sympy.Expr:
    """Limit of n^theta FP as n -> infinity at fixed a, by sympy, for given s and theta.

    Parameters
    ----------
    s, theta : int
        As for `rational_false_positive`.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> large_n(4, 2)
    6*a*(a - 1)
    """
    import sympy

    z = symbols()
    limit = sympy.limit(rational_false_positive(s, theta) * z.n**theta, z.n, sympy.oo)
    return sympy.factor(limit)


def fixed_sparsity(s: int, theta: int) -> sympy.Expr:
    """Limit of FP as n -> infinity at a = q n, by sympy, a polynomial in q.

    Parameters
    ----------
    s, theta : int
        As for `rational_false_positive`.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> fixed_sparsity(2, 1)
    -q*(q - 2)
    """
    import sympy

    z = symbols()
    scaled = rational_false_positive(s, theta).subs(z.a, z.q * z.n)
    return sympy.factor(sympy.limit(sympy.cancel(scaled), z.n, sympy.oo))


def exchange_ratio() -> sympy.Expr:
    """Ratio of one term of FP(n, a, s) to that of FP(n, s, a), simplified: 1, for all arguments.

    With equal limits of the sums this proves that activity and synapses may be exchanged.
    """
    import sympy

    z = symbols()
    term = overlap_set() / sympy.binomial(z.n, z.a)
    exchanged = term.subs({z.a: z.s, z.s: z.a}, simultaneous=True)
    return sympy.combsimp(term / exchanged)


def exact(expression: sympy.Expr, **values: int | sympy.Rational) -> sympy.Rational:
    """The rational value of an expression at integers, or at fractions.

    Parameters
    ----------
    expression : sympy.Expr
        In the symbols of `symbols`.
    **values : int or rational
        One for each symbol, by name. Floats are refused.

    Returns
    -------
    sympy.Rational

    Raises
    ------
    TypeError
        If a value is not rational.
    ValueError
        If symbols are left over, or the value is not a rational number.
    """
    import sympy

    z = vars(symbols())
    given = {}
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, (numbers.Rational, sympy.Rational)):
            raise TypeError(f"{name} must be an integer or a fraction, got {value!r}")
        if name not in z:
            raise ValueError(f"{name} must be one of {', '.join(z)}")
        given[z[name]] = sympy.Rational(value)
    left = expression.free_symbols - set(given)
    if left:
        raise ValueError(f"values must be given for {', '.join(sorted(map(str, left)))} too")
    found = expression.subs(given, simultaneous=True).doit()
    if not found.is_Rational:
        raise ValueError(f"expression must have a rational value, got {found}")
    return found


def forms() -> dict[str, sympy.Expr]:
    """All laws by name, for a notebook or for `sympy.latex`."""
    lower, upper = bonferroni()
    z = symbols()
    return {
        "overlap set": overlap_set(),
        "false positive": false_positive(),
        "false negative": false_negative(),
        "binomial tail": binomial_tail(),
        "any of M segments": any_of(),
        "union mean": union_mean(),
        "union variance": union_variance(),
        "Bloom form": bloom(),
        "leading term": leading_term(),
        "term ratio": term_ratio(),
        "Bonferroni lower": lower,
        "Bonferroni upper": upper,
        "divergence": divergence(z.x, z.q),
        "balanced threshold": balanced_threshold(),
    }
