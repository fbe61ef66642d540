"""What a command does with our errors."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click


def reported(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn our errors into a line on stderr and exit status 2 instead of a traceback."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        from .errors import ConvergenceError

        try:
            return command(*args, **kwargs)
        except (ValueError, TypeError, ConvergenceError) as error:
            raise click.UsageError(str(error)) from error

    return wrapped
