"""What a hierarchy gives back: its state after a step, and what a sequence was recognised as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

Codes = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Step:
    """Codes of all macs after a step.

    Attributes
    ----------
    codes : tuple of ndarray, int32, shape (macs, Q)
        Winner of each module, for each level from the lowest; -1 where a mac has no code.
    familiarity : tuple of ndarray, float64, shape (macs,)
        G when the code was chosen; 0 where there is none.
    zeta : tuple of ndarray, int64, shape (macs,)
        Hypotheses that competed then.
    age : tuple of ndarray, int64, shape (macs,)
        Steps that the code has lasted, this one included.
    """

    codes: Codes = field(repr=False)
    familiarity: Codes = field(repr=False)
    zeta: Codes = field(repr=False)
    age: Codes = field(repr=False)

    @property
    def active(self) -> Codes:
        """Which macs have a code, bool (macs,) for each level."""
        return tuple(age > 0 for age in self.age)

    def __repr__(self) -> str:
        parts = []
        for k, (on, g) in enumerate(zip(self.active, self.familiarity, strict=True)):
            mean = f", G {g[on].mean():.3f}" if on.any() else ""
            parts.append(f"level {k + 1}: {int(on.sum())} of {len(on)} macs{mean}")
        return f"Step({'; '.join(parts)})"


@dataclass(frozen=True)
class Recognised:
    """Stored steps whose codes are most like those of each step of a presented sequence.

    The share of winners of two sets of codes is the number of modules with the same winner in both,
    divided by the number of modules with a winner in the one that has more of them.

    Attributes
    ----------
    shares : ndarray, float64, shape (steps, stored sequences)
        Share of the best step of each stored sequence, for each step presented.
    times : ndarray, int64, shape (steps, stored sequences)
        Which step of the stored sequence that is, the first where several are equal.
    """

    shares: np.ndarray = field(repr=False)
    times: np.ndarray = field(repr=False)

    @property
    def sequence(self) -> np.ndarray:
        """The stored sequence of the best step, the first where equal: int64 (steps,)."""
        return self.shares.argmax(axis=1)

    @property
    def time(self) -> np.ndarray:
        """Its step, int64 (steps,)."""
        return self.times[np.arange(len(self.times)), self.sequence]

    @property
    def share(self) -> np.ndarray:
        """Its share of winners, float64 (steps,)."""
        return self.shares.max(axis=1)

    @property
    def mean(self) -> np.ndarray:
        """Mean share over all steps, float64 (stored sequences,)."""
        return self.shares.mean(axis=0)

    @property
    def winner(self) -> int:
        """The stored sequence of the largest mean share."""
        return int(self.mean.argmax())

    def __repr__(self) -> str:
        share = self.mean[self.winner]
        return f"Recognised(winner={self.winner}, share={share:.3f}, steps={len(self.shares)})"


def _flat(name: str, codes: Sequence[np.ndarray], wanted: list[tuple[int, int]]) -> np.ndarray:
    """Codes of all levels side by side, int32 (steps, winners)."""
    try:
        arrays = [np.asarray(entry) for entry in codes]
    except (TypeError, ValueError):
        raise TypeError(f"{name} must hold one array for each level, got {codes!r}") from None
    shapes = [entry.shape for entry in arrays]
    steps = shapes[0][0] if shapes and shapes[0] else 0
    if shapes != [(steps, *shape) for shape in wanted] or any(a.dtype.kind != "i" for a in arrays):
        raise ValueError(
            f"{name} must be integers of shapes (steps, macs, Q) with (macs, Q) = {wanted}, "
            f"got shapes {shapes}"
        )
    if not steps:
        raise ValueError(f"{name} must have at least one step, got none")
    return np.concatenate([a.reshape(steps, -1) for a in arrays], axis=1).astype(np.int32)


def flattened(
    stored: Sequence[Codes], wanted: list[tuple[int, int]], levels: slice
) -> list[np.ndarray]:
    """Codes of each stored sequence of some levels, side by side: int32 (steps, winners).

    ``wanted`` are macs and modules of all levels. Errors call the codes ``stored_codes``.
    """
    try:
        stored = list(stored)
    except TypeError:
        raise TypeError(f"stored_codes must be a sequence of codes, got {stored!r}") from None
    ends = [0, *np.cumsum([macs * modules for macs, modules in wanted])]
    places = range(len(wanted))[levels]
    columns = slice(ends[places[0]], ends[places[-1] + 1])
    parts = []
    for s, codes in enumerate(stored):
        flat = _flat(f"stored_codes[{s}]", codes, wanted)
        parts.append(np.ascontiguousarray(flat[:, columns]))
    if not parts:
        raise ValueError("stored_codes must hold at least one sequence, got none")
    return parts


def compare(present: np.ndarray, stored: list[np.ndarray]) -> Recognised:
    """Best steps of each stored sequence for each present one, of `flattened` codes."""
    from ..kernels.hierarchy import count_shared

    shape = (len(present), len(stored))
    shares, times = np.empty(shape), np.empty(shape, np.int64)
    most = (present >= 0).sum(axis=1)[:, None]
    for s, part in enumerate(stored):
        shared = np.empty((len(present), len(part)), np.int32)
        count_shared(present, part, shared)
        share = shared / np.maximum(1, np.maximum(most, (part >= 0).sum(axis=1)))
        times[:, s] = share.argmax(axis=1)
        shares[:, s] = share.max(axis=1)
    return Recognised(shares, times)
