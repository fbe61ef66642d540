"""Files of arrays, as segments and columns are kept in."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Callable
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def archived(
    path: str | os.PathLike[str],
    kind: str,
    names: tuple[str, ...],
    make: Callable[[dict[str, np.ndarray]], T],
) -> T:
    """What ``make`` makes of the arrays of an npz file, ``names`` among them.

    Nothing in the file is executed.

    Raises
    ------
    OSError
        Its subclass for the cause.
    ValueError
        If the file is no such archive, or cut off, or holds something else.
    """
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            if not zipfile.is_zipfile(file):
                raise ValueError("it is no archive")
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                held = {entry: archive[entry] for entry in archive.files}
        missing = [entry for entry in names if entry not in held]
        if missing:
            raise ValueError(f"it has no {', '.join(missing)}")
        return make(held)
    except (
        TypeError, ValueError, IndexError, KeyError, EOFError, zipfile.BadZipFile, zlib.error,
    ) as failure:  # fmt: skip
        raise ValueError(f"path must be a file of {kind}, {name!r} is none: {failure}") from failure
