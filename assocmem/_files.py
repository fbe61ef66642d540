"""Files that a reader never sees half written."""

from __future__ import annotations

import errno
import os
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray


def write_netcdf(dataset: xarray.Dataset, path: str | os.PathLike[str]) -> None:
    """Write a dataset as netCDF-4: to a draft in the same folder, then renamed into place.

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
        handle, draft = tempfile.mkstemp(dir=os.path.dirname(path), suffix=".nc.tmp")
    except OSError as failure:
        # The draft is ours: the caller knows the file by its own name only.
        raise OSError(failure.errno, failure.strerror, given) from failure
    os.close(handle)
    try:
        dataset.to_netcdf(draft, engine="h5netcdf")
        # mkstemp keeps others out; the file gets the permissions that open() would give.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(draft, 0o666 & ~umask)
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise
