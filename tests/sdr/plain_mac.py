"""A mac by itself on dense weights, told its winners; and macs and inputs to compare it with."""

import math
from fractions import Fraction

import numpy as np

from assocmem.sdr import Mac, Permanence, Selection

N = 90


class Plain:
    """The algorithm once more, on dense weights; winners are told from outside."""

    def __init__(self, mac, n_features):
        self.mac, self.n = mac, n_features
        self.weights = np.zeros((n_features, mac.n_modules, mac.n_units), bool)
        self.traces = {}  # of weights that fade: rank, and the tick they were met last
        self.ticks = self.learned = 0

    def look(self, x):
        """u, U, V, G, zeta, eta, psi, rho of a dense input; None if the mac is not active."""
        mac, s, size = self.mac, self.mac.selection, int(x.sum())
        if size < mac.pi_minus or (mac.pi_plus is not None and size > mac.pi_plus):
            return None
        pi = size if mac.expected is None else mac.expected
        u, w = self.weights[x].sum(axis=0), self.weights.sum(axis=0)
        penalty = np.where(w > pi, (pi / np.maximum(w, 1)) ** mac.nu, 1.0)
        normalised = np.minimum(1.0, u / pi) * penalty
        v = normalised**s.lambda_u
        g = v.max(axis=1).mean()
        zeta = math.floor(Fraction(int((v > s.v_zeta).sum()), mac.n_modules) + Fraction(1, 2))
        above = max(0.0, (g - s.g_minus) / (1.0 - s.g_minus))
        eta = 1.0 + above**s.gamma * s.chi * mac.n_units
        psi = 1.0 + (eta - 1.0) / (1.0 + s.sigma_1 * np.exp(-s.sigma_2 * (v - s.sigma_3))) ** (
            s.sigma_4
        )
        rho = psi / psi.sum(axis=1, keepdims=True)
        return {
            "u": u, "held": w, "U": normalised, "V": v, "G": g, "zeta": zeta, "eta": eta,
            "psi": psi, "rho": rho, "pi": pi,
        }  # fmt: skip

    def tick(self):
        self.ticks += 1
        if self.mac.permanence is not None:
            life, growth = self.mac.permanence.lifetime, Fraction(self.mac.permanence.growth)
            for place, (rank, met) in list(self.traces.items()):
                fades = rank < self.mac.permanence.ranks
                if fades and self.ticks - met >= life * growth**rank:
                    del self.traces[place]
                    self.weights[place] = False

    def learn(self, x, seen, winners):
        """New weights; what was seen is from after the tick."""
        mac, before = self.mac, self.weights.sum()
        if mac.novelty is not None and not seen["G"] < mac.novelty:
            return None
        if mac.freeze is not None and before >= mac.freeze * self.weights.size:
            return None
        self.learned += 1
        for q, k in enumerate(winners):
            if mac.cap is not None and self.weights[:, q, k].sum() >= mac.cap * seen["pi"]:
                continue
            for f in np.flatnonzero(x):
                place = (int(f), q, int(k))
                rank = self.traces[place][0] + 1 if self.weights[place] else 0
                self.weights[place] = True
                self.traces[place] = (rank, self.ticks)
        return int(self.weights.sum() - before)


def inputs(rng, count, size=(4, 16)):
    """Inputs in clusters of similar ones, so that familiarities are anything from 0 to 1."""
    rows = np.zeros((count, N), bool)
    for row in rows:
        row[rng.choice(N, rng.integers(*size), replace=False)] = True
    for k in range(1, count):
        if rng.random() < 0.6:
            rows[k] = rows[rng.integers(k)]
            rows[k, rng.choice(N, rng.integers(0, 4), replace=False)] ^= True
    return rows


MACS = {
    "plain": Mac(5, 6),
    "two units": Mac(1, 2, Selection(chi=1e12)),
    "nu 1/2": Mac(5, 6, nu=0.5),
    "nu 0.3, exponent": Mac(5, 6, Selection(lambda_u=2.0, v_zeta=0.3), nu=0.3),
    "exponent 0": Mac(3, 6, Selection(lambda_u=0.0)),
    "expected": Mac(4, 9, expected=9),
    "bounds": Mac(5, 6, pi_minus=6, pi_plus=12),
    "cap": Mac(5, 6, cap=1.5, nu=0.5),
    "cap, expected": Mac(5, 6, cap=1.0, expected=7),
    "freeze": Mac(5, 6, freeze=0.12),
    "novelty": Mac(5, 6, novelty=0.7),
    "sigmoid": Mac(7, 5, Selection(0.3, 0.7, 3.0, 5.0, 9.0, 0.4, 2.5)),
    "everything": Mac(
        6, 4, Selection(chi=5.0, sigma_4=0.5), 3, 20, 8, nu=1.0, cap=2.0, freeze=0.5, novelty=0.4
    ),
    "fading": Mac(5, 6, permanence=Permanence(4)),
    "fading at once": Mac(3, 4, permanence=Permanence(1, 1.0, 1)),
    "fading slower": Mac(4, 6, cap=2.0, permanence=Permanence(3, 1.5, 6)),
    "fading, novelty": Mac(4, 6, novelty=0.95, freeze=0.2, permanence=Permanence(6, 1.2, 3)),
}
