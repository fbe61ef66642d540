"""Sets of cells in the hands of a caller who errs: what is refused names the argument."""

import pickle

import numpy as np
import pytest

from assocmem import SDR
from assocmem.sdr import Codebook, UnequalRates


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: SDR(10, None), TypeError, "sparse must be a list of cells, got None"),
        (lambda: SDR(10, 3), TypeError, "sparse must be a list of cells, got 3"),
        (lambda: SDR(10, [[1], [1, 2]]), ValueError, "sparse must be an array"),
        (lambda: SDR.from_dense([[1], [1, 0]]), ValueError, "array must be an array"),
        (lambda: SDR.from_dense([]), ValueError, "array must hold one entry for each cell"),
        (lambda: SDR.from_coordinates((2, 3), None), TypeError, "coordinates must be lists"),
        (lambda: SDR.from_coordinates((2, 3), (1, 2)), ValueError, "coordinates must be lists"),
        # These were spread out to one length, and gave a cell that nobody had named.
        (lambda: SDR.from_coordinates((2, 3), [[0, 1], [2]]), ValueError, "lists of one length"),
        (lambda: SDR.from_coordinates((2, 3), [[0], [3]]), ValueError, r"coordinates\[1\].*got 3"),
        (lambda: SDR.from_coordinates((2, 3), [[-1], [0]]), ValueError, r"coordinates\[0\].*-1"),
        (lambda: SDR.from_coordinates((2, 3), [[0.5], [0]]), TypeError, r"coordinates\[0\]"),
        (lambda: SDR.from_coordinates((2, 0), [[0], [0]]), ValueError, r"dimensions\[1\]"),
        (lambda: SDR(6).reshape(), ValueError, "dimensions must be"),
        (lambda: SDR(6).reshape(-1, 2), ValueError, r"dimensions\[0\] must be"),
        (
            lambda: SDR((2, 3)).concatenate(SDR((3, 2)), axis=1),
            ValueError,
            r"others must have dimensions \(2, 3\) but along axis 1, got \(3, 2\)",
        ),
        (lambda: SDR((2, 3)).concatenate(SDR(6), axis=0), ValueError, "others must have"),
        (lambda: SDR(6) < SDR(7), ValueError, "must have n=7 cells, got 6"),
        (lambda: SDR(6, [1]) > SDR(7), ValueError, "must have n=6 cells, got 7"),
        (lambda: np.array(SDR(6), dtype=int, copy=False), ValueError, "copy must not be False"),
        (lambda: Codebook(5, [SDR(6)]), ValueError, "sdr must have n=5 cells, got 6"),
        (lambda: Codebook(5).append(5), TypeError, "sdr must be an SDR, got int"),
        (lambda: Codebook(5, SDR(5, [1])), TypeError, "sdrs must be SDRs"),
        (lambda: Codebook(5, 3), TypeError, "sdrs must be SDRs"),
        (lambda: Codebook(5, [SDR(5)]).union(0), TypeError, "rows must be"),
        (lambda: Codebook(5).overlaps(SDR(6)), ValueError, "query must have n=5"),
    ],
)
def test_refusals_name_the_argument(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_shapes_join_along_any_axis():
    left, right = SDR((2, 3), [1, 5]), SDR((2, 2), [0, 3])
    dense = np.concatenate([left.dense, right.dense], axis=1)
    for axis in (1, -1):
        np.testing.assert_array_equal(left.concatenate(right, axis=axis).dense, dense)


def test_rates_stay_what_they_are():
    """Nobody can write to the rates of a law, not to those of one from a pickle either."""
    law = UnequalRates(50, 0.1, 0.5)
    rates = law.rates.copy()
    for same in (law, pickle.loads(pickle.dumps(law))):
        with pytest.raises(ValueError, match="WRITEABLE"):
            same.rates.setflags(write=True)
        np.testing.assert_array_equal(same.rates, rates)
    assert pickle.loads(pickle.dumps(law)) == law


def test_results_have_the_shape_of_the_left():
    left, right = SDR((2, 3), [1, 5]), SDR((3, 2), [0, 5])
    for made in (left | right, left & right, left - right, left ^ right, left.union(right)):
        assert made.dimensions == (2, 3)
