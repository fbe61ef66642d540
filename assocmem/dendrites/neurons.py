"""Neurons made of segments: any active segment fires them, or two layers of nonlinearities."""

from __future__ import annotations

import json
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate as check
from .._files import read_npz, write_npz
from ..serial import from_dict, to_dict
from ._cells import rows_of
from .kernels import neurons as kernels
from .nonlinearity import Function, Power, Sigmoid, Step, check_functions, tabulated
from .segments import HELD, Segments

if TYPE_CHECKING:
    from .segments import Cells


MOST = 2**31 - 1  # neurons, so that their numbers fit into int32


class Neurons:
    r"""Many neurons, each with segments of its own, over one inverted index.

    Neuron i fires where any of its segments is active (`fires`). As a network of two layers its
    output is :math:`g\bigl(\sum_j f(|A \cap D_j|)\bigr)` over its segments D_j (`responses`), for
    an activity A; with f a step at the threshold, a sum >= 1 is the same event.

    Parameters
    ----------
    segments : Segments
        All segments, with the threshold of `fires`.
    neuron_of : array of int, shape (segments,)
        Neuron that each segment belongs to, from 0. Segments of a neuron need not be neighbours.
    n_neurons : int, optional
        Number of neurons; one more than the largest of ``neuron_of`` by default.
    nonlinearity : Step, Power, Sigmoid or callable, optional
        f, called once for each possible count 0, 1, 2, ...; ``Step(segments.threshold)`` by
        default.
    output : Step, Power, Sigmoid or callable, optional
        g, called on arrays of sums. The sum itself by default.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type, shape or range.

    Notes
    -----
    Segments that are added must be added through the neurons, which know whose they are.

    References
    ----------
    Poirazi, Mel, Neuron 29 (2001) 779; Ahmad, Hawkins, arXiv:1601.00720 (2016).

    Examples
    --------
    >>> from assocmem.dendrites.neurons import Neurons
    >>> from assocmem.dendrites.segments import Segments
    >>> segments = Segments.random(200, threshold=8, n_segments=6, n_synapses=10, rng=1)
    >>> layer = Neurons(segments, [0, 0, 0, 1, 1, 1])
    >>> layer.fires(segments.synapses(4))
    array([False,  True])
    """

    def __init__(
        self,
        segments: Segments,
        neuron_of: Any,
        n_neurons: int | None = None,
        nonlinearity: Function | None = None,
        output: Function | None = None,
    ) -> None:
        if not isinstance(segments, Segments):
            raise TypeError(f"segments must be Segments, got {segments!r}")
        owners = np.asarray(neuron_of)
        if owners.shape != (len(segments),):
            raise ValueError(
                f"neuron_of must have shape ({len(segments)},), one a segment, got {owners.shape}"
            )
        if owners.size and owners.dtype.kind not in "iu":
            raise TypeError(f"neuron_of must be integers, got dtype {owners.dtype}")
        least = max(1, int(owners.max(initial=0)) + 1)
        self.n_neurons = (
            least if n_neurons is None else check.integer("n_neurons", n_neurons, 1, MOST)
        )
        if int(owners.min(initial=0)) < 0 or least > min(self.n_neurons, MOST):
            most = min(self.n_neurons, MOST) - 1
            raise ValueError(f"neuron_of must be in [0, {most}], got {owners}")
        check_functions(nonlinearity=nonlinearity, output=output)
        self.segments = segments
        self.nonlinearity = Step(segments.threshold) if nonlinearity is None else nonlinearity
        self.output = output
        self._owners, self._count = owners.astype(np.int32), len(owners)
        self._tabulated: tuple[Any, int, np.ndarray] = (None, 0, np.empty(0))

    @classmethod
    def empty(cls, n: int, threshold: int, n_neurons: int, **functions: Function | None) -> Neurons:
        """Neurons without segments, to learn; ``functions`` are those of the class."""
        return cls(Segments(n, threshold), np.empty(0, np.int32), n_neurons, **functions)

    def __repr__(self) -> str:
        parts = [f"{self.n_neurons} neurons", repr(self.segments), repr(self.nonlinearity)]
        return f"Neurons({', '.join(parts + [repr(self.output)] * (self.output is not None))})"

    @property
    def neuron_of(self) -> np.ndarray:
        """Neuron of each segment, int32 (segments,)."""
        if len(self.segments) != self._count:
            raise ValueError(
                f"segments must be added through the neurons, got {len(self.segments)} segments "
                f"where the neurons know {self._count}"
            )
        return self._owners[: self._count]

    def segments_of(self, neuron: int) -> np.ndarray:
        """Numbers of the segments of one neuron, rising, int64. O(segments)."""
        return np.flatnonzero(self.neuron_of == self._numbered(neuron))

    def active_segments(
        self,
        activity: Cells,
        *,
        transmission: float = 1.0,
        rng: np.random.Generator | int | None = None,
    ) -> np.ndarray:
        """Number of active segments of each neuron, int32 (neurons,).

        Arguments, errors and cost are those of `Segments.active`.
        """
        if transmission == 1.0:
            return self.active_segments_rows([activity])[0]
        active = self.segments.active(activity, transmission=transmission, rng=rng)
        found = np.bincount(self.neuron_of[active], minlength=self.n_neurons)
        return found.astype(np.int32)

    def fires(
        self,
        activity: Cells,
        *,
        transmission: float = 1.0,
        rng: np.random.Generator | int | None = None,
    ) -> np.ndarray:
        """Whether any segment of each neuron is active, bool (neurons,). See `active_segments`."""
        return self.active_segments(activity, transmission=transmission, rng=rng) > 0

    def responses(
        self,
        activity: Cells,
        *,
        transmission: float = 1.0,
        rng: np.random.Generator | int | None = None,
    ) -> np.ndarray:
        """Output of the two layers of each neuron, float64 (neurons,).

        Arguments and errors are those of `Segments.counts`. Cost: as that, and one look-up of f for
        each segment.
        """
        if transmission == 1.0:
            return self.responses_rows([activity])[0]
        counts = self.segments.counts(activity, transmission=transmission, rng=rng)
        sums = np.zeros(self.n_neurons)
        kernels.add_table(counts, self._table(), self.neuron_of, sums)
        return self._through(sums)

    def active_segments_rows(self, activities: Any) -> np.ndarray:
        """Number of active segments for many activities, int32 (activities, neurons).

        ``activities`` and errors are those of `Segments.active_rows`.
        """
        segments, owners = self.segments, self.neuron_of
        indptr, cells = rows_of("activities", activities, segments.n)
        out = np.zeros((len(indptr) - 1, self.n_neurons), np.int32)
        if segments.threshold <= 0:
            out += np.bincount(owners, minlength=self.n_neurons).astype(np.int32)
        elif segments.threshold <= segments.widest:
            spans, pool, scratch = segments.index()
            kernels.active_segments(
                spans, pool, indptr, cells, scratch, segments.threshold, owners, out
            )
        return out

    def fires_rows(self, activities: Any) -> np.ndarray:
        """Whether neurons fire for many activities, bool (activities, neurons)."""
        return self.active_segments_rows(activities) > 0

    def responses_rows(self, activities: Any) -> np.ndarray:
        """Outputs for many activities, float64 (activities, neurons)."""
        indptr, cells = rows_of("activities", activities, self.segments.n)
        sums = np.zeros((len(indptr) - 1, self.n_neurons))
        spans, pool, scratch = self.segments.index()
        kernels.sums(spans, pool, indptr, cells, scratch, self._table(), self.neuron_of, sums)
        return self._through(sums)

    def learn(
        self, neuron: int, pattern: Cells, n_synapses: int, rng: np.random.Generator | int
    ) -> int:
        """Store a pattern on a new segment of a neuron; the segment's number.

        Other arguments and errors are those of `Segments.learn`.
        """
        neuron = self._numbered(neuron)
        _ = self.neuron_of
        number = self.segments.learn(pattern, n_synapses, rng)
        self._own(np.array([neuron]))
        return number

    def learn_rows(
        self, neurons: Any, patterns: Any, n_synapses: int, rng: np.random.Generator | int
    ) -> np.ndarray:
        """Store many patterns, pattern k on a new segment of neuron ``neurons[k]``.

        Returns the numbers of the segments. Other arguments and errors are those of
        `Segments.learn_rows`.
        """
        neurons = np.asarray(neurons)
        rows = rows_of("patterns", patterns, self.segments.n)
        if neurons.shape != (len(rows[0]) - 1,):
            raise ValueError(
                f"neurons must have shape ({len(rows[0]) - 1},), one a pattern, got {neurons.shape}"
            )
        if neurons.size and neurons.dtype.kind not in "iu":
            raise TypeError(f"neurons must be integers, got dtype {neurons.dtype}")
        if neurons.size and not (neurons.min() >= 0 and neurons.max() < self.n_neurons):
            raise ValueError(f"neurons must be in [0, {self.n_neurons - 1}], got {neurons}")
        _ = self.neuron_of
        numbers = self.segments.learn_rows(rows, n_synapses, rng)
        self._own(neurons)
        return numbers

    def save(self, path: str | PathLike) -> None:
        """Write to a file of NumPy's npz format.

        Raises
        ------
        ValueError
            If a nonlinearity is a function of the user's, which a file cannot hold.
        """
        for function in (self.nonlinearity, self.output):
            if not isinstance(function, (Step, Power, Sigmoid, type(None))):
                raise ValueError(
                    f"nonlinearities must be Step, Power or Sigmoid to be saved, got {function!r}"
                )
        indptr, indices = self.segments.csr()
        functions = json.dumps([to_dict(self.nonlinearity), to_dict(self.output)])
        write_npz(
            path, compressed=False, n=self.segments.n, threshold=self.segments.threshold,
            indptr=indptr, indices=indices, neuron_of=self.neuron_of, n_neurons=self.n_neurons,
            functions=functions,
        )  # fmt: skip

    @classmethod
    def load(cls, path: str | PathLike) -> Neurons:
        """Read what `save` wrote; nothing in the file is executed.

        Raises
        ------
        OSError
            Its subclass for the cause.
        ValueError
            If the file is none of ours.
        """
        names = (*HELD, "neuron_of", "n_neurons", "functions")
        return read_npz(path, "Neurons", names, cls._of)

    @classmethod
    def _of(cls, held: dict[str, np.ndarray]) -> Neurons:
        """From what a file holds."""
        functions = [from_dict(entry) for entry in json.loads(str(held["functions"]))]
        segments = Segments(*(held[name] for name in HELD))
        return cls(segments, held["neuron_of"], held["n_neurons"], *functions)

    def _table(self) -> np.ndarray:
        """Values of f at all counts that there can be."""
        function, most = self.nonlinearity, self.segments.widest
        known, so_far, table = self._tabulated
        if known is not function or so_far != most:
            table = tabulated(function, most)
            self._tabulated = function, most, table
        return table

    def _through(self, sums: np.ndarray) -> np.ndarray:
        """Values of g at sums."""
        if self.output is None:
            return sums
        found = np.asarray(self.output(sums), dtype=np.float64)
        if found.shape != sums.shape:
            raise ValueError(f"output must keep the shape {sums.shape}, got {found.shape}")
        return found

    def _own(self, neurons: np.ndarray) -> None:
        """Append the neurons of new segments, amortised O(1) each."""
        needed = self._count + len(neurons)
        if needed > len(self._owners):
            fresh = np.empty(max(needed, 2 * self._count), np.int32)
            fresh[: self._count] = self._owners[: self._count]
            self._owners = fresh
        self._owners[self._count : needed] = neurons
        self._count = needed

    def _numbered(self, neuron: int) -> int:
        return check.integer("neuron", neuron, 0, self.n_neurons - 1)


class Neuron:
    """One neuron with several segments: `Neurons` of one, with numbers in place of arrays.

    Parameters
    ----------
    segments : Segments
        Its segments, all of them.
    nonlinearity, output : Step, Power, Sigmoid or callable, optional
        f and g, see `Neurons`.

    Examples
    --------
    >>> from assocmem.dendrites.neurons import Neuron
    >>> from assocmem.dendrites.segments import Segments
    >>> neuron = Neuron(Segments(1000, threshold=8))
    >>> _ = neuron.learn(range(40), n_synapses=10, rng=1)
    >>> neuron.fires(range(40)), neuron.fires(range(40, 80)), neuron.response(range(40))
    (True, False, 1.0)
    """

    def __init__(
        self,
        segments: Segments,
        nonlinearity: Function | None = None,
        output: Function | None = None,
    ) -> None:
        if not isinstance(segments, Segments):
            raise TypeError(f"segments must be Segments, got {segments!r}")
        self.layer = Neurons(segments, np.zeros(len(segments), int), 1, nonlinearity, output)

    def __repr__(self) -> str:
        return f"Neuron({self.segments!r}, {self.layer.nonlinearity!r})"

    @property
    def segments(self) -> Segments:
        """Its segments."""
        return self.layer.segments

    def fires(self, activity: Cells, **unreliable: Any) -> bool:
        """Whether any segment is active; see `Neurons.fires`."""
        return bool(self.layer.fires(activity, **unreliable)[0])

    def response(self, activity: Cells, **unreliable: Any) -> float:
        """Output of the two layers; see `Neurons.responses`."""
        return float(self.layer.responses(activity, **unreliable)[0])

    def fires_rows(self, activities: Any) -> np.ndarray:
        """Whether it fires for each of many activities, bool (activities,)."""
        return self.layer.fires_rows(activities)[:, 0]

    def responses_rows(self, activities: Any) -> np.ndarray:
        """Output for each of many activities, float64 (activities,)."""
        return self.layer.responses_rows(activities)[:, 0]

    def learn(self, pattern: Cells, n_synapses: int, rng: np.random.Generator | int) -> int:
        """Store a pattern on a new segment; see `Segments.learn`."""
        return self.layer.learn(0, pattern, n_synapses, rng)
