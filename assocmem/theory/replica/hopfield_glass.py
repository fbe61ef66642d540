"""The spin glass (m = 0) of the Hopfield model at a given load and temperature."""

from __future__ import annotations

from scipy.optimize import brentq

from ...errors import ConvergenceError
from . import hopfield_reduced as red


def glass_tau(root: float, temperature: float) -> tuple[float, int]:
    """The ratio T/b of the glass at sqrt(alpha) > 0, 0 <= T < 1 + sqrt(alpha), and evaluations."""
    if temperature == 0.0:
        return 0.0, 1

    def gap(x: float) -> float:
        return red.glass(root, 1.0 / x - 1.0)[red.G_T] - temperature

    low = 1e-9
    if gap(low) <= 0.0:
        raise ConvergenceError(
            f"the glass at load={root * root!r}, T={temperature!r} is within rounding of T_g",
            abs(temperature - 1.0 - root),
        )
    if temperature < 1e-3:  # T = tau b, and b hardly depends on tau there
        tau, last, count = 0.0, -1.0, 0
        while tau != last and count < 50:
            last, tau = tau, temperature / red.glass(root, tau)[red.G_B]
            count += 1
        return tau, count
    x, report = brentq(gap, low, 1.0, xtol=1e-17, rtol=1e-15, full_output=True)
    return 1.0 / x - 1.0, report.function_calls
