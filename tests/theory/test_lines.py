"""Curve tracing on curves known in closed form, and on another model than Hopfield's."""

import math

import numpy as np
import pytest

from assocmem.theory import lines
from assocmem.theory.gaussian import moments


def _circle(y):
    return np.array([y[0] ** 2 + y[1] ** 2 - 1.0])


def test_traces_a_circle_through_its_turning_points():
    end = lines.Event("three quarters", lambda y, t: y[0])
    curve = lines.trace(_circle, np.array([1.0, 0.0]), np.array([0.0, 1.0]), [end])
    assert curve.ended == "three quarters"  # the first zero of x: a quarter
    np.testing.assert_allclose(curve.points[-1], [0.0, 1.0], atol=1e-12)
    end = lines.Event("half", lambda y, t: y[1] if y[0] < 0.5 else 1.0)
    curve = lines.trace(_circle, np.array([1.0, 0.0]), np.array([0.0, 1.0]), [end])
    np.testing.assert_allclose(curve.points[-1], [-1.0, 0.0], atol=1e-12)
    assert np.max(np.abs(np.linalg.norm(curve.points, axis=1) - 1.0)) < 1e-12
    # Tangents are those of a circle.
    assert np.max(np.abs(np.sum(curve.points * curve.tangents, axis=1))) < 1e-9


def test_laid_out_points_are_even_and_on_the_curve():
    end = lines.Event("top", lambda y, t: y[0])
    curve = lines.trace(_circle, np.array([1.0, 0.0]), np.array([0.0, 1.0]), [end])
    points, residuals = lines.laid_out(curve, _circle, 50, lambda y: y)
    assert np.max(residuals) < 1e-12
    gaps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    assert np.ptp(gaps) < 0.02 * gaps.mean()  # chords of the traced steps stand for arcs


def test_unfinished_curves_say_so():
    curve = lines.trace(_circle, np.array([1.0, 0.0]), np.array([0.0, 1.0]), [], max_points=5)
    assert not curve.converged
    assert "5 points" in curve.ended
    curve = lines.trace(
        lambda y: np.array([y @ y + 1.0]), np.array([1.0, 0.0]), np.array([0.0, 1.0]), []
    )
    assert not curve.converged
    assert len(curve.points) == 0


def test_folds_of_the_cusp_catastrophe():
    # x^3 - a x - b = 0 folds on 4 a^3 = 27 b^2, and the line turns at the cusp.
    def residual(x, p):
        return np.array([x[0] ** 3 - p[0] * x[0] - p[1]])

    def jacobian(x, p):
        return np.array([[3 * x[0] ** 2 - p[0]]])

    system = lines.spinodal_system(residual, jacobian, 1)
    start = lines.spinodal_start(jacobian, np.array([1.0]), np.array([3.0, -2.0]))
    end = lines.Event("x = -1", lambda y, t: y[0] + 1.0)
    curve = lines.trace(system, start, np.array([-1.0, 0.0, 0.0, 0.0]), [end])
    assert curve.converged
    a, b = curve.points[:, 2], curve.points[:, 3]
    assert np.max(np.abs(4 * a**3 - 27 * b**2)) < 1e-9
    np.testing.assert_allclose(curve.points[-1][[0, 2, 3]], [-1.0, 3.0, 2.0], atol=1e-9)
    assert a.min() < 0.02  # it went through the cusp


def _dense(p):
    """Dense Hebbian network of p-body interactions in (m, C), parameters (sqrt(alpha), T)."""
    factorial = math.factorial(p - 1)

    def averages(x, y):
        a = x[0] ** (p - 1) / factorial
        q = 1.0 - y[1] * x[1]
        return moments(a, abs(y[0]) * math.sqrt(q ** (p - 1) / factorial), y[1])

    def residual(x, y):
        g = averages(x, y)
        return np.array([x[0] - g[0], x[1] - g[2]])

    def jacobian(x, y):
        g = averages(x, y)
        q = 1.0 - y[1] * x[1]
        b = y[0] * math.sqrt(q ** (p - 1) / factorial)
        a_m = x[0] ** (p - 2) * (p - 1) / factorial
        b_c = -0.5 * (p - 1) * b * y[1] / q
        return np.array([[1.0 - g[2] * a_m, -b * g[3] * b_c], [-g[3] * a_m, 1.0 - b * g[4] * b_c]])

    return residual, jacobian


@pytest.mark.parametrize(("p", "known"), [(3, 0.2521904307706714), (4, 0.1978601191953815)])
def test_spinodal_builder_serves_the_dense_network(p, known):
    # At T = 0, alpha_c (p-1)! is the maximum over x of erf(x)^(2(p-1))/(2 x^2).
    residual, jacobian = _dense(p)
    system = lines.spinodal_system(residual, jacobian, 2)
    factorial = math.factorial(p - 1)
    guess = np.array([0.9, 0.3]), np.array([0.97 * math.sqrt(known / factorial), 0.02])
    from assocmem.theory.saddle import solve

    x = solve(lambda x: residual(x, guess[1]), guess[0]).x
    start = lines.spinodal_start(jacobian, x, guess[1])
    end = lines.Event("T = 0", lambda y, t: y[-1])
    curve = lines.trace(system, start, np.array([0, 0, 0, 0, 0, -1.0]), [end])
    assert curve.ended == "T = 0"
    assert curve.points[-1][4] ** 2 * factorial == pytest.approx(known, rel=1e-11)


def test_first_order_and_stability_builders():
    # f = x^4/4 - a x^2/2 - b x: the two minima are equal on b = 0; x = 1 is marginal on a = 3.
    def residual(x, p):
        return np.array([x[0] ** 3 - p[0] * x[0] - p[1]])

    def energy(x, p):
        return x[0] ** 4 / 4 - p[0] * x[0] ** 2 / 2 - p[1] * x[0]

    system = lines.first_order_system((residual, residual), (energy, energy), (1, 1))
    end = lines.Event("a = 2", lambda y, t: y[2] - 2.0)
    start = np.array([1.05, -0.95, 1.0, 0.02])
    curve = lines.trace(system, start, np.array([0, 0, 1.0, 0]), [end])
    assert curve.converged
    assert np.max(np.abs(curve.points[:, 3])) < 1e-12
    np.testing.assert_allclose(curve.points[-1][:2], [math.sqrt(2), -math.sqrt(2)], rtol=1e-11)

    system = lines.stability_system(residual, lambda x, p: 3 * x[0] ** 2 - p[0], 1)
    y = lines.correct(system, np.array([1.1, 3.2, -2.0]), np.array([1.0, 0.0, 0.0]))[0]
    assert y[1] == pytest.approx(3 * y[0] ** 2, rel=1e-12)
    assert y[2] == pytest.approx(-2 * y[0] ** 3, rel=1e-12)
