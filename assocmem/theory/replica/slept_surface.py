"""The surface of states of the dreaming rule in (sigma, tau, k); equations: `slept_rays`."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from scipy.optimize import brentq

from ..gaussian import moments
from .hopfield_reduced import Condensate
from .slept_noise import spectrum_parameters

Z_MAX = 14.0  # sqrt(k) about 6e5

# Places in the output of `surface`.
BALANCE, ROOT_LOAD, T, GAP, MEAN, WIDTH = range(6)


@njit(cache=True, error_model="numpy")
def surface(values, weights, n, eps, delta, sigma, x, z):
    """The equation's violation, sqrt(alpha), T, 1 - g, M and sqrt(v) at x = 1/(1 + tau),
    z = arsinh sqrt(k). Past T = 0 and sigma = 0 all is continued analytically; nan outside the
    domain. Cost: 1 us per word.
    """
    out = np.full(6, np.nan)
    if not 0.0 < x < 2.0:
        return out
    tau = 1.0 / x - 1.0
    m = c = q = 0.0
    for i in range(values.size):
        g = moments(values[i], abs(sigma), abs(tau))
        m += weights[i] * values[i] * g[0] / n
        c += weights[i] * g[2]
        q += weights[i] * (g[1] if tau >= 0.0 else 1.0 - tau * g[2])
    if not m > 0.0:
        return out
    heard = c / m
    root_k = math.sinh(z)
    k = root_k * root_k
    r = k * (1.0 - heard)
    a, b = 1.0 + eps * r, 1.0 + eps * delta * r
    push = eps * k * (heard * b + delta * a) + b
    pull = max(q / (m * m) - n, 0.0) * b * b + n * (delta * a) ** 2
    if not (a > 0.0 and b > 0.0 and push >= 0.0):
        return out
    out[BALANCE] = sigma * math.sqrt(push) - root_k * math.sqrt(pull)
    out[BALANCE] /= b * math.sqrt((1.0 + k) * (1.0 + sigma * sigma))
    out[ROOT_LOAD] = root_k * (1.0 - heard) * math.sqrt(b / a)
    out[MEAN] = m / (a * b)
    out[T] = tau * out[MEAN]
    out[GAP] = 1.0 - heard
    out[WIDTH] = sigma * out[MEAN]
    return out


@njit(cache=True, error_model="numpy")
def slopes(values, weights, n, eps, delta, y):
    """Central differences of BALANCE, ROOT_LOAD and T by (sigma, x, z), shape (3, 3)."""
    out = np.empty((3, 3))
    for i in range(3):
        step = 1e-5 * max(abs(y[i]), 1e-2)
        if i == 1:
            step = min(step, 0.1 * abs(2.0 - y[1]))
        up, down = y.copy(), y.copy()
        up[i] += step
        down[i] -= step
        high = surface(values, weights, n, eps, delta, up[0], up[1], up[2])
        low = surface(values, weights, n, eps, delta, down[0], down[1], down[2])
        for j in range(3):
            out[j, i] = (high[j] - low[j]) / (up[i] - down[i])
    return out


@njit(cache=True, error_model="numpy")
def signs(values, weights, n, eps, delta, temperature, sigmas, xs):
    """At T > 0 the violation of the equation on a grid, unscaled, and z; nan where no state is.

    Cost: 1 us per point and word.
    """
    balance = np.full((sigmas.size, xs.size), np.nan)
    zs = np.full((sigmas.size, xs.size), np.nan)
    for j in range(xs.size):
        tau = 1.0 / xs[j] - 1.0
        for i in range(sigmas.size):
            m = c = q = 0.0
            for w in range(values.size):
                g = moments(values[w], sigmas[i], tau)
                m += weights[w] * values[w] * g[0] / n
                c += weights[w] * g[2]
                q += weights[w] * g[1]
            heard = c / m
            rest = tau * m / temperature - 1.0  # a b - 1
            if not (heard < 1.0 and rest >= 0.0):
                continue
            linear = eps * (1.0 + delta)
            r = 2.0 * rest / (linear + math.sqrt(linear * linear + 4.0 * eps * eps * delta * rest))
            k = r / (1.0 - heard)
            a, b = 1.0 + eps * r, 1.0 + eps * delta * r
            push = eps * k * (heard * b + delta * a) + b
            pull = max(q / (m * m) - n, 0.0) * b * b + n * (delta * a) ** 2
            balance[i, j] = sigmas[i] * math.sqrt(push) - math.sqrt(k * pull)
            zs[i, j] = math.asinh(math.sqrt(k))
    return balance, zs


@dataclass(frozen=True)
class Sheets:
    """The surface of one condensate and dreaming time; points are y = (sigma, x, z)."""

    law: Condensate
    time: float

    def at(self, y: np.ndarray) -> np.ndarray:
        """`surface` at a point."""
        eps, delta = spectrum_parameters(self.time)
        law = self.law
        return surface(law.values, law.weights, law.n, eps, delta, y[0], y[1], y[2])

    def slopes(self, y: np.ndarray) -> np.ndarray:
        """`slopes` at a point."""
        eps, delta = spectrum_parameters(self.time)
        return slopes(self.law.values, self.law.weights, self.law.n, eps, delta, np.asarray(y))

    def origins(self) -> tuple[list[np.ndarray], bool]:
        """Points of alpha = T = 0 at which sheets start, and whether these are all of them.

        sigma = 0, unless some sites have S = 0; and where 1 - g changes sign with r = 0.
        """
        law, found, complete = self.law, [], True
        if law.values[0] > 0.0:
            found.append(np.array([0.0, 1.0, 0.0]))

        def gap(sigma: float) -> float:
            return self.at(np.array([sigma, 1.0, 0.0]))[GAP]

        grid = np.geomspace(1e-6, self.widest, 240)
        gaps = np.array([gap(sigma) for sigma in grid])
        for i in np.flatnonzero((gaps[:-1] <= 0.0) & (gaps[1:] > 0.0)):
            sigma = brentq(gap, grid[i], grid[i + 1], xtol=1e-16)

            def balance(z: float, sigma: float = sigma) -> float:
                return self.at(np.array([sigma, 1.0, z]))[BALANCE]

            # With g = 1, r = 0 it is proportional to sigma sqrt(1 + p k) - sqrt(o k): one root or
            # none.
            if balance(Z_MAX) < 0.0:
                z = brentq(balance, 0.0, Z_MAX, xtol=1e-16)
                found.append(np.array([sigma, 1.0, z]))
            else:
                complete = False
        return found, complete

    @property
    def widest(self) -> float:
        """The sigma at which sheets are cut."""
        return 6.0 * math.sqrt(self.law.n)
