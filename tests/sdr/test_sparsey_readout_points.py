"""Small points of read-outs and classifiers that other tests left open."""

import numpy as np
import pytest

from assocmem.sdr.sparsey.labels import LabelField
from assocmem.sdr.sparsey.stored_codes import StoredCodes


def test_stored_codes_are_compared_block_by_block():
    """4096 columns leave room for 8 items in a block: of 20 items none is left out."""
    rng = np.random.default_rng(0)
    codes, labels = rng.integers(-1, 3, (20, 64, 64)), rng.integers(0, 2, 20)
    stored = StoredCodes(2, 64, 64, 3)
    stored.learn(codes, labels)
    found = stored.histograms(codes[:3])
    for i in range(3):
        shared = ((codes == codes[i]) & (codes >= 0)).sum(axis=(1, 2))
        for label in range(2):
            wanted = np.bincount(shared[labels == label], minlength=4097)
            np.testing.assert_array_equal(found[i, label], wanted)


def test_evidence_is_that_of_all_learned_until_now():
    """Asking for evidence before more items, or classes, are learned changes nothing."""
    rng = np.random.default_rng(0)
    codes, labels = rng.integers(0, 4, (20, 2, 3)), rng.integers(0, 2, 20)
    asked, whole = LabelField(2, 2, 3, 4), LabelField(2, 2, 3, 4)
    for part in (slice(0, 8), slice(8, 20)):
        asked.learn(codes[part], labels[part])
        asked.evidence(codes)
        whole.learn(codes[part], labels[part])
    np.testing.assert_array_equal(asked.evidence(codes), whole.evidence(codes))
    asked.add_classes(1)
    larger = LabelField(3, 2, 3, 4)
    larger.learn(codes, labels)
    np.testing.assert_array_equal(asked.evidence(codes), larger.evidence(codes))


def test_stored_codes_by_several_threads():
    """Evidence for 600 codes, more than two blocks of 256, is the same with two threads."""
    rng = np.random.default_rng(0)
    stored = StoredCodes(2, 1, 3, 4)
    stored.learn(rng.integers(0, 4, (30, 1, 3)), rng.integers(0, 2, 30))
    asked = rng.integers(0, 4, (600, 1, 3))
    one = stored.evidence(asked)
    assert one.shape == (600, 2)
    np.testing.assert_array_equal(stored.evidence(asked, workers=2), one)


def test_classes_that_come_one_by_one():
    """Read-outs number classes as they come, here 2, 0, 1: each row still has its own."""
    pytest.importorskip("sklearn")
    from assocmem.sdr.sparsey.classifier import SparseyClassifier

    model = SparseyClassifier(4, 16, encoding="threshold", threshold=0.5, random_state=0)
    rows = np.eye(3)
    for label, known in ((2, [2]), (0, [0]), (1, [1])):
        model.partial_fit(rows[[label]], [label], known)
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.predict(rows).tolist() == [0, 1, 2]


@pytest.mark.parametrize("readout", ["counts", "items"])
def test_probabilities_allow_for_macs_that_see_the_same(readout):
    """9 macs of 16 places each see the 64 places 2.25-fold: so much less does each of them say."""
    pytest.importorskip("sklearn")
    from assocmem.sdr.sparsey.classifier import SparseyClassifier

    rng = np.random.default_rng(0)
    rows, labels = rng.random((40, 64)), rng.integers(0, 3, 40)
    common = {
        "shape": (8, 8), "encoding": "threshold", "field": 4, "stride": 2, "readout": readout,
        "random_state": 1,
    }  # fmt: skip
    usual = SparseyClassifier(3, 20, **common).fit(rows, labels)
    value = {"counts": ("temperature", 3 * 2.25), "items": ("sharpness", np.log(19.0) / 2.25)}
    name, number = value[readout]
    other = SparseyClassifier(3, 20, **common, **{name: number}).fit(rows, labels)
    found = usual.predict_proba(rows[:10])
    np.testing.assert_allclose(found, other.predict_proba(rows[:10]), rtol=1e-9)
    assert len(np.unique(found.round(6))) > 6


def test_parameters_changed_after_fitting_leave_the_encoding_as_it_was():
    """Runs of bits keep the width that the layer was made for."""
    pytest.importorskip("sklearn")
    from assocmem.sdr.sparsey.classifier import SparseyClassifier

    rng = np.random.default_rng(0)
    rows, labels = rng.random((30, 3)), rng.integers(0, 2, 30)
    model = SparseyClassifier(3, 20, levels=6, width=3, random_state=1).fit(rows, labels)
    before = model.predict_proba(rows)
    np.testing.assert_array_equal(model.set_params(width=2).predict_proba(rows), before)
