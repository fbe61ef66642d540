"""1RSB: stationarity of an independently written functional, thermodynamics, published values."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import norm

from assocmem import Hopfield
from assocmem.hopfield import PseudoInverse
from assocmem.patterns import Biased
from assocmem.theory import solve
from assocmem.theory.replica.rsb import critical_load_rsb, solve_rsb
from assocmem.theory.replica.rsb_functional import Breaking
from assocmem.theory.replica.rsb_patterns import HebbPatterns
from assocmem.theory.saddle import solve as newton


def _normal(n):
    z = np.linspace(-9.0, 9.0, n)
    g = np.exp(-0.5 * z * z)
    return z, g / g.sum()


def _functional(x, load, t):
    """f(m, q0, q1, theta) with plain nested quadrature and the determinant of 1 - beta Q.

    r0 and r1 undo the derivatives of the log-determinant with respect to q0 and q1, which are
    taken numerically, so that no formula is shared.
    """
    m, q0, q1, theta = x
    beta = 1.0 / t

    def log_det(q0, q1):
        low = 1.0 - beta * (1.0 - q1)
        high = low - beta * theta * (q1 - q0)
        return math.log(low) + math.log(high / low) / theta - beta * q0 / high

    # d/dq1 of sum_{a != b} r q/n = (theta - 1) r1 q1 - theta r0 q0 undoes that of the determinant
    h = 1e-3 * t

    def slope(f):
        return (8.0 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12.0 * h)

    r1 = slope(lambda e: log_det(q0, q1 + e)) / (beta * beta * (1.0 - theta))
    r0 = slope(lambda e: log_det(q0 + e, q1)) / (beta * beta * theta)
    z0, g0 = _normal(int(max(301, 30.0 / t)))
    z1, g1 = _normal(301)
    field = m + math.sqrt(load * r0) * z0[:, None] + math.sqrt(load * (r1 - r0)) * z1[None, :]
    inner = np.exp(theta * np.logaddexp(beta * field, -beta * field)) @ g1
    entropic = g0 @ np.log(inner) / (beta * theta)
    conjugate = r1 * (1.0 - q1) + theta * (r1 * q1 - r0 * q0)
    return (
        0.5 * load
        + 0.5 * m * m
        + 0.5 * load / beta * log_det(q0, q1)
        + 0.5 * load * beta * conjugate
        - entropic
    )


@pytest.mark.parametrize(
    ("load", "t", "state"),
    [(1.0, 0.9, "spin-glass"), (0.2, 0.6, "spin-glass"), (0.138, 0.006, "retrieval")],
)
def test_stationary_point_of_an_independent_functional(load, t, state):
    found = solve_rsb(Hopfield(load=load), t, state)
    assert found.broken
    x = np.array([found.overlaps[0], found.q0, found.q1, found.theta])
    # the numerical derivatives in r0 and r1 are good to about 1e-11
    assert _functional(x, load, t) == pytest.approx(found.free_energy, abs=1e-10)
    # Steps on the scale of each parameter; 1 - q is of order T.
    steps = np.array([1e-2, 2e-3, 2e-3, 1e-2]) * np.array([t, t * found.C, t * found.C, x[3]])
    for i in range(4):
        e = steps[i] * np.eye(4)[i]
        values = [_functional(x + k * e, load, t) for k in (-2, -1, 1, 2)]
        first = (8.0 * (values[2] - values[1]) - (values[3] - values[0])) / 12.0
        second = abs(values[2] + values[1] - 2.0 * found.free_energy)
        # Nothing but rounding is left of the first differences: the change of x[i] that would
        # undo them is below a thousandth of a step.
        assert abs(first) < 1e-3 * second + 1e-13


def test_theta_maximises_the_free_energy():
    load = 1.0
    found = solve_rsb(Hopfield(load=load), 0.0, "spin-glass")
    breaking = Breaking(HebbPatterns(load), 0.0, glass=True)
    start = np.log([found.spread, found.C])

    def f(log_w):
        point = newton(lambda u: breaking.residual(np.append(u, log_w))[:2], start)
        assert point.residual < 1e-12
        return breaking.numbers(np.append(point.x, log_w))["free_energy"]

    best = minimize_scalar(lambda x: -f(x), bounds=(-1.0, 0.3), method="bounded")
    assert math.exp(best.x) == pytest.approx(found.w, rel=1e-4)
    assert -best.fun == pytest.approx(found.free_energy, abs=1e-9)

    # q0 = 0 solves the equations too, in closed form at T = 0, but its f is smaller.
    def with_q0_zero(w):
        def parts(c):
            d1, d0 = 1.0 - c, 1.0 - c - w
            width = math.sqrt(load / (d1 * d0))
            z = 2.0 * math.exp(0.5 * (w * width) ** 2) * norm.cdf(w * width)
            return d1, d0, width, z

        def gap(c):
            _, _, width, z = parts(c)
            return c - 2.0 * norm.pdf(0.0) / width / z

        c = brentq(gap, 0.0, 1.0 - w - 5e-3, xtol=1e-14)
        d1, d0, _, z = parts(c)
        return 0.5 * load * (1.0 + math.log(d0 / d1) / w + (c + w) / (d1 * d0)) - math.log(z) / w

    zero = minimize_scalar(lambda w: -with_q0_zero(w), bounds=(0.05, 0.4), method="bounded")
    symmetric = solve(Hopfield(load=load), 0.0, "spin-glass").free_energy
    assert symmetric < -zero.fun < found.free_energy - 1e-3


@pytest.mark.parametrize(
    ("load", "t", "glass"),
    [(0.137, 0.0, False), (0.138, 0.005, False), (1.0, 0.0, True), (0.1, 0.02, True)],
)
def test_stationary_in_cold_variables(load, t, glass):
    name = "spin-glass" if glass else "retrieval"
    found = solve_rsb(Hopfield(load=load), t, name)
    breaking = Breaking(HebbPatterns(load), t, glass)
    x = np.array([found.overlaps[0], found.spread, found.C, found.w])

    def f(x):
        term = breaking.term
        energy = term.signal_energy(x[0]) + term.free_energy(*x[1:], t)
        return energy - breaking.averages(*x).log_z

    assert f(x) == pytest.approx(found.free_energy, abs=1e-14)
    for i in range(1 if glass else 0, 4):
        h = 2e-4 * x[i]
        e = h * np.eye(4)[i]
        # fourth-order differences; rounding 1e-16/2e-4, truncation far below
        slope = (8 * (f(x + e) - f(x - e)) - (f(x + 2 * e) - f(x - 2 * e))) / (12 * h) * x[i]
        assert abs(slope) < 5e-12


@pytest.mark.parametrize(
    ("load", "t", "state"),
    [(0.135, 0.006, "retrieval"), (0.5, 0.3, "spin-glass"), (0.05, 0.9, "spin-glass")],
)
def test_entropy_is_the_slope(load, t, state):
    model = Hopfield(load=load)
    h = 0.02 * t
    f = {k: solve_rsb(model, t + k * h, state).free_energy for k in (-2, -1, 1, 2)}
    slope = (8 * (f[1] - f[-1]) - (f[2] - f[-2])) / (12 * h)
    found = solve_rsb(model, t, state)
    # truncation (h/T)^4/30 of the scale of the entropy
    assert -slope == pytest.approx(found.entropy, rel=2e-6)
    assert found.energy == pytest.approx(found.free_energy + t * found.entropy, abs=1e-15)


@pytest.mark.parametrize(("load", "state"), [(0.135, "retrieval"), (0.5, "spin-glass")])
def test_continuous_at_zero_temperature(load, state):
    model = Hopfield(load=load)
    cold = solve_rsb(model, 0.0, state)
    t = 1e-5
    near = solve_rsb(model, t, state)
    assert cold.broken and near.broken
    assert near.free_energy == pytest.approx(cold.free_energy - t * cold.entropy, abs=1e-8)
    assert near.w == pytest.approx(cold.w, rel=5e-3)
    assert math.isclose(near.C, cold.C, rel_tol=5e-3)
    # Breaking raises f and the (negative) entropy at T = 0.
    symmetric = solve(model, 0.0, state)
    assert cold.gain > 0.0
    assert symmetric.entropy < cold.entropy < 0.0


def test_critical_load_of_crisanti_amit_gutfreund():
    found = critical_load_rsb()
    assert found.broken
    assert round(found.load, 6) == 0.138186  # Steffan & Kuehn 1994
    assert round(found.load_rs, 9) == 0.137905566
    assert found.residual < 1e-10
    # The same fold as the largest load alpha(m) at given m, with alpha unknown instead of m.
    y = np.array([math.log(x) for x in (found.state.spread, found.state.C)])
    start = np.append(y, [math.log(found.state.w), found.load])

    def load_of(m):
        def system(u):
            return Breaking(HebbPatterns(u[3]), 0.0).residual(np.append(m, u[:3]))

        point = newton(system, start, tolerance=1e-11)
        assert point.converged
        return point.x[3]

    best = minimize_scalar(
        lambda m: -load_of(m), bounds=(0.965, 0.9685), method="bounded", options={"xatol": 1e-7}
    )
    assert -best.fun == pytest.approx(found.load, abs=1e-11)
    assert best.x == pytest.approx(found.state.overlaps[0], abs=1e-5)


def test_branch_ends_at_the_critical_load():
    fold = critical_load_rsb(0.002)
    assert fold.load > fold.load_rs
    below = solve_rsb(Hopfield(load=fold.load * (1.0 - 1e-6)), 0.002)
    beyond = solve_rsb(Hopfield(load=fold.load * (1.0 + 1e-6)), 0.002)
    assert below.exists and below.broken and below.gain is None
    # square-root singularity of the overlap
    assert 0.0 < below.overlaps[0] - fold.state.overlaps[0] < 1e-3
    assert not beyond.exists and "beyond the end" in beyond.reason
    assert beyond.free_energy is None


@dataclass(frozen=True)
class _Cubic:
    """Noise kernel g(q) = q^3/6 of a dense network at T = 0: the three-spin glass."""

    load: float

    def signal(self, m):
        return 0.5 * m * m

    def signal_energy(self, m):
        return m**3 / 3.0

    def variances(self, delta, c, w, t):
        q0 = max(1.0 - delta, 0.0)
        return 0.5 * self.load * q0**2, 0.5 * self.load * (1.0 - q0**2)

    def _kernel(self, delta):
        q0 = max(1.0 - delta, 0.0)
        return (1.0 - q0**3) / 6.0, 0.5 * (1.0 - q0**3), 0.5 * (1.0 - q0**2)

    def free_energy(self, delta, c, w, t):
        g, rq, _ = self._kernel(delta)
        return 0.5 * self.load * w * (rq - g)  # g'(1) C cancels

    def complexity(self, delta, c, w, t):
        g, rq, r = self._kernel(delta)
        return self.load * w * w * (rq - g - r)

    def entropy(self, delta, c, w, t):
        return math.nan  # not asked for


def test_functional_carries_other_noise_kernels():
    load = 0.7
    breaking = Breaking(_Cubic(load), 0.0, glass=True)
    found = newton(breaking.residual, np.log([0.95, 0.3, 2.0]), tolerance=1e-11)
    assert found.converged
    numbers = breaking.numbers(found.x)
    assert abs(numbers["q0"]) < 1e-11  # no field, no overlap: not put in

    # With q0 = 0 the functional is a closed form in w.
    def f(w):
        v = 0.5 * load
        log_z = math.log(2.0) + 0.5 * w * w * v + norm.logcdf(w * math.sqrt(v))
        return load * w / 6.0 - log_z / w

    best = minimize_scalar(lambda w: -f(w), bounds=(0.5, 10.0), method="bounded")
    assert numbers["free_energy"] == pytest.approx(-best.fun, abs=1e-12)


def test_sherrington_kirkpatrick_limit():
    # alpha -> infinity, H/sqrt(alpha): ground-state energy -0.7652 (Parisi, J. Phys. A 13 (1980)
    # L115), against -0.7979 in replica symmetry and -0.7632 exactly; corrections 1/sqrt(alpha).
    loads = (1e6, 1e8)
    cold = [solve_rsb(Hopfield(load=load), 0.0, "spin-glass") for load in loads]
    scaled = [s.energy / math.sqrt(load) for s, load in zip(cold, loads, strict=True)]
    energy = scaled[1] + (scaled[1] - scaled[0]) / 9.0
    assert abs(energy + 0.7652) < 1e-4
    assert -math.sqrt(2.0 / math.pi) < energy < -0.7632 - 1e-3
    # s = -(1/4) [beta (1 - q1)]^2 in that model, -0.01 in the same paper, -1/(2 pi) in RS
    susceptibility = cold[1].C * math.sqrt(loads[1])
    assert cold[1].entropy == pytest.approx(-0.25 * susceptibility**2, rel=1e-3)
    assert round(cold[1].entropy, 2) == -0.01


def test_near_the_glass_transition():
    # k steps near T_g: q_i proportional to 2 i + 1, so q0/q1 = 1/3 (Parisi 1980)
    ratios = []
    for gap in (0.02, 0.01):
        glass = solve_rsb(Hopfield(load=0.5), (1.0 + math.sqrt(0.5)) * (1.0 - gap), "spin-glass")
        assert glass.broken
        ratios.append(glass.q0 / glass.q1)
    assert 2 * ratios[1] - ratios[0] == pytest.approx(1.0 / 3.0, abs=1e-4)


def test_small_load_limit_is_universal():
    # As alpha -> 0 at T = 0 the local fields have a constant density near 0, and w sqrt(v1) tends
    # to a number that depends on nothing; what is left is of the order of that density, 1e-5.
    kappas = []
    for load in (0.04, 0.03):
        found = solve_rsb(Hopfield(load=load), 0.0)
        inner = HebbPatterns(load).variances(found.spread, found.C, found.w, 0.0)[1]
        kappas.append(found.w * math.sqrt(inner))
    assert kappas[0] == pytest.approx(kappas[1], rel=2e-5)


def test_where_replica_symmetry_holds():
    model = Hopfield(load=0.1)
    warm = solve_rsb(model, 0.3)
    symmetric = solve(model, 0.3)
    assert warm.exists and not warm.broken and warm.gain == 0.0
    assert warm.free_energy == symmetric.free_energy
    assert warm.q0 == warm.q1 == symmetric.q and warm.theta is None
    assert "replica symmetry is stable" in str(warm)
    hot = critical_load_rsb(0.3)
    assert not hot.broken and hot.load == hot.load_rs
    low = solve_rsb(Hopfield(n_patterns=3), 0.4)
    assert low.exists and not low.broken


def test_breaking_begins_at_the_line_of_almeida_and_thouless():
    # gain of third order in the distance from the line
    model = Hopfield(load=0.135)
    replicon = [solve(model, t).stability["replicon"] for t in (0.01, 0.03)]
    slope = (replicon[1] - replicon[0]) / 0.02
    line = 0.01 - replicon[0] / slope
    for _ in range(20):
        line -= solve(model, line).stability["replicon"] / slope
    gains = [solve_rsb(model, line * (1.0 - x)).gain for x in (0.04, 0.02)]
    assert gains[0] / gains[1] == pytest.approx(8.0, rel=0.15)
    assert not solve_rsb(model, line * 1.001).broken


def test_absent_states():
    assert "load is 0" in solve_rsb(Hopfield(n_patterns=2), 0.1, "spin-glass").reason
    assert not solve_rsb(Hopfield(load=0.2), 2.0, "spin-glass").exists
    gone = solve_rsb(Hopfield(load=0.3), 0.0)
    assert not gone.exists and gone.q1 is None
    assert "does not exist" in str(gone)
    assert math.isnan(float(gone.to_dataset()["q1"]))


def test_dataset():
    data = solve_rsb(Hopfield(load=0.13), 0.0).to_dataset()
    assert bool(data["broken"]) and data.attrs["scheme"] == "1RSB"
    assert float(data["q1"]) == 1.0 and float(data["overlap"][0]) > 0.98


@pytest.mark.parametrize(
    ("model", "error"),
    [
        (0.1, TypeError),
        (Hopfield(load=0.1, rule=PseudoInverse()), ValueError),
        (Hopfield(load=0.1, patterns=Biased(0.2)), ValueError),
        (Hopfield(load=0.1, field=(0.1,)), ValueError),
    ],
)
def test_refused_models(model, error):
    with pytest.raises(error, match="model must"):
        solve_rsb(model, 0.1)


def test_refused_arguments():
    model = Hopfield(load=0.1)
    with pytest.raises(ValueError, match="temperature"):
        solve_rsb(model, -0.1)
    with pytest.raises(ValueError, match="state"):
        solve_rsb(model, 0.1, "paramagnet")
    with pytest.raises(ValueError, match="temperature"):
        critical_load_rsb(1.0)
