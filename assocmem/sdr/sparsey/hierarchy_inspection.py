"""What happened in a mac of a hierarchy when it last chose a code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .mac import Mac

if TYPE_CHECKING:
    import matplotlib.axes

    from ..kernels.level import Macs

_KINDS = "uhd"


@dataclass(frozen=True, eq=False)
class MacState:
    """The last selection of a mac in a hierarchy; arrays are (Q, K).

    Where the mac has no code its winners are -1, sums, supports, G, zeta and chances are 0, eta
    is 1.

    Attributes
    ----------
    mac : Mac
    active : bool
        Whether it has a code.
    age : int
        Steps that the code has lasted.
    kinds : str
        Kinds of afferents that counted: letters of "uhd", fewer than were there after back-off.
    sums : dict of str to ndarray, float64
        u, h and d of kinds that were there: active afferents whose weight was set, those from each
        source counted F(zeta)-fold.
    pi : dict of str to float
        What these were divided by.
    V : ndarray, float64
        Supports.
    G : float
        Familiarity.
    zeta : int
        Hypotheses.
    eta : float
        Expansivity.
    rho : ndarray, float64
        Chance of each unit to be drawn.
    winners : ndarray, int32, shape (Q,)
        The code.
    choice : str
        "draw", with chances rho, or "maximum", the largest V.
    learned : bool
        Whether the mac learned from this selection.
    """

    mac: Mac
    active: bool
    age: int
    kinds: str
    sums: dict[str, np.ndarray]
    pi: dict[str, float]
    V: np.ndarray
    G: float
    zeta: int
    eta: float
    rho: np.ndarray
    winners: np.ndarray
    choice: str
    learned: bool

    def __repr__(self) -> str:
        if not self.active:
            return "MacState: no code"
        chosen = {"draw": "drawn", "maximum": "of largest support"}[self.choice]
        pi = ", ".join(f"pi_{kind.upper()} {value:g}" for kind, value in self.pi.items())
        return (
            f"MacState: code of age {self.age} {chosen} by {', '.join(self.kinds.upper())}"
            f"{', learned' if self.learned else ''}; {pi}; familiarity G {self.G:.4f}, hypotheses "
            f"{self.zeta}, expansivity eta {self.eta:.6g}"
        )

    def plot(self, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
        """Supports and chances of all units, see `pictures.draw_inspection`."""
        from .pictures import draw_inspection

        return draw_inspection(self, ax)


def state_of(mac: Mac, level: Macs, m: int) -> MacState:
    """The last selection of mac m of a level."""
    from ..kernels import level as places
    from ..kernels import mac as kernels

    shape = (mac.n_modules, mac.n_units)
    tally, found, supports = level.tally[m], level.found[m], level.supports[m]
    active, eta = bool(tally[places.AGE] > 0), 1.0
    v, rho = np.zeros(mac.n_code), np.zeros(mac.n_code)
    there = [k for k in range(3) if active and found[places.PI + k] > 0.0]
    if active:
        number = level.model[places.NUMBERS :]
        v[:] = supports[places.V]
        eta = float(kernels.expansivity(found[places.G], number, mac.n_units))
        kernels.chances(v, eta, number, *shape, rho)
    return MacState(
        mac=mac,
        active=active,
        age=int(tally[places.AGE]),
        kinds="".join(_KINDS[k] for k in range(3) if tally[places.USED] >> k & 1),
        sums={_KINDS[k]: supports[places.SUM + k].reshape(shape).copy() for k in there},
        pi={_KINDS[k]: float(found[places.PI + k]) for k in there},
        V=v.reshape(shape),
        G=float(found[places.G]),
        zeta=int(tally[places.ZETA]),
        eta=eta,
        rho=rho.reshape(shape),
        winners=level.winners[m].copy(),
        choice="draw" if tally[places.DRAWN] else "maximum",
        learned=bool(tally[places.LEARNED]),
    )
