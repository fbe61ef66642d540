"""Theory: what the replica method says of a model. Never imports the simulations.

``solve`` and ``phase_diagram`` look up the theory of a model (`Hopfield`, `Dense`, `Multitasking`)
by the names of its class and of its learning rule; the module that holds it is imported on first
use. ``states`` lists all states of multitasking networks.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from inspect import signature
from typing import TYPE_CHECKING, Any

from .._lazy import attach

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from .diagram import PhaseDiagram
    from .regimes import RegimeDiagram
    from .state import State

_HOME = {
    "Averages": "gaussian",
    "averages": "gaussian",
    "mixture_averages": "gaussian",
    "Line": "lines",
    "PhaseDiagram": "diagram",
    "RegimeDiagram": "regimes",
    "RegimeLine": "regimes",
    "State": "state",
    "States": "replica.multitasking_states",
    "critical_load_rsb": "replica.rsb",
    "admissible_noise": "scaling",
    "basins": "replica.multitasking_basins",
    "detection": "sdr.detection",
    "capacity_of": "replica.multitasking_loaded_capacity",
    "example_quality": "multitasking_learning",
    "existence_intervals": "replica.multitasking_intervals",
    "fixed_points": "replica.multitasking_zero",
    "ground_intervals": "replica.multitasking_intervals",
    "hierarchical_dilution": "replica.multitasking_zero",
    "learned_state": "multitasking_learning",
    "level_constant": "replica.multitasking_loaded_capacity",
    "response": "replica.multitasking_response",
    "retrieval_map": "replica.multitasking_loaded_capacity",
    "retrieved_at_once": "replica.multitasking_loaded_capacity",
    "retrieved_law": "replica.multitasking_loaded_capacity",
    "state_threshold": "multitasking_learning",
    "symmetric_stability": "replica.multitasking_lines",
    "zero_temperature_states": "replica.multitasking_zero",
    "basin_load": "replica.exponential_noise",
    "equivalent_load": "scaling",
    "glass_transition": "replica.rsb_glass",
    "learning_threshold": "noise",
    "metastable_states": "replica.rsb_glass",
    "noise_free_energy": "replica.exponential_noise",
    "one_step_overlap": "noise",
    "solve_grid": "grid",
    "threshold_law": "noise",
    "thresholds": "replica.exponential_noise",
    "solve_rsb": "replica.rsb",
    "states": "replica.multitasking_states",
    "GARDNER_BOUND": "capacity",
    "critical_load": "capacity",
    "retrieval_line": "capacity",
}

__all__ = ["phase_diagram", "register", "solve", *sorted(_HOME)]

# (class of the model, class of its rule or "") -> module with `solve` and `phase_diagram`
_THEORIES: dict[tuple[str, str], str] = {
    ("Hopfield", "Hebb"): f"{__name__}.replica.hopfield",
    ("Hopfield", "Dreaming"): f"{__name__}.replica.dreaming",
    ("Hopfield", "PseudoInverse"): f"{__name__}.replica.dreaming",
    ("Dense", ""): f"{__name__}.replica.dense",
    ("Multitasking", ""): f"{__name__}.replica.multitasking",
}


def register(model: str, rule: str, module: str) -> None:
    """Name the module that solves a model.

    Parameters
    ----------
    model, rule : str
        Names of the classes; ``rule`` is "" for models without one.
    module : str
        Full name of a module with functions ``solve(model, temperature, state, *, n_mixed)``
        and, if it has one, ``phase_diagram(model, *, n_points, mixtures)``; both with ``law`` too
        where models learn from examples.
    """
    _THEORIES[(model, rule)] = module


def _theory_of(model: Any, function: str) -> ModuleType:
    rule = getattr(model, "rule", None)
    key = (type(model).__name__, "" if rule is None else type(rule).__name__)
    name = _THEORIES.get(key)
    if name is None or find_spec(name) is None:
        known = ", ".join(" with ".join(filter(None, pair)) for pair in sorted(_THEORIES))
        raise TypeError(f"model must be one whose theory is known ({known}), got {model!r}")
    module = import_module(name)
    if not hasattr(module, function):
        raise TypeError(f"model must be one with a {function}, got {model!r}")
    return module


def _law_of(model: Any, function: Callable, law: str | None) -> dict[str, str]:
    """The argument ``law`` for a function of a theory, if it is given and means something."""
    if law is None:
        return {}
    if "law" not in signature(function).parameters:
        raise TypeError(f"law must be left out for a model of this kind, got {law!r} for {model!r}")
    if getattr(model, "learning", None) is None:
        raise ValueError(
            f"law must be left out for a model that does not learn from examples, got {law!r} for "
            f"{model!r}"
        )
    return {"law": law}


def solve(
    model: Any,
    temperature: float,
    state: str = "retrieval",
    *,
    n_mixed: int = 3,
    law: str | None = None,
) -> State:
    """Order parameters, free energy and stability of one state of a model.

    Parameters
    ----------
    model : Hopfield, Dense or Multitasking
        The model; its load is read from it.
    temperature : float
        T >= 0, in the units of the model's energy; 0 is solved exactly, not approached.
    state : str
        "retrieval", "mixture" (equal overlaps with ``n_mixed`` patterns), "spin-glass"
        or "paramagnet"; of multitasking networks also "hierarchical" and "parallel".
    n_mixed : int
        Number of patterns in a mixture, >= 2 (multitasking networks: >= 1).
    law : {"binomial", "gaussian"}, optional
        Law of the mean of the examples, for models that learn from examples alone: the exact one
        (the default), or its limit for many examples.

    Returns
    -------
    State
        With ``exists=False`` and no numbers where there is no such solution.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range, or the theory is not known.
    ConvergenceError
        If existence could not be decided (within rounding of a critical line).

    Examples
    --------
    >>> from assocmem import Hopfield
    >>> from assocmem.theory import solve
    >>> round(solve(Hopfield(load=0.05), temperature=0.0).overlaps[0], 6)
    0.999992
    """
    found = _theory_of(model, "solve").solve
    return found(model, temperature, state, n_mixed=n_mixed, **_law_of(model, found, law))


def phase_diagram(
    model: Any,
    *,
    n_points: int = 100,
    mixtures: tuple[int, ...] = (3,),
    law: str | None = None,
) -> PhaseDiagram | RegimeDiagram:
    """Critical lines of a model in the plane of load and temperature, and its critical points.

    Of a `Multitasking` model with a fixed number of patterns, the plane is that of dilution and
    temperature, with the regimes of the ground state.

    Parameters
    ----------
    model : Hopfield, Dense or Multitasking
        Its load is not used: the diagram is over all loads, or over all dilutions.
    n_points : int
        Points per line, >= 2, evenly spaced along it. Where replica symmetry is broken lines have
        the few points at which they were solved.
    mixtures : sequence of int
        Numbers of mixed patterns to follow.
    law : {"binomial", "gaussian"}, optional
        As for `solve`.

    Returns
    -------
    PhaseDiagram
        Of its lines, T_M is where retrieval ends, T_c where it has the free energy of the state
        without a pattern, T_g where the paramagnet freezes and T_R where replica symmetry of
        retrieval breaks (de Almeida-Thouless). `Dense` models of degree 3 and more also have T_d,
        the dynamic glass transition, and T_M_rsb, the end of retrieval below T_R with one step of
        replica symmetry breaking. `Multitasking` models have T_M_hierarchical_P, where the state
        with P patterns at once ends; those with a fixed number of patterns return a
        `RegimeDiagram` instead.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range, or the theory is not known.
    ConvergenceError
        If a line could not be traced to its end.
    """
    found = _theory_of(model, "phase_diagram").phase_diagram
    return found(model, n_points=n_points, mixtures=mixtures, **_law_of(model, found, law))


__getattr__, __dir__ = attach(__name__, _HOME)
