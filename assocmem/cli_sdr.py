"""The commands ``assocmem sdr ...``: error rates of sparse representations and their detectors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ._cli_errors import reported
from .cli_models import Numbers

_INTS = Numbers(int)


def _options(*names: str) -> Callable[..., Any]:
    """The named ones of the shared options, in that order."""
    known: dict[str, dict[str, Any]] = {
        "n": {"type": _INTS, "required": True, "help": "Cells n."},
        "a": {"type": _INTS, "required": True, "help": "Active cells a."},
        "s": {"type": _INTS, "required": True, "help": "Synapses of a stored pattern s."},
        "theta": {"type": _INTS, "required": True, "help": "Threshold theta."},
        "patterns": {
            "type": int,
            "default": 1,
            "show_default": True,
            "help": "Patterns mixed on a segment.",
        },
        "segments": {
            "type": int,
            "default": 1,
            "show_default": True,
            "help": "Segments of the neuron.",
        },
        "transmission": {
            "type": float,
            "default": 1.0,
            "show_default": True,
            "help": "Probability that a synapse transmits.",
        },
        "lost": {
            "type": int,
            "default": 0,
            "show_default": True,
            "help": "Active cells v of the pattern that are lost.",
        },
        "noise": {
            "type": click.Choice(["drop", "replace", "swap"]),
            "default": "replace",
            "show_default": True,
            "help": "What takes their place: nothing, cells outside the pattern, or any cells "
            "that are silent then.",
        },
        "simulate": {"is_flag": True, "help": "Simulate too; exit status 1 where they disagree."},
        "trials": {"type": int, "default": 100_000, "show_default": True},
        "seed": {"type": int, "default": 0, "show_default": True},
        "out": {
            "type": click.Path(dir_okay=False, path_type=Path),
            "help": "netCDF file of the simulation beside theory.",
        },
    }

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for name in reversed(names):
            command = click.option(f"--{name}", **known[name])(command)
        return command

    return add


@click.group("sdr")
def sdr_group() -> None:
    """Sparse distributed representations: exact error rates, thresholds, memories.

    n cells, a of them active; a segment has s synapses on a stored pattern and fires where at
    least theta of them are active. Numbers may be lists such as 1000,2000 or 1000:9000:5.
    """


@sdr_group.command("fp")
@reported
@_options("n", "a", "s", "theta", "patterns", "segments", "transmission", "simulate", "trials",
          "seed", "out")  # fmt: skip
@click.pass_context
def fp_command(ctx: click.Context, **given: Any) -> None:
    """Probability that a random activity makes a segment or neuron fire.

    Example: assocmem sdr fp --n 10000 --a 300 --s 30 --theta 15
    """
    _check_out(given)
    _report(ctx, given, "false_positive")


@sdr_group.command("fn")
@reported
@_options("n", "a", "s", "theta", "lost", "noise", "patterns", "segments", "transmission",
          "simulate", "trials", "seed", "out")  # fmt: skip
@click.pass_context
def fn_command(ctx: click.Context, **given: Any) -> None:
    """Probability that a stored pattern with noise is missed.

    Example: assocmem sdr fn --n 6000 --a 128 --s 30 --theta 12 --lost 64
    """
    _check_out(given)
    _report(ctx, given, "false_negative")


def _check_out(given: dict[str, Any]) -> None:
    """Refuse a file that nothing would be written to, or that cannot be, before any work."""
    path = given["out"]
    if path is None:
        return
    if not given["simulate"]:
        raise ValueError("--out needs --simulate")
    if not path.absolute().parent.is_dir():
        raise ValueError(f"--out {str(path)!r} cannot be written: there is no such folder")


def _digits(found: Any, count: int = 9) -> str:
    """Digits of a probability, below the range of doubles too."""
    if found.value > 1e-300 or found.log10 == float("-inf"):
        return f"{found.value:.{count}g}"
    whole = int(found.log10 // 1)
    return f"{10.0 ** (found.log10 - whole):.{count}g}e{whole}"


def _report(ctx: click.Context, given: dict[str, Any], quantity: str) -> None:
    """One line for each combination of the lists, and the simulation of each if asked for."""
    from itertools import product

    from . import _validate as check
    from .dendrites import Detector
    from .sdr import Drop, Replace, Swap, Uniform
    from .theory.sdr.detection import predict

    for n, a in product(given["n"], given["a"]) if "lost" in given else ():
        replaced = given["noise"] == "replace"
        check.integer("--lost", given["lost"], 0, min(a, n - a) if replaced and n > a else a)
    kinds = {"drop": Drop, "replace": Replace, "swap": Swap}
    noise = kinds[given["noise"]](given["lost"]) if "noise" in given else Drop()
    models = [
        Detector(
            Uniform(n, a),
            n_synapses=s,
            threshold=theta,
            n_patterns=given["patterns"],
            n_segments=given["segments"],
            transmission=given["transmission"],
            noise=noise,
        )
        for n, a, s, theta in product(given["n"], given["a"], given["s"], given["theta"])
    ]
    simple = given["patterns"] == given["segments"] == 1 and given["transmission"] == 1.0
    bracketed = quantity == "false_positive" and simple
    head = f"{'n':>9}{'a':>7}{'s':>6}{'theta':>7}  {quantity.replace('_', ' '):>15}{'log10':>12}"
    click.echo(head + ("   certified bracket" if bracketed else ""))
    for model in models:
        found = predict(model)[quantity]
        law = model.activity
        line = f"{law.n:>9}{law.a:>7}{model.n_synapses:>6}{model.threshold:>7}"
        line += f"  {_digits(found):>15}{found.log10:>12.6f}"
        if bracketed:
            from .theory.sdr.bounds import leading_term

            bracket = leading_term(law.n, law.a, model.n_synapses, model.threshold)
            line += f"   [{_digits(bracket.low, 6)}, {_digits(bracket.high, 6)}]"
        click.echo(line)
    _simulate(ctx, models, given, lambda model: {quantity: predict(model)[quantity]})


def _simulate(
    ctx: click.Context, models: list[Any], given: dict[str, Any], theory: Any = None
) -> None:
    """Verify models if that was asked for: exit status 1 where they disagree."""
    if not given["simulate"]:
        return
    from .verification import verify

    report = verify(models, trials=given["trials"], seed=given["seed"], theory=theory)
    click.echo(str(report))
    if given["out"] is not None:
        from ._files import write_netcdf

        write_netcdf(report.to_dataset(), given["out"])
        click.echo(f"wrote {given['out']}")
    ctx.exit(0 if report.passed else 1)


@sdr_group.command("threshold")
@reported
@_options("n", "a", "s", "lost")
@click.option("--budget", type=float, default=1e-9, show_default=True, help="False positives.")
def threshold_command(
    n: tuple[int, ...], a: tuple[int, ...], s: tuple[int, ...], lost: int, budget: float
) -> None:
    """Thresholds: the smallest within a budget of false positives, and the best against noise.

    Example: assocmem sdr threshold --n 10000 --a 300 --s 30 --lost 60
    """
    from itertools import product

    from . import _validate as check
    from .theory.sdr.thresholds import balanced_threshold, best_threshold, smallest_threshold

    check.integer("--lost", lost, 0, min(a))
    check.real("--budget", budget, 0.0, 1.0)
    for cells, active, synapses in product(n, a, s):
        line = f"n = {cells}, a = {active}, s = {synapses}: "
        line += f"theta >= {smallest_threshold(budget, cells, active, synapses)} "
        line += f"keeps false positives at most {budget:g}"
        if lost:
            best = best_threshold(cells, active, synapses, lost)
            line += (
                f"; with {lost} cells lost, theta = {best.theta} is best: false positives "
                f"{best.false_positive.value:.3g}, false negatives "
                f"{best.false_negative.value:.3g}"
            )
            if active / cells + lost / active < 1.0:
                closed = balanced_threshold(active / cells, lost / active, synapses)
                line += f" (closed form {closed.theta:.2f})"
        click.echo(line)


@sdr_group.command("willshaw")
@reported
@click.option("--n", type=int, required=True, help="Cells of input and output n.")
@click.option("--a", type=int, required=True, help="Active cells a of both.")
@click.option("--patterns", type=int, help="Stored pairs; by default as many as the capacity.")
@click.option("--auto", is_flag=True, help="Patterns are stored with themselves.")
@click.option("--error", type=float, default=0.01, show_default=True, help="Of the capacity.")
@_options("lost", "simulate", "trials", "seed", "out")
@click.pass_context
def willshaw_command(
    ctx: click.Context,
    n: int,
    a: int,
    patterns: int | None,
    auto: bool,
    error: float,
    lost: int,
    **given: Any,
) -> None:
    """Willshaw memory: capacity, load, errors of recall, information in a synapse.

    The capacity is the largest number of pairs with at most --error times a wrong outputs in a
    recall on average.

    Example: assocmem sdr willshaw --n 1000 --a 11 --simulate
    """
    from dataclasses import replace

    from .sdr import Drop, Willshaw
    from .theory.sdr.willshaw import predict
    from .theory.sdr.willshaw_capacity import capacity

    _check_out(given)
    model = Willshaw(n, n, a, a, auto=auto, noise=Drop(lost))
    found = capacity(model, error=error)
    click.echo(
        f"capacity {found.n_patterns} patterns: {found.error:.4g} a wrong outputs, "
        f"{found.beyond:.4g} a with one more; load {found.load:.6g}, {found.information:.6g} bits "
        "in a synapse"
    )
    model = replace(model, n_patterns=found.n_patterns if patterns is None else patterns)
    click.echo(f"{model}")
    for name, value in predict(model).items():
        click.echo(f"  {name.replace('_', ' '):<16}{float(value):.9g}")
    _simulate(ctx, [model], given)
