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
        if not isinstance(name, str) or name not in _CLASSES:
            raise ValueError(f"type must be one of {sorted(_CLASSES)}, got {name!r}")
        known = [f.name for f in dataclasses.fields(_CLASSES[name])]
        unknown = sorted(set(arguments) - set(known))
        if unknown:
            raise ValueError(f"{name} must have no keys but {known}, got {unknown}")
        try:
            return _CLASSES[name](**arguments)
        except TypeError as error:  # a value of the wrong type, or one left out
            raise ValueError(f"{name} cannot be made of {arguments!r}: {error}") from error
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


def _register_all() -> None:
    """Import the modules that hold registered classes."""
    import assocmem.dendrites.detector
    import assocmem.dendrites.gating
    import assocmem.dendrites.nonlinearity
    import assocmem.dendrites.poirazi
    import assocmem.dendrites.sequence_recall
    import assocmem.dendrites.sequence_trials
    import assocmem.dendrites.spatial_pooler
    import assocmem.dendrites.temporal_memory
    import assocmem.hopfield
    import assocmem.sdr.sparsey.hierarchy
    import assocmem.sdr.sparsey.stored
    import assocmem.sdr.willshaw  # noqa: F401


def from_json(text: str) -> Any:
    """Rebuild what `to_json` wrote; the result equals the original.

    Raises
    ------
    TypeError
        If ``text`` is not text.
    ValueError
        If the text is not JSON, not an object with a type of ours, or its entries do not make one.
    """
    _register_all()

    if not isinstance(text, (str, bytes)):
        raise TypeError(f"text must be a string of JSON, got {text!r}")
    try:
        entry = json.loads(text)
        if not isinstance(entry, dict):
            raise ValueError(f"text must be a JSON object with a key 'type', got {text[:80]!r}")
        return from_dict(entry)
    except RecursionError:
        raise ValueError("text must be the JSON of a model, got one nested too deeply") from None
