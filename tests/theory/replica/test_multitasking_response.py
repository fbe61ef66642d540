"""Response to fields: against differences of states solved in fields."""

import numpy as np
import pytest

from assocmem import Multitasking, solve
from assocmem.theory import response


def test_response_is_the_derivative_of_overlaps_in_a_field():
    model = Multitasking(n_patterns=3, dilution=0.4)
    found = response(solve(model, 0.08, "hierarchical"))
    assert found.shape == (3, 3)
    assert np.allclose(found, found.T, atol=1e-12)
    for nu in range(3):
        step = np.eye(3)[nu] * 1e-6
        up, down = (
            np.array(
                solve(
                    Multitasking(n_patterns=3, dilution=0.4, field=tuple(sign * step)),
                    0.08,
                    "hierarchical",
                ).overlaps
            )
            for sign in (1.0, -1.0)
        )
        assert np.allclose((up - down) / 2e-6, found[:, nu], rtol=1e-4, atol=1e-6)


def test_what_is_not_covered_is_refused():
    with pytest.raises(ValueError, match="state"):
        response(solve(Multitasking(load=0.01, dilution=0.3), 0.1))
