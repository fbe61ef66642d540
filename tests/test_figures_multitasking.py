"""Figures of multitasking networks: small settings, numbers that theory gives, names, bad input."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest

from assocmem import Multitasking, states, zero_temperature_states
from assocmem.figures import amplitudes, basins, figure, returns, several_images


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_amplitudes_are_those_of_the_hierarchy():
    data, ax = figure(
        "multitasking-amplitudes", n_patterns=2, dilutions=(0.4, 0.6), n_spins=4000, disorder=8,
        sweeps=60, seed=1, workers=1,
    )  # fmt: skip
    for name in ("simulated", "error", "predicted", "z"):
        assert data[name].dims == ("dilution", "pattern")
        assert np.all(np.isfinite(data[name]))
    # Fields are at least m_1 - m_2 = 0.16: spins differ from those at T = 0 by 2 e^(-16) at most.
    d = data["dilution"].values[:, None]
    assert data["predicted"].values == pytest.approx((1 - d) * d ** np.arange(2), abs=3e-7)
    # Four z-scores of 8 samples each, Student's law with 7 degrees of freedom: one beyond 9
    # has a chance of 1.7e-4 in all.
    assert np.max(np.abs(data["z"])) < 9.0
    assert np.max(data["error"]) < 0.02  # so that z says something: m differs by 0.1 and more
    assert np.all(data["exists"]) and data["ground"].shape == (199, 2)
    assert data["ground"].sel(pattern=1).values[100] == pytest.approx(0.495, abs=0.02)
    assert ax.get_xlabel() == "dilution $d$" and "m_" in ax.get_ylabel()
    assert labels(ax)[:2] == [r"$\mu=1$", r"$\mu=2$"]
    assert any("N=4000" in text and "T=0.02" in text for text in labels(ax))


def test_amplitudes_mark_where_the_hierarchy_ends():
    data = amplitudes.compute(
        n_patterns=3, dilutions=(0.3,), n_spins=200, disorder=2, sweeps=4, workers=1
    )
    last = data["line_dilution"].values[data["exists"].values].max()
    assert last < (math.sqrt(5.0) - 1.0) / 2.0 < last + 0.005  # the golden section
    ax = amplitudes.draw(data, plt.subplots()[1])
    assert any("d_c" in text.get_text() for text in ax.texts)
    assert [line for line in ax.lines if list(line.get_xdata()) == [last, last]]


def test_amplitudes_refuse_bad_arguments():
    with pytest.raises(ValueError, match="n_patterns"):
        amplitudes.compute(n_patterns=7)
    with pytest.raises(ValueError, match="temperature"):
        amplitudes.compute(temperature=0.0)
    with pytest.raises(ValueError, match=r"dilutions\[1\]"):
        amplitudes.compute(dilutions=(0.5, 1.0))


@pytest.fixture(scope="module")
def reached():
    return basins.compute(
        dilution=0.58, temperature=0.0, sizes=(500, 8000), starts=8, disorder=12, sweeps=30,
        directions=400, seed=2, workers=1,
    )  # fmt: skip


def test_basins_know_the_states(reached):
    found = zero_temperature_states(Multitasking(n_patterns=3, dilution=0.58))
    exact = sorted((one for one in found.points if one.stable), key=lambda one: one.energy)
    assert [one.regime for one in exact] == list(reached["regime"].values)
    assert reached["free_energy"].values == pytest.approx([float(o.energy) for o in exact])
    for k, one in enumerate(exact):
        m = np.array(one.overlaps, dtype=float)
        assert reached["overlaps"].values[k] == pytest.approx(m, abs=1e-12)


def test_basins_shares(reached):
    for name in ("theory", "share", "limit"):
        assert reached[name].sum("state").values == pytest.approx(1.0, abs=0.02)
    assert np.all(reached["share_error"].values > 0.0)
    # The extrapolation is linear in N^(-1/2) through two sizes: exactly the line through them.
    x = np.array([500.0, 8000.0]) ** -0.5
    y = reached["share"].values
    line = y[1] - x[1] * (y[1] - y[0]) / (x[1] - x[0])
    assert reached["limit"].values == pytest.approx(line, abs=1e-12)
    # Two states: one z-score. Means over 12 samples that are each shares of 8 starts, errors of
    # both sizes added: beyond 6 with a chance below 1e-4 (Student, 11 degrees of freedom).
    error = np.hypot(reached["limit_error"], reached["theory_error"])
    z = (reached["limit"] - reached["theory"]) / error
    assert abs(float(z[0])) < 6.0


def test_basins_are_drawn(reached):
    ax = basins.draw(reached)
    assert "T=0" in ax.get_ylabel() and "free energy" in ax.get_xlabel()
    assert {"$N=500$", "$N=8000$", "extrapolated", "theory, mixed"} <= set(labels(ax))
    ticks = [text.get_text().split("\n") for text in ax.get_xticklabels()]
    assert [float(t[0]) for t in ticks] == pytest.approx(reached["free_energy"].values, abs=1e-4)
    assert [len(t) for t in ticks] == [4] * reached.sizes["state"]


def test_basins_refuse_bad_arguments():
    with pytest.raises(ValueError, match="sizes must be at least two"):
        basins.compute(sizes=(1000, 1000))
    with pytest.raises(ValueError, match="disorder"):
        basins.compute(disorder=2)
    with pytest.raises(ValueError, match="temperature"):
        basins.compute(temperature=0.6)


def test_return_to_a_state():
    data, ax = figure(
        "multitasking-return", fractions=(0.0, 0.5), n_spins=3000, chains=2, disorder=8, sweeps=30,
        seed=3,
    )  # fmt: skip
    stable = states(Multitasking(n_patterns=3, dilution=0.55), 0.02).stable
    assert list(data["regime"].values) == [state.regime for state in stable]
    assert data["free_energy"].values == pytest.approx([s.free_energy for s in stable])
    assert data["overlaps"].values == pytest.approx(np.array([s.overlaps for s in stable]))
    # Half of all spins flipped leave nothing, and by symmetry the start is one of 48 copies: of 2
    # chains one returns in at most 1 of 24 samples, in 5 of 8 with a chance of 7e-6.
    assert np.all(data["returned"].sel(fraction=0.5).values <= 0.5)
    assert np.all(np.isfinite(data["error"])) and np.all(data["error"] >= 0.0)
    assert ax.get_xlabel() == "fraction of spins flipped" and "N=3000" in ax.get_ylabel()
    assert [text.split()[0] for text in labels(ax)] == [state.regime for state in stable]


def test_all_return_to_the_only_state():
    # m = (1/2, 1/4), and (1 - 2 x) of it after a fraction x is flipped: the first stays larger by
    # 0.175, nine times the error (1 - d)/sqrt(N/2) of the difference, and grows back.
    data = returns.compute(
        n_patterns=2, dilution=0.5, fractions=(0.0, 0.05, 0.15), n_spins=3000, chains=3,
        disorder=3, sweeps=30, seed=5,
    )  # fmt: skip
    assert list(data["regime"].values) == ["hierarchical"]
    assert data["overlaps"].values[0] == pytest.approx([0.5, 0.25], abs=1e-4)
    assert np.all(data["returned"] == 1.0) and np.all(data["error"] == 0.0)


def test_return_refuses_bad_arguments():
    with pytest.raises(ValueError, match="temperature"):
        returns.compute(temperature=0.0)
    with pytest.raises(ValueError, match="temperature must be below 1 - d"):
        returns.compute(temperature=0.5)
    with pytest.raises(ValueError, match=r"fractions\[1\]"):
        returns.compute(fractions=(0.1, 0.6))
    with pytest.raises(ValueError, match="disorder"):
        returns.compute(disorder=1)


def test_several_images_in_one_state():
    data, ax = figure("multitasking-images", classes=(0, 7), copies=24, noise=0.2, seed=4)
    assert list(data["pattern"].values) == [0, 7]
    filled = data["filled"].values
    n = data.attrs["n_spins"]
    # Binomial shares of blank entries, 5 standard deviations: 6e-7 each.
    assert np.all(np.abs(filled - 0.5) < 5.0 * 0.5 / math.sqrt(n))
    overlap = data["overlap"].values
    assert overlap[:, 0] == pytest.approx(filled)
    # A fifth of the spins that are not blank are flipped: (1 - 2 noise) of the overlap is left.
    assert overlap[0, 1] == pytest.approx(0.6 * filled[0], abs=2.0 / n)
    assert overlap[0, 2] > 0.95 * filled[0]  # completed
    # Spins blank in the first follow the second: a share d of what is not blank in it.
    assert overlap[1, 2] > 0.45 * filled[1] and overlap[1, 2] > overlap[1, 1] + 0.1
    assert set(data["sign"].values) <= {-1, 1}
    picture = data["picture"]
    assert picture.dims == ("pattern", "stage", "row", "column")
    kept = picture.notnull()
    assert np.all(kept == kept[0, 0]) and kept[0, 0].sum() * 24 == n
    assert np.nanmax(np.abs(picture)) <= 1.0
    assert [t.get_text() for t in ax.get_xticklabels()] == [
        "image", "cue", "retrieved", "whole state",
    ]  # fmt: skip
    assert f"N={n}" in ax.get_xlabel() and "20%" in ax.get_xlabel()


def test_several_images_refuse_bad_arguments():
    for wrong in ((3,), (3, 3), (0, 11)):
        with pytest.raises(ValueError, match="classes"):
            several_images.compute(classes=wrong)
    with pytest.raises(ValueError, match="noise"):
        several_images.compute(noise=0.6)
    with pytest.raises(ValueError, match="copies"):
        several_images.compute(copies=0)
    with pytest.raises(ValueError, match="dilution"):
        several_images.compute(dilution=1.0)
