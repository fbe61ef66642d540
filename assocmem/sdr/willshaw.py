"""Model of the Willshaw-Steinbuch memory: binary synapses, each set by a single coincidence."""

from __future__ import annotations

from dataclasses import dataclass, field

from .. import _validate as check
from ..serial import register
from .noise import Drop, Kill, Noise, Replace, Swap
from .willshaw_memory import MOST, TIES, WillshawMemory, rule

__all__ = ["Willshaw", "WillshawMemory"]


@register
@dataclass(frozen=True)
class Willshaw:
    """Associations of random sparse patterns in a binary matrix, and how they are recalled.

    ``n_patterns`` pairs of patterns x, y are stored, each independent and uniform among those of
    ``a_in`` of ``n_in`` and ``a_out`` of ``n_out`` active cells. Synapse W_ij from input j to
    output i is 1 where any pair has x_j = y_i = 1, else 0. A stored x is presented with ``noise``;
    output i has the dendritic sum s_i of its synapses from active inputs, and is on by one of three
    rules:

    - by default, where s_i is the number of active cue bits (Willshaw's threshold);
    - ``threshold``: where s_i is at least so large;
    - ``winners``: where s_i is among so many largest ones, ties as ``ties`` says.

    Parameters
    ----------
    n_in, n_out : int
        Cells, >= 1.
    a_in, a_out : int
        Active cells of a pattern: 1 <= a_in <= n_in and 1 <= a_out < n_out.
    n_patterns : int
        M >= 1, pairs stored.
    auto : bool
        Each pattern is associated with itself, y = x: then n_out = n_in and a_out = a_in.
    diagonal : bool
        Whether a cell has a synapse onto itself, in auto-association. Without one, the default
        rule leaves the cell itself out of the count: it wants synapses from all *other* cue bits.
    noise : Drop, Replace, Swap or Kill
        What happens to x before it is presented.
    threshold : int, optional
    winners : int, optional
        From 1 to n_out. At most one of the two may be given.
    ties : {"lowest", "random", "all"}
        Which of the outputs tied at the last place of winners are on: those of lowest index, a
        uniform choice, or all of them, more than ``winners``.
    steps : int
        >= 1, recalls in a row in auto-association, each from what the last one gave; stops at a
        fixed point. By the default rule later ones ask for all bits recalled, spurious ones too;
        winners complete better.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    References
    ----------
    Willshaw, Buneman, Longuet-Higgins, Nature 222 (1969) 960; Palm, Biol. Cybern. 36 (1980) 19.

    Examples
    --------
    >>> from assocmem.sdr import Drop, Willshaw
    >>> Willshaw(1000, 1000, 10, 10, n_patterns=5000, noise=Drop(2))
    Willshaw(1000, 1000, 10, 10, n_patterns=5000, noise=Drop(bits=2))
    """

    n_in: int
    n_out: int
    a_in: int
    a_out: int
    n_patterns: int = 1
    auto: bool = False
    diagonal: bool = True
    noise: Noise = field(default_factory=Drop)
    threshold: int | None = None
    winners: int | None = None
    ties: str = "lowest"
    steps: int = 1

    def __post_init__(self) -> None:
        for name, low in (("n_in", 1), ("n_out", 2)):
            object.__setattr__(self, name, check.integer(name, getattr(self, name), low, MOST))
        for name, high in (
            ("a_in", self.n_in),
            ("a_out", self.n_out - 1),
            ("n_patterns", None),
            ("steps", None),
        ):
            object.__setattr__(self, name, check.integer(name, getattr(self, name), 1, high))
        for name in ("auto", "diagonal"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name} must be True or False, got {getattr(self, name)!r}")
        if self.auto and (self.n_in != self.n_out or self.a_in != self.a_out):
            raise ValueError(
                f"n_out and a_out must be n_in={self.n_in} and a_in={self.a_in} where auto=True, "
                f"got {self.n_out} and {self.a_out}"
            )
        if not self.auto and not self.diagonal:
            raise ValueError("diagonal must be True where auto=False, got False")
        if not isinstance(self.noise, (Drop, Replace, Swap, Kill)):
            raise TypeError(f"noise must be Drop, Replace, Swap or Kill, got {self.noise!r}")
        if isinstance(self.noise, Kill):
            check.integer("noise.cells", self.noise.cells, 0, self.n_in)
        else:
            check.integer("noise.bits", self.noise.bits, 0, self.a_in)
            if isinstance(self.noise, Replace):
                check.integer("noise.bits", self.noise.bits, 0, self.n_in - self.a_in)
        threshold, winners = rule(self.threshold, self.winners, self.n_out)
        object.__setattr__(self, "threshold", threshold)
        object.__setattr__(self, "winners", winners)
        check.choice("ties", self.ties, TIES)
        if self.steps > 1 and not self.auto:
            raise ValueError(f"steps must be 1 where auto=False, got {self.steps}")

    def __repr__(self) -> str:
        parts = [f"{self.n_in}, {self.n_out}, {self.a_in}, {self.a_out}"]
        parts += [f"n_patterns={self.n_patterns}"]
        for name, usual in (
            ("auto", False),
            ("diagonal", True),
            ("noise", Drop()),
            ("threshold", None),
            ("winners", None),
            ("ties", "lowest"),
            ("steps", 1),
        ):
            if getattr(self, name) != usual:
                parts += [f"{name}={getattr(self, name)!r}"]
        return f"Willshaw({', '.join(parts)})"

    @property
    def n_synapses(self) -> int:
        """Synapses of the matrix: n_in n_out, less the diagonal where there is none."""
        return self.n_in * self.n_out - (0 if self.diagonal else self.n_in)

    def memory(self, *, counts: bool = False) -> WillshawMemory:
        """An empty memory of these sizes."""
        return WillshawMemory(
            self.n_in, self.n_out, auto=self.auto, diagonal=self.diagonal, counts=counts
        )
