"""The mac whose weights are kept by features, against the plain one in dense arrays and loops.

Chi-square tests have a false alarm of 1e-6 each; seeds are fixed.
"""

import dataclasses
import itertools

import numpy as np
import pytest
from plain_sparsey import Input, PlainMac
from scipy import stats

from assocmem.sdr import Mac, Selection
from assocmem.sdr.kernels import sliced
from assocmem.sdr.kernels.sliced_learning import learn_units
from assocmem.sdr.sparsey._inputs import packed_inputs
from assocmem.sdr.sparsey._unit_mac import UnitMac
from assocmem.sdr.sparsey.sliced_mac import SlicedMac


def inputs(rng, n, sizes):
    """Sets of features, and the same packed."""
    rows = [np.sort(rng.choice(n, size, replace=False)) for size in sizes]
    return rows, packed(n, rows)


def packed(n, rows):
    return packed_inputs("rows", [row.tolist() for row in rows], n)[0]


def given(row):
    return {"u": Input([(row, 1)])}


def plain_of(memory):
    """The plain mac with the same weights."""
    plain = PlainMac(memory.mac, {"u": memory.n_features})
    shape = (memory.n_features, memory.mac.n_modules, memory.mac.n_units)
    plain.weights["u"] = memory.weights().reshape(shape)
    return plain


def unlearning(memory):
    """The same mac, but that nothing is new enough to be learned."""
    copy = SlicedMac(dataclasses.replace(memory.mac, novelty=1e-9), memory.n_features, seed=77)
    for name in ("_rows", "_columns", "_held", "_total"):
        getattr(copy, name)[...] = getattr(memory, name)
    return copy


@pytest.mark.parametrize("active", [1, 2, 7, 8, 9, 15, 16, 17, 24, 31, 32, 63, 64, 65, 130])
def test_vertical_sums(active):
    """Every sum from planes is that of the bits, in order of thresholds and of equal values."""
    rng = np.random.default_rng(active)
    words, features = 24, 140
    rows = rng.integers(0, 2**64, (features + 1, words), np.uint64)
    rows[: features // 2] |= rng.integers(0, 2**64, (features // 2, words), np.uint64)
    rows[-1] = 0
    chosen = rng.choice(features, active, replace=False)
    chosen[: active // 4] = chosen[0]  # a feature may be given twice: rows are just added
    bits = np.unpackbits(rows.view(np.uint8), axis=1, bitorder="little")
    wanted = bits[chosen].sum(0, dtype=int)
    planes = np.full((sliced.planes_for(active), words), 2**64 - 1, np.uint64)
    starts = np.empty(8, np.uint64)
    used = sliced.add_features(rows, np.r_[chosen, -1], active, starts, planes)
    every = np.full(words, 2**64 - 1, np.uint64)
    out = np.empty(words, np.uint64)

    def shown():
        return np.unpackbits(out.view(np.uint8), bitorder="little").astype(bool)

    first, last = np.uint64(5), np.uint64(13)
    part = slice(5 * 64, 13 * 64)
    top = sliced.largest(planes, used, first, last, every, out)
    assert top == wanted[part].max()
    assert np.array_equal(shown()[part], wanted[part] == top)
    for level in range(active + 1):
        count = sliced.equal_to(planes, used, level, first, last, every, out)
        assert count == (wanted[part] == level).sum()
        assert np.array_equal(shown()[part], wanted[part] == level)
        if level:
            count = sliced.at_least(planes, used, level, np.uint64(words), out)
            assert count == (wanted >= level).sum()
            assert np.array_equal(shown(), wanted >= level)


MACS = [
    Mac(3, 5, Selection(chi=20.0)),
    Mac(2, 64, Selection(chi=5.0, lambda_u=2.5), novelty=0.75),
    Mac(1, 130, Selection(g_minus=0.0, gamma=1.0), cap=1.5),
    Mac(4, 3, Selection(chi=0.0), freeze=0.4),
    Mac(2, 7, Selection(chi=1e4, sigma_3=0.8, sigma_4=1.5), cap=2.0, novelty=0.9, freeze=0.6),
]


@pytest.mark.parametrize("mac", MACS)
def test_follows_the_plain_mac(mac):
    """Familiarity of each input, winners that are possible, and all weights after it is learned."""
    rng = np.random.default_rng(5)
    n = 70
    memory, plain = SlicedMac(mac, n, seed=3), PlainMac(mac, {"u": n})
    rows, _ = inputs(rng, n, rng.integers(1, 20, 40))
    rows[30:] = [rows[k] for k in rng.integers(0, 30, 10)]  # some of them are met once more
    learned = 0
    for r, row in enumerate(rows):
        codes, familiar = memory.learn(packed(n, [row]))
        (looked,) = plain.look(given(row), learning=True)
        assert familiar[0] == pytest.approx(looked.g, abs=1e-12)
        assert plain.admissible(looked, codes[0], learning=True)
        if plain.learns(looked.g):
            plain.learn(given(row), codes[0])
            learned += 1
        assert np.array_equal(memory.weights(), plain.weights["u"].reshape(n, -1)), r
        assert memory.n_set == plain.weights["u"].sum()
    if mac.novelty is not None:
        assert learned < len(rows)
    assert np.array_equal(memory._held, memory.weights().sum(0))
    codes, familiar = memory.select(packed(n, rows))
    for row, code, g in zip(rows, codes, familiar, strict=True):
        (looked,) = plain.look(given(row), learning=False)
        assert g == pytest.approx(looked.g, abs=1e-12)
        assert plain.admissible(looked, code, learning=False)


def test_batches_are_the_same_as_single_inputs():
    rng = np.random.default_rng(8)
    mac = Mac(5, 40, Selection(chi=50.0))
    rows, words = inputs(rng, 100, rng.integers(1, 30, 50))
    together, apart = SlicedMac(mac, 100, seed=1), SlicedMac(mac, 100, seed=1)
    codes, familiar = together.learn(words)
    single = [apart.learn(packed(100, [row])) for row in rows]
    assert np.array_equal(codes, np.concatenate([code for code, _ in single]))
    assert np.array_equal(familiar, np.concatenate([g for _, g in single]))
    assert np.array_equal(together.weights(), apart.weights())


@pytest.mark.parametrize("chi", [0.0, 0.3, 30.0])
def test_winners_are_drawn_by_their_chances(chi):
    rng = np.random.default_rng(int(10 * chi))
    mac = Mac(3, 70, Selection(g_minus=0.0, chi=chi, sigma_2=8.0, sigma_3=0.6))
    memory = SlicedMac(mac, 40, seed=11)
    rows, words = inputs(rng, 40, [9] * 12)
    memory.learn(words)
    frozen, plain = unlearning(memory), plain_of(memory)
    row = rows[0].copy()
    row[0] = next(f for f in range(40) if f not in rows[0])
    (looked,) = plain.look(given(row), learning=True)
    assert 0.0 < looked.g < 1.0
    times = 20_000
    codes, _ = frozen.learn(np.tile(packed(40, [row]), (times, 1)))
    for module, rho in enumerate(looked.rho):
        counts = np.bincount(codes[:, module], minlength=70)
        assert stats.chisquare(counts, times * rho).pvalue > 1e-6


def test_modules_are_drawn_independently():
    memory = SlicedMac(Mac(2, 4, Selection(chi=0.0)), 10)
    codes, _ = memory.learn(np.ones((10_000, 1), np.uint64))
    counts = np.bincount(codes[:, 0] * 4 + codes[:, 1], minlength=16)
    assert stats.chisquare(counts).pvalue > 1e-6


def test_ties_are_broken_uniformly():
    memory = SlicedMac(Mac(2, 150), 10, seed=2)
    tied = [[3, 64, 149], [0]]
    for module, units in enumerate(tied):
        for unit in units:
            winners = np.full(2, -1)
            winners[module] = unit
            learn_units(
                memory._rows, memory._columns, memory._held, np.array([4, 7]), 2,
                np.uint64(memory._width), 150, np.inf, winners,
            )  # fmt: skip
    assert memory.weights().sum() == 8
    codes, familiar = memory.select(np.tile(packed(10, [np.array([4, 5])]), (9000, 1)))
    assert np.all(familiar == 0.5)
    assert np.all(codes[:, 1] == 0)
    values, counts = np.unique(codes[:, 0], return_counts=True)
    assert values.tolist() == tied[0]
    assert stats.chisquare(counts).pvalue > 1e-6


@pytest.mark.parametrize("kind", [SlicedMac, UnitMac])
def test_units_among_which_there_are_winners(kind):
    rng = np.random.default_rng(6)
    memory = kind(Mac(2, 66), 30)
    rows, words = inputs(rng, 30, [5] * 30)
    memory.learn(words)
    among = np.array([1, 65, 66 + 7])
    codes, familiar = memory.select(words, among)
    weights = memory.weights()
    for row, code, g in zip(rows, codes, familiar, strict=True):
        sums = weights[row].sum(0)
        assert g == pytest.approx((max(sums[1], sums[65]) + sums[66 + 7]) / 10)
        assert code[1] == 7
        assert code[0] in (1, 65)
        assert sums[code[0]] == max(sums[1], sums[65])
    codes, familiar = memory.select(words, np.array([66]))
    assert np.all(codes == [-1, 0])
    assert familiar == pytest.approx([weights[row, 66].sum() / 10 for row in rows])


def test_empty_input_and_empty_memory():
    memory = SlicedMac(Mac(3, 9), 20)
    codes, familiar = memory.select(np.array([[0], [40]], np.uint64))
    assert codes[0].tolist() == [-1, -1, -1]
    assert np.all((codes[1] >= 0) & (codes[1] < 9))
    assert familiar.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("n", [40, 64, 600])
@pytest.mark.parametrize("kind", [SlicedMac, UnitMac])
def test_inputs_are_read_back(kind, n):
    rng = np.random.default_rng(n)
    memory = kind(Mac(6, 12), n)
    _, words = inputs(rng, n, rng.integers(5, 15, 60))
    codes, _ = memory.learn(words)
    codes[3] = -1
    codes[4, 2:4] = -1
    weights = memory.weights().reshape(n, 6, 12)
    sizes = rng.integers(0, 20, 60)
    for threshold in (0, 1, 4, 6, 7):
        found = memory.read(codes, threshold, sizes)
        bits = np.unpackbits(found.view(np.uint8), axis=1, bitorder="little")[:, :n].astype(bool)
        for code, size, row in zip(codes, sizes, bits, strict=True):
            there = np.flatnonzero(code >= 0)
            sums = weights[:, there, code[there]].sum(1)
            level = threshold
            if threshold == 0:
                levels = range(len(there), 0, -1)
                level = next((c for c in levels if (sums >= c).sum() >= size), 1)
            assert np.array_equal(row, (sums >= level) & (len(there) > 0))


def test_which_macs_are_suited():
    assert SlicedMac.suits(Mac(2, 3, novelty=0.5, cap=1.0, freeze=0.5))
    from assocmem.sdr import Permanence

    for other in (
        Mac(2, 3, nu=0.5),
        Mac(2, 3, expected=4),
        Mac(2, 3, permanence=Permanence(10)),
        Mac(2, 3, Selection(lambda_u=0.0)),
    ):
        assert not SlicedMac.suits(other)


def test_rows_begin_at_different_places_of_the_cache():
    for q, k in itertools.product((1, 8, 16), (64, 512, 4096)):
        words = SlicedMac(Mac(q, k), 3)._rows.shape[1]
        assert words % 16 == 8
        assert words >= q * k // 64


@pytest.mark.parametrize("n", [50, 64])
def test_goes_on_from_its_arrays(n):
    rng = np.random.default_rng(n)
    memory, copy = (SlicedMac(Mac(3, 70, Selection(chi=3.0)), n, seed=k) for k in range(2))
    _, words = inputs(rng, n, rng.integers(1, 20, 50))
    memory.learn(words[:30])
    copy.learn(words[30:])  # to be forgotten
    copy.fill(memory.entry())
    for name in ("_rows", "_columns", "_held", "_total", "_single"):
        assert np.array_equal(getattr(copy, name), getattr(memory, name))
    assert np.array_equal(copy.learn(words)[0], memory.learn(words)[0])
    with pytest.raises(ValueError, match="weights must be uint64 of shape"):
        copy.fill({**memory.entry(), "weights": np.zeros((3, 1), np.uint64)})
    if n % 64:
        wrong = memory.entry()
        wrong["weights"][7, -1] |= np.uint64(1 << 63)
        with pytest.raises(ValueError, match="weights must be 0 beyond"):
            copy.fill(wrong)
