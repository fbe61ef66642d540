"""Arrays of pickled objects that can be written to again."""

from __future__ import annotations

from typing import Any

import numpy as np


def writable(value: Any) -> Any:
    """Arrays that can be written to, copies if need be, in tuples too; anything else as it is."""
    if isinstance(value, np.ndarray) and not (value.flags.writeable and type(value) is np.ndarray):
        return np.array(value)
    if isinstance(value, tuple):
        entries = [writable(entry) for entry in value]
        return type(value)(*entries) if hasattr(value, "_fields") else tuple(entries)
    return value


class Writable:
    """An object that may be read from a pickle whose arrays are mapped from a file, read-only."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update({name: writable(value) for name, value in state.items()})
