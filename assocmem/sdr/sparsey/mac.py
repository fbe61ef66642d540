"""Model of the mac, the memory module of Sparsey: modules, units and what keeps them selective."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ... import _validate as check
from ...serial import register
from ._shown import shown
from .selection import Selection

if TYPE_CHECKING:
    from .mac_memory import MacMemory


@register
@dataclass(frozen=True)
class Permanence:
    """Weights that fade unless they are met again.

    The clock of a mac ticks at each input presented to be learned while the mac is active. A weight
    set for the first time has rank 0 and fades ``lifetime`` ticks later; a coincidence while it is
    there raises its rank and starts its time again, ``growth`` times longer for each rank. At rank
    ``ranks`` it never fades.

    Parameters
    ----------
    lifetime : int
        >= 1, ticks.
    growth : float
        >= 1.
    ranks : int
        >= 1, at most 255.

    Notes
    -----
    What is not learned renews nothing: inputs that are familiar to a mac with ``novelty``, units
    that have reached their ``cap`` and a mac that has reached ``freeze``.
    """

    lifetime: int
    growth: float = 2.0
    ranks: int = 4

    __repr__ = shown

    def __post_init__(self) -> None:
        check.set_integer(self, "lifetime", 1, 2**31 - 1)
        object.__setattr__(self, "growth", check.real("growth", self.growth, 1.0))
        check.set_integer(self, "ranks", 1, 255)


@register
@dataclass(frozen=True)
class Mac:
    """A macrocolumn: Q competitive modules of K binary units, a code being one winner in each.

    All weights are binary; one coincidence of an active afferent and a winner sets them. The input
    of each kind is normalised by pi, the number of its active afferents: U = min(1, u/pi_U), and
    likewise H and D, pi_H and pi_D being Q times the number of active macs they come from.

    With plain learning units that win often hold the union of everything and match every input.
    What keeps them selective are ``cap``, ``freeze``, ``novelty``, ``nu``, ``permanence`` and
    ``recruit``, each of which may be left out. Bounds that are reached but for rounding, of a part
    in 10^12, are reached.

    Parameters
    ----------
    n_modules : int
        Q >= 1.
    n_units : int
        K >= 2, of a module.
    selection : Selection
        How the winners are chosen.
    pi_minus, pi_plus : int
        The mac is active only where the number of its active bottom-up afferents is between these,
        1 <= pi_minus <= pi_plus; no upper bound if left out.
    expected : int, optional
        pi_U, where it is not the number of active features of the present input.
    nu : float
        >= 0, normalised support: sums of a unit with w > pi weights set are multiplied by
        (pi/w)^nu; 0 is the original, 1/2 resembles a cosine. Of every kind of afferents.
    cap : float, optional
        A unit stops learning from a kind of afferents when it has cap * pi weights of this kind
        set, or more (its critical period ends).
    freeze : float, optional
        The mac stops learning from a kind of afferents when this fraction of its weights is set.
    novelty : float, optional
        G_learn: it learns only from inputs of G below this.
    permanence : Permanence, optional
        Weights fade; they stay for ever if left out.
    recruit : float, optional
        Probability in (0, 1]; needs ``novelty`` and ``cap``. To learn, modules then judge each by
        itself, and nothing is drawn by rho: where the largest V of its units is below ``novelty``
        and some unit has not reached its cap, one of these, drawn uniformly, wins with this
        probability, and learns. In all other cases the unit of the largest V wins, and learns
        nothing. So a familiar input is never given a unit that stands for something else, and a
        new one always finds a unit that can still learn it. This rule is our own.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    References
    ----------
    Rinkus, Front. Comput. Neurosci. 8 (2014) 160; Rinkus and Leveille, arXiv:1710.07829 (2017).

    Examples
    --------
    >>> from assocmem.sdr import Mac
    >>> mac = Mac(n_modules=24, n_units=8)
    >>> mac.n_code
    192
    """

    n_modules: int
    n_units: int
    selection: Selection = field(default_factory=Selection)
    pi_minus: int = 1
    pi_plus: int | None = None
    expected: int | None = None
    nu: float = 0.0
    cap: float | None = None
    freeze: float | None = None
    novelty: float | None = None
    permanence: Permanence | None = None
    recruit: float | None = None

    __repr__ = shown

    def __post_init__(self) -> None:
        check.set_integer(self, "n_modules", 1, 2**15)
        check.set_integer(self, "n_units", 2, 2**20)
        if not isinstance(self.selection, Selection):
            raise TypeError(f"selection must be a Selection, got {self.selection!r}")
        check.set_integer(self, "pi_minus", 1, 2**53)  # kernels know them as float64
        if self.pi_plus is not None:
            check.set_integer(self, "pi_plus", self.pi_minus, 2**53)
        if self.expected is not None:
            check.set_integer(self, "expected", 1, 2**53)
        object.__setattr__(self, "nu", check.real("nu", self.nu, 0.0))
        for name, high in (("cap", None), ("freeze", 1.0), ("novelty", None)):
            value = getattr(self, name)
            if value is not None:
                limits = {} if high is None else {"high": high}
                value = check.real(name, value, 0.0, **limits, open_low=True)
                object.__setattr__(self, name, value)
        if self.permanence is not None and not isinstance(self.permanence, Permanence):
            raise TypeError(f"permanence must be a Permanence, got {self.permanence!r}")
        if self.recruit is not None:
            value = check.real("recruit", self.recruit, 0.0, 1.0, open_low=True)
            object.__setattr__(self, "recruit", value)
            for name in ("novelty", "cap"):
                if getattr(self, name) is None:
                    raise ValueError(f"{name} must be given where recruit={value:g}, got None")

    @property
    def n_code(self) -> int:
        """Q K, units of a code."""
        return self.n_modules * self.n_units

    def memory(self, n_features: int, *, seed: int = 0) -> MacMemory:
        """An empty mac with ``n_features`` bottom-up afferents."""
        from .mac_memory import MacMemory

        return MacMemory(self, n_features, seed=seed)
