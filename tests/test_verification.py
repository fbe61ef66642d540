"""verify: passes a right theory at its stated rate, and reports a wrong one."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from assocmem import Hopfield, solve, verify
from assocmem.claims import judge

MODEL = Hopfield(load=0.04)
FAST = {"n_spins": (200, 400, 800), "disorder": 16, "sweeps": 600, "seed": 11}


def _own(model, temperature):
    found = solve(model, temperature)
    return {"overlap": found.overlaps[0], "q": found.q, "energy": found.energy}


@pytest.fixture(scope="module")
def report():
    return verify(MODEL, temperature=(0.2, 0.35), **FAST)


def test_the_theory_passes(report):
    """False alarm: 1e-3 for the whole table, as `verify` states it."""
    assert report.passed and report, str(report)
    assert len(report.claims) == 10
    # The comparison is sharp: errors small beside what is measured.
    overlaps = [c for c in report.claims if c.quantity == "overlap"]
    assert all(c.error < 0.01 for c in overlaps)


@pytest.mark.parametrize(
    ("name", "wrong", "caught"),
    [
        (
            "noise of twice the variance",
            lambda m, t: _own(replace(m, load=2 * m.load), t),
            "overlap",
        ),
        ("temperature halved", lambda m, t: _own(m, t / 2), "overlap"),
        (
            "self-interactions kept in the energy",
            lambda m, t: {"energy": _own(m, t)["energy"] - 0.5 * m.load},
            "energy",
        ),
        ("q for sqrt(q)", lambda m, t: {"q": _own(m, t)["q"] ** 2}, "q"),
    ],
)
def test_a_wrong_factor_is_reported(name, wrong, caught):
    report = verify(MODEL, temperature=0.3, theory=wrong, **FAST)
    assert not report.passed, name
    assert not report
    assert caught in [claim.quantity for claim in report.claims if claim.verdict == "DISAGREES"]
    assert "DISAGREES" in str(report)


def test_the_mixture_of_three_patterns():
    """False alarm: 1e-3, as `verify` states it. Smaller networks leave the mixture."""
    model = Hopfield(n_patterns=3)
    large = FAST | {"n_spins": (4000, 8000, 16000), "sweeps": 200}
    report = verify(model, temperature=0.2, state="mixture", **large)
    assert report.passed, str(report)
    overlap = next(c for c in report.claims if c.quantity == "overlap")
    assert 0.49 < overlap.predicted < 0.5 and overlap.error < 0.01
    with pytest.raises(ValueError, match="unstable"):
        verify(model, temperature=0.5, state="mixture", **FAST)


@pytest.mark.parametrize(("state", "temperature"), [("paramagnet", 2.0), ("spin-glass", 1.15)])
def test_states_without_overlap(state, temperature):
    """False alarm: 1e-3. Just below T_g = 1.2 replica symmetry is still good to our errors."""
    report = verify(MODEL, temperature=temperature, state=state, **FAST)
    assert report.passed, str(report)
    assert [c.quantity for c in report.claims] == ["energy"]


def test_table_dataset_and_figure(report):
    text = str(report)
    assert "overlap" in text and "all agree" in text and "800" in text
    data = report.to_dataset()
    assert dict(data.sizes) == {"claim": 10, "n_spins": 3}
    assert np.allclose(data["z"], (data["simulated"] - data["predicted"]) / data["error"])
    assert len(report.plot().containers) == 20


def test_verification_is_reproducible_for_any_number_of_threads():
    short = {"n_spins": (100, 200), "disorder": 4, "sweeps": 50, "seed": 3}
    one = verify(MODEL, temperature=0.3, workers=1, **short).to_dataset()
    two = verify(MODEL, temperature=0.3, workers=2, **short).to_dataset()
    assert one.identical(two)


@pytest.mark.parametrize("disorder", [4, 16])
def test_rate_of_false_alarms(disorder):
    """Judgements of Gaussian data with the stated law: rejections are binomial at the level.

    The Welch-Satterthwaite law errs on the safe side for so few samples, which the lower bound
    allows for and the upper one does not. Bounds at a false alarm of 1e-5 for this test.
    """
    rng = np.random.default_rng(2)
    sizes, level, runs = (100, 200, 400), 1e-2, 4000
    finite = [0.9, 0.95, 0.97]
    failed = 0
    for _ in range(runs):
        samples = [
            value + 0.8 / n + rng.normal(0, 1 / np.sqrt(n), disorder)
            for value, n in zip(finite, sizes, strict=True)
        ]
        claim = judge("overlap", 0.2, 1.0, finite, samples, [0] * 3, sizes, level)
        failed += claim.verdict == "DISAGREES"
    low, high = stats.binom.ppf(5e-6, runs, 0.6 * level), stats.binom.isf(5e-6, runs, level)
    assert low <= failed <= high


def test_what_does_not_fluctuate_is_undecided():
    samples = [np.ones(8)] * 3
    claim = judge("overlap", 0.01, 0.9, [0.9] * 3, samples, [0] * 3, (100, 200, 400), 1e-3)
    assert claim.verdict == "undecided" and claim.z is None and "fluctuated" in claim.reason
    report = verify(MODEL, temperature=0.05, n_spins=(100, 200), disorder=4, sweeps=100, seed=1)
    assert "undecided" in str(report) and not report
    assert np.isnan(report.to_dataset()["z"]).any()


def test_a_poor_finite_size_law_shows():
    """Data with a term N^-1/2 of 100 errors: the fit of d + c/N is rejected."""
    rng = np.random.default_rng(8)
    sizes = (100, 200, 400, 800)
    samples = [1.0 + 1.0 / np.sqrt(n) + rng.normal(0, 1e-3, 50) for n in sizes]
    claim = judge("overlap", 0.2, 1.0, [1.0] * 4, samples, [0] * 4, sizes, 1e-3)
    assert claim.fit_p_value < 1e-6


def test_fields_on_two_patterns():
    """False alarm: 1e-3. The overlap is compared with the first pattern alone."""
    model = Hopfield(load=0.05, field=(0.2, 0.1))
    assert verify(model, temperature=0.5, **FAST).passed


def test_chains_that_leave_a_metastable_state_are_not_blamed_on_the_theory():
    """At T = 0.5 the retrieval state exists, but networks of 100 spins leave it."""
    report = verify(MODEL, temperature=0.5, n_spins=(100, 200), disorder=12, sweeps=600, seed=5)
    assert not report.passed
    assert {c.verdict for c in report.claims} == {"undecided"}
    assert "chains are far from the state" in str(report)


def test_extrapolation_recovers_a_shift():
    rng = np.random.default_rng(4)
    sizes = (100, 200, 400)
    samples = [1.0 + 0.02 + 3.0 / n + rng.normal(0, 0.01, 100) for n in sizes]
    claim = judge("overlap", 0.2, 1.0, [1.0] * 3, samples, [0] * 3, sizes, 1e-3)
    assert abs(claim.simulated - 1.02) < 4.5 * claim.error  # false alarm 7e-6
    assert claim.verdict == "DISAGREES"
    assert claim.fit_p_value > 1e-5


@pytest.mark.parametrize(
    ("arguments", "error", "name"),
    [
        ({"temperature": -0.1}, ValueError, "temperature"),
        ({"temperature": 0.0}, ValueError, "temperature"),
        ({"temperature": float("nan")}, ValueError, "temperature"),
        ({"temperature": []}, ValueError, "temperature"),
        ({"temperature": 0.2, "n_spins": (1,)}, ValueError, "n_spins"),
        ({"temperature": 0.2, "n_spins": (100, 100)}, ValueError, "n_spins"),
        ({"temperature": 0.2, "n_spins": ()}, ValueError, "n_spins"),
        ({"temperature": 0.2, "n_spins": (5,)}, ValueError, "load"),
        ({"temperature": 0.2, "disorder": 1}, ValueError, "disorder"),
        ({"temperature": 0.2, "chains": 1}, ValueError, "chains"),
        ({"temperature": 0.2, "sweeps": 0}, ValueError, "sweeps"),
        ({"temperature": 0.2, "state": "dream"}, ValueError, "state"),
        ({"temperature": 0.2, "false_alarm": 1.0}, ValueError, "false_alarm"),
        ({"temperature": 0.2, "theory": 3}, TypeError, "theory"),
        ({"temperature": 0.9}, ValueError, "does not exist"),
        ({"temperature": [0.2, 0.2]}, ValueError, "temperature"),
        ({"temperature": 0.2, "n_spins": "few"}, TypeError, "n_spins"),
        ({"temperature": 0.2, "n_spins": ["a"]}, TypeError, "n_spins"),
        ({"temperature": 0.2, "seed": -1}, ValueError, "seed"),
        ({"temperature": 0.2, "workers": 0}, ValueError, "workers"),
        ({"temperature": 0.2, "theory": lambda m, t: None}, ValueError, "theory"),
        ({"temperature": 0.2, "theory": lambda m, t: {"weight": 1}}, ValueError, "theory"),
        ({"temperature": 0.2, "theory": lambda m, t: {"q": "a"}}, TypeError, "theory"),
    ],
)
def test_bad_input_is_named(arguments, error, name):
    with pytest.raises(error, match=name):
        verify(MODEL, **arguments)


def test_the_model_is_checked():
    with pytest.raises(TypeError, match="model"):
        verify(None, temperature=0.2)


def test_finite_size_laws_of_claims():
    from assocmem.claims import judge

    rng = np.random.default_rng(0)
    sizes = (100, 200, 300, 400)
    n = np.array(sizes, float)

    def claim(corrections, curvature):
        # Samples of spread 0.01 about 1 + 3/N + curvature/N^2, predicted to be 1.
        means = 1.0 + 3.0 / n + curvature / n**2
        samples = [mean + 0.01 * rng.standard_normal(20) for mean in means]
        return judge(
            "overlap", 0.1, 1.0, np.ones(4), samples, [0] * 4, sizes, 1e-3, corrections
        )  # fmt: skip

    assert claim(1, 0.0).verdict == "agrees"
    assert claim(1, 3e4).verdict == "undecided" and "finite-size" in claim(1, 3e4).reason
    assert claim(2, 3e4).verdict == "agrees"
    assert abs(claim(2, 3e4).simulated - 1.0) < 5 * claim(2, 3e4).error
