"""Arrays of pickled objects that can be written to again."""

from __future__ import annotations

from typing import Any

import numpy as np


def writable(value: Any) -> Any:
    """An array that can be written to, a copy if need be; anything else as it is."""
    if isinstance(value, np.ndarray) and not (value.flags.writeable and type(value) is np.ndarray):
        return np.array(value)
    return value
