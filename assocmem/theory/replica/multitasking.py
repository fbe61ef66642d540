r"""States of multitasking networks at low load: finitely many patterns, exact averages over words.

Source: arXiv 2308.04106 and Phys. Rev. Lett. 109 (2012) 268101, derived anew in the normalisation
of `Multitasking`; equations and words: `multitasking_words`; all stationary points:
`multitasking_states`. Unsupervised learning has the equations of supervised learning for states
whose overlaps with the examples of one pattern are equal, but further directions in which they
may be unstable: with K M overlaps n_(mu,a) the curvature along vectors that sum to zero over the
examples of each pattern is 1 - (beta/R) E[(1 - etabar_mu^2) sech^2 ; xi_mu != 0]/(M - 1), as
E[eta_a eta_b | etabar] = (M etabar^2 - 1)/(M - 1) for a != b.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ... import _validate as check
from ...errors import ConvergenceError
from ...hopfield.learning import Unsupervised
from ...hopfield.regime import regime_of
from ..state import State, finished
from . import multitasking_search as search
from .multitasking_minima import (
    Point,
    canonical,
    equal_point,
    ergodic,
    minima,
    most_distinct,
    told_apart,
)
from .multitasking_words import LAWS, MOST_WORDS, Words, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ...hopfield.multitasking import Multitasking
    from ..diagram import PhaseDiagram

STATES = ("retrieval", "hierarchical", "parallel", "mixture", "paramagnet")
_EQUAL = 1e-7  # relative difference of overlaps that count as equal


def solve(
    model: Multitasking,
    temperature: float,
    state: str = "retrieval",
    *,
    n_mixed: int = 3,
    law: str = "binomial",
) -> State:
    """One state of the model; see `assocmem.theory.solve`.

    Overlaps are those with the archetypes, of condensed patterns, largest first (in the order of
    the patterns where fields act); ``example_overlaps`` are sqrt(R) nu, those with the mean
    examples. q, C and the entropy count spins on which all condensed patterns are blank. Cost of
    retrieval: 1 ms for K = 3, 10 ms for K = 4, 50 to 500 ms for K = 6, 1 s for K = 10, up to a
    minute for K = 12 at low T; of the others about a millisecond.

    Parameters
    ----------
    model : Multitasking
        With ``n_patterns`` (any number; for more than fit in distinct words see
        `multitasking_minima.minima`), or with a load, see `multitasking_loaded`.
    temperature : float
        T >= 0.
    state : str
        "retrieval", the state of lowest free energy found; "hierarchical", where the flow
        nu <- E y tanh ends that starts at nu_mu = (1 - d) d^(mu - 1), if that is hierarchical;
        "parallel", all K overlaps equal; "mixture", ``n_mixed`` equal ones and no others;
        "paramagnet", none.
        In fields "retrieval" is again the lowest found and "hierarchical" the end of the flow in
        the fields, both with patterns of larger fields first or in their order; the others are
        followed as the fields are raised from 0.
    n_mixed : int
        Patterns in a mixture, >= 1 and <= K.
    law : str
        Of the mean examples: "binomial", exact, or "gaussian", its limit for many examples.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range, or there are too many words: of
        "retrieval" and "hierarchical" if more patterns condense than words of distinct overlaps
        can be summed over (12 without learning; 14 of "hierarchical", which takes up to 5e6 words).
    ConvergenceError
        If the equations were not solved to 1e-10: the flow to the hierarchical state does not end
        where f is all but flat, at d = 2/3 within 1 % of T = 1 - d; nor are minima resolved
        where overlaps are 1e-12 or less, or nearly parallel ones of a hundred patterns.
    """
    if model.n_patterns is None:
        from . import multitasking_loaded as loaded

        return loaded.solve(model, temperature, state, n_mixed=n_mixed, law=law)
    temperature = check.real("temperature", temperature, 0.0)
    state = check.choice("state", state, STATES)
    law = check.choice("law", law, LAWS)
    model.patterns.law()  # refuses entries that are not independent
    if state == "mixture":
        n_mixed = check.integer("n_mixed", n_mixed, 1)
        if n_mixed > model.n_patterns:
            raise ValueError(
                f"n_mixed must be at most n_patterns={model.n_patterns}, got {n_mixed}"
            )
    fields = trimmed(model.field)
    if fields:
        from .multitasking_fields import solve_in_fields

        return solve_in_fields(model, temperature, state, n_mixed, law, fields)
    if state == "paramagnet":
        if temperature == 0.0:
            return State(state, model, temperature, False, "not a state at T = 0")
        return state_at(model, temperature, state, ergodic(temperature), law, 1)
    if temperature >= 1.0 - model.dilution:
        reason = f"no pattern condenses at T >= 1 - d = {1.0 - model.dilution:.12g}"
        return State(state, model, temperature, False, reason)
    if temperature == 0.0:
        from .multitasking_frozen import solve_frozen

        return solve_frozen(model, state, n_mixed, law)
    if state == "retrieval":
        return ground(model, temperature, law=law)
    if state == "hierarchical":
        return _hierarchical(model, temperature, law)
    n = model.n_patterns if state == "parallel" else n_mixed
    return state_at(model, temperature, state, equal_point(model, n, temperature, law), law, 1)


def phase_diagram(
    model: Multitasking,
    *,
    n_points: int = 100,
    mixtures: tuple[int, ...] = (),
    law: str = "binomial",
) -> PhaseDiagram:
    """All critical lines; see `assocmem.theory.phase_diagram`."""
    if model.n_patterns is None:
        from . import multitasking_loaded as home
    else:
        from . import multitasking_diagram as home
    return home.phase_diagram(model, n_points=n_points, mixtures=mixtures, law=law)


def ground(
    model: Multitasking,
    temperature: float,
    guesses: Iterable[Sequence[float]] = (),
    *,
    law: str = "binomial",
) -> State:
    """The state of lowest free energy found at T > 0, without fields; the paramagnet at T >= 1 - d.

    Parameters
    ----------
    model : Multitasking
        With ``n_patterns``.
    temperature : float
        T > 0.
    guesses : iterable of sequence of float
        Values of nu to start from too, such as those of states at a neighbouring point (without
        learning nu are the overlaps; with it example_overlaps/sqrt(R)).
    law : str
        As for `solve`.

    Returns
    -------
    State
        Of name "retrieval", or "paramagnet".
    """
    temperature = check.real("temperature", temperature, 0.0, open_low=True)
    if trimmed(model.field):
        raise ValueError(f"field must be zero here, got {model.field!r}")
    if temperature >= 1.0 - model.dilution:
        return state_at(model, temperature, "paramagnet", ergodic(temperature), law, 1)
    found, count = minima(model, temperature, law, [np.asarray(g) for g in guesses])
    if not found:
        raise ConvergenceError(
            f"no minimum of {model} at T={temperature!r} was found: overlaps, at most "
            f"{1.0 - model.dilution:.3g}, are too small, or too many distinct patterns condense",
            math.inf,
        )
    state = state_at(model, temperature, "retrieval", found[0], law, count)
    return told_apart(state, most_distinct(model, law), law)


def trimmed(fields: Sequence[float]) -> tuple[float, ...]:
    """Fields without zeros at the end."""
    fields = list(fields)
    while fields and fields[-1] == 0.0:
        fields.pop()
    return tuple(fields)


def flow(
    words: Words, nu: np.ndarray, temperature: float, near: float = 1e-3, most: int = 50_000
) -> tuple[np.ndarray, float, int]:
    """End of nu <- E y tanh from ``nu``, its residual, and evaluations; Newton at the end."""
    u = words.roots * nu
    _, residual, count = search.descend(*search.arguments(words), u, temperature, near, most)
    return u / words.roots, float(residual), count


def hierarchical_start(model: Multitasking, n: int) -> np.ndarray:
    """nu_mu = (1 - d) d^(mu - 1), the overlaps at T = 0."""
    return (1.0 - model.dilution) * model.dilution ** np.arange(n)


def _hierarchical(model: Multitasking, temperature: float, law: str) -> State:
    name, most = "hierarchical", most_distinct(model, law, MOST_WORDS)
    n, count = min(most, 8), 0
    nu = hierarchical_start(model, n)
    while True:
        words = words_of(model, (1,) * n, law)
        nu, _, evaluations = flow(words, nu, temperature)
        count += evaluations
        point = canonical(model, nu, temperature, law)
        free = 0.0
        if point is not None and sum(point.sizes) < model.n_patterns:
            q = words_of(model, point.sizes, law).averages(point.nu, temperature).C
            free = 1.0 - (1.0 - model.dilution) * q
        if free >= 0.0 or n >= most:
            break
        nu = np.append(nu, model.dilution * nu[-1])  # more patterns than 8 condense
        n += 1
    if point is None:
        point = Point((1,) * n, tuple(nu), math.nan, math.inf)
    found = told_apart(state_at(model, temperature, name, point, law, count), n, law)
    if found.regime != name:
        values = ", ".join(f"{m:.6g}" for m in found.overlaps)
        reason = f"the flow from (1 - d) d^(mu - 1) ends in a {found.regime} state, m = {values}"
        return State(name, model, temperature, False, reason, iterations=count)
    return found


def state_at(
    model: Multitasking,
    temperature: float,
    name: str,
    point: Point,
    law: str,
    iterations: int,
    fields: Sequence[float] | None = None,
    order: Sequence[int] | None = None,
) -> State:
    """The State of a point; with ``fields`` on the components of its blocks.

    ``order[i]`` is the block that overlap i belongs to; by default blocks follow one another.
    """
    t, sizes = temperature, point.sizes
    words = words_of(model, sizes, law, fields)
    averages = words.averages(point.nu, t)
    if t > 0.0 or words.v > 0.0:
        _, gradient, hessian = words.at(point.nu, t)
    else:
        _, gradient, free = words.frozen(point.nu)
        hessian = np.diag(np.full(len(sizes), -math.inf if free else 1.0))
    stability = {}
    if len(sizes):
        finite = bool(np.all(np.isfinite(np.diag(hessian))))
        stability["longitudinal"] = float(np.linalg.eigvalsh(hessian)[0]) if finite else -math.inf
    if any(n > 1 for n in sizes):
        stability["symmetry"] = float(np.nanmin(averages.symmetry))
    if sum(sizes) < model.n_patterns:
        stability["uncondensed"] = 1.0 - (1.0 - model.dilution) * averages.C
    examples = _examples(model, averages.examples, sum(sizes) < model.n_patterns)
    if examples is not None:
        stability["examples"] = examples
    if order is None:
        order = np.repeat(np.arange(len(sizes)), sizes)
    m = averages.overlaps[list(order)] if len(order) else np.zeros(1)
    nu = np.asarray(point.nu)[list(order)] if len(order) else np.zeros(1)
    field = 0.0 if fields is None else float(np.asarray(fields)[list(order)] @ m)
    energy = 0.0 - 0.5 * float(nu @ nu) - field
    top = float(np.max(np.abs(m)))
    stored = None
    if model.learning is not None:
        stored = tuple(float(math.sqrt(model.learning.variance) * x) for x in nu)
    return finished(
        model,
        t,
        name,
        overlaps=tuple(float(x) for x in m),
        q=min(1.0, averages.q),
        C=averages.C,
        r=0.0,
        free_energy=energy - t * averages.entropy,
        energy=energy,
        entropy=averages.entropy,
        stability=stability,
        residual=float(np.max(np.abs(gradient), initial=0.0)),
        iterations=iterations,
        regime=regime_of(m, _EQUAL * top, model.n_patterns)[0],
        example_overlaps=stored,
    )


def _examples(model: Multitasking, each: np.ndarray, free: bool) -> float | None:
    """The smallest eigenvalue against unequal overlaps with the examples of one pattern."""
    if not isinstance(model.learning, Unsupervised) or model.learning.n_examples == 1:
        return None
    if model.learning.quality == 1.0:
        return 1.0  # all examples of a pattern are the same
    return float(np.min(each if free else each[:-1]))
