"""The protocol that every memory module meets."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Memory(Protocol):
    """Content-addressable memory: recall from a part of what was stored, or what goes with it.

    Patterns are of the module's own kind; one or many of them are given at once. A memory that
    associates each pattern with itself takes ``target`` left out.

    Examples
    --------
    >>> from assocmem.memory import Memory
    >>> from assocmem.sdr import WillshawMemory
    >>> isinstance(WillshawMemory(100, auto=True), Memory)
    True
    """

    def store(self, pattern: Any, target: Any = None) -> None:
        """Learn to recall ``target`` (``pattern`` itself if left out) from ``pattern``."""
        ...

    def recall(self, cue: Any) -> Any:
        """What goes with ``cue``: a stored pattern, a part of one, or one with noise."""
        ...

    def forget(self, pattern: Any, target: Any = None) -> None:
        """Undo `store` of the same arguments; ValueError where the memory cannot."""
        ...

    def capacity(self, *args: Any, **options: Any) -> float:
        """How many patterns it is good for, by the module's own criterion."""
        ...
