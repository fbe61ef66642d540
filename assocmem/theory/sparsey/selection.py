r"""Formulas of code selection: support, familiarity, expansivity, chances of winning.

Written from the definitions of `Selection` and `Mac` alone (Rinkus, Front. Comput. Neurosci. 8
(2014) 160), over arrays, and shared with no kernel: what the memory computes can be compared with
them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ... import _validate as check
from ._rules import require

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ...sdr.sparsey.mac import Mac
    from ...sdr.sparsey.selection import Selection

_LARGEST = 1e280  # of expansivities, so that sums over units stay finite


def within(name: str, value: ArrayLike, high: float = np.inf) -> np.ndarray:
    """``value`` as an array of numbers from 0 to ``high``, or raise, naming the argument."""
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        array = np.asarray(None)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be a real number or an array of them, got {value!r:.120}")
    array = array.astype(float)
    if not np.all((array >= 0.0) & (array <= high)) or not np.all(np.isfinite(array)):
        raise ValueError(f"{name} must be finite and in [0, {high:g}], got {value!r:.120}")
    return array


def _supports(v: ArrayLike) -> np.ndarray:
    """Supports of modules, (..., Q, K), checked."""
    v = within("v", v, 1.0)
    if v.ndim < 2 or 0 in v.shape[-2:]:
        raise ValueError(f"v must have shape (..., Q, K), got {v.shape}")
    return v


def support(
    mac: Mac, sums: ArrayLike, active: ArrayLike, held: ArrayLike | None = None
) -> float | np.ndarray:
    r"""Support V of units by their bottom-up afferents alone.

    Parameters
    ----------
    mac : Mac
    sums : array
        u, active afferents with a weight set; >= 0.
    active : array of int
        Active features of the input, >= 1. pi is this, or ``mac.expected`` where given.
    held : array, optional
        w, weights set of the unit, which count where ``mac.nu`` > 0; left out, as at w <= pi.

    Returns
    -------
    float or ndarray
        (min(1, u/pi) min(1, pi/w)^nu)^lambda_u in the common shape.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    require(mac, "Mac", "mac")
    u, active = within("sums", sums), within("active", active)
    if np.any(active < 1.0):
        raise ValueError(f"active must be >= 1, got {active!r:.120}")
    pi = active if mac.expected is None else np.full_like(active, mac.expected)
    value = np.minimum(1.0, u / pi)
    w = pi if held is None else within("held", held)
    if mac.nu > 0.0:
        value = value * np.minimum(1.0, pi / np.maximum(w, pi)) ** mac.nu
    value = value**mac.selection.lambda_u
    return float(value) if np.ndim(value) == 0 else value


def familiarity(v: ArrayLike) -> float | np.ndarray:
    """G of supports (..., Q, K): the mean over modules of their largest."""
    v = _supports(v)
    g = v.max(axis=-1).mean(axis=-1)
    return float(g) if np.ndim(g) == 0 else g


def hypotheses(selection: Selection, v: ArrayLike) -> int | np.ndarray:
    """Hypotheses of supports (..., Q, K): zeta, the mean number of V > v_zeta, rounded half up."""
    v = _supports(v)
    require(selection, "Selection", "selection")
    total = (v > selection.v_zeta).sum(axis=(-2, -1))
    zeta = (2 * total + v.shape[-2]) // (2 * v.shape[-2])
    return int(zeta) if np.ndim(zeta) == 0 else zeta


def expansivity(selection: Selection, g: ArrayLike, n_units: int) -> float | np.ndarray:
    r"""Expansivity eta = 1 + ([(G - G_-)/(1 - G_-)]_+)^gamma chi K.

    Parameters
    ----------
    selection : Selection
    g : float or array
        G in [0, 1].
    n_units : int
        K, from 1 to 2^31 - 1.

    Returns
    -------
    float or ndarray
        In the shape of ``g``; from 1 to 1 + chi K, but 1e280 at most.
    """
    g = within("g", g, 1.0)
    k = check.integer("n_units", n_units, 1, 2**31 - 1)
    require(selection, "Selection", "selection")
    low = selection.g_minus
    rise = np.maximum((g - low) / (1.0 - low), 0.0) ** selection.gamma * selection.chi
    eta = 1.0 + np.minimum(rise, _LARGEST / k) * k
    return float(eta) if np.ndim(eta) == 0 else eta


def relative_chance(selection: Selection, v: ArrayLike, eta: ArrayLike) -> float | np.ndarray:
    r"""Relative chance psi = 1 + (eta - 1)/(1 + sigma_1 exp(-sigma_2 (V - sigma_3)))^sigma_4.

    Parameters
    ----------
    selection : Selection
    v : float or array
        V in [0, 1].
    eta : float or array
        >= 1.

    Returns
    -------
    float or ndarray
        psi >= 1 in the common shape. Steep sigmoids do not overflow.
    """
    require(selection, "Selection", "selection")
    v, eta = within("v", v, 1.0), within("eta", eta)
    if np.any(eta < 1.0):
        raise ValueError(f"eta must be >= 1, got {eta!r:.120}")
    with np.errstate(over="ignore", under="ignore"):  # exponents beyond doubles are infinite
        log_base = np.logaddexp(
            0.0, np.log(selection.sigma_1) - selection.sigma_2 * (v - selection.sigma_3)
        )
        psi = 1.0 + (eta - 1.0) * np.exp(-selection.sigma_4 * log_base)
    return float(psi) if np.ndim(psi) == 0 else psi


def chances(selection: Selection, v: ArrayLike, g: ArrayLike | None = None) -> np.ndarray:
    """rho, chances of the units of each module to win the draw.

    Parameters
    ----------
    selection : Selection
    v : array, shape (..., Q, K)
        V in [0, 1].
    g : float or array, shape (...), optional
        G in [0, 1]; that of ``v`` if left out.

    Returns
    -------
    ndarray, shape (..., Q, K)
        They add up to 1 in each module.

    Examples
    --------
    >>> from assocmem.sdr import Selection
    >>> chances(Selection(), [[1.0, 0.0, 0.0, 0.0]]).round(3).tolist()  # a familiar input
    [[0.993, 0.002, 0.002, 0.002]]
    >>> chances(Selection(), [[0.1, 0.0, 0.0, 0.0]]).round(3).tolist()  # a new one
    [[0.25, 0.25, 0.25, 0.25]]
    """
    v = _supports(v)
    g = np.asarray(familiarity(v) if g is None else within("g", g, 1.0))
    eta = np.asarray(expansivity(selection, g, v.shape[-1]))[..., None, None]
    psi = np.asarray(relative_chance(selection, v, eta))
    return psi / psi.sum(axis=-1, keepdims=True)
