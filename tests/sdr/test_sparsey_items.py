"""Items in one mac: recalled exactly, compared by their codes, classified and made up.

Statistical tests state their false alarm; seeds are fixed.
"""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from assocmem.memory import Memory
from assocmem.sdr import SDR, Mac, Permanence, Selection, WillshawMemory
from assocmem.sdr.draws import subsets
from assocmem.sdr.sparsey.items import ItemMemory

# Codes are drawn uniformly up to the crosstalk of a load of a half.
SHARP = Selection(g_minus=0.6, sigma_2=60.0, sigma_3=0.85)
# Weights by features, and by units.
MACS = {"by features": Mac(8, 64, SHARP), "by units": Mac(8, 64, SHARP, expected=20, nu=0.1)}


def lists(n, size, count, seed):
    indptr, indices = subsets(n, size, count, np.random.default_rng(seed))
    return [indices[a:b].tolist() for a, b in pairwise(indptr)]


@pytest.mark.parametrize("mac", MACS.values(), ids=MACS)
@pytest.mark.parametrize("sizes", [(15, 15), (8, 20)])
def test_recall_is_exact_below_capacity(mac, sizes):
    """200 items at load 0.1: a unit that holds all of another item has a chance below 1e-6."""
    memory = ItemMemory(mac, 500, seed=2)
    rng = np.random.default_rng(3)
    items = [sorted(rng.choice(500, rng.integers(sizes[0], sizes[1] + 1), replace=False).tolist())
             for _ in range(200)]  # fmt: skip
    assert memory.store(items[0]) == 0
    assert memory.store(items[1:]).tolist() == list(range(1, 200))
    assert len(memory) == 200
    assert 0.03 < memory.load < memory.capacity(sizes[1], load=0.5)
    assert [item.sparse.tolist() for item in memory.recall(items)] == items
    assert np.array_equal(memory.code(items), memory.codes)
    assert memory.best_match(items)[0].tolist() == list(range(200))
    if mac.nu == 0.0:
        assert np.all(memory.familiarity(items) == 1.0)
    # A part of an item, and one with noise, lead to the whole.
    parts = [item[: len(item) // 2 + 1] for item in items]
    assert np.mean(memory.best_match(parts)[0] == np.arange(200)) > 0.95
    assert memory.recall(parts[7]).sparse.tolist() == items[7]
    assert memory.recall(SDR(500, [*items[5][2:], 499 - items[5][0]])).sparse.tolist() == items[5]


@pytest.mark.parametrize("mac", MACS.values(), ids=MACS)
def test_likelihoods(mac):
    memory = ItemMemory(mac, 300, seed=1)
    memory.store(lists(300, 10, 150, 4))
    codes = memory.codes.astype(int)
    rng = np.random.default_rng(5)
    for code in (*codes[:20], rng.integers(0, 64, 8), np.full(8, -1)):
        found = memory.likelihoods(code)
        assert np.array_equal(found, [(code == other).sum() / 8 for other in codes])
        items, values = memory.most_likely(code, 12)
        order = sorted(range(150), key=lambda j: (-found[j], j))[:12]
        assert items.tolist() == order
        assert np.array_equal(values, found[order])
    assert all(memory.likelihoods(code)[j] == 1.0 for j, code in enumerate(codes))
    assert memory.most_likely(codes[0], 0)[0].shape == (0,)


def test_likelihoods_rise_with_similarity():
    """Codes of items that share 0 to 20 of 20 features: Spearman's test, false alarm 1e-9."""
    mac = Mac(50, 16, Selection(g_minus=0.0, gamma=1.0, chi=10.0, sigma_2=8.0, sigma_3=0.7))
    rng = np.random.default_rng(8)
    correlations = []
    for seed in range(5):
        memory = ItemMemory(mac, 400, seed=seed)
        features = rng.permutation(400)
        common = rng.permutation(np.repeat(np.arange(21), 3))
        anchor = features[:20]
        items = [anchor.tolist()] + [
            np.r_[rng.choice(anchor, c, replace=False), rng.choice(features[20:], 20 - c, False)]
            .tolist() for c in common
        ]  # fmt: skip
        memory.store(items)
        likely = memory.likelihoods(memory.code(anchor.tolist()))
        found = stats.spearmanr(common, likely[1:], alternative="greater")
        assert found.pvalue < 1e-9
        correlations.append(found.statistic)
    assert min(correlations) > 0.6


@pytest.mark.parametrize("mac", MACS.values(), ids=MACS)
def test_best_match_is_that_of_scans(mac):
    """Cues of which 5 features in 15 are others: of all items, by features, and of all codes."""
    memory = ItemMemory(mac, 500, seed=6)
    items = lists(500, 15, 150, 9)
    memory.store(items)
    rng = np.random.default_rng(10)
    cues = [sorted({*item[:10], *rng.choice(500, 5, replace=False).tolist()}) for item in items]
    overlaps = np.array([[len(set(cue) & set(item)) for item in items] for cue in cues])
    assert np.array_equal(overlaps.argmax(1), np.arange(150))
    found, likely = memory.best_match(cues)
    assert np.mean(found == overlaps.argmax(1)) > 0.98
    ties = ItemMemory(mac, 500, seed=6)  # the same random numbers again
    ties.store(items)
    for item, value, code in zip(found, likely, ties.code(cues), strict=True):
        if value > 0.75:  # less than a module in each span is wrong
            likelihoods = memory.likelihoods(code)
            assert value == likelihoods.max()
            assert item == np.flatnonzero(likelihoods == value)[-1]
    assert np.sum(likely > 0.75) > 100
    assert memory.best_match(cues[3])[0] == 3


def test_settling_mends_codes():
    """At load 0.35, with a third of cues lost: sign test of whole codes with and without."""
    memory = ItemMemory(Mac(12, 64, SHARP), 400, seed=0)
    count = round(memory.capacity(14, load=0.35))
    items = lists(400, 14, count, 1)
    memory.store(items)
    cues = [item[:9] for item in items]
    found = [memory.best_match(cues, turns=turns) for turns in (0, 1)]
    plain, settled = ((items == np.arange(count)) & (likely == 1.0) for items, likely in found)
    mended, broken = int((settled & ~plain).sum()), int((plain & ~settled).sum())
    assert stats.binomtest(mended, mended + broken, alternative="greater").pvalue < 1e-6
    assert settled.mean() > 0.95
    assert np.mean(found[0][0] == np.arange(count)) > 0.95


def test_familiarity_tells_old_from_new():
    memory = ItemMemory(Mac(10, 32), 300, seed=3)
    memory.store(lists(300, 12, 200, 11))
    old = memory.familiarity(lists(300, 12, 200, 11))
    new = memory.familiarity(lists(300, 12, 200, 12))
    assert np.all(old == 1.0)
    assert stats.mannwhitneyu(new, old, alternative="less").pvalue < 1e-12
    assert memory.familiarity([]) == 0.0


def test_load_at_capacity():
    """Codes drawn uniformly: each of S items sets a/n of each unit in K; false alarm 1e-6.

    Loads of memories drawn anew scatter about the mean: Student's test of 12 of them.
    """
    loads = []
    for seed in range(12):
        memory = ItemMemory(Mac(4, 10, Selection(chi=0.0)), 80, seed=seed)
        memory.store(lists(80, 8, 70, 100 + seed))
        loads.append(memory.load)
    expected = 1 - float((1 - Fraction(8, 800)) ** 70)
    assert stats.ttest_1samp(loads, expected).pvalue > 1e-6
    assert memory.capacity(8, load=expected) == pytest.approx(70)


# Classes.


def noisy_classes(n, size, classes, count, seed):
    """Items that share 12 of ``size`` features with the prototype of their class."""
    rng = np.random.default_rng(seed)
    prototypes = rng.permutation(n)[: classes * size].reshape(classes, size)
    labels = rng.permutation(np.repeat(np.arange(classes), count))
    items = []
    for label in labels:
        kept = rng.choice(prototypes[label], 12, replace=False)
        others = rng.choice(np.setdiff1d(np.arange(n), prototypes[label]), size - 12, replace=False)
        items.append(sorted(np.r_[kept, others].tolist()))
    return prototypes, labels, items


@pytest.fixture(scope="module", params=MACS)
def classes(request):
    selection = Selection(g_minus=0.3, sigma_2=20.0, sigma_3=0.75)
    mac = Mac(10, 40, selection, nu=MACS[request.param].nu)
    memory = ItemMemory(mac, 400, seed=4, labels=5)
    prototypes, labels, items = noisy_classes(400, 16, 4, 25, 14)
    memory.store(items[:90], labels[:90])
    memory.store(items[90], int(labels[90]))
    memory.store(items[91:], np.r_[-1, labels[92:]])
    return memory, prototypes, np.r_[labels[:91], -1, labels[92:]], items


def test_labels_are_kept(classes):
    memory, _, labels, _ = classes
    assert np.array_equal(memory.labels, labels)
    counts = np.zeros((10, 40, 5), int)
    for code, label in zip(memory.codes, labels, strict=True):
        if label >= 0:
            counts[range(10), code, label] += 1
    assert np.array_equal(memory._labels.field.counts[0], counts)


def test_posterior_of_classes(classes):
    memory, _, labels, items = classes
    for reliability in (0.5, 0.9, 0.01):
        code = memory.code(items[3])
        weights = [0.0] * 5
        for other, label in zip(memory.codes, labels, strict=True):
            if label >= 0:
                chance = Fraction(1)
                for a, b in zip(code.tolist(), other.tolist(), strict=True):
                    r = Fraction(reliability)
                    chance *= r if a == b else (1 - r) / 39
                weights[label] += chance
        found = memory.label_probabilities(code, reliability=reliability)
        assert found == pytest.approx([float(w / sum(weights)) for w in weights], rel=1e-12)


def test_classes_of_codes(classes):
    memory, prototypes, labels, _ = classes
    truth, new = fresh(prototypes, 15)
    known = labels >= 0
    shares = [(np.sum(labels == label) + 1) / (known.sum() + 5) for label in range(5)]
    wanted = []
    for code in memory.code(new):
        evidence = [math.log(share) for share in shares]
        for module, winner in enumerate(code):
            met = labels[known & (memory.codes[:, module] == winner)]
            for label, share in enumerate(shares):
                count = int((met == label).sum())
                evidence[label] += math.log((count + 0.1 * share) / (len(met) + 0.1) / share)
        wanted.append(int(np.argmax(evidence)))
    found = memory.classify(new)
    assert found.tolist() == wanted
    # Four classes: as many right by chance have a probability below 1e-12.
    assert stats.binomtest(int((found == truth).sum()), 80, 0.25).pvalue < 1e-12
    assert memory.classify(new[0]) == wanted[0]


def fresh(prototypes, seed):
    """New items of the same classes."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(4), 20)
    new = []
    for label in labels:
        others = rng.choice(np.setdiff1d(np.arange(400), prototypes[label]), 4, replace=False)
        new.append(sorted(np.r_[rng.choice(prototypes[label], 12, False), others].tolist()))
    return labels, new


def test_generated_items_are_of_their_class(classes):
    """By the features they share with prototypes, which know nothing of codes."""
    memory, prototypes, _, items = classes
    made = []
    for label in range(4):
        for seed in range(8):
            item = memory.generate(label, seed)
            shared = [len(set(item.sparse.tolist()) & set(each.tolist())) for each in prototypes]
            assert int(np.argmax(shared)) == label
            assert shared[label] >= 8
            made.append(tuple(item.sparse.tolist()))
    assert len(set(made)) > 4  # not one for each class
    assert memory.generate(2, 5) == memory.generate(2, np.random.default_rng(5))
    assert memory.generate(1, 0, size=4, turns=0).size >= 4
    assert len(items[0]) == 16


def test_drawn_units_are_those_of_the_class(classes):
    """As often as they were learned with it: chi-square of each module, false alarm 1e-6."""
    memory, *_ = classes
    rng = np.random.default_rng(20)
    codes = np.array([memory._labels.draw(1, rng) for _ in range(3000)])
    of_class = memory._labels.field.counts[0, :, :, 1]
    for module, counts in enumerate(of_class):
        seen = np.bincount(codes[:, module], minlength=40)
        assert np.all(seen[counts == 0] == 0)
        there = counts > 0
        if there.sum() > 1:
            expected = 3000 * counts[there] / counts.sum()
            assert stats.chisquare(seen[there], expected).pvalue > 1e-6
    assert memory._labels.units(1).tolist() == np.flatnonzero(of_class).tolist()


# Files, protocol, misuse.


@pytest.mark.parametrize("mac", [*MACS.values(), Mac(3, 7, permanence=Permanence(30))])
@pytest.mark.parametrize("labels", [None, 3])
def test_files(tmp_path, mac, labels):
    path = tmp_path / "items.npz"
    memory = ItemMemory(mac, 90, seed=5, labels=labels)
    items = lists(90, 7, 40, 16)
    classes = None if labels is None else np.arange(40) % 4 - 1
    memory.store(items, classes)
    memory.save(path)
    other = ItemMemory.restore(path)
    assert repr(other) == repr(memory)
    assert np.array_equal(other.codes, memory.codes)
    more = lists(90, 7, 30, 17)
    assert other.store(more).tolist() == memory.store(more).tolist()
    assert np.array_equal(other.codes, memory.codes)
    assert other.recall(items) == memory.recall(items)
    assert np.array_equal(other.best_match(more)[0], memory.best_match(more)[0])
    if labels is not None:
        assert np.array_equal(other.labels, memory.labels)
        assert other.generate(1, 3) == memory.generate(1, 3)
    assert other.nbytes == memory.nbytes > 0


def test_wrong_files(tmp_path):
    path = tmp_path / "items.npz"
    memory = ItemMemory(Mac(3, 7), 90, labels=2)
    memory.store(lists(90, 7, 10, 18), np.arange(10) % 2)
    memory.save(path)
    with np.load(path) as archive:
        entry = dict(archive)
    for name, wrong in (
        ("codes", entry["codes"] + np.int16(7)),
        ("codes", entry["codes"][:, :2]),
        ("codes", entry["codes"][:9]),
        ("sizes", entry["sizes"][:2]),
        ("state_weights", entry["state_weights"][1:]),
        ("label_of_items", entry["label_of_items"] + 1),
        ("label_counts", entry["label_counts"][:, :, 1:]),
        ("model", '{"type": "Selection"}'),
    ):
        np.savez(path, **{**entry, name: wrong})
        with pytest.raises(ValueError, match="path must be a file of an ItemMemory"):
            ItemMemory.restore(path)
    WillshawMemory(10).save(path)
    with pytest.raises(ValueError, match="path must be a file of an ItemMemory"):
        ItemMemory.restore(path)


def test_protocol():
    memory = ItemMemory(Mac(3, 7), 90)
    assert isinstance(memory, Memory)
    assert memory.store(np.zeros((0, 90), bool)).shape == (0,)
    assert len(memory) == 0
    memory.store([1, 2, 3])
    with pytest.raises(ValueError, match="pattern cannot be forgotten"):
        memory.forget([1, 2, 3])
    assert repr(memory).startswith("ItemMemory(Mac(n_modules=3, n_units=7), 90; 1 stored, load 0.")
    assert "labels=4" in repr(ItemMemory(Mac(3, 7), 90, labels=4))


def test_bounds_of_activity():
    memory = ItemMemory(Mac(3, 7, pi_minus=2, pi_plus=4), 90)
    memory.store([[1, 2, 3], [4, 5, 6, 7]])
    for wrong in ([1], [1, 2, 3, 4, 5]):
        assert memory.code(wrong).tolist() == [-1, -1, -1]
        assert memory.familiarity(wrong) == 0.0
        assert memory.best_match(wrong) == (-1, 0.0)
        assert memory.recall(wrong).size == 0
        with pytest.raises(ValueError, match="pattern must have 2 to 4 features"):
            memory.store(wrong)
    with pytest.raises(ValueError, match=r"pattern\[1\] must have 2 to 4 features, got 1"):
        memory.store([[1, 2, 3], [8]])
    assert len(memory) == 2


def test_dense_items():
    memory, other = ItemMemory(Mac(3, 7), 70, seed=1), ItemMemory(Mac(3, 7), 70, seed=1)
    items = lists(70, 5, 8, 19)
    dense = np.zeros((8, 70), np.uint8)
    for row, item in zip(dense, items, strict=True):
        row[item] = 1
    memory.store(items)
    other.store(dense)
    assert np.array_equal(memory.codes, other.codes)
    assert memory.recall(items) == other.recall(dense.astype(bool))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: ItemMemory("mac", 5), TypeError, "mac must be a Mac"),
        (lambda m: ItemMemory(Mac(3, 7), 0), ValueError, "n_features must be an integer in"),
        (lambda m: ItemMemory(Mac(3, 7), 9, seed=-1), ValueError, "seed must be an integer >= 0"),
        (lambda m: ItemMemory(Mac(3, 7), 9, labels=0), ValueError, "labels must be an integer in"),
        (lambda m: m.store([1, 90]), ValueError, r"pattern must hold cells in \[0, 89\]"),
        (lambda m: m.store([[1], []]), ValueError, r"pattern\[1\] must have 1 to 90 features"),
        (lambda m: m.store([1], [0, 1]), ValueError, "target must hold a class for each of 1"),
        (lambda m: m.store([1], 2), ValueError, "target must be classes from 0 to 1, or -1, got 2"),
        (lambda m: m.store([1], 0.5), TypeError, "target must be integers"),
        (lambda m: ItemMemory(Mac(3, 7), 9).store([1], 0), ValueError, "target must be left out"),
        (lambda m: m.recall([1], size=2, threshold=1), ValueError, "threshold must be left out"),
        (lambda m: m.recall([1], threshold=4), ValueError, r"threshold must be a finite number in"),
        (lambda m: m.recall([1], size=91), ValueError, r"size must be an integer in \[0, 90\]"),
        (lambda m: m.recall([1], turns=-1), ValueError, "turns must be an integer >= 0"),
        (lambda m: m.best_match([1], turns=0.5), TypeError, "turns must be an integer"),
        (lambda m: m.read([1, 2]), ValueError, r"code must have shape \(3,\) or \(codes, 3\)"),
        (lambda m: m.read([1.0, 2, 3]), TypeError, "code must be integers"),
        (lambda m: m.read([1, 2, 7]), ValueError, "code must hold winners from 0 to 6, or -1"),
        (lambda m: m.likelihoods([[1, 2, 3]]), ValueError, "code must be one code, got 1"),
        (lambda m: m.most_likely([1, 2, 3], 3), ValueError, r"count must be an integer in \[0, 2"),
        (lambda m: m.label_probabilities([1, 2, 3], reliability=1), ValueError, "reliability must"),
        (lambda m: m.generate(2, 0), ValueError, r"label must be an integer in \[0, 1\]"),
        (lambda m: m.generate(1, 0), ValueError, "label must be the class of an item, got 1"),
        (lambda m: m.generate(0, "x"), TypeError, "rng must be a numpy Generator or an integer"),
        (lambda m: m.generate(0, 0, size=0), ValueError, r"size must be an integer in \[1, 90\]"),
        (lambda m: ItemMemory(Mac(3, 7), 9).labels, ValueError, "labels must be given"),
        (lambda m: ItemMemory(Mac(3, 7), 9).classify([1]), ValueError, "labels must be given"),
        (
            lambda m: ItemMemory(Mac(3, 7), 9, labels=1).label_probabilities([1, 2, 3]),
            ValueError,
            "items must have classes",
        ),
        (lambda m: m.capacity(0), ValueError, r"size must be an integer in \[1, 90\]"),
        (lambda m: m.capacity(3, load=1.0), ValueError, r"load must be a finite number in \(0, 1"),
    ],
)
def test_misuse(call, error, message):
    memory = ItemMemory(Mac(3, 7), 90, labels=2)
    memory.store([[1, 2], [3, 4]], [0, -1])
    with pytest.raises(error, match=message):
        call(memory)
    assert len(memory) == 2


@pytest.mark.parametrize("nu", [0.0, 0.5])
def test_thresholds_are_fractions_of_the_winners_as_of_a_mac(nu):
    """Of weights taken over bit by bit; codes with and without winners in all modules."""
    rng = np.random.default_rng(5)
    memory = ItemMemory(Mac(10, 4, Selection(chi=0.0), nu=nu), 70, seed=1)
    memory.store([rng.choice(70, 8, replace=False).tolist() for _ in range(20)])
    weights = memory._state.weights().reshape(70, 10, 4)
    codes = rng.integers(-1, 4, (30, 10))
    codes[:10] = memory.codes[:10]
    codes[10] = -1
    for threshold in (0.07, 0.3, 0.5, 0.7, 1.0):
        read = memory.read(codes, threshold=threshold)
        for code, found in zip(codes, read, strict=True):
            there = np.flatnonzero(code >= 0)
            counts = weights[:, there, code[there]].sum(axis=1)
            enough = [f for f in range(70) if counts[f] and 100 * counts[f] >= round(
                100 * threshold) * len(there)]  # fmt: skip
            assert found.sparse.tolist() == enough
