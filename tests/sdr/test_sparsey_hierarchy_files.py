"""Hierarchies as files and copies; what they refuse."""

import copy
import pickle

import numpy as np
import pytest
from test_sparsey_hierarchy import FADING, MODEL, N, frames, learned

from assocmem.sdr import SDR, Level, Mac, Selection
from assocmem.sdr.sparsey.hierarchy_memory import HierarchyMemory


@pytest.mark.parametrize(
    ("frame", "error", "says"),
    [
        ([0, 126], ValueError, r"frame\[0\] must be a frame"),
        ([3, 3], ValueError, "twice"),
        ([0.5], TypeError, "integers"),
        (np.ones((9, 7)), ValueError, "must be a list of active features"),
        (np.ones(125, bool), ValueError, "must be a list of active features"),
        (np.full(N, 2.0), TypeError, "integers"),
        (np.full((9, 7, 2), 2), ValueError, "only 0 and 1"),
        (SDR(5, [1]), ValueError, "126 features"),
        ("abc", ValueError, "must be a list of active features"),
    ],
)
def test_what_is_no_frame_is_refused(frame, error, says):
    memory = MODEL.memory()
    with pytest.raises(error, match=says):
        memory.step(frame)
    with pytest.raises(error):
        memory.store([frame])


def both_go_on(memory, other, n, seed=5):
    for t, frame in enumerate(frames(12, n, seed=seed)):
        learn = t % 3 > 0
        one, two = (each.step(None if t == 7 else frame, learn=learn) for each in (memory, other))
        for name in ("codes", "familiarity", "zeta", "age"):
            for a, b in zip(getattr(one, name), getattr(two, name), strict=True):
                np.testing.assert_array_equal(a, b)
    assert memory.load == other.load


@pytest.mark.parametrize("model", [MODEL, FADING], ids=["staying", "fading"])
def test_files_and_copies_in_the_middle_of_a_sequence(model, tmp_path):
    memory, films, _ = learned(model)
    memory.reset()
    memory.step(films[0][0], learn=True)
    memory.step(films[0][1])
    path = tmp_path / "memory"
    memory.save(path)
    n = films.shape[2]
    for make in (
        lambda: HierarchyMemory.restore(path),
        lambda: pickle.loads(pickle.dumps(memory)),
        lambda: copy.deepcopy(memory),
    ):
        other = make()
        assert repr(other) == repr(memory)
        assert other.model == model
        both_go_on(copy.deepcopy(memory), other, n)


def test_weights_fade():
    memory = FADING.memory()
    film = frames(3, 16, rate=0.5)
    memory.store(film)
    held = memory.load[0]["u"]
    memory.step(film[0], learn=False)
    assert memory.load[0]["u"] == held
    # Nothing is met again, as inputs of others are few: the rest fades after three ticks.
    for frame in np.eye(16, dtype=bool)[:8]:
        memory.step(frame, learn=True)
    assert memory.load[0]["u"] < held


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("weights_0", lambda x: x | np.uint64(1 << 60)),
        ("weights_1", lambda x: x ^ np.uint64(1)),
        ("held_0", lambda x: x + 1),
        ("tally_1", lambda x: x + 1),
        ("winners_0", lambda x: x + 100),
        ("bits_1", lambda x: x ^ np.uint64(2)),
        ("tally_0", lambda x: x * 0),
        ("single_0", lambda x: x * np.uint64(0)),
        ("found_0", lambda x: x * np.nan),
        ("supports_1", lambda x: x[:, :1]),
        ("tally_0", lambda x: x.astype(float)),
        ("expiry_0", lambda x: x * 0),
        ("ranks_0", lambda x: x + 9),
        ("earliest_0", lambda x: x * 0 + 2**62),
        ("n_steps", lambda x: np.array(-1)),
        ("model", lambda x: np.array("[]")),
        ("seed", lambda x: np.array("-1")),
        ("held_1", None),
    ],
)
def test_files_that_hold_something_else_are_refused(name, change, tmp_path):
    memory, films, _ = learned(FADING)
    memory.reset()
    memory.step(films[0][0], learn=True)
    path = tmp_path / "memory.npz"
    memory.save(path)
    with np.load(path) as archive:
        entries = dict(archive)
    if change is None:
        del entries[name]
    else:
        entries[name] = change(entries[name])
    np.savez(path, **entries)
    with pytest.raises(ValueError, match="must be a file of a HierarchyMemory"):
        HierarchyMemory.restore(path)


def test_misuse():
    memory, films, codes = learned()
    before = copy.deepcopy(memory)
    calls = [
        (lambda: HierarchyMemory("model"), TypeError, "model"),
        (lambda: MODEL.memory(seed=-1), ValueError, "seed"),
        (lambda: memory.step([1], learn=1), TypeError, "learn"),
        (lambda: memory.store(films[0], films[0]), ValueError, "target"),
        (lambda: memory.store(5), TypeError, "sequence"),
        (lambda: memory.store(SDR(N, [1])), TypeError, "sequence"),
        (lambda: memory.store([[1], [500]]), ValueError, r"sequence\[1\]"),
        (lambda: memory.recall(films[0], -1), ValueError, "steps"),
        (lambda: memory.recall(films[0], 1, threshold=0.0), ValueError, "threshold"),
        (lambda: memory.read(threshold=1.5), ValueError, "threshold"),
        (lambda: memory.complete(films[0], threshold="x"), TypeError, "threshold"),
        (lambda: memory.forget(films[0]), ValueError, "forget"),
        (lambda: memory.inspect(3, 0), ValueError, "level"),
        (lambda: memory.inspect(0, 9), ValueError, "mac"),
        (lambda: memory.weights(0, -1), ValueError, "mac"),
        (lambda: memory.sources(True), TypeError, "level"),
        (lambda: memory.recognise(films[0], []), ValueError, "stored_codes"),
        (lambda: memory.recognise(films[0], codes, level=3), ValueError, "level"),
        (lambda: memory.recognise(films[0][:0], codes), ValueError, "sequence"),
        (lambda: memory.recognise(films[0], [codes[0][:2]]), ValueError, r"stored_codes\[0\]"),
        (lambda: memory.recognise(films[0], [5]), TypeError, r"stored_codes\[0\]"),
    ]
    for call, error, says in calls:
        with pytest.raises(error, match=says):
            call()
    with pytest.raises(FileNotFoundError):
        HierarchyMemory.restore("nowhere/at/all.npz")
    for one, other in zip(before._levels, memory._levels, strict=True):
        np.testing.assert_array_equal(one.weights, other.weights)
    for options in ({"silent_below": 1.5}, {"silent_below": "x"}):
        with pytest.raises((TypeError, ValueError), match="silent_below"):
            Level(Mac(2, 2), 1, **options)
    with pytest.raises(ValueError, match="recruit"):
        Level(Mac(2, 2, novelty=0.5, cap=1.0, recruit=1.0), 1)
    with pytest.raises(TypeError, match="keep_input"):
        Selection(keep_input=1)
