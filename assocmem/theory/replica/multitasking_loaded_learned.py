r"""Supervised learning of diluted patterns at extensive load: retrieval of one archetype.

What is stored is y = etabar/sqrt(R) for each pattern, independent entries with E y^2 = 1 - d. The
patterns that do not condense enter by that second moment alone, so that the network is the
Hopfield model of the standardised entries y/sqrt(1 - d), whose law is that of binomial means;
noise, glass and T_g are those without learning. nu = E y tanh of the stored entries gives the
overlap with the mean examples, sqrt(R) nu, and with the archetype

    m = (1 - d) E_{etabar | xi = 1} tanh((y nu + a b z)/T),   a = 1 - d.

Unsupervised learning is not of this kind: the M examples of one pattern share their archetype, and
their noise is correlated.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .. import laws
from ..gaussian import moments
from ..state import State
from . import hopfield
from . import hopfield_reduced as red
from .hopfield_rays import find, origins
from .hopfield_reduced import condensate

if TYPE_CHECKING:
    from ...hopfield.multitasking import Multitasking
    from .multitasking_loaded import Standardised


def stored_law(model: Multitasking) -> tuple[laws.Law, laws.Law]:
    """Law of y given xi = 1, and of y/sqrt(1 - d)."""
    learning, d = model.learning, model.dilution
    values, weights = laws.binomial_mean(learning.n_examples, learning.quality)
    values = values / math.sqrt(learning.variance)
    top = values / math.sqrt(1.0 - d)
    half = 0.5 * (1.0 - d) * weights
    both = laws.merged(np.concatenate([top, -top, [0.0]]), np.concatenate([half, half, [d]]))
    return (values, weights), both


def retrieval(
    model: Multitasking, standard: Standardised, temperature: float
) -> tuple[State, float, float]:
    """The state of the standardised model, the archetype's overlap and that with its mean example.

    Raises
    ------
    ConvergenceError
        If existence could not be decided, within rounding of the spinodal.
    """
    a = 1.0 - model.dilution
    t = temperature / a
    given, entry = stored_law(model)
    law = condensate(entry, 1)
    found = find(law, standard.load, t)
    if found.out is None:
        reason = f"{found.reason} in units of 1 - d"
        if standard.load > 0.0 and not origins(law):
            reason = "it has no beginning at T = 0 and vanishing load"
        none = State("retrieval", model, temperature, False, reason, iterations=found.iterations)
        return none, 0.0, 0.0
    state = hopfield._condensed(standard, t, "retrieval", law, found)
    u, b = float(found.out[red.U]), float(found.out[red.B])
    root = math.sqrt(a)
    archetype = a * sum(
        p * moments(y * u / root, b, t)[0] for y, p in zip(*given, strict=True)
    )  # fmt: skip
    mean_example = math.sqrt(model.learning.variance) * root * float(found.out[red.M])
    return state, float(archetype), mean_example
