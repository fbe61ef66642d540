"""A hierarchy of macs at work: sequences stored in one trial, recalled, completed, recognised."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import _validate as check
from . import hierarchy_arrays as arrays
from ._writable import Writable
from .hierarchy import Hierarchy
from .hierarchy_frames import packed_frames
from .hierarchy_recall import Codes, Recognised, Step, compare, flattened

if TYPE_CHECKING:
    from .hierarchy_inspection import MacState


class HierarchyMemory(Writable):
    """A running hierarchy; see `Hierarchy` for what happens at a step.

    Frames are SDRs, arrays of 0 and 1 of all features (flat, or of the shape of the input), lists
    of active features, or None: no input, free recall. Levels are counted from 0, the lowest, as in
    ``model.levels``.

    Parameters
    ----------
    model : Hierarchy
    seed : int
        >= 0. Each mac has a generator of its own.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Notes
    -----
    A step costs the same however much is stored: for each mac that chooses a code a population
    count for each unit and each word of its afferents that is not 0, and some operations a unit.
    Memory: a bit for each weight, the afferents from each source filled up to whole words, and 9
    bytes for each that fades; some tens of bytes a unit beside.

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem.sdr import Hierarchy, Level, Mac
    >>> memory = Hierarchy((8, 8), Level(Mac(16, 16), field=8)).memory(seed=1)
    >>> films = np.random.default_rng(0).random((3, 6, 64)) < 0.2
    >>> codes = [memory.store(film) for film in films]
    >>> bool((memory.recall(films[1][:1], 5) == films[1][1:]).all())
    True
    """

    def __init__(self, model: Hierarchy, *, seed: int = 0) -> None:
        if not isinstance(model, Hierarchy):
            raise TypeError(f"model must be a Hierarchy, got {model!r}")
        self.model = model
        self.seed = check.integer("seed", seed, 0)
        self.n_steps = 0  # presented to be learned
        self._tilings = model.tilings
        self._levels = tuple(arrays.empty(model, j, self.seed) for j in range(len(self._tilings)))
        self._shape = (*model.shape, model.channels)

    def __repr__(self) -> str:
        return f"HierarchyMemory({self.model!r}, seed={self.seed}, n_steps={self.n_steps})"

    @property
    def n_weights(self) -> tuple[dict[str, int], ...]:
        """Weights of each level by kind of afferents, ``u``, ``h`` and ``d``; kinds with any."""
        numbers = [arrays.possible(self.model, j).sum(axis=0) for j in range(len(self._levels))]
        return tuple(
            {kind: int(n) for kind, n in zip("uhd", row, strict=True) if n} for row in numbers
        )

    @property
    def load(self) -> tuple[dict[str, float], ...]:
        """Fraction of them that are set."""
        held = [
            dict(zip("uhd", level.tally[:, :3].sum(axis=0), strict=True)) for level in self._levels
        ]
        return tuple(
            {kind: int(held[j][kind]) / n for kind, n in entry.items()}
            for j, entry in enumerate(self.n_weights)
        )

    def sources(self, level: int) -> dict[str, np.ndarray]:
        """Where afferents of the macs of a level come from, int32 (macs, most) by kind.

        ``u``: features of the input at level 0, macs of the level below at others, in the order of
        the field; ``h``: macs of the level; ``d``: macs of the next level. -1 fills up rows of macs
        that have fewer.
        """
        return arrays.sources(self.model, self._level("level", level))

    def weights(self, level: int, mac: int) -> dict[str, np.ndarray]:
        """Weights of one mac by kind, bool (afferents, Q, K), sources in the order of `sources`.

        An afferent of a mac has number (source, module, unit), flattened.
        """
        j = self._level("level", level)
        m = check.integer("mac", mac, 0, self._tilings[j].n_macs - 1)
        return arrays.dense_weights(self.model, j, self._levels[j], m)

    def reset(self) -> None:
        """Take all codes away, as before a new sequence; weights and generators stay."""
        for level in self._levels:
            arrays.clear(level)

    def step(self, frame: Any, *, learn: bool = False) -> Step:
        """Present one frame after those before it.

        Parameters
        ----------
        frame : SDR, array, list of int or None
        learn : bool
            Draw codes and learn them; take the best ones and do not learn by default.

        Returns
        -------
        Step

        Raises
        ------
        TypeError, ValueError
            If ``frame`` is none.
        """
        frames, given = packed_frames("frame", [frame], self._shape)
        self._run(frames, given, learn)
        return arrays.step_of(self._levels)

    def _run(
        self,
        frames: np.ndarray,
        given: np.ndarray,
        learn: bool = False,
        threshold: float | None = None,
    ) -> tuple[Codes, Codes, np.ndarray]:
        """Codes, familiarities and, with a threshold, features read at each step."""
        from ..kernels.hierarchy import run

        if not isinstance(learn, (bool, np.bool_)):
            raise TypeError(f"learn must be True or False, got {learn!r}")
        steps, sheet = len(frames), self._tilings[0].n_sheet
        codes = tuple(np.empty((steps, *level.winners.shape), np.int32) for level in self._levels)
        familiar = tuple(np.empty((steps, len(level.winners))) for level in self._levels)
        reads = np.zeros((0 if threshold is None else steps, sheet), np.bool_)
        features = np.empty((2, sheet), np.int64)
        bound = 1.0 if threshold is None else threshold
        run(self._levels, frames, given, bool(learn), bound, codes, familiar, reads, features)
        if learn:
            self.n_steps += steps
        return codes, familiar, reads

    def store(self, sequence: Any, target: None = None) -> Codes:
        """Learn a sequence in one presentation, from a state without codes.

        Parameters
        ----------
        sequence : array (steps, features), or iterable of frames
        target : None
            Sequences go with themselves.

        Returns
        -------
        tuple of ndarray, int32, shape (steps, macs, Q)
            Codes at each step, for each level from the lowest; -1 where a mac has none.

        Raises
        ------
        TypeError, ValueError
            If ``sequence`` is none, or ``target`` is given; nothing is learned then.
        """
        if target is not None:
            raise ValueError("target must be left out: sequences are associated with themselves")
        frames, given = packed_frames("sequence", sequence, self._shape)
        self.reset()
        return self._run(frames, given, True)[0]

    def codes(self, sequence: Any) -> Codes:
        """Codes at each step of a sequence in retrieval, as `store` returns them."""
        frames, given = packed_frames("sequence", sequence, self._shape)
        self.reset()
        return self._run(frames, given)[0]

    def read(self, *, threshold: float = 1.0) -> np.ndarray:
        """Features that the present codes of the lowest level stand for.

        Parameters
        ----------
        threshold : float
            In (0, 1]: a feature is on if at least this fraction of the winners of all macs that
            see it and have a code have their weight from it set.

        Returns
        -------
        ndarray, bool, shape (features,)
        """
        from ..kernels.hierarchy import read

        threshold = _fraction(threshold)
        sheet = self._tilings[0].n_sheet
        found, features = np.empty(sheet, np.bool_), np.empty((2, sheet), np.int64)
        read(self._levels[0], threshold, features[0], features[1], found)
        return found

    def recall(self, prompt: Any, steps: int = 1, *, threshold: float = 1.0) -> np.ndarray:
        """Go on alone after the first frames of a sequence.

        Parameters
        ----------
        prompt : array (steps, features), or iterable of frames
            Presented for retrieval from a state without codes.
        steps : int
            Steps without input after it, from 0 to 2^31 - 1.
        threshold : float
            See `read`.

        Returns
        -------
        ndarray, bool, shape (steps, features)
            What is read after each of them.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or out of range.
        """
        steps = check.integer("steps", steps, 0, 2**31 - 1)
        threshold = _fraction(threshold)
        frames, given = packed_frames("prompt", prompt, self._shape)
        silence = np.zeros((steps, frames.shape[1]), np.uint64)
        self.reset()
        self._run(frames, given)
        return self._run(silence, np.zeros(steps, np.bool_), False, threshold)[2]

    def complete(self, sequence: Any, *, threshold: float = 1.0) -> np.ndarray:
        """What is read at each step of a sequence of which parts are missing.

        Parameters
        ----------
        sequence : array (steps, features), or iterable of frames
            Features that are missing are off; where a whole frame is missing it is None.
        threshold : float
            See `read`.

        Returns
        -------
        ndarray, bool, shape (steps, features)
        """
        threshold = _fraction(threshold)
        frames, given = packed_frames("sequence", sequence, self._shape)
        self.reset()
        return self._run(frames, given, False, threshold)[2]

    def recognise(
        self, sequence: Any, stored_codes: Sequence[Codes], *, level: int | None = None
    ) -> Recognised:
        """Find, for each step, the stored step with the most like codes.

        Parameters
        ----------
        sequence : array (steps, features), or iterable of frames
            Presented for retrieval from a state without codes: with noise, parts left out, frames
            left out or repeated.
        stored_codes : sequence of what `store` returned
        level : int, optional
            Compare codes of this level only; all levels if left out. Codes of higher levels last
            for several steps, which their times then cannot tell apart.

        Returns
        -------
        Recognised

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or shape: then nothing is presented.

        Notes
        -----
        This comparison, unlike recall, looks at all stored steps: one comparison for each module.
        """
        frames, given = packed_frames("sequence", sequence, self._shape)
        if not len(frames):
            raise ValueError("sequence must have at least one step, got none")
        levels = slice(None)
        if level is not None:
            levels = slice(self._level("level", level), level + 1)
        wanted = [level.winners.shape for level in self._levels]
        stored = flattened(stored_codes, wanted, levels)
        self.reset()
        present = flattened([self._run(frames, given)[0]], wanted, levels)[0]
        return compare(present, stored)

    def forget(self, pattern: Any, target: Any = None) -> None:
        """Raise ValueError: binary weights do not tell which sequence set them."""
        raise ValueError("a hierarchy cannot forget: its weights are shared by all that it stores")

    def capacity(self, size: int, *, load: float = 0.5) -> float:
        """Steps stored at which some kind of weights of some level has reached a load.

        Parameters
        ----------
        size : int
            Active features of a frame, from 1 to all of them.
        load : float
            Fraction of weights set, in (0, 1).

        Returns
        -------
        float
            For random frames and codes drawn uniformly, all macs active throughout. What is
            recalled at that load is for experiment to say.

        Notes
        -----
        A code that lasts p steps meets the features of p frames, or the codes of p/p' selections of
        level with persistence p' below; a weight is set by a selection where an afferent so met and
        its unit, a winner with chance 1/K, coincide.
        """
        size = check.integer("size", size, 1, self._tilings[0].n_sheet)
        load = check.real("load", load, 0.0, 1.0, open_low=True, open_high=True)
        lasting, levels = self.model.persistences, self.model.levels
        found = math.inf
        for j, kinds in enumerate(self.n_weights):
            units = levels[j].mac.n_units
            if j == 0:
                chance, met = size / self._tilings[0].n_sheet, float(lasting[0])
            else:
                chance, met = 1 / levels[j - 1].mac.n_units, max(1.0, lasting[j] / lasting[j - 1])
            shares = {"u": -math.expm1(met * math.log1p(-chance)) if chance < 1.0 else 1.0}
            shares["h"] = 1 / units
            shares["d"] = 1 / levels[j + 1].mac.n_units if j + 1 < len(levels) else 0.0
            for kind in kinds:
                times = math.log1p(-load) / math.log1p(-shares[kind] / units)
                found = min(found, times * lasting[j])
        return found

    def inspect(self, level: int, mac: int) -> MacState:
        """What happened when one mac last chose a code.

        Parameters
        ----------
        level : int
            0 for the lowest.
        mac : int

        Returns
        -------
        MacState
            V, G, rho and what else there is.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or out of range.
        """
        from .hierarchy_inspection import state_of

        j = self._level("level", level)
        m = check.integer("mac", mac, 0, self._tilings[j].n_macs - 1)
        return state_of(self.model.levels[j].mac, self._levels[j], m)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write weights, codes and generators as an ``.npz`` file; OSError if it cannot be."""
        from .hierarchy_files import save

        save(self, path)

    @classmethod
    def restore(cls, path: str | os.PathLike[str]) -> HierarchyMemory:
        """The memory that `save` wrote, in the middle of a sequence if it was.

        Raises
        ------
        OSError
            If the file cannot be read.
        ValueError
            If it holds no such memory.
        """
        from .hierarchy_files import restore

        return restore(path)

    def _level(self, name: str, level: int) -> int:
        return check.integer(name, level, 0, len(self._levels) - 1)


def _fraction(threshold: float) -> float:
    return check.real("threshold", threshold, 0.0, 1.0, open_low=True)
