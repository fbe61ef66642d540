"""Which method serves a sample, and which is expected to take less time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..hopfield._arguments import machine_memory
from ..hopfield.dense import DenseSample
from ..hopfield.multitasking import MultitaskingSample
from ..hopfield.pairwise import PairwiseSample
from ..hopfield.rules import Hebb
from .pairwise import largest_coupling
from .sparse import overflows, refuse_overflow, width_of

if TYPE_CHECKING:
    from .dynamics import Dynamics

METHODS = ("auto", "single", "lanes", "patterns", "waiting")


def resolve(
    sample: PairwiseSample | DenseSample | MultitaskingSample,
    dynamics: Dynamics,
    method: str,
    temperatures: np.ndarray,
) -> str:
    """The method that serves, or a ValueError that says why none does."""
    if isinstance(sample, DenseSample):
        if method != "auto":
            raise ValueError(f"method must be 'auto' for a dense sample, got {method!r}")
        return "separable" if sample.is_packed else "examples"
    diluted = isinstance(sample, MultitaskingSample)
    hebb = diluted or isinstance(sample.model.rule, Hebb)
    if method == "patterns" and not hebb:
        raise ValueError(f"method 'patterns' needs Hebb's rule, got {sample.model.rule!r}")
    if method == "waiting" and dynamics.update == "parallel":
        raise ValueError("method 'waiting' serves one spin at a time, got update='parallel'")
    size = sample.n_spins
    needed = size * size * _bytes_per_coupling(sample)
    have = machine_memory()
    fits = needed <= have // 2
    cheaper = _sparse_cheaper if diluted else _patterns_cheaper
    in_patterns = hebb and not (diluted and overflows(sample))
    if method == "auto" and in_patterns and (not fits or cheaper(sample, temperatures.max())):
        method = "patterns"
    if method == "patterns" and diluted:
        refuse_overflow(sample)
    if method != "patterns" and not fits:
        raise ValueError(
            f"n_spins={size} needs {needed / 2**30:.3g} GiB while couplings are made, more than "
            f"half of the {have / 2**30:.3g} GiB of this machine"
            + ("; method='patterns' does without" if in_patterns else "")
        )
    return method


def _bytes_per_coupling(sample: PairwiseSample | MultitaskingSample) -> int:
    """While J is made.

    int8 and int16 copies (int32 beside for thousands of patterns; float32 before, for diluted
    ones), or float64, float32 and int32.
    """
    few = sample.is_integer and largest_coupling(sample) < 2**11
    if isinstance(sample, MultitaskingSample):
        return 6 if few else 16
    return 3 if few else 16


def _patterns_cheaper(sample: PairwiseSample, warmest: float) -> bool:
    """Whether pattern space is expected to take less time than couplings.

    Times in ns on one core of 2023. Cached fields take 1 per attempt, about 20 + N/18 per flip,
    and 3 + K/60 per coupling to make them, which is shared among 5000 sweeps to come (over all
    chains; how many there are must not matter, lest it change the numbers of a chain). Patterns
    take 6 + K/10 per attempt and 40 + K/14 per flip. Flips are those of mean-field theory
    without noise, (1 - m^2)/2 per attempt with m = tanh(m/T).
    """
    m = 1.0
    for _ in range(100):
        m = float(np.tanh(m / max(warmest, 1e-3)))
    flips = (1.0 - m * m) / 2.0
    size, number = sample.n_spins, sample.n_patterns
    cached = 1.0 + flips * (20.0 + size / 18.0) + _making(size, number)
    return 6.0 + number / 10.0 + flips * (40.0 + number / 14.0) < cached


def _sparse_cheaper(sample: MultitaskingSample, warmest: float) -> bool:
    """Whether sparse columns are expected to take less time than couplings.

    As `_patterns_cheaper`, for the rows that are not blank at a spin, c = (1 - d) K: sparse columns
    take 4 + c per attempt and 45 + 1.5 c per flip, where c grows by 0.4 for each example beside the
    first if all are stored. Flips are those of spins that follow the first pattern that is not
    blank, as hierarchical states at T = 0 do: (1 - tanh^2(h/T))/2 with h = (1 - d) d^k.
    """
    d, size = sample.model.dilution, sample.n_spins
    levels = np.arange(min(sample.n_patterns, 1000))
    share = (1.0 - d) * d**levels
    slopes = 1.0 - np.tanh(share / max(warmest, 1e-3)) ** 2
    flips = 0.5 * float(share @ slopes + (1.0 - share.sum()))
    width = width_of(sample.model)
    rows = (1.0 - d) * (sample.n_stored // width) * (1.0 + 0.4 * (width - 1))
    # Runs are shorter here: states of few patterns are reached within some tens of sweeps.
    cached = 1.0 + flips * (20.0 + size / 18.0) + 10.0 * _making(size, sample.n_stored)
    return 4.0 + rows + flips * (45.0 + 1.5 * rows) < cached


def _making(size: int, rows: int) -> float:
    """Time to make the couplings, per spin of each of 5000 sweeps."""
    return size * (3.0 + rows / 60.0) / 5000.0
