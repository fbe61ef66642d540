"""States of the Hopfield model against independent evaluations of the same theory."""

import itertools
import math

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from assocmem import Biased, ConvergenceError, Hopfield, Rademacher
from assocmem.theory import critical_load, solve

_CASES = [
    (0.05, 0.3, "retrieval", 1, Rademacher()),
    (0.12, 0.1, "retrieval", 1, Rademacher()),
    (0.004, 0.25, "mixture", 3, Rademacher()),
    (0.002, 0.2, "mixture", 5, Rademacher()),
    (0.001, 0.3, "mixture", 2, Rademacher()),
    (0.03, 0.2, "retrieval", 1, Biased(0.2)),
    (0.001, 0.1, "mixture", 3, Biased(0.2)),
    (0.1, 0.6, "spin-glass", 1, Rademacher()),
]


def _words(patterns, n):
    values, weights = patterns.law()
    for word in itertools.product(range(len(values)), repeat=n):
        yield values[list(word)], math.prod(weights[list(word)])


def _free_energy(patterns, n, load, t, m, q, r, h=0.0):
    """f of the specification as a function of free m, q, r, by scipy's adaptive quadrature."""
    c = (1.0 - q) / t
    total = load / 2 + sum(m * np.ones(n) * m) / 2
    total += load * t / 2 * (math.log(1 - c) - q / t / (1 - c)) + load * r * (1 - q) / t / 2
    for eta, p in _words(patterns, n):
        a = np.sum(eta) * (m + h)

        def integrand(z, a=a):
            x = abs(a + math.sqrt(load * r) * z) / t
            return math.exp(-z * z / 2) * t * (x + math.log1p(math.exp(-2 * x)))

        kink = -a / math.sqrt(load * r)
        points = [kink] if abs(kink) < 12 else None
        value = quad(integrand, -12, 12, points=points, epsabs=1e-13, epsrel=1e-13, limit=400)[0]
        total -= p * value / math.sqrt(2 * math.pi)
    return total


@pytest.mark.parametrize(("load", "t", "name", "n", "patterns"), _CASES)
def test_is_stationary_point_of_the_free_energy(load, t, name, n, patterns):
    found = solve(Hopfield(load=load, patterns=patterns), t, name, n_mixed=max(n, 2))
    assert found.exists
    assert found.residual < 1e-13
    here = (found.overlaps[0], found.q, found.r)
    assert found.free_energy == pytest.approx(_free_energy(patterns, n, load, t, *here), abs=1e-11)
    for i in range(3):
        step = 1e-4 * max(here[i], 0.1)
        up, down = list(here), list(here)
        up[i] += step
        down[i] -= step
        f_up = _free_energy(patterns, n, load, t, *up)
        f_down = _free_energy(patterns, n, load, t, *down)
        curvature = abs(f_up + f_down - 2 * found.free_energy) / step
        # A slope of zero: far less than what the curvature makes of half a step.
        assert abs(f_up - f_down) / (2 * step) < 1e-2 * curvature + 1e-8
    dt = 1e-3 * t * (1 - found.C)  # the scale on which ln(1 - C) varies with T
    slope = (
        _free_energy(patterns, n, load, t + dt, *here)
        - _free_energy(patterns, n, load, t - dt, *here)
    ) / (2 * dt)
    assert found.entropy == pytest.approx(-slope, abs=1e-5)
    assert found.energy == pytest.approx(found.free_energy + t * found.entropy, abs=1e-12)


def test_entropy_is_minus_the_total_derivative_of_f_everywhere():
    rng = np.random.default_rng(3)
    checked = 0
    while checked < 15:
        load, t = rng.uniform(0, 0.14), rng.uniform(0.02, 1.3)
        name = ["retrieval", "mixture", "spin-glass", "paramagnet"][rng.integers(4)]
        if name == "mixture":
            load *= 0.1
        model, step = Hopfield(load=load), 1e-4
        states = [solve(model, x, name) for x in (t - step, t, t + step)]
        if not all(state.exists for state in states):
            continue
        # The error of central differences grows near a spinodal; stay off it.
        if states[1].stability.get("longitudinal", 1.0) < 0.2:
            continue
        slope = (states[2].free_energy - states[0].free_energy) / (2 * step)
        assert -slope == pytest.approx(states[1].entropy, abs=2e-6), (load, t, name)
        checked += 1


@pytest.mark.parametrize(("load", "t"), [(0.05, 0.5), (0.137, 0.05)])
def test_against_slow_iteration_with_mpmath(load, t):
    with mp.workdps(16):

        def average(f, a, b):
            cuts = sorted({-9, 9, *(max(-9, min(9, (-a + k * t) / b)) for k in (-6, -2, 0, 2, 6))})
            return mp.quad(lambda z: mp.npdf(z) * f((a + b * z) / t), cuts)

        m, q = mp.mpf(1), mp.mpf(1)

        def step(m, q):
            c = (1 - q) / t
            b = mp.sqrt(load * q) / (1 - c)
            return average(mp.tanh, m, b), average(lambda x: mp.tanh(x) ** 2, m, b)

        for _ in range(6):
            m, q = step(m, q)
        m, q = mp.findroot(lambda m, q: [x - y for x, y in zip((m, q), step(m, q), strict=True)],
                           (m, q), tol=1e-24)  # fmt: skip
    found = solve(Hopfield(load=load), t)
    assert found.overlaps[0] == pytest.approx(float(m), abs=1e-12)
    assert found.q == pytest.approx(float(q), abs=1e-12)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("patterns", [Rademacher(), Biased(-0.3)])
def test_no_load_against_direct_sums(n, patterns):
    t = 0.37
    model = Hopfield(n_patterns=6, patterns=patterns)
    found = solve(model, t, "mixture" if n > 1 else "retrieval", n_mixed=max(n, 2))
    m = found.overlaps[0]
    words = [(eta, p) for eta, p in _words(patterns, n)]
    assert len(found.overlaps) == n
    assert m > 0.1
    for mu in range(n):
        again = sum(p * eta[mu] * math.tanh(eta.sum() * m / t) for eta, p in words)
        assert again == pytest.approx(m, abs=1e-14)
    hessian = np.eye(n)
    for eta, p in words:
        hessian -= p * np.outer(eta, eta) / math.cosh(eta.sum() * m / t) ** 2 / t
    eigenvalues = np.linalg.eigvalsh(hessian)
    expected = [found.stability["longitudinal"]] + [found.stability.get("symmetry", 0.0)] * (n - 1)
    np.testing.assert_allclose(eigenvalues, np.sort(expected), atol=1e-12)
    assert found.stability["uncondensed"] == pytest.approx(
        1 - sum(p / math.cosh(eta.sum() * m / t) ** 2 for eta, p in words) / t, abs=1e-12
    )
    f = n * m * m / 2 - t * sum(p * math.log(2 * math.cosh(eta.sum() * m / t)) for eta, p in words)
    assert found.free_energy == pytest.approx(f, abs=1e-13)


@pytest.mark.parametrize(
    ("load", "name", "n"),
    [(0.1, "retrieval", 3), (0.01, "mixture", 3), (0.002, "mixture", 2), (0.3, "spin-glass", 3)],
)
def test_zero_temperature_is_the_limit(load, name, n):
    model = Hopfield(load=load)
    zero = solve(model, 0.0, name, n_mixed=n)
    for t in (1e-5, 1e-9, 1e-200):
        cold = solve(model, t, name, n_mixed=n)
        for key in ("C", "r", "free_energy", "energy", "entropy"):
            assert getattr(cold, key) == pytest.approx(
                getattr(zero, key), rel=30 * t, abs=30 * t + 1e-12
            ), key
        for key, value in zero.stability.items():
            assert cold.stability[key] == pytest.approx(value, abs=30 * t + 1e-12), key


def test_zero_temperature_closed_form():
    from assocmem.theory.replica.hopfield_zero import zero_temperature_load

    for y in (1.6, 2.0, 3.5):
        found = solve(Hopfield(load=zero_temperature_load(y)), 0.0)
        assert found.overlaps[0] == pytest.approx(math.erf(y), abs=1e-13)


def test_longitudinal_eigenvalue_is_curvature_of_the_reduced_free_energy():
    """With q and r eliminated numerically, d^2f/dm^2."""
    from assocmem.theory.saddle import solve as find_root

    load, t = 0.08, 0.3
    found = solve(Hopfield(load=load), t)

    def reduced(m):
        def residual(x):
            b = math.sqrt(load * x[1])
            z, w = np.polynomial.hermite_e.hermegauss(180)
            q = w @ np.tanh((m + b * z) / t) ** 2 / w.sum()
            return np.array([x[0] - q, x[1] - q / (1 - (1 - x[0]) / t) ** 2])

        q, r = find_root(residual, np.array([found.q, found.r])).x
        return _free_energy(Rademacher(), 1, load, t, m, q, r)

    m, d = found.overlaps[0], 2e-3
    curvature = (reduced(m + d) + reduced(m - d) - 2 * reduced(m)) / d**2
    assert found.stability["longitudinal"] == pytest.approx(curvature, abs=1e-3)


@pytest.mark.parametrize("t", [0.0, 0.03, 0.2, 0.6, 0.95])
@pytest.mark.parametrize("n", [1, 3])
def test_existence_is_decided_at_the_spinodal(t, n):
    edge = critical_load(Hopfield(load=0.1), t, n_mixed=n)
    name = "retrieval" if n == 1 else "mixture"
    softness = []
    for off in (1e-6, 1e-9, 1e-12):
        inside = solve(Hopfield(load=edge * (1 - off)), t, name)
        outside = solve(Hopfield(load=edge * (1 + off)), t, name)
        assert inside.exists
        assert inside.residual < 1e-12
        softness.append(inside.stability["longitudinal"] / math.sqrt(off))
        assert not outside.exists
        assert outside.q is None
        assert outside.overlaps is None
    # The longitudinal eigenvalue vanishes as the square root of the distance.
    assert softness[1] > 0.0
    assert softness[0] == pytest.approx(softness[1], rel=0.05)  # next order: off^(1/2)
    assert softness[2] == pytest.approx(softness[1], rel=0.05)  # the edge itself is good to 1e-14


def test_glass_and_paramagnet_meet_at_the_glass_temperature():
    load = 0.09
    assert not solve(Hopfield(load=load), 1.3, "spin-glass").exists
    glass = solve(Hopfield(load=load), 1.3 - 1e-7, "spin-glass")
    para = solve(Hopfield(load=load), 1.3, "paramagnet")
    assert glass.q == pytest.approx(0.0, abs=1e-6)
    assert glass.free_energy == pytest.approx(para.free_energy, abs=1e-6)
    assert para.stability["replicon"] == pytest.approx(0.0, abs=1e-12)
    # f = -T ln 2 - alpha beta/4 ... : second order of the high-temperature expansion.
    hot = solve(Hopfield(load=load), 1e3, "paramagnet")
    assert hot.energy == pytest.approx(-load / 2e3, rel=2e-3)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    load=st.one_of(st.just(0.0), st.floats(1e-12, 1e-3), st.floats(1e-3, 0.2), st.floats(0.2, 50)),
    t=st.one_of(st.just(0.0), st.floats(1e-250, 1e-3), st.floats(1e-3, 1.2), st.floats(1.2, 20)),
    name=st.sampled_from(["retrieval", "mixture", "spin-glass", "paramagnet"]),
    n=st.integers(2, 7),
)
def test_no_point_yields_nan_or_a_bad_residual(load, t, name, n):
    try:
        found = solve(Hopfield(load=load), t, name, n_mixed=n)
    except ConvergenceError as error:
        # Only within rounding of T_g or of the end of a state.
        assert "within rounding" in str(error)
        return
    numbers = [found.q, found.C, found.r, found.free_energy, found.energy, found.entropy]
    if not found.exists:
        assert found.reason
        assert all(value is None for value in numbers)
        return
    assert found.residual < 1e-10
    assert not any(math.isnan(v) for v in [*numbers, *found.overlaps, *found.stability.values()])
    # Even mixtures without load are free spins in part at T = 0: only there C is infinite.
    assert 0.0 <= found.q <= 1.0
    if load == 0.0 and t == 0.0:
        return
    assert all(math.isfinite(v) for v in numbers)
    assert 1.0 - found.q == pytest.approx(t * found.C, abs=1e-12)


def test_refusals_and_text():
    with pytest.raises(ValueError, match="temperature must be"):
        solve(Hopfield(load=0.1), -0.1)
    with pytest.raises(ValueError, match="state must be one of"):
        solve(Hopfield(load=0.1), 0.1, "liquid")
    with pytest.raises(ValueError, match="n_mixed must be"):
        solve(Hopfield(load=0.1), 0.1, "mixture", n_mixed=1)
    with pytest.raises(ValueError, match="at most n_patterns=2"):
        solve(Hopfield(n_patterns=2), 0.1, "mixture", n_mixed=3)
    with pytest.raises(TypeError, match="model must be"):
        solve("hopfield", 0.1)
    text = str(solve(Hopfield(load=0.05), 0.2))
    assert "replicon eigenvalue" in text
    assert "does not exist" in str(solve(Hopfield(load=0.5), 0.2))
    dataset = solve(Hopfield(load=0.05), 0.2).to_dataset()
    assert float(dataset.overlap[0]) > 0.99
    assert bool(solve(Hopfield(load=0.5), 0.2).to_dataset().exists) is False


@pytest.mark.parametrize("load", [0.05, 0.5])
def test_dataset_survives_its_file(tmp_path, load):
    import xarray as xr

    state = solve(Hopfield(load=load), 0.2)
    state.to_dataset().to_netcdf(tmp_path / "state.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "state.nc", engine="h5netcdf") as read:
        assert bool(read.exists) is state.exists
        assert math.isnan(float(read.q)) is not state.exists
