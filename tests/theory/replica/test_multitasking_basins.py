"""Basins: the flow of overlaps from random starts, against simulated quenches."""

import numpy as np
import pytest

from assocmem import Dynamics, Multitasking, Supervised, Unsupervised
from assocmem.montecarlo.dynamics import engine
from assocmem.theory import basins, solve


def _ends(model, temperature, n_spins, samples, chains, sweeps, seed):
    """Sorted moduli of the overlaps of chains from random starts, (samples, chains, K)."""
    out = []
    for child in np.random.SeedSequence(seed).spawn(samples):
        draw, start, *seeds = child.spawn(2 + chains)
        sample = model.draw(n_spins, np.random.default_rng(draw))
        spins = 2 * np.random.default_rng(start).integers(0, 2, (chains, n_spins)) - 1
        running = engine(
            sample, spins, temperature, seeds, dynamics=Dynamics(update="random"),
            tracked=range(model.n_patterns),
        )  # fmt: skip
        running.run(sweeps)
        records = running.run(40, 1)[:, :, 1:].mean(axis=1)
        out.append(-np.sort(-np.abs(records), axis=1))
    return np.array(out)


@pytest.mark.slow
def test_frequencies_of_states_from_random_starts():
    """Shares at two sizes, extrapolated by their law N^(-1/2), within 4 errors: false alarm 1e-4.

    The distance of the walls between basins from a path, over the fluctuations of overlaps, is of
    order N^(1/2): at N = 8000 one state of the two has 0.50, in the limit 0.35. Errors are over
    quenched samples, whose starts may share a bias.
    """
    model = Multitasking(n_patterns=3, dilution=0.58)
    theory = basins(model, 0.0, directions=8000, seed=1)
    assert list(theory["regime"].values) == ["mixed", "hierarchical"]
    assert theory.attrs["unsettled"] < 0.01
    shares, errors = [], []
    for n_spins in (8000, 72_000):
        ends = _ends(model, 0.0, n_spins, 24, 12, 30, seed=7)
        distance = np.linalg.norm(ends[:, :, None] - theory["overlaps"].values, axis=-1)
        assert distance.min(axis=-1).max() < 6.0 / np.sqrt(n_spins)
        each = np.mean(distance.argmin(axis=-1) == 0, axis=1)
        shares.append(each.mean())
        errors.append(each.std(ddof=1) / np.sqrt(len(each)))
    limit = 1.5 * shares[1] - 0.5 * shares[0]  # sizes in the ratio 1 : 9
    error = np.hypot(1.5 * errors[1], 0.5 * errors[0])
    error = np.hypot(error, float(theory["error"][0]))
    assert abs(limit - float(theory["probability"][0])) < 4.0 * error


def test_shares_are_those_of_a_finer_integration():
    """K = 4, where ten states and more share the starts: another rule, steps four times smaller."""
    model = Multitasking(n_patterns=4, dilution=0.52)
    theory = basins(model, 0.0, directions=3000, seed=2)
    assert theory.attrs["unsettled"] < 0.01
    words = np.array([w for w in np.ndindex(3, 3, 3, 3)]) - 1.0
    weight = np.prod(np.where(words == 0.0, 0.52, 0.24), axis=1)
    m = np.random.default_rng(5).standard_normal((3000, 4))
    for _ in range(1500):
        m += 0.0125 * ((np.sign(m @ words.T) * weight) @ words - m)
    ends = -np.sort(-np.abs(m), axis=1)
    distance = np.linalg.norm(ends[:, None] - theory["overlaps"].values, axis=2)
    share = np.bincount(distance.argmin(axis=1), minlength=theory.sizes["state"]) / 3000
    error = np.sqrt((share * (1 - share) + 1.0 / 3000) / 3000)
    z = (share - theory["probability"].values) / np.hypot(error, theory["error"].values)
    assert np.max(np.abs(z)) < 4.5, z  # of some ten states: false alarm 1e-4


def test_one_state_takes_all():
    """Beyond T = d (1 - d), at small d, one pattern alone condenses; mixtures have no part."""
    found = basins(Multitasking(n_patterns=3, dilution=0.1), 0.45, directions=200)
    assert float(found["probability"].max()) == 1.0
    assert str(found["regime"].values[found["probability"].values.argmax()]) == "hierarchical"


def test_states_that_chains_leave_for_one_example_are_refused():
    """Two examples without a teacher: ties make equal overlaps unstable; five are enough."""
    two = Multitasking(n_patterns=2, dilution=0.5, learning=Unsupervised(2, 0.4))
    assert solve(two, 0.06).stability["examples"] < 0.0
    with pytest.raises(ValueError, match="examples"):
        basins(two, 0.06, directions=20)
    taught = Multitasking(n_patterns=2, dilution=0.5, learning=Supervised(2, 0.4))
    assert float(basins(taught, 0.06, directions=20)["probability"].sum()) > 0.9
    five = Multitasking(n_patterns=2, dilution=0.5, learning=Unsupervised(5, 0.9))
    assert solve(five, 0.06).stability["examples"] > 0.0
    assert float(basins(five, 0.06, directions=20)["probability"].sum()) > 0.9


@pytest.mark.parametrize(
    ("change", "error", "name"),
    [
        ({"model": Multitasking(load=0.1)}, ValueError, "model"),
        ({"model": Multitasking(n_patterns=2, field=(0.1,))}, ValueError, "model"),
        ({"temperature": 0.5}, ValueError, "temperature"),
        ({"temperature": -0.1}, ValueError, "temperature"),
        ({"directions": 0}, ValueError, "directions"),
        ({"seed": -1}, ValueError, "seed"),
    ],
)
def test_bad_input(change, error, name):
    arguments = {"model": Multitasking(n_patterns=2), "temperature": 0.1, **change}
    with pytest.raises(error, match=name):
        basins(arguments.pop("model"), arguments.pop("temperature"), **arguments)
