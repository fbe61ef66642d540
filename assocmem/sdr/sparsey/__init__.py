"""Sparsey: codes of one winner in each competitive module, similar ones for similar inputs."""

from __future__ import annotations

from ..._lazy import attach

_HOME = {
    "CodeOverlap": "stored",
    "Hierarchy": "hierarchy",
    "Level": "hierarchy",
    "Mac": "mac",
    "Permanence": "mac",
    "Selection": "selection",
    "StoredItems": "stored",
    "Tiling": "tiling",
}

__all__ = sorted(_HOME)

__getattr__, __dir__ = attach(__name__, _HOME)
