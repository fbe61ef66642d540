"""A mac by itself: against plain NumPy and dictionaries, exact chances, its files, misuse."""

import math
import pickle
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from scipy import stats

from assocmem.memory import Memory
from assocmem.sdr import SDR, Codebook, Mac, Permanence, Selection
from assocmem.sdr.sparsey.mac_arrays import memory_of
from assocmem.sdr.sparsey.mac_memory import MacMemory
from assocmem.sdr.sparsey.pictures import (
    code_intersections,
    draw_code,
    draw_inspection,
    draw_intersections,
)

N = 90


class Plain:
    """The algorithm once more, on dense weights; winners are told from outside."""

    def __init__(self, mac, n_features):
        self.mac, self.n = mac, n_features
        self.weights = np.zeros((n_features, mac.n_modules, mac.n_units), bool)
        self.traces = {}  # of weights that fade: rank, and the tick they were met last
        self.ticks = self.learned = 0

    def look(self, x):
        """u, U, V, G, zeta, eta, psi, rho of a dense input; None if the mac is not active."""
        mac, s, size = self.mac, self.mac.selection, int(x.sum())
        if size < mac.pi_minus or (mac.pi_plus is not None and size > mac.pi_plus):
            return None
        pi = size if mac.expected is None else mac.expected
        u, w = self.weights[x].sum(axis=0), self.weights.sum(axis=0)
        penalty = np.where(w > pi, (pi / np.maximum(w, 1)) ** mac.nu, 1.0)
        normalised = np.minimum(1.0, u / pi) * penalty
        v = normalised**s.lambda_u
        g = v.max(axis=1).mean()
        zeta = math.floor(Fraction(int((v > s.v_zeta).sum()), mac.n_modules) + Fraction(1, 2))
        above = max(0.0, (g - s.g_minus) / (1.0 - s.g_minus))
        eta = 1.0 + above**s.gamma * s.chi * mac.n_units
        psi = 1.0 + (eta - 1.0) / (1.0 + s.sigma_1 * np.exp(-s.sigma_2 * (v - s.sigma_3))) ** (
            s.sigma_4
        )
        rho = psi / psi.sum(axis=1, keepdims=True)
        return {
            "u": u, "held": w, "U": normalised, "V": v, "G": g, "zeta": zeta, "eta": eta,
            "psi": psi, "rho": rho, "pi": pi,
        }  # fmt: skip

    def tick(self):
        self.ticks += 1
        if self.mac.permanence is not None:
            life, growth = self.mac.permanence.lifetime, Fraction(self.mac.permanence.growth)
            for place, (rank, met) in list(self.traces.items()):
                fades = rank < self.mac.permanence.ranks
                if fades and self.ticks - met >= life * growth**rank:
                    del self.traces[place]
                    self.weights[place] = False

    def learn(self, x, seen, winners):
        """New weights; what was seen is from after the tick."""
        mac, before = self.mac, self.weights.sum()
        if mac.novelty is not None and not seen["G"] < mac.novelty:
            return None
        if mac.freeze is not None and before >= mac.freeze * self.weights.size:
            return None
        self.learned += 1
        for q, k in enumerate(winners):
            if mac.cap is not None and self.weights[:, q, k].sum() >= mac.cap * seen["pi"]:
                continue
            for f in np.flatnonzero(x):
                place = (int(f), q, int(k))
                rank = self.traces[place][0] + 1 if self.weights[place] else 0
                self.weights[place] = True
                self.traces[place] = (rank, self.ticks)
        return int(self.weights.sum() - before)


def inputs(rng, count, size=(4, 16)):
    """Inputs in clusters of similar ones, so that familiarities are anything from 0 to 1."""
    rows = np.zeros((count, N), bool)
    for row in rows:
        row[rng.choice(N, rng.integers(*size), replace=False)] = True
    for k in range(1, count):
        if rng.random() < 0.6:
            rows[k] = rows[rng.integers(k)]
            rows[k, rng.choice(N, rng.integers(0, 4), replace=False)] ^= True
    return rows


MACS = {
    "plain": Mac(5, 6),
    "two units": Mac(1, 2, Selection(chi=1e12)),
    "nu 1/2": Mac(5, 6, nu=0.5),
    "nu 0.3, exponent": Mac(5, 6, Selection(lambda_u=2.0, v_zeta=0.3), nu=0.3),
    "exponent 0": Mac(3, 6, Selection(lambda_u=0.0)),
    "expected": Mac(4, 9, expected=9),
    "bounds": Mac(5, 6, pi_minus=6, pi_plus=12),
    "cap": Mac(5, 6, cap=1.5, nu=0.5),
    "cap, expected": Mac(5, 6, cap=1.0, expected=7),
    "freeze": Mac(5, 6, freeze=0.12),
    "novelty": Mac(5, 6, novelty=0.7),
    "sigmoid": Mac(7, 5, Selection(0.3, 0.7, 3.0, 5.0, 9.0, 0.4, 2.5)),
    "everything": Mac(
        6, 4, Selection(chi=5.0, sigma_4=0.5), 3, 20, 8, nu=1.0, cap=2.0, freeze=0.5, novelty=0.4
    ),
    "fading": Mac(5, 6, permanence=Permanence(4)),
    "fading at once": Mac(3, 4, permanence=Permanence(1, 1.0, 1)),
    "fading slower": Mac(4, 6, cap=2.0, permanence=Permanence(3, 1.5, 6)),
    "fading, novelty": Mac(4, 6, novelty=0.95, freeze=0.2, permanence=Permanence(6, 1.2, 3)),
}


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


def test_winners_are_drawn_with_the_chances_of_the_plain_version():
    mac = Mac(4, 6, Selection(chi=4.0, sigma_2=8.0), nu=0.5)
    rows = inputs(np.random.default_rng(4), 40)
    memory, plain = mac.memory(N, seed=6), Plain(mac, N)
    memory.learn(rows)
    plain.weights = memory.weights
    draws = 20_000
    for x in rows[[5, 20]]:
        wanted = draws * plain.look(x)["rho"]
        assert wanted.min() > 20 and np.ptp(wanted) > 1000
        codes = memory.codes(np.tile(x, (draws, 1)), choice="draw")
        count = np.stack([np.bincount(codes[:, q], minlength=6) for q in range(4)])
        square = ((count - wanted) ** 2 / wanted).sum()
        assert stats.chi2.sf(square, 4 * 5) > 1e-4  # false alarm 1e-4
        # Modules are drawn independently: joint counts of two of them.
        pairs = np.bincount(6 * codes[:, 0] + codes[:, 1], minlength=36).reshape(6, 6)
        joint = np.outer(wanted[0], wanted[1]) / draws
        some = joint > 5
        square = ((pairs - joint)[some] ** 2 / joint[some]).sum()
        assert stats.chi2.sf(square, some.sum()) > 1e-4


def test_a_stored_item_comes_back_with_its_exact_probability():
    selection = Selection(chi=2.0, sigma_2=9.0, sigma_3=0.6)
    memory = Mac(3, 4, selection).memory(50, seed=1)
    code = memory.learn([1, 4, 20, 49])
    # V is 1 at its winners and 0 elsewhere; G is 1, eta 1 + chi K.
    with mpmath.workdps(30):
        psi = [1 + 8 / (1 + mpmath.exp(-9 * (v - mpmath.mpf(0.6)))) for v in (0, 1)]
        chance = float((psi[1] / (psi[1] + 3 * psi[0])) ** 3)
    assert 0.05 < chance < 0.95
    draws = 30_000
    found = memory.codes([[1, 4, 20, 49]] * draws, choice="draw")
    hits = int((found == code).all(axis=1).sum())
    error = math.sqrt(draws * chance * (1 - chance))
    assert abs(hits - draws * chance) < 5 * error  # false alarm 6e-7
    # The largest support brings it back for sure.
    assert (memory.codes([[1, 4, 20, 49]] * 100) == code).all()


def test_familiarity_of_one_stored_item_is_the_overlap():
    memory = Mac(8, 5).memory(100, seed=2)
    memory.learn(range(20))
    for common in range(21):
        cue = [*range(common), *range(50, 70 - common)]
        assert memory.familiarity(cue) == pytest.approx(common / 20, rel=1e-14)
    assert memory.familiarity(range(20)) == 1.0


def test_new_inputs_get_uniform_codes():
    memory = Mac(6, 5, Selection(g_minus=0.25)).memory(100, seed=3)
    memory.learn(range(20))
    cue = [*range(5), *range(50, 65)]  # G = 5/20 = g_minus exactly
    found = memory.inspect(cue)
    assert found.eta == 1.0 and np.all(found.rho == 0.2)
    codes = memory.codes([cue] * 5000, choice="draw")
    count = np.stack([np.bincount(codes[:, q], minlength=5) for q in range(6)])
    square = ((count - 1000.0) ** 2 / 1000.0).sum()
    assert stats.chi2.sf(square, 6 * 4) > 1e-4  # false alarm 1e-4


def test_similar_inputs_get_similar_codes():
    memory = Mac(200, 8).memory(100, seed=4)
    code = memory.learn(range(20))
    chances = []
    for common in (0, 5, 10, 15, 20):
        cue = [*range(common), *range(50, 70 - common)]
        # All modules are alike: V is common/20 at the code, 0 elsewhere.
        chance = memory.inspect(cue).rho[np.arange(200), code].mean()
        hits = sum(int((memory.codes(cue, choice="draw") == code).sum()) for _ in range(50))
        # Binomial, 10,000 times: 5 standard deviations, false alarm 6e-7 each.
        assert abs(hits - 10_000 * chance) < 5 * math.sqrt(10_000 * chance * (1 - chance))
        chances.append(chance)
    assert chances == sorted(set(chances)) and chances[0] == pytest.approx(1 / 8)
    assert chances[-1] > 0.9


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


def test_reading_by_thresholds():
    rows = inputs(np.random.default_rng(8), 40)
    memory = Mac(7, 4).memory(N, seed=1)
    memory.learn(rows)
    rng = np.random.default_rng(9)
    for _ in range(20):
        code = rng.integers(-1, 4, 7)
        active = np.flatnonzero(code >= 0)
        have = memory.weights[:, active, code[active]]
        for threshold in (1.0, 0.9, Fraction(3, 7), 0.5, 1e-9):
            wanted = have.sum(axis=1) >= max(1, math.ceil(threshold * len(active) - 1e-9))
            found = memory.read(code, threshold=float(threshold))
            np.testing.assert_array_equal(found.dense, wanted & (len(active) > 0))
    assert memory.read([-1] * 7).size == 0


def test_recall_completes_fragments():
    rng = np.random.default_rng(10)
    rows = np.stack([rng.permutation(np.arange(2000) < 20) for _ in range(40)])
    memory = Mac(30, 16).memory(2000, seed=1)
    memory.store(rows)
    cues = rows.copy()
    for cue in cues:
        cue[np.flatnonzero(cue)[:8]] = False
    found = memory.recall(cues)
    assert [sdr.sparse.tolist() for sdr in found] == [np.flatnonzero(r).tolist() for r in rows]
    assert memory.recall(SDR.from_dense(cues[3])) == SDR.from_dense(rows[3])
    assert memory.recall(np.zeros(2000, bool)).size == 0  # not active


def test_load_and_capacity_of_uniform_codes():
    n, a, mac = 200, 12, Mac(5, 6, Selection(chi=0.0))
    memory = mac.memory(n)
    number = memory.capacity(a, load=0.4)
    assert 1.0 - (1.0 - a / n / 6) ** number == pytest.approx(0.4, rel=1e-12)
    items, rng = round(number), np.random.default_rng(11)
    loads = []
    for seed in range(40):
        memory = mac.memory(n, seed=seed)
        memory.learn(np.stack([rng.permutation(np.arange(n) < a) for _ in range(items)]))
        loads.append(memory.load)
    expected = 1.0 - (1.0 - a / n / 6) ** items
    error = np.std(loads, ddof=1) / math.sqrt(40)
    # Student's t of 39 degrees at 5.6: false alarm 2e-6.
    assert abs(np.mean(loads) - expected) < 5.6 * error


def test_it_is_a_memory():
    memory = Mac(6, 5).memory(30, seed=1)
    assert isinstance(memory, Memory)
    assert memory.store([1, 2, 3]) is None
    memory.store([[4, 5], [6, 7]], [[5, 4], [7, 6]])
    assert memory.n_learned == 3
    with pytest.raises(ValueError, match="target must be left out"):
        memory.store([1, 2], [1, 3])
    with pytest.raises(ValueError, match="permanence"):
        memory.forget([1, 2, 3])
    assert repr(memory).startswith("MacMemory(Mac(n_modules=6, n_units=5), 30; 3 learned, load ")


@pytest.mark.parametrize(
    ("pattern", "error", "match"),
    [
        ([1, 1], ValueError, "1 twice"),
        ([-1], ValueError, "-1"),
        ([20], ValueError, "20"),
        ([0.5], TypeError, "integers"),
        (7, TypeError, "patterns"),
        (np.zeros(19, bool), ValueError, r"\(20,\)"),
        (np.zeros((2, 2, 20), bool), ValueError, r"\(20,\)"),
        (np.full(20, 2, np.uint8), ValueError, "0 and 1"),
        (np.zeros(20), TypeError, "integers"),
        (SDR(30, [1]), ValueError, "n=20"),
        (Codebook(30), ValueError, "n=20"),
        ([[1], [1, 1]], ValueError, r"patterns\[1\]"),
    ],
)
def test_wrong_inputs_are_refused(pattern, error, match):
    memory = Mac(3, 4).memory(20)
    for method in (memory.learn, memory.codes, memory.familiarity):
        with pytest.raises(error, match=match):
            method(pattern)
    for method in (memory.store, memory.inspect, memory.present):
        with pytest.raises(error, match=match.replace("patterns", "pattern")):
            method(pattern)
    with pytest.raises(error):
        memory.recall(pattern)
    assert memory.load == 0.0 and memory.n_presented == 0


def test_wrong_calls_are_refused():
    memory = Mac(3, 4).memory(20)
    for call, error, match in (
        (lambda: MacMemory("mac", 5), TypeError, "mac must be a Mac"),
        (lambda: Mac(3, 4).memory(0), ValueError, "n_features"),
        (lambda: Mac(3, 4).memory(5, seed=-1), ValueError, "seed"),
        (lambda: memory.learn([1], choice="best"), ValueError, "choice"),
        (lambda: memory.codes([1], choice=1), ValueError, "choice"),
        (lambda: memory.present([1], choice="none"), ValueError, "choice"),
        (lambda: memory.present([1], learn="yes"), TypeError, "learn"),
        (lambda: memory.present([[1], [2]]), ValueError, "one input, got 2"),
        (lambda: memory.read([0, 1]), ValueError, "code must have shape"),
        (lambda: memory.read([0, 1, 4]), ValueError, "code must be winners"),
        (lambda: memory.read([0, 1, -2]), ValueError, "code must be winners"),
        (lambda: memory.read([0.0, 1.0, 2.0]), TypeError, "code must be integers"),
        (lambda: memory.read([0, 1, 2], threshold=0.0), ValueError, "threshold"),
        (lambda: memory.recall([1], threshold=1.5), ValueError, "threshold"),
        (lambda: memory.capacity(21), ValueError, "size"),
        (lambda: memory.capacity(5, load=1.0), ValueError, "load"),
    ):
        with pytest.raises(error, match=match):
            call()


def test_inspections_print():
    memory = Mac(20, 6, pi_minus=3, pi_plus=9).memory(50, seed=1)
    text = repr(memory.present(range(5), learn=True))
    assert "G 0.0000" in text and "100 weights set" in text and "8 modules more" in text
    assert "G 1.0000" in repr(memory.inspect(range(5)))
    assert "wants 3 to 9" in repr(memory.inspect([1]))


def test_pictures_show_what_they_are_given():
    import matplotlib.pyplot as plt

    memory = Mac(5, 6).memory(N, seed=1)
    codes = memory.learn(inputs(np.random.default_rng(12), 8))
    codes[2] = -1
    shared = code_intersections(codes, codes[:3])
    for i, j in np.ndindex(8, 3):
        both = [a == b >= 0 for a, b in zip(codes[i], codes[j], strict=True)]
        assert shared[i, j] == sum(both)
    ax = draw_code(codes[0], 6)
    shown = ax.images[0].get_array()
    np.testing.assert_array_equal(shown.argmax(axis=1), codes[0])
    assert shown.shape == (5, 6) and shown.sum() == 5
    ax = draw_intersections(codes, others=codes[:3])
    np.testing.assert_allclose(ax.images[0].get_array(), shared / 5)
    inspection = memory.inspect([*range(9)])
    _, given = plt.subplots()
    assert inspection.plot(given) is given
    up, down = (group.get_segments() for group in given.collections[:2])
    np.testing.assert_allclose([line[1][1] for line in up], inspection.V.ravel())
    np.testing.assert_allclose([line[0][1] for line in down], -inspection.rho.ravel())
    np.testing.assert_allclose(
        given.lines[0].get_ydata(), inspection.V[np.arange(5), inspection.winners]
    )
    assert "not active" in draw_inspection(memory.inspect([])).get_title()
    plt.close("all")
    for call, match in (
        (lambda: draw_code([0, 7], 6), "winners"),
        (lambda: draw_code([[0]], 6), "shape"),
        (lambda: draw_intersections([0, 1]), "shape"),
        (lambda: code_intersections(codes, [[1, 2]]), "5 modules"),
    ):
        with pytest.raises(ValueError, match=match):
            call()
    with pytest.raises(TypeError, match="integers"):
        draw_code([0.5], 6)
