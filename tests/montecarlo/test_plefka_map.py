"""The map of errors of Plefka's scheme: differences on the same samples."""

import numpy as np
import pytest

from assocmem import Dense, Hopfield
from assocmem.montecarlo.plefka import plefka
from assocmem.montecarlo.plefka_map import plefka_error_map
from assocmem.montecarlo.sampler import sample

MODEL = Dense(load=0.0, p=3)
GIVEN = {"n_spins": 60, "sweeps": 200, "burn_in": 50, "disorder": 3, "seed": 4, "progress": False}


def test_errors_are_differences_on_the_same_samples():
    found = plefka_error_map(MODEL, loads=[0.02, 0.05], temperatures=[0.1, 0.2], **GIVEN)
    data = found.dataset
    assert data.error.dims == ("load", "temperature", "order")
    model = Dense(load=0.05, p=3)
    exact = sample(model, temperature=[0.1, 0.2], chains=2, **GIVEN).dataset
    m = exact.overlap.isel(pattern=0).mean("chain").values[1]  # at T = 0.2
    for order in (1, 2):
        guess = plefka(
            model, n_spins=60, temperature=0.2, order=order, disorder=3, seed=4
        ).dataset.overlap.values[:, 0, 0]
        one = data.sel(load=0.05, temperature=0.2, order=order)
        assert one.error.item() == pytest.approx(np.mean(guess - m), abs=1e-4)
        assert one.error_error.item() == pytest.approx(
            np.std(guess - m, ddof=1) / np.sqrt(3), abs=1e-4
        )
        assert one.error_median.item() == pytest.approx(np.median(guess - m), abs=1e-4)
        assert one.converged.item() == 1.0
    assert data.overlap.sel(load=0.05, temperature=0.2).item() == pytest.approx(m.mean())
    assert "order 2" in str(found) and "100%/100%" in str(found)
    left, right = found.plot()
    assert left.get_title() == "order 1" and right.get_title() == "order 2"
    texts = [text.get_text() for text in right.texts]
    assert texts[0] == f"{100 * data.error.values[0, 0, 1]:+.1f}"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"model": Hopfield(load=0.1)}, "model"),
        ({"model": Dense(n_patterns=3, p=3)}, "model"),
        ({"loads": []}, "loads"),
        ({"loads": [0.1, 0.05]}, "loads"),
        ({"loads": 0.1}, "loads"),
        ({"temperatures": [0.0, 0.1]}, "temperatures"),
        ({"disorder": 1}, "disorder"),
        ({"loads": [1e-9, 0.1]}, "load"),
    ],
)
def test_refusals(change, name):
    given = {"model": MODEL, "loads": [0.02], "temperatures": [0.1]} | GIVEN | change
    with pytest.raises((TypeError, ValueError), match=name):
        plefka_error_map(given.pop("model"), **given)
