"""The landscape from random starts: which states chains end in, and how often."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate as check
from .._files import write_netcdf
from .._version import __version__
from ..serial import from_json, to_json
from .dynamics import Dynamics, engine, entry_law
from .sampler import Plan, Tick, advance, check_model, make_plan, measure_means, run_samples
from .sampler import starts as start_states

if TYPE_CHECKING:
    import xarray as xr

MOST_RUNS = 10_000  # grouping takes time and memory as their square


def descend(
    model: Any,
    *,
    n_spins: int,
    temperature: float = 0.0,
    starts: int = 64,
    disorder: int = 8,
    sweeps: int = 200,
    dynamics: Dynamics | None = None,
    method: str = "auto",
    seed: int = 0,
    workers: int = 1,
    progress: bool = True,
) -> Descents:
    """Run many chains from independent random states and tell which states they end in.

    Parameters
    ----------
    model : Hopfield, Dense or Multitasking
        What to simulate. Overlaps with all K patterns are recorded.
    n_spins : int
        N >= 2.
    temperature : float
        T >= 0 in units of H. At T = 0 chains descend to a state that no single flip lowers.
    starts, disorder : int
        Chains of each quenched sample, and quenched samples; at most 10000 chains in all.
    sweeps : int
        >= 8; of the latter half, averages are taken.
    dynamics, method, seed, workers, progress
        As for `assocmem.montecarlo.sampler.sample`.

    Returns
    -------
    Descents
        Energies and overlaps of all chains; `Descents.states` groups them, and ``print`` shows the
        groups.

    Raises
    ------
    TypeError, ValueError
        If an argument is wrong; before work starts.

    Notes
    -----
    Cost: that of the sweeps, and N K for each of at most 100 records of a chain.

    Examples
    --------
    >>> from assocmem import Multitasking
    >>> from assocmem.montecarlo.descents import descend
    >>> model = Multitasking(n_patterns=2, dilution=0.3)
    >>> found = descend(model, n_spins=2000, disorder=2, starts=8, sweeps=40).states()
    >>> found.overlap.isel(state=0).values.round(1)  # 1 - d and d (1 - d)
    array([0.7, 0.2])
    """
    check_model(model)
    n_spins = check.integer("n_spins", n_spins, 2)
    starts = check.integer("starts", starts, 1, MOST_RUNS)
    disorder = check.integer("disorder", disorder, 1, MOST_RUNS)
    if starts * disorder > MOST_RUNS:
        raise ValueError(
            f"starts times disorder must be at most {MOST_RUNS}, got {starts} x {disorder}"
        )
    sweeps = check.integer("sweeps", sweeps, 8, 10**9)
    temperature = check.real("temperature", temperature, 0.0)
    half = sweeps // 2
    plan = make_plan(
        model, kind="descend", n_spins=n_spins, temperature=temperature, sweeps=half,
        burn_in=sweeps - half, interval=max(1, half // 100), chains=starts, disorder=disorder,
        start="random", corruption=None, dynamics=dynamics, method=method,
        tracked=model.count(n_spins), trajectory=False, seed=seed,
    )  # fmt: skip
    return _label(plan, sweeps, run_samples(plan, _descend_one, sweeps, workers, progress))


def _descend_one(plan: Plan, seed: np.random.SeedSequence, tick: Tick) -> dict[str, np.ndarray]:
    """All chains of one quenched sample, together in one engine."""
    draw_seed, start_seed, chain_seed = seed.spawn(3)  # as `sample` does
    quenched = plan.model.draw(plan.n_spins, np.random.default_rng(draw_seed))
    running = engine(
        quenched,
        start_states(plan, quenched, start_seed),
        plan.temperature[0],
        chain_seed.spawn(1)[0].spawn(plan.chains),
        dynamics=plan.dynamics,
        tracked=tuple(range(plan.tracked)),
        method=plan.method,
    )
    advance(plan, running, plan.chains, tick, plan.burn_in)
    first, means, last = measure_means(plan, running, plan.chains, tick)
    return {
        "energy": means[:, 0],
        "overlap": means[:, 1:],
        "drift": np.abs(last - first)[:, 0],
        "method": np.array(running.method),
    }


def _label(plan: Plan, sweeps: int, samples: list[dict[str, np.ndarray]]) -> Descents:
    import xarray as xr

    stacked = {name: np.stack([one[name] for one in samples]) for name in ("energy", "overlap")}
    drift = np.stack([one["drift"] for one in samples])
    each = ("disorder", "start")
    when = "mean over the latter half of the sweeps"
    energy = {"long_name": "energy per spin H/N", "units": "units of H", "comment": when}
    overlap = {"long_name": "overlap m", "units": "1", "comment": when}
    change = {
        "long_name": "change of the energy per spin between the first and last of these sweeps",
        "units": "units of H",
    }
    parameters = {
        "n_spins": plan.n_spins, "temperature": plan.temperature[0], "starts": plan.chains,
        "disorder": plan.disorder, "sweeps": sweeps, "method": plan.method, "seed": plan.seed,
        "dynamics": plan.parameters()["dynamics"],
    }  # fmt: skip
    attributes = {
        "model": to_json(plan.model),
        "kind": plan.kind,
        "method": ", ".join(sorted({str(one["method"]) for one in samples})),
        "parameters": json.dumps(parameters),
        "assocmem_version": __version__,
    }
    data = xr.Dataset(
        {
            "energy": (each, stacked["energy"], energy),
            "overlap": ((*each, "pattern"), stacked["overlap"], overlap),
            "drift": (each, drift, change),
        },
        {
            "disorder": np.arange(plan.disorder),
            "start": np.arange(plan.chains),
            "pattern": np.arange(plan.tracked),
        },
        attributes,
    )
    return Descents(data)


@dataclass(frozen=True, eq=False)
class Descents:
    """Where chains from random starts ended; made by `descend`.

    Parameters
    ----------
    dataset : xarray.Dataset
        ``energy`` per spin and ``drift`` over (disorder, start), ``overlap`` over (disorder, start,
        pattern); the attributes hold the model and all parameters.
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

    @property
    def ranked(self) -> np.ndarray:
        """Moduli of the overlaps of each chain, largest first, shape (disorder, start, K).

        Signs and order of patterns are arbitrary: turning or exchanging patterns leaves the law of
        samples as it is, without fields.
        """
        return np.sort(np.abs(self.dataset["overlap"].values), axis=-1)[..., ::-1]

    @property
    def settled(self) -> float:
        """Share of chains whose energy was the same at the end of the latter half as before it.

        Only at T = 0 does it say anything.
        """
        return float((self.dataset["drift"] < 1e-12).mean())

    def states(self, tolerance: float = 6.0) -> xr.Dataset:
        """Group the chains by their ranked overlaps.

        Overlaps of one state differ between samples and chains by a few sqrt((1 - d)/N), the
        spread of an overlap with a random pattern (d = 0 for patterns without blanks). Chains are
        joined, the nearest first, as long as no two of a group differ by more than ``tolerance``
        of it in any overlap (complete linkage).

        Parameters
        ----------
        tolerance : float
            > 0. Two states nearer than that are not told apart; below about 4 one state falls into
            several groups.

        Returns
        -------
        xarray.Dataset
            Over ``state``, the most frequent first: ``count``, ``frequency`` and
            ``frequency_error``; mean and standard deviation over the group of ``energy`` and, over
            ``rank`` (1 is the largest), of ``overlap``; and ``label`` over (disorder, start), the
            state each chain is in. The error is binomial, with one chain more of either kind
            (never 0), and takes chains as independent: those of one sample share its patterns.

        Raises
        ------
        TypeError, ValueError
            If ``tolerance`` is not a positive number.
        """
        import xarray as xr
        from scipy.cluster.hierarchy import fcluster, linkage

        tolerance = check.real("tolerance", tolerance, 0.0, open_low=True)
        unit = np.sqrt(_variance(self.model) / self.parameters["n_spins"])
        points = self.ranked.reshape(-1, self.dataset.sizes["pattern"])
        energies, number = self.dataset["energy"].values.ravel(), len(points)
        labels = np.zeros(number, np.int64)
        if number > 1:
            tree = linkage(points, "complete", metric="chebyshev")
            labels = fcluster(tree, tolerance * unit, "distance") - 1
        counts = np.bincount(labels)
        # Ties of frequency by energy, so that the order does not hang on the linkage.
        means = np.bincount(labels, energies) / counts
        order = np.lexsort((means, -counts))
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        labels = place[labels]
        groups = [labels == k for k in range(len(order))]
        padded = (counts[order] + 1.0) / (number + 2.0)
        variables: dict[str, Any] = {
            "count": ("state", counts[order]),
            "frequency": ("state", counts[order] / number),
            "frequency_error": ("state", np.sqrt(padded * (1.0 - padded) / number)),
            "energy": ("state", np.array([energies[g].mean() for g in groups])),
            "energy_spread": ("state", np.array([energies[g].std() for g in groups])),
            "overlap": (("state", "rank"), np.array([points[g].mean(axis=0) for g in groups])),
            "overlap_spread": (
                ("state", "rank"),
                np.array([points[g].std(axis=0) for g in groups]),
            ),
            "label": (("disorder", "start"), labels.reshape(self.dataset["energy"].shape)),
        }
        coordinates = {
            "state": np.arange(len(order)),
            "rank": np.arange(1, points.shape[1] + 1),
            "disorder": self.dataset["disorder"].values,
            "start": self.dataset["start"].values,
        }
        return xr.Dataset(variables, coordinates, {"tolerance": tolerance * unit})

    def to_dataset(self) -> xr.Dataset:
        """The labelled data themselves."""
        return self.dataset

    def save(self, path: str | os.PathLike) -> None:
        """Write netCDF; the file is whole or not there at all."""
        write_netcdf(self.dataset, path)

    def __str__(self) -> str:
        given, found = self.parameters, self.states()
        lines = [
            f"{self.model}",
            f"descend: N = {given['n_spins']}, T = {given['temperature']:g}, {given['disorder']} "
            f"quenched samples x {given['starts']} random starts x {given['sweeps']} sweeps, "
            f"seed {given['seed']}",
            f"{'state':>5}  {'chains':>6}  {'share':>7}  {'error':>7}  {'H/N':>10}  "
            "moduli of overlaps, largest first",
        ]
        shown = min(found.sizes["rank"], 10)
        for k in range(min(found.sizes["state"], 20)):
            one = found.isel(state=k)
            overlaps = " ".join(f"{m:.4f}" for m in one["overlap"].values[:shown])
            lines.append(
                f"{k:5d}  {one['count'].item():6d}  {one['frequency'].item():7.4f}  "
                f"{one['frequency_error'].item():7.4f}  {one['energy'].item():10.6f}  {overlaps}"
                + " ..."
                * (found.sizes["rank"] > shown)
            )
        if found.sizes["state"] > 20:
            lines.append(f"and {found.sizes['state'] - 20} more")
        lines.append(f"states differ by more than {found.attrs['tolerance']:.3g} in some overlap")
        if given["temperature"] == 0.0 and self.settled < 1.0:
            lines.append(f"warning: {1.0 - self.settled:.1%} of the chains had not settled")
        return "\n".join(lines)


def _variance(model: Any) -> float:
    """Mean square of entries as overlaps take them."""
    mean, spread = entry_law(model)
    return (float(model.patterns.variance) + (model.patterns.mean - mean) ** 2) / spread**2
