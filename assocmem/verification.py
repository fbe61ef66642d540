"""Predictions against simulations of the same model object, each with its z-score."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _validate as check
from ._compared import STARTS, OneOverlap, Prediction, compared
from ._sizes import default_sizes
from .claims import Claim, judge
from .serial import to_json
from .trials import TrialVerification, is_tried, verify_trials

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

# Observables by the names of their predictions, and of their estimates in a simulation; overlaps
# besides, "overlap" or one for each pattern, "overlap 1", "overlap 2" and so on.
_VARIABLES = {
    "q": "replica_overlap",
    "energy": "energy",
    "susceptibility": "susceptibility",
    "specific_heat": "specific_heat",
}
_BY_CHAIN = "overlaps of each chain"


@dataclass(frozen=True)
class Verification:
    """A table of claims about one model; truthy when all of them hold.

    Parameters
    ----------
    model : model object
        What was solved and simulated.
    state : str
        The state whose properties were compared.
    claims : tuple of Claim
        One for each quantity and temperature.
    false_alarm : float
        Probability that a right theory fails somewhere in this table.
    settings : dict
        Parameters of the simulation, enough to run it again.
    """

    model: Any
    state: str
    claims: tuple[Claim, ...]
    false_alarm: float
    settings: Mapping[str, Any]

    @property
    def passed(self) -> bool:
        """Whether every claim was decided, and holds."""
        return all(claim.verdict == "agrees" for claim in self.claims)

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        sizes = ", ".join(str(n) for n in self.claims[0].sizes)
        head = f"{'quantity':<16}{'T':>7}{'predicted':>14}{'simulated':>14}{'error':>11}{'z':>8}"
        rows = [
            f"{c.quantity:<16}{c.temperature:>7.4g}{c.predicted:>14.6g}{c.simulated:>14.6g}"
            + (f"{c.error:>11.2g}{'-':>8}" if c.z is None else f"{c.error:>11.2g}{c.z:>8.2f}")
            + f"  {c.verdict}"
            + (f": {c.reason}" if c.reason and not any(c.escaped) else "")
            for c in self.claims
        ]
        count = {v: sum(c.verdict == v for c in self.claims) for v in ("DISAGREES", "undecided")}
        end = "all agree"
        if not self.passed:
            end = f"of {len(self.claims)}: {count['DISAGREES']} DISAGREE, "
            end += f"{count['undecided']} undecided"
        for t in sorted({c.temperature for c in self.claims}):
            left = next(c.escaped for c in self.claims if c.temperature == t)
            if any(left):
                which = ", ".join(
                    f"{k} at N = {n}" for k, n in zip(left, self.claims[0].sizes, strict=True) if k
                )
                rows.append(
                    f"T = {t:g}: chains are far from the state ({which}): they left it, as small "
                    "networks leave metastable states (try larger n_spins), or it is wrong"
                )
        return "\n".join(
            [
                f"{self.state} of {self.model}",
                f"N = {sizes}, extrapolated to infinity; {self.settings['disorder']} samples each",
                head,
                *rows,
                f"{end} (a right theory fails this table with probability {self.false_alarm:g})",
            ]
        )

    def to_dataset(self) -> xarray.Dataset:
        """Labelled table with dimensions ``claim`` and ``n_spins``; model and settings in attrs."""
        import json

        import xarray as xr

        variables: dict[str, Any] = {
            name: ("claim", np.array([getattr(c, name) for c in self.claims]))
            for name in ("predicted", "simulated", "error", "verdict", "reason")
        }
        for name in ("z", "p_value", "freedom", "fit_p_value"):
            column = [getattr(c, name) for c in self.claims]
            variables[name] = ("claim", np.array([np.nan if x is None else x for x in column]))
        for name in ("by_size", "by_size_error", "finite_size_prediction", "escaped"):
            rows = np.array([getattr(c, name) for c in self.claims])
            variables[name] = (("claim", "n_spins"), rows)
        return xr.Dataset(
            variables,
            coords={
                "quantity": ("claim", [c.quantity for c in self.claims]),
                "temperature": ("claim", [c.temperature for c in self.claims]),
                "n_spins": list(self.claims[0].sizes),
            },
            attrs={
                "model": to_json(self.model),
                "state": self.state,
                "false_alarm": self.false_alarm,
                "settings": json.dumps(dict(self.settings)),
            },
        )

    def plot(self, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
        """Draw simulated minus predicted, in standard errors of each size, against 1/N."""
        from .plot import verification

        return verification(self, ax)


def verify(
    model: Any,
    *,
    temperature: float | Sequence[float] | None = None,
    state: str = "retrieval",
    n_mixed: int = 3,
    n_spins: Sequence[int] | None = None,
    disorder: int = 16,
    chains: int = 2,
    sweeps: int = 1000,
    burn_in: int | None = None,
    seed: int = 0,
    false_alarm: float = 1e-3,
    corrections: int = 1,
    theory: Prediction | Callable[[Any], Mapping[str, Any]] | None = None,
    trials: int | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> Verification | TrialVerification:
    """Solve a model and simulate it, and judge each prediction by its z-score.

    Of memories without a temperature (detectors, Willshaw memories, macs and the others that
    `assocmem.trials.verify_trials` lists, or a sequence of them) ``trials``, ``seed``,
    ``false_alarm``, ``theory``, ``workers`` and ``progress`` are taken alone, see there. Of
    networks:

    At every size N the simulated mean over disorder is compared with the theory at the load
    which the samples of that size have, see the model's ``reduced``. The differences are fitted
    by d + c/N (and ``corrections`` - 1 further powers), the leading finite-size law away from
    critical points, and d is the claim's discrepancy: with one size there is nothing to extrapolate
    and c = 0. Weights are proportional to N, and so known beforehand; the error comes from the
    spread over disorder at each size.

    Parameters
    ----------
    model : Hopfield, Dense, Multitasking, or memories without a temperature
        The model to be solved and simulated.
    temperature : float or sequence of float
        Temperatures T > 0; needed for networks.
    state : {"retrieval", "mixture", "hierarchical", "parallel", "paramagnet", "spin-glass"}
        Which state is compared, see `assocmem.solve`. Of the paramagnet and the spin glass, which
        random starts reach, only the energy is.
    n_mixed : int
        Number of patterns in the mixture, whose overlaps are compared by their mean, or in the
        hierarchical state of a multitasking network at extensive load.
    n_spins : sequence of int, optional
        Sizes N, at least one; three or more show whether the finite-size law fits. By default
        those of `default_sizes`: 400, 800 and 1600 where they are quick enough; of multitasking
        networks ten times as many spins where patterns are few.
    disorder : int
        Quenched samples at each size, at least 4: errors are over samples.
    chains : int
        Chains of one sample, at least 2: their overlap estimates q.
    sweeps, burn_in : int
        Recorded and discarded sweeps; by default half as many are discarded as recorded.
    seed : int
        Root of all random numbers.
    false_alarm : float
        Probability that a right theory fails somewhere in the table, shared among the claims
        (Sidak).
    corrections : int
        Powers of 1/N in the finite-size law, as far as the sizes allow. Where the first does not
        fit, claims are undecided and say so: then take larger sizes, or 2 and four of them.
    theory : callable, optional
        ``theory(model, temperature)`` returning predictions by name (``overlap``, ``q``,
        ``energy``, ``susceptibility``, ``specific_heat``), in place of the package's own; of
        memories without a temperature ``theory(model)``.
    trials : int, optional
        Of memories without a temperature: budget of each simulation, 100,000 by default.
    workers : int, optional
        Threads over disorder samples, by default one for each core; the numbers do not depend
        on it.
    progress : bool
        Show a progress bar when on a terminal.

    Returns
    -------
    Verification or TrialVerification

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type, out of range or of another kind of model, or the state
        does not exist in theory at that point.

    Notes
    -----
    At finite N a metastable state is left in the end. A chain with an overlap whose mean is
    further from the package's own prediction than half of it is counted as escaped; where there
    are any, claims are undecided, and so not passed, rather than blamed on the theory. Chains of
    multitasking networks have escaped where they are nearer to another stable state than to theirs,
    or to a copy of theirs with other signs or another order of overlaps: close to where a pattern
    condenses, samples send chains to either sign of it.

    Dense energies with self-interactions (`FullPower`, `Separable`) have a mean over all
    configurations that grows with N and depends on nothing else; energies are predicted without it
    in the limit, and with it, exactly, at each size. It is added to those of ``theory`` too.

    The susceptibility is dm/dh = N (<m^2> - <m>^2)/T averaged over disorder, against the
    theory's derivative with respect to a field on the retrieved pattern; the specific heat is
    dE/dT = N (<e^2> - <e>^2)/T^2, against the derivative of the theory's energy.

    Examples
    --------
    >>> from assocmem import Hopfield, verify
    >>> report = verify(Hopfield(load=0.02), temperature=0.3, n_spins=(200, 400, 800),
    ...                 disorder=8, sweeps=400)
    >>> [claim.quantity for claim in report.claims]
    ['overlap', 'q', 'energy', 'specific_heat', 'susceptibility']

    >>> from assocmem import Detector
    >>> from assocmem.sdr import Uniform
    >>> print(bool(verify(Detector(Uniform(n=1000, a=64), n_synapses=20, threshold=8))))
    True
    """
    first = model[0] if isinstance(model, Sequence) and len(model) else model
    if is_tried(first):
        given = {
            "temperature": temperature, "state": state, "n_mixed": n_mixed, "n_spins": n_spins,
            "disorder": disorder, "chains": chains, "sweeps": sweeps, "burn_in": burn_in,
            "corrections": corrections,
        }  # fmt: skip
        usual = signature(verify).parameters
        for name, value in given.items():
            if value != usual[name].default:
                raise TypeError(
                    f"{name} must be left out for a {type(first).__name__}, which has no "
                    f"temperature, got {value!r}"
                )
        some = {} if trials is None else {"trials": trials}
        return verify_trials(
            model,
            seed=seed,
            false_alarm=false_alarm,
            theory=theory,
            workers=workers,
            progress=progress,
            **some,
        )
    if not callable(getattr(model, "count", None)) or isinstance(model, (type, Sequence)):
        raise TypeError(f"model must be a model such as Hopfield(load=0.1), got {model!r}")
    if trials is not None:
        raise TypeError(f"trials must be left out for a {type(model).__name__}, got {trials!r}")
    if temperature is None:
        raise TypeError(f"temperature must be given for a {type(model).__name__}, such as 0.2")
    temperatures = _temperatures(temperature)
    state = check.choice("state", state, tuple(STARTS))
    sizes = _sizes(model, default_sizes(model) if n_spins is None else n_spins)
    check.integer("disorder", disorder, 4)
    check.integer("chains", chains, 2)
    check.integer("sweeps", sweeps, 4)
    check.integer("seed", seed, 0)
    workers = os.cpu_count() or 1 if workers is None else check.integer("workers", workers, 1)
    burn_in = sweeps // 2 if burn_in is None else check.integer("burn_in", burn_in, 0)
    check.real("false_alarm", false_alarm, 0.0, 1.0, open_low=True, open_high=True)
    corrections = check.integer("corrections", corrections, 1, 5)
    n_mixed = check.integer("n_mixed", n_mixed, 2)
    if theory is not None and not callable(theory):
        raise TypeError(f"theory must be callable as theory(model, temperature), got {theory!r}")
    subject = compared(model, state, n_mixed, temperatures)
    predict = subject.predict if theory is None else theory
    if theory is None:
        limits = {t: predict(model, t) for t in temperatures}
        predictions = {(t, n): _at_size(predict, model, n, t) for t in temperatures for n in sizes}
        names = tuple(limits[temperatures[0]])
    else:
        predictions = {
            (t, n): _at_size(lambda m, x: _checked(predict(m, x)), model, n, t)
            for t in temperatures
            for n in sizes
        }
        limits = {t: _checked(predict(model, t)) for t in temperatures}
        names = tuple(limits[temperatures[0]])
        known = (*subject.overlap_names, *_VARIABLES)
        if not set(names) <= set(known):
            raise ValueError(f"theory must predict some of {known} for this state, got {names}")
        for given in (*limits.values(), *predictions.values()):
            if not set(names) <= set(given):
                raise ValueError(
                    f"theory must predict the same quantities everywhere, {names}, got {given!r}"
                )
    settings = {
        "n_spins": sizes,
        "temperature": temperatures,
        "disorder": disorder,
        "chains": chains,
        "sweeps": sweeps,
        "burn_in": burn_in,
        "seed": seed,
        "corrections": corrections,
    }
    measured = {n: _measure(model, n, subject, settings, workers, progress) for n in sizes}
    escaped = []
    for k, t in enumerate(temperatures):
        of_size = [(model.reduced(n), measured[n][_BY_CHAIN][k]) for n in sizes]
        escaped.append(
            tuple(subject.escaped(like, t / unit, found) for (like, unit), found in of_size)
        )
    level = 1.0 - (1.0 - false_alarm) ** (1.0 / (len(names) * len(temperatures)))
    claims = tuple(
        judge(
            name,
            t,
            limits[t][name],
            [predictions[t, n][name] for n in sizes],
            [measured[n][name][:, k] for n in sizes],
            escaped[k],
            sizes,
            level,
            corrections,
        )
        for k, t in enumerate(temperatures)
        for name in names
    )
    return Verification(model, state, claims, false_alarm, settings)


def _temperatures(temperature: Any) -> tuple[float, ...]:
    values = temperature if np.ndim(temperature) else [temperature]
    checked = tuple(check.real("temperature", t, 0.0, open_low=True) for t in values)
    if not checked or len(set(checked)) != len(checked):
        raise ValueError(
            f"temperature must hold different values, at least one, got {temperature!r}"
        )
    return checked


def _sizes(model: Any, n_spins: Any) -> tuple[int, ...]:
    values = list(n_spins) if np.ndim(n_spins) else [n_spins]
    sizes = tuple(sorted(check.integer("n_spins", n, 2) for n in values))
    if not sizes or len(set(sizes)) != len(sizes):
        raise ValueError(f"n_spins must be different sizes, at least one, got {n_spins!r}")
    for n in sizes:
        model.count(n)
    return sizes


def _checked(prediction: Any) -> Mapping[str, float]:
    """What a user's theory returned, or an error that says what it should have been."""
    if not isinstance(prediction, Mapping) or not any(map(_is_observable, prediction)):
        raise ValueError(
            f"theory must return a mapping with some of {['overlap', *sorted(_VARIABLES)]}, "
            f"got {prediction!r}"
        )
    return {
        name: check.real(f"theory's {name}", value)
        for name, value in prediction.items()
        if _is_observable(name)
    }


def _is_observable(name: Any) -> bool:
    return name in _VARIABLES or (isinstance(name, str) and name.startswith("overlap"))


def _at_size(predict: Prediction, model: Any, n_spins: int, temperature: float) -> dict[str, float]:
    """Predictions for ``n_spins`` spins: of the infinite network they are like, in our units."""
    reduced, unit = model.reduced(n_spins)
    powers = {"energy": 1, "susceptibility": -1}
    try:
        found = predict(reduced, temperature / unit)
    except ValueError as error:
        raise ValueError(
            f"n_spins={n_spins} at temperature={temperature:g} is like an infinite network at "
            f"temperature {temperature / unit:g} (see `Dense.reduced`): {error}"
        ) from error
    found = {name: value * unit ** powers.get(name, 0) for name, value in found.items()}
    if "energy" in found:
        found["energy"] += _self_energy(model, n_spins)
    return found


def _self_energy(model: Any, n_spins: int) -> float:
    """Mean energy per spin over all configurations, a constant that theory leaves out."""
    from .hopfield.dense import Dense

    if not isinstance(model, Dense) or model.p is None:
        return 0.0
    from .theory.replica.dense_noise import mean_energy

    return mean_energy(model, n_spins)


def _measure(
    model: Any,
    n: int,
    subject: OneOverlap,
    settings: Mapping[str, Any],
    workers: int,
    progress: bool,
) -> dict[str, np.ndarray]:
    """Observables of size ``n``, each of shape (disorder, temperatures)."""
    from .montecarlo.sampler import sample

    # Sizes draw from streams of their own, so that their errors are independent.
    own_seed = np.random.SeedSequence((settings["seed"], n)).generate_state(1, np.uint64)[0]
    starts = [subject.start(model, t) for t in settings["temperature"]]
    together = all(start == starts[0] for start in starts)
    parts = [settings["temperature"]] if together else [(t,) for t in settings["temperature"]]
    columns: dict[str, list[np.ndarray]] = {}
    for part, start in zip(parts, starts, strict=False):
        data = sample(
            model,
            n_spins=n,
            temperature=part,
            disorder=settings["disorder"],
            chains=settings["chains"],
            sweeps=settings["sweeps"],
            burn_in=settings["burn_in"],
            seed=int(own_seed),
            workers=workers,
            progress=progress,
            **start,
        ).dataset
        overlaps = data["overlap"].transpose("temperature", "disorder", "chain", "pattern").values
        for k in range(len(part)):
            found = {_BY_CHAIN: overlaps[k], **subject.measured_overlaps(overlaps[k].mean(axis=1))}
            for name, variable in _VARIABLES.items():
                values = data[variable].isel(temperature=k)
                if "pattern" in values.dims:
                    values = subject.responding(values)
                if "chain" in values.dims:
                    values = values.mean("chain")
                found[name] = values.values
            for name, values in found.items():
                columns.setdefault(name, []).append(values)
    by_chain = columns.pop(_BY_CHAIN)
    measured = {name: np.stack(values, axis=1) for name, values in columns.items()}
    return {**measured, _BY_CHAIN: by_chain}
