r"""Gaussian averages of tanh and its kin at every temperature, T = 0 included.

For a local field x = a + b z, z normal, and temperature T, one call gives all averages that
replica-symmetric theories of binary spins need, in forms that stay finite as T -> 0, with the
derivatives that analytic Jacobians need. Cost: 35 to 100 pairs of exponentials, 1 to 3 us.

**Two ways, one error bound.** The integrands have poles at x/T = +- i pi/2 (mod i pi) and no
other singularities, so the trapezoidal rule converges geometrically (Trefethen & Weideman, SIAM
Review 56 (2014) 385): with step h and distance d to the nearest pole the error is
of order exp(-2 pi d/h) times the growth of the integrand on the line Im = d.

* b <= 0.75 T: sum over z in steps of h = 0.3. d = pi T/(2 b) >= 2.09, and the Gaussian grows by
  exp(d^2/2), capped where d = 2 pi/h: error below exp(-41), times (2 pi/h)^4/4! for the poles of
  the highest order. The range |z| <= 8.8 + 2 b/T holds all but 1e-17 of E exp(-2x/T), so
  exponentially small averages keep their relative accuracy.
* b > 0.75 T: sum over u = x/T in steps of 0.2. d = pi/2, error exp(-49) times the growth
  exp(pi^2 T^2/(8 b^2)) <= 9 and a like factor for the poles. sech^2 u confines the sum to
  |u| < 19.6, wherever the Gaussian is centred, unless a T > 2 b^2 (far tails), where the range
  follows the peak at u = (a T - 2 b^2)/T^2. tanh u is not confined; tanh u - erf u is, and
  averages of erf u are known in closed form: E erf(x/T) = erf(a / sqrt(2 b^2 + T^2)), and the
  same for ln 2cosh u with the integral of erf u. Nothing is divided by T, so T = 0 is an
  ordinary point. Derivatives act on the Gaussian.

Every average is even in T and in b where it is continued beyond 0 this way.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

_H = 0.2  # step of the sum over the field u
_HZ = 0.3  # step of the sum over the noise z
_SWITCH = 0.75  # b/T at which the sum over the noise gives way to the sum over the field
_N_TABLE = 99  # u = 0 .. 19.6, where sech^2 u < 5e-17

_U = _H * np.arange(_N_TABLE)
_P = np.exp(-2.0 * _U)
_S2 = 4.0 * _P / (1.0 + _P) ** 2  # sech^2
_ERF = np.array([math.erf(u) for u in _U])
_KM = np.tanh(_U) - _ERF
# ln 2cosh u minus the integral of erf, u erf u + exp(-u^2)/sqrt(pi)
_ERFC = np.array([math.erfc(u) for u in _U])
_KL = np.log1p(_P) + _U * _ERFC - np.exp(-_U * _U) / math.sqrt(math.pi)
_KS = np.log1p(_P) + 2.0 * _U * _P / (1.0 + _P)
_INV_SQRT_2PI = 1.0 / math.sqrt(2.0 * math.pi)


class Averages(NamedTuple):
    """Averages over z of functions of x = a + b z at temperature T; arrays of one shape.

    C is (1/T) E sech^2(x/T), twice the density of the field at zero when T = 0.
    """

    tanh: np.ndarray
    """E tanh(x/T)."""
    tanh2: np.ndarray
    """E tanh^2(x/T) = 1 - T C, accurate also where it is small."""
    c: np.ndarray
    """C = (1/T) E sech^2(x/T) = d(tanh)/da."""
    c_a: np.ndarray
    """dC/da; d(tanh)/db = b dC/da."""
    c_aa: np.ndarray
    """d^2C/da^2; dC/db = b d^2C/da^2."""
    c4: np.ndarray
    """(1/T) E sech^4(x/T), (2/3) C when T = 0."""
    log2cosh: np.ndarray
    """T E ln 2cosh(x/T), E|x| when T = 0; its derivatives are tanh (a), b C (b), entropy (T)."""
    entropy: np.ndarray
    """E[ln 2cosh(x/T) - (x/T) tanh(x/T)], the mean entropy of a spin in its field."""
    tanh_t: np.ndarray
    """d(tanh)/dT."""
    c_t: np.ndarray
    """dC/dT."""


N_AVERAGES = len(Averages._fields)


@njit(cache=True)
def _frozen(a, b):
    """Averages of a field that never vanishes on the scale of T: |x| = a certainly."""
    return 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, a, 0.0, 0.0, 0.0


@njit(cache=True, error_model="numpy")
def _over_noise(a, b, t):
    """Averages for a >= 0, b <= 0.75 T, T > 0, by a sum over z."""
    big_a = a / t
    if big_a > 400.0:
        return _frozen(a, b)
    big_b = b / t
    n = math.ceil((8.8 + 2.0 * big_b) / _HZ)
    top = -math.expm1(-4.0 * big_a)
    m = q = c = c1 = c2 = c4 = lc = s = xs = xts = 0.0
    for k in range(n + 1):
        z = k * _HZ
        w = _HZ * _INV_SQRT_2PI * math.exp(-0.5 * z * z)
        if k == 0:
            w *= 0.5
        product = 1.0
        for side in range(2):
            x = big_a + big_b * z if side == 0 else big_a - big_b * z
            p = math.exp(-2.0 * x)  # x > -8, so no overflow
            product *= 1.0 + p
            th = -math.expm1(-2.0 * x) / (1.0 + p)
            s2 = 4.0 * p / (1.0 + p) ** 2
            q += w * th * th
            c += w * s2
            c1 -= 2.0 * w * th * s2
            c2 += w * (4.0 * s2 - 6.0 * s2 * s2)
            c4 += w * s2 * s2
            lc += w * math.log1p(p)
            ax = abs(x)
            pa = math.exp(-2.0 * ax)
            s += w * (math.log1p(pa) + 2.0 * ax * pa / (1.0 + pa))
            xs += w * x * s2
            xts += w * x * th * s2
        m += 2.0 * w * top / product
    return (
        min(m, 1.0),
        min(q, 1.0),
        c / t,
        c1 / t / t,
        c2 / t / t / t,
        c4 / t,
        a + t * lc,
        s,
        -xs / t,
        -(c - 2.0 * xts) / t / t,
    )


@njit(cache=True, error_model="numpy")
def _over_field(a, b, temperature):
    """Averages for a >= 0, b > 0.75 T, T >= 0, by a sum over u = x/T."""
    t = temperature / b
    y = a / b
    slope = 2.0 - y * t
    m_width = math.sqrt(1.0 + 0.5 * t * t)
    m = math.erf(y / (math.sqrt(2.0) * m_width))
    lc = y * m + m_width * 2.0 * _INV_SQRT_2PI * math.exp(-0.5 * (y / m_width) ** 2)
    first, last = 0, _N_TABLE - 1
    if y > 39.5 and (slope > 0.0 or t < 0.05 or 2.0 * y / t - 2.0 / (t * t) > 750.0):
        return _frozen(a, b)
    if y * t > 1e-8:  # otherwise the tables are wide enough
        if slope > 0.0:
            reach = 76.0 / (slope + math.sqrt(slope * slope + 76.0 * t * t))
        else:
            reach = -slope / (t * t) + 8.8 / t
            # sech^4 peaks further in, at u = (y t - 4)/t^2
            first = max(0, int((-(slope + 2.0) / (t * t) - 8.8 / t) / _H))
        last = max(last, int(reach / _H) + 1)
    c = c1 = c2 = c4 = km = kl = s = us_odd = us_v = 0.0
    for k in range(first, last + 1):
        u = k * _H
        if k < _N_TABLE:
            s2, k_m, k_l, k_s = _S2[k], _KM[k], _KL[k], _KS[k]
        else:
            p = math.exp(-2.0 * u)
            s2, k_m, k_l, k_s = 4.0 * p, -2.0 * p, p, (1.0 + 2.0 * u) * p
        w = _H * _INV_SQRT_2PI
        if k == 0:
            w *= 0.5
        tu = t * u
        right = w * math.exp(-0.5 * (tu - y) ** 2)
        odd = -right * math.expm1(-2.0 * tu * y)
        left = right - odd
        even = right + left
        v_right, v_left = tu - y, -tu - y
        c += s2 * even
        c1 += s2 * (tu * odd - y * even)
        c2 += s2 * ((v_right * v_right - 1.0) * right + (v_left * v_left - 1.0) * left)
        c4 += s2 * s2 * even
        km += k_m * odd
        kl += k_l * even
        s += k_s * even
        us_odd += u * s2 * odd
        us_v += u * s2 * (v_right * right - v_left * left)
    c /= b
    m += t * km
    lc = b * lc + temperature * t * kl
    return (
        m,
        1.0 - temperature * c,
        c,
        c1 / b / b,
        c2 / b / b / b,
        c4 / b,
        lc,
        t * s,
        -us_odd / b,
        -us_v / b / b,
    )


@njit(cache=True, error_model="numpy")
def moments(a, b, temperature):
    """The ten numbers of `Averages` for scalars; call this one from other kernels.

    Even in ``b`` and ``temperature``: lines may be traced through the axes and cut there.
    Cost: 1 to 3 us. At b = T = 0 and a = 0 the density of the field is infinite, and so is C.
    """
    b = abs(b)
    temperature = abs(temperature)
    size = abs(a)
    if b <= _SWITCH * temperature:
        if temperature == 0.0:
            if size > 0.0:
                out = _frozen(size, b)
            else:
                out = (0.0, 0.0, np.inf, 0.0, 0.0, np.inf, 0.0, math.log(2.0), 0.0, 0.0)
        else:
            out = _over_noise(size, b, temperature)
    else:
        out = _over_field(size, b, temperature)
    if a < 0.0:
        return (
            -out[0], out[1], out[2], -out[3], out[4], out[5], out[6], out[7], -out[8], out[9],
        )  # fmt: skip
    return out


@njit(cache=True)
def _fill(a, b, temperature, out):
    for i in range(a.size):
        row = moments(a[i], b[i], temperature[i])
        for j in range(10):
            out[j, i] = row[j]


def averages(a: np.ndarray, b: np.ndarray, temperature: np.ndarray) -> Averages:
    """Averages over z of functions of x = a + b z at temperature T.

    Parameters
    ----------
    a, b, temperature : array_like of float
        Mean (finite) and width (>= 0) of the field, and T >= 0; they broadcast together.

    Returns
    -------
    Averages
        Ten arrays of the broadcast shape. Absolute error below 1e-13 of the scale of each
        number; ``c``, ``c4``, ``tanh`` for small a, ``tanh2`` for small a and b, and ``entropy``
        keep a relative error below 1e-12.

    Raises
    ------
    ValueError
        If an argument is not finite, or ``b`` or ``temperature`` is negative.

    Examples
    --------
    >>> from assocmem.theory.gaussian import averages
    >>> round(float(averages(0.0, 1.0, 0.0).c), 12)  # twice the normal density at 0
    0.797884560803
    """
    arrays = []
    for name, value in (("a", a), ("b", b), ("temperature", temperature)):
        array = np.asarray(value, dtype=np.float64)
        if not np.all(np.isfinite(array)):
            raise ValueError(f"{name} must be finite, got {value!r}")
        if name != "a" and np.any(array < 0.0):
            raise ValueError(f"{name} must be >= 0, got {value!r}")
        arrays.append(array)
    shape = np.broadcast_shapes(*(array.shape for array in arrays))
    flat = [np.ascontiguousarray(np.broadcast_to(array, shape)).ravel() for array in arrays]
    out = np.empty((N_AVERAGES, flat[0].size))
    _fill(*flat, out)
    return Averages(*(row.reshape(shape) for row in out))


def mixture_averages(
    a: np.ndarray, b: float, temperature: float, probabilities: np.ndarray
) -> Averages:
    """Averages over z and over words w: sum_w p_w E_z g((a_w + b z)/T).

    Parameters
    ----------
    a : array_like, shape (..., n_words)
        Mean field of each word.
    b, temperature : array_like, broadcasting with ``a[..., 0]``
        Width of the field >= 0, and T >= 0.
    probabilities : array_like, shape (n_words,)
        Non-negative, of sum 1.

    Returns
    -------
    Averages
        Arrays of shape ``a.shape[:-1]`` broadcast with ``b`` and ``temperature``.

    Raises
    ------
    ValueError
        If the probabilities are not probabilities, or as for `averages`.
    """
    weights = np.asarray(probabilities, dtype=np.float64)
    bad = weights.ndim != 1 or np.any(weights < 0.0) or not abs(weights.sum() - 1.0) < 1e-9
    if bad:
        raise ValueError(
            f"probabilities must be a vector of numbers >= 0 of sum 1, got {probabilities!r}"
        )
    each = averages(
        a,
        np.asarray(b, dtype=np.float64)[..., np.newaxis],
        np.asarray(temperature, dtype=np.float64)[..., np.newaxis],
    )
    return Averages(*(values @ weights for values in each))
