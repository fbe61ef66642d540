"""The commands ``assocmem sparsey ...``: what a mac holds, and how codes of similar inputs meet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from ._cli_errors import reported
from .cli_models import Numbers
from .cli_sdr import _check_out, _options, _simulate

_INTS = Numbers(int)


@click.group("sparsey")
def sparsey_group() -> None:
    """Sparsey's mac: Q competitive modules of K units, with n binary weights each.

    Inputs are a of n features. Theory stands beside the simulation of the same mac.
    """


def _mac_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for name, text in reversed(
        (
            ("features", "Features n."),
            ("size", "Active features a of an input."),
            ("modules", "Competitive modules Q."),
            ("units", "Units K of a module."),
        )
    ):
        command = click.option(f"--{name}", type=int, required=True, help=text)(command)
    return command


@sparsey_group.command("recall")
@reported
@_mac_options
@click.option("--items", type=_INTS, help="Inputs stored S; by default as many as the capacity.")
@click.option("--level", type=float, default=0.9, show_default=True, help="Of the capacity.")
@_options("lost", "noise", "simulate", "trials", "seed", "out")
@click.pass_context
def recall_command(
    ctx: click.Context,
    features: int,
    size: int,
    modules: int,
    units: int,
    items: tuple[int, ...] | None,
    level: float,
    lost: int,
    noise: str,
    **given: Any,
) -> None:
    """Random inputs with uniform codes: capacity, load, crosstalk, recall, bits in a weight.

    The capacity is the largest number of inputs of which a fraction --level of winners is recalled.

    Example: assocmem sparsey recall --features 1000 --size 20 --modules 10 --units 100
    """
    from . import _validate as check
    from .sdr import Drop, Mac, Replace, Selection, StoredItems, Swap
    from .theory.sparsey import bits_per_weight, capacity, predict

    _check_out(given)
    high = min(size, features - size) if noise == "replace" and features > size else size
    check.integer("--lost", lost, 0, high)
    kinds = {"drop": Drop, "replace": Replace, "swap": Swap}
    mac = Mac(modules, units, Selection(chi=0.0))
    model = StoredItems(mac, features, size, 1, kinds[noise](lost))
    found = capacity(model, level)
    click.echo(
        f"capacity {found.n_items} inputs: {found.recalled:.6g} of winners recalled, "
        f"{found.beyond:.6g} with one more; load {found.load:.6g}"
    )
    models = [
        StoredItems(mac, features, size, number, model.noise)
        for number in ([max(found.n_items, 1)] if items is None else items)
    ]
    heads = ("load", "crosstalk", "recalled", "bits to code", "bits to input")
    click.echo(f"{'items':>9}" + "".join(f"{head:>15}" for head in heads))
    for each in models:
        numbers = predict(each)
        values = [numbers[name] for name in heads[:3]]
        values += [float(bits_per_weight(each, way)) for way in ("code", "input")]
        click.echo(f"{each.n_items:>9}" + "".join(f"{value:>15.9g}" for value in values))
    _simulate(ctx, models, given)


@sparsey_group.command("overlap")
@reported
@_mac_options
@click.option("--common", type=_INTS, required=True, help="Features that both inputs have.")
@click.option("--g-minus", type=float, default=0.1, show_default=True)
@click.option("--gamma", type=float, default=2.0, show_default=True)
@click.option("--chi", type=float, default=100.0, show_default=True)
@_options("simulate", "trials", "seed", "out")
@click.pass_context
def overlap_command(
    ctx: click.Context,
    features: int,
    size: int,
    modules: int,
    units: int,
    common: tuple[int, ...],
    g_minus: float,
    gamma: float,
    chi: float,
    **given: Any,
) -> None:
    """Fraction of winners that the codes of two similar inputs share, and familiarity.

    Example: assocmem sparsey overlap --features 1000 --size 20 --modules 10 --units 16 --common
    0:20:5
    """
    from .sdr import CodeOverlap, Mac, Selection
    from .theory.sparsey import predict

    _check_out(given)
    mac = Mac(modules, units, Selection(g_minus=g_minus, gamma=gamma, chi=chi))
    models = [CodeOverlap(mac, features, size, number) for number in common]
    click.echo(f"{'common':>9}{'familiarity':>15}{'intersection':>15}")
    for model in models:
        numbers = predict(model)
        line = "".join(f"{numbers[name]:>15.9g}" for name in ("familiarity", "intersection"))
        click.echo(f"{model.common:>9}{line}")
    _simulate(ctx, models, given)
