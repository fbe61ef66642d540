"""Model of the hierarchy: levels of macs on grids, what they see and how long codes stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ... import _validate as check
from ...serial import register
from ._shown import shown
from .mac import Mac
from .tiling import Tiling, pair

if TYPE_CHECKING:
    from .hierarchy_memory import HierarchyMemory


@register
@dataclass(frozen=True)
class Level:
    """One level of macs, all of the same kind.

    Parameters
    ----------
    mac : Mac
    field : (int, int) or int
        Rows and columns, of the input at the first level and of macs below at others, that a mac
        sees.
    stride : (int, int) or int
        Between fields of neighbouring macs.
    persistence : int, optional
        Steps >= 1 for which a code stays active; 2^(j-1) at level j = 1, 2, .. if left out.
    reach : int, optional
        Horizontal afferents come from the codes at the previous step of all macs of the level at
        most so far in rows and in columns, the mac itself included: 0 is the mac itself alone. No
        horizontal afferents if left out.
    top_down : bool
        Whether there are afferents from all macs of the next level that see this one, their codes
        being those of the previous step.
    silent_below : float
        In [0, 1]: in free recall, a mac of the lowest level whose G is below this has met nothing
        that could follow, and loses its code. At 0 it chooses one all the same.
    """

    mac: Mac
    field: tuple[int, int] | int
    stride: tuple[int, int] | int = 1
    persistence: int | None = None
    reach: int | None = 0
    top_down: bool = True
    silent_below: float = 0.0

    __repr__ = shown

    def __post_init__(self) -> None:
        if not isinstance(self.mac, Mac):
            raise TypeError(f"mac must be a Mac, got {self.mac!r}")
        if self.mac.recruit is not None:
            raise ValueError(f"mac.recruit must be None in a hierarchy, got {self.mac.recruit:g}")
        for name in ("field", "stride"):
            object.__setattr__(self, name, pair(name, getattr(self, name)))
        if self.persistence is not None:
            check.set_integer(self, "persistence", 1)
        if self.reach is not None:
            check.set_integer(self, "reach", 0)
        if not isinstance(self.top_down, bool):
            raise TypeError(f"top_down must be True or False, got {self.top_down!r}")
        value = check.real("silent_below", self.silent_below, 0.0, 1.0)
        object.__setattr__(self, "silent_below", value)


@register
@dataclass(frozen=True)
class Hierarchy:
    """Levels of macs above a sheet of binary features.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the input.
    levels : sequence of Level
        From the lowest; at least one.
    channels : int
        Binary features at each place of the input.

    Notes
    -----
    At each step the levels follow one another from the lowest. The bottom-up afferents (U) of
    level 1 are features of the present frame, those of level j > 1 are winners of the codes that
    macs below in the field have at this step. Horizontal (H) and top-down (D) afferents are winners
    of codes of the previous step. A mac without a code is no source.

    *Persistence.* A mac whose code has lasted fewer steps than its persistence keeps it. When
    learning, weights from what is active below at this step to its winners are set also then, so
    that the code binds the whole stretch, if the mac learned when it chose the code.

    *Selection.* Any other mac chooses anew if the number of its active U afferents lies in
    [pi_minus, pi_plus], and loses its code otherwise. Kinds of afferents without a source drop out.
    In free recall there is no frame and level 1 has no U: its macs choose by H and D where these
    have a source, whatever pi_minus, and lose their code where not, or where G is less than
    ``silent_below``. Learning draws the winners, retrieval takes the units of the largest V, ties
    at random.

    *Normalisation.* pi of a kind is the number of its active afferents, Q of the source for each
    source; pi_U is ``expected`` where this is given.

    *Multiple hypotheses.* Each selection counts zeta from the V that was used. The sums from a
    source of zeta > 1 count F(zeta)-fold by the ``hypotheses_power`` and ``most_hypotheses`` of
    that source's own level. A source whose F is 0 is not listened to: for V it is no source, and a
    mac left with nothing to choose by loses its code. Bounds of activity, learning and what goes
    with it (``cap``) regard it like any other.

    *Back-off.* In retrieval, where G with all kinds that are there is below ``back_off``, all pairs
    of them are tried (UH, UD, HD), and single kinds (U, H, D) where the largest G found so far is
    still below it; with ``keep_input`` only those with U, where U is there. The combination of the
    largest G counts, the first in this order where equal.

    *Learning.* A mac learns from a selection if G < ``novelty``: it sets the weights of all three
    kinds from all active afferents to its winners, where ``cap`` and ``freeze`` let it. Later
    steps of the same code set weights of U only, pi_U being that of the step. The clock of a mac
    with ``permanence`` ticks at every step presented to be learned at which it has or chooses a
    code, before it chooses.

    Examples
    --------
    >>> from assocmem.sdr import Hierarchy, Level, Mac
    >>> model = Hierarchy((16, 16), (Level(Mac(8, 16), 8, 4), Level(Mac(8, 16), 3)))
    >>> [tiling.grid for tiling in model.tilings]
    [(3, 3), (1, 1)]
    """

    shape: tuple[int, int]
    levels: tuple[Level, ...]
    channels: int = 1

    __repr__ = shown

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", pair("shape", self.shape))
        given = (self.levels,) if isinstance(self.levels, Level) else self.levels
        try:
            levels = tuple(given)
        except TypeError:
            raise TypeError(f"levels must be a sequence of Level, got {given!r}") from None
        if not levels:
            raise ValueError("levels must hold at least one Level, got none")
        for k, level in enumerate(levels):
            if not isinstance(level, Level):
                raise TypeError(f"levels[{k}] must be a Level, got {level!r}")
        object.__setattr__(self, "levels", levels)
        check.set_integer(self, "channels", 1)
        _ = self.tilings  # refuses fields larger than what is below them

    @property
    def tilings(self) -> tuple[Tiling, ...]:
        """Grid and fields of each level; the channels of upper ones are units of codes below."""
        found: list[Tiling] = []
        shape, channels = self.shape, self.channels
        for k, level in enumerate(self.levels):
            for side, wanted in enumerate(pair("field", level.field)):
                check.integer(f"levels[{k}].field[{side}]", wanted, 1, shape[side])
            found.append(Tiling(shape, level.field, level.stride, channels))
            shape, channels = found[-1].grid, level.mac.n_code
        return tuple(found)

    @property
    def persistences(self) -> tuple[int, ...]:
        """Steps for which codes of each level stay active."""
        return tuple(
            2**k if level.persistence is None else level.persistence
            for k, level in enumerate(self.levels)
        )

    def memory(self, *, seed: int = 0) -> HierarchyMemory:
        """An empty hierarchy."""
        from .hierarchy_memory import HierarchyMemory

        return HierarchyMemory(self, seed=seed)
