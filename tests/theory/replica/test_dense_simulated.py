"""States of dense models against simulations at two sizes, extrapolated to infinite size."""

import math

import numpy as np
import pytest

from assocmem import Dense, sample
from assocmem.hopfield.energy import FullPower
from assocmem.hopfield.learning import Supervised, Unsupervised
from assocmem.theory.replica.dense import solve

# Loads well inside the phase in which retrieval is the ground state, so that no chain leaves it.
_POINTS = [
    (Dense(load=0.05, p=3), 0.15, (150, 300), 16),
    (Dense(load=0.01, p=4), 0.03, (80, 120), 16),
    (Dense(load=0.02, energy=FullPower(3)), 0.18, (150, 300), 16),
    (Dense(load=0.03, p=3, learning=Supervised(20, 0.6)), 0.1, (120, 240), 24),
    (Dense(load=0.03, p=3, learning=Unsupervised(20, 0.6)), 0.1, (100, 200), 24),
    (Dense(load=0.015, p=2, learning=Supervised(40, 0.4)), 0.3, (800, 1600), 40),
    (Dense(load=0.015, p=2, learning=Unsupervised(40, 0.4)), 0.3, (800, 1600), 40),
]


@pytest.mark.slow
@pytest.mark.parametrize(("model", "t", "sizes", "disorder"), _POINTS, ids=lambda x: str(x))
def test_overlap_and_q_are_those_of_simulations(model, t, sizes, disorder):
    predicted = solve(model, t)
    runs = [
        sample(
            model, n_spins=n, temperature=t, sweeps=400, burn_in=100, chains=2,
            disorder=disorder, seed=11 + k, progress=False,
        )
        for k, n in enumerate(sizes)
    ]  # fmt: skip
    small, large = sizes
    for name, value in (("overlap", predicted.overlaps[0]), ("replica_overlap", predicted.q)):
        estimates = [run.estimate(name) for run in runs]
        means, errors = ([float(np.ravel(pair[k].values)[0]) for pair in estimates] for k in (0, 1))
        # Linear in 1/N.
        limit = (large * means[1] - small * means[0]) / (large - small)
        error = math.hypot(large * errors[1], small * errors[0]) / (large - small)
        # 14 comparisons at 4.2 standard errors: false alarm below 4e-4 for normal errors.
        assert abs(limit - value) < 4.2 * error, (name, means, errors, value)
        assert error < 0.05
