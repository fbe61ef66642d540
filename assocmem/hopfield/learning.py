"""Learning from examples of archetypes.

An archetype xi is seen M times as eta = xi chi, with P(chi = +-1) = (1 +- r)/2.

R = r^2 + (1 - r^2)/M is the variance of the mean of the M examples, rho = (1 - r^2)/(M r^2) the
entropy of the set of examples, R = r^2 (1 + rho).
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import _validate as check
from ..serial import register


@dataclass(frozen=True)
class _Examples:
    """What both protocols have in common."""

    n_examples: int
    quality: float

    def __post_init__(self) -> None:
        number = check.integer("n_examples", self.n_examples, 1, 10**9)
        object.__setattr__(self, "n_examples", number)
        quality = check.real("quality", self.quality, 0.0, 1.0, open_low=True)
        object.__setattr__(self, "quality", quality)

    @property
    def variance(self) -> float:
        """R, that of the mean example."""
        r2 = self.quality**2
        return r2 + (1.0 - r2) / self.n_examples

    @property
    def entropy(self) -> float:
        """Entropy rho of the set of examples."""
        r2 = self.quality**2
        return (1.0 - r2) / (self.n_examples * r2)


@register
@dataclass(frozen=True)
class Supervised(_Examples):
    """A teacher groups the examples: what is stored is the mean example of each archetype.

    H = -(1/(N^(p-1) R^(p/2))) sum_mu e_p(etabar^mu s), over distinct indices,
    etabar^mu_i = (1/M) sum_a eta^(mu,a)_i.

    Parameters
    ----------
    n_examples : int
        M >= 1 examples of each archetype.
    quality : float
        r in (0, 1].

    References
    ----------
    Agliari et al., arXiv 2212.00606.
    """


@register
@dataclass(frozen=True)
class Unsupervised(_Examples):
    """Nobody groups the examples: each is stored by itself.

    H = -(1/(M N^(p-1) R^(p/2))) sum_mu sum_a e_p(eta^(mu,a) s), over distinct indices.

    Parameters
    ----------
    n_examples : int
        M >= 1 examples of each archetype.
    quality : float
        r in (0, 1].

    References
    ----------
    Agliari et al., arXiv 2211.14067.
    """
