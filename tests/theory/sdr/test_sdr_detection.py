"""Predictions of whole models against enumeration of tiny systems and against plain trials."""

import itertools
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from assocmem.dendrites.detector import Detector, Population
from assocmem.sdr.activity import Bernoulli, Clustered, UnequalRates, Uniform
from assocmem.sdr.noise import Drop, Kill, Replace, Swap
from assocmem.theory.sdr import _arrangements
from assocmem.theory.sdr._symmetric import Event
from assocmem.theory.sdr.detection import Detection, detection, predict

# --- enumeration: every activity, every set of synapses, every outcome of noise -----------------


def mask(cells):
    return sum(1 << int(cell) for cell in cells)


def activities(law, one):
    """Probability of every activity, by its bits; in the arithmetic of ``one``."""
    n, found = law.n, np.array([0 * one] * 2**law.n)
    if isinstance(law, Uniform):
        for cells in itertools.combinations(range(n), law.a):
            found[mask(cells)] += one / math.comb(n, law.a)
    elif isinstance(law, Clustered):
        k, m, r = law.n_whole, law.size, law.n_loose
        weight = one / (math.comb(law.n_clusters, k) * math.comb(n - k * m, r))
        for clusters in itertools.combinations(range(law.n_clusters), k):
            whole = {c * m + i for c in clusters for i in range(m)}
            for loose in itertools.combinations(sorted(set(range(n)) - whole), r):
                found[mask(whole | set(loose))] += weight
    else:
        rates = [one * type(one)(float(q)) for q in law.rates]
        for bits in range(2**n):
            found[bits] = one
            for i in range(n):
                found[bits] *= rates[i] if bits >> i & 1 else 1 - rates[i]
    return found


def noisy(noise, n, pattern, one):
    """Probability of every presented set of cells after noise on a pattern."""
    found = np.array([0 * one] * 2**n)
    on = [i for i in range(n) if pattern >> i & 1]
    if isinstance(noise, Kill):
        for dead in itertools.combinations(range(n), noise.cells):
            found[pattern & ~mask(dead)] += one / math.comb(n, noise.cells)
        return found
    v = noise.bits
    for lost in itertools.combinations(on, v):
        kept = pattern & ~mask(lost)
        if isinstance(noise, Drop):
            found[kept] += one / math.comb(len(on), v)
            continue
        taken = pattern if isinstance(noise, Replace) else kept
        places = [i for i in range(n) if not taken >> i & 1]
        for new in itertools.combinations(places, v):
            weight = math.comb(len(on), v) * math.comb(len(places), v)
            found[kept | mask(new)] += one / weight
    return found


def united(one_law, other):
    """Law of the union of two independent sets."""
    found = 0 * one_law
    size = len(one_law)
    either = np.arange(size)[:, None] | np.arange(size)
    np.add.at(found, either, one_law[:, None] * other[None, :])
    return found


def at_least(k, n, p, q):
    return sum((math.comb(n, i) * p**i * q ** (n - i) for i in range(max(k, 0), n + 1)), 0 * p)


def enumerated(model, one=1.0):
    """(false positive, false negative) by summing over everything; only positive terms."""
    neurons, quorum = 1, 1
    if isinstance(model, Population):
        model, neurons, quorum = model.detector, model.n_neurons, model.quorum
    n, s, law = model.activity.n, model.n_synapses, activities(model.activity, one)
    size = np.array([bin(bits).count("1") for bits in range(2**n)])
    stored = np.where(size >= s, law, 0 * one)
    stored = stored / stored.sum()
    synapses = np.array([[0 * one] * 2**n] * 2**n)  # of a given pattern
    for pattern in np.flatnonzero(stored):
        on = [i for i in range(n) if pattern >> i & 1]
        for cells in itertools.combinations(on, s):
            synapses[pattern, mask(cells)] += one / math.comb(len(on), s)
    each = stored @ synapses
    empty = np.array([one] + [0 * one] * (2**n - 1))
    mixed = [empty]
    for _ in range(model.n_patterns):
        mixed.append(united(mixed[-1], each))
    p = one * type(one)(model.transmission)
    theta, both = model.threshold, size[np.arange(2**n)[:, None] & np.arange(2**n)]
    fires = np.array([at_least(theta, k, p, 1 - p) for k in range(n + 1)])[both]
    quiet = np.array([at_least(k - theta + 1, k, 1 - p, p) for k in range(n + 1)])[both]
    if theta <= 0:
        quiet = 0 * quiet
    fire, silent = mixed[-1] @ fires, mixed[-1] @ quiet  # of one segment, by what is presented
    k, m = model.n_segments, model.n_patterns
    first = np.array([united(d, mixed[m - 1]) if m else empty for d in synapses])
    first[stored == 0] = 0 * one
    others = at_least(1, k - 1, fire, silent)
    first_silent = first @ quiet
    yes, no = first @ fires + first_silent * others, first_silent * silent ** (k - 1)
    shown = np.array([noisy(model.noise, n, int(a), one) if stored[a] else 0 * law
                      for a in range(2**n)])  # fmt: skip
    alarm = at_least(quorum, neurons, yes, no)
    missed = at_least(neurons - quorum + 1, neurons, no, yes)
    return stored @ alarm @ law, (stored[:, None] * shown * missed).sum()


FIXED = [Drop(), Drop(2), Replace(1), Replace(2), Swap(2), Kill(2)]
LAWS = [
    (Uniform(7, 3), FIXED),
    (Uniform(6, 4), [Replace(2), Swap(3), Kill(4)]),
    (Bernoulli(6, 0.4), [Drop(), Kill(2), Kill(4)]),
    (Clustered(7, 4, 2, 1.0), FIXED),  # two whole clusters, nothing loose, a cell in no cluster
    (Clustered(7, 4, 2, 0.5), FIXED),  # one and two loose cells
    (Clustered(7, 3, 3, 1.0), FIXED),
    (Clustered(7, 4, 3, 0.8), [Replace(2), Kill(3)]),
]
SHAPES = [(1, 1), (2, 1), (3, 1), (1, 2), (2, 3), (0, 2)]  # patterns on a segment, segments
TEAMS = [(1, 1), (3, 1), (3, 2), (4, 4)]
CASES = [
    (law, noise, shape, TEAMS[(i + j) % len(TEAMS)], s, theta, (1.0, 0.7)[(i + j // 4) % 2])
    for law, noises in LAWS
    for i, noise in enumerate(noises)
    for j, shape in enumerate(SHAPES)
    for s, theta in [((3, 2), (2, 1), (3, 3), (2, 2))[(i + 2 * j) % 4]]
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[1:]}")
def test_predictions_are_those_of_enumeration(case):
    law, noise, (patterns, segments), (neurons, quorum), s, theta, p = case
    detector = Detector(law, s, theta, patterns, segments, noise, p)
    models = [detector, Population(detector, neurons, quorum)]
    for model in models[:1] if neurons == 1 else models:
        expected = enumerated(model)
        found = predict(model)
        assert all(value.method == "exact" for value in found.values())
        values = found["false_positive"].value, found["false_negative"].value
        np.testing.assert_allclose(values, expected, rtol=1e-12, atol=0.0)
        for value in found.values():
            if value.value:
                assert value.log10 == pytest.approx(math.log10(value.value), abs=1e-12)
            else:
                assert value.log10 == -math.inf


@pytest.mark.parametrize("noise", [Drop(), Kill(1), Kill(3)])
@pytest.mark.parametrize(("neurons", "quorum"), [(1, 1), (3, 2)])
@pytest.mark.parametrize("s", [1, 3, 6])
@pytest.mark.parametrize("p", [1.0, 0.6])
def test_unequal_rates_against_enumeration(noise, neurons, quorum, s, p):
    detector = Detector(UnequalRates(6, 0.4, 0.7), s, max(1, s - 1), noise=noise, transmission=p)
    model = Population(detector, neurons, quorum)
    found = predict(model)
    values = found["false_positive"].value, found["false_negative"].value
    np.testing.assert_allclose(values, enumerated(model), rtol=1e-12, atol=0.0)


@pytest.mark.parametrize(
    "model",
    [
        Detector(Uniform(5, 3), 2, 2, 2, 2, Swap(1), 0.75),
        Detector(Clustered(5, 3, 2, 0.7), 2, 2, 3, 2, Replace(2), 0.5),
        Population(Detector(Bernoulli(5, 0.25), 2, 2, 2, 2, Kill(2)), 3, 2),
        Population(Detector(UnequalRates(5, 0.3, 0.5), 2, 2, noise=Kill(1)), 2, 2),
    ],
    ids=repr,
)
def test_exact_rationals(model):
    # The enumeration above in doubles is itself right: the same in rational numbers.
    exact, rounded = enumerated(model, Fraction(1)), enumerated(model)
    found = predict(model)
    values = found["false_positive"].value, found["false_negative"].value
    for one, two, three in zip(exact, rounded, values, strict=True):
        assert abs(float(Fraction(float(two)) / one - 1)) < 1e-13
        assert abs(float(Fraction(three) / one - 1)) < 1e-12


def tail(n, a, s, theta):
    """P[Hyp(n, a, s) >= theta] as a fraction."""
    hits = range(max(theta, 0), min(a, s) + 1)
    return Fraction(sum(math.comb(s, b) * math.comb(n - s, a - b) for b in hits), math.comb(n, a))


def log10(fraction):
    shift = fraction.numerator.bit_length() - fraction.denominator.bit_length()
    return math.log10(float(fraction / Fraction(2) ** shift)) + shift * math.log10(2.0)


@pytest.mark.parametrize(
    ("n", "a", "s", "theta", "v"),
    [
        (10_000, 300, 30, 12, 60),
        (200_000, 2000, 20, 10, 150),
        (20_000, 40, 40, 38, 3),
        (100_000, 1000, 200, 160, 60),
        (60, 20, 10, 6, 12),
    ],
)
def test_rare_events_against_integers(n, a, s, theta, v):
    swapped = Detector(Uniform(n, a), s, theta, noise=Swap(v))
    found = predict(swapped)
    one = tail(n, a, s, theta)
    assert found["false_positive"].log10 == pytest.approx(log10(one), abs=5e-13, rel=1e-15)
    miss = sum(
        Fraction(math.comb(v, r) * math.comb(n - a, v - r), math.comb(n - a + v, v))
        * tail(a, v - r, s, s - theta + 1)
        for r in range(v + 1)
    )
    assert found["false_negative"].log10 == pytest.approx(log10(miss), abs=5e-13)
    many = predict(replace(swapped, n_segments=3))["false_positive"]
    assert many.log10 == pytest.approx(log10(1 - (1 - one) ** 3), abs=5e-13, rel=1e-15)


def test_rare_decisions_of_a_population_against_integers():
    n, a, s, theta, neurons, quorum = 3000, 60, 20, 12, 6, 5
    model = Population(Detector(Uniform(n, a), s, theta, noise=Drop(36)), neurons, quorum)
    found = predict(model)

    def decision(p):
        ways = range(quorum, neurons + 1)
        return sum(math.comb(neurons, i) * p**i * (1 - p) ** (neurons - i) for i in ways)

    alarm = sum(
        Fraction(math.comb(a, o) * math.comb(n - a, a - o), math.comb(n, a))
        * decision(tail(a, o, s, theta))
        for o in range(a + 1)
    )
    miss = 1 - decision(tail(a, a - 36, s, theta))
    assert found["false_positive"].log10 == pytest.approx(log10(alarm), abs=5e-13)
    assert found["false_negative"].log10 == pytest.approx(log10(miss), abs=5e-13)
    # Neurons that store the same pattern err together: far from the binomial of section 3.
    alone = tail(n, a, s, theta)
    assert found["false_positive"].log10 > log10(decision(alone)) + 20


def test_bernoulli_far_tails_against_fractions():
    n, q, s, theta = 400, 1 / 64, 24, 12
    rate = Fraction(1, 64)
    one = sum(
        math.comb(s, j) * rate**j * (1 - rate) ** (s - j) for j in range(theta, s + 1)
    )  # every synapse is active alone
    found = predict(Detector(Bernoulli(n, q), s, theta))["false_positive"]
    assert found.log10 == pytest.approx(log10(one), abs=5e-13)
    # Three segments share the number of active cells, over which it is averaged.
    several = sum(
        Fraction(math.comb(n, a)) * rate**a * (1 - rate) ** (n - a)
        * (1 - (1 - tail(n, a, s, theta)) ** 3)
        for a in range(n + 1)
    )  # fmt: skip
    found = predict(Detector(Bernoulli(n, q), s, theta, n_segments=3))["false_positive"]
    assert found.log10 == pytest.approx(log10(several), abs=5e-13)


@pytest.mark.parametrize("event", [Event(), Event(missed=True), Event(4, 2), Event(4, 3, True)])
@pytest.mark.parametrize("shape", [(1, 3), (3, 1), (2, 2)])
def test_arrangements_without_clusters_are_uniform(event, shape):
    # The two ways to the answer share nothing but the mixture of noise.
    law = Clustered(18, 6, 3, fraction=0.0)
    detector = Detector(law, 4, 3, *shape, noise=Replace(3), transmission=0.9)
    found = math.exp(_arrangements.log_event(detector, event))
    model = Population(replace(detector, activity=Uniform(18, 6)), event.neurons, event.quorum)
    expected = predict(model)["false_negative" if event.missed else "false_positive"].value
    assert found == pytest.approx(expected, rel=1e-12, abs=0.0)


# --- plain trials -------------------------------------------------------------------------------


def drawn(law, rng, least=0):
    """Active cells of one activity of at least so many, by the words of its docstring."""
    while True:
        if isinstance(law, Uniform):
            cells = rng.permutation(law.n)[: law.a]
        elif isinstance(law, Clustered):
            whole = rng.permutation(law.n_clusters)[: law.n_whole]
            inside = (whole[:, None] * law.size + np.arange(law.size)).ravel()
            outside = np.setdiff1d(np.arange(law.n), inside)
            cells = np.concatenate([inside, rng.permutation(outside)[: law.n_loose]])
        else:
            cells = np.flatnonzero(rng.random(law.n) < law.rates)
        if len(cells) >= least:
            return cells


def presented(noise, n, pattern, rng):
    """The pattern after noise, as a boolean array."""
    on = np.zeros(n, bool)
    on[pattern] = True
    if isinstance(noise, Kill):
        on[rng.permutation(n)[: noise.cells]] = False
        return on
    silent = np.flatnonzero(~on)
    on[rng.permutation(pattern)[: noise.bits]] = False
    if isinstance(noise, Swap):
        silent = np.flatnonzero(~on)
    if not isinstance(noise, Drop):
        on[rng.permutation(silent)[: noise.bits]] = True
    return on


def trial(model, rng):
    """(false alarm, miss) of one population drawn anew."""
    detector = model.detector
    law, s, n = detector.activity, detector.n_synapses, detector.activity.n
    pattern = drawn(law, rng, s)
    fresh = np.zeros(n, bool)
    fresh[drawn(law, rng)] = True
    noisy_pattern = presented(detector.noise, n, pattern, rng)  # the same to all neurons
    votes = np.zeros(2, int)
    for _ in range(model.n_neurons):
        fires = np.zeros(2, bool)
        for segment in range(detector.n_segments):
            synapses = np.zeros(n, bool)
            for m in range(detector.n_patterns):
                stored = pattern if segment == m == 0 else drawn(law, rng, s)
                synapses[rng.permutation(stored)[:s]] = True
            for i, shown in enumerate((fresh, noisy_pattern)):
                sent = rng.random(np.count_nonzero(shown & synapses)) < detector.transmission
                fires[i] |= np.count_nonzero(sent) >= detector.threshold
        votes += fires
    return votes[0] >= model.quorum, votes[1] < model.quorum


MEDIUM = [
    Population(Detector(Uniform(60, 12), 8, 4, 2, 2, Swap(8), 0.9), 3, 2),
    Population(Detector(Bernoulli(80, 0.15), 6, 3, 2, 2, Kill(45)), 3, 2),
    Population(Detector(UnequalRates(60, 0.2, 0.8), 6, 4, noise=Kill(30)), 4, 2),
    Population(Detector(Clustered(62, 12, 4, 0.7), 8, 5, 2, 2, Replace(7)), 3, 2),
    Population(Detector(Clustered(60, 12, 3, 1.0), 8, 5, 1, 4, Drop(7), 0.9), 1, 1),
    Population(Detector(Clustered(61, 10, 5, 0.5), 6, 4, 3, 1, Kill(35)), 2, 1),
]


def judged(model, trials, seed):
    """p values of what trials find, two-sided, under the predictions."""
    rng = np.random.default_rng(seed)
    found = np.sum([trial(model, rng) for _ in range(trials)], axis=0)
    expected = predict(model)
    names = ("false_positive", "false_negative")
    assert all(0.005 < expected[name].value < 0.995 for name in names)  # trials can tell
    return [
        stats.binomtest(int(k), trials, expected[name].value).pvalue
        for name, k in zip(names, found, strict=True)
    ]


@pytest.mark.parametrize("model", MEDIUM[1:3] + MEDIUM[4:5], ids=repr)
def test_trials_agree(model):
    # Six tests at 1e-5: a false alarm once in 17,000 changes of seed.
    assert min(judged(model, 1500, 1)) > 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("model", MEDIUM, ids=repr)
def test_many_trials_agree(model):
    # Twelve tests at 1e-5: a false alarm once in 8,000 changes of seed.
    assert min(judged(model, 30_000, 2)) > 1e-5


# --- edges and refusals -------------------------------------------------------------------------


@pytest.mark.parametrize("law", [Uniform(20, 6), Bernoulli(20, 0.3), UnequalRates(20, 0.3, 0.5)])
def test_edges(law):
    def both(*arguments, **named):
        found = predict(Detector(law, *arguments, **named))
        return found["false_positive"].value, found["false_negative"].value

    assert both(4, 0) == both(4, -3, n_patterns=3) == (1.0, 0.0)
    assert both(4, 1, n_patterns=0) == both(0, 1) == both(4, 5) == (0.0, 1.0)
    assert both(4, 1, transmission=0.0) == (0.0, 1.0)
    assert both(4, 2)[1] == 0.0
    assert both(4, 2, noise=Kill(20))[1] == 1.0
    assert both(4, 3, noise=Kill(1))[1] == 0.0
    assert both(4, 3, noise=Kill(2))[1] > 0.0


def test_patterns_larger_than_any_activity_are_refused():
    for law in (Bernoulli(20, 0.0), UnequalRates(3, 0.5, 0.0)):
        if isinstance(law, Bernoulli):
            with pytest.raises(ValueError, match="n_synapses=4"):
                predict(Detector(law, 4, 2))
        else:
            assert predict(Detector(law, 3, 3))["false_positive"].value == pytest.approx(1 / 8)


def test_refusals_say_what_to_do():
    uneven = UnequalRates(100, 0.1, 1.0)
    for shape in ((2, 1), (1, 2)):
        with pytest.raises(ValueError, match=r"n_patterns and n_segments must be 1 .* fp_eff"):
            predict(Detector(uneven, 5, 3, *shape))
    scattered = Clustered(2000, 200, 9, 0.5)
    assert predict(Detector(scattered, 20, 10))["false_positive"].value > 0.0
    with pytest.raises(ValueError, match="at most 4000 arrangements"):
        predict(Detector(scattered, 20, 10, n_segments=2))
    with pytest.raises(TypeError, match="Detector or a Population"):
        predict(uneven)
    with pytest.raises(ValueError, match="only must be one of"):
        predict(Detector(uneven, 5, 3), only="both")


def test_readable_result():
    model = Detector(Uniform(20_000, 100), 25, 15, n_patterns=10)
    found = detection(model)
    assert isinstance(found, Detection)
    assert found.model == model
    assert found.log10_false_positive == pytest.approx(math.log10(1.70e-12), abs=0.002)  # AH16
    assert found.log10_false_negative == -math.inf
    assert str(found).splitlines()[1] == "  false positive  1.69837e-12 (exact)"
