"""Files that a reader never sees half written."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    import xarray

T = TypeVar("T")


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str], suffix: str) -> Iterator[str]:
    """A draft in the same folder to write to, renamed into place at the end; gone if that fails.

    Raises
    ------
    ValueError
        If ``path`` is empty.
    OSError
        Its subclass for the cause, FileNotFoundError say, with the path that was given.
    """
    given = os.fspath(path)
    if not given:
        raise ValueError(f"path must name a file, got {given!r}")
    path = os.path.abspath(given)
    if os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), given)
    try:
        handle, draft = tempfile.mkstemp(dir=os.path.dirname(path), suffix=suffix)
    except OSError as failure:
        # The draft is ours: the caller knows the file by its own name only.
        raise OSError(failure.errno, failure.strerror, given) from failure
    os.close(handle)
    try:
        yield draft
        # mkstemp keeps others out; the file gets the permissions that open() would give.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(draft, 0o666 & ~umask)
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise


def write_netcdf(dataset: xarray.Dataset, path: str | os.PathLike[str]) -> None:
    """Write a dataset as netCDF-4, see `replacing`."""
    with replacing(path, ".nc.tmp") as draft:
        dataset.to_netcdf(draft, engine="h5netcdf")


def write_npz(path: str | os.PathLike[str], *, compressed: bool = True, **arrays: Any) -> None:
    """Write arrays in NumPy's npz format, under the very name given, see `replacing`."""
    with replacing(path, ".npz.tmp") as draft, open(draft, "wb") as file:
        (np.savez_compressed if compressed else np.savez)(file, **arrays)


def read_npz(
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
        AttributeError, TypeError, ValueError, IndexError, KeyError, EOFError,
        zipfile.BadZipFile, zlib.error,
    ) as failure:  # fmt: skip
        raise ValueError(f"path must be a file of {kind}, {name!r} is none: {failure}") from failure
