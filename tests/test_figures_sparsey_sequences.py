"""Figures of Sparsey's sequences: what is drawn is what was computed."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from assocmem.figures import (
    sparsey_moving,
    sparsey_moving_accuracy,
    sparsey_recognition,
    sparsey_sequence_capacity,
    sparsey_sequences,
)


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def _drawn(ax):
    """Values and error bars of each labelled curve."""
    found = {}
    for bars, text in zip(*ax.get_legend_handles_labels(), strict=True):
        if hasattr(bars, "lines"):
            line, _, (segments,) = bars.lines
            heights = [np.ptp(path.vertices[:, 1]) for path in segments.get_paths()]
            x, y = (np.asarray(values, float) for values in line.get_data())
            found[text] = (x, y, np.array(heights) / 2.0)
    return found


def _holds(curve, x, values):
    assert np.isfinite(values).all()
    error = 2.0 * values.std("repeat", ddof=1) / np.sqrt(values.sizes["repeat"])
    np.testing.assert_allclose(curve[0], x)
    np.testing.assert_allclose(curve[1], values.mean("repeat"))
    np.testing.assert_allclose(curve[2], error, atol=1e-12)


def test_recall_against_number_and_length():
    data = sparsey_sequences.compute(
        numbers=(2, 4), units=(8, 12), modules=8, lengths=(4, 24), kind="random", repeats=2,
        progress=False,
    )  # fmt: skip
    ax = sparsey_sequences.draw(data)
    left, right = (_drawn(panel) for panel in ax.figure.axes)
    assert len(left) == 5 and len(right) == 2
    _holds(left["$K = 8$"], [2, 4], data["frames"].sel(model="K = 8"))
    _holds(left["$K = 12$, no H"], [2, 4], data["frames"].sel(model="no H"))
    for length in (4, 24):
        total = [2 * length, 4 * length]
        recalled = data["frames_by_length"].sel(length=length)
        _holds(right[f"{length} frames each"], total, recalled)
    assert not np.array_equal(*data["frames_by_length"].transpose("length", ...))
    single = sparsey_sequences.draw(data, plt.subplots()[1])
    assert len(single.figure.axes) == 1 and len(_drawn(single)) == 5


def test_recognition_under_three_disturbances():
    data = sparsey_recognition.compute(
        kinds=("random",), count=3, length=13, units=12, modules=8, repeats=2, progress=False
    )
    ax = sparsey_recognition.draw(data)
    assert len(ax.figure.axes) == 3
    strengths = ("changed", "omitted", "speed")
    for panel, name, over in zip(
        ax.figure.axes, ("noise", "omission", "pace"), strengths, strict=True
    ):
        rates = data[name].sel(kind="random", rate="moment")
        curves = _drawn(panel)
        _holds(curves["random, back-off at 0.5"], data[over], rates.sel(back_off=0.5))
        _holds(curves["random, no back-off"], data[over], rates.sel(back_off=0.0))
        whole = data[name].sel(kind="random", rate="whole").mean("repeat")
        thin = [line.get_ydata() for line in panel.get_lines() if line.get_linewidth() == 0.7]
        np.testing.assert_allclose([y for y in thin if len(y)], whole)


def test_capacity_against_weights():
    data = sparsey_sequence_capacity.compute(
        units=(4, 6), modules=(8, 12), repeats=2, progress=False
    )
    ax = sparsey_sequence_capacity.draw(data)
    curves = _drawn(ax)
    for place, q in enumerate((8, 12)):
        part = data["capacity"].isel(mac=slice(2 * place, 2 * place + 2))
        weights = np.array([(4 * q) ** 2, (6 * q) ** 2])
        _holds(curves[f"$Q={q}$"], weights, part)
        (line,) = (line for line in ax.get_lines() if np.array_equal(line.get_xdata(), weights)
                   and line.get_linestyle() == "--")  # fmt: skip
        last = float(part[1].mean("repeat"))
        np.testing.assert_allclose(line.get_ydata(), [last * (4 / 6) ** 2, last])


def test_moving_accuracy():
    pytest.importorskip("sklearn")
    data = sparsey_moving_accuracy.compute(
        kinds=("moving",), numbers=(1, 2), units=12, modules=8, repeats=2, progress=False
    )
    curves = _drawn(sparsey_moving_accuracy.draw(data))
    assert len(curves) == 2
    _holds(curves["moving, frames recalled"], [1, 2], data["frames"].sel(kind="moving"))
    moment = data["moment"].sel(kind="moving")
    _holds(curves["moving, sequence and moment recognised"], [1, 2], moment)
    assert not np.array_equal(data["frames"], data["moment"])  # so that the curves are told apart


@pytest.mark.parametrize("kind", ["moving", "drawn"])
def test_pictures(kind):
    pytest.importorskip("sklearn")
    data = sparsey_moving.compute(kind=kind, count=2, show=2, units=12, modules=8)
    ax = sparsey_moving.draw(data)
    frames = data.sizes["frame"]
    assert len(ax.images) == 2 * 2 * frames
    true, found = data["true"].values[1, 3], data["recalled"].values[1, 3]
    shown = [image.get_array() for image in ax.images[2 * (frames + 3) : 2 * (frames + 3) + 2]]
    np.testing.assert_array_equal(shown[0] == 1, true)
    np.testing.assert_array_equal(np.isin(shown[1], (1, 2)), found)
    np.testing.assert_array_equal(np.isin(shown[1], (1, 3)), true)
    with pytest.raises(ValueError, match="kind"):
        sparsey_moving.compute(kind="still")
