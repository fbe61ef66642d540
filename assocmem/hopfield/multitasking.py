"""The multitasking model: diluted patterns, retrieved several at once; one quenched sample."""

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
from .bits import holding
from .learning import Supervised, Unsupervised


@register
@dataclass(frozen=True)
class Multitasking:
    """Network of N spins s_i = +-1 that stores K patterns with blank entries.

    H = -(1/(2 N)) sum_{i != j} sum_mu xi_i^mu xi_j^mu s_i s_j - sum_mu h_mu sum_i xi_i^mu s_i with
    P(xi = 0) = d and P(xi = +-1) = (1 - d)/2. Overlaps are m_mu = (1/N) sum_i xi_i^mu s_i, at most
    1 - d. Spins that one pattern leaves free follow others, so that several are retrieved at once.
    T = 1/beta is in the units of H; the ergodic state ends at T = 1 - d. The paper divides H by
    1 - d, see `beta_prime`. At d = 0 it is the `Hopfield` model.

    Parameters
    ----------
    load : float, optional
        alpha >= 0: at finite N there are K = round(alpha N) patterns.
    n_patterns : int, optional
        A number of patterns that stays finite as N grows; then ``load`` is 0.
        Give either ``load`` or ``n_patterns``.
    dilution : float
        d in [0, 1), the probability of a blank entry.
    exponent : float, optional
        delta in (0, 1): K = round(alpha N^delta) patterns instead. Theory takes it as load 0 in
        the limit of large N, with more patterns than are ever condensed.
    learning : Supervised or Unsupervised, optional
        How examples are learned, see Notes; patterns themselves if left out.
    entries : Ensemble
        Law of the entries that are not blank: `Rademacher` (default), or `Structured`, images.
    field : sequence of float
        External field h_mu on the first patterns, one number each.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Notes
    -----
    An example of a pattern is blank where the pattern is: eta = xi chi with P(chi = +-1) =
    (1 +- r)/2. With R = r^2 + (1 - r^2)/M, etabar = (1/M) sum_a eta^a,

    - `Supervised`: H = -(1/(2 N R)) sum_{i != j} sum_mu etabar_i^mu etabar_j^mu s_i s_j;
    - `Unsupervised`: H = -(1/(2 N M R)) sum_{i != j} sum_{mu, a} eta_i^(mu,a) eta_j^(mu,a) s_i s_j.

    E etabar^2 = (1 - d) R, so that the ergodic state ends at 1 - d again. The paper's factor
    1/((1 - d)(1 + rho) r^2) is 1/((1 - d) R).

    References
    ----------
    Agliari, Alessandrelli, Barra, Ricci-Tersenghi, arXiv 2308.04106; Agliari, Barra, Galluzzi,
    Guerra, Moauro, Phys. Rev. Lett. 109 (2012) 268101.

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem import Multitasking
    >>> model = Multitasking(n_patterns=3, dilution=0.4)
    >>> sample = model.draw(1000, np.random.default_rng(0))
    >>> sample
    MultitaskingSample(3 patterns, 1000 spins, Multitasking(n_patterns=3, dilution=0.4))
    """

    load: float | None = None
    n_patterns: int | None = None
    dilution: float = 0.5
    exponent: float | None = None
    learning: Supervised | Unsupervised | None = None
    entries: Ensemble = dataclasses.field(default_factory=Rademacher)
    field: Sequence[float] = ()

    def __post_init__(self) -> None:
        set_load(self, "K = load * N")
        set_field(self)
        made = Diluted(self.dilution, self.entries)  # checks both
        object.__setattr__(self, "dilution", made.dilution)
        if self.exponent is not None:
            if self.n_patterns is not None:
                raise ValueError(
                    f"exponent must be left out where n_patterns is given, got {self.exponent!r}"
                )
            exponent = check.real("exponent", self.exponent, 0.0, 1.0, open_low=True)
            object.__setattr__(self, "exponent", None if exponent == 1.0 else exponent)
        if self.learning is not None and not isinstance(self.learning, (Supervised, Unsupervised)):
            raise TypeError(
                f"learning must be Supervised(...), Unsupervised(...) or None, "
                f"got {self.learning!r}"
            )

    def __repr__(self) -> str:
        named = [("load", self.load if self.n_patterns is None else None)]
        named += [("n_patterns", self.n_patterns), ("dilution", self.dilution)]
        named += [("exponent", self.exponent), ("learning", self.learning)]
        if not isinstance(self.entries, Rademacher):
            named += [("entries", self.entries)]
        named += [("field", self.field or None)]
        return f"Multitasking({', '.join(f'{k}={v!r}' for k, v in named if v is not None)})"

    @property
    def patterns(self) -> Diluted:
        """Law of the patterns."""
        return Diluted(self.dilution, self.entries)

    def beta_prime(self, temperature: float) -> float:
        """The paper's beta, (1 - d)/T, for which the ergodic state ends at 1."""
        temperature = check.real("temperature", temperature, 0.0, open_low=True)
        return (1.0 - self.dilution) / temperature

    def temperature_of(self, beta_prime: float) -> float:
        """T = (1 - d)/beta of the paper's beta, the inverse of `beta_prime`."""
        beta_prime = check.real("beta_prime", beta_prime, 0.0, open_low=True)
        return (1.0 - self.dilution) / beta_prime

    def count(self, n_spins: int) -> int:
        """Number of patterns K of a sample of ``n_spins`` spins.

        Raises
        ------
        ValueError
            If K rounds to 0, is smaller than the number of fields, or the sample would not
            fit in memory, see `memory`.
        """
        number = self._number(n_spins)
        need, have = self._bytes(number, n_spins), machine_memory()
        if need > have:
            raise ValueError(
                f"n_spins={n_spins} needs {number} patterns, {need / 2**30:.3g} GiB, more than "
                f"the {have / 2**30:.3g} GiB of this machine; use fewer spins or a smaller load"
            )
        return number

    def memory(self, n_spins: int) -> int:
        """Bytes of a sample: N K for patterns, and for what is learned.

        Unsupervised N K M for the examples, supervised N K for the sums over them (2 N K for
        M > 127, 4 N K for M >= 2^15). Couplings, where they are asked for, come on top.

        Raises
        ------
        ValueError
            If there is no such number of patterns; never because they would not fit.
        """
        return self._bytes(self._number(n_spins), n_spins)

    def _number(self, n_spins: int) -> int:
        n_spins = check.integer("n_spins", n_spins, 2, MOST)
        number = self.n_patterns
        if number is None:
            wanted = self.load * float(n_spins) ** (1.0 if self.exponent is None else self.exponent)
            if wanted > MOST:
                raise ValueError(
                    f"load and n_spins must give at most 2^62 patterns, got load={self.load:g} "
                    f"at n_spins={n_spins}"
                )
            number = round(wanted)
            some_patterns(self, number, n_spins)
        enough_for_fields(self, number)
        return number

    def _bytes(self, number: int, n_spins: int) -> int:
        each = 1
        if isinstance(self.learning, Supervised):
            each += np.dtype(holding(self.learning.n_examples)).itemsize
        elif isinstance(self.learning, Unsupervised):
            each += self.learning.n_examples
        return each * number * n_spins

    def at_size(self, n_spins: int) -> Multitasking:
        """The model whose load is that of a sample of ``n_spins`` spins, K/N."""
        if self.n_patterns is not None:
            return self
        return dataclasses.replace(self, load=self._number(n_spins) / n_spins, exponent=None)

    def reduced(self, n_spins: int) -> tuple[Multitasking, float]:
        """`at_size` and the unit of energy of the infinite network it is like, which is 1."""
        return self.at_size(n_spins), 1.0

    def draw(self, n_spins: int, rng: np.random.Generator) -> MultitaskingSample:
        """Draw one quenched sample.

        Parameters
        ----------
        n_spins : int
            N >= 2.
        rng : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        MultitaskingSample
        """
        number = self.count(n_spins)
        if not isinstance(rng, np.random.Generator):
            raise TypeError(f"rng must be a numpy.random.Generator, got {rng!r}")
        patterns = self.patterns.draw(number, n_spins, rng)
        if self.learning is None:
            return MultitaskingSample(self, patterns, patterns)
        m, chance = self.learning.n_examples, 0.5 * (1.0 + self.learning.quality)
        if hasattr(self.entries, "examples"):  # real ones instead of random ones
            examples = self.entries.examples(number, m, rng)
            examples *= patterns[:, None] != 0
            return self.sample_of(patterns, examples)
        if isinstance(self.learning, Supervised):
            sums = np.empty((number, n_spins), holding(m))
            for row, out in zip(patterns, sums, strict=True):
                right = rng.binomial(m, chance, size=n_spins)
                out[:] = row.astype(np.int64) * (2 * right - m)
            return MultitaskingSample(self, patterns, sums)
        examples = np.repeat(patterns, m, axis=0)
        for row in examples:
            row[rng.random(n_spins, dtype=np.float32) >= chance] *= -1
        return MultitaskingSample(self, patterns, examples)

    def sample_of(
        self, patterns: np.ndarray, examples: np.ndarray | None = None
    ) -> MultitaskingSample:
        """The sample that given ``patterns`` make, and given ``examples`` of them.

        Parameters
        ----------
        patterns : array, shape (K, N)
            Entries -1, 0 and +1.
        examples : array, shape (K, M, N)
            Entries -1, 0 and +1, blank where the pattern is; needed with ``learning``, and M must
            be its ``n_examples``.

        Returns
        -------
        MultitaskingSample

        Raises
        ------
        ValueError
            If shapes or entries are not as said.
        """
        patterns = check.signs("patterns", patterns, (self.n_patterns, None), blanks=True).copy()
        number, size = patterns.shape
        if number < max(1, len(self.field)) or size < 2:
            raise ValueError(
                f"patterns must have shape (K, N) with K >= {max(1, len(self.field))} and N >= 2, "
                f"got {patterns.shape}"
            )
        if self.learning is None:
            if examples is not None:
                raise ValueError("examples must be left out of a model without learning")
            return MultitaskingSample(self, patterns, patterns)
        m = self.learning.n_examples
        examples = check.signs("examples", examples, (number, m, size), blanks=True)
        if np.any((examples == 0) != (patterns[:, None] == 0)):
            raise ValueError("examples must be blank where their pattern is, and nowhere else")
        if isinstance(self.learning, Unsupervised):
            return MultitaskingSample(self, patterns, examples.reshape(number * m, size).copy())
        sums = examples.sum(axis=1, dtype=np.int64).astype(holding(m))
        return MultitaskingSample(self, patterns, sums)


@dataclass(frozen=True, eq=False, repr=False)
class MultitaskingSample:
    """One quenched sample; made by `Multitasking.draw` or `Multitasking.sample_of`.

    Parameters
    ----------
    model : Multitasking
        The model it was drawn from.
    patterns : ndarray, int8, shape (K, N)
        Entries -1, 0 and +1.
    stored : ndarray, int8 to int32, shape (rows, N)
        What couplings are made of, J_ij = `unit` sum_rows stored_i stored_j: the patterns
        themselves without learning, the sums over examples M etabar (supervised), or the K M
        examples, those of one pattern together (unsupervised).
    """

    model: Multitasking
    patterns: np.ndarray
    stored: np.ndarray

    def __post_init__(self) -> None:
        for array in (self.patterns, self.stored):
            array.flags.writeable = False

    def __repr__(self) -> str:
        return f"MultitaskingSample({self.n_patterns} patterns, {self.n_spins} spins, {self.model})"

    @property
    def n_patterns(self) -> int:
        """K."""
        return self.patterns.shape[0]

    @property
    def n_spins(self) -> int:
        """N."""
        return self.patterns.shape[1]

    @property
    def n_stored(self) -> int:
        """Rows of what is stored: K, or K M where every example is."""
        return self.stored.shape[0]

    @property
    def unit(self) -> float:
        """What products of stored entries are multiplied by to give couplings."""
        learning, unit = self.model.learning, 1.0 / self.n_spins
        if learning is None:
            return unit
        power = 2 if isinstance(learning, Supervised) else 1
        return unit / (learning.variance * float(learning.n_examples) ** power)

    def leading(self, number: int) -> np.ndarray:
        """The first patterns, int8 of shape (number, N)."""
        return self.patterns[:number]

    @property
    def is_integer(self) -> bool:
        """Whether J_ij/`unit` are integers that int16 holds."""
        largest = 1
        if isinstance(self.model.learning, Supervised):
            largest = self.model.learning.n_examples
        return self.n_stored * largest**2 < 2**15

    @cached_property
    def couplings(self) -> np.ndarray:
        """J, float32 of shape (N, N), C-contiguous, symmetric, zero diagonal."""
        rows = self.stored.astype(np.float32 if self.is_integer else np.float64)
        matrix = rows.T @ rows
        np.fill_diagonal(matrix, 0.0)
        matrix *= self.unit
        return np.ascontiguousarray(matrix, np.float32)

    @cached_property
    def padded_couplings(self) -> np.ndarray:
        """J/`unit`, exact, in int8 where that holds them and int16 otherwise, for kernels.

        Shape (N, N'), where N' is N rounded up to a multiple of 64 and the columns from N on are
        zero; rows aligned to 64 bytes.

        Raises
        ------
        ValueError
            If they are not integers of 16 bits, see `is_integer`.
        """
        if not self.is_integer:
            raise ValueError(
                f"couplings must be integers of 16 bits in units of {self.unit:g}, got {self.model}"
            )
        size = self.n_spins
        rows = self.stored.astype(np.float32)  # sums below 2^15 are exact, and BLAS does them
        matrix = rows.T @ rows
        np.fill_diagonal(matrix, 0.0)
        narrow = max(matrix.max(), -matrix.min()) <= 127
        padded = padded_zeros(size, size, np.int8 if narrow else np.int16)
        padded[:, :size] = matrix
        return padded

    @property
    def integer_couplings(self) -> np.ndarray:
        """J/`unit`, int8 or int16 of shape (N, N), exact; a view of `padded_couplings`."""
        return self.padded_couplings[:, : self.n_spins]

    @cached_property
    def field(self) -> np.ndarray:
        """External field on each spin, sum_mu h_mu xi_i^mu, float64 of shape (N,)."""
        strengths = np.array(self.model.field, dtype=np.float64)
        return strengths @ self.leading(len(strengths)).astype(np.float64)

    def overlaps(self, spins: np.ndarray) -> np.ndarray:
        """Overlaps with the patterns m_mu = (1/N) sum_i xi_i^mu s_i.

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
        return spins.astype(np.float64) @ self.patterns.T.astype(np.float64) / self.n_spins

    def energy(self, spins: np.ndarray) -> np.ndarray:
        """Total energy H in double precision, shape (...,) for spins of shape (..., N).

        Cost: N times the rows stored, per configuration.

        Raises
        ------
        ValueError
            If ``spins`` are not +-1 or not N.
        """
        spins = check.signs("spins", spins, (self.n_spins,), stacked=True).astype(np.float64)
        rows = self.stored.astype(np.float64)
        diagonal = float(np.sum(rows**2))
        squares = np.sum((spins @ rows.T) ** 2, axis=-1)
        return -0.5 * self.unit * (squares - diagonal) - spins @ self.field

    def loss(self, spins: np.ndarray) -> np.ndarray:
        """Squared-error loss, shape (...,) for spins of shape (..., N).

        L = sum over what is stored of L_+ L_-, L_+- = (1/(2 N)) sum_i (y_i +- s_i)^2, y being a
        stored row: a pattern, an example, or the mean over examples. Each factor is the squared
        error of the network's state as a reconstruction of the row, or of its negative; the
        product vanishes where either is perfect. Without fields L is H times a positive number
        and a constant, see `loss_scale`.

        Raises
        ------
        ValueError
            If ``spins`` are not +-1 or not N.
        """
        spins = check.signs("spins", spins, (self.n_spins,), stacked=True).astype(np.float64)
        mean = 1.0
        if isinstance(self.model.learning, Supervised):
            mean = 1.0 / self.model.learning.n_examples
        total = np.zeros(spins.shape[:-1])
        for row in self.stored:
            y = mean * row
            total += np.prod([np.sum((y + sign * spins) ** 2, axis=-1) for sign in (1, -1)], axis=0)
        return total / (4.0 * self.n_spins**2)

    @property
    def loss_scale(self) -> float:
        """Slope c > 0 of L = c H + constant, which holds for every state where no field is.

        L_+ L_- = ((1 + |y|^2/N)/2)^2 - n^2 with n = (1/N) sum_i y_i s_i, and
        H = -(N/(2 R)) sum n^2 + constant (over M for examples).
        """
        learning = self.model.learning
        if learning is None:
            return 2.0 / self.n_spins
        scale = 2.0 * learning.variance / self.n_spins
        return scale * (learning.n_examples if isinstance(learning, Unsupervised) else 1)
