"""How models with many parameters print: those that are not at their usual values."""

from __future__ import annotations

import dataclasses
from typing import Any


def shown(model: Any) -> str:
    """``repr`` of a dataclass: required fields, and others that differ from their defaults."""
    parts = []
    for entry in dataclasses.fields(model):
        usual = entry.default
        if entry.default_factory is not dataclasses.MISSING:
            usual = entry.default_factory()
        value = getattr(model, entry.name)
        if usual is dataclasses.MISSING or value != usual:
            parts.append(f"{entry.name}={value!r}")
    return f"{type(model).__name__}({', '.join(parts)})"
