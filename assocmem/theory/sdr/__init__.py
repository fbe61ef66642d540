"""Exact combinatorics of sparse representations and of the detectors and memories made of them.

Symbols are those of Ahmad and Hawkins (arXiv:1601.00720): n cells, a of them active, s synapses,
threshold theta, v bits lost, M patterns, q = a/n. Probabilities come as `Probability`, value and
decimal logarithm, right to 1e-12 relative where the value has left the range of doubles too.

`symbolic` holds the formulas as sympy expressions, `sequences` more on sequence memories.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "Bracket": "bounds",
    "Detection": "detection",
    "METHODS": "approximations",
    "PAPER_GRID": "thresholds",
    "Probability": "probability",
    "STATED_GRID": "thresholds",
    "activity_union_fp": "unions",
    "activity_union_fp_gamma": "union_approximations",
    "any_of": "many",
    "any_of_bounds": "many",
    "balanced_threshold": "thresholds",
    "best_branches": "branch_capacity",
    "best_threshold": "thresholds",
    "binomial_accuracy": "sequences",
    "branching": "sequences",
    "capacity": "many",
    "chernoff": "bounds",
    "chernoff_fn": "bounds",
    "context_codes": "sequences",
    "decades_per_threshold": "asymptotics",
    "effective_rate": "overlap_laws",
    "error_by_threshold": "thresholds",
    "feasible_thresholds": "thresholds",
    "fn_drop": "single",
    "fn_kill": "single",
    "fn_swap": "single",
    "fn_unreliable": "single",
    "fp": "single",
    "fp_activity": "correlated",
    "fp_approximation": "approximations",
    "fp_effective": "correlated",
    "fp_independent": "correlated",
    "fp_random": "single",
    "fp_unreliable": "single",
    "hard_table": "two_layer",
    "jaccard_accuracy": "sequences",
    "kullback": "asymptotics",
    "large_n": "asymptotics",
    "large_s": "asymptotics",
    "leading_term": "bounds",
    "linear_capacity": "branch_capacity",
    "local_slope": "asymptotics",
    "log_binomial_head": "hypergeometric",
    "log_binomial_pmf": "hypergeometric",
    "log_binomial_tail": "hypergeometric",
    "log_head": "hypergeometric",
    "log_overlap_set": "single",
    "log_pmf": "hypergeometric",
    "log_tail": "hypergeometric",
    "noise_limit": "asymptotics",
    "noisy_accuracy": "sequences",
    "overlap_law": "overlap_laws",
    "pair_correlation": "correlated",
    "population_false_alarm": "many",
    "population_false_alarm_shared": "populations",
    "population_miss": "many",
    "population_miss_shared": "populations",
    "power_table": "two_layer",
    "predict": "detection",
    "published_accuracy": "sequences",
    "same": "single",
    "sigmoid_table": "two_layer",
    "smallest_threshold": "thresholds",
    "sparsity_floor": "asymptotics",
    "stored_transitions": "sequences",
    "subset": "bounds",
    "two_layer_bracket": "two_layer",
    "two_layer_capacity": "branch_capacity",
    "two_layer_law": "two_layer",
    "two_layer_tail": "two_layer",
    "union_fn": "unions",
    "union_fp": "unions",
    "union_fp_bloom": "union_approximations",
    "union_fp_gamma": "union_approximations",
    "union_fp_rounded": "union_approximations",
    "union_given_overlap": "unions",
    "union_mean": "unions",
    "union_size_law": "unions",
    "union_variance": "unions",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
