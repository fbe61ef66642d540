"""Files that a reader never sees half written."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray


def write_netcdf(dataset: xarray.Dataset, path: str | os.PathLike[str]) -> None:
    """Write a dataset as netCDF-4: to a draft in the same folder, then renamed into place."""
    path = os.path.abspath(os.fspath(path))
    handle, draft = tempfile.mkstemp(dir=os.path.dirname(path), suffix=".nc.tmp")
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
