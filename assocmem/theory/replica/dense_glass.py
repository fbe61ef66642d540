r"""States of dense models without a condensed pattern: paramagnet and replica-symmetric glass.

With tau = T/b all is explicit: q = E tanh^2(z/tau), b C = (1/tau) E sech^2(z/tau), then
b^2 = alpha V(q, C) (one equation for b in degree 2, where V depends on C), T = tau b.

Where g'(0) > 0 (self-interactions of odd powers) patterns act as random fields on spins and
q > 0 at every temperature. Otherwise q = 0 is a solution, unstable below T^2 = alpha g''(0);
below that the glass starts continuously. With g = q^p/p! there is no such temperature: q = 0
is stable, and the glass of `assocmem.theory.solve_rsb` is reached by a jump. The
replica-symmetric solution with q > 0 exists there too, at T < T_max ~ sqrt(alpha), and it is
unstable against replica symmetry breaking.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from ...errors import ConvergenceError
from ..gaussian import moments
from .dense_noise import PairNoise, WeakNoise

Noise = WeakNoise | PairNoise


@dataclass(frozen=True)
class Glass:
    """A state without condensed pattern."""

    b: float
    t: float
    q: float
    c: float
    free_energy: float
    entropy: float
    replicon: float
    gap: float | None
    residual: float


def width(noise: Noise, load: float, tau: float) -> tuple[float, tuple]:
    """The width b at tau = T/b >= 0 and load > 0, and the averages at b = 1."""
    g = moments(0.0, 1.0, tau)
    if isinstance(noise, WeakNoise):
        return math.sqrt(load * noise.variance(g[1], 0.0)), g
    # 1/(alpha q) = sum n lambda^2/(b - lambda c)^2, decreasing in b > lambda c.
    c, q = g[2], g[1]
    low = max(value for value, _ in noise.modes) * c
    if len(noise.modes) == 1:
        value = noise.modes[0][0]
        return value * c + abs(value) * math.sqrt(load * q), g
    # The sum to the power -1/2 is concave in b and nearly linear: Newton from the least b.
    target = math.sqrt(load * q)
    b, before = low + noise.modes[0][0] * target, 0.0
    for _ in range(60):
        terms = [(n * v * v, b - v * c) for v, n in noise.modes]
        h = sum(w / (d * d) for w, d in terms)
        slope = sum(w / (d * d * d) for w, d in terms)  # -h'/2
        before, b = b, b + (target - h**-0.5) / (slope * h**-1.5)
        if abs(b - before) <= 4e-16 * b:
            break
    return b, g


def glass_at(noise: Noise, load: float, tau: float, temperature: float | None = None) -> Glass:
    """The state at tau = T/b; its temperature may be given where it is known better."""
    b, g = width(noise, load, tau)
    q, c = g[1], g[2] / b
    t = tau * b if temperature is None else temperature
    gap = 1.0 - max(noise.gap_values) * c if noise.gap_values else None
    again = moments(0.0, b, t)
    residual = max(
        abs(b * b - load * noise.variance(again[1], again[2])) / max(b, 1e-300),
        abs(q - again[1]),
    )
    return Glass(
        b, t, q, c,
        load * noise.free_energy(q, c, t) - b * g[6],
        g[7] + load * noise.entropy(q, c),
        t - load * noise.by_q(q, c) * g[5] / b,
        gap, residual,
    )  # fmt: skip


def paramagnet_at(noise: Noise, load: float, temperature: float) -> Glass:
    """The state with q = 0, at T > 0 where its C = 1/T is allowed."""
    c = 1.0 / temperature
    log2 = math.log(2.0)
    return Glass(
        0.0, temperature, 0.0, c,
        load * noise.free_energy(0.0, c, temperature) - temperature * log2,
        log2 + load * noise.entropy(0.0, c),
        temperature - load * noise.by_q(0.0, c) / temperature,
        1.0 - max(noise.gap_values) * c if noise.gap_values else None,
        0.0,
    )  # fmt: skip


def random_fields(noise: Noise) -> bool:
    """Whether g'(0) > 0, so that q > 0 at every temperature."""
    return isinstance(noise, WeakNoise) and noise.derivative(0.0, 1) > 0.0


def freezing(noise: Noise, load: float) -> float:
    """Temperature at which q = 0 becomes unstable towards a glass; 0 where it never does."""
    if load == 0.0 or random_fields(noise):
        return 0.0
    if isinstance(noise, WeakNoise):
        return math.sqrt(load * noise.derivative(0.0, 2))
    # T^2 = alpha sum n lambda^2/(1 - lambda/T)^2: 1 = alpha sum n lambda^2/(T - lambda)^2.
    top, scale = noise.modes[0][0], math.sqrt(load)
    t, before = top + abs(top) * scale, 0.0
    for _ in range(60):
        terms = [(n * v * v, t - v) for v, n in noise.modes]
        h = sum(w / (d * d) for w, d in terms)
        slope = sum(w / (d * d * d) for w, d in terms)
        before, t = t, t + (scale - h**-0.5) / (slope * h**-1.5)
        if abs(t - before) <= 4e-16 * abs(t):
            break
    return t


def glass_tau(noise: Noise, load: float, temperature: float) -> tuple[float | None, float]:
    """Ratio tau of the glass with the largest q at load > 0, or None; and the T it ends at.

    Degree 3 and more: T/sqrt(alpha) is a function of tau alone, which rises from 0 to a first
    maximum, or for ever.
    """
    if isinstance(noise, PairNoise) and freezing(noise, load) <= 0.0:
        return None, 0.0
    if temperature == 0.0:
        return 0.0, math.inf

    def t_of(x: float) -> float:
        tau = math.expm1(x)
        return tau * width(noise, load, tau)[0]

    top = 25.0
    if isinstance(noise, PairNoise) or random_fields(noise):
        peak, highest = top, math.inf if random_fields(noise) else freezing(noise, load)
    else:
        grid = np.linspace(0.0, top, 301)
        values = np.array([t_of(x) for x in grid])
        falls = np.flatnonzero(np.diff(values) < -1e-12 * values[:-1])
        if len(falls) == 0:
            peak, highest = top, freezing(noise, load)
        else:
            i = int(falls[0])
            found = minimize_scalar(
                lambda x: -t_of(x), bounds=(grid[max(i - 1, 0)], grid[i + 1]), method="bounded",
                options={"xatol": 1e-12},
            )  # fmt: skip
            peak, highest = float(found.x), -float(found.fun)
    if temperature >= highest:
        return None, highest
    while random_fields(noise) and t_of(peak) <= temperature:
        peak += 10.0
        if peak > 300.0:
            raise ConvergenceError(f"the glass at T={temperature!r} is beyond floats", math.inf)
    if t_of(peak) <= temperature:
        raise ConvergenceError(
            f"the glass at load={load!r}, T={temperature!r} is within rounding of its end",
            abs(temperature - highest),
        )
    x = brentq(lambda x: t_of(x) - temperature, 0.0, peak, xtol=1e-17, rtol=1e-15)
    tau = math.expm1(x)
    for _ in range(3):  # T = tau b, and b hardly depends on tau where tau is small
        if tau < 1e-3:
            tau = temperature / width(noise, load, tau)[0]
    return tau, highest
