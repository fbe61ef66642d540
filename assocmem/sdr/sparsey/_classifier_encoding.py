"""What a classifier makes of its parameters and rows: macs, binary features, fields."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import _validate as check
from .encoding import edge_grid, oriented_edges, quantile_edges, scalar_codes
from .mac import Mac
from .selection import Selection
from .tiling import Tiling

ENCODINGS = ("auto", "edges", "threshold", "levels")
_BLOCK = 4096  # rows of X that are encoded at a time


def mac_of(model: Any) -> Mac:
    """The mac that a classifier's parameters describe."""
    selection = Selection(
        g_minus=model.g_minus, gamma=model.gamma, chi=model.chi, sigma_1=model.sigma_1,
        sigma_2=model.sigma_2, sigma_3=model.sigma_3, sigma_4=model.sigma_4,
    )  # fmt: skip
    return Mac(
        model.n_modules, model.n_units, selection, pi_minus=model.pi_minus, nu=model.nu,
        cap=model.cap, freeze=model.freeze, novelty=model.novelty, recruit=model.recruit,
    )  # fmt: skip


def set_encoding(model: Any, encoding: str, X: np.ndarray) -> Tiling:
    """Set what encoding depends on; the sheet of features and its fields."""
    columns = X.shape[1]
    if encoding == "levels":
        if model.shape is not None:
            raise ValueError("shape must be left out where encoding='levels'")
        levels = check.integer("levels", model.levels, 2)
        width = check.integer("width", model.width, 1)
        model.edges_ = quantile_edges(X, levels)
        sheet, channels = (columns, 1), levels + width - 1
        field, stride = sheet, (1, 1)
    else:
        share = 0.5 if encoding == "threshold" else 0.1
        given = model.threshold
        model.threshold_ = share * float(np.abs(X).max()) if given is None else given
        model.threshold_ = check.real("threshold", model.threshold_)
        sheet, channels = (columns, 1), 1
        field, stride = sheet, (1, 1)
    if model.shape is not None:
        shape = Tiling(model.shape, 1).shape
        if shape[0] * shape[1] != columns:
            raise ValueError(f"shape must hold the {columns} columns of X, got {model.shape}")
        sheet, field = shape, tuple(-(-side // 3) for side in shape)
        stride = tuple(max(1, side // 3) for side in field)
    if encoding == "edges":
        if model.shape is None:
            raise ValueError("shape must be given where encoding='edges'")
        usual = min(min(sheet), max(2, round(min(sheet) / 7)))
        window = usual if model.window is None else model.window
        model.window_ = check.integer("window", window, 1, min(sheet))
        step = max(1, model.window_ // 2) if model.step is None else model.step
        model.step_ = check.integer("step", step, 1)
        channels = check.integer("directions", model.directions, 1, 2**15)
        sheet = edge_grid(sheet, model.window_, model.step_)
        field, stride = tuple(-(-side // 2) for side in sheet), (1, 1)
    field = field if model.field is None else model.field
    stride = stride if model.stride is None else model.stride
    model.encoding_ = encoding
    return Tiling(sheet, field, stride, channels)


def encoded(model: Any, X: np.ndarray) -> np.ndarray:
    """Packed features of rows, uint64 (n, words)."""
    return np.concatenate(
        [_encoded_block(model, X[k : k + _BLOCK]) for k in range(0, max(len(X), 1), _BLOCK)]
    )


def _encoded_block(model: Any, X: np.ndarray) -> np.ndarray:
    if model.encoding_ == "levels":
        width = model.layer_.tiling.channels - model.edges_.shape[1]
        return scalar_codes(np.array(X, np.float64), model.edges_, width)
    if model.encoding_ == "threshold":
        return model.layer_.packed(np.greater(X, model.threshold_))
    return oriented_edges(
        X.reshape(-1, *model.shape), directions=model.layer_.tiling.channels,
        threshold=model.threshold_, window=model.window_, stride=model.step_, packed=True,
    )  # fmt: skip
