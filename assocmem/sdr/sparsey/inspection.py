"""What happens inside a mac at one input, from sums to winners."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ._inputs import packed_inputs
from .mac import Mac

if TYPE_CHECKING:
    import matplotlib.axes

    from .mac_memory import MacMemory

_ROWS = 12


@dataclass(frozen=True, eq=False)
class Inspection:
    """Every intermediate of one presentation of an input to a mac; arrays are (Q, K).

    Where the mac is not active there are no winners: they are -1, sums, supports, G, zeta and
    chances are 0, eta and psi 1.

    Attributes
    ----------
    mac : Mac
    active : bool
        Whether the number of active features was within the mac's bounds.
    size : int
        Active features.
    pi : float
        pi_U, what sums are divided by.
    u : ndarray, float64
        Sums: active features whose weight is set.
    held : ndarray, int32
        Weights set of each unit.
    U : ndarray, float64
        Normalised: min(1, u/pi), times (pi/held)^nu where held > pi.
    V : ndarray, float64
        Supports, U^lambda_u.
    G : float
        Familiarity, the mean over modules of the largest V.
    zeta : int
        Hypotheses: units of a module with V > v_zeta, the mean over modules, rounded.
    eta : float
        Expansivity.
    psi, rho : ndarray, float64
        Sigmoid of V, and chance of each unit to be drawn.
    winners : ndarray, int, shape (Q,)
        The code.
    choice : str
        "draw", with chances rho, "maximum", the largest V, or "recruit", by `Mac.recruit`.
    learned : bool
        Whether the mac learned from the input.
    n_set : int
        Weights that this set newly.
    """

    mac: Mac
    active: bool
    size: int
    pi: float
    u: np.ndarray
    held: np.ndarray
    U: np.ndarray
    V: np.ndarray
    G: float
    zeta: int
    eta: float
    psi: np.ndarray
    rho: np.ndarray
    winners: np.ndarray
    choice: str
    learned: bool
    n_set: int

    def __repr__(self) -> str:
        if not self.active:
            most = "" if self.mac.pi_plus is None else f" to {self.mac.pi_plus}"
            return (
                f"Inspection: not active, {self.size} active features where the mac wants "
                f"{self.mac.pi_minus}{most or ' or more'}"
            )
        learned = f", learned: {self.n_set} weights set" if self.learned else ""
        chosen = {
            "draw": "drawn",
            "maximum": "of largest support",
            "recruit": "recruited where they learned, else of largest support",
        }[self.choice]
        lines = [
            f"Inspection: {self.size} active features, pi {self.pi:g}; familiarity G "
            f"{self.G:.4f}, hypotheses {self.zeta}, expansivity eta {self.eta:.6g}",
            f"winners {chosen}{learned}",
            "module  winner      u      V    rho  largest V  largest rho",
        ]
        for q in range(min(len(self.winners), _ROWS)):
            k = int(self.winners[q])
            lines.append(
                f"{q:6d}  {k:6d}  {self.u[q, k]:5g} {self.V[q, k]:6.3f} {self.rho[q, k]:6.3f}  "
                f"{self.V[q].max():9.3f}  {self.rho[q].max():11.3f}"
            )
        if len(self.winners) > _ROWS:
            lines.append(f"and {len(self.winners) - _ROWS} modules more")
        return "\n".join(lines)

    def plot(self, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
        """Supports and chances of all units, see `pictures.draw_inspection`."""
        from .pictures import draw_inspection

        return draw_inspection(self, ax)


def inspected(memory: MacMemory, pattern: Any, learn: bool, choice: str) -> Inspection:
    """Present one input to a memory and note everything, by the kernels that all inputs meet."""
    from ..kernels import mac as kernels
    from ..kernels.packed import count_bits
    from ..kernels.permanence import fade

    mac, arrays = memory.mac, memory._arrays
    rows, single = packed_inputs("pattern", pattern, memory.n_features)
    if not single:
        raise ValueError(f"pattern must be one input, got {len(rows)}")
    size = int(count_bits(rows[0]))
    active = mac.pi_minus <= size and (mac.pi_plus is None or size <= mac.pi_plus)
    pi = float(mac.expected or size)
    if learn and active and mac.permanence is not None:
        # As the clock ticks: the presentation itself will find nothing more to clear.
        arrays.counters[0] -= fade(
            arrays.weights, arrays.held, arrays.ranks, arrays.expiry, arrays.earliest,
            arrays.counters[1] + 1,
        )  # fmt: skip
    held, before = arrays.held.copy(), arrays.counters.copy()
    codes, found, _ = memory._present(pattern, learn, choice, "pattern")
    shape, units = (mac.n_modules, mac.n_units), mac.n_code
    u, v, normalised, psi, rho = np.zeros((5, units))
    zeta, eta = 0, 1.0
    psi[:] = 1.0
    if active:
        u[:], v[:] = arrays.scratch[0, :units], arrays.scratch[1, :units]
        normalised[:] = 1.0
        kernels.times_support(u, held, pi, mac.nu, 1.0, normalised)
        zeta = int(kernels.hypotheses(v, *shape, arrays.numbers[kernels.V_ZETA]))
        eta = float(kernels.expansivity(found[0], arrays.numbers, mac.n_units))
        kernels.sigmoids(v, eta, arrays.numbers, psi)
        kernels.chances(v, eta, arrays.numbers, *shape, rho)
    change = arrays.counters - before
    if learn and choice == "draw" and mac.recruit is not None:
        choice = "recruit"
    u, held, normalised, v, psi, rho = (
        array.reshape(shape) for array in (u, held, normalised, v, psi, rho)
    )
    return Inspection(
        mac, active, size, pi, u, held, normalised, v, float(found[0]), zeta, eta, psi, rho,
        codes[0], choice, bool(change[2]), int(change[0]),
    )  # fmt: skip
