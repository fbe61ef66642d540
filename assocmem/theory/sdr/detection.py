"""False positives and false negatives of whole models: what `verify` compares trials with."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ... import _validate as check
from ...dendrites.detector import Detector, Population
from ...sdr.activity import Bernoulli, Clustered, Uniform
from ...sdr.noise import Kill
from . import _arrangements, _symmetric
from ._symmetric import Event
from .overlap_laws import reduced, size_law
from .probability import Probability

_EVENTS = ("false_positive", "false_negative")


def predict(model: Detector | Population, *, only: str | None = None) -> dict[str, Probability]:
    r"""Exact probabilities of a false positive and a false negative.

    Parameters
    ----------
    model : Detector or Population
    only : {"false_positive", "false_negative"}, optional
        Compute this one alone.

    Returns
    -------
    dict of str to Probability
        ``false_positive`` and ``false_negative``, each of method "exact" and right to about 1e-12
        relative. Of a `Population`, those of its decision.

    Raises
    ------
    TypeError
        If ``model`` is neither.
    ValueError
        If no activity is large enough to be a pattern; or nothing exact is known: `UnequalRates`
        with several patterns on a segment or several segments; `Clustered` with these where
        active cells can lie among the clusters in more than 4000 ways.

    Notes
    -----
    Segments and neurons are independent given what they share, and only given that; the result is
    the average over it. With X the presented cells and A' the pattern that all neurons store:

    - one pattern on one segment: \|A'\| and \|A' and X\|, for every law;
    - `Uniform` and `Bernoulli`: \|X\| for segments, \|A'\| and \|A' and X\| for that with A';
    - `Clustered`: how many clusters hold how many cells of X (and of A' and X);
    - `UnequalRates`: X itself, over which no exact average is known.

    A union of M subsets covers h of the cells X, where h is a Markov chain: each subset adds
    Hyp(n, \|X\| - h, s). For `Clustered` it is found by inclusion and exclusion in exact integers.
    A pattern is missed where its own segment stays silent, whatever else that holds, and so do all
    others, which see \|X\| = a active cells after `Replace` and `Swap`, a - v after `Drop`.

    If nothing is stored (``n_patterns=0``), nothing fires at a threshold above 0.

    Examples
    --------
    >>> from assocmem import Detector
    >>> from assocmem.sdr import Uniform
    >>> from assocmem.sdr.noise import Replace
    >>> model = Detector(Uniform(n=10_000, a=300), 30, threshold=12, noise=Replace(60))
    >>> for name, value in predict(model).items():
    ...     print(name, value)
    false_positive 2.27908e-11 (exact)
    false_negative 3.94744e-08 (exact)
    """
    if isinstance(model, Population):
        detector, size = model.detector, (model.n_neurons, model.quorum)
    elif isinstance(model, Detector):
        detector, size = model, (1, 1)
    else:
        raise TypeError(f"model must be a Detector or a Population, got {model!r}")
    detector = replace(detector, activity=reduced(detector.activity))
    names = _EVENTS if only is None else (check.choice("only", only, _EVENTS),)
    return {
        name: Probability.of_log(_log(detector, Event(*size, missed=name == _EVENTS[1])))
        for name in names
    }


def _log(detector: Detector, event: Event) -> float:
    """Log probability of one event."""
    law, s, theta = detector.activity, detector.n_synapses, detector.threshold
    patterns, noise = detector.n_patterns, detector.noise
    size_law(law, s, 1.0)  # refuses laws without patterns
    if theta <= 0:
        return -float("inf") if event.missed else 0.0
    if detector.transmission == 0.0 or theta > min(patterns * s, law.n):
        return 0.0 if event.missed else -float("inf")
    if event.missed and detector.transmission == 1.0:
        lost = noise.cells if isinstance(noise, Kill) else noise.bits
        if lost <= s - theta:  # the pattern's own synapses suffice
            return -float("inf")
    if (patterns == 1 and detector.n_segments == 1) or isinstance(law, (Uniform, Bernoulli)):
        return _symmetric.log_event(detector, event)
    if isinstance(law, Clustered):
        return _arrangements.log_event(detector, event)
    raise ValueError(
        "n_patterns and n_segments must be 1 with UnequalRates, where nothing exact is known "
        f"otherwise, got {patterns} and {detector.n_segments}; simulate, or take fp_effective, "
        "the limit of many cells"
    )


@dataclass(frozen=True)
class Detection:
    """What theory says of a detector or a population.

    Parameters
    ----------
    model : Detector or Population
    false_positive, false_negative : Probability
        See `predict`.
    """

    model: Detector | Population
    false_positive: Probability
    false_negative: Probability

    @property
    def log10_false_positive(self) -> float:
        """Decimal logarithm of the false-positive probability, -inf if it is 0."""
        return float(self.false_positive.log10)

    @property
    def log10_false_negative(self) -> float:
        """Decimal logarithm of the false-negative probability, -inf if it is 0."""
        return float(self.false_negative.log10)

    def __str__(self) -> str:
        return (
            f"{self.model!r}\n"
            f"  false positive  {self.false_positive}\n"
            f"  false negative  {self.false_negative}"
        )


def detection(model: Detector | Population) -> Detection:
    """`predict` as one readable object.

    Parameters
    ----------
    model : Detector or Population

    Raises
    ------
    TypeError, ValueError
        As `predict` does.

    Examples
    --------
    >>> from assocmem import Detector
    >>> from assocmem.sdr import Uniform
    >>> print(detection(Detector(Uniform(n=200_000, a=2000), n_synapses=10, threshold=10)))
    Detector(activity=Uniform(n=200000, a=2000), n_synapses=10, threshold=10)
      false positive  9.77936e-21 (exact)
      false negative  0 (exact)
    """
    return Detection(model, **predict(model))
