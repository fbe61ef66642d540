"""Rare events of detection: unbiased at any depth, with honest errors."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from assocmem.dendrites._coded import coded
from assocmem.dendrites.detector import Detector, Population
from assocmem.dendrites.rare import Particles, importance, splitting
from assocmem.dendrites.trials import simulate
from assocmem.estimates import Counted, Replicated
from assocmem.sdr.activity import Bernoulli, Clustered, UnequalRates, Uniform
from assocmem.sdr.noise import Drop, Kill, Replace, Swap

# Probability that a right simulation fails one comparison. Seeds are fixed.
FALSE_ALARM = 1e-5
SLOW = pytest.mark.slow


def mass(n, a, s, b):
    """Pr[Hyp(n, a, s) = b]."""
    if b < 0 or b > min(s, a) or a - b > n - s:
        return Fraction(0)
    return Fraction(math.comb(s, b) * math.comb(n - s, a - b), math.comb(n, a))


def tail(n, a, s, least):
    """Pr[Hyp(n, a, s) >= least]."""
    return sum((mass(n, a, s, b) for b in range(max(least, 0), min(s, a) + 1)), Fraction(0))


def binomial_tail(number, chance, least):
    """Pr[Bin(number, chance) >= least]."""
    return sum(
        math.comb(number, k) * chance**k * (1 - chance) ** (number - k)
        for k in range(max(least, 0), number + 1)
    )


def union_false_positive(n, a, s, theta, number):
    """Equation (7): the law of the union's size by recursion."""
    law = {0: Fraction(1)}
    for _ in range(number):
        more = {}
        for size, chance in law.items():
            for shared in range(min(s, size) + 1):
                factor = mass(n, size, s, shared)
                if factor:
                    grown = size + s - shared
                    more[grown] = more.get(grown, 0) + chance * factor
        law = more
    return sum(chance * tail(n, a, size, theta) for size, chance in law.items())


def agrees(estimate, exact, at_most=0.05):
    """Student's test of independent estimates, which must be sharp, or a binomial one of trials."""
    exact = float(exact)
    if isinstance(estimate, Counted):
        return stats.binomtest(estimate.successes, estimate.trials, exact).pvalue > FALSE_ALARM
    assert isinstance(estimate, Replicated)
    assert len(estimate.values) >= 16
    assert estimate.error < at_most * estimate.mean
    return stats.ttest_1samp(estimate.values, exact).pvalue > FALSE_ALARM


POINTS = [
    (900, 128, 24, 12),
    (4000, 128, 24, 12),
    (10_000, 300, 30, 15),
    (2048, 40, 20, 13),
    (200_000, 2000, 10, 10),
    (20_000, 40, 40, 20),
]


@pytest.mark.parametrize("point", POINTS)
def test_false_positives_by_importance(point):
    n, a, s, theta = point
    found = simulate(Detector(Uniform(n, a), s, theta), trials=100_000, seed=1)["false_positive"]
    assert found.method == "importance sampling"
    assert agrees(found, tail(*point), 0.02)


@pytest.mark.parametrize("point", POINTS[1:4])
def test_false_positives_by_splitting(point):
    n, a, s, theta = point
    model = Detector(Uniform(n, a), s, theta)
    found = splitting(coded(model), False, trials=60_000, seed=2)
    assert found.method == "splitting"
    assert agrees(found, tail(*point), 0.06)


def test_wrong_probability_is_found_out():
    # The comparison has power: 20 % off at 1e-12 does not pass either method.
    exact = float(tail(4000, 128, 24, 12))
    assert 1.3e-12 < exact < 1.4e-12
    code = coded(Detector(Uniform(4000, 128), 24, 12))
    for found in (
        importance(code, trials=100_000, seed=3),
        splitting(code, False, trials=250_000, seed=3),
    ):
        assert agrees(found, exact)
        assert not agrees(found, 1.2 * exact)
        assert not agrees(found, 0.8 * exact)


@pytest.mark.parametrize(
    ("noise", "exact"),
    [
        (Drop(60), tail(300, 60, 30, 30 - 11)),
        (Replace(60), tail(300, 60, 30, 30 - 11)),
        (Kill(1500), tail(10_000, 1500, 30, 30 - 11)),
        (
            Swap(200),
            # 400 cells, of which 300 are active: most of those silenced come back.
            None,
        ),
    ],
    ids=repr,
)
def test_false_negatives(noise, exact):
    n, a, s, theta = 10_000, 300, 30, 12
    if isinstance(noise, Swap):
        n, a, v = 400, 300, 200
        exact = sum(
            mass(n - a + v, v, v, back) * tail(a, v - back, s, s - theta + 1)
            for back in range(v + 1)
        )
    assert exact < 1e-6
    model = Detector(Uniform(n, a), s, theta, noise=noise)
    found = simulate(model, trials=60_000, seed=4)["false_negative"]
    assert found.method == "splitting"
    assert agrees(found, exact)


def test_transmission():
    # Equation (4), in both directions, and without noise.
    n, a, s, theta, p, v = 4000, 128, 24, 12, Fraction(9, 10), 16
    positive = sum(mass(n, a, s, b) * binomial_tail(b, p, theta) for b in range(s + 1))
    negative = sum(
        mass(a, v, s, lost) * (1 - binomial_tail(s - lost, p, theta)) for lost in range(s + 1)
    )
    model = Detector(Uniform(n, a), s, theta, noise=Drop(v), transmission=float(p))
    found = simulate(model, trials=60_000, seed=5)
    assert negative < 1e-2
    assert agrees(found["false_positive"], positive)
    assert agrees(found["false_negative"], negative)
    split = splitting(coded(model), False, trials=60_000, seed=5)
    assert agrees(split, positive, 0.08)
    quiet = Detector(Uniform(n, a), s, theta, transmission=float(p))
    found = simulate(quiet, trials=60_000, seed=6)["false_negative"]
    assert found.method == "splitting"
    assert agrees(found, 1 - binomial_tail(s, p, theta))


@pytest.mark.slow
def test_unions():
    n, a, s, theta, number = 20_000, 200, 25, 15, 8
    exact = union_false_positive(n, a, s, theta, number)
    assert 1e-10 < exact < 1e-8
    code = coded(Detector(Uniform(n, a), s, theta, n_patterns=number))
    assert agrees(importance(code, trials=60_000, seed=7), exact)
    assert agrees(splitting(code, False, trials=60_000, seed=7), exact, 0.1)


def test_dense_unions():
    # Where patterns share many cells, so that a wrong count of shared ones shows.
    n, a, s, theta, number = 120, 20, 15, 19, 5
    exact = union_false_positive(n, a, s, theta, number)
    assert 1e-6 < exact < 1e-3
    code = coded(Detector(Uniform(n, a), s, theta, n_patterns=number))
    assert agrees(importance(code, trials=200_000, seed=8), exact)
    assert agrees(splitting(code, False, trials=60_000, seed=8), exact)


def test_segments():
    n, a, s, theta, number = 2000, 100, 20, 10, 50
    exact = 1 - (1 - tail(n, a, s, theta)) ** number
    code = coded(Detector(Uniform(n, a), s, theta, n_segments=number))
    assert agrees(importance(code, trials=100_000, seed=9), exact)
    assert agrees(splitting(code, False, trials=60_000, seed=9), exact)


def test_segments_on_a_missed_pattern():
    # Others may fire on the noisy pattern by chance, with a probability that is not small here.
    n, a, s, theta, number, v = 300, 60, 20, 7, 8, 25
    silent = 1 - tail(n, a, s, theta)
    exact = tail(a, v, s, s - theta + 1) * silent ** (number - 1)
    assert exact < 1e-2
    assert silent < 0.95
    model = Detector(Uniform(n, a), s, theta, n_segments=number, noise=Replace(v))
    found = splitting(coded(model), True, trials=60_000, seed=10)
    assert agrees(found, exact)


def test_bernoulli():
    n, q, s, theta = 10_000, 0.03, 30, 15
    exact = binomial_tail(s, Fraction(q), theta)
    code = coded(Detector(Bernoulli(n, q), s, theta))
    assert agrees(importance(code, trials=60_000, seed=11), exact)
    assert agrees(splitting(code, False, trials=60_000, seed=11), exact, 0.08)
    kill = Detector(Bernoulli(n, q), s, theta, noise=Kill(1500))
    missed = tail(n, 1500, s, s - theta + 1)
    assert agrees(splitting(coded(kill), True, trials=60_000, seed=12), missed)


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(Detector(UnequalRates(2000, 0.03, 0.5), 20, 10), marks=SLOW),
        Detector(UnequalRates(2000, 0.05, 1.0), 12, 10, transmission=0.9),
        pytest.param(
            Detector(UnequalRates(400, 0.1, 0.5), 10, 10, n_patterns=2), marks=pytest.mark.slow
        ),
        pytest.param(Detector(UnequalRates(500, 0.06, 0.5), 10, 8, n_segments=4), marks=SLOW),
    ],
    ids=repr,
)
def test_two_methods_agree_where_rates_differ(model):
    code = coded(model)
    one = importance(code, trials=200_000, seed=13)
    two = splitting(code, False, trials=100_000, seed=13)
    assert one.mean < 1e-3
    assert one.error < 0.05 * one.mean
    assert two.error < 0.1 * two.mean
    assert stats.ttest_ind(one.values, two.values, equal_var=False).pvalue > FALSE_ALARM


@pytest.mark.parametrize(
    "model",
    [
        Detector(Clustered(400, 40, 4, 1.0), 20, 11),
        Detector(Clustered(400, 40, 8, 0.5), 20, 10),
        Detector(Clustered(400, 40, 4, 0.8), 12, 12, n_patterns=3),
        pytest.param(
            Detector(Clustered(400, 40, 5, 0.6), 20, 10, n_segments=5, transmission=0.9),
            marks=pytest.mark.slow,
        ),
        pytest.param(
            Population(Detector(Clustered(400, 40, 4, 0.7), 16, 7), 4, 3), marks=pytest.mark.slow
        ),
        pytest.param(
            Population(Detector(Uniform(400, 40), 16, 6, n_segments=3), 5, 3),
            marks=pytest.mark.slow,
        ),
        pytest.param(
            Population(Detector(Bernoulli(300, 0.1), 12, 7, n_patterns=2), 4, 2),
            marks=pytest.mark.slow,
        ),
        Population(Detector(UnequalRates(300, 0.1, 0.7), 12, 6), 3, 2),
    ],
    ids=repr,
)
def test_splitting_agrees_with_trials(model):
    counted = simulate(model, trials=400_000, seed=14, method="trials")["false_positive"]
    assert 30 < counted.successes < 8000
    found = splitting(coded(model), False, trials=40_000, seed=14)
    # Their difference, with the errors of both: at most 4.4 standard errors (1e-5).
    error = math.hypot(counted.error, found.error)
    assert found.error < 0.1 * found.mean
    assert abs(counted.mean - found.mean) < stats.t(31).isf(FALSE_ALARM / 2) * error


@pytest.mark.slow
def test_populations():
    # False positives of neurons that store one pattern are tied by its overlap with what is shown.
    n, a, s, theta, v, number, quorum = 2000, 64, 20, 10, 20, 8, 3
    positive = sum(
        mass(n, a, a, shared) * binomial_tail(number, tail(a, shared, s, theta), quorum)
        for shared in range(theta, a + 1)
    )
    negative = 1 - binomial_tail(number, 1 - tail(a, v, s, s - theta + 1), quorum)
    assert positive < 1e-12
    assert negative < 1e-9
    model = Population(Detector(Uniform(n, a), s, theta, noise=Replace(v)), number, quorum)
    found = simulate(model, trials=40_000, seed=15)
    assert agrees(found["false_positive"], positive, 0.1)
    assert agrees(found["false_negative"], negative, 0.1)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["importance", "splitting"])
def test_errors_are_honest(method):
    # Student's t of 60 runs with few particles is distributed as it should be.
    point = (4000, 128, 24, 12)
    exact = float(tail(*point))
    code = coded(Detector(Uniform(4000, 128), 24, 12))
    run = {
        "importance": lambda seed: importance(code, trials=10_000, seed=seed),
        "splitting": lambda seed: splitting(code, False, trials=1, seed=seed),
    }[method]
    found = [run(seed) for seed in range(60)]
    scores = [(each.mean - exact) / each.error for each in found]
    assert stats.kstest(scores, stats.t(len(found[0].values) - 1).cdf).pvalue > FALSE_ALARM
    # All of them together: the mean to a percent or so.
    pooled = np.concatenate([each.values for each in found])
    assert agrees(Replicated(pooled), exact, 0.02)
    assert not agrees(Replicated(pooled), 1.1 * exact, 0.02)


def test_moves_leave_the_law_of_shared_patterns():
    """All sets of 6 cells with unequal rates, by chi-squared: false alarm 1e-6."""
    law = UnequalRates(6, 0.5, 0.6)
    particles = Particles(coded(Population(Detector(law, 2, 1), 2, 1)), False, 40_000, 3)
    rows, numbers = particles._rows[3:5]
    before = rows.copy()
    particles.move(0.0, 200)
    listed = np.arange(rows.shape[1]) < numbers[:, :1]
    found = np.bincount(np.sum((1 << rows) * listed, axis=1), minlength=64)
    held = (np.arange(64)[:, None] >> np.arange(6)) & 1
    weights = np.prod(np.where(held, law.rates, 1.0 - law.rates), axis=1) * (held.sum(axis=1) >= 2)
    exact = weights / weights.sum() * particles.count
    assert np.all(found[exact == 0.0] == 0)
    often = exact > 20.0
    found, exact = (np.append(x[often], x[~often].sum()) for x in (found, exact))
    assert stats.chisquare(found, exact).pvalue > 1e-6
    assert np.mean(np.any((rows != before) & listed, axis=1)) > 0.1  # and they do move


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize(
    "model",
    [
        Detector(UnequalRates(30, 0.3, 0.8), 6, 5, n_patterns=2, noise=Kill(9), transmission=0.8),
        Detector(UnequalRates(30, 0.3, 0.8), 6, 5, noise=Kill(9)),
        Detector(Uniform(30, 9), 6, 5, n_patterns=2, noise=Swap(5), transmission=0.8),
        Detector(Clustered(30, 14, 4, 0.6), 6, 5, n_patterns=2, noise=Replace(5)),
        Population(Detector(Bernoulli(30, 0.3), 6, 5, n_segments=2, noise=Kill(9)), 3, 2),
        Population(Detector(Clustered(30, 14, 4, 0.6), 6, 5, noise=Swap(5)), 3, 2),
    ],
    ids=repr,
)
def test_moves_taken_back_leave_no_trace(model, lost):
    """Scores that moves kept up to date, most of them rejected, are those counted anew."""
    particles = Particles(coded(model), lost, 300, 4)
    before = particles.scores.copy()
    particles.move(3.0, 300)
    kept = particles.scores.copy()
    particles.move(0.0, 0)
    np.testing.assert_array_equal(particles.scores, kept)
    assert kept.mean() > before.mean()


def test_selection_is_in_proportion():
    """Copies of three particles over 2000 draws, 5 standard errors; the mean weight exactly."""
    code = coded(Detector(Uniform(10, 4), 2, 2))
    weights = np.exp(0.5 * np.array([0.0, 2.0, 5.0]))
    copies = np.empty((2000, 3))
    for k in range(len(copies)):
        particles = Particles(code, False, 3, k)
        particles.scores[:] = 0, 2, 5
        assert particles.select(0.5) == pytest.approx(math.log(weights.mean()), rel=1e-12)
        copies[k] = [np.sum(particles.scores == score) for score in (0, 2, 5)]
    errors = copies.std(axis=0) / math.sqrt(len(copies))
    assert np.all(abs(copies.mean(axis=0) - 3.0 * weights / weights.sum()) < 5.0 * errors)


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("quorum", [1, 2, 3])
def test_largest_score_is_the_event_of_a_population(quorum, lost):
    """Particles as they are drawn, beside plain trials: both binomial, false alarm 1e-5."""
    one = Detector(Uniform(30, 10), 6, 3, noise=Drop(4), transmission=0.9)
    model = Population(one, 3, quorum)
    particles = Particles(coded(model), lost, 20_000, 5)
    name = "false_negative" if lost else "false_positive"
    found = simulate(model, trials=20_000, seed=6, method="trials", only=name)[name]
    reached = round(particles.judge() * particles.count)
    assert 20 < found.successes < 19_980
    table = [[reached, particles.count - reached], [found.successes, 20_000 - found.successes]]
    assert stats.fisher_exact(table).pvalue > FALSE_ALARM


def test_other_segments_share_a_false_positive():
    """Each of 4 segments may be the first to fire; 5 standard errors, values from 0 to 4."""
    n, a, s, theta, number, count = 30, 10, 6, 3, 4, 20_000
    exact = float(1 - (1 - tail(n, a, s, theta)) ** number)
    model = Detector(Uniform(n, a), s, theta, n_segments=number)
    found = Particles(coded(model), False, count, 7).judge()
    assert abs(found - exact) < 5.0 * math.sqrt(number * exact / count)
