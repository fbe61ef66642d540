"""JSON for model objects: every result file carries the model that made it."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, TypeVar

_CLASSES: dict[str, type] = {}
T = TypeVar("T")


def register(cls: type[T]) -> type[T]:
    """Class decorator: make a frozen dataclass readable from JSON by its name."""
    _CLASSES[cls.__name__] = cls
    return cls


def to_dict(thing: Any) -> Any:
    """Plain dicts, lists and scalars for a registered dataclass and what it holds."""
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        entries = {f.name: to_dict(getattr(thing, f.name)) for f in dataclasses.fields(thing)}
        return {"type": type(thing).__name__, **entries}
    if isinstance(thing, (tuple, list)):
        return [to_dict(entry) for entry in thing]
    return thing


def from_dict(entry: Any) -> Any:
    """Inverse of `to_dict`; raises ValueError on a type it does not know."""
    if isinstance(entry, dict):
        arguments = {key: from_dict(value) for key, value in entry.items() if key != "type"}
        name = entry.get("type")
        if name not in _CLASSES:
            raise ValueError(f"type must be one of {sorted(_CLASSES)}, got {name!r}")
        return _CLASSES[name](**arguments)
    if isinstance(entry, list):
        return tuple(from_dict(value) for value in entry)
    return entry


def to_json(thing: Any) -> str:
    """JSON text of a model, pattern ensemble or learning rule.

    Examples
    --------
    >>> from assocmem import Rademacher, to_json
    >>> to_json(Rademacher())
    '{"type": "Rademacher"}'
    """
    return json.dumps(to_dict(thing))


def from_json(text: str) -> Any:
    """Rebuild what `to_json` wrote; the result equals the original.

    Raises
    ------
    ValueError
        If the text is not JSON or names a type that is not ours.
    """
    import assocmem.hopfield  # noqa: F401  registers the classes

    return from_dict(json.loads(text))
