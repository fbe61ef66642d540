"""Active dendrites: segments that detect sparse patterns, and neurons made of them."""

from __future__ import annotations

from .._lazy import attach

_HOME = {
    "Bins": "poirazi",
    "Branching": "sequence_recall",
    "DendriticLayer": "gating",
    "Detector": "detector",
    "GatedUnits": "gating",
    "GroupClassifier": "classification",
    "Neuron": "neurons",
    "Neurons": "neurons",
    "PoiraziMel": "poirazi",
    "PooledColumns": "spatial_pooler",
    "Population": "detector",
    "Power": "nonlinearity",
    "Segments": "segments",
    "SequenceMemory": "sequence_memory",
    "SequenceRecall": "sequence_recall",
    "SequenceRun": "sequence_results",
    "SequenceStep": "sequence_results",
    "Sigmoid": "nonlinearity",
    "SpatialPooler": "spatial_pooler",
    "Step": "nonlinearity",
    "StoredTransitions": "sequence_trials",
    "TemporalMemory": "temporal_memory",
    "high_order_stream": "sequence_streams",
    "random_stream": "sequence_streams",
    "simulate": "trials",
    "swap_experiment": "sequence_swap",
    "uniform_sequences": "sequence_streams",
}

__all__ = sorted(_HOME)

__getattr__, __dir__ = attach(__name__, _HOME)
