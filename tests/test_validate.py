"""Checks of arguments: what they take, and the wording of what they refuse."""

from fractions import Fraction

import numpy as np
import pytest

from assocmem import _validate as check


@pytest.mark.parametrize("value", [10**400, -(10**400), Fraction(10**400), float("inf")])
def test_numbers_beyond_double_precision_are_refused(value):
    with pytest.raises(ValueError, match="size must be a finite number"):
        check.real("size", value)


def test_integers_too_long_to_write_out():
    with pytest.raises(ValueError, match=r"size must be a finite number.*too long to write out"):
        check.real("size", 10**5000)


def test_arrays_of_no_dimension_are_numbers():
    assert check.real("x", np.array(0.5)) == 0.5
    assert check.real("x", np.array(Fraction(1, 4), dtype=object)) == 0.25
    found = check.integer("n", np.array(7))
    assert found == 7 and type(found) is int
    for wrong in (np.array([0.5]), np.array("0.5"), np.array(True)):
        with pytest.raises(TypeError, match="x must be a real number"):
            check.real("x", wrong)
    with pytest.raises(TypeError, match="n must be an integer"):
        check.integer("n", np.array(7.0))


@pytest.mark.parametrize(
    ("low", "high", "text"), [(2, 25, r"in \[2, 25\]"), (2, None, ">= 2"), (None, 0, "<= 0")]
)
def test_ranges_of_integers_are_named(low, high, text):
    with pytest.raises(ValueError, match=f"n must be an integer {text}, got 1"):
        check.integer("n", 1, low, high)


def test_long_values_are_cut_short():
    with pytest.raises(TypeError) as caught:
        check.real("x", "a" * 10**5)
    assert len(str(caught.value)) < 300


def test_signs_of_any_leading_shape():
    stack = np.ones((2, 3, 5))
    assert check.signs("s", stack, (5,), stacked=True).shape == (2, 3, 5)
    assert check.signs("s", stack[0, 0], (5,), stacked=True).dtype == np.int8
    for wrong in (np.ones((2, 4)), np.float64(1.0), 2 * stack, np.nan * stack, [[1, -1], [1]]):
        with pytest.raises(ValueError, match="s must"):
            check.signs("s", wrong, (5,), stacked=True)
    with pytest.raises(ValueError, match=r"s must have shape \(5,\)"):
        check.signs("s", stack, (5,))
    assert np.array_equal(check.signs("s", np.array([1], np.uint8), (1,)), [1])
