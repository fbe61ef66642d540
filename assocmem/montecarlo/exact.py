"""Small systems without sampling: all 2^N states, and the transition matrix of a sweep."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np

from .. import _validate as check
from ..hopfield.bits import unpack
from ..hopfield.dense import DenseSample
from ..hopfield.multitasking import MultitaskingSample
from ..hopfield.pairwise import PairwiseSample
from ..hopfield.rules import Hebb
from .dynamics import NAMES, RULES, SAMPLES, Dynamics
from .pairwise import coupling_unit, largest_coupling

MOST_SPINS = 24
_MOST_LEVELS = 2**24
MOST_SPINS_OF_MATRIX = 10
_LEAST_PARALLEL = 1e-150  # T at which fields up to 1e100 over T are still finite


@dataclass(frozen=True, eq=False)
class Exact:
    """Averages over all states of one sample, at each temperature; made by `enumerate_states`.

    Parameters
    ----------
    temperatures : ndarray, shape (n,)
        T, in the unit of H.
    log_z : ndarray, shape (n,)
        ln of the sum of weights; infinite (of the sign of minus the ground energy) at T = 0 and
        where it exceeds double precision.
    free_energy : ndarray, shape (n,)
        -T log_z, total, not per spin; the ground energy at T = 0.
    energy, energy_variance : ndarray, shape (n,)
        <H> and <H^2> - <H>^2, total.
    overlaps, overlap_squares, overlap_magnitudes : ndarray, shape (n, K)
        <m_mu>, <m_mu^2>, <|m_mu|>.
    spins : ndarray, shape (n, N)
        <s_i>.
    ground_energy : float
        Lowest H.
    ground_states : int
        How many states have it.
    levels, degeneracies : ndarray or None
        All energies H and how many states have each, where H is a small integer in the unit of
        couplings (pairwise or multitasking, no field, at most 2^24 units between the lowest and
        the highest H); None otherwise.
    """

    temperatures: np.ndarray
    log_z: np.ndarray
    free_energy: np.ndarray
    energy: np.ndarray
    energy_variance: np.ndarray
    overlaps: np.ndarray
    overlap_squares: np.ndarray
    overlap_magnitudes: np.ndarray
    spins: np.ndarray
    ground_energy: float
    ground_states: int
    levels: np.ndarray | None
    degeneracies: np.ndarray | None


def enumerate_states(
    sample: PairwiseSample | DenseSample | MultitaskingSample,
    temperatures: float | Sequence[float],
    *,
    parallel: bool = False,
) -> Exact:
    """Sum over all 2^N states, in Gray-code order (one flip from each state to the next).

    Parameters
    ----------
    sample : PairwiseSample, DenseSample or MultitaskingSample
        N <= 24 spins.
    temperatures : float or sequence of float
        T >= 0; T = 0 is the uniform average over the ground states.
    parallel : bool
        Weigh states by the stationary law of parallel heat bath, T >= 1e-150, not by exp(-H/T):
        prod_i 2 cosh(h_i/T) exp(f_i s_i/T) with the whole local field h_i and its external part
        f_i. Then log_z and free_energy are those of this law, while energies are still of H. Not
        for dense samples, whose law in parallel has no such form.

    Returns
    -------
    Exact

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Notes
    -----
    Cost: 2^N (N + n (N + 3 K)) operations for n temperatures, about a second per temperature at
    N = 24; no memory to speak of. Fields and energies are exact integers for Hebb's rule with
    unbiased patterns and for diluted ones (of sums over examples while they are below 2^53), and
    otherwise computed anew every 1024 states.

    Dense samples add 2^N times 2 K operations (2 K M for M examples each stored by itself, 4 p K
    for sums over examples) and 8 bytes per state, 134 MB at N = 24. Their energies within 1e-10
    of the largest |H| from the lowest one count as equal to it.

    References
    ----------
    Peretto, Biol. Cybern. 50 (1984) 51, for the stationary law of parallel dynamics.
    """
    if not isinstance(sample, SAMPLES):
        raise TypeError(f"sample must be {NAMES}, got {sample!r}")
    size = check.integer("sample.n_spins", sample.n_spins, 2, MOST_SPINS)
    if not isinstance(parallel, (bool, np.bool_)):
        raise TypeError(f"parallel must be True or False, got {parallel!r}")
    if parallel and isinstance(sample, DenseSample):
        raise ValueError(f"parallel must be False for a DenseSample, got {parallel!r}")
    values = _temperatures(temperatures)
    if parallel and np.any(values < _LEAST_PARALLEL):
        raise ValueError(
            f"temperatures must be >= {_LEAST_PARALLEL:g} when parallel, got {temperatures!r}"
        )
    moments = np.zeros((len(values), 3))
    by_pattern = np.zeros((len(values), 3, sample.n_patterns))
    by_spin = np.zeros((len(values), size))
    offsets = np.zeros(len(values))
    sums = (moments, by_pattern, by_spin)
    histogram, counted = np.zeros(0, np.int64), False
    if isinstance(sample, DenseSample):
        lowest, unit, states = _sum_dense(sample, values, *sums)
    else:
        lowest, unit, states, histogram, counted = _sum_pairwise(
            sample, values, parallel, offsets, *sums
        )
    weight = moments[:, 0]
    mean = moments[:, 1] / weight
    reference = 0.0 if parallel else lowest * unit  # H from which the weights are counted
    log_weight = offsets + np.log(weight)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        log_z = log_weight - reference / values
    present = np.flatnonzero(histogram)
    return Exact(
        temperatures=values,
        log_z=np.where(values > 0.0, log_z, math.copysign(math.inf, -lowest)),
        free_energy=reference - values * log_weight,
        energy=unit * (lowest + mean),
        energy_variance=unit**2 * np.maximum(moments[:, 2] / weight - mean**2, 0.0),
        overlaps=by_pattern[:, 0] / weight[:, None],
        overlap_squares=by_pattern[:, 1] / weight[:, None],
        overlap_magnitudes=by_pattern[:, 2] / weight[:, None],
        spins=by_spin / weight[:, None],
        ground_energy=unit * lowest,
        ground_states=int(states),
        levels=unit * (lowest + present) if counted else None,
        degeneracies=histogram[present] if counted else None,
    )


def _sum_pairwise(sample, values, parallel, offsets, moments, by_pattern, by_spin):
    """Add up weights; returns lowest H, its unit, ground states, histogram and whether it is."""
    from .kernels.enumeration import accumulate, ground

    couplings, unit = _couplings(sample)
    size, external = sample.n_spins, sample.field / unit
    diluted = isinstance(sample, MultitaskingSample)
    entries = sample.patterns if diluted else sample.standardised
    eta = np.ascontiguousarray(entries.T, dtype=np.float64)
    whole = largest_coupling(sample) * size**2 < 2**53 if diluted else sample.is_integer
    counted = whole and not np.any(external)
    slack = 0.0 if counted else 1e-9 * max(np.abs(couplings).sum() + np.abs(external).sum(), 1e-300)
    lowest, highest = ground(couplings, external)
    counted = counted and highest - lowest < _MOST_LEVELS
    with np.errstate(divide="ignore", over="ignore"):
        betas = unit / values  # infinite at T = 0, and within 1e-308 of it
    histogram = np.zeros(round(highest - lowest) + 1 if counted else 0, np.int64)
    states = accumulate(
        couplings, external, eta, betas, lowest, slack, parallel, offsets, moments, by_pattern,
        by_spin, histogram,
    )  # fmt: skip
    return lowest, unit, states, histogram, counted


def _sum_dense(sample, values, moments, by_pattern, by_spin):
    """Add up weights; returns the lowest H, its unit 1, and the number of ground states."""
    from .kernels.enumeration_dense import average

    energies = _dense_energies(sample)
    lowest = float(energies.min())
    slack = 1e-10 * float(np.abs(energies).max())
    with np.errstate(divide="ignore", over="ignore"):
        betas = 1.0 / values
    signs = np.ascontiguousarray(sample.patterns.T)
    states = average(energies, signs, betas, lowest, slack, moments, by_pattern, by_spin)
    return lowest, 1.0, states


def _dense_energies(sample: DenseSample) -> np.ndarray:
    """H of every state, float64 of shape (2^N,): in state a, s_i = +1 where bit i of a is set."""
    from .kernels.enumeration_dense import add_field, polynomial_sums, table_sums

    model, size = sample.model, sample.n_spins
    energies = np.empty(2**size)
    if sample.is_packed:
        signs = np.ascontiguousarray(unpack(sample.stored, 0, sample.n_stored).T)
        rate = model.energy.rate if model.energy.logarithmic else 0.0
        table_sums(signs, model.energy.table(size), rate, energies)
        energies *= -model.scale
    else:
        factor = 1.0 / model.learning.n_examples
        polynomial_sums(np.ascontiguousarray(sample.stored), factor, model.p, energies)
        energies *= -model.scale / float(size) ** (model.p - 1)
    if np.any(sample.field):
        add_field(sample.field, energies)
    return energies


def transition_matrix(
    sample: PairwiseSample | DenseSample | MultitaskingSample,
    temperature: float,
    dynamics: Dynamics | None = None,
) -> np.ndarray:
    """Probabilities of going from state to state in one sweep.

    Parameters
    ----------
    sample : PairwiseSample, DenseSample or MultitaskingSample
        N <= 10 spins.
    temperature : float
        T > 0.
    dynamics : Dynamics, optional
        Rule and order of updates; by default sequential heat bath.

    Returns
    -------
    ndarray, float64, shape (2^N, 2^N)
        Element [a, b] is the probability of b after a; in state a, s_i = +1 where bit i of a is
        set. Rows sum to 1. Made from the probability of flipping that the samplers use.
    """
    if not isinstance(sample, SAMPLES):
        raise TypeError(f"sample must be {NAMES}, got {sample!r}")
    size = check.integer("sample.n_spins", sample.n_spins, 2, MOST_SPINS_OF_MATRIX)
    temperature = check.real("temperature", temperature, 0.0, open_low=True)
    dynamics = Dynamics() if dynamics is None else dynamics
    from .kernels.pairwise import flip_probability

    labels = np.arange(2**size)
    if isinstance(sample, DenseSample):
        energies = _dense_energies(sample)
        flipped = labels[:, None] ^ (1 << np.arange(size))
        costs = (energies[flipped] - energies[:, None]) / temperature
    else:
        couplings, unit = _couplings(sample)
        spins = 2.0 * ((labels[:, None] >> np.arange(size)) & 1) - 1.0
        costs = 2.0 * spins * (spins @ couplings + sample.field / unit) * unit / temperature
    rule = RULES.index(dynamics.rule)
    flips = np.array([[flip_probability(z, rule) for z in row] for row in costs / math.log(2.0)])
    if dynamics.update == "parallel":
        matrix = np.ones((2**size, 2**size))
        for i in range(size):
            differs = ((labels[:, None] ^ labels) >> i) & 1 == 1
            matrix *= np.where(differs, flips[:, i, None], 1.0 - flips[:, i, None])
        return matrix
    steps = []
    for i in range(size):
        step = np.diag(1.0 - flips[:, i])
        step[labels, labels ^ (1 << i)] = flips[:, i]
        steps.append(step)
    if dynamics.update == "random":
        return np.linalg.matrix_power(sum(steps) / size, size)
    matrix = steps[0]
    for step in steps[1:]:
        matrix = matrix @ step
    return matrix


def _temperatures(values: object) -> np.ndarray:
    """One or several temperatures as an array, each checked."""
    if isinstance(values, (str, bytes, Mapping, Set)):
        raise TypeError(f"temperatures must be a number or a sequence of them, got {values!r}")
    if not np.iterable(values):
        return np.array([check.real("temperatures", values, 0.0)])
    found = [check.real(f"temperatures[{i}]", value, 0.0) for i, value in enumerate(values)]
    if not found:
        raise ValueError(f"temperatures must hold at least one number, got {values!r}")
    return np.array(found)


def _couplings(sample: PairwiseSample | MultitaskingSample) -> tuple[np.ndarray, float]:
    """Couplings in float64, integers where they can be, and their unit."""
    if isinstance(sample, MultitaskingSample):
        rows = sample.stored.astype(np.float64)  # products of whole numbers, exact below 2^53
        couplings = rows.T @ rows
        np.fill_diagonal(couplings, 0.0)
        return couplings, coupling_unit(sample)
    if sample.is_integer:
        return sample.integer_couplings.astype(np.float64), coupling_unit(sample)
    if isinstance(sample.model.rule, Hebb):
        return np.asarray(sample.model.rule.couplings(sample.standardised), np.float64), 1.0
    return sample.couplings.astype(np.float64), 1.0
