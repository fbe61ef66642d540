"""Response of a multitasking state to fields on its patterns, at low load."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .multitasking_words import words_of

if TYPE_CHECKING:
    from ..state import State


def response(state: State) -> np.ndarray:
    """dm_mu/dh_nu among the condensed patterns, shape (P, P); of storing models, T > 0.

    m = E xi tanh(xi.(m + h)/T) gives dm = A (dm + dh), A = (1/T) E xi xi^T sech^2 = 1 - Hessian of
    f, and so dm/dh = Hessian^(-1) - 1. Patterns that are not condensed respond by themselves.

    Raises
    ------
    ValueError
        If the state is one of learned patterns, in a field, at T = 0, or at extensive load.
    """
    model = state.model
    fixed = getattr(model, "n_patterns", None) is not None and model.learning is None
    if not fixed or any(model.field) or state.temperature == 0.0:
        raise ValueError(
            f"state must be one of a storing model with n_patterns at T > 0 without fields, "
            f"got {state.name} of {model!r} at T={state.temperature:g}"
        )
    condensed = [m for m in state.overlaps if m != 0.0]
    if not condensed:
        return np.zeros((0, 0))
    hessian = words_of(model, (1,) * len(condensed)).at(condensed, state.temperature)[2]
    return np.linalg.inv(hessian) - np.eye(len(condensed))
