"""Verdicts where numbers leave the range of doubles, models that come twice, odd estimates."""

import math

import numpy as np
import pytest
from scipy import stats

from assocmem import Detector, verify
from assocmem.estimates import Counted, Replicated
from assocmem.sdr import Drop, Uniform
from assocmem.trials import judge

MODEL = Detector(Uniform(200, 20), 8, 4, noise=Drop(9))


def test_what_is_below_doubles_is_not_said_to_agree():
    """1e-359 is 0 as a double, and so is what 1000 trials see of anything rare."""
    deep = Detector(Uniform(200_000, 2000), n_synapses=240, threshold=200)
    report = verify(deep, trials=1000)
    verdicts = {claim.quantity: claim for claim in report.claims}
    assert verdicts["false_positive"].verdict == "undecided"
    assert "below the range of doubles" in verdicts["false_positive"].reason
    assert verdicts["false_negative"].verdict == "agrees"  # impossible, and known to be
    assert not report


@pytest.mark.parametrize("found", [Counted(0, 1000), Replicated(np.zeros(8))])
def test_zeros_agree_with_what_is_impossible_alone(found):
    assert judge(MODEL, "x", 0.0, found, 1e-3, -math.inf).verdict == "agrees"
    assert judge(MODEL, "x", 0.0, found, 1e-3).verdict == "agrees"
    assert judge(MODEL, "x", 0.0, found, 1e-3, -400.0).verdict == "undecided"
    assert judge(MODEL, "x", 0.5, found, 1e-3, -0.3).verdict == "DISAGREES"


def test_a_model_that_comes_twice_is_shown_once():
    report = verify([MODEL, MODEL], trials=300)
    assert len(report.claims) == 4
    assert str(report).count("false_positive") == 2 and str(report).count("Detector") == 1


def test_theories_that_give_no_numbers_are_named():
    with pytest.raises(TypeError, match="theory's false_positive must be a number, got 'a'"):
        verify(MODEL, trials=300, theory=lambda model: {"false_positive": "a"})


def test_replicates_are_the_estimates_own():
    given = np.array([1.0, 2.0])
    found = Replicated(given)
    given[0] = 9.0
    assert found.mean == 1.5
    with pytest.raises(ValueError, match="read-only"):
        found.values[0] = 9.0
    with pytest.raises(TypeError, match="values must be numbers"):
        Replicated(["a", "b"])


@pytest.mark.parametrize("models", [[], (), {MODEL}, (model for model in [MODEL]), 3])
def test_what_is_no_model_is_refused_as_such(models):
    with pytest.raises(TypeError, match="model must be a model such as"):
        verify(models, trials=300)


def test_errors_of_estimates_by_hand():
    # deviations of 1, 2, 6 from 3 are -2, -1, 3: variance 14/2, of the mean 14/6
    assert Replicated(np.array([1.0, 2.0, 6.0])).error == pytest.approx(
        math.sqrt(14 / 6), rel=1e-14
    )
    assert Counted(20, 100).error == pytest.approx(0.04, rel=1e-14)
    # nothing seen, or nothing else: the error of half a success
    none = math.sqrt(0.005 * 0.995 / 100)
    assert Counted(0, 100).error == pytest.approx(none, rel=1e-14)
    assert Counted(100, 100).error == pytest.approx(none, rel=1e-12)
    for values in ([1.0], [], [1.0, math.nan], [1.0, math.inf], [[1.0, 2.0]]):
        with pytest.raises(ValueError, match="values must be at least 2 finite numbers"):
            Replicated(np.array(values))


def test_p_values_of_replicates():
    """Student's where there is no skewness; else the larger, Hall's as a perfect cube."""
    even = np.array([1.0, 2.0, 4.0, 5.0])
    for mean in (2.0, 3.7, 9.0):
        expected = stats.ttest_1samp(even, mean).pvalue
        assert judge(None, "x", mean, Replicated(even), 0.01).p_value == pytest.approx(expected)
    skew = np.array([0.1, 0.2, 0.2, 0.5, 0.3, 2.0])
    a = stats.skew(skew) / math.sqrt(len(skew))
    both = set()
    for mean in (0.05, 1.5, 0.9):
        t, student = stats.ttest_1samp(skew, mean)
        hall = ((1.0 + a * t / 3.0) ** 3 - 1.0) / a + a / 6.0
        expected = max(student, 2.0 * stats.t.sf(abs(hall), len(skew) - 1))
        both.add(expected == student)
        assert judge(None, "x", mean, Replicated(skew), 0.01).p_value == pytest.approx(expected)
    assert both == {True, False}


def test_what_nearly_always_happens_needs_trials_too():
    claim = judge(None, "x", 1.0 - 1e-6, Counted(1000, 1000), 1e-3)
    assert claim.verdict == "undecided" and claim.reason.startswith("0.001 events")


def test_claims_of_one_model_are_drawn_apart_and_share_the_level():
    def tables(count, predicted):
        return verify([MODEL] * count, trials=3000, theory=lambda _: {"false_negative": predicted})

    claims = tables(4, 0.5).claims
    # Equal by chance with some 6 x 1 %, by the same seed for certain.
    assert len({claim.simulated for claim in claims}) == 4
    # A prediction off by 3.6 errors: p is between the levels of one claim and of eight.
    wrong = claims[0].simulated + 3.6 * claims[0].error
    one, eight = (tables(count, wrong).claims[0] for count in (1, 8))
    assert one.p_value == eight.p_value and 1e-3 / 8 < one.p_value < 1e-3
    assert (one.verdict, eight.verdict) == ("DISAGREES", "agrees")
