"""Figures of Sparsey's theory and of images classified: what is drawn, and what is refused."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from assocmem import datasets
from assocmem.figures import figure
from assocmem.figures.sparsey_images import PARTS
from assocmem.sdr import Mac, Selection, StoredItems
from assocmem.sdr.sparsey import SparseyClassifier
from assocmem.theory.sparsey import capacity


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_similar_inputs_and_codes():
    """Exact lines and 100 macs: of 36 points none off by 5.5 errors (false alarm 1e-5 or so)."""
    data, ax = figure(
        "sparsey-similarity", n=100, active=8, modules=40, units=5, steepness=(8.0, 25.0),
        numbers=(1, 4), trials=100, workers=1, progress=False,
    )  # fmt: skip
    one = data.sel(number=1)
    off = np.abs(one["intersection"] - one["predicted"])
    assert (off <= 5.5 * one["error"] + 1e-12).all()
    assert one["predicted"].sel(common=0).values == pytest.approx(0.2) and (one["error"] > 0).any()
    assert (np.diff(one["predicted"], axis=1) >= -1e-12).all()  # the more alike, the more shared
    assert np.isfinite(data["predicted"]).all()
    assert len(ax.figure.axes) == 2 and len(ax.lines) >= 2


def test_capacity_of_macs():
    data, ax = figure(
        "sparsey-capacity", n=60, active=6, modules=5, units=(4, 8), loads=(0.3, 0.6),
        trials=3000, workers=1, progress=False,
    )  # fmt: skip
    for name in ("recalled", "load", "crosstalk", "spurious"):
        error = data[f"simulated_{name}_error"]
        off = np.abs(data[f"simulated_{name}"] - data[f"predicted_{name}"])
        assert (off <= 5.5 * error + 1e-12).all(), name
    for k in (4, 8):
        exact = capacity(StoredItems(Mac(5, k, Selection(chi=0.0)), 60, 6, 1)).n_items
        assert int(data["capacity"].sel(unit=k)) == exact
    for way in ("to_code", "to_input"):  # where the loads of points and of lines are nearest
        nearest = np.abs(data["line_load"] - data["point_load"]).argmin("line")
        line, points = data[way].isel(line=nearest), data[f"simulated_{way}"]
        assert (np.abs(points / line - 1.0) < 0.15).all()
    assert (data["to_code"] < np.log(2)).all() and (data["to_input"] < np.log(2)).all()
    assert ax.get_xscale() == "log" and len(ax.figure.axes) == 2


def test_parts_of_a_classifier():
    data, ax = figure(
        "sparsey-images", data="digits", images=(300, 1200), tested=400, workers=1, progress=False
    )
    assert data["accuracy"].shape == (len(PARTS), 2)
    digits = datasets.load("digits")
    options = {name: value for _, added in PARTS[:7] for name, value in added.items()}
    model = SparseyClassifier(shape=(8, 8), workers=1, random_state=0, **options)
    model.fit(digits.train_images[:300].reshape(300, -1), digits.train_labels[:300])
    right = model.score(digits.test_images[:400].reshape(400, -1), digits.test_labels[:400])
    assert float(data["accuracy"].sel(images=300)[6]) == right
    assert (data["accuracy"] > 0.3).all()  # a tenth by chance
    assert (data["learning"] > 0).all() and (data["megabytes"] > 0).all()
    assert [text.get_text() for text in ax.get_yticklabels()] == [name for name, _ in PARTS]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("sparsey-similarity", {"active": 0}, "active"),
        ("sparsey-similarity", {"trials": 5}, "trials"),
        ("sparsey-capacity", {"loads": (0.0,)}, "loads"),
        ("sparsey-capacity", {"active": 300}, "active"),
        ("sparsey-images", {"data": "letters"}, "data"),
        ("sparsey-images", {"data": "digits", "parts": 0}, "parts"),
        ("sparsey-images", {"data": "digits", "images": (5,)}, "images"),
    ],
)
def test_what_is_refused(name, options, message):
    with pytest.raises(ValueError, match=message):
        figure(name, **options)
