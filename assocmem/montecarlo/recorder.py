"""From streamed records of energy and overlaps to observables with errors, for one sample."""

from __future__ import annotations

import numpy as np

from .statistics import Blocking, split_rhat
from .statistics_fit import jackknife

BASIC = ("energy", "overlap", "overlap_abs", "overlap_squared")
"""Observables that are means of a recorded series: each has error, tau, ess and rhat."""

DERIVED = ("specific_heat", "susceptibility", "binder")
"""Observables that are functions of several means: each has an error by jackknife."""

RESPONSES = ("specific_heat", "susceptibility")
"""The derived ones that are responses by the fluctuation theorem of exp(-H/T)."""

REPLICA = ("replica_overlap", "replica_overlap_rms")
"""Observables of pairs of chains."""

_HIGHEST = 1e150  # responses end here: their squares, in errors, are still finite


class Recorder:
    """Accumulate records of R chains of one quenched sample, in constant memory.

    Parameters
    ----------
    n_chains : int
        R, over all temperatures: ``n_temperatures`` groups of equal size, one after the other.
    n_temperatures : int
        Number of groups.
    tracked : int
        P, number of overlaps recorded.
    n_records : int
        Records that will come for each chain.
    """

    def __init__(self, n_chains: int, n_temperatures: int, tracked: int, n_records: int) -> None:
        self.shape = (n_temperatures, n_chains // n_temperatures)
        self.tracked = tracked
        self.n_records = n_records
        self._series = 2 + 5 * tracked
        self._blocking = Blocking(n_chains * self._series, n_records)
        self._first: np.ndarray | None = None

    def add(self, records: np.ndarray) -> None:
        """Append ``records``, shape (R, n, 1 + P): energies per spin, then overlaps."""
        if records.shape[1] == 0:
            return
        if self._first is None:
            self._first = records[:, :1].copy()
        every = np.moveaxis(records, 2, 1)
        # Squares of deviations from the first record: a variance far below the square of the
        # mean would drown in the rounding of plain squares.
        square = np.moveaxis(records - self._first, 2, 1) ** 2
        e, m = every[:, :1], every[:, 1:]
        m2 = m * m
        series = np.concatenate(
            [e, square[:, :1], m, np.abs(m), m2, m2 * m2, square[:, 1:]], axis=1
        )
        self._blocking.add(series.reshape(-1, records.shape[1]))

    def result(
        self, temperatures: np.ndarray, n_spins: int, gibbs: bool = True
    ) -> dict[str, np.ndarray]:
        """Observables at the ``temperatures``, one for each group.

        Parameters
        ----------
        temperatures : ndarray, shape (T,)
            T >= 0.
        n_spins : int
            N.
        gibbs : bool
            Whether the stationary law is exp(-H/T); if not, fluctuations are not the responses,
            which are then NaN.

        Returns
        -------
        dict of ndarray
            Shapes (T, C) for energies, (T, C, P) for overlaps; without C for R-hat.
        """
        blocked = self._blocking.result()
        t, c, p = *self.shape, self.tracked

        def split(values: np.ndarray) -> dict[str, np.ndarray]:
            # (n_series, ...) -> (T, C, ...) for energies and (T, C, P, ...) for overlaps.
            values = values.reshape(t, c, self._series, *values.shape[1:])
            names = (*BASIC[1:], "overlap_fourth", "overlap_deviation")
            parts = {
                name: values[:, :, 2 + k * p : 2 + (k + 1) * p] for k, name in enumerate(names)
            }
            return {"energy": values[:, :, 0], "energy_deviation": values[:, :, 1], **parts}

        out: dict[str, np.ndarray] = {}
        for suffix, values in (
            ("", blocked.mean),
            ("_error", blocked.error),
            ("_tau", blocked.tau),
            ("_ess", blocked.ess),
            ("_too_short", blocked.too_short),
            ("_constant", blocked.constant),
        ):
            parts = split(values)
            out.update({name + suffix: parts[name] for name in BASIC})
        means, variances = split(blocked.half_means.T), split(blocked.half_variances.T)
        for name in BASIC:
            # (T, C[, P], 2) -> (2, C, T[, P])
            first, second = (
                np.moveaxis(np.moveaxis(part[name], -1, 0), 2, 1) for part in (means, variances)
            )
            out[name + "_rhat"] = split_rhat(first, second, self.n_records)
        safe = np.where(np.asarray(temperatures) > 0.0, temperatures, np.nan)
        out.update(
            _responses(
                split(blocked.centred_blocks),
                split(blocked.constant),
                safe if gibbs else np.full_like(safe, np.nan),
                n_spins,
            )
        )
        out["binder"], out["binder_error"] = _binder(split(blocked.blocks))
        return out


def _responses(
    blocks: dict[str, np.ndarray],
    constant: dict[str, np.ndarray],
    temperatures: np.ndarray,
    n_spins: int,
) -> dict[str, np.ndarray]:
    """Specific heat and susceptibility of each chain, by jackknife of its centred blocks.

    They are 0 where the series is ``constant``, and NaN where the temperature is.
    """

    def variance(second: np.ndarray, first: np.ndarray) -> np.ndarray:
        return second - first**2

    out = {}
    for name, source, power in (
        ("specific_heat", "energy", 2),
        ("susceptibility", "overlap", 1),
    ):
        found = jackknife(variance, blocks[source + "_deviation"], blocks[source])
        for suffix, values in zip(("", "_error"), found, strict=True):
            # Without bias a variance of records is >= 0: below is rounding.
            values = n_spins * np.where(constant[source], 0.0, np.maximum(values, 0.0))
            heat = temperatures.reshape(-1, *[1] * (values.ndim - 1))
            # Dividing twice keeps T^2 from vanishing when T itself does not.
            with np.errstate(over="ignore"):
                for _ in range(power):
                    values = np.minimum(values / heat, _HIGHEST)
            out[name + suffix] = values
    return out


def _binder(blocks: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Binder cumulant of each chain and its error, by jackknife."""

    def binder(fourth: np.ndarray, second: np.ndarray) -> np.ndarray:
        square = second**2
        return 1.0 - fourth / (3.0 * np.where(square > 0.0, square, np.nan))

    return jackknife(binder, blocks["overlap_fourth"], blocks["overlap_squared"])


def replica_overlaps(spin_means: np.ndarray) -> dict[str, np.ndarray]:
    """Edwards-Anderson order parameter from pairs of independent chains.

    q_ab = (1/N) sum_i <s_i>_a <s_i>_b with a != b has no bias from the finite length of the
    chains, since their errors are independent.

    Parameters
    ----------
    spin_means : ndarray, shape (T, C, N)
        <s_i> of each chain, C >= 2.

    Returns
    -------
    dict of ndarray, shape (T,)
        ``replica_overlap``, the mean of q_ab over pairs, ``replica_overlap_rms``, the root of
        the mean of q_ab^2, and their errors by jackknife over chains, which have C - 1 degrees
        of freedom (compare with Student's t, not with the normal law); NaN for C = 2.
    """
    n_chains, n_spins = spin_means.shape[1:]
    q = spin_means @ np.swapaxes(spin_means, 1, 2) / n_spins
    q[:, np.arange(n_chains), np.arange(n_chains)] = 0.0
    out = {}
    for name, power in (("replica_overlap", 1), ("replica_overlap_rms", 2)):
        terms = q**power
        total = terms.sum(axis=(1, 2))
        value = total / (n_chains * (n_chains - 1))
        error = np.full_like(value, np.nan)
        if n_chains > 2:
            rest = total[:, None] - 2.0 * terms.sum(axis=2)
            rest = np.maximum(rest, 0.0) if power == 2 else rest
            rest = (rest / ((n_chains - 1) * (n_chains - 2))) ** (1.0 / power)
            error = np.sqrt((n_chains - 1) * rest.var(axis=1))
        out[name] = value ** (1.0 / power)
        out[name + "_error"] = error
    return out
