"""The branch of recall under the dreaming rule, from load 0 to the fold where it ends."""

from __future__ import annotations

import math

import numpy as np

from ...errors import ConvergenceError
from ...hopfield.rules import Dreaming, Hebb, PseudoInverse, Rule
from ..lines import Event, trace
from ..saddle import SaddlePoint, numerical_jacobian, solve
from .slept_equations import SleptEquations

_FIRST_LOAD = 1e-6

LONG = 30.0
"""Dreaming time beyond which the states of unbiased retrieval are left to this module."""


def dreaming_time(rule: Rule) -> float:
    """The time t in [0, inf] at which dreaming gives ``rule``.

    Raises
    ------
    ValueError
        For a rule outside this family, as Storkey's, whose theory is not known.
    """
    if isinstance(rule, Hebb):
        return 0.0
    if isinstance(rule, Dreaming):
        return rule.time
    if isinstance(rule, PseudoInverse):
        return math.inf
    raise ValueError(
        f"rule must be Hebb, Dreaming or PseudoInverse for its theory to be known, got {rule!r}"
    )


def from_recall(equations: SleptEquations, load: float, temperature: float) -> SaddlePoint:
    """Solve the equations from as much overlap as they allow for, (1, 0, .., 0) or (1, .., 1)."""
    aligned = np.zeros(len(equations.field))
    words = equations.words[:, 0]
    aligned[0] = float(equations.weights @ np.abs(words)) / equations.copies
    return solve(
        lambda x: equations.residual(x, load, temperature),
        equations.start(load, aligned),
        jacobian=lambda x: equations.jacobian(x, load, temperature),
        fixed_point=lambda x: equations.proposal(x, load, temperature),
    )


def branch_end(equations: SleptEquations, temperature: float) -> tuple[float, float]:
    """Load at which the state of recall without fields disappears, and the residual there.

    Parameters
    ----------
    equations : SleptEquations
        With one unknown M and no field.
    temperature : float
        T >= 0. Give T > 0 where the branch ends without a fold at T = 0 (projection rule).

    Returns
    -------
    load, residual : float
        The load is 0.0 if there is no recall at load 1e-6.

    Raises
    ------
    ConvergenceError
        If the branch is lost before a fold.

    Notes
    -----
    Cost: about 20 ms.
    """

    # The branch is traced in (ln M, v/M^2, load): fields shrink as 1/t at loads beyond 1.
    def unscaled(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        size = math.exp(y[0])
        return np.array([size, y[1] * size * size]), np.array([size, size * size])

    def system(y: np.ndarray) -> np.ndarray:
        if not 0.0 < y[2] < 1e3 or abs(y[0]) > 100.0:
            return np.full(2, np.nan)
        x, units = unscaled(y)
        return equations.residual(x, float(y[2]), temperature) / units

    def jacobian(y: np.ndarray) -> np.ndarray:
        x, units = unscaled(y)
        matrix = equations.jacobian(x, float(y[2]), temperature) / units[:, np.newaxis]
        value = system(y)
        by_size = matrix @ np.array([x[0], 2.0 * x[1]]) - np.array([value[0], 2.0 * value[1]])
        by_load = numerical_jacobian(lambda load: system(np.append(y[:2], load)), y[2:])
        return np.column_stack([by_size, matrix[:, 1] * units[1], by_load])

    first = from_recall(equations, _FIRST_LOAD, temperature)
    if not first.converged:
        raise ConvergenceError(f"recall at load {_FIRST_LOAD}, T={temperature}", first.residual)
    if first.x[0] < 1e-6:
        return 0.0, first.residual
    try:
        curve = trace(
            system,
            np.array([math.log(first.x[0]), first.x[1] / first.x[0] ** 2, _FIRST_LOAD]),
            np.array([0.0, 0.0, 1.0]),
            [Event("fold", lambda y, tangent: float(tangent[2]))],
            jacobian=jacobian,
            step=0.01,
            max_step=0.1,
        )
    except ValueError as error:  # the fold could not be located within its step
        raise ConvergenceError(f"end of recall at T={temperature}: {error}", math.inf) from error
    if not curve.converged:
        worst = float(np.max(curve.residuals)) if len(curve.points) else math.inf
        raise ConvergenceError(f"branch of recall at T={temperature}: {curve.ended}", worst)
    return float(curve.points[-1, 2]), float(curve.residuals[-1])


def along_branch(equations: SleptEquations, load: float, temperature: float) -> SaddlePoint:
    """Solve the equations by following recall without fields from load 0 up to ``load``."""
    from ..saddle import follow

    first = from_recall(equations, _FIRST_LOAD, temperature)
    if not first.converged or load <= _FIRST_LOAD:
        return first
    return follow(
        lambda x, a: equations.residual(x, a, temperature),
        first.x,
        [_FIRST_LOAD, 0.5 * load, load],
        jacobian=lambda x, a: equations.jacobian(x, a, temperature),
    )[-1]
