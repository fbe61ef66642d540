"""Streaming metrics against the same numbers from all SDRs at once.

Tolerances are those of rounding: 1e-12 relative, for streams of up to a few thousand SDRs.
"""

import json
import math
import pickle

import numpy as np
import pytest

from assocmem import SDR
from assocmem.sdr import Bernoulli, Codebook, Metrics, Uniform


def weights(count, period):
    """Weight of each of the SDRs so far, by multiplying out the rule for the newest."""
    found = np.zeros(0)
    for t in range(1, count + 1):
        alpha = 1.0 / (t if period is None else min(t, period))
        found = np.append(found * (1.0 - alpha), alpha)
    return found


def stream(count, seed=3, n=80):
    """Sizes and cells of all kinds, with empty and full SDRs."""
    rng = np.random.default_rng(seed)
    rows = [rng.random(n) < q for q in rng.beta(0.5, 2.0, count)]
    rows[2][:] = rows[3][:] = False
    rows[5][:] = True
    return np.array(rows)


def bit_entropy(p):
    inner = (p > 0.0) & (p < 1.0)
    q = np.where(inner, p, 0.5)
    return np.where(inner, -q * np.log(q) - (1 - q) * np.log(1 - q), 0.0)


def check_summary(found, values, w):
    assert found.min == values.min() and found.max == values.max()
    mean = (w * values).sum()
    assert math.isclose(w.sum(), 1.0, rel_tol=1e-12)
    assert math.isclose(found.mean, mean, rel_tol=1e-12)
    assert math.isclose(found.std, math.sqrt((w * (values - mean) ** 2).sum()), rel_tol=1e-12)


@pytest.mark.parametrize("period", [None, 1, 2, 7, 50, 1000])
@pytest.mark.parametrize("count", [8, 400])
def test_streaming_equals_all_at_once(count, period):
    dense = stream(count)
    metrics = Metrics(80, period)
    metrics.extend(SDR.from_dense(row) for row in dense)
    sizes = dense.sum(axis=1)
    check_summary(metrics.sparsity, sizes / 80, weights(count, period))
    common = (dense[1:] & dense[:-1]).sum(axis=1)
    larger = np.maximum(sizes[1:], sizes[:-1])
    overlaps = np.where(larger == 0, 1.0, common / np.maximum(larger, 1))
    check_summary(metrics.overlap, overlaps, weights(count - 1, period))
    frequencies = weights(count, period) @ dense
    np.testing.assert_allclose(metrics.frequencies, frequencies, rtol=1e-12)
    found = metrics.activation_frequency
    for name in ("min", "max", "mean", "std"):
        assert math.isclose(getattr(found, name), getattr(frequencies, name)(), rel_tol=1e-12)
    most = bit_entropy(frequencies.mean())
    if most == 0.0:  # period 1, and the last one was empty
        assert math.isnan(metrics.entropy)
    else:
        wanted = bit_entropy(frequencies).mean() / most
        assert math.isclose(metrics.entropy, wanted, rel_tol=1e-10)
    assert metrics.count == count


def test_frequencies_keep_their_precision_over_many_periods():
    """The common factor shrinks by (1 - 1/3)^2000 = 1e-352, below the smallest double."""
    dense = stream(2000, n=20)
    metrics = Metrics(20, period=3)
    metrics.extend(SDR.from_dense(row) for row in dense)
    np.testing.assert_allclose(metrics.frequencies, weights(2000, 3) @ dense, rtol=1e-12)


def test_variance_of_nearly_equal_sparsities():
    """Sizes 500,000 and 500,001 of a million: a sum of squares would leave nothing of it."""
    metrics = Metrics(10**6)
    for size in (500_000, 500_001, 500_000, 500_001):
        metrics.add(SDR(10**6, np.arange(size)))
    assert math.isclose(metrics.sparsity.std, 0.5e-6, rel_tol=1e-9)


def test_reset_begins_a_sequence():
    metrics = Metrics(10)
    metrics.extend([SDR(10, [1, 2]), SDR(10, [1, 2])])
    metrics.reset()
    metrics.add(SDR(10, [5]))
    assert metrics.overlap.min == 1.0 and metrics._overlap.count == 1
    metrics.add(SDR(10, [1, 5]))
    assert metrics.overlap.min == 0.5 and metrics.overlap.mean == 0.75 and metrics.count == 4


def test_entropy_of_known_frequencies():
    even = Metrics(4)
    even.extend([SDR(4, [0]), SDR(4, [1]), SDR(4, [2]), SDR(4, [3])])
    assert math.isclose(even.entropy, 1.0, rel_tol=1e-15)
    fixed = Metrics(4)
    fixed.extend([SDR(4, [0, 1])] * 3)
    assert fixed.entropy == 0.0
    mixed = Metrics(4)  # frequencies 1, 1/2, 1/2, 0: two bits of the four that a mean of 1/2 holds
    mixed.extend([SDR(4, [0, 1]), SDR(4, [0, 2])])
    assert math.isclose(mixed.entropy, 0.5, rel_tol=1e-15)
    for cells in ([], range(4)):
        constant = Metrics(4, period=3)
        constant.extend([SDR(4, cells)] * 9)
        assert math.isnan(constant.entropy)
    for period in range(2, 40):  # a mean of 1 is off by rounding after some of these
        full = Metrics(7, period=period)
        full.extend([SDR(7, range(7))] * 100)
        assert math.isnan(full.entropy)


def test_metrics_of_a_law():
    """Uniform activities: sparsity is fixed, overlaps have mean a/n; false alarm 1e-6."""
    n, a, count = 400, 20, 2000
    metrics = Metrics(n)
    metrics.extend(Codebook.draw(Uniform(n, a), count, 5))
    assert metrics.sparsity.min == metrics.sparsity.max == a / n
    assert metrics.sparsity.std < 1e-15
    # Successive overlaps of uniform sets are independent, hypergeometric.
    error = math.sqrt(a * (a / n) * (1 - a / n) * (n - a) / (n - 1) / count) / a
    assert abs(metrics.overlap.mean - a / n) < 4.9 * error
    assert 0.99 < metrics.entropy <= 1.0
    metrics = Metrics(n)
    metrics.extend(Codebook.draw(Bernoulli(n, 0.05), count, 6))
    assert abs(metrics.sparsity.mean - 0.05) < 4.9 * math.sqrt(0.05 * 0.95 / (n * count))


def test_text_dictionary_and_pickle():
    metrics = Metrics((2, 5), period=4)
    assert math.isnan(metrics.sparsity.mean) and math.isnan(metrics.entropy)
    assert np.isnan(metrics.frequencies).all() and "nan" in str(metrics)
    metrics.extend([SDR((2, 5), [1, 2]), SDR((2, 5), [1, 2, 3, 4])])
    text = str(metrics)
    assert text.startswith("2 SDRs of 10 cells, the last 4 of them counting most\n")
    assert "sparsity: min 0.2, mean 0.3, max 0.4, std 0.1\n" in text
    assert repr(metrics) == "Metrics((2, 5), period=4)" and repr(Metrics(3)) == "Metrics(3)"
    plain = json.loads(json.dumps(metrics.to_dict()))
    assert plain["n"] == 10 and plain["dimensions"] == [2, 5]
    assert plain["period"] == 4 and plain["count"] == 2
    assert plain["sparsity"] == pytest.approx({"min": 0.2, "max": 0.4, "mean": 0.3, "std": 0.1})
    assert set(plain["activation_frequency"]) == {"min", "max", "mean", "std", "entropy"}
    assert plain["overlap"] == {"min": 0.5, "max": 0.5, "mean": 0.5, "std": 0.0}
    again = pickle.loads(pickle.dumps(metrics))
    for each in (metrics, again):
        each.add(SDR(10, [7]))
    assert again.to_dict() == metrics.to_dict()


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: Metrics(0), ValueError, "n must be"),
        (lambda: Metrics(5, period=0), ValueError, "period must be"),
        (lambda: Metrics(5, period=2.5), TypeError, "period must be"),
        (lambda: Metrics(5).add([1]), TypeError, "sdr must be an SDR, got list"),
        (lambda: Metrics(5).add(SDR(6)), ValueError, "sdr must have n=5 cells, got 6"),
    ],
)
def test_refusals(call, error, text):
    with pytest.raises(error, match=text):
        call()
