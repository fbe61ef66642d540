"""Gaussian averages against 30-digit quadrature, at ordinary and extreme arguments."""

import itertools
import math

import mpmath as mp
import numpy as np
import pytest

from assocmem.theory.gaussian import Averages, averages, mixture_averages

_POINTS = [
    # a, b, T: ordinary, both sides of the switch b = 0.75 T
    (0.3, 0.5, 1.0),
    (1.0, 0.74, 1.0),
    (1.0, 0.76, 1.0),
    (-0.7, 0.74999, 1.0),
    (-0.7, 0.75001, 1.0),
    (0.0, 1.0, 0.9),
    (2.0, 3.0, 0.5),
    # cold
    (1.0, 0.3, 0.01),
    (0.5, 0.5, 1e-6),
    (0.9, 0.4, 1e-12),
    # far tails, exponentially small C
    (3.0, 0.3, 0.25),
    (30.0, 1.2, 1.0),
    (30.0, 4.0, 1.0),
    (12.0, 0.1, 1.0),
    (60.0, 5.4, 1.0),
    # hot and weak
    (1e-6, 1e-4, 1.0),
    (1e-9, 0.8, 1.0),
    (1e-9, 0.6, 1.0),
    (0.02, 0.05, 1.0),
    (2.0, 5.0, 300.0),
    (0.4, 0.0, 0.3),
]


def _reference(a, b, t):
    """The ten averages by mpmath quadrature at 30 digits over z, split at every scale."""
    # Derivatives cancel 1/T^2: that many digits more are carried.
    with mp.workdps(30 + 2 * max(0, round(-math.log10(t)))):
        a, b, t = mp.mpf(a), mp.mpf(b), mp.mpf(t)

        def functions(z):
            x = (a + b * z) / t
            th, s2 = mp.tanh(x), mp.sech(x) ** 2
            ax = abs(x)
            entropy = mp.log1p(mp.exp(-2 * ax)) + 2 * ax / (mp.exp(2 * ax) + 1)
            lc = ax + mp.log1p(mp.exp(-2 * ax))
            return [
                th, th**2, s2 / t, -2 * th * s2 / t**2, (4 * s2 - 6 * s2**2) / t**3,
                s2**2 / t, t * lc, entropy, -x * s2 / t, -(s2 - 2 * x * th * s2) / t**2,
            ]  # fmt: skip

        if b == 0:
            return functions(mp.mpf(0))
        cuts = {mp.mpf(k) for k in range(-26, 27, 2)}
        zero, width = -a / b, t / b
        for k in (0, 1, 2, 4, 8, 16, 32, 64):
            cuts |= {zero + k * width, zero - k * width}
        cuts = sorted(c for c in cuts if abs(c) <= 26)
        nodes = mp.calculus.quadrature.GaussLegendre(mp.mp).calc_nodes(5, mp.mp.prec)
        total = [mp.mpf(0)] * 10
        for left, right in itertools.pairwise(cuts):
            half, middle = (right - left) / 2, (right + left) / 2
            for node, weight in nodes:
                z = middle + half * node
                density = half * weight * mp.npdf(z)
                total = [s + density * f for s, f in zip(total, functions(z), strict=True)]
        return total


@pytest.mark.parametrize(("a", "b", "t"), _POINTS)
def test_against_thirty_digits(a, b, t):
    exact = dict(zip(Averages._fields, _reference(a, b, t), strict=True))
    found = averages(a, b, t)._asdict()
    # Scale of each number: powers of 1/width for derivatives; relative where all terms add up.
    width = max(b, t)
    scales = {"c": 1 / width, "c_a": width**-2, "c_aa": width**-3, "c4": 1 / width}
    scales |= {"tanh_t": 1 / width, "c_t": width**-2, "log2cosh": max(abs(a), width)}
    for name, value in found.items():
        error = abs(float(value) - float(exact[name]))
        assert error <= 1e-13 * scales.get(name, 1.0), name
    for name in ("tanh", "tanh2", "c", "c4", "log2cosh", "entropy"):
        assert float(found[name]) == pytest.approx(
            float(exact[name]), rel=1e-12, abs=1e-28 if a == 0 else 0
        ), name


@pytest.mark.parametrize("t", [0.0, 1e-300, 1e-150, 1e-20])
@pytest.mark.parametrize(("a", "b"), [(0.0, 1.0), (0.7, 0.5), (-1.3, 0.4), (5.0, 0.2)])
def test_zero_temperature_limit(a, b, t):
    found = averages(a, b, t)
    y = a / b
    density = math.exp(-0.5 * y * y) / math.sqrt(2 * math.pi) / b
    assert found.tanh == pytest.approx(math.erf(y / math.sqrt(2)), rel=1e-14)
    assert found.c == pytest.approx(2 * density, rel=1e-13)
    assert found.c4 == pytest.approx(4 / 3 * density, rel=1e-13)
    assert found.c_a == pytest.approx(-2 * density * y / b, rel=1e-13)
    assert found.c_aa == pytest.approx(2 * density * (y * y - 1) / b**2, rel=1e-13)
    mean = a * math.erf(y / math.sqrt(2)) + 2 * b * b * density
    assert found.log2cosh == pytest.approx(mean, rel=1e-14)
    # int (ln 2cosh u - u tanh u) du = pi^2/6
    assert found.entropy == pytest.approx(t * density * math.pi**2 / 6, rel=1e-13)
    assert abs(found.c_t) <= 10 * t
    assert found.tanh2 == 1.0 - t * found.c


def test_no_noise_and_no_temperature():
    found = averages([1.0, -2.0, 0.0], 0.0, 0.0)
    np.testing.assert_array_equal(found.tanh, [1.0, -1.0, 0.0])
    np.testing.assert_array_equal(found.c, [0.0, 0.0, math.inf])
    np.testing.assert_array_equal(found.log2cosh, [1.0, 2.0, 0.0])


def test_derivatives_are_derivatives():
    rng = np.random.default_rng(5)
    a, b, t = rng.normal(size=200), rng.uniform(0.05, 2, 200), rng.uniform(0.02, 2, 200)
    t = np.where(np.abs(b / t - 0.75) < 1e-3, 0.9 * t, t)
    step = 1e-5
    here = averages(a, b, t)

    def slope(name, da=0.0, db=0.0, dt=0.0):
        up = averages(a + da, b + db, t + dt)._asdict()[name]
        down = averages(a - da, b - db, t - dt)._asdict()[name]
        return (up - down) / (2 * step)

    # Central differences err by step^2 times a third derivative, which scales as width^-3.
    width = np.maximum(b, t)
    for name, order, claimed, shift in [
        ("tanh", 0, here.c, {"da": step}),
        ("tanh", 0, b * here.c_a, {"db": step}),
        ("tanh", 0, here.tanh_t, {"dt": step}),
        ("c", 1, here.c_a, {"da": step}),
        ("c", 1, b * here.c_aa, {"db": step}),
        ("c", 1, here.c_t, {"dt": step}),
        ("log2cosh", -1, here.tanh, {"da": step}),
        ("log2cosh", -1, b * here.c, {"db": step}),
        ("log2cosh", -1, here.entropy, {"dt": step}),
    ]:
        bound = 20 * step**2 * np.minimum(width, 1.0) ** (-3.0 - order) + 1e-9
        assert np.all(np.abs(slope(name, **shift) - claimed) < bound), (name, shift)


def test_mixture_is_the_weighted_sum_and_shapes_broadcast():
    a, p = np.array([1.0, -0.5, 0.2]), np.array([0.2, 0.3, 0.5])
    found = mixture_averages(a, 0.4, [0.1, 0.5], p)
    assert found.tanh.shape == (2,)
    by_hand = sum(w * float(averages(x, 0.4, 0.5).c) for x, w in zip(a, p, strict=True))
    assert found.c[1] == pytest.approx(by_hand, rel=1e-14)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [((0.0, -1.0, 1.0), "b"), ((math.nan, 1.0, 1.0), "a"), ((0.0, 1.0, -1e-9), "temperature")],
)
def test_refuses(arguments, word):
    with pytest.raises(ValueError, match=f"^{word} must be"):
        averages(*arguments)


def test_refuses_what_is_no_probability():
    with pytest.raises(ValueError, match="probabilities"):
        mixture_averages([0.0, 1.0], 1.0, 1.0, [0.5, 0.6])
