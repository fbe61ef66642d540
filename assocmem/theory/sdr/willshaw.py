"""Theory of the Willshaw memory: errors of recall, load, information in a synapse.

Errors of one output are exact for random patterns. Willshaw, Buneman and Longuet-Higgins (Nature
222 (1969) 960) take the synapses of an output as independent, each 1 with probability p_1, so that
all z of a cue are 1 with p_1^z, see `independent_spurious`; they are not, since an output belongs
to a random number of patterns (Buckingham and Willshaw, Network 3 (1992) 407), and the exact law
is due to Knoblauch (SIAM J. Appl. Math. 69 (2008) 169). Here it comes as a power of a positive
matrix, see `willshaw_cover`, without the alternating sums of that formula.
"""

from __future__ import annotations

import math
from typing import Any

from .probability import Probability
from .willshaw_outputs import Kind, cues, kinds
from .willshaw_pairs import MOST_BITS, Sizes, none_bracket, number_law, spurious_moments
from .willshaw_winners import certain_winners, winners_take_all

LIMIT = math.log(2.0)
"""Most bits in a synapse, hetero-association: ln 2, for a ~ log2 n at load 1/2 as n grows."""
AUTO_STORAGE_LIMIT = 0.5 * math.log(2.0)
"""Most bits in a synapse that auto-association can store, where half of the matrix mirrors the
other half: patterns of 2 log2 n cells at load 1/2, the smallest that are the only sets of their
size whose synapses are all 1 (Palm, Biol. Cybern. 36 (1980) 19)."""
COMPLETION_LIMIT = 0.25 * math.log(2.0)
"""Most bits in a synapse that one step of completion gains: patterns of 2 log2 n cells at load 1/2
from half of their cells; c(1 - c) ln 2 from a share c of them, with log2 n cells in the cue."""


def predict(model: Any, *, approximate: bool = False) -> dict[str, Probability | float]:
    """Errors of recall of a stored pattern, load and information of a `Willshaw` memory.

    Parameters
    ----------
    model : Willshaw
    approximate : bool
        Give what is known approximately too, under ``method`` the name of the approximation.
        By default what is not exact is left out.

    Returns
    -------
    dict
        ``spurious``: probability that an output outside the pattern is on; ``spurious_pairs``:
        that two given ones are; ``missing``: that one of the pattern is off; ``exact``: that just
        the pattern is on; ``load``: expected fraction of synapses that are 1; ``information``: bits
        in a synapse, see `information`.

    Raises
    ------
    ValueError
        For recall in several steps; with ``approximate`` also for winners in auto-association with
        added cue bits or without a diagonal: no theory of these is known here.

    Notes
    -----
    By a threshold all is exact but ``exact`` where errors are random, and ``spurious_pairs``,
    left out for cues of more than 48 bits and for auto-association with added bits. Outputs depend
    on each other: the number of spurious ones is taken as beta-binomial of the exact mean and
    variance where pairs are known, else outputs are taken as independent, as those of the pattern
    are. See `exact_bracket` for rigorous bounds. By winners nothing but ``load`` is exact, except
    with all that tie and at most a_out winners from a cue without added bits; with other ties
    errors then follow from that number, else from independent sums.

    Examples
    --------
    >>> from assocmem.sdr import Willshaw
    >>> found = predict(Willshaw(1000, 1000, 10, 10, n_patterns=5000))
    >>> print(found["spurious"], f"{found['information']:.4f}")
    0.000136698 (exact) 0.3988
    """
    if model.steps > 1:
        raise ValueError(f"steps must be 1 for theory, got {model.steps}; simulate it instead")
    parts: dict[str, list[tuple[float, Probability]]] = {}
    for weight, kept, added in cues(model):
        if weight > 0.0:
            rule = _by_threshold if model.winners is None else _by_winners
            for name, value in rule(model, kept, added, approximate).items():
                parts.setdefault(name, []).append((weight, value))
    found: dict[str, Probability | float] = {}
    for name, cases in parts.items():
        methods = {value.method for _, value in cases}
        if sum(weight for weight, _ in cases) > 1.0 - 1e-9 and (
            approximate or methods == {"exact"}
        ):
            method = methods.pop() if len(methods) == 1 else " and ".join(sorted(methods))
            logs = [math.log(weight) + _log(value) for weight, value in cases]
            found[name] = Probability.of_log(_total(logs), method)
    found["load"] = load(model)
    if "spurious" in found and "missing" in found:
        rates = float(found["spurious"]), float(found["missing"])
        found["information"] = information(model, *rates)
    return found


def _log(value: Probability) -> float:
    return float(value.log10) * math.log(10.0)


def _by_threshold(model: Any, kept: int, added: int, approximate: bool) -> dict[str, Probability]:
    """Rates for one case of the cue."""
    outputs = kinds(model, kept, added)
    found = {
        "spurious": Probability.of_log(_mean([k for k in outputs if not k.wanted], "log_on")),
        "missing": Probability.of_log(_mean([k for k in outputs if k.wanted], "log_off")),
    }
    pairs = pair_moments(model, kept, added)
    if pairs is not None:
        found["spurious_pairs"] = Probability.of_log(
            math.log(pairs[1]) if pairs[1] > 0.0 else -math.inf
        )
    exact, methods = 0.0, set()
    for kind in outputs:
        right, wrong = (kind.log_on, kind.log_off) if kind.wanted else (kind.log_off, kind.log_on)
        if wrong == -math.inf:  # never wrong
            continue
        if right == -math.inf or (right < -1e-9 and wrong > -1e-15):
            exact = -math.inf
            methods = set()
            break
        if kind.wanted or pairs is None:
            exact += kind.count * right
            methods.add("independent outputs")
        else:
            exact += math.log(max(number_law(kind.count, pairs[0], pairs[2])[0], 1e-300))
            methods.add("beta-binomial")
    if approximate or not methods:
        found["exact"] = Probability.of_log(exact, " and ".join(sorted(methods)) or "exact")
    return found


def pair_moments(model: Any, kept: int, added: int) -> tuple[float, float, float] | None:
    """P(spurious), P(two given ones are) and their correlation, exact; None where not known.

    For recall by a threshold, given the bits of the pattern that are in the cue and those added.
    """
    z = kept + added
    if (model.auto and added) or z > MOST_BITS:
        return None
    threshold = z if model.threshold is None else model.threshold
    if threshold <= 0:
        return 1.0, 1.0, 0.0
    if threshold > z:
        return 0.0, 0.0, 0.0
    return spurious_moments(_sizes(model), z, threshold)


def exact_bracket(model: Any) -> tuple[float, float]:
    """Rigorous bounds on ``exact`` for recall by a threshold, from the exact moments of errors.

    Returns
    -------
    low, high : float
        From the mean and the second moment of the number of spurious outputs where all of the
        pattern's outputs are certain to be on, from the means alone otherwise.

    Raises
    ------
    ValueError
        For recall by winners or in several steps.
    """
    if model.winners is not None or model.steps > 1:
        raise ValueError(f"model must be one of recall by a threshold in one step, got {model!r}")
    low = high = 0.0
    for weight, kept, added in cues(model):
        outputs = kinds(model, kept, added)
        pairs = pair_moments(model, kept, added)
        number = sum(kind.count for kind in outputs if not kind.wanted)
        rates = [(k.count, math.exp(k.log_off if k.wanted else k.log_on), k) for k in outputs]
        if pairs is not None and all(rate == 0.0 for _, rate, k in rates if k.wanted):
            least, most = none_bracket(number, pairs[0], pairs[1])
        else:
            least = max(0.0, 1.0 - sum(count * rate for count, rate, _ in rates))
            most = 1.0 - max(rate for _, rate, _ in rates)
        low, high = low + weight * least, high + weight * most
    return low, min(high, 1.0)


def _by_winners(model: Any, kept: int, added: int, approximate: bool) -> dict[str, Probability]:
    """Rates for one case of the cue."""
    z, k, outside = kept + added, model.winners, model.n_out - model.a_out
    if not approximate and not (
        added == 0 and z > 0 and k <= model.a_out and model.ties == "all" and model.diagonal
    ):
        return {}
    if model.auto and (added or not model.diagonal):
        raise ValueError(
            "winners in auto-association must go with a diagonal and noise that adds no bits for "
            f"theory, got {model!r}; simulate it instead"
        )
    outputs = kinds(model, kept, added)
    wanted = next(kind for kind in outputs if kind.wanted)
    others = next(kind for kind in outputs if not kind.wanted)
    method = "independent outputs"
    if z > 0 and added == 0 and k <= model.a_out:
        # All wanted outputs have the largest sum possible: others that have it are all there is.
        log_tied = others.law.log_at_least(z)
        moments = math.exp(log_tied), 0.0, 0.0
        if z <= MOST_BITS:
            moments, method = spurious_moments(_sizes(model), z, z), "beta-binomial"
        law = number_law(outside, moments[0], moments[2])
        rates = certain_winners(model.a_out, outside, law, k, model.ties)
        if model.ties == "all":
            found = {
                "spurious": Probability.of_log(log_tied),
                "missing": Probability.of_log(-math.inf),
            }
            if approximate:
                found["exact"] = _of(rates[2], method)
            return found
    else:
        rates = winners_take_all(
            (model.a_out, wanted.sums(z)), (outside, others.sums(z)), k, model.ties
        )
    return dict(
        zip(("spurious", "missing", "exact"), (_of(rate, method) for rate in rates), strict=True)
    )


def _of(value: float, method: str) -> Probability:
    return Probability.of_log(math.log(value) if value > 0.0 else -math.inf, method)


def _sizes(model: Any) -> Sizes:
    return Sizes(model.n_in, model.n_out, model.a_in, model.a_out, model.auto, model.n_patterns - 1)


def _mean(outputs: list[Kind], name: str) -> float:
    """Natural logarithm of the mean probability of several kinds."""
    total = sum(kind.count for kind in outputs)
    return _total([math.log(kind.count / total) + getattr(kind, name) for kind in outputs])


def _total(logs: list[float]) -> float:
    """Natural logarithm of a sum of exponentials, at most 0."""
    top = max(logs)
    if top == -math.inf:
        return top
    return min(top + math.log(math.fsum(math.exp(log - top) for log in logs)), 0.0)


def load(model: Any) -> float:
    """Expected fraction of synapses that are 1, exact.

    1 - (1 - a_in a_out/(n_in n_out))^M in hetero-association. In auto-association a synapse
    between two cells is set by a pattern with probability a(a - 1)/(n(n - 1)), one of a cell onto
    itself with a/n.
    """
    patterns = model.n_patterns

    def ones(share: float) -> float:
        return 1.0 if share == 1.0 else -math.expm1(patterns * math.log1p(-share))

    n, a = model.n_in, model.a_in
    if not model.auto:
        return ones(a / n * (model.a_out / model.n_out))
    between = ones(a / n * ((a - 1) / (n - 1)))
    return between if not model.diagonal else (between * (n - 1) + ones(a / n)) / n


def independent_spurious(model: Any) -> Probability:
    """Willshaw's approximation of ``spurious``: binomial sums of z synapses, each 1 with the load.

    z is the number of active cue bits. For thresholds only.
    """
    from scipy import stats

    ones = load(model)
    logs = []
    for weight, kept, added in cues(model):
        z = kept + added
        threshold = z if model.threshold is None else model.threshold
        if weight > 0.0:
            logs.append(math.log(weight) + float(stats.binom.logsf(threshold - 1, z, ones)))
    return Probability.of_log(_total(logs), "independent synapses")


def channel_bits(share: float, spurious: float, missing: float) -> float:
    """Mutual information, in bits, of one binary cell and its recalled value.

    Parameters
    ----------
    share : float
        P(the cell is on), in [0, 1].
    spurious, missing : float
        P(recalled as on, though off), P(recalled as off, though on).

    Notes
    -----
    No difference of numbers much larger than the information itself, however small the share,
    unless what is recalled hardly depends on the cell.
    """
    off = 1.0 - share
    on = share * (1.0 - missing) + off * spurious
    apart = 1.0 - missing - spurious
    if not 0.0 < on < 1.0 or apart == 0.0:
        return 0.0

    def part(rate: float, total: float, change: float) -> float:
        """Rate ln(rate/total), ``change`` being total - rate, without cancellation."""
        if rate <= 0.0:
            return 0.0
        ratio = change / rate
        if ratio < -0.5 or ratio == math.inf:
            return rate * (math.log(rate) - math.log(total))
        return -rate * math.log1p(ratio)

    # Divergences of what is recalled of cells that are on, and off, from what is of all.
    nats = share * (part(1.0 - missing, on, -off * apart) + part(missing, 1.0 - on, off * apart))
    nats += off * part(spurious, on, share * apart)
    nats += off * part(1.0 - spurious, 1.0 - on, -share * apart)
    return max(nats, 0.0) / math.log(2.0)


def information(model: Any, spurious: float, missing: float) -> float:
    """Bits in a synapse that recall of all patterns brings out, of given rates of error.

    M n_out T/(synapses), T the mutual information of a cell of the pattern and what is recalled of
    it (`channel_bits`), cells taken one by one (Palm; Knoblauch, Palm and Sommer, Neural Comput.
    22 (2010) 289). In auto-association what the cue says of the pattern already is taken off:
    M n (T - T_cue)/(synapses), which is negative where recall spoils a good cue. Synapses are n_in
    n_out, less the diagonal where there is none; see `LIMIT` and `COMPLETION_LIMIT`.
    """
    bits = channel_bits(model.a_out / model.n_out, spurious, missing)
    if model.auto:
        cases = cues(model)
        lost = sum(weight * (model.a_in - kept) for weight, kept, _ in cases) / model.a_in
        false = sum(weight * added for weight, _, added in cases) / (model.n_in - model.a_in)
        bits -= channel_bits(model.a_in / model.n_in, false, lost)
    return model.n_patterns * model.n_out * bits / model.n_synapses
