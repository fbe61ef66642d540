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
    """

    mac: Mac
    field: tuple[int, int] | int
    stride: tuple[int, int] | int = 1
    persistence: int | None = None
    reach: int | None = 0
    top_down: bool = True

    __repr__ = shown

    def __post_init__(self) -> None:
        if not isinstance(self.mac, Mac):
            raise TypeError(f"mac must be a Mac, got {self.mac!r}")
        for name in ("field", "stride"):
            object.__setattr__(self, name, pair(name, getattr(self, name)))
        if self.persistence is not None:
            check.set_integer(self, "persistence", 1)
        if self.reach is not None:
            check.set_integer(self, "reach", 0)
        if not isinstance(self.top_down, bool):
            raise TypeError(f"top_down must be True or False, got {self.top_down!r}")


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
        levels = (self.levels,) if isinstance(self.levels, Level) else tuple(self.levels)
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
            for side in range(2):
                check.integer(f"levels[{k}].field[{side}]", level.field[side], 1, shape[side])
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
