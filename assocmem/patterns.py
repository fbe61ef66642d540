"""Ensembles of patterns: the law of their entries, and draws from it."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

import numpy as np

from . import _validate as check
from .serial import register


class Ensemble(Protocol):
    """What a model asks of a pattern ensemble.

    Entries are independent and identically distributed, on {-1, +1} but for `Diluted`. ``mean``
    and ``variance`` are those of one entry. Couplings are made of *standardised* entries
    eta = (xi - mean) / sqrt(variance), so that E eta = 0 and E eta^2 = 1 whatever the ensemble.
    """

    @property
    def mean(self) -> float: ...  # noqa: D102

    @property
    def variance(self) -> float: ...  # noqa: D102

    def law(self) -> tuple[np.ndarray, np.ndarray]:
        """Values of a standardised entry and their probabilities."""
        ...

    def draw(self, n_patterns: int, n_spins: int, rng: np.random.Generator) -> np.ndarray:
        """Patterns, int8 of shape (n_patterns, n_spins)."""
        ...

    def standardise(self, patterns: np.ndarray) -> np.ndarray:
        """Entries shifted and scaled to mean 0 and variance 1."""
        ...


@register
@dataclass(frozen=True)
class Rademacher:
    """Independent unbiased entries, P(xi = +1) = P(xi = -1) = 1/2.

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem import Rademacher
    >>> Rademacher().draw(2, 4, np.random.default_rng(0)).shape
    (2, 4)
    """

    @property
    def mean(self) -> float:
        """E xi = 0."""
        return 0.0

    @property
    def variance(self) -> float:
        """E xi^2 = 1."""
        return 1.0

    def law(self) -> tuple[np.ndarray, np.ndarray]:
        """Values of a standardised entry and their probabilities."""
        return np.array([1.0, -1.0]), np.array([0.5, 0.5])

    def draw(self, n_patterns: int, n_spins: int, rng: np.random.Generator) -> np.ndarray:
        """Patterns, int8 of shape (n_patterns, n_spins)."""
        return _draw_signs(0.5, n_patterns, n_spins, rng)

    def standardise(self, patterns: np.ndarray) -> np.ndarray:
        """The patterns themselves: their entries have mean 0 and variance 1."""
        return patterns


@register
@dataclass(frozen=True)
class Biased:
    """Independent entries of mean ``bias``, P(xi = +1) = (1 + bias)/2.

    Couplings follow the covariance rule of Amit, Gutfreund, Sompolinsky, Phys. Rev. A 35 (1987)
    2293, here divided by the variance 1 - bias^2: J_ij = (1/N) sum_mu eta_i eta_j with
    eta = (xi - bias)/sqrt(1 - bias^2).

    Parameters
    ----------
    bias : float
        Mean of one entry, in (-1, 1).

    Raises
    ------
    TypeError, ValueError
        If ``bias`` is not a number in (-1, 1).
    """

    bias: float

    def __post_init__(self) -> None:
        value = check.real("bias", self.bias, -1.0, 1.0, open_low=True, open_high=True)
        object.__setattr__(self, "bias", value)

    @property
    def mean(self) -> float:
        """E xi."""
        return self.bias

    @property
    def variance(self) -> float:
        """E xi^2 - (E xi)^2."""
        return (1.0 - self.bias) * (1.0 + self.bias)

    def law(self) -> tuple[np.ndarray, np.ndarray]:
        """Values of a standardised entry and their probabilities."""
        scale = math.sqrt(self.variance)
        values = np.array([(1.0 - self.bias) / scale, (-1.0 - self.bias) / scale])
        return values, np.array([0.5 * (1.0 + self.bias), 0.5 * (1.0 - self.bias)])

    def draw(self, n_patterns: int, n_spins: int, rng: np.random.Generator) -> np.ndarray:
        """Patterns, int8 of shape (n_patterns, n_spins)."""
        return _draw_signs(0.5 * (1.0 + self.bias), n_patterns, n_spins, rng)

    def standardise(self, patterns: np.ndarray) -> np.ndarray:
        """Entries (xi - bias)/sqrt(1 - bias^2), float64, of the shape of ``patterns``."""
        return (np.asarray(patterns, dtype=np.float64) - self.bias) / math.sqrt(self.variance)


@register
@dataclass(frozen=True)
class Structured:
    r"""Classes of real images: archetypes are typical images, examples are images of the class.

    Pixels are signs: +1 where brighter than a threshold. The archetype of a class is the sign of
    the mean over all its training images (-1, the background, where that is 0), so it is at least
    as near to them, on average, as any other pattern. N is the number of pixels. Draws give the
    first classes of ``classes``, the same each time; only examples are random.

    Parameters
    ----------
    dataset : {"digits", "mnist", "fashion_mnist"}
        Which images, see `assocmem.datasets`; read when first needed, from the folder in the
        environment variable ``ASSOCMEM_DATA`` or downloaded, and kept.
    threshold : {"half", "mean"} or float
        See `assocmem.datasets.Images.binarised`.
    classes : sequence of int, optional
        Labels in the order of patterns; all of the set by default.
    varying : bool
        Keep only the pixels where the archetypes are not all equal. A background that all
        classes share correlates them and carries no information on the class.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as said.

    Notes
    -----
    Entries are neither unbiased nor independent, so theory for independent entries does not
    cover them, and `law` says so. Nothing is subtracted (``mean`` is 0): archetypes share their
    background, and of the correlations (1/N) sum_i xi_i^mu xi_i^nu of `correlations`, which
    would be of order 1/sqrt(N) for independent entries, the mean over pairs is 0.54 for the small
    digits and 0.74 for MNIST (at half of the largest grey level), and 0.15 and 0.14 with
    ``varying``.

    Examples
    --------
    >>> from assocmem import Dense, Supervised
    >>> from assocmem.patterns import Structured
    >>> images = Structured("digits", varying=True)
    >>> learning = Supervised(20, images.quality)
    >>> Dense(n_patterns=10, p=3, patterns=images, learning=learning)  # doctest: +ELLIPSIS
    Dense(n_patterns=10, p=3, learning=Supervised(n_examples=20, quality=0.5...
    """

    dataset: str = "digits"
    threshold: float | str = "half"
    classes: tuple[int, ...] | None = None
    varying: bool = False

    def __post_init__(self) -> None:
        from .datasets import NAMES

        check.choice("dataset", self.dataset, NAMES)
        if isinstance(self.threshold, str):
            check.choice("threshold", self.threshold, ("half", "mean"))
        else:
            value = check.real("threshold", self.threshold, 0.0, 255.0)
            object.__setattr__(self, "threshold", value)
        if self.classes is not None:
            if isinstance(self.classes, (str, bytes)) or not np.iterable(self.classes):
                raise TypeError(f"classes must be a sequence of labels, got {self.classes!r}")
            labels = tuple(
                check.integer(f"classes[{k}]", label, 0, 255)
                for k, label in enumerate(self.classes)
            )
            if not labels or len(set(labels)) < len(labels):
                raise ValueError(f"classes must be different labels, got {self.classes!r}")
            object.__setattr__(self, "classes", labels)
        if not isinstance(self.varying, (bool, np.bool_)):
            raise TypeError(f"varying must be True or False, got {self.varying!r}")
        object.__setattr__(self, "varying", bool(self.varying))

    @property
    def mean(self) -> float:
        """0: nothing is subtracted from the entries."""
        return 0.0

    @property
    def variance(self) -> float:
        """1: the entries are used as they are."""
        return 1.0

    def law(self) -> tuple[np.ndarray, np.ndarray]:
        """Raises ValueError: pixels are not independent and have no law of one entry."""
        raise ValueError(
            "patterns must have independent entries for theory, got images, whose pixels are "
            f"correlated: {self!r}; simulate them, or take Rademacher() of the same quality"
        )

    def standardise(self, patterns: np.ndarray) -> np.ndarray:
        """The patterns themselves."""
        return patterns

    @property
    def labels(self) -> tuple[int, ...]:
        """Label of each pattern: ``classes``, or all of the set."""
        return _signs_of(self)[4]

    @property
    def n_spins(self) -> int:
        """N, the number of pixels kept."""
        return int(self.pixels.sum())

    @property
    def pixels(self) -> np.ndarray:
        """Which pixels are kept, bool of shape (side^2,)."""
        return _signs_of(self)[0]

    @property
    def archetypes(self) -> np.ndarray:
        """Archetype of each class, int8 of shape (classes, N), read-only."""
        return _signs_of(self)[1]

    def images(self, part: str = "train") -> tuple[np.ndarray, np.ndarray]:
        """All images of the classes, as signs.

        Parameters
        ----------
        part : {"train", "test"}
            Archetypes and examples are made of the training images alone.

        Returns
        -------
        signs : ndarray, int8, shape (n, N)
            Read-only.
        index : ndarray, int64, shape (n,)
            Pattern (place in ``classes``) that each belongs to.
        """
        check.choice("part", part, ("train", "test"))
        return _signs_of(self)[2 if part == "train" else 3]

    def draw(self, n_patterns: int, n_spins: int, rng: np.random.Generator) -> np.ndarray:
        """The first archetypes, int8 of shape (n_patterns, n_spins); ``rng`` is not used.

        Raises
        ------
        ValueError
            If there are fewer classes, or ``n_spins`` is not the number of pixels.
        """
        known = self.archetypes
        n_patterns = check.integer("n_patterns", n_patterns, 1)
        if n_patterns > len(known):
            raise ValueError(
                f"n_patterns must be at most the number of classes, {len(known)}, got {n_patterns}"
            )
        if check.integer("n_spins", n_spins, 1) != known.shape[1]:
            raise ValueError(
                f"n_spins must be the number of pixels, {known.shape[1]} for {self!r}, "
                f"got {n_spins}"
            )
        return known[:n_patterns].copy()

    def examples(self, n_patterns: int, n_examples: int, rng: np.random.Generator) -> np.ndarray:
        """Different training images of each of the first classes, drawn at random.

        Parameters
        ----------
        n_patterns, n_examples : int
            K classes and M images of each.
        rng : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        ndarray, int8, shape (n_patterns, n_examples, N)

        Raises
        ------
        ValueError
            If there are fewer classes, or a class has fewer images.
        """
        signs, index = self.images("train")
        counts = np.bincount(index, minlength=len(self.archetypes))
        n_patterns = check.integer("n_patterns", n_patterns, 1, len(counts))
        n_examples = check.integer("n_examples", n_examples, 1)
        fewest = int(counts[:n_patterns].min())
        if n_examples > fewest:
            raise ValueError(
                f"n_examples must be at most {fewest}, the training images of the smallest class "
                f"of {self.dataset}, got {n_examples}"
            )
        chosen = [
            rng.choice(np.flatnonzero(index == mu), n_examples, replace=False)
            for mu in range(n_patterns)
        ]
        return signs[np.array(chosen)]

    @property
    def qualities(self) -> np.ndarray:
        """Quality r of each class: mean of eta_i xi_i over its training images and pixels."""
        signs, index = self.images("train")
        return np.array(
            [
                (signs[index == mu].mean(axis=0, dtype=np.float64) * xi).mean()
                for mu, xi in enumerate(self.archetypes)
            ]
        )

    @property
    def quality(self) -> float:
        """Quality r of the set: mean of `qualities` over classes."""
        return float(self.qualities.mean())

    @property
    def correlations(self) -> np.ndarray:
        """Overlaps of archetypes (1/N) sum_i xi_i^mu xi_i^nu, float64 of shape (K, K)."""
        xi = self.archetypes.astype(np.float64)
        return xi @ xi.T / xi.shape[1]


@register
@dataclass(frozen=True)
class Diluted:
    """Patterns with blank entries, P(xi = 0) = d; the others follow the law of ``entries``.

    They are patterns of `assocmem.Multitasking` alone: spins that one pattern leaves free carry
    others.

    Parameters
    ----------
    dilution : float
        d in [0, 1), the probability of a blank, drawn independently for each entry.
    entries : Ensemble
        Law of the entries that are not blank, of mean 0: `Rademacher` (default) or `Structured`.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem.patterns import Diluted
    >>> Diluted(0.5).draw(2, 6, np.random.default_rng(0))
    array([[-1,  0,  1,  0, -1, -1],
           [ 0,  0,  0,  0, -1,  1]], dtype=int8)
    """

    dilution: float
    entries: Ensemble = field(default_factory=Rademacher)

    def __post_init__(self) -> None:
        value = check.real("dilution", self.dilution, 0.0, 1.0, open_high=True)
        object.__setattr__(self, "dilution", value)
        if isinstance(self.entries, type) or not hasattr(self.entries, "draw"):
            raise TypeError(f"entries must be an ensemble, got {self.entries!r}")
        if isinstance(self.entries, Diluted) or self.entries.mean != 0.0:
            raise ValueError(f"entries must be +-1 of mean 0, got {self.entries!r}")

    @property
    def mean(self) -> float:
        """E xi = 0."""
        return 0.0

    @property
    def variance(self) -> float:
        """E xi^2 = 1 - d."""
        return 1.0 - self.dilution

    def law(self) -> tuple[np.ndarray, np.ndarray]:
        """Values of a standardised entry xi/sqrt(1 - d) and their probabilities."""
        self.entries.law()  # refuses entries that are not independent
        top, filled = 1.0 / math.sqrt(self.variance), 0.5 * self.variance
        return np.array([top, 0.0, -top]), np.array([filled, self.dilution, filled])

    def draw(self, n_patterns: int, n_spins: int, rng: np.random.Generator) -> np.ndarray:
        """Patterns of entries -1, 0, +1, int8 of shape (n_patterns, n_spins)."""
        patterns = self.entries.draw(n_patterns, n_spins, rng)
        for row in patterns:
            row[rng.random(len(row)) < self.dilution] = 0
        return patterns

    def standardise(self, patterns: np.ndarray) -> np.ndarray:
        """Entries xi/sqrt(1 - d), float64, of the shape of ``patterns``."""
        return np.asarray(patterns, dtype=np.float64) / math.sqrt(self.variance)


def _signs_of(ensemble: Structured) -> tuple:
    """Pixels kept, archetypes, (signs, index) of the training and of the test part, labels."""
    from .datasets import FOLDER

    return _read(ensemble, os.environ.get(FOLDER))


@lru_cache(maxsize=4)
def _read(ensemble: Structured, folder: str | None) -> tuple:
    """`_signs_of`, read anew when the folder that data come from changes."""
    from .datasets import load

    data = load(ensemble.dataset)
    classes = data.classes if ensemble.classes is None else ensemble.classes
    unknown = sorted(set(classes) - set(data.classes))
    if unknown:
        raise ValueError(f"classes must be labels of {data!r}, got {unknown} besides")
    parts = []
    for part in ("train", "test"):
        labels = getattr(data, f"{part}_labels")
        place = np.full(256, -1)
        place[list(classes)] = np.arange(len(classes))
        index = place[labels]
        parts.append((data.binarised(ensemble.threshold, part)[index >= 0], index[index >= 0]))
    signs, index = parts[0]
    sums = np.array([signs[index == mu].sum(axis=0, dtype=np.int64) for mu in range(len(classes))])
    archetypes = np.where(sums > 0, 1, -1).astype(np.int8)
    pixels = np.ones(data.n_pixels, bool)
    if ensemble.varying:
        pixels = np.any(archetypes != archetypes[0], axis=0)
        if pixels.sum() < 2:
            raise ValueError(f"varying must leave at least two pixels, got {ensemble!r}")
    found = [pixels, archetypes[:, pixels].copy()]
    found += [(signs[:, pixels].copy(), index) for signs, index in parts]
    for array in (*found[:2], *found[2], *found[3]):
        array.flags.writeable = False
    return (*found, tuple(classes))


def _draw_signs(plus: float, n_patterns: int, n_spins: int, rng: np.random.Generator) -> np.ndarray:
    n_patterns = check.integer("n_patterns", n_patterns, 1)
    n_spins = check.integer("n_spins", n_spins, 1)
    patterns = np.empty((n_patterns, n_spins), dtype=np.int8)
    # One row at a time: the temporary of uniform numbers stays small whatever K.
    for row in patterns:
        row[:] = np.where(rng.random(n_spins) < plus, 1, -1)
    return patterns
