"""Dreaming and projection rules: theory against limits, identities, spectra and simulation."""

import dataclasses
import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import erf

from assocmem import Biased, Hopfield, Rademacher
from assocmem.hopfield import Dreaming, Hebb, PseudoInverse, Storkey
from assocmem.theory import critical_load, saddle, solve
from assocmem.theory.replica import dreaming, hopfield
from assocmem.theory.replica.dreaming import glass_temperature
from assocmem.theory.replica.slept_equations import SleptEquations
from assocmem.theory.replica.slept_noise import noise, spectrum_parameters

NUMBERS = ("q", "C", "r", "free_energy", "energy", "entropy")


def rule_of(time):
    return PseudoInverse() if math.isinf(time) else Dreaming(time)


def green_function(z, load, time):
    """(1/N) Tr (z - J)^-1 of the couplings with diagonal, from the law of Marchenko and Pastur."""
    low, high = (1 - math.sqrt(load)) ** 2, (1 + math.sqrt(load)) ** 2
    edge = (1 + time) * high / (1 + time * high)

    def integrand(angle):  # the square roots of the edges are smooth in the angle
        depth = (high - low) * math.sin(0.5 * angle) ** 2
        value = high - depth
        density = (0.5 * (high - low) * math.sin(angle)) ** 2 / (2 * math.pi * value)
        below = (1 + time) * depth / ((1 + time * high) * (1 + time * value))
        return density / (max(z - edge, 0.0) + below)

    bulk = quad(integrand, 0.0, math.pi, epsabs=1e-13, epsrel=1e-13, limit=400)[0]
    return bulk + max(0.0, 1.0 - load) / z


@pytest.mark.parametrize(
    ("time", "load", "z"),
    [
        (0.0, 0.3, 3.0),
        (1.0, 0.3, 1.7),
        (1.0, 0.3, 5.0),
        (10, 0.6, 1.3),
        (10, 1.5, 1.3),
        (99, 2, 1.1),
    ],
)
def test_reaction_is_the_r_transform_of_the_couplings(time, load, z):
    c = green_function(z, load, time)
    heard = noise(c, load, *spectrum_parameters(time))
    assert math.isclose(heard.reaction, z - 1.0 / c, rel_tol=1e-9)


@pytest.mark.parametrize("time", [0.0, 1e-9, 0.1, 1.0, 30.0, 1e6, math.inf])
@pytest.mark.parametrize("load", [1e-6, 0.1, 0.7, 0.99, 1.3, 3.0])
@pytest.mark.parametrize("c", [0.2, 0.9, 8.0])
def test_noise_is_consistent(time, load, c):
    if time < 1e-3 and c >= 1.0:
        return
    parameters = spectrum_parameters(time)
    here = noise(c, load, *parameters)
    step = 1e-5
    up, down = (noise(c + d, load, *parameters) for d in (step, -step))
    for name, slope in (
        ("reaction", here.response),
        ("gain", here.gain_c),
        ("response", here.response_c),
        ("kept", here.kept_c),
    ):
        numerical = (getattr(up, name) - getattr(down, name)) / (2 * step)
        assert math.isclose(numerical, slope, rel_tol=1e-5, abs_tol=1e-8), name
    integral = quad(lambda x: noise(x, load, *parameters).reaction, 0.0, c, epsabs=1e-13)[0]
    assert math.isclose(here.log_det, c * here.reaction - integral, rel_tol=1e-8, abs_tol=1e-10)


def test_hebb_is_infinite_where_c_is_one():
    assert noise(1.0, 0.1, 0.0, 1.0) is None


@pytest.mark.parametrize("temperature", [0.0, 0.2, 1.0])
def test_jacobian(temperature):
    values = np.array([1.3, -0.7])
    words = np.array([[a, b] for a in values for b in values])
    weights, field = np.array([0.2, 0.3, 0.3, 0.2]), np.array([0.1, 0.2])
    x = np.array([0.3, 0.5, 0.2])
    for equations in (
        SleptEquations(2.0, words, weights, field),
        SleptEquations(math.inf, words, weights, field),
    ):
        found = equations.jacobian(x, 0.3, temperature)
        numerical = saddle.numerical_jacobian(
            lambda y, e=equations: e.residual(y, 0.3, temperature), x
        )
        assert np.allclose(found, numerical, atol=1e-8)


@pytest.mark.parametrize("patterns", [Rademacher(), Biased(0.2), Biased(0.6)])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_short_dreams_are_hebb(patterns, n):
    """The equations of dreaming at t = 1e-9, for which another solver is at hand."""
    rng = np.random.default_rng([n, int(10 * getattr(patterns, "bias", 0.0))])
    state = "mixture" if n > 1 else "retrieval"
    for _ in range(7):
        load, temperature = max(1e-5, 0.14 / n * rng.random() ** 3), rng.random()
        model = Hopfield(load=load, patterns=patterns)
        theirs = hopfield.solve(model, temperature, state, n_mixed=max(n, 2))
        slept = dataclasses.replace(model, rule=Dreaming(1e-9))
        ours = dreaming.solve(slept, temperature, state, n_mixed=max(n, 2))
        assert ours.exists == theirs.exists, (load, temperature)
        if not ours.exists:
            continue
        # t changes numbers by t times what a state is susceptible to, below 1e3 here.
        assert np.allclose(ours.overlaps, theirs.overlaps, rtol=0, atol=1e-6)
        for name in NUMBERS[3:]:
            assert math.isclose(getattr(ours, name), getattr(theirs, name), abs_tol=1e-6), name
        assert ours.stability.keys() == theirs.stability.keys()
        for name, value in theirs.stability.items():
            assert math.isclose(ours.stability[name], value, abs_tol=1e-5), name
        assert (ours.stable, ours.replica_stable) == (theirs.stable, theirs.replica_stable)


@pytest.mark.parametrize("patterns", [Rademacher(), Biased(0.3)])
@pytest.mark.parametrize(
    ("load", "temperature", "state"),
    [(0.05, 0.0, "spin-glass"), (0.1, 0.9, "spin-glass"), (0.05, 1.3, "paramagnet")],
)
def test_disordered_states_after_short_dreams_are_those_of_hebb(load, temperature, state, patterns):
    model = Hopfield(load=load, patterns=patterns)
    theirs = hopfield.solve(model, temperature, state)
    ours = dreaming.solve(dataclasses.replace(model, rule=Dreaming(1e-9)), temperature, state)
    assert ours.exists and theirs.exists
    for name in NUMBERS:
        assert math.isclose(getattr(ours, name), getattr(theirs, name), abs_tol=1e-6), name


@pytest.mark.parametrize("load", [2e-5, 1e-4, 1e-3])
def test_no_dreams_are_hebb_on_every_sheet(load):
    model = Hopfield(load=load, patterns=Biased(0.2), rule=Dreaming(0.0))
    theirs = hopfield.solve(Hopfield(load=load, patterns=Biased(0.2)), 0.16, "mixture")
    ours = solve(model, 0.16, "mixture")
    assert ours.exists and ours.overlaps == theirs.overlaps and ours.model == model
    # A state that lies beyond the end of a first sheet, at load 1.5e-5.
    slept = solve(dataclasses.replace(model, rule=Dreaming(0.5)), 0.16, "mixture")
    assert slept.exists and 0.3 < slept.overlaps[0] < 0.5


def test_a_mixture_on_a_curve_that_no_ray_meets():
    # T = 0.46, projection: the curve from load 0 ends at 0.0119, another one of small m at 0.0148.
    model = Hopfield(load=0.0135, rule=PseudoInverse())
    state = solve(model, 0.46, "mixture")
    assert state.exists and state.residual < 1e-12
    assert math.isclose(critical_load(model, 0.46, n_mixed=3), 0.011943, rel_tol=1e-4)
    assert not solve(Hopfield(load=0.016, rule=PseudoInverse()), 0.46, "mixture").exists


def test_loads_too_small_are_refused():
    for state in ("retrieval", "spin-glass"):
        with pytest.raises(ValueError, match="load must be 0 or at least 1e-20"):
            solve(Hopfield(load=1e-300, rule=Dreaming(1.0)), 0.2, state)


CASES = [
    (1.0, 0.2, 0.3, "retrieval"),
    (9.0, 0.4, 0.25, "retrieval"),
    (math.inf, 0.5, 0.15, "retrieval"),
    (3.0, 0.02, 0.2, "mixture"),
    (1.0, 0.3, 0.1, "spin-glass"),
    (5.0, 1.4, 0.3, "paramagnet"),
    (math.inf, 0.4, 0.3, "paramagnet"),
]


@pytest.mark.parametrize(("time", "load", "temperature", "state"), CASES)
def test_entropy_is_the_slope_of_the_free_energy(time, load, temperature, state):
    # Energy, entropy and q are computed apart, f = u - T s; df/dT = -s holds at a saddle alone.
    model = Hopfield(load=load, rule=rule_of(time))
    step = 1e-4
    f = [solve(model, temperature + k * step, state).free_energy for k in (-2, -1, 1, 2)]
    slope = (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * step)
    assert math.isclose(solve(model, temperature, state).entropy, -slope, abs_tol=1e-8)


@pytest.mark.parametrize("time", [1.0, math.inf])
def test_overlap_is_the_slope_of_the_free_energy_by_the_field(time):
    step, load = 1e-4, 0.25
    f = [
        solve(Hopfield(load=load, rule=rule_of(time), field=(0.1, h)), 0.3).free_energy
        for h in (0.05 - step, 0.05 + step)
    ]
    state = solve(Hopfield(load=load, rule=rule_of(time), field=(0.1, 0.05)), 0.3)
    assert math.isclose(state.overlaps[1], -(f[1] - f[0]) / (2 * step), abs_tol=1e-7)


@pytest.mark.parametrize("load", [0.01, 0.5, 0.99])
def test_projection_recalls_perfectly_at_zero_temperature(load):
    state = solve(Hopfield(load=load, rule=PseudoInverse()), 0.0)
    assert state.overlaps == (1.0,) and state.r == 0.0 and state.q == 1.0
    # The field on a pattern is 1 - J_ii, and J_ii = alpha.
    assert math.isclose(state.energy, -0.5 * (1.0 - load), rel_tol=1e-14)
    assert math.isclose(state.entropy, 0.0, abs_tol=1e-14)
    assert state.stable and state.replica_stable


@pytest.mark.parametrize(("load", "temperature"), [(0.3, 0.2), (0.5, 0.15), (0.8, 0.03)])
def test_projection_is_kanter_and_sompolinsky(load, temperature):
    # Without noise, m = tanh(beta (1 - kappa) m) and (1 - C (1 - kappa)) kappa = alpha.
    def gap(m):
        c = (1 - m * m) / temperature
        kappa = brentq(lambda k: k * (1 - c * (1 - k)) - load, load, 1.0)
        return math.tanh((1 - kappa) * m / temperature) - m

    m = brentq(gap, solve_m(load, temperature) - 1e-3, 1 - 1e-15)
    state = solve(Hopfield(load=load, rule=PseudoInverse()), temperature)
    assert math.isclose(state.overlaps[0], m, abs_tol=1e-10)
    assert abs(state.r) < 1e-10


def solve_m(load, temperature):
    """Overlap by damped iteration of the same two equations, to bracket it."""
    m = 1.0
    for _ in range(3000):
        c = (1 - m * m) / temperature
        kappa = brentq(lambda k, c=c: k * (1 - c * (1 - k)) - load, load, 1.0)
        m += 0.3 * (math.tanh((1 - kappa) * m / temperature) - m)
    return m


@pytest.mark.parametrize(("load", "temperature"), [(0.3, 0.2), (0.6, 0.1), (0.4, 0.3)])
@pytest.mark.parametrize("state", ["retrieval", "paramagnet"])
def test_long_dreams_tend_to_the_projection(load, temperature, state):
    limit = solve(Hopfield(load=load, rule=PseudoInverse()), temperature, state)
    errors = []
    for time in (1e4, 1e6):
        near = solve(Hopfield(load=load, rule=Dreaming(time)), temperature, state)
        assert near.exists == limit.exists
        if near.exists:
            errors.append(max(abs(getattr(near, n) - getattr(limit, n)) for n in NUMBERS[3:]))
    if errors:
        assert errors[0] < 1e-2 and errors[1] < 0.03 * errors[0]


def test_zero_temperature_is_the_limit():
    model = Hopfield(load=0.35, rule=Dreaming(1.0))
    cold, near = solve(model, 0.0), solve(model, 1e-6)
    y = math.sqrt(2.0) * cold.overlaps[0]  # m = erf(M/sqrt(2 v))
    assert y > 0
    for name in NUMBERS:
        assert math.isclose(getattr(cold, name), getattr(near, name), abs_tol=1e-4), name
    gain = noise(cold.C, 0.35, 0.5, 0.5).gain
    expected = erf(gain * cold.overlaps[0] / math.sqrt(2 * 0.35 * cold.r))
    assert math.isclose(cold.overlaps[0], expected, abs_tol=1e-12)


@pytest.mark.parametrize(("time", "load"), [(0.0, 0.3), (0.5, 0.2), (3.0, 0.7), (20.0, 1.5)])
def test_glass_temperature_is_at_the_edge_of_the_spectrum(time, load):
    # Above it the mean-field state is that of a spherical model, whose C ends at the edge.
    edge = (1 + math.sqrt(load)) ** 2
    edge = (1 + time) * edge / (1 + time * edge)
    assert math.isclose(
        glass_temperature(load, time), 1.0 / green_function(edge, load, time), rel_tol=1e-8
    )
    t_g = glass_temperature(load, time)
    model = Hopfield(load=load, rule=Dreaming(time))
    assert solve(model, 1.001 * t_g, "paramagnet").replica_stable
    assert solve(model, 0.999 * t_g, "spin-glass").exists
    if time > 0:
        assert not solve(model, 0.999 * t_g, "paramagnet").replica_stable


def test_glass_temperature_of_hebb_and_projection():
    assert math.isclose(glass_temperature(0.3, 0.0), 1 + math.sqrt(0.3), rel_tol=1e-12)
    assert glass_temperature(0.3, math.inf) == 0.0


def test_high_temperature_energy():
    # u = -(beta/2) (1/N) sum_{i != j} J_ij^2 /2 * 2 ... to first order in beta; the sum is the
    # variance of the spectrum, kappa'(0).
    load, time, temperature = 0.6, 4.0, 300.0
    rng = np.random.default_rng(1)
    xi = np.where(rng.random((720, 1200)) < 0.5, 1.0, -1.0)
    squares = np.sum(Dreaming(time).couplings(xi) ** 2) / 1200
    state = solve(Hopfield(load=load, rule=Dreaming(time)), temperature, "paramagnet")
    # The diagonal fluctuates: relative corrections 1/N and beta.
    assert math.isclose(state.energy * temperature, -0.5 * squares, rel_tol=1e-2)


def test_states_that_do_not_exist_say_so():
    for model, temperature, state in (
        (Hopfield(load=0.45, rule=Dreaming(1.0)), 0.0, "retrieval"),
        (Hopfield(load=0.1, rule=Dreaming(1.0)), 1.0, "retrieval"),
        (Hopfield(load=1.1, rule=PseudoInverse()), 0.1, "retrieval"),
        (Hopfield(load=0.1, rule=Dreaming(1.0)), 0.0, "paramagnet"),
        (Hopfield(n_patterns=3, rule=Dreaming(1.0)), 0.1, "spin-glass"),
        (Hopfield(load=0.3, rule=PseudoInverse()), 0.1, "spin-glass"),
    ):
        found = solve(model, temperature, state)
        assert not found.exists and found.reason and found.overlaps is None


def test_wrong_arguments_are_named():
    with pytest.raises(TypeError, match="model must be one whose theory is known"):
        solve(Hopfield(load=0.1, rule=Storkey()), 0.1)
    model = Hopfield(load=0.1, rule=Dreaming(1.0), field=(0.1,))
    with pytest.raises(ValueError, match="temperature must be"):
        solve(model, -0.1)
    with pytest.raises(ValueError, match="state must be one of"):
        solve(model, 0.1, "liquid")
    with pytest.raises(ValueError, match="field must be zero"):
        solve(model, 0.1, "spin-glass")
    with pytest.raises(ValueError, match="n_mixed must be at most n_patterns=2"):
        solve(Hopfield(n_patterns=2, rule=Dreaming(1.0)), 0.1, "mixture", n_mixed=3)
    with pytest.raises(ValueError, match="rule must be"):
        dreaming.solve(Hopfield(load=0.1, rule=Storkey()), 0.1)
    assert dreaming.solve(Hopfield(load=0.1, rule=Hebb()), 0.1).exists


@pytest.mark.slow
@pytest.mark.parametrize(
    ("time", "load", "temperature", "bias"),
    [
        (0.5, 0.15, 0.3, 0.0),
        (1.0, 0.2, 0.3, 0.0),
        (9.0, 0.4, 0.22, 0.0),
        (math.inf, 0.5, 0.15, 0.0),
        (9.0, 1.2, 0.9, 0.0),
        (1.0, 0.06, 0.2, 0.4),
        (math.inf, 0.1, 0.2, 0.4),
    ],
)
def test_against_simulation(time, load, temperature, bias):
    """Energy and overlap of heat-bath runs from a pattern, extrapolated to 1/N = 0."""
    from assocmem.montecarlo.dynamics import engine

    patterns = Biased(bias) if bias else Hopfield(load=1.0).patterns
    model = Hopfield(load=load, rule=rule_of(time), patterns=patterns)
    chains, samples = 4, 10
    means = {}
    for n_spins in (1000, 2000):
        each = []
        for seed in range(samples):
            sample = model.draw(n_spins, np.random.default_rng([n_spins, seed]))
            seeds = np.random.SeedSequence([7, n_spins, seed]).spawn(chains)
            rows = []
            for mu in range(chains):
                run = engine(sample, sample.patterns[[mu]], temperature, [seeds[mu]], tracked=(mu,))
                run.run(100)
                rows.append(run.run(300, 1)[0].mean(axis=0))
            each.append(np.mean(rows, axis=0))
        means[n_spins] = np.array(each)
    # Samples are independent; corrections are of order 1/N, of which two sizes get rid.
    error = {n: v.std(axis=0, ddof=1) / math.sqrt(samples) for n, v in means.items()}
    value = 2 * means[2000].mean(axis=0) - means[1000].mean(axis=0)
    spread = np.hypot(2 * error[2000], error[1000])
    paramagnet = temperature > 0.5
    state = solve(model, temperature, "paramagnet" if paramagnet else "retrieval")
    expected = np.array([state.energy, state.overlaps[0]])
    # 14 numbers, Student's t of 9 to 18 degrees: false alarm below 14 * 8e-4 = 1 per cent.
    assert np.all(np.abs(value - expected) < 4.9 * spread), (value, expected, spread)


@pytest.mark.slow
@pytest.mark.parametrize(("time", "temperature"), [(1.0, 0.3), (1.0, 0.05), (9.0, 0.2)])
def test_retrieval_is_lost_in_simulation_where_theory_says(time, temperature):
    """Runs from a pattern keep it below the critical load and lose it above.

    At T = 0 itself they would stay in local minima above it, which T = 0.05 already leaves.
    """
    from assocmem.montecarlo.dynamics import engine

    load = critical_load(Hopfield(load=0.1, rule=Dreaming(time)), temperature)
    medians = []
    for factor in (0.9, 1.12):
        sample = Hopfield(load=factor * load, rule=Dreaming(time)).draw(
            3000, np.random.default_rng(5)
        )
        kept = []
        for mu in range(7):
            seed = np.random.SeedSequence([3, mu])
            run = engine(sample, sample.patterns[[mu]], temperature, [seed], tracked=(mu,))
            run.run(1000)
            kept.append(run.run(50, 1)[0][:, 1].mean())
        medians.append(float(np.median(kept)))
    # Single runs may leave early at finite N, so the median of seven decides; overlaps found are
    # within 0.02 of theory on one side and below 0.5 on the other.
    expected = solve(Hopfield(load=0.9 * load, rule=Dreaming(time)), temperature).overlaps[0]
    assert abs(medians[0] - expected) < 0.03 and medians[1] < 0.6, medians
