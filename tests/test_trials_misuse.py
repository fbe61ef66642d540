"""Verdicts where numbers leave the range of doubles, models that come twice, odd estimates."""

import math

import numpy as np
import pytest

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
