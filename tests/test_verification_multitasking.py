"""verify, on multitasking networks: several overlaps at once, learning, extensive load."""

import numpy as np
import pytest

from assocmem import Multitasking, Supervised, Unsupervised, solve, verify
from assocmem._compared import compared
from assocmem._sizes import default_sizes

FAST = {"n_spins": (4000, 8000, 16000), "disorder": 12, "sweeps": 200, "seed": 5, "progress": False}


@pytest.mark.parametrize(
    ("dilution", "temperature", "state"),
    [(0.4, 0.05, "hierarchical"), (0.45, 0.06, "retrieval"), (0.9, 0.035, "parallel")],
)
def test_states_of_three_patterns(dilution, temperature, state):
    """False alarm: 1e-3 for each table."""
    model = Multitasking(n_patterns=3, dilution=dilution)
    report = verify(model, temperature=temperature, state=state, **FAST)
    assert report.passed, str(report)
    names = [c.quantity for c in report.claims if c.quantity.startswith("overlap")]
    assert names == (
        ["overlap"]
        if state == "parallel"
        else ["overlap 1", "overlap 2", "overlap 3"][: len(names)]
    )
    assert all(c.error < 0.03 for c in report.claims if c.quantity.startswith("overlap"))


@pytest.mark.parametrize("kind", [Supervised, Unsupervised])
def test_both_protocols(kind):
    """The same predictions for both; false alarm 1e-3 each."""
    model = Multitasking(n_patterns=2, dilution=0.4, learning=kind(10, 0.7))
    report = verify(model, temperature=0.1, state="hierarchical", **FAST)
    assert report.passed, str(report)


@pytest.mark.slow
def test_hierarchy_at_extensive_load():
    """Two patterns of 0.001 N at once; false alarm 1e-3."""
    model = Multitasking(load=0.001, dilution=0.3)
    report = verify(model, temperature=0.02, state="hierarchical", n_mixed=2, **FAST)
    assert report.passed, str(report)


def test_the_paper_units_are_not_ours():
    """A theory that divides H by 1 - d is told apart."""

    def wrong(model, temperature):
        found = solve(model, temperature * (1.0 - model.dilution), "hierarchical")
        return {"overlap 1": found.overlaps[0], "energy": found.energy}

    model = Multitasking(n_patterns=3, dilution=0.4)
    report = verify(model, temperature=0.4, state="hierarchical", theory=wrong, **FAST)
    assert [c.verdict for c in report.claims] == ["DISAGREES"] * 2, str(report)


def test_overlaps_are_named_by_pattern():
    model = Multitasking(n_patterns=2, dilution=0.4)
    with pytest.raises(ValueError, match="overlap 1"):
        verify(
            model, temperature=0.1, state="hierarchical", theory=lambda m, t: {"overlap": 1.0},
            **FAST,
        )  # fmt: skip


def test_chains_in_a_copy_of_the_state_are_not_held_against_it():
    """Close to where pattern 3 condenses, samples send chains to either sign of its overlap."""
    model = Multitasking(n_patterns=3, dilution=0.3)
    report = verify(model, temperature=0.06, state="hierarchical", **{**FAST, "seed": 7})
    assert all(n > 0 for n in report.claims[0].escaped), str(report)
    assert {c.verdict for c in report.claims} == {"undecided"}


def test_copies_of_a_state():
    """Other signs or another order: nearer to a copy is not in the state; fields leave no copy."""
    own, flipped, exchanged = [0.64, 0.23, 0.05], [0.64, 0.23, -0.02], [0.24, 0.63, 0.05]
    overlaps = np.array([own, flipped, exchanged])
    model = Multitasking(n_patterns=3, dilution=0.36)
    subject = compared(model, "hierarchical", 3, (0.08,))
    assert solve(model, 0.08, "hierarchical").overlaps == pytest.approx(own, abs=0.03)
    assert subject.escaped(model, 0.08, overlaps) == 2
    parallel = Multitasking(n_patterns=2, dilution=0.8)
    m = solve(parallel, 0.1, "parallel").overlaps[0]
    subject = compared(parallel, "parallel", 2, (0.1,))
    assert subject.escaped(parallel, 0.1, np.array([[m + 0.01, m - 0.01], [m, -m]])) == 1


def test_default_sizes_are_larger_than_those_of_other_networks():
    """At N = 2000 samples send chains from (0.6, 0.24, 0.09) to other signs and orders."""
    assert default_sizes(Multitasking(n_patterns=3)) == (4000, 8000, 16_000)
    assert default_sizes(Multitasking(load=0.001)) == (2000, 4000, 8000)
    assert max(default_sizes(Multitasking(n_patterns=3000))) < 2000
