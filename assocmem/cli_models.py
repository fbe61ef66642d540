"""Models on the command line: options that name one, and the model they make."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

_RULES = ("hebb", "pseudo-inverse", "storkey", "dreaming")
_ENERGIES = ("distinct", "full-power", "exponential", "log-sum-exp")


class Numbers(click.ParamType):
    """Numbers separated by commas, or start:stop:count for evenly spaced ones."""

    name = "numbers"

    def __init__(self, kind: type = float) -> None:
        self.kind = kind

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[Any, ...]:
        """Tuple of numbers."""
        if not isinstance(value, str):
            return tuple(value)
        try:
            if ":" in value:
                import numpy as np

                start, stop, count = value.split(":")
                grid = np.linspace(float(start), float(stop), int(count))
                return tuple(self.kind(round(x, 12)) for x in grid)
            return tuple(self.kind(part) for part in value.split(","))
        except ValueError:
            self.fail(f"{value!r} is neither a list like 0.1,0.2 nor start:stop:count", param, ctx)


_OPTIONS = (
    ("field", {"type": Numbers(), "help": "Fields on the first patterns."}),
    ("bias", {"type": float, "help": "hopfield: mean of an entry."}),
    ("rule", {"type": click.Choice(_RULES), "help": "hopfield: learning rule; by default hebb."}),
    ("dreaming-time", {"type": float, "help": "With --rule dreaming; by default 1."}),
    ("p", {"type": int, "help": "dense: spins in a product; by default 4."}),
    (
        "energy",
        {
            "help": f"dense: {', '.join(_ENERGIES)}, or a formula in m such as 'm**4/24'; "
            "by default distinct.",
        },
    ),
    ("rate", {"type": float, "help": "With --energy exponential or log-sum-exp; by default 1."}),
    (
        "exponent",
        {
            "type": float,
            "help": "K = load * N^exponent; by default p - 1 of dense, 1 of multitasking.",
        },
    ),
    (
        "dilution",
        {"type": float, "help": "multitasking: probability of a blank entry; by default 0.5."},
    ),
    (
        "learning",
        {
            "type": click.Choice(["supervised", "unsupervised"]),
            "help": "dense, multitasking: from examples.",
        },
    ),
    ("n-examples", {"type": int, "help": "With --learning: M examples of each archetype."}),
    (
        "quality",
        {"type": float, "help": "With --learning: r, the mean of example times archetype."},
    ),
)
_HOPFIELD = {"bias", "rule", "dreaming_time", "field"}
_LEARNED = {"exponent", "learning", "n_examples", "quality", "field"}
_DENSE = {"p", "energy", "rate", *_LEARNED}
_MULTITASKING = {"dilution", *_LEARNED}
LOADS = {"hopfield": 0.05, "dense": None, "multitasking": None}
PATTERNS = 3
"""Patterns of a multitasking network whose number is not given."""


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that name a model; the command receives it as ``model``.

    A command without ``--load`` is about all loads, or about all dilutions of a multitasking
    network where no dilution is given.
    """

    @click.argument("name", metavar="MODEL", type=click.Choice(list(LOADS)))
    @functools.wraps(command)
    def wrapped(name: str, n_patterns: int | None = None, **rest: Any) -> Any:
        keys = [option.replace("-", "_") for option, _ in _OPTIONS]
        values = {key: rest.pop(key) for key in keys}
        given = {key: value for key, value in values.items() if value is not None}
        known, make = _MODELS[name]
        all_loads = "load" not in rest
        load = rest.pop("load", None)
        if all_loads and name != "multitasking" and n_patterns is not None:
            raise ValueError(f"--patterns is no option of this command for the model {name}")
        if all_loads and "dilution" in given:
            if n_patterns is not None:
                raise ValueError(
                    "--patterns draws all dilutions: leave out --dilution, or leave out "
                    "--patterns for the plane of load and temperature"
                )
            load = 0.0
        foreign = sorted(set(given) - known)
        if foreign:
            option = foreign[0].replace("_", "-")
            raise ValueError(f"--{option} is no option of the model {name}")
        model = make(given, load, n_patterns)
        return command(model=model, name=name, **rest)

    for option, settings in reversed(_OPTIONS):
        wrapped = click.option(f"--{option}", **settings)(wrapped)
    return wrapped


def load_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """How many patterns the model has."""
    command = patterns_option(command)
    return click.option(
        "--load",
        type=float,
        help="Load: K/N of hopfield and multitasking, K/N^(p-1) of dense (ln K/N if exponential). "
        f"By default 0.05 of hopfield, a third of the critical load at T = 0 of dense, and "
        f"{PATTERNS} patterns of multitasking.",
    )(command)


def patterns_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """A number of patterns that does not grow with the network."""
    return click.option(
        "--n-patterns", "--patterns", type=int, help="A fixed number K of patterns."
    )(command)


def _hopfield(given: dict[str, Any], load: float | None, n_patterns: int | None) -> Any:
    from .hopfield import Dreaming, Hebb, Hopfield, PseudoInverse, Storkey
    from .patterns import Biased, Rademacher

    rule, time = given.get("rule", "hebb"), given.get("dreaming_time")
    if rule != "dreaming" and time is not None:
        raise ValueError(f"--dreaming-time needs --rule dreaming, got --rule {rule}")
    rules = {
        "hebb": Hebb,
        "pseudo-inverse": PseudoInverse,
        "storkey": Storkey,
        "dreaming": lambda: Dreaming(1.0 if time is None else time),
    }
    bias = given.get("bias", 0.0)
    return Hopfield(
        load=LOADS["hopfield"] if load is None and n_patterns is None else load,
        n_patterns=n_patterns,
        field=given.get("field", ()),
        rule=rules[rule](),
        patterns=Biased(bias) if bias else Rademacher(),
    )


def _dense(given: dict[str, Any], load: float | None, n_patterns: int | None) -> Any:
    from dataclasses import replace

    from .hopfield import Dense

    model = Dense(
        load=0.0 if n_patterns is None else load,
        n_patterns=n_patterns,
        energy=_energy(given),
        exponent=given.get("exponent"),
        learning=_learning(given),
        field=given.get("field", ()),
    )
    if n_patterns is not None:
        return model
    if load is None and model.p is None:
        load = 0.1
    if load is None:
        from .theory import critical_load

        load = float(f"{critical_load(replace(model, field=())) / 3:.2g}")
    return replace(model, load=load)


def _multitasking(given: dict[str, Any], load: float | None, n_patterns: int | None) -> Any:
    from .hopfield import Multitasking

    if load is None and n_patterns is None:
        if "exponent" in given:
            raise ValueError("--exponent needs --load, for K = load * N^exponent")
        n_patterns = PATTERNS
    return Multitasking(
        load=load,
        n_patterns=n_patterns,
        dilution=given.get("dilution", 0.5),
        exponent=given.get("exponent"),
        learning=_learning(given),
        field=given.get("field", ()),
    )


def _learning(given: dict[str, Any]) -> Any:
    """The protocol of learning from examples, if there is one."""
    examples = {key: given.get(key) for key in ("n_examples", "quality")}
    if "learning" not in given:
        if any(value is not None for value in examples.values()):
            raise ValueError("--n-examples and --quality need --learning")
        return None
    from .hopfield import Supervised, Unsupervised

    if None in examples.values():
        raise ValueError("--learning needs --n-examples and --quality")
    kind = Supervised if given["learning"] == "supervised" else Unsupervised
    return kind(**examples)


def _energy(given: dict[str, Any]) -> Any:
    from .hopfield import Exponential, FullPower, LogSumExp, PBody, Separable

    kind, p, rate = given.get("energy", "distinct"), given.get("p"), given.get("rate")
    if rate is not None and kind not in ("exponential", "log-sum-exp"):
        raise ValueError(f"--rate needs --energy exponential or log-sum-exp, got {kind!r}")
    if p is not None and kind not in ("distinct", "full-power"):
        raise ValueError(f"--p needs --energy distinct or full-power, got {kind!r}")
    p, rate = 4 if p is None else p, 1.0 if rate is None else rate
    if kind == "distinct":
        return PBody(p)
    if kind == "full-power":
        return FullPower(p)
    if kind == "exponential":
        return Exponential(rate)
    return LogSumExp(rate) if kind == "log-sum-exp" else Separable(kind)


_MODELS = {
    "hopfield": (_HOPFIELD, _hopfield),
    "dense": (_DENSE, _dense),
    "multitasking": (_MULTITASKING, _multitasking),
}
"""Options and maker of each model."""
