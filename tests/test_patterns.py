"""Quenched samples hold the patterns they were made of, and those fit their model."""

import numpy as np
import pytest

from assocmem import Biased, Hopfield
from assocmem.hopfield.pairwise import PairwiseSample


def _signs(*shape):
    return np.random.default_rng(2).choice([-1, 1], shape).astype(np.int8)


def test_a_sample_keeps_its_own_patterns():
    ours = _signs(3, 40)
    for given in (ours, ours[:, :], ours.T.copy().T):
        sample = Hopfield(n_patterns=3).sample_of(given)
        before, couplings = sample.patterns.copy(), sample.couplings.copy()
        given *= -1
        given[0] = 1
        assert np.array_equal(sample.patterns, before)
        assert np.array_equal(sample.couplings, couplings)
        given[0] = before[0]


def test_a_view_marked_read_only_is_copied_too():
    ours = _signs(3, 40)
    view = ours[:]
    view.flags.writeable = False
    sample = Hopfield(load=0.1).sample_of(view)
    before = sample.patterns.copy()
    ours *= -1
    assert np.array_equal(sample.patterns, before)


@pytest.mark.parametrize(
    "model", [Hopfield(load=0.1), Hopfield(n_patterns=2, patterns=Biased(0.3))]
)
def test_patterns_are_read_only(model):
    for sample in (model.draw(40, np.random.default_rng(0)), model.sample_of(_signs(2, 40))):
        with pytest.raises(ValueError, match="read-only"):
            sample.patterns[0, 0] = 1


@pytest.mark.parametrize(
    ("model", "patterns", "says"),
    [
        (Hopfield(load=0.1), np.ones((0, 5)), "K >= 1"),
        (Hopfield(load=0.1), np.ones((2, 1)), "N >= 2"),
        (Hopfield(n_patterns=3), np.ones((2, 5)), "n_patterns=3"),
        (Hopfield(load=0.1, field=(0.1, 0.2)), np.ones((1, 5)), "2 fields"),
        (Hopfield(load=0.1), np.zeros((2, 5)), "-1 and \\+1"),
        (Hopfield(load=0.1), [[1, -1], [1]], "patterns"),
    ],
)
def test_patterns_that_do_not_fit(model, patterns, says):
    for make in (model.sample_of, lambda given: PairwiseSample(model, given)):
        with pytest.raises(ValueError, match=says):
            make(patterns)


def test_the_number_is_free_for_models_with_a_load():
    assert Hopfield(load=0.1).sample_of(_signs(7, 10)).n_patterns == 7


def test_the_model_of_a_sample_is_checked():
    with pytest.raises(TypeError, match="model"):
        PairwiseSample("Hopfield", _signs(2, 5))


@pytest.mark.parametrize("wrong", [np.full(12, 2), np.full(12, np.nan), np.ones(11), np.zeros(12)])
def test_energies_and_overlaps_are_of_spins(wrong):
    sample = Hopfield(n_patterns=2).draw(12, np.random.default_rng(0))
    for function in (sample.energy, sample.overlaps):
        with pytest.raises(ValueError, match="spins"):
            function(wrong)


def test_energies_and_overlaps_of_stacks():
    sample = Hopfield(n_patterns=2, field=(0.3,)).draw(12, np.random.default_rng(0))
    spins = _signs(2, 3, 12)
    energies, overlaps = sample.energy(spins), sample.overlaps(spins)
    assert energies.shape == (2, 3) and overlaps.shape == (2, 3, 2)
    assert energies[1, 2] == pytest.approx(float(sample.energy(spins[1, 2])), abs=1e-12)
    assert np.allclose(overlaps[1, 2], sample.overlaps(spins[1, 2].tolist()))
