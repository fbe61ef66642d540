"""Real images as patterns: archetypes from their definition, examples, the path of random data."""

import math

import numpy as np
import pytest

from assocmem import (
    Dense,
    Hopfield,
    Supervised,
    Unsupervised,
    critical_load,
    datasets,
    from_json,
    one_step_overlap,
    phase_diagram,
    solve,
    solve_rsb,
    to_json,
)
from assocmem.hopfield.bits import unpack
from assocmem.patterns import Structured

pytest.importorskip("sklearn")


def by_hand(threshold=8):
    """Signs and labels of the training images, pixel by pixel."""
    images = datasets.digits()
    flat = images.train_images.reshape(1347, 64).astype(int)
    return np.where(flat > threshold, 1, -1), images.train_labels


def test_archetypes_are_the_majority_of_their_class():
    signs, labels = by_hand()
    archetypes = Structured("digits").archetypes
    for mu in range(10):
        bright = (signs[labels == mu] == 1).sum(axis=0)
        dark = (labels == mu).sum() - bright
        np.testing.assert_array_equal(archetypes[mu], np.where(bright > dark, 1, -1))
    # No other pattern is nearer to the images: flipping any pixel takes it away from them.
    mean = np.array([signs[labels == mu].mean(axis=0) for mu in range(10)])
    assert np.all(mean * archetypes >= 0.0)


def test_ties_are_background(monkeypatch):
    train = np.array([[[0, 9], [9, 9]], [[0, 9], [0, 0]], [[9, 9], [9, 9]]], np.uint8)
    labels = np.array([0, 0, 1], np.uint8)
    images = datasets.Images(train, labels, train[:1], labels[:1], "digits")
    monkeypatch.setattr(datasets, "load", lambda name: images)
    ensemble = Structured("digits", threshold=4.0, classes=(1, 0))
    assert ensemble.archetypes.tolist() == [[1, 1, 1, 1], [-1, 1, -1, -1]]
    # Pixels where both agree go; r of class 0 is the mean over two images of three pixels.
    kept = Structured("digits", threshold=4.0, classes=(0, 1), varying=True)
    assert kept.pixels.tolist() == [True, False, True, True]
    assert kept.archetypes.tolist() == [[-1, -1, -1], [1, 1, 1]]
    assert kept.qualities.tolist() == pytest.approx([1 / 3, 1.0])
    assert kept.quality == pytest.approx(2 / 3)
    assert kept.correlations.tolist() == [[1.0, -1.0], [-1.0, 1.0]]


def test_quality_and_correlations_from_their_definitions():
    signs, labels = by_hand(5)
    ensemble = Structured("digits", threshold=5, classes=(3, 8, 1))
    for mu, label in enumerate((3, 8, 1)):
        xi, products = ensemble.archetypes[mu], []
        for eta in signs[labels == label]:
            products += [int(a) * int(b) for a, b in zip(eta, xi, strict=True)]
        assert ensemble.qualities[mu] == pytest.approx(sum(products) / len(products), abs=1e-12)
        for nu in range(3):
            overlap = sum(int(a) * int(b) for a, b in zip(xi, ensemble.archetypes[nu], strict=True))
            assert ensemble.correlations[mu, nu] == pytest.approx(overlap / 64, abs=1e-12)


def test_classes_share_their_background_unless_it_is_dropped():
    pairs = np.triu_indices(10, 1)
    whole, varying = Structured("digits"), Structured("digits", varying=True)
    balanced = Structured("digits", "mean", varying=True)
    for ensemble in (whole, varying, balanced):
        xi = ensemble.archetypes.astype(int)
        same = np.all(xi == xi[0], axis=0)
        assert not ensemble.varying or not same.any()
    # Independent entries would have overlaps of deviation 1/sqrt(N): 45 of mean within that.
    assert whole.correlations[pairs].mean() > 4 / math.sqrt(whole.n_spins)
    assert varying.correlations[pairs].mean() < 0.4 * whole.correlations[pairs].mean()
    assert abs(balanced.correlations[pairs].mean()) < 1 / math.sqrt(balanced.n_spins)


def test_examples_are_different_images_of_their_class():
    ensemble = Structured("digits", classes=(7, 2))
    signs, labels = by_hand()
    rng = np.random.default_rng(0)
    examples = ensemble.examples(2, 100, rng)
    assert examples.shape == (2, 100, 64) and examples.dtype == np.int8
    for mu, label in enumerate((7, 2)):
        known = [row.tobytes() for row in signs[labels == label].astype(np.int8)]
        drawn = [row.tobytes() for row in examples[mu]]
        # Without replacement: no image more often than in the set.
        assert all(drawn.count(row) <= known.count(row) for row in set(drawn))
    again = ensemble.examples(2, 100, np.random.default_rng(0))
    np.testing.assert_array_equal(examples, again)
    assert np.any(examples != ensemble.examples(2, 100, rng))
    # All images of a class, in any order, where M is their number.
    number = int((labels == 7).sum())
    alone = Structured("digits", classes=(7,)).examples(1, number, rng)[0]
    assert sorted(map(bytes, alone)) == sorted(known_rows(signs[labels == 7]))


def known_rows(signs):
    return [row.tobytes() for row in signs.astype(np.int8)]


@pytest.mark.parametrize("protocol", [Supervised, Unsupervised])
def test_images_go_the_way_of_random_data(protocol):
    ensemble = Structured("digits", varying=True)
    n, m = ensemble.n_spins, 9
    model = Dense(
        n_patterns=10, p=4, patterns=ensemble, learning=protocol(m, quality=ensemble.quality)
    )
    assert from_json(to_json(model)) == model
    sample = model.draw(n, np.random.default_rng(5))
    np.testing.assert_array_equal(sample.patterns, ensemble.archetypes)
    examples = ensemble.examples(10, m, np.random.default_rng(5))
    other = model.sample_of(ensemble.archetypes, examples)
    np.testing.assert_array_equal(sample.stored, other.stored)
    if protocol is Unsupervised:
        np.testing.assert_array_equal(unpack(sample.stored, 0, 10 * m), examples.reshape(-1, n))
    else:
        np.testing.assert_array_equal(sample.stored.T, examples.sum(axis=1))
    # The quality that was measured is that of the examples: a tenth of the images of a class,
    # without replacement; deviations over images are below 0.3, over 90 of them.
    if protocol is Supervised:
        measured = (sample.stored.T * sample.patterns).mean() / m
        assert abs(measured - ensemble.quality) < 6 * 0.3 / math.sqrt(90)


def test_storing_without_examples():
    ensemble = Structured("digits")
    sample = Dense(n_patterns=4, p=3, patterns=ensemble).draw(64, np.random.default_rng(0))
    np.testing.assert_array_equal(sample.patterns, ensemble.archetypes[:4])
    pairwise = Hopfield(n_patterns=4, patterns=ensemble).draw(64, np.random.default_rng(0))
    np.testing.assert_array_equal(pairwise.patterns, ensemble.archetypes[:4])


def test_theory_refuses_images():
    with pytest.raises(ValueError, match="independent"):
        Structured("digits").law()
    with pytest.raises(ValueError, match="independent"):
        solve(Hopfield(load=0.1, patterns=Structured("digits")), temperature=0.1)


def test_reading_waits_until_it_is_needed(monkeypatch, tmp_path):
    monkeypatch.setenv("ASSOCMEM_DATA", str(tmp_path))
    ensemble = Structured("mnist", threshold=0.0)
    assert from_json(to_json(ensemble)) == ensemble
    assert str(tmp_path) not in to_json(ensemble)
    with pytest.raises(FileNotFoundError, match="ASSOCMEM_DATA"):
        _ = ensemble.n_spins


def test_arrays_are_read_only():
    ensemble = Structured("digits")
    for array in (ensemble.archetypes, ensemble.pixels, *ensemble.images("test")):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@pytest.mark.parametrize(
    ("act", "name"),
    [
        (lambda: Structured("letters"), "dataset"),
        (lambda: Structured("digits", threshold="median"), "threshold"),
        (lambda: Structured("digits", threshold=-1.0), "threshold"),
        (lambda: Structured("digits", classes=(1, 1)), "classes"),
        (lambda: Structured("digits", classes="12"), "classes"),
        (lambda: Structured("digits", classes=()), "classes"),
        (lambda: Structured("digits", varying=1), "varying"),
        (lambda: Structured("digits", classes=(1, 12)).n_spins, "classes"),
        (lambda: Structured("digits", classes=(1,), varying=True).n_spins, "varying"),
        (lambda: Structured("digits").images("all"), "part"),
        (lambda: Structured("digits").examples(2, 500, np.random.default_rng(0)), "n_examples"),
        (lambda: Dense(n_patterns=10, patterns=Structured()).draw(63, rng()), "n_spins.*64"),
        (lambda: Dense(n_patterns=11, patterns=Structured()).draw(64, rng()), "n_patterns.*10"),
    ],
)
def test_wrong_arguments_are_refused_by_name(act, name):
    with pytest.raises((ValueError, TypeError), match=name):
        act()


def rng():
    return np.random.default_rng(0)


def test_theory_of_independent_entries_refuses_images():
    model = Dense(n_patterns=10, p=4, patterns=Structured("digits"))
    loaded = Dense(load=0.01, p=4, patterns=Structured("digits"))
    calls = (
        lambda: solve(model, 0.01),
        lambda: phase_diagram(loaded),
        lambda: critical_load(loaded),
        lambda: solve_rsb(loaded, 0.01),
        lambda: one_step_overlap(loaded),
    )
    for call in calls:
        with pytest.raises(ValueError, match="patterns"):
            call()
