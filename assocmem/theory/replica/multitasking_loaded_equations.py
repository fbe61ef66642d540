r"""Saddle-point equations of diluted patterns at extensive load, P of them condensed.

Entries are xi = +-1 with probability (1 - d)/2 each and 0 with probability d. In units of
a = 1 - d = E xi^2, with v_mu = m_mu/a, t = T/a and a field x = xi.v + b z on a spin,

    v_mu = (1/a) E xi_mu tanh(x/t),   b (1 - c) = sqrt(alpha q),
    q = E tanh^2(x/t),   c = (1/t) E sech^2(x/t) = (1 - q)/t,

the model is the Hopfield model of standardised entries xi/sqrt(a), whose Hamiltonian is H/a; b is
the noise of the patterns that did not condense, through the first two moments of their entries
alone. In the units of H: C = c/a, noise a b, so that r = a^2 q/(1 - c)^2, and per spin

    f/a = (a/2) |v|^2 + alpha/2 + (alpha t/2) ln(1 - c) - alpha q/(2 (1 - c)) + b^2 c/2
          - t E ln 2cosh(x/t),

self-interactions left out. At d = 0 this is Amit, Gutfreund, Sompolinsky, Ann. Phys. 173 (1987)
30. The eigenvalue of de Almeida and Thouless is 1 - alpha E sech^4(x/t)/(t (1 - c))^2.

Averages over the 3^P words are taken down a tree of their entries: where the entries fixed so far
outweigh all that may follow, noise and temperature, the spin is frozen and the rest is exact. Of
hierarchical overlaps, which fall like d^mu, few words remain.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from ..gaussian import moments

_NOISE, _THERMAL = 9.0, 25.0  # Gaussian tail 2e-19, exp(-2 x/T) 2e-22

# Places in the scalars of `averages`.
Q, C, C_B, C_T, C4, LOG2COSH, ENTROPY, NODES = range(8)


@njit(cache=True, error_model="numpy")
def averages(v, dilution, b, t):
    """Averages over words and noise: pull, stiffness, slope, warming, scalars.

    For entries v of shape (P,):

    - pull (P,): (1/a) E xi tanh;
    - stiffness (P, P): (1/a) E xi xi^T C, the derivative of pull by v;
    - slope (P,): E xi C_a, the derivative of c by v; that of pull by b is (b/a) slope;
    - warming (P,): the derivative of pull by t;
    - scalars (8,): q, c, dc/db, dc/dt, (1/t) E sech^4, t E ln 2cosh, entropy of the spins, and
      the number of words visited.

    Cost: one call of `moments` (1 to 3 us) per word that is not frozen, at most (3^P + 1)/2.
    """
    n = v.size
    a = 1.0 - dilution
    rest = np.zeros(n + 1)
    for k in range(n - 1, -1, -1):
        rest[k] = rest[k + 1] + abs(v[k])
    word = np.zeros(n)
    field, weight = np.zeros(n + 1), np.zeros(n + 1)
    weight[0] = 1.0
    stage = np.zeros(n + 1, np.int64)
    started = np.zeros(n + 1, np.int64)
    pull, slope, warming = np.zeros(n), np.zeros(n), np.zeros(n)
    stiffness = np.zeros((n, n))
    scalars = np.zeros(8)
    edge = _NOISE * b + _THERMAL * t
    k = 0
    while k >= 0:
        if stage[k] == 0:
            x, p = field[k], weight[k]
            if abs(x) - rest[k] > edge:
                sign = 1.0 if x > 0.0 else -1.0
                for i in range(k):
                    pull[i] += p * sign * word[i] / a
                scalars[Q] += p
                scalars[LOG2COSH] += p * abs(x)
                scalars[NODES] += 1.0
                k -= 1
                continue
            if k == n:
                g = moments(x, b, t)
                for i in range(n):
                    if word[i] != 0.0:
                        e = p * word[i]
                        pull[i] += e * g[0] / a
                        slope[i] += e * g[3]
                        warming[i] += e * g[8] / a
                        for j in range(n):
                            stiffness[i, j] += e * word[j] * g[2] / a
                scalars[Q] += p * g[1]
                scalars[C] += p * g[2]
                scalars[C_B] += p * b * g[4]
                scalars[C_T] += p * g[9]
                scalars[C4] += p * g[5]
                scalars[LOG2COSH] += p * g[6]
                scalars[ENTROPY] += p * g[7]
                scalars[NODES] += 1.0
                k -= 1
                continue
        if stage[k] == 3:
            stage[k] = 0
            k -= 1
            continue
        child = stage[k]
        stage[k] += 1
        # All averages are even: the first entry that is not blank is taken to be +1.
        if child == 0:
            e, p = 1.0, (0.5 * a if started[k] else a)
        elif child == 1:
            e, p = -1.0, (0.5 * a if started[k] else 0.0)
        else:
            e, p = 0.0, dilution
        if p == 0.0:
            continue
        word[k] = e
        field[k + 1] = field[k] + e * v[k]
        weight[k + 1] = weight[k] * p
        started[k + 1] = 1 if (started[k] or e != 0.0) else 0
        stage[k + 1] = 0
        k += 1
    return pull, stiffness, slope, warming, scalars


class Point(NamedTuple):
    """Averages at (v, b, t), and what follows from them without solving anything."""

    v: np.ndarray
    b: float
    t: float
    pull: np.ndarray
    stiffness: np.ndarray
    slope: np.ndarray
    warming: np.ndarray
    q: float
    c: float
    c_b: float
    c_t: float
    c4: float
    log2cosh: float
    entropy: float

    @property
    def gap(self) -> float:
        """1 - c."""
        return 1.0 - self.c

    @property
    def root(self) -> float:
        """The sqrt(alpha) at which the noise is b; negative where c > 1."""
        return self.b * (1.0 - self.c) / math.sqrt(self.q)

    def root_gradient(self) -> np.ndarray:
        """Derivatives of `root` by (v, b, t), shape (P + 2,); q = 1 - t c."""
        by = np.concatenate([self.slope, [self.c_b, self.c_t]])
        q_by = -self.t * by
        q_by[-1] -= self.c
        width = math.sqrt(self.q)
        out = -self.b * by / width - 0.5 * self.root * q_by / self.q
        out[-2] += self.gap / width
        return out

    def pull_gradient(self, dilution: float) -> np.ndarray:
        """Derivatives of v - pull by (v, b, t), shape (P, P + 2)."""
        n = len(self.v)
        out = np.empty((n, n + 2))
        out[:, :n] = np.eye(n) - self.stiffness
        out[:, n] = -self.b * self.slope / (1.0 - dilution)
        out[:, n + 1] = -self.warming
        return out


def point(v: np.ndarray, dilution: float, b: float, t: float) -> Point:
    """`averages` with names. b and t may be negative: averages are even in both."""
    v = np.ascontiguousarray(v, dtype=np.float64)
    sums = averages(v, dilution, abs(b), abs(t))
    s = [float(value) for value in sums[4]]
    flip_b, flip_t = (-1.0 if x < 0.0 else 1.0 for x in (b, t))
    q = s[Q] if t >= 0.0 else 1.0 - t * s[C]
    return Point(
        v, b, t, *sums[:3], flip_t * sums[3], q, s[C], flip_b * s[C_B], flip_t * s[C_T], *s[4:7]
    )
