"""Hierarchies: wiring, reading, recognition, states, files, refusals."""

import copy
import itertools

import numpy as np
import pytest

from assocmem.memory import Memory
from assocmem.sdr import SDR, Hierarchy, Level, Mac, Permanence, Selection
from assocmem.sdr.kernels.level import extract
from assocmem.sdr.sparsey.hierarchy_arrays import above, beside, clear
from assocmem.sdr.sparsey.hierarchy_frames import packed_frame, packed_frames
from assocmem.sdr.sparsey.hierarchy_recall import Recognised

MODEL = Hierarchy(
    (9, 7),
    (
        Level(Mac(5, 13, selection=Selection(g_minus=0.5)), (4, 3), (2, 2), reach=1),
        Level(Mac(3, 25, selection=Selection(g_minus=0.5)), (2, 2), reach=0),
        Level(Mac(4, 40, selection=Selection(g_minus=0.5)), (2, 1), reach=None),
    ),
    channels=2,
)
FADING = Hierarchy(
    (4, 4), (Level(Mac(3, 5, permanence=Permanence(3)), 3), Level(Mac(2, 70), 2, persistence=1))
)
N = 9 * 7 * 2


def frames(count, n=N, seed=0, rate=0.25):
    return np.random.default_rng(seed).random((count, n)) < rate


def learned(model=MODEL, seed=0, count=3, steps=7):
    memory = model.memory(seed=seed)
    n = memory._tilings[0].n_sheet
    films = frames(count * steps, n).reshape(count, steps, n)
    return memory, films, [memory.store(film) for film in films]


def test_bits_are_extracted_from_any_place_to_any_other():
    rng = np.random.default_rng(0)
    for _ in range(300):
        bits = rng.random(256) < 0.5
        words = np.packbits(bits, bitorder="little").view(np.uint64)
        length = int(rng.integers(0, 200))
        start, at = int(rng.integers(0, 257 - length)), int(rng.integers(0, 257 - length))
        out = np.zeros(4, np.uint64)
        extract(words, np.uint64(start), np.uint64(length), out, np.uint64(at))
        wanted = np.zeros(256, bool)
        wanted[at : at + length] = bits[start : start + length]
        found = np.unpackbits(out.view(np.uint8), bitorder="little")
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("reach", [None, 0, 1, 2, 9])
@pytest.mark.parametrize("grid", [(1, 1), (3, 5), (4, 2)])
def test_macs_beside(grid, reach):
    found = beside(grid, reach)
    places = list(itertools.product(range(grid[0]), range(grid[1])))
    for m, (row, column) in enumerate(places):
        wanted = [
            k
            for k, (r, c) in enumerate(places)
            if reach is not None and max(abs(r - row), abs(c - column)) <= reach
        ]
        assert found[m][found[m] >= 0].tolist() == wanted
        assert np.all(found[m][len(wanted) :] == -1)
    assert found.shape[1] == max(len(row[row >= 0]) for row in found)


def test_wiring_of_all_levels_by_brute_force():
    memory = MODEL.memory()
    grids = [(3, 3), (2, 2), (1, 2)]
    assert [tiling.grid for tiling in memory._tilings] == grids
    wanted = []
    for i, j in itertools.product(range(3), range(3)):
        rows, columns = range(2 * i, 2 * i + 4), range(2 * j, 2 * j + 3)
        wanted.append([(r * 7 + c) * 2 + k for r in rows for c in columns for k in range(2)])
    np.testing.assert_array_equal(memory.sources(0)["u"], wanted)
    seen = [[r * 3 + c for r in (i, i + 1) for c in (j, j + 1)] for i in range(2) for j in range(2)]
    np.testing.assert_array_equal(memory.sources(1)["u"], seen)
    for m in range(9):
        row = memory.sources(0)["d"][m]
        assert row[row >= 0].tolist() == [k for k in range(4) if m in seen[k]]
    assert memory.sources(2)["d"].shape == (2, 0)
    assert memory.sources(2)["h"].shape == (2, 0)
    # Macs that no field of the next level reaches hear nothing from above.
    odd = Hierarchy((5, 5), (Level(Mac(2, 3), 2), Level(Mac(2, 3), 2, 3)))
    assert odd.tilings[1].grid == (1, 1)
    row = above(odd.tilings[1], 16)
    assert np.flatnonzero(row[:, 0] == 0).tolist() == [0, 1, 4, 5]
    numbers = [16 * 4 * 6, 16 * 36, 4 * 36]
    assert odd.memory().n_weights == (dict(zip("uhd", numbers, strict=True)), {"u": 144, "h": 36})


def test_words_of_the_kernels_hold_what_macs_see():
    memory = MODEL.memory(seed=2)
    for frame in frames(6, seed=3):
        before = [level.winners.copy() for level in memory._levels]
        step = memory.step(frame, learn=True)
        for j, m in ((0, 0), (0, 5), (1, 3)):
            sources, state = memory.sources(j), memory._levels[j]
            if step.age[j][m] > 1:
                continue
            dense = np.unpackbits(state.inputs[m].view(np.uint8), bitorder="little")
            size = {"u": step.codes[max(0, j - 1)], "h": before[j], "d": before[min(2, j + 1)]}
            word = 0
            for kind in "uhd":
                if j == 0 and kind == "u":
                    found = dense[: len(sources["u"][m])]
                    np.testing.assert_array_equal(found, frame[sources["u"][m]])
                    word = 1
                    continue
                codes, k = size[kind], {0: 13, 1: 25, 2: 40}
                units = k[j if kind == "h" else j + 1 if kind == "d" else j - 1]
                for source in sources[kind][m]:
                    n = codes.shape[1] * units
                    words = -(-n // 64)
                    part = dense[64 * word : 64 * (word + words)]
                    wanted = np.zeros(64 * words, np.uint8)
                    if source >= 0 and codes[source, 0] >= 0:
                        wanted[np.arange(codes.shape[1]) * units + codes[source]] = 1
                    np.testing.assert_array_equal(part, wanted)
                    word += words
            assert word == len(state.inputs[m])


def test_frames_in_all_forms():
    shape = (3, 4, 2)
    dense = frames(5, 24, seed=4)
    words, given = packed_frames("x", dense, shape)
    assert words.shape == (5, 1)
    assert given.all()
    for t, frame in enumerate(dense):
        bits = np.unpackbits(words[t].view(np.uint8), bitorder="little")
        np.testing.assert_array_equal(bits[:24], frame)
        assert not bits[24:].any()
    forms = (
        dense.reshape(5, 3, 4, 2),
        dense.astype(float),
        list(dense),
        [frame.reshape(shape).astype(np.uint8) for frame in dense],
        [frame.astype(int).tolist() for frame in dense],
        [np.flatnonzero(frame) for frame in dense],
        [np.flatnonzero(frame)[::-1].tolist() for frame in dense],
        (SDR.from_dense(frame) for frame in dense),
    )
    for form in forms:
        np.testing.assert_array_equal(packed_frames("x", form, shape)[0], words)
    words, given = packed_frames("x", [None, [3], []], shape)
    assert given.tolist() == [False, True, True]
    assert words[:, 0].tolist() == [0, 8, 0]
    # Sheets without channels may be given as matrices.
    plain = packed_frame("x", dense[0].reshape(4, 6), (4, 6, 1))
    np.testing.assert_array_equal(plain, packed_frame("x", dense[0], (4, 6, 1)))


def test_reading_against_dense_weights():
    memory, films, _ = learned()
    for threshold in (1.0, 0.8, 0.3, 1e-9):
        memory.reset()
        memory.codes(films[1][:3])
        step = memory.step(None)
        seen, counts = np.zeros(N), np.zeros(N)
        features = memory.sources(0)["u"]
        for m in range(9):
            if not step.active[0][m]:
                continue
            weights = memory.weights(0, m)["u"]
            for q, k in enumerate(step.codes[0][m]):
                seen[features[m]] += 1
                counts[features[m]] += weights[:, q, k]
        wanted = (seen > 0) & (counts >= threshold * seen)
        np.testing.assert_array_equal(memory.read(threshold=threshold), wanted)
    memory.reset()
    assert not memory.read().any()


def test_recall_goes_on_from_the_prompt_by_single_steps():
    memory, films, _ = learned()
    other = copy.deepcopy(memory)
    found = memory.recall(films[0][:2], 4, threshold=0.7)
    other.reset()
    for frame in films[0][:2]:
        other.step(frame)
    for frame in found:
        other.step(None)
        np.testing.assert_array_equal(frame, other.read(threshold=0.7))
    assert memory.recall(films[0][:2], 0).shape == (0, N)
    assert memory.recall(films[0][:2]).shape == (1, N)
    # With nothing before it, free recall finds nothing.
    memory.reset()
    assert not any(active.any() for active in memory.step(None).active)


def test_stored_codes_come_back_in_retrieval():
    memory, films, codes = learned()
    for film, stored in zip(films, codes, strict=True):
        assert [each.shape for each in stored] == [(7, 9, 5), (7, 4, 3), (7, 2, 4)]
        for now, then in zip(memory.codes(film), stored, strict=True):
            assert (now == then).mean() > 0.9


def test_recognition_against_plain_counts():
    memory, films, codes = learned(count=4, steps=6)
    given = films[2].copy()
    given[:, ::5] = False
    for level in (None, 0, 1, 2):
        now = copy.deepcopy(memory).codes(given)  # the same, from the same generators
        found = memory.recognise(given, codes, level=level)
        levels = range(3) if level is None else [level]
        for t, (s, stored) in itertools.product(range(6), enumerate(codes)):
            shares = []
            for n in range(6):
                one = [int(k) for j in levels for k in now[j][t].ravel()]
                other = [int(k) for j in levels for k in stored[j][n].ravel()]
                same = sum(a == b and a >= 0 for a, b in zip(one, other, strict=True))
                most = max(sum(a >= 0 for a in one), sum(b >= 0 for b in other), 1)
                shares.append(same / most)
            assert found.shares[t, s] == max(shares)
            assert found.times[t, s] == shares.index(max(shares))
        assert found.shares.shape == found.times.shape == (6, 4)
        np.testing.assert_array_equal(found.share, found.shares.max(axis=1))
        assert "winner=2" in repr(found)
    exact = memory.recognise(films[2], codes, level=0)
    assert exact.winner == 2
    assert exact.sequence.tolist() == [2] * 6
    assert exact.time.tolist() == list(range(6))


def test_recognition_of_given_codes():
    from assocmem.sdr.sparsey.hierarchy_recall import compare, flattened

    stored = [
        (np.array([[[0, 1], [2, 0]], [[1, 1], [-1, -1]]]),),
        (np.array([[[0, 0], [2, 2]]]),),
    ]
    present = (np.array([[[0, 1], [2, 2]], [[-1, -1], [-1, -1]], [[1, 1], [2, 0]]]),)
    present, *parts = flattened([present, *stored], [(2, 2)], slice(None))
    found = compare(present, parts)
    assert isinstance(found, Recognised)
    np.testing.assert_array_equal(found.shares, [[0.75, 0.75], [0.0, 0.0], [0.75, 0.25]])
    np.testing.assert_array_equal(found.times, [[0, 0], [0, 0], [0, 0]])
    assert found.sequence.tolist() == [0, 0, 0]
    assert found.mean.tolist() == [0.5, 1 / 3]


def test_weights_and_loads():
    memory, _, _ = learned()
    for j, (numbers, load) in enumerate(zip(memory.n_weights, memory.load, strict=True)):
        dense = [memory.weights(j, m) for m in range(memory._tilings[j].n_macs)]
        for kind in "uhd":
            assert sum(each[kind].size for each in dense) == numbers.get(kind, 0)
            if kind in numbers:
                wanted = sum(each[kind].sum() for each in dense) / numbers[kind]
                assert load[kind] == pytest.approx(wanted, rel=1e-12)
    assert set(memory.n_weights[2]) == {"u"}


def test_capacity_against_storing():
    # Codes are drawn uniformly at chi = 0, so that the formula is exact but for activity.
    for levels in (
        (Level(Mac(8, 8, selection=Selection(chi=0.0)), 10, persistence=1),),
        (Level(Mac(6, 6, selection=Selection(chi=0.0)), 10, persistence=3, reach=None),),
        (
            Level(Mac(4, 40, selection=Selection(chi=0.0)), 5, 5, reach=None, persistence=1),
            Level(Mac(6, 6, selection=Selection(chi=0.0)), 2, reach=0, persistence=4),
        ),
    ):
        memory = Hierarchy((10, 10), levels).memory(seed=1)
        steps = memory.capacity(20)
        rng = np.random.default_rng(2)
        film = np.array([rng.permutation(np.arange(100) < 20) for _ in range(round(steps))])
        memory.store(film)
        largest = max(value for entry in memory.load for value in entry.values())
        # Rounding of the steps shifts the load by at most 0.35/steps for each; the load itself
        # fluctuates by some 0.5/sqrt(selections), steps over persistence.
        assert abs(largest - 0.5) < 4 * 0.5 / np.sqrt(steps) / np.sqrt(4) + 0.35 / steps
    with pytest.raises(ValueError, match="size"):
        memory.capacity(101)
    with pytest.raises(ValueError, match="load"):
        memory.capacity(5, load=1.0)


def test_persistence_and_age():
    memory = Hierarchy((4, 4), Level(Mac(3, 9), 4, persistence=3)).memory()
    ages = [memory.step(frame, learn=True).age[0][0] for frame in frames(7, 16)]
    assert ages == [1, 2, 3, 1, 2, 3, 1]
    step = memory.step(np.zeros(16, bool))
    assert step.active[0][0]  # it keeps its code of age 1 although it sees nothing
    memory.step(np.zeros(16, bool))
    assert not memory.step(np.zeros(16, bool)).active[0][0]


def test_states_of_macs():
    memory, films, _ = learned()
    memory.reset()
    assert "no code" in repr(memory.inspect(0, 0))
    memory.step(films[0][0])
    step = memory.step(films[0][1], learn=True)
    for j, m in ((0, 4), (1, 0), (2, 1)):
        state = memory.inspect(j, m)
        mac = MODEL.levels[j].mac
        assert state.active
        assert state.age == step.age[j][m]
        assert state.G == step.familiarity[j][m] == pytest.approx(state.V.max(axis=1).mean())
        assert state.zeta == step.zeta[j][m]
        np.testing.assert_array_equal(state.winners, step.codes[j][m])
        np.testing.assert_allclose(state.rho.sum(axis=1), 1.0)
        s = mac.selection
        eta = 1 + max(0.0, (state.G - s.g_minus) / (1 - s.g_minus)) ** s.gamma * s.chi * mac.n_units
        psi = 1 + (eta - 1) / (1 + s.sigma_1 * np.exp(-s.sigma_2 * (state.V - s.sigma_3)))
        np.testing.assert_allclose(state.rho, psi / psi.sum(axis=1, keepdims=True))
        v = np.ones_like(state.V)
        for kind in state.kinds:
            v *= np.minimum(1.0, state.sums[kind] / state.pi[kind])
        np.testing.assert_allclose(state.V, v)
    assert memory.inspect(0, 4).kinds == "uhd"
    assert memory.inspect(0, 4).choice == "draw"
    assert memory.inspect(2, 0).choice == "maximum"  # kept from the step before
    assert memory.inspect(2, 0).kinds == "u"
    memory.inspect(0, 4).V[:] = 5.0  # a copy
    assert memory.inspect(0, 4).V.max() <= 1.0


@pytest.mark.parametrize("keep_input", [False, True])
def test_back_off_against_all_combinations(keep_input):
    selection = Selection(
        back_off=0.777, keep_input=keep_input, g_minus=0.8, lambda_u=0.7, lambda_d=1.5
    )
    mac = Mac(4, 9, selection=selection)
    model = Hierarchy((6, 6), (Level(mac, 3, 3, reach=1), Level(mac, 2, persistence=1)))
    memory = model.memory(seed=1)
    film = frames(30, 36, seed=6)
    memory.store(film)
    memory.reset()
    rng, power, seen = np.random.default_rng(7), {"u": 0.7, "h": 1.0, "d": 1.5}, set()
    for t in rng.integers(0, 30, 120):
        memory.step(film[t] ^ (rng.random(36) < 0.05) if rng.random() < 0.9 else None)
        for j, m in ((0, 0), (0, 3), (1, 0)):
            state = memory.inspect(j, m)
            there = "".join(state.sums)

            def familiarity(kinds, state=state):
                v = np.ones((4, 9))
                for kind in kinds:
                    v *= np.minimum(1.0, state.sums[kind] / state.pi[kind]) ** power[kind]
                return v.max(axis=1).mean()

            best = {there: familiarity(there)}
            for size in (2, 1):
                if size < len(there) and max(best.values()) < 0.777:
                    for kinds in map("".join, itertools.combinations(there, size)):
                        if not (keep_input and "u" in there and "u" not in kinds):
                            best[kinds] = familiarity(kinds)
            if state.active:
                assert abs(state.G - max(best.values())) < 1e-12
                assert best[state.kinds] == pytest.approx(state.G, abs=1e-12)
                seen.add((there, state.kinds))
    assert {("uhd", "uhd"), ("uhd", "uh"), ("uhd", "u")} <= seen
    apart = any("u" in there and "u" not in used for there, used in seen)
    assert apart != keep_input
    assert ("hd", "hd") in seen


def test_steps_print_and_hold_copies():
    memory, films, _ = learned()
    memory.reset()
    step = memory.step(films[0][0])
    assert repr(step).startswith("Step(level 1: 9 of 9 macs, G ")
    before = step.codes[0].copy()
    memory.step(films[1][3])
    np.testing.assert_array_equal(step.codes[0], before)
    memory.reset()
    assert "level 2: 0 of 4 macs;" in repr(memory.step(None))


def test_the_same_seed_gives_the_same_and_another_another():
    one, _, codes = learned(seed=3)
    other, films, same = learned(seed=3)
    different = learned(seed=4)[2]
    for a, b, c in zip(codes, same, different, strict=True):
        for j in range(3):
            np.testing.assert_array_equal(a[j], b[j])
            assert (a[j] != c[j]).any()
    np.testing.assert_array_equal(one.recall(films[0][:1], 6), other.recall(films[0][:1], 6))
    states = np.concatenate([level.single for level in one._levels])
    assert len(np.unique(states, axis=0)) == len(states)


def test_protocol_and_counters():
    memory, films, _ = learned()
    assert isinstance(memory, Memory)
    assert memory.n_steps == 21
    memory.codes(films[0])
    assert memory.n_steps == 21
    assert "n_steps=21" in repr(memory)
    for level in memory._levels:
        clear(level)
        assert np.all(level.winners == -1)
