"""Jackknife, averages over disorder, and extrapolation in system size."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .. import _validate as check

_STEEPEST = 8.0  # exponents of N beyond this have no place in finite-size corrections


def jackknife(
    function: Callable[..., np.ndarray], *samples: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Value and error of a smooth function of means.

    Parameters
    ----------
    function : callable
        Takes as many arrays as there are ``samples`` and acts on them entry by entry.
    *samples : ndarray, shape (..., n)
        n >= 2 independent samples (block means, say) of each argument along the last axis.

    Returns
    -------
    value : ndarray, shape (...)
        n f(mean) - (n - 1) mean of f over the n means that leave one sample out: the bias of
        order 1/n is removed, for a variance wholly.
    error : ndarray, shape (...)
        sqrt((n - 1)/n sum (f_k - mean f)^2) over the same.

    References
    ----------
    Efron, The Jackknife, the Bootstrap and Other Resampling Plans (1982), chapters 2 and 3.
    """
    arrays = [np.asarray(sample, dtype=np.float64) for sample in samples]
    if not arrays or any(a.ndim < 1 or a.shape[-1] != arrays[0].shape[-1] for a in arrays):
        shapes = [a.shape for a in arrays]
        raise ValueError(f"samples must agree in their last axis, got shapes {shapes}")
    n = arrays[0].shape[-1]
    if n < 2:
        raise ValueError(f"samples must be at least 2, got {n}")
    left_out = function(*((a.sum(axis=-1, keepdims=True) - a) / (n - 1) for a in arrays))
    whole = function(*(a.mean(axis=-1) for a in arrays))
    value = n * whole - (n - 1) * left_out.mean(axis=-1)
    return value, np.sqrt((n - 1) * left_out.var(axis=-1))


def disorder_average(values: np.ndarray, axis: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Mean over independent quenched samples and its standard error.

    The spread between samples holds the thermal error of each sample besides the spread of the
    disorder, so it is the whole error; nothing is to be added.

    Parameters
    ----------
    values : ndarray
        Thermal averages, with D >= 2 quenched samples along ``axis``.
    axis : int
        Axis of the samples.

    Returns
    -------
    mean, error : ndarray
        Of the shape of ``values`` without ``axis``.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim < 1 or array.shape[axis] < 2:
        raise ValueError(f"values must hold at least 2 samples along axis {axis}: {array.shape}")
    return array.mean(axis=axis), array.std(axis=axis, ddof=1) / np.sqrt(array.shape[axis])


@dataclass(frozen=True)
class Extrapolation:
    """Fit y(N) = limit + coefficient N^-exponent.

    Parameters
    ----------
    limit, limit_error : float
        y at infinite N, and its standard error.
    coefficient, exponent : float
        The other two parameters; ``exponent`` as given or as fitted.
    covariance : ndarray
        Of (limit, coefficient), or (limit, coefficient, exponent) if the exponent was fitted.
    chi2 : float
        Sum of squared residuals over errors.
    dof : int
        Number of sizes less the number of fitted parameters.
    p_value : float
        Probability of a larger chi2; NaN when dof = 0.
    """

    limit: float
    limit_error: float
    coefficient: float
    exponent: float
    covariance: np.ndarray
    chi2: float
    dof: int
    p_value: float

    def __call__(self, n_spins: np.ndarray) -> np.ndarray:
        """Fitted y at sizes ``n_spins``."""
        sizes = np.asarray(n_spins, dtype=np.float64)
        return self.limit + self.coefficient * sizes**-self.exponent


def extrapolate(
    n_spins: np.ndarray, values: np.ndarray, errors: np.ndarray, exponent: float | None = 1.0
) -> Extrapolation:
    """Weighted least-squares extrapolation y(N) = y_inf + c N^-w to infinite size.

    Parameters
    ----------
    n_spins : array_like, shape (L,)
        Sizes 1 <= N <= 1e15, at least as many different ones as there are parameters (2, or 3).
    values, errors : array_like, shape (L,)
        y and its standard error > 0 at each size, taken as absolute errors.
    exponent : float or None
        0 < w <= 8: a linear fit, solved exactly. None fits w too (SciPy's ``curve_fit``, from
        w = 1).

    Returns
    -------
    Extrapolation

    Raises
    ------
    ValueError
        If an argument is out of range, or so small an exponent or so close sizes are given that
        N^-w is the same at all of them (to 1e-8).
    ConvergenceError
        If the fit of the exponent fails, leaves it undetermined or leads beyond 8.

    Examples
    --------
    >>> from assocmem.montecarlo.statistics_fit import extrapolate
    >>> fit = extrapolate([100, 200, 400], [1.02, 1.01, 1.005], [0.001, 0.001, 0.001])
    >>> round(fit.limit, 6), round(fit.coefficient, 6)
    (1.0, 2.0)
    """
    from scipy import optimize, stats

    from ..errors import ConvergenceError

    sizes, y, error = (np.asarray(given, dtype=np.float64) for given in (n_spins, values, errors))
    if exponent is not None:
        exponent = check.real("exponent", exponent, 0.0, _STEEPEST, open_low=True)
    n_parameters = 3 if exponent is None else 2
    if sizes.ndim != 1 or sizes.shape != y.shape or sizes.shape != error.shape:
        raise ValueError(
            f"n_spins, values and errors must have one shape (L,), "
            f"got {sizes.shape}, {y.shape}, {error.shape}"
        )
    if not np.all((sizes >= 1.0) & (sizes <= 1e15)):
        raise ValueError(f"n_spins must be in [1, 1e15], got {sizes}")
    if not np.all(np.isfinite(y)):
        raise ValueError(f"values must be finite, got {y}")
    if not np.all(np.isfinite(error) & (error > 0.0)):
        raise ValueError(f"errors must be finite and positive, got {error}")
    if len(np.unique(sizes)) < n_parameters:
        raise ValueError(f"n_spins must hold at least {n_parameters} sizes, got {sizes}")
    if (sizes.max() / sizes.min()) ** -(exponent or 1.0) > 1.0 - 1e-8:
        raise ValueError(
            f"exponent and n_spins must let N^-exponent vary, got {exponent!r} and {sizes}"
        )

    def straight_line(w: float) -> tuple[np.ndarray, np.ndarray]:
        # Sizes in units of the smallest keep both columns of order one.
        design = np.stack([np.ones_like(sizes), (sizes / sizes.min()) ** -w], axis=1)
        q, r = np.linalg.qr(design / error[:, None])
        inverse = np.linalg.inv(r)
        scale = np.array([1.0, sizes.min() ** w])
        return scale * (inverse @ (q.T @ (y / error))), inverse @ inverse.T * np.outer(scale, scale)

    if exponent is not None:
        best, covariance = straight_line(exponent)
        best = np.append(best, exponent)
    else:
        start = np.append(straight_line(1.0)[0], 1.0)

        def curve(n: np.ndarray, limit: float, at_smallest: float, w: float) -> np.ndarray:
            return limit + at_smallest * (n / sizes.min()) ** -w

        start[1] /= sizes.min()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", optimize.OptimizeWarning)
                best, covariance = optimize.curve_fit(
                    curve, sizes, y, p0=start, sigma=error, absolute_sigma=True, maxfev=10_000
                )
        except (RuntimeError, optimize.OptimizeWarning) as failure:
            residual = float(np.max(np.abs((y - curve(sizes, *start)) / error)))
            raise ConvergenceError("the exponent was not found: give one", residual) from failure
        if not np.all(np.isfinite(covariance)) or not 0.0 < best[2] <= _STEEPEST:
            residual = float(np.max(np.abs((y - curve(sizes, *best)) / error)))
            raise ConvergenceError("the data do not determine the exponent: give one", residual)
        # From the value at the smallest size to the coefficient c = a N_min^w.
        power = sizes.min() ** best[2]
        jacobian = np.eye(3)
        jacobian[1, 1] = power
        jacobian[1, 2] = best[1] * power * np.log(sizes.min())
        best = np.array([best[0], best[1] * power, best[2]])
        covariance = jacobian @ covariance @ jacobian.T
    residuals = (y - best[0] - best[1] * sizes ** -best[2]) / error
    chi2, dof = float(np.sum(residuals**2)), len(sizes) - n_parameters
    return Extrapolation(
        limit=float(best[0]),
        limit_error=float(np.sqrt(covariance[0, 0])),
        coefficient=float(best[1]),
        exponent=float(best[2]),
        covariance=covariance,
        chi2=chi2,
        dof=dof,
        p_value=float(stats.chi2.sf(chi2, dof)) if dof else float("nan"),
    )
