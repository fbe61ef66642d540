r"""Nested Gaussian averages of one-step replica symmetry breaking, at every T, T = 0 included.

The field is x = a + sqrt(v0) z0 + sqrt(v1) z1. With L(x) = T ln 2cosh(x/T), L = |x| at T = 0, the
inner average is weighted with exp(w L) = (2cosh(x/T))^theta, theta = w T in [0, 1]:

$$ Z(x_0)=\mathbb E_{z_1}e^{wL(x)},\qquad
   \langle g\rangle=\mathbb E_{z_1}[g\,e^{wL}]/Z,\qquad x_0=a+\sqrt{v_0}\,z_0 . $$

**Inner average.** As functions of u = x/T the integrands have singularities at
u = +- i pi/2 (mod i pi) only, so the trapezoidal rule converges geometrically, with an error
exp(-2 pi d/h) for singularities at the distance d (Trefethen & Weideman, SIAM Review 56 (2014)
385, theorem 5.1), as in `assocmem.theory.gaussian`.

* sqrt(v1) <= 0.75 T: sum over z1 in steps of 0.3: d >= 2.09.
* sqrt(v1) > 0.75 T: sum over u in steps of 0.2: d = pi/2. What is not confined to |u| < 20 is
  first made so: from (2cosh u)^theta one takes
  [exp(theta u) (1 + erf u) + exp(-theta u) (1 - erf u)]/2, whose Gaussian average is known:
  E exp(w x) (1 + erf(x/T))/2 = exp(w x0 + w^2 v/2) (1 + erf((x0 + w v)/sqrt(T^2 + 2 v)))/2.
  What is left is below exp(-2|u|) of exp(theta |u|). Nothing is divided by T: at T = 0 the sums
  drop out and the closed form is exact. Z is carried in units of exp(w |x0| + w^2 v1/2), of which
  it is at least one half, so nothing overflows.

**Outer average.** The functions of x0 vary on the scale s = min(sqrt(T^2 + v1), 1/w), on which
Z(x0) has its nearest zeros, and leave their asymptotes only for |x0| < 9 sqrt(v1) + 20 T. So,
again, a sum over z0 where sqrt(v0) is small on that scale, and elsewhere a sum over x0 in steps
of 0.15 s after erf(x0/s) and its integral are taken out. Halving both steps moves no average by
more than 1e-13 of its scale (tests/theory/test_rsb.py).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from ... import _validate as check

_SWITCH = 0.75
_STEP_Z = 0.3
_STEP_U = 0.2
_STEP_X = 0.15
_N_U = 100  # u = 0 .. 19.8
_WIDEST = 100.0  # w sqrt(T^2 + v1) beyond which nothing is computed
_SQRT_PI = math.sqrt(math.pi)
_INV_SQRT_2PI = 1.0 / math.sqrt(2.0 * math.pi)


class NestedAverages(NamedTuple):
    """Averages over z0 of inner averages; finite as T -> 0."""

    log_z: float
    """E ln Z / w; E T ln 2cosh(x/T) at w = 0."""
    tanh: float
    """E <tanh(x/T)>."""
    spread: float
    """1 - E <tanh(x/T)>^2."""
    c: float
    """E <sech^2(x/T)> / T."""
    gap: float
    """E [2 (ln Z - w <L>)] + w^2 v1, which vanishes for fields much larger than noise and T."""
    entropy: float
    """E <ln 2cosh(x/T) - (x/T) tanh(x/T)>."""


@njit(cache=True)
def _tables(theta, step, n):
    """Even and odd kernels over u = 0, step, ..., in units of exp(theta u); shape (5, n)."""
    out = np.empty((5, n))
    for k in range(n):
        u = k * step
        p = math.exp(-2.0 * u)
        lp = math.log1p(p)
        grown = math.expm1(theta * lp)  # (1 + p)^theta - 1
        tail = 0.5 * math.erfc(u)
        back = math.exp(-2.0 * theta * u)
        tanh = (1.0 - p) / (1.0 + p)
        s2 = 4.0 * p / (1.0 + p) ** 2
        out[0, k] = grown + tail * (1.0 - back)
        out[1, k] = tanh * grown - 2.0 * p / (1.0 + p) + tail * (1.0 + back)
        out[2, k] = s2 * (1.0 + grown)
        out[3, k] = u * grown + lp * (1.0 + grown) + u * tail * (1.0 + back)
        out[4, k] = (lp + 2.0 * u * p / (1.0 + p)) * (1.0 + grown)
    return out


@njit(cache=True, error_model="numpy")
def _inner_noise(x0, b, w, t, step):
    """Inner averages for x0 >= 0 and b <= 0.75 T by a sum over z1. Cost: 70 x 3 exponentials."""
    n = math.ceil(10.0 / step)
    centre = 0.0
    for k in range(-n, n + 1):
        z = k * step
        x = abs(x0 + b * z)
        centre += step * _INV_SQRT_2PI * math.exp(-0.5 * z * z) * (
            (x - x0) + t * math.log1p(math.exp(-2.0 * x / t))
        )  # fmt: skip
    # exp(w (L - centre)) - 1 and less keep ln Z - w <L> = O(w^2 v1) free of cancellation.
    second = rise = mean = c = sigma = shift = 0.0
    for k in range(-n, n + 1):
        z = k * step
        g = step * _INV_SQRT_2PI * math.exp(-0.5 * z * z)
        x = x0 + b * z
        ax = abs(x)
        p = math.exp(-2.0 * ax / t)
        lp = math.log1p(p)
        delta = (ax - x0) + t * lp - centre
        y = w * delta
        grown = math.expm1(y)
        if abs(y) < 0.02:
            excess = y * y * (0.5 + y * (1.0 / 6.0 + y * (1.0 / 24.0 + y * (
                1.0 / 120.0 + y * (1.0 / 720.0 + y / 5040.0)))))  # fmt: skip
        else:
            excess = grown - y
        second += g * excess
        rise += g * grown
        shift += g * delta * grown
        tanh = math.copysign((1.0 - p) / (1.0 + p), x)
        weight = g * (1.0 + grown)
        mean += weight * tanh
        c += weight * 4.0 * p / (1.0 + p) ** 2
        sigma += weight * (lp + 2.0 * ax / t * p / (1.0 + p))
    z_all = 1.0 + second
    v = b * b
    gap = 2.0 * (math.log1p(second) - w * shift / z_all) + w * w * v
    # E exp(w (L - centre)) = 1 + second, as E (L - centre) = 0.
    log_z = math.log1p(second) / w + centre if w > 0.0 else centre
    return log_z, mean / z_all, c / z_all / t, gap, sigma / z_all


@njit(cache=True, error_model="numpy")
def _inner_field(x0, b, w, t, tables, step):
    """Inner averages for x0 >= 0 and b > 0.75 T >= 0 by closed forms and a sum over u = x/T.

    Cost: three error functions and 200 exponentials, none of these at x0 > 39 b + 20 T.
    """
    v = b * b
    width = math.sqrt(t * t + 2.0 * v)
    up = (x0 + w * v) / width
    down = (x0 - w * v) / width
    fade = math.exp(-2.0 * w * x0)
    minus = 0.5 * fade * math.erfc(down)
    lack = 0.5 * math.erfc(up)
    edge = v / (width * _SQRT_PI) * (math.exp(-up * up) + fade * math.exp(-down * down))
    z0 = z1 = zc = zl = zs = 0.0
    scale = w * x0 + 0.5 * w * w * v
    # At T = 0 only the density of the field at 0 is left of the sums.
    for k in range(tables.shape[1]):
        u = k * step
        x = t * u
        g = step * _INV_SQRT_2PI / b * (0.5 if k == 0 else 1.0)
        right = g * math.exp(w * x - scale - 0.5 * ((x - x0) / b) ** 2)
        left = g * math.exp(w * x - scale - 0.5 * ((x + x0) / b) ** 2)
        even, odd = right + left, right - left
        z0 += tables[0, k] * even
        z1 += tables[1, k] * odd
        zc += tables[2, k] * even
        zl += tables[3, k] * even
        zs += tables[4, k] * even
    excess = minus - lack + t * z0
    z_all = 1.0 + excess
    mean = (1.0 - lack - minus + t * z1) / z_all
    # <L> - x0 - w v1
    shift = (edge - 2.0 * x0 * minus + t * (t * zl - (x0 + w * v) * z0)) / z_all
    log_ratio = math.log1p(excess)
    gap = 2.0 * (log_ratio - w * shift)
    log_z = log_ratio / w + 0.5 * w * v if w > 0.0 else shift
    return log_z, mean, zc / z_all, gap, t * zs / z_all


@njit(cache=True, error_model="numpy")
def _inner(x0, b, w, t, tables, step_z, step_u):
    """(ln Z / w - |x0|, <tanh>, <sech^2>/T, gap, <entropy>) for any x0."""
    size = abs(x0)
    if b <= _SWITCH * t:
        out = _inner_noise(size, b, w, t, step_z)
    else:
        out = _inner_field(size, b, w, t, tables, step_u)
    if x0 < 0.0:
        return out[0], -out[1], out[2], out[3], out[4]
    return out


@njit(cache=True, error_model="numpy")
def nested(a, v0, v1, w, t, refine=1.0):
    """The six numbers of `NestedAverages`; see `nested_averages`. Cost: 10 us to 1 ms."""
    b0, b1 = math.sqrt(v0), math.sqrt(v1)
    step_z, step_u = _STEP_Z / refine, _STEP_U / refine
    tables = _tables(w * t, step_u, int(_N_U * refine))
    scale = math.sqrt(t * t + v1)
    if not (w * scale <= _WIDEST and w * t <= 1.5):
        return np.nan, np.nan, np.nan, np.nan, np.nan, np.nan
    if w * scale > 1.0:
        scale = 1.0 / w
    log_z = tanh = rest = c = gap = sigma = 0.0
    if b0 <= _SWITCH * scale:
        n = math.ceil(9.0 / step_z) if b0 > 0.0 else 0
        for k in range(-n, n + 1):
            z = k * step_z
            g = step_z * _INV_SQRT_2PI * math.exp(-0.5 * z * z) if n > 0 else 1.0
            x0 = a + b0 * z
            one = _inner(x0, b1, w, t, tables, step_z, step_u)
            log_z += g * (abs(x0) + one[0])
            tanh += g * one[1]
            rest += g * (1.0 - one[1]) * (1.0 + one[1])
            c += g * one[2]
            gap += g * one[3]
            sigma += g * one[4]
        return log_z, tanh, rest, c, gap, sigma
    step = _STEP_X / refine * scale
    n = math.ceil((9.0 * b1 + 20.0 * t) / step)
    for k in range(n + 1):
        x0 = k * step
        u = x0 / scale
        right = step / b0 * _INV_SQRT_2PI * math.exp(-0.5 * ((x0 - a) / b0) ** 2)
        left = step / b0 * _INV_SQRT_2PI * math.exp(-0.5 * ((x0 + a) / b0) ** 2)
        if k == 0:
            right *= 0.5
            left *= 0.5
        even = right + left
        if even == 0.0:
            continue
        one = _inner(x0, b1, w, t, tables, step_z, step_u)
        rounded = scale * (math.exp(-u * u) / _SQRT_PI - u * math.erfc(u))
        log_z += even * (one[0] - 0.5 * w * v1 - rounded)
        tanh += (right - left) * (one[1] - math.erf(u))
        rest += even * (1.0 - one[1]) * (1.0 + one[1])
        c += even * one[2]
        gap += even * one[3]
        sigma += even * one[4]
    width = math.sqrt(2.0 * v0 + scale * scale)
    y = a / width
    log_z += a * math.erf(y) + width * math.exp(-y * y) / _SQRT_PI + 0.5 * w * v1
    tanh += math.erf(y)
    return log_z, tanh, rest, c, gap, sigma


@njit(cache=True, error_model="numpy")
def block_stability(a, v0, v1, w, t, refine=1.0):
    """E <sech^4(x/T)> / T, finite at T = 0. Cost: as `nested`.

    sech^4 confines x to |x| < 10 T, so that the inner sum needs no closed forms; at T = 0 it is
    2/3 of E <sech^2>/T.
    """
    b0, b1 = math.sqrt(v0), math.sqrt(v1)
    if t == 0.0:
        return 2.0 / 3.0 * nested(a, v0, v1, w, t, refine)[3]
    step_z, step_u = _STEP_Z / refine, _STEP_U / refine
    tables = _tables(w * t, step_u, int(_N_U * refine))
    scale = math.sqrt(t * t + v1)
    if w * scale > 1.0:
        scale = 1.0 / w
    step = min(b0 * step_z, _STEP_X / refine * scale)
    n = math.ceil(9.0 * b0 / step) if b0 > 0.0 else 0
    total = 0.0
    for k in range(-n, n + 1):
        g = 1.0
        if n > 0:
            g = step / b0 * _INV_SQRT_2PI * math.exp(-0.5 * (k * step / b0) ** 2)
        x0 = a + k * step
        one = _inner(x0, b1, w, t, tables, step_z, step_u)
        h = min(step_u * t, step_z * b1)
        m = math.ceil(min(20.0 * t, abs(x0) + (10.0 + w * b1) * b1) / h)
        inner = 0.0
        for j in range(-m, m + 1):
            x = j * h
            p = math.exp(-2.0 * abs(x) / t)
            rise = w * (abs(x) + t * math.log1p(p) - abs(x0) - one[0])
            s2 = 4.0 * p / (1.0 + p) ** 2
            inner += s2 * s2 * math.exp(rise - 0.5 * ((x - x0) / b1) ** 2)
        total += g * inner * h / b1 * _INV_SQRT_2PI
    return total / t


def nested_averages(a: float, v0: float, v1: float, w: float, temperature: float) -> NestedAverages:
    """Nested averages of one-step replica symmetry breaking.

    Parameters
    ----------
    a : float
        Mean of the field.
    v0, v1 : float
        Variances of the outer and of the inner noise; v0 >= 0, v1 > 0 (v1 >= 0 if T > 0).
    w : float
        beta theta >= 0, with w T <= 1.
    temperature : float
        T >= 0.

    Returns
    -------
    NestedAverages
        Absolute errors below 1e-12 in units of the scale of each number.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range; w sqrt(T^2 + v1) may reach 100.

    Notes
    -----
    Cost: 10 us to 1 ms. `nested` does the same without checks, and gives NaN out of range.
    """
    a = check.real("a", a)
    v0 = check.real("v0", v0, 0.0)
    temperature = check.real("temperature", temperature, 0.0)
    v1 = check.real("v1", v1, 0.0, open_low=temperature == 0.0)
    most = _WIDEST / math.hypot(temperature, math.sqrt(v1))
    if temperature > 0.0:
        most = min(most, (1.0 + 1e-12) / temperature)
    w = check.real("w", w, 0.0, most)
    return NestedAverages(*nested(a, v0, v1, w, temperature))
