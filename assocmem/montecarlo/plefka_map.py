"""Where Plefka's scheme may be used: its error against exact dynamics over load and temperature."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate as check
from .._version import __version__
from ..hopfield.dense import Dense
from ..serial import from_json, to_json
from .plefka import plefka

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

ORDERS = (1, 2)


def plefka_error_map(
    model: Dense,
    *,
    loads: Sequence[float],
    temperatures: Sequence[float],
    n_spins: int,
    sweeps: int = 1000,
    burn_in: int = 300,
    chains: int = 2,
    disorder: int = 8,
    updates: int = 1000,
    seed: int = 0,
    workers: int = 1,
    progress: bool = True,
) -> PlefkaErrorMap:
    """Error of Plefka's scheme in the overlap, on the very samples that exact dynamics runs on.

    Both start from the first pattern. The error at each load and temperature is the overlap of
    the scheme minus <m> of heat bath, a mean over quenched samples with the standard error of
    the differences; what both have in common, the spread of the samples, is not in it. Near the
    end of retrieval thermal fluctuations carry small networks away from the pattern, which the
    scheme knows nothing of: the median over samples leaves out those that are carried away while
    they are less than half.

    Parameters
    ----------
    model : Dense
        With a `PBody` energy; its ``load`` is replaced by each of ``loads``.
    loads, temperatures : sequence of float
        Strictly rising, alpha > 0 and T >= 1e-6.
    n_spins, sweeps, burn_in, chains, disorder, seed, workers, progress
        As for `assocmem.montecarlo.sampler.sample`; ``disorder`` >= 2.
    updates : int
        At most so many of the scheme.

    Returns
    -------
    PlefkaErrorMap

    Raises
    ------
    TypeError, ValueError
        If an argument is wrong; before work starts.

    Examples
    --------
    >>> from assocmem import Dense
    >>> from assocmem.montecarlo.plefka_map import plefka_error_map
    >>> found = plefka_error_map(
    ...     Dense(load=0.0, p=3), loads=[0.02], temperatures=[0.1], n_spins=80, sweeps=200,
    ...     disorder=2,
    ... )
    >>> bool((abs(found.dataset.error) < 0.02).all())
    True
    """
    from .sampler import sample

    if not isinstance(model, Dense):
        raise TypeError(f"model must be a Dense, got {model!r}")
    if model.n_patterns is not None:
        raise ValueError(f"model must be given by load, not n_patterns, got {model!r}")
    loads = _rising("loads", loads)
    temperatures = _rising("temperatures", temperatures)
    disorder = check.integer("disorder", disorder, 2, 10**6)
    models = [dataclasses.replace(model, load=load) for load in loads]
    for one in models:
        one.count(check.integer("n_spins", n_spins, 2))
    common: dict[str, Any] = {
        "n_spins": n_spins, "temperature": temperatures, "disorder": disorder, "seed": seed,
    }  # fmt: skip
    rows = []
    for one in models:
        solved = [plefka(one, order=order, updates=updates, **common).dataset for order in ORDERS]
        exact = sample(
            one, sweeps=sweeps, burn_in=burn_in, chains=chains, workers=workers, progress=progress,
            **common,
        ).dataset  # fmt: skip
        m = exact.overlap.isel(pattern=0).mean("chain").transpose("temperature", "disorder").values
        guess = np.stack([x.overlap.isel(pattern=0).values.T for x in solved], axis=-1)
        off = guess - m[:, :, None]  # (temperature, disorder, order)
        root = math.sqrt(disorder)
        rows.append(
            {
                "overlap": m.mean(axis=1),
                "overlap_error": m.std(axis=1, ddof=1) / root,
                "error": off.mean(axis=1),
                "error_error": off.std(axis=1, ddof=1) / root,
                "error_median": np.median(off, axis=1),
                "converged": np.stack([x.converged.values.mean(axis=0) for x in solved], axis=-1),
            }
        )
    parameters = {
        "loads": loads, "temperatures": temperatures, "n_spins": n_spins, "sweeps": sweeps,
        "burn_in": burn_in, "chains": chains, "disorder": disorder, "updates": updates,
        "seed": seed,
    }  # fmt: skip
    return _assemble(model, parameters, rows)


def _rising(name: str, values: Any) -> list[float]:
    if isinstance(values, (str, bytes)) or np.ndim(values) != 1 or len(values) == 0:
        raise ValueError(f"{name} must be a non-empty sequence of numbers, got {values!r}")
    found = [check.real(f"{name}[{k}]", v, 0.0, open_low=True) for k, v in enumerate(values)]
    if np.any(np.diff(found) <= 0.0):
        raise ValueError(f"{name} must rise strictly, got {values!r}")
    return found


_LABELS = {
    "overlap": "overlap <m> of heat bath",
    "overlap_error": "standard error of it over quenched samples",
    "error": "overlap of Plefka's scheme minus that of heat bath",
    "error_error": "standard error of it over quenched samples",
    "error_median": "median of it over quenched samples",
    "converged": "fraction of solutions that converged",
}


def _assemble(model: Dense, parameters: dict[str, Any], rows: list[dict]) -> PlefkaErrorMap:
    import xarray as xr

    variables = {}
    for name, label in _LABELS.items():
        stacked = np.stack([row[name] for row in rows])
        dims = ("load", "temperature", "order")[: stacked.ndim]
        variables[name] = (dims, stacked, {"long_name": label, "units": "1"})
    heat = {"long_name": "temperature T (k_B = 1)", "units": "units of H"}
    coordinates = {
        "load": ("load", np.array(parameters["loads"]), {"long_name": "load K/N^(p-1)"}),
        "temperature": ("temperature", np.array(parameters["temperatures"]), heat),
        "order": ("order", np.array(ORDERS), {"long_name": "order of Plefka's expansion"}),
    }
    attributes = {
        "model": to_json(model),
        "kind": "plefka_error_map",
        "parameters": json.dumps(parameters),
        "assocmem_version": __version__,
    }
    return PlefkaErrorMap(xr.Dataset(variables, coordinates, attributes))


@dataclass(frozen=True, eq=False)
class PlefkaErrorMap:
    """Errors of Plefka's scheme, made by `plefka_error_map`.

    Parameters
    ----------
    dataset : xarray.Dataset
        ``error``, ``error_error``, ``error_median`` and ``converged`` over (load, temperature,
        order); ``overlap`` and ``overlap_error`` of exact dynamics over (load, temperature).
    """

    dataset: xr.Dataset

    @property
    def model(self) -> Dense:
        """The model, rebuilt from the attributes; its load is not that of the map."""
        return from_json(self.dataset.attrs["model"])

    @property
    def parameters(self) -> dict[str, Any]:
        """Arguments of the run."""
        return json.loads(self.dataset.attrs["parameters"])

    def to_dataset(self) -> xr.Dataset:
        """The labelled data themselves."""
        return self.dataset

    def __str__(self) -> str:
        given, data = self.parameters, self.dataset
        lines = [
            f"{self.model}: error of Plefka's scheme in m",
            f"N = {given['n_spins']}, {given['disorder']} quenched samples x {given['chains']} "
            f"chains x {given['sweeps']} sweeps (burn-in {given['burn_in']}), seed {given['seed']}",
            f"{'load':>8}  {'T':>7}  {'m':>8}  {'order 1: error, its own, median':>32}  "
            f"{'order 2: error, its own, median':>32}  converged",
        ]
        for load in data["load"].values:
            for temperature in data["temperature"].values:
                one = data.sel(load=load, temperature=temperature)
                columns = (one.error.values, one.error_error.values, one.error_median.values)
                errors = [
                    f"{a:+10.5f}  {b:8.5f}  {c:+10.5f}" for a, b, c in zip(*columns, strict=True)
                ]
                fractions = "/".join(f"{f:.0%}" for f in one.converged.values)
                lines.append(
                    f"{load:8.4g}  {temperature:7.4g}  {one.overlap.item():8.5f}  "
                    f"{errors[0]}  {errors[1]}  {fractions}"
                )
        return "\n".join(lines)

    def plot(self, axes: Sequence[Axes] | None = None) -> Sequence[Axes]:
        """Maps of the errors of both orders, in hundredths; crosses: not all converged.

        Parameters
        ----------
        axes : two matplotlib Axes, optional
            Where to draw; new if left out.

        Returns
        -------
        sequence of two matplotlib Axes
        """
        if axes is None:
            import matplotlib.pyplot as plt

            figure = plt.figure(figsize=(10.0, 4.0), layout="constrained")
            axes = figure.subplots(1, 2, sharey=True)
        data = self.dataset
        loads, temperatures = data["load"].values, data["temperature"].values
        for ax, order in zip(axes, ORDERS, strict=True):
            one = data.sel(order=order)
            error = 100.0 * one.error.values.T  # temperature downwards
            drawn = ax.imshow(error, origin="lower", aspect="auto", cmap="RdBu_r", vmin=-5, vmax=5)
            for t in range(len(temperatures)):
                for k in range(len(loads)):
                    text = f"{error[t, k]:+.1f}"
                    if one.converged.values[k, t] < 1.0:
                        text += " ×"
                    shade = "white" if abs(error[t, k]) > 3.0 else "black"
                    ax.text(k, t, text, ha="center", va="center", fontsize="small", color=shade)
            ax.set_xticks(range(len(loads)), [f"{load:.3g}" for load in loads])
            ax.set_yticks(range(len(temperatures)), [f"{t:.3g}" for t in temperatures])
            ax.set_xlabel("load K/N^(p-1)")
            ax.set_title(f"order {order}", fontsize="medium")
        axes[0].set_ylabel("temperature T")
        axes[-1].figure.colorbar(drawn, ax=list(axes), label="100 (m of Plefka - m exact)")
        return axes
