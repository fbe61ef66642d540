r"""How many diluted patterns are retrieved at once at a given load.

alpha_P(d, T) is the load at which the state with P condensed patterns ends
(`multitasking_loaded_branch`); P patterns are retrieved at once while alpha < alpha_P. In a deep
hierarchy all levels but the last few are frozen, and what is left looks the same after each level
on d times as many spins: alpha_P -> A(d) d^{2P} for d < 1/2, where A(d) d^2 -> alpha_1(d), the
capacity of a single pattern, for small d. With K = lambda N^delta patterns, alpha = K/N, so that

$$ P(N) = \frac{(1-\delta)\ln N+\ln(A(d)/\lambda)}{2\ln(1/d)}. $$
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ... import _validate as check
from ...errors import ConvergenceError
from .multitasking_loaded import checked, solve
from .multitasking_loaded_branch import MOST, End, dilution_limit, largest_load

if TYPE_CHECKING:
    import xarray

    from ...hopfield.multitasking import Multitasking


def capacity_of(n_condensed: int, dilution: float, temperature: float = 0.0) -> float:
    """The load alpha_P(d, T) at which the state of P condensed patterns ends.

    Parameters
    ----------
    n_condensed : int
        P in [1, 12].
    dilution : float
        d: 0, or in [1e-5, 1).
    temperature : float
        T >= 0.

    Returns
    -------
    float
        alpha_P, relative error about 1e-12 at T = 0; 0.0 where there is no such state at loads of
        1e-12 d^(2 (P - 1)) and more.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    ConvergenceError
        If the state was lost before it ends.

    Notes
    -----
    Cost: 0.03 s for d < 0.45, more next to 1/2 and for many patterns.

    Examples
    --------
    >>> from assocmem.theory.replica.multitasking_loaded_capacity import capacity_of
    >>> [f"{capacity_of(n, 0.3):.5g}" for n in (1, 2, 3)]
    ['0.027469', '0.0024719', '0.00022247']
    """
    n = check.integer("n_condensed", n_condensed, 1, MOST)
    dilution = check.real("dilution", dilution, 0.0, 1.0, open_high=True)
    temperature = check.real("temperature", temperature, 0.0)
    if 0.0 < dilution < 1e-5:
        raise ValueError(f"dilution must be 0 or at least 1e-05, got {dilution!r}")
    return _end(n, dilution, temperature).load


def _end(n: int, dilution: float, temperature: float) -> End:
    t = temperature / (1.0 - dilution)
    if t >= 1.0 or (dilution == 0.0 and n > 1):
        return End(0.0, None, 0.0)
    if dilution == 0.0:
        from ...hopfield.pairwise import Hopfield
        from .hopfield_zero import critical_load

        return End(critical_load(Hopfield(load=0.1), t), None, 0.0)
    return largest_load(n, dilution, t)


def retrieved_at_once(model: Multitasking, temperature: float = 0.0) -> int:
    """The largest number P of patterns that are retrieved at once at the model's load.

    Parameters
    ----------
    model : Multitasking
        With a load > 0; at finite N, ``model.at_size(n_spins)``. With an ``exponent`` (or load 0)
        and T > 0, the number of levels of its hierarchical state, 0 if that does not exist.
    temperature : float
        T >= 0.

    Returns
    -------
    int
        The largest P with alpha < alpha_P(d, T), see `capacity_of`; 0 if there is none.

    Raises
    ------
    ValueError
        If the model has no load, or more than 12 patterns would be retrieved.
    TypeError, ConvergenceError
        As `solve`.

    Examples
    --------
    >>> from assocmem import Multitasking
    >>> from assocmem.theory.replica.multitasking_loaded_capacity import retrieved_at_once
    >>> retrieved_at_once(Multitasking(load=0.001, dilution=0.3))
    2
    """
    temperature = check.real("temperature", temperature, 0.0)
    standard = checked(model)
    if any(model.field):
        raise ValueError(f"field must be zero to count what is retrieved, got {model.field!r}")
    d = model.dilution
    if standard.load == 0.0:
        if temperature == 0.0:
            raise ValueError(
                "load must be positive at T = 0, where the number of patterns retrieved at once "
                f"grows without limit as it vanishes; use model.at_size(n_spins), got {model!r}"
            )
        found = solve(model, temperature, "hierarchical", n_mixed=1)
        return len(found.overlaps) if found.exists else 0
    best, misses = 0, 0
    for n in range(1, MOST + 1):
        # From d = 1/2 on alpha_P need not fall with every P.
        if standard.load < _end(n, d, temperature).load:
            best, misses = n, 0
        else:
            misses += 1
        if misses == 2:
            return best
    if best == MOST:
        raise ValueError(
            f"load must be at least the capacity of {MOST} patterns at once, got {model.load!r}"
        )
    return best


def level_constant(dilution: float) -> float:
    """A(d) = lim alpha_P(d) d^(-2 P) at T = 0, for d in [1e-3, 1/2).

    Raises
    ------
    ValueError
        If ``dilution`` is out of range.
    ConvergenceError
        If 12 levels are not enough for a relative 1e-8, next to d = 1/2.
    """
    d = check.real("dilution", dilution, 1e-3, 0.5, open_high=True)
    last = math.inf
    for n in range(2, MOST + 1):
        value = largest_load(n, d, 0.0).load * d ** (-2 * n)
        if abs(value - last) <= 1e-8 * value:
            return value
        last, change = value, abs(value - last)
    raise ConvergenceError(f"A(d) at d={d!r} needs more than {MOST} levels", change)


def retrieved_law(model: Multitasking, n_spins: int) -> float:
    """P(N) of the module for K = lambda N^delta patterns, a real number, at T = 0.

    The number retrieved at once is its integer part as soon as P is beyond the first level or
    two, and exactly `retrieved_at_once` of ``model.at_size(n_spins)``.

    Parameters
    ----------
    model : Multitasking
        With an ``exponent``, without learning; d in [1e-3, 1/2).
    n_spins : int
        N >= 2.

    Raises
    ------
    ValueError
        If the model has no exponent, or an argument is out of range.
    """
    checked(model)
    if model.exponent is None or not model.load > 0.0:
        raise ValueError(f"model must have an exponent and load > 0, got {model!r}")
    n_spins = check.integer("n_spins", n_spins, 2)
    d = model.dilution
    gain = math.log(level_constant(d) / model.load)
    return ((1.0 - model.exponent) * math.log(n_spins) + gain) / (-2.0 * math.log(d))


def retrieval_map(dilutions: Sequence[float], n_most: int) -> xarray.Dataset:
    """The diagram of the number of patterns retrieved at once, at T = 0 in the plane (d, alpha).

    Parameters
    ----------
    dilutions : sequence of float
        d, each in [1e-5, 1).
    n_most : int
        Largest P, in [1, 12].

    Returns
    -------
    xarray.Dataset
        Over ``condensed`` = P and ``dilution``: ``critical_load`` alpha_P(d), 0 where the state
        does not exist at any load; ``overlap`` over ``pattern`` too, m_mu where it ends (NaN for
        mu > P or where it does not exist); ``residual``. Over ``condensed``: ``dilution_limit``,
        where alpha_P reaches 0 or jumps to it.

    Raises
    ------
    TypeError, ValueError, ConvergenceError
        As `capacity_of`; all arguments are checked first.
    """
    import xarray as xr

    if isinstance(dilutions, (str, bytes)) or not np.iterable(dilutions):
        raise TypeError(f"dilutions must be a sequence of numbers, got {dilutions!r}")
    grid = [
        check.real(f"dilutions[{i}]", d, 1e-5, 1.0, open_high=True) for i, d in enumerate(dilutions)
    ]
    n_most = check.integer("n_most", n_most, 1, MOST)
    shape = (n_most, len(grid))
    loads, residuals = np.zeros(shape), np.zeros(shape)
    overlaps = np.full((*shape, n_most), np.nan)
    for n in range(1, n_most + 1):
        for i, d in enumerate(grid):
            end = _end(n, d, 0.0)
            loads[n - 1, i], residuals[n - 1, i] = end.load, end.residual
            if end.y is not None:
                overlaps[n - 1, i, :n] = (1.0 - d) * end.y[:n] * d ** np.arange(n)
    numbers = np.arange(1, n_most + 1)
    plane = ("condensed", "dilution")
    return xr.Dataset(
        {
            "critical_load": (plane, loads),
            "overlap": ((*plane, "pattern"), overlaps),
            "residual": (plane, residuals),
            "dilution_limit": ("condensed", [dilution_limit(n) for n in numbers]),
        },
        coords={"condensed": numbers, "dilution": grid, "pattern": numbers},
        attrs={"temperature": 0.0, "model": "Multitasking at K = load N, without learning"},
    )
