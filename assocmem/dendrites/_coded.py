"""Models of detection as the plain arrays that kernels take, and random states for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..sdr.activity import Bernoulli, Clustered, UnequalRates
from ..sdr.noise import Drop, Kill, Replace, Swap
from .detector import Detector, Population

_NOISES = (Drop, Replace, Swap, Kill)  # their codes are their places


@dataclass(frozen=True, eq=False)
class Coded:
    """A model as arrays, see `.kernels.cells` for ``form``; ``most`` bounds cells of a pattern."""

    form: np.ndarray
    rates: np.ndarray
    transmission: float
    n: int
    n_synapses: int
    threshold: int
    n_patterns: int
    n_segments: int
    n_neurons: int
    quorum: int
    most: int
    work: int
    """Draws that a trial takes, roughly."""

    def scratch(self) -> tuple[np.ndarray, ...]:
        """Arrays that trials need: state, used, perm, clusters, whole, pattern, synapses."""
        n, clusters = self.n, max(self.n // max(int(self.form[2]), 1), 1)
        zeros = np.zeros((2, n), np.int32)
        return (
            zeros[0],
            zeros[1],
            np.arange(n, dtype=np.int32),
            np.arange(clusters, dtype=np.int32),
            np.zeros(clusters, np.uint8),
            np.empty(n, np.int32),
            np.empty(n, np.int32),
        )


def coded(model: Detector | Population) -> Coded:
    """A model as arrays.

    Raises
    ------
    TypeError, ValueError
        If ``model`` is none, or hardly any activity has the synapses of a pattern.
    """
    if not isinstance(model, (Detector, Population)):
        raise TypeError(f"model must be a Detector or a Population, got {model!r}")
    population = model if isinstance(model, Population) else Population(model, 1)
    one = population.detector
    law, s = one.activity, one.n_synapses
    if isinstance(law, (Bernoulli, UnequalRates)):
        kind = 1 if isinstance(law, Bernoulli) else 2
        a, size, whole = 0, 1, 0
        rates = np.array(law.rates)
        spread = float(np.sqrt(np.sum(rates * (1.0 - rates))))
        if s > law.mean_size + 4.0 * spread + 1.0:
            raise ValueError(
                f"n_synapses={s} must be a number of active cells that occurs under {law!r}, which "
                f"has {law.mean_size:.1f} +- {spread:.1f} of them; choose fewer synapses"
            )
        most = min(law.n, max(int(law.mean_size + 12.0 * spread), s) + 64)
    else:
        kind, a, rates, most = 0, law.a, np.zeros(1), law.a
        size, whole = (law.size, law.n_whole) if isinstance(law, Clustered) else (1, 0)
    noise = _NOISES.index(type(one.noise))
    bits = one.noise.cells if isinstance(one.noise, Kill) else one.noise.bits
    form = [law.n, a, size, whole, kind, s, one.threshold, one.n_patterns, one.n_segments]
    form += [population.n_neurons, population.quorum, noise, bits]
    slots = population.n_neurons * one.n_segments * one.n_patterns
    work = most + slots * (most if kind == 2 or whole else s) + 1
    return Coded(
        np.array(form, np.int64), rates, one.transmission, law.n, s, one.threshold,
        one.n_patterns, one.n_segments, population.n_neurons, population.quorum, most, work,
    )  # fmt: skip


def certainty(code: Coded, lost: bool) -> bool | None:
    """True or False where the event always or never happens, None where it may.

    False positives never happen where the synapses that exist, or active cells, are fewer than the
    threshold; false negatives never where the synapses that may be lost leave enough of them.
    """
    theta, s = code.threshold, code.n_synapses
    if theta <= 0:
        return not lost
    ever = min(s * code.n_patterns, code.n)
    if ever < theta or code.transmission == 0.0:
        return lost
    n, a, _, _, law, *_, noise, bits = (int(value) for value in code.form)
    if not lost:
        active = a if law == 0 else int(np.count_nonzero(code.rates))
        return False if min(ever, active) < theta else None
    gone = min(s, bits)
    if noise in (1, 2):
        gone = min(gone, n - a)
    return False if code.transmission == 1.0 and s - gone >= theta else None


def states(seed: int, *key: int) -> np.ndarray:
    """A generator for kernels, uint64 (1, 4), of its own for every key."""
    made = np.random.SeedSequence(seed, spawn_key=key).generate_state(4, np.uint64)
    # A generator of zeros alone would stay there for ever.
    return made.reshape(1, 4) | np.uint64(not made.any())
