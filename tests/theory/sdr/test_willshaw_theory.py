"""Theory of the Willshaw memory against full enumeration, exact integers, limits, simulation."""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from scipy import stats

from assocmem.sdr import Drop, Kill, Replace, Swap, Willshaw
from assocmem.theory.sdr.unions import union_fp
from assocmem.theory.sdr.willshaw import (
    COMPLETION_LIMIT,
    LIMIT,
    channel_bits,
    exact_bracket,
    independent_spurious,
    predict,
)
from assocmem.theory.sdr.willshaw_capacity import (
    at_capacity,
    capacity,
    independent_capacity,
    optimum,
)
from assocmem.theory.sdr.willshaw_cover import cover_law
from assocmem.theory.sdr.willshaw_pairs import (
    Sizes,
    none_bracket,
    number_law,
    spurious_moments,
)
from assocmem.theory.sdr.willshaw_winners import certain_winners, winners_take_all
from assocmem.trials import verify_trials


def subsets(cells, size):
    return list(itertools.combinations(cells, size))


def all_cues(model, pattern):
    """Every outcome of the noise, each as likely as any other."""
    n, noise = model.n_in, model.noise
    if isinstance(noise, Kill):
        return [set(pattern) - set(dead) for dead in subsets(range(n), noise.cells)]
    out = []
    for lost in subsets(pattern, noise.bits):
        kept = set(pattern) - set(lost)
        if isinstance(noise, Drop):
            out.append(kept)
            continue
        closed = set(pattern) if isinstance(noise, Replace) else kept
        silent = sorted(set(range(n)) - closed)
        out += [kept | set(new) for new in subsets(silent, noise.bits)]
    return out


def by_enumeration(model):
    """Exact rates over all memories that hold a given first pattern, and all cues of it."""
    n, m, other = model.n_in, model.n_out, model.n_patterns - 1
    inputs = subsets(range(n), model.a_in)
    outputs = subsets(range(m), model.a_out)
    kinds = [(x, x) for x in inputs] if model.auto else list(itertools.product(inputs, outputs))
    first = (inputs[0], inputs[0] if model.auto else outputs[0])
    outside = m - model.a_out
    target = np.zeros(m, bool)
    target[list(first[1])] = True
    cues = [sorted(cue) for cue in all_cues(model, first[0])]
    total = dict.fromkeys(("spurious", "missing", "spurious_pairs", "exact", "load"), 0)
    matrices = {}
    for kind in kinds:
        matrices[kind] = np.zeros((m, n), bool)
        matrices[kind][np.ix_(kind[1], kind[0])] = True
        if not model.diagonal:
            np.fill_diagonal(matrices[kind], False)
    for rest in itertools.combinations_with_replacement(kinds, other):
        repeats = math.prod(math.factorial(rest.count(kind)) for kind in set(rest))
        ways = math.factorial(other) // repeats
        w = matrices[first].copy()
        for kind in rest:
            w |= matrices[kind]
        total["load"] += ways * int(w.sum()) * len(cues)
        for cue in cues:
            sums = w[:, cue].sum(axis=1)
            if model.winners is not None:
                on = sums >= np.sort(sums)[-model.winners]  # all that tie
            elif model.threshold is not None:
                on = sums >= model.threshold
            else:
                wanted = np.full(m, len(cue))
                if not model.diagonal:
                    wanted[cue] -= 1
                on = sums >= wanted
            false = int((on & ~target).sum())
            total["spurious"] += ways * false
            total["spurious_pairs"] += ways * false * (false - 1)
            total["missing"] += ways * int((target & ~on).sum())
            total["exact"] += ways * int(np.array_equal(on, target))
    whole = len(kinds) ** other * len(cues)
    return {
        "spurious": Fraction(total["spurious"], whole * outside),
        "spurious_pairs": Fraction(total["spurious_pairs"], whole * outside * (outside - 1)),
        "missing": Fraction(total["missing"], whole * model.a_out),
        "exact": Fraction(total["exact"], whole),
        "load": Fraction(total["load"], whole * model.n_synapses),
    }


TINY = [
    Willshaw(4, 4, 2, 1, 4),
    Willshaw(4, 4, 2, 2, 3),
    Willshaw(5, 4, 3, 2, 3, noise=Drop(1)),
    Willshaw(5, 4, 3, 2, 3, noise=Drop(1), threshold=1),
    Willshaw(5, 4, 2, 2, 3, noise=Replace(1)),
    Willshaw(5, 4, 3, 1, 3, noise=Replace(2), threshold=2),
    Willshaw(5, 4, 3, 1, 3, noise=Swap(2), threshold=2),
    Willshaw(5, 4, 3, 2, 3, noise=Kill(2)),
    Willshaw(5, 4, 3, 2, 3, noise=Drop(3)),
    Willshaw(5, 4, 3, 2, 3, noise=Drop(1), winners=2, ties="all"),
    Willshaw(6, 6, 3, 3, 4, auto=True),
    Willshaw(6, 6, 3, 3, 4, auto=True, noise=Drop(1)),
    Willshaw(6, 6, 3, 3, 4, auto=True, diagonal=False, noise=Drop(1)),
    Willshaw(6, 6, 3, 3, 3, auto=True, noise=Replace(1)),
    Willshaw(6, 6, 3, 3, 3, auto=True, noise=Replace(1), threshold=2),
    Willshaw(6, 6, 3, 3, 3, auto=True, diagonal=False, noise=Replace(1)),
    Willshaw(6, 6, 3, 3, 3, auto=True, diagonal=False, noise=Replace(1), threshold=2),
    Willshaw(6, 6, 3, 3, 3, auto=True, noise=Swap(2), threshold=1),
    Willshaw(6, 6, 2, 2, 4, auto=True, diagonal=False, noise=Kill(2), threshold=1),
]


@pytest.mark.parametrize("model", TINY, ids=str)
def test_predictions_are_those_of_all_memories(model):
    exact = by_enumeration(model)
    found = predict(model)
    assert {"spurious", "missing", "load"} <= set(found)
    for name, value in found.items():
        if name == "information":
            continue
        assert getattr(value, "method", "exact") == "exact"
        # Relative, but for sums that are 0 or 1 up to rounding.
        assert float(value) == pytest.approx(float(exact[name]), rel=1e-12, abs=1e-15), name
    if model.winners is None:
        low, high = exact_bracket(model)
        assert low - 1e-12 <= exact["exact"] <= high + 1e-12
    if not (model.auto and isinstance(model.noise, (Replace, Swap))) and model.winners is None:
        assert "spurious_pairs" in found


def uncovered(n, a, q, z, missing, patterns):
    """P(at most ``missing`` of z inputs are left uncovered), by inclusion and exclusion."""
    total = mpmath.mpf(0)
    for k in range(z + 1):
        weight = 1 if k == 0 else (-1) ** (k + missing) * math.comb(k - 1, missing)
        avoid = Fraction(math.comb(n - k, a), math.comb(n, a))
        each = 1 - q * (1 - avoid)
        power = (mpmath.mpf(each.numerator) / each.denominator) ** patterns
        total += weight * math.comb(z, k) * power
    return total


@pytest.mark.parametrize(
    ("n", "a", "share", "z", "patterns"),
    [
        (1000, 10, (10, 1000), 10, 6900),
        (1000, 10, (10, 1000), 10, 3),
        (20, 7, (3, 5), 9, 4),
        (10**6, 60, (20, 10**6), 60, 1),  # 1e-315 and below
        (10**5, 17, (17, 10**5), 17, 10**8 + 7),
        (1000, 30, (1, 1), 30, 5),
        (60, 50, (1, 7), 20, 40),
    ],
)
def test_law_of_sums_at_any_depth(n, a, share, z, patterns):
    law = cover_law(n, a, share, z, patterns)
    with mpmath.workdps(900):
        for threshold in {1, z // 2, z - 1, z}:
            high = uncovered(n, a, Fraction(*share), z, z - threshold, patterns)
            for found, wanted in (
                (law.log_at_least(threshold), high),
                (law.log_below(threshold), 1 - high),
            ):
                if wanted < mpmath.mpf(10) ** -800:
                    assert found == -math.inf
                else:
                    assert abs(mpmath.mpf(found) - mpmath.log(wanted)) < 1e-12
    assert law.probabilities.sum() == pytest.approx(1.0, abs=1e-13)


def test_law_of_sums_is_that_of_unions():
    # An output of R patterns has a union of R of them: eq. (7), averaged over R.
    n, a, m, b, patterns, z = 120, 6, 80, 5, 90, 4
    law = cover_law(n, a, (b, m), z, patterns)
    r = np.arange(patterns + 1)
    weights = stats.binom.pmf(r, patterns, b / m)
    for threshold in (1, 3, 4):
        rates = [float(union_fp(n, z, a, threshold, int(k))) for k in r]
        assert math.exp(law.log_at_least(threshold)) == pytest.approx(weights @ rates, rel=1e-11)


@pytest.mark.parametrize("auto", [False, True])
def test_moments_of_spurious_outputs(auto):
    sizes = Sizes(300, 300 if auto else 200, 9, 9, auto, 400)
    one, both, rho = spurious_moments(sizes, 6, 5)
    lost = int(auto)
    law = cover_law(300 - lost, 9 - lost, (9, sizes.n_out), 6, 400)
    assert one == pytest.approx(math.exp(law.log_at_least(5)), rel=1e-12)
    assert both == pytest.approx(one**2 + rho * (one - one**2), rel=1e-12)
    count = sizes.n_out - 9
    number = number_law(count, one, rho)
    k = np.arange(len(number))
    assert number.sum() == pytest.approx(1.0, abs=1e-12)
    assert number @ k == pytest.approx(count * one, rel=1e-10)
    assert number @ (k * (k - 1.0)) == pytest.approx(count * (count - 1) * both, rel=1e-9)
    low, high = none_bracket(count, one, both)
    assert low <= number[0] <= high


def test_no_moments_where_nothing_can_be_spurious():
    assert spurious_moments(Sizes(30, 20, 3, 2, False, 1), 5, 4) == (0.0, 0.0, 0.0)
    assert float(predict(Willshaw(30, 20, 3, 2, 1))["exact"]) == 1.0


def test_uncorrelated_numbers_are_binomial():
    found = number_law(50, 0.02, 0.0)
    np.testing.assert_allclose(found, stats.binom.pmf(np.arange(len(found)), 50, 0.02), rtol=1e-11)
    alpha, beta = 0.3, 4.0
    found = number_law(20, alpha / (alpha + beta), 1.0 / (alpha + beta + 1.0))
    np.testing.assert_allclose(
        found, stats.betabinom.pmf(np.arange(21), 20, alpha, beta), rtol=1e-9
    )


@pytest.mark.parametrize("ties", ["random", "all"])
@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_winners_among_independent_sums(k, ties):
    right, other = np.array([0.1, 0.2, 0.7]), np.array([0.6, 0.3, 0.1])
    spurious = missing = exact = 0.0
    for sums in itertools.product(range(3), repeat=5):  # two that should win, three others
        weight = np.prod(right[list(sums[:2])]) * np.prod(other[list(sums[2:])])
        order = sorted(sums, reverse=True)
        sure = {i for i in range(5) if sums[i] > order[k - 1]}
        tied = [i for i in range(5) if sums[i] == order[k - 1]]
        picks = [tied] if ties == "all" else subsets(tied, k - len(sure))
        for pick in picks:
            on = sure | set(pick)
            share = weight / len(picks)
            spurious += share * len(on - {0, 1}) / 3
            missing += share * len({0, 1} - on) / 2
            exact += share * (on == {0, 1})
    found = winners_take_all((2, right), (3, other), k, ties)
    # With all that tie, `exact` is asked of k = a alone: other k say what they say by the same sum.
    if k == 2:
        assert found[2] == pytest.approx(exact, rel=1e-12)
    assert found[:2] == pytest.approx((spurious, missing), rel=1e-12)


def test_winners_where_all_right_ones_tie():
    law = stats.binom.pmf(np.arange(4), 3, 0.3)
    sums = np.array([0.7, 0.3])  # of the others; all right ones have 1
    for ties in ("random", "all"):
        for k in (1, 2):
            general = winners_take_all((2, np.array([0.0, 1.0])), (3, sums), k, ties)
            found = certain_winners(2, 3, law, k, ties)
            assert found == pytest.approx(general, rel=1e-12)


def test_bits_of_a_channel():
    def entropy(p):
        return -p * math.log2(p) - (1 - p) * math.log2(1 - p)

    assert channel_bits(0.3, 0.0, 0.0) == pytest.approx(entropy(0.3), rel=1e-13)
    assert channel_bits(0.3, 0.2, 0.1) == pytest.approx(
        entropy(0.3 * 0.9 + 0.7 * 0.2) - 0.3 * entropy(0.1) - 0.7 * entropy(0.2), rel=1e-13
    )
    assert channel_bits(0.3, 0.6, 0.4) == pytest.approx(0.0, abs=1e-15)
    assert channel_bits(1.0, 0.2, 0.1) == channel_bits(0.0, 0.2, 0.1) == 0.0
    assert channel_bits(0.3, 1.0, 0.0) == channel_bits(0.3, 0.0, 1.0) == 0.0


def test_independence_underestimates_errors():
    model = Willshaw(1000, 1000, 10, 10, 5000)
    exact, naive = predict(model)["spurious"], independent_spurious(model)
    ones = 1 - (1 - 1e-4) ** 5000
    assert float(naive) == pytest.approx(ones**10, rel=1e-12)
    assert 1.4 < float(exact) / float(naive) < 1.7
    # It becomes right where patterns are few in a row of the matrix but many in it: n -> infinity.
    far = math.exp(cover_law(10**12, 10, (10, 10**12), 10, 5 * 10**21).log_at_least(10))
    assert far == pytest.approx((1 - math.exp(-0.5)) ** 10, rel=1e-5)


def test_capacity_is_certified():
    for model in (
        Willshaw(1000, 1000, 10, 10),
        Willshaw(500, 400, 9, 7, noise=Drop(2)),
        Willshaw(400, 400, 12, 12, auto=True, noise=Replace(4), threshold=8),
    ):
        found = capacity(model, error=0.02)
        assert found.error <= 0.02 < found.beyond
        at = Willshaw(**{**vars(model), "n_patterns": found.n_patterns})
        rates = predict(at)
        wrong = float(rates["spurious"]) * (at.n_out - at.a_out) / at.a_out
        assert wrong + float(rates["missing"]) == pytest.approx(found.error, rel=1e-10)
        assert rates["information"] == pytest.approx(found.information, rel=1e-10)
    assert capacity(Willshaw(100, 100, 5, 5, noise=Replace(2))).n_patterns == 0
    model = Willshaw(1000, 1000, 10, 10)
    assert capacity(model).n_patterns < independent_capacity(model)
    with pytest.raises(ValueError, match="error"):
        capacity(model, error=0.0)
    with pytest.raises(ValueError, match="threshold"):
        capacity(Willshaw(100, 100, 5, 5, winners=5))


def test_information_nears_ln_2_as_the_logarithm_says():
    # Cells a with n 2^-a = error a at load 1/2, bits ln 2 log2(e n/a)/a: their ratio to ln 2
    # is approached from below, with corrections of order 1/a, and so slowly that only n far beyond
    # any memory come near.
    sizes, error, found = (10**6, 10**12, 10**24), 0.01, []
    for n in sizes:
        a = 1.0
        for _ in range(50):
            a = math.log2(n / (error * a))
        at = at_capacity(n, round(a), error=error)
        wanted = LIMIT * math.log2(math.e * n / a) / a
        assert at.information == pytest.approx(wanted, rel=2.0 / a)
        assert at.load == pytest.approx(0.5, abs=1.0 / a)
        found.append(at.information)
    assert found[0] < found[1] < found[2] < LIMIT
    assert found[2] > 0.9 * LIMIT


def test_completion_nears_a_quarter_of_ln_2():
    # Patterns of a cells from half of them, n 2^-(a/2) = error a: the gain is (a/2) log2(2 e n/a)
    # bits a pattern, to corrections of order 1/a.
    error, found = 0.01, []
    for n in (10**5, 2 * 10**9):
        a = 1.0
        for _ in range(50):
            a = 2.0 * math.log2(n / (error * a))
        half = round(a / 2)
        at = capacity(Willshaw(n, n, 2 * half, 2 * half, auto=True, noise=Drop(half)), error=error)
        wanted = LIMIT * math.log2(2 * math.e * n / a) / (2 * a)
        assert at.information == pytest.approx(wanted, rel=2.0 / a)
        found.append(at.information)
    assert found[0] < found[1] < COMPLETION_LIMIT


def test_best_activity():
    best = optimum(300, error=0.02)
    every = [at_capacity(300, a, error=0.02).information for a in range(1, 40)]
    assert best.information == max(every) and best.a == 1 + int(np.argmax(every))
    exact = capacity(Willshaw(300, 300, best.a, best.a), error=0.02)
    assert (exact.n_patterns, exact.load) == (best.n_patterns, pytest.approx(best.load))
    assert exact.information == pytest.approx(best.information, rel=1e-12)


def test_what_has_no_theory_is_refused():
    with pytest.raises(ValueError, match="steps"):
        predict(Willshaw(20, 20, 3, 3, auto=True, steps=2))
    model = Willshaw(20, 20, 3, 3, auto=True, diagonal=False, winners=3)
    assert set(predict(model)) == {"load"}
    with pytest.raises(ValueError, match="winners"):
        predict(model, approximate=True)


MEDIUM = (
    Willshaw(1000, 1000, 10, 10, 5000, noise=Drop(3)),
    Willshaw(200, 150, 8, 6, 300, noise=Swap(3), threshold=6),
    Willshaw(200, 200, 8, 8, 300, noise=Kill(30)),
    Willshaw(200, 200, 8, 8, 300, auto=True, noise=Replace(2), threshold=6),
    Willshaw(200, 200, 8, 8, 300, auto=True, diagonal=False, noise=Drop(3)),
    Willshaw(200, 200, 8, 8, 300, auto=True, noise=Drop(2), winners=8, ties="all"),
)


def test_predictions_agree_with_simulation():
    report = verify_trials(MEDIUM, trials=10_000, seed=11, false_alarm=1e-4, progress=False)
    assert all(claim.verdict != "DISAGREES" for claim in report.claims), str(report)
    assert sum(claim.verdict == "agrees" for claim in report.claims) > 25


def test_simulation_tells_the_independent_theory_apart():
    model = MEDIUM[1]
    report = verify_trials(
        model,
        trials=10_000,
        seed=12,
        false_alarm=1e-4,
        theory=lambda m: {"spurious": independent_spurious(m)},
        progress=False,
    )
    assert [claim.verdict for claim in report.claims] == ["DISAGREES"]


def test_beta_binomial_recall():
    # Not exact: within 2 % where outputs are many, and nearer than independent outputs are.
    from assocmem.sdr.willshaw_trials import simulate

    model = Willshaw(200, 150, 8, 6, 300, noise=Drop(3))
    found = simulate(model, trials=40_000, seed=13)["exact"]
    predicted = predict(model, approximate=True)["exact"]
    alone = (1 - float(predict(model)["spurious"])) ** 144
    assert predicted.method == "beta-binomial"
    assert abs(float(predicted) - found.mean) < 0.02 + 4 * found.error  # false alarm below 1e-4
    assert abs(alone - found.mean) > abs(float(predicted) - found.mean)
    low, high = exact_bracket(model)
    assert low - 4 * found.error < found.mean < high + 4 * found.error


@pytest.mark.parametrize("share", [1e-300, 1e-15, 1e-9, 0.01, 0.5, 1 - 1e-9])
@pytest.mark.parametrize(
    ("spurious", "missing"), [(0.81, 0.0), (1e-12, 0.3), (0.3, 1e-9), (0.0, 0.5)]
)
def test_information_of_rare_cells(share, spurious, missing):
    """Against the plain definition in 700 digits."""
    from mpmath import log, mpf, workdps

    with workdps(700):
        on, given, total = mpf(share), {}, mpf(0)
        given[1] = on * (1 - mpf(missing)) + (1 - on) * mpf(spurious)
        given[0] = 1 - given[1]
        for cell, weight in ((1, on), (0, 1 - on)):
            recalled = 1 - mpf(missing) if cell else mpf(spurious)
            for seen, chance in ((1, recalled), (0, 1 - recalled)):
                if chance > 0:
                    total += weight * chance * log(chance / given[seen], 2)
        exact = float(total)
    assert channel_bits(share, spurious, missing) == pytest.approx(exact, rel=1e-13)
