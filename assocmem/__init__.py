"""The laboratory of associative memories: every model beside its theory.

Names are imported when first used, so that ``import assocmem`` costs nothing and compiles nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ._version import __version__

_HOME = {
    "Biased": "patterns",
    "ConvergenceError": "errors",
    "Dreaming": "hopfield.rules",
    "Dynamics": "montecarlo.dynamics",
    "Hebb": "hopfield.rules",
    "Hopfield": "hopfield.pairwise",
    "PairwiseSample": "hopfield.pairwise",
    "PseudoInverse": "hopfield.rules",
    "Rademacher": "patterns",
    "SimulationResult": "montecarlo.result",
    "Storkey": "hopfield.rules",
    "anneal": "montecarlo.tempering",
    "cite": "citations",
    "critical_load": "theory",
    "critical_load_rsb": "theory",
    "enumerate_states": "montecarlo.exact",
    "from_json": "serial",
    "extrapolate": "montecarlo.statistics_fit",
    "load_result": "montecarlo.result",
    "load_sweep": "sweeps",
    "phase_diagram": "theory",
    "retrieval_line": "theory",
    "sample": "montecarlo.sampler",
    "solve": "theory",
    "solve_grid": "theory",
    "solve_rsb": "theory",
    "sweep": "sweeps",
    "temper": "montecarlo.tempering",
    "to_json": "serial",
    "verify": "verification",
}

__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'assocmem' has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
