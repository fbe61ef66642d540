"""A state of a model at one temperature, as theory finds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import ConvergenceError

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class State:
    """A solution of saddle-point equations, or the statement that there is none.

    Parameters
    ----------
    name : str
        "retrieval", "mixture", "spin-glass" or "paramagnet"; of multitasking models also
        "hierarchical" or "parallel".
    model : object
        The model solved.
    temperature : float
        T.
    exists : bool
        Whether the state is a solution at this point. If not, every number below is None.
    reason : str
        Why it does not exist.
    overlaps : tuple of float
        Overlaps with the condensed patterns (and with those a field acts on); (0.0,) if none.
    q : float
        Edwards-Anderson order parameter E tanh^2.
    C : float
        beta (1 - q), finite at T = 0.
    r : float
        Noise of the uncondensed patterns, in units in which its variance is load times r.
    free_energy, energy, entropy : float
        Per spin, f = energy - T entropy; self-interactions left out.
    stability : dict of float
        Eigenvalues, positive where stable. "replicon": T times the eigenvalue of de Almeida and
        Thouless (finite at T = 0). "longitudinal": curvature of f in the condensed overlaps.
        "uncondensed": against condensation of another pattern. "symmetry": against the breaking
        of the equality of the mixed overlaps, or of those with the examples of one archetype.
        "noise": against a jump of the noise (dense models). "examples": against unequal overlaps
        with the examples of one pattern (multitasking models).
    stable : bool
        Whether all eigenvalues but the replicon are positive: the state is a local minimum of
        the replica-symmetric free energy.
    replica_stable : bool
        Whether the replicon is positive: replica symmetry holds.
    residual : float
        Largest violation of the saddle-point equations, relative to max(1, sqrt(load), T).
    iterations : int
        Evaluations of the equations.
    example_overlap : float, optional
        Overlap n with what was stored, where that are examples of the pattern.
    regime : str, optional
        Of multitasking models, how the overlaps are related: "hierarchical", "parallel", "mixed"
        or "ergodic".
    example_overlaps : tuple of float, optional
        The same as ``example_overlap`` for each of several condensed patterns.
    """

    name: str
    model: Any
    temperature: float
    exists: bool
    reason: str = ""
    overlaps: tuple[float, ...] | None = None
    q: float | None = None
    C: float | None = None
    r: float | None = None
    free_energy: float | None = None
    energy: float | None = None
    entropy: float | None = None
    stability: Mapping[str, float] = field(default_factory=dict)
    stable: bool | None = None
    replica_stable: bool | None = None
    residual: float | None = None
    iterations: int = 0
    example_overlap: float | None = None
    regime: str | None = None
    example_overlaps: tuple[float, ...] | None = None

    def __str__(self) -> str:
        head = f"{self.name} of {self.model} at T = {self.temperature:g}"
        if not self.exists:
            return f"{head}\n  does not exist: {self.reason}"
        rows = [("overlaps", ", ".join(f"{m:.10g}" for m in self.overlaps))]
        rows += [
            (name, f"{getattr(self, name):.10g}")
            for name in ("example_overlap",) * (self.example_overlap is not None)
            + ("q", "C", "r", "free_energy", "energy", "entropy")
        ]
        if self.example_overlaps is not None:
            rows.insert(1, ("with examples", ", ".join(f"{n:.10g}" for n in self.example_overlaps)))
        rows += [("regime", self.regime)] * (self.regime is not None)
        rows += [(f"{name} eigenvalue", f"{value:.6g}") for name, value in self.stability.items()]
        rows += [
            ("stable", "yes" if self.stable else "no"),
            ("replica symmetry", "stable" if self.replica_stable else "broken"),
            ("residual", f"{self.residual:.1e} after {self.iterations} evaluations"),
        ]
        width = max(len(name) for name, _ in rows)
        return "\n".join([head, *(f"  {name:<{width}}  {text}" for name, text in rows)])

    def to_dataset(self) -> xarray.Dataset:
        """The state as a labelled dataset; what does not exist is NaN and its flags False."""
        import numpy as np
        import xarray as xr

        from ..serial import to_json

        names = ("q", "C", "r", "free_energy", "energy", "entropy", "residual", "example_overlap")
        numbers = {name: getattr(self, name) for name in names}
        data = {k: ((), np.nan if v is None else v) for k, v in numbers.items()}
        for name in ("exists", "stable", "replica_stable"):
            data[name] = ((), bool(getattr(self, name)))
        data["iterations"] = ((), self.iterations)
        data["overlap"] = (("pattern",), list(self.overlaps or ()))
        if self.example_overlaps is not None:
            data["example_overlaps"] = (("pattern",), list(self.example_overlaps))
        data["eigenvalue"] = (("mode",), list(self.stability.values()))
        attributes = {"state": self.name, "model": to_json(self.model), "reason": self.reason}
        if self.regime is not None:
            attributes["regime"] = self.regime
        return xr.Dataset(
            data,
            coords={"temperature": self.temperature, "mode": list(self.stability)},
            attrs=attributes,
        )


def finished(
    model: Any, temperature: float, name: str, *, limit: float = 1e-10, **numbers: Any
) -> State:
    """The State of given numbers, its flags drawn from the eigenvalues.

    Raises
    ------
    ConvergenceError
        If the residual among the numbers exceeds ``limit`` (or is not a number).
    """
    residual = float(numbers.pop("residual"))
    if not residual <= limit:
        raise ConvergenceError(f"{name} of {model} at T={temperature!r} did not converge", residual)
    stability = numbers["stability"]
    return State(
        name,
        model,
        temperature,
        True,
        stable=all(value > 0.0 for key, value in stability.items() if key != "replicon"),
        replica_stable=stability.get("replicon", 1.0) > 0.0,
        residual=residual,
        **numbers,
    )
