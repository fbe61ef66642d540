"""The laboratory of associative memories: every model beside its theory.

Names are imported when first used, so that ``import assocmem`` costs nothing and compiles nothing.
"""

from __future__ import annotations

from ._lazy import attach
from ._version import __version__

_HOME = {
    "Biased": "patterns",
    "ConvergenceError": "errors",
    "Dense": "hopfield.dense",
    "Detector": "dendrites.detector",
    "Diluted": "patterns",
    "Dreaming": "hopfield.rules",
    "Dynamics": "montecarlo.dynamics",
    "Exponential": "hopfield.energy",
    "FullPower": "hopfield.energy",
    "Hebb": "hopfield.rules",
    "Hopfield": "hopfield.pairwise",
    "LogSumExp": "hopfield.energy",
    "Multitasking": "hopfield.multitasking",
    "MultitaskingSample": "hopfield.multitasking",
    "NoisyDense": "hopfield.noisy",
    "PBody": "hopfield.energy",
    "PairwiseSample": "hopfield.pairwise",
    "PseudoInverse": "hopfield.rules",
    "Population": "dendrites.detector",
    "Rademacher": "patterns",
    "SDR": "sdr.sdr",
    "Separable": "hopfield.energy",
    "SimulationResult": "montecarlo.result",
    "Storkey": "hopfield.rules",
    "StoredTransitions": "dendrites.sequence_trials",
    "Structured": "patterns",
    "Supervised": "hopfield.learning",
    "TemporalMemory": "dendrites.temporal_memory",
    "Unsupervised": "hopfield.learning",
    "Willshaw": "sdr.willshaw",
    "admissible_noise": "theory",
    "anneal": "montecarlo.tempering",
    "basins": "theory",
    "cite": "citations",
    "critical_load": "theory",
    "critical_load_rsb": "theory",
    "detection": "theory",
    "descend": "montecarlo.descents",
    "enumerate_states": "montecarlo.exact",
    "extrapolate": "montecarlo.statistics_fit",
    "from_json": "serial",
    "glass_transition": "theory",
    "learning_threshold": "theory",
    "load_result": "montecarlo.result",
    "load_sweep": "sweeps",
    "one_step_overlap": "theory",
    "phase_diagram": "theory",
    "plefka": "montecarlo.plefka",
    "retrieval_line": "theory",
    "retrieved_at_once": "theory",
    "sample": "montecarlo.sampler",
    "sample_tensor": "montecarlo.tensor",
    "solve": "theory",
    "solve_grid": "theory",
    "solve_rsb": "theory",
    "states": "theory",
    "survey": "surveys",
    "sweep": "sweeps",
    "temper": "montecarlo.tempering",
    "to_json": "serial",
    "verify": "verification",
    "zero_temperature_states": "theory",
}

__all__ = ["__version__", *sorted(_HOME)]

__getattr__, __dir__ = attach(__name__, _HOME)
