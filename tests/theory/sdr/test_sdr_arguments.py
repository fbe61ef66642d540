"""Arguments of the combinatorial functions: what is refused, by which name, and shapes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from assocmem.theory import sdr


@pytest.mark.parametrize(
    "bad", [None, 8.0, Fraction(17, 2), "8", True, [None], np.array(8.0)], ids=repr
)
def test_what_is_no_integer_is_refused_by_name(bad):
    """A fraction would be cut to an integer without a word."""
    with pytest.raises(TypeError, match="theta must be an integer"):
        sdr.fp(200, 40, 20, bad)


@pytest.mark.parametrize("huge", [2**70, -(2**70)])
def test_integers_beyond_64_bits_are_refused_by_name(huge):
    for call, name in (
        (lambda: sdr.fp(200, 40, 20, huge), "theta"),
        (lambda: sdr.local_slope(1000, 2000, huge, 20, 8), "a"),
        (lambda: sdr.local_slope(1000, 2000, 40, huge, 8), "s"),
        (lambda: sdr.union_given_overlap(200, 40, 20, 8, 3, 10, huge), "active"),
    ):
        with pytest.raises(ValueError, match=f"^{name} must be"):
            call()


@pytest.mark.parametrize("bad", [-0.1, 1.5, float("nan")])
def test_probabilities_out_of_range_are_refused_by_their_own_name(bad):
    for call, name in (
        (lambda: sdr.sparsity_floor(bad, 24, 12), "q"),
        (lambda: sdr.noise_limit(bad, 24, 12), "eta"),
        (lambda: sdr.population_miss(5, bad, 2), "epsilon"),
        (lambda: sdr.population_false_alarm(5, bad, 2), "phi"),
    ):
        with pytest.raises(ValueError, match=f"^{name} must be in"):
            call()


@pytest.mark.parametrize("bad", [-1, float("nan"), float("inf")])
def test_published_accuracy_refuses_numbers_of_elements_that_are_none(bad):
    with pytest.raises(ValueError, match=r"^n_elements must be in"):
        sdr.published_accuracy(500, 64, 20, 10, bad)


@pytest.mark.parametrize("bad", [None, "20000", True])
def test_published_accuracy_refuses_elements_that_are_no_number(bad):
    with pytest.raises(TypeError, match=r"^n_elements must be a real"):
        sdr.published_accuracy(500, 64, 20, 10, bad)


def test_published_accuracy_where_every_segment_fires():
    """FP = 1: without stored elements nothing is predicted wrongly, with any all cells are."""
    found = sdr.published_accuracy(10, 9, 5, 4, [0, 1, 50])
    assert found.tolist() == [1.0, 0.9, 0.9]


def test_published_accuracy_needs_active_cells():
    with pytest.raises(ValueError, match=r"^a must be an integer in"):
        sdr.published_accuracy(10, 0, 0, 1, 5)


def test_balance_comes_in_one_shape():
    found = sdr.balanced_threshold([[0.02], [0.05]], 0.3, [10, 20, 30])
    shapes = {np.shape(part) for part in (found.theta, found.information, found.error.value)}
    assert shapes == {(2, 3)}
    alone = sdr.balanced_threshold(0.05, 0.3, 20)
    assert found.theta[1, 1] == alone.theta and isinstance(alone.theta, float)
    assert found.information[1, 1] == alone.information and isinstance(alone.information, float)
