"""Results of one-step replica symmetry breaking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xarray

_NUMBERS = (
    "q0", "q1", "spread", "theta", "w", "C", "free_energy", "energy", "entropy", "gain",
    "replicon", "example_overlap", "residual",
)  # fmt: skip


@dataclass(frozen=True)
class RSBState:
    """A one-step broken solution of a model at one temperature.

    Parameters
    ----------
    name : str
        "retrieval" or "spin-glass".
    model : object
        The model solved.
    temperature : float
        T.
    exists : bool
        Whether there is such a state. If not, every number below is None.
    reason : str
        Why it does not exist, or why it is not broken.
    broken : bool
        Whether q0 < q1. If not, the numbers are those of replica symmetry, and ``theta`` and
        ``w`` are None, as nothing depends on them.
    overlaps : tuple of float
        m.
    q0, q1 : float
        Overlaps of replicas of different blocks and of one block, 0 <= q0 <= q1 <= 1.
    spread : float
        q1 - q0, to full relative accuracy.
    theta : float
        Parisi's parameter, in (0, 1]; 0 at T = 0, where it vanishes as w T.
    w : float
        theta/T, finite at T = 0.
    C : float
        (1 - q1)/T, finite at T = 0.
    free_energy, energy, entropy : float
        Per spin, f = energy - T entropy; self-interactions left out.
    gain : float
        f minus that of the replica-symmetric state; None where that does not exist. Rounding
        leaves it an absolute error of about 1e-15 max(1, load).
    residual : float
        Largest relative violation of the saddle-point equations.
    iterations : int
        Evaluations of the equations.
    replicon : float, optional
        Dense models: T times the eigenvalue against further breaking inside the blocks, positive
        where one step is stable against it; that of replica symmetry where it is not broken.
    example_overlap : float, optional
        Overlap n with what was stored, where that are examples of the pattern.
    """

    name: str
    model: Any
    temperature: float
    exists: bool
    reason: str = ""
    broken: bool = False
    overlaps: tuple[float, ...] | None = None
    q0: float | None = None
    q1: float | None = None
    spread: float | None = None
    theta: float | None = None
    w: float | None = None
    C: float | None = None
    free_energy: float | None = None
    energy: float | None = None
    entropy: float | None = None
    gain: float | None = None
    residual: float | None = None
    iterations: int = 0
    replicon: float | None = None
    example_overlap: float | None = None

    def __str__(self) -> str:
        head = f"{self.name} (1RSB) of {self.model} at T = {self.temperature:g}"
        if not self.exists:
            return f"{head}\n  does not exist: {self.reason}"
        rows = [("overlaps", ", ".join(f"{m:.10g}" for m in self.overlaps))]
        rows += [
            (name, f"{getattr(self, name):.10g}")
            for name in _NUMBERS[:-1]
            if getattr(self, name) is not None
        ]
        rows.append(("replica symmetry", "broken" if self.broken else self.reason))
        rows.append(("residual", f"{self.residual:.1e} after {self.iterations} evaluations"))
        width = max(len(name) for name, _ in rows)
        return "\n".join([head, *(f"  {name:<{width}}  {text}" for name, text in rows)])

    def to_dataset(self) -> xarray.Dataset:
        """The state as a labelled dataset; what does not exist is NaN and ``exists`` False."""
        import numpy as np
        import xarray as xr

        from ...serial import to_json

        numbers = {name: getattr(self, name) for name in _NUMBERS}
        data = {k: ((), np.nan if v is None else v) for k, v in numbers.items()}
        data["exists"] = ((), self.exists)
        data["broken"] = ((), self.broken)
        data["overlap"] = (("pattern",), list(self.overlaps or ()))
        attributes = {
            "state": self.name,
            "scheme": "1RSB",
            "model": to_json(self.model),
            "reason": self.reason,
        }
        return xr.Dataset(data, coords={"temperature": self.temperature}, attrs=attributes)


@dataclass(frozen=True)
class RSBCriticalLoad:
    """End of the retrieval branch at one temperature.

    Parameters
    ----------
    load : float
        alpha_c in 1RSB.
    load_rs : float
        alpha_c in replica symmetry.
    temperature : float
        T.
    broken : bool
        Whether replica symmetry is broken at the end of the branch; if not, the loads are equal.
    state : RSBState
        The state at the end of the branch (at 1 - 1e-9 of the load if it is not broken).
    residual : float
        Largest relative violation of the saddle-point equations at the end.
    """

    load: float
    load_rs: float
    temperature: float
    broken: bool
    state: RSBState
    residual: float
