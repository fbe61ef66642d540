"""Arrays of files, taken over where they are what a model of this kind has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def take_over(made: Mapping[str, np.ndarray], entry: Mapping[str, Any]) -> None:
    """Copy entries of the same names into arrays; ValueError if their types or shapes differ."""
    for name, array in made.items():
        given = np.asarray(entry[name])
        if (given.shape, given.dtype) != (array.shape, array.dtype):
            raise ValueError(
                f"{name} must be {array.dtype} of shape {array.shape}, got {given.dtype} of "
                f"shape {given.shape}"
            )
        array[...] = given
