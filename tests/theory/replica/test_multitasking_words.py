"""Averages over words: against sums over all entries, and over all examples, written out."""

import itertools
import math

import mpmath
import numpy as np
import pytest

from assocmem.hopfield.learning import Supervised, Unsupervised
from assocmem.hopfield.multitasking import Multitasking
from assocmem.theory.replica.multitasking_words import words_of


def brute(d, nu, t, h=None, m=1, r=1.0):
    """f, E y tanh, Hessian, E xi tanh, q by mpmath over all words of xi and of chi."""
    k = len(nu)
    h = [0.0] * k if h is None else h
    variance = r * r + (1 - r * r) / m
    f, y_tanh, xi_tanh, q = mpmath.mpf(0), np.zeros(k), np.zeros(k), 0.0
    hessian = np.eye(k)
    signs = list(itertools.product((1, -1), repeat=m))
    entries = [(0, 0.0, d)]
    for xi in (1, -1):
        for chi in signs:
            p = math.prod((1 + r * c) / 2 for c in chi) * (1 - d) / 2
            entries.append((xi, xi * sum(chi) / m / math.sqrt(variance), p))
    for word in itertools.product(entries, repeat=k):
        p = math.prod(e[2] for e in word)
        y = np.array([e[1] for e in word])
        xi = np.array([e[0] for e in word])
        x = mpmath.mpf(float(y @ nu + xi @ h)) / t
        f -= p * t * mpmath.log(2 * mpmath.cosh(x))
        tanh, c = float(mpmath.tanh(x)), float(mpmath.sech(x) ** 2) / t
        y_tanh += p * y * tanh
        xi_tanh += p * xi * tanh
        q += p * tanh**2
        hessian -= p * c * np.outer(y, y)
    return float(f) + np.dot(nu, nu) / 2, y_tanh, hessian, xi_tanh, q


CASES = [
    (0.4, [0.5, 0.3, -0.1], 0.3, None, 1, 1.0),
    (0.7, [0.2, 0.3], 0.01, [0.1, 0.0], 1, 1.0),
    (0.3, [0.5, 0.2], 0.4, None, 3, 0.6),
    (0.3, [0.5, -0.2], 0.4, [0.3, 0.2], 2, 0.6),
    (0.3, [0.5, 0.2], 0.4, [0.0, 0.2], 3, 0.6),
    (0.0, [0.5, 0.2], 0.4, None, 1, 0.6),
]


@pytest.mark.parametrize(("d", "nu", "t", "h", "m", "r"), CASES)
def test_distinct_components(d, nu, t, h, m, r):
    learning = None if r == 1.0 else Supervised(m, r)
    model = Multitasking(n_patterns=len(nu), dilution=d, learning=learning)
    words = words_of(model, (1,) * len(nu), fields=h)
    f, y_tanh, hessian, xi_tanh, q = brute(d, np.array(nu), t, h, m, r)
    got = words.at(nu, t)
    assert got[0] == pytest.approx(f, abs=1e-14)
    np.testing.assert_allclose(np.array(nu) - got[1], y_tanh, atol=1e-14)
    np.testing.assert_allclose(got[2], hessian, atol=1e-13)
    rest = words.averages(nu, t)
    np.testing.assert_allclose(rest.overlaps, xi_tanh, atol=1e-13)
    assert rest.q == pytest.approx(q, abs=1e-13)
    np.testing.assert_allclose(rest.C, (1 - q) / t, rtol=1e-11)
    # entropy = -df/dT at fixed nu
    step = 1e-5 * t
    slope = (words.at(nu, t + step)[0] - words.at(nu, t - step)[0]) / (2 * step)
    assert rest.entropy == pytest.approx(-slope, abs=1e-7)


@pytest.mark.parametrize("law", ["binomial", "gaussian"])
@pytest.mark.parametrize("learning", [None, Unsupervised(3, 0.5)])
def test_blocks_agree_with_distinct_components(law, learning):
    model = Multitasking(n_patterns=5, dilution=0.35, learning=learning)
    few, many = words_of(model, (3, 1), law), words_of(model, (1, 1, 1, 1, 1), law)
    short, long = np.array([0.3, -0.2]), np.array([0.3, 0.3, 0.3, -0.2, 0.0])
    t = 0.25
    a, b = few.at(short, t), many.at(long, t)
    assert a[0] == pytest.approx(b[0], abs=1e-13)
    np.testing.assert_allclose(a[1], b[1][[0, 3]], atol=1e-13)
    frame = np.zeros((5, 2))
    frame[:3, 0], frame[3, 1] = 1 / math.sqrt(3), 1
    np.testing.assert_allclose(a[2], frame.T @ b[2] @ frame, atol=1e-12)
    one, two = few.averages(short, t), many.averages(long, t)
    np.testing.assert_allclose(one.overlaps, two.overlaps[[0, 3]], atol=1e-13)
    assert one.q == pytest.approx(two.q, abs=1e-13)
    assert one.entropy == pytest.approx(two.entropy, abs=1e-13)
    assert one.symmetry[0] == pytest.approx(b[2][0, 0] - b[2][0, 1], abs=1e-12)
    assert b[2][4, 4] == pytest.approx(1 - 0.65 * one.C, abs=1e-12)  # not condensed
    if learning is not None:
        np.testing.assert_allclose(one.examples, two.examples[[0, 3, 4]], atol=1e-12)


def test_gaussian_law_against_quadrature():
    d, r, m, t = 0.4, 0.5, 5, 0.3
    model = Multitasking(n_patterns=2, dilution=d, learning=Supervised(m, r))
    words = words_of(model, (1, 1), "gaussian")
    nu = np.array([0.5, 0.2])
    variance = r * r + (1 - r * r) / m
    z, w = np.polynomial.hermite_e.hermegauss(120)
    w = w / w.sum()
    entries = [(0.0, 0.0, d)]
    for zeta, p in zip(z, w, strict=True):
        y = (r + math.sqrt((1 - r * r) / m) * zeta) / math.sqrt(variance)
        entries += [(1.0, y, p * (1 - d) / 2), (-1.0, -y, p * (1 - d) / 2)]
    xi, y, p = (np.array(row) for row in zip(*entries, strict=True))
    x = (y[:, None] * nu[0] + y[None, :] * nu[1]) / t
    p2 = p[:, None] * p[None, :]
    got = words.at(nu, t)
    f = nu @ nu / 2 - t * np.sum(p2 * np.logaddexp(x, -x))
    assert got[0] == pytest.approx(f, abs=1e-9)
    y_tanh = [np.sum(p2 * y[:, None] * np.tanh(x)), np.sum(p2 * y[None, :] * np.tanh(x))]
    np.testing.assert_allclose(nu - got[1], y_tanh, atol=1e-8)
    xi_tanh = [np.sum(p2 * xi[:, None] * np.tanh(x)), np.sum(p2 * xi[None, :] * np.tanh(x))]
    np.testing.assert_allclose(words.averages(nu, t).overlaps, xi_tanh, atol=1e-8)
    step = 1e-6
    for k in range(2):
        e = step * np.eye(2)[k]
        numeric = (words.at(nu + e, t)[1] - words.at(nu - e, t)[1]) / (2 * step)
        np.testing.assert_allclose(got[2][k], numeric, atol=1e-8)


def test_number_of_words():
    model = Multitasking(n_patterns=200, dilution=0.9)
    assert 20 < len(words_of(model, (200,)).weights) <= 201  # the least probable are left out
    assert len(words_of(model, (1,) * 4).weights) == 41
    assert len(words_of(model, (1,) * 8).weights) == (3**8 + 1) // 2
    assert words_of(model, ()).at((), 0.5)[0] == pytest.approx(-0.5 * math.log(2))
    with pytest.raises(ValueError, match="words"):
        words_of(model, (1,) * 16)
    learned = Multitasking(n_patterns=6, dilution=0.5, learning=Supervised(100, 0.3))
    with pytest.raises(ValueError, match="gaussian"):
        words_of(learned, (1,) * 6)
