"""The command ``assocmem``: solve, simulate, verify and draw from the shell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from . import _validate as check
from ._cli_errors import reported
from ._version import __version__
from .cli_figures import figure_command
from .cli_models import Numbers, load_options, model_options, patterns_option
from .cli_sdr import sdr_group
from .cli_sparsey import sparsey_group

_STATES = ["retrieval", "mixture", "hierarchical", "parallel", "spin-glass", "paramagnet"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Associative memories of statistical mechanics: theory beside simulation.

    Each command takes the name of a model. Temperatures and loads mean the same to the theory
    and to the simulation: T is in the units of the energy H, load = K/N, of
    dense models K/N^(p-1).
    """


@main.command("phase-diagram")
@reported
@patterns_option
@model_options
@click.option("--simulate/--no-simulate", default=False, help="Add Monte Carlo points.")
@click.option(
    "--n-spins",
    type=int,
    help="Spins N; by default 2000, less of dense, 20000 of multitasking over dilutions.",
)
@click.option(
    "--dilutions",
    type=Numbers(),
    help="multitasking with --patterns: dilutions of the simulated points; by default 10 of them.",
)
@click.option(
    "--loads",
    type=Numbers(),
    help="Loads of the simulated points; by default 8 of them past the end of retrieval.",
)
@click.option(
    "--temperatures",
    type=Numbers(),
    help="Temperatures of the simulated points; by default 10 of them up to the end of retrieval.",
)
@click.option("--disorder", type=int, default=8, show_default=True, help="Samples of a point.")
@click.option("--sweeps", type=int, default=400, show_default=True, help="Recorded sweeps.")
@click.option("--workers", type=int, help="Processes; by default one for each core.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default="results",
    show_default=True,
    help="Folder for figures and data.",
)
def phase_diagram_command(
    model: Any,
    name: str,
    simulate: bool,
    n_spins: int | None,
    dilutions: tuple[float, ...] | None,
    loads: tuple[float, ...] | None,
    temperatures: tuple[float, ...] | None,
    disorder: int,
    sweeps: int,
    workers: int | None,
    seed: int,
    out: Path,
) -> None:
    """Trace the critical lines, optionally simulate, and draw both.

    Of multitasking networks with --patterns, the plane of dilution and temperature with its
    regimes; with --dilution, that of load and temperature.

    Writes MODEL_phase_diagram.nc, .png and .svg to the folder, with what is not the default of
    the model in their names; with --simulate also MODEL_simulation.nc. An interrupted
    simulation goes on where it stopped when the command is given again.

    Example: assocmem phase-diagram hopfield --simulate --out results;
    assocmem phase-diagram dense --p 4 --simulate --out results;
    assocmem phase-diagram multitasking --patterns 3 --simulate --out results
    """
    from dataclasses import replace

    from .plot import overview
    from .sweeps import sweep
    from .theory import phase_diagram
    from .theory.grid import solve_grid

    stem = _stem(name, model)
    _output(out / f"{stem}_phase_diagram.nc")
    over_dilutions = name == "multitasking" and model.n_patterns is not None
    if over_dilutions and loads is not None:
        raise ValueError("--loads must be left out with a fixed number of patterns")
    if dilutions is not None and not over_dilutions:
        raise ValueError("--dilutions needs the model multitasking with --patterns")
    for temperature in temperatures or ():
        check.real("temperatures", temperature, 0.0)
    # Lines take a while: what the simulation would refuse is refused before them.
    check.integer("disorder", disorder, 4 if over_dilutions else 1)
    check.integer("sweeps", sweeps, 4)
    check.integer("seed", seed, 0)
    for key, value, least in (("n_spins", n_spins, 2), ("workers", workers, 1)):
        if value is not None:
            check.integer(key, value, least)
    if over_dilutions:
        from .cli_regimes import draw_regimes

        draw_regimes(
            model,
            stem,
            simulate=simulate,
            n_spins=n_spins,
            dilutions=dilutions,
            temperatures=temperatures,
            disorder=disorder,
            sweeps=sweeps,
            workers=workers,
            seed=seed,
            out=out,
        )
        return
    for load in loads or ():
        check.real("loads", load, 0.0)
    if n_spins is not None:
        for load in loads or ():
            replace(model, load=load).count(n_spins)
    diagram = phase_diagram(model)
    click.echo(str(diagram))
    spinodal = diagram.lines["T_M"]
    points = None
    if loads is None:
        last = 1.1 * float(max(spinodal.load))
        loads = tuple(float(f"{last * k / 8:.2g}") for k in range(1, 9))
    # Of exponential networks it grows without bound towards load 0.
    far = spinodal.temperature[spinodal.load >= 0.5 * max(spinodal.load)]
    top = float(f"{min(max(spinodal.temperature), 4.0 * max(far)):.2g}")
    if temperatures is None:
        temperatures = tuple(round(top * k / 10, 12) for k in range(1, 11))
    if n_spins is None:
        n_spins = _size_of(replace(model, load=max(loads))) if name == "dense" else 2000
    if simulate:
        models = [replace(model, load=load, n_patterns=None) for load in loads]
        points = sweep(
            models,
            temperatures,
            n_spins=n_spins,
            disorder=disorder,
            chains=2,
            sweeps=sweeps,
            burn_in=sweeps // 2,
            workers=workers,
            seed=seed,
            store=out / f"{stem}_simulation_{n_spins}x{disorder}x{sweeps}_{seed}.sqlite",
        )
        _write(points, out / f"{stem}_simulation.nc")
    curves = solve_grid(model, loads[::2], _curve_temperatures(spinodal, loads[::2], top))
    figure = overview(diagram, curves, points)
    for suffix in ("png", "svg"):
        path = out / f"{stem}_phase_diagram.{suffix}"
        figure.savefig(path, dpi=200)
        click.echo(f"wrote {path}")
    _write(diagram.to_dataset(), out / f"{stem}_phase_diagram.nc")


def _size_of(model: Any) -> int:
    """N at which a sweep over all spins costs some 1e7 operations."""
    from ._sizes import default_sizes

    return default_sizes(model, 1e7)[-1]


def _curve_temperatures(spinodal: Any, loads: tuple[float, ...], top: float) -> list[float]:
    """Temperatures that draw overlaps smoothly: dense where they end with a vertical slope."""
    import numpy as np

    upper = spinodal.temperature >= spinodal.temperature[np.argmax(spinodal.load)]
    order = np.argsort(spinodal.load[upper])
    ends = np.interp(loads, spinodal.load[upper][order], spinodal.temperature[upper][order])
    near = ends[:, None] * (1.0 - 0.1 * np.linspace(0.0, 1.0, 12) ** 2)
    return sorted({*np.linspace(0.0, top, 41), *near.ravel()})


def _stem(name: str, model: Any) -> str:
    """Name of a model that tells its files from those of others."""
    from .hopfield import Hebb

    if name == "hopfield":
        rule = type(model.rule).__name__.lower()
        time = f"{model.rule.time:g}" if hasattr(model.rule, "time") else ""
        parts = [] if isinstance(model.rule, Hebb) else [rule + time]
        return "_".join(
            [name, *parts, *([f"bias{model.patterns.mean:g}"] * bool(model.patterns.mean))]
        )
    if name == "multitasking":
        fixed = model.n_patterns is not None
        parts = [f"K{model.n_patterns}" if fixed else f"d{model.dilution:g}"]
        return "_".join([name, *parts, *_learned(model)])
    kind = type(model.energy).__name__.lower()
    parts = [f"p{model.p}"] if kind in ("pbody", "fullpower") else []
    if kind == "separable":
        parts.append("".join(c if c.isalnum() else "-" for c in model.energy.expression))
    elif kind != "pbody":
        rate = getattr(model.energy, "rate", 1.0)
        parts.append(kind + (f"{rate:g}" if rate != 1.0 else ""))
    return "_".join([name, *parts, *_learned(model)])


def _learned(model: Any) -> list[str]:
    """What tells a model that learns, or has another law of patterns, from others."""
    parts = [] if model.exponent is None else [f"exponent{model.exponent:g}"]
    if model.learning is not None:
        protocol = type(model.learning).__name__.lower()
        parts.append(f"{protocol}{model.learning.n_examples}r{model.learning.quality:g}")
    return parts


def _output(path: Path | None) -> Path | None:
    """Make the folder of a file before any work starts, or say that it cannot be."""
    if path is not None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "ab"):
                pass
        except OSError as error:
            raise ValueError(f"--out {str(path)!r} cannot be written: {error.strerror}") from error
        if path.stat().st_size == 0:
            path.unlink()
    return path


def _write(dataset: Any, path: Path) -> None:
    """Write netCDF and say so."""
    from ._files import write_netcdf

    write_netcdf(dataset, path)
    click.echo(f"wrote {path}")


@main.command("solve")
@reported
@load_options
@model_options
@click.option("--temperature", type=float, default=0.0, show_default=True)
@click.option(
    "--state",
    type=click.Choice(_STATES),
    default="retrieval",
    show_default=True,
)
@click.option(
    "--n-mixed",
    type=int,
    default=3,
    show_default=True,
    help="Patterns in a mixture, or in a hierarchical state at extensive load.",
)
@click.option("--rsb", is_flag=True, help="One step of replica symmetry breaking.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="netCDF file.")
def solve_command(
    model: Any,
    name: str,
    temperature: float,
    state: str,
    n_mixed: int,
    rsb: bool,
    out: Path | None,
) -> None:
    """Solve the theory of one state at one load and temperature.

    Example: assocmem solve hopfield --load 0.05 --temperature 0.2
    """
    from . import solve, solve_rsb

    _output(out)
    if rsb:
        found = solve_rsb(model, temperature, state)
    else:
        found = solve(model, temperature, state, n_mixed=n_mixed)
    click.echo(str(found))
    if out is not None:
        _write(found.to_dataset(), out)


@main.command("simulate")
@reported
@load_options
@model_options
@click.option("--temperature", type=Numbers(), default="0.2", show_default=True)
@click.option("--n-spins", type=int, help="Spins N; by default 1000, less of dense.")
@click.option(
    "--start",
    type=click.Choice(["pattern", "corrupted", "mixture", "random"]),
    default="pattern",
    show_default=True,
)
@click.option("--corruption", type=float, help="Flipped fraction, with --start corrupted.")
@click.option(
    "--weights",
    type=Numbers(),
    help="Weights of the first patterns, with --start mixture: 4,2,1 starts a hierarchy of three.",
)
@click.option("--tracked", type=int, default=1, show_default=True, help="Overlaps recorded.")
@click.option("--sweeps", type=int, default=2000, show_default=True)
@click.option("--burn-in", type=int, default=1000, show_default=True)
@click.option("--chains", type=int, default=4, show_default=True)
@click.option("--disorder", type=int, default=8, show_default=True)
@click.option(
    "--dynamics",
    type=click.Choice(["heat-bath", "metropolis"]),
    default="heat-bath",
    show_default=True,
)
@click.option(
    "--update",
    type=click.Choice(["sequential", "random", "parallel"]),
    default="sequential",
    show_default=True,
)
@click.option("--workers", type=int, default=1, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="netCDF file.")
def simulate_command(
    model: Any,
    name: str,
    temperature: tuple[float, ...],
    n_spins: int | None,
    start: str,
    corruption: float | None,
    weights: tuple[float, ...] | None,
    tracked: int,
    sweeps: int,
    burn_in: int,
    chains: int,
    disorder: int,
    dynamics: str,
    update: str,
    workers: int,
    seed: int,
    out: Path | None,
) -> None:
    """Run Monte Carlo at one load and print observables with their errors.

    Example: assocmem simulate hopfield --load 0.05 --temperature 0.2 --n-spins 2000
    """
    from . import Dynamics, sample

    _output(out)
    if n_spins is None:
        n_spins = _size_of(model) if name == "dense" else 1000
    result = sample(
        model,
        n_spins=n_spins,
        temperature=temperature[0] if len(temperature) == 1 else temperature,
        start=start,
        corruption=corruption,
        weights=weights,
        tracked=tracked,
        sweeps=sweeps,
        burn_in=burn_in,
        chains=chains,
        disorder=disorder,
        dynamics=Dynamics(dynamics, update),
        workers=workers,
        seed=seed,
    )
    click.echo(str(result))
    if out is not None:
        result.save(out)
        click.echo(f"wrote {out}")


@main.command("verify")
@reported
@load_options
@model_options
@click.option("--temperature", type=Numbers(), default="0.2", show_default=True)
@click.option(
    "--state",
    type=click.Choice(_STATES),
    default="retrieval",
    show_default=True,
)
@click.option(
    "--n-spins",
    type=Numbers(int),
    help="Sizes; by default 400,800,1600 where they are quick enough, more of multitasking.",
)
@click.option("--n-mixed", type=int, default=3, show_default=True, help="Patterns in a mixture.")
@click.option("--disorder", type=int, default=16, show_default=True)
@click.option("--chains", type=int, default=2, show_default=True)
@click.option("--sweeps", type=int, default=1000, show_default=True)
@click.option("--burn-in", type=int, help="Discarded sweeps; by default half of --sweeps.")
@click.option("--false-alarm", type=float, default=1e-3, show_default=True)
@click.option("--workers", type=int, help="Threads; by default one for each core.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="netCDF file.")
@click.pass_context
def verify_command(
    ctx: click.Context,
    model: Any,
    name: str,
    temperature: tuple[float, ...],
    state: str,
    n_spins: tuple[int, ...] | None,
    n_mixed: int,
    disorder: int,
    chains: int,
    sweeps: int,
    burn_in: int | None,
    false_alarm: float,
    workers: int | None,
    seed: int,
    out: Path | None,
) -> None:
    """Compare theory and simulation at several sizes; exit status 1 where they disagree.

    Example: assocmem verify hopfield --load 0.05 --temperature 0.2,0.4
    """
    from .verification import verify

    _output(out)
    report = verify(
        model,
        temperature=temperature,
        state=state,
        n_spins=n_spins,
        n_mixed=n_mixed,
        disorder=disorder,
        chains=chains,
        sweeps=sweeps,
        burn_in=burn_in,
        false_alarm=false_alarm,
        workers=workers,
        seed=seed,
    )
    click.echo(str(report))
    if out is not None:
        _write(report.to_dataset(), out)
    ctx.exit(0 if report.passed else 1)


main.add_command(figure_command)
main.add_command(sdr_group)
main.add_command(sparsey_group)
