"""Predictions against simulations of memories without a temperature: independent trials, judged.

`assocmem.verify` comes here for detectors, populations, Willshaw memories, stored sequences and
macs. Each has a theory, ``predict(model)``, and a simulation, ``simulate(model, ...)``, that know
nothing of each other and name their numbers alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _validate as check
from .estimates import Counted, Estimate
from .serial import to_json

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

# Class of a model -> modules of its theory and of its simulation.
_ROOMS = {
    "Detector": ("theory.sdr.detection", "dendrites.trials"),
    "Population": ("theory.sdr.detection", "dendrites.trials"),
    "Willshaw": ("theory.sdr.willshaw", "sdr.willshaw_trials"),
    "Branching": ("theory.sdr.sequence_recall", "dendrites.sequence_recall"),
    "SequenceRecall": ("theory.sdr.sequence_recall", "dendrites.sequence_recall"),
    "StoredTransitions": ("theory.sdr.sequences", "dendrites.sequence_trials"),
    "CodeOverlap": ("theory.sparsey.prediction", "sdr.sparsey.trials"),
    "StoredItems": ("theory.sparsey.prediction", "sdr.sparsey.trials"),
    "ReadItems": ("theory.sparsey.prediction", "sdr.sparsey.trials"),
}

# An event that a right theory lets happen fewer times than this says next to nothing about it.
_FEW = 5.0
# Relative error beyond which agreement means nothing.
_COARSE = 0.3

Prediction = Callable[[Any], Mapping[str, Any]]


def is_tried(model: Any) -> bool:
    """Whether a model is verified by independent trials rather than at temperatures."""
    return type(model).__name__ in _ROOMS


@dataclass(frozen=True)
class TrialClaim:
    r"""One prediction beside its simulation.

    Parameters
    ----------
    model : model object
        What was predicted and simulated.
    quantity : str
        Name of the number.
    predicted : float
        By theory.
    simulated, error : float
        Mean and its standard error.
    z : float
        (simulated - predicted)/error, for orientation: the verdict goes by ``p_value``.
    p_value : float
        Probability of so large a difference if the theory is right: by the exact binomial law
        where independent events were counted, by Student's t of replicates otherwise, corrected
        for their skewness.
    trials : int
        Trials counted, or replicates.
    method : str
        How the simulation was done.
    verdict : {"agrees", "DISAGREES", "undecided"}
        At the false-alarm rate of the whole table.
    reason : str
        Why it is undecided.
    """

    model: Any
    quantity: str
    predicted: float
    simulated: float
    error: float
    z: float
    p_value: float
    trials: int
    method: str
    verdict: str
    reason: str


def judge(
    model: Any,
    quantity: str,
    predicted: float,
    found: Estimate,
    level: float,
    log10: float | None = None,
) -> TrialClaim:
    """Compare one number with its prediction.

    Parameters
    ----------
    model : model object
    quantity : str
    predicted : float
        By theory.
    found : Counted or Replicated
        By simulation.
    level : float
        Probability at which a right prediction is rejected.
    log10 : float, optional
        Of the prediction, where it is known beside ``predicted``: one too small for a double is
        0 there, and that nothing was seen says nothing about it.
    """
    counted = isinstance(found, Counted)
    p_value = _binomial(predicted, found) if counted else _student(predicted, found)
    reason = ""
    if p_value >= level:
        if predicted == 0.0 and log10 is not None and log10 > -math.inf:
            reason = f"predicted 10^{log10:.6g} is below the range of doubles"
        elif counted and 0.0 < predicted < 1.0:
            rarer = min(predicted, 1.0 - predicted) * found.trials
            if rarer < _FEW:
                reason = f"{rarer:.2g} events expected: raise trials"
        elif not counted and found.error > _COARSE * abs(found.mean):
            reason = "error too large to say: raise trials"
    verdict = "DISAGREES" if p_value < level else "undecided" if reason else "agrees"
    difference = found.mean - predicted
    z = difference / found.error if found.error > 0.0 else math.copysign(math.inf, difference)
    if p_value == 1.0 and found.error <= 1e-13 * abs(found.mean):  # nothing but rounding
        z = 0.0
    return TrialClaim(
        model=model,
        quantity=quantity,
        predicted=predicted,
        simulated=found.mean,
        error=found.error,
        z=z,
        p_value=p_value,
        trials=found.trials if counted else len(found.values),
        method=found.method,
        verdict=verdict,
        reason=reason,
    )


def _binomial(predicted: float, found: Counted) -> float:
    from scipy import stats

    if not 0.0 <= predicted <= 1.0:
        return 0.0
    return float(stats.binomtest(found.successes, found.trials, predicted).pvalue)


def _student(predicted: float, found: Any) -> float:
    """The larger of two p-values: Student's, and that after Hall's cubic transformation of t.

    Replicates of rare events are skew, which makes one tail of t heavy; Hall's transformation (J.
    R. Stat. Soc. B 54 (1992) 221) removes the skewness of t to first order. With 32 replicates of
    skewness 0.9 and a level of 1e-3, t alone rejects 2.5 times too often.
    """
    from scipy import stats

    difference = found.mean - predicted
    if found.error <= 1e-13 * abs(found.mean):  # nothing fluctuated, but for rounding
        return float(abs(difference) <= 1e-9 * abs(predicted))
    n = len(found.values)
    t = difference / found.error
    standard = (found.values - found.mean) / found.values.std()
    skew = float(np.mean(standard**3)) / math.sqrt(n)
    hall = t + skew * (t**2 / 3.0 + 1.0 / 6.0) + skew**2 * t**3 / 27.0
    return float(2.0 * stats.t.sf(min(abs(t), abs(hall)), n - 1))


@dataclass(frozen=True)
class TrialVerification:
    """A table of claims about one model or several; truthy when all of them hold.

    Parameters
    ----------
    models : tuple of model objects
        What was predicted and simulated.
    claims : tuple of TrialClaim
        One for each model and quantity.
    false_alarm : float
        Probability that right theories fail somewhere in this table.
    settings : dict
        Parameters of the simulation, enough to run it again.
    """

    models: tuple[Any, ...]
    claims: tuple[TrialClaim, ...]
    false_alarm: float
    settings: Mapping[str, Any]

    @property
    def passed(self) -> bool:
        """Whether every claim was decided, and holds."""
        return all(claim.verdict == "agrees" for claim in self.claims)

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        lines = []
        for model in {id(model): model for model in self.models}.values():
            lines.append(f"{model}")
            heads = f"{'predicted':>13}{'simulated':>13}{'error':>10}{'z':>7}"
            lines.append(f"  {'quantity':<18}{heads}  verdict")
            lines += [
                f"  {c.quantity:<18}{c.predicted:>13.5g}{c.simulated:>13.5g}{c.error:>10.2g}"
                f"{c.z:>7.2f}  {c.verdict}{': ' * bool(c.reason)}{c.reason} ({c.trials} "
                f"{c.method})"
                for c in self.claims
                if c.model is model
            ]
        count = {v: sum(c.verdict == v for c in self.claims) for v in ("DISAGREES", "undecided")}
        end = "all agree"
        if not self.passed:
            end = f"of {len(self.claims)}: {count['DISAGREES']} DISAGREE, "
            end += f"{count['undecided']} undecided"
        lines.append(f"{end} (right theories fail with probability {self.false_alarm:g})")
        return "\n".join(lines)

    def to_dataset(self) -> xarray.Dataset:
        """Labelled table over ``claim``; models (JSON) with each, settings in the attributes."""
        import json

        import xarray as xr

        names = ("predicted", "simulated", "error", "z", "p_value", "trials", "method",
                 "verdict", "reason")  # fmt: skip
        return xr.Dataset(
            {name: ("claim", np.array([getattr(c, name) for c in self.claims])) for name in names},
            coords={
                "quantity": ("claim", [c.quantity for c in self.claims]),
                "model": ("claim", [to_json(c.model) for c in self.claims]),
            },
            attrs={
                "false_alarm": self.false_alarm,
                "settings": json.dumps(dict(self.settings)),
            },
        )

    def plot(self, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
        """Draw simulated over predicted against predicted."""
        from .plot import trial_verification

        return trial_verification(self, ax)


def verify_trials(
    models: Any,
    *,
    trials: int = 100_000,
    seed: int = 0,
    false_alarm: float = 1e-3,
    theory: Prediction | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> TrialVerification:
    """Predict and simulate memories, and judge each number.

    Parameters
    ----------
    models : model or sequence of models
        Detector, Population, Willshaw, StoredTransitions, SequenceRecall, Branching,
        CodeOverlap, StoredItems or ReadItems; several make one table.
    trials : int
        Budget of each simulation, at least 100: trials of detectors, patterns recalled from
        Willshaw memories or macs, transitions or cells of sequences, codes of similar inputs.
    seed : int
        Root of all random numbers.
    false_alarm : float
        Probability that right theories fail somewhere in the table, shared among the claims
        (Sidak).
    theory : callable, optional
        ``theory(model)`` returning predictions by the names of quantities, in place of the
        package's own.
    workers : int, optional
        Threads, by default one for each core; the numbers do not depend on it.
    progress : bool
        Show a progress bar when on a terminal.

    Returns
    -------
    TrialVerification

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range, or no exact theory of a model is
        known.
    """
    import os

    from tqdm import tqdm

    together = tuple(models) if isinstance(models, Sequence) else (models,)
    if not together:
        raise ValueError(f"models must hold at least one model, got {models!r}")
    for model in together:
        if not is_tried(model) or isinstance(model, type):
            raise TypeError(f"model must be one of {', '.join(sorted(_ROOMS))}, got {model!r}")
    trials = check.integer("trials", trials, 100)
    seed = check.integer("seed", seed, 0)
    workers = os.cpu_count() or 1 if workers is None else check.integer("workers", workers, 1)
    check.real("false_alarm", false_alarm, 0.0, 1.0, open_low=True, open_high=True)
    if theory is not None and not callable(theory):
        raise TypeError(f"theory must be callable as theory(model), got {theory!r}")
    # What theory refuses is refused before anything is simulated.
    predictions = [_predictions(model, theory) for model in together]
    level = 1.0 - (1.0 - false_alarm) ** (1.0 / sum(map(len, predictions)))
    claims = []
    # A single model shows its own progress.
    alone = len(together) == 1
    bar = tqdm(together, "models", disable=None if progress and not alone else True, leave=False)
    for k, (model, predicted) in enumerate(zip(bar, predictions, strict=True)):
        room = _room(model, 1)
        # Of two events that are simulated apart, one that is not predicted is left out.
        wanted = [name for name in getattr(room, "EVENTS", ()) if name in predicted]
        some = {"only": wanted[0]} if len(wanted) == 1 else {}
        # Models draw from streams of their own, so that their errors are independent.
        own = np.random.SeedSequence((seed, k)).generate_state(1, np.uint64)[0]
        found = room.simulate(
            model,
            trials=trials,
            seed=int(own),
            workers=workers,
            progress=progress and alone,
            **some,
        )
        unknown = sorted(set(predicted) - set(found))
        if unknown:
            raise ValueError(f"theory must predict some of {sorted(found)}, got {unknown}")
        claims += [
            judge(model, name, value, found[name], level, log10)
            for name, (value, log10) in predicted.items()
        ]
    settings = {"trials": trials, "seed": seed}
    return TrialVerification(together, tuple(claims), false_alarm, settings)


def _room(model: Any, side: int) -> Any:
    return import_module(f".{_ROOMS[type(model).__name__][side]}", __package__)


def _predictions(model: Any, theory: Prediction | None) -> dict[str, tuple[float, float | None]]:
    """Value and log10, where there is one, of each number."""
    found = (_room(model, 0).predict if theory is None else theory)(model)
    if not isinstance(found, Mapping) or not found:
        raise ValueError(f"theory must return a mapping of numbers by their names, got {found!r}")
    predictions = {}
    for name, given in found.items():
        value, log10 = getattr(given, "value", given), getattr(given, "log10", None)
        try:
            value = float(value)
        except (TypeError, ValueError):
            raise TypeError(f"theory's {name} must be a number, got {value!r}") from None
        plain = isinstance(log10, float)  # NumPy's numbers have methods of other names
        predictions[name] = check.real(f"theory's {name}", value), log10 if plain else None
    return predictions
