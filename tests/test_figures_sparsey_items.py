"""Figures of items in one mac: best match in fixed time, and both memories on images; small."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy import stats

from assocmem.figures import fixed_time, sparsey_items
from assocmem.sdr import Codebook, Uniform

SMALL = {
    "n": 256, "active": 10, "modules": 8, "units": 128, "numbers": (20, 150), "replaced": 2,
    "cues": 60, "progress": False,
}  # fmt: skip


def test_fixed_time():
    data = fixed_time.compute(**SMALL)
    again = fixed_time.compute(**SMALL)
    for name in ("right", "fill", "read", "bytes"):
        assert np.array_equal(data[name], again[name])
    assert data.stored.values.tolist() == [20, 150]
    searches = data.search.values.tolist()
    assert searches[:3] == ["mac", "scan", "inverted index"]
    # 8 of 10 features are left: no other of 150 items has as many (chance below 1e-8 each).
    assert np.all(data.right == 1.0)
    assert np.all(data.read > 0.9)
    assert np.all(data.recall_time > 0.0) and np.all(data.store_time > 0.0)
    # Each item sets 10 weights of each module; few of them twice.
    chance = 1.0 - (1.0 - 10 / (256 * 128)) ** data.stored
    assert np.all(np.abs(data.fill / chance - 1.0) < 0.02)
    assert data.bytes.sel(search="scan").values.tolist() == [20 * 32, 150 * 32]
    ax = fixed_time.draw(data)
    assert ax.get_xscale() == ax.get_yscale() == "log" and ax.get_legend()
    lines = {line.get_label(): line.get_ydata() for line in ax.get_lines()}
    np.testing.assert_allclose(lines["mac, a cue"], 1e6 * data.recall_time.sel(search="mac"))
    plt.close(ax.figure)
    _, given = plt.subplots()
    assert fixed_time.draw(data, given) is given and given.get_xlabel()
    plt.close(given.figure)


@pytest.mark.slow
def test_a_hundred_thousand_items():
    """Quality at a load of 0.38, and times that do not follow the number of items.

    With weights independent, p = 0.38, one of 2048 units has 17 of 20 features or more by chance in
    1 of 20 modules or so; that half of 16 modules go wrong has a chance below 1e-6. Features of
    others are read with one of 16 winners wrong in 1 % of items, with two in 11 %: that is 1 % of
    all where 1 module in 50 is wrong, of 1000 with a standard error of 0.3 %.
    """
    data = fixed_time.compute(numbers=(1000, 100_000), progress=False)
    mac = data.sel(search="mac")
    assert np.all(mac.right > 0.995) and np.all(data.read > 0.97)
    # 17 of 20 features are left, which any item shares with another cue with chance below 1e-27.
    exact = data.right.sel(search=[name for name in data.search.values if name != "mac"])
    assert exact.sizes["search"] >= 2 and np.all(exact == 1.0)
    chance = 1.0 - (1.0 - 20 / (2048 * 2048)) ** data.stored
    assert np.all(np.abs(data.fill / chance - 1.0) < 0.01)
    # A hundred times as many items: linear searches take some 100 times as long.
    assert mac.recall_time[1] < 3.0 * mac.recall_time[0]
    assert data.store_time[1] < 3.0 * data.store_time[0]
    scan = data.recall_time.sel(search="scan")
    assert scan[1] > 30.0 * scan[0]


@pytest.mark.parametrize("few", [4000, 0])
def test_searches_are_exact(few, monkeypatch):
    """Cues compared all at once, as among few items, and one after another, as among many."""
    monkeypatch.setattr(fixed_time, "_FEW", few)
    rng = np.random.default_rng(1)
    items, cues = (Codebook.draw(Uniform(200, 12), count, rng) for count in (70, 30))
    dense = [np.array([item.dense for item in book], int) for book in (items, cues)]
    overlaps = dense[1] @ dense[0].T
    found = fixed_time._searches(items)
    for name, (search, size) in found.items():
        rows = search(cues)
        assert np.array_equal(overlaps[np.arange(30), rows], overlaps.max(1)), name
        assert size > 0


def test_families_share_features():
    items = fixed_time._items(300, 20, 40, 13, 2, np.random.default_rng(2))
    overlaps = items.overlaps_all()
    assert set(items.sizes) == {20}
    # Two of a family share 6 features at least, as each has 13 of the 20 of its prototype.
    first = overlaps[0] >= 6
    for family in (first, ~first):
        assert np.all(overlaps[np.ix_(family, family)] >= 6)
    assert 0 < first.sum() < 40
    data = fixed_time.compute(**SMALL, common=6, families=5)
    assert data.right.sel(search="scan").values.min() > 0.9
    ax = fixed_time.draw(data)
    assert "families" in ax.get_title()
    plt.close(ax.figure)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"numbers": ()}, "numbers must hold at least one entry"),
        ({"numbers": (20, 20)}, "numbers must rise"),
        ({"numbers": (0, 20)}, r"numbers\[0\] must be an integer >= 1"),
        ({"active": 200}, r"active must be an integer in \[1, 128\]"),
        ({"replaced": 11}, r"replaced must be an integer in \[0, 10\]"),
        ({"g_minus": 1.0}, r"g_minus must be a finite number in \[0, 1\)"),
    ],
)
def test_fixed_time_misuse(options, message):
    with pytest.raises(ValueError, match=message):
        fixed_time.compute(**{**SMALL, **options})


def test_images():
    pytest.importorskip("sklearn")
    from assocmem.datasets import digits

    source = digits()
    options = {"images": 80, "modules": 8, "units": 512, "g_minus": 0.95}
    data = sparsey_items.compute(**options)
    assert data.identical(sparsey_items.compute(**options))
    stored = (source.binarised("half")[:80] > 0).reshape(80, 8, 8)
    labels = source.train_labels[:80]

    def places(picture):
        return np.flatnonzero((stored == picture).all((1, 2)))

    for label in range(10):
        pictures = data.picture.sel({"class": label})
        whole = pictures.sel(stage="stored").values
        assert label in labels[places(whole)]
        cue = pictures.sel(stage="cue").values
        assert np.array_equal(cue[:4], whole[:4]) and np.all(cue[4:] == 0.5)
        for k in range(3):
            assert len(places(pictures.sel(stage=f"likely {k + 1}").values)) >= 1
        values = data.likelihood.sel({"class": label}).values
        assert np.all(np.diff(values) <= 0.0) and values[0] <= 1.0
        for name in ("recalled", "new", "made 1", "made 2", "made 3"):
            assert set(np.unique(pictures.sel(stage=name))) <= {0.0, 0.5, 1.0}
    assert data.exact > 0.9 and data.exact >= data.completed > 0.5
    # Ten classes, 450 test images: right by chance so often has a probability below 1e-12.
    count = round(float(data.classified) * 450)
    assert stats.binomtest(count, 450, 0.1, alternative="greater").pvalue < 1e-12
    ax = sparsey_items.draw(data)
    assert len(ax.get_images()) == 100
    assert "80 images" in ax.get_xlabel()
    plt.close(ax.figure)
    with pytest.raises(ValueError, match="images must be an integer in"):
        sparsey_items.compute(images=3)
