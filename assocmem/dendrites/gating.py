"""Active dendrites that gate units by context, with k winners: a layer for other networks.

Each unit has feed-forward weights w, a bias b and several dendritic segments u_j that see a context
c. Its output is (w.x + b) times a gate of d = max_j u_j.c (Iyer et al., Front. Neurorobot. 16,
2022, 846219; Grewal et al., 2021), and of all units the k largest outputs are kept. A task, a place
or a cue given as context so chooses which units speak, and learning changes those alone.

Everything is NumPy on float arrays, forward and backward, so that any optimiser can train it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .. import _validate as check
from ..serial import register

if TYPE_CHECKING:
    from ..sdr.sdr import SDR

GATES = ("max", "absolute-max", "bias")


@register
@dataclass(frozen=True)
class DendriticLayer:
    """Shape of a layer of units with active dendrites.

    Parameters
    ----------
    n_inputs, n_units : int
        Feed-forward inputs and units, >= 1.
    n_segments : int
        Segments of each unit, >= 1.
    n_context : int
        Entries of a context, >= 1.
    winners : float
        Fraction of units that keep their output, in (0, 1]; 1 keeps all. There are
        max(1, round(winners n_units)) of them.
    density : float
        Fraction of the feed-forward weights of a unit that exist, in (0, 1].
    gate : {"max", "absolute-max", "bias"}
        Output y = (w.x + b) sigmoid(d) with d the largest u_j.c; or the one of largest modulus,
        with its sign; or y = w.x + b + d with the largest.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem.dendrites import DendriticLayer
    >>> layer = DendriticLayer(784, 512, n_segments=5, n_context=784, winners=0.05).start(seed=0)
    >>> x, context = np.ones((2, 784)), np.zeros((1, 784))  # one context for the whole batch
    >>> np.count_nonzero(layer.forward(x, context), axis=1)
    array([26, 26])
    """

    n_inputs: int
    n_units: int
    n_segments: int = 1
    n_context: int = 1
    winners: float = 0.05
    density: float = 0.5
    gate: str = "max"

    def __post_init__(self) -> None:
        for name in ("n_inputs", "n_units", "n_segments", "n_context"):
            object.__setattr__(self, name, check.integer(name, getattr(self, name), 1))
        for name in ("winners", "density"):
            value = check.real(name, getattr(self, name), 0.0, 1.0, open_low=True)
            object.__setattr__(self, name, value)
        check.choice("gate", self.gate, GATES)

    @property
    def n_winners(self) -> int:
        """Units that keep their output."""
        return max(1, round(self.winners * self.n_units))

    def start(self, seed: int = 0) -> GatedUnits:
        """Units with random weights.

        Feed-forward weights and biases are uniform within +-1/sqrt(inputs of a unit), weights of
        segments within +-1/sqrt(n_context).

        Parameters
        ----------
        seed : int
            >= 0.
        """
        rng = np.random.default_rng(np.random.SeedSequence(check.integer("seed", seed, 0)))
        inputs = max(1, round(self.density * self.n_inputs))
        mask = np.zeros((self.n_units, self.n_inputs), bool)
        for row in mask:
            row[rng.choice(self.n_inputs, inputs, replace=False)] = True
        width = 1.0 / np.sqrt(inputs)
        weights = np.where(mask, rng.uniform(-width, width, mask.shape), 0.0)
        bias = rng.uniform(-width, width, self.n_units)
        wide = 1.0 / np.sqrt(self.n_context)
        shape = (self.n_units, self.n_segments, self.n_context)
        return GatedUnits(self, weights, bias, rng.uniform(-wide, wide, shape), mask)


class GatedUnits:
    """Units of a `DendriticLayer` with their weights.

    Parameters
    ----------
    model : DendriticLayer
        Shapes and gate.
    weights : ndarray, shape (n_units, n_inputs)
        Feed-forward weights.
    bias : ndarray, shape (n_units,)
        Biases.
    segments : ndarray, shape (n_units, n_segments, n_context)
        Weights of the segments.
    mask : ndarray of bool, shape (n_units, n_inputs), optional
        Feed-forward weights that exist; all by default.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type, a shape does not fit, or a weight that does not exist
        is not 0.
    """

    def __init__(
        self,
        model: DendriticLayer,
        weights: np.ndarray,
        bias: np.ndarray,
        segments: np.ndarray,
        mask: np.ndarray | None = None,
    ) -> None:
        if not isinstance(model, DendriticLayer):
            raise TypeError(f"model must be a DendriticLayer, got {model!r}")
        m = model
        self.model = model
        self.weights = _floats("weights", weights, (m.n_units, m.n_inputs))
        self.bias = _floats("bias", bias, (m.n_units,))
        self.segments = _floats("segments", segments, (m.n_units, m.n_segments, m.n_context))
        if mask is not None and np.shape(mask) != self.weights.shape:
            raise ValueError(f"mask must have shape {self.weights.shape}, got {np.shape(mask)}")
        self.mask = None if mask is None else np.asarray(mask, bool)
        if self.mask is not None and np.any(self.weights[~self.mask]):
            raise ValueError("weights must be 0 where mask says that there are none")
        self._kept: dict[str, np.ndarray] | None = None

    def __repr__(self) -> str:
        return f"GatedUnits({self.model!r})"

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """Arrays to be trained, by name; change them in place."""
        return {"weights": self.weights, "bias": self.bias, "segments": self.segments}

    def forward(self, x: np.ndarray, context: np.ndarray | SDR) -> np.ndarray:
        """Outputs of a batch.

        Parameters
        ----------
        x : ndarray, shape (batch, n_inputs)
            Feed-forward input.
        context : ndarray, shape (batch, n_context) or (1, n_context), or SDR
            A context for each input, or one for all of them.

        Returns
        -------
        ndarray, shape (batch, n_units)
            All but the k largest of each row are 0; of equal ones those of the lowest index win.

        Notes
        -----
        Cost: batch n_units n_inputs multiplications, and n_units n_segments n_context for each
        context given. ``x`` and ``context`` are kept, not copied, for `backward`: they must not
        change before it.
        """
        m = self.model
        x = _floats("x", x, (None, m.n_inputs))
        c = _context(context, m.n_context)
        if len(c) not in (1, len(x)):
            raise ValueError(f"context must have 1 or {len(x)} rows as x has, got {len(c)}")
        inner = x @ self.weights.T + self.bias
        chosen, d = strongest_segment(self.segments, c, absolute=m.gate == "absolute-max")
        opened = np.ones_like(d) if m.gate == "bias" else _sigmoid(d)
        y = inner + d if m.gate == "bias" else inner * opened
        winners = k_winners(y, m.n_winners)
        self._kept = {
            "x": x, "c": c, "inner": inner, "chosen": chosen, "opened": opened, "winners": winners,
        }  # fmt: skip
        return np.where(winners, y, 0.0)

    def backward(self, gradient: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Gradients for the last `forward`: of the parameters, by name, and of its input.

        Parameters
        ----------
        gradient : ndarray, shape (batch, n_units)
            Of a loss by the outputs. Where ties among outputs decide who wins, or ties among
            segments which is the strongest, the gradient is that of those chosen.

        Returns
        -------
        parameters : dict of ndarray
            As in `parameters`; of segments the chosen ones alone have any.
        inputs : ndarray, shape (batch, n_inputs)

        Raises
        ------
        ValueError
            If `forward` was not called before, or shapes differ.
        """
        if self._kept is None:
            raise ValueError("backward needs a forward pass before it: call forward(x, context)")
        kept = self._kept
        g = _floats("gradient", gradient, kept["inner"].shape)
        g = np.where(kept["winners"], g, 0.0)
        opened = np.broadcast_to(kept["opened"], g.shape)
        inner = g * opened
        if self.model.gate == "bias":
            dendrite = g
        else:
            dendrite = g * kept["inner"] * opened * (1.0 - opened)
        weights = inner.T @ kept["x"]
        if self.mask is not None:
            weights = np.where(self.mask, weights, 0.0)
        segments = np.zeros_like(self.segments)
        units = np.arange(self.model.n_units)
        if len(kept["c"]) == 1:  # one context for all: their gradients add up
            total = dendrite.sum(axis=0)
            segments[units, kept["chosen"][0]] = total[:, None] * kept["c"][0]
        else:
            for j in range(self.model.n_segments):
                part = np.where(kept["chosen"] == j, dendrite, 0.0)
                segments[:, j] = part.T @ kept["c"]
        found = {"weights": weights, "bias": inner.sum(axis=0), "segments": segments}
        return found, inner @ self.weights


def strongest_segment(
    segments: np.ndarray, context: np.ndarray, absolute: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Index and activation u_j.c of the strongest segment of each unit.

    Parameters
    ----------
    segments : ndarray, shape (n_units, n_segments, n_context)
    context : ndarray, shape (batch, n_context)
    absolute : bool
        Strongest by modulus; the activation keeps its sign.

    Returns
    -------
    index : ndarray of int, shape (batch, n_units)
        Of equal ones the lowest.
    activation : ndarray, shape (batch, n_units)
    """
    segments = _floats("segments", segments, (None, None, None))
    units, each, size = segments.shape
    context = _floats("context", context, (None, size))
    if not each:
        raise ValueError("segments must hold at least one for each unit, got none")
    dots = (context @ np.reshape(segments, (units * each, size)).T).reshape(-1, units, each)
    index = np.argmax(np.abs(dots) if absolute else dots, axis=-1)
    return index, np.take_along_axis(dots, index[..., None], axis=-1)[..., 0]


def k_winners(y: np.ndarray, k: int) -> np.ndarray:
    """Which entries are among the k largest of their row.

    Parameters
    ----------
    y : ndarray, shape (..., n_units)
    k : int
        From 1 to n_units.

    Returns
    -------
    ndarray of bool, shape (..., n_units)
        Exactly k in each row; of equal ones those of the lowest index.

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem.dendrites.gating import k_winners
    >>> k_winners(np.array([0.1, 3.0, 3.0, -1.0, 3.0]), 2)
    array([False,  True,  True, False, False])
    """
    y = np.asarray(y)
    if y.ndim == 0 or y.dtype.kind not in "biuf":
        raise TypeError(f"y must be an array of real numbers, got {y!r}")
    n = y.shape[-1]
    k = check.integer("k", k, 1, n)
    if np.isnan(y).any():
        raise ValueError("y must hold numbers, got NaN")
    if k == n:
        return np.ones(y.shape, bool)
    bound = np.partition(y, n - k, axis=-1)[..., n - k, None]
    above = y > bound
    tied = y == bound
    # Of those at the bound, as many as are missing, from the left.
    missing = k - above.sum(axis=-1, keepdims=True)
    return above | (tied & (np.cumsum(tied, axis=-1) <= missing))


def prototype_context(examples: np.ndarray, on: float = 0.1) -> SDR:
    """The context of a task: its inputs that are largest on average.

    Parameters
    ----------
    examples : ndarray, shape (examples, n_inputs)
        Inputs of the task.
    on : float
        Fraction of the entries that are on, in (0, 1]; of equal ones those of the lowest index.

    Returns
    -------
    SDR
    """
    from ..sdr.sdr import SDR

    examples = _floats("examples", examples, (None, None))
    if examples.size == 0:
        raise ValueError(f"examples must hold at least one input, got shape {examples.shape}")
    check.real("on", on, 0.0, 1.0, open_low=True)
    mean = examples.mean(axis=0)
    chosen = k_winners(mean, max(1, round(on * len(mean))))
    return SDR(len(mean), np.flatnonzero(chosen))


def _sigmoid(d: np.ndarray) -> np.ndarray:
    return 0.5 * (1.0 + np.tanh(0.5 * d))  # which never overflows


def _floats(name: str, value: np.ndarray, shape: tuple[int | None, ...]) -> np.ndarray:
    array = np.asarray(value)
    wanted = "(" + ", ".join("any" if extent is None else str(extent) for extent in shape) + ")"
    fits = array.ndim == len(shape) and all(
        extent in (None, found) for extent, found in zip(shape, array.shape, strict=True)
    )
    if not fits:
        raise ValueError(f"{name} must have shape {wanted}, got {array.shape}")
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, got dtype {array.dtype}")
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must hold finite numbers, got others")
    return array


def _context(context: np.ndarray | SDR, size: int) -> np.ndarray:
    if hasattr(context, "dense") and hasattr(context, "n"):
        if context.n != size:
            raise ValueError(f"context must have {size} entries, got an SDR of {context.n}")
        return np.asarray(context.dense, dtype=np.float64).reshape(1, size)
    return _floats("context", context, (None, size))
