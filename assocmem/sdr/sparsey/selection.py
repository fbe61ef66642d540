"""Parameters of code selection: how a familiar input finds its code and a new one gets another."""

from __future__ import annotations

from dataclasses import dataclass

from ... import _validate as check
from ...serial import register
from ._shown import shown


@register
@dataclass(frozen=True)
class Selection:
    r"""The code selection algorithm of a mac, from the support V of its units to their chances.

    A unit's support is V = U^lambda_u H^lambda_h D^lambda_d, U, H and D being its normalised sums
    over bottom-up, horizontal and top-down afferents; kinds that are not there drop out. The
    familiarity of the input is G, the mean over competitive modules of their largest V. It sets the
    expansivity

    .. math:: \eta = 1 + \Big(\Big[\frac{G - G_-}{1 - G_-}\Big]_+\Big)^\gamma \chi K

    of the sigmoid

    .. math:: \psi = 1 + \frac{\eta - 1}{(1 + \sigma_1 e^{-\sigma_2 (V - \sigma_3)})^{\sigma_4}},

    and one winner is drawn in each module with chances rho = psi / sum psi. At G = 1 the unit with
    V = 1 wins but for K/(chi K + K) or so: the old code comes back. At G <= G_- all are equally
    likely: a new code.

    Parameters
    ----------
    g_minus : float
        G_- in [0, 1): familiarity up to which codes are drawn uniformly.
    gamma : float
        > 0, how slowly the expansivity rises with familiarity.
    chi : float
        >= 0, expansivity of a wholly familiar input in units of K. At 0 all codes are drawn
        uniformly.
    sigma_1, sigma_2, sigma_3, sigma_4 : float
        Height, steepness, place and eccentricity of the sigmoid: sigma_1 > 0, sigma_2 >= 0,
        sigma_4 > 0.
    lambda_u, lambda_h, lambda_d : float
        >= 0, exponents of the three kinds of afferents.
    v_zeta : float
        In [0, 1): units with V > v_zeta compete as hypotheses; their mean number in a module,
        rounded, is zeta.
    hypotheses_power : float
        In [0, 1]: signals of a mac with zeta > 1 count F(zeta) = zeta^power fold, so that each of
        the superposed hypotheses counts fully at 1, and nothing is done at 0.
    most_hypotheses : int, optional
        Signals of a mac with more are not listened to: F = 0. No limit if left out.
    back_off : float
        In [0, 1]: in retrieval, an input whose G with all kinds of afferents is below this is
        looked at with fewer: first all pairs, then single ones, and the combination of the largest
        G is kept; at 0 never.
    keep_input : bool
        Whether back-off keeps to combinations with the bottom-up afferents where there are any.
        Otherwise a mac may follow its expectations alone against an input that does not fit them:
        less hurt by noise, but it does not find its place again where parts were left out.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    References
    ----------
    Rinkus, Front. Comput. Neurosci. 8 (2014) 160; Rinkus and Leveille, arXiv:1710.07829 (2017).

    Examples
    --------
    >>> from assocmem.sdr import Selection
    >>> Selection(chi=1000.0).chi
    1000.0
    """

    g_minus: float = 0.1
    gamma: float = 2.0
    chi: float = 100.0
    sigma_1: float = 1.0
    sigma_2: float = 25.0
    sigma_3: float = 0.5
    sigma_4: float = 1.0
    lambda_u: float = 1.0
    lambda_h: float = 1.0
    lambda_d: float = 1.0
    v_zeta: float = 0.95
    hypotheses_power: float = 1.0
    most_hypotheses: int | None = None
    back_off: float = 0.0
    keep_input: bool = True

    __repr__ = shown

    def __post_init__(self) -> None:
        for name, low, high, above, under in (
            ("g_minus", 0.0, 1.0, False, True),
            ("gamma", 0.0, None, True, False),
            ("chi", 0.0, None, False, False),
            ("sigma_1", 0.0, None, True, False),
            ("sigma_2", 0.0, None, False, False),
            ("sigma_3", None, None, False, False),
            ("sigma_4", 0.0, None, True, False),
            ("lambda_u", 0.0, None, False, False),
            ("lambda_h", 0.0, None, False, False),
            ("lambda_d", 0.0, None, False, False),
            ("v_zeta", 0.0, 1.0, False, True),
            ("hypotheses_power", 0.0, 1.0, False, False),
            ("back_off", 0.0, 1.0, False, False),
        ):
            limits = {"low": low, "high": high}
            limits = {key: limit for key, limit in limits.items() if limit is not None}
            value = check.real(name, getattr(self, name), **limits, open_low=above, open_high=under)
            object.__setattr__(self, name, value)
        if self.most_hypotheses is not None:
            check.set_integer(self, "most_hypotheses", 1, 2**53)
        if not isinstance(self.keep_input, bool):
            raise TypeError(f"keep_input must be True or False, got {self.keep_input!r}")
