"""Existence of states against a count of preimages on a mesh, which follows no ray."""

import numpy as np
import pytest

from assocmem import Biased, Hopfield, Rademacher
from assocmem.theory import solve
from assocmem.theory.replica import hopfield_reduced as red
from assocmem.theory.replica.hopfield_rays import at


def _mesh(law):
    """Images (sqrt(alpha), T) of a grid of (sigma, 1/(1 + tau))."""
    sigmas, xs = np.linspace(1e-4, 2.6, 420), np.linspace(0.995, 0.04, 300)
    return np.array([[at(law, s, 1 / x - 1)[[red.ROOT_LOAD, red.T]] for x in xs] for s in sigmas])


def _covered(mesh, point):
    """Whether the image of any triangle of the mesh holds the point."""
    a = mesh - point

    def cross(u, v):
        return u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0] > 0

    def holds(p, q, r):
        first = cross(p, q)
        return np.any((first == cross(q, r)) & (first == cross(r, p)))

    corner, right, far, up = a[:-1, :-1], a[1:, :-1], a[1:, 1:], a[:-1, 1:]
    return holds(corner, right, far) or holds(corner, far, up)


@pytest.mark.parametrize(
    ("n", "patterns"),
    [
        (1, Rademacher()),
        (2, Rademacher()),
        pytest.param(3, Rademacher(), marks=pytest.mark.slow),
        pytest.param(4, Rademacher(), marks=pytest.mark.slow),
        pytest.param(5, Rademacher(), marks=pytest.mark.slow),
        pytest.param(7, Rademacher(), marks=pytest.mark.slow),
        pytest.param(2, Biased(0.3), marks=pytest.mark.slow),
        pytest.param(3, Biased(0.3), marks=pytest.mark.slow),
        pytest.param(5, Biased(0.3), marks=pytest.mark.slow),
    ],
)
def test_existence_is_that_of_preimages(n, patterns):
    mesh = _mesh(red.condensate(patterns.law(), n))
    rng = np.random.default_rng(n)
    largest = mesh[..., 0].max()
    number = 0
    # The mesh blurs the ends of states by about 1e-4 of the range: 60 points with fixed seeds.
    for _ in range(60):
        point = rng.uniform([0.03 * largest, 0.02], [1.05 * largest, 0.95])
        name = "retrieval" if n == 1 else "mixture"
        model = Hopfield(load=point[0] ** 2, patterns=patterns)
        state = solve(model, point[1], name, n_mixed=max(n, 2))
        assert state.exists == _covered(mesh, point), point
        number += state.exists
    assert 5 < number < 55


def test_the_short_way_meets_the_state_of_the_ray(monkeypatch):
    from assocmem.theory.replica import hopfield_rays as rays

    law = red.condensate(Rademacher().law(), 1)
    rng = np.random.default_rng(8)
    met = 0
    for load, t in zip(rng.uniform(1e-4, 0.14, 60), rng.uniform(0.0, 0.9, 60), strict=True):
        short = rays._directly(law, np.sqrt(load), t)
        with monkeypatch.context() as patch:
            patch.setattr(rays, "_directly", lambda *_: None)
            long = rays.find(law, load, t)
        if short is None:
            continue
        met += 1
        assert long.out is not None
        assert short.sigma == pytest.approx(long.sigma, abs=1e-11)
        assert short.tau == pytest.approx(long.tau, abs=1e-11)
    assert met > 10


@pytest.mark.parametrize("name", ["retrieval", "mixture"])
def test_rays_of_strongly_biased_patterns(name):
    """Just inside and outside of the critical load at T = 0, and far beyond at T = 0.3."""
    from assocmem.theory import critical_load, solve

    patterns = Biased(0.999)
    end = critical_load(Hopfield(load=0.1, patterns=patterns), n_mixed=1 if name[0] == "r" else 3)
    inside = solve(Hopfield(load=end * (1 - 1e-9), patterns=patterns), 0.0, name)
    assert inside.exists and inside.residual < 1e-12
    outside = solve(Hopfield(load=1e-3, patterns=patterns), 0.0, name)
    assert not outside.exists
    assert float(outside.reason.split("load ")[1].split(",")[0]) == pytest.approx(end, rel=1e-9)
    assert not solve(Hopfield(load=1e-3, patterns=patterns), 0.3, name).exists
    assert solve(Hopfield(load=0.0, patterns=patterns), 0.3, name).residual < 1e-12
