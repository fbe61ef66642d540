"""Verification by independent trials: judging, refusals, and that wrong theories are told."""

import numpy as np
import pytest
from scipy import stats

from assocmem import Detector, Hopfield, verify
from assocmem.dendrites import Population
from assocmem.estimates import Counted, Replicated
from assocmem.sdr import Bernoulli, Clustered, Kill, Replace, UnequalRates, Uniform
from assocmem.theory.sdr.detection import predict
from assocmem.trials import judge

QUICK = {"trials": 20_000, "seed": 11, "progress": False, "workers": 2}


def test_rate_of_false_alarms():
    """Right predictions fail at most as often as stated: 4000 made tables of each kind.

    The number that fail at level 0.05 exceeds the 1 - 1e-6 quantile of its law with that
    probability.
    """
    rng = np.random.default_rng(5)
    made = {
        "counted": lambda: Counted(int(rng.binomial(500, 0.03)), 500),
        "replicated": lambda: Replicated(rng.normal(0.03, 0.004, 16)),
    }
    for make in made.values():
        failed = sum(
            judge(None, "x", 0.03, make(), 0.05).verdict == "DISAGREES" for _ in range(4000)
        )
        assert 40 < failed <= stats.binom.ppf(1.0 - 1e-6, 4000, 0.05)


def test_skew_replicates_do_not_alarm():
    """32 of skewness 1.2: t alone rejects too often, ours does not (1e-6 each, 20,000 tables)."""
    shape, count = 4.0 / 1.2**2, 20_000
    values = np.random.default_rng(8).gamma(shape, size=(count, 32))
    most = stats.binom.ppf(1.0 - 1e-6, count, 0.01)
    t = stats.ttest_1samp(values, shape, axis=1).pvalue
    ours = [judge(None, "x", shape, Replicated(row), 0.01).verdict for row in values]
    assert np.sum(t < 0.01) > most > ours.count("DISAGREES") > 0.5 * 0.01 * count


def test_binomial_p_values_are_exact():
    claim = judge(None, "x", 0.5, Counted(9, 10), 0.01)
    assert claim.p_value == pytest.approx(22 / 1024, rel=1e-12)
    assert (claim.simulated, claim.trials) == (0.9, 10)
    assert judge(None, "x", 0.5, Counted(10, 10), 0.01).verdict == "DISAGREES"


def test_too_little_to_say():
    few = judge(None, "x", 1e-6, Counted(0, 1000), 1e-3)
    assert few.verdict == "undecided" and "raise trials" in few.reason
    coarse = judge(None, "x", 1.0, Replicated(np.array([0.1, 2.5, 0.3])), 1e-3)
    assert coarse.verdict == "undecided"
    assert judge(None, "x", 0.0, Counted(0, 1000), 1e-3).verdict == "agrees"
    assert judge(None, "x", 0.0, Counted(1, 1000), 1e-3).verdict == "DISAGREES"
    assert judge(None, "x", 0.25, Replicated(np.full(4, 0.25)), 1e-3).verdict == "agrees"
    assert judge(None, "x", 0.26, Replicated(np.full(4, 0.25)), 1e-3).verdict == "DISAGREES"


GRID = [
    Detector(Uniform(1000, 64), 20, 6),
    Detector(Uniform(4000, 128), 24, 12),  # 1.3e-12
    Detector(Uniform(2000, 40), 20, 10),  # 1e-13
    Detector(Uniform(600, 40), 15, 6, n_patterns=4, noise=Replace(12)),
    Detector(Uniform(500, 50), 12, 6, n_segments=20, noise=Replace(25), transmission=0.8),
    Detector(Clustered(1000, 60, 5, 0.5), 20, 10),
    Detector(UnequalRates(2000, 0.05, 1.0), 12, 7, noise=Kill(800)),
    Detector(Bernoulli(1000, 0.06), 15, 8, n_segments=3, noise=Kill(450), transmission=0.9),
    Population(Detector(Uniform(500, 40), 12, 6, noise=Replace(20)), n_neurons=10, quorum=5),
]


def test_detectors_agree():
    """False alarm 1e-3 for the whole table, rare events included."""
    report = verify(GRID, **QUICK)
    assert "DISAGREES" not in {claim.verdict for claim in report.claims}, str(report)
    rare = [c for c in report.claims if 0.0 < c.predicted < 1e-11]
    assert len(rare) >= 2 and all(c.verdict == "agrees" for c in rare), str(report)
    assert all(c.error < 0.25 * c.simulated for c in rare)
    text = str(report)
    assert all(str(model) in text for model in GRID)
    data = report.to_dataset()
    assert data.sizes["claim"] == len(report.claims) == 2 * len(GRID)
    assert report.plot().get_xlabel() == "predicted"


def test_the_best_threshold_is_best_in_simulation():
    """Simulated FP + FN next to the exact optimum; false alarm 1e-3 for the table."""
    from assocmem.theory.sdr.thresholds import best_threshold

    n, a, s, v = 4000, 128, 24, 51
    best = best_threshold(n, a, s, v).theta
    models = [
        Detector(Uniform(n, a), s, theta, noise=Replace(v)) for theta in (best - 1, best, best + 1)
    ]
    report = verify(models, **QUICK)
    assert report, str(report)
    sums = [sum(c.simulated for c in report.claims if c.model is m) for m in models]
    errors = [max(c.error for c in report.claims if c.model is m) for m in models]
    for other in (0, 2):  # by more than 5 errors, so that it is no accident
        assert sums[other] - sums[1] > 5.0 * (errors[1] ** 2 + errors[other] ** 2) ** 0.5


def test_wrong_theories_are_told():
    """Independent segments for unions, a strict inequality, another convention of noise."""
    from assocmem.theory.sdr.single import fn_swap, fp

    def strict(model):
        law = model.activity
        return {"false_positive": fp(law.n, law.a, model.n_synapses, model.threshold + 1)}

    for model in GRID[:3]:
        report = verify(model, theory=strict, **QUICK)
        assert [c.verdict for c in report.claims] == ["DISAGREES"], str(report)

    small = Detector(Uniform(60, 20), 10, 6, noise=Replace(12))
    report = verify(small, theory=lambda m: {"false_negative": fn_swap(60, 20, 10, 6, 12)}, **QUICK)
    assert not report and report.claims[0].verdict == "DISAGREES"
    assert verify(small, **QUICK)


def test_numbers_do_not_depend_on_workers():
    models = [GRID[0], GRID[1], GRID[5]]
    one = verify(models, **{**QUICK, "workers": 1})
    three = verify(models, **{**QUICK, "workers": 3})
    assert [c.simulated for c in one.claims] == [c.simulated for c in three.claims]


@pytest.mark.parametrize(
    ("options", "error", "named"),
    [
        ({"temperature": 0.1}, TypeError, "temperature"),
        ({"sweeps": 10}, TypeError, "sweeps"),
        ({"trials": 10}, ValueError, "trials"),
        ({"seed": -1}, ValueError, "seed"),
        ({"workers": 0}, ValueError, "workers"),
        ({"theory": 3}, TypeError, "theory"),
        ({"theory": lambda model: {}}, ValueError, "theory"),
        ({"theory": lambda model: {"misses": 0.1}}, ValueError, "misses"),
    ],
)
def test_refusals(options, error, named):
    with pytest.raises(error, match=named):
        verify(GRID[0], **options)


def test_networks_need_a_temperature_and_take_no_trials():
    with pytest.raises(TypeError, match="temperature must be given"):
        verify(Hopfield(load=0.05))
    with pytest.raises(TypeError, match="trials must be left out"):
        verify(Hopfield(load=0.05), temperature=0.2, trials=1000)


def test_predictions_are_the_models_own():
    found = predict(GRID[1])
    assert found["false_positive"].value == pytest.approx(1.34e-12, rel=0.01)


def test_one_event_alone_is_the_same():
    from assocmem.dendrites import simulate

    both = simulate(GRID[0], trials=4000, seed=2)
    one = simulate(GRID[0], trials=4000, seed=2, only="false_positive")
    assert list(one) == ["false_positive"]
    assert one["false_positive"].mean == both["false_positive"].mean
    with pytest.raises(ValueError, match="only"):
        simulate(GRID[0], only="misses")
    alone = verify(GRID[0], theory=lambda m: {"false_positive": 1e-3}, **QUICK)
    together = verify(GRID[0], **QUICK)
    assert alone.claims[0].simulated == together.claims[0].simulated
