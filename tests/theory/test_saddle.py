import mpmath as mp
import numpy as np
import pytest

from assocmem.theory import saddle


def _mean_field(beta):
    return (
        lambda m: m - np.tanh(beta * m),
        lambda m: np.diag(1.0 - beta / np.cosh(beta * m) ** 2),
        lambda m: np.tanh(beta * m),
    )


@pytest.mark.parametrize("analytic", [True, False])
def test_ferromagnet(analytic):
    residual, jacobian, fixed_point = _mean_field(1.5)
    found = saddle.solve(
        residual,
        np.array([0.1]),
        jacobian=jacobian if analytic else None,
        fixed_point=fixed_point,
    )
    exact = mp.findroot(lambda m: m - mp.tanh(mp.mpf(3) / 2 * m), 0.85)
    assert found.converged
    assert found.x[0] == pytest.approx(float(exact), rel=1e-14)
    assert found.residual < 1e-15


def test_no_solution_is_said():
    found = saddle.solve(lambda x: x * x + 1.0, np.array([0.7]))
    assert not found.converged
    assert found.residual >= 1.0
    assert found.message != "converged"


def test_start_outside_the_domain_is_said():
    found = saddle.solve(lambda x: np.full(1, np.nan), np.array([1.0]))
    assert not found.converged
    assert "domain" in found.message


def test_newton_converges_quadratically():
    residual, jacobian, _ = _mean_field(2.0)
    x, errors = np.array([1.0]), []
    exact = saddle.solve(residual, x, jacobian=jacobian).x[0]
    for steps in range(1, 4):
        errors.append(
            abs(saddle.solve(residual, x, jacobian=jacobian, max_newton=steps).x[0] - exact)
        )
    assert errors[1] < 10 * errors[0] ** 2
    assert errors[2] < max(10 * errors[1] ** 2, 1e-15)


def test_follow_a_branch_and_lose_it_at_its_fold():
    # x^2 = 1 - p: the branch x = sqrt(1 - p) ends at p = 1
    def residual(x, p):
        return x * x - 1.0 + p

    found = saddle.follow(residual, np.array([1.0]), np.linspace(0.0, 0.99, 12))
    np.testing.assert_allclose([f.x[0] for f in found], np.sqrt(1 - np.linspace(0, 0.99, 12)))
    lost = saddle.follow(residual, np.array([1.0]), [0.0, 0.5, 1.5])
    assert [f.converged for f in lost] == [True, True, False]
    assert "branch lost" in lost[-1].message
