"""Experiments on sequences: measures by hand, what theory says, and what must not matter."""

import os

import numpy as np
import pytest

from assocmem.sdr.sparsey import picture_experiments
from assocmem.sdr.sparsey.disturbances import Warped
from assocmem.sdr.sparsey.picture_experiments import (
    drawn_digits,
    moving_digits,
    picture_experiment,
    picture_model,
    recalled_pictures,
)
from assocmem.sdr.sparsey.recognition_experiments import (
    recognition_experiment,
    recognition_rates,
)
from assocmem.sdr.sparsey.selection import Selection
from assocmem.sdr.sparsey.sequence_capacity import capacity_experiment
from assocmem.sdr.sparsey.sequence_experiments import (
    frame_accuracy,
    recall_alone,
    recall_experiment,
    recall_rates,
    sequence_model,
    winner_accuracy,
)
from assocmem.sdr.sparsey.streams import complex_sequences, random_sequences

SMALL = {"numbers": (2, 5), "size": 12, "alphabet": 40, "probes": 4, "repeats": 2}


def test_accuracies_by_sets():
    rng = np.random.default_rng(0)
    found, true = rng.random((2, 5, 7, 30)) < 0.3
    found[0, 0] = true[0, 0] = False
    for place in np.ndindex(5, 7):
        a, b = set(np.flatnonzero(found[place])), set(np.flatnonzero(true[place]))
        expected = len(a & b) / len(a | b) if a | b else 1.0
        assert frame_accuracy(found, true)[place] == expected
    codes = rng.integers(0, 3, (2, 6, 4, 5))
    codes[0, :, 1], codes[1, 2:, 1], codes[:, 5] = -1, -1, -1
    for t in range(6):
        alike = either = 0
        for a, b in zip(codes[0, t].ravel(), codes[1, t].ravel(), strict=True):
            either += a >= 0 or b >= 0
            alike += a == b >= 0
        assert winner_accuracy(*codes)[t] == (alike / either if either else 1.0)


def test_recall_alone_is_recall():
    """Two memories alike: ties are broken by the same numbers."""
    films = random_sequences(6, 8, 100, 10, rng=0)
    one, other = (sequence_model(8, 8, side=10).memory(seed=3) for _ in range(2))
    for film in films:
        one.store(film)
        other.store(film)
    for film in films:
        frames, codes = recall_alone(one, film[:2], 6)
        np.testing.assert_array_equal(frames, other.recall(film[:2], 6))
        assert codes[0].shape == (6, 1, 8)


def test_rates_of_a_memory_that_knows_nothing_else():
    """One sequence of frames without common features is recalled wholly, from any prompt."""
    frames = np.kron(np.eye(6, dtype=bool), np.ones((1, 4), bool))
    frames = np.pad(frames, ((0, 0), (0, 1)))
    memory = sequence_model(6, 12, side=5).memory(seed=1)
    codes = [memory.store(frames)]
    assert recall_rates(memory, [frames], codes, 1) == (1.0, 1.0)
    wrong = [tuple(level * 0 - 1 for level in codes[0])]
    assert recall_rates(memory, [frames], wrong, 1) == (1.0, 0.0)
    moments = np.array([0, 1, 2, 3, 4, 5])
    shown = [Warped(frames, moments), Warped(frames, moments[::-1])]
    assert recognition_rates(memory, shown[:1], [0], codes) == (1.0, 1.0, 1.0)
    assert recognition_rates(memory, shown[1:], [0], codes) == (0.0, 1.0, 1.0)
    assert recognition_rates(memory, shown[:1], [1], codes) == (0.0, 0.0, 0.0)


def test_recall_experiment_depends_on_its_seed_alone():
    models = {"a": sequence_model(8, 12, side=10), "b": sequence_model(8, 8, side=10)}
    first = recall_experiment(models, **SMALL)
    assert first.equals(recall_experiment(models, **SMALL))
    alone = recall_experiment({"b": models["b"]}, **SMALL)
    np.testing.assert_array_equal(alone["frames"][0], first["frames"][1])
    assert not first["load"].equals(recall_experiment(models, **SMALL, seed=1)["load"])
    turned = recall_experiment(models, **{**SMALL, "numbers": (5, 2)})
    np.testing.assert_array_equal(turned["frames"].sel(number=[2, 5]), first["frames"])


def test_without_horizontal_afferents_nothing_goes_on():
    models = {h: sequence_model(8, 24, side=10, horizontal=h == "with") for h in ("with", "no")}
    data = recall_experiment(models, **SMALL)
    assert np.all(data["winners"].sel(model="with") == 1.0)
    assert np.all(data[["frames", "winners", "load"]].sel(model="no").to_array() == 0.0)


def test_load_of_horizontal_weights():
    """Codes drawn uniformly: 1 - (1 - 1/K^2)^S after S transitions, within 5 errors of 8 memories.

    Student's law of 7 degrees of freedom beyond 5: 1.6e-3 for each of three, 5e-3 together.
    """
    model = {"uniform": sequence_model(6, 10, side=10, selection=Selection(chi=0.0))}
    numbers = np.array([3, 8, 20])
    data = recall_experiment(
        model, numbers=numbers, lengths=(9,), kind="random", size=10, probes=1, repeats=8
    )
    expected = 1.0 - (1.0 - 1.0 / 100.0) ** (8 * numbers)
    load = data["load"].isel(model=0, length=0)
    error = load.std("repeat", ddof=1) / np.sqrt(8)
    assert np.all(abs(load.mean("repeat") - expected) < 5.0 * error)
    assert np.all(error < 0.02)


def _first_winner_right(modules, units, stored, rng, draws=4000):
    """Chance that a module's winner is right one step after a code recognised without error.

    Codes are uniform. Of the stored - 1 other transitions N_i lead to unit i of the module; all Q
    sources of the present code are among those of some of the N_i, each with chance 1/K in each,
    with chance (1 - (1 - 1/K)^N_i)^Q. Then unit i ties with the right one. Exact but for draws of
    N.
    """
    leads = rng.multinomial(stored - 1, np.full(units, 1.0 / units), size=draws)[:, 1:]
    chance = (1.0 - (1.0 - 1.0 / units) ** leads) ** modules
    ties = np.zeros((draws, units))
    ties[:, 0] = 1.0
    for part in chance.T:
        ties[:, 1:] = ties[:, 1:] * (1.0 - part[:, None]) + ties[:, :-1] * part[:, None]
        ties[:, 0] *= 1.0 - part
    return (ties / np.arange(1, units + 1)).sum(axis=1).mean()


def test_first_step_alone_against_theory():
    """Within 5 errors of 16 memories; Student's law of 15 degrees of freedom: 1.6e-4 for each.

    Theory has an error of its own of about 1e-3 from its draws, which is added.
    """
    modules, units = 5, 6
    for stored in (25, 45):
        model = sequence_model(modules, units, selection=Selection(chi=0.0))
        found = []
        for seed in range(16):
            memory = model.memory(seed=seed)
            films = random_sequences(stored, 2, 400, 16, rng=1000 * stored + seed)
            codes = [memory.store(film)[0] for film in films]
            alike = []
            for film, code in zip(films, codes, strict=True):
                step = memory.codes([film[0], None])[0]
                np.testing.assert_array_equal(step[0], code[0])
                alike.append(winner_accuracy(step[1], code[1]))
            found.append(np.mean(alike))
        expected = _first_winner_right(modules, units, stored, np.random.default_rng(stored))
        error = np.std(found, ddof=1) / 4.0
        assert abs(np.mean(found) - expected) < 5.0 * np.hypot(error, 1e-3)
        assert 0.3 < expected < 0.9 and error < 0.02


def test_complex_sequences_need_the_context():
    """With H the pair that shares a stretch is told apart in it; without it is the same codes."""
    made = complex_sequences(2, 14, 400, 16, alphabet=60, shared=6, own_head=True, rng=2)
    codes = {}
    for horizontal in (True, False):
        memory = sequence_model(24, 24, horizontal=horizontal).memory(seed=0)
        codes[horizontal] = [memory.store(film)[0][made.shared] for film in made.frames]
    assert winner_accuracy(*codes[True]).max() < 0.5
    assert winner_accuracy(*codes[False]).min() > 0.9


def test_capacity_grows_with_weights():
    """Four times the horizontal weights at the same Q: about four times the frames."""
    data = capacity_experiment([(16, 8), (16, 16)], repeats=2, probes=8, side=20, size=16)
    small, large = data["capacity"].mean("repeat").values
    assert 3.0 < large / small < 5.0
    assert data["horizontal"].values.tolist() == [128**2, 256**2]
    assert data["bottom_up"].values.tolist() == [400 * 128, 400 * 256]
    again = capacity_experiment([(16, 8)], repeats=2, probes=8, side=20, size=16)
    np.testing.assert_array_equal(again["capacity"][0], data["capacity"][0])


def test_recognition():
    options = {"changed": (0, 12), "omissions": (0, 4), "speeds": (0.5, 1.0, 2.0), "repeats": 2}
    data = recognition_experiment(count=4, mac=(16, 48), **options)
    for name, strength, none in (
        ("noise", "changed", 0),
        ("omission", "omitted", 0),
        ("pace", "speed", 1.0),
    ):
        assert np.all(data[name].sel({strength: none}) == 1.0)
        assert np.all(data[name].sel(rate="moment") <= data[name].sel(rate="sequence"))
    random = data.sel(kind="random", rate="moment")
    for name in ("omission", "pace"):
        assert np.all(random[name].sel(back_off=0.5) == 1.0)
    assert np.all(random["pace"].sel(back_off=0.0, speed=[0.5, 2.0]) < 1.0)
    # Noise beyond the bound is what back-off costs.
    noise = random["noise"].sel(changed=12).mean("repeat")
    assert noise.sel(back_off=0.5) < noise.sel(back_off=0.0)
    assert data.equals(recognition_experiment(count=4, mac=(16, 48), **options))


def test_digits_in_motion():
    pytest.importorskip("sklearn")
    films, labels = moving_digits(6, 9, rng=np.random.default_rng(0))
    assert films.shape == (6, 9, 16, 16) and labels.shape == (6,)
    sizes = films.sum(axis=(2, 3))
    assert np.all(sizes == sizes[:, :1]) and sizes.min() > 5
    films, labels = drawn_digits(6, 9, window=12, rng=np.random.default_rng(0))
    assert films.shape == (6, 9, 24, 24) and len(set(labels)) > 1
    assert np.all(films.sum(axis=(2, 3)) == 12)
    # Two pixels of the path are new in each frame, and two are gone.
    assert np.all((films[:, 1:] & ~films[:, :-1]).sum(axis=(2, 3)) == 2)


def test_too_few_long_digits(monkeypatch):
    bar = np.zeros((24, 24))
    bar[12, 2:22] = 255.0
    few = (np.array([bar, bar.T]), np.array([1, 1], np.uint8))
    monkeypatch.setattr(picture_experiments, "_digits", lambda data, rng: few)
    assert len(drawn_digits(2, 3, rng=np.random.default_rng(0))[0]) == 2
    with pytest.raises(ValueError, match="at most 2"):
        drawn_digits(3, 3, rng=np.random.default_rng(0))


def test_picture_experiment():
    pytest.importorskip("sklearn")
    options = {"numbers": (2, 3), "mac": (12, 24), "probes": 2, "repeats": 2}
    data = picture_experiment(**options)
    assert np.all(data["frames"].sel(kind="drawn").mean("repeat") > 0.9)
    assert np.all(data["whole"].sel(number=2) == 1.0)
    assert np.all(data["moment"] <= data["sequence"])
    assert data.equals(picture_experiment(**options))


def test_pictures_recalled():
    pytest.importorskip("sklearn")
    data = recalled_pictures(count=3, show=2)
    assert data["true"].shape == data["recalled"].shape == (2, 12, 24, 24)
    both = (data["true"] & data["recalled"]).sum(("row", "column"))
    either = (data["true"] | data["recalled"]).sum(("row", "column"))
    np.testing.assert_allclose(data["accuracy"], both / either)
    assert data["accuracy"][:, 2:].mean() > 0.9


@pytest.mark.parametrize(
    "experiment, wrong",
    [
        (recall_experiment, {"kind": "long"}),
        (recall_experiment, {"models": {}}),
        (recall_experiment, {"models": {"a": sequence_model(side=4), "b": sequence_model(side=5)}}),
        (recall_experiment, {"lengths": (2,)}),
        (recall_experiment, {"repeats": 1}),
        (capacity_experiment, {"level": 1.0}),
        (recognition_experiment, {"kinds": ("long",)}),
        (recognition_experiment, {"omissions": (16,)}),
        (picture_experiment, {"kinds": ("still",)}),
        (recalled_pictures, {"kind": "still"}),
        (recalled_pictures, {"show": 17}),
        (picture_model, {"side": 10}),
    ],
)
def test_experiments_refuse(experiment, wrong):
    name = next(iter(wrong))
    with pytest.raises(ValueError, match=name):
        experiment(**wrong)


@pytest.mark.slow
@pytest.mark.skipif(
    not os.path.isdir(os.path.join(os.environ.get("ASSOCMEM_DATA", ""), "mnist")),
    reason="needs MNIST in the folder ASSOCMEM_DATA",
)
def test_mnist_in_motion():
    """32 sequences in one presentation, two frames of prompt."""
    data = picture_experiment(data="mnist", numbers=(32,), repeats=2, probes=8)
    assert np.all(data["frames"].mean("repeat") > 0.9)
    assert np.all(data["moment"].mean("repeat") > 0.9)
