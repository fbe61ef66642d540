"""The Willshaw-Steinbuch memory on packed bits: store, recall, forget."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate as check
from .._aligned import padded_zeros
from ._willshaw_rows import csr, unpacked
from .settled import Settled

if TYPE_CHECKING:
    from .sdr import SDR

TIES = ("lowest", "random", "all")
MOST = 2**31 - 1


def rule(threshold: Any, winners: Any, n_out: int) -> tuple[int | None, int | None]:
    """The checked rule of recall; at most one of the two is given."""
    if threshold is not None:
        threshold = check.integer("threshold", threshold, 0)
    if winners is not None:
        winners = check.integer("winners", winners, 1, n_out)
        if threshold is not None:
            raise ValueError(f"winners must be left out where threshold is given, got {winners}")
    return threshold, winners


class WillshawMemory:
    """A binary associative memory on packed bits.

    Synapse W_ij is 1 where any stored pair has x_j = y_i = 1. Kept as one packed row of outputs for
    each input: n_in n_out/8 bytes. Patterns are given as SDR objects or as lists of active cells,
    one or a sequence of them.

    Parameters
    ----------
    n_in : int
        Input cells, >= 1.
    n_out : int, optional
        Output cells, >= 1; n_in if left out.
    auto : bool
        Patterns are associated with themselves.
    diagonal : bool
        Whether a cell has a synapse onto itself, in auto-association.
    counts : bool
        Count how many pairs set each synapse, so that they can be forgotten: 2 n_in n_out bytes
        more, 16 times the matrix. At most 65,535 pairs a synapse.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> from assocmem.sdr import WillshawMemory
    >>> memory = WillshawMemory(1000, 500)
    >>> memory.store([3, 141, 592], [65, 358])
    >>> memory.recall([3, 141]).sparse.tolist()
    [65, 358]
    """

    def __init__(
        self,
        n_in: int,
        n_out: int | None = None,
        *,
        auto: bool = False,
        diagonal: bool = True,
        counts: bool = False,
    ) -> None:
        self.n_in = check.integer("n_in", n_in, 1, MOST)
        self.n_out = self.n_in if n_out is None else check.integer("n_out", n_out, 1, MOST)
        for name, value in (("auto", auto), ("diagonal", diagonal), ("counts", counts)):
            if not isinstance(value, (bool, np.bool_)):
                raise TypeError(f"{name} must be True or False, got {value!r}")
        self.auto, self.diagonal = bool(auto), bool(diagonal)
        if self.auto and self.n_out != self.n_in:
            raise ValueError(f"n_out must be n_in={n_in} where auto=True, got {n_out}")
        if not (self.auto or self.diagonal):
            raise ValueError("diagonal must be True where auto=False, got False")
        self._rows = np.zeros((self.n_in, -(-self.n_out // 64)), np.uint64)
        self._counts = np.zeros((self.n_in, self.n_out), np.uint16) if counts else None
        self.n_stored = 0

    def __repr__(self) -> str:
        kind = f"auto=True, diagonal={self.diagonal}" if self.auto else "auto=False"
        return (
            f"WillshawMemory({self.n_in}, {self.n_out}, {kind}; {self.n_stored} stored, "
            f"load {self.load:.3g})"
        )

    @property
    def load(self) -> float:
        """Fraction of synapses that are 1, 0 of none. Cost n_in n_out/64 popcounts."""
        from .kernels.willshaw import count_bits

        ones = np.empty(self.n_in, np.int64)
        count_bits(self._rows, ones)
        synapses = self.n_in * self.n_out - (0 if self.diagonal else self.n_in)
        return int(ones.sum()) / max(synapses, 1)

    @property
    def matrix(self) -> np.ndarray:
        """W as a dense array, uint8 of shape (n_out, n_in)."""
        octets = self._rows.astype("<u8", copy=False).view(np.uint8)
        bits = np.unpackbits(octets, axis=1, count=self.n_out, bitorder="little")
        return np.ascontiguousarray(bits.T)

    def store(self, pattern: Any, target: Any = None) -> None:
        """Associate each pattern with its target. Cost a_in a_out bits set for a pair.

        Parameters
        ----------
        pattern : SDR, array of int or sequence of these
            x, of n_in cells.
        target : same, optional
            y, of n_out cells, as many as patterns; left out in auto-association.

        Raises
        ------
        TypeError, ValueError
            If patterns are not as said, or a synapse counter would overflow: then nothing
            is stored.
        """
        self._store(*self._pairs(pattern, target))

    def _store(self, xptr: np.ndarray, x: np.ndarray, yptr: np.ndarray, y: np.ndarray) -> None:
        from .kernels.willshaw import store

        if self._counts is not None:
            self._count(xptr, x, yptr, y, 65_535, 1, "holds 65535 pairs at one of its synapses")
        store(self._rows, xptr, x, yptr, y, self.diagonal)
        self.n_stored += len(xptr) - 1

    def forget(self, pattern: Any, target: Any = None) -> None:
        """Take back `store` of the same pairs: the matrix is what it would be without them.

        Cost a_in a_out counters for a pair.

        Parameters
        ----------
        pattern, target
            As for `store`.

        Raises
        ------
        TypeError
            If patterns are not as said.
        ValueError
            If the memory does not count (``counts=False``), or a pair was certainly not stored:
            then nothing is forgotten. A pair that was not stored but whose synapses others have
            all set is not told apart.
        """
        if self._counts is None:
            raise ValueError(
                "counts must be True for a memory to forget: make it with "
                "WillshawMemory(..., counts=True)"
            )
        from .kernels.willshaw import clear_uncounted

        pairs = self._pairs(pattern, target)
        self._count(*pairs, 0, -1, "was not stored: one of its synapses is 0")
        clear_uncounted(self._rows, self._counts, *pairs)
        self.n_stored -= len(pairs[0]) - 1

    def _count(self, xptr, x, yptr, y, bound: int, change: int, why: str) -> None:
        """Change the counters of all pairs, or of none and raise."""
        from .kernels.willshaw import count_pairs

        at = count_pairs(self._counts, xptr, x, yptr, y, self.diagonal, bound, change)
        if at >= 0:
            count_pairs(
                self._counts, xptr[: at + 1], x, yptr[: at + 1], y, self.diagonal, -1, -change
            )
            raise ValueError(f"pattern[{at}] must be one the memory can take, but it {why}")

    def _pairs(self, pattern: Any, target: Any) -> tuple[np.ndarray, ...]:

        xptr, x, one = csr("pattern", pattern, self.n_in)
        if self.auto:
            if target is not None:
                raise ValueError("target must be left out where auto=True")
            return xptr, x, xptr, x
        if target is None:
            raise ValueError("target must be given where auto=False, got None")
        yptr, y, same = csr("target", target, self.n_out)
        if one != same or len(xptr) != len(yptr):
            raise ValueError(
                f"target must hold as many patterns as pattern, got {len(yptr) - 1} and "
                f"{len(xptr) - 1}"
            )
        return xptr, x, yptr, y

    def recall(
        self,
        cue: Any,
        *,
        threshold: int | None = None,
        winners: int | None = None,
        ties: str = "lowest",
        rng: np.random.Generator | int = 0,
    ) -> SDR | list[SDR]:
        """Outputs that a cue, or each of many, switches on: see `Willshaw` for the three rules.

        Parameters
        ----------
        cue : SDR, array of int or sequence of these
            Of n_in cells: a stored pattern, a fragment, or one with noise.
        threshold, winners, ties
            As in `Willshaw`.
        rng : numpy.random.Generator or int
            For ``ties="random"``.

        Returns
        -------
        SDR, or a list of them for many cues

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or out of range.

        Notes
        -----
        Cost for z active bits: z n_out/64 words read and as many word operations; 3 log2 z times
        as many with ``threshold``, some log2 z n_out/64 more with ``winners``.
        """
        indptr, indices, single = csr("cue", cue, self.n_in)
        packed = self._recall(indptr, indices, threshold, winners, ties, rng)
        found = unpacked(packed, self.n_out)
        return found[0] if single else found

    def _recall(self, indptr, cues, threshold, winners, ties="lowest", rng=0) -> np.ndarray:
        """Packed outputs of each cue, uint64 (cues, words)."""
        from . import _seeds
        from .kernels import willshaw as kernels

        threshold, winners = rule(threshold, winners, self.n_out)
        kind = TIES.index(check.choice("ties", ties, TIES))
        words, largest = self._rows.shape[1], int(np.diff(indptr).max(initial=0))
        planes = _planes(largest, words)
        out = np.empty((len(indptr) - 1, words), np.uint64)
        if winners is None:
            level = -1 if threshold is None else min(threshold, largest + 1)
            own = not self.diagonal
            kernels.recall_threshold(self._rows, indptr, cues, self.n_out, level, own, planes, out)
            return out
        single = (
            _seeds.state(_seeds.generator(rng)) if ties == "random" else np.ones((1, 4), np.uint64)
        )
        above = padded_zeros(1, words, np.uint64)[0, :words]
        kernels.recall_winners(
            self._rows, indptr, cues, self.n_out, winners, kind, single, planes, above, out
        )
        return out

    def sums(self, cue: Any) -> np.ndarray:
        """Dendritic sums of all outputs for one cue, int64 of shape (n_out,)."""
        from .kernels import willshaw as kernels

        indptr, indices, single = csr("cue", cue, self.n_in)
        if not single:
            raise ValueError(f"cue must be one pattern, got {len(indptr) - 1}")
        planes = _planes(len(indices), self._rows.shape[1])
        used = kernels.add_rows(self._rows, indices, 0, len(indices), planes)
        found = np.empty(self.n_out, np.int64)
        kernels.spread(planes, used, found)
        return found

    def recall_input(
        self,
        cue: Any,
        *,
        threshold: int | None = None,
        winners: int | None = None,
        ties: str = "lowest",
        rng: np.random.Generator | int = 0,
    ) -> SDR:
        """Inputs that an output pattern switches on through the same synapses, backwards.

        Parameters and errors are those of `recall`, for one cue of n_out cells. Cost z tests of
        bits for each input.
        """
        from . import _seeds
        from .kernels import willshaw as kernels

        indptr, cells, single = csr("cue", cue, self.n_out)
        if not single:
            raise ValueError(f"cue must be one pattern, got {len(indptr) - 1}")
        threshold, winners = rule(threshold, winners, self.n_in)
        kind = TIES.index(check.choice("ties", ties, TIES))
        found = np.empty(self.n_in, np.int64)
        kernels.sums_backwards(self._rows, cells, 0, len(cells), found)
        if winners is None:
            wanted = np.full(self.n_in, len(cells) if threshold is None else threshold)
            if threshold is None and not self.diagonal:
                wanted[cells] -= 1
            out = np.flatnonzero(found >= wanted)
        else:
            packed = np.empty((1, -(-self.n_in // 64)), np.uint64)
            state = _seeds.state(_seeds.generator(rng))
            tally = np.empty(len(cells) + 1, np.int64)
            kernels.pick_winners(found, winners, kind, state, tally, packed[0])
            return unpacked(packed, self.n_in)[0]
        from .sdr import SDR

        return SDR(self.n_in, out.astype(np.int32))

    def settle(
        self,
        cue: Any,
        *,
        threshold: int | None = None,
        winners: int | tuple[int, int] | None = None,
        ties: str = "lowest",
        max_steps: int = 100,
    ) -> Settled:
        """Recall from what was recalled, until a fixed point, a cycle or ``max_steps``.

        In auto-association a step is one recall. In hetero-association it goes both ways: to the
        outputs, and back from there to the inputs, whose states are returned.

        Parameters
        ----------
        cue : SDR or array of int
            One cue of n_in cells.
        threshold, winners, ties
            As for `recall`; in hetero-association ``winners`` may be a pair, of inputs and of
            outputs. Ties at random have no fixed points and are refused.
        max_steps : int
            >= 1.

        Returns
        -------
        Settled

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or out of range.
        """
        from .sdr import SDR

        check.choice("ties", ties, ("lowest", "all"))
        max_steps = check.integer("max_steps", max_steps, 1)
        indptr, cells, single = csr("cue", cue, self.n_in)
        if not single:
            raise ValueError(f"cue must be one pattern, got {len(indptr) - 1}")
        if isinstance(winners, tuple) and (self.auto or len(winners) != 2):
            wanted = "an integer where auto=True" if self.auto else "an integer or a pair of them"
            raise ValueError(f"winners must be {wanted}, got {winners}")
        back, forth = winners if isinstance(winners, tuple) else (winners, winners)
        states, seen = [SDR(self.n_in, cells)], {cells.tobytes(): 0}
        for step in range(1, max_steps + 1):
            found = self.recall(states[-1], threshold=threshold, winners=forth, ties=ties)
            if not self.auto:
                found = self.recall_input(found, threshold=threshold, winners=back, ties=ties)
            states.append(found)
            before = seen.setdefault(np.asarray(found.sparse, np.int32).tobytes(), step)
            if before < step:
                period = step - before
                return Settled(tuple(states), "fixed point" if period == 1 else "cycle", period)
        return Settled(tuple(states), "limit", 0)

    def capacity(self, a_in: int, a_out: int | None = None, *, load: float = 0.5) -> float:
        """Pairs at which the expected fraction of ones reaches ``load``.

        At one half a sparse memory holds the most bits in a synapse; how many pairs are recalled
        with a given error is for `assocmem.theory.sdr.willshaw_capacity` to say.

        Parameters
        ----------
        a_in : int
            Active cells of an input pattern, from 1 to n_in.
        a_out : int, optional
            Of an output pattern, from 1 to n_out; ``a_in`` if left out, and in auto-association.
        load : float
            Fraction of ones, in (0, 1).

        Returns
        -------
        float
            ln(1 - load)/ln(1 - P(a pair sets a synapse)).

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or out of range.

        Examples
        --------
        >>> from assocmem.sdr import WillshawMemory
        >>> round(WillshawMemory(1000).capacity(10))
        6931
        """
        a_in = check.integer("a_in", a_in, 1, self.n_in)
        a_out = check.integer("a_out", a_in if a_out is None else a_out, 1, self.n_out)
        if self.auto and a_out != a_in:
            raise ValueError(f"a_out must be a_in={a_in} where auto=True, got {a_out}")
        load = check.real("load", load, 0.0, 1.0, open_low=True, open_high=True)
        share = a_in / self.n_in * (a_out / self.n_out)
        if self.auto:  # off the diagonal, which is a small part
            share = a_in / self.n_in * ((a_in - 1) / max(self.n_in - 1, 1))
        if share in (0.0, 1.0):
            return math.inf if share == 0.0 else 1.0
        return math.log1p(-load) / math.log1p(-share)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the memory as an ``.npz`` file; OSError if it cannot be written."""
        from .._files import write_npz

        held = {"counts": self._counts} if self._counts is not None else {}
        sizes = np.array([self.n_in, self.n_out, self.auto, self.diagonal, self.n_stored])
        write_npz(path, rows=self._rows, sizes=sizes, **held)

    @classmethod
    def restore(cls, path: str | os.PathLike[str]) -> WillshawMemory:
        """The memory that `save` wrote.

        Raises
        ------
        OSError
            If the file cannot be read.
        ValueError
            If it holds no such memory.
        """
        from .._files import read_npz

        return read_npz(path, "a WillshawMemory", ("rows", "sizes"), cls._of)

    @classmethod
    def _of(cls, entry: dict[str, np.ndarray]) -> WillshawMemory:
        """The memory of the arrays of a file; ValueError if they make none."""
        n_in, n_out, auto, diagonal, stored = (int(k) for k in entry["sizes"])
        held = entry.get("counts")
        found = cls(n_in, n_out, auto=bool(auto), diagonal=bool(diagonal), counts=held is not None)
        for name in ("rows", "counts"):
            made = getattr(found, f"_{name}")
            if made is None:
                continue
            if (entry[name].shape, entry[name].dtype) != (made.shape, made.dtype):
                raise ValueError(
                    f"{name} must be {made.dtype} of shape {made.shape}, got {entry[name].dtype} "
                    f"of shape {entry[name].shape}"
                )
            made[...] = entry[name]
        if n_out % 64 and np.any(found._rows[:, -1] >> np.uint64(n_out % 64)):
            raise ValueError(f"rows must be 0 beyond the last of {n_out} outputs")
        if held is not None and not np.array_equal(found.matrix, (held > 0).T):
            raise ValueError("counts must be positive where synapses are 1, and 0 elsewhere")
        found.n_stored = stored
        return found


def _planes(largest: int, words: int) -> np.ndarray:
    """Room for vertical sums up to ``largest`` and for carries, in rows of whole cache lines.

    A plane is read right after it is written: across lines that took three times as long.
    """
    return padded_zeros(largest.bit_length() + 1, words, np.uint64)
