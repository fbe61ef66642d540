"""Laws of small samples from the definition, and tests of counts that need no large numbers.

Transition probabilities are made here from H alone, sharing nothing with kernels: the cost of a
flip is the difference of two energies.

Counts are tested by e-values: numbers >= 0 whose mean is at most 1 under the law tested, so that
one above 1/p has a probability below p (Markov's inequality) at any temperature and for any number
of chains. An e-value here is a ratio of likelihoods, that of an alternative over that of the law.
Transitions along a path need no independence: given the past each has the probabilities of its
row, so the mean of the product of ratios stays 1 (Ville's martingale). Means of e-values are
e-values. See Ramdas, Gruenwald, Vovk, Shafer, Statist. Sci. 38 (2023) 576.
"""

from __future__ import annotations

import functools

import numpy as np
from scipy.special import expit, gammaln, logsumexp

# Widths of the alternatives around the law, as their weight in counts over that of the data.
PRIORS = (0.1, 1.0, 10.0)


def states_of(size: int) -> np.ndarray:
    """All states, int8 of shape (2^N, N): s_i = +1 in state a where bit i of a is set."""
    return (2 * ((np.arange(2**size)[:, None] >> np.arange(size)) & 1) - 1).astype(np.int8)


def labels_of(spins: np.ndarray) -> np.ndarray:
    """Number of each state in the list of `states_of`."""
    return ((np.asarray(spins, np.int64) + 1) // 2) @ (1 << np.arange(spins.shape[-1]))


def flip_costs(sample) -> np.ndarray:
    """H after flipping spin i minus H before, shape (2^N, N)."""
    size = sample.n_spins
    energies = sample.energy(states_of(size))
    flipped = np.arange(2**size)[:, None] ^ (1 << np.arange(size))
    return energies[flipped] - energies[:, None]


def flip_chances(sample, temperature: float, rule: str) -> np.ndarray:
    costs = flip_costs(sample) / temperature
    return expit(-costs) if rule == "heat-bath" else np.exp(-np.maximum(costs, 0.0))


def sweep_matrix(sample, temperature: float, dynamics, made: float = 1.0) -> np.ndarray:
    """Probability of state b one sweep after state a, shape (2^N, 2^N).

    Attempts are made with probability ``made``, for alternatives in which spins are passed over.
    """
    chances = made * flip_chances(sample, temperature, dynamics.rule)
    size = chances.shape[1]
    labels = np.arange(2**size)
    if dynamics.update == "parallel":
        differ = ((labels[:, None] ^ labels)[:, :, None] >> np.arange(size)) & 1
        return np.where(differ, chances[:, None, :], 1.0 - chances[:, None, :]).prod(axis=2)
    attempts = []
    for i in range(size):
        attempt = np.diag(1.0 - chances[:, i])
        attempt[labels, labels ^ (1 << i)] = chances[:, i]
        attempts.append(attempt)
    if dynamics.update == "random":
        return np.linalg.matrix_power(sum(attempts) / size, size)
    return functools.reduce(np.matmul, attempts)


def stationary_law(sample, temperature: float, update: str) -> np.ndarray:
    """exp(-H/T), or prod_i cosh(h_i/T) exp(f_i s_i/T) in parallel (Peretto 1984), normalised."""
    states = states_of(sample.n_spins).astype(np.float64)
    if update == "parallel":
        local = flip_costs(sample) / (2.0 * temperature)  # s_i h_i / T
        logs = np.logaddexp(local, -local).sum(axis=1) + states @ sample.field / temperature
    else:
        logs = -sample.energy(states) / temperature
    return np.exp(logs - logsumexp(logs))


def transitions(before: np.ndarray, after: np.ndarray, number: int) -> np.ndarray:
    """Counts of (state before, state after), shape (number, number)."""
    pairs = before.ravel() * number + after.ravel()
    return np.bincount(pairs, minlength=number**2).reshape(number, number)


def log_ratio(counts: np.ndarray, law: np.ndarray, other: np.ndarray) -> float:
    """Logarithm of the likelihood of counts under another law over that under the law."""
    seen = counts > 0
    with np.errstate(divide="ignore"):
        return float(counts[seen] @ (np.log(other[seen]) - np.log(law[seen])))


def log_evidence(counts, law, sizes, others=()) -> float:
    """ln of an e-value against ``law``: the mean over alternatives of likelihood ratios.

    Parameters
    ----------
    counts, law : ndarray, shape (rows, cells)
        What was counted, and the probabilities of each row.
    sizes : ndarray, shape (rows,)
        Numbers of counts that each row was expected to have, known beforehand. They only scale the
        alternatives: each row's probabilities drawn from Dirichlet's law around the true ones.
    others : sequence of ndarray
        Special alternatives, shaped like ``law``.
    """
    if np.any(counts[law == 0.0]):
        return np.inf
    rows = (counts.sum(axis=1) > 0) & (sizes > 0)
    logs = [log_ratio(counts, law, other) for other in others]
    counts, law, sizes = counts[rows], law[rows], sizes[rows]
    possible = law > 0.0
    for prior in PRIORS:
        whole = prior * sizes
        cells = (whole[:, None] * law)[possible]
        ratio = np.sum(gammaln(cells + counts[possible]) - gammaln(cells))
        ratio -= np.sum(gammaln(whole + counts.sum(axis=1)) - gammaln(whole))
        logs.append(ratio - np.sum(counts[possible] * np.log(law[possible])))
    return float(logsumexp(logs) - np.log(len(logs)))


def mean_evidence(logs: dict) -> float:
    """ln of the mean of e-values given by their logarithms."""
    return float(logsumexp(list(logs.values())) - np.log(len(logs)))
