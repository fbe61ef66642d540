"""Plain trials of detectors against sums over everything that may be drawn."""

import functools
import itertools
import math
from collections import defaultdict
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from assocmem.dendrites.detector import Detector, Population
from assocmem.dendrites.trials import simulate
from assocmem.estimates import Counted, Replicated
from assocmem.sdr.activity import Bernoulli, Clustered, UnequalRates, Uniform
from assocmem.sdr.noise import Drop, Kill, Replace, Swap

# Probability that a right simulation fails one comparison. Seeds are fixed.
FALSE_ALARM = 1e-6


def activities(law):
    """Every activity of a law with its probability, from the definition of the law."""
    cells = range(law.n)
    found = defaultdict(float)
    if isinstance(law, Uniform):
        for on in itertools.combinations(cells, law.a):
            found[frozenset(on)] += 1.0 / math.comb(law.n, law.a)
    elif isinstance(law, Clustered):
        for chosen in itertools.combinations(range(law.n_clusters), law.n_whole):
            whole = {c * law.size + i for c in chosen for i in range(law.size)}
            rest = [c for c in cells if c not in whole]
            ways = math.comb(law.n_clusters, law.n_whole) * math.comb(len(rest), law.n_loose)
            for loose in itertools.combinations(rest, law.n_loose):
                found[frozenset(whole | set(loose))] += 1.0 / ways
    else:
        for bits in itertools.product((0, 1), repeat=law.n):
            chance = math.prod(q if b else 1.0 - q for b, q in zip(bits, law.rates, strict=True))
            found[frozenset(c for c in cells if bits[c])] += chance
    return found


def sub_samples(pattern, s):
    """Every set of s cells of a pattern, all equally likely."""
    ways = math.comb(len(pattern), s)
    return {frozenset(d): 1.0 / ways for d in itertools.combinations(sorted(pattern), s)}


def presented(pattern, noise, n):
    """Every noisy version of a pattern with its probability."""
    found = defaultdict(float)
    cells = set(range(n))
    if isinstance(noise, Kill):
        for dead in itertools.combinations(range(n), noise.cells):
            found[pattern - set(dead)] += 1.0 / math.comb(n, noise.cells)
        return found
    v = noise.bits
    for lost in itertools.combinations(sorted(pattern), v):
        kept = pattern - set(lost)
        chance = 1.0 / math.comb(len(pattern), v)
        if isinstance(noise, Drop):
            found[kept] += chance
            continue
        open_to = cells - (pattern if isinstance(noise, Replace) else kept)
        for new in itertools.combinations(sorted(open_to), v):
            found[kept | set(new)] += chance / math.comb(len(open_to), v)
    return found


def unions(parts):
    """Law of the union of independent random sets."""
    found = {frozenset(): 1.0}
    for part in parts:
        more = defaultdict(float)
        for one, chance in found.items():
            for other, factor in part.items():
                more[one | other] += chance * factor
        found = more
    return found


def tail(number, chance, least):
    """Probability of at least ``least`` successes."""
    return sum(
        math.comb(number, k) * chance**k * (1.0 - chance) ** (number - k)
        for k in range(max(least, 0), number + 1)
    )


def fires(segments, active, model):
    """Probability that a segment of a given law fires at a given activity."""
    tails = [
        tail(k, model.transmission, model.threshold)
        for k in range(model.n_patterns * model.n_synapses + 1)
    ]
    return sum(chance * tails[len(cells & active)] for cells, chance in segments.items())


@functools.cache
def enumerated(model):
    """False positives and false negatives, by summing over all draws."""
    population = model if isinstance(model, Population) else Population(model, 1)
    one = population.detector
    law, s = one.activity, one.n_synapses
    every = activities(law)
    patterns = {p: chance for p, chance in every.items() if len(p) >= s}
    total = sum(patterns.values())
    slot = defaultdict(float)
    for pattern, chance in patterns.items():
        for cells, factor in sub_samples(pattern, s).items():
            slot[cells] += chance / total * factor
    other = unions([slot] * one.n_patterns)
    silent = {active: 1.0 - fires(other, active, one) for active in map(frozenset, subsets(law.n))}
    results = [0.0, 0.0]
    for pattern, chance in patterns.items():
        first = unions([sub_samples(pattern, s)] + [slot] * (one.n_patterns - 1))
        for lost, shown in enumerate((every, presented(pattern, one.noise, law.n))):
            for active, factor in shown.items():
                rest = silent[active] ** (one.n_segments - 1)
                single = 1.0 - (1.0 - fires(first, active, one)) * rest
                right = tail(population.n_neurons, single, population.quorum)
                results[lost] += chance / total * factor * (1.0 - right if lost else right)
    names = ("false_positive", "false_negative")
    return {name: min(value, 1.0) for name, value in zip(names, results, strict=True)}


def subsets(n):
    """All sets of cells."""
    return itertools.chain.from_iterable(itertools.combinations(range(n), k) for k in range(n + 1))


SMALL = [
    Detector(Uniform(7, 4), 3, 2, noise=Drop(2)),
    Detector(Uniform(7, 4), 3, 2, noise=Replace(3)),
    Detector(Uniform(7, 4), 3, 3, noise=Swap(3)),
    Detector(Uniform(7, 4), 3, 3, noise=Swap(2), transmission=0.8),
    Detector(Uniform(7, 4), 3, 2, noise=Kill(4)),
    Detector(Uniform(7, 3), 3, 3, n_patterns=2, noise=Replace(2)),
    Detector(Uniform(6, 3), 2, 3, n_patterns=3, noise=Swap(2), transmission=0.7),
    Detector(Uniform(7, 3), 2, 2, n_segments=3, noise=Swap(2)),
    Detector(Uniform(7, 3), 2, 2, n_patterns=2, n_segments=2, noise=Replace(2), transmission=0.6),
    Detector(Uniform(7, 7), 3, 2, transmission=0.5),
    Detector(Uniform(6, 5), 4, 3, noise=Swap(3)),
    Detector(Bernoulli(7, 0.4), 2, 2, noise=Kill(3)),
    Detector(Bernoulli(6, 0.4), 2, 2, n_patterns=2, n_segments=2, noise=Kill(3), transmission=0.8),
    Detector(UnequalRates(7, 0.3, 0.8), 2, 2, noise=Kill(2)),
    Detector(UnequalRates(6, 0.3, 0.8), 2, 3, n_patterns=2, noise=Kill(3), transmission=0.9),
    Detector(UnequalRates(6, 0.3, 0.9), 2, 2, n_segments=2, noise=Kill(2)),
    Detector(Clustered(8, 4, 2, 1.0), 3, 3, noise=Drop(2)),
    Detector(Clustered(8, 5, 2, 0.8), 3, 3, noise=Replace(2)),
    Detector(Clustered(7, 4, 3, 0.75), 3, 3, n_patterns=2, noise=Swap(3)),
    Detector(Clustered(8, 4, 2, 0.5), 3, 3, n_segments=2, noise=Kill(3), transmission=0.9),
    Population(Detector(Uniform(7, 4), 2, 2, noise=Drop(1)), 3, 2),
    Population(Detector(Uniform(7, 3), 2, 2, n_segments=2, noise=Swap(2)), 3, 3),
    Population(Detector(Uniform(7, 3), 2, 2, n_patterns=2, noise=Replace(2)), 4, 2),
    Population(Detector(Bernoulli(6, 0.4), 2, 2, noise=Kill(3), transmission=0.9), 3, 2),
    Population(Detector(UnequalRates(6, 0.3, 0.8), 2, 2, noise=Kill(2)), 2, 2),
    Population(Detector(Clustered(8, 4, 2, 0.5), 3, 3, noise=Replace(1)), 3, 2),
]


@pytest.mark.parametrize("model", SMALL, ids=repr)
def test_trials_against_enumeration(model):
    exact = enumerated(model)
    found = simulate(model, trials=50_000, seed=11, method="trials")
    for name, estimate in found.items():
        assert isinstance(estimate, Counted)
        judged = stats.binomtest(estimate.successes, estimate.trials, exact[name])
        assert judged.pvalue > FALSE_ALARM, (name, estimate.mean, exact[name])


def agrees(estimate, exact):
    """Judge an estimate as its kind asks for."""
    if isinstance(estimate, Counted):
        return stats.binomtest(estimate.successes, estimate.trials, exact).pvalue > FALSE_ALARM
    return stats.ttest_1samp(estimate.values, exact).pvalue > FALSE_ALARM


@pytest.mark.parametrize("model", SMALL, ids=repr)
def test_splitting_against_enumeration(model):
    exact = enumerated(model)
    found = simulate(model, trials=20_000, seed=12, method="splitting")
    for name, estimate in found.items():
        assert agrees(estimate, exact[name]), (name, estimate.mean, exact[name])
        assert isinstance(estimate, Replicated) or not 1e-12 < exact[name] < 0.2


def alone(model):
    return isinstance(model, Detector) and not isinstance(model.activity, Clustered)


@pytest.mark.parametrize("model", list(filter(alone, SMALL)), ids=repr)
def test_importance_against_enumeration(model):
    exact = enumerated(model)["false_positive"]
    found = simulate(model, trials=20_000, seed=13, method="importance")["false_positive"]
    assert agrees(found, exact), (found.mean, exact)


def hypergeometric_tail(n, a, s, theta):
    """Pr[Hyp(n, a, s) >= theta] as a fraction of integers."""
    ways = sum(math.comb(s, b) * math.comb(n - s, a - b) for b in range(theta, min(s, a) + 1))
    return Fraction(ways, math.comb(n, a))


@pytest.mark.parametrize(
    ("n", "a", "s", "theta", "v"),
    [(300, 128, 24, 12, 64), (700, 128, 24, 10, 50), (2000, 64, 20, 4, 40), (60, 20, 10, 6, 12)],
)
def test_specification_formulas(n, a, s, theta, v):
    # Equations (2), and (3) with its average over cells that come back.
    returned = (
        hypergeometric_tail(a, v - r, s, s - theta + 1)
        * Fraction(math.comb(v, r) * math.comb(n - a, v - r), math.comb(n - a + v, v))
        for r in range(v + 1)
    )
    for noise, missed in (
        (Replace(v), hypergeometric_tail(a, v, s, s - theta + 1)),
        (Swap(v), sum(returned)),
        (Kill(n // 2), hypergeometric_tail(n, n // 2, s, s - theta + 1)),
    ):
        model = Detector(Uniform(n, a), s, theta, noise=noise)
        found = simulate(model, trials=100_000, seed=5, method="trials")
        assert agrees(found["false_positive"], float(hypergeometric_tail(n, a, s, theta)))
        assert agrees(found["false_negative"], float(missed))


def test_threads_do_not_matter():
    model = Detector(Clustered(200, 20, 4, 0.6), 10, 3, noise=Replace(8), transmission=0.9)
    for method in ("trials", "splitting"):
        one, two = (
            simulate(model, trials=30_000, seed=4, workers=workers, method=method)
            for workers in (1, 3)
        )
        for name in one:
            assert one[name].mean == two[name].mean
    other = simulate(model, trials=30_000, seed=5, method="trials")
    assert (
        other["false_negative"].mean
        != simulate(model, trials=30_000, seed=4, method="trials")["false_negative"].mean
    )


@pytest.mark.parametrize(
    ("model", "positive", "negative"),
    [
        (Detector(Uniform(50, 10), 5, 0), 1.0, 0.0),
        (Detector(Uniform(50, 10), 5, 6), 0.0, 1.0),
        (Detector(Uniform(50, 10), 0, 1), 0.0, 1.0),
        (Detector(Uniform(50, 10), 5, 2, n_patterns=0), 0.0, 1.0),
        (Detector(Uniform(50, 10), 5, 2, transmission=0.0), 0.0, 1.0),
        (Detector(Uniform(50, 3), 3, 4, n_patterns=4), 0.0, None),
        (Detector(Uniform(10, 10), 5, 5), 1.0, 0.0),
        (Detector(Uniform(50, 10), 5, 2, noise=Drop(10)), None, 1.0),
        (Detector(Uniform(50, 10), 5, 2, noise=Drop(3)), None, 0.0),
        (Detector(Uniform(10, 9), 5, 4, noise=Swap(9)), None, 0.0),
        (Detector(Uniform(10, 8), 6, 4), 1.0, 0.0),
        (Population(Detector(Uniform(50, 10), 5, 0), 4, 4), 1.0, 0.0),
    ],
    ids=repr,
)
@pytest.mark.parametrize("method", ["auto", "trials"])
def test_edges(model, positive, negative, method):
    found = simulate(model, trials=2000, seed=1, method=method)
    for name, value in (("false_positive", positive), ("false_negative", negative)):
        if value is not None:
            assert isinstance(found[name], Counted)
            assert found[name].mean == value


def test_arguments():
    model = Detector(Uniform(50, 10), 5, 3)
    with pytest.raises(TypeError, match="model must be"):
        simulate("detector")
    with pytest.raises(ValueError, match="trials"):
        simulate(model, trials=0)
    with pytest.raises(ValueError, match="seed"):
        simulate(model, seed=-1)
    with pytest.raises(ValueError, match="workers"):
        simulate(model, workers=0)
    with pytest.raises(TypeError, match="progress"):
        simulate(model, progress=1)
    with pytest.raises(ValueError, match="method must be one of"):
        simulate(model, method="luck")
    with pytest.raises(ValueError, match="n_synapses=80"):
        simulate(Detector(Bernoulli(100, 0.1), 80, 3))


def test_pilot_is_not_among_the_trials():
    model = Detector(Uniform(50, 10), 5, 3, noise=Drop(4))
    found = simulate(model, trials=100_000, seed=3)
    alone = simulate(model, trials=90_000, seed=3, method="trials")
    assert found["false_negative"] == alone["false_negative"]
    assert found["false_negative"].trials == 90_000
    assert np.isclose(found["false_negative"].mean, alone["false_negative"].mean)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Detector(Uniform(50, 10), 11, 3), r"n_synapses must be an integer in \[0, 10\]"),
        (lambda: Detector(Uniform(50, 10), 5, 3, n_segments=0), "n_segments"),
        (lambda: Detector(Uniform(50, 10), 5, 3, n_patterns=-1), "n_patterns"),
        (lambda: Detector(Uniform(50, 10), 5, 3, transmission=1.1), "transmission"),
        (lambda: Detector(Uniform(50, 10), 5, 3, noise=Drop(11)), r"noise.bits .* \[0, 10\]"),
        (lambda: Detector(Uniform(50, 40), 5, 3, noise=Replace(11)), r"noise.bits .* \[0, 10\]"),
        (lambda: Detector(Uniform(50, 10), 5, 3, noise=Kill(51)), r"noise.cells .* \[0, 50\]"),
        (lambda: Detector(Bernoulli(50, 0.2), 51, 3), r"n_synapses .* \[0, 50\]"),
        (lambda: Detector(Bernoulli(50, 0.2), 5, 3, noise=Drop(1)), r"noise must be Kill\(cells\)"),
        (lambda: Population(Detector(Uniform(50, 10), 5, 3), 4, 0), r"quorum .* \[1, 4\]"),
        (lambda: Population(Detector(Uniform(50, 10), 5, 3), 4, 5), r"quorum .* \[1, 4\]"),
        (lambda: Population(Detector(Uniform(50, 10), 5, 3), 0), "n_neurons"),
    ],
)
def test_models_out_of_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()
    Detector(Uniform(50, 40), 40, 3, noise=Replace(10))  # the ends of ranges are in them
    Detector(Uniform(50, 40), 5, 3, noise=Swap(40))


def test_what_cannot_happen_is_not_drawn():
    swapped = Detector(Uniform(10, 9), 5, 4, noise=Swap(9))  # 8 or more of the 9 come back
    deaf = Detector(Uniform(50, 10), 5, 2, transmission=0.0)
    for model, positive, negative in (
        (swapped, None, "impossible"),
        (deaf, "impossible", "certain"),
        (Detector(Uniform(50, 10), 5, 0), "certain", "impossible"),
        (Detector(Uniform(50, 10), 5, 3, noise=Drop(2)), None, "impossible"),
        (Detector(Uniform(50, 3), 3, 4, n_patterns=4), "impossible", None),
    ):
        for name, method in (("false_positive", positive), ("false_negative", negative)):
            if method is not None:
                found = simulate(model, trials=1000, method="splitting", only=name)[name]
                assert (found.successes, found.method) == (1000 * (method == "certain"), method)
