"""The pairwise (Hopfield) model and one quenched sample of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .. import _validate as check
from .._aligned import padded_zeros
from ..patterns import Diluted, Ensemble, Rademacher
from ..serial import register
from ._arguments import MOST, enough_for_fields, machine_memory, set_field, set_load, some_patterns
from .rules import Hebb, Rule


@register
@dataclass(frozen=True)
class Hopfield:
    """Network of N spins s_i = +-1 with pairwise couplings made of K patterns.

    H = -(1/2) sum_{i != j} J_ij s_i s_j - sum_mu h_mu sum_i eta_i^mu s_i,

    with J made of the patterns by ``rule``; for Hebb's rule
    J_ij = (1/N) sum_mu eta_i^mu eta_j^mu. For unbiased patterns eta = xi; in general eta is the
    entry standardised to mean 0 and variance 1. Overlaps are m_mu = (1/N) sum_i eta_i^mu s_i.
    Temperature T = 1/beta is in the units of H.

    Parameters
    ----------
    load : float, optional
        alpha = K/N >= 0. At finite N the sample has round(alpha N) patterns.
    n_patterns : int, optional
        A number of patterns that stays finite as N grows; then ``load`` is 0.
        Give either ``load`` or ``n_patterns``.
    patterns : Ensemble
        Law of the entries, `Rademacher` (default) or `Biased`.
    rule : Rule
        Learning rule, `Hebb` (default), `PseudoInverse`, `Storkey` or `Dreaming`.
    field : sequence of float
        External field h_mu on the first patterns, one number each, |h_mu| <= 1e100. Patterns
        are exchangeable, so the first ones stand for any choice.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    References
    ----------
    Amit, Gutfreund, Sompolinsky, Phys. Rev. A 32 (1985) 1007; Ann. Phys. 173 (1987) 30.

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem import Hopfield
    >>> model = Hopfield(load=0.05)
    >>> sample = model.draw(200, np.random.default_rng(0))
    >>> sample.patterns.shape
    (10, 200)
    """

    load: float | None = None
    n_patterns: int | None = None
    patterns: Ensemble = dataclasses.field(default_factory=Rademacher)
    rule: Rule = dataclasses.field(default_factory=Hebb)
    field: Sequence[float] = ()

    def __post_init__(self) -> None:
        set_load(self, "K = load * N")
        set_field(self)
        for name, method in (("patterns", "standardise"), ("rule", "couplings")):
            if not hasattr(getattr(self, name), method) or isinstance(getattr(self, name), type):
                raise TypeError(
                    f"{name} must be an object with a method {method!r}, "
                    f"got {getattr(self, name)!r}"
                )

        if isinstance(self.patterns, Diluted):
            raise ValueError(
                f"patterns must have no blank entries, got {self.patterns!r}: use "
                f"Multitasking(dilution={self.patterns.dilution:g}, ...)"
            )

    def count(self, n_spins: int) -> int:
        """Number of patterns K of a sample of ``n_spins`` spins.

        Raises
        ------
        ValueError
            If K rounds to 0, is smaller than the number of fields, or the sample would not
            fit in memory.
        """
        n_spins = check.integer("n_spins", n_spins, 2, MOST)
        if self.n_patterns is not None:
            number = self.n_patterns
        else:
            if self.load * n_spins > MOST:
                raise ValueError(
                    f"load and n_spins must give at most 2^62 patterns, got load={self.load:g} "
                    f"at n_spins={n_spins}"
                )
            number = round(self.load * n_spins)
            some_patterns(self, number, n_spins)
        enough_for_fields(self, number)
        have = machine_memory()
        if number * n_spins > have:
            raise ValueError(
                f"n_spins={n_spins} needs {number} patterns, {number * n_spins / 2**30:.3g} GiB "
                f"as bytes, more than the {have / 2**30:.3g} GiB of this machine"
            )
        return number

    def at_size(self, n_spins: int) -> Hopfield:
        """The model whose load is that of a sample of ``n_spins`` spins, K/N."""
        if self.n_patterns is not None:
            return self
        return dataclasses.replace(self, load=self.count(n_spins) / n_spins)

    def reduced(self, n_spins: int) -> tuple[Hopfield, float]:
        """`at_size` and the unit of energy of the infinite network it is like, which is 1."""
        return self.at_size(n_spins), 1.0

    def draw(self, n_spins: int, rng: np.random.Generator) -> PairwiseSample:
        """Draw one quenched sample.

        Parameters
        ----------
        n_spins : int
            N >= 2.
        rng : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        PairwiseSample
        """
        number = self.count(n_spins)
        if not isinstance(rng, np.random.Generator):
            raise TypeError(f"rng must be a numpy.random.Generator, got {rng!r}")
        patterns = self.patterns.draw(number, n_spins, rng)
        patterns.flags.writeable = False  # so that it need not be copied
        return self.sample_of(patterns)

    def sample_of(self, patterns: np.ndarray) -> PairwiseSample:
        """The sample that given ``patterns`` make.

        Parameters
        ----------
        patterns : array, shape (K, N)
            Entries +-1; copied. K is theirs for a model with a load, and must be
            ``n_patterns`` otherwise.

        Returns
        -------
        PairwiseSample

        Raises
        ------
        ValueError
            If the entries or the shape are not as said, or there are fewer patterns than fields.
        """
        return PairwiseSample(model=self, patterns=patterns)


@dataclass(frozen=True, eq=False)
class PairwiseSample:
    """One quenched sample: patterns, couplings and fields; made by `Hopfield.draw`.

    Parameters
    ----------
    model : Hopfield
        The model it was drawn from.
    patterns : ndarray, int8, shape (K, N)
        Entries +-1, read-only: what is cached was made of them. Copied, unless the
        array owns its data and is read-only.

    Raises
    ------
    TypeError, ValueError
        If ``patterns`` are not +-1, or K does not fit the model, see `Hopfield.sample_of`.
    """

    model: Hopfield
    patterns: np.ndarray

    def __post_init__(self) -> None:
        if not isinstance(self.model, Hopfield):
            raise TypeError(f"model must be a Hopfield, got {self.model!r}")
        patterns = check.signs("patterns", self.patterns, (None, None))
        number, size = patterns.shape
        if number < 1 or size < 2:
            raise ValueError(
                f"patterns must have shape (K, N) with K >= 1 and N >= 2, got {patterns.shape}"
            )
        if self.model.n_patterns not in (None, number):
            raise ValueError(
                f"patterns must be n_patterns={self.model.n_patterns} in number, got {number}"
            )
        if number < len(self.model.field):
            raise ValueError(
                f"patterns must be at least as many as the {len(self.model.field)} fields, "
                f"got {number}"
            )
        converted = patterns is not self.patterns
        if patterns.base is not None or not (converted or not patterns.flags.writeable):
            patterns = patterns.copy()
        patterns.flags.writeable = False
        object.__setattr__(self, "patterns", patterns)

    def __repr__(self) -> str:
        return f"PairwiseSample({self.n_patterns} patterns, {self.n_spins} spins, {self.model})"

    @property
    def n_patterns(self) -> int:
        """K."""
        return self.patterns.shape[0]

    @property
    def n_spins(self) -> int:
        """N."""
        return self.patterns.shape[1]

    def leading(self, number: int) -> np.ndarray:
        """The first patterns, int8 of shape (number, N)."""
        return self.patterns[:number]

    @cached_property
    def standardised(self) -> np.ndarray:
        """Standardised patterns eta, shape (K, N); int8 where eta = xi, float64 otherwise."""
        return self.model.patterns.standardise(self.patterns)

    @cached_property
    def couplings(self) -> np.ndarray:
        """J, float32 of shape (N, N), C-contiguous, symmetric, zero diagonal."""
        if self.is_integer:
            return self.integer_couplings.astype(np.float32) / np.float32(self.n_spins)
        return np.ascontiguousarray(self.model.rule.couplings(self.standardised), np.float32)

    @property
    def is_integer(self) -> bool:
        """Whether N J_ij are integers that int16 holds (Hebb's rule, unbiased, K < 2^15)."""
        hebb = isinstance(self.model.rule, Hebb) and isinstance(self.model.patterns, Rademacher)
        return hebb and self.n_patterns < 2**15

    @cached_property
    def padded_couplings(self) -> np.ndarray:
        """N J, exact, in int8 where that holds them and int16 otherwise, for kernels.

        Shape (N, N'), where N' is N rounded up to a multiple of 64 and the columns from N on are
        zero; rows aligned to 64 bytes. Peak memory: 3 N^2 + 4 K N bytes at most.

        Raises
        ------
        ValueError
            If the couplings are not integers, see `is_integer`.
        """
        if not self.is_integer:
            raise ValueError(
                f"couplings must be Hebb's of fewer than 2^15 unbiased patterns to be integers, "
                f"got {self.model}"
            )
        # float32 products of +-1 summed to |NJ| <= K < 2^15 are exact, and BLAS does them.
        size = self.n_spins
        xi = self.patterns.astype(np.float32)
        narrow = self.n_patterns <= 127
        matrix = padded_zeros(size, size, np.int8)
        step = max(64, 2**20 // size)
        for start in range(0, size, step):
            block = xi[:, start : start + step].T @ xi
            rows = np.arange(len(block))
            block[rows, start + rows] = 0.0
            if not narrow and matrix.dtype == np.int8 and max(block.max(), -block.min()) > 127:
                wider = padded_zeros(size, size, np.int16)
                wider[:start] = matrix[:start]
                matrix = wider
            matrix[start : start + step, :size] = block
        return matrix

    @property
    def integer_couplings(self) -> np.ndarray:
        """N J, int8 or int16 of shape (N, N), exact, with zero diagonal.

        A view of `padded_couplings`; sums of its entries need a wider type.

        Raises
        ------
        ValueError
            If the couplings are not integers, see `is_integer`.
        """
        return self.padded_couplings[:, : self.n_spins]

    @cached_property
    def field(self) -> np.ndarray:
        """External field on each spin, sum_mu h_mu eta_i^mu, float64 of shape (N,)."""
        strengths = np.array(self.model.field, dtype=np.float64)
        return strengths @ self.standardised[: len(strengths)].astype(np.float64)

    def overlaps(self, spins: np.ndarray) -> np.ndarray:
        """Overlaps m_mu = (1/N) sum_i eta_i^mu s_i.

        Parameters
        ----------
        spins : ndarray, shape (..., N)
            Entries +-1.

        Returns
        -------
        ndarray, float64, shape (..., K)

        Raises
        ------
        ValueError
            If ``spins`` are not +-1 or not N.
        """
        spins = check.signs("spins", spins, (self.n_spins,), stacked=True)
        return self._overlaps(spins.astype(np.float64))

    def _overlaps(self, state: np.ndarray) -> np.ndarray:
        return state @ self.standardised.astype(np.float64).T / self.n_spins

    def energy(self, spins: np.ndarray) -> np.ndarray:
        """Total energy H in double precision, shape (...,) for spins of shape (..., N).

        Cost: N^2 per configuration, or K N for Hebb's rule; for checks, the samplers keep
        their own running energies.

        Raises
        ------
        ValueError
            If ``spins`` are not +-1 or not N.
        """
        spins = check.signs("spins", spins, (self.n_spins,), stacked=True)
        state = spins.astype(np.float64)
        if isinstance(self.model.rule, Hebb):
            eta = self.standardised.astype(np.float64)
            diagonal = float(np.sum(eta**2)) / self.n_spins
            squares = np.sum(self._overlaps(state) ** 2, axis=-1) * self.n_spins
            interaction = -0.5 * (squares - diagonal)
        else:
            couplings = self.couplings.astype(np.float64)
            interaction = -0.5 * np.sum((state @ couplings) * state, axis=-1)
        return interaction - state @ self.field
