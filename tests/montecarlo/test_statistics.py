"""Statistics against series whose answers are known in closed form."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.signal import lfilter

from assocmem.errors import ConvergenceError
from assocmem.montecarlo.statistics import (
    Blocking,
    autocorrelation,
    autocorrelation_time,
    split_rhat,
)
from assocmem.montecarlo.statistics_fit import disorder_average, extrapolate, jackknife


def ar1(rho: float, shape: tuple[int, int], seed: int) -> np.ndarray:
    """Stationary x_t = rho x_{t-1} + noise: variance 1, mean 0, tau = (1 + rho)/(2 (1 - rho))."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=shape) * np.sqrt(1 - rho**2)
    noise[:, 0] = rng.normal(size=shape[0])
    return lfilter([1.0], [1.0, -rho], noise, axis=1)


def blocked(records: np.ndarray):
    blocking = Blocking(*records.shape)
    blocking.add(records)
    return blocking.result()


def ar1_inefficiency(rho: float, block: int) -> float:
    """B var(mean of B) / var of AR(1), exactly."""
    return (1 + rho) / (1 - rho) - 2 * rho * (1 - rho**block) / (block * (1 - rho) ** 2)


@pytest.mark.parametrize("rho", [-0.3, 0.0, 0.7, 0.95])
def test_tau_and_error_of_ar1(rho):
    n, chains = 2**15, 64
    found = blocked(ar1(rho, (chains, n), seed=1))
    exact = (1 + rho) / (1 - rho) / 2
    block = np.unique(found.block_length)
    blocks = n / block.max()
    # The mean of 64 estimates, each of relative deviation sqrt(2/blocks): 4 sigma (6e-5), beside
    # the systematic tau/B that the criterion admits.
    noise = 4 * np.sqrt(2 / blocks / chains)
    bias = 1 - ar1_inefficiency(rho, block.min()) / (2 * exact)
    assert abs(found.tau.mean() / exact - 1) < noise + abs(bias)
    assert not found.too_short.any()
    np.testing.assert_allclose(found.error, np.sqrt(2 * found.tau * found.variance / n))


def test_error_bars_cover():
    """Fraction of runs with |mean| < 2 errors: 600 runs, false alarm probability 1e-4."""
    rho, n, runs = 0.9, 2**14, 600
    found = blocked(ar1(rho, (runs, n), seed=2))
    # Student's t of the blocks used, with the exact bias of a variance from blocks of length B:
    # the chosen lengths differ between runs, and so do the probabilities.
    lengths, counts = np.unique(found.block_length, return_counts=True)
    probabilities = []
    for block in lengths:
        shrunk = ar1_inefficiency(rho, block) / ar1_inefficiency(rho, n)
        probabilities.append(1 - 2 * stats.t.sf(2 * np.sqrt(shrunk), n // block - 1))
    expected = np.average(probabilities, weights=counts)
    assert 0.93 < expected < 0.955
    inside = int(np.sum(np.abs(found.mean) < 2 * found.error))
    assert stats.binomtest(inside, runs, expected).pvalue > 1e-4


@given(
    cuts=st.lists(st.integers(0, 777), max_size=12),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=40, deadline=None)
def test_chunks_change_no_bit(cuts, seed):
    records = 3.0 + np.random.default_rng(seed).normal(size=(3, 777))
    whole = blocked(records)
    streaming = Blocking(3, 777)
    edges = [0, *sorted(cuts), 777]
    for start, end in itertools.pairwise(edges):
        streaming.add(records[:, start:end])
    for name, value in vars(streaming.result()).items():
        np.testing.assert_array_equal(value, getattr(whole, name), err_msg=name)


def test_streaming_equals_direct_blocking():
    n = 1000
    records = -5.0 + ar1(0.5, (4, n), seed=3)
    found = blocked(records)
    np.testing.assert_allclose(found.mean, records.mean(axis=1), rtol=1e-14)
    np.testing.assert_allclose(found.variance, records.var(axis=1, ddof=1), rtol=1e-12)
    for series, error, length in zip(records, found.error, found.block_length, strict=True):
        means = series[: n // length * length].reshape(-1, length).mean(axis=1)
        np.testing.assert_allclose(error, np.sqrt(means.var(ddof=1) * length / n), rtol=1e-12)
    kept = records[:, : 62 * 16].reshape(4, 62, 16).mean(axis=2)
    np.testing.assert_allclose(found.blocks, kept, rtol=1e-13)
    np.testing.assert_allclose(found.half_means[1], records[:, 500:].mean(axis=1), rtol=1e-13)
    np.testing.assert_allclose(
        found.half_variances[0], records[:, :500].var(axis=1, ddof=1), rtol=1e-12
    )


def test_variance_survives_a_large_mean():
    records = 1e8 + np.random.default_rng(4).normal(size=(2, 512))
    np.testing.assert_allclose(blocked(records).variance, records.var(axis=1, ddof=1), rtol=1e-6)


def test_short_and_constant_series_are_flagged():
    found = blocked(np.concatenate([ar1(0.99, (3, 1000), seed=5), np.full((1, 1000), 0.1)]))
    assert found.too_short[:3].all()  # tau = 99.5: 1000 records are 5 effective ones
    assert found.constant.tolist() == [False, False, False, True]
    assert found.error[3] == 0.0 and np.isnan(found.tau[3]) and not found.too_short[3]
    # Four records: no error can be trusted, and none is claimed.
    assert blocked(np.random.default_rng(0).normal(size=(1, 4))).too_short.all()


@pytest.mark.parametrize("n", [1000, 1001])
def test_rhat_equals_arviz(n):
    arviz = pytest.importorskip("arviz")
    chains = ar1(0.8, (4, n), seed=6) + np.array([0, 0, 0, 0.4])[:, None]
    found = blocked(chains)
    ours = split_rhat(found.half_means, found.half_variances, n)
    assert ours > 1.01
    np.testing.assert_allclose(ours, float(arviz.rhat(chains, method="split")), rtol=1e-10)


def test_rhat_by_hand_and_when_frozen():
    chains = np.random.default_rng(7).normal(size=(3, 10))
    halves = np.concatenate([chains[:, :5], chains[:, 5:]])
    within, between = halves.var(axis=1, ddof=1).mean(), 5 * halves.mean(axis=1).var(ddof=1)
    found = blocked(chains)
    ours = split_rhat(found.half_means, found.half_variances, 10)
    np.testing.assert_allclose(ours, np.sqrt((0.8 * within + between / 5) / within))
    frozen = np.ones((2, 2, 2))
    frozen[:, 1, 1] = -1.0
    assert split_rhat(frozen, np.zeros((2, 2, 2)), 10).tolist() == [1.0, np.inf]


def test_autocorrelation_of_ar1():
    rho, n = 0.9, 2**15
    chains = ar1(rho, (16, n), seed=8)
    direct = chains[0] - chains[0].mean()
    lagged = np.array([direct[: n - t] @ direct[t:] for t in range(20)])
    np.testing.assert_allclose(autocorrelation(chains[0])[:20], lagged / lagged[0], atol=1e-12)
    tau, reliable = autocorrelation_time(chains)
    exact = 9.5
    # Sokal: var(tau) = 2 (2M + 1)/n tau^2 with M = 10 tau here; and exp(-M/19) left out.
    deviation = np.sqrt(2 * (20 * exact + 1) / (16 * n))
    assert reliable
    assert abs(tau / exact - 1) < 4 * deviation + np.exp(-10 * exact / 19)
    np.testing.assert_allclose(
        blocked(chains).tau.mean(), tau, rtol=0.1
    )  # 16 chains x 64 blocks or more: deviation 4 %, tau/B another 2 %
    assert not autocorrelation_time(chains[:, :300])[1]
    assert np.isnan(autocorrelation_time(np.ones(100))[0])


def test_jackknife():
    x, y = np.random.default_rng(9).normal(size=(2, 5, 40))
    mean, error = jackknife(lambda m: m, x)
    np.testing.assert_allclose(mean, x.mean(axis=1), atol=1e-14)
    np.testing.assert_allclose(error, x.std(axis=1, ddof=1) / np.sqrt(40))
    # Its variance is the unbiased one, exactly (Efron 1982, chapter 2).
    variance, _ = jackknife(lambda second, first: second - first**2, x**2, x)
    np.testing.assert_allclose(variance, x.var(axis=1, ddof=1))
    # A ratio of means, by linear propagation of errors: the next order is 1/n of it.
    x, y = x + 10, y + 20
    _, error = jackknife(lambda a, b: a / b, x, y)
    ratio = x.mean(axis=1, keepdims=True) / y.mean(axis=1, keepdims=True)
    linear = ((x - ratio * y) / y.mean(axis=1, keepdims=True)).std(axis=1, ddof=1) / np.sqrt(40)
    np.testing.assert_allclose(error, linear, rtol=0.02)


def test_disorder_average_holds_both_errors():
    """200 experiments of 8 samples: spread 1, thermal 0.5: chi^2 of the errors, alarm 1e-4."""
    rng = np.random.default_rng(10)
    values = rng.normal(size=(8, 200)) + 0.5 * rng.normal(size=(8, 200))
    mean, error = disorder_average(values)
    np.testing.assert_allclose(mean, values.mean(axis=0))
    total = np.sum(7 * 8 * error**2 / 1.25)
    assert 5e-5 < stats.chi2.cdf(total, 7 * 200) < 1 - 5e-5
    with pytest.raises(ValueError, match="at least 2"):
        disorder_average(np.ones((1, 4)))


SIZES = np.array([200.0, 400.0, 800.0, 1600.0, 3200.0])


@pytest.mark.parametrize("exponent", [1.0, 2 / 3])
def test_extrapolation_recovers_coefficients(exponent):
    """400 fits: z of the limit is normal and chi2 has its law (Kolmogorov-Smirnov, alarm 1e-4)."""
    rng = np.random.default_rng(11)
    errors = np.array([1.0, 1.5, 1.0, 2.0, 1.0]) * 1e-3
    exact = 0.967 - 1.5 * SIZES**-exponent
    fits = [extrapolate(SIZES, exact + errors * rng.normal(size=5), errors, exponent)
            for _ in range(400)]  # fmt: skip
    z = [(fit.limit - 0.967) / fit.limit_error for fit in fits]
    zc = [(fit.coefficient + 1.5) / np.sqrt(fit.covariance[1, 1]) for fit in fits]
    assert stats.kstest(z, "norm").pvalue > 1e-4
    assert stats.kstest(zc, "norm").pvalue > 1e-4
    assert stats.kstest([fit.p_value for fit in fits], "uniform").pvalue > 1e-4
    assert {fit.dof for fit in fits} == {3}
    perfect = extrapolate(SIZES, exact, errors, exponent)
    np.testing.assert_allclose([perfect.limit, perfect.coefficient], [0.967, -1.5], rtol=1e-10)
    np.testing.assert_allclose(perfect(SIZES), exact)


def test_extrapolation_fits_the_exponent():
    rng = np.random.default_rng(12)
    errors = np.full(5, 1e-4)
    exact = 0.5 + 3.0 * SIZES**-0.66
    fits = [extrapolate(SIZES, exact + errors * rng.normal(size=5), errors, None)
            for _ in range(100)]  # fmt: skip
    z = np.array([(f.exponent - 0.66) / np.sqrt(f.covariance[2, 2]) for f in fits])
    zc = np.array([(f.coefficient - 3.0) / np.sqrt(f.covariance[1, 1]) for f in fits])
    # Mean of 100 nearly normal z: 4 sigma (6e-5), with 0.1 for the curvature of the problem.
    assert abs(z.mean()) < 0.5 and abs(zc.mean()) < 0.5
    assert abs(z.std() - 1) < 0.35
    with pytest.raises(ConvergenceError):
        extrapolate(SIZES, np.ones(5), errors, None)  # flat: no exponent in it
    with pytest.raises(ConvergenceError):  # steeper than the highest exponent
        extrapolate(SIZES[:4], 1.0 + (SIZES[:4] / 200) ** -12.0, errors[:4], None)
    steepest = extrapolate(SIZES, 1.0 + (SIZES / 200) ** -8.0, errors, 8.0)
    np.testing.assert_allclose([steepest.limit, steepest.coefficient], [1.0, 200.0**8])
    assert np.all(np.isfinite(steepest.covariance))


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (([100, 200], [1, 2], [0.1, 0.0]), "errors"),
        (([100, 200], [1, np.nan], [0.1, 0.1]), "values"),
        (([100, 100], [1, 2], [0.1, 0.1]), "n_spins"),
        (([0, 100], [1, 2], [0.1, 0.1]), "n_spins"),
        (([100, 200], [1, 2, 3], [0.1, 0.1]), "shape"),
        (([100, 200], [1, 2], [0.1, 0.1], -1.0), "exponent"),
        (([100, 200], [1, 2], [0.1, 0.1], 1e6), "exponent"),
        (([100, 200], [1, 2], [0.1, 0.1], 1e-12), "exponent"),
        (([100, 1e40], [1, 2], [0.1, 0.1], 8.0), "n_spins"),
        (([100, 200], [1, 2], [0.1, 0.1], None), "n_spins"),
    ],
)
def test_bad_extrapolations(arguments, word):
    with pytest.raises(ValueError, match=word):
        extrapolate(*arguments)


def test_bad_records():
    blocking = Blocking(2, 10)
    with pytest.raises(ValueError, match="shape"):
        blocking.add(np.zeros(10))
    with pytest.raises(ValueError, match="finite"):
        blocking.add(np.full((2, 1), np.nan))
    with pytest.raises(ValueError, match="10 in all"):
        blocking.add(np.zeros((2, 11)))
    with pytest.raises(ValueError, match="before the analysis"):
        blocking.result()
    with pytest.raises(ValueError, match="length"):
        Blocking(1, 3)
    with pytest.raises(ValueError, match="at least 4"):
        autocorrelation([1.0, 2.0])
    with pytest.raises(ValueError, match="n_records"):
        split_rhat(np.zeros((2, 2)), np.zeros((2, 2)), 2)
