"""Sequences with lost columns and dead cells, branching: formulas, lists of outcomes, verify."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from assocmem import cite, from_json, to_json, verify
from assocmem.dendrites import Branching, SequenceRecall
from assocmem.dendrites.sequence_recall import simulate
from assocmem.theory.sdr.sequence_recall import predict
from assocmem.theory.sdr.single import fn_drop


def listed(cells, a, s, theta, lost, dead):
    """P(cell 0 lives and is predicted), over all synapses, losses and deaths.

    Winners of the element before are cells 1..a; cell 0 is not among them.
    """
    hits = total = 0
    for synapses in combinations(range(1, a + 1), s):
        for gone in combinations(range(1, a + 1), lost):
            for killed in combinations(range(cells), dead):
                total += 1
                left = set(synapses) - set(gone) - set(killed)
                hits += 0 not in killed and len(left) >= theta
    return Fraction(hits, total)


@pytest.mark.parametrize(
    ("a", "s", "theta", "lost", "dead"),
    [(4, 3, 2, 1, 2), (4, 4, 2, 0, 4), (4, 2, 1, 2, 3), (3, 3, 3, 1, 1), (4, 3, 2, 2, 8)],
)
def test_recall_against_all_outcomes(a, s, theta, lost, dead):
    model = SequenceRecall(8, 1, a, s, theta, lost=lost, dead=dead)
    exact = listed(8, a, s, theta, lost, dead)
    assert predict(model)["recall"].value == pytest.approx(float(exact), rel=1e-12, abs=0.0)


def test_without_deaths_it_is_the_miss_of_one_segment():
    model = SequenceRecall(2048, 32, a=40, n_synapses=20, threshold=12, lost=16)
    miss = fn_drop(40, 20, 12, 16).value
    assert predict(model)["recall"].value == pytest.approx(1.0 - miss, rel=1e-12)


TABLE = [
    SequenceRecall(2048, 1, a=40, n_synapses=20, threshold=12, lost=16),
    SequenceRecall(2048, 8, a=40, n_synapses=20, threshold=12, lost=10, dead=3277),
    SequenceRecall(2048, 32, a=40, n_synapses=40, threshold=15, dead=39_322),  # 60 %
    SequenceRecall(2048, 4, a=40, n_synapses=40, threshold=15, dead=6144),  # 75 %
    Branching(2000, 40, 20, 10, n_successors=50),
]


def test_simulations_agree_and_wrong_theories_are_told():
    """False alarm 1e-3 for the table; then a cell's own death left out, and a threshold beside."""
    report = verify(TABLE, trials=20_000, seed=3, progress=False)
    assert report, str(report)

    def immortal(model):
        right = predict(model)["recall"].value
        return {"recall": right / (1.0 - model.dead / model.n_cells)}

    def beside(model):
        other = {**vars(model), "threshold": model.threshold + 1}
        return {"recall": predict(SequenceRecall(**other))["recall"]}

    for theory, models in ((immortal, TABLE[1:3]), (beside, TABLE[1:3])):
        wrong = verify(models, trials=20_000, seed=3, theory=theory, progress=False)
        assert {c.verdict for c in wrong.claims} == {"DISAGREES"}, str(wrong)


def test_limits():
    whole = SequenceRecall(500, 2, a=20, n_synapses=10, threshold=5)
    assert predict(whole)["recall"].value == 1.0
    dead = SequenceRecall(500, 2, a=20, n_synapses=10, threshold=5, dead=1000)
    assert predict(dead)["recall"].value == 0.0
    report = verify([whole, dead], trials=5000, progress=False)
    assert [c.simulated for c in report.claims] == [1.0, 0.0] and report


def test_models_are_kept_and_cited():
    for model in (TABLE[1], TABLE[4]):
        assert from_json(to_json(model)) == model
        assert "hawkins2016" in cite(model)
    one = verify(TABLE[1], trials=5000, seed=1, workers=1, progress=False)
    two = verify(TABLE[1], trials=5000, seed=1, workers=2, progress=False)
    assert one.claims[0].simulated == two.claims[0].simulated


@pytest.mark.parametrize(
    ("changed", "named"),
    [({"a": 501}, "a"), ({"threshold": 11}, "threshold"), ({"lost": 21}, "lost"),
     ({"n": 30, "lost": 11}, "lost"), ({"dead": 1001}, "dead"),
     ({"length": 1}, "length"), ({"n_synapses": 0}, "n_synapses")],
)  # fmt: skip
def test_refusals(changed, named):
    usual = {"n": 500, "cells_per_column": 2, "a": 20, "n_synapses": 10, "threshold": 5}
    with pytest.raises(ValueError, match=named):
        SequenceRecall(**{**usual, **changed})
    with pytest.raises(ValueError, match="n_successors"):
        Branching(100, 10, 5, 3, n_successors=-1)
    with pytest.raises(TypeError, match="SequenceRecall or Branching"):
        predict(np)


def test_nothing_is_learned_while_recall_is_measured():
    """All columns in each element: recall is the same at every step, unless the memory learns.

    So it has one law for sequences of any length; false alarm 1e-6. Learning from 19 presentations
    after the deaths makes up for synapses that these took.
    """
    short, long = (
        simulate(SequenceRecall(40, 1, 40, 20, 12, dead=16, length=length), trials=trials, seed=2)
        for length, trials in ((2, 4000), (20, 16_000))
    )
    # cells looked at: 40 in each presentation but the last
    assert (len(short["recall"].values), len(long["recall"].values)) == (100, 21)
    assert 0.15 < short["recall"].mean < 0.45
    found = stats.ttest_ind(short["recall"].values, long["recall"].values, equal_var=False)
    assert found.pvalue > 1e-6, found
