"""Kernels of a mac by itself: inputs presented to it one after another, codes read backwards."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...montecarlo.kernels.rng import uncounted
from .mac import (
    CAP,
    EXPECTED,
    FREEZE,
    LEAST,
    MOST,
    NOVELTY,
    NU,
    POWER,
    RECRUIT,
    add_sums,
    best_code,
    draw_code,
    expansivity,
    familiarity,
    learn,
    times_support,
)
from .packed import count_bits, wide_vectors
from .permanence import fade, learn_fading
from .recruiting import plain_code, recruit_code

_1, _6, _64 = (np.uint64(k) for k in (1, 6, 64))
# Places among the counters.
HELD, PRESENTED, LEARNED = range(3)


class Arrays(NamedTuple):
    """State and parameters of a mac of Q modules of K units, Q K = units."""

    weights: np.ndarray  # uint64 (words, units or more), see `mac`
    held: np.ndarray  # int32 (units,)
    counters: np.ndarray  # int64 (3,): weights set, inputs presented to learn, inputs learned
    single: np.ndarray  # uint64 (1, 4), its generator
    numbers: np.ndarray  # float64 (8,), see `mac.numbers`
    limits: np.ndarray  # float64 (9,), what the model says, infinity where it sets no limit
    scratch: np.ndarray  # float64 (3, units or more): sums, supports, chances
    ranks: np.ndarray  # uint8 (units, features), see `permanence`; (0, 0) if weights stay
    expiry: np.ndarray  # int64 (units, features), likewise
    earliest: np.ndarray  # int64 (units,), likewise
    lives: np.ndarray  # int64 (ranks + 1,), likewise


@uncounted
def support(mac, words, pi, q, k):
    """Supports of all units by one input, and its familiarity G."""
    units = np.uint64(mac.held.shape[0])
    sums, v = mac.scratch[0, :units], mac.scratch[1, :units]
    sums[:] = 0.0
    v[:] = 1.0
    add_sums(mac.weights, words, 0, words.shape[0], 1.0, sums)
    times_support(sums, mac.held, pi, mac.limits[NU], mac.limits[POWER], v)
    return v, familiarity(v, q, k)


@uncounted
def select(mac, words, pi, q, k, drawn, winners):
    """The code of one input; its familiarity G."""
    v, g = support(mac, words, pi, q, k)
    rho = mac.scratch[2, : v.shape[0]]
    if drawn:
        eta = expansivity(g, mac.numbers, k)
        draw_code(v, eta, mac.numbers, q, k, mac.single, 0, rho, winners)
    else:
        best_code(v, q, k, mac.single, 0, winners)
    return g


@uncounted
def present(mac, inputs, q, k, learning, drawn, winners, found):
    """Present inputs one after another: select a code for each and learn, or not.

    Parameters
    ----------
    mac : Arrays
    inputs : uint64 (items, words)
    q, k : int
    learning, drawn : bool
        Whether to learn; whether codes are drawn rather than the best.
    winners : int (items, q)
        Receives codes; -1 where the mac is not active.
    found : float64 (items,)
        Receives familiarities; 0 where the mac is not active.
    """
    counters, limits = mac.counters, mac.limits
    fading = mac.lives.shape[0] > 0
    for t in range(inputs.shape[0]):
        words, code = inputs[t], winners[t]
        active = count_bits(words)
        found[t] = 0.0
        code[:] = -1
        if active < limits[LEAST] or active > limits[MOST]:
            continue
        pi = limits[EXPECTED] if limits[EXPECTED] else np.float64(active)
        if learning:
            counters[PRESENTED] += 1
            if fading:
                counters[HELD] -= fade(
                    mac.weights, mac.held, mac.ranks, mac.expiry, mac.earliest, counters[PRESENTED]
                )
        limit = limits[CAP] * pi
        recruiting = learning and drawn and limits[RECRUIT] > 0.0
        if recruiting:
            v, found[t] = support(mac, words, pi, q, k)
            new = recruit_code(
                v, mac.held, q, k, limits[NOVELTY], limit,
                limits[RECRUIT] if counters[HELD] < limits[FREEZE] else 0.0, mac.single, 0, code,
            )  # fmt: skip
            learns = new > 0
        else:
            found[t] = select(mac, words, pi, q, k, drawn, code)
            learns = learning and found[t] < limits[NOVELTY] and counters[HELD] < limits[FREEZE]
        if learns:
            if fading:
                counters[HELD] += learn_fading(
                    mac.weights, mac.held, words, code, k, limit, mac.ranks, mac.expiry,
                    mac.earliest, mac.lives, counters[PRESENTED],
                )  # fmt: skip
            else:
                counters[HELD] += learn(mac.weights, mac.held, words, code, k, limit)
            counters[LEARNED] += 1
        if recruiting:
            plain_code(code)


@uncounted
def count_weights(weights, winners, k, counts):
    """How many of a code's winners have the weight from each feature; winners of -1 are none.

    ``counts`` is int64 (64 words,). One operation on vectors for each winner and 8 features.
    """
    wide_vectors()
    counts[:] = 0
    for j in range(np.uint64(winners.shape[0])):
        if winners[j] < 0:
            continue
        i = j * np.uint64(k) + np.uint64(winners[j])
        for w in range(np.uint64(weights.shape[0])):
            word, first = weights[w, i], w << _6
            for bit in range(_64):
                counts[first + bit] += np.int64(word >> bit & _1)
