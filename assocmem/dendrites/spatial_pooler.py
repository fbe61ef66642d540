"""The spatial pooler: columns that learn sparse codes of their input by competition.

Each column has potential synapses on part of the input, each with a permanence, connected from a
threshold on. The columns with the largest numbers of connected synapses on active inputs win,
multiplied by a boost for columns that seldom win, and learn by Hebb's rule (Cui, Ahmad, Hawkins,
Front. Comput. Neurosci. 11, 2017, 111).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate as check
from ..serial import register

if TYPE_CHECKING:
    import os

    from ..sdr.sdr import SDR

_STRONGEST = 700.0  # boost of which the exponential is a double
_RAISE_EVERY = 50  # steps between updates of the smallest duty cycle that is tolerated


@register
@dataclass(frozen=True)
class SpatialPooler:
    """Parameters of a spatial pooler.

    Parameters
    ----------
    inputs, columns : int or (int, int)
        Sizes of the sheets of inputs and columns; columns lie over the inputs in proportion.
    potential_radius : int, optional
        Of the square of inputs that a column may connect to; all inputs if left out.
    potential_fraction : float
        Of the inputs in that square, drawn at random, in (0, 1].
    density : float
        Fraction of the columns of a neighbourhood that win, in (0, 1].
    inhibition_radius : int, optional
        Of the neighbourhood in which columns compete; all columns if left out.
    stimulus_threshold : int
        Active connected synapses below which a column does not take part, >= 0; one without any
        never does.
    increment, decrement : float
        Of permanences at winners, on active and on silent inputs, in [0, 1].
    connected_permanence : float
        From which a synapse is connected, in (0, 1).
    min_overlap_duty : float
        Fraction of the largest overlap duty cycle in the neighbourhood below which all
        permanences of a column are raised, in [0, 1].
    duty_period : int
        Steps over which duty cycles are averaged, >= 1.
    boost : float
        beta from 0 to 700: overlaps are multiplied by exp(beta (target - duty)), with the active
        duty cycle of the column, and as target ``density``, or with an inhibition radius the mean
        duty cycle of the neighbourhood.
    wrap : bool
        Whether sheets are tori.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> from assocmem.dendrites import SpatialPooler
    >>> columns = SpatialPooler(inputs=1024, columns=1024).start(seed=1)
    >>> len(columns.step(range(20)))
    20
    """

    inputs: int | tuple[int, int]
    columns: int | tuple[int, int]
    potential_radius: int | None = None
    potential_fraction: float = 0.5
    density: float = 0.02
    inhibition_radius: int | None = None
    stimulus_threshold: int = 0
    increment: float = 0.05
    decrement: float = 0.008
    connected_permanence: float = 0.1
    min_overlap_duty: float = 0.001
    duty_period: int = 1000
    boost: float = 0.0
    wrap: bool = True

    def __post_init__(self) -> None:
        for name in ("inputs", "columns"):
            object.__setattr__(self, name, _sheet(name, getattr(self, name)))
        if isinstance(self.inputs, tuple) != isinstance(self.columns, tuple):
            raise ValueError(
                f"columns must be a sheet like inputs={self.inputs!r}, got {self.columns!r}"
            )
        for name in ("potential_radius", "inhibition_radius"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, check.integer(name, getattr(self, name), 0))
        for name, open_low, open_high in (
            ("potential_fraction", True, False),
            ("density", True, False),
            ("increment", False, False),
            ("decrement", False, False),
            ("connected_permanence", True, True),
            ("min_overlap_duty", False, False),
        ):
            value = check.real(
                name, getattr(self, name), 0.0, 1.0, open_low=open_low, open_high=open_high
            )
            object.__setattr__(self, name, value)
        threshold = check.integer("stimulus_threshold", self.stimulus_threshold, 0)
        object.__setattr__(self, "stimulus_threshold", threshold)
        object.__setattr__(self, "duty_period", check.integer("duty_period", self.duty_period, 1))
        object.__setattr__(self, "boost", check.real("boost", self.boost, 0.0, _STRONGEST))
        if not isinstance(self.wrap, bool):
            raise TypeError(f"wrap must be True or False, got {self.wrap!r}")

    @property
    def n_inputs(self) -> int:
        """Number of inputs."""
        return int(np.prod(_pair(self.inputs)))

    @property
    def n_columns(self) -> int:
        """Number of columns."""
        return int(np.prod(_pair(self.columns)))

    def start(self, seed: int = 0) -> PooledColumns:
        """Columns with random permanences, half of them connected.

        Parameters
        ----------
        seed : int
            >= 0.
        """
        seed = check.integer("seed", seed, 0)
        rng = np.random.default_rng(np.random.SeedSequence(seed))
        pools = [_pool(self, column, rng) for column in range(self.n_columns)]
        indptr = np.concatenate([[0], np.cumsum([len(pool) for pool in pools])]).astype(np.int64)
        bound = self.connected_permanence
        draws = rng.random(indptr[-1])
        permanence = np.where(
            rng.random(indptr[-1]) < 0.5, bound + draws * (1.0 - bound), draws * bound
        )
        return PooledColumns(
            self,
            {
                "indptr": indptr,
                "indices": np.concatenate(pools).astype(np.int32),
                "permanence": permanence.astype(np.float32),
                "priority": rng.permutation(self.n_columns),
                "active_duty": np.zeros(self.n_columns),
                "overlap_duty": np.zeros(self.n_columns),
                "least_duty": np.zeros(self.n_columns),
                "steps": np.array(0),
            },
        )


class PooledColumns:
    """Columns of a `SpatialPooler` and their permanences; see `SpatialPooler.start`.

    Parameters
    ----------
    model : SpatialPooler
        Parameters.
    state : dict of ndarray
        As `SpatialPooler.start` or `load` give it.
    """

    def __init__(self, model: SpatialPooler, state: dict[str, np.ndarray]) -> None:
        self.model = model
        self._state = state
        words = -(-model.n_inputs // 64)
        self._connected = np.zeros((model.n_columns, words), np.uint64)
        held = np.repeat(np.arange(model.n_columns), np.diff(state["indptr"]))
        on = state["permanence"] >= np.float32(model.connected_permanence)
        cells = state["indices"][on].astype(np.int64)
        bits = np.left_shift(np.uint64(1), (cells & 63).astype(np.uint64))
        np.bitwise_or.at(self._connected, (held[on], cells >> 6), bits)
        self._overlaps = np.zeros(model.n_columns, np.int32)

    def __repr__(self) -> str:
        return f"PooledColumns({self.model!r}, {int(self._state['steps'])} steps)"

    @property
    def overlaps(self) -> np.ndarray:
        """Active connected synapses of each column at the last step, int32 (columns,)."""
        return self._overlaps.copy()

    @property
    def boosts(self) -> np.ndarray:
        """Factor of the overlap of each column at the next step, (columns,)."""
        m, duty = self.model, self._state["active_duty"]
        if m.boost == 0.0:
            return np.ones(m.n_columns)
        target = m.density if m.inhibition_radius is None else self._around(duty)[0]
        return np.exp(m.boost * (target - duty))

    @property
    def active_duty(self) -> np.ndarray:
        """Fraction of recent steps at which each column won, (columns,)."""
        return self._state["active_duty"].copy()

    def connected(self) -> np.ndarray:
        """Connected synapses, bool (columns, inputs)."""
        count = self.model.n_inputs
        flat = np.unpackbits(self._connected.view(np.uint8), axis=1, bitorder="little")
        return flat[:, :count].astype(bool)

    def step(self, activity: SDR | Any, learn: bool = True) -> np.ndarray:
        """Winning columns for one input.

        Parameters
        ----------
        activity : SDR or sequence of int
            Active inputs, of a sheet row by row.
        learn : bool
            Whether permanences and duty cycles change.

        Returns
        -------
        ndarray of int32
            In rising order.

        Raises
        ------
        TypeError, ValueError
            If there are inputs out of range or twice.

        Notes
        -----
        Cost: columns x inputs / 64 popcounts, and with learning the potential synapses of the
        winners and a few operations for each column.
        """
        from ..sdr.kernels.packed import overlap_rows
        from ..sdr.sdr import SDR
        from ._cells import cells_of

        m = self.model
        if not isinstance(learn, (bool, np.bool_)):
            raise TypeError(f"learn must be True or False, got {learn!r}")
        cells = cells_of("activity", activity, m.n_inputs)
        given = activity if isinstance(activity, SDR) else SDR(m.n_inputs, cells)
        overlap_rows(self._connected, given.packed, self._overlaps)
        taking_part = self._overlaps >= max(1, m.stimulus_threshold)
        score = self._overlaps * taking_part
        score = score * self.boosts if m.boost else score.astype(np.float64)
        winners = self._winners(score)
        if learn:
            self._learn(winners, taking_part, given)
        return winners

    def _winners(self, score: np.ndarray) -> np.ndarray:
        m, priority = self.model, self._state["priority"]
        if m.inhibition_radius is None:
            count = max(1, int(np.floor(0.5 + m.density * m.n_columns)))
            bound = np.partition(score, -count)[-count]
            if bound <= 0.0:
                return np.flatnonzero(score > 0.0).astype(np.int32)
            ahead, tied = np.flatnonzero(score > bound), np.flatnonzero(score == bound)
            first = tied[np.argsort(priority[tied])[: count - len(ahead)]]
            return np.sort(np.append(ahead, first)).astype(np.int32)
        from .kernels.pooling import local_winners

        out = np.empty(m.n_columns, np.int32)
        height, width = _pair(m.columns)
        found = local_winners(
            score, priority, height, width, m.inhibition_radius, m.density, m.wrap, out
        )
        return out[:found].copy()

    def _around(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and largest over the neighbourhood of each column."""
        m = self.model
        if m.inhibition_radius is None:
            full = np.ones(m.n_columns)
            return values.mean() * full, values.max() * full
        from .kernels.pooling import neighbourhood_means

        mean, largest = np.empty(m.n_columns), np.empty(m.n_columns)
        height, width = _pair(m.columns)
        neighbourhood_means(values, height, width, m.inhibition_radius, m.wrap, mean, largest)
        return mean, largest

    def _learn(self, winners: np.ndarray, taking_part: np.ndarray, given: SDR) -> None:
        from .kernels.pooling import adapt, raise_all

        m, state = self.model, self._state
        arrays = (state["indptr"], state["indices"], state["permanence"], self._connected)
        threshold = np.float32(m.connected_permanence)
        active = np.asarray(given.dense).astype(bool).ravel()
        adapt(winners, *arrays, active, np.float32(m.increment), np.float32(m.decrement), threshold)
        state["steps"] = state["steps"] + 1
        period = min(m.duty_period, int(state["steps"]))
        won = np.zeros(m.n_columns)
        won[winners] = 1.0
        state["active_duty"] += (won - state["active_duty"]) / period
        state["overlap_duty"] += (taking_part - state["overlap_duty"]) / period
        if state["steps"] % _RAISE_EVERY == 0 or state["steps"] == 1:
            state["least_duty"] = m.min_overlap_duty * self._around(state["overlap_duty"])[1]
        weak = np.flatnonzero(state["overlap_duty"] < state["least_duty"]).astype(np.int32)
        if len(weak):
            raise_all(weak, *arrays, np.float32(0.1 * m.connected_permanence), threshold)

    def save(self, path: str | os.PathLike) -> None:
        """Write model and state to an npz file, which holds no pickles."""
        from .._files import write_npz
        from ..serial import to_json

        write_npz(path, model=to_json(self.model), **self._state)

    @classmethod
    def load(cls, path: str | os.PathLike) -> PooledColumns:
        """Read what `save` wrote.

        Raises
        ------
        ValueError
            If the file is none of ours.
        """
        from .._files import read_npz
        from ..serial import from_json

        def made(held: dict[str, np.ndarray]) -> PooledColumns:
            model = from_json(str(held.pop("model")))
            if not isinstance(model, SpatialPooler):
                raise ValueError(f"it holds {model!r}")
            return cls(model, _checked(model, held))

        return read_npz(path, "PooledColumns", ("model", *_STATE), made)


# What a file holds besides the model: kinds of dtypes, and bounds of entries where there are any.
_STATE: dict[str, tuple[str, float, float]] = {
    "indptr": ("i", 0, np.inf),
    "indices": ("i", 0, np.inf),
    "permanence": ("f", 0.0, 1.0),
    "priority": ("i", 0, np.inf),
    "active_duty": ("f", 0.0, 1.0),
    "overlap_duty": ("f", 0.0, 1.0),
    "least_duty": ("f", 0.0, 1.0),
    "steps": ("i", 0, np.inf),
}


def _checked(model: SpatialPooler, held: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """State of columns as a file has it, or a refusal: kernels trust it."""
    from .kernels.segments import rising

    columns, synapses = model.n_columns, len(held["indices"])
    shapes = dict.fromkeys(_STATE, (columns,))
    shapes |= {"indptr": (columns + 1,), "indices": (synapses,), "permanence": (synapses,)}
    shapes["steps"] = ()
    for name, (kind, low, high) in _STATE.items():
        array = held[name]
        if array.dtype.kind != kind or array.shape != shapes[name]:
            raise ValueError(f"{name} is of {array.dtype} and shape {array.shape}")
        if not np.all((array >= low) & (array <= high)):
            raise ValueError(f"{name} is not within [{low:g}, {high:g}]")
    indptr = held["indptr"]
    if indptr[0] != 0 or indptr[-1] != synapses or np.any(np.diff(indptr) < 0):
        raise ValueError("indptr does not rise from 0 to the number of synapses")
    if rising(indptr, held["indices"], model.n_inputs) >= 0:
        raise ValueError(f"indices are not different inputs below {model.n_inputs}, rising")
    if not np.array_equal(np.sort(held["priority"]), np.arange(columns)):
        raise ValueError("priority is no order of the columns")
    held["permanence"] = held["permanence"].astype(np.float32)
    return {name: held[name] for name in _STATE}


def _sheet(name: str, value: Any) -> int | tuple[int, int]:
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            raise ValueError(f"{name} must be a number or two of them, got {value!r}")
        return tuple(check.integer(name, part, 1) for part in value)
    return check.integer(name, value, 1)


def _pair(sheet: int | tuple[int, int]) -> tuple[int, int]:
    return sheet if isinstance(sheet, tuple) else (1, sheet)


def _pool(model: SpatialPooler, column: int, rng: np.random.Generator) -> np.ndarray:
    """Potential inputs of a column, in rising order."""
    if model.potential_radius is None:
        near = np.arange(model.n_inputs)
    else:
        (height, width), (rows, cols) = _pair(model.inputs), _pair(model.columns)
        y = int((column // cols + 0.5) * height / rows)
        x = int((column % cols + 0.5) * width / cols)
        ys = _interval(y, height, model.potential_radius, model.wrap)
        xs = _interval(x, width, model.potential_radius, model.wrap)
        near = (ys[:, None] * width + xs).ravel()
    count = max(1, round(model.potential_fraction * len(near)))
    return np.sort(rng.choice(near, count, replace=False))


def _interval(centre: int, size: int, radius: int, wrap: bool) -> np.ndarray:
    """Positions within ``radius`` of a centre, each once."""
    around = np.arange(centre - radius, centre + radius + 1)
    return np.unique(around % size) if wrap else around[(around >= 0) & (around < size)]
