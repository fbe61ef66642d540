"""Which state a random start flows to: basins of multitasking networks at low load.

Where spins drawn at random are updated one by one by heat bath, overlaps of a large network obey
dm_mu/dt = -m_mu + E[y_mu tanh(y.m/T)], time in sweeps (as those of Coolen, Ruijgrok, Phys. Rev. A
38 (1988) 4253, without blanks). Random starts have overlaps of order N^(-1/2) in a
direction that is uniform over the sphere. Near m = 0 growth is the same in all directions, also
under thermal noise, and so the direction decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ... import _validate as check
from .multitasking_states import states
from .multitasking_words import words_of
from .multitasking_zero import fixed_points

if TYPE_CHECKING:
    import xarray

_STEP = 0.05  # of time: the paths between chambers are straight lines, or nearly so
_START = 1e-3  # modulus of overlaps from which growth is followed at T > 0
_LONGEST = 20_000


def basins(
    model: Any, temperature: float, *, directions: int = 4000, seed: int = 0
) -> xarray.Dataset:
    """Probabilities of the states that random starts flow to, in the limit of large N.

    Parameters
    ----------
    model : Multitasking
        With ``n_patterns`` and without fields; storing, or learned by the exact law.
    temperature : float
        T in [0, 1 - d), of heat bath on spins drawn at random (`Dynamics(update="random")`).
    directions : int
        Random directions that are followed.
    seed : int
        Of the directions.

    Returns
    -------
    xarray.Dataset
        Over ``state``, the stable ones sorted by free energy: ``probability`` with its binomial
        ``error``, ``overlaps`` (over ``pattern`` too, sorted by modulus), ``free_energy`` and
        ``regime``; ``unsettled``, the share of directions that came near no stable state (walls
        between basins), in the attributes.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range; or if without a teacher one of the
        states that starts flow to is unstable to unequal overlaps with the examples of a pattern
        (State.stability "examples"), so that chains leave it.

    Notes
    -----
    Overlaps with single examples that differ within a pattern grow more slowly at first than equal
    ones, and so have no part in the choice for large N, unless in the end they are unstable.
    Cost: directions times words (3^K/2) times some 300 steps, 2 s at K = 4.
    """
    import xarray as xr

    from ...hopfield.multitasking import Multitasking
    from ...serial import to_json

    if not isinstance(model, Multitasking) or model.n_patterns is None or any(model.field):
        raise ValueError(
            f"model must be a Multitasking model with n_patterns and no field, got {model!r}"
        )
    top = 1.0 - model.dilution
    temperature = check.real("temperature", temperature, 0.0, top, open_high=True)
    directions = check.integer("directions", directions, 1, 10**7)
    rng = np.random.default_rng(np.random.SeedSequence(check.integer("seed", seed, 0)))
    number = model.n_patterns
    words = words_of(model, (1,) * number)
    known = _stable(model, temperature)
    expected = np.array([row[0] for row in known])
    counts = np.zeros(len(known), np.int64)
    for start in range(0, directions, 500):
        m = rng.standard_normal((min(500, directions - start), number))
        m *= _START / np.linalg.norm(m, axis=1, keepdims=True)
        m = _flow(m, words.y, words.weights, temperature)
        distance = np.linalg.norm(_folded(m)[:, None] - expected, axis=2)
        nearest = distance.argmin(axis=1)
        settled = distance.min(axis=1) < 1e-4 * top
        counts += np.bincount(nearest[settled], minlength=len(known))
    left = [
        row
        for row, count in zip(known, counts, strict=True)
        if count and row[4] is not None and row[4] <= 0.0
    ]
    if left:
        raise ValueError(
            f"temperature must be such that the states of {model!r} are stable to unequal overlaps "
            f"with the examples of a pattern, got {temperature!r}, where the eigenvalue is "
            f"{left[0][4]:.6g} at overlaps {np.round(left[0][1], 6).tolist()}; states with a "
            "teacher are those of Supervised(...)"
        )
    share = counts / directions
    return xr.Dataset(
        {
            "probability": ("state", share),
            "error": ("state", np.sqrt(share * (1.0 - share) / directions)),
            "overlaps": (("state", "pattern"), [row[1] for row in known]),
            "free_energy": ("state", [row[2] for row in known]),
            "regime": ("state", [row[3] for row in known]),
        },
        attrs={
            "model": to_json(model),
            "temperature": temperature,
            "directions": directions,
            "seed": seed,
            "unsettled": 1.0 - float(share.sum()),
        },
    )


def _stable(
    model: Any, temperature: float
) -> list[tuple[np.ndarray, np.ndarray, float, str, float | None]]:
    """Of stable states: overlaps that flow (nu), those with the archetypes, f, regime, and the
    eigenvalue against unequal overlaps with examples.
    """
    number = model.n_patterns
    if temperature == 0.0:
        if model.learning is not None:
            raise ValueError(
                f"temperature must be > 0 for models that learn from examples, got 0 for {model!r}"
            )
        points = [point for point in fixed_points(number, model.dilution).points if point.stable]
        rows = [(p.overlaps, p.overlaps, p.energy, p.regime, None) for p in points]
    else:
        rows = []
        for state in states(model, temperature).stable:
            flowing = state.overlaps
            if state.example_overlaps is not None:
                root = model.learning.variance**0.5
                flowing = tuple(n / root for n in state.example_overlaps)
            examples = state.stability.get("examples")
            rows.append((flowing, state.overlaps, state.free_energy, state.regime, examples))
    rows.sort(key=lambda row: row[2])
    return [(_folded(_full(m, number)), _folded(_full(n, number)), *more) for m, n, *more in rows]


def _full(overlaps: Any, number: int) -> np.ndarray:
    """Overlaps with all patterns: those that are not condensed are left out of states."""
    m = np.array(overlaps, dtype=float)
    return np.pad(m, (0, number - len(m)))


def _folded(m: np.ndarray) -> np.ndarray:
    return -np.sort(-np.abs(m), axis=-1)


def _flow(m: np.ndarray, y: np.ndarray, weights: np.ndarray, temperature: float) -> np.ndarray:
    """End points of the flow from each row of m, until all rows stand still."""

    def pull(x: np.ndarray) -> np.ndarray:
        h = x @ y.T
        response = np.sign(h) if temperature == 0.0 else np.tanh(h / temperature)
        return (response * weights) @ y

    moving = np.arange(len(m))
    for _ in range(_LONGEST):
        x = m[moving]
        # Heun's rule: exact on straight lines, and second order elsewhere.
        first = pull(x) - x
        second = pull(x + _STEP * first) - (x + _STEP * first)
        x = x + 0.5 * _STEP * (first + second)
        m[moving] = x
        moving = moving[np.max(np.abs(first), axis=1) > 1e-6]
        if len(moving) == 0:
            break
    return m
