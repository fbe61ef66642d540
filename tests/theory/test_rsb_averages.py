"""Nested averages: against plain nested quadrature, against limits, against their own steps."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from assocmem.theory.gaussian import averages
from assocmem.theory.replica.rsb_averages import nested, nested_averages


def _by_quadrature_nodes(a, v0, v1, w, t, n=300):
    """The same by Gauss-Hermite quadrature in both noises, nothing clever."""
    z, g = np.polynomial.hermite_e.hermegauss(n)
    keep = g > 0.0
    z, g = z[keep], g[keep] / g.sum()
    x = a + math.sqrt(v0) * z[:, None] + math.sqrt(v1) * z[None, :]
    field = t * np.logaddexp(x / t, -x / t)
    weight = g[None, :] * np.exp(w * (field - field.mean()))
    total = weight.sum(axis=1)

    def inner(values):
        return (weight * values).sum(axis=1) / total

    tanh = np.tanh(x / t)
    log_z = np.log(total) + w * field.mean()
    return np.array(
        [
            g @ log_z / w,
            g @ inner(tanh),
            1.0 - g @ inner(tanh) ** 2,
            g @ inner(1.0 - tanh**2) / t,
            g @ (2.0 * (log_z - w * inner(field))) + w * w * v1,
            g @ inner((field - x * tanh) / t),
        ]
    )


@pytest.mark.parametrize(
    "point",
    [
        # a, v0, v1, w, T on every combination of the ways of summing
        (0.9, 0.1, 0.05, 1.5, 0.5),
        (0.9, 1.0, 0.05, 1.5, 0.5),
        (-0.4, 0.05, 0.6, 0.7, 0.7),
        (0.0, 0.8, 0.9, 0.9, 0.8),
        (0.3, 0.0, 0.3, 1.0, 1.0),
        (0.3, 0.4, 1e-6, 0.4, 1.3),
    ],
)
def test_against_nodes(point):
    expected = _by_quadrature_nodes(*point)
    # 300 nodes resolve poles at |z| > 1 to about 1e-11.
    assert np.allclose(nested(*point), expected, rtol=1e-9, atol=1e-10)


def _at_zero(a, v0, v1, w):
    """T = 0 by adaptive quadrature split at the kink of |x|."""
    b0, b1 = math.sqrt(v0), math.sqrt(v1)

    def inner(x0):
        parts = []
        for function in (lambda x: 1.0, np.sign, abs):

            def integrand(z, function=function):
                x = x0 + b1 * z
                return function(x) * math.exp(w * abs(x) - 0.5 * z * z) / math.sqrt(2.0 * math.pi)

            kink = min(max(-x0 / b1, -14.0), 14.0)
            pieces = ((-14.0, kink), (kink, 14.0))
            parts.append(
                sum(quad(integrand, *piece, epsabs=1e-13, epsrel=1e-13)[0] for piece in pieces)
            )
        z, sign, size = parts
        density = math.exp(-0.5 * (x0 / b1) ** 2) / b1 / math.sqrt(2.0 * math.pi)
        gap = 2.0 * (math.log(z) - w * size / z) + w * w * v1
        return np.array([math.log(z) / w, sign / z, 1.0 - (sign / z) ** 2, 2.0 * density / z, gap])

    z, g = np.polynomial.hermite_e.hermegauss(80)
    values = np.array([inner(a + b0 * zi) for zi in z])
    return g @ values / g.sum()


@pytest.mark.parametrize("point", [(0.6, 0.09, 0.5, 1.2), (0.0, 0.3, 0.6, 0.8)])
def test_at_zero_temperature(point):
    expected = _at_zero(*point)
    found = nested_averages(*point, 0.0)
    assert np.allclose(found[:5], expected, rtol=1e-9, atol=1e-10)
    assert found.entropy == 0.0


@pytest.mark.parametrize("point", [(0.6, 0.09, 0.5, 1.2), (0.9, 0.07, 1e-4, 90.0)])
def test_zero_is_the_limit(point):
    # All is smooth in T; what is left of three points is of order (T/scale)^3.
    limit = np.array(nested(*point, 0.0))
    scale = math.sqrt(point[2])
    near = [np.array(nested(*point, t * scale)) for t in (1e-3, 2e-3, 4e-3)]
    extrapolated = (8.0 * near[0] - 6.0 * near[1] + near[2]) / 3.0
    assert np.allclose(extrapolated, limit, rtol=1e-6, atol=1e-8 * scale)


def test_steps_are_fine_enough():
    rng = np.random.default_rng(5)
    for _ in range(300):
        t = 10.0 ** rng.uniform(-4, 1) if rng.random() < 0.8 else 0.0
        v0, v1 = 10.0 ** rng.uniform(-4, 1), 10.0 ** rng.uniform(-6, 1)
        most = min(6.0 / math.sqrt(v1), 1.0 / t if t > 0.0 else np.inf)
        w = most * rng.random()
        a = rng.uniform(-2.0, 2.0)
        coarse = np.array(nested(a, v0, v1, w, t))
        fine = np.array(nested(a, v0, v1, w, t, 2.0))
        size = math.sqrt(v0 + v1) + t + abs(a)
        scale = np.array([size, 1.0, 1.0, max(1.0, fine[3]), max(1.0, w * w * v1), 1.0])
        assert np.all(np.abs(coarse - fine) < 1e-13 * scale), (a, v0, v1, w, t)


@pytest.mark.parametrize("t", [0.05, 0.4, 1.5])
def test_theta_zero_and_one_are_replica_symmetric(t):
    a, v0, v1 = 0.7, 0.2, 0.3
    # theta -> 0: one Gaussian of variance v0 + v1
    whole = averages(a, math.sqrt(v0 + v1), t)
    annealed = nested_averages(a, v0, v1, 0.0, t)
    for name, ours in (("log2cosh", "log_z"), ("tanh", "tanh"), ("c", "c"), ("entropy", "entropy")):
        assert getattr(annealed, ours) == pytest.approx(float(getattr(whole, name)), rel=1e-12)
    # theta = 1: the inner average of 2cosh is exp(v1/2T^2) 2cosh(x0/T)
    outer = averages(a, math.sqrt(v0), t)
    quenched = nested_averages(a, v0, v1, 1.0 / t, t)
    assert quenched.tanh == pytest.approx(float(outer.tanh), rel=1e-12)
    assert quenched.spread == pytest.approx(t * float(outer.c), rel=1e-11)
    assert quenched.log_z == pytest.approx(float(outer.log2cosh) + 0.5 * v1 / t, rel=1e-12)


def test_arguments_out_of_range():
    assert all(math.isnan(value) for value in nested(0.5, 0.1, 0.1, 1e6, 0.0))
    good = {"a": 0.5, "v0": 0.1, "v1": 0.1, "w": 1.0, "temperature": 0.5}
    bad = {"a": math.nan, "v0": -0.1, "v1": -0.1, "w": 2.1, "temperature": -1.0}
    for name, value in bad.items():
        with pytest.raises(ValueError, match=name):
            nested_averages(**{**good, name: value})
    with pytest.raises(ValueError, match="v1"):
        nested_averages(0.5, 0.1, 0.0, 1.0, 0.0)
