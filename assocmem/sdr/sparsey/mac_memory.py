"""A mac by itself: it gives codes to inputs, learns them in one presentation, and reads codes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import _validate as check
from ._inputs import checked_code, packed_inputs
from .mac import Mac
from .mac_arrays import ENTRIES, empty, entry_of, items_at_load, memory_of

if TYPE_CHECKING:
    from ..sdr import SDR
    from .inspection import Inspection

CHOICES = ("draw", "maximum")


class MacMemory:
    """A mac with bottom-up afferents only, as an associative memory of binary inputs.

    An input is an SDR, the list of its active features, or a dense NumPy array of bool or uint8
    that says of each feature whether it is active; many inputs are a sequence of SDRs or lists, a
    `Codebook`, or a dense array of one row each. Integer arrays of other types are active features.

    A code is one winner of each module, int of shape (Q,), all -1 where the mac is not active as
    the input has too few or too many active features. Codes are of type int16, of int32 where
    modules have more than 2^15 units.

    Parameters
    ----------
    mac : Mac
    n_features : int
        >= 1.
    seed : int
        Root of all its random choices, >= 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Notes
    -----
    An input costs Q K operations on each word of 64 features in which some are active, and tens of
    Q K more, however many inputs are stored. Weights take Q K n_features/8 bytes; those that fade
    9 bytes each in addition.

    Examples
    --------
    >>> from assocmem.sdr import Mac
    >>> memory = Mac(n_modules=24, n_units=8).memory(1000, seed=1)
    >>> codes = memory.learn([[3, 141, 592], [65, 358, 979]])
    >>> bool((memory.codes([141, 592]) == codes[0]).all())
    True
    >>> memory.recall([141, 592])
    SDR(1000, [3, 141, 592])
    """

    def __init__(self, mac: Mac, n_features: int, *, seed: int = 0) -> None:
        if not isinstance(mac, Mac):
            raise TypeError(f"mac must be a Mac, got {mac!r}")
        self.mac = mac
        self.n_features = check.integer("n_features", n_features, 1, 2**31 - 1)
        self.seed = check.integer("seed", seed, 0)
        self._type = np.int16 if mac.n_units <= 2**15 else np.int32
        self._arrays = empty(mac, self.n_features, self.seed)

    def __repr__(self) -> str:
        return (
            f"MacMemory({self.mac!r}, {self.n_features}; {self.n_learned} learned, "
            f"load {self.load:.3g})"
        )

    @property
    def n_presented(self) -> int:
        """Inputs presented to be learned while the mac was active, the clock of `Permanence`."""
        return int(self._arrays.counters[1])

    @property
    def n_learned(self) -> int:
        """Those of them that it learned from: neither too familiar, nor the mac frozen."""
        return int(self._arrays.counters[2])

    @property
    def load(self) -> float:
        """Fraction of weights that are set."""
        return int(self._arrays.counters[0]) / (self.n_features * self.mac.n_code)

    @property
    def weights(self) -> np.ndarray:
        """Whether each weight is set, bool of shape (n_features, Q, K)."""
        mac = self.mac
        rows = np.ascontiguousarray(self._arrays.weights[:, : mac.n_code].T).astype("<u8")
        bits = np.unpackbits(
            rows.view(np.uint8), axis=1, count=self.n_features, bitorder="little"
        ).view(np.bool_)
        return np.ascontiguousarray(bits.T).reshape(-1, mac.n_modules, mac.n_units)

    def _present(
        self, patterns: Any, learn: bool, choice: str, name: str = "patterns"
    ) -> tuple[np.ndarray, np.ndarray, bool]:
        """Codes and familiarities of many inputs, and whether they were one."""
        from ..kernels.presenting import present

        rows, single = packed_inputs(name, patterns, self.n_features)
        codes = np.empty((len(rows), self.mac.n_modules), np.int32)
        found = np.empty(len(rows))
        present(
            self._arrays, rows, self.mac.n_modules, self.mac.n_units, learn, choice == "draw",
            codes, found,
        )  # fmt: skip
        return codes.astype(self._type, copy=False), found, single

    def store(self, pattern: Any, target: Any = None) -> None:
        """Learn inputs in one presentation each, see `learn`.

        Parameters
        ----------
        pattern : input or inputs
        target : optional
            The same, or left out: the mac associates inputs with themselves.

        Raises
        ------
        TypeError, ValueError
            If inputs are not as said, or ``target`` is something else than ``pattern``.
        """
        if target is not None:
            given, _ = packed_inputs("pattern", pattern, self.n_features)
            wanted, _ = packed_inputs("target", target, self.n_features)
            if not np.array_equal(given, wanted):
                raise ValueError("target must be left out, or equal to pattern")
        self._present(pattern, True, "draw", "pattern")

    def learn(self, patterns: Any, *, choice: str = "draw") -> np.ndarray:
        """Learn inputs, one after another, in one presentation each.

        Parameters
        ----------
        patterns : input or inputs
        choice : {"draw", "maximum"}
            Whether winners are drawn with chances rho, or those of largest support, as in
            retrieval.

        Returns
        -------
        ndarray, int16 or int32, shape (Q,) for one input and (items, Q) for many
            The codes that they were given.

        Raises
        ------
        TypeError, ValueError
            If an argument is not as said.
        """
        check.choice("choice", choice, CHOICES)
        codes, _, single = self._present(patterns, True, choice)
        return codes[0] if single else codes

    def codes(self, patterns: Any, *, choice: str = "maximum") -> np.ndarray:
        """Codes of inputs, without learning.

        Parameters
        ----------
        patterns : input or inputs
        choice : {"maximum", "draw"}
            Whether winners are the units of largest support, at random among equals, or drawn as
            in learning.

        Returns
        -------
        ndarray, int16 or int32, shape (Q,) for one input and (items, Q) for many

        Raises
        ------
        TypeError, ValueError
            If an argument is not as said.
        """
        check.choice("choice", choice, CHOICES)
        codes, _, single = self._present(patterns, False, choice)
        return codes[0] if single else codes

    def familiarity(self, patterns: Any) -> np.ndarray | float:
        """G of inputs, in [0, 1]; 0 where the mac is not active. Nothing changes.

        Parameters
        ----------
        patterns : input or inputs

        Returns
        -------
        float, or ndarray of shape (items,) for many inputs

        Raises
        ------
        TypeError, ValueError
            If inputs are not as said.
        """
        before = self._arrays.single.copy()
        _, found, single = self._present(patterns, False, "maximum")
        self._arrays.single[:] = before
        return float(found[0]) if single else found

    def present(
        self, pattern: Any, *, learn: bool = False, choice: str | None = None
    ) -> Inspection:
        """Present one input; everything that happened.

        Parameters
        ----------
        pattern : input
        learn : bool
        choice : {"draw", "maximum"}, optional
            The former in learning, the latter else, if left out.

        Returns
        -------
        Inspection

        Raises
        ------
        TypeError, ValueError
            If an argument is not as said.
        """
        from .inspection import inspected

        if not isinstance(learn, (bool, np.bool_)):
            raise TypeError(f"learn must be True or False, got {learn!r}")
        choice = ("draw" if learn else "maximum") if choice is None else choice
        check.choice("choice", choice, CHOICES)
        return inspected(self, pattern, bool(learn), choice)

    def inspect(self, pattern: Any, *, choice: str = "maximum") -> Inspection:
        """Everything that would happen to one input; nothing changes.

        Winners are those that the next call of `codes` with this ``choice`` finds, and of `learn`,
        but for macs with ``recruit``, and for those with ``permanence``, whose clock it moves.

        Parameters
        ----------
        pattern : input
        choice : {"maximum", "draw"}

        Returns
        -------
        Inspection

        Raises
        ------
        TypeError, ValueError
            If an argument is not as said.

        Examples
        --------
        >>> from assocmem.sdr import Mac
        >>> memory = Mac(n_modules=2, n_units=4).memory(20)
        >>> code = memory.learn([1, 2, 3, 4])
        >>> seen = memory.inspect([1, 2, 3, 9])
        >>> float(seen.u[0, code[0]]), seen.G
        (3.0, 0.75)
        """
        before = self._arrays.single.copy()
        found = self.present(pattern, choice=choice)
        self._arrays.single[:] = before
        return found

    def read(self, code: Any, *, threshold: float = 1.0) -> SDR:
        """The input that a code stands for, read through the same weights backwards.

        Parameters
        ----------
        code : array_like of int, shape (Q,)
            Winners, -1 of modules that have none.
        threshold : float
            In (0, 1]: a feature is active where at least this fraction of the winners have the
            weight from it set.

        Returns
        -------
        SDR
            Of n_features; empty for a code without winners.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or out of range.
        """
        from ..kernels.presenting import count_weights
        from ..sdr import SDR

        threshold = check.real("threshold", threshold, 0.0, 1.0, open_low=True)
        winners = checked_code(code, self.mac)
        counts = np.empty(64 * len(self._arrays.weights), np.int64)
        count_weights(self._arrays.weights, winners, self.mac.n_units, counts)
        # Of 100 winners 0.07 are 7, not 7.000000000000001.
        wanted = threshold * np.count_nonzero(winners >= 0) * (1.0 - 1e-12)
        return SDR(self.n_features, np.flatnonzero((counts >= wanted) & (counts > 0)))

    def recall(self, cue: Any, *, threshold: float = 1.0) -> SDR | list[SDR]:
        """What cues remind it of: their codes, read backwards.

        Parameters
        ----------
        cue : input or inputs
            Stored ones, parts of them, or such with noise.
        threshold : float
            As in `read`.

        Returns
        -------
        SDR, or a list of them for many cues

        Raises
        ------
        TypeError, ValueError
            If an argument is not as said.
        """
        check.real("threshold", threshold, 0.0, 1.0, open_low=True)
        codes, _, single = self._present(cue, False, "maximum", "cue")
        found = [self.read(code, threshold=threshold) for code in codes]
        return found[0] if single else found

    def forget(self, pattern: Any, target: Any = None) -> None:
        """Refused: traces share their weights, so that none can be taken back by itself.

        Raises
        ------
        ValueError
            Always.
        """
        raise ValueError(
            "pattern must stay: stored inputs share their weights, and it is not known which of "
            "them set a weight; a Mac with permanence=Permanence(...) forgets what is not met again"
        )

    def capacity(self, size: int, *, load: float = 0.5) -> float:
        """Inputs at which the expected fraction of weights set reaches ``load``.

        Each sets the weights from its active features to one unit of K in each module; codes are
        taken to be uniform and independent, and every input to be learned, for ever.

        Parameters
        ----------
        size : int
            a, active features of an input, from 1 to n_features.
        load : float
            In (0, 1).

        Returns
        -------
        float
            ln(1 - load)/ln(1 - a/(n K)).

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or out of range.

        Examples
        --------
        >>> from assocmem.sdr import Mac
        >>> round(Mac(24, 8).memory(1000).capacity(100))
        55
        """
        return items_at_load(self.mac, self.n_features, size, load)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the memory as an ``.npz`` file, for `restore`; OSError if it cannot be written."""
        from ..._files import write_npz

        write_npz(path, **entry_of(self))

    @staticmethod
    def restore(path: str | os.PathLike[str]) -> MacMemory:
        """The memory that `save` wrote; it goes on as the saved one would have.

        Raises
        ------
        OSError
            If the file cannot be read.
        ValueError
            If it holds no such memory.
        """
        from ..._files import read_npz

        return read_npz(path, "a MacMemory", ENTRIES, memory_of)

    _of = staticmethod(memory_of)

    def __reduce__(self) -> tuple:
        return memory_of, (entry_of(self),)
