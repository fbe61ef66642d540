"""Attributes of an object as they were, where a call fails half-way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def undone(owner: Any) -> Iterator[None]:
    """Give an object back the attributes it had before, if what is done within raises an error."""
    before = dict(vars(owner))
    try:
        yield
    except BaseException:
        vars(owner).clear()
        vars(owner).update(before)
        raise
