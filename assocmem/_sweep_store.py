"""The file a sweep keeps its points in: SQLite, each point one transaction."""

from __future__ import annotations

import json
import os
import sqlite3
from types import TracebackType
from typing import Any

_KIND = 0x61734D53  # "asMS", in the header of the file


class Store:
    """Points by key, and the settings they share; a context manager.

    A point is on the disk or not there, whatever ends the process; several processes may read
    and write at once.

    Parameters
    ----------
    path : path-like or None
        File, made if it is not there; None keeps everything in memory.

    Raises
    ------
    TypeError, ValueError
        If the file cannot be used or is something else.
    """

    def __init__(self, path: str | os.PathLike | None) -> None:
        self.path = path
        if path is not None and not isinstance(path, (str, os.PathLike)):
            raise TypeError(f"store must be a path or None, got {path!r}")
        where = ":memory:" if path is None else os.path.abspath(os.fspath(path))
        if path is not None and (not os.path.isdir(os.path.dirname(where)) or os.path.isdir(where)):
            raise ValueError(f"store must be a file in a folder that exists, got {path!r}")
        try:
            self._database = sqlite3.connect(where, timeout=60.0)
        except sqlite3.Error as failure:
            raise ValueError(f"store must be a file to read and write, got {path!r}") from failure
        try:
            (kind,) = self._database.execute("PRAGMA application_id").fetchone()
            (tables,) = self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.DatabaseError as failure:
            self._database.close()
            raise ValueError(f"store must be a file made by sweep, got {path!r}") from failure
        self._fresh = not tables
        if tables and kind != _KIND:
            self._database.close()
            raise ValueError(f"store must be a file made by sweep, got another database, {path!r}")

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._database.close()

    def claim(self, settings: dict[str, Any], grid: dict[str, Any]) -> None:
        """Write settings and grid; refuse a file made with other settings."""
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            if not self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                self._database.execute(f"PRAGMA application_id = {_KIND}")
                self._database.execute("CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT)")
                self._database.execute(
                    "CREATE TABLE points (key TEXT PRIMARY KEY, payload TEXT, failure TEXT)"
                )
                self._put("settings", settings)
                self._fresh = False
            found = self.read("settings")
            differ = [
                f"{name}={found.get(name)!r} there and {settings.get(name)!r} here"
                for name in sorted({*found, *settings})
                if found.get(name) != settings.get(name)
            ]
            if differ:
                raise ValueError(
                    f"store {str(self.path)!r} holds a sweep with other options: "
                    f"{'; '.join(differ)}; give another store for this sweep, or the options of "
                    "that one"
                )
            self._put("grid", grid)

    def _put(self, name: str, value: Any) -> None:
        self._database.execute(
            "INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, json.dumps(value))
        )

    def read(self, name: str) -> Any:
        """Settings or grid."""
        if self._fresh:
            raise ValueError(f"store must be a file made by sweep, {self.path!r} is empty")
        query = "SELECT value FROM settings WHERE name = ?"
        return json.loads(self._database.execute(query, (name,)).fetchone()[0])

    def points(self) -> dict[str, tuple[str | None, str | None]]:
        """(payload, failure) of every point by key; one of the two is None."""
        rows = self._database.execute("SELECT key, payload, failure FROM points")
        return {key: (payload, failure) for key, payload, failure in rows}

    def write(self, key: str, payload: str | None, failure: str | None) -> None:
        """Keep one point; on return it is on the disk."""
        with self._database:
            self._database.execute(
                "INSERT OR REPLACE INTO points VALUES (?, ?, ?)", (key, payload, failure)
            )
