"""Noise of exponential networks class by class: exact moments, and patterns drawn one by one."""

import math

import numpy as np
import pytest
from scipy.stats import ks_2samp

from assocmem.montecarlo.random_energy import noise_samples


@pytest.mark.parametrize(("load", "rate", "n"), [(0.5, 0.3, 60), (0.6, 0.4, 200), (0.25, 0.2, 90)])
def test_moments(load, rate, n):
    # Poisson numbers of patterns: E sum = K cosh^N, Var sum = K cosh(2 rate)^N, E field = 0,
    # Var field = K cosh(2 rate)^(N-1) exp(-2 rate (N-1)). The variance dwarfs the fourth moment
    # over the square of itself at these points, so means of 4000 are normal. False alarms: three
    # points with three bounds at 5 standard errors, 5e-6.
    samples = noise_samples(load, rate, n, 4000, seed=3)
    log_k = load * n
    relative = 0.5 * (n * math.log(math.cosh(2.0 * rate)) - log_k) - n * math.log(math.cosh(rate))
    scaled = np.expm1(samples.log_sum - log_k - n * math.log(math.cosh(rate))) / math.exp(relative)
    if relative > math.log(1e-12):  # above rounding of log_sum
        assert abs(scaled.mean()) < 5.0 / math.sqrt(4000)
        assert abs(scaled.var() - 1.0) < 5.0 * math.sqrt(2.0 / 4000)
    log_sd = 0.5 * (log_k + (n - 1) * math.log(math.cosh(2.0 * rate))) - rate * (n - 1)
    field = samples.field / math.exp(log_sd)
    assert abs(field.mean()) < 5.0 / math.sqrt(4000)
    assert abs(field.var() - 1.0) < 5.0 * math.sqrt(2.0 / 4000)


def test_against_patterns_drawn_one_by_one():
    # Two-sample Kolmogorov-Smirnov, 2 x 1500: false alarm 1e-6 each.
    rng = np.random.default_rng(8)
    n, load, rate = 14, 0.45, 0.8
    logs, fields = [], []
    for _ in range(1500):
        k = rng.poisson(math.exp(load * n))
        x = 1 - 2 * rng.integers(0, 2, (k, n))
        m = x.sum(axis=1)
        logs.append(np.logaddexp.reduce(rate * m) if k else -np.inf)
        fields.append(np.sum(x[:, 0] * np.exp(rate * (m - x[:, 0] - (n - 1.0)))))
    ours = noise_samples(load, rate, n, 1500, seed=9)
    assert ks_2samp(logs, ours.log_sum).pvalue > 1e-6
    assert ks_2samp(fields, ours.field).pvalue > 1e-6


def test_astronomic_numbers_and_reproducibility():
    # exp(560) patterns: the sum is its mean to 16 digits, the field normal of known width.
    one, two = (noise_samples(0.7, 0.5, 800, 500, seed=s) for s in (1, 1))
    assert np.array_equal(one.field, two.field)
    mean = 0.7 * 800 + 800 * math.log(math.cosh(0.5))
    assert np.allclose(one.log_sum, mean, rtol=1e-14)
    sd = 0.5 * (0.7 * 800 + 799 * math.log(math.cosh(1.0))) - 0.5 * 799
    field = one.field / math.exp(sd)
    # 5 standard errors: 6e-7
    assert abs(field.var() - 1.0) < 5.0 * math.sqrt(2.0 / 500)
    assert not np.array_equal(one.field, noise_samples(0.7, 0.5, 800, 500, seed=2).field)


def test_arguments():
    good = {"load": 0.2, "rate": 1.0, "n_spins": 20, "n_samples": 3, "seed": 0}
    bad = {"load": -0.1, "rate": 0.0, "n_spins": 1, "n_samples": 0, "seed": -1}
    for name, value in bad.items():
        with pytest.raises(ValueError, match=name):
            noise_samples(**{**good, name: value})
    with pytest.raises(ValueError, match="at most 600"):
        noise_samples(1.0, 1.0, 601, 1)
