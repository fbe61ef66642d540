r"""Exponential networks: states and phase diagram of K = exp(alpha N) patterns, Ising spins.

With H = -(1/lambda) ln sum_mu exp(lambda N m_mu) (`LogSumExp`) a configuration sees either one
pattern, or the noise of all others, whose exponent phi (`exponential_noise`) is the same for
almost all configurations: -H/N = max(m, phi/lambda). So

* **retrieval**: every spin has the field 1 along the pattern, m = tanh(beta) and
  f = -T ln 2cosh(beta), the minimum over m of -m - T s(m), as long as the pattern is above the
  noise, tanh(beta) > phi/lambda; the spinodal is T = 1/artanh(phi/lambda);
* **paramagnet**: f = -phi/lambda - T ln 2. Where the noise is condensed, the nearest pattern has
  overlap m* and pulls: configurations leave for it where tanh(beta) > m*.

There are K retrieval states of equal free energy, so that all together weigh
-T ln 2cosh(beta) - T alpha. They overtake the paramagnet at the thermodynamic transition: on the
spinodal where the noise is condensed (alpha < I(tanh lambda), as in the random-energy model), below
it where it is not, at the beta > artanh(m*) with
(alpha + ln cosh beta)/beta = (alpha + ln cosh lambda)/lambda. One pattern alone outweighs the
paramagnet where ln cosh(beta) > beta phi/lambda.

These are exponents: configurations near two patterns at once, or with more patterns near than
typical, change none of them, as the number of patterns at an overlap above m* is finite wherever
it is not zero. At beta = lambda the partition function is linear in the patterns,
Z = K (2 cosh lambda)^N at every N.

`Exponential` energies are of order 1, not N. At T = 0 their dynamics is the same; at every T > 0
entropy wins, and patterns last for a time that does not grow with N.

References
----------
Lucibello, Mezard, Phys. Rev. Lett. 132 (2024) 077301; derived here for binary patterns, Ising
spins and T > 0.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ... import _validate as check
from ..diagram import PhaseDiagram
from ..lines import Line
from ..state import State, finished
from .exponential_noise import (
    LN2,
    NoiseFreeEnergy,
    condensation_rate,
    log_cosh,
    noise_free_energy,
    thresholds,
)

if TYPE_CHECKING:
    from ...hopfield.dense import Dense


def solve(model: Dense, temperature: float, state: str = "retrieval", *, n_mixed: int = 3) -> State:
    """A state of an exponential network, in closed form.

    Parameters
    ----------
    model : Dense
        With the energy `LogSumExp` or `Exponential` and unbiased patterns. A field may act on the
        retrieved pattern of a `LogSumExp`.
    temperature : float
        T >= 0.
    state : str
        "retrieval" or "paramagnet"; "mixture" and "spin-glass" are found not to exist.
    n_mixed : int
        Not used.

    Returns
    -------
    State
        ``stability["noise"]`` is how far the pattern is above the noise, m - phi/lambda, and at
        T = 0 ``stability["flip"]`` how far its gain from a flip is, 1 - psi/lambda. Retrieval at
        T = 0 exists as long as the latter is positive. Between `Thresholds.typical` and
        `Thresholds.flip` it is a minimum too shallow for any temperature, and not ``stable``.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range, or the model is not covered.
    """
    state = check.choice("state", state, ("retrieval", "mixture", "spin-glass", "paramagnet"))
    _covered(model, state)
    temperature = check.real("temperature", temperature, 0.0)
    noise = noise_free_energy(model.load, model.energy.rate)
    level = noise.value / noise.rate

    def absent(reason: str) -> State:
        return State(state, model, temperature, False, reason=reason)

    if state == "mixture":
        return absent("the energy is that of the nearest pattern alone: mixtures slide off to one")
    if state == "spin-glass":
        return absent(
            "the noise has no field on a spin: its low states are the patterns themselves"
        )
    logarithmic = model.energy.logarithmic
    if state == "retrieval":
        return _retrieval(model, temperature, noise, absent)
    if temperature == 0.0:
        return absent("a paramagnet at T = 0 has an infinite susceptibility")
    if not logarithmic and level >= 1.0:
        return absent(
            f"the energy of the noise, exp(N {noise.value - noise.rate:.6g}), has no limit"
        )
    if logarithmic and noise.condensed and math.tanh(1.0 / temperature) > noise.largest:
        return absent(
            f"the nearest pattern, at overlap {noise.largest:.6g}, draws every configuration in"
        )
    energy = -level if logarithmic else 0.0
    return finished(
        model, temperature, "paramagnet", overlaps=(0.0,), q=0.0, C=1.0 / temperature, r=0.0,
        free_energy=energy - temperature * LN2, energy=energy, entropy=LN2, stability={},
        residual=0.0,
    )  # fmt: skip


def _retrieval(model: Dense, t: float, noise: NoiseFreeEnergy, absent) -> State:
    level = noise.value / noise.rate
    logarithmic = model.energy.logarithmic
    if t > 0.0 and not logarithmic:
        return absent("energies are of order 1: at T > 0 entropy, of order N, wins")
    field = model.field[0] if model.field else 0.0
    strength = 1.0 + field  # the field on a spin
    beta = strength / t if t > 0.0 else math.inf
    m = math.tanh(beta)
    stability = {"noise": m - level}
    if t == 0.0:
        stability["flip"] = 1.0 - noise.fluctuation / noise.rate
        if stability["flip"] <= 0.0:
            limit = thresholds(noise.rate).flip
            return absent(f"load {model.load:g} is beyond {limit:.10g}, where flips gain")
    elif stability["noise"] <= 0.0:
        return absent(f"overlap {m:.6g} is below the noise level {level:.6g}")
    lack = 1.0 / math.cosh(beta) ** 2 if beta < 300.0 else 0.0
    p = math.exp(-2.0 * beta)
    free, entropy = -strength - t * math.log1p(p), math.log1p(p)
    if t > 0.0:
        entropy += 2.0 * beta * p / (1.0 + p)
    energy = -m * strength
    if not logarithmic:
        free = energy = entropy = 0.0
    elif t == 0.0:
        free = energy = -max(1.0, level) - field
    return finished(
        model, t, "retrieval", overlaps=(m,), q=m * m, C=lack / t if t > 0.0 else 0.0, r=0.0,
        free_energy=free, energy=energy, entropy=entropy, stability=stability, residual=0.0,
    )  # fmt: skip


def phase_diagram(
    model: Dense, *, n_points: int = 100, mixtures: tuple[int, ...] = ()
) -> PhaseDiagram:
    """Critical lines of an exponential network in the plane of load and temperature.

    Parameters
    ----------
    model : Dense
        With the energy `LogSumExp`; its load is not used.
    n_points : int
        Points per line, >= 2, evenly spaced in load.
    mixtures : sequence of int
        Not used: there are none.

    Returns
    -------
    PhaseDiagram
        Lines "T_M" (a pattern's state ends), "T_c" (all patterns together outweigh the
        paramagnet) and "T_1" (one does), each up to T = 0 at alpha_1. Towards
        load 0 their temperatures grow without bound, as one pattern is a field.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range, or the model is not covered.
    """
    _covered(model)
    n_points = check.integer("n_points", n_points, 2)
    if not model.energy.logarithmic:
        raise ValueError(
            f"energy must be LogSumExp, got {model.energy!r}: its states are those of T = 0 alone"
        )
    rate = model.energy.rate
    limits = thresholds(rate)
    loads = np.linspace(0.0, limits.typical, n_points + 1)[1:]
    lines = {
        name: _line(about, loads, rate, beta, gap)
        for name, about, beta, gap in (
            ("T_M", "retrieval of a pattern ends", _beta_spinodal, _gap_spinodal),
            ("T_c", "patterns together outweigh the paramagnet", _beta_all, _gap_all),
            ("T_1", "one pattern outweighs the paramagnet", _beta_single, _gap_single),
        )
    }
    points = {
        "load below which the noise is condensed": limits.condensation,
        "largest load of retrieval": limits.typical,
        "load at which a pattern stops being a minimum": limits.flip,
        "largest load at which all patterns are retrieved": limits.all_typical,
        "load at which not all patterns are minima any more": limits.all_flip,
    }
    notes = (
        "where the noise is condensed T_c is T_M",
        "patterns that are minima beyond the largest load of retrieval are so at T = 0 alone",
    )
    return PhaseDiagram(model, lines, points, notes)


def _line(about, loads, rate, beta_of, gap_of) -> Line:
    noises = [noise_free_energy(load, rate) for load in loads[:-1]]
    betas = np.array([beta_of(noise) for noise in noises])
    residual = np.array([abs(gap_of(n, b)) for n, b in zip(noises, betas, strict=True)])
    overlaps = np.append(np.tanh(betas), 1.0)
    return Line(
        about, loads, np.append(1.0 / betas, 0.0), {"overlap": overlaps},
        np.append(residual, 0.0), bool(np.all(residual < 1e-9)), "T = 0",
    )  # fmt: skip


def _beta_spinodal(noise: NoiseFreeEnergy) -> float:
    return noise.condensation_rate if noise.condensed else math.atanh(noise.value / noise.rate)


def _gap_spinodal(noise: NoiseFreeEnergy, beta: float) -> float:
    return math.tanh(beta) - noise.value / noise.rate


def _gap_all(noise: NoiseFreeEnergy, beta: float) -> float:
    if noise.condensed:
        return math.tanh(beta) - noise.largest
    return (noise.load + log_cosh(beta)) / beta - noise.value / noise.rate


def _beta_all(noise: NoiseFreeEnergy) -> float:
    if noise.condensed:
        return noise.condensation_rate
    return _root(lambda beta: _gap_all(noise, beta), max(condensation_rate(noise.load), noise.rate))


def _gap_single(noise: NoiseFreeEnergy, beta: float) -> float:
    return log_cosh(beta) / beta - noise.value / noise.rate


def _beta_single(noise: NoiseFreeEnergy) -> float:
    return _root(lambda beta: _gap_single(noise, beta), 1e-12)


def _root(gap, low: float) -> float:
    """Where a gap that is negative at ``low`` becomes positive: it tends to 1 - phi/lambda > 0."""
    from scipy.optimize import brentq

    high = 2.0 * low + 1.0
    while gap(high) <= 0.0:
        high *= 2.0
    return brentq(gap, low, high, xtol=1e-300, rtol=1e-14)


def _covered(model: Dense, state: str = "") -> None:
    from ...hopfield.dense import Dense
    from ...patterns import Rademacher

    if not isinstance(model, Dense):
        raise TypeError(f"model must be a Dense model, got {model!r}")
    if model.p is not None:
        raise ValueError(f"energy must be LogSumExp or Exponential, got {model.energy!r}")
    if not isinstance(model.patterns, Rademacher):
        raise ValueError(f"model must have unbiased patterns, got {model!r}")
    if any(model.field[1:]) or (model.field and not model.field[0] > -1.0):
        raise ValueError(f"field must be on the first pattern alone and above -1, got {model!r}")
    if any(model.field) and not (state == "retrieval" and model.energy.logarithmic):
        raise ValueError(
            f"field must be 0 but for retrieval with LogSumExp, got {model!r} and state {state!r}"
        )
