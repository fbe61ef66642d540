"""verify, on multitasking networks: several overlaps at once, learning, extensive load."""

import pytest

from assocmem import Multitasking, Supervised, Unsupervised, solve, verify

FAST = {"n_spins": (2000, 4000, 8000), "disorder": 12, "sweeps": 200, "seed": 5, "progress": False}


@pytest.mark.parametrize(
    ("dilution", "temperature", "state"),
    [(0.3, 0.1, "hierarchical"), (0.45, 0.06, "retrieval"), (0.9, 0.035, "parallel")],
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
    model = Multitasking(n_patterns=2, dilution=0.4, learning=kind(10, 0.6))
    report = verify(model, temperature=0.1, state="hierarchical", **FAST)
    assert report.passed, str(report)


@pytest.mark.slow
def test_hierarchy_at_extensive_load():
    """Two patterns of 0.001 N at once; false alarm 1e-3."""
    model = Multitasking(load=0.001, dilution=0.3)
    options = {**FAST, "n_spins": (4000, 8000, 16000), "disorder": 12}
    report = verify(model, temperature=0.02, state="hierarchical", n_mixed=2, **options)
    assert report.passed, str(report)


def test_the_paper_units_are_not_ours():
    """A theory that divides H by 1 - d is told apart."""

    def wrong(model, temperature):
        found = solve(model, temperature * (1.0 - model.dilution), "hierarchical")
        return {"overlap 1": found.overlaps[0], "energy": found.energy}

    model = Multitasking(n_patterns=3, dilution=0.4)
    report = verify(model, temperature=0.2, state="hierarchical", theory=wrong, **FAST)
    assert not report.passed
    assert {c.quantity for c in report.claims if c.verdict == "DISAGREES"}


def test_overlaps_are_named_by_pattern():
    model = Multitasking(n_patterns=2, dilution=0.4)
    with pytest.raises(ValueError, match="overlap 1"):
        verify(
            model, temperature=0.1, state="hierarchical", theory=lambda m, t: {"overlap": 1.0},
            **FAST,
        )  # fmt: skip
