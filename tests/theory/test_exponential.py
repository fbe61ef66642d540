"""Exponential networks: closed forms against numerics, the noise and its thresholds against draws.

The noise is drawn class by class (`assocmem.montecarlo.random_energy`), with any number of
patterns, or with patterns one by one at small N.
"""

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import gammaln, xlogy

from assocmem import Dense
from assocmem.hopfield.energy import Exponential, LogSumExp
from assocmem.montecarlo.random_energy import noise_samples
from assocmem.theory import phase_diagram, solve
from assocmem.theory.replica.exponential_noise import (
    basin_load,
    condensation_rate,
    deviation,
    log_cosh,
    noise_free_energy,
    thresholds,
)

LN2 = math.log(2.0)


def _rate(m):
    return 0.5 * (xlogy(1.0 + m, 1.0 + m) + xlogy(1.0 - m, 1.0 - m))


@pytest.mark.parametrize("m", [1e-8, 1e-3, 0.0499, 0.05, 0.3, 0.9, 1.0 - 1e-12, 1.0])
def test_deviation_in_many_digits(m):
    mpmath = pytest.importorskip("mpmath")
    mpmath.mp.dps = 60
    x = mpmath.mpf(m)
    low = (1 - x) * mpmath.log(1 - x) if m < 1.0 else 0
    exact = ((1 + x) * mpmath.log(1 + x) + low) / 2
    # relative rounding of the logarithms over m^2/2 at the switch, m = 0.05
    assert deviation(m) == pytest.approx(float(exact), rel=1e-13)
    assert log_cosh(m) == pytest.approx(float(mpmath.log(mpmath.cosh(x))), rel=1e-14)


def test_deviation_is_that_of_binomial_overlaps():
    n = 4000
    for m in (0.2, 0.7):
        k = round(0.5 * n * (1.0 + m))
        log_chance = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) - n * LN2
        half_log = 0.5 * math.log(0.5 * math.pi * n * (1.0 - m * m))
        assert -(log_chance + half_log) / n == pytest.approx(deviation(m), abs=1.0 / n**2 * 10)


@pytest.mark.parametrize("load", [1e-6, 0.01, 0.2, 0.5, 0.69, 0.9])
@pytest.mark.parametrize("rate", [0.1, 0.7, 3.0])
def test_noise_is_the_largest_of_its_classes(load, rate):
    m = np.linspace(0.0, 1.0, 2_000_001)
    rates = _rate(m)
    there = rates <= load
    found = noise_free_energy(load, rate)
    # grids of 5e-7 at a smooth maximum or at the edge, where the slope is at most rate
    best = np.max((rate * m + load - rates)[there])
    assert found.value == pytest.approx(best, abs=2e-6 * rate)
    assert found.fluctuation == pytest.approx(
        np.max((rate * m + 0.5 * (load - rates))[there]), abs=2e-6 * rate
    )
    assert found.condensed == (math.tanh(rate) > m[there][-1])
    if load < LN2:
        assert deviation(found.largest) == pytest.approx(load, rel=1e-12)
    assert found.value >= found.fluctuation


def test_thresholds_solve_their_definitions():
    for rate in (0.05, 0.2, 0.22, 0.5, 1.0, 4.0, 30.0):
        found = thresholds(rate)
        level = noise_free_energy(found.typical, rate)
        assert level.value == pytest.approx(rate, rel=1e-12) and not level.condensed
        assert noise_free_energy(found.flip, rate).fluctuation == pytest.approx(rate, rel=1e-12)
        assert found.typical <= found.flip <= LN2
        assert found.condensation <= found.typical
        assert condensation_rate(found.condensation) == pytest.approx(rate, rel=1e-9) or rate > 10.0
        assert found.all_flip <= 0.5 * LN2
        # The largest overlap restored: the load of m = 1 is that of flips.
        assert basin_load(rate, 1.0) == pytest.approx(found.flip, rel=1e-12)
        for m in (0.1, 0.5, 0.95):
            load = basin_load(rate, m)
            assert noise_free_energy(load, rate).fluctuation == pytest.approx(rate * m, rel=1e-9)
            assert basin_load(rate, m, all_patterns=True) <= 0.5 * deviation(m)
    # Demircigil et al. 2017, rate 1: all patterns from overlap m for alpha < I(m)/2
    for m in (0.2, 0.6, 1.0):
        assert basin_load(1.0, m, all_patterns=True) == pytest.approx(0.5 * deviation(m), rel=1e-13)


# Draws of the noise.


@pytest.mark.parametrize(("load", "rate"), [(0.4, 0.5), (0.6, 1.0), (0.3, 0.3)])
def test_noise_that_is_not_condensed(load, rate):
    # Its relative width is exp(-N (phi - psi)), so the mean is all: ln sum = N phi within 6
    # standard deviations, each of 200 samples: 4e-7 per point by the normal law.
    n = 300
    found = noise_free_energy(load, rate)
    assert not found.condensed
    width = 0.5 * (n * log_cosh(2.0 * rate) - load * n) - n * log_cosh(rate)
    assert width < math.log(0.2)
    drawn = noise_samples(load, rate, n, 200, seed=1).log_sum
    assert np.max(np.abs(drawn - n * found.value)) < 6.0 * math.exp(width) + 1e-9


@pytest.mark.parametrize(("load", "rate"), [(0.05, 1.0), (0.2, 2.0), (0.4, 3.0)])
def test_condensed_noise(load, rate):
    # ln sum = N rate m* - (rate/(2 x*)) ln N + O(1), as the number of patterns at overlap m is
    # exp(N (alpha - I))/sqrt(pi N (1 - m^2)/2). A fit of the three terms to means at seven sizes;
    # the first within 5 of its standard errors (bootstrap of the means; the steps of the
    # lattice of overlaps, of size 2 rate/N and random phase, are added to the errors): 6e-7.
    found = noise_free_energy(load, rate)
    assert found.condensed
    sizes = np.array([100, 150, 220, 330, 500, 720, 1100])
    sizes = sizes[sizes * load < 600]
    means, errors = [], []
    for n in sizes:
        drawn = noise_samples(load, rate, int(n), 500, seed=int(n)).log_sum
        means.append(drawn.mean())
        errors.append(math.hypot(drawn.std() / math.sqrt(len(drawn)), 0.3 * rate))
    log_term = -0.5 * rate / found.condensation_rate * np.log(sizes)
    design = np.stack([sizes, np.ones(len(sizes))], axis=1) / np.array(errors)[:, None]
    target = (np.array(means) - log_term) / np.array(errors)
    slope = np.linalg.lstsq(design, target, rcond=None)[0][0]
    error = math.sqrt(np.linalg.inv(design.T @ design)[0, 0])
    assert abs(slope - found.value) < 5.0 * error
    assert error < 0.01 * found.value  # annealed noise is off by more
    assert load + log_cosh(rate) > found.value + 5.0 * error


def test_a_typical_pattern_beats_its_noise_up_to_alpha_1():
    # At N = 400 and 2 % from alpha_1 the noise differs from exp(rate N) by a factor exp(4) or more
    # and its width is below exp(-20): no sample may be on the wrong side.
    rate, n = 1.0, 400
    edge = thresholds(rate).typical
    for share, wins in ((0.98, True), (1.02, False)):
        drawn = noise_samples(share * edge, rate, n, 100, seed=5).log_sum
        assert np.all((drawn < rate * n) == wins)


def test_flips_gain_from_their_own_threshold_on():
    # Between alpha_1 and the threshold of flips the noise is larger than the signal, and yet no
    # flip gains. Chance of a gain at one spin by the normal law: below exp(-exp(3)) at 0.96 of
    # the threshold, more than 0.1 beyond it; 500 samples each, false alarm 1e-6 and less.
    rate, n = 0.5, 300
    found = thresholds(rate)
    inside = noise_samples(0.96 * found.flip, rate, n, 500, seed=6)
    assert 0.96 * found.flip > found.typical
    assert np.all(inside.log_sum > rate * n)
    assert np.all(inside.field > -1.0)
    beyond = noise_samples(1.02 * found.flip, rate, n, 500, seed=6)
    assert np.mean(beyond.field < -1.0) > 0.1
    # The exponent of the fluctuation, from the median of |field| (0.67 sd), at two sizes
    for load in (0.3, 0.55):
        psi = noise_free_energy(load, rate).fluctuation
        medians = [
            math.log(np.median(np.abs(noise_samples(load, rate, k, 2000, seed=k).field)))
            for k in (400, 800)
        ]
        # relative error of a median of 2000: 1.25/0.67/sqrt(2000) = 0.042, 5 sigma of a difference
        assert (medians[1] - medians[0]) / 400 == pytest.approx(psi - rate, abs=0.3 / 400)


def test_stored_patterns_and_flips_one_by_one():
    # 12 quenched samples of a model, its energy and table against draws class by class: share of
    # pairs (pattern, spin) that a flip leaves. 5 standard errors across samples: 6e-7 (normal).
    n, load, rate = 14, 0.64, 0.7
    model = Dense(load=load, energy=LogSumExp(rate))
    shares = []
    rng = np.random.default_rng(12)
    for _ in range(12):
        sample = model.draw(n, rng)
        patterns = sample.leading(60)
        flipped = np.repeat(patterns[:, None, :], n, axis=1)
        flipped[:, np.arange(n), np.arange(n)] *= -1
        before = sample.energy(patterns)
        after = sample.energy(flipped)
        shares.append(np.mean(after < before[:, None]))
    drawn = noise_samples(math.log(model.count(n) - 1) / n, rate, n, 200_000, seed=2)
    expected = np.mean(drawn.field < -1.0)
    # N - 1 others and one spin: the same law for every spin
    error = math.hypot(np.std(shares, ddof=1) / math.sqrt(12), math.sqrt(expected / 200_000))
    assert 0.01 < expected < 0.4
    assert abs(np.mean(shares) - expected) < 5.0 * error


@pytest.mark.parametrize(("rate", "overlap"), [(1.0, 0.5), (0.4, 0.8)])
def test_basins(rate, overlap):
    # From overlap m the field of the pattern is exp(-rate (N - 1)(1 - m)) in units of its full
    # one. 5 % below the load of `basin_load` noise above it is exponentially rare, 5 % beyond it is
    # common: of 2000 samples at N = 600 less than 1 % and more than 20 %. The first is condensed,
    # where a pattern nearer than m is there with chance exp(-N (I(m) - alpha)) = 0.02 or less in
    # mean; the second is normal, with a ratio of exp(5) to the width and of exp(-5).
    n = 600
    edge = basin_load(rate, overlap)
    own = math.exp(-rate * (n - 1) * (1.0 - overlap))
    shares = [
        np.mean(np.abs(noise_samples(x * edge, rate, n, 2000, seed=4).field) > own)
        for x in (0.95, 1.05)
    ]
    assert shares[0] < 0.03
    assert shares[1] > 0.2


@pytest.mark.parametrize("t", [0.25, 0.4])
def test_simulation_of_retrieval(t):
    # 40 spins, 55 patterns: the noise is below the pattern by exp(-20), so that spins are free in
    # the pattern's field. 5 standard errors over 16 samples: with Student's law of 15, 2e-4 for
    # each of four numbers, at fixed seed.
    from assocmem import sample

    model = Dense(load=0.1, energy=LogSumExp(1.0))
    found = sample(
        model, n_spins=40, temperature=t, sweeps=600, burn_in=100, chains=2, disorder=16, seed=3,
        progress=False,
    ).to_dataset()  # fmt: skip
    theory = solve(model, t)
    for name, expected in (("overlap", theory.overlaps[0]), ("energy", theory.energy)):
        values = found[name].values.reshape(16, 2).mean(axis=1)
        error = values.std(ddof=1) / 4.0
        assert abs(values.mean() - expected) < 5.0 * error


# States and lines.


def _log_moment(load, rate, temperature, n, tilt, n_samples, seed):
    """(1/N) ln E Z of the network at N spins by importance sampling, and its error.

    E (sum_mu e^(rate M))^b = K E e^(rate M_1) (sum)^(b-1): the first pattern is drawn with its
    overlap tilted by exp(tilt M), the others class by class. b = 1/(rate T).
    """
    rng = np.random.default_rng(seed)
    b = 1.0 / (rate * temperature)
    m1 = 2.0 * rng.binomial(n, 0.5 * (1.0 + math.tanh(tilt)), n_samples) - n
    noise = noise_samples(load, rate, n, n_samples, seed + 1).log_sum
    total = np.logaddexp(rate * m1, noise)
    log_weight = (rate - tilt) * m1 + n * log_cosh(tilt) + (b - 1.0) * total
    top = log_weight.max()
    weight = np.exp(log_weight - top)
    value = (load + LN2) + (math.log(weight.mean()) + top) / n
    return value, weight.std() / weight.mean() / math.sqrt(n_samples) / n


@pytest.mark.parametrize(
    ("load", "temperature", "phase"),
    [(0.35, 0.5, "retrieval"), (0.2, 0.8, "retrieval"), (0.45, 1.6, "paramagnet"),
     (0.5, 0.8, "paramagnet")],
)  # fmt: skip
def test_free_energy_against_importance_sampling(load, temperature, phase):
    # Z averaged over patterns has the exponent of the phases, as K states count (exponential.py).
    rate = 1.0
    model = Dense(load=load, energy=LogSumExp(rate))
    f = solve(model, temperature, phase).free_energy
    if phase == "retrieval":
        f -= temperature * load
    other = "paramagnet" if phase == "retrieval" else "retrieval"
    rival = solve(model, temperature, other)
    if rival.exists:
        weight = rival.free_energy - (temperature * load if other == "retrieval" else 0.0)
        assert weight > f
    tilt = 1.0 / temperature if phase == "retrieval" else rate
    # N times the deviation: only corrections exponential in N are left, no terms of order 1/N.
    small, large = (_log_moment(load, rate, temperature, n, tilt, 5_000, n) for n in (75, 300))
    gaps = [n * abs(found[0] + f / temperature) for n, found in ((75, small), (300, large))]
    assert gaps[0] < 0.1
    # 6 standard errors: 2e-9 by the normal law; 1e-9 for rounding
    assert gaps[1] < 6.0 * 300 * large[1] + 0.1 * gaps[0] + 1e-9


def test_linear_point():
    # At beta = rate the partition function is linear: -beta f = alpha + ln 2cosh(rate), exactly.
    for load in (0.05, 0.2, 0.5):
        model = Dense(load=load, energy=LogSumExp(0.8))
        noise = noise_free_energy(load, 0.8)
        expected = -(load + LN2 + log_cosh(0.8)) / 0.8
        if noise.condensed:  # the K states of patterns dominate
            f = solve(model, 1.25).free_energy - 1.25 * load
        else:
            f = solve(model, 1.25, "paramagnet").free_energy
        assert f == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("t", [0.0, 1e-3, 0.3, 1.1])
def test_retrieval_is_the_minimum_over_overlaps(t):
    model = Dense(load=0.2, energy=LogSumExp(1.0))
    found = solve(model, t)
    best = minimize_scalar(
        lambda m: -m - t * (LN2 - _rate(m)), bounds=(0.0, 1.0), method="bounded",
        options={"xatol": 1e-12},
    )  # fmt: skip
    assert found.free_energy == pytest.approx(best.fun, abs=1e-7)  # a bounded search stops short
    assert found.energy + -t * found.entropy == pytest.approx(found.free_energy, abs=1e-14)
    assert found.q == pytest.approx(found.overlaps[0] ** 2, rel=1e-14)
    assert found.C * t == pytest.approx(1.0 - found.q, abs=1e-14)
    assert found.stable and found.stability["noise"] > 0.0


def test_where_retrieval_ends():
    model = Dense(load=0.62, energy=LogSumExp(1.0))  # between alpha_1 and the flips
    cold = solve(model, 0.0)
    assert cold.exists and not cold.stable and cold.overlaps == (1.0,)
    assert not solve(model, 1e-3).exists
    assert not solve(Dense(load=0.68, energy=LogSumExp(1.0)), 0.0).exists
    assert solve(Dense(load=0.55, energy=LogSumExp(1.0)), 1e-3).exists
    assert solve(Dense(n_patterns=3, energy=LogSumExp(1.0)), 5.0).exists


def test_lines():
    rate = 1.0
    diagram = phase_diagram(Dense(load=0.0, energy=LogSumExp(rate)), n_points=24)
    lines = diagram.lines
    assert all(line.converged for line in lines.values())
    spinodal, together, single = (lines[k] for k in ("T_M", "T_c", "T_1"))
    condensed = spinodal.load < diagram.points["load below which the noise is condensed"]
    assert np.array_equal(spinodal.temperature[condensed], together.temperature[condensed])
    assert np.all(together.temperature[~condensed][:-1] < spinodal.temperature[~condensed][:-1])
    assert np.all(single.temperature[:-1] < together.temperature[:-1])
    assert spinodal.load[-1] == diagram.points["largest load of retrieval"]
    assert all(line.temperature[-1] == 0.0 for line in lines.values())
    for i in (2, 10, 20):
        model = Dense(load=float(spinodal.load[i]), energy=LogSumExp(rate))
        t = float(spinodal.temperature[i])
        assert solve(model, 0.999 * t).exists and not solve(model, 1.001 * t).exists
        # equal free energies, of one pattern and of all
        for line, entropy in ((single, 0.0), (together, model.load)):
            t = float(line.temperature[i])
            f = -t * (LN2 + log_cosh(1.0 / t)) - t * entropy
            level = noise_free_energy(model.load, rate).value / rate
            assert f == pytest.approx(-level - t * LN2, abs=1e-12)


def test_paramagnet_and_what_does_not_exist():
    model = Dense(load=0.1, energy=LogSumExp(1.0))
    edge = 1.0 / condensation_rate(0.1)
    assert solve(model, 1.01 * edge, "paramagnet").exists
    assert not solve(model, 0.99 * edge, "paramagnet").exists
    for state in ("mixture", "spin-glass"):
        assert not solve(model, 0.5, state).exists
    assert not solve(model, 0.0, "paramagnet").exists
    small = Dense(load=0.1, energy=Exponential(1.0))
    assert solve(small, 0.0).overlaps == (1.0,) and solve(small, 0.0).energy == 0.0
    assert not solve(small, 0.1).exists
    assert solve(small, 0.1, "paramagnet").free_energy == pytest.approx(-0.1 * LN2)
    assert not solve(Dense(load=0.6, energy=Exponential(1.0)), 0.1, "paramagnet").exists


def test_refused():
    for field in ((0.1, 0.1), (-1.0,)):
        with pytest.raises(ValueError, match="field"):
            solve(Dense(load=0.1, energy=LogSumExp(1.0), field=field), 0.1)
    with pytest.raises(ValueError, match="field"):
        solve(Dense(load=0.1, energy=LogSumExp(1.0), field=(0.1,)), 2.0, "paramagnet")
    with pytest.raises(ValueError, match="LogSumExp"):
        phase_diagram(Dense(load=0.1, energy=Exponential(1.0)))
    for bad in ({"load": -1.0, "rate": 1.0}, {"load": 0.1, "rate": 0.0}):
        with pytest.raises(ValueError):
            noise_free_energy(**bad)
    with pytest.raises(ValueError, match="overlap"):
        basin_load(1.0, 0.0)


def test_pairs_one_flip_apart():
    # Two patterns at Hamming distance d alone: a flip of the first towards the second ties at
    # d = 1 and costs energy at any other d, so that only pairs one flip apart end `all_flip`.
    n, rate = 12, 0.3
    model = Dense(n_patterns=2, energy=LogSumExp(rate))
    first = np.ones(n, np.int8)
    for d in range(1, n + 1):
        second, flipped = first.copy(), first.copy()
        second[:d] = -1
        flipped[0] = -1
        energy = model.sample_of(np.stack([first, second])).energy(np.stack([first, flipped]))
        if d == 1:
            assert energy[0] == pytest.approx(energy[1], abs=1e-13)
        else:
            assert energy[1] > energy[0] + 1e-6


def test_a_field_on_the_retrieved_pattern():
    def at(h, t):
        return solve(Dense(load=0.1, energy=LogSumExp(1.0), field=(h,)), t)

    step = 1e-5
    for t in (0.3, 0.7):
        found = at(0.2, t)
        slope = (at(0.2 + step, t).free_energy - at(0.2 - step, t).free_energy) / (2 * step)
        assert -slope == pytest.approx(found.overlaps[0], rel=1e-8)
        slope = (at(0.2, t + step).free_energy - at(0.2, t - step).free_energy) / (2 * step)
        assert -slope == pytest.approx(found.entropy, rel=1e-8)
        assert found.energy == pytest.approx(found.free_energy + t * found.entropy, rel=1e-12)
    assert at(0.2, 0.0).energy == pytest.approx(-1.2)
