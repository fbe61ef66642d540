"""Many segments and populations: exact rationals, lists of tiny systems, simulation."""

from fractions import Fraction
from itertools import combinations, product
from math import comb, inf, log, log1p

import mpmath
import numpy as np
import pytest
from scipy import stats

from assocmem.dendrites.detector import Detector, Population
from assocmem.sdr.activity import Uniform
from assocmem.sdr.noise import Drop, Kill, Replace, Swap
from assocmem.theory.sdr import many, populations, single, unions
from assocmem.theory.sdr.detection import predict
from assocmem.theory.sdr.probability import Probability


@pytest.mark.parametrize("m", [0, 1, 2, 500, 10**4])
@pytest.mark.parametrize("p", [0.0, 1e-18, 1e-9, 2.88e-4, 0.3, 0.999, 1.0])
def test_any_of_against_digits(p, m):
    with mpmath.workdps(60):
        exact = 1 - (1 - mpmath.mpf(p)) ** m
        decades = mpmath.log10(exact) if exact else -mpmath.inf
    found = many.any_of(p, m)
    assert found.value == pytest.approx(float(exact), rel=1e-14, abs=0)
    assert found.log10 == pytest.approx(float(decades), abs=1e-14)


def test_any_of_at_extremes():
    deep = single.fp(10**6, 400, 300, 300)  # 1e-1090
    assert deep.value == 0.0
    found = many.any_of(deep, 1e200)
    assert found.log10 == pytest.approx(deep.log10 + 200.0, rel=1e-15)
    small = Probability.of_log(-800.0 * log(10.0) / 2.0)  # 1e-400
    # m P = 1 where neither of them is a double's: 1 - 1/e.
    many_times = [many.any_of(Probability.of_log(np.log(1e-305)), x).value for x in (1e305, 1e307)]
    assert many_times == pytest.approx([-np.expm1(-1.0), -np.expm1(-100.0)], rel=1e-12)
    assert many.any_of(small, 1e300).log10 == pytest.approx(-100.0, rel=1e-13)
    assert many.any_of(1e-300, 1e10).log10 == pytest.approx(-290.0, rel=1e-15)
    assert many.any_of(0.5, 1e9).value == 1.0
    # Between where doubles of P end and not, nothing jumps.
    ladder = many.any_of(Probability.of_log(np.linspace(-720.0, -600.0, 1201)), 1e280)
    steps = np.diff(ladder.log10)
    np.testing.assert_allclose(steps[:300], 0.1 / log(10.0), rtol=1e-9)
    assert np.all(steps >= 0.0) and ladder.value[-1] == 1.0


def test_a_million_segments():
    # Not "better than 1 in a billion" as the paper has it.
    found = many.any_of(single.fp(10_000, 300, 30, 15), 10**6)
    assert found.value == pytest.approx(1.0492e-9, rel=1e-4)
    # n = 100, w = 7, 500 patterns: the bound 0.1447, (5) 0.1347.
    one = single.fp(100, 7, 7, 4)
    assert 500 * one.value == pytest.approx(0.1447, abs=5e-5)
    assert many.any_of(one, 500).value == pytest.approx(0.1347, abs=5e-5)


def test_any_of_bounds_hold():
    rng = np.random.default_rng(21)
    p = 10.0 ** -rng.uniform(0, 30, 2000)
    m = np.floor(10.0 ** rng.uniform(0, 20, 2000))
    found = many.any_of_bounds(p, m)
    assert np.all(found.contains(many.any_of(p, m)))
    tight = p * m < 1e-3
    assert tight.sum() > 500 and np.all(found.width[tight] < 1e-3)
    deep = many.any_of_bounds(single.fp(10**6, 400, 300, 300), 1e9)
    assert deep.width < 1e-11 and deep.contains(many.any_of(single.fp(10**6, 400, 300, 300), 1e9))


def test_capacity_is_the_largest():
    rng = np.random.default_rng(22)
    for _ in range(200):
        p, budget = float(10.0 ** -rng.uniform(0.1, 4)), float(10.0 ** -rng.uniform(0, 6))
        most = int(many.capacity(p, budget))
        keep = 1 - Fraction(p)
        assert 1 - keep**most <= Fraction(budget) < 1 - keep ** (most + 1)
    # 1 - (1 - 1/2)^3 = 7/8 is met exactly.
    assert many.capacity(0.5, 0.875) == 3.0
    assert many.capacity(0.0, 0.1) == inf and many.capacity(0.3, 0.0) == 0.0
    assert many.capacity(single.fp(10_000, 300, 30, 15), 1e-9) == 953_114.0
    deep = Probability.of_log(-320.0 * log(10.0))
    assert many.capacity(deep, 1e-15) == pytest.approx(1e305, rel=1e-12)
    assert many.capacity(deep, 1e-9) == inf


def tail(m, p, r):
    return sum(comb(m, j) * p**j * (1 - p) ** (m - j) for j in range(max(r, 0), m + 1))


def test_independent_populations_against_fractions():
    for n_neurons in (1, 3, 20):
        for r in range(1, n_neurons + 1):
            for x in (0.0, 1e-9, 0.03, 0.4, 0.97, 1.0):
                exact = tail(n_neurons, Fraction(x), r)
                found = many.population_false_alarm(n_neurons, x, r).value
                assert found == pytest.approx(float(exact), rel=1e-13, abs=0)
                exact = 1 - tail(n_neurons, 1 - Fraction(x), r)
                found = many.population_miss(n_neurons, x, r).value
                assert found == pytest.approx(float(exact), rel=1e-13, abs=0)
    deep = many.population_false_alarm(100, single.fp(10**6, 400, 300, 300), 3)
    one = single.fp(10**6, 400, 300, 300).log10
    assert deep.log10 == pytest.approx(3 * one + np.log10(comb(100, 3)), rel=1e-14)


def exact_shared(n, a, s, theta, n_neurons, r):
    """Average over all activities, of neurons that draw their synapses from the same pattern."""
    total = Fraction(0)
    for overlap in range(max(0, 2 * a - n), a + 1):
        weight = Fraction(comb(a, overlap) * comb(n - a, a - overlap), comb(n, a))
        ways = sum(comb(overlap, b) * comb(a - overlap, s - b) for b in range(max(theta, 0), s + 1))
        total += weight * tail(n_neurons, Fraction(ways, comb(a, s)), r)
    return total


def test_shared_false_alarms_against_fractions():
    for case in ((30, 10, 6, 4, 5, 2), (60, 12, 8, 6, 7, 4), (200, 20, 10, 8, 4, 4)):
        exact = exact_shared(*case)
        found = populations.population_false_alarm_shared(*case)
        assert found.value == pytest.approx(float(exact), rel=1e-12, abs=0), case
    one = populations.population_false_alarm_shared(2000, 40, 20, np.arange(0, 22), 1, 1)
    np.testing.assert_allclose(
        one.log10, single.fp(2000, 40, 20, np.arange(0, 22)).log10, atol=1e-12
    )


def test_shared_false_alarms_against_a_list_of_everything():
    # Each neuron's set of synapses of the pattern 0, 1, 2, 3, all activities: no formula at all.
    n, a, s, n_neurons = 8, 4, 3, 2
    choices = [frozenset(x) for x in combinations(range(a), s)]
    activities = [frozenset(x) for x in combinations(range(n), a)]
    for theta in range(1, 4):
        for r in (1, 2):
            hits = sum(
                sum(len(d & active) >= theta for d in neurons) >= r
                for neurons in product(choices, repeat=n_neurons)
                for active in activities
            )
            exact = Fraction(hits, len(choices) ** n_neurons * len(activities))
            found = populations.population_false_alarm_shared(n, a, s, theta, n_neurons, r)
            assert found.value == pytest.approx(float(exact), rel=1e-13, abs=0)


def test_what_independence_costs():
    case = (2000, 40, 20, 8)
    one = single.fp(*case)
    for r, sign in ((1, -1), (2, 1), (5, 1)):
        shared = populations.population_false_alarm_shared(*case, 10, r)
        alone = many.population_false_alarm(10, one, r)
        assert np.sign(shared.log10 - alone.log10) == sign
    # Two of ten neurons: 2.8e-10, where independent ones would do 7.6e-17.
    shared = populations.population_false_alarm_shared(*case, 10, 2)
    exact = exact_shared(*case, 10, 2)
    assert shared.value == pytest.approx(float(exact), rel=1e-12)
    assert shared.log10 - many.population_false_alarm(10, one, 2).log10 > 6.0


@pytest.mark.parametrize("convention", ["drop", "replace"])
def test_misses_are_independent_where_the_number_of_lost_bits_is_fixed(convention):
    v = np.arange(0, 41, 4)
    shared = populations.population_miss_shared(2000, 40, 20, 8, v, 10, 4, convention)
    alone = many.population_miss(10, single.fn_drop(40, 20, 8, v), 4)
    np.testing.assert_allclose(shared.log10, alone.log10, rtol=1e-12, atol=1e-12)
    # Proof by listing: two neurons, every loss of 2 of 4 bits.
    choices = [frozenset(x) for x in combinations(range(4), 3)]
    kept = [frozenset(x) for x in combinations(range(4), 2)]
    both = sum(len(d & x) < 2 and len(e & x) < 2 for d in choices for e in choices for x in kept)
    exact = Fraction(both, len(choices) ** 2 * len(kept))
    found = populations.population_miss_shared(9, 4, 3, 2, 2, 2, 1, convention)
    assert found.value == pytest.approx(float(exact), rel=1e-13)


def test_misses_come_together_where_the_number_of_lost_bits_is_random():
    n, a, s, theta, n_neurons, r = 300, 20, 10, 6, 8, 3
    for convention, v in (("swap", 8), ("kill", 100)):
        exact = Fraction(0)
        if convention == "swap":
            total = comb(n - a + v, v)
            laws = [
                (v - back, Fraction(comb(v, back) * comb(n - a, v - back), total))
                for back in range(v + 1)
            ]
        else:
            total = comb(n, v)
            laws = [(d, Fraction(comb(a, d) * comb(n - a, v - d), total)) for d in range(a + 1)]
        for lost, weight in laws:
            ways = sum(
                comb(s, b) * comb(a - s, lost - b) for b in range(s - theta + 1, min(s, lost) + 1)
            )
            exact += weight * (1 - tail(n_neurons, 1 - Fraction(ways, comb(a, lost)), r))
        found = populations.population_miss_shared(n, a, s, theta, v, n_neurons, r, convention)
        assert found.value == pytest.approx(float(exact), rel=1e-12)
        alone = many.population_miss(
            n_neurons, unions.union_fn(n, a, s, theta, 1, v, convention), r
        )
        assert found.value > 1.3 * alone.value


def test_one_neuron_with_several_segments():
    n, a, s, theta, m, k, p = 600, 30, 15, 7, 3, 5, 0.9
    found = populations.population_false_alarm_shared(n, a, s, theta, 1, 1, m=m, n_segments=k, p=p)
    exact = many.any_of(unions.union_fp(n, a, s, theta, m, p), k)
    assert found.log10 == pytest.approx(exact.log10, abs=1e-12)
    found = populations.population_miss_shared(
        n, a, s, theta, 12, 1, 1, "replace", m=m, n_segments=k, p=p
    )
    others = 1.0 - many.any_of(unions.union_fp(n, a, s, theta, m, p), k - 1).value
    exact = unions.union_fn(n, a, s, theta, m, 12, "replace", p).value * others
    assert found.value == pytest.approx(exact, rel=1e-12)
    # With fewer active cells the other segments fire less often.
    found = populations.population_miss_shared(
        n, a, s, theta, 12, 1, 1, "drop", m=m, n_segments=k, p=p
    )
    others = 1.0 - many.any_of(unions.union_fp(n, a - 12, s, theta, m, p), k - 1).value
    exact = unions.union_fn(n, a, s, theta, m, 12, "drop", p).value * others
    assert found.value == pytest.approx(exact, rel=1e-12)


def test_populations_against_simulation():
    # Two binomial tests at 1e-4 each.
    n, a, s, theta, m, k, n_neurons, r, v = 60, 15, 8, 6, 2, 2, 10, 5, 25
    rng = np.random.default_rng(23)
    trials, alarms, misses = 4000, 0, 0
    for _ in range(trials):
        pattern = rng.permutation(n)[:a]
        segments = np.zeros((n_neurons, k, n), bool)
        for i in range(n_neurons):
            segments[i, 0, rng.choice(pattern, s, replace=False)] = True
            for j in range(k):
                for _ in range(m - (j == 0)):
                    segments[i, j, rng.permutation(n)[:s]] = True
        fresh = np.zeros(n, bool)
        fresh[rng.permutation(n)[:a]] = True
        old = np.zeros(n, bool)
        old[pattern] = True
        old[rng.permutation(n)[:v]] = False
        fires = [((segments & x).sum(axis=2) >= theta).any(axis=1).sum() for x in (fresh, old)]
        alarms += fires[0] >= r
        misses += fires[1] < r
    options = {"m": m, "n_segments": k}
    alarm = populations.population_false_alarm_shared(n, a, s, theta, n_neurons, r, **options)
    miss = populations.population_miss_shared(n, a, s, theta, v, n_neurons, r, "kill", **options)
    assert 0.02 < alarm.value < 0.98 and 0.02 < miss.value < 0.98
    assert stats.binomtest(int(alarms), trials, alarm.value).pvalue > 1e-4
    assert stats.binomtest(int(misses), trials, miss.value).pvalue > 1e-4
    # Independent neurons would be told apart.
    one = many.any_of(unions.union_fp(n, a, s, theta, m), k)
    alone = many.population_false_alarm(n_neurons, one, r)
    assert stats.binomtest(int(alarms), trials, alone.value).pvalue < 1e-6


@pytest.mark.parametrize(
    "case",
    [(2000, 40, 20, 8, 1, 1, 1.0), (2000, 40, 20, 8, 3, 2, 0.9), (300, 30, 12, 7, 4, 1, 0.8)],
)
@pytest.mark.parametrize(
    "noise", [Drop(15), Replace(15), Swap(15), Kill(100)], ids=lambda x: type(x).__name__
)
def test_formulas_against_the_prediction_of_models(case, noise):
    # `predict` takes another way, over laws of overlaps, and shares no code with these.
    n, a, s, theta, m, k, p = case
    detector = Detector(Uniform(n, a), s, theta, m, k, noise, p)
    convention = type(noise).__name__.lower()
    lost = noise.cells if convention == "kill" else noise.bits
    options = {"m": m, "n_segments": k, "p": p}
    for model, n_neurons, r in ((detector, 1, 1), (Population(detector, 7, 3), 7, 3)):
        alarm = populations.population_false_alarm_shared(n, a, s, theta, n_neurons, r, **options)
        miss = populations.population_miss_shared(
            n, a, s, theta, lost, n_neurons, r, convention, **options
        )
        known = predict(model)
        assert alarm.log10 == pytest.approx(known["false_positive"].log10, abs=4e-13)
        assert miss.log10 == pytest.approx(known["false_negative"].log10, abs=4e-13)


def test_variable_activity_makes_the_formula_a_bound():
    # Sizes 5 or 15 of 60 with equal chance: events are positively associated (Jensen).
    sizes = single.fp(60, np.array([5, 15]), 8, 4)
    true = many.any_of(sizes, 20).value.mean()
    assert true < many.any_of(sizes.value.mean(), 20).value * 0.9
    assert log1p(-true) > 20 * log1p(-sizes.value.mean())


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: many.any_of(1.2, 3), r"probability must be in \[0, 1\]"),
        (lambda: many.any_of(0.2, -1), "m must be in"),
        (lambda: many.any_of(0.2, inf), "m must be in"),
        (lambda: many.capacity(0.2, 1.0), "budget must be in"),
        (lambda: many.population_miss(5, 0.1, 6), r"quorum must be an integer in \[1, 5\], got 6"),
        (lambda: many.population_false_alarm(5, 0.1, 0), "quorum must be an integer"),
        (lambda: many.population_false_alarm(0, 0.1, 1), "n_neurons must be an integer"),
        (
            lambda: populations.population_false_alarm_shared(50, 10, 11, 3, 5, 2),
            "s must be an integer",
        ),
        (
            lambda: populations.population_miss_shared(15, 10, 5, 3, 6, 5, 2, "replace"),
            r"v must be an integer in \[0, 5\]",
        ),
        (
            lambda: populations.population_miss_shared(15, 10, 5, 3, 6, 5, 2, "none"),
            "convention must be one of",
        ),
    ],
)
def test_refuses(call, words):
    with pytest.raises(ValueError, match=words):
        call()
