"""Models of pattern detection: what theory solves, trials simulate and `verify` compares."""

from __future__ import annotations

from dataclasses import dataclass, field

from .. import _validate as check
from ..sdr.activity import Activity, Bernoulli, Clustered, UnequalRates, Uniform
from ..sdr.noise import Drop, Kill, Noise, Replace, Swap
from ..serial import register

_LAWS = (Uniform, Bernoulli, UnequalRates, Clustered)


@register
@dataclass(frozen=True)
class Detector:
    """A neuron whose dendritic segments each detect patterns of activity by a threshold.

    A pattern is an activity of ``activity``. To store it, a segment takes ``n_synapses`` of its
    active cells, drawn uniformly (sub-sampling); a segment that stores several patterns has the
    union of their synapses. A segment fires where at least ``threshold`` of its synapses transmit
    from active cells; the neuron fires where any of its segments does.

    Two events are asked of it. A *false positive*: an activity drawn anew, independent of all that
    is stored, makes the neuron fire. A *false negative*: the first pattern stored by the first
    segment, presented with ``noise``, does not make it fire.

    Parameters
    ----------
    activity : Uniform, Bernoulli, UnequalRates or Clustered
        Law of activities of n cells, of patterns and of what is presented alike. Where sizes vary,
        patterns are those of at least ``n_synapses`` active cells.
    n_synapses : int
        s, of one pattern; at most the active cells of a pattern.
    threshold : int
        theta, of a segment. At theta <= 0 a segment always fires.
    n_patterns : int
        M >= 0, patterns mixed on one segment.
    n_segments : int
        K >= 1, segments of the neuron, each with ``n_patterns`` patterns of its own.
    noise : Drop, Replace, Swap or Kill
        What happens to a stored pattern before it is presented again; nothing by default.
    transmission : float
        Probability p in [0, 1] with which a synapse from an active cell transmits, independently
        of others.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    References
    ----------
    Ahmad and Hawkins, arXiv:1601.00720 (2016).

    Examples
    --------
    >>> from assocmem import Detector
    >>> from assocmem.sdr import Uniform
    >>> Detector(Uniform(n=10_000, a=300), n_synapses=30, threshold=15)
    Detector(activity=Uniform(n=10000, a=300), n_synapses=30, threshold=15)
    """

    activity: Activity
    n_synapses: int
    threshold: int
    n_patterns: int = 1
    n_segments: int = 1
    noise: Noise = field(default_factory=Drop)
    transmission: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.activity, _LAWS):
            raise TypeError(
                f"activity must be a law such as Uniform(n=10000, a=300), got {self.activity!r}"
            )
        if not isinstance(self.noise, (Drop, Replace, Swap, Kill)):
            raise TypeError(f"noise must be Drop, Replace, Swap or Kill, got {self.noise!r}")
        n, a = self.activity.n, getattr(self.activity, "a", None)
        most = n if a is None else a
        for name, low, high in (
            ("n_synapses", 0, most),
            ("threshold", None, None),
            ("n_patterns", 0, None),
            ("n_segments", 1, None),
        ):
            object.__setattr__(self, name, check.integer(name, getattr(self, name), low, high))
        transmission = check.real("transmission", self.transmission, 0.0, 1.0)
        object.__setattr__(self, "transmission", transmission)
        if isinstance(self.noise, Kill):
            check.integer("noise.cells", self.noise.cells, 0, n)
        elif a is not None:
            check.integer("noise.bits", self.noise.bits, 0, a)
            if isinstance(self.noise, Replace):
                check.integer("noise.bits", self.noise.bits, 0, n - a)
        elif self.noise.bits:
            raise ValueError(
                f"noise must be Kill(cells) where the number of active cells varies, "
                f"got {self.noise!r} with {self.activity!r}"
            )

    def __repr__(self) -> str:
        parts = [f"activity={self.activity!r}"]
        parts += [f"{name}={getattr(self, name)}" for name in ("n_synapses", "threshold")]
        parts += [f"n_patterns={self.n_patterns}"] * (self.n_patterns != 1)
        parts += [f"n_segments={self.n_segments}"] * (self.n_segments != 1)
        parts += [f"noise={self.noise!r}"] * (self.noise != Drop())
        parts += [f"transmission={self.transmission:g}"] * (self.transmission != 1.0)
        return f"Detector({', '.join(parts)})"


@register
@dataclass(frozen=True)
class Population:
    """``n_neurons`` detectors of the same pattern, which decide together.

    Each neuron stores the same pattern in its first segment, with a draw of synapses of its own;
    what else its segments hold is its own. The pattern is recognised where at least ``quorum``
    neurons fire. All neurons see the same presented activity, so that false positives of
    neurons that store the same pattern are not independent.

    Parameters
    ----------
    detector : Detector
        One neuron.
    n_neurons : int
        N >= 1.
    quorum : int
        r, from 1 to N: neurons that must fire.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """

    detector: Detector
    n_neurons: int
    quorum: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.detector, Detector):
            raise TypeError(f"detector must be a Detector, got {self.detector!r}")
        object.__setattr__(self, "n_neurons", check.integer("n_neurons", self.n_neurons, 1))
        object.__setattr__(self, "quorum", check.integer("quorum", self.quorum, 1, self.n_neurons))
