"""Layers of macs against a plain version, written from the rules with arrays of 0 and 1."""

import dataclasses
import math
import pickle

import numpy as np
import pytest

from assocmem.sdr import Mac, Permanence, Selection, Tiling
from assocmem.sdr.kernels import layer as kernels
from assocmem.sdr.sparsey.layer import Layer

MASK = 2**64 - 1


class Xoshiro:
    """xoshiro256++ in Python integers."""

    def __init__(self, state):
        self.s = [int(k) for k in state]

    def uniform(self):
        s = self.s
        turned = (s[0] + s[3]) & MASK
        out = (((turned << 23 | turned >> 41) & MASK) + s[0]) & MASK
        shifted = s[1] << 17 & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= shifted
        s[3] = (s[3] << 45 | s[3] >> 19) & MASK
        return (out >> 11) / 2**53


class PlainMac:
    """One mac by the book: weights of 0 and 1, one loop for each rule."""

    def __init__(self, mac, n_features, state):
        self.mac, self.random = mac, Xoshiro(state)
        self.weights = np.zeros((mac.n_modules, mac.n_units, n_features), int)

    def support(self, x):
        mac = self.mac
        pi = mac.expected or x.sum()
        u = self.weights @ x
        held = self.weights.sum(axis=2)
        v = np.minimum(1.0, u / pi)
        v = np.where(held > pi, v * (pi / np.maximum(held, 1)) ** mac.nu, v)
        return v**mac.selection.lambda_u, pi

    def active(self, x):
        most = math.inf if self.mac.pi_plus is None else self.mac.pi_plus
        return self.mac.pi_minus <= x.sum() <= most

    def learn(self, x):
        mac, choice = self.mac, self.mac.selection
        if not self.active(x):
            return [-1] * mac.n_modules, 0.0
        v, pi = self.support(x)
        g = v.max(axis=1).mean()
        above = max(0.0, (g - choice.g_minus) / (1 - choice.g_minus))
        eta = 1 + above**choice.gamma * choice.chi * mac.n_units
        code = []
        for q in range(mac.n_modules):
            with np.errstate(over="ignore"):
                steep = np.exp(-choice.sigma_2 * (v[q] - choice.sigma_3))
            psi = 1 + (eta - 1) / (1 + choice.sigma_1 * steep) ** choice.sigma_4
            edges = np.cumsum(psi) / psi.sum()
            code.append(int(np.searchsorted(edges[:-1], self.random.uniform(), side="right")))
        novel = mac.novelty is None or g < mac.novelty
        full = mac.freeze is not None and self.weights.sum() >= mac.freeze * self.weights.size
        if novel and not full:
            for q, unit in enumerate(code):
                if mac.cap is None or self.weights[q, unit].sum() < mac.cap * pi:
                    self.weights[q, unit] |= x
        return code, g


# Novelty is no value that G can have, so that rounding does not decide.
MACS = {
    "plain": Mac(3, 8),
    "cosine": Mac(3, 8, nu=0.5, cap=1.0, novelty=0.7),
    "other nu": Mac(2, 5, nu=0.8, cap=1.5),
    "novelty": Mac(4, 8, novelty=0.5037),
    "freeze": Mac(2, 8, freeze=0.15),
    "bounds": Mac(3, 8, pi_minus=5, pi_plus=9),
    "expected": Mac(3, 8, expected=12, cap=0.9),
    "power": Mac(3, 8, Selection(lambda_u=2.0, sigma_1=0.3), nu=0.5),
    "eccentric": Mac(3, 8, Selection(sigma_4=2.5, sigma_3=0.3, gamma=1.0)),
    "uniform": Mac(3, 8, Selection(chi=0.0)),
    "steep": Mac(1, 70, Selection(chi=1e12, sigma_2=2000.0), cap=1.0),
}


def similar_images(n, shape, channels=1, seed=0):
    """Noisy copies of a few images, so that some inputs are familiar."""
    rng = np.random.default_rng(seed)
    kinds = rng.random((6, *shape, channels)) < 0.3
    flips = rng.random((n, *shape, channels)) < rng.choice([0.0, 0.05, 0.2], (n, 1, 1, 1))
    return kinds[rng.integers(0, 6, n)] ^ flips


@pytest.mark.parametrize("name", MACS)
@pytest.mark.parametrize("channels", [1, 19])
def test_learning_is_that_of_a_plain_mac(name, channels):
    mac, shape = MACS[name], (7, 6) if channels == 1 else (4, 4)
    tiling = Tiling(shape, field=(5, 4) if channels == 1 else (2, 3), stride=2, channels=channels)
    images = similar_images(60, shape, channels)
    if name == "bounds" and channels > 1:
        images &= np.random.default_rng(1).random(images.shape) < 0.2
    layer = Layer(mac, tiling, seed=3)
    states = layer._single.copy()
    codes = layer.learn(images)
    inputs = images.reshape(len(images), -1)[:, tiling.features].astype(int)
    drawn = 0
    for m in range(tiling.n_macs):
        plain = PlainMac(mac, tiling.n_features, states[m])
        expected = [plain.learn(x)[0] for x in inputs[:, m]]
        assert codes[:, m].tolist() == expected
        assert np.array_equal(layer.afferents(m), plain.weights)
        assert np.array_equal(layer.held[m], plain.weights.sum(axis=2).ravel())
        assert layer.loads[m] == plain.weights.mean()
        # In retrieval the code is among the units of the largest support, and G is their mean.
        found, familiar = layer.codes(images[:20])[:, m], layer.familiarity(images[:20])[:, m]
        for x, code, g in zip(inputs[:20, m], found, familiar, strict=True):
            if not plain.active(x):
                assert code.tolist() == [-1] * mac.n_modules
                assert g == 0
                continue
            drawn += 1
            v, best = plain.support(x)[0], plain.support(x)[0].max(axis=1)
            assert v[range(mac.n_modules), code] == pytest.approx(best, rel=1e-12)
            assert g == pytest.approx(best.mean(), rel=1e-6)
    assert drawn > 10
    assert layer.load == pytest.approx(layer.loads.mean())


@pytest.mark.parametrize("name", ["cosine", "power", "freeze", "bounds", "recruit"])
def test_codes_recalled_right_after_learning(name):
    images, tiling = similar_images(80, (7, 6)), Tiling((7, 6), (5, 4), 2)
    at_once, step_by_step = (Layer(MACS.get(name, RECRUITING), tiling, seed=5) for _ in range(2))
    expected = []
    for image in images:
        step_by_step.learn(image[None])
        expected.append(step_by_step.codes(image[None])[0])
    assert np.array_equal(at_once.learn(images, recalled=True), expected)
    assert np.array_equal(at_once.weights, step_by_step.weights)


RECRUITING = Mac(3, 40, nu=0.5, cap=1.0, novelty=0.7, recruit=0.3)


@pytest.mark.parametrize(
    "mac", [Mac(4, 32, nu=0.5, cap=1.0, novelty=0.8), RECRUITING], ids=["drawn", "recruited"]
)
def test_a_single_mac_is_a_mac_memory(mac):
    # The same generator, so the same codes to the last one.
    n = 500
    images = similar_images(n, (9, 9), seed=2).reshape(n, -1)
    layer, memory = Layer(mac, Tiling((9, 9), 9), seed=11), mac.memory(81)
    memory._arrays.single[:] = layer._single
    assert np.array_equal(layer.learn(images)[:, 0], memory.learn(images))
    assert np.array_equal(layer.afferents(0), memory.weights.transpose(1, 2, 0))
    assert np.array_equal(layer._single, memory._arrays.single)
    assert layer.load == memory.load
    assert layer.n_learned == memory.n_learned
    assert layer.familiarity(images)[:, 0] == pytest.approx(memory.familiarity(images), rel=1e-6)


@pytest.mark.parametrize("recruit", [1.0, 0.3])
def test_recruiting_is_that_of_a_plain_mac(recruit):
    # Each module by itself: which learned is seen from its weights, and must follow the rule.
    mac = dataclasses.replace(RECRUITING, recruit=recruit, n_units=20)
    images, tiling = similar_images(400, (6, 6), seed=3), Tiling((6, 6), 5, 1)
    layer = Layer(mac, tiling, seed=2)
    inputs = images.reshape(len(images), -1)[:, tiling.features].astype(int)
    new, taken, full = 0, 0, 0
    for image, fields in zip(images, inputs, strict=True):
        before = [layer.afferents(m).astype(int) for m in range(4)]
        code = layer.learn(image[None])[0]
        for m, x in enumerate(fields):
            pi, held = x.sum(), before[m].sum(axis=2)
            v = np.minimum(1, before[m] @ x / pi) * np.minimum(1, (pi / np.maximum(held, 1)) ** 0.5)
            after = layer.afferents(m)
            for q, winner in enumerate(code[m]):
                changed = np.flatnonzero((after[q] != before[m][q]).any(axis=1))
                free = held[q] < pi
                held_already = np.all(before[m][q] >= x, axis=1) & free
                if v[q].max() < 0.7 and free.any():
                    new += not held_already.any()
                    full += free.sum() < 5
                else:
                    assert len(changed) == 0
                if len(changed):
                    taken += not held_already.any()
                    assert changed.tolist() == [winner]
                    assert free[winner]
                    assert np.array_equal(after[q, winner], before[m][q, winner] | x)
                elif not held_already.any():
                    assert v[q, winner] == pytest.approx(v[q].max(), rel=1e-12)
    assert full > 10
    assert new > 100
    # Of modules where it would be seen each took a new unit by this chance; false alarm 1e-6.
    assert abs(taken - recruit * new) <= 4.9 * math.sqrt(recruit * (1 - recruit) * new)


@pytest.mark.parametrize("workers", [2, 5])
def test_results_depend_on_the_seed_alone(workers):
    images = similar_images(1500, (8, 8), seed=4)  # more than one block
    tiling = Tiling((8, 8), 4, 2)
    runs = [Layer(Mac(3, 8, cap=1.0), tiling, seed=seed) for seed in (1, 1, 2)]
    codes = [layer.learn(images, workers=w) for layer, w in zip(runs, (1, workers, 1), strict=True)]
    assert np.array_equal(codes[0], codes[1])
    assert np.array_equal(runs[0].weights, runs[1].weights)
    assert not np.array_equal(codes[0], codes[2])
    # One after another is the same as all at once.
    parts = Layer(Mac(3, 8, cap=1.0), tiling, seed=1)
    again = [parts.learn(part) for part in np.array_split(images, 7)]
    assert np.array_equal(np.concatenate(again), codes[0])
    shown = runs[0].codes(images, workers=workers)
    one_by_one = np.concatenate([runs[0].codes(image[None]) for image in images[:50]])
    assert np.array_equal(shown[:50], one_by_one)


def test_ties_are_broken_uniformly_by_the_input():
    # An empty mac: all K units tie for each of many inputs. False alarm 1e-6 for each module.
    from scipy.stats import chisquare

    n = 20_000
    inputs = np.random.default_rng(0).integers(0, 2, (n, 40), dtype=np.uint8)
    inputs = np.unique(inputs, axis=0)
    layer = Layer(Mac(2, 6), Tiling((1, 40), (1, 40)))
    codes = layer.codes(inputs)[:, 0]
    for q in range(2):
        assert chisquare(np.bincount(codes[:, q], minlength=6)).pvalue > 1e-6
    pairs = np.bincount(codes[:, 0] * 6 + codes[:, 1], minlength=36)
    assert chisquare(pairs).pvalue > 1e-6
    other = Layer(Mac(2, 6), Tiling((1, 40), (1, 40)), seed=1).codes(inputs)[:, 0]
    assert chisquare(np.bincount(codes[:, 0] * 6 + other[:, 0], minlength=36)).pvalue > 1e-6


@pytest.mark.parametrize(
    ("shape", "field", "stride", "channels"),
    [
        ((5, 7), 3, 1, 1), ((12, 13), (4, 11), (3, 1), 3), ((4, 3), 2, 1, 70), ((3, 3), 3, 1, 64),
        ((1, 200), (1, 130), (1, 33), 1), ((2, 2), 1, 1, 128),
    ],
)  # fmt: skip
def test_fields_are_cut_out_right(shape, field, stride, channels):
    tiling = Tiling(shape, field, stride, channels)
    layer = Layer(Mac(1, 2), tiling)
    rng = np.random.default_rng(5)
    bits = rng.random((6, tiling.n_sheet)) < 0.5
    sheets, words = layer.packed(bits), np.full(layer.weights.shape[1], 7, np.uint64)
    length = tiling.n_side_by_side
    assert length == tiling.field[1] * channels
    for sheet, dense in zip(sheets, bits, strict=True):
        for own in tiling.features:
            kernels.cut_field(sheet, np.ascontiguousarray(own[::length], np.int64), length, words)
            spread = np.unpackbits(words.view(np.uint8), bitorder="little")
            assert np.array_equal(spread[: tiling.n_features], dense[own])
            assert not spread[tiling.n_features :].any()


def test_two_layers():
    images = similar_images(200, (8, 8), seed=6)
    lower = Layer(Mac(3, 10, pi_minus=3, cap=1.0), Tiling((8, 8), 4, 2))
    images[:, :4, :4] &= np.random.default_rng(0).random((200, 1, 1, 1)) < 0.5  # silent macs
    codes = lower.learn(images)
    assert (codes < 0).any()
    upper = Layer(Mac(2, 12, cap=1.0), lower.above(2))
    assert upper.tiling.channels == 30
    assert upper.tiling.n_sheet == 9 * 30
    bits = np.zeros((200, 9, 3, 10), bool)
    for i, m, q in np.argwhere(codes >= 0):
        bits[i, m, q, codes[i, m, q]] = True
    packed = lower.bits(codes)
    assert np.array_equal(packed, upper.packed(bits.reshape(200, -1)))
    dense = Layer(Mac(2, 12, cap=1.0), lower.above(2))
    assert np.array_equal(upper.learn(packed), dense.learn(bits.reshape(200, 3, 3, 30)))


@pytest.mark.parametrize("channels", [1, 13])
def test_codes_are_read_backwards(channels):
    tiling = Tiling((7, 6), (5, 4), 2, channels)
    layer = Layer(Mac(3, 8, cap=1.0), tiling)
    layer.learn(similar_images(50, (7, 6), channels))
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 8, (20, tiling.n_macs, 3))
    codes[rng.random((20, tiling.n_macs)) < 0.3] = -1
    codes[0] = -1
    expected, features = np.zeros((20, tiling.n_sheet)), tiling.features
    for i, code in enumerate(codes):
        votes = [[] for _ in range(tiling.n_sheet)]
        for m, q in np.argwhere(code >= 0):
            weights = layer.afferents(m)[q, code[m, q]]
            for f, weight in zip(features[m], weights, strict=True):
                votes[f].append(weight)
        expected[i] = [np.mean(vote) if vote else 0.0 for vote in votes]
    found = layer.read(codes)
    assert found.shape == (20, 7, 6, channels)
    assert found.reshape(20, -1) == pytest.approx(expected, rel=1e-6)
    assert not found[0].any()


def test_stored_items_come_back():
    # Few items: each is known again, G = 1, and its code is the one it was learned with.
    rng = np.random.default_rng(8)
    images = rng.random((12, 10, 10)) < 0.3
    layer = Layer(Mac(8, 32, Selection(g_minus=0.9)), Tiling((10, 10), 10))
    codes = layer.learn(images)
    assert np.all(layer.familiarity(images) == 1.0)
    assert np.mean(layer.codes(images) == codes) > 0.95
    assert np.array_equal(layer.read(codes)[..., 0] == 1, images)
    assert np.array_equal(layer.n_presented, [12])
    assert np.array_equal(layer.n_learned, [12])


def test_files_and_pickles(tmp_path):
    images = similar_images(100, (8, 8), seed=9)
    mac = Mac(3, 8, Selection(chi=50.0), nu=0.5, cap=1.0, freeze=0.4, novelty=0.9)
    layer = Layer(mac, Tiling((8, 8), 4, 2), seed=2**70)
    layer.learn(images[:60])
    layer.save(tmp_path / "layer.npz")
    for other in (Layer.restore(tmp_path / "layer.npz"), pickle.loads(pickle.dumps(layer))):
        assert repr(other) == repr(layer)
        assert np.array_equal(other.held, layer.held)
        copy = pickle.loads(pickle.dumps(layer))
        assert np.array_equal(other.codes(images), layer.codes(images))
        assert np.array_equal(other.learn(images[60:]), copy.learn(images[60:]))
        assert np.array_equal(other.weights, copy.weights)
        assert other.load == copy.load
        assert np.array_equal(other.n_learned, copy.n_learned)


def test_files_that_are_wrong(tmp_path):
    layer = Layer(Mac(3, 8), Tiling((8, 8), 4, 2))
    entries = layer._entries()
    beyond = layer.weights.copy()
    beyond[0, 0, 0] = np.uint64(1) << np.uint64(16)
    for name, value in (
        ("weights", layer.weights[1:]), ("weights", layer.weights.astype(np.int64)),
        ("weights", beyond), ("learned", -np.ones((9, 2), np.int64)), ("mac", np.array("{}")),
        ("mac", entries["tiling"]), ("generators", np.zeros((9, 4), np.uint64)),
        ("seed", np.array("x")),
    ):  # fmt: skip
        np.savez(tmp_path / "bad.npz", **{**entries, name: value})
        with pytest.raises(ValueError, match="file of a Layer"):
            Layer.restore(tmp_path / "bad.npz")
    with pytest.raises(FileNotFoundError):
        Layer.restore(tmp_path / "none.npz")


def test_misuse():
    mac, tiling = Mac(3, 8), Tiling((8, 8), 4, 2)
    layer = Layer(mac, tiling)
    for build, kind, text in (
        (lambda: Layer(3, tiling), TypeError, "mac must be a Mac"),
        (lambda: Layer(mac, (8, 8)), TypeError, "tiling must be a Tiling"),
        (lambda: Layer(mac, tiling, seed=-1), ValueError, "seed"),
        (lambda: Layer(Mac(1, 2**16), tiling), ValueError, "n_units"),
        (lambda: Layer(Mac(3, 8, permanence=Permanence(10)), tiling), ValueError, "permanence"),
        (lambda: layer.learn(np.zeros((2, 8, 7), bool)), ValueError, "shape"),
        (lambda: layer.learn(np.zeros(64, bool)), ValueError, "shape"),
        (lambda: layer.learn(np.zeros((2, 64))), TypeError, "threshold"),
        (lambda: layer.learn(np.full((2, 64), 2, np.uint8)), ValueError, "threshold"),
        (lambda: layer.learn(np.full((2, 64), -1)), ValueError, "threshold"),
        (lambda: layer.learn(np.zeros((2, 64), bool), workers=0), ValueError, "workers"),
        (lambda: layer.learn(np.zeros((2, 64), bool), recalled=1), TypeError, "recalled"),
        (lambda: layer.bits(np.zeros((2, 9, 2), np.int16)), ValueError, "codes"),
        (lambda: layer.bits(np.full((2, 9, 3), 8)), ValueError, "codes"),
        (lambda: layer.bits(np.full((2, 9, 3), -2)), ValueError, "codes"),
        (lambda: layer.afferents(9), ValueError, "mac"),
    ):
        with pytest.raises(kind, match=text):
            build()
    spare = Layer(mac, Tiling((5, 5), 3))
    with pytest.raises(ValueError, match="25 features"):
        spare.learn(np.full((1, 1), 1 << 25, np.uint64))
    assert layer.load == 0
    assert layer.learn(np.zeros((0, 8, 8), bool)).shape == (0, 9, 3)
    assert np.all(layer.learn(np.zeros((1, 8, 8), np.uint8)) == -1)
