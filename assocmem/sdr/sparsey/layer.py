"""A layer of macs that learns and recognises many still inputs at a time."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from ... import _validate as check
from .._cells import array_of
from ._entries import take_over
from ._inputs import packed_bits
from ._writable import Writable
from .mac import Mac
from .mac_arrays import limits_of
from .tiling import Tiling

_BLOCK = 1024  # inputs that a mac takes between two looks at the progress bar


class Layer(Writable):
    """All macs of a grid, with bottom-up afferents only, for still inputs.

    Each mac is what `MacMemory` is, with a random number generator of its own, so that results
    depend on the seed alone. In retrieval the winners of largest support that tie are chosen at
    random too, but by the input: a layer gives the same code to the same input again, alone or
    among others.

    Parameters
    ----------
    mac : Mac
        Without permanence.
    tiling : Tiling
    seed : int
        >= 0.

    Attributes
    ----------
    weights : ndarray, uint64, shape (macs, words, units)
        Bit f%64 of weights[m, f // 64, q K + k] is the weight from feature f of the field of mac m.
    held : ndarray, int32, shape (macs, units)
        Weights set of each unit.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    References
    ----------
    Rinkus and Leveille, arXiv:1710.07829 (2017).

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem.sdr import Mac, Tiling
    >>> from assocmem.sdr.sparsey.layer import Layer
    >>> images = np.random.default_rng(0).integers(0, 2, (5, 12, 12), dtype=np.uint8)
    >>> layer = Layer(Mac(4, 16), Tiling((12, 12), field=6, stride=3))
    >>> codes = layer.learn(images)
    >>> codes.shape
    (5, 9, 4)
    """

    def __init__(self, mac: Mac, tiling: Tiling, *, seed: int = 0) -> None:
        from ...montecarlo.kernels.rng import seed_states

        if not isinstance(mac, Mac):
            raise TypeError(f"mac must be a Mac, got {mac!r}")
        if not isinstance(tiling, Tiling):
            raise TypeError(f"tiling must be a Tiling, got {tiling!r}")
        if mac.permanence is not None:
            raise ValueError(
                f"mac.permanence must be None: weights of a layer do not fade, got {mac.permanence}"
            )
        check.integer("mac.n_units", mac.n_units, 2, 2**15 - 1)
        self.mac, self.tiling, self.seed = mac, tiling, check.integer("seed", seed, 0)
        words = -(-tiling.n_features // 64)
        self.weights = np.zeros((tiling.n_macs, words, mac.n_code), np.uint64)
        self.held = np.zeros((tiling.n_macs, mac.n_code), np.int32)
        self._counters = np.zeros((tiling.n_macs, 3), np.int64)
        seeds = np.random.SeedSequence(self.seed).spawn(tiling.n_macs + 1)
        self._single = seed_states(seeds[:-1])[1]
        self._salts = seeds[-1].generate_state(tiling.n_macs, np.uint64)

    def __repr__(self) -> str:
        rows, columns = self.tiling.grid
        return (
            f"Layer({self.mac!r}, {self.tiling!r}, seed={self.seed}; {rows} x {columns} macs, "
            f"{self.load:.3g} of weights set)"
        )

    @property
    def load(self) -> float:
        """Fraction of all weights that are set."""
        return int(self._counters[:, 0].sum()) / (self.held.size * self.tiling.n_features)

    @property
    def loads(self) -> np.ndarray:
        """Fraction of its weights that each mac has set, float64 (macs,)."""
        return self._counters[:, 0] / (self.mac.n_code * self.tiling.n_features)

    @property
    def n_presented(self) -> np.ndarray:
        """Inputs for which each mac was active while learning, int64 (macs,)."""
        return self._counters[:, 1].copy()

    @property
    def n_learned(self) -> np.ndarray:
        """Those of them that it learned, int64 (macs,)."""
        return self._counters[:, 2].copy()

    def afferents(self, mac: int) -> np.ndarray:
        """Weights of the units of one mac, uint8 (Q, K, features of its field)."""
        mac = check.integer("mac", mac, 0, self.tiling.n_macs - 1)
        octets = np.ascontiguousarray(self.weights[mac].T).astype("<u8", copy=False)
        bits = np.unpackbits(
            octets.view(np.uint8), axis=1, count=self.tiling.n_features, bitorder="little"
        )
        return bits.reshape(self.mac.n_modules, self.mac.n_units, -1)

    def learn(
        self, inputs: Any, *, recalled: bool = False, workers: int = 1, progress: bool = False
    ) -> np.ndarray:
        """Present inputs once, one after another, and learn them; their codes.

        Parameters
        ----------
        inputs : array of bool or of integers 0 and 1
            Of shape (n, features of the sheet) or (n, rows, columns[, channels]); or packed as
            uint64 (n, words), see `packed`.
        recalled : bool
            Return the code that each input retrieves right after it was learned, and before the
            next one is, rather than the one drawn: a frozen unit may be drawn, though it does not
            stand for the input.
        workers : int
            >= 1, threads, over which macs are spread.
        progress : bool
            Show a progress bar.

        Returns
        -------
        ndarray, int16, shape (n, macs, Q)
            The winner in each module; -1 where the mac was not active.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or shape: then nothing is learned.

        Notes
        -----
        Cost for each mac and input is that of `MacMemory`: 8 Q K bytes of weights read for each
        word of the field that has an active feature, and some 100 Q K operations to choose.
        """
        if not isinstance(recalled, (bool, np.bool_)):
            raise TypeError(f"recalled must be True or False, got {recalled!r}")
        return self._present(inputs, True, workers, progress, bool(recalled))[0]

    def codes(self, inputs: Any, *, workers: int = 1, progress: bool = False) -> np.ndarray:
        """Codes of inputs in retrieval: in each module the unit of the largest support.

        Parameters, returns and errors are those of `learn`, but for ``recalled``. Nothing changes.
        """
        return self._present(inputs, False, workers, progress)[0]

    def familiarity(self, inputs: Any, *, workers: int = 1, progress: bool = False) -> np.ndarray:
        """G of each mac for each input, float32 (n, macs); 0 where it is not active.

        Parameters and errors are those of `codes`. Nothing changes.
        """
        return self._present(inputs, False, workers, progress)[1]

    def read(self, codes: Any) -> np.ndarray:
        """Inputs that codes stand for, read through the same weights backwards.

        Parameters
        ----------
        codes : array of int, shape (n, macs, Q)
            Winners, -1 where a mac is silent.

        Returns
        -------
        ndarray, float32, shape (n, rows, columns, channels)
            Of the winners that see a feature, the fraction with the weight from it set; 0 of a
            feature that none sees.

        Raises
        ------
        ValueError
            If codes are not as said.

        Notes
        -----
        Cost two operations for each winner and feature of its field.
        """
        from ..kernels.layer import read_codes

        codes = self._checked(codes)
        sums = np.zeros((len(codes), self.tiling.n_sheet), np.int32)
        seen = np.zeros_like(sums)
        read_codes(codes, self.weights, self.tiling.features, self.mac.n_units, sums, seen)
        found = (sums / np.maximum(seen, 1)).astype(np.float32)
        return found.reshape(-1, *self.tiling.shape, self.tiling.channels)

    def packed(self, inputs: Any) -> np.ndarray:
        """Inputs as bits: feature f is bit f%64 of word f // 64, uint64 (n, words)."""
        sheet, array = self.tiling.n_sheet, array_of("inputs", inputs)
        words = -(-sheet // 64)
        if array.dtype == np.uint64 and array.shape[1:] == (words,) and words != sheet:
            if sheet % 64 and np.any(array[:, -1] >> np.uint64(sheet % 64)):
                raise ValueError(f"inputs must be 0 beyond the last of {sheet} features")
            return np.ascontiguousarray(array)
        places, channels = self.tiling.shape, self.tiling.channels
        shapes = [(sheet,), (*places, channels)] + [places] * (channels == 1)
        if array.shape[1:] not in shapes or array.ndim == 0:
            wanted = " or ".join(str(("n", *shape)).replace("'", "") for shape in shapes)
            raise ValueError(f"inputs must have shape {wanted}, got {array.shape}")
        if array.dtype.kind not in "bui":
            raise TypeError(
                f"inputs must be bool or integers 0 and 1, got dtype {array.dtype}: compare them "
                "with a threshold first"
            )
        if array.dtype != bool:
            if array.size and (array.min() < 0 or array.max() > 1):
                raise ValueError(
                    f"inputs must be 0 or 1, got values from {array.min()} to {array.max()}: "
                    "compare them with a threshold first"
                )
            array = array.astype(bool)
        return packed_bits(array.reshape(len(array), sheet))

    def bits(self, codes: np.ndarray) -> np.ndarray:
        """Codes as packed inputs of a layer above: uint64 (n, words).

        The sheet above has this layer's grid as its shape and Q K channels; winner i of module q
        of mac m is feature (m Q + q) K + i.
        """
        from ..kernels.layer import code_bits

        codes = self._checked(codes)
        n_bits = self.tiling.n_macs * self.mac.n_code
        out = np.zeros((len(codes), -(-n_bits // 64)), np.uint64)
        winners = self.tiling.n_macs * self.mac.n_modules
        code_bits(codes.reshape(len(codes), winners), self.mac.n_units, out)
        return out

    def above(self, field: tuple[int, int] | int, stride: tuple[int, int] | int = 1) -> Tiling:
        """Fields of a layer above, on the grid of this one."""
        return Tiling(self.tiling.grid, field, stride, channels=self.mac.n_code)

    def _checked(self, codes: Any) -> np.ndarray:
        array = array_of("codes", codes)
        shape = (self.tiling.n_macs, self.mac.n_modules)
        if array.dtype.kind != "i" or array.shape[1:] != shape:
            raise ValueError(
                f"codes must be integers of shape (n, {shape[0]}, {shape[1]}), got {array.dtype} "
                f"of shape {array.shape}"
            )
        if array.size and (array.min() < -1 or array.max() >= self.mac.n_units):
            raise ValueError(
                f"codes must be in [-1, {self.mac.n_units - 1}], got {array.min()} to {array.max()}"
            )
        return array.astype(array.dtype.newbyteorder("="), copy=False)

    def _present(
        self, inputs: Any, learning: bool, workers: int, progress: bool, recalled: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Codes and familiarities of inputs, learned or not."""
        from tqdm import tqdm

        from ..kernels.layer import present_sheets
        from ..kernels.mac import numbers

        workers = check.integer("workers", workers, 1)
        sheets = self.packed(inputs)
        mac, tiling = self.mac, self.tiling
        codes = np.empty((tiling.n_macs, len(sheets), mac.n_modules), np.int16)
        found = np.empty((tiling.n_macs, len(sheets)), np.float32)
        length = tiling.n_side_by_side
        starts = np.ascontiguousarray(tiling.features[:, ::length], np.int64)
        limits, number = limits_of(mac, tiling.n_features), numbers(mac.selection)
        ended, lock = threading.Event(), threading.Lock()
        bar = tqdm(
            desc="learning" if learning else "recognising", total=tiling.n_macs * len(sheets),
            unit="field", unit_scale=True, disable=None if progress else True, leave=False,
        )  # fmt: skip

        def run(m: int) -> None:
            words = np.empty(self.weights.shape[1], np.uint64)
            sums, scratch = np.empty(mac.n_code, np.uint64), np.empty((2, mac.n_code))
            # Of its own: macs of other threads would write to the same cache lines.
            faded = np.maximum(self.held[m], 1.0) ** -mac.nu
            single, counters = self._single[m : m + 1].copy(), self._counters[m].copy()
            for first in range(0, len(sheets), _BLOCK):
                if ended.is_set():
                    break
                part = slice(first, first + _BLOCK)
                present_sheets(
                    sheets[part], starts[m], length, self.weights[m], self.held[m], faded, limits,
                    number, mac.n_modules, mac.n_units, learning, recalled, counters,
                    single, self._salts[m], words, sums, scratch, codes[m, part], found[m, part],
                )  # fmt: skip
                with lock:
                    bar.update(len(sheets[part]))
            self._single[m], self._counters[m] = single[0], counters

        with bar, ThreadPoolExecutor(min(workers, tiling.n_macs)) as pool:
            try:
                for _ in pool.map(run, range(tiling.n_macs)):
                    pass
            finally:
                ended.set()  # after Ctrl-C, say: others are not waited for to the end
        return np.ascontiguousarray(codes.transpose(1, 0, 2)), np.ascontiguousarray(found.T)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the layer as an ``.npz`` file; OSError if it cannot be written."""
        from ..._files import write_npz

        write_npz(path, **self._entries())

    def _entries(self) -> dict[str, np.ndarray]:
        """What a file holds."""
        from ...serial import to_json

        return {
            "mac": np.array(to_json(self.mac)),
            "tiling": np.array(to_json(self.tiling)),
            "seed": np.array(str(self.seed)),
            "weights": self.weights,
            "learned": self._counters[:, 1:],
            "generators": self._single,
        }

    @classmethod
    def restore(cls, path: str | os.PathLike[str]) -> Layer:
        """The layer that `save` wrote, which goes on as that would.

        Raises
        ------
        OSError
            If the file cannot be read.
        ValueError
            If it holds no layer.
        """
        from ..._files import read_npz

        names = ("mac", "tiling", "seed", "weights", "learned", "generators")
        return read_npz(path, "a Layer", names, cls._of)

    @classmethod
    def _of(cls, entry: dict[str, np.ndarray]) -> Layer:
        """The layer of the arrays of a file; ValueError if they make none."""
        from ...serial import from_json
        from ..kernels.hierarchy import count_held

        mac, tiling = (from_json(str(entry[name])) for name in ("mac", "tiling"))
        found = cls(mac, tiling, seed=int(str(entry["seed"])))
        take_over(
            {
                "weights": found.weights, "learned": found._counters[:, 1:],
                "generators": found._single,
            }, entry
        )  # fmt: skip
        spare = found.tiling.n_features % 64
        if spare and np.any(found.weights[:, -1] >> np.uint64(spare)):
            raise ValueError(f"weights must be 0 beyond the last of {tiling.n_features} features")
        if np.any(found._counters < 0) or not found._single.any(axis=1).all():
            raise ValueError("learned must be >= 0, and generators other than 0")
        count_held(found.weights, 0, found.weights.shape[1], found.held)
        found._counters[:, 0] = found.held.sum(axis=1)
        return found
