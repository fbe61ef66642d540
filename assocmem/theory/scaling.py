r"""Ultra-storage and ultra-detection: how fast noise may grow with N beside K ~ N^b patterns.

A network of p-body couplings stores K ~ N^(p-1) patterns (ultra-storage, b = p - 1). With fewer,
b < p - 1, what is spared stands noise that grows with N, such that signal over noise of a single
entry tends to 0 (ultra-detection). Four kinds of noise, with the field of a state that a
retrieved pattern makes of order 1, and the field of the noise wanted no larger:

``couplings``. H = -(1/N^(p-1)) sum_(i1<..<ip) (sum_mu xi_i1..xi_ip + omega J_i1..ip) s_i1..s_ip,
J normal. The noise has field variance omega^2 C(N-1, p-1)/N^(2(p-1)), or
(omega^2/N^(p-1))/(p-1)!, and energies of the covariance N (omega^2/N^(p-1)) q^p/p! over replicas
of overlap q. That is the kernel g = q^p/p! which patterns have for p >= 3: both add up to the load

$$ \alpha_{\rm eff} = K/N^{p-1} + w^2,\qquad \omega = w N^{(p-1)/2}, $$

at every temperature and level of replica symmetry breaking. So delta = (p-1)/2 for every b <= p-1:
at b < p - 1 all of the critical load is there for w^2. (For p = 2 patterns are not weak, and the
network is Hopfield's with a Sherrington-Kirkpatrick glass beside it; the exponent 1/2 holds.)

``factors``. Noise on what is learned for p/2 spins each (p even), with A_mu over p/2 = k indices
i1 < .. < ik, eta = xi_i1..xi_ik + omega J^mu_i1..ik and H = -((k!)^2/(p! N^(p-1))) sum_mu A_mu^2,
A_mu = sum eta s..s. Retrieving mu = 1, spins feel omega J^1 once, beside the signal, and
omega^2 J^mu J^mu of the others: relative to the signal, the variances are

$$ v = \omega^2 (k-1)!/N^{k-1} + K \omega^4 k!\,(k-1)!/N^{p-1},\qquad
   m_1 = {\rm erf}(1/\sqrt{2v}), $$

so that delta = min((p-2)/4, (p-1-b)/4): at p = 4 and K ~ N noise of order sqrt(N) is stood. The
first term is the stricter for b < 1.

``supervised``. Each pattern is known by M ~ N^c examples of quality r ~ N^-delta, grouped by a
teacher. rho = 1/(M r^2) must stay of order 1, delta = c/2, whatever p and b: beyond it what is
stored is not the archetype, and no redundancy of couplings makes up for that.

``unsupervised``. The same, each example stored by itself: the noise K N^(-(p-1)) kappa against the
signal, whose square is lowered by (1 + rho)^-p, gives K N^(-(p-1))/(M r^(2p)) of order 1 beside
M r^2 (see `assocmem.theory.noise`), hence delta = min(c/2, (c + p - 1 - b)/(2p)). The first is the
stricter for c < 1 - b/(p-1): so few patterns cost nothing to have no teacher. Examples stay
weak, and so their noise Gaussian, within these limits: one contributes
N^(1-p/2)/(M R^(p/2)) -> 0 to the response of the network (for c < 1, or b > 0).

References: arXiv 2212.00606, 2211.14067 (the two regimes); Agliari, Alemanno, Barra, Centonze,
Fachechi, Phys. Rev. Lett. 124 (2020) 028301 (``factors``, p = 4, K ~ N, sqrt(N)); Agliari,
De Marzo, Eur. Phys. J. Plus 135 (2020) 883 (noise at several stages of storing).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from .. import _validate as check

KINDS = ("couplings", "factors", "supervised", "unsupervised")


@dataclass(frozen=True)
class AdmissibleNoise:
    """How fast noise may grow with N; made by `admissible_noise`.

    Parameters
    ----------
    kind : str
        Where the noise is.
    p, b : int, float
        Spins in a product, and K ~ N^b.
    delta : float
        Noise over signal of one entry may grow as N^delta: omega, or 1/r of examples. Slower
        growth leaves retrieval as it is without noise; at delta it depends on the prefactor.
    limit : str
        The quantity that becomes of order 1 at delta.
    examples : float or None
        c, where M ~ N^c examples are learned.
    """

    kind: str
    p: int
    b: float
    delta: float
    limit: str
    examples: float | None = None

    @property
    def regime(self) -> str:
        """Name: "ultra-storage" for b = p - 1, "ultra-detection" for fewer patterns."""
        return "ultra-storage" if self.b == self.p - 1 else "ultra-detection"


def admissible_noise(
    p: int, b: float, kind: str = "couplings", *, examples: float | None = None
) -> AdmissibleNoise:
    """Largest growth of noise with N at which K ~ N^b patterns are retrieved.

    Parameters
    ----------
    p : int
        Spins in a product, 2 <= p <= 30; even for "factors".
    b : float
        In [0, p - 1].
    kind : {"couplings", "factors", "supervised", "unsupervised"}
        Where the noise is; see the head of this module.
    examples : float, optional
        c >= 0 of M ~ N^c examples per pattern; for the last two kinds, which need it.

    Returns
    -------
    AdmissibleNoise

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> from assocmem.theory.scaling import admissible_noise
    >>> admissible_noise(4, 1, "factors").delta  # sqrt(N), Phys. Rev. Lett. 124 (2020) 028301
    0.5
    >>> admissible_noise(3, 1).delta, admissible_noise(3, 1).regime
    (1.0, 'ultra-detection')
    >>> [admissible_noise(4, 3, kind, examples=1).delta for kind in ("supervised", "unsupervised")]
    [0.5, 0.125]
    """
    p = check.integer("p", p, 2, 30)
    b = check.real("b", b, 0.0, p - 1.0)
    kind = check.choice("kind", kind, KINDS)
    if kind in ("couplings", "factors"):
        if examples is not None:
            raise ValueError(f"examples must be left out for kind={kind!r}, got {examples!r}")
    elif examples is None:
        raise ValueError(f"examples must be given for kind={kind!r}: c of M ~ N^c, got None")
    else:
        examples = check.real("examples", examples, 0.0)
    if kind == "couplings":
        bounds = [(0.5 * (p - 1), "omega^2/N^(p-1)")]
    elif kind == "factors":
        if p % 2:
            raise ValueError(f"p must be even for kind='factors', got {p}")
        bounds = [
            (0.25 * (p - 2), "omega^2/N^(p/2-1)"),
            (0.25 * (p - 1 - b), "K omega^4/N^(p-1)"),
        ]
    else:
        bounds = [(0.5 * examples, "1/(M r^2)")]
        if kind == "unsupervised":
            bounds.append(((examples + p - 1 - b) / (2 * p), "K/(N^(p-1) M r^(2p))"))
    delta, limit = min(bounds)
    return AdmissibleNoise(kind, p, b, delta, limit, examples)


def equivalent_load(p: int, n_spins: int, n_patterns: float, omega: float) -> float:
    """The load alpha_eff = (K + omega^2)/N^(p-1) of a network with noise in its couplings.

    Parameters
    ----------
    p : int
        3 <= p <= 30; for p = 2 patterns and couplings make noise of two kinds.
    n_spins : int
        N >= 2.
    n_patterns : float
        K >= 0.
    omega : float
        Standard deviation of the noise on the couplings, >= 0, where a pattern has +-1.

    Returns
    -------
    float
        Put it into ``Dense(load=..., p=p)`` for order parameters at every temperature.
    """
    p = check.integer("p", p, 3, 30)
    n_spins = check.integer("n_spins", n_spins, 2)
    n_patterns = check.real("n_patterns", n_patterns, 0.0)
    omega = check.real("omega", omega, 0.0)
    return (n_patterns + omega**2) / float(n_spins) ** (p - 1)


def factor_noise(p: int, n_spins: int, n_patterns: float, omega: float) -> float:
    """Variance v of the field, relative to the signal, of noise on the factors ("factors").

    One step from a pattern gives m1 = erf(1/sqrt(2 v)). Leading order in N for omega >> 1; the
    first of the two terms does not need that.

    Parameters
    ----------
    p : int
        Even, 2 <= p <= 30.
    n_spins, n_patterns : int, float
        N >= 2 and K >= 0.
    omega : float
        Standard deviation of the noise on a factor, >= 0.
    """
    p = check.integer("p", p, 2, 30)
    if p % 2:
        raise ValueError(f"p must be even for noise on factors, got {p}")
    n_spins = check.integer("n_spins", n_spins, 2)
    n_patterns = check.real("n_patterns", n_patterns, 0.0)
    omega = check.real("omega", omega, 0.0)
    k = p // 2
    size = float(n_spins)
    own = omega**2 * math.factorial(k - 1) / size ** (k - 1)
    others = n_patterns * omega**4 * math.factorial(k) * math.factorial(k - 1) / size ** (p - 1)
    return own + others
