"""Figures of the papers: theory lines with simulated points, each computed and drawn by one call.

Each figure is a module with ``compute(...) -> xarray.Dataset``, which solves and simulates, and
``draw(dataset, ax=None) -> Axes``. `figure` does both by name, as ``assocmem figure NAME`` does.
"""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .. import _validate as check

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

FIGURES: dict[str, tuple[str, dict[str, Any], str]] = {
    "supervised": (
        "learning",
        {"protocol": "supervised"},
        "overlap with the archetype against examples per archetype, learned with a teacher",
    ),
    "unsupervised": (
        "learning",
        {"protocol": "unsupervised"},
        "the same without a teacher",
    ),
    "learning-diagram": (
        "learning_diagram",
        {},
        "phase diagrams of both protocols for several numbers of examples",
    ),
    "temperature": (
        "temperature",
        {},
        "overlap against temperature at p = 3, 4, 6: three sizes, extrapolated, and theory",
    ),
    "self-interactions": (
        "self_interactions",
        {},
        "distinct indices against full powers: retrieval, and the noise that makes the difference",
    ),
    "thresholds": (
        "thresholds",
        {},
        "examples needed to learn an archetype, against their quality",
    ),
    "multitasking-learning": (
        "multitasking_learning",
        {},
        "overlaps with several archetypes at once against examples, with and without a teacher",
    ),
    "multitasking-thresholds": (
        "multitasking_thresholds",
        {},
        "examples needed by multitasking networks, the same with and without a teacher",
    ),
    "multitasking-loss": (
        "multitasking_loss",
        {"show": "energy"},
        "squared-error loss against energy: one line, and the same minima",
    ),
    "multitasking-loss-patterns": (
        "multitasking_loss",
        {"show": "patterns"},
        "the loss of each pattern as all are learned in parallel",
    ),
    "detection-couplings": (
        "detection",
        {"kind": "couplings"},
        "ultra-detection: noise in the couplings that grows with the network, at three sizes",
    ),
    "detection-supervised": (
        "detection",
        {"kind": "supervised"},
        "ultra-detection: examples whose noise grows with the network, learned with a teacher",
    ),
    "detection-unsupervised": (
        "detection",
        {"kind": "unsupervised"},
        "the same without a teacher",
    ),
    "plefka": (
        "plefka",
        {},
        "error of Plefka's scheme against exact dynamics, over load and temperature",
    ),
    "images-examples": (
        "real_data",
        {"against": "examples"},
        "archetypes of real images against the number of examples (--set data=mnist)",
    ),
    "images-noise": (
        "real_data",
        {"against": "noise"},
        "archetypes of real images against corruption of the cue",
    ),
    "images-gallery": (
        "real_gallery",
        {},
        "one image of each class, corrupted, and what networks of several orders retrieve",
    ),
    "multitasking-amplitudes": (
        "amplitudes",
        {},
        "overlaps of patterns retrieved at once against dilution: ground state and simulation",
    ),
    "multitasking-retrieved": (
        "retrieved",
        {},
        "overlaps of patterns retrieved at once against load: theory and simulation",
    ),
    "multitasking-map": (
        "retrieval_map",
        {},
        "number of patterns retrieved at once over dilution and load, at T = 0",
    ),
    "multitasking-basins": (
        "basins",
        {},
        "states that random starts end in: shares by theory and simulation, free energies",
    ),
    "multitasking-return": (
        "returns",
        {},
        "share of chains that return to a state after a fraction of spins is flipped",
    ),
    "dendrites-4a": (
        "detector_errors",
        {"panel": "4A"},
        "false positives of a segment against cells, with a fixed number of them active",
    ),
    "dendrites-4b": (
        "detector_noise",
        {},
        "false negatives of a segment against cells lost, by both conventions of noise",
    ),
    "dendrites-5a": (
        "detector_errors",
        {"panel": "5A"},
        "the same as 4a to 20,000 cells, with the floors of fixed sparsity",
    ),
    "dendrites-5b": (
        "detector_errors",
        {"panel": "5B"},
        "false positives of a segment against its synapses, half of which must be active",
    ),
    "dendrites-6": (
        "detector_thresholds",
        {},
        "medians of false positives against the threshold, over two grids, and with misses",
    ),
    "dendrites-7a": (
        "detector_unions",
        {"panel": "7A"},
        "synapses of a segment that stores several patterns",
    ),
    "dendrites-7b": (
        "detector_unions",
        {"panel": "7B"},
        "its false positives: exact, two approximations, simulated",
    ),
    "dendrites-claims": (
        "detector_claims",
        {},
        "numbers stated in the texts of papers on active dendrites, beside the exact ones",
    ),
    "dendrites-correlated": (
        "correlated",
        {},
        "false positives against the correlation of inputs, clusters of several sizes",
    ),
    "sequence-swap": (
        "sequence_swap",
        {},
        "accuracy of sequence memories: sequences swapped for others, and cells that die",
    ),
    "willshaw": (
        "willshaw",
        {},
        "Willshaw memory: bits in a synapse and errors of recall against load",
    ),
    "sparsey-similarity": (
        "sparsey_similarity",
        {},
        "winners that codes of two inputs share against features that the inputs share",
    ),
    "sparsey-capacity": (
        "sparsey_capacity",
        {},
        "a mac's recall against the number of random inputs stored; bits in a weight",
    ),
    "sparsey-images": (
        "sparsey_images",
        {},
        "images classified by a layer of macs: what each part contributes, and times (MNIST)",
    ),
    "sparsey-items": (
        "sparsey_items",
        {},
        "images completed, compared with all stored ones, and made from a label, by one mac",
    ),
    "sparsey-fixed-time": (
        "fixed_time",
        {},
        "time of a best match against the number of stored items: a mac beside exact searches",
    ),
    "sparsey-fixed-time-families": (
        "fixed_time",
        {"common": 14},
        "the same with items in families of similar ones",
    ),
    "sparsey-sequences": (
        "sparsey_sequences",
        {},
        "frames recalled against the number of sequences stored and their length",
    ),
    "sparsey-sequence-capacity": (
        "sparsey_sequence_capacity",
        {},
        "frames of sequences that a mac holds, against its horizontal weights",
    ),
    "sparsey-recognition": (
        "sparsey_recognition",
        {},
        "sequences recognised under noise, omission and other paces, with and without back-off",
    ),
    "sparsey-drawn": (
        "sparsey_moving",
        {"kind": "drawn"},
        "frames of digits that are drawn, recalled from two, under the true ones",
    ),
    "sparsey-moving": (
        "sparsey_moving",
        {"kind": "moving"},
        "the same of digits that move",
    ),
    "sparsey-moving-accuracy": (
        "sparsey_moving_accuracy",
        {},
        "recall and recognition of such sequences against the number stored",
    ),
    "multitasking-images": (
        "several_images",
        {},
        "real images with blank pixels: one cue, and all images in the state it leads to",
    ),
}
"""Module, arguments of its ``compute``, and what it shows, by the name of the figure."""


def figure(
    name: str, ax: matplotlib.axes.Axes | None = None, **options: Any
) -> tuple[xarray.Dataset, matplotlib.axes.Axes]:
    """Compute and draw a figure.

    Parameters
    ----------
    name : str
        One of `FIGURES`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    **options
        Arguments of ``compute`` in the figure's module.

    Returns
    -------
    dataset, axes

    Raises
    ------
    TypeError, ValueError
        If there is no such figure, or it has no such option.
    """
    check.choice("name", name, tuple(FIGURES))
    module_name, fixed, _ = FIGURES[name]
    module = import_module(f".{module_name}", __name__)
    known = inspect.signature(module.compute).parameters
    unknown = sorted(set(options) - (set(known) - set(fixed)))
    if unknown:
        raise TypeError(f"options of {name} must be among {sorted(known)}, got {unknown}")
    for key, value in options.items():
        sequence = hasattr(value, "__len__") and not isinstance(value, (str, bytes))
        optional = value is None and known[key].default is None
        if not str(known[key].annotation).startswith("Sequence") or optional:
            continue
        if not sequence or len(value) == 0:
            raise TypeError(f"{key} must be a non-empty sequence such as (4,), got {value!r}")
    dataset = module.compute(**fixed, **options)
    return dataset, module.draw(dataset, ax)
