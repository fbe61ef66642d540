"""A mac by itself against plain NumPy and dictionaries: all that it shows and learns."""

import numpy as np
import pytest
from plain_mac import MACS, N, Plain, inputs

from assocmem.sdr import SDR, Codebook, Mac, Permanence, Selection
from assocmem.sdr.sparsey.mac_arrays import memory_of


@pytest.mark.parametrize("name", MACS)
def test_against_plain_numpy(name):
    """All intermediates to 1e-12 and the weights exactly, over 120 presentations."""
    mac = MACS[name]
    rng = np.random.default_rng(sum(map(ord, name)))
    memory, plain = mac.memory(N, seed=3), Plain(mac, N)
    for t, x in enumerate(inputs(rng, 120)):
        learn, choice = t % 5 != 4, ("draw", "maximum")[t % 3 == 2]
        held = memory.weights
        before = None if learn else memory.inspect(x, choice=choice)
        found = memory.present(x, learn=learn, choice=choice)
        bounds = x.sum() >= mac.pi_minus and (mac.pi_plus is None or x.sum() <= mac.pi_plus)
        if learn and bounds:
            plain.tick()
        seen = plain.look(x)
        assert found.active == (seen is not None) == bounds and found.size == x.sum()
        if not bounds:
            assert np.all(found.winners == -1) and found.G == 0.0 and not found.rho.any()
            np.testing.assert_array_equal(memory.weights, held)
            continue
        for entry in ("u", "held", "U", "V", "G", "zeta", "eta", "psi", "rho"):
            np.testing.assert_allclose(
                getattr(found, entry), seen[entry], rtol=1e-12, atol=1e-300, err_msg=entry
            )
        modules = np.arange(mac.n_modules)
        assert np.all((found.winners >= 0) & (found.winners < mac.n_units))
        if choice == "maximum":
            best = seen["V"].max(axis=1) * (1 - 1e-12)
            assert np.all(seen["V"][modules, found.winners] >= best)
        if not learn:
            np.testing.assert_array_equal(before.winners, found.winners)
            assert not found.learned and found.n_set == 0
        else:
            new = plain.learn(x, seen, found.winners)
            assert (found.learned, found.n_set) == (new is not None, new or 0)
        np.testing.assert_array_equal(memory.weights, plain.weights)
        assert memory.load == plain.weights.mean()
    assert (memory.n_presented, memory.n_learned) == (plain.ticks, plain.learned)
    assert plain.learned >= 10
    if "novelty" in name or "freeze" in name or name == "everything":
        assert plain.learned < plain.ticks  # the gate was shut at times


@pytest.mark.parametrize("name", ["plain", "everything", "fading slower", "bounds"])
def test_one_batch_or_item_by_item(name):
    rows = inputs(np.random.default_rng(1), 60)
    one, other = MACS[name].memory(N, seed=5), MACS[name].memory(N, seed=5)
    codes = one.learn(rows)
    np.testing.assert_array_equal(codes, [other.learn(row) for row in rows])
    np.testing.assert_array_equal(one.weights, other.weights)
    np.testing.assert_array_equal(one.codes(rows), [other.codes(row) for row in rows])
    np.testing.assert_array_equal(one.familiarity(rows), [other.familiarity(row) for row in rows])
    np.testing.assert_array_equal(one.codes(rows, choice="draw"), other.codes(rows, choice="draw"))


def test_ways_to_give_inputs():
    rows = inputs(np.random.default_rng(2), 20)
    lists = [np.flatnonzero(row).tolist() for row in rows]
    given = [
        rows,
        rows.astype(np.uint8),
        lists,
        [np.array(one) for one in lists],
        [SDR(N, one) for one in lists],
        Codebook(N, [SDR(N, one) for one in lists]),
        np.asfortranarray(rows),
    ]
    memories = [Mac(5, 6).memory(N, seed=1) for _ in given]
    codes = [memory.learn(each) for memory, each in zip(memories, given, strict=True)]
    for k, each in enumerate(given):
        np.testing.assert_array_equal(codes[k], codes[0])
        np.testing.assert_array_equal(memories[k].weights, memories[0].weights)
        assert memories[k].codes(each[3]).shape == (5,)
        assert isinstance(memories[k].familiarity(each[3]), float)
    assert codes[0].dtype == np.int16
    assert Mac(2, 2**15 + 1).memory(3).codes([[0], [1]]).dtype == np.int32


@pytest.mark.parametrize("n_features", [1, 63, 64, 65, 200])
def test_dense_inputs_of_any_length(n_features):
    row = np.random.default_rng(3).random(n_features) < 0.5
    row[0] = True
    memory = Mac(2, 3).memory(n_features)
    code = memory.learn(row)
    wanted = np.zeros((n_features, 2, 3), bool)
    wanted[:, [0, 1], code] = row[:, None]
    np.testing.assert_array_equal(memory.weights, wanted)
    np.testing.assert_array_equal(memory.read(code).dense, row)


def test_nothing_changes_by_looking():
    rows = inputs(np.random.default_rng(5), 30)
    memory = Mac(5, 6, permanence=Permanence(3)).memory(N, seed=1)
    memory.learn(rows)
    state = memory.__reduce__()[1][0]
    for _ in range(3):
        memory.inspect(rows[0])
        memory.inspect(rows[1], choice="draw")
        memory.familiarity(rows)
        repr(memory), memory.load, memory.weights, memory.read(memory.inspect(rows[0]).winners)
    after = memory.__reduce__()[1][0]
    for name, entry in state.items():
        np.testing.assert_array_equal(after[name], entry)
    # What inspection shows is what comes next.
    seen = memory.inspect(rows[2], choice="draw").winners
    np.testing.assert_array_equal(memory.codes(rows[2], choice="draw"), seen)
    memory.codes(rows)
    for name in ("weights", "counters", "ranks", "expiry"):
        np.testing.assert_array_equal(memory.__reduce__()[1][0][name], state[name])


def test_remedies_by_themselves():
    x = list(range(10))
    novel = Mac(5, 6, novelty=1.0).memory(N, seed=1)
    novel.learn([x, x, x])
    assert (novel.n_presented, novel.n_learned) == (3, 1)  # G = 1 is not below 1
    capped = Mac(4, 2, Selection(chi=0.0), cap=1.0).memory(N, seed=2)
    for k in range(30):
        capped.learn([2 * k, 2 * k + 1])
    assert np.all(capped.weights.sum(axis=0) == 2)  # each unit learned one input only
    frozen = Mac(5, 6, Selection(chi=0.0), freeze=0.1).memory(N, seed=3)
    frozen.learn([[k, k + 1, k + 2] for k in range(80)])
    # 270 of 2700 weights: reached at an input of 5 x 3 weights, and not by far passed.
    assert 270 <= frozen.weights.sum() < 270 + 15 and frozen.n_learned < 80
    half = Mac(1, 2, Selection(chi=0.0), freeze=0.5).memory(10, seed=1)
    half.learn([range(5), range(5, 10), [0, 9]])
    assert (half.weights.sum(), half.n_learned) == (10, 2)  # 10 of 20 are half of them
    # A unit that holds everything matches all, but with nu it loses to one that fits.
    for nu, winner in ((0.0, None), (0.5, 1)):
        memory = Mac(1, 2, nu=nu).memory(N, seed=4)
        entry = memory.__reduce__()[1][0]
        dense = np.zeros((N, 2), bool)
        dense[:, 0], dense[x, 1] = True, True
        words = np.zeros((2, 128), bool)
        words[:, :N] = dense.T
        octets = np.packbits(words, axis=1, bitorder="little")
        entry["weights"] = np.ascontiguousarray(octets.view("<u8").T, np.uint64)
        entry["counters"] = np.array([dense.sum(), 0, 0])
        memory = memory_of(entry)
        np.testing.assert_array_equal(memory.weights[:, 0], dense)
        codes = memory.codes([x] * 200)
        assert np.all(codes == winner) if nu else 0 < codes.mean() < 1  # a tie: 2^-199
        v = memory.inspect(x).V[0]
        np.testing.assert_allclose(v, [(10 / N) ** nu, 1.0], rtol=1e-14)


def test_traces_that_are_met_again_stay():
    mac = Mac(4, 4, Selection(chi=1e12), permanence=Permanence(3, 2.0, 2))
    other = iter([[50 + k, 51 + k] for k in range(0, 40, 2)])
    memory = mac.memory(N, seed=1)
    x = [1, 2, 3]
    code = memory.learn(x)  # tick 1: fades at tick 4
    memory.learn([next(other), next(other)])
    assert memory.weights[x][:, np.arange(4), code].all()
    memory.learn(next(other))
    assert not memory.weights[x].any()
    code = memory.learn(x)  # tick 5
    np.testing.assert_array_equal(memory.learn(x), code)  # tick 6: rank 1 fades at tick 12
    memory.learn([next(other) for _ in range(5)])
    assert memory.weights[x][:, np.arange(4), code].all()
    memory.learn(next(other))  # tick 12
    assert not memory.weights[x].any()
    again = mac.memory(N, seed=2)
    code = again.learn([x, x, x])[0]  # rank 2: for ever
    again.learn([[50 + k % 30, 51 + k % 30] for k in range(300)])
    assert again.weights[x][:, np.arange(4), code].all()
