"""The dense model: separable energies, storage and learning from examples; one quenched sample."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .. import _validate as check
from ..patterns import Diluted, Ensemble, Rademacher
from ..serial import register
from ._arguments import MOST, enough_for_fields, machine_memory, set_field, set_load, some_patterns
from .bits import bits_of, clear, holding, pack, unpack
from .energy import Energy, PBody
from .learning import Supervised, Unsupervised

_BLOCK = 2**14  # patterns unpacked at a time


@register
@dataclass(frozen=True)
class Dense:
    """Network of N spins s_i = +-1 whose energy is a sum over K patterns of a function of overlap.

    H = -sum_mu F(M_mu) - sum_mu h_mu sum_i xi_i^mu s_i, M_mu = sum_i xi_i^mu s_i, with F of
    ``energy``; by default F = e_p/N^(p-1) over distinct indices, so that a condensed pattern of
    overlap m = M/N has energy -N m^p/p!. Temperature T = 1/beta is in the units of H (the papers'
    beta' = 2 beta/p! is `beta_prime`). With ``learning`` the network knows examples of the
    patterns only, and the patterns xi are the archetypes that overlaps m are measured with.

    Parameters
    ----------
    load : float, optional
        alpha >= 0: at finite N there are K = round(alpha N^(p-1)) patterns, or
        round(exp(alpha N)) where the energy is exponential.
    n_patterns : int, optional
        A number of patterns that stays finite as N grows; then ``load`` is 0.
        Give either ``load`` or ``n_patterns``.
    p : int, optional
        Spins in a product, short for ``energy=PBody(p)``; 4 if neither is given.
    energy : Energy, optional
        `PBody`, `FullPower`, `Separable`, `Exponential` or `LogSumExp`.
    exponent : float, optional
        b in (0, p - 1): K = round(alpha N^b) patterns instead. Theory takes it as load 0 in the
        limit of large N.
    learning : Supervised or Unsupervised, optional
        How examples are learned; needs a `PBody` energy. Patterns themselves if left out.
    patterns : Ensemble
        Law of the archetypes' entries, `Rademacher` (default), of mean 0; or `Structured`,
        images whose classes are the archetypes and which are the examples themselves.
    field : sequence of float
        External field h_mu on the first archetypes, one number each.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    References
    ----------
    Gardner, J. Phys. A 20 (1987) 3453; Krotov, Hopfield, NIPS (2016); arXiv 2212.00606, 2211.14067.

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem import Dense
    >>> model = Dense(load=0.02, p=3)
    >>> model.draw(60, np.random.default_rng(0))
    DenseSample(72 patterns, 60 spins, Dense(load=0.02, p=3))
    """

    load: float | None = None
    n_patterns: int | None = None
    p: int | None = None
    energy: Energy | None = None
    exponent: float | None = None
    learning: Supervised | Unsupervised | None = None
    patterns: Ensemble = dataclasses.field(default_factory=Rademacher)
    field: Sequence[float] = ()

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        if self.energy is None:
            set_(self, "energy", PBody(4 if self.p is None else self.p))
        if isinstance(self.energy, type) or not hasattr(self.energy, "table"):
            raise TypeError(f"energy must be an energy such as PBody(4), got {self.energy!r}")
        degree = self.energy.degree
        if self.p is not None and check.integer("p", self.p, 1) != degree:
            raise ValueError(
                f"p must be left out or be the degree {degree} of energy {self.energy!r}, "
                f"got {self.p!r}"
            )
        set_(self, "p", degree)
        set_load(self, "K = load * N^(p-1)")
        if self.exponent is not None:
            if degree is None or self.n_patterns is not None:
                raise ValueError(
                    f"exponent must be left out of exponential energies and where n_patterns is "
                    f"given, got {self.exponent!r}"
                )
            exponent = check.real("exponent", self.exponent, 0.0, degree - 1.0, open_low=True)
            set_(self, "exponent", None if exponent == degree - 1 else exponent)
        if self.learning is not None:
            if not isinstance(self.learning, (Supervised, Unsupervised)):
                raise TypeError(
                    f"learning must be Supervised(...), Unsupervised(...) or None, "
                    f"got {self.learning!r}"
                )
            if not isinstance(self.energy, PBody):
                raise ValueError(f"learning needs energy=PBody(p), got {self.energy!r}")
        set_field(self)
        if isinstance(self.patterns, type) or not hasattr(self.patterns, "draw"):
            raise TypeError(f"patterns must be an ensemble, got {self.patterns!r}")
        if isinstance(self.patterns, Diluted):
            raise ValueError(
                f"patterns must have no blank entries, got {self.patterns!r}: diluted ones are "
                f"those of Multitasking"
            )
        if self.patterns.mean != 0.0:
            raise ValueError(f"patterns must have mean 0, got {self.patterns!r}")

    def __repr__(self) -> str:
        named = [("load", self.load if self.n_patterns is None else None)]
        named += [("n_patterns", self.n_patterns)]
        if isinstance(self.energy, PBody):
            named += [("p", self.p)]
        else:
            named += [("energy", self.energy)]
        named += [("exponent", self.exponent), ("learning", self.learning)]
        if not isinstance(self.patterns, Rademacher):
            named += [("patterns", self.patterns)]
        named += [("field", self.field or None)]
        return f"Dense({', '.join(f'{k}={v!r}' for k, v in named if v is not None)})"

    @property
    def scale(self) -> float:
        """What learning multiplies the energy of what is stored by: R^(-p/2), and 1/M."""
        if self.learning is None:
            return 1.0
        factor = self.learning.variance ** (-0.5 * self.p)
        if isinstance(self.learning, Unsupervised):
            factor /= self.learning.n_examples
        return factor

    def beta_prime(self, temperature: float) -> float:
        """The papers' beta' = 2 beta/p!, in which a condensed pattern has weight beta' m^p/2."""
        temperature = check.real("temperature", temperature, 0.0, open_low=True)
        if self.p is None:
            raise ValueError(f"energy must be a power of the overlap, got {self.energy!r}")
        return 2.0 / (temperature * math.factorial(self.p))

    def temperature_of(self, beta_prime: float) -> float:
        """T = 1/beta of the papers' beta', the inverse of `beta_prime`."""
        beta_prime = check.real("beta_prime", beta_prime, 0.0, open_low=True)
        if self.p is None:
            raise ValueError(f"energy must be a power of the overlap, got {self.energy!r}")
        return 2.0 / (beta_prime * math.factorial(self.p))

    def count(self, n_spins: int) -> int:
        """Number of patterns K of a sample of ``n_spins`` spins.

        Raises
        ------
        ValueError
            If K rounds to 0, is smaller than the number of fields, or the sample with one chain
            would not fit in memory, see `memory`.
        """
        number = self._number(n_spins)
        need, have = self._bytes(number, n_spins, 1), machine_memory()
        if need > have:
            raise ValueError(
                f"n_spins={n_spins} needs {number} patterns, {need / 2**30:.3g} GiB, more than "
                f"the {have / 2**30:.3g} GiB of this machine; use fewer spins or a smaller load"
            )
        return number

    def memory(self, n_spins: int, chains: int = 1) -> int:
        """Bytes that a sample and its chains take while they are drawn and run.

        With K patterns of N spins in all, K M where every one of M examples is stored: patterns as
        bits, N K/8 bytes, and N K M/8 for examples; 4 for each stored pattern (8 if the energy is
        an exponential; 2 N while patterns are drawn that are not `Rademacher`), and 1 for each of
        them and each chain (2 for N > 255). Supervised, N K bytes for the sums over examples (2 N K
        for M > 127, 4 N K for M >= 2^15), and 8 p K: for one chain, though more take as much each
        where half of the memory that is left will do.

        Raises
        ------
        ValueError
            If there is no such number of patterns; never because they would not fit.

        Examples
        --------
        >>> from assocmem import Dense
        >>> Dense(n_patterns=10**6, p=4).memory(200) // 10**6  # 200/8 + 4 + 1
        30
        """
        number = self._number(n_spins)
        return self._bytes(number, n_spins, check.integer("chains", chains, 1))

    def _number(self, n_spins: int) -> int:
        n_spins = check.integer("n_spins", n_spins, 2, MOST)
        if self.n_patterns is not None:
            number = self.n_patterns
        else:
            if self.p is None:
                log_number = self.load * n_spins
            else:
                power = self.p - 1 if self.exponent is None else self.exponent
                log_number = power * math.log(n_spins) + (
                    math.log(self.load) if self.load > 0.0 else -math.inf
                )
            if log_number > math.log(MOST):
                raise ValueError(
                    f"load and n_spins must give at most 2^62 patterns, got load={self.load:g} "
                    f"at n_spins={n_spins}"
                )
            if self.p is None:
                number = round(math.exp(log_number))
            else:
                number = round(self.load * n_spins**power)
            some_patterns(self, number, n_spins)
        enough_for_fields(self, number)
        return number

    def _bytes(self, number: int, n_spins: int, chains: int) -> int:
        bits = number * n_spins // 8
        drawing = 0 if isinstance(self.patterns, Rademacher) else 2 * number * n_spins
        if isinstance(self.learning, Supervised):
            entry = np.dtype(holding(self.learning.n_examples)).itemsize
            return bits + max(drawing, (entry * n_spins + 8 * self.p) * number)
        stored = number if self.learning is None else number * self.learning.n_examples
        each = (8 if self.p is None else 4) + chains * (1 if n_spins <= 255 else 2)
        examples = 0 if self.learning is None else stored * n_spins // 8
        return bits + examples + max(drawing, each * stored)

    def at_size(self, n_spins: int) -> Dense:
        """The model whose load is that of a sample of ``n_spins`` spins, K/N^(p-1)."""
        if self.n_patterns is not None:
            return self
        number = self.count(n_spins)
        load = math.log(number) / n_spins if self.p is None else number / n_spins ** (self.p - 1)
        return dataclasses.replace(self, load=load, exponent=None)

    def reduced(self, n_spins: int) -> tuple[Dense, float]:
        """The infinite network that one of ``n_spins`` spins is like, and its unit of energy.

        Over distinct indices a site meets C(N - 1, p - 1) products of the others, the factor
        c = prod_(j<p) (1 - j/N) less than N^(p-1)/(p-1)!, and so both the field of a condensed
        pattern and the variance of the noise are c times those of the limit. In units of c the
        network has load K/(c N^(p-1)), temperature T/c and fields h/c. What is left of the
        dependence on N comes from fluctuations. For other energies c = 1.

        Returns
        -------
        model, c
        """
        model, factor = self.at_size(n_spins), 1.0
        if isinstance(self.energy, PBody):
            factor = math.prod(1.0 - j / n_spins for j in range(1, self.p))
        if factor <= 0.0:
            raise ValueError(f"n_spins must be at least p={self.p}, got {n_spins}")
        load = None if self.n_patterns is not None else model.load / factor
        field = tuple(h / factor for h in self.field)
        return dataclasses.replace(model, load=load, field=field), factor

    def draw(self, n_spins: int, rng: np.random.Generator) -> DenseSample:
        """Draw one quenched sample.

        Parameters
        ----------
        n_spins : int
            N >= 2.
        rng : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        DenseSample
        """
        number = self.count(n_spins)
        if not isinstance(rng, np.random.Generator):
            raise TypeError(f"rng must be a numpy.random.Generator, got {rng!r}")
        if hasattr(self.patterns, "examples"):  # real ones instead of random ones
            archetypes = self.patterns.draw(number, n_spins, rng)
            if self.learning is None:
                return self.sample_of(archetypes)
            m = self.learning.n_examples
            return self.sample_of(archetypes, self.patterns.examples(number, m, rng))
        if isinstance(self.patterns, Rademacher):
            width = -(-number // 64)
            archetypes = rng.integers(0, 2**64, size=(n_spins, width), dtype=np.uint64)
            clear(archetypes, number)
        else:
            archetypes = pack(self.patterns.draw(number, n_spins, rng))
        if self.learning is None:
            return DenseSample(self, number, archetypes, archetypes)
        m, chance = self.learning.n_examples, 0.5 * (1.0 + self.learning.quality)
        if isinstance(self.learning, Supervised):
            sums = np.empty((n_spins, number), holding(m))
            for row, out in zip(archetypes, sums, strict=True):
                signs = 2 * bits_of(row, number).astype(np.int64) - 1
                out[:] = signs * (2 * rng.binomial(m, chance, size=number) - m)
            return DenseSample(self, number, archetypes, sums)
        examples = np.zeros((n_spins, -(-number * m // 64)), np.uint64)
        for row, out in zip(archetypes, examples.view(np.uint8), strict=True):
            right = rng.random(number * m, dtype=np.float32) < chance
            bits = np.packbits(np.repeat(bits_of(row, number), m) == right, bitorder="little")
            out[: len(bits)] = bits
        return DenseSample(self, number, archetypes, examples)

    def sample_of(self, patterns: np.ndarray, examples: np.ndarray | None = None) -> DenseSample:
        """The sample that given ``patterns`` make, and given ``examples`` of them.

        Parameters
        ----------
        patterns : array, shape (K, N)
            Archetypes, entries +-1.
        examples : array, shape (K, M, N)
            Entries +-1; needed with ``learning``, and M must be its ``n_examples``.

        Returns
        -------
        DenseSample

        Raises
        ------
        ValueError
            If shapes or entries are not as said.
        """
        patterns = check.signs("patterns", patterns, (self.n_patterns, None))
        number, size = patterns.shape
        if number < max(1, len(self.field)) or size < 2:
            raise ValueError(
                f"patterns must have shape (K, N) with K >= {max(1, len(self.field))} and N >= 2, "
                f"got {patterns.shape}"
            )
        archetypes = pack(patterns)
        if self.learning is None:
            if examples is not None:
                raise ValueError("examples must be left out of a model without learning")
            return DenseSample(self, number, archetypes, archetypes)
        m = self.learning.n_examples
        examples = check.signs("examples", examples, (number, m, size))
        if isinstance(self.learning, Unsupervised):
            return DenseSample(self, number, archetypes, pack(examples.reshape(number * m, size)))
        sums = np.ascontiguousarray(examples.sum(axis=1, dtype=np.int64).T.astype(holding(m)))
        return DenseSample(self, number, archetypes, sums)


@dataclass(frozen=True, eq=False, repr=False)
class DenseSample:
    """One quenched sample of a dense model; made by `Dense.draw` or `Dense.sample_of`.

    Parameters
    ----------
    model : Dense
        The model it was drawn from.
    n_patterns : int
        K.
    archetypes : ndarray, uint64, shape (N, ceil(K/64))
        The patterns xi as bits, spin-major, see `pack`.
    stored : ndarray
        What the energy is made of. Without learning: ``archetypes`` itself. Unsupervised: the
        K M examples as bits, (N, ceil(K M/64)), those of one archetype together. Supervised:
        sums over examples M etabar, int8 to int32 of shape (N, K).
    """

    model: Dense
    n_patterns: int
    archetypes: np.ndarray
    stored: np.ndarray

    def __post_init__(self) -> None:
        for array in (self.archetypes, self.stored):
            array.flags.writeable = False

    def __repr__(self) -> str:
        return f"DenseSample({self.n_patterns} patterns, {self.n_spins} spins, {self.model})"

    @property
    def n_spins(self) -> int:
        """N."""
        return self.archetypes.shape[0]

    @property
    def n_stored(self) -> int:
        """Terms of the sum over patterns: K, or K M where every example is stored."""
        learned = isinstance(self.model.learning, Unsupervised)
        return self.n_patterns * (self.model.learning.n_examples if learned else 1)

    @property
    def is_packed(self) -> bool:
        """Whether what is stored are signs, as bits; otherwise sums over examples."""
        return not isinstance(self.model.learning, Supervised)

    def leading(self, number: int) -> np.ndarray:
        """The first archetypes, int8 of shape (number, N)."""
        return unpack(self.archetypes, 0, number)

    @cached_property
    def patterns(self) -> np.ndarray:
        """All archetypes, int8 of shape (K, N): eight times the memory of the bits."""
        return unpack(self.archetypes, 0, self.n_patterns)

    @cached_property
    def field(self) -> np.ndarray:
        """External field on each spin, sum_mu h_mu xi_i^mu, float64 of shape (N,)."""
        strengths = np.array(self.model.field, dtype=np.float64)
        return strengths @ self.leading(len(strengths)).astype(np.float64)

    def overlaps(self, spins: np.ndarray) -> np.ndarray:
        """Overlaps with the archetypes m_mu = (1/N) sum_i xi_i^mu s_i.

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
        return self._projections(self.archetypes, self.n_patterns, spins) / self.n_spins

    def _projections(self, packed: np.ndarray, number: int, spins: np.ndarray) -> np.ndarray:
        """sum_i xi_i s_i for each packed pattern; float32 products of +-1 are exact."""
        state = spins.astype(np.float32)
        out = np.empty((*spins.shape[:-1], number))
        for first in range(0, number, _BLOCK):
            last = min(first + _BLOCK, number)
            out[..., first:last] = state @ unpack(packed, first, last).astype(np.float32).T
        return out

    def energy(self, spins: np.ndarray) -> np.ndarray:
        """Total energy H in double precision, shape (...,) for spins of shape (..., N).

        Cost: N K M per configuration; for checks, the samplers keep their own.

        Raises
        ------
        ValueError
            If ``spins`` are not +-1 or not N.
        """
        spins = check.signs("spins", spins, (self.n_spins,), stacked=True)
        model = self.model
        if self.is_packed:
            found = self._projections(self.stored, self.n_stored, spins)
            agreeing = np.rint(0.5 * (found + self.n_spins)).astype(np.int64)
            if model.energy.logarithmic:
                # Relative to the largest term: all may be too small for floats.
                rate, largest = model.energy.rate, agreeing.max(axis=-1)
                total = np.exp(2.0 * rate * (agreeing - largest[..., None])).sum(axis=-1)
                interaction = self.n_spins - 2.0 * largest - np.log(total) / rate
            else:
                total = model.energy.table(self.n_spins)[agreeing].sum(axis=-1)
                interaction = -model.scale * total
        else:
            total = self._elementary(spins.astype(np.float64)).sum(axis=-1)
            interaction = -model.scale * total
        return interaction - spins.astype(np.float64) @ self.field

    def _elementary(self, state: np.ndarray) -> np.ndarray:
        """e_p(etabar s)/N^(p-1) of each archetype, by Newton's identities, shape (..., K)."""
        p = self.model.p
        means = self.stored.astype(np.float64) / self.model.learning.n_examples
        sums = [(state if k % 2 else np.ones_like(state)) @ means**k for k in range(p + 1)]
        e = [np.ones_like(sums[0])]
        for k in range(1, p + 1):
            signed = [(-1) ** (j - 1) * e[k - j] * sums[j] for j in range(1, k + 1)]
            e.append(sum(signed) / k)
        return e[p] / self.n_spins ** (p - 1.0)
