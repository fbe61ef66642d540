"""Label fields against dictionaries of coincidences."""

import math
import pickle
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from assocmem.sdr.sparsey.labels import LabelField


def made(seed=0, n=200, macs=3, modules=2, units=5, classes=4):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, n)
    codes = (labels[:, None, None] + rng.integers(0, 3, (n, macs, modules))) % units
    codes[rng.random((n, macs)) < 0.2] = -1
    return codes.astype(np.int16), labels


def plain(codes, labels, classes):
    """Coincidences of (column, winner, class), of (column, winner), and of classes."""
    pairs, units = Counter(), Counter()
    for code, label in zip(codes.reshape(len(codes), -1).tolist(), labels.tolist(), strict=True):
        for column, winner in enumerate(code):
            pairs[column, winner, label] += 1
            units[column, winner] += 1
    return pairs, units, Counter(labels.tolist())


@pytest.mark.parametrize("silence", [False, True])
@pytest.mark.parametrize("smoothing", [0.1, 2.0])
def test_evidence_of_counts(silence, smoothing):
    codes, labels = made()
    field = LabelField(4, 3, 2, 5, smoothing=smoothing, silence=silence)
    field.learn(codes[:150], labels[:150])
    pairs, units, items = plain(codes[:150], labels[:150], 4)
    s, expected = Fraction(smoothing), np.zeros((50, 4))
    for i, code in enumerate(codes[150:].reshape(50, -1).tolist()):
        for c in range(4):
            share = Fraction(items[c] + 1, 150 + 4)
            product = share
            for column, winner in enumerate(code):
                if winner >= 0 or silence:
                    given = (pairs[column, winner, c] + s * share) / (units[column, winner] + s)
                    product *= given / share
            expected[i, c] = math.log(product.numerator) - math.log(product.denominator)
    assert field.evidence(codes[150:]) == pytest.approx(expected, rel=1e-10, abs=1e-10)
    found = field.probabilities(codes[150:])
    odds = np.exp(expected - expected.max(axis=1, keepdims=True))
    assert found == pytest.approx(odds / odds.sum(axis=1, keepdims=True), rel=1e-8)
    mild = field.probabilities(codes[150:], temperature=3.0)
    assert np.log(mild[:, 0] / mild[:, 1]) == pytest.approx(
        np.log(found[:, 0] / found[:, 1]) / 3, abs=1e-8
    )
    assert np.mean(expected.argmax(axis=1) == labels[150:]) > 0.6  # of 4 classes


@pytest.mark.parametrize("silence", [False, True])
def test_evidence_of_binary_weights(silence):
    codes, labels = made(1)
    field = LabelField(4, 3, 2, 5, kind="binary", silence=silence)
    field.learn(codes[:20], labels[:20])
    pairs, _, _ = plain(codes[:20], labels[:20], 4)
    expected = [
        [
            sum((column, w, c) in pairs for column, w in enumerate(code) if w >= 0 or silence)
            for c in range(4)
        ]
        for code in codes.reshape(200, -1).tolist()
    ]
    assert np.array_equal(field.evidence(codes), expected)
    field.learn(codes[:20], labels[:20])
    assert field.counts.max() == 1
    assert np.array_equal(field.evidence(codes), expected)


def test_counts_and_the_way_back():
    codes, labels = made(2)
    field = LabelField(4, 3, 2, 5)
    for part in np.array_split(np.arange(200), 3):
        field.learn(codes[part], labels[part])
    pairs, _, items = plain(codes, labels, 4)
    assert field.n_learned == 200
    assert field.items.tolist() == [items[c] for c in range(4)]
    for m in range(3):
        for c in range(4):
            assert field.silent[m, c] == pairs[2 * m, -1, c]
        for q in range(2):
            for k in range(5):
                for c in range(4):
                    assert field.counts[m, q, k, c] == pairs[2 * m + q, k, c]
                    assert field.units(c)[m, q, k] == (pairs[2 * m + q, k, c] > 0)


def test_codes_drawn_of_a_class():
    from scipy.stats import chisquare

    codes, labels = made(7, n=300)
    field = LabelField(5, 3, 2, 5)
    field.learn(codes, labels)
    drawn = field.draw(2, 20_000, np.random.default_rng(1))
    assert drawn.shape == (20_000, 3, 2)
    own = codes[labels == 2]
    for m in range(3):
        # Silent as often as the mac was, in all its modules; else units as often as they won. False
        # alarm 1e-6 each.
        silent = np.count_nonzero(drawn[:, m, 0] < 0)
        assert np.array_equal(drawn[:, m, 0] < 0, drawn[:, m, 1] < 0)
        share = np.mean(own[:, m, 0] < 0)
        assert abs(silent - share * 20_000) < 4.9 * math.sqrt(share * (1 - share) * 20_000)
        for q in range(2):
            won = np.bincount(own[own[:, m, q] >= 0, m, q], minlength=5)
            found = np.bincount(drawn[drawn[:, m, q] >= 0, m, q], minlength=5)
            assert not found[won == 0].any()
            expected = won[won > 0] / won.sum() * found.sum()
            assert chisquare(found[won > 0], expected).pvalue > 1e-6
    assert np.array_equal(field.draw(2, 5, 3), field.draw(2, 5, 3))
    with pytest.raises(ValueError, match="class of an item"):
        field.draw(4, 1, 0)


def test_more_classes():
    codes, labels = made(3)
    field, whole = LabelField(2, 3, 2, 5), LabelField(4, 3, 2, 5)
    first = labels < 2
    field.learn(codes[first], labels[first])
    field.add_classes(2)
    field.learn(codes[~first], labels[~first])
    whole.learn(codes, labels)
    assert np.array_equal(field.counts, whole.counts)
    assert np.array_equal(field.evidence(codes), whole.evidence(codes))


def test_nothing_learned_is_no_evidence():
    codes, _ = made(4)
    assert LabelField(4, 3, 2, 5).probabilities(codes) == pytest.approx(np.full((200, 4), 0.25))
    field = LabelField(3, 1, 1, 2, silence=False)
    field.learn(np.array([[[0]]]), np.array([1]))
    # An unknown unit says nothing: classes are as frequent as they were.
    assert field.probabilities(np.array([[[1]]])) == pytest.approx(np.array([[0.25, 0.5, 0.25]]))


def test_files_and_pickles(tmp_path):
    codes, labels = made(5)
    for kind in ("counts", "binary"):
        field = LabelField(4, 3, 2, 5, kind=kind, smoothing=0.7, silence=True)
        field.learn(codes, labels)
        field.save(tmp_path / "field.npz")
        for other in (
            LabelField.restore(tmp_path / "field.npz"),
            pickle.loads(pickle.dumps(field)),
        ):
            assert repr(other) == repr(field)
            assert np.array_equal(other.evidence(codes), field.evidence(codes))
            assert np.array_equal(other.items, field.items)
    entries = field._entries()
    for name, value in (
        ("counts", entries["counts"][1:]), ("counts", entries["counts"] + np.uint32(1)),
        ("items", -entries["items"]), ("kind", np.array("other")), ("sizes", np.zeros(4, int)),
        ("smoothing", np.array(np.nan)),
    ):  # fmt: skip
        np.savez(tmp_path / "bad.npz", **{**entries, name: value})
        with pytest.raises(ValueError, match="file of a LabelField"):
            LabelField.restore(tmp_path / "bad.npz")


def test_misuse():
    codes, labels = made(6)
    field = LabelField(4, 3, 2, 5)
    for build, kind, text in (
        (lambda: LabelField(0, 3, 2, 5), ValueError, "n_classes"),
        (lambda: LabelField(4, 3, 2, 5, kind="x"), ValueError, "kind"),
        (lambda: LabelField(4, 3, 2, 5, smoothing=0.0), ValueError, "smoothing"),
        (lambda: LabelField(4, 3, 2, 5, silence=1), TypeError, "silence"),
        (lambda: field.learn(codes[:, :2], labels), ValueError, "codes"),
        (lambda: field.learn(codes.astype(float), labels), ValueError, "codes"),
        (lambda: field.learn(codes + 1, labels), ValueError, "codes"),
        (lambda: field.learn(codes, labels[1:]), ValueError, "labels"),
        (lambda: field.learn(codes, labels.astype(float)), ValueError, "labels"),
        (lambda: field.learn(codes, labels + 1), ValueError, "labels"),
        (lambda: field.learn(codes, labels - 1), ValueError, "labels"),
        (lambda: field.units(4), ValueError, "label"),
        (lambda: field.probabilities(codes, temperature=0.0), ValueError, "temperature"),
        (lambda: field.add_classes(-1), ValueError, "number"),
    ):
        with pytest.raises(kind, match=text):
            build()
    assert field.n_learned == 0
    assert not field.counts.any()
