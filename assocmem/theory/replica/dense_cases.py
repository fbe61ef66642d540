"""What the equations of `dense_equations` need of a model: its words, energy and noise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ...hopfield.learning import Supervised, Unsupervised
from ..laws import binomial_mean
from .dense_equations import Case
from .dense_noise import noise_of
from .hopfield_reduced import condensate

if TYPE_CHECKING:
    from ...hopfield.dense import Dense

LAWS = ("binomial", "gaussian")
_MOST_EXAMPLES = 10_000  # words of the exact law
_LEAST_WEIGHT = 1e-20


def examples_law(
    learning: Supervised | Unsupervised, law: str
) -> tuple[np.ndarray, np.ndarray, float]:
    """Values of y = etabar/sqrt(R) for xi = +1, their probabilities, and a Gaussian variance.

    Parameters
    ----------
    learning : Supervised or Unsupervised
        M and r.
    law : str
        "binomial", exact; or "gaussian", y = (1 + sqrt(rho) zeta)/sqrt(1 + rho), its limit for
        large M: one word and the variance rho/(1 + rho).

    Raises
    ------
    ValueError
        If the exact law has too many words.
    """
    if law == "gaussian":
        rho = learning.entropy
        return np.array([1.0 / math.sqrt(1.0 + rho)]), np.ones(1), rho / (1.0 + rho)
    if learning.n_examples > _MOST_EXAMPLES and learning.quality < 1.0:
        raise ValueError(
            f"n_examples must be at most {_MOST_EXAMPLES} for the exact law, got "
            f"{learning.n_examples}; use law='gaussian'"
        )
    if learning.quality == 1.0:
        return np.ones(1), np.ones(1), 0.0
    values, weights = binomial_mean(learning.n_examples, learning.quality)
    keep = weights > _LEAST_WEIGHT
    values, weights = values[keep], weights[keep] / weights[keep].sum()
    return values / math.sqrt(learning.variance), weights, 0.0


def case_of(model: Dense, n_mixed: int = 1, law: str = "binomial", field: float = 0.0) -> Case:
    """The case of one condensed pattern, or of ``n_mixed`` equal ones.

    ``field`` acts on the pattern; with learning it is left to the caller (it acts on the
    archetype, not on what was stored).
    """
    energy, learning = model.energy, model.learning
    v, has_split = 0.0, False
    if learning is None and n_mixed == 1:
        values, weights = np.ones(1), np.ones(1)
        split = np.zeros(1)
    elif learning is None:
        mixed = condensate(model.patterns.law(), n_mixed)
        values, weights, split, has_split = mixed.values, mixed.weights, mixed.split, True
    else:
        values, weights, v = examples_law(learning, law)
        split = np.zeros_like(values)
        m = learning.n_examples
        if isinstance(learning, Unsupervised) and m > 1 and v == 0.0:
            # Examples a, b of given mean e: 1 - E[eta_a eta_b] = M (1 - e^2)/(M - 1).
            split = (1.0 - learning.variance * values**2) / (learning.variance * (m - 1.0))
            has_split = learning.quality < 1.0
    return Case(
        np.ascontiguousarray(values), np.ascontiguousarray(weights), np.ascontiguousarray(split),
        n_mixed, v, field, energy.condensed, energy.slope, energy.curvature, noise_of(model),
        has_split,
    )  # fmt: skip


def is_hebbian(model: Dense) -> bool:
    """Whether the model is the Hopfield model with Hebb's rule: F = m^2/2, patterns stored."""
    if model.learning is not None or model.p != 2:
        return False
    grid = np.linspace(-1.0, 1.0, 9)
    return all(abs(model.energy.curvature(float(m)) - 1.0) < 1e-14 for m in grid)


def hebbian(model: Dense):
    """The Hopfield model of the same load, patterns and fields."""
    from ...hopfield.pairwise import Hopfield

    load = None if model.n_patterns is not None else limit_load(model)
    return Hopfield(
        load=load, n_patterns=model.n_patterns, patterns=model.patterns, field=model.field
    )


def limit_load(model: Dense) -> float:
    """The load in the limit of large N: 0 where K grows more slowly than N^(p-1)."""
    return 0.0 if model.exponent is not None else model.load
