"""The command ``assocmem figure``: one figure of the papers, computed and drawn."""

from __future__ import annotations

import ast
import inspect
from importlib import import_module
from pathlib import Path
from typing import Any

import click


def _settings(ctx: click.Context, param: Any, values: tuple[str, ...]) -> dict[str, Any]:
    """NAME=VALUE pairs, the values numbers, lists such as 1,2,3, or text."""
    found = {}
    for pair in values:
        name, sign, text = pair.partition("=")
        if not sign or not name:
            raise click.BadParameter(f"{pair!r} is not NAME=VALUE", ctx, param)
        try:
            found[name.replace("-", "_")] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            found[name.replace("-", "_")] = text
    return found


@click.command("figure")
@click.argument("name", metavar="NAME", required=False)
@click.option(
    "--set",
    "settings",
    multiple=True,
    callback=_settings,
    metavar="NAME=VALUE",
    help="Argument of the figure, such as --set p=4 or --set qualities=0.3,0.5; several.",
)
@click.option("--workers", type=int, help="Processes or threads; by default one for each core.")
@click.option("--seed", type=int, help="By default 0.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default="results",
    show_default=True,
    help="Folder for the figure and its data.",
)
def figure_command(
    name: str | None,
    settings: dict[str, Any],
    workers: int | None,
    seed: int | None,
    out: Path,
) -> None:
    """Compute and draw a figure: theory lines and simulated points. Without NAME: list them.

    Writes NAME.png, NAME.svg and NAME.nc to the folder. Where a figure keeps its points, an
    interrupted run goes on when the command is given again.

    Example: assocmem figure supervised --out results
    """
    from .errors import ConvergenceError
    from .figures import FIGURES, figure

    if name is None:
        width = max(map(len, FIGURES))
        for key, (_, _, text) in FIGURES.items():
            click.echo(f"{key:<{width}}  {text}")
        return
    if name not in FIGURES:
        raise click.UsageError(f"NAME must be one of {', '.join(FIGURES)}, got {name!r}")
    module = import_module(f".figures.{FIGURES[name][0]}", __package__)
    known = inspect.signature(module.compute).parameters
    for key, value in (("workers", workers), ("seed", seed)):
        if value is not None and key not in known:
            raise click.UsageError(f"--{key} is no option of the figure {name}")
        if value is not None:
            settings[key] = value
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"--out {str(out)!r} cannot be made: {error.strerror}") from error
    if "store" in known and "store" not in settings:
        named = {key: value for key, value in settings.items() if key != "workers"}
        text = "_".join(f"{key}{value}" for key, value in sorted(named.items()))
        safe = "".join(c if c.isalnum() or c in "-_." else "-" for c in text)
        settings["store"] = out / f"{'_'.join(filter(None, [name, safe]))}.sqlite"
    try:
        dataset, axes = figure(name, **settings)
    except (ValueError, TypeError, OSError, ImportError, ConvergenceError) as error:
        raise click.UsageError(str(error)) from error
    from ._files import write_netcdf

    for suffix in ("png", "svg"):
        path = out / f"{name}.{suffix}"
        axes.figure.savefig(path, dpi=200)
        click.echo(f"wrote {path}")
    write_netcdf(dataset, out / f"{name}.nc")
    click.echo(f"wrote {out / f'{name}.nc'}")
