"""Surveys: regimes named from simulated overlaps alone."""

import numpy as np
import pytest

from assocmem import Multitasking
from assocmem.surveys import survey

MODEL = Multitasking(n_patterns=3)


def test_regimes_of_points_far_from_lines(tmp_path):
    found = survey(
        MODEL, (0.3, 0.85), (0.03, 0.1, 0.4, 0.9), n_spins=16_000, disorder=8, sweeps=60, seed=3,
        store=tmp_path / "survey.sqlite", workers=1, progress=False,
    )  # fmt: skip
    assert list(found["regime"].sel(dilution=0.3).values) == [
        "hierarchical", "hierarchical", "hierarchical", "ergodic",
    ]  # fmt: skip
    assert list(found["condensed"].sel(dilution=0.3).values) == [3, 2, 1, 0]
    assert list(found["regime"].sel(dilution=0.85).values)[1:] == ["parallel", "ergodic", "ergodic"]
    # Overlaps of the hierarchy, (1 - d) d^(mu - 1), up to its thermal corrections.
    low = found.sel(dilution=0.3, temperature=0.03)
    assert np.allclose(low["overlap"], 0.7 * 0.3 ** np.arange(3), atol=0.01)


def test_overlaps_that_change_order_are_not_named():
    """Near d = 2/3 and T = 1/3 nothing holds the order of the patterns in a small network."""
    found = survey(
        MODEL, (0.65,), (0.25,), n_spins=1000, disorder=6, sweeps=60, seed=3, store=None,
        workers=1, progress=False,
    )  # fmt: skip
    assert found["regime"].item() == "unsettled"


def test_kept_points_are_not_done_again(tmp_path):
    options = {
        "n_spins": 500, "disorder": 4, "sweeps": 20, "workers": 1, "progress": False,
        "store": tmp_path / "survey.sqlite",
    }  # fmt: skip
    one = survey(MODEL, (0.5,), (0.1,), **options)
    two = survey(MODEL, (0.5, 0.6), (0.1,), **options)
    assert np.array_equal(one["overlap"][0], two["overlap"][0])


@pytest.mark.parametrize(
    ("change", "error", "name"),
    [
        ({"model": Multitasking(load=0.1)}, TypeError, "model"),
        ({"dilutions": (1.0,)}, ValueError, "dilutions"),
        ({"dilutions": ()}, ValueError, "dilutions"),
        ({"temperatures": (0.1, 0.1)}, ValueError, "temperatures"),
        ({"temperatures": (0.0,)}, ValueError, "temperatures"),
        ({"disorder": 2}, ValueError, "disorder"),
        ({"significance": 0.0}, ValueError, "significance"),
    ],
)
def test_bad_input(change, error, name):
    arguments = {"model": MODEL, "dilutions": (0.5,), "temperatures": (0.1,), **change}
    with pytest.raises(error, match=name):
        survey(**arguments, progress=False)
