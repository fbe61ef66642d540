import itertools

import numpy as np
import pytest
from scipy.stats import binom

from assocmem.theory import laws


def test_sum_of_signs_is_binomial():
    values, weights = laws.sum_of((np.array([1.0, -1.0]), np.array([0.3, 0.7])), 6)
    np.testing.assert_allclose(values, np.arange(-6, 7, 2))
    np.testing.assert_allclose(weights, binom.pmf(np.arange(7), 6, 0.3), rtol=1e-13)


def test_sum_of_unequal_entries_by_enumeration():
    entry = (np.array([-0.5, 0.1, 2.0]), np.array([0.2, 0.5, 0.3]))
    values, weights = laws.sum_of(entry, 4)
    moments = np.zeros(5)
    for word in itertools.product(range(3), repeat=4):
        p = np.prod(entry[1][list(word)])
        moments += p * np.sum(entry[0][list(word)]) ** np.arange(5)
    np.testing.assert_allclose([weights @ values**k for k in range(5)], moments, rtol=1e-12)


@pytest.mark.parametrize(("n", "mean"), [(1, 0.3), (7, -0.2), (400, 0.9), (5, 1.0), (3, 0.0)])
def test_binomial_mean(n, mean):
    values, weights = laws.binomial_mean(n, mean)
    expected = binom.pmf(np.rint((values + 1) * n / 2), n, (1 + mean) / 2)
    np.testing.assert_allclose(weights, expected, rtol=1e-10)
    assert weights @ values == pytest.approx(mean, abs=1e-14)
    assert weights @ values**2 == pytest.approx(mean**2 + (1 - mean**2) / n, abs=1e-13)


def test_folded_and_product():
    values, weights = laws.folded((np.array([-1.0, 1.0, 0.0]), np.array([0.25, 0.5, 0.25])))
    np.testing.assert_array_equal(values, [0.0, 1.0])
    np.testing.assert_array_equal(weights, [0.25, 0.75])
    sign = (np.array([1.0, -1.0]), np.array([0.6, 0.4]))
    words, p = laws.product([sign, (np.array([2.0]), np.array([1.0])), sign])
    assert words.shape == (4, 3)
    assert p @ (words[:, 0] * words[:, 2]) == pytest.approx(0.04)
    assert np.all(words[:, 1] == 2.0)


def test_refuses():
    with pytest.raises(ValueError, match="mean must be"):
        laws.binomial_mean(3, 1.1)
    with pytest.raises(ValueError, match="n must be"):
        laws.sum_of((np.ones(1), np.ones(1)), 0)
