"""States of dense models against independent evaluations of the same theory and its limits."""

import dataclasses
import itertools
import math

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from assocmem import Dense, Hopfield
from assocmem.errors import ConvergenceError
from assocmem.hopfield.energy import FullPower, PBody, Separable, kernel
from assocmem.hopfield.learning import Supervised, Unsupervised
from assocmem.theory import critical_load, solve_grid
from assocmem.theory import solve as dispatched
from assocmem.theory.replica.dense import solve
from assocmem.theory.replica.dense_cases import case_of
from assocmem.theory.replica.dense_noise import mean_energy, noise_of
from assocmem.theory.replica.dense_rays import find

_CASES = [
    (Dense(load=0.05, p=3), 0.15, "retrieval", "binomial"),
    (Dense(load=0.01, p=4), 0.03, "retrieval", "binomial"),
    (Dense(load=0.01, energy=FullPower(4)), 0.03, "retrieval", "binomial"),
    (Dense(load=0.03, energy=FullPower(3)), 0.15, "retrieval", "binomial"),
    (Dense(load=0.1, energy=Separable("m**3/6 + m**5/10")), 0.2, "retrieval", "binomial"),
    (Dense(load=0.1, energy=Separable("m**2/3 + m**5/10")), 0.3, "retrieval", "binomial"),
    (Dense(load=0.02, p=3, field=(0.03,)), 0.2, "retrieval", "binomial"),
    (Dense(load=0.02, p=3, learning=Supervised(5, 0.6)), 0.06, "retrieval", "binomial"),
    (Dense(load=0.02, p=3, learning=Unsupervised(4, 0.8)), 0.06, "retrieval", "binomial"),
    (Dense(load=0.02, p=2, learning=Unsupervised(4, 0.8)), 0.2, "retrieval", "binomial"),
    (Dense(load=0.02, p=2, learning=Supervised(4, 0.8)), 0.2, "retrieval", "binomial"),
    (Dense(load=0.02, p=3, learning=Supervised(5, 0.6)), 0.06, "retrieval", "gaussian"),
    (Dense(load=0.02, p=3, learning=Supervised(4, 0.6), field=(0.02,)), 0.06, "retrieval",
     "binomial"),
    (Dense(load=0.001, p=3), 0.05, "mixture", "binomial"),
    (Dense(load=0.01, energy=FullPower(4)), 0.03, "spin-glass", "binomial"),
    (Dense(load=0.01, energy=FullPower(3)), 0.3, "spin-glass", "binomial"),
    (Dense(load=0.02, p=2, learning=Unsupervised(10, 0.7)), 0.2, "spin-glass", "binomial"),
]  # fmt: skip


def _ids(case):
    return f"{case[0]} {case[2]} {case[3]}"


def _words(model, state, law):
    """Words (y, field factor, probability) of spins in the gauge of the archetype, by hand."""
    if state == "mixture":
        return [(sum(word), 0.0, 0.125) for word in itertools.product((1, -1), repeat=3)]
    if state in ("spin-glass", "paramagnet"):
        return [(0.0, 0.0, 1.0)]
    if model.learning is None:
        return [(1.0, 1.0, 1.0)]
    m, r = model.learning.n_examples, model.learning.quality
    scale, plus = math.sqrt(r * r + (1 - r * r) / m), (1 + r) / 2
    if law == "gaussian":
        rho = (1 - r * r) / (m * r * r)
        nodes, weights = np.polynomial.hermite_e.hermegauss(120)
        return [
            ((1 + math.sqrt(rho) * x) / math.sqrt(1 + rho), 1.0, w / math.sqrt(2 * math.pi))
            for x, w in zip(nodes, weights, strict=True)
        ]
    return [
        ((2 * k / m - 1) / scale, 1.0, math.comb(m, k) * plus**k * (1 - plus) ** (m - k))
        for k in range(m + 1)
    ]


def _noise_term(model, q, r, t):
    """What the noise adds to f over the load, of free q and r, for the spec's g(q)."""
    learning = model.learning
    if model.p == 2:
        c = (1 - q) / t
        scale = 2.0 * float(model.energy.hermite()[2])
        modes = [(scale, 1)]
        if isinstance(learning, Unsupervised):
            rho = learning.entropy
            modes.append((rho / (1 + rho), learning.n_examples - 1))
        total = 0.5 * r * c
        for x, n in modes:
            total += 0.5 * n * (x + t * math.log(1 - x * c) - x * q / (1 - x * c))
        return total
    g = kernel(model.energy)
    if isinstance(learning, Unsupervised):
        m, quality = learning.n_examples, learning.quality
        big_r = quality**2 + (1 - quality**2) / m
        g = g * (quality ** (2 * model.p) + (1 - quality ** (2 * model.p)) / m) / big_r**model.p
    g = np.polynomial.Polynomial(g)
    # -(beta/2) [g(1) - g(q) - r (1 - q)] with r = g'(q) at the saddle.
    return -(g(1) - g(q) - r * (1 - q)) / (2 * t)


def _free_energy(model, state, law, t, n, q, r):
    parts = 3 if state == "mixture" else 0 if state in ("spin-glass", "paramagnet") else 1
    h = model.field[0] if model.field else 0.0
    s = model.energy.slope(n)
    total = parts * (n * s - model.energy.condensed(n)) + model.load * _noise_term(model, q, r, t)
    b = math.sqrt(model.load * r)
    for y, factor, p in _words(model, state, law):
        a = s * y + factor * h

        def integrand(z, a=a):
            x = abs(a + b * z) / t
            return math.exp(-z * z / 2) * t * (x + math.log1p(math.exp(-2 * x)))

        points = [-a / b] if abs(a) < 12 * b else None
        value = quad(integrand, -12, 12, points=points, epsabs=1e-14, epsrel=1e-13, limit=400)[0]
        total -= p * value / math.sqrt(2 * math.pi)
    return total


@pytest.mark.parametrize(("model", "t", "state", "law"), _CASES, ids=map(_ids, _CASES))
def test_is_stationary_point_of_the_free_energy(model, t, state, law):
    found = solve(model, t, state, law=law)
    assert found.exists
    assert found.residual < 1e-12
    n = found.example_overlap if model.learning is not None else found.overlaps[0]
    here = (n, found.q, found.r)
    value = _free_energy(model, state, law, t, *here)
    assert found.free_energy == pytest.approx(value, abs=1e-11)
    scale = max(abs(value), 0.01)
    for i in range(3):
        if here[i] == 0.0:
            continue
        # Five points: an error of fourth order, some derivatives being large.
        slope = 0.0
        for k, weight in ((1, 8.0), (2, -1.0)):
            for sign in (1, -1):
                moved = list(here)
                moved[i] *= 1.0 + sign * k * 2e-4
                slope += sign * weight * _free_energy(model, state, law, t, *moved)
        assert abs(slope / (12 * 2e-4)) < 2e-8 * scale, i


@pytest.mark.parametrize(("model", "t", "state", "law"), _CASES, ids=map(_ids, _CASES))
def test_entropy_energy_and_overlap_are_derivatives(model, t, state, law):
    found = solve(model, t, state, law=law)
    step = 1e-4 * t
    up, down = (solve(model, t + s * step, state, law=law).free_energy for s in (1, -1))
    assert -(up - down) / (2 * step) == pytest.approx(found.entropy, rel=1e-5, abs=1e-10)
    assert found.energy == pytest.approx(found.free_energy + t * found.entropy, abs=1e-15)
    if state != "retrieval":
        return
    h = model.field[0] if model.field else 0.0
    f = [solve(dataclasses.replace(model, field=(h + s * 1e-5,)), t, law=law) for s in (1, -1)]
    slope = -(f[0].free_energy - f[1].free_energy) / 2e-5
    assert slope == pytest.approx(found.overlaps[0], abs=1e-7)


@pytest.mark.parametrize("p", [4])
def test_mpmath_saddle_point(p):
    model, t = Dense(load=0.1 / math.factorial(p - 1), p=p), 0.3 / math.factorial(p)
    found = solve(model, t)
    mp.mp.dps = 20

    def averages(m, q):
        b = mp.sqrt(mp.mpf(model.load) * q ** (p - 1) / mp.factorial(p - 1))
        a = m ** (p - 1) / mp.factorial(p - 1)

        def mean(f):
            return mp.quad(
                lambda z: mp.npdf(z) * f(mp.tanh((a + b * z) / mp.mpf(t))),
                [-12, -6, -a / b, 0, 6, 12] if a < 6 * b else [-12, -6, 0, 6, 12],
            )

        return m - mean(lambda x: x), q - mean(lambda x: x * x)

    m, q = mp.findroot(averages, (found.overlaps[0], found.q), tol=1e-32)
    assert found.overlaps[0] == pytest.approx(float(m), abs=1e-14)
    assert found.q == pytest.approx(float(q), abs=1e-14)


@pytest.mark.parametrize("p", [3, 4, 6, 8])
def test_critical_load_at_zero_temperature(p):
    # max_x erf(x)^(2(p-1))/(2 x^2), by mpmath.
    mp.mp.dps = 30
    x = mp.findroot(
        lambda x: 2 * (p - 1) * mp.exp(-x * x) * 2 / mp.sqrt(mp.pi) * x - 2 * mp.erf(x), 1.5
    )
    exact = mp.erf(x) ** (2 * (p - 1)) / (2 * x**2) / mp.factorial(p - 1)
    published = {3: 0.2521904307706714, 4: 0.1978601191953815, 6: 0.1576795365761949,
                 8: 0.1397003327305235}  # fmt: skip
    assert float(exact * mp.factorial(p - 1)) == pytest.approx(published[p], rel=1e-14)
    assert critical_load(Dense(load=0.1, p=p)) == pytest.approx(float(exact), rel=1e-13)
    inside = solve(Dense(load=float(exact) * (1 - 1e-10), p=p), 0.0)
    assert inside.overlaps[0] == pytest.approx(float(mp.erf(x)), abs=3e-5)
    assert not solve(Dense(load=float(exact) * (1 + 1e-10), p=p), 0.0).exists


@pytest.mark.parametrize("p", [3, 4, 6])
@pytest.mark.parametrize("load", [0.02, 0.1])
def test_at_temperature_equal_to_load_the_overlap_is_q(p, load):
    # a(m) and b^2/T are then one function: planted and posterior samples are equivalent
    # (Nishimori). Not used by the solver.
    load = load / math.factorial(p - 1)
    found = solve(Dense(load=load, p=p), load)
    assert found.overlaps[0] == pytest.approx(found.q, abs=1e-14)


def test_low_load():
    for p in (3, 4, 6):
        model = Dense(n_patterns=2, p=p)
        t = 0.2 / math.factorial(p - 1)
        found = solve(model, t)
        m = found.overlaps[0]
        assert m == pytest.approx(math.tanh(m ** (p - 1) / math.factorial(p - 1) / t), abs=1e-15)
        assert solve(Dense(load=0.3, p=p, exponent=p - 1.5), t).overlaps == found.overlaps
        near = solve(Dense(load=1e-12, p=p), t)
        assert near.overlaps[0] == pytest.approx(m, abs=1e-9)
        assert near.free_energy == pytest.approx(found.free_energy, abs=1e-9)


@pytest.mark.parametrize("load", [0.01, 0.05, 0.12])
@pytest.mark.parametrize("t", [0.0, 1e-6, 0.2, 0.45])
def test_pairs_agree_with_the_hopfield_model(load, t):
    model = Dense(load=load, p=2)
    reference = dispatched(Hopfield(load=load), t)
    assert solve(model, t).exists == reference.exists
    found = find(case_of(model), load, t).point  # not delegated
    if not reference.exists:
        assert found is None
        return
    from assocmem.theory.replica.dense import state_of

    own = state_of(model, t, "retrieval", case_of(model), load, found, 1)
    for name in ("q", "C", "r", "free_energy", "energy", "entropy"):
        assert getattr(own, name) == pytest.approx(getattr(reference, name), abs=1e-12)
        assert getattr(solve(model, t), name) == getattr(reference, name)
    assert own.overlaps[0] == pytest.approx(reference.overlaps[0], abs=1e-12)
    for name in ("replicon", "longitudinal", "uncondensed"):
        assert own.stability[name] == pytest.approx(reference.stability[name], abs=1e-11)


@pytest.mark.parametrize("t", [0.0, 0.3, 0.8])
def test_glass_of_pairs_agrees_with_the_hopfield_model(t):
    from assocmem.theory.replica.dense import _glass, _paramagnet

    reference = dispatched(Hopfield(load=0.3), t, "spin-glass")
    own = _glass(Dense(load=0.3, p=2), t, 0.3)
    for name in ("q", "C", "r", "free_energy", "energy", "entropy"):
        assert getattr(own, name) == pytest.approx(getattr(reference, name), abs=1e-12)
    reference = dispatched(Hopfield(load=0.3), t + 1.0, "paramagnet")
    own = _paramagnet(Dense(load=0.3, p=2), t + 1.0, 0.3)
    assert own.exists == reference.exists
    if own.exists:
        assert own.free_energy == pytest.approx(reference.free_energy, abs=1e-13)
        assert own.stability["replicon"] == pytest.approx(reference.stability["replicon"])


_LIMITS = [(2, 0.03, 0.3), (3, 0.03, 0.12), (4, 0.005, 0.03)]


@pytest.mark.parametrize(("p", "load", "t"), _LIMITS)
@pytest.mark.parametrize("kind", [Supervised, Unsupervised])
def test_perfect_examples_are_storing(p, load, t, kind):
    stored = solve(Dense(load=load, p=p), t)
    learned = solve(Dense(load=load, p=p, learning=kind(7, 1.0)), t)
    for name in ("q", "free_energy", "entropy"):
        assert getattr(learned, name) == pytest.approx(getattr(stored, name), abs=1e-12)
    assert learned.overlaps[0] == pytest.approx(stored.overlaps[0], abs=1e-12)
    assert learned.example_overlap == pytest.approx(stored.overlaps[0], abs=1e-12)


@pytest.mark.parametrize(("p", "load", "t"), _LIMITS)
def test_one_example_is_the_pattern_stored(p, load, t):
    stored = solve(Dense(load=load, p=p), t)
    for kind in (Supervised, Unsupervised):
        learned = solve(Dense(load=load, p=p, learning=kind(1, 0.6)), t)
        assert learned.example_overlap == pytest.approx(stored.overlaps[0], abs=1e-12)
        assert learned.overlaps[0] == pytest.approx(0.6 * stored.overlaps[0], abs=1e-12)
        assert learned.free_energy == pytest.approx(stored.free_energy, abs=1e-12)


@pytest.mark.parametrize(("p", "load", "t"), _LIMITS)
@pytest.mark.parametrize("kind", [Supervised, Unsupervised])
def test_many_examples_are_storing_and_the_laws_meet(p, load, t, kind):
    stored = solve(Dense(load=load, p=p), t)
    gaps, differences = [], []
    for m in (500, 1000, 2000):
        learned = [
            solve(Dense(load=load, p=p, learning=kind(m, 0.7)), t, law=law)
            for law in ("binomial", "gaussian")
        ]
        gaps.append(learned[0].free_energy - stored.free_energy)
        differences.append(abs(learned[0].overlaps[0] - learned[1].overlaps[0]))
    # Both corrections are of order 1/M (at T > 0 the overlap's too).
    assert gaps[0] / gaps[1] == pytest.approx(2.0, abs=0.1)
    assert gaps[1] / gaps[2] == pytest.approx(2.0, abs=0.05)
    assert differences[2] < 1e-2 * (1 - stored.overlaps[0]) + 1e-12
    assert differences[2] < 0.6 * differences[1] + 1e-12


@pytest.mark.parametrize("p", [2, 3, 4])
def test_kernel_of_unsupervised_noise_counts_pairs_of_examples(p):
    # E[prod over p sites] of two examples of one archetype, enumerated for M = 2 or 3, p sites.
    m, r = 3, 0.6
    learning = Unsupervised(m, r)
    total = 0.0
    for a, b in itertools.product(range(m), repeat=2):
        total += 1.0 if a == b else r ** (2 * p)
    kappa = total / m**2 / learning.variance**p
    noise = noise_of(Dense(load=0.1, p=p, learning=learning))
    if p > 2:
        assert noise.variance(1.0, 0.0) == pytest.approx(kappa / math.factorial(p - 1), rel=1e-14)
        return
    # p = 2: without feedback (C = 0) the variance is the trace of the squared matrix.
    correlations = (np.full((m, m), r * r) + (1 - r * r) * np.eye(m)) / (m * learning.variance)
    assert noise.variance(1.0, 0.0) == pytest.approx(np.trace(correlations @ correlations))
    assert noise.variance(1.0, 0.0) == pytest.approx(kappa)
    values = np.sort(np.linalg.eigvalsh(correlations))[::-1]
    assert [value for value, n in noise.modes for _ in range(int(n))] == pytest.approx(values)


def test_full_power_is_noisier():
    distinct = solve(Dense(load=0.01, p=4), 0.03)
    full = solve(Dense(load=0.01, energy=FullPower(4)), 0.03)
    assert distinct.overlaps[0] == pytest.approx(0.9989, abs=5e-5)  # the specification's
    assert full.overlaps[0] == pytest.approx(0.976, abs=5e-4)
    assert solve(Dense(load=0.01, energy=Separable("m**4/24")), 0.03).overlaps == full.overlaps
    glass = Dense(load=0.01, energy=FullPower(4))  # T_g^2 = alpha g''(0) = alpha/4
    assert solve(glass, 0.0499, "spin-glass").exists
    assert not solve(glass, 0.0501, "spin-glass").exists
    assert solve(glass, 0.0501, "paramagnet").replica_stable
    assert not solve(glass, 0.0499, "paramagnet").replica_stable


def test_mean_energy_left_out():
    rng = np.random.default_rng(5)
    for energy in (FullPower(4), Separable("m**3/6 + m**4/3"), PBody(4)):
        model = Dense(n_patterns=40, energy=energy)
        sample = model.draw(12, rng)
        spins = np.array(list(itertools.product((-1, 1), repeat=12)), dtype=np.int8)
        mean = float(np.mean(sample.energy(spins))) / 12
        assert mean_energy(model, 12) == pytest.approx(mean, rel=1e-12, abs=1e-14)


def test_zero_temperature_is_the_limit():
    for model in (
        Dense(load=0.05, p=3),
        Dense(load=0.01, energy=FullPower(4)),
        Dense(load=0.02, p=3, learning=Supervised(5, 0.6)),
        Dense(load=0.02, p=3, learning=Unsupervised(4, 0.8)),
        Dense(load=0.02, p=2, learning=Unsupervised(4, 0.8)),
    ):
        for state in ("retrieval", "spin-glass"):
            zero, cold = solve(model, 0.0, state), solve(model, 1e-6, state)
            for name in ("C", "free_energy", "entropy"):
                expected = getattr(zero, name)
                assert getattr(cold, name) == pytest.approx(expected, rel=1e-4, abs=1e-5)
            assert zero.q == 1.0
            assert zero.energy == zero.free_energy
            assert zero.entropy < 0.0


def test_symmetry_among_examples_is_that_of_the_equations():
    # Fixed-point map of M = 3 overlaps n_a with the examples, started asymmetric: its slope in
    # the asymmetric direction is 1 - the eigenvalue.
    model, t = Dense(load=0.0, n_patterns=1, p=3, learning=Unsupervised(3, 0.7)), 0.15
    found = solve(model, t)
    big_r = model.learning.variance
    words = list(itertools.product((1, -1), repeat=3))
    weights = [math.prod(0.5 * (1 + 0.7 * x) for x in word) for word in words]

    def mapped(nu):
        fields = [sum(x * v**2 for x, v in zip(w, nu, strict=True)) for w in words]
        tanh = [math.tanh(f / (2 * 3 * big_r**1.5) / t) for f in fields]
        return [
            sum(p * w[a] * s for p, w, s in zip(weights, words, tanh, strict=True))
            for a in range(3)
        ]

    nu = [found.example_overlap * math.sqrt(big_r)] * 3
    assert mapped(nu) == pytest.approx(nu, abs=1e-13)  # equal overlaps solve the exact equations
    step = 1e-5
    up = mapped([nu[0] + step, nu[1] - step, nu[2]])
    slope = (up[0] - up[1]) / (2 * step)
    assert found.stability["symmetry"] == pytest.approx(1 - slope, abs=1e-8)
    archetype = sum(
        p * math.tanh(sum(w) * nu[0] ** 2 / (2 * 3 * big_r**1.5) / t)
        for p, w in zip(weights, words, strict=True)
    )
    assert found.overlaps[0] == pytest.approx(archetype, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(
    p=st.integers(2, 6),
    scaled=st.floats(0.0, 0.3),
    height=st.floats(0.0, 1.0),
    m=st.integers(1, 6),
    r=st.floats(0.2, 1.0),
    kind=st.sampled_from([None, Supervised, Unsupervised]),
)
def test_every_answer_is_a_solution_or_a_reason(p, scaled, height, m, r, kind):
    learning = None if kind is None else kind(m, r)
    load = scaled / math.factorial(p - 1)
    if 0.0 < load < 1e-9:
        load = 0.0
    t = height / math.factorial(p - 1)
    found = solve(Dense(load=load, p=p, learning=learning), t)
    if found.exists:
        assert found.residual < 1e-10
        assert 0.0 < found.q <= 1.0
        assert found.stability["longitudinal"] > -1e-6
    else:
        assert found.reason


def test_near_the_fold():
    for model in (Dense(load=0.1, p=3), Dense(load=0.1, p=3, learning=Supervised(3, 0.6))):
        for t in (0.0, 0.05, 0.12):
            end = critical_load(model, t)
            inside = solve(dataclasses.replace(model, load=end * (1 - 1e-11)), t)
            assert inside.exists and inside.stable
            assert inside.stability["longitudinal"] < 1e-3
            assert not solve(dataclasses.replace(model, load=end * (1 + 1e-11)), t).exists


def test_coercive_field_of_a_learned_archetype():
    model = Dense(load=0.02, p=3, learning=Supervised(3, 0.8))
    overlaps = [
        solve(dataclasses.replace(model, field=(h,)), 0.05).overlaps[0] for h in (-0.05, 0.0, 0.05)
    ]
    assert overlaps == sorted(overlaps)
    assert not solve(dataclasses.replace(model, field=(-0.5,)), 0.05).exists
    lost = dataclasses.replace(model, load=0.3)  # beyond the critical load, but in a strong field
    assert not solve(lost, 0.05).exists
    assert solve(dataclasses.replace(lost, field=(0.5,)), 0.05).stable


def test_grid():
    grid = solve_grid(Dense(load=0.1, p=3), [0.0, 0.05, 0.2], [0.0, 0.1])
    assert grid["exists"].values.tolist() == [[True, True], [True, True], [False, False]]
    single = solve(Dense(load=0.05, p=3), 0.1)
    assert grid["overlap"].values[1, 1] == single.overlaps[0]


def test_wrong_arguments_are_named():
    model = Dense(load=0.05, p=3)
    with pytest.raises(ValueError, match="field must act on the first pattern"):
        solve(Dense(load=0.05, p=3, field=(0.0, 0.1)), 0.1)
    with pytest.raises(ValueError, match="state must be one of"):
        solve(model, 0.1, "gas")
    with pytest.raises(ValueError, match="law must be one of"):
        solve(model, 0.1, law="normal")
    with pytest.raises(ValueError, match="temperature must be"):
        solve(model, -0.1)
    with pytest.raises(ValueError, match="learning must be None"):
        solve(Dense(load=0.05, p=3, learning=Supervised(3, 0.5)), 0.1, "mixture")
    with pytest.raises(ValueError, match="n_mixed must be at most"):
        solve(Dense(n_patterns=2, p=3), 0.1, "mixture", n_mixed=3)
    with pytest.raises(ValueError, match="n_examples must be at most"):
        solve(Dense(load=0.05, p=3, learning=Supervised(10**6, 0.5)), 0.1)
    with pytest.raises(ValueError, match="field must be zero"):
        solve(Dense(load=0.05, p=3, field=(0.1,)), 0.1, "spin-glass")


@pytest.mark.parametrize("t", [1.0, 1.05, 1e6])
@pytest.mark.parametrize(
    "model",
    [
        Dense(load=0.0, energy=Separable("m**2/2 - m**4/8")),
        Dense(load=0.0, energy=Separable("log(cosh(m))")),
        Dense(load=0.0, p=2, learning=Supervised(5, 0.5)),
    ],
)
def test_no_overlap_of_degree_2_above_the_transition_at_load_0(model, t):
    assert not solve(model, t).exists
    assert solve(model, 1.0 - 1e-9).overlaps[0] < 1e-4


@pytest.mark.parametrize("h", [1e-3, 1e-6, 1e-8])
@pytest.mark.parametrize(
    "model",
    [
        Dense(load=0.01, p=3),
        Dense(load=0.0, p=4),
        Dense(load=0.2, p=4),
        Dense(load=0.0, p=3, learning=Supervised(5, 0.5)),
        Dense(load=0.2, p=4, learning=Unsupervised(5, 0.5)),
    ],
)
def test_weak_field_on_a_paramagnet(model, h):
    # Products of three spins and more do not respond to first order: tanh(h/T) is all.
    found = solve(dataclasses.replace(model, field=(h,)), 0.9)
    assert found.overlaps[0] == pytest.approx(math.tanh(h / 0.9), rel=0.02 if h > 1e-4 else 1e-4)
    assert found.stable and all(np.isfinite(list(found.stability.values())))


def test_field_too_weak_to_resolve():
    with pytest.raises(ConvergenceError, match="too weak"):
        solve(Dense(load=0.2, p=4, field=(1e-12,)), 0.9)


def test_spins_without_a_field_almost_at_zero_temperature():
    found = solve(Dense(load=0.0, p=2, learning=Supervised(2, 0.5)), 1e-200)
    assert found.overlaps[0] == pytest.approx(0.5, abs=1e-12)
    assert abs(found.C * 1e-200 - (1.0 - found.q)) < 1e-12
    for load in (0.0, 0.1):
        solve(Dense(load=load, p=3, learning=Supervised(2, 0.5)), 1e-284)
