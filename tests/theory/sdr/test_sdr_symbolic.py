"""Symbolic forms against integers and enumeration, and what sympy derives from them."""

import itertools
import subprocess
import sys
from fractions import Fraction
from math import comb

import pytest
import sympy

from assocmem.theory.sdr import symbolic
from assocmem.theory.sdr.hypergeometric import log_tail
from assocmem.theory.sdr.thresholds import balanced_threshold


def tail(theta, n, a, s):
    ways = sum(comb(s, b) * comb(n - s, a - b) for b in range(theta, min(s, a) + 1))
    return Fraction(ways, comb(n, a))


def as_fraction(value):
    return Fraction(int(value.p), int(value.q))


@pytest.mark.parametrize(
    ("n", "a", "s", "theta"),
    [(10, 3, 4, 2), (10_000, 300, 30, 15), (10_000, 64, 24, 12), (9, 9, 9, 9)],
)
def test_false_positives_in_rationals(n, a, s, theta):
    values = {"n": n, "a": a, "s": s, "theta": theta}
    for form in (symbolic.false_positive(), symbolic.unfactored_false_positive()):
        assert as_fraction(symbolic.exact(form, **values)) == tail(theta, n, a, s)
    logarithm = float(sympy.log(symbolic.exact(symbolic.false_positive(), **values)))
    assert float(log_tail(theta, n, a, s)) == pytest.approx(logarithm, rel=1e-13, abs=1e-300)


def test_sums_of_small_quotients_are_evaluated_wrongly_by_sympy():
    """What the published notebook and two of its figures suffer from."""
    z = symbolic.symbols()
    for (n, a, s, theta), lost in [((10_000, 64, 24, 12), 1.0), ((10_000, 300, 30, 15), 6e-4)]:
        values = {z.n: n, z.a: a, z.s: s, z.theta: theta}
        truth = float(tail(theta, n, a, s))
        wrong = float(symbolic.unfactored_false_positive().subs(values).evalf())
        right = float(symbolic.false_positive().subs(values).evalf())
        assert right == pytest.approx(truth, rel=1e-13)
        if abs(wrong / truth - 1.0) < 1e-6:
            pytest.skip(f"sympy {sympy.__version__} evaluates these sums rightly")
        assert abs(wrong / truth - 1.0) == pytest.approx(lost, rel=0.2)


@pytest.mark.parametrize(
    ("a", "s", "theta", "v"), [(40, 20, 13, 12), (128, 30, 16, 64), (20, 10, 6, 3)]
)
def test_false_negatives_in_rationals(a, s, theta, v):
    found = symbolic.exact(symbolic.false_negative(), a=a, s=s, theta=theta, v=v)
    expected = tail(s - theta + 1, a, v, s) if v > s - theta else Fraction(0)
    assert as_fraction(found) == expected


def test_overlap_sets_by_enumeration_and_their_sum():
    n, a, s = 8, 3, 4
    for b in range(4):
        count = sum(
            len({*active} & set(range(s))) == b for active in itertools.combinations(range(n), a)
        )
        assert symbolic.exact(symbolic.overlap_set(), n=n, a=a, s=s, b=b) == count
    z = symbolic.symbols()
    total = sympy.Sum(symbolic.overlap_set(), (z.b, 0, z.a))
    assert symbolic.exact(total, n=300, a=40, s=25) == comb(300, 40)  # Vandermonde


@pytest.mark.parametrize(("n", "s", "count"), [(5, 2, 1), (5, 2, 3), (4, 3, 2)])
def test_moments_of_unions_by_enumeration(n, s, count):
    sets = list(itertools.combinations(range(n), s))
    sizes = [len(set().union(*some)) for some in itertools.product(sets, repeat=count)]
    mean = Fraction(sum(sizes), len(sizes))
    square = Fraction(sum(u * u for u in sizes), len(sizes))
    values = {"n": n, "s": s, "M": count}
    assert as_fraction(symbolic.exact(symbolic.union_mean(), **values)) == mean
    assert as_fraction(symbolic.exact(symbolic.union_variance(), **values)) == square - mean**2


def test_bloom_form_is_not_the_hypergeometric_one():
    found = float(symbolic.exact(symbolic.bloom(), n=1024, a=20, s=20, M=20))
    assert found == pytest.approx(1.835e-10, rel=3e-4)
    assert float(tail(20, 1024, 20, round(1024 * (1 - (1 - 20 / 1024) ** 20)))) == pytest.approx(
        1.238e-10, rel=0.02
    )


@pytest.mark.parametrize(
    ("n", "a", "s", "theta"), [(4000, 128, 24, 12), (60, 20, 15, 8), (30, 9, 6, 6)]
)
def test_bounds_enclose(n, a, s, theta):
    values = {"n": n, "a": a, "s": s, "theta": theta}
    truth = tail(theta, n, a, s)
    first = as_fraction(symbolic.exact(symbolic.leading_term(), **values))
    ratio = as_fraction(symbolic.exact(symbolic.term_ratio(), **values))
    second = Fraction(comb(s, theta + 1) * comb(n - s, a - theta - 1), comb(n, a))
    assert ratio == second / first
    assert first <= truth <= first / (1 - ratio)
    lower, upper = (as_fraction(symbolic.exact(form, **values)) for form in symbolic.bonferroni())
    assert lower <= truth <= upper
    moment = sum(
        comb(b, theta) * Fraction(comb(s, b) * comb(n - s, a - b), comb(n, a))
        for b in range(theta, min(a, s) + 1)
    )
    assert moment == upper


def test_term_ratio_for_all_arguments():
    z = symbolic.symbols()
    term = symbolic.leading_term()
    ratio = sympy.combsimp(term.subs(z.theta, z.theta + 1) / term)
    assert sympy.simplify(ratio - symbolic.term_ratio()) == 0


def test_activity_and_synapses_exchange_for_all_arguments():
    assert symbolic.exchange_ratio() == 1
    form = symbolic.false_positive()
    for n, a, s, theta in [(5, 1, 2, 1), (8, 3, 4, 2), (8, 5, 2, 0), (8, 5, 4, 3)]:
        assert symbolic.exact(form, n=n, a=a, s=s, theta=theta) == symbolic.exact(
            form, n=n, a=s, s=a, theta=theta
        )


def test_balance_as_sympy_solves_it():
    z = symbolic.symbols()
    found = symbolic.balanced_threshold()
    miss = sympy.log((1 - z.q) / z.eta)
    closed = miss / (sympy.log((1 - z.eta) / z.q) + miss)
    for q, eta in [("0.02", "0.5"), ("0.3", "0.1"), ("1e-9", "0.999")]:
        values = {z.q: sympy.Rational(q), z.eta: sympy.Rational(eta)}
        assert abs((found - closed).subs(values).evalf(50)) < 1e-45
        number = float(found.subs(values).evalf(30))
        assert balanced_threshold(float(q), float(eta), 1).theta == pytest.approx(number, rel=1e-12)


@pytest.mark.parametrize(("s", "theta"), [(1, 1), (4, 2), (6, 5), (8, 3), (5, 0)])
def test_power_law_as_sympy_derives_it(s, theta):
    z = symbolic.symbols()
    falling = sympy.prod([z.a - i for i in range(theta)], sympy.Integer(1))
    assert sympy.expand(symbolic.large_n(s, theta) - comb(s, theta) * falling) == 0


@pytest.mark.parametrize(("s", "theta"), [(1, 1), (4, 2), (6, 5), (5, 0)])
def test_floor_as_sympy_derives_it(s, theta):
    z = symbolic.symbols()
    floor = symbolic.binomial_tail().subs({z.m: s, z.theta: theta, z.p: z.q}).doit()
    assert sympy.expand(symbolic.fixed_sparsity(s, theta) - floor) == 0


def test_rational_function_is_the_law():
    form = symbolic.rational_false_positive(6, 3)
    for n, a in [(20, 7), (300, 40), (8, 3)]:
        assert as_fraction(symbolic.exact(form, n=n, a=a)) == tail(3, n, a, 6)


def test_any_of_and_binomial_tail():
    assert symbolic.exact(symbolic.any_of(), p=sympy.Rational(1, 3), M=2) == sympy.Rational(5, 9)
    found = symbolic.exact(symbolic.binomial_tail(), m=3, p=Fraction(1, 2), theta=2)
    assert found == sympy.Rational(1, 2)


def test_every_form_prints():
    forms = symbolic.forms()
    assert len(forms) == 14
    for form in forms.values():
        assert "\\" in sympy.latex(form)
    assert r"{\binom{s}{b}}" in sympy.latex(forms["overlap set"])


def test_exact_refuses_what_it_cannot_do():
    form = symbolic.false_positive()
    with pytest.raises(TypeError, match="n must be an integer or a fraction"):
        symbolic.exact(form, n=10.0, a=3, s=4, theta=2)
    with pytest.raises(ValueError, match="given for s, theta"):
        symbolic.exact(form, n=10, a=3)
    with pytest.raises(ValueError, match="w must be one of"):
        symbolic.exact(form, n=10, a=3, s=4, theta=2, w=1)
    with pytest.raises(ValueError, match="rational value"):
        symbolic.exact(sympy.log(symbolic.symbols().n), n=2)
    with pytest.raises(ValueError, match="theta must"):
        symbolic.large_n(3, 4)


def test_sympy_is_imported_only_when_used():
    code = "import sys, assocmem.theory.sdr.symbolic; sys.exit('sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
