"""One claim: a prediction, its simulation at several sizes, and the verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Claim:
    r"""One prediction beside its simulation.

    Parameters
    ----------
    quantity : str
        Name of the observable.
    temperature : float
        Temperature T.
    predicted : float
        The theory's value in the limit N -> infinity.
    simulated, error : float
        Simulated value extrapolated to N -> infinity, and its standard error.
    z : float or None
        (simulated - predicted)/error; None if nothing fluctuated, so that there is no error.
    p_value : float or None
        Probability of so large a \|z\| if the theory is right, by Student's t with ``freedom``
        degrees of freedom.
    freedom : float or None
        Degrees of freedom of the error (Welch and Satterthwaite).
    fit_p_value : float or None
        Probability of so poor a fit of the finite-size law, by the F distribution; None where
        nothing was left over to judge it by.
    sizes, by_size, by_size_error : tuple
        N, the simulated mean at that N, and its standard error over disorder.
    finite_size_prediction : tuple of float
        The theory at the load K/N that the sample of that size really has.
    escaped : tuple of int
        Chains of each size that are far from the state.
    verdict : {"agrees", "DISAGREES", "undecided"}
        At the false-alarm rate of the whole table.
    reason : str
        Why it is undecided.
    """

    quantity: str
    temperature: float
    predicted: float
    simulated: float
    error: float
    z: float | None
    p_value: float | None
    freedom: float | None
    fit_p_value: float | None
    sizes: tuple[int, ...]
    by_size: tuple[float, ...]
    by_size_error: tuple[float, ...]
    finite_size_prediction: tuple[float, ...]
    escaped: tuple[int, ...]
    verdict: str
    reason: str


def judge(
    quantity: str,
    temperature: float,
    predicted: float,
    finite: Sequence[float],
    samples: Sequence[np.ndarray],
    escaped: Sequence[int],
    sizes: Sequence[int],
    level: float,
    corrections: int = 1,
) -> Claim:
    """Compare one quantity with its prediction.

    The differences of means and predictions are fitted by d + c/N, with as many powers of 1/N as
    ``corrections`` says and the sizes allow, and with weights proportional to N, the inverse of
    the variance of a self-averaging quantity. Weights that came from the samples themselves would
    correlate with the differences and make false alarms frequent. Where the fit is so poor as a
    right law is with probability ``level``, the claim is undecided.

    Parameters
    ----------
    predicted : float
        In the limit of large N.
    finite : sequence of float
        Predicted at each size.
    samples : sequence of ndarray, shape (disorder,)
        Measured at each size, one value for each quenched sample.
    escaped : sequence of int
        Chains of each size that are far from the state.
    level : float
        Probability at which a right prediction is rejected.
    corrections : int
        Powers of 1/N, at least 1.
    """
    from scipy import stats

    n = np.asarray(sizes, dtype=float)
    means = np.array([np.mean(x) for x in samples])
    variances = np.array([np.var(x, ddof=1) / len(x) for x in samples])
    each = np.array([len(x) - 1.0 for x in samples])
    difference = means - np.asarray(finite)
    powers = min(len(n), 1 + corrections)
    # In units of the smallest size, so that the columns are of order one.
    design = np.stack([(n.min() / n) ** k for k in range(powers)], axis=1)
    weighted = design * n[:, None]
    estimator = np.linalg.solve(design.T @ weighted, weighted.T)  # rows: d, c, ...
    shift = float(estimator[0] @ difference)
    parts = estimator[0] ** 2 * variances
    error = math.sqrt(parts.sum())
    z = p_value = freedom = None
    if error > 0.0:
        freedom = float(parts.sum() ** 2 / np.sum(parts**2 / each))
        z = shift / error
        p_value = float(2.0 * stats.t.sf(abs(z), freedom))
    fit_p_value = None
    left_over = len(n) - design.shape[1]
    if left_over and error > 0.0:
        # What the fit leaves over, in an orthonormal basis of the contrasts it cannot see.
        contrasts = np.linalg.qr(design, mode="complete")[0][:, design.shape[1] :].T
        rest = contrasts @ difference
        covariance = contrasts @ np.diag(variances) @ contrasts.T
        if np.linalg.cond(covariance) < 1e12:
            ratio = float(rest @ np.linalg.solve(covariance, rest)) / left_over
            fit_p_value = float(stats.f.sf(ratio, left_over, float(each.min())))
    if any(escaped):
        verdict, reason = "undecided", "chains are far from the state"
    elif p_value is None:
        verdict, reason = "undecided", "nothing fluctuated; raise temperature, n_spins or sweeps"
    elif fit_p_value is not None and fit_p_value < level:
        verdict, reason = "undecided", "no finite-size law fits: larger n_spins, or corrections"
    else:
        verdict, reason = ("agrees" if p_value >= level else "DISAGREES"), ""
    return Claim(
        quantity=quantity,
        temperature=temperature,
        predicted=float(predicted),
        simulated=float(predicted + shift),
        error=error,
        z=z,
        p_value=p_value,
        freedom=freedom,
        fit_p_value=fit_p_value,
        sizes=tuple(sizes),
        by_size=tuple(map(float, means)),
        by_size_error=tuple(map(float, np.sqrt(variances))),
        finite_size_prediction=tuple(map(float, finite)),
        escaped=tuple(escaped),
        verdict=verdict,
        reason=reason,
    )
