"""States of multitasking networks at T = 0 against sums by hand, single flips and random starts."""

import itertools
import math
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest

from assocmem import Hopfield, Multitasking, Supervised
from assocmem.hopfield.regime import regime_of
from assocmem.theory.replica.multitasking_chambers import (
    candidates,
    chambers,
    counts_of,
    half_words,
    probabilities,
    weights_at,
)
from assocmem.theory.replica.multitasking_intervals import existence_intervals, ground_intervals
from assocmem.theory.replica.multitasking_points import judged
from assocmem.theory.replica.multitasking_roots import ONE, ZERO, roots
from assocmem.theory.replica.multitasking_zero import (
    fixed_points,
    hierarchical_dilution,
    symmetric_point,
    zero_temperature_states,
)


def _words(n_patterns, d):
    """All words and their probabilities, Fractions, the blank one too."""
    chance = {0: d, 1: (1 - d) / 2, -1: (1 - d) / 2}
    words = list(itertools.product((-1, 0, 1), repeat=n_patterns))
    return words, [math.prod(chance[x] for x in word) for word in words]


def _dot(word, m):
    return sum(x * y for x, y in zip(word, m, strict=True))


def _sign(x):
    return (x > 0) - (x < 0)


def _vertex(n_patterns, d, point):
    words, p = _words(n_patterns, d)
    spins = [_sign(_dot(word, point)) for word in words]
    return tuple(
        sum(q * s * word[mu] for q, s, word in zip(p, spins, words, strict=True))
        for mu in range(n_patterns)
    )


@pytest.mark.parametrize(("n_patterns", "number"), [(1, 1), (2, 1), (3, 2), (4, 14), (5, 516)])
def test_chambers_are_as_many_as_orders_of_comparative_probability(n_patterns, number):
    found = chambers(n_patterns)
    words = half_words(n_patterns).astype(int)
    fields = found.weights @ words.T
    assert len(found) == number
    assert np.all(fields != 0)
    assert len(np.unique(np.sign(fields), axis=0)) == number
    assert np.all(np.diff(found.weights, axis=1) < 0) and np.all(found.weights > 0)


@pytest.mark.slow
def test_six_patterns_have_124187_chambers():
    assert len(chambers(6)) == 124187


def test_random_points_are_in_listed_chambers():
    rng = np.random.default_rng(1)
    listed = {tuple(c.ravel().tolist()) for c in chambers(5).counts}
    words = half_words(5).astype(float)
    points = -np.sort(-np.abs(rng.standard_normal((5000, 5))), axis=1)
    counts = counts_of(np.sign(points @ words.T))
    assert {tuple(c.ravel().tolist()) for c in counts} <= listed


def test_chamber_is_named_by_any_point_of_it():
    for weights in chambers(5).weights[::25].tolist():
        assert weights_at([7 * w for w in weights]) == tuple(weights)
    rng = np.random.default_rng(2)
    words = half_words(4).astype(int)
    for _ in range(50):
        point = sorted(rng.integers(1, 10**6, 4).tolist(), reverse=True)
        if np.any(words @ np.array(point) == 0):
            continue
        name = weights_at(point)
        assert np.array_equal(np.sign(words @ np.array(name)), np.sign(words @ np.array(point)))


@pytest.mark.parametrize("n_patterns", [1, 2, 3, 4])
@pytest.mark.parametrize("d", [Fraction(1, 3), Fraction(5, 9), Fraction(9, 10)])
def test_vertices_are_sums_over_words(n_patterns, d):
    u = (1 - d) / 2
    for weights, counts in zip(chambers(n_patterns).weights, chambers(n_patterns).counts, strict=1):
        value = [
            sum(int(c) * d**z * u ** (n_patterns - z) for z, c in enumerate(row)) for row in counts
        ]
        assert tuple(value) == _vertex(n_patterns, d, weights.tolist())


def test_words_and_probabilities():
    words, p = _words(4, Fraction(2, 7))
    seen = {tuple(w): q for w, q in zip(words, p, strict=True)}
    for word, weight in zip(half_words(4).tolist(), probabilities(4, 2 / 7), strict=True):
        assert weight == pytest.approx(2 * float(seen.pop(tuple(word))), rel=1e-14)
        del seen[tuple(-x for x in word)]
    assert list(seen) == [(0, 0, 0, 0)]


@pytest.mark.parametrize(
    ("n_patterns", "d"),
    [(3, Fraction(1, 5)), (3, Fraction(58, 100)), (4, Fraction(1, 2)), (4, Fraction(3, 10)),
     (4, Fraction(11, 20)), (4, Fraction(9, 10))],
)  # fmt: skip
def test_states_are_all_vertices_in_their_own_chamber_and_minima_under_flips(n_patterns, d):
    found = fixed_points(n_patterns, d)
    assert found.complete
    words = _words(n_patterns, d)[0]
    by_hand = set()
    for weights in chambers(n_patterns).weights.tolist():
        m = _vertex(n_patterns, d, weights)
        if all(_sign(_dot(word, m)) == _sign(_dot(word, weights)) for word in words):
            by_hand.add(m)
    assert {point.overlaps for point in found} == by_hand
    energies = [point.energy for point in found]
    assert energies == sorted(energies)
    for point in found:
        m = point.overlaps
        assert point.energy == -_dot(m, m) / 2
        assert point.margin == min(abs(_dot(word, m)) for word in words if any(word))
        assert point.stable and point.margin > 0
        assert point.copies == 2**n_patterns * math.factorial(n_patterns)
        assert point.regime == regime_of([float(x) for x in m], 0.0, n_patterns)[0]
        assert _vertex(n_patterns, d, point.weights) == m
        # Turning the spins of a share t of any word, and only of it, lowers |m|^2 for small t.
        for word in filter(any, words):
            s = _sign(_dot(word, m))
            slope = [-2 * s * x for x in word]
            assert _dot(m, slope) < 0


@pytest.mark.parametrize("n_patterns", [3, 4])
def test_random_starts_reach_no_state_that_is_not_listed(n_patterns):
    rng = np.random.default_rng(3)
    words = np.array(list(itertools.product((-1, 0, 1), repeat=n_patterns)), dtype=float)
    reached = 0
    for d in rng.uniform(0.02, 0.98, 12):
        chance = d ** np.sum(words == 0, axis=1) * ((1 - d) / 2) ** np.sum(words != 0, axis=1)
        listed = np.array([point.overlaps for point in fixed_points(n_patterns, float(d))])
        for _ in range(60):
            m = rng.standard_normal(n_patterns) * rng.choice([1.0, 0.1, 0.02], n_patterns)
            for _ in range(1000):
                fields = words @ m
                new = (chance * np.sign(fields)) @ words
                if np.array_equal(new, m):
                    break
                m = new
            if np.min(np.abs(fields[np.any(words, axis=1)])) < 1e-12:
                continue  # on a wall: no minimum
            reached += 1
            gap = np.abs(listed - np.sort(np.abs(m))[::-1]).max(axis=1)
            assert gap.min() < 1e-12
    assert reached > 600


@pytest.mark.parametrize("n_patterns", [3, 5, pytest.param(6, marks=pytest.mark.slow)])
def test_hierarchical_amplitudes(n_patterns):
    d = Fraction(2, 5)
    (point,) = (one for one in fixed_points(n_patterns, d) if one.regime == "hierarchical")
    assert point.weights == tuple(2**k for k in reversed(range(n_patterns)))
    assert point.overlaps == tuple((1 - d) * d**mu for mu in range(n_patterns))


@pytest.mark.parametrize(
    ("n_patterns", "published"),
    [(3, 0.6180339887), (4, 0.5436890127), (5, 0.5187900637), (6, 0.5086603916)],
)
def test_end_of_the_hierarchical_state(n_patterns, published):
    end = hierarchical_dilution(n_patterns)
    assert end == pytest.approx(published, abs=6e-11)
    digits = hierarchical_dilution(n_patterns, digits=60)
    with mp.workdps(75):
        polynomial = [1, *[0] * (n_patterns - 2), -2, 1]
        found = mp.polyroots(polynomial, 500, extraprec=400)
        real = [z.real for z in found if abs(z.imag) < mp.mpf(10) ** -60]
        (exact,) = (z for z in real if 0.5 < z < 0.999)
        assert abs(digits - exact) < mp.mpf(10) ** -59
    assert end == float(digits)
    # The bookkeeping agrees on both sides of it.
    name = tuple(2**k for k in reversed(range(n_patterns)))
    margin = Fraction(1, 10**12)
    signs = np.sign(half_words(n_patterns).astype(np.int64) @ np.array(name)).astype(np.int8)
    assert judged(signs, Fraction(end) - margin).stable
    assert judged(signs, Fraction(end) + margin) is None


def test_hierarchical_state_of_two_patterns_always_exists():
    assert hierarchical_dilution(1) == hierarchical_dilution(2) == 1.0
    for d in (1e-9, 0.3, 0.999, 1 - 1e-9):
        (point,) = fixed_points(2, d)
        assert point.regime == "hierarchical"
    # 1 - d - ... - d^(K-1) = 0 at d = 1/2 + 2^-(K+1) (1 + O(K 2^-K)).
    assert (hierarchical_dilution(40) - 0.5) * 2.0**41 == pytest.approx(1.0, abs=1e-3)


def test_end_of_the_hierarchical_ground_state_of_three_patterns():
    hierarchical, mixed = ground_intervals(3)
    assert hierarchical.low == ZERO and mixed.high == ONE and hierarchical.high == mixed.low
    assert hierarchical.regimes == ("hierarchical",) and mixed.regimes == ("mixed",)
    assert round(float(hierarchical.high), 8) == 0.54691816
    # Energies by hand, with 40 digits: |m|^2 of (1-d) d^mu and of the vertex of x_1 < x_2 + x_3.
    with mp.workdps(45):

        def gap(d):
            u = (1 - d) / 2
            one = sum(((1 - d) * d**mu) ** 2 for mu in range(3))
            words = list(itertools.product((-1, 0, 1), repeat=3))
            other = 0
            for mu in range(3):
                m = sum(
                    (d ** w.count(0)) * u ** (3 - w.count(0)) * w[mu] * _sign(_dot(w, (4, 3, 2)))
                    for w in words
                )
                other += m * m
            return one - other

        exact = mp.findroot(gap, mp.mpf("0.547"))
        assert abs(hierarchical.high.digits(40) - exact) < mp.mpf(10) ** -39
    ends = {state.weights: state.intervals for state in existence_intervals(3)}
    assert [float(end) for end in ends[4, 2, 1][0]] == [0.0, hierarchical_dilution(3)]
    assert ends[4, 3, 2] == ((ZERO, ONE),)


@pytest.mark.parametrize("n_patterns", [3, 4, pytest.param(5, marks=pytest.mark.slow)])
def test_intervals_agree_with_states_at_single_dilutions(n_patterns):
    states, ground = existence_intervals(n_patterns), ground_intervals(n_patterns)
    assert ground[0].low == ZERO and ground[-1].high == ONE
    assert all(a.high == b.low for a, b in itertools.pairwise(ground))
    rng = np.random.default_rng(4)
    inner = sorted({float(end) for state in states for part in state.intervals for end in part}
                   | {float(g.high) for g in ground})[1:-1]  # fmt: skip
    near = [d + step for d in inner for step in (-1e-7, 1e-7)]
    chosen = [*rng.uniform(0.0, 1.0, 30), *rng.choice(near, min(len(near), 40), replace=False)]
    for d in chosen:
        found = fixed_points(n_patterns, float(d))
        alive = {s.weights for s in states if any(float(a) < d < float(b) for a, b in s.intervals)}
        assert {point.weights for point in found} == alive
        (here,) = (g for g in ground if float(g.low) < d < float(g.high))
        lowest = min(point.energy for point in found)
        best = [point for point in found if point.weights in here.weights]
        assert len(best) == len(here.weights)
        assert all(point.energy == pytest.approx(lowest, rel=1e-15) for point in best)
        for s in states:
            in_ground = any(float(a) < d < float(b) for a, b in s.ground)
            assert in_ground == (s.weights in here.weights)


def test_exact_boundaries_are_told():
    # (8, 6, 4, 1) of four patterns ends at d = 1/2 exactly.
    (state,) = (s for s in existence_intervals(4) if s.weights == (8, 6, 4, 1))
    ((low, high),) = state.intervals
    assert (low, high.low, high.high) == (ZERO, Fraction(1, 2), Fraction(1, 2))
    at = fixed_points(4, Fraction(1, 2))
    walls = [point for point in at.marginal if point.counts == state.counts]
    assert [(point.margin, point.stable, point.weights) for point in walls] == [(0, False, None)]
    assert "on a wall" in str(at)
    before = fixed_points(4, Fraction(499, 1000))
    after = fixed_points(4, Fraction(501, 1000))
    assert state.counts in {point.counts for point in before}
    assert state.counts not in {p.counts for p in (*after, *after.marginal)}


def test_strong_dilution_of_four_patterns():
    # The specification's overlaps at T = 0.005 (those of one state): the limit is as near as T.
    found = fixed_points(4, 0.9)
    warm = np.array([0.0982, 0.0905, 0.0823, 0.0746])
    assert min(np.abs(np.array(point.overlaps) - warm).max() for point in found) < 0.0005
    # Two states of exactly one energy, for every d.
    exact = fixed_points(4, Fraction(9, 10))
    assert exact[0].energy == exact[1].energy and exact[0].overlaps != exact[1].overlaps


def test_no_dilution_is_the_hopfield_network():
    # Mixtures of odd numbers of patterns, Amit, Gutfreund, Sompolinsky 1985: overlaps of
    # 1, 3, 5 patterns C(n-1, (n-1)/2)/2^(n-1).
    for n_patterns in (1, 3, 4, 5):
        found = {point.overlaps for point in fixed_points(n_patterns, 0)}
        for n in range(1, n_patterns + 1, 2):
            m = math.comb(n - 1, (n - 1) // 2) / 2 ** (n - 1)
            assert (m,) * n + (0.0,) * (n_patterns - n) in found
            assert symmetric_point(n_patterns, 0.0, n).stable
    assert all(point.stable for point in fixed_points(5, 0))
    assert fixed_points(3, 0)[0].copies == 6


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_symmetric_points_are_limits_and_not_minima(n):
    d = Fraction(7, 10)
    point = symmetric_point(4, d, n)
    words, p = _words(4, d)
    m = sum(q * abs(sum(w[:n])) for q, w in zip(p, words, strict=True)) / n
    assert point.overlaps == (m,) * n + (0,) * (4 - n)
    assert point.margin == 0 and not point.stable
    # Free spins that side with any small change lower f, to first order, one way or the other.
    for tie in (w for w in words if any(w) and _dot(w, point.overlaps) == 0):
        slopes = []
        for sign in (1, -1):
            delta = [sign * x for x in tie]
            slopes.append(
                _dot(point.overlaps, delta)
                - sum(q * (_dot(w, delta) * _sign(h) if (h := _dot(w, point.overlaps))
                           else abs(_dot(w, delta))) for q, w in zip(p, words, strict=True))
            )  # fmt: skip
        assert max(slopes) < 0


@pytest.mark.parametrize(("n_patterns", "d", "repeats"), [(2, Fraction(1, 3), 9),
                                                          (3, Fraction(1, 2), 16),
                                                          (3, Fraction(2, 3), 15)])  # fmt: skip
def test_spins_with_exact_word_frequencies_stop_in_listed_states(n_patterns, d, repeats):
    # A network in which every word is as frequent as it is probable. Quenches by single flips
    # end where s_i h_i >= 0; fields without self-interaction differ from xi.m by |xi|^2/N.
    words, p = _words(n_patterns, d)
    unit = math.lcm(*(q.denominator for q in p)) * repeats
    patterns = np.repeat(np.array(words, dtype=np.int8), [int(q * unit) for q in p], axis=0).T
    model = Multitasking(n_patterns=n_patterns, dilution=float(d))
    sample = model.sample_of(np.ascontiguousarray(patterns))
    n_spins = sample.n_spins
    assert n_spins == unit
    listed = fixed_points(n_patterns, d)
    table = np.array([[float(m) for m in point.overlaps] for point in listed])
    assert min(float(point.margin) for point in listed) > n_patterns / n_spins
    rng = np.random.default_rng(5)
    filled = np.any(patterns != 0, axis=0)
    big = patterns.astype(np.int64)
    seen = set()
    for start in range(30):
        spins = rng.choice([-1, 1], n_spins)
        if start < len(table):  # the listed states themselves are stable
            spins = np.where(filled, np.sign(table[start] @ patterns), spins).astype(int)
        total, moved = big @ spins, True
        first = total.copy()
        while moved:
            moved = False
            for i in rng.permutation(np.flatnonzero(filled)):
                field = big[:, i] @ (total - big[:, i] * spins[i])
                if field * spins[i] < 0:
                    spins[i] *= -1
                    total = total + 2 * big[:, i] * spins[i]
                    moved = True
        if start < len(table):
            assert np.array_equal(total, first)
        energies = [float(sample.energy(spins))]
        for i in np.flatnonzero(filled)[:: max(1, n_spins // 20)]:
            turned = spins.copy()
            turned[i] *= -1
            energies.append(float(sample.energy(turned)))
        assert min(energies[1:]) >= energies[0] - 1e-9
        m = np.sort(np.abs(total))[::-1] / n_spins
        which = np.flatnonzero(np.abs(table - m).max(axis=1) < 1e-12)
        # Words with |xi.m| < |xi|^2/N may be split among spins at finite N; none has here.
        assert len(which) == 1
        seen.add(int(which[0]))
    assert len(seen) == len(table)


def test_branch_and_bound_counts_its_parts():
    assert not candidates(6, 0.9, 5)[1]
    full, complete = candidates(5, 0.9, 10_000)
    assert complete and len(full) >= len(fixed_points(5, 0.9))


def test_search_finds_states_that_the_proof_lists():
    proved = fixed_points(6, 0.9)
    searched = fixed_points(6, 0.9, most=0, seed=1)
    assert proved.complete and not searched.complete
    known = {point.counts for point in proved}
    assert {point.counts for point in searched} <= known
    assert searched.ground.energy == proved.ground.energy
    assert fixed_points(6, 0.9, most=0, seed=1) == searched
    eight = fixed_points(8, 0.4)
    assert not eight.complete
    hierarchical = [point for point in eight if point.regime == "hierarchical"]
    assert [point.overlaps for point in hierarchical] == [
        pytest.approx([0.6 * 0.4**mu for mu in range(8)], rel=1e-13)
    ]


def test_nearly_no_blanks_and_nearly_blanks_alone():
    # d -> 0: those of full words split by words with one blank; d -> 1: |m|^2 = K (1 - d)^2, as
    # nearly all spins that are not free carry one pattern.
    tiny = fixed_points(4, 1e-300)
    assert {p.counts for p in tiny} == {p.counts for p in fixed_points(4, 1e-6)}
    for d in (1 - 1e-9, 1 - 2.0**-50):
        found = fixed_points(4, d)
        assert found.complete and [p.weights for p in found] == [(7, 6, 5, 3), (8, 6, 5, 4)]
        assert found.ground.energy == pytest.approx(-2.0 * (1 - d) ** 2, rel=1e-8)
        assert 0 < found[0].margin < (1 - d) ** 3


def test_roots_are_exact():
    assert roots((-1, 2)) == roots((-1, 0, 4)) == roots((1, -4, 4))
    (half,) = roots((-1, 2))
    assert half.low == half.high == Fraction(1, 2) and str(half.digits(5)) == "0.5"
    golden = roots((0, 0, 1, -1, -1))
    assert golden == roots((-1, 2, 0, -1))  # (1 - d)(1 - d - d^2), with both ends left out
    assert float(golden[0]) == (math.sqrt(5) - 1) / 2


def test_tables():
    found = zero_temperature_states(Multitasking(n_patterns=3, dilution=0.5))
    assert found == fixed_points(3, 0.5)
    data = found.to_dataset()
    assert data["overlap"].shape == (2, 3) and list(data["regime"].values) == [
        "hierarchical",
        "mixed",
    ]
    assert float(data["energy"][0]) == found.ground.energy
    assert "2 states of 3 patterns" in str(found) and len(str(found).splitlines()) == 3
    ground = ground_intervals(3)
    assert float(ground.to_dataset()["high"][0]) == float(ground[0].high)
    assert "0.546918160678" in str(ground)
    states = existence_intervals(3)
    assert "(4, 2, 1)" in str(states) and "0.61803398875" in str(states)
    table = states.to_dataset()
    assert sorted(table["kind"].values) == ["exists", "exists", "ground", "ground"]


@pytest.mark.parametrize(
    ("call", "error", "name"),
    [
        (lambda: fixed_points(0, 0.5), ValueError, "n_patterns"),
        (lambda: fixed_points(13, 0.5), ValueError, "n_patterns"),
        (lambda: fixed_points(3, 1.0), ValueError, "dilution"),
        (lambda: fixed_points(3, "0.5"), TypeError, "dilution"),
        (lambda: fixed_points(3, Fraction(1, 10**400)), ValueError, "dilution"),
        (lambda: fixed_points(3, 0.5, seed=-1), ValueError, "seed"),
        (lambda: fixed_points(3, 0.5, most=1.5), TypeError, "most"),
        (lambda: symmetric_point(3, 0.5, 4), ValueError, "n_mixed"),
        (lambda: hierarchical_dilution(0), ValueError, "n_patterns"),
        (lambda: hierarchical_dilution(3, digits=0), ValueError, "digits"),
        (lambda: zero_temperature_states(Hopfield(load=0.1)), TypeError, "model"),
        (lambda: zero_temperature_states(Multitasking(load=0.1)), ValueError, "model"),
        (
            lambda: zero_temperature_states(
                Multitasking(n_patterns=2, learning=Supervised(5, 0.5))
            ),
            ValueError,
            "model",
        ),
        (
            lambda: zero_temperature_states(Multitasking(n_patterns=2, field=(0.1,))),
            ValueError,
            "model",
        ),
        (lambda: existence_intervals(6), ValueError, "n_patterns"),
        (lambda: ground_intervals(0), ValueError, "n_patterns"),
    ],
)
def test_refusals(call, error, name):
    with pytest.raises(error, match=f"^{name} must be"):
        call()
