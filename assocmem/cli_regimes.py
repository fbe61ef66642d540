"""The command ``assocmem phase-diagram multitasking``: regimes over dilution and temperature."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


def draw_regimes(
    model: Any,
    stem: str,
    *,
    simulate: bool,
    n_spins: int | None,
    dilutions: tuple[float, ...] | None,
    temperatures: tuple[float, ...] | None,
    disorder: int,
    sweeps: int,
    workers: int | None,
    seed: int,
    out: Path,
) -> None:
    """Trace the diagram of ``model.n_patterns`` patterns, simulate points, draw, and write."""
    from ._files import write_netcdf
    from .surveys import grid, survey
    from .theory import phase_diagram

    dilutions = dilutions or tuple(round(0.05 + 0.1 * k, 12) for k in range(10))
    temperatures = temperatures or tuple(round(0.05 + 0.1 * k, 12) for k in range(10))
    dilutions, temperatures = grid(dilutions, temperatures)
    diagram = phase_diagram(model)
    click.echo(str(diagram))
    points = None
    if simulate:
        n_spins = 20_000 if n_spins is None else n_spins
        name = f"{stem}_simulation_{n_spins}x{disorder}x{sweeps}_{seed}.sqlite"
        points = survey(
            model,
            dilutions,
            temperatures,
            n_spins=n_spins,
            disorder=disorder,
            sweeps=sweeps,
            workers=workers,
            seed=seed,
            store=out / name,
        )
        write_netcdf(points, out / f"{stem}_simulation.nc")
        click.echo(f"wrote {out / f'{stem}_simulation.nc'}")
    ax = diagram.plot(simulation=points)
    for suffix in ("png", "svg"):
        path = out / f"{stem}_phase_diagram.{suffix}"
        ax.figure.savefig(path, dpi=200)
        click.echo(f"wrote {path}")
    write_netcdf(diagram.to_dataset(), out / f"{stem}_phase_diagram.nc")
    click.echo(f"wrote {out / f'{stem}_phase_diagram.nc'}")
