"""Figures of active dendrites: points beside lines, and what they say about the papers."""

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest
import sympy

from assocmem.figures import figure

FEW = {"trials": 3000, "seed": 4}


def _agree(dataset):
    """Simulated points within 6 of their errors; the rare ones are estimates of 32 replicates."""
    seen = np.isfinite(dataset["simulated"].values)
    off = np.abs(dataset["simulated"] - dataset["predicted"]).values[seen]
    assert seen.sum() >= 3
    assert np.all(off <= 6.0 * dataset["error"].values[seen])


def test_false_positives_against_cells():
    """False alarm: 6 errors of Student's law of 31 degrees of freedom, 15 points: 2e-5."""
    data, axes = figure("dendrites-4a", **FEW)
    _agree(data)
    np.testing.assert_allclose(
        np.interp(np.log(data["published_at"]), np.log(data["x"]), np.log(data["exact"][1])),
        np.log(data["published"]),
        atol=0.02,
    )
    assert "n^{-12}" in axes.get_legend_handles_labels()[1][-1]


def test_the_curve_of_fifty_percent_is_one_of_twenty_five():
    data, _ = figure("dendrites-5a", **FEW)
    quarter = data["exact"].sel(curve="a = n/4 (the paper's 50 %)")
    assert 0.005 < quarter[0] < 0.0055 and 0.0070 < quarter[-1] < 0.0073
    assert data["exact"].sel(curve="a = n/2")[0] == pytest.approx(0.58, abs=0.01)


def test_false_negatives_show_both_conventions_and_sympy():
    data, axes = figure("dendrites-4b", thresholds=(8, 16), **FEW)
    _agree(data)
    inside = data["exact"] > 1e-12
    assert np.all(data["swap"].values[inside] <= data["exact"].values[inside] * (1 + 1e-12))
    wrong = np.abs(data["unfactored"] / data["exact"] - 1.0).where(data["exact"] > 0.0)
    # Crosses are drawn where SymPy is off, as 1.14 is; a later one may be right.
    crossed = any("SymPy" in text for text in axes.get_legend_handles_labels()[1])
    assert crossed == bool(wrong.max() > 2e-3)
    if tuple(map(int, sympy.__version__.split(".")[:2])) <= (1, 14):
        assert crossed
    assert wrong.where(data["exact"] > 1e-6).max() < 1e-9


def test_thresholds():
    data, _ = figure("dendrites-6")
    stored = data["median"].sel(grid="stored data")
    for theta, value in zip(data["published_at"].values, data["published"].values, strict=True):
        assert float(stored.sel(threshold=theta)) == pytest.approx(value, rel=5e-3)
    first = [int(data["threshold"][(row <= 1e-9).argmax()]) for row in data["median"].values]
    assert first == [10, 10]


def test_unions():
    data, _ = figure("dendrites-7b", cells=(1000, 10_000), most=10, **FEW)
    _agree(data)
    ratio = data["rounded"] / data["exact"]
    assert ratio.min() > 0.9 and ratio.max() < 1.1 and (np.abs(ratio - 1) > 1e-3).any()
    sizes, _ = figure("dendrites-7a", most=10, seed=1)
    _agree(sizes)


def test_claims():
    data, _ = figure("dendrites-claims")
    exact = dict(zip(data["statement"].values, data["exact"].values, strict=True))
    stated = dict(zip(data["statement"].values, data["stated"].values, strict=True))
    wrong = [k for k in exact if stated[k] == 0.0 or abs(exact[k] / stated[k] - 1) > 0.03]
    assert len(wrong) == 3
    assert exact["n=200,000 a=2,000 s=20 theta=10"] == pytest.approx(1.65e-15, rel=3e-3)


def test_correlated_inputs():
    data, _ = figure("dendrites-correlated", sizes=(5,), **FEW)
    exact = data["exact"].values
    assert np.all(np.diff(exact[0][np.isfinite(exact[0])]) > 0.0)
    seen = np.isfinite(data["simulated"].values)
    z = ((data["simulated"] - data["exact"]) / data["error"]).values[seen]
    assert seen.sum() == 3 and np.all(np.abs(z) < 6.0)
    assert float(data["uniform"]) == pytest.approx(2.0e-11, rel=0.03)
    bins = data["published"].values
    near = np.interp(0.5 * (data["left"] + data["right"]), data["correlation"][0], exact[0])
    assert np.all(bins / near > 1.0) and np.all(bins / float(data["uniform"]) > 1e6)
