"""Edges at which laws of detection and memories used to break, against lists of all outcomes."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from assocmem import Detector
from assocmem.sdr import Kill, UnequalRates, Willshaw
from assocmem.theory import sdr
from assocmem.theory.sdr import willshaw
from assocmem.theory.sdr.willshaw_capacity import at_capacity, capacity, optimum
from assocmem.theory.sdr.willshaw_pairs import none_bracket
from assocmem.theory.sdr.willshaw_winners import winners_take_all


@pytest.mark.parametrize(
    ("law", "s", "theta"),
    [
        (UnequalRates(n=6, mean=0.9, cv=0.33), 4, 2),  # rates that are 1: some sizes never occur
        (UnequalRates(n=6, mean=0.4, cv=1.2), 2, 1),
        (UnequalRates(n=5, mean=0.5, cv=0.9), 1, 1),
    ],
    ids=repr,
)
def test_unequal_rates_of_which_some_are_certain(law, s, theta):
    """False positive of one segment by all pairs of activities, all sets of synapses counted."""
    n, rates = law.n, law.rates

    def chance(cells):
        return math.prod(rates[i] if i in cells else 1.0 - rates[i] for i in range(n))

    sets = [set(c) for k in range(n + 1) for c in itertools.combinations(range(n), k)]
    stored = [(cells, chance(cells)) for cells in sets if len(cells) >= s]
    norm = math.fsum(weight for _, weight in stored)
    total = []
    for pattern, weight in stored:
        for shown in sets:
            o, a = len(pattern & shown), len(pattern)
            ways = sum(
                math.comb(o, k) * math.comb(a - o, s - k) for k in range(theta, min(o, s) + 1)
            )
            total.append(weight / norm * chance(shown) * ways / math.comb(a, s))
    found = sdr.predict(Detector(law, n_synapses=s, threshold=theta))["false_positive"]
    assert found.value == pytest.approx(math.fsum(total), rel=1e-12, abs=0)


def test_many_silent_segments_of_many_neurons_keep_their_digits():
    """(1 - f)^(K N) needs 1 - f to the digits of f, here 1e-8 with K N = 3e7."""
    n, k, neurons, p = 10**9, 10**6, 30, 0.9
    found = sdr.population_miss_shared(n, 2, 2, 1, 1, neurons, 1, "replace", m=3, n_segments=k, p=p)
    with mpmath.workdps(40):
        quiet, bare = 1 - mpmath.mpf(p), 1 - mpmath.mpf(2) / n
        # Of two active cells, one is the pattern's; two other patterns may cover the second.
        own = quiet * (bare**2 + (1 - bare**2) * quiet)
        neither = (bare * (n - 3) / (n - 1)) ** 3
        both = 1 - 2 * bare**3 + neither
        other = neither + 2 * (bare**3 - neither) * quiet + both * quiet**2
        truth = neurons * (mpmath.log(own) + (k - 1) * mpmath.log(other))
        assert abs(found.log10 * mpmath.log(10) - truth) < 1e-13 * abs(truth)


def test_theory_does_not_import_simulation():
    """Every module of the theory of representations, in a fresh process."""
    code = """
import importlib, pkgutil, sys
import assocmem.theory.sdr as sdr
for module in pkgutil.iter_modules(sdr.__path__):
    importlib.import_module(f"{sdr.__name__}.{module.name}")
simulation = ("montecarlo", "trials", "draws", "rare", "kernels", "willshaw_memory")
print([name for name in sys.modules if name.startswith("assocmem.")
       and not name.startswith("assocmem.theory.")
       and any(part in simulation for part in name.split(".")[1:])])
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("winners", [1, 2, 3])
def test_fewer_winners_than_wanted_where_all_ties_are_on(winners):
    """One other output: the pattern is recalled where that one is not tied with all of it."""
    model = Willshaw(5, 4, 3, 3, n_patterns=3, winners=winners, ties="all")
    found = willshaw.predict(model, approximate=True)
    assert found["exact"].value == pytest.approx(1.0 - found["spurious"].value, rel=1e-12)
    assert 0.01 < found["spurious"].value < 0.99


def test_errors_that_no_number_of_patterns_makes_are_refused_and_do_not_hang():
    """At most n - a outputs are wrong: n/a - 1 times a. Beyond it nothing limits M."""
    with pytest.raises(ValueError, match="error must be one that patterns can exceed"):
        at_capacity(4, 3, error=0.5)
    with pytest.raises(ValueError, match="error must be one that patterns can exceed"):
        optimum(4, error=3.0)
    best = max((at_capacity(4, a, error=0.5) for a in (1, 2)), key=lambda o: o.information)
    assert optimum(4, error=0.5) == best  # of 3 cells any number of patterns would do
    for a in (0, 4):
        with pytest.raises(ValueError, match=r"^a must be an integer in \[1, 3\]"):
            at_capacity(4, a)


@pytest.mark.filterwarnings("error")
def test_capacity_without_end_is_refused_without_warnings():
    with pytest.raises(ValueError, match="error must be one that patterns can exceed"):
        capacity(Willshaw(8, 7, 5, 5, noise=Kill(2)), error=0.5)


@pytest.mark.parametrize("ties", ["random", "all"])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_winners_of_independent_sums_by_all_outcomes(ties, k):
    """Two wanted outputs and two others, with sums 0, 1, 2 of laws of their own."""
    wanted, others = np.array([0.2, 0.3, 0.5]), np.array([0.5, 0.4, 0.1])
    on, off, right = 0.0, 0.0, 0.0
    for sums in itertools.product(range(3), repeat=4):
        weight = math.prod(wanted[x] for x in sums[:2]) * math.prod(others[x] for x in sums[2:])
        place = sorted(sums, reverse=True)[k - 1]
        above = {i for i in range(4) if sums[i] > place}
        tied = [i for i in range(4) if sums[i] == place]
        choices = itertools.combinations(tied, k - len(above) if ties == "random" else len(tied))
        found = [above | set(choice) for choice in choices]
        for active in found:
            share = weight / len(found)
            on += share * len(active & {2, 3}) / 2
            off += share * len({0, 1} - active) / 2
            right += share * (active == {0, 1})
    assert winners_take_all((2, wanted), (2, others), k, ties) == pytest.approx((on, off, right))


@pytest.mark.parametrize("p", [0.1, 0.3, 1e-3, 1e-9])
def test_a_budget_that_is_met_exactly_does_not_cost_a_segment(p):
    """Budgets 1 - (1 - p)^M to the nearest double; rounding must not turn M into M - 1."""
    with mpmath.workdps(40):
        budgets = [float(1 - (1 - mpmath.mpf(p)) ** m) for m in range(1, 51)]
    budgets = [budget for budget in budgets if budget < 0.95]  # nearer to 1 doubles are coarse
    assert sdr.capacity(p, budgets).tolist() == list(range(1, len(budgets) + 1))


def test_misses_of_large_populations_by_exact_sums():
    """Fewer than r of N fire, in integers: N = 100 is beyond what other tests count."""
    for n_neurons, quorum in ((100, 1), (100, 37), (100, 100)):
        sides = range(n_neurons - quorum + 1, n_neurons + 1)
        ways = sum(math.comb(n_neurons, k) * 3 ** (n_neurons - k) for k in sides)
        found = sdr.population_miss(n_neurons, 0.25, quorum)
        assert found.log10 * math.log(10) == pytest.approx(
            math.log(ways) - n_neurons * math.log(4), rel=1e-13
        )


@pytest.mark.parametrize(("lost", "p"), [(1, 0.5), (3, 0.8)])
def test_lost_cells_that_all_come_back_count(lost, p):
    """All that swapped may return; a neuron then misses only by its synapses' unreliability."""
    n, a, s, theta, neurons, quorum = 9, 4, 3, 2, 5, 3
    total = 0.0
    for back in range(lost + 1):
        ways = math.comb(lost, back) * math.comb(n - a, lost - back)
        kept = a - lost + back
        fire = sum(
            math.comb(kept, k) * math.comb(a - kept, s - k) / math.comb(a, s)
            * math.comb(k, j) * p**j * (1 - p) ** (k - j)
            for k in range(min(kept, s) + 1) for j in range(theta, k + 1)
        )  # fmt: skip
        few = sum(
            math.comb(neurons, r) * fire**r * (1 - fire) ** (neurons - r) for r in range(quorum)
        )
        total += ways / math.comb(n - a + lost, lost) * few
    found = sdr.population_miss_shared(n, a, s, theta, lost, neurons, quorum, "swap", p=p)
    assert found.value == pytest.approx(total, rel=1e-12)


def test_bounds_from_two_moments_are_sharp_for_two_events():
    """P(neither) = 1 - 2 P + P(both), so that both bounds are equal."""
    for one, both in ((0.3, 0.1), (0.3, 0.0), (0.6, 0.5), (1e-6, 1e-9)):
        assert none_bracket(2, one, both) == pytest.approx((1.0 - 2.0 * one + both,) * 2, rel=1e-14)


@pytest.mark.parametrize(("n", "a", "s", "m"), [(1024, 20, 20, 20), (50, 7, 3, 2), (9, 9, 4, 1)])
def test_bloom_form_in_fractions(n, a, s, m):
    truth = (1 - Fraction(n - s, n) ** m) ** a
    found = sdr.union_fp_bloom(n, a, s, m)
    assert found.value == pytest.approx(float(truth), rel=1e-13, abs=0)
