"""Files and pickles of a mac: what is restored goes on alike, what is damaged is refused."""

import pickle

import numpy as np
import pytest
from plain_mac import MACS, N, inputs

from assocmem.sdr.sparsey.mac_memory import MacMemory


@pytest.mark.parametrize("name", ["plain", "everything", "fading slower"])
@pytest.mark.parametrize("way", ["file", "pickle"])
def test_restored_memories_go_on_alike(name, way, tmp_path):
    rows = inputs(np.random.default_rng(6), 90)
    memory = MACS[name].memory(N, seed=2**80)
    memory.learn(rows[:50])
    memory.codes(rows[:3], choice="draw")
    if way == "file":
        memory.save(tmp_path / "memory.npz")
        again = MacMemory.restore(tmp_path / "memory.npz")
    else:
        again = pickle.loads(pickle.dumps(memory))
    assert (again.mac, again.n_features, again.seed) == (memory.mac, N, 2**80)
    np.testing.assert_array_equal(again.weights, memory.weights)
    np.testing.assert_array_equal(again.learn(rows[50:]), memory.learn(rows[50:]))
    np.testing.assert_array_equal(again.weights, memory.weights)
    np.testing.assert_array_equal(
        again.codes(rows, choice="draw"), memory.codes(rows, choice="draw")
    )
    assert (again.n_presented, again.n_learned) == (memory.n_presented, memory.n_learned)
    assert repr(again) == repr(memory)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("weights", lambda x: x[:1]),
        ("weights", lambda x: x.astype(np.int64)),
        ("weights", lambda x: x | np.uint64(1 << 63)),  # features there are not
        ("counters", lambda x: np.add(x, [1, 0, 0])),
        ("counters", lambda x: x * [1, 1, -1]),
        ("single", lambda x: x * np.uint64(0)),
        ("ranks", lambda x: x + np.uint8(1)),
        ("expiry", lambda x: x * 0),
        ("model", lambda x: "{}"),
        ("model", lambda x: '{"type": "Selection"}'),
        ("n_features", lambda x: 64),
        ("seed", lambda x: "-1"),
    ],
)
def test_damaged_files_are_refused(name, change, tmp_path):
    memory = MACS["fading slower"].memory(N, seed=1)
    memory.learn(inputs(np.random.default_rng(7), 10))
    memory.save(tmp_path / "memory.npz")
    with np.load(tmp_path / "memory.npz") as archive:
        entry = dict(archive)
    np.savez(tmp_path / "bad.npz", **{**entry, name: change(entry[name])})
    with pytest.raises(ValueError, match="path"):
        MacMemory.restore(tmp_path / "bad.npz")
    del entry[name]
    np.savez(tmp_path / "less.npz", **entry)
    with pytest.raises(ValueError, match=name):
        MacMemory.restore(tmp_path / "less.npz")
    with pytest.raises(OSError):
        MacMemory.restore(tmp_path / "none.npz")
