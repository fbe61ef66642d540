r"""Replica-symmetric theory of the dreaming and projection rules at every temperature.

Model: H = -(1/2) sum_{i != j} J_ij s_i s_j - N sum_mu h_mu m_mu, with the couplings
J = eta^T (1 + t)(1 + t G)^-1 eta/N, G = eta eta^T/N, their diagonal removed, K = alpha N patterns
and m_mu = (1/N) sum_i eta_i^mu s_i.

Derivation. A Gaussian variable z_mu per pattern turns the inverse of 1 + t G into the quadratic
form z (1 + t G) z, and one more, phi_i, per spin undoes the square in z G z: what is left is
Hopfield's model of the complex spins S_i = sqrt(beta (1 + t)) s_i + i sqrt(t) phi_i. The usual
steps follow, with the second moments of S as order parameters; phi is integrated at the end, and
the determinant of 1 + t G, which the first step costs, is that of the same theory at beta = 0.
With C = beta (1 - q), and kappa, kappa', chi, psi the functions of C in `slept_noise`, the spin
of a word eta of the condensed patterns feels eta . (M + h) + sqrt(v) z, z normal:

$$ M_\mu = \chi m_\mu,\qquad v = \kappa'\,[\,q - (1-\psi)\,|m|^2\,],\qquad
   m_\mu = \mathbb E\,\eta^\mu\tanh\beta x,\quad q = \mathbb E\tanh^2\beta x,
   \quad x = \eta\cdot(M+h) + \sqrt v\,z $$
$$ u = \tfrac12\big[\kappa(0)-\kappa(C) - M\cdot m - v\,C\big] - h\cdot m,\quad
   s = \mathbb E\,[\ln2\cosh\beta x-\beta x\tanh\beta x]
     - \tfrac12\Big[C\kappa(C)-\int_0^C\kappa\Big],\quad f = u - T s $$

The replica-symmetric state is stable against breaking while
beta^2 kappa'(C) E sech^4(beta x) < 1. For t = 0 these are the equations of Amit, Gutfreund and
Sompolinsky; for t -> infinity at h = 0 those of Kanter and Sompolinsky, where v vanishes with
q - |m|^2.

References
----------
Fachechi, Agliari, Barra, Neural Networks 112 (2019) 24; Kanter, Sompolinsky, Phys. Rev. A 35
(1987) 380; Amit, Gutfreund, Sompolinsky, Ann. Phys. 173 (1987) 30.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from ..gaussian import moments
from .slept_noise import Noise, noise, spectrum_parameters


@njit(cache=True)
def _over_words(words, weights, mean, variance, temperature, condensed, linear):
    """Averages over words and noise; fills ``condensed`` (l, 3) and ``linear`` (l, l).

    ``condensed`` holds m_mu, dm_mu/dv and dC/dM_mu, ``linear`` dm_mu/dM_nu. Returns C, q, dC/dv,
    beta E sech^4 and the entropy of the spins. Cost: 1 us per word.
    """
    width = math.sqrt(max(variance, 0.0))
    condensed[:] = 0.0
    linear[:] = 0.0
    c = q = c_v = c4 = entropy = 0.0
    for k in range(words.shape[0]):
        word = words[k]
        out = moments(word @ mean, width, temperature)
        p = weights[k]
        c += p * out[2]
        q += p * out[1]
        c_v += 0.5 * p * out[4]
        c4 += p * out[5]
        entropy += p * out[7]
        for mu in range(word.shape[0]):
            condensed[mu, 0] += p * word[mu] * out[0]
            condensed[mu, 1] += 0.5 * p * word[mu] * out[3]
            condensed[mu, 2] += p * word[mu] * out[3]
            for nu in range(word.shape[0]):
                linear[mu, nu] += p * word[mu] * word[nu] * out[2]
    return c, q, c_v, c4, entropy


@dataclass(frozen=True)
class SleptEquations:
    """The saddle-point equations of one model; unknowns x = (M_1 .. M_l, v).

    Parameters
    ----------
    time : float
        Dreaming time t in [0, inf]; inf is the projection rule.
    words : ndarray, shape (n_words, l)
        Values of the standardised entries of the l condensed patterns.
    weights : ndarray, shape (n_words,)
        Their probabilities.
    field : ndarray, shape (l,)
        External field h_mu.
    copies : int
        n for a mixture of n patterns with equal overlaps: then l = 1, the word is the sum S of
        the n entries, and m = E S tanh(beta x)/n.
    """

    time: float
    words: np.ndarray
    weights: np.ndarray
    field: np.ndarray
    copies: int = 1

    def _averages(self, x: np.ndarray, temperature: float):
        length = len(self.field)
        condensed, linear = np.empty((length, 3)), np.empty((length, length))
        mean = np.ascontiguousarray(x[:length]) + self.field
        rest = _over_words(
            self.words, self.weights, mean, float(x[length]), temperature, condensed, linear
        )
        condensed[:, :2] /= self.copies
        return condensed, linear / self.copies, rest

    def _noise(self, c: float, load: float) -> Noise | None:
        return noise(c, load, *spectrum_parameters(self.time)) if c < math.inf else None

    def _finite_noise(self, c: float, load: float) -> Noise:
        heard = self._noise(c, load)
        if heard is None:
            raise ValueError(f"x must be a solution, with noise that is finite, got C={c!r}")
        return heard

    def proposal(self, x: np.ndarray, load: float, temperature: float) -> np.ndarray:
        """The right-hand sides of the equations for x; nan outside their domain."""
        condensed, _, (c, q, *_) = self._averages(x, temperature)
        heard = self._noise(c, load)
        if heard is None:
            return np.full_like(x, np.nan)
        m = condensed[:, 0]
        silent = q - (1.0 - heard.kept) * self.copies * (m @ m)
        return np.append(heard.gain * m, heard.response * silent)

    def residual(self, x: np.ndarray, load: float, temperature: float) -> np.ndarray:
        """Right-hand sides minus left-hand sides, shape (l + 1,)."""
        return self.proposal(x, load, temperature) - x

    def jacobian(self, x: np.ndarray, load: float, temperature: float) -> np.ndarray:
        """Derivative of `residual` by x, shape (l + 1, l + 1)."""
        condensed, linear, (c, q, c_v, *_) = self._averages(x, temperature)
        size = len(x)
        heard = self._noise(c, load)
        if heard is None:
            return np.full((size, size), np.nan)
        m = condensed[:, 0]
        c_x = np.append(condensed[:, 2], c_v)
        m_x = np.column_stack([linear, condensed[:, 1]])
        silent = q - (1.0 - heard.kept) * self.copies * (m @ m)
        square_x = 2.0 * (1.0 - heard.kept) * (m @ m_x) - heard.kept_c * (m @ m) * c_x
        silent_x = -temperature * c_x - self.copies * square_x
        matrix = np.empty((size, size))
        matrix[:-1] = heard.gain * m_x + heard.gain_c * np.outer(m, c_x)
        matrix[-1] = heard.response * silent_x + heard.response_c * silent * c_x
        return matrix - np.eye(size)

    def start(self, load: float, direction: np.ndarray) -> np.ndarray:
        """A first point for the state of overlaps near ``direction`` at low temperature."""
        heard = self._finite_noise(0.0, load)
        square = self.copies * float(direction @ direction)
        silent = max(0.0, 1.0 - (1.0 - heard.kept) * square)
        return np.append(heard.gain * direction, heard.response * silent)

    def observables(self, x: np.ndarray, load: float, temperature: float) -> dict[str, Any]:
        """Order parameters, energies and stability at a solution x.

        Returns
        -------
        dict
            ``overlaps`` (l,), ``q``, ``C``, ``r`` (v/alpha), ``energy``, ``entropy``,
            ``free_energy`` (all per spin) and ``stability``, eigenvalues that are positive where
            the state is stable: "longitudinal", the least of the response of M - chi m to M
            at the v that goes with M (for Hebb's rule the curvature of f); "replicon",
            T - beta kappa' E sech^4; "uncondensed", 1 - chi C. ``gain`` is chi.
        """
        condensed, _, (c, q, _, c4, spin_entropy) = self._averages(x, temperature)
        heard, silence = self._finite_noise(c, load), self._finite_noise(0.0, load)
        m, mean, variance = condensed[:, 0], x[:-1], max(float(x[-1]), 0.0)
        energy = -0.5 * (self.copies * (mean @ m) + variance * c)
        energy -= 0.5 * (heard.reaction - silence.reaction) + self.copies * (self.field @ m)
        entropy = spin_entropy - 0.5 * heard.log_det
        if load > 0.0:
            r = variance / load
        else:  # kappa'/alpha tends to 1/(1 - C)^2
            r = max(q - (1.0 - heard.kept) * self.copies * float(m @ m), 0.0) / (1.0 - c) ** 2
        matrix = -self.jacobian(x, load, temperature)
        schur = matrix[:-1, :-1] - np.outer(matrix[:-1, -1], matrix[-1, :-1]) / matrix[-1, -1]
        return {
            "overlaps": tuple(float(value) for value in m),
            "q": float(q),
            "C": float(c),
            "r": float(r),
            "energy": float(energy),
            "entropy": float(entropy),
            "free_energy": float(energy - temperature * entropy),
            "gain": heard.gain,
            "stability": {
                "longitudinal": float(np.min(np.linalg.eigvals(schur).real)),
                "replicon": float(temperature - heard.response * c4),
                "uncondensed": float(1.0 - heard.gain * c),
            },
        }
