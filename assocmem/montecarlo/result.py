"""Labelled results of simulations: summary, file, plot."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate as check
from .._files import write_netcdf
from .._version import __version__
from ..serial import from_json, to_json
from .recorder import BASIC, DERIVED, REPLICA, RESPONSES
from .statistics import MIN_ESS

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

    from ..hopfield.dense import DenseSample
    from ..hopfield.multitasking import MultitaskingSample
    from ..hopfield.pairwise import PairwiseSample
    from .sampler import Plan

MAX_RHAT = 1.05
"""Chains whose split R-hat is above this are said to disagree."""

_LABELS = {
    "energy": ("energy per spin <H>/N", "units of H"),
    "overlap": ("overlap <m>", "1"),
    "overlap_abs": ("modulus of the overlap <|m|>", "1"),
    "overlap_squared": ("squared overlap <m^2>", "1"),
    "specific_heat": ("specific heat per spin N var(e)/T^2", "1"),
    "susceptibility": ("connected susceptibility N var(m)/T", "1/(units of H)"),
    "binder": ("Binder cumulant 1 - <m^4>/(3 <m^2>^2)", "1"),
    "replica_overlap": ("Edwards-Anderson q, mean over pairs of chains", "1"),
    "replica_overlap_rms": ("root mean square q over pairs of chains", "1"),
    "final_energy": ("energy per spin of the last state", "units of H"),
    "final_overlap": ("overlap of the last state", "1"),
    "energy_trajectory": ("energy per spin", "units of H"),
    "overlap_trajectory": ("overlap", "1"),
    "swap_acceptance": ("accepted fraction of swaps with the next temperature", "1"),
    "round_trips": ("times a replica went from one end of the ladder to the other and back", "1"),
}
TEMPERATURE = {"long_name": "temperature T (k_B = 1)", "units": "units of H"}
"""Attributes of a coordinate of temperatures."""

_SUFFIXES = {
    "_error": ("standard error of the {}", None),
    "_tau": ("integrated autocorrelation time 1/2 + sum rho of the {}", "records"),
    "_ess": ("effective sample size of the {}", "1"),
    "_rhat": ("split R-hat of the {}", "1"),
    "_too_short": ("whether the chain is too short for the {}", "1"),
    "_constant": ("whether the {} never changed", "1"),
}


def _dimensions(name: str) -> tuple[str, ...]:
    """Dimensions of a variable, by its name."""
    if name == "swap_acceptance":
        return ("disorder", "chain", "rung")
    if name == "round_trips":
        return ("disorder", "chain")
    if name.startswith("final_"):
        return ("disorder", "chain", "pattern")[: 3 if "overlap" in name else 2]
    dimensions = ["temperature", "disorder"]
    if not (name.endswith("_rhat") or name.startswith("replica_")):
        dimensions.append("chain")
    if name.startswith(("overlap", "susceptibility", "binder")):
        dimensions.append("pattern")
    if name.endswith("_trajectory"):
        dimensions.append("record")
    return tuple(dimensions)


def describe(name: str, gibbs: bool = True) -> dict[str, str]:
    """Attributes ``long_name`` and ``units`` of a variable, by its name.

    Where the stationary law is not exp(-H/T) (``gibbs`` false), responses say that they are none.
    """
    wording, own_units, plain = "{}", None, name
    for ending, (words, units) in _SUFFIXES.items():
        if name.endswith(ending):
            wording, own_units, plain = words, units, name.removesuffix(ending)
            break
    label, units = _LABELS[plain]
    attributes = {"long_name": wording.format(label), "units": own_units or units}
    if plain in RESPONSES and not gibbs:
        attributes["long_name"] += " (not defined for parallel updates)"
        attributes["comment"] = (
            "NaN: parallel updates have another stationary law than exp(-H/T), of which "
            "fluctuations of H and m are not responses"
        )
    return attributes


def assemble(plan: Plan, samples: list[dict[str, np.ndarray]]) -> SimulationResult:
    """Stack the results of the quenched samples and label them."""
    import xarray as xr

    variables = {}
    # By every sample's own engine; they are alike, since all have the same N, K and rule.
    methods = sorted({str(one["method"]) for one in samples})
    for name in samples[0]:
        if name == "method":
            continue
        dimensions = _dimensions(name)
        stacked = np.stack([one[name] for one in samples], axis=dimensions.index("disorder"))
        variables[name] = (dimensions, stacked, describe(name, plan.gibbs))
    coordinates: dict[str, Any] = {
        "temperature": (
            "temperature",
            np.array(plan.temperature),
            dict(TEMPERATURE),
        ),
        "disorder": np.arange(plan.disorder),
        "chain": np.arange(plan.chains),
        "pattern": np.arange(plan.tracked),
    }
    if plan.trajectory:
        sweeps = plan.burn_in + plan.interval * np.arange(1, plan.n_records + 1)
        coordinates["record"] = ("record", sweeps, {"long_name": "time", "units": "sweeps"})
    if "swap_acceptance" in variables:
        rungs = {"long_name": "temperature that swaps with the next", "units": "units of H"}
        coordinates["rung"] = ("rung", np.array(plan.temperature[:-1]), rungs)
    attributes = {
        "model": to_json(plan.model),
        "kind": plan.kind,
        "method": ", ".join(methods),
        "parameters": json.dumps(plan.parameters()),
        "assocmem_version": __version__,
    }
    return SimulationResult(xr.Dataset(variables, coordinates, attributes))


@dataclass(frozen=True, eq=False)
class SimulationResult:
    """What a simulation measured, made by `sample`, `anneal` and `temper`, or by `load_result`.

    Parameters
    ----------
    dataset : xarray.Dataset
        Observables over the dimensions ``temperature``, ``disorder``, ``chain`` and
        ``pattern`` (and ``record`` for trajectories); next to each observable ``x`` its
        ``x_error``, and for means of recorded series ``x_tau``, ``x_ess``, ``x_rhat``,
        ``x_too_short`` and ``x_constant``. The attributes hold the model, all parameters, and
        the ``method`` that the engine chose where "auto" was asked for. Errors of replica
        overlaps of one sample have C - 1 degrees of freedom, with C chains.
    """

    dataset: xr.Dataset

    @property
    def model(self) -> Any:
        """The model, rebuilt from the attributes."""
        return from_json(self.dataset.attrs["model"])

    @property
    def parameters(self) -> dict[str, Any]:
        """Arguments of the run."""
        return json.loads(self.dataset.attrs["parameters"])

    def rerun(self, **changes: Any) -> SimulationResult:
        """Run again with the same arguments, or with ``changes`` to them."""
        from .dynamics import Dynamics
        from .sampler import sample
        from .tempering import anneal, temper

        run: Any = {"sample": sample, "anneal": anneal, "temper": temper}[
            self.dataset.attrs["kind"]
        ]
        arguments = self.parameters
        arguments["dynamics"] = Dynamics(**arguments["dynamics"])
        if run is not sample:
            arguments["temperatures"] = arguments.pop("temperature")
            del arguments["trajectory"]
        return run(self.model, **(arguments | changes))

    def quenched(self, disorder_index: int) -> PairwiseSample | DenseSample | MultitaskingSample:
        """Quenched sample of this run, drawn anew from the seed.

        Parameters
        ----------
        disorder_index : int
            Its number along ``disorder``, from 0.

        Returns
        -------
        PairwiseSample, DenseSample or MultitaskingSample
            The patterns (and couplings) that the chains ran on. Cost: K N random signs; the
            couplings are made when they are asked for.

        Raises
        ------
        TypeError, ValueError
            If there is no such number.

        Examples
        --------
        >>> from assocmem import Hopfield
        >>> from assocmem.montecarlo.sampler import sample
        >>> result = sample(Hopfield(load=0.05), n_spins=100, temperature=0.2, sweeps=100)
        >>> result.quenched(0).patterns.shape
        (5, 100)
        """
        given = self.parameters
        index = check.integer("disorder_index", disorder_index, 0, given["disorder"] - 1)
        # The first stream of that sample, as the runs spawn it from the seed.
        seed = np.random.SeedSequence(given["seed"], spawn_key=(index, 0))
        return self.model.draw(given["n_spins"], np.random.default_rng(seed))

    def estimate(self, name: str) -> tuple[xr.DataArray, xr.DataArray]:
        """Value and standard error of an observable, averaged over chains and disorder.

        Parameters
        ----------
        name : str
            One of ``energy``, ``overlap``, ``overlap_abs``, ``overlap_squared``,
            ``specific_heat``, ``susceptibility``, ``binder``, ``replica_overlap``,
            ``replica_overlap_rms``.

        Returns
        -------
        value, error : xarray.DataArray
            Over ``temperature`` (and ``pattern``). With several quenched samples the error is
            that of their mean, from their spread, which includes the thermal error. With one it
            is the thermal error alone, from blocking; where the chains disagree (R-hat > 1.05),
            the larger of that and the error from the spread of the chains. NaN where there is
            nothing to tell an error from (replica overlaps of two chains of one sample).
        """
        data = self.dataset
        if name not in (*BASIC, *DERIVED, *REPLICA) or name not in data:
            known = [key for key in (*BASIC, *DERIVED, *REPLICA) if key in data]
            raise ValueError(f"name must be one of {known}, got {name!r}")
        values, errors = data[name], data[name + "_error"]
        n_disorder, n_chains = data.sizes["disorder"], data.sizes["chain"]
        if "chain" in values.dims:
            per_sample = values.mean("chain", skipna=False)
            errors = (errors**2).sum("chain", skipna=False) ** 0.5 / n_chains
            if n_chains > 1 and name + "_rhat" in data:
                spread = values.std("chain", ddof=1, skipna=False) / np.sqrt(n_chains)
                disagree = (data[name + "_rhat"] > MAX_RHAT) & (spread > errors)
                errors = errors.where(~disagree, spread)
        else:
            per_sample = values
        if n_disorder == 1:
            return per_sample.isel(disorder=0, drop=True), errors.isel(disorder=0, drop=True)
        spread = per_sample.std("disorder", ddof=1, skipna=False) / np.sqrt(n_disorder)
        return per_sample.mean("disorder", skipna=False), spread

    def converged(self, *names: str) -> xr.DataArray:
        """Whether chains agree (R-hat <= 1.05) and are long enough, at each temperature.

        A series that never changed counts as long enough at T = 0 only.

        Parameters
        ----------
        *names : str
            Means to look at; ``energy``, ``overlap``, ``overlap_abs`` and ``overlap_squared`` if
            left out. Without a field the sign of the overlap is arbitrary: chains that stay in
            states of either sign agree in all but ``overlap``.
        """
        unknown = sorted(set(names) - set(BASIC))
        if unknown:
            raise ValueError(f"names must be among {BASIC}, got {unknown}")
        bad = self.dataset["temperature"] < 0.0
        for name in names or BASIC:
            found = self._faults(name)
            bad = bad | found["disagree"] | found["short"] | found["frozen"]
        verdict = (~bad).rename("converged")
        verdict.attrs.clear()
        return verdict

    def _faults(self, name: str) -> dict[str, xr.DataArray]:
        data = self.dataset
        faults = {
            "disagree": data[name + "_rhat"] > MAX_RHAT,
            "short": data[name + "_too_short"],
            "frozen": data[name + "_constant"] & (data["temperature"] > 0.0),
        }
        return {
            key: fault.astype(bool).any([d for d in fault.dims if d != "temperature"])
            for key, fault in faults.items()
        }

    def warnings(self) -> list[str]:
        """What is to be said against these numbers; empty if nothing."""
        wording = {
            "disagree": f"chains disagree (R-hat > {MAX_RHAT:g}) in",
            "short": f"chain too short (ESS < {MIN_ESS:g}) for",
            "frozen": "never changed in some chain, so that its error is unknown:",
        }
        found = {name: self._faults(name) for name in BASIC}
        out = []
        for key, text in wording.items():
            names = [name for name in BASIC if found[name][key].any()]
            if names:
                at = np.any([found[name][key].values for name in names], axis=0)
                where = ", ".join(f"{t:g}" for t in self.dataset["temperature"].values[at])
                out.append(f"{text} {', '.join(names)} at T = {where}")
        if self.dataset.sizes["disorder"] == 1:
            out.append("one quenched sample: errors leave out the spread of the disorder")
        return out

    def to_dataset(self) -> xr.Dataset:
        """The labelled data themselves."""
        return self.dataset

    def __str__(self) -> str:
        given = self.parameters
        lines = [
            f"{self.model}",
            f"{self.dataset.attrs['kind']}: N = {given['n_spins']}, {given['disorder']} quenched "
            f"samples x {given['chains']} chains x {given['sweeps']} sweeps "
            f"(burn-in {given['burn_in']}, every {given['interval']}), start {given['start']}, "
            f"seed {given['seed']}",
            f"{'T':>8}  {'observable':<20}  {'value':>12}  {'error':>9}  {'tau':>8}  "
            f"{'ESS':>8}  {'R-hat':>6}",
        ]
        names = [name for name in (*BASIC, *DERIVED, *REPLICA) if name in self.dataset]
        estimates = {name: self.estimate(name) for name in names}
        for k, temperature in enumerate(self.dataset["temperature"].values):
            for name in names:
                value, error = (array.isel(temperature=k) for array in estimates[name])
                for p in range(value.sizes.get("pattern", 1)):
                    at = {"pattern": p} if "pattern" in value.dims else {}
                    label = f"{name}[{p}]" if value.sizes.get("pattern", 1) > 1 else name
                    line = (
                        f"{temperature:8.4g}  {label:<20}  {value.isel(at).item():12.6g}  "
                        f"{error.isel(at).item():9.2g}"
                    )
                    if name in BASIC:
                        one = self.dataset.isel(at | {"temperature": k})
                        tau, ess = one[name + "_tau"], one[name + "_ess"]
                        total = ess.sum().item() if ess.notnull().any() else float("nan")
                        line += (
                            f"  {tau.max().item():8.3g}  {total:8.3g}  "
                            f"{one[name + '_rhat'].max().item():6.3f}"
                        )
                    lines.append(line)
        lines.append("tau: longest, in records; ESS: sum over chains; R-hat: largest")
        return "\n".join(lines + [f"warning: {text}" for text in self.warnings()])

    def save(self, path: str | os.PathLike) -> None:
        """Write netCDF; the file is whole or not there at all.

        Parameters
        ----------
        path : path-like
            Replaced if it exists.

        Raises
        ------
        ValueError, OSError
            If ``path`` is empty, or its folder is not there or cannot be written in.
        """
        write_netcdf(self.dataset, path)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Overlaps against time if there are trajectories, else against temperature.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; new if left out.

        Returns
        -------
        matplotlib Axes
        """
        if ax is None:
            import matplotlib.pyplot as plt

            ax = plt.figure().add_subplot()
        data = self.dataset
        if "overlap_trajectory" in data:
            paths = data["overlap_trajectory"].isel(pattern=0)
            stacked = paths.transpose("record", ...).values.reshape(data.sizes["record"], -1)
            ax.plot(data["record"].values, stacked, lw=0.8)
            ax.set_xlabel("sweeps")
        else:
            value, error = self.estimate("overlap")
            for p in range(data.sizes["pattern"]):
                ax.errorbar(
                    data["temperature"].values,
                    value.isel(pattern=p).values,
                    error.isel(pattern=p).values,
                    fmt="o",
                    capsize=2,
                    label=f"pattern {p + 1}",
                )
            ax.set_xlabel("temperature T")
            ax.legend()
        ax.set_ylabel("overlap m")
        return ax


def load_result(path: str | os.PathLike) -> SimulationResult:
    """Read what `SimulationResult.save` wrote.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not one of ours.
    """
    import xarray as xr

    if not os.path.exists(path):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fspath(path))
    try:
        with xr.open_dataset(os.fspath(path), engine="h5netcdf") as opened:
            data = opened.load()
    except (PermissionError, MemoryError):
        raise
    except Exception as failure:  # whatever HDF5 stumbles over in a file that is none
        raise ValueError(
            f"path must be a file of a SimulationResult, {os.fspath(path)!r} cannot be read as "
            f"netCDF-4: {failure}"
        ) from failure
    missing = [key for key in ("model", "kind", "parameters") if key not in data.attrs]
    if missing:
        raise ValueError(f"path must be a file of a SimulationResult, {path!r} lacks {missing}")
    return SimulationResult(data)
