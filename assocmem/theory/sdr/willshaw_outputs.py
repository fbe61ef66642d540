"""Outputs of a Willshaw memory by their kinds: how many there are, and the law of their sums."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...sdr.noise import Drop, Kill, Replace
from .willshaw_cover import ScaledLaw, cover_law


@dataclass(frozen=True, eq=False)
class Kind:
    """Outputs of one kind.

    Parameters
    ----------
    count : int
        How many.
    wanted : bool
        Whether they belong to the pattern that should be recalled.
    certain : int
        Part of the dendritic sum that is the same for all of them.
    law : ScaledLaw
        Of the rest.
    threshold : int
        What the sum must reach.
    """

    count: int
    wanted: bool
    certain: int
    law: ScaledLaw
    threshold: int

    @property
    def log_on(self) -> float:
        """Natural logarithm of P(on)."""
        return self.law.log_at_least(self.threshold - self.certain)

    @property
    def log_off(self) -> float:
        """Natural logarithm of P(off)."""
        return self.law.log_below(self.threshold - self.certain)

    def sums(self, largest: int) -> np.ndarray:
        """Probabilities of dendritic sums 0..largest."""
        out = np.zeros(largest + 1)
        law = self.law.probabilities
        out[self.certain : self.certain + len(law)] = law
        return out


def cues(model: Any) -> list[tuple[float, int, int]]:
    """What noise makes of a pattern: (probability, its bits that stay, bits added) of each case.

    Exact for each noise: numbers are fixed for Drop and Replace; for Swap r of the lost bits come
    back, hypergeometric; Kill takes a hypergeometric number.
    """
    n, a, noise = model.n_in, model.a_in, model.noise
    if isinstance(noise, Kill):
        return [(w, a - lost, 0) for lost, w in _hypergeometric(n, a, noise.cells)]
    v = noise.bits
    if isinstance(noise, Drop):
        return [(1.0, a - v, 0)]
    if isinstance(noise, Replace):
        return [(1.0, a - v, v)]
    return [(w, a - v + r, v - r) for r, w in _hypergeometric(n - a + v, v, v)]


def _hypergeometric(n: int, marked: int, drawn: int) -> list[tuple[int, float]]:
    """(k, probability) for the number of marked ones among those drawn, exact rationals rounded."""
    marked, drawn = max(marked, drawn), min(marked, drawn)  # the law is the same, with fewer digits
    whole = math.comb(n, drawn)
    ways = [
        (k, math.comb(marked, k) * math.comb(n - marked, drawn - k))
        for k in range(max(0, drawn + marked - n), min(marked, drawn) + 1)
    ]
    return [(k, number / whole) for k, number in ways]


def kinds(model: Any, kept: int, added: int) -> list[Kind]:
    """All outputs by kinds, given how many bits of the pattern are in the cue and how many others.

    Exact for each output by itself. An output that the recalled pattern does not hold gets
    synapses from the inputs of R ~ Bin(M - 1, a_out/n_out) others; one that it holds gets them
    from the ``kept`` bits, and from added ones through others as well. In auto-association a
    pattern that holds a cell has its other a - 1 cells among the n - 1 others.
    """
    z, others = kept + added, model.n_patterns - 1
    share = model.a_out, model.n_out

    def law(bits: int) -> ScaledLaw:
        one = int(model.auto)
        return cover_law(model.n_in - one, model.a_in - one, share, bits, others)

    fixed = model.threshold is not None
    threshold = model.threshold if fixed else z
    if not model.auto:
        found = [
            Kind(model.a_out, True, kept, law(added), threshold),
            Kind(model.n_out - model.a_out, False, 0, law(z), threshold),
        ]
    else:
        own = int(model.diagonal)
        inside = threshold if fixed or own else z - 1  # the default rule leaves out the cell itself
        found = [
            Kind(kept, True, kept - 1 + own, law(added), inside),
            Kind(model.a_in - kept, True, kept, law(added), threshold),
            Kind(model.n_in - model.a_in - added, False, 0, law(z), threshold),
        ]
        if added:
            rest = law(z - 1)
            if own:
                rest = _with_own(rest, others * math.log1p(-share[0] / share[1]))
            found.append(Kind(added, False, 0, rest, inside))
    return [kind for kind in found if kind.count]


def _with_own(law: ScaledLaw, log_never: float) -> ScaledLaw:
    """Law of the sum with the cell's own synapse, which is there if any pattern holds the cell.

    Given is the law without it; with no pattern, ln P = ``log_never``, that is 0 too.
    """
    log_zero = law.log_below(1)
    never = np.exp(log_never)
    alone = np.exp(log_zero) * -np.expm1(min(log_never - log_zero, 0.0))
    m, e = np.frexp(np.array([never, alone]))
    return ScaledLaw(
        np.concatenate([m, law.mantissa[1:]]),
        np.concatenate([e.astype(np.int64), law.exponent[1:]]),
    )
