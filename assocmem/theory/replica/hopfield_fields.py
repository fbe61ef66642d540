"""States of the Hopfield model in external fields on several patterns.

Patterns that play the same part under the same field form a group g of n_g patterns with one
overlap m_g and S_g, the sum of their entries at a site. Unknowns are all m_g and b = sqrt(alpha r):

    n_g m_g = E S_g tanh(x/T),  x = sum_g S_g (m_g + h_g) + b z,
    b (1 - C) = sqrt(alpha q),

finite at T = 0 and at alpha = 0. States are followed from where they are known: condensed ones
along the ray from alpha = T = 0, the others at fixed (alpha, T) as the fields are raised from 0.
With fields the glass and the paramagnet are the states so reached from below and above
T_g = 1 + sqrt(alpha). Where the fields on all spins are so strong that no spin deviates from
its own, everything is explicit: q = 1, C = 0, b = sqrt(alpha).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from ...errors import ConvergenceError
from .. import laws
from ..gaussian import moments
from ..lines import Event, correct, locate, trace
from ..state import State, finished
from . import hopfield_reduced as red
from .hopfield_glass import glass_tau

if TYPE_CHECKING:
    from ...hopfield.pairwise import Hopfield


_FROZEN = 400.0  # |field|/(T + noise) beyond which E exp(-2|x|/T) is 0 in double precision


@njit(cache=True, error_model="numpy")
def _sums(words, weights, u, b, temperature):
    """Averages over words of shape (n_words, n_groups) at mean fields words @ u.

    Returns E S tanh (G,), E S S^T C (G, G), E S C_a (G,), and
    (q, C, C_aa, C_4, log2cosh, entropy) in one array; C of each word (n_words,).
    """
    n_words, n = words.shape
    overlap, pull, slope = np.zeros(n), np.zeros((n, n)), np.zeros(n)
    rest, each = np.zeros(6), np.empty(n_words)
    for w in range(n_words):
        a = 0.0
        for g in range(n):
            a += words[w, g] * u[g]
        v = moments(a, b, temperature)
        p = weights[w]
        each[w] = v[2]
        for g in range(n):
            overlap[g] += p * words[w, g] * v[0]
            slope[g] += p * words[w, g] * v[3]
            for k in range(n):
                pull[g, k] += p * words[w, g] * words[w, k] * v[2]
        rest[0] += p * v[1]
        rest[1] += p * v[2]
        rest[2] += p * v[4]
        rest[3] += p * v[5]
        rest[4] += p * v[6]
        rest[5] += p * v[7]
    return overlap, pull, slope, rest, each


class _Groups:
    """The condensed groups of a model for one state: who is in which, and their words."""

    def __init__(self, model: Hopfield, n_condensed: int, fields: list[float]) -> None:
        total = max(n_condensed, len(fields))
        h = [*fields, *([0.0] * (total - len(fields)))]
        keys = [(i < n_condensed, h[i]) for i in range(total)]
        order = list(dict.fromkeys(keys))
        self.members = [order.index(key) for key in keys]
        self.sizes = np.array([keys.count(key) for key in order], dtype=np.float64)
        self.fields = np.array([key[1] for key in order])
        self.condensed = np.array([float(key[0]) for key in order])
        parts = [red.sums(model.patterns.law(), int(size)) for size in self.sizes]
        indices, self.weights = laws.product([(np.arange(len(p[0])), p[1]) for p in parts])
        indices = indices.astype(int)
        self.words = np.stack([p[0][indices[:, g]] for g, p in enumerate(parts)], axis=1)
        self.splits = np.stack([p[2][indices[:, g]] for g, p in enumerate(parts)], axis=1)

    def without_noise(self) -> np.ndarray | None:
        """Overlaps of the condensed state at alpha = T = 0; None if not found in 200 steps."""
        m = self.condensed.copy()
        for _ in range(200):
            spins = np.sign(self.words @ (m + self.fields))
            new = (self.weights * spins) @ self.words / self.sizes
            if np.allclose(new, m, rtol=0.0, atol=1e-14):
                return m
            m = new
        return None

    def sums(self, x, temperature, scale=1.0):
        """`_sums` at x = (m, b), fields times ``scale``."""
        u = x[:-1] + scale * self.fields
        return _sums(self.words, self.weights, u, x[-1], temperature)

    def residual(self, x, root, temperature, scale=1.0):
        """Shape (G + 1,): m - E S tanh/n and b (1 - C) - sqrt(alpha q)."""
        overlap, _, _, rest, _ = self.sums(x, temperature, scale)
        noise = x[-1] * (1.0 - rest[1]) - root * math.sqrt(rest[0])
        return np.append(x[:-1] - overlap / self.sizes, noise)


def frozen_in_fields(
    model: Hopfield, temperature: float, name: str, n: int, fields: list[float]
) -> State | None:
    """The state where every spin follows its field, or None where that is not certain.

    With |x| > 400 (T + sqrt(alpha)) for the field x on every kind of site, tanh(x/T) is its sign
    and C is 0 to double precision, and that holds all along the ray from the origin: the condensed
    state exists. Without condensed patterns it must hold for every overlap possible and above
    T_g, so that there is no other state.
    """
    condensed = name in ("retrieval", "mixture")
    groups = _Groups(model, n if condensed else 0, fields)
    root = math.sqrt(model.load)
    least = _FROZEN * (temperature + root)
    if condensed:
        m = groups.without_noise()
        if m is None or np.any(m[groups.condensed > 0] <= 1e-9):
            return None
        if np.min(np.abs(groups.words @ (m + groups.fields))) <= least:
            return None
    else:
        if name == "spin-glass" or temperature <= 1.0 + root:
            return None
        pull = np.abs(groups.words) @ (groups.weights @ np.abs(groups.words) / groups.sizes)
        if np.min(np.abs(groups.words @ groups.fields) - pull) <= least:
            return None
        signs = np.sign(groups.words @ groups.fields)
        m = (groups.weights * signs) @ groups.words / groups.sizes
    energy = -float((groups.sizes * m) @ (0.5 * m + groups.fields))
    stability = {"longitudinal": 1.0}
    if model.load > 0.0:
        stability["replicon"] = temperature
    if np.any(groups.sizes > 1):
        stability["symmetry"] = 1.0
    if model.n_patterns != len(groups.members):
        stability["uncondensed"] = 1.0
    return finished(
        model,
        temperature,
        name,
        overlaps=tuple(float(m[g]) for g in groups.members),
        q=1.0,
        C=0.0,
        r=1.0,
        free_energy=energy,
        energy=energy,
        entropy=0.0,
        stability=stability,
        residual=float(np.max(np.abs(groups.residual(np.append(m, root), root, temperature))))
        / max(1.0, root),
        iterations=1,
    )


def solve_in_fields(
    model: Hopfield, temperature: float, name: str, n: int, fields: list[float]
) -> State:
    """One state in fields of any strengths on the first patterns; see `solve`."""
    condensed = name in ("retrieval", "mixture")
    groups = _Groups(model, n if condensed else 0, fields)
    if condensed:
        x, count, reason = _from_origin(groups, math.sqrt(model.load), temperature)
    else:
        x, count, reason = _from_no_field(groups, model.load, temperature, name)
    if x is None:
        return State(name, model, temperature, False, reason, iterations=count)
    return _state(model, groups, temperature, name, x, count)


def _from_origin(groups: _Groups, root: float, temperature: float):
    """Follow the state from alpha = T = 0 to (root, T) along the ray; through folds if need be."""
    m = groups.without_noise()
    if m is None:
        raise ConvergenceError("no ordered state without noise was found", 1.0)
    if not np.all(m[groups.condensed > 0] > 1e-9):
        return None, 1, "the fields on other patterns outweigh it, even without noise"
    if np.any(np.abs(groups.words @ (m + groups.fields)) < 1e-12):
        raise ConvergenceError("some spins feel no field at alpha = T = 0: no start is known", 1.0)
    if root == 0.0 and temperature == 0.0:
        return np.append(m, 0.0), 1, ""
    # As sinh(s): all orders of magnitude of load and temperature take equally many steps.
    radius = math.hypot(root, temperature)
    end = math.asinh(radius)
    small = 1e-3 / max(1.0, radius)
    q = float(groups.weights @ np.sign(groups.words @ (m + groups.fields)) ** 2)
    start = np.concatenate([m, [small * root * math.sqrt(q), math.asinh(small * radius) / end]])
    along = np.zeros_like(start)
    along[-1] = 1.0

    def strength(s):
        return math.sinh(end * abs(s)) / radius

    def system(y):
        part = strength(y[-1])
        return groups.residual(y[:-1], part * root, part * temperature)

    what = f"sqrt(load) {root:.12g} and T {temperature:.12g} times"
    return _follow(system, start, along, what, 20, 1.0 / max(1.0, end), strength)


def _from_no_field(groups: _Groups, load: float, temperature: float, name: str):
    """Raise the fields from 0 at fixed load and temperature."""
    root = math.sqrt(load)
    edge = 1.0 + root
    largest = float(np.max(np.abs(groups.fields)))
    zero = np.zeros(len(groups.sizes))
    if name == "spin-glass":
        if load == 0.0:
            return None, 0, "load is 0: no uncondensed patterns freeze"
        if temperature >= edge:
            return None, 0, f"T >= T_g = 1 + sqrt(load) = {edge:.12g}"
        tau, _ = glass_tau(root, temperature)
        start = np.concatenate([zero, [red.glass(root, tau)[red.G_B], 0.0]])
    else:
        if temperature <= edge:
            return None, 0, f"T <= T_g = 1 + sqrt(load) = {edge:.12g}"
        # Linear response: u = h T/(T - 1), b = k sqrt(E a^2 + b^2), k = sqrt(alpha)/(T - 1).
        k = root / (temperature - 1.0)
        widen = k / math.sqrt(1.0 - k * k)
        u = groups.fields * (temperature / (temperature - 1.0))
        spread = float(np.linalg.norm(np.sqrt(groups.sizes) * u))
        m = groups.fields / (temperature - 1.0)
        # Corrections are smaller by the square of u/T, times the square of the response.
        if spread * (1.0 + widen) / (temperature - edge) < 1e-9:
            return np.append(m, spread * widen), 1, ""
        small = min(0.5, 1e-5 * (temperature - edge) / (1.0 + largest))
        start = np.concatenate([small * m, [small * spread * widen, small]])
    # In s with fields growing as sinh(s) all their orders of magnitude take equally many steps.
    end = math.asinh(largest)
    start[-1] = math.asinh(largest * start[-1]) / end
    along = np.zeros_like(start)
    along[-1] = 1.0
    stretch = max(1.0, end)

    def strength(s):
        return math.sinh(end * s) / largest

    def system(y):
        return groups.residual(y[:-1], root, temperature, strength(y[-1]))

    # Behind a fold the branch is another state.
    return _follow(system, start, along, "the fields times", 0, 1.0 / stretch, strength)


def _follow(system, start, along, what, n_folds, scale=1.0, strength=float):
    """Trace to where the last unknown is 1; (x or None, evaluations, reason)."""
    count, farthest = 0, 0.0

    def counted(y):
        nonlocal count
        count += 1
        return system(y)

    reach = Event("reached", lambda y, t: y[-1] - 1.0)
    fold = Event("fold", lambda y, t: t[-1])
    low = 0.5 * float(start[-1])
    edge = Event("back", lambda y, t: y[-1] - low if low > 0.0 else y[-1] + 1e-9)
    y = start
    for _ in range(n_folds + 1):
        curve = trace(
            counted, y, along, [reach, fold, edge], step=1e-3 * scale, max_step=0.1,
            tolerance=1e-12, min_step=1e-12,
        )  # fmt: skip
        if not curve.converged:
            raise ConvergenceError(
                f"the branch in fields was lost: {curve.ended}",
                float(np.max(curve.residuals, initial=np.inf)),
            )
        end = curve.points[-1]
        if curve.ended == "fold" and end[-1] >= 1.0 > curve.points[-2][-1]:
            last = curve.points[-2], curve.tangents[-2]
            end = locate(counted, *last, float(last[1] @ (end - last[0])), reach, None, 1e-12)[1]
            curve_ended = "reached"
        else:
            curve_ended = curve.ended
        if curve_ended == "reached":
            end[-1] = 1.0
            fixed = np.zeros_like(end)
            fixed[-1] = 1.0
            better = correct(counted, end, fixed, None, 1e-14, 6)
            if better is not None:
                end = better[0]
            return end[:-1], count, ""
        farthest = max(farthest, float(end[-1]))
        if curve_ended == "back":
            break
        along = curve.tangents[-1]
        y = end + 1e-6 * along
    if abs(farthest - 1.0) < 1e-12:
        raise ConvergenceError("within rounding of the line where the state ends", farthest - 1.0)
    return (
        None,
        count,
        f"followed from where it is known, it ends at {what} {strength(farthest):.12g}",
    )


def _state(model, groups, temperature, name, x, count) -> State:
    load, root = model.load, math.sqrt(model.load)
    _, pull, slope, rest, each = groups.sums(x, temperature)
    q, c, c_aa, c4, log2cosh, entropy = (float(v) for v in rest)
    m, b = x[:-1], float(x[-1])
    gap = 1.0 - c
    hessian = np.diag(groups.sizes) - pull
    if b > 0.0 and q > 0.0:  # in the least fields q underflows, and so does what is added
        factor = -b + 0.5 * temperature * root / math.sqrt(q)
        hessian = hessian + b * factor / (gap + b * factor * c_aa) * np.outer(slope, slope)
    scale = np.sqrt(groups.sizes)
    stability = {"longitudinal": float(np.linalg.eigvalsh(hessian / np.outer(scale, scale))[0])}
    if load > 0.0:
        stability["replicon"] = temperature - c4 * (b * b / q if q > 0.0 else load / gap**2)
    for g, size in enumerate(groups.sizes):
        if size > 1:
            value = 1.0 - float((groups.weights * groups.splits[:, g]) @ each)
            stability["symmetry"] = min(value, stability.get("symmetry", math.inf))
    if model.n_patterns != len(groups.members):
        stability["uncondensed"] = gap
    free_energy = 0.5 * float(groups.sizes @ m**2) - log2cosh
    energy = -float((groups.sizes * m) @ (0.5 * m + groups.fields))
    if load > 0.0:
        log_gap = math.log1p(-c) if gap > 0.0 else math.nan
        free_energy += 0.5 * load * (1.0 + temperature * log_gap)
        free_energy += 0.5 * b * b * c - 0.5 * b * root * math.sqrt(q)
        energy -= 0.5 * b * b * c + 0.5 * load * c / gap
        entropy -= 0.5 * load * (log_gap + c / gap)
    residual = np.abs(groups.residual(x, root, temperature)) / max(1.0, root)
    return finished(
        model,
        temperature,
        name,
        overlaps=tuple(float(m[g]) for g in groups.members),
        q=q,
        C=c,
        r=q / (gap * gap),
        free_energy=free_energy,
        energy=energy,
        entropy=entropy,
        stability=stability,
        residual=float(np.max(residual)),
        iterations=count,
    )
