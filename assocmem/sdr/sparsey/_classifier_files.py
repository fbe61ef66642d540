"""Files of classifiers: parameters as JSON, all else as arrays."""

from __future__ import annotations

import json
import os
from typing import Any, TypeVar

import numpy as np

from ... import _validate as check
from ._classifier_encoding import ENCODINGS, encoded
from .labels import LabelField
from .layer import Layer
from .stored_codes import StoredCodes

T = TypeVar("T")
_KEPT = ("encoding_", "n_features_in_", "threshold_", "window_", "step_", "edges_")


def write_classifier(model: Any, path: str | os.PathLike[str]) -> None:
    """Write a fitted classifier."""
    from ..._files import write_npz

    classes = model.classes_
    if classes.dtype.kind == "O" and all(isinstance(name, str) for name in classes):
        classes = classes.astype(str)
    if classes.dtype.kind == "O":
        raise ValueError(f"classes must be numbers or text to be saved, got {classes}")
    parameters = model.get_params()
    if not isinstance(model.random_state, (int, np.integer, type(None))):
        parameters["random_state"] = None  # it has been used up
    try:
        parameters = json.dumps(parameters, default=_plain)
    except TypeError as error:
        raise ValueError(f"parameters must be plain numbers to be saved: {error}") from error
    kept = {
        name: np.asarray(getattr(model, name))
        for name in (*_KEPT, "feature_names_in_")
        if hasattr(model, name)
    }
    if "feature_names_in_" in kept:
        kept["feature_names_in_"] = kept["feature_names_in_"].astype(str)
    parts = {"layer": model.layer_, "labels": model.labels_}
    entries = {
        f"{part}/{name}": value
        for part, owner in parts.items()
        for name, value in owner._entries().items()
    }
    write_npz(
        path, parameters=np.array(parameters), classes=classes, places=model._places, **kept,
        **entries,
    )  # fmt: skip


def read_classifier(cls: type[T], path: str | os.PathLike[str]) -> T:
    """The classifier that a file holds."""
    from ..._files import read_npz

    names = ("parameters", "classes", "places", "encoding_", "n_features_in_")
    return read_npz(path, "a SparseyClassifier", names, lambda entry: _made(cls, entry))


def _made(cls: Any, entry: dict[str, np.ndarray]) -> Any:
    """The classifier of the arrays of a file; ValueError if they make none."""
    parameters = json.loads(str(entry["parameters"]))
    known = cls().get_params()
    if not isinstance(parameters, dict) or parameters.keys() != known.keys():
        raise ValueError(f"parameters must be {sorted(known)}, got {parameters!r:.200}")
    for name in ("shape", "field", "stride"):
        if isinstance(parameters.get(name), list):
            parameters[name] = tuple(parameters[name])
    found = cls(**parameters)
    parts: dict[str, dict[str, np.ndarray]] = {"layer": {}, "labels": {}}
    for name, value in entry.items():
        part, _, inner = name.partition("/")
        if inner:
            parts[part][inner] = value
    found.layer_ = Layer._of(parts["layer"])
    field: Any = StoredCodes if "codes" in parts["labels"] else LabelField
    found.labels_ = field._of(parts["labels"])
    for name in (*_KEPT, "feature_names_in_"):
        if name in entry:
            value = entry[name]
            setattr(found, name, value if value.ndim else value.item())
    found.classes_, found._places = entry["classes"], entry["places"]
    n_classes = found.labels_.n_classes
    if not (
        np.array_equal(found.classes_, np.unique(found.classes_))
        and found.classes_.shape == (n_classes,)
        and found._places.dtype == np.int64
        and np.array_equal(np.sort(found._places), np.arange(n_classes))
    ):
        raise ValueError(f"classes and places must be {n_classes}, each once")
    _check_encoding(found)
    codes = found.layer_.tiling.n_macs, found.layer_.mac.n_modules
    if codes != (found.labels_.n_macs, found.labels_.n_modules):
        raise ValueError(f"labels must be of {codes} macs and modules")
    return found


def _check_encoding(model: Any) -> None:
    """Refuse what does not make the features that the layer sees."""
    columns = check.integer("n_features_in_", model.n_features_in_, 1, 2**31 - 1)
    check.choice("encoding_", model.encoding_, ENCODINGS[1:])
    if model.encoding_ == "levels":
        edges = model.edges_
        if edges.dtype != np.float64 or edges.ndim != 2 or len(edges) != columns:
            raise ValueError(f"edges_ must be float64 of shape ({columns}, levels - 1)")
    else:
        check.real("threshold_", model.threshold_)
    # Of one blank row: all words there are, as a layer takes them.
    model.layer_.packed(encoded(model, np.zeros((1, columns))))


def _plain(value: Any) -> Any:
    """A NumPy number as Python's own."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} of type {type(value).__name__}")
