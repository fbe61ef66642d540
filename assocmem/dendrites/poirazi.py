"""Neurons of Poirazi and Mel: many dendrites, each with a nonlinearity of its own."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .. import _validate as check
from ..serial import register
from .nonlinearity import Power, Sigmoid, Step

if TYPE_CHECKING:
    from .neurons import Neurons


@register
@dataclass(frozen=True)
class PoiraziMel:
    """A neuron of two layers with random connections.

    The defaults are the classic ones: 10,000 synapses as 400 dendrites of 25, f(z) = z^10, on 400
    lines, which code 40 dimensions in 10 bins each (`Bins`).

    Parameters
    ----------
    n_lines : int
        Input lines d, >= 1.
    n_dendrites : int
        Dendrites m, >= 1.
    n_synapses : int
        Synapses k of each dendrite, on different lines, from 0 to d.
    nonlinearity : Power, Step or Sigmoid
        f of a dendrite. The output g is the sum itself.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Notes
    -----
    Poirazi and Mel let a dendrite have several synapses from one line; here, as in the
    replications of Ahmad and Hawkins, the lines of a dendrite differ.

    References
    ----------
    Poirazi, Mel, Neuron 29 (2001) 779.

    Examples
    --------
    >>> from assocmem.dendrites.poirazi import PoiraziMel
    >>> PoiraziMel().draw(rng=1)
    Neurons(1 neurons, Segments(n=400, threshold=1; 400 segments, 10000 synapses), \
Power(exponent=10.0))
    >>> PoiraziMel.ahmad_hawkins(n_lines=2000)
    PoiraziMel(n_lines=2000, n_dendrites=500, n_synapses=24, \
nonlinearity=Sigmoid(centre=11.5, slope=5.0))
    """

    n_lines: int = 400
    n_dendrites: int = 400
    n_synapses: int = 25
    nonlinearity: Power | Step | Sigmoid = field(default_factory=Power)

    def __post_init__(self) -> None:
        object.__setattr__(self, "n_lines", check.integer("n_lines", self.n_lines, 1, 2**31 - 1))
        dendrites = check.integer("n_dendrites", self.n_dendrites, 1)
        object.__setattr__(self, "n_dendrites", dendrites)
        most = min(self.n_lines, 2**16 - 1)
        synapses = check.integer("n_synapses", self.n_synapses, 0, most)
        object.__setattr__(self, "n_synapses", synapses)
        if not isinstance(self.nonlinearity, (Power, Step, Sigmoid)):
            raise TypeError(
                f"nonlinearity must be Power, Step or Sigmoid, got {self.nonlinearity!r}"
            )

    @classmethod
    def ahmad_hawkins(
        cls, n_lines: int, n_synapses: int = 24, threshold: int | None = None
    ) -> PoiraziMel:
        """The neuron of Ahmad and Hawkins: 500 dendrites.

        The nonlinearity is a hard one at ``threshold`` where that is given, otherwise the sigmoid
        of centre 11.5 and slope 5.
        """
        return cls(n_lines, 500, n_synapses, Sigmoid() if threshold is None else Step(threshold))

    @property
    def threshold(self) -> int:
        """Count at which a dendrite is active: where f is at least 1/2, or 1 for a power."""
        if isinstance(self.nonlinearity, Step):
            return math.ceil(self.nonlinearity.threshold)
        return math.ceil(self.nonlinearity.centre) if isinstance(self.nonlinearity, Sigmoid) else 1

    def draw(self, rng: np.random.Generator | int, n_neurons: int = 1) -> Neurons:
        """Neurons whose dendrites have uniform random lines, independently.

        Parameters
        ----------
        rng : numpy.random.Generator or int
            Source of randomness, or a seed >= 0.
        n_neurons : int
            Number of neurons, >= 1.
        """
        from ..sdr.draws import subsets  # kernels are loaded where they are used
        from .neurons import Neurons
        from .segments import Segments

        n_neurons = check.integer("n_neurons", n_neurons, 1)
        rows = subsets(self.n_lines, self.n_synapses, n_neurons * self.n_dendrites, rng)
        owners = np.repeat(np.arange(n_neurons), self.n_dendrites)
        segments = Segments(self.n_lines, self.threshold, *rows)
        return Neurons(segments, owners, n_neurons, self.nonlinearity)


class Bins:
    """Code of real vectors: each dimension has bins that are equally often hit, one line each.

    Parameters
    ----------
    values : array of float, shape (samples, dimensions)
        Data whose quantiles divide the bins.
    n_bins : int
        Bins of a dimension, >= 1; 10 for Poirazi and Mel.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type, shape or range.

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem.dendrites.poirazi import Bins
    >>> bins = Bins(np.arange(100.0).reshape(100, 1), n_bins=4)
    >>> bins.encode([[10.0], [60.0]])[1]
    array([0, 2], dtype=int32)
    """

    def __init__(self, values: np.ndarray, n_bins: int = 10) -> None:
        self.n_bins = check.integer("n_bins", n_bins, 1)
        values = np.asarray(values, dtype=np.float64)
        if values.ndim != 2 or not len(values) or not np.all(np.isfinite(values)):
            raise ValueError(
                f"values must be finite, of shape (samples, dimensions), got shape {values.shape}"
            )
        levels = np.arange(1, self.n_bins) / self.n_bins
        self.edges = np.quantile(values, levels, axis=0).T  # (dimensions, bins - 1)

    @property
    def n_lines(self) -> int:
        """Lines: dimensions times bins."""
        return len(self.edges) * self.n_bins

    def encode(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Active lines of each sample as CSR arrays: one a dimension, by its bin.

        Line ``d * n_bins + b`` is bin b of dimension d; an edge belongs to the bin above it.
        """
        values = np.asarray(values, dtype=np.float64)
        dimensions = len(self.edges)
        if values.ndim != 2 or values.shape[1] != dimensions or np.any(np.isnan(values)):
            raise ValueError(
                f"values must be numbers of shape (samples, {dimensions}), got {values.shape}"
            )
        lines = np.empty(values.shape, np.int32)
        for d, edges in enumerate(self.edges):
            lines[:, d] = d * self.n_bins + np.searchsorted(edges, values[:, d], side="right")
        return np.arange(len(values) + 1, dtype=np.int64) * dimensions, lines.ravel()
