"""Regimes: names of related overlaps."""

import numpy as np
import pytest

from assocmem.hopfield.regime import regime_of


@pytest.mark.parametrize(
    ("overlaps", "number", "expected"),
    [
        ([0.0, 0.0, 0.0], 3, ("ergodic", 0)),
        ([1e-9], 3, ("ergodic", 0)),
        ([0.7], 3, ("hierarchical", 1)),
        ([0.7, 0.0, 0.0], 3, ("hierarchical", 1)),
        ([0.7], 1, ("hierarchical", 1)),
        ([0.6, 0.24, 0.096], 3, ("hierarchical", 3)),
        ([-0.24, 0.096, 0.6], 3, ("hierarchical", 3)),
        ([0.5, 0.25, 0.25], 3, ("mixed", 3)),  # on the wall: does not exceed
        ([0.4, 0.4, 0.0], 3, ("mixed", 2)),
        ([0.4, 0.4], 2, ("parallel", 2)),
        ([0.4, -0.4, 0.4], 3, ("parallel", 3)),
        ([0.3680, 0.2720, 0.1760], 3, ("mixed", 3)),
        ([0.0982, 0.0905, 0.0823, 0.0746], 4, ("mixed", 4)),
    ],
)
def test_regimes(overlaps, number, expected):
    assert regime_of(overlaps, 1e-7, number) == expected


def test_hierarchical_amplitudes_up_to_their_end():
    """(1 - d) d^(mu - 1) is hierarchical while 1 - 2 d + d^K > 0."""
    for number in (2, 3, 4, 6):
        for d in np.linspace(0.05, 0.95, 37):
            m = (1.0 - d) * d ** np.arange(number)
            expected = "hierarchical" if 1.0 - 2.0 * d + d**number > 0.0 else "mixed"
            assert regime_of(m, 1e-9, number)[0] == expected, (number, d)


def test_tolerances_are_those_of_each_overlap():
    assert regime_of([0.30, 0.27, 0.24], [0.01, 0.01, 0.01], 3) == ("mixed", 3)
    assert regime_of([0.30, 0.27, 0.24], [0.05, 0.05, 0.05], 3) == ("parallel", 3)
    assert regime_of([0.50, 0.03, 0.02], [0.01, 0.05, 0.05], 3) == ("hierarchical", 1)
