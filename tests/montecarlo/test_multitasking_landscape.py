"""States of three diluted patterns: their weights by tempering, the lowest of them, descents."""

import itertools

import numpy as np
import pytest
from enumeration import quenched_samples
from exact_chain import states_of
from scipy import stats

from assocmem import Dense, Hopfield, Multitasking, Supervised
from assocmem.montecarlo.descents import Descents, descend
from assocmem.montecarlo.dynamics import engine
from assocmem.montecarlo.sampler import sample
from assocmem.montecarlo.tempering import Ladders, temper

THREE = Multitasking(n_patterns=3, dilution=0.55)


def hierarchical(overlaps):
    """Whether the first of the ranked moduli exceeds the sum of the others."""
    ranked = np.sort(np.abs(overlaps), axis=-1)
    return ranked[..., 2] > ranked[..., 0] + ranked[..., 1] + 1e-9


def leading(overlaps):
    """Pattern of the largest overlap, 3 if two are equal."""
    m = np.abs(overlaps)
    ranked = np.sort(m, axis=-1)
    return np.where(ranked[..., 2] > ranked[..., 1] + 1e-9, np.argmax(m, axis=-1), 3)


def shares(m):
    """Indicators of a hierarchical state, and of which pattern leads."""
    first = leading(m)
    return np.stack([hierarchical(m), *(first == k for k in range(4))], axis=-1)


def contested(number, temperature):
    """Samples of 16 spins in which hierarchical and other states both have 15 to 85 %, by sums."""
    rng, out, states = np.random.default_rng(5), [], states_of(16)
    while len(out) < number:
        quenched = THREE.draw(16, rng)
        energies = quenched.energy(states)
        weights = np.exp(-(energies - energies.min()) / temperature)
        law = weights @ shares(quenched.overlaps(states)) / weights.sum()
        if 0.15 < law[0] < 0.85:
            out.append((quenched, law))
    return out


def test_tempering_gives_each_state_its_weight():
    """Shares (of 2 to 98 %) of hierarchical states and of each leading pattern, in 2 samples.

    Against all 2^16 states, with the spread over 24 ladders: Student's t of 23 mapped to normal
    z-scores, |z| < 4.2: false alarm below 10 x 2.7e-5 = 0.03 %.
    """
    temperatures = np.array([0.05, 0.08, 0.12, 0.18, 0.28, 0.4])
    lanes = 24 * len(temperatures)
    worst, tested = 0.0, 0
    for quenched, wanted in contested(2, temperatures[0]):
        ladders = Ladders(temperatures, 24, np.random.default_rng(3))
        ours = engine(
            quenched, np.ones((lanes, 16)), np.repeat(temperatures, 24),
            np.random.SeedSequence(2).spawn(lanes), tracked=range(3), method="patterns",
        )  # fmt: skip
        total = np.zeros((24, 5))
        for k in range(1500):
            now = ours.run(1, 1)[:, 0]
            if k >= 300:
                total += shares(now[ladders.lanes[0], 1:])
            ladders.swap(16 * now[:, 0])
            ours.set_temperatures(ladders.lane_temperatures())
        assert np.all(ladders.round_trips > 10)
        found = total / 1200
        error = found.std(axis=0, ddof=1) / np.sqrt(24)
        common = (wanted > 0.02) & (wanted < 0.98)  # rare ones are far from normal
        z = np.abs(found.mean(axis=0) - wanted)[common] / error[common]
        worst = max(worst, stats.norm.isf(stats.t.sf(z, 23)).max())
        tested += np.count_nonzero(common)
    assert worst < 4.2 and tested >= 4


@pytest.mark.slow
@pytest.mark.parametrize("dilution", [0.45, 0.6])
def test_tempering_finds_the_lowest_state_from_the_worst_start(dilution):
    """N = 2000, where plain chains stay in the state they began in.

    The lowest mean energy among chains from the 24 hierarchical states and the 4 of equal weights
    is what tempering must come down to: within 5 errors or lower.
    """
    model = Multitasking(n_patterns=3, dilution=dilution)
    temperatures = np.linspace(0.1, 1.05, 30) * (1.0 - dilution)
    given = {"n_spins": 2000, "disorder": 1, "tracked": 3, "seed": 3, "progress": False}
    plain = {}
    for order in [*itertools.permutations((4, 2, 1)), (1, 1, 1)]:
        for signs in itertools.product((1, -1), repeat=2):
            weights = tuple(np.array(order) * (1, *signs))
            plain[weights] = sample(
                model, temperature=temperatures[0], sweeps=200, burn_in=100, chains=2,
                start="mixture", weights=weights, **given,
            ).estimate("energy")  # fmt: skip
    energies = {key: value.item() for key, (value, _) in plain.items()}
    lowest, highest = min(energies, key=energies.get), max(energies, key=energies.get)
    error = np.hypot(*(plain[key][1].item() for key in (lowest, highest)))
    assert energies[highest] - energies[lowest] > 20 * error
    result = temper(
        model, temperatures=temperatures, sweeps=2000, burn_in=3000, chains=2, start="mixture",
        weights=highest, **given,
    )  # fmt: skip
    value, spread = (x.values[0] for x in result.estimate("energy"))
    assert value < energies[lowest] + 5 * np.hypot(spread, plain[lowest][1].item())
    assert np.all(result.dataset.swap_acceptance > 0.0)


def test_descents_end_in_the_states_of_zero_temperature():
    """K = 2: one pattern where it is not blank, the other elsewhere, or both with equal weight.

    Overlaps (1 - d, d (1 - d)) are those of the only stable state; each is a mean of 4000
    independent entries over 4 samples: 5 standard deviations, false alarm 1e-6.
    """
    result = descend(
        Multitasking(n_patterns=2, dilution=0.4), n_spins=4000, starts=10, disorder=4, sweeps=60,
        progress=False,
    )  # fmt: skip
    found = result.states()
    assert found.sizes["state"] == 1 and found["count"].item() == 40
    assert found.frequency.item() == 1.0 and 0.0 < found.frequency_error.item() < 0.05
    room = 5 * np.sqrt(0.25 / 16_000) + 4 / np.sqrt(4000)  # and that between the two patterns
    np.testing.assert_allclose(found.overlap[0], [0.6, 0.24], atol=room)
    assert result.settled > 0.9
    # each is a minimum: no spin is against its field
    energy = result.dataset.energy.values
    assert np.all(energy < 0.0) and np.all(result.dataset.drift >= 0.0)


def test_ends_of_descents_are_minima_of_their_samples():
    """At T = 0 the energy and overlaps are those of a state, and one of the lowest by search."""
    result = descend(THREE, n_spins=12, starts=40, disorder=3, sweeps=60, seed=2, progress=False)
    states = states_of(12)
    for d, quenched in enumerate(quenched_samples(THREE, 12, 3, seed=2)):
        energies = quenched.energy(states) / 12
        flipped = np.arange(2**12)[:, None] ^ (1 << np.arange(12))
        minima = np.all(energies[flipped] >= energies[:, None] - 1e-12, axis=1)
        data = result.dataset.isel(disorder=d)
        for energy, overlap in zip(data.energy.values, data.overlap.values, strict=True):
            # a mean over states that ties lead to has their energy, not always their overlaps
            assert np.min(np.abs(energies[minima] - energy)) < 1e-12
            assert np.all(np.abs(overlap) <= 1.0)
        assert data.energy.values.min() == pytest.approx(energies.min(), abs=1e-12)


def made(ranked, energies, n_spins=10_000):
    """Descents with given overlaps, for grouping."""
    result = descend(
        Multitasking(n_patterns=2, dilution=0.5), n_spins=n_spins, starts=len(ranked), disorder=1,
        sweeps=8, progress=False,
    )  # fmt: skip
    data = result.dataset.copy()
    data["overlap"] = data.overlap.copy(data=np.array(ranked)[None])
    data["energy"] = data.energy.copy(data=np.array(energies)[None])
    return Descents(data)


def test_grouping_by_hand():
    """Unit sqrt(0.5/10^4) = 0.00707, so 6 of them are 0.0424."""
    ranked = [[-0.5, 0.2], [0.19, 0.51], [0.3, -0.3], [0.2, 0.5], [0.31, 0.28]]
    result = made(ranked, [-1.0, -1.1, -2.0, -1.2, -2.2])
    np.testing.assert_array_equal(result.ranked[0, 1], [0.51, 0.19])
    found = result.states()
    assert found.attrs["tolerance"] == pytest.approx(6 * np.sqrt(0.5e-4))
    assert found["count"].values.tolist() == [3, 2]
    np.testing.assert_allclose(found.frequency, [0.6, 0.4])
    np.testing.assert_allclose(
        found.frequency_error, [np.sqrt(4 / 7 * 3 / 7 / 5), np.sqrt(3 / 7 * 4 / 7 / 5)]
    )
    np.testing.assert_allclose(found.energy, [-1.1, -2.1])
    np.testing.assert_allclose(found.energy_spread, [np.sqrt(0.02 / 3), 0.1])
    np.testing.assert_allclose(found.overlap, [[1.51 / 3, 0.59 / 3], [0.305, 0.29]])
    assert found.label.values.tolist() == [[0, 0, 1, 0, 1]]
    assert result.states(100.0).sizes["state"] == 1
    assert result.states(0.1).sizes["state"] == 4
    assert "0.6000" in str(result)


@pytest.mark.parametrize(
    "model",
    [
        Hopfield(n_patterns=2), Dense(n_patterns=2, p=3),
        Multitasking(n_patterns=2, dilution=0.4, learning=Supervised(5, 0.8)),
    ],
    ids=["hopfield", "dense", "learned"],
)  # fmt: skip
def test_descents_of_any_model_and_their_files(model, tmp_path):
    import xarray as xr

    given = {"n_spins": 60, "temperature": 0.1, "starts": 6, "disorder": 3, "sweeps": 20, "seed": 1}
    one = descend(model, **given, progress=False)
    other = descend(model, **given, workers=3, progress=False)
    assert one.dataset.identical(other.dataset)
    assert one.model == model and one.parameters["starts"] == 6
    one.save(tmp_path / "a.nc")
    with xr.open_dataset(tmp_path / "a.nc", engine="h5netcdf") as data:
        assert str(Descents(data.load())) == str(one)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_spins", 1), ("temperature", -0.1), ("temperature", [0.1]), ("starts", 0),
        ("starts", 10**5), ("disorder", 0), ("disorder", 5000), ("sweeps", 7), ("seed", -1),
        ("method", "fast"), ("dynamics", "x"), ("workers", 0), ("progress", 1),
    ],
)  # fmt: skip
def test_bad_arguments(name, value):
    given = {"n_spins": 30, "starts": 4, "disorder": 2, "sweeps": 10}
    with pytest.raises((ValueError, TypeError), match=name):
        descend(THREE, **given | {name: value})


def test_bad_model_and_tolerance():
    for model in (None, Multitasking, "x"):
        with pytest.raises(TypeError, match="model"):
            descend(model, n_spins=30)
    with pytest.raises(ValueError, match="tolerance"):
        descend(THREE, n_spins=30, starts=2, disorder=1, sweeps=8, progress=False).states(0.0)
