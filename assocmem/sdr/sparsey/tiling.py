"""Grids of overlapping fields: which of a sheet of features each mac of a level sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ... import _validate as check
from ...serial import register
from ._shown import shown

if TYPE_CHECKING:
    import numpy as np


@register
@dataclass(frozen=True)
class Tiling:
    """Square or oblong fields on a sheet of rows x columns places, ``channels`` features at each.

    Feature f of place (r, c) has number (r columns + c) channels + f. Fields start at the first row
    and column and are ``stride`` apart; places that no whole field reaches are left out.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the sheet, >= 1; at most 2^31 - 1 features in all.
    field : (int, int) or int
        Rows and columns of a field, at most those of the sheet.
    stride : (int, int) or int
        >= 1.
    channels : int
        Features of each place, >= 1.

    Examples
    --------
    >>> from assocmem.sdr import Tiling
    >>> tiling = Tiling((28, 28), field=9, stride=3)
    >>> tiling.grid, tiling.n_features
    ((7, 7), 81)
    """

    shape: tuple[int, int]
    field: tuple[int, int] | int
    stride: tuple[int, int] | int = 1
    channels: int = 1

    __repr__ = shown

    def __post_init__(self) -> None:
        for name in ("shape", "field", "stride"):
            object.__setattr__(self, name, pair(name, getattr(self, name)))
        for k in range(2):
            check.integer(f"field[{k}]", self.field[k], 1, self.shape[k])
        check.set_integer(self, "channels", 1)
        check.integer("features of shape and channels", self.n_sheet, 1, 2**31 - 1)

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of macs."""
        (rows, columns), (high, wide) = self.shape, self.field
        return (rows - high) // self.stride[0] + 1, (columns - wide) // self.stride[1] + 1

    @property
    def n_macs(self) -> int:
        """Number of macs; that of mac (i, j) of the grid is i columns + j."""
        return self.grid[0] * self.grid[1]

    @property
    def n_sheet(self) -> int:
        """Features of the sheet."""
        return self.shape[0] * self.shape[1] * self.channels

    @property
    def n_features(self) -> int:
        """Features of a field."""
        return self.field[0] * self.field[1] * self.channels

    @property
    def n_side_by_side(self) -> int:
        """Features of each row of a field, whose numbers follow one another."""
        return self.n_features // self.field[0]

    @property
    def places(self) -> np.ndarray:
        """Places in the field of each mac, row by row, int32 (macs, rows columns of a field)."""
        import numpy as np

        down, along = (np.arange(n) * s for n, s in zip(self.grid, self.stride, strict=True))
        rows = down[:, None, None, None] + np.arange(self.field[0])[:, None]
        columns = along[None, :, None, None] + np.arange(self.field[1])
        found = rows * self.shape[1] + columns
        return found.reshape(self.n_macs, -1).astype(np.int32)

    @property
    def features(self) -> np.ndarray:
        """Features that each mac sees, in the order of its afferents, int32 (macs, n_features)."""
        import numpy as np

        found = self.places[:, :, None] * self.channels + np.arange(self.channels, dtype=np.int32)
        return found.reshape(self.n_macs, -1)


def pair(name: str, value: tuple[int, int] | list[int] | int) -> tuple[int, int]:
    """Two integers >= 1 of what a caller gives: both, or one for both."""
    if not isinstance(value, (tuple, list)):
        value = (value, value)
    if len(value) != 2:
        raise ValueError(f"{name} must be one integer or two, got {value!r}")
    first, second = (check.integer(f"{name}[{k}]", value[k], 1, 2**31 - 1) for k in range(2))
    return first, second
