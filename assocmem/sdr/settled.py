"""Where recall from what was recalled leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .sdr import SDR


@dataclass(frozen=True, eq=False)
class Settled:
    """Where recall from recall led.

    Parameters
    ----------
    states : tuple of SDR
        The cue and what each step gave.
    end : {"fixed point", "cycle", "limit"}
        Why it stopped: a state that gives itself, one that was there before, or ``max_steps``.
    period : int
        Of the cycle, 1 for a fixed point, 0 if not known.
    """

    states: tuple[SDR, ...]
    end: str
    period: int

    @property
    def state(self) -> SDR:
        """The last one."""
        return self.states[-1]
